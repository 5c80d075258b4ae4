//! What became of the tasks: one bar a policy, one part an end.

use plotters::style::RGBColor;
use redrive_sim::outcome::{Outcome, PolicyOutcome};

use super::{
    Chart,
    canvas::{Align, ChartError, Pen, Rect},
    font,
    frame::{self, Header},
    names,
    theme::{self, Type},
};
use crate::{text, words};

/// The most room for the names of policies.
const NAMES: f64 = 280.0;
/// Height of a bar with the air around it.
const ROW: f64 = 56.0;
const BAR: f64 = 24.0;

pub(crate) struct Outcomes<'a> {
    outcome: &'a Outcome,
    finding: String,
    header: Header,
}

impl<'a> Outcomes<'a> {
    pub(crate) fn new(outcome: &'a Outcome) -> Self {
        let finding = words::outcomes(outcome);
        let subtitle = "What became of every task under each policy.";
        let subtitle = frame::of_all_runs(outcome.seed, outcome.runs, subtitle);
        let header = Header::new(&finding, &subtitle, Vec::new());
        Self { outcome, finding, header }
    }
}

/// A part of a bar: how many, what, its colours.
struct Part {
    count: f64,
    label: String,
    ground: RGBColor,
    letters: RGBColor,
}

fn parts(policy: &PolicyOutcome) -> Vec<Part> {
    let summary = &policy.summary;
    let part = |count: f64, label: &str, ground| Part {
        count,
        label: format!("{} {label}", text::number(count)),
        ground,
        letters: if ground == theme::GRID { theme::INK } else { theme::PAPER },
    };
    let mut parts = vec![part(summary.succeeded.or_zero(), "succeeded", theme::GOOD)];
    for (reason, count) in &summary.dead_lettered {
        parts.push(part(count.or_zero(), &format!("dead: {}", words::reason(reason)), theme::DEAD));
    }
    for (count, label) in [
        (summary.discarded, "discarded"),
        (summary.failed, "failed"),
        (summary.cancelled, "cancelled"),
        (summary.unfinished, "unfinished"),
    ] {
        parts.push(part(count.or_zero(), label, theme::GRID));
    }
    parts.retain(|part| part.count > 0.0);
    parts
}

impl Chart for Outcomes<'_> {
    fn name(&self) -> &'static str {
        "outcomes"
    }

    fn finding(&self) -> &str {
        &self.finding
    }

    fn size(&self) -> (u32, u32) {
        let rows = self.outcome.policies.len() as f64;
        (theme::WIDTH, (self.header.height() + rows * ROW + 8.0).ceil() as u32)
    }

    fn draw(&self, pen: &Pen<'_>) -> Result<(), ChartError> {
        self.header.draw(pen)?;
        let all: Vec<&str> =
            self.outcome.policies.iter().map(|policy| policy.name.as_str()).collect();
        let room = names::room(all.iter().copied(), theme::NAME, NAMES);
        let labels = names::fitted(&all, theme::NAME, room);
        let left = theme::MARGIN + room + 12.0;
        let right = f64::from(theme::WIDTH) - theme::MARGIN;
        for (index, policy) in self.outcome.policies.iter().enumerate() {
            let top = self.header.height() + index as f64 * ROW;
            let middle = top + BAR / 2.0;
            let name = labels.get(index).map_or("", String::as_str);
            pen.text((left - 12.0, middle), name, theme::NAME, Align::End)?;
            let parts = parts(policy);
            let total: f64 = parts.iter().map(|part| part.count).sum();
            let mut from = left;
            for part in parts {
                let to = from + part.count / total * (right - left);
                let bar = Rect { left: from, top, right: to - 1.0, bottom: top + BAR };
                pen.fill(bar, part.ground)?;
                let face = Type { color: part.letters, ..theme::NOTE };
                let short = text::number(part.count);
                let fits =
                    |label: &&String| font::width(label, face.size, false) < bar.width() - 14.0;
                if let Some(label) = [&part.label, &short].into_iter().find(fits) {
                    pen.text((from + 8.0, middle), label, face, Align::Start)?;
                }
                from = to;
            }
            let below = (left, top + BAR + 12.0);
            pen.text(below, &words::ends(policy), theme::TICK, Align::Start)?;
        }
        Ok(())
    }
}
