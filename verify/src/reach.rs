//! Everything that a sender reaches, and by which way.

use std::collections::HashMap;

use indexmap::IndexSet;

use crate::classes::{Origin, TooMany};
use crate::cuts::World;
use crate::fates::{Fate, Obstacle, Thing};
use crate::rows::of_any_source_port;
use crate::survey::{self, Sending, add_rows, cut};

/// Packets that arrive alike, or may; whatever their source ports are.
pub type Row = survey::Row<Manner>;

/// How destinations are reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Manner {
    /// By which elements: each way that zones or chance may choose.
    pub ways: Vec<Vec<Thing>>,
    /// How surely.
    pub surety: Surety,
    /// What is in the way of those that do not arrive or are not answered.
    pub obstacle: Option<Obstacle>,
    /// What is not known and decides, where that is not certain.
    pub waits_for: Vec<String>,
}

/// How surely packets arrive and are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Surety {
    /// Always.
    Always,
    /// From some zones, or with some source ports.
    Sometimes,
    /// They arrive, and no answer ever comes back.
    Unanswered,
    /// What is not known decides.
    Inconclusive,
}

/// What these senders, which are one to the user, reach. At most `limit` classes of each protocol are
/// looked at.
///
/// # Errors
/// When there are more.
pub fn reach(world: &World<'_>, origins: &[Origin], limit: usize) -> Result<Vec<Row>, TooMany> {
    let sending = |origin: &Origin| Sending { world, origin: *origin };
    let senders: Vec<Sending<'_>> = origins.iter().map(sending).collect();
    let cut = cut(&senders, limit, |fates: &[Vec<&Fate>]| Some(any_of(fates)))?;
    let mut manners: IndexSet<Manner> = IndexSet::new();
    let mut joined: HashMap<Vec<usize>, Option<usize>> = HashMap::new();
    let mut rows = Vec::new();
    for (traffic, parts) in cut.parts {
        let parts = of_any_source_port(&parts, |lots| {
            *joined.entry(lots.to_vec()).or_insert_with(|| {
                let fates: Vec<&Fate> = lots.iter().flat_map(|lot| &cut.views[*lot]).collect();
                manner(&fates).map(|manner| manners.insert_full(manner).0)
            })
        });
        add_rows(&mut rows, &traffic, parts, |lot| manners[lot].clone());
    }
    rows.sort_by_key(|row| row.fares.surety);
    Ok(rows)
}

/// All that may become of a packet, from whichever zone.
fn any_of(fates: &[Vec<&Fate>]) -> Vec<Fate> {
    let mut any: Vec<Fate> = fates.iter().flatten().map(|fate| (*fate).clone()).collect();
    any.sort();
    any.dedup();
    any
}

/// How packets arrive that may fare like this; `None` if they do not.
fn manner(fates: &[&Fate]) -> Option<Manner> {
    let mut ways: Vec<Vec<Thing>> = Vec::new();
    for passage in fates.iter().filter_map(|fate| fate.passage()) {
        if !ways.contains(&passage.way) {
            ways.push(passage.way.clone());
        }
    }
    let mut waits_for: Vec<String> =
        fates.iter().filter_map(|fate| fate.waits_for()).map(str::to_owned).collect();
    waits_for.sort();
    waits_for.dedup();
    let delivered = |fate: &&&Fate| matches!(fate, Fate::Delivered(_));
    let surety = match fates.iter().filter(delivered).count() {
        _ if !waits_for.is_empty() => Surety::Inconclusive,
        _ if ways.is_empty() => return None,
        0 => Surety::Unanswered,
        all if all == fates.len() => Surety::Always,
        _ => Surety::Sometimes,
    };
    let obstacle = fates.iter().find_map(|fate| fate.obstacle()).cloned();
    Some(Manner { ways, surety, obstacle, waits_for })
}
