//! What has happened to others, made small: each names its source.

use redrive::wire::Value;

use super::{jittered, named, once, ratio, windows, with};
use crate::{scenario::builtin::Builtin, tree::tree};

pub(super) const CONTROL_PLANE: Builtin = Builtin {
    name: "control-plane",
    title: "A control plane's congestive collapse after an outage, and what ended it (AWS, 2025)",
    about: "Four leases a second have to be renewed at a manager that can do ten; for two minutes it \
             cannot reach its database. Look at goodput when the database is back. All leases of the \
             outage are tried again together, each waits in the queue for longer than its five \
             seconds, is given up, and is queued again: all that the manager does is too late, and \
             nothing ends by itself. So it was on 20 October 2025: the database was back at 2:25, and \
             leases were renewed again only after 4:14, when engineers throttled the incoming work and \
             restarted hosts, which emptied their queues. Here they do it after nine minutes: eight \
             requests a second are let in, what waits is lost, and the backlog drains. A policy that \
             backs off to two minutes sends a tenth of the attempts and collapses all the same, since \
             it gives nothing up; one whose budget allows a retry for ten requests never collapses, \
             and loses the leases of the outage. Source: aws.amazon.com/message/101925.",
    body: control_plane,
};

fn control_plane() -> Value {
    let patiently = |initial: &str, cap: &str, jitter: &str| {
        tree!({
            version: 1_u32,
            backoff: { kind: "exponential", initial: initial, multiplier: 2_u32 },
            jitter: jitter,
            maxDelay: cap,
            maxAttempts: null,
            maxElapsed: "1h",
        })
    };
    tree!({
        seed: 42_u32,
        horizon: "25m",
        arrivals: { kind: "poisson", ratePerSecond: 4_u32, for: "24m" },
        server: { workers: 1_u32, service: { kind: "exponential", mean: "100ms" } },
        faults: [{ from: "60s", until: "180s", mode: "down" }],
        client: { timeout: "5s", budgetScope: "all" },
        changes: [
            { at: "9m", flush: true, admission: { perSecond: 8_u32, burst: 8_u32 } },
            { at: "23m", admission: null },
        ],
        policies: [
            (named("every-two-seconds", patiently("2s", "2s", "equal"))),
            (named("up-to-two-minutes", patiently("2s", "2m", "full"))),
            (named("with-budget", with(patiently("2s", "2m", "full"), "budget", ratio(10, 0)))),
        ],
        report: {
            bin: "1s",
            windows: (windows(&[
                ("before", "0s", "60s"),
                ("outage", "60s", "180s"),
                ("collapse", "240s", "540s"),
                ("cure", "540s", "840s"),
                ("after", "20m", "24m"),
            ])),
        },
    })
}

pub(super) const DASHBOARD: Builtin = Builtin {
    name: "dashboard",
    title: "A dashboard that floods the API it depends on, through a deployment (Cloudflare, 2025)",
    about: "A service that authorises requests gets 30 calls a second from an API and 5 from a \
             dashboard, and could do 100. A new dashboard makes the same call again and again, 40 \
             times a second more, which still fits. Then the service itself is deployed, and does not \
             answer for ten seconds. Look at the API's successes from there on, by class of clients. \
             The calls of those ten seconds come again, all wait for longer than their two seconds, \
             and the retries of the flood keep the service above what it can do: it does not come \
             back, and calls that had nothing to do with the dashboard fail with it. Half as many \
             servers again do not end it, nor does jitter; the corrected dashboard does. On 12 \
             September 2025 this took over an hour. With a budget for retries the API loses the ten \
             seconds and nothing else. \
             Source: blog.cloudflare.com/deep-dive-into-cloudflares-sept-12-dashboard-and-api-outage.",
    body: dashboard,
};

fn dashboard() -> Value {
    let at_once = tree!({
        version: 1_u32,
        backoff: { kind: "constant", delay: "100ms" },
        jitter: "none",
        maxAttempts: 4_u32,
    });
    let flood = tree!({
        kind: "rate",
        steps: [
            { at: "60s", perSecond: 40_u32 },
            { at: "6m", perSecond: 0_u32 },
        ],
    });
    tree!({
        seed: 42_u32,
        horizon: "9m",
        server: {
            workers: 4_u32,
            service: { kind: "exponential", mean: "40ms" },
            queue: { limit: 400_u32 },
        },
        faults: [{ from: "120s", until: "130s", mode: "hang" }],
        client: { timeout: "2s", budgetScope: "all" },
        clients: [
            {
                name: "api",
                arrivals: { kind: "poisson", ratePerSecond: 30_u32, for: "8m" },
                policy: (once()),
            },
            { name: "dashboard", arrivals: { kind: "poisson", ratePerSecond: 5_u32, for: "8m" } },
            { name: "flood", arrivals: (flood) },
        ],
        changes: [{ at: "4m", capacityFactor: 1.5 }],
        policies: [
            (named("four-at-once", at_once)),
            (named("full-jitter", jittered("1s", "20s", 4))),
            (named("with-budget", with(jittered("1s", "20s", 4), "budget", ratio(10, 1)))),
        ],
        report: {
            bin: "1s",
            after: "130s",
            windows: (windows(&[
                ("before", "0s", "60s"),
                ("flood", "60s", "120s"),
                ("overload", "150s", "240s"),
                ("more servers", "270s", "360s"),
                ("corrected", "400s", "480s"),
            ])),
        },
    })
}

pub(super) const CHAIN: Builtin = Builtin {
    name: "chain",
    title: "Nine services in a row, each with one retry: 512 calls for one, and five once they have budgets",
    about: "A request passes eight services to a ninth, which twice fails all that it is asked for ten \
             seconds. Look at the requests that reach each layer, over time. One retry in each service \
             looks harmless, and doubles the calls at each step: at 15 s one request of a client that \
             retries once makes 2 × 2 × ... = 512 calls at the last service, just when it can bear \
             least. At 40 s every service gets a budget of 20 % of its requests; at 55 s, under the \
             same failure, the eight of them together make 1.2 to the eighth, about four, and with a \
             budget at the client about five. The arithmetic is that of the Amazon Builders' Library \
             (Timeouts, retries, and backoff with jitter: five layers of three tries are 243 times the \
             load) and of Google's Site Reliability Engineering (Handling Overload: retry at one \
             layer, within a budget).",
    body: chain,
};

fn chain() -> Value {
    let retry = || {
        tree!({
            version: 1_u32,
            backoff: { kind: "constant", delay: "1ms" },
            jitter: "none",
            maxAttempts: 2_u32,
        })
    };
    let budgeted = || with(retry(), "budget", ratio(20, 0));
    let name = |i: usize| format!("service {i}");
    let layer = |i| tree!({ name: (name(i)), service: "1ms", policy: (retry()) });
    let change = |i| tree!({ at: "40s", layer: (name(i)), policy: (budgeted()) });
    let layers = Value::List((1..9).map(layer).collect());
    let changes = Value::List((1..9).map(change).collect());
    tree!({
        seed: 42_u32,
        horizon: "90s",
        arrivals: { kind: "poisson", ratePerSecond: 20_u32, for: "80s" },
        layers: (layers),
        server: { service: "1ms" },
        faults: [
            { from: "15s", until: "25s", mode: "errors", rate: 1_u32, served: true },
            { from: "55s", until: "65s", mode: "errors", rate: 1_u32, served: true },
        ],
        changes: (changes),
        policies: [
            (named("one-retry", retry())),
            (named("one-retry-with-budget", budgeted())),
            (named("no-retry", once())),
        ],
        report: {
            bin: "500ms",
            windows: (windows(&[
                ("before", "0s", "15s"),
                ("without budgets", "15s", "25s"),
                ("with budgets", "55s", "65s"),
                ("after", "65s", "80s"),
            ])),
        },
    })
}
