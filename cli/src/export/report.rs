//! One page that holds everything: what it says, the figures, the charts, what was simulated, and
//! the command that does it again. No scripts, no network, light and dark, fit for printing.

use std::fmt::Write;

use redrive_sim::comparison::comparison;

use super::{Exporter, Findings};
use crate::{
    chart,
    error::CliError,
    output::File,
    text::{self, escape},
    tree, words,
};

/// `report.html`.
pub(super) struct Report;

impl Exporter for Report {
    fn files(&self, findings: &Findings<'_>) -> Result<Vec<File>, CliError> {
        let bytes = page(findings)?.into_bytes();
        Ok(vec![File { name: "report.html".to_owned(), bytes }])
    }
}

const STYLE: &str = include_str!("report.css");

fn page(findings: &Findings<'_>) -> Result<String, CliError> {
    let (outcome, scenario) = (findings.outcome, findings.scenario);
    let title = match scenario.title.as_str() {
        "" => outcome.scenario.as_str(),
        title => title,
    };
    let mut page = String::new();
    let name = escape(&outcome.scenario);
    put(
        &mut page,
        format_args!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; font-src data:\">\n\
         <title>{name}: retry policies compared</title>\n<style>{STYLE}{}</style>\n</head>\n<body>\n\
         <header>\n<p class=\"kind\">redrive simulation · {name}</p>\n<h1>{}</h1>\n",
            chart::font_rules(),
            escape(title)
        ),
    );
    if outcome.policies.iter().any(|policy| policy.partial) {
        page.push_str(
            "<p class=\"says\"><strong>Partial: it was interrupted before its end.</strong></p>\n",
        );
    }
    for sentence in words::verdict(outcome, scenario) {
        put(&mut page, format_args!("<p class=\"says\">{}</p>\n", escape(&sentence)));
    }
    for note in scenario.notes() {
        put(&mut page, format_args!("<p class=\"note\">{}</p>\n", escape(note)));
    }
    page.push_str("</header>\n<main>\n<section>\n<h2>The figures</h2>\n");
    page.push_str(&table(findings));
    page.push_str("</section>\n<section>\n<h2>The charts</h2>\n");
    for picture in &findings.pictures {
        // The drawing says its finding itself; the page has the font for all of them.
        let svg = picture.svg.replacen(chart::font_rules(), "", 1);
        put(&mut page, format_args!("<figure>\n{svg}</figure>\n"));
    }
    page.push_str("</section>\n");
    page.push_str(&inputs(findings)?);
    page.push_str("</main>\n");
    put(
        &mut page,
        format_args!(
            "<footer><p>redrive {} · seed {} · {}</p></footer>\n</body>\n</html>\n",
            env!("CARGO_PKG_VERSION"),
            outcome.seed,
            text::counted(outcome.runs.into(), "run", "runs")
        ),
    );
    Ok(page)
}

/// Writing to a text cannot fail.
fn put(page: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = page.write_fmt(what);
}

/// One column a policy, one row a figure: it stays readable with many figures.
fn table(findings: &Findings<'_>) -> String {
    let policies = &findings.outcome.policies;
    let mut table = String::from("<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\"></th>");
    for policy in policies {
        put(&mut table, format_args!("<th scope=\"col\">{}</th>", escape(&policy.name)));
    }
    table.push_str("</tr></thead>\n<tbody>\n");
    let figures = comparison(findings.outcome, findings.scenario);
    for (place, column) in figures.columns.iter().enumerate() {
        put(
            &mut table,
            format_args!(
                "<tr><th scope=\"row\">{}<small>{}</small></th>",
                escape(&column.title),
                escape(&column.meaning)
            ),
        );
        for cell in figures.rows.iter().filter_map(|row| row.cells.get(place)) {
            put(&mut table, format_args!("<td>{}</td>", escape(&cell.text)));
        }
        table.push_str("</tr>\n");
    }
    table.push_str("</tbody>\n</table></div>\n");
    if findings.outcome.runs > 1 {
        table.push_str(
            "<p class=\"note\">Means of all runs ± half the width of their 95 % confidence \
             interval. The charts show the first run.</p>\n",
        );
    }
    table
}

/// The command, the scenario and the policies, in full.
fn inputs(findings: &Findings<'_>) -> Result<String, CliError> {
    let scenario = findings.scenario;
    let mut html = String::from("<section>\n<h2>What was simulated</h2>\n");
    for line in scenario.about.split('\n').filter(|line| !line.is_empty()) {
        put(&mut html, format_args!("<p>{}</p>\n", escape(line)));
    }
    put(
        &mut html,
        format_args!(
            "<h3>To get it again</h3>\n<pre><code>{}</code></pre>\n\
         <h3>The scenario</h3>\n<pre><code>{}</code></pre>\n<h3>The policies</h3>\n",
            escape(findings.command),
            escape(tree::toml(&scenario.to_value())?.trim_end())
        ),
    );
    for named in &scenario.policies {
        let mut outcomes = findings.outcome.policies.iter();
        let hash =
            outcomes.find(|policy| policy.name == named.name).map_or_else(String::new, |p| {
                format!(" <small>trace hash {}</small>", escape(p.summary.trace_hash.as_str()))
            });
        put(
            &mut html,
            format_args!(
                "<details>\n<summary><strong>{}</strong>: {}{}</summary>\n<pre><code>{}</code></pre>\n\
             </details>\n",
                escape(&named.name),
                escape(&words::policy(&named.policy)),
                hash,
                escape(tree::json(&named.policy.to_value())?.trim_end())
            ),
        );
    }
    html.push_str("</section>\n");
    Ok(html)
}
