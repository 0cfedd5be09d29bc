//! Packets arrive: at a connection, at a host that takes them, or at nobody.

use egret_dataplane::packet::{Fragment, Headers, Protocol, TcpFlags, decode};
use egret_dataplane::snapshot::Interface;
use egret_dataplane::time::Duration;

use super::open::{receiving, sending};
use super::resolver::is_question;
use super::{EndId, Happens, Role, Wire, World};
use crate::datagram::{self, TTL};
use crate::plan::{Behaviour, Workload};
use crate::server::Server;
use crate::stack::TcpEnd;

const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

impl World {
    pub(super) fn arrives(&mut self, wire: Wire, bytes: Vec<u8>, from: Option<EndId>) {
        let Ok(headers) = decode(&bytes) else { return self.note_nobody(from) };
        if headers.fragment != Fragment::Whole {
            let here = self.reassembly.entry(wire).or_default();
            if let Some(whole) = here.add(self.now, &bytes) {
                self.arrives(wire, whole, from);
            }
            return;
        }
        if let Some(quoted) = headers.quoted() {
            if let Some(id) = self.by_tuple.get(&(wire, quoted.reversed())).copied() {
                self.error_arrives(id, &headers, &bytes);
            }
            return;
        }
        match self.by_tuple.get(&(wire, headers.tuple())).copied() {
            Some(id) => {
                self.introduce(id, from);
                self.poll(id, Some(bytes));
            }
            None => self.nobody_waits(wire, &headers, bytes, from),
        }
    }

    /// The two ends of a conversation know each other. What a client will hear is decided by whom its
    /// connection has reached.
    fn introduce(&mut self, id: EndId, from: Option<EndId>) {
        let Some(from) = from.filter(|from| *from != id) else { return };
        let behaviour = match self.end(from).map(|end| &end.role) {
            Some(Role::Server(_, server)) => Some(server.behaviour()),
            _ => None,
        };
        let Some(end) = self.end(id) else { return };
        end.other.get_or_insert(from);
        if let (Role::Client(_, client), Some(behaviour)) = (&mut end.role, behaviour) {
            client.meets(behaviour);
        }
    }

    /// An ICMP error about what an end has sent.
    fn error_arrives(&mut self, id: EndId, headers: &Headers, bytes: &[u8]) {
        let Some(end) = self.end(id) else { return };
        match &mut end.role {
            Role::Client(tcp, _) | Role::Server(tcp, _) => {
                if let Some(mtu) = datagram::next_mtu(bytes) {
                    tcp.lower_mtu(mtu);
                    self.tell(id, format_args!("learns that its path takes {mtu} bytes"));
                }
            }
            Role::Prober(_) => self.probe_failed(id, headers),
            Role::Lookup(_) => {}
        }
    }

    /// A packet for which nobody here waits: it may begin something.
    fn nobody_waits(&mut self, wire: Wire, headers: &Headers, bytes: Vec<u8>, from: Option<EndId>) {
        let place = match wire {
            Wire::Cloud(interface) => {
                self.cloud.snapshot().interfaces.get(interface.0 as usize).copied()
            }
            Wire::Provider => None,
        };
        match (place, headers.protocol) {
            (Some(Interface::Gone), _) => self.note_nobody(from),
            (Some(Interface::Task(_)), _) => self.stray(wire, headers, bytes),
            (_, Protocol::TCP) => self.tcp_begins(wire, headers, bytes, from),
            (Some(Interface::LinkLocal(_)), Protocol::UDP) if is_question(&headers.tuple()) => {
                self.answers(wire, headers, &bytes, from, Behaviour::Dns);
            }
            (_, Protocol::UDP) => {
                let behaviour = self.behaviour(wire, &headers.tuple());
                self.answers(wire, headers, &bytes, from, behaviour);
            }
            (_, Protocol::ICMP) => {
                let silent = self.behaviour(wire, &headers.tuple()) == Behaviour::Silent;
                match datagram::echo_reply(&bytes).filter(|_| !silent) {
                    Some(reply) => self.transmit(wire, from, reply),
                    None => self.note_nobody(from),
                }
            }
            // Taken, by whatever speaks that protocol.
            _ => {}
        }
    }

    /// Something for a task that nothing there asked for: of a connection that it has forgotten.
    fn stray(&mut self, wire: Wire, headers: &Headers, bytes: Vec<u8>) {
        let tuple = headers.tuple();
        if let Some(books) = &mut self.books
            && !books.known.contains(&(wire, tuple))
        {
            books.strangers.push((self.now, tuple));
        }
        if headers.protocol == Protocol::TCP {
            self.refuse(wire, headers, bytes, None);
        }
    }

    fn tcp_begins(&mut self, wire: Wire, headers: &Headers, bytes: Vec<u8>, from: Option<EndId>) {
        let tuple = headers.tuple();
        let TcpFlags(flags) = headers.tcp().unwrap_or(TcpFlags(0));
        let behaviour = self.behaviour(wire, &tuple);
        match behaviour {
            Behaviour::Silent => return self.note_nobody(from),
            Behaviour::Closed | Behaviour::Dns => {
                return self.refuse(wire, headers, bytes, from);
            }
            _ if flags & (SYN | ACK) != SYN => return self.refuse(wire, headers, bytes, from),
            _ => {}
        }
        let traffic = from.and_then(|id| self.end(id)).and_then(|end| end.traffic);
        let (request, response) = match traffic.map(|at| &self.plan.traffic[at].workload) {
            Some(Workload::Connections(plan)) => (plan.request, plan.response),
            _ => (0, 0),
        };
        let response = match behaviour {
            Behaviour::Source(bytes) => bytes,
            Behaviour::Echo => request,
            _ => response,
        };
        let mut end = TcpEnd::new(self.mtu(wire), receiving(request), sending(response));
        end.listen(tuple.dst, tuple.dst_port);
        let role = Role::Server(end, Box::new(Server::new(self.now, behaviour)));
        let id = self.add(wire, tuple, traffic, from, role);
        self.poll(id, Some(bytes));
    }

    /// Nobody listens there: a RST, unless it is one already.
    fn refuse(&mut self, wire: Wire, headers: &Headers, bytes: Vec<u8>, from: Option<EndId>) {
        if headers.tcp().is_some_and(|TcpFlags(flags)| flags & RST == 0) {
            self.stacks.refuse(self.now, bytes);
            self.flush(wire, from);
        }
    }

    /// A host's answer to a datagram.
    fn answers(
        &mut self,
        wire: Wire,
        headers: &Headers,
        bytes: &[u8],
        from: Option<EndId>,
        behaviour: Behaviour,
    ) {
        let payload = datagram::payload(bytes).unwrap_or_default();
        let (later, payload) = match behaviour {
            Behaviour::Silent => return self.note_nobody(from),
            Behaviour::Sink | Behaviour::Source(_) => return,
            Behaviour::Closed => {
                if let Some(error) = datagram::port_unreachable(bytes) {
                    self.transmit(wire, from, error);
                }
                return;
            }
            Behaviour::Dns => match self.resolved(from, payload) {
                Some(answer) => (Duration::ZERO, answer),
                None => return,
            },
            Behaviour::Slow(by) => (by, payload.to_vec()),
            Behaviour::Respond | Behaviour::Echo | Behaviour::IdleClose(_) => {
                (Duration::ZERO, payload.to_vec())
            }
        };
        self.datagrams = self.datagrams.wrapping_add(1);
        let tuple = headers.tuple().reversed();
        let answer = datagram::udp(tuple, TTL, self.datagrams, &payload);
        let mtu = self.mtu(wire);
        let pieces = match decode(&answer) {
            Ok(headers) if answer.len() > usize::from(mtu) => {
                egret_dataplane::packet::answer::fragments(&answer, &headers, mtu)
            }
            _ => vec![answer],
        };
        for bytes in pieces {
            match later {
                Duration::ZERO => self.transmit(wire, from, bytes),
                later => self.queue.push(self.now + later, Happens::Leaves { wire, bytes, from }),
            }
        }
    }
}
