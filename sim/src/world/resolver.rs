//! Names: the question to a VPC's resolver, and its answer (RFC 1035).
//!
//! The resolver answers what the model says of the asker's VPC: hosts, private names of endpoints,
//! public addresses. Whether it can be asked at all is the dataplane's business.

use std::net::Ipv4Addr;
use std::rc::Rc;

use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::time::{Duration, Instant};
use simple_dns::rdata::{A, RData};
use simple_dns::{
    CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, ResourceRecord, TYPE,
};

use super::targets::{Source, Target, look_up};
use super::{EndId, Role, Wire, World};
use crate::datagram::{self, TTL};

/// How long a client waits for an answer, and how often it asks (resolv.conf(5): `timeout:5`,
/// `attempts:2`).
const WAIT: Duration = Duration::from_secs(5);
const TRIES: u16 = 2;
/// For how long an answer may be kept: what Route 53 has for aliases.
const ANSWER_TTL: u32 = 60;

/// A client that asks for an address, to connect there.
#[derive(Debug)]
pub(super) struct Lookup {
    traffic: usize,
    wire: Wire,
    source: Source,
    resolver: Ipv4Addr,
    host: Rc<str>,
    port: u16,
    tries: u16,
    until: Instant,
}

impl Lookup {
    pub(super) fn new(
        traffic: usize,
        wire: Wire,
        source: Source,
        resolver: Ipv4Addr,
        host: Rc<str>,
        port: u16,
    ) -> Lookup {
        Lookup { traffic, wire, source, resolver, host, port, tries: 0, until: Instant::ZERO }
    }

    pub(super) fn source(&self) -> Rc<str> {
        Rc::clone(&self.source.name)
    }
}

impl World {
    /// Asks, and connects when the answer comes.
    pub(super) fn ask(&mut self, lookup: Lookup) {
        let (wire, traffic) = (lookup.wire, lookup.traffic);
        let to = (lookup.resolver, 53);
        let port = self.free_port(wire, lookup.source.address, to, Protocol::UDP);
        let Some(tuple) = port else {
            return self.fail_unopened(traffic, "no free local port");
        };
        let role = Role::Lookup(Box::new(lookup));
        let id = self.add(wire, tuple.reversed(), Some(traffic), None, role);
        self.look_up(id, None);
    }

    /// Takes the answer in, or asks again.
    pub(super) fn look_up(&mut self, id: EndId, packet: Option<Vec<u8>>) {
        let now = self.now;
        let Some(end) = self.end(id) else { return };
        let (tuple, trouble) = (end.takes.reversed(), end.trouble);
        let Role::Lookup(lookup) = &mut end.role else { return };
        if let Some(answer) = packet.as_deref().and_then(datagram::payload).and_then(answer) {
            let (traffic, wire, port) = (lookup.traffic, lookup.wire, lookup.port);
            let (src, host) = (lookup.source.address, Rc::clone(&lookup.host));
            self.remove(id);
            return match answer {
                Some(dst) => self.connect(traffic, wire, src, (dst, port), host),
                None => self.fail_unopened(traffic, "name not found"),
            };
        }
        if lookup.tries > 0 && now < lookup.until {
            let until = lookup.until;
            return self.wake(id, Some(until));
        }
        let traffic = lookup.traffic;
        if lookup.tries >= TRIES {
            self.remove(id);
            self.tallies[traffic].timeouts += 1;
            return self.fail_unopened(traffic, trouble.unwrap_or("no answer from the resolver"));
        }
        lookup.tries += 1;
        lookup.until = now + WAIT;
        let (wire, bytes) = (lookup.wire, query(lookup.tries, &lookup.host));
        self.datagrams = self.datagrams.wrapping_add(1);
        let packet = datagram::udp(tuple, TTL, self.datagrams, &bytes);
        self.transmit(wire, Some(id), packet);
        self.wake(id, Some(now + WAIT));
    }

    /// The answer to a question, for whoever asked it.
    pub(super) fn resolved(&self, asker: Option<EndId>, question: &[u8]) -> Option<Vec<u8>> {
        let name = asker.and_then(|id| self.name_of(id))?;
        let question = Packet::parse(question).ok()?;
        let asked = question.questions.first()?;
        let (model, snapshot) = (&self.model, self.cloud.snapshot());
        let host = asked.qname.to_string();
        let address = match look_up(model, snapshot, &name, &host) {
            Target::At(address) => Some(address),
            Target::Ask(_) | Target::Unknown => None,
        };
        reply(&question, address)
    }
}

/// A question for the address of a name.
pub(super) fn query(id: u16, name: &str) -> Vec<u8> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    if let Ok(name) = Name::new(name) {
        let kind = QTYPE::TYPE(TYPE::A);
        packet.questions.push(Question::new(name, kind, QCLASS::CLASS(CLASS::IN), false));
    }
    packet.build_bytes_vec().unwrap_or_default()
}

fn reply(question: &Packet<'_>, address: Option<Ipv4Addr>) -> Option<Vec<u8>> {
    let mut packet = Packet::new_reply(question.id());
    packet.set_flags(
        PacketFlag::RESPONSE | PacketFlag::RECURSION_DESIRED | PacketFlag::RECURSION_AVAILABLE,
    );
    let asked = question.questions.first()?.clone();
    match address {
        Some(address) => {
            let data = RData::A(A { address: address.to_bits() });
            let name = asked.qname.clone();
            packet.answers.push(ResourceRecord::new(name, CLASS::IN, ANSWER_TTL, data));
        }
        None => *packet.rcode_mut() = RCODE::NameError,
    }
    packet.questions.push(asked);
    packet.build_bytes_vec_compressed().ok()
}

/// The address in an answer; `Some(None)` says that there is none.
fn answer(bytes: &[u8]) -> Option<Option<Ipv4Addr>> {
    let packet = Packet::parse(bytes).ok()?;
    Some(packet.answers.iter().find_map(|record| match &record.rdata {
        RData::A(a) => Some(Ipv4Addr::from_bits(a.address)),
        _ => None,
    }))
}

/// The tuple of a question, for whoever has to know that it is one.
pub(super) fn is_question(tuple: &Tuple) -> bool {
    tuple.protocol == Protocol::UDP && tuple.dst_port == 53
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered() {
        let bytes = query(7, "api.example.com");
        let question = Packet::parse(&bytes).unwrap();
        let address = Ipv4Addr::new(203, 0, 113, 10);
        let known = reply(&question, Some(address)).unwrap();
        assert_eq!(answer(&known), Some(Some(address)));
        assert_eq!(known[..2], [0, 7]);
        assert_eq!(answer(&reply(&question, None).unwrap()), Some(None));
        assert_eq!(answer(b"no packet"), None);
    }
}
