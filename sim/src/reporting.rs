//! From a run's counts to its report, and whether what was expected is so.

use std::collections::{BTreeMap, HashMap};

use egret_control::explain::{self, World as Explained, element_kind, element_names};
use egret_control::source::Sources;
use egret_dataplane::snapshot::Snapshot;
use egret_dataplane::verdict::{Drop, Element};

use crate::cloud::element;
use crate::expect;
use crate::observe::{End, Trail};
use crate::plan::{About, Figure, ProviderTraffic, RunExpectation, Sender, Traffic, Workload};
use crate::report::{
    ChangeReport, DropReport, ElementReport, ExpectationReport, LinkReport, PacketReport, Report,
    TrafficReport,
};
use crate::scenario::{Expectation, Outcome};
use crate::tally::{Tally, by_count};
use crate::world::World;

/// The version of [`Report`]'s shape.
const SCHEMA_VERSION: u32 = 1;

/// What came of a run, but for what its caller knows.
pub(crate) fn report(world: &mut World) -> Report {
    world.finish();
    let snapshot = world.cloud.snapshot();
    let traffic = world.plan.traffic.iter().zip(&world.tallies);
    let lost = world.cloud.lost();
    Report {
        schema_version: SCHEMA_VERSION,
        ended_ns: world.now.0,
        traffic: traffic.map(|(plan, tally)| traffic_report(snapshot, plan, tally)).collect(),
        elements: elements(world),
        links: lost
            .iter()
            .map(|(link, reason, packets)| LinkReport {
                link: (*link).to_owned(),
                reason: reason.name().to_owned(),
                packets: *packets,
            })
            .collect(),
        timeline: timeline(world),
        packets: packets(world, lost.iter().map(|(.., count)| count).sum()),
        ..Report::default()
    }
}

fn traffic_report(snapshot: &Snapshot, plan: &Traffic, tally: &Tally) -> TrafficReport {
    let failures = tally.failures();
    TrafficReport {
        name: plan.name.clone(),
        from: sender(&plan.from),
        to: match plan.to.port {
            Some(port) => format!("{}:{port}", plan.to.host),
            None => plan.to.host.clone(),
        },
        kind: kind(plan),
        via: tally.trail.as_ref().map(|trail| via(snapshot, trail)).unwrap_or_default(),
        attempted: tally.attempted,
        established: tally.established,
        completed: tally.completed,
        failed: tally.reasons(),
        open: tally.attempted.saturating_sub(tally.completed + failures),
        resets: tally.resets,
        timeouts: tally.timeouts,
        bytes_sent: tally.sent,
        bytes_received: tally.received,
        retransmissions: tally.retransmissions,
        intact: tally.intact,
        connect: tally.connect.latency(),
        request: tally.request.latency(),
        hops: tally.hops.clone(),
    }
}

fn sender(from: &Sender) -> String {
    match from {
        Sender::Service(name, None) | Sender::Host(name) => name.value.clone(),
        Sender::Service(name, Some(task)) => format!("{}/{task}", name.value),
        Sender::Inbound => "internet".to_owned(),
        Sender::Provider(name, what) => {
            let what = match what {
                ProviderTraffic::ImagePull => "image pull",
                ProviderTraffic::Logs => "logs",
                ProviderTraffic::Secrets => "secrets",
            };
            format!("{} ({what})", name.value)
        }
    }
}

fn kind(plan: &Traffic) -> &'static str {
    match (&plan.from, &plan.workload) {
        (Sender::Inbound, _) => "inbound",
        (Sender::Provider(..), _) => "provider",
        (_, Workload::Connections(_)) => "tcp",
        (_, Workload::Datagrams(_)) => "udp",
        (_, Workload::Ping(_)) => "ping",
        (_, Workload::Traceroute { .. }) => "traceroute",
        (_, Workload::Replay(_)) => "replay",
    }
}

/// The elements that say which way packets went.
fn via(snapshot: &Snapshot, trail: &Trail) -> Vec<String> {
    let says = |element: &Element| {
        !matches!(
            element,
            Element::Dataplane
                | Element::Service(_)
                | Element::SecurityGroup(_)
                | Element::NetworkAcl(_)
                | Element::RouteTable(_)
        )
    };
    let elements = trail.hops.iter().map(|hop| hop.element).filter(says);
    let names = elements.map(|element| element_names(snapshot, element).swap_remove(0));
    let mut names: Vec<String> = names.collect();
    names.dedup();
    names
}

/// What passed each element, from what passed each trail.
fn elements(world: &World) -> Vec<ElementReport> {
    let snapshot = world.cloud.snapshot();
    let mut index: HashMap<Element, usize> = HashMap::new();
    let mut found: Vec<(ElementReport, BTreeMap<&'static str, u64>)> = Vec::new();
    for known in world.cloud.trails().iter() {
        let (mut packets, mut bytes) = (known.packets, known.bytes);
        let last = known.trail.hops.len().saturating_sub(1);
        for (number, hop) in known.trail.hops.iter().enumerate() {
            packets -= known.lost[number].0;
            bytes -= known.lost[number].1;
            let at = *index.entry(hop.element).or_insert_with(|| {
                let name = element_names(snapshot, hop.element).swap_remove(0);
                let kind = element_kind(hop.element);
                // The same groups at several ENIs are one.
                let known = found.iter().position(|(r, _)| r.kind == kind && r.name == name);
                known.unwrap_or_else(|| {
                    let report = ElementReport { kind, name, ..Default::default() };
                    found.push((report, BTreeMap::new()));
                    found.len() - 1
                })
            });
            let (report, dropped) = &mut found[at];
            report.packets_in += packets;
            match known.trail.end {
                End::Drop(drop) | End::Reply(drop) if number == last => {
                    *dropped.entry(drop.reason.name()).or_default() += packets;
                }
                _ => {
                    report.packets_out += packets;
                    report.bytes_out += bytes;
                }
            }
        }
    }
    for (by, peak) in world.cloud.peaks() {
        if let Some(at) = element(*by).and_then(|element| index.get(&element)) {
            found[*at].0.peak_ports = Some(u64::from(*peak));
        }
    }
    let named = |(mut report, dropped): (ElementReport, BTreeMap<&'static str, u64>)| {
        report.dropped = by_count(dropped.into_iter().map(|(why, n)| (why.to_owned(), n)));
        report
    };
    found.into_iter().map(named).collect()
}

fn packets(world: &World, lost: u64) -> PacketReport {
    let counters = world.cloud.crew().counters();
    let snapshot = world.cloud.snapshot();
    let mut all: HashMap<Drop, u64> = HashMap::new();
    counters.drops().for_each(|(drop, count)| *all.entry(drop).or_default() += count);
    let mut drops: Vec<DropReport> = all
        .into_iter()
        .map(|(drop, packets)| {
            let name = element_names(snapshot, drop.element).swap_remove(0);
            let kind = element_kind(drop.element);
            DropReport {
                reason: drop.reason.name(),
                code: drop.reason.code(),
                sentence: drop.reason.sentence(),
                element: if kind == name { name } else { format!("{kind} {name}") },
                packets,
            }
        })
        .collect();
    drops.sort_by(|a, b| (b.packets, a.reason, &a.element).cmp(&(a.packets, b.reason, &b.element)));
    PacketReport {
        received: counters.received,
        forwarded: counters.forwarded,
        answered: counters.replied,
        dropped: counters.dropped(),
        held: counters.held,
        lost,
        provider: world.cloud.by_provider(),
        drops,
    }
}

fn timeline(world: &World) -> Vec<ChangeReport> {
    let last: Vec<(Drop, u64)> = world.cloud.crew().counters().drops().collect();
    let until = world.changed.iter().skip(1).map(|change| &change.drops).chain([&last]);
    let between = |from: &[(Drop, u64)], to: &[(Drop, u64)]| {
        let mut more: BTreeMap<&'static str, i64> = BTreeMap::new();
        to.iter().for_each(|(drop, n)| *more.entry(drop.reason.name()).or_default() += *n as i64);
        from.iter().for_each(|(drop, n)| *more.entry(drop.reason.name()).or_default() -= *n as i64);
        let more = more.into_iter().filter(|(_, count)| *count > 0);
        by_count(more.map(|(why, count)| (why.to_owned(), count as u64)))
    };
    world
        .changed
        .iter()
        .zip(until)
        .map(|(change, until)| ChangeReport {
            at_ns: change.at.0,
            title: change.title.clone(),
            established: change.established,
            failed_later: change.failed_later,
            dropped: between(&change.drops, until),
        })
        .collect()
}

/// Judges what is expected of single packets under the configuration as it is.
pub(crate) fn of_packets(world: &World, expected: &[Expectation]) -> Vec<ExpectationReport> {
    let sources = &world.model.sources;
    let explained = Explained::new(sources, world.cloud.compilation());
    let judged = expected.iter().map(|expected| ExpectationReport {
        expected: packet_words(expected),
        place: sources.display(expected.place).unwrap_or_default(),
        differences: expect::judge(&world.model, explained, expected)
            .err()
            .map(|unmet| unmet.differences)
            .unwrap_or_default(),
    });
    judged.collect()
}

/// Judges what is expected of the run. `sources` are the scenario's.
pub(crate) fn of_run(world: &World, sources: &Sources, report: &Report) -> Vec<ExpectationReport> {
    let judged = world.plan.expect.iter().map(|expected| ExpectationReport {
        expected: run_words(expected),
        place: sources.display(expected.place).unwrap_or_default(),
        differences: differences(world, expected, report),
    });
    judged.collect()
}

/// An expectation in words, if it has no name.
pub(crate) fn packet_words(expected: &Expectation) -> String {
    if let Some(name) = &expected.name {
        return name.clone();
    }
    let from: Vec<&str> = expected.from.iter().map(|from| from.as_str()).collect();
    let to: Vec<String> = expected.to.iter().map(|to| to.to_string()).collect();
    let mut is: Vec<String> = outcome(expected).into_iter().map(str::to_owned).collect();
    is.extend(expected.not.iter().map(|not| format!("never {}", claims(not).join(" and "))));
    if is.is_empty() {
        is = claims(expected);
    }
    format!("{} to {} is {}", from.join(", "), to.join(", "), is.join(", "))
}

fn outcome(expected: &Expectation) -> Option<&'static str> {
    let outcome = match *expected.outcome {
        Outcome::Delivered => explain::Outcome::Delivered,
        Outcome::NoReply => explain::Outcome::NoReply,
        Outcome::Dropped => explain::Outcome::Dropped,
        Outcome::Any => return None,
    };
    Some(explain::analysis::outcome(outcome))
}

/// What is claimed of packets, in words: `delivered`, `by way of nat-a`.
pub(crate) fn claims(expected: &Expectation) -> Vec<String> {
    let mut claims: Vec<String> = outcome(expected).into_iter().map(str::to_owned).collect();
    let names = |names: &[egret_control::model::Name]| {
        names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
    };
    claims.extend(expected.by.iter().map(|by| format!("dropped by {}", by.value)));
    claims.extend(expected.reason.iter().map(|reason| format!("for {}", reason.name())));
    claims.extend(expected.code.iter().map(|code| format!("with {}", code.value)));
    if !expected.via.is_empty() {
        claims.push(format!("by way of {}", names(&expected.via)));
    }
    claims.extend(expected.source.iter().map(|source| format!("from {}", source.value)));
    if !expected.rule.is_empty() {
        claims.push(format!("decided by {}", names(&expected.rule)));
    }
    claims
}

/// Whether somebody may have written the number: its neighbours take seventeen digits.
fn is_round(number: f64) -> bool {
    number.to_string().len() < 15
}

/// An expectation of a run in words.
pub(crate) fn run_words(expected: &RunExpectation) -> String {
    let about = match &expected.about {
        About::Traffic(name) => format!("traffic {}", name.value),
        About::Element(name) => format!("element {}", name.value),
        About::Dropped(reason, None) => format!("dropped {}", reason.value),
        About::Dropped(reason, Some(by)) => format!("dropped {} by {}", reason.value, by.value),
    };
    let figures = expected.figures.iter().map(|(figure, bound)| {
        let (least, most) = (bound.least, bound.most);
        let bound = match () {
            () if least == most => format!("{least}"),
            // What is above or below a number begins or ends right beside it.
            () if most == f64::INFINITY && is_round(least) => format!(">= {least}"),
            () if most == f64::INFINITY => format!("> {}", least.next_down()),
            () if least == 0.0 && is_round(most) => format!("<= {most}"),
            () if least == 0.0 => format!("< {}", most.next_up()),
            () => format!("{least}..{most}"),
        };
        format!("{} {bound}", figure.name())
    });
    let figures: Vec<String> = figures.collect();
    if figures.is_empty() { about } else { format!("{about}: {}", figures.join(", ")) }
}

fn differences(world: &World, expected: &RunExpectation, report: &Report) -> Vec<String> {
    let found = |figure: Figure| figure_of(world, &expected.about, figure, report);
    let unmet = expected.figures.iter().filter_map(|(figure, bound)| match found(*figure) {
        Some(value) if bound.holds(value) => None,
        Some(value) => Some(format!("{} is {value}", figure.name())),
        None => Some(match &expected.about {
            About::Element(name) | About::Dropped(_, Some(name))
                if named(world, report, name).is_none() =>
            {
                format!("no element is called {}", name.value)
            }
            _ => format!("there is no {}", figure.name()),
        }),
    });
    unmet.collect()
}

/// The names in the report of what goes by a name; none where nothing does.
fn named(world: &World, report: &Report, name: &str) -> Option<Vec<String>> {
    let snapshot = world.cloud.snapshot();
    let of_element = |element| element_names(snapshot, element);
    let mut names: Vec<String> = explain::elements(snapshot)
        .chain([Element::Dataplane, Element::Internet])
        .map(of_element)
        .filter(|names| names.iter().any(|known| known == name))
        .map(|mut names| names.swap_remove(0))
        .collect();
    // What was there only for a time.
    names.extend(report.elements.iter().map(|e| e.name.clone()).filter(|known| known == name));
    (!names.is_empty()).then_some(names)
}

/// A figure of the report; none where what it is about has no such figure.
fn figure_of(world: &World, about: &About, figure: Figure, report: &Report) -> Option<f64> {
    match about {
        About::Traffic(name) => {
            let traffic = report.traffic.iter().find(|traffic| traffic.name == name.value)?;
            let count = match figure {
                Figure::Attempted => traffic.attempted,
                Figure::Established => traffic.established,
                Figure::Completed => traffic.completed,
                Figure::Failed => traffic.failed.iter().map(|(_, count)| count).sum(),
                Figure::Reset => traffic.resets,
                Figure::TimedOut => traffic.timeouts,
                Figure::Retransmissions => traffic.retransmissions,
                Figure::P99Ms => {
                    let times = traffic.request.or(traffic.connect)?;
                    return Some(times.p99_ns as f64 / 1e6);
                }
                Figure::Packets | Figure::Drops | Figure::PeakPorts => return None,
            };
            Some(count as f64)
        }
        About::Element(name) => {
            let names = named(world, report, name)?;
            let elements = report.elements.iter().filter(|element| names.contains(&element.name));
            let sum = |of: &dyn Fn(&ElementReport) -> u64| elements.clone().map(of).sum::<u64>();
            let count = match figure {
                Figure::Packets => sum(&|element| element.packets_in),
                Figure::Drops => {
                    sum(&|element| element.dropped.iter().map(|(_, count)| count).sum())
                }
                Figure::PeakPorts => elements.clone().filter_map(|e| e.peak_ports).max()?,
                _ => return None,
            };
            Some(count as f64)
        }
        About::Dropped(reason, by) => {
            let snapshot = world.cloud.snapshot();
            if let Some(by) = by {
                named(world, report, by)?;
            }
            let is_by = |element| {
                by.as_ref().is_none_or(|by| element_names(snapshot, element).contains(&by.value))
            };
            let matches =
                |(drop, _): &(Drop, u64)| drop.reason == reason.value && is_by(drop.element);
            let counters = world.cloud.crew().counters();
            let count: u64 = counters.drops().filter(matches).map(|(_, count)| count).sum();
            (figure == Figure::Packets).then_some(count as f64)
        }
    }
}
