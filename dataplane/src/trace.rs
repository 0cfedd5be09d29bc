//! What happened to a packet at each hop, for `explain`, captures and tests.
//!
//! The walk is generic over [`Trace`]: with [`Off`] it compiles to nothing, with [`Record`] every
//! hop is kept. There is no second evaluator; an explanation is the walk itself, looked at.

use crate::packet::Tuple;
use crate::snapshot::{AclId, EniId, RouteTableId, SgId, SubnetId};
use crate::verdict::{Drop, Element};

/// One passage through an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Which way.
    pub direction: Direction,
    /// The element.
    pub element: Element,
    /// The subnet or interface at which it acted, where that is not plain from the element: the
    /// subnet whose network ACL or route table this was.
    pub subnet: Option<SubnetId>,
    /// What decided.
    pub decision: Decision,
    /// Addresses and ports on arrival.
    pub before: Tuple,
    /// Addresses and ports afterwards; the same where the element rewrites nothing.
    pub after: Tuple,
    /// Why the packet went no further, if it did not. `explain --all` walks on past some drops, so
    /// that hops may follow.
    pub drop: Option<Drop>,
}

/// Which of the two walks of a flow a hop belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The way of the packet that opens the flow.
    Forward,
    /// The way of the packets that answer it.
    Return,
}

/// What decided at a hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The element lets packets pass, or refuses them, by what it is.
    Nature,
    /// The packet belongs to a flow that the security groups of this ENI track.
    Tracked(EniId),
    /// This rule allows (index into the group's rules of that direction).
    SecurityGroupRule {
        /// The group.
        group: SgId,
        /// Whether the rule is outbound.
        egress: bool,
        /// Its index among the group's rules of that direction.
        rule: usize,
    },
    /// No rule of any of the interface's groups allows; all of that direction were tried.
    NoSecurityGroupRule {
        /// The interface.
        eni: EniId,
        /// Whether outbound rules were asked.
        egress: bool,
    },
    /// This entry decided; all before it were tried. `None` is the implicit last one, `*`.
    AclEntry {
        /// The ACL.
        acl: AclId,
        /// Whether outbound entries were asked.
        egress: bool,
        /// Index among the entries of that direction.
        entry: Option<usize>,
    },
    /// This route was selected; `None` when no route matches.
    Route {
        /// The table.
        table: RouteTableId,
        /// Index into its routes.
        route: Option<usize>,
    },
    /// A transit gateway's route; `None` when none matches.
    TransitGatewayRoute {
        /// Which of the gateway's tables.
        table: usize,
        /// Index into its routes.
        route: Option<usize>,
    },
    /// Source or destination was translated, by this element's own mapping.
    Translated,
    /// The packet leaves the dataplane here.
    Delivered,
}

/// Sees every hop of a walk.
pub trait Trace {
    /// A hop happened. `hop` is called only where somebody looks.
    fn hop(&mut self, hop: impl FnOnce() -> Hop);

    /// Whether the walk goes on past this drop as if the packet had been allowed.
    fn goes_on(&mut self, drop: Drop) -> bool {
        let _ = drop;
        false
    }

    /// The first drop of the way forward that the walk went on past, if any: nothing may be kept
    /// for a packet that was not really allowed.
    fn passed_drop(&self) -> Option<Drop> {
        None
    }

    /// Whether anybody looks.
    fn looks(&self) -> bool {
        false
    }
}

/// Nobody looks: compiles to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Off;

impl Trace for Off {
    #[inline(always)]
    fn hop(&mut self, _: impl FnOnce() -> Hop) {}
}

/// Keeps every hop, in order.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The hops.
    pub hops: Vec<Hop>,
    /// Whether the walk goes on past a drop (`explain --all`).
    pub past_drops: bool,
}

impl Record {
    /// The hops of the packet itself: a walk of its answer may follow them.
    pub fn own(&self) -> &[Hop] {
        let Some(first) = self.hops.first() else { return &[] };
        let own = self.hops.iter().position(|hop| hop.direction != first.direction);
        &self.hops[..own.unwrap_or(self.hops.len())]
    }
}

impl Trace for Record {
    fn hop(&mut self, hop: impl FnOnce() -> Hop) {
        self.hops.push(hop());
    }

    fn goes_on(&mut self, _: Drop) -> bool {
        self.past_drops
    }

    fn passed_drop(&self) -> Option<Drop> {
        let forward = self.hops.iter().filter(|hop| hop.direction == Direction::Forward);
        if self.past_drops { forward.into_iter().find_map(|hop| hop.drop) } else { None }
    }

    fn looks(&self) -> bool {
        true
    }
}
