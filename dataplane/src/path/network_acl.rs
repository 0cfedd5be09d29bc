//! Network ACLs: numbered entries, the first that matches decides, and no memory. They judge
//! packets that enter or leave a subnet, never those that stay within one (VPC guide,
//! "vpc-network-acls"; aws-facts §4).

use super::{Stop, Walk};
use crate::snapshot::SubnetId;
use crate::trace::{Decision, Trace};
use crate::verdict::{DropReason, Element};

/// The packet leaves a subnet: outbound entries, by its destination.
pub(super) fn egress<T: Trace>(walk: &mut Walk<'_, T>, subnet: SubnetId) -> Result<(), Stop> {
    judge(walk, subnet, true)
}

/// The packet enters a subnet: inbound entries, by its source.
pub(super) fn ingress<T: Trace>(walk: &mut Walk<'_, T>, subnet: SubnetId) -> Result<(), Stop> {
    judge(walk, subnet, false)
}

fn judge<T: Trace>(walk: &mut Walk<'_, T>, subnet: SubnetId, egress: bool) -> Result<(), Stop> {
    let acl = walk.snapshot[subnet].network_acl;
    let rules = &walk.snapshot[acl];
    let entries = if egress { &rules.egress } else { &rules.ingress };
    let other = if egress { walk.headers.dst } else { walk.headers.src };
    let entry = walk.snapshot.lookup().acl_entry(acl, egress, &walk.headers, other);
    let decision = Decision::AclEntry { acl, egress, entry };
    let element = Element::NetworkAcl(acl);
    if entry.is_some_and(|entry| entries[entry].allow) {
        walk.pass(element, Some(subnet), decision);
        return Ok(());
    }
    let reason = if egress { DropReason::NetworkAclEgress } else { DropReason::NetworkAclIngress };
    walk.deny(reason.at(element), Some(subnet), decision)
}
