//! What can be had at once: every policy that was tried, one figure against the other.

use redrive_sim::tune::{Goal, Trial, Tuning};

use super::{
    canvas::{self, Align, ChartError, Pen, Rect},
    frame::{self, Entry, Header, Scale, Sign},
    theme::{self, Type},
};
use crate::text;

const HEIGHT: f64 = 420.0;

/// The trials as SVG and PNG; nothing when there are fewer than two.
///
/// # Errors
/// When the drawing backend fails.
pub(crate) fn pareto(
    goal: &Goal,
    tuning: &Tuning,
) -> Result<Option<(String, Vec<u8>)>, ChartError> {
    if tuning.trials.len() < 2 {
        return Ok(None);
    }
    let front = tuning.pareto(goal);
    let finding = finding(goal, tuning, &front);
    let subtitle = format!(
        "Each dot is a policy that was tried: {} ({}) across, {} ({}) up. On the line none is \
         better in both.",
        goal.metric.name, goal.metric.about, tuning.against.name, tuning.against.about
    );
    let keeps = tuning.trials.iter().all(|trial| trial.keeps);
    let tried = if keeps { "keeps the constraints" } else { "breaks a constraint" };
    let key = vec![
        Entry(Sign::Square, if keeps { theme::FIRST } else { theme::MUTED }, tried.to_owned()),
        Entry(Sign::Square, theme::RETRY, "none is better in both".to_owned()),
    ];
    let chart = Pareto { header: Header::new(&finding, &subtitle, key), tuning, front, goal };
    let size = (theme::WIDTH, (chart.header.height() + HEIGHT + 64.0).ceil() as u32);
    let svg = canvas::svg(size, &finding, |pen| chart.draw(pen))?;
    Ok(Some((svg, canvas::png(size, |pen| chart.draw(pen))?)))
}

fn finding(goal: &Goal, tuning: &Tuning, front: &[&Trial]) -> String {
    let (Some(first), Some(last)) = (front.first(), front.last()) else {
        return "Nothing that was tried has both figures".to_owned();
    };
    let at = |trial: &Trial| {
        format!(
            "{} {} at {} {}",
            goal.metric.name,
            text::number(trial.goal),
            tuning.against.name,
            text::number(trial.against)
        )
    };
    match front.len() {
        1 => format!("One policy is best in both: {}", at(first)),
        _ => format!("From {} to {}", at(first), at(last)),
    }
}

struct Pareto<'a> {
    header: Header,
    tuning: &'a Tuning,
    front: Vec<&'a Trial>,
    goal: &'a Goal,
}

impl Pareto<'_> {
    fn draw(&self, pen: &Pen<'_>) -> Result<(), ChartError> {
        self.header.draw(pen)?;
        let top = self.header.height() + 20.0;
        let right = f64::from(theme::WIDTH) - theme::MARGIN;
        let plot = Rect { left: 84.0, top, right, bottom: top + HEIGHT };
        let most = |of: fn(&Trial) -> f64| {
            // The worst tenth would leave no room for the rest.
            let mut values: Vec<f64> = self.tuning.trials.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            let cut = values.get(values.len() * 9 / 10).copied().unwrap_or(1.0);
            let front = self.front.iter().map(|trial| of(trial)).fold(0.0, f64::max);
            (1.1 * cut.max(front)).max(1e-9)
        };
        let across = Scale { values: (0.0, most(|t| t.goal)), places: (plot.left, plot.right) };
        let up = Scale { values: (0.0, most(|t| t.against)), places: (plot.bottom, plot.top) };
        self.draw_axes(pen, plot, &across, &up)?;
        for trial in &self.tuning.trials {
            if trial.goal <= across.values.1 && trial.against <= up.values.1 {
                let color = if trial.keeps { theme::FIRST } else { theme::MUTED };
                dot(pen, (across.place(trial.goal), up.place(trial.against)), 3.0, color)?;
            }
        }
        let mut line: Vec<(f64, f64)> = Vec::new();
        for trial in &self.front {
            let (x, y) = (across.place(trial.goal), up.place(trial.against));
            if let Some((_, before)) = line.last().copied() {
                line.push((x, before));
            }
            line.push((x, y));
        }
        pen.line(&line, theme::RETRY, 1.75)?;
        for trial in &self.front {
            let at = (across.place(trial.goal), up.place(trial.against));
            dot(pen, at, 4.0, theme::RETRY)?;
        }
        Ok(())
    }

    fn draw_axes(
        &self,
        pen: &Pen<'_>,
        plot: Rect,
        across: &Scale,
        up: &Scale,
    ) -> Result<(), ChartError> {
        for tick in frame::round_ticks(across.values.1, 8.0) {
            let x = across.place(tick);
            pen.line(&[(x, plot.top), (x, plot.bottom)], theme::GRID, 1.0)?;
            let label = text::number(tick);
            pen.text((x, plot.bottom + 14.0), &label, theme::TICK, Align::Middle)?;
        }
        for tick in frame::round_ticks(up.values.1, 6.0) {
            let y = up.place(tick);
            pen.line(&[(plot.left, y), (plot.right, y)], theme::GRID, 1.0)?;
            pen.text((plot.left - 8.0, y), &text::number(tick), theme::TICK, Align::End)?;
        }
        let face = Type { bold: true, ..theme::TICK };
        let foot = (plot.right, plot.bottom + 34.0);
        pen.text(foot, self.goal.metric.name, face, Align::End)?;
        pen.text((plot.left, plot.top - 14.0), self.tuning.against.name, face, Align::Start)
    }
}

/// A small octagon: round enough at this size, and the same in both kinds of picture.
fn dot(
    pen: &Pen<'_>,
    (x, y): (f64, f64),
    radius: f64,
    color: plotters::style::RGBColor,
) -> Result<(), ChartError> {
    let cut = radius * 0.414;
    let corners = [
        (x - cut, y - radius),
        (x + cut, y - radius),
        (x + radius, y - cut),
        (x + radius, y + cut),
        (x + cut, y + radius),
        (x - cut, y + radius),
        (x - radius, y + cut),
        (x - radius, y - cut),
    ];
    pen.area(&corners, color)
}
