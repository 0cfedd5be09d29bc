//! Network interfaces and hosts: what packets are sent to.

use std::net::Ipv4Addr;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::finding::Finding;
use crate::model::{Host, InterfaceOwner, Listen, Model, Name, NetworkInterface, Serve, Subnet};
use crate::source::{Place, Sourced};
use crate::written::{At, Entries, Page, Written};

mod serve;

pub use serve::ServeSection;

/// An instance or appliance in a VPC.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkInterfaceSection {
    /// The subnet that it is in.
    subnet: At<String>,
    /// Its address in the subnet; without one, a free one is taken.
    address: Option<Written<Ipv4Addr>>,
    /// Its Elastic or public address.
    public_address: Option<Written<Ipv4Addr>>,
    /// Its groups; without any, the VPC's default group.
    #[serde(default)]
    security_groups: Vec<At<String>>,
    /// Whether it refuses packets that are not addressed to it. Default true; an appliance that
    /// forwards says false.
    source_dest_check: Option<bool>,
    /// What listens: `tcp/443`. Absent is everything.
    listen: Option<Vec<Written<Listen>>>,
}

impl NetworkInterfaceSection {
    pub(super) fn read(self, id: Name, page: &mut Page<'_>) -> NetworkInterface {
        NetworkInterface {
            id,
            name: None,
            subnet: page.sourced(self.subnet),
            addresses: page.optional(self.address).into_iter().collect(),
            public: page.optional(self.public_address),
            security_groups: page.all(self.security_groups),
            source_dest_check: self.source_dest_check.unwrap_or(true),
            owner: InterfaceOwner::Host,
            listen: self.listen.map(|listen| page.meanings(listen)),
            serve: Vec::new(),
        }
    }
}

/// A host: a public one, one behind a transit gateway, or one in a VPC.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostSection {
    /// Its address. In the CIDR of a subnet, the host is a network interface of that subnet.
    address: Written<Ipv4Addr>,
    /// What listens: `tcp/443`. Absent is everything.
    listen: Option<Vec<Written<Listen>>>,
    /// What answers there: a word for every port, or one for each of some.
    serve: Option<At<ServeSection>>,
    /// The groups of a host in a VPC; without any, the VPC's default group.
    #[serde(default)]
    security_groups: Vec<At<String>>,
    /// The VPC that the address is meant in, where several have it.
    vpc: Option<At<String>>,
}

/// Adds the hosts to the model. Every VPC must be there already.
pub fn add_hosts(hosts: Entries<HostSection>, model: &mut Model, page: &mut Page<'_>) {
    for (name, host) in hosts {
        host.add_to(page.sourced(name), model, page);
    }
}

impl HostSection {
    fn add_to(self, name: Name, model: &mut Model, page: &mut Page<'_>) {
        let vpc = self.vpc.map(|vpc| page.sourced(vpc));
        let mut listen = self.listen.map(|listen| page.meanings(listen));
        let serve = self.serve.map(|serve| serve::read(serve, &mut listen, page));
        let serve = serve.unwrap_or_default();
        let security_groups = page.all(self.security_groups);
        let Some(address) = page.meaning(self.address) else {
            return;
        };
        let home = match home_of(&address, vpc.as_ref(), model) {
            Ok(home) => home,
            Err(finding) => return page.find(finding),
        };
        match home {
            Some(subnet) => {
                let subnet = subnet.id.clone();
                let host = HostInVpc { name, address, security_groups, listen, serve };
                host.add_to(subnet, model, page);
            }
            None => {
                if let Some(group) = security_groups.first() {
                    page.find(groups_outside(&name, group.place));
                }
                model.hosts.push(Host { name, address, listen, serve });
            }
        }
    }
}

struct HostInVpc {
    name: Name,
    address: Sourced<Ipv4Addr>,
    security_groups: Vec<Name>,
    listen: Option<Vec<Sourced<Listen>>>,
    serve: Vec<Serve>,
}

impl HostInVpc {
    /// A host names the interface that has its address, if an import or the file knows one.
    fn add_to(self, subnet: Name, model: &mut Model, page: &mut Page<'_>) {
        let mut known = model.network_interfaces.iter_mut();
        let known = known.find(|eni| eni.subnet == subnet && eni.addresses.contains(&self.address));
        if let Some(interface) = known {
            if let Some(group) = self.security_groups.first() {
                let message = format!("`{}` has its security groups already", interface.id.value);
                let help = "drop `security_groups` here: the address belongs to that interface";
                page.find(Finding::error("host-is-interface", group.place, message).help(help));
            }
            interface.name = Some(self.name.value);
            interface.listen = self.listen.or(interface.listen.take());
            interface.serve = self.serve;
            return;
        }
        model.network_interfaces.push(NetworkInterface {
            name: Some(self.name.value.clone()),
            id: self.name,
            subnet,
            addresses: vec![self.address],
            public: None,
            security_groups: self.security_groups,
            source_dest_check: true,
            owner: InterfaceOwner::Host,
            listen: self.listen,
            serve: self.serve,
        });
    }
}

/// The subnet that has the address, if a VPC has it at all.
fn home_of<'m>(
    address: &Sourced<Ipv4Addr>,
    vpc: Option<&Name>,
    model: &'m Model,
) -> Result<Option<&'m Subnet>, Finding> {
    let within = |id: &Name| vpc.is_none_or(|vpc| is_vpc(vpc, id, model));
    let mut subnets = model.subnets.iter();
    let candidates: Vec<_> = subnets
        .by_ref()
        .filter(|subnet| subnet.cidr.contains(&address.value) && within(&subnet.vpc))
        .collect();
    match candidates[..] {
        [subnet] => return Ok(Some(subnet)),
        [] => {}
        [first, second, ..] if first.vpc == second.vpc => return Ok(Some(first)),
        _ => return Err(ambiguous(address, &candidates)),
    }
    let mut vpcs = model.vpcs.iter().filter(|candidate| within(&candidate.id));
    let outer = vpcs.find(|vpc| vpc.cidrs.iter().any(|cidr| cidr.contains(&address.value)));
    match (outer, vpc) {
        (Some(outer), _) => Err(Finding::error(
            "address-in-no-subnet",
            address.place,
            format!(
                "{} is in the VPC `{}`, but in none of its subnets",
                address.value, outer.id.value
            ),
        )
        .help("add a subnet with the address, or correct the address")),
        (None, Some(vpc)) => Err(Finding::error(
            "address-outside-vpc",
            address.place,
            format!("{} is not in the VPC `{}`", address.value, vpc.value),
        )
        .help("correct the address, or drop `vpc`")),
        (None, None) => Ok(None),
    }
}

fn is_vpc(wanted: &Name, id: &Name, model: &Model) -> bool {
    let named = |vpc: &crate::model::Vpc| vpc.name.as_ref() == Some(&wanted.value);
    wanted == id || model.vpcs.iter().any(|vpc| vpc.id == *id && named(vpc))
}

fn ambiguous(address: &Sourced<Ipv4Addr>, candidates: &[&Subnet]) -> Finding {
    let vpcs: Vec<_> = candidates.iter().map(|subnet| format!("`{}`", subnet.vpc.value)).collect();
    let message = format!("{} is in several VPCs: {}", address.value, vpcs.join(", "));
    Finding::error("ambiguous-address", address.place, message).help("say which with `vpc:`")
}

fn groups_outside(host: &Name, place: Place) -> Finding {
    let message = format!("`{}` is in no VPC, so it has no security groups", host.value);
    Finding::error("groups-outside-vpc", place, message)
        .help("drop `security_groups`, or give the host an address in a subnet")
}
