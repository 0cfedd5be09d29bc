//! From a path to the packets that it asks about.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use egret_control::explain::Question;
use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::{
    AttachmentKind, Cidr, Egress, EndpointKind, EniId, EniOwner, Interface, InterfaceId, SgId,
    Snapshot, SubnetId, Task, TaskId, Traffic, VpcEndpoint,
};

use crate::account::Account;
use crate::account::interfaces::InterfaceOwner;
use crate::account::network_insights::Path;
use crate::engine::Running;

/// An address of the internet, where any does: RFC 5737 keeps it for documentation.
pub(crate) const SOMEWHERE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
/// The port of a destination, where any does.
const PORT: u16 = 443;
/// The port of a source, where any does.
const SOURCE_PORT: u16 = 40_000;
/// So many ports are tried at most.
const TRIES: usize = 64;

/// The end of a path that is not there: its id.
pub(super) struct Missing(pub(super) String);

/// Who sends.
struct Sender {
    interface: InterfaceId,
    address: Ipv4Addr,
    /// The interface in a VPC that it sends by.
    eni: Option<EniId>,
}

/// What an id stands for on the path: an interface of a gateway or an endpoint for that.
pub(super) fn stands_for(account: &Account, id: &str) -> String {
    match account.network_interfaces.get(id).map(|interface| &interface.owner) {
        Some(InterfaceOwner::NatGateway(owner) | InterfaceOwner::VpcEndpoint(owner)) => {
            owner.clone()
        }
        Some(InterfaceOwner::TransitGatewayAttachment(owner)) => owner.clone(),
        _ => id.to_owned(),
    }
}

/// The packets that a path asks about: one, or where its port is open one for each that may fare
/// otherwise.
pub(super) fn of(running: &Running, path: &Path) -> Result<Vec<Question>, Missing> {
    let snapshot = &running.compilation.snapshot;
    let missing = || Missing(path.source.clone());
    let sender = sender(running, path).ok_or_else(missing)?;
    let dst = destination(snapshot, path, &sender)?;
    let at_source = path.at_source.as_ref();
    let src = at_source.and_then(|filter| filter.source).unwrap_or(sender.address);
    let ports = ports(snapshot, path, &sender, dst);
    let packet = |dst_port: u16| Question {
        from: sender.interface,
        from_label: path.source.clone(),
        tuple: Tuple { src, dst, src_port: source_port(path), dst_port, protocol: protocol(path) },
        icmp: (8, 0),
        to_label: path.destination.clone().unwrap_or_else(|| dst.to_string()),
        notes: Vec::new(),
        all: true,
    };
    Ok(ports.into_iter().map(packet).collect())
}

fn protocol(path: &Path) -> Protocol {
    if path.protocol == "udp" { Protocol::UDP } else { Protocol::TCP }
}

fn source_port(path: &Path) -> u16 {
    let filters = [&path.at_source, &path.at_destination];
    let said = filters.into_iter().flatten().find_map(|filter| filter.source_ports);
    said.map_or(SOURCE_PORT, |(from, to)| SOURCE_PORT.clamp(from, to))
}

fn sender(running: &Running, path: &Path) -> Option<Sender> {
    let snapshot = &running.compilation.snapshot;
    let source = path.source.as_str();
    if source.starts_with("arn:") {
        return of_service(running, path);
    }
    if source.starts_with("igw-") {
        snapshot.internet_gateways.iter().find(|gateway| *gateway.name == *source)?;
        let address = source_address(path).unwrap_or(SOMEWHERE);
        return Some(Sender { interface: InterfaceId::INTERNET, address, eni: None });
    }
    if source.starts_with("vpce-") {
        return of_endpoint(snapshot, endpoint(snapshot, source)?);
    }
    if source.starts_with("tgw-attach-") {
        let found = snapshot.attachments.iter().find(|found| *found.name == *source)?;
        let AttachmentKind::External(interface) = found.kind else { return None };
        return Some(Sender { interface, address: source_address(path)?, eni: None });
    }
    let eni = eni(snapshot, source)?;
    let address = path.source_ip.unwrap_or(snapshot[eni].address);
    match snapshot[eni].owner {
        EniOwner::Host(interface) => Some(Sender { interface, address, eni: Some(eni) }),
        EniOwner::Hyperplane => of_shared(snapshot, eni),
        EniOwner::NatGateway(_) | EniOwner::Endpoint(..) => None,
    }
}

/// What a path says of the source's address.
fn source_address(path: &Path) -> Option<Ipv4Addr> {
    path.source_ip.or(path.at_source.as_ref().and_then(|filter| filter.source))
}

/// A task of a service: the first, or one that leaves by the shared ENI with the source's address.
fn of_service(running: &Running, path: &Path) -> Option<Sender> {
    let snapshot = &running.compilation.snapshot;
    let mut services = running.model.services.iter();
    let service = services.find(|service| service.arn.as_deref() == Some(&*path.source))?;
    let of = |task: &&Task| *snapshot[task.service].name == *service.id.value;
    let mut tasks = live_tasks(snapshot).filter(of);
    match path.source_ip {
        None => tasks.next().map(|task| of_task(snapshot, task)),
        Some(address) => tasks
            .map(|task| of_task(snapshot, task))
            .find(|sender| sender.eni.is_some_and(|eni| snapshot[eni].address == address)),
    }
}

/// A task of whatever service leaves by this shared ENI.
fn of_shared(snapshot: &Snapshot, eni: EniId) -> Option<Sender> {
    let mut senders = live_tasks(snapshot).map(|task| of_task(snapshot, task));
    senders.find(|sender| sender.eni == Some(eni))
}

fn live_tasks(snapshot: &Snapshot) -> impl Iterator<Item = &Task> {
    let all = (0..snapshot.tasks.len() as u32).map(|task| &snapshot[TaskId(task)]);
    all.filter(|task| matches!(snapshot[task.interface], Interface::Task(_)))
}

fn of_task(snapshot: &Snapshot, task: &Task) -> Sender {
    let eni = match &snapshot[task.service].egress {
        Egress::Default => None,
        Egress::Vpc { enis, .. } => {
            let here = |eni: &&EniId| Some(snapshot[snapshot[**eni].subnet].zone) == task.zone;
            enis.iter().find(here).or(enis.first()).copied()
        }
    };
    Sender { interface: task.interface, address: task.address, eni }
}

fn of_endpoint(snapshot: &Snapshot, endpoint: &VpcEndpoint) -> Option<Sender> {
    match &endpoint.kind {
        EndpointKind::Interface { enis } => {
            let eni = *enis.first()?;
            let EniOwner::Endpoint(_, interface) = snapshot[eni].owner else { return None };
            Some(Sender { interface, address: snapshot[eni].address, eni: Some(eni) })
        }
        EndpointKind::Gateway { prefix_list, interface } => {
            let address = one_of(*snapshot[*prefix_list].cidrs.first()?);
            Some(Sender { interface: *interface, address, eni: None })
        }
    }
}

/// The destination address: as the path says, or the destination's own.
fn destination(snapshot: &Snapshot, path: &Path, sender: &Sender) -> Result<Ipv4Addr, Missing> {
    let at_source = path.at_source.as_ref().and_then(|filter| filter.destination);
    let at_destination = path.at_destination.as_ref().and_then(|filter| filter.destination);
    if let Some(said) = path.destination_ip.or(at_source) {
        return Ok(said);
    }
    let Some(id) = &path.destination else {
        return at_destination.ok_or_else(|| Missing(String::new()));
    };
    let own = own_address(snapshot, id, sender);
    own.or(at_destination).ok_or_else(|| Missing(id.clone()))
}

fn own_address(snapshot: &Snapshot, id: &str, sender: &Sender) -> Option<Ipv4Addr> {
    if id.starts_with("igw-") {
        let mut gateways = snapshot.internet_gateways.iter();
        return gateways.any(|gateway| *gateway.name == *id).then_some(SOMEWHERE);
    }
    if let Some(gateway) = snapshot.nat_gateways.iter().find(|gateway| *gateway.name == *id) {
        return Some(address_for(snapshot, gateway.eni, sender));
    }
    if let Some(endpoint) = endpoint(snapshot, id) {
        return address_of_endpoint(snapshot, endpoint, sender);
    }
    eni(snapshot, id).map(|eni| address_for(snapshot, eni, sender))
}

/// The public address for who comes from the internet, where there is one.
fn address_for(snapshot: &Snapshot, eni: EniId, sender: &Sender) -> Ipv4Addr {
    let public = snapshot[eni].public.first().map(|(_, public)| *public);
    let from_outside = sender.interface == InterfaceId::INTERNET;
    public.filter(|_| from_outside).unwrap_or(snapshot[eni].address)
}

/// The interface in the sender's zone, as the resolver answers there; an address of the service behind
/// a gateway endpoint.
fn address_of_endpoint(
    snapshot: &Snapshot,
    endpoint: &VpcEndpoint,
    sender: &Sender,
) -> Option<Ipv4Addr> {
    match &endpoint.kind {
        EndpointKind::Interface { enis } => {
            let zone = |eni: EniId| snapshot[snapshot[eni].subnet].zone;
            let here = |eni: &&EniId| sender.eni.is_some_and(|from| zone(from) == zone(**eni));
            let eni = enis.iter().find(here).or(enis.first())?;
            Some(snapshot[*eni].address)
        }
        EndpointKind::Gateway { prefix_list, .. } => {
            Some(one_of(*snapshot[*prefix_list].cidrs.first()?))
        }
    }
}

/// An address of a block that some host may well have.
fn one_of(cidr: Cidr) -> Ipv4Addr {
    let (first, last) = (cidr.network().to_bits(), cidr.last().to_bits());
    Ipv4Addr::from_bits(first + (last - first).min(10))
}

fn endpoint<'a>(snapshot: &'a Snapshot, id: &str) -> Option<&'a VpcEndpoint> {
    snapshot.endpoints.iter().find(|endpoint| *endpoint.name == *id)
}

/// An interface by its id. What an earlier configuration had may have left its name behind.
pub(super) fn eni(snapshot: &Snapshot, id: &str) -> Option<EniId> {
    let mut enis = (0..snapshot.enis.len() as u32).map(EniId);
    enis.find(|eni| {
        let item = &snapshot[*eni];
        *item.name == *id && snapshot.eni_at(snapshot.vpc_of(*eni), item.address) == Some(*eni)
    })
}

/// The destination ports to try. What a packet meets with changes only where a rule's range begins
/// or a denied one ends: if any port gets through, one of these does.
fn ports(snapshot: &Snapshot, path: &Path, sender: &Sender, dst: Ipv4Addr) -> Vec<u16> {
    if let Some(port) = path.destination_port {
        return vec![port];
    }
    let filters = [&path.at_source, &path.at_destination];
    let said = filters.into_iter().flatten().find_map(|filter| filter.destination_ports);
    let (from, to) = said.unwrap_or((1, u16::MAX));
    let first = PORT.clamp(from, to);
    let mut ports = BTreeSet::from([from, to]);
    let receiver = receiver(snapshot, sender, dst);
    for (eni, egress) in [(sender.eni, true), (receiver, false)] {
        let Some(eni) = eni else { continue };
        snapshot[eni].security_groups.iter().for_each(|group| {
            ports.extend(edges_of_group(snapshot, *group, egress));
        });
        ports.extend(edges_of_acl(snapshot, snapshot[eni].subnet, egress));
    }
    let others = ports.into_iter().filter(|port| (from..=to).contains(port) && *port != first);
    [first].into_iter().chain(others).take(TRIES).collect()
}

fn receiver(snapshot: &Snapshot, sender: &Sender, dst: Ipv4Addr) -> Option<EniId> {
    let near = sender.eni.and_then(|eni| snapshot.eni_at(snapshot.vpc_of(eni), dst));
    let anywhere = || {
        let mut enis = (0..snapshot.enis.len() as u32).map(EniId);
        enis.find(|eni| snapshot[*eni].address == dst)
    };
    near.or_else(|| snapshot.eni_of_public(dst)).or_else(anywhere)
}

fn edges_of_group(snapshot: &Snapshot, group: SgId, egress: bool) -> Vec<u16> {
    let rules = if egress { &snapshot[group].egress } else { &snapshot[group].ingress };
    rules.iter().flat_map(|rule| edges(rule.traffic)).collect()
}

fn edges_of_acl(snapshot: &Snapshot, subnet: SubnetId, egress: bool) -> Vec<u16> {
    let acl = &snapshot[snapshot[subnet].network_acl];
    let entries = if egress { &acl.egress } else { &acl.ingress };
    entries.iter().flat_map(|entry| edges(entry.traffic)).collect()
}

/// Where a range begins, and where what is beyond it does.
fn edges(traffic: Traffic) -> impl Iterator<Item = u16> {
    let range = match traffic {
        Traffic::Tcp(from, to) | Traffic::Udp(from, to) => Some((from, to)),
        _ => None,
    };
    let beyond = range.and_then(|(_, to)| to.checked_add(1));
    range.map(|(from, _)| from.max(1)).into_iter().chain(beyond)
}
