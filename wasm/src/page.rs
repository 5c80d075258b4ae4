//! The page: every function takes the state as a query string and gives what is to be drawn.
//!
//! Counts and positions are typed arrays, texts are as they are to be read: the page multiplies
//! positions by its own width and height, and that is all that it computes.

use std::cell::RefCell;

use js_sys::{Array, Error, Float64Array, Object, Reflect, Uint8Array};
use redrive::{DeadLetter, RetryPolicy, wire::Value};
use redrive_interop::code;
use redrive_page::{self as page, Control, Input, Letter, Page, Plot, PolicyPlot, Slot, Tick};
use redrive_sim::{compare, text};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    error::{argument, config_error},
    read, write,
};

thread_local! {
    /// The page that was read last: one move of a slider asks several things about one query.
    static LAST: RefCell<Option<(String, Page)>> = const { RefCell::new(None) };
}

fn open(query: &str) -> Result<Page, JsValue> {
    let known = LAST.with_borrow(|last| match last {
        Some((read, page)) if read == query => Some(page.clone()),
        _ => None,
    });
    if let Some(page) = known {
        return Ok(page);
    }
    let page = Page::read(query).map_err(|error| config_error(&error))?;
    LAST.set(Some((query.to_owned(), page.clone())));
    Ok(page)
}

/// The query of a page that was changed, and will be asked about next.
fn close(page: Page) -> String {
    let query = page.query();
    LAST.set(Some((query.clone(), page)));
    query
}

fn slot(letter: &str) -> Result<Slot, JsValue> {
    Slot::of(letter).ok_or_else(|| argument("slot", "is neither \"a\" nor \"b\""))
}

fn policy_of(page: &Page, letter: &str) -> Result<RetryPolicy, JsValue> {
    match page.chosen(slot(letter)?) {
        Some(chosen) => Ok(chosen.policy.clone()),
        None => Err(argument("slot", "has no policy")),
    }
}

fn put(object: &Object, name: &str, value: &JsValue) {
    // Setting a field of an object that we just made cannot fail.
    let _ = Reflect::set(object, &name.into(), value);
}

fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    fields.iter().for_each(|(name, value)| put(&object, name, value));
    object.into()
}

fn array<T>(items: &[T], each: impl Fn(&T) -> JsValue) -> JsValue {
    items.iter().map(each).collect::<Array>().into()
}

fn floats(numbers: &[f64]) -> JsValue {
    Float64Array::from(numbers).into()
}

/// The state of a query: the canonical query, notices, the policies with their hints, the scenario.
///
/// # Errors
/// Never for what the query says.
#[wasm_bindgen(js_name = pageRead)]
pub fn read_state(query: &str) -> Result<JsValue, JsValue> {
    let page = open(query)?;
    let mut slots = Vec::new();
    for slot in [Slot::A, Slot::B] {
        let Some(chosen) = page.chosen(slot) else { continue };
        let hints = chosen.policy.hints().into_iter().map(write::hint).collect();
        slots.push(Value::map([
            ("name", slot.name().into()),
            ("preset", chosen.preset.as_str().into()),
            ("changed", chosen.is_changed().into()),
            ("hints", Value::List(hints)),
        ]));
    }
    let texts = |texts: &[String]| texts.iter().map(|text| text.as_str().into()).collect();
    let view = page.view().iter().map(|(name, value)| (name.clone(), value.as_str().into()));
    write::tree(Value::map([
        ("query", page.query().into()),
        ("notices", Value::List(texts(page.notices()))),
        ("seed", page.seed().into()),
        ("key", page.key().into()),
        ("builtin", page.builtin().into()),
        ("view", Value::Map(view.collect())),
        ("policies", Value::List(slots)),
        ("scenario", page.scenario()),
    ]))
}

/// The query after `changes`, `[[name, value], ...]`; all of them or none.
///
/// # Errors
/// When a value is not allowed there.
#[wasm_bindgen(js_name = pageSet)]
pub fn set(query: &str, changes: &JsValue) -> Result<String, JsValue> {
    let Value::List(changes) = read::tree(changes, "changes")? else {
        return Err(argument("changes", "is no list"));
    };
    let mut page = open(query)?;
    for change in changes {
        let Value::List(pair) = change else { return Err(argument("changes", "holds no pair")) };
        let [Value::Text(name), value] = &pair[..] else {
            return Err(argument("changes", "holds something else than a name and a value"));
        };
        page.set(name, value.clone()).map_err(|error| config_error(&error))?;
    }
    Ok(close(page))
}

/// The query after a slider or text field was set to `text`.
///
/// # Errors
/// When the value is not allowed there.
#[wasm_bindgen(js_name = pageType)]
pub fn type_in(query: &str, name: &str, text: &str) -> Result<String, JsValue> {
    let mut page = open(query)?;
    page.type_in(name, text).map_err(|error| config_error(&error))?;
    Ok(close(page))
}

/// The query after a policy (for slot `a` or `b`) or a scenario (`scenario`) came from outside.
///
/// # Errors
/// When it is not one.
#[wasm_bindgen(js_name = pageTake)]
pub fn take(query: &str, what: &str, tree: &JsValue) -> Result<String, JsValue> {
    let tree = read::tree(tree, "")?;
    let mut page = open(query)?;
    let taken = match what {
        "scenario" => page.take_scenario(&tree),
        letter => page.take_policy(slot(letter)?, &tree),
    };
    taken.map_err(|error| config_error(&error))?;
    Ok(close(page))
}

/// The rows of a panel: `[{ name, group, advanced, label, doc, value, default, stops?, at?, choices? }]`.
///
/// # Errors
/// When the slot is not one.
#[wasm_bindgen(js_name = pageControls)]
pub fn controls(query: &str, letter: &str) -> Result<JsValue, JsValue> {
    let rows = open(query)?.controls(slot(letter)?);
    write::tree(Value::List(rows.iter().map(control).collect()))
}

fn control(row: &Control) -> Value {
    let mut fields = vec![
        ("name".to_owned(), row.name.as_str().into()),
        ("group".to_owned(), row.group.into()),
        ("advanced".to_owned(), row.advanced.into()),
        ("label".to_owned(), row.label.as_str().into()),
        ("doc".to_owned(), row.doc.as_str().into()),
        ("value".to_owned(), row.value.as_str().into()),
        ("default".to_owned(), row.default.as_str().into()),
    ];
    match &row.input {
        Input::Ladder { stops, at } => {
            let stops = stops.iter().map(|stop| stop.as_str().into()).collect();
            fields.push(("stops".to_owned(), Value::List(stops)));
            fields.push(("at".to_owned(), Value::Unsigned(*at as u64)));
        }
        Input::Choice(choices) => {
            let choice = |choice: &page::Choice| {
                Value::map([("value", choice.value.into()), ("label", choice.label.into())])
            };
            fields.push(("choices".to_owned(), Value::List(choices.iter().map(choice).collect())));
        }
    }
    Value::Map(fields)
}

/// The stories: `[{ name, title, text, query }]`.
///
/// # Errors
/// Never: they are data.
#[wasm_bindgen(js_name = pageStories)]
pub fn all_stories() -> Result<JsValue, JsValue> {
    let story = |story: &page::Story| {
        Value::map([
            ("name", story.name.into()),
            ("title", story.title.into()),
            ("text", story.text.into()),
            ("query", story.query.into()),
        ])
    };
    write::tree(Value::List(page::stories().iter().map(story).collect()))
}

/// The built-in scenarios: `[{ name, title, about }]`.
///
/// # Errors
/// Never: they are data.
#[wasm_bindgen(js_name = pageScenarios)]
pub fn all_scenarios() -> Result<JsValue, JsValue> {
    let row = |row: &redrive_sim::scenario::Builtin| {
        Value::map([
            ("name", row.name.into()),
            ("title", row.title.into()),
            ("about", row.about.into()),
        ])
    };
    write::tree(Value::List(redrive_sim::scenario::builtins().iter().map(row).collect()))
}

/// The schedules of both policies on one scale. See `redrive_page::Plot`.
///
/// # Errors
/// Never for what the query says.
#[wasm_bindgen(js_name = pageSchedule)]
pub fn schedule(query: &str, logarithmic: bool) -> Result<JsValue, JsValue> {
    let Plot { ticks, policies } = open(query)?.plot(logarithmic);
    Ok(object(&[("ticks", array(&ticks, tick)), ("policies", array(&policies, policy_plot))]))
}

fn tick(tick: &Tick) -> JsValue {
    object(&[("at", tick.at.into()), ("text", tick.text.as_str().into())])
}

fn policy_plot(plot: &PolicyPlot) -> JsValue {
    let mark = |mark: &page::Mark| {
        object(&[
            ("retry", mark.retry.into()),
            ("band", floats(&mark.band)),
            ("bandText", array(&mark.band_text, |text| text.as_str().into())),
            ("sample", mark.sample.into()),
            ("delay", mark.delay.as_str().into()),
            ("starts", mark.starts.as_str().into()),
        ])
    };
    let text = |text: &Option<String>| text.as_deref().map_or(JsValue::NULL, Into::into);
    object(&[
        ("name", plot.name.into()),
        ("retries", array(&plot.retries, mark)),
        ("more", plot.more.into()),
        ("end", text(&plot.end)),
        ("reason", plot.reason.map_or(JsValue::NULL, Into::into)),
        ("cap", plot.cap.as_ref().map_or(JsValue::NULL, tick)),
        ("deadline", text(&plot.deadline)),
        ("sampled", plot.sampled.into()),
    ])
}

/// A slot's policy as code: `typescript`, `rust`, `json` or `cli`.
///
/// # Errors
/// When there is no such policy or language.
#[wasm_bindgen(js_name = pageExport)]
pub fn export(query: &str, letter: &str, language: &str) -> Result<String, JsValue> {
    let page = open(query)?;
    let policy = policy_of(&page, letter)?;
    match language {
        "typescript" => Ok(code::typescript(&policy)),
        "rust" => Ok(code::rust(&policy)),
        "json" => Ok(code::json(&policy)),
        "cli" => Ok(page.commands()),
        _ => Err(argument("language", "is none of typescript, rust, json, cli")),
    }
}

/// What the run of a slot depends on: equal texts, equal runs.
///
/// # Errors
/// When the slot is not one.
#[wasm_bindgen(js_name = pageRunKey)]
pub fn run_key(query: &str, letter: &str) -> Result<String, JsValue> {
    Ok(open(query)?.run_key(slot(letter)?))
}

/// Dead letters from elsewhere, in redrive's interchange format, as the page lists its own.
///
/// # Errors
/// When a line is no dead letter, with its number.
#[wasm_bindgen(js_name = pageDeadLetters)]
pub fn dead_letters(lines: &JsValue) -> Result<JsValue, JsValue> {
    let Value::List(lines) = read::tree(lines, "lines")? else {
        return Err(argument("lines", "is no list of dead letters"));
    };
    let mut letters = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let letter = DeadLetter::from_value(line)
            .map_err(|error| config_error(&error.inside(&format!("line {}", index + 1))))?;
        letters.push(foreign_letter(&letter));
    }
    write::tree(Value::List(letters))
}

fn foreign_letter(letter: &DeadLetter) -> Value {
    let step = |record: &redrive::dead_letter::AttemptRecord| {
        let failure = &record.failure;
        let what = format!("{}: {}", failure.kind(), failure.message());
        let at = text::seconds(record.ended.as_secs_f64());
        Value::List(vec![at.into(), what.into()])
    };
    let error = letter.last_error().map_or("", |failure| failure.message());
    Value::map([
        ("key", letter.key.to_string().into()),
        ("reason", letter.reason.as_str().into()),
        ("attempts", Value::Unsigned(letter.total_attempts())),
        ("died", text::seconds(letter.died_at.as_secs_f64()).into()),
        ("error", error.into()),
        ("history", Value::List(letter.history.iter().map(step).collect())),
    ])
}

/// One policy's run.
#[wasm_bindgen(js_name = PageRun)]
#[derive(Debug)]
pub struct PageRun(page::Run);

#[wasm_bindgen(js_class = PageRun)]
impl PageRun {
    /// Runs a slot of the page.
    ///
    /// # Errors
    /// When the run is too big for a page, with the number to lower.
    pub fn of(query: &str, letter: &str) -> Result<PageRun, JsValue> {
        let run = open(query)?.run(slot(letter)?);
        run.map(PageRun).map_err(|error| Error::new(&error.to_string()).into())
    }

    /// Figures, series and raster: what there is to draw.
    ///
    /// # Errors
    /// Never: what is written is data of our own.
    pub fn picture(&self) -> Result<JsValue, JsValue> {
        let outcome = self.0.outcome();
        let columns = self.0.columns();
        let tile = |tile: &page::Tile| {
            object(&[
                ("name", tile.name.into()),
                ("label", tile.label.into()),
                ("text", tile.text.as_str().into()),
                ("value", tile.value.map_or(JsValue::NULL, Into::into)),
            ])
        };
        let fault = |(from, until, what): &(f64, Option<f64>, String)| {
            object(&[
                ("from", (*from).into()),
                ("until", until.map_or(JsValue::NULL, Into::into)),
                ("what", what.as_str().into()),
            ])
        };
        let row = |(key, marks): &(u64, Vec<(f64, u8)>)| {
            let at: Vec<f64> = marks.iter().map(|(at, _)| *at).collect();
            let kinds: Vec<u8> = marks.iter().map(|(_, kind)| *kind).collect();
            object(&[
                ("key", key.to_string().into()),
                ("at", floats(&at)),
                ("kinds", Uint8Array::from(&kinds[..]).into()),
            ])
        };
        let number = |figure: &redrive_sim::outcome::Figure| {
            figure.value().map_or(JsValue::NULL, JsValue::from)
        };
        let summary = &outcome.summary;
        Ok(object(&[
            ("name", outcome.name.as_str().into()),
            ("summary", write::tree(summary.to_value())?),
            ("tiles", array(&self.0.tiles(), tile)),
            ("spoken", self.0.spoken().into()),
            ("end", self.0.end().into()),
            ("peak", number(&summary.peak_after_fault_per_second)),
            ("capacity", number(&summary.capacity_per_second)),
            ("faults", array(self.0.faults(), fault)),
            ("seconds", floats(&columns.seconds)),
            ("attempts", floats(&columns.attempts)),
            ("first", floats(&columns.first)),
            ("rejected", floats(&columns.rejected)),
            ("open", floats(&columns.open)),
            ("succeeded", floats(&columns.succeeded)),
            ("dead", floats(&columns.dead)),
            ("raster", array(&self.0.raster(), row)),
        ]))
    }

    /// The dead letters: `{ reasons: { reason: count }, letters: [...], redrive: { once, paced } }`;
    /// the last are changes to give `pageSet`.
    ///
    /// # Errors
    /// Never for what the query says.
    pub fn letters(&self, query: &str) -> Result<JsValue, JsValue> {
        let (reasons, letters) = self.0.letters();
        let letter = |letter: &Letter| {
            let step = |(at, what): &(String, &'static str)| {
                Value::List(vec![at.as_str().into(), (*what).into()])
            };
            Value::map([
                ("key", letter.key.to_string().into()),
                ("reason", letter.reason.into()),
                ("attempts", Value::Unsigned(letter.attempts as u64)),
                ("died", letter.died.as_str().into()),
                ("error", letter.error.into()),
                ("history", Value::List(letter.history.iter().map(step).collect())),
            ])
        };
        let reasons = reasons.into_iter().filter(|(_, count)| *count > 0.0);
        let page = open(query)?;
        let changes = |paced| {
            let pair = |(name, value): (&str, Value)| Value::List(vec![name.into(), value]);
            Value::List(page.redrive_changes(&self.0, paced).into_iter().map(pair).collect())
        };
        write::tree(Value::map([
            ("reasons", Value::Map(reasons.map(|(r, n)| (r.to_owned(), n.into())).collect())),
            ("letters", Value::List(letters.iter().map(letter).collect())),
            ("redrive", Value::map([("once", changes(false)), ("paced", changes(true))])),
        ]))
    }

    /// What `other` does otherwise, in a sentence.
    pub fn difference(&self, other: &PageRun) -> String {
        compare::difference(self.0.outcome(), other.0.outcome())
    }

    /// Seconds that hold all successes.
    #[wasm_bindgen(js_name = latencyEnd)]
    pub fn latency_end(&self) -> f64 {
        page::histogram_end(&[&self.0])
    }

    /// How long successes took: their shares in `bins` equal spans up to `to` seconds, and that end
    /// as a text.
    pub fn histogram(&self, to: f64, bins: usize) -> JsValue {
        let shares = page::histogram(&self.0.outcome().latency, to, bins.min(1_000));
        object(&[("toText", text::seconds(to).into()), ("shares", floats(&shares))])
    }
}
