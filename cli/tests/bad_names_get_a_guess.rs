//! A name that is not known is refused with a guess at the one that was meant.

use crate::support::Place;

#[test]
fn presets_scenarios_verbs_and_flags() {
    let place = Place::new();
    for (args, guess) in [
        (&["schedule", "--policy", "clasic"][..], "did you mean \"classic\"?"),
        (&["simulate", "--policy", "ful"], "did you mean \"full\"?"),
        (&["presets", "recomended"], "did you mean \"recommended\"?"),
        (&["simulate", "hurd"], "did you mean \"herd\"?"),
        (&["scenarios", "hrd"], "did you mean \"herd\"?"),
        (&["simulat"], "'simulate'"),
        (&["dlq", "lst", "f"], "'list'"),
        (&["simulate", "--polcy", "full"], "'--policy'"),
        (&["schedule", "--sed", "1"], "'--seed'"),
        (&["simulate", "--format", "jsn"], "'json'"),
        (&["completions", "bsh"], "'bash'"),
        (&["simulate", "--set", "server.worker=3"], "did you mean \"workers\"?"),
        (&["simulate", "--set", "server.queue.dicipline=lifo"], "did you mean \"discipline\"?"),
    ] {
        let error = place.refused(args);
        assert!(error.contains(guess), "{args:?}: {error}");
    }
}

#[test]
fn a_dead_letter_reason() {
    let place = Place::with("l.ndjson", "");
    let error = place.refused(&["dlq", "list", "l.ndjson", "--reason", "exhaustd"]);
    assert!(error.contains("did you mean \"exhausted\"?"), "{error}");
}
