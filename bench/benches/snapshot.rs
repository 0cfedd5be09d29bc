//! What a change of the configuration costs: to compile 10,000 services over 1,000 ENIs with 10,000
//! rules, and for a worker to adopt the result.
#![allow(missing_docs)]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use egret_control::compile::compile;
use egret_dataplane::snapshot::{Epoch, Snapshot};
use egret_dataplane::worker::{Limits, Worker};
use egret_sim::scenario::Scenario;

const ENIS: usize = 1_000;
const RULES_EACH: usize = 10;
const SERVICES: usize = 10_000;

fn scenario() -> Scenario {
    let mut text = String::from(
        "title: Large\nvpc:\n  cidr: 10.0.0.0/16\n  internet_gateway: true\n  subnets:\n    \
         app: { az: use1-az1, cidr: 10.0.0.0/18, route_table: private }\n    \
         public: { az: use1-az1, cidr: 10.0.64.0/20, route_table: public }\n  nat_gateways:\n    \
         nat: { subnet: public, addresses: [198.51.100.10] }\n  route_tables:\n    \
         private: { 0.0.0.0/0: nat }\n    public: { 0.0.0.0/0: internet_gateway }\n  \
         security_groups:\n",
    );
    for group in 0..ENIS {
        let _ = writeln!(text, "    g{group}:\n      ingress: []\n      egress:");
        for rule in 0..RULES_EACH {
            let _ = writeln!(
                text,
                "        - {{ protocol: tcp, ports: {}, to: 203.{}.{}.0/24 }}",
                1_000 + rule,
                group % 256,
                rule
            );
        }
    }
    text.push_str("connectors:\n");
    for n in 0..ENIS {
        let _ = writeln!(text, "  c{n}: {{ subnets: [app], security_groups: [g{n}] }}");
    }
    text.push_str("services:\n");
    for n in 0..SERVICES {
        let _ = writeln!(text, "  s{n}: {{ egress: vpc, connector: c{}, tasks: 1 }}", n % ENIS);
    }
    Scenario::from_text(Path::new("large.yaml"), &text).expect("a right scenario")
}

fn check(snapshot: &Snapshot) {
    assert_eq!(snapshot.services.len(), SERVICES);
    assert!(snapshot.enis.len() > ENIS);
    let rules: usize = snapshot.security_groups.iter().map(|group| group.egress.len()).sum();
    assert!(rules >= ENIS * RULES_EACH);
}

fn changes(c: &mut Criterion) {
    let scenario = scenario();
    let snapshot = compile(&scenario.model).expect("a right model").snapshot;
    check(&snapshot);
    let mut group = c.benchmark_group("snapshot");
    group.sample_size(10);
    group.bench_function("compile", |b| {
        b.iter(|| compile(&scenario.model).expect("a right model"));
    });
    let mut worker = Worker::new(Arc::new(snapshot.clone()), Limits { flows: 1_024 }, 7);
    let mut epoch = 0;
    group.bench_function("adopt", |b| {
        b.iter_batched(
            || {
                epoch += 1;
                let next = Snapshot { epoch: Epoch(epoch), ..snapshot.clone() };
                next.prepare();
                Arc::new(next)
            },
            |next| worker.adopt(next),
            BatchSize::PerIteration,
        );
    });
    assert_eq!(worker.snapshot().epoch, Epoch(epoch));
}

criterion_group!(benches, changes);
criterion_main!(benches);
