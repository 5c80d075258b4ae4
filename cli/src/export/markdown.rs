//! The comparison as Markdown, for a pull request.

use redrive_sim::{Outcome, Scenario};

use crate::{
    text::{markdown, markdown_code, number, percent, seconds, times},
    words,
};

/// A heading, what it says, the table, and how to get it again.
pub(crate) fn text(outcome: &Outcome, scenario: &Scenario, command: &str) -> String {
    let mut text = format!("### Retry policies under {}\n\n", markdown_code(&outcome.scenario));
    if !scenario.title.is_empty() {
        text.push_str(&format!("{}.\n\n", markdown(scenario.title.trim_end_matches('.'))));
    }
    text.push_str(&markdown(&words::verdict(outcome, scenario).join(" ")));
    text.push_str("\n\n| policy | succeeded | dead letters | attempts | per task | peak/s | × capacity | last end | p99 |\n");
    text.push_str("|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for policy in &outcome.policies {
        let summary = &policy.summary;
        let tasks = summary.tasks.or_zero();
        let share = if tasks > 0.0 { summary.succeeded.or_zero() / tasks } else { 0.0 };
        let end = summary.completion_seconds.value();
        let p99 = summary.time_to_success_seconds.p99.value();
        let span = |value: Option<f64>| value.map_or("–".to_owned(), seconds);
        let cells = [
            markdown(&policy.name),
            percent(share),
            number(summary.dead_letters()),
            number(summary.attempts.or_zero()),
            number(summary.amplification.or_zero()),
            number(words::peak(policy)),
            words::over_capacity(policy).map_or("–".to_owned(), times),
            span(end),
            span(p99),
        ];
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    let version = env!("CARGO_PKG_VERSION");
    text.push_str(&format!("\n{} (redrive {version})\n", markdown_code(command)));
    text
}
