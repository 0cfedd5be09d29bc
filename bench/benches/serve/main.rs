//! `egret serve`: changes and reads a second over HTTP, how soon the dataplane follows a change, and
//! what an account of ten thousand services costs.
//!
//! The server and all of its threads have one core, its clients another. Beside each figure stands
//! what it is at most: an answer to nothing, `GET /health/live`, over the same connections, and
//! 4 KiB written and flushed to the same disk. With `--test` everything happens once and small.
#![allow(missing_docs, clippy::print_stdout)]

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

mod adoption;
mod client;
mod large;
mod served;

use client::{Ask, Load, rate};
use large::Size;
use served::Served;

/// A rule comes, and goes.
pub(crate) const CHANGE_AND_BACK: [&str; 2] =
    ["AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress"];
/// Connections at once.
const CONNECTIONS: [usize; 3] = [1, 16, 64];

/// How much is done.
#[derive(Clone, Copy)]
struct Effort {
    /// How long each load goes on.
    time: Duration,
    /// How often it is measured: the median counts.
    rounds: usize,
    changes: usize,
    large: Size,
}

const FULL: Effort = Effort {
    time: Duration::from_secs(2),
    rounds: 3,
    changes: 300,
    large: Size { connectors: 1_000, services: 10_000, groups: 250 },
};
const SHORT: Effort = Effort {
    time: Duration::from_millis(50),
    rounds: 1,
    changes: 6,
    large: Size { connectors: 10, services: 50, groups: 5 },
};

fn main() {
    let effort = if std::env::args().any(|argument| argument == "--test") { SHORT } else { FULL };
    let clients = Builder::new_multi_thread()
        .worker_threads(1)
        .on_thread_start(|| served::pin(1))
        .enable_all()
        .build()
        .expect("a runtime");
    rates(&clients, effort);
    small(&clients, effort);
    large(&clients, effort);
}

/// Changes and reads a second.
fn rates(clients: &Runtime, effort: Effort) {
    println!("answers a second over 1, 16 and 64 connections, server and dataplane on one core");
    let folder = tempfile::tempdir().expect("a folder");
    let disk = flushes(folder.path(), effort.time);
    for (keeping, data) in [("in memory", None), ("on disk", Some(folder.path()))] {
        let served = Served::start(data, Some(0));
        let measure = |load: Load| {
            CONNECTIONS.map(|connections| {
                let rates = (0..effort.rounds)
                    .map(|_| clients.block_on(rate(served.at, connections, effort.time, &load)));
                median(rates.collect())
            })
        };
        let limit = measure(Arc::new(|_, _| Ask::Health));
        println!("  {keeping}");
        line("GET /health/live: the limit", limit, None);
        for (name, load) in clients.block_on(loads(&served)) {
            line(name, measure(load), Some(limit));
        }
        served.stop();
    }
    println!("  4 KiB written and flushed to that disk, one after the other: {disk:.0}/s");
}

/// What is asked over and over: two changes, the second of which packets may meet; two reads.
async fn loads(served: &Served) -> [(&'static str, Load); 4] {
    let size = Size { connectors: 40, services: 0, groups: 8 };
    let large::Made { vpc, groups } = large::make(served, size).await;
    let tag = move |connection: usize, number| {
        let tag = format!("ResourceId.1={vpc}&Tag.1.Key=k{}&Tag.1.Value={number}", connection % 40);
        Ask::Ec2("CreateTags", tag)
    };
    let rule = move |connection: usize, number| {
        let permission = large::permission(&groups[connection % groups.len()], connection as u16);
        Ask::Ec2(CHANGE_AND_BACK[number as usize % 2], permission)
    };
    let page = r#"{"MaxResults": 20}"#;
    [
        ("CreateTags", Arc::new(tag)),
        ("Authorize- and RevokeSecurityGroupEgress", Arc::new(rule)),
        ("DescribeVpcs", Arc::new(|_, _| Ask::Ec2("DescribeVpcs", String::new()))),
        (
            "ListVpcConnectors, 20 a page",
            Arc::new(move |_, _| Ask::AppRunner("ListVpcConnectors", page.to_owned())),
        ),
    ]
}

fn line(name: &str, rates: [f64; 3], limit: Option<[f64; 3]>) {
    let shown = (0..3).map(|at| {
        let share = limit.map(|limit| format!(" ({:.2})", rates[at] / limit[at]));
        format!("{:>8.0}/s{:<7}", rates[at], share.unwrap_or_default())
    });
    println!("    {name:<42}{}", shown.collect::<String>());
}

/// 4 KiB appended and flushed a second: what a commit costs at least.
fn flushes(folder: &Path, time: Duration) -> f64 {
    let mut file = File::create(folder.join("flushed")).expect("a file");
    let (mut count, start) = (0, Instant::now());
    while start.elapsed() < time {
        file.write_all(&[1; 4_096]).expect("room");
        file.sync_data().expect("a disk");
        count += 1;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

/// How soon the dataplane of a small account follows.
fn small(clients: &Runtime, effort: Effort) {
    println!("\nchanges while packets pass: a default VPC, all cores");
    let served = Served::start(None, None);
    follow(clients, &served, effort.changes);
    served.stop();
}

/// The same of a large one, and what else that costs.
fn large(clients: &Runtime, effort: Effort) {
    let Size { connectors, services, .. } = effort.large;
    println!("\n{services} services on {connectors} connectors, on disk");
    let folder = tempfile::tempdir().expect("a folder");
    let served = Served::start(Some(folder.path()), Some(0));
    let start = Instant::now();
    clients.block_on(large::make(&served, effort.large));
    let rate = services as f64 / start.elapsed().as_secs_f64();
    println!("  made at {rate:.0} services a second");
    let (before, walks) = (large::resident(), 5);
    for _ in 0..walks {
        let walk = clients.block_on(large::walk(&served));
        assert_eq!(walk.services, services, "every service is listed once");
    }
    let grown = large::resident().saturating_sub(before) / 1_024;
    println!("  listed {walks} times, 20 a page: the process has {grown} KiB more than before");
    served.stop();
    println!("  {} MiB in its store", large::stored(folder.path()) >> 20);
    let served = Served::start(Some(folder.path()), None);
    println!("  started from disk in {:?}", served.started_in);
    println!("  changes while packets pass, all cores");
    follow(clients, &served, effort.changes / 3);
    served.stop();
}

fn follow(clients: &Runtime, served: &Served, changes: usize) {
    let adoption = clients.block_on(adoption::measure(served, changes));
    assert_eq!((adoption.lost, adoption.dropped), (0, 0), "no packet is lost on the way");
    assert!(adoption.packets > 0, "packets pass");
    let row = |name, times: &[Duration]| {
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!("    {name:<34}{:>12.1?}{:>12.1?}{:>12.1?}", at(0.5), at(0.99), at(1.0));
    };
    println!("    {:<34}{:>12}{:>12}{:>12}", "", "median", "99 %", "worst");
    row("from request to adoption by all", &adoption.answered);
    row("of that to compile", &adoption.compiled);
    row("of that until the last worker", &adoption.adopted);
    let rate = adoption.packets as f64 / adoption.time.as_secs_f64() / 1e3;
    println!(
        "    {} packets at {rate:.0} k/s meanwhile, none lost, none dropped",
        adoption.packets
    );
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
