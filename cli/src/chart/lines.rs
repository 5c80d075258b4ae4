//! Lines of several policies in one plot, each with its name at its end.

use redrive_sim::outcome::Outcome;

use super::{
    Chart,
    canvas::{Align, ChartError, Pen, Rect},
    frame::{self, Header, Scale},
    panels,
    theme::{self, Type},
};

/// Room for the names, right of the plot.
const NAMES: f64 = 150.0;
/// Lines of text that do not touch.
const LEADING: f64 = 19.0;
/// The finest that a picture shows.
const FINEST: f64 = 0.25;

/// A chart of lines.
pub(crate) struct Lines<'a> {
    /// The chart's name, which becomes the names of its files.
    pub(crate) name: &'static str,
    /// Whose lines they are.
    pub(crate) outcome: &'a Outcome,
    /// Its title.
    pub(crate) finding: String,
    /// Its heading.
    pub(crate) header: Header,
    /// The height of the plot.
    pub(crate) height: f64,
    /// The line of each policy: steps from seconds to a value.
    pub(crate) curves: Vec<Vec<(f64, f64)>>,
    /// What the time is, and the last second.
    pub(crate) across: (&'static str, f64),
    /// The largest value, and where there are lines with labels.
    pub(crate) up: (f64, Vec<(f64, String)>),
    /// Whether the time is that of the run, in which there may be faults.
    pub(crate) faults: bool,
}

impl Lines<'_> {
    fn plot(&self) -> Rect {
        let top = self.header.height() + 12.0;
        let right = f64::from(theme::WIDTH) - theme::MARGIN - NAMES;
        Rect { left: 76.0, top, right, bottom: top + self.height }
    }
}

impl Chart for Lines<'_> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn finding(&self) -> &str {
        &self.finding
    }

    fn size(&self) -> (u32, u32) {
        (theme::WIDTH, (self.plot().bottom + 48.0).ceil() as u32)
    }

    fn draw(&self, pen: &Pen<'_>) -> Result<(), ChartError> {
        self.header.draw(pen)?;
        let plot = self.plot();
        let time = Scale { values: (0.0, self.across.1), places: (plot.left, plot.right) };
        let up = Scale { values: (0.0, self.up.0), places: (plot.bottom, plot.top) };
        if let Some(policy) = self.outcome.policies.first().filter(|_| self.faults) {
            panels::shade_faults(pen, &time, &policy.series, plot)?;
        }
        frame::time_axis(pen, &time, &[plot], self.across.0)?;
        for (tick, label) in &self.up.1 {
            let y = up.place(*tick);
            pen.line(&[(plot.left, y), (plot.right, y)], theme::GRID, 1.0)?;
            pen.text((plot.left - 8.0, y), label, theme::TICK, Align::End)?;
        }
        let mut names = Vec::new();
        for (index, points) in self.curves.iter().enumerate() {
            let mut line = stepped(points, &time, &up);
            let end = line.last().map_or(plot.bottom, |(_, y)| *y);
            line.push((plot.right, end));
            pen.line(&line, theme::series(index), 2.0)?;
            names.push((end, index));
        }
        draw_names(pen, self.outcome, plot, names)
    }
}

/// The line of steps through `points`, without what no picture shows.
fn stepped(points: &[(f64, f64)], time: &Scale, up: &Scale) -> Vec<(f64, f64)> {
    let mut line: Vec<(f64, f64)> = Vec::new();
    for (seconds, value) in points {
        let (x, y) = (time.place(*seconds), up.place(*value));
        match line.last().copied() {
            Some((last_x, last_y)) if x - last_x < FINEST && (y - last_y).abs() < FINEST => {}
            Some((_, last_y)) => line.extend([(x, last_y), (x, y)]),
            None => line.push((x, y)),
        }
    }
    line
}

/// Writes each policy's name where its line ends, (height, index), moved apart where lines end
/// together.
fn draw_names(
    pen: &Pen<'_>,
    outcome: &Outcome,
    plot: Rect,
    mut names: Vec<(f64, usize)>,
) -> Result<(), ChartError> {
    names.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    // Names that would run out at the foot push those above them up.
    let mut places: Vec<f64> = Vec::new();
    for (y, _) in &names {
        places.push(places.last().map_or(*y, |last: &f64| y.max(last + LEADING)));
    }
    let mut floor = plot.bottom;
    for place in places.iter_mut().rev() {
        *place = place.min(floor);
        floor = *place - LEADING;
    }
    for ((y, index), place) in names.into_iter().zip(places) {
        let face = Type { color: theme::series(index), ..theme::NAME };
        let name = outcome.policies.get(index).map_or("", |policy| policy.name.as_str());
        pen.line(&[(plot.right, y), (plot.right + 10.0, place)], theme::series(index), 1.25)?;
        let label = frame::fitted(name, face, NAMES - 14.0);
        pen.text((plot.right + 14.0, place), &label, face, Align::Start)?;
    }
    Ok(())
}
