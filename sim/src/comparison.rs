//! The comparison of policies as one table: what its columns are, what they mean, and what is in the
//! cells. The terminal, Markdown, the report and the page each only lay it out.
//!
//! What was lost comes first, and a latency of survivors is never alone where tasks were lost.

use crate::{
    Scenario,
    metric::Metric,
    outcome::{
        Figure, Group, Outcome, PolicyOutcome, Summary,
        row::{FigureRow, Unit},
    },
    text::{number, percent, seconds, times},
    words,
};

/// A table with a row for each policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The columns after the policy's name, the most telling first.
    pub columns: Vec<Column>,
    /// The rows, in the scenario's order of policies.
    pub rows: Vec<Row>,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its heading.
    pub title: String,
    /// What it means, in a sentence.
    pub meaning: String,
    /// Where there is little room, columns of the highest rank go first and 0 never goes; `None` is
    /// only for where there is room for all.
    pub rank: Option<u8>,
}

/// What one policy did.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The policy's name.
    pub policy: String,
    /// A cell for each column.
    pub cells: Vec<Cell>,
}

/// A figure as text.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The text.
    pub text: String,
    /// Whether it is good or bad news.
    pub tone: Tone,
}

/// Whether a cell is good or bad news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Neither.
    Plain,
    /// Good.
    Good,
    /// Bad.
    Bad,
}

/// The table of `outcome`.
#[must_use]
pub fn comparison(outcome: &Outcome, scenario: &Scenario) -> Comparison {
    let mut table = Comparison { columns: Vec::new(), rows: Vec::new() };
    for policy in &outcome.policies {
        table.rows.push(Row { policy: policy.name.clone(), cells: Vec::new() });
    }
    for line in lines(scenario) {
        let cells: Vec<Cell> = outcome.policies.iter().map(|policy| (line.cell)(policy)).collect();
        let nothing = |cell: &Cell| ["–", "0", "0 s", "0 %"].contains(&cell.text.as_str());
        if line.optional && cells.iter().all(nothing) {
            continue;
        }
        table.columns.push(line.column);
        for (row, cell) in table.rows.iter_mut().zip(cells) {
            row.cells.push(cell);
        }
    }
    table
}

struct Line {
    column: Column,
    /// Left out where it says nothing of any policy.
    optional: bool,
    cell: Box<dyn Fn(&PolicyOutcome) -> Cell>,
}

fn lines(scenario: &Scenario) -> Vec<Line> {
    let ends = scenario.fault_ends();
    let faults = scenario.faults.iter().any(|fault| fault.until.is_some()) && ends;
    let mut lines = vec![
        line("succeeded", "Tasks that succeeded / tasks.", Some(0), succeeded),
        line("dead letters", "Tasks given up.", Some(1), dead_letters),
        of("unfinished", Some(1)).toned(Tone::Bad),
        of("attempts", Some(4)),
        of("amplification", Some(5)),
        line(
            if faults { "peak after/s" } else { "peak/s" },
            "The largest rate of attempts that the server gets, from the end of the last fault on \
             where there is one.",
            Some(0),
            |policy| plain(number(words::peak(policy))),
        ),
        line("× capacity", "That peak over what the server can do.", Some(2), over_capacity),
        of("peakOverWindowPerSecond", None),
        of("sustainablePerSecond", None),
        of("rejectedAttempts", None),
        of("timedOutAttempts", None),
        of("wastedServerSeconds", None),
        of("maxQueue", None),
        of("budgetDenied", None),
        of("breakerDenied", None),
        of("throttleDenied", None),
        if faults { drained() } else { of("completionSeconds", Some(3)) },
        of("recoverSeconds", None),
        survivors("p50", None),
        survivors("p99", Some(6)),
    ];
    if let Some(objective) = scenario.report.objective {
        let title = format!("within {}", seconds(objective.as_secs_f64()));
        let mut within = of("withinObjective", Some(1));
        within.column.title = title;
        within.optional = false;
        lines.insert(1, within);
    }
    for (place, window) in scenario.report.windows.iter().enumerate() {
        lines.push(windowed(place, window));
    }
    lines
}

fn line(
    title: &str,
    meaning: &str,
    rank: Option<u8>,
    cell: impl Fn(&PolicyOutcome) -> Cell + 'static,
) -> Line {
    let column = Column { title: title.to_owned(), meaning: meaning.to_owned(), rank };
    Line { column, optional: false, cell: Box::new(cell) }
}

impl Line {
    /// The same, its cells with news of that tone.
    fn toned(mut self, tone: Tone) -> Self {
        let cell = self.cell;
        self.cell = Box::new(move |policy| Cell { tone, ..cell(policy) });
        self
    }
}

/// A figure by its published name, as its row has it.
fn of(name: &'static str, rank: Option<u8>) -> Line {
    let row: Option<&'static FigureRow<Summary>> =
        Summary::ROWS.iter().find(|row| row.name == name);
    let (title, meaning) = row.map_or((name, ""), |row| (row.label, row.about()));
    let cell = move |policy: &PolicyOutcome| {
        plain(row.map_or_else(String::new, |row| shown(&(row.figure)(&policy.summary), row.unit)))
    };
    let mut line = line(title, meaning, rank, cell);
    line.optional = !["attempts", "amplification", "completionSeconds"].contains(&name);
    line
}

/// A figure in its unit, with its spread over several runs.
#[must_use]
pub fn shown(figure: &Figure, unit: Unit) -> String {
    let read = match unit {
        Unit::Seconds => seconds,
        Unit::Share => percent,
        Unit::Count | Unit::PerSecond | Unit::Factor | Unit::Text => number,
    };
    match (figure.value(), figure.ci95()) {
        (None, _) => "–".to_owned(),
        (Some(value), None) => read(value),
        (Some(value), Some(ci95)) => format!("{} ± {}", read(value), read(ci95)),
    }
}

fn plain(text: String) -> Cell {
    Cell { text, tone: Tone::Plain }
}

fn succeeded(policy: &PolicyOutcome) -> Cell {
    let share = &policy.summary.succeeded_share;
    let all = share.value().is_some_and(|share| share >= 0.999);
    let tone = if all { Tone::Good } else { Tone::Plain };
    Cell { text: shown(share, Unit::Share), tone }
}

fn dead_letters(policy: &PolicyOutcome) -> Cell {
    let dead = policy.summary.dead_letters();
    Cell { text: number(dead), tone: if dead > 0.0 { Tone::Bad } else { Tone::Plain } }
}

fn over_capacity(policy: &PolicyOutcome) -> Cell {
    match words::over_capacity(policy) {
        None => plain("–".to_owned()),
        Some(over) => {
            Cell { text: times(over), tone: if over > 2.0 { Tone::Bad } else { Tone::Good } }
        }
    }
}

/// Over before the fault was: nothing to drain.
fn drained() -> Line {
    let mut line = of("drainSeconds", Some(3));
    let cell = line.cell;
    line.cell = Box::new(move |policy| {
        let drained = policy.summary.drain_seconds.or_zero() > 0.0;
        if drained { cell(policy) } else { plain("–".to_owned()) }
    });
    line.optional = false;
    line
}

/// A quantile of the successes, and of how many tasks that is where others were lost.
fn survivors(name: &'static str, rank: Option<u8>) -> Line {
    let metric = Metric::find(name).ok();
    let meaning = metric.map_or("", |metric| metric.about);
    let cell = move |policy: &PolicyOutcome| {
        let figure = metric.map_or(Figure::Absent, |metric| metric.figure(&policy.summary));
        let text = shown(&figure, Unit::Seconds);
        let share = policy.summary.succeeded_share.or_zero();
        match figure.value() {
            Some(_) if share < 0.9995 => plain(format!("{text} of {}", percent(share))),
            _ => plain(text),
        }
    };
    line(name, meaning, rank, cell)
}

fn windowed(place: usize, window: &crate::scenario::Window) -> Line {
    let (from, to) = (window.from.as_secs_f64(), window.to.as_secs_f64());
    let meaning = format!(
        "{} to {}: successes / tasks that arrived in it, attempts a task",
        seconds(from),
        seconds(to)
    );
    let cell = move |policy: &PolicyOutcome| {
        let window = policy.summary.windows.get(place);
        let figure =
            |value: Option<f64>, shown: fn(f64) -> String| value.map_or("–".to_owned(), shown);
        let good = figure(window.and_then(|w| w.goodput_per_first.value()), percent);
        let each = figure(window.and_then(|w| w.amplification.value()), times);
        let within = window.and_then(|w| w.within_objective.value());
        let within =
            within.map_or_else(String::new, |share| format!(" · {} in time", percent(share)));
        plain(format!("{good} · {each}{within}"))
    };
    line(&window.name, &meaning, None, cell)
}
