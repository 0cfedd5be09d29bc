//! Sets of addresses in the words of expectations: few names and blocks, and what they do not mean.

use std::net::Ipv4Addr;

use egret_dataplane::snapshot::Cidr;
use egret_verify::space::{ADDRESSES, Span, without};
use egret_verify::targets::{ANYWHERE, INTERNET, addresses, internet, span};
use egret_verify::words::{block_words, name};

use super::Group;

/// What stands for the resolver.
pub(super) const RESOLVER: &str = "resolver";

/// So many addresses in a row are looked at singly.
const FEW: u32 = 16;

/// The words of a group's senders.
pub(super) struct Targets<'a> {
    group: &'a Group<'a>,
    /// The name and the addresses of what a set may be most of.
    bases: Vec<(String, Vec<Span<u32>>)>,
}

/// Names and blocks, and those that they are without.
pub(super) type Words = (Vec<String>, Vec<String>);

impl<'a> Targets<'a> {
    pub(super) fn new(group: &'a Group<'a>) -> Targets<'a> {
        let mut bases =
            vec![(INTERNET.to_owned(), internet()), (ANYWHERE.to_owned(), vec![ADDRESSES])];
        let lists = group.snapshot.prefix_lists.iter().map(|list| list.name.to_string());
        let own = group.snapshot.vpcs.iter().flat_map(|vpc| &vpc.cidrs);
        let mut targets = Targets { group, bases: Vec::new() };
        let known = |name: String| targets.meant_by(&name).map(|spans| (name, spans));
        bases.extend(lists.filter_map(known));
        bases.extend(own.map(|cidr| (cidr.to_string(), vec![span(*cidr)])));
        targets.bases = bases;
        targets
    }

    /// The services whose words they are.
    pub(super) fn senders(&self) -> &[String] {
        &self.group.pair.names
    }

    /// The shortest way to say these addresses.
    pub(super) fn of(&self, spans: &[Span<u32>]) -> Words {
        let mut shortest = (self.fewest(spans), Vec::new());
        for (name, base) in &self.bases {
            let (missing, more) = (without(base, spans), without(spans, base));
            let (missing, more) = (self.fewest(&missing), self.fewest(&more));
            if 1 + missing.len() + more.len() < shortest.0.len() + shortest.1.len() {
                shortest = ([vec![name.clone()], more].concat(), missing);
            }
        }
        shortest
    }

    /// The shortest way to say these addresses in one or two lists, of those that packets are dropped
    /// for. Of link-local ones some answer and most do not: all are left out if one is.
    pub(super) fn of_dropped(&self, spans: &[Span<u32>]) -> Vec<Words> {
        let link_local = [span(Cidr::new(Ipv4Addr::new(169, 254, 0, 0), 16))];
        let spans = match without(&link_local, spans).is_empty() {
            true => spans.to_vec(),
            false => without(spans, &link_local),
        };
        // All but the internet, and some of that.
        let public = internet();
        let (own, some) =
            (without(&spans, &public), without(&spans, &without(&[ADDRESSES], &public)));
        let two = vec![self.of_own(&own), self.of(&some)];
        let one = vec![self.of(&spans)];
        let length =
            |words: &[Words]| -> usize { words.iter().map(|(to, but)| to.len() + but.len()).sum() };
        if some.is_empty() || length(&one) <= length(&two) { one } else { two }
    }

    /// Addresses that are not public ones, as all but the internet.
    fn of_own(&self, spans: &[Span<u32>]) -> Words {
        let missing = without(&without(&[ADDRESSES], &internet()), spans);
        let but = [vec![INTERNET.to_owned()], self.fewest(&missing)].concat();
        let short = self.of(spans);
        match 1 + but.len() < short.0.len() + short.1.len() {
            true => (vec![ANYWHERE.to_owned()], but),
            false => short,
        }
    }

    /// Whether the resolver has one of these addresses, from each zone.
    pub(super) fn has_resolver(&self, spans: &[Span<u32>]) -> bool {
        self.meant_by(RESOLVER).is_some_and(|resolver| without(&resolver, spans).is_empty())
    }

    /// The fewest names and blocks that mean just these addresses.
    fn fewest(&self, spans: &[Span<u32>]) -> Vec<String> {
        let public = internet();
        let (mut words, mut rest) = (Vec::new(), spans.to_vec());
        if without(&public, spans).is_empty() {
            words.push(INTERNET.to_owned());
            rest = without(spans, &public);
        }
        let mut unnamed = Vec::new();
        for span in rest {
            let singles = match span.last - span.first < FEW {
                true => (span.first..=span.last).collect(),
                false => Vec::new(),
            };
            let named: Vec<Option<String>> = singles.iter().map(|at| self.name(*at)).collect();
            if named.iter().all(Option::is_none) {
                unnamed.push(span);
                continue;
            }
            for (at, name) in singles.iter().zip(named) {
                match name {
                    Some(name) => words.push(name),
                    None => unnamed.push(Span::one(*at)),
                }
            }
        }
        words.extend(block_words(&unnamed));
        words
    }

    /// A name that means just this address, from each zone.
    pub(super) fn name(&self, address: u32) -> Option<String> {
        let resolver = [Span::one(address)];
        if self.meant_by(RESOLVER).is_some_and(|meant| meant == resolver) {
            return Some(RESOLVER.to_owned());
        }
        let name = name(self.group.model, self.group.snapshot, Ipv4Addr::from_bits(address))?;
        let is_word = !name.contains([':', ' ', '/']);
        let meant = is_word.then(|| self.meant_by(&name)).flatten()?;
        (meant == [Span::one(address)]).then_some(name)
    }

    /// The addresses that a name means, if it means the same from each zone.
    fn meant_by(&self, name: &str) -> Option<Vec<Span<u32>>> {
        let (model, snapshot) = (self.group.model, self.group.snapshot);
        let meant = self.group.pair.new.iter();
        let mut meant = meant.map(|sender| addresses(model, snapshot, sender, name).ok());
        let first = meant.next().flatten()?;
        meant.all(|other| other.as_ref() == Some(&first)).then_some(first)
    }
}
