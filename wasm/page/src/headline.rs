//! What a run did, in sentences and figures: tasks first, then the server.
//!
//! The sentences are those of the command line and the report ([`redrive_sim::words`]); a policy's name
//! in them becomes a [`Part`] of its own, which the page colours. Which figures there are depends on how
//! tasks arrive: a herd is over at some time, a service goes on and recovers or does not.

use redrive_sim::{
    outcome::{LatencyCdf, PolicyOutcome, Raster, Series},
    run::collect,
    scenario::Arrivals,
    text::{counted, listed, number, percent, seconds, times},
    words,
};

use super::{Page, Run, Slot, shape::shapes, told};

/// Differences below these shares are none: of all tasks, of a figure.
const TASKS: f64 = 0.002;
const NOISE: f64 = 0.1;

/// A policy whose tasks succeed less often than this, compared with the other's, has no other merits.
const USEFUL: f64 = 0.9;

shapes! {
    /// A piece of a sentence.
    pub struct Part {
        /// What it says.
        pub text: String,
        /// The policy that it names, `a` or `b`.
        pub slot: Option<&'static str>,
    }

    /// One figure of a run.
    pub struct Tile {
        /// Its name.
        pub name: &'static str,
        /// What to call it.
        pub label: &'static str,
        /// What it means.
        pub doc: &'static str,
        /// The figure as it is read.
        pub text: String,
        /// The figure itself.
        pub value: Option<f64>,
        /// Whether it is the better of the two.
        pub better: bool,
    }

    /// The figures of one policy.
    pub struct Tiles {
        /// `A` or `B`.
        pub name: &'static str,
        /// What the policy was picked as.
        pub label: String,
        /// The hash of the run's trace.
        pub hash: String,
        /// Why it is the better one, if it is.
        pub better: Option<String>,
        /// The figures.
        pub tiles: Vec<Tile>,
    }

    /// What happened.
    pub struct Headline {
        /// The sentences, the one that matters most first.
        pub sentences: Vec<Vec<Part>>,
        /// Which policy is better and why, in a sentence.
        pub better: Vec<Part>,
        /// All of it for those who cannot see the picture.
        pub spoken: String,
        /// The figures of each policy.
        pub policies: Vec<Tiles>,
    }
}

/// A row of the figures.
struct Row {
    name: &'static str,
    label: &'static str,
    doc: &'static str,
    of: fn(&Run) -> Option<f64>,
    read: fn(f64) -> String,
    /// The text for a figure that does not exist.
    none: &'static str,
    lower_is_better: bool,
    shown: fn(&[&Run]) -> bool,
}

fn always(_: &[&Run]) -> bool {
    true
}

/// Whether tasks go on arriving: the end of the run is then arbitrary.
fn is_open(runs: &[&Run]) -> bool {
    runs.first().is_some_and(|run| !matches!(run.scenario.arrivals, Arrivals::Herd { .. }))
}

/// Whether there is a time before the trouble to come back to.
fn has_before(run: &Run) -> bool {
    match &run.scenario.arrivals {
        Arrivals::Rate { steps, .. } if steps.len() > 1 => true,
        _ => run.faults.iter().map(|fault| fault.from).min_by(f64::total_cmp) > Some(0.0),
    }
}

fn any(runs: &[&Run], of: fn(&Run) -> Option<f64>) -> bool {
    runs.iter().any(|run| of(run).is_some_and(|value| value > 0.0))
}

fn share(run: &Run) -> Option<f64> {
    let summary = &run.outcome.summary;
    let tasks = summary.tasks.value().filter(|tasks| *tasks > 0.0)?;
    Some(summary.succeeded.or_zero() / tasks)
}

/// After how long so many of all tasks had succeeded, those that never did included.
pub(super) fn done_within(run: &Run, part: f64) -> Option<f64> {
    let summary = &run.outcome.summary;
    let share = share(run)?;
    if share >= 1.0 {
        let time = &summary.time_to_success_seconds;
        return if part < 0.6 { time.p50.value() } else { time.p99.value() };
    }
    let wanted = part / share;
    let points = &run.outcome.latency.points;
    points.iter().find(|(_, reached)| *reached >= wanted).map(|(seconds, _)| *seconds)
}

const ROWS: &[Row] = &[
    Row {
        name: "succeeded",
        label: "Succeeded",
        doc: "Tasks that succeeded, of all tasks.",
        of: share,
        read: percent,
        none: "\u{2013}",
        lower_is_better: false,
        shown: always,
    },
    Row {
        name: "deadLetters",
        label: "Dead letters",
        doc: "Tasks that were given up.",
        of: |run| Some(run.outcome.summary.dead_letters()),
        read: number,
        none: "\u{2013}",
        lower_is_better: true,
        shown: always,
    },
    Row {
        name: "unfinished",
        label: "Unfinished",
        doc: "Tasks that had not ended when the run stopped.",
        of: |run| run.outcome.summary.unfinished.value(),
        read: number,
        none: "\u{2013}",
        lower_is_better: true,
        shown: |runs| any(runs, |run| run.outcome.summary.unfinished.value()),
    },
    Row {
        name: "recoverSeconds",
        label: "Recovered after",
        doc: "From the end of the fault until as many tasks succeed as before it.",
        of: |run| run.outcome.summary.recover_seconds.value(),
        read: seconds,
        none: "never",
        lower_is_better: true,
        shown: |runs| is_open(runs) && runs.iter().any(|run| has_before(run)),
    },
    Row {
        name: "peakToCapacity",
        label: "Peak / capacity",
        doc: "The most attempts per second that the server got once it was back, over what it can do.",
        of: |run| words::over_capacity(&run.outcome),
        read: times,
        none: "\u{2013}",
        lower_is_better: true,
        shown: |runs| any(runs, |run| run.outcome.summary.capacity_per_second.value()),
    },
    Row {
        name: "amplification",
        label: "Attempts per task",
        doc: "Attempts that the clients made for each task.",
        of: |run| run.outcome.summary.amplification.value(),
        read: number,
        none: "\u{2013}",
        lower_is_better: true,
        shown: always,
    },
    Row {
        name: "p50All",
        label: "Half done within",
        doc: "How long half of all tasks took to succeed; never, if fewer than half did.",
        of: |run| done_within(run, 0.5),
        read: seconds,
        none: "never",
        lower_is_better: true,
        shown: always,
    },
    Row {
        name: "p99All",
        label: "99 % done within",
        doc: "How long 99 % of all tasks took to succeed; never, if fewer did.",
        of: |run| done_within(run, 0.99),
        read: seconds,
        none: "never",
        lower_is_better: true,
        shown: always,
    },
    Row {
        name: "rejectedAttempts",
        label: "Refused attempts",
        doc: "Attempts that the server turned away at once, since its queue was full or its limit reached.",
        of: |run| run.outcome.summary.rejected_attempts.value(),
        read: number,
        none: "\u{2013}",
        lower_is_better: true,
        shown: |runs| any(runs, |run| run.outcome.summary.rejected_attempts.value()),
    },
    Row {
        name: "wastedServerSeconds",
        label: "Work wasted",
        doc: "Worker time spent on attempts whose client had stopped waiting.",
        of: |run| run.outcome.summary.wasted_server_seconds.value(),
        read: seconds,
        none: "\u{2013}",
        lower_is_better: true,
        shown: |runs| any(runs, |run| run.outcome.summary.wasted_server_seconds.value()),
    },
];

/// Why one run is better than another, what matters most first.
const REASONS: &[(&str, &str, &str)] = &[
    ("succeeded", "more tasks succeed", "fewer tasks succeed"),
    ("recoverSeconds", "the service recovers sooner", "the service recovers later"),
    ("peakToCapacity", "a lower peak", "a higher peak"),
    ("p99All", "nearly all tasks are done sooner", "nearly all tasks are done later"),
    ("amplification", "fewer attempts per task", "more attempts per task"),
];

impl Page {
    /// What the runs of the page's policies did.
    #[must_use]
    pub fn headline(&self, runs: &[&Run]) -> Headline {
        let mut policies: Vec<Tiles> = runs.iter().map(|run| self.tiles(run, runs)).collect();
        let better = mark(&mut policies);
        let sentences = self.sentences(runs);
        let said = sentences.iter().chain([&better]).map(|parts| said(parts));
        let figures = policies.iter().map(|tiles| {
            let each: Vec<String> =
                tiles.tiles.iter().map(|tile| format!("{} {}", tile.label, tile.text)).collect();
            format!("Policy {}: {}.", tiles.name, each.join(", "))
        });
        let spoken =
            said.chain(figures).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        Headline { sentences, better, spoken, policies }
    }

    fn tiles(&self, run: &Run, runs: &[&Run]) -> Tiles {
        let tile = |row: &Row| {
            let value = (row.of)(run);
            let text = value.map_or_else(|| row.none.to_owned(), row.read);
            let (name, label, doc) = (row.name, row.label, row.doc);
            Tile { name, label, doc, text, value, better: false }
        };
        let slot = run.slot;
        Tiles {
            name: slot.name(),
            label: self.label(slot),
            hash: run.outcome.summary.trace_hash.to_string(),
            better: None,
            tiles: ROWS.iter().filter(|row| (row.shown)(runs)).map(tile).collect(),
        }
    }

    /// What a policy is called: what it was picked as, and a star if it was changed since; where A and B
    /// would be called the same, the first field in which they differ.
    #[must_use]
    pub fn label(&self, slot: Slot) -> String {
        let plain = self.plain_label(slot);
        if self.b.is_none() || self.plain_label(Slot::A) != self.plain_label(Slot::B) {
            return plain;
        }
        let Some(apart) = self.told_apart(slot) else { return plain };
        format!("{}, {apart}", plain.trim_end_matches('*'))
    }

    fn plain_label(&self, slot: Slot) -> String {
        let star = if self.is_changed(slot) { "*" } else { "" };
        self.chosen(slot)
            .map_or_else(String::new, |chosen| format!("{}{star}", told(chosen.label())))
    }

    /// The sentences of the command line.
    fn sentences(&self, runs: &[&Run]) -> Vec<Vec<Part>> {
        let Some(first) = runs.first() else { return Vec::new() };
        // What the sentences are made of, without what the pictures are.
        let light = |run: &&Run| PolicyOutcome {
            name: run.outcome.name.clone(),
            summary: run.outcome.summary.clone(),
            partial: false,
            series: shape(&run.outcome.series),
            raster: Raster::default(),
            latency: LatencyCdf::default(),
            records: Vec::new(),
        };
        let outcome = collect(&first.scenario, 1, runs.iter().map(light).collect());
        let mut scenario = first.scenario.clone();
        scenario.policies = runs.iter().flat_map(|run| run.scenario.policies.clone()).collect();
        words::verdict(&outcome, &scenario).iter().map(|text| self.parts(text)).collect()
    }

    /// A sentence of ours in pieces: the names of the policies apart.
    fn parts(&self, text: &str) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut rest = text;
        let marks =
            [Slot::A, Slot::B].map(|slot| (slot, format!("\u{201c}{}\u{201d}", slot.name())));
        loop {
            let next =
                marks.iter().filter_map(|(slot, mark)| Some((rest.find(mark)?, *slot, mark.len())));
            let Some((at, slot, length)) = next.min_by_key(|(at, ..)| *at) else { break };
            parts.push(Part { text: rest[..at].to_owned(), slot: None });
            parts.push(self.name_part(slot));
            rest = &rest[at + length..];
        }
        parts.push(Part { text: rest.to_owned(), slot: None });
        parts.retain(|part| !part.text.is_empty());
        parts
    }

    /// The name of a policy in a sentence.
    pub(super) fn name_part(&self, slot: Slot) -> Part {
        let text = format!("{} ({})", slot.name(), self.label(slot));
        Part { text, slot: Some(slot.letter()) }
    }
}

/// What the sentences need to know of the series: not the counts.
fn shape(series: &Series) -> Series {
    Series {
        bin: series.bin,
        capacity_per_bin: series.capacity_per_bin,
        faults: series.faults.clone(),
        recovers: series.recovers,
        ..Series::default()
    }
}

fn said(parts: &[Part]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect()
}

/// Marks the better figures and the better policy, and says which it is.
fn mark(policies: &mut [Tiles]) -> Vec<Part> {
    let [a, b] = policies else { return Vec::new() };
    let mut wins: [Vec<&'static str>; 2] = Default::default();
    // A policy that loses many more tasks is calm and quick for that, and no better.
    let success = |tiles: &Tiles| tiles.tiles.first().and_then(|tile| tile.value).unwrap_or(0.0);
    let (a_success, b_success) = (success(a), success(b));
    let useful = [a_success >= USEFUL * b_success, b_success >= USEFUL * a_success];
    for (one, other) in a.tiles.iter_mut().zip(&mut b.tiles) {
        let Some(row) = ROWS.iter().find(|row| row.name == one.name) else { continue };
        let Some(is_b) = better(row, one.value, other.value) else { continue };
        if !useful[usize::from(is_b)] {
            continue;
        }
        if is_b {
            other.better = true;
        } else {
            one.better = true;
        }
        wins[usize::from(is_b)].push(row.name);
    }
    let plain = |text: &str| Part { text: text.to_owned(), slot: None };
    let winner =
        REASONS.iter().find_map(|(name, ..)| wins.iter().position(|wins| wins.contains(name)));
    let Some(winner) = winner else {
        return vec![plain("Here A and B do about the same.")];
    };
    let of = |side: usize, most: usize| -> Vec<&(&str, &'static str, &'static str)> {
        REASONS.iter().filter(|(name, ..)| wins[side].contains(name)).take(most).collect()
    };
    let more: Vec<&str> = of(winner, 2).into_iter().map(|(_, more, _)| *more).collect();
    let reason = listed(&more);
    let lost = |tiles: &Tiles| {
        let dead = tiles.tiles.iter().find(|tile| tile.name == "deadLetters");
        dead.and_then(|tile| tile.value).unwrap_or(0.0)
    };
    let more_lost = if winner == 0 { lost(a) - lost(b) } else { lost(b) - lost(a) };
    let but = of(1 - winner, 1);
    let but = match but.first() {
        // Few enough to do better all the same, and not to be passed over.
        _ if more_lost > 0.0 => {
            format!(", though it gives up {}", counted(more_lost as u64, "task more", "tasks more"))
        }
        Some((.., less)) => format!(", though {less}"),
        None => String::new(),
    };
    let best = if winner == 0 { a } else { b };
    best.better = Some(format!("{reason}{but}"));
    let slot = Slot::of(best.name).map(Slot::letter);
    let name = Part { text: format!("{} ({})", best.name, best.label), slot };
    vec![name, plain(&format!(" does better here: {reason}{but}."))]
}

/// Whether B is the better of two figures, A is, or neither.
fn better(row: &Row, a: Option<f64>, b: Option<f64>) -> Option<bool> {
    match (a, b) {
        // Only what is never reached counts as worse than any figure.
        (None, None) => None,
        (None, Some(_)) => (row.none == "never").then_some(true),
        (Some(_), None) => (row.none == "never").then_some(false),
        (Some(a), Some(b)) => {
            let least = if row.name == "succeeded" { TASKS } else { NOISE * a.abs().max(b.abs()) };
            // Below its capacity a server does not care how high the peak is.
            let calm = row.name == "peakToCapacity" && a.max(b) <= 1.0 + NOISE;
            ((a - b).abs() > least && !calm).then_some((b < a) == row.lower_is_better)
        }
    }
}
