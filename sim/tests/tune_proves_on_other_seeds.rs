//! `tune` finds a policy that beats the presets on seeds that it did not search with, or says that
//! there is none.

#![cfg(feature = "tune")]
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeSet;

use redrive_sim::{
    Options, Scenario, SimError,
    metric::{Metric, Sample},
    run_one,
    scenario::NamedPolicy,
    tune::{Constraint, Goal, Job, Judged, Plan, Runner, Verdict, tune},
};

/// Runs one job after the other and remembers which replications were used.
struct Plain<'a> {
    scenario: &'a Scenario,
    replications: BTreeSet<u32>,
    /// Runs until it is told to stop.
    left: Option<usize>,
}

impl Runner for Plain<'_> {
    fn run(&mut self, jobs: &[Job]) -> Result<Vec<Sample>, SimError> {
        let mut summaries = Vec::new();
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(jobs.len());
            if *left == 0 {
                return Err(SimError::Limit { message: "stopped".to_owned() });
            }
        }
        for job in jobs {
            let mut scenario = self.scenario.clone();
            scenario.policies =
                vec![NamedPolicy { name: "job".into(), policy: job.policy.clone() }];
            self.replications.insert(job.replication);
            let options = Options::default();
            let run = run_one(&scenario, 0, job.replication, options, &mut ())?;
            summaries.push(Sample::of(&run.summary));
        }
        Ok(summaries)
    }

    fn is_stopped(&self) -> bool {
        self.left == Some(0)
    }
}

fn small_herd() -> Scenario {
    let mut tree = Scenario::builtin("herd").unwrap().to_value();
    for (path, value) in [("arrivals.tasks", "500"), ("server.queue.limit", "20")] {
        Scenario::set(&mut tree, path, value).unwrap();
    }
    Scenario::from_value(&tree).unwrap()
}

fn plan(metric: &str, constraints: &[&str]) -> Plan {
    Plan {
        goal: Goal { metric: Metric::find(metric).unwrap(), maximize: false },
        constraints: constraints.iter().map(|text| Constraint::parse(text).unwrap()).collect(),
        trials: 96,
        search_runs: 2,
        proof_runs: 12,
    }
}

#[test]
fn a_better_policy_is_found_and_proved_with_confidence() {
    let scenario = small_herd();
    let plan = plan("completionSeconds", &["succeededShare >= 0.99", "peakToCapacity <= 1.5"]);
    let mut runner = Plain { scenario: &scenario, replications: BTreeSet::new(), left: None };
    let tuning = tune(&scenario, &plan, &mut runner).unwrap();
    assert_eq!(tuning.verdict, Verdict::Better, "{:?}", tuning.difference);
    assert!(tuning.candidate.keeps());
    let (mean, half) = tuning.difference.unwrap();
    assert!(mean + half < 0.0, "{mean} +- {half}");
    // 2 seeds of the search, 12 of the selection, 12 of the proof, none shared.
    assert_eq!(runner.replications.len(), 26);
    assert_eq!(tuning.candidate.runs.len(), 12);
}

#[test]
fn the_front_holds_what_nothing_beats() {
    let scenario = small_herd();
    let plan = plan("p99", &[]);
    let mut runner = Plain { scenario: &scenario, replications: BTreeSet::new(), left: None };
    let tuning = tune(&scenario, &plan, &mut runner).unwrap();
    assert_eq!(tuning.constraints.len(), 1, "giving tasks up is not the answer");
    let front = tuning.pareto(&plan.goal);
    assert!(!front.is_empty());
    for pair in front.windows(2) {
        assert!(pair[0].goal < pair[1].goal);
    }
    // Its figures are those of the proof: of the candidate, which is on it or beaten by it, the same.
    let same = front.iter().find(|trial| trial.policy == tuning.candidate.policy);
    if let Some(trial) = same {
        assert_eq!(Some(trial.goal), tuning.candidate.mean_of(&plan.goal.metric));
    }
}

#[test]
fn an_attempt_timeout_is_found_where_some_answers_hang() {
    let json = serde_json::json!({
        "arrivals": {"kind": "poisson", "ratePerSecond": 20, "for": "30s"},
        "server": {"service": {"kind": "mixture", "parts": [
            {"weight": 0.95, "kind": "fixed", "value": "10ms"},
            {"weight": 0.05, "kind": "fixed", "value": "8s"}]}},
        "policies": ["full"],
    });
    let scenario = Scenario::from_value(&serde_json::from_value(json).unwrap()).unwrap();
    let mut runner = Plain { scenario: &scenario, replications: BTreeSet::new(), left: None };
    let tuning = tune(&scenario, &plan("p99", &[]), &mut runner).unwrap();
    let candidate = &tuning.candidate;
    assert_eq!(tuning.verdict, Verdict::Better, "{:?}", tuning.difference);
    assert!(candidate.policy.attempt_timeout().is_some(), "{:?}", candidate.policy);
    let p99 = candidate.mean_of(&Metric::find("p99").unwrap()).unwrap();
    assert!(p99 < 2.0, "{p99}");
}

#[test]
fn a_search_that_is_stopped_gives_its_best_unproved() {
    let scenario = small_herd();
    let plan = plan("p99", &["succeededShare >= 0.9"]);
    let mut runner = Plain { scenario: &scenario, replications: BTreeSet::new(), left: Some(600) };
    let tuning = tune(&scenario, &plan, &mut runner).unwrap();
    assert_eq!(tuning.verdict, Verdict::Unproved);
    assert!(tuning.candidate.keeps());
    assert!(tuning.front.is_empty() && !tuning.trials.is_empty());
    let mut runner = Plain { scenario: &scenario, replications: BTreeSet::new(), left: Some(3) };
    assert!(tune(&scenario, &plan, &mut runner).is_err(), "nothing has run");
}

#[test]
fn giving_tasks_up_is_not_an_answer_under_other_constraints() {
    let scenario = small_herd();
    let plan = plan("completionSeconds", &["peakToCapacity <= 1.5"]);
    let mut runner = Plain { scenario: &scenario, replications: BTreeSet::new(), left: None };
    let tuning = tune(&scenario, &plan, &mut runner).unwrap();
    let succeeded = Metric::find("succeededShare").unwrap();
    assert!(tuning.candidate.mean_of(&succeeded).unwrap() > 0.9, "{:?}", tuning.constraints);
}

#[test]
fn the_same_question_has_the_same_answer() {
    let scenario = small_herd();
    let plan = plan("amplification", &["succeededShare >= 0.9"]);
    let ask = || {
        let mut runner = Plain { scenario: &scenario, replications: BTreeSet::new(), left: None };
        let tuning = tune(&scenario, &plan, &mut runner).unwrap();
        (tuning.candidate.policy, tuning.difference)
    };
    assert_eq!(ask(), ask());
}

#[test]
fn what_cannot_be_is_called_infeasible() {
    let scenario = small_herd();
    let plan = plan("p99", &["succeededShare >= 0.99", "completionSeconds <= 20"]);
    let mut runner = Plain { scenario: &scenario, replications: BTreeSet::new(), left: None };
    let tuning = tune(&scenario, &plan, &mut runner).unwrap();
    assert_eq!(tuning.verdict, Verdict::Infeasible, "the server is down for 30 s");
    // What is called the nearest comes at least as near as what there is.
    let off = |judged: &Judged| {
        let off = tuning.constraints.iter().map(|constraint| {
            let over = judged.mean_of(&constraint.metric).unwrap() - constraint.limit;
            let over = if constraint.metric.lower_is_better { over } else { -over };
            over.max(0.0) / constraint.limit
        });
        off.sum::<f64>()
    };
    let (nearest, current) = (off(&tuning.candidate), off(&tuning.current));
    assert!(nearest <= current + 1e-9, "{nearest} {current}");
}
