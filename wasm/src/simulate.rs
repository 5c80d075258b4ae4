//! The simulator: scenarios in, outcomes out.
//!
//! An outcome is what the command line prints with `--format json`, under the same names, with the raw
//! material of the pictures beside it (`series`, `raster`, `latency`), counts as typed arrays. What
//! takes long can be watched and stopped.

use js_sys::{Array, BigInt, Error, Function, Reflect};
use redrive::wire::Value;
use redrive_sim::{
    Options, Outcome, Progress, Scenario, SimError,
    files::Loader,
    scenario::{Builtin, builtins},
    simulate_runs,
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use crate::{
    error::{argument, config_error},
    pictures, read,
    write::{self, object, set},
};

/// The built-in scenarios: `[{ name, title, about, scenario }]`.
///
/// # Errors
/// Never: they are data.
#[wasm_bindgen]
pub fn scenarios() -> Result<JsValue, JsValue> {
    let builtin = |builtin: &Builtin| {
        Value::map([
            ("name", builtin.name.into()),
            ("title", builtin.title.into()),
            ("about", builtin.about.into()),
            ("scenario", builtin.value()),
        ])
    };
    write::tree(Value::List(builtins().iter().map(builtin).collect()))
}

/// Checks a scenario and returns it complete, with every default written out.
///
/// # Errors
/// When it is not a scenario.
#[wasm_bindgen(js_name = normalizeScenario)]
pub fn normalize(scenario: &JsValue, files: &JsValue) -> Result<JsValue, JsValue> {
    write::tree(read_scenario(scenario, files)?.to_value())
}

/// What a run will need, roughly: `{ tasks, bytes }`.
///
/// # Errors
/// When it is not a scenario.
#[wasm_bindgen]
pub fn estimate(scenario: &JsValue, files: &JsValue) -> Result<JsValue, JsValue> {
    let estimate = redrive_sim::estimate(&read_scenario(scenario, files)?);
    object(&[("tasks", estimate.tasks.into()), ("bytes", (estimate.bytes as f64).into())])
}

/// Runs a scenario (the name of a built-in one, or an object), each of its policies under the same
/// draws. `options`: `runs`, replications of each policy, 1 by default; `files`, the text or data of
/// each file that the scenario names; `onProgress(seconds, events)`, which may return `false` to
/// stop.
///
/// # Errors
/// When an argument is not what it should be, or a limit of the scenario is reached; and whatever
/// `onProgress` throws.
#[wasm_bindgen]
pub fn simulate(scenario: &JsValue, options: &JsValue) -> Result<JsValue, JsValue> {
    let option = |name: &str| match options.is_undefined() || options.is_null() {
        true => Ok(JsValue::UNDEFINED),
        false => Reflect::get(options, &name.into()).map_err(|_| {
            argument("options", "is not a group of fields, out of: runs, files, onProgress")
        }),
    };
    let scenario = read_scenario(scenario, &option("files")?)?;
    let mut watcher = Watcher { callback: option("onProgress")?.dyn_into().ok(), thrown: None };
    let runs = read_runs(&option("runs")?)?;
    let result = simulate_runs(&scenario, runs, Options::default(), &mut watcher);
    match watcher.thrown {
        Some(thrown) => Err(thrown),
        None => write_outcome(result.map_err(|error| sim_error(&error))?),
    }
}

fn read_runs(runs: &JsValue) -> Result<u32, JsValue> {
    match runs.as_f64() {
        None if runs.is_undefined() => Ok(1),
        Some(number) if (1.0..=1e6).contains(&number) && number % 1.0 == 0.0 => Ok(number as u32),
        _ => Err(argument("runs", "is not a whole number from 1 to 1000000")),
    }
}

fn read_scenario(scenario: &JsValue, files: &JsValue) -> Result<Scenario, JsValue> {
    let tree = match scenario.as_string() {
        Some(name) => Builtin::find(&name).map_err(|error| config_error(&error))?.value(),
        None => read::tree(scenario, "scenario")?,
    };
    let files =
        if files.is_undefined() { Value::Map(Vec::new()) } else { read::tree(files, "files")? };
    Scenario::read(&tree, &mut Files(files)).map_err(|error| config_error(&error))
}

/// The files that the caller passed along, by name.
struct Files(Value);

impl Loader for Files {
    fn text(&mut self, file: &str) -> Result<String, String> {
        match self.0.get(file) {
            Some(Value::Text(text)) => Ok(text.clone()),
            Some(_) => Err("is data where a text is needed".to_owned()),
            None => Err("was not passed along in options.files".to_owned()),
        }
    }

    fn tree(&mut self, file: &str) -> Result<Value, String> {
        match self.0.get(file) {
            Some(Value::Text(_)) => Err("is a text; parse it, and pass what it says".to_owned()),
            Some(tree) => Ok(tree.clone()),
            None => Err("was not passed along in options.files".to_owned()),
        }
    }
}

/// Calls back, and keeps what the callback throws.
struct Watcher {
    callback: Option<Function>,
    thrown: Option<JsValue>,
}

impl Progress for Watcher {
    fn tick(&mut self, now: redrive::Time, events: u64) -> bool {
        let Some(callback) = &self.callback else { return true };
        let (seconds, events) = (now.as_secs_f64().into(), (events as f64).into());
        match callback.call2(&JsValue::UNDEFINED, &seconds, &events) {
            Ok(answer) => answer != JsValue::FALSE,
            Err(thrown) => {
                self.thrown = Some(thrown);
                false
            }
        }
    }
}

fn sim_error(error: &SimError) -> JsValue {
    if let SimError::Config(error) = error {
        return config_error(error);
    }
    let js = Error::new(&error.to_string());
    js.set_name("SimError");
    js.into()
}

/// The published form, the pictures' raw material beside the figures of each policy.
fn write_outcome(mut outcome: Outcome) -> Result<JsValue, JsValue> {
    // A seed may use all 64 bits, which a JavaScript number cannot hold; counts never do.
    let seed = std::mem::take(&mut outcome.seed);
    let js = write::plain(&outcome)?;
    set(&js, "seed", &BigInt::from(seed).into())?;
    let policies: Array = Reflect::get(&js, &"policies".into())?.unchecked_into();
    for (policy, js) in outcome.policies.iter().zip(policies.iter()) {
        pictures::write(policy, &js)?;
    }
    Ok(js)
}
