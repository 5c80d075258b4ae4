//! Advice that was tried: a hint's fix is simulated before it is offered.
//!
//! What a hint says of a policy alone may be wrong for the scenario in view: a budget of 20 % calms a
//! server, and here it may kill every task. So the page runs the fix. One that loses tasks is not offered,
//! and its hint is not shown; one that helps is shown with what it changes.

use redrive::{
    hints::Hint,
    time::{format_duration, nanos},
    wire::Value,
};
use redrive_sim::{
    SimError,
    scenario::Mode,
    text::{known, number, seconds, times},
};

use super::{
    Page, Run, Slot,
    headline::done_within,
    shape::{Tree, shapes},
};

/// Below these changes a fix makes no difference.
const TASKS: f64 = 0.001;
const NOISE: f64 = 0.02;

/// What a policy that outlasts an outage needs beyond it.
const MARGIN: f64 = 1.3;

shapes! {
    /// A fix that was tried.
    pub struct Offer {
        /// The field to set.
        pub path: String,
        /// Its new value.
        pub value: Tree,
        /// What it changes, in figures.
        pub effect: String,
    }

    /// A remark on a policy in this scenario.
    pub struct Advice {
        /// What it is about, for programs.
        pub code: &'static str,
        /// The field that it concerns.
        pub field: &'static str,
        /// What will happen.
        pub message: String,
        /// What to do, where trying it helped.
        pub offer: Option<Offer>,
    }
}

impl Page {
    /// What there is to say of a slot's policy in this scenario; each fix was run.
    ///
    /// # Errors
    /// When a run is too big for a page.
    pub fn advice(&self, slot: Slot) -> Result<Vec<Advice>, SimError> {
        let Some(chosen) = self.chosen(slot) else { return Ok(Vec::new()) };
        let now = self.run(slot)?;
        let mut hints = chosen.policy.hints();
        hints.extend(scenario_hints(&now));
        let mut out = Vec::new();
        for Hint { code, field, message, fix } in hints {
            let Some((path, value)) = fix else {
                out.push(Advice { code, field, message, offer: None });
                continue;
            };
            let mut page = self.clone();
            if page.set(&format!("{}.{path}", slot.letter()), value.clone()).is_err() {
                continue;
            }
            let then = page.run(slot)?;
            let path = path.to_owned();
            match effect(&now, &then) {
                Effect::Harm => {}
                Effect::Nothing => out.push(Advice { code, field, message, offer: None }),
                Effect::Help(effect) => {
                    let offer = Some(Offer { path, value: Tree(value), effect });
                    out.push(Advice { code, field, message, offer });
                }
            }
        }
        Ok(out)
    }
}

enum Effect {
    Harm,
    Nothing,
    Help(String),
}

fn effect(now: &Run, then: &Run) -> Effect {
    let succeeded = |run: &Run| run.outcome.summary.succeeded.or_zero();
    let tasks = now.outcome.summary.tasks.or_zero().max(1.0);
    let gained = (succeeded(then) - succeeded(now)) / tasks;
    if succeeded(then) < succeeded(now) {
        return Effect::Harm;
    }
    let peak = |run: &Run| run.outcome.summary.peak_to_capacity.value();
    let dead = |run: &Run| Some(run.outcome.summary.dead_letters());
    let cost = |run: &Run| run.outcome.summary.amplification.value();
    let last = |run: &Run| done_within(run, 0.99);
    #[expect(clippy::type_complexity, reason = "a table that is read once")]
    let figures: [(&str, Figure<'_>, fn(f64) -> String, &str); 4] = [
        ("dead letters", &dead, number, "\u{2013}"),
        ("peak / capacity", &peak, times, "\u{2013}"),
        ("99 % done within", &last, seconds, "never"),
        ("attempts per task", &cost, number, "\u{2013}"),
    ];
    let mut changes = Vec::new();
    let mut better = gained > TASKS;
    for (name, of, read, none) in figures {
        let (before, after) = (of(now), of(then));
        let moved = match (before, after) {
            (Some(before), Some(after)) => (after - before).abs() > NOISE * before.abs(),
            (None, None) => false,
            _ => true,
        };
        if !moved {
            continue;
        }
        better |= after.is_some_and(|after| before.is_none_or(|before| after < before));
        let text = |value: Option<f64>| match value {
            None => none.to_owned(),
            value => known(value, read),
        };
        changes.push(format!("{name} {} \u{2192} {}", text(before), text(after)));
    }
    if better { Effect::Help(changes.join(", ")) } else { Effect::Nothing }
}

type Figure<'f> = &'f dyn Fn(&Run) -> Option<f64>;

/// A policy that gives up while the server is still down.
pub(super) struct Outlasted {
    /// The longest time that a task goes on, seconds.
    pub(super) waits: f64,
    /// The outage, seconds.
    pub(super) lasts: f64,
}

/// Whether the longest outage outlasts the policy of a run.
pub(super) fn outlasted(run: &Run) -> Option<Outlasted> {
    let policy = &run.scenario.policies.first()?.policy;
    let lasts = outage(run)?;
    let retries = policy.max_attempts().map(|most| most.get() as usize - 1);
    let deadline = policy.max_elapsed().map(|elapsed| elapsed.as_secs_f64());
    let all = retries.map(|retries| {
        let bands = policy.bands(0, Some(256)).take(retries.min(512));
        bands.map(|band| band.max.as_secs_f64()).sum::<f64>()
    });
    let waits = [all, deadline].into_iter().flatten().min_by(f64::total_cmp)?;
    (waits < lasts).then_some(Outlasted { waits, lasts })
}

/// How long nothing gets through at the longest, seconds.
fn outage(run: &Run) -> Option<f64> {
    let total = |mode: &Mode| match mode {
        Mode::Down { .. } | Mode::Hang => true,
        Mode::Errors { rate, .. } => *rate >= 1.0,
        Mode::Slow { .. }
        | Mode::Brownout { .. }
        | Mode::RateLimit { .. }
        | Mode::Bursts { .. } => false,
    };
    let faults = run.scenario.faults.iter().filter(|fault| total(&fault.mode));
    let lengths = faults.filter_map(|fault| {
        fault.until.map(|until| until.saturating_since(fault.from).as_secs_f64())
    });
    lengths.max_by(f64::total_cmp)
}

/// What only the scenario tells of a policy.
fn scenario_hints(run: &Run) -> Vec<Hint> {
    let mut hints = Vec::new();
    if let Some(Outlasted { waits, lasts }) = outlasted(run) {
        hints.push(Hint {
            code: "outlasted",
            field: "maxAttempts",
            message: format!(
                "This policy gives up after at most {}, and the outage lasts {}: what fails early in \
                 it cannot survive.",
                seconds(waits),
                seconds(lasts)
            ),
            fix: enough(run, lasts),
        });
    }
    let denied = run.outcome.summary.dead_lettered.get("budgetExhausted");
    let denied = denied.map_or(0.0, redrive_sim::outcome::Figure::or_zero);
    if denied > TASKS * run.outcome.summary.tasks.or_zero() {
        hints.push(Hint {
            code: "budgetKills",
            field: "budget",
            message: format!(
                "The budget was empty for {} tasks, which are dead letters for that. Tasks of one \
                 budget share its retries.",
                number(denied)
            ),
            fix: Some(("budget", Value::Null)),
        });
    }
    hints
}

/// So many attempts, or so long a deadline, that a task outlasts the outage.
fn enough(run: &Run, lasts: f64) -> Option<(&'static str, Value)> {
    let policy = &run.scenario.policies.first()?.policy;
    let wanted = lasts * MARGIN;
    if policy.max_elapsed().is_some_and(|elapsed| elapsed.as_secs_f64() < wanted) {
        let seconds = libm::ceil(wanted / 10.0) as u64 * 10;
        let text = format_duration(redrive::Duration::from_secs(seconds));
        return Some(("maxElapsed", Value::Text(text)));
    }
    let longer = policy.to_builder().max_attempts(200).build().ok()?;
    let mut waited = 0.0;
    for (retry, band) in longer.bands(0, Some(256)).take(199).enumerate() {
        waited += nanos(band.quantile(0.5)) as f64 / 1e9;
        if waited >= wanted {
            return Some(("maxAttempts", Value::Unsigned(retry as u64 + 2)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use redrive::presets;

    use super::*;

    #[test]
    fn no_fix_that_is_offered_loses_a_task() {
        let mut offered = 0;
        for preset in presets::all() {
            let page = Page::read(&format!("a={}&arrivals.tasks=2000", preset.name)).unwrap();
            let before = page.run(Slot::A).unwrap().outcome.summary.succeeded.or_zero();
            for advice in page.advice(Slot::A).unwrap() {
                let Some(Offer { path, value, effect }) = advice.offer else { continue };
                offered += 1;
                assert!(!effect.is_empty(), "{} {path}", preset.name);
                let mut page = page.clone();
                page.set(&format!("a.{path}"), value.0).unwrap();
                let after = page.run(Slot::A).unwrap().outcome.summary.succeeded.or_zero();
                assert!(after >= before, "{} {path}: {before} {after}", preset.name);
            }
        }
        assert!(offered > 5, "{offered}");
    }

    #[test]
    fn a_policy_that_the_outage_outlasts_is_told_so() {
        let page = Page::read("a=classic").unwrap();
        let advice = page.advice(Slot::A).unwrap();
        let told = advice.iter().find(|advice| advice.code == "outlasted").unwrap();
        assert!(
            told.message.contains("at most 6.6 s, and the outage lasts 30 s"),
            "{}",
            told.message
        );
        assert!(told.offer.as_ref().is_some_and(|offer| offer.path == "maxAttempts"));
    }

    #[test]
    fn the_untouched_page_offers_no_budget_that_kills_everything() {
        let advice = Page::read("").unwrap().advice(Slot::A).unwrap();
        assert!(
            advice.iter().all(|advice| advice.code != "noBudget" || advice.offer.is_none()),
            "{advice:?}"
        );
    }
}
