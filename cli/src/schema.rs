//! `egret schema`: JSON Schemas of the files that people write, for editors.

use std::io;

use clap::{Args, ValueEnum};
use egret_sim::{scenario, suite};

use crate::{Exit, terminal};

/// Prints the JSON Schema of the scenario file or of files of expectations, by which editors
/// complete and check them.
#[derive(Debug, Args)]
pub(crate) struct PrintSchema {
    /// Of which files.
    #[arg(long = "for", value_enum, default_value_t, value_name = "FILES")]
    of: Files,
}

/// Files that people write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Files {
    /// Scenarios, `scenario.yaml`.
    #[default]
    Scenario,
    /// Expectations, `*.egret.yaml`.
    Tests,
}

impl PrintSchema {
    pub(crate) fn run(self) -> io::Result<Exit> {
        let schema = match self.of {
            Files::Scenario => scenario::schema(),
            Files::Tests => suite::schema(),
        };
        terminal::print(&format!("{schema:#}\n"))?;
        Ok(Exit::Fine)
    }
}
