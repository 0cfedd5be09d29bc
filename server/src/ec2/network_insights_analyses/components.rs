//! What an analysis found, as answers have it: ids get their ARNs, and names by which they are tagged.

use crate::account::Account;
use crate::account::network_insights::{
    AclRule, Component, Explanation, Header, Ports, Route, SecurityGroupRule, Thing, TransitRoute,
};
use crate::account::transit::AttachmentKind;
use crate::ec2::network_insights_paths::resources::arn;
use crate::shapes::ec2;

/// A `PathComponent`.
pub(super) fn component(account: &Account, component: &Component) -> ec2::PathComponent {
    let thing = |thing: &Option<Thing>| thing.as_ref().map(|thing| self::thing(account, thing));
    let explanations = component.explanations.iter();
    ec2::PathComponent {
        sequence_number: Some(component.sequence_number),
        component: Some(self::thing(account, &component.component)),
        subnet: thing(&component.subnet),
        vpc: thing(&component.vpc),
        inbound_header: component.inbound_header.as_ref().map(header),
        outbound_header: component.outbound_header.as_ref().map(header),
        acl_rule: component.acl_rule.as_ref().map(acl_rule),
        security_group_rule: component.security_group_rule.as_ref().map(security_group_rule),
        route_table_route: component.route_table_route.as_ref().map(route),
        transit_gateway: thing(&component.transit_gateway),
        transit_gateway_route_table_route: component
            .transit_gateway_route_table_route
            .as_ref()
            .map(|route| transit_route(account, route)),
        attached_to: thing(&component.attached_to),
        source_vpc: thing(&component.source_vpc),
        destination_vpc: thing(&component.destination_vpc),
        explanations: explanations.map(|e| explanation(account, e)).collect(),
        ..Default::default()
    }
}

/// An `Explanation`.
pub(super) fn explanation(account: &Account, explanation: &Explanation) -> ec2::Explanation {
    let thing = |thing: &Option<Thing>| thing.as_ref().map(|thing| self::thing(account, thing));
    let groups = explanation.security_groups.iter();
    ec2::Explanation {
        explanation_code: Some(explanation.explanation_code.clone()),
        direction: explanation.direction.clone(),
        component: thing(&explanation.component),
        network_interface: thing(&explanation.network_interface),
        security_groups: groups.map(|group| self::thing(account, group)).collect(),
        acl: thing(&explanation.acl),
        acl_rule: explanation.acl_rule.as_ref().map(acl_rule),
        route_table: thing(&explanation.route_table),
        route_table_route: explanation.route_table_route.as_ref().map(route),
        nat_gateway: thing(&explanation.nat_gateway),
        internet_gateway: thing(&explanation.internet_gateway),
        vpc_endpoint: thing(&explanation.vpc_endpoint),
        vpc_peering_connection: thing(&explanation.vpc_peering_connection),
        transit_gateway: thing(&explanation.transit_gateway),
        transit_gateway_route_table_route: explanation
            .transit_gateway_route_table_route
            .as_ref()
            .map(|route| transit_route(account, route)),
        subnet: thing(&explanation.subnet),
        vpc: thing(&explanation.vpc),
        missing_component: explanation.missing_component.clone(),
        ..Default::default()
    }
}

/// A group has a name without being tagged.
fn thing(account: &Account, thing: &Thing) -> ec2::AnalysisComponent {
    let tagged = account.tag(&thing.id, "Name");
    let own = || Some(account.security_groups.get(&thing.id)?.name.as_str());
    ec2::AnalysisComponent {
        id: Some(thing.id.clone()),
        arn: arn(account, &thing.id),
        name: tagged.or_else(own).map(str::to_owned),
    }
}

fn header(header: &Header) -> ec2::AnalysisPacketHeader {
    let ports = |ranges: &[Ports]| ranges.iter().map(|range| port_range(*range)).collect();
    ec2::AnalysisPacketHeader {
        protocol: Some(header.protocol.clone()),
        source_addresses: header.source_addresses.clone(),
        source_port_ranges: ports(&header.source_port_ranges),
        destination_addresses: header.destination_addresses.clone(),
        destination_port_ranges: ports(&header.destination_port_ranges),
    }
}

fn port_range(ports: Ports) -> ec2::PortRange {
    ec2::PortRange { from: Some(ports.from), to: Some(ports.to) }
}

fn acl_rule(rule: &AclRule) -> ec2::AnalysisAclRule {
    ec2::AnalysisAclRule {
        cidr: rule.cidr.clone(),
        egress: Some(rule.egress),
        port_range: rule.port_range.map(port_range),
        protocol: rule.protocol.clone(),
        rule_action: rule.rule_action.clone(),
        rule_number: rule.rule_number,
    }
}

fn security_group_rule(rule: &SecurityGroupRule) -> ec2::AnalysisSecurityGroupRule {
    ec2::AnalysisSecurityGroupRule {
        cidr: rule.cidr.clone(),
        direction: rule.direction.clone(),
        security_group_id: rule.security_group_id.clone(),
        port_range: rule.port_range.map(port_range),
        prefix_list_id: rule.prefix_list_id.clone(),
        protocol: rule.protocol.clone(),
    }
}

fn route(route: &Route) -> ec2::AnalysisRouteTableRoute {
    ec2::AnalysisRouteTableRoute {
        destination_cidr: route.destination_cidr.clone(),
        destination_prefix_list_id: route.destination_prefix_list_id.clone(),
        gateway_id: route.gateway_id.clone(),
        nat_gateway_id: route.nat_gateway_id.clone(),
        network_interface_id: route.network_interface_id.clone(),
        transit_gateway_id: route.transit_gateway_id.clone(),
        vpc_peering_connection_id: route.vpc_peering_connection_id.clone(),
        state: route.state.clone(),
        ..Default::default()
    }
}

fn transit_route(account: &Account, route: &TransitRoute) -> ec2::TransitGatewayRouteTableRoute {
    let attachment = route.attachment_id.as_deref();
    let row = attachment.and_then(|id| account.transit_gateway_attachments.get(id));
    let vpc = row.and_then(|row| match &row.kind {
        AttachmentKind::Vpc { vpc, .. } => Some(vpc),
        AttachmentKind::External { .. } => None,
    });
    ec2::TransitGatewayRouteTableRoute {
        destination_cidr: route.destination_cidr.clone(),
        state: route.state.clone(),
        route_origin: route.route_origin.clone(),
        attachment_id: route.attachment_id.clone(),
        resource_id: vpc.cloned(),
        resource_type: vpc.map(|_| "vpc".to_owned()),
        ..Default::default()
    }
}
