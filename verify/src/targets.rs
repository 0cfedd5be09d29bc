//! Where to, by name.

use std::net::Ipv4Addr;

use egret_control::explain::resolve::{Request, Unresolved, resolve};
use egret_control::model::Model;
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::{Cidr, Snapshot};
use thiserror::Error;

use crate::cuts::SPECIAL;
use crate::senders::Sender;
use crate::space::{ADDRESSES, Span};

/// What stands for every public address.
pub const INTERNET: &str = "internet";
/// What stands for every address.
pub const ANYWHERE: &str = "anywhere";

/// Why a target means nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadTarget {
    /// No such name.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// A slash, and no block.
    #[error("`{0}` is no block of addresses: write `10.0.0.0/16`")]
    Block(String),
}

/// The addresses that a name stands for, for this sender: an address or a block, `internet`,
/// `anywhere`, a prefix list, or whatever `egret explain` knows by that name.
///
/// # Errors
/// When the name means nothing.
pub fn addresses(
    model: &Model,
    snapshot: &Snapshot,
    sender: &Sender,
    name: &str,
) -> Result<Vec<Span<u32>>, BadTarget> {
    if name == ANYWHERE {
        return Ok(vec![ADDRESSES]);
    }
    if name == INTERNET {
        return Ok(internet());
    }
    if name.contains('/') {
        return block(name).map(|block| vec![span(block)]);
    }
    if let Some(list) = snapshot.prefix_lists.iter().find(|list| *list.name == *name) {
        return Ok(in_order(list.cidrs.iter().copied().map(span).collect()));
    }
    let request = Request {
        from: sender.name.clone(),
        to: name.to_owned(),
        protocol: Protocol::TCP,
        source_port: None,
        icmp: (0, 0),
        all: false,
    };
    let question = resolve(model, snapshot, &request)?;
    Ok(vec![Span::one(question.tuple.dst.to_bits())])
}

/// The same addresses, in order and without doubles.
fn in_order(mut spans: Vec<Span<u32>>) -> Vec<Span<u32>> {
    spans.sort_unstable();
    spans.dedup_by(|next, before| {
        let overlap = next.first <= before.last;
        if overlap {
            before.last = before.last.max(next.last);
        }
        overlap
    });
    spans
}

/// Every public address: all but the blocks that elements treat by themselves. Those for
/// documentation are among them, as they stand for public ones in scenarios.
pub fn internet() -> Vec<Span<u32>> {
    let mut next = 0;
    let mut public = Vec::new();
    for block in SPECIAL.map(|(address, len)| span(Cidr::new(address, len))) {
        if block.first > next {
            public.push(Span::new(next, block.first - 1));
        }
        next = block.last.saturating_add(1);
    }
    public
}

fn block(text: &str) -> Result<Cidr, BadTarget> {
    let bad = || BadTarget::Block(text.to_owned());
    let (address, len) = text.split_once('/').ok_or_else(bad)?;
    let address: Ipv4Addr = address.parse().map_err(|_| bad())?;
    let len: u8 = len.parse().ok().filter(|len| *len <= 32).ok_or_else(bad)?;
    let block = Cidr::new(address, len);
    if block.network() == address { Ok(block) } else { Err(bad()) }
}

/// The addresses of a block.
pub fn span(block: Cidr) -> Span<u32> {
    Span::new(block.network().to_bits(), block.last().to_bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_internet_is_what_nobody_set_aside() {
        let has = |address: [u8; 4]| {
            let address = Ipv4Addr::from(address).to_bits();
            internet().iter().any(|span| span.contains(address))
        };
        assert!(has([1, 0, 0, 0]) && has([9, 255, 255, 255]) && has([203, 0, 113, 10]));
        assert!(!has([10, 0, 0, 0]) && !has([0, 0, 0, 1]) && !has([192, 168, 3, 4]));
        assert!(has([223, 255, 255, 255]) && !has([224, 0, 0, 0]) && !has([255, 255, 255, 255]));
        assert!(internet().windows(2).all(|pair| pair[0].last < pair[1].first));
    }

    #[test]
    fn lists_are_put_in_order() {
        let of = |spans: &[(u32, u32)]| {
            let spans = spans.iter().map(|(first, last)| Span::new(*first, *last));
            in_order(spans.collect()).iter().map(|s| (s.first, s.last)).collect::<Vec<_>>()
        };
        assert_eq!(of(&[(20, 30), (1, 5), (25, 26), (5, 9)]), [(1, 9), (20, 30)]);
    }

    #[test]
    fn a_block_has_no_host_bits() {
        assert_eq!(block("10.0.0.0/16").map(span), Ok(Span::new(0x0a00_0000, 0x0a00_ffff)));
        for bad in ["10.0.0.1/16", "10.0.0.0/33", "10.0.0/8", "a/b"] {
            assert!(block(bad).is_err(), "{bad}");
        }
    }
}
