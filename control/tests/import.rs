//! Reads JSON as AWS's command line prints it: every kind of resource, and what is wrong with some.

use std::path::{Path, PathBuf};

use egret_control::finding::{Finding, render};
use egret_control::import::{self, Imported};
use egret_control::model::{
    AttachmentKind, Egress, EndpointKind, InterfaceOwner, Model, Peer, RouteDestination,
    RouteTarget, Traffic,
};
use egret_control::source::Sources;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn account() -> Imported {
    import::read(&[fixture("account")]).unwrap_or_else(|rejection| panic!("{rejection}"))
}

/// The findings as lines, the folder cut off.
fn lines(findings: &[Finding], sources: &Sources) -> Vec<String> {
    let line = |finding| render::line(finding, sources);
    let file_name = |line: String| line.rsplit('/').next().unwrap_or_default().to_owned();
    findings.iter().map(line).map(file_name).collect()
}

/// Reads texts as files of a folder.
fn read(files: &[(&str, &str)]) -> Result<(Model, Vec<String>), Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder for the test");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("writing the test's file");
    }
    match import::read(&[folder.path().to_owned()]) {
        Ok(Imported { model, warnings }) => {
            let warnings = lines(&warnings, &model.sources);
            Ok((model, warnings))
        }
        Err(rejection) => Err(lines(&rejection.findings, &rejection.sources)),
    }
}

fn ids<T>(things: &[T], id: impl Fn(&T) -> &egret_control::model::Name) -> Vec<&str> {
    things.iter().map(|thing| id(thing).value.as_str()).collect()
}

#[test]
fn vpcs_take_account_region_cidrs_and_attributes() {
    let Imported { model, .. } = account();
    let [payments, other] = &model.vpcs[..] else { panic!("{:?}", model.vpcs) };
    assert_eq!(payments.name.as_deref(), Some("payments"));
    assert_eq!(payments.account.as_deref(), Some("111122223333"));
    assert_eq!(payments.region.as_deref(), Some("us-east-1"));
    let cidrs: Vec<_> = payments.cidrs.iter().map(|cidr| cidr.value.to_string()).collect();
    assert_eq!(cidrs, ["10.20.0.0/16", "100.64.0.0/20"]);
    // An endpoint with private DNS can only be where hostnames are on.
    assert!(*payments.dns_support && *payments.dns_hostnames);
    assert_eq!(other.account.as_deref(), Some("444455556666"));
    assert!(!*other.dns_support && *other.dns_hostnames);
    assert_eq!(model.region, "us-east-1");
}

#[test]
fn subnets_know_their_table_and_acl() {
    let Imported { model, .. } = account();
    assert_eq!(ids(&model.subnets, |s| &s.id), ["subnet-app1", "subnet-pub1", "subnet-tgw1"]);
    let app = &model.subnets[0];
    assert_eq!(app.az.value, "use1-az1");
    assert_eq!(app.route_table.as_deref().map(String::as_str), Some("rtb-app"));
    assert_eq!(app.network_acl.as_deref().map(String::as_str), Some("acl-tight"));
    assert_eq!(model.subnets[2].route_table, None);
}

#[test]
fn routes_have_the_kinds_of_their_targets() {
    let Imported { model, .. } = account();
    assert!(model.route_tables[0].main && model.route_tables[0].routes.is_empty());
    let routes = &model.route_tables[1].routes;
    let targets: Vec<_> = routes.iter().map(|route| route.target.value.clone()).collect();
    let id = |text: &str| text.to_owned();
    assert_eq!(
        targets,
        [
            RouteTarget::NatGateway(id("nat-01")),
            RouteTarget::VpcEndpoint(id("vpce-gw")),
            RouteTarget::Peering(id("pcx-01")),
            RouteTarget::TransitGateway(id("tgw-01")),
            RouteTarget::Blackhole(Some(id("nat-gone"))),
            RouteTarget::Unsupported(id("vgw-01")),
            RouteTarget::Unsupported(id("vgw-01")),
            RouteTarget::NetworkInterface(id("eni-appliance")),
        ]
    );
    assert_eq!(routes[1].destination.value, RouteDestination::PrefixList(id("pl-63a5400a")));
    let propagated: Vec<_> = routes.iter().map(|route| route.propagated).collect();
    assert_eq!(propagated, [false, false, false, false, false, true, true, false]);
    let public = &model.route_tables[2].routes[0];
    assert_eq!(public.target.value, RouteTarget::InternetGateway(Some(id("igw-01"))));
}

#[test]
fn a_permission_is_a_rule_for_each_peer() {
    let Imported { model, .. } = account();
    let web = &model.security_groups[0];
    let rules: Vec<_> =
        web.egress.iter().map(|r| (r.traffic.value, r.peer.value.clone())).collect();
    let cidr = |text: &str| Peer::Cidr(text.parse().expect("a CIDR"));
    let https = Traffic::Tcp(443, 443);
    assert_eq!(
        rules,
        [
            (https, cidr("0.0.0.0/0")),
            (https, cidr("10.0.0.0/8")),
            (https, Peer::PrefixList("pl-63a5400a".to_owned())),
            (https, Peer::SecurityGroup("sg-db".to_owned())),
            (Traffic::Icmp(Some(8), None), cidr("10.0.0.0/8")),
            (Traffic::Protocol(50), cidr("10.0.0.0/8")),
        ]
    );
    assert!(model.security_groups[2].default && !web.default);
}

#[test]
fn listed_rules_lend_their_ids_and_add_what_is_new() {
    let Imported { model, warnings } = account();
    let db = &model.security_groups[1];
    let ids: Vec<_> = db.ingress.iter().map(|rule| rule.id.as_deref()).collect();
    assert_eq!(ids, [Some("sgr-01"), Some("sgr-02")]);
    assert_eq!(db.ingress[1].traffic.value, Traffic::Udp(53, 53));
    assert!(warnings.iter().any(|finding| finding.code == "rule-not-in-group"));
}

#[test]
fn acl_entries_leave_out_ipv6_and_the_implicit_last_one() {
    let Imported { model, .. } = account();
    let acl = &model.network_acls[0];
    let entries: Vec<_> = acl
        .entries
        .iter()
        .map(|entry| (entry.number.value, entry.egress, entry.allow, entry.traffic.value))
        .collect();
    assert_eq!(
        entries,
        [
            (100, true, true, Traffic::Tcp(443, 443)),
            (110, true, false, Traffic::Icmp(Some(8), None)),
            (100, false, true, Traffic::All),
        ]
    );
    assert!(model.network_acls[1].default);
}

#[test]
fn nat_gateways_have_their_addresses_the_primary_first() {
    let Imported { model, .. } = account();
    let nat = &model.nat_gateways[0];
    let public: Vec<_> =
        nat.addresses.iter().map(|a| a.public.expect("public").value.to_string()).collect();
    assert_eq!(public, ["198.51.100.10", "198.51.100.11"]);
    assert!(nat.public && nat.available);
    let private = &model.nat_gateways[1];
    assert!(!private.public && !private.available);
    assert_eq!(private.addresses[0].public, None);
    let attached: Vec<_> = model.internet_gateways.iter().map(|igw| igw.vpc.is_some()).collect();
    assert_eq!(attached, [true, false]);
}

#[test]
fn endpoints_take_the_addresses_of_their_interfaces() {
    let Imported { model, .. } = account();
    assert_eq!(ids(&model.vpc_endpoints, |e| &e.id), ["vpce-gw", "vpce-if"]);
    let EndpointKind::Gateway { route_tables, .. } = &model.vpc_endpoints[0].kind else {
        panic!("{:?}", model.vpc_endpoints[0]);
    };
    assert_eq!(route_tables[0].value, "rtb-app");
    let EndpointKind::Interface { subnets, private_dns, .. } = &model.vpc_endpoints[1].kind else {
        panic!("{:?}", model.vpc_endpoints[1]);
    };
    let address = subnets[0].1.expect("the address of eni-vpce").value;
    assert_eq!((address.to_string().as_str(), *private_dns), ("10.20.1.50", true));
    assert!(model.vpc_endpoints[1].available);
}

#[test]
fn interfaces_of_gateways_are_not_hosts() {
    let Imported { model, .. } = account();
    let enis = &model.network_interfaces;
    assert_eq!(ids(enis, |eni| &eni.id), ["eni-runner", "eni-appliance", "eni-alb"]);
    let owners: Vec<_> = enis.iter().map(|eni| eni.owner.clone()).collect();
    assert_eq!(owners, [InterfaceOwner::Connector, InterfaceOwner::Host, InterfaceOwner::Host]);
    let appliance = &enis[1];
    assert_eq!(appliance.name.as_deref(), Some("i-01"));
    assert!(!appliance.source_dest_check);
    let addresses: Vec<_> = appliance.addresses.iter().map(|a| a.value.to_string()).collect();
    assert_eq!(addresses, ["10.20.1.9", "10.20.1.10"]);
    let public: Vec<_> = enis.iter().map(|eni| eni.public.map(|p| p.value.to_string())).collect();
    let said = |text: &str| Some(text.to_owned());
    assert_eq!(public, [None, said("203.0.113.50"), said("198.51.100.90")]);
}

#[test]
fn prefix_lists_take_entries_of_files_named_after_them() {
    let Imported { model, .. } = account();
    let lists: Vec<_> = model
        .prefix_lists
        .iter()
        .map(|list| {
            let cidrs: Vec<_> = list.cidrs.iter().map(|cidr| cidr.value.to_string()).collect();
            (list.id.value.as_str(), cidrs.join(" "))
        })
        .collect();
    let s3 = "52.216.0.0/15 3.5.0.0/19".to_owned();
    assert_eq!(lists, [("pl-63a5400a", s3), ("pl-0abc1", "203.0.113.0/24".to_owned())]);
}

#[test]
fn peerings_and_transit_gateways_are_joined_from_their_lists() {
    let Imported { model, .. } = account();
    let peerings: Vec<_> = model.peerings.iter().map(|p| (p.same_region, p.active)).collect();
    assert_eq!(peerings, [(false, true), (true, false)]);
    let [hub] = &model.transit_gateways[..] else { panic!("{:?}", model.transit_gateways) };
    assert!(hub.sg_referencing);
    let AttachmentKind::Vpc { subnets, .. } = &hub.attachments[0].kind else {
        panic!("{:?}", hub.attachments[0]);
    };
    assert_eq!(ids(subnets, |subnet| subnet), ["subnet-tgw1"]);
    let AttachmentKind::External { cidrs } = &hub.attachments[1].kind else {
        panic!("{:?}", hub.attachments[1]);
    };
    assert_eq!(cidrs[0].value.to_string(), "10.40.0.0/16");
    let [table] = &hub.route_tables[..] else { panic!("{:?}", hub.route_tables) };
    assert_eq!(ids(&table.associations, |a| a), ["tgw-attach-vpc", "tgw-attach-vpn"]);
    assert_eq!(ids(&table.propagations, |a| a), ["tgw-attach-vpc"]);
    let routes: Vec<_> =
        table.routes.iter().map(|r| (r.attachment.is_some(), r.propagated)).collect();
    assert_eq!(routes, [(true, true), (true, false), (false, false)]);
}

#[test]
fn services_name_their_connector_by_its_arn() {
    let Imported { model, .. } = account();
    assert_eq!(ids(&model.connectors, |connector| &connector.id), ["web"]);
    let Egress::Vpc(connector) = &model.services[0].egress else {
        panic!("{:?}", model.services[0]);
    };
    assert_eq!(connector.value, "web");
}

#[test]
fn what_is_not_modelled_is_said_once_with_its_place() {
    let Imported { model, warnings } = account();
    assert_eq!(
        lines(&warnings, &model.sources),
        [
            "route-tables.json:18:74: warning: routes to targets like `vgw-01` are not modelled",
            "security-groups.json:23:34: warning: `sg-db` has this rule only here",
            "endpoints.json:5:28: warning: endpoints of type GatewayLoadBalancer are not modelled",
        ]
    );
}

#[test]
fn the_requests_of_the_app_runner_guide_are_read_as_they_are() {
    let Imported { model, warnings } =
        import::read(&[fixture("request")]).unwrap_or_else(|rejection| panic!("{rejection}"));
    assert_eq!(warnings, []);
    let connector = &model.connectors[0];
    assert_eq!(connector.id.value, "my-vpc-connector");
    assert_eq!(ids(&connector.subnets, |s| s), ["subnet-a", "subnet-b", "subnet-c"]);
    assert_eq!(ids(&connector.security_groups, |g| g), ["sg-1", "sg-2"]);
    let expected = Egress::Vpc("my-vpc-connector".into());
    assert_eq!(model.services[0].egress, expected);
}

#[test]
fn what_aws_makes_in_every_vpc_is_assumed_where_no_file_has_it() {
    let text = r#"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}],
        "Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24",
        "AvailabilityZone": "eu-west-1a", "AvailabilityZoneId": "euw1-az1"}],
        "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "default", "VpcId": "vpc-1"}]}"#;
    let (model, warnings) = read(&[("a.json", text)]).expect("readable");
    let missing = "the main route table, the default network ACL of `vpc-1`";
    assert_eq!(warnings, [format!("a.json:1:21: warning: no file has {missing}")]);
    assert!(model.route_tables[0].main && model.network_acls[0].default);
    assert_eq!((model.security_groups.len(), model.region.as_str()), (1, "eu-west-1"));
}

#[test]
fn the_same_twice_counts_once_and_different_is_a_warning() {
    let one = r#"{"InternetGateways": [{"InternetGatewayId": "igw-1", "Attachments": []}]}"#;
    let (model, warnings) = read(&[("a.json", one), ("b.json", one)]).expect("readable");
    assert_eq!((model.internet_gateways.len(), warnings), (1, vec![]));
    let other = r#"{"InternetGateways": [{"InternetGatewayId": "igw-1",
        "Attachments": [{"VpcId": "vpc-1"}]}]}"#;
    let (model, warnings) = read(&[("a.json", one), ("b.json", other)]).expect("readable");
    assert_eq!(model.internet_gateways[0].vpc, None);
    let warning = "b.json:1:45: warning: `igw-1` is described again, and differently";
    assert_eq!(warnings, [warning]);
}

#[test]
fn a_file_of_unknown_or_partial_lists_warns() {
    let text = "\u{feff}{\"Volcanoes\": [1, {}],\n \"Vpcs\": [], \"NextToken\": \"abc\"}";
    let (_, warnings) = read(&[("a.json", text), ("b.json", text)]).expect("readable");
    assert_eq!(
        warnings,
        [
            "a.json:1:2: warning: `Volcanoes` is not read",
            "a.json:2:27: warning: the list goes on: this is its first part",
            "b.json:2:27: warning: the list goes on: this is its first part",
        ]
    );
}

#[test]
fn bad_values_are_errors_at_their_places() {
    let text = r#"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/40"}],
 "SecurityGroups": [{"GroupId": "sg-1", "VpcId": "vpc-1", "IpPermissions": [
  {"IpProtocol": "tcp", "FromPort": 9, "ToPort": 7, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
  {"IpProtocol": "tpc", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}],
 "NatGateways": [{"NatGatewayId": "nat-1", "AvailabilityMode": "regional", "VpcId": "vpc-1"}]}"#;
    assert_eq!(
        read(&[("a.json", text)]).expect_err("four errors"),
        [
            "40` is not an IPv4 CIDR",
            "a.json:5:64: error: `nat-1` is a regional NAT gateway, which is not modelled",
            "a.json:3:37: error: from 9 to 7 is not a range",
            "a.json:4:18: error: `tpc` is not a protocol",
        ]
    );
}

#[test]
fn a_file_that_is_no_json_is_one_error_and_the_others_are_read() {
    let bad = "{\"Vpcs\": [";
    let errors = read(&[("a.json", bad), ("b.json", "[1]")]).expect_err("two bad files");
    assert_eq!(errors.len(), 2);
    assert!(errors[0].starts_with("a.json:1:10: error: "), "{errors:?}");
    assert!(errors[1].starts_with("b.json:1:1: error: "), "{errors:?}");
}

#[test]
fn paths_without_json_are_errors() {
    let nowhere = import::read(&[PathBuf::from("no/such/folder")]).expect_err("no such folder");
    assert_eq!(nowhere.findings[0].code, "unreadable");
    let errors = read(&[("notes.txt", "hello")]).expect_err("nothing to read");
    assert_eq!(errors.len(), 1);
}

#[test]
fn what_powershell_writes_is_read() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let text = r#"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}"#;
    let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes);
    let bytes: Vec<u8> = [0xff, 0xfe].into_iter().chain(utf16).collect();
    let path = folder.path().join("vpcs.json");
    std::fs::write(&path, bytes).expect("writing the test's file");
    let Imported { model, .. } = import::read(&[path]).expect("readable");
    assert_eq!(model.vpcs[0].id.value, "vpc-1");
}

/// Any prefix of a file, and any file with a byte changed, is read or refused without a panic.
#[test]
fn no_damage_panics() {
    let folder = fixture("account/111122223333/us-east-1");
    for name in ["route-tables.json", "security-groups.json", "joins.json", "interfaces.json"] {
        let text = std::fs::read_to_string(folder.join(name)).expect("the fixture");
        for cut in (0..text.len()).step_by(197) {
            let _ = read(&[("a.json", &text[..cut])]);
            let damaged = format!("{}\u{0}{}", &text[..cut], &text[cut + 1..]);
            let _ = read(&[("a.json", &damaged)]);
            let doubled = format!("{}{{{}", &text[..cut], &text[cut..]);
            let _ = read(&[("a.json", &doubled)]);
        }
    }
}
