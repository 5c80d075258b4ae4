//! `redrive tune`: which policy should we use? The library searches and proves; here it gets its
//! threads, and its answer words, a file and a picture.

use rayon::prelude::*;
use redrive::wire::Value;
use redrive_sim::{
    Options, Scenario, SimError,
    metric::Metric,
    outcome::Summary,
    run_one,
    scenario::NamedPolicy,
    tune::{self, Constraint, Goal, Job, Judged, Plan, Tuning, Verdict},
};

use crate::{
    args::{self, TuneFormat},
    chart,
    error::CliError,
    interrupt,
    options::Setup,
    output::{self, File, Folder},
    progress::Board,
    runner, table, text, tree, words,
};

const BOLD: anstyle::Style = anstyle::Style::new().bold();
const DIM: anstyle::Style = anstyle::Style::new().dimmed();

/// Runs the verb.
pub(crate) fn run(typed: &args::Tune) -> Result<(), CliError> {
    let plan = plan(typed)?;
    let Setup { scenario, .. } = Setup::resolve(&typed.base)?;
    let folder = typed.out.as_deref().map(Folder::check).transpose()?;
    let finalists = 15 * 2 * plan.proof_runs;
    let rivals = (scenario.policies.len() + redrive::presets::all().len()) as u32;
    let expected = (plan.trials + rivals) * plan.search_runs + finalists;
    let board = Board::new(expected as usize);
    let pool = runner::pool(&scenario, typed.threads)?;
    let mut threads = Threads { scenario: &scenario, pool: &pool, board: &board };
    let tuning = tune::tune(&scenario, &plan, &mut threads);
    drop(board);
    interrupt::check()?;
    let mut tuning = tuning.map_err(|error| CliError::input(error.to_string()))?;
    let tried = tuning.trials.len() as u64;
    if tuning.trials.iter().any(|trial| trial.keeps) {
        // What breaks a constraint is no choice, however good it looks in two figures.
        tuning.trials.retain(|trial| trial.keeps);
    }
    let result = tree::json(&answer(&scenario, &plan, &tuning, tried))?;
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
        TuneFormat::Text => output::print(&(told(&scenario, &plan, &tuning, tried)? + &listing)),
    }
}

fn plan(typed: &args::Tune) -> Result<Plan, CliError> {
    let goal = match (&typed.minimize, &typed.maximize) {
        (_, Some(name)) => Goal { metric: Metric::find(name)?, maximize: true },
        (Some(name), None) => Goal { metric: Metric::find(name)?, maximize: false },
        (None, None) => Goal { metric: Metric::find("p99")?, maximize: false },
    };
    let constraints = typed.subject_to.iter().map(|text| {
        Constraint::parse(text).map_err(|error| CliError::input(format!("--subject-to: {error}")))
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
    fn run(&mut self, jobs: &[Job]) -> Result<Vec<Summary>, SimError> {
        let one = |job: &Job| -> Result<Summary, SimError> {
            let mut scenario = self.scenario.clone();
            let name = "tried".to_owned();
            scenario.policies = vec![NamedPolicy { name, policy: job.policy.clone() }];
            let mut piece = self.board.piece(scenario.horizon.map(|_| scenario.end()));
            let outcome = run_one(&scenario, 0, job.replication, Options::default(), &mut piece)?;
            if outcome.partial {
                // The caller asks why before it looks at this.
                return Err(SimError::Limit { message: "interrupted".to_owned() });
            }
            Ok(outcome.summary)
        };
        self.pool.install(|| jobs.par_iter().map(one).collect())
    }
}

/// The answer in one word, for programs.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::NoBetter => "noBetter",
        Verdict::OnlyCandidate => "onlyCandidate",
        Verdict::Infeasible => "infeasible",
    }
}

/// `redrive-tune/1`
fn answer(scenario: &Scenario, plan: &Plan, tuning: &Tuning, tried: u64) -> Value {
    let number = |value: Option<f64>| value.map_or(Value::Null, Value::Float);
    let judged = |judged: &Judged| {
        let held = judged.kept_in(&tuning.constraints) as u64;
        Value::map([
            ("name", judged.name.as_str().into()),
            ("policy", judged.policy.to_value()),
            ("goal", number(judged.mean_of(&plan.goal.metric))),
            ("runs", (judged.runs.len() as u64).into()),
            ("runsWithinConstraints", held.into()),
        ])
    };
    let constraints = tuning.constraints.iter().map(|c| Value::Text(c.to_string())).collect();
    let point = |trial: &&tune::Trial| {
        Value::map([
            ("goal", Value::Float(trial.goal)),
            ("against", Value::Float(trial.against)),
            ("withinConstraints", trial.keeps.into()),
            ("name", trial.name.as_str().into()),
            ("policy", trial.policy.to_value()),
        ])
    };
    let pareto = tuning.pareto(&plan.goal);
    Value::map([
        ("schema", "redrive-tune/1".into()),
        ("scenario", scenario.name.as_str().into()),
        ("seed", scenario.seed.into()),
        ("goal", plan.goal.to_string().into()),
        ("constraints", Value::List(constraints)),
        ("verdict", word(tuning.verdict).into()),
        ("candidate", judged(&tuning.candidate)),
        ("rival", tuning.rival.as_ref().map_or(Value::Null, judged)),
        (
            "difference",
            tuning.difference.map_or(Value::Null, |(mean, half)| {
                Value::map([("mean", Value::Float(mean)), ("ci95", Value::Float(half))])
            }),
        ),
        ("against", tuning.against.name.into()),
        ("trials", tried.into()),
        ("pareto", Value::List(pareto.iter().map(point).collect())),
    ])
}

fn files(plan: &Plan, tuning: &Tuning, result: &str) -> Result<Vec<File>, CliError> {
    let file = |name: &str, bytes| File { name: name.to_owned(), bytes };
    let best = best(tuning);
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

/// The policy to take.
fn best(tuning: &Tuning) -> &Judged {
    match (tuning.verdict, &tuning.rival) {
        (Verdict::NoBetter, Some(rival)) => rival,
        _ => &tuning.candidate,
    }
}

fn told(scenario: &Scenario, plan: &Plan, tuning: &Tuning, tried: u64) -> Result<String, CliError> {
    let best = best(tuning);
    let constraints: Vec<String> = tuning.constraints.iter().map(ToString::to_string).collect();
    let mut told = format!(
        "{BOLD}{}: {} subject to {}{BOLD:#}\n{DIM}{} tried that have the figure, seed {}{DIM:#}\n\n",
        scenario.name,
        plan.goal,
        constraints.join(" and "),
        text::counted(tried, "policy", "policies"),
        scenario.seed
    );
    told.push_str(&table::wrapped(&verdict(plan, tuning), output::width().min(100)));
    told.push_str(&format!(
        "\n{BOLD}{}{BOLD:#}: {}\n{}",
        best.name,
        words::policy(&best.policy),
        tree::json(&best.policy.to_value())?
    ));
    for hint in best.policy.hints() {
        told.push_str(&format!("hint: {}\n", hint.message));
    }
    Ok(told)
}

/// What was found and how sure it is.
fn verdict(plan: &Plan, tuning: &Tuning) -> String {
    let metric = plan.goal.metric;
    let figure =
        |judged: &Judged| judged.mean_of(&metric).map_or("no figure".to_owned(), text::number);
    let held = |judged: &Judged| {
        let (held, all) = (judged.kept_in(&tuning.constraints), judged.runs.len());
        format!("the constraints held in {held} of {all} runs on seeds that nothing was chosen by")
    };
    let candidate = &tuning.candidate;
    match (tuning.verdict, &tuning.rival, tuning.difference) {
        (Verdict::Better, Some(rival), Some((mean, half))) => format!(
            "The policy below is better than the best that there was, “{}”: {} {} against {}, a \
             difference of {} ± {} (95 %); {}.",
            rival.name,
            metric.name,
            figure(candidate),
            figure(rival),
            text::number(mean),
            text::number(half),
            held(candidate)
        ),
        (Verdict::NoBetter, Some(rival), difference) => format!(
            "None does better: take “{}” ({} {}). The best that the search found has {}{}; {}.",
            rival.name,
            metric.name,
            figure(rival),
            figure(candidate),
            difference.map_or_else(String::new, |(mean, half)| format!(
                ", a difference of {} ± {} (95 %)",
                text::number(mean),
                text::number(half)
            )),
            held(rival)
        ),
        (Verdict::Infeasible, ..) => format!(
            "Nothing that was tried keeps the constraints. What came nearest is below ({} {}); {}.",
            metric.name,
            figure(candidate),
            held(candidate)
        ),
        _ => format!(
            "No preset keeps the constraints; the policy below does ({} {}); {}.",
            metric.name,
            figure(candidate),
            held(candidate)
        ),
    }
}
