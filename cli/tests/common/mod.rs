//! Egret as its users run it: the binary, and what it leaves behind.
#![allow(dead_code, reason = "each file of tests uses some of it")]

use std::path::Path;
use std::process::{Command, Output};

/// Runs `egret` with these arguments in a folder.
pub(crate) fn egret(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
    command.args(args).current_dir(folder).output().expect("egret runs")
}

/// Its exit code.
pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

/// What it printed.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it complained of.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
