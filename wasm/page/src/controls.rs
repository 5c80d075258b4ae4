//! What can be turned on the page: one row a parameter, from the tables of limits.
//!
//! A slider moves over *stops*, a ladder of round values that grow by steps that look even on a
//! logarithmic scale (1, 1.2, 1.5, 1.8, 2, ...). So the scale lives here and not in the page, every
//! stop is a value that people would write, and JavaScript computes nothing: it moves an index.
//! Between the stops there is the text field, which takes any value that the core takes.

use redrive::{
    Duration,
    bounds::{self, Bound, Unit},
    policy::{
        KindRow, Shape,
        kinds::{BACKOFFS, BUDGETS, JITTERS},
    },
    time::{format_duration, nanos},
    wire::{Value, read_duration},
};

use super::{Page, Slot, builtin, plain, tree};
use redrive_sim::bounds as scenario;

/// One row of a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// What to give [`Page::set`].
    pub name: String,
    /// `policy` or `scenario`.
    pub group: &'static str,
    /// Whether it is one of those that are rarely turned.
    pub advanced: bool,
    /// What to call it.
    pub label: String,
    /// What it means.
    pub doc: String,
    /// Its value, as it is written.
    pub value: String,
    /// What the preset or the built-in scenario has.
    pub default: String,
    /// How it is turned.
    pub input: Input,
}

/// How a parameter is turned.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A slider over stops, and the stop that is nearest.
    Ladder {
        /// The stops, as texts to give [`Page::set`].
        stops: Vec<String>,
        /// The nearest stop.
        at: usize,
    },
    /// One of a few.
    Choice(Vec<Choice>),
}

/// One of a few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What to give [`Page::set`].
    pub value: &'static str,
    /// What to call it.
    pub label: &'static str,
}

/// Which values a ladder covers, and whether it ends with "none".
#[derive(Clone, Copy)]
struct Span {
    from: f64,
    to: f64,
    none: bool,
}

const fn span(from: f64, to: f64) -> Span {
    Span { from, to, none: false }
}

const fn or_none(from: f64, to: f64) -> Span {
    Span { from, to, none: true }
}

const MILLI: f64 = 1e6;
const SECOND: f64 = 1e9;
const MINUTE: f64 = 60e9;
const HOUR: f64 = 3600e9;

/// Of the scenario: shown where the scenario has the field.
const SCENARIO: &[(&str, &Bound, Span, &str)] = &[
    ("arrivals.tasks", scenario::TASKS, span(10.0, 1e6), "Tasks at once"),
    ("arrivals.spread", scenario::SPREAD, span(0.0, MINUTE), "Arrivals spread over"),
    (
        "arrivals.ratePerSecond",
        scenario::RATE_PER_SECOND,
        span(1.0, 10_000.0),
        "Arrivals per second",
    ),
    ("arrivals.clients", scenario::CLIENTS, span(1.0, 100_000.0), "Clients"),
    ("faults.0.from", scenario::FROM, span(0.0, 10.0 * MINUTE), "Outage from"),
    ("faults.0.until", scenario::UNTIL, span(SECOND, 20.0 * MINUTE), "Outage until"),
    ("faults.0.rate", scenario::ERROR_RATE, span(0.0, 1.0), "Error rate"),
    ("faults.0.factor", scenario::SLOW_FACTOR, span(1.0, 100.0), "Slower by"),
    ("faults.0.capacityFactor", scenario::CAPACITY_FACTOR, span(0.01, 1.0), "Capacity left"),
    ("faults.0.perSecond", scenario::LIMIT_PER_SECOND, span(1.0, 10_000.0), "Rate limit"),
    ("server.workers", scenario::WORKERS, span(1.0, 1000.0), "Server workers"),
    ("server.service.value", scenario::VALUE, span(MILLI, 10.0 * SECOND), "Time per request"),
    ("server.service.mean", scenario::MEAN, span(MILLI, 10.0 * SECOND), "Mean time per request"),
    ("server.capacityPerSecond", scenario::CAPACITY, span(1.0, 100_000.0), "Server capacity"),
    ("server.queue.limit", scenario::QUEUE_LIMIT, span(0.0, 100_000.0), "Server queue"),
    ("client.timeout", scenario::TIMEOUT, span(10.0 * MILLI, MINUTE), "Client timeout"),
    ("client.permanentRate", scenario::PERMANENT_RATE, span(0.0, 0.5), "Poison tasks"),
    ("contention.rows", scenario::ROWS, span(1.0, 1000.0), "Rows contended for"),
    ("redrive.at", scenario::AT, span(SECOND, HOUR), "Redrive at"),
    ("redrive.rate", scenario::REDRIVE_RATE, span(1.0, 100_000.0), "Redrive rate"),
];

const fn choice(value: &'static str, label: &'static str) -> Choice {
    Choice { value, label }
}

const RULE_LABELS: &[Choice] = &[
    choice("stopIfWouldExceed", "No attempt after it"),
    choice("stopIfReached", "Last delay may pass it"),
    choice("truncate", "Cut the last delay"),
];
const HINT_LABELS: &[Choice] = &[
    choice("atLeast", "At least that long"),
    choice("replace", "Exactly that long"),
    choice("clamp", "Up to that long"),
    choice("ignore", "Ignored"),
];
const STAGE_LABELS: &[Choice] = &[
    choice("fit", "Range fits under it"),
    choice("before", "Before the jitter"),
    choice("after", "After the jitter"),
    choice("both", "Before and after"),
    choice("clip", "Ends clipped"),
];

/// The kinds of a table to choose from.
fn choices(table: &'static [KindRow]) -> Vec<Choice> {
    table.iter().map(|kind| choice(kind.name, kind.label)).collect()
}

impl Page {
    /// The rows of a slot's policy, and those of the scenario.
    #[must_use]
    pub fn controls(&self, slot: Slot) -> Vec<Control> {
        let mut rows = self.rows(slot);
        rows.policy();
        let mut out = rows.out;
        out.extend(self.scenario_controls());
        out
    }

    fn rows(&self, slot: Slot) -> Rows {
        let chosen = self.chosen(slot).unwrap_or(&self.a);
        let base = super::chosen::find(&chosen.base, &self.own);
        Rows {
            prefix: if slot == Slot::A { "a." } else { "b." },
            tree: chosen.policy.to_value(),
            base: base.map_or(Value::Null, |policy| policy.to_value()),
            out: Vec::new(),
        }
    }

    fn scenario_controls(&self) -> Vec<Control> {
        let base = builtin(&self.builtin).unwrap_or(Value::Null);
        let present = |path: &str| tree::at(&self.scenario, path).filter(|v| **v != Value::Null);
        // What was set to none is still there to be turned.
        let shown = |path: &str| {
            let last = path.rsplit_once('.').map_or("", |(group, _)| group);
            let is_optional =
                ["faults.0.until", "client.timeout", "server.queue.limit"].contains(&path);
            present(path).or_else(|| {
                let group = tree::at(&self.scenario, last);
                (is_optional && group.is_some()).then_some(&Value::Null)
            })
        };
        let time = |path| read_duration(present(path)?, path).ok().map(|at| nanos(at) as f64);
        let row = |(path, bound, span, label): &(&str, &'static Bound, Span, &str)| {
            let value = shown(path)?;
            // A fault has to last.
            let span = match *path {
                "faults.0.from" => {
                    Span { to: time("faults.0.until").unwrap_or(span.to) - 1.0, ..*span }
                }
                "faults.0.until" => {
                    Span { from: time("faults.0.from").unwrap_or(0.0) + SECOND, ..*span }
                }
                _ => *span,
            };
            let default = tree::at(&base, path).unwrap_or(value);
            Some(Control {
                name: (*path).to_owned(),
                group: "scenario",
                advanced: false,
                label: (*label).to_owned(),
                doc: bound.doc.to_owned(),
                value: plain(value),
                default: plain(default),
                input: ladder(bound, span, value),
            })
        };
        SCENARIO.iter().filter_map(row).collect()
    }
}

struct Rows {
    prefix: &'static str,
    tree: Value,
    base: Value,
    out: Vec<Control>,
}

impl Rows {
    fn policy(&mut self) {
        self.kind("backoff", "Backoff", "How the delay grows.", choices(BACKOFFS));
        self.fields_of("backoff", BACKOFFS);
        let least = self.nanos("minDelay").unwrap_or(0.0).max(10.0 * MILLI);
        self.number("maxDelay", bounds::MAX_DELAY, or_none(least, HOUR.max(least)));
        let backoff = KindRow::find(BACKOFFS, &plain_kind(&self.tree, "backoff"));
        if backoff.is_none_or(|kind| !kind.draws_jitter) {
            let doc = "How the delay is spread; d is the delay.";
            self.kind("jitter", "Jitter", doc, choices(JITTERS));
            self.fields_of("jitter", JITTERS);
        }
        // One of the two has to end a task.
        let has = |field| self.tree.get(field).is_some_and(|limit| *limit != Value::Null);
        let (attempts, elapsed) = (has("maxAttempts"), has("maxElapsed"));
        let limit = |none, span: Span| Span { none, ..span };
        self.number("maxAttempts", bounds::MAX_ATTEMPTS, limit(elapsed, span(1.0, 100.0)));
        self.number("maxElapsed", bounds::MAX_ELAPSED, limit(attempts, span(SECOND, 24.0 * HOUR)));
        let budgets = core::iter::once(choice("null", "None")).chain(choices(BUDGETS)).collect();
        self.kind(
            "budget",
            "Retry budget",
            "An allowance of retries that all tasks share.",
            budgets,
        );
        self.fields_of("budget", BUDGETS);
        let first = self.out.len();
        self.number(
            "attemptTimeout",
            bounds::ATTEMPT_TIMEOUT,
            or_none(10.0 * MILLI, 10.0 * MINUTE),
        );
        let cap = self.nanos("maxDelay").unwrap_or(10.0 * MINUTE);
        self.number("minDelay", bounds::MIN_DELAY, span(0.0, cap.min(10.0 * MINUTE)));
        self.number("backoff.firstDelay", bounds::FIRST_DELAY, or_none(0.0, 10.0 * MINUTE));
        self.choice("elapsedRule", "When a delay passes max elapsed", RULE_LABELS);
        self.choice("retryAfter.mode", "A server's Retry-After counts", HINT_LABELS);
        self.choice("compat.capStage", "The cap applies", STAGE_LABELS);
        self.out.iter_mut().skip(first).for_each(|row| row.advanced = true);
    }

    /// A duration of the policy, if it has it.
    fn nanos(&self, field: &str) -> Option<f64> {
        let value = self.tree.get(field).filter(|value| **value != Value::Null)?;
        read_duration(value, field).ok().map(|duration| nanos(duration) as f64)
    }

    /// The parameters that the present kind of a group has, as far as a slider can turn them.
    fn fields_of(&mut self, group: &str, table: &'static [KindRow]) {
        let kind = KindRow::find(table, &plain_kind(&self.tree, group));
        for parameter in kind.map_or(&[][..], |kind| kind.parameters) {
            if parameter.shape == Shape::Scalar {
                let bound = parameter.bound;
                let (from, to) = bound.usual.unwrap_or((bound.min, bound.max));
                self.number(&format!("{group}.{}", parameter.name), bound, span(from, to));
            }
        }
    }

    fn number(&mut self, path: &str, bound: &'static Bound, span: Span) {
        let value = tree::at(&self.tree, path).cloned().unwrap_or(Value::Null);
        let input = ladder(bound, span, &value);
        self.push(path, bound.label, bound.doc, plain(&value), input);
    }

    fn kind(&mut self, group: &str, label: &str, doc: &str, labels: Vec<Choice>) {
        let value = plain_kind(&self.tree, group);
        self.push(&format!("{group}.kind"), label, doc, value, Input::Choice(labels));
    }

    fn choice(&mut self, path: &str, label: &str, labels: &'static [Choice]) {
        let first = labels.first().map_or("", |choice| choice.value);
        let value = tree::at(&self.tree, path).map_or_else(|| first.to_owned(), plain);
        self.push(path, label, "", value, Input::Choice(labels.to_vec()));
    }

    fn push(&mut self, path: &str, label: &str, doc: &str, value: String, input: Input) {
        let default = match path.strip_suffix(".kind") {
            Some(group) => plain_kind(&self.base, group),
            None => match (tree::at(&self.base, path), &input) {
                (Some(default), _) => plain(default),
                (None, Input::Choice(all)) => all.first().map_or("", |c| c.value).to_owned(),
                (None, Input::Ladder { .. }) if path.ends_with("firstDelay") => "null".to_owned(),
                (None, Input::Ladder { .. }) => value.clone(),
            },
        };
        self.out.push(Control {
            name: format!("{}{path}", self.prefix),
            group: "policy",
            advanced: false,
            label: label.to_owned(),
            doc: doc.to_owned(),
            value,
            default,
            input,
        });
    }
}

/// The kind of a group, also where it is a bare text; `null` where the group is missing.
fn plain_kind(tree: &Value, group: &str) -> String {
    let value = tree.get(group).unwrap_or(&Value::Null);
    plain(value.get("kind").unwrap_or(value))
}

/// Round values, 16 to the decade.
const MANTISSAS: [f64; 16] =
    [1.0, 1.2, 1.5, 1.8, 2.0, 2.2, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0];

/// Seconds above which people count in minutes and hours.
const LONG: [f64; 24] = [
    60.0, 75.0, 90.0, 120.0, 150.0, 180.0, 240.0, 300.0, 360.0, 480.0, 600.0, 720.0, 900.0, 1200.0,
    1500.0, 1800.0, 2700.0, 3600.0, 7200.0, 10_800.0, 21_600.0, 43_200.0, 64_800.0, 86_400.0,
];

fn ladder(bound: &Bound, span: Span, value: &Value) -> Input {
    let (from, to) = (span.from.max(bound.min), span.to.min(bound.max));
    let numbers = match bound.unit {
        Unit::Duration => durations(from, to),
        Unit::Count => counts(from, to),
        _ if to <= 10.0 => factors(from, to),
        _ => decades(from, to, 0.1),
    };
    let mut stops: Vec<String> = numbers.iter().map(|n| written(bound, *n)).collect();
    let current = match value {
        Value::Null => None,
        value if bound.unit == Unit::Duration => {
            read_duration(value, "").ok().map(|duration| nanos(duration) as f64)
        }
        value => value.as_f64(),
    };
    let at = match current {
        Some(current) => nearest(&numbers, current),
        None => stops.len(),
    };
    if span.none || current.is_none() {
        stops.push("null".to_owned());
    }
    Input::Ladder { stops, at }
}

fn nearest(numbers: &[f64], value: f64) -> usize {
    let distance = |index: &usize| (numbers[*index] - value).abs();
    (0..numbers.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or_default()
}

fn written(bound: &Bound, number: f64) -> String {
    match bound.unit {
        Unit::Duration => format_duration(Duration::from_nanos(number as u64)),
        _ => plain(&Value::Float(number)),
    }
}

/// Round values from `least` up by decades, and 0 if the span begins there.
fn decades(from: f64, to: f64, least: f64) -> Vec<f64> {
    let mut all = if from <= 0.0 { vec![0.0] } else { Vec::new() };
    let mut decade = least;
    while decade <= to {
        // To the tenth of the decade's tenth, so that 0.1 x 1.2 is written 0.12.
        let round = |m: f64| libm::round(m * decade * 1e6) / 1e6;
        all.extend(MANTISSAS.map(round).iter().filter(|n| **n >= from.max(least) && **n <= to));
        decade *= 10.0;
    }
    all
}

fn durations(from: f64, to: f64) -> Vec<f64> {
    let mut all = decades(from, to.min(MINUTE - 1.0), MILLI);
    all.extend(LONG.map(|seconds| seconds * SECOND).iter().filter(|n| **n >= from && **n <= to));
    all
}

fn counts(from: f64, to: f64) -> Vec<f64> {
    let whole = (0..20).map(f64::from).filter(|n| *n >= from && *n <= to);
    let more = decades(from.max(20.0), to, 10.0).into_iter().filter(|n| libm::floor(*n) == *n);
    whole.chain(more).collect()
}

fn factors(from: f64, to: f64) -> Vec<f64> {
    let fine = if to <= 2.0 { 50.0 } else { 10.0 };
    let steps = libm::round((to - from) * fine) as u32;
    (0..=steps)
        .map(|step| libm::round((from * fine + f64::from(step)) * 1e3 / fine) / 1e3)
        .collect()
}
