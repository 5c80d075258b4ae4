//! The house rules that no compiler knows.
//!
//! - JavaScript never computes a delay: the functions that one would need for it, whose results
//!   differ between engines besides, are banned in `npm/` and `www/`.
//! - A lock file of npm's pins versions and checksums but names no host: each machine decides
//!   where its packages come from.
//! - No file of the npm package imports itself through others: each knows only what lies below it.
//! - `docs/ARCHITECTURE.md` says what to touch for each addition, and every Cargo feature; see [`places`].
//! - The words that [`words`] refuses are not used.
//! - Every file of tests is in its binary: one that is not would pass for ever, unseen.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result, bail};

use super::{Note, places, words};
use crate::repo;

const BANNED: [&str; 9] =
    ["random", "pow", "exp", "expm1", "log", "log2", "log10", "log1p", "tanh"];
const SCRIPTS: [&str; 9] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "html"];

/// Folders whose files are modules of one binary, and its root.
const TEST_BINARIES: [(&str, &str); 5] = [
    ("tests", "behaviour.rs"),
    ("sim/tests", "behaviour.rs"),
    ("interop/tests", "behaviour.rs"),
    ("wasm/page/tests", "behaviour.rs"),
    ("cli/tests", "main.rs"),
];

pub(super) fn lint() -> Result<Note> {
    let mut faults = Vec::new();
    let scripts = repo::files(&["npm", "www"], &SCRIPTS)?;
    for path in &scripts {
        let text = fs::read_to_string(path).with_context(|| repo::shown(path))?;
        for (number, line) in text.lines().enumerate() {
            // A default seed is drawn in one place.
            let entropy = path.ends_with("npm/src/entropy.ts");
            if let Some(name) = banned_in(line).filter(|name| !entropy || name != "Math.random") {
                let place = format!("{}:{}", repo::shown(path), number + 1);
                faults.push(format!("{place}: {name}: ask the core, JavaScript computes no delay"));
            }
        }
    }
    faults.extend(import_circle(&imports("npm/src")?));
    let locks = repo::files(&["."], &["json"])?;
    for path in locks.iter().filter(|path| path.ends_with("package-lock.json")) {
        let text = fs::read_to_string(path).with_context(|| repo::shown(path))?;
        if text.contains("\"resolved\": \"http") {
            let remedy = "set omit-lockfile-registry-resolved=true in the .npmrc beside it";
            faults.push(format!("{}: names a host: {remedy}", repo::shown(path)));
        }
    }
    for (folder, root) in TEST_BINARIES {
        faults.extend(unseen_tests(folder, root)?);
    }
    let (wrong_words, texts) = words::faults()?;
    faults.extend(wrong_words);
    faults.extend(places::faults()?);
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(format!("{} scripts, {texts} files of prose", scripts.len()))
}

/// The modules of a folder, each with those of the folder that it imports.
fn imports(folder: &str) -> Result<BTreeMap<String, Vec<String>>> {
    let mut imports = BTreeMap::new();
    for path in repo::files(&[folder], &["ts"])? {
        let text = fs::read_to_string(&path).with_context(|| repo::shown(&path))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        imports.insert(name, text.lines().filter_map(imported).map(str::to_owned).collect());
    }
    Ok(imports)
}

/// The module beside it that a line imports, for its values or its types.
fn imported(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once(" from './")?;
    rest.split_once(".js'").map(|(name, _)| name)
}

/// The first circle among modules: depth first, so that each module is looked at once.
fn import_circle(imports: &BTreeMap<String, Vec<String>>) -> Option<String> {
    fn visit<'a>(
        name: &'a str,
        imports: &'a BTreeMap<String, Vec<String>>,
        path: &mut Vec<&'a str>,
        done: &mut Vec<&'a str>,
    ) -> Option<String> {
        if done.contains(&name) {
            return None;
        }
        if let Some(start) = path.iter().position(|module| *module == name) {
            return Some(format!("imports in a circle: {} -> {name}", path[start..].join(" -> ")));
        }
        path.push(name);
        for next in imports.get(name).into_iter().flatten() {
            if let Some(circle) = visit(next, imports, path, done) {
                return Some(circle);
            }
        }
        path.pop();
        done.push(name);
        None
    }
    let mut done = Vec::new();
    imports.keys().find_map(|name| visit(name, imports, &mut Vec::new(), &mut done))
}

/// The files in a folder of tests that its binary does not name.
fn unseen_tests(folder: &str, root: &str) -> Result<Vec<String>> {
    let root = repo::root().join(folder).join(root);
    let text = fs::read_to_string(&root).with_context(|| repo::shown(&root))?;
    let modules: Vec<&str> = text.lines().filter_map(module).collect();
    let files = repo::files(&[folder], &["rs"])?;
    let beside = files.iter().filter(|file| file.parent() == root.parent() && **file != root);
    let unseen = beside.filter(|file| {
        file.file_stem().is_none_or(|name| !modules.iter().any(|module| name == *module))
    });
    let told = unseen.map(|file| {
        let (file, root) = (repo::shown(file), repo::shown(&root));
        format!("{file}: its tests do not run: add it as a module to {root}")
    });
    Ok(told.collect())
}

/// The module that a line declares.
fn module(line: &str) -> Option<&str> {
    line.strip_prefix("mod ")?.strip_suffix(';')
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
    use super::{banned_in, import_circle, imported, module};

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

    #[test]
    fn modules_that_import_in_a_circle_are_named() {
        let of = |pairs: &[(&str, &[&str])]| {
            let own = |names: &[&str]| names.iter().map(ToString::to_string).collect();
            import_circle(&pairs.iter().map(|(name, all)| ((*name).to_owned(), own(all))).collect())
        };
        assert_eq!(of(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])]), None);
        let circle = of(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])]);
        assert_eq!(circle.as_deref(), Some("imports in a circle: b -> c -> b"));
        assert_eq!(imported("import type { A } from './a.js'"), Some("a"));
        assert_eq!(imported("import { b } from 'elsewhere'"), None);
    }

    #[test]
    fn a_file_that_is_commented_out_of_its_binary_is_not_in_it() {
        assert_eq!(module("mod machine_order;"), Some("machine_order"));
        assert_eq!(module("// mod machine_order;"), None);
    }
}
