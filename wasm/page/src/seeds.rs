//! How sure the picture is: the same comparison under other seeds.

use redrive_sim::{
    SimError,
    run::{Options, run_one},
    text::percent,
};

use super::{
    Page, Part, Run, Slot,
    picture::columns_of,
    shape::{Floats, shapes},
};

/// Columns of a band.
const COLUMNS: usize = 400;

shapes! {
    /// What a figure was over all seeds.
    pub struct Range {
        /// The figure's name.
        pub name: &'static str,
        /// What to call it.
        pub label: &'static str,
        /// From what to what.
        pub text: String,
    }

    /// What one policy did over all seeds.
    pub struct Band {
        /// `A` or `B`.
        pub name: &'static str,
        /// When each column begins, seconds.
        pub seconds: Floats,
        /// The least attempts per second of any seed.
        pub low: Floats,
        /// The most.
        pub high: Floats,
        /// Its figures.
        pub ranges: Vec<Range>,
    }

    /// The comparison over several seeds.
    pub struct Seeds {
        /// How many.
        pub runs: usize,
        /// How often which policy did better.
        pub text: Vec<Part>,
        /// One a policy.
        pub bands: Vec<Band>,
    }
}

/// The runs of the page's policies under several seeds, one after the other.
#[derive(Debug)]
pub struct Replications {
    page: Page,
    slots: Vec<Slot>,
    wanted: usize,
    runs: Vec<Vec<Run>>,
}

impl Page {
    /// Of both policies, the page's seed first.
    #[must_use]
    pub fn replications(&self, wanted: usize) -> Replications {
        let slots: Vec<Slot> =
            [Slot::A, Slot::B].into_iter().filter(|slot| self.chosen(*slot).is_some()).collect();
        let runs = slots.iter().map(|_| Vec::new()).collect();
        Replications { page: self.clone(), slots, wanted: wanted.clamp(2, 100), runs }
    }
}

impl Replications {
    /// Makes one run; the share of them that is done.
    ///
    /// # Errors
    /// When a run is too big for a page.
    pub fn step(&mut self) -> Result<f64, SimError> {
        let fewest = self.runs.iter().enumerate().min_by_key(|(_, runs)| runs.len());
        let Some((index, done)) = fewest.map(|(index, runs)| (index, runs.len())) else {
            return Ok(1.0);
        };
        if done >= self.wanted {
            return Ok(1.0);
        }
        let Some(slot) = self.slots.get(index).copied() else { return Ok(1.0) };
        let mut scenario = self.page.bounded(slot)?;
        // The band shows no single tasks.
        scenario.report.raster_rows = 0;
        let outcome = run_one(&scenario, 0, done as u32, Options::default(), &mut ())?;
        self.runs[index].push(Run::of(slot, outcome, scenario));
        let all: usize = self.runs.iter().map(Vec::len).sum();
        Ok(all as f64 / (self.wanted * self.slots.len()) as f64)
    }

    /// What they have in common and how far they are apart.
    #[must_use]
    pub fn seeds(&self) -> Seeds {
        let done = self.runs.iter().map(Vec::len).min().unwrap_or(0);
        let each: Vec<_> = (0..done)
            .map(|seed| {
                let runs: Vec<&Run> = self.runs.iter().filter_map(|runs| runs.get(seed)).collect();
                self.page.headline(&runs)
            })
            .collect();
        let ranges = |index: usize| {
            let tiles = each.first().and_then(|first| first.policies.get(index));
            let names = tiles.map_or(Vec::new(), |tiles| {
                tiles.tiles.iter().map(|tile| (tile.name, tile.label)).collect()
            });
            let range = |(name, label): (&'static str, &'static str)| {
                let found = each.iter().filter_map(|headline| {
                    headline.policies.get(index)?.tiles.iter().find(|tile| tile.name == name)
                });
                // What has no figure is beyond all that have one.
                let mut found: Vec<_> =
                    found.map(|tile| (tile.value.unwrap_or(f64::INFINITY), &tile.text)).collect();
                found.sort_by(|a, b| a.0.total_cmp(&b.0));
                let text = match (found.first(), found.last()) {
                    (Some((_, low)), Some((_, high))) if low != high => format!("{low} to {high}"),
                    (Some((_, one)), _) => (*one).clone(),
                    _ => String::new(),
                };
                Range { name, label, text }
            };
            names.into_iter().map(range).collect::<Vec<Range>>()
        };
        let bands = self.slots.iter().enumerate().map(|(index, slot)| {
            let runs = self.runs.get(index).map_or(&[][..], Vec::as_slice);
            let (seconds, low, high) = band(runs);
            Band { name: slot.name(), seconds, low, high, ranges: ranges(index) }
        });
        Seeds { runs: done, bands: bands.collect(), text: self.text(&each) }
    }

    /// How often which policy did better.
    fn text(&self, each: &[super::Headline]) -> Vec<Part> {
        let plain = |text: String| Part { text, slot: None };
        if self.slots.len() < 2 {
            return vec![plain(format!(
                "Below each figure is its range over {} seeds.",
                each.len()
            ))];
        }
        let wins = self.slots.iter().enumerate().map(|(index, slot)| {
            let won = each.iter().filter(|headline| {
                headline.policies.get(index).is_some_and(|tiles| tiles.better.is_some())
            });
            (*slot, won.count())
        });
        let Some((slot, won)) = wins.max_by_key(|(_, won)| *won).filter(|(_, won)| *won > 0) else {
            return vec![plain(format!("In {} seeds A and B do about the same.", each.len()))];
        };
        let share = percent(won as f64 / each.len().max(1) as f64);
        vec![
            self.page.name_part(slot),
            plain(format!(" does better in {won} of {} seeds ({share}).", each.len())),
        ]
    }
}

/// The least and the most attempts per second of any run, in common columns.
fn band(runs: &[Run]) -> (Floats, Floats, Floats) {
    let end = runs.iter().map(Run::bins).max().unwrap_or(0);
    let columns: Vec<_> = runs.iter().map(|run| columns_of(run, end, COLUMNS)).collect();
    let seconds = columns.first().map_or(Vec::new(), |(seconds, _)| seconds.clone());
    let fold = |start: f64, pick: fn(f64, f64) -> f64| {
        let at = |place: usize| {
            let values = columns.iter().map(|(_, rates)| rates.get(place).copied().unwrap_or(0.0));
            values.fold(start, pick)
        };
        Floats((0..seconds.len()).map(at).collect())
    };
    let (low, high) = (fold(f64::INFINITY, f64::min), fold(0.0, f64::max));
    (Floats(seconds), low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_seeds_agree_that_full_jitter_is_better() {
        let mut replications =
            Page::read("arrivals.tasks=2000&server.workers=2").unwrap().replications(10);
        while replications.step().unwrap() < 1.0 {}
        let seeds = replications.seeds();
        assert_eq!(seeds.runs, 10);
        let text: String = seeds.text.iter().map(|part| part.text.as_str()).collect();
        assert_eq!(text, "B (full) does better in 10 of 10 seeds (100 %).");
        for band in &seeds.bands {
            assert!(band.low.0.iter().zip(&band.high.0).all(|(low, high)| low <= high));
            assert!(band.ranges.iter().any(|range| range.text.contains(" to ")));
        }
    }
}
