//! The comparison of policies as a table for a terminal.

use redrive_sim::{
    Scenario,
    outcome::{Figure, Outcome, PolicyOutcome},
};

use super::spark::Sparks;
use crate::{
    paint::Style,
    table::{self, Cell, Column},
    text::{self, number, percent, seconds, times},
    words,
};

const BOLD: Style = Style::Bold;
const DIM: Style = Style::Dim;
const GOOD: Style = Style::Green;
const BAD: Style = Style::Red;
const SPARK: Style = Style::Yellow;

const fn right(title: &'static str, rank: u8) -> Column {
    Column { title, right: true, rank }
}

/// Everything about `outcome` that fits into `width` letters.
pub(crate) fn text(outcome: &Outcome, scenario: &Scenario, width: usize) -> String {
    let mut text = headline(outcome, scenario, width);
    text.push_str(&comparison(outcome, scenario, width));
    text.push('\n');
    let sentences = words::verdict(outcome, scenario).join(" ");
    text.push_str(&table::wrapped(&sentences, width.min(100)));
    text
}

fn headline(outcome: &Outcome, scenario: &Scenario, width: usize) -> String {
    let title = match scenario.title.as_str() {
        "" => outcome.scenario.clone(),
        title => format!("{}: {title}", outcome.scenario),
    };
    let mut facts = vec![format!("seed {}", outcome.seed)];
    if outcome.policies.iter().any(|policy| policy.partial) {
        facts.push("PARTIAL: interrupted before its end".to_owned());
    }
    let partial = outcome.policies.iter().any(|policy| policy.partial);
    match outcome.runs {
        0 | 1 => {}
        runs if partial => facts.push(format!("means of those of {runs} runs that were begun")),
        runs => facts.push(format!("means of {runs} runs")),
    }
    if let Some(capacity) =
        outcome.policies.iter().find_map(|policy| policy.summary.capacity_per_second.value())
    {
        facts.push(format!("the server can do {}/s", number(capacity)));
    }
    if let Some(policy) = outcome.policies.first() {
        facts.push(format!("rates per {}", policy.summary.bin));
    }
    let title = table::wrapped(&title, width);
    let facts = table::wrapped(&facts.join(" · "), width);
    format!("{BOLD}{}{BOLD:#}\n{DIM}{}{DIM:#}\n\n", title.trim_end(), facts.trim_end())
}

/// The rows of figures, and a line of attempts over time if there is room for one.
fn comparison(outcome: &Outcome, scenario: &Scenario, width: usize) -> String {
    let after = if scenario.faults.is_empty() { "peak/s" } else { "peak after/s" };
    let drained = if scenario.faults.is_empty() { "done at" } else { "drained after" };
    let mut columns = vec![
        Column { title: "policy", right: false, rank: 0 },
        right("succeeded", 0),
        right("dead letters", 1),
        right("attempts", 4),
        right("per task", 5),
        right(after, 0),
        right("× capacity", 2),
        right(drained, 3),
        right("p99", 6),
    ];
    let mut rows: Vec<Vec<Cell>> = outcome.policies.iter().map(|p| row(p, scenario)).collect();
    let taken: usize = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let widest = rows.iter().map(|row| row[index].text.chars().count()).max().unwrap_or(0);
            widest.max(column.title.chars().count()) + 2
        })
        .sum();
    let room = width.saturating_sub(taken);
    let has_series = outcome.policies.iter().any(|policy| !policy.series.first.is_empty());
    if !has_series {
        return table::layout(&columns, &rows, width);
    }
    // Beside the figures where that leaves enough to see a shape, else under them.
    if room >= 24 {
        let sparks = Sparks::new(outcome, room.min(60));
        columns.push(Column { title: "attempts over time", right: false, rank: 0 });
        for (row, policy) in rows.iter_mut().zip(&outcome.policies) {
            row.push(Cell::styled(sparks.line(&policy.series), SPARK));
        }
        return table::layout(&columns, &rows, width);
    }
    let mut text = table::layout(&columns, &rows, width);
    let names = outcome.policies.iter().map(|policy| policy.name.chars().count()).max();
    let names = names.unwrap_or(0).max(6);
    let sparks = Sparks::new(outcome, width.saturating_sub(names + 2).clamp(10, 100));
    let span = seconds(sparks.seconds());
    let run = if outcome.runs > 1 { ", the first run" } else { "" };
    text.push_str(&format!(
        "\n{BOLD}attempts over time{BOLD:#} {DIM}(0 to {span}, one scale for all{run}){DIM:#}\n"
    ));
    for policy in &outcome.policies {
        let pad = " ".repeat(names - policy.name.chars().count());
        let line = sparks.line(&policy.series);
        text.push_str(&format!("{}{pad}  {SPARK}{}{SPARK:#}\n", policy.name, line.trim_end()));
    }
    text
}

fn row(policy: &PolicyOutcome, scenario: &Scenario) -> Vec<Cell> {
    let summary = &policy.summary;
    let tasks = summary.tasks.or_zero();
    let share = if tasks > 0.0 { summary.succeeded.or_zero() / tasks } else { 0.0 };
    let dead = summary.dead_letters();
    let faults = !scenario.faults.is_empty();
    let peak = words::peak(policy);
    let over = words::over_capacity(policy);
    let plain = |figure: &Figure| figure.value().map_or("–".to_owned(), number);
    let end = if faults { &summary.drain_seconds } else { &summary.completion_seconds };
    vec![
        Cell::styled(policy.name.clone(), BOLD),
        Cell::styled(percent(share), if share >= 0.999 { GOOD } else { Style::Plain }),
        Cell::styled(number(dead), if dead > 0.0 { BAD } else { Style::Plain }),
        plain(&summary.attempts).into(),
        number(summary.amplification.or_zero()).into(),
        format!("{}{}", number(peak), spread(&summary.peak_after_fault_per_second)).into(),
        Cell::styled(
            over.map_or("–".to_owned(), times),
            match over {
                Some(over) if over > 2.0 => BAD,
                Some(_) => GOOD,
                None => Style::Plain,
            },
        ),
        match end.value() {
            // Over before the fault was: nothing to drain.
            Some(end) if end > 0.0 => seconds(end).into(),
            _ => "–".into(),
        },
        summary.time_to_success_seconds.p99.value().map_or("–".to_owned(), text::seconds).into(),
    ]
}

/// ` ±4` behind a mean.
fn spread(figure: &Figure) -> String {
    figure.ci95().map_or_else(String::new, |ci95| format!(" ±{}", number(ci95)))
}
