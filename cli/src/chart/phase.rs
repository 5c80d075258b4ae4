//! Load × attempts: where a service comes back after the spike, and where it stays down.
//!
//! Below lambda* = mu / A (capacity over attempts) a service recovers whatever happened; above it the
//! attempts of the tasks that fail are load enough to let the next ones fail, and between lambda* and
//! the capacity itself lies the metastable region: it works until something trips it.

use plotters::style::RGBColor;

use super::{
    canvas::{self, Align, ChartError, Pen, Rect},
    font,
    frame::{self, Entry, Header, Scale, Sign},
    theme::{self, Type},
};
use crate::text;

const AXIS: f64 = 104.0;
const ROW: f64 = 27.0;
const HEADING: f64 = 30.0;
const FOOT: f64 = 66.0;
/// Cells that can be told apart.
const MOST_CELLS: usize = 4_000;
/// Policies that fit on a page.
const MOST_POLICIES: usize = 8;

/// It comes back in every run, in some, in none. Letters on them stay as they are in the dark.
const RECOVERS: RGBColor = RGBColor(0xbf, 0xe3, 0xd6);
const STUCK: RGBColor = RGBColor(0x3a, 0x4a, 0x66);
const WHITE: RGBColor = RGBColor(0xfe, 0xfe, 0xfe);
const BLACK: RGBColor = RGBColor(0x10, 0x10, 0x10);

/// The plane of one policy.
#[derive(Clone, Debug)]
pub(crate) struct Phase {
    /// Whose it is.
    pub(crate) name: String,
    /// The loads, tasks a second, rising.
    pub(crate) loads: Vec<f64>,
    /// The attempts, rising.
    pub(crate) attempts: Vec<f64>,
    /// Place of the load, place of the attempts, share of runs that never came back.
    pub(crate) cells: Vec<(usize, usize, f64)>,
    /// What the server can do a second.
    pub(crate) capacity: Option<f64>,
    /// Whether the policy has a budget, which lifts the limit that the curve shows.
    pub(crate) has_budget: bool,
}

/// The planes as SVG and PNG; nothing when there is too much (or nothing) to see.
///
/// # Errors
/// When the drawing backend fails.
pub(crate) fn phase(
    planes: &[Phase],
    (seed, runs): (u64, u32),
) -> Result<Option<(String, Vec<u8>)>, ChartError> {
    let cells: usize = planes.iter().map(|plane| plane.cells.len()).sum();
    if !(4..=MOST_CELLS).contains(&cells) || planes.len() > MOST_POLICIES {
        return Ok(None);
    }
    let finding = finding(planes);
    let subtitle = "Each cell: does the service come back under this load with so many attempts a \
                    task? Numbers: in which share of the runs it does not. Right of the line a task \
                    that fails costs more than its share of the server, and what is stuck keeps itself \
                    stuck.";
    let key = vec![
        Entry(Sign::Square, RECOVERS, "comes back".to_owned()),
        Entry(Sign::Square, mixed(0.5), "in some runs".to_owned()),
        Entry(Sign::Square, STUCK, "stays down".to_owned()),
        Entry(Sign::Line, theme::RETRY, "λ* = μ/A, capacity over attempts".to_owned()),
        Entry(Sign::Dashes, theme::INK, "μ, the capacity".to_owned()),
    ];
    let subtitle = frame::of_all_runs(seed, runs, subtitle);
    let chart = Chart { header: Header::new(&finding, &subtitle, key), planes };
    let size = chart.size();
    let svg = canvas::svg(size, &finding, |pen| chart.draw(pen))?;
    Ok(Some((svg, canvas::png(size, |pen| chart.draw(pen))?)))
}

/// Who comes back where others do not, and how far theory tells it.
fn finding(planes: &[Phase]) -> String {
    fn back(plane: &Phase) -> (&str, f64) {
        let cells = plane.cells.iter().filter(|(.., share)| *share < 0.5).count();
        (plane.name.as_str(), cells as f64 / plane.cells.len().max(1) as f64)
    }
    let mut shares: Vec<(&str, f64)> = planes.iter().map(back).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    let said = match (shares.first(), shares.last()) {
        (Some((best, most)), Some((worst, least))) if most > least => format!(
            "“{best}” comes back in {} of the plane, “{worst}” in {}",
            text::percent(*most),
            text::percent(*least)
        ),
        (Some((name, share)), _) => {
            format!("“{name}” comes back in {} of the plane", text::percent(*share))
        }
        _ => "Where the service comes back".to_owned(),
    };
    match agreement(planes) {
        Some(share) => format!("{said}; λ* = μ/A tells {} of the cells", text::percent(share)),
        None => said,
    }
}

/// The share of cells that lie on the side of the curve where they belong, of the policies whose
/// attempts are not held back.
fn agreement(planes: &[Phase]) -> Option<f64> {
    let plain = planes.iter().filter(|plane| !plane.has_budget);
    let sides = plain.flat_map(|plane| {
        plane.cells.iter().filter_map(move |(column, row, share)| {
            let limit = plane.capacity? / plane.attempts.get(*row)?;
            Some((*plane.loads.get(*column)? > limit) == (*share >= 0.5))
        })
    });
    let sides: Vec<bool> = sides.collect();
    let right = sides.iter().filter(|right| **right).count();
    (!sides.is_empty()).then(|| right as f64 / sides.len() as f64)
}

/// Between the colours of coming back and of staying down.
fn mixed(share: f64) -> RGBColor {
    let mix = |from: u8, to: u8| {
        (f64::from(from) + (f64::from(to) - f64::from(from)) * share.clamp(0.0, 1.0)).round() as u8
    };
    RGBColor(mix(RECOVERS.0, STUCK.0), mix(RECOVERS.1, STUCK.1), mix(RECOVERS.2, STUCK.2))
}

/// Where a value lies on an axis of cells: between the middles of its neighbours in proportion, and
/// beyond the outer ones by half a cell at most.
fn between(values: &[f64], value: f64, cell: impl Fn(f64) -> f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let upper =
        values.iter().position(|known| *known >= value).unwrap_or(last).clamp(1.min(last), last);
    let (low, high) = (values.get(upper.saturating_sub(1))?, values.get(upper)?);
    let share = if high > low { (value - low) / (high - low) } else { 0.5 };
    let place = upper.saturating_sub(1) as f64 + share;
    (-0.5..=last as f64 + 0.5).contains(&place).then(|| cell(place + 0.5))
}

struct Chart<'a> {
    header: Header,
    planes: &'a [Phase],
}

impl Chart<'_> {
    fn size(&self) -> (u32, u32) {
        let planes = self.planes.iter();
        let high: f64 =
            planes.map(|plane| HEADING + plane.attempts.len() as f64 * ROW + FOOT).sum();
        (theme::WIDTH, (self.header.height() + high).ceil() as u32)
    }

    fn draw(&self, pen: &Pen<'_>) -> Result<(), ChartError> {
        self.header.draw(pen)?;
        let mut top = self.header.height();
        for plane in self.planes {
            let bottom = top + HEADING + plane.attempts.len() as f64 * ROW;
            let right = f64::from(theme::WIDTH) - theme::MARGIN;
            let area = Rect { left: AXIS, top: top + HEADING, right, bottom };
            let note = "its budget holds the retries back: the line is that of the attempts alone";
            let wide = font::width(note, theme::NOTE.size, false) + 12.0;
            let room = area.width() - if plane.has_budget { wide } else { 0.0 };
            let name = frame::fitted(&plane.name, theme::NAME, room);
            pen.text((area.left, top + 13.0), &name, theme::NAME, Align::Start)?;
            if plane.has_budget {
                let start = area.left + font::width(&name, theme::NAME.size, true) + 12.0;
                pen.text((start, top + 13.0), note, theme::NOTE, Align::Start)?;
            }
            draw_plane(pen, plane, area)?;
            top = bottom + FOOT;
        }
        Ok(())
    }
}

/// Where a plane is drawn: cells are one wide and one high on its scales.
struct Field {
    area: Rect,
    across: Scale,
    up: Scale,
}

fn draw_plane(pen: &Pen<'_>, plane: &Phase, area: Rect) -> Result<(), ChartError> {
    let (loads, attempts) = (plane.loads.len() as f64, plane.attempts.len() as f64);
    let across = Scale { values: (0.0, loads), places: (area.left, area.right) };
    let up = Scale { values: (0.0, attempts), places: (area.bottom, area.top) };
    let field = Field { area, across, up };
    let Field { across, up, .. } = &field;
    for (column, row, share) in &plane.cells {
        let (column, row) = (*column as f64, *row as f64);
        let cell = Rect {
            left: across.place(column),
            top: up.place(row + 1.0),
            right: across.place(column + 1.0) - 1.0,
            bottom: up.place(row) - 1.0,
        };
        pen.fill(cell, mixed(*share))?;
    }
    draw_limits(pen, plane, &field)?;
    draw_numbers(pen, plane, &field)?;
    draw_labels(pen, plane, &field)
}

/// The share, where it is neither 0 nor 1: colours tell those two apart.
fn draw_numbers(pen: &Pen<'_>, plane: &Phase, field: &Field) -> Result<(), ChartError> {
    let Field { across, up, .. } = field;
    let wide = across.place(1.0) - across.place(0.0);
    for (column, row, share) in plane.cells.iter().filter(|cell| (0.005..0.995).contains(&cell.2)) {
        let label = text::percent(*share);
        if font::width(&label, theme::TICK.size, false) < wide - 4.0 {
            let middle = (across.place(*column as f64 + 0.5), up.place(*row as f64 + 0.5));
            let color = if *share < 0.45 { BLACK } else { WHITE };
            // A ground of its own: a limit may run through it.
            let half = font::width(&label, theme::TICK.size, false) / 2.0 + 3.0;
            let (x, y) = middle;
            let ground = Rect { left: x - half, top: y - 8.0, right: x + half, bottom: y + 8.0 };
            pen.fill(ground, mixed(*share))?;
            pen.text(middle, &label, Type { color, ..theme::TICK }, Align::Middle)?;
        }
    }
    Ok(())
}

/// The curve of lambda* over the attempts, and the capacity.
fn draw_limits(pen: &Pen<'_>, plane: &Phase, field: &Field) -> Result<(), ChartError> {
    let Field { area, across, up } = field;
    let (Some(capacity), Some(least), Some(most)) =
        (plane.capacity, plane.attempts.first(), plane.attempts.last())
    else {
        return Ok(());
    };
    let mut curve: Vec<(f64, f64)> = Vec::new();
    // Half a row beyond the outer rows, as the cells go.
    let (from, to) = ((least - 0.5).max(0.5), most + 0.5);
    for step in 0..=400_u32 {
        let attempts = from + (to - from) * f64::from(step) / 400.0;
        let x = between(&plane.loads, capacity / attempts, |place| across.place(place));
        let y = between(&plane.attempts, attempts, |place| up.place(place));
        curve.extend(x.zip(y));
    }
    if curve.len() > 1 {
        pen.line(&curve, theme::PAPER, 5.0)?;
        pen.line(&curve, theme::RETRY, 2.5)?;
    }
    let Some(x) = between(&plane.loads, capacity, |place| across.place(place)) else {
        return Ok(());
    };
    pen.line(&[(x, area.top), (x, area.bottom)], theme::PAPER, 4.5)?;
    let mut y = area.top;
    while y < area.bottom {
        pen.line(&[(x, y), (x, (y + 5.0).min(area.bottom))], theme::INK, 1.75)?;
        y += 9.0;
    }
    Ok(())
}

fn draw_labels(pen: &Pen<'_>, plane: &Phase, field: &Field) -> Result<(), ChartError> {
    let Field { area, across, up } = field;
    for (row, attempts) in plane.attempts.iter().enumerate() {
        let y = up.place(row as f64 + 0.5);
        let unit = match row {
            0 if *attempts == 1.0 => " attempt",
            _ if row + 1 == plane.attempts.len() => " attempts",
            _ => "",
        };
        let label = format!("{}{unit}", text::number(*attempts));
        pen.text((area.left - 8.0, y), &label, theme::TICK, Align::End)?;
    }
    let mut free = f64::NEG_INFINITY;
    for (column, load) in plane.loads.iter().enumerate() {
        let label = format!("{}/s", text::number(*load));
        let x = across.place(column as f64 + 0.5);
        let half = font::width(&label, theme::TICK.size, false) / 2.0;
        if x - half > free {
            pen.text((x, area.bottom + 13.0), &label, theme::TICK, Align::Middle)?;
            free = x + half + 6.0;
        }
    }
    let face = Type { bold: true, ..theme::TICK };
    pen.text((area.right, area.bottom + 31.0), "load, tasks a second", face, Align::End)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lie_between_the_middles_of_their_neighbours() {
        let place = |value| between(&[10.0, 20.0, 40.0], value, |place| place);
        assert_eq!(place(10.0), Some(0.5));
        assert_eq!(place(15.0), Some(1.0));
        assert_eq!(place(40.0), Some(2.5));
        assert_eq!(place(50.0), Some(3.0));
        assert_eq!(place(5.0), Some(0.0));
        assert_eq!(place(60.0), None);
        assert_eq!(place(1.0), None);
        assert_eq!(between(&[], 1.0, |place| place), None);
    }

    #[test]
    fn the_plane_says_who_stays_down() {
        let plane = |name: &str, share: f64| Phase {
            name: name.to_owned(),
            loads: vec![20.0, 40.0],
            attempts: vec![2.0, 4.0],
            cells: vec![(0, 0, 0.0), (1, 0, 0.0), (0, 1, 0.0), (1, 1, share)],
            capacity: Some(100.0),
            has_budget: share == 0.0,
        };
        let planes = [plane("plain", 1.0), plane("budget", 0.0)];
        let (svg, png) = phase(&planes, (42, 1)).expect("drawn").expect("something to see");
        let said =
            "“budget” comes back in 100 % of the plane, “plain” in 75 %; λ* = μ/A tells 100 %";
        assert!(svg.contains(said), "{svg:.900}");
        assert!(png.starts_with(b"\x89PNG"));
        assert!(phase(&[], (42, 1)).expect("drawn").is_none());
    }
}
