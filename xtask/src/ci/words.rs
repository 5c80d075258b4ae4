//! The words that this project does not use, and what to write in their place.
//!
//! They are understood, but a native speaker would not write them: "is no number" for "is not a
//! number", "what stands in a field" for "what a field contains". Comments, names of tests, help,
//! errors and documentation are read alike, line by line.

use std::{fs, path::Path};

use anyhow::{Context, Result};

use crate::repo;

/// Folders whose prose is not yet revised. Empty means that every file is read.
const NOT_YET: &[&str] = &[];

/// Files that may use the words: they are about them, or quote others.
const EXCEPT: &[&str] = &["xtask/src/ci/words.rs"];

const READ: [&str; 9] = ["rs", "ts", "tsx", "js", "mjs", "cjs", "md", "toml", "html"];

/// Words, and what is better.
const REFUSED: [(&str, &str); 8] = [
    ("is no", "\"is not a(n) ...\", or say what it is"),
    ("are no", "\"are not ...\", or say what they are"),
    ("stands", "\"is\", \"contains\", \"is given\", or leave it out"),
    ("nobody", "\"no caller\", \"no task\", or a passive verb"),
    ("whoever", "\"the caller\", \"callers that ...\", \"readers\""),
    ("wish", "\"Retry-After\", \"request\", \"value\""),
    ("wishes", "\"Retry-After\", \"requests\", \"values\""),
    ("is none of", "\"must be one of: ...\""),
];

const COMPARED: &[&str] = &["longer", "more", "less", "later", "earlier", "fewer", "op", "ops"];

/// What may follow or come before some of them: "is no longer", "there is no cap", "stands for".
const AFTER: [(&str, &[&str]); 3] =
    [("is no", COMPARED), ("are no", COMPARED), ("stands", &["for"])];
const BEFORE: [(&str, &[&str]); 2] = [("is no", &["there"]), ("are no", &["there"])];

/// Each place with a refused word, as a fault to print; and how many files were read.
pub(super) fn faults() -> Result<(Vec<String>, usize)> {
    let mut faults = Vec::new();
    let mut read = 0;
    for path in repo::files(&["."], &READ)? {
        let shown = repo::shown(&path);
        if EXCEPT.contains(&&*shown)
            || NOT_YET.iter().any(|room| Path::new(&shown).starts_with(room))
        {
            continue;
        }
        read += 1;
        let text = fs::read_to_string(&path).with_context(|| shown.clone())?;
        for (number, line) in text.lines().enumerate() {
            faults.extend(refused(line).map(|(words, better)| {
                format!("{shown}:{}: \"{words}\": write {better}", number + 1)
            }));
        }
    }
    Ok((faults, read))
}

/// The first refused words of a line, and what is better. Names are read as the words that they are
/// made of.
fn refused(line: &str) -> Option<(&'static str, &'static str)> {
    let lower = line.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|w| !w.is_empty())
        .collect();
    REFUSED.into_iter().find(|(phrase, _)| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        let mut places = words.windows(phrase.len()).enumerate();
        places.any(|(at, window)| {
            let before = at.checked_sub(1).and_then(|before| words.get(before));
            let after = words.get(at + phrase.len());
            window == phrase && !allows(&AFTER, &phrase, after) && !allows(&BEFORE, &phrase, before)
        })
    })
}

/// Whether `neighbour` makes a phrase plain English.
fn allows(table: &[(&str, &[&str])], phrase: &[&str], neighbour: Option<&&str>) -> bool {
    let mut rows =
        table.iter().filter(|(refused, _)| refused.split(' ').eq(phrase.iter().copied()));
    rows.any(|(_, words)| neighbour.is_some_and(|word| words.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::refused;

    #[test]
    fn the_refused_words_are_found_in_prose_and_names() {
        for line in [
            "/// A letter that is no letter.",
            "fn what_stands_there_twice() {",
            "Nobody waits.",
            "for whoever reads it",
            "the server's wish",
            "= 4 is none of: 1, 2",
        ] {
            assert!(refused(line).is_some(), "{line}");
        }
    }

    #[test]
    fn plain_english_is_not() {
        for line in [
            "There is no cap.",
            "it is no longer needed",
            "NaN stands for what is not set",
            "understands, a standstill, stand-alone, wishlist",
            "is not a number",
        ] {
            assert_eq!(refused(line), None, "{line}");
        }
    }
}
