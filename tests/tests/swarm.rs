//! Random networks, workloads, links and changes, run in virtual time. After every moment at which
//! something happened, every packet is accounted for, no two flows share what is one flow's, and no
//! task has got a stranger's packet; in the end every stream is intact, and whatever failed has a name
//! for it.
//!
//! It prints its seed. `EGRET_SEED` begins elsewhere, `EGRET_RUNS` makes more or fewer: one failing
//! seed with `EGRET_RUNS=1` runs it alone.

use std::collections::HashSet;

use egret_control::compile::{compile, compile_after};
use egret_control::model::{Egress, Model, Serve};
use egret_control::source::Sourced;
use egret_dataplane::time::Duration;
use egret_sim::plan::{
    Behaviour, Change, Connections, Datagrams, Link, Links, Plan, Probes, ProviderTraffic, Sender,
    Traffic, Workload,
};
use egret_sim::report::Report;
use egret_sim::run::{Options, Run};
use egret_sim::scenario::{Destination, Scenario};
use egret_tests::{flows, topology};
use fastrand::Rng;

/// Runs of `cargo test`.
const RUNS: u64 = 60;
/// Failures that have a cause of their own, besides drops and losses by name.
const NAMED: [&str; 11] = [
    "timeout",
    "refused",
    "name not found",
    "no task",
    "no answer from the resolver",
    "no free local port",
    "closed by the other end",
    "port unreachable",
    "packet too big",
    "time to live exceeded",
    "task stopped",
];

#[test]
fn whatever_happens_packets_are_accounted_for() {
    let first = egret_tests::seed(1);
    let runs = std::env::var("EGRET_RUNS").map_or(RUNS, |runs| runs.parse().expect("a number"));
    let mut totals = Totals::default();
    for seed in first..first + runs {
        eprintln!("EGRET_SEED={seed}");
        totals.add(&run(seed));
    }
    totals.assert_that_much_happened(runs);
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let first = egret_tests::seed(1_000);
    for seed in first..first + 5 {
        assert_eq!(run(seed), run(seed), "EGRET_SEED={seed}");
    }
}

fn run(seed: u64) -> Report {
    let mut rng = Rng::with_seed(seed);
    let scenario = scenario(&mut rng);
    let workers = *rng.choice(&[1, 1, 2, 3]).expect("numbers");
    let options = Options { seed: Some(seed), workers, audit: true, ..Options::default() };
    let mut run = Run::new(&scenario, options).expect("a network that compiles");
    let mut steps = 0_u64;
    while let Some(next) = run.next_at() {
        run.step_until(next);
        run.audit().unwrap_or_else(|wrong| panic!("EGRET_SEED={seed}: {wrong}"));
        steps += 1;
        // Looks at every flow: not each time.
        if steps.is_multiple_of(64) {
            flows::live(run.crew().workers());
        }
    }
    let (report, _) = run.finish();
    for traffic in &report.traffic {
        assert!(
            traffic.intact,
            "EGRET_SEED={seed}: not intact: {traffic:?} {:?} {:?}",
            scenario.plan.traffic, scenario.model.hosts
        );
        let failed: u64 = traffic.failed.iter().map(|(_, count)| count).sum();
        let accounted = traffic.completed + failed + traffic.open;
        assert_eq!(traffic.attempted.max(failed), accounted, "EGRET_SEED={seed}: {traffic:?}");
        for (why, _) in &traffic.failed {
            assert!(is_named(why), "EGRET_SEED={seed}: {why}: {traffic:?}");
        }
    }
    for element in &report.elements {
        let dropped: u64 = element.dropped.iter().map(|(_, count)| count).sum();
        assert_eq!(element.packets_in, element.packets_out + dropped, "{element:?}");
    }
    report
}

/// Whether a failure has a cause: a drop's name, a link's, or one of its own.
fn is_named(why: &str) -> bool {
    use egret_dataplane::verdict::DropReason;
    NAMED.contains(&why)
        || why.starts_with("link-")
        || DropReason::ALL.iter().any(|reason| reason.name() == why)
}

/// What all runs together must have come upon, lest the test prove nothing.
#[derive(Default)]
struct Totals {
    completed: u64,
    failed: u64,
    reasons: HashSet<String>,
    lost: u64,
    retransmissions: u64,
    provider: u64,
    changes: usize,
}

impl Totals {
    fn add(&mut self, report: &Report) {
        for traffic in &report.traffic {
            self.completed += traffic.completed;
            self.failed += traffic.failed.iter().map(|(_, count)| count).sum::<u64>();
            self.reasons.extend(traffic.failed.iter().map(|(why, _)| why.clone()));
            self.retransmissions += traffic.retransmissions;
        }
        self.lost += report.packets.lost;
        self.provider += report.packets.provider;
        self.changes += report.timeline.len();
    }

    fn assert_that_much_happened(&self, runs: u64) {
        let Totals { completed, failed, lost, retransmissions, provider, .. } = *self;
        eprintln!("{completed} completed, {failed} failed, {lost} lost, {:?}", self.reasons);
        if runs < RUNS {
            return;
        }
        assert!(completed > runs && failed > runs, "{completed} {failed}");
        assert!(lost > runs / 10 && retransmissions > lost / 2, "{lost} {retransmissions}");
        assert!(provider > runs && self.changes > 20 && self.reasons.len() > 10);
    }
}

fn scenario(rng: &mut Rng) -> Scenario {
    let (mut model, mut compiles) = (Model::default(), false);
    while !compiles {
        let size = rng.u32(1..=3);
        model = topology::random(rng, size);
        compiles = compile(&model).is_ok();
    }
    serve(rng, &mut model);
    let plan = Plan {
        duration: Some(Duration::from_secs(600)),
        seed: None,
        links: links(rng),
        traffic: (0..rng.usize(1..6)).filter_map(|number| traffic(rng, &model, number)).collect(),
        timeline: timeline(rng, &model),
        expect: Vec::new(),
    };
    Scenario {
        title: "swarm".to_owned(),
        description: None,
        model,
        expect: Vec::new(),
        plan,
        warnings: Vec::new(),
    }
}

fn links(rng: &mut Rng) -> Links {
    let mut links = Links::default();
    let Links { hyperplane, zone, cross_zone, nat_gateway, internet, .. } = &mut links;
    for link in [hyperplane, zone, cross_zone, nat_gateway, internet] {
        let millis = |rng: &mut Rng, most: u64| Duration(rng.u64(0..most * 1_000_000));
        *link = Link {
            jitter: if rng.u8(..) < 64 { millis(rng, 5) } else { Duration::ZERO },
            loss: if rng.u8(..) < 64 { rng.f64() * 0.1 } else { 0.0 },
            reorder: if rng.u8(..) < 40 { rng.f64() * 0.2 } else { 0.0 },
            bandwidth: (rng.u8(..) < 40).then(|| rng.u64(1_000_000..1_000_000_000)),
            packets: (rng.u8(..) < 20).then(|| rng.u64(100..100_000)),
            queue: rng.u64(20_000..2_000_000),
            ..Link::of(millis(rng, 30))
        };
    }
    links
}

fn behaviour(rng: &mut Rng) -> Behaviour {
    match rng.u8(..10) {
        0 => Behaviour::Slow(Duration::from_millis(rng.u64(1..5_000))),
        1 => Behaviour::Echo,
        2 => Behaviour::Sink,
        3 => Behaviour::Source(rng.u64(..100_000)),
        4 => Behaviour::Silent,
        5 => Behaviour::Closed,
        6 => Behaviour::IdleClose(Duration::from_secs(rng.u64(1..20))),
        _ => Behaviour::Respond,
    }
}

fn serve(rng: &mut Rng, model: &mut Model) {
    let outside = model.hosts.iter_mut().map(|host| &mut host.serve);
    let inside = model.network_interfaces.iter_mut().map(|interface| &mut interface.serve);
    for serve in outside.chain(inside) {
        *serve = vec![Serve { port: None, behaviour: behaviour(rng) }];
    }
}

fn traffic(rng: &mut Rng, model: &Model, number: usize) -> Option<Traffic> {
    let service = rng.choice(&model.services)?.id.clone();
    let inside = model.network_interfaces.iter().filter_map(|i| i.addresses.first());
    let outside = model.hosts.iter().map(|host| &host.address);
    let addresses: Vec<String> =
        inside.chain(outside).map(|address| address.value.to_string()).collect();
    let mut host = rng.choice(&addresses).cloned().unwrap_or_else(|| "192.0.2.77".to_owned());
    let from = match rng.u8(..12) {
        0 => {
            host = service.value;
            Sender::Inbound
        }
        1 => Sender::Provider(service, ProviderTraffic::Logs),
        2 => Sender::Host(rng.choice(&model.network_interfaces)?.id.clone()),
        3 => Sender::Service(service, Some(0)),
        _ => Sender::Service(service, None),
    };
    let only_tcp = matches!(from, Sender::Inbound | Sender::Provider(..));
    let workload = if only_tcp { connections(rng) } else { workload(rng) };
    let port = matches!(workload, Workload::Connections(_) | Workload::Datagrams(_));
    let port = port.then(|| topology::port(rng).max(1));
    Some(Traffic {
        name: format!("traffic {number}"),
        from,
        to: Destination { host, port }.into(),
        at: Duration::from_millis(rng.u64(..20_000)),
        workload,
        place: egret_control::source::Place::NOWHERE,
    })
}

fn workload(rng: &mut Rng) -> Workload {
    let interval = Duration::from_millis(rng.u64(1..3_000));
    let timeout = Duration::from_secs(rng.u64(1..10));
    match rng.u8(..8) {
        0 | 1 => Workload::Datagrams(Datagrams {
            flows: rng.u32(1..5),
            count: rng.u32(1..20),
            interval,
            size: rng.u16(..20_000),
            dns: false,
            query: (rng.u8(..) < 30).then(|| "api.example.com".to_owned()),
            timeout,
        }),
        2 => {
            let (count, size) = (rng.u32(1..10), rng.u16(..9_500));
            Workload::Ping(Probes { count, interval, size, timeout })
        }
        3 => Workload::Traceroute { hops: rng.u8(1..10) },
        _ => connections(rng),
    }
}

fn connections(rng: &mut Rng) -> Workload {
    Workload::Connections(Connections {
        count: rng.u32(1..30),
        rate: rng.bool().then(|| 0.5 + rng.f64() * 100.0),
        requests: rng.u32(1..5),
        request: rng.u64(..5_000),
        response: if rng.u8(..) < 40 { rng.u64(..500_000) } else { rng.u64(..5_000) },
        idle: if rng.bool() { Duration::from_millis(rng.u64(..90_000)) } else { Duration::ZERO },
        keepalive: (rng.u8(..) < 60).then(|| Duration::from_secs(rng.u64(5..100))),
        close: rng.u8(..) < 200,
        dns: false,
        timeout: Duration::from_secs(rng.u64(1..130)),
    })
}

/// Changes that leave a network which compiles, in the order of their time.
fn timeline(rng: &mut Rng, first: &Model) -> Vec<Change> {
    let mut model = first.clone();
    let mut compilation = compile(first).expect("it compiled before");
    let mut changes: Vec<Change> = Vec::new();
    let mut at = Duration::ZERO;
    for _ in 0..rng.usize(..4) {
        let before = model.clone();
        let title = change(rng, &mut model);
        let Ok(after) = compile_after(&model, &compilation) else {
            model = before;
            continue;
        };
        compilation = after;
        at = Duration(at.0 + rng.u64(..60_000_000_000));
        let place = egret_control::source::Place::NOWHERE;
        changes.push(Change { at, title: title.to_owned(), model: model.clone(), place });
    }
    changes
}

fn change(rng: &mut Rng, model: &mut Model) -> &'static str {
    let pick = |rng: &mut Rng, len: usize| (len > 0).then(|| rng.usize(..len));
    match rng.u8(..8) {
        0 => {
            if let Some(at) = pick(rng, model.nat_gateways.len()) {
                model.nat_gateways[at].available ^= true;
            }
            "a NAT gateway is deleted, or added"
        }
        1 => {
            if let Some(at) = pick(rng, model.vpc_endpoints.len()) {
                model.vpc_endpoints[at].available ^= true;
            }
            "an endpoint is deleted, or added"
        }
        2 => {
            if let Some(at) = pick(rng, model.security_groups.len()) {
                model.security_groups[at].egress.pop();
            }
            "a rule is revoked"
        }
        3 => {
            if let Some(at) = pick(rng, model.network_acls.len()) {
                model.network_acls[at].entries.pop();
            }
            "an entry is removed"
        }
        4 => {
            if let Some(at) = pick(rng, model.route_tables.len()) {
                model.route_tables[at].routes.pop();
            }
            "a route is removed"
        }
        5 => {
            if let Some(at) = pick(rng, model.services.len()) {
                model.services[at].tasks = Sourced::from(rng.u32(1..4));
            }
            "a service is scaled"
        }
        6 => {
            let connectors: Vec<_> = model.connectors.iter().map(|c| c.id.clone()).collect();
            if let (Some(at), Some(to)) = (pick(rng, model.services.len()), rng.choice(connectors))
            {
                model.services[at].egress = Egress::Vpc(to);
            }
            "a service is moved to another connector"
        }
        _ => {
            if let Some(at) = pick(rng, model.services.len()) {
                model.services[at].egress = Egress::Default;
            }
            "a service leaves the VPC"
        }
    }
}
