//! Runs through workers on threads of their own: every packet is accounted for, whichever of them had it.

use std::path::Path;
use std::sync::RwLock;

use egret_sim::scenario::Scenario;

use super::*;
use crate::account::time::Timestamp;
use crate::account::{Account, Identity};
use crate::engine::flow_pages::Filter;
use crate::engine::{Engine, Surroundings};

const SCENARIO: &str = "
title: A service behind a NAT gateway of few connections
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
  web: { egress: vpc, connector: web }
settings: { nat_connections: 20 }
";

fn engine(workers: usize) -> Engine {
    let scenario = Scenario::from_text(Path::new("scenario.yaml"), SCENARIO).expect("a scenario");
    let mut account = Account::new(Identity::default());
    let imported = account.change(Timestamp(0), |change| -> Result<(), std::convert::Infallible> {
        change.import(&scenario.model);
        Ok(())
    });
    imported.expect("nothing is refused");
    let surroundings = Surroundings::of(&scenario.model);
    Engine::start(&Arc::new(RwLock::new(account)), surroundings, workers, 1).expect("it starts")
}

fn plan(flows: u32, seconds: u64) -> Plan {
    Plan {
        name: None,
        from: "web".to_owned(),
        to: "203.0.113.9:443".to_owned(),
        protocol: Protocol::TCP,
        rate: Rate::per_second(2_000),
        size: 100,
        flows,
        renew: None,
        after: Duration::ZERO,
        duration: Some(Duration::from_secs(seconds)),
    }
}

fn start(engine: &Engine, plan: Plan) -> Arc<Run> {
    engine.start_traffic(vec![plan]).expect("it starts").remove(0)
}

async fn over(engine: &Engine, id: u32) -> Tally {
    while engine.traffic.run(id).expect("it is there").tally().over.is_none() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    engine.traffic.stop(id).await.expect("it is there").1
}

#[tokio::test]
async fn each_worker_sends_its_part_and_answers_come_back() {
    let engine = engine(3);
    let run = start(&engine, plan(7, 1));
    let tally = over(&engine, run.id).await;
    assert!((1_900..=2_010).contains(&(tally.sent + tally.behind)), "{tally:?}");
    assert_eq!([tally.delivered, tally.answers, tally.answers_delivered], [tally.sent; 3]);
    assert_eq!((tally.dropped(), tally.under_way(), tally.lost()), (0, 0, 0));
    // Counters are shown a little later than runs.
    while engine.counters().received < tally.sent * 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let counters = engine.counters();
    assert_eq!(counters.received, tally.sent * 2);
    assert_eq!(counters.handed_over, 0, "each worker sends from flows of its own");
    assert!(counters.hits > counters.misses, "only a flow's first packets take the slow way");
}

/// A worker without a port hands its packet on, and whoever has it last drops it: the run hears of it.
#[tokio::test]
async fn packets_that_workers_hand_over_are_accounted_for() {
    let engine = engine(3);
    let run = start(&engine, plan(60, 1));
    let tally = over(&engine, run.id).await;
    assert!(tally.handed_over > 0 && tally.taken_over > 0, "{tally:?}");
    assert_eq!((tally.under_way(), tally.lost()), (0, 0), "{tally:?}");
    let exhausted = |(drop, _): &(Drop, Way)| drop.reason == DropReason::NatPortsExhausted;
    assert!(tally.dropped() > 0 && tally.drops.keys().all(exhausted), "{tally:?}");
    assert!(tally.turns > 0, "what another worker dropped is a last word, too: {tally:?}");
}

/// Twenty flows have twenty ports, but not each worker as many ports as flows.
#[tokio::test]
async fn a_flow_that_another_worker_has_is_answered_there() {
    let engine = engine(3);
    let run = start(&engine, plan(20, 1));
    let tally = over(&engine, run.id).await;
    assert!(tally.handed_over > 0 && tally.taken_over == tally.handed_over, "{tally:?}");
    assert_eq!([tally.delivered, tally.answers, tally.answers_delivered], [tally.sent; 3]);
    assert_eq!((tally.dropped(), tally.under_way()), (0, 0), "{tally:?}");
}

#[tokio::test]
async fn the_flows_of_a_worker_come_in_pieces() {
    let engine = engine(1);
    let run = start(&engine, plan(15, 1));
    over(&engine, run.id).await;
    let (mut ports, mut from) = (Vec::new(), Some(0));
    while let Some(place) = from {
        let page = engine.flows(0, place, 4, Filter::default()).await.expect("there is a worker");
        assert!(page.flows.len() <= 4);
        ports.extend(page.flows.iter().map(|flow| flow.tuples[0].src_port));
        from = page.next;
    }
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 15);
    let udp = Filter { protocol: Some(Protocol::UDP), ..Filter::default() };
    assert!(engine.flows(0, 0, 100, udp).await.unwrap().flows.is_empty());
    assert!(engine.flows(1, 0, 100, Filter::default()).await.is_none(), "there is no such worker");
}

#[tokio::test]
async fn an_engine_stops_in_the_midst_of_traffic() {
    let engine = engine(2);
    let unending = Plan { duration: None, ..plan(10, 1) };
    let run = start(&engine, unending);
    while run.tally().sent == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(engine);
    assert_eq!(run.tally().under_way(), 0);
}

#[tokio::test]
async fn nobody_sends_who_is_not_there() {
    let engine = engine(1);
    let nobody = Plan { from: "wbe".to_owned(), ..plan(1, 1) };
    let why = engine.start_traffic(vec![plan(1, 1), nobody]).unwrap_err().to_string();
    assert!(why.contains("is called `wbe`"), "{why}");
    assert!(engine.traffic.runs().is_empty(), "all start, or none");
}

#[tokio::test]
async fn there_is_room_for_all_runs_or_none_starts() {
    let engine = engine(1);
    let slow = Plan { rate: Rate::per_second(1), duration: None, ..plan(1, 1) };
    engine.start_traffic(vec![slow.clone(); MOST_RUNS - 2]).expect("there is room");
    let why = engine.start_traffic(vec![slow.clone(); 3]).unwrap_err();
    assert_eq!(why, NotStarted::TooMany { more: 3, free: 2 });
    assert_eq!(engine.traffic.runs().len(), MOST_RUNS - 2);
    engine.start_traffic(vec![slow; 2]).expect("there is room for two");
}

/// It waits for its time, sends exactly what it should, and closes its last connections, too.
#[tokio::test]
async fn a_run_waits_for_its_time_and_leaves_no_connection_open() {
    let engine = engine(2);
    let after = Duration::from_millis(300);
    let rate = Rate { packets: 10, time: Duration::from_millis(100) };
    let duration = Some(Duration::from_millis(200));
    let run = start(&engine, Plan { rate, after, duration, renew: Some(2), ..plan(10, 1) });
    assert!(run.begins() > SystemTime::now());
    tokio::time::sleep(after / 2).await;
    assert_eq!(run.tally().sent, 0);
    let tally = over(&engine, run.id).await;
    assert!(SystemTime::now() >= run.begins() + Duration::from_millis(200));
    // Ten connections of two packets, each closed by a third one.
    assert_eq!((tally.sent, tally.answers, tally.behind), (30, 20, 0), "{tally:?}");
    let mut states = Vec::new();
    for worker in 0..2 {
        let page = engine.flows(worker, 0, 1_000, Filter::default()).await.expect("it is there");
        states.extend(page.flows.iter().map(|flow| format!("{:?}", flow.state)));
    }
    assert_eq!(states, ["Closed"; 10]);
}
