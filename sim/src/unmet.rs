//! Rules, entries, routes and endpoints that no packet of any sender ever comes to.
//!
//! All packets of every service, and of every host in a VPC, are cut into classes; what decides about
//! none of them, nor about an answer, is unmet. That is exact, and costs a judgement for each class: of
//! a configuration that falls into too many, nothing is said.
//!
//! Whoever is not in the configuration may send as well. So rules that let in blocks of addresses are
//! not judged, as strangers may have those, and what a network ACL does with what comes in is not,
//! either. Nothing is said where a template leaves something open: it might be what leads there.

use std::collections::{BTreeMap, HashSet};

use egret_control::compile::Compilation;
use egret_control::model::{InterfaceOwner, Model};
use egret_control::source::Place;
use egret_dataplane::snapshot::{Peer, Snapshot};
use egret_verify::classes::{TooMany, classes};
use egret_verify::cuts::World;
use egret_verify::diff::{Side, agenda};
use egret_verify::space::{ADDRESSES, Region};

use crate::suite::parts::{List, Part, is_local};

/// Parts of a configuration that no packet comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unmet {
    /// Those parts; where it is so of all that a list has, one for all of them.
    pub parts: Vec<Lonely>,
    /// How many were looked at.
    pub of: usize,
}

/// A part that no packet comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lonely {
    /// What it is called: `web egress tcp 443 to 0.0.0.0/0`, or `all 3 rules of web egress`.
    pub name: String,
    /// What it does, where its name does not say that.
    pub does: Option<String>,
    /// Where it was written, the first of several.
    pub place: Place,
}

/// What no packet comes to of what somebody wrote. What has its place among `said` is left out: a
/// finding says more of it. At most `limit` classes are looked at.
///
/// # Errors
/// When there are more.
pub fn unmet(
    model: &Model,
    compilation: &Compilation,
    said: &[Place],
    limit: usize,
) -> Result<Unmet, TooMany> {
    let snapshot = &compilation.snapshot;
    if model.unknowns.deciding().next().is_some() {
        return Ok(Unmet::default());
    }
    let place = |part: Part| Some((part, part.place(model, compilation)?));
    let written = Part::all(snapshot).into_iter().filter(|part| is_judged(snapshot, *part));
    let written: Vec<(Part, Place)> = written.filter_map(place).collect();
    let left = met_by_none(model, snapshot, limit)?;
    let mut lists: BTreeMap<Group, Vec<(Part, Place, bool)>> = BTreeMap::new();
    for (part, place) in &written {
        let is_left = left.contains(part);
        lists.entry(Group::of(*part)).or_default().push((*part, *place, is_left));
    }
    let parts = lists.values().flat_map(|list| lonely(snapshot, list, said)).collect();
    Ok(Unmet { parts, of: written.len() })
}

/// The parts that no packet comes to, whoever wrote them, of those to which strangers do not come
/// either. At most `limit` classes are looked at.
///
/// # Errors
/// When there are more.
pub fn met_by_none(
    model: &Model,
    snapshot: &Snapshot,
    limit: usize,
) -> Result<HashSet<Part>, TooMany> {
    let judged = Part::all(snapshot).into_iter().filter(|part| is_judged(snapshot, *part));
    let mut left: HashSet<Part> = judged.collect();
    let world = World::new(snapshot);
    let side = Side { model, world: &world };
    let hosts = model.network_interfaces.iter().filter(|eni| eni.owner == InterfaceOwner::Host);
    let names = model.services.iter().map(|service| service.id.value.clone());
    let names: Vec<String> = names.chain(hosts.map(|eni| eni.id.value.clone())).collect();
    // Each of these names is one of the model.
    let pairs = agenda(side, side, &names).unwrap_or_default().pairs;
    let mut seen = 0;
    for sender in pairs.iter().flat_map(|pair| &pair.new) {
        for protocol in world.protocols() {
            for region in Region::all(ADDRESSES, protocol) {
                if left.is_empty() {
                    return Ok(left);
                }
                let classes = classes(&world, sender.origin, region, limit - seen)
                    .map_err(|_| TooMany { limit })?;
                seen += classes.len();
                let hops = classes.iter().flat_map(|class| &class.hops);
                hops.flat_map(|hop| Part::deciding(snapshot, hop)).for_each(|part| {
                    left.remove(&part);
                });
            }
        }
    }
    Ok(left)
}

/// Whether only senders of the configuration come to it.
fn is_judged(snapshot: &Snapshot, part: Part) -> bool {
    match part {
        Part::SecurityGroupRule { group, egress: false, rule } => {
            matches!(snapshot[group].ingress[rule].peer, Peer::Group(_))
        }
        Part::AclEntry { egress, entry, .. } => egress && entry.is_some(),
        Part::Route { .. } => !is_local(snapshot, part),
        _ => true,
    }
}

/// Parts that are listed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    List(List, bool),
    Single(Part),
}

impl Group {
    fn of(part: Part) -> Group {
        match part {
            Part::SecurityGroupRule { group, egress, .. } => {
                Group::List(List::SecurityGroup(group), egress)
            }
            Part::AclEntry { acl, egress, .. } => {
                Group::List(List::NetworkAcl(acl, egress), egress)
            }
            Part::Route { table, .. } => Group::List(List::RouteTable(table), true),
            Part::TransitGatewayRoute { gateway, table, .. } => {
                Group::List(List::TransitGateway(gateway, table), true)
            }
            Part::Endpoint(_) => Group::Single(part),
        }
    }
}

/// What is unmet of a list: each part, or all of them at once.
fn lonely(snapshot: &Snapshot, list: &[(Part, Place, bool)], said: &[Place]) -> Vec<Lonely> {
    let named = |(part, place, _): &(Part, Place, bool)| Lonely {
        name: part.name(snapshot),
        does: part.does(snapshot),
        place: *place,
    };
    let [first, _, ..] = list else {
        return list.iter().filter(|one| one.2 && !said.contains(&one.1)).map(named).collect();
    };
    if list.iter().all(|(.., is_left)| *is_left) {
        let whole = whole(snapshot, first.0);
        let name = format!("all {} {} of {whole}", list.len(), first.0.kind().plural());
        return vec![Lonely { name, does: None, place: first.1 }];
    }
    let left = list.iter().filter(|(_, place, is_left)| *is_left && !said.contains(place));
    left.map(named).collect()
}

/// What a part's list is called.
fn whole(snapshot: &Snapshot, part: Part) -> String {
    let way = |egress| if egress { "egress" } else { "ingress" };
    match part {
        Part::SecurityGroupRule { group, egress, .. } => {
            format!("{} {}", snapshot[group].name, way(egress))
        }
        Part::AclEntry { acl, egress, .. } => format!("{} {}", snapshot[acl].name, way(egress)),
        Part::Route { table, .. } => snapshot[table].name.to_string(),
        Part::TransitGatewayRoute { gateway, table, .. } => {
            format!("{} {}", snapshot[gateway].name, snapshot[gateway].route_tables[table].name)
        }
        Part::Endpoint(endpoint) => snapshot[endpoint].name.to_string(),
    }
}
