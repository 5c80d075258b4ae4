//! The four steps: the known, the search, the selection, the proof.

use redrive::{RetryPolicy, presets};

use super::{
    Constraint, Job, Judged, Plan, Relation, Runner, Trial, Tuning, Verdict,
    judged::{Bounded, paired},
    search::{BATCH, PREFIX, Search},
    space::{Family, locate, outside},
};
use crate::{
    error::SimError,
    metric::Metric,
    scenario::{NamedPolicy, Scenario},
};

/// How many proposals of each family go on to the selection.
const FINALISTS: usize = 8;
/// How many candidates leave the selection; each gets a proof of its own until one holds.
const CANDIDATES: usize = 3;
/// How many of the known run as often as the candidates.
const RIVALS: usize = 6;
/// How many of the known go into the proof.
const IN_PROOF: usize = 2;
/// How many of the front are proved.
const IN_FRONT: usize = 12;
/// What successes may fall below the floor's run: the third digit, in which people write such limits.
const SLACK: f64 = 0.001;

/// Runs that are asked for at once.
const PIECE: usize = 4_096;

/// Runs in another scenario: enough to see what happens, no proof.
const ELSEWHERE: u32 = 10;

/// Replications of the selection and of the proofs: apart from those of the search and of each other.
const SELECTION: u32 = 1_000_000;
const PROOF: u32 = 2_000_000;
const NEXT_PROOF: u32 = 200_000;

/// The known policies after their runs.
pub(super) struct Known {
    /// All of them, by their runs under the seeds of the search.
    all: Vec<Judged>,
    /// The best of them, best first, by their runs under the seeds of the selection.
    best: Vec<Judged>,
    /// What a searched policy keeps of: the best of the scenario's own.
    pub(super) base: RetryPolicy,
    /// The scenario's first.
    current: NamedPolicy,
}

/// One question being answered.
pub(super) struct Contest<'a> {
    scenario: &'a Scenario,
    plan: &'a Plan,
    constraints: Vec<Bounded>,
    runner: &'a mut dyn Runner,
    runs: u64,
}

pub(super) fn expected_runs(scenario: &Scenario, plan: &Plan) -> u64 {
    let (search, proof) = (u64::from(plan.search_runs), u64::from(plan.proof_runs));
    let known = rivals(scenario).len() as u64;
    let contenders = 2 * RIVALS as u64 * proof;
    let field = (FINALISTS * Family::ALL.len()) as u64;
    let selection = (field + u64::from(polishing(plan) * BATCH)) * proof / 4 + field * proof / 4;
    (known + u64::from(plan.trials)) * search
        + contenders
        + selection
        + (4 + IN_FRONT as u64) * proof
}

/// The presets and the scenario's own policies: what somebody would take without a search.
fn rivals(scenario: &Scenario) -> Vec<NamedPolicy> {
    let mut rivals = scenario.policies.clone();
    for preset in presets::all() {
        let policy = preset.policy();
        // A scenario may call a policy of its own like a preset.
        let name = match rivals.iter().find(|named| named.name == preset.name) {
            Some(named) if named.policy == policy => continue,
            Some(_) => format!("preset {}", preset.name),
            None => preset.name.to_owned(),
        };
        rivals.push(NamedPolicy { name, policy });
    }
    rivals
}

/// Batches of the polish: as many policies as a fifth of the trials.
fn polishing(plan: &Plan) -> u32 {
    (plan.trials / 5).div_ceil(BATCH)
}

fn sort(list: &mut [Judged], rank: fn(&Judged) -> f64) {
    list.sort_by(|a, b| a.compare(b, rank));
}

impl<'a> Contest<'a> {
    pub(super) fn new(scenario: &'a Scenario, plan: &'a Plan, runner: &'a mut dyn Runner) -> Self {
        let constraints = plan.constraints.iter().copied().map(Bounded::new).collect();
        Self { scenario, plan, constraints, runner, runs: 0 }
    }

    /// Runs every policy of `list` under `runs` more replications, and weighs them.
    fn run(&mut self, list: &mut [Judged], first: u32, runs: u32) -> Result<(), SimError> {
        // In pieces: each job has a policy of its own, and there may be a hundred thousand.
        let mut open: Vec<(usize, u32)> = Vec::new();
        for place in 0..list.len() {
            open.extend((first..first + runs).map(|replication| (place, replication)));
        }
        for piece in open.chunks(PIECE) {
            let job = |(place, replication): &(usize, u32)| Job {
                policy: list[*place].policy.clone(),
                replication: *replication,
            };
            let jobs: Vec<Job> = piece.iter().map(job).collect();
            let samples = self.runner.run(&jobs)?;
            self.runs += jobs.len() as u64;
            for ((place, _), sample) in piece.iter().zip(samples) {
                list[*place].runs.push(sample);
            }
        }
        for judged in list.iter_mut() {
            judged.weigh(&self.plan.goal, &self.constraints);
        }
        Ok(())
    }

    /// The policies as they are, with runs of their own.
    fn fresh(
        &mut self,
        policies: impl IntoIterator<Item = NamedPolicy>,
        first: u32,
        runs: u32,
    ) -> Result<Vec<Judged>, SimError> {
        let mut list: Vec<Judged> = policies.into_iter().map(Judged::new).collect();
        self.run(&mut list, first, runs)?;
        Ok(list)
    }

    /// Step 1: what somebody would take without a search.
    pub(super) fn known(&mut self) -> Result<Known, SimError> {
        let mut all = self.fresh(rivals(self.scenario), 0, self.plan.search_runs.max(1))?;
        self.add_floor(&all)?;
        for judged in &mut all {
            judged.weigh(&self.plan.goal, &self.constraints);
        }
        let own = |judged: &&Judged| self.scenario.policies.iter().any(|p| p.name == judged.name);
        let base = all.iter().filter(own).min_by(|a, b| a.compare(b, Judged::rank));
        let base = base.map_or_else(RetryPolicy::default, |judged| judged.policy.clone());
        let current = all.first().map(Judged::named);
        let current = current
            .unwrap_or_else(|| NamedPolicy { name: "base".to_owned(), policy: base.clone() });
        sort(&mut all, Judged::rank);
        let best = all.iter().take(RIVALS).map(Judged::named).collect::<Vec<_>>();
        let mut best = self.fresh(best, SELECTION, self.plan.proof_runs)?;
        sort(&mut best, Judged::rank);
        Ok(Known { all, best, base, current })
    }

    /// Unless the plan says itself how many tasks have to succeed: as many as under the best of the
    /// known in its worst run.
    fn add_floor(&mut self, known: &[Judged]) -> Result<(), SimError> {
        let asked = |name: &&str| {
            self.plan.goal.metric.name == *name
                || self.constraints.iter().any(|c| c.constraint.metric.name == *name)
        };
        if ["succeededShare", "goodputPerFirst"].iter().any(asked) {
            return Ok(());
        }
        let metric = Metric::find("succeededShare")?;
        let mut champions: Vec<&Judged> = known.iter().collect();
        let share = |judged: &Judged| judged.mean_of(&metric).unwrap_or(0.0);
        champions.sort_by(|a, b| share(b).total_cmp(&share(a)));
        let champions: Vec<NamedPolicy> =
            champions.into_iter().take(RIVALS).map(Judged::named).collect();
        let champions = self.fresh(champions, SELECTION, self.plan.proof_runs)?;
        let best = champions.iter().filter_map(|judged| judged.least_of(&metric));
        // Who allows some dead letters allows that many fewer successes; what has not ended at the
        // horizon is neither.
        let dead = self.constraints.iter().map(|bounded| bounded.constraint);
        let dead = dead.filter(|c| c.metric.name == "deadLetterShare").map(|c| 1.0 - c.limit);
        let best = best.fold(0.0, f64::max).min(dead.fold(1.0, f64::min));
        // To three digits, rounded down: a limit that people can read.
        let limit = (libm::floor((best - SLACK) * 1_000.0) / 1_000.0).max(0.0);
        let floor = Constraint { metric, relation: Relation::AtLeast, limit };
        self.constraints.push(Bounded::new(floor));
        Ok(())
    }

    /// Steps 2 to 4; what was tried is left in `tried` where the runner is stopped.
    pub(super) fn proved(
        &mut self,
        known: &Known,
        tried: &mut Vec<Judged>,
    ) -> Result<Tuning, SimError> {
        self.search(known, tried)?;
        let candidates = self.select(tried, &known.base)?;
        self.prove(&candidates, known, tried)
    }

    /// Whether the runner was told to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.runner.is_stopped()
    }

    /// Step 2: all policies tried.
    fn search(&mut self, known: &Known, tried: &mut Vec<Judged>) -> Result<(), SimError> {
        let mut searches = Vec::new();
        for family in Family::ALL {
            // The best known come first: they are taken from the end.
            let varied = known.all.iter().rev().filter(|judged| outside(&judged.policy).is_none());
            let located = varied.map(|judged| locate(&known.base, &judged.policy));
            let mine = located.filter(|(of, _)| *of == family).map(|(_, point)| point);
            searches.push(Search::new(family, self.scenario.seed, mine.collect()));
        }
        let batches = self.plan.trials.div_ceil(BATCH) as usize;
        let even = (batches / 2).max(searches.len().min(batches));
        let mut failed = Ok(());
        for number in 0..batches {
            let place =
                if number < even { number % searches.len() } else { leader(&searches, number) };
            let batch = searches[place].propose(&known.base)?;
            let judged = match self.fresh(batch, 0, self.plan.search_runs.max(1)) {
                Ok(judged) => judged,
                Err(error) => {
                    failed = Err(error);
                    break;
                }
            };
            searches[place].learn(judged);
            for bounded in &mut self.constraints {
                bounded.learn(searches.iter().flat_map(Search::tried));
            }
            for search in &mut searches {
                search.weigh(&self.plan.goal, &self.constraints);
            }
        }
        tried.extend(searches.into_iter().flat_map(Search::into_tried));
        failed
    }

    /// Step 3: the candidates, best first.
    fn select(
        &mut self,
        tried: &[Judged],
        base: &RetryPolicy,
    ) -> Result<Vec<NamedPolicy>, SimError> {
        let mut field: Vec<Judged> = finalists(tried).into_iter().map(Judged::new).collect();
        let all = self.plan.proof_runs.max(4);
        let mut done = all / 4;
        self.run(&mut field, SELECTION, done)?;
        field = self.polish(field, base, done)?;
        for share in [2, 1] {
            sort(&mut field, Judged::safe_rank);
            field.truncate(FINALISTS * share as usize);
            let runs = all / share - done;
            self.run(&mut field, SELECTION + done, runs)?;
            done += runs;
        }
        sort(&mut field, Judged::safe_rank);
        Ok(field.iter().take(CANDIDATES).map(Judged::named).collect())
    }

    /// Goes on from the best by small steps, under more seeds than the search had: with three a policy
    /// is soon taken for better, or safer, than it is.
    fn polish(
        &mut self,
        field: Vec<Judged>,
        base: &RetryPolicy,
        runs: u32,
    ) -> Result<Vec<Judged>, SimError> {
        let mut searches = Vec::new();
        for family in Family::ALL {
            let located = field.iter().map(|judged| (judged, locate(base, &judged.policy)));
            let mine = located.filter(|(_, (of, _))| *of == family);
            let mine: Vec<_> = mine.map(|(judged, (_, point))| (judged.clone(), point)).collect();
            if !mine.is_empty() {
                let mut search = Search::polish(family, self.scenario.seed, mine);
                search.weigh(&self.plan.goal, &self.constraints);
                searches.push(search);
            }
        }
        for number in 0..polishing(self.plan) {
            let place = leader(&searches, number as usize);
            let Some(search) = searches.get_mut(place) else { break };
            let batch = search.propose(base)?;
            let judged = self.fresh(batch, SELECTION, runs)?;
            search.learn(judged);
            search.weigh(&self.plan.goal, &self.constraints);
        }
        Ok(searches.into_iter().flat_map(Search::into_tried).collect())
    }

    /// Step 4: the first candidate that keeps the constraints on fresh seeds, beside the best of the
    /// known that does.
    fn prove(
        &mut self,
        candidates: &[NamedPolicy],
        known: &Known,
        tried: &[Judged],
    ) -> Result<Tuning, SimError> {
        let mut nearest: Option<(Judged, Option<Judged>, Judged)> = None;
        let mut known_nearest: Option<Judged> = None;
        for (number, candidate) in (0..).zip(candidates) {
            let rivals = known.best.iter().take(IN_PROOF).map(Judged::named);
            let list = [candidate.clone(), known.current.clone()].into_iter().chain(rivals);
            let first = PROOF + number * NEXT_PROOF;
            let mut judged = self.fresh(list, first, self.plan.proof_runs)?.into_iter();
            let (Some(candidate), Some(current)) = (judged.next(), judged.next()) else { break };
            let rivals: Vec<Judged> = judged.collect();
            let rival = rivals.iter().find(|rival| rival.keeps()).cloned();
            let all = rivals.into_iter().chain(known_nearest.take());
            known_nearest = all.min_by(|a, b| a.rank().total_cmp(&b.rank()));
            let holds = candidate.keeps();
            let nearer = nearest.as_ref().is_none_or(|(best, ..)| candidate.rank() < best.rank());
            if holds || nearer {
                nearest = Some((candidate, rival, current));
            }
            if holds {
                break;
            }
        }
        let Some((mut candidate, rival, current)) = nearest else {
            let message = "no policy was found to prove: try at least a few dozen".to_owned();
            return Err(SimError::Limit { message });
        };
        // Where nothing keeps the constraints, what comes nearest may be one that there was.
        if let Some(known) = known_nearest.filter(|_| rival.is_none() && !candidate.keeps())
            && known.rank() < candidate.rank()
        {
            candidate = known;
        }
        let trials = self.trials(tried.iter().chain(&known.all))?;
        let front = self.proved_front(&trials, known)?;
        let mut tuning = self.told(candidate, rival, current, trials)?;
        tuning.front = front;
        Ok(tuning)
    }

    /// The best so far, where the runner was stopped.
    pub(super) fn unproved(&self, known: Known, tried: Vec<Judged>) -> Result<Tuning, SimError> {
        let all: Vec<Judged> = tried.into_iter().chain(known.all).collect();
        let trials = self.trials(all.iter())?;
        let current = all.iter().find(|judged| judged.name == known.current.name).cloned();
        let best = all.into_iter().min_by(|a, b| a.compare(b, Judged::rank));
        let (Some(candidate), Some(current)) = (best, current) else {
            return Err(SimError::Limit { message: "nothing has run yet".to_owned() });
        };
        let mut tuning = self.told(candidate, None, current, trials)?;
        tuning.verdict = Verdict::Unproved;
        Ok(tuning)
    }

    /// The second figure of the trials.
    fn against(&self) -> Result<Metric, SimError> {
        let metrics = self.constraints.iter().map(|bounded| bounded.constraint.metric);
        match metrics.into_iter().find(|metric| *metric != self.plan.goal.metric) {
            Some(metric) => Ok(metric),
            None => Ok(Metric::find("amplification")?),
        }
    }

    fn trials<'t>(&self, tried: impl Iterator<Item = &'t Judged>) -> Result<Vec<Trial>, SimError> {
        let (goal, against) = (self.plan.goal.metric, self.against()?);
        let trial = |judged: &Judged| {
            Some(Trial {
                name: judged.name.clone(),
                policy: judged.policy.clone(),
                goal: judged.mean_of(&goal)?,
                against: judged.mean_of(&against)?,
                keeps: judged.keeps(),
            })
        };
        Ok(tried.filter_map(trial).collect())
    }

    /// The front of the trials, by runs on the seeds of the proof.
    fn proved_front(&mut self, trials: &[Trial], known: &Known) -> Result<Vec<Trial>, SimError> {
        let against = self.against()?;
        let any = trials.iter().any(|trial| trial.keeps);
        let good = trials.iter().filter(|trial| trial.keeps || !any);
        let front = super::front(good, &self.plan.goal, &against);
        // Evenly along the front, its ends among them.
        let last = front.len().saturating_sub(1);
        let taken = front.len().min(IN_FRONT);
        let places = (0..taken).map(|i| i * last / (taken - 1).max(1));
        let mut policies: Vec<NamedPolicy> = Vec::new();
        for trial in places.filter_map(|place| front.get(place)) {
            let (name, policy) = (trial.name.clone(), trial.policy.clone());
            policies.push(NamedPolicy { name, policy });
        }
        policies.extend(known.best.iter().take(IN_PROOF).map(Judged::named));
        let mut distinct: Vec<NamedPolicy> = Vec::new();
        for named in policies {
            if distinct.iter().all(|other| other.policy != named.policy) {
                distinct.push(named);
            }
        }
        let judged = self.fresh(distinct, PROOF, self.plan.proof_runs)?;
        self.trials(judged.iter())
    }

    fn told(
        &self,
        candidate: Judged,
        rival: Option<Judged>,
        current: Judged,
        trials: Vec<Trial>,
    ) -> Result<Tuning, SimError> {
        let goal = self.plan.goal;
        let difference = rival.as_ref().and_then(|rival| paired(&goal, &candidate, rival));
        let verdict = match (&rival, difference) {
            (None, _) if candidate.keeps() => Verdict::OnlyCandidate,
            (None, _) => Verdict::Infeasible,
            (Some(_), Some((mean, half))) if candidate.keeps() => {
                let worst = if goal.maximize { -(mean - half) } else { mean + half };
                if worst < 0.0 { Verdict::Better } else { Verdict::NoBetter }
            }
            (Some(_), _) => Verdict::NoBetter,
        };
        let own = self.scenario.policies.iter();
        Ok(Tuning {
            verdict,
            candidate,
            rival,
            current,
            difference,
            constraints: self.constraints.iter().map(|c| c.constraint).collect(),
            trials,
            front: Vec::new(),
            outside: own
                .filter_map(|named| Some((named.name.clone(), outside(&named.policy)?)))
                .collect(),
            against: self.against()?,
            runs: self.runs,
        })
    }
}

/// See [`super::elsewhere`].
pub(super) fn elsewhere(
    policies: Vec<NamedPolicy>,
    constraints: &[Constraint],
    plan: &Plan,
    runner: &mut dyn Runner,
) -> Result<Vec<Judged>, SimError> {
    let bounded: Vec<Bounded> = constraints.iter().copied().map(Bounded::new).collect();
    let mut list: Vec<Judged> = policies.into_iter().map(Judged::new).collect();
    let runs = plan.proof_runs.min(ELSEWHERE);
    for judged in &mut list {
        let policy = &judged.policy;
        let job = |replication| Job { policy: policy.clone(), replication };
        let jobs: Vec<Job> = (PROOF..PROOF + runs).map(job).collect();
        judged.runs = runner.run(&jobs)?;
        judged.weigh(&plan.goal, &bounded);
    }
    Ok(list)
}

/// Which search goes on: the two that lead, in turn.
fn leader(searches: &[Search], number: usize) -> usize {
    let rank = |place: &usize| searches[*place].best().map_or(f64::INFINITY, Judged::safe_rank);
    let mut order: Vec<usize> = (0..searches.len()).collect();
    order.sort_by(|a, b| rank(a).total_cmp(&rank(b)));
    order.get(number % order.len().clamp(1, 2)).copied().unwrap_or(0)
}

/// The best of every family.
fn finalists(tried: &[Judged]) -> Vec<NamedPolicy> {
    let mut sorted: Vec<&Judged> = tried.iter().collect();
    sorted.sort_by(|a, b| a.compare(b, Judged::safe_rank));
    let mut finalists: Vec<NamedPolicy> = Vec::new();
    for judged in sorted {
        let same = finalists.iter().filter(|f| f.name == judged.name).count();
        let twin = finalists.iter().any(|f| f.policy == judged.policy);
        if same < FINALISTS && !twin && judged.name.starts_with(PREFIX) {
            finalists.push(judged.named());
        }
    }
    finalists
}
