//! Tasks that end as dead letters: those that never could succeed, and those that are sent back.

use redrive::wire::Value;

use super::{jittered, named, windows, with};
use crate::{scenario::builtin::Builtin, tree::tree};

pub(super) const POISON: Builtin = Builtin {
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
};

fn poison() -> Value {
    let policy =
        |name: &str, rules: Value| named(name, with(jittered("1s", "30s", 10), "classify", rules));
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

pub(super) const REDRIVE: Builtin = Builtin {
    name: "redrive",
    title: "After an outage the dead letters are sent back to work",
    about: "A service is down for a minute, longer than three attempts last, so everything that \
             arrives in that time is dead-lettered; at two minutes it is sent back, with fresh \
             counters, 40 a second. Look at what happens from 120 s on. At 40 a second the dead \
             letters fit into the half of the capacity that is free, and new tasks do not notice. \
             Sent back all at once (set redrive.rate to null) they are a herd of their own: the \
             queue fills, new tasks are refused, and some of the letters die a second time.",
    body: redrive,
};

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
            windows: (windows(&[
                ("before", "0s", "30s"),
                ("outage", "30s", "90s"),
                ("redrive", "120s", "200s"),
            ])),
        },
    })
}
