//! `presets` and `scenarios` list what there is, and print each as a file that works.

use crate::support::{Place, json};

#[test]
fn a_printed_preset_is_a_policy_file() {
    let place = Place::new();
    let presets = json(&place.ok(&["presets", "--format", "json"]));
    let presets = presets["presets"].as_array().expect("a list");
    assert!(presets.len() > 10);
    let same = |one: &str, other: &str| {
        let delays =
            |name| place.ok(&["schedule", "-p", name, "--attempts", "6", "--format", "csv"]);
        assert_eq!(delays(one), delays(other), "{one}");
    };
    for preset in presets.iter().take(8) {
        let name = preset["name"].as_str().expect("a name");
        for format in ["toml", "json"] {
            let file = format!("printed.{format}");
            place.write(&file, &place.ok(&["presets", name, "--format", format]));
            same(name, &file);
        }
    }
    let list = place.ok(&["presets"]);
    assert!(list.contains("aws-standard") && list.contains("classic"), "{list}");
}

#[test]
fn a_printed_scenario_gives_the_same_run() {
    let place = Place::new();
    let hash = |scenario: &str| {
        let args = ["simulate", scenario, "--set", "arrivals.tasks=500", "--format", "json"];
        json(&place.ok(&args))["policies"][3]["traceHash"].clone()
    };
    for format in ["toml", "json"] {
        let file = format!("printed.{format}");
        place.write(&file, &place.ok(&["scenarios", "herd", "--format", format]));
        assert_eq!(hash("herd"), hash(&file), "{format}");
    }
    let about = place.ok(&["scenarios", "herd", "--format", "text"]);
    assert!(about.contains("Look at the attempts per second"), "{about}");
}
