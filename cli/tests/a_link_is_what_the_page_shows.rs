//! A link to the page gives the page's numbers: those of `tests/golden/page.json`, which the browser
//! is held to as well.

use serde_json::Value;

use crate::support::{Place, json};

fn stories() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/page.json");
    json(&std::fs::read_to_string(path).expect("the golden file"))
}

#[test]
fn every_story_gives_the_numbers_of_the_page() {
    let place = Place::new();
    for story in stories().as_array().expect("a list") {
        let query = story["query"].as_str().expect("a text");
        let link = format!("https://example.org/redrive/?{query}#herd");
        let outcome = json(&place.ok(&["simulate", &link, "--format", "json"]));
        let shown = story["policies"].as_object().expect("a group");
        let policies = outcome["policies"].as_array().expect("a list");
        assert_eq!(policies.len(), shown.len(), "{query}");
        for policy in policies {
            let shown = &shown[policy["name"].as_str().expect("a name")];
            assert_eq!(policy["traceHash"], shown["traceHash"], "{query}");
            for figure in ["peakToCapacity", "amplification", "drainSeconds"] {
                // The page says "never" where too few tasks got through.
                if let Some(shown) = shown[figure].as_f64() {
                    assert_eq!(policy[figure].as_f64(), Some(shown), "{query}: {figure}");
                }
            }
            let p99 = &policy["timeToSuccessSeconds"]["p99"];
            if let Some(shown) = shown["p99"].as_f64() {
                assert_eq!(p99.as_f64(), Some(shown), "{query}");
            }
        }
    }
}

#[test]
fn what_a_link_says_wrong_is_refused() {
    let place = Place::new();
    let error = place.refused(&["simulate", "?a=ful"]);
    assert!(error.contains("did you mean \"full\""), "{error}");
    let error = place.refused(&["simulate", "?nonsense=1"]);
    assert!(error.contains("nonsense"), "{error}");
    let error = place.refused(&["simulate", "https://example.org/redrive/#s=storm"]);
    assert!(error.contains("#s=storm") && error.contains("write ?"), "{error}");
}
