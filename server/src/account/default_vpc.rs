//! The default VPC that a new account has, and what every VPC comes with.

use ipnet::Ipv4Net;

use super::acls::{AclAssociation, AclEntry, NetworkAcl};
use super::change::Change;
use super::gateways::InternetGateway;
use super::routes::{
    Route, RouteDestination, RouteOrigin, RouteTable, RouteTableAssociation, RouteTarget,
};
use super::security_groups::{Peer, SecurityGroup, SecurityGroupRule};
use super::vpcs::{CidrAssociation, Subnet, Vpc};
use super::zones;

/// The CIDR of every default VPC.
pub const CIDR: &str = "172.31.0.0/16";

impl Change<'_> {
    /// Makes a VPC with what AWS makes along with one: its main route table, its default network
    /// ACL and its default security group. Its id.
    pub fn make_vpc(&mut self, cidr: Ipv4Net, tenancy: &str, default: bool) -> String {
        let id = self.ids.next("vpc");
        let cidrs = vec![CidrAssociation { id: self.ids.next("vpc-cidr-assoc"), cidr }];
        let vpc = Vpc {
            id: id.clone(),
            cidrs,
            dns_support: true,
            // Only the default VPC has it from the start.
            dns_hostnames: default,
            default,
            tenancy: tenancy.to_owned(),
        };
        self.vpcs.insert(id.as_str(), vpc);
        self.make_main_route_table(&id);
        self.make_default_acl(&id);
        self.make_default_group(&id);
        id
    }

    /// A VPC's main route table.
    pub fn make_main_route_table(&mut self, vpc: &str) -> String {
        let id = self.ids.next("rtb");
        let main = RouteTableAssociation { id: self.ids.next("rtbassoc"), subnet: None };
        let (routes, associations) = (Vec::new(), vec![main]);
        let table = RouteTable { id: id.clone(), vpc: vpc.to_owned(), routes, associations };
        self.route_tables.insert(id.as_str(), table);
        id
    }

    /// A VPC's default network ACL.
    pub fn make_default_acl(&mut self, vpc: &str) -> String {
        let id = self.ids.next("acl");
        let acl = NetworkAcl {
            id: id.clone(),
            vpc: vpc.to_owned(),
            default: true,
            entries: vec![AclEntry::all(true), AclEntry::all(false)],
            associations: Vec::new(),
        };
        self.network_acls.insert(id.as_str(), acl);
        id
    }

    /// A VPC's default security group: its members reach each other, and everything outside.
    pub fn make_default_group(&mut self, vpc: &str) -> String {
        let id = self.ids.next("sg");
        let group = SecurityGroup {
            id: id.clone(),
            vpc: vpc.to_owned(),
            name: "default".to_owned(),
            description: "default VPC security group".to_owned(),
        };
        self.security_groups.insert(id.as_str(), group);
        self.allow_all(&id, false, Peer::Group(id.clone()));
        self.allow_all(&id, true, Peer::Cidr(Ipv4Net::default()));
        id
    }

    /// A rule that allows every protocol.
    pub fn allow_all(&mut self, group: &str, egress: bool, peer: Peer) {
        let rule = SecurityGroupRule {
            id: self.ids.next("sgr"),
            group: group.to_owned(),
            egress,
            protocol: "-1".to_owned(),
            from: -1,
            to: -1,
            peer,
            description: None,
        };
        self.security_group_rules.insert(rule.id.clone(), rule);
    }

    /// Makes the Region's default VPC: a public subnet in each zone. Its id.
    pub fn make_default_vpc(&mut self) -> String {
        let vpc = self.make_vpc(CIDR.parse().expect("a CIDR"), "default", true);
        let gateway = self.ids.next("igw");
        let attached = InternetGateway { id: gateway.clone(), vpc: Some(vpc.clone()) };
        self.internet_gateways.insert(gateway.as_str(), attached);
        let route = Route {
            destination: RouteDestination::Cidr(Ipv4Net::default()),
            target: RouteTarget::InternetGateway(gateway),
            origin: RouteOrigin::CreateRoute,
        };
        if let Some(main) = self.main_route_table(&vpc).map(|table| table.id.clone())
            && let Some(table) = self.route_tables.edit(&main)
        {
            table.routes.push(route);
        }
        let cidrs = CIDR.parse::<Ipv4Net>().expect("a CIDR").subnets(20).expect("longer");
        for (zone, cidr) in zones::zones(&self.identity.region).into_iter().zip(cidrs) {
            let subnet = Subnet::new(vpc.clone(), zone.id, cidr);
            self.make_subnet(Subnet { map_public_ip: true, default_for_az: true, ..subnet });
        }
        vpc
    }

    /// Makes a subnet, gives it an id, and ties it to the VPC's default ACL. Its id.
    pub fn make_subnet(&mut self, subnet: Subnet) -> String {
        let id = self.ids.next("subnet");
        let association = AclAssociation { id: self.ids.next("aclassoc"), subnet: id.clone() };
        let acl = self.default_acl(&subnet.vpc).map(|acl| acl.id.clone());
        if let Some(acl) = acl.and_then(|acl| self.network_acls.edit(&acl)) {
            acl.associations.push(association);
        }
        self.subnets.insert(id.as_str(), Subnet { id: id.clone(), ..subnet });
        id
    }
}

impl super::Account {
    /// The VPC's main route table.
    pub fn main_route_table(&self, vpc: &str) -> Option<&RouteTable> {
        self.route_tables.of(vpc).find(|table| table.is_main())
    }

    /// The VPC's default network ACL.
    pub fn default_acl(&self, vpc: &str) -> Option<&NetworkAcl> {
        self.network_acls.of(vpc).find(|acl| acl.default)
    }

    /// The VPC's default security group.
    pub fn default_group(&self, vpc: &str) -> Option<&SecurityGroup> {
        self.security_groups.of(vpc).find(|group| group.is_default())
    }
}
