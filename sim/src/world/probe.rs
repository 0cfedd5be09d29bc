//! What has no connection: UDP datagrams, pings and traceroutes, and their answers.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::rc::Rc;

use egret_dataplane::packet::{Headers, Protocol, Tuple};
use egret_dataplane::time::{Duration, Instant};

use super::resolver::query;
use super::targets::{Source, Target};
use super::{EndId, Role, Wire, World};
use crate::datagram::{self, TTL};
use crate::plan::{Datagrams, Probes, Traffic, Workload};
use crate::report::TraceHop;

/// Where traceroute sends to (its first port; always the same here, so that all probes are one flow).
const TRACEROUTE_PORT: u16 = 33_434;
/// How long traceroute waits for each answer.
const TRACEROUTE_WAIT: Duration = Duration::from_secs(1);

/// Sends packets one by one, and waits for an answer to each.
#[derive(Debug)]
pub(super) struct Prober {
    source: Source,
    tuple: Tuple,
    began: Instant,
    sent: u32,
    /// What was not answered yet.
    awaited: VecDeque<Awaited>,
    /// A traceroute has come to its end.
    over: bool,
}

/// A packet that may still be answered.
#[derive(Clone, Copy, Debug)]
struct Awaited {
    number: u32,
    sent: Instant,
    /// What happened to it or to its answer, if that was nothing good.
    trouble: Option<&'static str>,
}

impl Prober {
    /// Something happened to the packet that was sent last, or to the oldest answer.
    pub(super) fn note(&mut self, trouble: &'static str, last: bool) {
        let found = match last {
            true => self.awaited.back_mut(),
            false => self.awaited.iter_mut().find(|awaited| awaited.trouble.is_none()),
        };
        if let Some(awaited) = found {
            awaited.trouble = Some(trouble);
        }
    }

    pub(super) fn source(&self) -> Rc<str> {
        Rc::clone(&self.source.name)
    }
}

impl World {
    /// Begins to send the packets of one flow of a workload.
    pub(super) fn open_prober(&mut self, traffic: usize, entry: &Traffic, flow: u32) {
        let Some((wire, source)) = self.source(entry, flow) else {
            return self.fail_unopened(traffic, "no task");
        };
        let (protocol, port) = match &entry.workload {
            Workload::Ping(_) => (Protocol::ICMP, 0),
            Workload::Traceroute { .. } => (Protocol::UDP, TRACEROUTE_PORT),
            _ => (Protocol::UDP, entry.to.port.unwrap_or(53)),
        };
        let dst = match self.find(&source, &entry.to.host, false) {
            Target::At(dst) | Target::Ask(dst) => dst,
            Target::Unknown => return self.fail_unopened(traffic, "name not found"),
        };
        let Some(tuple) = self.free_port(wire, source.address, (dst, port), protocol) else {
            return self.fail_unopened(traffic, "no free local port");
        };
        let prober = Prober {
            source,
            tuple,
            began: self.now,
            sent: 0,
            awaited: VecDeque::new(),
            over: false,
        };
        let role = Role::Prober(Box::new(prober));
        let id = self.add(wire, tuple.reversed(), Some(traffic), None, role);
        self.probe(id, None);
    }

    /// Takes an answer in, gives up what is too old, and sends what is due.
    pub(super) fn probe(&mut self, id: EndId, packet: Option<Vec<u8>>) {
        let plan = Rc::clone(&self.plan);
        let Some(traffic) = self.end(id).and_then(|end| end.traffic) else { return };
        match &plan.traffic[traffic].workload {
            Workload::Datagrams(datagrams) => {
                if let Some(packet) = packet {
                    let number = datagram::payload(&packet).and_then(|payload| {
                        let number = payload.first_chunk::<4>().copied().map(u32::from_be_bytes);
                        let id = payload.first_chunk::<2>().copied().map(u16::from_be_bytes);
                        if datagrams.query.is_some() { id.map(u32::from) } else { number }
                    });
                    let bytes = datagram::payload(&packet).map_or(0, <[u8]>::len);
                    self.answered(id, number, bytes);
                }
                let pace = (datagrams.count, datagrams.interval, datagrams.timeout);
                self.keep_pace(id, pace, |world, tuple, number| {
                    world.next_datagram(datagrams, tuple, number)
                });
            }
            Workload::Ping(probes) => {
                if let Some(packet) = packet {
                    let number = datagram::echo_number(&packet).map(u32::from);
                    self.answered(id, number, probes.size.into());
                }
                let pace = (probes.count, probes.interval, probes.timeout);
                self.keep_pace(id, pace, |_, tuple, number| next_echo(probes, tuple, number));
            }
            Workload::Traceroute { hops } => {
                if let Some(packet) = packet {
                    let from = Ipv4Addr::new(packet[12], packet[13], packet[14], packet[15]);
                    self.traced(id, from, true);
                }
                self.trace_on(id, *hops);
            }
            _ => {}
        }
    }

    /// Sends a packet every so often; each is awaited for as long as the timeout says.
    fn keep_pace(
        &mut self,
        id: EndId,
        (count, interval, timeout): (u32, Duration, Duration),
        packet: impl Fn(&mut World, Tuple, u32) -> Vec<u8>,
    ) {
        let now = self.now;
        self.give_up(id, timeout);
        while let Some((wire, tuple, number)) = self.due(id, now, count, interval) {
            let bytes = packet(self, tuple, number);
            if let Some(traffic) = self.end(id).and_then(|end| end.traffic) {
                let tally = &mut self.tallies[traffic];
                tally.attempted += 1;
                tally.sent += bytes.len() as u64 - 28;
            }
            self.cut(wire, id, bytes);
        }
        let Some((prober, _)) = self.prober(id) else { return };
        let next = (prober.sent < count)
            .then(|| prober.began + Duration(interval.0.saturating_mul(prober.sent.into())));
        let oldest = prober.awaited.front().map(|awaited| awaited.sent + timeout);
        let wake = [next, oldest].into_iter().flatten().min();
        match wake {
            Some(at) => self.wake(id, Some(at)),
            None => self.remove(id),
        }
    }

    /// The next packet, if it is time for it.
    fn due(
        &mut self,
        id: EndId,
        now: Instant,
        count: u32,
        interval: Duration,
    ) -> Option<(Wire, Tuple, u32)> {
        let (prober, wire) = self.prober(id)?;
        let number = prober.sent;
        let at = prober.began + Duration(interval.0.saturating_mul(number.into()));
        if number >= count || now < at {
            return None;
        }
        prober.sent += 1;
        prober.awaited.push_back(Awaited { number: number & 0xffff, sent: now, trouble: None });
        Some((wire, prober.tuple, number))
    }

    fn prober(&mut self, id: EndId) -> Option<(&mut Prober, Wire)> {
        let end = self.end(id)?;
        let wire = end.wire;
        match &mut end.role {
            Role::Prober(prober) => Some((prober, wire)),
            _ => None,
        }
    }

    /// A datagram with its number in front, or a DNS query with it as its id.
    fn next_datagram(&mut self, plan: &Datagrams, tuple: Tuple, number: u32) -> Vec<u8> {
        let payload = match &plan.query {
            Some(name) => query(number as u16, name),
            None => {
                let mut payload = vec![0x65; usize::from(plan.size.max(4))];
                payload[..4].copy_from_slice(&(number & 0xffff).to_be_bytes());
                payload
            }
        };
        self.datagrams = self.datagrams.wrapping_add(1);
        datagram::udp(tuple, TTL, self.datagrams, &payload)
    }

    /// Sends a datagram, in fragments where it is larger than what its sender is plugged into.
    pub(super) fn cut(&mut self, wire: Wire, id: EndId, bytes: Vec<u8>) {
        let mtu = self.mtu(wire);
        if bytes.len() <= usize::from(mtu) {
            return self.transmit(wire, Some(id), bytes);
        }
        let Ok(headers) = egret_dataplane::packet::decode(&bytes) else { return };
        for fragment in egret_dataplane::packet::answer::fragments(&bytes, &headers, mtu) {
            self.transmit(wire, Some(id), fragment);
        }
    }

    /// An answer to the packet of that number came.
    fn answered(&mut self, id: EndId, number: Option<u32>, bytes: usize) {
        let now = self.now;
        let Some((prober, _)) = self.prober(id) else { return };
        let at = prober.awaited.iter().position(|awaited| Some(awaited.number) == number);
        let Some(Awaited { sent, .. }) = at.and_then(|at| prober.awaited.remove(at)) else {
            return;
        };
        let Some(traffic) = self.end(id).and_then(|end| end.traffic) else { return };
        let tally = &mut self.tallies[traffic];
        tally.completed += 1;
        tally.received += bytes as u64;
        tally.request.add(now.since(sent));
    }

    /// What was sent too long ago is not answered any more.
    fn give_up(&mut self, id: EndId, timeout: Duration) {
        let now = self.now;
        while let Some((prober, _)) = self.prober(id)
            && prober.awaited.front().is_some_and(|oldest| now.since(oldest.sent) >= timeout)
        {
            let why = prober.awaited.pop_front().and_then(|oldest| oldest.trouble);
            let why = why.unwrap_or("timeout");
            let Some(traffic) = self.end(id).and_then(|end| end.traffic) else { return };
            self.tallies[traffic].timeouts += 1;
            self.tallies[traffic].fail(why);
            self.tell(id, format_args!("is not answered: {why}"));
        }
    }

    /// An ICMP error about one of the packets came.
    pub(super) fn probe_failed(&mut self, id: EndId, error: &Headers) {
        let plan = Rc::clone(&self.plan);
        let Some(traffic) = self.end(id).and_then(|end| end.traffic) else { return };
        if matches!(plan.traffic[traffic].workload, Workload::Traceroute { .. }) {
            // 11/0 is from a hop, 3/3 from the end (RFC 792).
            let reached = error.icmp() == Some((3, 3));
            self.traced(id, error.src, reached);
            return self.probe(id, None);
        }
        let Some((prober, _)) = self.prober(id) else { return };
        if prober.awaited.pop_front().is_none() {
            return;
        }
        let why = match error.icmp() {
            Some((3, 3)) => "port unreachable",
            Some((3, 4)) => "packet too big",
            Some((11, 0)) => "time to live exceeded",
            _ => "unreachable",
        };
        self.tallies[traffic].fail(why);
        self.tell(id, format_args!("is refused: {why}"));
        self.probe(id, None);
    }

    /// Somebody answered the probe that is awaited.
    fn traced(&mut self, id: EndId, from: Ipv4Addr, reached: bool) {
        let now = self.now;
        let Some((prober, _)) = self.prober(id) else { return };
        let Some(Awaited { number: ttl, sent, .. }) = prober.awaited.pop_front() else { return };
        prober.over |= reached;
        let Some(traffic) = self.end(id).and_then(|end| end.traffic) else { return };
        let tally = &mut self.tallies[traffic];
        tally.completed += u64::from(reached);
        let ns = now.since(sent).0;
        tally.hops.push(TraceHop { ttl: ttl as u8, address: Some(from), ns });
    }

    /// Sends the next probe of a traceroute, if none is awaited any more.
    fn trace_on(&mut self, id: EndId, hops: u8) {
        let now = self.now;
        let Some(traffic) = self.end(id).and_then(|end| end.traffic) else { return };
        let Some((prober, wire)) = self.prober(id) else { return };
        if let Some(Awaited { number: ttl, sent, .. }) = prober.awaited.front().copied() {
            if now < sent + TRACEROUTE_WAIT {
                return self.wake(id, Some(sent + TRACEROUTE_WAIT));
            }
            prober.awaited.pop_front();
            let silent = TraceHop { ttl: ttl as u8, address: None, ns: TRACEROUTE_WAIT.0 };
            self.tallies[traffic].hops.push(silent);
        }
        let Some((prober, _)) = self.prober(id) else { return };
        if prober.over || prober.sent >= hops.into() {
            let (over, why) = (prober.over, self.end(id).and_then(|end| end.trouble));
            if !over {
                self.tallies[traffic].fail(why.unwrap_or("timeout"));
            }
            return self.remove(id);
        }
        prober.sent += 1;
        let (ttl, tuple) = (prober.sent, prober.tuple);
        prober.awaited.push_back(Awaited { number: ttl, sent: now, trouble: None });
        self.tallies[traffic].attempted += u64::from(ttl == 1);
        self.datagrams = self.datagrams.wrapping_add(1);
        let bytes = datagram::udp(tuple, ttl as u8, self.datagrams, &[0x40; 32]);
        self.transmit(wire, Some(id), bytes);
        self.wake(id, Some(now + TRACEROUTE_WAIT));
    }
}

fn next_echo(plan: &Probes, tuple: Tuple, number: u32) -> Vec<u8> {
    datagram::echo_request(tuple, TTL, number as u16, &vec![0x65; plan.size.into()])
}
