//! The comparison as Markdown, for a pull request.

use redrive_sim::{Outcome, Scenario, comparison::comparison};

use crate::{
    text::{markdown, markdown_code},
    words,
};

/// A heading, what it says, the table, and how to get it again.
pub(crate) fn text(
    outcome: &Outcome,
    scenario: &Scenario,
    advice: Option<&str>,
    command: &str,
) -> String {
    let mut text = format!("### Retry policies under {}\n\n", markdown_code(&outcome.scenario));
    if !scenario.title.is_empty() {
        text.push_str(&format!("{}.\n\n", markdown(scenario.title.trim_end_matches('.'))));
    }
    text.push_str(&markdown(&words::verdict(outcome, scenario).join(" ")));
    text.push_str("\n\n");
    let figures = comparison(outcome, scenario);
    let brief: Vec<bool> = figures.columns.iter().map(|column| column.rank.is_some()).collect();
    let mut line = |cells: Vec<String>| text.push_str(&format!("| {} |\n", cells.join(" | ")));
    let of = |name: &str, cells: Vec<String>| -> Vec<String> {
        let cells =
            cells.into_iter().zip(&brief).filter(|(_, brief)| **brief).map(|(text, _)| text);
        std::iter::once(name.to_owned()).chain(cells).collect()
    };
    line(of("policy", figures.columns.iter().map(|column| markdown(&column.title)).collect()));
    line(of("---", figures.columns.iter().map(|_| "--:".to_owned()).collect()));
    for row in &figures.rows {
        line(of(
            &markdown(&row.policy),
            row.cells.iter().map(|figure| markdown(&figure.text)).collect(),
        ));
    }
    if let Some(advice) = advice {
        text.push_str(&format!("\n{}\n", markdown(advice)));
    }
    let version = env!("CARGO_PKG_VERSION");
    text.push_str(&format!("\n{} (redrive {version})\n", markdown_code(command)));
    text
}
