//! What a user calls destinations, ports and ways.

use std::net::Ipv4Addr;

use egret_control::explain::element_names;
use egret_control::model::Model;
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::{Cidr, EniOwner, Snapshot};

use crate::cuts::link_local;
use crate::reach::Way;
use crate::space::{ADDRESSES, Span, blocks, without};
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

/// The names of the elements of a way.
pub fn way_words(snapshot: &Snapshot, way: &Way) -> Vec<String> {
    way.iter().map(|element| element_names(snapshot, *element).swap_remove(0)).collect()
}

/// `tcp 443, 8000-8999`; of ICMP echo requests are meant.
pub fn traffic(protocols: &[Protocol], ports: &[Span<u16>]) -> String {
    if protocols == [Protocol::ICMP] {
        return "icmp echo".to_owned();
    }
    let protocols: Vec<String> = protocols.iter().map(Protocol::to_string).collect();
    format!("{} {}", protocols.join(" and "), port_words(ports))
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
