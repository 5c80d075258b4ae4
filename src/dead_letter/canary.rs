//! Who goes first, and when it stops: the two rules of a redrive that watches.

use alloc::collections::VecDeque;
use core::fmt;

use crate::{
    exact,
    wire::{ConfigError, Fields, Value},
};

/// The first of each group go alone.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Canary {
    /// How many of each group go first.
    pub first: u32,
    /// The share of them that has to succeed before the rest of the group follows, from 0 to 1.
    ///
    /// Default 0.8: of five one may fail for a reason of its own.
    pub succeed: f64,
}

impl Canary {
    /// That many of each group go first.
    pub fn first(letters: u32) -> Canary {
        Canary { first: letters.max(1), succeed: 0.8 }
    }

    /// The share of them that has to succeed, from 0 to 1.
    #[must_use]
    pub fn succeed(mut self, share: f64) -> Canary {
        self.succeed = if share.is_nan() { 1.0 } else { share.clamp(0.0, 1.0) };
        self
    }

    /// How many have to succeed, out of `canaries`.
    pub(super) fn needed(&self, canaries: u32) -> u32 {
        libm::ceil(f64::from(canaries) * self.succeed - 1e-9).max(0.0) as u32
    }
}

/// When a redrive stops.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct StopWhen {
    /// The share of failures that is too much, from 0 to 1.
    pub failed: f64,
    /// Out of the last so many outcomes; those that are not known yet count as no failures.
    ///
    /// Default 20: with 20 % a redrive stops at the fifth failure of the last twenty.
    pub of: u32,
}

impl StopWhen {
    /// Stops when more than this share of the last twenty outcomes failed.
    pub fn failed(share: f64) -> StopWhen {
        let failed = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        StopWhen { failed, of: 20 }
    }

    /// Out of the last so many.
    #[must_use]
    pub fn of(mut self, outcomes: u32) -> StopWhen {
        self.of = outcomes.max(1);
        self
    }

    /// Reads `failed > 20 %`, with ` of 50` after it if it is not out of the last twenty.
    ///
    /// # Errors
    /// When it is written differently.
    pub fn parse(text: &str) -> Result<StopWhen, ConfigError> {
        let wrong = || {
            let message = alloc::format!(
                "= \"{text}\" is not known; write it like \"failed > 20 %\" or \"failed > 20 % of 50\""
            );
            ConfigError::new("stopWhen", message)
        };
        let rest = text.trim().strip_prefix("failed").ok_or_else(wrong)?.trim_start();
        let rest = rest.strip_prefix('>').ok_or_else(wrong)?;
        let (share, of) = rest.split_once('%').ok_or_else(wrong)?;
        let share: f64 = share.trim().parse().map_err(|_| wrong())?;
        if !(0.0..=100.0).contains(&share) {
            return Err(wrong());
        }
        let stop = StopWhen::failed(share / 100.0);
        match of.trim() {
            "" => Ok(stop),
            of => {
                let of = of.strip_prefix("of").ok_or_else(wrong)?.trim();
                let of = of.strip_prefix("the last").unwrap_or(of).trim();
                let of: u32 = of.parse().map_err(|_| wrong())?;
                if of == 0 { Err(wrong()) } else { Ok(stop.of(of)) }
            }
        }
    }

    pub(super) fn is_reached(&self, recent: &VecDeque<bool>) -> bool {
        let failed = recent.iter().filter(|failed| **failed).count();
        failed as f64 > self.failed * f64::from(self.of) + 1e-9
    }
}

impl fmt::Display for StopWhen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = crate::wire::Number(self.failed * 100.0);
        write!(f, "failed > {percent} % of {}", self.of)
    }
}

/// Reads `canary`: how many of each group, or `{"first": 5, "succeed": 0.8}`.
pub(super) fn read_canary(fields: &Fields<'_>) -> Result<Option<Canary>, ConfigError> {
    let first = |number: Option<u32>, fields: &Fields<'_>, name: &str| match number {
        Some(first) if first > 0 => Ok(Canary::first(first)),
        _ => Err(fields.error(name, "is missing or 0; write how many of each group go first")),
    };
    match fields.get("canary") {
        None => Ok(None),
        Some(group @ Value::Map(_)) => {
            let inner = Fields::read(group, &fields.path_of("canary"), &["first", "succeed"])?;
            let canary = first(exact::read_u32(&inner, "first")?, &inner, "first")?;
            match inner.number("succeed")? {
                None => Ok(Some(canary)),
                Some(share) if (0.0..=1.0).contains(&share) => Ok(Some(canary.succeed(share))),
                Some(_) => Err(inner.error("succeed", "is not a share from 0 to 1")),
            }
        }
        Some(_) => first(exact::read_u32(fields, "canary")?, fields, "canary").map(Some),
    }
}

/// Reads `stopWhen`: `failed > 20 %`, or `{"failed": 0.2, "of": 20}`.
pub(super) fn read_stop(fields: &Fields<'_>) -> Result<Option<StopWhen>, ConfigError> {
    match fields.get("stopWhen") {
        None => Ok(None),
        Some(group @ Value::Map(_)) => {
            let inner = Fields::read(group, &fields.path_of("stopWhen"), &["failed", "of"])?;
            let stop = match inner.number("failed")? {
                Some(share) if (0.0..=1.0).contains(&share) => StopWhen::failed(share),
                _ => return Err(inner.error("failed", "is missing or not a share from 0 to 1")),
            };
            match exact::read_u32(&inner, "of")? {
                None => Ok(Some(stop)),
                Some(0) => Err(inner.error("of", "is 0; write out of how many outcomes")),
                Some(of) => Ok(Some(stop.of(of))),
            }
        }
        Some(_) => StopWhen::parse(fields.required_text("stopWhen")?).map(Some),
    }
}
