//! `report.html` is one file that needs nothing else, and lets nothing in.

use crate::support::Place;

#[test]
fn it_holds_everything_and_loads_nothing() {
    let place = Place::new();
    place.ok(&["simulate", "--tasks", "500", "--seed", "9"]);
    let page = place.read("redrive-out/report.html");
    assert!(page.starts_with("<!doctype html>"));
    assert_eq!(page.matches("<svg ").count(), 7);
    for part in [
        "jitter alone makes it",
        "redrive simulate herd --tasks 500 --seed 9",
        "[arrivals]",
        "&quot;maxAttempts&quot;: 10",
        "trace hash",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
    for foreign in ["<script", "<link", "<img", "src=", "@import", "href="] {
        assert!(!page.contains(foreign), "{foreign} loads something");
    }
    // Nothing but the font, which is inside.
    assert_eq!(page.matches("url(").count(), 2);
    assert_eq!(page.matches("url(data:font/otf;base64,").count(), 2);
    let addresses = page.matches("http").count();
    assert_eq!(
        addresses,
        page.matches("http://www.w3.org/2000/svg").count() + page.matches("http-equiv").count()
    );
}

#[test]
fn names_and_texts_are_escaped() {
    let evil = "<script>alert('x')</script>&\\\"";
    let place = Place::with(
        "s.toml",
        &format!(
            "name = \"{evil}\"\ntitle = \"{evil}\"\nabout = \"{evil}\"\n[arrivals]\nkind = \"herd\"\n\
             tasks = 20\n[[policies]]\nname = \"{evil}\"\npreset = \"full\"\n"
        ),
    );
    place.ok(&["simulate", "s.toml"]);
    let page = place.read("redrive-out/report.html");
    assert!(!page.contains("<script"), "a script came through");
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)"));
    let chart = place.read("redrive-out/attempts.svg");
    assert!(!chart.contains("<script"));
}
