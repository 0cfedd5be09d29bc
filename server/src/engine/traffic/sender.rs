//! One worker's part of the runs: it sends what is due, answers what arrives, and notes what became
//! of both.
//!
//! A packet whose way is not known takes the slow way of the dataplane with its hops shown
//! ([`Worker::trace`]): the first one each way of a flow, the first under a configuration, and all of
//! them while flow logs want to see them. The others go in bursts, and are counted on the way that was
//! found, unless their verdict is another.

use std::sync::Arc;

use egret_dataplane::packet::{Headers, Protocol, TcpFlags, Tuple, decode};
use egret_dataplane::snapshot::InterfaceId;
use egret_dataplane::steer::{Steering, WorkerId};
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::verdict::{Drop, DropReason, Verdict};
use egret_dataplane::worker::{Arrival, Emission, Worker};

use super::pace::{Pace, TURN};
use super::packets::{self, Mark, Says};
use super::{Aim, Last, Rate, Run, Tally, Way};
use crate::engine::observer::Observer;
use crate::engine::trails::{TrailId, Trails};

/// Packets that are judged together.
const BURST: u64 = 64;
/// A client whose packets come to nothing so often in a row tries a new connection.
const PATIENCE: u8 = 8;
/// Where clients' ports begin, and how many there are (Linux's `ip_local_port_range`).
const FIRST_PORT: u16 = 32_768;
const PORTS: u16 = 28_232;
/// Ports that are tried until one is found whose flow is this worker's.
const TRIES: usize = 256;
/// How soon another last word is shown at the earliest.
const PAUSE: Duration = Duration::from_millis(1);

/// All runs, as one worker has them.
#[derive(Debug)]
pub(in crate::engine) struct Senders {
    steering: Steering,
    all: Vec<Sender>,
    /// Which of them comes first in a turn.
    first: usize,
    /// When the last turn was, and by which configuration.
    moment: (Instant, u32),
    /// Packets that came from other workers and are to be answered in the next turn.
    owed: Vec<(u32, Parcel)>,
}

/// One worker's part of a run.
#[derive(Debug)]
struct Sender {
    /// Which worker's part it is.
    worker: usize,
    run: Arc<Run>,
    aim: Aim,
    flows: Vec<Flow>,
    /// Whose turn it is.
    next: usize,
    /// The port that was tried last.
    port: u16,
    /// What ends connections that made room for others.
    farewells: Vec<Parcel>,
    pace: Pace,
    tally: Tally,
    stopped: bool,
    /// What it has is not shown yet.
    news: bool,
    /// What the last word was when it was shown last, and when that was.
    shown: (Verdicts, Instant),
}

/// The last word on a packet: nothing yet, nothing drops it, or what does.
type Verdicts = Option<Option<(Drop, Way)>>;

/// One flow of a run.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    port: u16,
    /// Packets sent in this flow.
    sent: u32,
    /// TCP: the connection was accepted.
    connected: bool,
    /// Packets in a row that came to nothing.
    in_vain: u8,
    /// The ways there and back.
    ways: [Option<Known>; 2],
}

/// A way that was found.
#[derive(Clone, Copy, Debug)]
struct Known {
    epoch: u32,
    trail: TrailId,
    drop: Option<Drop>,
}

/// A packet that is to be judged.
#[derive(Debug)]
struct Parcel {
    /// Its flow here; none of a flow that another worker began.
    flow: Option<usize>,
    way: Way,
    interface: InterfaceId,
    bytes: Vec<u8>,
}

/// A worker at a moment, where its ways are counted, and who sees its packets.
struct Bench<'a> {
    worker: &'a mut Worker,
    now: Instant,
    trails: &'a mut Trails,
    observer: &'a Observer,
}

impl Senders {
    pub(in crate::engine) fn new(steering: Steering) -> Senders {
        Senders {
            steering,
            all: Vec::new(),
            first: 0,
            moment: (Instant::ZERO, 0),
            owed: Vec::new(),
        }
    }

    /// Takes this worker's part of a run.
    pub(in crate::engine) fn start(&mut self, worker: &Worker, run: Arc<Run>, aim: Aim) {
        // Runs of few flows shall not all be the first worker's.
        let turn = u32::from(worker.id().0).wrapping_add(run.id) % self.steering.workers() as u32;
        let flows = self.steering.share(WorkerId(turn as u16)).of(run.plan.flows);
        // Its flows' part of the rate.
        let Rate { packets, time } = run.plan.rate;
        let time = nanos(time).0.saturating_mul(u64::from(run.plan.flows));
        let pace = Pace::new(packets.saturating_mul(u64::from(flows)), Duration(time));
        let port = FIRST_PORT.wrapping_add((run.id.wrapping_mul(997) % u32::from(PORTS)) as u16);
        let mut sender = Sender {
            worker: usize::from(worker.id().0),
            run,
            aim,
            flows: vec![Flow::default(); flows as usize],
            next: 0,
            port,
            farewells: Vec::new(),
            pace,
            tally: Tally::default(),
            stopped: flows == 0,
            news: true,
            shown: (None, Instant::ZERO),
        };
        sender.renew_all(worker, self.steering);
        self.all.push(sender);
    }

    /// Source and destination are others from now on.
    pub(in crate::engine) fn aim(&mut self, worker: &Worker, run: u32, aim: Aim) {
        let steering = self.steering;
        if let Some(sender) = self.all.iter_mut().find(|sender| sender.run.id == run) {
            sender.aim = aim;
            sender.renew_all(worker, steering);
        }
    }

    /// Sends nothing more of a run but answers.
    pub(in crate::engine) fn stop(&mut self, run: u32, now: Instant) {
        if let Some(sender) = self.all.iter_mut().find(|sender| sender.run.id == run) {
            sender.stopped = true;
            sender.show(now);
        }
    }

    pub(in crate::engine) fn forget(&mut self, run: u32, now: Instant) {
        if let Some(at) = self.all.iter().position(|sender| sender.run.id == run) {
            self.all.swap_remove(at).show(now);
        }
    }

    /// Sends what is due; whether anything was.
    pub(in crate::engine) fn turn(
        &mut self,
        worker: &mut Worker,
        now: Instant,
        trails: &mut Trails,
        observer: &Observer,
    ) -> bool {
        self.moment = (now, worker.snapshot().epoch.0);
        let mut bench = Bench { worker, now, trails, observer };
        let mut busy = !self.owed.is_empty();
        for (run, parcel) in std::mem::take(&mut self.owed) {
            if let Some(sender) = self.all.iter_mut().find(|sender| sender.run.id == run) {
                sender.tally.answers += 1;
                sender.judge(&mut bench, vec![parcel]);
            }
        }
        // However many runs there are, a turn is over before a configuration has waited for long.
        let (mut room, runs) = (TURN, self.all.len());
        for nth in 0..runs {
            let sender = &mut self.all[(self.first + nth) % runs];
            let sent = sender.turn(&mut bench, self.steering, room);
            room -= sent;
            busy |= sent > 0;
        }
        self.first = self.first.wrapping_add(1);
        busy
    }

    /// When the next packet is due.
    pub(in crate::engine) fn due(&self) -> Option<Instant> {
        let sending = self.all.iter().filter(|sender| !sender.stopped);
        sending.filter_map(|sender| sender.pace.next()).min()
    }

    /// Shows what became of the packets since it was shown last.
    pub(in crate::engine) fn show(&mut self, now: Instant) {
        self.all.iter_mut().filter(|sender| sender.news).for_each(|sender| sender.show(now));
    }

    /// What became of a packet that came from another worker.
    pub(in crate::engine) fn judged(&mut self, mark: Mark, verdict: Verdict) {
        if let Some(sender) = self.all.iter_mut().find(|sender| sender.run.id == mark.run) {
            let way = if mark.answer { Way::Return } else { Way::Forward };
            sender.tally.taken_over += 1;
            sender.news = true;
            sender.note(verdict, way);
            let (now, epoch) = self.moment;
            match (drop_of(verdict), verdict) {
                (Some(drop), _) => sender.last(now, epoch, Some((drop, way))),
                (None, Verdict::Forward(_)) if way == Way::Return => sender.last(now, epoch, None),
                // Of what is answered next, nothing is certain yet.
                _ => {}
            }
        }
    }

    /// A packet that came from another worker leaves.
    pub(in crate::engine) fn leave(&mut self, emission: &Emission) {
        let Ok(headers) = decode(&emission.bytes) else { return };
        let Some(mark) = Mark::of(&emission.bytes, &headers).filter(|mark| !mark.answer) else {
            return;
        };
        let sender = self.all.iter_mut().find(|sender| sender.run.id == mark.run);
        let Some(sender) = sender else { return };
        if let Some(answer) = sender.answer(None, emission.to, &emission.bytes, &headers) {
            self.owed.push((mark.run, answer));
        }
    }
}

impl Sender {
    /// Sends what is due, as far as there is room; how many packets that was.
    fn turn(&mut self, bench: &mut Bench<'_>, steering: Steering, room: u64) -> u64 {
        if self.stopped {
            return 0;
        }
        let now = bench.now;
        let (after, duration) = (self.run.plan.after, self.run.plan.duration);
        if self.pace.begin(now, nanos(after), duration.map(nanos)) {
            return self.close(bench, room);
        }
        self.tally.behind += self.pace.leave_out(now);
        let sent = self.pace.due(now).min(room);
        let mut due = sent;
        while due > 0 {
            let many = due.min(BURST);
            let mut parcels: Vec<Parcel> =
                (0..many).map(|_| self.request(bench.worker, steering)).collect();
            parcels.append(&mut self.farewells);
            self.judge(bench, parcels);
            due -= many;
        }
        let (verdict, at) = self.shown;
        if verdict != self.verdict() && now.since(at) >= PAUSE {
            self.show(now);
        }
        sent
    }

    /// Its time is over: who closes connections closes the last ones, too. How many packets that was.
    fn close(&mut self, bench: &mut Bench<'_>, room: u64) -> u64 {
        if self.run.plan.renew.is_none() {
            self.flows.clear();
        }
        while (self.farewells.len() as u64) < room.min(BURST)
            && let Some(flow) = self.flows.pop()
        {
            self.end(flow);
        }
        let parcels = std::mem::take(&mut self.farewells);
        let sent = parcels.len() as u64;
        self.judge(bench, parcels);
        if self.flows.is_empty() {
            self.stopped = true;
            self.show(bench.now);
        }
        sent
    }

    fn verdict(&self) -> Verdicts {
        self.tally.last.map(|last| last.drop)
    }

    /// The next packet of the next flow.
    fn request(&mut self, worker: &Worker, steering: Steering) -> Parcel {
        let at = self.next;
        self.next = (at + 1) % self.flows.len();
        if self.run.plan.renew.is_some_and(|most| self.flows[at].sent >= most) {
            self.renew(worker, steering, at);
        }
        let flow = &mut self.flows[at];
        let says = Says::request(self.aim.protocol, flow.connected, flow.sent);
        flow.sent = flow.sent.wrapping_add(1);
        let mark = Mark { run: self.run.id, answer: false };
        let bytes = packets::build(mark, self.aim.tuple(flow.port), says, self.run.plan.size);
        self.pace.sent += 1;
        self.tally.sent += 1;
        self.tally.sent_bytes += bytes.len() as u64;
        Parcel { flow: Some(at), way: Way::Forward, interface: self.aim.from, bytes }
    }

    fn renew_all(&mut self, worker: &Worker, steering: Steering) {
        for flow in 0..self.flows.len() {
            self.renew(worker, steering, flow);
        }
    }

    /// Another flow takes the place of this one, if possible one that is this worker's own.
    fn renew(&mut self, worker: &Worker, steering: Steering, at: usize) {
        self.end(self.flows[at]);
        for _ in 0..TRIES {
            self.port = FIRST_PORT + (self.port - FIRST_PORT + 1) % PORTS;
            if self.is_own(worker, steering, self.port) {
                break;
            }
        }
        self.flows[at] = Flow { port: self.port, ..Flow::default() };
    }

    /// A client that is done with a connection resets it, so that nobody keeps it.
    fn end(&mut self, flow: Flow) {
        if self.aim.protocol != Protocol::TCP || !flow.connected {
            return;
        }
        let mark = Mark { run: self.run.id, answer: false };
        let says = Says::Tcp(TcpFlags::RST, flow.sent, 0);
        let bytes = packets::build(mark, self.aim.tuple(flow.port), says, packets::SMALLEST);
        let (way, interface) = (Way::Forward, self.aim.from);
        self.tally.sent += 1;
        self.tally.sent_bytes += bytes.len() as u64;
        self.farewells.push(Parcel { flow: None, way, interface, bytes });
    }

    fn is_own(&self, worker: &Worker, steering: Steering, port: u16) -> bool {
        let mark = Mark { run: self.run.id, answer: false };
        let says = Says::request(self.aim.protocol, false, 0);
        let packet = packets::build(mark, self.aim.tuple(port), says, packets::SMALLEST);
        let owner = |headers: Headers| steering.owner(worker.snapshot(), self.aim.from, &headers);
        decode(&packet).is_ok_and(|headers| owner(headers) == worker.id())
    }

    /// Judges packets, and the answers to those that arrive.
    fn judge(&mut self, bench: &mut Bench<'_>, parcels: Vec<Parcel>) {
        self.news = true;
        let mut answers = Vec::new();
        let epoch = bench.worker.snapshot().epoch.0;
        // Flow logs want to see the hops of every packet.
        let shown = bench.observer.is_on();
        let (known, unknown): (Vec<_>, Vec<_>) =
            parcels.into_iter().partition(|parcel| !shown && self.way_of(parcel, epoch).is_some());
        for parcel in unknown {
            answers.extend(self.find_way(bench, parcel));
        }
        answers.extend(self.replay(bench, known));
        if !answers.is_empty() {
            self.tally.answers += answers.len() as u64;
            self.judge(bench, answers);
        }
    }

    fn way_of(&self, parcel: &Parcel, epoch: u32) -> Option<Known> {
        let known = self.flows.get(parcel.flow?)?.ways[parcel.way as usize];
        known.filter(|known| known.epoch == epoch)
    }

    /// Judges a packet with its hops shown.
    fn find_way(&mut self, bench: &mut Bench<'_>, mut parcel: Parcel) -> Option<Parcel> {
        let Bench { worker, now, observer, .. } = bench;
        let (verdict, record) = observer.trace(worker, *now, parcel.interface, &mut parcel.bytes);
        let drop = drop_of(verdict);
        if let Verdict::HandedOver(_) = verdict {
            return self.came_to(bench, parcel, verdict);
        }
        if record.hops.is_empty() {
            if let Some(drop) = drop {
                bench.trails.count_at(drop.element, parcel.bytes.len());
            }
        } else {
            let trail = bench.trails.of(record.own());
            bench.trails.count(trail, parcel.bytes.len());
            let epoch = bench.worker.snapshot().epoch.0;
            if let Some(flow) = parcel.flow {
                self.flows[flow].ways[parcel.way as usize] = Some(Known { epoch, trail, drop });
            }
        }
        self.came_to(bench, parcel, verdict)
    }

    /// Judges packets whose way is known, together.
    fn replay(&mut self, bench: &mut Bench<'_>, mut parcels: Vec<Parcel>) -> Vec<Parcel> {
        let mut verdicts = Vec::with_capacity(parcels.len());
        let mut arrivals: Vec<Arrival<'_>> = parcels
            .iter_mut()
            .map(|parcel| Arrival { interface: parcel.interface, bytes: &mut parcel.bytes })
            .collect();
        bench.worker.process(bench.now, &mut arrivals, &mut verdicts, &mut Vec::new());
        let epoch = bench.worker.snapshot().epoch.0;
        let mut answers = Vec::new();
        for (parcel, verdict) in parcels.into_iter().zip(verdicts) {
            self.count_way(bench, &parcel, verdict, epoch);
            answers.extend(self.came_to(bench, parcel, verdict));
        }
        answers
    }

    /// Counts a packet on the way of its flow; one that came to something else is counted where it
    /// ended, and the next one's way is looked for anew.
    fn count_way(&mut self, bench: &mut Bench<'_>, parcel: &Parcel, verdict: Verdict, epoch: u32) {
        let known = self.way_of(parcel, epoch);
        let same = known.filter(|known| known.drop == drop_of(verdict));
        let counted = same.is_some_and(|known| bench.trails.count(known.trail, parcel.bytes.len()));
        if counted {
            return;
        }
        if let Some(drop) = drop_of(verdict) {
            bench.trails.count_at(drop.element, parcel.bytes.len());
        }
        if let Some(flow) = parcel.flow {
            self.flows[flow].ways[parcel.way as usize] = None;
        }
    }

    /// Notes what became of a packet; its answer, if it arrived and is answered.
    fn came_to(&mut self, bench: &Bench<'_>, parcel: Parcel, verdict: Verdict) -> Option<Parcel> {
        let Parcel { flow, way, bytes, .. } = parcel;
        self.note(verdict, way);
        let mut answered = None;
        let drop = match verdict {
            Verdict::Forward(to) => {
                if way == Way::Forward {
                    let headers = decode(&bytes).ok();
                    answered = headers.and_then(|headers| self.answer(flow, to, &bytes, &headers));
                }
                None
            }
            Verdict::Drop(drop) | Verdict::Reply(drop) => Some((drop, way)),
            Verdict::Held | Verdict::HandedOver(_) => return None,
        };
        // Of a packet whose answer is judged next, nothing is certain yet.
        // And what ends a connection says nothing of others.
        if answered.is_none() && (flow.is_some() || way == Way::Return) {
            self.last(bench.now, bench.worker.snapshot().epoch.0, drop);
            if let Some(flow) = flow {
                self.hears(flow, verdict, way);
            }
        }
        answered
    }

    fn note(&mut self, verdict: Verdict, way: Way) {
        let tally = &mut self.tally;
        match (verdict, way) {
            (Verdict::Forward(_), Way::Forward) => tally.delivered += 1,
            (Verdict::Forward(_), Way::Return) => tally.answers_delivered += 1,
            (Verdict::Drop(drop) | Verdict::Reply(drop), _) => {
                *tally.drops.entry((drop, way)).or_default() += 1;
            }
            (Verdict::HandedOver(_), _) => tally.handed_over += 1,
            (Verdict::Held, _) => {}
        }
    }

    fn last(&mut self, at: Instant, epoch: u32, drop: Option<(Drop, Way)>) {
        let before = self.tally.last.map(|last| last.drop);
        self.tally.turns += u64::from(before.is_some_and(|before| before != drop));
        self.tally.last = Some(Last { at, epoch, drop });
    }

    /// What the destination says to a packet that arrived there.
    fn answer(
        &mut self,
        flow: Option<usize>,
        at: InterfaceId,
        arrived: &[u8],
        headers: &Headers,
    ) -> Option<Parcel> {
        let deaf = self.aim.deaf.contains(&at);
        self.tally.refused += u64::from(deaf);
        let bytes = packets::answer(self.run.id, deaf, arrived, headers)?;
        Some(Parcel { flow, way: Way::Return, interface: at, bytes })
    }

    /// What the client makes of it: it has a connection, loses it, or loses patience.
    fn hears(&mut self, at: usize, verdict: Verdict, way: Way) {
        let flow = &mut self.flows[at];
        match (verdict, way) {
            (Verdict::Forward(_), _) => {
                (flow.connected, flow.in_vain) = (self.aim.deaf.is_empty(), 0);
            }
            (Verdict::Reply(drop), Way::Forward) if drop.reason != DropReason::PacketTooBig => {
                (flow.connected, flow.in_vain) = (false, 0);
            }
            _ => {
                flow.in_vain += 1;
                if flow.in_vain >= PATIENCE && flow.connected {
                    (flow.connected, flow.in_vain) = (false, 0);
                }
                flow.in_vain = flow.in_vain.min(PATIENCE);
            }
        }
    }

    fn show(&mut self, now: Instant) {
        if self.stopped && self.tally.over.is_none() {
            self.tally.over = Some(now);
        }
        self.run.show(self.worker, &self.tally);
        self.shown = (self.verdict(), now);
        self.news = false;
    }
}

impl Aim {
    fn tuple(&self, port: u16) -> Tuple {
        let Aim { src, dst, dst_port, protocol, .. } = self;
        let (src, dst, protocol) = (*src, *dst, *protocol);
        let dst_port = if protocol == Protocol::ICMP { 0 } else { *dst_port };
        Tuple { src, dst, src_port: port, dst_port, protocol }
    }
}

fn nanos(time: std::time::Duration) -> Duration {
    Duration(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

fn drop_of(verdict: Verdict) -> Option<Drop> {
    match verdict {
        Verdict::Drop(drop) | Verdict::Reply(drop) => Some(drop),
        Verdict::Forward(_) | Verdict::Held | Verdict::HandedOver(_) => None,
    }
}
