//! What a link may count on.

use super::*;

fn round_trip(page: &Page) -> Page {
    let query = page.query();
    let again = Page::read(&query).unwrap();
    assert!(again.notices().is_empty(), "{query}: {:?}", again.notices());
    assert_eq!(again.query(), query);
    assert_eq!(again.scenario(), page.scenario(), "{query}");
    again
}

fn changed(changes: &[(&str, Value)]) -> Page {
    let mut page = Page::read("").unwrap();
    for (name, value) in changes {
        page.set(name, value.clone()).unwrap();
    }
    page
}

#[test]
fn an_untouched_page_has_an_empty_query() {
    let page = Page::read("").unwrap();
    assert_eq!(page.query(), "");
    round_trip(&page);
}

#[test]
fn every_change_survives_the_url() {
    let page = changed(&[
        ("a", "aws-standard".into()),
        ("a.backoff.initial", "1s".into()),
        ("a.backoff.kind", "linear".into()),
        ("a.jitter.kind", "symmetric".into()),
        ("a.jitter.factor", Value::Float(0.35)),
        ("a.budget", Value::Null),
        ("b", "temporal".into()),
        (
            "b.classify",
            Value::List(vec![Value::map([("match", "404".into()), ("action", "fail".into())])]),
        ),
        ("seed", "hello, world & co".into()),
        ("server.queue.limit", Value::Unsigned(50)),
        ("faults.0.until", "20s".into()),
        ("key", "order-17".into()),
        ("edit", "b".into()),
    ]);
    let again = round_trip(&page);
    assert_eq!(again.seed(), "hello, world & co");
    assert_eq!(again.view(), [("edit".to_owned(), "b".to_owned())]);
}

#[test]
fn any_preset_may_stand_on_either_side() {
    for preset in presets::all() {
        let page = changed(&[("a", preset.name.into()), ("b", preset.name.into())]);
        round_trip(&page);
    }
}

#[test]
fn comparing_with_nothing_is_a_state_too() {
    let page = round_trip(&changed(&[("b", NOTHING.into())]));
    assert!(page.chosen(Slot::B).is_none());
}

#[test]
fn another_kind_of_backoff_keeps_what_it_can() {
    let page =
        changed(&[("a.backoff.initial", "3s".into()), ("a.backoff.kind", "constant".into())]);
    let tree = page.chosen(Slot::A).unwrap().policy.to_value();
    assert_eq!(tree::at(&tree, "backoff.delay"), Some(&"3s".into()));
    for kind in KindRow::names(BACKOFFS) {
        round_trip(&changed(&[("a.backoff.kind", kind.into())]));
    }
}

#[test]
fn a_hostile_link_gives_the_defaults_and_says_so() {
    for query in [
        "a=__proto__",
        "a.backoff.initial=-5s",
        "a.maxAttempts=0",
        "a.constructor.prototype=1",
        "server.queue.limit=NaN",
        "faults.99.until=1s",
        "s=../../etc/passwd",
        "<script>alert(1)</script>=1",
        "edit=c",
        "v=99",
    ] {
        let page = Page::read(query).unwrap();
        assert!(!page.notices().is_empty(), "{query}");
        assert_eq!(page.query(), "", "{query}");
    }
}

#[test]
fn a_change_that_is_not_allowed_changes_nothing() {
    let mut page = Page::read("").unwrap();
    for (name, value) in [
        ("a.backoff.multiplier", Value::Float(0.5)),
        ("a.nonsense", Value::Unsigned(1)),
        ("server.queue.limit", "many".into()),
        ("policies", Value::Null),
        ("nothing", Value::Null),
    ] {
        assert!(page.set(name, value).is_err(), "{name}");
        assert_eq!(page.query(), "", "{name}");
    }
}

#[test]
fn an_imported_policy_is_the_one_that_runs() {
    let mut page = Page::read("").unwrap();
    let mut tree = presets::find("sidekiq").unwrap().policy().to_value();
    tree::set(&mut tree, "maxAttempts", Value::Unsigned(7)).unwrap();
    page.take_policy(Slot::A, &tree).unwrap();
    let again = round_trip(&page);
    assert_eq!(again.chosen(Slot::A).unwrap().preset, "sidekiq");
    assert_eq!(again.chosen(Slot::A).unwrap().policy, RetryPolicy::from_value(&tree).unwrap());
}

#[test]
fn every_story_is_a_link_without_a_fault() {
    for story in stories() {
        let page = Page::read(story.query).unwrap();
        assert!(page.notices().is_empty(), "{}: {:?}", story.name, page.notices());
        round_trip(&page);
    }
}

#[test]
fn every_control_can_be_set_to_each_of_its_stops() {
    for story in stories() {
        let page = Page::read(story.query).unwrap();
        for control in page.controls(Slot::A) {
            let Input::Ladder { stops, at } = &control.input else { continue };
            assert!(*at < stops.len(), "{}", control.name);
            for stop in [&stops[0], &stops[stops.len() / 2], &stops[stops.len() - 1]] {
                let mut page = page.clone();
                page.set(&control.name, tree::value_of(stop)).unwrap();
            }
        }
    }
}
