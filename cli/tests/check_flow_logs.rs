//! `egret check --flow-logs` as a user meets it: what is used, what is not, what the log contradicts,
//! and what cannot be read.

use std::collections::BTreeMap;
use std::fs;
use std::process::Output;

use serde_json::Value;

mod common;

use common::{code, egret, stderr, stdout};

const SCENARIO: &str = "\
title: A service, a database and the internet
vpc:
  cidr: 10.0.0.0/16
  internet_gateway: true
  subnets:
    app:    { az: use1-az1, cidr: 10.0.1.0/24, route_table: private, network_acl: app }
    data:   { az: use1-az1, cidr: 10.0.11.0/24, route_table: local }
    public: { az: use1-az1, cidr: 10.0.101.0/24, route_table: public }
  route_tables:
    private: { 0.0.0.0/0: nat, 192.0.2.0/24: nat }
    local:   {}
    public:  { 0.0.0.0/0: internet_gateway }
  nat_gateways:
    nat: { subnet: public, addresses: [198.51.100.10] }
  network_acls:
    app:
      egress:
        - { rule: 100, action: deny, protocol: tcp, ports: 443, cidr: 203.0.113.66/32 }
        - { rule: 200, action: allow, cidr: 0.0.0.0/0 }
      ingress:
        - { rule: 100, action: allow, protocol: tcp, ports: 1024-65535, cidr: 0.0.0.0/0 }
        - { rule: 200, action: allow, protocol: udp, ports: 1024-65535, cidr: 0.0.0.0/0 }
  security_groups:
    web:
      egress:
        - { protocol: tcp, ports: 443, to: 0.0.0.0/0 }
        - { protocol: tcp, ports: 5432, to: db }
        - { protocol: udp, ports: 123, to: 0.0.0.0/0 }
    db:
      ingress:
        - { protocol: tcp, ports: 5432, from: web }
        - { protocol: tcp, ports: 22, from: 10.0.0.0/16 }
      egress: []
    idle: { ingress: [ { protocol: tcp, ports: 80, from: 0.0.0.0/0 } ] }
connectors:
  web: { subnets: [app], security_groups: [web] }
services:
  web: { egress: vpc, connector: web }
hosts:
  db: { address: 10.0.11.10, security_groups: [db], listen: [tcp/5432] }
  api.example.com: { address: 203.0.113.10, listen: [tcp/443] }
";

/// Version 2, as AWS writes it: no direction, no packet addresses.
const LOG: &str = "\
version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status
2 111122223333 eni-app-web 10.0.1.4 203.0.113.10 40001 443 6 10 1000 1767225600 1767225660 ACCEPT OK
2 111122223333 eni-app-web 203.0.113.10 10.0.1.4 443 40001 6 12 9000 1767225600 1767225660 ACCEPT OK
2 111122223333 eni-0aaaa 10.0.1.4 10.0.101.4 40001 443 6 10 1000 1767225600 1767225660 ACCEPT OK
2 111122223333 eni-0aaaa 10.0.101.4 203.0.113.10 50001 443 6 10 1000 1767225600 1767225660 ACCEPT OK
2 111122223333 eni-0aaaa 203.0.113.10 10.0.101.4 443 50001 6 12 9000 1767225600 1767225660 ACCEPT OK
2 111122223333 eni-0aaaa 10.0.101.4 10.0.1.4 443 40001 6 12 9000 1767225600 1767225660 ACCEPT OK
2 111122223333 eni-app-web 10.0.1.4 10.0.11.10 40002 5432 6 5 500 1767225600 1767225660 ACCEPT OK
2 111122223333 eni-app-web 10.0.11.10 10.0.1.4 5432 40002 6 5 700 1767225600 1767225660 ACCEPT OK
2 111122223333 db 10.0.1.4 10.0.11.10 40002 5432 6 5 500 1767225600 1767225660 ACCEPT OK
2 111122223333 db 10.0.11.10 10.0.1.4 5432 40002 6 5 700 1767225600 1767225660 ACCEPT OK
2 111122223333 eni-app-web 10.0.1.4 203.0.113.66 40003 443 6 1 60 1767225700 1767225701 REJECT OK
2 111122223333 eni-app-web 10.0.1.4 203.0.113.67 40004 443 6 1 60 1767225700 1767225701 REJECT OK
2 111122223333 eni-app-web 10.0.1.4 203.0.113.10 40005 80 6 9 900 1767225700 1767225701 ACCEPT OK
2 111122223333 eni-app-web 2001:db8::1 2001:db8::2 40005 80 6 9 900 1767225700 1767225701 ACCEPT OK
2 111122223333 eni-0stranger 172.16.0.1 172.16.0.2 1 2 6 1 1 1 2 ACCEPT OK
2 111122223333 db 10.0.9.9 10.0.11.10 40006 22 6 1 60 1767225700 1767225701 ACCEPT OK
2 111122223333 db - - - - - - - 1767225600 1767225660 - NODATA
";

fn json(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).unwrap_or_else(|_| panic!("{}", stderr(output)))
}

/// A folder with the scenario, and a log of these lines.
fn folder(log: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("scenario.yaml"), SCENARIO).expect("a file");
    fs::write(folder.path().join("flow.log"), log).expect("a file");
    folder
}

/// The flows of each rule, by its words.
fn flows(document: &Value) -> BTreeMap<String, u64> {
    let rules = document["flow_logs"]["rules"].as_array().expect("rules").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rules
        .map(|rule| {
            let words = format!("{}: {}", text(&rule["name"]), text(&rule["rule"]));
            (words, rule["flows"].as_u64().expect("a number"))
        })
        .collect()
}

#[test]
fn a_log_says_what_is_used_what_is_not_and_what_has_changed() {
    let folder = folder(LOG);
    let output = egret(folder.path(), &["check", ".", "--flow-logs", "flow.log"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    insta::assert_snapshot!(stdout(&output));
    let output =
        egret(folder.path(), &["check", ".", "--flow-logs", "flow.log", "--format", "json"]);
    let text = serde_json::to_string_pretty(&json(&output)["flow_logs"]).expect("JSON");
    insta::assert_snapshot!("a_log_as_json", text);
}

/// The client's interface sees a flow once each way, the gateway's four times, the database's twice.
#[test]
fn a_flow_counts_once_whoever_else_has_seen_it() {
    let of = |keep: &dyn Fn(&str) -> bool| {
        let lines = LOG.lines().enumerate().filter(|(at, line)| *at == 0 || keep(line));
        let log: Vec<&str> = lines.map(|(_, line)| line).collect();
        let folder = folder(&log.join("\n"));
        let args = ["check", ".", "--flow-logs", "flow.log", "--format", "json"];
        flows(&json(&egret(folder.path(), &args)))
    };
    let (https, db) = ("web: tcp 443 to 0.0.0.0/0", "db: tcp 5432 from group web");
    let all =
        of(&|line| line.contains(" 4000") && line.contains("ACCEPT") && !line.contains(" 80 "));
    assert_eq!((all[https], all[db], all["nat: "]), (1, 1, 1));
    let client = of(&|line| line.contains("eni-app-web") && line.contains(" 4000"));
    assert_eq!(client[db], 1);
    // The receiver's log alone says it as well.
    let receiver = of(&|line| line.contains(" db "));
    assert_eq!((receiver[db], receiver["web: tcp 5432 to group db"]), (1, 1));
}

#[test]
fn what_cannot_be_read_is_2_with_its_place_unless_it_may_be() {
    let log =
        LOG.replace("eni-app-web 10.0.1.4 203.0.113.10 40001", "eni-app-web 10.0.1 203.0.113.10 x");
    let folder = folder(&log);
    let args = ["check", ".", "--flow-logs", "flow.log"];
    let output = egret(folder.path(), &args);
    assert_eq!(code(&output), 2);
    assert!(
        stderr(&output).contains("flow.log:2: srcaddr is `10.0.1`, no address"),
        "{}",
        stderr(&output)
    );
    assert!(stdout(&output).contains("1 record that cannot be read"), "{}", stdout(&output));
    let output = egret(folder.path(), &[&args[..], &["--skip-malformed"]].concat());
    assert_eq!(code(&output), 0);
}

#[test]
fn bad_input_is_2_and_says_what_to_do() {
    let folder = folder(LOG);
    fs::create_dir(folder.path().join("empty")).expect("a folder");
    for (args, says) in [
        (&["nowhere.log"][..], "egret: nowhere.log: "),
        (&["empty"], "there is no flow log: a file whose name ends in .log, .gz"),
        (&["flow.log", "--flow-log-format", "${srcadr}"], "did you mean `srcaddr`?"),
        (&["flow.log", "--fail-on", "everything"], "possible values: unused, contradiction"),
    ] {
        let output = egret(folder.path(), &[&["check", ".", "--flow-logs"], args].concat());
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
    let output = egret(folder.path(), &["check", ".", "--skip-malformed"]);
    assert_eq!(code(&output), 2, "it needs flow logs");
}

#[test]
fn what_is_found_is_1_where_that_is_asked_for() {
    let folder = folder(LOG);
    let args = ["check", ".", "--flow-logs", "flow.log", "--fail-on"];
    for (what, log, expected) in [
        ("unused", LOG, 1),
        ("contradiction", LOG, 1),
        ("contradiction", LOG.lines().next().expect("a header"), 0),
        ("unused,contradiction", LOG.lines().next().expect("a header"), 0),
    ] {
        fs::write(folder.path().join("flow.log"), log).expect("a file");
        assert_eq!(code(&egret(folder.path(), &[&args[..], &[what]].concat())), expected, "{what}");
    }
}

/// Everything that Egret logs of a run is explained by the configuration that it ran on, and the rules
/// that are counted are those that decided in the run.
#[test]
fn what_a_run_logs_is_what_the_configuration_says() {
    let format = "${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} \
                  ${bytes} ${start} ${end} ${action} ${log-status} ${flow-direction} ${pkt-srcaddr} \
                  ${pkt-dstaddr} ${tcp-flags} ${egret-rule}";
    // Half a million packets and more take their time.
    let large = ["24-port-exhaustion", "25-second-nat-address", "31-noisy-neighbour"];
    let mut seen = 0;
    for entry in fs::read_dir("../scenarios").expect("scenarios") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(path.join("scenario.yaml")).unwrap_or_default();
        if !text.contains("\ntraffic:") || large.contains(&&*name) {
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("flow.log");
        let scenario = fs::canonicalize(&path).expect("a folder").to_string_lossy().into_owned();
        let args = ["run", &scenario, "--flow-logs", "flow.log", "--flow-log-format", format];
        assert_eq!(code(&egret(folder.path(), &args)), 0, "{name}");
        let args = ["check", &scenario, "--flow-logs", "flow.log", "--format", "json"];
        let document = json(&egret(folder.path(), &args));
        let contradictions = document["flow_logs"]["contradictions"].as_array().expect("a list");
        // What its timeline changes is not what was configured at first.
        let expected = usize::from(name == "27-rule-revoked-or-denied");
        assert_eq!(contradictions.len(), expected, "{name}: {contradictions:#?}");
        let log = fs::read_to_string(log).expect("a log");
        agrees(&name, &log, &document);
        seen += 1;
    }
    assert!(seen >= 7, "{seen} lessons");
}

/// Each outbound rule of a group carries the flows that the log names it for. No rule is named by
/// records of tracked packets alone, of packets that were refused, and of those that are lost with the
/// zone of their interface.
fn agrees(name: &str, log: &str, document: &Value) {
    let mut named: BTreeMap<String, u64> = BTreeMap::new();
    let mut unnamed = 0;
    for line in log.lines().skip(1).filter(|line| line.contains(" egress ")) {
        let rule = line.rsplit(' ').next().expect("a word").replace('_', " ");
        match rule.strip_prefix("allowed by ") {
            Some(rule) => *named.entry(rule.to_owned()).or_default() += 1,
            None if line.starts_with("eni-") => unnamed += 1,
            None => {}
        }
    }
    let rules = document["flow_logs"]["rules"].as_array().expect("rules").iter();
    let outbound = rules.filter(|rule| {
        let words = rule["rule"].as_str().unwrap_or_default();
        rule["kind"] == "security-group" && words.contains(" to ")
    });
    let mut more = 0;
    for rule in outbound {
        let words = format!(
            "{} ({})",
            rule["rule"].as_str().expect("words"),
            rule["name"].as_str().expect("a name")
        );
        let (flows, named) =
            (rule["flows"].as_u64().expect("a number"), named.remove(&words).unwrap_or(0));
        assert!(
            flows >= named,
            "{name}: {words} carries {flows}, and the log names it {named} times"
        );
        more += flows - named;
    }
    assert!(named.is_empty(), "{name}: {named:?} are named and not counted");
    assert!(more <= unnamed, "{name}: {more} flows that no record of {unnamed} says");
}
