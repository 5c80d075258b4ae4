//! Hints: what is legal in a policy and probably not meant.
//!
//! Each hint names the field, says in one sentence what will happen, and where there is an obvious
//! remedy carries it as a value for that field. The page shows them beside the slider, `redrive check`
//! prints them.

use alloc::{format, string::String, vec::Vec};

use crate::{
    failure,
    policy::{
        Action, Backoff, BudgetRule, CapStage, DebitOn, ElapsedRule, HintMode, Jitter, RetryPolicy,
    },
    schedule::Band,
    time::{Duration, format_duration, nanos},
    wire::{Number, Value, did_you_mean},
};

/// One remark.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Hint {
    /// What it is about, for programs: `noJitter`, `capNeverReached`, ...
    pub code: &'static str,
    /// The field it concerns, as on the wire.
    pub field: &'static str,
    /// What will happen, and what to do.
    pub message: String,
    /// The field to change and its new value, where there is an obvious one.
    pub fix: Option<(&'static str, Value)>,
}

impl Hint {
    /// A remark without a fix, for what is checked outside the policy, such as a scenario.
    pub fn new(code: &'static str, field: &'static str, message: impl Into<String>) -> Hint {
        Hint { code, field, message: message.into(), fix: None }
    }
}

/// Looks for one thing, given the bands of the retries.
type Check = fn(&RetryPolicy, &[Band]) -> Option<Hint>;

/// How many retries are looked at.
const LOOK_AHEAD: usize = 64;
/// Over how many keys a delay without a closed form is looked at: enough to see its range.
const SAMPLES: u32 = 256;
/// Longer schedules than this are longer than anybody waits.
const A_DAY: u64 = 86_400_000_000_000;

impl RetryPolicy {
    /// What is legal here and probably not meant; empty for a policy that we have nothing against.
    pub fn hints(&self) -> Vec<Hint> {
        let retries = self.max_attempts().map_or(LOOK_AHEAD, |max| max.get() as usize - 1);
        let bands: Vec<Band> = self.rough_bands(0, SAMPLES).take(retries.min(LOOK_AHEAD)).collect();
        let mut hints = Vec::new();
        let checks: &[Check] = &[
            no_retries,
            no_jitter,
            spread_dies_at_cap,
            passes_cap,
            cap_never_reached,
            cap_below_first,
            no_cap,
            deadline_before_last_attempt,
            hot_loop,
            no_budget,
            budget_grants_nothing,
            percent_below_one,
            hint_herd,
            free_for_ever,
            unbounded,
            retries_nothing_known,
        ];
        for check in checks {
            hints.extend(check(self, &bands));
        }
        hints
    }
}

fn hint(
    code: &'static str,
    field: &'static str,
    message: impl Into<String>,
    fix: Option<(&'static str, Value)>,
) -> Option<Hint> {
    Some(Hint { code, field, message: message.into(), fix })
}

fn show(duration: Duration) -> String {
    // A band's edges are exact to the nanosecond; a sentence wants three digits or so.
    let total = nanos(duration);
    let unit = match total {
        60_000_000_000.. => 1_000_000_000,
        1_000_000_000.. => 10_000_000,
        1_000_000.. => 10_000,
        _ => 1,
    };
    format_duration(Duration::from_nanos(total - total % unit))
}

fn no_retries(policy: &RetryPolicy, _: &[Band]) -> Option<Hint> {
    if policy.max_attempts()?.get() > 1 {
        return None;
    }
    hint(
        "noRetries",
        "maxAttempts",
        "maxAttempts counts the first call, so 1 means no retry at all; 3 gives two retries.",
        Some(("maxAttempts", Value::Unsigned(3))),
    )
}

fn free_for_ever(policy: &RetryPolicy, _: &[Band]) -> Option<Hint> {
    if policy.max_elapsed().is_some() {
        return None;
    }
    let every = policy.rules().iter().position(|rule| {
        rule.action == Action::RetryFree && rule.matches.iter().any(|pattern| pattern == "*")
    });
    let field = match every {
        Some(_) => "classify",
        None if policy.default_action() == Action::RetryFree => "defaultAction",
        None => return None,
    };
    let message = "Attempts after retryFree do not count, so maxAttempts does not end a task that fails; \
                   set maxElapsed, or retry what is to be counted.";
    hint("freeForEver", field, message, None)
}

fn unbounded(policy: &RetryPolicy, _: &[Band]) -> Option<Hint> {
    if !policy.is_unbounded() {
        return None;
    }
    let message = "Neither attempts nor time end a task: it is retried until its caller stops it. A \
                   maxElapsed ends it on its own.";
    hint("unbounded", "maxElapsed", message, None)
}

fn no_jitter(policy: &RetryPolicy, bands: &[Band]) -> Option<Hint> {
    let spread = bands.iter().any(|band| band.min < band.max);
    if spread || bands.is_empty() || policy.backoff().is_random() {
        return None;
    }
    // A jitter that the cap takes away again is not missing: that has a hint of its own.
    if bands.len() > 1 && spread_dies_at_cap(policy, bands).is_some() {
        return None;
    }
    // Full jitter needs room below the delay; a fixed first delay has none, and a delay far above a
    // cap that comes after the jitter is the cap again.
    let compat = policy.compat();
    let fixed = usize::from(policy.first_delay().is_some());
    let unit = compat.rounding.map_or(0, |rounding| rounding.unit);
    let least = nanos(policy.min_delay()).saturating_add(unit.saturating_mul(2));
    let cap = policy.max_delay().filter(|_| compat.cap_stage == CapStage::After);
    let room =
        bands.iter().skip(fixed).any(|band| nanos(band.max) > least && Some(band.max) != cap)
            && !compat.feedback
            && !matches!(policy.jitter(), Jitter::Uniform { .. });
    hint(
        "noJitter",
        "jitter",
        "Without jitter, tasks that fail together retry together: the thundering herd. \
         Full jitter spreads them over the whole delay.",
        room.then(|| ("jitter", "full".into())),
    )
}

fn spread_dies_at_cap(policy: &RetryPolicy, bands: &[Band]) -> Option<Hint> {
    if !matches!(policy.compat().cap_stage, CapStage::After | CapStage::Both) {
        return None;
    }
    let max = policy.max_delay()?;
    let at = bands
        .iter()
        .position(|band| band.quantile(0.5) == max && band.min < max)
        .or_else(|| bands.iter().position(|band| band.min == max))?;
    let jittered = *policy.jitter() != Jitter::None || policy.backoff().is_random();
    if !jittered {
        return None;
    }
    hint(
        "jitterDiesAtCap",
        "compat.capStage",
        format!(
            "The cap is applied after the jitter, so from retry {} on most delays are {} exactly and \
             tasks fall into step again. Stage \"fit\" keeps the spread under the cap.",
            at + 1,
            show(max)
        ),
        Some(("compat.capStage", "fit".into())),
    )
}

fn passes_cap(policy: &RetryPolicy, bands: &[Band]) -> Option<Hint> {
    let max = policy.max_delay()?;
    let longest = bands.iter().map(|band| band.max).max()?;
    if policy.compat().cap_stage != CapStage::Before || longest <= max {
        return None;
    }
    hint(
        "passesCap",
        "compat.capStage",
        format!(
            "The jitter is added after the cap, so delays reach {} although maxDelay is {}. \
             Stage \"fit\" makes the cap a cap.",
            show(longest),
            show(max)
        ),
        Some(("compat.capStage", "fit".into())),
    )
}

fn cap_never_reached(policy: &RetryPolicy, bands: &[Band]) -> Option<Hint> {
    let max = policy.max_delay()?;
    let longest = bands.iter().map(|band| band.max).max()?;
    // A cap somewhat above is a sane guard; one this far off is a misunderstanding. And a cut-off look
    // ahead proves nothing.
    if nanos(longest) >= nanos(max) / 10 || bands.len() == LOOK_AHEAD {
        return None;
    }
    hint(
        "capNeverReached",
        "maxDelay",
        format!(
            "With {} attempts the longest delay is {}: the cap of {} never matters.",
            bands.len() + 1,
            show(longest),
            show(max)
        ),
        None,
    )
}

fn cap_below_first(policy: &RetryPolicy, _: &[Band]) -> Option<Hint> {
    let max = policy.max_delay()?;
    let first = match policy.backoff() {
        Backoff::Linear { initial, .. }
        | Backoff::Exponential { initial, .. }
        | Backoff::Fibonacci { initial } => *initial,
        // Of the others the first delay is the only one, or not what they begin with.
        _ => return None,
    };
    if first <= max {
        return None;
    }
    hint(
        "capBelowFirst",
        "maxDelay",
        format!(
            "The cap of {} is below the first delay of {}: every delay is the cap, and the backoff \
             does not grow.",
            show(max),
            show(first)
        ),
        None,
    )
}

fn no_cap(policy: &RetryPolicy, bands: &[Band]) -> Option<Hint> {
    let longest = bands.iter().map(|band| band.max).max()?;
    let first = bands.first().map(|band| band.max)?;
    let grows = nanos(longest) > nanos(first).saturating_mul(30);
    if policy.max_delay().is_some() || (!grows && nanos(longest) < A_DAY) {
        return None;
    }
    let least = policy.min_delay().max(policy.first_delay().unwrap_or_default());
    hint(
        "noCap",
        "maxDelay",
        format!(
            "There is no cap, and the delays grow to {}; a maxDelay bounds them.",
            show(longest)
        ),
        Some(("maxDelay", Value::duration(least.max(Duration::from_secs(60))))),
    )
}

fn deadline_before_last_attempt(policy: &RetryPolicy, bands: &[Band]) -> Option<Hint> {
    let deadline = nanos(policy.max_elapsed()?);
    let attempts = policy.max_attempts()?.get();
    let mut waited = 0_u64;
    for (index, band) in bands.iter().enumerate() {
        let before = waited;
        waited = waited.saturating_add(nanos(band.min));
        let over = match policy.limits().elapsed_rule {
            ElapsedRule::StopIfWouldExceed => waited > deadline,
            // These let an attempt start whose delay began in time.
            ElapsedRule::StopIfReached | ElapsedRule::Truncate => before >= deadline,
        };
        if over {
            let message = format!(
                "maxElapsed ends every task before attempt {}; attempts {} to {attempts} never happen.",
                index + 2,
                index + 2
            );
            return hint("deadlineFirst", "maxElapsed", message, None);
        }
    }
    None
}

fn hot_loop(policy: &RetryPolicy, bands: &[Band]) -> Option<Hint> {
    // The first retry may well be immediate; a second one that always is hammers the server.
    let second = bands.get(1)?;
    if nanos(second.max) >= 1_000_000 {
        return None;
    }
    let message = "Retries follow each other within a millisecond: a failing server gets its load \
                   multiplied at once. Start from 100 ms or more.";
    let field = match policy.backoff() {
        Backoff::Constant { .. } => "backoff.delay",
        Backoff::Table { .. } => return hint("hotLoop", "backoff.delays", message, None),
        _ => "backoff.initial",
    };
    let start = Duration::from_millis(100);
    // A cap, a unit, a factor or a first delay of the policy's own may undo it.
    let undone = policy.max_delay().is_some_and(|max| max < start)
        || policy.compat().rounding.is_some_and(|rounding| rounding.unit > 10_000_000)
        || matches!(policy.jitter(), Jitter::Uniform { .. })
        || policy.compat().feedback;
    hint("hotLoop", field, message, (!undone).then(|| (field, Value::duration(start))))
}

fn no_budget(policy: &RetryPolicy, _: &[Band]) -> Option<Hint> {
    let attempts = policy.max_attempts().map_or(u32::MAX, core::num::NonZeroU32::get);
    let wide_open = match policy.budget() {
        None => attempts > 5,
        Some(BudgetRule::Ratio { percent, .. } | BudgetRule::Concurrency { percent, .. }) => {
            *percent > 100.0
        }
        Some(_) => false,
    };
    if !wide_open {
        return None;
    }
    let times = match policy.max_attempts() {
        Some(max) => format!("up to {max} times"),
        None => "many times".into(),
    };
    hint(
        "noBudget",
        "budget",
        format!(
            "While everything fails, this policy sends {times} the normal load; a shared budget of \
             20 % bounds it."
        ),
        Some(("budget", Value::map([("kind", "ratio".into()), ("percent", Value::Unsigned(20))]))),
    )
}

fn budget_grants_nothing(policy: &RetryPolicy, _: &[Band]) -> Option<Hint> {
    let never = match policy.budget()? {
        BudgetRule::TokenBucket(bucket) => {
            let capacity = f64::from(bucket.capacity);
            match (bucket.threshold, bucket.debit_on) {
                (Some(threshold), DebitOn::Failure) => {
                    capacity - f64::from(bucket.cost) <= threshold
                }
                (Some(threshold), DebitOn::Retry) => capacity <= threshold,
                (None, DebitOn::Failure) => bucket.cost >= bucket.capacity,
                (None, DebitOn::Retry) => bucket.cost > bucket.capacity,
            }
        }
        BudgetRule::Ratio { percent, min_per_second, .. } => {
            *percent == 0.0 && *min_per_second == 0.0
        }
        BudgetRule::Rate { .. } => false,
        BudgetRule::Concurrency { percent, min } => *percent == 0.0 && *min == 0,
    };
    if !never {
        return None;
    }
    let message = "The budget never has enough for a retry, not even when it is full: every first \
                   failure becomes a dead letter. Give it more capacity, or a lower cost or threshold.";
    hint("budgetGrantsNothing", "budget", message, None)
}

fn percent_below_one(policy: &RetryPolicy, _: &[Band]) -> Option<Hint> {
    let (BudgetRule::Ratio { percent, .. } | BudgetRule::Concurrency { percent, .. }) =
        policy.budget()?
    else {
        return None;
    };
    if *percent <= 0.0 || *percent >= 1.0 {
        return None;
    }
    hint(
        "percentBelowOne",
        "budget.percent",
        format!(
            "percent = {} is less than one retry for each hundred requests; it counts in percent, \
             so a fifth is 20.",
            Number(*percent)
        ),
        Some(("budget.percent", Value::from(percent * 100.0))),
    )
}

fn hint_herd(policy: &RetryPolicy, _: &[Band]) -> Option<Hint> {
    let rule = policy.retry_after();
    let taken = matches!(rule.mode, HintMode::Replace | HintMode::AtLeast);
    if !taken || rule.jitter != Jitter::None {
        return None;
    }
    hint(
        "retryAfterHerd",
        "retryAfter.jitter",
        "A server that gives many clients the same Retry-After makes a herd of them, since the hint \
         takes the place of the delay and has no jitter of its own.",
        Some((
            "retryAfter.jitter",
            Value::map([("kind", "proportional".into()), ("factor", Value::Float(0.1))]),
        )),
    )
}

fn retries_nothing_known(policy: &RetryPolicy, _: &[Band]) -> Option<Hint> {
    let is_retry = |action| matches!(action, Action::Retry | Action::RetryFree);
    if is_retry(policy.default_action()) || policy.max_attempts().is_some_and(|max| max.get() == 1)
    {
        return None;
    }
    let retried = policy.rules().iter().filter(|rule| is_retry(rule.action));
    let matches: Vec<&str> = retried.flat_map(|rule| &rule.matches).map(String::as_str).collect();
    if matches.iter().any(|text| failure::knows(text)) {
        return None;
    }
    let action = policy.default_action().as_str();
    let Some(first) = matches.first() else {
        let message =
            format!("Nothing is ever retried: no rule retries, and the defaultAction is {action}.");
        return hint("retriesNothing", "defaultAction", message, None);
    };
    let kinds = failure::Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>();
    let guess = did_you_mean(first, &kinds);
    let guess = guess.map_or_else(String::new, |kind| format!(" Did you mean \"{kind}\"?"));
    hint(
        "retriesNothingKnown",
        "classify",
        format!(
            "Only failures called {} are retried, which is not a known kind, family, code or name; \
             that is right only if your own failures use exactly this name.{guess}",
            matches.join(", ")
        ),
        None,
    )
}

#[cfg(test)]
mod tests;
