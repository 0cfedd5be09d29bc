//! Metrics of small runs, as CloudWatch would show them.
#![allow(missing_docs)]

mod common;

use std::collections::BTreeMap;

use common::{CLOUD, run};
use egret_sim::metrics::{FileKind, Metrics};
use egret_sim::observe::Watch;
use egret_sim::report::Report;
use serde_json::Value;

fn measured(traffic: &str, kind: FileKind) -> (Report, String) {
    let watch = |file| -> Box<dyn Watch> { Box::new(Metrics::new(file, kind)) };
    let (report, bytes) = run(&format!("{CLOUD}{traffic}"), watch);
    (report, String::from_utf8(bytes).expect("text"))
}

/// Each metric's values, minute by minute.
fn values(traffic: &str) -> (Report, BTreeMap<String, Vec<u64>>) {
    let (report, text) = measured(traffic, FileKind::Json);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let results = document["MetricDataResults"].as_array().expect("a list").iter().map(|result| {
        let values = result["Values"].as_array().expect("a list");
        assert_eq!(values.len(), result["Timestamps"].as_array().expect("a list").len());
        let name = result["MetricName"].as_str().expect("a name").to_owned();
        (name, values.iter().map(|value| value.as_u64().expect("a count")).collect())
    });
    (report, results.collect())
}

#[test]
fn a_minute_of_a_nat_gateway_and_an_endpoint() {
    let traffic = "traffic:
  - { from: web, to: \"api.example.com:443\", connections: 20, rate: 2/s }
  - { from: web, to: \"logs:443\", connections: 3 }
";
    insta::assert_snapshot!(measured(traffic, FileKind::OpenMetrics).1);
}

#[test]
fn a_connection_that_is_idle_for_too_long_is_counted_in_its_minute() {
    let traffic = "traffic:
  - { from: web, to: \"api.example.com:443\", connections: 4, requests: 2, idle: 370s }
";
    let (_, values) = values(traffic);
    // They are forgotten 350 seconds after the first request, and met with a RST at 370.
    assert_eq!(values["IdleTimeoutCount"], [0, 0, 0, 0, 0, 4, 0]);
    assert_eq!(values["ActiveConnectionCount"][..6], [4, 4, 4, 4, 4, 4]);
    assert_eq!(values["PacketsDropCount"], [0, 0, 0, 0, 0, 0, 4]);
    assert_eq!(values["ConnectionEstablishedCount"], [4, 0, 0, 0, 0, 0, 0]);
    assert_eq!(values["NewConnections"], [0; 7]);
}

/// What went in came out or was dropped, as much as the run's summary says, though links lose some.
#[test]
fn totals_are_those_of_the_summary_even_where_links_lose() {
    let traffic = "links:
  hyperplane: { loss: 5% }
  nat_gateway: { loss: 5% }
  internet: { loss: 5% }
traffic:
  - { from: web, to: \"api.example.com:443\", connections: 50, requests: 3 }
";
    let (report, values) = values(traffic);
    let total = |name: &str| values[name].iter().sum::<u64>();
    let nat = report.elements.iter().find(|element| element.kind == "nat-gateway").expect("used");
    assert_eq!(total("PacketsOutToDestination") + total("PacketsOutToSource"), nat.packets_out);
    assert_eq!(total("BytesOutToDestination") + total("BytesOutToSource"), nat.bytes_out);
    let came = total("PacketsInFromSource") + total("PacketsInFromDestination");
    let lost_at_it = report.links.iter().filter(|link| link.link == "nat_gateway");
    let lost_at_it: u64 = lost_at_it.map(|link| link.packets).sum();
    assert!(lost_at_it > 0);
    assert_eq!(came, nat.packets_in + lost_at_it);
    let dropped: u64 = nat.dropped.iter().map(|(_, packets)| packets).sum();
    assert_eq!(total("PacketsDropCount"), dropped + lost_at_it);
    let web = &report.traffic[0];
    assert!(total("ConnectionAttemptCount") >= web.attempted, "some SYNs were sent again");
    assert!(total("ConnectionEstablishedCount") >= web.established);
}
