//! The page: every function takes the state as a query string and gives what is to be drawn.
//!
//! Counts and positions are typed arrays, texts are as they are to be read: the page multiplies
//! positions by its own width and height, and that is all that it computes.

use std::cell::RefCell;

use js_sys::{Array, Error, Float64Array, Object, Reflect, Uint8Array};
use redrive::{RetryPolicy, wire::Value};
use redrive_interop::code;
use redrive_page::{
    self as page, Page, Slot,
    shape::{Piece, Shape},
};
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

/// A shape as JavaScript's own values.
fn js<T: Shape>(shape: T) -> Result<JsValue, JsValue> {
    value(shape.piece())
}

fn value(piece: Piece) -> Result<JsValue, JsValue> {
    Ok(match piece {
        Piece::Null => JsValue::NULL,
        Piece::Bool(flag) => flag.into(),
        Piece::Number(number) => number.into(),
        Piece::Text(text) => text.into(),
        Piece::Floats(numbers) => Float64Array::from(&numbers[..]).into(),
        Piece::Bytes(bytes) => Uint8Array::from(&bytes[..]).into(),
        Piece::List(items) => {
            items.into_iter().map(value).collect::<Result<Array, JsValue>>()?.into()
        }
        Piece::Map(fields) => {
            let object = Object::new();
            for (name, piece) in fields {
                Reflect::set(&object, &name.into(), &value(piece)?)?;
            }
            object.into()
        }
        Piece::Tree(tree) => write::tree(tree)?,
    })
}

/// The state of a query: the canonical query, notices, the policies, the scenario (`State`).
///
/// # Errors
/// Never for what the query says.
#[wasm_bindgen(js_name = pageRead)]
pub fn read_state(query: &str) -> Result<JsValue, JsValue> {
    js(open(query)?.state())
}

/// The query after `changes`, `[[name, value], ...]`; all of them or none.
///
/// # Errors
/// When a value is not allowed there.
#[wasm_bindgen(js_name = pageSet)]
pub fn set(query: &str, changes: &JsValue) -> Result<String, JsValue> {
    let Value::List(changes) = read::tree(changes, "changes")? else {
        return Err(argument("changes", "is not a list"));
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

/// The rows of a panel (`ControlRow[]`).
///
/// # Errors
/// When the slot is not one.
#[wasm_bindgen(js_name = pageControls)]
pub fn controls(query: &str, letter: &str) -> Result<JsValue, JsValue> {
    js(open(query)?.control_rows(slot(letter)?))
}

/// A text from outside (a file's name) with what is hidden in it as escapes.
#[must_use]
#[wasm_bindgen(js_name = pageTold)]
pub fn told(text: &str) -> String {
    page::told(text)
}

/// The stories (`Story[]`).
///
/// # Errors
/// Never: they are data.
#[wasm_bindgen(js_name = pageStories)]
pub fn all_stories() -> Result<JsValue, JsValue> {
    js(page::stories().to_vec())
}

/// The built-in scenarios (`Scene[]`).
///
/// # Errors
/// Never: they are data.
#[wasm_bindgen(js_name = pageScenarios)]
pub fn all_scenarios() -> Result<JsValue, JsValue> {
    js(page::scenes())
}

/// The JSON Schema of a scenario, which holds that of a policy as `#/$defs/policy`.
///
/// # Errors
/// Never: it is data.
#[wasm_bindgen(js_name = pageSchema)]
pub fn schema() -> Result<JsValue, JsValue> {
    js(page::editor_schema())
}

/// The schedules of both policies on one scale (`Plot`).
///
/// # Errors
/// Never for what the query says.
#[wasm_bindgen(js_name = pageSchedule)]
pub fn schedule(query: &str, logarithmic: bool) -> Result<JsValue, JsValue> {
    js(open(query)?.plot(logarithmic))
}

/// A slot's policy as code: `typescript`, `rust`, `json` or `cli`.
///
/// # Errors
/// When the policy or language is unknown.
#[wasm_bindgen(js_name = pageExport)]
pub fn export(query: &str, letter: &str, language: &str) -> Result<String, JsValue> {
    let page = open(query)?;
    let policy = policy_of(&page, letter)?;
    match language {
        "typescript" => Ok(code::typescript(&policy)),
        "rust" => Ok(code::rust(&policy)),
        "json" => Ok(code::json(&policy)),
        "cli" => Ok(page.commands()),
        _ => Err(argument("language", "must be one of typescript, rust, json, cli")),
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

/// A file of dead letters, as the page lists its own (`LetterList`).
///
/// # Errors
/// Never: what is not a letter is named in the list.
#[wasm_bindgen(js_name = pageDeadLetters)]
pub fn dead_letters(file: &[u8]) -> Result<JsValue, JsValue> {
    js(page::letters_of_file(file))
}

/// What a slot's policy may be told in this scenario; every fix was simulated (`Advice[]`).
///
/// # Errors
/// When a run is too big for a page, with the number to lower.
#[wasm_bindgen(js_name = pageAdvice)]
pub fn advice(query: &str, letter: &str) -> Result<JsValue, JsValue> {
    js(open(query)?.advice(slot(letter)?).map_err(|error| sim_error(&error))?)
}

fn sim_error(error: &redrive_sim::SimError) -> JsValue {
    Error::new(&error.to_string()).into()
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
        open(query)?.run(slot(letter)?).map(PageRun).map_err(|error| sim_error(&error))
    }

    /// Series, raster and layers: what there is to draw (`Picture`).
    ///
    /// # Errors
    /// Never: what is written is data of our own.
    pub fn picture(&self) -> Result<JsValue, JsValue> {
        js(self.0.picture())
    }

    /// The dead letters (`LetterList`).
    ///
    /// # Errors
    /// Never: what is written is data of our own.
    pub fn letters(&self) -> Result<JsValue, JsValue> {
        js(self.0.letters())
    }

    /// Seconds that hold all successes.
    #[wasm_bindgen(js_name = latencyEnd)]
    pub fn latency_end(&self) -> f64 {
        page::histogram_end(&[&self.0])
    }

    /// How long successes took: their shares, of all tasks, in `bins` equal spans up to `to` seconds
    /// (`Histogram`).
    ///
    /// # Errors
    /// Never: what is written is data of our own.
    pub fn histogram(&self, to: f64, bins: usize) -> Result<JsValue, JsValue> {
        js(page::histogram(&self.0, to, bins.min(1_000)))
    }
}

/// What happened in one run, in sentences and figures (`Headline`).
///
/// # Errors
/// Never for what the query says.
#[wasm_bindgen(js_name = pageHeadline)]
pub fn headline(query: &str, run: &PageRun) -> Result<JsValue, JsValue> {
    js(open(query)?.headline(&[&run.0]))
}

/// The same of two runs.
///
/// # Errors
/// Never for what the query says.
#[wasm_bindgen(js_name = pageHeadlines)]
pub fn headlines(query: &str, a: &PageRun, b: &PageRun) -> Result<JsValue, JsValue> {
    js(open(query)?.headline(&[&a.0, &b.0]))
}

/// What to set for a redrive after a run, paced or all at once: `[[name, value], ...]`.
///
/// # Errors
/// Never for what the query says.
#[wasm_bindgen(js_name = pageRedrive)]
pub fn redrive(query: &str, run: &PageRun, paced: bool) -> Result<JsValue, JsValue> {
    let pair = |(name, value): (&str, Value)| Value::List(vec![name.into(), value]);
    let changes = open(query)?.redrive_changes(&[&run.0], paced);
    write::tree(Value::List(changes.into_iter().map(pair).collect()))
}

/// The page's policies under several seeds, one run after the other.
#[wasm_bindgen(js_name = PageSeeds)]
#[derive(Debug)]
pub struct PageSeeds(page::Replications);

#[wasm_bindgen(js_class = PageSeeds)]
impl PageSeeds {
    /// Of a query, under so many seeds.
    ///
    /// # Errors
    /// Never for what the query says.
    pub fn of(query: &str, seeds: usize) -> Result<PageSeeds, JsValue> {
        Ok(PageSeeds(open(query)?.replications(seeds)))
    }

    /// Makes one run; the share of them that is done.
    ///
    /// # Errors
    /// When a run is too big for a page.
    pub fn step(&mut self) -> Result<f64, JsValue> {
        self.0.step().map_err(|error| sim_error(&error))
    }

    /// What the runs have in common and how far they are apart (`Seeds`).
    ///
    /// # Errors
    /// Never: what is written is data of our own.
    pub fn result(&self) -> Result<JsValue, JsValue> {
        js(self.0.seeds())
    }
}

/// What may be wanted of a policy (`Named[]`).
///
/// # Errors
/// Never: they are data.
#[wasm_bindgen(js_name = pageGoals)]
pub fn goals() -> Result<JsValue, JsValue> {
    js(page::goals())
}

/// Searches for a policy in a slot's place (`Found`); `tell` is called with the number of runs that are done
/// and about how many there are.
///
/// # Errors
/// When the goal or the condition is not one, or a run is too big for a page.
#[wasm_bindgen(js_name = pageFind)]
pub fn find(
    query: &str,
    letter: &str,
    goal: &str,
    condition: &str,
    tell: &js_sys::Function,
) -> Result<JsValue, JsValue> {
    let mut told = |done: u64, all: u64| {
        // What a listener throws is its own affair.
        let _ = tell.call2(&JsValue::NULL, &(done as f64).into(), &(all as f64).into());
    };
    let found = open(query)?.find(slot(letter)?, goal, condition, &mut told);
    js(found.map_err(|error| sim_error(&error))?)
}
