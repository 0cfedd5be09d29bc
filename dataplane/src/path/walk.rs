//! What the elements need of a walk: to record a hop, to drop the packet, to ask what is known of its
//! flow, to pass an MTU or a hop that counts, and to translate.

use std::net::Ipv4Addr;

use super::{Answer, Flow, Known, Place, Stop, Walk};
use crate::flow::{Dir, Translation, Translator};
use crate::packet::{Fragment, Headers, IcmpKind, Protocol, Transport, Tuple, mss};
use crate::ports::Towards;
use crate::snapshot::{InterfaceId, SubnetId};
use crate::trace::{Decision, Direction, Hop, Off, Trace};
use crate::verdict::{Drop, DropReason, Element};

impl<T: Trace> Walk<'_, T> {
    /// Records a hop that changed nothing.
    pub(super) fn pass(&mut self, element: Element, subnet: Option<SubnetId>, decision: Decision) {
        self.pass_from(self.headers.tuple(), element, subnet, decision);
    }

    /// Records a hop on which the packet came in as `before`.
    pub(super) fn pass_from(
        &mut self,
        before: Tuple,
        element: Element,
        subnet: Option<SubnetId>,
        decision: Decision,
    ) {
        let (direction, after) = (self.direction(), self.headers.tuple());
        self.trace.hop(|| Hop { direction, element, subnet, decision, before, after, drop: None });
    }

    /// Records a drop. The walk ends, unless whoever watches wants to see what else is in the way
    /// and the packet could go on from here.
    pub(super) fn deny(
        &mut self,
        drop: Drop,
        subnet: Option<SubnetId>,
        decision: Decision,
    ) -> Result<(), Stop> {
        self.record(drop, subnet, decision);
        if self.trace.goes_on(drop) { Ok(()) } else { Err(Stop::Drop(drop)) }
    }

    /// Drops the packet by the nature of an element, unless `allowed`.
    pub(super) fn judge(&mut self, allowed: bool, drop: Drop) -> Result<(), Stop> {
        if allowed { Ok(()) } else { self.deny(drop, None, Decision::Nature) }
    }

    /// Drops the packet where there is no way on.
    pub(super) fn refuse(&mut self, drop: Drop) -> Stop {
        self.record(drop, None, Decision::Nature);
        Stop::Drop(drop)
    }

    pub(super) fn record(&mut self, drop: Drop, subnet: Option<SubnetId>, decision: Decision) {
        let (direction, before) = (self.direction(), self.headers.tuple());
        let element = drop.element;
        self.trace.hop(|| Hop {
            direction,
            element,
            subnet,
            decision,
            before,
            after: before,
            drop: Some(drop),
        });
    }

    pub(super) fn direction(&self) -> Direction {
        match self.flow {
            Flow::Known(Known { dir: Dir::Return, .. }) => Direction::Return,
            _ => Direction::Forward,
        }
    }

    /// The known flow, when the walk is of its return direction.
    pub(super) fn returning(&self) -> Option<&Known> {
        match self.flow {
            Flow::Known(known) if known.dir == Dir::Return => Some(known),
            _ => None,
        }
    }

    /// Whether the packet would open a flow though it is a TCP segment that opens nothing.
    pub(super) fn is_late(&self) -> bool {
        let opens = self.headers.tcp().is_none_or(|flags| flags.opens());
        matches!(self.flow, Flow::New) && !opens
    }

    /// Whether the packet is a TCP or UDP packet, or an ICMP echo request; or, within a flow that
    /// was admitted as such, an ICMP error about it or an echo reply.
    pub(super) fn is_translatable(&self) -> bool {
        match self.headers.protocol {
            Protocol::TCP | Protocol::UDP => true,
            Protocol::ICMP => match self.headers.transport {
                Transport::Icmp { about: IcmpKind::Query, kind, .. } => kind == 8,
                Transport::Opaque => self.headers.fragment == Fragment::Later,
                _ => matches!(self.flow, Flow::Known(_)),
            },
            _ => false,
        }
    }

    /// Passes a hop with an MTU, which answers with ICMP 3/4 from `router`, or not at all. A packet
    /// that may be fragmented, where the hop does that, goes on in pieces.
    pub(super) fn squeeze(
        &mut self,
        mtu: u16,
        element: Element,
        fragments: bool,
        router: Option<(Ipv4Addr, Place)>,
    ) -> Result<(), Stop> {
        self.way.mtu = self.way.mtu.min(mtu);
        if self.headers.total_len <= mtu {
            return Ok(());
        }
        if fragments && !self.headers.dont_fragment {
            self.way.fragment_to = Some(mtu);
            self.headers.total_len = mtu;
            return Ok(());
        }
        match router {
            None => self.deny(DropReason::MtuExceededSilent.at(element), None, Decision::Nature),
            Some((router, place)) => {
                let drop = DropReason::PacketTooBig.at(element);
                self.deny(drop, None, Decision::Nature)
                    .map_err(|_| self.answered(drop, Answer::TooBig(router, mtu), place))
            }
        }
    }

    /// Passes a NAT gateway, an interface endpoint or a transit gateway: a hop with an MTU that
    /// lowers what TCP announces, so that no segment is too large for it (aws-facts §11).
    pub(super) fn squeeze_by_gateway(
        &mut self,
        element: Element,
        fragments: bool,
        router: Option<(Ipv4Addr, Place)>,
    ) -> Result<(), Stop> {
        let settings = &self.snapshot.settings;
        if settings.mss_clamp {
            self.way.mss = self.way.mss.min(settings.gateway_mtu.saturating_sub(mss::HEADERS));
        }
        self.squeeze(settings.gateway_mtu, element, fragments, router)
    }

    /// Passes a hop that counts: the time to live falls by one.
    pub(super) fn age(
        &mut self,
        element: Element,
        router: Ipv4Addr,
        place: Place,
    ) -> Result<(), Stop> {
        self.way.ttl += 1;
        if self.headers.ttl > 1 {
            self.headers.ttl -= 1;
            return Ok(());
        }
        let drop = DropReason::TtlExpired.at(element);
        self.deny(drop, None, Decision::Nature)
            .map_err(|_| self.answered(drop, Answer::TimeExceeded(router), place))
    }

    /// Drops the packet and answers it from `place`, if the answer gets through from there to the
    /// packet's sender: network ACLs and security groups judge it too.
    pub(super) fn answered(&self, drop: Drop, answer: Answer, place: Place) -> Stop {
        let known = match self.flow {
            Flow::New => Known {
                dir: Dir::Return,
                origin: (InterfaceId::INTERNET, self.way.headers.tuple()),
                answer: self.headers.tuple().reversed(),
                translations: self.way.translations,
                enis: self.way.enis,
                tracked: [true; 2],
            },
            Flow::Known(known) => Known { dir: Dir::Return, ..*known },
        };
        // Only the side that opened a flow has translators that could lead an answer back.
        if matches!(self.flow, Flow::Known(Known { dir: Dir::Return, .. })) {
            return Stop::Drop(drop);
        }
        let back = self.headers.answer();
        let headers = match answer {
            Answer::Reset => back,
            Answer::TooBig(router, _) | Answer::TimeExceeded(router) => Headers {
                src: router,
                protocol: Protocol::ICMP,
                transport: Transport::Icmp {
                    kind: if matches!(answer, Answer::TooBig(..)) { 3 } else { 11 },
                    code: if matches!(answer, Answer::TooBig(..)) { 4 } else { 0 },
                    about: IcmpKind::Error { quoted: self.headers.tuple() },
                },
                ..back
            },
        };
        let mut off = Off;
        let flow = Flow::Known(&known);
        let walk = Walk::new(self.snapshot, self.ports, &mut off, flow, self.salt, headers);
        match walk.run(place) {
            Ok(_) => Stop::Answer(drop, answer),
            Err(_) => Stop::Drop(drop),
        }
    }

    /// Translates the source to one of `addresses`, and `port` tells how many connections each may
    /// have towards the destination. The first address that has a port left serves, beginning with
    /// one that the flow chooses.
    ///
    /// # Errors
    /// `exhausted` when none has; [`Stop::Moved`] when a known flow was translated otherwise.
    pub(super) fn translate(
        &mut self,
        by: Translator,
        addresses: &[Ipv4Addr],
        limit: u32,
        exhausted: Drop,
    ) -> Result<(), Stop> {
        let slot = self.way.translations.iter().position(Option::is_none);
        // As many as a flow can remember: the route tables send the packet round in a circle.
        let Some(slot) = slot else {
            return Err(self.refuse(DropReason::RoutingLoop.at(exhausted.element)));
        };
        let translation = match self.flow {
            Flow::New => self.free_port(by, addresses, limit),
            Flow::Known(known) => {
                let made = known.translations[slot];
                let holds = made.filter(|t| t.by == by && addresses.contains(&t.address));
                Some(holds.ok_or(Stop::Moved)?)
            }
        };
        let Some(translation) = translation else {
            return Err(self.refuse(exhausted));
        };
        self.way.translations[slot] = Some(translation);
        self.headers.src = translation.address;
        if self.headers.quoted().is_none() {
            self.set_source_port(translation.port);
        }
        Ok(())
    }

    pub(super) fn free_port(
        &self,
        by: Translator,
        addresses: &[Ipv4Addr],
        limit: u32,
    ) -> Option<Translation> {
        let first = self.salt as usize % addresses.len().max(1);
        let (before, after) = addresses.split_at(first.min(addresses.len()));
        after.iter().chain(before).find_map(|&address| {
            let towards = self.towards(by, address);
            let port = self.ports.free(&towards, (self.salt >> 16) as u16, limit)?;
            Some(Translation { by, address, port })
        })
    }

    /// The destination as a translator's ports are counted by it.
    pub(super) fn towards(&self, by: Translator, address: Ipv4Addr) -> Towards {
        Towards {
            by,
            address,
            protocol: self.headers.protocol,
            remote: self.headers.dst,
            remote_port: self.headers.dst_port,
        }
    }

    /// Ports and identifiers are one: an answer has its identifier at the other end.
    pub(super) fn set_source_port(&mut self, port: u16) {
        match self.headers.protocol {
            Protocol::TCP | Protocol::UDP | Protocol::ICMP => self.headers.src_port = port,
            _ => {}
        }
    }

    /// Undoes a translator's last translation for a packet of the return direction; false when this
    /// is no packet of a flow that the translator knows.
    pub(super) fn restore(&mut self, by: Translator) -> bool {
        let Some(known) = self.returning() else {
            return false;
        };
        let made = |t: &Option<Translation>| {
            t.is_some_and(|t| t.by == by && t.address == self.headers.dst)
        };
        let Some(at) = known.translations.iter().rposition(made) else {
            return false;
        };
        let (address, port) = match at.checked_sub(1).and_then(|at| known.translations[at]) {
            Some(inner) => (inner.address, inner.port),
            None => (known.origin.1.src, known.origin.1.src_port),
        };
        self.headers.dst = address;
        if self.headers.quoted().is_none() {
            self.headers.dst_port = port;
        }
        true
    }

    /// Where the flow's opener is.
    pub(super) fn opener(&self) -> Option<InterfaceId> {
        self.returning().map(|known| known.origin.0)
    }

    /// Something that tracks every flow is on the way: security groups at both ends do, too.
    pub(super) fn track(&mut self) {
        self.way.tracked = [true; 2];
    }
}
