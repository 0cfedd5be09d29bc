//! `egret run` as a user meets it: the same bytes twice, files of every kind, exit codes, bad input.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

mod common;

use common::{code, stderr};

const IDLE: &str = "../scenarios/22-idle-connection";

/// Everything that can happen to packets, in one scenario: loss, jitter, a limit, a change.
const BUSY: &str = "
title: Everything at once
vpc:
  cidr: 10.0.0.0/16
  internet_gateway: true
  subnets:
    app:    { az: use1-az1, cidr: 10.0.1.0/24, route_table: private }
    public: { az: use1-az1, cidr: 10.0.101.0/24, route_table: public }
  route_tables:
    private: { 0.0.0.0/0: nat }
    public:  { 0.0.0.0/0: internet_gateway }
  nat_gateways:
    nat: { subnet: public, addresses: [198.51.100.10] }
  security_groups:
    web: { egress: [ { protocol: all, to: 0.0.0.0/0 } ] }
connectors:
  web: { subnets: [app], security_groups: [web] }
services:
  web: { egress: vpc, connector: web, tasks: 5 }
hosts:
  api.example.com: { address: 203.0.113.10, listen: [tcp/443, udp/5000] }
links:
  internet: { loss: 2%, jitter: 5ms, reorder: 1% }
traffic:
  - { from: web, to: \"api.example.com:443\", connections: 40, rate: 20/s, requests: 3, response: 20KiB }
  - { from: web, to: \"api.example.com:443\", connections: 5, dns: true, at: 1s }
timeline:
  - at: 2s
    title: nothing is allowed any more
    change: { vpc: { security_groups: { web: { egress: [] } } } }
";

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
    command.arg("run").args(args).output().expect("egret runs")
}

/// Everything that a run writes, in files of a folder of its own; its standard output is last.
fn written(folder: &Path, scenario: &str, more: &[&str]) -> Vec<(&'static str, Vec<u8>)> {
    fs::create_dir_all(folder).expect("a folder");
    let names = ["run.pcapng", "flows.log", "metrics.json"];
    let [pcap, flow_logs, metrics] = names.map(|name| folder.join(name).display().to_string());
    let outputs =
        ["--pcap", &pcap, "--flow-logs", &flow_logs, "--metrics", &metrics, "--format", "json"];
    let output = run(&[&[scenario], &outputs[..], &["--events"], more].concat());
    assert_eq!((code(&output), &stderr(&output)[..]), (0, ""), "{output:?}");
    let files = names.map(|name| (name, fs::read(folder.join(name)).expect("a file")));
    files.into_iter().chain([("standard output", output.stdout)]).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("busy.yaml");
    fs::write(&path, BUSY).expect("a scenario");
    let scenario = path.to_str().expect("UTF-8");
    for workers in ["1", "3"] {
        let of = |name: &str, seed| {
            written(&folder.path().join(name), scenario, &["--workers", workers, "--seed", seed])
        };
        let (one, again, other) = (of("one", "7"), of("again", "7"), of("other", "8"));
        for ((name, bytes), (_, others)) in one.iter().zip(&again) {
            assert!(!bytes.is_empty(), "{name} is empty");
            assert!(bytes == others, "{workers} workers: {name} differs between two runs");
        }
        assert!(one[0].1 != other[0].1, "another seed, and the same capture");
    }
}

#[test]
fn how_many_workers_share_the_flows_changes_nothing_that_is_not_by_chance() {
    let folder = tempfile::tempdir().expect("a folder");
    let of =
        |name: &str, workers| written(&folder.path().join(name), IDLE, &["--workers", workers]);
    let (one, four) = (of("one", "1"), of("four", "4"));
    let traffic = |outputs: &[(&str, Vec<u8>)]| {
        let text = String::from_utf8(outputs[3].1.clone()).expect("UTF-8");
        let report = text.split_once("\n{\n").expect("events, then the report").1;
        let report: serde_json::Value =
            serde_json::from_str(&format!("{{{report}")).expect("a report");
        report["traffic"].clone()
    };
    assert_eq!(traffic(&one), traffic(&four));
}

#[test]
fn files_are_of_the_kind_that_their_name_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |option: &str, name: &str| {
        let path = folder.path().join(name);
        let output = run(&[IDLE, option, path.to_str().expect("UTF-8")]);
        assert_eq!(code(&output), 0, "{output:?}");
        fs::read(path).expect("a file")
    };
    assert!(write("--flow-logs", "a.log").starts_with(b"version account-id interface-id "));
    assert!(write("--flow-logs", "a.log.gz").starts_with(&[0x1f, 0x8b]));
    assert!(write("--flow-logs", "a.parquet").starts_with(b"PAR1"));
    assert!(write("--metrics", "a.json").starts_with(b"{"));
    assert!(write("--metrics", "a.prom").ends_with(b"# EOF\n"));
    // The block that begins a section, in the byte order of the machine.
    assert!(write("--pcap", "a.pcapng").starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]));
}

#[test]
fn an_expectation_that_fails_is_1_and_says_where() {
    // It ends before the connections have been silent for long enough.
    let output = run(&[IDLE, "--until", "5s"]);
    assert_eq!(code(&output), 1);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("It was ended there"), "{text}");
    assert!(text.contains("scenario.yaml:28:5: expected traffic idle:"), "{text}");
}

#[test]
fn wrong_usage_is_2_and_says_how_to_mend_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file").display().to_string();
    for (args, says) in [
        (&["--until", "5"][..], "write a time with its unit"),
        (&["--workers", "0"], "a run has 1 to 1,024"),
        (&["--workers", "9999"], "a run has 1 to 1,024"),
        (&["--snaplen", "100"], "--pcap <FILE>"),
        (&["--flow-log-window", "60s"], "--flow-logs <FILE>"),
        (&["--flow-logs", &file, "--flow-log-window", "5s"], "[possible values: 60s, 600s]"),
        (&["--flow-logs", &file, "--flow-log-format", "${srcadr}"], "did you mean `srcaddr`?"),
        (&["--flow-logs", &file, "--flow-log-format", "srcaddr"], "write it as `${srcaddr}`"),
        (&["--seed", "x"], "invalid digit"),
    ] {
        let output = run(&[&[IDLE], args].concat());
        assert_eq!(code(&output), 2, "{args:?}: {output:?}");
        assert!(stderr(&output).contains(says), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn a_scenario_that_does_not_compile_is_2_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("scenario.yaml");
    fs::write(&path, BUSY.replace("route_table: private", "route_table: privat")).expect("a file");
    let output = run(&[path.to_str().expect("UTF-8")]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("scenario.yaml:7:"), "{}", stderr(&output));
    assert!(stderr(&output).contains("privat"), "{}", stderr(&output));
}

#[test]
fn a_file_that_cannot_be_written_is_3_names_it_and_leaves_the_summary() {
    for option in ["--pcap", "--flow-logs", "--metrics"] {
        let output = run(&[IDLE, option, "/nonexistent/file"]);
        assert_eq!(code(&output), 3, "{option}: {output:?}");
        assert!(stderr(&output).contains("/nonexistent/file: "), "{}", stderr(&output));
        let output = run(&[IDLE, option, "/dev/full"]);
        assert_eq!(code(&output), 3, "{option}: {output:?}");
        assert!(stderr(&output).contains("/dev/full: "), "{}", stderr(&output));
        assert!(String::from_utf8_lossy(&output.stdout).contains("Expectations"), "{option}");
    }
}
