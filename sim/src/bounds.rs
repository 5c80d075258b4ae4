//! The simulator's rows of the table of parameters, in the core's own [`Bound`].
//!
//! One row feeds the check, the error text, the command line's help, the page's slider and the
//! reference. Durations are counted in nanoseconds.

use redrive::bounds::{Bound, FOREVER, Unit, prose};

const SECOND: f64 = 1e9;
const MILLI: f64 = 1e6;

/// The lists of a scenario, each with the most entries that it may have: every one of them costs at
/// each event that concerns it, or is looked through for a name.
pub const LISTS: &[(&str, usize)] = &[
    ("layers", 64),
    ("faults", 10_000),
    ("policies", 1_000),
    ("clients", 64),
    ("changes", 10_000),
];

macro_rules! bounds {
    ($($id:ident: $name:literal, $unit:ident, $min:expr, $max:expr, $default:expr, $label:literal,
       $text:literal;)*) => {
        $(
            #[doc = $text]
            pub const $id: &Bound = &Bound {
                name: $name, unit: Unit::$unit, min: $min, max: $max, default: $default,
                usual: None, label: prose($label), doc: prose($text),
            };
        )*
        /// Every row.
        pub static TABLE: &[&Bound] = &[$($id),*];
    };
}

bounds! {
    HORIZON: "horizon", Duration, 1.0, FOREVER, None, "Horizon",
        "When the run stops; what has not ended by then is reported as unfinished.";
    TASKS: "tasks", Count, 0.0, 268_435_456.0, Some(10_000.0), "Tasks",
        "How many tasks arrive in a herd.";
    AT: "at", Duration, 0.0, FOREVER, Some(0.0), "At", "When it happens.";
    FOR: "for", Duration, 0.0, FOREVER, None, "For", "How long tasks keep arriving.";
    SPREAD: "spread", Duration, 0.0, FOREVER, Some(0.0), "Spread",
        "Over how long the start is spread, uniformly.";
    RATE_PER_SECOND: "ratePerSecond", Rate, 0.0, 1e9, Some(100.0), "Arrivals per second",
        "Mean rate at which tasks arrive.";
    PER_SECOND: "perSecond", Rate, 0.0, 1e9, None, "Per second", "Rate of this step.";
    CLIENTS: "clients", Count, 1.0, 1e7, Some(100.0), "Clients", "How many clients send tasks.";
    THINK: "think", Duration, 0.0, FOREVER, Some(100.0 * MILLI), "Think time",
        "How long a client waits after a task ended before it starts the next.";
    EVERY: "every", Duration, 1.0, FOREVER, None, "Every", "The period.";
    SKEW: "skew", Duration, 0.0, FOREVER, Some(0.0), "Skew",
        "How far each client's clock is off, uniformly from 0.";
    TRACE_BIN: "bin", Duration, 1.0, FOREVER, None, "Trace bin",
        "How long each row of the trace lasts.";
    SCALE: "scale", Factor, 0.0, 1e9, Some(1.0), "Scale", "What every count or value is multiplied by.";
    CROSSTALK: "crosstalkPerInFlight", Factor, 0.0, 1e3, Some(0.0), "Crosstalk per request in flight",
        "What each pair of requests in service adds to the service time of a new one.";
    CHANGED_CAPACITY: "capacityFactor", Factor, 1e-3, 1e3, None, "Capacity from then on",
        "The share of the capacity that there is from then on; 2 is twice the workers.";
    CLASS_SHARE: "share", Factor, 0.0, 1.0, None, "Share of the tasks",
        "Which share of the tasks is of this class.";
    PRIORITY: "priority", Count, 0.0, 1e6, Some(0.0), "Priority",
        "Requests of a higher one leave a queue first.";
    WORKERS: "workers", Count, 1.0, 1e7, None, "Workers",
        "Requests that the server works on at the same time; unlimited when left out.";
    CAPACITY: "capacityPerSecond", Rate, 1e-6, 1e9, None, "Capacity",
        "Shorthand: a fixed service time of workers / capacityPerSecond.";
    SLOWDOWN: "slowdownPerInFlight", Factor, 0.0, 1e6, Some(0.0), "Slowdown per request in flight",
        "By how much each request in service makes a new one slower: service x (1 + this x requests).";
    QUEUE_LIMIT: "limit", Count, 0.0, 1e8, None, "Queue limit",
        "Requests that may wait; unlimited when left out.";
    CODEL_TARGET: "target", Duration, 1.0, FOREVER, Some(5.0 * MILLI), "CoDel target",
        "Waiting time that CoDel tolerates for good.";
    CODEL_INTERVAL: "interval", Duration, 1.0, FOREVER, Some(100.0 * MILLI), "CoDel interval",
        "How long the wait must stay above the target before CoDel drops.";
    FROM: "from", Duration, 0.0, FOREVER, Some(0.0), "From", "When it begins.";
    UNTIL: "until", Duration, 0.0, FOREVER, None, "Until",
        "When it is over (the end itself is outside); for ever when left out.";
    ERROR_RATE: "rate", Factor, 0.0, 1.0, Some(0.5), "Error rate", "Share of attempts that fail.";
    SLOW_FACTOR: "factor", Factor, 1e-3, 1e6, Some(3.0), "Slow factor",
        "What service times are multiplied by.";
    CAPACITY_FACTOR: "capacityFactor", Factor, 1e-3, 1.0, Some(0.5), "Capacity factor",
        "Share of the capacity that is left.";
    LIMIT_PER_SECOND: "perSecond", Rate, 1e-6, 1e9, Some(100.0), "Rate limit",
        "Requests a second that pass; the others get 429 at once.";
    LIMIT_BURST: "burst", Count, 1.0, 1e9, None, "Burst",
        "Requests that pass at once after a pause; one second's worth when left out.";
    RETRY_AFTER: "retryAfter", Duration, 0.0, FOREVER, None, "Retry-After",
        "The wait that a refused client is told.";
    BURST_ENTER: "enter", Factor, 0.0, 1.0, Some(0.01), "Enter the bad state",
        "Chance, at each attempt, to go from the good state to the bad one.";
    BURST_EXIT: "exit", Factor, 0.0, 1.0, Some(0.1), "Leave the bad state",
        "Chance, at each attempt, to go from the bad state to the good one.";
    BURST_GOOD: "goodRate", Factor, 0.0, 1.0, Some(0.0), "Errors when good",
        "Share of attempts that fail in the good state.";
    BURST_BAD: "badRate", Factor, 0.0, 1.0, Some(1.0), "Errors when bad",
        "Share of attempts that fail in the bad state.";
    LOSS: "loss", Factor, 0.0, 1.0, Some(0.0), "Message loss",
        "Chance that one message is lost, each way.";
    TIMEOUT: "timeout", Duration, 1.0, FOREVER, None, "Client timeout",
        "How long a client waits for an answer; a policy's attemptTimeout counts too if shorter.";
    PERMANENT_RATE: "permanentRate", Factor, 0.0, 1.0, Some(0.0), "Poison",
        "Share of tasks that can never succeed.";
    COUNT: "count", Count, 1.0, 1e7, Some(1.0), "Clients",
        "Clients that the tasks belong to, in turn; when left out, each task of a herd is a client of its \
         own, and there is one client otherwise.";
    HOSTS: "hosts", Count, 1.0, 1e7, Some(1.0), "Hosts", "Hosts that the clients run on, in turn.";
    BREAKER_THRESHOLD: "threshold", Factor, 0.0, 1.0, Some(0.5), "Breaker threshold",
        "Share of failed attempts above which the breaker opens.";
    BREAKER_WINDOW: "window", Duration, 1.0, FOREVER, None, "Breaker window",
        "Over how long attempts are counted; from the start when left out.";
    BREAKER_MIN: "minCalls", Count, 1.0, 1e9, Some(10.0), "Least calls",
        "Attempts that must be counted before the breaker may open.";
    BREAKER_OPEN: "openFor", Duration, 0.0, FOREVER, None, "Open for",
        "How long an open breaker refuses before it lets a probe pass; without it, it closes as soon \
         as the share of failures allows.";
    // The book's: "a general multiplier of 2", over "the last two minutes". Below 1 a client would
    // refuse when all is well; at 1 it never tries more than was accepted, and so never recovers.
    THROTTLE_K: "k", Factor, 1.0, 1_000.0, Some(2.0), "Throttle multiplier",
        "How many times what the backend accepts may be sent to it; nearer to 1 spares the backend more, \
         and takes longer to notice that it is well again.";
    THROTTLE_WINDOW: "window", Duration, MILLI, FOREVER, Some(120.0 * SECOND), "Throttle window",
        "Over how long requests and accepts are counted.";
    ROWS: "rows", Count, 1.0, 1e6, Some(1.0), "Rows", "Rows that the clients contend for, in turn.";
    REDRIVE_RATE: "rate", Rate, 1e-6, 1e9, None, "Redrive rate",
        "Dead letters sent back a second; all at once when left out.";
    BIN: "bin", Duration, 1_000.0, FOREVER, Some(100.0 * MILLI), "Bin",
        "The width of the bins in which attempts are counted.";
    REPORT_WINDOW: "window", Duration, 1_000.0, FOREVER, Some(SECOND), "Window of peaks",
        "How long the moving window is over which peaks are counted, beside the bins.";
    OBJECTIVE: "objective", Duration, 1.0, FOREVER, None, "Objective",
        "How soon a task should have succeeded, counted from its first attempt.";
    RECOVER_FOR: "recoverFor", Duration, 1.0, FOREVER, Some(10.0 * SECOND), "Recovered for",
        "How long goodput must hold 95 % of the baseline to count as recovered.";
    RASTER_ROWS: "rasterRows", Count, 0.0, 10_000.0, Some(60.0), "Rows of the raster",
        "Tasks sampled for the raster of attempts.";
    MAX_EVENTS: "events", Count, 1.0, 1e12, Some(2e9), "Event limit",
        "Events after which a run is stopped.";
    MAX_MEMORY: "memoryMb", Count, 1.0, 1e6, Some(4096.0), "Memory limit",
        "Megabytes that one run may need.";
    VALUE: "value", Duration, 0.0, FOREVER, None, "Value", "Every sample is this.";
    MEAN: "mean", Duration, 0.0, FOREVER, None, "Mean", "The mean.";
    MEDIAN: "median", Duration, 0.0, FOREVER, None, "Median", "The median.";
    SIGMA: "sigma", Factor, 0.0, 10.0, Some(1.0), "Sigma",
        "Standard deviation of the logarithm.";
    MIN: "min", Duration, 0.0, FOREVER, None, "Least", "The smallest value.";
    SHAPE: "shape", Factor, 0.01, 1000.0, Some(2.0), "Shape",
        "The tail's exponent: the smaller, the heavier; the mean is infinite up to 1.";
    SD: "sd", Duration, 0.0, FOREVER, None, "Standard deviation",
        "The standard deviation, before negative samples are folded.";
    LOW: "low", Duration, 0.0, FOREVER, Some(0.0), "Low", "The lower end.";
    HIGH: "high", Duration, 0.0, FOREVER, None, "High", "The upper end.";
    WEIGHT: "weight", Factor, 0.0, 1e9, Some(1.0), "Weight",
        "How often this part is drawn, relative to the others.";
}
