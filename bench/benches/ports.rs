//! What it costs to find, take and give back a port, by how many are taken towards the destination.
#![allow(missing_docs)]

use std::hint::black_box;
use std::net::Ipv4Addr;

use criterion::{Criterion, criterion_group, criterion_main};
use egret_dataplane::flow::Translator;
use egret_dataplane::packet::Protocol;
use egret_dataplane::ports::{PORTS, Ports, Towards};
use egret_dataplane::snapshot::NatId;

const TOWARDS: Towards = Towards {
    by: Translator::Nat(NatId(0)),
    address: Ipv4Addr::new(10, 0, 101, 4),
    protocol: Protocol::TCP,
    remote: Ipv4Addr::new(203, 0, 113, 10),
    remote_port: 443,
};

fn choice(c: &mut Criterion) {
    let mut group = c.benchmark_group("port");
    let counts = [("none", 0), ("1-percent", PORTS / 100), ("99-percent", PORTS / 100 * 99)];
    for (name, taken) in counts.into_iter().chain([("all-but-one", PORTS - 1)]) {
        let mut ports = Ports::default();
        let mut wish = 0_u16;
        for _ in 0..taken {
            wish = wish.wrapping_mul(25_173).wrapping_add(13_849);
            let port = ports.free(&TOWARDS, wish, PORTS).expect("a free port");
            ports.take(TOWARDS, port);
        }
        assert_eq!(ports.towards(&TOWARDS), taken);
        group.bench_function(name, |b| {
            b.iter(|| {
                wish = wish.wrapping_mul(25_173).wrapping_add(13_849);
                let port = ports.free(&TOWARDS, black_box(wish), PORTS).expect("a free port");
                ports.take(TOWARDS, port);
                ports.release(TOWARDS, port);
            });
        });
        assert_eq!(ports.towards(&TOWARDS), taken, "each was given back");
    }
}

criterion_group!(benches, choice);
criterion_main!(benches);
