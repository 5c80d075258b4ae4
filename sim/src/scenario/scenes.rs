//! The ten built-in scenarios. Each teaches one thing, and its `about` says what to look at and why
//! it happens.

use redrive::wire::Value;

use super::builtin::Builtin;
use crate::tree::tree;

pub(super) static BUILTINS: &[Builtin] = &[
    Builtin {
        name: "herd",
        title: "10,000 tasks fail together while their server is down for 30 s",
        about: "Ten thousand tasks start at once on a server that is down, and retry until it is \
                back; then they compete for its 500 requests a second and its queue of 500. Look at \
                the attempts per second after 30 s. Without jitter all tasks wait the same times, \
                so every retry is the whole herd at one instant: the server takes the 510 it has \
                room for, refuses the rest, and stands idle until the herd comes back twice as \
                late. Ten percent of jitter only smears the instant over a second or so, because \
                it adds a tenth of the delay and nothing else tells the tasks apart. Full jitter \
                draws from the whole range, so attempts arrive evenly, about as fast as the server \
                can work. And `classic`, with three attempts, is over after six seconds: a policy \
                that cannot outlast the outage makes ten thousand dead letters, however well it is \
                jittered.",
        body: herd,
    },
    Builtin {
        name: "occ",
        title: "100 clients write one row with optimistic locking (AWS Architecture Blog, 2015)",
        about: "A hundred clients read a row's version and write it back; a write fails if somebody \
                else wrote first. Look at attempts (write calls) and completion. Only one client \
                can win a round, so without backoff work grows with the square of the clients. \
                Exponential backoff without jitter is worse than nothing here: it saves a quarter \
                of the calls and takes thirty times as long, because clients that collided once \
                collide again, later. Full jitter needs a third of the calls. What the usual \
                quotation of the blog leaves out: equal jitter needs fewer calls than full from \
                about 170 clients on, and decorrelated jitter is the faster of the two only up to \
                about 120.",
        body: occ,
    },
    Builtin {
        name: "storm",
        title: "A ten-second spike, and a service that never comes back (metastable failure)",
        about: "A service that can do 100 requests a second gets 60, which is comfortable, and for \
                ten seconds 400. Look at goodput after the spike. Clients give up after a second \
                and try again, the server does not know it and works on; with four attempts each \
                task costs it four services, so the load is 240 a second of which it can do 100, \
                and every answer is late: the spike is over and the failure is not. The rule is \
                lambda* = mu / A, capacity over attempts: above 25 a second four attempts cannot \
                recover, whatever the backoff and the jitter (they move the load, they do not \
                remove it). What helps is fewer attempts: none, or a budget that allows retries \
                while few are needed and refuses them when all are.",
        body: storm,
    },
    Builtin {
        name: "budget",
        title: "Half of all requests fail for a minute: what a retry budget does to the load",
        about: "A hundred clients send 500 requests a second to a service with room for 800; for a \
                minute half of them fail at once. Look at the attempts during the fault and at \
                goodput. Without a budget three retries make it 1.9 times the load. A ratio budget \
                holds the load at what it says (20 % more), the AWS token bucket stops retries \
                nearly altogether until the successes have paid for more, and the gRPC bucket \
                closes when less than ten of eleven requests succeed. The price is in the dead \
                letters: a budget gives up tasks that another try would have saved, which is right \
                when the service is failing because of the load, and wrong when it is not.",
        body: budget,
    },
    Builtin {
        name: "layers",
        title: "Three services call each other, and each of them retries",
        about: "A request goes through a gateway and two services to a database that is down for \
                twenty seconds. Look at the attempts that reach each layer. Every layer makes three \
                attempts, so one request becomes 3 x 3 x 3 x 3 = 81 calls at the database, exactly \
                when it can bear least; with a single attempt at the clients' end it is still 27. \
                Retry in one place, as far up as knows whether the work is worth it; below, fail \
                fast.",
        body: layers,
    },
    Builtin {
        name: "rate-limit",
        title: "A rate limiter answers 429 with Retry-After, and synchronises its clients",
        about: "Clients send 2,000 requests in a second to an API that passes 100 a second and \
                tells the others to come back in ten seconds. Look at the stripes in the raster. \
                A client that takes Retry-After to the letter comes back with all the others at \
                the same instant, for as many rounds as there are hundreds; one that ignores it \
                hammers the limiter; one that waits at least so long and adds jitter of its own \
                spreads the herd and is done first. A server can help by not telling everyone the \
                same number.",
        body: rate_limit,
    },
    Builtin {
        name: "brownout",
        title: "For a minute a service has a fifth of its capacity",
        about: "A service runs at half of its capacity, then loses four fifths of it for a minute. \
                Look at the wasted work, and at goodput when the capacity is back. Requests wait \
                longer than clients are willing to; each timeout leaves its request in the queue \
                and adds another, so that nearly all of the work is done for nobody. With four \
                attempts the load of 200 a second becomes 800 against a capacity of 400: the \
                brownout is over and the failure stays, with fast retries and with patient ones \
                alike, because a longer backoff only makes the same attempts later. One attempt \
                recovers within seconds, and so does a budget, which keeps retries for the days \
                when few are needed.",
        body: brownout,
    },
    Builtin {
        name: "cron",
        title: "2,000 clients do their job at every full minute",
        about: "Two thousand clients start together at every full minute, with clocks five seconds \
                apart at most, on a service that can do 100 requests a second and queues 300. Look \
                at the rejected attempts. There is no fault at all: the clock is the herd. Retries \
                at fixed delays come back as the same wave; full jitter spreads what is left over \
                the idle half minute that follows. Spreading the jobs themselves would be better \
                still: set arrivals.skew to 1m.",
        body: cron,
    },
    Builtin {
        name: "poison",
        title: "Two of a hundred tasks can never succeed",
        about: "Requests arrive at 80 % of what the service can do, and 2 % of them fail for ever. \
                Look at amplification, the queue, and the time to dead letter. Retried blindly, a \
                poisoned task costs all its attempts before it is put aside, and ten attempts of \
                two percent are a fifth more load: at 80 % that is nearly all there is left, and \
                the median wait is four times as long for everybody. \
                A rule that says which failures are permanent makes them dead letters at the first \
                attempt, where somebody sees them within the second.",
        body: poison,
    },
    Builtin {
        name: "redrive",
        title: "After an outage the dead letters are sent back to work",
        about: "A service is down for a minute, longer than three attempts last, so everything that \
                arrives in that time is dead-lettered; at two minutes it is sent back, with fresh \
                counters, 40 a second. Look at what happens from 120 s on. At 40 a second the dead \
                letters fit into the half of the capacity that is free, and new tasks do not notice. \
                Sent back all at once (set redrive.rate to null) they are a herd of their own: the \
                queue fills, new tasks are refused, and some of the letters die a second time.",
        body: redrive,
    },
];

fn herd() -> Value {
    tree!({
        seed: 42_u32,
        horizon: "10m",
        arrivals: { kind: "herd", tasks: 10_000_u32, at: "0s", spread: "0s" },
        server: {
            workers: 10_u32,
            service: { kind: "fixed", value: "20ms" },
            queue: { limit: 500_u32, discipline: "fifo" },
            onFull: "reject",
        },
        faults: [{ from: "0s", until: "30s", mode: "down" }],
        policies: ["none", "proportional", "equal", "full", "decorrelated", "classic"],
        report: { bin: "100ms" },
    })
}

/// A policy of the AWS simulator: base 5 ms, cap 2 s, no limit of attempts worth the name.
///
/// There the jitter is drawn below the cap (`clip`), but the walk of the decorrelated kind is cut off
/// at it (`after`).
fn occ_policy(name: &str, backoff: Value, jitter: &str, stage: &str) -> Value {
    tree!({
        name: name,
        policy: {
            version: 1_u32,
            backoff: (backoff),
            jitter: jitter,
            maxDelay: "2s",
            maxAttempts: 1_000_000_u32,
            compat: { capStage: stage },
        },
    })
}

fn occ() -> Value {
    let exponential = || tree!({ kind: "exponential", initial: "10ms", multiplier: 2_u32 });
    let none = tree!({ kind: "constant", delay: "0s" });
    let decorrelated = tree!({ kind: "decorrelated", initial: "5ms", multiplier: 3_u32 });
    tree!({
        seed: 42_u32,
        arrivals: { kind: "herd", tasks: 100_u32 },
        network: { latency: { kind: "normal", mean: "10ms", sd: "2ms" } },
        contention: { rows: 1_u32 },
        policies: [
            (occ_policy("no-backoff", none, "none", "clip")),
            (occ_policy("exponential", exponential(), "none", "clip")),
            (occ_policy("full", exponential(), "full", "clip")),
            (occ_policy("equal", exponential(), "equal", "clip")),
            (occ_policy("decorrelated", decorrelated, "none", "after")),
        ],
        report: { bin: "10ms" },
    })
}

fn storm() -> Value {
    let jitter = || tree!({ kind: "exponential", initial: "1s", multiplier: 2_u32 });
    let now = || tree!({ kind: "constant", delay: "0s" });
    let ratio = tree!({ kind: "ratio", percent: 10_u32, minPerSecond: 1_u32, window: "10s" });
    tree!({
        seed: 42_u32,
        horizon: "3m",
        arrivals: {
            kind: "rate",
            steps: [
                { at: "0s", perSecond: 60_u32 },
                { at: "60s", perSecond: 400_u32 },
                { at: "70s", perSecond: 60_u32 },
            ],
        },
        server: {
            workers: 1_u32,
            service: { kind: "exponential", mean: "10ms" },
            queue: { limit: 1_000_u32 },
            onFull: "reject",
        },
        client: { timeout: "1s", budgetScope: "all" },
        policies: [
            { name: "one-attempt", policy: { version: 1_u32, maxAttempts: 1_u32 } },
            {
                name: "four-at-once",
                policy: { version: 1_u32, backoff: (now()), jitter: "none", maxAttempts: 4_u32 },
            },
            {
                name: "four-full-jitter",
                policy: {
                    version: 1_u32, backoff: (jitter()), jitter: "full", maxDelay: "20s",
                    maxAttempts: 4_u32,
                },
            },
            {
                name: "four-with-budget",
                policy: {
                    version: 1_u32, backoff: (jitter()), jitter: "full", maxDelay: "20s",
                    maxAttempts: 4_u32, budget: (ratio),
                },
            },
        ],
        report: {
            bin: "1s",
            windows: [
                { name: "before", from: "0s", to: "60s" },
                { name: "spike", from: "60s", to: "70s" },
                { name: "after", from: "120s", to: "180s" },
            ],
        },
    })
}

fn budget() -> Value {
    fn with(name: &str, budget: Option<Value>) -> Value {
        let mut policy = tree!({
            version: 1_u32,
            backoff: { kind: "exponential", initial: "100ms", multiplier: 2_u32 },
            jitter: "full",
            maxDelay: "10s",
            maxAttempts: 4_u32,
        });
        if let (Some(budget), Value::Map(fields)) = (budget, &mut policy) {
            fields.push(("budget".to_owned(), budget));
        }
        tree!({ name: name, policy: (policy) })
    }
    let ratio = tree!({ kind: "ratio", percent: 20_u32, minPerSecond: 1_u32, window: "10s" });
    let aws = tree!({ kind: "tokenBucket", capacity: 500_u32, cost: 14_u32 });
    let grpc = tree!({
        kind: "tokenBucket", capacity: 100_u32, cost: 1_u32, refundOnSuccess: 0.1,
        refundOnRetrySuccess: 0.1, debitOn: "failure", threshold: 50_u32,
    });
    tree!({
        seed: 42_u32,
        horizon: "3m",
        arrivals: { kind: "poisson", ratePerSecond: 500_u32, for: "150s" },
        server: {
            workers: 8_u32,
            service: { kind: "lognormal", mean: "10ms", sigma: 0.5 },
            queue: { limit: 400_u32 },
        },
        faults: [{ from: "30s", until: "90s", mode: "errors", rate: 0.5 }],
        client: { count: 100_u32, budgetScope: "all" },
        policies: [
            (with("no-budget", None)),
            (with("ratio-20", Some(ratio))),
            (with("aws-500-14", Some(aws))),
            (with("grpc-100", Some(grpc))),
        ],
        report: {
            bin: "500ms",
            windows: [
                { name: "before", from: "0s", to: "30s" },
                { name: "fault", from: "30s", to: "90s" },
                { name: "after", from: "90s", to: "150s" },
            ],
        },
    })
}

fn layers() -> Value {
    let three = |delay: &str| {
        tree!({
            version: 1_u32,
            backoff: { kind: "exponential", initial: delay, multiplier: 2_u32 },
            jitter: "full",
            maxDelay: "1s",
            maxAttempts: 3_u32,
        })
    };
    let one = tree!({ version: 1_u32, maxAttempts: 1_u32 });
    let layer = |name: &str| {
        tree!({
            name: name,
            workers: 2_000_u32,
            service: { kind: "lognormal", mean: "2ms", sigma: 0.5 },
            policy: (three("20ms")),
        })
    };
    tree!({
        seed: 42_u32,
        horizon: "90s",
        arrivals: { kind: "poisson", ratePerSecond: 50_u32, for: "60s" },
        layers: [(layer("gateway")), (layer("orders")), (layer("stock"))],
        server: {
            workers: 20_u32,
            service: { kind: "lognormal", mean: "10ms", sigma: 0.5 },
            queue: { limit: 500_u32 },
        },
        faults: [{ from: "20s", until: "40s", mode: "down" }],
        policies: [
            { name: "clients-retry-3", policy: (three("100ms")) },
            { name: "clients-try-once", policy: (one) },
        ],
        report: {
            bin: "500ms",
            windows: [
                { name: "before", from: "0s", to: "20s" },
                { name: "fault", from: "20s", to: "40s" },
                { name: "after", from: "40s", to: "60s" },
            ],
        },
    })
}

fn rate_limit() -> Value {
    let policy = |name: &str, retry_after: Value| {
        tree!({
            name: name,
            policy: {
                version: 1_u32,
                backoff: { kind: "exponential", initial: "1s", multiplier: 2_u32 },
                jitter: "full",
                maxDelay: "30s",
                maxAttempts: 30_u32,
                retryAfter: (retry_after),
            },
        })
    };
    let jitter = tree!({ kind: "proportional", factor: 1_u32 });
    tree!({
        seed: 42_u32,
        horizon: "10m",
        arrivals: { kind: "herd", tasks: 2_000_u32, spread: "1s" },
        server: { workers: 50_u32, service: { kind: "lognormal", mean: "50ms", sigma: 0.5 } },
        faults: [{ mode: "rateLimit", perSecond: 100_u32, burst: 100_u32, retryAfter: "10s" }],
        policies: [
            (policy("to-the-letter", tree!({ mode: "replace", jitter: "none" }))),
            (policy("at-least-and-jitter", tree!({ mode: "atLeast", jitter: (jitter) }))),
            (policy("ignore", tree!({ mode: "ignore" }))),
        ],
        report: { bin: "100ms" },
    })
}

fn brownout() -> Value {
    let exponential =
        |initial: &str| tree!({ kind: "exponential", initial: initial, multiplier: 2_u32 });
    let ratio = tree!({ kind: "ratio", percent: 20_u32, minPerSecond: 5_u32, window: "10s" });
    tree!({
        seed: 42_u32,
        horizon: "6m",
        arrivals: { kind: "poisson", ratePerSecond: 200_u32, for: "5m" },
        server: {
            workers: 20_u32,
            service: { kind: "lognormal", mean: "50ms", sigma: 0.6 },
            queue: { limit: 2_000_u32 },
        },
        faults: [{ from: "60s", until: "120s", mode: "brownout", capacityFactor: 0.2 }],
        client: { timeout: "2s" },
        policies: [
            {
                name: "fast",
                policy: {
                    version: 1_u32, backoff: (exponential("100ms")), jitter: "full",
                    maxDelay: "1s", maxAttempts: 4_u32,
                },
            },
            {
                name: "patient",
                policy: {
                    version: 1_u32, backoff: (exponential("10s")), jitter: "full",
                    maxDelay: "60s", maxAttempts: 4_u32,
                },
            },
            {
                name: "fast-with-budget",
                policy: {
                    version: 1_u32, backoff: (exponential("100ms")), jitter: "full",
                    maxDelay: "1s", maxAttempts: 4_u32, budget: (ratio),
                },
            },
            { name: "one-attempt", policy: { version: 1_u32, maxAttempts: 1_u32 } },
        ],
        report: {
            bin: "1s",
            windows: [
                { name: "before", from: "0s", to: "60s" },
                { name: "brownout", from: "60s", to: "120s" },
                { name: "after", from: "120s", to: "180s" },
                { name: "later", from: "240s", to: "300s" },
            ],
        },
    })
}

fn cron() -> Value {
    let policy = |name: &str, jitter: Value| {
        tree!({
            name: name,
            policy: {
                version: 1_u32,
                backoff: { kind: "constant", delay: "20s" },
                jitter: (jitter),
                maxAttempts: 5_u32,
            },
        })
    };
    tree!({
        seed: 42_u32,
        horizon: "6m",
        arrivals: { kind: "cron", clients: 2_000_u32, every: "1m", skew: "5s", for: "5m" },
        server: {
            workers: 5_u32,
            service: { kind: "fixed", value: "50ms" },
            queue: { limit: 300_u32 },
        },
        policies: [
            (policy("constant", tree!("none"))),
            (policy("ten-percent", tree!({ kind: "proportional", factor: 0.1 }))),
            (policy("full", tree!("full"))),
        ],
        report: { bin: "500ms" },
    })
}

fn poison() -> Value {
    let policy = |name: &str, rules: Value| {
        tree!({
            name: name,
            policy: {
                version: 1_u32,
                backoff: { kind: "exponential", initial: "1s", multiplier: 2_u32 },
                jitter: "full",
                maxDelay: "30s",
                maxAttempts: 10_u32,
                classify: (rules),
            },
        })
    };
    let rules = tree!([{ match: "poison", action: "deadLetter" }]);
    tree!({
        seed: 42_u32,
        horizon: "10m",
        arrivals: { kind: "poisson", ratePerSecond: 80_u32, for: "6m" },
        server: {
            workers: 1_u32,
            service: { kind: "exponential", mean: "10ms" },
            queue: { limit: 500_u32 },
        },
        client: { permanentRate: 0.02 },
        policies: [(policy("blind", tree!([]))), (policy("knows-permanent", rules))],
        report: { bin: "1s" },
    })
}

fn redrive() -> Value {
    tree!({
        seed: 42_u32,
        horizon: "5m",
        arrivals: { kind: "poisson", ratePerSecond: 50_u32, for: "4m" },
        server: {
            workers: 2_u32,
            service: { kind: "lognormal", mean: "20ms", sigma: 0.5 },
            queue: { limit: 100_u32 },
        },
        faults: [{ from: "30s", until: "90s", mode: "down" }],
        redrive: { at: "2m", rate: 40_u32 },
        policies: ["classic", "recommended"],
        report: {
            bin: "1s",
            windows: [
                { name: "before", from: "0s", to: "30s" },
                { name: "outage", from: "30s", to: "90s" },
                { name: "redrive", from: "120s", to: "200s" },
            ],
        },
    })
}
