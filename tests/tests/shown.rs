//! To watch packets changes nothing: a crew whose hops are recorded does what one does that nobody
//! watches, and what is recorded is the way that the packet went.
//!
//! `EGRET_SEED` chooses another run.

use std::sync::Arc;

use egret_control::compile::compile;
use egret_dataplane::crew::Crew;
use egret_dataplane::packet::{Fragment, answer, decode};
use egret_dataplane::snapshot::{InterfaceId, Snapshot};
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::trace::{Hop, Record};
use egret_dataplane::verdict::{Element, Verdict};
use egret_dataplane::worker::{Arrival, Emission, Limits};
use egret_tests::net::{WORLD, sender, snapshot};
use egret_tests::packet::syn;
use egret_tests::probe::{self, Source};
use egret_tests::{subject, topology};

const TOPOLOGIES: u64 = 600;
const PROBES: usize = 40;
const LIMITS: Limits = Limits { flows: 128 };

/// What came of a packet: everything that a driver sees, and the hops of the packet itself.
type Seen = (Verdict, Vec<u8>, Vec<Emission>, Vec<Hop>);

fn process(crew: &mut Crew, watched: bool, now: Instant, from: InterfaceId, sent: &[u8]) -> Seen {
    let (mut bytes, mut emissions) = (sent.to_vec(), Vec::new());
    let arrival = Arrival { interface: from, bytes: &mut bytes };
    let mut record = Record::default();
    let verdict = match watched {
        true => crew.process_shown(now, arrival, &mut emissions, &mut record),
        false => crew.process(now, arrival, &mut emissions),
    };
    (verdict, bytes, emissions, record.own().to_vec())
}

/// The hops of a packet whose flow lives.
fn shown(crew: &Crew, from: InterfaceId, sent: &[u8]) -> Option<Vec<Hop>> {
    let mut record = Record::default();
    let headers = decode(sent).ok()?;
    crew.show(from, &headers, &mut record).then_some(record.hops)
}

/// Whether hops lead from what was sent to what arrived.
fn check_hops(hops: &[Hop], sent: &[u8], arrived: &[u8]) {
    let [sent, arrived] = [sent, arrived].map(|bytes| decode(bytes).expect("a packet").tuple());
    assert_eq!(hops.first().map(|hop| hop.before), Some(sent));
    assert_eq!(hops.last().map(|hop| hop.after), Some(arrived));
    for pair in hops.windows(2) {
        assert_eq!(pair[0].after, pair[1].before, "{pair:?}");
        assert_eq!(pair[0].direction, pair[1].direction);
    }
}

#[test]
fn to_watch_changes_nothing_and_shows_the_way() {
    let seed = egret_tests::seed(1);
    eprintln!("EGRET_SEED={seed}");
    let (mut delivered, mut answered) = (0, 0);
    for round in 0..TOPOLOGIES {
        let mut rng = fastrand::Rng::with_seed(seed ^ round << 20);
        let model = topology::random(&mut rng, 1 + (round % 3) as u32);
        let compilation = compile(&model).unwrap_or_else(|findings| panic!("{findings:#?}"));
        let snapshot: Arc<Snapshot> = Arc::new(compilation.snapshot);
        let workers = [1, 3][round as usize % 2];
        let mut crews = [(); 2].map(|()| Crew::new(&snapshot, workers, LIMITS, seed));
        let mut now = Instant::ZERO;
        for _ in 0..PROBES {
            now = now + Duration::from_millis(rng.u64(1..2_000));
            let probe = probe::random(&mut rng, &model);
            let (from, src) = sender(&snapshot, &probe.from);
            let sent = subject::first(&probe).bytes(src);
            let Some(arrived) = both(&mut crews, now, from, &sent) else { continue };
            delivered += 1;
            if let Verdict::Forward(to) = arrived.0
                && let Some(back) = answer::reply(&arrived.1)
                && both(&mut crews, now, to, &back).is_some()
            {
                answered += 1;
                // And once more, from the cache.
                let _ = both(&mut crews, now, from, &sent);
            }
        }
    }
    assert!(delivered > 2_000 && answered > 1_000, "{delivered} delivered, {answered} answered");
}

/// What a crew has counted.
fn figures(crew: &Crew) -> Vec<u64> {
    let all = crew.counters();
    let came = [all.received, all.hits, all.misses, all.opened];
    let went = [all.forwarded, all.replied, all.held, all.dropped()];
    [came, went].concat()
}

/// The same packet in both crews; what came of it if it was forwarded whole.
fn both(crews: &mut [Crew; 2], now: Instant, from: InterfaceId, sent: &[u8]) -> Option<Seen> {
    let [watched, other] = crews;
    let seen = process(watched, true, now, from, sent);
    let unseen = process(other, false, now, from, sent);
    assert_eq!((seen.0, &seen.1, &seen.2), (unseen.0, &unseen.1, &unseen.2));
    assert_eq!(figures(watched), figures(other));
    let Verdict::Forward(_) = seen.0 else { return None };
    if !seen.3.is_empty() {
        check_hops(&seen.3, sent, &seen.1);
    }
    let is_whole = decode(sent).is_ok_and(|headers| headers.fragment == Fragment::Whole);
    if is_whole {
        let before = figures(&crews[0]);
        let hops = shown(&crews[0], from, sent).expect("its flow lives");
        check_hops(&hops, sent, &seen.1);
        assert_eq!(figures(&crews[0]), before, "to look counts nothing");
    }
    Some(seen)
}

#[test]
fn gateways_know_their_connections_and_which_they_forgot() {
    let snapshot = Arc::new(snapshot(WORLD));
    let nat = snapshot.nat_gateways.iter().position(|nat| &*nat.name == "nat-a").expect("nat-a");
    let nat = Element::NatGateway(egret_dataplane::snapshot::NatId(nat as u32));
    let endpoints = &snapshot.endpoints;
    let secrets = endpoints.iter().position(|e| &*e.name == "secrets").expect("secrets");
    let secrets = Element::VpcEndpoint(egret_dataplane::snapshot::EndpointId(secrets as u32));
    let (web, src) = sender(&snapshot, &Source::Task { service: "web".to_owned(), number: 0 });
    let mut crew = Crew::new(&snapshot, 2, LIMITS, 1);
    let mut now = Instant::ZERO;
    for (to, ports) in [("203.0.113.10:443", 5), ("10.0.1.50:443", 3)] {
        for port in 0..ports {
            let sent = syn(to).port(3_000 + port).bytes(src);
            let (verdict, arrived, ..) = process(&mut crew, false, now, web, &sent);
            let Verdict::Forward(to) = verdict else { panic!("{verdict:?}") };
            let back = answer::reply(&arrived).expect("SYN and ACK");
            let (verdict, ..) = process(&mut crew, false, now, to, &back);
            assert_eq!(verdict, Verdict::Forward(web));
        }
    }
    let active = crew.active_connections();
    assert_eq!((active.get(&nat), active.get(&secrets)), (Some(&5), Some(&3)));
    assert_eq!(active.values().sum::<u64>(), 8);
    assert_eq!((crew.counters().forgotten_by(nat), crew.counters().forgotten_by(secrets)), (0, 0));
    now = now + Duration::from_secs(351);
    crew.expire(now, usize::MAX);
    assert!(crew.active_connections().is_empty());
    assert_eq!((crew.counters().forgotten_by(nat), crew.counters().forgotten_by(secrets)), (5, 3));
}
