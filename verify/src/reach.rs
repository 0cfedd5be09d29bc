//! Everything that a sender reaches, and by which way.

use std::collections::BTreeMap;

use egret_dataplane::packet::Protocol;
use egret_dataplane::trace::Direction;
use egret_dataplane::verdict::{Drop, Element};
use indexmap::IndexMap;

use crate::classes::{Class, Origin, TooMany, classes};
use crate::cuts::World;
use crate::space::{ADDRESSES, Region, SOURCE_PORTS, Span, join};

/// Destinations that are reached alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Their addresses, in order.
    pub destinations: Vec<Span<u32>>,
    /// How they are reached.
    pub manner: Manner,
}

/// How destinations are reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Manner {
    /// By which protocol.
    pub protocol: Protocol,
    /// At which ports, in order; ICMP is asked about echo requests only.
    pub ports: Vec<Span<u16>>,
    /// By which elements: each way that zones or chance may choose.
    pub ways: Vec<Way>,
    /// How surely.
    pub surety: Surety,
    /// What is in the way of those that do not arrive or are not answered.
    pub obstacle: Option<Drop>,
}

/// The elements of a way that have addresses or translate, in order.
pub type Way = Vec<Element>;

/// How surely packets arrive and are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Surety {
    /// Always.
    Always,
    /// From some zones, or with some source ports.
    Sometimes,
    /// They arrive, and no answer ever comes back.
    Unanswered,
}

/// Protocols that are asked about, with their ports: every port of TCP and UDP, and echo requests.
pub(crate) const ASKED: [(Protocol, Span<u16>); 3] = [
    (Protocol::TCP, Span { first: 0, last: u16::MAX }),
    (Protocol::UDP, Span { first: 0, last: u16::MAX }),
    (Protocol::ICMP, Span { first: 8 << 8, last: 8 << 8 }),
];

/// What these senders, which are one to the user, reach. At most `limit` classes of each are looked
/// at.
///
/// # Errors
/// When there are more.
pub fn reach(world: &World<'_>, origins: &[Origin], limit: usize) -> Result<Vec<Row>, TooMany> {
    let mut rows: IndexMap<Manner, Vec<Span<u32>>> = IndexMap::new();
    for (protocol, port) in ASKED {
        let region = Region { dst: ADDRESSES, protocol, port, source_port: SOURCE_PORTS };
        let mut all = Vec::new();
        for origin in origins {
            all.extend(classes(world, *origin, region, limit)?);
        }
        for (dst, manners) in sweep(&all, protocol) {
            for manner in manners {
                join(rows.entry(manner).or_default(), dst);
            }
        }
    }
    let rows = rows.into_iter().map(|(manner, destinations)| Row { destinations, manner });
    let mut rows: Vec<Row> = rows.collect();
    rows.sort_by_key(|row| row.manner.surety);
    Ok(rows)
}

/// The destinations in order, cut wherever a class begins or ends, with the manners of each.
fn sweep(classes: &[Class], protocol: Protocol) -> Vec<(Span<u32>, Vec<Manner>)> {
    let mut events: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (at, class) in classes.iter().enumerate() {
        events.entry(class.region.dst.first).or_default().push(at);
        if let Some(after) = class.region.dst.last.checked_add(1) {
            events.entry(after).or_default();
        }
    }
    let mut swept = Vec::new();
    let mut here: Vec<usize> = Vec::new();
    let mut events = events.into_iter().peekable();
    while let Some((first, begin)) = events.next() {
        here.retain(|at| classes[*at].region.dst.last >= first);
        here.extend(begin);
        let last = events.peek().map_or(u32::MAX, |(next, _)| next - 1);
        let manners = manners(here.iter().map(|at| &classes[*at]), protocol);
        swept.push((Span::new(first, last), manners));
    }
    swept
}

/// How one destination is reached, of which these are all classes.
fn manners<'a>(
    classes: impl Iterator<Item = &'a Class> + Clone,
    protocol: Protocol,
) -> Vec<Manner> {
    if !classes.clone().any(|class| class.judgement.there.is_ok()) {
        return Vec::new();
    }
    let mut starts: Vec<u16> = classes.clone().map(|class| class.region.port.first).collect();
    let afters = classes.clone().filter_map(|class| class.region.port.last.checked_add(1));
    starts.extend(afters);
    starts.sort_unstable();
    starts.dedup();
    let most = classes.clone().map(|class| class.region.port.last).max().unwrap_or(u16::MAX);
    let mut found: IndexMap<How, Vec<Span<u16>>> = IndexMap::new();
    for (at, first) in starts.iter().enumerate().filter(|(_, first)| **first <= most) {
        let last = starts.get(at + 1).map_or(most, |next| next - 1);
        let here = classes.clone().filter(|class| class.region.port.contains(*first));
        let Some(how) = how(here) else { continue };
        let ports = found.entry(how).or_default();
        match ports.last_mut() {
            Some(before) if before.last.checked_add(1) == Some(*first) => before.last = last,
            _ => ports.push(Span::new(*first, last)),
        }
    }
    let manner =
        |((ways, surety, obstacle), ports)| Manner { protocol, ports, ways, surety, obstacle };
    found.into_iter().map(manner).collect()
}

/// By which ways, how surely, and what is in the way otherwise.
type How = (Vec<Way>, Surety, Option<Drop>);

/// How one port is reached; `None` if it is not.
fn how<'a>(classes: impl Iterator<Item = &'a Class> + Clone) -> Option<How> {
    let arrive = classes.clone().filter(|class| class.judgement.there.is_ok());
    let mut ways: Vec<Way> = Vec::new();
    for class in arrive.clone() {
        let way = way(class);
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    let mut obstacles = classes.clone();
    let (all, delivered) = (classes.count(), arrive.filter(|class| class.is_delivered()).count());
    let surety = match delivered {
        _ if ways.is_empty() => return None,
        0 => Surety::Unanswered,
        _ if delivered == all => Surety::Always,
        _ => Surety::Sometimes,
    };
    let obstacle = obstacles.find_map(|class| class.judgement.there.err().or(class.judgement.back));
    Some((ways, surety, obstacle))
}

/// The elements that packets pass and that a user would name.
pub fn way(class: &Class) -> Way {
    let passed = class.hops.iter().filter(|hop| hop.direction == Direction::Forward);
    let named = passed.map(|hop| hop.element).filter(|element| {
        !matches!(
            element,
            Element::Dataplane
                | Element::Service(_)
                | Element::HyperplaneEni(_)
                | Element::SecurityGroup(_)
                | Element::NetworkAcl(_)
                | Element::RouteTable(_)
                | Element::Internet
        )
    });
    let mut way: Way = named.collect();
    way.dedup();
    // The destination itself.
    way.pop_if(|last| matches!(last, Element::NetworkInterface(_) | Element::LinkLocal(_)));
    way
}
