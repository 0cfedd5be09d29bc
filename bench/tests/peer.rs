//! The whole of the Linux peer, on this machine's kernel. It needs root (CAP_NET_ADMIN and
//! CAP_NET_RAW), iproute2 and nftables:
//!
//! ```sh
//! sudo -E cargo test --release -p egret-bench --test peer -- --ignored --nocapture
//! ```

#![cfg(target_os = "linux")]

use std::{fs, time::Duration};

use egret_bench::peer::{Flow, Job, NAT_ADDRESS, Outcome, linux};

fn outcome(flows: usize) -> Outcome {
    let job = Job { flows: Flow::many(flows), size: 64, duration: Duration::from_secs(3), seed: 1 };
    let outcome = linux(&job).unwrap_or_else(|why| panic!("{why}"));
    eprintln!("{flows} flows: {outcome}\n{:?}", [&outcome.sender, &outcome.forward, &outcome.nat]);
    outcome
}

#[test]
#[ignore = "needs root and nftables"]
fn the_kernel_translates_what_it_is_measured_with() {
    for flows in [1, 1_000, 65_536] {
        let outcome = outcome(flows);
        assert_eq!(outcome.conntrack_entries, flows as u64);
        assert_eq!(outcome.translated_to.0, NAT_ADDRESS);
        for run in [outcome.sender, outcome.forward, outcome.nat] {
            assert_eq!(run.lost(), 0);
        }
        assert!(outcome.sender.ns_per_packet < outcome.forward.ns_per_packet);
        assert!(outcome.forward.ns_per_packet < outcome.nat.ns_per_packet);
    }
}

#[test]
#[ignore = "needs root and nftables"]
fn nothing_stays_behind() {
    let before = (links(), limits());
    outcome(400_000);
    assert_eq!((links(), limits()), before);
}

fn links() -> String {
    fs::read_dir("/sys/class/net")
        .unwrap()
        .map(|link| format!("{:?} ", link.unwrap().path()))
        .collect()
}

fn limits() -> [String; 2] {
    ["nf_conntrack_max", "nf_conntrack_buckets"]
        .map(|name| fs::read_to_string(format!("/proc/sys/net/netfilter/{name}")).unwrap())
}
