//! The pictures of a simulation, one chart a file, all in one [`theme`].
//!
//! A chart says its finding in words on top, shares its axes between the policies that it compares,
//! and labels what it shows where it is. It is drawn once and comes out as SVG and PNG.

mod amplification;
mod canvas;
mod faults;
mod font;
mod frame;
mod heatmap;
mod herd;
mod latency;
mod lines;
mod names;
mod outcomes;
mod panels;
mod pareto;
mod phase;
mod queue;
mod raster;
mod share;
mod strips;
mod theme;

use rayon::prelude::*;
use redrive_sim::{Scenario, outcome::Outcome};

pub(crate) use canvas::ChartError;
use canvas::Pen;

pub(crate) use font::rules as font_rules;
pub(crate) use heatmap::{Grid, Square, heatmap};
pub(crate) use herd::scale_top;
pub(crate) use panels::last_second;
pub(crate) use pareto::pareto;
pub(crate) use phase::{Phase, phase};

/// A finished picture.
pub(crate) struct Picture {
    /// Its name, without an ending.
    pub(crate) name: &'static str,
    /// The SVG document.
    pub(crate) svg: String,
    /// The PNG file.
    pub(crate) png: Vec<u8>,
}

/// Draws every chart that `outcome` has something to show in, on all cores.
///
/// # Errors
/// When the drawing backend fails.
pub(crate) fn pictures(outcome: &Outcome, scenario: &Scenario) -> Result<Vec<Picture>, ChartError> {
    all(outcome, scenario).into_par_iter().map(|chart| finished(chart.as_ref())).collect()
}

fn finished(chart: &dyn Chart) -> Result<Picture, ChartError> {
    Ok(Picture { name: chart.name(), svg: chart.svg()?, png: chart.png()? })
}

/// One picture in its making.
trait Chart: Send {
    /// Its name, which becomes the names of its files.
    fn name(&self) -> &'static str;

    /// What it found, in one sentence: its title, and its text for those who cannot see it.
    fn finding(&self) -> &str;

    /// Its width and height in chart units.
    fn size(&self) -> (u32, u32);

    /// Draws it.
    ///
    /// # Errors
    /// When the drawing backend fails.
    fn draw(&self, pen: &Pen<'_>) -> Result<(), ChartError>;

    /// The picture as an SVG document.
    ///
    /// # Errors
    /// When the drawing backend fails.
    fn svg(&self) -> Result<String, ChartError> {
        canvas::svg(self.size(), self.finding(), |pen| self.draw(pen))
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// When the drawing backend fails.
    fn png(&self) -> Result<Vec<u8>, ChartError> {
        canvas::png(self.size(), |pen| self.draw(pen))
    }
}

/// The charts that `outcome` has something to show in.
fn all<'a>(outcome: &'a Outcome, scenario: &'a Scenario) -> Vec<Box<dyn Chart + 'a>> {
    let mut charts: Vec<Box<dyn Chart + '_>> = Vec::new();
    if outcome.policies.iter().all(|policy| policy.series.first.is_empty()) {
        return charts;
    }
    charts.push(Box::new(herd::chart(outcome, scenario)));
    if outcome.policies.iter().any(|policy| !policy.raster.rows.is_empty()) {
        charts.push(Box::new(raster::chart(outcome, scenario)));
    }
    if outcome.policies.iter().any(|policy| policy.series.queue.iter().any(|depth| *depth > 0)) {
        charts.push(Box::new(queue::chart(outcome, scenario)));
    }
    if outcome.policies.iter().any(|policy| policy.latency.points.len() > 1) {
        charts.push(Box::new(latency::chart(outcome, scenario)));
    }
    let retried = |counts: &[u32]| counts.iter().any(|count| *count > 0);
    if outcome.policies.iter().any(|policy| retried(&policy.series.retries)) {
        charts.push(Box::new(amplification::chart(outcome, scenario)));
        charts.push(Box::new(share::chart(outcome, scenario)));
    }
    charts.push(Box::new(outcomes::Outcomes::new(outcome)));
    charts
}

#[cfg(test)]
mod tests {
    use redrive::wire::Value;
    use redrive_sim::{Scenario, simulate};

    use super::*;

    /// The built-in herd, small, one of its policies with a name that markup would take for its own.
    fn herd() -> (Outcome, Scenario) {
        let mut tree = Scenario::builtin("herd").expect("a built-in").to_value();
        for (path, value) in [("arrivals.tasks", "500"), ("server.queue.limit", "20")] {
            Scenario::set(&mut tree, path, value).expect("a field");
        }
        let named = [("name", "<classic & co>".into()), ("preset", "classic".into())];
        Scenario::put(&mut tree, "policies[0]", &Value::map(named)).expect("a place");
        let scenario = Scenario::from_value(&tree).expect("a scenario");
        (simulate(&scenario, &mut ()).expect("a run"), scenario)
    }

    #[test]
    fn every_chart_comes_out_in_both_forms() {
        let (outcome, scenario) = herd();
        let charts = all(&outcome, &scenario);
        assert_eq!(charts.len(), 7);
        for chart in charts {
            let svg = chart.svg().expect("an SVG");
            assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
            assert!(svg.contains("capacity") || chart.name() != "attempts");
            let png = chart.png().expect("a PNG");
            assert!(png.starts_with(b"\x89PNG"));
            if let Ok(folder) = std::env::var("REDRIVE_SAMPLE_CHARTS") {
                std::fs::write(format!("{folder}/{}.png", chart.name()), png).expect("written");
                std::fs::write(format!("{folder}/{}.svg", chart.name()), svg).expect("written");
            }
        }
    }

    #[test]
    fn nothing_to_show_gives_an_error_instead_of_a_chart() {
        let (mut outcome, scenario) = herd();
        outcome.policies.clear();
        assert!(all(&outcome, &scenario).is_empty());
    }
}
