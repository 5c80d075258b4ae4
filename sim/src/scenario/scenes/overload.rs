//! Load that feeds itself: a storm, a brownout, failures without a budget, layers that all retry.

use redrive::wire::Value;

use super::{jittered, named, once, ratio, windows, with};
use crate::{scenario::builtin::Builtin, tree::tree};

pub(super) const STORM: Builtin = Builtin {
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
};

fn storm() -> Value {
    let at_once = tree!({
        version: 1_u32,
        backoff: { kind: "constant", delay: "0s" },
        jitter: "none",
        maxAttempts: 4_u32,
    });
    let four = || jittered("1s", "20s", 4);
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
            (named("one-attempt", once())),
            (named("four-at-once", at_once)),
            (named("four-full-jitter", four())),
            (named("four-with-budget", with(four(), "budget", ratio(10, 1)))),
        ],
        report: {
            bin: "1s",
            windows: (windows(&[
                ("before", "0s", "60s"),
                ("spike", "60s", "70s"),
                ("after", "120s", "180s"),
            ])),
        },
    })
}

pub(super) const BUDGET: Builtin = Builtin {
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
};

fn budget() -> Value {
    let plain = || jittered("100ms", "10s", 4);
    let under = |name: &str, budget: Value| named(name, with(plain(), "budget", budget));
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
            (named("no-budget", plain())),
            (under("ratio-20", ratio(20, 1))),
            (under("aws-500-14", aws)),
            (under("grpc-100", grpc)),
        ],
        report: {
            bin: "500ms",
            windows: (windows(&[
                ("before", "0s", "30s"),
                ("fault", "30s", "90s"),
                ("after", "90s", "150s"),
            ])),
        },
    })
}

pub(super) const LAYERS: Builtin = Builtin {
    name: "layers",
    title: "Three services call each other, and each of them retries",
    about: "A request goes through a gateway and two services to a database that is down for \
             twenty seconds. Look at the attempts that reach each layer. Every layer makes three \
             attempts, so one request becomes 3 x 3 x 3 x 3 = 81 calls at the database, exactly \
             when it can bear least; with a single attempt at the clients' end it is still 27. \
             Retry in one place, as far up as knows whether the work is worth it; below, fail \
             fast.",
    body: layers,
};

fn layers() -> Value {
    let layer = |name: &str| {
        tree!({
            name: name,
            workers: 2_000_u32,
            service: { kind: "lognormal", mean: "2ms", sigma: 0.5 },
            policy: (jittered("20ms", "1s", 3)),
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
            (named("clients-retry-3", jittered("100ms", "1s", 3))),
            (named("clients-try-once", once())),
        ],
        report: {
            bin: "500ms",
            windows: (windows(&[
                ("before", "0s", "20s"),
                ("fault", "20s", "40s"),
                ("after", "40s", "60s"),
            ])),
        },
    })
}

pub(super) const BROWNOUT: Builtin = Builtin {
    name: "brownout",
    title: "For a minute a service has a fifth of its capacity",
    about: "A service runs at half of its capacity, then loses four fifths of it for a minute. \
             Look at the wasted work, and at goodput when the capacity is back. Requests wait \
             longer than clients are willing to; each timeout leaves its request in the queue \
             and adds another, so that nearly all of the work is spent on abandoned requests. With four \
             attempts the load of 200 a second becomes 800 against a capacity of 400: the \
             brownout is over and the failure stays, with fast retries and with patient ones \
             alike, because a longer backoff only makes the same attempts later. One attempt \
             recovers within seconds, and so does a budget, which keeps retries for the days \
             when few are needed.",
    body: brownout,
};

fn brownout() -> Value {
    let fast = || jittered("100ms", "1s", 4);
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
            (named("fast", fast())),
            (named("patient", jittered("10s", "60s", 4))),
            (named("fast-with-budget", with(fast(), "budget", ratio(20, 5)))),
            (named("one-attempt", once())),
        ],
        report: {
            bin: "1s",
            windows: (windows(&[
                ("before", "0s", "60s"),
                ("brownout", "60s", "120s"),
                ("after", "120s", "180s"),
                ("later", "240s", "300s"),
            ])),
        },
    })
}
