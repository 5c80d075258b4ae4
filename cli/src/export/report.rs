//! One page that holds everything: what it says, the figures, the charts, what was simulated, and
//! the command that does it again. No scripts, no network, light and dark, fit for printing.

use std::fmt::Write;

use redrive_sim::outcome::{Figure, PolicyOutcome};

use super::{Exporter, Findings};
use crate::{
    error::CliError,
    output::File,
    text::{self, escape, number, percent, seconds, times},
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
         style-src 'unsafe-inline'\">\n\
         <title>{name}: retry policies compared</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<p class=\"kind\">redrive simulation · {name}</p>\n<h1>{}</h1>\n",
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
    page.push_str("</header>\n<main>\n<section>\n<h2>The figures</h2>\n");
    page.push_str(&table(findings));
    page.push_str("</section>\n<section>\n<h2>The charts</h2>\n");
    for picture in &findings.pictures {
        // The drawing says its finding itself.
        put(&mut page, format_args!("<figure>\n{}</figure>\n", picture.svg));
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

/// A row of the table: its heading, what it means, its figure.
type Line = (&'static str, &'static str, fn(&PolicyOutcome) -> String);

const LINES: [Line; 16] = [
    ("succeeded", "tasks that succeeded", |p| share(p, &p.summary.succeeded)),
    ("dead letters", "tasks given up", |p| number(p.summary.dead_letters())),
    ("unfinished", "tasks not ended at the horizon", |p| plain(&p.summary.unfinished)),
    ("attempts", "all attempts, first ones and retries", |p| plain(&p.summary.attempts)),
    ("per task", "attempts / tasks", |p| plain(&p.summary.amplification)),
    ("peak/s", "most attempts per second after the last fault", |p| number(words::peak(p))),
    ("× capacity", "that peak over what the server can do", |p| {
        words::over_capacity(p).map_or("–".to_owned(), times)
    }),
    (
        "sustains",
        "tasks per second from which it recovers: λ* = μ/A, capacity over attempts",
        |p| {
            p.summary
                .sustainable_per_second
                .value()
                .map_or("–".to_owned(), |rate| format!("{}/s", number(rate)))
        },
    ),
    ("refused", "attempts refused by a full queue or a limit", |p| {
        plain(&p.summary.rejected_attempts)
    }),
    ("timed out", "attempts that the client gave up waiting for", |p| {
        plain(&p.summary.timed_out_attempts)
    }),
    ("wasted", "server time spent on answers nobody waited for", |p| {
        span(&p.summary.wasted_server_seconds)
    }),
    ("longest queue", "requests waiting at once", |p| plain(&p.summary.max_queue)),
    ("last end", "when the last task ended", |p| span(&p.summary.completion_seconds)),
    ("recovered after", "from the end of the last fault to 95 % of normal goodput", |p| {
        span(&p.summary.recover_seconds)
    }),
    ("p50", "half of the successes took no longer", |p| {
        span(&p.summary.time_to_success_seconds.p50)
    }),
    ("p99", "99 % of the successes took no longer", |p| {
        span(&p.summary.time_to_success_seconds.p99)
    }),
];

fn plain(figure: &Figure) -> String {
    with_spread(figure, number)
}

fn span(figure: &Figure) -> String {
    with_spread(figure, seconds)
}

fn with_spread(figure: &Figure, shown: fn(f64) -> String) -> String {
    match (figure.value(), figure.ci95()) {
        (None, _) => "–".to_owned(),
        (Some(value), None) => shown(value),
        (Some(value), Some(ci95)) => format!("{} ± {}", shown(value), shown(ci95)),
    }
}

fn share(policy: &PolicyOutcome, figure: &Figure) -> String {
    let tasks = policy.summary.tasks.or_zero();
    if tasks > 0.0 { percent(figure.or_zero() / tasks) } else { "–".to_owned() }
}

/// One column a policy, one row a figure: it stays readable with many figures.
fn table(findings: &Findings<'_>) -> String {
    let policies = &findings.outcome.policies;
    let mut table = String::from("<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\"></th>");
    for policy in policies {
        put(&mut table, format_args!("<th scope=\"col\">{}</th>", escape(&policy.name)));
    }
    table.push_str("</tr></thead>\n<tbody>\n");
    for (name, meaning, figure) in LINES {
        let figures: Vec<String> = policies.iter().map(figure).collect();
        if figures.iter().all(|figure| figure == "–" || figure == "0" || figure == "0 s") {
            continue;
        }
        put(&mut table, format_args!("<tr><th scope=\"row\">{name}<small>{meaning}</small></th>"));
        for figure in figures {
            put(&mut table, format_args!("<td>{}</td>", escape(&figure)));
        }
        table.push_str("</tr>\n");
    }
    table.push_str(&windows(policies));
    table.push_str("</tbody>\n</table></div>\n");
    if findings.outcome.runs > 1 {
        table.push_str(
            "<p class=\"note\">Means of all runs ± half the width of their 95 % confidence \
             interval. The charts show the first run.</p>\n",
        );
    }
    table
}

/// A row for each window of the scenario's report.
fn windows(policies: &[PolicyOutcome]) -> String {
    let mut rows = String::new();
    let named = policies.first().map(|policy| policy.summary.windows.as_slice());
    for (place, window) in named.unwrap_or_default().iter().enumerate() {
        put(
            &mut rows,
            format_args!(
                "<tr><th scope=\"row\">{}<small>{} to {}: successes / tasks that arrived in it, \
                 attempts a task</small></th>",
                escape(&window.name),
                seconds(window.from),
                seconds(window.to)
            ),
        );
        for policy in policies {
            let window = policy.summary.windows.get(place);
            let figure =
                |value: Option<f64>, shown: fn(f64) -> String| value.map_or("–".to_owned(), shown);
            let good = figure(window.and_then(|w| w.goodput_per_first.value()), percent);
            let each = figure(window.and_then(|w| w.amplification.value()), times);
            put(&mut rows, format_args!("<td>{good} · {each}</td>"));
        }
        rows.push_str("</tr>\n");
    }
    rows
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
