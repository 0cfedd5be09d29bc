//! A run's packets as a pcapng file: each hop is an interface, named after its element, and each
//! packet says at each hop what the element did with it, and why.
//!
//! A packet is kept once for each pair of addresses that it has on its way: where it is sent and
//! where it arrives, whole; where it is translated between, its first 512 bytes. The elements that
//! only look at it show its IP header and its ports. So whoever follows TCP streams in the file finds
//! each segment once.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use egret_control::explain::{element_kind, element_names, hop_words};
use egret_dataplane::crew::Crew;
use egret_dataplane::packet::rewrite::{Rewrite, rewrite};
use egret_dataplane::packet::{Headers, IcmpKind, Transport, decode};
use egret_dataplane::snapshot::{Interface, Snapshot};
use egret_dataplane::time::Instant;
use egret_dataplane::trace::{Decision, Direction, Hop};
use egret_dataplane::verdict::Element;

use crate::observe::{
    EPOCH, End, Lost, Other, OtherKind, Packet, Stages, Trail, TrailHop, View, Watch,
};

mod merge;
mod pcapng;

use merge::Merge;

/// Packets after which what is due is written.
const ENOUGH: u32 = 64;
/// Of a packet where it is translated between its ends: its headers, and some more.
const BETWEEN: usize = 512;
/// How the comment of a hop begins that a packet ends at, and that of one which it passes.
const DELIVERS: &[u8] = b" deliver";
const PASSES: &str = " pass";
/// Of the packet after its IP header, where an element only looks at it: the ports.
const PORTS: usize = 4;

/// Writes what it is shown as pcapng.
pub struct Capture<W> {
    out: W,
    /// The first thing that went wrong; nothing is written any more.
    error: Option<io::Error>,
    snaplen: usize,
    interfaces: HashMap<String, u32>,
    /// By the number of the trail.
    trails: Vec<Option<Box<[Sight]>>>,
    waiting: Merge,
    /// Packets since something was written.
    since: u32,
    copy: Copy,
    /// Its number as a text.
    number: String,
}

/// One hop of a trail, as it is written.
struct Sight {
    interface: u32,
    /// Which hop; none is the sender.
    hop: Option<u8>,
    /// What the comment says after the packet's number.
    says: Box<[u8]>,
    delay: u64,
    shows: Shows,
}

/// How much of a packet a hop shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// The IP header and the ports, at this stage.
    Head(u8),
    /// All of it, as it was sent.
    Sent,
    /// Its first bytes, with the addresses of this stage.
    Translated(u8),
    /// All of it, as it leaves the dataplane.
    Left,
}

impl<W: Write> Capture<W> {
    /// A capture that keeps at most so many bytes of each packet.
    pub fn new(mut out: W, snaplen: u32) -> Capture<W> {
        let application = concat!("egret ", env!("CARGO_PKG_VERSION"));
        let error = out.write_all(&pcapng::section(application)).err();
        Capture {
            out,
            error,
            snaplen: snaplen as usize,
            interfaces: HashMap::new(),
            trails: Vec::new(),
            waiting: Merge::default(),
            since: 0,
            copy: Copy::default(),
            number: String::new(),
        }
    }

    /// The number of the interface of that name.
    fn interface(&mut self, name: &str) -> u32 {
        if let Some(number) = self.interfaces.get(name) {
            return *number;
        }
        let number = self.interfaces.len() as u32;
        self.interfaces.insert(name.to_owned(), number);
        // Interfaces are described before anything that waits is written.
        self.write(&pcapng::interface(name, self.snaplen as u32));
        number
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.error.is_none() {
            self.error = self.out.write_all(bytes).err();
        }
    }

    /// Writes everything that waits and is not later than `now`.
    fn settle(&mut self, now: u64) {
        self.since = 0;
        if self.error.is_none() {
            self.error = self.waiting.write(now, &mut self.out).err();
        }
    }

    /// How the hops of a trail are written.
    fn sights(&mut self, view: View<'_>, packet: &Packet<'_>) -> Box<[Sight]> {
        let Packet { trail, stages, .. } = packet;
        let last = trail.hops.len().saturating_sub(1);
        let mut sights = Vec::with_capacity(trail.hops.len() + 1);
        if trail.hops.first().is_some_and(|hop| hop.after > 0) {
            // No element of its own shows it as it was sent.
            let name = sender_name(view.snapshot, trail);
            let says = format!(" send, {name}: sends it").into_bytes().into();
            let interface = self.interface(&name);
            sights.push(Sight { interface, hop: None, says, delay: 0, shows: Shows::Sent });
        }
        for (at, hop) in trail.hops.iter().enumerate() {
            let name = interface_name(view.snapshot, hop.element);
            let says = says(view.snapshot, trail, stages, hop, at == last);
            sights.push(Sight {
                interface: self.interface(&name),
                hop: Some(at as u8),
                says: format!(" {says}").into_bytes().into(),
                delay: hop.delay.0,
                shows: shows(trail, stages, at),
            });
        }
        sights.into()
    }

    fn show(&mut self, packet: &Packet<'_>, sights: &[Sight]) {
        let mut number = std::mem::take(&mut self.number);
        number.clear();
        // Writing to a text does not fail.
        let _ = write!(number, "#{}", packet.number);
        let mut copy = std::mem::take(&mut self.copy);
        copy.begin(packet);
        let reached = packet.lost.map_or(sights, |lost| reached(sights, lost));
        for sight in reached {
            let (bytes, kept) = copy.shown(packet, sight.shows);
            let says = match sight.says.strip_prefix(DELIVERS) {
                // A link lost it afterwards.
                Some(rest) if packet.lost.is_some() => {
                    number.push_str(PASSES);
                    rest
                }
                _ => &sight.says,
            };
            let block = pcapng::Packet {
                interface: sight.interface,
                at: EPOCH + packet.at.0 + sight.delay,
                bytes: &bytes[..kept.min(self.snaplen)],
                len: packet.sent.len(),
                number: packet.number,
                comment: (number.as_bytes(), says),
            };
            self.waiting.add(block.at, sight.delay, |out| block.append(out));
        }
        (self.copy, self.number) = (copy, number);
        if let Some(lost) = packet.lost {
            self.show_lost(packet, sights, lost);
        }
    }

    fn show_lost(&mut self, packet: &Packet<'_>, sights: &[Sight], lost: Lost) {
        let interface = self.interface(&format!("link {}", lost.link));
        let reached = reached(sights, lost).last();
        let comment = format!("#{} lost: {}", packet.number, lost.reason);
        let block = pcapng::Packet {
            interface,
            at: EPOCH + packet.at.0 + reached.map_or(0, |sight| sight.delay),
            bytes: &packet.sent[..head_len(packet.sent).min(self.snaplen)],
            len: packet.sent.len(),
            number: packet.number,
            comment: (comment.as_bytes(), b""),
        };
        self.waiting.add_other(block.at, |out| block.append(out));
    }
}

impl<W: Write> Watch for Capture<W> {
    fn wants_packets(&self) -> bool {
        true
    }

    fn packet(&mut self, view: View<'_>, packet: &Packet<'_>) {
        let id = packet.trail_id as usize;
        if self.trails.len() <= id {
            self.trails.resize_with(id + 1, || None);
        }
        let sights = self.trails[id].take().unwrap_or_else(|| self.sights(view, packet));
        self.show(packet, &sights);
        self.trails[id] = Some(sights);
        self.since += 1;
        if self.since >= ENOUGH {
            // Others may enter at the same moment.
            self.settle((EPOCH + packet.at.0).saturating_sub(1));
        }
    }

    fn other(&mut self, view: View<'_>, packet: &Other<'_>) {
        let (name, says) = match packet.kind {
            OtherKind::Answer(drop, cause) => {
                let name = interface_name(view.snapshot, drop.element);
                (name, format!("answer to #{cause}: {}", drop.reason))
            }
            OtherKind::Fragment(_) => ("dataplane".to_owned(), "fragment".to_owned()),
            OtherKind::Provider => ("provider".to_owned(), "past the VPC".to_owned()),
        };
        let interface = self.interface(&name);
        let comment = format!("#{} {says}", packet.number);
        let block = pcapng::Packet {
            interface,
            at: EPOCH + packet.at.0,
            bytes: &packet.bytes[..packet.bytes.len().min(self.snaplen)],
            len: packet.bytes.len(),
            number: packet.number,
            comment: (comment.as_bytes(), b""),
        };
        self.waiting.add_other(block.at, |out| block.append(out));
    }

    fn window_ends(&mut self, _: View<'_>, at: Instant, _: &Crew) {
        self.settle(EPOCH + at.0 - 1);
    }

    fn finish(&mut self) -> io::Result<()> {
        self.settle(u64::MAX);
        match self.error.take() {
            Some(error) => Err(error),
            None => self.out.flush(),
        }
    }
}

/// Those that a packet came to before a link lost it.
fn reached(sights: &[Sight], lost: Lost) -> &[Sight] {
    let came = sights.iter().take_while(|sight| sight.hop.is_none_or(|hop| hop < lost.before_hop));
    &sights[..came.count()]
}

/// What a trail's packets come from.
fn sender_name(snapshot: &Snapshot, trail: &Trail) -> String {
    let element = match snapshot[trail.from] {
        Interface::Internet => Element::Internet,
        Interface::External(attachment) => Element::External(attachment),
        Interface::Eni(eni) => snapshot[eni].element(eni),
        Interface::GatewayEndpoint(endpoint) => Element::VpcEndpoint(endpoint),
        Interface::LinkLocal(vpc) => Element::LinkLocal(vpc),
        Interface::Task(_) | Interface::Gone => Element::Dataplane,
    };
    interface_name(snapshot, element)
}

/// `nat-gateway nat-a`; only the kind of what there is one of.
fn interface_name(snapshot: &Snapshot, element: Element) -> String {
    let (kind, name) = (element_kind(element), element_names(snapshot, element).swap_remove(0));
    if kind == name { name } else { format!("{kind} {name}") }
}

/// How much a hop shows: each stage is shown whole at one hop, that of its end where the packet ends.
fn shows(trail: &Trail, stages: &Stages, at: usize) -> Shows {
    let hop = &trail.hops[at];
    let (last, end) = (trail.hops.len() - 1, stages.count - 1);
    let leaves = matches!(trail.end, End::Forward(_));
    match () {
        () if at == 0 && hop.after == 0 => Shows::Sent,
        () if at == last && hop.after == end && leaves => Shows::Left,
        () if hop.after > hop.before && (hop.after < end || !leaves) => {
            Shows::Translated(hop.after)
        }
        () => Shows::Head(hop.after),
    }
}

/// What the comment of a hop says: verdict, element and rule.
fn says(
    snapshot: &Snapshot,
    trail: &Trail,
    stages: &Stages,
    hop: &TrailHop,
    is_last: bool,
) -> String {
    let element = interface_name(snapshot, hop.element);
    let (verdict, why) = match trail.end {
        End::Drop(drop) if is_last => ("drop", Some(drop)),
        End::Reply(drop) if is_last => ("drop and answer", Some(drop)),
        End::Held if is_last => ("wait", None),
        End::Forward(_) if is_last => ("deliver", None),
        _ => ("pass", None),
    };
    if let Some(drop) = why {
        let (reason, code) = (drop.reason.name(), drop.reason.code());
        return format!("{verdict}, {element}: {reason} ({code})");
    }
    let (before, after) = (stages.at(hop.before), stages.at(hop.after));
    let words = match hop.decision {
        // Addresses are those of one flow; the packet itself shows them.
        Decision::Translated if before.src != after.src || before.src_port != after.src_port => {
            "translates the source".to_owned()
        }
        Decision::Translated => "translates the destination".to_owned(),
        Decision::Delivered => "takes it".to_owned(),
        decision => {
            let (direction, subnet) = (Direction::Forward, hop.subnet);
            let element = hop.element;
            hop_words(
                snapshot,
                &Hop { direction, element, subnet, decision, before, after, drop: None },
            )
        }
    };
    format!("{verdict}, {element}: {words}")
}

/// A packet on its way from stage to stage.
#[derive(Default)]
struct Copy {
    bytes: Vec<u8>,
    headers: Option<Headers>,
    stage: Option<u8>,
}

impl Copy {
    /// Another packet.
    fn begin(&mut self, packet: &Packet<'_>) {
        self.headers = decode(packet.sent).ok();
        self.stage = None;
    }

    /// A packet as a hop shows it, and how much of it.
    fn shown<'a>(&'a mut self, packet: &Packet<'a>, shows: Shows) -> (&'a [u8], usize) {
        match shows {
            Shows::Sent => (packet.sent, packet.sent.len()),
            Shows::Left => (packet.left, packet.left.len()),
            Shows::Head(0) => (packet.sent, head_len(packet.sent)),
            Shows::Head(stage) => {
                self.translate(packet, stage);
                (&self.bytes, head_len(&self.bytes))
            }
            Shows::Translated(stage) => {
                self.translate(packet, stage);
                // What an ICMP error quotes is translated too, which only the dataplane does.
                let is_error = self.headers.is_none_or(|headers| {
                    matches!(
                        headers.transport,
                        Transport::Icmp { about: IcmpKind::Error { .. }, .. }
                    )
                });
                let whole = if is_error { head_len(&self.bytes) } else { self.bytes.len() };
                (&self.bytes, whole)
            }
        }
    }

    /// The packet with the addresses of a stage.
    fn translate(&mut self, packet: &Packet<'_>, stage: u8) {
        if self.stage == Some(stage) {
            return;
        }
        self.stage = Some(stage);
        self.bytes.clear();
        self.bytes.extend_from_slice(&packet.sent[..packet.sent.len().min(BETWEEN)]);
        if let Some(headers) = &self.headers {
            let change = Rewrite::new(packet.stages.first(), packet.stages.at(stage), 0);
            rewrite(&mut self.bytes, headers, &change);
        }
    }
}

/// The length of the IP header and the ports.
fn head_len(bytes: &[u8]) -> usize {
    let header = bytes.first().map_or(0, |first| usize::from(first & 0x0f) * 4);
    (header + PORTS).min(bytes.len())
}
