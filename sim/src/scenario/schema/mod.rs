//! The JSON Schema of a scenario, for editors: what fields there are, what they mean, their limits and
//! defaults.
//!
//! It is made from the lists of fields and words and from the [rows](crate::bounds) that reading uses;
//! what only it knows is which row a field has, and the sentences for fields without one. It allows
//! what the reader reads, in `camelCase`, and refuses what one field alone tells to be wrong. What
//! several fields decide together (that a run ends, that somebody times out) only the reader knows.
//!
//! It holds the schema of policies as well, so that it is one file: an editor that fetches no second
//! one still knows everything.

use redrive::{
    policy::schema::policy,
    presets,
    schema::{
        DIALECT, any, array, constant, described, list, nullable, object, of_type, pointer,
        reference, row, words,
    },
    wire::Value,
};

use super::{DOCUMENT, arrivals, changes, classes, client, faults, policies, report, server};
use crate::{bounds, distribution};

mod kinds;
use kinds::kinds;

/// The JSON Schema (draft 2020-12) of a scenario.
#[must_use]
pub fn scenario() -> Value {
    let Value::Map(mut schema) = group("", DOCUMENT, &["policies"]) else { return Value::Null };
    let head = [("$schema", DIALECT), ("title", "redrive scenario")];
    schema.splice(0..0, head.map(|(name, text)| (name.to_owned(), text.into())));
    schema.push(("$defs".to_owned(), definitions()));
    Value::Map(schema)
}

/// What is used in several places, and all that a policy is made of.
fn definitions() -> Value {
    let mut all = Vec::new();
    let mut whole = Vec::new();
    if let Value::Map(entries) = policy() {
        for (name, value) in entries {
            match (name.as_str(), value) {
                ("$defs", Value::Map(parts)) => all.extend(parts),
                ("$schema" | "title", _) => {}
                (_, value) => whole.push((name, value)),
            }
        }
    }
    all.push(("policy".to_owned(), Value::Map(whole)));
    all.push(("preset".to_owned(), preset()));
    all.push(("distribution".to_owned(), distribution()));
    Value::Map(all)
}

fn preset() -> Value {
    let names: Vec<&str> = presets::all().iter().map(|preset| preset.name).collect();
    described("A policy by its preset's name.", words(&names))
}

/// A group of `fields`, which is found at `part`.
fn group(part: &str, fields: &[&'static str], required: &[&str]) -> Value {
    let property = |name: &&'static str| ((*name).to_owned(), property(part, name));
    object(fields.iter().map(property).collect(), required)
}

fn property(part: &str, name: &str) -> Value {
    let found = match part {
        "" => top(name),
        "server" | "layers" => of_server(name),
        "server.queue" => of_queue(name),
        "network" | "client" | "client.breaker" | "client.throttle" | "contention" => {
            of_client(part, name)
        }
        "policies" => of_policies(name),
        "report" | "report.windows" | "redrive" | "limits" => of_report(part, name),
        "arrivals" | "arrivals.steps" => of_arrivals(name),
        "faults" => of_faults(name),
        "clients" => of_class(name),
        "changes" => of_changes(name),
        _ => of_distribution(name),
    };
    // A field without a description gets none here; a test finds it.
    found.unwrap_or(Value::Bool(true))
}

fn top(name: &str) -> Option<Value> {
    let part = |fields| group(name, fields, &[]);
    Some(match name {
        "$schema" => pointer(),
        "name" => text("What it is called."),
        "title" => text("One line: what happens."),
        "about" => text("What to look at, and why it happens."),
        "seed" => seed(),
        "horizon" => nullable(row(bounds::HORIZON)),
        "arrivals" => described(
            "When tasks arrive. Default: a herd of 10000.",
            kinds("arrivals", "kind", arrivals::KINDS, &[]),
        ),
        "server" => described("What they are sent to.", part(server::FIELDS)),
        "layers" => {
            let layer = group("layers", server::LAYER_FIELDS, &[]);
            described(
                "Services between the clients and the server, outermost first.",
                array(layer, 0),
            )
        }
        "faults" => described(
            "What goes wrong, and when.",
            array(kinds("faults", "mode", faults::MODES, faults::FIELDS), 0),
        ),
        "network" => described("What messages go through.", part(client::NETWORK_FIELDS)),
        "client" => {
            described("How the clients behave, apart from the policy.", part(client::FIELDS))
        }
        "clients" => described(
            "Several classes of clients: the same service, their own tasks or a share of them, their own \
             policy and priority.",
            array(group("clients", classes::FIELDS, &[]), 0),
        ),
        "changes" => described(
            "What operators do while it runs.",
            array(group("changes", changes::FIELDS, &["at"]), 0),
        ),
        "contention" => described(
            "Optimistic concurrency in place of the server: read a version, write it back, and fail \
             if somebody else wrote first.",
            part(client::CONTENTION_FIELDS),
        ),
        "redrive" => described("Sending the dead letters back.", part(report::REDRIVE_FIELDS)),
        "policies" => described(
            "What is compared: each a preset's name, or a name with one of preset, file and policy.",
            array(any([reference("preset"), named_policy()]), 1),
        ),
        "report" => described("What is measured.", part(report::FIELDS)),
        "limits" => described("How far a run may go.", part(report::LIMITS_FIELDS)),
        _ => return None,
    })
}

fn seed() -> Value {
    let number = Value::map([
        ("type", "integer".into()),
        ("minimum", Value::Unsigned(0)),
        ("maximum", Value::Unsigned(u64::MAX)),
    ]);
    let what =
        "The seed of all randomness: the same seed gives the same run, bit for bit. Default: 42.";
    described(what, any([number, of_type("string")]))
}

fn named_policy() -> Value {
    let one = policies::SOURCES.iter().map(|source| Value::map([("required", list(&[source]))]));
    with(group("policies", policies::FIELDS, &[]), "oneOf", Value::List(one.collect()))
}

fn of_policies(name: &str) -> Option<Value> {
    Some(match name {
        "name" => text("What to call it. Default: the preset's name, or the file's."),
        "preset" => reference("preset"),
        "file" => text("A file with a policy, in JSON or TOML."),
        "policy" => described("The policy.", any([reference("policy"), reference("preset")])),
        _ => return None,
    })
}

/// A column, by its name or number.
fn column(what: &str) -> Value {
    let number = Value::map([("type", "integer".into()), ("minimum", Value::Unsigned(1))]);
    let what = format!("{what}, by its name or number. Default: told from the file.");
    described(&what, any([of_type("string"), number]))
}

fn of_arrivals(name: &str) -> Option<Value> {
    Some(match name {
        "tasks" => row(bounds::TASKS),
        "at" => nullable(row(bounds::AT)),
        "spread" => nullable(row(bounds::SPREAD)),
        "for" => nullable(row(bounds::FOR)),
        "ratePerSecond" => row(bounds::RATE_PER_SECOND),
        "perSecond" => row(bounds::PER_SECOND),
        "steps" => described(
            "From when on how many tasks arrive a second; the times rise.",
            array(group("arrivals.steps", arrivals::STEP_FIELDS, &["perSecond"]), 1),
        ),
        "ramp" => flag("Whether the rate runs in a line from step to step. Default: false."),
        "clients" => row(bounds::CLIENTS),
        "think" => {
            let what = row(bounds::THINK);
            law(what.get("description").and_then(Value::as_text).unwrap_or_default())
        }
        "every" => row(bounds::EVERY),
        "skew" => nullable(row(bounds::SKEW)),
        "file" => text(
            "A CSV file with a count in each row, or a log with a request in each row, placed by its \
             times.",
        ),
        "rows" => described(
            "What a row of the file is: a count of tasks (counts), or one task (requests). Default: \
             as its columns tell.",
            words(arrivals::ROWS),
        ),
        "column" => column("The column of the counts"),
        "timeColumn" => column("The column of the times"),
        "timeFormat" => text(
            "How the times are written, as strftime has it (%d/%m/%Y %H:%M), or s, ms, us or ns since \
             1970. Default: told from the file.",
        ),
        "counts" => {
            // What is left over by the scale is carried on, so a count may be broken.
            let count = Value::map([
                ("type", "number".into()),
                ("minimum", bounds::TASKS.min.into()),
                ("maximum", bounds::TASKS.max.into()),
            ]);
            described("Tasks in each bin.", array(count, 0))
        }
        "bin" => row(bounds::TRACE_BIN),
        "scale" => row(bounds::SCALE),
        _ => return None,
    })
}

fn of_server(name: &str) -> Option<Value> {
    Some(match name {
        "workers" => nullable(row(bounds::WORKERS)),
        "service" => law("How long each request takes. Default: no time."),
        "capacityPerSecond" => nullable(row(bounds::CAPACITY)),
        "slowdownPerInFlight" => row(bounds::SLOWDOWN),
        "crosstalkPerInFlight" => row(bounds::CROSSTALK),
        "queue" => described("Where requests wait.", queue()),
        "onFull" => described(
            "Without room: refused at once (reject, the default), or swallowed, so that the client \
             has to time out (timeout).",
            words(server::ON_FULL),
        ),
        "name" => text("What the layer is called. Default: layer."),
        "timeout" => described(
            "How long the layer waits for an answer of the next one. Default: client.timeout.",
            nullable(reference("duration")),
        ),
        "breaker" => {
            let breaker = group("client.breaker", client::BREAKER_FIELDS, &[]);
            described("A circuit breaker for the layer's calls.", nullable(breaker))
        }
        "throttle" => described(
            "Adaptive throttling of the layer's calls.",
            nullable(group("client.throttle", client::THROTTLE_FIELDS, &[])),
        ),
        "policy" => described(
            "How the layer retries its calls to the next one: a preset's name, a policy, or same, \
             the policy under comparison. Default: same.",
            any([reference("policy"), reference("preset"), constant(server::SAME)]),
        ),
        _ => return None,
    })
}

/// A queue, where two fields belong to one discipline.
fn queue() -> Value {
    let codel = Value::map([
        ("properties", Value::map([("discipline", constant("codel"))])),
        ("required", list(&["discipline"])),
    ]);
    let given = |name: &str| Value::map([("required", list(&[name]))]);
    let none = Value::map([("not", any([given("target"), given("interval")]))]);
    let queue = group("server.queue", server::QUEUE_FIELDS, &[]);
    with(with(queue, "if", codel), "else", none)
}

fn of_queue(name: &str) -> Option<Value> {
    Some(match name {
        "limit" => nullable(row(bounds::QUEUE_LIMIT)),
        "discipline" => described(
            "Who is next: first in, first out (fifo, the default), last in, first out (lifo), or \
             fifo that drops from the front while the wait stays above target for an interval \
             (codel).",
            words(server::DISCIPLINES),
        ),
        "target" => nullable(row(bounds::CODEL_TARGET)),
        "interval" => nullable(row(bounds::CODEL_INTERVAL)),
        _ => return None,
    })
}

fn of_faults(name: &str) -> Option<Value> {
    Some(match name {
        "from" => nullable(row(bounds::FROM)),
        "until" => nullable(row(bounds::UNTIL)),
        "loses" => described(
            "What is lost when it begins: nothing (the default), what is in service (running), or \
             what waits as well (all, a crash). Their callers see the connection break.",
            words(faults::LOSES),
        ),
        "layer" => text("The layer that it hits, by its name. Default: the server."),
        "rate" => row(bounds::ERROR_RATE),
        "served" => flag("Whether an attempt fails only after having been served. Default: false."),
        "factor" => row(bounds::SLOW_FACTOR),
        "capacityFactor" => row(bounds::CAPACITY_FACTOR),
        "perSecond" => row(bounds::LIMIT_PER_SECOND),
        "burst" => nullable(row(bounds::LIMIT_BURST)),
        "retryAfter" => nullable(row(bounds::RETRY_AFTER)),
        "enter" => row(bounds::BURST_ENTER),
        "exit" => row(bounds::BURST_EXIT),
        "goodRate" => row(bounds::BURST_GOOD),
        "badRate" => row(bounds::BURST_BAD),
        _ => return None,
    })
}

fn of_class(name: &str) -> Option<Value> {
    Some(match name {
        "name" => text("What the class is called."),
        "arrivals" => {
            described("Tasks of its own.", kinds("arrivals", "kind", arrivals::KINDS, &[]))
        }
        "share" => nullable(row(bounds::CLASS_SHARE)),
        "policy" => described(
            "How they retry: a preset's name, a policy, or same, the policy under comparison. Default: \
             same.",
            any([reference("policy"), reference("preset"), constant(server::SAME)]),
        ),
        "priority" => row(bounds::PRIORITY),
        _ => return None,
    })
}

fn of_changes(name: &str) -> Option<Value> {
    Some(match name {
        "at" => row(bounds::AT),
        "layer" => text("The layer that it is done to, by its name. Default: the server."),
        "capacityFactor" => nullable(row(bounds::CHANGED_CAPACITY)),
        "admission" => described(
            "How much is let in from then on; null: all.",
            nullable(group("faults", changes::ADMISSION_FIELDS, &["perSecond"])),
        ),
        "flush" => flag("Whether what waits is lost. Default: false."),
        "policy" => described(
            "How the clients, or the layer, retry from then on.",
            nullable(any([reference("policy"), reference("preset")])),
        ),
        _ => return None,
    })
}

fn of_client(part: &str, name: &str) -> Option<Value> {
    Some(match (part, name) {
        ("network", "latency") => law("One message's way, each way. Default: no time."),
        ("network", "loss") => row(bounds::LOSS),
        ("client", "timeout") => nullable(row(bounds::TIMEOUT)),
        ("client", "patience") => nullable(law(
            "A limit of its own for each attempt; the shorter of it and timeout counts. Default: none.",
        )),
        ("client", "propagateDeadline") => flag(
            "Whether servers know until when a request is waited for, and drop it afterwards. Default: \
             false.",
        ),
        ("client", "cancelOnTimeout") => flag(
            "Whether the server learns that a request is abandoned. Default: false, it does the work \
             in vain.",
        ),
        ("client", "lateResponses") => described(
            "A success that comes after the timeout is ignored (the default), or ends its task \
             (accept).",
            words(client::LATE_RESPONSES),
        ),
        ("client", "permanentRate") => row(bounds::PERMANENT_RATE),
        ("client", "count") => row(bounds::COUNT),
        ("client", "hosts") => row(bounds::HOSTS),
        ("client", "budgetScope") => described(
            "Who shares a policy's budget, and a throttle. Default: client.",
            words(client::SCOPES),
        ),
        ("client", "breaker") => {
            let breaker = group("client.breaker", client::BREAKER_FIELDS, &[]);
            described("A circuit breaker for each client.", nullable(breaker))
        }
        ("client.breaker", "threshold") => row(bounds::BREAKER_THRESHOLD),
        ("client.breaker", "minCalls") => row(bounds::BREAKER_MIN),
        ("client.breaker", "window") => nullable(row(bounds::BREAKER_WINDOW)),
        ("client.breaker", "openFor") => nullable(row(bounds::BREAKER_OPEN)),
        ("client.breaker", "stops") => described(
            "Whether it refuses all attempts, which needs openFor, or only retries. Default: all.",
            words(client::BREAKER_STOPS),
        ),
        ("client", "throttle") => described(
            "Adaptive throttling at the client, as in Google's book Site Reliability Engineering: it \
             sends no more than k times what the backend accepts.",
            nullable(group("client.throttle", client::THROTTLE_FIELDS, &[])),
        ),
        ("client.throttle", "k") => row(bounds::THROTTLE_K),
        ("client.throttle", "window") => nullable(row(bounds::THROTTLE_WINDOW)),
        ("contention", "rows") => row(bounds::ROWS),
        _ => return None,
    })
}

fn of_report(part: &str, name: &str) -> Option<Value> {
    Some(match (part, name) {
        ("report", "bin") => nullable(row(bounds::BIN)),
        ("report", "window") => nullable(row(bounds::REPORT_WINDOW)),
        ("report", "objective") => nullable(row(bounds::OBJECTIVE)),
        ("report", "windows") => described(
            "Windows of time that get figures of their own.",
            array(group("report.windows", report::WINDOW_FIELDS, &["name", "to"]), 0),
        ),
        ("report", "after") => described(
            "From when on the figures \"after the fault\" count. Default: the end of the last \
             fault, or of the last change of the arrival rate.",
            nullable(reference("duration")),
        ),
        ("report", "recoverFor") => nullable(row(bounds::RECOVER_FOR)),
        ("report", "rasterRows") => row(bounds::RASTER_ROWS),
        ("report.windows", "name") => text("What it is called."),
        ("report.windows", "from") => nullable(row(bounds::FROM)),
        ("report.windows", "to") => {
            described("When it is over (the end itself is outside).", reference("duration"))
        }
        ("redrive", "at") => nullable(row(bounds::AT)),
        ("redrive", "rate") => nullable(row(bounds::REDRIVE_RATE)),
        ("redrive", "spread") => nullable(row(bounds::SPREAD)),
        ("limits", "events") => row(bounds::MAX_EVENTS),
        ("limits", "memoryMb") => row(bounds::MAX_MEMORY),
        _ => return None,
    })
}

/// A bare duration, or a law with its parameters.
fn distribution() -> Value {
    let laws = kinds("distribution", "kind", distribution::KINDS, distribution::SHARED);
    let what = "a duration, which is always the same, or a law from which one is drawn";
    described(what, any([reference("duration"), laws]))
}

fn of_distribution(name: &str) -> Option<Value> {
    Some(match name {
        "value" => row(bounds::VALUE),
        "mean" => row(bounds::MEAN),
        "median" => row(bounds::MEDIAN),
        "sigma" => row(bounds::SIGMA),
        "min" => row(bounds::MIN),
        "shape" => row(bounds::SHAPE),
        "sd" => row(bounds::SD),
        "low" => row(bounds::LOW),
        "high" => row(bounds::HIGH),
        "values" => described("The values, all equally likely.", array(reference("duration"), 1)),
        "file" => text("A CSV file with a number of milliseconds in each row."),
        "column" => column("The column of the values"),
        "scale" => row(bounds::SCALE),
        "parts" => described(
            "Distributions with a weight, one of which is drawn.",
            array(reference("distribution"), 1),
        ),
        "weight" => row(bounds::WEIGHT),
        _ => return None,
    })
}

fn text(what: &str) -> Value {
    described(what, of_type("string"))
}

fn flag(what: &str) -> Value {
    described(what, of_type("boolean"))
}

/// A distribution, which is of what.
fn law(what: &str) -> Value {
    described(what, reference("distribution"))
}

/// A schema with one demand more.
fn with(schema: Value, name: &str, demand: Value) -> Value {
    let Value::Map(mut entries) = schema else { return schema };
    entries.push((name.to_owned(), demand));
    Value::Map(entries)
}
