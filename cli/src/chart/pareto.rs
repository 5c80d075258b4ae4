//! What can be had at once: every policy that was tried, one figure against the other.

use redrive_sim::tune::{Goal, Judged, Trial, Tuning};

use super::{
    canvas::{self, Align, ChartError, Pen, Rect, dot},
    font,
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
         better in both. The named ones are placed by the runs of the proof.",
        goal.metric.name, goal.metric.about, tuning.against.name, tuning.against.about
    );
    let keeps = tuning.trials.iter().all(|trial| trial.keeps);
    let tried = if keeps { "keeps the constraints" } else { "breaks a constraint" };
    let mut key = vec![
        Entry(Sign::Square, if keeps { theme::FIRST } else { theme::MUTED }, tried.to_owned()),
        Entry(Sign::Square, theme::RETRY, "none is better in both".to_owned()),
    ];
    let figures = [goal.metric.name, tuning.against.name];
    let limits = tuning.constraints.iter().filter(|c| figures.contains(&c.metric.name));
    key.extend(limits.map(|limit| Entry(Sign::Dashes, theme::INK, format!("limit: {limit}"))));
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
        let named = self.named();
        // The chosen one and what there is now are in the picture, unless they would squeeze the rest.
        let with = |most: f64, values: [Option<f64>; 2]| {
            let near = values.into_iter().flatten().filter(|value| *value < 3.0 * most);
            near.map(|value| 1.1 * value).fold(most, f64::max)
        };
        let goal = with(most(|t| t.goal), [0, 1].map(|i| named[i].1.map(|at| at.0)));
        let against = with(most(|t| t.against), [0, 1].map(|i| named[i].1.map(|at| at.1)));
        let across = Scale { values: (0.0, goal), places: (plot.left, plot.right) };
        let up = Scale { values: (0.0, against), places: (plot.bottom, plot.top) };
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
        self.draw_limits(pen, plot, &across, &up)?;
        self.draw_named(pen, plot, &across, &up, named)
    }

    /// The policy that was chosen and the one that there is now, where both figures are known.
    fn named(&self) -> [(String, Option<(f64, f64)>); 2] {
        let at = |judged: &Judged| {
            let mean = |metric| judged.mean_of(metric);
            mean(&self.goal.metric).zip(mean(&self.tuning.against))
        };
        let Tuning { candidate, current, .. } = self.tuning;
        [("chosen".to_owned(), at(candidate)), (format!("now: {}", current.name), at(current))]
    }

    fn draw_named(
        &self,
        pen: &Pen<'_>,
        plot: Rect,
        across: &Scale,
        up: &Scale,
        named: [(String, Option<(f64, f64)>); 2],
    ) -> Result<(), ChartError> {
        let mut above: Option<(f64, f64)> = None;
        for (name, at) in named {
            let Some((goal, against)) = at else { continue };
            let outside = goal > across.values.1 || against > up.values.1;
            let (x, y) = (across.place_within(goal), up.place_within(against));
            dot(pen, (x, y), 7.5, theme::INK)?;
            dot(pen, (x, y), 5.5, theme::PAPER)?;
            dot(pen, (x, y), 4.0, theme::GOOD)?;
            let label = if outside {
                format!("{name} (beyond: {}, {})", text::number(goal), text::number(against))
            } else {
                name
            };
            let face = Type { color: theme::INK, ..theme::NAME };
            let label = frame::fitted(&label, face, plot.width() / 2.0);
            let wide = font::width(&label, face.size, true);
            let left = if x + wide + 14.0 > plot.right { x - wide - 12.0 } else { x + 12.0 };
            let mut middle = (y - 12.0).max(plot.top + 10.0);
            if above.is_some_and(|(other_x, other)| {
                (other - middle).abs() < 18.0 && (other_x - x).abs() < wide + 40.0
            }) {
                middle += 24.0;
            }
            above = Some((x, middle));
            let ground = Rect {
                left: left - 3.0,
                top: middle - 9.0,
                right: left + wide + 3.0,
                bottom: middle + 9.0,
            };
            pen.fill(ground, theme::PAPER)?;
            pen.text((left, middle), &label, face, Align::Start)?;
        }
        Ok(())
    }

    /// The limits on the two figures.
    fn draw_limits(
        &self,
        pen: &Pen<'_>,
        plot: Rect,
        across: &Scale,
        up: &Scale,
    ) -> Result<(), ChartError> {
        for constraint in &self.tuning.constraints {
            let limit = constraint.limit;
            let line = if constraint.metric.name == self.tuning.against.name && limit <= up.values.1
            {
                let y = up.place(limit);
                [(plot.left, y), (plot.right, y)]
            } else if constraint.metric.name == self.goal.metric.name && limit <= across.values.1 {
                let x = across.place(limit);
                [(x, plot.top), (x, plot.bottom)]
            } else {
                continue;
            };
            pen.dashed(&line, (5.0, 4.0), theme::INK, 1.75)?;
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
