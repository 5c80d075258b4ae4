//! The built-in scenarios: data, like a user's.

use redrive::wire::{ConfigError, Value, did_you_mean};

use crate::tree::tree;

/// A built-in scenario.
#[derive(Clone, Copy)]
pub struct Builtin {
    /// What it is called.
    pub name: &'static str,
    /// One line: what happens.
    pub title: &'static str,
    /// What to look at and why it happens.
    pub about: &'static str,
    body: fn() -> Value,
}

impl std::fmt::Debug for Builtin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builtin").field("name", &self.name).finish_non_exhaustive()
    }
}

/// All of them, the main one first.
#[must_use]
pub fn builtins() -> &'static [Builtin] {
    BUILTINS
}

impl Builtin {
    /// The scenario of that name.
    ///
    /// # Errors
    /// When there is none, with a guess at the one meant.
    pub fn find(name: &str) -> Result<&'static Self, ConfigError> {
        BUILTINS.iter().find(|builtin| builtin.name == name).ok_or_else(|| {
            let names: Vec<&str> = BUILTINS.iter().map(|builtin| builtin.name).collect();
            let guess = match did_you_mean(name, &names) {
                Some(guess) => format!("did you mean \"{guess}\"? "),
                None => String::new(),
            };
            let message = format!(
                "\"{name}\" is no built-in scenario; {guess}There are: {}",
                names.join(", ")
            );
            ConfigError::new("", message)
        })
    }

    /// The scenario's tree, as a file would hold it.
    #[must_use]
    pub fn value(&self) -> Value {
        let mut entries = vec![
            ("name".to_owned(), Value::from(self.name)),
            ("title".to_owned(), Value::from(self.title)),
            ("about".to_owned(), Value::from(self.about)),
        ];
        if let Value::Map(body) = (self.body)() {
            entries.extend(body);
        }
        Value::Map(entries)
    }
}

static BUILTINS: &[Builtin] = &[Builtin {
    name: "herd",
    title: "10,000 tasks fail together while their server is down for 30 s",
    about: "Ten thousand tasks start at once on a server that is down, and retry until it is back; \
            then they compete for its 500 requests a second and its queue of 500. Look at the \
            attempts per second after 30 s. Without jitter all tasks wait the same times, so every \
            retry is the whole herd at one instant: the server takes the thousand it has room for, \
            refuses the rest, and stands idle until the herd comes back twice as late. Ten percent \
            of jitter only smears the instant over a second or so, because it adds a tenth of the \
            delay and nothing else tells the tasks apart. Full jitter draws from the whole range, \
            so attempts arrive evenly, about as fast as the server can work. And `classic`, with \
            three attempts, is over after six seconds: a policy that cannot outlast the outage \
            makes ten thousand dead letters, however well it is jittered.",
    body: || {
        tree!({
            seed: 42_u32,
            horizon: "10m",
            arrivals: { kind: "herd", tasks: 10_000_u32, at: "0s", spread: "0s" },
            server: {
                workers: 10_u32,
                service: { kind: "fixed", value: "20ms" },
                queue: { limit: 500_u32, discipline: "fifo" },
                onFull: "reject",
            },
            faults: [{ from: "0s", until: "30s", mode: "down" }],
            policies: ["none", "proportional", "equal", "full", "decorrelated", "classic"],
            report: { bin: "100ms" },
        })
    },
}];
