//! `cargo xtask bench sim`: the simulator beside hand-written loops, engines and Python.
//!
//! All run workload W1 (`benches/peers/src/lib.rs` says what that is). The peers are a workspace of
//! their own; SimPy comes from PyPI where there is a Python. Four parts: side by side, the cost of an
//! event from a thousand tasks to ten million, WebAssembly against native, two threads against one.

use std::{path::PathBuf, process::Command, time::Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    process::{self, say},
    repo, tools, wasm,
};

/// The simulator's workload beside hand-written loops, other engines and Python
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rounds for each program
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Leave out what takes long: Python, and more than a million tasks
    #[arg(long)]
    quick: bool,
}

/// A program that runs the workload: `PROGRAM ARGUMENTS TASKS REPEATS` prints a JSON line.
struct Engine {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    /// It takes seconds for what others do in milliseconds.
    slow: bool,
}

/// What one turn of an engine told.
#[derive(Clone, Copy)]
struct Turn {
    seconds: f64,
    events: f64,
    bytes: f64,
}

impl Engine {
    fn new(name: &'static str, program: PathBuf, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&word| word.to_owned()).collect();
        Self { name, program, arguments, slow: false }
    }

    fn slow(self) -> Self {
        Self { slow: true, ..self }
    }

    fn turn(&self, tasks: u64, repeats: u64) -> Result<Turn> {
        let mut command = process::command(&self.program);
        command.args(&self.arguments).args([tasks.to_string(), repeats.to_string()]);
        let words = process::capture(&mut command).with_context(|| self.name.to_owned())?;
        let told: Value = serde_json::from_str(words.trim()).with_context(|| words.clone())?;
        let number = |name: &str| told.get(name).and_then(Value::as_f64);
        let (Some(seconds), Some(events)) = (number("bestSeconds"), number("events")) else {
            bail!("{} printed no times: {words}", self.name);
        };
        Ok(Turn { seconds, events, bytes: number("peakBytes").unwrap_or(f64::NAN) })
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let ours = build_ours()?;
    side_by_side(args, &ours)?;
    curve(args, &ours)?;
    web_assembly(args, &ours)?;
    threads(args, &ours)
}

fn build_ours() -> Result<Engine> {
    let mut cargo = process::cargo();
    cargo.args(["build", "--release", "--locked", "--package", "redrive-sim"]);
    process::quiet(cargo.args(["--no-default-features", "--example", "w1"]))?;
    Ok(Engine::new("redrive", repo::target().join("release/examples/w1"), &[]))
}

/// Everything that others would use; what cannot be had here is named and left out.
fn peers(args: &Args) -> Result<Vec<Engine>> {
    let folder = repo::root().join("benches/peers");
    let target = build_peers(&[])?;
    let program = |name: &str| target.join("release").join(name);
    let mut engines = vec![
        Engine::new("hand-tuned loop", program("loops"), &["calendar"]),
        Engine::new("the same with metrics", program("loops"), &["metrics"]),
        Engine::new("loop with std's heap", program("loops"), &["heap"]),
        Engine::new("simcore", program("simcore"), &[]).slow(),
        Engine::new("NeXosim", program("nexosim"), &[]).slow(),
    ];
    if args.quick {
        return Ok(engines);
    }
    match python() {
        Ok(python) => {
            let script = |name: &str| folder.join("python").join(name).display().to_string();
            let (heapq, simpy) = (script("w1_heapq.py"), script("w1_simpy.py"));
            engines.push(Engine::new("Python, heapq", python.clone(), &[&heapq]).slow());
            engines.push(Engine::new("SimPy", python, &[&simpy]).slow());
        }
        Err(error) => say(&format!("without Python and SimPy: {error:#}")),
    }
    Ok(engines)
}

/// Builds the peers, with these words to cargo; where they are then.
fn build_peers(words: &[&str]) -> Result<PathBuf> {
    let target = repo::target().join("peers");
    let mut cargo = process::cargo();
    cargo.args(["build", "--release", "--locked", "--manifest-path"]);
    cargo.arg(repo::root().join("benches/peers/Cargo.toml")).args(words);
    process::quiet(cargo.env("CARGO_TARGET_DIR", &target))?;
    Ok(target)
}

/// A Python of our own with SimPy in it.
fn python() -> Result<PathBuf> {
    let folder = repo::target().join("peers/python");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let has_simpy = || {
        let import = Command::new(&python).args(["-c", "import simpy"]).output();
        import.is_ok_and(|output| output.status.success())
    };
    if !has_simpy() {
        process::quiet(process::command("python3").args(["-m", "venv"]).arg(&folder))?;
        process::quiet(process::command(&python).args(["-m", "pip", "install", "simpy==4.1.2"]))?;
    }
    Ok(python)
}

fn side_by_side(args: &Args, ours: &Engine) -> Result<()> {
    let peers = peers(args)?;
    for tasks in [100_000, 1_000_000] {
        // What takes seconds for each round says enough with fewer tasks.
        let engines: Vec<&Engine> = [ours]
            .into_iter()
            .chain(peers.iter().filter(|engine| !engine.slow || tasks == 100_000))
            .collect();
        let mut rounds: Vec<Vec<Turn>> = Vec::new();
        for _ in 0..args.rounds.max(1) {
            let turns = engines.iter().map(|engine| {
                engine.turn(tasks, if engine.slow { 1 } else { 500_000_u64.div_ceil(tasks) })
            });
            rounds.push(turns.collect::<Result<_>>()?);
        }
        say(&format!("\nworkload W1, {tasks} tasks, {} rounds", rounds.len()));
        say("                              ms    M events/s    redrive takes");
        for (at, engine) in engines.iter().enumerate() {
            let seconds = median(rounds.iter().map(|round| round[at].seconds));
            let ratio = median(rounds.iter().map(|round| round[0].seconds / round[at].seconds));
            let ratio = match ratio {
                _ if at == 0 => String::new(),
                ratio if ratio < 0.1 => format!("1/{:.0} of its time", 1.0 / ratio),
                ratio => format!("{ratio:.2} x its time"),
            };
            let rate = rounds[0][at].events / seconds / 1e6;
            let name = engine.name;
            say(&format!("{name:24} {:8.1} {rate:13.2}    {ratio}", seconds * 1e3));
        }
    }
    Ok(())
}

fn curve(args: &Args, ours: &Engine) -> Result<()> {
    say("\nthe cost of an event, by tasks");
    say("     tasks    ns an event    bytes a task");
    let most = if args.quick { 6 } else { 7 };
    let empty = ours.turn(1, 1)?.bytes;
    for exponent in 3..=most {
        let tasks = 10_u64.pow(exponent);
        let repeats = (1_000_000 / tasks).max(1);
        let rounds = if exponent == 7 { 1 } else { args.rounds.max(1) };
        let turns =
            (0..rounds).map(|_| ours.turn(tasks, repeats)).collect::<Result<Vec<Turn>>>()?;
        let cost = median(turns.iter().map(|turn| turn.seconds / turn.events * 1e9));
        // Of one run: what several leave behind is not the simulator's.
        let bytes = (ours.turn(tasks, 1)?.bytes - empty) / to_float(tasks);
        // A thousand tasks are less than the queue's own tables.
        let bytes =
            if bytes.is_nan() || exponent < 5 { String::new() } else { format!("{bytes:.1}") };
        say(&format!("{tasks:10} {cost:14.1} {bytes:>15}"));
    }
    Ok(())
}

/// Ours beside itself, and the hand-tuned loop beside itself: what that one loses is the floor.
fn web_assembly(args: &Args, ours: &Engine) -> Result<()> {
    tools::node()?;
    tools::wasm_target()?;
    let built = wasm::build_for_tests()?;
    let module = built.wasm.with_file_name("redrive_wasm.js").display().to_string();
    let script = repo::root().join("sim/examples/w1.mjs").display().to_string();
    let ours_there = Engine::new("redrive in Node", "node".into(), &[&script, &module]);
    let target = build_peers(&[])?;
    let tuned = Engine::new("hand-tuned loop", target.join("release/loops"), &["calendar"]);
    build_peers(&["--lib", "--target", tools::WASM_TARGET])?;
    let module = target.join(tools::WASM_TARGET).join("release/redrive_peers.wasm");
    let script = repo::root().join("benches/peers/loop.mjs").display().to_string();
    let words = [script.as_str(), &module.display().to_string()];
    let tuned_there = Engine::new("hand-tuned loop in Node", "node".into(), &words);
    say("\nWebAssembly in Node beside native code");
    for tasks in [100_000, 1_000_000] {
        let repeats = 1_000_000_u64.div_ceil(tasks);
        for (here, there) in [(ours, &ours_there), (&tuned, &tuned_there)] {
            let mut pairs = Vec::new();
            for _ in 0..args.rounds.max(1) {
                let native = here.turn(tasks, repeats)?.seconds;
                pairs.push((native, there.turn(tasks, repeats)?.seconds));
            }
            let ratio = median(pairs.iter().map(|(native, wasm)| wasm / native));
            let wasm = median(pairs.iter().map(|(_, wasm)| wasm * 1e3));
            say(&format!("{tasks:10} tasks  {:24}{wasm:8.1} ms  {ratio:.2} x native", there.name));
        }
    }
    Ok(())
}

/// Replications share nothing but the machine: the gain of two threads is shown beside
/// that of two independent programs.
fn threads(args: &Args, ours: &Engine) -> Result<()> {
    let mut cargo = process::cargo();
    cargo.args(["build", "--release", "--locked", "--package", "redrive-cli", "--bin", "redrive"]);
    process::quiet(&mut cargo)?;
    let program = repo::target().join("release/redrive");
    let one = |threads: &str| {
        let mut redrive = process::command(&program);
        redrive.args(["simulate", "herd", "--policy", "full", "--tasks", "100000"]);
        redrive.args(["--runs", "48", "--format", "json", "--threads", threads]);
        time(|| process::quiet(&mut redrive))
    };
    let alone = || time(|| ours.turn(100_000, 48).map(|_| ()));
    let together = || {
        time(|| {
            std::thread::scope(|scope| {
                let other = scope.spawn(|| ours.turn(100_000, 48));
                ours.turn(100_000, 48)?;
                other
                    .join()
                    .map_or_else(|_| bail!("the other program's thread ended"), |r| r.map(|_| ()))
            })
        })
    };
    let (mut gains, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds.max(1) {
        gains.push(one("1")? / one("2")?);
        limits.push(2.0 * alone()? / together()?);
    }
    say(&format!(
        "\n48 replications: two threads are {:.2} x as fast as one; two programs at once do {:.2} x the \
         work of one",
        median(gains),
        median(limits)
    ));
    Ok(())
}

/// The seconds that something takes.
#[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn time(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed().as_secs_f64())
}

fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "counts of tasks, far below 2^53")]
fn to_float(count: u64) -> f64 {
    count as f64
}
