//! The slow way: a packet that opens a flow, one whose flow must be judged again, and every packet
//! that a plan does not cover (fragments, ICMP errors, what is too big or too old).
//!
//! A new flow is judged by a walk in each direction, which ends in a session; its first packet is
//! then replayed like all others, so that a miss and a hit cannot differ.

mod plan;

pub(crate) use plan::Kind;

use crate::flow::{
    ClassId, Cold, Dir, FlowKey, Session, SessionId, State, Translation, Translator,
};
use crate::fragments::{DatagramId, First};
use crate::handover::Errand;
use crate::packet::rewrite::{Rewrite, rewrite, rewrite_error};
use crate::packet::{Fragment, Headers, IcmpKind, Protocol, TcpFlags, Transport, answer, decode};
use crate::path::{Answer, Flow, Known, Place, Stop, Walk, Way};
use crate::ports::Towards;
use crate::snapshot::{EniId, EniOwner, InterfaceId, PortBudget};
use crate::time::Instant;
use crate::trace::{Off, Trace};
use crate::verdict::{Drop, DropReason, Element, Verdict};
use crate::worker::{Arrival, Cause, Emission, Rate, Worker};

impl Worker {
    /// Judges a packet the slow way.
    pub(crate) fn slow(
        &mut self,
        now: Instant,
        arrival: Arrival<'_>,
        trace: &mut impl Trace,
        emissions: &mut Vec<Emission>,
    ) -> Verdict {
        let here = Element::Dataplane;
        let headers = match decode(arrival.bytes) {
            Ok(headers) => headers,
            Err(reason) => return Verdict::Drop(reason.at(here)),
        };
        if arrival.interface.0 as usize >= self.snapshot.interfaces.len() {
            return Verdict::Drop(DropReason::UnknownInterface.at(here));
        }
        match (self.is_for(arrival.interface, &headers), headers.fragment) {
            (Some(other), _) => self.pass_on(other, &arrival, &headers),
            (None, Fragment::Whole) => self.own(now, arrival, headers, 0, trace, emissions),
            (None, _) => self.meet(now, arrival, headers, trace, emissions),
        }
    }

    /// Judges a packet whose flow is this worker's, or would be. `tried` other workers have no port
    /// for it.
    pub(crate) fn own(
        &mut self,
        now: Instant,
        arrival: Arrival<'_>,
        headers: Headers,
        tried: u16,
        trace: &mut impl Trace,
        emissions: &mut Vec<Emission>,
    ) -> Verdict {
        let mut packet = Packet { now, arrival, headers, tried, emissions };
        match (headers.fragment, headers.quoted()) {
            (Fragment::Later, _) => self.later_fragment(&mut packet),
            (_, Some(quoted)) => {
                let key = FlowKey::new(packet.arrival.interface, quoted.reversed());
                self.related(&mut packet, key, trace)
            }
            (Fragment::First, None) => self.first_fragment(&mut packet, trace),
            (Fragment::Whole, None) => self.whole(&mut packet, trace),
        }
    }

    fn whole(&mut self, packet: &mut Packet<'_, '_>, trace: &mut impl Trace) -> Verdict {
        if let Some((id, dir)) = self.live(packet) {
            return self.known(packet, id, dir, trace);
        }
        let elsewhere = self.follow_flow(&packet.key(), &packet.arrival, packet.tried);
        elsewhere.unwrap_or_else(|| self.open(packet, trace))
    }

    /// The flow of a packet, unless its time is up, or the packet begins a connection anew after
    /// the last one was closed.
    fn live(&mut self, packet: &Packet<'_, '_>) -> Option<(SessionId, Dir)> {
        let key = packet.key();
        let (id, dir) = self.flows.find(&key, self.flows.hash(&key))?;
        let closed = self.flows.session(id).state() == State::Closed;
        if self.flows.idle_too_long(id, packet.now.tick()) {
            self.end_idle(id);
            None
        } else if closed && packet.headers.tcp().is_some_and(|flags| flags.opens()) {
            self.end(id);
            None
        } else {
            Some((id, dir))
        }
    }

    /// A packet of a live flow.
    fn known(
        &mut self,
        packet: &mut Packet<'_, '_>,
        id: SessionId,
        dir: Dir,
        trace: &mut impl Trace,
    ) -> Verdict {
        if !self.refresh(id, dir, packet.now) {
            self.end(id);
            return self.open(packet, trace);
        }
        let special = self.is_special(id, dir, &packet.headers);
        if special || trace.looks() {
            let known = self.known_flow(id, dir);
            let interface = packet.arrival.interface;
            let walked = self.walk(interface, packet.headers, Flow::Known(&known), trace);
            match walked {
                Ok(way) if special => return self.forward_special(packet, id, dir, &way),
                Err(Stop::Moved) => return self.unsolicited(),
                Err(stop) if special => return self.stop(packet, stop),
                _ => {}
            }
        }
        if self.flows.session(id).blocked(dir) {
            let drop = self.flows.blocked(id, dir);
            return drop.map_or_else(|| self.unsolicited(), Verdict::Drop);
        }
        self.replay(id, dir, packet.arrival.bytes, &packet.headers, packet.now.tick())
    }

    fn forward_special(
        &mut self,
        packet: &mut Packet<'_, '_>,
        id: SessionId,
        dir: Dir,
        way: &Way,
    ) -> Verdict {
        if let Some(drop) = self.over_rate(way.metered, packet.now) {
            return Verdict::Drop(drop);
        }
        let tick = packet.now.tick();
        let verdict = self.replay(id, dir, packet.arrival.bytes, &packet.headers, tick);
        packet.split(verdict, way.fragment_to);
        verdict
    }

    /// A packet that belongs to no flow: it opens one, or is dropped and leaves nothing behind.
    fn open(&mut self, packet: &mut Packet<'_, '_>, trace: &mut impl Trace) -> Verdict {
        self.flows.prefetch_free();
        let (interface, headers) = (packet.arrival.interface, packet.headers);
        let way = match self.walk(interface, headers, Flow::New, trace) {
            Ok(way) => way,
            Err(stop) => {
                let earlier = trace.passed_drop().map(Verdict::Drop);
                let elsewhere = || self.open_elsewhere(packet, &stop);
                return earlier.or_else(elsewhere).unwrap_or_else(|| self.stop(packet, stop));
            }
        };
        let keys = [
            FlowKey::new(interface, headers.tuple()),
            FlowKey::new(way.to, way.headers.tuple().reversed()),
        ];
        // The walk back takes longer than the line that the insertion will need.
        self.flows.prefetch::<false>(self.flows.hash(&keys[1]));
        let known = Known::opened((interface, headers.tuple()), &way);
        let back = self.walk(way.to, way.headers.answer(), Flow::Known(&known), trace);
        if let Some(drop) = trace.passed_drop() {
            return Verdict::Drop(drop);
        }
        if let Some(drop) = self.over_rate(way.metered, packet.now) {
            return Verdict::Drop(drop);
        }
        let back = returns_to(back, &keys);
        match self.commit(keys, &headers, &way, back, packet.now) {
            Ok(id) => {
                let tick = packet.now.tick();
                let bytes = &mut *packet.arrival.bytes;
                let verdict = self.replay(id, Dir::Forward, bytes, &headers, tick);
                packet.split(verdict, way.fragment_to);
                verdict
            }
            Err(drop) => Verdict::Drop(drop),
        }
    }

    /// Where a walk ended for want of a port, another worker may have one.
    fn open_elsewhere(&mut self, packet: &Packet<'_, '_>, stop: &Stop) -> Option<Verdict> {
        match stop {
            Stop::Drop(drop) if drop.reason.is_exhaustion() => {
                self.ask_next(packet.key(), &packet.arrival, packet.tried)
            }
            _ => None,
        }
    }

    /// Keeps a flow that was judged in both directions: the session, and the ports that the walk
    /// found free.
    fn commit(
        &mut self,
        keys: [FlowKey; 2],
        first: &Headers,
        way: &Way,
        back: Result<Way, Drop>,
        now: Instant,
    ) -> Result<SessionId, Drop> {
        let here = Element::Dataplane;
        self.make_room().map_err(|reason| reason.at(here))?;
        self.begin(&way.translations)?;
        let (class, ttl) = self.classify(way, back.as_ref().ok());
        let mut session = Session::new(keys, State::first(first), class, ttl);
        session.last = now.tick();
        session.epoch = self.snapshot.epoch.0 as u16;
        session.set_tracked(Dir::Forward, way.tracked[0]);
        session.set_tracked(Dir::Return, way.tracked[1]);
        let cold = Cold::new(way.translations, way.enis, first.icmp());
        let Some(id) = self.flows.insert(session, cold, now) else {
            self.give_back(&way.translations);
            return Err(DropReason::FlowCollision.at(here));
        };
        if let Err(drop) = back {
            self.flows.block(id, [None, Some(drop)]);
        }
        for (towards, port) in owned_ports(&keys, &way.translations) {
            self.ports.take(towards, port);
        }
        self.counters.opened += 1;
        Ok(id)
    }

    /// The class of flows with these ways, and by how much the time to live falls on each.
    fn classify(&mut self, way: &Way, back: Option<&Way>) -> (ClassId, [u8; 2]) {
        let kind = Kind::new(&self.snapshot, way, back);
        let known = self.kinds.iter().find(|(known, _)| *known == kind).map(|(_, class)| *class);
        let class = known.unwrap_or_else(|| {
            let class = self.flows.classify(kind.class(&self.snapshot.settings));
            self.kinds.push((kind, class));
            class
        });
        (class, self.flows.ttl(class))
    }

    /// Counts a connection of each translator. Another worker may have had the last one of a shared
    /// ENI's since the walk looked.
    fn begin(&self, translations: &[Option<Translation>; 3]) -> Result<(), Drop> {
        let settings = &self.snapshot.settings;
        let limit = match settings.hyperplane_budget {
            PortBudget::PerEni => settings.hyperplane_ports,
            PortBudget::PerDestination => u32::MAX,
        };
        for (at, made) in translations.iter().enumerate() {
            if let Some(Translation { by: by @ Translator::Hyperplane(eni), .. }) = *made
                && !self.ports.begin(by, limit)
            {
                translations[..at].iter().flatten().for_each(|made| self.ports.end(made.by));
                return Err(DropReason::HyperplanePortsExhausted.at(Element::HyperplaneEni(eni)));
            }
        }
        Ok(())
    }

    fn give_back(&self, translations: &[Option<Translation>; 3]) {
        translations.iter().flatten().for_each(|made| self.ports.end(made.by));
    }

    /// Room for one more flow: where there is none, a flow that is half open or closing ends.
    fn make_room(&mut self) -> Result<(), DropReason> {
        if self.flows.is_full() {
            let weakest = self.flows.gives_way().ok_or(DropReason::FlowTableFull)?;
            self.counters.gave_way += 1;
            self.end(weakest);
        }
        Ok(())
    }

    /// Judges a flow again where its plan may no longer hold: the configuration changed since, or
    /// security groups have forgotten it. False when its translations do not hold any more, so that
    /// the flow is over.
    ///
    /// A tracked flow outlives the removal of its security group rule; network ACLs and routes are
    /// asked anew; translations stay only where the same gateways still make them.
    fn refresh(&mut self, id: SessionId, dir: Dir, now: Instant) -> bool {
        let epoch = self.snapshot.epoch.0 as u16;
        let forgotten = self.flows.untracked_by_now(id, now.tick());
        if self.flows.session(id).epoch == epoch && !forgotten {
            return true;
        }
        let session = *self.flows.session(id);
        let gone = |key: &FlowKey| key.interface().0 as usize >= self.snapshot.interfaces.len();
        if session.keys.iter().any(gone) {
            return false;
        }
        let mut known = self.known_flow(id, Dir::Forward);
        if forgotten {
            known.tracked = [false; 2];
        }
        let first = first_headers(&session, self.flows.cold(id));
        let from = session.keys[0].interface();
        let forward = self.walk(from, first, Flow::Known(&known), &mut Off);
        let forward = match forward {
            Err(Stop::Moved) => return false,
            Err(Stop::Drop(drop) | Stop::Answer(drop, _)) => Err(drop),
            Ok(way) => {
                let same = way.to == session.keys[1].interface()
                    && way.headers.tuple() == session.keys[1].tuple().reversed();
                if !same {
                    return false;
                }
                Ok(way)
            }
        };
        // What was forgotten is tracked anew by a packet that a rule allows on its way forward.
        if let (true, Dir::Forward, Ok(way)) = (forgotten, dir, &forward) {
            known.tracked = way.tracked;
        }
        known.dir = Dir::Return;
        let answer = first.with(session.keys[1].tuple().reversed()).answer();
        let back = self.walk(session.keys[1].interface(), answer, Flow::Known(&known), &mut Off);
        self.replan(id, known.tracked, forward, returns_to(back, &session.keys));
        true
    }

    /// Writes down what a second judgement found.
    fn replan(
        &mut self,
        id: SessionId,
        tracked: [bool; 2],
        forward: Result<Way, Drop>,
        back: Result<Way, Drop>,
    ) {
        if let Ok(way) = &forward {
            let (class, ttl) = self.classify(way, back.as_ref().ok());
            self.flows.session_mut(id).replan(class, ttl);
        }
        self.flows.block(id, [forward.err(), back.err()]);
        let session = self.flows.session_mut(id);
        session.epoch = self.snapshot.epoch.0 as u16;
        for dir in [Dir::Forward, Dir::Return] {
            session.set_tracked(dir, tracked[dir as usize]);
        }
    }

    /// An ICMP error about a packet of the flow `key`: it goes the flow's way, back to the sender
    /// of what it quotes, and neither keeps the flow alive nor ends it (RFC 5508, REQ-6).
    fn related(
        &mut self,
        packet: &mut Packet<'_, '_>,
        key: FlowKey,
        trace: &mut impl Trace,
    ) -> Verdict {
        let found = self.flows.find(&key, self.flows.hash(&key));
        let alive = |id| !self.flows.idle_too_long(id, packet.now.tick());
        let Some((id, dir)) = found.filter(|(id, _)| alive(*id)) else {
            let elsewhere = self.follow_related(&key, &packet.arrival);
            return elsewhere.unwrap_or_else(|| self.unsolicited());
        };
        if !self.refresh(id, dir, packet.now) {
            self.end(id);
            return self.unsolicited();
        }
        let known = self.known_flow(id, dir);
        let (interface, headers) = (packet.arrival.interface, packet.headers);
        let way = match self.walk(interface, headers, Flow::Known(&known), trace) {
            Ok(way) => way,
            Err(stop) => return self.stop(packet, stop),
        };
        let other = self.flows.session(id).keys[dir.reverse() as usize];
        if way.to != other.interface() {
            return self.unsolicited();
        }
        let outer = Rewrite::new(headers.tuple(), way.headers.tuple(), way.ttl);
        let inner = Rewrite::new(key.tuple().reversed(), other.tuple(), 0);
        rewrite_error(packet.arrival.bytes, &headers, &outer, &inner);
        Verdict::Forward(way.to)
    }

    fn first_fragment(&mut self, packet: &mut Packet<'_, '_>, trace: &mut impl Trace) -> Verdict {
        let datagram = DatagramId::new(packet.arrival.interface, &packet.headers);
        let key = packet.key();
        let verdict = self.whole(packet, trace);
        let first = match verdict {
            Verdict::Drop(drop) | Verdict::Reply(drop) => First::Dropped(drop),
            Verdict::HandedOver(to) => First::HandedOver(to),
            Verdict::Forward(_) | Verdict::Held => First::Flow(key),
        };
        self.settle(datagram, first, packet.now, packet.emissions);
        verdict
    }

    /// Notes what became of a datagram's first fragment, and sends after it those that waited.
    pub(crate) fn settle(
        &mut self,
        datagram: DatagramId,
        first: First,
        now: Instant,
        emissions: &mut Vec<Emission>,
    ) {
        for mut bytes in self.fragments.settle(datagram, first, now) {
            let arrival = Arrival { interface: datagram.interface(), bytes: &mut bytes };
            let verdict = match decode(arrival.bytes) {
                Ok(headers) => self.follow(arrival, headers, first),
                Err(reason) => Verdict::Drop(reason.at(Element::Dataplane)),
            };
            self.counters.release(verdict);
            if let Verdict::Forward(to) = verdict {
                emissions.push(Emission { to, bytes, cause: Cause::Released });
            }
        }
    }

    fn later_fragment(&mut self, packet: &mut Packet<'_, '_>) -> Verdict {
        let datagram = DatagramId::new(packet.arrival.interface, &packet.headers);
        if let Some(first) = self.fragments.first(&datagram) {
            let Arrival { interface, ref mut bytes } = packet.arrival;
            return self.follow(Arrival { interface, bytes }, packet.headers, first);
        }
        let settings = &self.snapshot.settings;
        if self.fragments.hold(datagram, packet.arrival.bytes, packet.now, settings) {
            Verdict::Held
        } else {
            Verdict::Drop(DropReason::FragmentsFull.at(Element::Dataplane))
        }
    }

    /// A later fragment goes where its datagram's first one went.
    fn follow(&mut self, arrival: Arrival<'_>, headers: Headers, first: First) -> Verdict {
        let key = match first {
            First::Dropped(drop) => return Verdict::Drop(drop),
            First::HandedOver(to) => return self.hand_over(to, &arrival, Errand::Follow),
            First::Flow(key) => key,
        };
        let Some((id, dir)) = self.flows.find(&key, self.flows.hash(&key)) else {
            return self.unsolicited();
        };
        let known = self.known_flow(id, dir);
        let headers = headers.with(key.tuple());
        match self.walk(key.interface(), headers, Flow::Known(&known), &mut Off) {
            Ok(way) => {
                let change = Rewrite::new(headers.tuple(), way.headers.tuple(), way.ttl);
                rewrite(arrival.bytes, &headers, &change);
                Verdict::Forward(way.to)
            }
            Err(Stop::Drop(drop) | Stop::Answer(drop, _)) => Verdict::Drop(drop),
            Err(Stop::Moved) => self.unsolicited(),
        }
    }

    /// Turns a walk's end into a verdict, with the answer to the sender where there is one.
    fn stop(&mut self, packet: &mut Packet<'_, '_>, stop: Stop) -> Verdict {
        let (drop, answer) = match stop {
            Stop::Drop(drop) => return Verdict::Drop(drop),
            Stop::Moved => return self.unsolicited(),
            Stop::Answer(drop, answer) => (drop, answer),
        };
        let (bytes, headers) = (&*packet.arrival.bytes, &packet.headers);
        let answer = match answer {
            Answer::Reset => answer::reset(bytes, headers),
            Answer::TooBig(router, mtu) => Some(answer::too_big(bytes, headers, router, mtu)),
            Answer::TimeExceeded(router) => Some(answer::time_exceeded(bytes, headers, router)),
        };
        let Some(bytes) = answer else {
            return Verdict::Drop(drop);
        };
        let to = packet.arrival.interface;
        packet.emissions.push(Emission { to, bytes, cause: Cause::Answer });
        Verdict::Reply(drop)
    }

    fn unsolicited(&self) -> Verdict {
        Verdict::Drop(DropReason::Unsolicited.at(Element::Dataplane))
    }

    fn walk(
        &self,
        from: InterfaceId,
        headers: Headers,
        flow: Flow<'_>,
        trace: &mut impl Trace,
    ) -> Result<Way, Stop> {
        let key = FlowKey::new(from, headers.tuple());
        let salt = self.flows.hash(&key).rotate_left(17) ^ self.seed;
        Walk::new(&self.snapshot, &self.ports, trace, flow, salt, headers).run(Place::Entry(from))
    }

    /// Shows the hops of a packet of a live flow, as they are under the present configuration, and
    /// changes nothing; false where there is no such flow.
    pub fn show(&self, interface: InterfaceId, headers: &Headers, trace: &mut impl Trace) -> bool {
        let key = FlowKey::new(interface, headers.tuple());
        let Some((id, dir)) = self.flows.find(&key, self.flows.hash(&key)) else { return false };
        let known = self.known_flow(id, dir);
        let _ = self.walk(interface, *headers, Flow::Known(&known), trace);
        true
    }

    fn known_flow(&self, id: SessionId, dir: Dir) -> Known {
        let (session, cold) = (self.flows.session(id), self.flows.cold(id));
        Known {
            dir,
            origin: (session.keys[0].interface(), session.keys[0].tuple()),
            answer: session.keys[1].tuple(),
            translations: cold.translations(),
            enis: cold.enis(),
            tracked: [session.tracked(Dir::Forward), session.tracked(Dir::Return)],
        }
    }

    /// Counts a packet to a link-local service; the drop when the ENI has sent too many.
    fn over_rate(&mut self, metered: Option<EniId>, now: Instant) -> Option<Drop> {
        let eni = metered?;
        let per_second = self.snapshot.settings.link_local_rate;
        let mut rate = self.rates.entry(eni).or_insert_with(|| Rate::full(per_second, now));
        let element = match self.snapshot[eni].owner {
            EniOwner::Hyperplane => Element::HyperplaneEni(eni),
            _ => Element::NetworkInterface(eni),
        };
        (!rate.take(per_second, now)).then_some(DropReason::LinkLocalRate.at(element))
    }

    /// Ends a flow whose time is up.
    pub(crate) fn end_idle(&mut self, id: SessionId) {
        self.counters.idle_timeouts += 1;
        if self.flows.session(id).state() != State::Closed {
            self.forget(id);
        }
        self.end(id);
    }

    /// Counts a connection that its gateways forget.
    fn forget(&mut self, id: SessionId) {
        for gateway in self.flows.gateways(id, &self.snapshot) {
            self.counters.forget(gateway);
        }
    }

    /// Ends a flow and gives its ports back.
    fn end(&mut self, id: SessionId) {
        let (session, cold) = self.flows.remove(id);
        self.others.ended(id, session.keys[0]);
        let translations = cold.translations();
        self.give_back(&translations);
        for (towards, port) in owned_ports(&session.keys, &translations) {
            self.ports.release(towards, port);
        }
    }
}

/// A packet on the slow way, with what belongs to it.
struct Packet<'a, 'b> {
    now: Instant,
    arrival: Arrival<'a>,
    headers: Headers,
    tried: u16,
    emissions: &'b mut Vec<Emission>,
}

impl Packet<'_, '_> {
    fn key(&self) -> FlowKey {
        FlowKey::new(self.arrival.interface, self.headers.tuple())
    }

    /// Cuts a forwarded packet up for an MTU: the first piece stays in place, the others leave
    /// beside it.
    fn split(&mut self, verdict: Verdict, mtu: Option<u16>) {
        let (Verdict::Forward(to), Some(mtu)) = (verdict, mtu) else {
            return;
        };
        let Ok(headers) = decode(self.arrival.bytes) else {
            return;
        };
        let mut pieces = answer::fragments(self.arrival.bytes, &headers, mtu).into_iter();
        if let Some(first) = pieces.next() {
            self.arrival.bytes[..first.len()].copy_from_slice(&first);
        }
        let cause = Cause::Fragment;
        self.emissions.extend(pieces.map(|bytes| Emission { to, bytes, cause }));
    }
}

/// The way back must end at whoever opened the flow: an answer that would reach anyone else is
/// nobody's.
pub(crate) fn returns_to(back: Result<Way, Stop>, keys: &[FlowKey; 2]) -> Result<Way, Drop> {
    let unsolicited = DropReason::Unsolicited.at(Element::Dataplane);
    match back {
        Ok(way)
            if way.to == keys[0].interface()
                && way.headers.tuple() == keys[0].tuple().reversed() =>
        {
            Ok(way)
        }
        Ok(_) | Err(Stop::Moved) => Err(unsolicited),
        Err(Stop::Drop(drop) | Stop::Answer(drop, _)) => Err(drop),
    }
}

/// The headers of a flow's ordinary packet, as its opener sends them.
fn first_headers(session: &Session, cold: &Cold) -> Headers {
    let tuple = session.keys[0].tuple();
    let (kind, code) = cold.icmp;
    let transport = match tuple.protocol {
        Protocol::TCP => Transport::Tcp(TcpFlags::ACK),
        Protocol::UDP => Transport::Udp,
        Protocol::ICMP => {
            let about = match kind {
                8 | 13 | 15 | 17 => IcmpKind::Query,
                0 | 14 | 16 | 18 => IcmpKind::Answer,
                _ => IcmpKind::Other,
            };
            Transport::Icmp { kind, code, about }
        }
        _ => Transport::Opaque,
    };
    Headers {
        src: tuple.src,
        dst: tuple.dst,
        src_port: tuple.src_port,
        dst_port: tuple.dst_port,
        protocol: tuple.protocol,
        ttl: 64,
        ident: 0,
        dont_fragment: true,
        fragment: Fragment::Whole,
        header_len: 20,
        total_len: 20,
        transport,
    }
}

/// The ports that a flow's translators gave it.
fn owned_ports(
    keys: &[FlowKey; 2],
    translations: &[Option<Translation>; 3],
) -> impl Iterator<Item = (Towards, u16)> {
    let first = keys[0].tuple();
    translations.iter().flatten().map(move |made| {
        let towards = Towards {
            by: made.by,
            address: made.address,
            protocol: first.protocol,
            remote: first.dst,
            remote_port: first.dst_port,
        };
        (towards, made.port)
    })
}
