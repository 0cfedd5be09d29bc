//! TCP as tasks and hosts speak it: smoltcp sockets, each with the little that it needs of a stack.
//!
//! smoltcp looks at every socket of an interface for every packet. Here a connection has a socket set
//! of its own, found by its addresses, and all connections of one MTU share one smoltcp interface,
//! which keeps nothing of them: a packet costs the same with ten connections and a hundred thousand.
//! A connection whose path has a smaller MTU is polled by the interface of that MTU (RFC 1191).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use egret_dataplane::packet::Tuple;
use egret_dataplane::time::{Duration, Instant};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{self, Device, DeviceCapabilities, Medium};
use smoltcp::socket::tcp::{self, Socket, SocketBuffer};
use smoltcp::time as smol;
use smoltcp::wire::{HardwareAddress, IpAddress, IpEndpoint, IpListenEndpoint};

/// The stacks of all tasks and hosts, by MTU.
pub(crate) struct Stacks {
    by_mtu: BTreeMap<u16, Interface>,
    seed: u64,
    pipe: Pipe,
}

/// One end of a TCP connection.
pub(crate) struct TcpEnd {
    sockets: SocketSet<'static>,
    handle: SocketHandle,
    /// The largest packet that it sends.
    mtu: u16,
    /// One more than the highest sequence number that was sent.
    sent_to: Option<u32>,
    /// Segments that were sent again.
    pub(crate) retransmissions: u64,
}

/// The smallest MTU that a path is believed to have (RFC 791: every host takes 576).
const LEAST_MTU: u16 = 576;

impl TcpEnd {
    /// An end with buffers of so many bytes, for receiving and sending.
    pub(crate) fn new(mtu: u16, receive: usize, send: usize) -> TcpEnd {
        let buffer = |bytes: usize| SocketBuffer::new(vec![0; bytes]);
        let mut socket = Socket::new(buffer(receive), buffer(send));
        socket.set_nagle_enabled(false);
        let mut sockets = SocketSet::new(Vec::with_capacity(1));
        let handle = sockets.add(socket);
        TcpEnd { sockets, handle, mtu, sent_to: None, retransmissions: 0 }
    }

    /// Bytes that the other end has not acknowledged.
    pub(crate) fn unacknowledged(&self) -> u64 {
        self.sockets.get::<Socket<'static>>(self.handle).send_queue() as u64
    }

    pub(crate) fn socket(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.handle)
    }

    pub(crate) fn state(&self) -> tcp::State {
        self.sockets.get::<Socket<'static>>(self.handle).state()
    }

    /// Learns that packets to the other end may not be larger (RFC 1191 §6.3).
    pub(crate) fn lower_mtu(&mut self, mtu: u16) {
        self.mtu = self.mtu.min(mtu.max(LEAST_MTU));
    }

    /// Waits for the other end to open the connection.
    pub(crate) fn listen(&mut self, address: Ipv4Addr, port: u16) {
        let endpoint = IpListenEndpoint { addr: Some(IpAddress::Ipv4(address)), port };
        self.socket().listen(endpoint).expect("a fresh socket and a port");
    }

    /// Counts a segment that is sent again. A keep-alive probe is not: it repeats one byte that was
    /// acknowledged.
    fn note_sent(&mut self, packet: &[u8]) {
        let header = usize::from(packet[0] & 0x0f) * 4;
        let tcp = &packet[header..];
        let seq = u32::from_be_bytes([tcp[4], tcp[5], tcp[6], tcp[7]]);
        let total = usize::from(u16::from_be_bytes([packet[2], packet[3]]));
        let flags = tcp[13];
        let payload = total.saturating_sub(header + usize::from(tcp[12] >> 4) * 4) as u32;
        let length = payload + u32::from(flags & 0x03 != 0);
        if length == 0 || flags & 0x04 != 0 {
            return;
        }
        let end = seq.wrapping_add(length);
        let known = *self.sent_to.get_or_insert(seq);
        let again = (seq.wrapping_sub(known) as i32) < 0;
        let probe = payload == 1 && end == known && flags & 0x03 == 0;
        self.retransmissions += u64::from(again && !probe);
        if (end.wrapping_sub(known) as i32) > 0 {
            self.sent_to = Some(end);
        }
    }
}

impl Stacks {
    pub(crate) fn new(seed: u64) -> Stacks {
        Stacks { by_mtu: BTreeMap::new(), seed, pipe: Pipe::default() }
    }

    fn interface(&mut self, mtu: u16) -> (&mut Interface, &mut Pipe) {
        let (seed, pipe) = (self.seed, &mut self.pipe);
        pipe.mtu = mtu;
        let interface = self.by_mtu.entry(mtu).or_insert_with(|| {
            let mut config = Config::new(HardwareAddress::Ip);
            config.random_seed = seed ^ u64::from(mtu) << 32;
            let mut interface = Interface::new(config, pipe, smol::Instant::ZERO);
            // It takes packets for every address: who is meant was found out before.
            interface.set_any_ip(true);
            let gateway = Ipv4Addr::new(169, 254, 0, 1);
            interface.routes_mut().add_default_ipv4_route(gateway).expect("room for one route");
            interface
        });
        (interface, pipe)
    }

    /// Opens a connection with these addresses and ports.
    pub(crate) fn connect(&mut self, now: Instant, end: &mut TcpEnd, tuple: Tuple) {
        let (interface, _) = self.interface(end.mtu);
        // The context's clock is the last poll's.
        interface.poll_maintenance(to_smol(now));
        let local = IpEndpoint::new(IpAddress::Ipv4(tuple.src), tuple.src_port);
        let remote = IpEndpoint::new(IpAddress::Ipv4(tuple.dst), tuple.dst_port);
        let socket = end.sockets.get_mut::<Socket<'static>>(end.handle);
        let connected = socket.connect(interface.context(), remote, local);
        connected.expect("a fresh socket and ports that are not zero");
    }

    /// Takes a packet in.
    pub(crate) fn receive(&mut self, now: Instant, end: &mut TcpEnd, packet: Vec<u8>) {
        let (interface, pipe) = self.interface(end.mtu);
        pipe.rx = Some(packet);
        interface.poll_ingress_single(to_smol(now), pipe, &mut end.sockets);
        pipe.rx = None;
        self.note_sent(end, 0);
    }

    /// Sends whatever is due; [`Stacks::sent`] has it.
    pub(crate) fn send(&mut self, now: Instant, end: &mut TcpEnd) {
        let before = self.pipe.tx.len();
        let (interface, pipe) = self.interface(end.mtu);
        loop {
            let had = pipe.tx.len();
            interface.poll_egress(to_smol(now), pipe, &mut end.sockets);
            if pipe.tx.len() == had {
                break;
            }
        }
        self.note_sent(end, before);
    }

    fn note_sent(&self, end: &mut TcpEnd, from: usize) {
        self.pipe.tx[from..].iter().for_each(|packet| end.note_sent(packet));
    }

    /// When the end must be polled again, if nothing comes before.
    pub(crate) fn next(&mut self, now: Instant, end: &TcpEnd) -> Option<Instant> {
        let (interface, _) = self.interface(end.mtu);
        let at = interface.poll_at(to_smol(now), &end.sockets)?;
        let at = Instant(at.total_micros().max(0) as u64 * MICRO);
        // What cannot be sent at once is tried again a little later.
        Some(at.max(now + Duration(MICRO)))
    }

    /// A packet for a port where nobody listens: the stack's own answer is a RST.
    pub(crate) fn refuse(&mut self, now: Instant, packet: Vec<u8>) {
        let (interface, pipe) = self.interface(1_500);
        pipe.rx = Some(packet);
        let nobody = &mut SocketSet::new(Vec::new());
        interface.poll_ingress_single(to_smol(now), pipe, nobody);
        pipe.rx = None;
    }

    /// What was sent since this was asked last.
    pub(crate) fn sent(&mut self) -> std::vec::Drain<'_, Vec<u8>> {
        self.pipe.tx.drain(..)
    }
}

const MICRO: u64 = 1_000;

fn to_smol(now: Instant) -> smol::Instant {
    smol::Instant::from_micros((now.0 / MICRO) as i64)
}

/// Where a stack's packets go to and come from.
#[derive(Default)]
struct Pipe {
    mtu: u16,
    rx: Option<Vec<u8>>,
    tx: Vec<Vec<u8>>,
}

struct Rx(Vec<u8>);
struct Tx<'a>(&'a mut Vec<Vec<u8>>);

impl Device for Pipe {
    type RxToken<'a> = Rx;
    type TxToken<'a> = Tx<'a>;

    fn receive(&mut self, _: smol::Instant) -> Option<(Rx, Tx<'_>)> {
        Some((Rx(self.rx.take()?), Tx(&mut self.tx)))
    }

    fn transmit(&mut self, _: smol::Instant) -> Option<Tx<'_>> {
        Some(Tx(&mut self.tx))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.mtu.into();
        capabilities
    }
}

impl phy::RxToken for Rx {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

impl phy::TxToken for Tx<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut packet = vec![0; len];
        let result = f(&mut packet);
        self.0.push(packet);
        result
    }
}
