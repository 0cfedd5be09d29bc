//! `egret`: why can't my service reach that? One file a verb.

mod bench;
mod check;
mod completions;
mod diff;
mod explain;
mod input;
mod reach;
mod record;
mod run;
mod schema;
mod serve;
mod terminal;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use terminal::ColorChoice;

/// Traces packets on their way out of a cloud service: past security groups, network ACLs and route
/// tables, to a NAT gateway, an endpoint, a host, or to a drop that says why.
#[derive(Debug, Parser)]
#[command(name = "egret", version, propagate_version = true)]
struct Egret {
    /// Whether to colour the output.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: ColorChoice,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Explain(explain::Explain),
    Check(check::Check),
    Reach(reach::Reach),
    Diff(diff::Diff),
    Record(record::Record),
    Run(run::Run),
    Test(test::Test),
    Bench(bench::Bench),
    Serve(serve::Serve),
    Schema(schema::PrintSchema),
    Completions(completions::Completions),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// All is well.
    Fine,
    /// The packet was dropped, or its answer.
    Dropped,
    /// Something that was expected is not so.
    Unexpected,
    /// The configuration or the call is wrong.
    BadInput,
    /// Something failed on the way, a write for instance.
    Failed,
    /// No test was there to run.
    NoTests,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Fine => 0,
            Exit::Dropped | Exit::Unexpected => 1,
            Exit::BadInput => 2,
            Exit::Failed => 3,
            Exit::NoTests => 4,
        })
    }
}

fn main() -> ExitCode {
    let egret = Egret::parse();
    egret.color.apply();
    let exit = match egret.verb {
        Verb::Explain(verb) => verb.run(),
        Verb::Check(verb) => verb.run(),
        Verb::Reach(verb) => verb.run(),
        Verb::Diff(verb) => verb.run(),
        Verb::Record(verb) => verb.run(),
        Verb::Run(verb) => verb.run(),
        Verb::Test(verb) => verb.run(),
        Verb::Bench(verb) => verb.run(),
        Verb::Serve(verb) => verb.run(),
        Verb::Schema(verb) => verb.run(),
        Verb::Completions(verb) => verb.run::<Egret>(),
    };
    exit.unwrap_or_else(terminal::failure).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Egret::command().debug_assert();
    }
}
