//! What two configurations do otherwise with the packets of a service.
//!
//! A service's tasks of OLD face those of NEW, zone by zone, and the packets of all are cut at once
//! ([`crate::survey`]): what becomes of a packet is compared by the names of elements, as indices
//! mean nothing outside of their own configuration. Every packet that fares otherwise, or may for all
//! that is known, is in exactly one row, and no other is in any. Services that have the same shared ENIs in both are asked about once.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use egret_control::explain::resolve::Unresolved;
use egret_control::model::Model;
use egret_dataplane::judgement::Choice;
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::{Egress, EniId, Interface, InterfaceId, ZoneId};
use indexmap::IndexMap;

use crate::classes::{TooMany, addresses, enis, lowest};
use crate::cuts::World;
use crate::fates::{Fate, Passage, Source};
use crate::senders::{Sender, senders};
use crate::space::{Packet, Region, Span, has_ports};
use crate::survey::{self, Sending, survey};

/// One of the two configurations.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The model.
    pub model: &'a Model,
    /// What it was compiled to.
    pub world: &'a World<'a>,
}

/// Who is compared.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    /// Senders that both configurations have.
    pub pairs: Vec<Pair>,
    /// Those that only NEW has.
    pub added: Vec<String>,
    /// Those that only OLD has.
    pub removed: Vec<String>,
}

/// Senders of both configurations that fare alike within each.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Their names.
    pub names: Vec<String>,
    /// One task in each zone of the first of them, in OLD.
    pub old: Vec<Sender>,
    /// The same in NEW.
    pub new: Vec<Sender>,
    /// Which of OLD faces which of NEW. Those of a zone face each other; one whose zone the other side
    /// has not, faces the first there.
    pub facing: Vec<(usize, usize)>,
}

/// What has become of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// They are dropped, or their answers are, and were not, or not always.
    Lost,
    /// They arrive, or their answers come back, and did not, or not always.
    Gained,
    /// They arrive as before, by another way, from another source address or at another place.
    Rerouted,
    /// What becomes of them depends on what is not known, before or after or both.
    Inconclusive,
    /// They are dropped as before, for another reason or elsewhere.
    Refused,
}

/// Packets, and what may become of them for each sender of OLD, then for each of NEW; nothing for those
/// of which nothing has changed, and all is known.
pub type Row = survey::Row<Vec<Vec<Fate>>>;

/// Packets that fare otherwise than before.
#[derive(Clone, Debug)]
pub struct Change {
    /// How.
    pub kind: Kind,
    /// Which packets.
    pub row: Row,
    /// Which of [`Pair::facing`] it is true of.
    pub facing: Vec<(usize, usize)>,
    /// The smallest of them; of port 1 where that is one.
    pub example: Example,
}

/// A packet that fares otherwise than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// As the first of the facing ones in NEW sends it.
    pub packet: Packet,
    /// Who sends it in OLD and in NEW: one of [`Pair::facing`].
    pub facing: (usize, usize),
    /// What chance chooses in OLD and in NEW.
    pub choices: [Choice; 2],
}

/// What has changed for a pair.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// In the order of their kinds.
    pub changes: Vec<Change>,
    /// Into how many boxes their packets were cut.
    pub classes: usize,
}

/// Pairs the senders of two configurations: those that are named, or else every service.
///
/// # Errors
/// When a name means nothing in either.
pub fn agenda(old: Side<'_>, new: Side<'_>, names: &[String]) -> Result<Agenda, Unresolved> {
    let services = |side: Side<'_>| -> Vec<String> {
        side.model.services.iter().map(|service| service.id.value.clone()).collect()
    };
    let mut all: Vec<String> = names.to_vec();
    if names.is_empty() {
        all = services(new);
        all.extend(services(old));
    }
    let mut seen = HashSet::new();
    all.retain(|name| seen.insert(name.clone()));
    let mut agenda = Agenda::default();
    let mut alike: IndexMap<_, Pair> = IndexMap::new();
    let of = |side: Side<'_>, name: &str| senders(side.model, side.world.snapshot(), name);
    for name in all {
        let (old_senders, new_senders) = match (of(old, &name), of(new, &name)) {
            (Ok(old), Ok(new)) => (old, new),
            (Ok(_), Err(_)) => {
                agenda.removed.push(name);
                continue;
            }
            (Err(_), Ok(_)) => {
                agenda.added.push(name);
                continue;
            }
            (Err(_), Err(error)) => return Err(error),
        };
        let key = [exits(old, &old_senders), exits(new, &new_senders)];
        alike.entry(key).and_modify(|pair| pair.names.push(name.clone())).or_insert_with(|| Pair {
            facing: facing(&zones(&old_senders), &zones(&new_senders)),
            names: vec![name],
            old: old_senders,
            new: new_senders,
        });
    }
    agenda.pairs = alike.into_values().collect();
    Ok(agenda)
}

/// All that decides how a sender's packets fare.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Exit {
    /// The provider's own way out.
    Provider,
    /// These shared ENIs, from this zone.
    Shared(Vec<EniId>, Option<ZoneId>),
    /// Its own interface.
    Own(InterfaceId),
}

fn exits(side: Side<'_>, senders: &[Sender]) -> Vec<Exit> {
    let snapshot = side.world.snapshot();
    let exit = |sender: &Sender| match snapshot[sender.origin.interface] {
        Interface::Task(task) => match &snapshot[snapshot[task].service].egress {
            Egress::Default => Exit::Provider,
            Egress::Vpc { enis, .. } => Exit::Shared(enis.clone(), snapshot[task].zone),
        },
        _ => Exit::Own(sender.origin.interface),
    };
    senders.iter().map(exit).collect()
}

fn zones(senders: &[Sender]) -> Vec<Option<&str>> {
    senders.iter().map(|sender| sender.zone.as_deref()).collect()
}

fn facing(old: &[Option<&str>], new: &[Option<&str>]) -> Vec<(usize, usize)> {
    let place = |zones: &[Option<&str>], zone| zones.iter().position(|other| *other == zone);
    let from_old = old.iter().enumerate().map(|(at, zone)| (at, place(new, *zone).unwrap_or(0)));
    let mut facing: Vec<(usize, usize)> = from_old.collect();
    let alone = new.iter().enumerate().filter(|(_, zone)| place(old, **zone).is_none());
    facing.extend(alone.map(|(at, _)| (0, at)));
    let mut seen = HashSet::new();
    facing.retain(|faces| seen.insert(*faces));
    facing
}

/// What has changed for the senders of a pair. At most `limit` boxes of each protocol are looked at.
///
/// # Errors
/// When there are more.
pub fn changes(
    old: Side<'_>,
    new: Side<'_>,
    pair: &Pair,
    limit: usize,
) -> Result<Changes, TooMany> {
    let of_old = pair.old.iter().map(|sender| Sending { world: old.world, origin: sender.origin });
    let of_new = pair.new.iter().map(|sender| Sending { world: new.world, origin: sender.origin });
    let panel: Vec<Sending<'_>> = of_old.chain(of_new).collect();
    let survey = survey(&panel, limit, |fates| differing(pair, fates))?;
    let change = |row| change(&panel, pair, row);
    let mut changes: Vec<Change> = survey.rows.into_iter().map(change).collect();
    changes.sort_by_key(|change| change.kind);
    Ok(Changes { changes, classes: survey.classes })
}

/// The fates that differ or are not known, if any are.
fn differing(pair: &Pair, fates: &[Vec<&Fate>]) -> Option<Vec<Vec<Fate>>> {
    let mut differs = vec![false; fates.len()];
    for (old, new) in &pair.facing {
        let new = pair.old.len() + new;
        let is_open = |fates: &[&Fate]| fates.iter().any(|fate| fate.waits_for().is_some());
        if fates[*old] != fates[new] || is_open(&fates[*old]) {
            (differs[*old], differs[new]) = (true, true);
        }
    }
    let kept = |(fates, differs): (&Vec<&Fate>, &bool)| match differs {
        true => fates.iter().map(|fate| (*fate).clone()).collect(),
        false => Vec::new(),
    };
    differs.contains(&true).then(|| fates.iter().zip(&differs).map(kept).collect())
}

fn change(panel: &[Sending<'_>], pair: &Pair, row: Row) -> Change {
    let fates = |(old, new): &(usize, usize)| [&row.fares[*old], &row.fares[pair.old.len() + new]];
    let kinds = pair.facing.iter().map(|faces| {
        let [before, after] = fates(faces);
        kind(before, after)
    });
    let kinds: Vec<Option<Kind>> = kinds.collect();
    let first = kinds.iter().flatten().min().copied();
    let found = pair.facing.iter().zip(&kinds).filter(|(_, kind)| kind.is_some());
    let facing: Vec<(usize, usize)> = found.map(|(faces, _)| *faces).collect();
    let at = kinds.iter().position(|kind| *kind == first).unwrap_or(0);
    let faces = pair.facing[at];
    let [before, after] = fates(&faces);
    let region = smallest(&row);
    let (old, new) = (panel[faces.0], panel[pair.old.len() + faces.1]);
    let choices = [odd(old, region, after), odd(new, region, before)];
    let example = Example { packet: region.first(new.origin.src), facing: faces, choices };
    Change { kind: first.unwrap_or(Kind::Refused), row, facing, example }
}

/// What it means that packets fared like this, and now fare like that; nothing, if it is the same.
pub fn kind(before: &[Fate], after: &[Fate]) -> Option<Kind> {
    if before.is_empty() || after.is_empty() {
        return None;
    }
    if before.iter().chain(after).any(|fate| fate.waits_for().is_some()) {
        return Some(Kind::Inconclusive);
    }
    if before == after {
        return None;
    }
    let least = |fates: &[Fate]| fates.iter().map(Fate::level).min();
    let most = |fates: &[Fate]| fates.iter().map(Fate::level).max();
    let passages = |fates: &[Fate]| -> HashSet<Passage> {
        fates.iter().filter_map(Fate::passage).cloned().collect()
    };
    // The same but for an address of which nobody knows whether it is another one.
    let sourceless = |fates: &[Fate]| -> HashSet<Passage> {
        let nowhere = Source::Known(Ipv4Addr::UNSPECIFIED);
        let without = |passage| Passage { source: nowhere.clone(), ..passage };
        passages(fates).into_iter().map(without).collect()
    };
    let is_awaited = |fate: &Fate| {
        fate.passage().is_some_and(|passage| matches!(passage.source, Source::Awaited(_)))
    };
    let sources_wait = || before.iter().chain(after).any(is_awaited);
    Some(match () {
        () if least(after) < least(before) || most(after) < most(before) => Kind::Lost,
        () if least(after) > least(before) || most(after) > most(before) => Kind::Gained,
        () if sources_wait() && sourceless(after) == sourceless(before) => Kind::Inconclusive,
        () if passages(after) != passages(before) => Kind::Rerouted,
        () => Kind::Refused,
    })
}

/// The smallest packet of a row, alone in a region: of port 1 rather than 0, which nobody sends to.
fn smallest(row: &Row) -> Region {
    let protocol = row.traffic.protocols[0];
    let ports = row.traffic.ports(protocol);
    let first = ports[0];
    let port = match ports.get(1) {
        _ if protocol == Protocol::ICMP => echo(ports),
        _ if !has_ports(protocol) || first.first > 0 => first.first,
        _ if first.last > 0 => 1,
        Some(next) => next.first,
        None => 0,
    };
    Region {
        dst: Span::one(row.destinations[0].first),
        protocol,
        port: Span::one(port),
        source_port: Span::one(row.source_ports[0].first),
    }
}

/// The echo request among ICMP messages, which everybody knows, or else the lowest of them.
fn echo(types: &[Span<u16>]) -> u16 {
    const ECHO: u16 = 8 << 8;
    if types.iter().any(|span| span.contains(ECHO)) { ECHO } else { types[0].first }
}

/// What chance must choose so that a packet has a fate that is not among these, if it can.
fn odd(sending: Sending<'_>, region: Region, others: &[Fate]) -> Choice {
    let (world, origin) = (sending.world, sending.origin);
    let mut choices = Vec::new();
    for eni in enis(world, origin, region) {
        let first = lowest(world, origin, region, eni, 0);
        let more = addresses(world, &first);
        choices.push(first);
        choices.extend((1..more).map(|address| lowest(world, origin, region, eni, address)));
    }
    let is_odd = |at: &usize| !others.contains(&Fate::of(world, &choices[*at]));
    let at = (0..choices.len()).find(is_odd).unwrap_or(0);
    choices[at].choice
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_face_each_other_and_whoever_has_none_faces_the_first() {
        let (a, b, c) = (Some("a"), Some("b"), Some("c"));
        assert_eq!(facing(&[a, b], &[b, a]), [(0, 1), (1, 0)]);
        assert_eq!(facing(&[a, b], &[a]), [(0, 0), (1, 0)]);
        assert_eq!(facing(&[a], &[a, b, c]), [(0, 0), (0, 1), (0, 2)]);
        assert_eq!(facing(&[None], &[a, b]), [(0, 0), (0, 1)]);
    }
}
