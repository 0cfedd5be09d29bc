//! Whether the path that was found is one that was asked for: it ends where it should, passes what it
//! should, and the packet arrives as it should.

use egret_control::explain::{Explanation, Step};
use egret_dataplane::packet::Tuple;
use egret_dataplane::snapshot::{EniId, SgId, Snapshot};
use egret_dataplane::trace::Decision;
use egret_dataplane::verdict::Element;

use super::question::eni;
use crate::account::network_insights::{self as rows, Analysis, Filter, Findings, Path, Thing};
use crate::engine::Running;

/// The ports that a NAT gateway gives (aws-facts §6).
const NAT_PORTS: (u16, u16) = (1_024, u16::MAX);

/// Holds what was found against what was asked for. What was found but not asked for is no path.
pub(super) fn hold(
    running: &Running,
    path: &Path,
    analysis: &Analysis,
    explanation: &Explanation,
    found: &mut Findings,
) {
    if !found.network_path_found {
        return;
    }
    let snapshot = &running.compilation.snapshot;
    let way = Way { running, snapshot, steps: &explanation.forward };
    let mut against = Vec::new();
    // Every other source is where the packet entered.
    let gateway = Some(&path.source).filter(|source| source.starts_with("igw-"));
    let ends = [gateway, path.destination.as_ref()];
    for end in ends.into_iter().flatten().filter(|end| !way.passes(end)) {
        against.push(explained("NO_PATH", end));
    }
    let restricted = |arn: &String| explained("COMPONENT_FILTER_RESTRICTION", id_of(arn));
    let passes = |arn: &&String| way.passes(id_of(arn));
    against.extend(analysis.filter_in.iter().filter(|arn| !passes(arn)).map(restricted));
    against.extend(analysis.filter_out.iter().filter(passes).map(restricted));
    if let (Some(filter), Some(arrived)) = (&path.at_destination, explanation.delivered) {
        let sent = explanation.question.tuple;
        against.extend(arrives_otherwise(filter, sent, arrived).map(|code| {
            let destination = path.destination.as_deref().unwrap_or_default();
            explained(code, destination)
        }));
    }
    found.network_path_found = against.is_empty();
    found.explanations.extend(against);
}

fn explained(code: &str, id: &str) -> rows::Explanation {
    rows::Explanation {
        explanation_code: code.to_owned(),
        component: (!id.is_empty()).then(|| Thing::new(id)),
        ..Default::default()
    }
}

/// The id at the end of an ARN of EC2's.
fn id_of(arn: &str) -> &str {
    match arn.strip_prefix("arn:aws:ec2:") {
        Some(rest) => rest.rsplit('/').next().unwrap_or(rest),
        None => arn,
    }
}

/// The first thing in which the packet arrives otherwise than the filter says.
fn arrives_otherwise(filter: &Filter, sent: Tuple, arrived: Tuple) -> Option<&'static str> {
    let within = |ports: Option<(u16, u16)>, port: u16| {
        ports.is_none_or(|(from, to)| (from..=to).contains(&port))
    };
    // Which port a gateway gives is its own affair: any of them may come.
    let remapped = sent.src != arrived.src
        && filter.source_ports.is_none_or(|(from, to)| from <= NAT_PORTS.1 && to >= NAT_PORTS.0);
    if filter.source.is_some_and(|source| source != arrived.src) {
        return Some("FILTER_AT_DESTINATION_SOURCE_ADDRESS");
    }
    if !remapped && !within(filter.source_ports, arrived.src_port) {
        return Some("FILTER_AT_DESTINATION_SOURCE_PORT_RANGE");
    }
    if filter.destination.is_some_and(|destination| destination != arrived.dst) {
        return Some("FILTER_AT_DESTINATION_DESTINATION_ADDRESS");
    }
    let ports = within(filter.destination_ports, arrived.dst_port);
    (!ports).then_some("FILTER_AT_DESTINATION_DESTINATION_PORT_RANGE")
}

struct Way<'a> {
    running: &'a Running,
    snapshot: &'a Snapshot,
    steps: &'a [Step],
}

impl Way<'_> {
    /// Whether the packet passes what has that id, or that ARN of a service.
    fn passes(&self, id: &str) -> bool {
        if id.starts_with("arn:") {
            let mut services = self.running.model.services.iter();
            let service = services.find(|service| service.arn.as_deref() == Some(id));
            return service.is_some_and(|service| self.has(&service.id.value));
        }
        self.has(id)
    }

    fn has(&self, id: &str) -> bool {
        let eni = id.starts_with("eni-").then(|| eni(self.snapshot, id)).flatten();
        self.steps.iter().any(|step| {
            step.name == id || (eni.is_some() && eni_of(step) == eni) || self.is_at(step, id)
        })
    }

    /// Whether a step is at what is no element of its own: a subnet, a group, an attachment.
    fn is_at(&self, step: &Step, id: &str) -> bool {
        let snapshot = self.snapshot;
        let subnet = step.hop.subnet.is_some_and(|subnet| *snapshot[subnet].name == *id);
        let group = match step.hop.element {
            Element::SecurityGroup(eni) => {
                let is = |group: &SgId| *snapshot[*group].name == *id;
                snapshot[eni].security_groups.iter().any(is)
            }
            _ => false,
        };
        subnet || group || self.attachment(step).is_some_and(|attachment| attachment == id)
    }

    /// The attachment that a transit gateway's route leads to.
    fn attachment(&self, step: &Step) -> Option<&str> {
        let Decision::TransitGatewayRoute { table, route: Some(route) } = step.hop.decision else {
            return None;
        };
        let Element::TransitGateway(gateway) = step.hop.element else { return None };
        let to = self.snapshot[gateway].route_tables[table].routes[route].attachment?;
        Some(&self.snapshot[to].name)
    }
}

/// The interface that a step is at.
fn eni_of(step: &Step) -> Option<EniId> {
    match step.hop.element {
        Element::HyperplaneEni(eni)
        | Element::NetworkInterface(eni)
        | Element::SecurityGroup(eni) => Some(eni),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use egret_dataplane::packet::Protocol;

    use super::*;

    #[test]
    fn a_packet_arrives_as_it_should() {
        let (sent, nat) = (Ipv4Addr::new(10, 0, 0, 5), Ipv4Addr::new(198, 51, 100, 1));
        let dst = Ipv4Addr::new(203, 0, 113, 1);
        let tuple =
            |src, src_port| Tuple { src, dst, src_port, dst_port: 443, protocol: Protocol::TCP };
        let says =
            |filter: Filter, arrived| arrives_otherwise(&filter, tuple(sent, 40_000), arrived);
        let ports = |ports| Filter { source_ports: Some(ports), ..Filter::default() };
        assert_eq!(says(Filter::default(), tuple(sent, 40_000)), None);
        // A gateway may give any of its ports, and no other.
        assert_eq!(says(ports((2_000, 2_000)), tuple(nat, 5_000)), None);
        let port = Some("FILTER_AT_DESTINATION_SOURCE_PORT_RANGE");
        assert_eq!(says(ports((1, 1_000)), tuple(nat, 5_000)), port);
        assert_eq!(says(ports((2_000, 2_000)), tuple(sent, 40_000)), port);
        let source = Filter { source: Some(sent), ..Filter::default() };
        assert_eq!(says(source, tuple(nat, 5_000)), Some("FILTER_AT_DESTINATION_SOURCE_ADDRESS"));
    }

    #[test]
    fn an_arn_ends_in_an_id() {
        assert_eq!(id_of("arn:aws:ec2:us-east-1:1:natgateway/nat-1"), "nat-1");
        let service = "arn:aws:apprunner:us-east-1:1:service/web/1";
        assert_eq!((id_of(service), id_of("nat-1")), (service, "nat-1"));
    }
}
