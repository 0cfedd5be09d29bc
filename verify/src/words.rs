//! What a user calls destinations, ports and ways.

use std::net::Ipv4Addr;

use egret_control::model::Model;
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::{Cidr, EniOwner, Snapshot};

use crate::cuts::link_local;
use crate::space::{ADDRESSES, Span, blocks, every_port, has_ports, without};
use crate::survey::Traffic;
use crate::targets::{internet, span};

/// The names of one configuration or, where an older one is beside it, of both: the first that knows
/// an address names it.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    known: Vec<(&'a Model, &'a Snapshot)>,
}

/// So many addresses in a row are looked at singly.
const FEW: u32 = 16;
/// So many blocks are listed before the list is turned round or cut.
const BLOCKS: usize = 8;

impl<'a> Words<'a> {
    /// The words of these configurations.
    pub fn new(known: &[(&'a Model, &'a Snapshot)]) -> Words<'a> {
        Words { known: known.to_vec() }
    }

    /// Names of single addresses, then the blocks of the rest.
    pub fn destinations(&self, spans: &[Span<u32>]) -> Vec<String> {
        // A few neighbours may have names each.
        let few = |span: &Span<u32>| span.last - span.first < FEW;
        let single = |span: &Span<u32>| (span.first..=span.last).map(Span::one).collect();
        let spans = spans.iter().flat_map(|span| match few(span) {
            true => single(span),
            false => vec![*span],
        });
        let (named, rest): (Vec<_>, Vec<_>) = spans.partition(|span| self.name(span).is_some());
        let mut lines: Vec<String> = named.iter().filter_map(|span| self.name(span)).collect();
        if !rest.is_empty() {
            lines.extend(self.blocks(&rest));
        }
        lines
    }

    fn blocks(&self, spans: &[Span<u32>]) -> Vec<String> {
        let list = block_words(spans);
        if list.len() <= BLOCKS {
            return list;
        }
        let mut shortest = vec![list.join(", ")];
        let mut least = list.len();
        for (name, base) in self.bases(spans) {
            let (missing, more) =
                (block_words(&without(&base, spans)), block_words(&without(spans, &base)));
            if missing.len() + more.len() < least {
                least = missing.len() + more.len();
                let but = match missing.len() {
                    0 => String::new(),
                    _ => format!(" but {}", missing.join(", ")),
                };
                shortest = [vec![format!("{name}{but}")], more].concat();
            }
        }
        shortest
    }

    /// Sets of addresses that have names, and that a long list may be most of.
    fn bases(&self, spans: &[Span<u32>]) -> Vec<(String, Vec<Span<u32>>)> {
        let mut bases =
            vec![("the internet".to_owned(), internet()), ("anywhere".to_owned(), vec![ADDRESSES])];
        let (_, snapshot) = self.known[0];
        let own = snapshot.vpcs.iter().flat_map(|vpc| &vpc.cidrs);
        bases.extend(own.map(|cidr| (cidr.to_string(), vec![span(*cidr)])));
        if let Some(cover) = cover(spans) {
            let cut = |public: &Span<u32>| public.both(&span(cover));
            let public = internet().iter().filter_map(cut).collect();
            bases.push((format!("the internet in {cover}"), public));
            bases.push((cover.to_string(), vec![span(cover)]));
        }
        bases
    }

    /// The name of what has the only address of a span.
    pub fn name(&self, span: &Span<u32>) -> Option<String> {
        let address = Ipv4Addr::from_bits(span.first);
        if span.first != span.last {
            return None;
        }
        let name = |(model, snapshot): &(&Model, &Snapshot)| name(model, snapshot, address);
        let name = self.known.iter().find_map(name)?;
        Some(format!("{name} ({address})"))
    }
}

/// The smallest block that has all addresses.
fn cover(spans: &[Span<u32>]) -> Option<Cidr> {
    let (first, last) = (spans.first()?.first, spans.last()?.last);
    let same = (first ^ last).leading_zeros() as u8;
    Some(Cidr::new(Ipv4Addr::from_bits(first), same))
}

/// What has an address.
pub fn name(model: &Model, snapshot: &Snapshot, address: Ipv4Addr) -> Option<String> {
    if let Some(host) = model.hosts.iter().find(|host| *host.address == address) {
        return Some(host.name.as_str().to_owned());
    }
    if let Some(service) = link_local(snapshot, address) {
        return Some(service.to_owned());
    }
    let at = snapshot.vpcs.iter().flat_map(|vpc| &vpc.addresses);
    let (_, eni) = at.clone().find(|(known, _)| *known == address)?;
    let eni = &snapshot[*eni];
    Some(match eni.owner {
        EniOwner::Endpoint(endpoint, _) => snapshot[endpoint].name.to_string(),
        _ => eni.name.to_string(),
    })
}

/// The fewest blocks of addresses: `10.0.0.0/16`, `10.0.1.4`.
pub fn block_words(spans: &[Span<u32>]) -> Vec<String> {
    let text = |(address, len): &(Ipv4Addr, u8)| match len {
        32 => address.to_string(),
        _ => format!("{address}/{len}"),
    };
    blocks(spans).iter().map(text).collect()
}

/// `tcp 443, 8000-8999`; `tcp and udp all, icmp echo`; `all traffic`.
pub fn traffic(traffic: &Traffic) -> String {
    let numbers = 0..=u8::MAX;
    if numbers.clone().all(|number| traffic.has(Protocol(number))) {
        return "all traffic".to_owned();
    }
    let told_apart = traffic.protocols.iter().filter(|one| !traffic.others.contains(one));
    let (common, numbered): (Vec<Protocol>, Vec<Protocol>) =
        told_apart.partition(|one| has_ports(**one) || **one == Protocol::ICMP);
    let mut words = Vec::new();
    if let Some(first) = common.first() {
        let common: Vec<String> = common.iter().map(Protocol::to_string).collect();
        let ports = match *first {
            Protocol::ICMP => icmp_words(traffic.ports(*first)),
            _ => port_words(traffic.ports(*first)),
        };
        words.push(format!("{} {ports}", list(&common)));
    }
    words.extend(numbered.iter().map(Protocol::to_string));
    if !traffic.others.is_empty() {
        let numbered =
            numbers.map(Protocol).filter(|one| *one != Protocol::ICMP && !has_ports(*one));
        let missing: Vec<String> = numbered
            .filter(|one| !traffic.has(*one))
            .map(|protocol| protocol.0.to_string())
            .collect();
        words.push(match missing.is_empty() {
            true => "other protocols".to_owned(),
            false => format!("other protocols but {}", list(&missing)),
        });
    }
    list(&words)
}

/// `tcp, udp and icmp`.
fn list(words: &[String]) -> String {
    match words {
        [most @ .., last] if !most.is_empty() => format!("{} and {last}", most.join(", ")),
        _ => words.concat(),
    }
}

/// `443, 8000-8999`.
pub fn port_words(spans: &[Span<u16>]) -> String {
    let one = |span: &Span<u16>| match (span.first, span.last) {
        (0, u16::MAX) => "all".to_owned(),
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first}-{last}"),
    };
    spans.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// `echo`, `type 13`, `type 19-255`, `8/1-255`: ICMP types, and codes where not all of a type are
/// meant.
pub fn icmp_words(spans: &[Span<u16>]) -> String {
    if spans == every_port(Protocol::ICMP) {
        return "all".to_owned();
    }
    spans.iter().flat_map(icmp_span).collect::<Vec<_>>().join(", ")
}

fn icmp_span(span: &Span<u16>) -> Vec<String> {
    const ECHO: u8 = 8;
    let ([first, from], [last, to]) = (span.first.to_be_bytes(), span.last.to_be_bytes());
    let types = |first: u8, last: u8| match (first, last) {
        (ECHO, ECHO) => "echo".to_owned(),
        _ if first == last => format!("type {first}"),
        _ => format!("type {first}-{last}"),
    };
    let codes = |kind: u8, from: u8, to: u8| match (kind, from, to) {
        (_, 0, u8::MAX) => types(kind, kind),
        (ECHO, 0, 0) => "echo".to_owned(),
        _ if from == to => format!("{kind}/{from}"),
        _ => format!("{kind}/{from}-{to}"),
    };
    if first == last {
        return vec![codes(first, from, to)];
    }
    // A part of the first type and of the last, and all between.
    let mut words = Vec::new();
    let (mut whole_first, mut whole_last) = (first, last);
    if from > 0 {
        words.push(codes(first, from, u8::MAX));
        whole_first += 1;
    }
    if to < u8::MAX {
        whole_last -= 1;
    }
    if whole_first <= whole_last {
        words.push(types(whole_first, whole_last));
    }
    if to < u8::MAX {
        words.push(codes(last, 0, to));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn icmp_types_are_said_with_codes_where_not_all_are_meant() {
        let of = |spans: &[(u16, u16)]| {
            let spans = spans.iter().map(|(first, last)| Span::new(*first, *last));
            icmp_words(&spans.collect::<Vec<_>>())
        };
        assert_eq!(of(&[(0x0800, 0x08ff)]), "echo");
        assert_eq!(of(&[(0x0800, 0x0800)]), "echo");
        assert_eq!(of(&[(0x0801, 0x08ff), (0x0d00, 0xffff)]), "8/1-255, type 13-255");
        assert_eq!(of(&[(0x0801, 0x0a03)]), "8/1-255, type 9, 10/0-3");
        assert_eq!(of(&[(0, 0x02ff), (0x0600, 0x0aff), (0x0d00, 0xffff)]), "all");
    }

    #[test]
    fn protocols_that_nothing_names_are_the_others() {
        let all = Protocol::TCP;
        let mut said = Traffic::of(all, every_port(all).to_vec());
        assert_eq!(traffic(&said), "tcp all");
        said.protocols.extend([Protocol::UDP, Protocol::ICMP, Protocol(47), Protocol(0)]);
        said.others =
            (0..=u8::MAX).map(Protocol).filter(|p| ![1, 6, 17, 47, 50].contains(&p.0)).collect();
        assert_eq!(traffic(&said), "tcp, udp and icmp all, protocol 47 and other protocols but 50");
        said.others.push(Protocol(50));
        assert_eq!(traffic(&said), "all traffic");
    }
}
