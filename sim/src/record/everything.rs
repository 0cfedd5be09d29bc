//! Everything that services send.

use egret_control::source::{Place, Sourced};
use egret_dataplane::packet::Protocol as IpProtocol;
use egret_verify::space::{Span, has_ports, join};
use egret_verify::survey::{Row, Traffic};
use egret_verify::words::traffic;
use indexmap::IndexMap;

use super::targets::{RESOLVER, Targets};
use super::{Arrival, Group, Recording, Seen, depends_on_source_port, protocol, sayable};
use crate::scenario::{Expectation, Outcome, Target};

/// Packets of one protocol.
#[derive(Clone, Copy)]
pub(super) struct Packets<'a> {
    pub(super) protocol: IpProtocol,
    pub(super) destinations: &'a [Span<u32>],
    pub(super) ports: &'a [Span<u16>],
}

/// Adds what is expected of a group: what arrives, then what does not.
pub(super) fn record(group: &Group<'_>, recording: &mut Recording) {
    let targets = Targets::new(group);
    let mut dropped = Dropped::new();
    for row in &group.rows {
        // Of protocols that nothing in the configuration names, nobody expects anything.
        let is_named = |protocol: &&IpProtocol| !row.traffic.others.contains(protocol);
        for protocol in row.traffic.protocols.iter().filter(is_named) {
            let ports = row.traffic.ports(*protocol);
            let packets = Packets { protocol: *protocol, destinations: &row.destinations, ports };
            if depends_on_source_port(row) {
                let why = "depends on the source port of its translator";
                recording.leave_out(&targets, &packets, why);
                continue;
            }
            for (seen, zones) in group.zones(row) {
                match seen {
                    Seen::Arrives(arrival) => {
                        for ports in sayable(*protocol, ports) {
                            let (from, packets) =
                                (group.from(&zones), Packets { ports: &ports, ..packets });
                            recording.expect(arrives(&targets, from, &packets, arrival));
                        }
                    }
                    Seen::Dropped => dropped.entry((zones, *protocol)).or_default().push(row),
                    Seen::LinkLocal => {
                        let expected = resolver(&targets, group.from(&zones), &packets);
                        expected.into_iter().for_each(|expected| recording.expect(expected));
                    }
                    Seen::Varies => recording.leave_out(&targets, &packets, "varies by chance"),
                    Seen::Inconclusive(name) => recording.wait(&targets, &packets, name),
                }
            }
        }
    }
    record_dropped(group, &targets, &dropped, recording);
}

/// Rows of what is dropped, by the zones from which it is, and by protocol.
type Dropped<'r> = IndexMap<(Vec<usize>, IpProtocol), Vec<&'r Row<Vec<Seen>>>>;

fn record_dropped(
    group: &Group<'_>,
    targets: &Targets<'_>,
    dropped: &Dropped<'_>,
    recording: &mut Recording,
) {
    for ((zones, protocol), rows) in dropped {
        for (destinations, ports) in by_ports(rows, *protocol) {
            for ports in sayable(*protocol, &ports) {
                let packets =
                    Packets { protocol: *protocol, destinations: &destinations, ports: &ports };
                for to in targets.of_dropped(&destinations) {
                    let from = group.from(zones);
                    recording.expect(expectation(from, to, &packets, Outcome::Dropped));
                }
            }
        }
    }
}

/// Destinations, and ports of each of them.
type Product = (Vec<Span<u32>>, Vec<Span<u16>>);

/// The packets of rows, with all destinations of a port together: what is dropped is dropped at most
/// ports for most destinations.
fn by_ports(rows: &[&Row<Vec<Seen>>], protocol: IpProtocol) -> Vec<Product> {
    let spans = || rows.iter().flat_map(|row| row.traffic.ports(protocol));
    let begins = spans().map(|span| span.first);
    let mut begins: Vec<u16> =
        begins.chain(spans().filter_map(|span| span.last.checked_add(1))).collect();
    begins.sort_unstable();
    begins.dedup();
    let mut found: IndexMap<Vec<Span<u32>>, Vec<Span<u16>>> = IndexMap::new();
    for (at, first) in begins.iter().enumerate() {
        let last = begins.get(at + 1).map_or(u16::MAX, |next| next - 1);
        let has =
            |row: &&&Row<_>| row.traffic.ports(protocol).iter().any(|span| span.contains(*first));
        let here = rows.iter().filter(has);
        let destinations =
            in_order(here.flat_map(|row| row.destinations.iter().copied()).collect());
        // What is after the last port of all has no destination.
        if !destinations.is_empty() {
            join(found.entry(destinations).or_default(), Span::new(*first, last));
        }
    }
    found.into_iter().collect()
}

/// The same numbers, in order, with neighbours together.
fn in_order(mut spans: Vec<Span<u32>>) -> Vec<Span<u32>> {
    spans.sort_unstable();
    let mut joined = Vec::new();
    spans.into_iter().for_each(|span| join(&mut joined, span));
    joined
}

impl Recording {
    /// Says what is not expected, and why not.
    pub(super) fn leave_out(&mut self, targets: &Targets<'_>, packets: &Packets<'_>, why: &str) {
        let traffic = traffic(&Traffic::of(packets.protocol, packets.ports.to_vec()));
        let to = match targets.of(packets.destinations) {
            (to, but) if to.len() + but.len() > SHOWN => "some addresses".to_owned(),
            (to, but) if but.is_empty() => to.join(", "),
            (to, but) => format!("{} but {}", to.join(", "), but.join(", ")),
        };
        let sentence =
            format!("{}: what becomes of {traffic} to {to} {why}", targets.senders().join(", "));
        if !self.left_out.contains(&sentence) {
            self.left_out.push(sentence);
        }
    }

    /// Says what is not expected, as it waits for what is called so.
    pub(super) fn wait(&mut self, targets: &Targets<'_>, packets: &Packets<'_>, name: &str) {
        self.leave_out(targets, packets, &format!("depends on what is not known: {name}"));
        if !self.waits_for.iter().any(|known| known == name) {
            self.waits_for.push(name.to_owned());
        }
    }
}

/// So many names and blocks a comment lists.
const SHOWN: usize = 6;

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
        protocol: protocol(packets.protocol, packets.ports),
        outcome: Sourced::implied(outcome),
        by: None,
        reason: None,
        code: None,
        via: Vec::new(),
        source: None,
        rule: Vec::new(),
        not: None,
        place: Place::NOWHERE,
    }
}
