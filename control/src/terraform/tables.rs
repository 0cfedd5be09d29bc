//! Route tables, and the routes and associations that they hold.

use std::collections::HashSet;

use super::class::Class::{self, *};
use super::kinds::Kind;
use super::plan::{Plan, at, text};
use super::translate::{Properties, Translation, items, said, truth};
use crate::template::{Data, Value};

const TABLES: &[Class] = &[RouteTable];
const ROUTE: &str = "AWS::EC2::Route";

/// Attributes of a route within a table that are plain values.
const PLAIN: [(&str, &str); 4] = [
    ("cidr_block", "DestinationCidrBlock"),
    ("ipv6_cidr_block", "DestinationIpv6CidrBlock"),
    ("local_gateway_id", "LocalGatewayId"),
    ("core_network_arn", "CoreNetworkArn"),
];

/// Attributes of a route within a table that name something.
const NAMING: [(&str, &str, &[Class]); 10] = [
    ("destination_prefix_list_id", "DestinationPrefixListId", &[PrefixList]),
    ("gateway_id", "GatewayId", &[Gateway, Endpoint]),
    ("nat_gateway_id", "NatGatewayId", &[NatGateway]),
    ("transit_gateway_id", "TransitGatewayId", &[TransitGateway]),
    ("vpc_peering_connection_id", "VpcPeeringConnectionId", &[Peering]),
    ("network_interface_id", "NetworkInterfaceId", &[Interface]),
    ("instance_id", "InstanceId", &[Instance]),
    ("vpc_endpoint_id", "VpcEndpointId", &[Endpoint]),
    ("egress_only_gateway_id", "EgressOnlyInternetGatewayId", &[Gateway]),
    ("carrier_gateway_id", "CarrierGatewayId", &[Gateway]),
];

impl Translation<'_, '_> {
    pub(super) fn add_table(&mut self, index: usize, kind: &Kind) {
        let instance = &self.plan.instances[index];
        let place = self.plan.place(index);
        let mut properties = self.properties(index, kind);
        if instance.kind() == "aws_default_route_table" {
            properties.insert("Main".to_owned(), truth(true, place));
            self.put_owner(index, "default_route_table_id", TABLES, &mut properties);
        }
        let associations = items(instance.at("associations"));
        let is_main = |association: &&Value| {
            matches!(at(association, "main").map(|main| &main.data), Some(Data::Bool(true)))
        };
        if associations.iter().any(|association| is_main(&association)) {
            properties.insert("Main".to_owned(), truth(true, place));
        }
        self.push(index, kind.cloud, properties);
        self.add_routes(index, if instance.is_data() { "routes" } else { "route" });
        for (number, association) in associations.iter().enumerate() {
            self.add_read_association(index, number, association);
        }
    }

    fn add_routes(&mut self, index: usize, attribute: &str) {
        let instance = &self.plan.instances[index];
        let Some(routes) = instance.at(attribute) else { return };
        if matches!(routes.data, Data::Unknown(_)) {
            let all = self.known(index, routes);
            if all.is_none() {
                self.readings.without_blocks(self.plan, index, attribute);
            }
            all.into_iter().for_each(|all| self.add_unknown_route(index, attribute, &all));
            return;
        }
        let reported = !self.plan.is_written(index, attribute);
        let own = instance.text("id").unwrap_or("");
        for (number, route) in items(Some(routes)).iter().enumerate() {
            let to = destination(route).unwrap_or("").to_owned();
            let standalone = reported && self.routes.contains(&(own.to_owned(), to));
            // Every table has the local routes of its VPC.
            let is_local = said(route, "gateway_id").and_then(text) == Some("local");
            if standalone || is_local && instance.is_data() {
                continue;
            }
            let mut properties = self.route(index, route);
            properties.insert("RouteTableId".to_owned(), self.itself(index));
            self.push_part(
                index,
                &format!("{attribute}[{number}]"),
                route.place,
                ROUTE,
                properties,
            );
        }
    }

    fn route(&mut self, index: usize, route: &Value) -> Properties {
        let mut properties = Properties::new();
        for (from, to) in PLAIN {
            let value = at(route, from).and_then(|value| self.known(index, value));
            properties.extend(value.map(|value| (to.to_owned(), value)));
        }
        for (from, to, classes) in NAMING {
            let value = at(route, from).and_then(|value| self.one_of(index, value, classes));
            properties.extend(value.map(|value| (to.to_owned(), value)));
        }
        properties
    }

    /// A route of which nothing is known.
    pub(super) fn add_unknown_route(&mut self, index: usize, attribute: &str, all: &Value) {
        let mut properties = Properties::new();
        for property in ["DestinationCidrBlock", "GatewayId"] {
            properties.insert(property.to_owned(), all.clone());
        }
        properties.insert("RouteTableId".to_owned(), self.itself(index));
        self.push_part(index, attribute, all.place, ROUTE, properties);
    }

    fn add_read_association(&mut self, index: usize, number: usize, association: &Value) {
        let subnet = said(association, "subnet_id");
        let Some(subnet) = subnet.and_then(|subnet| self.one_of(index, subnet, &[Subnet])) else {
            return;
        };
        let (part, place) = (format!("associations[{number}]"), association.place);
        let mut properties = Properties::new();
        properties.insert("SubnetId".to_owned(), subnet);
        properties.insert("RouteTableId".to_owned(), self.itself(index));
        self.push_part(index, &part, place, "AWS::EC2::SubnetRouteTableAssociation", properties);
    }
}

/// What a route within a table, or one of its own, matches.
fn destination(route: &Value) -> Option<&str> {
    let names = [
        "cidr_block",
        "ipv6_cidr_block",
        "destination_cidr_block",
        "destination_ipv6_cidr_block",
        "destination_prefix_list_id",
    ];
    names.into_iter().find_map(|name| text(said(route, name)?))
}

/// The routes that are resources of their own, as they were and as they will be: the table, and what
/// they match.
pub(super) fn standalone(plan: &Plan<'_>) -> HashSet<(String, String)> {
    let routes = plan.instances.iter().filter(|instance| instance.kind() == "aws_route");
    let states = routes.flat_map(|route| route.before.iter().chain([&route.values]));
    let key = |route: &Value| {
        let table = said(route, "route_table_id").and_then(text)?;
        Some((table.to_owned(), destination(route)?.to_owned()))
    };
    states.filter_map(key).collect()
}
