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
    assert_eq!(again.chosen(Slot::A).unwrap().base, "sidekiq");
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

#[test]
fn choosing_a_scenario_brings_its_policies_and_its_text() {
    let mut page = changed(&[("a.maxAttempts", Value::Unsigned(3)), ("story", "naive".into())]);
    page.set("s", "storm".into()).unwrap();
    let state = round_trip(&page).state();
    let labels: Vec<_> = state.policies.iter().map(|policy| policy.label.as_str()).collect();
    assert_eq!(labels, ["four-full-jitter", "four-with-budget"]);
    assert!(state.title.starts_with("A ten-second spike"), "{}", state.title);
    assert!(state.about.contains("lambda"), "{}", state.about);
    assert!(page.chosen(Slot::B).unwrap().policy.budget().is_some());
    page.set("s", "herd".into()).unwrap();
    assert_eq!(page.query(), "");
}

#[test]
fn every_policy_of_a_scenario_is_one_to_begin_with() {
    for builtin in redrive_sim::scenario::builtins() {
        let mut page = changed(&[("s", builtin.name.into())]);
        for named in page.own().to_vec() {
            page.set("a", chosen::own_name(&named.name).as_str().into()).unwrap();
            assert_eq!(round_trip(&page).chosen(Slot::A).unwrap().policy, named.policy);
        }
    }
}

#[test]
fn a_scenario_from_outside_keeps_all_of_its_policies() {
    let mut page = Page::read("").unwrap();
    let file = redrive_sim::scenario::Builtin::find("budget").unwrap().value();
    let Value::Map(mut entries) = file else { panic!() };
    entries.iter_mut().for_each(|(name, value)| {
        if name == "name" {
            *value = "mine".into();
        }
    });
    page.take_scenario(&Value::Map(entries)).unwrap();
    let again = round_trip(&page);
    let names: Vec<_> = again.own().iter().map(|named| named.name.as_str()).collect();
    assert_eq!(names, ["no-budget", "ratio-20", "aws-500-14", "grpc-100"]);
    assert_eq!(again.label(Slot::B), "ratio-20");
}

#[test]
fn policies_change_places() {
    let mut page = changed(&[("a.maxAttempts", Value::Unsigned(3)), ("swap", Value::Null)]);
    assert_eq!((page.label(Slot::A), page.label(Slot::B)), ("full".into(), "proportional*".into()));
    round_trip(&page);
    page.set("swap", Value::Null).unwrap();
    assert_eq!(page.query(), "a.maxAttempts=3");
}

#[test]
fn the_headline_says_what_happened_and_which_is_better() {
    let page = Page::read("").unwrap();
    let runs = [page.run(Slot::A).unwrap(), page.run(Slot::B).unwrap()];
    let headline = page.headline(&[&runs[0], &runs[1]]);
    let text = |parts: &[Part]| parts.iter().map(|part| part.text.as_str()).collect::<String>();
    let first = text(&headline.sentences[0]);
    assert!(first.contains("A (proportional)") && first.contains("B (full)"), "{first}");
    let named: Vec<_> = headline.sentences[0].iter().filter_map(|part| part.slot).collect();
    assert_eq!(named, ["a", "b"]);
    assert!(text(&headline.better).starts_with("B (full) does better here: a lower peak"));
    assert_eq!(headline.policies[0].tiles[0].name, "succeeded");
}

#[test]
fn nearly_all_done_is_never_where_many_tasks_were_lost() {
    let storm = stories().iter().find(|story| story.name == "storm").unwrap();
    let page = Page::read(storm.query).unwrap();
    let runs = [page.run(Slot::A).unwrap(), page.run(Slot::B).unwrap()];
    let headline = page.headline(&[&runs[0], &runs[1]]);
    let tile = |policy: usize, name: &str| {
        let tiles = &headline.policies[policy].tiles;
        tiles.iter().find(|tile| tile.name == name).unwrap().clone()
    };
    assert_eq!(tile(0, "p99All").text, "never");
    assert_eq!(tile(0, "recoverSeconds").text, "never");
    assert!(tile(1, "recoverSeconds").better);
    assert!(headline.policies[0].tiles.iter().all(|tile| tile.name != "completionSeconds"));
}

#[test]
fn the_timeline_shows_first_what_did_not_succeed() {
    let page = changed(&[("s", "poison".into())]);
    let rows = page.run(Slot::A).unwrap().raster();
    let lost = rows.iter().filter(|row| row.kinds.0.last() == Some(&4)).count();
    assert!(lost > 10 && rows.len() <= 48, "{lost} of {}", rows.len());
    assert_eq!(rows[0].kinds.0.last(), Some(&4));
}

#[test]
fn a_rate_limit_is_the_line_of_its_chart() {
    let page = changed(&[("s", "rate-limit".into())]);
    let limits = page.run(Slot::A).unwrap().picture().limits;
    assert_eq!(limits.iter().map(|limit| limit.rate).collect::<Vec<_>>(), [Some(100.0)]);
}
