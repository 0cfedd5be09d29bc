//! Each kind of workload, and what becomes of the scenarios that are shipped.

use std::fmt::Write as _;
use std::path::Path;

use egret_sim::scenario::Scenario;

use super::*;

const CLOUD: &str = "
title: One who sends
vpc:
  cidr: 10.0.0.0/16
  subnets: { app: { az: use1-az1, cidr: 10.0.1.0/24 } }
  security_groups: { web: {} }
connectors: { web: { subnets: [app], security_groups: [web] } }
services: { web: { egress: vpc, connector: web, tasks: 3 } }
hosts: { api.example.com: { address: 203.0.113.10 } }
traffic:
";

/// What becomes of entries without `from`.
fn project(entries: &[&str]) -> Projection {
    let mut text = CLOUD.to_owned();
    for entry in entries {
        let from = if entry.contains("from:") { "" } else { "from: web/1, " };
        writeln!(text, "  - {{ {from}{entry} }}").unwrap();
    }
    let scenario = Scenario::from_text(Path::new("scenario.yaml"), &text).expect("a scenario");
    of(scenario)
}

fn of(scenario: Scenario) -> Projection {
    let services = scenario.model.services;
    let tasks = |name: &str| services.iter().find(|one| one.id.value == name).map(|one| *one.tasks);
    Script::of(scenario.plan).project(|name| tasks(name).unwrap_or_default())
}

/// The only run of an entry.
fn run(entry: &str) -> Plan {
    let Projection { mut plans, changed, left_out } = project(&[entry]);
    assert_eq!((plans.len(), changed, left_out), (1, vec![], vec![]));
    plans.remove(0)
}

const SECOND: Duration = Duration::from_secs(1);

fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

#[test]
fn connections_that_close_are_flows_that_are_renewed() {
    // A SYN and two requests, a second apart: five new ones a second, so fifteen at once.
    let plan = run("to: 'api.example.com:443', connections: 100, rate: 5/s, requests: 2, idle: 1s");
    assert_eq!((plan.protocol, plan.from.as_str()), (Protocol::TCP, "web/1"));
    assert_eq!(plan.to, "api.example.com:443");
    assert_eq!((plan.flows, plan.renew, plan.rate.a_second()), (15, Some(3), 15.0));
    assert_eq!(plan.duration, seconds(20));
    assert_eq!(plan.size, 240, "the request, and its headers");
}

#[test]
fn connections_that_stay_open_are_flows_that_last() {
    let plan = run("to: 'api.example.com:443', connections: 300, rate: 100/s, close: false");
    assert_eq!((plan.flows, plan.renew, plan.rate.a_second()), (300, None, 100.0));
    // All SYNs, then all requests.
    assert_eq!(plan.duration, seconds(6));
    let plan = run("to: 'api.example.com:443', connections: 3, close: false, keepalive: 30s");
    assert_eq!((plan.flows, plan.duration), (3, None), "probes have no end");
    assert_eq!(plan.rate, Rate { packets: 3, time: 30 * SECOND });
}

#[test]
fn a_silence_is_as_long_as_the_scenario_says() {
    let plan = run("to: 'api.example.com:443', connections: 10, requests: 2, idle: 351s");
    assert_eq!((plan.flows, plan.rate), (10, Rate { packets: 10, time: 351 * SECOND }));
    assert_eq!((plan.renew, plan.duration), (Some(3), seconds(3 * 351)));
    // Thirty minutes with a probe at each whole minute, but for the last.
    let plan =
        run("to: 'api.example.com:443', connections: 10, requests: 2, idle: 30m, keepalive: 60s");
    assert_eq!((plan.rate, plan.renew), (Rate { packets: 10, time: 60 * SECOND }, Some(32)));
}

#[test]
fn what_begins_all_at_once_begins_at_a_rate_that_a_worker_keeps() {
    let plan = run("to: 'api.example.com:443', connections: 50");
    assert_eq!((plan.flows, plan.renew, plan.rate.a_second()), (50, Some(2), 2_500.0));
    assert_eq!(plan.duration, Some(Duration::from_millis(40)));
    let plan = run("to: 'api.example.com:443', connections: 5000");
    assert_eq!((plan.flows, plan.rate.a_second()), (5_000, 10_000.0));
}

#[test]
fn a_large_request_is_several_packets() {
    let large = project(&["to: 'api.example.com:443', request: 100KiB"]);
    assert!(large.changed[0].why.contains("1500 bytes at most"));
    let plan = &large.plans[0];
    assert_eq!((plan.renew, plan.size), (Some(1 + 71), 1_483));
    assert!(u64::from(plan.size - 40) * 71 >= 100 * 1_024);
    assert_eq!(run("to: 'api.example.com:443', request: 1B").size, SMALLEST);
}

#[test]
fn datagrams_keep_their_interval_and_size() {
    let plan =
        run("to: 'api.example.com:53', protocol: udp, flows: 4, packets: 10, interval: 500ms, \
             size: 100B");
    assert_eq!((plan.protocol, plan.flows, plan.renew), (Protocol::UDP, 4, None));
    assert_eq!((plan.rate.a_second(), plan.duration, plan.size), (8.0, seconds(5), 128));
    let queries = project(&["to: 10.0.0.2, query: api.example.com"]);
    assert_eq!((queries.plans[0].to.as_str(), queries.plans[0].size), ("10.0.0.2:53", 61));
    assert!(queries.changed[0].why.contains("in place of queries"));
}

#[test]
fn a_ping_is_echo_requests() {
    let plan = run("to: api.example.com, ping: 4");
    assert_eq!(
        (plan.protocol, plan.flows, plan.to.as_str()),
        (Protocol::ICMP, 1, "api.example.com")
    );
    assert_eq!((plan.rate.a_second(), plan.duration, plan.size), (1.0, seconds(4), 84));
}

#[test]
fn tasks_of_a_service_share_in_an_entry() {
    let all =
        project(&["from: web, to: 'api.example.com:443', connections: 100, rate: 30/s, at: 2s"]);
    let from: Vec<_> = all.plans.iter().map(|plan| plan.from.as_str()).collect();
    assert_eq!(from, ["web/0", "web/1", "web/2"]);
    // 34, 33 and 33 of two packets, at a third of the rate.
    let times = all.plans.iter().map(|plan| (plan.rate.a_second(), plan.duration.unwrap()));
    let sent: Vec<u64> =
        times.map(|(rate, time)| (rate * time.as_secs_f64()).round() as u64).collect();
    assert_eq!(sent, [68, 66, 66]);
    assert!(all.plans.iter().all(|plan| plan.after == 2 * SECOND));
    assert!(
        all.plans.iter().all(|plan| plan.name.as_deref() == Some("web to api.example.com:443"))
    );
    let two = project(&["from: web, to: 'api.example.com:443', connections: 2"]);
    assert_eq!(two.plans.len(), 2, "who has nothing to send is not there");
}

#[test]
fn what_is_not_live_traffic_is_left_out_and_said() {
    let left_out = project(&[
        "to: api.example.com, traceroute: 30",
        "from: internet, to: 'web:8080'",
        "from: web, provider: image-pull",
        "to: 'api.example.com:443', at: 8d",
    ]);
    assert_eq!((left_out.plans, left_out.changed), (vec![], vec![]));
    let why: Vec<_> = left_out.left_out.iter().map(|remark| remark.why.as_str()).collect();
    assert_eq!(why.len(), 4);
    let said = ["time to live", "Inbound requests", "provider's own", "seven days"];
    assert!(why.iter().zip(said).all(|(why, said)| why.contains(said)), "{why:?}");
    // A capture's packets.
    let mut entry = scenario_entry();
    entry.workload = Workload::Replay([].into());
    let script = Script { traffic: vec![entry], duration: None };
    assert!(script.project(|_| 1).left_out[0].why.contains("capture's packets"));
}

fn scenario_entry() -> Traffic {
    let text = format!("{CLOUD}  - {{ from: web, to: api.example.com, ping: 1 }}\n");
    let scenario = Scenario::from_text(Path::new("scenario.yaml"), &text).expect("a scenario");
    scenario.plan.traffic.into_iter().next().expect("an entry")
}

#[test]
fn a_run_ends_with_the_scenarios_run() {
    let text = CLOUD.replace("traffic:", "duration: 10s\ntraffic:")
        + "  - { from: web, to: api.example.com, ping: 60, at: 4s }\n"
        + "  - { from: web, to: api.example.com, ping: 60, at: 10s }\n";
    let projection =
        of(Scenario::from_text(Path::new("scenario.yaml"), &text).expect("a scenario"));
    let [plan] = &projection.plans[..] else { panic!("{projection:?}") };
    assert_eq!(plan.duration, seconds(6));
    assert!(projection.left_out[0].why.contains("ends before"));
}

#[test]
fn what_is_more_than_a_run_has_is_said() {
    let many =
        project(&["to: 'api.example.com:443', connections: 55001, rate: 300000/s, close: false"]);
    assert_eq!((many.plans[0].flows, many.plans[0].rate), (MOST_FLOWS, Rate::per_second(FASTEST)));
    let said: Vec<_> = many.changed.iter().map(|remark| remark.why.as_str()).collect();
    assert_eq!(
        said,
        [
            "20000 flows of a sender are open at once, and not 55001.",
            "A sender sends 100000 packets a second, and not 300000.",
        ]
    );
    let large = project(&["to: 'api.example.com:53', protocol: udp, size: 60KiB"]);
    assert_eq!(large.plans[0].size, LARGEST);
    assert_eq!(large.changed.len(), 1);
}

#[test]
fn the_scenarios_that_are_shipped() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it is listed").path())
        .filter(|path| path.join("scenario.yaml").exists())
        .collect();
    names.sort_unstable();
    let mut shown = String::new();
    for path in names {
        let scenario = Scenario::read(&path).expect("a scenario");
        if !scenario.plan.traffic.is_empty() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            writeln!(shown, "{name}\n{}", in_words(&of(scenario))).unwrap();
        }
    }
    insta::assert_snapshot!(shown);
}

fn in_words(projection: &Projection) -> String {
    let mut words = String::new();
    for plan in &projection.plans {
        let Plan { name, from, to, protocol, rate, size, flows, renew, after, duration } = plan;
        let (name, rate) = (name.as_deref().unwrap_or_default(), rate.a_second());
        let renew = renew.map_or("lasting".to_owned(), |renew| format!("of {renew} packets"));
        let time = duration.map_or("for ever".to_owned(), |time| format!("for {time:?}"));
        writeln!(
            words,
            "  {name}: {from} to {to}, protocol {}, {flows} flows {renew}, {rate:.4} packets of \
             {size} bytes a second, after {after:?} {time}",
            protocol.0
        )
        .unwrap();
    }
    for (what, remarks) in [("changed", &projection.changed), ("left out", &projection.left_out)] {
        for Remark { name, why } in remarks {
            writeln!(words, "  {what}: {name}: {why}").unwrap();
        }
    }
    words
}
