//! `redrive tune`: which policy should we use? The library searches and proves; here it gets its
//! threads, and its answer words, a file and a picture.

mod answer;

use rayon::prelude::*;
use redrive::{time::format_duration, wire::Value};
use redrive_sim::{
    Options, Scenario, SimError,
    metric::{Metric, Sample},
    run_one,
    scenario::NamedPolicy,
    tune::{self, Constraint, Goal, Job, Plan, Tuning, Verdict},
};

use crate::{
    args::{self, TuneFormat},
    chart,
    clock::Stopwatch,
    error::CliError,
    input::Files,
    interrupt::{self, Stoppable},
    options::Setup,
    output::{self, File, Folder},
    paint::Style,
    progress::Board,
    runner, table, text, tree, words,
};

const BOLD: Style = Style::Bold;
const DIM: Style = Style::Dim;

/// Runs the verb.
pub(crate) fn run(typed: &args::Tune) -> Result<(), CliError> {
    let plan = plan(typed)?;
    let Setup { tree, files: named, scenario } = Setup::resolve(&typed.base)?;
    let folder = typed.out.as_deref().map(Folder::check).transpose()?;
    let board = Board::new(tune::expected_runs(&scenario, &plan) as usize);
    let pool = runner::pool(&scenario, typed.threads)?;
    let mut threads = Threads { scenario: &scenario, pool: &pool, board: &board };
    let started = Stopwatch::start();
    let stoppable = Stoppable::begin();
    let tuning = tune::tune(&scenario, &plan, &mut threads);
    let took = started.elapsed().as_secs_f64();
    if tuning.is_err() {
        interrupt::check()?;
    }
    let mut tuning = tuning?;
    let longer = if tuning.verdict == Verdict::Unproved {
        None
    } else {
        Longer::of(tree, named, &scenario)?
    };
    let longer =
        longer.map(|longer| longer.rehearsed(&tuning, &plan, &pool, &board)).transpose()?;
    drop((board, stoppable));
    let tried = tuning.trials.len() as u64;
    if tuning.trials.iter().any(|trial| trial.keeps) {
        // A policy that breaks a constraint is not offered, however good two of its figures are.
        tuning.trials.retain(|trial| trial.keeps);
    }
    let result = tree::json(&answer::json(&scenario, &plan, &tuning, tried))?;
    let mut listing = String::new();
    if let Some(folder) = &folder {
        let files = files(&plan, &tuning, &result)?;
        folder.write(&files)?;
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        let folder = folder.path().display();
        listing = format!("\n{DIM}in {folder}: {}{DIM:#}\n", names.join("  "));
    }
    match typed.format {
        TuneFormat::Json => output::print(&result),
        TuneFormat::Text => {
            let effort = format!(
                "{} evaluated, {} in {}",
                text::counted(tried, "policy", "policies"),
                text::counted(tuning.runs, "run", "runs"),
                text::seconds(took),
            );
            output::print(&(told(&scenario, &plan, &tuning, longer.as_ref(), &effort)? + &listing))
        }
    }?;
    interrupt::check()
}

fn plan(typed: &args::Tune) -> Result<Plan, CliError> {
    let goal = match (&typed.minimize, &typed.maximize) {
        (_, Some(name)) => Goal { metric: Metric::find(name)?, maximize: true },
        (Some(name), None) => Goal { metric: Metric::find(name)?, maximize: false },
        (None, None) => Goal { metric: Metric::find("p99")?, maximize: false },
    };
    let constraints = typed.subject_to.iter().map(|text| {
        Constraint::parse(text).map_err(|error| CliError::option("--subject-to", error))
    });
    Ok(Plan {
        goal,
        constraints: constraints.collect::<Result<_, _>>()?,
        trials: typed.trials,
        search_runs: typed.search_runs,
        proof_runs: typed.runs,
    })
}

/// Runs a batch on all cores; results come in the order of the jobs.
struct Threads<'a> {
    scenario: &'a Scenario,
    pool: &'a rayon::ThreadPool,
    board: &'a Board,
}

impl tune::Runner for Threads<'_> {
    fn run(&mut self, jobs: &[Job]) -> Result<Vec<Sample>, SimError> {
        let one = |job: &Job| -> Result<Sample, SimError> {
            let mut scenario = self.scenario.clone();
            let name = "tried".to_owned();
            scenario.policies = vec![NamedPolicy { name, policy: job.policy.clone() }];
            let mut piece = self.board.piece(scenario.horizon.map(|_| scenario.end()));
            let outcome = run_one(&scenario, 0, job.replication, Options::default(), &mut piece)?;
            // A small run ends before it looks at the signal.
            if outcome.partial || interrupt::requested() {
                // The caller asks why before it looks at this.
                return Err(SimError::Limit { message: "interrupted".to_owned() });
            }
            Ok(Sample::of(&outcome.summary))
        };
        self.pool.install(|| jobs.par_iter().map(one).collect())
    }

    fn is_stopped(&self) -> bool {
        interrupt::requested()
    }
}

fn files(plan: &Plan, tuning: &Tuning, result: &str) -> Result<Vec<File>, CliError> {
    let file = |name: &str, bytes| File { name: name.to_owned(), bytes };
    let best = answer::best(tuning);
    let mut files = vec![
        file("tune.json", result.as_bytes().to_vec()),
        file("policy.json", tree::json(&best.policy.to_value())?.into_bytes()),
    ];
    if let Some((svg, png)) = chart::pareto(&plan.goal, tuning)? {
        files.push(file("pareto.svg", svg.into_bytes()));
        files.push(file("pareto.png", png));
    }
    Ok(files)
}

/// The scenario with faults that last twice as long: a policy that is fitted to an outage of thirty
/// seconds may be the worst one in an outage of a minute.
struct Longer {
    title: String,
    scenario: Scenario,
    judged: Vec<tune::Judged>,
}

impl Longer {
    /// `None` where there are no faults that end, or where longer ones make no sense.
    fn of(
        mut tree: Value,
        mut files: Files,
        scenario: &Scenario,
    ) -> Result<Option<Self>, CliError> {
        let mut more = redrive::Duration::ZERO;
        for (place, fault) in scenario.faults.iter().enumerate() {
            let Some(until) = fault.until else { continue };
            let length = until.saturating_since(fault.from);
            more = more.max(length);
            let until = until.saturating_since(redrive::Time::ZERO) + length;
            Scenario::set(&mut tree, &format!("faults[{place}].until"), &format_duration(until))?;
        }
        if more.is_zero() {
            return Ok(None);
        }
        if let Some(horizon) = scenario.horizon {
            Scenario::set(&mut tree, "horizon", &format_duration(horizon + more))?;
        }
        let title = format!(
            "That is for this scenario. If its {} lasted twice as long:",
            if scenario.faults.len() == 1 { "fault" } else { "faults" }
        );
        let scenario = Scenario::read(&tree, &mut files)?;
        Ok(Some(Self { title, scenario, judged: Vec::new() }))
    }

    fn rehearsed(
        mut self,
        tuning: &Tuning,
        plan: &Plan,
        pool: &rayon::ThreadPool,
        board: &Board,
    ) -> Result<Self, CliError> {
        let named = |judged: &&tune::Judged| NamedPolicy {
            name: judged.name.clone(),
            policy: judged.policy.clone(),
        };
        let policies = answer::compared(tuning).iter().map(named).collect();
        let mut threads = Threads { scenario: &self.scenario, pool, board };
        let judged = tune::elsewhere(policies, tuning, plan, &mut threads);
        interrupt::check()?;
        self.judged = judged?;
        Ok(self)
    }
}

/// Everything for a terminal; `effort` says what it took.
fn told(
    scenario: &Scenario,
    plan: &Plan,
    tuning: &Tuning,
    longer: Option<&Longer>,
    effort: &str,
) -> Result<String, CliError> {
    let best = answer::best(tuning);
    let constraints: Vec<String> = tuning.constraints.iter().map(ToString::to_string).collect();
    let limits = match constraints.is_empty() {
        true => String::new(),
        false => format!(" subject to {}", constraints.join(" and ")),
    };
    let headline = format!("{}: {}{limits}", scenario.name, plan.goal);
    let width = output::width().min(100);
    let mut told = format!(
        "{BOLD}{}{BOLD:#}\n{DIM}{effort}, seed {}{DIM:#}\n\n",
        table::wrapped(&headline, width).trim_end(),
        scenario.seed
    );
    told.push_str(&table::wrapped(&answer::verdict(plan, tuning), width));
    if let Some(outside) = answer::outside(tuning) {
        told.push_str(&table::wrapped(&outside, width));
    }
    told.push('\n');
    told.push_str(&answer::comparison(plan, tuning, &answer::compared(tuning), output::width()));
    if let Some(longer) = longer {
        told.push_str(&format!("\n{}", table::wrapped(&longer.title, width)));
        let judged: Vec<_> = longer.judged.iter().collect();
        told.push_str(&answer::comparison(plan, tuning, &judged, output::width()));
    }
    told.push_str(&format!(
        "\n{BOLD}{}{BOLD:#}: {}\n{}",
        best.name,
        words::policy(&best.policy),
        tree::json(&best.policy.to_value())?
    ));
    for hint in best.policy.hints() {
        told.push_str(&table::wrapped(&format!("hint: {}", hint.message), width));
    }
    Ok(told)
}
