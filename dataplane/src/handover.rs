//! What one of several workers leaves to another: packets whose flow it does not own, and new flows
//! for which it has no port left.
//!
//! A worker that hands a new flow on remembers where to (a *stub*), so that the flow's later packets
//! follow; whoever takes the flow says when it is over. A message that the flow is over names the
//! last packet that it saw: a stub that has sent more since stays, for its packet will open the flow
//! anew or be refused, and either is answered by another message. So no flow ever lives twice.
//!
//! All of it happens at the set-up and the end of few flows. It costs the others nothing.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::flow::{FlowKey, SessionId};
use crate::fragments::{DatagramId, First};
use crate::packet::{Fragment, Headers, decode};
use crate::snapshot::InterfaceId;
use crate::steer::{Steering, WorkerId};
use crate::time::Instant;
use crate::trace::{Off, Trace};
use crate::verdict::{DropReason, Element, Verdict};
use crate::worker::{Arrival, Cause, Emission, Worker};

/// A message from one worker to another. Messages between two workers must arrive in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// Who sends it.
    pub from: WorkerId,
    /// Whom it is for.
    pub to: WorkerId,
    pub(crate) message: Message,
}

impl Handover {
    /// Whether this is a packet, and not news.
    pub(crate) fn is_packet(&self) -> bool {
        self.packet().is_some()
    }

    /// The packet, where it is one.
    pub(crate) fn packet(&self) -> Option<&[u8]> {
        match &self.message {
            Message::Packet(parcel) => Some(&parcel.bytes),
            Message::Over { .. } => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// Judge this packet.
    Packet(Parcel),
    /// The flow of this key is over, as of the packet of that number.
    Over { key: FlowKey, number: u32 },
}

/// A packet that is handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parcel {
    /// Where it came in.
    interface: InterfaceId,
    bytes: Vec<u8>,
    errand: Errand,
}

/// Why a packet is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// It is a fragment, and its datagram's others meet there.
    Meet,
    /// Its flow is there, or would be.
    Follow,
    /// A new flow for which as many workers as `tried` have no port, or a packet of such a flow: the
    /// `number`-th from the same stub.
    Carry { tried: u16, number: u32 },
}

/// A worker's place among others, and what it has handed to them and taken from them.
#[derive(Debug)]
pub(crate) struct Others {
    pub(crate) me: WorkerId,
    pub(crate) steering: Steering,
    stubs: HashMap<FlowKey, Stub, RandomState>,
    taken: HashMap<SessionId, Taken, RandomState>,
    outbox: Vec<Handover>,
}

/// Where a flow went.
#[derive(Clone, Copy, Debug)]
struct Stub {
    to: WorkerId,
    /// Packets that followed it.
    sent: u32,
    /// How many of them had come there when it was last said to be over; none, when never.
    over: u32,
    /// From whom it had come here.
    taken: Option<Taken>,
}

/// From whom a flow came, and the number of its last packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    from: WorkerId,
    number: u32,
}

impl Others {
    pub(crate) fn new(me: WorkerId, steering: Steering) -> Others {
        Others {
            me,
            steering,
            stubs: HashMap::default(),
            taken: HashMap::default(),
            outbox: Vec::new(),
        }
    }

    fn alone(&self) -> bool {
        self.steering.workers() == 1
    }

    fn send(&mut self, to: WorkerId, message: Message) {
        self.outbox.push(Handover { from: self.me, to, message });
    }

    /// Who has the flow of this key, if it was handed on.
    fn holder(&self, key: &FlowKey) -> Option<WorkerId> {
        if self.stubs.is_empty() { None } else { self.stubs.get(key).map(|stub| stub.to) }
    }

    /// The flow of a session that ends was another worker's: tells it.
    pub(crate) fn ended(&mut self, id: SessionId, key: FlowKey) {
        if !self.taken.is_empty()
            && let Some(Taken { from, number }) = self.taken.remove(&id)
        {
            self.send(from, Message::Over { key, number });
        }
    }

    /// Whoever took a flow says that it is over.
    fn over(&mut self, key: &FlowKey, number: u32) {
        if let Some(stub) = self.stubs.get_mut(key) {
            stub.over = number;
            self.forget_if_over(key);
        }
    }

    /// The last packet that followed a flow was not sent after all.
    fn not_sent(&mut self, key: &FlowKey) {
        if let Some(stub) = self.stubs.get_mut(key) {
            stub.sent = stub.sent.wrapping_sub(1);
            self.forget_if_over(key);
        }
    }

    /// Forgets a flow that went on when it is over as of the last packet that was sent there.
    fn forget_if_over(&mut self, key: &FlowKey) {
        let Some(stub) = self.stubs.get(key) else { return };
        if stub.sent != stub.over {
            return;
        }
        let taken = stub.taken;
        self.stubs.remove(key);
        if let Some(Taken { from, number }) = taken {
            self.send(from, Message::Over { key: *key, number });
        }
    }
}

impl Worker {
    /// Messages for other workers, in the order in which they must arrive.
    pub fn handovers(&mut self) -> impl Iterator<Item = Handover> {
        self.others.outbox.drain(..)
    }

    /// Whether there are any.
    #[inline]
    pub fn hands_over(&self) -> bool {
        !self.others.outbox.is_empty()
    }

    /// How many flows went on to other workers and are not over.
    pub fn handed_on(&self) -> usize {
        self.others.stubs.len()
    }

    /// How many flows came from other workers, and live here or went on. When nothing is under way,
    /// all workers together have taken as many as they have handed on.
    pub fn taken_on(&self) -> usize {
        let went_on = self.others.stubs.values().filter(|stub| stub.taken.is_some()).count();
        self.others.taken.len() + went_on
    }

    /// A packet for another worker found no room: it is dropped after all. Of all packets that wait
    /// for room it must be the youngest.
    pub(crate) fn drop_handover(&mut self, handover: &Handover) {
        self.counters.handed_over -= 1;
        let drop = DropReason::HandoverFull.at(Element::Dataplane);
        self.counters.count(Verdict::Drop(drop));
        if let Message::Packet(Parcel { interface, bytes, errand: Errand::Carry { .. } }) =
            &handover.message
            && let Ok(headers) = decode(bytes)
        {
            self.others.not_sent(&FlowKey::new(*interface, headers.tuple()));
        }
    }

    /// The worker has failed, with so many packets for others that were not sent.
    pub(crate) fn lose_handovers(&mut self, unsent: u64) {
        // It may have failed before it had counted the last one.
        self.counters.handed_over = self.counters.handed_over.saturating_sub(unsent);
    }

    /// The worker has failed. Since then so many packets came for it, by itself and from others.
    pub(crate) fn lose(&mut self, received: u64, taken_over: u64) {
        self.counters.lose(received, taken_over);
    }

    /// Takes a message from another worker. What leaves by it is added to `emissions`; for a packet
    /// there is a verdict.
    pub fn take_over(
        &mut self,
        now: Instant,
        handover: Handover,
        emissions: &mut Vec<Emission>,
    ) -> Option<Verdict> {
        self.take_over_shown(now, handover, emissions, &mut Off)
    }

    /// The same with the hops of the packet shown to `trace`.
    pub(crate) fn take_over_shown(
        &mut self,
        now: Instant,
        handover: Handover,
        emissions: &mut Vec<Emission>,
        trace: &mut impl Trace,
    ) -> Option<Verdict> {
        match handover.message {
            Message::Over { key, number } => {
                self.others.over(&key, number);
                None
            }
            Message::Packet(parcel) => {
                Some(self.take_packet(now, handover.from, parcel, emissions, trace))
            }
        }
    }

    fn take_packet(
        &mut self,
        now: Instant,
        from: WorkerId,
        parcel: Parcel,
        emissions: &mut Vec<Emission>,
        trace: &mut impl Trace,
    ) -> Verdict {
        let Parcel { interface, mut bytes, errand } = parcel;
        self.counters.taken_over += 1;
        let verdict = match decode(&bytes) {
            Err(reason) => Verdict::Drop(reason.at(Element::Dataplane)),
            Ok(headers) => {
                let arrival = Arrival { interface, bytes: &mut bytes };
                let verdict = match errand {
                    Errand::Meet => self.meet(now, arrival, headers, trace, emissions),
                    Errand::Follow => self.own(now, arrival, headers, 0, trace, emissions),
                    Errand::Carry { tried, .. } => {
                        self.own(now, arrival, headers, tried, trace, emissions)
                    }
                };
                if let Errand::Carry { number, .. } = errand {
                    let key = FlowKey::new(interface, headers.tuple());
                    self.note_taken(key, Taken { from, number });
                }
                verdict
            }
        };
        self.counters.count(verdict);
        if let Verdict::Forward(to) = verdict {
            bytes.truncate(decode(&bytes).map_or(bytes.len(), |h| usize::from(h.total_len)));
            emissions.push(Emission { to, bytes, cause: Cause::TakenOver });
        }
        verdict
    }

    /// Remembers from whom a flow came, or says at once that there is none.
    fn note_taken(&mut self, key: FlowKey, taken: Taken) {
        if let Some((id, _)) = self.flows.find(&key, self.flows.hash(&key)) {
            self.others.taken.insert(id, taken);
        } else if let Some(stub) = self.others.stubs.get_mut(&key) {
            stub.taken = Some(taken);
        } else {
            self.others.send(taken.from, Message::Over { key, number: taken.number });
        }
    }

    /// Who must judge a packet first, if that is not this worker.
    pub(crate) fn is_for(&self, interface: InterfaceId, packet: &Headers) -> Option<WorkerId> {
        if self.others.alone() {
            return None;
        }
        let first = self.others.steering.first(&self.snapshot, interface, packet);
        (first != self.others.me).then_some(first)
    }

    /// A packet that came here and is not this worker's.
    pub(crate) fn pass_on(
        &mut self,
        to: WorkerId,
        arrival: &Arrival<'_>,
        headers: &Headers,
    ) -> Verdict {
        let errand = match headers.fragment {
            Fragment::Whole => Errand::Follow,
            Fragment::First | Fragment::Later => Errand::Meet,
        };
        self.hand_over(to, arrival, errand)
    }

    pub(crate) fn hand_over(
        &mut self,
        to: WorkerId,
        arrival: &Arrival<'_>,
        errand: Errand,
    ) -> Verdict {
        let Arrival { interface, ref bytes } = *arrival;
        let parcel = Parcel { interface, bytes: bytes.to_vec(), errand };
        self.others.send(to, Message::Packet(parcel));
        Verdict::HandedOver(to)
    }

    /// A packet without a flow here whose flow was handed on follows it.
    pub(crate) fn follow_flow(
        &mut self,
        key: &FlowKey,
        arrival: &Arrival<'_>,
        tried: u16,
    ) -> Option<Verdict> {
        self.others.holder(key)?;
        let stub = self.others.stubs.get_mut(key)?;
        stub.sent = stub.sent.wrapping_add(1);
        let (to, number) = (stub.to, stub.sent);
        Some(self.hand_over(to, arrival, Errand::Carry { tried: tried + 1, number }))
    }

    /// What belongs to a flow that was handed on, but is no packet of it.
    pub(crate) fn follow_related(
        &mut self,
        key: &FlowKey,
        arrival: &Arrival<'_>,
    ) -> Option<Verdict> {
        let to = self.others.holder(key)?;
        Some(self.hand_over(to, arrival, Errand::Follow))
    }

    /// A new flow for which there is no port here: the next worker may have one. `None` when all have
    /// been asked.
    pub(crate) fn ask_next(
        &mut self,
        key: FlowKey,
        arrival: &Arrival<'_>,
        tried: u16,
    ) -> Option<Verdict> {
        let tried = tried + 1;
        if usize::from(tried) >= self.others.steering.workers() {
            return None;
        }
        if self.others.stubs.len() >= self.flows.capacity() {
            return Some(Verdict::Drop(DropReason::FlowTableFull.at(Element::Dataplane)));
        }
        let to = self.others.steering.next(self.others.me);
        self.others.stubs.insert(key, Stub { to, sent: 1, over: 0, taken: None });
        Some(self.hand_over(to, arrival, Errand::Carry { tried, number: 1 }))
    }

    /// A fragment, where its datagram's fragments meet: the first one knows where to, and the others
    /// follow it.
    pub(crate) fn meet(
        &mut self,
        now: Instant,
        arrival: Arrival<'_>,
        headers: Headers,
        trace: &mut impl Trace,
        emissions: &mut Vec<Emission>,
    ) -> Verdict {
        let datagram = DatagramId::new(arrival.interface, &headers);
        if headers.fragment == Fragment::First {
            let to = self.others.steering.owner(&self.snapshot, arrival.interface, &headers);
            if to != self.others.me {
                let verdict = self.hand_over(to, &arrival, Errand::Follow);
                self.settle(datagram, First::HandedOver(to), now, emissions);
                return verdict;
            }
        }
        self.own(now, arrival, headers, 0, trace, emissions)
    }
}
