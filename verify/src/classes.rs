//! A sender's packets, cut into classes that fare alike.

use std::net::Ipv4Addr;

use egret_dataplane::judgement::{Choice, Judgement, judge};
use egret_dataplane::snapshot::InterfaceId;
use egret_dataplane::trace::{Hop, Record};
use egret_dataplane::verdict::Element;
use thiserror::Error;

use crate::cuts::World;
use crate::space::{Packet, Region};

/// Packets that fare alike: they pass the same elements with the same decisions, and so do their
/// answers.
#[derive(Clone, Debug)]
pub struct Class {
    /// Which packets.
    pub region: Region,
    /// Which of equal ENIs and of a gateway's addresses they use.
    pub choice: Choice,
    /// What becomes of them.
    pub judgement: Judgement,
    /// The hops of the lowest one and, after them, of its answer.
    pub hops: Vec<Hop>,
}

impl Class {
    /// Whether they arrive and are answered, as far as anybody answers.
    pub fn is_delivered(&self) -> bool {
        self.judgement.there.is_ok() && self.judgement.back.is_none()
    }
}

/// Where a sender's packets enter, and from which address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The interface.
    pub interface: InterfaceId,
    /// The address.
    pub src: Ipv4Addr,
    /// Shared ENIs among which chance may choose.
    pub enis: u16,
}

/// A space that falls into more classes than somebody wants to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the packets fall into more than {limit} classes; ask about fewer at once")]
pub struct TooMany {
    /// How many there may be.
    pub limit: usize,
}

/// The classes of a sender's packets in a region: each packet is in exactly one, for each of what
/// chance may choose. At most `limit` of them.
///
/// # Errors
/// When there are more.
pub fn classes(
    world: &World<'_>,
    origin: Origin,
    region: Region,
    limit: usize,
) -> Result<Vec<Class>, TooMany> {
    let mut cutter = Cutter { world, origin, limit, classes: Vec::new() };
    for eni in enis(world, origin, region) {
        cutter.cut(region, eni, 0)?;
    }
    Ok(cutter.classes)
}

/// Which of the shared ENIs chance may choose for a sender: it chooses among those that are near, and
/// they may be fewer than there are.
pub(crate) fn enis(world: &World<'_>, origin: Origin, region: Region) -> Vec<u16> {
    let mut used = Vec::new();
    let is_new = |eni: &u16| {
        let by = shared_eni(&lowest(world, origin, region, *eni, 0));
        let is_new = !used.contains(&by);
        used.push(by);
        is_new
    };
    (0..origin.enis.max(1)).filter(is_new).collect()
}

/// The class of one packet, as far as it is in a region; translators choose so.
pub fn class_of(
    world: &World<'_>,
    origin: Origin,
    region: &Region,
    packet: &Packet,
    choice: Choice,
) -> Class {
    let mut record = Record::default();
    let headers = packet.headers().unwrap_or_else(|| panic!("{packet:?} opens a flow"));
    let judgement = judge(world.snapshot(), origin.interface, headers, choice, &mut record);
    let region = world.around(region, packet, &record.hops);
    Class { region, choice, judgement, hops: record.hops }
}

struct Cutter<'a> {
    world: &'a World<'a>,
    origin: Origin,
    limit: usize,
    classes: Vec<Class>,
}

impl Cutter<'_> {
    fn cut(&mut self, region: Region, eni: u16, address: u16) -> Result<(), TooMany> {
        let mut rest = vec![region];
        while let Some(region) = rest.pop() {
            let class = lowest(self.world, self.origin, region, eni, address);
            rest.extend(region.without(&class.region));
            if address == 0 {
                for other in 1..addresses(self.world, &class) {
                    self.cut(class.region, eni, other)?;
                }
            }
            if self.classes.len() == self.limit {
                return Err(TooMany { limit: self.limit });
            }
            self.classes.push(class);
        }
        Ok(())
    }
}

/// The class of a region's lowest packet, as far as it is in the region.
pub(crate) fn lowest(
    world: &World<'_>,
    origin: Origin,
    region: Region,
    eni: u16,
    address: u16,
) -> Class {
    let packet = region.first(origin.src);
    class_of(world, origin, &region, &packet, packet.choice(eni, address))
}

/// The shared ENI that packets use.
pub(crate) fn shared_eni(class: &Class) -> Option<Element> {
    let mut elements = class.hops.iter().map(|hop| hop.element);
    elements.find(|element| matches!(element, Element::HyperplaneEni(_)))
}

/// The most addresses of a NAT gateway on the way.
pub(crate) fn addresses(world: &World<'_>, class: &Class) -> u16 {
    let of = |hop: &Hop| match hop.element {
        Element::NatGateway(nat) => world.snapshot()[nat].addresses.len() as u16,
        _ => 1,
    };
    class.hops.iter().map(of).max().unwrap_or(1)
}
