//! Whatever a miss can do, its hits do identically: the second packet of a flow gets from the cache
//! what a fresh walk would give it, also after the configuration has changed.

use std::sync::Arc;

use egret_control::compile::compile;
use egret_dataplane::packet::answer;
use egret_dataplane::snapshot::{InterfaceId, RouteTarget, Snapshot};
use egret_dataplane::time::Instant;
use egret_dataplane::trace::Record;
use egret_dataplane::verdict::Verdict;
use egret_dataplane::worker::{Arrival, Emission, Limits, Worker};
use egret_tests::net::sender;
use egret_tests::packet::{Packet, echo, raw, syn, tcp, udp};
use egret_tests::probe::{self, Probe};
use egret_tests::topology;

/// What came of a packet: everything that a driver sees.
type Seen = (Verdict, Vec<u8>, Vec<Emission>);

fn process(worker: &mut Worker, now: Instant, from: InterfaceId, packet: &[u8]) -> Seen {
    let mut bytes = packet.to_vec();
    let (mut verdicts, mut emissions) = (Vec::new(), Vec::new());
    let arrival = Arrival { interface: from, bytes: &mut bytes };
    worker.process(now, &mut [arrival], &mut verdicts, &mut emissions);
    assert!(worker.counters().balance());
    (verdicts[0], bytes, emissions)
}

/// The same packet the slow way, with every hop recorded.
fn traced(worker: &mut Worker, now: Instant, from: InterfaceId, packet: &[u8]) -> Seen {
    let mut bytes = packet.to_vec();
    let mut emissions = Vec::new();
    let arrival = Arrival { interface: from, bytes: &mut bytes };
    let verdict = worker.trace(now, arrival, &mut Record::default(), &mut emissions);
    (verdict, bytes, emissions)
}

fn packet(probe: &Probe) -> Packet {
    let to = format!("{}:{}", probe.dst, probe.dst_port);
    let packet = match probe.protocol {
        6 => syn(&to),
        17 => udp(&to),
        1 => Packet { icmp: probe.icmp.unwrap_or((8, 0)), ..echo(&probe.dst.to_string()) },
        other => raw(&probe.dst.to_string(), other),
    };
    let size = usize::from(probe.total_len).max(40);
    let whole = Packet { dont_fragment: probe.dont_fragment, ..packet };
    whole.port(probe.src_port).ttl(probe.ttl).size(size)
}

fn fresh(snapshot: &Arc<Snapshot>, seed: u64) -> Worker {
    Worker::new(Arc::clone(snapshot), Limits { flows: 16 }, seed)
}

fn next_epoch(snapshot: &Snapshot, change: impl FnOnce(&mut Snapshot)) -> Arc<Snapshot> {
    let mut next = snapshot.clone();
    next.epoch.0 += 1;
    change(&mut next);
    Arc::new(next)
}

/// Changes a rule of an ACL, or where a route leads.
fn disturb(rng: &mut fastrand::Rng, snapshot: &mut Snapshot) {
    let acls = snapshot.network_acls.len();
    let acl = &mut snapshot.network_acls[rng.usize(..acls)];
    let entries = if rng.bool() { &mut acl.ingress } else { &mut acl.egress };
    if let Some(entry) = rng.choice(entries) {
        entry.allow = rng.bool();
    }
    let tables = snapshot.route_tables.len();
    let routes = &mut snapshot.route_tables[rng.usize(..tables)].routes;
    let targets: Vec<RouteTarget> = routes.iter().map(|route| route.target).collect();
    if let Some(route) = rng.choice(routes).filter(|route| route.target != RouteTarget::Local) {
        route.target = match rng.choice(targets) {
            Some(RouteTarget::Local) | None => RouteTarget::Blackhole,
            Some(target) => target,
        };
    }
}

#[test]
fn the_second_packet_is_the_first_again() {
    let seed = egret_tests::seed(11);
    eprintln!("EGRET_SEED={seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    let (mut flows, mut answers) = (0, 0);
    for _ in 0..400 {
        let model = topology::random(&mut rng, 3);
        let snapshot = Arc::new(compile(&model).expect("a valid topology").snapshot);
        for _ in 0..50 {
            let probe = probe::random(&mut rng, &model);
            let (from, src) = sender(&snapshot, &probe.from);
            let bytes = packet(&probe).bytes(src);
            let mut worker = fresh(&snapshot, 5);
            let first = process(&mut worker, Instant(0), from, &bytes);
            let second = process(&mut worker, Instant(1), from, &bytes);
            assert_eq!(first, second, "{probe:?}");
            assert_eq!(second, traced(&mut worker, Instant(2), from, &bytes), "{probe:?}");
            assert_eq!(first, traced(&mut fresh(&snapshot, 5), Instant(0), from, &bytes));
            worker.adopt(next_epoch(&snapshot, |_| {}));
            assert_eq!(first, process(&mut worker, Instant(3), from, &bytes), "{probe:?}");
            let (Verdict::Forward(to), delivered, _) = first else {
                let kept = (worker.flows().len(), worker.ports().len(), worker.held());
                assert_eq!(kept, (0, 0, 0), "{probe:?} was dropped and left something behind");
                continue;
            };
            flows += 1;
            let Some(answer) = answer::reply(&delivered) else { continue };
            let back = process(&mut worker, Instant(4), to, &answer);
            answers += 1;
            assert_eq!(back, process(&mut worker, Instant(5), to, &answer), "{probe:?}");
            assert_eq!(back, traced(&mut worker, Instant(6), to, &answer), "{probe:?}");
            worker.adopt(next_epoch(worker.snapshot(), |_| {}));
            assert_eq!(back, process(&mut worker, Instant(7), to, &answer), "{probe:?}");
        }
    }
    eprintln!("{flows} flows, {answers} answers");
    assert!(flows > 2_000 && answers > 2_000);
}

/// Network ACLs and routes keep no state: after a change of them, a datagram of a live flow fares as
/// the first one would in a worker that knows nothing.
#[test]
fn a_changed_acl_or_route_bites_a_live_flow_as_it_would_a_new_one() {
    let seed = egret_tests::seed(12);
    eprintln!("EGRET_SEED={seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut changed = 0;
    for _ in 0..400 {
        let model = topology::random(&mut rng, 3);
        let snapshot = Arc::new(compile(&model).expect("a valid topology").snapshot);
        for _ in 0..50 {
            let mut probe = probe::random(&mut rng, &model);
            probe.protocol = 17;
            let (from, src) = sender(&snapshot, &probe.from);
            let bytes = packet(&probe).bytes(src);
            let mut worker = fresh(&snapshot, 5);
            let before = process(&mut worker, Instant(0), from, &bytes);
            let next = next_epoch(&snapshot, |next| disturb(&mut rng, next));
            worker.adopt(Arc::clone(&next));
            let now = process(&mut worker, Instant(1), from, &bytes);
            let anew = process(&mut fresh(&next, 5), Instant(1), from, &bytes);
            assert_eq!(now, anew, "{probe:?} was {:?}", before.0);
            changed += usize::from(before.0 != now.0);
        }
    }
    eprintln!("{changed} verdicts changed");
    assert!(changed > 200);
}

/// A segment that opens nothing is no way round the rules: without its flow, it never passes a
/// gateway that translates.
#[test]
fn a_segment_without_a_flow_opens_none_through_a_translator() {
    let seed = egret_tests::seed(13);
    eprintln!("EGRET_SEED={seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    for _ in 0..200 {
        let model = topology::random(&mut rng, 3);
        let snapshot = Arc::new(compile(&model).expect("a valid topology").snapshot);
        for _ in 0..50 {
            let probe = probe::random(&mut rng, &model);
            let (from, src) = sender(&snapshot, &probe.from);
            let late = tcp(&format!("{}:{}", probe.dst, probe.dst_port), 16).bytes(src);
            let mut worker = fresh(&snapshot, 5);
            let (_, _, _) = process(&mut worker, Instant(0), from, &late);
            assert_eq!(worker.ports().len(), 0, "{probe:?}");
        }
    }
}
