//! The network that an account comes to: what `egret_control` compiles for the dataplane.
//!
//! Ids are names, and `Name` tags other names. What AWS keeps showing after it is gone is left out,
//! so that a route to it is a blackhole.

use std::collections::{BTreeSet, HashMap};

use egret_control::model::{self as m, Model, Name};
use egret_control::source::{Place, Sourced};

use super::Account;
use super::acls::AclEntry;
use super::app_runner::{Connector, Service};
use super::endpoints::{EndpointKind, VpcEndpoint};
use super::gateways::{NatGateway, NatGatewayAddressStatus, NatGatewayState};
use super::interfaces::{InterfaceOwner, NetworkInterface};
use super::routes::{Route, RouteDestination, RouteOrigin, RouteTable, RouteTarget};
use super::security_groups::{Peer, SecurityGroup, SecurityGroupRule};
use super::transit::{self, AttachmentKind, TransitGateway};
use super::vpcs::{Subnet, Vpc};

impl Account {
    /// The network model of everything that there is.
    pub fn model(&self) -> Model {
        let rules = self.rules_by_group();
        Model {
            region: self.identity.region.clone(),
            vpcs: self.vpcs.values().map(|vpc| self.vpc(vpc)).collect(),
            subnets: self.model_subnets(),
            route_tables: self.route_tables.values().map(|table| self.route_table(table)).collect(),
            network_acls: self.model_acls(),
            security_groups: self
                .security_groups
                .values()
                .map(|group| security_group(group, rules.get(group.id.as_str())))
                .collect(),
            prefix_lists: self.model_prefix_lists(),
            internet_gateways: self.model_internet_gateways(),
            nat_gateways: self
                .nat_gateways
                .values()
                .filter_map(|nat| self.nat_gateway(nat))
                .collect(),
            vpc_endpoints: self.vpc_endpoints.values().filter_map(|e| self.endpoint(e)).collect(),
            peerings: self.model_peerings(),
            transit_gateways: self.transit_gateways.values().map(|g| self.transit(g)).collect(),
            network_interfaces: self
                .network_interfaces
                .values()
                .filter_map(|interface| self.interface(interface))
                .collect(),
            connectors: self.model_connectors(),
            services: self.services.values().filter_map(|service| self.service(service)).collect(),
            ..Model::default()
        }
    }

    fn name(&self, id: &str) -> Option<String> {
        self.tag(id, "Name").map(str::to_owned)
    }

    fn vpc(&self, vpc: &Vpc) -> m::Vpc {
        m::Vpc {
            id: said(&vpc.id),
            name: self.name(&vpc.id),
            account: Some(self.identity.account.clone()),
            region: Some(self.identity.region.clone()),
            cidrs: vpc.cidrs.iter().map(|association| association.cidr.into()).collect(),
            dns_support: vpc.dns_support.into(),
            dns_hostnames: vpc.dns_hostnames.into(),
        }
    }

    fn model_subnets(&self) -> Vec<m::Subnet> {
        let mut tables = HashMap::new();
        for table in self.route_tables.values() {
            let subnets = table.associations.iter().filter_map(|a| a.subnet.as_deref());
            tables.extend(subnets.map(|subnet| (subnet, said(&table.id))));
        }
        let mut acls = HashMap::new();
        for acl in self.network_acls.values() {
            acls.extend(acl.associations.iter().map(|a| (a.subnet.as_str(), said(&acl.id))));
        }
        let subnet = |subnet: &Subnet| m::Subnet {
            id: said(&subnet.id),
            name: self.name(&subnet.id),
            vpc: said(&subnet.vpc),
            az: said(&subnet.az),
            cidr: subnet.cidr.into(),
            route_table: tables.get(subnet.id.as_str()).cloned(),
            network_acl: acls.get(subnet.id.as_str()).cloned(),
        };
        self.subnets.values().map(subnet).collect()
    }

    fn route_table(&self, table: &RouteTable) -> m::RouteTable {
        let targets = table.routes.iter().map(|route| self.route(&table.vpc, route));
        m::RouteTable {
            id: said(&table.id),
            name: self.name(&table.id),
            vpc: said(&table.vpc),
            main: table.is_main(),
            routes: targets.collect(),
        }
    }

    fn route(&self, vpc: &str, route: &Route) -> m::Route {
        let destination = match &route.destination {
            RouteDestination::Cidr(cidr) => m::RouteDestination::Cidr(*cidr),
            RouteDestination::PrefixList(id) => m::RouteDestination::PrefixList(id.clone()),
        };
        m::Route {
            destination: destination.into(),
            target: self.target(vpc, &route.target).into(),
            propagated: route.origin == RouteOrigin::EnableVgwRoutePropagation,
            place: Place::NOWHERE,
        }
    }

    fn target(&self, vpc: &str, target: &RouteTarget) -> m::RouteTarget {
        if !self.leads_somewhere(vpc, target) {
            return m::RouteTarget::Blackhole(target.id().map(str::to_owned));
        }
        match target {
            RouteTarget::Local => m::RouteTarget::Local,
            RouteTarget::InternetGateway(id) => m::RouteTarget::InternetGateway(Some(id.clone())),
            RouteTarget::NatGateway(id) => m::RouteTarget::NatGateway(id.clone()),
            RouteTarget::VpcEndpoint(id) => m::RouteTarget::VpcEndpoint(id.clone()),
            RouteTarget::Peering(id) => m::RouteTarget::Peering(id.clone()),
            RouteTarget::TransitGateway(id) => m::RouteTarget::TransitGateway(id.clone()),
            RouteTarget::NetworkInterface(id) => m::RouteTarget::NetworkInterface(id.clone()),
            RouteTarget::Other(id) => m::RouteTarget::Unsupported(id.clone()),
        }
    }

    /// Whether the target of a route in this VPC is there: AWS's `State` is `active` then, and
    /// `blackhole` otherwise.
    pub fn leads_somewhere(&self, vpc: &str, target: &RouteTarget) -> bool {
        match target {
            RouteTarget::Local => true,
            RouteTarget::InternetGateway(id) => {
                let gateway = self.internet_gateways.get(id);
                gateway.is_some_and(|gateway| gateway.vpc.as_deref() == Some(vpc))
            }
            RouteTarget::NatGateway(id) => {
                let state = self.nat_gateways.get(id).map(|gateway| gateway.state);
                state.is_some_and(|state| state == NatGatewayState::Available)
            }
            RouteTarget::VpcEndpoint(id) => {
                self.vpc_endpoints.get(id).is_some_and(|endpoint| endpoint.state == "available")
            }
            RouteTarget::Peering(id) => {
                self.peerings.get(id).is_some_and(|peering| peering.status == "active")
            }
            RouteTarget::TransitGateway(id) => {
                self.transit_gateways.get(id).is_some_and(|gateway| gateway.state == "available")
            }
            RouteTarget::NetworkInterface(id) => {
                let interface = self.network_interfaces.get(id);
                interface.is_some_and(|interface| !interface.owner.is_requester_managed())
            }
            RouteTarget::Other(_) => false,
        }
    }

    fn model_acls(&self) -> Vec<m::NetworkAcl> {
        let acl = |acl: &super::acls::NetworkAcl| m::NetworkAcl {
            id: said(&acl.id),
            name: self.name(&acl.id),
            vpc: said(&acl.vpc),
            default: acl.default,
            entries: acl.entries.iter().map(acl_entry).collect(),
        };
        self.network_acls.values().map(acl).collect()
    }

    fn rules_by_group(&self) -> HashMap<&str, Vec<&SecurityGroupRule>> {
        let mut rules = HashMap::<&str, Vec<_>>::new();
        for rule in self.security_group_rules.values() {
            rules.entry(&rule.group).or_default().push(rule);
        }
        rules
    }

    fn model_prefix_lists(&self) -> Vec<m::PrefixList> {
        let list = |list: &super::prefix_lists::PrefixList| m::PrefixList {
            id: said(&list.id),
            name: Some(list.name.clone()),
            cidrs: list.entries().iter().map(|entry| entry.cidr.into()).collect(),
        };
        self.prefix_lists.values().map(list).collect()
    }

    fn model_internet_gateways(&self) -> Vec<m::InternetGateway> {
        let gateway = |gateway: &super::gateways::InternetGateway| m::InternetGateway {
            id: said(&gateway.id),
            name: self.name(&gateway.id),
            vpc: gateway.vpc.as_deref().map(said),
        };
        self.internet_gateways.values().map(gateway).collect()
    }

    fn nat_gateway(&self, gateway: &NatGateway) -> Option<m::NatGateway> {
        let address = |address: &super::gateways::NatGatewayAddress| m::NatAddress {
            private: Some(address.private.into()),
            public: address.public.map(Sourced::implied),
        };
        (gateway.state == NatGatewayState::Available).then(|| m::NatGateway {
            id: said(&gateway.id),
            name: self.name(&gateway.id),
            subnet: said(&gateway.subnet),
            public: gateway.public,
            addresses: gateway
                .addresses
                .iter()
                .filter(|address| address.status == NatGatewayAddressStatus::Succeeded)
                .map(address)
                .collect(),
            available: true,
        })
    }

    fn endpoint(&self, endpoint: &VpcEndpoint) -> Option<m::VpcEndpoint> {
        (endpoint.state == "available").then(|| m::VpcEndpoint {
            id: said(&endpoint.id),
            name: self.name(&endpoint.id),
            vpc: said(&endpoint.vpc),
            service: said(&endpoint.service),
            available: true,
            kind: self.endpoint_kind(&endpoint.kind),
        })
    }

    fn endpoint_kind(&self, kind: &EndpointKind) -> m::EndpointKind {
        match kind {
            EndpointKind::Gateway { route_tables } => m::EndpointKind::Gateway {
                route_tables: route_tables.iter().map(|id| said(id)).collect(),
                prefix_list: None,
            },
            EndpointKind::Interface { subnets, interfaces, groups, private_dns } => {
                let addresses = interfaces.iter().map(|id| {
                    let interface = self.network_interfaces.get(id)?;
                    interface.addresses.first().copied().map(Sourced::implied)
                });
                m::EndpointKind::Interface {
                    subnets: subnets.iter().map(|id| said(id)).zip(addresses).collect(),
                    security_groups: groups.iter().map(|id| said(id)).collect(),
                    private_dns: *private_dns,
                }
            }
        }
    }

    fn model_peerings(&self) -> Vec<m::Peering> {
        let known = |id: &str| self.vpcs.has(id);
        let active = self.peerings.values().filter(|peering| {
            peering.status == "active" && known(&peering.requester) && known(&peering.accepter)
        });
        let peering = |peering: &super::peerings::Peering| m::Peering {
            id: said(&peering.id),
            name: self.name(&peering.id),
            requester: said(&peering.requester),
            accepter: said(&peering.accepter),
            same_region: peering.accepter_region == self.identity.region,
            active: true,
        };
        active.map(peering).collect()
    }

    fn transit(&self, gateway: &TransitGateway) -> m::TransitGateway {
        let attachments = self.transit_gateway_attachments.values();
        let tables = self.transit_gateway_route_tables.values();
        m::TransitGateway {
            id: said(&gateway.id),
            name: self.name(&gateway.id),
            sg_referencing: gateway.options.sg_referencing,
            attachments: attachments
                .filter(|attachment| attachment.gateway == gateway.id)
                .filter(|attachment| attachment.state == "available")
                .map(|attachment| self.attachment(attachment))
                .collect(),
            route_tables: tables
                .filter(|table| table.gateway == gateway.id && table.state == "available")
                .map(|table| self.transit_table(table))
                .collect(),
        }
    }

    fn attachment(&self, attachment: &transit::Attachment) -> m::TransitGatewayAttachment {
        let kind = match &attachment.kind {
            AttachmentKind::Vpc { vpc, subnets } => m::AttachmentKind::Vpc {
                vpc: said(vpc),
                subnets: subnets.iter().map(|id| said(id)).collect(),
            },
            AttachmentKind::External { cidrs } => m::AttachmentKind::External {
                cidrs: cidrs.iter().copied().map(Sourced::implied).collect(),
            },
        };
        let (id, name) = (said(&attachment.id), self.name(&attachment.id));
        m::TransitGatewayAttachment { id, name, available: true, kind }
    }

    fn transit_table(&self, table: &transit::RouteTable) -> m::TransitGatewayRouteTable {
        let available = |id: &&String| {
            let attachment = self.transit_gateway_attachments.get(id.as_str());
            attachment.is_some_and(|attachment| attachment.state == "available")
        };
        let names = |ids: &[String]| ids.iter().filter(available).map(|id| said(id)).collect();
        let route = |route: &transit::Route| m::TransitGatewayRoute {
            cidr: route.cidr.into(),
            attachment: route.attachment.as_ref().filter(available).map(|id| said(id)),
            propagated: false,
        };
        m::TransitGatewayRouteTable {
            id: said(&table.id),
            associations: names(&table.associations),
            propagations: names(&table.propagations),
            routes: table.routes.iter().map(route).collect(),
        }
    }

    fn interface(&self, interface: &NetworkInterface) -> Option<m::NetworkInterface> {
        let (owner, host) = match &interface.owner {
            InterfaceOwner::Account { host } => (m::InterfaceOwner::Host, host.clone()),
            InterfaceOwner::Connector => (m::InterfaceOwner::Connector, None),
            // What these carry makes them anew, with the addresses that it says.
            InterfaceOwner::NatGateway(_)
            | InterfaceOwner::VpcEndpoint(_)
            | InterfaceOwner::TransitGatewayAttachment(_) => return None,
        };
        let associated = self.addresses.values().find(|address| {
            address.association.as_ref().is_some_and(|a| a.interface == interface.id)
        });
        Some(m::NetworkInterface {
            id: said(&interface.id),
            name: host.or_else(|| self.name(&interface.id)),
            subnet: said(&interface.subnet),
            addresses: interface.addresses.iter().copied().map(Sourced::implied).collect(),
            public: associated.map(|address| address.public.into()),
            security_groups: interface.groups.iter().map(|id| said(id)).collect(),
            source_dest_check: interface.source_dest_check,
            owner,
            listen: None,
            serve: Vec::new(),
        })
    }

    /// Those that packets leave by: of others a subnet or a group may be gone.
    fn model_connectors(&self) -> Vec<m::Connector> {
        let running = self.services.values().filter(|service| service.runs);
        let used: BTreeSet<&str> = running.filter_map(Service::connector).collect();
        used.into_iter().filter_map(|arn| self.connectors.get(arn)).map(connector).collect()
    }

    fn service(&self, service: &Service) -> Option<m::Service> {
        let connector = service.connector().and_then(|arn| self.connectors.get(arn));
        let egress = match connector {
            Some(connector) => m::Egress::Vpc(said(&connector.name)),
            None => m::Egress::Default,
        };
        service.runs.then(|| m::Service {
            id: said(&service.name),
            arn: Some(service.arn.clone()),
            egress,
            tasks: service.tasks.into(),
            azs: service.azs.iter().map(|az| said(az)).collect(),
        })
    }
}

fn said(name: &str) -> Name {
    Sourced::implied(name.to_owned())
}

fn connector(connector: &Connector) -> m::Connector {
    m::Connector {
        id: said(&connector.name),
        arn: Some(connector.arn.clone()),
        subnets: connector.subnets.iter().map(|id| said(id)).collect(),
        security_groups: connector.groups.iter().map(|id| said(id)).collect(),
    }
}

fn acl_entry(entry: &AclEntry) -> m::AclEntry {
    let ports = entry.ports.unwrap_or((0, u16::MAX));
    let icmp = entry.icmp.unwrap_or((-1, -1));
    m::AclEntry {
        number: u32::from(entry.number).into(),
        egress: entry.egress,
        allow: entry.allow,
        traffic: traffic(entry.protocol, ports, icmp).into(),
        cidr: entry.cidr.into(),
        place: Place::NOWHERE,
    }
}

fn traffic(protocol: i16, ports: (u16, u16), icmp: (i16, i16)) -> m::Traffic {
    match protocol {
        6 => m::Traffic::Tcp(ports.0, ports.1),
        17 => m::Traffic::Udp(ports.0, ports.1),
        1 => m::Traffic::Icmp(u8::try_from(icmp.0).ok(), u8::try_from(icmp.1).ok()),
        other => u8::try_from(other).map_or(m::Traffic::All, m::Traffic::Protocol),
    }
}

fn security_group(
    group: &SecurityGroup,
    rules: Option<&Vec<&SecurityGroupRule>>,
) -> m::SecurityGroup {
    let rules = |egress: bool| {
        let all = rules.into_iter().flatten();
        all.filter(|rule| rule.egress == egress).filter_map(|rule| group_rule(rule)).collect()
    };
    m::SecurityGroup {
        id: said(&group.id),
        name: Some(group.name.clone()),
        vpc: said(&group.vpc),
        default: group.is_default(),
        ingress: rules(false),
        egress: rules(true),
    }
}

/// `None` for a rule that no IPv4 packet can meet.
fn group_rule(rule: &SecurityGroupRule) -> Option<m::SecurityGroupRule> {
    let peer = match &rule.peer {
        Peer::Cidr(cidr) => m::Peer::Cidr(*cidr),
        Peer::Ipv6(_) => return None,
        Peer::PrefixList(id) => m::Peer::PrefixList(id.clone()),
        Peer::Group(id) => m::Peer::SecurityGroup(id.clone()),
    };
    Some(m::SecurityGroupRule {
        id: Some(rule.id.clone()),
        traffic: rule_traffic(rule)?.into(),
        peer: peer.into(),
        place: Place::NOWHERE,
    })
}

fn rule_traffic(rule: &SecurityGroupRule) -> Option<m::Traffic> {
    let port = |port: i32, any: u16| u16::try_from(port).unwrap_or(any);
    let ports = (port(rule.from, 0), port(rule.to, u16::MAX));
    let icmp = (rule.from as i16, rule.to as i16);
    let protocol = match rule.protocol.as_str() {
        "tcp" => 6,
        "udp" => 17,
        "icmp" => 1,
        // No IPv4 packet carries it.
        "icmpv6" => return None,
        other => other.parse().ok()?,
    };
    Some(traffic(protocol, ports, icmp))
}
