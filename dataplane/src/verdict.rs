//! What becomes of a packet, and every reason for which one is dropped.

use std::fmt;

use crate::snapshot::{
    AclId, AttachmentId, EndpointId, EniId, IgwId, InterfaceId, NatId, PeeringId, RouteTableId,
    ServiceId, TgwId, VpcId,
};
use crate::steer::WorkerId;

/// What became of a packet. Exactly one for each that was received.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was rewritten in place and leaves here.
    Forward(InterfaceId),
    /// It was dropped, and its sender got an answer in its place (a RST or an ICMP error).
    Reply(Drop),
    /// It was dropped without a word.
    Drop(Drop),
    /// It is a fragment that waits for its datagram's first one.
    Held,
    /// Another worker judges it.
    HandedOver(WorkerId),
}

/// A drop: who dropped the packet, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Drop {
    /// Why.
    pub reason: DropReason,
    /// Where.
    pub element: Element,
}

/// A thing on the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// The dataplane's own front door: decoding, the flow table, fragments.
    Dataplane,
    /// A service: its egress type.
    Service(ServiceId),
    /// An ENI that services share.
    HyperplaneEni(EniId),
    /// The security groups of an ENI.
    SecurityGroup(EniId),
    /// A network ACL.
    NetworkAcl(AclId),
    /// A VPC route table.
    RouteTable(RouteTableId),
    /// A NAT gateway.
    NatGateway(NatId),
    /// An internet gateway.
    InternetGateway(IgwId),
    /// An interface or gateway endpoint.
    VpcEndpoint(EndpointId),
    /// A peering connection.
    Peering(PeeringId),
    /// A transit gateway.
    TransitGateway(TgwId),
    /// A network outside of the model, behind a transit gateway.
    External(AttachmentId),
    /// A host's network interface.
    NetworkInterface(EniId),
    /// A VPC's resolver and the other link-local services.
    LinkLocal(VpcId),
    /// Whatever is beyond the gateways.
    Internet,
}

macro_rules! reasons {
    ($($variant:ident $name:literal $code:literal $sentence:literal;)*) => {
        /// Why a packet was dropped. Name, code, sentence and counter come from this one list.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum DropReason {
            $(#[doc = $sentence] $variant,)*
        }

        impl DropReason {
            /// Every reason, in the order of the list.
            pub const ALL: &[DropReason] = &[$(DropReason::$variant,)*];

            /// Its name in files, counters and tests.
            pub const fn name(self) -> &'static str {
                match self { $(DropReason::$variant => $name,)* }
            }

            /// Reachability Analyzer's explanation code; ours begin with `SIM_`.
            pub const fn code(self) -> &'static str {
                match self { $(DropReason::$variant => $code,)* }
            }

            /// What happened, as a sentence.
            pub const fn sentence(self) -> &'static str {
                match self { $(DropReason::$variant => $sentence,)* }
            }
        }
    };
}

// Codes without `SIM_` are those of the Reachability Analyzer guide, "explanation codes".
reasons! {
    Truncated "truncated" "SIM_PACKET_TRUNCATED" "The packet ends before its headers do.";
    Ipv6 "ipv6" "SIM_IPV6" "The packet is IPv6, and this path carries IPv4 only.";
    BadVersion "bad-version" "SIM_BAD_VERSION" "The packet's version is neither 4 nor 6.";
    BadHeaderLength "bad-header-length" "SIM_BAD_HEADER_LENGTH" "The IPv4 header's length is impossible.";
    BadTotalLength "bad-total-length" "SIM_BAD_TOTAL_LENGTH" "The IPv4 total length does not fit the header or the bytes.";
    BadHeaderChecksum "bad-header-checksum" "SIM_BAD_HEADER_CHECKSUM" "The IPv4 header's checksum is wrong.";
    BadFragment "bad-fragment" "SIM_BAD_FRAGMENT" "The fragment's offset, length or flags are impossible.";
    BadTransportHeader "bad-transport-header" "SIM_BAD_TRANSPORT_HEADER" "The TCP, UDP or ICMP header is too short or contradicts itself.";
    BadIcmpQuote "bad-icmp-quote" "SIM_BAD_ICMP_QUOTE" "The ICMP error quotes no packet that can be read.";
    TtlExpired "ttl-expired" "SIM_TTL_EXPIRED" "The packet's time to live is used up.";
    UnknownInterface "unknown-interface" "SIM_UNKNOWN_INTERFACE" "The packet came from an interface that this configuration does not have.";
    SpoofedSource "spoofed-source" "GATEWAY_REJECTS_SPOOFED_TRAFFIC" "The source address is not the sender's own.";
    UnroutableDestination "unroutable-destination" "SIM_UNROUTABLE_DESTINATION" "Multicast, broadcast and reserved addresses are not carried.";
    LinkLocalDestination "link-local-destination" "CANNOT_ROUTE" "No route forwards a link-local address.";
    DefaultEgressPrivateDestination "default-egress-private-destination" "SIM_DEFAULT_EGRESS_PRIVATE_DESTINATION" "The provider's own way out reaches public addresses only.";
    HyperplaneProtocol "hyperplane-protocol" "PROTOCOL_RESTRICTION" "The shared ENI carries TCP and UDP only.";
    HyperplanePortsExhausted "hyperplane-ports-exhausted" "SIM_HYPERPLANE_PORT_EXHAUSTED" "The shared ENI has no port left for a new connection.";
    HyperplaneOneWay "hyperplane-one-way" "SIM_HYPERPLANE_ONE_WAY" "Nothing in the VPC can open a connection to a task through the shared ENI.";
    HyperplaneIdleTimeout "hyperplane-idle-timeout" "SIM_HYPERPLANE_IDLE_TIMEOUT" "The shared ENI no longer knows this connection.";
    SecurityGroupEgress "security-group-egress" "ENI_SG_RULES_MISMATCH" "No outbound rule of the interface's security groups allows the packet.";
    SecurityGroupEgressEmpty "security-group-egress-empty" "SG_HAS_NO_RULES" "The interface's security groups have no outbound rule at all.";
    SecurityGroupIngress "security-group-ingress" "ENI_SG_RULES_MISMATCH" "No inbound rule of the interface's security groups allows the packet.";
    SecurityGroupIngressEmpty "security-group-ingress-empty" "SG_HAS_NO_RULES" "The interface's security groups have no inbound rule at all.";
    SecurityGroupReferenceLost "security-group-reference-lost" "SG_REFERENCES_NOT_PRESERVED" "Only a rule that names the sender's security group would match, and something on the way hid that group.";
    SecurityGroupReferenceTransit "security-group-reference-transit" "SG_REFERENCING_SUPPORT" "Only a rule that names the sender's security group would match, and the transit gateway does not pass groups on.";
    NetworkAclEgress "network-acl-egress" "SUBNET_ACL_RESTRICTION" "The subnet's network ACL denies the packet on its way out of the subnet.";
    NetworkAclIngress "network-acl-ingress" "SUBNET_ACL_RESTRICTION" "The subnet's network ACL denies the packet on its way into the subnet.";
    NoRoute "no-route" "NO_ROUTE_TO_DESTINATION" "The subnet's route table has no route to the destination.";
    BlackholeRoute "blackhole-route" "BAD_STATE_ROUTE" "The route that wins leads to something that is gone.";
    NoSuchAddress "no-such-address" "NO_POSSIBLE_DESTINATION" "No network interface has the destination address.";
    RoutingLoop "routing-loop" "SIM_ROUTING_LOOP" "The route tables send the packet round in a circle.";
    SourceDestCheck "source-dest-check" "ENI_SOURCE_DEST_CHECK_RESTRICTION" "The network interface checks source and destination, and the packet is not its own.";
    NatProtocol "nat-protocol" "PROTOCOL_RESTRICTION" "A NAT gateway carries TCP, UDP and ICMP echo only.";
    NatFragment "nat-fragment" "SIM_NGW_FRAGMENT_DROPPED" "A NAT gateway drops fragments of TCP and ICMP.";
    NatPortsExhausted "nat-ports-exhausted" "SIM_NGW_PORT_ALLOCATION_FAILED" "Every address of the NAT gateway has its 55,000 connections to this destination.";
    NatUnsolicited "nat-unsolicited" "SIM_NGW_NO_MAPPING" "A NAT gateway forwards replies only, and this answers nothing it knows.";
    NatIdleTimeout "nat-idle-timeout" "SIM_NGW_IDLE_TIMEOUT_RST" "The NAT gateway no longer knows this connection.";
    NatSourceOutsideVpc "nat-source-outside-vpc" "NGW_REQUIRES_SOURCE_IN_VPC" "A NAT gateway takes packets from its own VPC or a transit gateway only.";
    IgwNoPublicAddress "igw-no-public-address" "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS" "The source has a private address only, and an internet gateway needs a public one.";
    IgwPrivateDestination "igw-private-destination" "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS" "An internet gateway refuses a private destination (RFC 1918).";
    IgwSharedDestination "igw-shared-destination" "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS" "An internet gateway refuses a shared-space destination (RFC 6598).";
    IgwUnknownAddress "igw-unknown-address" "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS" "No network interface has this public address.";
    IgwPrivateSource "igw-private-source" "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS" "An internet gateway refuses a private source (RFC 1918).";
    IgwSharedSource "igw-shared-source" "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS" "An internet gateway refuses a shared-space source (RFC 6598).";
    PacketTooBig "packet-too-big" "SIM_MTU_EXCEEDED" "The packet is larger than the next hop's MTU.";
    MtuExceededSilent "mtu-exceeded-silent" "SIM_MTU_EXCEEDED_NO_PMTUD" "The packet is larger than the next hop's MTU, and that hop sends no ICMP error.";
    EndpointProtocol "endpoint-protocol" "PROTOCOL_RESTRICTION" "An interface endpoint carries TCP and UDP only.";
    EndpointInitiates "endpoint-initiates" "VPCE_INTRA_VPC_TRAFFIC" "An endpoint answers; it opens no connection.";
    EndpointIdleTimeout "endpoint-idle-timeout" "SIM_VPCE_IDLE_TIMEOUT" "The interface endpoint no longer knows this connection.";
    GatewayEndpointProtocol "gateway-endpoint-protocol" "VPCE_GATEWAY_PROTOCOL_RESTRICTION" "A gateway endpoint carries TCP and ICMP echo only.";
    GatewayEndpointSource "gateway-endpoint-source" "SIM_VPCE_GATEWAY_SOURCE_OUTSIDE_VPC" "A gateway endpoint serves its own VPC only.";
    GatewayEndpointForeignReply "gateway-endpoint-foreign-reply" "VPCE_GATEWAY_EGRESS_SOURCE_ADDRESS_RESTRICTION" "A gateway endpoint sends from its prefix list's addresses only.";
    PeeringOutsideVpc "peering-outside-vpc" "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR" "A peering connection carries packets between addresses of its two VPCs only.";
    TransitGatewayZone "transit-gateway-zone" "TGW_ROUTE_AZ_RESTRICTION" "The transit gateway has no attachment in the sender's Availability Zone.";
    TransitGatewayNoAssociation "transit-gateway-no-association" "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION" "The attachment has no route table at the transit gateway.";
    TransitGatewayNoRoute "transit-gateway-no-route" "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT" "The transit gateway's route table has no route to the destination.";
    TransitGatewayBlackhole "transit-gateway-blackhole" "TGW_RTB_BAD_STATE_ROUTE" "The transit gateway's route that wins is a blackhole.";
    ZoneLost "zone-lost" "SIM_ZONE_LOST" "The Availability Zone is lost: nothing in it sends, forwards or takes packets.";
    ResolverDisabled "resolver-disabled" "SIM_DNS_SUPPORT_DISABLED" "The VPC's resolver does not answer: enableDnsSupport is off.";
    LinkLocalRate "link-local-rate" "SIM_DNS_RATE_LIMIT" "The network interface sent more than 1,024 packets in a second to link-local services.";
    Unsolicited "unsolicited" "SIM_NO_FLOW" "The packet belongs to no flow, and only replies pass here.";
    FlowTableFull "flow-table-full" "SIM_FLOW_TABLE_FULL" "The flow table is full.";
    FlowCollision "flow-collision" "SIM_FLOW_COLLISION" "Another flow already has the addresses and ports that this one would get.";
    FragmentsFull "fragments-full" "SIM_FRAGMENTS_FULL" "Too many fragments wait for their first one.";
    HandoverFull "handover-full" "SIM_HANDOVER_FULL" "Too many packets wait for the worker that owns their flow.";
    WorkerLost "worker-lost" "SIM_WORKER_LOST" "The worker that owned the flow has failed.";
    FragmentTimeout "fragment-timeout" "SIM_FRAGMENT_TIMEOUT" "The datagram's first fragment never came.";
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl DropReason {
    /// Whether a worker with ports of its own left could still carry the packet.
    pub(crate) const fn is_exhaustion(self) -> bool {
        matches!(self, DropReason::HyperplanePortsExhausted | DropReason::NatPortsExhausted)
    }

    /// This reason at an element.
    pub const fn at(self, element: Element) -> Drop {
        Drop { reason: self, element }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_reason_has_a_name_of_its_own_and_a_sentence() {
        let names: HashSet<_> = DropReason::ALL.iter().map(|r| r.name()).collect();
        assert_eq!(names.len(), DropReason::ALL.len());
        for reason in DropReason::ALL {
            let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(reason.name().chars().all(kebab), "{reason}");
            assert!(reason.sentence().ends_with('.'), "{reason}");
            let code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            assert!(reason.code().chars().all(code), "{reason}");
        }
    }
}
