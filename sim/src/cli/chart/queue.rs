//! How many requests wait for the server, one strip a policy.

use redrive_sim::outcome::Outcome;

use super::{
    Chart,
    canvas::{ChartError, Pen},
    frame::{Header, Scale},
    panels::{self, Panels, Slot},
    theme,
};
use crate::{text, words};

const STRIP: f64 = 56.0;

pub(crate) struct Queue<'a> {
    outcome: &'a Outcome,
    finding: String,
    header: Header,
    panels: Panels,
    top: f64,
}

impl<'a> Queue<'a> {
    pub(crate) fn new(outcome: &'a Outcome) -> Self {
        let finding = words::queue(outcome);
        let subtitle = "Requests that wait for a worker, all panels on one scale; each column \
                        shows its longest queue.";
        let header =
            Header::new(&finding, subtitle, panels::fault_entry(outcome).into_iter().collect());
        let panels = Panels::new(outcome, &header, STRIP);
        let deepest = outcome.policies.iter().flat_map(|policy| policy.series.queue.iter()).max();
        let top = f64::from(deepest.copied().unwrap_or(0)).max(1.0) * 1.05;
        Self { outcome, finding, header, panels, top }
    }
}

impl Chart for Queue<'_> {
    fn name(&self) -> &'static str {
        "queue"
    }

    fn finding(&self) -> &str {
        &self.finding
    }

    fn size(&self) -> (u32, u32) {
        self.panels.size()
    }

    fn draw(&self, pen: &Pen<'_>) -> Result<(), ChartError> {
        self.header.draw(pen)?;
        let notes: Vec<_> = self.outcome.policies.iter().map(words::refused).collect();
        self.panels.draw_ground(pen, self.outcome, &notes)?;
        for (policy, plot) in self.outcome.policies.iter().zip(&self.panels.plots) {
            let depth = Scale { values: (0.0, self.top), places: (plot.bottom, plot.top) };
            self.panels.draw_values(pen, *plot, &depth, text::number)?;
            let series = &policy.series;
            let waiting = |index: usize| series.queue.get(index).copied().unwrap_or(0);
            let slots =
                panels::busiest(series, &self.panels.time, |index| u64::from(waiting(index)));
            let top = |slot: &Slot| depth.place_within(f64::from(waiting(slot.bin)));
            let tops: Vec<_> =
                slots.iter().map(|slot| (slot.left, slot.right, top(slot))).collect();
            for shape in panels::steps(&tops, plot.bottom) {
                pen.area(&shape, theme::FIRST)?;
            }
        }
        Ok(())
    }
}
