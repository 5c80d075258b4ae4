//! The answer of a tune: in words, as a table of what it costs, and for programs.

use redrive::wire::Value;
use redrive_sim::{
    Scenario,
    metric::Metric,
    outcome::row::Unit,
    tune::{Constraint, Judged, Plan, Trial, Tuning, Verdict},
};

use crate::{
    table::{self, Cell, Column},
    text,
};

/// The policy to take.
pub(super) fn best(tuning: &Tuning) -> &Judged {
    match (tuning.verdict, &tuning.rival) {
        (Verdict::NoBetter, Some(rival)) => rival,
        _ => &tuning.candidate,
    }
}

/// What was found and how sure it is.
pub(super) fn verdict(plan: &Plan, tuning: &Tuning) -> String {
    let metric = plan.goal.metric;
    let figure = |judged: &Judged| {
        judged.mean_of(&metric).map_or("no figure".to_owned(), |v| in_unit(&metric, v))
    };
    let candidate = &tuning.candidate;
    match (tuning.verdict, &tuning.rival, tuning.difference) {
        (Verdict::Better, Some(rival), Some(difference)) => format!(
            "The policy below is better than the best that there was, “{}”: {} {} against {}, {}{}{}.",
            rival.name,
            metric.name,
            figure(candidate),
            figure(rival),
            apart(&metric, difference),
            small(difference, rival.mean_of(&metric)),
            held(tuning, candidate),
        ),
        (Verdict::NoBetter, Some(rival), difference) => format!(
            "None does better: take “{}” ({} {}{}). {}",
            rival.name,
            metric.name,
            figure(rival),
            held(tuning, rival),
            match (candidate.keeps(), difference) {
                (true, Some(difference)) => format!(
                    "The best that the search found has {}, {}.",
                    figure(candidate),
                    apart(&metric, difference)
                ),
                _ => format!(
                    "What the search found has {}, and breaks a constraint{}.",
                    figure(candidate),
                    held(tuning, candidate)
                ),
            }
        ),
        (Verdict::Infeasible, ..) => format!(
            "Nothing that was tried keeps the constraints: {}. What came nearest is below ({} {}){}. {}",
            nearest(tuning, candidate),
            metric.name,
            figure(candidate),
            held(tuning, candidate),
            broken(tuning, candidate)
        ),
        (Verdict::Unproved, ..) => format!(
            "Interrupted: the policy below is the best so far ({} {}), by the few runs that chose it. \
             It was not proved on other seeds.",
            metric.name,
            figure(candidate)
        ),
        _ => format!(
            "No preset keeps the constraints; the policy below does ({} {}){}.",
            metric.name,
            figure(candidate),
            held(tuning, candidate)
        ),
    }
}

/// A paired difference in words.
fn apart(metric: &Metric, (mean, half): (f64, f64)) -> String {
    format!("a difference of {} ± {} (95 %)", in_unit(metric, mean), in_unit(metric, half))
}

/// A difference that is certain may still not be worth a change.
fn small((mean, _): (f64, f64), rival: Option<f64>) -> &'static str {
    match rival {
        Some(rival) if mean.abs() < 0.01 * rival.abs() => {
            ", which is less than 1 % and hardly worth a change"
        }
        _ => "",
    }
}

fn held(tuning: &Tuning, judged: &Judged) -> String {
    if tuning.constraints.is_empty() {
        return String::new();
    }
    let (held, all) = (judged.kept_in(&tuning.constraints), judged.runs.len());
    format!("; the constraints held in {held} of {all} runs on seeds that nothing was chosen by")
}

/// What was asked, and what can be had, in the figure's unit.
fn nearest(tuning: &Tuning, judged: &Judged) -> String {
    let missed = tuning
        .constraints
        .iter()
        .filter(|constraint| judged.kept_in(std::slice::from_ref(constraint)) < judged.runs.len());
    let each = missed.map(|constraint| {
        let metric = &constraint.metric;
        let said = |value: f64| in_unit(metric, value);
        let mean = judged.mean_of(metric).map_or("nothing".to_owned(), said);
        format!("{} of {} was asked, {mean} is the nearest", metric.name, said(constraint.limit))
    });
    let each: Vec<String> = each.collect();
    each.join("; ")
}

/// A figure in its unit.
fn in_unit(metric: &Metric, value: f64) -> String {
    match metric.unit {
        Unit::Seconds => text::seconds(value),
        Unit::Share => text::percent(value),
        Unit::PerSecond => format!("{}/s", text::number(value)),
        Unit::Factor => text::times(value),
        Unit::Count | Unit::Text => text::number(value),
    }
}

/// Which constraint is in the way.
fn broken(tuning: &Tuning, judged: &Judged) -> String {
    let alone = |constraint: &Constraint| {
        let held = judged.kept_in(std::slice::from_ref(constraint));
        let said = |value: f64| in_unit(&constraint.metric, value);
        let mean = judged.mean_of(&constraint.metric).map_or("none".to_owned(), said);
        format!("{constraint} in {held} (mean {mean})")
    };
    let each: Vec<String> = tuning.constraints.iter().map(alone).collect();
    format!("One by one they held: {}.", each.join(", "))
}

/// The figures that are shown of each policy: the goal's, the constraints', and what else a change of
/// policy is felt in.
fn figures(plan: &Plan, tuning: &Tuning) -> Vec<Metric> {
    const USUAL: [&str; 5] =
        ["p99", "succeededShare", "amplification", "peakToCapacity", "completionSeconds"];
    let usual = USUAL.iter().filter_map(|name| Metric::find(name).ok());
    let asked = [plan.goal.metric].into_iter().chain(tuning.constraints.iter().map(|c| c.metric));
    let mut figures: Vec<Metric> = Vec::new();
    for metric in asked.chain(usual) {
        if !figures.contains(&metric) {
            figures.push(metric);
        }
    }
    figures
}

/// Which of the scenario's policies were not varied, and why.
pub(super) fn outside(tuning: &Tuning) -> Option<String> {
    let each: Vec<String> =
        tuning.outside.iter().map(|(name, what)| format!("“{name}” ({what})")).collect();
    (!each.is_empty()).then(|| {
        format!(
            "Compared as written, since the search does not vary its kind: {}.",
            each.join(", ")
        )
    })
}

/// Who is compared: the candidate, the best that there was, what there is now.
pub(super) fn compared(tuning: &Tuning) -> Vec<&Judged> {
    let mut compared = vec![&tuning.candidate];
    compared.extend(&tuning.rival);
    if compared.iter().all(|judged| judged.name != tuning.current.name) {
        compared.push(&tuning.current);
    }
    compared
}

/// What the choice costs elsewhere: one figure alone may be bought with the others.
pub(super) fn comparison(
    plan: &Plan,
    tuning: &Tuning,
    compared: &[&Judged],
    width: usize,
) -> String {
    let column = |title, right, rank| Column { title, right, rank };
    let mut columns = vec![column("policy", false, 0)];
    let metrics = figures(plan, tuning);
    for (place, metric) in metrics.iter().enumerate() {
        columns.push(column(metric.name, true, u8::try_from(place).unwrap_or(u8::MAX)));
    }
    let row = |judged: &&Judged| {
        let figure = |metric: &Metric| {
            let said = |value: f64| in_unit(metric, value);
            Cell::from(judged.mean_of(metric).map_or("–".to_owned(), said))
        };
        let mut row = vec![Cell::from(judged.name.clone())];
        row.extend(metrics.iter().map(figure));
        row
    };
    let rows: Vec<Vec<Cell>> = compared.iter().map(row).collect();
    table::layout(&columns, &rows, width)
}

/// The answer in one word, for programs.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::NoBetter => "noBetter",
        Verdict::OnlyCandidate => "onlyCandidate",
        Verdict::Infeasible => "infeasible",
        Verdict::Unproved => "unproved",
    }
}

/// `redrive-tune/1`
pub(super) fn json(scenario: &Scenario, plan: &Plan, tuning: &Tuning, tried: u64) -> Value {
    let number = |value: Option<f64>| value.map_or(Value::Null, Value::Float);
    fn of(judged: &Judged) -> impl Fn(&Metric) -> (String, Value) {
        |metric| {
            let figure = judged.mean_of(metric).map_or(Value::Null, Value::Float);
            (metric.name.to_owned(), figure)
        }
    }
    let judged = |judged: &Judged| {
        let held = judged.kept_in(&tuning.constraints) as u64;
        Value::map([
            ("name", judged.name.as_str().into()),
            ("policy", judged.policy.to_value()),
            ("goal", number(judged.mean_of(&plan.goal.metric))),
            ("runs", (judged.runs.len() as u64).into()),
            ("runsWithinConstraints", held.into()),
            ("figures", Value::Map(figures(plan, tuning).iter().map(of(judged)).collect())),
        ])
    };
    let constraints = tuning.constraints.iter().map(|c| Value::Text(c.to_string())).collect();
    let point = |trial: &&Trial| {
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
        ("current", judged(&tuning.current)),
        (
            "difference",
            tuning.difference.map_or(Value::Null, |(mean, half)| {
                Value::map([("mean", Value::Float(mean)), ("ci95", Value::Float(half))])
            }),
        ),
        ("against", tuning.against.name.into()),
        ("trials", tried.into()),
        ("runs", tuning.runs.into()),
        ("pareto", Value::List(pareto.iter().map(point).collect())),
    ])
}
