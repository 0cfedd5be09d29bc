//! Routes that no packet ever takes, because each of their addresses has a more specific route, or one
//! of the same length that comes first. Of prefix lists that share an entry and lead it to different
//! targets, none comes first: AWS picks one at random, and says not which.
//!
//! Blocks are nested or apart, so one pass over them in order says how much of each is left.

use std::collections::HashMap;

use indexmap::IndexSet;
use ipnet::Ipv4Net;

use super::Desk;
use super::routes::target_words;
use super::shadows::and;
use crate::finding::Finding;
use crate::model::{EndpointKind, RouteDestination, RouteTable};
use crate::names::Kind;
use crate::source::{Place, Sourced};

/// What a table leads somewhere: a route of the model, or something that AWS adds by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lead {
    block: Ipv4Net,
    /// Which of several of one length wins: the lowest (aws-facts §5.3).
    tie: (u8, usize),
    /// Of whom.
    of: Option<usize>,
    /// Where it leads: a number that tells the table's targets apart.
    target: usize,
}

impl Lead {
    /// Whether AWS picks one of the two at random.
    fn shares_chance_with(&self, other: &Lead) -> bool {
        let of_lists = self.tie.0 == 1 && other.tie.0 == 1;
        of_lists && self.of != other.of && self.target != other.target
    }
}

/// Somebody who wrote a route, or associated an endpoint with a table.
struct Writer {
    place: Place,
    words: String,
}

pub(super) fn check(desk: &mut Desk<'_>) {
    let endpoints = endpoints(desk);
    for (at, table) in desk.model.route_tables.iter().enumerate() {
        let (writers, leads) = leads(desk, table, endpoints.get(&at).map_or(&[], Vec::as_slice));
        for (writer, instead) in never_taken(&leads, writers.len()) {
            let Writer { place, words } = &writers[writer];
            let instead: Vec<String> = instead.iter().map(ToString::to_string).collect();
            let message = format!(
                "no packet takes the route {words} of table `{}`: {} {} all of it",
                *table.id,
                and(&instead),
                if instead.len() == 1 { "takes" } else { "take" },
            );
            let finding = Finding::warning("unreachable-route", *place, message);
            desk.find(finding.help("remove it, or the routes that are more specific"));
        }
    }
}

/// The lists and places of gateway endpoints, by table.
fn endpoints(desk: &Desk<'_>) -> HashMap<usize, Vec<(usize, String, Place)>> {
    let mut by_table: HashMap<usize, Vec<(usize, String, Place)>> = HashMap::new();
    for endpoint in &desk.model.vpc_endpoints {
        let EndpointKind::Gateway { route_tables, prefix_list } = &endpoint.kind else { continue };
        let list = prefix_list.as_ref().unwrap_or(&endpoint.service);
        let Some(list) = desk.names.known(Kind::PrefixList, list) else { continue };
        for name in route_tables {
            if let Ok(table) = desk.names.find_in(Kind::RouteTable, name, &endpoint.vpc) {
                let words = format!("to endpoint `{}`", *endpoint.id);
                by_table.entry(table).or_default().push((list, words, name.place));
            }
        }
    }
    by_table
}

fn leads(
    desk: &Desk<'_>,
    table: &RouteTable,
    endpoints: &[(usize, String, Place)],
) -> (Vec<Writer>, Vec<Lead>) {
    let (mut writers, mut leads, mut listed) = (Vec::new(), Vec::new(), Vec::new());
    let mut targets: IndexSet<String> = IndexSet::new();
    let list = |at: usize, of: usize, target: usize, leads: &mut Vec<Lead>| {
        let cidrs = &desk.model.prefix_lists[at].cidrs;
        let lead = |net: &Sourced<Ipv4Net>| Lead {
            block: net.trunc(),
            tie: (1, at),
            of: Some(of),
            target,
        };
        leads.extend(cidrs.iter().map(lead));
    };
    for route in &table.routes {
        let of = writers.len();
        let target = targets.insert_full(target_words(&route.target)).0;
        let words = match &*route.destination {
            RouteDestination::Cidr(net) => {
                let tie = if route.propagated { (2, of) } else { (0, 0) };
                leads.push(Lead { block: net.trunc(), tie, of: Some(of), target });
                net.trunc().to_string()
            }
            RouteDestination::PrefixList(name) => {
                if let Some(at) = desk.names.known(Kind::PrefixList, name) {
                    listed.push(at);
                    list(at, of, target, &mut leads);
                }
                format!("of prefix list `{name}`")
            }
        };
        writers.push(Writer { place: route.place, words });
    }
    // What `describe-route-tables` prints has an endpoint's routes already.
    for (at, words, place) in endpoints.iter().filter(|(at, ..)| !listed.contains(at)) {
        let target = targets.insert_full(words.clone()).0;
        list(*at, writers.len(), target, &mut leads);
        writers.push(Writer { place: *place, words: words.clone() });
    }
    // A route to the block of a VPC itself takes the place of the local one.
    let vpc = desk.names.find(Kind::Vpc, &table.vpc).ok();
    let cidrs = vpc.into_iter().flat_map(|at| &desk.model.vpcs[at].cidrs);
    let local = targets.len();
    let own = |net: &Sourced<Ipv4Net>| Lead {
        block: net.trunc(),
        tie: (u8::MAX, 0),
        of: None,
        target: local,
    };
    leads.extend(cidrs.map(own));
    (writers, leads)
}

/// Writers none of whose blocks has an address that no better block has, each with the blocks that
/// packets take instead. The writer of no block at all is not among them.
fn never_taken(leads: &[Lead], writers: usize) -> Vec<(usize, Vec<Ipv4Net>)> {
    let mut order: Vec<&Lead> = leads.iter().collect();
    order.sort_by_key(|lead| (lead.block.network(), lead.block.prefix_len(), lead.tie));
    let mut instead: Vec<Vec<Ipv4Net>> = vec![Vec::new(); writers];
    let mut taken = vec![false; writers];
    // A prefix list may have a block twice, or several that are equal after all.
    for (at, lead) in order.iter().enumerate() {
        let Some(of) = lead.of else { continue };
        let first = order[..at].iter().rev().take_while(|before| before.block == lead.block).last();
        if let Some(first) = first.filter(|first| !first.shares_chance_with(lead)) {
            // The same writer's own block decides for both.
            if first.of != lead.of {
                instead[of].push(lead.block);
            }
            continue;
        }
        let (left, inner) = left(&order, at);
        if left > 0 {
            taken[of] = true;
        } else {
            instead[of].extend(inner);
        }
    }
    let all = instead.into_iter().enumerate();
    all.filter(|(of, instead)| !taken[*of] && !instead.is_empty()).collect()
}

/// How many addresses of a block have no more specific one, and the largest of those that others have.
fn left(order: &[&Lead], at: usize) -> (u64, Vec<Ipv4Net>) {
    let size = |net: Ipv4Net| 1_u64 << (32 - net.prefix_len());
    let own = order[at].block;
    let (mut left, mut inner): (u64, Vec<Ipv4Net>) = (size(own), Vec::new());
    let within = order[at + 1..].iter().take_while(|lead| own.contains(&lead.block.network()));
    for lead in within.filter(|lead| lead.block.prefix_len() > own.prefix_len()) {
        if inner.last().is_none_or(|last| !last.contains(&lead.block)) {
            left -= size(lead.block);
            inner.push(lead.block);
        }
    }
    (left, inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u32) -> u32 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((self.0 >> 33) % u64::from(sides)) as u32
        }
    }

    /// The leads that may decide about an address, read off AWS's rules.
    fn may_decide(leads: &[Lead], address: u32) -> impl Iterator<Item = &Lead> {
        let has = move |lead: &&Lead| lead.block.contains(&std::net::Ipv4Addr::from(address));
        let having = leads.iter().filter(has);
        let best = having.clone().min_by_key(|lead| (32 - lead.block.prefix_len(), lead.tie));
        having.filter(move |lead| {
            let is_as_long = best.is_some_and(|best| best.block == lead.block);
            best == Some(lead) || is_as_long && best.is_some_and(|b| b.shares_chance_with(lead))
        })
    }

    #[test]
    fn routes_are_never_taken_just_when_no_address_takes_them() {
        let mut dice = Dice(1);
        let mut told = 0;
        for round in 0..3_000 {
            let writers = 1 + dice.roll(6) as usize;
            let mut leads: Vec<Lead> = Vec::new();
            for of in 0..writers {
                let (kind, target) = (dice.roll(3) as u8, dice.roll(2) as usize);
                for _ in 0..if kind == 1 { 1 + dice.roll(3) } else { 1 } {
                    let len = 28 + dice.roll(5) as u8;
                    let net = Ipv4Net::new((0x0a00_0000 + dice.roll(16)).into(), len);
                    let block = net.expect("at most 32").trunc();
                    leads.push(Lead { block, tie: (kind, of), of: Some(of), target });
                }
            }
            let block = "10.0.0.0/29".parse().expect("a block");
            leads.push(Lead { block, tie: (u8::MAX, 0), of: None, target: 2 });
            let found = never_taken(&leads, writers);
            for of in 0..writers {
                let takes = (0x0a00_0000..0x0a00_0010_u32)
                    .any(|address| may_decide(&leads, address).any(|lead| lead.of == Some(of)));
                let is_told = found.iter().any(|(told, _)| *told == of);
                assert_eq!(is_told, !takes, "round {round}, {of}: {leads:#?}");
                told += usize::from(is_told);
            }
        }
        assert!(told > 500, "{told}");
    }
}
