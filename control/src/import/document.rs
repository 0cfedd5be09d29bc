//! One file of JSON: which lists it holds.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::files::Origin;
use super::json::*;
use crate::source::FileId;
use crate::written::{At, TextOr};

/// A file, and what it holds.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) file: FileId,
    pub(super) origin: Origin,
    pub(super) lists: Lists,
}

/// Top-level keys that hold nothing for the model.
const PASSED_OVER: &[&str] = &[
    "ResponseMetadata",
    "AdditionalRoutesAvailable",
    "ServiceSummaryList",
    "OperationId",
    "SourceConfiguration",
    "InstanceConfiguration",
    "EncryptionConfiguration",
    "HealthCheckConfiguration",
    "AutoScalingConfigurationArn",
    "ObservabilityConfiguration",
    "Tags",
];

macro_rules! lists {
    (
        lists { $($list:ident: $item:ty = $($key:literal)|+,)* }
        singles { $($single:ident: $type:ty = $single_key:literal,)* }
    ) => {
        /// The lists and single values at the top of a file.
        #[derive(Debug, Default)]
        pub(super) struct Lists {
            $(pub(super) $list: Vec<At<$item>>,)*
            $(pub(super) $single: Option<At<$type>>,)*
            /// Keys that mean nothing here.
            pub(super) unknown: Vec<At<String>>,
        }

        impl Lists {
            fn read_key<'de, A: MapAccess<'de>>(
                &mut self,
                key: At<String>,
                map: &mut A,
            ) -> Result<(), A::Error> {
                match key.value.as_str() {
                    $($($key)|+ => {
                        let list: Option<Vec<At<$item>>> = map.next_value()?;
                        self.$list.extend(list.unwrap_or_default());
                    })*
                    $($single_key => self.$single = map.next_value()?,)*
                    other => {
                        map.next_value::<IgnoredAny>()?;
                        if !PASSED_OVER.contains(&other) {
                            self.unknown.push(key);
                        }
                    }
                }
                Ok(())
            }
        }
    };
}

lists! {
    lists {
        vpcs: VpcJson = "Vpcs",
        // A connector's request has a list of ids under the same key.
        subnets: TextOr<SubnetJson> = "Subnets",
        route_tables: RouteTableJson = "RouteTables",
        security_groups: TextOr<SecurityGroupJson> = "SecurityGroups",
        security_group_rules: SecurityGroupRuleJson = "SecurityGroupRules",
        network_acls: NetworkAclJson = "NetworkAcls",
        nat_gateways: NatGatewayJson = "NatGateways",
        vpc_endpoints: VpcEndpointJson = "VpcEndpoints",
        network_interfaces: NetworkInterfaceJson = "NetworkInterfaces",
        prefix_lists: PrefixListJson = "PrefixLists" | "ManagedPrefixLists",
        entries: PrefixListEntryJson = "Entries",
        internet_gateways: InternetGatewayJson = "InternetGateways",
        addresses: AddressJson = "Addresses",
        peerings: PeeringJson = "VpcPeeringConnections",
        transit_gateways: TransitGatewayJson = "TransitGateways",
        transit_attachments: TransitAttachmentJson =
            "TransitGatewayAttachments" | "TransitGatewayVpcAttachments",
        transit_tables: TransitTableJson = "TransitGatewayRouteTables",
        transit_routes: TransitRouteJson = "Routes",
        transit_associations: TransitLinkJson =
            "TransitGatewayRouteTableAssociations" | "Associations",
        transit_propagations: TransitLinkJson = "TransitGatewayRouteTablePropagations",
        vpc_connectors: ConnectorJson = "VpcConnectors",
        services: ServiceJson = "Services",
    }
    singles {
        vpc_connector: ConnectorJson = "VpcConnector",
        service: ServiceJson = "Service",
        vpc_id: String = "VpcId",
        dns_support: AttributeJson = "EnableDnsSupport",
        dns_hostnames: AttributeJson = "EnableDnsHostnames",
        connector_name: String = "VpcConnectorName",
        service_name: String = "ServiceName",
        network_configuration: NetworkConfigurationJson = "NetworkConfiguration",
        next_token: String = "NextToken",
    }
}

impl<'de> Deserialize<'de> for Lists {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListsVisitor;

        impl<'de> Visitor<'de> for ListsVisitor {
            type Value = Lists;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object as `aws ... describe-*` prints it")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Lists, A::Error> {
                let mut lists = Lists::default();
                while let Some(key) = map.next_key()? {
                    lists.read_key(key, &mut map)?;
                }
                Ok(lists)
            }
        }

        deserializer.deserialize_map(ListsVisitor)
    }
}
