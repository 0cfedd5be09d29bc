//! The model, searched: which interfaces there are, which table a subnet has, which route wins.

use std::net::Ipv4Addr;

use egret_control::model::*;
use egret_control::source::Sourced;

use super::has;

/// Every elastic network interface that the model implies.
pub(super) struct World<'a> {
    pub(super) model: &'a Model,
    pub(super) enis: Vec<Eni<'a>>,
}

pub(super) struct Eni<'a> {
    pub(super) id: String,
    pub(super) subnet: &'a Subnet,
    pub(super) addresses: Vec<Ipv4Addr>,
    /// Pairs (private, public).
    pub(super) public: Vec<(Ipv4Addr, Ipv4Addr)>,
    pub(super) groups: Vec<String>,
    pub(super) source_dest_check: bool,
    pub(super) owner: Owner<'a>,
}

pub(super) enum Owner<'a> {
    Host,
    Hyperplane,
    Nat(&'a NatGateway),
    Endpoint(&'a str),
}

impl Eni<'_> {
    /// What a drop at it names.
    pub(super) fn name(&self) -> &str {
        match &self.owner {
            Owner::Host | Owner::Hyperplane => &self.id,
            Owner::Nat(nat) => &nat.id,
            Owner::Endpoint(id) => id,
        }
    }
}

impl<'a> World<'a> {
    pub(super) fn new(model: &'a Model) -> World<'a> {
        let mut world = World { model, enis: Vec::new() };
        let interfaces = model.network_interfaces.iter().map(|i| world.interface(i));
        let nats = model.nat_gateways.iter().filter(|nat| nat.available).map(|n| world.nat_eni(n));
        let endpoints = model.vpc_endpoints.iter().flat_map(|e| world.endpoint_enis(e));
        world.enis = interfaces.chain(nats).chain(endpoints).collect();
        world
    }

    fn interface(&self, interface: &'a NetworkInterface) -> Eni<'a> {
        let addresses: Vec<_> = interface.addresses.iter().map(|a| a.value).collect();
        let subnet = self.subnet(&interface.subnet);
        Eni {
            id: interface.id.value.clone(),
            public: interface.public.iter().map(|public| (addresses[0], public.value)).collect(),
            addresses,
            subnet,
            groups: self.groups_or_default(&interface.security_groups, &subnet.vpc),
            source_dest_check: interface.source_dest_check,
            owner: match interface.owner {
                InterfaceOwner::Host => Owner::Host,
                InterfaceOwner::Connector => Owner::Hyperplane,
            },
        }
    }

    fn nat_eni(&self, nat: &'a NatGateway) -> Eni<'a> {
        let private = |a: &NatAddress| a.private.expect("topologies say every address").value;
        let public = |a: &NatAddress| Some((private(a), a.public?.value));
        Eni {
            id: nat.id.value.clone(),
            subnet: self.subnet(&nat.subnet),
            addresses: nat.addresses.iter().map(private).collect(),
            public: nat.addresses.iter().filter_map(public).collect(),
            groups: Vec::new(),
            source_dest_check: false,
            owner: Owner::Nat(nat),
        }
    }

    fn endpoint_enis(&self, endpoint: &'a VpcEndpoint) -> Vec<Eni<'a>> {
        let EndpointKind::Interface { subnets, security_groups, .. } = &endpoint.kind else {
            return Vec::new();
        };
        let eni = |(subnet, address): &'a (Name, Option<Sourced<Ipv4Addr>>)| Eni {
            id: format!("{}@{}", endpoint.id.value, subnet.value),
            subnet: self.subnet(subnet),
            addresses: vec![address.as_ref().expect("topologies say every address").value],
            public: Vec::new(),
            groups: self.groups_or_default(security_groups, &endpoint.vpc),
            source_dest_check: true,
            owner: Owner::Endpoint(&endpoint.id),
        };
        subnets.iter().map(eni).collect()
    }

    fn groups_or_default(&self, groups: &[Name], vpc: &str) -> Vec<String> {
        if groups.is_empty() {
            let of_vpc = self.model.security_groups.iter().filter(|g| g.vpc.value == vpc);
            return of_vpc.filter(|g| g.default).map(|g| g.id.value.clone()).collect();
        }
        groups.iter().map(|group| group.value.clone()).collect()
    }

    pub(super) fn subnet(&self, id: &str) -> &'a Subnet {
        self.model.subnets.iter().find(|subnet| subnet.id.value == id).expect("a known subnet")
    }

    pub(super) fn vpc(&self, id: &str) -> &'a Vpc {
        self.model.vpcs.iter().find(|vpc| vpc.id.value == id).expect("a known VPC")
    }

    pub(super) fn in_vpc(&self, vpc: &str, address: Ipv4Addr) -> bool {
        self.vpc(vpc).cidrs.iter().any(|cidr| has(cidr.value, address))
    }

    pub(super) fn table_of(&self, subnet: &Subnet) -> &'a RouteTable {
        let mut tables = self.model.route_tables.iter();
        let table = match &subnet.route_table {
            Some(id) => tables.find(|table| table.id == *id),
            None => tables.find(|table| table.vpc == subnet.vpc && table.main),
        };
        table.expect("every subnet has a route table")
    }

    pub(super) fn acl_of(&self, subnet: &Subnet) -> &'a NetworkAcl {
        let mut acls = self.model.network_acls.iter();
        let acl = match &subnet.network_acl {
            Some(id) => acls.find(|acl| acl.id == *id),
            None => acls.find(|acl| acl.vpc == subnet.vpc && acl.default),
        };
        acl.expect("every subnet has a network ACL")
    }

    /// The rules of one direction of all groups of an ENI.
    pub(super) fn rules(&self, eni: &Eni<'_>, egress: bool) -> Vec<&'a SecurityGroupRule> {
        let groups = self.model.security_groups.iter();
        let carried = groups.filter(|group| eni.groups.contains(&group.id));
        let of_way = |group: &'a SecurityGroup| match egress {
            true => &group.egress,
            false => &group.ingress,
        };
        carried.flat_map(of_way).collect()
    }

    pub(super) fn eni(&self, id: &str) -> &Eni<'a> {
        self.enis.iter().find(|eni| eni.id == id).expect("a known network interface")
    }

    pub(super) fn eni_at(&self, vpc: &str, address: Ipv4Addr) -> Option<&Eni<'a>> {
        let mut in_vpc = self.enis.iter().filter(|eni| eni.subnet.vpc.value == vpc);
        in_vpc.find(|eni| eni.addresses.contains(&address))
    }

    pub(super) fn in_prefix_list(&self, id: &str, address: Ipv4Addr) -> Option<u8> {
        let list = self.model.prefix_lists.iter().find(|list| list.id.value == id)?;
        let matching = list.cidrs.iter().filter(|cidr| has(cidr.value, address));
        matching.map(|cidr| cidr.value.prefix_len()).max()
    }

    /// Whether rules in one VPC may name security groups of the other.
    pub(super) fn groups_known(&self, one: &str, other: &str) -> bool {
        let joins = |p: &Peering| {
            let ends = (p.requester.as_str(), p.accepter.as_str());
            p.active && p.same_region && (ends == (one, other) || ends == (other, one))
        };
        one == other || self.model.peerings.iter().any(joins)
    }

    /// The one ENI of the task's connector in the task's zone, else any that it has, of those whose
    /// zone is not lost, if there are any. Of several `pick` says which.
    pub(super) fn hyperplane_eni(
        &self,
        connector: &str,
        service: &Service,
        task: u32,
        pick: &mut usize,
    ) -> &Eni<'a> {
        let mut connectors = self.model.connectors.iter();
        let connector = connectors.find(|c| c.id.value == connector).expect("a known connector");
        let subnets: Vec<_> = connector.subnets.iter().map(|id| self.subnet(id)).collect();
        let zones: Vec<&str> = match service.azs.is_empty() {
            true => subnets.iter().map(|subnet| subnet.az.as_str()).collect(),
            false => service.azs.iter().map(|az| az.as_str()).collect(),
        };
        let zone = zones[task as usize % zones.len()];
        let lives = |s: &&&Subnet| !self.model.lost_azs.contains(&s.az);
        let mut live: Vec<_> = subnets.iter().filter(lives).collect();
        if live.is_empty() {
            live = subnets.iter().collect();
        }
        let near = live.iter().find(|s| s.az.value == zone);
        let subnet = near.copied().unwrap_or_else(|| {
            let chosen = live[*pick % live.len()];
            *pick /= live.len();
            chosen
        });
        let wanted = self.groups_or_default(&connector.security_groups, &subnet.vpc);
        let shared = |eni: &&Eni<'_>| {
            matches!(eni.owner, Owner::Hyperplane)
                && eni.subnet.id == subnet.id
                && wanted.iter().all(|group| eni.groups.contains(group))
                && eni.groups.iter().all(|group| wanted.contains(group))
        };
        self.enis.iter().find(shared).expect("topologies say every shared ENI")
    }
}

/// A route's target, found.
pub(super) enum Target<'a> {
    Local,
    Blackhole,
    InternetGateway(&'a InternetGateway),
    NatGateway(&'a NatGateway),
    Endpoint(&'a VpcEndpoint),
    Peering(&'a Peering),
    TransitGateway(&'a TransitGateway),
    Interface(&'a Eni<'a>),
}

impl<'a> World<'a> {
    /// The longest prefix; of equals a static CIDR, then a static prefix list (the first of the
    /// model), then a propagated route.
    pub(super) fn route(&'a self, table: &RouteTable, dst: Ipv4Addr) -> Option<Target<'a>> {
        let mut candidates: Vec<(u8, u8, usize, Target<'a>)> = Vec::new();
        for cidr in &self.vpc(&table.vpc).cidrs {
            if has(cidr.value, dst) {
                candidates.push((32 - cidr.prefix_len(), 0, 0, Target::Local));
            }
        }
        for route in &table.routes {
            let (len, mut rank, mut list) = match &route.destination.value {
                RouteDestination::Cidr(cidr) if has(*cidr, dst) => (cidr.prefix_len(), 0, 0),
                RouteDestination::Cidr(_) => continue,
                RouteDestination::PrefixList(id) => match self.in_prefix_list(id, dst) {
                    Some(len) => (len, 1, self.list_index(id)),
                    None => continue,
                },
            };
            if route.propagated {
                (rank, list) = (2, 0);
            }
            candidates.push((32 - len, rank, list, self.target(&route.target.value, &table.vpc)));
        }
        for endpoint in &self.model.vpc_endpoints {
            let EndpointKind::Gateway { route_tables, prefix_list } = &endpoint.kind else {
                continue;
            };
            let by_name = || {
                let lists = &self.model.prefix_lists;
                lists.iter().find(|l| l.name.as_ref() == Some(&endpoint.service)).map(|l| &l.id)
            };
            let Some(list) = prefix_list.as_ref().or_else(by_name) else {
                continue;
            };
            if route_tables.contains(&table.id)
                && let Some(len) = self.in_prefix_list(list, dst)
            {
                candidates.push((32 - len, 1, self.list_index(list), Target::Endpoint(endpoint)));
            }
        }
        let best = candidates.into_iter().min_by_key(|(len, rank, list, _)| (*len, *rank, *list));
        best.map(|(.., target)| target)
    }

    fn list_index(&self, id: &str) -> usize {
        self.model.prefix_lists.iter().position(|list| list.id.value == id).unwrap_or(usize::MAX)
    }

    /// What a target names, or a blackhole if that is gone or does not work.
    fn target(&'a self, target: &RouteTarget, vpc: &str) -> Target<'a> {
        let model = self.model;
        let found = match target {
            RouteTarget::Local => Some(Target::Local),
            RouteTarget::Blackhole(_) | RouteTarget::Unsupported(_) => None,
            RouteTarget::InternetGateway(id) => model
                .internet_gateways
                .iter()
                .find(|g| {
                    id.as_ref().is_none_or(|id| g.id.value == *id)
                        && g.vpc.as_ref().is_some_and(|v| v.value == vpc)
                })
                .map(Target::InternetGateway),
            RouteTarget::NatGateway(id) => model
                .nat_gateways
                .iter()
                .find(|nat| nat.id.value == *id && nat.available)
                .map(Target::NatGateway),
            RouteTarget::VpcEndpoint(id) => model
                .vpc_endpoints
                .iter()
                .find(|endpoint| endpoint.id.value == *id && endpoint.available)
                .map(Target::Endpoint),
            RouteTarget::Peering(id) => model
                .peerings
                .iter()
                .find(|peering| peering.id.value == *id && peering.active)
                .map(Target::Peering),
            RouteTarget::TransitGateway(id) => model
                .transit_gateways
                .iter()
                .find(|g| g.id.value == *id)
                .map(Target::TransitGateway),
            RouteTarget::NetworkInterface(id) => {
                self.enis.iter().find(|eni| eni.id == *id).map(Target::Interface)
            }
            RouteTarget::Named(id) => return self.target(&self.kind_of(id), vpc),
        };
        found.unwrap_or(Target::Blackhole)
    }

    fn kind_of(&self, id: &str) -> RouteTarget {
        let (model, name) = (self.model, id.to_owned());
        if model.internet_gateways.iter().any(|g| g.id.value == id) {
            RouteTarget::InternetGateway(Some(name))
        } else if model.nat_gateways.iter().any(|n| n.id.value == id) {
            RouteTarget::NatGateway(name)
        } else if model.vpc_endpoints.iter().any(|e| e.id.value == id) {
            RouteTarget::VpcEndpoint(name)
        } else if model.peerings.iter().any(|p| p.id.value == id) {
            RouteTarget::Peering(name)
        } else if model.transit_gateways.iter().any(|g| g.id.value == id) {
            RouteTarget::TransitGateway(name)
        } else {
            RouteTarget::NetworkInterface(name)
        }
    }

    /// The longest prefix, static before learnt: no route, a blackhole, or an attachment.
    pub(super) fn transit_route(
        &self,
        gateway: &'a TransitGateway,
        table: &TransitGatewayRouteTable,
        dst: Ipv4Addr,
    ) -> Option<Option<&'a TransitGatewayAttachment>> {
        let attachment = |id: &Name| gateway.attachments.iter().find(|a| a.id == *id);
        let mut candidates: Vec<(u8, bool, Option<&TransitGatewayAttachment>)> = Vec::new();
        for route in table.routes.iter().filter(|route| has(route.cidr.value, dst)) {
            let to = route.attachment.as_ref().and_then(attachment);
            candidates.push((32 - route.cidr.prefix_len(), route.propagated, to));
        }
        for learnt in table.propagations.iter().filter_map(attachment) {
            let cidrs = match &learnt.kind {
                AttachmentKind::Vpc { vpc, .. } => &self.vpc(vpc).cidrs,
                AttachmentKind::External { cidrs } => cidrs,
            };
            for cidr in cidrs.iter().filter(|cidr| has(cidr.value, dst)) {
                candidates.push((32 - cidr.prefix_len(), true, Some(learnt)));
            }
        }
        let best = candidates.into_iter().min_by_key(|(len, learnt, _)| (*len, *learnt));
        best.map(|(.., to)| to)
    }

    pub(super) fn attachment(
        &self,
        id: &str,
    ) -> (&'a TransitGateway, &'a TransitGatewayAttachment) {
        let all = self.model.transit_gateways.iter();
        let mut all = all.flat_map(|gateway| gateway.attachments.iter().map(move |a| (gateway, a)));
        all.find(|(_, attachment)| attachment.id.value == id).expect("a known attachment")
    }
}
