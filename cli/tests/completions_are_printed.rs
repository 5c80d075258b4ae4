//! Completions for the common shells.

use crate::support::Place;

#[test]
fn each_shell_knows_the_verbs() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = Place::new().ok(&["completions", shell]);
        for verb in ["simulate", "schedule", "dlq", "presets"] {
            assert!(script.contains(verb), "{shell} does not know {verb}");
        }
    }
}
