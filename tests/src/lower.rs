//! The plainest way from a model to a snapshot, for topologies, which are valid and say everything.
//!
//! It checks nothing and picks nothing, so that the dataplane can be held to the oracle without the
//! real compiler in between, and the compiler to this.

use std::net::Ipv4Addr;
use std::sync::Arc;

use egret_control::model::{self, Model, Name};
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::*;
use ipnet::Ipv4Net;

/// The snapshot of a model.
///
/// # Panics
/// When the model names what it does not have, or leaves an address open.
pub fn lower(model: &Model) -> Arc<Snapshot> {
    let mut lowering = Lowering { model, snapshot: Snapshot::default() };
    lowering.snapshot.settings = model.settings.dataplane;
    lowering.snapshot.interfaces.push(Interface::Internet);
    lowering.rules();
    lowering.vpcs();
    lowering.subnets();
    lowering.gateways();
    lowering.network_interfaces();
    lowering.nat_gateways();
    lowering.endpoints();
    lowering.transit_gateways();
    lowering.route_tables();
    lowering.services();
    lowering.snapshot.vpcs.iter_mut().for_each(|vpc| vpc.addresses.sort());
    lowering.snapshot.public_addresses.sort();
    Arc::new(lowering.snapshot)
}

struct Lowering<'a> {
    model: &'a Model,
    snapshot: Snapshot,
}

impl Lowering<'_> {
    fn interface(&mut self, interface: Interface) -> InterfaceId {
        self.snapshot.interfaces.push(interface);
        InterfaceId(self.snapshot.interfaces.len() as u32 - 1)
    }

    fn vpc(&self, id: &str) -> VpcId {
        VpcId(index(&self.model.vpcs, |vpc| vpc.id.value == id))
    }

    fn subnet(&self, id: &str) -> SubnetId {
        SubnetId(index(&self.model.subnets, |subnet| subnet.id.value == id))
    }

    fn list(&self, id: &str) -> PrefixListId {
        PrefixListId(index(&self.model.prefix_lists, |list| list.id.value == id))
    }

    fn zone(&mut self, id: &str) -> ZoneId {
        let zones = &mut self.snapshot.zones;
        let at = zones.iter().position(|zone| &**zone == id);
        ZoneId(at.unwrap_or_else(|| {
            zones.push(id.into());
            zones.len() - 1
        }) as u32)
    }

    /// The set of groups; none means the default one of the subnet's VPC.
    fn groups(&self, groups: &[Name], subnet: SubnetId) -> Vec<SgId> {
        let all = &self.model.security_groups;
        let vpc = &self.model.subnets[subnet.0 as usize].vpc;
        let mut ids: Vec<_> = match groups {
            [] => vec![SgId(index(all, |group| group.default && group.vpc == *vpc))],
            _ => groups.iter().map(|id| SgId(index(all, |group| group.id == *id))).collect(),
        };
        ids.sort();
        ids.dedup();
        ids
    }

    fn rules(&mut self) {
        for list in &self.model.prefix_lists {
            let cidrs = list.cidrs.iter().map(|c| cidr(c.value)).collect();
            self.snapshot.prefix_lists.push(PrefixList { name: name(&list.id), cidrs });
        }
        for group in &self.model.security_groups {
            let [ingress, egress] = [&group.ingress, &group.egress]
                .map(|rules| rules.iter().map(|rule| self.rule(rule)).collect());
            let group = SecurityGroup { name: name(&group.id), ingress, egress };
            self.snapshot.security_groups.push(group);
        }
        for acl in &self.model.network_acls {
            let [ingress, egress] = [false, true].map(|way| entries(acl, way));
            self.snapshot.network_acls.push(NetworkAcl { name: name(&acl.id), ingress, egress });
        }
    }

    fn rule(&self, rule: &model::SecurityGroupRule) -> SgRule {
        let peer = match &rule.peer.value {
            model::Peer::Cidr(net) => Peer::Cidr(cidr(*net)),
            model::Peer::PrefixList(id) => Peer::PrefixList(self.list(id)),
            model::Peer::SecurityGroup(id) => {
                let groups = &self.model.security_groups;
                Peer::Group(SgId(index(groups, |group| group.id.value == *id)))
            }
        };
        SgRule { traffic: traffic(rule.traffic.value), peer }
    }

    fn vpcs(&mut self) {
        for (at, vpc) in self.model.vpcs.iter().enumerate() {
            let link_local = self.interface(Interface::LinkLocal(VpcId(at as u32)));
            let mut gateways = self.model.internet_gateways.iter();
            self.snapshot.vpcs.push(Vpc {
                name: name(&vpc.id),
                cidrs: vpc.cidrs.iter().map(|c| cidr(c.value)).collect(),
                addresses: Vec::new(),
                internet_gateway: gateways
                    .position(|gateway| gateway.vpc.as_ref() == Some(&vpc.id))
                    .map(|at| IgwId(at as u32)),
                dns_support: vpc.dns_support.value,
                link_local,
            });
        }
    }

    fn subnets(&mut self) {
        for subnet in &self.model.subnets {
            let table = index(&self.model.route_tables, |table| match &subnet.route_table {
                Some(id) => table.id == *id,
                None => table.main && table.vpc == subnet.vpc,
            });
            let acl = index(&self.model.network_acls, |acl| match &subnet.network_acl {
                Some(id) => acl.id == *id,
                None => acl.default && acl.vpc == subnet.vpc,
            });
            let zone = self.zone(&subnet.az);
            self.snapshot.subnets.push(Subnet {
                name: name(&subnet.id),
                vpc: self.vpc(&subnet.vpc),
                zone,
                cidr: cidr(subnet.cidr.value),
                route_table: RouteTableId(table),
                network_acl: AclId(acl),
            });
        }
    }

    fn gateways(&mut self) {
        for gateway in &self.model.internet_gateways {
            let vpc = self.vpc(gateway.vpc.as_ref().expect("an attached gateway"));
            let gateway = InternetGateway { name: name(&gateway.id), vpc };
            self.snapshot.internet_gateways.push(gateway);
        }
        for peering in self.model.peerings.iter().filter(|peering| peering.active) {
            self.snapshot.peerings.push(Peering {
                name: name(&peering.id),
                vpcs: [self.vpc(&peering.requester), self.vpc(&peering.accepter)],
                same_region: peering.same_region,
            });
        }
    }

    /// An ENI takes its place; `public` are the pairs of private and public addresses.
    fn eni(&mut self, eni: NetworkInterface, addresses: &[Ipv4Addr]) -> EniId {
        let id = EniId(self.snapshot.enis.len() as u32);
        let vpc = self.snapshot[eni.subnet].vpc;
        let known = &mut self.snapshot.vpcs[vpc.0 as usize].addresses;
        known.extend(addresses.iter().map(|address| (*address, id)));
        self.snapshot.public_addresses.extend(eni.public.iter().map(|(_, public)| (*public, id)));
        self.snapshot.enis.push(eni);
        id
    }

    fn network_interfaces(&mut self) {
        for interface in &self.model.network_interfaces {
            let id = EniId(self.snapshot.enis.len() as u32);
            let subnet = self.subnet(&interface.subnet);
            let addresses: Vec<_> = interface.addresses.iter().map(|a| a.value).collect();
            let owner = match interface.owner {
                model::InterfaceOwner::Host => EniOwner::Host(self.interface(Interface::Eni(id))),
                model::InterfaceOwner::Connector => EniOwner::Hyperplane,
            };
            let eni = NetworkInterface {
                name: name(&interface.id),
                subnet,
                address: addresses[0],
                public: interface.public.iter().map(|p| (addresses[0], p.value)).collect(),
                security_groups: self.groups(&interface.security_groups, subnet),
                source_dest_check: interface.source_dest_check,
                owner,
            };
            self.eni(eni, &addresses);
        }
    }

    fn nat_gateways(&mut self) {
        for nat in self.model.nat_gateways.iter().filter(|nat| nat.available) {
            let id = NatId(self.snapshot.nat_gateways.len() as u32);
            let private = |a: &model::NatAddress| a.private.expect("a said address").value;
            let addresses: Vec<_> = nat.addresses.iter().map(private).collect();
            let pair = |a: &model::NatAddress| Some((private(a), a.public?.value));
            let eni = NetworkInterface {
                name: name(&nat.id),
                subnet: self.subnet(&nat.subnet),
                address: addresses[0],
                public: nat.addresses.iter().filter_map(pair).collect(),
                security_groups: Vec::new(),
                source_dest_check: false,
                owner: EniOwner::NatGateway(id),
            };
            let eni = self.eni(eni, &addresses);
            let nat = NatGateway { name: name(&nat.id), eni, addresses, public: nat.public };
            self.snapshot.nat_gateways.push(nat);
        }
    }

    fn endpoints(&mut self) {
        for endpoint in &self.model.vpc_endpoints {
            let id = EndpointId(self.snapshot.endpoints.len() as u32);
            let kind = match &endpoint.kind {
                model::EndpointKind::Gateway { prefix_list, .. } => EndpointKind::Gateway {
                    prefix_list: self.list(prefix_list.as_ref().expect("a said list")),
                    interface: self.interface(Interface::GatewayEndpoint(id)),
                },
                model::EndpointKind::Interface { subnets, security_groups, .. } => {
                    let mut enis = Vec::new();
                    for (subnet, address) in subnets {
                        let address = address.expect("a said address").value;
                        enis.push(self.endpoint_eni(
                            id,
                            endpoint,
                            subnet,
                            address,
                            security_groups,
                        ));
                    }
                    EndpointKind::Interface { enis }
                }
            };
            self.snapshot.endpoints.push(VpcEndpoint {
                name: name(&endpoint.id),
                vpc: self.vpc(&endpoint.vpc),
                service: name(&endpoint.service),
                kind,
            });
        }
    }

    fn endpoint_eni(
        &mut self,
        id: EndpointId,
        endpoint: &model::VpcEndpoint,
        subnet: &str,
        address: Ipv4Addr,
        groups: &[Name],
    ) -> EniId {
        let at = self.interface(Interface::Eni(EniId(self.snapshot.enis.len() as u32)));
        let subnet = self.subnet(subnet);
        let eni = NetworkInterface {
            name: name(&endpoint.id),
            subnet,
            address,
            public: Vec::new(),
            security_groups: self.groups(groups, subnet),
            source_dest_check: true,
            owner: EniOwner::Endpoint(id, at),
        };
        self.eni(eni, &[address])
    }

    fn transit_gateways(&mut self) {
        for (at, gateway) in self.model.transit_gateways.iter().enumerate() {
            let base = self.snapshot.attachments.len() as u32;
            for attachment in &gateway.attachments {
                let kind = match &attachment.kind {
                    model::AttachmentKind::Vpc { vpc, subnets } => AttachmentKind::Vpc {
                        vpc: self.vpc(vpc),
                        subnets: subnets.iter().map(|id| self.subnet(id)).collect(),
                    },
                    model::AttachmentKind::External { .. } => {
                        let id = AttachmentId(self.snapshot.attachments.len() as u32);
                        AttachmentKind::External(self.interface(Interface::External(id)))
                    }
                };
                let mut tables = gateway.route_tables.iter();
                self.snapshot.attachments.push(Attachment {
                    name: name(&attachment.id),
                    transit_gateway: TgwId(at as u32),
                    route_table: tables.position(|t| t.associations.contains(&attachment.id)),
                    kind,
                });
            }
            let tables = gateway.route_tables.iter();
            let route_tables = tables.map(|table| self.transit_table(gateway, table, base));
            let gateway = TransitGateway {
                name: name(&gateway.id),
                sg_referencing: gateway.sg_referencing,
                route_tables: route_tables.collect(),
            };
            self.snapshot.transit_gateways.push(gateway);
        }
    }

    fn transit_table(
        &self,
        gateway: &model::TransitGateway,
        table: &model::TransitGatewayRouteTable,
        base: u32,
    ) -> TgwRouteTable {
        let of = |id: &Name| index(&gateway.attachments, |attachment| attachment.id == *id);
        let mut routes = Vec::new();
        for route in &table.routes {
            routes.push(TgwRoute {
                cidr: cidr(route.cidr.value),
                attachment: route.attachment.as_ref().map(|id| AttachmentId(base + of(id))),
                propagated: route.propagated,
            });
        }
        for id in &table.propagations {
            let cidrs = match &gateway.attachments[of(id) as usize].kind {
                model::AttachmentKind::Vpc { vpc, .. } => {
                    &self.model.vpcs[self.vpc(vpc).0 as usize].cidrs
                }
                model::AttachmentKind::External { cidrs } => cidrs,
            };
            let attachment = Some(AttachmentId(base + of(id)));
            let learnt = |net: Ipv4Net| TgwRoute { cidr: cidr(net), attachment, propagated: true };
            routes.extend(cidrs.iter().map(|c| learnt(c.value)));
        }
        TgwRouteTable { name: name(&table.id), routes }
    }

    fn route_tables(&mut self) {
        for table in &self.model.route_tables {
            let origin = RouteOrigin::Static;
            let mut routes = Vec::new();
            for net in &self.model.vpcs[self.vpc(&table.vpc).0 as usize].cidrs {
                let key = RouteKey::Cidr(cidr(net.value));
                routes.push(Route { key, target: RouteTarget::Local, origin });
            }
            for route in &table.routes {
                let key = match &route.destination.value {
                    model::RouteDestination::Cidr(net) => RouteKey::Cidr(cidr(*net)),
                    model::RouteDestination::PrefixList(id) => RouteKey::PrefixList(self.list(id)),
                };
                let target = self.target(&route.target.value, &table.vpc);
                let origin = if route.propagated { RouteOrigin::Propagated } else { origin };
                routes.push(Route { key, target, origin });
            }
            for (at, endpoint) in self.snapshot.endpoints.iter().enumerate() {
                let (EndpointKind::Gateway { prefix_list, .. }, tables) =
                    (&endpoint.kind, tables_of(&self.model.vpc_endpoints[at]))
                else {
                    continue;
                };
                if tables.contains(&table.id) {
                    let key = RouteKey::PrefixList(*prefix_list);
                    let target = RouteTarget::Endpoint(EndpointId(at as u32));
                    routes.push(Route { key, target, origin });
                }
            }
            self.snapshot.route_tables.push(RouteTable { name: name(&table.id), routes });
        }
    }

    fn target(&self, target: &model::RouteTarget, vpc: &str) -> RouteTarget {
        let s = &self.snapshot;
        let named = |all: Vec<&Arc<str>>, id: &str| all.iter().position(|n| &***n == id);
        let found = match target {
            model::RouteTarget::Local => Some(RouteTarget::Local),
            model::RouteTarget::InternetGateway(_) => {
                s[self.vpc(vpc)].internet_gateway.map(RouteTarget::InternetGateway)
            }
            model::RouteTarget::NatGateway(id) => {
                let at = named(s.nat_gateways.iter().map(|nat| &nat.name).collect(), id);
                at.map(|at| RouteTarget::NatGateway(NatId(at as u32)))
            }
            model::RouteTarget::Peering(id) => {
                let at = named(s.peerings.iter().map(|peering| &peering.name).collect(), id);
                at.map(|at| RouteTarget::Peering(PeeringId(at as u32)))
            }
            model::RouteTarget::TransitGateway(id) => {
                let at = named(s.transit_gateways.iter().map(|g| &g.name).collect(), id);
                at.map(|at| RouteTarget::TransitGateway(TgwId(at as u32)))
            }
            // Topologies name nothing but interfaces without saying what they are.
            model::RouteTarget::NetworkInterface(id) | model::RouteTarget::Named(id) => {
                let at = named(s.enis.iter().map(|eni| &eni.name).collect(), id);
                at.map(|at| RouteTarget::Eni(EniId(at as u32)))
            }
            model::RouteTarget::VpcEndpoint(id) => {
                let at = named(s.endpoints.iter().map(|endpoint| &endpoint.name).collect(), id);
                at.map(|at| RouteTarget::Endpoint(EndpointId(at as u32)))
            }
            model::RouteTarget::Blackhole(_) | model::RouteTarget::Unsupported(_) => None,
        };
        found.unwrap_or(RouteTarget::Blackhole)
    }

    fn services(&mut self) {
        for (at, service) in self.model.services.iter().enumerate() {
            let mut zones: Vec<_> = service.azs.iter().map(|az| self.zone(az)).collect();
            let egress = match &service.egress {
                model::Egress::Default => Egress::Default,
                model::Egress::Vpc(connector) => {
                    let enis = self.enis_of(connector);
                    if zones.is_empty() {
                        let zone = |eni: &EniId| self.snapshot[self.snapshot[*eni].subnet].zone;
                        zones = enis.iter().map(zone).collect();
                    }
                    Egress::Vpc { connector: name(connector), enis }
                }
            };
            self.snapshot.services.push(Service { name: name(&service.id), egress });
            for number in 0..service.tasks.value {
                let id = self.snapshot.tasks.len() as u32;
                let task = Task {
                    service: ServiceId(at as u32),
                    number,
                    address: Ipv4Addr::from_bits(FIRST_TASK.to_bits() + id),
                    zone: zones.get(number as usize % zones.len().max(1)).copied(),
                    interface: self.interface(Interface::Task(TaskId(id))),
                };
                self.snapshot.tasks.push(task);
            }
        }
    }

    fn enis_of(&self, connector: &Name) -> Vec<EniId> {
        let mut connectors = self.model.connectors.iter();
        let connector = connectors.find(|c| c.id == *connector).expect("a known connector");
        let shared = |id: &Name| {
            let subnet = self.subnet(id);
            let groups = self.groups(&connector.security_groups, subnet);
            EniId(index(&self.snapshot.enis, |eni| {
                eni.owner == EniOwner::Hyperplane
                    && eni.subnet == subnet
                    && eni.security_groups == groups
            }))
        };
        connector.subnets.iter().map(shared).collect()
    }
}

/// Where tasks' own addresses begin: outside of everything that topologies use.
const FIRST_TASK: Ipv4Addr = Ipv4Addr::new(169, 254, 172, 2);

fn tables_of(endpoint: &model::VpcEndpoint) -> &[Name] {
    match &endpoint.kind {
        model::EndpointKind::Gateway { route_tables, .. } => route_tables,
        model::EndpointKind::Interface { .. } => &[],
    }
}

fn entries(acl: &model::NetworkAcl, egress: bool) -> Vec<AclEntry> {
    let of_way = acl.entries.iter().filter(|entry| entry.egress == egress);
    let mut entries: Vec<_> = of_way
        .map(|entry| AclEntry {
            number: u16::try_from(entry.number.value).expect("a number up to 32,767"),
            allow: entry.allow,
            traffic: traffic(entry.traffic.value),
            cidr: cidr(entry.cidr.value),
        })
        .collect();
    entries.sort_by_key(|entry| entry.number);
    entries
}

fn traffic(traffic: model::Traffic) -> Traffic {
    match traffic {
        model::Traffic::All => Traffic::All,
        model::Traffic::Tcp(from, to) => Traffic::Tcp(from, to),
        model::Traffic::Udp(from, to) => Traffic::Udp(from, to),
        model::Traffic::Icmp(kind, code) => Traffic::Icmp(kind, code),
        model::Traffic::Protocol(number) => Traffic::Protocol(Protocol(number)),
    }
}

fn cidr(net: Ipv4Net) -> Cidr {
    Cidr::new(net.addr(), net.prefix_len())
}

fn name(id: &Name) -> Arc<str> {
    id.value.as_str().into()
}

fn index<T>(all: &[T], is: impl Fn(&T) -> bool) -> u32 {
    all.iter().position(is).expect("the model has what it names") as u32
}
