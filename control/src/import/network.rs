//! VPCs, subnets, route tables, internet gateways and NAT gateways.

use std::collections::HashMap;

use super::files::region_of_zone;
use super::json::*;
use super::merge::Import;
use crate::finding::Finding;
use crate::model::{
    InternetGateway, Model, Name, NatAddress, NatGateway, Route, RouteDestination, RouteTable,
    RouteTarget, Subnet, Vpc,
};
use crate::source::{Place, Sourced, Sources};
use crate::written::{At, Page, Written};

/// What `describe-vpc-attribute` says of a VPC.
#[derive(Clone, Default)]
struct Attributes {
    dns_support: Option<Sourced<bool>>,
    dns_hostnames: Option<Sourced<bool>>,
}

impl Import {
    pub(super) fn add_network(&mut self, model: &mut Model) {
        self.add_vpcs(model);
        self.add_subnets(model);
        self.add_route_tables(model);
        self.add_internet_gateways(model);
        self.add_nat_gateways(model);
    }

    fn add_vpcs(&mut self, model: &mut Model) {
        let attributes = self.attributes(&model.sources);
        let private_dns = self.vpcs_with_private_dns();
        let items = self.take(|lists| &mut lists.vpcs);
        let items = self.unique(&model.sources, items);
        model.vpcs = self.each(&model.sources, items, |json, origin, page| {
            let id = page.sourced(json.vpc_id.clone());
            let said = attributes.get(&id.value).cloned().unwrap_or_default();
            // AWS turns hostnames on in default VPCs only, and refuses private DNS without them.
            let hostnames = json.is_default == Some(true) || private_dns.contains(&id.value);
            Some(Vpc {
                name: name_tag(&json.tags),
                account: json.owner_id.clone().or(origin.account.clone()),
                region: origin.region.clone(),
                cidrs: vpc_cidrs(json, page),
                dns_support: said.dns_support.unwrap_or(true.into()),
                dns_hostnames: said.dns_hostnames.unwrap_or(hostnames.into()),
                id,
            })
        });
    }

    fn attributes(&mut self, sources: &Sources) -> HashMap<String, Attributes> {
        let mut attributes: HashMap<String, Attributes> = HashMap::new();
        for document in &mut self.documents {
            let lists = &mut document.lists;
            let Some(vpc) = &lists.vpc_id else { continue };
            let page = Page::new(sources, document.file, &mut self.findings);
            let said = attributes.entry(vpc.value.clone()).or_default();
            if let Some(support) = lists.dns_support.take() {
                said.dns_support = Some(page.sourced(support.value.value));
            }
            if let Some(hostnames) = lists.dns_hostnames.take() {
                said.dns_hostnames = Some(page.sourced(hostnames.value.value));
            }
        }
        attributes
    }

    fn vpcs_with_private_dns(&self) -> Vec<String> {
        let endpoints = self.documents.iter().flat_map(|document| &document.lists.vpc_endpoints);
        let private = endpoints.filter(|endpoint| endpoint.value.private_dns_enabled == Some(true));
        private.map(|endpoint| endpoint.value.vpc_id.value.clone()).collect()
    }

    fn add_subnets(&mut self, model: &mut Model) {
        let tables = self.subnet_tables(&model.sources);
        let acls = self.subnet_acls(&model.sources);
        let items = self.take(|lists| &mut lists.subnets);
        let items = self.described(&model.sources, items);
        let items = self.unique(&model.sources, items);
        let mut regions = HashMap::new();
        model.subnets = self.each(&model.sources, items, |json, _, page| {
            let zone = json.availability_zone.as_ref().map(|zone| zone.value.as_str());
            let region = zone.and_then(region_of_zone);
            regions.insert(json.vpc_id.value.clone(), region);
            subnet(json, &tables, &acls, page)
        });
        for vpc in &mut model.vpcs {
            let of_subnets = regions.get(&vpc.id.value).cloned().flatten();
            vpc.region = vpc.region.take().or(of_subnets);
        }
    }

    /// Which route table each subnet is associated with.
    fn subnet_tables(&mut self, sources: &Sources) -> HashMap<String, Name> {
        let mut tables = HashMap::new();
        for document in &self.documents {
            let page = Page::new(sources, document.file, &mut self.findings);
            for table in &document.lists.route_tables {
                let associations = table.value.associations.iter().flatten();
                for subnet in associations.filter_map(|a| a.subnet_id.as_ref()) {
                    let place = page.place(subnet);
                    let id = table.value.route_table_id.value.clone();
                    tables.entry(subnet.value.clone()).or_insert(Sourced::new(id, place));
                }
            }
        }
        tables
    }

    fn subnet_acls(&mut self, sources: &Sources) -> HashMap<String, Name> {
        let mut acls = HashMap::new();
        for document in &self.documents {
            let page = Page::new(sources, document.file, &mut self.findings);
            for acl in &document.lists.network_acls {
                let associations = acl.value.associations.iter().flatten();
                for subnet in associations.filter_map(|a| a.subnet_id.clone()) {
                    let name = page.sourced(acl.value.network_acl_id.clone());
                    acls.entry(subnet).or_insert(name);
                }
            }
        }
        acls
    }

    fn add_route_tables(&mut self, model: &mut Model) {
        let items = self.take(|lists| &mut lists.route_tables);
        let items = self.unique(&model.sources, items);
        let mut passed_over = Vec::new();
        model.route_tables = self.each(&model.sources, items, |json, _, page| {
            Some(route_table(json, page, &mut passed_over))
        });
        for (kind, finding) in passed_over {
            self.pass_over(&kind, finding);
        }
    }

    fn add_internet_gateways(&mut self, model: &mut Model) {
        let items = self.take(|lists| &mut lists.internet_gateways);
        let items = self.unique(&model.sources, items);
        model.internet_gateways = self.each(&model.sources, items, |json, _, page| {
            let name = name_tag(&json.tags);
            let attached = items_of(json.attachments).find(|attachment| {
                !matches!(attachment.state.as_deref(), Some("detaching" | "detached"))
            });
            let vpc = attached.and_then(|attachment| attachment.vpc_id);
            let vpc = vpc.map(|vpc| page.sourced(vpc));
            Some(InternetGateway { id: page.sourced(json.internet_gateway_id), name, vpc })
        });
    }

    fn add_nat_gateways(&mut self, model: &mut Model) {
        let items = self.take(|lists| &mut lists.nat_gateways);
        let items = self.unique(&model.sources, items);
        model.nat_gateways = self.each(&model.sources, items, |json, _, page| {
            let found = nat_gateway(json, page);
            found.map_err(|finding| page.find(finding)).ok()
        });
    }
}

/// The primary CIDR first, then the others that are not gone.
fn vpc_cidrs(json: VpcJson, page: &mut Page<'_>) -> Vec<Sourced<ipnet::Ipv4Net>> {
    let mut cidrs: Vec<_> = page.optional(json.cidr_block).into_iter().collect();
    for association in items_of(json.cidr_block_association_set) {
        let state = association.cidr_block_state.and_then(|state| state.state);
        let associated = state.is_none_or(|state| state == "associated");
        let cidr = association.cidr_block.filter(|_| associated);
        cidrs.extend(page.optional(cidr).filter(|cidr| !cidrs.contains(cidr)));
    }
    cidrs
}

fn subnet(
    json: SubnetJson,
    tables: &HashMap<String, Name>,
    acls: &HashMap<String, Name>,
    page: &mut Page<'_>,
) -> Option<Subnet> {
    let id = page.sourced(json.subnet_id);
    let Some(az) = json.availability_zone_id.or(json.availability_zone) else {
        let message = format!("the subnet `{}` has no AvailabilityZoneId", id.value);
        page.find(Finding::error("missing-key", id.place, message));
        return None;
    };
    // A subnet without an IPv4 CIDR is IPv6-only.
    let cidr = page.optional(json.cidr_block)?;
    Some(Subnet {
        name: name_tag(&json.tags),
        vpc: page.sourced(json.vpc_id),
        az: page.sourced(az),
        cidr,
        route_table: tables.get(&id.value).cloned(),
        network_acl: acls.get(&id.value).cloned(),
        id,
    })
}

type PassedOver = Vec<(String, Finding)>;

fn route_table(
    json: RouteTableJson,
    page: &mut Page<'_>,
    passed_over: &mut PassedOver,
) -> RouteTable {
    let associations = items(json.associations);
    if let Some(gateway) =
        associations.iter().find_map(|association| association.gateway_id.as_ref())
    {
        let message = "a route table of a gateway is not modelled";
        let finding = Finding::warning("gateway-route-table", page.place(gateway), message);
        passed_over.push(("gateway route table".to_owned(), finding));
    }
    let routes = items_of(json.routes);
    RouteTable {
        name: name_tag(&json.tags),
        id: page.sourced(json.route_table_id),
        vpc: page.sourced(json.vpc_id),
        main: associations.iter().any(|association| association.main == Some(true)),
        routes: routes.filter_map(|json| route(json, page, passed_over)).collect(),
    }
}

fn route(json: At<RouteJson>, page: &mut Page<'_>, passed_over: &mut PassedOver) -> Option<Route> {
    let place = page.place(&json);
    let json = json.value;
    let destination = match (json.destination_cidr_block.clone(), &json.destination_prefix_list_id)
    {
        (Some(cidr), _) => page.meaning(cidr)?.map(RouteDestination::Cidr),
        (None, Some(list)) => page.sourced(list.clone()).map(RouteDestination::PrefixList),
        (None, None) => return None, // IPv6
    };
    if json.state.as_deref() == Some("filtered") {
        return None;
    }
    let mut target = target(&json, place, page, passed_over)?;
    let created_with_the_table = json.origin.as_deref() != Some("CreateRoute");
    if target.value == RouteTarget::Local && created_with_the_table {
        return None;
    }
    if json.state.as_deref() == Some("blackhole") {
        target.value = RouteTarget::Blackhole(id_of(&target.value));
    }
    let propagated = json.origin.as_deref() == Some("EnableVgwRoutePropagation");
    Some(Route { destination, target, propagated, place })
}

fn target(
    json: &RouteJson,
    place: Place,
    page: &Page<'_>,
    passed_over: &mut PassedOver,
) -> Option<Sourced<RouteTarget>> {
    type Make = fn(String) -> RouteTarget;
    let kinds: [(&Option<At<String>>, Make); 10] = [
        (&json.gateway_id, gateway),
        (&json.nat_gateway_id, RouteTarget::NatGateway),
        (&json.transit_gateway_id, RouteTarget::TransitGateway),
        (&json.vpc_peering_connection_id, RouteTarget::Peering),
        (&json.network_interface_id, RouteTarget::NetworkInterface),
        (&json.instance_id, RouteTarget::NetworkInterface),
        (&json.local_gateway_id, RouteTarget::Unsupported),
        (&json.carrier_gateway_id, RouteTarget::Unsupported),
        (&json.core_network_arn, RouteTarget::Unsupported),
        (&json.egress_only_internet_gateway_id, RouteTarget::Unsupported),
    ];
    let said = kinds.into_iter().find_map(|(id, make)| Some((id.as_ref()?, make)));
    let Some((id, make)) = said else {
        // A blackhole whose target is gone may name none.
        return Some(Sourced::new(RouteTarget::Blackhole(None), place));
    };
    let target = page.sourced(id.clone()).map(make);
    if let RouteTarget::Unsupported(id) = &target.value {
        let kind = id.split('-').next().unwrap_or(id);
        let message = format!("routes to targets like `{id}` are not modelled");
        let help = "packets that take the route are dropped, with a reason that says so";
        let finding = Finding::warning("unsupported-target", target.place, message).help(help);
        passed_over.push((format!("target {kind}"), finding));
    }
    Some(target)
}

/// What a `GatewayId` names: its prefix says.
fn gateway(id: String) -> RouteTarget {
    match id.as_str() {
        "local" => RouteTarget::Local,
        _ if id.starts_with("igw-") => RouteTarget::InternetGateway(Some(id)),
        _ if id.starts_with("vpce-") => RouteTarget::VpcEndpoint(id),
        _ => RouteTarget::Unsupported(id),
    }
}

fn id_of(target: &RouteTarget) -> Option<String> {
    match target {
        RouteTarget::Local => Some("local".to_owned()),
        RouteTarget::InternetGateway(id) | RouteTarget::Blackhole(id) => id.clone(),
        RouteTarget::NatGateway(id)
        | RouteTarget::VpcEndpoint(id)
        | RouteTarget::Peering(id)
        | RouteTarget::TransitGateway(id)
        | RouteTarget::NetworkInterface(id)
        | RouteTarget::Unsupported(id)
        | RouteTarget::Named(id) => Some(id.clone()),
    }
}

fn nat_gateway(json: NatGatewayJson, page: &mut Page<'_>) -> Result<NatGateway, Finding> {
    let id = page.sourced(json.nat_gateway_id);
    let regional = json.availability_mode.filter(|mode| mode.value == "regional");
    if let Some(mode) = regional {
        let message = format!("`{}` is a regional NAT gateway, which is not modelled", id.value);
        let help = "model it as a zonal NAT gateway in each Availability Zone";
        return Err(Finding::error("regional-nat-gateway", page.place(&mode), message).help(help));
    }
    let Some(subnet) = json.subnet_id else {
        let message = format!("the NAT gateway `{}` has no SubnetId", id.value);
        return Err(Finding::error("missing-key", id.place, message));
    };
    let mut addresses = items(json.nat_gateway_addresses);
    addresses.retain(|address| address.status.as_deref().is_none_or(|s| s == "succeeded"));
    addresses.sort_by_key(|address| address.is_primary != Some(true));
    let mut optional = |written: Option<Written<_>>| page.optional(written);
    let addresses = addresses.into_iter();
    let addresses = addresses.map(|address| NatAddress {
        private: optional(address.private_ip),
        public: optional(address.public_ip),
    });
    let addresses = addresses.collect();
    Ok(NatGateway {
        id,
        name: name_tag(&json.tags),
        subnet: page.sourced(subnet),
        public: json.connectivity_type.as_deref() != Some("private"),
        addresses,
        available: json.state.as_deref().is_none_or(|state| state == "available"),
    })
}
