//! Those who come together: a herd, clients of one row, of one rate limit, of one clock.

use redrive::wire::Value;

use super::{jittered, named, with};
use crate::{scenario::builtin::Builtin, tree::tree};

pub(super) const HERD: Builtin = Builtin {
    name: "herd",
    title: "10,000 tasks fail together while their server is down for 30 s",
    about: "Ten thousand tasks start at once on a server that is down, and retry until it is \
             back; then they compete for its 500 requests a second and its queue of 500. Look at \
             the attempts per second after 30 s. Without jitter all tasks wait the same times, \
             so every retry is the whole herd at one instant: the server takes the 510 it has \
             room for, refuses the rest, and is idle until the herd comes back twice as \
             late. Ten percent of jitter only smears the instant over a second or so, because \
             it adds a tenth of the delay and nothing else tells the tasks apart. Full jitter \
             draws from the whole range, so attempts arrive evenly, about as fast as the server \
             can work. And `classic`, with three attempts, is over after six seconds: a policy \
             that cannot outlast the outage makes ten thousand dead letters, however well it is \
             jittered.",
    body: herd,
};

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

pub(super) const OCC: Builtin = Builtin {
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
};

/// A policy of the AWS simulator: base 5 ms, cap 2 s, no limit of attempts worth the name.
///
/// There the jitter is drawn below the cap (`clip`), but the walk of the decorrelated kind is cut off
/// at it (`after`).
fn occ_policy(name: &str, backoff: Value, jitter: &str, stage: &str) -> Value {
    let policy = tree!({
        version: 1_u32,
        backoff: (backoff),
        jitter: jitter,
        maxDelay: "2s",
        maxAttempts: 1_000_000_u32,
        compat: { capStage: stage },
    });
    named(name, policy)
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

pub(super) const RATE_LIMIT: Builtin = Builtin {
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
};

fn rate_limit() -> Value {
    let policy =
        |name: &str, rule: Value| named(name, with(jittered("1s", "30s", 30), "retryAfter", rule));
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

pub(super) const CRON: Builtin = Builtin {
    name: "cron",
    title: "2,000 clients do their job at every full minute",
    about: "Two thousand clients start together at every full minute, with clocks five seconds \
             apart at most, on a service that can do 100 requests a second and queues 300. Look \
             at the rejected attempts. Nothing is broken: the clock is the herd. Retries \
             at fixed delays come back as the same wave; full jitter spreads what is left over \
             the idle half minute that follows. Spreading the jobs themselves would be better \
             still: set arrivals.skew to 1m.",
    body: cron,
};

fn cron() -> Value {
    let policy = |name: &str, jitter: Value| {
        let policy = tree!({
            version: 1_u32,
            backoff: { kind: "constant", delay: "20s" },
            jitter: (jitter),
            maxAttempts: 5_u32,
        });
        named(name, policy)
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
