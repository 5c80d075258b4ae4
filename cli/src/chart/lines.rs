//! Lines of several policies in one plot, each with its name at its end.

use redrive_sim::outcome::Outcome;

use super::{
    Chart,
    canvas::{Align, ChartError, Pen, Rect, dot},
    faults::Faults,
    font,
    frame::{self, Header, Scale},
    names,
    theme::{self, Type},
};

/// The most room for the names, right of the plot, and what is between it and them.
const NAMES: f64 = 260.0;
const BEFORE_NAME: f64 = 14.0;
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
    /// The axis of time.
    pub(crate) across: Across,
    /// The largest value, and where there are lines with labels.
    pub(crate) up: (f64, Vec<(f64, String)>),
    /// The faults, where the time is that of the run.
    pub(crate) faults: Option<Faults>,
    /// The time within which tasks should be done, seconds.
    pub(crate) objective: Option<f64>,
    /// A point to mark on each line.
    pub(crate) dots: Vec<Option<(f64, f64)>>,
}

/// An axis of time, even or logarithmic.
pub(crate) struct Across {
    what: &'static str,
    /// The first second of a logarithmic axis.
    log_from: Option<f64>,
    end: f64,
}

impl Across {
    /// From 0 to `end` seconds.
    pub(crate) fn time(what: &'static str, end: f64) -> Self {
        Self { what, log_from: None, end }
    }

    /// From `from` to `end` seconds, equal ratios equally far apart.
    pub(crate) fn log(what: &'static str, from: f64, end: f64) -> Self {
        Self { what, log_from: Some(from), end }
    }

    #[cfg(test)]
    pub(crate) fn is_log(&self) -> bool {
        self.log_from.is_some()
    }

    fn value(&self, seconds: f64) -> f64 {
        match self.log_from {
            Some(from) => libm::log(seconds.max(from) / from),
            None => seconds,
        }
    }

    fn scale(&self, plot: Rect) -> Scale {
        Scale { values: (0.0, self.value(self.end)), places: (plot.left, plot.right) }
    }

    fn draw(&self, pen: &Pen<'_>, scale: &Scale, plot: Rect) -> Result<(), ChartError> {
        let Some(from) = self.log_from else {
            return frame::time_axis(pen, scale, &[plot], self.what);
        };
        let mut free = plot.left - 1.0;
        for (seconds, label) in frame::log_ticks(from, self.end) {
            let x = scale.place(self.value(seconds));
            let half = font::width(&label, theme::TICK.size, false) / 2.0;
            if x - half < free || x + half > plot.right + theme::MARGIN {
                continue;
            }
            free = x + half + 14.0;
            pen.line(&[(x, plot.top), (x, plot.bottom)], theme::GRID, 1.0)?;
            pen.text((x, plot.bottom + 14.0), &label, theme::TICK, Align::Middle)?;
        }
        let what = format!("{}, logarithmic", self.what);
        pen.text((plot.right, plot.bottom + 34.0), &what, theme::TICK, Align::End)
    }
}

impl Lines<'_> {
    fn plot(&self) -> Rect {
        let faults = self.faults.as_ref().map_or(0.0, Faults::height);
        let above = if self.objective.is_some() { 26.0 } else { 12.0 };
        let top = self.header.height() + above + faults;
        let names = self.outcome.policies.iter().map(|policy| policy.name.as_str());
        let names = names::room(names, theme::NAME, NAMES) + BEFORE_NAME + 4.0;
        let right = f64::from(theme::WIDTH) - theme::MARGIN - names;
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
        let time = self.across.scale(plot);
        let up = Scale { values: (0.0, self.up.0), places: (plot.bottom, plot.top) };
        if let Some(faults) = &self.faults {
            faults.draw(pen, &time, plot)?;
        }
        self.across.draw(pen, &time, plot)?;
        for (tick, label) in &self.up.1 {
            let y = up.place(*tick);
            pen.line(&[(plot.left, y), (plot.right, y)], theme::GRID, 1.0)?;
            pen.text((plot.left - 8.0, y), label, theme::TICK, Align::End)?;
        }
        let mut names = Vec::new();
        for (index, points) in self.curves.iter().enumerate() {
            let place = |(seconds, value): &(f64, f64)| {
                (time.place(self.across.value(*seconds)), up.place(*value))
            };
            let mut line = stepped(points.iter().map(place));
            let end = line.last().map_or(plot.bottom, |(_, y)| *y);
            line.push((plot.right, end));
            match theme::dashes(index) {
                None => pen.line(&line, theme::series(index), 2.0)?,
                Some(dashes) => pen.dashed(&line, dashes, theme::series(index), 2.0)?,
            }
            names.push((end, index));
        }
        for (index, at) in self.dots.iter().enumerate() {
            let Some((seconds, value)) = at else { continue };
            let at = (time.place(self.across.value(*seconds)), up.place(*value));
            dot(pen, at, 5.5, theme::PAPER)?;
            dot(pen, at, 4.0, theme::series(index))?;
        }
        self.draw_objective(pen, &time, plot)?;
        draw_names(pen, self.outcome, plot, names)
    }
}

impl Lines<'_> {
    /// Where tasks should be done.
    fn draw_objective(&self, pen: &Pen<'_>, time: &Scale, plot: Rect) -> Result<(), ChartError> {
        let Some(objective) = self.objective else { return Ok(()) };
        let x = time.place_within(self.across.value(objective));
        pen.dashed(&[(x, plot.top), (x, plot.bottom)], (5.0, 4.0), theme::INK, 1.75)?;
        let label = format!("objective {}", crate::text::seconds(objective));
        let face = Type { bold: true, color: theme::INK, ..theme::TICK };
        let half = font::width(&label, face.size, true) / 2.0;
        let x = x.clamp(plot.left + half, plot.right - half);
        pen.text((x, plot.top - 10.0), &label, face, Align::Middle)
    }
}

/// The line of steps through `points`, without what no picture shows.
fn stepped(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut line: Vec<(f64, f64)> = Vec::new();
    for (x, y) in points {
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
    let all: Vec<&str> = outcome.policies.iter().map(|policy| policy.name.as_str()).collect();
    let room = f64::from(theme::WIDTH) - theme::MARGIN - plot.right - BEFORE_NAME;
    let labels = names::fitted(&all, theme::NAME, room);
    for ((y, index), place) in names.into_iter().zip(places) {
        let face = Type { color: theme::series(index), ..theme::NAME };
        pen.line(&[(plot.right, y), (plot.right + 10.0, place)], theme::series(index), 1.25)?;
        let label = labels.get(index).map_or("", String::as_str);
        pen.text((plot.right + BEFORE_NAME, place), label, face, Align::Start)?;
    }
    Ok(())
}
