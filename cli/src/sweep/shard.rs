//! Which part of a sweep this process does: `--shard i/n`, or what the engine that started it says.

use crate::error::CliError;

/// Part `index` (from 0) of `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    pub(crate) index: usize,
    pub(crate) count: usize,
}

/// Array jobs: the variable with the index, the one with the first index, the one with the count.
const ENGINES: [(&str, Option<&str>, Option<&str>); 3] = [
    ("JOB_COMPLETION_INDEX", None, None),
    ("SLURM_ARRAY_TASK_ID", Some("SLURM_ARRAY_TASK_MIN"), Some("SLURM_ARRAY_TASK_COUNT")),
    ("AWS_BATCH_JOB_ARRAY_INDEX", None, Some("AWS_BATCH_JOB_ARRAY_SIZE")),
];

impl Shard {
    /// Reads `--shard` (`i/n`) and `--shards` (`n`), and else the environment through `variable`.
    ///
    /// # Errors
    /// When an index or a count is none, or there is an index without a count.
    pub(crate) fn find(
        shard: Option<&str>,
        shards: Option<usize>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, CliError> {
        if let Some(text) = shard {
            let parts = text.split_once('/');
            let numbers = parts.and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
            let Some((index, count)) = numbers else {
                return Err(CliError::Usage(format!(
                    "--shard {text} is not a shard; write --shard 0/4 for the first of four"
                )));
            };
            return Self { index, count }.checked(&format!("--shard {text}")).map(Some);
        }
        for (index, first, count) in ENGINES {
            let Some(text) = variable(index) else { continue };
            let number = |name: &str, text: &str| {
                text.parse::<usize>()
                    .map_err(|_| CliError::Usage(format!("{name}={text} is not a number")))
            };
            let counted = count.and_then(|name| Some((name, variable(name)?)));
            let count = match (shards, counted) {
                (Some(count), _) => count,
                (None, Some((name, text))) => number(name, &text)?,
                (None, None) => {
                    return Err(CliError::Usage(format!(
                        "{index} is set, so this is one of several shards: say --shards N, how many"
                    )));
                }
            };
            let first = first.and_then(|name| Some((name, variable(name)?)));
            let first = first.map_or(Ok(0), |(name, text)| number(name, &text))?;
            let place = number(index, &text)?.wrapping_sub(first);
            return Self { index: place, count }.checked(&format!("{index}={text}")).map(Some);
        }
        match shards {
            None | Some(1) => Ok(None),
            Some(_) => Err(CliError::Usage(
                "--shards needs an engine that numbers its jobs, or --shard i/n in its place"
                    .to_owned(),
            )),
        }
    }

    fn checked(self, from: &str) -> Result<Self, CliError> {
        if self.index < self.count {
            return Ok(self);
        }
        Err(CliError::Usage(format!(
            "{from} is not one of {} shards, which count from 0",
            self.count
        )))
    }

    /// Whether the point `number` is this shard's.
    pub(crate) fn has(self, number: usize) -> bool {
        number % self.count == self.index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(
        shard: Option<&str>,
        shards: Option<usize>,
        set: &[(&str, &str)],
    ) -> Result<Option<Shard>, String> {
        let variable = |name: &str| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Shard::find(shard, shards, variable).map_err(|error| error.to_string())
    }

    #[test]
    fn engines_and_options() {
        let third = Ok(Some(Shard { index: 2, count: 4 }));
        assert_eq!(find(Some("2/4"), None, &[("JOB_COMPLETION_INDEX", "0")]), third);
        assert_eq!(find(None, Some(4), &[("JOB_COMPLETION_INDEX", "2")]), third);
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "3"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
        ];
        assert_eq!(find(None, None, &slurm), third);
        let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "2"), ("AWS_BATCH_JOB_ARRAY_SIZE", "4")];
        assert_eq!(find(None, None, &batch), third);
        assert_eq!(find(None, None, &[]), Ok(None));
        for (shard, shards, set) in [
            (Some("4/4"), None, &[][..]),
            (Some("x"), None, &[]),
            (None, Some(4), &[]),
            (None, None, &[("JOB_COMPLETION_INDEX", "2")]),
            (None, Some(2), &[("JOB_COMPLETION_INDEX", "2")]),
        ] {
            assert!(find(shard, shards, set).is_err(), "{shard:?} {shards:?}");
        }
    }
}
