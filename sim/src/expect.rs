//! Whether what a scenario expects is so: each expectation is one packet, and its answer, through
//! the dataplane itself.

use std::fmt;

use egret_control::explain::resolve::{Request, Unresolved, resolve};
use egret_control::explain::{self, Explanation, World, analysis, element_names};
use egret_control::model::Model;
use egret_dataplane::packet::Protocol as IpProtocol;

use crate::scenario::{Expectation, Outcome, Protocol};

/// An expectation that does not hold.
#[derive(Clone, Debug)]
pub struct Unmet {
    /// What is not as expected, a sentence each.
    pub differences: Vec<String>,
    /// What happened instead, where the packet could be sent at all.
    pub explanation: Option<Box<Explanation>>,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.differences.join("; "))
    }
}

/// Sends the packet of an expectation, and compares.
///
/// # Errors
/// Everything that is not as expected.
pub fn judge(
    model: &Model,
    world: World<'_>,
    expectation: &Expectation,
) -> Result<Explanation, Unmet> {
    let question = match resolve(model, world.snapshot, &request(expectation)) {
        Ok(question) => question,
        Err(error) => return Err(unresolved(&error)),
    };
    let explanation = explain::explain(world, question);
    let differences = differences(world, expectation, &explanation);
    if differences.is_empty() {
        return Ok(explanation);
    }
    Err(Unmet { differences, explanation: Some(Box::new(explanation)) })
}

/// The packet that an expectation is about.
pub fn request(expectation: &Expectation) -> Request {
    let to = &expectation.to.value;
    let (protocol, icmp) = match expectation.protocol {
        Protocol::Tcp => (IpProtocol::TCP, (0, 0)),
        Protocol::Udp => (IpProtocol::UDP, (0, 0)),
        Protocol::Icmp(kind, code) => (IpProtocol::ICMP, (kind, code)),
        Protocol::Other(number) => (IpProtocol(number), (0, 0)),
    };
    Request {
        from: expectation.from.value.clone(),
        to: to.port.map_or_else(|| to.host.clone(), |port| format!("{}:{port}", to.host)),
        protocol,
        source_port: None,
        icmp,
        all: false,
    }
}

fn unresolved(error: &Unresolved) -> Unmet {
    Unmet { differences: vec![error.to_string()], explanation: None }
}

fn differences(world: World<'_>, expected: &Expectation, found: &Explanation) -> Vec<String> {
    let mut differences = Vec::new();
    let mut differ = |what: &str, expected: &str, found: &str| {
        differences.push(format!("{what} should be {expected}, and is {found}"));
    };
    let outcome = match *expected.outcome {
        Outcome::Delivered => explain::Outcome::Delivered,
        Outcome::NoReply => explain::Outcome::NoReply,
        Outcome::Dropped => explain::Outcome::Dropped,
    };
    if outcome != found.outcome {
        differ("the outcome", analysis::outcome(outcome), analysis::outcome(found.outcome));
    }
    let denial = found.denials.first();
    let none = "nothing";
    if let Some(by) = &expected.by {
        let names = denial.map(|denial| element_names(world.snapshot, denial.drop.element));
        if !names.as_ref().is_some_and(|names| names.contains(&by.value)) {
            let found = names.map_or(none.to_owned(), |names| names[0].clone());
            differ("what drops it", by, &found);
        }
    }
    if let Some(reason) = &expected.reason {
        let found = denial.map(|denial| denial.drop.reason);
        if found != Some(reason.value) {
            differ("the reason", reason.name(), found.map_or(none, |reason| reason.name()));
        }
    }
    if let Some(code) = &expected.code {
        let found = denial.map_or(none, |denial| denial.drop.reason.code());
        if found != code.as_str() {
            differ("the code", code, found);
        }
    }
    if let Some(source) = &expected.source
        && found.source() != Some(source.value)
    {
        let found = found.source().map_or(none.to_owned(), |source| source.to_string());
        differ("the source that the destination sees", &source.value.to_string(), &found);
    }
    let passed: Vec<Vec<String>> =
        found.via().map(|element| element_names(world.snapshot, element)).collect();
    let mut rest = passed.iter();
    for via in &expected.via {
        if !rest.any(|names| names.contains(&via.value)) {
            let shown: Vec<&str> = passed.iter().map(|names| names[0].as_str()).collect();
            differ("the way", &format!("by {}", via.value), &shown.join(", "));
        }
    }
    differences
}
