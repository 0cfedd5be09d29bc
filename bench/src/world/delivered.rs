//! Which packets a configuration of the user's delivers, and answers: found by sending them.

use std::collections::BTreeSet;
use std::sync::Arc;

use egret_control::explain::resolve::{Request, resolve};
use egret_control::model::{Listen, Model};
use egret_control::source::Sourced;
use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::{EniOwner, Interface, InterfaceId, Snapshot};
use egret_dataplane::time::Instant;
use egret_dataplane::worker::{Limits, Worker};

use super::NoWorld;
use crate::traffic::{self, Protocols};

/// Pairs that are looked for at most: more make no other load.
const MOST_PAIRS: usize = 4_096;

/// Somewhere to send to: a name, and the port where one is known.
type Destination = (String, Option<(Protocol, u16)>);

/// Every task with every destination that it reaches.
pub(super) fn pairs(
    model: &Model,
    snapshot: &Snapshot,
    protocols: Protocols,
) -> Result<Vec<(InterfaceId, Tuple)>, NoWorld> {
    let snapshot = Arc::new(snapshot.clone());
    let (tasks, destinations) = (tasks(&snapshot), destinations(model, &snapshot));
    let tried = tasks.iter().flat_map(|task| destinations.iter().map(move |to| (task, to)));
    let packets = tried.flat_map(|(task, to)| requests(task, to, protocols));
    let pairs: Vec<_> = packets
        .filter_map(|request| resolve(model, &snapshot, &request).ok())
        .map(|question| (question.from, question.tuple))
        .filter(|(from, tuple)| is_delivered(&snapshot, *from, *tuple))
        .take(MOST_PAIRS)
        .collect();
    if pairs.is_empty() {
        let protocols = match protocols {
            Protocols::Udp => "UDP",
            Protocols::Tcp => "TCP",
            Protocols::Both => "TCP or UDP",
        };
        let (tasks, destinations) = (tasks.len(), destinations.len());
        return Err(NoWorld::NothingDelivered { tasks, destinations, protocols });
    }
    Ok(pairs)
}

/// Tasks as a user calls them.
fn tasks(snapshot: &Snapshot) -> Vec<String> {
    let lives = |interface| matches!(snapshot[interface], Interface::Task(_));
    let tasks = snapshot.tasks.iter().filter(|task| lives(task.interface));
    tasks.map(|task| format!("task:{}/{}", snapshot[task.service].name, task.number)).collect()
}

/// Hosts with what listens there, and endpoints.
fn destinations(model: &Model, snapshot: &Snapshot) -> BTreeSet<Destination> {
    let ports = |listen: &Option<Vec<Sourced<Listen>>>| -> Vec<Option<(Protocol, u16)>> {
        let known = listen.iter().flatten();
        let known: Vec<_> = known.map(|l| Some((Protocol(l.protocol), l.port))).collect();
        if known.is_empty() { vec![None] } else { known }
    };
    let named = |name: &str, listen| -> Vec<Destination> {
        ports(listen).into_iter().map(|port| (name.to_owned(), port)).collect()
    };
    let hosts = model.hosts.iter().flat_map(|host| named(&host.name, &host.listen));
    let is_host = |id: &str| {
        let eni = snapshot.enis.iter().find(|eni| *eni.name == *id);
        eni.is_some_and(|eni| matches!(eni.owner, EniOwner::Host(_)))
    };
    let interfaces = model.network_interfaces.iter().filter(|item| is_host(&item.id));
    let interfaces = interfaces.flat_map(|item| named(&item.id, &item.listen));
    let endpoints = model.vpc_endpoints.iter().map(|item| (item.id.value.clone(), None));
    hosts.chain(interfaces).chain(endpoints).collect()
}

/// The packets that one task may send to one destination.
fn requests(task: &str, (name, port): &Destination, protocols: Protocols) -> Vec<Request> {
    let all = protocols.all().iter().copied();
    let fits = |protocol: &Protocol| port.is_none_or(|(only, _)| only == *protocol);
    let request = |protocol: Protocol| Request {
        from: task.to_owned(),
        to: port.map_or(name.clone(), |(_, port)| format!("{name}:{port}")),
        protocol,
        source_port: None,
        icmp: (8, 0),
        all: false,
    };
    all.filter(fits).map(request).collect()
}

/// Whether a flow can be opened there and is answered, which only a worker knows.
fn is_delivered(snapshot: &Arc<Snapshot>, from: InterfaceId, tuple: Tuple) -> bool {
    let mut worker = Worker::new(Arc::clone(snapshot), Limits { flows: 16 }, 0);
    traffic::open(&mut worker, Instant::ZERO, &[(from, tuple)]).is_ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use egret_control::compile::compile;
    use egret_sim::scenario::Scenario;

    use super::*;

    fn pairs_of(name: &str, protocols: Protocols) -> Result<usize, NoWorld> {
        let path = Path::new("../scenarios").join(name);
        let model = Scenario::read(&path).unwrap().model;
        let snapshot = compile(&model).unwrap().snapshot;
        pairs(&model, &snapshot, protocols).map(|pairs| pairs.len())
    }

    #[test]
    fn only_what_is_delivered_is_sent() {
        assert!(pairs_of("01-nat-over-three-zones", Protocols::Tcp).unwrap() > 0);
        let none = pairs_of("12-nat-subnet-without-internet-gateway", Protocols::Tcp).unwrap_err();
        let NoWorld::NothingDelivered { tasks, .. } = none else { panic!("{none}") };
        assert!(tasks > 0);
        assert!(none.to_string().contains("no TCP packet"), "{none}");
    }
}
