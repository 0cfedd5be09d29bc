//! Boxes that fare alike, put together to few rows: sets of destinations times sets of ports.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::space::{Next, Region, SOURCE_PORTS, Span, join};

/// A box, and the number of what becomes of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) region: Region,
    pub(crate) lot: usize,
}

/// Every destination with every port and every source port fares like that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    pub(crate) destinations: Vec<Span<u32>>,
    pub(crate) ports: Vec<Span<u16>>,
    pub(crate) source_ports: Vec<Span<u16>>,
    pub(crate) lot: usize,
}

/// The same packets as these boxes, of which no two have one in common, in the order of their lots.
pub(crate) fn products(parts: Vec<Part>) -> Vec<Product> {
    let mut lots: BTreeMap<usize, Vec<Region>> = BTreeMap::new();
    for part in parts {
        lots.entry(part.lot).or_default().push(part.region);
    }
    let of_lot = |(lot, regions): (usize, Vec<Region>)| {
        let mut found: IndexMap<Ports, Vec<Span<u32>>> = IndexMap::new();
        sweep(
            &regions,
            |region| region.dst,
            |dst, here| {
                for ports in ports(here) {
                    join(found.entry(ports).or_default(), dst);
                }
            },
        );
        let product = move |((ports, source_ports), destinations)| Product {
            destinations,
            ports,
            source_ports,
            lot,
        };
        found.into_iter().map(product)
    };
    lots.into_iter().flat_map(of_lot).collect()
}

/// Ports, and the source ports that belong to each of them.
type Ports = (Vec<Span<u16>>, Vec<Span<u16>>);

/// The ports of boxes that all have one destination.
fn ports(regions: &[Region]) -> Vec<Ports> {
    let mut found: IndexMap<Vec<Span<u16>>, Vec<Span<u16>>> = IndexMap::new();
    sweep(
        regions,
        |region| region.port,
        |port, here| {
            let mut source_ports: Vec<Span<u16>> =
                here.iter().map(|region| region.source_port).collect();
            source_ports.sort_unstable();
            let mut joined = Vec::new();
            source_ports.into_iter().for_each(|span| join(&mut joined, span));
            join(found.entry(joined).or_default(), port);
        },
    );
    found.into_iter().map(|(source_ports, ports)| (ports, source_ports)).collect()
}

/// The same packets, whatever their source ports are: boxes of all source ports, each with the number
/// that `join` gives to the lots of the boxes there.
pub(crate) fn of_any_source_port(
    parts: &[Part],
    mut join: impl FnMut(&[usize]) -> Option<usize>,
) -> Vec<Part> {
    let mut found = Vec::new();
    sweep(
        parts,
        |part| part.region.dst,
        |dst, here| {
            sweep(
                here,
                |part| part.region.port,
                |port, here| {
                    let mut lots: Vec<usize> = here.iter().map(|part| part.lot).collect();
                    lots.sort_unstable();
                    lots.dedup();
                    let region = Region { dst, port, source_port: SOURCE_PORTS, ..here[0].region };
                    found.extend(join(&lots).map(|lot| Part { region, lot }));
                },
            );
        },
    );
    found
}

/// Shows every stretch between two places at which a box begins or ends, in order, with the boxes
/// that have it; but for stretches that none has.
fn sweep<B: Copy, T: Next>(
    boxes: &[B],
    side: impl Fn(&B) -> Span<T>,
    mut show: impl FnMut(Span<T>, &[B]),
) {
    let mut events: BTreeMap<T, Vec<B>> = BTreeMap::new();
    for one in boxes {
        events.entry(side(one).first).or_default().push(*one);
        if let Some(after) = side(one).last.next() {
            events.entry(after).or_default();
        }
    }
    let mut here: Vec<B> = Vec::new();
    let mut events = events.into_iter().peekable();
    while let Some((first, begin)) = events.next() {
        here.retain(|one| side(one).last >= first);
        here.extend(begin);
        let most = here.iter().map(|one| side(one).last).max();
        let last = events.peek().map(|(next, _)| next.before()).or(most);
        if let (Some(last), false) = (last, here.is_empty()) {
            show(Span::new(first, last), &here);
        }
    }
}

#[cfg(test)]
mod tests {
    use egret_dataplane::packet::Protocol;

    use super::*;

    fn part(dst: (u32, u32), port: (u16, u16), source_port: (u16, u16), lot: usize) -> Part {
        let region = Region {
            dst: Span::new(dst.0, dst.1),
            protocol: Protocol::TCP,
            port: Span::new(port.0, port.1),
            source_port: Span::new(source_port.0, source_port.1),
        };
        Part { region, lot }
    }

    #[test]
    fn boxes_side_by_side_become_one_row() {
        let parts = vec![
            part((20, 29), (443, 443), (1_024, 65_535), 0),
            part((10, 19), (443, 443), (1_024, 9_999), 0),
            part((10, 19), (443, 443), (10_000, 65_535), 0),
            part((40, 40), (443, 443), (1_024, 65_535), 0),
            part((10, 29), (444, 65_535), (1_024, 65_535), 1),
        ];
        let products = products(parts);
        assert_eq!(products.len(), 2, "{products:?}");
        assert_eq!(products[0].destinations, [Span::new(10, 29), Span::one(40)]);
        assert_eq!((&products[0].ports[..], products[0].lot), (&[Span::one(443)][..], 0));
        assert_eq!(products[0].source_ports, [Span::new(1_024, 65_535)]);
        assert_eq!((&products[1].ports[..], products[1].lot), (&[Span::new(444, 65_535)][..], 1));
    }

    #[test]
    fn ports_that_differ_by_destination_are_rows_of_their_own() {
        let parts = vec![
            part((0, 9), (1, 9), (1_024, 65_535), 0),
            part((5, 9), (10, 19), (1_024, 65_535), 0),
        ];
        let products = products(parts);
        let rows: Vec<_> = products.iter().map(|p| (p.destinations[0], p.ports[0])).collect();
        assert_eq!(
            rows,
            [(Span::new(0, 4), Span::new(1, 9)), (Span::new(5, 9), Span::new(1, 19)),]
        );
    }
}
