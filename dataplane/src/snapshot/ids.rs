//! Names of things in a snapshot: an index each, of a type of its own, so that they cannot mix.

use std::ops::Index;

use super::*;

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident => $field:ident: $item:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $id(pub u32);

        impl Index<$id> for Snapshot {
            type Output = $item;
            fn index(&self, id: $id) -> &$item {
                &self.$field[id.0 as usize]
            }
        }
    )*};
}

ids! {
    /// A VPC.
    VpcId => vpcs: Vpc;
    /// A subnet.
    SubnetId => subnets: Subnet;
    /// A VPC route table.
    RouteTableId => route_tables: RouteTable;
    /// A network ACL.
    AclId => network_acls: NetworkAcl;
    /// A security group.
    SgId => security_groups: SecurityGroup;
    /// A prefix list.
    PrefixListId => prefix_lists: PrefixList;
    /// An elastic network interface.
    EniId => enis: NetworkInterface;
    /// An internet gateway.
    IgwId => internet_gateways: InternetGateway;
    /// A NAT gateway.
    NatId => nat_gateways: NatGateway;
    /// A VPC endpoint.
    EndpointId => endpoints: VpcEndpoint;
    /// A peering connection.
    PeeringId => peerings: Peering;
    /// A transit gateway.
    TgwId => transit_gateways: TransitGateway;
    /// A transit gateway's attachment.
    AttachmentId => attachments: Attachment;
    /// A service.
    ServiceId => services: Service;
    /// A task.
    TaskId => tasks: Task;
    /// Where packets enter and leave; at most 2^24 of them, so that one fits a flow's key.
    InterfaceId => interfaces: Interface;
    /// An Availability Zone.
    ZoneId => zones: Arc<str>;
}

impl InterfaceId {
    /// The internet: the first interface of every snapshot.
    pub const INTERNET: InterfaceId = InterfaceId(0);
}

/// Which configuration a flow was judged under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u32);
