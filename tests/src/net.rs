//! A small network to tell stories in: a scenario's text, one worker, and a clock that stands still
//! unless told to move.
//!
//! Every packet that is sent is checked beside what the story says: counters balance; a packet that
//! is dropped changes nothing but counters; whatever leaves has every checksum right.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use egret_dataplane::snapshot::{EniOwner, Epoch, Interface, InterfaceId, Snapshot, Task};
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::verdict::{Drop, DropReason, Verdict};
use egret_dataplane::worker::{Arrival, Cause, Emission, Limits, Worker};
use egret_sim::scenario::Scenario;

use crate::packet::{Packet, Seen, read};
use crate::probe::Source;

/// A VPC with one of everything: a private subnet whose default route is a NAT gateway in a public
/// one, hosts with groups of several kinds, an interface and a gateway endpoint, two services that
/// share an ENI and one with egress DEFAULT.
pub const WORLD: &str = include_str!("../data/world.yaml");

/// A network that packets can be sent into.
#[derive(Debug)]
pub struct Net {
    worker: Worker,
    now: Instant,
}

/// What came of one packet.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The verdict.
    pub verdict: Verdict,
    /// Where it left, by name, and what was seen of it there, if it was forwarded.
    pub delivered: Option<(String, Seen)>,
    /// The answer that its sender got in its place.
    pub answer: Option<Seen>,
    /// Packets that left besides: further fragments, fragments that had been held.
    pub others: Vec<(String, Cause, Seen)>,
    /// The forwarded packet itself.
    pub bytes: Vec<u8>,
}

/// The snapshot of a scenario's text.
///
/// # Panics
/// When the scenario has errors; the message lists them.
pub fn snapshot(scenario: &str) -> Snapshot {
    let scenario = Scenario::from_text(Path::new("test.yaml"), scenario);
    let scenario = scenario.unwrap_or_else(|rejection| panic!("{rejection:#?}"));
    let compilation = egret_control::compile::compile(&scenario.model);
    compilation.unwrap_or_else(|findings| panic!("{findings:#?}")).snapshot
}

impl Net {
    /// The network of a scenario's text.
    pub fn new(scenario: &str) -> Net {
        Net::with_limits(scenario, Limits { flows: 1_024 })
    }

    /// The same, with other limits.
    pub fn with_limits(scenario: &str, limits: Limits) -> Net {
        let worker = Worker::new(Arc::new(snapshot(scenario)), limits, 7);
        Net { worker, now: Instant::ZERO }
    }

    /// Changes the configuration. Names keep their ids as long as the scenario keeps their order.
    pub fn change(&mut self, scenario: &str) {
        let epoch = Epoch(self.worker.snapshot().epoch.0 + 1);
        self.worker.adopt(Arc::new(Snapshot { epoch, ..snapshot(scenario) }));
    }

    /// Lets seconds pass.
    pub fn wait(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
    }

    /// Lets milliseconds pass.
    pub fn wait_millis(&mut self, millis: u64) {
        self.now = self.now + Duration::from_millis(millis);
    }

    /// Ends what is due.
    pub fn expire(&mut self) -> usize {
        let ended = self.worker.expire(self.now, usize::MAX);
        assert!(self.worker.counters().balance(), "{:#?}", self.worker.counters());
        ended
    }

    /// The worker, to look at.
    pub fn worker(&self) -> &Worker {
        &self.worker
    }

    /// Packets dropped for this reason so far.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.worker.counters().dropped_for(reason)
    }

    /// The interface of a name: `internet`, `SERVICE` or `SERVICE/TASK`, a host, an endpoint, an
    /// attachment, `link-local`.
    ///
    /// # Panics
    /// When there is none.
    pub fn interface(&self, name: &str) -> InterfaceId {
        let snapshot = self.worker.snapshot();
        let is_it = |id: &InterfaceId| {
            let full = interface_name(snapshot, *id);
            full == name || full.strip_suffix("/0") == Some(name)
        };
        let mut ids = (0..snapshot.interfaces.len() as u32).map(InterfaceId);
        ids.find(is_it).unwrap_or_else(|| panic!("there is no interface named {name}"))
    }

    /// The address that the owner of an interface sends from.
    ///
    /// # Panics
    /// When it has none of its own, as the internet has.
    pub fn address(&self, name: &str) -> Ipv4Addr {
        let snapshot = self.worker.snapshot();
        match snapshot[self.interface(name)] {
            Interface::Task(task) => snapshot[task].address,
            Interface::Eni(eni) => snapshot[eni].address,
            other => panic!("{other:?} has no address of its own"),
        }
    }

    /// Sends a packet from a task or a host, with its own source address.
    pub fn send(&mut self, from: &str, packet: &Packet) -> Sent {
        let src = self.address(from);
        self.send_as(from, src, packet)
    }

    /// Sends a packet without a look at the whole state before and after: for stories of many.
    pub fn send_quickly(&mut self, from: &str, packet: &Packet) -> Sent {
        let mut bytes = packet.bytes(self.address(from));
        let interface = self.interface(from);
        let (verdict, emissions) = self.process(interface, &mut bytes);
        self.sent(verdict, bytes, emissions)
    }

    /// Sends a packet into an interface with any source address.
    pub fn send_as(&mut self, from: &str, src: Ipv4Addr, packet: &Packet) -> Sent {
        self.send_bytes(from, packet.bytes(src))
    }

    /// Sends the answer that a willing destination gives to a delivered packet.
    ///
    /// # Panics
    /// When the packet was not delivered, or nobody answers it.
    pub fn answer(&mut self, sent: &Sent) -> Sent {
        let (at, _) = sent.delivered.as_ref().expect("a delivered packet");
        let reply = egret_dataplane::packet::answer::reply(&sent.bytes).expect("an answer");
        self.send_bytes(&at.clone(), reply)
    }

    /// Sends bytes into an interface.
    pub fn send_bytes(&mut self, from: &str, mut bytes: Vec<u8>) -> Sent {
        let interface = self.interface(from);
        let before = state(&self.worker);
        let (verdict, emissions) = self.process(interface, &mut bytes);
        let after = state(&self.worker);
        if matches!(verdict, Verdict::Drop(_) | Verdict::Reply(_)) {
            let kept = after.iter().all(|flow| before.contains(flow));
            assert!(kept, "a dropped packet left something: {before:#?}\n{after:#?}");
        }
        assert_eq!(self.worker.ports().len(), translations(&self.worker), "ports without a flow");
        self.sent(verdict, bytes, emissions)
    }

    fn process(&mut self, interface: InterfaceId, bytes: &mut [u8]) -> (Verdict, Vec<Emission>) {
        let (mut verdicts, mut emissions) = (Vec::new(), Vec::new());
        let arrival = Arrival { interface, bytes };
        self.worker.process(self.now, &mut [arrival], &mut verdicts, &mut emissions);
        assert!(self.worker.counters().balance(), "{:#?}", self.worker.counters());
        (verdicts[0], emissions)
    }

    fn sent(&self, verdict: Verdict, bytes: Vec<u8>, emissions: Vec<Emission>) -> Sent {
        let name = |id| interface_name(self.worker.snapshot(), id);
        let delivered = match verdict {
            Verdict::Forward(to) => Some((name(to), read(&bytes))),
            _ => None,
        };
        let (answers, others): (Vec<_>, Vec<_>) =
            emissions.into_iter().partition(|emission| emission.cause == Cause::Answer);
        assert_eq!(answers.len(), usize::from(matches!(verdict, Verdict::Reply(_))));
        let answer = answers.first().map(|emission| read(&emission.bytes));
        let others = others.into_iter().map(|e| (name(e.to), e.cause, read(&e.bytes))).collect();
        Sent { verdict, delivered, answer, others, bytes }
    }
}

impl Sent {
    /// Where the packet was delivered, by name.
    ///
    /// # Panics
    /// When it was not.
    pub fn at(&self) -> &str {
        &self.delivered.as_ref().unwrap_or_else(|| panic!("not delivered: {:?}", self.verdict)).0
    }

    /// What was seen of the packet where it was delivered.
    ///
    /// # Panics
    /// When it was not.
    pub fn seen(&self) -> &Seen {
        &self.delivered.as_ref().unwrap_or_else(|| panic!("not delivered: {:?}", self.verdict)).1
    }

    /// Why the packet was dropped.
    ///
    /// # Panics
    /// When it was not.
    pub fn reason(&self) -> DropReason {
        self.drop().reason
    }

    /// Where and why the packet was dropped.
    ///
    /// # Panics
    /// When it was not.
    pub fn drop(&self) -> Drop {
        match self.verdict {
            Verdict::Drop(drop) | Verdict::Reply(drop) => drop,
            other => panic!("not dropped: {other:?}"),
        }
    }
}

/// What a worker knows of its flows, a line each.
fn state(worker: &Worker) -> Vec<String> {
    let flow = |id| {
        let session = worker.flows().session(id);
        let told = (session.keys, session.packets, session.bytes, session.last, session.state());
        format!("{told:?}")
    };
    worker.flows().iter().map(flow).chain([format!("{} held", worker.held())]).collect()
}

/// How many ports the flows of a worker should have.
fn translations(worker: &Worker) -> usize {
    let flows = worker.flows();
    flows.iter().map(|id| flows.cold(id).translations().iter().flatten().count()).sum()
}

/// The interface and address that a probe is sent from.
///
/// # Panics
/// When the snapshot has no such task or interface.
pub fn sender(snapshot: &Snapshot, from: &Source) -> (InterfaceId, Ipv4Addr) {
    match from {
        Source::Task { service, number } => {
            let is_it =
                |task: &&Task| *snapshot[task.service].name == **service && task.number == *number;
            let task = snapshot.tasks.iter().find(is_it).expect("the snapshot has every task");
            (task.interface, task.address)
        }
        Source::Interface(id) => {
            let eni = snapshot.enis.iter().find(|eni| *eni.name == **id);
            let eni = eni.expect("the snapshot has every interface");
            let EniOwner::Host(interface) = eni.owner else { panic!("{id} is a host's") };
            (interface, eni.address)
        }
    }
}

/// What a story calls an interface.
pub fn interface_name(snapshot: &Snapshot, id: InterfaceId) -> String {
    match snapshot[id] {
        Interface::Internet => "internet".to_owned(),
        Interface::Task(task) => {
            let task = &snapshot[task];
            format!("{}/{}", snapshot[task.service].name, task.number)
        }
        Interface::Eni(eni) => snapshot[eni].name.to_string(),
        Interface::GatewayEndpoint(endpoint) => snapshot[endpoint].name.to_string(),
        Interface::LinkLocal(vpc) => format!("link-local of {}", snapshot[vpc].name),
        Interface::External(attachment) => snapshot[attachment].name.to_string(),
        Interface::Gone => "gone".to_owned(),
    }
}
