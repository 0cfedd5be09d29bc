//! Changes that somebody may make to a network: a rule, an entry, a route, a gateway.

use egret_control::model::{Model, Peer, RouteTarget, Traffic};
use fastrand::Rng;

use crate::make::{self, cidr};
use crate::topology;

/// Makes one change. Not every one leaves a network that compiles, or has an effect at all.
pub fn mutate(rng: &mut Rng, model: &mut Model) {
    match rng.u8(..10) {
        0 => remove_rule(rng, model),
        1 => add_rule(rng, model),
        2 | 3 => flip_entry(rng, model),
        4 => deny_ports(rng, model),
        5 => remove_route(rng, model),
        6 => lead_to_gateway(rng, model),
        7 => {
            if let Some(nat) = rng.choice(&mut model.nat_gateways) {
                nat.available = !nat.available;
            }
        }
        8 => {
            if let Some(endpoint) = rng.choice(&mut model.vpc_endpoints) {
                endpoint.available = !endpoint.available;
            }
        }
        _ => {
            if let Some(interface) = rng.choice(&mut model.network_interfaces) {
                interface.source_dest_check = !interface.source_dest_check;
                interface.security_groups.truncate(1);
            }
        }
    }
}

fn remove_rule(rng: &mut Rng, model: &mut Model) {
    let Some(group) = rng.choice(&mut model.security_groups) else { return };
    let rules = if rng.bool() { &mut group.egress } else { &mut group.ingress };
    if !rules.is_empty() {
        rules.remove(rng.usize(..rules.len()));
    }
}

fn add_rule(rng: &mut Rng, model: &mut Model) {
    let block = *rng.choice(&["0.0.0.0/0", "10.0.0.0/9", "52.216.0.0/15"]).expect("blocks");
    let port = topology::port(rng);
    let traffic = [Traffic::All, Traffic::Tcp(0, port), Traffic::Udp(port, port.max(1_023))];
    let traffic = *rng.choice(&traffic).expect("traffic");
    let Some(group) = rng.choice(&mut model.security_groups) else { return };
    let rules = if rng.bool() { &mut group.egress } else { &mut group.ingress };
    rules.push(make::rule(traffic, Peer::Cidr(cidr(block))));
}

fn flip_entry(rng: &mut Rng, model: &mut Model) {
    if let Some(acl) = rng.choice(&mut model.network_acls)
        && let Some(entry) = rng.choice(&mut acl.entries)
    {
        entry.allow = !entry.allow;
    }
}

/// Denies some of the ports that translators choose from.
fn deny_ports(rng: &mut Rng, model: &mut Model) {
    let traffic = Traffic::Tcp(1_024 + rng.u16(..60_000), 65_535);
    let entry = make::entry(1, rng.bool(), false, traffic, cidr("0.0.0.0/0"));
    let Some(acl) = rng.choice(&mut model.network_acls) else { return };
    acl.entries.retain(|other| other.number.value != 1);
    acl.entries.push(entry);
}

fn remove_route(rng: &mut Rng, model: &mut Model) {
    let Some(table) = rng.choice(&mut model.route_tables) else { return };
    if !table.routes.is_empty() {
        table.routes.remove(rng.usize(..table.routes.len()));
    }
}

fn lead_to_gateway(rng: &mut Rng, model: &mut Model) {
    let nats: Vec<String> = model.nat_gateways.iter().map(|nat| nat.id.value.clone()).collect();
    if let (Some(table), Some(nat)) = (rng.choice(&mut model.route_tables), rng.choice(nats))
        && let Some(route) = rng.choice(&mut table.routes)
    {
        route.target.value = RouteTarget::NatGateway(nat);
    }
}
