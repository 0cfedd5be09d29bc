//! What elements are called: their ids, and the names that their `Name` tags give them.

use std::collections::HashMap;

use egret_control::explain::{element_kind, element_names};
use egret_control::model::{Model, Name};
use egret_dataplane::verdict::Element;
use serde::Serialize;
use utoipa::ToSchema;

use crate::engine::Running;

/// An element on the way of packets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
pub struct ElementName {
    /// What kind of element it is.
    #[schema(example = "nat-gateway")]
    pub kind: &'static str,
    /// Its id; of an interface's security groups, their ids.
    #[schema(example = "nat-0a1b2c3d4e5f60718")]
    pub id: String,
    /// The value of its `Name` tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "nat-a")]
    pub name: Option<String>,
}

/// The names of a configuration.
pub(crate) struct Names<'r> {
    running: &'r Running,
    by_id: HashMap<&'r str, &'r str>,
}

impl<'r> Names<'r> {
    pub(crate) fn of(running: &'r Running) -> Names<'r> {
        Names { running, by_id: by_id(&running.model) }
    }

    /// What an element is called.
    pub(crate) fn element(&self, element: Element) -> ElementName {
        let snapshot = &self.running.compilation.snapshot;
        let id = element_names(snapshot, element).swap_remove(0);
        let name = self.by_id.get(id.as_str()).map(|name| (*name).to_owned());
        ElementName { kind: element_kind(element), id, name }
    }
}

fn by_id(model: &Model) -> HashMap<&str, &str> {
    fn add<'m, T: 'm>(
        names: &mut HashMap<&'m str, &'m str>,
        all: &'m [T],
        of: impl Fn(&'m T) -> (&'m Name, &'m Option<String>),
    ) {
        for one in all {
            if let (id, Some(name)) = of(one) {
                names.insert(&id.value, name);
            }
        }
    }
    let mut names = HashMap::new();
    add(&mut names, &model.vpcs, |one| (&one.id, &one.name));
    add(&mut names, &model.subnets, |one| (&one.id, &one.name));
    add(&mut names, &model.route_tables, |one| (&one.id, &one.name));
    add(&mut names, &model.network_acls, |one| (&one.id, &one.name));
    add(&mut names, &model.security_groups, |one| (&one.id, &one.name));
    add(&mut names, &model.internet_gateways, |one| (&one.id, &one.name));
    add(&mut names, &model.nat_gateways, |one| (&one.id, &one.name));
    add(&mut names, &model.vpc_endpoints, |one| (&one.id, &one.name));
    add(&mut names, &model.peerings, |one| (&one.id, &one.name));
    add(&mut names, &model.transit_gateways, |one| (&one.id, &one.name));
    add(&mut names, &model.network_interfaces, |one| (&one.id, &one.name));
    for gateway in &model.transit_gateways {
        add(&mut names, &gateway.attachments, |one| (&one.id, &one.name));
    }
    names
}
