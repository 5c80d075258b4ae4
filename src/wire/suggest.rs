//! Words that are not known, and what was probably meant.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

use super::{ConfigError, error::join, quoted};

/// The word out of `words` that `value` is, or an error that lists them and guesses.
///
/// # Errors
/// When it is not one of them.
pub fn one_of(
    path: &str,
    value: &str,
    words: &[&'static str],
) -> Result<&'static str, ConfigError> {
    let camel = camel_case(value);
    if let Some(word) = words.iter().find(|word| **word == camel || **word == value) {
        return Ok(word);
    }
    let (value, guess, all) = (quoted(value), guess(value, words), words.join(", "));
    Err(ConfigError::new(path, format!("= {value} is not known; {guess}There are: {all}")))
}

/// The error for a `name` that is not among the `names` of that kind of thing: lists them, and guesses.
#[cold]
pub fn unknown(kind: &str, name: &str, names: &[&str]) -> ConfigError {
    let (name, guess, all) = (quoted(name), guess(name, names), names.join(", "));
    ConfigError::new("", format!("there is no {kind} {name}; {guess}There are: {all}"))
}

/// `did you mean "x"? `, or nothing.
fn guess(word: &str, words: &[&str]) -> String {
    match did_you_mean(word, words) {
        Some(word) => format!("did you mean \"{word}\"? "),
        None => String::new(),
    }
}

#[cold]
pub(super) fn unknown_field(path: &str, name: &str, known: &[&'static str]) -> ConfigError {
    let (guess, fields) = (guess(&camel_case(name), known), known.join(", "));
    let message = format!("is not a field; {guess}The fields here are: {fields}");
    ConfigError::unknown_field(join(path, name), message)
}

/// `snake_case` as `camelCase`; other names stay as they are.
pub(crate) fn camel_case(name: &str) -> String {
    if name.starts_with('_') || !name.contains('_') {
        return name.to_owned();
    }
    let mut camel = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                camel.push(c.to_ascii_uppercase());
                upper = false;
            }
            c => camel.push(c),
        }
    }
    camel
}

/// The word out of `words` that somebody who wrote `word` probably meant: the nearest by edit
/// distance (a swap of neighbours counts once), if at most a third of its letters differ.
pub fn did_you_mean<'w>(word: &str, words: &[&'w str]) -> Option<&'w str> {
    let word = word.to_ascii_lowercase();
    // A word of thousands of letters is not a typing error.
    if word.len() > 64 {
        return None;
    }
    words
        .iter()
        .map(|known| (distance(&word, &known.to_ascii_lowercase()), *known))
        .filter(|(distance, known)| distance * 3 <= known.len().max(word.len()).max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Edit distance with transposition of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: [Vec<usize>; 3] = [Vec::new(), Vec::new(), (0..=b.len()).collect()];
    for i in 1..=a.len() {
        rows.rotate_left(1);
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i);
        for j in 1..=b.len() {
            let mut best = (row[j - 1] + 1)
                .min(rows[1][j] + 1)
                .min(rows[1][j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[0][j - 2] + 1);
            }
            row.push(best);
        }
        rows[2] = row;
    }
    rows[2][b.len()]
}
