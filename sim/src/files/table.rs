//! A text as a table: what separates its columns, where its rows are, what they are called.

use csv::StringRecord;

use super::when;

/// A table of a file.
#[derive(Debug)]
pub(super) struct Table {
    /// What separates the columns.
    pub(super) separator: u8,
    /// What the columns are called, if the first row says it.
    pub(super) header: Option<StringRecord>,
    /// The rows with the numbers of their lines (the first line is 1).
    pub(super) rows: Vec<(u64, StringRecord)>,
}

/// Separators, the likelier ones first.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How many lines tell the separator.
const SAMPLE: usize = 30;

impl Table {
    /// Reads `text`; or why it is not a table, in words that go on from the file's name.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if let Some(why) = not_a_table(text) {
            return Err(why.to_owned());
        }
        let (separator, skipped) = separator(text);
        let text_after = text.get(skipped..).unwrap_or_default();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .comment(Some(b'#'))
            .from_reader(text_after.as_bytes());
        let mut lines = Lines { text: text.as_bytes(), place: 0, line: 1 };
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|why| format!("cannot be read as CSV: {why}"))?;
            let at = record.position().map_or(0, |at| at.byte() as usize);
            let line = lines.of(at + skipped);
            if record.iter().any(|cell| !cell.trim().is_empty()) {
                rows.push((line, record));
            }
        }
        let named = rows.first().is_some_and(|(_, first)| is_header(first));
        let header = named.then(|| rows.remove(0).1);
        Ok(Self { separator, header, rows })
    }

    /// The place of the column called `name` (in any case), or of that number from 1 on.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        let names = self.header.iter().flat_map(|header| header.iter());
        let found = names.map(str::trim).position(|cell| cell.eq_ignore_ascii_case(name.trim()));
        let number = || name.trim().parse::<usize>().ok()?.checked_sub(1);
        found.or_else(number).filter(|place| *place < self.width())
    }

    /// What the column is called.
    pub(super) fn name(&self, place: usize) -> String {
        let named = self.header.as_ref().and_then(|header| header.get(place));
        let named = named.map(str::trim).filter(|name| is_name(name));
        named.map_or_else(|| (place + 1).to_string(), str::to_owned)
    }

    /// How many columns there are.
    pub(super) fn width(&self) -> usize {
        let first = self.header.as_ref().or(self.rows.first().map(|(_, row)| row));
        first.map_or(0, StringRecord::len)
    }

    /// The names of all columns, for an error.
    pub(super) fn names(&self) -> String {
        const SHOWN: usize = 20;
        let more = self.width().saturating_sub(SHOWN);
        let names = (0..self.width().min(SHOWN)).map(|place| self.name(place));
        let names = names.collect::<Vec<_>>().join(", ");
        if more > 0 { format!("{names} and {more} more") } else { names }
    }
}

fn not_a_table(text: &str) -> Option<&'static str> {
    match text.trim_start().chars().next() {
        Some('{' | '[') if !is_bracketed_log(text) => Some(
            "is JSON, not CSV: write it as CSV with a row for each time, or its numbers into \
             arrivals.counts",
        ),
        Some('<') => Some("is HTML or XML, not CSV: export it as CSV"),
        _ => None,
    }
}

/// `[2024-01-01 00:00:00] ...`
fn is_bracketed_log(text: &str) -> bool {
    let inside = text.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']'));
    inside.is_some_and(|(inside, _)| when::is_time(inside))
}

/// The separator, and how many bytes of the text only say it (`sep=;`).
fn separator(text: &str) -> (u8, usize) {
    let first = text.lines().next().unwrap_or_default();
    if let Some([separator]) = first.trim_end_matches('\r').strip_prefix("sep=").map(str::as_bytes)
    {
        let end = text.find('\n').map_or(text.len(), |end| end + 1);
        return (*separator, end);
    }
    let lines = || {
        let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        lines.take(SAMPLE)
    };
    // The one that cuts all lines into as many columns, and into most of them.
    let even = |separator: &u8| {
        let mut counts = lines().map(|line| outside_quotes(line, *separator));
        let first = counts.next().unwrap_or(0);
        (first > 0 && counts.all(|count| count == first)).then_some(first)
    };
    let evenly: Vec<u8> = SEPARATORS.into_iter().filter(|s| even(s).is_some()).collect();
    let found = match evenly.as_slice() {
        // A comma beside another is that of fractions.
        [b',', other, ..] => Some(*other),
        [found, ..] => Some(*found),
        [] => SEPARATORS.into_iter().find(|s| lines().all(|line| outside_quotes(line, *s) > 0)),
    };
    (found.unwrap_or(b','), 0)
}

fn outside_quotes(line: &str, separator: u8) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for byte in line.bytes() {
        quoted ^= byte == b'"';
        count += usize::from(!quoted && byte == separator);
    }
    count
}

/// Whether a text may be repeated as the name of a column: what is longer is content.
fn is_name(text: &str) -> bool {
    let usual = |c: char| c.is_alphanumeric() || " _-./()%".contains(c);
    text.len() <= 40 && text.chars().all(usual)
}

/// Names, and nothing that could be a value.
fn is_header(row: &StringRecord) -> bool {
    let starts_like_a_value = |cell: &str| {
        let cell = cell.trim().trim_start_matches(['-', '+', '[']);
        cell.starts_with(|c: char| c.is_ascii_digit()) && cell.parse::<f64>().is_ok()
            || when::is_time(cell)
    };
    !row.iter().any(starts_like_a_value)
        && row.iter().any(|cell| cell.chars().any(char::is_alphabetic))
}

/// Counts lines. The reader's own count is one short after `\r\n`.
struct Lines<'t> {
    text: &'t [u8],
    place: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record that starts at or just after `place`; places must rise.
    fn of(&mut self, place: usize) -> u64 {
        while let Some(byte) = self.text.get(self.place) {
            if self.place >= place && *byte != b'\r' && *byte != b'\n' {
                break;
            }
            self.line += u64::from(*byte == b'\n');
            self.place += 1;
        }
        self.line
    }
}
