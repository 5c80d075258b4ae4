//! What a comparison says, in a few sentences: what was lost and why, then load, then time.

use redrive::Jitter;

use super::{
    amplification, extremes, has_fault, height, herd, least_and_most, over_capacity, peak, reason,
    titles::nothing_retried, useful,
};
use crate::{
    Scenario,
    advice::{outlasted, shared},
    outcome::{Outcome, PolicyOutcome},
    scenario::{Fault, Mode},
    text::{counted, listed, number, percent, seconds, times},
};

/// From so many policies on not each is told what it lost.
const MANY: usize = 4;

/// Advice, for a policy of that name where several are compared: what to set, why, and what that did.
pub fn advised(name: Option<&str>, advice: &crate::advice::Advice) -> String {
    let value = match &advice.value {
        redrive::wire::Value::Text(text) => text.clone(),
        other => other.to_string(),
    };
    let message = advice.message.trim_end_matches('.');
    let whose = name.map_or_else(String::new, |name| format!(" for “{name}”"));
    format!("Try {} = {value}{whose} ({message}). Simulated: {}.", advice.field, advice.effect)
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

/// A fault that lasts to the end leaves nothing to recover; a share of errors is weather.
fn endless(outcome: &Outcome, scenario: &Scenario) -> Option<String> {
    let end = scenario.end();
    let lasting = |fault: &&Fault| fault.until.is_none_or(|until| until >= end);
    let mut faults = scenario.faults.iter().filter(lasting);
    let part = |fault: &Fault| match fault.mode {
        Mode::Errors { rate, .. } if rate < 1.0 => Some(percent(rate)),
        _ => None,
    };
    let fault = faults.clone().find(|fault| part(fault).is_none()).or_else(|| faults.next())?;
    let left = outcome.policies.iter().filter_map(|policy| {
        let (left, tasks) = (policy.summary.unfinished.or_zero(), policy.summary.tasks.or_zero());
        (left > 0.0)
            .then(|| format!("{} of {} tasks under “{}”", number(left), number(tasks), policy.name))
    });
    let left: Vec<String> = left.collect();
    let left: Vec<&str> = left.iter().map(String::as_str).collect();
    let says = match part(fault) {
        Some(share) => format!("Errors hit {share} of the attempts until the end"),
        None => format!("The fault ({}) does not end", fault.name()),
    };
    Some(match left.as_slice() {
        [] => format!("{says}."),
        left => format!("{says}: unfinished are {}.", listed(left)),
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
            let whose = shared(scenario, policy.summary.tasks.or_zero(), "was empty");
            let of_layers = policy.summary.layers.iter().map(|l| l.budget_denied.or_zero());
            let denied = policy.summary.budget_denied.or_zero() - of_layers.sum::<f64>();
            format!("{whose}: it refused {}", counted(denied.max(0.0) as u64, "retry", "retries"))
        }
        other => reason(other),
    })
}

/// Who gave up on how much, and why: of many policies only the ends.
fn losses(outcome: &Outcome, scenario: &Scenario) -> Option<String> {
    let share = |policy: &PolicyOutcome| {
        let tasks = policy.summary.tasks.or_zero();
        if tasks > 0.0 { policy.summary.dead_letters() / tasks } else { 0.0 }
    };
    let mut lossy: Vec<&PolicyOutcome> =
        outcome.policies.iter().filter(|policy| share(policy) > 0.0).collect();
    let said = |policy: &&PolicyOutcome| {
        let why = cause(policy, scenario).map_or_else(String::new, |why| format!(" ({why})"));
        format!("{} under “{}”{why}", percent(share(policy)), policy.name)
    };
    if lossy.len() > MANY {
        lossy.sort_by(|a, b| share(b).total_cmp(&share(a)));
        let (worst, best) = (lossy.first()?, lossy.last()?);
        let all = outcome.policies.len();
        let who = if lossy.len() == all { "all".to_owned() } else { format!("{} of", lossy.len()) };
        return Some(format!(
            "Tasks given up by {who} {all} policies: from {} to {}.",
            said(best),
            said(worst)
        ));
    }
    let lossy: Vec<String> = lossy.iter().map(said).collect();
    let lossy: Vec<&str> = lossy.iter().map(String::as_str).collect();
    (!lossy.is_empty()).then(|| format!("Tasks given up: {}.", listed(&lossy)))
}
