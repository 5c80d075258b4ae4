//! The table of kinds: every backoff, jitter and budget there is, one row each.
//!
//! A row is a kind's name on the wire, what people call it, whether it draws its own jitter, and its
//! parameters as rows of the [table of bounds](crate::bounds). The enums, reading, writing, checking,
//! the JSON Schema, the controls of a form, exported code and TypeScript's types are made from the
//! rows. To add a kind: its row here, its law in `backoff.rs` or `jitter.rs`, its frozen delays in
//! `tests/golden/policies.rs`, and the changelog. The compiler asks for the law.

use alloc::vec::Vec;

use super::{
    jitter::End,
    parameter::{Argue, Argument, KindRow, Parameter},
};
use crate::{
    bounds::{self, prose},
    time::Duration,
    wire::{ConfigError, Fields},
};

macro_rules! draws_jitter {
    () => {
        false
    };
    (draws_jitter) => {
        true
    };
}

macro_rules! parameter {
    ($field:ident, $type:ty, $parameter:expr) => {{
        const PARAMETER: Parameter =
            Parameter { field: stringify!($field), shape: <$type as Argue>::SHAPE, ..$parameter };
        PARAMETER
    }};
}

macro_rules! kinds {
    (
        $(#[$meta:meta])*
        enum $Enum:ident, $Tag:ident, $TABLE:ident;
        $(
            $(#[doc = $doc:literal])* $(@$default:ident)?
            $Variant:ident = $name:literal, $label:literal, $phrase:literal $(, $draws:ident)?
            $({ $($(#[$field_meta:meta])* $field:ident: $type:ty = $parameter:expr),* $(,)? })?;
        )*
    ) => {
        $(#[$meta])*
        #[non_exhaustive]
        pub enum $Enum {
            $(
                $(#[doc = $doc])* $(#[$default])?
                $Variant $({ $($(#[$field_meta])* $field: $type),* })?,
            )*
        }

        /// The kinds without their parameters, in the order of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum $Tag {
            $($Variant),*
        }

        impl $Tag {
            #[cfg(feature = "small")]
            pub(super) const ALL: [$Tag; $TABLE.len()] = [$($Tag::$Variant),*];
        }

        #[doc = concat!("Every kind of [`", stringify!($Enum), "`].")]
        pub const $TABLE: &[KindRow] = &[
            $(KindRow {
                name: $name,
                label: prose($label),
                doc: prose(concat!($($doc),*)),
                phrase: prose($phrase),
                variant: stringify!($Variant),
                draws_jitter: draws_jitter!($($draws)?),
                parameters: &[$($(parameter!($field, $type, $parameter)),*)?],
            }),*
        ];

        impl $Enum {
            pub(super) const fn tag(&self) -> $Tag {
                match self {
                    $(Self::$Variant { .. } => $Tag::$Variant),*
                }
            }

            /// Its row in the table of kinds.
            pub const fn row(&self) -> &'static KindRow {
                &$TABLE[self.tag() as usize]
            }

            /// The kind's name on the wire.
            pub const fn kind(&self) -> &'static str {
                self.row().name
            }

            /// Its parameters and their values, in order.
            pub fn arguments(&self) -> Vec<(&'static Parameter, Argument<'_>)> {
                match self {
                    $(Self::$Variant $({ $($field),* })? => Vec::from([
                        $($((const { &parameter!($field, $type, $parameter) }, $field.argument())),*)?
                    ])),*
                }
            }

            /// Reads the kind called `name`, which the table has, from its fields.
            pub(super) fn read(name: &str, fields: &Fields<'_>) -> Result<Self, ConfigError> {
                let _ = fields;
                match name {
                    $($name => Ok(Self::$Variant $({
                        $($field: Argue::read(fields, &parameter!($field, $type, $parameter))?),*
                    })?),)*
                    unknown => Err(super::wire::unknown_kind(fields.path(), unknown, $TABLE)),
                }
            }
        }
    };
}

kinds! {
    /// How the delay grows. n is the number of retries already made: 0 for the first retry.
    #[derive(Clone, Debug, PartialEq)]
    enum Backoff, BackoffTag, BACKOFFS;

    /// `delay`, always.
    Constant = "constant", "Constant", "{delay} each time" {
        /// The delay.
        delay: Duration = Parameter::of(bounds::DELAY),
    };
    /// `initial + n * increment`.
    Linear = "linear", "Linear", "linear from {initial} + {increment}" {
        /// The first delay.
        initial: Duration = Parameter::of(bounds::INITIAL),
        /// What each retry adds.
        increment: Duration = Parameter::of(bounds::INCREMENT),
    };
    /// `initial * multiplier^n`.
    Exponential = "exponential", "Exponential", "exponential from {initial} × {multiplier}" {
        /// The first delay.
        initial: Duration = Parameter::of(bounds::INITIAL),
        /// The growth, at least 1.
        multiplier: f64 = Parameter::of(bounds::MULTIPLIER),
    };
    /// `offset + initial * n^power` (Sidekiq: n^4 + 15 s). The first delay is the offset.
    Polynomial = "polynomial", "Polynomial", "{offset} + {initial} × n^{power}" {
        /// The scale.
        initial: Duration = Parameter::of(bounds::INITIAL),
        /// The power of n.
        power: f64 = Parameter::of(bounds::POWER),
        /// What every delay has added.
        offset: Duration = Parameter::of(bounds::OFFSET),
    };
    /// `initial` times 1, 1, 2, 3, 5, 8, ...
    Fibonacci = "fibonacci", "Fibonacci", "fibonacci from {initial}" {
        /// The first delay, and the second.
        initial: Duration = Parameter::of(bounds::INITIAL),
    };
    /// The delays one by one; the last repeats.
    Table = "table", "Table", "a table of {delays}" {
        /// The delays, at least one.
        delays: Vec<Duration> = Parameter::named(
            "delays", bounds::DELAY, "The wait before each retry; the last one repeats.",
        ),
    };
    /// `U[initial, multiplier * previous delay]`, the previous of the first being `initial`: the
    /// decorrelated jitter of the AWS Architecture Blog (2015). It draws its own jitter.
    Decorrelated = "decorrelated", "Decorrelated", "decorrelated from {initial} × {multiplier}",
        draws_jitter
    {
        /// The minimum delay, and the scale of the first.
        initial: Duration = Parameter::of(bounds::INITIAL),
        /// How far above the previous delay the next may lie.
        multiplier: f64 = Parameter::of(bounds::DECORRELATED_MULTIPLIER),
    };
    /// Polly's `DecorrelatedJitterV2`: with `t = n + U[0, 1)` and `F = 2^t * tanh(sqrt(4 t))`, the delay
    /// is `(F - F of the previous retry) * initial / 1.4`. It draws its own jitter.
    DecorrelatedV2 = "decorrelatedV2", "Decorrelated v2", "decorrelated (Polly) from {initial}",
        draws_jitter
    {
        /// The median of the first delay, about.
        initial: Duration = Parameter::of(bounds::INITIAL),
    };
}

kinds! {
    /// How a delay d is spread.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    enum Jitter, JitterTag, JITTERS;

    /// d itself. Many clients then retry in step: the thundering herd.
    @default
    None = "none", "None", "no jitter";
    /// U[0, d]: the widest spread for the same cap (AWS Architecture Blog, 2015).
    Full = "full", "Full, 0 to d", "full jitter";
    /// U[d/2, d].
    Equal = "equal", "Equal, d/2 to d", "equal jitter";
    /// U[d, d(1 + factor)]: the specification's, with factor 0.1.
    Proportional = "proportional", "Proportional, + f", "jitter +{factor%}" {
        /// How much is added at most, as a share of d.
        factor: f64 = Parameter::of(bounds::JITTER_FACTOR),
    };
    /// U[d(1 - factor), d(1 + factor)] (gRPC, Failsafe).
    Symmetric = "symmetric", "Symmetric, \u{b1} f", "jitter ±{factor%}" {
        /// The width to each side, as a share of d.
        factor: f64 = Parameter::of(bounds::SYMMETRIC_FACTOR),
    };
    /// U[d(1 - factor), d] (BullMQ).
    Subtractive = "subtractive", "Subtractive, \u{2212} f", "jitter −{factor%}" {
        /// How much is taken off at most, as a share of d.
        factor: f64 = Parameter::of(bounds::SUBTRACTIVE_FACTOR),
    };
    /// U[low, high], each end as given.
    Uniform = "uniform", "Uniform", "uniform jitter" {
        /// The lower end.
        low: End = Parameter::named("low", bounds::END_FACTOR, "The lower end of the range."),
        /// The upper end.
        high: End = Parameter::named("high", bounds::END_FACTOR, "The upper end of the range."),
    };
}

const fn budget(
    name: &'static str,
    label: &'static str,
    doc: &'static str,
    variant: &'static str,
    parameters: &'static [Parameter],
) -> KindRow {
    let (label, doc, phrase) = (prose(label), prose(doc), prose("a retry budget"));
    KindRow { name, label, doc, phrase, variant, draws_jitter: false, parameters }
}

/// Every kind of [`BudgetRule`](super::BudgetRule).
pub const BUDGETS: &[KindRow] = &[
    budget(
        "tokenBucket",
        "Token bucket",
        "A bucket that retries take tokens from and successes fill again (AWS).",
        "TokenBucket",
        &[
            Parameter::of(bounds::CAPACITY),
            Parameter::of(bounds::COST),
            Parameter::special(
                "costByClass",
                bounds::COST,
                "What a retry takes after a failure of this kind.",
            ),
            Parameter::of(bounds::REFUND),
            Parameter::special(
                "refundOnRetrySuccess",
                bounds::REFUND,
                "Tokens that a success at a retry gives back; cost: what the retry took.",
            ),
            Parameter::special(
                "debitOn",
                bounds::COST,
                "What takes tokens: a retry that is let through, or every failure.",
            ),
            Parameter::special(
                "threshold",
                bounds::THRESHOLD,
                "Retries are allowed only while the balance is above this.",
            ),
        ],
    ),
    budget(
        "ratio",
        "Share of requests",
        "Retries as a share of the first attempts of the last `window`, and `minPerSecond` in any case.",
        "Ratio",
        &[
            Parameter::of(bounds::RETRY_PERCENT),
            Parameter::of(bounds::MIN_PER_SECOND),
            Parameter::of(bounds::WINDOW),
            ON_EMPTY,
        ],
    ),
    budget(
        "concurrency",
        "Share in flight",
        "Retries in flight as a share of the tasks in flight, and `min` in any case.",
        "Concurrency",
        &[Parameter::of(bounds::RETRY_PERCENT), Parameter::of(bounds::MIN_RETRIES)],
    ),
    budget(
        "rate",
        "Pace",
        "A pace: so many retries a second over all tasks, `burst` of them at once after a pause.",
        "Rate",
        &[Parameter::of(bounds::PACE), Parameter::of(bounds::BURST), ON_EMPTY],
    ),
];

const ON_EMPTY: Parameter = Parameter::special(
    "onEmpty",
    bounds::PACE,
    "What becomes of a retry for which nothing is left: the task fails, or it waits for its turn.",
);

impl Backoff {
    /// Whether the kind draws its own jitter, so that a jitter beside it makes no sense.
    pub const fn is_random(&self) -> bool {
        self.row().draws_jitter
    }
}
