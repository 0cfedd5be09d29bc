//! The lookup says what plain reading says, for random networks, and packets at every edge.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::packet::{Fragment, IcmpKind, Protocol, TcpFlags, Transport};
use crate::snapshot::linear;

/// Few networks, so that blocks nest, overlap and repeat, and the ends of the address space.
fn network() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(u32::MAX), 0x0a00_0000..0x0a00_0010u32, any::<u32>()]
}

fn cidr() -> impl Strategy<Value = Cidr> {
    let len = prop_oneof![Just(0), Just(32), 0..=32u8];
    (network(), len).prop_map(|(network, len)| Cidr::new(Ipv4Addr::from_bits(network), len))
}

fn prefix_list() -> impl Strategy<Value = PrefixList> {
    let cidrs = prop::collection::vec(cidr(), 0..6);
    cidrs.prop_map(|cidrs| PrefixList { name: "pl".into(), cidrs })
}

/// Few, so that rules and packets meet.
fn port() -> impl Strategy<Value = u16> {
    select(vec![0, 1, 79, 80, 81, 443, 65534, 65535])
}

fn protocol() -> impl Strategy<Value = Protocol> {
    select(vec![1, 6, 17, 50, 255]).prop_map(Protocol)
}

fn icmp() -> impl Strategy<Value = u8> {
    select(vec![0, 3, 8, 11, 255])
}

fn traffic() -> impl Strategy<Value = Traffic> {
    prop_oneof![
        Just(Traffic::All),
        (port(), port()).prop_map(|(from, to)| Traffic::Tcp(from, to)),
        (port(), port()).prop_map(|(from, to)| Traffic::Udp(from, to)),
        (prop::option::of(icmp()), prop::option::of(icmp())).prop_map(|(t, c)| Traffic::Icmp(t, c)),
        protocol().prop_map(Traffic::Protocol),
        Just(Traffic::Tcp(0, u16::MAX)),
    ]
}

/// Any packet that a decoder makes, as far as a rule looks at it.
fn packet() -> impl Strategy<Value = Headers> {
    let ports = (protocol(), port(), port(), any::<bool>());
    let ports = ports.prop_map(|(protocol, src_port, dst_port, first)| match protocol {
        Protocol::TCP if first => {
            headers(protocol, src_port, dst_port, Transport::Tcp(TcpFlags(2)))
        }
        Protocol::UDP if first => headers(protocol, src_port, dst_port, Transport::Udp),
        _ => headers(protocol, 0, 0, Transport::Opaque),
    });
    let kinds = (icmp(), icmp(), port());
    let icmp = kinds.prop_map(|(kind, code, identifier)| {
        let (about, src_port, dst_port) = match kind {
            8 => (IcmpKind::Query, identifier, 0),
            0 => (IcmpKind::Answer, 0, identifier),
            3 | 11 => {
                let quoted = headers(Protocol::UDP, 53, identifier, Transport::Udp).tuple();
                (IcmpKind::Error { quoted }, 0, 0)
            }
            _ => (IcmpKind::Other, 0, 0),
        };
        headers(Protocol::ICMP, src_port, dst_port, Transport::Icmp { kind, code, about })
    });
    prop_oneof![ports, icmp]
}

fn headers(protocol: Protocol, src_port: u16, dst_port: u16, transport: Transport) -> Headers {
    Headers {
        src: Ipv4Addr::UNSPECIFIED,
        dst: Ipv4Addr::UNSPECIFIED,
        src_port,
        dst_port,
        protocol,
        ttl: 64,
        ident: 0,
        dont_fragment: true,
        fragment: Fragment::Whole,
        header_len: 20,
        total_len: 40,
        transport,
    }
}

fn entries() -> impl Strategy<Value = Vec<AclEntry>> {
    let entry = (any::<bool>(), traffic(), cidr());
    let entry =
        entry.prop_map(|(allow, traffic, cidr)| AclEntry { number: 1, allow, traffic, cidr });
    prop::collection::vec(entry, 0..40)
}

/// Of `lists` prefix lists and `groups` groups.
fn peer(lists: u32, groups: u32) -> impl Strategy<Value = Peer> {
    prop_oneof![
        3 => cidr().prop_map(Peer::Cidr),
        1 => Just(Peer::Cidr(Cidr::ANY)),
        1 => (0..lists).prop_map(|list| Peer::PrefixList(PrefixListId(list))),
        2 => (0..groups).prop_map(|group| Peer::Group(SgId(group))),
        1 => Just(Peer::Stale),
    ]
}

const LISTS: u32 = 3;
const GROUPS: u32 = 4;

/// Rules enough for several words, or hardly any.
fn rules() -> impl Strategy<Value = Vec<SgRule>> {
    let parts = || (traffic(), peer(LISTS, GROUPS));
    let rule = || parts().prop_map(|(traffic, peer)| SgRule { traffic, peer });
    prop_oneof![prop::collection::vec(rule(), 0..4), prop::collection::vec(rule(), 0..90)]
}

fn group() -> impl Strategy<Value = SecurityGroup> {
    let name = || "sg".into();
    (rules(), rules()).prop_map(move |(ingress, egress)| SecurityGroup {
        name: name(),
        ingress,
        egress,
    })
}

fn rule_book() -> impl Strategy<Value = Snapshot> {
    let lists = prop::collection::vec(prefix_list(), LISTS as usize);
    let groups = prop::collection::vec(group(), GROUPS as usize);
    (lists, groups).prop_map(|(prefix_lists, security_groups)| Snapshot {
        prefix_lists,
        security_groups,
        ..Snapshot::default()
    })
}

fn group_set() -> impl Strategy<Value = Vec<SgId>> {
    prop::collection::btree_set((0..GROUPS).prop_map(SgId), 0..=GROUPS as usize)
        .prop_map(|groups| groups.into_iter().collect())
}

fn route() -> impl Strategy<Value = Route> {
    let key = prop_oneof![
        3 => cidr().prop_map(RouteKey::Cidr),
        1 => (0..LISTS).prop_map(|list| RouteKey::PrefixList(PrefixListId(list))),
    ];
    let origin = select(vec![RouteOrigin::Static, RouteOrigin::Propagated]);
    (key, origin).prop_map(|(key, origin)| Route { key, target: RouteTarget::Blackhole, origin })
}

/// The addresses at both sides of both ends of these blocks.
fn around<'a>(cidrs: impl IntoIterator<Item = &'a Cidr>) -> Vec<Ipv4Addr> {
    let ends = cidrs.into_iter().flat_map(|cidr| [cidr.network(), cidr.last()]);
    let around = ends.flat_map(|end| [-1, 0, 1].map(|by| end.to_bits().wrapping_add_signed(by)));
    around.chain([0, u32::MAX]).map(Ipv4Addr::from_bits).collect()
}

fn cidrs_of(snapshot: &Snapshot) -> Vec<Cidr> {
    let listed = snapshot.prefix_lists.iter().flat_map(|list| &list.cidrs).copied();
    let groups = snapshot.security_groups.iter();
    let ruled = groups.flat_map(|group| group.ingress.iter().chain(&group.egress));
    let ruled = ruled.filter_map(|rule| match rule.peer {
        Peer::Cidr(cidr) => Some(cidr),
        _ => None,
    });
    listed.chain(ruled).collect()
}

proptest! {
    #[test]
    fn the_route_that_decides(
        routes in prop::collection::vec(route(), 0..30),
        prefix_lists in prop::collection::vec(prefix_list(), LISTS as usize),
    ) {
        let table = RouteTable { name: "t".into(), routes };
        let cidrs = table.routes.iter().filter_map(|route| match &route.key {
            RouteKey::Cidr(cidr) => Some(cidr),
            RouteKey::PrefixList(_) => None,
        });
        let addresses = around(cidrs.chain(prefix_lists.iter().flat_map(|list| &list.cidrs)));
        let snapshot =
            Snapshot { route_tables: vec![table], prefix_lists, ..Snapshot::default() };
        for address in addresses {
            let expected =
                linear::route(&snapshot.route_tables[0], &snapshot.prefix_lists, address);
            prop_assert_eq!(snapshot.lookup().route(RouteTableId(0), address), expected);
            for (list, id) in snapshot.prefix_lists.iter().zip((0..).map(PrefixListId)) {
                let expected = linear::prefix_len(&list.cidrs, address).is_some();
                prop_assert_eq!(snapshot.lookup().in_prefix_list(id, address), expected);
            }
        }
    }

    #[test]
    fn the_transit_route_that_decides(
        routes in prop::collection::vec((cidr(), any::<bool>()), 0..30),
    ) {
        let routes = routes.into_iter();
        let routes = routes.map(|(cidr, propagated)| TgwRoute { cidr, attachment: None, propagated });
        let table = TgwRouteTable { name: "t".into(), routes: routes.collect() };
        let tgw = TransitGateway {
            name: "t".into(),
            sg_referencing: true,
            route_tables: vec![table.clone()],
        };
        let snapshot = Snapshot { transit_gateways: vec![tgw], ..Snapshot::default() };
        for address in around(table.routes.iter().map(|route| &route.cidr)) {
            let expected = linear::transit_route(&table, address);
            prop_assert_eq!(snapshot.lookup().transit_route(TgwId(0), 0, address), expected);
        }
    }

    #[test]
    fn the_acl_entry_that_decides(
        ingress in entries(),
        egress in entries(),
        packets in prop::collection::vec(packet(), 12),
    ) {
        let acl = NetworkAcl { name: "acl".into(), ingress, egress };
        let snapshot = Snapshot { network_acls: vec![acl.clone()], ..Snapshot::default() };
        for (egress, entries) in [(false, &acl.ingress), (true, &acl.egress)] {
            for address in around(entries.iter().map(|entry| &entry.cidr)) {
                for packet in &packets {
                    let found = snapshot.lookup().acl_entry(AclId(0), egress, packet, address);
                    prop_assert_eq!(found, linear::acl_entry(entries, packet, address));
                }
            }
        }
    }

    #[test]
    fn the_group_rule_that_decides(
        snapshot in rule_book(),
        groups in group_set(),
        egress: bool,
        asked in prop::collection::vec((packet(), group_set(), any::<Index>()), 60),
    ) {
        let rules = GroupRules::new(&snapshot, &groups, egress);
        let addresses = around(&cidrs_of(&snapshot));
        for (packet, named, address) in asked {
            let address = *address.get(&addresses);
            let found = rules.first(&packet, address, named.iter().copied());
            let expected =
                linear::group_rule(&snapshot, &groups, egress, &packet, address, &named);
            prop_assert_eq!(found, expected, "{:?} with {}", packet, address);
        }
    }

    #[test]
    fn what_is_open_to_everywhere(
        snapshot in rule_book(),
        groups in group_set(),
        egress: bool,
        packet in packet(),
    ) {
        let rules = GroupRules::new(&snapshot, &groups, egress);
        let everywhere = |allows: &dyn Fn(Traffic) -> bool| {
            linear::everywhere(&snapshot, &groups, egress, allows)
        };
        let protocol = packet.protocol;
        let all_ports = everywhere(&|traffic| traffic.allows_all_ports(protocol));
        let has_ports = matches!(protocol, Protocol::TCP | Protocol::UDP);
        prop_assert_eq!(rules.allows_all_ports(protocol), has_ports && all_ports);
        let allows = everywhere(&|traffic| traffic.mismatch(&packet).is_none());
        prop_assert_eq!(rules.allows_everywhere(&packet), allows);
    }
}

fn subnet(zone: u32) -> Subnet {
    Subnet {
        name: "subnet".into(),
        vpc: VpcId(0),
        lost: false,
        zone: ZoneId(zone),
        cidr: Cidr::ANY,
        route_table: RouteTableId(0),
        network_acl: AclId(0),
    }
}

#[test]
fn tasks_choose_among_the_enis_of_their_zone_or_all_where_there_is_none() {
    let eni = |subnet| NetworkInterface {
        name: "eni".into(),
        subnet: SubnetId(subnet),
        address: Ipv4Addr::UNSPECIFIED,
        public: Vec::new(),
        security_groups: Vec::new(),
        source_dest_check: true,
        owner: EniOwner::Hyperplane,
    };
    let service = |enis: &[u32]| Service {
        name: "service".into(),
        egress: Egress::Vpc {
            connector: "connector".into(),
            enis: enis.iter().copied().map(EniId).collect(),
        },
    };
    let task = |service, zone: Option<u32>| Task {
        service: ServiceId(service),
        number: 0,
        address: Ipv4Addr::UNSPECIFIED,
        zone: zone.map(ZoneId),
        interface: InterfaceId::INTERNET,
    };
    let zones = [Some(0), Some(1), Some(2), None];
    let snapshot = Snapshot {
        subnets: vec![subnet(0), subnet(1)],
        enis: [0, 1, 0, 1].map(eni).to_vec(),
        services: vec![service(&[2, 1, 0]), service(&[3])],
        tasks: [0, 1].iter().flat_map(|s| zones.map(|zone| task(*s, zone))).collect(),
        ..Snapshot::default()
    };
    let exits = |task| snapshot.lookup().exits(TaskId(task));
    let (own, all, other) = ([EniId(2), EniId(0)], [2, 1, 0].map(EniId), [EniId(3)]);
    assert_eq!([0, 1, 2, 3].map(exits), [&own[..], &[EniId(1)], &all, &all]);
    assert_eq!([4, 5, 6, 7].map(exits), [&other; 4]);
}

#[test]
fn a_vpc_enters_a_transit_gateway_by_its_first_subnet_in_the_zone() {
    let attachment = |tgw, vpc, subnets: &[u32]| Attachment {
        name: "attachment".into(),
        transit_gateway: TgwId(tgw),
        route_table: None,
        kind: AttachmentKind::Vpc {
            vpc: VpcId(vpc),
            subnets: subnets.iter().copied().map(SubnetId).collect(),
        },
    };
    let snapshot = Snapshot {
        subnets: [0, 1, 1].map(subnet).to_vec(),
        attachments: vec![
            attachment(1, 0, &[2]),
            attachment(0, 1, &[0]),
            attachment(0, 0, &[2, 1]),
            attachment(0, 0, &[1, 0]),
        ],
        ..Snapshot::default()
    };
    let entry = |tgw, vpc, zone| {
        let entry = snapshot.lookup().transit_entry(TgwId(tgw), VpcId(vpc), ZoneId(zone));
        entry.map(|(attachment, subnet)| (attachment.0, subnet.0))
    };
    assert_eq!(entry(0, 0, 1), Some((2, 2)));
    assert_eq!(entry(0, 0, 0), Some((3, 0)));
    assert_eq!(entry(0, 1, 0), Some((1, 0)));
    assert_eq!(entry(0, 1, 1), None);
    assert_eq!(entry(1, 0, 1), Some((0, 2)));
    assert_eq!(entry(1, 0, 0), None);
}

#[test]
fn a_group_may_be_named_across_peering_within_the_region() {
    let vpc = |_| Vpc {
        name: "vpc".into(),
        cidrs: Vec::new(),
        addresses: Vec::new(),
        internet_gateway: None,
        dns_support: true,
        link_local: InterfaceId::INTERNET,
    };
    let peering = |one, other, same_region| Peering {
        name: "peering".into(),
        vpcs: [VpcId(one), VpcId(other)],
        same_region,
    };
    let snapshot = Snapshot {
        vpcs: (0..4).map(vpc).collect(),
        peerings: vec![peering(0, 1, true), peering(2, 0, true), peering(3, 0, false)],
        ..Snapshot::default()
    };
    let near = |vpc| snapshot.lookup().near(VpcId(vpc));
    assert_eq!(near(0), [0, 1, 2].map(VpcId));
    assert_eq!(near(1), [1, 0].map(VpcId));
    assert_eq!(near(2), [2, 0].map(VpcId));
    assert_eq!(near(3), [3].map(VpcId));
}

#[test]
fn a_hundred_thousand_routes_nested_and_repeated() {
    // Quadratic code would take minutes.
    let block = |at: u32| Cidr::new(Ipv4Addr::from_bits(at << 14), 8 + (at % 25) as u8);
    let route = |at| Route {
        key: RouteKey::Cidr(block(at)),
        target: RouteTarget::Local,
        origin: RouteOrigin::Static,
    };
    let table = RouteTable { name: "t".into(), routes: (0..100_000).map(route).collect() };
    let snapshot = Snapshot { route_tables: vec![table], ..Snapshot::default() };
    snapshot.prepare();
    for at in (0..100_000).step_by(997) {
        let address = block(at).last();
        let expected = linear::route(&snapshot.route_tables[0], &[], address);
        assert_eq!(snapshot.lookup().route(RouteTableId(0), address), expected);
    }
}

#[test]
fn a_clone_that_is_changed_answers_for_itself() {
    let table = |target| RouteTable {
        name: "t".into(),
        routes: vec![Route {
            key: RouteKey::Cidr(target),
            target: RouteTarget::Local,
            origin: RouteOrigin::Static,
        }],
    };
    let here = Ipv4Addr::new(10, 0, 0, 1);
    let snapshot = Snapshot { route_tables: vec![table(Cidr::ANY)], ..Snapshot::default() };
    assert_eq!(snapshot.lookup().route(RouteTableId(0), here), Some(0));
    let mut changed = snapshot.clone();
    changed.route_tables[0] = table(Cidr::host(Ipv4Addr::new(10, 0, 0, 2)));
    assert_eq!(changed.lookup().route(RouteTableId(0), here), None);
}
