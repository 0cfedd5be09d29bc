//! What the user calls a sender or a destination.

use std::net::Ipv4Addr;

use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::{
    AttachmentKind, Cidr, Egress, EndpointKind, EniId, EniOwner, Interface, InterfaceId, Snapshot,
    TaskId, VpcId,
};
use thiserror::Error;

use super::Question;
use crate::model::{
    AttachmentKind as ModelAttachment, EndpointKind as ModelEndpoint, Model, VpcEndpoint,
};
use crate::names::suggestion;

/// What a user calls the resolver of the sender's VPC.
pub const RESOLVER: &str = "resolver";

/// What a user asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `SERVICE`, `SERVICE/TASK`, a network interface or host by id or name, or an address.
    pub from: String,
    /// `NAME` or `IP`, with `:PORT` where the protocol has ports.
    pub to: String,
    /// The protocol.
    pub protocol: Protocol,
    /// The source port; 40000 where it does not matter.
    pub source_port: Option<u16>,
    /// ICMP type and code.
    pub icmp: (u8, u8),
    /// Whether to go on past a drop.
    pub all: bool,
}

/// Why a name means nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unresolved {
    /// Nothing sends under that name.
    #[error("no service, network interface or address is called `{name}`{}", did_you_mean(.near))]
    Sender {
        /// The name.
        name: String,
        /// The nearest one that is known.
        near: Option<String>,
    },
    /// The service has no task of that number.
    #[error("service `{service}` has {tasks} tasks, numbered from 0")]
    Task {
        /// The service.
        service: String,
        /// How many tasks it has.
        tasks: usize,
    },
    /// Several interfaces have the address.
    #[error("{address} is used in several VPCs: name the network interface instead ({names})")]
    SeveralSenders {
        /// The address.
        address: Ipv4Addr,
        /// Who has it.
        names: String,
    },
    /// Nothing has that destination's name.
    #[error("no host, network interface or endpoint is called `{name}`{}", did_you_mean(.near))]
    Destination {
        /// The name.
        name: String,
        /// The nearest one that is known.
        near: Option<String>,
    },
    /// The service's name does not lead to its endpoint, and its public address is not known.
    #[error(
        "`{name}` is a public name for this sender: {why}; give it an address under `hosts`, or \
         name endpoint `{endpoint}` itself"
    )]
    PublicName {
        /// The name.
        name: String,
        /// Why it does not lead to the endpoint.
        why: &'static str,
        /// The endpoint of the service.
        endpoint: String,
    },
    /// What follows the colon is no port.
    #[error("`{text}` is no port: ports go from 1 to 65535")]
    Port {
        /// What was written.
        text: String,
    },
    /// A port of a protocol that has none.
    #[error("{protocol} has no ports: write `{name}` in place of `{name}:{port}`")]
    NoPorts {
        /// The destination.
        name: String,
        /// The port.
        port: u16,
        /// The protocol.
        protocol: Protocol,
    },
    /// An IPv6 address.
    #[error("`{text}` looks like IPv6: this path carries IPv4 only")]
    Ipv6 {
        /// What was written.
        text: String,
    },
    /// A text that cannot be a name.
    #[error("`{text}` is no destination: write an address or a name, and a port: `db:5432`")]
    NoName {
        /// What was written.
        text: String,
    },
}

fn did_you_mean(near: &Option<String>) -> String {
    near.as_ref().map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}

/// Resolves a request to a packet.
///
/// # Errors
/// When a name means nothing, or more than one thing.
pub fn resolve(
    model: &Model,
    snapshot: &Snapshot,
    request: &Request,
) -> Result<Question, Unresolved> {
    let sender = sender(model, snapshot, &request.from)?;
    let (name, port) = split_port(&request.to)?;
    let target = destination(model, snapshot, &sender, name)?;
    let ports = matches!(request.protocol, Protocol::TCP | Protocol::UDP);
    if let (false, Some(port)) = (ports, port) {
        let (name, protocol) = (name.to_owned(), request.protocol);
        return Err(Unresolved::NoPorts { name, port, protocol });
    }
    let mut question = Question {
        from: sender.interface,
        from_label: sender.label.clone(),
        tuple: Tuple {
            src: sender.address,
            dst: target.address,
            src_port: match request.protocol {
                Protocol::TCP | Protocol::UDP => request.source_port.unwrap_or(40_000),
                Protocol::ICMP if request.icmp.0 == 8 => 1,
                _ => 0,
            },
            dst_port: if ports { port.unwrap_or(default_port(request.protocol, name)) } else { 0 },
            protocol: request.protocol,
        },
        icmp: request.icmp,
        to_label: target.label,
        notes: target.notes,
        all: request.all,
    };
    if target.by_dns
        && let Some(vpc) = sender.vpc.filter(|vpc| !snapshot[*vpc].dns_support)
    {
        ask_the_resolver(snapshot, vpc, name, &mut question);
    }
    Ok(question)
}

fn default_port(protocol: Protocol, name: &str) -> u16 {
    if protocol == Protocol::UDP || name == RESOLVER { 53 } else { 443 }
}

/// Without DNS support the name never becomes an address: the packet that matters is the question
/// to the resolver.
fn ask_the_resolver(snapshot: &Snapshot, vpc: VpcId, name: &str, question: &mut Question) {
    let resolver = Ipv4Addr::from_bits(snapshot[vpc].cidrs[0].network().to_bits() + 2);
    question.notes = vec![format!(
        "`{name}` is a name, and VPC {} has enableDnsSupport off: this is the DNS query for it.",
        snapshot[vpc].name
    )];
    question.to_label = format!("the resolver ({resolver})");
    question.tuple.dst = resolver;
    question.tuple.protocol = Protocol::UDP;
    question.tuple.src_port = 40_000;
    question.tuple.dst_port = 53;
}

/// Who sends.
struct Sender {
    interface: InterfaceId,
    address: Ipv4Addr,
    label: String,
    /// The VPC whose resolver it asks; none for a service with egress DEFAULT.
    vpc: Option<VpcId>,
    /// The ENI whose zone counts, where it is in a VPC.
    eni: Option<EniId>,
}

fn sender(model: &Model, snapshot: &Snapshot, name: &str) -> Result<Sender, Unresolved> {
    // A host may have a service's name; `task:` and `host:` say which is meant.
    let (host_only, name) = match (name.strip_prefix("host:"), name.strip_prefix("task:")) {
        (Some(host), _) => (true, host),
        (None, task) => (false, task.unwrap_or(name)),
    };
    if let Some(task) = if host_only { None } else { task(snapshot, name)? } {
        return Ok(of_task(snapshot, task));
    }
    let ids = || (0..snapshot.enis.len() as u32).map(EniId);
    let is_host = |eni: &EniId| matches!(snapshot[*eni].owner, EniOwner::Host(_));
    let named = ids().filter(is_host).find(|eni| is_called(model, snapshot, *eni, name));
    if let Some(sender) = named.and_then(|eni| of_host(snapshot, eni)) {
        return Ok(sender);
    }
    if let Some(host) = model.hosts.iter().find(|host| host.name.as_str() == name) {
        return Ok(from_outside(model, snapshot, name, *host.address));
    }
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        let at: Vec<EniId> =
            ids().filter(is_host).filter(|eni| snapshot[*eni].address == address).collect();
        match at[..] {
            [eni] => {
                if let Some(sender) = of_host(snapshot, eni) {
                    return Ok(sender);
                }
            }
            [] => {
                let of = |task: &TaskId| snapshot[*task].address == address;
                let mut tasks = (0..snapshot.tasks.len() as u32).map(TaskId);
                if let Some(task) = tasks.find(of) {
                    return Ok(of_task(snapshot, task));
                }
            }
            _ => {
                let names: Vec<_> = at.iter().map(|eni| &*snapshot[*eni].name).collect();
                return Err(Unresolved::SeveralSenders { address, names: names.join(", ") });
            }
        }
    }
    let services = snapshot.services.iter().map(|service| &*service.name);
    let hosts = ids().filter(is_host).map(|eni| &*snapshot[eni].name);
    let outside = model.hosts.iter().map(|host| host.name.as_str());
    let near = suggestion(name, services.chain(hosts).chain(outside)).map(str::to_owned);
    Err(Unresolved::Sender { name: name.to_owned(), near })
}

/// A task, by `SERVICE` or `SERVICE/NUMBER`.
fn task(snapshot: &Snapshot, name: &str) -> Result<Option<TaskId>, Unresolved> {
    let (service, number) = match name.rsplit_once('/') {
        Some((service, number)) => (service, number.parse().ok()),
        None => (name, Some(0)),
    };
    let Some(number) = number else { return Ok(None) };
    let live = |task: &TaskId| matches!(snapshot[snapshot[*task].interface], Interface::Task(_));
    let of = |task: &TaskId| *snapshot[snapshot[*task].service].name == *service;
    let tasks = || (0..snapshot.tasks.len() as u32).map(TaskId).filter(live).filter(of);
    if !snapshot.services.iter().any(|known| *known.name == *service) {
        return Ok(None);
    }
    let found = tasks().find(|task| snapshot[*task].number == number);
    let none = || Unresolved::Task { service: service.to_owned(), tasks: tasks().count() };
    found.map(Some).ok_or_else(none)
}

fn of_task(snapshot: &Snapshot, id: TaskId) -> Sender {
    let task = &snapshot[id];
    let service = &snapshot[task.service];
    let zone = task.zone.map(|zone| format!(", {}", snapshot[zone]));
    let eni = match &service.egress {
        Egress::Default => None,
        Egress::Vpc { enis, .. } => {
            let here = |eni: &&EniId| Some(snapshot[snapshot[**eni].subnet].zone) == task.zone;
            enis.iter().find(here).or(enis.first()).copied()
        }
    };
    Sender {
        interface: task.interface,
        address: task.address,
        label: format!("{} (task {}{})", service.name, task.number, zone.unwrap_or_default()),
        vpc: eni.map(|eni| snapshot.vpc_of(eni)),
        eni,
    }
}

fn of_host(snapshot: &Snapshot, eni: EniId) -> Option<Sender> {
    let EniOwner::Host(interface) = snapshot[eni].owner else { return None };
    let item = &snapshot[eni];
    Some(Sender {
        interface,
        address: item.address,
        label: format!("{} ({}, {})", item.name, item.address, snapshot[item.subnet].name),
        vpc: Some(snapshot.vpc_of(eni)),
        eni: Some(eni),
    })
}

/// A host in no VPC: behind a transit gateway, or on the internet.
fn from_outside(model: &Model, snapshot: &Snapshot, name: &str, address: Ipv4Addr) -> Sender {
    let behind = |kind: &ModelAttachment| match kind {
        ModelAttachment::External { cidrs } => cidrs.iter().any(|cidr| cidr.contains(&address)),
        ModelAttachment::Vpc { .. } => false,
    };
    let mut known = model.transit_gateways.iter().flat_map(|gateway| &gateway.attachments);
    let attachment = known.find(|attachment| behind(&attachment.kind));
    let interface = attachment.and_then(|said| {
        let mut compiled = snapshot.attachments.iter().filter(|a| *a.name == *said.id.value);
        compiled.find_map(|attachment| match attachment.kind {
            AttachmentKind::External(interface) => Some(interface),
            AttachmentKind::Vpc { .. } => None,
        })
    });
    let interface = interface.unwrap_or(InterfaceId::INTERNET);
    Sender { interface, address, label: format!("{name} ({address})"), vpc: None, eni: None }
}

/// Whether an ENI goes by that name: its id, or the name that the model has for it.
fn is_called(model: &Model, snapshot: &Snapshot, eni: EniId, name: &str) -> bool {
    let id = &*snapshot[eni].name;
    let tag = |interface: &&crate::model::NetworkInterface| {
        *interface.id == id && interface.name.as_deref() == Some(name)
    };
    id == name || model.network_interfaces.iter().any(|interface| tag(&interface))
}

/// Where a packet goes.
struct Destination {
    address: Ipv4Addr,
    label: String,
    notes: Vec<String>,
    /// Whether a resolver had to be asked.
    by_dns: bool,
}

fn destination(
    model: &Model,
    snapshot: &Snapshot,
    sender: &Sender,
    name: &str,
) -> Result<Destination, Unresolved> {
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        let label = address.to_string();
        return Ok(Destination { address, label, notes: Vec::new(), by_dns: false });
    }
    if name == RESOLVER {
        return Ok(resolver(snapshot, sender));
    }
    let found = to_endpoint(model, snapshot, sender, name)
        .or_else(|| to_host(model, name))
        .or_else(|| to_interface(model, snapshot, sender, name));
    if let Some(found) = found {
        return Ok(found);
    }
    Err(public_name_only(model, snapshot, sender, name).unwrap_or_else(|| {
        let hosts = model.hosts.iter().map(|host| host.name.as_str());
        let enis = snapshot.enis.iter().map(|eni| &*eni.name);
        let endpoints = snapshot.endpoints.iter().flat_map(|e| [&*e.name, &*e.service]);
        let near = suggestion(name, hosts.chain(enis).chain(endpoints)).map(str::to_owned);
        Unresolved::Destination { name: name.to_owned(), near }
    }))
}

/// Whether some sender may call a destination so, as far as a model says by itself; otherwise the
/// nearest name that is known.
///
/// # Errors
/// [`Unresolved::Destination`].
pub fn knows_destination(model: &Model, name: &str) -> Result<(), Unresolved> {
    let enis = model.network_interfaces.iter();
    let enis = enis.flat_map(|eni| [Some(eni.id.as_str()), eni.name.as_deref()]).flatten();
    let endpoints = model.vpc_endpoints.iter();
    let endpoints = endpoints
        .flat_map(|e| [Some(e.id.as_str()), e.name.as_deref(), Some(e.service.as_str())])
        .flatten();
    let mut known = model.hosts.iter().map(|host| host.name.as_str()).chain(enis).chain(endpoints);
    let of_service = |endpoint: &VpcEndpoint| {
        endpoint.service.rsplit('.').next() == Some(name) || is_name_of(name, &endpoint.service)
    };
    let is_known = name == RESOLVER
        || name.parse::<Ipv4Addr>().is_ok()
        || known.clone().any(|known| known == name)
        || model.vpc_endpoints.iter().any(of_service);
    if is_known {
        return Ok(());
    }
    let near = suggestion(name, &mut known).map(str::to_owned);
    Err(Unresolved::Destination { name: name.to_owned(), near })
}

/// That the name is one of a service that has an endpoint, but does not lead there.
fn public_name_only(
    model: &Model,
    snapshot: &Snapshot,
    sender: &Sender,
    name: &str,
) -> Option<Unresolved> {
    let of_service = |endpoint: &&VpcEndpoint| is_name_of(name, &endpoint.service);
    let ours = |endpoint: &VpcEndpoint| {
        sender.vpc.is_some_and(|vpc| *snapshot[vpc].name == *endpoint.vpc.value)
    };
    let mut endpoints: Vec<_> = model.vpc_endpoints.iter().filter(of_service).collect();
    endpoints.sort_by_key(|endpoint| !ours(endpoint));
    let endpoint = endpoints.first()?;
    let vpc = model.vpcs.iter().find(|vpc| vpc.id == endpoint.vpc);
    let why = match &endpoint.kind {
        _ if !ours(endpoint) => "the endpoint is in another VPC than the sender",
        _ if !endpoint.available => "the endpoint is not available",
        ModelEndpoint::Interface { private_dns: false, .. } => "private DNS is off",
        _ if vpc.is_some_and(|vpc| !*vpc.dns_hostnames) => "enableDnsHostnames is off",
        _ => "the endpoint has no address",
    };
    let (name, endpoint) = (name.to_owned(), endpoint.id.value.clone());
    Some(Unresolved::PublicName { name, why, endpoint })
}

fn resolver(snapshot: &Snapshot, sender: &Sender) -> Destination {
    let vpc = sender.vpc.map(|vpc| snapshot[vpc].cidrs[0].network().to_bits() + 2);
    let address = vpc.map_or(Ipv4Addr::new(169, 254, 169, 253), Ipv4Addr::from_bits);
    let label = format!("the resolver ({address})");
    Destination { address, label, notes: Vec::new(), by_dns: false }
}

fn to_host(model: &Model, name: &str) -> Option<Destination> {
    let host = model.hosts.iter().find(|host| host.name.as_str() == name)?;
    let address = *host.address;
    let label = format!("{name} ({address})");
    Some(Destination { address, label, notes: Vec::new(), by_dns: true })
}

/// An interface of the sender's own VPC first, then of any.
fn to_interface(
    model: &Model,
    snapshot: &Snapshot,
    sender: &Sender,
    name: &str,
) -> Option<Destination> {
    let called = || {
        let ids = (0..snapshot.enis.len() as u32).map(EniId);
        ids.filter(|eni| is_called(model, snapshot, *eni, name))
    };
    let own = called().find(|eni| Some(snapshot.vpc_of(*eni)) == sender.vpc);
    let eni = own.or_else(|| called().next())?;
    let address = snapshot[eni].address;
    let label = format!("{name} ({address})");
    // An id or a `Name` tag is no DNS name; a host's name with dots is one.
    Some(Destination { address, label, notes: Vec::new(), by_dns: name.contains('.') })
}

/// An endpoint by its own id, name or service; or by the service's public name.
fn to_endpoint(
    model: &Model,
    snapshot: &Snapshot,
    sender: &Sender,
    name: &str,
) -> Option<Destination> {
    let vpc = sender.vpc?;
    let ours =
        |endpoint: &&VpcEndpoint| endpoint.available && *endpoint.vpc.value == *snapshot[vpc].name;
    let direct = |endpoint: &&VpcEndpoint| {
        let short = endpoint.service.rsplit('.').next();
        *endpoint.id == name
            || endpoint.name.as_deref() == Some(name)
            || endpoint.service.as_str() == name
            || short == Some(name)
    };
    let flags = model.vpcs.iter().find(|v| *v.id == *snapshot[vpc].name)?;
    // Where the resolver is off, what the name would lead to is what the query is about.
    let private_dns = *flags.dns_hostnames;
    // A public name is a host's where the model says so; private DNS comes before that.
    let host = model.hosts.iter().any(|host| host.name.as_str() == name);
    let by_name = |endpoint: &&VpcEndpoint| {
        let gateway = !host && matches!(endpoint.kind, ModelEndpoint::Gateway { .. });
        let private = matches!(endpoint.kind, ModelEndpoint::Interface { private_dns: true, .. });
        (gateway || (private && private_dns)) && is_name_of(name, &endpoint.service)
    };
    let mut endpoints = model.vpc_endpoints.iter().filter(ours);
    let known = endpoints.clone().find(direct);
    let by_dns = known.is_none();
    let endpoint = known.or_else(|| endpoints.find(by_name))?;
    let item = snapshot.endpoints.iter().find(|e| *e.name == **endpoint.id)?;
    match &item.kind {
        EndpointKind::Interface { enis } => {
            let zone = sender.eni.map(|eni| snapshot[snapshot[eni].subnet].zone);
            let here = |eni: &&EniId| Some(snapshot[snapshot[**eni].subnet].zone) == zone;
            let lives = |eni: &&EniId| !snapshot[snapshot[**eni].subnet].lost;
            let mut live = enis.iter().filter(lives);
            let eni = live.clone().find(here).or(live.next()).or(enis.first())?;
            let address = snapshot[*eni].address;
            let note = format!(
                "`{name}` resolves to {address}, the interface of endpoint {} in {}.",
                *endpoint.id, snapshot[snapshot[*eni].subnet].name
            );
            let label = format!("{name} ({address})");
            Some(Destination { address, label, notes: vec![note], by_dns })
        }
        EndpointKind::Gateway { prefix_list, .. } => {
            let address = one_of(*snapshot[*prefix_list].cidrs.first()?);
            let note = format!(
                "`{name}` resolves to public addresses, as it does everywhere; {address} is one of \
                 prefix list {}.",
                snapshot[*prefix_list].name
            );
            let label = format!("{name} ({address})");
            Some(Destination { address, label, notes: vec![note], by_dns })
        }
    }
}

/// An address of a block that some host may well have.
fn one_of(cidr: Cidr) -> Ipv4Addr {
    let (first, last) = (cidr.network().to_bits(), cidr.last().to_bits());
    Ipv4Addr::from_bits(first + (last - first).min(10))
}

/// Whether a name is the public one of a service, or below it, as a bucket's is.
fn is_name_of(name: &str, service: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let public = public_name(service);
    let rest = public.as_ref().and_then(|public| name.strip_suffix(public.as_str()));
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The labels of a service's name, the other way round: `com.amazonaws.us-east-1.ecr.api` is
/// `api.ecr.us-east-1.amazonaws.com` in public.
fn public_name(service: &str) -> Option<String> {
    let labels: Vec<&str> = service.rsplit('.').collect();
    service.starts_with("com.amazonaws.").then(|| labels.join("."))
}

/// `NAME:PORT`, or a name alone.
fn split_port(to: &str) -> Result<(&str, Option<u16>), Unresolved> {
    let (name, port) = match to.rsplit_once(':') {
        None => (to, None),
        Some((name, _)) if name.contains(':') => {
            return Err(Unresolved::Ipv6 { text: to.to_owned() });
        }
        Some((name, port)) => match port.parse() {
            Ok(number) if number > 0 => (name, Some(number)),
            _ => return Err(Unresolved::Port { text: port.to_owned() }),
        },
    };
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(Unresolved::NoName { text: to.to_owned() });
    }
    Ok((name, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_follows_the_last_colon() {
        assert_eq!(split_port("api.example.com:443"), Ok(("api.example.com", Some(443))));
        assert_eq!(split_port("10.0.0.1"), Ok(("10.0.0.1", None)));
        for bad in ["db:https", "db:65536", "db:0", "db:", ":80", "", "a b:1", "2001:db8::1"] {
            assert!(split_port(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn services_have_public_names() {
        let name = public_name("com.amazonaws.eu-west-1.s3");
        assert_eq!(name.as_deref(), Some("s3.eu-west-1.amazonaws.com"));
        assert_eq!(public_name("com.example.service"), None);
        let ecr = "com.amazonaws.eu-west-1.ecr.dkr";
        assert!(is_name_of("111122223333.dkr.ecr.eu-west-1.amazonaws.com", ecr));
        assert!(is_name_of("S3.eu-west-1.amazonaws.com", "com.amazonaws.eu-west-1.s3"));
        assert!(!is_name_of("nots3.eu-west-1.amazonaws.com", "com.amazonaws.eu-west-1.s3"));
    }

    #[test]
    fn an_address_of_a_block_is_in_it() {
        for len in 0..=32 {
            let block = Cidr::new(Ipv4Addr::new(52, 216, 0, 1), len);
            assert!(block.contains(one_of(block)), "{block}");
        }
    }
}
