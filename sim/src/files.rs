//! Files that a scenario names. The library reads none itself: it asks the caller for their text,
//! who has a file system, or a drop zone of a page, or nothing.

use redrive::wire::{ConfigError, Value};

/// Whoever can get at the files that a scenario names.
pub trait Loader {
    /// The text of the file.
    ///
    /// # Errors
    /// Why it cannot be read, in words that go on from the file's name ("does not exist").
    fn text(&mut self, file: &str) -> Result<String, String>;

    /// The tree in the file (JSON or TOML: the caller has the parsers).
    ///
    /// # Errors
    /// Why it cannot be read.
    fn tree(&mut self, file: &str) -> Result<Value, String>;
}

/// A loader for scenarios that name no files.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Loader for NoFiles {
    fn text(&mut self, _: &str) -> Result<String, String> {
        Err("cannot be read here: there are no files; write the data into the scenario".to_owned())
    }

    fn tree(&mut self, file: &str) -> Result<Value, String> {
        self.text(file).map(Value::Text)
    }
}

/// The text of `file`, errors at `path`.
pub(crate) fn load(files: &mut dyn Loader, path: &str, file: &str) -> Result<String, ConfigError> {
    files.text(file).map_err(|why| ConfigError::new(path, format!("= \"{file}\" {why}")))
}

/// The tree in `file`, errors at `path`.
pub(crate) fn load_tree(
    files: &mut dyn Loader,
    path: &str,
    file: &str,
) -> Result<Value, ConfigError> {
    files.tree(file).map_err(|why| ConfigError::new(path, format!("= \"{file}\" {why}")))
}

/// Names of columns that hold times, which have to rise.
#[cfg(feature = "csv")]
const TIMES: &[&str] = &["timestamp", "time", "date", "datetime", "at"];

/// The numbers of one column of a CSV text with their row numbers (the first line is row 1).
///
/// Without `column`: the column `value`, or the last one. A first line without any number in that
/// column is a header. Times in a column that is called so must not fall.
#[cfg(feature = "csv")]
pub(crate) fn column(
    text: &str,
    file: &str,
    column: Option<&str>,
    path: &str,
) -> Result<Vec<(u64, f64)>, ConfigError> {
    let error = |message: String| ConfigError::new(path, message);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut index = None;
    let mut time_index = None;
    let mut before: Option<String> = None;
    let mut numbers = Vec::new();
    let mut lines = Lines { text: text.as_bytes(), place: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(|why| error(format!("cannot read {file}: {why}")))?;
        let row = record.position().map_or(0, |at| lines.of(at.byte() as usize));
        let Some(i) = index else {
            let name = column.unwrap_or("value");
            let found = record.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
            let by_number = column.and_then(|c| c.parse::<usize>().ok()).map(|n| n.wrapping_sub(1));
            let i = match (found, by_number, column) {
                (Some(i), _, _) | (None, Some(i), _) if i < record.len() => i,
                (_, _, None) => record.len() - 1,
                (_, _, Some(name)) => {
                    let all: Vec<&str> = record.iter().collect();
                    let all = all.join(", ");
                    return Err(error(format!("= \"{name}\" is no column of {file}: {all}")));
                }
            };
            index = Some(i);
            if found.is_some() || record[i].trim().parse::<f64>().is_err() {
                let is_time =
                    |cell: &str| TIMES.iter().any(|t| cell.trim().eq_ignore_ascii_case(t));
                time_index = record.iter().position(is_time).filter(|t| *t != i);
            } else {
                numbers.push((row, number(&record, i, row, file, path)?));
            }
            continue;
        };
        numbers.push((row, number(&record, i, row, file, path)?));
        if let Some(time) = time_index.and_then(|t| record.get(t)) {
            if before.as_deref().is_some_and(|before| earlier(time, before)) {
                let message =
                    format!("row {row} of {file} lies before the row above it: \"{time}\"");
                return Err(error(message));
            }
            before = Some(time.to_owned());
        }
    }
    Ok(numbers)
}

/// Whoever builds without a reader of such files has none to read.
#[cfg(not(feature = "csv"))]
pub(crate) fn column(
    _: &str,
    file: &str,
    _: Option<&str>,
    path: &str,
) -> Result<Vec<(u64, f64)>, ConfigError> {
    let message = format!("cannot read {file}: write its numbers into the scenario");
    Err(ConfigError::new(path, message))
}

/// Counts lines. The reader's own count is one short after `\r\n`.
#[cfg(feature = "csv")]
struct Lines<'t> {
    text: &'t [u8],
    place: usize,
    line: u64,
}

#[cfg(feature = "csv")]
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

#[cfg(feature = "csv")]
fn number(
    record: &csv::StringRecord,
    index: usize,
    row: u64,
    file: &str,
    path: &str,
) -> Result<f64, ConfigError> {
    let Some(cell) = record.get(index) else {
        let message = format!("row {row} of {file} has only {} columns", record.len());
        return Err(ConfigError::new(path, message));
    };
    match cell.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => {
            let message = format!("row {row} of {file} holds \"{cell}\", which is not a number");
            Err(ConfigError::new(path, message))
        }
    }
}

/// Whether one time lies before another: as numbers if they are, else as text (ISO dates sort so).
#[cfg(feature = "csv")]
fn earlier(a: &str, b: &str) -> bool {
    match (a.trim().parse::<f64>(), b.trim().parse::<f64>()) {
        (Ok(a), Ok(b)) => a < b,
        _ => a.trim() < b.trim(),
    }
}

#[cfg(all(test, feature = "csv"))]
mod tests {
    use super::*;

    fn read(text: &str, name: Option<&str>) -> Result<Vec<(u64, f64)>, String> {
        column(text, "t.csv", name, "arrivals.column").map_err(|e| e.to_string())
    }

    #[test]
    fn a_column_is_found_by_name_number_or_default() {
        let text = "timestamp,value,n\n2014-01-01,1.5,7\n2014-01-02,2,8\n";
        assert_eq!(read(text, None), Ok(vec![(2, 1.5), (3, 2.0)]));
        assert_eq!(read(text, Some("n")), Ok(vec![(2, 7.0), (3, 8.0)]));
        assert_eq!(read(text, Some("3")), Ok(vec![(2, 7.0), (3, 8.0)]));
        assert_eq!(read("4\n5\n", None), Ok(vec![(1, 4.0), (2, 5.0)]));
        assert_eq!(read("\"x\",\"y\"\r\n1,2\r\n", None), Ok(vec![(2, 2.0)]));
        assert!(read(text, Some("counts")).unwrap_err().contains("timestamp, value, n"));
    }

    #[test]
    fn a_bad_row_is_named() {
        let bad = read("time,value\n1,5\n2,many\n", None).unwrap_err();
        assert!(bad.contains("row 3 of t.csv holds \"many\""), "{bad}");
        let short = read("time,value\n1,5\n2\n", None).unwrap_err();
        assert!(short.contains("row 3 of t.csv has only 1 columns"), "{short}");
        let back = read("time,value\n2,5\n1,5\n", None).unwrap_err();
        assert!(back.contains("row 3 of t.csv lies before the row above"), "{back}");
        let nan = read("value\nNaN\n", None).unwrap_err();
        assert!(nan.contains("row 2"), "{nan}");
    }
}
