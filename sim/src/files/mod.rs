//! Files that a scenario names. The library reads none itself: it asks the caller for their bytes,
//! who has a file system, or a drop zone of a page, or nothing.

#[cfg(feature = "csv")]
mod log;
#[cfg(feature = "csv")]
mod number;
#[cfg(feature = "csv")]
mod table;
#[cfg(feature = "csv")]
mod text;
pub(crate) mod trace;
#[cfg(feature = "csv")]
mod when;

use redrive::wire::{ConfigError, Value, quoted};

/// Gives access to the files that a scenario names.
pub trait Loader {
    /// The text of the file.
    ///
    /// # Errors
    /// Why it cannot be read, in words that go on from the file's name ("does not exist").
    fn text(&mut self, file: &str) -> Result<String, String>;

    /// The bytes of the file, for data in any encoding.
    ///
    /// # Errors
    /// Why it cannot be read, as above.
    fn bytes(&mut self, file: &str) -> Result<Vec<u8>, String> {
        self.text(file).map(String::into_bytes)
    }

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
        Err("cannot be read here, where files are not available; write the data into the scenario"
            .to_owned())
    }

    fn tree(&mut self, file: &str) -> Result<Value, String> {
        self.text(file).map(Value::Text)
    }
}

/// The text of the data in `file`, errors at `path`.
#[cfg(feature = "csv")]
pub(crate) fn load(files: &mut dyn Loader, path: &str, file: &str) -> Result<String, ConfigError> {
    let text = files.bytes(file).and_then(text::decode);
    text.map_err(|why| ConfigError::new(path, format!("= {} {why}", quoted(file))))
}

/// A build without the feature `csv` reads no data files.
#[cfg(not(feature = "csv"))]
pub(crate) fn load(_: &mut dyn Loader, path: &str, file: &str) -> Result<String, ConfigError> {
    let message = format!("= \"{file}\" cannot be read here: write its numbers into the scenario");
    Err(ConfigError::new(path, message))
}

/// The tree in `file`, errors at `path`.
pub(crate) fn load_tree(
    files: &mut dyn Loader,
    path: &str,
    file: &str,
) -> Result<Value, ConfigError> {
    files.tree(file).map_err(|why| ConfigError::new(path, format!("= {} {why}", quoted(file))))
}

// An error tells where a file is wrong and not what it holds: the file may be another than its reader
// thinks, and the scenario that names it somebody else's.

/// The numbers of one column of a CSV text with the numbers of their lines (the first is 1).
///
/// Without `column`: the column `value`, or the last one.
#[cfg(feature = "csv")]
pub(crate) fn column(
    text: &str,
    file: &str,
    column: Option<&str>,
    path: &str,
) -> Result<Vec<(u64, f64)>, ConfigError> {
    let error = |message: String| ConfigError::new(path, message);
    let table =
        table::Table::read(text).map_err(|why| error(format!("= {} {why}", quoted(file))))?;
    let place = match column {
        Some(name) => table.place(name).ok_or_else(|| no_column(&table, file, name, path))?,
        None => table.place("value").unwrap_or(table.width().saturating_sub(1)),
    };
    if table.rows.is_empty() {
        return Err(error(format!("= \"{file}\" has no rows: there is nothing to take from it")));
    }
    let commas = table.separator == b',';
    let cell = |(line, row): &(u64, csv::StringRecord)| {
        Ok((*line, cell_number(row, place, *line, file, commas).map_err(error)?))
    };
    table.rows.iter().map(cell).collect()
}

#[cfg(feature = "csv")]
fn no_column(table: &table::Table, file: &str, name: &str, path: &str) -> ConfigError {
    let message = format!("= \"{name}\" is not a column of {file}: {}", table.names());
    ConfigError::new(path, message)
}

#[cfg(feature = "csv")]
fn cell_number(
    row: &csv::StringRecord,
    place: usize,
    line: u64,
    file: &str,
    commas: bool,
) -> Result<f64, String> {
    let Some(cell) = row.get(place) else {
        let count = row.len();
        let columns = if count == 1 { "column" } else { "columns" };
        return Err(format!(
            "row {line} of {file} has only {count} {columns}: fill it or leave it out"
        ));
    };
    number::number(cell, commas)
        .map_err(|why| format!("row {line} of {file} holds a value in column {}, {why}", place + 1))
}

/// A build without the feature `csv` has no reader of such files.
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
        assert!(
            bad.contains("row 3 of t.csv holds a value in column 2, which is not a number"),
            "{bad}"
        );
        let short = read("time,value\n1,5\n2\n", None).unwrap_err();
        assert!(short.contains("row 3 of t.csv has only 1 column"), "{short}");
        let nan = read("value\nNaN\n", None).unwrap_err();
        assert!(nan.contains("row 2"), "{nan}");
    }
}
