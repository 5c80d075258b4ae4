//! Options that cannot be used are refused before anything is done.

use crate::support::Place;

#[test]
fn out_must_be_a_folder_that_can_be_written() {
    let place = Place::with("file", "x");
    let error = place.refused(&["simulate", "--out", "file"]);
    assert!(error.contains("--out file is a file; name a folder"), "{error}");
    let error = place.refused(&["simulate", "--out", "file/below"]);
    assert!(error.contains("cannot be written to"), "{error}");
    assert_eq!(place.read("file"), "x");
}

#[cfg(unix)]
#[test]
fn out_without_permission() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    let closed = place.path("closed");
    std::fs::create_dir(&closed).expect("a folder");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o500)).expect("permissions");
    if std::fs::write(closed.join("probe"), "").is_ok() {
        // Root may write everywhere: there is nothing to refuse.
        return;
    }
    let error = place.refused(&["simulate", "--out", "closed"]);
    assert!(error.contains("permission denied"), "{error}");
}

#[test]
fn numbers_and_assignments() {
    let place = Place::new();
    for (args, why) in [
        (&["simulate", "--runs", "0"][..], "--runs"),
        (&["simulate", "--tasks", "-5"], "-5"),
        (&["simulate", "--tasks", "many"], "--tasks"),
        (&["schedule", "--attempts", "0"], "--attempts"),
        (&["schedule", "--attempts", "4294967296"], "--attempts"),
        (&["schedule", "--samples", "0"], "--samples"),
        (&["simulate", "--set", "server.workers"], "path=value"),
        (&["simulate", "--set", "=3"], "path=value"),
        (&["simulate", "--set", "seed.deep=3"], "--set seed.deep=3"),
        (&["simulate", "--set", "faults[9].from=1s"], "--set faults[9].from=1s"),
        (&["schedule", "--seed"], "--seed"),
        (&["dlq"], "redrive dlq --help"),
    ] {
        let error = place.refused(args);
        assert!(error.contains(why), "{args:?}: {error}");
    }
}

#[test]
fn tasks_need_a_herd() {
    let place = Place::with(
        "p.toml",
        "policies = [\"full\"]\nhorizon = \"10s\"\n[arrivals]\nkind = \"poisson\"\nratePerSecond = 5\n",
    );
    let error = place.refused(&["simulate", "p.toml", "--tasks", "5"]);
    assert!(error.contains("--tasks") && error.contains("poisson"), "{error}");
}
