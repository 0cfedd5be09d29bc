//! What an id names: the attributes by which resources refer to each other.

/// A kind of thing that ids name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Class {
    Acl,
    CacheSubnets,
    Connector,
    DatabaseSubnets,
    ElasticIp,
    Endpoint,
    Gateway,
    Instance,
    Interface,
    NatGateway,
    Peering,
    PrefixList,
    RouteTable,
    SecurityGroup,
    Subnet,
    TransitAttachment,
    TransitGateway,
    TransitTable,
    Vpc,
}

/// A thing that an attribute names: of which class, and by which attribute of CloudFormation's,
/// where it is not the resource itself.
pub(super) type Identity = (Class, Option<&'static str>);

/// What the attribute of a resource of that type names, if it names the resource or what came with
/// it.
pub(super) fn identity(kind: &str, attribute: &str) -> Option<Identity> {
    let made_with_it = match (kind, attribute) {
        (VPC | DEFAULT_VPC, "default_security_group_id") => {
            Some((Class::SecurityGroup, "DefaultSecurityGroup"))
        }
        (VPC | DEFAULT_VPC, "default_network_acl_id") => Some((Class::Acl, "DefaultNetworkAcl")),
        (VPC | DEFAULT_VPC, "default_route_table_id" | "main_route_table_id") => {
            Some((Class::RouteTable, "MainRouteTable"))
        }
        (TRANSIT_GATEWAY, "association_default_route_table_id") => {
            Some((Class::TransitTable, "AssociationDefaultRouteTableId"))
        }
        (TRANSIT_GATEWAY, "propagation_default_route_table_id") => {
            Some((Class::TransitTable, "PropagationDefaultRouteTableId"))
        }
        ("aws_vpc_endpoint", "prefix_list_id") => Some((Class::PrefixList, "PrefixListId")),
        ("aws_instance", "primary_network_interface_id") => {
            Some((Class::Interface, "NetworkInterface"))
        }
        _ => None,
    };
    match (made_with_it, attribute) {
        (Some((class, attribute)), _) => Some((class, Some(attribute))),
        (None, "allocation_id") if kind == "aws_eip" => {
            Some((Class::ElasticIp, Some("AllocationId")))
        }
        // Groups of subnets go by their names.
        (None, "name") if kind.ends_with("_subnet_group") => class_of(kind),
        (None, "id" | "arn") => class_of(kind),
        (None, _) => None,
    }
}

/// Attributes that name something, of a resource of any type.
pub(super) const NAMING: &[&str] = &[
    "id",
    "arn",
    "name",
    "allocation_id",
    "default_security_group_id",
    "default_network_acl_id",
    "default_route_table_id",
    "main_route_table_id",
    "association_default_route_table_id",
    "propagation_default_route_table_id",
    "primary_network_interface_id",
];

const VPC: &str = "aws_vpc";
const DEFAULT_VPC: &str = "aws_default_vpc";
const TRANSIT_GATEWAY: &str = "aws_ec2_transit_gateway";

fn class_of(kind: &str) -> Option<Identity> {
    let class = match kind {
        "aws_network_acl" | "aws_default_network_acl" => Class::Acl,
        "aws_apprunner_vpc_connector" => Class::Connector,
        "aws_db_subnet_group" => Class::DatabaseSubnets,
        "aws_elasticache_subnet_group" => Class::CacheSubnets,
        "aws_eip" => return Some((Class::ElasticIp, Some("AllocationId"))),
        "aws_vpc_endpoint" => Class::Endpoint,
        "aws_internet_gateway"
        | "aws_vpn_gateway"
        | "aws_ec2_carrier_gateway"
        | "aws_egress_only_internet_gateway" => Class::Gateway,
        "aws_instance" => Class::Instance,
        "aws_network_interface" => Class::Interface,
        "aws_nat_gateway" => Class::NatGateway,
        "aws_vpc_peering_connection" | "aws_vpc_peering_connection_accepter" => Class::Peering,
        "aws_ec2_managed_prefix_list" | "aws_prefix_list" => Class::PrefixList,
        "aws_route_table" | "aws_default_route_table" => Class::RouteTable,
        "aws_security_group" | "aws_default_security_group" => Class::SecurityGroup,
        "aws_subnet" | "aws_default_subnet" => Class::Subnet,
        "aws_ec2_transit_gateway_vpc_attachment"
        | "aws_ec2_transit_gateway_vpc_attachment_accepter" => Class::TransitAttachment,
        TRANSIT_GATEWAY => Class::TransitGateway,
        "aws_ec2_transit_gateway_route_table" => Class::TransitTable,
        VPC | DEFAULT_VPC => Class::Vpc,
        _ => return None,
    };
    Some((class, None))
}

impl Class {
    /// How AWS's ids of the class begin.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Class::Acl => "acl-",
            // They have names that people choose, which look like no id.
            Class::CacheSubnets | Class::DatabaseSubnets => "",
            Class::Connector => "arn:",
            Class::ElasticIp => "eipalloc-",
            Class::Endpoint => "vpce-",
            Class::Gateway => "igw-",
            Class::Instance => "i-",
            Class::Interface => "eni-",
            Class::NatGateway => "nat-",
            Class::Peering => "pcx-",
            Class::PrefixList => "pl-",
            Class::RouteTable => "rtb-",
            Class::SecurityGroup => "sg-",
            Class::Subnet => "subnet-",
            Class::TransitAttachment => "tgw-attach-",
            Class::TransitGateway => "tgw-",
            Class::TransitTable => "tgw-rtb-",
            Class::Vpc => "vpc-",
        }
    }
}
