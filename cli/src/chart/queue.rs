//! How many requests wait for the server, one strip a policy.

use redrive_sim::{Scenario, outcome::Outcome};

use super::{
    canvas::{ChartError, Pen},
    frame::Scale,
    panels::{self, Slot},
    strips::{At, Says, Strip, Strips},
    theme,
};
use crate::{text, words};

/// Requests that wait.
pub(crate) struct Queue {
    top: f64,
}

/// The chart.
pub(crate) fn chart<'a>(outcome: &'a Outcome, scenario: &Scenario) -> Strips<'a, Queue> {
    let deepest = outcome.policies.iter().flat_map(|policy| policy.series.queue.iter()).max();
    let top = f64::from(deepest.copied().unwrap_or(0)).max(1.0) * 1.05;
    let says = Says {
        finding: words::queue(outcome),
        subtitle:
            "Requests that wait for a worker, all panels on one scale; each column shows its \
                   longest queue."
                .to_owned(),
        key: Vec::new(),
        note: words::refused,
    };
    Strips::new(outcome, scenario, says, Queue { top })
}

impl Strip for Queue {
    const NAME: &'static str = "queue";
    const HEIGHT: f64 = 56.0;

    fn draw(&self, pen: &Pen<'_>, at: &At<'_>) -> Result<(), ChartError> {
        let At { panels, policy, plot } = *at;
        let depth = Scale { values: (0.0, self.top), places: (plot.bottom, plot.top) };
        panels.draw_values(pen, plot, &depth, text::number)?;
        let series = &policy.series;
        let waiting = |index: usize| series.queue.get(index).copied().unwrap_or(0);
        let slots = panels::busiest(series, &panels.time, |index| u64::from(waiting(index)));
        let top = |slot: &Slot| depth.place_within(f64::from(waiting(slot.bin)));
        let tops: Vec<_> = slots.iter().map(|slot| (slot.left, slot.right, top(slot))).collect();
        panels::draw_steps(pen, &tops, plot, theme::FIRST)
    }
}
