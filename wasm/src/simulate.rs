//! The simulator: scenarios in, outcomes out, a slice at a time.
//!
//! JavaScript has one thread for everything, so a run is not a call but an object: [`Simulation`] goes
//! on for some ten thousandths of its events, says how far it is, and lets its caller draw, answer, or
//! give it up before it goes on. What it finds is what the command line prints with
//! `--format json`, under the same names.
//!
//! **An instance of the module serves one simulation.** What a run holds borrows from the scenario;
//! here the scenario is given away for as long as the instance lives, and a second
//! simulation in the same instance pays for the memory of both. The npm package starts an instance for
//! each, which also gives the memory back that WebAssembly itself never does.

use js_sys::{Array, BigInt, Error, Reflect};
use redrive::Time;
use redrive_sim::{
    Options, Outcome, Progress, Run, Scenario, SimError, estimate, merge,
    outcome::{LatencyCdf, PolicyOutcome, Raster, Series},
    run::collect,
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use crate::{
    error::config_error,
    pictures, read,
    write::{self, MAX_SAFE, set},
};

/// Policies under one seed or several, one run after the other.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Simulation {
    scenario: &'static Scenario,
    runs: u32,
    /// The run that is under way.
    run: Option<Run<'static>>,
    /// The replications of the present policy that are done, and the policies.
    replications: Vec<PolicyOutcome>,
    policies: Vec<PolicyOutcome>,
    /// Where the present run is.
    at: Time,
    /// Events of this run, and of those before.
    events: u64,
    events_before: u64,
}

/// Stops the run at its first look, and keeps what it saw.
struct Slice(Time, u64);

impl Progress for Slice {
    fn tick(&mut self, now: Time, events: u64) -> bool {
        *self = Self(now, events);
        false
    }
}

#[wasm_bindgen]
impl Simulation {
    /// Of a scenario, `runs` replications of each policy.
    ///
    /// # Errors
    /// When it is not a scenario.
    #[wasm_bindgen(constructor)]
    pub fn new(scenario: &JsValue, runs: u32) -> Result<Simulation, JsValue> {
        let tree = read::tree(scenario, "scenario")?;
        let scenario = Scenario::from_value(&tree).map_err(|error| config_error(&error))?;
        let scenario = Box::leak(Box::new(scenario));
        Ok(Self {
            scenario,
            runs: runs.max(1),
            run: None,
            replications: Vec::new(),
            policies: Vec::new(),
            at: Time::ZERO,
            events: 0,
            events_before: 0,
        })
    }

    /// Goes on for a slice; `false` when there is nothing left to do.
    ///
    /// # Errors
    /// When a limit of the scenario is reached.
    pub fn step(&mut self) -> Result<bool, JsValue> {
        self.slice().map_err(|error| sim_error(&error))
    }

    fn slice(&mut self) -> Result<bool, SimError> {
        let mut run = match self.run.take() {
            Some(run) => run,
            None if self.policies.len() == self.scenario.policies.len() => return Ok(false),
            None => {
                let replication = self.replications.len() as u32;
                Run::new(self.scenario, self.policies.len(), replication, Options::default())?
            }
        };
        let mut slice = Slice(self.at, self.events);
        if run.go_on(&mut slice)? {
            self.end(run.finish()?);
        } else {
            (self.at, self.events) = (slice.0, slice.1);
            self.run = Some(run);
        }
        Ok(true)
    }

    /// A run is over.
    fn end(&mut self, mut outcome: PolicyOutcome) {
        self.events_before += outcome.summary.events.or_zero() as u64;
        (self.at, self.events) = (Time::ZERO, 0);
        if !self.replications.is_empty() {
            // Pictures show the first run; a thousand series would fill the memory for nothing.
            outcome.series = Series::default();
            outcome.raster = Raster::default();
            outcome.latency = LatencyCdf::default();
        }
        self.replications.push(outcome);
        if self.replications.len() as u32 == self.runs {
            self.policies.extend(merge(std::mem::take(&mut self.replications)));
        }
    }

    /// How many tasks will arrive in each run, roughly.
    #[wasm_bindgen(getter)]
    pub fn tasks(&self) -> f64 {
        estimate(self.scenario).tasks
    }

    /// How many bytes a run will need, roughly.
    #[wasm_bindgen(getter)]
    pub fn bytes(&self) -> f64 {
        estimate(self.scenario).bytes as f64
    }

    /// How many policies are done.
    #[wasm_bindgen(getter)]
    pub fn policies(&self) -> usize {
        self.policies.len()
    }

    /// How many runs are done, of how many.
    #[wasm_bindgen(getter)]
    pub fn done(&self) -> f64 {
        (self.policies.len() * self.runs as usize + self.replications.len()) as f64
    }

    /// How many runs there are.
    #[wasm_bindgen(getter)]
    pub fn total(&self) -> f64 {
        self.scenario.policies.len() as f64 * f64::from(self.runs)
    }

    /// Events so far, of all runs.
    #[wasm_bindgen(getter)]
    pub fn events(&self) -> f64 {
        (self.events_before + self.events) as f64
    }

    /// Where the present run is, in seconds of its own time.
    #[wasm_bindgen(getter)]
    pub fn seconds(&self) -> f64 {
        self.at.as_secs_f64()
    }

    /// When a run ends at the latest, in seconds; NaN where the scenario does not say.
    #[wasm_bindgen(getter)]
    pub fn horizon(&self) -> f64 {
        self.scenario.horizon.map_or(f64::NAN, |horizon| horizon.as_secs_f64())
    }

    /// The result of the policies that are done; with `charts`, what pictures are drawn from is
    /// beside the figures of each.
    ///
    /// # Errors
    /// Never: what is written is data of our own.
    pub fn outcome(&mut self, charts: bool) -> Result<JsValue, JsValue> {
        let policies = std::mem::take(&mut self.policies);
        write_outcome(collect(self.scenario, self.runs, policies), charts)
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

/// The published form; a seed that no number holds is a `bigint`, counts never are so large.
fn write_outcome(mut outcome: Outcome, charts: bool) -> Result<JsValue, JsValue> {
    let seed = outcome.seed;
    if seed > MAX_SAFE {
        outcome.seed = 0;
    }
    let js = write::tree(outcome.to_value())?;
    if seed > MAX_SAFE {
        set(&js, "seed", &BigInt::from(seed).into())?;
    }
    if charts {
        let policies: Array = Reflect::get(&js, &"policies".into())?.unchecked_into();
        for (policy, js) in outcome.policies.iter().zip(policies.iter()) {
            pictures::write(policy, &js)?;
        }
    }
    Ok(js)
}
