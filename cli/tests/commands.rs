//! The command line as a user meets it: exit codes, bad input of each kind, output formats.

use std::path::Path;
use std::process::{Command, Output, Stdio};

mod common;

use common::{code, stderr, stdout};

const GOOD: &str = "../scenarios/01-nat-over-three-zones";

fn egret(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_egret")).args(args).output().expect("egret runs")
}

fn explain(args: &[&str]) -> Output {
    egret(&[&["explain", GOOD], args].concat())
}

#[test]
fn delivered_is_0_dropped_is_1_and_no_reply_is_1() {
    assert_eq!(code(&explain(&["--from", "web", "--to", "api.example.com:443"])), 0);
    assert_eq!(code(&explain(&["--from", "web", "--to", "api.example.com:80"])), 1);
    let no_reply = "../scenarios/05-acl-without-ephemeral-ports";
    let output = egret(&["explain", no_reply, "--from", "web", "--to", "api.example.com:443"]);
    assert_eq!(code(&output), 1);
}

#[test]
fn a_wrong_name_is_2_with_a_suggestion() {
    let output = explain(&["--from", "wep", "--to", "api.example.com:443"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("did you mean `web`?"), "{}", stderr(&output));
    let output = explain(&["--from", "web", "--to", "api.example.co:443"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("did you mean `api.example.com`?"), "{}", stderr(&output));
    let output = explain(&["--from", "web/9", "--to", "api.example.com:443"]);
    assert!(stderr(&output).contains("3 tasks, numbered from 0"), "{}", stderr(&output));
}

#[test]
fn wrong_usage_is_2() {
    for args in [
        &["--from", "web"][..],
        &["--from", "web", "--to", "api.example.com:https"],
        &["--from", "web", "--to", "10.0.0.1", "--protocol", "tpc"],
        &["--from", "web", "--to", "10.0.0.1", "--icmp", "8/999"],
        &["--from", "web", "--to", "10.0.0.1", "--format", "xml"],
    ] {
        let output = explain(args);
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(!stderr(&output).is_empty());
    }
    assert_eq!(code(&egret(&[])), 2);
    assert_eq!(code(&egret(&["check"])), 2);
}

#[test]
fn a_missing_file_is_2_and_named() {
    let output = egret(&["check", "no-such-scenario"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("no-such-scenario"), "{}", stderr(&output));
}

#[test]
fn errors_have_file_line_and_column_and_advice() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("scenario.yaml");
    let text = "title: x\nvpc:\n  cidr: 10.0.0.0/16\n  subnets:\n    a: { az: use1-az1, cidr: 10.1.0.0/24 }\n";
    std::fs::write(&path, text).expect("a file");
    let output = egret(&["check", &path.display().to_string()]);
    assert_eq!(code(&output), 2);
    let expected =
        format!("{}:5:30: error: subnet `a` (10.1.0.0/24) is not in VPC `vpc`", path.display());
    assert!(stderr(&output).starts_with(&expected), "{}", stderr(&output));
    assert!(stderr(&output).contains("help: the VPC has 10.0.0.0/16"));
    assert_eq!(stdout(&output), "1 error, 0 warnings.\n");
    // explain refuses the same file for the same reason.
    let from = ["explain", &path.display().to_string(), "--from", "a", "--to", "10.0.0.1:1"];
    assert_eq!(code(&egret(&from)), 2);
}

#[test]
fn broken_yaml_is_one_error_at_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("scenario.yaml");
    for (text, place) in [("title: [\n", ":"), ("title: x\nvcp: {}\n", ":2:1:"), ("", ":")] {
        std::fs::write(&path, text).expect("a file");
        let output = egret(&["check", &path.display().to_string()]);
        assert_eq!(code(&output), 2, "{text:?}");
        assert!(stderr(&output).contains(place), "{text:?}: {}", stderr(&output));
    }
}

#[test]
fn check_says_findings_as_json() {
    let output = egret(&["check", "../scenarios/03-public-subnet-trap", "--format", "json"]);
    assert_eq!(code(&output), 0);
    let findings: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let first = &findings["findings"][0];
    assert_eq!(first["code"], "public-connector-subnet");
    assert_eq!((&first["line"], &first["severity"]), (&16.into(), &"warning".into()));
}

#[test]
fn a_folder_of_describe_json_is_a_scenario_of_its_own() {
    let aws = "../scenarios/18-documentation-example/aws";
    let connector = "../scenarios/18-documentation-example/vpc-connector.json";
    let service = "../scenarios/18-documentation-example/service.json";
    let output = egret(&["explain", aws, "--from", "orders-db", "--to", "10.0.1.50:443"]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    let imports = ["--import", aws, "--import", connector, "--import", service];
    let question = ["--from", "my-vpc-connected-service", "--to", "203.0.113.10:443"];
    let output = egret(&[&["explain"][..], &imports, &question].concat());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).contains("nat-gateway nat-1"), "{}", stdout(&output));
    let two = egret(&["check", "../scenarios/20-two-accounts/aws_configs"]);
    assert_eq!(code(&two), 0, "{}", stderr(&two));
}

#[test]
fn all_lists_everything_in_the_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = std::fs::read_to_string(Path::new(GOOD).join("scenario.yaml")).expect("a scenario");
    let text = good
        .replace("ports: 443", "ports: 80")
        .replace("route_table: private-a }", "route_table: private-a, network_acl: shut }")
        .replace(
            "  security_groups:",
            "  network_acls:\n    shut: { egress: [], ingress: [] }\n  security_groups:",
        );
    let path = folder.path().join("scenario.yaml");
    std::fs::write(&path, text).expect("a file");
    let path = path.display().to_string();
    let question = ["--from", "web", "--to", "203.0.113.10:443", "--format", "json"];
    let codes = |output: &Output| {
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let list = json["Explanations"].as_array().expect("a list").clone();
        list.iter()
            .map(|e| e["Egret"]["Reason"].as_str().unwrap_or("").to_owned())
            .collect::<Vec<_>>()
    };
    let first = egret(&[&["explain", &path][..], &question].concat());
    assert_eq!(codes(&first), ["security-group-egress"]);
    let all = egret(&[&["explain", &path, "--all"][..], &question].concat());
    assert_eq!(codes(&all), ["security-group-egress", "network-acl-egress", "network-acl-ingress"]);
    assert_eq!(code(&all), 1);
}

#[test]
fn protocols_and_icmp_types() {
    let ping = explain(&["--from", "web", "--to", "203.0.113.10", "--icmp", "8/0"]);
    assert!(stdout(&ping).contains("icmp 8/0"), "{}", stdout(&ping));
    let gre = explain(&["--from", "web", "--to", "203.0.113.10", "--protocol", "47"]);
    assert!(stdout(&gre).contains("protocol 47"), "{}", stdout(&gre));
    let udp = explain(&["--from", "web", "--to", "resolver", "--protocol", "udp"]);
    assert_eq!(code(&udp), 0, "{}", stdout(&udp));
    let port = explain(&["--from", "web", "--to", "api.example.com:443", "--source-port", "55555"]);
    assert!(stdout(&port).contains("100.64.0.1:55555"), "{}", stdout(&port));
}

#[test]
fn colour_is_asked_for_or_absent() {
    let question = ["--from", "web", "--to", "api.example.com:443"];
    assert!(!stdout(&explain(&question)).contains('\u{1b}'));
    let coloured = explain(&[&question[..], &["--color", "always"]].concat());
    assert!(stdout(&coloured).contains('\u{1b}'));
}

#[test]
fn version_schema_and_completions_are_printed() {
    assert!(stdout(&egret(&["--version"])).starts_with("egret "));
    let schema: serde_json::Value =
        serde_json::from_slice(&egret(&["schema"]).stdout).expect("JSON");
    assert!(schema["properties"]["vpc"].is_object());
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(stdout(&egret(&["completions", shell])).contains("explain"), "{shell}");
    }
}

/// `egret schema | head -1` is no failure.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_egret"))
        .arg("schema")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("egret runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("egret ends");
    assert_eq!(stderr(&output), "");
    assert_eq!(code(&output), 0);
}

/// A route to a peering that no group lets anything through to, and a group that nobody uses.
#[test]
fn check_notes_what_no_packet_comes_to() {
    let text = "
title: Notes
vpc:
  cidr: 10.0.0.0/16
  internet_gateway: true
  subnets:
    app:    { az: use1-az1, cidr: 10.0.1.0/24, route_table: private }
    public: { az: use1-az1, cidr: 10.0.101.0/24, route_table: public }
  route_tables:
    private: { 0.0.0.0/0: nat, 198.51.100.0/24: nat }
    public: { 0.0.0.0/0: internet_gateway }
  nat_gateways:
    nat: { subnet: public, addresses: [198.51.100.10] }
  security_groups:
    web: { egress: [ { protocol: tcp, ports: 443, to: 203.0.113.0/24 } ] }
    spare:
      egress:
        - { protocol: tcp, ports: 22, to: 10.0.0.0/8 }
        - { protocol: tcp, ports: 25, to: 10.0.0.0/8 }
connectors:
  web: { subnets: [app], security_groups: [web] }
services:
  web: { egress: vpc, connector: web }
";
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("scenario.yaml"), text).expect("written");
    let path = folder.path().join("scenario.yaml").display().to_string();
    let output = egret(&["check", &path]);
    assert_eq!(code(&output), 0, "{output:?}");
    let said = stdout(&output);
    let (_, notes) = said.split_once("No packet of a service or host comes to\n").expect("notes");
    assert!(notes.contains("  private 198.51.100.0/24, to nat-gateway nat  ["), "{notes}");
    assert!(notes.contains("  all 2 security group rules of spare egress  ["), "{notes}");
    assert!(!notes.contains("web egress") && !notes.contains("0.0.0.0/0"), "{notes}");
    let output = egret(&["check", &path, "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(json["unmet"][0]["line"].as_u64().map(|line| line > 1), Some(true), "{json:#}");
}
