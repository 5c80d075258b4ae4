//! Checks the simulator against what is known: published claims, reference simulators, formulas.
//!
//! `cargo run --release -p redrive-sim --no-default-features --example validate [-- PART]` prints
//! claim, expected, measured and verdict, and fails if one of them is not met. Seeds are fixed, so
//! the result is the same every time; tolerances are three standard errors unless stated. The claims,
//! C1 to C19, are listed with their sources in docs/ARCHITECTURE.md.

#![allow(unreachable_pub, missing_docs, reason = "a program of its own")]

mod advice;
mod bernoulli;
mod budgets;
mod check;
mod clients;
mod codel;
mod collapse;
mod families;
mod occ;
mod occ_table;
mod peaks;
mod queues;
mod retrial;
mod runner;

use std::process::ExitCode;

use check::Check;
use runner::Failed;

type Part = (&'static str, fn() -> Result<Vec<Check>, Failed>);

const PARTS: &[Part] = &[
    ("occ", occ::checks),
    ("bernoulli", bernoulli::checks),
    ("budgets", budgets::checks),
    ("collapse", collapse::checks),
    ("clients", clients::checks),
    ("queues", queues::checks),
    ("retrial", retrial::checks),
    ("peaks", peaks::checks),
    ("codel", codel::checks),
    ("families", families::checks),
    ("advice", advice::checks),
];

/// What the claims say beyond what can be checked, and why.
const NOT_CHECKED: &[(&str, &str)] = &[
    ("C16", "P(idle, empty orbit): no figure of a run tells it"),
    ("C17", "its exact figures are those of another generator; its law is checked"),
];

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1);
    let mut failed = 0;
    let mut count = 0;
    println!(
        "{:<6} {:<64} {:>14} {:>14} {:>10}  verdict",
        "claim", "", "expected", "measured", "within"
    );
    for (name, part) in PARTS {
        if wanted.as_deref().is_some_and(|wanted| wanted != *name) {
            continue;
        }
        match part() {
            Ok(checks) => {
                for check in checks {
                    println!("{check}");
                    count += 1;
                    failed += usize::from(!check.holds());
                }
            }
            Err(error) => {
                println!("{name}: cannot run: {error}");
                failed += 1;
            }
        }
    }
    if wanted.is_none() {
        for (claim, why) in NOT_CHECKED {
            println!("{claim:<6} not checked: {why}");
        }
    }
    println!("{count} checks, {failed} failed");
    if count == 0 {
        let parts: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        println!("no such part; there are: {}", parts.join(", "));
        return ExitCode::FAILURE;
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
