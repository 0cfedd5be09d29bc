//! How to mend each drop: what to change, by its name.

use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::{EniId, EniOwner, Snapshot};
use egret_dataplane::trace::{Decision, Hop};
use egret_dataplane::verdict::{Drop, DropReason, Element};

use super::words::{key_words, name};

/// What to change so that the packet passes.
pub(super) fn mend(snapshot: &Snapshot, hop: &Hop, drop: Drop) -> String {
    use DropReason::*;
    let packet = hop.before;
    let here = name(snapshot, drop.element);
    let group = || group(snapshot, drop.element);
    let subnet = hop.subnet.map_or_else(String::new, |subnet| snapshot[subnet].name.to_string());
    match drop.reason {
        Truncated | BadVersion | BadHeaderLength | BadTotalLength | BadHeaderChecksum
        | BadFragment | BadTransportHeader | BadIcmpQuote => {
            "The sender made a broken packet: look at its network stack.".into()
        }
        Ipv6 => "Use an IPv4 destination: this path carries IPv4 only.".into(),
        TtlExpired => "Send with a higher time to live; a traceroute does this on purpose.".into(),
        UnknownInterface => "Send from an interface that the configuration has.".into(),
        SpoofedSource => "Send from the task's own address.".into(),
        UnroutableDestination => format!("Send to a unicast address instead of {}.", packet.dst),
        LinkLocalDestination => {
            "Only the resolver, metadata, time and task metadata services have link-local \
             addresses; no route leads to others."
                .into()
        }
        DefaultEgressPrivateDestination => format!(
            "Give service {here} a VPC connector (EgressType VPC) whose VPC has {}.",
            packet.dst
        ),
        HyperplaneProtocol => {
            "Use TCP or UDP; to try ICMP echo, set `hyperplane_icmp: true` (AWS does not document \
             it)."
                .into()
        }
        HyperplanePortsExhausted => format!(
            "Close idle connections or reuse them; spread services over more subnets or sets of \
             security groups, so that they do not share {here}."
        ),
        HyperplaneOneWay => {
            "Reach the service by its own URL: connections into a task do not come through the VPC."
                .into()
        }
        HyperplaneIdleTimeout | NatIdleTimeout | EndpointIdleTimeout => {
            "Open a new connection; keep long ones alive with a TCP keep-alive below 350 seconds."
                .into()
        }
        SecurityGroupEgress | SecurityGroupEgressEmpty => {
            format!("Add an outbound rule to {}: {} to {}/32.", group(), traffic(hop), packet.dst)
        }
        SecurityGroupIngress | SecurityGroupIngressEmpty => {
            format!("Add an inbound rule to {}: {} from {}.", group(), traffic(hop), sender(snapshot, hop))
        }
        SecurityGroupReferenceLost => format!(
            "Name the sender by address in {}: {} from {}/32. References to groups work \
             within one Region only.",
            group(),
            traffic(hop),
            packet.src
        ),
        SecurityGroupReferenceTransit => format!(
            "Switch on security group referencing at the transit gateway, or name the sender by \
             address in {}: {} from {}/32.",
            group(),
            traffic(hop),
            packet.src
        ),
        NetworkAclEgress => acl(hop, &here, &subnet, true),
        NetworkAclIngress => acl(hop, &here, &subnet, false),
        NoRoute if packet.dst.is_private() => format!(
            "Add a route for {} to route table {here}, by the peering connection or transit \
             gateway that leads there.",
            packet.dst
        ),
        NoRoute => format!(
            "Add a route for {} to route table {here}: a NAT gateway for a private subnet, an \
             internet gateway for a public one.",
            packet.dst
        ),
        BlackholeRoute => format!(
            "Point {} in route table {here} at a target that exists, or remove the route so that \
             a less specific one serves.",
            route_words(snapshot, hop)
        ),
        NoSuchAddress => format!(
            "No network interface has {}: check the address, or that the host is running.",
            packet.dst
        ),
        RoutingLoop => format!(
            "The route tables lead back to where the packet has been: give the subnet of {here} a \
             default route to an internet gateway."
        ),
        SourceDestCheck => {
            format!("Switch off the source/destination check of {here}, if it is meant to route.")
        }
        NatProtocol => "Use TCP, UDP or ICMP echo, or a way without a NAT gateway.".into(),
        NatFragment => {
            "Send packets that need no fragments: lower the MTU, or the size of the datagrams."
                .into()
        }
        NatPortsExhausted => format!(
            "Add an address to {here} (each gives 55,000 connections to one destination), reuse \
             connections, or spread them over more destinations."
        ),
        NatUnsolicited => {
            "A NAT gateway opens nothing from outside: use a load balancer for inbound connections."
                .into()
        }
        NatSourceOutsideVpc => {
            "A NAT gateway cannot be used through a peering connection: give the VPC its own, or use \
             a transit gateway."
                .into()
        }
        IgwNoPublicAddress => format!(
            "{} is a private address, and a connector's interface can have no other. Route \
             0.0.0.0/0 of its subnet to a NAT gateway in a public subnet, or reach AWS services by \
             VPC endpoints.",
            packet.src
        ),
        IgwPrivateDestination | IgwSharedDestination => format!(
            "{} is not on the internet: route it to where it is (peering, transit gateway), or \
             use the public address.",
            packet.dst
        ),
        IgwUnknownAddress => format!("Associate {} with a network interface.", packet.dst),
        IgwPrivateSource | IgwSharedSource => {
            "The sender must have a public source address.".into()
        }
        PacketTooBig => {
            "Send smaller packets, or let path MTU discovery work: an inbound rule for ICMP 3/4 in \
             the security group and the network ACLs."
                .into()
        }
        MtuExceededSilent => {
            "Lower the sender's MTU or the TCP segment size: this hop tells nobody that packets are \
             too big."
                .into()
        }
        EndpointProtocol => "Use TCP or UDP: an endpoint answers no ping.".into(),
        EndpointInitiates | GatewayEndpointForeignReply => {
            "Endpoints only answer what came through them.".into()
        }
        GatewayEndpointProtocol => "Use TCP; a gateway endpoint carries nothing else but ping.".into(),
        GatewayEndpointSource => {
            "A gateway endpoint serves its own VPC: give the sender's VPC an endpoint of its own."
                .into()
        }
        PeeringOutsideVpc => format!(
            "A peering connection is not transitive, and {} is in neither VPC: use a way of the \
             sender's own VPC, or a transit gateway.",
            if packet.dst.is_private() { packet.src } else { packet.dst }
        ),
        TransitGatewayZone => format!(
            "Attach {here} to a subnet in the sender's Availability Zone: traffic enters only where \
             the attachment has one."
        ),
        TransitGatewayNoAssociation => {
            format!("Associate the attachment with a route table of {here}.")
        }
        TransitGatewayNoRoute => {
            format!("Add a route for {} to the route table of {here}.", packet.dst)
        }
        TransitGatewayBlackhole => {
            format!("Replace the blackhole route for {} at {here}.", packet.dst)
        }
        ResolverDisabled => format!(
            "Switch on enableDnsSupport of VPC {here}; for private DNS names enableDnsHostnames, \
             too."
        ),
        LinkLocalRate => {
            "Cache DNS answers in the tasks: 1,024 packets a second is the limit of one interface."
                .into()
        }
        Unsolicited => "Only answers pass here: the connection must be opened from inside.".into(),
        FlowTableFull => "Raise the flow table's capacity.".into(),
        FlowCollision => "Use another source port.".into(),
        FragmentsFull | FragmentTimeout => {
            "Send datagrams that need no fragments, or send the first fragment first.".into()
        }
    }
}

/// The groups of an ENI, as something to add a rule to.
fn group(snapshot: &Snapshot, element: Element) -> String {
    let Element::SecurityGroup(eni) = element else { return name(snapshot, element) };
    let names: Vec<&str> =
        snapshot[eni].security_groups.iter().map(|group| &*snapshot[*group].name).collect();
    match names[..] {
        [] => "a group, and the group to the interface".to_owned(),
        [one] => format!("group {one}"),
        _ => format!("one of the groups {}", names.join(", ")),
    }
}

/// What a rule would have to allow.
fn traffic(hop: &Hop) -> String {
    match hop.before.protocol {
        Protocol::TCP | Protocol::UDP => format!("{} {}", hop.before.protocol, hop.before.dst_port),
        other => other.to_string(),
    }
}

/// The sender, by its group where it has one.
fn sender(snapshot: &Snapshot, hop: &Hop) -> String {
    let own = (0..snapshot.enis.len() as u32).map(EniId);
    let at = own.into_iter().find(|eni| {
        let eni = &snapshot[*eni];
        eni.address == hop.before.src
            && matches!(eni.owner, EniOwner::Hyperplane | EniOwner::Host(_))
    });
    let group = at.and_then(|eni| snapshot[eni].security_groups.first().copied());
    match group {
        Some(group) => format!("group {} (or {}/32)", snapshot[group].name, hop.before.src),
        None => format!("{}/32", hop.before.src),
    }
}

fn acl(hop: &Hop, acl: &str, subnet: &str, egress: bool) -> String {
    let (way, other) =
        if egress { ("outbound", hop.before.dst) } else { ("inbound", hop.before.src) };
    let answer = matches!(hop.direction, egret_dataplane::trace::Direction::Return);
    let ports = match hop.before.protocol {
        Protocol::TCP | Protocol::UDP if answer => {
            format!("{} 1024-65535 (the ephemeral ports of the answer)", hop.before.protocol)
        }
        _ => traffic(hop),
    };
    let from = if egress { "to" } else { "from" };
    format!(
        "Add an {way} entry to network ACL {acl} of subnet {subnet}, before the one that decides: \
         allow {ports} {from} {other}/32 or a block that has it. A network ACL keeps no state, so \
         answers need an entry of their own."
    )
}

/// The route that decided, by what it matches.
fn route_words(snapshot: &Snapshot, hop: &Hop) -> String {
    match hop.decision {
        Decision::Route { table, route: Some(route) } => {
            key_words(snapshot, snapshot[table].routes[route].key)
        }
        _ => hop.before.dst.to_string(),
    }
}
