//! CIDRs of VPCs and subnets.

use ipnet::Ipv4Net;

use super::Desk;
use crate::finding::Finding;
use crate::model::{Subnet, Vpc};
use crate::source::Sourced;

/// Prefix lengths that AWS takes for VPCs and subnets (VPC guide, "VPC CIDR blocks").
const SIZES: std::ops::RangeInclusive<u8> = 16..=28;

pub(super) fn check(desk: &mut Desk<'_>) {
    for vpc in &desk.model.vpcs {
        vpc_cidrs(desk, vpc);
    }
    for subnet in &desk.model.subnets {
        within_vpc(desk, subnet);
        size(desk, "subnet", &subnet.id, &subnet.cidr);
    }
    overlapping_subnets(desk);
    overlapping_peers(desk);
}

fn vpc_cidrs(desk: &mut Desk<'_>, vpc: &Vpc) {
    if vpc.cidrs.is_empty() {
        let message = format!("VPC `{}` has no CIDR", *vpc.id);
        desk.find(Finding::error("vpc-without-cidr", vpc.id.place, message).help("give it one"));
    }
    for (at, cidr) in vpc.cidrs.iter().enumerate() {
        size(desk, "VPC", &vpc.id, cidr);
        if let Some(other) = vpc.cidrs[..at].iter().find(|other| overlap(other, cidr)) {
            let message = format!("{} and {} of VPC `{}` overlap", **other, **cidr, *vpc.id);
            let finding = Finding::error("overlapping-cidrs", cidr.place, message);
            desk.find(finding.help("the CIDRs of a VPC must be apart"));
        }
    }
}

fn size(desk: &mut Desk<'_>, noun: &str, id: &str, cidr: &Sourced<Ipv4Net>) {
    if !SIZES.contains(&cidr.prefix_len()) {
        let message = format!("AWS refuses {} for {noun} `{id}`", **cidr);
        let finding = Finding::warning("cidr-size", cidr.place, message);
        desk.find(finding.help("VPCs and subnets are between /16 and /28"));
    }
}

fn within_vpc(desk: &mut Desk<'_>, subnet: &Subnet) {
    let vpc = desk.model.vpcs.iter().find(|vpc| vpc.id == subnet.vpc);
    if let Some(vpc) = vpc
        && !vpc.cidrs.iter().any(|cidr| cidr.contains(&*subnet.cidr))
    {
        let message =
            format!("subnet `{}` ({}) is not in VPC `{}`", *subnet.id, *subnet.cidr, *vpc.id);
        let finding = Finding::error("subnet-outside-vpc", subnet.cidr.place, message);
        let cidrs: Vec<String> = vpc.cidrs.iter().map(|cidr| cidr.to_string()).collect();
        desk.find(finding.help(format!("the VPC has {}", cidrs.join(", "))));
    }
}

/// Sorted by address, overlapping blocks are neighbours: one nests in another.
fn overlapping_subnets(desk: &mut Desk<'_>) {
    let mut subnets: Vec<&Subnet> = desk.model.subnets.iter().collect();
    subnets.sort_by_key(|subnet| {
        (subnet.vpc.value.clone(), subnet.cidr.network(), subnet.cidr.prefix_len())
    });
    let mut widest: Option<&Subnet> = None;
    for subnet in subnets {
        match widest {
            Some(wide) if wide.vpc == subnet.vpc && overlap(&wide.cidr, &subnet.cidr) => {
                let message = format!(
                    "subnets `{}` ({}) and `{}` ({}) overlap",
                    *wide.id, *wide.cidr, *subnet.id, *subnet.cidr
                );
                let finding = Finding::error("overlapping-subnets", subnet.cidr.place, message);
                desk.find(finding.help("give each its own part of the VPC's CIDR"));
            }
            _ => widest = Some(subnet),
        }
    }
}

fn overlapping_peers(desk: &mut Desk<'_>) {
    for peering in &desk.model.peerings {
        let vpc = |name: &crate::model::Name| desk.model.vpcs.iter().find(|vpc| vpc.id == *name);
        let (Some(a), Some(b)) = (vpc(&peering.requester), vpc(&peering.accepter)) else {
            continue;
        };
        if a.cidrs.iter().any(|x| b.cidrs.iter().any(|y| overlap(x, y))) {
            let message = format!("VPCs `{}` and `{}` overlap, and are peered", *a.id, *b.id);
            let finding = Finding::warning("overlapping-peers", peering.id.place, message);
            desk.find(finding.help("AWS refuses to peer VPCs whose CIDRs overlap"));
        }
    }
}

fn overlap(a: &Ipv4Net, b: &Ipv4Net) -> bool {
    a.contains(&b.network()) || b.contains(&a.network())
}
