//! Logs of requests that are not tables: one line a request, with its time somewhere in front.

use super::when;

/// The cells of the times of a log, with the numbers of their lines.
#[derive(Debug)]
pub(super) struct Log<'t> {
    pub(super) times: Vec<&'t str>,
    pub(super) lines: Vec<u64>,
    /// What comes after the times, where that is a number in each line.
    pub(super) numbers: Option<Vec<&'t str>>,
}

/// Where the time is in each line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the first brackets: `127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326`.
    Brackets,
    /// In front, so many words long: `2024-01-01T00:00:00.100Z 200 12ms /checkout`.
    Words(usize),
}

impl Place {
    fn of(line: &str) -> Option<Self> {
        let places = [Self::Words(1), Self::Words(2), Self::Words(3), Self::Brackets];
        // The longest: a date and a time are two words, of which the first alone is a time, too.
        let mut found = places.into_iter().filter(|place| {
            let time = place.time(line);
            time.is_some_and(|(time, rest)| when::is_time(time) && !rest.trim().is_empty())
        });
        found.next_back()
    }

    /// The time of a line, and what comes after it.
    fn time(self, line: &str) -> Option<(&str, &str)> {
        match self {
            Self::Brackets => line.split_once('[')?.1.split_once(']'),
            Self::Words(count) => {
                let mut end = 0;
                for _ in 0..count {
                    let rest = line.get(end..)?;
                    let start = rest.len() - rest.trim_start().len();
                    let word = rest.trim_start();
                    end += start + word.find(char::is_whitespace).unwrap_or(word.len());
                }
                Some((line.get(..end)?, line.get(end..)?))
            }
        }
    }
}

/// Whether the first line has a time in front, and more behind it.
pub(super) fn begins(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    first.and_then(Place::of).is_some()
}

/// The log in `text`; `None` where its first line does not look like one. A line without a time is
/// an error, which goes on from the file's name.
pub(super) fn read<'t>(text: &'t str) -> Option<Result<Log<'t>, String>> {
    let lines = || {
        let lines = (1_u64..).zip(text.lines());
        lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
    };
    let (_, first) = lines().next()?;
    let place = Place::of(first)?;
    let mut log = Log { times: Vec::new(), lines: Vec::new(), numbers: Some(Vec::new()) };
    for (number, line) in lines() {
        let Some((time, rest)) = place.time(line) else {
            return Some(Err(format!(
                "is a log of requests, but row {number} has no time where the rows before it have \
                 one: leave the row out"
            )));
        };
        log.times.push(time);
        log.lines.push(number);
        match &mut log.numbers {
            Some(numbers) if rest.trim().parse::<f64>().is_ok() => numbers.push(rest.trim()),
            _ => log.numbers = None,
        }
    }
    Some(Ok(log))
}
