//! What reading, hashing and rewriting a packet cost. Every input is checked to be read, or refused,
//! as its name says.
#![allow(missing_docs)]

use std::hint::black_box;
use std::net::Ipv4Addr;

use criterion::{Criterion, criterion_group, criterion_main};
use egret_bench::traffic::{Image, packet};
use egret_dataplane::flow::{FlowKey, Flows};
use egret_dataplane::packet::rewrite::{Rewrite, rewrite};
use egret_dataplane::packet::{Fragment, Protocol, Tuple, answer, checksum, decode};
use egret_dataplane::snapshot::InterfaceId;

fn tuple(protocol: Protocol) -> Tuple {
    let (src, dst) = (Ipv4Addr::new(10, 0, 1, 4), Ipv4Addr::new(198, 18, 0, 7));
    Tuple { src, dst, src_port: 40_000, dst_port: 443, protocol }
}

fn of(protocol: Protocol) -> Vec<u8> {
    packet(Image::new(InterfaceId(1), tuple(protocol), 64))
}

/// The packet with four bytes of IPv4 options.
fn with_options(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.splice(20..20, [1, 1, 1, 0]);
    let len = bytes.len() as u16;
    bytes[0] = 0x46;
    bytes[2..4].copy_from_slice(&len.to_be_bytes());
    with_checksum(bytes, 24)
}

fn fragment(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes[6..8].copy_from_slice(&[0x20, 0x01]);
    bytes.truncate(60);
    bytes[3] = 60;
    with_checksum(bytes, 20)
}

fn with_checksum(mut bytes: Vec<u8>, header: usize) -> Vec<u8> {
    bytes[10..12].fill(0);
    let sum = checksum::of(&bytes[..header]);
    bytes[10..12].copy_from_slice(&sum.to_be_bytes());
    bytes
}

fn decoding(c: &mut Criterion) {
    let udp = of(Protocol::UDP);
    let headers = decode(&udp).unwrap();
    let error = answer::too_big(&udp, &headers, Ipv4Addr::new(10, 0, 1, 1), 1_500);
    assert!(decode(&error).unwrap().quoted().is_some());
    assert_eq!(decode(&fragment(udp.clone())).unwrap().fragment, Fragment::Later);
    assert_eq!(decode(&with_options(of(Protocol::TCP))).unwrap().header_len, 24);
    let mut group = c.benchmark_group("decode");
    for (name, bytes) in [
        ("udp", udp.clone()),
        ("tcp", of(Protocol::TCP)),
        ("tcp-with-options", with_options(of(Protocol::TCP))),
        ("icmp-error", error),
        ("fragment", fragment(udp)),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| decode(black_box(&bytes)).expect("a right packet"));
        });
    }
}

fn hashing(c: &mut Criterion) {
    let flows = Flows::new(64, 7);
    let key = FlowKey::new(InterfaceId(1), tuple(Protocol::TCP));
    let other = FlowKey::new(InterfaceId(2), tuple(Protocol::TCP));
    assert_ne!(flows.hash(&key), flows.hash(&other));
    c.bench_function("hash", |b| b.iter(|| flows.hash(black_box(&key))));
}

fn rewriting(c: &mut Criterion) {
    let mut group = c.benchmark_group("rewrite");
    for (name, protocol) in [("udp", Protocol::UDP), ("tcp", Protocol::TCP)] {
        let mut bytes = of(protocol);
        let headers = decode(&bytes).unwrap();
        let to = Tuple { src: Ipv4Addr::new(198, 51, 100, 10), src_port: 2_048, ..headers.tuple() };
        let there = Rewrite::new(headers.tuple(), to, 0);
        rewrite(&mut bytes, &headers, &there);
        assert_eq!(decode(&bytes).unwrap().tuple(), to);
        group.bench_function(name, |b| b.iter(|| rewrite(black_box(&mut bytes), &headers, &there)));
    }
}

criterion_group!(benches, decoding, hashing, rewriting);
criterion_main!(benches);
