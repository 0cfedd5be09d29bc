//! The edge cases of AWS's egress path, one named story each.

use egret_dataplane::verdict::DropReason::*;
use egret_dataplane::verdict::Element;
use egret_dataplane::worker::{Cause, Limits};
use egret_tests::net::{Net, WORLD};
use egret_tests::packet::{Packet, echo, flags, raw, syn, tcp, udp};

/// The world with some text replaced, which must be there.
fn world(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(WORLD.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "the world has no {old:?}");
        text.replace(old, new)
    })
}

fn net(changes: &[(&str, &str)]) -> Net {
    Net::new(&world(changes))
}

const API: &str = "203.0.113.10:443";

// 1. The public-subnet trap.

#[test]
fn public_subnet_reaches_the_vpc_and_nothing_public() {
    let mut net = net(&[("0.0.0.0/0: nat-a", "0.0.0.0/0: internet_gateway")]);
    assert_eq!(net.send("web", &syn("10.0.2.10:5432")).at(), "db");
    let sent = net.send("web", &syn(API));
    assert_eq!(sent.reason(), IgwNoPublicAddress);
    assert_eq!(sent.answer, None, "no RST and no ICMP error");
}

// 2, 3. The NAT gateway's own subnet.

#[test]
fn nat_subnet_without_a_route_out() {
    let mut net = net(&[("public: { 0.0.0.0/0: internet_gateway }", "public: {}")]);
    assert_eq!(net.send("web", &syn(API)).reason(), NoRoute);
}

#[test]
fn nat_subnet_that_routes_to_the_nat_itself_ends_with_a_reason() {
    let change = ("public: { 0.0.0.0/0: internet_gateway }", "public: { 0.0.0.0/0: nat-a }");
    let drop = net(&[change]).send("web", &syn(API)).drop();
    assert_eq!(drop.reason, RoutingLoop);
    assert!(matches!(drop.element, Element::NatGateway(_)));
}

// 4. 55,000 connections to one destination.

#[test]
fn the_55_001st_connection_to_one_destination_fails_and_one_to_another_port_does_not() {
    // Two ENIs, since one carries 65,000 connections in all.
    let mut net = Net::with_limits(WORLD, Limits { flows: 120_000 });
    let from = |n: u32| syn(API).port((n % 60_000) as u16 + 1_024);
    for n in 0..55_000 {
        net.send_quickly("web", &from(n));
    }
    assert_eq!(net.send_quickly("web", &from(55_000)).reason(), NatPortsExhausted);
    assert_eq!(net.send_quickly("web", &syn("203.0.113.10:80")).at(), "internet");
    assert_eq!(net.dropped(NatPortsExhausted), 1);
}

#[test]
fn a_second_address_doubles_the_connections() {
    let addresses = ("addresses: [198.51.100.10]", "addresses: [198.51.100.10, 198.51.100.11]");
    let settings =
        ("settings: {", "settings: { hyperplane_budget: per-destination, nat_connections: 600,");
    let mut net = Net::with_limits(&world(&[addresses, settings]), Limits { flows: 8_000 });
    for n in 0..1_200 {
        net.send_quickly("web", &syn(API).port(2_000 + n));
    }
    assert_eq!(net.send_quickly("web", &syn(API).port(999)).reason(), NatPortsExhausted);
}

#[test]
fn the_shared_eni_carries_65_000_connections_whoever_opens_them() {
    let mut net = Net::with_limits(
        &world(&[("settings: {", "settings: { hyperplane_ports: 100,")]),
        Limits { flows: 8_000 },
    );
    for n in 0..100 {
        let service = if n % 2 == 0 { "web" } else { "jobs" };
        net.send_quickly(service, &syn(&format!("203.0.113.{n}:443")));
    }
    for service in ["web", "jobs"] {
        let one_more = net.send(service, &syn("203.0.114.1:443"));
        assert_eq!(one_more.reason(), HyperplanePortsExhausted);
    }
}

// 5. The idle timeout.

fn idle_for(seconds: u64) -> Net {
    let mut net = net(&[]);
    let sent = net.send("web", &syn(API));
    net.answer(&sent);
    net.send("web", &tcp(API, flags::ACK));
    net.wait(seconds);
    net
}

#[test]
fn a_connection_idle_for_349_s_lives() {
    assert_eq!(idle_for(349).send("web", &tcp(API, flags::ACK)).at(), "internet");
}

#[test]
fn a_late_packet_after_350_s_gets_a_rst_from_its_destination() {
    for seconds in [350, 351] {
        let mut net = idle_for(seconds);
        let sent = net.send("web", &tcp(API, flags::ACK));
        assert_eq!(sent.reason(), NatIdleTimeout);
        let reset = sent.answer.unwrap();
        assert_eq!((reset.src.to_string().as_str(), reset.src_port), ("203.0.113.10", 443));
        assert_eq!((reset.dst, reset.dst_port), (net.address("web"), 40_000));
        assert_ne!(reset.flags & flags::RST, 0);
        assert_eq!(net.worker().counters().idle_timeouts, 1);
    }
}

#[test]
fn a_late_packet_from_outside_is_dropped_in_silence() {
    let mut net = net(&[]);
    let sent = net.send("web", &syn(API));
    let answer = egret_dataplane::packet::answer::reply(&sent.bytes).unwrap();
    net.wait(351);
    let late = net.send_bytes("internet", answer);
    assert_eq!((late.reason(), late.answer), (NatUnsolicited, None));
}

#[test]
fn a_reset_closes_a_connection_and_a_new_syn_opens_the_next() {
    let mut net = idle_for(0);
    net.send("web", &tcp(API, flags::RST));
    net.wait(1);
    assert_eq!(net.send("web", &syn(API)).at(), "internet");
    assert_eq!(net.worker().flows().len(), 1);
}

#[test]
fn udp_through_the_shared_eni_is_forgotten_after_30_s_by_the_group_and_120_s_by_the_eni() {
    let mut net = net(&[]);
    let sent = net.send("web", &udp("203.0.113.10:53"));
    let first_port = sent.seen().src_port;
    net.wait(31);
    let late = egret_dataplane::packet::answer::reply(&sent.bytes).unwrap();
    assert_eq!(net.send_bytes("internet", late.clone()).reason(), SecurityGroupIngressEmpty);
    // A packet of the task's own is tracked anew, and keeps its translations.
    assert_eq!(net.send("web", &udp("203.0.113.10:53")).seen().src_port, first_port);
    assert_eq!(net.send_bytes("internet", late).at(), "web/0");
    net.wait(121);
    assert_eq!(net.expire(), 1);
    assert_eq!(net.worker().ports().len(), 0);
}

// 6. Fragments.

#[test]
fn nat_passes_udp_fragments_and_drops_others() {
    let mut net = net(&[("settings: {", "settings: { hyperplane_icmp: true,")]);
    let datagram = udp("203.0.113.10:53");
    let first = net.send("web", &datagram.clone().first_fragment());
    assert_eq!(first.at(), "internet");
    let later = net.send("web", &datagram.later_fragment());
    assert_eq!((later.at(), later.seen().src), ("internet", first.seen().src));
    assert_eq!(net.send("web", &syn(API).first_fragment()).reason(), NatFragment);
    assert_eq!(net.send("web", &echo("203.0.113.10").first_fragment()).reason(), NatFragment);
    assert_eq!(net.send("web", &echo("203.0.113.10").later_fragment()).reason(), NatFragment);
}

#[test]
fn a_fragment_that_comes_first_waits_for_the_first_one() {
    let mut net = net(&[]);
    let datagram = udp("203.0.113.10:53");
    let later = net.send("web", &datagram.clone().later_fragment());
    assert_eq!((later.delivered, net.worker().held()), (None, 1));
    let first = net.send("web", &datagram.first_fragment());
    let (at, cause, seen) = &first.others[0];
    assert_eq!((at.as_str(), *cause, seen.src), ("internet", Cause::Released, first.seen().src));
    assert_eq!(net.worker().held(), 0);
}

#[test]
fn a_fragment_that_waits_in_vain_is_counted() {
    let mut net = net(&[("settings: {", "settings: { held_fragments: 2,")]);
    for ident in 1..=3 {
        let mut piece = udp("203.0.113.10:53").later_fragment();
        piece.ident = ident;
        let sent = net.send("web", &piece);
        if ident == 3 {
            assert_eq!(sent.reason(), FragmentsFull);
        }
    }
    net.wait(30);
    net.expire();
    assert_eq!(net.dropped(FragmentTimeout), 2);
}

// 7. MTU.

#[test]
fn more_than_8500_bytes_at_the_nat_comes_back_as_icmp_and_at_an_endpoint_as_nothing() {
    let allow = ("ingress: [] # of web", "ingress: [ { protocol: icmp, from: 0.0.0.0/0 } ]");
    let mut net = net(&[allow]);
    let sent = net.send("web", &udp("203.0.113.10:53").size(8_501));
    assert_eq!(sent.reason(), PacketTooBig);
    let error = sent.answer.unwrap();
    assert_eq!(error.icmp, (3, 4));
    assert_eq!(error.src.to_string(), "10.0.101.4", "the gateway's private address");
    let (mtu, quoted) = error.quoted.unwrap();
    assert_eq!((mtu, quoted.src, quoted.dst_port), (8_500, net.address("web"), 53));
    let silent = net.send("web", &udp("10.0.1.50:443").size(8_501));
    assert_eq!((silent.reason(), silent.answer), (MtuExceededSilent, None));
}

#[test]
fn more_than_1500_bytes_at_the_internet_gateway_come_back_or_go_on_in_pieces() {
    let allow = ("ingress: [] # of web", "ingress: [ { protocol: icmp, from: 0.0.0.0/0 } ]");
    let mut net = net(&[allow]);
    let sent = net.send("web", &udp("203.0.113.10:53").size(1_501));
    assert_eq!(sent.reason(), PacketTooBig);
    let error = sent.answer.unwrap();
    assert_eq!((error.icmp, error.quoted.unwrap().0), ((3, 4), 1_500));
    let pieces = net.send("web", &udp("203.0.113.10:53").size(3_000).may_fragment());
    assert_eq!(pieces.seen().len, 1_500);
    assert_eq!(pieces.others.len(), 2);
    assert!(
        pieces.others.iter().all(|(at, cause, _)| at == "internet" && *cause == Cause::Fragment)
    );
    // Known flows too, and at the limit exactly.
    assert_eq!(net.send("web", &udp("203.0.113.10:53").size(1_501)).reason(), PacketTooBig);
    assert_eq!(net.send("web", &udp("203.0.113.10:53").size(1_500)).at(), "internet");
}

#[test]
fn gateways_lower_the_segment_size_that_both_sides_announce_every_time() {
    let mut net = net(&[]);
    let first = net.send("web", &syn(API).mss(8_961));
    assert_eq!(first.seen().mss, Some(8_460));
    let again = net.send("web", &syn(API).mss(8_961));
    assert_eq!(again.bytes, first.bytes, "a SYN that is sent again is a hit like the first one");
    let answer = syn("198.51.100.10:1").mss(9_000);
    let seen = first.seen();
    let answer = Packet { flags: flags::SYN | flags::ACK, src_port: 443, ..answer };
    let answer = Packet { dst_port: seen.src_port, ..answer };
    let accepted = net.send_as("internet", seen.dst, &answer);
    assert_eq!((accepted.at(), accepted.seen().mss), ("web/0", Some(8_460)));
    assert_eq!(net.send("web", &syn("10.0.1.50:443").mss(8_961)).seen().mss, Some(8_460));
    // No more than what passes, and no gateway on the way.
    assert_eq!(net.send("web", &syn("203.0.113.10:80").mss(1_460)).seen().mss, Some(1_460));
    assert_eq!(net.send("web", &syn("10.0.2.10:5432").mss(8_961)).seen().mss, Some(8_961));
}

#[test]
fn segment_sizes_are_left_alone_where_that_is_said() {
    let mut net = net(&[("settings: {", "settings: { mss_clamp: false,")]);
    assert_eq!(net.send("web", &syn(API).mss(8_961)).seen().mss, Some(8_961));
}

#[test]
fn path_mtu_discovery_needs_an_inbound_icmp_rule_as_the_guide_says() {
    let sent = net(&[]).send("web", &udp("203.0.113.10:53").size(8_501));
    assert_eq!((sent.reason(), sent.answer), (PacketTooBig, None));
    let lenient = ("settings: {", "settings: { related_icmp: allow,");
    let sent = net(&[lenient]).send("web", &udp("203.0.113.10:53").size(8_501));
    assert_eq!(sent.answer.unwrap().icmp, (3, 4));
}

#[test]
fn the_nat_counts_as_a_hop() {
    let allow = ("ingress: [] # of web", "ingress: [ { protocol: icmp, from: 0.0.0.0/0 } ]");
    let mut net = net(&[allow]);
    assert_eq!(net.send("web", &syn(API).ttl(2)).seen().ttl, 1);
    let sent = net.send("web", &syn(API).ttl(1));
    assert_eq!(sent.reason(), TtlExpired);
    let error = sent.answer.unwrap();
    assert_eq!((error.icmp, error.src.to_string().as_str()), ((11, 0), "10.0.101.4"));
}

// 8, 9, 10. Network ACLs.

#[test]
fn a_missing_ephemeral_rule_lets_the_syn_out_and_drops_its_answer() {
    for subnet in ["app-a", "public-a"] {
        let old = format!("{subnet}: {{");
        let mut net = net(&[(&old, &format!("{subnet}: {{ network_acl: one-way,"))]);
        let sent = net.send("web", &syn(API));
        assert_eq!(sent.at(), "internet", "{subnet}");
        let answer = net.answer(&sent);
        assert_eq!(answer.reason(), NetworkAclIngress, "{subnet}");
    }
}

#[test]
fn acl_entries_go_by_number_and_not_by_place() {
    let subnet = |acl: &str| ("app-a: {".to_owned(), format!("app-a: {{ network_acl: {acl},"));
    let (old, deny_first) = subnet("deny-first");
    assert_eq!(net(&[(&old, &deny_first)]).send("web", &syn(API)).reason(), NetworkAclEgress);
    let (old, allow_first) = subnet("allow-first");
    assert_eq!(net(&[(&old, &allow_first)]).send("web", &syn(API)).at(), "internet");
    let (old, nothing) = subnet("nothing");
    assert_eq!(net(&[(&old, &nothing)]).send("web", &syn(API)).reason(), NetworkAclEgress);
}

#[test]
fn within_a_subnet_no_acl_is_asked() {
    let mut net = net(&[("app-a: {", "app-a: { network_acl: nothing,")]);
    let sent = net.send("web", &syn("10.0.1.20:80"));
    assert_eq!(sent.at(), "neighbour");
    assert_eq!(net.answer(&sent).at(), "web/0");
}

// 11. Rules that are removed under a live flow.

#[test]
fn a_tracked_flow_outlives_its_rule_and_a_new_one_does_not_begin() {
    let mut net = idle_for(0);
    net.change(&world(&[("egress: [ { protocol: all, to: 0.0.0.0/0 } ] # of web", "egress: []")]));
    assert_eq!(net.send("web", &tcp(API, flags::ACK)).at(), "internet");
    assert_eq!(net.send("web", &syn(API).port(41_000)).reason(), SecurityGroupEgressEmpty);
}

#[test]
fn an_untracked_flow_is_cut_at_once() {
    let open = "open: { egress: [ { protocol: all, to: 0.0.0.0/0 } ], ingress: [ { protocol: tcp, from: 0.0.0.0/0 } ] }";
    let shut = "open: { egress: [], ingress: [ { protocol: tcp, from: 0.0.0.0/0 } ] }";
    let mut net = net(&[]);
    assert!(WORLD.contains(open));
    assert_eq!(net.send("open-host", &syn("10.0.2.10:5432")).at(), "db");
    net.change(&world(&[(open, shut)]));
    let sent = net.send("open-host", &tcp("10.0.2.10:5432", flags::ACK));
    assert_eq!(sent.reason(), SecurityGroupEgressEmpty);
}

#[test]
fn a_tracked_flow_of_a_host_survives_where_an_untracked_one_does_not() {
    let mut net = net(&[]);
    assert_eq!(net.send("neighbour", &syn("10.0.2.10:5432")).at(), "db");
    let narrow = "narrow: { egress: [ { protocol: tcp, ports: 5432, to: 10.0.0.0/16 } ]";
    net.change(&world(&[(narrow, "narrow: { egress: []")]));
    assert_eq!(net.send("neighbour", &tcp("10.0.2.10:5432", flags::ACK)).at(), "db");
}

#[test]
fn an_acl_entry_bites_at_once() {
    let mut net = idle_for(0);
    net.change(&world(&[("app-a: {", "app-a: { network_acl: nothing,")]));
    assert_eq!(net.send("web", &tcp(API, flags::ACK)).reason(), NetworkAclEgress);
    net.change(WORLD);
    assert_eq!(net.send("web", &tcp(API, flags::ACK)).at(), "internet", "and only as long");
}

#[test]
fn a_route_to_another_gateway_ends_the_translation() {
    let mut net = idle_for(0);
    net.change(&world(&[("0.0.0.0/0: nat-a", "0.0.0.0/0: nat-b")]));
    let sent = net.send("web", &tcp(API, flags::ACK));
    assert_eq!(sent.reason(), NatIdleTimeout, "the other gateway knows no such connection");
    assert!(sent.answer.is_some());
    let sent = net.send("web", &syn(API).port(41_000));
    assert_eq!(sent.seen().src.to_string(), "198.51.100.20");
}

#[test]
fn a_deleted_gateway_is_a_blackhole_that_still_wins() {
    let mut net = idle_for(0);
    net.change(&world(&[(
        "addresses: [198.51.100.10]",
        "addresses: [198.51.100.10], state: deleted",
    )]));
    assert_eq!(net.send("web", &tcp(API, flags::ACK)).reason(), BlackholeRoute);
    assert_eq!(net.send("web", &syn(API)).reason(), BlackholeRoute);
}

// 12, 13. Groups as peers.

#[test]
fn a_group_matches_the_shared_eni_by_its_private_address() {
    let mut net = net(&[]);
    assert_eq!(net.send("web", &syn("10.0.2.11:5432")).at(), "guarded-db");
    assert_eq!(net.send("neighbour", &syn("10.0.2.11:5432")).reason(), SecurityGroupIngress);
}

#[test]
fn an_endpoint_with_the_default_group_refuses_the_connector() {
    let mut net = net(&[]);
    assert_eq!(net.send("web", &syn("10.0.1.51:443")).reason(), SecurityGroupIngress);
    let sent = net.send("web", &syn("10.0.1.50:443"));
    assert_eq!(sent.at().split('/').next(), Some("secrets-app-a").or(Some(sent.at())));
    assert_eq!(net.answer(&sent).at(), "web/0");
}

#[test]
fn an_endpoint_carries_tcp_and_udp_only_and_never_begins() {
    let mut net = net(&[("settings: {", "settings: { hyperplane_icmp: true,")]);
    assert_eq!(net.send("web", &echo("10.0.1.50")).reason(), EndpointProtocol);
    let endpoint = net.send("web", &syn("10.0.1.50:443")).at().to_owned();
    assert_eq!(net.send(&endpoint, &syn("10.0.2.10:5432")).reason(), EndpointInitiates);
}

// 14. Gateway endpoints.

#[test]
fn the_gateway_endpoint_takes_its_own_region_and_the_nat_the_rest() {
    let mut net = net(&[]);
    let near = net.send("web", &syn("198.18.0.10:443"));
    assert_eq!(near.at(), "s3");
    assert_eq!(near.seen().src.to_string(), "10.0.1.4", "the VPC's own address");
    assert_eq!(net.answer(&near).at(), "web/0");
    let far = net.send("web", &syn("198.19.0.10:443"));
    assert_eq!((far.at(), far.seen().src.to_string().as_str()), ("internet", "198.51.100.10"));
}

#[test]
fn a_static_route_equal_to_a_prefix_entry_beats_the_endpoint() {
    let change = ("0.0.0.0/0: nat-a", "0.0.0.0/0: nat-a, 198.18.0.0/16: nat-a");
    assert_eq!(net(&[change]).send("web", &syn("198.18.0.10:443")).at(), "internet");
}

#[test]
fn the_gateway_endpoint_carries_tcp_and_echo_only() {
    let mut net = net(&[("settings: {", "settings: { hyperplane_icmp: true,")]);
    assert_eq!(net.send("web", &udp("198.18.0.10:443")).reason(), GatewayEndpointProtocol);
    let sent = net.send("web", &echo("198.18.0.10"));
    assert_eq!(sent.at(), "s3");
    assert_eq!(net.answer(&sent).seen().icmp, (0, 0));
}

#[test]
fn a_gateway_endpoint_answers_from_its_prefix_list_only() {
    let mut net = net(&[]);
    let sent = net.send("web", &syn("198.18.0.10:443"));
    let forged = syn("10.0.1.4:1024").port(443);
    let stranger = net.send_as("s3", "203.0.113.66".parse().unwrap(), &forged);
    assert_eq!(stranger.reason(), EndpointInitiates);
    assert_eq!(net.answer(&sent).at(), "web/0");
}

// 15. Blackholes and ties (the ties themselves: dataplane's route table tests).

#[test]
fn a_more_specific_blackhole_shadows_a_good_default() {
    let change = ("0.0.0.0/0: nat-a", "0.0.0.0/0: nat-a, 203.0.113.0/24: blackhole");
    let mut net = net(&[change]);
    assert_eq!(net.send("web", &syn(API)).reason(), BlackholeRoute);
    assert_eq!(net.send("web", &syn("203.0.114.1:443")).at(), "internet");
}

// 16. Link-local addresses.

#[test]
fn no_route_carries_a_link_local_address() {
    let change = ("0.0.0.0/0: nat-a", "0.0.0.0/0: nat-a, 169.254.0.0/16: nat-a");
    let mut net = net(&[change]);
    assert_eq!(net.send("web", &syn("169.254.168.7:80")).reason(), LinkLocalDestination);
    assert_eq!(net.send("web", &syn("169.254.169.254:80")).at(), "link-local of vpc");
}

// 20. Sharing.

#[test]
fn two_connectors_with_one_set_of_groups_in_another_order_share_an_eni() {
    let mut net = net(&[]);
    let web = net.send("web", &syn("10.0.2.10:5432"));
    let jobs = net.send("jobs", &syn("10.0.2.10:5432"));
    assert_eq!(web.seen().src, jobs.seen().src);
    assert_ne!(web.seen().src_port, jobs.seen().src_port);
    assert_eq!(net.answer(&web).at(), "web/0");
    assert_eq!(net.answer(&jobs).at(), "jobs/0");
}

// 21. The resolver.

#[test]
fn the_resolver_answers_past_empty_groups_and_1024_times_a_second() {
    let mut net = net(&[
        ("egress: [ { protocol: all, to: 0.0.0.0/0 } ] # of web", "egress: []"),
        ("app-a: {", "app-a: { network_acl: nothing,"),
    ]);
    for resolver in ["10.0.0.2:53", "169.254.169.253:53"] {
        let sent = net.send("web", &udp(resolver));
        assert_eq!(sent.at(), "link-local of vpc");
        assert_eq!(net.answer(&sent).at(), "web/0");
    }
    for n in 0..1_022 {
        net.send_quickly("web", &udp("10.0.0.2:53").port(2_000 + n % 7));
    }
    assert_eq!(net.send("web", &udp("10.0.0.2:53")).reason(), LinkLocalRate);
    net.wait(1);
    assert_eq!(net.send("web", &udp("10.0.0.2:53")).at(), "link-local of vpc");
}

#[test]
fn the_resolver_is_silent_without_dns_support() {
    let mut net = net(&[("dns_support: true", "dns_support: false")]);
    assert_eq!(net.send("web", &udp("10.0.0.2:53")).reason(), ResolverDisabled);
    assert_eq!(net.send("web", &syn("169.254.169.123:123")).at(), "link-local of vpc");
}

// 23. Two CIDRs.

#[test]
fn a_second_cidr_is_local_too_and_has_no_resolver() {
    let mut net = net(&[]);
    assert_eq!(net.send("web", &syn("10.9.1.10:80")).at(), "second");
    assert_eq!(net.send("web", &udp("10.9.0.2:53")).reason(), NoSuchAddress);
}

// Egress DEFAULT, one-way ENIs, strangers.

#[test]
fn default_egress_reaches_public_addresses_only() {
    let mut net = net(&[]);
    let sent = net.send("plain", &syn(API));
    assert_eq!((sent.at(), sent.seen().src.to_string().as_str()), ("internet", "192.0.2.1"));
    assert_eq!(net.answer(&sent).at(), "plain/0");
    let private = net.send("plain", &syn("10.0.2.10:5432"));
    assert_eq!(private.reason(), DefaultEgressPrivateDestination);
}

#[test]
fn nobody_opens_a_connection_to_a_task_or_through_a_nat() {
    let mut net =
        net(&[("ingress: [] # of web", "ingress: [ { protocol: all, from: 0.0.0.0/0 } ]")]);
    assert_eq!(net.send("open-host", &syn("10.0.1.4:80")).reason(), HyperplaneOneWay);
    let stranger = "203.0.113.77".parse().unwrap();
    let inbound = net.send_as("internet", stranger, &syn("198.51.100.10:1024"));
    assert_eq!(inbound.reason(), NatUnsolicited);
    let nowhere = net.send_as("internet", stranger, &syn("198.51.100.99:80"));
    assert_eq!(nowhere.reason(), IgwUnknownAddress);
}

#[test]
fn an_answer_from_a_stranger_reaches_no_task() {
    let mut net = net(&[]);
    let sent = net.send("web", &syn(API));
    let mut forged = tcp("198.51.100.10:0", flags::SYN | flags::ACK).port(443);
    forged.dst_port = sent.seen().src_port;
    let other = net.send_as("internet", "203.0.113.11".parse().unwrap(), &forged);
    assert_eq!(other.reason(), NatUnsolicited, "another address");
    let port = net.send_as("internet", "203.0.113.10".parse().unwrap(), &forged.clone().port(444));
    assert_eq!(port.reason(), NatUnsolicited, "another port");
    let own = net.send_as("internet", "203.0.113.10".parse().unwrap(), &forged);
    assert_eq!(own.at(), "web/0");
}

#[test]
fn only_tcp_and_udp_pass_a_shared_eni_and_tcp_udp_and_echo_a_nat() {
    let mut net = net(&[]);
    assert_eq!(net.send("web", &echo("203.0.113.10")).reason(), HyperplaneProtocol);
    assert_eq!(net.send("web", &raw("203.0.113.10", 47)).reason(), HyperplaneProtocol);
    let sent = net.send("open-host", &echo("203.0.113.10"));
    assert_eq!(sent.at(), "internet");
    assert_eq!(net.answer(&sent).at(), "open-host");
    assert_eq!(net.send("open-host", &raw("203.0.113.10", 47)).reason(), NatProtocol);
    assert_eq!(net.send("open-host", &raw("10.0.2.12", 47)).at(), "any-protocol");
}

#[test]
fn a_spoofed_source_goes_nowhere() {
    let mut net = net(&[]);
    let forged = "10.0.1.99".parse().unwrap();
    assert_eq!(net.send_as("web", forged, &syn(API)).reason(), SpoofedSource);
    assert_eq!(net.send_as("open-host", forged, &syn(API)).reason(), SourceDestCheck);
}

#[test]
fn a_full_table_refuses_the_next_flow_and_keeps_the_others() {
    let mut net = Net::with_limits(WORLD, Limits { flows: 2 });
    let first = net.send("web", &syn(API).port(1));
    let second = net.send("web", &syn(API).port(2));
    assert_eq!(net.answer(&first).at(), "web/0");
    assert_eq!(net.answer(&second).at(), "web/0");
    assert_eq!(net.send("web", &syn(API).port(3)).reason(), FlowTableFull);
    assert_eq!(net.send("web", &tcp(API, flags::ACK).port(1)).at(), "internet");
}

#[test]
fn in_a_full_table_half_open_flows_give_way_and_established_ones_do_not() {
    let mut net = Net::with_limits(WORLD, Limits { flows: 2 });
    let first = net.send("web", &syn(API).port(1));
    assert_eq!(net.answer(&first).at(), "web/0");
    let half_open = net.send("web", &syn(API).port(2));
    for port in 3..100 {
        assert_eq!(net.send_quickly("web", &syn(API).port(port)).at(), "internet");
    }
    assert_eq!(net.worker().counters().gave_way, 97);
    assert_eq!(net.worker().flows().len(), 2);
    assert_eq!(net.answer(&half_open).reason(), NatUnsolicited);
    assert_eq!(net.send("web", &tcp(API, flags::ACK).port(1)).at(), "internet");
}
