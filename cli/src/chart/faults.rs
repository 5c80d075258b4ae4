//! The faults of a scenario, each drawn by itself: a shade over its time and a bar in a lane above the
//! plot, so that an error rate that lasts for ever does not hide an outage.

use plotters::style::RGBColor;
use redrive_sim::{
    Scenario,
    scenario::{Fault, Mode},
};

use super::{
    canvas::{ChartError, Pen, Rect},
    frame::{Entry, Scale, Sign},
    theme,
};
use crate::text;

/// Faults that the key names one by one; of more it counts each kind.
const NAMED: usize = 4;
/// Height of a bar in its lane, and of the lane.
const BAR: f64 = 3.0;
const LANE: f64 = 4.0;

/// The faults of a run.
pub(crate) struct Faults {
    spans: Vec<Span>,
    lanes: usize,
}

struct Span {
    from: f64,
    /// Infinite where it does not end.
    until: f64,
    what: String,
    /// Whether nothing gets through.
    total: bool,
    lane: usize,
}

impl Faults {
    /// The faults of `scenario`, in lanes in which they do not overlap.
    pub(crate) fn of(scenario: &Scenario) -> Self {
        let mut spans: Vec<Span> = scenario.faults.iter().map(span).collect();
        spans.sort_by(|a, b| a.from.total_cmp(&b.from).then(b.until.total_cmp(&a.until)));
        let mut ends: Vec<f64> = Vec::new();
        for span in &mut spans {
            let free = ends.iter().position(|end| *end <= span.from);
            span.lane = free.unwrap_or_else(|| {
                ends.push(0.0);
                ends.len() - 1
            });
            ends[span.lane] = span.until;
        }
        Self { spans, lanes: ends.len() }
    }

    /// Room for the bars above a plot.
    pub(crate) fn height(&self) -> f64 {
        LANE * self.lanes as f64
    }

    /// The key: what each shade is, and when.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        if self.spans.len() <= NAMED {
            return self.spans.iter().map(|span| span.entry(&span.when())).collect();
        }
        let mut kinds: Vec<(&Span, u64)> = Vec::new();
        for span in &self.spans {
            match kinds.iter_mut().find(|(known, _)| known.what == span.what) {
                Some((_, count)) => *count += 1,
                None => kinds.push((span, 1)),
            }
        }
        let times = |(span, count): (&Span, u64)| {
            let said = if count == 1 { span.when() } else { format!("{count} times") };
            span.entry(&said)
        };
        kinds.into_iter().map(times).collect()
    }

    /// Shades each fault's time, what stops everything over what stops a part, and draws its bar.
    ///
    /// # Errors
    /// When the drawing backend fails.
    pub(crate) fn draw(&self, pen: &Pen<'_>, time: &Scale, plot: Rect) -> Result<(), ChartError> {
        for total in [false, true] {
            for span in self.spans.iter().filter(|span| span.total == total) {
                let Some((left, right)) = span.within(time) else { continue };
                pen.fill(Rect { left, right, ..plot }, span.shade())?;
            }
        }
        for span in &self.spans {
            let Some((left, right)) = span.within(time) else { continue };
            let bottom = plot.top - 1.0 - LANE * span.lane as f64;
            pen.fill(Rect { left, right, top: bottom - BAR, bottom }, span.bar())?;
            for edge in [(span.from, left), (span.until, right)] {
                if (time.values.0..time.values.1).contains(&edge.0) && edge.0 > 0.0 {
                    pen.line(&[(edge.1, bottom), (edge.1, plot.bottom)], span.bar(), 0.5)?;
                }
            }
        }
        Ok(())
    }
}

impl Span {
    fn within(&self, time: &Scale) -> Option<(f64, f64)> {
        let (left, right) = (time.place_within(self.from), time.place_within(self.until));
        (right > left).then_some((left, right))
    }

    fn when(&self) -> String {
        let from = text::seconds(self.from);
        if self.until.is_finite() {
            format!("{from} to {}", text::seconds(self.until))
        } else {
            format!("from {from} on")
        }
    }

    fn entry(&self, when: &str) -> Entry {
        Entry(Sign::Square, self.shade(), format!("fault: {}, {when}", self.what))
    }

    fn shade(&self) -> RGBColor {
        if self.total { theme::OUTAGE } else { theme::FAULT }
    }

    fn bar(&self) -> RGBColor {
        if self.total { theme::MUTED } else { theme::PARTIAL }
    }
}

fn span(fault: &Fault) -> Span {
    let (what, total) = match &fault.mode {
        Mode::Down { .. } => ("down".to_owned(), true),
        Mode::Hang => ("hang".to_owned(), true),
        Mode::Errors { rate, .. } => (format!("{} errors", text::percent(*rate)), *rate >= 1.0),
        Mode::Slow { factor } => (format!("{} slower", text::times(*factor)), false),
        Mode::Brownout { capacity_factor } => {
            (format!("{} of the capacity", text::percent(*capacity_factor)), false)
        }
        Mode::RateLimit { per_second, .. } => {
            (format!("limit {}/s", text::number(*per_second)), false)
        }
        Mode::Bursts { .. } => ("bursts of errors".to_owned(), false),
    };
    let seconds = |time: redrive::Time| time.as_nanos() as f64 / 1e9;
    let until = fault.until.map_or(f64::INFINITY, seconds);
    Span { from: seconds(fault.from), until, what, total, lane: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redrive::wire::Value;

    fn faults(list: &[(&str, Option<&str>, &str)]) -> Faults {
        let mut tree = Scenario::builtin("herd").expect("a built-in").to_value();
        let list = list.iter().map(|(from, until, mode)| {
            let until = until.map_or(Value::Null, Into::into);
            let mut fields: Vec<(String, Value)> = vec![
                ("from".to_owned(), (*from).into()),
                ("until".to_owned(), until),
                ("mode".to_owned(), (*mode).into()),
            ];
            if *mode == "errors" {
                fields.push(("rate".to_owned(), Value::Float(0.05)));
            }
            Value::Map(fields)
        });
        Scenario::put(&mut tree, "faults", &Value::List(list.collect())).expect("a field");
        Faults::of(&Scenario::from_value(&tree).expect("a scenario"))
    }

    #[test]
    fn an_outage_within_a_lasting_fault_has_a_lane_and_an_entry_of_its_own() {
        let faults = faults(&[("0s", None, "errors"), ("20s", Some("40s"), "down")]);
        assert_eq!(faults.lanes, 2);
        let labels: Vec<_> = faults.entries().into_iter().map(|entry| entry.2).collect();
        assert_eq!(labels, ["fault: 5 % errors, from 0 s on", "fault: down, 20 s to 40 s"]);
        let shades: Vec<_> = faults.spans.iter().map(Span::shade).collect();
        assert_eq!(shades, [theme::FAULT, theme::OUTAGE]);
    }

    #[test]
    fn faults_one_after_the_other_share_a_lane_and_many_are_counted() {
        let one = [("0s", Some("10s"), "down"), ("10s", Some("20s"), "down")];
        assert_eq!(faults(&one).lanes, 1);
        let many: Vec<_> = ["1s", "3s", "5s", "7s", "9s"]
            .into_iter()
            .zip(["2s", "4s", "6s", "8s", "10s"])
            .map(|(from, until)| (from, Some(until), "down"))
            .collect();
        let labels: Vec<_> = faults(&many).entries().into_iter().map(|entry| entry.2).collect();
        assert_eq!(labels, ["fault: down, 5 times"]);
    }
}
