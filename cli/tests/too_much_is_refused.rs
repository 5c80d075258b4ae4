//! What would not fit or not end is refused before it starts, with the number to lower.

use crate::support::Place;

#[test]
fn memory() {
    let place = Place::new();
    let error = place.refused(&["simulate", "--tasks", "200000000"]);
    assert!(error.contains("200000000 tasks need about"), "{error}");
    assert!(error.contains("limits.memoryMb") && error.contains("lower the tasks"), "{error}");
    let error = place.refused(&["simulate", "--set", "limits.memoryMb=1"]);
    assert!(error.contains("limits.memoryMb = 1"), "{error}");
}

#[test]
fn more_tasks_than_there_can_be() {
    let error = Place::new().refused(&["simulate", "--tasks", "18446744073709551615"]);
    assert!(error.contains("is above 268435456"), "{error}");
}

#[test]
fn a_run_without_an_end() {
    let place = Place::with(
        "s.toml",
        "policies = [{ name = \"p\", policy = { maxAttempts = \"unlimited\", jitter = \"full\", \
         maxElapsed = \"9d\" } }]\n[arrivals]\nkind = \"poisson\"\nratePerSecond = 5\n",
    );
    let error = place.refused(&["simulate", "s.toml"]);
    assert!(error.contains("horizon is not given"), "{error}");
}

#[test]
fn a_limit_of_the_command_line_is_not_raised_by_a_file() {
    let scenario = "[arrivals]\nkind = \"herd\"\ntasks = 5000000\n[server]\nworkers = 1\n\
                    service = \"1ms\"\n[limits]\nmemoryMb = 100000\n[[policies]]\npreset = \"full\"\n";
    let place = Place::with("s.toml", scenario);
    let error = place.refused(&["simulate", "s.toml", "--set", "limits.memoryMb=20"]);
    assert!(error.contains("limits.memoryMb = 20"), "{error}");
}
