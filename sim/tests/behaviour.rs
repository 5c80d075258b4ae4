//! What the simulator does, one behaviour a file: all of them in one binary, which is linked once.

#![allow(missing_docs, reason = "tests")]

#[path = "../../tests/common/mod.rs"]
mod common;

mod advice_is_tried;
mod bad_scenarios;
mod builtins;
mod changes;
mod client_classes;
mod conservation;
mod deadlines;
mod golden;
mod herd;
mod incidents;
mod layers;
mod limits;
mod lost_servers;
mod model;
mod npm_data;
mod npm_scenario;
mod scenario_schema;
mod traces;
mod tune_beats_the_presets_or_says_so;
mod tune_proves_on_other_seeds;
