//! Flows in a world, and packets of them.
//!
//! Flows are opened in the worker that is measured, by their real first packets, and what comes out
//! says what their answers look like. A [`Trace`] is then a long sequence of packets of those flows,
//! drawn beforehand and read in order, so that drawing costs the measured loop nothing but a stream
//! of 24 bytes a packet.

use std::net::Ipv4Addr;
use std::sync::Arc;

use clap::ValueEnum;
use egret_dataplane::packet::{self, Protocol, Tuple, checksum};
use egret_dataplane::snapshot::{InterfaceId, Snapshot};
use egret_dataplane::steer::Steering;
use egret_dataplane::time::Instant;
use egret_dataplane::verdict::Verdict;
use egret_dataplane::worker::{Arrival, Worker};
use serde::{Deserialize, Serialize};

use crate::turnover::Turnover;
use crate::world::{Senders, World};

/// Bytes from one packet's buffer to the next: an odd multiple of 64, because buffers a power of two
/// apart share few sets of the caches.
const STRIDE: usize = 2_112;
/// Packet buffers: enough that none is in use twice in a burst, few enough to stay in a cache.
const BUFFERS: usize = 1_024;
/// Packets in a burst of the load.
pub const BURST: usize = 64;

/// The bytes of a packet that tell it from others of its size.
#[derive(Clone, Copy, Debug)]
pub struct Image {
    addresses: [u8; 8],
    ports: [u8; 4],
    interface: InterfaceId,
    ip_checksum: u16,
    transport_checksum: u16,
    len: u16,
    protocol: Protocol,
    flags: u8,
}

/// A flow that was opened: its packets in both directions.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    /// Where each direction's packets enter, and their tuple there.
    pub ends: [(InterfaceId, Tuple); 2],
}

/// Which protocols flows have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Protocols {
    /// UDP only.
    Udp,
    /// TCP only.
    Tcp,
    /// Half and half.
    Both,
}

/// Which directions packets have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From tasks.
    Out,
    /// To tasks.
    In,
    /// By turns.
    Both,
}

/// In which order flows send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Each packet belongs to any flow, equally likely: the worst case for caches.
    Random,
    /// A few flows send most of the packets: the n-th as often as 1/n says.
    Zipf,
    /// One flow after the other.
    Sequential,
}

impl Image {
    /// A packet of `len` bytes in all; a TCP segment in the midst of its connection.
    pub fn new(interface: InterfaceId, tuple: Tuple, len: u16) -> Image {
        Image::with_flags(interface, tuple, len, ACK)
    }

    /// The same, where a TCP segment has these flags.
    pub fn with_flags(interface: InterfaceId, tuple: Tuple, len: u16, flags: u8) -> Image {
        let mut bytes = [0; 40];
        bytes[..20].copy_from_slice(&ip_header(tuple, len));
        let udp_len = len - 20;
        bytes[20..22].copy_from_slice(&tuple.src_port.to_be_bytes());
        bytes[22..24].copy_from_slice(&tuple.dst_port.to_be_bytes());
        bytes[24..26].copy_from_slice(&udp_len.to_be_bytes());
        bytes[32..34].copy_from_slice(&[DATA_OFFSET, flags]);
        let ip_checksum = checksum::of(&bytes[..20]);
        let mut pseudo = [0; 12];
        pseudo[..8].copy_from_slice(&bytes[12..20]);
        pseudo[9] = tuple.protocol.0;
        pseudo[10..12].copy_from_slice(&udp_len.to_be_bytes());
        let covered = [&pseudo[..], &bytes[20..40]].concat();
        Image {
            addresses: std::array::from_fn(|at| bytes[12 + at]),
            ports: std::array::from_fn(|at| bytes[20 + at]),
            interface,
            ip_checksum,
            transport_checksum: checksum::of(&covered),
            len,
            protocol: tuple.protocol,
            flags,
        }
    }

    /// Where the packet enters.
    pub fn interface(&self) -> InterfaceId {
        self.interface
    }

    /// Writes the packet over another one. What follows the ports is at once the rest of a UDP
    /// header and of a TCP segment, each with its checksum where it belongs.
    #[inline(always)]
    pub fn write(&self, bytes: &mut [u8]) {
        let head: &mut [u8; 40] = (&mut bytes[..40]).try_into().expect("40 bytes");
        let tcp = self.protocol == Protocol::TCP;
        head[2..4].copy_from_slice(&self.len.to_be_bytes());
        head[8] = 64;
        head[9] = self.protocol.0;
        head[10..12].copy_from_slice(&self.ip_checksum.to_be_bytes());
        head[12..20].copy_from_slice(&self.addresses);
        head[20..24].copy_from_slice(&self.ports);
        head[24..26].copy_from_slice(&(self.len - 20).to_be_bytes());
        let checksum = self.transport_checksum.to_be_bytes();
        let [udp, tcp] = if tcp { [[0; 2], checksum] } else { [checksum, [0; 2]] };
        head[26..28].copy_from_slice(&udp);
        head[33] = self.flags;
        head[36..38].copy_from_slice(&tcp);
    }
}

/// A TCP header of 20 bytes.
const DATA_OFFSET: u8 = 0x50;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

fn ip_header(tuple: Tuple, len: u16) -> [u8; 20] {
    let mut header = [0; 20];
    header[0] = 0x45;
    header[2..4].copy_from_slice(&len.to_be_bytes());
    header[6] = 0x40;
    header[8] = 64;
    header[9] = tuple.protocol.0;
    header[12..16].copy_from_slice(&tuple.src.octets());
    header[16..20].copy_from_slice(&tuple.dst.octets());
    header
}

/// The flow of that number: any two differ in source, destination or port.
pub fn flow(world: &World, number: usize, protocols: Protocols) -> (InterfaceId, Tuple) {
    match &world.senders {
        Senders::All { sources, destinations } => {
            let (interface, src) = sources[number % sources.len()];
            let turn = number / sources.len();
            let (dst, dst_port) = destinations[mix(number as u64) as usize % destinations.len()];
            let protocol = protocols.of(number);
            (interface, Tuple { src, dst, src_port: source_port(turn), dst_port, protocol })
        }
        Senders::Pairs(pairs) => {
            let (interface, tuple) = pairs[number % pairs.len()];
            (interface, Tuple { src_port: source_port(number / pairs.len()), ..tuple })
        }
    }
}

/// Source ports, from the first that is not a well-known one.
fn source_port(turn: usize) -> u16 {
    1_024 + (turn % usize::from(u16::MAX - 1_023)) as u16
}

impl Protocols {
    /// The protocol of the flow of that number.
    fn of(self, number: usize) -> Protocol {
        match self {
            Protocols::Udp => Protocol::UDP,
            Protocols::Tcp => Protocol::TCP,
            Protocols::Both if mix(!(number as u64)) & 1 == 0 => Protocol::TCP,
            Protocols::Both => Protocol::UDP,
        }
    }

    /// All that flows may have.
    pub fn all(self) -> &'static [Protocol] {
        match self {
            Protocols::Udp => &[Protocol::UDP],
            Protocols::Tcp => &[Protocol::TCP],
            Protocols::Both => &[Protocol::TCP, Protocol::UDP],
        }
    }
}

fn mix(x: u64) -> u64 {
    let x = (x ^ x >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^ x >> 29
}

/// Opens flows and brings them to where they stay: TCP established, UDP a stream.
///
/// # Errors
/// The first packet that was not forwarded.
pub fn open(
    worker: &mut Worker,
    now: Instant,
    firsts: &[(InterfaceId, Tuple)],
) -> Result<Vec<Flow>, Verdict> {
    let mut flows = Vec::with_capacity(firsts.len());
    for &(interface, tuple) in firsts {
        let (to, reply) = send(worker, now, interface, tuple, SYN)?;
        let ends = [(interface, tuple), (to, reply)];
        send(worker, now, to, reply, SYN | ACK)?;
        send(worker, now, interface, tuple, ACK)?;
        send(worker, now, to, reply, ACK)?;
        flows.push(Flow { ends });
    }
    Ok(flows)
}

/// Opens flows by their first packets, and leaves them at that.
///
/// # Errors
/// The first packet that was not forwarded.
pub fn open_one_way(
    worker: &mut Worker,
    now: Instant,
    firsts: &[(InterfaceId, Tuple)],
) -> Result<Vec<Flow>, Verdict> {
    let each = firsts.iter().map(|&(interface, tuple)| {
        let end = send(worker, now, interface, tuple, SYN)?;
        Ok(Flow { ends: [(interface, tuple), end] })
    });
    each.collect()
}

/// Sends one packet; where it left, and the tuple of its answer there.
fn send(
    worker: &mut Worker,
    now: Instant,
    interface: InterfaceId,
    tuple: Tuple,
    flags: u8,
) -> Result<(InterfaceId, Tuple), Verdict> {
    let mut bytes = packet(Image::with_flags(interface, tuple, 64, flags));
    let (mut verdicts, mut emissions) = (Vec::with_capacity(1), Vec::new());
    let arrival = Arrival { interface, bytes: &mut bytes };
    worker.process(now, &mut [arrival], &mut verdicts, &mut emissions);
    match verdicts[0] {
        Verdict::Forward(to) => {
            let headers = packet::decode(&bytes).expect("what was forwarded can be read");
            Ok((to, headers.tuple().reversed()))
        }
        other => Err(other),
    }
}

/// The worker to which the dataplane steers a flow that begins like this.
pub fn owner(snapshot: &Snapshot, steering: Steering, first: (InterfaceId, Tuple)) -> usize {
    let (interface, tuple) = first;
    let mut bytes = [0; 64];
    bytes[0] = 0x45;
    bytes[6] = 0x40;
    bytes[32] = DATA_OFFSET;
    Image::new(interface, tuple, 64).write(&mut bytes);
    let headers = packet::decode(&bytes).expect("a packet of the load is a good one");
    usize::from(steering.owner(snapshot, interface, &headers).0)
}

/// A packet of its own.
pub fn packet(image: Image) -> Vec<u8> {
    let mut bytes = blank();
    image.write(&mut bytes);
    bytes.truncate(usize::from(image.len));
    bytes
}

/// What [`Image::write`] does not write.
fn blank() -> Vec<u8> {
    let mut bytes = vec![0; STRIDE];
    bytes[0] = 0x45;
    bytes[6] = 0x40;
    bytes[32] = DATA_OFFSET;
    bytes
}

/// A sequence of packets, over and over. Clones share the packets, and each has its own place.
#[derive(Clone, Debug)]
pub struct Trace {
    images: Arc<[Image]>,
    at: usize,
}

/// Packets in a trace at least, so that caches and branch predictors do not learn it.
const LEAST: usize = 1 << 13;
/// Packets in a trace at most, where nothing asks for more.
const MOST: usize = 1 << 24;

impl Trace {
    /// Packets of `flows` in that order and direction, of sizes that take turns.
    pub fn new(
        flows: &[Flow],
        order: Order,
        direction: Direction,
        sizes: &[u16],
        seed: u64,
    ) -> Trace {
        let len = (flows.len() * 4).clamp(LEAST, MOST).next_multiple_of(BURST);
        let mut drawn = Drawn::new(flows, order, direction, seed);
        let images = (0..len).map(|n| drawn.next_image(sizes[n % sizes.len()]));
        Trace { images: images.collect(), at: 0 }
    }

    /// The same, of flows that stand, with packets in between that each open one of the flows that
    /// pass.
    pub fn with_turnover(
        standing: &[Flow],
        passing: &[Flow],
        turnover: &Turnover,
        (order, direction): (Order, Direction),
        sizes: &[u16],
        seed: u64,
    ) -> Trace {
        let len = turnover.round * LEAST.div_ceil(turnover.round);
        let mut drawn = Drawn::new(standing, order, direction, seed);
        let mut turns: Vec<u32> = (0..standing.len() as u32).collect();
        fastrand::Rng::with_seed(!seed).shuffle(&mut turns);
        let all_others = len - len / turnover.round * turnover.passing;
        let mut others = 0;
        let images = (0..len).map(|n| {
            let size = sizes[n % sizes.len()];
            if let Some(flow) = turnover.opens(n) {
                let (interface, tuple) = passing[flow].ends[0];
                return Image::with_flags(interface, tuple, size, SYN);
            }
            others += 1;
            match turnover.goes_round(others - 1, all_others) {
                Some(turn) => drawn.image_of(turns[turn] as usize, size),
                None => drawn.next_image(size),
            }
        });
        Trace { images: images.collect(), at: 0 }
    }

    /// The next burst's packets.
    #[inline]
    pub fn next_burst(&mut self) -> &[Image; BURST] {
        self.next_images(BURST)
    }

    /// A burst's packets, of which the first `count` are used up.
    #[inline(always)]
    fn next_images(&mut self, count: usize) -> &[Image; BURST] {
        if self.at + BURST > self.images.len() {
            self.at = 0;
        }
        let burst = &self.images[self.at..self.at + BURST];
        self.at += count;
        burst.try_into().expect("a burst's images")
    }
}

/// Packets as they are drawn.
struct Drawn<'a> {
    flows: &'a [Flow],
    order: Order,
    direction: Direction,
    random: fastrand::Rng,
    zipf_top: f64,
    n: usize,
}

impl Drawn<'_> {
    fn new(flows: &[Flow], order: Order, direction: Direction, seed: u64) -> Drawn<'_> {
        let zipf_top = (flows.len() as f64).ln();
        Drawn { flows, order, direction, random: fastrand::Rng::with_seed(seed), zipf_top, n: 0 }
    }

    fn next_image(&mut self, size: u16) -> Image {
        let count = self.flows.len();
        let flow = match self.order {
            Order::Random => self.random.usize(..count),
            // Ranks of which each doubling is equally likely: Zipf with exponent 1.
            Order::Zipf => {
                let rank = (self.random.f64() * self.zipf_top).exp() as usize;
                mix(rank as u64) as usize % count
            }
            Order::Sequential => self.n / self.direction.count() % count,
        };
        self.image_of(flow, size)
    }

    fn image_of(&mut self, flow: usize, size: u16) -> Image {
        let (interface, tuple) = self.flows[flow].ends[self.direction.of(self.n)];
        self.n += 1;
        Image::new(interface, tuple, size)
    }
}

impl Direction {
    fn count(self) -> usize {
        if self == Direction::Both { 2 } else { 1 }
    }

    fn of(self, n: usize) -> usize {
        match self {
            Direction::Out => 0,
            Direction::In => 1,
            Direction::Both => n % 2,
        }
    }
}

/// Buffers that packets are written into.
#[derive(Debug)]
pub struct Pool {
    bytes: Vec<u8>,
    at: usize,
}

impl Default for Pool {
    fn default() -> Self {
        Pool { bytes: blank().repeat(BUFFERS), at: 0 }
    }
}

impl Pool {
    /// Writes a burst of a trace into the next buffers: packets that arrive.
    #[inline(always)]
    pub fn fill(&mut self, trace: &mut Trace) -> [Arrival<'_>; BURST] {
        self.fill_some(trace, BURST)
    }

    /// The same, where only the first `count` are the trace's next packets.
    #[inline(always)]
    pub fn fill_some(&mut self, trace: &mut Trace, count: usize) -> [Arrival<'_>; BURST] {
        let images = trace.next_images(count);
        if self.at >= BUFFERS {
            self.at = 0;
        }
        let start = self.at * STRIDE;
        self.at += BURST;
        let mut buffers = self.bytes[start..start + BURST * STRIDE].chunks_exact_mut(STRIDE);
        std::array::from_fn(|at| {
            let bytes = buffers.next().expect("a buffer for each packet of a burst");
            images[at].write(bytes);
            Arrival { interface: images[at].interface, bytes }
        })
    }
}

/// Where a packet's bytes say that it is from.
pub fn source(bytes: &[u8]) -> Option<Ipv4Addr> {
    packet::decode(bytes).ok().map(|headers| headers.src)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_right_to_the_last_checksum() {
        let tuple = |protocol| Tuple {
            src: Ipv4Addr::new(10, 1, 2, 3),
            dst: Ipv4Addr::new(198, 18, 0, 7),
            src_port: 40_000,
            dst_port: 443,
            protocol,
        };
        for protocol in [Protocol::TCP, Protocol::UDP] {
            for len in [64, 1_500] {
                let bytes = packet(Image::new(InterfaceId(3), tuple(protocol), len));
                let headers = packet::decode(&bytes).unwrap();
                assert_eq!(headers.tuple(), tuple(protocol));
                assert_eq!(usize::from(len), bytes.len());
                let mut covered = bytes[12..20].to_vec();
                covered.extend([0, protocol.0]);
                covered.extend((len - 20).to_be_bytes());
                covered.extend(&bytes[20..]);
                assert!(checksum::verifies(&covered), "{protocol} of {len}");
            }
        }
    }
}
