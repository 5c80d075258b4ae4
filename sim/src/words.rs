//! What a result says, in sentences: titles of charts, the report's summary, the terminal.
//!
//! Every sentence is computed from the figures; where there is nothing to say, it says that.

use redrive::{
    Duration, Jitter, RetryPolicy,
    policy::{Argument, KindRow, Parameter},
};

use crate::{
    Scenario,
    advice::outlasted,
    outcome::{Outcome, PolicyOutcome, Raster},
    scenario::Scope,
    text::{counted, listed, number, percent, seconds, times},
};

/// A dead letter's reason in words.
pub fn reason(code: &str) -> String {
    match code {
        "exhausted" => "attempts used up".to_owned(),
        "deadlineExceeded" => "deadline".to_owned(),
        "permanent" => "an error that no retry mends".to_owned(),
        "budgetExhausted" => "budget used up".to_owned(),
        other => other.to_owned(),
    }
}

/// Attempts in a bin that chance alone brings together, where few arrive.
const FEW: f64 = 30.0;

/// The peak that a recovering server gets, or the peak after the first bin without a fault that ends.
///
/// Of the bin, as long as that tells something: where nothing is retried, or so little happens that the
/// fullest bin is chance, it is the peak over the moving window.
pub fn peak(policy: &PolicyOutcome) -> f64 {
    let summary = &policy.summary;
    let peak = match summary.peak_after_fault_per_second.value() {
        Some(peak) if policy.series.recovers => peak,
        _ => summary.peak_attempts_per_second.or_zero(),
    };
    let chance = peak * policy.series.bin.as_secs_f64() < FEW || !retries(policy);
    match summary.peak_over_window_per_second.value() {
        Some(over_window) if chance && over_window > 0.0 => peak.min(over_window),
        _ => peak,
    }
}

/// Whether the policy retried anything.
fn retries(policy: &PolicyOutcome) -> bool {
    policy.summary.retry_share.or_zero() > 0.0
}

fn has_fault(outcome: &Outcome) -> bool {
    outcome.policies.iter().any(|policy| policy.series.recovers)
}

/// How near the most successes a policy comes whose calm counts.
const NEARLY: f64 = 0.99;

/// Policies whose tasks get through nearly as well as under the best: only these compete for calm.
/// (A policy that gives up before the server is back is calm and useless.)
fn useful(outcome: &Outcome) -> Vec<&PolicyOutcome> {
    let best = outcome.policies.iter().map(|p| p.summary.succeeded.or_zero()).fold(0.0, f64::max);
    outcome.policies.iter().filter(|p| p.summary.succeeded.or_zero() >= NEARLY * best).collect()
}

/// The policies with the least and the most of a figure.
fn least_and_most<'o>(
    policies: impl IntoIterator<Item = &'o PolicyOutcome, IntoIter: Clone>,
    figure: impl Fn(&PolicyOutcome) -> f64,
) -> Option<(&'o PolicyOutcome, &'o PolicyOutcome)> {
    let policies = policies.into_iter();
    let least = policies.clone().min_by(|a, b| figure(a).total_cmp(&figure(b)))?;
    let most = policies.max_by(|a, b| figure(a).total_cmp(&figure(b)))?;
    Some((least, most))
}

/// The policies with the highest and the lowest peak, of those that let tasks through.
pub fn extremes(outcome: &Outcome) -> Option<(&PolicyOutcome, &PolicyOutcome)> {
    let wildest = outcome.policies.iter().max_by(|a, b| peak(a).total_cmp(&peak(b)))?;
    let calmest = useful(outcome).into_iter().min_by(|a, b| peak(a).total_cmp(&peak(b)))?;
    // Less than a tenth apart is not worth a sentence.
    (peak(calmest) > 0.0 && peak(wildest) > 1.1 * peak(calmest)).then_some((wildest, calmest))
}

/// `100,000 attempts/s, 200× its capacity`.
fn height(policy: &PolicyOutcome) -> String {
    match over_capacity(policy) {
        Some(ratio) => {
            format!("{} attempts/s, {} its capacity", number(peak(policy)), times(ratio))
        }
        None => format!("{} attempts/s", number(peak(policy))),
    }
}

/// The peak over the capacity, where there is one.
pub fn over_capacity(policy: &PolicyOutcome) -> Option<f64> {
    let capacity = policy.summary.capacity_per_second.value().filter(|rate| *rate > 0.0)?;
    Some(peak(policy) / capacity)
}

/// The title of the chart of attempts.
pub fn herd(outcome: &Outcome) -> String {
    let server = if has_fault(outcome) { "the recovering server" } else { "the server" };
    let has_capacity = outcome.policies.iter().any(|policy| over_capacity(policy).is_some());
    if let Some(calm) = nothing_retried(outcome) {
        return calm;
    }
    match (extremes(outcome), outcome.policies.first()) {
        // Nothing to break down and nothing that could be too much: only the cost is left to tell.
        (Some(_), _) if !has_capacity && !has_fault(outcome) => amplification(outcome),
        (Some((wildest, calmest)), _) => format!(
            "“{}” hits {server} with {}; “{}” with {}/s",
            wildest.name,
            height(wildest),
            calmest.name,
            number(peak(calmest)),
        ),
        (None, Some(policy)) => {
            format!("“{}” sends {server} up to {}", policy.name, height(policy))
        }
        (None, None) => "No policy was simulated".to_owned(),
    }
}

/// What there is to say where nothing was retried: the load.
fn nothing_retried(outcome: &Outcome) -> Option<String> {
    let first = outcome.policies.first()?;
    if outcome.policies.iter().any(retries) || first.summary.attempts.or_zero() == 0.0 {
        return None;
    }
    let span = first.summary.completion_seconds.value().filter(|span| *span > 0.0)?;
    let rate = first.summary.attempts.or_zero() / span;
    let capacity = first.summary.capacity_per_second.value().filter(|capacity| *capacity > 0.0);
    let over = capacity
        .map_or_else(String::new, |capacity| format!(", {} its capacity", times(rate / capacity)));
    Some(format!("Nothing is retried: the server gets {}/s on average{over}", number(rate)))
}

/// What one policy did, beside its strip of attempts.
pub fn strip(policy: &PolicyOutcome) -> String {
    let mut says = format!("peak {}/s", number(peak(policy)));
    if let Some(ratio) = over_capacity(policy).filter(|ratio| *ratio > 0.0) {
        says.push_str(&format!(" = {} capacity", times(ratio)));
    }
    let each = number(policy.summary.amplification.or_zero());
    says.push_str(&format!(" · {each} per task · {}", ends(policy)));
    says
}

/// How the tasks of a policy ended, and when the last did.
pub fn ends(policy: &PolicyOutcome) -> String {
    let summary = &policy.summary;
    let tasks = summary.tasks.or_zero();
    let share = |count: f64| if tasks > 0.0 { percent(count / tasks) } else { "0 %".to_owned() };
    let mut says = format!("{} succeed", share(summary.succeeded.or_zero()));
    if summary.dead_letters() > 0.0 {
        says.push_str(&format!(", {} dead letters", number(summary.dead_letters())));
    }
    if summary.unfinished.or_zero() > 0.0 {
        says.push_str(&format!(", {} unfinished", number(summary.unfinished.or_zero())));
    }
    let last = summary.completion_seconds.value().filter(|last| *last > 0.0);
    if let Some(last) = last {
        says.push_str(&format!(" · done at {}", seconds(last)));
    }
    says
}

/// What the server turned away.
pub fn refused(policy: &PolicyOutcome) -> String {
    let summary = &policy.summary;
    let mut says = format!("longest queue {}", number(summary.max_queue.or_zero()));
    if summary.rejected_attempts.or_zero() > 0.0 {
        says.push_str(&format!(
            ", {} attempts refused",
            number(summary.rejected_attempts.or_zero())
        ));
    }
    if summary.timed_out_attempts.or_zero() > 0.0 {
        says.push_str(&format!(", {} timed out", number(summary.timed_out_attempts.or_zero())));
    }
    says
}

/// The title of the raster.
pub fn raster(outcome: &Outcome) -> String {
    let known = outcome.policies.iter().filter_map(|p| Some((p, togetherness(&p.raster)?)));
    let known: Vec<_> = known.collect();
    let most = known.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let least = known.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    match (most, least) {
        (Some((herd, most)), Some((dust, least))) if *most > 3.0 * least => format!(
            "Under “{}” tasks return together, in stripes; “{}” spreads them",
            herd.name, dust.name
        ),
        _ => "When each task tried, and how each attempt ended".to_owned(),
    }
}

/// How much more likely two retries are to fall together than if they were spread evenly between
/// the first and the last of them; nothing when there are too few.
fn togetherness(raster: &Raster) -> Option<f64> {
    const BINS: usize = 200;
    let retries = raster.rows.iter().flat_map(|row| row.marks.iter().skip(1));
    let times: Vec<f64> = retries.map(|(time, _)| time.as_nanos() as f64).collect();
    if times.len() < 100 {
        return None;
    }
    let first = times.iter().copied().fold(f64::INFINITY, f64::min);
    let span = times.iter().copied().fold(0.0, f64::max) - first;
    let mut bins = [0.0; BINS];
    for time in &times {
        let bin = (time - first) / span.max(1.0) * BINS as f64;
        bins[(bin as usize).min(BINS - 1)] += 1.0;
    }
    let squares: f64 = bins.iter().map(|count| count * count).sum();
    Some(squares / (times.len() * times.len()) as f64 * BINS as f64)
}

/// The title of the queue chart.
pub fn queue(outcome: &Outcome) -> String {
    let refusals = |policy: &&PolicyOutcome| policy.summary.rejected_attempts.or_zero();
    let most = outcome.policies.iter().max_by(|a, b| refusals(a).total_cmp(&refusals(b)));
    let least = useful(outcome).into_iter().min_by(|a, b| refusals(a).total_cmp(&refusals(b)));
    match (most, least) {
        (Some(most), Some(least)) if refusals(&most) > refusals(&least) => format!(
            "The server refuses {} attempts at once under “{}”, {} under “{}”",
            number(refusals(&most)),
            most.name,
            number(refusals(&least)),
            least.name
        ),
        _ => "How many requests wait for the server".to_owned(),
    }
}

/// The title of the latency chart.
pub fn latency(outcome: &Outcome) -> String {
    let p99 = |policy: &PolicyOutcome| policy.summary.time_to_success_seconds.p99.value();
    let known: Vec<_> = useful(outcome)
        .into_iter()
        .filter_map(|policy| p99(policy).map(|value| (policy, value)))
        .collect();
    let slowest = known.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let fastest = known.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    match (fastest, slowest) {
        (Some((fast, low)), Some((slow, high))) if low < high => format!(
            "99 % of successes take at most {} under “{}”, {} under “{}”",
            seconds(*low),
            fast.name,
            seconds(*high),
            slow.name
        ),
        (Some((fast, low)), _) => {
            format!("99 % of successes take at most {} under “{}”", seconds(*low), fast.name)
        }
        _ => "How long tasks take to succeed".to_owned(),
    }
}

/// The best advice for the policies of a scenario, as a sentence.
pub fn advised(name: &str, advice: &crate::advice::Advice) -> String {
    let value = match &advice.value {
        redrive::wire::Value::Text(text) => text.clone(),
        other => other.to_string(),
    };
    format!(
        "Tried for “{name}”: {} = {value} ({}): {}.",
        advice.field,
        advice.message.trim_end_matches('.'),
        advice.effect
    )
}

/// The title of the chart of amplification.
pub fn amplification(outcome: &Outcome) -> String {
    let cost = |policy: &PolicyOutcome| policy.summary.amplification.or_zero();
    match least_and_most(&outcome.policies, cost) {
        Some((cheap, dear)) if cost(dear) > 1.05 * cost(cheap) => format!(
            "A task costs {} attempts under “{}”, {} under “{}”",
            number(cost(dear)),
            dear.name,
            number(cost(cheap)),
            cheap.name
        ),
        Some((_, policy)) => format!("A task costs {} attempts", number(cost(policy))),
        _ => "What a task costs".to_owned(),
    }
}

/// The title of the chart of the retry share.
pub fn retry_share(outcome: &Outcome) -> String {
    let share = |policy: &PolicyOutcome| policy.summary.retry_share.or_zero();
    match least_and_most(&outcome.policies, share) {
        Some((least, most)) if share(most) > share(least) + 0.01 => format!(
            "Retries are {} of all attempts under “{}”, {} under “{}”",
            percent(share(most)),
            most.name,
            percent(share(least)),
            least.name
        ),
        Some((_, policy)) => format!("Retries are {} of all attempts", percent(share(policy))),
        _ => "How much of the load is retries".to_owned(),
    }
}

/// What one policy retried.
pub fn retried(policy: &PolicyOutcome) -> String {
    let summary = &policy.summary;
    let retries = summary.attempts.or_zero() * summary.retry_share.or_zero();
    let mut says = format!(
        "{} retries, {} of all attempts",
        number(retries.round()),
        percent(summary.retry_share.or_zero())
    );
    if summary.budget_denied.or_zero() > 0.0 {
        let denied = number(summary.budget_denied.or_zero());
        says.push_str(&format!(", {denied} more refused by the budget"));
    }
    says
}

/// The title of the outcome chart.
pub fn outcomes(outcome: &Outcome) -> String {
    let dead = |policy: &&PolicyOutcome| policy.summary.dead_letters();
    let most = outcome.policies.iter().max_by(|a, b| dead(a).total_cmp(&dead(b)));
    match most {
        Some(most) if dead(&most) > 0.0 => {
            let tasks = most.summary.tasks.or_zero();
            format!(
                "“{}” gives up on {} of its tasks",
                most.name,
                if tasks > 0.0 { percent(dead(&most) / tasks) } else { number(dead(&most)) }
            )
        }
        _ => "No task becomes a dead letter".to_owned(),
    }
}

/// A kind with its parameters: its phrase, filled in.
fn kind(kind: &KindRow, arguments: &[(&Parameter, Argument<'_>)]) -> String {
    let mut text = kind.phrase.to_owned();
    for (parameter, argument) in arguments {
        let (plain, share) =
            (format!("{{{}}}", parameter.name), format!("{{{}%}}", parameter.name));
        let written = match argument {
            Argument::Duration(duration) => seconds(duration.as_secs_f64()),
            Argument::Number(value) if text.contains(&share) => percent(*value),
            Argument::Number(value) => number(*value),
            Argument::Durations(list) => counted(list.len() as u64, "delay", "delays"),
            // Two ends of three numbers each do not fit into a sentence.
            Argument::End(_) => continue,
        };
        text = text.replace(&share, &written).replace(&plain, &written);
    }
    text
}

/// A policy in half a sentence: `3 attempts, exponential from 2 s × 2, jitter +10 %, no cap`.
pub fn policy(policy: &RetryPolicy) -> String {
    let span = |duration: Duration| seconds(duration.as_secs_f64());
    let attempts = match policy.max_attempts() {
        Some(attempts) => counted(attempts.get().into(), "attempt", "attempts"),
        None => "unlimited attempts".to_owned(),
    };
    let backoff = kind(policy.backoff().row(), &policy.backoff().arguments());
    let jitter = match policy.backoff().is_random() {
        true => "its own jitter".to_owned(),
        false => kind(policy.jitter().row(), &policy.jitter().arguments()),
    };
    let cap = policy.max_delay().map_or("no cap".to_owned(), |cap| format!("cap {}", span(cap)));
    let mut words = vec![attempts, backoff, jitter, cap];
    words.extend(policy.max_elapsed().map(|elapsed| format!("deadline {}", span(elapsed))));
    words.extend(
        policy.attempt_timeout().map(|limit| format!("attempts of at most {}", span(limit))),
    );
    words.extend(policy.budget().map(|_| "a retry budget".to_owned()));
    words.join(", ")
}

/// What the comparison says, in two or three sentences.
pub fn verdict(outcome: &Outcome, scenario: &Scenario) -> Vec<String> {
    let mut sentences: Vec<String> = endless(outcome, scenario).into_iter().collect();
    sentences.extend(successes(outcome));
    match extremes(outcome).filter(|_| nothing_retried(outcome).is_none()) {
        // Writers of one row all begin at once, whatever they do then: what they cost is to see.
        _ if scenario.contention.is_some() => {
            sentences.push(format!("{}.", amplification(outcome)));
        }
        Some((wildest, calmest)) => sentences.push(contrast(outcome, scenario, wildest, calmest)),
        // A peak below the capacity that is the same under all is not what there is to see.
        None => match dearest(outcome) {
            Some(sentence) => sentences.push(sentence),
            None => {
                sentences.extend(outcome.policies.first().map(|_| format!("{}.", herd(outcome))));
            }
        },
    }
    sentences.extend(multiplied(outcome));
    sentences.extend(recovery(outcome));
    sentences.extend(haste(outcome));
    sentences.extend(losses(outcome, scenario));
    sentences
}

/// A fault that lasts to the end leaves nothing to recover.
fn endless(outcome: &Outcome, scenario: &Scenario) -> Option<String> {
    let end = scenario.end();
    let lasting = |fault: &&crate::scenario::Fault| fault.until.is_none_or(|until| until >= end);
    let fault = scenario.faults.iter().find(lasting)?;
    let left = outcome.policies.iter().filter_map(|policy| {
        let (left, tasks) = (policy.summary.unfinished.or_zero(), policy.summary.tasks.or_zero());
        (left > 0.0)
            .then(|| format!("{} of {} tasks under “{}”", number(left), number(tasks), policy.name))
    });
    let left: Vec<String> = left.collect();
    let left: Vec<&str> = left.iter().map(String::as_str).collect();
    let name = fault.name();
    Some(match left.as_slice() {
        [] => format!("The fault ({name}) does not end."),
        left => format!("The fault ({name}) does not end: unfinished are {}.", listed(left)),
    })
}

/// Who gets most tasks through, where that differs.
fn successes(outcome: &Outcome) -> Option<String> {
    let share = |policy: &PolicyOutcome| policy.summary.succeeded_share.or_zero();
    let (least, most) = least_and_most(&outcome.policies, share)?;
    (share(most) - share(least) > 0.005).then(|| {
        format!(
            "{} of the tasks succeed under “{}”, {} under “{}”.",
            percent(share(most)),
            most.name,
            percent(share(least)),
            least.name
        )
    })
}

/// Where a task costs most attempts, of the report's windows, unless the server gets too much anyway.
fn dearest(outcome: &Outcome) -> Option<String> {
    let over = outcome.policies.iter().filter_map(over_capacity).fold(0.0, f64::max);
    let each = |policy: &PolicyOutcome, name: &str| {
        let window = policy.summary.windows.iter().find(|window| window.name == name)?;
        window.amplification.value()
    };
    let windows = outcome.policies.iter().flat_map(|policy| &policy.summary.windows);
    let window =
        windows.max_by(|a, b| a.amplification.or_zero().total_cmp(&b.amplification.or_zero()))?;
    let costs = outcome.policies.iter().filter_map(|p| Some((&p.name, each(p, &window.name)?)));
    let mut costs: Vec<(&String, f64)> = costs.collect();
    costs.sort_by(|a, b| b.1.total_cmp(&a.1));
    let ((dear, most), (cheap, least)) = (costs.first()?, costs.last()?);
    (over < 1.0 && *most > 1.1 * least && *least > 0.0).then(|| {
        format!(
            "In the window “{}” a task costs {} attempts under “{dear}”, {} under “{cheap}”.",
            window.name,
            number(*most),
            number(*least)
        )
    })
}

/// What the peaks are, and whether jitter alone made the difference.
fn contrast(
    outcome: &Outcome,
    scenario: &Scenario,
    wildest: &PolicyOutcome,
    calmest: &PolicyOutcome,
) -> String {
    let server = if has_fault(outcome) { "the recovering server" } else { "the server" };
    let ratio = peak(wildest) / peak(calmest);
    let policy = |name: &str| scenario.policies.iter().find(|p| p.name == name).map(|p| &p.policy);
    let alike = policy(&wildest.name).zip(policy(&calmest.name)).is_some_and(|(one, other)| {
        one.to_builder().jitter(*other.jitter()).build().as_ref() == Ok(other)
    });
    let is_jittered = |name: &str| policy(name).is_some_and(|p| *p.jitter() != Jitter::None);
    let cause = match (alike, is_jittered(&wildest.name), is_jittered(&calmest.name)) {
        (true, false, _) => "jitter alone makes it",
        (true, true, false) => "without jitter it is",
        (true, true, true) => "another jitter alone makes it",
        (false, ..) => "it is",
    };
    format!(
        "Under “{}” {server} gets {}; under “{}” {}/s: {cause} {} lower.",
        wildest.name,
        height(wildest),
        calmest.name,
        number(peak(calmest)),
        times(ratio)
    )
}

/// What layers that all retry make of one task.
fn multiplied(outcome: &Outcome) -> Option<String> {
    let worst = |policy: &PolicyOutcome| {
        let layers = policy.summary.layers.iter();
        let layer = layers
            .max_by(|a, b| a.amplification.or_zero().total_cmp(&b.amplification.or_zero()))?;
        let times = layer.amplification.or_zero();
        Some((policy.name.clone(), layer.name.clone(), times, layer.attempts.or_zero()))
    };
    let worst = outcome.policies.iter().filter_map(worst);
    let (policy, layer, factor, attempts) = worst.max_by(|a, b| a.2.total_cmp(&b.2))?;
    (factor > 1.1).then(|| {
        format!(
            "Layers multiply: under “{policy}” the layer “{layer}” gets {} attempts, {} a task.",
            number(attempts),
            number(factor)
        )
    })
}

/// Who recovers, when some do and some do not.
fn recovery(outcome: &Outcome) -> Option<String> {
    let never: Vec<&str> = outcome
        .policies
        .iter()
        .filter(|policy| policy.summary.collapsed.or_zero() >= 0.5)
        .map(|policy| policy.name.as_str())
        .collect();
    let back = outcome.policies.iter().filter(|p| p.summary.collapsed.or_zero() < 0.5);
    let back: Vec<_> =
        back.filter_map(|p| Some((p.name.as_str(), p.summary.recover_seconds.value()?))).collect();
    let names: Vec<String> = never.iter().map(|name| format!("“{name}”")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (name, after) = back.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    (!never.is_empty()).then(|| {
        format!(
            "The service never recovers under {}; under “{name}” it is back after {}.",
            listed(&names),
            seconds(*after)
        )
    })
}

/// When the last task ends, soonest and latest, of the policies that let tasks through.
fn haste(outcome: &Outcome) -> Option<String> {
    let end = |policy: &PolicyOutcome| policy.summary.completion_seconds.or_zero();
    let (first, last) = least_and_most(useful(outcome), end)?;
    (end(last) > 1.05 * end(first) && end(first) > 0.0).then(|| {
        format!(
            "All is over after {} under “{}”, after {} under “{}”.",
            seconds(end(first)),
            first.name,
            seconds(end(last)),
            last.name
        )
    })
}

/// Why the policy gave up on most of what it gave up on.
pub fn cause(policy: &PolicyOutcome, scenario: &Scenario) -> Option<String> {
    let dead = policy.summary.dead_lettered.iter();
    let (code, count) = dead.max_by(|a, b| a.1.or_zero().total_cmp(&b.1.or_zero()))?;
    if count.or_zero() == 0.0 {
        return None;
    }
    let named = scenario.policies.iter().find(|named| named.name == policy.name)?;
    let late = || outlasted(scenario, &named.policy).map(|why| format!(": it {why}"));
    Some(match code.as_str() {
        "exhausted" => format!("attempts used up{}", late().unwrap_or_default()),
        "deadlineExceeded" => format!("its deadline passed{}", late().unwrap_or_default()),
        "budgetExhausted" => {
            let client = &scenario.client;
            let (owners, of) = match client.budget_scope {
                Scope::All => (1, ""),
                Scope::Host => (client.hosts, "a host"),
                Scope::Client => (client.count, "a client"),
            };
            let whose = match owners {
                1 => "the retry budget, which all tasks share, was empty".to_owned(),
                _ => format!("the retry budget of {of} was empty"),
            };
            let denied = policy.summary.budget_denied.or_zero();
            format!("{whose}: it refused {} retries", number(denied))
        }
        other => reason(other),
    })
}

/// Who gave up on how much, and why.
fn losses(outcome: &Outcome, scenario: &Scenario) -> Option<String> {
    let lossy: Vec<String> = outcome
        .policies
        .iter()
        .filter_map(|policy| {
            let (dead, tasks) = (policy.summary.dead_letters(), policy.summary.tasks.or_zero());
            let why = cause(policy, scenario).map_or_else(String::new, |why| format!(" ({why})"));
            (dead > 0.0 && tasks > 0.0)
                .then(|| format!("{} under “{}”{why}", percent(dead / tasks), policy.name))
        })
        .collect();
    let lossy: Vec<&str> = lossy.iter().map(String::as_str).collect();
    (!lossy.is_empty()).then(|| format!("Tasks given up: {}.", listed(&lossy)))
}
