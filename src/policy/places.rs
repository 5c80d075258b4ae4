//! The position of each number in the buffer between the npm package and its WebAssembly.
//!
//! Rust reads and JavaScript writes by these names: `npm/src/table.ts` is made from [`ALL`].

macro_rules! places {
    (@ $at:expr;) => {
        /// How many numbers there are.
        pub const LENGTH: usize = $at;
    };
    (@ $at:expr; $(#[$doc:meta])* $name:ident: $size:expr, $($rest:tt)*) => {
        $(#[$doc])*
        pub const $name: usize = $at;
        places!(@ $name + $size; $($rest)*);
    };
    ($($(#[$doc:meta])* $name:ident: $size:expr,)*) => {
        places!(@ 0; $($(#[$doc])* $name: $size,)*);
        /// Every name with its place.
        pub const ALL: &[(&str, usize)] = &[$((stringify!($name), $name)),*];
    };
}

places! {
    /// The terms of a policy begin here. Durations are nanoseconds; `NaN` is what is not set.
    MIN_DELAY: 1,
    /// The cap.
    MAX_DELAY: 1,
    /// A fixed first delay.
    FIRST_DELAY: 1,
    /// Maximum attempts; 0 is unlimited.
    MAX_ATTEMPTS: 1,
    /// The deadline.
    MAX_ELAPSED: 1,
    /// How long an attempt has to run to start the count anew.
    RESET_AFTER: 1,
    /// The index of the elapsed rule.
    ELAPSED_RULE: 1,
    /// The index of the action.
    ACTION: 1,
    /// The index of the mode of a Retry-After.
    HINT_MODE: 1,
    /// The longest Retry-After.
    HINT_MAX: 1,
    /// The index of what becomes of a longer one.
    WHEN_LONGER: 1,
    /// The jitter of a Retry-After: the index of its kind, then six numbers.
    HINT_JITTER: 7,
    /// The jitter: the index of its kind, then six numbers.
    JITTER: 7,
    /// The index of the cap stage.
    CAP_STAGE: 1,
    /// The index of what the elapsed time counts.
    MEASURE: 1,
    /// 1 where a jittered delay is the base of the next.
    FEEDBACK: 1,
    /// What delays are multiples of.
    ROUNDING_UNIT: 1,
    /// The index of the direction.
    ROUNDING_MODE: 1,
    /// 1 where every step of the curve is rounded.
    ROUNDING_STEPS: 1,
    /// A draw above the cap is drawn again from here,
    RESAMPLE_LOW: 1,
    /// up to here.
    RESAMPLE_HIGH: 1,
    /// 1 where the distance of the jitter's ends is rounded.
    ROUNDING_AMPLITUDE: 1,
    /// 1 where the first delay is not capped.
    UNCAPPED_FIRST: 1,
    /// 1 where a linear curve falls.
    FALLING: 1,
    /// 1 where the jitter is drawn once a task.
    JITTER_ONCE: 1,
    /// In how many steps it is drawn.
    JITTER_STEPS: 1,
    /// The index of the kind of backoff.
    BACKOFF: 1,
    /// Its first duration; for a table how many delays it has.
    SCALE: 1,
    /// Its number.
    FACTOR: 1,
    /// Its second duration.
    ADDED: 1,
    /// The state of a task begins here, with its seed in two halves, high and low.
    SEED: 2,
    /// The key, in two halves.
    KEY: 2,
    /// When the first attempt began, in milliseconds of the caller's clock.
    BEGAN: 1,
    /// Attempts started.
    ATTEMPTS: 1,
    /// What else the task remembers.
    BITS: 1,
    /// The last delay in nanoseconds, in two halves.
    PREVIOUS: 2,
    /// Out: the delay in milliseconds.
    DELAY: 1,
    /// Out: its nanoseconds, in two halves.
    DELAY_NS: 2,
    /// Out: when it ends, in milliseconds.
    DUE: 1,
    /// A budget begins here: the index of its kind, -1 once it is in use.
    BUDGET: 1,
    /// The numbers of its rule; once it is in use, its state in memory, which only this module reads.
    BUDGET_STATE: 40,
    /// A table of delays, or the UTF-8 bytes of a key, up to the end.
    REST: 16_192,
}

/// How many numbers the terms take.
pub const TERMS_LENGTH: usize = SEED;
/// How many numbers a budget's kind and rule take.
pub const BUDGET_LENGTH: usize = 7;
