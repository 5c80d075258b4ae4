//! What the crate does, one behaviour a file: all of them in one binary, because a binary for each would
//! be linked with the same libraries thirty times. `cargo test --test behaviour machine_order` runs one.

#![allow(missing_docs, reason = "tests")]

mod common;
#[path = "common/random_calls.rs"]
mod random_calls;
#[cfg(feature = "serde")]
#[path = "common/vectors.rs"]
mod vectors;

mod class_of_other_rules;
mod compat_budgets;
mod compat_limits;
mod compat_presets;
mod dead_letter_drop_oldest;
mod dead_letter_files;
mod dead_letter_groups;
mod dead_letter_ids;
mod dead_letter_queue_bounds;
mod dead_letter_record;
mod dead_letter_redrive_plan;
mod dead_letter_rollout;
mod delays_stay_within_limits;
mod failures_page;
mod golden;
mod hints_mend;
mod jitter_distributions;
mod long_attempts_begin_anew;
mod machine_budget;
mod machine_clock_put_back;
mod machine_configure;
mod machine_conservation;
mod machine_events;
mod machine_expiry;
mod machine_full_queue;
mod machine_incarnations;
mod machine_keys;
mod machine_late_results;
mod machine_order;
mod machine_overrides;
mod machine_recovery;
mod machine_redrive;
mod machine_shared_budget;
mod machine_time_reversal;
mod npm_table;
mod npm_vocabulary;
mod payload_depth;
mod published_traps;
mod real_systems;
mod retries_wait_for_their_turn;
mod snapshot_damaged;
mod snapshot_of_anything;
mod snapshot_refuses;
mod snapshot_same_future;
mod snapshot_task;
mod specification;
mod task_compact;
mod task_never_panics;
mod unbounded_policies;
mod wire_refuses_by_name;
mod wire_round_trip;
