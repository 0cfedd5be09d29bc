//! VPC peering: between addresses of the two VPCs and no further (VPC peering guide,
//! "vpc-peering-basics"; aws-facts §8.1).

use super::{Identity, Place, Stop, Walk, network_acl};
use crate::snapshot::{PeeringId, SubnetId, VpcId};
use crate::trace::{Decision, Trace};
use crate::verdict::{DropReason, Element};

/// A route leads from the subnet `from` to the peering connection.
pub(super) fn cross<T: Trace>(
    walk: &mut Walk<'_, T>,
    peering: PeeringId,
    from: SubnetId,
) -> Result<Place, Stop> {
    let snapshot = walk.snapshot;
    let connection = &snapshot[peering];
    let element = Element::Peering(peering);
    let near = snapshot[from].vpc;
    let far: VpcId = connection.vpcs[usize::from(connection.vpcs[0] == near)];
    let between = snapshot.in_vpc(near, walk.headers.src) && snapshot.in_vpc(far, walk.headers.dst);
    walk.judge(between, DropReason::PeeringOutsideVpc.at(element))?;
    let settings = &snapshot.settings;
    let mtu = if connection.same_region { settings.vpc_mtu } else { settings.internet_mtu };
    walk.squeeze(mtu, element, false, None)?;
    if !connection.same_region {
        walk.identity = walk.identity.hidden_by(DropReason::SecurityGroupReferenceLost);
    }
    walk.pass(element, None, Decision::Nature);
    let Some(eni) = snapshot.eni_at(far, walk.headers.dst) else {
        return Err(walk.refuse(DropReason::NoSuchAddress.at(element)));
    };
    network_acl::ingress(walk, snapshot[eni].subnet)?;
    Ok(Place::Into(eni))
}

impl Identity {
    /// The same sender, whose groups a rule can no longer see.
    pub(super) fn hidden_by(self, reason: DropReason) -> Identity {
        match self {
            Identity::Eni(eni) => Identity::Hidden(eni, reason),
            other => other,
        }
    }
}
