//! What happens in a scenario, in one line that is true of it as it is: the title of a built-in scenario
//! may not be any more, once something was changed.

use redrive_sim::{
    scenario::{Arrivals, Fault, Mode, Scenario},
    text::{counted, listed, number, percent, seconds},
};

/// Faults that the line names; the others are counted.
const NAMED: usize = 2;

pub(super) fn scene_line(scenario: &Scenario) -> String {
    let mut parts = vec![arrivals(scenario)];
    let faults = scenario.faults.iter().map(fault);
    let mut faults: Vec<String> = faults.take(NAMED).collect();
    if let Some(more @ 1..) = scenario.faults.len().checked_sub(NAMED) {
        faults.push(counted(more as u64, "more fault", "more faults"));
    }
    match scenario.server.capacity_per_second() {
        Some(rate) if scenario.contention.is_none() => {
            parts.push(format!("on a server that can do {} per second", number(rate)));
        }
        _ => {}
    }
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    let faults = if faults.is_empty() { String::new() } else { format!("; {}", listed(&faults)) };
    format!("{}{faults}", parts.join(" "))
}

fn arrivals(scenario: &Scenario) -> String {
    match &scenario.arrivals {
        Arrivals::Herd { tasks, spread, .. } => {
            let tasks = counted((*tasks).into(), "task", "tasks");
            let spread = spread.as_secs_f64();
            if spread > 0.0 {
                format!("{tasks} within {}", seconds(spread))
            } else {
                format!("{tasks} at once")
            }
        }
        Arrivals::Rate { steps, .. } => {
            let rates = steps.iter().map(|(_, rate)| *rate);
            let most = rates.clone().fold(0.0, f64::max);
            let least = rates.filter(|rate| *rate > 0.0).fold(most, f64::min);
            if least < most {
                format!("{} to {} tasks per second", number(least), number(most))
            } else {
                format!("{} tasks per second", number(most))
            }
        }
        Arrivals::Serial { clients, .. } => {
            format!(
                "{}, each with one task after the other",
                counted((*clients).into(), "client", "clients")
            )
        }
        Arrivals::Cron { clients, every, .. } => {
            let clients = counted((*clients).into(), "client", "clients");
            format!("{clients} together every {}", seconds(every.as_secs_f64()))
        }
        Arrivals::Trace { .. } => "Tasks as a trace has them".to_owned(),
    }
}

fn fault(fault: &Fault) -> String {
    let who = if fault.layer.is_some() { "a layer" } else { "the server" };
    let what = match &fault.mode {
        Mode::Down { .. } => format!("{who} is down"),
        Mode::Hang => format!("{who} does not answer"),
        Mode::Errors { rate, .. } => format!("{} of the requests fail", percent(*rate)),
        Mode::Slow { factor } => format!("{who} is {} times slower", number(*factor)),
        Mode::Brownout { capacity_factor } => {
            format!("{who} has {} of its capacity", percent(*capacity_factor))
        }
        Mode::RateLimit { per_second, .. } => {
            format!("a limit lets {} requests per second pass", number(*per_second))
        }
        Mode::Bursts { .. } => "errors come in bursts".to_owned(),
    };
    let from = fault.from.as_secs_f64();
    match fault.until {
        Some(until) if from == 0.0 => {
            format!("{what} for the first {}", seconds(until.as_secs_f64()))
        }
        Some(until) => {
            format!("{what} from {} to {}", seconds(from), seconds(until.as_secs_f64()))
        }
        None if from == 0.0 => what,
        None => format!("{what} from {} on", seconds(from)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Page, Slot};

    #[test]
    fn the_line_is_of_the_scenario_as_it_is() {
        let line = |query: &str| Page::read(query).unwrap().state().title;
        assert_eq!(line(""), "10,000 tasks fail together while their server is down for 30 s");
        assert_eq!(
            line("arrivals.tasks=500&faults.0.until=1m"),
            "500 tasks at once on a server that can do 500 per second; the server is down for the first 1 min"
        );
    }

    #[test]
    fn every_built_in_scenario_has_a_line() {
        for builtin in redrive_sim::scenario::builtins() {
            let mut page = Page::read("").unwrap();
            page.set("s", builtin.name.into()).unwrap();
            let line = scene_line(&page.bounded(Slot::A).unwrap());
            assert!(line.len() > 15, "{line}");
        }
    }
}
