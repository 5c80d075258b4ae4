//! `docs/SECURITY-TESTS.md` names tests that there are.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let skipped = ["target", "node_modules", "dist", "build"].contains(&name.as_str());
        if path.is_dir() && !skipped && !name.starts_with('.') {
            sources(&path, found);
        } else if name.ends_with(".rs") || name.ends_with(".mjs") {
            found.push(path);
        }
    }
}

#[test]
fn every_test_that_the_table_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for room in ["src", "tests", "cli", "sim", "interop", "wasm", "npm/test", "www/tests"] {
        sources(&root.join(room), &mut found);
    }
    let text: String =
        found.iter().map(|path| fs::read_to_string(path).unwrap_or_default()).collect();
    let table = fs::read_to_string(root.join("docs/SECURITY-TESTS.md")).expect("the table");
    let rows = table.lines().filter(|line| line.starts_with("| F") || line.starts_with("| Low"));
    let mut named = 0;
    for row in rows {
        let cell = row.split('|').nth(3).expect("a cell of tests");
        for name in cell.split('`').skip(1).step_by(2).filter(|name| !name.starts_with("cargo")) {
            let is_there = text.contains(&format!("fn {name}()"))
                || text.replace("\\'", "'").contains(&format!("test('{name}'"))
                || text.contains(&format!("test(\"{name}\""));
            assert!(is_there, "no test is called {name}");
            named += 1;
        }
    }
    assert!(named >= 30, "only {named}");
}
