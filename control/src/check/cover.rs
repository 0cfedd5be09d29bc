//! Which rules others cover: exactly, one by one or together.
//!
//! A rule matches an [`Area`]: so many addresses, times so many kinds of packet. It is covered if nothing
//! is left of it without the others. That is found out corner by corner: whoever has the lowest corner of
//! what is left takes away what it has of it, until nothing is left or nobody has the corner. A rule that
//! is not covered is found out at the first such corner, so that most rules cost one look at each other
//! one. What would take more steps than [`Budget`] has is left undecided, and the caller says so.

use ipnet::Ipv4Net;

use crate::model::Traffic;

/// Numbers from one to the other, both included.
type Span = (u32, u32);

/// What a rule matches: each of its addresses with each of its kinds of packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Area {
    addresses: Vec<Span>,
    kinds: Vec<Span>,
}

/// A part of an area without a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    addresses: Span,
    kinds: Span,
}

/// Steps that are left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget(u64);

impl Budget {
    /// Enough for a thousand rules that overlap little, and for a few hundred that overlap everywhere:
    /// some 20 ms.
    pub(super) fn new() -> Budget {
        Budget(4_000_000)
    }

    fn spend(&mut self, steps: usize) -> Result<(), Undecided> {
        self.0 = self.0.checked_sub(steps as u64).ok_or(Undecided)?;
        Ok(())
    }
}

/// It would take too long to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Undecided;

impl Area {
    pub(super) fn new(nets: impl IntoIterator<Item = Ipv4Net>, traffic: Traffic) -> Area {
        let span = |net: Ipv4Net| (net.network().to_bits(), net.broadcast().to_bits());
        Area { addresses: nets.into_iter().map(span).collect(), kinds: kinds(traffic) }
    }

    /// The same kinds of packet, with every address.
    pub(super) fn everywhere(traffic: Traffic) -> Area {
        Area::new([Ipv4Net::default()], traffic)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.addresses.is_empty() || self.kinds.is_empty()
    }

    pub(super) fn meets(&self, other: &Area) -> bool {
        let any = |own: &[Span], others: &[Span]| {
            own.iter().any(|one| others.iter().any(|other| both(*one, *other).is_some()))
        };
        any(&self.addresses, &other.addresses) && any(&self.kinds, &other.kinds)
    }

    fn parts(&self) -> impl Iterator<Item = Part> {
        let with = |addresses: &Span| {
            let addresses = *addresses;
            self.kinds.iter().map(move |kinds| Part { addresses, kinds: *kinds })
        };
        self.addresses.iter().flat_map(with)
    }

    /// The part of it that has a corner, if any has.
    fn at(&self, address: u32, kind: u32) -> Option<Part> {
        let has = |spans: &[Span], number: u32| {
            spans.iter().copied().find(|(first, last)| (*first..=*last).contains(&number))
        };
        Some(Part { addresses: has(&self.addresses, address)?, kinds: has(&self.kinds, kind)? })
    }
}

fn both(one: Span, other: Span) -> Option<Span> {
    let (first, last) = (one.0.max(other.0), one.1.min(other.1));
    (first <= last).then_some((first, last))
}

/// The numbers of those that together cover an area: one alone, if one does. `None` if something of it
/// is left.
pub(super) fn covering(
    area: &Area,
    others: &[(usize, &Area)],
    budget: &mut Budget,
) -> Result<Option<Vec<usize>>, Undecided> {
    budget.spend(others.len())?;
    let near: Vec<(usize, &Area)> =
        others.iter().copied().filter(|(_, other)| other.meets(area)).collect();
    for one in &near {
        if let Some(alone) = together(area, std::slice::from_ref(one), budget)? {
            return Ok(Some(alone));
        }
    }
    together(area, &near, budget)
}

fn together(
    area: &Area,
    others: &[(usize, &Area)],
    budget: &mut Budget,
) -> Result<Option<Vec<usize>>, Undecided> {
    let mut rest: Vec<Part> = area.parts().collect();
    let mut used: Vec<usize> = Vec::new();
    while let Some(part) = rest.pop() {
        budget.spend(1 + others.len())?;
        let (address, kind) = (part.addresses.0, part.kinds.0);
        let mut having = others.iter().filter_map(|(at, o)| Some((*at, o.at(address, kind)?)));
        let Some((at, taken)) = having.next() else { return Ok(None) };
        if !used.contains(&at) {
            used.push(at);
        }
        rest.extend(part.beyond(&taken));
    }
    used.sort_unstable();
    Ok(Some(used))
}

/// What is left of areas when others take what they have of it.
pub(super) fn without(
    mut rest: Vec<Area>,
    taken: &Area,
    budget: &mut Budget,
) -> Result<Vec<Area>, Undecided> {
    for taken in taken.parts() {
        let mut left = Vec::new();
        for part in rest.iter().flat_map(Area::parts) {
            budget.spend(1)?;
            left.extend(part.without(taken).map(Area::from));
        }
        rest = left;
    }
    Ok(rest)
}

impl From<Part> for Area {
    fn from(part: Part) -> Area {
        Area { addresses: vec![part.addresses], kinds: vec![part.kinds] }
    }
}

impl Part {
    /// What is left of it without a part that has its lowest corner.
    fn beyond(self, taken: &Part) -> impl Iterator<Item = Part> + use<> {
        self.without(Part {
            addresses: (self.addresses.0, taken.addresses.1),
            kinds: (self.kinds.0, taken.kinds.1),
        })
    }

    fn without(self, taken: Part) -> impl Iterator<Item = Part> + use<> {
        let addresses = both(self.addresses, taken.addresses);
        let kinds = both(self.kinds, taken.kinds);
        let (Some(addresses), Some(kinds)) = (addresses, kinds) else {
            return [Some(self), None, None, None].into_iter().flatten();
        };
        let beside = outside(self.addresses, addresses)
            .map(|left| left.map(|addresses| Part { addresses, ..self }));
        let within =
            outside(self.kinds, kinds).map(|left| left.map(|kinds| Part { addresses, kinds }));
        let [below, above] = beside;
        let [lower, upper] = within;
        [below, above, lower, upper].into_iter().flatten()
    }
}

/// What of a span is before and after a part of it.
fn outside(span: Span, part: Span) -> [Option<Span>; 2] {
    [
        (span.0 < part.0).then(|| (span.0, part.0 - 1)),
        (part.1 < span.1).then(|| (part.1 + 1, span.1)),
    ]
}

/// The kinds of packet of some traffic: the protocol, and below it 16 bits for a destination port or an
/// ICMP type and code.
fn kinds(traffic: Traffic) -> Vec<Span> {
    let of = |protocol: u32, from: u16, to: u16| {
        (protocol << 16 | u32::from(from), protocol << 16 | u32::from(to))
    };
    match plain(traffic) {
        Traffic::All => vec![(0, u32::MAX)],
        Traffic::Tcp(from, to) | Traffic::Udp(from, to) if from > to => Vec::new(),
        Traffic::Tcp(from, to) => vec![of(6, from, to)],
        Traffic::Udp(from, to) => vec![of(17, from, to)],
        Traffic::Icmp(None, None) => vec![of(1, 0, u16::MAX)],
        Traffic::Icmp(Some(kind), None) => {
            vec![of(1, u16::from_be_bytes([kind, 0]), u16::from_be_bytes([kind, 255]))]
        }
        Traffic::Icmp(kind, Some(code)) => {
            let kinds = kind.map_or(0..=u8::MAX, |kind| kind..=kind);
            let low = kinds.map(|kind| u16::from_be_bytes([kind, code]));
            low.map(|low| of(1, low, low)).collect()
        }
        Traffic::Protocol(protocol) => vec![of(protocol.into(), 0, u16::MAX)],
    }
}

/// A protocol by its number is the protocol.
pub(super) fn plain(traffic: Traffic) -> Traffic {
    match traffic {
        Traffic::Protocol(1) => Traffic::Icmp(None, None),
        Traffic::Protocol(6) => Traffic::Tcp(0, u16::MAX),
        Traffic::Protocol(17) => Traffic::Udp(0, u16::MAX),
        other => other,
    }
}

/// Wider traffic has the greater number; what covers something is at least as wide.
pub(super) fn width(traffic: Traffic) -> u32 {
    match plain(traffic) {
        Traffic::All => u32::MAX,
        Traffic::Tcp(from, to) | Traffic::Udp(from, to) => u32::from(to.saturating_sub(from)) + 1,
        Traffic::Icmp(None, _) => 3,
        Traffic::Icmp(Some(_), None) => 2,
        Traffic::Icmp(Some(_), Some(_)) | Traffic::Protocol(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses and kinds of a space so small that each of its points can be asked.
    const ADDRESSES: std::ops::Range<u32> = 0x0a00_0000..0x0a00_0010;
    const PORTS: std::ops::Range<u16> = 0..11;

    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u32) -> u32 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((self.0 >> 33) % u64::from(sides)) as u32
        }
    }

    fn some_area(dice: &mut Dice) -> Area {
        let mut net = || {
            let len = 28 + dice.roll(5) as u8;
            let address = ADDRESSES.start + dice.roll(16);
            Ipv4Net::new(address.into(), len).expect("at most 32").trunc()
        };
        let nets: Vec<Ipv4Net> =
            if net().prefix_len() == 32 { vec![net(), net()] } else { vec![net()] };
        let from = dice.roll(8) as u16;
        let to = from + dice.roll(4) as u16;
        let traffic = match dice.roll(10) {
            0 => Traffic::All,
            1 => Traffic::Protocol(6),
            2 => Traffic::Udp(from, to),
            _ => Traffic::Tcp(from, to),
        };
        Area::new(nets, traffic)
    }

    /// Every point of the small space, and whether each area has it.
    fn points() -> impl Iterator<Item = (u32, u32)> {
        let kinds = [6_u32, 17, 1].into_iter().flat_map(|protocol| {
            PORTS.chain([100]).map(move |port| protocol << 16 | u32::from(port))
        });
        kinds.flat_map(|kind| ADDRESSES.map(move |address| (address, kind)))
    }

    fn has(area: &Area, (address, kind): (u32, u32)) -> bool {
        area.at(address, kind).is_some()
    }

    #[test]
    fn areas_are_covered_just_when_each_of_their_points_is() {
        let mut dice = Dice(1);
        let (mut alone, mut together) = (0, 0);
        for round in 0..4_000 {
            let area = some_area(&mut dice);
            let others: Vec<Area> = (0..dice.roll(12)).map(|_| some_area(&mut dice)).collect();
            let numbered: Vec<(usize, &Area)> = others.iter().enumerate().collect();
            let found = covering(&area, &numbered, &mut Budget::new()).expect("few steps");
            let is_left = |point: &(u32, u32)| {
                has(&area, *point) && !others.iter().any(|other| has(other, *point))
            };
            assert_eq!(found.is_none(), points().any(|point| is_left(&point)), "round {round}");
            let Some(found) = found else { continue };
            let of_found = |point| found.iter().any(|at| has(&others[*at], point));
            assert!(points().filter(|point| has(&area, *point)).all(of_found), "round {round}");
            if found.len() == 1 { alone += 1 } else { together += 1 }
        }
        assert!(alone > 400 && together > 50, "{alone} and {together} are no fair mix");
    }

    #[test]
    fn what_is_left_is_each_point_that_nobody_took() {
        let mut dice = Dice(2);
        for round in 0..2_000 {
            let (area, taken) = (some_area(&mut dice), some_area(&mut dice));
            let left = without(vec![area.clone()], &taken, &mut Budget::new()).expect("few steps");
            for point in points() {
                let expected = has(&area, point) && !has(&taken, point);
                let having = left.iter().filter(|left| has(left, point)).count();
                assert_eq!(having > 0, expected, "round {round}: {point:?}");
            }
        }
    }

    #[test]
    fn icmp_without_a_type_or_code_is_wider() {
        let any = |kind, code| Area::everywhere(Traffic::Icmp(kind, code));
        let covers = |wide: &Area, narrow: &Area| {
            let found = covering(narrow, &[(0, wide)], &mut Budget::new());
            found.expect("few steps").is_some()
        };
        assert!(covers(&any(Some(3), None), &any(Some(3), Some(4))));
        assert!(covers(&any(None, Some(4)), &any(Some(3), Some(4))));
        assert!(!covers(&any(Some(3), Some(4)), &any(Some(3), None)));
        assert!(covers(&Area::everywhere(Traffic::Protocol(1)), &any(None, None)));
        assert!(!covers(&any(None, None), &Area::everywhere(Traffic::All)));
        let each: Vec<Area> = (0..=255).map(|kind| any(Some(kind), None)).collect();
        let each: Vec<(usize, &Area)> = each.iter().enumerate().collect();
        let all = covering(&any(None, None), &each, &mut Budget::new()).expect("few steps");
        assert_eq!(all.map(|all| all.len()), Some(256));
    }

    #[test]
    fn what_takes_too_long_is_left_undecided() {
        let area = Area::everywhere(Traffic::All);
        let found = covering(&area, &[(0, &area)], &mut Budget(1));
        assert_eq!(found, Err(Undecided));
    }
}
