//! `egret bench` as a user meets it. Nothing here says how fast it has to be.

use std::process::{Command, Output};

use serde_json::Value;

/// Small and short: the figures do not matter. What is left of them without the generator may even
/// be negative, for unoptimised it takes most of the time, and its own swings are larger than the rest.
const QUICK: [&str; 4] = ["--flows", "1k", "--duration", "0.2s"];

fn bench(args: &[&str]) -> Output {
    let egret = env!("CARGO_BIN_EXE_egret");
    Command::new(egret).arg("bench").args(QUICK).args(args).output().expect("egret runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(args: &[&str]) -> Value {
    let output = bench(&[args, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Two flows whose tags are the same in one bucket are told apart on the slow way: a miss of few
/// packets in a thousand, which opens nothing.
fn assert_only_hits(tally: &Value) {
    assert!(number(&tally["hits"]) > number(&tally["received"]) * 0.99, "{tally}");
    assert_eq!(tally["opened"], 0);
    assert_eq!(tally["drops"].as_array().map(Vec::len), Some(0), "{tally}");
}

#[test]
fn json_has_stable_names_and_every_packet_is_a_hit() {
    let results = json(&[]);
    assert_eq!(results["schema_version"], 1);
    let point = &results["points"][0];
    assert_eq!(point["job"]["flows"], 1_000);
    assert_eq!(point["setup"]["live_flows"], 1_000);
    let closed = &point["closed"];
    assert!(number(&closed["mpps"]["best"]) >= number(&closed["mpps"]["median"]));
    assert!(number(&closed["gbits"]) > 0.0, "{}", closed["gbits"]);
    for name in ["ns", "generator_ns", "limit_ns"] {
        assert!(number(&closed[name]["min"]) > 0.0, "{name}: {}", closed[name]);
    }
    for name in ["net_ns", "limit_net_ns"] {
        number(&closed[name]["min"]);
    }
    number(&closed["ratio_to_limit"]);
    let tally = &closed["tally"];
    assert_only_hits(tally);
    assert_eq!(closed["missed_by_limit"], 0);
    let command = results["command"].as_str().expect("a command");
    assert_eq!(command, "egret bench --flows 1k --workers 1 --size 64 --duration 0.2s --seed 1");
}

#[test]
fn new_flows_are_as_many_as_was_asked_for_and_the_table_keeps_its_size() {
    for (percent, args) in [
        (10.0, &["--new-flows", "10"][..]),
        (50.0, &["--new-flows", "50", "--protocol", "tcp", "--path", "vpc"]),
        (100.0, &["--new-flows", "100", "--direction", "out", "--protocol", "both"]),
    ] {
        let point = &json(args)["points"][0];
        let tally = &point["closed"]["tally"];
        let share = number(&tally["opened"]) / number(&tally["received"]) * 100.0;
        assert!((share - percent).abs() < percent / 20.0, "{share} of {percent}");
        assert!(number(&tally["misses"]) >= number(&tally["opened"]));
        assert_eq!(tally["drops"].as_array().map(Vec::len), Some(0), "{tally}");
        // Flows that pass are idle for most of a round; TCP's half of them for a shorter time.
        let live = number(&point["setup"]["live_flows"]);
        assert!((600.0..=1_000.0).contains(&live), "{live}");
        assert_eq!(point["closed"]["missed_by_limit"], 0);
    }
}

#[test]
fn every_way_order_and_protocol_is_all_hits() {
    for args in [
        &["--path", "vpc", "--protocol", "tcp", "--order", "zipf"][..],
        &["--path", "endpoint", "--size", "imix", "--order", "sequential"],
        &["--path", "mixed", "--protocol", "both", "--direction", "in", "--size", "1500"],
        &["--workers", "3", "--direction", "out"],
    ] {
        let tally = &json(args)["points"][0]["closed"]["tally"];
        assert_only_hits(tally);
    }
}

#[test]
fn sweeps_make_a_point_for_each_value() {
    let results = json(&["--sweep", "rules=3,60", "--sweep", "workers=1,2"]);
    let points = results["points"].as_array().expect("points");
    let of = |point: &Value| (point["job"]["rules"].clone(), point["job"]["workers"].clone());
    let seen: Vec<_> = points.iter().map(of).collect();
    assert_eq!(
        seen,
        [(3.into(), 1.into()), (3.into(), 2.into()), (60.into(), 1.into()), (60.into(), 2.into())]
    );
}

#[test]
fn the_open_loop_accounts_for_every_packet() {
    let open = &json(&["--rate", "20k"])["points"][0]["open"];
    assert_eq!(open["offered"], 4_000);
    let sent = number(&open["lost"]) + number(&open["tally"]["received"]);
    assert_eq!(sent, 4_000.0);
    assert!(number(&open["latency"]["p50"]) <= number(&open["latency"]["max"]));
}

#[test]
fn churn_loses_nothing() {
    let churn = &json(&["--churn", "20/s"])["points"][0]["churn"];
    assert!(number(&churn["adopted"]) >= 1.0, "{churn}");
    assert_eq!(churn["lost"], 0);
}

#[test]
fn text_says_where_it_ran_and_how_to_run_it_again() {
    let output = bench(&["--seed", "7"]);
    let text = text(&output.stdout);
    for part in ["ratio", "ns/packet", "cores", "seed 7: egret bench --flows 1k"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // Nothing is drawn where nobody looks.
    assert!(output.stderr.is_empty());
}

#[test]
fn a_scenario_is_measured_if_it_delivers() {
    let good = json(&["--scenario", "../scenarios/01-nat-over-three-zones", "--protocol", "tcp"]);
    assert_only_hits(&good["points"][0]["closed"]["tally"]);
    let blocked = "../scenarios/12-nat-subnet-without-internet-gateway";
    let output = bench(&["--scenario", blocked]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("nothing to measure") && said.contains("egret explain"), "{said}");
}

#[test]
fn an_earlier_run_is_compared_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = folder.path().join("old.json");
    std::fs::write(&old, bench(&["--format", "json"]).stdout).expect("a file");
    let old = old.display().to_string();
    let compared = &json(&["--compare", &old])["points"][0]["compared"];
    number(&compared["net_ns"]);
    assert!(number(&compared["mpps"]) > 0.0);
    let output = bench(&["--compare", &old, "--rules", "7"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("none of the points"), "{}", text(&output.stderr));
}

#[test]
fn two_binaries_are_run_in_turn() {
    let against = &json(&["--against", env!("CARGO_BIN_EXE_egret")])["against"];
    assert_eq!(against["turns"], 3);
    number(&against["points"][0]["ratio"]);
    assert!(number(&against["points"][0]["mpps_ratio"]) > 0.0);
    let output = bench(&["--against", "/no/such/egret"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_report_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.html");
    let output = bench(&["--report", &path.display().to_string(), "--sweep", "flows=1k,2k"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let page = std::fs::read_to_string(path).expect("a page");
    assert!(page.contains("<svg") && page.contains("Throughput over live flows"));
}

#[test]
fn wrong_usage_is_2_and_said_in_a_sentence() {
    for (args, part) in [
        (&["--workers", "0"][..], "0 workers"),
        (&["--sweep", "flows=many"], "`many` is no count"),
        (&["--sweep", "colour=red"], "nothing called `colour`"),
        (&["--rate", "1M", "--search"], "without --rate"),
        (&["--new-flows", "10", "--direction", "in"], "open no flow"),
        (&["--new-flows", "101"], "0 to 100"),
        (&["--size", "65"], "64, 1500, imix"),
        (&["--scenario", "x", "--path", "vpc"], "--scenario"),
        (&["--scenario", "no-such-scenario"], "no-such-scenario"),
        (&["--compare", "no-such.json"], "no-such.json"),
        (&["--report", "/no/such/folder/report.html"], "/no/such/folder"),
        (&["--rules", "100000"], "--rules is 100000"),
    ] {
        let output = bench(args);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(part), "{part} in {said}");
    }
}
