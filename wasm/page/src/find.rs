//! Find me a policy: the search of `redrive tune`, in the scenario of the page.

use redrive_sim::{
    SimError,
    metric::{Metric, Sample},
    run::{Options, run_one},
    scenario::{NamedPolicy, Scenario},
    text::{known, number, percent},
    tune::{self, Constraint, Goal, Job, Judged, Plan, Runner, Tuning, Verdict},
    words,
};

use super::{
    Named, Page, Slot,
    shape::{Tree, shapes},
};

/// So many trials and seeds that an answer takes seconds on the main scenario; the command line has more.
const TRIALS: u32 = 60;
const SEARCH_RUNS: u32 = 2;
const PROOF_RUNS: u32 = 10;

/// What is wanted of a policy, beside that no fewer tasks succeed than under the best preset.
const GOALS: &[(&str, &str)] = &[
    ("peakToCapacity", "A low peak after the fault"),
    ("p99", "Nearly all done soon"),
    ("amplification", "Few attempts per task"),
    ("deadLetterShare", "Few dead letters"),
    ("recoverSeconds", "A quick recovery"),
];

shapes! {
    /// A policy in the proof.
    pub struct Proven {
        /// What it is called.
        pub name: String,
        /// What it is.
        pub policy: String,
        /// The figure that was to be improved.
        pub goal: String,
        /// Tasks that succeeded.
        pub succeeded: String,
        /// Attempts per task.
        pub amplification: String,
    }

    /// What a search found.
    pub struct Found {
        /// What came of it, in a sentence.
        pub text: String,
        /// The policy to take.
        pub policy: Tree,
        /// Under how many seeds, by which nothing had been chosen, the policies below ran.
        pub seeds: usize,
        /// What the figure is called.
        pub metric: &'static str,
        /// The policy found, the best of those that there were, and the page's own.
        pub proof: Vec<Proven>,
    }
}

/// The goals to choose from.
#[must_use]
pub fn goals() -> Vec<Named> {
    let goal = |(value, label): &(&str, &str)| Named {
        value: (*value).to_owned(),
        label: (*label).to_owned(),
    };
    GOALS.iter().map(goal).collect()
}

/// One run after the other, and word of each.
struct Single<'a> {
    scenario: &'a Scenario,
    done: u64,
    tell: &'a mut dyn FnMut(u64),
}

impl Runner for Single<'_> {
    fn run(&mut self, jobs: &[Job]) -> Result<Vec<Sample>, SimError> {
        let mut scenario = self.scenario.clone();
        let mut all = Vec::with_capacity(jobs.len());
        for job in jobs {
            scenario.policies =
                vec![NamedPolicy { name: "it".to_owned(), policy: job.policy.clone() }];
            let run = run_one(&scenario, 0, job.replication, Options::default(), &mut ())?;
            all.push(Sample::of(&run.summary));
            self.done += 1;
            (self.tell)(self.done);
        }
        Ok(all)
    }
}

impl Page {
    /// Searches for a policy in place of a slot's; `tell` hears how many runs are done, of about how many.
    ///
    /// # Errors
    /// When the goal or a constraint is not one, or a run is too big for a page.
    pub fn find(
        &self,
        slot: Slot,
        goal: &str,
        constraint: &str,
        tell: &mut dyn FnMut(u64, u64),
    ) -> Result<Found, SimError> {
        let mut scenario = self.bounded(slot)?;
        scenario.report.raster_rows = 0;
        let metric = Metric::find(goal)?;
        let constraints = match constraint.trim() {
            "" => Vec::new(),
            text => text.split(',').map(Constraint::parse).collect::<Result<_, _>>()?,
        };
        let goal = Goal { metric, maximize: !metric.lower_is_better };
        let (trials, search_runs, proof_runs) = (TRIALS, SEARCH_RUNS, PROOF_RUNS);
        let plan = Plan { goal, constraints, trials, search_runs, proof_runs };
        let all = tune::expected_runs(&scenario, &plan);
        let mut told = |done: u64| tell(done, all.max(done));
        let mut runner = Single { scenario: &scenario, done: 0, tell: &mut told };
        let tuning = tune::tune(&scenario, &plan, &mut runner)?;
        Ok(found(&tuning, &plan, &self.label(slot)))
    }
}

fn found(tuning: &Tuning, plan: &Plan, own: &str) -> Found {
    let metric = plan.goal.metric;
    let best = match (tuning.verdict, &tuning.rival) {
        (Verdict::NoBetter, Some(rival)) => rival,
        _ => &tuning.candidate,
    };
    let success = Metric::find("succeededShare").ok();
    let cost = Metric::find("amplification").ok();
    let mean = |judged: &Judged, metric: Option<Metric>, read: fn(f64) -> String| {
        known(metric.and_then(|metric| judged.mean_of(&metric)), read)
    };
    let row = |name: String, judged: &Judged| Proven {
        name,
        policy: words::policy(&judged.policy),
        goal: mean(judged, Some(metric), number),
        succeeded: mean(judged, success, percent),
        amplification: mean(judged, cost, number),
    };
    let rival = tuning.rival.as_ref();
    let rivals = rival.map(|rival| row(format!("the best that there was, {}", rival.name), rival));
    let proof = [row("found".to_owned(), &tuning.candidate)].into_iter().chain(rivals);
    let goal = mean(best, Some(metric), number);
    let against = rival.map_or_else(String::new, |rival| {
        let difference = tuning.difference.map_or_else(String::new, |(mean, half)| {
            format!(" (a difference of {} \u{b1} {})", number(mean), number(half))
        });
        format!(
            "{} {goal} against {} of {}{difference}",
            metric.name,
            mean(rival, Some(metric), number),
            rival.name
        )
    });
    let text = match tuning.verdict {
        Verdict::Better => format!("Better than every preset, with confidence: {against}."),
        Verdict::NoBetter => {
            format!("None that was tried does better than {} ({} {goal}).", best.name, metric.name)
        }
        Verdict::OnlyCandidate => {
            format!("No preset keeps the conditions; this policy does ({} {goal}).", metric.name)
        }
        Verdict::Infeasible => {
            "Nothing that was tried keeps the conditions; this policy came nearest.".to_owned()
        }
        Verdict::Unproved => {
            format!("Stopped: the best so far, not proved on other seeds ({} {goal}).", metric.name)
        }
    };
    Found {
        text,
        policy: Tree(best.policy.to_value()),
        seeds: best.runs.len(),
        metric: metric.name,
        proof: proof.chain([row(format!("yours, {own}"), &tuning.current)]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_found_and_proven() {
        let page = Page::read("arrivals.tasks=500&server.workers=1&faults.0.until=10s").unwrap();
        let mut last = (0, 0);
        let found =
            page.find(Slot::A, "peakToCapacity", "", &mut |done, all| last = (done, all)).unwrap();
        assert!(last.0 > 100 && last.0 <= last.1, "{last:?}");
        assert_eq!(found.proof.last().unwrap().name, "yours, proportional");
        assert!(found.seeds >= 10, "{}", found.seeds);
        let mut next = page.clone();
        next.take_policy(Slot::B, &found.policy.0).unwrap();
        assert!(!found.text.is_empty());
    }

    #[test]
    fn what_is_not_a_condition_is_refused() {
        let page = Page::read("").unwrap();
        let error = page.find(Slot::A, "peakToCapacity", "p99 < 3", &mut |_, _| {}).unwrap_err();
        assert!(error.to_string().contains("p99"), "{error}");
    }
}
