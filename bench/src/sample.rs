//! Results that nobody measured, for tests of what is made of results.

use crate::job::{Job, Sweep};
use crate::machine::Machine;
use crate::results::*;
use crate::tally::{DropCount, Tally};

/// A sweep over flows, with everything that a point may have.
pub(crate) fn results() -> Results {
    let sweep: Sweep = "flows=1k,64k,1M".parse().expect("a sweep");
    let job = Job { search: Some(0.0), churn: Some(100.0), ..Job::default() };
    let jobs = crate::job::points(&job, std::slice::from_ref(&sweep)).expect("points");
    Results {
        schema_version: SCHEMA_VERSION,
        egret: "0.0.0".to_owned(),
        started: 1_700_000_000,
        machine: Machine {
            cpu: "Some <CPU>".to_owned(),
            cores: 2,
            kernel: "Linux 6.1".to_owned(),
            mhz: Some(3_660.0),
        },
        command: job.command(),
        sweeps: vec![sweep],
        points: jobs.into_iter().enumerate().map(point).collect(),
        against: None,
    }
}

fn point((at, job): (usize, Job)) -> Point {
    let ns = 16.0 + 5.0 * at as f64;
    let open = open(5e6, ns);
    let load = [10.0, 50.0, 80.0].map(|percent| Load { percent, open: open.clone() });
    let trial = Trial { rate: 10e6, loss_percent: 0.0, attempts: 1, passed: true };
    Point {
        setup: Setup { live_flows: job.flows, open_ns: Some(1_500.0), bytes_per_flow: Some(160.0) },
        closed: closed(ns),
        search: Some(Search {
            loss_percent: 0.0,
            rate: Some(10e6),
            trials: vec![trial],
            load: load.to_vec(),
        }),
        open: Some(open),
        churn: Some(Churn {
            asked: 100.0,
            adopted: 300,
            seconds: 3.0,
            compile_ns: Spread { min: 1e6, median: 1.1e6 },
            adoption_ns: 2_000.0,
            worst_adoption_ns: 9_000.0,
            worst_gap_ns: 60_000,
            worst_own_gap_ns: 20_000,
            lost: 0,
            tally: tally(),
        }),
        peer: Some(PeerFigures {
            nat_ns: 3_000.0,
            forward_ns: 2_300.0,
            sender_ns: 1_300.0,
            net_ns: 1_700.0,
            ratio: 1_700.0 / ns,
            method: "Linux 6.1, core 1".to_owned(),
        }),
        compared: None,
        job,
    }
}

fn spread(min: f64) -> Spread {
    Spread { min, median: min * 1.1 }
}

fn closed(ns: f64) -> Closed {
    Closed {
        rounds: 7,
        packets: 7_000_000,
        mpps: Throughput { best: 1e3 / (ns + 3.0), median: 900.0 / (ns + 3.0) },
        gbits: 512.0 / (ns + 3.0),
        ns: spread(ns + 3.0),
        generator_ns: spread(3.0),
        limit_ns: spread(14.0),
        net_ns: spread(ns),
        limit_net_ns: spread(11.0),
        ratio_to_limit: ns / 11.0,
        cycles: Some(ns * 3.66),
        missed_by_limit: 0,
        tally: tally(),
        worst_gap_ns: 50_000,
        worst_own_gap_ns: 9_000,
    }
}

fn open(rate: f64, ns: f64) -> Open {
    let us = |factor: f64| (ns * 100.0 * factor) as u64;
    Open {
        rate,
        offered: 15_000_000,
        lost: 0,
        loss_percent: 0.0,
        latency: Latency {
            p50: us(1.0),
            p90: us(2.0),
            p99: us(3.0),
            p99_9: us(8.0),
            p99_99: us(20.0),
            max: us(100.0),
            curve: vec![(50.0, us(1.0)), (90.0, us(2.0)), (99.0, us(3.0)), (99.9, us(8.0))],
        },
        tally: tally(),
    }
}

fn tally() -> Tally {
    let drops = vec![DropCount {
        reason: "nat-unsolicited".to_owned(),
        kind: "nat-gateway".to_owned(),
        element: "nat".to_owned(),
        packets: 3,
    }];
    Tally { received: 7_000_000, hits: 6_999_990, misses: 10, opened: 7, drops }
}
