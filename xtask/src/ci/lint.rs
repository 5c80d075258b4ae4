//! The house rules that no compiler knows.
//!
//! - JavaScript never computes a delay: the functions that one would need for it, whose results
//!   differ between engines besides, are banned in `npm/` and `www/`.
//! - A lock file of npm's pins versions and checksums but names no host: each machine decides
//!   where its packages come from.

use std::fs;

use anyhow::{Context, Result, bail};

use super::Note;
use crate::repo;

const BANNED: [&str; 9] =
    ["random", "pow", "exp", "expm1", "log", "log2", "log10", "log1p", "tanh"];
const SCRIPTS: [&str; 9] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "html"];

pub(super) fn lint() -> Result<Note> {
    let mut faults = Vec::new();
    let scripts = repo::files(&["npm", "www"], &SCRIPTS)?;
    for path in &scripts {
        let text = fs::read_to_string(path).with_context(|| repo::shown(path))?;
        for (number, line) in text.lines().enumerate() {
            if let Some(name) = banned_in(line) {
                let place = format!("{}:{}", repo::shown(path), number + 1);
                faults.push(format!("{place}: {name}: ask the core, JavaScript computes no delay"));
            }
        }
    }
    let locks = repo::files(&["."], &["json"])?;
    for path in locks.iter().filter(|path| path.ends_with("package-lock.json")) {
        let text = fs::read_to_string(path).with_context(|| repo::shown(path))?;
        if text.contains("\"resolved\": \"http") {
            let remedy = "set omit-lockfile-registry-resolved=true in the .npmrc beside it";
            faults.push(format!("{}: names a host: {remedy}", repo::shown(path)));
        }
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(format!("{} scripts", scripts.len()))
}

/// The first banned function of `Math` that a line names.
fn banned_in(line: &str) -> Option<String> {
    line.match_indices("Math").find_map(|(at, math)| {
        let rest = line[at + math.len()..].trim_start_matches(['?', '.', '[', '"', '\'', ' ']);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let name = &rest[..end];
        BANNED.contains(&name).then(|| format!("Math.{name}"))
    })
}

#[cfg(test)]
mod tests {
    use super::banned_in;

    #[test]
    fn a_banned_function_is_found_however_it_is_reached() {
        for line in ["x = Math.random()", "Math['pow'](2, 3)", "a(Math.max(1, Math.log10(x)))"] {
            assert!(banned_in(line).is_some(), "{line}");
        }
    }

    #[test]
    fn harmless_functions_and_longer_names_are_not() {
        for line in ["Math.max(1, 2)", "Math.expensive", "a.random()", "Math.round(Math.abs(x))"] {
            assert_eq!(banned_in(line), None, "{line}");
        }
    }
}
