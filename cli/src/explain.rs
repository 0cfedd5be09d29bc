//! `egret explain`: what happens to one packet, hop by hop, there and back.

use std::io;

use clap::{Args, ValueEnum};
use egret_control::explain::resolve::{Request, resolve};
use egret_control::explain::{Explanation, Outcome, World, analysis, explain, text};
use egret_control::model::{Model, Unknown};
use egret_dataplane::packet::Protocol;
use egret_dataplane::trace::Hop;
use egret_verify::open::Open;

use crate::input::{self, Input};
use crate::{Exit, terminal};

/// Says hop by hop what happens to a packet and to its answer, and why.
///
/// Exit codes: 0 delivered and answered, 1 the packet or its answer is dropped or that depends on
/// something that is not known, 2 bad input.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    input: Input,

    /// The sender: a service (or SERVICE/TASK), a network interface, a host, or an address.
    #[arg(long, value_name = "SENDER")]
    from: String,

    /// The destination: a name or an IPv4 address, and a port (443 for TCP, 53 for UDP without one).
    #[arg(long, value_name = "NAME|IP[:PORT]")]
    to: String,

    /// tcp (the default), udp, icmp, or a protocol number.
    #[arg(long, value_parser = protocol)]
    protocol: Option<Protocol>,

    /// The source port of TCP and UDP.
    #[arg(long, value_name = "PORT")]
    source_port: Option<u16>,

    /// ICMP type and code; implies `--protocol icmp`.
    #[arg(long, value_name = "TYPE[/CODE]", value_parser = icmp)]
    icmp: Option<(u8, u8)>,

    /// Go on past a drop as if the packet had been allowed, and list everything in the way.
    #[arg(long)]
    all: bool,

    /// How to print the explanation.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

impl Explain {
    pub(crate) fn run(self) -> io::Result<Exit> {
        if self.icmp.is_some() && self.protocol.is_some_and(|said| said != Protocol::ICMP) {
            let message = "egret: only an ICMP message has an ICMP type: drop --icmp or --protocol";
            terminal::complain(&format!("{message}\n"))?;
            return Ok(Exit::BadInput);
        }
        let loaded = match self.input.load() {
            Ok(loaded) => loaded,
            Err(rejection) => {
                input::show(&rejection.findings, &rejection.sources)?;
                return Ok(Exit::BadInput);
            }
        };
        let request = self.request();
        let question = match resolve(&loaded.model, &loaded.compilation.snapshot, &request) {
            Ok(question) => question,
            Err(error) => {
                terminal::complain(&format!("egret: {error}\n"))?;
                return Ok(Exit::BadInput);
            }
        };
        let world = World::new(&loaded.model.sources, &loaded.compilation);
        let mut explanation = explain(world, question);
        explanation.waits_for = doubt(&loaded.model, &explanation, world);
        match self.format {
            Format::Text => terminal::print(&text::render(world, &explanation, terminal::paint))?,
            Format::Json => {
                terminal::print(&format!("{:#}\n", analysis::json(world, &explanation)))?
            }
        }
        let certain = explanation.waits_for.is_none();
        Ok(match explanation.outcome {
            Outcome::Delivered if certain => Exit::Fine,
            _ => Exit::Dropped,
        })
    }

    fn request(&self) -> Request {
        Request {
            from: self.from.clone(),
            to: self.to.clone(),
            protocol: match self.icmp {
                Some(_) => Protocol::ICMP,
                None => self.protocol.unwrap_or(Protocol::TCP),
            },
            source_port: self.source_port,
            icmp: self.icmp.unwrap_or((8, 0)),
            all: self.all,
        }
    }
}

/// What the outcome waits for, if a template leaves something open that it depends on.
fn doubt(model: &Model, explanation: &Explanation, world: World<'_>) -> Option<Unknown> {
    let hops: Vec<Hop> = explanation.hops().cloned().collect();
    let open = Open::new(model, world.snapshot);
    open.doubt(world.snapshot, &hops, explanation.question.icmp).cloned()
}

fn protocol(text: &str) -> Result<Protocol, String> {
    match text.to_ascii_lowercase().as_str() {
        "tcp" => Ok(Protocol::TCP),
        "udp" => Ok(Protocol::UDP),
        "icmp" => Ok(Protocol::ICMP),
        number => number
            .parse()
            .map(Protocol)
            .map_err(|_| "a protocol is tcp, udp, icmp or a number from 0 to 255".to_owned()),
    }
}

fn icmp(text: &str) -> Result<(u8, u8), String> {
    let (kind, code) = text.split_once('/').unwrap_or((text, "0"));
    let number = |text: &str| text.parse().ok();
    number(kind)
        .zip(number(code))
        .ok_or_else(|| "write an ICMP type and code as 8/0, numbers from 0 to 255".to_owned())
}
