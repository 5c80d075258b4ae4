//! Running programs: from the root of the repository, without standard input, with an error that
//! says what was run, what it printed and, if it is missing, that it is missing.

use std::{
    ffi::OsStr,
    io::{self, Read, Write},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::repo;

/// A program, to be run from the root of the repository.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(repo::root()).stdin(Stdio::null());
    command
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// npm, whose program has another name on Windows.
pub(crate) fn npm() -> Command {
    command(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// Runs a program to its end and keeps its words: they are shown only if it fails.
pub(crate) fn quiet(command: &mut Command) -> Result<()> {
    merged(command).map(|_| ())
}

/// Runs a program to its end and returns what it printed on standard output.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.output().with_context(|| missing(command))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("{words}`{shown}` failed ({})", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` did not print text"))
}

/// Runs a program and returns everything that it printed, both streams in their order.
pub(crate) fn merged(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let (mut reader, writer) = io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| missing(command))?;
    // The pipe ends when its last writer is closed, and the command holds two.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut words = Vec::new();
    reader.read_to_end(&mut words)?;
    let status = child.wait()?;
    let words = String::from_utf8_lossy(&words).into_owned();
    if !status.success() {
        bail!("{words}`{shown}` failed ({status})");
    }
    Ok(words)
}

/// Whether a program can be started at all.
pub(crate) fn is_there(program: &str) -> bool {
    command(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Prints a line at once, also where the output is a file or a pipe.
pub(crate) fn say(line: &str) {
    let mut out = io::stdout().lock();
    // A reader that went away does not stop the work.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let program = program.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    command.get_args().fold(program, |line, word| line + " " + &word.to_string_lossy())
}

fn missing(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    format!("`{program}` could not be started: is it installed and on PATH?")
}
