//! Reachability Analyzer's paths and analyses.
//!
//! What an analysis found is kept as it was found, in the words of `egret explain --format json`
//! ([`egret_control::explain::analysis`]): what happens to the network later does not change it.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::table::Row;
use super::time::Timestamp;

/// A question that can be asked again and again: `nip-`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Path {
    /// Its id.
    pub id: String,
    /// Who sends: an id, or a service's ARN.
    pub source: String,
    /// What it is for: an id.
    pub destination: Option<String>,
    /// `SourceIp`.
    pub source_ip: Option<Ipv4Addr>,
    /// `DestinationIp`.
    pub destination_ip: Option<Ipv4Addr>,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// `DestinationPort`.
    pub destination_port: Option<u16>,
    /// What the packet is like where it is sent.
    pub at_source: Option<Filter>,
    /// What it is like where it arrives.
    pub at_destination: Option<Filter>,
    /// When it was made.
    pub created: Timestamp,
}

/// What a packet is like at one end of its path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Its source address.
    pub source: Option<Ipv4Addr>,
    /// Its source port: one of these, both of them included.
    pub source_ports: Option<(u16, u16)>,
    /// Its destination address.
    pub destination: Option<Ipv4Addr>,
    /// Its destination port.
    pub destination_ports: Option<(u16, u16)>,
}

/// A question that was asked: `nia-`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// Its id.
    pub id: String,
    /// The path that it is of.
    pub path: String,
    /// When it was asked for.
    pub started: Timestamp,
    /// Resources that the path has to pass, by ARN.
    pub filter_in: Vec<String>,
    /// Resources that it must not pass, by ARN.
    pub filter_out: Vec<String>,
    /// How far it is.
    pub status: Status,
}

/// How far an analysis is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Status {
    /// It is under way; what was found already is not shown yet.
    Running(Option<Box<Outcome>>),
    /// It came to this.
    Ended(Box<Outcome>),
}

/// What an analysis comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// What the packet path says.
    Succeeded(Findings),
    /// Why it says nothing.
    Failed(String),
}

/// An analysis that the analyst has to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    /// The revision of the account that it is about, or a later one.
    pub revision: u64,
}

/// What became of the packet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Findings {
    /// Whether it arrives, and its answer comes back.
    pub network_path_found: bool,
    /// The way there.
    pub forward_path_components: Vec<Component>,
    /// The way back.
    pub return_path_components: Vec<Component>,
    /// What is in the way.
    pub explanations: Vec<Explanation>,
    /// What else to know.
    pub warning_message: Option<String>,
}

/// A thing on the path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Component {
    /// From 1.
    pub sequence_number: i32,
    /// What it is.
    pub component: Thing,
    /// Where it is.
    pub subnet: Option<Thing>,
    /// Where that is.
    pub vpc: Option<Thing>,
    /// The packet as it came.
    pub inbound_header: Option<Header>,
    /// The packet as it went on.
    pub outbound_header: Option<Header>,
    /// The entry of a network ACL that decided.
    pub acl_rule: Option<AclRule>,
    /// The rule of a security group that decided.
    pub security_group_rule: Option<SecurityGroupRule>,
    /// The route that was taken.
    pub route_table_route: Option<Route>,
    /// The transit gateway.
    pub transit_gateway: Option<Thing>,
    /// The route that it took.
    pub transit_gateway_route_table_route: Option<TransitRoute>,
    /// What a security group or a public address is of.
    pub attached_to: Option<Thing>,
    /// The VPC that the packet comes from.
    pub source_vpc: Option<Thing>,
    /// The VPC that it goes to.
    pub destination_vpc: Option<Thing>,
    /// Why it goes no further.
    pub explanations: Vec<Explanation>,
}

/// Why a packet goes no further.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Explanation {
    /// Reachability Analyzer's code; Egret's own begin with `SIM_`.
    pub explanation_code: String,
    /// `egress` or `ingress`.
    pub direction: Option<String>,
    /// What stops it.
    pub component: Option<Thing>,
    /// The interface at which it is stopped.
    pub network_interface: Option<Thing>,
    /// The interface's groups.
    pub security_groups: Vec<Thing>,
    /// The network ACL.
    pub acl: Option<Thing>,
    /// Its entry.
    pub acl_rule: Option<AclRule>,
    /// The route table.
    pub route_table: Option<Thing>,
    /// Its route.
    pub route_table_route: Option<Route>,
    /// The NAT gateway.
    pub nat_gateway: Option<Thing>,
    /// The internet gateway.
    pub internet_gateway: Option<Thing>,
    /// The endpoint.
    pub vpc_endpoint: Option<Thing>,
    /// The peering connection.
    pub vpc_peering_connection: Option<Thing>,
    /// The transit gateway.
    pub transit_gateway: Option<Thing>,
    /// Its route.
    pub transit_gateway_route_table_route: Option<TransitRoute>,
    /// Where it is stopped.
    pub subnet: Option<Thing>,
    /// Where that is.
    pub vpc: Option<Thing>,
    /// What is not there.
    pub missing_component: Option<String>,
}

/// A resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Thing {
    /// Its id, or a service's ARN.
    pub id: String,
}

impl Thing {
    /// The resource of that id.
    pub fn new(id: impl Into<String>) -> Thing {
        Thing { id: id.into() }
    }
}

/// Addresses and ports of a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Header {
    /// Its number.
    pub protocol: String,
    /// CIDRs.
    pub source_addresses: Vec<String>,
    /// Ports.
    pub source_port_ranges: Vec<Ports>,
    /// CIDRs.
    pub destination_addresses: Vec<String>,
    /// Ports.
    pub destination_port_ranges: Vec<Ports>,
}

/// Ports from one to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Ports {
    /// The first.
    pub from: i32,
    /// The last.
    pub to: i32,
}

/// An entry of a network ACL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AclRule {
    /// Which addresses.
    pub cidr: Option<String>,
    /// Whether it is about what leaves.
    pub egress: bool,
    /// Which ports.
    pub port_range: Option<Ports>,
    /// Which protocol.
    pub protocol: Option<String>,
    /// `allow` or `deny`.
    pub rule_action: Option<String>,
    /// Its number.
    pub rule_number: Option<i32>,
}

/// A rule of a security group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SecurityGroupRule {
    /// Which addresses.
    pub cidr: Option<String>,
    /// `egress` or `ingress`.
    pub direction: Option<String>,
    /// Its group.
    pub security_group_id: Option<String>,
    /// Which ports.
    pub port_range: Option<Ports>,
    /// Which addresses, by list.
    pub prefix_list_id: Option<String>,
    /// Which protocol.
    pub protocol: Option<String>,
}

/// A route of a VPC's table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Route {
    /// Which destinations.
    pub destination_cidr: Option<String>,
    /// Which destinations, by list.
    pub destination_prefix_list_id: Option<String>,
    /// An internet gateway, a gateway endpoint, or `local`.
    pub gateway_id: Option<String>,
    /// A NAT gateway.
    pub nat_gateway_id: Option<String>,
    /// A network interface.
    pub network_interface_id: Option<String>,
    /// A transit gateway.
    pub transit_gateway_id: Option<String>,
    /// A peering connection.
    pub vpc_peering_connection_id: Option<String>,
    /// `active` or `blackhole`.
    pub state: Option<String>,
}

/// A route of a transit gateway's table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TransitRoute {
    /// Which destinations.
    pub destination_cidr: Option<String>,
    /// `active` or `blackhole`.
    pub state: Option<String>,
    /// `static` or `propagated`.
    pub route_origin: Option<String>,
    /// Where it leads.
    pub attachment_id: Option<String>,
}

impl Row for Path {
    const KIND: &'static str = "network-insights-path";
}

impl Row for Analysis {
    const KIND: &'static str = "network-insights-analysis";
}

impl Row for UnderWay {
    const KIND: &'static str = "network-insights-analysis-under-way";
}
