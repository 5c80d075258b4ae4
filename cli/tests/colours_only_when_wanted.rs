//! Colours appear on a terminal only; `NO_COLOR` is respected, forcing works.

use crate::support::Place;

#[test]
fn a_pipe_gets_plain_text_and_force_gets_colours() {
    let place = Place::new();
    assert!(!place.ok(&["schedule"]).contains('\u{1b}'));
    let forced = place.command(&["schedule"]).env("CLICOLOR_FORCE", "1").output().expect("it runs");
    assert!(String::from_utf8_lossy(&forced.stdout).contains('\u{1b}'));
    let help = place.ok(&["--help"]);
    assert!(!help.contains('\u{1b}') && help.contains("Examples:"), "{help}");
}

#[test]
fn a_narrow_terminal_loses_columns_and_not_the_table() {
    let place = Place::new();
    for columns in ["40", "60", "100", "200"] {
        let mut command = place.command(&["simulate", "--tasks", "200"]);
        let output = command.env("COLUMNS", columns).output().expect("it runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let rows: Vec<&str> =
            text.lines().filter(|line| line.starts_with("decorrelated ")).collect();
        assert!(!rows.is_empty(), "{text}");
        let most: usize = columns.parse().expect("a number");
        let widest = rows.iter().map(|row| row.chars().count()).max().unwrap_or(0);
        assert!(widest <= most, "{widest} letters in {most} columns:\n{text}");
    }
}
