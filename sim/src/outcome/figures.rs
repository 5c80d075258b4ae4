//! The table of figures: one row declares a figure, and says how it is worked out of what a run has
//! counted. A new figure is a row here, a counter of the meter if it has none, and the place in the
//! model where that counts.

use std::collections::BTreeMap;

use super::{Figure, TraceHash, row::figures};
use crate::{
    histogram::Histogram,
    summary::{Counted, CountedClass, CountedLayer, CountedWindow},
};

figures! {
    /// The figures of one policy.
    ///
    /// `tasks` = `succeeded` + all of `dead_lettered` + `discarded` + `failed` + `cancelled` +
    /// `unfinished`, always.
    pub struct Summary("Figures", optional: false) from counted: &Counted<'_> {
        /// Tasks that arrived before the horizon.
        tasks: Figure, "tasks", "tasks", Count, Neither = counted.tasks();
        /// Tasks that succeeded.
        succeeded: Figure, "succeeded", "succeeded", Count, Neither = counted.succeeded();
        /// Dead letters that were still dead at the end, by reason (every reason is listed).
        dead_lettered: BTreeMap<String, Figure>, "deadLettered", "dead letters", Count, Neither
            = counted.dead_lettered();
        /// Tasks dropped by a discard rule.
        discarded: Figure, "discarded", "discarded", Count, Neither = counted.meter.discarded;
        /// Tasks ended by a fail rule.
        failed: Figure, "failed", "failed", Count, Neither = counted.meter.failed_tasks;
        /// Tasks that were cancelled.
        cancelled: Figure, "cancelled", "cancelled", Count, Neither = counted.meter.cancelled;
        /// Tasks that had not ended at the horizon.
        unfinished: Figure, "unfinished", "unfinished", Count, Neither = counted.unfinished();
        /// Attempts started (in a contention scenario: write calls).
        attempts: Figure, "attempts", "attempts", Count, Lower = counted.attempts();
        /// Attempts / tasks.
        amplification: Figure, "amplification", "per task", Factor, Lower
            = counted.per_task(counted.attempts());
        /// Attempts that the server refused at once: queue full or rate limited.
        rejected_attempts: Figure, "rejectedAttempts", "refused", Count, Lower
            = counted.rejected();
        /// Attempts that the client gave up waiting for.
        timed_out_attempts: Figure, "timedOutAttempts", "timed out", Count, Lower
            = counted.meter.timed_out;
        /// Worker time spent on abandoned requests, seconds.
        wasted_server_seconds: Figure, "wastedServerSeconds", "wasted", Seconds, Lower
            = counted.meter.wasted as f64 / 1e9;
        /// The width of the bins in which the rates below were counted.
        bin: String, "bin", "bin", Text, Neither = counted.bin();
        /// The largest attempt rate after the bin of the first attempts.
        peak_attempts_per_second: Figure, "peakAttemptsPerSecond", "peak/s", PerSecond, Lower
            = counted.rates.peak;
        /// The largest attempt rate from the end of the last fault on: what a recovering server
        /// gets.
        peak_after_fault_per_second: Figure, "peakAfterFaultPerSecond", "peak after/s", PerSecond,
            Lower = counted.rates.peak_after;
        /// Requests a second that the server can do; absent when it has no limit.
        capacity_per_second: Figure, "capacityPerSecond", "capacity/s", PerSecond, Neither
            = counted.capacity();
        /// The largest attempt rate from the end of the last fault on / the capacity.
        peak_to_capacity: Figure, "peakToCapacity", "× capacity", Factor, Lower
            = Figure::ratio(Some(counted.rates.peak_after), counted.capacity());
        /// The largest attempt rate over a moving window as long as report.window, from the end of the
        /// last fault on, or after the first bin.
        peak_over_window_per_second: Figure, "peakOverWindowPerSecond", "peak over a window/s",
            PerSecond, Lower = counted.rates.over_window;
        /// The largest attempt rate over a moving window / the capacity.
        peak_over_window_to_capacity: Figure, "peakOverWindowToCapacity",
            "peak over a window × capacity", Factor, Lower
            = Figure::ratio(Some(counted.rates.over_window), counted.capacity());
        /// When the last task ended, seconds.
        completion_seconds: Figure, "completionSeconds", "done at", Seconds, Lower
            = counted.meter.last_end as f64 / 1e9;
        /// From the end of the last fault to the end of the last task, seconds.
        drain_seconds: Figure, "drainSeconds", "drained after", Seconds, Lower
            = counted.drain_seconds();
        /// Successes / first attempts.
        goodput_per_first: Figure, "goodputPerFirst", "goodput", Share, Higher
            = counted.per_task(counted.succeeded());
        /// From the end of the last fault until goodput was back at 95 % of the baseline and stayed
        /// there for the scenario's report.recoverFor, seconds; absent when that never happened.
        recover_seconds: Figure, "recoverSeconds", "recovered after", Seconds, Lower
            = counted.recover_seconds();
        /// The figures of the named windows of time.
        windows: Vec<WindowSummary>, "windows", "windows", Count, Neither = counted.windows();
        /// From the first attempt to success, seconds.
        time_to_success_seconds: Quantiles, "timeToSuccessSeconds", "time to success", Seconds,
            Lower = Quantiles::of(&counted.meter.to_success);
        /// From the first attempt to the dead-letter queue, seconds.
        time_to_dead_letter_seconds: Quantiles, "timeToDeadLetterSeconds", "time to dead letter",
            Seconds, Neither = Quantiles::of(&counted.meter.to_dead_letter);
        /// From the first attempt to the end, whatever the end was, seconds.
        time_to_end_seconds: Quantiles, "timeToEndSeconds", "time to the end", Seconds, Lower
            = Quantiles::of(&counted.meter.to_end());
        /// Attempts made by each ended task.
        attempts_per_task: Quantiles, "attemptsPerTask", "attempts of a task", Count, Lower
            = Quantiles::of(&counted.attempts_per_task);
        /// Tasks that succeeded within report.objective of their first attempt / all tasks; absent
        /// without an objective.
        within_objective: Figure, "withinObjective", "within objective", Share, Higher
            = counted.within_objective();
        /// Tasks that succeeded / tasks.
        succeeded_share: Figure, "succeededShare", "succeeded", Share, Higher
            = counted.per_task(counted.succeeded());
        /// Dead letters / tasks.
        dead_letter_share: Figure, "deadLetterShare", "dead letters", Share, Lower
            = counted.per_task(counted.dead());
        /// Tasks that had not ended at the horizon / tasks.
        unfinished_share: Figure, "unfinishedShare", "unfinished", Share, Lower
            = counted.per_task(counted.unfinished());
        /// Retries / attempts.
        retry_share: Figure, "retryShare", "retries", Share, Lower = counted.retry_share();
        /// The largest bin of attempts over the mean bin (between the first and the last attempt).
        peak_to_mean: Figure, "peakToMean", "peak / mean", Factor, Lower
            = counted.rates.peak_to_mean;
        /// The most requests that waited for the server at one moment.
        max_queue: Figure, "maxQueue", "longest queue", Count, Lower
            = u64::from(counted.meter.max_queue);
        /// Retries that the shared budget refused.
        budget_denied: Figure, "budgetDenied", "denied by the budget", Count, Lower
            = counted.run.budget_denied;
        /// Attempts or retries that the circuit breaker refused.
        breaker_denied: Figure, "breakerDenied", "denied by the breaker", Count, Lower
            = counted.meter.breaker_denied;
        /// Attempts that the clients' throttle refused (client.throttle); not among the attempts.
        throttle_denied: Figure, "throttleDenied", "throttled", Count, Lower
            = counted.meter.throttle_denied;
        /// Messages that the network lost.
        lost_messages: Figure, "lostMessages", "lost messages", Count, Neither
            = counted.meter.lost;
        /// Dead letters that were sent back to work.
        redriven: Figure, "redriven", "redriven", Count, Neither = counted.meter.redriven;
        /// Jain's index of the attempts of ended tasks: 1 when all needed the same number, 1/n when
        /// one task made them all.
        fairness: Figure, "fairness", "fairness", Factor, Higher = counted.fairness();
        /// λ* = μ / A: above this load of first attempts a service whose every task costs all `A`
        /// attempts stays down for good. Absent without a capacity or a limit of attempts.
        sustainable_per_second: Figure, "sustainablePerSecond", "sustains", PerSecond, Neither
            = counted.sustainable();
        /// 1 when the tasks of the last tenth of the arrivals were matched by less than half as many
        /// successes (in that tenth and as long again), else 0: over many runs, the probability of
        /// collapse.
        collapsed: Figure, "collapsed", "collapsed", Share, Lower = counted.collapsed();
        /// Attempts at each layer, outermost first; absent without layers.
        #[serde(default)]
        layers: Vec<LayerSummary>, "layers", "layers", Count, Neither = counted.layers();
        /// Each class of clients, in the scenario's order; absent without classes.
        #[serde(default)]
        clients: Vec<ClassSummary>, "clients", "clients", Count, Neither = counted.classes();
        /// Events that the simulator processed.
        events: Figure, "events", "events", Count, Neither = counted.run.events;
        /// How long the run took, seconds; null where the caller has no clock.
        wall_seconds: Figure, "wallSeconds", "run time", Seconds, Neither = Figure::Absent;
        /// 16 hex digits over all events in order, the same on every platform; over all runs when
        /// there are several.
        trace_hash: TraceHash, "traceHash", "trace hash", Text, Neither = counted.run.hash;
    }
}

figures! {
    /// A distribution of one quantity.
    #[derive(Copy)]
    pub struct Quantiles("Quantiles", optional: false) from histogram: &Histogram {
        /// The mean.
        mean: Figure, "mean", "mean", Factor, Neither = histogram.mean();
        /// The median.
        p50: Figure, "p50", "p50", Factor, Neither = histogram.at(0.5);
        /// 90 % are not above it.
        p90: Figure, "p90", "p90", Factor, Neither = histogram.at(0.9);
        /// 99 % are not above it.
        p99: Figure, "p99", "p99", Factor, Neither = histogram.at(0.99);
        /// 99.9 % are not above it.
        p999: Figure, "p999", "p999", Factor, Neither = histogram.at(0.999);
        /// The largest.
        max: Figure, "max", "max", Factor, Neither = histogram.max();
    }
}

figures! {
    /// The figures of one window of time (`[[report.windows]]`).
    pub struct WindowSummary("WindowFigures", optional: false) from window: &CountedWindow<'_> {
        /// Its name in the scenario.
        name: String, "name", "window", Text, Neither = window.name;
        /// Its start, seconds.
        from: f64, "from", "from", Seconds, Neither = window.from;
        /// Its end (excluded), seconds.
        to: f64, "to", "to", Seconds, Neither = window.to;
        /// Tasks that arrived in it.
        tasks: Figure, "tasks", "tasks", Count, Neither = window.tasks();
        /// Tasks that succeeded in it.
        succeeded: Figure, "succeeded", "succeeded", Count, Neither = window.succeeded();
        /// Attempts started in it.
        attempts: Figure, "attempts", "attempts", Count, Neither = window.attempts();
        /// Successes / tasks of the window.
        goodput_per_first: Figure, "goodputPerFirst", "goodput", Share, Higher
            = window.per_task(window.succeeded());
        /// Tasks that succeeded in the window, within report.objective / tasks of the window; absent
        /// without an objective.
        within_objective: Figure, "withinObjective", "within objective", Share, Higher
            = window.within_objective();
        /// Attempts / tasks of the window.
        amplification: Figure, "amplification", "per task", Factor, Lower
            = window.per_task(window.attempts());
    }
}

figures! {
    /// The figures of one class of clients (`[[clients]]`).
    pub struct ClassSummary("ClassFigures", optional: true) from class: &CountedClass<'_> {
        /// Its name in the scenario.
        name: String, "name", "clients", Text, Neither = class.name;
        /// Its tasks that arrived before the horizon.
        tasks: Figure, "tasks", "tasks", Count, Neither = class.counts.tasks;
        /// Its tasks that succeeded.
        succeeded: Figure, "succeeded", "succeeded", Count, Higher = class.counts.succeeded;
        /// Its dead letters that were still dead at the end.
        dead_letters: Figure, "deadLetters", "dead letters", Count, Lower = class.counts.dead;
        /// Its attempts.
        attempts: Figure, "attempts", "attempts", Count, Lower = class.counts.attempts;
        /// Its attempts / its tasks.
        amplification: Figure, "amplification", "per task", Factor, Lower
            = Figure::ratio(Some(class.counts.attempts as f64), Some(class.counts.tasks as f64));
        /// Its successes / its tasks.
        goodput_per_first: Figure, "goodputPerFirst", "goodput", Share, Higher
            = Figure::ratio(Some(class.counts.succeeded as f64), Some(class.counts.tasks as f64));
        /// From the first attempt to success, seconds.
        time_to_success_seconds: Quantiles, "timeToSuccessSeconds", "time to success", Seconds,
            Lower = Quantiles::of(&class.counts.to_success);
    }
}

figures! {
    /// The figures of one layer.
    pub struct LayerSummary("LayerFigures", optional: true) from layer: &CountedLayer<'_> {
        /// Its name in the scenario.
        name: String, "name", "layer", Text, Neither = layer.name;
        /// Requests that reached it: attempts of the clients, or of the layer above.
        attempts: Figure, "attempts", "attempts", Count, Neither = layer.tier.gauge.reached;
        /// Requests that reached it / tasks.
        amplification: Figure, "amplification", "per task", Factor, Lower
            = Figure::ratio(Some(layer.tier.gauge.reached as f64), Some(layer.tasks as f64));
        /// Requests that it refused at once, or dropped from its queue.
        refused: Figure, "refused", "refused", Count, Lower = layer.tier.gauge.refused;
        /// The largest rate of requests after the bin of the first ones.
        peak_per_second: Figure, "peakPerSecond", "peak/s", PerSecond, Lower = layer.rates.peak;
        /// The largest rate of requests from the end of the last fault on.
        peak_after_fault_per_second: Figure, "peakAfterFaultPerSecond", "peak after/s", PerSecond,
            Lower = layer.rates.peak_after;
        /// Requests a second that it can do; absent when it has no limit.
        capacity_per_second: Figure, "capacityPerSecond", "capacity/s", PerSecond, Neither
            = layer.capacity;
        /// The largest rate from the end of the last fault on / its capacity.
        peak_to_capacity: Figure, "peakToCapacity", "× capacity", Factor, Lower
            = Figure::ratio(Some(layer.rates.peak_after), layer.capacity);
        /// From the moment a request reached it to its success, with all calls that it made for it,
        /// seconds.
        time_to_success_seconds: Quantiles, "timeToSuccessSeconds", "time to success", Seconds, Lower
            = Quantiles::of(&layer.tier.gauge.times);
        /// The most requests that waited in its queue.
        max_queue: Figure, "maxQueue", "queue", Count, Lower
            = layer.tier.gauge.bins.iter().map(|bin| u64::from(bin.queue)).max().unwrap_or(0);
        /// Retries of its own calls that its budget refused.
        budget_denied: Figure, "budgetDenied", "denied by budget", Count, Neither
            = layer.tier.budget_denied;
        /// Calls of its own that its breaker refused, or retries.
        breaker_denied: Figure, "breakerDenied", "denied by breaker", Count, Neither
            = layer.tier.breaker_denied;
        /// Calls of its own that its throttle refused.
        throttle_denied: Figure, "throttleDenied", "denied by throttle", Count, Neither
            = layer.tier.throttle_denied;
    }
}

impl Summary {
    /// All dead letters, whatever their reason.
    #[must_use]
    pub fn dead_letters(&self) -> f64 {
        self.dead_lettered.values().map(Figure::or_zero).sum()
    }
}
