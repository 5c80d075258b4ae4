//! The progress bar: on a terminal only, and only for what takes longer than a second.

use std::{
    io::IsTerminal,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{clock::Stopwatch, interrupt};

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);
/// The steps of one piece of work.
const STEPS: u64 = 1_000;

/// How far many pieces of work, on many threads, have come together.
pub(crate) struct Board {
    started: Stopwatch,
    wanted: bool,
    pieces: u64,
    steps: AtomicU64,
    bar: Mutex<Option<ProgressBar>>,
}

impl Board {
    /// A board for `pieces` of work; no bar yet.
    pub(crate) fn new(pieces: usize) -> Self {
        Self {
            started: Stopwatch::start(),
            wanted: std::io::stderr().is_terminal(),
            pieces: pieces as u64,
            steps: AtomicU64::new(0),
            bar: Mutex::new(None),
        }
    }

    /// A piece of work that reports here; `end` is when it will be done, if that is known.
    pub(crate) fn piece(&self, end: Option<redrive::Time>) -> Piece<'_> {
        Piece { board: self, end, steps: 0 }
    }

    fn advance(&self, steps: u64) {
        let all = self.steps.fetch_add(steps, Ordering::Relaxed) + steps;
        if !self.wanted || self.started.elapsed() < PATIENCE {
            return;
        }
        // Another thread at the bar will draw it.
        let Ok(mut bar) = self.bar.try_lock() else { return };
        let bar = bar.get_or_insert_with(|| {
            let target = ProgressDrawTarget::stderr();
            let bar = ProgressBar::with_draw_target(Some(self.pieces * STEPS), target);
            let template = "{bar:40} {percent:>3} %, {elapsed} gone, {eta} left";
            match ProgressStyle::with_template(template) {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        bar.set_position(all.min(self.pieces * STEPS));
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        if let Ok(Some(bar)) = self.bar.get_mut().map(Option::take) {
            bar.finish_and_clear();
        }
    }
}

/// One piece of work in its progress; it is done when it is dropped.
pub(crate) struct Piece<'b> {
    board: &'b Board,
    end: Option<redrive::Time>,
    steps: u64,
}

impl redrive_sim::Progress for Piece<'_> {
    fn tick(&mut self, now: redrive::Time, _: u64) -> bool {
        let end = self.end.map_or(0, redrive::Time::as_nanos);
        if end > 0 {
            let share = (now.as_nanos() as f64 / end as f64).min(1.0);
            let steps = (share * STEPS as f64) as u64;
            self.board.advance(steps.saturating_sub(self.steps));
            self.steps = self.steps.max(steps);
        }
        !interrupt::requested()
    }
}

impl Drop for Piece<'_> {
    fn drop(&mut self) {
        self.board.advance(STEPS - self.steps.min(STEPS));
    }
}
