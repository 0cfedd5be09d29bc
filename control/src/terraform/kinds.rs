//! Which resource types mean something, and what their attributes are in CloudFormation's words.

use super::class::Class::{self, *};

/// A resource type of the aws provider.
#[derive(Debug)]
pub(super) struct Kind {
    /// Terraform's name of it.
    pub(super) terraform: &'static str,
    /// CloudFormation's name of it.
    pub(super) cloud: &'static str,
    pub(super) columns: &'static [Column],
}

/// An attribute, the property that it is, and how its value is read.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) how: How,
}

/// How an attribute's value is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// As it is.
    Plain,
    /// It names one of these.
    One(&'static [Class]),
    /// It names several of these.
    Many(&'static [Class]),
    /// `enable` or `disable`, of a truth value or of that word.
    Switch,
}

use How::{Many, One, Plain, Switch};

macro_rules! kinds {
    ($($terraform:literal => $cloud:literal { $($from:literal => $to:literal $how:expr,)* })*) => {
        const KINDS: &[Kind] = &[$(Kind {
            terraform: $terraform,
            cloud: $cloud,
            columns: &[$(Column { from: $from, to: $to, how: $how },)*],
        },)*];
    };
}

/// The kind of a type, if it means something; of what data sources read, only what describes one
/// thing.
pub(super) fn of(terraform: &str, data: bool) -> Option<&'static Kind> {
    let known = |name: &str| KINDS.iter().find(|kind| kind.terraform == name);
    match data {
        true => READ.contains(&terraform).then(|| known(terraform)).flatten(),
        false => known(terraform),
    }
}

/// What data sources say enough of.
const READ: &[&str] = &[
    "aws_ec2_managed_prefix_list",
    "aws_ec2_transit_gateway",
    "aws_instance",
    "aws_internet_gateway",
    "aws_nat_gateway",
    "aws_network_interface",
    "aws_prefix_list",
    "aws_route_table",
    "aws_security_group",
    "aws_subnet",
    "aws_vpc",
    "aws_vpc_endpoint",
    "aws_vpc_peering_connection",
];

kinds! {
    "aws_vpc" => "AWS::EC2::VPC" {
        "cidr_block" => "CidrBlock" Plain,
        "enable_dns_support" => "EnableDnsSupport" Plain,
        "enable_dns_hostnames" => "EnableDnsHostnames" Plain,
        "region" => "Region" Plain,
        "owner_id" => "Account" Plain,
        "tags" => "Tags" Plain,
    }
    "aws_default_vpc" => "AWS::EC2::VPC" {
        "cidr_block" => "CidrBlock" Plain,
        "enable_dns_support" => "EnableDnsSupport" Plain,
        "enable_dns_hostnames" => "EnableDnsHostnames" Plain,
        "region" => "Region" Plain,
        "owner_id" => "Account" Plain,
        "tags" => "Tags" Plain,
    }
    "aws_vpc_ipv4_cidr_block_association" => "AWS::EC2::VPCCidrBlock" {
        "vpc_id" => "VpcId" One(&[Vpc]),
        "cidr_block" => "CidrBlock" Plain,
    }
    "aws_subnet" => "AWS::EC2::Subnet" {
        "vpc_id" => "VpcId" One(&[Vpc]),
        "cidr_block" => "CidrBlock" Plain,
        "availability_zone" => "AvailabilityZone" Plain,
        "availability_zone_id" => "AvailabilityZoneId" Plain,
        "map_public_ip_on_launch" => "MapPublicIpOnLaunch" Plain,
        "tags" => "Tags" Plain,
    }
    "aws_default_subnet" => "AWS::EC2::Subnet" {
        "vpc_id" => "VpcId" One(&[Vpc]),
        "cidr_block" => "CidrBlock" Plain,
        "availability_zone" => "AvailabilityZone" Plain,
        "availability_zone_id" => "AvailabilityZoneId" Plain,
        "map_public_ip_on_launch" => "MapPublicIpOnLaunch" Plain,
        "tags" => "Tags" Plain,
    }
    "aws_route_table" => "AWS::EC2::RouteTable" {
        "vpc_id" => "VpcId" One(&[Vpc]),
        "tags" => "Tags" Plain,
    }
    "aws_default_route_table" => "AWS::EC2::RouteTable" {
        "vpc_id" => "VpcId" One(&[Vpc]),
        "tags" => "Tags" Plain,
    }
    "aws_route" => "AWS::EC2::Route" {
        "route_table_id" => "RouteTableId" One(&[RouteTable]),
        "destination_cidr_block" => "DestinationCidrBlock" Plain,
        "destination_ipv6_cidr_block" => "DestinationIpv6CidrBlock" Plain,
        "destination_prefix_list_id" => "DestinationPrefixListId" One(&[PrefixList]),
        "gateway_id" => "GatewayId" One(&[Gateway]),
        "nat_gateway_id" => "NatGatewayId" One(&[NatGateway]),
        "transit_gateway_id" => "TransitGatewayId" One(&[TransitGateway]),
        "vpc_peering_connection_id" => "VpcPeeringConnectionId" One(&[Peering]),
        "network_interface_id" => "NetworkInterfaceId" One(&[Interface]),
        "vpc_endpoint_id" => "VpcEndpointId" One(&[Endpoint]),
        "egress_only_gateway_id" => "EgressOnlyInternetGatewayId" One(&[Gateway]),
        "local_gateway_id" => "LocalGatewayId" Plain,
        "carrier_gateway_id" => "CarrierGatewayId" One(&[Gateway]),
        "core_network_arn" => "CoreNetworkArn" Plain,
    }
    "aws_route_table_association" => "AWS::EC2::SubnetRouteTableAssociation" {
        "subnet_id" => "SubnetId" One(&[Subnet]),
        "route_table_id" => "RouteTableId" One(&[RouteTable]),
    }
    "aws_main_route_table_association" => "Egret::MainRouteTable" {
        "vpc_id" => "VpcId" One(&[Vpc]),
        "route_table_id" => "RouteTableId" One(&[RouteTable]),
    }
    "aws_internet_gateway" => "AWS::EC2::InternetGateway" {
        "tags" => "Tags" Plain,
    }
    "aws_internet_gateway_attachment" => "AWS::EC2::VPCGatewayAttachment" {
        "vpc_id" => "VpcId" One(&[Vpc]),
        "internet_gateway_id" => "InternetGatewayId" One(&[Gateway]),
    }
    "aws_vpn_gateway" => "AWS::EC2::VPNGateway" {}
    "aws_egress_only_internet_gateway" => "AWS::EC2::EgressOnlyInternetGateway" {}
    "aws_ec2_carrier_gateway" => "AWS::EC2::CarrierGateway" {}
    "aws_eip" => "AWS::EC2::EIP" {
        "public_ip" => "PublicIp" Plain,
        "instance" => "InstanceId" One(&[Instance]),
        "network_interface" => "NetworkInterfaceId" One(&[Interface]),
        "tags" => "Tags" Plain,
    }
    "aws_eip_association" => "AWS::EC2::EIPAssociation" {
        "allocation_id" => "AllocationId" One(&[ElasticIp]),
        "instance_id" => "InstanceId" One(&[Instance]),
        "network_interface_id" => "NetworkInterfaceId" One(&[Interface]),
        "private_ip_address" => "PrivateIpAddress" Plain,
        "public_ip" => "EIP" Plain,
    }
    "aws_nat_gateway" => "AWS::EC2::NatGateway" {
        "subnet_id" => "SubnetId" One(&[Subnet]),
        "allocation_id" => "AllocationId" One(&[ElasticIp]),
        "public_ip" => "PublicIp" Plain,
        "connectivity_type" => "ConnectivityType" Plain,
        "private_ip" => "PrivateIpAddress" Plain,
        "secondary_allocation_ids" => "SecondaryAllocationIds" Many(&[ElasticIp]),
        "secondary_private_ip_addresses" => "SecondaryPrivateIpAddresses" Plain,
        "secondary_private_ip_address_count" => "SecondaryPrivateIpAddressCount" Plain,
        "tags" => "Tags" Plain,
    }
    "aws_security_group" => "AWS::EC2::SecurityGroup" {
        "vpc_id" => "VpcId" One(&[Vpc]),
        "name" => "GroupName" Plain,
        "tags" => "Tags" Plain,
    }
    "aws_default_security_group" => "AWS::EC2::SecurityGroup" {
        "vpc_id" => "VpcId" One(&[Vpc]),
        "tags" => "Tags" Plain,
    }
    "aws_security_group_rule" => "AWS::EC2::SecurityGroupIngress" {}
    "aws_vpc_security_group_ingress_rule" => "AWS::EC2::SecurityGroupIngress" {}
    "aws_vpc_security_group_egress_rule" => "AWS::EC2::SecurityGroupEgress" {}
    "aws_network_acl" => "AWS::EC2::NetworkAcl" {
        "vpc_id" => "VpcId" One(&[Vpc]),
        "tags" => "Tags" Plain,
    }
    "aws_default_network_acl" => "AWS::EC2::NetworkAcl" {
        "vpc_id" => "VpcId" One(&[Vpc]),
        "tags" => "Tags" Plain,
    }
    "aws_network_acl_rule" => "AWS::EC2::NetworkAclEntry" {}
    "aws_network_acl_association" => "AWS::EC2::SubnetNetworkAclAssociation" {
        "subnet_id" => "SubnetId" One(&[Subnet]),
        "network_acl_id" => "NetworkAclId" One(&[Acl]),
    }
    "aws_ec2_managed_prefix_list" => "AWS::EC2::PrefixList" {
        "name" => "PrefixListName" Plain,
        "address_family" => "AddressFamily" Plain,
        "tags" => "Tags" Plain,
    }
    "aws_ec2_managed_prefix_list_entry" => "AWS::EC2::PrefixList" {}
    "aws_prefix_list" => "AWS::EC2::PrefixList" {
        "name" => "PrefixListName" Plain,
    }
    "aws_vpc_endpoint" => "AWS::EC2::VPCEndpoint" {
        "vpc_id" => "VpcId" One(&[Vpc]),
        "service_name" => "ServiceName" Plain,
        "vpc_endpoint_type" => "VpcEndpointType" Plain,
        "private_dns_enabled" => "PrivateDnsEnabled" Plain,
        "tags" => "Tags" Plain,
    }
    "aws_vpc_endpoint_route_table_association" => "AWS::EC2::VPCEndpoint" {}
    "aws_vpc_endpoint_subnet_association" => "AWS::EC2::VPCEndpoint" {}
    "aws_vpc_endpoint_security_group_association" => "AWS::EC2::VPCEndpoint" {}
    "aws_vpc_peering_connection" => "AWS::EC2::VPCPeeringConnection" {
        "vpc_id" => "VpcId" One(&[Vpc]),
        "peer_vpc_id" => "PeerVpcId" One(&[Vpc]),
        "peer_region" => "PeerRegion" Plain,
        "peer_owner_id" => "PeerOwnerId" Plain,
        "tags" => "Tags" Plain,
    }
    "aws_vpc_peering_connection_accepter" => "AWS::EC2::VPCPeeringConnection" {}
    "aws_ec2_transit_gateway" => "AWS::EC2::TransitGateway" {
        "default_route_table_association" => "DefaultRouteTableAssociation" Switch,
        "default_route_table_propagation" => "DefaultRouteTablePropagation" Switch,
        "security_group_referencing_support" => "SecurityGroupReferencingSupport" Switch,
        "tags" => "Tags" Plain,
    }
    "aws_ec2_transit_gateway_vpc_attachment" => "AWS::EC2::TransitGatewayAttachment" {
        "transit_gateway_id" => "TransitGatewayId" One(&[TransitGateway]),
        "vpc_id" => "VpcId" One(&[Vpc]),
        "subnet_ids" => "SubnetIds" Many(&[Subnet]),
        "transit_gateway_default_route_table_association" => "DefaultRouteTableAssociation" Switch,
        "transit_gateway_default_route_table_propagation" => "DefaultRouteTablePropagation" Switch,
        "security_group_referencing_support" => "SecurityGroupReferencingSupport" Switch,
        "tags" => "Tags" Plain,
    }
    "aws_ec2_transit_gateway_route_table" => "AWS::EC2::TransitGatewayRouteTable" {
        "transit_gateway_id" => "TransitGatewayId" One(&[TransitGateway]),
        "tags" => "Tags" Plain,
    }
    "aws_ec2_transit_gateway_route_table_association" =>
        "AWS::EC2::TransitGatewayRouteTableAssociation" {
        "transit_gateway_attachment_id" => "TransitGatewayAttachmentId" One(&[TransitAttachment]),
        "transit_gateway_route_table_id" => "TransitGatewayRouteTableId" One(&[TransitTable]),
    }
    "aws_ec2_transit_gateway_route_table_propagation" =>
        "AWS::EC2::TransitGatewayRouteTablePropagation" {
        "transit_gateway_attachment_id" => "TransitGatewayAttachmentId" One(&[TransitAttachment]),
        "transit_gateway_route_table_id" => "TransitGatewayRouteTableId" One(&[TransitTable]),
    }
    "aws_ec2_transit_gateway_route" => "AWS::EC2::TransitGatewayRoute" {
        "destination_cidr_block" => "DestinationCidrBlock" Plain,
        "blackhole" => "Blackhole" Plain,
        "transit_gateway_attachment_id" => "TransitGatewayAttachmentId" One(&[TransitAttachment]),
        "transit_gateway_route_table_id" => "TransitGatewayRouteTableId" One(&[TransitTable]),
    }
    "aws_network_interface" => "AWS::EC2::NetworkInterface" {
        "subnet_id" => "SubnetId" One(&[Subnet]),
        "private_ip" => "PrivateIpAddress" Plain,
        "security_groups" => "GroupSet" Many(&[SecurityGroup]),
        "source_dest_check" => "SourceDestCheck" Plain,
        "tags" => "Tags" Plain,
    }
    "aws_instance" => "AWS::EC2::Instance" {
        "subnet_id" => "SubnetId" One(&[Subnet]),
        "private_ip" => "PrivateIpAddress" Plain,
        "public_ip" => "PublicIp" Plain,
        "vpc_security_group_ids" => "SecurityGroupIds" Many(&[SecurityGroup]),
        "source_dest_check" => "SourceDestCheck" Plain,
        "tags" => "Tags" Plain,
    }
    "aws_apprunner_vpc_connector" => "AWS::AppRunner::VpcConnector" {
        "vpc_connector_name" => "VpcConnectorName" Plain,
        "subnets" => "Subnets" Many(&[Subnet]),
        "security_groups" => "SecurityGroups" Many(&[SecurityGroup]),
    }
    "aws_apprunner_service" => "AWS::AppRunner::Service" {
        "service_name" => "ServiceName" Plain,
        "network_configuration.egress_configuration.egress_type" =>
            "NetworkConfiguration.EgressConfiguration.EgressType" Plain,
        "network_configuration.egress_configuration.vpc_connector_arn" =>
            "NetworkConfiguration.EgressConfiguration.VpcConnectorArn" One(&[Connector]),
    }
    "aws_lambda_function" => "AWS::Lambda::Function" {
        "function_name" => "FunctionName" Plain,
        "vpc_config.subnet_ids" => "VpcConfig.SubnetIds" Many(&[Subnet]),
        "vpc_config.security_group_ids" => "VpcConfig.SecurityGroupIds" Many(&[SecurityGroup]),
    }
    "aws_network_interface_sg_attachment" => "AWS::EC2::NetworkInterface" {}
    "aws_ecs_service" => "AWS::ECS::Service" {
        "network_configuration.subnets" =>
            "NetworkConfiguration.AwsvpcConfiguration.Subnets" Many(&[Subnet]),
        "network_configuration.security_groups" =>
            "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups" Many(&[SecurityGroup]),
    }
    "aws_lb" => "AWS::ElasticLoadBalancingV2::LoadBalancer" {
        "subnets" => "Subnets" Many(&[Subnet]),
        "security_groups" => "SecurityGroups" Many(&[SecurityGroup]),
    }
    "aws_alb" => "AWS::ElasticLoadBalancingV2::LoadBalancer" {
        "subnets" => "Subnets" Many(&[Subnet]),
        "security_groups" => "SecurityGroups" Many(&[SecurityGroup]),
    }
    "aws_db_subnet_group" => "AWS::RDS::DBSubnetGroup" {
        "subnet_ids" => "SubnetIds" Many(&[Subnet]),
    }
    "aws_db_instance" => "AWS::RDS::DBInstance" {
        "db_subnet_group_name" => "DBSubnetGroupName" One(&[DatabaseSubnets]),
        "vpc_security_group_ids" => "VPCSecurityGroups" Many(&[SecurityGroup]),
    }
    "aws_rds_cluster" => "AWS::RDS::DBCluster" {
        "db_subnet_group_name" => "DBSubnetGroupName" One(&[DatabaseSubnets]),
        "vpc_security_group_ids" => "VpcSecurityGroupIds" Many(&[SecurityGroup]),
    }
    "aws_elasticache_subnet_group" => "AWS::ElastiCache::SubnetGroup" {
        "subnet_ids" => "SubnetIds" Many(&[Subnet]),
    }
    "aws_elasticache_cluster" => "AWS::ElastiCache::CacheCluster" {
        "subnet_group_name" => "CacheSubnetGroupName" One(&[CacheSubnets]),
        "security_group_ids" => "VpcSecurityGroupIds" Many(&[SecurityGroup]),
    }
    "aws_elasticache_replication_group" => "AWS::ElastiCache::ReplicationGroup" {
        "subnet_group_name" => "CacheSubnetGroupName" One(&[CacheSubnets]),
        "security_group_ids" => "SecurityGroupIds" Many(&[SecurityGroup]),
    }
    "aws_elasticache_serverless_cache" => "AWS::ElastiCache::ServerlessCache" {
        "subnet_ids" => "SubnetIds" Many(&[Subnet]),
        "security_group_ids" => "SecurityGroupIds" Many(&[SecurityGroup]),
    }
}
