//! What a run must come to, as the file says it.

use egret_control::finding::Finding;
use egret_control::source::Sourced;
use egret_control::written::{At, Complaint, Page, Scalar, Written};
use schemars::{JsonSchema, Schema, json_schema};
use serde::Deserialize;

use super::expectation::ReasonName;
use crate::plan::{About, Bound, Figure, RunExpectation, Traffic};

impl Scalar for Bound {
    const NOUN: &'static str = "a number or a bound";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let complaint = || {
            Complaint::new("bad-bound", "write a number, or `>= 3`, `<= 3`, `> 3`, `< 3` or `3..5`")
        };
        let number = |text: &str| -> Result<f64, Complaint> {
            let number = text.trim().parse::<f64>().map_err(|_| complaint())?;
            if number.is_finite() { Ok(number) } else { Err(complaint()) }
        };
        let (least, most) = if let Some(text) = text.strip_prefix(">=") {
            (number(text)?, f64::INFINITY)
        } else if let Some(text) = text.strip_prefix("<=") {
            (0.0, number(text)?)
        } else if let Some(text) = text.strip_prefix('>') {
            (number(text)?.next_up(), f64::INFINITY)
        } else if let Some(text) = text.strip_prefix('<') {
            (0.0, number(text)?.next_down())
        } else if let Some((least, most)) = text.split_once("..") {
            let or =
                |text: &str, open| if text.trim().is_empty() { Ok(open) } else { number(text) };
            (or(least, 0.0)?, or(most, f64::INFINITY)?)
        } else {
            (number(text)?, number(text)?)
        };
        if least > most {
            return Err(complaint().because("no number is within these bounds"));
        }
        Ok((Bound { least, most }, None))
    }

    fn schema() -> Schema {
        json_schema!({ "anyOf": [
            { "type": "number", "minimum": 0 },
            { "type": "string", "examples": [">= 3", "3..5"] },
        ] })
    }
}

/// What must have come of a run: figures of one workload, of one element, or of drops.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResultSection {
    /// A workload, by its name.
    traffic: Option<At<String>>,
    /// An element, by its id or name.
    element: Option<At<String>>,
    /// Packets that were dropped for this reason.
    dropped: Option<Written<ReasonName>>,
    /// Of `dropped`: the id or name of what dropped them.
    by: Option<At<String>>,
    /// Connections, datagrams or probes that were begun.
    attempted: Option<Written<Bound>>,
    /// Connections that were established.
    established: Option<Written<Bound>>,
    /// Those that came to their good end.
    completed: Option<Written<Bound>>,
    /// Those that came to nothing.
    failed: Option<Written<Bound>>,
    /// Connections that a RST ended or refused.
    reset: Option<Written<Bound>>,
    /// Those that were given up.
    timed_out: Option<Written<Bound>>,
    /// Segments that were sent again.
    retransmissions: Option<Written<Bound>>,
    /// Packets that came to an element, or that were dropped. Of `dropped` by default at least 1.
    packets: Option<Written<Bound>>,
    /// Packets that an element dropped.
    drops: Option<Written<Bound>>,
    /// The most ports that a NAT gateway or shared ENI had in use at once.
    peak_ports: Option<Written<Bound>>,
    /// The 99th percentile of requests' round trips, in milliseconds.
    p99_ms: Option<Written<Bound>>,
}

pub(super) fn read(
    section: At<ResultSection>,
    traffic: &[Traffic],
    page: &mut Page<'_>,
) -> Option<RunExpectation> {
    let Sourced { value: section, place } = page.sourced(section);
    let about = match (section.traffic, section.element, section.dropped) {
        (Some(name), None, None) => {
            let name = page.sourced(name);
            if !traffic.iter().any(|known| known.name == name.value) {
                let known: Vec<_> = traffic.iter().map(|t| format!("`{}`", t.name)).collect();
                let message = format!("there is no traffic `{}`", name.value);
                let help = format!("the traffic is {}", known.join(", "));
                page.find(Finding::error("unknown-traffic", name.place, message).help(help));
            }
            About::Traffic(name)
        }
        (None, Some(name), None) => About::Element(page.sourced(name)),
        (None, None, Some(reason)) => {
            let reason = page.meaning(reason)?.map(|name| name.0);
            About::Dropped(reason, section.by.clone().map(|by| page.sourced(by)))
        }
        _ => {
            let message = "a result is about one thing";
            let help = "write one of `traffic`, `element` and `dropped`";
            page.find(Finding::error("one-result", place, message).help(help));
            return None;
        }
    };
    if let (Some(by), false) = (&section.by, matches!(about, About::Dropped(..))) {
        let message = "only `dropped` has a `by`";
        page.find(Finding::error("foreign-key", page.place(by), message).help("drop it"));
    }
    let said = [
        (Figure::Attempted, section.attempted),
        (Figure::Established, section.established),
        (Figure::Completed, section.completed),
        (Figure::Failed, section.failed),
        (Figure::Reset, section.reset),
        (Figure::TimedOut, section.timed_out),
        (Figure::Retransmissions, section.retransmissions),
        (Figure::Packets, section.packets),
        (Figure::Drops, section.drops),
        (Figure::PeakPorts, section.peak_ports),
        (Figure::P99Ms, section.p99_ms),
    ];
    let says_nothing = said.iter().all(|(_, written)| written.is_none());
    let mut figures = Vec::new();
    for (figure, written) in said {
        let Some(bound) = page.optional(written) else { continue };
        if !about.has(figure) {
            let message = format!("{} has no `{}`", about.words(), figure.name());
            let known = Figure::ALL.iter().filter(|figure| about.has(**figure));
            let known: Vec<_> = known.map(|figure| format!("`{}`", figure.name())).collect();
            let help = format!("its figures are {}", known.join(", "));
            page.find(Finding::error("foreign-key", bound.place, message).help(help));
        }
        figures.push((figure, bound));
    }
    if says_nothing {
        if let About::Dropped(..) = about {
            let bound = Bound { least: 1.0, most: f64::INFINITY };
            figures.push((Figure::Packets, Sourced::new(bound, place)));
        } else {
            let message = "nothing is said that could be so or not";
            let help = "add a figure, such as `failed: 0`";
            page.find(Finding::error("no-figure", place, message).help(help));
        }
    }
    Some(RunExpectation { about, figures, place })
}
