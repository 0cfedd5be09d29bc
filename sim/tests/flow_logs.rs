//! Flow logs of small runs: who sees what, and as what.
#![allow(missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::io::Read;

use common::{CLOUD, run};
use egret_sim::flow_logs::{FileKind, FlowLogs, Format, SHORT_WINDOW};
use egret_sim::observe::Watch;
use egret_sim::report::Report;
use flate2::read::GzDecoder;
use parquet::file::reader::{FileReader, SerializedFileReader};

/// The flow logs of a run in [`CLOUD`], with one-minute windows.
fn logged(traffic: &str, kind: FileKind, format: &str) -> (Report, Vec<u8>) {
    let format: Format = format.parse().expect("fields");
    run(&format!("{CLOUD}{traffic}"), |file| -> Box<dyn Watch> {
        let logs = FlowLogs::new(file, kind, format.clone(), "us-east-1", SHORT_WINDOW);
        Box::new(logs.expect("memory to write to"))
    })
}

fn records(traffic: &str, format: &str) -> String {
    let (_, bytes) = logged(traffic, FileKind::Text, format);
    String::from_utf8(bytes).expect("text")
}

const ONE_CONNECTION: &str = "traffic:\n  - { from: web, to: \"api.example.com:443\" }\n";

#[test]
fn a_nat_gateway_has_four_records_and_the_client_two() {
    let fields = "${interface-id} ${flow-direction} ${srcaddr} ${dstaddr} ${pkt-srcaddr} \
                  ${pkt-dstaddr} ${srcport} ${dstport} ${traffic-path} ${tcp-flags}";
    insta::assert_snapshot!(records(ONE_CONNECTION, fields));
}

#[test]
fn the_default_is_version_2_and_who_saw_nothing_says_so() {
    insta::assert_snapshot!(records(ONE_CONNECTION, "default"));
}

#[test]
fn only_security_groups_and_network_acls_reject() {
    let traffic = "traffic:
  - { name: not https, from: web, to: \"api.example.com:80\", timeout: 2s }
  - { name: walled, from: walled, to: \"api.example.com:443\", timeout: 2s }
  - { name: no route, from: lonely, to: \"api.example.com:443\", timeout: 2s }
  - { name: an unknown host, from: web, to: \"203.0.113.99:443\", timeout: 2s }
";
    let fields = "${interface-id} ${dstport} ${action} ${flow-direction} ${packets} ${egret-rule} ${log-status}";
    insta::assert_snapshot!(records(traffic, fields));
}

#[test]
fn a_window_ends_at_each_minute_and_when_the_configuration_changes() {
    let traffic = "traffic:
  - { from: web, to: \"api.example.com:443\", requests: 3, idle: 50s }
timeline:
  - at: 90s
    title: another rule
    change: { vpc: { security_groups: { https: { egress: [ { protocol: tcp, ports: 443, to: 203.0.113.0/24 } ] } } } }
";
    let fields = "${interface-id} ${flow-direction} ${packets} ${start} ${end} ${log-status}";
    let records = records(traffic, fields);
    let own: Vec<&str> = records.lines().filter(|line| line.starts_with("eni-app-")).collect();
    insta::assert_snapshot!(own.join("\n"));
}

/// What links lose was seen by nobody behind them: each interface has what the run's summary says.
#[test]
fn totals_are_those_of_the_summary_even_where_links_lose() {
    let traffic = "links:
  hyperplane: { loss: 5% }
  nat_gateway: { loss: 5% }
  internet: { loss: 5% }
  interface_endpoint: { loss: 5% }
traffic:
  - { from: web, to: \"api.example.com:443\", connections: 50, requests: 3 }
  - { from: web, to: \"logs:443\", connections: 50, requests: 3 }
";
    let (report, bytes) =
        logged(traffic, FileKind::Text, "${interface-id} ${flow-direction} ${packets} ${bytes}");
    let mut totals: BTreeMap<(&str, &str), [u64; 2]> = BTreeMap::new();
    let text = String::from_utf8(bytes).expect("text");
    for line in text.lines().skip(1).filter(|line| !line.contains(" - ")) {
        let words: Vec<&str> = line.split(' ').collect();
        let [eni, direction, packets, bytes] = words[..] else { panic!("{line}") };
        let total = totals.entry((eni, direction)).or_default();
        total[0] += packets.parse::<u64>().expect("a number");
        total[1] += bytes.parse::<u64>().expect("a number");
    }
    let element = |kind: &str, name: &str| {
        let mut elements = report.elements.iter();
        elements
            .find(|element| (element.kind, &element.name[..]) == (kind, name))
            .expect("it is used")
    };
    assert!(report.links.len() >= 4, "{:?}", report.links);
    let nat = element("nat-gateway", "nat");
    assert_eq!(totals[&("nat", "ingress")][0], nat.packets_in);
    assert_eq!(totals[&("nat", "egress")], [nat.packets_out, nat.bytes_out]);
    let client = element("hyperplane-eni", "eni-app-https");
    let both = ["ingress", "egress"].map(|direction| totals[&("eni-app-https", direction)][0]);
    assert_eq!(both.iter().sum::<u64>(), client.packets_in);
}

#[test]
fn every_kind_of_file_says_the_same() {
    let fields = "${interface-id} ${srcaddr} ${dstport} ${protocol} ${bytes} ${start} ${action} \
                  ${instance-id} ${traffic-path} ${log-status}";
    let (_, text) = logged(ONE_CONNECTION, FileKind::Text, fields);
    let (_, again) = logged(ONE_CONNECTION, FileKind::Text, fields);
    assert_eq!(text, again);
    let text = String::from_utf8(text).expect("text");

    let (_, packed) = logged(ONE_CONNECTION, FileKind::Gzip, fields);
    let mut unpacked = String::new();
    GzDecoder::new(&packed[..]).read_to_string(&mut unpacked).expect("gzip");
    assert_eq!(unpacked, text);

    let (_, columns) = logged(ONE_CONNECTION, FileKind::Parquet, fields);
    let reader = SerializedFileReader::new(bytes::Bytes::from(columns)).expect("Parquet");
    let mut lines = text.lines();
    let header = lines.next().expect("a header").replace('-', "_");
    for (row, line) in reader.get_row_iter(None).expect("rows").zip(lines.by_ref()) {
        let row = row.expect("a row");
        let names: Vec<&str> = row.get_column_iter().map(|(name, _)| &name[..]).collect();
        assert_eq!(names.join(" "), header);
        let values = row.get_column_iter().map(|(_, value)| match value {
            parquet::record::Field::Null => "-".to_owned(),
            parquet::record::Field::Str(text) => text.clone(),
            number => number.to_string(),
        });
        assert_eq!(values.collect::<Vec<_>>().join(" "), line);
    }
    assert_eq!(lines.next(), None, "as many rows as lines");
}
