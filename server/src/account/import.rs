//! Makes an account's resources of a network model: of a scenario, or of AWS's own JSON.
//!
//! What already has an id as AWS gives them (`subnet-a`, `vpc-0abc`) keeps it. Anything else gets
//! one, and what it was called becomes its `Name` tag, by which it is still found.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use egret_control::model::{self as m, Model, Name};
use egret_control::names::{Kind, Names};
use ipnet::Ipv4Net;

use super::acls::{AclAssociation, AclEntry, NetworkAcl};
use super::app_runner::Connector;
use super::change::Change;
use super::endpoints::{EndpointKind, VpcEndpoint};
use super::gateways::{
    Address, AddressAssociation, InternetGateway, NatGateway, NatGatewayAddress,
    NatGatewayAddressStatus, NatGatewayState,
};
use super::interfaces::{InterfaceOwner, NetworkInterface};
use super::peerings::{Peering, PeeringDns};
use super::prefix_lists::{PrefixList, PrefixListEntry};
use super::routes::{
    Route, RouteDestination, RouteOrigin, RouteTable, RouteTableAssociation, RouteTarget,
};
use super::security_groups::{Peer, SecurityGroup, SecurityGroupRule};
use super::transit;
use super::vpcs::{CidrAssociation, Subnet, Vpc};

impl Change<'_> {
    /// Makes everything that a model has. The model must be one that compiles.
    pub fn import(&mut self, model: &Model) {
        let names = Names::of(model, &mut Vec::new());
        let mut import = Import { change: self, model, names, ids: HashMap::new() };
        import.name_everything();
        import.vpcs();
        import.subnets();
        import.acls();
        import.security_groups();
        import.prefix_lists();
        import.internet_gateways();
        import.interfaces();
        import.nat_gateways();
        import.endpoints();
        import.peerings();
        import.transit_gateways();
        import.route_tables();
        import.endpoint_routes();
        import.complete_vpcs();
        import.connectors();
        import.services();
    }
}

struct Import<'c, 'a, 'm> {
    change: &'c mut Change<'a>,
    model: &'m Model,
    names: Names<'m>,
    /// What became of the model's things, by their kind and index.
    ids: HashMap<(Kind, usize), String>,
}

impl Import<'_, '_, '_> {
    /// Ids first: things refer to each other in every direction.
    fn name_everything(&mut self) {
        let model = self.model;
        macro_rules! name {
            ($kind:expr, $field:ident, $prefix:literal) => {
                for (at, thing) in model.$field.iter().enumerate() {
                    self.give_id($kind, at, $prefix, &thing.id, thing.name.as_deref());
                }
            };
        }
        name!(Kind::Vpc, vpcs, "vpc");
        name!(Kind::Subnet, subnets, "subnet");
        name!(Kind::RouteTable, route_tables, "rtb");
        name!(Kind::NetworkAcl, network_acls, "acl");
        name!(Kind::PrefixList, prefix_lists, "pl");
        name!(Kind::InternetGateway, internet_gateways, "igw");
        name!(Kind::NatGateway, nat_gateways, "nat");
        name!(Kind::VpcEndpoint, vpc_endpoints, "vpce");
        name!(Kind::Peering, peerings, "pcx");
        name!(Kind::TransitGateway, transit_gateways, "tgw");
        name!(Kind::NetworkInterface, network_interfaces, "eni");
        for (at, group) in model.security_groups.iter().enumerate() {
            // A group's name is a name of its own, and no tag.
            self.give_id(Kind::SecurityGroup, at, "sg", &group.id, None);
        }
    }

    fn give_id(&mut self, kind: Kind, at: usize, prefix: &str, id: &str, name: Option<&str>) {
        let given = self.id_for(prefix, id);
        let called = name.or((given != id && kind != Kind::SecurityGroup).then_some(id));
        if let Some(called) = called.filter(|_| kind != Kind::PrefixList) {
            self.tag_name(&given, called);
        }
        self.ids.insert((kind, at), given);
    }

    fn id_for(&mut self, prefix: &str, id: &str) -> String {
        let is_id = id.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('-'));
        if is_id { id.to_owned() } else { self.change.ids.next(prefix) }
    }

    fn tag_name(&mut self, id: &str, name: &str) {
        self.change.put_tags(id, [("Name".to_owned(), name.to_owned())]);
    }

    fn of(&self, kind: Kind, at: usize) -> String {
        self.ids[&(kind, at)].clone()
    }

    /// The id of what a name refers to; the name itself where that is nothing.
    fn find(&self, kind: Kind, name: &Name) -> String {
        let found = self.names.find(kind, name);
        found.map_or_else(|_| (**name).clone(), |at| self.of(kind, at))
    }

    fn find_in(&self, kind: Kind, name: &Name, vpc: &Name) -> String {
        let found = self.names.find_in(kind, name, vpc);
        found.map_or_else(|_| (**name).clone(), |at| self.of(kind, at))
    }

    fn vpcs(&mut self) {
        for (at, vpc) in self.model.vpcs.iter().enumerate() {
            let id = self.of(Kind::Vpc, at);
            let ids = &mut self.change.ids;
            let association =
                |cidr: Ipv4Net| CidrAssociation { id: ids.next("vpc-cidr-assoc"), cidr };
            let row = Vpc {
                id: id.clone(),
                cidrs: vpc.cidrs.iter().map(|cidr| cidr.value).map(association).collect(),
                dns_support: *vpc.dns_support,
                dns_hostnames: *vpc.dns_hostnames,
                default: false,
                tenancy: "default".to_owned(),
            };
            self.change.vpcs.insert(id, row);
        }
    }

    fn subnets(&mut self) {
        for (at, subnet) in self.model.subnets.iter().enumerate() {
            let id = self.of(Kind::Subnet, at);
            let row = Subnet {
                id: id.clone(),
                vpc: self.find(Kind::Vpc, &subnet.vpc),
                az: subnet.az.value.clone(),
                cidr: *subnet.cidr,
                map_public_ip: false,
                default_for_az: false,
            };
            self.change.subnets.insert(id, row);
        }
    }

    fn acls(&mut self) {
        for (at, acl) in self.model.network_acls.iter().enumerate() {
            let id = self.of(Kind::NetworkAcl, at);
            let entries = acl.entries.iter().filter_map(acl_entry).collect();
            let row = NetworkAcl {
                id: id.clone(),
                vpc: self.find(Kind::Vpc, &acl.vpc),
                default: acl.default,
                entries,
                associations: Vec::new(),
            };
            self.change.network_acls.insert(id, row);
        }
    }

    fn security_groups(&mut self) {
        for (at, group) in self.model.security_groups.iter().enumerate() {
            let id = self.of(Kind::SecurityGroup, at);
            let called = group.name.as_deref().unwrap_or(&group.id);
            let row = SecurityGroup {
                id: id.clone(),
                vpc: self.find(Kind::Vpc, &group.vpc),
                name: if group.default { "default" } else { called }.to_owned(),
                description: called.to_owned(),
            };
            self.change.security_groups.insert(id.as_str(), row);
            for (egress, rules) in [(false, &group.ingress), (true, &group.egress)] {
                for rule in rules {
                    self.security_group_rule(&id, egress, rule, &group.vpc);
                }
            }
        }
    }

    fn security_group_rule(
        &mut self,
        group: &str,
        egress: bool,
        rule: &m::SecurityGroupRule,
        vpc: &Name,
    ) {
        let id = match &rule.id {
            Some(id) => id.clone(),
            None => self.change.ids.next("sgr"),
        };
        let named = |name: &str| Name::from(name);
        let peer = match &rule.peer.value {
            m::Peer::Cidr(cidr) => Peer::Cidr(*cidr),
            m::Peer::PrefixList(list) => {
                Peer::PrefixList(self.find(Kind::PrefixList, &named(list)))
            }
            m::Peer::SecurityGroup(other) => {
                Peer::Group(self.find_in(Kind::SecurityGroup, &named(other), vpc))
            }
        };
        let (protocol, from, to) = rule_traffic(*rule.traffic);
        let row = SecurityGroupRule {
            id: id.clone(),
            group: group.to_owned(),
            egress,
            protocol,
            from,
            to,
            peer,
            description: None,
        };
        self.change.security_group_rules.insert(id, row);
    }

    fn prefix_lists(&mut self) {
        for (at, list) in self.model.prefix_lists.iter().enumerate() {
            let id = self.of(Kind::PrefixList, at);
            let said = list.name.clone().unwrap_or_else(|| list.id.value.clone());
            let name = self.service_of_list(at).unwrap_or(said);
            let entry = |cidr| PrefixListEntry { cidr, description: None };
            let entries: Vec<_> = list.cidrs.iter().map(|cidr| entry(cidr.value)).collect();
            let row = PrefixList {
                id: id.clone(),
                aws: name.starts_with("com.amazonaws."),
                name,
                max_entries: entries.len().max(1) as u32,
                versions: vec![entries],
            };
            self.change.prefix_lists.insert(id, row);
        }
    }

    /// A scenario's endpoint may name any list; in AWS it is the one that is called like the service.
    fn service_of_list(&self, at: usize) -> Option<String> {
        self.model.vpc_endpoints.iter().find_map(|endpoint| match &endpoint.kind {
            m::EndpointKind::Gateway { prefix_list: Some(list), .. } => {
                let found = self.names.find(Kind::PrefixList, list).ok();
                (found == Some(at)).then(|| endpoint.service.value.clone())
            }
            _ => None,
        })
    }

    /// A scenario leaves the routes of gateway endpoints to them; tables here have them.
    fn endpoint_routes(&mut self) {
        let endpoints: Vec<String> =
            self.change.vpc_endpoints.values().map(|endpoint| endpoint.id.clone()).collect();
        for id in endpoints {
            self.change.add_endpoint_routes(&id);
        }
    }

    fn internet_gateways(&mut self) {
        for (at, gateway) in self.model.internet_gateways.iter().enumerate() {
            let id = self.of(Kind::InternetGateway, at);
            let vpc = gateway.vpc.as_ref().map(|vpc| self.find(Kind::Vpc, vpc));
            self.change
                .internet_gateways
                .insert(id.as_str(), InternetGateway { id: id.clone(), vpc });
        }
    }

    fn interfaces(&mut self) {
        for (at, interface) in self.model.network_interfaces.iter().enumerate() {
            // Connectors make theirs anew, for the services that use them.
            if interface.owner == m::InterfaceOwner::Connector {
                continue;
            }
            let id = self.of(Kind::NetworkInterface, at);
            let subnet = self.find(Kind::Subnet, &interface.subnet);
            let vpc = self.vpc_of(&subnet);
            let said = interface.addresses.iter().map(|address| address.value).collect();
            let addresses = self.addresses_or_free(said, &subnet);
            let groups = self.groups(&interface.security_groups, &interface.subnet);
            let host =
                interface.name.clone().or((id != **interface.id).then(|| (*interface.id).clone()));
            let row = NetworkInterface {
                id: id.clone(),
                vpc,
                subnet,
                addresses: addresses.clone(),
                groups,
                source_dest_check: interface.source_dest_check,
                description: String::new(),
                owner: InterfaceOwner::Account { host },
                created: self.change.now,
            };
            self.change.network_interfaces.insert(id.as_str(), row);
            if let (Some(public), Some(private)) = (&interface.public, addresses.first()) {
                self.address(**public, &id, *private);
            }
        }
    }

    fn vpc_of(&self, subnet: &str) -> String {
        self.change.subnets.get(subnet).map(|subnet| subnet.vpc.clone()).unwrap_or_default()
    }

    fn addresses_or_free(&mut self, said: Vec<Ipv4Addr>, subnet: &str) -> Vec<Ipv4Addr> {
        if said.is_empty() { self.change.free_address(subnet).into_iter().collect() } else { said }
    }

    /// The groups of that name in a subnet's VPC; without one, the default group.
    fn groups(&mut self, names: &[Name], subnet: &Name) -> Vec<String> {
        let of = self.names.find(Kind::Subnet, subnet).ok().map(|at| &self.model.subnets[at].vpc);
        let Some(vpc) = of else { return Vec::new() };
        if names.is_empty() {
            let vpc = self.find(Kind::Vpc, vpc);
            return self
                .change
                .default_group(&vpc)
                .map(|group| group.id.clone())
                .into_iter()
                .collect();
        }
        names.iter().map(|name| self.find_in(Kind::SecurityGroup, name, vpc)).collect()
    }

    /// An Elastic IP address on an interface: its allocation and association.
    fn address(
        &mut self,
        public: Ipv4Addr,
        interface: &str,
        private: Ipv4Addr,
    ) -> (String, String) {
        let (id, association) =
            (self.change.ids.next("eipalloc"), self.change.ids.next("eipassoc"));
        let tie = AddressAssociation {
            id: association.clone(),
            interface: interface.to_owned(),
            private,
        };
        let row = Address { id: id.clone(), public, association: Some(tie) };
        self.change.addresses.insert(id.as_str(), row);
        (id, association)
    }

    fn nat_gateways(&mut self) {
        for (at, gateway) in self.model.nat_gateways.iter().enumerate() {
            let id = self.of(Kind::NatGateway, at);
            let subnet = self.find(Kind::Subnet, &gateway.subnet);
            let vpc = self.vpc_of(&subnet);
            let owner = InterfaceOwner::NatGateway(id.clone());
            let said = gateway.addresses.iter().filter_map(|address| address.private.as_ref());
            let said: Vec<Ipv4Addr> = said.map(|address| address.value).collect();
            let mut addresses = Vec::new();
            let interface = self.change.ids.next("eni");
            for (number, address) in gateway.addresses.iter().enumerate() {
                let private =
                    said.get(number).copied().or_else(|| self.change.free_address(&subnet));
                let Some(private) = private else { continue };
                self.hold(&interface, &vpc, &subnet, private, Vec::new(), owner.clone());
                let tie = address
                    .public
                    .as_ref()
                    .map(|public| self.address(**public, &interface, private));
                addresses.push(NatGatewayAddress {
                    interface: interface.clone(),
                    private,
                    allocation: tie.as_ref().map(|(allocation, _)| allocation.clone()),
                    association: tie.map(|(_, association)| association),
                    public: address.public.as_ref().map(|public| public.value),
                    status: NatGatewayAddressStatus::Succeeded,
                });
            }
            let state = if gateway.available {
                NatGatewayState::Available
            } else {
                NatGatewayState::Failed
            };
            let (public, created) = (gateway.public, self.change.now);
            let row = NatGateway {
                id: id.clone(),
                vpc,
                subnet,
                public,
                state,
                addresses,
                failure: None,
                created,
                deleted: None,
            };
            self.change.nat_gateways.insert(id, row);
        }
    }

    /// An interface that an AWS service has; another address of one that is there.
    fn hold(
        &mut self,
        id: &str,
        vpc: &str,
        subnet: &str,
        address: Ipv4Addr,
        groups: Vec<String>,
        owner: InterfaceOwner,
    ) {
        if let Some(there) = self.change.network_interfaces.edit(id) {
            there.addresses.push(address);
            return;
        }
        let row = NetworkInterface {
            id: id.to_owned(),
            vpc: vpc.to_owned(),
            subnet: subnet.to_owned(),
            addresses: vec![address],
            groups,
            source_dest_check: !matches!(owner, InterfaceOwner::NatGateway(_)),
            description: String::new(),
            owner,
            created: self.change.now,
        };
        self.change.network_interfaces.insert(id, row);
    }

    fn endpoints(&mut self) {
        for (at, endpoint) in self.model.vpc_endpoints.iter().enumerate() {
            let id = self.of(Kind::VpcEndpoint, at);
            let vpc = self.find(Kind::Vpc, &endpoint.vpc);
            let kind = match &endpoint.kind {
                m::EndpointKind::Gateway { route_tables, .. } => {
                    let find = |name| self.find_in(Kind::RouteTable, name, &endpoint.vpc);
                    EndpointKind::Gateway { route_tables: route_tables.iter().map(find).collect() }
                }
                m::EndpointKind::Interface { subnets, security_groups, private_dns } => {
                    self.interface_endpoint(&id, &vpc, subnets, security_groups, *private_dns)
                }
            };
            let state = if endpoint.available { "available" } else { "failed" };
            let row = VpcEndpoint {
                id: id.clone(),
                vpc,
                service: endpoint.service.value.clone(),
                state: state.to_owned(),
                kind,
                policy: None,
                created: self.change.now,
            };
            self.change.vpc_endpoints.insert(id, row);
        }
    }

    fn interface_endpoint(
        &mut self,
        id: &str,
        vpc: &str,
        subnets: &[(Name, Option<egret_control::source::Sourced<Ipv4Addr>>)],
        groups: &[Name],
        private_dns: bool,
    ) -> EndpointKind {
        let groups =
            subnets.first().map(|(subnet, _)| self.groups(groups, subnet)).unwrap_or_default();
        let (mut ids, mut interfaces) = (Vec::new(), Vec::new());
        for (name, address) in subnets {
            let subnet = self.find(Kind::Subnet, name);
            let address = address.as_ref().map(|address| address.value);
            let Some(address) = address.or_else(|| self.change.free_address(&subnet)) else {
                continue;
            };
            let interface = self.change.ids.next("eni");
            let owner = InterfaceOwner::VpcEndpoint(id.to_owned());
            self.hold(&interface, vpc, &subnet, address, groups.clone(), owner);
            ids.push(subnet);
            interfaces.push(interface);
        }
        EndpointKind::Interface { subnets: ids, interfaces, groups, private_dns }
    }

    fn peerings(&mut self) {
        for (at, peering) in self.model.peerings.iter().enumerate() {
            let id = self.of(Kind::Peering, at);
            let here = &self.change.identity.region;
            let region = if peering.same_region { here } else { "another-region" };
            let row = Peering {
                id: id.clone(),
                requester: self.find(Kind::Vpc, &peering.requester),
                accepter: self.find(Kind::Vpc, &peering.accepter),
                accepter_region: region.to_owned(),
                status: if peering.active { "active" } else { "pending-acceptance" }.to_owned(),
                message: if peering.active { "Active" } else { "Pending Acceptance" }.to_owned(),
                expires: None,
                dns: PeeringDns::default(),
            };
            self.change.peerings.insert(id, row);
        }
    }

    fn transit_gateways(&mut self) {
        for (at, gateway) in self.model.transit_gateways.iter().enumerate() {
            let id = self.of(Kind::TransitGateway, at);
            let mut attachments = HashMap::new();
            for attachment in &gateway.attachments {
                let made = self.attachment(&id, attachment);
                attachments.insert(attachment.id.value.as_str(), made.clone());
                attachments.extend(attachment.name.as_deref().map(|name| (name, made)));
            }
            for table in &gateway.route_tables {
                self.transit_table(&id, table, &attachments);
            }
            let options = transit::TransitGatewayOptions {
                asn: 64_512,
                auto_accept: false,
                association_table: None,
                propagation_table: None,
                sg_referencing: gateway.sg_referencing,
                dns_support: true,
            };
            let row = transit::TransitGateway {
                id: id.clone(),
                description: String::new(),
                state: "available".to_owned(),
                options,
                created: self.change.now,
            };
            self.change.transit_gateways.insert(id, row);
        }
    }

    fn attachment(&mut self, gateway: &str, attachment: &m::TransitGatewayAttachment) -> String {
        let id = self.id_for("tgw-attach", &attachment.id);
        let called =
            attachment.name.as_deref().or((id != **attachment.id).then_some(&*attachment.id.value));
        if let Some(name) = called {
            self.tag_name(&id, name);
        }
        let kind = match &attachment.kind {
            m::AttachmentKind::Vpc { vpc, subnets } => transit::AttachmentKind::Vpc {
                subnets: subnets.iter().map(|name| self.find_in(Kind::Subnet, name, vpc)).collect(),
                vpc: self.find(Kind::Vpc, vpc),
            },
            m::AttachmentKind::External { cidrs } => transit::AttachmentKind::External {
                cidrs: cidrs.iter().map(|cidr| cidr.value).collect(),
            },
        };
        let row = transit::Attachment {
            id: id.clone(),
            gateway: gateway.to_owned(),
            state: if attachment.available { "available" } else { "failed" }.to_owned(),
            kind,
            created: self.change.now,
        };
        self.change.transit_gateway_attachments.insert(id.as_str(), row);
        id
    }

    fn transit_table(
        &mut self,
        gateway: &str,
        table: &m::TransitGatewayRouteTable,
        attachments: &HashMap<&str, String>,
    ) {
        let id = self.id_for("tgw-rtb", &table.id);
        if id != **table.id {
            self.tag_name(&id, &table.id);
        }
        let find = |name: &Name| attachments.get(name.as_str()).cloned();
        // What was learnt is learnt anew, from the attachments that tell it.
        let routes = table.routes.iter().filter(|route| !route.propagated);
        let route = |route: &m::TransitGatewayRoute| transit::Route {
            cidr: *route.cidr,
            attachment: route.attachment.as_ref().and_then(find),
        };
        let row = transit::RouteTable {
            id: id.clone(),
            gateway: gateway.to_owned(),
            state: "available".to_owned(),
            associations: table.associations.iter().filter_map(find).collect(),
            propagations: table.propagations.iter().filter_map(find).collect(),
            routes: routes.map(route).collect(),
            created: self.change.now,
        };
        self.change.transit_gateway_route_tables.insert(id, row);
    }

    fn route_tables(&mut self) {
        for (at, table) in self.model.route_tables.iter().enumerate() {
            let id = self.of(Kind::RouteTable, at);
            let mut associations = Vec::new();
            if table.main {
                let id = self.change.ids.next("rtbassoc");
                associations.push(RouteTableAssociation { id, subnet: None });
            }
            let row = RouteTable {
                id: id.clone(),
                vpc: self.find(Kind::Vpc, &table.vpc),
                routes: table
                    .routes
                    .iter()
                    .filter_map(|route| self.route(route, &table.vpc))
                    .collect(),
                associations,
            };
            self.change.route_tables.insert(id, row);
        }
    }

    /// `None` for a local route, which follows from the VPC's CIDRs.
    fn route(&self, route: &m::Route, vpc: &Name) -> Option<Route> {
        let named = |name: &str| Name::from(name);
        let destination = match &route.destination.value {
            m::RouteDestination::Cidr(cidr) => RouteDestination::Cidr(*cidr),
            m::RouteDestination::PrefixList(list) => {
                RouteDestination::PrefixList(self.find(Kind::PrefixList, &named(list)))
            }
        };
        let target = self.target(&route.target.value, vpc)?;
        let origin = if route.propagated {
            RouteOrigin::EnableVgwRoutePropagation
        } else {
            RouteOrigin::CreateRoute
        };
        Some(Route { destination, target, origin })
    }

    fn target(&self, target: &m::RouteTarget, vpc: &Name) -> Option<RouteTarget> {
        let find = |kind, name: &str| self.find_in(kind, &Name::from(name), vpc);
        Some(match target {
            m::RouteTarget::Local => return None,
            m::RouteTarget::InternetGateway(Some(name)) => {
                RouteTarget::InternetGateway(find(Kind::InternetGateway, name))
            }
            m::RouteTarget::InternetGateway(None) => self.own_internet_gateway(vpc),
            m::RouteTarget::NatGateway(name) => {
                RouteTarget::NatGateway(find(Kind::NatGateway, name))
            }
            m::RouteTarget::VpcEndpoint(name) => {
                RouteTarget::VpcEndpoint(find(Kind::VpcEndpoint, name))
            }
            m::RouteTarget::Peering(name) => RouteTarget::Peering(find(Kind::Peering, name)),
            m::RouteTarget::TransitGateway(name) => {
                RouteTarget::TransitGateway(find(Kind::TransitGateway, name))
            }
            m::RouteTarget::NetworkInterface(name) => {
                RouteTarget::NetworkInterface(find(Kind::NetworkInterface, name))
            }
            m::RouteTarget::Blackhole(name) => {
                RouteTarget::Other(name.clone().unwrap_or_else(|| "blackhole".to_owned()))
            }
            m::RouteTarget::Unsupported(name) => RouteTarget::Other(name.clone()),
            m::RouteTarget::Named(name) => self.named_target(name, vpc),
        })
    }

    fn own_internet_gateway(&self, vpc: &Name) -> RouteTarget {
        let vpc = self.find(Kind::Vpc, vpc);
        let own = self.change.internet_gateways.values().find(|g| g.vpc.as_deref() == Some(&vpc));
        own.map_or(RouteTarget::Other("igw".to_owned()), |g| {
            RouteTarget::InternetGateway(g.id.clone())
        })
    }

    /// What a scenario's route calls by name only: whatever has it.
    fn named_target(&self, name: &str, vpc: &Name) -> RouteTarget {
        type Make = fn(String) -> RouteTarget;
        let kinds: [(Kind, Make); 6] = [
            (Kind::NatGateway, RouteTarget::NatGateway),
            (Kind::VpcEndpoint, RouteTarget::VpcEndpoint),
            (Kind::Peering, RouteTarget::Peering),
            (Kind::TransitGateway, RouteTarget::TransitGateway),
            (Kind::NetworkInterface, RouteTarget::NetworkInterface),
            (Kind::InternetGateway, RouteTarget::InternetGateway),
        ];
        let name = Name::from(name);
        let found = kinds.into_iter().find_map(|(kind, make)| {
            let at = self.names.find_in(kind, &name, vpc).ok()?;
            Some(make(self.of(kind, at)))
        });
        found.unwrap_or_else(|| RouteTarget::Other((*name).clone()))
    }

    /// What every VPC has, though a scenario does not say it, and the ties of subnets.
    fn complete_vpcs(&mut self) {
        for at in 0..self.model.vpcs.len() {
            let vpc = self.of(Kind::Vpc, at);
            if self.change.main_route_table(&vpc).is_none() {
                self.change.make_main_route_table(&vpc);
            }
            if self.change.default_acl(&vpc).is_none() {
                self.change.make_default_acl(&vpc);
            }
            if self.change.default_group(&vpc).is_none() {
                self.change.make_default_group(&vpc);
            }
        }
        for (at, subnet) in self.model.subnets.iter().enumerate() {
            self.tie(&self.of(Kind::Subnet, at), subnet);
        }
    }

    fn connectors(&mut self) {
        for connector in &self.model.connectors {
            let first = connector.subnets.first().cloned();
            let groups = first.map(|subnet| self.groups(&connector.security_groups, &subnet));
            let name = connector.id.value.as_str();
            let arn = connector.arn.clone().filter(|arn| arn.starts_with("arn:"));
            let arn = arn.unwrap_or_else(|| self.change.connector_arn(name));
            let row = Connector {
                arn: arn.clone(),
                name: name.to_owned(),
                revision: 1,
                subnets: connector.subnets.iter().map(|id| self.find(Kind::Subnet, id)).collect(),
                groups: groups.unwrap_or_default(),
                created: self.change.now,
                deleted: None,
                users: 0,
            };
            self.change.connectors.insert(arn, row);
        }
    }

    fn services(&mut self) {
        for service in &self.model.services {
            let connector = match &service.egress {
                m::Egress::Default => None,
                m::Egress::Vpc(name) => self.connector_called(name),
            };
            let made = connector.and_then(|arn| self.change.connectors.get(&arn).cloned());
            if let Some(connector) = &made {
                // The model compiled: its subnets had room for the same interfaces.
                let _ = self.change.hold_enis(connector);
                self.change.count_user(Some(&connector.arn), true);
            }
            let row = self.change.imported_service(
                &service.id,
                made.map(|connector| connector.arn),
                *service.tasks,
                service.azs.iter().map(|az| az.value.clone()).collect(),
            );
            self.change.services.insert(row.arn.clone(), row);
        }
    }

    fn connector_called(&self, name: &Name) -> Option<String> {
        let at = self.names.find(Kind::Connector, name).ok()?;
        let name = &self.model.connectors[at].id.value;
        let called = self.change.connectors.values().find(|connector| connector.name == *name);
        called.map(|connector| connector.arn.clone())
    }

    fn tie(&mut self, id: &str, subnet: &m::Subnet) {
        let vpc = self.vpc_of(id);
        let acl = match &subnet.network_acl {
            Some(acl) => Some(self.find_in(Kind::NetworkAcl, acl, &subnet.vpc)),
            None => self.change.default_acl(&vpc).map(|acl| acl.id.clone()),
        };
        let association = self.change.ids.next("aclassoc");
        if let Some(acl) = acl.and_then(|acl| self.change.network_acls.edit(&acl)) {
            acl.associations.push(AclAssociation { id: association, subnet: id.to_owned() });
        }
        let Some(table) = &subnet.route_table else { return };
        let table = self.find_in(Kind::RouteTable, table, &subnet.vpc);
        let association = self.change.ids.next("rtbassoc");
        if let Some(table) = self.change.route_tables.edit(&table) {
            let subnet = Some(id.to_owned());
            table.associations.push(RouteTableAssociation { id: association, subnet });
        }
    }
}

/// `None` for the last entry, which every ACL has.
fn acl_entry(entry: &m::AclEntry) -> Option<AclEntry> {
    let number = u16::try_from(*entry.number).ok().filter(|number| *number < 32_767)?;
    let (mut ports, mut icmp) = (None, None);
    let any = |part: Option<u8>| part.map_or(-1, i16::from);
    let protocol = match *entry.traffic {
        m::Traffic::All => -1,
        m::Traffic::Tcp(from, to) => {
            ports = Some((from, to));
            6
        }
        m::Traffic::Udp(from, to) => {
            ports = Some((from, to));
            17
        }
        m::Traffic::Icmp(kind, code) => {
            icmp = Some((any(kind), any(code)));
            1
        }
        m::Traffic::Protocol(number) => i16::from(number),
    };
    let (egress, allow, cidr) = (entry.egress, entry.allow, *entry.cidr);
    Some(AclEntry { number, egress, allow, protocol, ports, icmp, cidr })
}

/// The protocol, and the ports or the ICMP type and code, as EC2 writes them.
fn rule_traffic(traffic: m::Traffic) -> (String, i32, i32) {
    let any = |part: Option<u8>| part.map_or(-1, i32::from);
    match traffic {
        m::Traffic::All => ("-1".to_owned(), -1, -1),
        m::Traffic::Tcp(from, to) => ("tcp".to_owned(), from.into(), to.into()),
        m::Traffic::Udp(from, to) => ("udp".to_owned(), from.into(), to.into()),
        m::Traffic::Icmp(kind, code) => ("icmp".to_owned(), any(kind), any(code)),
        m::Traffic::Protocol(number) => (number.to_string(), -1, -1),
    }
}
