//! What there is to say of a policy in this scenario: the changes that [`redrive_sim::advice`] tried and
//! found better, and the remarks that ask for no change.
//!
//! What a hint says of a policy alone may be wrong for the scenario in view: a budget of 20 % calms a
//! server, and here it may kill every task. So a hint that asks for a change is shown only where the
//! simulator offers that change.

use redrive::hints::Hint;
use redrive_sim::{
    SimError,
    advice::{self, advice},
};

use super::{
    Page, Slot,
    shape::{Tree, shapes},
};

shapes! {
    /// A change that was tried.
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

/// The code of what only a scenario tells: the policy gives up before the outage is over.
const OUTLASTED: &str = "outlasted";

impl Page {
    /// What there is to say of a slot's policy in this scenario; each change that is offered was run.
    ///
    /// # Errors
    /// When a run is too big for a page.
    pub fn advice(&self, slot: Slot) -> Result<Vec<Advice>, SimError> {
        let Some(chosen) = self.chosen(slot) else { return Ok(Vec::new()) };
        let scenario = self.bounded(slot)?;
        let policy = &chosen.policy;
        let hints = scenario.hints(policy);
        let mut out: Vec<Advice> = Vec::new();
        for offered in advice(&scenario, policy)? {
            let hint = hints.iter().find(|hint| hint.code == offered.code);
            out.push(Advice {
                code: offered.code,
                field: hint.map_or(offered.field, |hint| hint.field),
                message: sentence(offered.code, &offered.message),
                offer: Some(Offer {
                    path: offered.field.to_owned(),
                    value: Tree(offered.value),
                    effect: offered.effect,
                }),
            });
        }
        if let Some(why) = advice::outlasted(&scenario, policy)
            && out.iter().all(|known| known.code != OUTLASTED)
        {
            let message = sentence(OUTLASTED, &why);
            out.push(Advice { code: OUTLASTED, field: "maxAttempts", message, offer: None });
        }
        let remarks = hints.into_iter().filter(|hint| hint.fix.is_none());
        out.extend(remarks.map(|Hint { code, field, message, .. }| Advice {
            code,
            field,
            message,
            offer: None,
        }));
        Ok(out)
    }
}

/// A message as a sentence of its own.
fn sentence(code: &str, message: &str) -> String {
    if code == OUTLASTED {
        return format!("This policy {message}.");
    }
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    let end = if message.ends_with('.') { "" } else { "." };
    format!("{}{}{end}", first.unwrap_or_default(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use redrive::presets;

    use super::*;

    #[test]
    fn no_change_that_is_offered_loses_a_task() {
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
        let said = "This policy gives up after at most 6.6 s; the outage lasts 30 s.";
        assert_eq!(told.message, said);
        assert!(told.offer.as_ref().is_some_and(|offer| offer.path == "maxAttempts"));
    }

    #[test]
    fn a_hint_whose_change_does_not_help_here_is_not_shown() {
        for query in ["", "a=recommended", "s=budget", "s=poison"] {
            let page = Page::read(query).unwrap();
            let hints = page.bounded(Slot::A).unwrap();
            let hints = hints.hints(&page.chosen(Slot::A).unwrap().policy);
            for advice in page.advice(Slot::A).unwrap() {
                let asks = hints.iter().any(|hint| hint.code == advice.code && hint.fix.is_some());
                assert!(!asks || advice.offer.is_some(), "{query}: {}", advice.code);
            }
        }
    }
}
