//! `egret schema`: the JSON Schema of the scenario file, for editors.

use std::io;

use clap::Args;
use egret_sim::scenario;

use crate::{Exit, terminal};

/// Prints the JSON Schema of the scenario file, by which editors complete and check it.
#[derive(Debug, Args)]
pub(crate) struct PrintSchema {}

impl PrintSchema {
    pub(crate) fn run(self) -> io::Result<Exit> {
        terminal::print(&format!("{:#}\n", scenario::schema()))?;
        Ok(Exit::Fine)
    }
}
