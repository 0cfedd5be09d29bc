//! What becomes of packets, in words that outlive one configuration: elements by name, not by index. So
//! senders of two configurations, or of one service's zones, can be held beside each other, packet by
//! packet ([`crate::survey`]).

use std::fmt;
use std::net::Ipv4Addr;

use egret_control::explain::{element_kind, element_names};
use egret_dataplane::snapshot::{Interface, InterfaceId, Snapshot};
use egret_dataplane::trace::Direction;
use egret_dataplane::verdict::{Drop, DropReason, Element};

use crate::classes::Class;
use crate::cuts::World;

/// What becomes of a packet and of its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fate {
    /// It arrives, and its answer comes back, as far as anybody answers.
    Delivered(Passage),
    /// It arrives, and its answer is dropped.
    NoReply(Passage, Obstacle),
    /// It is dropped.
    Dropped(Obstacle),
    /// That depends on what is not known, and is called so.
    Inconclusive(String),
}

/// By which way a packet arrives.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Passage {
    /// The elements of the way that a user would name, in order.
    pub way: Vec<Thing>,
    /// What takes it.
    pub to: Thing,
    /// The source address that the destination sees.
    pub source: Source,
}

/// A source address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// It is this one.
    Known(Ipv4Addr),
    /// AWS will choose it; it is called so until then.
    Awaited(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Known(address) => address.fmt(f),
            Source::Awaited(name) => f.write_str(name),
        }
    }
}

/// What drops a packet, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Obstacle {
    /// Why.
    pub reason: DropReason,
    /// Where.
    pub at: Thing,
}

/// An element by its kind and name. A sender's own service has no name here: services that share
/// everything fare alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thing {
    /// Its kind, such as `nat-gateway`.
    pub kind: &'static str,
    /// What it is called.
    pub name: String,
}

impl Fate {
    /// How far packets come: 0 if they are dropped, 1 if their answers are, 2 if nothing is; `None` if
    /// that is not known.
    pub fn level(&self) -> Option<u8> {
        match self {
            Fate::Dropped(_) => Some(0),
            Fate::NoReply(..) => Some(1),
            Fate::Delivered(_) => Some(2),
            Fate::Inconclusive(_) => None,
        }
    }

    /// What it waits for, if it is not known.
    pub fn waits_for(&self) -> Option<&str> {
        match self {
            Fate::Inconclusive(name) => Some(name),
            _ => None,
        }
    }

    /// By which way packets arrive, if they do.
    pub fn passage(&self) -> Option<&Passage> {
        match self {
            Fate::Delivered(passage) | Fate::NoReply(passage, _) => Some(passage),
            Fate::Dropped(_) | Fate::Inconclusive(_) => None,
        }
    }

    /// The same, to change it.
    pub fn passage_mut(&mut self) -> Option<&mut Passage> {
        match self {
            Fate::Delivered(passage) | Fate::NoReply(passage, _) => Some(passage),
            Fate::Dropped(_) | Fate::Inconclusive(_) => None,
        }
    }

    /// What drops the packets, or their answers.
    pub fn obstacle(&self) -> Option<&Obstacle> {
        match self {
            Fate::Delivered(_) | Fate::Inconclusive(_) => None,
            Fate::NoReply(_, obstacle) | Fate::Dropped(obstacle) => Some(obstacle),
        }
    }

    /// What becomes of the packets of a class.
    pub fn of(world: &World<'_>, class: &Class) -> Fate {
        Raw::of(world, class).named(world)
    }
}

/// The elements of a way that have addresses or translate, in order.
pub type Way = Vec<Element>;

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

/// A fate by indices of one configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Raw<'a> {
    /// It waits for what is called so.
    InDoubt(&'a str),
    /// It is this.
    Certain { way: Way, there: Result<(InterfaceId, Ipv4Addr), Drop>, back: Option<Drop> },
}

impl<'a> Raw<'a> {
    pub(crate) fn of(world: &World<'a>, class: &Class) -> Raw<'a> {
        let icmp = class.region.first(Ipv4Addr::UNSPECIFIED).icmp();
        if let Some(unknown) = world.doubt(&class.hops, icmp) {
            return Raw::InDoubt(&unknown.name);
        }
        let there = class.judgement.there.map(|(to, tuple)| (to, tuple.src));
        // Where a dropped packet came from is another matter than what drops it.
        let way = if there.is_ok() { way(class) } else { Way::new() };
        Raw::Certain { way, there, back: class.judgement.back }
    }

    pub(crate) fn named(&self, world: &World<'_>) -> Fate {
        let snapshot = world.snapshot();
        let obstacle = |drop: Drop| Obstacle {
            reason: world.certain_reason(drop),
            at: thing(snapshot, drop.element),
        };
        let (way, there, back) = match self {
            Raw::InDoubt(name) => return Fate::Inconclusive((*name).to_owned()),
            Raw::Certain { way, there, back } => (way, there, back),
        };
        let (to, source) = match *there {
            Ok(arrived) => arrived,
            Err(drop) => return Fate::Dropped(obstacle(drop)),
        };
        let source = match world.stand_in(source) {
            Some(unknown) => Source::Awaited(unknown.name.clone()),
            None => Source::Known(source),
        };
        let way = way.iter().map(|element| thing(snapshot, *element)).collect();
        let passage = Passage { way, to: thing(snapshot, taker(snapshot, to)), source };
        match *back {
            None => Fate::Delivered(passage),
            Some(drop) => Fate::NoReply(passage, obstacle(drop)),
        }
    }
}

fn thing(snapshot: &Snapshot, element: Element) -> Thing {
    let name = match element {
        Element::Service(_) => String::new(),
        _ => element_names(snapshot, element).swap_remove(0),
    };
    Thing { kind: element_kind(element), name }
}

/// What takes the packets that leave at an interface.
fn taker(snapshot: &Snapshot, at: InterfaceId) -> Element {
    match snapshot[at] {
        Interface::Internet => Element::Internet,
        Interface::Task(task) => Element::Service(snapshot[task].service),
        Interface::Eni(eni) => snapshot[eni].element(eni),
        Interface::GatewayEndpoint(endpoint) => Element::VpcEndpoint(endpoint),
        Interface::LinkLocal(vpc) => Element::LinkLocal(vpc),
        Interface::External(attachment) => Element::External(attachment),
        Interface::Gone => Element::Dataplane,
    }
}
