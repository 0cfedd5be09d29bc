//! Whether what is expected of packets is so: of every packet that an expectation speaks of, proved
//! and not sampled ([`egret_verify`]).

use std::collections::HashMap;
use std::fmt;
use std::net::Ipv4Addr;

use egret_control::explain::{self, Explanation, Question, World, analysis, element_names};
use egret_control::model::{Model, Name, Unknown};
use egret_dataplane::judgement::Judgement;
use egret_dataplane::packet::Protocol as IpProtocol;
use egret_dataplane::snapshot::Snapshot;
use egret_dataplane::trace::{Direction, Hop};
use egret_dataplane::verdict::{Drop, Element};
use egret_verify::classes::{Class, classes};
use egret_verify::cuts;
use egret_verify::open::Open;
use egret_verify::senders::{Sender, senders};
use egret_verify::space::{PORTS, Region, SOURCE_PORTS, Span, without};
use egret_verify::targets;

use crate::reporting;
use crate::scenario::{EVERY_SERVICE, Expectation, Outcome, Protocol, Target};
use crate::suite::parts::Part;

/// Classes of packets that one expectation may speak of, from one sender to one target.
const LIMIT: usize = 1_000_000;

/// An expectation that does not hold.
#[derive(Clone, Debug)]
pub struct Unmet {
    /// What is not as expected, a sentence each.
    pub differences: Vec<String>,
    /// Classes of packets of which it does not hold, and of how many.
    pub failing: (usize, usize),
    /// What happens to the smallest packet of which it does not hold, where there is one.
    pub explanation: Option<Box<Explanation>>,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.differences.join("; "))
    }
}

/// An expectation of which no packet is known to break it.
#[derive(Clone, Debug, Default)]
pub struct Met {
    /// Classes of packets that it speaks of.
    pub classes: usize,
    /// What a template leaves open that would have to be known to be sure; nothing if it is sure.
    pub waits_for: Vec<Unknown>,
}

/// Judges every packet that an expectation speaks of.
///
/// # Errors
/// Everything that is not as expected, of the smallest packet that is not.
pub fn judge(model: &Model, world: World<'_>, expected: &Expectation) -> Result<Met, Unmet> {
    judge_seen(model, world, expected, &mut |_| {})
}

/// The same, with each class shown to `see`.
///
/// # Errors
/// As [`judge`].
pub fn judge_seen(
    model: &Model,
    world: World<'_>,
    expected: &Expectation,
    see: &mut dyn FnMut(&Class),
) -> Result<Met, Unmet> {
    let open = Open::new(model, world.snapshot);
    let cuts = cuts::World::new(world.snapshot).with(&open);
    let rules = Rules::of(world.snapshot, expected).map_err(impossible)?;
    Judge { model, world, cuts, open: &open, expected, rules }.judge(see)
}

struct Judge<'a> {
    model: &'a Model,
    world: World<'a>,
    cuts: cuts::World<'a>,
    open: &'a Open,
    expected: &'a Expectation,
    rules: Rules,
}

impl Judge<'_> {
    fn judge(&self, see: &mut dyn FnMut(&Class)) -> Result<Met, Unmet> {
        let (mut all, mut failing) = (0, 0);
        let mut waits_for: Vec<Unknown> = Vec::new();
        let mut worst: Option<(Sender, &Target, Class)> = None;
        for from in self.senders() {
            let senders = senders(self.model, self.world.snapshot, &from).map_err(impossible)?;
            for sender in senders {
                for to in self.expected.to.iter().map(|to| &to.value) {
                    for class in self.classes(&sender, to)? {
                        all += 1;
                        see(&class);
                        if let Some(unknown) = self.doubt(&class) {
                            if !waits_for.contains(unknown) {
                                waits_for.push(unknown.clone());
                            }
                            continue;
                        }
                        if self.differences(&Found::of(&class)).is_empty() {
                            continue;
                        }
                        failing += 1;
                        if worst.as_ref().is_none_or(|(.., found)| key(&class) < key(found)) {
                            worst = Some((sender.clone(), to, class));
                        }
                    }
                }
            }
        }
        match worst {
            None if all == 0 => Err(impossible("no packet is left of which this is expected")),
            None => Ok(Met { classes: all, waits_for }),
            Some((sender, to, class)) => Err(self.unmet(&sender, to, &class, (failing, all))),
        }
    }

    /// What is not known and would decide about a class, or about what is expected of it.
    fn doubt(&self, class: &Class) -> Option<&Unknown> {
        let (expected, Judgement { there, back }) = (self.expected, class.judgement);
        let of_source = || {
            expected.source.as_ref()?;
            self.open.stand_in(there.ok()?.1.src)
        };
        let of_reason = || {
            let drop = there.err().or(back)?;
            let matters = expected.reason.is_some() || expected.code.is_some();
            self.open.doubt_of_reason(self.world.snapshot, drop).filter(|_| matters)
        };
        let icmp = class.region.first(Ipv4Addr::UNSPECIFIED).icmp();
        self.cuts.doubt(&class.hops, icmp).or_else(of_source).or_else(of_reason)
    }

    fn senders(&self) -> Vec<String> {
        let every = || self.model.services.iter().map(|service| service.id.value.clone()).collect();
        let named = self.expected.from.iter().map(|from| match from.as_str() {
            EVERY_SERVICE => every(),
            name => vec![name.to_owned()],
        });
        named.flat_map(|names: Vec<String>| names).collect()
    }

    fn classes(&self, sender: &Sender, to: &Target) -> Result<Vec<Class>, Unmet> {
        let addresses = |name: &str| {
            let spans = targets::addresses(self.model, self.world.snapshot, sender, name);
            spans.map_err(impossible)
        };
        let mut spans = addresses(&to.host)?;
        for except in &self.expected.except {
            spans = without(&spans, &addresses(except)?);
        }
        let mut all = Vec::new();
        let kinds = self.cuts.protocols();
        for dst in spans {
            for region in regions(self.expected.protocol, dst, to.ports, &kinds) {
                let classes = classes(&self.cuts, sender.origin, region, LIMIT);
                all.extend(classes.map_err(impossible)?);
            }
        }
        Ok(all)
    }

    fn unmet(&self, sender: &Sender, to: &Target, class: &Class, failing: (usize, usize)) -> Unmet {
        let packet = class.region.first(sender.origin.src);
        let is_address = to.host.parse::<Ipv4Addr>().is_ok();
        let question = Question {
            from: sender.origin.interface,
            from_label: sender.label.clone(),
            tuple: packet.tuple(),
            icmp: packet.icmp(),
            to_label: match is_address {
                true => packet.dst.to_string(),
                false => format!("{} ({})", to.host, packet.dst),
            },
            notes: Vec::new(),
            all: false,
        };
        let mut differences = self.differences(&Found::of(class));
        if failing.1 > 1 {
            differences.push(format!("so it is for instance for {}", example(sender, class)));
        }
        let explanation = explain::explain_chosen(self.world, question, class.choice);
        Unmet { differences, failing, explanation: Some(Box::new(explanation)) }
    }

    fn differences(&self, found: &Found<'_>) -> Vec<String> {
        let mut differences = self.unlike(self.expected, found);
        if let Some(not) = &self.expected.not
            && self.unlike(not, found).is_empty()
        {
            let claims = reporting::claims(not).join(" and ");
            differences.push(format!("this should not be so, and is: {claims}"));
        }
        differences
    }

    /// In what packets differ from what is claimed.
    fn unlike(&self, expected: &Expectation, found: &Found<'_>) -> Vec<String> {
        let snapshot = self.world.snapshot;
        let mut differences = Vec::new();
        let mut differ = |what: &str, expected: &str, found: &str| {
            differences.push(format!("{what} should be {expected}, and is {found}"));
        };
        let outcome = match *expected.outcome {
            Outcome::Delivered => explain::Outcome::Delivered,
            Outcome::NoReply => explain::Outcome::NoReply,
            Outcome::Dropped => explain::Outcome::Dropped,
            Outcome::Any => found.outcome,
        };
        if outcome != found.outcome {
            differ("the outcome", analysis::outcome(outcome), analysis::outcome(found.outcome));
        }
        let none = "nothing";
        if let Some(by) = &expected.by {
            let names = found.drop.map(|drop| element_names(snapshot, drop.element));
            if !names.as_ref().is_some_and(|names| names.contains(&by.value)) {
                let found = names.map_or(none.to_owned(), |names| names[0].clone());
                differ("what drops it", by, &found);
            }
        }
        let reason = found.drop.map(|drop| drop.reason);
        if let Some(expected) = &expected.reason
            && reason != Some(expected.value)
        {
            differ("the reason", expected.name(), reason.map_or(none, |reason| reason.name()));
        }
        if let Some(code) = &expected.code {
            let found = reason.map_or(none, |reason| reason.code());
            if found != code.as_str() {
                differ("the code", code, found);
            }
        }
        if let Some(source) = &expected.source
            && found.source != Some(source.value)
        {
            let found = found.source.map_or(none.to_owned(), |source| source.to_string());
            differ("the source that the destination sees", &source.value.to_string(), &found);
        }
        if let Some(rule) = self.rules.idle(&expected.rule, found.hops, snapshot) {
            let decided = found.hops.iter().flat_map(|hop| Part::deciding(snapshot, hop));
            let decided: Vec<String> = decided.map(|part| part.name(snapshot)).collect();
            let decided = if decided.is_empty() { none.to_owned() } else { decided.join(", ") };
            differ("what decides", rule, &decided);
        }
        if let Some(missing) = missing_on(expected, found, snapshot) {
            let shown: Vec<String> =
                found.via.iter().map(|e| element_names(snapshot, *e).swap_remove(0)).collect();
            differ("the way", &format!("by {missing}"), &shown.join(", "));
        }
        differences
    }
}

/// The first element that packets should pass, after those before it, and do not.
fn missing_on<'e>(
    expected: &'e Expectation,
    found: &Found<'_>,
    snapshot: &Snapshot,
) -> Option<&'e str> {
    let mut rest = found.via.iter();
    let mut expected = expected.via.iter();
    expected
        .find(|via| !rest.any(|e| element_names(snapshot, *e).contains(&via.value)))
        .map(|via| via.as_str())
}

/// The parts of the configuration by their names, where an expectation names one.
struct Rules(HashMap<String, Part>);

impl Rules {
    fn of(snapshot: &Snapshot, expected: &Expectation) -> Result<Rules, String> {
        let mut said = expected.rules().peekable();
        let all = said.peek().map(|_| Part::all(snapshot)).unwrap_or_default();
        let all: HashMap<String, Part> =
            all.into_iter().map(|part| (part.name(snapshot), part)).collect();
        match said.find(|rule| !all.contains_key(rule.as_str())) {
            Some(unknown) => Err(format!("nothing that decides is called `{}`", unknown.value)),
            None => Ok(Rules(all)),
        }
    }

    /// The first of these that decided at none of the hops.
    fn idle<'e>(&self, said: &'e [Name], hops: &[Hop], snapshot: &Snapshot) -> Option<&'e str> {
        let mut decided = Vec::new();
        if !said.is_empty() {
            decided.extend(hops.iter().flat_map(|hop| Part::deciding(snapshot, hop)));
        }
        let is_idle =
            |rule: &&Name| self.0.get(rule.as_str()).is_none_or(|part| !decided.contains(part));
        said.iter().find(is_idle).map(|rule| rule.as_str())
    }
}

/// What is found of a class.
struct Found<'c> {
    outcome: explain::Outcome,
    drop: Option<Drop>,
    /// As the destination sees it.
    source: Option<Ipv4Addr>,
    via: Vec<Element>,
    hops: &'c [Hop],
}

impl Found<'_> {
    fn of(class: &Class) -> Found<'_> {
        let judgement = &class.judgement;
        let there = class.hops.iter();
        let there = there.filter(|hop| hop.direction == Direction::Forward && hop.drop.is_none());
        Found {
            outcome: match (judgement.there, judgement.back) {
                (Err(_), _) => explain::Outcome::Dropped,
                (Ok(_), Some(_)) => explain::Outcome::NoReply,
                (Ok(_), None) => explain::Outcome::Delivered,
            },
            drop: judgement.there.err().or(judgement.back),
            source: judgement.there.ok().map(|(_, tuple)| tuple.src),
            via: there.map(|hop| hop.element).collect(),
            hops: &class.hops,
        }
    }
}

/// The packets of an expectation to one span of addresses; of all protocols, one of each kind.
fn regions(
    protocol: Protocol,
    dst: Span<u32>,
    ports: Option<(u16, u16)>,
    kinds: &[IpProtocol],
) -> Vec<Region> {
    let of = |protocol, (first, last)| {
        vec![Region { dst, protocol, port: Span::new(first, last), source_port: SOURCE_PORTS }]
    };
    match protocol {
        Protocol::Tcp => of(IpProtocol::TCP, ports.unwrap_or((0, u16::MAX))),
        Protocol::Udp => of(IpProtocol::UDP, ports.unwrap_or((0, u16::MAX))),
        Protocol::Icmp(kind, code) => icmp(dst, kind, code),
        Protocol::Other(number) => Region::all(dst, IpProtocol(number)),
        Protocol::All => kinds.iter().flat_map(|kind| Region::all(dst, *kind)).collect(),
    }
}

/// ICMP messages of a type and code that open a flow; `None` is any.
fn icmp(dst: Span<u32>, kind: Option<u8>, code: Option<u8>) -> Vec<Region> {
    let at = |kind, code| u16::from_be_bytes([kind, code]);
    let asked = match (kind, code) {
        (None, _) => PORTS,
        (Some(kind), None) => Span::new(at(kind, 0), at(kind, u8::MAX)),
        (Some(kind), Some(code)) => Span::one(at(kind, code)),
    };
    let all = Region::all(dst, IpProtocol::ICMP).into_iter();
    all.filter_map(|region| Some(Region { port: region.port.both(&asked)?, ..region })).collect()
}

/// By which classes are small: what counts is the packet that somebody reads.
fn key(class: &Class) -> (u32, u8, u16, u16) {
    let Region { dst, protocol, port, source_port } = class.region;
    (dst.first, protocol.0, port.first, source_port.first)
}

/// A class in words: `web/1, tcp 203.0.113.10:443`.
pub(crate) fn example(sender: &Sender, class: &Class) -> String {
    let packet = class.region.first(sender.origin.src);
    let (name, protocol, dst) = (&sender.name, packet.protocol, packet.dst);
    let to = match protocol {
        IpProtocol::TCP | IpProtocol::UDP => format!("{dst}:{}", packet.port),
        IpProtocol::ICMP => format!("{dst} type {} code {}", packet.icmp().0, packet.icmp().1),
        _ => dst.to_string(),
    };
    let source = match class.region.source_port {
        SOURCE_PORTS => String::new(),
        span => format!(", answered to port {}", span.first),
    };
    format!("{name}, {protocol} {to}{source}")
}

fn impossible(error: impl fmt::Display) -> Unmet {
    Unmet { differences: vec![error.to_string()], failing: (0, 0), explanation: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn icmp_messages_about_a_packet_open_no_flow() {
        let asked = |kind, code| -> Vec<Span<u16>> {
            icmp(Span::one(1), kind, code).into_iter().map(|region| region.port).collect()
        };
        assert_eq!(asked(Some(8), Some(0)), [Span::one(0x0800)]);
        assert_eq!(asked(Some(13), None), [Span::new(0x0d00, 0x0dff)]);
        assert_eq!(asked(Some(3), Some(4)), []);
        assert_eq!(asked(None, None).len(), 3);
    }
}
