//! Packets that `egret run` simulates in a second of wall time, TCP stacks included: the dataplane
//! judges each packet once. Requests over connections that stay; short connections, where opening and
//! closing is most of the work; and bulk. What came of each run is checked.
#![allow(missing_docs)]

use std::io::{self, BufWriter, Write};
use std::path::Path;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use egret_dataplane::time::{Duration, Instant};
use egret_sim::capture::Capture;
use egret_sim::flow_logs::{self, FlowLogs};
use egret_sim::metrics::{self, Metrics};
use egret_sim::plan::{Connections, Workload};
use egret_sim::run::{Options, Run};
use egret_sim::scenario::Scenario;

const SCENARIO: &str = r#"
title: Requests through a NAT gateway
vpc:
  cidr: 10.0.0.0/16
  internet_gateway: true
  subnets:
    app: { az: use1-az1, cidr: 10.0.1.0/24, route_table: private }
    public: { az: use1-az1, cidr: 10.0.101.0/24, route_table: public }
  route_tables:
    private: { 0.0.0.0/0: nat }
    public: { 0.0.0.0/0: internet_gateway }
  nat_gateways:
    nat: { subnet: public, addresses: [198.51.100.10] }
  security_groups:
    web: { egress: [ { protocol: tcp, ports: 443, to: 0.0.0.0/0 } ] }
connectors:
  web: { subnets: [app], security_groups: [web] }
services:
  web: { egress: vpc, connector: web, tasks: 100 }
hosts:
  api.example.com: { address: 203.0.113.10, listen: [tcp/443] }
traffic:
  - { from: web, to: "api.example.com:443", connections: 1 }
"#;

fn scenario(connections: Connections) -> Scenario {
    let mut scenario = Scenario::from_text(Path::new("scenario.yaml"), SCENARIO).expect("it reads");
    scenario.plan.traffic[0].workload = Workload::Connections(connections);
    scenario
}

/// Everything on: flow logs and metrics, and a capture, if there is where to.
fn run(scenario: &Scenario, capture: Option<Box<dyn Write + Send>>) -> u64 {
    let mut run = Run::new(scenario, Options::default()).expect("it compiles");
    let (text, fields) = (flow_logs::FileKind::Text, flow_logs::Format::default());
    let logs = FlowLogs::new(io::sink(), text, fields, "us-east-1", flow_logs::WINDOW);
    run.watch(Box::new(logs.expect("a sink to write to")));
    run.watch(Box::new(Metrics::new(io::sink(), metrics::FileKind::OpenMetrics)));
    if let Some(out) = capture {
        let out = BufWriter::with_capacity(1 << 20, out);
        run.watch(Box::new(Capture::new(out, 65_535)));
    }
    run.step_until(Instant(u64::MAX));
    let (report, watchers) = run.finish();
    watchers.into_iter().for_each(|mut watcher| watcher.finish().expect("a file to write to"));
    let traffic = &report.traffic[0];
    assert_eq!((traffic.completed, traffic.intact), (traffic.attempted, true), "{traffic:?}");
    report.packets.received
}

fn sink() -> Option<Box<dyn Write + Send>> {
    Some(Box::new(io::sink()))
}

/// A file that is gone when it is closed.
fn file() -> Option<Box<dyn Write + Send>> {
    Some(Box::new(tempfile::tempfile().expect("a file")))
}

fn simulate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("run");
    group.sample_size(10);
    let connections = Connections {
        count: 1_000,
        rate: Some(2_000.0),
        requests: 1,
        request: 200,
        response: 1_024,
        idle: Duration::ZERO,
        keepalive: None,
        close: true,
        dns: false,
        timeout: Duration::from_secs(127),
    };
    let cases = [
        ("requests", Connections { requests: 100, ..connections.clone() }),
        ("short-connections", Connections { count: 20_000, ..connections.clone() }),
        ("bulk", Connections { count: 100, response: 2_000_000, ..connections }),
    ];
    for (name, connections) in cases {
        let scenario = scenario(connections);
        group.throughput(Throughput::Elements(run(&scenario, None)));
        // Without a capture; with every packet at every hop as pcapng, made only; and in a file as
        // well, where the disk has its say.
        let captures: [(_, fn() -> _); 3] =
            [("logged", || None), ("captured", sink), ("captured-to-file", file)];
        for (to, capture) in captures {
            group.bench_function(BenchmarkId::new(name, to), |bencher| {
                bencher.iter_batched(
                    capture,
                    |capture| run(&scenario, capture),
                    BatchSize::PerIteration,
                );
            });
        }
    }
}

criterion_group!(benches, simulate);
criterion_main!(benches);
