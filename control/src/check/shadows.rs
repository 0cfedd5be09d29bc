//! Rules, entries and routes that decide nothing, because of others: exactly, also where it takes
//! several others together.
//!
//! What is said can be done, all of it at once: each rule that is called needless is so without those
//! that were called needless before it. Of rules of which each makes the other needless, the narrowest
//! is called first, and of equals the last. A prefix list stands for the entries that it has now, and
//! a group for the addresses of its VPC, as its members come and go.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use ipnet::Ipv4Net;

use super::Desk;
use super::cover::{Area, Budget, Undecided, covering, width, without};
use crate::finding::Finding;
use crate::model::{AclEntry, NetworkAcl, Peer, SecurityGroup, SecurityGroupRule};
use crate::names::Kind;
use crate::source::Place;

/// A rule that other rules of its group make needless.
pub(super) fn group_rules(desk: &mut Desk<'_>, group: &SecurityGroup, rules: &[SecurityGroupRule]) {
    let mut narrowest: Vec<usize> = (0..rules.len()).collect();
    narrowest.sort_by_key(|at| {
        let rule = &rules[*at];
        let len = if let Peer::Cidr(net) = *rule.peer { net.prefix_len() } else { u8::MAX };
        (Reverse(len), width(*rule.traffic), Reverse(*at))
    });
    let areas: Vec<Area> = rules.iter().map(|rule| area(desk, group, rule)).collect();
    let mut needless = vec![false; rules.len()];
    let mut budget = Budget::new();
    for at in narrowest.into_iter().filter(|at| !areas[*at].is_empty()) {
        let rule = &rules[at];
        let others: Vec<(usize, Area)> = (0..rules.len())
            .filter(|other| *other != at && !needless[*other])
            .filter_map(|other| Some((other, beside(rule, &rules[other], &areas[other])?)))
            .collect();
        let others: Vec<(usize, &Area)> = others.iter().map(|(at, area)| (*at, area)).collect();
        match covering(&areas[at], &others, &mut budget) {
            Ok(None) => {}
            Ok(Some(wide)) => {
                needless[at] = true;
                desk.find(needless_rule(group, rule, &wide, rules));
            }
            Err(Undecided) => {
                let what = format!("the {} rules of group `{}`", rules.len(), *group.id);
                return desk.find(undecided(&what, group.id.place));
            }
        }
    }
}

/// What a rule matches, as far as the model says.
fn area(desk: &Desk<'_>, group: &SecurityGroup, rule: &SecurityGroupRule) -> Area {
    let traffic = *rule.traffic;
    match &*rule.peer {
        Peer::Cidr(net) => Area::new([*net], traffic),
        Peer::PrefixList(name) => {
            let list = desk.names.known(Kind::PrefixList, name);
            let list = list.map(|at| &desk.model.prefix_lists[at]);
            let cidrs = list.into_iter().flat_map(|list| &list.cidrs);
            Area::new(cidrs.map(|net| **net), traffic)
        }
        Peer::SecurityGroup(name) => match vpc_of(desk, group, name, rule.peer.place) {
            Some(cidrs) => Area::new(cidrs, traffic),
            None => Area::everywhere(traffic),
        },
    }
}

/// The addresses of the VPC that a group is in.
fn vpc_of(
    desk: &Desk<'_>,
    group: &SecurityGroup,
    name: &str,
    place: Place,
) -> Option<Vec<Ipv4Net>> {
    let name = crate::model::Name::new(name.to_owned(), place);
    let at = desk.names.find_in(Kind::SecurityGroup, &name, &group.vpc).ok()?;
    let vpc = desk.names.find(Kind::Vpc, &desk.model.security_groups[at].vpc).ok()?;
    Some(desk.model.vpcs[vpc].cidrs.iter().map(|net| **net).collect())
}

/// What another rule takes of a rule for certain. A group's members may be anywhere in its VPC, so that
/// it covers nothing but itself. Whether a flow is tracked depends on rules for all addresses, so that
/// only another one of these does as well as one.
fn beside(rule: &SecurityGroupRule, other: &SecurityGroupRule, area: &Area) -> Option<Area> {
    let is_any = |rule: &SecurityGroupRule| *rule.peer == Peer::Cidr(Ipv4Net::default());
    match &*other.peer {
        same @ Peer::SecurityGroup(_) => {
            (*same == *rule.peer).then(|| Area::everywhere(*other.traffic))
        }
        _ if is_any(rule) && !is_any(other) => None,
        _ => Some(area.clone()),
    }
}

fn needless_rule(
    group: &SecurityGroup,
    rule: &SecurityGroupRule,
    wide: &[usize],
    rules: &[SecurityGroupRule],
) -> Finding {
    let lines: Vec<String> = wide.iter().map(|at| rules[*at].place.line.to_string()).collect();
    let (message, mut help) = match &lines[..] {
        [line] => (
            format!("a wider rule of group `{}` makes this one needless", *group.id),
            format!("the rule in line {line} allows all of it: remove one"),
        ),
        lines => (
            format!("other rules of group `{}` together make this one needless", *group.id),
            format!("the rules in lines {} allow all of it: remove this one", and(lines)),
        ),
    };
    let all = wide.iter().map(|at| &rules[*at]).chain([rule]);
    let lists: BTreeSet<String> = all
        .filter_map(|rule| match &*rule.peer {
            Peer::PrefixList(name) => Some(format!("`{name}`")),
            _ => None,
        })
        .collect();
    let lists: Vec<String> = lists.into_iter().collect();
    let is_by_itself = wide.len() == 1 && *rules[wide[0]].peer == *rule.peer;
    if !lists.is_empty() && !is_by_itself {
        help += &format!(", as long as prefix list {} stays as it is", and(&lists));
    }
    Finding::warning("needless-rule", rule.place, message).help(help)
}

/// Entries that never decide, as those before them match all of it, and entries without which those
/// after them would decide the same.
pub(super) fn acl_entries(desk: &mut Desk<'_>, acl: &NetworkAcl, entries: &[&AclEntry]) {
    let areas: Vec<Area> =
        entries.iter().map(|entry| Area::new([*entry.cidr], *entry.traffic)).collect();
    if let Err(Undecided) = judge_entries(desk, acl, entries, &areas) {
        let what = format!("the {} entries of network ACL `{}`", entries.len(), *acl.id);
        desk.find(undecided(&what, acl.id.place));
    }
}

fn judge_entries(
    desk: &mut Desk<'_>,
    acl: &NetworkAcl,
    entries: &[&AclEntry],
    areas: &[Area],
) -> Result<(), Undecided> {
    let mut budget = Budget::new();
    let mut idle = vec![false; entries.len()];
    for (at, entry) in entries.iter().enumerate().filter(|(at, _)| !areas[*at].is_empty()) {
        let before: Vec<(usize, &Area)> =
            (0..at).filter(|before| !idle[*before]).map(|at| (at, &areas[at])).collect();
        let Some(first) = covering(&areas[at], &before, &mut budget)? else { continue };
        idle[at] = true;
        let numbers: Vec<String> = first.iter().map(|at| entries[*at].number.to_string()).collect();
        let verb = if numbers.len() == 1 { "matches" } else { "match" };
        let message = format!(
            "entry {} of network ACL `{}` never decides: {} {verb} all of it first",
            *entry.number,
            *acl.id,
            and(&numbers)
        );
        let finding = Finding::warning("unreachable-entry", entry.place, message);
        desk.find(finding.help("give it a lower number, or remove it"));
    }
    for (at, entry) in entries.iter().enumerate() {
        if idle[at] || areas[at].is_empty() {
            continue;
        }
        let Some(after) = decide_alike(entries, areas, &idle, at, &mut budget)? else { continue };
        idle[at] = true;
        let numbers: Vec<String> = after.iter().map(|at| entries[*at].number.to_string()).collect();
        let verb = if numbers.len() == 1 { "decides" } else { "decide" };
        let message = format!(
            "entry {} of network ACL `{}` changes nothing: without it, {} {verb} the same",
            *entry.number,
            *acl.id,
            and(&numbers)
        );
        desk.find(Finding::warning("needless-entry", entry.place, message).help("remove it"));
    }
    Ok(())
}

/// The entries after one that would decide all that it decides, and the same. An entry that denies what
/// nobody else decides is there to say so.
fn decide_alike(
    entries: &[&AclEntry],
    areas: &[Area],
    idle: &[bool],
    at: usize,
    budget: &mut Budget,
) -> Result<Option<Vec<usize>>, Undecided> {
    let mut rest = vec![areas[at].clone()];
    for before in (0..at).filter(|before| !idle[*before]) {
        rest = without(rest, &areas[before], budget)?;
    }
    let mut used = Vec::new();
    for after in (at + 1..entries.len()).filter(|after| !idle[*after]) {
        if !rest.iter().any(|left| left.meets(&areas[after])) {
            continue;
        }
        if entries[after].allow != entries[at].allow {
            return Ok(None);
        }
        used.push(after);
        rest = without(rest, &areas[after], budget)?;
        if rest.is_empty() {
            return Ok(Some(used));
        }
    }
    Ok(None)
}

fn undecided(what: &str, place: Place) -> Finding {
    let message = format!("{what} overlap too much to say which of them are needless");
    Finding::warning("cover-undecided", place, message)
        .help("there may be such; all are used as they are")
}

/// `1, 2 and 3`.
pub(super) fn and(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
