//! What `egret check --flow-logs` costs: records of version 2 of random flows, read and judged, beside
//! what it costs to find where lines end in the same file.
#![allow(missing_docs)]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use egret_control::compile::compile;
use egret_dataplane::snapshot::{EniOwner, Snapshot};
use egret_sim::flow_logs::read::Reader;
use egret_sim::flow_logs::usage::Usage;
use egret_sim::scenario::Scenario;
use fastrand::Rng;

const RECORDS: usize = 200_000;
const FLOWS: usize = 65_000;
/// Bytes that are in memory at a time, as of the reader.
const PIECE: usize = 1 << 18;

fn flow_logs(c: &mut Criterion) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/31-noisy-neighbour");
    let scenario = Scenario::read(&file).expect("a scenario");
    let snapshot = compile(&scenario.model).expect("a valid scenario").snapshot;
    snapshot.prepare();
    let folder = tempfile::tempdir().expect("a folder");
    let text = text(&snapshot);
    let [plain, packed] = [("flow.log", false), ("flow.log.gz", true)].map(|(name, is_packed)| {
        let path = folder.path().join(name);
        write(&path, &text, is_packed);
        path
    });

    let mut group = c.benchmark_group("flow-logs");
    group.throughput(Throughput::Elements(RECORDS as u64)).sample_size(10);
    group.bench_function("lines-alone", |b| b.iter(|| assert_eq!(lines(&plain), RECORDS)));
    group.bench_function("text", |b| b.iter(|| assert_eq!(check(&snapshot, &plain), RECORDS)));
    group.bench_function("gzip", |b| b.iter(|| assert_eq!(check(&snapshot, &packed), RECORDS)));
    group.finish();

    let [alone, checked] = [
        fastest(|| assert_eq!(lines(&plain), RECORDS)),
        fastest(|| assert_eq!(check(&snapshot, &plain), RECORDS)),
    ];
    let rate = RECORDS as f64 / checked / 1e6;
    eprintln!(
        "{rate:.2} million records a second, {:.0} times the time that it takes to find the lines",
        checked / alone
    );
}

/// The shortest of five times, in seconds.
fn fastest(mut run: impl FnMut()) -> f64 {
    let mut time = || {
        let began = Instant::now();
        run();
        began.elapsed().as_secs_f64()
    };
    (0..5).map(|_| time()).fold(f64::INFINITY, f64::min)
}

/// How many records were read and judged.
fn check(snapshot: &Snapshot, path: &Path) -> usize {
    let mut usage = Usage::new(snapshot);
    let mut reader = Reader::new(None);
    reader.read(path, |record| usage.record(record));
    assert_eq!(reader.tally().problems, 0);
    reader.tally().records as usize
}

/// How many lines there are.
fn lines(path: &Path) -> usize {
    let file = File::open(path).expect("the log");
    let mut file = BufReader::with_capacity(PIECE, file);
    let mut lines = 0;
    loop {
        let piece = file.fill_buf().expect("the log");
        let read = piece.len();
        if read == 0 {
            return lines;
        }
        lines += memchr::memchr_iter(b'\n', piece).count();
        file.consume(read);
    }
}

/// Flows of the shared ENIs to random addresses, and what answers them.
fn text(snapshot: &Snapshot) -> String {
    let mut rng = Rng::with_seed(1);
    let shared = snapshot.enis.iter().filter(|eni| eni.owner == EniOwner::Hyperplane);
    let shared: Vec<(&str, Ipv4Addr)> = shared.map(|eni| (&*eni.name, eni.address)).collect();
    let flow = |rng: &mut Rng| {
        let (eni, src) = *rng.choice(&shared).expect("a shared ENI");
        let dst = Ipv4Addr::from_bits(rng.u32(0x0b00_0000..0x6000_0000));
        (eni, src, dst, rng.u16(1_024..), *rng.choice(&[443, 80, 53]).expect("a port"))
    };
    let flows: Vec<_> = (0..FLOWS).map(|_| flow(&mut rng)).collect();
    let mut text = String::new();
    for number in 0..RECORDS {
        let (eni, src, dst, src_port, dst_port) = *rng.choice(&flows).expect("a flow");
        let (src, dst, src_port, dst_port) = match number % 2 {
            0 => (src, dst, src_port, dst_port),
            _ => (dst, src, dst_port, src_port),
        };
        let (packets, bytes) = (rng.u32(1..100), rng.u32(60..100_000));
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "2 123456789012 {eni} {src} {dst} {src_port} {dst_port} 6 {packets} {bytes} 1700000000 \
             1700000060 ACCEPT OK"
        );
    }
    text
}

fn write(path: &Path, text: &str, is_packed: bool) {
    let mut file = File::create(path).expect("a file");
    match is_packed {
        false => file.write_all(text.as_bytes()).expect("written"),
        true => {
            let mut packer = flate2::write::GzEncoder::new(file, flate2::Compression::default());
            packer.write_all(text.as_bytes()).expect("written");
            packer.finish().expect("written");
        }
    }
}

criterion_group!(benches, flow_logs);
criterion_main!(benches);
