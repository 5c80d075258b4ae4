//! `cargo xtask wasm`: from the bindings crate to a module that JavaScript can load.
//!
//! Three stages, each pinned by a lock file: cargo builds `redrive-wasm`, wasm-bindgen (linked, not
//! a program of its own, so that its version cannot differ from the crate's) makes the glue, and
//! `wasm-opt` from npm's `binaryen` makes it small. Other commands call [`build`] with their own
//! features, target and folder. What was built is checked at once: the module may import its own
//! glue and nothing else, which is how we know that no clock, no file and no host function is in it;
//! and it may name no folder of the machine that built it.

use std::{
    collections::BTreeSet,
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use flate2::{Compression, write::GzEncoder};
use wasm_bindgen_cli_support::Bindgen;
use wasmparser::{Parser, Payload};

use crate::{
    process::{self, say},
    repo, tools,
};

/// The name of the crate's library, and so of every file that comes of it.
const NAME: &str = "redrive_wasm";

/// `--all-features` would let the optimizer assume what some engine lacks: these are the features
/// that rustc itself turns on, and all engines that we support have had them for years.
const OPTIMIZE: [&str; 12] = [
    "-Oz",
    // A loop that is called in one place stays a function: engines compile one function that holds all
    // loops late, and spill most of what it works with.
    "--one-caller-inline-max-function-size",
    "500",
    // What belongs together lies together, which gzip finds: 1.5 % of the download.
    "--reorder-functions-by-name",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--strip-producers",
];

/// Build the WebAssembly module with its JavaScript glue
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Features of the bindings crate
    #[arg(long, value_delimiter = ',', default_values = ["sim"])]
    features: Vec<String>,
    /// What the glue is for
    #[arg(long, value_enum, default_value_t = Target::Nodejs)]
    target: Target,
    /// Where to put it [default: target/wasm/TARGET]
    #[arg(long)]
    out: Option<PathBuf>,
}

/// What the glue is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Target {
    /// CommonJS for Node.js, which reads the module from beside the glue at once
    Nodejs,
    /// An ES module with `init` and `initSync`
    Web,
    /// An ES module that imports the .wasm file, for bundlers
    Bundler,
}

/// What to build and where to.
pub(crate) struct Build<'a> {
    pub(crate) features: &'a [&'a str],
    pub(crate) target: Target,
    pub(crate) out: &'a Path,
}

/// What was built.
pub(crate) struct Built {
    pub(crate) wasm: PathBuf,
    pub(crate) bytes: usize,
    pub(crate) gzip: usize,
}

impl Built {
    /// The sizes as a person reads them.
    pub(crate) fn sizes(&self) -> String {
        format!("{:.1} kB, {:.1} kB gzip", kilo(self.bytes), kilo(self.gzip))
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let out = args.out.clone().unwrap_or_else(|| default_out(args.target));
    let features: Vec<&str> = args.features.iter().map(String::as_str).collect();
    let built = build(&Build { features: &features, target: args.target, out: &out })?;
    say(&format!("{}  {}", repo::shown(&built.wasm), built.sizes()));
    Ok(())
}

/// The module that the Node tests load.
pub(crate) fn build_for_tests() -> Result<Built> {
    let out = default_out(Target::Nodejs);
    build(&Build { features: &["sim"], target: Target::Nodejs, out: &out })
}

/// Builds, binds, optimizes and checks; does nothing where nothing changed.
pub(crate) fn build(build: &Build<'_>) -> Result<Built> {
    tools::wasm_target()?;
    let compiled = compile(build.features)?;
    let wasm = build.out.join(format!("{NAME}_bg.wasm"));
    let stamp = build.out.join(".built-from");
    let source = fingerprint(&compiled, build);
    let fresh = fs::read_to_string(&stamp).is_ok_and(|found| found == source) && wasm.is_file();
    if !fresh {
        bind(&compiled, build)?;
        optimize(&wasm)?;
        fs::write(&stamp, source).with_context(|| repo::shown(&stamp))?;
    }
    let bytes = fs::read(&wasm).with_context(|| repo::shown(&wasm))?;
    check_imports(&bytes)?;
    check_paths(&bytes)?;
    let gzip = gzip_size(&bytes)?;
    Ok(Built { wasm, bytes: bytes.len(), gzip })
}

/// The size of these bytes as they travel.
pub(crate) fn gzip_size(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn default_out(target: Target) -> PathBuf {
    let name = target.to_possible_value().map_or_else(String::new, |v| v.get_name().to_owned());
    repo::target().join("wasm").join(name)
}

fn compile(features: &[&str]) -> Result<Vec<u8>> {
    let mut cargo = process::cargo();
    cargo.args(["build", "--locked", "--package", "redrive-wasm", "--lib"]);
    cargo.args(["--target", tools::WASM_TARGET, "--profile", "wasm"]);
    cargo.args(["--no-default-features", "--features", &features.join(",")]);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", without_machine_paths()?);
    process::quiet(&mut cargo)?;
    let path = repo::target().join(tools::WASM_TARGET).join("wasm").join(format!("{NAME}.wasm"));
    fs::read(&path).with_context(|| repo::shown(&path))
}

/// The caller's flags, and those that keep the folders of this machine out of the panic messages:
/// the module is published, and must be the same wherever it was built.
fn without_machine_paths() -> Result<String> {
    let given = env::var("RUSTFLAGS").unwrap_or_default();
    let mut flags: Vec<String> = given.split_whitespace().map(str::to_owned).collect();
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo"))).unwrap_or_default();
    // One folder a registry; its name depends on where that is.
    if let Ok(registries) = fs::read_dir(home.join("registry").join("src")) {
        for registry in registries {
            flags.push(format!("--remap-path-prefix={}=", registry?.path().display()));
        }
    }
    // Cargo's own form of a list, in which folders may have spaces.
    Ok(flags.join("\u{1f}"))
}

/// Everything that the output depends on, this file included.
fn fingerprint(compiled: &[u8], build: &Build<'_>) -> String {
    let mut hasher = DefaultHasher::new();
    compiled.hash(&mut hasher);
    build.target.hash(&mut hasher);
    include_str!("wasm.rs").hash(&mut hasher);
    include_str!("../package-lock.json").hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn bind(compiled: &[u8], build: &Build<'_>) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_bytes(NAME, compiled.to_vec()).typescript(true);
    // The optimizer orders by name, and leaves the names out.
    bindgen.remove_name_section(false).remove_producers_section(true);
    // Without the default path Vite does not see that there is a .wasm file, and says nothing.
    bindgen.omit_default_module_path(false);
    match build.target {
        Target::Nodejs => bindgen.nodejs(true)?,
        Target::Web => bindgen.web(true)?,
        Target::Bundler => bindgen.bundler(true)?,
    };
    bindgen.generate(build.out).context("making the glue with wasm-bindgen")
}

fn optimize(wasm: &Path) -> Result<()> {
    tools::node()?;
    let folder = repo::root().join("xtask");
    tools::npm_packages(&folder)?;
    let mut node = process::command("node");
    node.arg(folder.join("node_modules/binaryen/bin/wasm-opt"));
    node.args(OPTIMIZE).arg(wasm).arg("--output").arg(wasm);
    process::quiet(&mut node).context("making the module small with wasm-opt")
}

/// Refuses a module that needs anything but its own glue.
fn check_imports(module: &[u8]) -> Result<()> {
    let glue = format!("./{NAME}_bg.js");
    let mut foreign = BTreeSet::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(section) = payload? {
            for import in section.into_imports() {
                let import = import?;
                if import.module != glue {
                    foreign.insert(format!("{}.{}", import.module, import.name));
                }
            }
        }
    }
    if foreign.is_empty() {
        return Ok(());
    }
    let names = foreign.into_iter().collect::<Vec<_>>().join(", ");
    bail!("the module imports {names}: only its own glue, {glue}, is allowed")
}

/// Refuses a module that names a folder of this machine: the repository's, or the user's.
fn check_paths(module: &[u8]) -> Result<()> {
    let folders = [Some(repo::root().to_path_buf()), env::home_dir()];
    for folder in folders.into_iter().flatten().filter(|folder| folder.parent().is_some()) {
        let name = folder.display().to_string() + "/";
        if module.windows(name.len()).any(|window| window == name.as_bytes()) {
            bail!("the module names {name}: see `without_machine_paths` in xtask/src/wasm.rs");
        }
    }
    Ok(())
}

/// Refuses a module with the standard library's parser of decimal numbers: its table alone is a tenth of what
/// the simulator may weigh, and JavaScript has read the numbers already.
pub(crate) fn check_decimals(wasm: &Path) -> Result<()> {
    // Of 5^-342, the first of its powers.
    const POWER: [u8; 8] = 0xeef4_53d6_923b_d65a_u64.to_le_bytes();
    let module = fs::read(wasm).with_context(|| repo::shown(wasm))?;
    if module.windows(POWER.len()).any(|window| window == POWER) {
        bail!("the module parses decimal numbers, 12 kB after compression: use `Value::as_f64`");
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "sizes to be read, far below 2^53")]
fn kilo(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with one import of a function without parameters.
    fn module_importing(from: &str, name: &str) -> Vec<u8> {
        let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
        let import = [&[1][..], &text(from), &text(name), &[0, 0]].concat();
        let types = [1, 4, 1, 0x60, 0, 0];
        let header = b"\0asm\x01\0\0\0";
        [&header[..], &types, &[2, import.len() as u8], &import].concat()
    }

    #[test]
    fn its_own_glue_may_be_imported() {
        check_imports(&module_importing("./redrive_wasm_bg.js", "__wbg_new")).unwrap();
    }

    #[test]
    fn anything_else_is_named_and_refused() {
        let error = check_imports(&module_importing("env", "now")).unwrap_err();
        assert!(error.to_string().contains("env.now"), "{error}");
    }
}
