//! `loops calendar|metrics|heap TASKS REPEATS`: the hand-written loops.

use redrive_peers::{
    loops::run,
    measure,
    queue::{Calendar, Heap},
};

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("calendar") => measure(run::<Calendar, false>),
        Some("metrics") => measure(run::<Calendar, true>),
        Some("heap") => measure(run::<Heap, false>),
        _ => {
            eprintln!("write: loops calendar|metrics|heap TASKS REPEATS");
            std::process::exit(2);
        }
    }
}
