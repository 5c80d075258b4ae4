//! What a sweep leaves behind, made of its points alone: the same bytes from one process and from
//! merged shards.

use redrive_sim::{
    metric::{Metric, metrics},
    outcome::PolicyOutcome,
};
use serde::Serialize;

use super::{
    planes,
    points::{Header, Point, Points},
};
use crate::{
    chart::{self, Grid, Square},
    error::CliError,
    output::{File, plain_json},
    paint::Style,
    table::{self, Cell, Column},
    text,
};

/// The name and version of the result.
const SCHEMA: &str = "redrive-sweep/1";

/// Rows shown in the terminal.
const ROWS: usize = 40;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sweep<'a> {
    schema: &'static str,
    scenario: &'a str,
    seed: u64,
    runs: u32,
    vary: &'a [super::axis::Axis],
    points: Vec<SweepPoint<'a>>,
}

#[derive(Serialize)]
struct SweepPoint<'a> {
    set: &'a [String],
    policies: &'a [PolicyOutcome],
}

impl<'a> SweepPoint<'a> {
    fn of(point: &'a Point) -> Self {
        Self { set: &point.set, policies: &point.policies }
    }
}

/// The result as JSON.
///
/// # Errors
/// Never for what a sweep holds.
pub(crate) fn json(header: &Header, points: &Points) -> Result<String, CliError> {
    let sweep = Sweep {
        schema: SCHEMA,
        scenario: &header.scenario,
        seed: header.seed,
        runs: header.runs,
        vary: &header.vary,
        points: points.values().map(SweepPoint::of).collect(),
    };
    let mut text = serde_json::to_string(&sweep).map_err(std::io::Error::from)?;
    text.push('\n');
    Ok(plain_json(text))
}

/// The figures as CSV: one line a point and policy, one column a figure, and with several runs one more
/// for half the width of its 95 % confidence interval.
///
/// # Errors
/// Never for what a sweep holds.
pub(crate) fn csv(header: &Header, points: &Points) -> Result<Vec<u8>, CliError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let paths = header.vary.iter().map(|axis| axis.path.as_str());
    let columns = metrics().flat_map(|metric| {
        let interval = (header.runs > 1).then(|| format!("{}Ci95", metric.name));
        std::iter::once(metric.name.to_owned()).chain(interval)
    });
    let head = paths.chain(["policy"]).map(str::to_owned);
    writer.write_record(head.chain(columns))?;
    for point in points.values() {
        for policy in &point.policies {
            let figure = |metric: Metric| {
                let figure = metric.figure(&policy.summary);
                let text = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
                let interval = (header.runs > 1).then(|| text(figure.ci95()));
                std::iter::once(text(figure.value())).chain(interval)
            };
            let cells = point.set.iter().chain([&policy.name]);
            let cells = cells.map(|cell| text::csv_cell(cell).into_owned());
            writer.write_record(cells.chain(metrics().flat_map(figure)))?;
        }
    }
    Ok(writer.into_inner().map_err(csv::IntoInnerError::into_error)?)
}

/// All files of the result.
///
/// # Errors
/// When a heatmap cannot be drawn.
pub(crate) fn files(
    header: &Header,
    points: &Points,
    metrics: &[Metric],
) -> Result<Vec<File>, CliError> {
    let file = |name: &str, bytes| File { name: name.to_owned(), bytes };
    let source = (header.seed, header.runs);
    let mut files = vec![
        file("sweep.csv", csv(header, points)?),
        file("sweep.json", json(header, points)?.into_bytes()),
    ];
    if let Some((svg, png)) = chart::phase(&planes::planes(header, points), source)? {
        files.push(file("phase.svg", svg.into_bytes()));
        files.push(file("phase.png", png));
    }
    for metric in metrics {
        let grids = grids(header, points, metric);
        let title = format!("{}: {}", metric.name, metric.about);
        if let Some((svg, png)) = chart::heatmap(&title, metric.lower_is_better, &grids, source)? {
            files.push(file(&format!("heatmap-{}.svg", metric.name), svg.into_bytes()));
            files.push(file(&format!("heatmap-{}.png", metric.name), png));
        }
    }
    Ok(files)
}

/// The share of tasks that get through.
fn share(policy: &PolicyOutcome) -> f64 {
    policy.summary.succeeded.or_zero() / policy.summary.tasks.or_zero().max(1.0)
}

/// What share has to get through for a figure to be called the best: nine tenths of what does at best.
/// (Few get through a service that stays down, and those at once.)
fn enough(points: &Points) -> f64 {
    let all = points.values().flat_map(|point| &point.policies);
    0.9 * all.map(share).fold(0.0, f64::max)
}

/// The axis along the top, the axis down the side (the two with the most values, in their order).
fn plane(header: &Header) -> (usize, Option<usize>) {
    let mut axes: Vec<usize> = (0..header.vary.len()).collect();
    axes.sort_by_key(|axis| std::cmp::Reverse(header.vary[*axis].values.len()));
    axes.truncate(2);
    axes.sort_unstable();
    match axes[..] {
        [one, other] if header.vary[other].values.len() > 1 => (other, Some(one)),
        [one, other] => (one, Some(other)),
        [one] => (one, None),
        _ => (0, None),
    }
}

/// One grid a policy and setting of the axes that are not in the plane.
fn grids(header: &Header, points: &Points, metric: &Metric) -> Vec<Grid> {
    let (across, down) = plane(header);
    let Some(columns) = header.vary.get(across) else { return Vec::new() };
    let rows = down.and_then(|axis| header.vary.get(axis));
    let enough = enough(points);
    let mut grids: Vec<Grid> = Vec::new();
    for point in points.values() {
        for policy in &point.policies {
            let others = header.vary.iter().zip(&point.set).enumerate();
            let others = others.filter(|(axis, _)| *axis != across && Some(*axis) != down);
            let others: Vec<String> =
                others.map(|(_, (axis, value))| format!("{} = {value}", axis.path)).collect();
            let name = match others.is_empty() {
                true => policy.name.clone(),
                false => format!("{}, {}", policy.name, others.join(", ")),
            };
            let place = grids.iter().position(|grid| grid.name == name).unwrap_or_else(|| {
                grids.push(Grid {
                    name,
                    across: (columns.path.clone(), columns.values.clone()),
                    down: rows.map_or((String::new(), vec![String::new()]), |axis| {
                        (axis.path.clone(), axis.values.clone())
                    }),
                    cells: Vec::new(),
                });
                grids.len() - 1
            });
            let at = |axis: usize| {
                let value = point.set.get(axis)?;
                header.vary.get(axis)?.values.iter().position(|known| known == value)
            };
            let (column, row) = (at(across).unwrap_or(0), down.and_then(at).unwrap_or(0));
            let figure = metric.of(&policy.summary);
            let competes = share(policy) >= enough;
            grids[place].cells.push(Square { column, row, figure, competes });
        }
    }
    grids
}

/// The result for a terminal: a row a point and policy, the best of each figure in green.
pub(crate) fn table(header: &Header, points: &Points, metrics: &[Metric], width: usize) -> String {
    const BEST: Style = Style::BoldGreen;
    const DIM: Style = Style::Dim;
    let all = || points.values().flat_map(|point| point.policies.iter().map(move |p| (point, p)));
    let enough = enough(points);
    let best: Vec<Option<f64>> = metrics
        .iter()
        .map(|metric| {
            let useful = all().filter(|(_, policy)| share(policy) >= enough);
            let values = useful.filter_map(|(_, policy)| metric.of(&policy.summary));
            let sign = if metric.lower_is_better { 1.0 } else { -1.0 };
            values.min_by(|a, b| (sign * a).total_cmp(&(sign * b)))
        })
        .collect();
    let column = |title, right, rank| Column { title, right, rank };
    let mut columns = vec![column("settings", false, 0), column("policy", false, 0)];
    for (place, metric) in metrics.iter().enumerate() {
        columns.push(column(metric.name, true, u8::try_from(place).unwrap_or(u8::MAX)));
    }
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for (point, policy) in all().take(ROWS) {
        let settings = header.vary.iter().zip(&point.set);
        let settings: Vec<String> = settings
            .map(|(axis, value)| format!("{}={value}", text::last_name(&axis.path)))
            .collect();
        let mut row = vec![Cell::from(settings.join(" ")), Cell::from(policy.name.clone())];
        for (metric, best) in metrics.iter().zip(&best) {
            let value = metric.of(&policy.summary);
            let is_best = value.is_some() && value == *best && share(policy) >= enough;
            let style = if is_best { BEST } else { Style::Plain };
            row.push(Cell::styled(value.map_or("–".to_owned(), text::number), style));
        }
        rows.push(row);
    }
    let mut shown = table::layout(&columns, &rows, width);
    let hidden = all().count().saturating_sub(ROWS);
    if hidden > 0 {
        shown.push_str(&format!("{DIM}and {hidden} more rows in sweep.csv{DIM:#}\n"));
    }
    shown
}
