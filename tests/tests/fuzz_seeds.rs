//! The fuzz target's seeds, as they are and damaged: what `cargo fuzz run packets` starts from.

use std::path::Path;

use egret_tests::fuzz;
use egret_tests::net::{Net, WORLD};
use egret_tests::packet::{echo, flags, raw, syn, tcp, udp};

/// One conversation a seed: each is a list of records.
fn conversations() -> Vec<(&'static str, Vec<u8>)> {
    let net = Net::new(WORLD);
    let id = |name: &str| net.interface(name).0 as u8;
    let from = |name: &str, packet: egret_tests::packet::Packet| {
        fuzz::record(id(name), 1, &packet.bytes(net.address(name)))
    };
    let api = "203.0.113.10:443";
    let host = "203.0.113.10".parse().expect("an address");
    let answer = |port: u16| {
        let packet = tcp(&format!("198.51.100.10:{port}"), flags::SYN | flags::ACK).port(443);
        fuzz::record(0, 0, &packet.bytes(host))
    };
    let datagram = udp("203.0.113.10:53");
    vec![
        ("tcp", [from("web", syn(api)), answer(1_024), from("web", tcp(api, flags::FIN))].concat()),
        (
            "idle",
            [from("web", syn(api)), vec![0, 255, 0, 0], from("web", tcp(api, flags::ACK))].concat(),
        ),
        ("epoch", [from("web", syn(api)), vec![255, 0, 0, 0], from("web", syn(api))].concat()),
        (
            "fragments",
            [
                from("web", datagram.clone().later_fragment()),
                from("web", datagram.first_fragment()),
            ]
            .concat(),
        ),
        ("resolver", from("web", udp("10.0.0.2:53"))),
        (
            "endpoint",
            [from("web", syn("10.0.1.50:443")), from("web", syn("198.18.0.1:443"))].concat(),
        ),
        ("echo", from("open-host", echo("203.0.113.10"))),
        ("gre", from("open-host", raw("10.0.2.12", 47))),
        ("big", from("web", udp("203.0.113.10:53").size(3_000).may_fragment())),
        ("error", {
            let sent = syn(api).bytes(net.address("web"));
            let headers = egret_dataplane::packet::decode(&sent).expect("a packet");
            let router = "203.0.113.1".parse().expect("an address");
            let error = egret_dataplane::packet::answer::too_big(&sent, &headers, router, 1_400);
            [from("web", syn(api)), fuzz::record(0, 0, &error)].concat()
        }),
    ]
}

/// Where the seeds are kept.
fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/packets")
}

#[test]
fn seeds_are_those_in_the_repository() {
    for (name, bytes) in conversations() {
        let path = folder().join(name);
        if std::env::var_os("EGRET_UPDATE_SEEDS").is_some() {
            std::fs::create_dir_all(folder()).expect("the folder of seeds");
            std::fs::write(&path, &bytes).expect("a seed");
        }
        let kept = std::fs::read(&path).unwrap_or_default();
        assert!(kept == bytes, "{name} differs: EGRET_UPDATE_SEEDS=1 writes it anew");
    }
}

#[test]
fn every_seed_runs_as_it_is_and_damaged() {
    let seed = egret_tests::seed(3);
    eprintln!("EGRET_SEED={seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    let seeds = std::fs::read_dir(folder()).expect("the folder of seeds");
    let seeds: Vec<Vec<u8>> =
        seeds.map(|seed| std::fs::read(seed.expect("a file").path()).expect("a seed")).collect();
    assert!(seeds.len() >= 10);
    for bytes in &seeds {
        fuzz::packets(bytes);
        for _ in 0..2_000 {
            let mut damaged = bytes.clone();
            for _ in 0..rng.usize(1..6) {
                let at = rng.usize(..damaged.len());
                damaged[at] = rng.u8(..);
            }
            damaged.truncate(rng.usize(..=damaged.len()));
            if rng.bool() {
                damaged.extend_from_slice(&seeds[rng.usize(..seeds.len())]);
            }
            fuzz::packets(&damaged);
        }
    }
}
