//! What a name refers to: an id, the value of a `Name` tag, for a connector its ARN.

use std::collections::HashMap;

use crate::finding::Finding;
use crate::model::{Model, Name};

/// The kinds of things that others refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A VPC.
    Vpc,
    /// A subnet.
    Subnet,
    /// A route table.
    RouteTable,
    /// A network ACL.
    NetworkAcl,
    /// A security group.
    SecurityGroup,
    /// A prefix list.
    PrefixList,
    /// An internet gateway.
    InternetGateway,
    /// A NAT gateway.
    NatGateway,
    /// A VPC endpoint.
    VpcEndpoint,
    /// A peering connection.
    Peering,
    /// A transit gateway.
    TransitGateway,
    /// A network interface.
    NetworkInterface,
    /// A VPC connector.
    Connector,
    /// A service.
    Service,
}

impl Kind {
    /// What people call it.
    pub const fn noun(self) -> &'static str {
        match self {
            Kind::Vpc => "VPC",
            Kind::Subnet => "subnet",
            Kind::RouteTable => "route table",
            Kind::NetworkAcl => "network ACL",
            Kind::SecurityGroup => "security group",
            Kind::PrefixList => "prefix list",
            Kind::InternetGateway => "internet gateway",
            Kind::NatGateway => "NAT gateway",
            Kind::VpcEndpoint => "VPC endpoint",
            Kind::Peering => "peering connection",
            Kind::TransitGateway => "transit gateway",
            Kind::NetworkInterface => "network interface",
            Kind::Connector => "VPC connector",
            Kind::Service => "service",
        }
    }
}

/// One thing that has a name.
#[derive(Clone, Debug)]
struct Named<'a> {
    id: &'a Name,
    other: Option<&'a str>,
    vpc: Option<&'a Name>,
}

/// The names of a model.
#[derive(Clone, Debug)]
pub struct Names<'a> {
    things: HashMap<Kind, Vec<Named<'a>>>,
    by_id: HashMap<(Kind, &'a str), usize>,
    by_other: HashMap<(Kind, &'a str), Vec<usize>>,
}

impl<'a> Names<'a> {
    /// Collects them; an id that two things of one kind have is an error.
    pub fn of(model: &'a Model, findings: &mut Vec<Finding>) -> Names<'a> {
        let mut names =
            Names { things: HashMap::new(), by_id: HashMap::new(), by_other: HashMap::new() };
        for (kind, things) in everything(model) {
            for (at, thing) in things.iter().enumerate() {
                if names.by_id.insert((kind, thing.id), at).is_some() {
                    let message = format!("there are two {}s `{}`", kind.noun(), **thing.id);
                    let finding = Finding::error("duplicate-id", thing.id.place, message);
                    findings.push(finding.help("give one of them another name"));
                }
                if let Some(other) = thing.other.filter(|other| *other != thing.id.as_str()) {
                    names.by_other.entry((kind, other)).or_default().push(at);
                }
            }
            names.things.insert(kind, things);
        }
        names
    }

    /// The index of what a name refers to, among the model's things of that kind.
    ///
    /// # Errors
    /// The finding that there is none, or more than one.
    pub fn find(&self, kind: Kind, name: &Name) -> Result<usize, Finding> {
        self.find_where(kind, name, |_| true)
    }

    /// The same within a VPC, where several have something of that name.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn find_in(&self, kind: Kind, name: &Name, vpc: &Name) -> Result<usize, Finding> {
        let here = |thing: &Named<'_>| thing.vpc.is_none_or(|of| of == vpc);
        match self.fitting(kind, name, here)[..] {
            [at] => Ok(at),
            [] => self.find(kind, name),
            _ => self.find_where(kind, name, here),
        }
    }

    fn find_where(
        &self,
        kind: Kind,
        name: &Name,
        fits: impl Fn(&Named<'_>) -> bool,
    ) -> Result<usize, Finding> {
        let fitting = self.fitting(kind, name, fits);
        match fitting[..] {
            [at] => Ok(at),
            [] => Err(self.unknown(kind, name)),
            _ => {
                let things = self.things.get(&kind).map_or(&[][..], Vec::as_slice);
                let ids: Vec<&str> = fitting.iter().map(|at| things[*at].id.as_str()).collect();
                let message = format!("several {}s are called `{}`", kind.noun(), **name);
                let finding = Finding::error("ambiguous-name", name.place, message);
                Err(finding.help(format!("use an id: {}", ids.join(", "))))
            }
        }
    }

    /// The index of what a name refers to, where it is one thing: what is not is not worth a word.
    pub fn known(&self, kind: Kind, name: &str) -> Option<usize> {
        match self.fitting(kind, name, |_| true)[..] {
            [at] => Some(at),
            _ => None,
        }
    }

    /// How many things of a kind a name could mean.
    pub fn count(&self, kind: Kind, name: &str) -> usize {
        self.fitting(kind, name, |_| true).len()
    }

    /// What has this id, or else everything that has it as its other name.
    fn fitting(&self, kind: Kind, name: &str, fits: impl Fn(&Named<'_>) -> bool) -> Vec<usize> {
        let things = self.things.get(&kind).map_or(&[][..], Vec::as_slice);
        if let Some(at) = self.by_id.get(&(kind, name)).filter(|at| fits(&things[**at])) {
            return vec![*at];
        }
        let others = self.by_other.get(&(kind, name)).into_iter().flatten();
        others.filter(|at| fits(&things[**at])).copied().collect()
    }

    fn unknown(&self, kind: Kind, name: &Name) -> Finding {
        let message = format!("there is no {} `{}`", kind.noun(), **name);
        let finding = Finding::error("unknown-name", name.place, message);
        let things = self.things.get(&kind).into_iter().flatten();
        let known = things.flat_map(|thing| [Some(thing.id.as_str()), thing.other]).flatten();
        match suggestion(name, known) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help(format!("define it, or name a {} that exists", kind.noun())),
        }
    }
}

/// The known name that is nearest to one that is not known, if any is near.
pub fn suggestion<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let limit = 1 + name.chars().count() / 4;
    // A name that is much longer or shorter is never near, and need not be measured.
    let near = known.filter(|other| other.chars().count().abs_diff(name.chars().count()) <= limit);
    let near = near.map(|other| (distance(name, other), other));
    near.filter(|(far, _)| *far <= limit).min().map(|(_, other)| other)
}

/// Levenshtein's edit distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Everything that has a name, by kind.
fn everything(m: &Model) -> Vec<(Kind, Vec<Named<'_>>)> {
    /// Lists the things of one field, with the VPC that they belong to where they belong to one.
    macro_rules! list {
        ($field:ident, $other:ident $(, $vpc:ident)?) => {{
            let named = m.$field.iter().map(|thing| {
                let vpc: &[&Name] = &[$(&thing.$vpc)?];
                Named { id: &thing.id, other: thing.$other.as_deref(), vpc: vpc.first().copied() }
            });
            named.collect()
        }};
    }
    vec![
        (Kind::Vpc, list!(vpcs, name)),
        (Kind::Subnet, list!(subnets, name, vpc)),
        (Kind::RouteTable, list!(route_tables, name, vpc)),
        (Kind::NetworkAcl, list!(network_acls, name, vpc)),
        (Kind::SecurityGroup, list!(security_groups, name, vpc)),
        (Kind::PrefixList, list!(prefix_lists, name)),
        (Kind::InternetGateway, list!(internet_gateways, name)),
        (Kind::NatGateway, list!(nat_gateways, name)),
        (Kind::VpcEndpoint, list!(vpc_endpoints, name, vpc)),
        (Kind::Peering, list!(peerings, name)),
        (Kind::TransitGateway, list!(transit_gateways, name)),
        (Kind::NetworkInterface, list!(network_interfaces, name)),
        (Kind::Connector, list!(connectors, arn)),
        (Kind::Service, list!(services, arn)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_suggested_and_a_far_one_is_not() {
        let known = ["private-a", "private-b", "public"];
        assert_eq!(suggestion("privat-a", known.into_iter()), Some("private-a"));
        assert_eq!(suggestion("database", known.into_iter()), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
