//! VPCs and their subnets, and what every VPC has though a scenario does not say it.

use egret_control::model as m;
use egret_control::names::Kind;
use ipnet::Ipv4Net;

use super::Import;
use crate::account::acls::AclAssociation;
use crate::account::routes::RouteTableAssociation;
use crate::account::vpcs::{CidrAssociation, Subnet, Vpc};

impl Import<'_, '_, '_> {
    pub(super) fn vpcs(&mut self) {
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

    pub(super) fn subnets(&mut self) {
        for (at, subnet) in self.model.subnets.iter().enumerate() {
            let id = self.of(Kind::Subnet, at);
            let vpc = self.find(Kind::Vpc, &subnet.vpc);
            let row = Subnet::new(vpc, subnet.az.value.clone(), *subnet.cidr);
            self.change.subnets.insert(id.as_str(), Subnet { id: id.clone(), ..row });
        }
    }

    /// What every VPC has, though a scenario does not say it, and the ties of subnets.
    pub(super) fn complete_vpcs(&mut self) {
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
