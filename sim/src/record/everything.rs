//! Everything that services send.

use egret_control::source::{Place, Sourced};
use egret_dataplane::packet::Protocol as IpProtocol;
use egret_verify::space::{Span, has_ports};
use egret_verify::words::traffic;
use indexmap::IndexMap;

use super::targets::{RESOLVER, Targets};
use super::{Arrival, Group, Recording, Seen, depends_on_source_port, protocol};
use crate::scenario::{Expectation, Outcome, Target};

/// Packets of one protocol.
pub(super) struct Packets<'a> {
    pub(super) protocol: IpProtocol,
    pub(super) destinations: &'a [Span<u32>],
    pub(super) ports: &'a [Span<u16>],
}

/// Adds what is expected of a group: what arrives, then what does not.
pub(super) fn record(group: &Group<'_>, recording: &mut Recording) {
    let targets = Targets::new(group);
    let mut dropped: IndexMap<(Vec<usize>, IpProtocol), Vec<Expectation>> = IndexMap::new();
    for row in &group.rows {
        for protocol in &row.protocols {
            let packets =
                Packets { protocol: *protocol, destinations: &row.destinations, ports: &row.ports };
            if depends_on_source_port(row) {
                recording.leave_out(
                    group,
                    &packets,
                    "depends on the source port of its translator",
                );
                continue;
            }
            for (seen, zones) in group.zones(row) {
                let from = || group.from(&zones);
                match seen {
                    Seen::Arrives(arrival) => {
                        recording.expectations.push(arrives(&targets, from(), &packets, arrival));
                    }
                    Seen::Dropped => {
                        let drops = dropped.entry((zones.clone(), *protocol)).or_default();
                        drops.push(drop(&targets, from(), &packets));
                    }
                    Seen::LinkLocal => {
                        recording.expectations.extend(resolver(&targets, from(), &packets))
                    }
                    Seen::Varies => recording.leave_out(group, &packets, "varies by chance"),
                }
            }
        }
    }
    recording.expectations.extend(dropped.into_values().flatten());
}

impl Recording {
    pub(super) fn leave_out(&mut self, group: &Group<'_>, packets: &Packets<'_>, why: &str) {
        let (names, traffic) =
            (group.pair.names.join(", "), traffic(&[packets.protocol], packets.ports));
        let sentence = format!("{names}: what becomes of {traffic} to some addresses {why}");
        if !self.left_out.contains(&sentence) {
            self.left_out.push(sentence);
        }
    }
}

pub(super) fn arrives(
    targets: &Targets<'_>,
    from: Vec<String>,
    packets: &Packets<'_>,
    arrival: &Arrival,
) -> Expectation {
    let (to, except) = targets.of(packets.destinations);
    let outcome = match arrival.unanswered {
        None => Outcome::Delivered,
        Some(_) => Outcome::NoReply,
    };
    let (reason, by) = arrival.unanswered.clone().unzip();
    Expectation {
        via: arrival.via.iter().cloned().map(Sourced::implied).collect(),
        source: arrival.source.map(Sourced::implied),
        reason: reason.map(Sourced::implied),
        by: by.map(Sourced::implied),
        ..expectation(from, (to, except), packets, outcome)
    }
}

fn drop(targets: &Targets<'_>, from: Vec<String>, packets: &Packets<'_>) -> Expectation {
    expectation(from, targets.but_link_local(packets.destinations), packets, Outcome::Dropped)
}

/// That the resolver answers, if it is among these.
fn resolver(
    targets: &Targets<'_>,
    from: Vec<String>,
    packets: &Packets<'_>,
) -> Option<Expectation> {
    const DNS: u16 = 53;
    let asked = packets.ports.iter().any(|span| span.contains(DNS));
    let is_dns = packets.protocol == IpProtocol::UDP && asked;
    (is_dns && targets.has_resolver(packets.destinations)).then(|| {
        let packets = Packets { ports: &[Span::one(DNS)], ..*packets };
        expectation(from, (vec![RESOLVER.to_owned()], Vec::new()), &packets, Outcome::Delivered)
    })
}

pub(super) fn expectation(
    from: Vec<String>,
    (to, except): (Vec<String>, Vec<String>),
    packets: &Packets<'_>,
    outcome: Outcome,
) -> Expectation {
    let ports: Vec<Option<(u16, u16)>> = match has_ports(packets.protocol) {
        true => packets.ports.iter().map(|span| Some((span.first, span.last))).collect(),
        false => vec![None],
    };
    let of = |host: &String| -> Vec<Target> {
        ports.iter().map(|ports| Target { host: host.clone(), ports: *ports }).collect()
    };
    Expectation {
        name: None,
        from: from.into_iter().map(Sourced::implied).collect(),
        to: to.iter().flat_map(of).map(Sourced::implied).collect(),
        except: except.into_iter().map(Sourced::implied).collect(),
        protocol: protocol(packets.protocol),
        outcome: Sourced::implied(outcome),
        by: None,
        reason: None,
        code: None,
        via: Vec::new(),
        source: None,
        place: Place::NOWHERE,
    }
}
