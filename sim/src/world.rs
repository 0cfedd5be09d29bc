//! Tasks and hosts, what they say to each other, and the clock.
//!
//! Everything that happens is an event in one queue. A packet that a task or a host sends goes to the
//! [`Cloud`] at once, which says when and where it arrives; there it finds its connection by where it
//! came out and by its addresses, or a host that takes it.

mod arrive;
mod changes;
mod open;
mod probe;
mod resolver;
mod targets;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::Ipv4Addr;
use std::rc::Rc;

use egret_control::model::Model;
use egret_dataplane::packet::Tuple;
use egret_dataplane::snapshot::InterfaceId;
use egret_dataplane::time::{Duration, Instant};
use foldhash::fast::FixedState;
use slab::Slab;
use smoltcp::socket::tcp::State;

use crate::client::{Client, Step};
use crate::cloud::{Cloud, Delivery, Fate};
use crate::datagram::Reassembly;
use crate::observe::LinkLoss;
use crate::plan::{Behaviour, Plan, Workload};
use crate::queue::Queue;
use crate::run::Event;
use crate::server::Server;
use crate::stack::{Stacks, TcpEnd};
use crate::tally::Tally;

pub(crate) use changes::Changed;
use probe::Prober;
use resolver::Lookup;
use targets::Targets;

/// What an end is plugged into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wire {
    /// The dataplane, at this interface.
    Cloud(InterfaceId),
    /// The provider's own network.
    Provider,
}

/// An end of a conversation. The number tells it from an earlier one in the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EndId {
    at: usize,
    number: u64,
}

/// Something that happens.
#[derive(Debug)]
enum Happens {
    /// A packet arrives.
    Arrives { wire: Wire, bytes: Vec<u8>, from: Option<EndId> },
    /// A packet is sent that waited (a slow host's answer).
    Leaves { wire: Wire, bytes: Vec<u8>, from: Option<EndId> },
    /// An end has something to do.
    Wakes(EndId, Instant),
    /// The next connection or flow of a workload is opened.
    Opens { traffic: usize, number: u32 },
    /// Something is changed.
    Changes(usize),
}

/// One end of a conversation.
struct End {
    number: u64,
    wire: Wire,
    /// How packets for it look where they arrive.
    takes: Tuple,
    /// The workload that it belongs to.
    traffic: Option<usize>,
    /// Whether it is the side that begins.
    begins: bool,
    /// The other end, once it is known.
    other: Option<EndId>,
    /// When it is woken, if it is.
    wakes: Option<Instant>,
    /// What last happened to a packet between the two ends, if it was nothing good.
    trouble: Option<&'static str>,
    role: Role,
}

enum Role {
    Client(TcpEnd, Box<Client>),
    Server(TcpEnd, Box<Server>),
    Prober(Box<Prober>),
    Lookup(Box<Lookup>),
}

/// Everything there is.
pub(crate) struct World {
    pub(crate) plan: Rc<Plan>,
    pub(crate) model: Model,
    pub(crate) cloud: Cloud,
    pub(crate) tallies: Vec<Tally>,
    pub(crate) changed: Vec<Changed>,
    pub(crate) now: Instant,
    stacks: Stacks,
    queue: Queue<Happens>,
    ends: Slab<End>,
    by_tuple: HashMap<(Wire, Tuple), EndId, FixedState>,
    targets: Targets,
    reassembly: HashMap<Wire, Reassembly, FixedState>,
    /// Which local port an address tries next, from the first one on.
    ports: HashMap<(Wire, Ipv4Addr), u16, FixedState>,
    /// Ends made so far.
    made: u64,
    seed: u64,
    /// Datagrams that were sent: the IP identification of the next one.
    datagrams: u16,
    /// Empty between two events, as are the next two.
    outbox: Vec<Vec<u8>>,
    steps: Vec<Step>,
    deliveries: Vec<Delivery>,
    /// What is told of connections, where somebody wants to know.
    log: Option<Vec<Event>>,
    /// Packets of the dataplane that are on their way, and those that have arrived.
    under_way: u64,
    arrived: u64,
    books: Option<Books>,
}

/// What an audit needs.
#[derive(Debug, Default)]
struct Books {
    /// Where and how packets for ends looked that there were.
    known: HashSet<(Wire, Tuple), FixedState>,
    /// Packets that came to a task that never asked for them.
    strangers: Vec<(Instant, Tuple)>,
}

impl World {
    pub(crate) fn new(
        plan: Plan,
        model: Model,
        cloud: Cloud,
        seed: u64,
        log: bool,
        audit: bool,
    ) -> World {
        let plan = Rc::new(plan);
        let mut world = World {
            model,
            cloud,
            tallies: plan.traffic.iter().map(|_| Tally::default()).collect(),
            changed: Vec::new(),
            now: Instant::ZERO,
            books: audit.then(Books::default),
            under_way: 0,
            arrived: 0,
            stacks: Stacks::new(seed),
            queue: Queue::default(),
            ends: Slab::new(),
            by_tuple: HashMap::default(),
            targets: Targets::default(),
            ports: HashMap::default(),
            reassembly: HashMap::default(),
            made: 0,
            seed,
            datagrams: 0,
            outbox: Vec::new(),
            steps: Vec::new(),
            deliveries: Vec::new(),
            log: log.then(Vec::new),
            plan: Rc::clone(&plan),
        };
        for (number, change) in plan.timeline.iter().enumerate() {
            world.queue.push(Instant::ZERO + change.at, Happens::Changes(number));
        }
        for (traffic, entry) in plan.traffic.iter().enumerate() {
            let first = Happens::Opens { traffic, number: 0 };
            world.queue.push(Instant::ZERO + entry.at, first);
        }
        world
    }

    /// When something happens next.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.queue.next_at()
    }

    /// Lets happen what happens until then.
    pub(crate) fn run_until(&mut self, until: Instant) {
        while let Some((at, event)) = self.queue.pop_until(until) {
            self.now = at;
            self.cloud.advance(at);
            self.happens(event);
        }
    }

    fn happens(&mut self, event: Happens) {
        match event {
            Happens::Arrives { wire, bytes, from } => {
                if matches!(wire, Wire::Cloud(_)) {
                    self.under_way -= 1;
                    self.arrived += 1;
                }
                self.arrives(wire, bytes, from);
            }
            Happens::Leaves { wire, bytes, from } => self.transmit(wire, from, bytes),
            Happens::Wakes(id, at) => self.wakes(id, at),
            Happens::Opens { traffic, number } => self.opens(traffic, number),
            Happens::Changes(number) => self.changes(number),
        }
    }

    fn wakes(&mut self, id: EndId, at: Instant) {
        if let Some(end) = self.end(id)
            && end.wakes == Some(at)
        {
            end.wakes = None;
            self.poll(id, None);
        }
    }

    fn end(&mut self, id: EndId) -> Option<&mut End> {
        self.ends.get_mut(id.at).filter(|end| end.number == id.number)
    }

    /// Makes an end, if its place among the addresses is free.
    fn add(
        &mut self,
        wire: Wire,
        takes: Tuple,
        traffic: Option<usize>,
        other: Option<EndId>,
        role: Role,
    ) -> EndId {
        self.made += 1;
        let (number, begins) = (self.made, !matches!(role, Role::Server(..)));
        let end =
            End { number, wire, takes, traffic, begins, other, wakes: None, trouble: None, role };
        let id = EndId { at: self.ends.insert(end), number };
        self.by_tuple.insert((wire, takes), id);
        if let Some(books) = &mut self.books {
            books.known.insert((wire, takes));
        }
        id
    }

    /// Forgets an end.
    fn remove(&mut self, id: EndId) {
        if self.end(id).is_none() {
            return;
        }
        let end = self.ends.remove(id.at);
        if self.by_tuple.get(&(end.wire, end.takes)) == Some(&id) {
            self.by_tuple.remove(&(end.wire, end.takes));
        }
        self.settle(&end);
    }

    /// Counts what an end that is gone, or is there at the end of the run, has sent.
    fn settle(&mut self, end: &End) {
        let Some(tally) = end.traffic.map(|at| &mut self.tallies[at]) else { return };
        match &end.role {
            Role::Client(tcp, client) => {
                tally.retransmissions += tcp.retransmissions;
                tally.sent += client.sent - client.sent.min(tcp.unacknowledged());
                tally.received += client.received;
                tally.intact &= client.intact;
            }
            Role::Server(tcp, server) => {
                tally.retransmissions += tcp.retransmissions;
                tally.intact &= server.intact;
            }
            Role::Prober(_) | Role::Lookup(_) => {}
        }
    }

    /// The run is over: what is still there is counted.
    pub(crate) fn finish(&mut self) {
        let ids: Vec<usize> = self.ends.iter().map(|(at, _)| at).collect();
        for at in ids {
            let number = self.ends[at].number;
            self.remove(EndId { at, number });
        }
    }

    /// Gives an end a packet, or the time, and sends what comes of it.
    fn poll(&mut self, id: EndId, packet: Option<Vec<u8>>) {
        let now = self.now;
        let Some(end) = self.ends.get_mut(id.at).filter(|end| end.number == id.number) else {
            return;
        };
        let mut over;
        let mut steps = std::mem::take(&mut self.steps);
        let next = match &mut end.role {
            Role::Client(tcp, client) => {
                if let Some(packet) = packet {
                    self.stacks.receive(now, tcp, packet);
                }
                let Some(Workload::Connections(plan)) =
                    end.traffic.map(|at| &self.plan.traffic[at].workload)
                else {
                    return;
                };
                if client.step(now, plan, tcp.socket(), |step| steps.push(step)) {
                    // What got through says that the trouble is over.
                    end.trouble = None;
                }
                self.stacks.send(now, tcp);
                over = client.is_done() && tcp.state() == State::Closed;
                [client.timer(), self.stacks.next(now, tcp)].into_iter().flatten().min()
            }
            Role::Server(tcp, server) => {
                if let Some(packet) = packet {
                    server.heard(now);
                    self.stacks.receive(now, tcp, packet);
                }
                server.step(now, tcp.socket());
                self.stacks.send(now, tcp);
                over = server.gives_up(now, tcp.state());
                let timer = server.timer(now, tcp.state());
                [timer, self.stacks.next(now, tcp)].into_iter().flatten().min()
            }
            Role::Prober(_) => return self.probe(id, packet),
            Role::Lookup(_) => return self.look_up(id, packet),
        };
        let wire = end.wire;
        self.flush(wire, Some(id));
        for step in steps.drain(..) {
            over |= self.stepped(id, step);
        }
        self.steps = steps;
        if over {
            self.remove(id);
        } else {
            self.wake(id, next);
        }
    }

    /// Sends what a stack has put out.
    fn flush(&mut self, wire: Wire, from: Option<EndId>) {
        self.outbox.extend(self.stacks.sent());
        let mut outbox = std::mem::take(&mut self.outbox);
        for packet in outbox.drain(..) {
            self.transmit(wire, from, packet);
        }
        self.outbox = outbox;
    }

    /// Lets an end be woken then, unless it is woken before.
    fn wake(&mut self, id: EndId, at: Option<Instant>) {
        // Whatever is due and could not be done waits for something else to happen first.
        let Some(at) = at.map(|at| at.max(self.now + SOON)) else { return };
        let Some(end) = self.ends.get_mut(id.at).filter(|end| end.number == id.number) else {
            return;
        };
        if end.wakes.is_none_or(|wakes| at < wakes) {
            end.wakes = Some(at);
            self.queue.push(at, Happens::Wakes(id, at));
        }
    }

    /// Counts what happened to a client; whether its end can go at once.
    fn stepped(&mut self, id: EndId, step: Step) -> bool {
        let Some(end) = self.ends.get(id.at).filter(|end| end.number == id.number) else {
            return false;
        };
        let Some(traffic) = end.traffic else { return false };
        let Role::Client(tcp, client) = &end.role else { return false };
        let (trouble, established) = (end.trouble, client.established);
        let state = tcp.state();
        let tally = &mut self.tallies[traffic];
        match step {
            Step::Established(after) => {
                tally.established += 1;
                tally.connect.add(after);
                self.tell(id, format_args!("established after {}", Millis(after)));
            }
            Step::Answered(after) => {
                tally.request.add(after);
                self.tell(id, format_args!("answered after {}", Millis(after)));
            }
            Step::Completed => {
                tally.completed += 1;
                self.tell(id, format_args!("completed"));
            }
            Step::Failed(how) => {
                tally.resets += u64::from(matches!(how, "reset" | "refused"));
                tally.timeouts += u64::from(how == "timeout");
                // A RST or a silence has a cause; the dataplane or a link knows it.
                let why = trouble.unwrap_or(how);
                tally.fail(why);
                self.note_failure(established);
                match why == how {
                    true => self.tell(id, format_args!("fails: {how}")),
                    false => self.tell(id, format_args!("fails: {how} ({why})")),
                }
            }
        }
        matches!(step, Step::Failed(_)) && matches!(state, State::SynSent | State::Closed)
    }

    /// Sends a packet.
    fn transmit(&mut self, wire: Wire, from: Option<EndId>, bytes: Vec<u8>) {
        match wire {
            Wire::Cloud(interface) => {
                let fate = self.enter(interface, from, bytes);
                self.note_fate(from, fate);
            }
            Wire::Provider => {
                let forward = from.and_then(|id| self.end(id)).is_some_and(|end| end.begins);
                match self.cloud.send_by_provider(self.now, &bytes, forward) {
                    Ok(at) => self.queue.push(at, Happens::Arrives { wire, bytes, from }),
                    Err(loss) => self.note_fate(from, Fate::Lost(loss)),
                }
            }
        }
    }

    /// Sends a packet into the dataplane.
    fn enter(&mut self, interface: InterfaceId, from: Option<EndId>, bytes: Vec<u8>) -> Fate {
        let mut deliveries = std::mem::take(&mut self.deliveries);
        let fate = self.cloud.send(self.now, interface, bytes, &mut deliveries);
        for Delivery { at, to, bytes } in deliveries.drain(..) {
            self.under_way += 1;
            self.queue.push(at, Happens::Arrives { wire: Wire::Cloud(to), bytes, from });
        }
        self.deliveries = deliveries;
        fate
    }

    /// Remembers what happened to a packet with the end that began the conversation.
    fn note_fate(&mut self, from: Option<EndId>, fate: Fate) {
        let Some(id) = from else { return };
        let trouble = match fate {
            Fate::Dropped(drop) | Fate::Answered(drop) => Some(drop.reason.name()),
            Fate::Lost(loss) => Some(loss.name()),
            Fate::Arrives | Fate::Held => None,
        };
        let Some(end) = self.end(id) else { return };
        let beginner = end.other.filter(|_| !end.begins).unwrap_or(id);
        let trail = self.cloud.last_trail();
        let Some(end) = self.end(beginner) else { return };
        if let (Some(trouble), Role::Prober(prober)) = (trouble, &mut end.role) {
            prober.note(trouble, beginner == id);
        }
        end.trouble = trouble.or(end.trouble);
        if let Some(traffic) = end.traffic
            && self.tallies[traffic].trail.is_none()
            && beginner == id
        {
            self.tallies[traffic].trail = trail.map(|id| self.cloud.trails().get(id).trail.clone());
        }
    }

    /// A packet found nobody.
    fn note_nobody(&mut self, from: Option<EndId>) {
        self.note_fate(from, Fate::Lost(LinkLoss::Gone));
    }

    /// What a host does at a port.
    fn behaviour(&self, wire: Wire, tuple: &Tuple) -> Behaviour {
        match wire {
            Wire::Provider => Behaviour::Respond,
            Wire::Cloud(interface) => Targets::behaviour(
                &self.model,
                self.cloud.snapshot(),
                interface,
                tuple.dst,
                (tuple.protocol.0, tuple.dst_port),
            ),
        }
    }

    /// Notes what happened to an end, where somebody wants to know.
    fn tell(&mut self, id: EndId, what: fmt::Arguments<'_>) {
        let Some(log) = &mut self.log else { return };
        let Some(end) = self.ends.get(id.at).filter(|end| end.number == id.number) else { return };
        let Some(traffic) = end.traffic.map(|at| &self.plan.traffic[at].name) else { return };
        let packet = end.takes.reversed();
        let text = format!("{packet} {what}");
        log.push(Event { at: self.now, text, traffic: Some(traffic.clone()) });
    }

    /// Whether every packet is accounted for.
    pub(crate) fn audit(&self) -> Result<(), String> {
        let counters = self.cloud.crew().counters();
        if !counters.balance() {
            return Err(format!("the dataplane's counters do not balance: {counters:?}"));
        }
        self.cloud.audit()?;
        let (delivered, arrived) = (self.cloud.delivered(), self.arrived + self.under_way);
        if delivered != arrived {
            return Err(format!("{delivered} packets left, {arrived} arrived or are under way"));
        }
        match self.books.as_ref().and_then(|books| books.strangers.first()) {
            Some((at, tuple)) => Err(format!("at {at:?} a task got a stranger's packet: {tuple}")),
            None => Ok(()),
        }
    }

    /// What was told since this was asked last.
    pub(crate) fn log(&mut self) -> Vec<Event> {
        self.log.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

/// An end that could not do what was due is not woken again before this.
const SOON: Duration = Duration(1_000);

/// A time in milliseconds, as the log has it.
struct Millis(Duration);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ms", self.0.0 as f64 / 1e6)
    }
}
