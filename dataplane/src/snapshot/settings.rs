//! What AWS leaves open or does not publish, as named defaults that a scenario can override.

use std::net::Ipv4Addr;

use crate::time::Duration;

/// What the dataplane does where AWS is silent, and the numbers that AWS gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Connections that one Hyperplane ENI carries: 65,000 (Lambda guide, foundation-networking).
    pub hyperplane_ports: u32,
    /// Whether that budget is one for the ENI or one a destination. AWS says "connections/ports"
    /// and no more.
    pub hyperplane_budget: PortBudget,
    /// How long an idle TCP connection through a Hyperplane ENI lives: 350 s, as in its family.
    pub hyperplane_tcp_idle: Duration,
    /// The same for everything else: 120 s, as Network Load Balancer has it.
    pub hyperplane_udp_idle: Duration,
    /// Whether a Hyperplane ENI carries ICMP echo. Lambda's carries TCP and UDP only.
    pub hyperplane_icmp: bool,
    /// What a Hyperplane ENI does with a TCP segment of a connection that it does not know.
    pub hyperplane_late: LatePacket,
    /// Connections of a NAT gateway towards one destination, per address: 55,000.
    pub nat_connections: u32,
    /// A NAT gateway's idle timeout: 350 s (VPC guide, nat-gateway-troubleshooting).
    pub nat_idle: Duration,
    /// An interface endpoint's idle timeout: 350 s.
    pub endpoint_idle: Duration,
    /// What an interface endpoint does with a TCP segment of a connection that it does not know.
    pub endpoint_late: LatePacket,
    /// Security group tracking of an established TCP connection: 432,000 s.
    pub sg_tcp_established: Duration,
    /// Of a TCP connection that is opening or closing. Not published.
    pub sg_tcp_transitory: Duration,
    /// Of UDP in one direction, or one request and its answer: 30 s.
    pub sg_udp: Duration,
    /// Of UDP with more than one request and answer: 180 s.
    pub sg_udp_stream: Duration,
    /// Of any other protocol: 600 s (EC2 guide, security-group-connection-tracking).
    pub sg_other: Duration,
    /// Whether an ICMP error about a tracked flow passes a security group without a rule for it.
    pub related_icmp: RelatedIcmp,
    /// Packets a second from one ENI to the resolver and the other link-local services: 1,024.
    pub link_local_rate: u32,
    /// MTU within a VPC and of same-Region peering: 9,001.
    pub vpc_mtu: u16,
    /// MTU of NAT gateways, interface endpoints and transit gateways: 8,500.
    pub gateway_mtu: u16,
    /// Whether those lower the segment size that TCP announces to what they carry: they do.
    pub mss_clamp: bool,
    /// MTU of internet gateways and of peering between Regions: 1,500.
    pub internet_mtu: u16,
    /// How long fragments wait for their datagram's first one, and it for them.
    pub fragment_timeout: Duration,
    /// Fragments that may wait at once, over all datagrams.
    pub held_fragments: usize,
    /// The address that the provider's own way out (egress DEFAULT) sends from.
    pub provider_address: Ipv4Addr,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            hyperplane_ports: 65_000,
            hyperplane_budget: PortBudget::PerEni,
            hyperplane_tcp_idle: Duration::from_secs(350),
            hyperplane_udp_idle: Duration::from_secs(120),
            hyperplane_icmp: false,
            hyperplane_late: LatePacket::Reset,
            nat_connections: 55_000,
            nat_idle: Duration::from_secs(350),
            endpoint_idle: Duration::from_secs(350),
            endpoint_late: LatePacket::Reset,
            sg_tcp_established: Duration::from_secs(432_000),
            sg_tcp_transitory: Duration::from_secs(60),
            sg_udp: Duration::from_secs(30),
            sg_udp_stream: Duration::from_secs(180),
            sg_other: Duration::from_secs(600),
            related_icmp: RelatedIcmp::RequireRule,
            link_local_rate: 1_024,
            vpc_mtu: 9_001,
            gateway_mtu: 8_500,
            mss_clamp: true,
            internet_mtu: 1_500,
            fragment_timeout: Duration::from_secs(30),
            held_fragments: 64,
            provider_address: Ipv4Addr::new(192, 0, 2, 1),
        }
    }
}

/// What a budget of ports counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortBudget {
    /// All connections of the ENI together.
    PerEni,
    /// The connections to each destination (address, port and protocol) by itself.
    PerDestination,
}

/// What happens to a TCP segment of a connection that a gateway no longer knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatePacket {
    /// It is dropped, and its sender gets a RST.
    Reset,
    /// It is dropped.
    Silent,
}

/// How a security group treats an ICMP error about a flow that it tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelatedIcmp {
    /// A rule must allow it, as the EC2 guide's page on MTU says.
    RequireRule,
    /// It passes as part of the flow, as many have seen it do.
    Allow,
}
