//! Several runs of one policy as one result: means with confidence intervals.
//!
//! Runs are taken in the order of their replication numbers, whatever thread ran them and when, so that
//! sums of floats, and with them the whole result, do not depend on the number of threads.

use crate::outcome::{Figure, Group, PolicyOutcome, Spread, Summary};

/// One result out of the runs of one policy, in the order of their replication numbers; `None` out
/// of none. A single run stays as it is. Series, raster, latencies and records are those of the
/// first run.
#[must_use]
pub fn merge(runs: Vec<PolicyOutcome>) -> Option<PolicyOutcome> {
    if runs.len() < 2 {
        return runs.into_iter().next();
    }
    let summaries: Vec<&Summary> = runs.iter().map(|run| &run.summary).collect();
    let summary = Summary::merged(&summaries);
    let partial = runs.iter().any(|run| run.partial);
    let mut first = runs.into_iter().next()?;
    first.summary = summary;
    first.partial = partial;
    Some(first)
}

/// The spread of one figure.
#[must_use]
pub fn spread(figures: &[Figure]) -> Figure {
    if let Some(spread) = of_pieces(figures) {
        return Figure::Spread(spread);
    }
    let values: Vec<f64> = figures.iter().filter_map(Figure::value).collect();
    if values.is_empty() {
        return Figure::Absent;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let ci95 = if values.len() > 1 {
        student_t95(values.len() as u32 - 1) * libm::sqrt(squares / (n - 1.0) / n)
    } else {
        0.0
    };
    Figure::Spread(Spread {
        mean,
        ci95,
        min: values.iter().copied().fold(f64::INFINITY, f64::min),
        max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        missing: (figures.len() - values.len()) as u32,
        runs: values.len() as u32,
    })
}

/// The spread of runs that have been merged in pieces (by Chan's formula); `None` for single runs.
fn of_pieces(figures: &[Figure]) -> Option<Spread> {
    let mut pieces = figures.iter().filter_map(|figure| match figure {
        Figure::Spread(spread) if spread.runs > 0 => Some(*spread),
        _ => None,
    });
    let mut whole = pieces.next()?;
    let squares = |spread: &Spread| {
        if spread.runs < 2 {
            return 0.0;
        }
        let n = f64::from(spread.runs);
        let error = spread.ci95 / student_t95(spread.runs - 1);
        error * error * n * (n - 1.0)
    };
    let mut sum = squares(&whole);
    for piece in pieces {
        let (n, m) = (f64::from(whole.runs), f64::from(piece.runs));
        let apart = piece.mean - whole.mean;
        sum += squares(&piece) + apart * apart * n * m / (n + m);
        whole.mean += apart * m / (n + m);
        whole.min = whole.min.min(piece.min);
        whole.max = whole.max.max(piece.max);
        whole.runs += piece.runs;
        whole.missing += piece.missing;
    }
    // A piece in which no run has the figure is absent.
    let n = f64::from(whole.runs);
    if whole.runs > 1 {
        whole.ci95 = student_t95(whole.runs - 1) * libm::sqrt(sum / (n - 1.0) / n);
    }
    Some(whole)
}

/// The 97.5 % point of Student's law: the ends of a two-sided interval of 95 %.
#[must_use]
pub fn student_t95(freedom: u32) -> f64 {
    const FIRST: [f64; 10] = [
        12.706_205, 4.302_653, 3.182_446, 2.776_445, 2.570_582, 2.446_912, 2.364_624, 2.306_004,
        2.262_157, 2.228_139,
    ];
    if let Some(point) = FIRST.get(freedom.saturating_sub(1) as usize) {
        return *point;
    }
    // Cornish and Fisher's expansion about the normal point; good to five digits from here on.
    let (z, n) = (1.959_963_985, f64::from(freedom));
    let z3 = z * z * z;
    let z5 = z3 * z * z;
    let z7 = z5 * z * z;
    let z9 = z7 * z * z;
    z + (z3 + z) / (4.0 * n)
        + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * n * n)
        + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * n * n * n)
        + (79.0 * z9 + 776.0 * z7 + 1_482.0 * z5 - 1_920.0 * z3 - 945.0 * z)
            / (92_160.0 * n * n * n * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_points_are_those_of_the_tables() {
        for (freedom, point) in
            [(1, 12.7062), (5, 2.5706), (10, 2.2281), (11, 2.2010), (30, 2.0423)]
        {
            assert!((student_t95(freedom) - point).abs() < 1e-4, "{freedom}");
        }
        assert!((student_t95(1_000_000) - 1.959_966).abs() < 1e-5);
    }

    #[test]
    fn pieces_have_the_spread_of_the_whole() {
        let figures: Vec<Figure> = (0..100_u64).map(|n| Figure::Count(n * n % 37)).collect();
        let pieces: Vec<Figure> = figures.chunks(30).map(spread).collect();
        let (Figure::Spread(whole), Figure::Spread(joined)) = (spread(&figures), spread(&pieces))
        else {
            panic!()
        };
        assert!((whole.mean - joined.mean).abs() < 1e-12, "{whole:?} {joined:?}");
        assert!((whole.ci95 - joined.ci95).abs() < 1e-12, "{whole:?} {joined:?}");
        assert_eq!((whole.min, whole.max, whole.runs), (joined.min, joined.max, joined.runs));
    }

    #[test]
    fn a_spread_knows_what_is_missing() {
        let figures = [Figure::Count(1), Figure::Real(3.0), Figure::Absent];
        let Figure::Spread(spread) = spread(&figures) else { panic!() };
        assert_eq!((spread.mean, spread.min, spread.max, spread.missing), (2.0, 1.0, 3.0, 1));
        assert!((spread.ci95 - 12.706_205).abs() < 1e-6);
        assert_eq!(super::spread(&[Figure::Absent]), Figure::Absent);
    }
}
