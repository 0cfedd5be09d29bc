//! `egret diff` as a user meets it: what a reviewer reads, formats, exit codes, what cannot be compared.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

mod common;

use common::{code, stderr, stdout};

const OLD: &str = "
title: Before
vpc:
  cidr: 10.0.0.0/16
  internet_gateway: true
  subnets:
    app-a:  { az: use1-az1, cidr: 10.0.1.0/24, route_table: private-a }
    app-b:  { az: use1-az2, cidr: 10.0.2.0/24, route_table: private-b, network_acl: edge }
    public: { az: use1-az1, cidr: 10.0.101.0/24, route_table: public }
    data:   { az: use1-az1, cidr: 10.0.11.0/24 }
  route_tables:
    private-a: { 0.0.0.0/0: nat }
    private-b: { 0.0.0.0/0: nat }
    public: { 0.0.0.0/0: internet_gateway }
  nat_gateways:
    nat: { subnet: public, addresses: [198.51.100.10] }
  prefix_lists:
    pl-s3: [198.18.0.0/16]
  network_acls:
    edge:
      egress:  [ { rule: 100, action: allow, cidr: 0.0.0.0/0 } ]
      ingress: [ { rule: 100, action: allow, cidr: 0.0.0.0/0 } ]
  security_groups:
    web:
      egress:
        - { protocol: tcp, ports: 443, to: 0.0.0.0/0 }
        - { protocol: tcp, ports: 5432, to: db }
    db: { ingress: [ { protocol: tcp, ports: 5432, from: web } ], egress: [] }
connectors:
  web: { subnets: [app-a, app-b], security_groups: [web] }
services:
  web: { egress: vpc, connector: web, tasks: 2 }
  worker: { egress: vpc, connector: web, tasks: 2 }
  mail: { egress: default }
  old: { egress: default }
hosts:
  db: { address: 10.0.11.10, security_groups: [db], listen: [tcp/5432] }
  api.example.com: { address: 203.0.113.10, listen: [tcp/443] }
";

/// An endpoint takes S3, the group opens a port and no longer knows the database, and the network ACL
/// of one zone lets in Linux's ephemeral ports only.
fn new() -> String {
    let new = OLD
        .replace("title: Before", "title: After")
        .replace("        - { protocol: tcp, ports: 5432, to: db }\n", "        - { protocol: udp, ports: 53, to: 8.8.8.0/24 }\n")
        .replace("  prefix_lists:", "  endpoints:\n    s3: { type: gateway, service: s3, route_tables: [private-a, private-b], prefix_list: pl-s3 }\n  prefix_lists:")
        .replace("ingress: [ { rule: 100, action: allow, cidr: 0.0.0.0/0 } ]", "ingress: [ { rule: 100, action: allow, protocol: tcp, ports: 32768-60999, cidr: 0.0.0.0/0 } ]")
        .replace("  old: { egress: default }", "  new: { egress: default }");
    assert_ne!(new, OLD);
    new
}

fn egret(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
    command.arg("diff").args(args).current_dir(folder).output().expect("egret runs")
}

/// A folder with both.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("old.yaml"), OLD).expect("a scenario");
    fs::write(folder.path().join("new.yaml"), new()).expect("a scenario");
    folder
}

#[test]
fn a_reviewer_reads_what_changes() {
    let folder = folder();
    let output = egret(folder.path(), &["old.yaml", "new.yaml"]);
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
    insta::assert_snapshot!("text", stdout(&output));
    let output = egret(folder.path(), &["old.yaml", "new.yaml", "--format", "markdown"]);
    insta::assert_snapshot!("markdown", stdout(&output));
    let output = egret(folder.path(), &["old.yaml", "new.yaml", "--reasons", "--from", "web/0"]);
    insta::assert_snapshot!("reasons", stdout(&output));
}

#[test]
fn programs_read_the_same() {
    let folder = folder();
    let output = egret(folder.path(), &["old.yaml", "new.yaml", "--format", "json", "--explain"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&json["added"][0], &json["removed"][0]), (&"new".into(), &"old".into()));
    assert_eq!(json["unchanged"], 1);
    let changed = json["changed"].as_array().expect("sections");
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0]["senders"], serde_json::json!(["web", "worker"]));
    let changes = changed[0]["changes"].as_array().expect("changes");
    let count =
        |kind: &str| changes.iter().filter(|change| change["change"] == kind).count() as u64;
    for kind in ["lost", "gained", "rerouted"] {
        assert!(count(kind) > 0, "{kind}");
        assert_eq!(json[kind].as_u64(), Some(count(kind)), "{kind}");
    }
    let s3 = changes.iter().find(|change| change["change"] == "rerouted");
    let s3 = s3.expect("the endpoint");
    assert_eq!(
        (&s3["destinations"][0], &s3["ports"][0]["from"]),
        (&"198.18.0.0/16".into(), &443.into())
    );
    assert_eq!(s3["from"][0]["was"][0]["way"][0]["name"], "nat");
    assert_eq!(s3["from"][0]["now"][0]["way"][0]["name"], "s3");
    let [was, now] = ["was", "now"].map(|side| s3["example"]["explanation"][side].as_str());
    assert!(was.expect("a text").contains("nat-gateway nat"), "{was:?}");
    assert!(now.expect("a text").contains("vpc-endpoint s3"), "{now:?}");
}

/// The command that a row names says what the row does.
#[test]
fn an_example_can_be_looked_at() {
    let folder = folder();
    let output = egret(folder.path(), &["old.yaml", "new.yaml", "--format", "json"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mut looked_at = 0;
    for change in json["changed"][0]["changes"].as_array().expect("changes") {
        let Some(command) = change["example"]["command"].as_str() else { continue };
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
        let output = command.args(words).current_dir(folder.path()).output().expect("egret runs");
        let expected = if change["change"] == "lost" { 1 } else { 0 };
        assert_eq!(code(&output), expected, "{change}");
        looked_at += 1;
    }
    assert!(looked_at >= 2, "{looked_at}");
}

#[test]
fn a_change_can_be_a_failure() {
    let folder = folder();
    let run =
        |args: &[&str]| code(&egret(folder.path(), &[&["old.yaml", "new.yaml"], args].concat()));
    for kind in ["lost", "gained", "rerouted", "any"] {
        assert_eq!(run(&["--fail-on", kind]), 1, "{kind}");
    }
    assert_eq!(run(&["--fail-on", "lost,gained", "--from", "mail"]), 0);
    assert_eq!(run(&["--fail-on", "any", "--from", "mail"]), 0);
    assert_eq!(run(&["--fail-on", "any", "--from", "old"]), 1);
    assert_eq!(run(&["--fail-on", "nothing"]), 2);
    // The other way round everything that is lost is gained.
    let back =
        egret(folder.path(), &["new.yaml", "old.yaml", "--from", "web", "--fail-on", "lost"]);
    assert_eq!(code(&back), 1);
}

#[test]
fn what_is_equal_has_no_difference() {
    let folder = folder();
    fs::write(folder.path().join("same.yaml"), OLD).expect("a scenario");
    let output = egret(folder.path(), &["old.yaml", "same.yaml", "--reasons", "--fail-on", "any"]);
    assert_eq!(
        (code(&output), stdout(&output)),
        (0, "Nothing changes for 4 senders.\n".to_owned())
    );
}

#[test]
fn what_cannot_be_compared_is_said() {
    let folder = folder();
    fs::write(folder.path().join("bad.yaml"), "title: x\nservicez: {}\n").expect("a file");
    for (args, says) in [
        (&["old.yaml", "./old.yaml"][..], "OLD and NEW are both old.yaml"),
        (&["old.yaml", "nowhere.yaml"], "nowhere.yaml"),
        (&["bad.yaml", "new.yaml"], "bad.yaml:2:1"),
        (&["old.yaml", "new.yaml", "--from", "wep"], "wep"),
        (&["old.yaml"], "NEW"),
    ] {
        let output = egret(folder.path(), args);
        assert_eq!(code(&output), 2, "{args:?}: {output:?}");
        assert!(stderr(&output).contains(says), "{args:?}: {}", stderr(&output));
        assert!(stdout(&output).is_empty(), "{args:?}");
    }
}
