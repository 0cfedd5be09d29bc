//! A packet's way through the cloud: the dataplane judges it at the moment it enters, the links on its
//! trail say when it arrives, and whoever watches is told.
//!
//! The dataplane is the one that `egret explain` and `egret bench` run. Its hops are asked for where
//! a packet took the slow way; all others go where the packets of their flow went before.

use std::collections::HashMap;
use std::sync::Arc;

use egret_control::compile::Compilation;
use egret_control::source::Sources;
use egret_dataplane::crew::Crew;
use egret_dataplane::flow::Translator;
use egret_dataplane::packet::{Headers, Protocol, Tuple, decode};
use egret_dataplane::snapshot::{InterfaceId, Snapshot};
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::trace::Record;
use egret_dataplane::verdict::{Drop, Element, Verdict};
use egret_dataplane::worker::{Arrival, Cause, Emission, Limits};
use indexmap::IndexMap;

use crate::links::Wires;
use crate::observe::{
    End, LinkLoss, Lost, Other, OtherKind, Packet, Passed, Trail, View, WINDOW, Watch,
};
use crate::plan::Links;
use crate::trails::{Passage, Passages, Trails, Window};

/// How often flows whose time is up are looked for, in virtual time. Their packets find out by
/// themselves; only their ports wait.
const EXPIRE: Duration = Duration::from_millis(100);

/// The dataplane, the links, and who watches.
pub(crate) struct Cloud {
    crew: Crew,
    snapshot: Arc<Snapshot>,
    compilation: Compilation,
    sources: Sources,
    wires: Wires,
    trails: Trails,
    passages: Passages,
    watchers: Vec<Box<dyn Watch>>,
    shown: bool,
    /// The number of the last packet.
    packets: u64,
    /// Packets that were given to the dataplane, and those that left it and no link lost.
    given: u64,
    delivered: u64,
    /// Packets by the provider's own network.
    provider: u64,
    /// What links lost, by name and reason.
    lost: HashMap<(&'static str, LinkLoss), u64>,
    /// The most connections at once of each translator, in the order of first use.
    peaks: IndexMap<Translator, u32>,
    last_trail: Option<u32>,
    window_from: Instant,
    expired_at: Instant,
    /// The hops of the slow way.
    record: Record,
    emissions: Vec<Emission>,
    /// The last packet as it was sent, where somebody wants to see it.
    sent: Vec<u8>,
}

/// A packet that arrives somewhere.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// When.
    pub(crate) at: Instant,
    /// Where it leaves the dataplane.
    pub(crate) to: InterfaceId,
    /// The packet.
    pub(crate) bytes: Vec<u8>,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It arrives.
    Arrives,
    /// It was dropped.
    Dropped(Drop),
    /// It was dropped and its sender is answered.
    Answered(Drop),
    /// A link lost it.
    Lost(LinkLoss),
    /// It waits.
    Held,
}

impl Cloud {
    pub(crate) fn new(
        compilation: Compilation,
        sources: Sources,
        links: Links,
        workers: usize,
        flows: usize,
        seed: u64,
    ) -> Cloud {
        let snapshot = Arc::new(compilation.snapshot.clone());
        snapshot.prepare();
        Cloud {
            crew: Crew::new(&snapshot, workers, Limits { flows }, seed),
            snapshot,
            compilation,
            sources,
            wires: Wires::new(links, seed),
            trails: Trails::default(),
            passages: Passages::default(),
            watchers: Vec::new(),
            shown: false,
            packets: 0,
            given: 0,
            delivered: 0,
            provider: 0,
            lost: HashMap::new(),
            peaks: IndexMap::new(),
            last_trail: None,
            window_from: Instant::ZERO,
            expired_at: Instant::ZERO,
            record: Record::default(),
            emissions: Vec::new(),
            sent: Vec::new(),
        }
    }

    pub(crate) fn watch(&mut self, watcher: Box<dyn Watch>) {
        self.shown |= watcher.wants_packets();
        self.watchers.push(watcher);
    }

    pub(crate) fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    pub(crate) fn compilation(&self) -> &Compilation {
        &self.compilation
    }

    pub(crate) fn crew(&self) -> &Crew {
        &self.crew
    }

    pub(crate) fn trails(&self) -> &Trails {
        &self.trails
    }

    /// The trail of the packet that was sent last.
    pub(crate) fn last_trail(&self) -> Option<u32> {
        self.last_trail
    }

    /// The most connections at once of each translator.
    pub(crate) fn peaks(&self) -> &IndexMap<Translator, u32> {
        &self.peaks
    }

    /// Packets that links lost, by name and reason, in a fixed order.
    pub(crate) fn lost(&self) -> Vec<(&'static str, LinkLoss, u64)> {
        let mut lost: Vec<_> =
            self.lost.iter().map(|((link, reason), count)| (*link, *reason, *count)).collect();
        lost.sort_unstable();
        lost
    }

    /// Packets that left the dataplane, and no link lost.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Whether what passed the trails is what the dataplane counted.
    pub(crate) fn audit(&self) -> Result<(), String> {
        let counters = self.crew.counters();
        let sum = |of: fn(&Trail) -> bool| -> u64 {
            self.trails.iter().filter(|known| of(&known.trail)).map(|known| known.packets).sum()
        };
        let received = counters.received;
        for (what, ours) in [("given", self.given), ("on trails", sum(|_| true))] {
            if ours != received {
                return Err(format!("{ours} packets {what}, and the dataplane has {received}"));
            }
        }
        // A fragment that was held ends as what became of it in the end.
        let ended = sum(|trail| matches!(trail.end, End::Drop(_) | End::Reply(_)));
        let held = sum(|trail| trail.end == End::Held);
        let dropped = counters.dropped() + counters.replied;
        match (ended..=ended + held).contains(&dropped) {
            true => Ok(()),
            false => Err(format!("{ended} packets ended, and the dataplane dropped {dropped}")),
        }
    }

    /// Packets by the provider's own network.
    pub(crate) fn by_provider(&self) -> u64 {
        self.provider
    }

    /// Sends a packet into the dataplane; what arrives of it, and of what it caused, is added to
    /// `deliveries`.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        from: InterfaceId,
        mut bytes: Vec<u8>,
        deliveries: &mut Vec<Delivery>,
    ) -> Fate {
        self.packets += 1;
        self.given += 1;
        let first = deliveries.len();
        let headers = decode(&bytes).ok();
        let tuple = headers.map_or(NO_TUPLE, |headers| headers.tuple());
        if self.shown {
            self.sent.clear();
            self.sent.extend_from_slice(&bytes);
        }
        self.record.hops.clear();
        let arrival = Arrival { interface: from, bytes: &mut bytes };
        let verdict = self.crew.process_shown(now, arrival, &mut self.emissions, &mut self.record);
        let at = self.passage(from, headers.as_ref(), tuple, verdict);
        let len = headers.map_or(bytes.len() as u64, |headers| headers.total_len.into());
        let (delay, fate, lost) = self.pass_links(now, at, len as u16, verdict);
        self.count(now, at, headers.as_ref(), len, lost);
        if let Some(lost) = lost {
            self.tell_lost(now, at, headers.as_ref(), len, lost);
        }
        self.show(now, at, &bytes, lost);
        match fate {
            Fate::Arrives => {
                let Verdict::Forward(to) = verdict else { unreachable!("it arrives") };
                bytes.truncate(decode(&bytes).map_or(bytes.len(), |h| h.total_len.into()));
                let arrives = self.in_order(at, now + delay.late, delay.overtaken);
                deliveries.push(Delivery { at: arrives, to, bytes });
                self.emit(arrives, now, verdict, deliveries);
            }
            // As far back as it was to the element that answers.
            _ => {
                let answered = now + delay.late;
                self.emit(answered + delay.late, answered, verdict, deliveries);
            }
        }
        self.delivered += (deliveries.len() - first) as u64;
        fate
    }

    /// Which passage a packet belongs to, after it was judged.
    fn passage(
        &mut self,
        from: InterfaceId,
        headers: Option<&Headers>,
        tuple: Tuple,
        verdict: Verdict,
    ) -> usize {
        let end = match verdict {
            Verdict::Forward(to) => End::Forward(to),
            Verdict::Drop(drop) => End::Drop(drop),
            Verdict::Reply(drop) => End::Reply(drop),
            Verdict::Held | Verdict::HandedOver(_) => End::Held,
        };
        let key = (from, tuple);
        if self.record.hops.is_empty() {
            let epoch = u64::from(self.snapshot.epoch.0);
            let known = self.passages.find(key).filter(|at| {
                let trail = &self.trails.get(self.passages_trail(*at)).trail;
                trail.end == end && trail.epoch == epoch
            });
            if let Some(at) = known {
                return at;
            }
            if let (Some(headers), End::Forward(_)) = (headers, end) {
                self.crew.show(from, headers, &mut self.record);
            }
        }
        let (snapshot, wires, hops) = (&self.snapshot, &mut self.wires, self.record.own());
        let found = self.trails.of(snapshot, wires, from, tuple, hops, end);
        self.note_peaks(found.0);
        self.passages.set(key, found)
    }

    fn passages_trail(&self, at: usize) -> u32 {
        self.passages.get(at).trail
    }

    /// The most connections of the translators on a trail: looked at when flows are opened.
    fn note_peaks(&mut self, trail: u32) {
        for hop in &self.trails.get(trail).trail.hops {
            let by = match hop.element {
                Element::HyperplaneEni(eni) => Translator::Hyperplane(eni),
                Element::NatGateway(nat) => Translator::Nat(nat),
                _ => continue,
            };
            let now = self.crew.connections(by);
            let peak = self.peaks.entry(by).or_default();
            *peak = now.max(*peak);
        }
    }

    /// How long the packet takes to where it ends, and whether it gets there.
    fn pass_links(
        &mut self,
        now: Instant,
        at: usize,
        len: u16,
        verdict: Verdict,
    ) -> (crate::links::Delay, Fate, Option<Lost>) {
        let known = self.trails.get(self.passages.get(at).trail);
        let mut delay = crate::links::Delay { late: known.delay, overtaken: false };
        let fate = match verdict {
            Verdict::Forward(_) => Fate::Arrives,
            Verdict::Drop(drop) => Fate::Dropped(drop),
            Verdict::Reply(drop) => Fate::Answered(drop),
            Verdict::Held | Verdict::HandedOver(_) => Fate::Held,
        };
        if known.stops.is_empty() {
            return (delay, fate, None);
        }
        match self.wires.pass(now, &known.stops, len) {
            Ok(more) => {
                delay.late = Duration(delay.late.0 + more.late.0);
                delay.overtaken = more.overtaken;
                (delay, fate, None)
            }
            Err((stop, reason)) if fate == Fate::Arrives => {
                let link = self.wires.name(&stop);
                *self.lost.entry((link, reason)).or_default() += 1;
                let lost = Lost { reason, link, before_hop: stop.before_hop };
                (delay, Fate::Lost(reason), Some(lost))
            }
            Err(_) => (delay, fate, None),
        }
    }

    fn count(
        &mut self,
        now: Instant,
        at: usize,
        headers: Option<&Headers>,
        len: u64,
        lost: Option<Lost>,
    ) {
        let passage = self.passages.at(at);
        let first = passage.window.packets == 0;
        passage.window.add(now, headers, len);
        passage.window.lost += u64::from(lost.is_some());
        self.last_trail = Some(passage.trail);
        let known = self.trails.get_mut(passage.trail);
        known.packets += 1;
        known.bytes += len;
        if let Some(lost) = lost {
            let (packets, bytes) = &mut known.lost[usize::from(lost.before_hop)];
            *packets += 1;
            *bytes += len;
        }
        if first {
            self.passages.is_active(at);
        }
    }

    /// When a packet arrives that may not overtake those before it, unless a link reorders.
    fn in_order(&mut self, at: usize, arrives: Instant, overtaken: bool) -> Instant {
        let passage = self.passages.at(at);
        if overtaken {
            return arrives;
        }
        passage.arrives = passage.arrives.max(arrives);
        passage.arrives
    }

    /// What the dataplane emitted besides: when it arrives, and when it is sent.
    fn emit(
        &mut self,
        at: Instant,
        sent: Instant,
        verdict: Verdict,
        deliveries: &mut Vec<Delivery>,
    ) {
        let cause = self.packets;
        let mut emissions = std::mem::take(&mut self.emissions);
        for Emission { to, bytes, cause: why } in emissions.drain(..) {
            self.packets += 1;
            let kind = match (why, verdict) {
                (Cause::Answer, Verdict::Reply(drop)) => OtherKind::Answer(drop, cause),
                _ => OtherKind::Fragment(to),
            };
            self.show_other(sent, kind, &bytes);
            deliveries.push(Delivery { at, to, bytes });
        }
        self.emissions = emissions;
    }

    /// A packet by the provider's own network; when it arrives, if it does.
    pub(crate) fn send_by_provider(
        &mut self,
        now: Instant,
        bytes: &[u8],
        forward: bool,
    ) -> Result<Instant, LinkLoss> {
        self.packets += 1;
        self.provider += 1;
        self.show_other(now, OtherKind::Provider, bytes);
        let passed = self.wires.provider(now, bytes.len() as u16, forward);
        if let Err(reason) = passed {
            *self.lost.entry(("provider", reason)).or_default() += 1;
        }
        passed.map(|(late, _)| now + late)
    }

    fn show(&mut self, now: Instant, at: usize, left: &[u8], lost: Option<Lost>) {
        if !self.shown {
            return;
        }
        let Passage { trail: trail_id, stages, .. } = self.passages.get(at);
        let packet = Packet {
            number: self.packets,
            at: now,
            trail: &self.trails.get(*trail_id).trail,
            trail_id: *trail_id,
            stages,
            sent: &self.sent,
            left,
            lost,
        };
        let view = view(&self.compilation, &self.sources);
        for watcher in self.watchers.iter_mut().filter(|watcher| watcher.wants_packets()) {
            watcher.packet(view, &packet);
        }
    }

    fn tell_lost(
        &mut self,
        at: Instant,
        passage: usize,
        headers: Option<&Headers>,
        len: u64,
        lost: Lost,
    ) {
        let mut passage = *self.passages.get(passage);
        passage.window = Window::default();
        passage.window.add(at, headers, len);
        passage.window.lost = 1;
        let packet = passed(&self.trails, &passage);
        let view = view(&self.compilation, &self.sources);
        self.watchers.iter_mut().for_each(|watcher| watcher.lost(view, &packet, lost));
    }

    fn show_other(&mut self, at: Instant, kind: OtherKind, bytes: &[u8]) {
        if !self.shown {
            return;
        }
        let packet = Other { number: self.packets, at, kind, bytes };
        let view = view(&self.compilation, &self.sources);
        for watcher in self.watchers.iter_mut().filter(|watcher| watcher.wants_packets()) {
            watcher.other(view, &packet);
        }
    }

    /// Time goes on: windows that end by then are told, and flows whose time is up end.
    pub(crate) fn advance(&mut self, to: Instant) {
        if !self.watchers.is_empty() {
            loop {
                let end = Instant((self.window_from.0 / WINDOW.0 + 1) * WINDOW.0);
                if to < end {
                    break;
                }
                self.expire(end);
                self.end_window(end);
            }
        }
        if to.since(self.expired_at) >= EXPIRE {
            self.expire(to);
        }
    }

    fn expire(&mut self, now: Instant) {
        self.crew.expire(now, usize::MAX);
        self.expired_at = now;
        if self.watchers.is_empty() && now.since(self.window_from) >= WINDOW {
            // Nobody listens, and what is of no use any more can go.
            self.passages.end_window(|_| {});
            self.passages.forget(self.window_from);
            self.window_from = now;
        }
    }

    fn end_window(&mut self, at: Instant) {
        let view = view(&self.compilation, &self.sources);
        let (trails, watchers) = (&self.trails, &mut self.watchers);
        self.passages.end_window(|passage| {
            let passed = passed(trails, passage);
            watchers.iter_mut().for_each(|watcher| watcher.passed(view, &passed));
        });
        for watcher in watchers.iter_mut() {
            watcher.window_ends(view, at, &self.crew);
        }
        self.passages.forget(self.window_from);
        self.window_from = at;
    }

    /// The present configuration is over: what is not told yet is told.
    fn tell_end(&mut self, now: Instant) {
        if self.watchers.is_empty() {
            return;
        }
        if now > self.window_from || now == Instant::ZERO {
            self.end_window(now);
        }
        let view = view(&self.compilation, &self.sources);
        self.watchers.iter_mut().for_each(|watcher| watcher.ends(view, now));
    }

    /// Runs on another configuration from now on.
    pub(crate) fn change(
        &mut self,
        now: Instant,
        title: &str,
        compilation: Compilation,
        sources: Sources,
    ) {
        self.tell_end(now);
        let snapshot = Arc::new(compilation.snapshot.clone());
        snapshot.prepare();
        self.crew.adopt(&snapshot);
        (self.snapshot, self.compilation, self.sources) = (snapshot, compilation, sources);
        let view = view(&self.compilation, &self.sources);
        self.watchers.iter_mut().for_each(|watcher| watcher.changed(view, now, title));
    }

    /// The run is over. Gives the watchers back.
    pub(crate) fn finish(&mut self, now: Instant) -> Vec<Box<dyn Watch>> {
        self.advance(now);
        self.expire(now);
        self.tell_end(now);
        std::mem::take(&mut self.watchers)
    }
}

const NO_TUPLE: Tuple = Tuple {
    src: std::net::Ipv4Addr::UNSPECIFIED,
    dst: std::net::Ipv4Addr::UNSPECIFIED,
    src_port: 0,
    dst_port: 0,
    protocol: Protocol(0),
};

fn view<'a>(compilation: &'a Compilation, sources: &'a Sources) -> View<'a> {
    View { snapshot: &compilation.snapshot, index: &compilation.index, sources }
}

fn passed<'a>(trails: &'a Trails, passage: &'a Passage) -> Passed<'a> {
    let window = passage.window;
    Passed {
        trail: &trails.get(passage.trail).trail,
        trail_id: passage.trail,
        stages: &passage.stages,
        packets: window.packets,
        bytes: window.bytes,
        first: window.first,
        last: window.last,
        tcp_flags: window.tcp_flags,
        syns: window.syns,
        syn_acks: window.syn_acks,
        rsts: window.rsts,
        lost: window.lost,
    }
}

/// The element that translates.
pub(crate) fn element(by: Translator) -> Option<Element> {
    match by {
        Translator::Hyperplane(eni) => Some(Element::HyperplaneEni(eni)),
        Translator::Nat(nat) => Some(Element::NatGateway(nat)),
        Translator::Provider => None,
    }
}
