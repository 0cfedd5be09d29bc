//! Who sends and where to: tasks of services, addresses of names, and what hosts do at their ports.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::rc::Rc;

use egret_control::explain::resolve::{Request, resolve};
use egret_control::model::{self, Listen, Model, Serve};
use egret_control::source::Sourced;
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::{
    EniId, EniOwner, Interface, InterfaceId, Snapshot, TaskId, ZoneId,
};

use crate::plan::Behaviour;

/// A sender, resolved.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) interface: InterfaceId,
    pub(super) address: Ipv4Addr,
    /// How to call it to the resolver: `task:web/0`.
    pub(super) name: Rc<str>,
    pub(super) zone: Option<ZoneId>,
}

/// A destination, as far as it is known without asking the resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The address.
    At(Ipv4Addr),
    /// Only the resolver at this address knows, and it will not say.
    Ask(Ipv4Addr),
    /// Nobody knows the name.
    Unknown,
}

/// What was resolved under the present configuration.
#[derive(Debug, Default)]
pub(super) struct Targets {
    tasks: HashMap<String, Rc<[TaskId]>>,
    targets: HashMap<(String, Rc<str>, Option<ZoneId>), Target>,
    hosts: HashMap<String, Source>,
}

impl Targets {
    /// Forgets what was resolved: the configuration is another one.
    pub(super) fn clear(&mut self) {
        self.tasks.clear();
        self.targets.clear();
        self.hosts.clear();
    }

    /// The tasks of a service in their order.
    pub(super) fn tasks(&mut self, snapshot: &Snapshot, service: &str) -> Rc<[TaskId]> {
        if let Some(tasks) = self.tasks.get(service) {
            return Rc::clone(tasks);
        }
        let live = |id: &TaskId| {
            let task = &snapshot[*id];
            *snapshot[task.service].name == *service
                && snapshot[task.interface] == Interface::Task(*id)
        };
        let mut tasks: Vec<TaskId> =
            (0..snapshot.tasks.len() as u32).map(TaskId).filter(live).collect();
        tasks.sort_by_key(|id| snapshot[*id].number);
        let tasks: Rc<[TaskId]> = tasks.into();
        self.tasks.insert(service.to_owned(), Rc::clone(&tasks));
        tasks
    }

    /// A task as a sender.
    pub(super) fn task(snapshot: &Snapshot, id: TaskId) -> Source {
        let task = &snapshot[id];
        let name = format!("task:{}/{}", snapshot[task.service].name, task.number);
        let (interface, address, zone) = (task.interface, task.address, task.zone);
        Source { interface, address, name: name.into(), zone }
    }

    /// Where a name leads for a sender.
    pub(super) fn target(
        &mut self,
        model: &Model,
        snapshot: &Snapshot,
        source: &Source,
        host: &str,
    ) -> Target {
        if let Ok(address) = host.parse() {
            return Target::At(address);
        }
        // Tasks of one service and zone are sent to the same address.
        let sender = source.name.rsplit_once('/').map_or(&*source.name, |(service, _)| service);
        let key = (host.to_owned(), Rc::from(sender), source.zone);
        if let Some(target) = self.targets.get(&key) {
            return *target;
        }
        let target = look_up(model, snapshot, &source.name, host);
        self.targets.insert(key, target);
        target
    }

    /// What is done at a port of whoever has an address at an interface.
    pub(super) fn behaviour(
        model: &Model,
        snapshot: &Snapshot,
        interface: InterfaceId,
        address: Ipv4Addr,
        port: (u8, u16),
    ) -> Behaviour {
        match snapshot[interface] {
            Interface::Eni(eni) => at_eni(model, snapshot, eni, port),
            Interface::GatewayEndpoint(_) => {
                at_host(model, address, port).unwrap_or(Behaviour::Respond)
            }
            // Instance metadata and the like; the resolver is asked before.
            Interface::LinkLocal(_) => Behaviour::Respond,
            // Nobody has the address: nothing comes back.
            Interface::Internet | Interface::External(_) => {
                at_host(model, address, port).unwrap_or(Behaviour::Silent)
            }
            Interface::Task(_) | Interface::Gone => Behaviour::Closed,
        }
    }

    /// A host of the scenario as a sender.
    pub(super) fn host(
        &mut self,
        model: &Model,
        snapshot: &Snapshot,
        name: &str,
    ) -> Option<Source> {
        if let Some(source) = self.hosts.get(name) {
            return Some(source.clone());
        }
        let request = Request {
            from: format!("host:{name}"),
            // Only the sender matters.
            to: "192.0.2.2".to_owned(),
            protocol: Protocol::ICMP,
            source_port: None,
            icmp: (8, 0),
            all: false,
        };
        let question = resolve(model, snapshot, &request).ok()?;
        let (interface, address) = (question.from, question.tuple.src);
        let source = Source { interface, address, name: request.from.into(), zone: None };
        self.hosts.insert(name.to_owned(), source.clone());
        Some(source)
    }
}

fn at_eni(model: &Model, snapshot: &Snapshot, eni: EniId, port: (u8, u16)) -> Behaviour {
    if let EniOwner::Endpoint(..) = snapshot[eni].owner {
        return Behaviour::Respond;
    }
    let id = &*snapshot[eni].name;
    let known = model.network_interfaces.iter().find(|interface| *interface.id == id);
    known.map_or(Behaviour::Respond, |known| serve(known.listen.as_deref(), &known.serve, port))
}

fn at_host(model: &Model, address: Ipv4Addr, port: (u8, u16)) -> Option<Behaviour> {
    let host = model.hosts.iter().find(|host| *host.address == address)?;
    Some(serve(host.listen.as_deref(), &host.serve, port))
}

fn serve(
    listen: Option<&[Sourced<Listen>]>,
    serve: &[Serve],
    (protocol, port): (u8, u16),
) -> Behaviour {
    let everywhere = serve.iter().find(|serve| serve.port.is_none()).map(|serve| serve.behaviour);
    let at_port = model::behaviour(listen, serve, protocol, port);
    match everywhere {
        // Who is silent is so at the ports at which it does not listen, too.
        Some(Behaviour::Silent) if at_port == Behaviour::Closed => Behaviour::Silent,
        _ => at_port,
    }
}

/// Where a name leads for a sender, if the resolver is not asked.
pub(super) fn look_up(model: &Model, snapshot: &Snapshot, from: &str, host: &str) -> Target {
    let request = Request {
        from: from.to_owned(),
        to: host.to_owned(),
        protocol: Protocol::TCP,
        source_port: None,
        icmp: (8, 0),
        all: false,
    };
    match resolve(model, snapshot, &request) {
        // What was asked is TCP: UDP is the question to a resolver that does not answer.
        Ok(question) if question.tuple.protocol == Protocol::UDP => Target::Ask(question.tuple.dst),
        Ok(question) => Target::At(question.tuple.dst),
        Err(_) => Target::Unknown,
    }
}
