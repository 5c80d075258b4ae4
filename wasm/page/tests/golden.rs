//! The figures of the page's stories, computed natively: the browser has to find the same
//! (`www/tests/numbers.test.mjs` reads this file too). `REDRIVE_BLESS=1` writes it anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::{fs, path::Path};

use redrive::wire::Value;
use redrive_page::{Page, Slot, stories};

fn figures(query: &str) -> Value {
    let page = Page::read(query).unwrap();
    let slots = [Slot::A, Slot::B].into_iter().filter(|slot| page.chosen(*slot).is_some());
    let runs: Vec<_> = slots.map(|slot| page.run(slot).unwrap()).collect();
    let headline = page.headline(&runs.iter().collect::<Vec<_>>());
    let policies = headline.policies.into_iter().map(|policy| {
        let tile = |tile: redrive_page::Tile| {
            (tile.name.to_owned(), tile.value.map_or(Value::Null, Value::Float))
        };
        let mut figures: Vec<(String, Value)> = policy.tiles.into_iter().map(tile).collect();
        figures.push(("traceHash".to_owned(), policy.hash.as_str().into()));
        (policy.name.to_owned(), Value::Map(figures))
    });
    Value::map([("query", query.into()), ("policies", Value::Map(policies.collect()))])
}

#[test]
fn every_story_gives_the_figures_that_it_always_gave() {
    let queries = stories().iter().map(|story| story.query);
    let made = queries.map(|query| figures(query).to_string()).collect::<Vec<_>>().join(",\n");
    let made = format!("[\n{made}\n]\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/page.json");
    if std::env::var_os("REDRIVE_BLESS").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    assert_eq!(
        kept, made,
        "the page's figures changed: cargo xtask golden --bless if that is meant"
    );
}
