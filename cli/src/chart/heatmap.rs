//! A figure over two settings: one grid a policy, a colour and a number a cell.

use plotters::style::RGBColor;

use super::{
    canvas::{self, Align, ChartError, Pen, Rect},
    font,
    frame::{self, Header},
    theme::{self, Type},
};
use crate::text;

/// Cells that can be told apart.
const MOST_CELLS: usize = 4_000;
/// Grids that fit on a page.
const MOST_GRIDS: usize = 24;
const LABELS: f64 = 150.0;
const ROW: f64 = 30.0;

/// One grid of cells.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    /// Whose it is.
    pub(crate) name: String,
    /// What varies along the top, and its values.
    pub(crate) across: (String, Vec<String>),
    /// What varies down the side, and its values.
    pub(crate) down: (String, Vec<String>),
    /// The cells, in any order.
    pub(crate) cells: Vec<Square>,
}

/// One cell of a grid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Square {
    pub(crate) column: usize,
    pub(crate) row: usize,
    pub(crate) figure: Option<f64>,
    /// Whether its figure can be called the best: a cell in which hardly a task succeeds is not.
    pub(crate) competes: bool,
}

/// The grids of one figure as SVG and PNG; nothing when there is too much (or nothing) to see.
///
/// # Errors
/// When the drawing backend fails.
pub(crate) fn heatmap(
    title: &str,
    lower_is_better: bool,
    grids: &[Grid],
    (seed, runs): (u64, u32),
) -> Result<Option<(String, Vec<u8>)>, ChartError> {
    let cells: usize = grids.iter().map(|grid| grid.cells.len()).sum();
    if !(2..=MOST_CELLS).contains(&cells) || grids.len() > MOST_GRIDS {
        return Ok(None);
    }
    let finding = finding(title, lower_is_better, grids);
    let good = if lower_is_better { "low" } else { "high" };
    let mut subtitle = format!("{title}. All grids on one scale of colours; {good} is good.");
    if grids.iter().any(|grid| grid.cells.iter().any(|cell| !cell.competes)) {
        subtitle.push_str(
            " A crossed cell is a service that stays down: far fewer tasks get through than \
             elsewhere, so that its figure is of those few and cannot be the best.",
        );
    }
    let subtitle = frame::of_all_runs(seed, runs, &subtitle);
    let chart =
        Heatmap { header: Header::new(&finding, &subtitle, Vec::new()), grids, lower_is_better };
    let size = chart.size();
    let svg = canvas::svg(size, &finding, |pen| chart.draw(pen))?;
    Ok(Some((svg, canvas::png(size, |pen| chart.draw(pen))?)))
}

fn finding(title: &str, lower_is_better: bool, grids: &[Grid]) -> String {
    let name = title.split(':').next().unwrap_or(title);
    let sign = if lower_is_better { 1.0 } else { -1.0 };
    let cells = grids.iter().flat_map(|grid| grid.cells.iter().map(move |cell| (grid, cell)));
    let known = cells.filter(|(_, cell)| cell.competes);
    let known = known.filter_map(|(grid, cell)| Some((grid, cell, cell.figure?)));
    let best = known.min_by(|a, b| (sign * a.2).total_cmp(&(sign * b.2)));
    let Some((grid, cell, figure)) = best else { return format!("{name}: no figures") };
    let value = |axis: &(String, Vec<String>), place: usize| {
        let value = axis.1.get(place).filter(|value| !value.is_empty())?;
        Some(format!("{} = {value}", text::last_name(&axis.0)))
    };
    let at = [value(&grid.across, cell.column), value(&grid.down, cell.row)];
    let at: Vec<String> = at.into_iter().flatten().collect();
    format!("{name} is best, {}, under “{}” at {}", text::number(figure), grid.name, at.join(", "))
}

struct Heatmap<'a> {
    header: Header,
    grids: &'a [Grid],
    lower_is_better: bool,
}

impl Heatmap<'_> {
    fn size(&self) -> (u32, u32) {
        let grids = self.grids.iter().map(|grid| {
            74.0 + grid.down.1.len() as f64 * ROW + LEADING * (axes(grid).len() as f64 - 1.0)
        });
        (theme::WIDTH, (self.header.height() + SCALE + grids.sum::<f64>() + 10.0).ceil() as u32)
    }

    fn draw(&self, pen: &Pen<'_>) -> Result<(), ChartError> {
        self.header.draw(pen)?;
        let figures =
            || self.grids.iter().flat_map(|grid| grid.cells.iter().filter_map(|cell| cell.figure));
        let least = figures().fold(f64::INFINITY, f64::min);
        let most = figures().fold(f64::NEG_INFINITY, f64::max);
        let mut top = self.header.height();
        if least.is_finite() {
            self.draw_scale(pen, top, (least, most))?;
        }
        top += SCALE;
        for grid in self.grids {
            let bottom = top + 26.0 + grid.down.1.len() as f64 * ROW;
            let area = Rect {
                left: theme::MARGIN + LABELS,
                top: top + 26.0,
                right: f64::from(theme::WIDTH) - theme::MARGIN,
                bottom,
            };
            let name = frame::fitted(&grid.name, theme::NAME, area.width());
            pen.text((area.left, top + 12.0), &name, theme::NAME, Align::Start)?;
            self.draw_grid(pen, grid, area, (least, most))?;
            top = bottom + 48.0 + LEADING * (axes(grid).len() as f64 - 1.0);
        }
        Ok(())
    }

    /// The scale of colours, from the least figure to the most.
    fn draw_scale(
        &self,
        pen: &Pen<'_>,
        top: f64,
        (least, most): (f64, f64),
    ) -> Result<(), ChartError> {
        const STEPS: u32 = 40;
        let wide = 4.0;
        let (left, right) = (text::number(least), text::number(most));
        let at = theme::MARGIN + font::width(&left, theme::TICK.size, false) + 8.0;
        let middle = top + 6.0;
        pen.text((theme::MARGIN, middle), &left, theme::TICK, Align::Start)?;
        for step in 0..STEPS {
            let share = f64::from(step) / f64::from(STEPS - 1);
            let badness = if self.lower_is_better { share } else { 1.0 - share };
            let left = at + wide * f64::from(step);
            let bar = Rect { left, right: left + wide, top: top - 1.0, bottom: top + 13.0 };
            pen.fill(bar, color(badness))?;
        }
        let end = at + wide * f64::from(STEPS);
        let by_ratio = if is_by_ratio(least, most) { ", by ratio" } else { "" };
        let label = format!("{right}{by_ratio}");
        pen.text((end + 8.0, middle), &label, theme::TICK, Align::Start)
    }

    fn draw_grid(
        &self,
        pen: &Pen<'_>,
        grid: &Grid,
        area: Rect,
        (least, most): (f64, f64),
    ) -> Result<(), ChartError> {
        let wide = area.width() / grid.across.1.len().max(1) as f64;
        for square in &grid.cells {
            let left = area.left + square.column as f64 * wide;
            let top = area.top + square.row as f64 * ROW;
            let cell = Rect { left, top, right: left + wide - 1.0, bottom: top + ROW - 1.0 };
            let middle = ((cell.left + cell.right) / 2.0, (cell.top + cell.bottom) / 2.0);
            let Some(figure) = square.figure else {
                pen.fill(cell, theme::GRID)?;
                pen.text(middle, "–", theme::TICK, Align::Middle)?;
                continue;
            };
            let share = if most > least { scaled(figure, least, most) } else { 0.0 };
            let badness = if self.lower_is_better { share } else { 1.0 - share };
            let ground = color(badness);
            pen.fill(cell, ground)?;
            let letters = if is_dark(ground) { WHITE } else { BLACK };
            let face = Type { color: letters, ..theme::TICK };
            let label = text::number(figure);
            if !square.competes {
                let (a, b) = ((cell.left, cell.bottom), (cell.right, cell.top));
                pen.line(&[a, b], letters, 0.75)?;
                pen.line(&[(a.0, b.1), (b.0, a.1)], letters, 0.75)?;
            }
            let room = font::width(&label, face.size, false);
            if room < wide - 4.0 {
                if !square.competes {
                    let (half, high) = (room / 2.0 + 3.0, 9.0);
                    let (x, y) = middle;
                    let ground_of =
                        Rect { left: x - half, top: y - high, right: x + half, bottom: y + high };
                    pen.fill(ground_of, ground)?;
                }
                pen.text(middle, &label, face, Align::Middle)?;
            }
        }
        self.draw_labels(pen, grid, area, wide)
    }

    fn draw_labels(
        &self,
        pen: &Pen<'_>,
        grid: &Grid,
        area: Rect,
        wide: f64,
    ) -> Result<(), ChartError> {
        for (row, value) in grid.down.1.iter().enumerate() {
            let y = area.top + (row as f64 + 0.5) * ROW;
            let value = frame::fitted(value, theme::TICK, LABELS - 12.0);
            pen.text((area.left - 8.0, y), &value, theme::TICK, Align::End)?;
        }
        let mut free = f64::NEG_INFINITY;
        for (column, value) in grid.across.1.iter().enumerate() {
            let x = area.left + (column as f64 + 0.5) * wide;
            let value = frame::fitted(value, theme::TICK, wide.max(90.0) - 6.0);
            let half = font::width(&value, theme::TICK.size, false) / 2.0;
            if x - half > free && x + half < f64::from(theme::WIDTH) {
                pen.text((x, area.bottom + 13.0), &value, theme::TICK, Align::Middle)?;
                free = x + half + 6.0;
            }
        }
        let mut y = area.bottom + 31.0;
        for line in axes(grid) {
            pen.text((area.right, y), &line, AXES, Align::End)?;
            y += LEADING;
        }
        Ok(())
    }
}

/// How the axes of a grid are named, and how high a line is.
const AXES: Type = Type { bold: true, ..theme::TICK };
const LEADING: f64 = 16.0;
/// Room for the scale of colours.
const SCALE: f64 = 34.0;

/// What varies, whole, in lines that fit under the grid.
fn axes(grid: &Grid) -> Vec<String> {
    let room = f64::from(theme::WIDTH) - 2.0 * theme::MARGIN;
    let said = match grid.down.0.as_str() {
        "" => grid.across.0.clone(),
        down => format!("down: {down}, across: {}", grid.across.0),
    };
    frame::broken(&said, AXES, room)
}

/// Letters on a coloured cell stay as they are in the dark.
const WHITE: RGBColor = RGBColor(0xfe, 0xfe, 0xfe);
const BLACK: RGBColor = RGBColor(0x10, 0x10, 0x10);

/// Where a figure lies between the least and the most: by ratio where they are far apart.
fn scaled(figure: f64, least: f64, most: f64) -> f64 {
    if is_by_ratio(least, most) {
        libm::log(figure / least) / libm::log(most / least)
    } else {
        (figure - least) / (most - least)
    }
}

fn is_by_ratio(least: f64, most: f64) -> bool {
    least > 0.0 && most > 20.0 * least
}

/// From good to bad: the cividis scale, which reads alike with any colour vision, light to dark.
fn color(badness: f64) -> RGBColor {
    const STOPS: [(f64, f64, f64); 5] = [
        (255.0, 234.0, 70.0),
        (189.0, 175.0, 110.0),
        (124.0, 123.0, 120.0),
        (66.0, 78.0, 108.0),
        (0.0, 32.0, 81.0),
    ];
    let place = badness.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let from = (place as usize).min(STOPS.len() - 2);
    let share = place - from as f64;
    let mix = |a: f64, b: f64| (a + (b - a) * share).round() as u8;
    let (a, b) = (STOPS[from], STOPS[from + 1]);
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

fn is_dark(RGBColor(red, green, blue): RGBColor) -> bool {
    let light = 0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue);
    light < 140.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_cell_is_named() {
        let axis = |path: &str, values: &[&str]| {
            (path.to_owned(), values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())
        };
        let square = |column, row, figure, competes| Square { column, row, figure, competes };
        let grid = Grid {
            name: "full".to_owned(),
            across: axis("policy.maxDelay", &["5s", "60s"]),
            down: axis("policy.maxAttempts", &["3", "10"]),
            cells: vec![
                square(0, 0, Some(4.0), true),
                square(1, 0, Some(2.0), true),
                square(0, 1, None, true),
                // Hardly a task succeeds, and those few are fast.
                square(1, 1, Some(0.1), false),
            ],
        };
        let (svg, png) = heatmap("p99: seconds", true, &[grid], (42, 3))
            .expect("drawn")
            .expect("something to see");
        assert!(svg.contains("p99 is best, 2, under “full” at maxDelay = 60s, maxAttempts = 3"));
        for said in
            ["seed 42", "A crossed cell", "down: policy.maxAttempts, across: policy.maxDelay"]
        {
            assert!(svg.contains(said), "{said}");
        }
        assert!(png.starts_with(b"\x89PNG"));
    }
}
