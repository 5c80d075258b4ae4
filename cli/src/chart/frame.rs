//! What surrounds the data: the finding on top, how to read it, the key of colours, the axes.

use plotters::style::RGBColor;
use redrive_sim::outcome::Outcome;

use super::{
    canvas::{Align, ChartError, Pen, Rect},
    font,
    theme::{self, Type},
};
use crate::text;

/// Title, explanation and key of a chart.
pub(crate) struct Header {
    title: Vec<String>,
    subtitle: Vec<String>,
    /// The key, in lines that fit.
    key: Vec<Vec<Entry>>,
}

/// One entry of a key.
pub(crate) struct Entry(pub(crate) Sign, pub(crate) RGBColor, pub(crate) String);

/// The sign of an entry in a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// A filled square.
    Square,
    /// A line.
    Line,
    /// A dashed line.
    Dashes,
}

impl Header {
    /// A header with its texts broken to the width of a chart.
    pub(crate) fn new(title: &str, subtitle: &str, key: Vec<Entry>) -> Self {
        let room = f64::from(theme::WIDTH) - 2.0 * theme::MARGIN;
        Self {
            title: broken(title, theme::TITLE, room),
            subtitle: broken(subtitle, theme::SUBTITLE, room),
            key: in_lines(key, room),
        }
    }

    /// The height that it takes.
    pub(crate) fn height(&self) -> f64 {
        let lines = self.key.len() as f64;
        let key = if self.key.is_empty() { 0.0 } else { 8.0 + KEY_LINE * lines };
        16.0 + 26.0 * self.title.len() as f64 + 20.0 * self.subtitle.len() as f64 + key + 12.0
    }

    /// Draws it at the top.
    pub(crate) fn draw(&self, pen: &Pen<'_>) -> Result<(), ChartError> {
        let mut y = 16.0;
        for line in &self.title {
            pen.text((theme::MARGIN, y + 12.0), line, theme::TITLE, Align::Start)?;
            y += 26.0;
        }
        for line in &self.subtitle {
            pen.text((theme::MARGIN, y + 10.0), line, theme::SUBTITLE, Align::Start)?;
            y += 20.0;
        }
        for line in &self.key {
            let (mut x, middle) = (theme::MARGIN, y + 16.0);
            for Entry(sign, color, label) in line {
                sign.draw(pen, (x, middle), *color)?;
                x += sign.width();
                pen.text((x, middle), label, theme::NOTE, Align::Start)?;
                x += font::width(label, theme::NOTE.size, false) + BETWEEN;
            }
            y += KEY_LINE;
        }
        Ok(())
    }
}

/// The height of a line of a key, and the room between its entries.
const KEY_LINE: f64 = 20.0;
const BETWEEN: f64 = 22.0;

impl Sign {
    fn width(self) -> f64 {
        match self {
            Self::Square => 18.0,
            Self::Line | Self::Dashes => 30.0,
        }
    }

    fn draw(self, pen: &Pen<'_>, (x, y): (f64, f64), color: RGBColor) -> Result<(), ChartError> {
        match self {
            Self::Square => {
                let square = Rect { left: x, top: y - 6.0, right: x + 12.0, bottom: y + 6.0 };
                pen.fill(square, color)
            }
            Self::Line => pen.line(&[(x, y), (x + 23.0, y)], color, 2.5),
            Self::Dashes => pen.dashes((x, x + 23.0, y), color, 1.75),
        }
    }
}

/// Entries in lines no wider than `room`; one that is wider by itself is shortened.
fn in_lines(key: Vec<Entry>, room: f64) -> Vec<Vec<Entry>> {
    let mut lines: Vec<Vec<Entry>> = Vec::new();
    let mut free = 0.0;
    for Entry(sign, color, label) in key {
        let label = fitted(&label, theme::NOTE, room - sign.width());
        let wide = sign.width() + font::width(&label, theme::NOTE.size, false);
        let entry = Entry(sign, color, label);
        match lines.last_mut().filter(|_| wide <= free) {
            Some(line) => line.push(entry),
            None => {
                lines.push(vec![entry]);
                free = room;
            }
        }
        free -= wide + BETWEEN;
    }
    lines
}

/// A subtitle, with the run that is drawn and its seed: what happens in time is not a mean.
pub(crate) fn of_one_run(outcome: &Outcome, subtitle: &str) -> String {
    let seed = outcome.seed;
    match outcome.runs {
        0 | 1 => format!("{subtitle} Seed {seed}."),
        runs => {
            let runs = text::grouped(runs.into());
            format!("{subtitle} Drawn is the first of {runs} runs, seed {seed}.")
        }
    }
}

/// A subtitle, with the runs that a figure is the mean of, and the first seed.
pub(crate) fn of_all_runs(seed: u64, runs: u32, subtitle: &str) -> String {
    match runs {
        0 | 1 => format!("{subtitle} Seed {seed}."),
        runs => {
            let runs = text::grouped(runs.into());
            format!("{subtitle} Means of {runs} runs, the first with seed {seed}.")
        }
    }
}

/// `text` in lines no wider than `room`.
pub(crate) fn broken(text: &str, face: Type, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words(text) {
        match lines.last_mut() {
            Some(line) if font::width(&format!("{line} {word}"), face.size, face.bold) <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.extend(pieces(&word, face, room)),
        }
    }
    lines
}

/// What is not taken apart: words, and a number with its `%`.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match words.last_mut().filter(|_| word.starts_with('%')) {
            Some(number) => {
                number.push(' ');
                number.push_str(word);
            }
            None => words.push(word.to_owned()),
        }
    }
    words
}

/// A word that is wider than `room` in pieces that are not.
fn pieces(word: &str, face: Type, room: f64) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for letter in word.chars() {
        let Some(last) = pieces.last_mut() else { continue };
        last.push(letter);
        if last.chars().count() > 1 && font::width(last, face.size, face.bold) > room {
            last.pop();
            pieces.push(letter.to_string());
        }
    }
    pieces
}

/// `text`, shortened with an ellipsis to fit `room`.
pub(crate) fn fitted(text: &str, face: Type, room: f64) -> String {
    let fits = |text: &str| font::width(text, face.size, face.bold) <= room;
    if fits(text) {
        return text.to_owned();
    }
    let mut shorter = text.to_owned();
    while shorter.pop().is_some() {
        let candidate = format!("{}…", shorter.trim_end());
        if fits(&candidate) {
            return candidate;
        }
    }
    String::new()
}

/// A straight mapping of a range of values onto a range of positions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Values: from, to.
    pub(crate) values: (f64, f64),
    /// Positions of both.
    pub(crate) places: (f64, f64),
}

impl Scale {
    /// The position of `value`.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let span = self.values.1 - self.values.0;
        let share = if span > 0.0 { (value - self.values.0) / span } else { 0.0 };
        self.places.0 + share * (self.places.1 - self.places.0)
    }

    /// The position of `value`, kept inside the range.
    pub(crate) fn place_within(&self, value: f64) -> f64 {
        self.place(value.clamp(self.values.0, self.values.1))
    }
}

/// The distance between round numbers of which about `wanted` cover `span`.
pub(crate) fn round_step(span: f64, wanted: f64) -> f64 {
    if span <= 0.0 || !span.is_finite() {
        return 1.0;
    }
    let raw = span / wanted;
    let mut power = 1.0;
    while power > raw {
        power /= 10.0;
    }
    while power * 10.0 <= raw {
        power *= 10.0;
    }
    [1.0, 2.0, 2.5, 5.0, 10.0]
        .map(|step| step * power)
        .into_iter()
        .find(|step| *step >= raw)
        .unwrap_or(raw)
}

/// Round numbers from 0 to `to`.
pub(crate) fn round_ticks(to: f64, wanted: f64) -> Vec<f64> {
    let step = round_step(to, wanted);
    (0..100).map(|n| step * f64::from(n)).take_while(|tick| *tick <= to * 1.0001).collect()
}

/// Steps of time that people count in, seconds.
const TIME_STEPS: [f64; 26] = [
    0.001, 0.005, 0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0,
    600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 21_600.0, 43_200.0, 86_400.0, 172_800.0,
];

/// Round times from 0 to `to` seconds with their labels.
pub(crate) fn time_ticks(to: f64, wanted: f64) -> Vec<(f64, String)> {
    let step = TIME_STEPS
        .into_iter()
        .find(|step| to / step <= wanted)
        .unwrap_or_else(|| round_step(to / 86_400.0, wanted) * 86_400.0);
    (0..200)
        .map(|n| step * f64::from(n))
        .take_while(|tick| *tick <= to * 1.0001)
        .map(|tick| (tick, time_label(tick, step)))
        .collect()
}

/// Round times between `from` and `to` seconds, for a logarithmic axis, each in its own unit.
pub(crate) fn log_ticks(from: f64, to: f64) -> Vec<(f64, String)> {
    let ticks = TIME_STEPS.into_iter().filter(|step| (from..=to).contains(step));
    ticks.map(|step| (step, text::seconds(step))).collect()
}

/// A time on an axis whose labels are `step` apart: all in one unit.
fn time_label(tick: f64, step: f64) -> String {
    let (unit, name) = match step {
        _ if step >= 86_400.0 => (86_400.0, "d"),
        _ if step >= 3_600.0 => (3_600.0, "h"),
        _ if step >= 60.0 => (60.0, "min"),
        _ if step >= 1.0 => (1.0, "s"),
        _ if step >= 0.1 => return format!("{tick:.1} s"),
        _ => (0.001, "ms"),
    };
    format!("{} {name}", text::number(tick / unit))
}

/// The axis of time at the foot of a chart, with grid lines up to `top`.
pub(crate) fn time_axis(
    pen: &Pen<'_>,
    scale: &Scale,
    panels: &[Rect],
    label: &str,
) -> Result<(), ChartError> {
    let Some(foot) = panels.last() else { return Ok(()) };
    let wide = scale.places.1 - scale.places.0;
    for (tick, label) in time_ticks(scale.values.1, (wide / 90.0).max(2.0)) {
        let x = scale.place(tick);
        for panel in panels {
            pen.line(&[(x, panel.top), (x, panel.bottom)], theme::GRID, 1.0)?;
        }
        pen.text((x, foot.bottom + 14.0), &label, theme::TICK, Align::Middle)?;
    }
    pen.text((scale.places.1, foot.bottom + 34.0), label, theme::TICK, Align::End)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_range() {
        assert_eq!(round_ticks(100.0, 4.0), [0.0, 25.0, 50.0, 75.0, 100.0]);
        assert_eq!(round_ticks(0.0, 4.0), [0.0]);
        let labels: Vec<_> = time_ticks(300.0, 8.0).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0 min", "1 min", "2 min", "3 min", "4 min", "5 min"]);
        assert_eq!(time_ticks(1_209_600.0, 10.0).len(), 8);
    }

    #[test]
    fn a_long_key_has_several_lines() {
        let entry = |n: usize| Entry(Sign::Square, theme::FIRST, format!("entry {n} of the key"));
        let lines = in_lines((0..20).map(entry).collect(), 500.0);
        assert!(lines.len() > 3 && lines.iter().flatten().count() == 20);
        let wide = Entry(Sign::Line, theme::FIRST, "x".repeat(300));
        assert!(in_lines(vec![wide], 500.0)[0][0].2.ends_with('…'));
    }

    #[test]
    fn long_titles_break_and_long_names_are_cut() {
        let lines = broken(&"word ".repeat(60), theme::TITLE, 500.0);
        assert!(lines.len() > 3);
        assert!(lines.iter().all(|line| font::width(line, theme::TITLE.size, true) <= 500.0));
        let lines = broken(&format!("a {} b", "x".repeat(200)), theme::TITLE, 500.0);
        assert!(lines.iter().all(|line| font::width(line, theme::TITLE.size, true) <= 500.0));
        let cut = fitted(&"x".repeat(500), theme::NAME, 100.0);
        assert!(cut.ends_with('…') && font::width(&cut, theme::NAME.size, true) <= 100.0);
    }
}
