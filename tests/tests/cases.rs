//! The oracle on cases worked out by hand from AWS's documentation (the facts' checklist of edge
//! cases). Each starts from one network that works and changes one thing.

use std::net::Ipv4Addr;

use egret_control::model::*;
use egret_control::source::Sourced;
use egret_tests::make::{self, address, cidr};
use egret_tests::oracle::{self, Outcome, Where};
use egret_tests::probe::{Fragment, Probe, Source};

const SITE: &str = "203.0.113.10";
const DB: &str = "10.0.2.5";
const S3: &str = "52.216.1.1";

/// A service in a private subnet, a NAT gateway in a public one, a database in a third.
fn network() -> Model {
    let mut m = Model { region: "us-east-1".into(), ..Model::default() };
    make::vpc(&mut m, "vpc", &[cidr("10.0.0.0/16")]);
    for (id, net, table) in [
        ("app", "10.0.1.0/24", "private"),
        ("data", "10.0.2.0/24", "private"),
        ("public", "10.0.101.0/24", "open"),
    ] {
        let subnet = make::subnet(id, "vpc", "use1-az1", cidr(net));
        m.subnets.push(Subnet { route_table: Some(table.into()), ..subnet });
    }
    let private = vec![route("0.0.0.0/0", RouteTarget::NatGateway("nat".into()))];
    m.route_tables.push(make::route_table("private", "vpc", private));
    let open = vec![route("0.0.0.0/0", RouteTarget::InternetGateway(None))];
    m.route_tables.push(make::route_table("open", "vpc", open));
    m.internet_gateways.push(make::internet_gateway("igw", "vpc"));
    let elastic = (address("10.0.101.20"), Some(address("198.51.100.10")));
    m.nat_gateways.push(make::nat_gateway("nat", "public", &[elastic]));
    let any = || make::rule(Traffic::All, Peer::Cidr(cidr("0.0.0.0/0")));
    m.security_groups.push(make::security_group("web", "vpc", Vec::new(), vec![any()]));
    let from_web = make::rule(Traffic::Tcp(5432, 5432), Peer::SecurityGroup("web".into()));
    m.security_groups.push(make::security_group("db", "vpc", vec![from_web], Vec::new()));
    m.network_interfaces.push(make::host("eni-db", "data", address(DB), &["db"]));
    m.network_interfaces.push(make::shared_eni("eni-web", "app", address("10.0.1.200"), &["web"]));
    m.connectors.push(make::connector("web", &["app"], &["web"]));
    m.services.push(make::service("web", Some("web"), 1, &[]));
    m.services.push(make::service("plain", None, 1, &[]));
    m
}

/// A second VPC, 10.1.0.0/16, with the host `eni-far` at 10.1.1.5 behind the group `far`, and
/// routes in both VPCs to each other by `target`.
fn with_far_vpc(m: &mut Model, target: RouteTarget) {
    make::vpc(m, "far", &[cidr("10.1.0.0/16")]);
    m.subnets.push(make::subnet("far-app", "far", "use1-az1", cidr("10.1.1.0/24")));
    let inbound = make::rule(Traffic::All, Peer::SecurityGroup("web".into()));
    m.security_groups.push(make::security_group("far-host", "far", vec![inbound], Vec::new()));
    m.network_interfaces.push(make::host("eni-far", "far-app", address("10.1.1.5"), &["far-host"]));
    let back = route("10.0.0.0/16", target.clone());
    m.route_tables.iter_mut().find(|t| t.id.value == "far-rtb").unwrap().routes.push(back);
    table(m, "private").push(route("10.1.0.0/16", target));
}

fn with_transit_gateway(m: &mut Model, sg_referencing: bool) {
    with_far_vpc(m, RouteTarget::TransitGateway("tgw".into()));
    let ids = make::names(&["att-vpc", "att-far", "att-out"]);
    m.transit_gateways.push(TransitGateway {
        id: "tgw".into(),
        name: None,
        sg_referencing,
        attachments: vec![
            make::attachment("att-vpc", make::attached_vpc("vpc", &["data"])),
            make::attachment("att-far", make::attached_vpc("far", &["far-app"])),
            make::attachment("att-out", make::attached_network(&[cidr("192.168.0.0/16")])),
        ],
        route_tables: vec![TransitGatewayRouteTable {
            id: "tgw-rtb".into(),
            associations: ids.clone(),
            propagations: ids,
            routes: Vec::new(),
        }],
    });
}

fn route(destination: &str, target: RouteTarget) -> Route {
    make::route(RouteDestination::Cidr(cidr(destination)), target)
}

fn table<'a>(m: &'a mut Model, id: &str) -> &'a mut Vec<Route> {
    &mut m.route_tables.iter_mut().find(|table| table.id.value == id).unwrap().routes
}

fn group<'a>(m: &'a mut Model, id: &str) -> &'a mut SecurityGroup {
    m.security_groups.iter_mut().find(|group| group.id.value == id).unwrap()
}

fn set_acl(m: &mut Model, subnet: &str, entries: Vec<AclEntry>) {
    m.network_acls.push(make::network_acl("acl", "vpc", entries));
    let subnet = m.subnets.iter_mut().find(|s| s.id.value == subnet).unwrap();
    subnet.network_acl = Some("acl".into());
}

fn acl(number: u32, egress: bool, allow: bool, traffic: Traffic) -> AclEntry {
    make::entry(number, egress, allow, traffic, cidr("0.0.0.0/0"))
}

fn from(source: Source, dst: &str, dst_port: u16) -> Probe {
    Probe {
        from: source,
        dst: address(dst),
        protocol: 6,
        src_port: 50_000,
        dst_port,
        icmp: None,
        total_len: 60,
        dont_fragment: true,
        ttl: 64,
        fragment: Fragment::Whole,
    }
}

fn web(dst: &str, port: u16) -> Probe {
    from(Source::Task { service: "web".into(), number: 0 }, dst, port)
}

fn host(id: &str, dst: &str, port: u16) -> Probe {
    from(Source::Interface(id.into()), dst, port)
}

fn ping(dst: &str) -> Probe {
    Probe { protocol: 1, icmp: Some((8, 0)), src_port: 7, dst_port: 0, ..web(dst, 0) }
}

#[track_caller]
fn dropped(m: &Model, probe: &Probe, reason: &str, element: &str) {
    let outcome = oracle::judge(m, probe);
    let (why, by) = outcome.forward.expect_err("the packet is dropped");
    assert_eq!((why, by.as_str()), (reason, element));
    assert_eq!(outcome.reply, None);
}

#[track_caller]
fn answered(m: &Model, probe: &Probe) -> (Where, Ipv4Addr) {
    let Outcome { forward, reply } = oracle::judge(m, probe);
    let delivery = forward.expect("the packet arrives");
    assert_eq!(reply, Some(Ok(())));
    (delivery.to, delivery.source)
}

#[track_caller]
fn unanswered(m: &Model, probe: &Probe, reason: &str, element: &str) {
    let Outcome { forward, reply } = oracle::judge(m, probe);
    forward.expect("the packet arrives");
    let (why, by) = reply.unwrap().expect_err("the answer is dropped");
    assert_eq!((why, by.as_str()), (reason, element));
}

fn interface(id: &str) -> Where {
    Where::Interface(id.to_owned())
}

#[test]
fn a_task_reaches_the_internet_by_the_nat_gateway() {
    let m = network();
    let outcome = oracle::judge(&m, &web(SITE, 443));
    let delivery = outcome.forward.unwrap();
    assert_eq!(delivery.to, Where::Internet);
    assert_eq!(delivery.source, address("198.51.100.10"));
    assert_eq!(delivery.via, ["nat"]);
    assert_eq!(outcome.reply, Some(Ok(())));
}

#[test]
fn a_task_reaches_a_host_that_admits_its_group() {
    let m = network();
    assert_eq!(answered(&m, &web(DB, 5432)), (interface("eni-db"), address("10.0.1.200")));
    dropped(&m, &web(DB, 5433), "security-group-ingress", "eni-db");
    dropped(&m, &web("10.0.2.6", 5432), "no-such-address", "private");
}

#[test]
fn default_egress_reaches_public_addresses_only() {
    let plain = |dst| from(Source::Task { service: "plain".into(), number: 0 }, dst, 443);
    let m = network();
    assert_eq!(answered(&m, &plain(SITE)), (Where::Internet, address("192.0.2.1")));
    for private in [DB, "100.64.0.1", "169.254.169.253", "192.168.1.1", "172.31.255.255"] {
        dropped(&m, &plain(private), "default-egress-private-destination", "plain");
    }
    let esp = Probe { protocol: 50, ..plain(SITE) };
    dropped(&m, &esp, "nat-protocol", "plain");
}

#[test]
fn reserved_destinations_go_nowhere() {
    let m = network();
    for dst in ["224.0.0.1", "255.255.255.255", "240.0.0.1", "0.1.2.3", "127.0.0.1"] {
        dropped(&m, &web(dst, 443), "unroutable-destination", "dataplane");
    }
}

#[test]
fn case_1_the_public_subnet_trap() {
    let mut m = network();
    m.subnets[0].route_table = Some("open".into());
    dropped(&m, &web(SITE, 443), "igw-no-public-address", "igw");
    assert_eq!(answered(&m, &web(DB, 5432)).0, interface("eni-db"));
}

#[test]
fn case_2_the_nat_gateways_own_subnet_has_no_way_out() {
    let mut m = network();
    table(&mut m, "open").clear();
    dropped(&m, &web(SITE, 443), "no-route", "open");
}

#[test]
fn case_3_a_nat_gateway_that_leads_to_itself_ends() {
    let mut m = network();
    m.subnets[2].route_table = Some("private".into());
    dropped(&m, &web(SITE, 443), "routing-loop", "nat");
}

#[test]
fn two_nat_gateways_that_lead_to_each_other_end() {
    let mut m = network();
    let elastic = (address("10.0.2.20"), Some(address("198.51.100.11")));
    m.nat_gateways.push(make::nat_gateway("nat-b", "data", &[elastic]));
    table(&mut m, "open")[0] = route("0.0.0.0/0", RouteTarget::NatGateway("nat-b".into()));
    // The shared interface, `nat` and `nat-b` have translated it; back at `nat` it is enough.
    dropped(&m, &web(SITE, 443), "routing-loop", "nat");
    let short = Probe { ttl: 2, ..web(SITE, 443) };
    dropped(&m, &short, "ttl-expired", "nat-b");
}

#[test]
fn case_6_nat_forwards_fragments_of_udp_only() {
    let mut m = network();
    m.settings.dataplane.hyperplane_icmp = true;
    let first = |probe: Probe| Probe { fragment: Fragment::First, ..probe };
    dropped(&m, &first(web(SITE, 443)), "nat-fragment", "nat");
    dropped(&m, &first(ping(SITE)), "nat-fragment", "nat");
    let udp = Probe { protocol: 17, ..first(web(SITE, 443)) };
    assert_eq!(answered(&m, &udp).0, Where::Internet);
}

#[test]
fn case_7_each_gateway_has_its_mtu() {
    let mut m = network();
    let enis = [("data", address("10.0.2.150"))];
    m.vpc_endpoints.push(make::interface_endpoint("vpce", "vpc", &enis, &["open-sg"]));
    let any = make::rule(Traffic::All, Peer::Cidr(cidr("0.0.0.0/0")));
    m.security_groups.push(make::security_group("open-sg", "vpc", vec![any], Vec::new()));
    let sized = |dst, total_len| Probe { total_len, ..web(dst, 443) };
    dropped(&m, &sized(SITE, 8501), "packet-too-big", "nat");
    dropped(&m, &sized(SITE, 8500), "packet-too-big", "igw");
    dropped(&m, &sized(SITE, 1501), "packet-too-big", "igw");
    assert_eq!(answered(&m, &sized(SITE, 1500)).0, Where::Internet);
    // What may be fragmented is, but a NAT gateway carries fragments of UDP only.
    let loose = |total_len| Probe { dont_fragment: false, ..sized(SITE, total_len) };
    assert_eq!(answered(&m, &loose(8500)).0, Where::Internet);
    dropped(&m, &loose(8501), "packet-too-big", "nat");
    let udp = Probe { protocol: 17, ..loose(8501) };
    assert_eq!(answered(&m, &udp).0, Where::Internet);
    dropped(&m, &sized("10.0.2.150", 8501), "mtu-exceeded-silent", "vpce");
    assert_eq!(answered(&m, &sized("10.0.2.150", 8500)).0, interface("vpce@data"));
    dropped(&m, &sized(DB, 9002), "mtu-exceeded-silent", "eni-web");
}

#[test]
fn case_8_an_answer_needs_the_ephemeral_ports_at_every_network_acl() {
    let only_https_in = |subnet| {
        let mut m = network();
        let entries =
            vec![acl(100, true, true, Traffic::All), acl(100, false, true, Traffic::Tcp(443, 443))];
        set_acl(&mut m, subnet, entries);
        m
    };
    unanswered(&only_https_in("app"), &web(SITE, 443), "network-acl-ingress", "acl");
    unanswered(&only_https_in("public"), &web(SITE, 443), "network-acl-ingress", "acl");
    // At the NAT gateway's subnet the packet itself is judged on its way in, too.
    dropped(&only_https_in("public"), &web(SITE, 80), "network-acl-ingress", "acl");
}

#[test]
fn case_9_the_lowest_number_decides_and_none_denies() {
    let judge = |entries: Vec<AclEntry>| {
        let mut m = network();
        set_acl(&mut m, "app", entries);
        oracle::judge(&m, &web(SITE, 443)).forward.map_err(|(reason, _)| reason)
    };
    let (allow, deny) = (acl(200, true, true, Traffic::All), acl(100, true, false, Traffic::All));
    assert_eq!(judge(vec![allow.clone(), deny.clone()]), Err("network-acl-egress"));
    let first = acl(50, true, true, Traffic::Tcp(0, 443));
    assert!(judge(vec![allow, deny, first]).is_ok());
    assert_eq!(judge(Vec::new()), Err("network-acl-egress"));
}

#[test]
fn case_10_a_network_acl_is_not_asked_within_a_subnet() {
    let mut m = network();
    m.network_interfaces[0].subnet = "app".into();
    m.network_interfaces[0].addresses = vec![address("10.0.1.5").into()];
    set_acl(&mut m, "app", Vec::new());
    assert_eq!(answered(&m, &web("10.0.1.5", 5432)).0, interface("eni-db"));
    // The transit gateway is an exception: its subnet is asked even when it is the sender's own.
    let mut m = network();
    with_transit_gateway(&mut m, true);
    m.network_interfaces[1].subnet = "data".into();
    m.network_interfaces[1].addresses = vec![address("10.0.2.200").into()];
    m.connectors[0].subnets = make::names(&["data"]);
    set_acl(&mut m, "data", vec![acl(100, true, true, Traffic::All)]);
    dropped(&m, &web("10.1.1.5", 443), "network-acl-ingress", "acl");
}

#[test]
fn case_12_a_group_is_known_in_the_vpc_and_across_same_region_peering() {
    let mut m = network();
    with_far_vpc(&mut m, RouteTarget::Peering("pcx".into()));
    m.peerings.push(make::peering("pcx", "vpc", "far"));
    assert_eq!(answered(&m, &web("10.1.1.5", 443)).0, interface("eni-far"));
    m.peerings[0].same_region = false;
    dropped(&m, &web("10.1.1.5", 443), "security-group-reference-lost", "eni-far");
    let large = Probe { total_len: 1501, ..web("10.1.1.5", 443) };
    dropped(&m, &large, "mtu-exceeded-silent", "pcx");
    m.peerings[0].active = false;
    dropped(&m, &web("10.1.1.5", 443), "blackhole-route", "private");
}

#[test]
fn case_12_a_group_crosses_a_transit_gateway_only_with_referencing() {
    let mut m = network();
    with_transit_gateway(&mut m, true);
    assert_eq!(answered(&m, &web("10.1.1.5", 443)).0, interface("eni-far"));
    m.transit_gateways[0].sg_referencing = false;
    dropped(&m, &web("10.1.1.5", 443), "security-group-reference-transit", "eni-far");
    // A rule that would not have matched anyway is not blamed on the transit gateway.
    group(&mut m, "far-host").ingress[0].traffic = Traffic::Udp(0, 65_535).into();
    dropped(&m, &web("10.1.1.5", 443), "security-group-ingress", "eni-far");
}

#[test]
fn case_12_a_group_does_not_survive_translation() {
    let mut m = network();
    let subnet = route("10.0.2.0/24", RouteTarget::NatGateway("nat".into()));
    table(&mut m, "private").push(subnet);
    dropped(&m, &web(DB, 5432), "security-group-ingress", "eni-db");
}

#[test]
fn a_transit_gateway_says_why_it_does_not_forward() {
    let network = || {
        let mut m = network();
        with_transit_gateway(&mut m, true);
        let target = RouteTarget::TransitGateway("tgw".into());
        table(&mut m, "private").push(route("192.168.0.0/16", target.clone()));
        table(&mut m, "private").push(route("172.16.0.0/12", target));
        m
    };
    let outside = web("192.168.7.7", 443);
    let to = (Where::External("att-out".into()), address("10.0.1.200"));
    assert_eq!(answered(&network(), &outside), to);
    dropped(&network(), &web("172.16.0.1", 443), "transit-gateway-no-route", "tgw");
    let large = Probe { total_len: 8501, ..outside.clone() };
    dropped(&network(), &large, "mtu-exceeded-silent", "tgw");

    let mut m = network();
    m.transit_gateways[0].route_tables[0].routes.push(TransitGatewayRoute {
        cidr: cidr("192.168.0.0/16").into(),
        attachment: None,
        propagated: false,
    });
    dropped(&m, &outside, "transit-gateway-blackhole", "tgw");
    let mut m = network();
    m.transit_gateways[0].route_tables[0].associations.retain(|a| a.value != "att-vpc");
    dropped(&m, &outside, "transit-gateway-no-association", "tgw");
    let mut m = network();
    m.transit_gateways[0].route_tables[0].associations.retain(|a| a.value != "att-out");
    unanswered(&m, &outside, "transit-gateway-no-association", "tgw");
    let mut m = network();
    m.subnets[0].az = "use1-az2".into();
    dropped(&m, &outside, "transit-gateway-zone", "tgw");
}

#[test]
fn a_peering_is_not_transitive() {
    let mut m = network();
    with_far_vpc(&mut m, RouteTarget::Peering("pcx".into()));
    m.peerings.push(make::peering("pcx", "vpc", "far"));
    table(&mut m, "private")[0] = route("0.0.0.0/0", RouteTarget::Peering("pcx".into()));
    dropped(&m, &web(SITE, 443), "peering-outside-vpc", "pcx");
    // Without the mirror route the packet arrives and its answer does not.
    m.route_tables.iter_mut().find(|t| t.id.value == "far-rtb").unwrap().routes.clear();
    unanswered(&m, &web("10.1.1.5", 443), "no-route", "far-rtb");
}

#[test]
fn case_13_an_endpoint_with_the_default_group_admits_its_members_only() {
    let mut m = network();
    let enis = [("data", address("10.0.2.150"))];
    m.vpc_endpoints.push(make::interface_endpoint("vpce", "vpc", &enis, &[]));
    dropped(&m, &web("10.0.2.150", 443), "security-group-ingress", "vpce@data");
    m.settings.dataplane.hyperplane_icmp = true;
    dropped(&m, &ping("10.0.2.150"), "endpoint-protocol", "vpce");
    m.network_interfaces[1].security_groups.clear();
    m.connectors[0].security_groups.clear();
    assert_eq!(answered(&m, &web("10.0.2.150", 443)).0, interface("vpce@data"));
}

#[test]
fn case_14_a_gateway_endpoint_takes_what_its_list_has() {
    let mut m = network();
    m.prefix_lists.push(make::prefix_list("pl-s3", &[cidr("52.216.0.0/15")]));
    m.vpc_endpoints.push(make::gateway_endpoint("s3", "vpc", &["private"], "pl-s3"));
    let endpoint = (Where::Endpoint("s3".into()), address("10.0.1.200"));
    assert_eq!(answered(&m, &web(S3, 443)), endpoint);
    assert_eq!(answered(&m, &web("52.218.0.1", 443)).0, Where::Internet);
    let udp = Probe { protocol: 17, ..web(S3, 443) };
    dropped(&m, &udp, "gateway-endpoint-protocol", "s3");
    // A rule by prefix list lets it pass; one by the VPC's CIDR does not.
    group(&mut m, "web").egress[0].peer = Sourced::implied(Peer::PrefixList("pl-s3".into()));
    assert_eq!(answered(&m, &web(S3, 443)), endpoint);
    dropped(&m, &web(SITE, 443), "security-group-egress", "eni-web");
    // A route that somebody wrote for the very same block beats the endpoint's.
    table(&mut m, "private").push(route("52.216.0.0/15", RouteTarget::NatGateway("nat".into())));
    assert_eq!(answered(&m, &web(S3, 443)).0, Where::Internet);
}

#[test]
fn case_14_a_network_acl_without_the_services_blocks_stops_its_answers() {
    let mut m = network();
    m.prefix_lists.push(make::prefix_list("pl-s3", &[cidr("52.216.0.0/15")]));
    m.vpc_endpoints.push(make::gateway_endpoint("s3", "vpc", &["private"], "pl-s3"));
    let inside = make::entry(100, false, true, Traffic::All, cidr("10.0.0.0/16"));
    set_acl(&mut m, "app", vec![acl(100, true, true, Traffic::All), inside]);
    unanswered(&m, &web(S3, 443), "network-acl-ingress", "acl");
}

#[test]
fn case_15_a_blackhole_shadows_a_good_default() {
    let mut m = network();
    table(&mut m, "private").push(route("203.0.113.0/24", RouteTarget::Blackhole(None)));
    dropped(&m, &web(SITE, 443), "blackhole-route", "private");
    m.nat_gateways[0].available = false;
    dropped(&m, &web("8.8.8.8", 443), "blackhole-route", "private");
}

#[test]
fn case_15_static_beats_prefix_list_beats_propagated() {
    let mut m = network();
    m.prefix_lists.push(make::prefix_list("pl", &[cidr("203.0.113.0/24")]));
    let learnt = route("203.0.113.0/24", RouteTarget::Blackhole(None));
    table(&mut m, "private").push(Route { propagated: true, ..learnt });
    dropped(&m, &web(SITE, 443), "blackhole-route", "private");
    let list = RouteDestination::PrefixList("pl".into());
    table(&mut m, "private").push(make::route(list, RouteTarget::NatGateway("nat".into())));
    assert_eq!(answered(&m, &web(SITE, 443)).0, Where::Internet);
    table(&mut m, "private").push(route("203.0.113.0/24", RouteTarget::Blackhole(None)));
    dropped(&m, &web(SITE, 443), "blackhole-route", "private");
}

#[test]
fn cases_16_and_21_link_local_is_outside_of_groups_acls_and_routes() {
    let mut m = network();
    group(&mut m, "web").egress.clear();
    set_acl(&mut m, "app", Vec::new());
    for dst in ["169.254.169.253", "10.0.0.2", "169.254.169.254", "169.254.170.2"] {
        assert_eq!(answered(&m, &web(dst, 53)).0, Where::LinkLocal("vpc".into()));
    }
    dropped(&m, &web("169.254.1.1", 53), "link-local-destination", "private");
    dropped(&m, &web(SITE, 443), "security-group-egress-empty", "eni-web");
    m.vpcs[0].dns_support = false.into();
    dropped(&m, &web("10.0.0.2", 53), "resolver-disabled", "vpc");
    assert_eq!(answered(&m, &web("169.254.169.254", 80)).0, Where::LinkLocal("vpc".into()));
}

#[test]
fn case_20_connectors_with_the_same_subnet_and_groups_share_an_eni() {
    let mut m = network();
    m.network_interfaces[1].security_groups = make::names(&["web", "db"]);
    m.connectors[0].security_groups = make::names(&["db", "web"]);
    m.connectors.push(make::connector("other", &["app"], &["web", "db"]));
    m.services.push(make::service("other", Some("other"), 1, &[]));
    let other = from(Source::Task { service: "other".into(), number: 0 }, DB, 5432);
    assert_eq!(answered(&m, &web(DB, 5432)), answered(&m, &other));
}

#[test]
fn case_23_only_the_primary_block_has_a_resolver() {
    let mut m = network();
    m.vpcs[0].cidrs.push(cidr("100.70.0.0/16").into());
    dropped(&m, &web("100.70.0.2", 53), "no-such-address", "private");
}

#[test]
fn nothing_opens_a_connection_to_a_task_or_through_a_nat_gateway() {
    let mut m = network();
    let any = || make::rule(Traffic::All, Peer::Cidr(cidr("0.0.0.0/0")));
    group(&mut m, "db").egress.push(any());
    dropped(&m, &host("eni-db", "10.0.1.200", 8080), "security-group-ingress-empty", "eni-web");
    group(&mut m, "web").ingress.push(any());
    dropped(&m, &host("eni-db", "10.0.1.200", 8080), "hyperplane-one-way", "eni-web");
    dropped(&m, &host("eni-db", "10.0.101.20", 8080), "nat-unsolicited", "nat");
    m.subnets[1].route_table = Some("open".into());
    m.network_interfaces[0].public = Some(address("198.51.100.20").into());
    dropped(&m, &host("eni-db", "198.51.100.10", 8080), "nat-unsolicited", "nat");
    let out = answered(&m, &host("eni-db", SITE, 443));
    assert_eq!(out, (Where::Internet, address("198.51.100.20")));
}

#[test]
fn an_internet_gateway_refuses_private_and_shared_destinations() {
    let mut m = network();
    dropped(&m, &web("192.168.1.1", 443), "igw-private-destination", "igw");
    dropped(&m, &web("100.64.0.1", 443), "igw-shared-destination", "igw");
    m.nat_gateways[0].addresses[0].public = None;
    dropped(&m, &web(SITE, 443), "igw-no-public-address", "igw");
}

#[test]
fn a_shared_eni_carries_icmp_only_where_told_so() {
    let mut m = network();
    dropped(&m, &ping(SITE), "hyperplane-protocol", "eni-web");
    m.settings.dataplane.hyperplane_icmp = true;
    assert_eq!(answered(&m, &ping(SITE)).0, Where::Internet);
    let timestamp = Probe { icmp: Some((13, 0)), ..ping(SITE) };
    dropped(&m, &timestamp, "hyperplane-protocol", "eni-web");
}

#[test]
fn an_appliance_takes_foreign_packets_only_without_its_check() {
    let mut m = network();
    let target = RouteTarget::NetworkInterface("eni-db".into());
    table(&mut m, "private").push(route("203.0.113.0/24", target));
    dropped(&m, &web(SITE, 5432), "source-dest-check", "eni-db");
    m.network_interfaces[0].source_dest_check = false;
    assert_eq!(answered(&m, &web(SITE, 5432)).0, interface("eni-db"));
    dropped(&m, &web(SITE, 443), "security-group-ingress", "eni-db");
}

#[test]
fn an_answer_that_takes_another_way_reaches_nobody() {
    let mut m = network();
    // The database's subnet sends everything for 10.0.1.0/24 through the NAT gateway.
    let private = vec![route("10.0.1.0/24", RouteTarget::NatGateway("nat".into()))];
    m.route_tables.push(make::route_table("askew", "vpc", private));
    m.subnets[1].route_table = Some("askew".into());
    unanswered(&m, &web(DB, 5432), "nat-unsolicited", "nat");
}
