//! Which small changes of a configuration no expectation would notice.
//!
//! A mutant ([`super::mutants`]) is compiled, and the expectations that hold of the configuration
//! are judged of it until one fails: that one notices. Those that never asked the list of rules or
//! routes that was changed are left out, because nothing on their packets' ways can tell the
//! difference. What nobody notices is either the same to every packet of every sender, which is
//! proved by classes ([`egret_verify::same`]) and no fault of the expectations, or it survives, with
//! a packet that fares otherwise.
//!
//! The cost of a mutant is a compilation and the classes of the expectations that asked; of one that
//! nobody notices, the classes of the senders that ask. Runs (`results:`) are not repeated.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use egret_control::compile::{Compilation, compile_after};
use egret_control::explain::{World, element_names};
use egret_control::model::{InterfaceOwner, Model};
use egret_dataplane::packet::Protocol;
use egret_verify::classes::{Class, classes};
use egret_verify::cuts;
use egret_verify::fates::way;
use egret_verify::same::{Difference, difference};
use egret_verify::senders::{Sender, senders};
use egret_verify::space::{ADDRESSES, Region};
use egret_verify::survey::Sending;

use super::mutants::{Mutant, mutants};
use super::parts::List;
use super::{Case, Of, Outcome, Seen, Suite, Verdict};
use crate::expect;
use crate::reporting::packet_words;
use crate::scenario::{EVERY_SERVICE, Expectation};

/// Classes of one sender's packets of one protocol that are compared at most.
const LIMIT: usize = 200_000;

/// A configuration, and the expectations about it that hold.
pub struct Mutation<'a> {
    model: &'a Model,
    compilation: &'a Compilation,
    held: Vec<Held<'a>>,
    /// Each sender, and what its packets ask; `None` for too much to say. Known once somebody needs
    /// it.
    senders: OnceLock<Vec<(Sender, Option<BTreeSet<List>>)>>,
}

/// An expectation that holds, and what its packets asked.
struct Held<'a> {
    name: String,
    expected: &'a Expectation,
    asked: BTreeSet<List>,
}

/// What comes of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// This expectation fails of it.
    Noticed(String),
    /// It does not compile, for this reason.
    Refused(String),
    /// It is the same to every packet of every sender.
    Same,
    /// No expectation fails, though packets fare otherwise: such as this one.
    Survived(String),
}

impl<'a> Mutation<'a> {
    /// Of the expectations of these suites that held, all about one configuration. The suites must
    /// have been watched.
    ///
    /// # Panics
    /// When there is no suite, or nothing can be said of it ([`Suite::is_known`]).
    pub fn of(suites: &[(&'a Suite, Vec<(&Case, &Outcome)>)]) -> Mutation<'a> {
        let first = suites[0].0;
        let mut held = Vec::new();
        for (suite, outcomes) in suites {
            for (case, outcome) in outcomes {
                let Of::Packets(at) = case.of else { continue };
                if outcome.verdict() == Verdict::Passed {
                    let (name, asked) = (case.name.clone(), outcome.seen.asked.clone());
                    held.push(Held { name, expected: &suite.expect[at], asked });
                }
            }
        }
        let model = &first.scenario.model;
        let compilation = first.compilation.as_ref().expect("a suite of which something is known");
        Mutation { model, compilation, held, senders: OnceLock::new() }
    }

    /// Of those of these expectations that hold of a configuration.
    pub fn of_model(
        model: &'a Model,
        compilation: &'a Compilation,
        expectations: &'a [Expectation],
    ) -> Mutation<'a> {
        let world = World::new(&model.sources, compilation);
        let held = expectations.iter().filter_map(|expected| {
            let mut seen = Seen::default();
            let mut see = |class: &Class| seen.note(&compilation.snapshot, class);
            expect::judge_seen(model, world, expected, &mut see).ok()?;
            Some(Held { name: packet_words(expected), expected, asked: seen.asked })
        });
        Mutation { model, compilation, held: held.collect(), senders: OnceLock::new() }
    }

    /// Every mutant, in the order of the configuration.
    pub fn mutants(&self) -> Vec<Mutant> {
        mutants(self.model, &self.compilation.snapshot)
    }

    /// What comes of a mutant.
    pub fn judge(&self, mutant: &Mutant) -> Fate {
        let model = mutant.apply(self.model);
        let compilation = match compile_after(&model, self.compilation) {
            Ok(compilation) => compilation,
            Err(findings) => {
                let error = findings.into_iter().find(|finding| finding.is_error());
                return Fate::Refused(error.map(|error| error.message).unwrap_or_default());
            }
        };
        let world = World::new(&model.sources, &compilation);
        let fails = |held: &&Held<'_>| expect::judge(&model, world, held.expected).is_err();
        if let Some(held) = self.held.iter().filter(|held| held.asks(mutant.list)).find(fails) {
            return Fate::Noticed(held.name.clone());
        }
        self.compare(mutant, &compilation)
    }

    fn compare(&self, mutant: &Mutant, compilation: &Compilation) -> Fate {
        let before = cuts::World::new(&self.compilation.snapshot);
        let after = cuts::World::new(&compilation.snapshot);
        let asks = |asked: &Option<BTreeSet<List>>| match (mutant.list, asked) {
            (Some(list), Some(asked)) => asked.contains(&list),
            _ => true,
        };
        let senders = self.senders.get_or_init(|| self.every_sender());
        for (sender, _) in senders.iter().filter(|(_, asked)| asks(asked)) {
            let origin = sender.origin;
            let of = |world| Sending { world, origin };
            for protocol in kinds(&before, &after) {
                for region in Region::all(ADDRESSES, protocol) {
                    match difference(of(&before), of(&after), region, LIMIT) {
                        Ok(None) => {}
                        Ok(Some(found)) => {
                            return Fate::Survived(self.example(sender, &found, compilation));
                        }
                        Err(error) => return Fate::Survived(error.to_string()),
                    }
                }
            }
        }
        Fate::Same
    }

    /// A packet that fares otherwise, in words.
    fn example(&self, sender: &Sender, found: &Difference, after: &Compilation) -> String {
        let packet = expect::example(sender, &found.before);
        let old = fare(&self.compilation.snapshot, &found.before);
        let new = fare(&after.snapshot, &found.after);
        format!("{packet}: {old} before, {new} after")
    }

    /// The services, the hosts in VPCs, and whoever else sends in an expectation.
    fn every_sender(&self) -> Vec<(Sender, Option<BTreeSet<List>>)> {
        let (model, snapshot) = (self.model, &self.compilation.snapshot);
        let services = model.services.iter().map(|service| service.id.value.as_str());
        let hosts = model.network_interfaces.iter();
        let hosts = hosts.filter(|eni| eni.owner == InterfaceOwner::Host);
        let hosts = hosts.map(|eni| eni.id.value.as_str());
        let said = self.held.iter().flat_map(|held| &held.expected.from);
        let said = said.map(|from| from.as_str()).filter(|from| *from != EVERY_SERVICE);
        let mut all: Vec<Sender> = Vec::new();
        for name in services.chain(hosts).chain(said) {
            for sender in senders(model, snapshot, name).unwrap_or_default() {
                if !all.iter().any(|known| known.origin == sender.origin) {
                    all.push(sender);
                }
            }
        }
        all.into_iter().map(|sender| (sender.clone(), self.asked_by(&sender))).collect()
    }

    /// What a sender's packets ask, whatever they are; `None` if they fall into too many classes.
    fn asked_by(&self, sender: &Sender) -> Option<BTreeSet<List>> {
        let world = cuts::World::new(&self.compilation.snapshot);
        let mut seen = Seen::default();
        for protocol in world.protocols() {
            for region in Region::all(ADDRESSES, protocol) {
                let classes = classes(&world, sender.origin, region, LIMIT).ok()?;
                classes.iter().for_each(|class| seen.note(&self.compilation.snapshot, class));
            }
        }
        Some(seen.asked)
    }
}

impl Held<'_> {
    fn asks(&self, list: Option<List>) -> bool {
        list.is_none_or(|list| self.asked.contains(&list))
    }
}

/// The kinds of protocols that one of two worlds tells apart, those that people think of first.
fn kinds(before: &cuts::World<'_>, after: &cuts::World<'_>) -> Vec<Protocol> {
    let rank = |protocol: &Protocol| match *protocol {
        Protocol::TCP => 0,
        Protocol::UDP => 1,
        Protocol::ICMP => 2,
        _ => 3,
    };
    let mut kinds = before.protocols();
    kinds.extend(after.protocols());
    kinds.sort_by_key(|protocol| (rank(protocol), *protocol));
    kinds.dedup();
    kinds
}

/// What becomes of packets, in words: `delivered by nat-a`.
fn fare(snapshot: &egret_dataplane::snapshot::Snapshot, class: &Class) -> String {
    let way = way(class).into_iter().map(|element| element_names(snapshot, element).swap_remove(0));
    let way: Vec<String> = way.collect();
    let drop = class.judgement.there.err().or(class.judgement.back);
    let dropped = drop.map(|drop| {
        let by = element_names(snapshot, drop.element).swap_remove(0);
        format!("{} at {by}", drop.reason.name())
    });
    let by = if way.is_empty() { "directly".to_owned() } else { format!("by {}", way.join(", ")) };
    match (class.judgement.there, dropped) {
        (Err(_), Some(dropped)) => format!("dropped ({dropped})"),
        (_, Some(dropped)) => format!("no reply {by} ({dropped})"),
        _ => format!("delivered {by}"),
    }
}
