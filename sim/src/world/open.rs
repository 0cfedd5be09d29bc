//! Workloads begin: who sends, from which port, where to.

use std::net::Ipv4Addr;
use std::rc::Rc;

use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::Interface;
use egret_dataplane::time::{Duration, Instant};

use super::resolver::Lookup;
use super::targets::{Source, Target, Targets};
use super::{EndId, Happens, Role, Wire, World};
use crate::client::Client;
use crate::cloud::Fate;
use crate::plan::{Connections, Sender, Traffic, Workload};
use crate::replay::{Recording, readdress};
use crate::run::Event;
use crate::stack::TcpEnd;

/// Ports that Linux gives to connections (`ip_local_port_range`; aws-facts §4).
const FIRST_PORT: u16 = 32_768;
const PORTS: u16 = 28_232;
/// Clients on the internet: of TEST-NET-1 (RFC 5737).
const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// What a connection may have under way: at least and at most so many bytes.
const LEAST_BUFFER: u64 = 2 << 10;
const MOST_BUFFER: u64 = 256 << 10;

/// The sending buffer for one message of this size.
pub(super) fn sending(bytes: u64) -> usize {
    bytes.clamp(LEAST_BUFFER, MOST_BUFFER) as usize
}

/// The receiving buffer for one message of this size: larger than what the other side has under way
/// at most, so that it never waits for this one to read.
pub(super) fn receiving(bytes: u64) -> usize {
    sending(bytes) / 8 * 9
}

impl World {
    /// Opens what comes next of a workload.
    pub(super) fn opens(&mut self, traffic: usize, number: u32) {
        let plan = Rc::clone(&self.plan);
        let entry = &plan.traffic[traffic];
        match &entry.workload {
            Workload::Connections(connections) => {
                let mut next = number;
                loop {
                    self.open_connection(traffic, entry, connections, next);
                    next += 1;
                    if next >= connections.count {
                        return;
                    }
                    if let Some(rate) = connections.rate {
                        // From the first one on, so that nothing adds up.
                        let at = Duration((f64::from(next) / rate * 1e9) as u64);
                        let at = Instant::ZERO + entry.at + at;
                        return self.queue.push(at, Happens::Opens { traffic, number: next });
                    }
                }
            }
            Workload::Datagrams(datagrams) => {
                for flow in 0..datagrams.flows {
                    self.open_prober(traffic, entry, flow);
                }
            }
            Workload::Ping(_) | Workload::Traceroute { .. } => {
                self.open_prober(traffic, entry, number);
            }
            Workload::Replay(recording) => self.replay(traffic, entry, recording, number),
        }
    }

    /// Sends the packet of that number of a recording. What becomes of each is all that is counted:
    /// nobody waits for what is answered.
    fn replay(&mut self, traffic: usize, entry: &Traffic, recording: &Recording, number: u32) {
        self.tallies[traffic].attempted += 1;
        if let Some((at, _)) = recording.get(number as usize + 1) {
            let next = Happens::Opens { traffic, number: number + 1 };
            self.queue.push(Instant::ZERO + entry.at + *at, next);
        }
        let Some((Wire::Cloud(interface), source)) = self.source(entry, 0) else {
            return self.fail_unopened(traffic, "no task");
        };
        let dst = match (&*entry.to.host, self.find(&source, &entry.to.host, false)) {
            ("", _) => None,
            (_, Target::At(dst) | Target::Ask(dst)) => Some(dst),
            (_, Target::Unknown) => return self.fail_unopened(traffic, "name not found"),
        };
        let (_, packet) = &recording[number as usize];
        let bytes = readdress(packet, source.address, dst, entry.to.port);
        let len = bytes.len() as u64;
        match self.enter(interface, None, bytes) {
            Fate::Arrives => {
                self.tallies[traffic].completed += 1;
                self.tallies[traffic].sent += len;
            }
            Fate::Dropped(drop) | Fate::Answered(drop) => {
                self.fail_unopened(traffic, drop.reason.name());
            }
            Fate::Lost(loss) => self.fail_unopened(traffic, loss.name()),
            Fate::Held => {}
        }
        let trail = self.cloud.last_trail();
        let first = &mut self.tallies[traffic].trail;
        if first.is_none() {
            *first = trail.map(|id| self.cloud.trails().get(id).trail.clone());
        }
    }

    fn open_connection(
        &mut self,
        traffic: usize,
        entry: &Traffic,
        connections: &Connections,
        number: u32,
    ) {
        self.tallies[traffic].attempted += 1;
        let Some((wire, source)) = self.source(entry, number) else {
            return self.fail_unopened(traffic, "no task");
        };
        let host: Rc<str> = entry.to.host.as_str().into();
        let port = entry.to.port.unwrap_or(443);
        if wire == Wire::Provider {
            let (src, dst) = self.by_provider(entry, &source);
            return self.connect(traffic, wire, src, (dst, port), host);
        }
        match self.find(&source, &host, connections.dns) {
            Target::At(dst) => {
                self.connect(traffic, wire, source.address, (dst, port), host);
            }
            Target::Ask(resolver) => {
                self.ask(Lookup::new(traffic, wire, source, resolver, host, port));
            }
            Target::Unknown => self.fail_unopened(traffic, "name not found"),
        }
    }

    /// Where a name leads, or who is to be asked.
    pub(super) fn find(&mut self, source: &Source, host: &str, dns: bool) -> Target {
        let snapshot = self.cloud.snapshot();
        let target = self.targets.target(&self.model, snapshot, source, host);
        let is_name = host.parse::<Ipv4Addr>().is_err();
        if dns && is_name && !matches!(target, Target::Ask(_)) {
            let resolver = self.targets.target(&self.model, snapshot, source, "resolver");
            if let Target::At(address) = resolver {
                return Target::Ask(address);
            }
        }
        target
    }

    /// Opens a connection from an address, by a free port.
    pub(super) fn connect(
        &mut self,
        traffic: usize,
        wire: Wire,
        src: Ipv4Addr,
        (dst, dst_port): (Ipv4Addr, u16),
        host: Rc<str>,
    ) {
        let plan = Rc::clone(&self.plan);
        let Workload::Connections(connections) = &plan.traffic[traffic].workload else { return };
        let Some(tuple) = self.free_port(wire, src, (dst, dst_port), Protocol::TCP) else {
            return self.fail_unopened(traffic, "no free local port");
        };
        let seed = self.seed ^ (self.made + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let client = Client::new(self.now, connections, host, seed);
        let expected = connections.response.max(connections.request);
        let mtu = self.mtu(wire);
        let mut end = TcpEnd::new(mtu, receiving(expected), sending(connections.request));
        end.socket().set_keep_alive(
            connections
                .keepalive
                .map(|every| smoltcp::time::Duration::from_micros(every.0 / 1_000)),
        );
        self.stacks.connect(self.now, &mut end, tuple);
        let role = Role::Client(end, Box::new(client));
        let id = self.add(wire, tuple.reversed(), Some(traffic), None, role);
        self.tell(id, format_args!("opens"));
        self.poll(id, None);
    }

    /// What ends here send at most: tasks and what is in a VPC have jumbo frames, the internet has not.
    pub(super) fn mtu(&self, wire: Wire) -> u16 {
        let snapshot = self.cloud.snapshot();
        let settings = &snapshot.settings;
        match wire {
            Wire::Provider => 1_500,
            Wire::Cloud(interface) => match snapshot.interfaces.get(interface.0 as usize) {
                Some(Interface::Internet | Interface::External(_)) => settings.internet_mtu,
                _ => settings.vpc_mtu,
            },
        }
    }

    /// A tuple with a local port that nothing else uses towards that destination.
    pub(super) fn free_port(
        &mut self,
        wire: Wire,
        src: Ipv4Addr,
        (dst, dst_port): (Ipv4Addr, u16),
        protocol: Protocol,
    ) -> Option<Tuple> {
        let next = self.ports.entry((wire, src)).or_default();
        for _ in 0..PORTS {
            let src_port = FIRST_PORT + *next;
            *next = (*next + 1) % PORTS;
            let dst_port = if protocol == Protocol::ICMP { 0 } else { dst_port };
            let tuple = Tuple { src, dst, src_port, dst_port, protocol };
            if !self.by_tuple.contains_key(&(wire, tuple.reversed())) {
                return Some(tuple);
            }
        }
        None
    }

    /// Who sends the connection of that number, and by which wire.
    pub(super) fn source(&mut self, entry: &Traffic, number: u32) -> Option<(Wire, Source)> {
        let snapshot = self.cloud.snapshot();
        match &entry.from {
            Sender::Service(service, task) => {
                let tasks = self.targets.tasks(snapshot, service);
                let id = match task {
                    Some(wanted) => *tasks.iter().find(|id| snapshot[**id].number == *wanted)?,
                    None => *tasks.get(number as usize % tasks.len().max(1))?,
                };
                let source = Targets::task(snapshot, id);
                Some((Wire::Cloud(source.interface), source))
            }
            Sender::Host(name) => {
                let source = self.targets.host(&self.model, snapshot, name)?;
                Some((Wire::Cloud(source.interface), source))
            }
            Sender::Inbound => {
                let tasks = self.targets.tasks(snapshot, &entry.to.host);
                let id = *tasks.get(number as usize % tasks.len().max(1))?;
                Some((Wire::Provider, Targets::task(snapshot, id)))
            }
            Sender::Provider(service, _) => {
                let tasks = self.targets.tasks(snapshot, service);
                let id = *tasks.get(number as usize % tasks.len().max(1))?;
                Some((Wire::Provider, Targets::task(snapshot, id)))
            }
        }
    }

    /// From where to where what bypasses the VPC goes, for a task.
    fn by_provider(&self, entry: &Traffic, task: &Source) -> (Ipv4Addr, Ipv4Addr) {
        match entry.from {
            Sender::Inbound => (CLIENT, task.address),
            _ => (task.address, self.cloud.snapshot().settings.provider_address),
        }
    }

    /// Something could not even be begun.
    pub(super) fn fail_unopened(&mut self, traffic: usize, why: &'static str) {
        self.tallies[traffic].fail(why);
        if let Some(log) = &mut self.log {
            let traffic = Some(self.plan.traffic[traffic].name.clone());
            log.push(Event { at: self.now, text: why.to_owned(), traffic });
        }
    }

    /// Who a client is, for the resolver that it asks.
    pub(super) fn name_of(&self, id: EndId) -> Option<Rc<str>> {
        match &self.ends.get(id.at).filter(|end| end.number == id.number)?.role {
            Role::Lookup(lookup) => Some(lookup.source()),
            Role::Prober(prober) => Some(prober.source()),
            _ => None,
        }
    }
}
