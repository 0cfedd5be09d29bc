//! AWS's own shapes, as far as the model needs them. Members that are not here are passed over.
//! Names and meanings: the EC2 and App Runner API models (botocore 1.44.5).

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::Deserialize;

use crate::written::{At, Written};

macro_rules! shapes {
    ($($(#[$attribute:meta])* $shape:ident { $($member:ident: $type:ty,)* })*) => {
        $(
            $(#[$attribute])*
            #[derive(Clone, Debug, PartialEq, Deserialize)]
            #[serde(rename_all = "PascalCase")]
            pub(super) struct $shape {
                $(pub(super) $member: $type,)*
            }
        )*
    };
}

/// A list that may be absent or null.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Many<T>(pub(super) Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Many(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list: Option<Vec<T>> = Option::deserialize(deserializer)?;
        Ok(Many(list.unwrap_or_default()))
    }
}

impl<T> IntoIterator for Many<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Many<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

shapes! {
    TagJson { key: String, value: Option<String>, }

    VpcJson {
        vpc_id: At<String>,
        cidr_block: Option<Written<Ipv4Net>>,
        cidr_block_association_set: Option<Many<CidrAssociationJson>>,
        is_default: Option<bool>,
        owner_id: Option<String>,
        tags: Option<Many<TagJson>>,
    }
    CidrAssociationJson {
        cidr_block: Option<Written<Ipv4Net>>,
        cidr_block_state: Option<StateJson>,
    }
    StateJson { state: Option<String>, }
    AttributeJson { value: At<bool>, }

    SubnetJson {
        subnet_id: At<String>,
        vpc_id: At<String>,
        cidr_block: Option<Written<Ipv4Net>>,
        availability_zone: Option<At<String>>,
        availability_zone_id: Option<At<String>>,
        tags: Option<Many<TagJson>>,
    }

    RouteTableJson {
        route_table_id: At<String>,
        vpc_id: At<String>,
        associations: Option<Many<RouteTableAssociationJson>>,
        routes: Option<Many<At<RouteJson>>>,
        tags: Option<Many<TagJson>>,
    }
    RouteTableAssociationJson {
        main: Option<bool>,
        subnet_id: Option<At<String>>,
        gateway_id: Option<At<String>>,
        association_state: Option<StateJson>,
    }
    RouteJson {
        destination_cidr_block: Option<Written<Ipv4Net>>,
        destination_prefix_list_id: Option<At<String>>,
        gateway_id: Option<At<String>>,
        nat_gateway_id: Option<At<String>>,
        network_interface_id: Option<At<String>>,
        instance_id: Option<At<String>>,
        transit_gateway_id: Option<At<String>>,
        vpc_peering_connection_id: Option<At<String>>,
        egress_only_internet_gateway_id: Option<At<String>>,
        local_gateway_id: Option<At<String>>,
        carrier_gateway_id: Option<At<String>>,
        core_network_arn: Option<At<String>>,
        origin: Option<String>,
        state: Option<String>,
    }

    SecurityGroupJson {
        group_id: At<String>,
        group_name: Option<String>,
        vpc_id: Option<At<String>>,
        ip_permissions: Option<Many<At<PermissionJson>>>,
        ip_permissions_egress: Option<Many<At<PermissionJson>>>,
        tags: Option<Many<TagJson>>,
    }
    PermissionJson {
        ip_protocol: At<String>,
        from_port: Option<At<i64>>,
        to_port: Option<At<i64>>,
        ip_ranges: Option<Many<IpRangeJson>>,
        prefix_list_ids: Option<Many<PrefixListIdJson>>,
        user_id_group_pairs: Option<Many<GroupPairJson>>,
    }
    IpRangeJson { cidr_ip: Written<Ipv4Net>, }
    PrefixListIdJson { prefix_list_id: At<String>, }
    GroupPairJson { group_id: Option<At<String>>, group_name: Option<At<String>>, }
    SecurityGroupRuleJson {
        security_group_rule_id: At<String>,
        group_id: At<String>,
        is_egress: bool,
        ip_protocol: At<String>,
        from_port: Option<At<i64>>,
        to_port: Option<At<i64>>,
        cidr_ipv4: Option<Written<Ipv4Net>>,
        prefix_list_id: Option<At<String>>,
        referenced_group_info: Option<GroupPairJson>,
    }

    NetworkAclJson {
        network_acl_id: At<String>,
        vpc_id: At<String>,
        is_default: Option<bool>,
        associations: Option<Many<AclAssociationJson>>,
        entries: Option<Many<At<AclEntryJson>>>,
        tags: Option<Many<TagJson>>,
    }
    AclAssociationJson { subnet_id: Option<String>, }
    AclEntryJson {
        rule_number: At<u32>,
        protocol: At<String>,
        rule_action: At<String>,
        egress: bool,
        cidr_block: Option<Written<Ipv4Net>>,
        port_range: Option<PortRangeJson>,
        icmp_type_code: Option<IcmpJson>,
    }
    PortRangeJson { from: Option<At<i64>>, to: Option<At<i64>>, }
    IcmpJson { r#type: Option<At<i64>>, code: Option<At<i64>>, }

    NatGatewayJson {
        nat_gateway_id: At<String>,
        subnet_id: Option<At<String>>,
        state: Option<String>,
        connectivity_type: Option<String>,
        availability_mode: Option<At<String>>,
        nat_gateway_addresses: Option<Many<NatAddressJson>>,
        tags: Option<Many<TagJson>>,
    }
    NatAddressJson {
        public_ip: Option<Written<Ipv4Addr>>,
        private_ip: Option<Written<Ipv4Addr>>,
        is_primary: Option<bool>,
        status: Option<String>,
    }

    VpcEndpointJson {
        vpc_endpoint_id: At<String>,
        vpc_endpoint_type: Option<At<String>>,
        vpc_id: At<String>,
        service_name: At<String>,
        state: Option<String>,
        route_table_ids: Option<Many<At<String>>>,
        subnet_ids: Option<Many<At<String>>>,
        groups: Option<Many<GroupPairJson>>,
        private_dns_enabled: Option<bool>,
        network_interface_ids: Option<Many<At<String>>>,
        tags: Option<Many<TagJson>>,
    }

    NetworkInterfaceJson {
        network_interface_id: At<String>,
        subnet_id: Option<At<String>>,
        private_ip_address: Option<Written<Ipv4Addr>>,
        private_ip_addresses: Option<Many<PrivateAddressJson>>,
        association: Option<AssociationJson>,
        groups: Option<Many<GroupPairJson>>,
        source_dest_check: Option<bool>,
        interface_type: Option<String>,
        description: Option<String>,
        attachment: Option<AttachmentJson>,
        tag_set: Option<Many<TagJson>>,
    }
    PrivateAddressJson {
        private_ip_address: Option<Written<Ipv4Addr>>,
        primary: Option<bool>,
    }
    AssociationJson { public_ip: Option<Written<Ipv4Addr>>, }
    AttachmentJson { instance_id: Option<String>, }
    AddressJson {
        public_ip: Written<Ipv4Addr>,
        network_interface_id: Option<String>,
    }

    PrefixListJson {
        prefix_list_id: At<String>,
        prefix_list_name: Option<String>,
        address_family: Option<String>,
        cidrs: Option<Many<At<String>>>,
    }
    PrefixListEntryJson { cidr: At<String>, }

    InternetGatewayJson {
        internet_gateway_id: At<String>,
        attachments: Option<Many<GatewayAttachmentJson>>,
        tags: Option<Many<TagJson>>,
    }
    GatewayAttachmentJson { vpc_id: Option<At<String>>, state: Option<String>, }

    PeeringJson {
        vpc_peering_connection_id: At<String>,
        requester_vpc_info: PeeringVpcJson,
        accepter_vpc_info: PeeringVpcJson,
        status: Option<PeeringStatusJson>,
        tags: Option<Many<TagJson>>,
    }
    PeeringVpcJson { vpc_id: Option<At<String>>, region: Option<String>, }
    PeeringStatusJson { code: Option<String>, }

    TransitGatewayJson {
        transit_gateway_id: At<String>,
        options: Option<TransitOptionsJson>,
        tags: Option<Many<TagJson>>,
    }
    #[derive(Default)]
    TransitOptionsJson { security_group_referencing_support: Option<String>, }
    TransitAttachmentJson {
        transit_gateway_attachment_id: At<String>,
        transit_gateway_id: At<String>,
        resource_type: Option<String>,
        resource_id: Option<At<String>>,
        vpc_id: Option<At<String>>,
        subnet_ids: Option<Many<At<String>>>,
        state: Option<String>,
        association: Option<TransitAssociationJson>,
        tags: Option<Many<TagJson>>,
    }
    TransitAssociationJson {
        transit_gateway_route_table_id: Option<At<String>>,
        state: Option<String>,
    }
    TransitTableJson {
        transit_gateway_route_table_id: At<String>,
        transit_gateway_id: At<String>,
    }
    TransitRouteJson {
        destination_cidr_block: Option<At<String>>,
        prefix_list_id: Option<At<String>>,
        transit_gateway_attachments: Option<Many<TransitLinkJson>>,
        r#type: Option<String>,
        state: Option<String>,
    }
    TransitLinkJson {
        transit_gateway_attachment_id: Option<At<String>>,
        transit_gateway_route_table_id: Option<At<String>>,
        state: Option<String>,
    }

    ConnectorJson {
        vpc_connector_name: At<String>,
        vpc_connector_arn: Option<String>,
        subnets: Many<At<String>>,
        security_groups: Option<Many<At<String>>>,
        status: Option<String>,
    }
    ServiceJson {
        service_name: At<String>,
        service_arn: Option<String>,
        status: Option<String>,
        network_configuration: Option<NetworkConfigurationJson>,
    }
    NetworkConfigurationJson { egress_configuration: Option<EgressJson>, }
    EgressJson {
        egress_type: Option<At<String>>,
        vpc_connector_arn: Option<At<String>>,
    }
}

/// The items of a list that may be absent.
pub(super) fn items<T>(list: Option<Many<T>>) -> Vec<T> {
    list.unwrap_or_default().0
}

/// The same, one after the other.
pub(super) fn items_of<T>(list: Option<Many<T>>) -> impl Iterator<Item = T> {
    items(list).into_iter()
}

/// The value of the `Name` tag.
pub(super) fn name_tag(tags: &Option<Many<TagJson>>) -> Option<String> {
    let mut tags = tags.iter().flat_map(|tags| &tags.0);
    let name = tags.find(|tag| tag.key == "Name")?;
    name.value.clone().filter(|value| !value.is_empty())
}
