//! gRPC's connection backoff: channel arguments, or Go's `backoff.Config`.
//!
//! The first reconnect comes after the initial delay to the instant, then min(previous x multiplier, max)
//! +- jitter. grpc-js takes the jittered delay as the previous one, so that its delays walk
//! (`backoff-timeout.js`, 1.14.7); Java and Go do not.

use redrive::{
    Jitter, PolicyBuilder, RetryPolicy,
    policy::CapStage,
    time::Duration,
    wire::{ConfigError, Value},
};

use super::{
    Syntax, System, fields,
    options::{Library, Options, Unit, in_millis, in_unit},
};

pub(super) const SYSTEM: System = System {
    name: "grpc-connection",
    title: "gRPC connection backoff",
    holds: "an object: BaseDelay, Multiplier, Jitter, MaxDelay (Go), initialDelay, ... (grpc-js), or grpc.*_reconnect_backoff_ms",
    syntax: Syntax::Json,
    source: "gRPC connection-backoff.md; grpc-js 1.14.7, backoff-timeout.js",
    sample: "initialDelay: 1000\nmultiplier: 1.6\njitter: 0.2\nmaxDelay: 120000",
    import: |tree| CONNECTION.import(tree),
    export,
};

const CONNECTION: Library = Library {
    name: "grpc-connection",
    fields: &[
        "initialDelay",
        "BaseDelay",
        "multiplier",
        "jitter",
        "maxDelay",
        "grpc.initial_reconnect_backoff_ms",
        "grpc.max_reconnect_backoff_ms",
        "grpc.min_reconnect_backoff_ms",
    ],
    beside: &[],
    ignored: &["MinConnectTimeout"],
    read,
};

fn read(options: &mut Options) -> Result<PolicyBuilder, ConfigError> {
    let go = options.says("BaseDelay");
    let arguments = options.says("grpc.initial_reconnect_backoff_ms")
        || options.says("grpc.max_reconnect_backoff_ms");
    let (first, last, unit) = match (go, arguments) {
        (true, _) => ("BaseDelay", "maxDelay", Unit::Nanos),
        (false, true) => {
            ("grpc.initial_reconnect_backoff_ms", "grpc.max_reconnect_backoff_ms", Unit::Millis)
        }
        (false, false) => ("initialDelay", "maxDelay", Unit::Millis),
    };
    let second = if go { 1_000_000_000 } else { 1_000 };
    let initial = options.span(first, unit, second)?;
    let max = options.span(last, unit, 120 * second)?;
    let multiplier = options.growth("multiplier", 1.6)?;
    let factor = options.number("jitter", 0.2)?;
    if options.get("grpc.min_reconnect_backoff_ms").is_some() {
        options.note("min_reconnect_backoff_ms is the least time of an attempt there; attempts take what they take here");
    }
    options.remark(
        "a connection is tried until it is closed: its backoff starts anew once it is ready",
    );
    let policy = fields::without_hints()
        .backoff(fields::growth(initial, multiplier))
        .first_delay(initial.min(max))
        .jitter(if factor == 0.0 { Jitter::None } else { Jitter::Symmetric { factor } })
        .max_delay(max)
        .cap_stage(CapStage::Before)
        .feedback(!go && factor != 0.0);
    Ok(options.attempts(policy, None, None))
}

fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, multiplier) = fields::exponential(policy, "gRPC connections")?;
    let factor = match policy.jitter() {
        Jitter::None => 0.0,
        Jitter::Symmetric { factor } => *factor,
        _ => 0.2,
    };
    let millis = |duration: Duration| in_unit(duration, Unit::Millis);
    let max = policy.max_delay().unwrap_or(fields::UNLIMITED);
    let go = !policy.compat().feedback && factor != 0.0;
    Ok(if go {
        Value::map([
            ("BaseDelay", in_millis(initial)),
            ("Multiplier", multiplier.into()),
            ("Jitter", factor.into()),
            ("MaxDelay", in_millis(max)),
        ])
    } else {
        Value::map([
            ("initialDelay", millis(initial)),
            ("multiplier", multiplier.into()),
            ("jitter", factor.into()),
            ("maxDelay", millis(max)),
        ])
    })
}
