//! An explanation in the shape of Reachability Analyzer's `NetworkInsightsAnalysis` (EC2 API), with
//! what Egret knows beyond it under `Egret`.

use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::{AclId, RouteKey, RouteTarget, SgId, Snapshot, Traffic};
use egret_dataplane::trace::{Decision, Direction};
use egret_dataplane::verdict::{DropReason, Element};
use serde_json::{Map, Value, json};

use super::words::{name, traffic_words};
use super::{Denial, Explanation, Outcome, Step, World};

/// The analysis as JSON.
pub fn json(world: World<'_>, explanation: &Explanation) -> Value {
    let components = |steps: &[Step]| {
        let steps = steps.iter().enumerate();
        steps.map(|(number, step)| component(world, number + 1, step)).collect::<Vec<_>>()
    };
    let explanations: Vec<Value> = explanation.denials.iter().map(explanation_of).collect();
    let question = &explanation.question;
    let mut analysis = json!({
        "Status": "succeeded",
        "NetworkPathFound": explanation.outcome == Outcome::Delivered,
        "ForwardPathComponents": components(&explanation.forward),
        "ReturnPathComponents": components(&explanation.back),
        "Explanations": explanations,
        "Egret": {
            "From": question.from_label,
            "To": question.to_label,
            "Traffic": super::traffic_of(question),
            "Outcome": outcome(explanation.outcome),
            "SourceSeen": explanation.source().map(|source| source.to_string()),
            "Notes": explanation.notes,
        },
    });
    if let Some(unknown) = &explanation.waits_for {
        analysis["NetworkPathFound"] = Value::Null;
        analysis["WarningMessage"] = format!("This depends on {}.", unknown.name).into();
        analysis["Egret"]["WaitsFor"] = unknown.name.clone().into();
    }
    analysis
}

/// The word for an outcome, as expectations use it.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered => "delivered",
        Outcome::NoReply => "no-reply",
        Outcome::Dropped => "dropped",
    }
}

/// A `PathComponent`.
fn component(world: World<'_>, number: usize, step: &Step) -> Value {
    let snapshot = world.snapshot;
    let mut component = Map::new();
    component.insert("SequenceNumber".into(), number.into());
    component.insert("Component".into(), json!({ "Id": step.name, "Name": step.kind }));
    // In AWS's answer only the first component has an inbound header.
    if number == 1 {
        component.insert("InboundHeader".into(), header(step.hop.before));
    }
    component.insert("OutboundHeader".into(), header(step.hop.after));
    if let Some(subnet) = step.hop.subnet {
        let (subnet, vpc) = (&snapshot[subnet].name, &snapshot[snapshot[subnet].vpc].name);
        component.insert("Subnet".into(), json!({ "Id": subnet.to_string() }));
        component.insert("Vpc".into(), json!({ "Id": vpc.to_string() }));
    }
    match step.hop.decision {
        Decision::SecurityGroupRule { group, egress, rule } => {
            let rule = security_group_rule(snapshot, group, egress, rule);
            component.insert("SecurityGroupRule".into(), rule);
        }
        Decision::AclEntry { acl, egress, entry } => {
            component.insert("AclRule".into(), acl_rule(snapshot, acl, egress, entry));
        }
        Decision::Route { table, route: Some(route) } => {
            let route = snapshot[table].routes[route];
            component
                .insert("RouteTableRoute".into(), self::route(snapshot, route.key, route.target));
        }
        Decision::TransitGatewayRoute { table, route: Some(route) } => {
            if let Element::TransitGateway(tgw) = step.hop.element {
                let route = snapshot[tgw].route_tables[table].routes[route];
                let state = if route.attachment.is_some() { "active" } else { "blackhole" };
                let kind = if route.propagated { "propagated" } else { "static" };
                let attachment = route.attachment.map(|to| snapshot[to].name.to_string());
                component.insert(
                    "TransitGatewayRouteTableRoute".into(),
                    json!({
                        "DestinationCidr": route.cidr.to_string(),
                        "State": state,
                        "RouteOrigin": kind,
                        "AttachmentId": attachment,
                    }),
                );
            }
        }
        _ => {}
    }
    if let Some(denial) = &step.denial {
        component.insert("Explanations".into(), json!([explanation_of(denial)]));
    }
    let place = step.place.and_then(|place| world.sources.display(place));
    component.insert("Egret".into(), json!({ "Text": step.text, "Place": place }));
    Value::Object(component)
}

/// An `Explanation`.
fn explanation_of(denial: &Denial) -> Value {
    let forward = matches!(denial.direction, Direction::Forward);
    let mut value = json!({
        "ExplanationCode": denial.drop.reason.code(),
        "Direction": direction(denial.drop.reason, forward),
        "Component": { "Id": denial.name, "Name": denial.kind },
        "Egret": {
            "Reason": denial.drop.reason.name(),
            "Sentence": denial.drop.reason.sentence(),
            "Way": if forward { "forward" } else { "return" },
            "Tried": denial.tried,
            "Mend": denial.mend,
        },
    });
    if let Some(member) = member(denial.drop.element) {
        value[member] = json!({ "Id": denial.name });
    }
    value
}

/// The direction of the rules that decided; where none did, that of the packet.
fn direction(reason: DropReason, forward: bool) -> &'static str {
    use DropReason::*;
    match reason {
        SecurityGroupEgress | SecurityGroupEgressEmpty | NetworkAclEgress => "egress",
        SecurityGroupIngress
        | SecurityGroupIngressEmpty
        | SecurityGroupReferenceLost
        | SecurityGroupReferenceTransit
        | NetworkAclIngress => "ingress",
        _ if forward => "egress",
        _ => "ingress",
    }
}

/// The member of an `Explanation` that names such an element.
fn member(element: Element) -> Option<&'static str> {
    match element {
        Element::SecurityGroup(_) => Some("SecurityGroup"),
        Element::NetworkAcl(_) => Some("Acl"),
        Element::RouteTable(_) => Some("RouteTable"),
        Element::NatGateway(_) => Some("NatGateway"),
        Element::InternetGateway(_) => Some("InternetGateway"),
        Element::VpcEndpoint(_) => Some("VpcEndpoint"),
        Element::Peering(_) => Some("VpcPeeringConnection"),
        Element::TransitGateway(_) => Some("TransitGateway"),
        Element::NetworkInterface(_) | Element::HyperplaneEni(_) => Some("NetworkInterface"),
        _ => None,
    }
}

fn header(tuple: Tuple) -> Value {
    let mut header = json!({
        "Protocol": tuple.protocol.0.to_string(),
        "SourceAddresses": [format!("{}/32", tuple.src)],
        "DestinationAddresses": [format!("{}/32", tuple.dst)],
    });
    if matches!(tuple.protocol, Protocol::TCP | Protocol::UDP) {
        header["SourcePortRanges"] = json!([{ "From": tuple.src_port, "To": tuple.src_port }]);
        header["DestinationPortRanges"] = json!([{ "From": tuple.dst_port, "To": tuple.dst_port }]);
    }
    header
}

fn security_group_rule(snapshot: &Snapshot, group: SgId, egress: bool, rule: usize) -> Value {
    use egret_dataplane::snapshot::Peer;
    let item = &snapshot[group];
    let rule = if egress { item.egress[rule] } else { item.ingress[rule] };
    let mut value = json!({
        "Direction": if egress { "egress" } else { "ingress" },
        "SecurityGroupId": item.name.to_string(),
    });
    match rule.peer {
        Peer::Cidr(cidr) => value["Cidr"] = cidr.to_string().into(),
        Peer::PrefixList(list) => value["PrefixListId"] = snapshot[list].name.to_string().into(),
        Peer::Group(group) => value["ReferencedGroupId"] = snapshot[group].name.to_string().into(),
        Peer::Stale => {}
    }
    add_traffic(&mut value, rule.traffic);
    value
}

fn acl_rule(snapshot: &Snapshot, acl: AclId, egress: bool, entry: Option<usize>) -> Value {
    let item = &snapshot[acl];
    let entries = if egress { &item.egress } else { &item.ingress };
    let Some(entry) = entry.map(|entry| entries[entry]) else {
        return json!({
            "Cidr": "0.0.0.0/0", "Egress": egress, "Protocol": "all",
            "RuleAction": "deny", "RuleNumber": 32_767,
        });
    };
    let mut value = json!({
        "Cidr": entry.cidr.to_string(),
        "Egress": egress,
        "RuleAction": if entry.allow { "allow" } else { "deny" },
        "RuleNumber": entry.number,
    });
    add_traffic(&mut value, entry.traffic);
    value
}

fn add_traffic(value: &mut Value, traffic: Traffic) {
    let (protocol, ports) = match traffic {
        Traffic::All => ("all".to_owned(), None),
        Traffic::Tcp(from, to) => ("tcp".to_owned(), Some((from, to))),
        Traffic::Udp(from, to) => ("udp".to_owned(), Some((from, to))),
        Traffic::Icmp(..) => (traffic_words(traffic), None),
        Traffic::Protocol(protocol) => (protocol.0.to_string(), None),
    };
    value["Protocol"] = protocol.into();
    if let Some((from, to)) = ports {
        value["PortRange"] = json!({ "From": from, "To": to });
    }
}

fn route(snapshot: &Snapshot, key: RouteKey, target: RouteTarget) -> Value {
    let mut value = match key {
        RouteKey::Cidr(cidr) => json!({ "DestinationCidr": cidr.to_string() }),
        RouteKey::PrefixList(list) => {
            json!({ "DestinationPrefixListId": snapshot[list].name.to_string() })
        }
    };
    let (member, element) = match target {
        RouteTarget::Local => ("GatewayId", None),
        RouteTarget::InternetGateway(id) => ("GatewayId", Some(Element::InternetGateway(id))),
        RouteTarget::NatGateway(id) => ("NatGatewayId", Some(Element::NatGateway(id))),
        RouteTarget::Endpoint(id) => ("GatewayId", Some(Element::VpcEndpoint(id))),
        RouteTarget::Peering(id) => ("VpcPeeringConnectionId", Some(Element::Peering(id))),
        RouteTarget::TransitGateway(id) => ("TransitGatewayId", Some(Element::TransitGateway(id))),
        RouteTarget::Eni(id) => ("NetworkInterfaceId", Some(Element::NetworkInterface(id))),
        RouteTarget::Blackhole => {
            value["State"] = "blackhole".into();
            return value;
        }
    };
    value["State"] = "active".into();
    value[member] = element.map_or("local".to_owned(), |element| name(snapshot, element)).into();
    value
}
