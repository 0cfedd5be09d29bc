//! Network interfaces, endpoints and prefix lists.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::files::id_in_name;
use super::json::*;
use super::merge::Import;
use crate::finding::Finding;
use crate::model::{
    EndpointKind, InterfaceOwner, Model, Name, NetworkInterface, PrefixList, VpcEndpoint,
};
use crate::source::{Place, Sourced, Sources};
use crate::written::{At, Page, Written};

/// The tag by which App Runner marks the ENIs of its connectors.
const APP_RUNNER_TAG: &str = "AWSAppRunnerManaged";

/// Where each interface is: its subnet and its primary address.
type Homes = HashMap<String, (String, Sourced<Ipv4Addr>)>;

impl Import {
    pub(super) fn add_interfaces(&mut self, model: &mut Model) {
        let mut elastic = self.elastic_addresses(&model.sources);
        let items = self.take(|lists| &mut lists.network_interfaces);
        let items = self.unique(&model.sources, items);
        let mut homes = Homes::new();
        model.network_interfaces = self.each(&model.sources, items, |json, _, page| {
            interface(json, &mut elastic, &mut homes, page)
        });
        self.add_endpoints(model, &homes);
        self.add_prefix_lists(model);
    }

    /// The Elastic IP address of each interface that has one, by `describe-addresses`.
    fn elastic_addresses(&mut self, sources: &Sources) -> HashMap<String, Sourced<Ipv4Addr>> {
        let items = self.take(|lists| &mut lists.addresses);
        let associated = self.each(sources, items, |json, _, page| {
            Some((json.network_interface_id?, page.meaning(json.public_ip)?))
        });
        associated.into_iter().collect()
    }

    fn add_endpoints(&mut self, model: &mut Model, homes: &Homes) {
        let items = self.take(|lists| &mut lists.vpc_endpoints);
        let items = self.unique(&model.sources, items);
        let mut passed_over = Vec::new();
        model.vpc_endpoints = self.each(&model.sources, items, |json, _, page| {
            endpoint(json, homes, page).map_err(|found| passed_over.push(found)).ok()
        });
        for (kind, finding) in passed_over {
            self.pass_over(&kind, finding);
        }
    }

    /// A managed list has its CIDRs in a file of its own, which does not say whose they are.
    fn add_prefix_lists(&mut self, model: &mut Model) {
        let entries = self.entries(&model.sources);
        let items = self.take(|lists| &mut lists.prefix_lists);
        let mut lists: Vec<PrefixList> = Vec::new();
        for list in self.each(&model.sources, items, |json, _, page| prefix_list(json, page)) {
            match lists.iter_mut().find(|known| known.id == list.id) {
                Some(known) => add_new(&mut known.cidrs, list.cidrs),
                None => lists.push(list),
            }
        }
        for (id, place, cidrs) in entries {
            match owner_of(id, &mut lists, place) {
                Ok(list) => add_new(&mut list.cidrs, cidrs),
                Err(finding) => self.findings.push(finding),
            }
        }
        model.prefix_lists = lists;
    }

    /// The entries of each file that has some, with the id of their list where the file's name has
    /// it.
    fn entries(
        &mut self,
        sources: &Sources,
    ) -> Vec<(Option<String>, Place, Vec<Sourced<Ipv4Net>>)> {
        let mut files = Vec::new();
        for document in &mut self.documents {
            let entries = std::mem::take(&mut document.lists.entries);
            let mut page = Page::new(sources, document.file, &mut self.findings);
            let Some(place) = entries.first().map(|entry| page.place(entry)) else {
                continue;
            };
            let id = id_in_name(&sources.file(document.file).path, "pl-");
            let cidrs = entries.into_iter().map(|entry| entry.value.cidr);
            files.push((id, place, ipv4_cidrs(cidrs, &mut page)));
        }
        files
    }
}

fn add_new(known: &mut Vec<Sourced<Ipv4Net>>, cidrs: Vec<Sourced<Ipv4Net>>) {
    for cidr in cidrs {
        if !known.contains(&cidr) {
            known.push(cidr);
        }
    }
}

/// The list that entries belong to: the one that the file's name says, or the only one without any.
fn owner_of(
    id: Option<String>,
    lists: &mut Vec<PrefixList>,
    place: Place,
) -> Result<&mut PrefixList, Finding> {
    let Some(id) = id else {
        let mut empty = lists.iter_mut().filter(|list| list.cidrs.is_empty());
        return match (empty.next(), empty.next()) {
            (Some(list), None) => Ok(list),
            _ => Err(Finding::error(
                "entries-without-list",
                place,
                "these entries do not say which prefix list they belong to",
            )
            .help("put the list's id into the file's name: `pl-0123456789abcdef0.json`")),
        };
    };
    if !lists.iter().any(|list| list.id.value == id) {
        let id = Sourced::new(id.clone(), place);
        lists.push(PrefixList { id, name: None, cidrs: Vec::new() });
    }
    let found = lists.iter_mut().find(|list| list.id.value == id);
    Ok(found.expect("the list was there or was added"))
}

/// `None` for a list of IPv6 CIDRs.
fn prefix_list(json: PrefixListJson, page: &mut Page<'_>) -> Option<PrefixList> {
    if json.address_family.as_deref() == Some("IPv6") {
        return None;
    }
    let cidrs = ipv4_cidrs(items(json.cidrs), page);
    Some(PrefixList { id: page.sourced(json.prefix_list_id), name: json.prefix_list_name, cidrs })
}

fn ipv4_cidrs(
    cidrs: impl IntoIterator<Item = At<String>>,
    page: &mut Page<'_>,
) -> Vec<Sourced<Ipv4Net>> {
    let ipv4 = cidrs.into_iter().filter(|cidr| !cidr.value.contains(':'));
    page.meanings(ipv4.map(Written::new))
}

/// What makes an interface, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Maker {
    /// A connector.
    Connector,
    /// A NAT gateway, an endpoint or a transit gateway: the interface only lends its address.
    Gateway,
    /// A customer, or a service whose interfaces are destinations: load balancers, databases.
    Other,
}

fn maker(json: &NetworkInterfaceJson) -> Maker {
    let mut tags = json.tag_set.iter().flat_map(|tags| &tags.0);
    if tags.any(|tag| tag.key == APP_RUNNER_TAG) {
        return Maker::Connector;
    }
    let kind = json.interface_type.as_deref().unwrap_or("interface");
    let description = json.description.as_deref().unwrap_or("");
    let is_gateway = match kind {
        "nat_gateway"
        | "natGateway"
        | "vpc_endpoint"
        | "transit_gateway"
        | "gateway_load_balancer"
        | "gateway_load_balancer_endpoint" => true,
        // Older interfaces are of the plain type, and only their description tells.
        _ => [
            "Interface for NAT Gateway ",
            "VPC Endpoint Interface ",
            "Network Interface for Transit Gateway ",
        ]
        .iter()
        .any(|start| description.starts_with(start)),
    };
    if is_gateway { Maker::Gateway } else { Maker::Other }
}

/// `None` for what only lends its address, and for an interface without an IPv4 address.
fn interface(
    json: NetworkInterfaceJson,
    elastic: &mut HashMap<String, Sourced<Ipv4Addr>>,
    homes: &mut Homes,
    page: &mut Page<'_>,
) -> Option<NetworkInterface> {
    let maker = maker(&json);
    let name = interface_name(&json);
    let id = page.sourced(json.network_interface_id);
    let subnet = json.subnet_id.map(|subnet| page.sourced(subnet))?;
    let mut addresses: Vec<_> = page.optional(json.private_ip_address).into_iter().collect();
    let mut others = items(json.private_ip_addresses);
    others.sort_by_key(|address| address.primary != Some(true));
    for other in others {
        let address = page.optional(other.private_ip_address);
        addresses.extend(address.filter(|address| !addresses.contains(address)));
    }
    let primary = *addresses.first()?;
    homes.insert(id.value.clone(), (subnet.value.clone(), primary));
    if maker == Maker::Gateway {
        return None;
    }
    let associated = json.association.and_then(|association| association.public_ip);
    Some(NetworkInterface {
        name,
        subnet,
        addresses,
        public: page.optional(associated).or(elastic.remove(&id.value)),
        security_groups: page.all(items_of(json.groups).filter_map(|group| group.group_id)),
        source_dest_check: json.source_dest_check != Some(false),
        owner: match maker {
            Maker::Connector => InterfaceOwner::Connector,
            _ => InterfaceOwner::Host,
        },
        listen: None,
        serve: Vec::new(),
        id,
    })
}

/// The `Name` tag, the instance's id or the description, whatever says most.
fn interface_name(json: &NetworkInterfaceJson) -> Option<String> {
    let instance =
        || json.attachment.as_ref().and_then(|attachment| attachment.instance_id.clone());
    let description = || json.description.clone().filter(|text| !text.is_empty());
    name_tag(&json.tag_set).or_else(instance).or_else(description)
}

fn endpoint(
    json: VpcEndpointJson,
    homes: &Homes,
    page: &mut Page<'_>,
) -> Result<VpcEndpoint, (String, Finding)> {
    let id = page.sourced(json.vpc_endpoint_id);
    let said = json.vpc_endpoint_type.as_ref().map(|kind| kind.value.as_str());
    let kind = match said.unwrap_or("Gateway") {
        "Interface" => EndpointKind::Interface {
            subnets: endpoint_subnets(json.subnet_ids, json.network_interface_ids, homes, page),
            security_groups: page.all(items_of(json.groups).filter_map(|group| group.group_id)),
            private_dns: json.private_dns_enabled == Some(true),
        },
        "Gateway" => EndpointKind::Gateway {
            route_tables: page.all(items(json.route_table_ids)),
            prefix_list: None,
        },
        other => {
            let message = format!("endpoints of type {other} are not modelled");
            let help = "routes to them lead nowhere that Egret knows";
            let finding = Finding::warning("unsupported-endpoint", id.place, message).help(help);
            return Err((format!("endpoint {other}"), finding));
        }
    };
    let state = json.state.unwrap_or_else(|| "available".to_owned());
    Ok(VpcEndpoint {
        id,
        name: name_tag(&json.tags),
        vpc: page.sourced(json.vpc_id),
        service: page.sourced(json.service_name),
        available: state.eq_ignore_ascii_case("available"),
        kind,
    })
}

/// The endpoint's subnets, each with the address of the interface that the endpoint has in it.
fn endpoint_subnets(
    subnets: Option<Many<At<String>>>,
    interfaces: Option<Many<At<String>>>,
    homes: &Homes,
    page: &Page<'_>,
) -> Vec<(Name, Option<Sourced<Ipv4Addr>>)> {
    let interfaces = items(interfaces);
    let address_in = |subnet: &Name| {
        let mut of_endpoint = interfaces.iter().filter_map(|id| homes.get(&id.value));
        of_endpoint.find(|(home, _)| *home == subnet.value).map(|(_, address)| *address)
    };
    let subnets = page.all(items(subnets)).into_iter();
    subnets.map(|subnet| (subnet.clone(), address_in(&subnet))).collect()
}
