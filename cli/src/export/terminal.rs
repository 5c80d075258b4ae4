//! The comparison of policies as a table for a terminal.

use redrive_sim::{
    Scenario,
    comparison::{self, Tone},
    outcome::Outcome,
};

use super::spark::Sparks;
use crate::{
    paint::Style,
    table::{self, Cell, Column},
    text::{number, seconds},
    words,
};

const BOLD: Style = Style::Bold;
const DIM: Style = Style::Dim;
const GOOD: Style = Style::Green;
const BAD: Style = Style::Red;
const SPARK: Style = Style::Yellow;

/// Everything about `outcome` that fits into `width` letters.
pub(crate) fn text(
    outcome: &Outcome,
    scenario: &Scenario,
    advice: Option<&str>,
    width: usize,
) -> String {
    let mut text = headline(outcome, scenario, width);
    text.push_str(&comparison(outcome, scenario, width));
    text.push('\n');
    let sentences = words::verdict(outcome, scenario).join(" ");
    text.push_str(&table::wrapped(&sentences, width.min(100)));
    if let Some(advice) = advice {
        text.push('\n');
        text.push_str(&table::wrapped(advice, width.min(100)));
    }
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
    let figures = redrive_sim::comparison::comparison(outcome, scenario);
    let mut columns = vec![Column { title: "policy", right: false, rank: 0 }];
    let brief = |column: &comparison::Column| column.rank.is_some();
    for column in figures.columns.iter().filter(|column| brief(column)) {
        let rank = column.rank.unwrap_or(u8::MAX);
        columns.push(Column { title: &column.title, right: true, rank });
    }
    let row = |row: &comparison::Row| {
        let cells = row.cells.iter().zip(&figures.columns).filter(|(_, column)| brief(column));
        let cells = cells.map(|(cell, _)| Cell::styled(cell.text.clone(), style(cell.tone)));
        std::iter::once(Cell::styled(row.policy.clone(), BOLD)).chain(cells).collect()
    };
    let mut rows: Vec<Vec<Cell>> = figures.rows.iter().map(row).collect();
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

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::Plain,
        Tone::Good => GOOD,
        Tone::Bad => BAD,
    }
}
