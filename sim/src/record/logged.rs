//! What flow logs have seen services send.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use egret_dataplane::packet::Protocol as IpProtocol;
use egret_dataplane::snapshot::{Egress, EniId, EniOwner, Interface, Snapshot};
use egret_verify::senders::Sender;
use egret_verify::space::{Span, has_ports};
use egret_verify::survey::Row;
use indexmap::IndexMap;

use super::everything::{Packets, arrives, expectation};
use super::targets::Targets;
use super::{Group, Recording, Seen, depends_on_source_port};
use crate::flow_logs::read::{Action, Record, Status};
use crate::scenario::Outcome;

/// So many addresses without a name are listed; of more, all that fare like them are expected to.
const FEW: usize = 8;
/// Flows that are kept in mind.
const FLOWS: usize = 1_000_000;

/// The flows of shared ENIs, as logs have them: nothing in a VPC opens a connection to a task, so
/// whatever such an ENI sends, a task has begun.
#[derive(Clone, Debug, Default)]
pub struct Logged {
    flows: BTreeMap<EniId, BTreeSet<Flow>>,
    /// Records about packets that no shared ENI has sent: answers, hosts, gateways.
    pub others: u64,
    /// Records about flows beyond the first million.
    pub beyond: u64,
    count: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Flow {
    protocol: u8,
    port: u16,
    dst: u32,
    accept: bool,
}

impl Logged {
    /// Takes note of a record.
    pub fn see(&mut self, snapshot: &Snapshot, record: &Record<'_>) {
        if record.status != Status::Ok {
            return;
        }
        match sent(snapshot, record) {
            None => self.others += 1,
            Some(_) if self.count >= FLOWS => self.beyond += 1,
            Some((eni, flow)) => {
                self.count += usize::from(self.flows.entry(eni).or_default().insert(flow));
            }
        }
    }

    /// Whether nothing was seen of services.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// Adds what was seen of a group.
    pub(super) fn record(&self, group: &Group<'_>, recording: &mut Recording) {
        let targets = Targets::new(group);
        let of_zone: Vec<BTreeSet<Flow>> =
            group.pair.new.iter().map(|sender| self.of(group.snapshot, sender)).collect();
        for row in &group.rows {
            for (seen, zones) in group.zones(row) {
                let flows = || zones.iter().flat_map(|zone| &of_zone[*zone]);
                for protocol in &row.traffic.protocols {
                    let of_row = |flow: &&Flow| flow.protocol == protocol.0 && has(row, flow);
                    let seen = Sight { group, targets: &targets, row, seen, zones: &zones };
                    seen.record(*protocol, flows().filter(of_row), recording);
                }
            }
        }
    }

    /// What the shared ENIs of a sender's zone have sent.
    fn of(&self, snapshot: &Snapshot, sender: &Sender) -> BTreeSet<Flow> {
        let enis = match snapshot[sender.origin.interface] {
            Interface::Task(task) => match &snapshot[snapshot[task].service].egress {
                Egress::Vpc { enis, .. } => &enis[..],
                Egress::Default => &[],
            },
            _ => &[],
        };
        let zone = |eni: &EniId| &*snapshot.zones[snapshot[snapshot[*eni].subnet].zone.0 as usize];
        let own = enis.iter().filter(|eni| Some(zone(eni)) == sender.zone.as_deref());
        own.filter_map(|eni| self.flows.get(eni)).flatten().copied().collect()
    }
}

/// The shared ENI that sent the packets of a record, and their flow. Only TCP and UDP have ports, by
/// which flows are told apart.
fn sent(snapshot: &Snapshot, record: &Record<'_>) -> Option<(EniId, Flow)> {
    let v4 = |address: Option<IpAddr>| match address {
        Some(IpAddr::V4(address)) => Some(address),
        _ => None,
    };
    let src = v4(record.pkt_src.or(record.src))?;
    let dst = v4(record.pkt_dst.or(record.dst))?;
    let protocol = record.protocol?;
    let flow = Flow {
        protocol,
        port: record.dst_port.filter(|_| has_ports(IpProtocol(protocol)))?,
        dst: dst.to_bits(),
        accept: record.action? == Action::Accept,
    };
    let eni = shared(snapshot, src, record.interface_id)?;
    // A hop further on sees the same packets: their own interface is asked.
    let is_own = record.interface_id.is_none_or(|id| id == &*snapshot[eni].name)
        || !snapshot.enis.iter().any(|eni| Some(&*eni.name) == record.interface_id);
    is_own.then_some((eni, flow))
}

/// The shared ENI that has an address; where VPCs have the same addresses, the one that is called so.
fn shared(snapshot: &Snapshot, address: Ipv4Addr, id: Option<&str>) -> Option<EniId> {
    let having = || {
        let known = snapshot.vpcs.iter().flat_map(|vpc| &vpc.addresses);
        let having = known.filter(|(known, _)| *known == address).map(|(_, eni)| *eni);
        having.filter(|eni| snapshot[*eni].owner == EniOwner::Hyperplane)
    };
    having().find(|eni| Some(&*snapshot[*eni].name) == id).or_else(|| having().next())
}

fn has(row: &Row<Vec<Seen>>, flow: &Flow) -> bool {
    let ports = row.traffic.ports(IpProtocol(flow.protocol));
    ports.iter().any(|span| span.contains(flow.port)) && contains(&row.destinations, flow.dst)
}

/// Whether spans, which are in order, have an address.
fn contains(spans: &[Span<u32>], address: u32) -> bool {
    let at = spans.partition_point(|span| span.last < address);
    spans.get(at).is_some_and(|span| span.contains(address))
}

/// Whether flows were accepted, and where they went.
type Alike = (bool, Vec<Span<u32>>);

/// What was seen from some zones of packets that fare alike.
struct Sight<'a> {
    group: &'a Group<'a>,
    targets: &'a Targets<'a>,
    row: &'a Row<Vec<Seen>>,
    seen: &'a Seen,
    zones: &'a [usize],
}

impl Sight<'_> {
    fn record<'f>(
        &self,
        protocol: IpProtocol,
        flows: impl Iterator<Item = &'f Flow>,
        recording: &mut Recording,
    ) {
        let mut of_port: BTreeMap<(bool, u16), BTreeSet<u32>> = BTreeMap::new();
        for flow in flows {
            of_port.entry((flow.accept, flow.port)).or_default().insert(flow.dst);
        }
        let mut alike: IndexMap<Alike, Vec<Span<u16>>> = IndexMap::new();
        for ((accept, port), addresses) in of_port {
            let key = (accept, self.destinations(&addresses));
            alike.entry(key).or_default().push(Span::one(port));
        }
        for ((accept, destinations), ports) in alike {
            let packets = Packets { protocol, destinations: &destinations, ports: &ports };
            self.add(&packets, accept, recording);
        }
    }

    /// These addresses or, where too many have no name, all that fare like them.
    fn destinations(&self, addresses: &BTreeSet<u32>) -> Vec<Span<u32>> {
        let unnamed = addresses.iter().filter(|address| self.targets.name(**address).is_none());
        match unnamed.count() > FEW {
            true => self.row.destinations.clone(),
            false => addresses.iter().copied().map(Span::one).collect(),
        }
    }

    fn add(&self, packets: &Packets<'_>, accept: bool, recording: &mut Recording) {
        let from = self.group.from(self.zones);
        if depends_on_source_port(self.row) {
            let why = "depends on the source port of its translator";
            return recording.leave_out(self.targets, packets, why);
        }
        match self.seen {
            Seen::Arrives(_) if !accept => {
                let why = "has changed: it was refused when it was logged, and arrives now";
                recording.leave_out(self.targets, packets, why);
            }
            Seen::Arrives(arrival) => {
                recording.expect(arrives(self.targets, from, packets, arrival));
            }
            Seen::Dropped => {
                let to = self.targets.of(packets.destinations);
                recording.expect(expectation(from, to, packets, Outcome::Dropped));
                if accept {
                    let why = "may have changed: its interface accepted it when it was logged, and \
                               it is dropped now, there or further on";
                    recording.leave_out(self.targets, packets, why);
                }
            }
            // No log has these, and no rule is asked.
            Seen::LinkLocal => {}
            Seen::Varies => recording.leave_out(self.targets, packets, "varies by chance"),
            Seen::Inconclusive(name) => recording.wait(self.targets, packets, name),
        }
    }
}
