//! A chart of strips, one a policy: everything but what is in a strip.

use redrive_sim::{
    Scenario,
    outcome::{Outcome, PolicyOutcome},
};

use super::{
    Chart,
    canvas::{ChartError, Pen, Rect},
    faults::Faults,
    frame::{self, Entry, Header},
    panels::Panels,
};

/// What is in a strip.
pub(crate) trait Strip: Send {
    /// The chart's name, which becomes the names of its files.
    const NAME: &'static str;
    /// The height of a strip.
    const HEIGHT: f64;

    /// Draws one.
    ///
    /// # Errors
    /// When the drawing backend fails.
    fn draw(&self, pen: &Pen<'_>, at: &At<'_>) -> Result<(), ChartError>;
}

/// Whose strip it is, and where.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    /// What all strips share.
    pub(crate) panels: &'a Panels,
    /// Whose data it shows.
    pub(crate) policy: &'a PolicyOutcome,
    /// Its place.
    pub(crate) plot: Rect,
}

/// What a chart says beside its data.
pub(crate) struct Says {
    /// Its title.
    pub(crate) finding: String,
    /// How to read it.
    pub(crate) subtitle: String,
    /// The key of colours; the fault's is added.
    pub(crate) key: Vec<Entry>,
    /// The note beside the name of a policy.
    pub(crate) note: fn(&PolicyOutcome) -> String,
}

/// A chart of strips.
pub(crate) struct Strips<'a, S> {
    outcome: &'a Outcome,
    finding: String,
    header: Header,
    panels: Panels,
    strip: S,
}

impl<'a, S: Strip> Strips<'a, S> {
    pub(crate) fn new(outcome: &'a Outcome, scenario: &Scenario, says: Says, strip: S) -> Self {
        let Says { finding, subtitle, mut key, note } = says;
        key.extend(Faults::of(scenario).entries());
        let header = Header::new(&finding, &frame::of_one_run(outcome, &subtitle), key);
        let notes: Vec<String> = outcome.policies.iter().map(note).collect();
        let panels = Panels::new((outcome, scenario), &header, S::HEIGHT, &notes);
        Self { outcome, finding, header, panels, strip }
    }
}

impl<S: Strip> Chart for Strips<'_, S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn finding(&self) -> &str {
        &self.finding
    }

    fn size(&self) -> (u32, u32) {
        self.panels.size()
    }

    fn draw(&self, pen: &Pen<'_>) -> Result<(), ChartError> {
        self.header.draw(pen)?;
        self.panels.draw_ground(pen)?;
        for (policy, plot) in self.outcome.policies.iter().zip(&self.panels.plots) {
            self.strip.draw(pen, &At { panels: &self.panels, policy, plot: *plot })?;
        }
        Ok(())
    }
}
