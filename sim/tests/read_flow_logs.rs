//! Flow logs as they are read: what was written comes back, and nothing that was not.
#![allow(missing_docs)]

mod common;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use common::{CLOUD, run};
use egret_sim::flow_logs::read::{Reader, Tally};
use egret_sim::flow_logs::{Field, FileKind, FlowLogs, Format, SHORT_WINDOW};
use egret_sim::observe::Watch;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

const TRAFFIC: &str = "traffic:
  - { from: web, to: \"api.example.com:443\", connections: 5 }
  - { from: web, to: \"api.example.com:80\", timeout: 2s }
";

fn logged(kind: FileKind, format: &Format) -> Vec<u8> {
    let (_, bytes) = run(&format!("{CLOUD}{TRAFFIC}"), |file| -> Box<dyn Watch> {
        let logs = FlowLogs::new(file, kind, format.clone(), "us-east-1", SHORT_WINDOW);
        Box::new(logs.expect("memory to write to"))
    });
    bytes
}

/// All fields, in an order of their own.
fn everything() -> Format {
    let fields = Field::ALL.iter().rev().map(|field| format!("${{{}}}", field.name()));
    fields.collect::<Vec<_>>().join(" ").parse().expect("fields")
}

/// What is read of a file with these bytes.
fn read(bytes: &[u8], format: Option<Format>) -> (Vec<String>, Tally) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("a file to write to");
    let (mut reader, mut records) = (Reader::new(format), Vec::new());
    reader.read(file.path(), |record| records.push(format!("{record:?}")));
    let mut tally = reader.tally().clone();
    tally.shown.iter_mut().for_each(|problem| problem.path = "file".into());
    (records, tally)
}

#[test]
fn every_kind_of_file_is_read_as_the_same_records() {
    let format = everything();
    let text = logged(FileKind::Text, &format);
    let (records, tally) = read(&text, None);
    let lines = String::from_utf8(text.clone()).expect("text");
    let with =
        |words: &str| lines.lines().skip(1).filter(|line| line.contains(words)).count() as u64;
    assert_eq!((tally.problems, tally.records, tally.no_data), (0, with(" OK "), with(" NODATA ")));
    assert_eq!(records.len() as u64, tally.records + tally.no_data);
    assert!(tally.records > 20 && tally.no_data > 0, "{tally:?}");
    for kind in [FileKind::Gzip, FileKind::Parquet] {
        assert_eq!(
            read(&logged(kind, &format), None),
            (records.clone(), tally.clone()),
            "{kind:?}"
        );
    }
    // A header that AWS did not write: the format is given in its place.
    let headless = &text[lines.find('\n').expect("a header") + 1..];
    assert_eq!(read(headless, Some(format)), (records, tally));
}

#[test]
fn a_record_says_what_its_line_says() {
    let format: Format = "${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} \
                          ${packets} ${bytes} ${start} ${end} ${tcp-flags} ${traffic-path}"
        .parse()
        .expect("fields");
    let text = String::from_utf8(logged(FileKind::Text, &format)).expect("text");
    let (mut reader, mut lines) = (Reader::default(), Vec::new());
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), &text).expect("a file to write to");
    reader.read(file.path(), |record| {
        fn word<T: ToString>(value: Option<T>) -> String {
            value.map_or("-".to_owned(), |value| value.to_string())
        }
        let words = [
            word(record.interface_id),
            word(record.src),
            word(record.dst),
            word(record.src_port),
            word(record.dst_port),
            word(record.protocol),
            word(record.packets),
            word(record.bytes),
            word(record.start),
            word(record.end),
            word(record.tcp_flags),
            word(record.traffic_path),
        ];
        lines.push(words.join(" "));
    });
    let written: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(lines, written);
}

#[test]
fn files_packed_one_after_the_other_are_read_to_the_end() {
    let text = logged(FileKind::Text, &Format::default());
    let packed = logged(FileKind::Gzip, &Format::default());
    let (records, _) = read(&text, None);
    let (twice, tally) = read(&[&packed[..], &packed[..]].concat(), None);
    assert_eq!((twice.len(), tally.problems), (2 * records.len(), 0));
}

#[test]
fn a_file_that_is_cut_short_says_so() {
    let packed = logged(FileKind::Gzip, &Format::default());
    let (_, tally) = read(&packed[..packed.len() / 2], None);
    assert_eq!(tally.problems, 1);
    assert!(tally.shown[0].what.starts_with("cannot be read on: "), "{tally:?}");
    let columns = logged(FileKind::Parquet, &Format::default());
    let (records, tally) = read(&columns[..columns.len() / 2], None);
    assert_eq!((records.len(), tally.problems, tally.shown[0].line), (0, 1, 0));
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&columns).expect("memory");
    let (_, tally) = read(&packed.finish().expect("memory"), None);
    assert!(tally.shown[0].what.starts_with("is Parquet within gzip"), "{tally:?}");
    let mut reader = Reader::default();
    reader.read(Path::new("nowhere.log"), |_| panic!("no file, no record"));
    assert_eq!(reader.tally().problems, 1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a file holds, each of its lines is a record, a header, empty or a problem.
    #[test]
    fn no_text_is_lost(lines in prop::collection::vec("[ -~]{0,40}|2 1 e 1\\.2\\.3\\.4 4\\.3\\.2\\.1 1 2 6 1 1 1 1 ACCEPT OK|-|[a-z -]{0,20}|", 0..30)) {
        let text = lines.join("\n");
        let (records, tally) = read(text.as_bytes(), None);
        let sum = tally.records + tally.no_data + tally.skip_data;
        prop_assert_eq!(records.len() as u64, sum);
        let filled = lines.iter().filter(|line| !line.trim().is_empty()).count() as u64;
        prop_assert!(sum + tally.problems <= filled);
        let good = lines.iter().filter(|line| line.ends_with("ACCEPT OK") && line.starts_with("2 ")).count();
        if !lines.iter().any(|line| line.starts_with(|c: char| c.is_ascii_lowercase())) {
            prop_assert!(records.len() >= good);
            prop_assert_eq!(sum + tally.problems, filled);
        }
    }

    #[test]
    fn no_bytes_are_too_bad(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0..3) {
        let first: &[u8] = [b"", &[0x1f, 0x8b, 8, 0][..], b"PAR1"][kind as usize];
        read(&[first, &bytes].concat(), None);
    }
}

/// Bytes of good files, changed here and there.
#[test]
fn no_damage_is_too_bad() {
    let seed = std::env::var("EGRET_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut dice = fastrand::Rng::with_seed(seed.unwrap_or(1));
    let format = everything();
    for kind in [FileKind::Text, FileKind::Gzip, FileKind::Parquet] {
        let whole = logged(kind, &format);
        for _ in 0..150 {
            let mut bytes = whole.clone();
            for _ in 0..dice.usize(1..8) {
                let at = dice.usize(..bytes.len());
                // Parquet says at its end what is where.
                let at =
                    if dice.bool() { at } else { bytes.len() - 1 - at % 4_000.min(bytes.len()) };
                bytes[at] = dice.u8(..);
            }
            read(&bytes, None);
        }
    }
}
