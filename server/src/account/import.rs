//! Makes an account's resources of a network model: of a scenario, or of AWS's own JSON.
//!
//! What already has an id as AWS gives them (`subnet-a`, `vpc-0abc`) keeps it. Anything else gets
//! one, and what it was called becomes its `Name` tag, by which it is still found. A file a kind.

use std::collections::HashMap;

use egret_control::model::{Model, Name};
use egret_control::names::{Kind, Names};

use super::change::Change;

mod acls;
mod app_runner;
mod endpoints;
mod gateways;
mod interfaces;
mod peerings;
mod prefix_lists;
mod routes;
mod security_groups;
mod transit;
mod vpcs;

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

    fn vpc_of(&self, subnet: &str) -> String {
        self.change.subnets.get(subnet).map(|subnet| subnet.vpc.clone()).unwrap_or_default()
    }
}
