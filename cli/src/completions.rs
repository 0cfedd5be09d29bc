//! `egret completions`: completion scripts for shells.

use std::io;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{Exit, terminal};

/// Prints a completion script for a shell.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run<C: CommandFactory>(self) -> io::Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut C::command(), "egret", &mut script);
        terminal::print(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Fine)
    }
}
