//! `egret test` and `egret reach` as a user meets them: exit codes, formats, what is proved.

use std::fs;

use serde_json::Value;

mod common;

use common::{code, egret, stdout};

const SCENARIO: &str = "
title: Two zones, of which one has a narrow network ACL
vpc:
  cidr: 10.0.0.0/16
  internet_gateway: true
  subnets:
    app-a:  { az: use1-az1, cidr: 10.0.1.0/24, route_table: private }
    app-b:  { az: use1-az2, cidr: 10.0.2.0/24, route_table: private, network_acl: narrow }
    public: { az: use1-az1, cidr: 10.0.101.0/24, route_table: public }
  route_tables:
    private: { 0.0.0.0/0: nat }
    public:  { 0.0.0.0/0: internet_gateway }
  nat_gateways:
    nat: { subnet: public, addresses: [198.51.100.10, 198.51.100.11] }
  network_acls:
    narrow:
      egress:  [ { rule: 100, action: allow, cidr: 0.0.0.0/0 } ]
      # Linux's ephemeral ports, which a shared ENI does not keep to.
      ingress: [ { rule: 100, action: allow, protocol: tcp, ports: 32768-60999, cidr: 0.0.0.0/0 } ]
  security_groups:
    web: { egress: [ { protocol: tcp, ports: 443, to: 0.0.0.0/0 } ] }
connectors:
  web: { subnets: [app-a, app-b], security_groups: [web] }
services:
  web: { egress: vpc, connector: web, tasks: 2 }
hosts:
  api.example.com: { address: 203.0.113.10, listen: [tcp/443] }
expect:
  - { from: web/0, to: \"api.example.com:443\", outcome: delivered }
  - { from: \"*\", to: \"api.example.com:80\", outcome: dropped }
";

/// Expectations of which the second fails: from the narrow zone, at some ports.
const SUITE: &str = "
expect:
  - { name: from the wide zone, from: web/0, to: \"internet:443\", except: [198.51.100.10/31], outcome: delivered }
  - { name: from everywhere, from: web, to: \"internet:443\", except: [198.51.100.10/31], outcome: delivered }
  - { name: nothing but HTTPS, from: web, to: 10.0.0.0/8, protocol: all, except: [resolver], outcome: dropped }
";

/// A folder with the scenario and the expectations.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("scenario.yaml"), SCENARIO).expect("a scenario");
    fs::write(folder.path().join("web.egret.yaml"), SUITE).expect("expectations");
    folder
}

/// Without the time that it took.
fn timeless(text: &str) -> String {
    let lines = text.lines().map(|line| line.split(" of packets in ").next().unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_failure_is_shown_by_its_smallest_packet() {
    let folder = folder();
    let output = egret(folder.path(), &["test"]);
    assert_eq!(code(&output), 1, "{output:?}");
    insta::assert_snapshot!(timeless(&stdout(&output)));
}

#[test]
fn formats_for_machines_say_where() {
    let folder = folder();
    let of = |format: &str| stdout(&egret(folder.path(), &["test", "--format", format]));
    insta::assert_snapshot!("tap", of("tap"));
    insta::assert_snapshot!("github", of("github"));

    let json: Value = serde_json::from_str(&of("json")).expect("JSON");
    assert_eq!((&json["passed"], &json["failed"]), (&4.into(), &1.into()));
    let failed =
        json["cases"].as_array().expect("cases").iter().find(|case| case["passed"] == false);
    let failed = failed.expect("one failure");
    assert_eq!(failed["place"]["line"], 4);
    // The entry of the network ACL that does not have the port.
    assert!(failed["explanation"].as_str().expect("a text").contains("network-acl narrow"));

    let sarif: Value = serde_json::from_str(&of("sarif")).expect("JSON");
    let result = &sarif["runs"][0]["results"][0];
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "web.egret.yaml");
    assert_eq!(place["region"]["startLine"], 4);
    assert_eq!(sarif["version"], "2.1.0");

    let junit = of("junit");
    assert!(junit.starts_with("<?xml"), "{junit}");
    assert!(junit.contains("tests=\"5\"") && junit.contains("failures=\"1\""), "{junit}");
}

#[test]
fn what_is_run_can_be_chosen() {
    let folder = folder();
    let run = |args: &[&str]| egret(folder.path(), &[&["test"], args].concat());
    let listed = stdout(&run(&["--list"]));
    assert_eq!(listed.lines().count(), 5, "{listed}");
    assert!(listed.contains("web.egret.yaml:3:5: from the wide zone"), "{listed}");
    assert_eq!(code(&run(&["--filter", "wide zone"])), 0);
    assert_eq!(code(&run(&["--filter", "scenario.yaml"])), 0);
    assert_eq!(code(&run(&["scenario.yaml"])), 0);
    let stopped = stdout(&run(&["web.egret.yaml", "--fail-fast"]));
    assert!(stopped.contains("1 passed, 1 failed"), "{stopped}");
}

#[test]
fn no_test_is_4_and_bad_input_2() {
    let folder = folder();
    let run = |args: &[&str]| egret(folder.path(), &[&["test"], args].concat());
    assert_eq!(code(&run(&["--filter", "nothing is called so"])), 4);
    let empty = tempfile::tempdir().expect("a folder");
    assert_eq!(code(&egret(empty.path(), &["test"])), 4);
    assert_eq!(code(&run(&["not-there.egret.yaml"])), 2);
    for (text, says) in [
        ("expect:\n- { from: wep, to: \"a:1\", outcome: dropped }\n", "bad.egret.yaml:2:11:"),
        ("expect:\n- { from: web, to: \"a:9-1\", outcome: dropped }\n", "is not a target"),
        ("expect:\n- { from: web, to: \"a:1\", outcome: droped }\n", "did you mean `dropped`?"),
        ("expect:\n- { from: web, to: a, outcome: dropped }\n", "`a:all`"),
        ("scenario: nowhere.yaml\nexpect: []\n", "nowhere.yaml"),
        ("expects: []\n", "expects"),
    ] {
        fs::write(folder.path().join("bad.egret.yaml"), text).expect("a file");
        let output = run(&["bad.egret.yaml"]);
        assert_eq!(code(&output), 2, "{text}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(says), "{text}: {said}");
    }
}

#[test]
fn what_is_expected_of_no_packet_fails() {
    let folder = folder();
    let text =
        "expect:\n- { from: web, to: \"10.0.0.0/8:1\", except: 10.0.0.0/8, outcome: dropped }\n";
    fs::write(folder.path().join("none.egret.yaml"), text).expect("a file");
    let output = egret(folder.path(), &["test", "none.egret.yaml"]);
    assert_eq!(code(&output), 1);
    assert!(stdout(&output).contains("no packet is left"), "{}", stdout(&output));
}

#[test]
fn reach_says_everything_and_by_which_way() {
    let folder = folder();
    let output = egret(folder.path(), &["reach", ".", "--from", "web"]);
    assert_eq!(code(&output), 0);
    insta::assert_snapshot!("reach", stdout(&output));
    let json = egret(folder.path(), &["reach", ".", "--from", "web/0", "--format", "json"]);
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let rows = json["reaches"].as_array().expect("rows");
    let by_nat = rows.iter().find(|row| row["ways"][0][0] == "nat").expect("the internet");
    assert_eq!((&by_nat["surety"], &by_nat["ports"][0]["to"]), (&"always".into(), &443.into()));
    assert_eq!(code(&egret(folder.path(), &["reach", ".", "--from", "wep"])), 2);
}
