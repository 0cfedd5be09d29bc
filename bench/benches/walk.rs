//! What rules and routes cost a packet that opens a flow. The packets are dropped at the end of the
//! stage that is measured, so that nothing is kept and every packet walks: security groups deny, or
//! allow and then the network ACL denies, or no route leads on. The drops are counted and checked.
#![allow(missing_docs)]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use egret_bench::traffic::{BURST, Image, packet};
use egret_control::compile::compile;
use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::{InterfaceId, Snapshot};
use egret_dataplane::time::Instant;
use egret_dataplane::verdict::DropReason;
use egret_dataplane::worker::{Arrival, Limits, Worker};
use egret_sim::scenario::Scenario;

/// How many rules, ACL entries and routes a walk passes.
#[derive(Clone, Copy)]
struct Passes {
    rules: usize,
    allows: bool,
    entries: usize,
    acl_allows: bool,
    routes: usize,
}

const NOTHING: Passes = Passes { rules: 1, allows: true, entries: 1, acl_allows: true, routes: 1 };

fn snapshot(passes: Passes) -> Snapshot {
    let mut text = String::from(
        "title: A walk\nvpc:\n  cidr: 10.0.0.0/16\n  internet_gateway: true\n  subnets:\n    \
         app: { az: use1-az1, cidr: 10.0.1.0/24, route_table: private, network_acl: filter }\n    \
         public: { az: use1-az1, cidr: 10.0.2.0/24, route_table: public }\n  nat_gateways:\n    \
         nat: { subnet: public, addresses: [198.51.100.10] }\n  prefix_lists:\n    pl-partners:\n",
    );
    for n in 0..1_000_u32 {
        let [_, _, high, low] = (n << 4).to_be_bytes();
        let _ = writeln!(text, "      - 12.{high}.{low}.0/26");
    }
    text.push_str("  security_groups:\n");
    for group in 0..5 {
        let _ = writeln!(text, "    g{group}:\n      ingress: []\n      egress:");
        text.push_str("        - { protocol: tcp, ports: 1, to: pl-partners }\n");
        for n in 1..(passes.rules / 5).max(1) {
            let _ = writeln!(
                text,
                "        - {{ protocol: udp, ports: {}, to: 203.0.{}.0/24 }}",
                20_000 + group * 100 + n,
                n % 256
            );
        }
        if passes.allows && group == 4 {
            text.push_str("        - { protocol: udp, ports: 443, to: 0.0.0.0/0 }\n");
        }
    }
    text.push_str("  network_acls:\n    filter:\n");
    for direction in ["egress", "ingress"] {
        let _ = writeln!(text, "      {direction}:");
        for n in 1..passes.entries {
            let _ = writeln!(
                text,
                "        - {{ rule: {n}, action: deny, protocol: tcp, ports: {n}, cidr: 203.0.113.0/24 }}"
            );
        }
        let last = if passes.acl_allows { "allow" } else { "deny" };
        let _ = writeln!(
            text,
            "        - {{ rule: 32000, action: {last}, protocol: all, cidr: 0.0.0.0/0 }}"
        );
    }
    text.push_str("  route_tables:\n    public: { 0.0.0.0/0: internet_gateway }\n    private:\n");
    for n in 0..passes.routes as u32 {
        let [_, high, middle, low] = (n << 4).to_be_bytes();
        let _ = writeln!(text, "      {}.{middle}.{low}.0/28: nat", 11 + high);
    }
    text.push_str(
        "connectors:\n  c: { subnets: [app], security_groups: [g0, g1, g2, g3, g4] }\nservices:\n  \
         s: { egress: vpc, connector: c, tasks: 1 }\n",
    );
    let scenario = Scenario::from_text(Path::new("walk.yaml"), &text).expect("a right scenario");
    compile(&scenario.model).expect("a right model").snapshot
}

/// Walks that end in this drop.
struct Walks {
    worker: Worker,
    interface: InterfaceId,
    packets: Vec<Vec<u8>>,
    reason: DropReason,
}

impl Walks {
    fn new(passes: Passes, reason: DropReason) -> Walks {
        let snapshot = Arc::new(snapshot(passes));
        let task = snapshot.tasks[0];
        let tuple = |n: usize| Tuple {
            src: task.address,
            dst: std::net::Ipv4Addr::from_bits(0xc612_0000 + (n as u32) * 7_919),
            src_port: 1_024 + n as u16,
            dst_port: 443,
            protocol: Protocol::UDP,
        };
        let packets = (0..BURST).map(|n| packet(Image::new(task.interface, tuple(n), 64)));
        let worker = Worker::new(Arc::clone(&snapshot), Limits { flows: 64 }, 7);
        Walks { worker, interface: task.interface, packets: packets.collect(), reason }
    }

    fn run(&mut self) {
        let (mut verdicts, mut emissions) = (Vec::with_capacity(BURST), Vec::new());
        let mut buffers = self.packets.iter_mut();
        let mut arrivals: [Arrival<'_>; BURST] = std::array::from_fn(|_| Arrival {
            interface: self.interface,
            bytes: buffers.next().expect("a packet for each"),
        });
        self.worker.process(Instant::ZERO, &mut arrivals, &mut verdicts, &mut emissions);
    }

    fn check(&self) {
        let counters = self.worker.counters();
        assert!(counters.received > 0);
        assert_eq!(counters.dropped_for(self.reason), counters.received, "{counters:?}");
    }
}

fn bench(c: &mut Criterion, name: &str, points: &[(usize, Passes)], reason: DropReason) {
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(BURST as u64));
    for (count, passes) in points {
        let mut walks = Walks::new(*passes, reason);
        group.bench_function(BenchmarkId::from_parameter(count), |b| b.iter(|| walks.run()));
        walks.check();
    }
}

fn security_groups(c: &mut Criterion) {
    let points = [1, 60, 300].map(|rules| (rules, Passes { rules, allows: false, ..NOTHING }));
    bench(c, "security-group-rules", &points, DropReason::SecurityGroupEgress);
}

fn network_acls(c: &mut Criterion) {
    let points = [1, 40].map(|entries| (entries, Passes { entries, acl_allows: false, ..NOTHING }));
    bench(c, "network-acl-entries", &points, DropReason::NetworkAclEgress);
}

fn routes(c: &mut Criterion) {
    let points = [10, 1_000, 100_000].map(|routes| (routes, Passes { routes, ..NOTHING }));
    bench(c, "routes", &points, DropReason::NoRoute);
}

fn all_of_them(c: &mut Criterion) {
    let few = Passes { rules: 3, entries: 1, routes: 10, ..NOTHING };
    let many = Passes { rules: 300, entries: 40, routes: 1_000, ..NOTHING };
    bench(c, "whole-walk-rules", &[(3, few), (300, many)], DropReason::NoRoute);
}

criterion_group!(benches, security_groups, network_acls, routes, all_of_them);
criterion_main!(benches);
