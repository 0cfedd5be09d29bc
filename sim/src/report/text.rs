//! A report as text: first what came of each workload, then where packets passed and were dropped.

use std::fmt::Write as _;

use egret_control::explain::text::Style;

use super::{ChangeReport, ElementReport, ExpectationReport, Latency, Report, TrafficReport};

/// The text, each stretch passed through `paint`. What there is nothing of is not mentioned.
pub fn render(report: &Report, paint: impl Fn(Style, &str) -> String) -> String {
    let mut page = Page { paint, out: String::new() };
    page.head(report);
    page.section("Traffic", &report.traffic, Page::traffic);
    page.elements(&report.elements);
    page.section("Lost on links", &report.links, |page, link| {
        let lost = format!("  {}  {} on {}", count(link.packets), link.reason, link.link);
        page.line(&lost);
    });
    page.section("Timeline", &report.timeline, Page::change);
    page.section("Dropped", &report.packets.drops, |page, drop| {
        let reason = page.painted(Style::Bad, drop.reason);
        let code = page.painted(Style::Faint, drop.code);
        page.line(&format!("  {} at {}: {reason}  {code}", count(drop.packets), drop.element));
        page.line(&format!("    {}", drop.sentence));
    });
    page.expectations(&report.expectations);
    page.out
}

/// The text without colours.
pub fn plain(report: &Report) -> String {
    render(report, |_, text| text.to_owned())
}

struct Page<P> {
    paint: P,
    out: String,
}

impl<P: Fn(Style, &str) -> String> Page<P> {
    fn painted(&self, style: Style, text: &str) -> String {
        (self.paint)(style, text)
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn section<T>(&mut self, title: &str, items: &[T], show: impl Fn(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        let title = self.painted(Style::Heading, title);
        self.line(&format!("\n{title}"));
        items.iter().for_each(|item| show(self, item));
    }

    fn head(&mut self, report: &Report) {
        let title = self.painted(Style::Heading, &report.title);
        self.line(&title);
        let packets = &report.packets;
        let mut head = format!(
            "{} of virtual time, {} packets, seed {}",
            span(report.ended_ns),
            count(packets.received + packets.provider),
            report.seed
        );
        if report.workers > 1 {
            let _ = write!(head, ", {} workers", report.workers);
        }
        self.line(&head);
        if report.cut {
            self.line("It was ended there, while something would still have happened.");
        }
        if report.traffic.is_empty() {
            self.line("The scenario has no `traffic`, so nothing was sent.");
        }
    }

    fn traffic(&mut self, traffic: &TrafficReport) {
        let TrafficReport { from, to, kind, .. } = traffic;
        let way = if to.is_empty() { from.clone() } else { format!("{from} to {to}") };
        let name = self.painted(Style::Name, &traffic.name);
        let named = traffic.name.starts_with(&way);
        self.line(&match named {
            true => format!("  {name}  {kind}"),
            false => format!("  {name}  {kind}, {way}"),
        });
        match *kind {
            "inbound" | "provider" => {
                self.line("    by the provider's own network: it bypasses the VPC");
            }
            _ if traffic.via.is_empty() => {}
            _ => self.line(&format!("    by {}", traffic.via.join(", "))),
        }
        self.outcome(traffic);
        if traffic.bytes_sent + traffic.bytes_received > 0 {
            let (sent, received) = (bytes(traffic.bytes_sent), bytes(traffic.bytes_received));
            let mut line = format!("    {sent} sent, {received} received");
            if traffic.retransmissions > 0 {
                let _ = write!(line, ", {} segments sent again", count(traffic.retransmissions));
            }
            self.line(&line);
        }
        if !traffic.intact {
            let text = self.painted(Style::Bad, "bytes arrived that were not sent");
            self.line(&format!("    {text}"));
        }
        self.times(traffic);
        for hop in &traffic.hops {
            let who = hop.address.map_or("*".to_owned(), |address| address.to_string());
            let time = hop.address.map_or(String::new(), |_| format!("  {}", millis(hop.ns)));
            self.line(&format!("    {:>2}  {who}{time}", hop.ttl));
        }
    }

    fn outcome(&mut self, traffic: &TrafficReport) {
        let failed: u64 = traffic.failed.iter().map(|(_, count)| count).sum();
        let mut parts = vec![format!("{} attempted", count(traffic.attempted))];
        if traffic.established > 0 {
            parts.push(format!("{} established", count(traffic.established)));
        }
        let style = if failed == 0 { Style::Good } else { Style::Faint };
        parts.push(self.painted(style, &format!("{} completed", count(traffic.completed))));
        if traffic.open > 0 {
            parts.push(format!("{} under way at the end", count(traffic.open)));
        }
        self.line(&format!("    {}", parts.join(", ")));
        if failed > 0 {
            let failed = self.painted(Style::Bad, &format!("{} failed", count(failed)));
            self.line(&format!("    {failed}: {}", reasons(&traffic.failed)));
        }
    }

    fn times(&mut self, traffic: &TrafficReport) {
        let of = |name: &str, times: &Option<Latency>| {
            let times = times.as_ref()?;
            let (p50, p99) = (millis(times.p50_ns), millis(times.p99_ns));
            Some(match times.count {
                1 => format!("{name} {p50}"),
                _ => format!("{name} p50 {p50}, p99 {p99}"),
            })
        };
        let name = if traffic.connect.is_some() { "request" } else { "round trip" };
        let times = [of("connect", &traffic.connect), of(name, &traffic.request)];
        let times: Vec<String> = times.into_iter().flatten().collect();
        if !times.is_empty() {
            self.line(&format!("    {}", times.join("; ")));
        }
    }

    fn elements(&mut self, elements: &[ElementReport]) {
        if elements.is_empty() {
            return;
        }
        let title = self.painted(Style::Heading, "Elements");
        self.line(&format!("\n{title}"));
        let head = ["kind", "name", "in", "out", "dropped", "peak ports"];
        let mut rows = vec![head.map(str::to_owned)];
        for element in elements {
            let dropped: u64 = element.dropped.iter().map(|(_, count)| count).sum();
            rows.push([
                element.kind.to_owned(),
                element.name.clone(),
                count(element.packets_in),
                count(element.packets_out),
                if dropped > 0 { count(dropped) } else { String::new() },
                element.peak_ports.map(count).unwrap_or_default(),
            ]);
        }
        let used = (0..head.len()).filter(|at| rows[1..].iter().any(|row| !row[*at].is_empty()));
        let used: Vec<usize> = used.collect();
        let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        for row in &rows {
            let cell = |at: &usize| match at {
                0 | 1 => format!("{:<1$}", row[*at], widths[*at]),
                _ => format!("{:>1$}", row[*at], widths[*at]),
            };
            let cells: Vec<String> = used.iter().map(cell).collect();
            self.line(format!("  {}", cells.join("  ")).trim_end());
        }
    }

    fn change(&mut self, change: &ChangeReport) {
        let ChangeReport { at_ns, title, established, failed_later, dropped } = change;
        let title = self.painted(Style::Name, title);
        self.line(&format!("  at {}: {title}", span(*at_ns)));
        if *established > 0 {
            let failed = count(*failed_later);
            let (established, were) = match established {
                1 => ("1 connection".to_owned(), "was"),
                many => (format!("{} connections", count(*many)), "were"),
            };
            self.line(&format!("    {established} {were} established, {failed} failed later"));
        }
        if !dropped.is_empty() {
            self.line(&format!("    dropped from then on: {}", reasons(dropped)));
        }
    }

    fn expectations(&mut self, expectations: &[ExpectationReport]) {
        if expectations.is_empty() {
            return;
        }
        let title = self.painted(Style::Heading, "Expectations");
        self.line(&format!("\n{title}"));
        let (hold, fail): (Vec<_>, Vec<_>) =
            expectations.iter().partition(|expected| expected.differences.is_empty());
        if !hold.is_empty() {
            let text = format!("{} of {} hold", hold.len(), expectations.len());
            let text = self.painted(Style::Good, &text);
            self.line(&format!("  {text}"));
        }
        for expected in fail {
            let differences = self.painted(Style::Bad, &expected.differences.join("; "));
            let place = self.painted(Style::Faint, &expected.place);
            self.line(&format!("  {place}: expected {}; {differences}", expected.expected));
        }
    }
}

fn reasons(reasons: &[(String, u64)]) -> String {
    let each = reasons.iter().map(|(why, times)| format!("{} {why}", count(*times)));
    each.collect::<Vec<_>>().join(", ")
}

/// A number with its thousands apart.
fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if number < 1_024 {
        return format!("{number} B");
    }
    let mut value = number as f64 / 1_024.0;
    let mut unit = 0;
    while value >= 1_024.0 && unit + 1 < UNITS.len() {
        value /= 1_024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

fn millis(ns: u64) -> String {
    let millis = ns as f64 / 1e6;
    match millis {
        ..10.0 => format!("{millis:.2} ms"),
        ..1_000.0 => format!("{millis:.1} ms"),
        _ => format!("{:.2} s", millis / 1e3),
    }
}

/// A point or a span of virtual time.
pub fn span(ns: u64) -> String {
    let seconds = ns / 1_000_000_000;
    match seconds {
        0 => millis(ns),
        1..60 => {
            let text = format!("{:.3}", ns as f64 / 1e9);
            format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
        }
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;

    fn report() -> Report {
        let times =
            Latency { count: 9, min_ns: 1, p50_ns: 20_400_000, p99_ns: 1_250_000_000, max_ns: 2 };
        Report {
            title: "A storm".to_owned(),
            seed: 7,
            workers: 2,
            ended_ns: 65_000_000_000,
            cut: true,
            traffic: vec![
                TrafficReport {
                    name: "storm".to_owned(),
                    from: "web".to_owned(),
                    to: "api.example.com:443".to_owned(),
                    kind: "tcp",
                    via: vec!["eni-a".to_owned(), "nat-a".to_owned()],
                    attempted: 55_001,
                    established: 55_000,
                    completed: 54_000,
                    failed: vec![("nat-ports-exhausted".to_owned(), 1)],
                    open: 1_000,
                    bytes_sent: 1_500_000,
                    bytes_received: 900,
                    retransmissions: 3,
                    intact: true,
                    connect: Some(times),
                    request: Some(Latency { count: 1, ..times }),
                    ..TrafficReport::default()
                },
                TrafficReport {
                    name: "internet to web:8080".to_owned(),
                    from: "internet".to_owned(),
                    to: "web:8080".to_owned(),
                    kind: "inbound",
                    attempted: 1,
                    completed: 1,
                    intact: true,
                    ..TrafficReport::default()
                },
            ],
            elements: vec![
                ElementReport {
                    kind: "nat-gateway",
                    name: "nat-a".to_owned(),
                    packets_in: 55_001,
                    packets_out: 55_000,
                    dropped: vec![("nat-ports-exhausted".to_owned(), 1)],
                    peak_ports: Some(55_000),
                    ..ElementReport::default()
                },
                ElementReport {
                    kind: "internet",
                    name: "internet".to_owned(),
                    packets_in: 3,
                    packets_out: 3,
                    ..ElementReport::default()
                },
            ],
            links: vec![LinkReport {
                link: "internet".to_owned(),
                reason: "link-loss".to_owned(),
                packets: 12,
            }],
            timeline: vec![ChangeReport {
                at_ns: 5_500_000_000,
                title: "the rule is revoked".to_owned(),
                established: 10,
                failed_later: 2,
                dropped: vec![("security-group-egress".to_owned(), 4)],
            }],
            packets: PacketReport {
                received: 385_010,
                drops: vec![DropReport {
                    reason: "nat-ports-exhausted",
                    code: "SIM_NGW_PORT_ALLOCATION_FAILED",
                    sentence: "Every address of the NAT gateway has its 55,000 connections.",
                    element: "nat-gateway nat-a".to_owned(),
                    packets: 1,
                }],
                ..PacketReport::default()
            },
            expectations: vec![
                ExpectationReport {
                    expected: "traffic storm: failed 0".to_owned(),
                    place: "scenario.yaml:3:5".to_owned(),
                    differences: vec!["failed is 1".to_owned()],
                },
                ExpectationReport {
                    expected: "traffic storm: established 55000".to_owned(),
                    place: "scenario.yaml:4:5".to_owned(),
                    differences: Vec::new(),
                },
            ],
            ..Report::default()
        }
    }

    #[test]
    fn a_report_is_read_from_top_to_bottom() {
        let text = plain(&report());
        assert!(text.lines().all(|line| !line.ends_with(' ')), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn nothing_is_said_of_what_there_is_nothing_of() {
        let text = plain(&Report { title: "Nothing".to_owned(), ..Report::default() });
        assert_eq!(text.lines().count(), 3, "{text}");
    }

    #[test]
    fn spans_are_written_as_people_say_them() {
        let written =
            [1_500, 20_400_000, 1_000_000_000, 5_250_000_000, 65_000_000_000, 7_260_000_000_000];
        let written = written.map(span);
        assert_eq!(written, ["0.00 ms", "20.4 ms", "1 s", "5.25 s", "1 min 05 s", "2 h 01 min"]);
    }
}
