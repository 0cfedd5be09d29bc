//! What came of it.

use std::collections::BTreeSet;

use egret_control::index::Index;
use egret_control::source::Place;
use egret_dataplane::packet::Tuple;
use egret_dataplane::snapshot::{EniId, Snapshot, VpcId};
use egret_dataplane::verdict::{Drop, Element};
use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::{Carried, Rule};

/// What logged flows use, and where the log and the configuration differ.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was made of the records.
    pub counts: Counts,
    /// Everything that somebody wrote or that was used, in the order of the configuration.
    pub lines: Vec<Line>,
    /// What went otherwise then than it would now.
    pub contradictions: Vec<Contradiction>,
}

/// What was made of the records: each is counted once, but for those of unknown hosts, which are counted
/// as flows or answers, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Flows, where they open.
    pub flows: u64,
    /// The same flows, or others, where they arrive or are passed on.
    pub received: u64,
    /// Answers.
    pub answers: u64,
    /// Hops further on, of which the log does not say whose flow it is.
    pub further: u64,
    /// Packets that were refused and belonged to no connection any more.
    pub late: u64,
    /// Flows to hosts that the configuration does not have, and that were answered.
    pub unknown_hosts: u64,
    /// Records whose sender the configuration does not have; not judged.
    pub unknown_senders: u64,
    /// Records of interfaces that the configuration does not have; not judged.
    pub unknown_interface: u64,
    /// Some of these interfaces.
    pub unknown_interfaces: BTreeSet<String>,
    /// Records of IPv6, which is not judged.
    pub ipv6: u64,
    /// Records without an address, a port, a protocol or an action; not judged.
    pub unread: u64,
}

/// How much something carried.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// What.
    pub rule: Rule,
    /// Where it was written.
    pub place: Option<Place>,
    /// How much.
    pub carried: Carried,
    /// Whether any interface is logged whose packets could have used it.
    pub observed: bool,
}

/// What went otherwise then than it would now.
#[derive(Clone, Debug)]
pub struct Contradiction {
    /// The interface that saw it.
    pub interface: String,
    /// Whether it left there.
    pub egress: bool,
    /// What would drop it now; `None`, if it was refused then.
    pub drop: Option<Drop>,
    /// What decides now.
    pub rule: Option<Rule>,
    /// How much it was.
    pub carried: Carried,
    /// The first of it.
    pub example: Example,
}

/// One of many packets, as the log has it.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Its addresses and ports.
    pub tuple: Tuple,
    /// When, in Unix seconds.
    pub start: Option<u64>,
}

/// What is told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) eni: EniId,
    pub(super) egress: bool,
    pub(super) drop: Option<Drop>,
    pub(super) rule: Option<Rule>,
}

pub(super) fn lines(
    snapshot: &Snapshot,
    index: &Index,
    logged: &[bool],
    used: &IndexMap<Rule, Carried, FixedState>,
) -> Vec<Line> {
    let all = Rule::all(snapshot, index).into_iter();
    let lines = all.map(|(rule, place)| {
        let carried = used.get(&rule).copied().unwrap_or_default();
        let observed = carried.flows > 0 || is_observed(snapshot, logged, rule);
        Line { rule, place, carried, observed }
    });
    // What AWS adds by itself is nobody's to remove.
    let is_own = |line: &Line| match line.rule {
        Rule::Element(_) => true,
        Rule::TransitGateway(tgw, table, route) => {
            !snapshot[tgw].route_tables[table].routes[route].propagated
        }
        _ => line.place.is_some(),
    };
    lines.filter(|line| line.carried.flows > 0 || is_own(line)).collect()
}

/// Whether an interface is logged whose packets could use a rule: one that has the group; one in a
/// subnet that has the ACL or the table, or any of its VPC where a gateway's subnet has it.
fn is_observed(snapshot: &Snapshot, logged: &[bool], rule: Rule) -> bool {
    let enis = || (0..snapshot.enis.len() as u32).map(EniId).filter(|eni| logged[eni.0 as usize]);
    let in_vpc = |vpc: VpcId| enis().any(|eni| snapshot.vpc_of(eni) == vpc);
    match rule {
        Rule::SecurityGroup(group, ..) => {
            enis().any(|eni| snapshot[eni].security_groups.contains(&group))
        }
        Rule::NetworkAcl(acl, ..) => {
            let mut subnets = snapshot.subnets.iter().filter(|subnet| subnet.network_acl == acl);
            subnets.any(|subnet| in_vpc(subnet.vpc))
        }
        Rule::Route(table, _) => {
            let mut subnets = snapshot.subnets.iter().filter(|subnet| subnet.route_table == table);
            subnets.any(|subnet| in_vpc(subnet.vpc))
        }
        Rule::Element(Element::VpcEndpoint(endpoint)) => in_vpc(snapshot[endpoint].vpc),
        Rule::Element(Element::NatGateway(nat)) => in_vpc(snapshot.vpc_of(snapshot[nat].eni)),
        Rule::Element(Element::Peering(peering)) => {
            snapshot[peering].vpcs.iter().any(|vpc| in_vpc(*vpc))
        }
        Rule::Element(_) | Rule::TransitGateway(..) => true,
    }
}
