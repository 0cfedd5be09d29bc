//! The four namespaces, their wires and their rules.
//!
//! Nothing on the way asks or answers by itself: the neighbours are written down (no ARP), IPv6 is
//! off, and no packet has a listener.

use super::{
    NAT_ADDRESS, Tool, Unavailable, Way,
    namespace::{Namespace, Raised, read, set},
    packet::{FAR, Mac, NEAR},
    room, tool,
};

/// The network, for as long as the value lives.
pub(super) struct Network {
    pub(super) inside: Namespace,
    pub(super) nat: Namespace,
    pub(super) outside: Namespace,
    _plain: Namespace,
    _raised: Vec<Raised>,
}

impl Way {
    pub(super) const ALL: [Way; 3] = [Way::Sender, Way::Forward, Way::Nat];

    /// The device to send from, inside.
    pub(super) const fn start(self) -> &'static str {
        match self {
            Way::Sender => "to-sink",
            Way::Forward => "to-plain",
            Way::Nat => "to-nat",
        }
    }

    /// The device that the packets arrive at, outside.
    pub(super) const fn end(self) -> &'static str {
        match self {
            Way::Sender => "sink",
            Way::Forward => "from-plain",
            Way::Nat => "from-nat",
        }
    }
}

impl Network {
    /// Builds the network, with room to track so many connections.
    pub(super) fn build(flows: u64) -> Result<Network, Unavailable> {
        let [inside, plain, nat, outside] =
            [Namespace::new()?, Namespace::new()?, Namespace::new()?, Namespace::new()?];
        for namespace in [&inside, &plain, &nat, &outside] {
            namespace.set(&QUIET)?;
        }
        let wires = inside_script(&plain.path(), &nat.path(), &outside.path());
        inside.inside(|| tool::run(Tool::Ip, "make the veth pairs", &wires))?;
        for (namespace, way) in [(&plain, Way::Forward), (&nat, Way::Nat)] {
            let script = router_script(way, &outside.path());
            namespace.inside(|| tool::run(Tool::Ip, "wire a router", &script))?;
            namespace.set(&ROUTER)?;
        }
        outside.inside(|| {
            tool::run(Tool::Ip, "bring up the far ends", &outside_script())?;
            tool::run(Tool::Nft, "drop at the far ends", &drop_script())
        })?;
        nat.inside(|| tool::run(Tool::Nft, "make the NAT rule", &nat_script()))?;
        let raised = make_room(&nat, flows)?;
        nat.set(&CONNTRACK)?;
        Ok(Network { inside, nat, outside, _plain: plain, _raised: raised })
    }
}

/// No packet but ours.
const QUIET: [(&str, u64); 1] = [("net.ipv6.conf.default.disable_ipv6", 1)];

/// A router that asks no more of a packet than where to.
const ROUTER: [(&str, u64); 3] = [
    ("net.ipv4.ip_forward", 1),
    ("net.ipv4.conf.all.rp_filter", 0),
    ("net.ipv4.conf.in.rp_filter", 0),
];

/// A network card verifies checksums for the kernel; a veth does not, so the check is off. A flow
/// stays known however long its next packet takes.
const CONNTRACK: [(&str, u64); 2] =
    [("net.netfilter.nf_conntrack_checksum", 0), ("net.netfilter.nf_conntrack_udp_timeout", 600)];

/// The machine's limits on tracked connections, raised where the flows need it. Both are settings of
/// the whole machine, which only its first namespace may write.
fn make_room(nat: &Namespace, flows: u64) -> Result<Vec<Raised>, Unavailable> {
    let limit = "net.netfilter.nf_conntrack_max";
    let few = |_| Unavailable::FewConnections { flows, limit: read(limit).unwrap_or(0) };
    let mut raised = Vec::new();
    raised.extend(Raised::to(limit, room(flows)).map_err(few)?);
    // Too few buckets cost time and lose nothing, so a refusal is borne.
    raised.extend(Raised::to("net.netfilter.nf_conntrack_buckets", flows).unwrap_or(None));
    // Where the limit is the namespace's own, it began at the machine's; where it is not, this is
    // refused and not needed.
    let _ = nat.inside(|| set(limit, room(flows).max(read(limit)?)));
    Ok(raised)
}

fn inside_script(plain: &str, nat: &str, outside: &str) -> String {
    [
        veth(Way::Sender.start(), Way::Sender.end(), outside),
        veth(Way::Forward.start(), "in", plain),
        veth(Way::Nat.start(), "in", nat),
    ]
    .concat()
        + &Way::ALL.map(|way| up(way.start())).concat()
}

/// A way out to anywhere by a neighbour that is written down. The link's address is the NAT's.
fn router_script(way: Way, outside: &str) -> String {
    format!(
        "{}{}{}address add {NAT_ADDRESS}/24 dev out\n\
         neighbour replace {NEXT_HOP} lladdr {} dev out nud permanent\n\
         route add default via {NEXT_HOP} dev out\n",
        veth("out", way.end(), outside),
        up("in"),
        up("out"),
        hex(FAR),
    ) + "address add 192.0.2.1/24 dev in\n"
}

/// The neighbour outside that everything is sent to.
const NEXT_HOP: &str = "198.51.100.2";

fn outside_script() -> String {
    Way::ALL.map(|way| up(way.end())).concat()
}

fn veth(near: &str, far: &str, namespace: &str) -> String {
    format!(
        "link add {near} address {} type veth peer name {far} address {} netns {namespace}\n",
        hex(NEAR),
        hex(FAR),
    )
}

fn up(device: &str) -> String {
    format!("link set {device} up\n")
}

fn hex(mac: Mac) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

/// Drops at the first hook after the device has counted the packet.
fn drop_script() -> String {
    let devices = Way::ALL.map(Way::end).map(|device| format!("\"{device}\"")).join(", ");
    format!(
        "table netdev far_end {{\n  chain arrived {{\n    \
         type filter hook ingress devices = {{ {devices} }} priority -500; policy drop;\n  }}\n}}\n"
    )
}

fn nat_script() -> String {
    format!(
        "table ip gateway {{\n  chain out {{\n    \
         type nat hook postrouting priority srcnat; policy accept;\n    \
         oifname \"out\" snat to {NAT_ADDRESS}\n  }}\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nat_rule_names_the_address_that_the_packet_is_checked_for() {
        assert_eq!(
            nat_script(),
            "table ip gateway {\n  chain out {\n    \
             type nat hook postrouting priority srcnat; policy accept;\n    \
             oifname \"out\" snat to 198.51.100.1\n  }\n}\n"
        );
    }

    #[test]
    fn every_way_ends_in_the_drop() {
        assert_eq!(
            drop_script(),
            "table netdev far_end {\n  chain arrived {\n    \
             type filter hook ingress devices = { \"sink\", \"from-plain\", \"from-nat\" } \
             priority -500; policy drop;\n  }\n}\n"
        );
    }

    #[test]
    fn a_router_knows_its_neighbour() {
        let script = router_script(Way::Nat, "/proc/1/fd/9");
        assert!(script.starts_with(
            "link add out address 02:00:00:00:00:01 type veth peer name from-nat address \
             02:00:00:00:00:02 netns /proc/1/fd/9\n"
        ));
        assert!(script.contains("neighbour replace 198.51.100.2 lladdr 02:00:00:00:00:02 dev out"));
    }
}
