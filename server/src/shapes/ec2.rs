//! Requests and answers of EC2, API version 2016-11-15. Written by `server/shapes/generate.py`
//! from botocore's model: change that, not this.

use serde::{Deserialize, Serialize};

use crate::protocol::time::Iso8601;

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AcceptTransitGatewayVpcAttachmentRequest {
    pub transit_gateway_attachment_id: String,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptTransitGatewayVpcAttachmentResult {
    pub transit_gateway_vpc_attachment: Option<TransitGatewayVpcAttachment>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AcceptVpcPeeringConnectionRequest {
    pub dry_run: Option<bool>,
    pub vpc_peering_connection_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptVpcPeeringConnectionResult {
    pub vpc_peering_connection: Option<VpcPeeringConnection>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountAttribute {
    pub attribute_name: Option<String>,
    #[serde(rename = "attributeValueSet")]
    pub attribute_values: Vec<AccountAttributeValue>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountAttributeValue {
    pub attribute_value: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddPrefixListEntry {
    pub cidr: String,
    pub description: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdditionalDetail {
    pub additional_detail_type: Option<String>,
    pub component: Option<AnalysisComponent>,
    pub vpc_endpoint_service: Option<AnalysisComponent>,
    #[serde(rename = "ruleOptionSet")]
    pub rule_options: Vec<RuleOption>,
    #[serde(rename = "ruleGroupTypePairSet")]
    pub rule_group_type_pairs: Vec<RuleGroupTypePair>,
    #[serde(rename = "ruleGroupRuleOptionsPairSet")]
    pub rule_group_rule_options_pairs: Vec<RuleGroupRuleOptionsPair>,
    pub service_name: Option<String>,
    #[serde(rename = "loadBalancerSet")]
    pub load_balancers: Vec<AnalysisComponent>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    pub allocation_id: Option<String>,
    pub association_id: Option<String>,
    pub domain: Option<String>,
    pub network_interface_id: Option<String>,
    pub network_interface_owner_id: Option<String>,
    pub private_ip_address: Option<String>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub public_ipv4_pool: Option<String>,
    pub network_border_group: Option<String>,
    pub customer_owned_ip: Option<String>,
    pub customer_owned_ipv4_pool: Option<String>,
    pub carrier_ip: Option<String>,
    pub subnet_id: Option<String>,
    pub service_managed: Option<String>,
    pub instance_id: Option<String>,
    pub public_ip: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AddressAttribute {
    pub public_ip: Option<String>,
    pub allocation_id: Option<String>,
    pub ptr_record: Option<String>,
    pub ptr_record_update: Option<PtrUpdateStatus>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AllocateAddressRequest {
    pub domain: Option<String>,
    pub address: Option<String>,
    pub public_ipv4_pool: Option<String>,
    pub network_border_group: Option<String>,
    pub customer_owned_ipv4_pool: Option<String>,
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub ipam_pool_id: Option<String>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AllocateAddressResult {
    pub allocation_id: Option<String>,
    pub public_ipv4_pool: Option<String>,
    pub network_border_group: Option<String>,
    pub domain: Option<String>,
    pub customer_owned_ip: Option<String>,
    pub customer_owned_ipv4_pool: Option<String>,
    pub carrier_ip: Option<String>,
    pub public_ip: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlternatePathHint {
    pub component_id: Option<String>,
    pub component_arn: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisAclRule {
    pub cidr: Option<String>,
    pub egress: Option<bool>,
    pub port_range: Option<PortRange>,
    pub protocol: Option<String>,
    pub rule_action: Option<String>,
    pub rule_number: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisComponent {
    pub id: Option<String>,
    pub arn: Option<String>,
    pub name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisLoadBalancerListener {
    pub load_balancer_port: Option<i32>,
    pub instance_port: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisLoadBalancerTarget {
    pub address: Option<String>,
    pub availability_zone: Option<String>,
    pub availability_zone_id: Option<String>,
    pub instance: Option<AnalysisComponent>,
    pub port: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisPacketHeader {
    #[serde(rename = "destinationAddressSet")]
    pub destination_addresses: Vec<String>,
    #[serde(rename = "destinationPortRangeSet")]
    pub destination_port_ranges: Vec<PortRange>,
    pub protocol: Option<String>,
    #[serde(rename = "sourceAddressSet")]
    pub source_addresses: Vec<String>,
    #[serde(rename = "sourcePortRangeSet")]
    pub source_port_ranges: Vec<PortRange>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisRouteTableRoute {
    pub destination_cidr: Option<String>,
    pub destination_prefix_list_id: Option<String>,
    pub egress_only_internet_gateway_id: Option<String>,
    pub gateway_id: Option<String>,
    pub instance_id: Option<String>,
    pub nat_gateway_id: Option<String>,
    pub network_interface_id: Option<String>,
    pub origin: Option<String>,
    pub transit_gateway_id: Option<String>,
    pub vpc_peering_connection_id: Option<String>,
    pub state: Option<String>,
    pub carrier_gateway_id: Option<String>,
    pub core_network_arn: Option<String>,
    pub local_gateway_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisSecurityGroupRule {
    pub cidr: Option<String>,
    pub direction: Option<String>,
    pub security_group_id: Option<String>,
    pub port_range: Option<PortRange>,
    pub prefix_list_id: Option<String>,
    pub protocol: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisTransitGatewayPolicyTableEntry {
    pub rule_number: Option<i32>,
    pub protocol: Option<String>,
    pub source_cidr: Option<String>,
    pub destination_cidr: Option<String>,
    pub source_port_range: Option<PortRange>,
    pub destination_port_range: Option<PortRange>,
    pub target_route_table_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssignPrivateIpAddressesRequest {
    #[serde(rename = "Ipv4Prefix", default)]
    pub ipv4_prefixes: Vec<String>,
    pub ipv4_prefix_count: Option<i32>,
    pub network_interface_id: String,
    #[serde(rename = "PrivateIpAddress", default)]
    pub private_ip_addresses: Vec<String>,
    pub secondary_private_ip_address_count: Option<i32>,
    pub allow_reassignment: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssignPrivateIpAddressesResult {
    pub network_interface_id: Option<String>,
    #[serde(rename = "assignedPrivateIpAddressesSet")]
    pub assigned_private_ip_addresses: Vec<AssignedPrivateIpAddress>,
    #[serde(rename = "assignedIpv4PrefixSet")]
    pub assigned_ipv4_prefixes: Vec<Ipv4PrefixSpecification>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssignPrivateNatGatewayAddressRequest {
    pub nat_gateway_id: String,
    #[serde(rename = "PrivateIpAddress", default)]
    pub private_ip_addresses: Vec<String>,
    pub private_ip_address_count: Option<i32>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssignPrivateNatGatewayAddressResult {
    pub nat_gateway_id: Option<String>,
    #[serde(rename = "natGatewayAddressSet")]
    pub nat_gateway_addresses: Vec<NatGatewayAddress>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssignedPrivateIpAddress {
    pub private_ip_address: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociateAddressRequest {
    pub allocation_id: Option<String>,
    pub instance_id: Option<String>,
    pub public_ip: Option<String>,
    pub dry_run: Option<bool>,
    pub network_interface_id: Option<String>,
    pub private_ip_address: Option<String>,
    pub allow_reassociation: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssociateAddressResult {
    pub association_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociateNatGatewayAddressRequest {
    pub nat_gateway_id: String,
    #[serde(rename = "AllocationId")]
    pub allocation_ids: Vec<String>,
    #[serde(rename = "PrivateIpAddress", default)]
    pub private_ip_addresses: Vec<String>,
    pub dry_run: Option<bool>,
    pub availability_zone: Option<String>,
    pub availability_zone_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssociateNatGatewayAddressResult {
    pub nat_gateway_id: Option<String>,
    #[serde(rename = "natGatewayAddressSet")]
    pub nat_gateway_addresses: Vec<NatGatewayAddress>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociateRouteTableRequest {
    pub gateway_id: Option<String>,
    pub public_ipv4_pool: Option<String>,
    pub dry_run: Option<bool>,
    pub subnet_id: Option<String>,
    pub route_table_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssociateRouteTableResult {
    pub association_id: Option<String>,
    pub association_state: Option<RouteTableAssociationState>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociateTransitGatewayRouteTableRequest {
    pub transit_gateway_route_table_id: String,
    pub transit_gateway_attachment_id: String,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssociateTransitGatewayRouteTableResult {
    pub association: Option<TransitGatewayAssociation>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociateVpcCidrBlockRequest {
    pub cidr_block: Option<String>,
    pub ipv6_cidr_block_network_border_group: Option<String>,
    pub ipv6_pool: Option<String>,
    pub ipv6_cidr_block: Option<String>,
    pub ipv4_ipam_pool_id: Option<String>,
    pub ipv4_netmask_length: Option<i32>,
    pub ipv6_ipam_pool_id: Option<String>,
    pub ipv6_netmask_length: Option<i32>,
    pub vpc_id: String,
    pub amazon_provided_ipv6_cidr_block: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssociateVpcCidrBlockResult {
    pub ipv6_cidr_block_association: Option<VpcIpv6CidrBlockAssociation>,
    pub cidr_block_association: Option<VpcCidrBlockAssociation>,
    pub vpc_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachInternetGatewayRequest {
    pub dry_run: Option<bool>,
    pub internet_gateway_id: String,
    pub vpc_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttachmentEnaSrdSpecification {
    pub ena_srd_enabled: Option<bool>,
    pub ena_srd_udp_specification: Option<AttachmentEnaSrdUdpSpecification>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttachmentEnaSrdUdpSpecification {
    pub ena_srd_udp_enabled: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(serialize = "camelCase", deserialize = "PascalCase"))]
pub struct AttributeBooleanValue {
    pub value: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(serialize = "camelCase", deserialize = "PascalCase"))]
pub struct AttributeValue {
    pub value: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuthorizeSecurityGroupEgressRequest {
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub dry_run: Option<bool>,
    pub group_id: String,
    pub source_security_group_name: Option<String>,
    pub source_security_group_owner_id: Option<String>,
    pub ip_protocol: Option<String>,
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
    pub cidr_ip: Option<String>,
    #[serde(default)]
    pub ip_permissions: Vec<IpPermission>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizeSecurityGroupEgressResult {
    pub r#return: Option<bool>,
    #[serde(rename = "securityGroupRuleSet")]
    pub security_group_rules: Vec<SecurityGroupRule>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuthorizeSecurityGroupIngressRequest {
    pub cidr_ip: Option<String>,
    pub from_port: Option<i32>,
    pub group_id: Option<String>,
    pub group_name: Option<String>,
    #[serde(default)]
    pub ip_permissions: Vec<IpPermission>,
    pub ip_protocol: Option<String>,
    pub source_security_group_name: Option<String>,
    pub source_security_group_owner_id: Option<String>,
    pub to_port: Option<i32>,
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizeSecurityGroupIngressResult {
    pub r#return: Option<bool>,
    #[serde(rename = "securityGroupRuleSet")]
    pub security_group_rules: Vec<SecurityGroupRule>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityZone {
    pub opt_in_status: Option<String>,
    #[serde(rename = "messageSet")]
    pub messages: Vec<AvailabilityZoneMessage>,
    pub region_name: Option<String>,
    pub zone_name: Option<String>,
    pub zone_id: Option<String>,
    pub group_name: Option<String>,
    pub network_border_group: Option<String>,
    pub zone_type: Option<String>,
    pub parent_zone_name: Option<String>,
    pub parent_zone_id: Option<String>,
    pub group_long_name: Option<String>,
    #[serde(rename = "geographySet")]
    pub geography: Vec<AvailabilityZoneGeography>,
    #[serde(rename = "subGeographySet")]
    pub sub_geography: Vec<AvailabilityZoneSubGeography>,
    #[serde(rename = "zoneState")]
    pub state: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AvailabilityZoneAddress {
    pub availability_zone: Option<String>,
    pub availability_zone_id: Option<String>,
    #[serde(rename = "AllocationId", default)]
    pub allocation_ids: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityZoneGeography {
    pub name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityZoneMessage {
    pub message: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityZoneSubGeography {
    pub name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockPublicAccessStates {
    pub internet_gateway_block_mode: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CidrBlock {
    pub cidr_block: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionTrackingConfiguration {
    pub tcp_established_timeout: Option<i32>,
    pub udp_stream_timeout: Option<i32>,
    pub udp_timeout: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConnectionTrackingSpecificationRequest {
    pub tcp_established_timeout: Option<i32>,
    pub udp_stream_timeout: Option<i32>,
    pub udp_timeout: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateDefaultSubnetRequest {
    pub availability_zone: Option<String>,
    pub dry_run: Option<bool>,
    pub ipv6_native: Option<bool>,
    pub availability_zone_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateDefaultSubnetResult {
    pub subnet: Option<Subnet>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateDefaultVpcRequest {
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateDefaultVpcResult {
    pub vpc: Option<Vpc>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateFlowLogsRequest {
    pub dry_run: Option<bool>,
    pub client_token: Option<String>,
    pub deliver_logs_permission_arn: Option<String>,
    pub deliver_cross_account_role: Option<String>,
    pub log_group_name: Option<String>,
    #[serde(rename = "ResourceId")]
    pub resource_ids: Vec<String>,
    pub resource_type: String,
    pub traffic_type: Option<String>,
    pub log_destination_type: Option<String>,
    pub log_destination: Option<String>,
    pub log_format: Option<String>,
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub max_aggregation_interval: Option<i32>,
    pub destination_options: Option<DestinationOptionsRequest>,
    #[serde(rename = "TagFieldSpecification", default)]
    pub tag_field_specifications: Vec<TagFieldSpecificationRequest>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateFlowLogsResult {
    pub client_token: Option<String>,
    #[serde(rename = "flowLogIdSet")]
    pub flow_log_ids: Vec<String>,
    pub unsuccessful: Vec<UnsuccessfulItem>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateInternetGatewayRequest {
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateInternetGatewayResult {
    pub internet_gateway: Option<InternetGateway>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateManagedPrefixListRequest {
    pub dry_run: Option<bool>,
    pub prefix_list_name: String,
    #[serde(rename = "Entry", default)]
    pub entries: Vec<AddPrefixListEntry>,
    pub max_entries: i32,
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub address_family: String,
    pub client_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateManagedPrefixListResult {
    pub prefix_list: Option<ManagedPrefixList>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateNatGatewayRequest {
    pub availability_mode: Option<String>,
    pub allocation_id: Option<String>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
    pub subnet_id: Option<String>,
    pub vpc_id: Option<String>,
    #[serde(rename = "AvailabilityZoneAddress", default)]
    pub availability_zone_addresses: Vec<AvailabilityZoneAddress>,
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub connectivity_type: Option<String>,
    pub private_ip_address: Option<String>,
    #[serde(rename = "SecondaryAllocationId", default)]
    pub secondary_allocation_ids: Vec<String>,
    #[serde(rename = "SecondaryPrivateIpAddress", default)]
    pub secondary_private_ip_addresses: Vec<String>,
    pub secondary_private_ip_address_count: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateNatGatewayResult {
    pub client_token: Option<String>,
    pub nat_gateway: Option<NatGateway>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateNetworkAclEntryRequest {
    pub dry_run: Option<bool>,
    pub network_acl_id: String,
    pub rule_number: i32,
    pub protocol: String,
    pub rule_action: String,
    pub egress: bool,
    pub cidr_block: Option<String>,
    pub ipv6_cidr_block: Option<String>,
    #[serde(rename = "Icmp")]
    pub icmp_type_code: Option<IcmpTypeCode>,
    pub port_range: Option<PortRange>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateNetworkAclRequest {
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
    pub vpc_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateNetworkAclResult {
    pub network_acl: Option<NetworkAcl>,
    pub client_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateNetworkInsightsPathRequest {
    pub source_ip: Option<String>,
    pub destination_ip: Option<String>,
    pub source: String,
    pub destination: Option<String>,
    pub protocol: String,
    pub destination_port: Option<i32>,
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub dry_run: Option<bool>,
    pub client_token: String,
    pub filter_at_source: Option<PathRequestFilter>,
    pub filter_at_destination: Option<PathRequestFilter>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateNetworkInsightsPathResult {
    pub network_insights_path: Option<NetworkInsightsPath>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateNetworkInterfaceRequest {
    #[serde(rename = "Ipv4Prefix", default)]
    pub ipv4_prefixes: Vec<Ipv4PrefixSpecificationRequest>,
    pub ipv4_prefix_count: Option<i32>,
    #[serde(rename = "Ipv6Prefix", default)]
    pub ipv6_prefixes: Vec<Ipv6PrefixSpecificationRequest>,
    pub ipv6_prefix_count: Option<i32>,
    pub interface_type: Option<String>,
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub client_token: Option<String>,
    pub enable_primary_ipv6: Option<bool>,
    pub connection_tracking_specification: Option<ConnectionTrackingSpecificationRequest>,
    pub operator: Option<OperatorRequest>,
    pub subnet_id: String,
    pub description: Option<String>,
    pub private_ip_address: Option<String>,
    #[serde(rename = "SecurityGroupId", default)]
    pub groups: Vec<String>,
    #[serde(default)]
    pub private_ip_addresses: Vec<PrivateIpAddressSpecification>,
    pub secondary_private_ip_address_count: Option<i32>,
    #[serde(default)]
    pub ipv6_addresses: Vec<InstanceIpv6Address>,
    pub ipv6_address_count: Option<i32>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateNetworkInterfaceResult {
    pub network_interface: Option<NetworkInterface>,
    pub client_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreatePeeringConnectionOptionsRequest {
    pub allow_multipath_resilience: Option<bool>,
    pub multipath_resilience_mode: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateRouteRequest {
    pub destination_prefix_list_id: Option<String>,
    pub vpc_endpoint_id: Option<String>,
    pub transit_gateway_id: Option<String>,
    pub local_gateway_id: Option<String>,
    pub carrier_gateway_id: Option<String>,
    pub core_network_arn: Option<String>,
    pub odb_network_arn: Option<String>,
    pub dry_run: Option<bool>,
    pub route_table_id: String,
    pub destination_cidr_block: Option<String>,
    pub gateway_id: Option<String>,
    pub destination_ipv6_cidr_block: Option<String>,
    pub egress_only_internet_gateway_id: Option<String>,
    pub instance_id: Option<String>,
    pub network_interface_id: Option<String>,
    pub vpc_peering_connection_id: Option<String>,
    pub nat_gateway_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateRouteResult {
    pub r#return: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateRouteTableRequest {
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
    pub vpc_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateRouteTableResult {
    pub route_table: Option<RouteTable>,
    pub client_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSecurityGroupRequest {
    #[serde(rename = "GroupDescription")]
    pub description: String,
    pub group_name: String,
    pub vpc_id: Option<String>,
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSecurityGroupResult {
    pub group_id: Option<String>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub security_group_arn: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSubnetRequest {
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub availability_zone: Option<String>,
    pub availability_zone_id: Option<String>,
    pub cidr_block: Option<String>,
    pub ipv6_cidr_block: Option<String>,
    pub outpost_arn: Option<String>,
    pub vpc_id: String,
    pub ipv6_native: Option<bool>,
    pub ipv4_ipam_pool_id: Option<String>,
    pub ipv4_netmask_length: Option<i32>,
    pub ipv6_ipam_pool_id: Option<String>,
    pub ipv6_netmask_length: Option<i32>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSubnetResult {
    pub subnet: Option<Subnet>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTagsRequest {
    pub dry_run: Option<bool>,
    #[serde(rename = "ResourceId")]
    pub resources: Vec<String>,
    #[serde(rename = "Tag")]
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTransitGatewayRequest {
    pub description: Option<String>,
    pub options: Option<TransitGatewayRequestOptions>,
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateTransitGatewayResult {
    pub transit_gateway: Option<TransitGateway>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTransitGatewayRouteRequest {
    pub destination_cidr_block: String,
    pub transit_gateway_route_table_id: String,
    pub transit_gateway_attachment_id: Option<String>,
    pub blackhole: Option<bool>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateTransitGatewayRouteResult {
    pub route: Option<TransitGatewayRoute>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTransitGatewayRouteTableRequest {
    pub transit_gateway_id: String,
    #[serde(default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateTransitGatewayRouteTableResult {
    pub transit_gateway_route_table: Option<TransitGatewayRouteTable>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTransitGatewayVpcAttachmentRequest {
    pub transit_gateway_id: String,
    pub vpc_id: String,
    pub subnet_ids: Vec<String>,
    pub options: Option<CreateTransitGatewayVpcAttachmentRequestOptions>,
    #[serde(default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTransitGatewayVpcAttachmentRequestOptions {
    pub dns_support: Option<String>,
    pub security_group_referencing_support: Option<String>,
    pub ipv6_support: Option<String>,
    pub appliance_mode_support: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateTransitGatewayVpcAttachmentResult {
    pub transit_gateway_vpc_attachment: Option<TransitGatewayVpcAttachment>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateVpcEndpointRequest {
    pub dry_run: Option<bool>,
    pub vpc_endpoint_type: Option<String>,
    pub vpc_id: String,
    pub service_name: Option<String>,
    pub policy_document: Option<String>,
    #[serde(rename = "RouteTableId", default)]
    pub route_table_ids: Vec<String>,
    #[serde(rename = "SubnetId", default)]
    pub subnet_ids: Vec<String>,
    #[serde(rename = "SecurityGroupId", default)]
    pub security_group_ids: Vec<String>,
    pub ip_address_type: Option<String>,
    pub dns_options: Option<DnsOptionsSpecification>,
    pub client_token: Option<String>,
    pub private_dns_enabled: Option<bool>,
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    #[serde(rename = "SubnetConfiguration", default)]
    pub subnet_configurations: Vec<SubnetConfiguration>,
    pub service_network_arn: Option<String>,
    pub resource_configuration_arn: Option<String>,
    pub service_region: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateVpcEndpointResult {
    pub vpc_endpoint: Option<VpcEndpoint>,
    pub client_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateVpcPeeringConnectionRequest {
    pub peer_region: Option<String>,
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub requester_peering_connection_options: Option<CreatePeeringConnectionOptionsRequest>,
    pub dry_run: Option<bool>,
    pub vpc_id: String,
    pub peer_vpc_id: Option<String>,
    pub peer_owner_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateVpcPeeringConnectionResult {
    pub vpc_peering_connection: Option<VpcPeeringConnection>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateVpcRequest {
    pub cidr_block: Option<String>,
    pub ipv6_pool: Option<String>,
    pub ipv6_cidr_block: Option<String>,
    pub ipv4_ipam_pool_id: Option<String>,
    pub ipv4_netmask_length: Option<i32>,
    pub ipv6_ipam_pool_id: Option<String>,
    pub ipv6_netmask_length: Option<i32>,
    pub ipv6_cidr_block_network_border_group: Option<String>,
    pub vpc_encryption_control: Option<VpcEncryptionControlConfiguration>,
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub dry_run: Option<bool>,
    pub instance_tenancy: Option<String>,
    pub amazon_provided_ipv6_cidr_block: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateVpcResult {
    pub vpc: Option<Vpc>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteFlowLogsRequest {
    pub dry_run: Option<bool>,
    #[serde(rename = "FlowLogId")]
    pub flow_log_ids: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteFlowLogsResult {
    pub unsuccessful: Vec<UnsuccessfulItem>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteInternetGatewayRequest {
    pub dry_run: Option<bool>,
    pub internet_gateway_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteManagedPrefixListRequest {
    pub dry_run: Option<bool>,
    pub prefix_list_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteManagedPrefixListResult {
    pub prefix_list: Option<ManagedPrefixList>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteNatGatewayRequest {
    pub dry_run: Option<bool>,
    pub nat_gateway_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteNatGatewayResult {
    pub nat_gateway_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteNetworkAclEntryRequest {
    pub dry_run: Option<bool>,
    pub network_acl_id: String,
    pub rule_number: i32,
    pub egress: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteNetworkAclRequest {
    pub dry_run: Option<bool>,
    pub network_acl_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteNetworkInsightsAnalysisRequest {
    pub dry_run: Option<bool>,
    pub network_insights_analysis_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteNetworkInsightsAnalysisResult {
    pub network_insights_analysis_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteNetworkInsightsPathRequest {
    pub dry_run: Option<bool>,
    pub network_insights_path_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteNetworkInsightsPathResult {
    pub network_insights_path_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteNetworkInterfaceRequest {
    pub dry_run: Option<bool>,
    pub network_interface_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteRouteRequest {
    pub destination_prefix_list_id: Option<String>,
    pub dry_run: Option<bool>,
    pub route_table_id: String,
    pub destination_cidr_block: Option<String>,
    pub destination_ipv6_cidr_block: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteRouteTableRequest {
    pub dry_run: Option<bool>,
    pub route_table_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSecurityGroupRequest {
    pub group_id: Option<String>,
    pub group_name: Option<String>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteSecurityGroupResult {
    pub r#return: Option<bool>,
    pub group_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSubnetRequest {
    pub subnet_id: String,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteTagsRequest {
    pub dry_run: Option<bool>,
    #[serde(rename = "ResourceId")]
    pub resources: Vec<String>,
    #[serde(rename = "Tag", default)]
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteTransitGatewayRequest {
    pub transit_gateway_id: String,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteTransitGatewayResult {
    pub transit_gateway: Option<TransitGateway>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteTransitGatewayRouteRequest {
    pub transit_gateway_route_table_id: String,
    pub destination_cidr_block: String,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteTransitGatewayRouteResult {
    pub route: Option<TransitGatewayRoute>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteTransitGatewayRouteTableRequest {
    pub transit_gateway_route_table_id: String,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteTransitGatewayRouteTableResult {
    pub transit_gateway_route_table: Option<TransitGatewayRouteTable>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteTransitGatewayVpcAttachmentRequest {
    pub transit_gateway_attachment_id: String,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteTransitGatewayVpcAttachmentResult {
    pub transit_gateway_vpc_attachment: Option<TransitGatewayVpcAttachment>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteVpcEndpointsRequest {
    pub dry_run: Option<bool>,
    #[serde(rename = "VpcEndpointId")]
    pub vpc_endpoint_ids: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteVpcEndpointsResult {
    pub unsuccessful: Vec<UnsuccessfulItem>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteVpcPeeringConnectionRequest {
    pub dry_run: Option<bool>,
    pub vpc_peering_connection_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteVpcPeeringConnectionResult {
    pub r#return: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteVpcRequest {
    pub vpc_id: String,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeAccountAttributesRequest {
    pub dry_run: Option<bool>,
    #[serde(rename = "AttributeName", default)]
    pub attribute_names: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeAccountAttributesResult {
    #[serde(rename = "accountAttributeSet")]
    pub account_attributes: Vec<AccountAttribute>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeAddressesAttributeRequest {
    #[serde(rename = "AllocationId", default)]
    pub allocation_ids: Vec<String>,
    pub attribute: Option<String>,
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeAddressesAttributeResult {
    #[serde(rename = "addressSet")]
    pub addresses: Vec<AddressAttribute>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeAddressesRequest {
    #[serde(rename = "PublicIp", default)]
    pub public_ips: Vec<String>,
    pub dry_run: Option<bool>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    #[serde(rename = "AllocationId", default)]
    pub allocation_ids: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeAddressesResult {
    #[serde(rename = "addressesSet")]
    pub addresses: Vec<Address>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeAvailabilityZonesRequest {
    #[serde(rename = "ZoneName", default)]
    pub zone_names: Vec<String>,
    #[serde(rename = "ZoneId", default)]
    pub zone_ids: Vec<String>,
    pub all_availability_zones: Option<bool>,
    pub dry_run: Option<bool>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeAvailabilityZonesResult {
    #[serde(rename = "availabilityZoneInfo")]
    pub availability_zones: Vec<AvailabilityZone>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeFlowLogsRequest {
    pub dry_run: Option<bool>,
    #[serde(default)]
    pub filter: Vec<Filter>,
    #[serde(rename = "FlowLogId", default)]
    pub flow_log_ids: Vec<String>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeFlowLogsResult {
    #[serde(rename = "flowLogSet")]
    pub flow_logs: Vec<FlowLog>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeInternetGatewaysRequest {
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
    pub dry_run: Option<bool>,
    #[serde(rename = "InternetGatewayId", default)]
    pub internet_gateway_ids: Vec<String>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeInternetGatewaysResult {
    #[serde(rename = "internetGatewaySet")]
    pub internet_gateways: Vec<InternetGateway>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeManagedPrefixListsRequest {
    pub dry_run: Option<bool>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    #[serde(rename = "PrefixListId", default)]
    pub prefix_list_ids: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeManagedPrefixListsResult {
    pub next_token: Option<String>,
    #[serde(rename = "prefixListSet")]
    pub prefix_lists: Vec<ManagedPrefixList>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeNatGatewaysRequest {
    pub dry_run: Option<bool>,
    #[serde(default)]
    pub filter: Vec<Filter>,
    pub max_results: Option<i32>,
    #[serde(rename = "NatGatewayId", default)]
    pub nat_gateway_ids: Vec<String>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeNatGatewaysResult {
    #[serde(rename = "natGatewaySet")]
    pub nat_gateways: Vec<NatGateway>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeNetworkAclsRequest {
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
    pub dry_run: Option<bool>,
    #[serde(rename = "NetworkAclId", default)]
    pub network_acl_ids: Vec<String>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeNetworkAclsResult {
    #[serde(rename = "networkAclSet")]
    pub network_acls: Vec<NetworkAcl>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeNetworkInsightsAnalysesRequest {
    #[serde(rename = "NetworkInsightsAnalysisId", default)]
    pub network_insights_analysis_ids: Vec<String>,
    pub network_insights_path_id: Option<String>,
    pub analysis_start_time: Option<Iso8601>,
    pub analysis_end_time: Option<Iso8601>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub dry_run: Option<bool>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeNetworkInsightsAnalysesResult {
    #[serde(rename = "networkInsightsAnalysisSet")]
    pub network_insights_analyses: Vec<NetworkInsightsAnalysis>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeNetworkInsightsPathsRequest {
    #[serde(rename = "NetworkInsightsPathId", default)]
    pub network_insights_path_ids: Vec<String>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub dry_run: Option<bool>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeNetworkInsightsPathsResult {
    #[serde(rename = "networkInsightsPathSet")]
    pub network_insights_paths: Vec<NetworkInsightsPath>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeNetworkInterfaceAttributeRequest {
    pub dry_run: Option<bool>,
    pub network_interface_id: String,
    pub attribute: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeNetworkInterfaceAttributeResult {
    pub attachment: Option<NetworkInterfaceAttachment>,
    pub description: Option<AttributeValue>,
    #[serde(rename = "groupSet")]
    pub groups: Vec<GroupIdentifier>,
    pub network_interface_id: Option<String>,
    pub source_dest_check: Option<AttributeBooleanValue>,
    pub associate_public_ip_address: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeNetworkInterfacesRequest {
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
    pub include_managed_resources: Option<bool>,
    pub dry_run: Option<bool>,
    #[serde(rename = "NetworkInterfaceId", default)]
    pub network_interface_ids: Vec<String>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeNetworkInterfacesResult {
    #[serde(rename = "networkInterfaceSet")]
    pub network_interfaces: Vec<NetworkInterface>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribePrefixListsRequest {
    pub dry_run: Option<bool>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    #[serde(rename = "PrefixListId", default)]
    pub prefix_list_ids: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribePrefixListsResult {
    pub next_token: Option<String>,
    #[serde(rename = "prefixListSet")]
    pub prefix_lists: Vec<PrefixList>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeRegionsRequest {
    #[serde(rename = "RegionName", default)]
    pub region_names: Vec<String>,
    pub all_regions: Option<bool>,
    pub dry_run: Option<bool>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeRegionsResult {
    #[serde(rename = "regionInfo")]
    pub regions: Vec<Region>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeRouteTablesRequest {
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
    pub dry_run: Option<bool>,
    #[serde(rename = "RouteTableId", default)]
    pub route_table_ids: Vec<String>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeRouteTablesResult {
    #[serde(rename = "routeTableSet")]
    pub route_tables: Vec<RouteTable>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSecurityGroupReferencesRequest {
    pub dry_run: Option<bool>,
    pub group_id: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeSecurityGroupReferencesResult {
    pub security_group_reference_set: Vec<SecurityGroupReference>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSecurityGroupRulesRequest {
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    #[serde(rename = "SecurityGroupRuleId", default)]
    pub security_group_rule_ids: Vec<String>,
    pub dry_run: Option<bool>,
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeSecurityGroupRulesResult {
    #[serde(rename = "securityGroupRuleSet")]
    pub security_group_rules: Vec<SecurityGroupRule>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSecurityGroupsRequest {
    #[serde(rename = "GroupId", default)]
    pub group_ids: Vec<String>,
    #[serde(rename = "GroupName", default)]
    pub group_names: Vec<String>,
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
    pub dry_run: Option<bool>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeSecurityGroupsResult {
    pub next_token: Option<String>,
    #[serde(rename = "securityGroupInfo")]
    pub security_groups: Vec<SecurityGroup>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSubnetsRequest {
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    #[serde(rename = "SubnetId", default)]
    pub subnet_ids: Vec<String>,
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeSubnetsResult {
    pub next_token: Option<String>,
    #[serde(rename = "subnetSet")]
    pub subnets: Vec<Subnet>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeTagsRequest {
    pub dry_run: Option<bool>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeTagsResult {
    pub next_token: Option<String>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<TagDescription>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeTransitGatewayAttachmentsRequest {
    #[serde(default)]
    pub transit_gateway_attachment_ids: Vec<String>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeTransitGatewayAttachmentsResult {
    pub transit_gateway_attachments: Vec<TransitGatewayAttachment>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeTransitGatewayRouteTablesRequest {
    #[serde(default)]
    pub transit_gateway_route_table_ids: Vec<String>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeTransitGatewayRouteTablesResult {
    pub transit_gateway_route_tables: Vec<TransitGatewayRouteTable>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeTransitGatewayVpcAttachmentsRequest {
    #[serde(default)]
    pub transit_gateway_attachment_ids: Vec<String>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeTransitGatewayVpcAttachmentsResult {
    pub transit_gateway_vpc_attachments: Vec<TransitGatewayVpcAttachment>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeTransitGatewaysRequest {
    #[serde(default)]
    pub transit_gateway_ids: Vec<String>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeTransitGatewaysResult {
    #[serde(rename = "transitGatewaySet")]
    pub transit_gateways: Vec<TransitGateway>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeVpcAttributeRequest {
    pub attribute: String,
    pub vpc_id: String,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeVpcAttributeResult {
    pub enable_dns_hostnames: Option<AttributeBooleanValue>,
    pub enable_dns_support: Option<AttributeBooleanValue>,
    pub enable_network_address_usage_metrics: Option<AttributeBooleanValue>,
    pub vpc_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeVpcEndpointServicesRequest {
    pub dry_run: Option<bool>,
    #[serde(rename = "ServiceName", default)]
    pub service_names: Vec<String>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    #[serde(rename = "ServiceRegion", default)]
    pub service_regions: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeVpcEndpointServicesResult {
    #[serde(rename = "serviceNameSet")]
    pub service_names: Vec<String>,
    #[serde(rename = "serviceDetailSet")]
    pub service_details: Vec<ServiceDetail>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeVpcEndpointsRequest {
    pub dry_run: Option<bool>,
    #[serde(rename = "VpcEndpointId", default)]
    pub vpc_endpoint_ids: Vec<String>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeVpcEndpointsResult {
    #[serde(rename = "vpcEndpointSet")]
    pub vpc_endpoints: Vec<VpcEndpoint>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeVpcPeeringConnectionsRequest {
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
    pub dry_run: Option<bool>,
    #[serde(rename = "VpcPeeringConnectionId", default)]
    pub vpc_peering_connection_ids: Vec<String>,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeVpcPeeringConnectionsResult {
    #[serde(rename = "vpcPeeringConnectionSet")]
    pub vpc_peering_connections: Vec<VpcPeeringConnection>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeVpcsRequest {
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    #[serde(rename = "VpcId", default)]
    pub vpc_ids: Vec<String>,
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeVpcsResult {
    pub next_token: Option<String>,
    #[serde(rename = "vpcSet")]
    pub vpcs: Vec<Vpc>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DestinationOptionsRequest {
    pub file_format: Option<String>,
    pub hive_compatible_partitions: Option<bool>,
    pub per_hour_partition: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DestinationOptionsResponse {
    pub file_format: Option<String>,
    pub hive_compatible_partitions: Option<bool>,
    pub per_hour_partition: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DetachInternetGatewayRequest {
    pub dry_run: Option<bool>,
    pub internet_gateway_id: String,
    pub vpc_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DisableTransitGatewayRouteTablePropagationRequest {
    pub transit_gateway_route_table_id: String,
    pub transit_gateway_attachment_id: Option<String>,
    pub dry_run: Option<bool>,
    pub transit_gateway_route_table_announcement_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DisableTransitGatewayRouteTablePropagationResult {
    pub propagation: Option<TransitGatewayPropagation>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DisassociateAddressRequest {
    pub association_id: Option<String>,
    pub public_ip: Option<String>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DisassociateNatGatewayAddressRequest {
    pub nat_gateway_id: String,
    #[serde(rename = "AssociationId")]
    pub association_ids: Vec<String>,
    pub max_drain_duration_seconds: Option<i32>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DisassociateNatGatewayAddressResult {
    pub nat_gateway_id: Option<String>,
    #[serde(rename = "natGatewayAddressSet")]
    pub nat_gateway_addresses: Vec<NatGatewayAddress>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DisassociateRouteTableRequest {
    pub dry_run: Option<bool>,
    pub association_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DisassociateTransitGatewayRouteTableRequest {
    pub transit_gateway_route_table_id: String,
    pub transit_gateway_attachment_id: String,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DisassociateTransitGatewayRouteTableResult {
    pub association: Option<TransitGatewayAssociation>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DisassociateVpcCidrBlockRequest {
    pub association_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DisassociateVpcCidrBlockResult {
    pub ipv6_cidr_block_association: Option<VpcIpv6CidrBlockAssociation>,
    pub cidr_block_association: Option<VpcCidrBlockAssociation>,
    pub vpc_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DnsEntry {
    pub dns_name: Option<String>,
    pub hosted_zone_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DnsOptions {
    pub dns_record_ip_type: Option<String>,
    pub private_dns_only_for_inbound_resolver_endpoint: Option<bool>,
    pub private_dns_preference: Option<String>,
    #[serde(rename = "privateDnsSpecifiedDomainSet")]
    pub private_dns_specified_domains: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DnsOptionsSpecification {
    pub dns_record_ip_type: Option<String>,
    pub private_dns_only_for_inbound_resolver_endpoint: Option<bool>,
    pub private_dns_preference: Option<String>,
    #[serde(rename = "PrivateDnsSpecifiedDomain", default)]
    pub private_dns_specified_domains: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EnaSrdSpecification {
    pub ena_srd_enabled: Option<bool>,
    pub ena_srd_udp_specification: Option<EnaSrdUdpSpecification>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EnaSrdUdpSpecification {
    pub ena_srd_udp_enabled: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EnableTransitGatewayRouteTablePropagationRequest {
    pub transit_gateway_route_table_id: String,
    pub transit_gateway_attachment_id: Option<String>,
    pub dry_run: Option<bool>,
    pub transit_gateway_route_table_announcement_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnableTransitGatewayRouteTablePropagationResult {
    pub propagation: Option<TransitGatewayPropagation>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EncryptionSupport {
    pub encryption_state: Option<String>,
    pub state_message: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    pub acl: Option<AnalysisComponent>,
    pub acl_rule: Option<AnalysisAclRule>,
    pub address: Option<String>,
    #[serde(rename = "addressSet")]
    pub addresses: Vec<String>,
    pub attached_to: Option<AnalysisComponent>,
    #[serde(rename = "availabilityZoneSet")]
    pub availability_zones: Vec<String>,
    #[serde(rename = "availabilityZoneIdSet")]
    pub availability_zone_ids: Vec<String>,
    #[serde(rename = "cidrSet")]
    pub cidrs: Vec<String>,
    pub component: Option<AnalysisComponent>,
    pub customer_gateway: Option<AnalysisComponent>,
    pub destination: Option<AnalysisComponent>,
    pub destination_vpc: Option<AnalysisComponent>,
    pub direction: Option<String>,
    pub explanation_code: Option<String>,
    pub ingress_route_table: Option<AnalysisComponent>,
    pub internet_gateway: Option<AnalysisComponent>,
    pub load_balancer_arn: Option<String>,
    pub classic_load_balancer_listener: Option<AnalysisLoadBalancerListener>,
    pub load_balancer_listener_port: Option<i32>,
    pub load_balancer_target: Option<AnalysisLoadBalancerTarget>,
    pub load_balancer_target_group: Option<AnalysisComponent>,
    #[serde(rename = "loadBalancerTargetGroupSet")]
    pub load_balancer_target_groups: Vec<AnalysisComponent>,
    pub load_balancer_target_port: Option<i32>,
    pub elastic_load_balancer_listener: Option<AnalysisComponent>,
    pub missing_component: Option<String>,
    pub nat_gateway: Option<AnalysisComponent>,
    pub network_interface: Option<AnalysisComponent>,
    pub packet_field: Option<String>,
    pub vpc_peering_connection: Option<AnalysisComponent>,
    pub port: Option<i32>,
    #[serde(rename = "portRangeSet")]
    pub port_ranges: Vec<PortRange>,
    pub prefix_list: Option<AnalysisComponent>,
    #[serde(rename = "protocolSet")]
    pub protocols: Vec<String>,
    pub route_table_route: Option<AnalysisRouteTableRoute>,
    pub route_table: Option<AnalysisComponent>,
    pub security_group: Option<AnalysisComponent>,
    pub security_group_rule: Option<AnalysisSecurityGroupRule>,
    #[serde(rename = "securityGroupSet")]
    pub security_groups: Vec<AnalysisComponent>,
    pub source_vpc: Option<AnalysisComponent>,
    pub state: Option<String>,
    pub subnet: Option<AnalysisComponent>,
    pub subnet_route_table: Option<AnalysisComponent>,
    pub vpc: Option<AnalysisComponent>,
    pub vpc_endpoint: Option<AnalysisComponent>,
    pub vpn_connection: Option<AnalysisComponent>,
    pub vpn_gateway: Option<AnalysisComponent>,
    pub transit_gateway: Option<AnalysisComponent>,
    pub transit_gateway_route_table: Option<AnalysisComponent>,
    pub transit_gateway_route_table_route: Option<TransitGatewayRouteTableRoute>,
    pub transit_gateway_policy_table: Option<AnalysisComponent>,
    pub transit_gateway_policy_table_entry: Option<AnalysisTransitGatewayPolicyTableEntry>,
    pub transit_gateway_attachment: Option<AnalysisComponent>,
    pub component_account: Option<String>,
    pub component_region: Option<String>,
    pub firewall_stateless_rule: Option<FirewallStatelessRule>,
    pub firewall_stateful_rule: Option<FirewallStatefulRule>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Filter {
    pub name: Option<String>,
    #[serde(rename = "Value", default)]
    pub values: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterPortRange {
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FirewallStatefulRule {
    pub rule_group_arn: Option<String>,
    #[serde(rename = "sourceSet")]
    pub sources: Vec<String>,
    #[serde(rename = "destinationSet")]
    pub destinations: Vec<String>,
    #[serde(rename = "sourcePortSet")]
    pub source_ports: Vec<PortRange>,
    #[serde(rename = "destinationPortSet")]
    pub destination_ports: Vec<PortRange>,
    pub protocol: Option<String>,
    pub rule_action: Option<String>,
    pub direction: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FirewallStatelessRule {
    pub rule_group_arn: Option<String>,
    #[serde(rename = "sourceSet")]
    pub sources: Vec<String>,
    #[serde(rename = "destinationSet")]
    pub destinations: Vec<String>,
    #[serde(rename = "sourcePortSet")]
    pub source_ports: Vec<PortRange>,
    #[serde(rename = "destinationPortSet")]
    pub destination_ports: Vec<PortRange>,
    #[serde(rename = "protocolSet")]
    pub protocols: Vec<i32>,
    pub rule_action: Option<String>,
    pub priority: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowLog {
    pub creation_time: Option<Iso8601>,
    pub deliver_logs_error_message: Option<String>,
    pub deliver_logs_permission_arn: Option<String>,
    pub deliver_cross_account_role: Option<String>,
    pub deliver_logs_status: Option<String>,
    pub flow_log_id: Option<String>,
    pub flow_log_status: Option<String>,
    pub log_group_name: Option<String>,
    pub resource_id: Option<String>,
    pub traffic_type: Option<String>,
    pub log_destination_type: Option<String>,
    pub log_destination: Option<String>,
    pub log_format: Option<String>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub max_aggregation_interval: Option<i32>,
    pub destination_options: Option<DestinationOptionsResponse>,
    #[serde(rename = "tagFieldSpecificationSet")]
    pub tag_field_specifications: Vec<TagFieldSpecificationResponse>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetManagedPrefixListAssociationsRequest {
    pub dry_run: Option<bool>,
    pub prefix_list_id: String,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetManagedPrefixListAssociationsResult {
    #[serde(rename = "prefixListAssociationSet")]
    pub prefix_list_associations: Vec<PrefixListAssociation>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetManagedPrefixListEntriesRequest {
    pub dry_run: Option<bool>,
    pub prefix_list_id: String,
    pub target_version: Option<i64>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetManagedPrefixListEntriesResult {
    #[serde(rename = "entrySet")]
    pub entries: Vec<PrefixListEntry>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTransitGatewayAttachmentPropagationsRequest {
    pub transit_gateway_attachment_id: String,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetTransitGatewayAttachmentPropagationsResult {
    pub transit_gateway_attachment_propagations: Vec<TransitGatewayAttachmentPropagation>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTransitGatewayRouteTableAssociationsRequest {
    pub transit_gateway_route_table_id: String,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetTransitGatewayRouteTableAssociationsResult {
    pub associations: Vec<TransitGatewayRouteTableAssociation>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTransitGatewayRouteTablePropagationsRequest {
    pub transit_gateway_route_table_id: String,
    #[serde(rename = "Filter", default)]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetTransitGatewayRouteTablePropagationsResult {
    pub transit_gateway_route_table_propagations: Vec<TransitGatewayRouteTablePropagation>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupIdentifier {
    pub group_id: Option<String>,
    pub group_name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(serialize = "camelCase", deserialize = "PascalCase"))]
pub struct IcmpTypeCode {
    pub code: Option<i32>,
    pub r#type: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IgwFirewall {
    pub firewall_arn: Option<String>,
    pub status: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceIpv6Address {
    pub ipv6_address: Option<String>,
    pub is_primary_ipv6: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InternetGateway {
    #[serde(rename = "attachmentSet")]
    pub attachments: Vec<InternetGatewayAttachment>,
    pub internet_gateway_id: Option<String>,
    pub owner_id: Option<String>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InternetGatewayAttachment {
    pub state: Option<String>,
    pub vpc_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(serialize = "camelCase", deserialize = "PascalCase"))]
pub struct IpPermission {
    pub ip_protocol: Option<String>,
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
    #[serde(rename(deserialize = "Groups", serialize = "groups"), default)]
    pub user_id_group_pairs: Vec<UserIdGroupPair>,
    #[serde(default)]
    pub ip_ranges: Vec<IpRange>,
    #[serde(default)]
    pub ipv6_ranges: Vec<Ipv6Range>,
    #[serde(default)]
    pub prefix_list_ids: Vec<PrefixListId>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(serialize = "camelCase", deserialize = "PascalCase"))]
pub struct IpRange {
    pub description: Option<String>,
    pub cidr_ip: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ipv4PrefixSpecification {
    pub ipv4_prefix: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Ipv4PrefixSpecificationRequest {
    pub ipv4_prefix: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ipv6CidrBlock {
    pub ipv6_cidr_block: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ipv6PrefixSpecification {
    pub ipv6_prefix: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Ipv6PrefixSpecificationRequest {
    pub ipv6_prefix: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(serialize = "camelCase", deserialize = "PascalCase"))]
pub struct Ipv6Range {
    pub description: Option<String>,
    pub cidr_ipv6: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LastError {
    pub message: Option<String>,
    pub code: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedPrefixList {
    pub prefix_list_id: Option<String>,
    pub address_family: Option<String>,
    pub state: Option<String>,
    pub state_message: Option<String>,
    pub prefix_list_arn: Option<String>,
    pub prefix_list_name: Option<String>,
    pub max_entries: Option<i32>,
    pub version: Option<i64>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub owner_id: Option<String>,
    pub ipam_prefix_list_resolver_target_id: Option<String>,
    pub ipam_prefix_list_resolver_sync_enabled: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyManagedPrefixListRequest {
    pub dry_run: Option<bool>,
    pub prefix_list_id: String,
    pub current_version: Option<i64>,
    pub prefix_list_name: Option<String>,
    #[serde(rename = "AddEntry", default)]
    pub add_entries: Vec<AddPrefixListEntry>,
    #[serde(rename = "RemoveEntry", default)]
    pub remove_entries: Vec<RemovePrefixListEntry>,
    pub max_entries: Option<i32>,
    pub ipam_prefix_list_resolver_sync_enabled: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModifyManagedPrefixListResult {
    pub prefix_list: Option<ManagedPrefixList>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyNetworkInterfaceAttributeRequest {
    pub ena_srd_specification: Option<EnaSrdSpecification>,
    pub enable_primary_ipv6: Option<bool>,
    pub connection_tracking_specification: Option<ConnectionTrackingSpecificationRequest>,
    pub associate_public_ip_address: Option<bool>,
    #[serde(rename = "AssociatedSubnetId", default)]
    pub associated_subnet_ids: Vec<String>,
    pub dry_run: Option<bool>,
    pub network_interface_id: String,
    pub description: Option<AttributeValue>,
    pub source_dest_check: Option<AttributeBooleanValue>,
    #[serde(rename = "SecurityGroupId", default)]
    pub groups: Vec<String>,
    pub attachment: Option<NetworkInterfaceAttachmentChanges>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifySecurityGroupRulesRequest {
    pub group_id: String,
    #[serde(rename = "SecurityGroupRule")]
    pub security_group_rules: Vec<SecurityGroupRuleUpdate>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModifySecurityGroupRulesResult {
    pub r#return: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifySubnetAttributeRequest {
    pub assign_ipv6_address_on_creation: Option<AttributeBooleanValue>,
    pub map_public_ip_on_launch: Option<AttributeBooleanValue>,
    pub subnet_id: String,
    pub map_customer_owned_ip_on_launch: Option<AttributeBooleanValue>,
    pub customer_owned_ipv4_pool: Option<String>,
    pub enable_dns64: Option<AttributeBooleanValue>,
    pub private_dns_hostname_type_on_launch: Option<String>,
    pub enable_resource_name_dns_a_record_on_launch: Option<AttributeBooleanValue>,
    #[serde(rename = "EnableResourceNameDnsAAAARecordOnLaunch")]
    pub enable_resource_name_dns_aaaa_record_on_launch: Option<AttributeBooleanValue>,
    pub enable_lni_at_device_index: Option<i32>,
    pub disable_lni_at_device_index: Option<AttributeBooleanValue>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyTransitGatewayOptions {
    #[serde(default)]
    pub add_transit_gateway_cidr_blocks: Vec<String>,
    #[serde(default)]
    pub remove_transit_gateway_cidr_blocks: Vec<String>,
    pub vpn_ecmp_support: Option<String>,
    pub dns_support: Option<String>,
    pub security_group_referencing_support: Option<String>,
    pub auto_accept_shared_attachments: Option<String>,
    pub default_route_table_association: Option<String>,
    pub association_default_route_table_id: Option<String>,
    pub default_route_table_propagation: Option<String>,
    pub propagation_default_route_table_id: Option<String>,
    pub amazon_side_asn: Option<i64>,
    pub encryption_support: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyTransitGatewayRequest {
    pub transit_gateway_id: String,
    pub description: Option<String>,
    pub options: Option<ModifyTransitGatewayOptions>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModifyTransitGatewayResult {
    pub transit_gateway: Option<TransitGateway>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyTransitGatewayVpcAttachmentRequest {
    pub transit_gateway_attachment_id: String,
    #[serde(default)]
    pub add_subnet_ids: Vec<String>,
    #[serde(default)]
    pub remove_subnet_ids: Vec<String>,
    pub options: Option<ModifyTransitGatewayVpcAttachmentRequestOptions>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyTransitGatewayVpcAttachmentRequestOptions {
    pub dns_support: Option<String>,
    pub security_group_referencing_support: Option<String>,
    pub ipv6_support: Option<String>,
    pub appliance_mode_support: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModifyTransitGatewayVpcAttachmentResult {
    pub transit_gateway_vpc_attachment: Option<TransitGatewayVpcAttachment>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyVpcAttributeRequest {
    pub enable_dns_hostnames: Option<AttributeBooleanValue>,
    pub enable_dns_support: Option<AttributeBooleanValue>,
    pub vpc_id: String,
    pub enable_network_address_usage_metrics: Option<AttributeBooleanValue>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyVpcEndpointRequest {
    pub dry_run: Option<bool>,
    pub vpc_endpoint_id: String,
    pub reset_policy: Option<bool>,
    pub policy_document: Option<String>,
    #[serde(rename = "AddRouteTableId", default)]
    pub add_route_table_ids: Vec<String>,
    #[serde(rename = "RemoveRouteTableId", default)]
    pub remove_route_table_ids: Vec<String>,
    #[serde(rename = "AddSubnetId", default)]
    pub add_subnet_ids: Vec<String>,
    #[serde(rename = "RemoveSubnetId", default)]
    pub remove_subnet_ids: Vec<String>,
    #[serde(rename = "AddSecurityGroupId", default)]
    pub add_security_group_ids: Vec<String>,
    #[serde(rename = "RemoveSecurityGroupId", default)]
    pub remove_security_group_ids: Vec<String>,
    pub ip_address_type: Option<String>,
    pub dns_options: Option<DnsOptionsSpecification>,
    pub private_dns_enabled: Option<bool>,
    #[serde(rename = "SubnetConfiguration", default)]
    pub subnet_configurations: Vec<SubnetConfiguration>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModifyVpcEndpointResult {
    pub r#return: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyVpcPeeringConnectionOptionsRequest {
    pub accepter_peering_connection_options: Option<PeeringConnectionOptionsRequest>,
    pub dry_run: Option<bool>,
    pub requester_peering_connection_options: Option<PeeringConnectionOptionsRequest>,
    pub vpc_peering_connection_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModifyVpcPeeringConnectionOptionsResult {
    pub accepter_peering_connection_options: Option<PeeringConnectionOptions>,
    pub requester_peering_connection_options: Option<PeeringConnectionOptions>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NatGateway {
    pub create_time: Option<Iso8601>,
    pub delete_time: Option<Iso8601>,
    pub failure_code: Option<String>,
    pub failure_message: Option<String>,
    #[serde(rename = "natGatewayAddressSet")]
    pub nat_gateway_addresses: Vec<NatGatewayAddress>,
    pub nat_gateway_id: Option<String>,
    pub provisioned_bandwidth: Option<ProvisionedBandwidth>,
    pub state: Option<String>,
    pub subnet_id: Option<String>,
    pub vpc_id: Option<String>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub connectivity_type: Option<String>,
    pub availability_mode: Option<String>,
    pub auto_scaling_ips: Option<String>,
    pub auto_provision_zones: Option<String>,
    #[serde(rename = "attachedApplianceSet")]
    pub attached_appliances: Vec<NatGatewayAttachedAppliance>,
    pub route_table_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NatGatewayAddress {
    pub allocation_id: Option<String>,
    pub network_interface_id: Option<String>,
    pub private_ip: Option<String>,
    pub public_ip: Option<String>,
    pub association_id: Option<String>,
    pub is_primary: Option<bool>,
    pub failure_message: Option<String>,
    pub status: Option<String>,
    pub availability_zone: Option<String>,
    pub availability_zone_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NatGatewayAttachedAppliance {
    pub r#type: Option<String>,
    pub appliance_arn: Option<String>,
    pub vpc_endpoint_id: Option<String>,
    pub attachment_state: Option<String>,
    pub modification_state: Option<String>,
    pub failure_code: Option<String>,
    pub failure_message: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkAcl {
    #[serde(rename = "associationSet")]
    pub associations: Vec<NetworkAclAssociation>,
    #[serde(rename = "entrySet")]
    pub entries: Vec<NetworkAclEntry>,
    #[serde(rename = "default")]
    pub is_default: Option<bool>,
    pub network_acl_id: Option<String>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub vpc_id: Option<String>,
    pub owner_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkAclAssociation {
    pub network_acl_association_id: Option<String>,
    pub network_acl_id: Option<String>,
    pub subnet_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkAclEntry {
    pub cidr_block: Option<String>,
    pub egress: Option<bool>,
    pub icmp_type_code: Option<IcmpTypeCode>,
    pub ipv6_cidr_block: Option<String>,
    pub port_range: Option<PortRange>,
    pub protocol: Option<String>,
    pub rule_action: Option<String>,
    pub rule_number: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkFirewallAssociation {
    pub firewall_arn: Option<String>,
    pub firewall_onboarding_status: Option<String>,
    pub firewall_mode: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInsightsAnalysis {
    pub network_insights_analysis_id: Option<String>,
    pub network_insights_analysis_arn: Option<String>,
    pub network_insights_path_id: Option<String>,
    #[serde(rename = "additionalAccountSet")]
    pub additional_accounts: Vec<String>,
    #[serde(rename = "filterInArnSet")]
    pub filter_in_arns: Vec<String>,
    #[serde(rename = "filterOutArnSet")]
    pub filter_out_arns: Vec<String>,
    pub start_date: Option<Iso8601>,
    pub status: Option<String>,
    pub status_message: Option<String>,
    pub warning_message: Option<String>,
    pub network_path_found: Option<bool>,
    #[serde(rename = "forwardPathComponentSet")]
    pub forward_path_components: Vec<PathComponent>,
    #[serde(rename = "returnPathComponentSet")]
    pub return_path_components: Vec<PathComponent>,
    #[serde(rename = "explanationSet")]
    pub explanations: Vec<Explanation>,
    #[serde(rename = "alternatePathHintSet")]
    pub alternate_path_hints: Vec<AlternatePathHint>,
    #[serde(rename = "suggestedAccountSet")]
    pub suggested_accounts: Vec<String>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInsightsPath {
    pub network_insights_path_id: Option<String>,
    pub network_insights_path_arn: Option<String>,
    pub created_date: Option<Iso8601>,
    pub source: Option<String>,
    pub destination: Option<String>,
    pub source_arn: Option<String>,
    pub destination_arn: Option<String>,
    pub source_ip: Option<String>,
    pub destination_ip: Option<String>,
    pub protocol: Option<String>,
    pub destination_port: Option<i32>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub filter_at_source: Option<PathFilter>,
    pub filter_at_destination: Option<PathFilter>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterface {
    pub association: Option<NetworkInterfaceAssociation>,
    pub attachment: Option<NetworkInterfaceAttachment>,
    pub availability_zone: Option<String>,
    pub connection_tracking_configuration: Option<ConnectionTrackingConfiguration>,
    pub description: Option<String>,
    #[serde(rename = "groupSet")]
    pub groups: Vec<GroupIdentifier>,
    pub interface_type: Option<String>,
    #[serde(rename = "ipv6AddressesSet")]
    pub ipv6_addresses: Vec<NetworkInterfaceIpv6Address>,
    pub mac_address: Option<String>,
    pub network_interface_id: Option<String>,
    pub outpost_arn: Option<String>,
    pub owner_id: Option<String>,
    pub private_dns_name: Option<String>,
    pub public_dns_name: Option<String>,
    pub public_ip_dns_name_options: Option<PublicIpDnsNameOptions>,
    pub private_ip_address: Option<String>,
    #[serde(rename = "privateIpAddressesSet")]
    pub private_ip_addresses: Vec<NetworkInterfacePrivateIpAddress>,
    #[serde(rename = "ipv4PrefixSet")]
    pub ipv4_prefixes: Vec<Ipv4PrefixSpecification>,
    #[serde(rename = "ipv6PrefixSet")]
    pub ipv6_prefixes: Vec<Ipv6PrefixSpecification>,
    pub requester_id: Option<String>,
    pub requester_managed: Option<bool>,
    pub source_dest_check: Option<bool>,
    pub status: Option<String>,
    pub subnet_id: Option<String>,
    pub tag_set: Vec<Tag>,
    pub vpc_id: Option<String>,
    pub deny_all_igw_traffic: Option<bool>,
    pub ipv6_native: Option<bool>,
    pub ipv6_address: Option<String>,
    pub operator: Option<OperatorResponse>,
    #[serde(rename = "associatedSubnetSet")]
    pub associated_subnets: Vec<String>,
    pub availability_zone_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterfaceAssociation {
    pub allocation_id: Option<String>,
    pub association_id: Option<String>,
    pub ip_owner_id: Option<String>,
    pub public_dns_name: Option<String>,
    pub public_ip: Option<String>,
    pub customer_owned_ip: Option<String>,
    pub carrier_ip: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterfaceAttachment {
    pub attach_time: Option<Iso8601>,
    pub attachment_id: Option<String>,
    pub delete_on_termination: Option<bool>,
    pub device_index: Option<i32>,
    pub network_card_index: Option<i32>,
    pub instance_id: Option<String>,
    pub instance_owner_id: Option<String>,
    pub status: Option<String>,
    pub ena_srd_specification: Option<AttachmentEnaSrdSpecification>,
    pub ena_queue_count: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NetworkInterfaceAttachmentChanges {
    pub default_ena_queue_count: Option<bool>,
    pub ena_queue_count: Option<i32>,
    pub attachment_id: Option<String>,
    pub delete_on_termination: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterfaceIpv6Address {
    pub ipv6_address: Option<String>,
    pub public_ipv6_dns_name: Option<String>,
    pub is_primary_ipv6: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterfacePrivateIpAddress {
    pub association: Option<NetworkInterfaceAssociation>,
    pub primary: Option<bool>,
    pub private_dns_name: Option<String>,
    pub private_ip_address: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OperatorRequest {
    pub principal: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorResponse {
    pub managed: Option<bool>,
    pub principal: Option<String>,
    pub hidden_by_default: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PathComponent {
    pub sequence_number: Option<i32>,
    pub acl_rule: Option<AnalysisAclRule>,
    pub attached_to: Option<AnalysisComponent>,
    pub component: Option<AnalysisComponent>,
    pub destination_vpc: Option<AnalysisComponent>,
    pub outbound_header: Option<AnalysisPacketHeader>,
    pub inbound_header: Option<AnalysisPacketHeader>,
    pub route_table_route: Option<AnalysisRouteTableRoute>,
    pub security_group_rule: Option<AnalysisSecurityGroupRule>,
    pub source_vpc: Option<AnalysisComponent>,
    pub subnet: Option<AnalysisComponent>,
    pub vpc: Option<AnalysisComponent>,
    #[serde(rename = "additionalDetailSet")]
    pub additional_details: Vec<AdditionalDetail>,
    pub transit_gateway: Option<AnalysisComponent>,
    pub transit_gateway_route_table_route: Option<TransitGatewayRouteTableRoute>,
    pub transit_gateway_policy_table_entry: Option<AnalysisTransitGatewayPolicyTableEntry>,
    #[serde(rename = "explanationSet")]
    pub explanations: Vec<Explanation>,
    pub elastic_load_balancer_listener: Option<AnalysisComponent>,
    pub firewall_stateless_rule: Option<FirewallStatelessRule>,
    pub firewall_stateful_rule: Option<FirewallStatefulRule>,
    pub service_name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PathFilter {
    pub source_address: Option<String>,
    pub source_port_range: Option<FilterPortRange>,
    pub destination_address: Option<String>,
    pub destination_port_range: Option<FilterPortRange>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PathRequestFilter {
    pub source_address: Option<String>,
    pub source_port_range: Option<RequestFilterPortRange>,
    pub destination_address: Option<String>,
    pub destination_port_range: Option<RequestFilterPortRange>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PayerResponsibilityEntry {
    pub scope: Option<String>,
    pub payer_responsibility_type: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeeringConnectionOptions {
    pub allow_dns_resolution_from_remote_vpc: Option<bool>,
    pub allow_egress_from_local_classic_link_to_remote_vpc: Option<bool>,
    pub allow_egress_from_local_vpc_to_remote_classic_link: Option<bool>,
    pub allow_multipath_resilience: Option<bool>,
    pub multipath_resilience_mode: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PeeringConnectionOptionsRequest {
    pub allow_dns_resolution_from_remote_vpc: Option<bool>,
    pub allow_egress_from_local_classic_link_to_remote_vpc: Option<bool>,
    pub allow_egress_from_local_vpc_to_remote_classic_link: Option<bool>,
    pub allow_multipath_resilience: Option<bool>,
    pub multipath_resilience_mode: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(serialize = "camelCase", deserialize = "PascalCase"))]
pub struct PortRange {
    pub from: Option<i32>,
    pub to: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrefixList {
    #[serde(rename = "cidrSet")]
    pub cidrs: Vec<String>,
    pub prefix_list_id: Option<String>,
    pub prefix_list_name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrefixListAssociation {
    pub resource_id: Option<String>,
    pub resource_owner: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrefixListEntry {
    pub cidr: Option<String>,
    pub description: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(serialize = "camelCase", deserialize = "PascalCase"))]
pub struct PrefixListId {
    pub description: Option<String>,
    pub prefix_list_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateDnsDetails {
    pub private_dns_name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateDnsNameOptionsOnLaunch {
    pub hostname_type: Option<String>,
    pub enable_resource_name_dns_a_record: Option<bool>,
    #[serde(rename = "enableResourceNameDnsAAAARecord")]
    pub enable_resource_name_dns_aaaa_record: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PrivateIpAddressSpecification {
    pub primary: Option<bool>,
    pub private_ip_address: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PropagatingVgw {
    pub gateway_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionedBandwidth {
    pub provision_time: Option<Iso8601>,
    pub provisioned: Option<String>,
    pub request_time: Option<Iso8601>,
    pub requested: Option<String>,
    pub status: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PtrUpdateStatus {
    pub value: Option<String>,
    pub status: Option<String>,
    pub reason: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicIpDnsNameOptions {
    pub dns_hostname_type: Option<String>,
    pub public_ipv4_dns_name: Option<String>,
    pub public_ipv6_dns_name: Option<String>,
    pub public_dual_stack_dns_name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferencedSecurityGroup {
    pub group_id: Option<String>,
    pub peering_status: Option<String>,
    pub user_id: Option<String>,
    pub vpc_id: Option<String>,
    pub vpc_peering_connection_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Region {
    pub opt_in_status: Option<String>,
    #[serde(rename = "geographySet")]
    pub geography: Vec<RegionGeography>,
    pub region_name: Option<String>,
    #[serde(rename = "regionEndpoint")]
    pub endpoint: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionGeography {
    pub name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RejectTransitGatewayVpcAttachmentRequest {
    pub transit_gateway_attachment_id: String,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RejectTransitGatewayVpcAttachmentResult {
    pub transit_gateway_vpc_attachment: Option<TransitGatewayVpcAttachment>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RejectVpcPeeringConnectionRequest {
    pub dry_run: Option<bool>,
    pub vpc_peering_connection_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RejectVpcPeeringConnectionResult {
    pub r#return: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReleaseAddressRequest {
    pub allocation_id: Option<String>,
    pub public_ip: Option<String>,
    pub network_border_group: Option<String>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemovePrefixListEntry {
    pub cidr: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplaceNetworkAclAssociationRequest {
    pub dry_run: Option<bool>,
    pub association_id: String,
    pub network_acl_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplaceNetworkAclAssociationResult {
    pub new_association_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplaceNetworkAclEntryRequest {
    pub dry_run: Option<bool>,
    pub network_acl_id: String,
    pub rule_number: i32,
    pub protocol: String,
    pub rule_action: String,
    pub egress: bool,
    pub cidr_block: Option<String>,
    pub ipv6_cidr_block: Option<String>,
    #[serde(rename = "Icmp")]
    pub icmp_type_code: Option<IcmpTypeCode>,
    pub port_range: Option<PortRange>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplaceRouteRequest {
    pub destination_prefix_list_id: Option<String>,
    pub vpc_endpoint_id: Option<String>,
    pub local_target: Option<bool>,
    pub transit_gateway_id: Option<String>,
    pub local_gateway_id: Option<String>,
    pub carrier_gateway_id: Option<String>,
    pub core_network_arn: Option<String>,
    pub odb_network_arn: Option<String>,
    pub dry_run: Option<bool>,
    pub route_table_id: String,
    pub destination_cidr_block: Option<String>,
    pub gateway_id: Option<String>,
    pub destination_ipv6_cidr_block: Option<String>,
    pub egress_only_internet_gateway_id: Option<String>,
    pub instance_id: Option<String>,
    pub network_interface_id: Option<String>,
    pub vpc_peering_connection_id: Option<String>,
    pub nat_gateway_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplaceRouteTableAssociationRequest {
    pub dry_run: Option<bool>,
    pub association_id: String,
    pub route_table_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplaceRouteTableAssociationResult {
    pub new_association_id: Option<String>,
    pub association_state: Option<RouteTableAssociationState>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplaceTransitGatewayRouteRequest {
    pub destination_cidr_block: String,
    pub transit_gateway_route_table_id: String,
    pub transit_gateway_attachment_id: Option<String>,
    pub blackhole: Option<bool>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplaceTransitGatewayRouteResult {
    pub route: Option<TransitGatewayRoute>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestFilterPortRange {
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RestoreManagedPrefixListVersionRequest {
    pub dry_run: Option<bool>,
    pub prefix_list_id: String,
    pub previous_version: i64,
    pub current_version: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreManagedPrefixListVersionResult {
    pub prefix_list: Option<ManagedPrefixList>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RevokeSecurityGroupEgressRequest {
    #[serde(rename = "SecurityGroupRuleId", default)]
    pub security_group_rule_ids: Vec<String>,
    pub dry_run: Option<bool>,
    pub group_id: String,
    pub source_security_group_name: Option<String>,
    pub source_security_group_owner_id: Option<String>,
    pub ip_protocol: Option<String>,
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
    pub cidr_ip: Option<String>,
    #[serde(default)]
    pub ip_permissions: Vec<IpPermission>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeSecurityGroupEgressResult {
    pub r#return: Option<bool>,
    #[serde(rename = "unknownIpPermissionSet")]
    pub unknown_ip_permissions: Vec<IpPermission>,
    #[serde(rename = "revokedSecurityGroupRuleSet")]
    pub revoked_security_group_rules: Vec<RevokedSecurityGroupRule>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RevokeSecurityGroupIngressRequest {
    pub cidr_ip: Option<String>,
    pub from_port: Option<i32>,
    pub group_id: Option<String>,
    pub group_name: Option<String>,
    #[serde(default)]
    pub ip_permissions: Vec<IpPermission>,
    pub ip_protocol: Option<String>,
    pub source_security_group_name: Option<String>,
    pub source_security_group_owner_id: Option<String>,
    pub to_port: Option<i32>,
    #[serde(rename = "SecurityGroupRuleId", default)]
    pub security_group_rule_ids: Vec<String>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeSecurityGroupIngressResult {
    pub r#return: Option<bool>,
    #[serde(rename = "unknownIpPermissionSet")]
    pub unknown_ip_permissions: Vec<IpPermission>,
    #[serde(rename = "revokedSecurityGroupRuleSet")]
    pub revoked_security_group_rules: Vec<RevokedSecurityGroupRule>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokedSecurityGroupRule {
    pub security_group_rule_id: Option<String>,
    pub group_id: Option<String>,
    pub is_egress: Option<bool>,
    pub ip_protocol: Option<String>,
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
    pub cidr_ipv4: Option<String>,
    pub cidr_ipv6: Option<String>,
    pub prefix_list_id: Option<String>,
    pub referenced_group_id: Option<String>,
    pub description: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    pub destination_cidr_block: Option<String>,
    pub destination_ipv6_cidr_block: Option<String>,
    pub destination_prefix_list_id: Option<String>,
    pub egress_only_internet_gateway_id: Option<String>,
    pub gateway_id: Option<String>,
    pub instance_id: Option<String>,
    pub instance_owner_id: Option<String>,
    pub nat_gateway_id: Option<String>,
    pub transit_gateway_id: Option<String>,
    pub local_gateway_id: Option<String>,
    pub carrier_gateway_id: Option<String>,
    pub network_interface_id: Option<String>,
    pub origin: Option<String>,
    pub state: Option<String>,
    pub vpc_peering_connection_id: Option<String>,
    pub core_network_arn: Option<String>,
    pub odb_network_arn: Option<String>,
    pub ip_address: Option<String>,
    pub igw_firewall: Option<IgwFirewall>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteTable {
    #[serde(rename = "associationSet")]
    pub associations: Vec<RouteTableAssociation>,
    #[serde(rename = "propagatingVgwSet")]
    pub propagating_vgws: Vec<PropagatingVgw>,
    pub route_table_id: Option<String>,
    #[serde(rename = "routeSet")]
    pub routes: Vec<Route>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub vpc_id: Option<String>,
    pub owner_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteTableAssociation {
    pub main: Option<bool>,
    pub route_table_association_id: Option<String>,
    pub route_table_id: Option<String>,
    pub subnet_id: Option<String>,
    pub gateway_id: Option<String>,
    pub public_ipv4_pool: Option<String>,
    pub association_state: Option<RouteTableAssociationState>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteTableAssociationState {
    pub state: Option<String>,
    pub status_message: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleGroupRuleOptionsPair {
    pub rule_group_arn: Option<String>,
    #[serde(rename = "ruleOptionSet")]
    pub rule_options: Vec<RuleOption>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleGroupTypePair {
    pub rule_group_arn: Option<String>,
    pub rule_group_type: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleOption {
    pub keyword: Option<String>,
    #[serde(rename = "settingSet")]
    pub settings: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SearchTransitGatewayRoutesRequest {
    pub transit_gateway_route_table_id: String,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub dry_run: Option<bool>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchTransitGatewayRoutesResult {
    #[serde(rename = "routeSet")]
    pub routes: Vec<TransitGatewayRoute>,
    pub additional_routes_available: Option<bool>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroup {
    pub group_id: Option<String>,
    pub ip_permissions_egress: Vec<IpPermission>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub vpc_id: Option<String>,
    pub security_group_arn: Option<String>,
    pub owner_id: Option<String>,
    pub group_name: Option<String>,
    #[serde(rename = "groupDescription")]
    pub description: Option<String>,
    pub ip_permissions: Vec<IpPermission>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroupIdentifier {
    pub group_id: Option<String>,
    pub group_name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroupReference {
    pub group_id: Option<String>,
    pub referencing_vpc_id: Option<String>,
    pub vpc_peering_connection_id: Option<String>,
    pub transit_gateway_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroupRule {
    pub security_group_rule_id: Option<String>,
    pub group_id: Option<String>,
    pub group_owner_id: Option<String>,
    pub is_egress: Option<bool>,
    pub ip_protocol: Option<String>,
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
    pub cidr_ipv4: Option<String>,
    pub cidr_ipv6: Option<String>,
    pub prefix_list_id: Option<String>,
    pub referenced_group_info: Option<ReferencedSecurityGroup>,
    pub description: Option<String>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub security_group_rule_arn: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityGroupRuleDescription {
    pub security_group_rule_id: Option<String>,
    pub description: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityGroupRuleRequest {
    pub ip_protocol: Option<String>,
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
    pub cidr_ipv4: Option<String>,
    pub cidr_ipv6: Option<String>,
    pub prefix_list_id: Option<String>,
    pub referenced_group_id: Option<String>,
    pub description: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityGroupRuleUpdate {
    pub security_group_rule_id: String,
    pub security_group_rule: Option<SecurityGroupRuleRequest>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceDetail {
    pub service_name: Option<String>,
    pub service_id: Option<String>,
    pub service_type: Vec<ServiceTypeDetail>,
    pub service_region: Option<String>,
    #[serde(rename = "availabilityZoneIdSet")]
    pub availability_zone_ids: Vec<String>,
    #[serde(rename = "availabilityZoneSet")]
    pub availability_zones: Vec<String>,
    pub owner: Option<String>,
    #[serde(rename = "baseEndpointDnsNameSet")]
    pub base_endpoint_dns_names: Vec<String>,
    pub private_dns_name: Option<String>,
    #[serde(rename = "privateDnsNameSet")]
    pub private_dns_names: Vec<PrivateDnsDetails>,
    pub vpc_endpoint_policy_supported: Option<bool>,
    pub acceptance_required: Option<bool>,
    pub manages_vpc_endpoints: Option<bool>,
    pub payer_responsibility: Option<String>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub private_dns_name_verification_state: Option<String>,
    #[serde(rename = "supportedIpAddressTypeSet")]
    pub supported_ip_address_types: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceTypeDetail {
    pub service_type: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartNetworkInsightsAnalysisRequest {
    pub network_insights_path_id: String,
    #[serde(rename = "AdditionalAccount", default)]
    pub additional_accounts: Vec<String>,
    #[serde(rename = "FilterInArn", default)]
    pub filter_in_arns: Vec<String>,
    #[serde(rename = "FilterOutArn", default)]
    pub filter_out_arns: Vec<String>,
    pub dry_run: Option<bool>,
    #[serde(rename = "TagSpecification", default)]
    pub tag_specifications: Vec<TagSpecification>,
    pub client_token: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartNetworkInsightsAnalysisResult {
    pub network_insights_analysis: Option<NetworkInsightsAnalysis>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Subnet {
    pub availability_zone_id: Option<String>,
    pub enable_lni_at_device_index: Option<i32>,
    pub map_customer_owned_ip_on_launch: Option<bool>,
    pub customer_owned_ipv4_pool: Option<String>,
    pub owner_id: Option<String>,
    pub assign_ipv6_address_on_creation: Option<bool>,
    pub ipv6_cidr_block_association_set: Vec<SubnetIpv6CidrBlockAssociation>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub subnet_arn: Option<String>,
    pub outpost_arn: Option<String>,
    pub enable_dns64: Option<bool>,
    pub ipv6_native: Option<bool>,
    pub private_dns_name_options_on_launch: Option<PrivateDnsNameOptionsOnLaunch>,
    pub block_public_access_states: Option<BlockPublicAccessStates>,
    pub r#type: Option<String>,
    pub network_firewall_connectivity_type: Option<String>,
    pub subnet_id: Option<String>,
    pub state: Option<String>,
    pub vpc_id: Option<String>,
    pub cidr_block: Option<String>,
    pub available_ip_address_count: Option<i32>,
    pub availability_zone: Option<String>,
    pub default_for_az: Option<bool>,
    pub map_public_ip_on_launch: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubnetCidrBlockState {
    pub state: Option<String>,
    pub status_message: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SubnetConfiguration {
    pub subnet_id: Option<String>,
    pub ipv4: Option<String>,
    pub ipv6: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubnetIpPrefixes {
    pub subnet_id: Option<String>,
    #[serde(rename = "ipPrefixSet")]
    pub ip_prefixes: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubnetIpv6CidrBlockAssociation {
    pub association_id: Option<String>,
    pub ipv6_cidr_block: Option<String>,
    pub ipv6_cidr_block_state: Option<SubnetCidrBlockState>,
    pub ipv6_address_attribute: Option<String>,
    pub ip_source: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(serialize = "camelCase", deserialize = "PascalCase"))]
pub struct Tag {
    pub key: Option<String>,
    pub value: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TagDescription {
    pub key: Option<String>,
    pub resource_id: Option<String>,
    pub resource_type: Option<String>,
    pub value: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagFieldSpecificationRequest {
    pub resource_type: Option<String>,
    #[serde(rename = "TagKey", default)]
    pub tag_keys: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TagFieldSpecificationResponse {
    pub resource_type: Option<String>,
    #[serde(rename = "tagKeySet")]
    pub tag_keys: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagSpecification {
    pub resource_type: Option<String>,
    #[serde(rename = "Tag", default)]
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitGateway {
    pub transit_gateway_id: Option<String>,
    pub transit_gateway_arn: Option<String>,
    pub state: Option<String>,
    pub owner_id: Option<String>,
    pub description: Option<String>,
    pub creation_time: Option<Iso8601>,
    pub options: Option<TransitGatewayOptions>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitGatewayAssociation {
    pub transit_gateway_route_table_id: Option<String>,
    pub transit_gateway_attachment_id: Option<String>,
    pub resource_id: Option<String>,
    pub resource_type: Option<String>,
    pub state: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitGatewayAttachment {
    pub transit_gateway_attachment_id: Option<String>,
    pub transit_gateway_id: Option<String>,
    pub transit_gateway_owner_id: Option<String>,
    pub resource_owner_id: Option<String>,
    pub resource_type: Option<String>,
    pub resource_id: Option<String>,
    pub state: Option<String>,
    pub association: Option<TransitGatewayAttachmentAssociation>,
    pub creation_time: Option<Iso8601>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub nat_gateway_support: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitGatewayAttachmentAssociation {
    pub transit_gateway_route_table_id: Option<String>,
    pub transit_gateway_policy_table_id: Option<String>,
    pub state: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitGatewayAttachmentPropagation {
    pub transit_gateway_route_table_id: Option<String>,
    pub state: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitGatewayOptions {
    pub amazon_side_asn: Option<i64>,
    pub transit_gateway_cidr_blocks: Vec<String>,
    pub auto_accept_shared_attachments: Option<String>,
    pub default_route_table_association: Option<String>,
    pub association_default_route_table_id: Option<String>,
    pub default_route_table_propagation: Option<String>,
    pub propagation_default_route_table_id: Option<String>,
    pub vpn_ecmp_support: Option<String>,
    pub dns_support: Option<String>,
    pub security_group_referencing_support: Option<String>,
    pub multicast_support: Option<String>,
    pub encryption_support: Option<EncryptionSupport>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitGatewayPropagation {
    pub transit_gateway_attachment_id: Option<String>,
    pub resource_id: Option<String>,
    pub resource_type: Option<String>,
    pub transit_gateway_route_table_id: Option<String>,
    pub state: Option<String>,
    pub transit_gateway_route_table_announcement_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TransitGatewayRequestOptions {
    pub amazon_side_asn: Option<i64>,
    pub auto_accept_shared_attachments: Option<String>,
    pub default_route_table_association: Option<String>,
    pub default_route_table_propagation: Option<String>,
    pub vpn_ecmp_support: Option<String>,
    pub dns_support: Option<String>,
    pub security_group_referencing_support: Option<String>,
    pub multicast_support: Option<String>,
    #[serde(default)]
    pub transit_gateway_cidr_blocks: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitGatewayRoute {
    pub destination_cidr_block: Option<String>,
    pub prefix_list_id: Option<String>,
    pub transit_gateway_route_table_announcement_id: Option<String>,
    pub transit_gateway_attachments: Vec<TransitGatewayRouteAttachment>,
    pub r#type: Option<String>,
    pub state: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitGatewayRouteAttachment {
    pub resource_id: Option<String>,
    pub transit_gateway_attachment_id: Option<String>,
    pub resource_type: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitGatewayRouteTable {
    pub transit_gateway_route_table_id: Option<String>,
    pub transit_gateway_id: Option<String>,
    pub state: Option<String>,
    pub default_association_route_table: Option<bool>,
    pub default_propagation_route_table: Option<bool>,
    pub creation_time: Option<Iso8601>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitGatewayRouteTableAssociation {
    pub transit_gateway_attachment_id: Option<String>,
    pub resource_id: Option<String>,
    pub resource_type: Option<String>,
    pub state: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitGatewayRouteTablePropagation {
    pub transit_gateway_attachment_id: Option<String>,
    pub resource_id: Option<String>,
    pub resource_type: Option<String>,
    pub state: Option<String>,
    pub transit_gateway_route_table_announcement_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitGatewayRouteTableRoute {
    pub destination_cidr: Option<String>,
    pub state: Option<String>,
    pub route_origin: Option<String>,
    pub prefix_list_id: Option<String>,
    pub attachment_id: Option<String>,
    pub resource_id: Option<String>,
    pub resource_type: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitGatewayVpcAttachment {
    pub transit_gateway_attachment_id: Option<String>,
    pub transit_gateway_id: Option<String>,
    pub vpc_id: Option<String>,
    pub vpc_owner_id: Option<String>,
    pub state: Option<String>,
    pub subnet_ids: Vec<String>,
    pub creation_time: Option<Iso8601>,
    pub options: Option<TransitGatewayVpcAttachmentOptions>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitGatewayVpcAttachmentOptions {
    pub dns_support: Option<String>,
    pub security_group_referencing_support: Option<String>,
    pub ipv6_support: Option<String>,
    pub appliance_mode_support: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UnassignPrivateIpAddressesRequest {
    #[serde(rename = "Ipv4Prefix", default)]
    pub ipv4_prefixes: Vec<String>,
    pub network_interface_id: String,
    #[serde(rename = "PrivateIpAddress", default)]
    pub private_ip_addresses: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UnassignPrivateNatGatewayAddressRequest {
    pub nat_gateway_id: String,
    #[serde(rename = "PrivateIpAddress")]
    pub private_ip_addresses: Vec<String>,
    pub max_drain_duration_seconds: Option<i32>,
    pub dry_run: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnassignPrivateNatGatewayAddressResult {
    pub nat_gateway_id: Option<String>,
    #[serde(rename = "natGatewayAddressSet")]
    pub nat_gateway_addresses: Vec<NatGatewayAddress>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnsuccessfulItem {
    pub error: Option<UnsuccessfulItemError>,
    pub resource_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnsuccessfulItemError {
    pub code: Option<String>,
    pub message: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateSecurityGroupRuleDescriptionsEgressRequest {
    pub dry_run: Option<bool>,
    pub group_id: Option<String>,
    pub group_name: Option<String>,
    #[serde(default)]
    pub ip_permissions: Vec<IpPermission>,
    #[serde(rename = "SecurityGroupRuleDescription", default)]
    pub security_group_rule_descriptions: Vec<SecurityGroupRuleDescription>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateSecurityGroupRuleDescriptionsEgressResult {
    pub r#return: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateSecurityGroupRuleDescriptionsIngressRequest {
    pub dry_run: Option<bool>,
    pub group_id: Option<String>,
    pub group_name: Option<String>,
    #[serde(default)]
    pub ip_permissions: Vec<IpPermission>,
    #[serde(rename = "SecurityGroupRuleDescription", default)]
    pub security_group_rule_descriptions: Vec<SecurityGroupRuleDescription>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateSecurityGroupRuleDescriptionsIngressResult {
    pub r#return: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(serialize = "camelCase", deserialize = "PascalCase"))]
pub struct UserIdGroupPair {
    pub description: Option<String>,
    pub user_id: Option<String>,
    pub group_name: Option<String>,
    pub group_id: Option<String>,
    pub vpc_id: Option<String>,
    pub vpc_peering_connection_id: Option<String>,
    pub peering_status: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Vpc {
    pub owner_id: Option<String>,
    pub instance_tenancy: Option<String>,
    pub ipv6_cidr_block_association_set: Vec<VpcIpv6CidrBlockAssociation>,
    pub cidr_block_association_set: Vec<VpcCidrBlockAssociation>,
    pub is_default: Option<bool>,
    pub encryption_control: Option<VpcEncryptionControl>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub block_public_access_states: Option<BlockPublicAccessStates>,
    #[serde(rename = "networkFirewallAssociationSet")]
    pub network_firewall_associations: Vec<NetworkFirewallAssociation>,
    pub vpc_id: Option<String>,
    pub state: Option<String>,
    pub cidr_block: Option<String>,
    pub dhcp_options_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcCidrBlockAssociation {
    pub association_id: Option<String>,
    pub cidr_block: Option<String>,
    pub cidr_block_state: Option<VpcCidrBlockState>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcCidrBlockState {
    pub state: Option<String>,
    pub status_message: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcEncryptionControl {
    pub vpc_id: Option<String>,
    pub vpc_encryption_control_id: Option<String>,
    pub mode: Option<String>,
    pub state: Option<String>,
    pub state_message: Option<String>,
    pub resource_exclusions: Option<VpcEncryptionControlExclusions>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpcEncryptionControlConfiguration {
    pub mode: String,
    pub internet_gateway_exclusion: Option<String>,
    pub egress_only_internet_gateway_exclusion: Option<String>,
    pub nat_gateway_exclusion: Option<String>,
    pub virtual_private_gateway_exclusion: Option<String>,
    pub vpc_peering_exclusion: Option<String>,
    pub lambda_exclusion: Option<String>,
    pub vpc_lattice_exclusion: Option<String>,
    pub elastic_file_system_exclusion: Option<String>,
    pub global_accelerator_exclusion: Option<String>,
    pub api_gateway_v2_exclusion: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcEncryptionControlExclusion {
    pub state: Option<String>,
    pub state_message: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcEncryptionControlExclusions {
    pub internet_gateway: Option<VpcEncryptionControlExclusion>,
    pub egress_only_internet_gateway: Option<VpcEncryptionControlExclusion>,
    pub nat_gateway: Option<VpcEncryptionControlExclusion>,
    pub virtual_private_gateway: Option<VpcEncryptionControlExclusion>,
    pub vpc_peering: Option<VpcEncryptionControlExclusion>,
    pub lambda: Option<VpcEncryptionControlExclusion>,
    pub vpc_lattice: Option<VpcEncryptionControlExclusion>,
    pub elastic_file_system: Option<VpcEncryptionControlExclusion>,
    pub global_accelerator: Option<VpcEncryptionControlExclusion>,
    pub api_gateway_v2: Option<VpcEncryptionControlExclusion>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcEndpoint {
    pub vpc_endpoint_id: Option<String>,
    pub vpc_endpoint_type: Option<String>,
    pub vpc_id: Option<String>,
    pub service_name: Option<String>,
    pub state: Option<String>,
    pub policy_document: Option<String>,
    #[serde(rename = "routeTableIdSet")]
    pub route_table_ids: Vec<String>,
    #[serde(rename = "subnetIdSet")]
    pub subnet_ids: Vec<String>,
    #[serde(rename = "groupSet")]
    pub groups: Vec<SecurityGroupIdentifier>,
    pub ip_address_type: Option<String>,
    pub dns_options: Option<DnsOptions>,
    pub private_dns_enabled: Option<bool>,
    pub requester_managed: Option<bool>,
    #[serde(rename = "networkInterfaceIdSet")]
    pub network_interface_ids: Vec<String>,
    #[serde(rename = "dnsEntrySet")]
    pub dns_entries: Vec<DnsEntry>,
    pub creation_timestamp: Option<Iso8601>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub owner_id: Option<String>,
    pub last_error: Option<LastError>,
    #[serde(rename = "ipv4PrefixSet")]
    pub ipv4_prefixes: Vec<SubnetIpPrefixes>,
    #[serde(rename = "ipv6PrefixSet")]
    pub ipv6_prefixes: Vec<SubnetIpPrefixes>,
    pub failure_reason: Option<String>,
    pub service_network_arn: Option<String>,
    pub resource_configuration_arn: Option<String>,
    pub service_region: Option<String>,
    #[serde(rename = "payerResponsibilitySet")]
    pub payer_responsibilities: Vec<PayerResponsibilityEntry>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcIpv6CidrBlockAssociation {
    pub association_id: Option<String>,
    pub ipv6_cidr_block: Option<String>,
    pub ipv6_cidr_block_state: Option<VpcCidrBlockState>,
    pub network_border_group: Option<String>,
    pub ipv6_pool: Option<String>,
    pub ipv6_address_attribute: Option<String>,
    pub ip_source: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcPeeringConnection {
    pub accepter_vpc_info: Option<VpcPeeringConnectionVpcInfo>,
    pub expiration_time: Option<Iso8601>,
    pub requester_vpc_info: Option<VpcPeeringConnectionVpcInfo>,
    pub status: Option<VpcPeeringConnectionStateReason>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub vpc_peering_connection_id: Option<String>,
    pub multipath_resilience_status: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcPeeringConnectionOptionsDescription {
    pub allow_dns_resolution_from_remote_vpc: Option<bool>,
    pub allow_egress_from_local_classic_link_to_remote_vpc: Option<bool>,
    pub allow_egress_from_local_vpc_to_remote_classic_link: Option<bool>,
    pub allow_multipath_resilience: Option<bool>,
    pub multipath_resilience_mode: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcPeeringConnectionStateReason {
    pub code: Option<String>,
    pub message: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcPeeringConnectionVpcInfo {
    pub cidr_block: Option<String>,
    pub ipv6_cidr_block_set: Vec<Ipv6CidrBlock>,
    pub cidr_block_set: Vec<CidrBlock>,
    pub owner_id: Option<String>,
    pub peering_options: Option<VpcPeeringConnectionOptionsDescription>,
    pub vpc_id: Option<String>,
    pub region: Option<String>,
}
