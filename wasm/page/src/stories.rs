//! Six stories, each a link with a fixed seed: what to look at, and why it happens.

use super::shape::shapes;

shapes! {
    /// One story.
    pub struct Story {
        /// Its name in a query.
        pub name: &'static str,
        /// A few words.
        pub title: &'static str,
        /// What to look at, and why it happens.
        pub text: &'static str,
        /// The state that shows it.
        pub query: &'static str,
    }
}

/// All of them, in the order in which they build on each other.
#[must_use]
pub fn stories() -> &'static [Story] {
    STORIES
}

static STORIES: &[Story] = &[
    Story {
        name: "naive",
        title: "The naive herd",
        text: "Ten thousand tasks fail together while their server is down for 30 s. A has no jitter, \
               so all of them wait the same times and every retry is the whole herd at one instant: \
               vertical stripes in the timeline. After the outage the server takes what it has room \
               for, refuses the rest, and is idle until the herd is back, after waits that double up to a minute.",
        query: "a=none&b=-&story=naive",
    },
    Story {
        name: "ten-percent",
        title: "10 % is not enough",
        text: "B adds up to a tenth to each delay, as many libraries do. The stripes become bands, \
               and between the bands the server is still idle: a tenth of the delay is all that \
               tells the tasks apart. Drag B's jitter factor up and watch the bands dissolve.",
        query: "a=none&b=proportional&edit=b&scale=log&story=ten-percent",
    },
    Story {
        name: "full-jitter",
        title: "Full jitter",
        text: "B draws each delay from the whole range, 0 to d. Stripes turn to dust, attempts arrive \
               about as fast as the server can work, and no task had to know of another.",
        query: "story=full-jitter",
    },
    Story {
        name: "cap",
        title: "The cap that re-synchronises",
        text: "Both policies have the same jitter and the same cap. A applies the cap after the \
               jitter, as several libraries do: delays that reach it are the cap exactly, so that \
               the jitter is gone and tasks that failed together stay together. B lowers the whole \
               range under the cap, and the spread survives there.",
        query: "a=full&a.backoff.initial=8s&a.maxDelay=8s&a.jitter.kind=proportional\
                &a.jitter.factor=1&a.maxAttempts=20&a.compat.capStage=after\
                &b.backoff.initial=8s&b.maxDelay=8s&b.jitter.kind=proportional\
                &b.jitter.factor=1&b.maxAttempts=20&faults.0.until=1m&scale=log&story=cap",
    },
    Story {
        name: "storm",
        title: "The storm that outlives its outage",
        text: "A healthy service at 60 % load is slow for 20 s. Clients give up after a second and \
               retry; the server goes on working on requests that were given up. With A the retries alone keep \
               it overloaded after the fault is gone: the outage never ends. B is the same policy \
               with a budget of one retry in ten requests, and recovers.",
        query: "a=full&a.backoff.initial=100ms&a.maxAttempts=5&b.backoff.initial=100ms\
                &b.maxAttempts=5&b.budget.kind=ratio&b.budget.percent=10&b.budget.minPerSecond=1\
                &horizon=3m&arrivals.kind=poisson&arrivals.ratePerSecond=300&arrivals.for=2m30s\
                &faults.0.from=20s&faults.0.until=40s&faults.0.mode=slow&faults.0.factor=10\
                &server.queue.limit=2000&client.timeout=1s&story=storm",
    },
    Story {
        name: "poison",
        title: "Poison, and a paced redrive",
        text: "Two tasks in a hundred can never succeed; the outage makes dead letters of the others. \
               After it, the dead letters go back to work. All at once they are a herd of their own; \
               paced, they are just more work. The poison comes back to the queue either way: look \
               at the list of dead letters, and switch between the two.",
        query: "a=full&a.maxAttempts=4&b=-&client.permanentRate=0.02\
                &redrive.at=1m&story=poison",
    },
];
