//! Lines of several policies in one plot, each with its name at its end.

use redrive_sim::outcome::Outcome;

use super::{
    canvas::{Align, ChartError, Pen, Rect, Type},
    frame, theme,
};

/// Room for the names, right of the plot.
pub(crate) const NAMES: f64 = 150.0;
/// Lines of text that do not touch.
const LEADING: f64 = 19.0;

/// Writes each policy's name where its line ends, (height, index), moved apart where lines end
/// together.
pub(crate) fn draw_names(
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
    for ((y, index), place) in names.into_iter().zip(places) {
        let face = Type { color: theme::series(index), ..theme::NAME };
        let name = outcome.policies.get(index).map_or("", |policy| policy.name.as_str());
        pen.line(&[(plot.right, y), (plot.right + 10.0, place)], theme::series(index), 1.25)?;
        let label = frame::fitted(name, face, NAMES - 14.0);
        pen.text((plot.right + 14.0, place), &label, face, Align::Start)?;
    }
    Ok(())
}
