//! How a service does as time goes on: successes, how long they took, what waits.

use redrive_sim::outcome::TierSeries;

use super::{
    Run,
    picture::last_busy,
    shape::{Floats, shapes},
    told,
};

/// Columns: enough to see a shape, few enough to have a percentile in each.
const COLUMNS: usize = 150;

shapes! {
    /// What one of the services that call each other did over time, in the columns of the whole.
    pub struct LayerTime {
        /// Its name.
        pub name: String,
        /// Requests that reached it, a second.
        pub requests: Floats,
        /// Those that it answered with success, a second.
        pub goodput: Floats,
        /// The most that waited for it at one moment.
        pub queue: Floats,
    }

    /// Figures over time, by the moment at which tasks ended.
    pub struct OverTime {
        /// When each column begins, seconds.
        pub seconds: Floats,
        /// Tasks that succeeded, a second.
        pub goodput: Floats,
        /// Tasks that became dead letters, a second.
        pub dead: Floats,
        /// The median time to success, seconds; NaN where none succeeded.
        pub p50: Floats,
        /// 99 % took no longer; NaN where none succeeded.
        pub p99: Floats,
        /// The most requests that waited for the server at one moment.
        pub queue: Floats,
        /// The services, outermost first; none where there is one.
        pub layers: Vec<LayerTime>,
    }
}

impl Run {
    /// Success, its time and the queue in columns.
    pub(super) fn over_time(&self) -> OverTime {
        let series = &self.outcome.series;
        let bin = series.bin.as_secs_f64();
        let bins = last_busy(series).max(1);
        let group = bins.div_ceil(COLUMNS);
        let columns = bins.div_ceil(group);
        let width = group as f64 * bin;
        let each = |read: &dyn Fn(usize) -> f64| Floats((0..columns).map(read).collect());
        let of = |counts: &'_ [u32], column: usize| {
            let from = (column * group).min(counts.len());
            from..(from + group).min(counts.len())
        };
        let rates = |counts: &[u32]| {
            each(&|column| {
                let counts = &counts[of(counts, column)];
                counts.iter().map(|count| f64::from(*count)).sum::<f64>() / width
            })
        };
        let highest = |counts: &[u32]| {
            each(&|column| {
                counts[of(counts, column)].iter().max().map_or(0.0, |most| f64::from(*most))
            })
        };
        let layer = |tier: &TierSeries| LayerTime {
            name: told(&tier.name),
            requests: rates(&tier.requests),
            goodput: rates(&tier.succeeded),
            queue: highest(&tier.queue),
        };
        let times = self.times(columns, width);
        let quantile = |column: usize, part: f64| {
            let times: &[f64] = times.get(column).map_or(&[], Vec::as_slice);
            let place = (times.len() as f64 * part) as usize;
            times.get(place.min(times.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
        };
        OverTime {
            seconds: each(&|column| column as f64 * width),
            goodput: rates(&series.succeeded),
            dead: rates(&series.dead),
            p50: each(&|column| quantile(column, 0.5)),
            p99: each(&|column| quantile(column, 0.99)),
            queue: highest(&series.queue),
            layers: series.tiers.iter().map(layer).collect(),
        }
    }

    /// How long the tasks took that succeeded in each column, sorted.
    fn times(&self, columns: usize, width: f64) -> Vec<Vec<f64>> {
        let mut times = vec![Vec::new(); columns];
        for record in self.outcome.records.iter().filter(|record| record.end == "succeeded") {
            let Some(ended) = record.ended else { continue };
            let column = (ended.as_secs_f64() / width) as usize;
            if let Some(times) = times.get_mut(column) {
                times.push(ended.saturating_since(record.arrived).as_secs_f64());
            }
        }
        times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
        times
    }
}
