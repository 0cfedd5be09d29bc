//! Random networks: small, valid, and so made that every element and every reason comes up often.
//!
//! Every address is said, so that nothing depends on which free one a compiler picks, and no range
//! of ports begins or ends above 1024, so that nothing depends on which port a gateway picks. What
//! AWS leaves to chance is left out: two propagated routes to one destination, two subnets of a
//! connector in one zone.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use egret_control::model::*;
use egret_dataplane::snapshot::Settings as Knobs;
use fastrand::Rng;
use ipnet::Ipv4Net;

use crate::make::{self, cidr};

/// Zones that every connector may use.
const ZONES: [&str; 3] = ["use1-az1", "use1-az2", "use1-az4"];

/// A random network. `size` from 1 up bounds how many of each thing it has: at 1, one VPC with two
/// subnets; at 3, the most, up to three VPCs with six.
pub fn random(rng: &mut Rng, size: u32) -> Model {
    let size = size.clamp(1, 3) as usize;
    let mut builder = Builder { rng, size, model: Model::default(), next_public: 0 };
    builder.model.region = "us-east-1".to_owned();
    builder.settings();
    builder.prefix_lists();
    builder.vpcs();
    builder.subnets();
    builder.security_groups();
    builder.network_acls();
    builder.internet_gateways();
    builder.peerings();
    builder.transit_gateways();
    builder.hosts();
    builder.nat_gateways();
    builder.endpoints();
    builder.connectors();
    builder.routes();
    builder.nat_ways_out();
    builder.lost_zones();
    builder.model
}

/// A destination port of a random packet or rule.
pub fn port(rng: &mut Rng) -> u16 {
    let known = [443, 443, 443, 80, 53, 22, 5432, 8080, 0, 1023, 1024, 65_535];
    *rng.choice(&known).expect("ports")
}

struct Builder<'r> {
    rng: &'r mut Rng,
    size: usize,
    model: Model,
    next_public: u32,
}

impl Builder<'_> {
    /// True in `percent` of a hundred cases.
    fn chance(&mut self, percent: u8) -> bool {
        self.rng.u8(..100) < percent
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        self.rng.choice(from).cloned()
    }

    fn public_address(&mut self) -> Ipv4Addr {
        self.next_public += 1;
        Ipv4Addr::from_bits(make::address("198.51.100.0").to_bits() + self.next_public)
    }

    fn settings(&mut self) {
        let mut knobs = Knobs { hyperplane_icmp: self.chance(40), ..Knobs::default() };
        if self.chance(25) {
            (knobs.internet_mtu, knobs.gateway_mtu, knobs.vpc_mtu) = (1_280, 1_400, 1_500);
        }
        if self.chance(20) {
            (knobs.gateway_mtu, knobs.vpc_mtu) = (knobs.vpc_mtu, knobs.gateway_mtu);
        }
        if self.chance(30) {
            knobs.provider_address = make::address("192.0.2.99");
        }
        self.model.settings.dataplane = knobs;
    }

    fn prefix_lists(&mut self) {
        let pool = ["52.216.0.0/15", "3.5.0.0/19", "52.216.0.0/16", "203.0.113.0/24", "8.8.8.0/24"];
        let pool = [&pool[..], &["192.168.64.0/18", "198.51.100.0/28", "52.216.1.0/24"]].concat();
        for index in 0..1 + self.rng.usize(..self.size + 1) {
            let mut cidrs = self.rng.choose_multiple(pool.iter(), 1 + index);
            cidrs.dedup();
            let cidrs: Vec<_> = cidrs.into_iter().map(|text| cidr(text)).collect();
            self.model.prefix_lists.push(make::prefix_list(&format!("pl-{index}"), &cidrs));
        }
    }

    fn vpcs(&mut self) {
        let count = self.size / 2 + self.rng.usize(1..=self.size.div_ceil(2));
        for index in 0..count {
            // The last may repeat the first one's addresses; then nothing joins the two.
            let twin = index > 0 && index == count - 1 && self.chance(20);
            let net = if twin { 0 } else { index };
            let mut cidrs = vec![cidr(&format!("10.{net}.0.0/16"))];
            if self.chance(30) {
                cidrs.push(cidr(&format!("100.{}.0.0/16", 70 + net)));
            }
            let id = format!("vpc-{index}");
            make::vpc(&mut self.model, &id, &cidrs);
            let dns = !self.chance(25);
            let vpc = self.model.vpcs.last_mut().expect("just made");
            (vpc.dns_support, vpc.dns_hostnames) = (dns.into(), dns.into());
        }
    }

    fn vpc_ids(&self) -> Vec<String> {
        self.model.vpcs.iter().map(|vpc| vpc.id.value.clone()).collect()
    }

    /// Whether two VPCs have no address in common.
    fn apart(&self, one: &str, other: &str) -> bool {
        let base = |id: &str| {
            let vpc = self.model.vpcs.iter().find(|vpc| vpc.id.value == id).expect("a known VPC");
            vpc.cidrs[0].value
        };
        one != other && base(one) != base(other)
    }

    fn subnets(&mut self) {
        for vpc in self.model.vpcs.clone() {
            let tables = self.tables(&vpc.id);
            for index in 0..2 + self.rng.usize(..=2 * (self.size - 1)) {
                let block = self.pick(&vpc.cidrs).expect("a VPC has a CIDR").value;
                let base = block.network().to_bits() + ((index as u32 + 1) << 8);
                let net = Ipv4Net::new(Ipv4Addr::from_bits(base), 24).expect("24 is a length");
                let id = format!("subnet-{}-{index}", &vpc.id["vpc-".len()..]);
                let zone = self.pick(&ZONES[..self.size]).expect("zones");
                let mut subnet = make::subnet(&id, &vpc.id, zone, net);
                subnet.route_table = self.pick(&tables).flatten().map(Name::from);
                self.model.subnets.push(subnet);
            }
        }
    }

    /// Tables of a VPC besides the main one, made empty; `None` stands for that one.
    fn tables(&mut self, vpc: &str) -> Vec<Option<String>> {
        let mut ids = vec![None];
        for index in 0..1 + self.rng.usize(..=self.size) {
            let id = format!("rtb-{}-{index}", &vpc["vpc-".len()..]);
            self.model.route_tables.push(make::route_table(&id, vpc, Vec::new()));
            ids.push(Some(id));
        }
        ids
    }

    fn subnets_of(&self, vpc: &str) -> Vec<Subnet> {
        self.model.subnets.iter().filter(|s| s.vpc.value == vpc).cloned().collect()
    }

    /// The first `at_most` subnets of the VPC, in random order, of which no two share a zone.
    fn one_a_zone(&mut self, vpc: &str, at_most: usize) -> Vec<Subnet> {
        let mut all = self.subnets_of(vpc);
        self.rng.shuffle(&mut all);
        let mut zones = Vec::new();
        all.retain(|subnet| {
            let new = !zones.contains(&subnet.az.value);
            zones.push(subnet.az.value.clone());
            new
        });
        all.truncate(at_most);
        all
    }

    /// A free address of the subnet: the `nth` after the reserved ones.
    fn address(&self, subnet: &Subnet, nth: usize) -> Ipv4Addr {
        Ipv4Addr::from_bits(subnet.cidr.value.network().to_bits() + 10 + nth as u32)
    }

    fn traffic(&mut self) -> Traffic {
        let ranges = [(443, 443), (443, 443), (80, 443), (0, 1023), (1024, 65_535), (0, 65_535)];
        let (from, to) = self.pick(&ranges).expect("ranges");
        match self.rng.u8(..20) {
            0..5 => Traffic::All,
            5..14 => Traffic::Tcp(from, to),
            14..17 => Traffic::Udp(from, to),
            17 => Traffic::Icmp(None, None),
            18 => Traffic::Icmp(self.pick(&[Some(8), Some(0)]).flatten(), None),
            _ => Traffic::Protocol(47),
        }
    }

    fn some_cidr(&mut self) -> Ipv4Net {
        let mut pool: Vec<_> = ["0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0", "10.0.0.0/8"].to_vec();
        pool.extend(["203.0.113.0/24", "52.216.0.0/14", "198.51.100.0/24", "192.168.0.0/16"]);
        if self.chance(60) {
            return cidr(self.pick(&pool).expect("a pool"));
        }
        if self.chance(50) {
            return self.pick(&self.model.vpcs.clone()).expect("a VPC").cidrs[0].value;
        }
        self.pick(&self.model.subnets.clone()).expect("a subnet").cidr.value
    }

    fn security_groups(&mut self) {
        let mut ids = Vec::new();
        for vpc in self.vpc_ids() {
            for index in 0..1 + self.rng.usize(..=self.size) {
                ids.push((format!("sg-{}-{index}", &vpc["vpc-".len()..]), vpc.clone()));
            }
        }
        for (id, vpc) in ids.clone() {
            let any = || make::rule(Traffic::All, Peer::Cidr(cidr("0.0.0.0/0")));
            let outbound = match self.rng.u8(..100) {
                0..70 => vec![any()],
                70..92 => self.rules(&ids),
                _ => Vec::new(),
            };
            let inbound = match self.rng.u8(..100) {
                0..44 => vec![any()],
                44..62 => from_every_group(&ids),
                62..92 => self.rules(&ids),
                _ => Vec::new(),
            };
            self.model.security_groups.push(make::security_group(&id, &vpc, inbound, outbound));
        }
    }

    fn rules(&mut self, groups: &[(String, String)]) -> Vec<SecurityGroupRule> {
        let count = 1 + self.rng.usize(..4);
        (0..count)
            .map(|_| {
                let traffic = if self.chance(40) { Traffic::All } else { self.traffic() };
                let peer = match self.rng.u8(..10) {
                    0..5 => Peer::SecurityGroup(self.pick(groups).expect("groups").0),
                    5 => Peer::PrefixList(self.some_prefix_list()),
                    _ => Peer::Cidr(self.some_cidr()),
                };
                make::rule(traffic, peer)
            })
            .collect()
    }

    fn some_prefix_list(&mut self) -> String {
        self.pick(&self.model.prefix_lists.clone()).expect("a list").id.value
    }

    /// Groups for an ENI of the VPC; none now and then, which means the default group.
    fn some_groups(&mut self, vpc: &str) -> Vec<String> {
        let of_vpc = self.model.security_groups.iter().filter(|g| g.vpc.value == vpc);
        let ids: Vec<_> = of_vpc.map(|group| group.id.value.clone()).collect();
        let count = self.pick(&[0, 1, 1, 1, 1, 2]).expect("counts");
        self.rng.choose_multiple(ids, count)
    }

    fn network_acls(&mut self) {
        for vpc in self.vpc_ids() {
            for index in 0..self.rng.usize(..=self.size) {
                let id = format!("acl-{}-{index}", &vpc["vpc-".len()..]);
                let entries = self.acl_entries();
                self.model.network_acls.push(make::network_acl(&id, &vpc, entries));
                let subnets = self.subnets_of(&vpc);
                let chosen = self.pick(&subnets).expect("every VPC has subnets").id;
                let mut all = self.model.subnets.iter_mut();
                all.find(|s| s.id == chosen).expect("known").network_acl = Some(id.into());
            }
        }
    }

    /// Entries whose numbers are out of order in the file; mostly with a last one that allows.
    fn acl_entries(&mut self) -> Vec<AclEntry> {
        let any = cidr("0.0.0.0/0");
        let mut entries = Vec::new();
        for egress in [false, true] {
            for number in self.rng.choose_multiple(1..=20, self.size) {
                let (allow, traffic) = (self.chance(45), self.traffic());
                entries.push(make::entry(number * 10, egress, allow, traffic, self.some_cidr()));
            }
            if self.chance(80) {
                entries.push(make::entry(32_766, egress, true, Traffic::All, any));
            } else {
                entries.push(make::entry(900, egress, true, Traffic::Tcp(1024, 65_535), any));
            }
        }
        self.rng.shuffle(&mut entries);
        entries
    }

    fn internet_gateways(&mut self) {
        for vpc in self.vpc_ids() {
            if self.chance(85) {
                let id = format!("igw-{}", &vpc["vpc-".len()..]);
                self.model.internet_gateways.push(make::internet_gateway(&id, &vpc));
            }
        }
    }

    fn has_internet_gateway(&self, vpc: &str) -> bool {
        let mut all = self.model.internet_gateways.iter();
        all.any(|gateway| gateway.vpc.as_ref().is_some_and(|v| v.value == vpc))
    }

    fn peerings(&mut self) {
        let vpcs = self.vpc_ids();
        for (index, one) in vpcs.iter().enumerate() {
            for other in &vpcs[index + 1..] {
                if self.apart(one, other) && self.chance(70) {
                    let id = format!("pcx-{}", self.model.peerings.len());
                    let mut peering = make::peering(&id, one, other);
                    (peering.active, peering.same_region) = (self.chance(85), self.chance(70));
                    self.model.peerings.push(peering);
                }
            }
        }
    }

    fn transit_gateways(&mut self) {
        for index in 0..usize::from(self.chance(70)) + usize::from(self.chance(15)) {
            let attachments = self.attachments(index);
            let ids: Vec<Name> = attachments.iter().map(|a| a.id.clone()).collect();
            let mut gateway = TransitGateway {
                id: format!("tgw-{index}").as_str().into(),
                name: None,
                sg_referencing: self.chance(40),
                attachments,
                route_tables: Vec::new(),
            };
            let mut free = ids.clone();
            for table in 0..1 + self.rng.usize(..2) {
                let mut table = self.transit_table(&format!("tgw-rtb-{index}-{table}"), &ids);
                let (mine, rest) = free.into_iter().partition(|_| self.chance(75));
                (table.associations, free) = (mine, rest);
                gateway.route_tables.push(table);
            }
            self.model.transit_gateways.push(gateway);
        }
    }

    fn attachments(&mut self, gateway: usize) -> Vec<TransitGatewayAttachment> {
        let mut attachments = Vec::new();
        let mut attached: Vec<String> = Vec::new();
        for vpc in self.vpc_ids() {
            if attached.iter().all(|other| self.apart(other, &vpc)) && self.chance(85) {
                let subnets = self.one_a_zone(&vpc, 2);
                let ids: Vec<_> = subnets.iter().map(|s| s.id.as_str()).collect();
                let kind = make::attached_vpc(&vpc, &ids);
                let id = format!("tgw-attach-{gateway}-{}", attachments.len());
                attachments.push(make::attachment(&id, kind));
                attached.push(vpc);
            }
        }
        let outside = [["192.168.0.0/16", "10.200.0.0/16"], ["172.31.0.0/16", "10.201.0.0/16"]];
        for cidrs in &outside[..1 + self.rng.usize(..2)] {
            let kind = make::attached_network(&cidrs.map(cidr));
            let id = format!("tgw-attach-{gateway}-{}", attachments.len());
            attachments.push(make::attachment(&id, kind));
        }
        attachments
    }

    fn transit_table(&mut self, id: &str, attachments: &[Name]) -> TransitGatewayRouteTable {
        let mut routes: Vec<TransitGatewayRoute> = Vec::new();
        let narrow = self.some_cidr();
        let pool = ["0.0.0.0/0", "10.200.0.0/16", "192.168.64.0/18", "10.0.0.0/8"];
        for cidr in pool.map(cidr).into_iter().chain([narrow]) {
            if self.chance(50) && routes.iter().all(|route| route.cidr.value != cidr) {
                let attachment = self.pick(attachments).filter(|_| self.chance(80));
                routes.push(TransitGatewayRoute {
                    cidr: cidr.into(),
                    attachment,
                    propagated: false,
                });
            }
        }
        let propagations = attachments.iter().filter(|_| self.chance(75)).cloned().collect();
        TransitGatewayRouteTable { id: id.into(), associations: Vec::new(), propagations, routes }
    }

    fn hosts(&mut self) {
        for subnet in self.model.subnets.clone() {
            for nth in 0..1 + self.rng.usize(..2) {
                let id = format!("eni-{}-{nth}", &subnet.id["subnet-".len()..]);
                let groups = self.some_groups(&subnet.vpc);
                let address = self.address(&subnet, nth);
                let mut host = make::host(&id, &subnet.id, address, &strs(&groups));
                if self.chance(15) {
                    host.addresses.push(self.address(&subnet, 50 + nth).into());
                }
                if self.has_internet_gateway(&subnet.vpc) && self.chance(35) {
                    host.public = Some(self.public_address().into());
                }
                host.source_dest_check = self.chance(60);
                self.model.network_interfaces.push(host);
            }
        }
    }

    fn nat_gateways(&mut self) {
        for vpc in self.vpc_ids() {
            let subnets = self.subnets_of(&vpc);
            for index in 0..1 + self.rng.usize(..=self.size / 2) {
                let subnet = self.pick(&subnets).expect("every VPC has subnets");
                let public = self.has_internet_gateway(&vpc) && self.chance(80);
                let count = self.pick(&[1, 1, 2, 3]).expect("counts");
                let addresses: Vec<_> = (0..count)
                    .map(|nth| {
                        let private = self.address(&subnet, 100 + 10 * index + nth);
                        (private, public.then(|| self.public_address()))
                    })
                    .collect();
                let id = format!("nat-{}-{index}", &vpc["vpc-".len()..]);
                let mut nat = make::nat_gateway(&id, &subnet.id, &addresses);
                nat.available = !self.chance(10);
                self.model.nat_gateways.push(nat);
            }
        }
    }

    fn endpoints(&mut self) {
        for vpc in self.vpc_ids() {
            let tables: Vec<_> = self.tables_of(&vpc);
            if self.chance(75) {
                let chosen = self.rng.choose_multiple(tables, 1 + self.size);
                let list = self.some_prefix_list();
                let id = format!("vpce-gw-{}", &vpc["vpc-".len()..]);
                let endpoint = make::gateway_endpoint(&id, &vpc, &strs(&chosen), &list);
                self.model.vpc_endpoints.push(endpoint);
            }
            if self.chance(60) {
                let subnets = self.one_a_zone(&vpc, 2);
                let enis: Vec<_> =
                    subnets.iter().map(|s| (s.id.as_str(), self.address(s, 150))).collect();
                let groups = self.some_groups(&vpc);
                let id = format!("vpce-if-{}", &vpc["vpc-".len()..]);
                let endpoint = make::interface_endpoint(&id, &vpc, &enis, &strs(&groups));
                self.model.vpc_endpoints.push(endpoint);
            }
        }
    }

    fn tables_of(&self, vpc: &str) -> Vec<String> {
        let of_vpc = self.model.route_tables.iter().filter(|table| table.vpc.value == vpc);
        of_vpc.map(|table| table.id.value.clone()).collect()
    }

    fn lost_zones(&mut self) {
        let zones: Vec<_> = self.model.subnets.iter().map(|subnet| subnet.az.clone()).collect();
        if self.chance(15) {
            let lost = self.pick(&zones);
            self.model.lost_azs.extend(lost);
        }
    }

    fn connectors(&mut self) {
        for index in 0..1 + self.rng.usize(..=self.size) {
            let (id, service) = (format!("connector-{index}"), format!("service-{index}"));
            let vpc = self.pick(&self.vpc_ids()).expect("a VPC");
            let mut groups = self.some_groups(&vpc);
            let count = 1 + self.rng.usize(..self.size);
            let mut subnets = self.one_a_zone(&vpc, count);
            if let Some(other) =
                self.pick(&self.model.connectors.clone()).filter(|_| self.chance(40))
            {
                // Two connectors with the same subnets and groups, in another order, share ENIs.
                groups = other.security_groups.iter().rev().map(|g| g.value.clone()).collect();
                let all = self.model.subnets.iter();
                subnets = all.filter(|s| other.subnets.contains(&s.id)).cloned().collect();
            }
            for subnet in &subnets {
                self.shared_eni(subnet, &groups);
            }
            let ids: Vec<_> = subnets.iter().map(|s| s.id.as_str()).collect();
            self.model.connectors.push(make::connector(&id, &ids, &strs(&groups)));
            let zones: Vec<_> = match ids.len() {
                1 if self.chance(50) => vec![ZONES[self.rng.usize(..3)]],
                1 => Vec::new(),
                _ => subnets.iter().map(|s| s.az.as_str()).collect(),
            };
            let tasks = 1 + self.rng.u32(..3);
            self.model.services.push(make::service(&service, Some(&id), tasks, &zones));
        }
        self.model.services.push(make::service("service-default", None, 2, &[]));
    }

    /// Makes the ENI for this subnet and set of groups, unless there is one.
    fn shared_eni(&mut self, subnet: &Subnet, groups: &[String]) {
        let made = self
            .model
            .network_interfaces
            .iter()
            .filter(|i| i.owner == InterfaceOwner::Connector && i.subnet == subnet.id);
        let same = |eni: &NetworkInterface| {
            eni.security_groups.len() == groups.len()
                && eni.security_groups.iter().all(|group| groups.contains(&group.value))
        };
        if made.clone().any(same) {
            return;
        }
        let nth = made.count();
        let id = format!("eni-shared-{}-{nth}", &subnet.id["subnet-".len()..]);
        let address = self.address(subnet, 200 + nth);
        let eni = make::shared_eni(&id, &subnet.id, address, &strs(groups));
        self.model.network_interfaces.push(eni);
    }

    fn routes(&mut self) {
        for index in 0..self.model.route_tables.len() {
            let vpc = self.model.route_tables[index].vpc.value.clone();
            let mut routes = Vec::new();
            if self.chance(88) {
                let target = self.way_out(&vpc);
                routes.push(make::route(RouteDestination::Cidr(cidr("0.0.0.0/0")), target));
            }
            routes.extend(self.routes_to_other_networks(&vpc));
            routes
                .extend(self.narrow_routes(&vpc, &self.model.route_tables[index].id.value.clone()));
            self.rng.shuffle(&mut routes);
            self.model.route_tables[index].routes = without_doubles(routes);
        }
    }

    /// Where a default route leads, mostly.
    fn way_out(&mut self, vpc: &str) -> RouteTarget {
        match self.rng.u8(..100) {
            0..30 if self.has_internet_gateway(vpc) => {
                let id = format!("igw-{}", &vpc["vpc-".len()..]);
                RouteTarget::InternetGateway(self.chance(70).then_some(id))
            }
            0..68 => self.target_nat(vpc),
            _ => self.any_target(vpc),
        }
    }

    fn target_nat(&mut self, vpc: &str) -> RouteTarget {
        let mut ids = Vec::new();
        for nat in &self.model.nat_gateways {
            if self.model.subnets.iter().any(|s| s.id == nat.subnet && s.vpc.value == vpc) {
                ids.push(nat.id.value.clone());
            }
        }
        RouteTarget::NatGateway(self.pick(&ids).expect("every VPC has a NAT gateway"))
    }

    fn any_target(&mut self, vpc: &str) -> RouteTarget {
        let transit = self.transit_gateways_of(vpc);
        let peerings = self.model.peerings.clone();
        let peering = peerings.iter().find(|p| p.requester.value == vpc || p.accepter.value == vpc);
        match self.rng.u8(..10) {
            0..2 => self.target_nat(vpc),
            2..6 if !transit.is_empty() => {
                RouteTarget::TransitGateway(self.pick(&transit).expect("some"))
            }
            6 if peering.is_some() => {
                RouteTarget::Peering(peering.expect("just seen").id.value.clone())
            }
            7 => self.target_interface(vpc),
            8 => RouteTarget::Unsupported("vgw-0".to_owned()),
            _ => RouteTarget::Blackhole(None),
        }
    }

    fn target_interface(&mut self, vpc: &str) -> RouteTarget {
        let hosts = self.model.network_interfaces.iter().filter(|i| {
            i.owner == InterfaceOwner::Host
                && self.model.subnets.iter().any(|s| s.id == i.subnet && s.vpc.value == vpc)
        });
        let ids: Vec<_> = hosts.map(|i| i.id.value.clone()).collect();
        let id = self.pick(&ids).expect("every subnet has a host");
        if self.chance(20) { RouteTarget::Named(id) } else { RouteTarget::NetworkInterface(id) }
    }

    fn transit_gateways_of(&self, vpc: &str) -> Vec<String> {
        let joins = |a: &TransitGatewayAttachment| matches!(&a.kind, AttachmentKind::Vpc { vpc: v, .. } if v.value == vpc);
        let all = self.model.transit_gateways.iter();
        all.filter(|g| g.attachments.iter().any(joins)).map(|g| g.id.value.clone()).collect()
    }

    /// Routes by peering and transit gateway to the other VPCs, and to the networks outside.
    fn routes_to_other_networks(&mut self, vpc: &str) -> Vec<Route> {
        let mut routes = Vec::new();
        for other in self.model.vpcs.clone() {
            if !self.apart(vpc, &other.id) {
                continue;
            }
            let joins = |p: &&Peering| {
                let ends = [&p.requester.value, &p.accepter.value];
                ends.contains(&&vpc.to_owned()) && ends.contains(&&other.id.value)
            };
            let peering = self.model.peerings.iter().find(joins).map(|p| p.id.value.clone());
            let transit = self.pick(&self.transit_gateways_of(vpc));
            let target = match (peering, transit) {
                (Some(peering), _) if self.chance(50) => RouteTarget::Peering(peering),
                (_, Some(transit)) => RouteTarget::TransitGateway(transit),
                (Some(peering), None) => RouteTarget::Peering(peering),
                (None, None) => continue,
            };
            if self.chance(90) {
                let to = RouteDestination::Cidr(other.cidrs[0].value);
                routes.push(make::route(to, target));
            }
        }
        let outside = ["192.168.0.0/16", "10.200.0.0/16"].map(cidr);
        if let Some(transit) = self.pick(&self.transit_gateways_of(vpc)) {
            for to in outside {
                if self.chance(75) {
                    let target = RouteTarget::TransitGateway(transit.clone());
                    routes.push(make::route(RouteDestination::Cidr(to), target));
                }
            }
        }
        routes
    }

    /// More specific routes, prefix lists, equals of several origins, and routes into the VPC.
    fn narrow_routes(&mut self, vpc: &str, table: &str) -> Vec<Route> {
        let mut routes = Vec::new();
        for to in ["203.0.113.0/24", "8.8.8.0/24", "52.216.0.0/16", "198.51.100.0/24"].map(cidr) {
            for propagated in [false, true] {
                if self.chance(12) {
                    let target = self.either_way(vpc);
                    let route = make::route(RouteDestination::Cidr(to), target);
                    routes.push(Route { propagated, ..route });
                }
            }
        }
        let taken = self.lists_of_endpoints(table);
        for list in self.model.prefix_lists.clone() {
            if !taken.contains(&list.id.value) && self.chance(15) {
                let target = self.either_way(vpc);
                routes.push(make::route(RouteDestination::PrefixList(list.id.value), target));
            }
        }
        let own = self.model.vpcs.iter().find(|v| v.id.value == vpc).expect("known").cidrs[0].value;
        if self.chance(15) {
            let target = self.any_target(vpc);
            let route = make::route(RouteDestination::Cidr(own), target);
            routes.push(Route { propagated: true, ..route });
        }
        let subnets = self.subnets_of(vpc);
        let subnet = self.pick(&subnets).expect("every VPC has subnets").cidr.value;
        if self.chance(20) {
            let target = match self.rng.u8(..4) {
                0 => RouteTarget::Local,
                1 => self.target_nat(vpc),
                _ => self.target_interface(vpc),
            };
            routes.push(make::route(RouteDestination::Cidr(subnet), target));
        }
        routes
    }

    fn either_way(&mut self, vpc: &str) -> RouteTarget {
        if self.chance(50) { self.way_out(vpc) } else { self.any_target(vpc) }
    }

    /// Prefix lists that a table has a route to already, by a gateway endpoint.
    fn lists_of_endpoints(&self, table: &str) -> Vec<String> {
        let lists = self.model.vpc_endpoints.iter().filter_map(|endpoint| match &endpoint.kind {
            EndpointKind::Gateway { route_tables, prefix_list: Some(list) }
                if route_tables.iter().any(|t| t.value == table) =>
            {
                Some(list.value.clone())
            }
            _ => None,
        });
        lists.collect()
    }

    /// Most public NAT gateways get a subnet whose table leads to the internet gateway.
    fn nat_ways_out(&mut self) {
        for nat in self.model.nat_gateways.clone() {
            if !nat.public || !self.chance(75) {
                continue;
            }
            let subnet = self.model.subnets.iter_mut().find(|s| s.id == nat.subnet);
            let subnet = subnet.expect("a known subnet");
            let vpc = subnet.vpc.value.clone();
            let id = format!("rtb-{}-public", &vpc["vpc-".len()..]);
            subnet.route_table = Some(id.as_str().into());
            if self.model.route_tables.iter().any(|table| table.id.value == id) {
                continue;
            }
            let target = RouteTarget::InternetGateway(None);
            let mut routes = vec![make::route(RouteDestination::Cidr(cidr("0.0.0.0/0")), target)];
            routes.extend(self.routes_to_other_networks(&vpc));
            let routes = without_doubles(routes);
            self.model.route_tables.push(make::route_table(&id, &vpc, routes));
        }
    }
}

/// Rules that admit the members of every group of the model, and nobody else.
fn from_every_group(groups: &[(String, String)]) -> Vec<SecurityGroupRule> {
    let from = |(id, _): &(String, String)| Peer::SecurityGroup(id.clone());
    groups.iter().map(|group| make::rule(Traffic::All, from(group))).collect()
}

/// A table has one static and one propagated route to a destination at most.
fn without_doubles(routes: Vec<Route>) -> Vec<Route> {
    let mut kept: Vec<Route> = Vec::new();
    for route in routes {
        let same =
            |r: &Route| r.destination == route.destination && r.propagated == route.propagated;
        if !kept.iter().any(same) {
            kept.push(route);
        }
    }
    kept
}

fn strs(ids: &[String]) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}

/// A topology as text, a line for each thing, to read beside a mismatch.
pub fn summary(model: &Model) -> String {
    let mut text = String::new();
    let mut line = |what: String| writeln!(text, "{what}").expect("a string takes everything");
    line(format!("{:?}", model.settings.dataplane));
    if !model.lost_azs.is_empty() {
        line(format!("lost {}", join(&model.lost_azs)));
    }
    for list in &model.prefix_lists {
        line(format!("{} {}", list.id.value, join(&list.cidrs)));
    }
    for vpc in &model.vpcs {
        line(format!("{} {} dns={}", vpc.id.value, join(&vpc.cidrs), vpc.dns_support.value));
    }
    for s in &model.subnets {
        let (table, acl) = (optional(&s.route_table), optional(&s.network_acl));
        let (id, vpc, az, cidr) = (&s.id.value, &s.vpc.value, &s.az.value, s.cidr.value);
        line(format!("{id} {vpc} {az} {cidr} table={table} acl={acl}"));
    }
    for table in &model.route_tables {
        line(format!("{} {} main={}", table.id.value, table.vpc.value, table.main));
        for route in &table.routes {
            let learnt = if route.propagated { " propagated" } else { "" };
            line(format!("  {:?} -> {:?}{learnt}", route.destination.value, route.target.value));
        }
    }
    for acl in &model.network_acls {
        line(format!("{} {}", acl.id.value, acl.vpc.value));
        for e in &acl.entries {
            let (way, what) =
                (["in", "out"][e.egress as usize], ["deny", "allow"][e.allow as usize]);
            let (number, cidr) = (e.number.value, e.cidr.value);
            line(format!("  {way} {number} {what} {:?} {cidr}", e.traffic.value));
        }
    }
    for group in &model.security_groups {
        line(format!("{} {} default={}", group.id.value, group.vpc.value, group.default));
        for (way, rules) in [("in", &group.ingress), ("out", &group.egress)] {
            for rule in rules {
                line(format!("  {way} {:?} {:?}", rule.traffic.value, rule.peer.value));
            }
        }
    }
    summary_of_gateways(model, &mut line);
    summary_of_senders(model, &mut line);
    text
}

fn summary_of_gateways(model: &Model, line: &mut impl FnMut(String)) {
    for gateway in &model.internet_gateways {
        line(format!("{} {}", gateway.id.value, optional(&gateway.vpc)));
    }
    for nat in &model.nat_gateways {
        let pair = |a: &NatAddress| {
            format!("{:?}/{:?}", a.private.map(|p| p.value), a.public.map(|p| p.value))
        };
        let addresses: Vec<_> = nat.addresses.iter().map(pair).collect();
        let (id, subnet, up) = (&nat.id.value, &nat.subnet.value, nat.available);
        line(format!("{id} {subnet} available={up} {}", addresses.join(" ")));
    }
    for endpoint in &model.vpc_endpoints {
        let what = match &endpoint.kind {
            EndpointKind::Gateway { route_tables, prefix_list } => {
                format!("list={} tables={}", optional(prefix_list), join(route_tables))
            }
            EndpointKind::Interface { subnets, security_groups, .. } => {
                let enis: Vec<_> = subnets
                    .iter()
                    .map(|(s, a)| format!("{}={:?}", s.value, a.map(|a| a.value)))
                    .collect();
                format!("{} groups={}", enis.join(" "), join(security_groups))
            }
        };
        line(format!("{} {} {what}", endpoint.id.value, endpoint.vpc.value));
    }
    for p in &model.peerings {
        let (id, one, other) = (&p.id.value, &p.requester.value, &p.accepter.value);
        line(format!("{id} {one} {other} same_region={} active={}", p.same_region, p.active));
    }
    for gateway in &model.transit_gateways {
        line(format!("{} sg_referencing={}", gateway.id.value, gateway.sg_referencing));
        for attachment in &gateway.attachments {
            let what = match &attachment.kind {
                AttachmentKind::Vpc { vpc, subnets } => format!("{} {}", vpc.value, join(subnets)),
                AttachmentKind::External { cidrs } => join(cidrs),
            };
            line(format!("  {} {what}", attachment.id.value));
        }
        for table in &gateway.route_tables {
            let (from, learnt) = (join(&table.associations), join(&table.propagations));
            line(format!("  {} from={from} learnt={learnt}", table.id.value));
            for route in &table.routes {
                line(format!("    {} -> {}", route.cidr.value, optional(&route.attachment)));
            }
        }
    }
}

fn summary_of_senders(model: &Model, line: &mut impl FnMut(String)) {
    for i in &model.network_interfaces {
        let (id, subnet, addresses) = (&i.id.value, &i.subnet.value, join(&i.addresses));
        let (public, groups) = (i.public.map(|p| p.value), join(&i.security_groups));
        let (owner, check) = (&i.owner, i.source_dest_check);
        line(format!(
            "{id} {owner:?} {subnet} {addresses} {public:?} groups={groups} check={check}"
        ));
    }
    for c in &model.connectors {
        let (subnets, groups) = (join(&c.subnets), join(&c.security_groups));
        line(format!("{} subnets={subnets} groups={groups}", c.id.value));
    }
    for s in &model.services {
        let connector = match &s.egress {
            Egress::Default => "-",
            Egress::Vpc(name) => &name.value,
        };
        line(format!("{} {connector} tasks={} azs={}", s.id.value, s.tasks.value, join(&s.azs)));
    }
}

fn join<T: std::fmt::Display>(list: &[egret_control::source::Sourced<T>]) -> String {
    list.iter().map(|item| item.value.to_string()).collect::<Vec<_>>().join(",")
}

fn optional(name: &Option<Name>) -> &str {
    name.as_ref().map_or("-", |name| name.value.as_str())
}
