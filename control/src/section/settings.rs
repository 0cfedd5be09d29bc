//! What AWS leaves open or lets an account adjust, overridden by name.

use std::net::Ipv4Addr;

use egret_dataplane::snapshot::{LatePacket, PortBudget, RelatedIcmp};
use egret_dataplane::time::Duration;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::Settings;
use crate::written::{At, Page, Written};

/// Declares the section and its application at once, so that neither can forget a setting.
macro_rules! settings {
    (
        written { $($(#[$written_doc:meta])* $written:ident: $written_type:ty,)* }
        plain { $($(#[$plain_doc:meta])* $plain:ident: $plain_type:ty,)* }
    ) => {
        /// Overrides of the simulator's named defaults.
        #[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct SettingsSection {
            /// Subnets that one connector may have. Default 16.
            connector_subnets: Option<usize>,
            /// Security groups that one connector may have. Default 5.
            connector_security_groups: Option<usize>,
            /// Availability Zone ids where the provider cannot make a connector's ENI.
            unsupported_azs: Option<Vec<At<String>>>,
            $($(#[$written_doc])* $written: Option<Written<$written_type>>,)*
            $($(#[$plain_doc])* $plain: Option<$plain_type>,)*
        }

        impl SettingsSection {
            /// Overrides the settings that the section says.
            pub fn apply_to(self, settings: &mut Settings, page: &mut Page<'_>) {
                let dataplane = &mut settings.dataplane;
                $(if let Some(said) = page.optional(self.$written) {
                    dataplane.$written = said.value;
                })*
                $(if let Some(said) = self.$plain { dataplane.$plain = said; })*
                if let Some(said) = self.connector_subnets {
                    settings.connector_subnets = said;
                }
                if let Some(said) = self.connector_security_groups {
                    settings.connector_security_groups = said;
                }
                if let Some(said) = self.unsupported_azs {
                    settings.unsupported_azs = said.into_iter().map(|az| az.value).collect();
                }
            }
        }
    };
}

settings! {
    written {
        /// Whether the budget of ports is one for the ENI or one a destination.
        hyperplane_budget: PortBudget,
        /// How long an idle TCP connection through a Hyperplane ENI lives.
        hyperplane_tcp_idle: Duration,
        /// The same for everything else.
        hyperplane_udp_idle: Duration,
        /// What a Hyperplane ENI does with a TCP segment of a connection that it does not know.
        hyperplane_late: LatePacket,
        /// A NAT gateway's idle timeout.
        nat_idle: Duration,
        /// An interface endpoint's idle timeout.
        endpoint_idle: Duration,
        /// What an interface endpoint does with a TCP segment of a connection that it does not
        /// know.
        endpoint_late: LatePacket,
        /// How long security groups track an idle established TCP connection.
        sg_tcp_established: Duration,
        /// How long they track a TCP connection that is opening or closing.
        sg_tcp_transitory: Duration,
        /// How long they track UDP in one direction, or one request and its answer.
        sg_udp: Duration,
        /// How long they track UDP with more than one request and answer.
        sg_udp_stream: Duration,
        /// How long they track any other protocol.
        sg_other: Duration,
        /// Whether an ICMP error about a tracked flow passes a security group without a rule.
        related_icmp: RelatedIcmp,
        /// How long fragments wait for their datagram's first one.
        fragment_timeout: Duration,
        /// The address that egress `default` sends from.
        provider_address: Ipv4Addr,
    }
    plain {
        /// Connections that one Hyperplane ENI carries.
        hyperplane_ports: u32,
        /// Whether a Hyperplane ENI carries ICMP echo.
        hyperplane_icmp: bool,
        /// Connections of a NAT gateway towards one destination, per address.
        nat_connections: u32,
        /// Packets a second from one ENI to the resolver and the other link-local services.
        link_local_rate: u32,
        /// MTU within a VPC and of same-Region peering.
        vpc_mtu: u16,
        /// MTU of NAT gateways, interface endpoints and transit gateways.
        gateway_mtu: u16,
        /// Whether those lower the segment size that TCP announces to what they carry.
        mss_clamp: bool,
        /// MTU of internet gateways and of peering between Regions.
        internet_mtu: u16,
        /// Fragments that may wait at once, over all datagrams.
        held_fragments: usize,
    }
}
