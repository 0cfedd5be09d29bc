//! Results for a terminal: tables with units, and what is needed to run it again.

use std::fmt::Write as _;

use crate::against::Against;
use crate::job::{Job, Variable, word};
use crate::quantity::{grouped, short, span};
use crate::results::{Churn, Open, Point, Results, Search};
use crate::tally::Tally;

/// The results as text.
pub fn render(results: &Results) -> String {
    let mut text = heading(results);
    closed(&mut text, results);
    if results.points.iter().any(|point| point.open.is_some()) {
        open(&mut text, results);
    }
    for point in &results.points {
        if let Some(search) = &point.search {
            searched(&mut text, &label(results, point), search);
        }
    }
    if results.points.iter().any(|point| point.churn.is_some()) {
        churn(&mut text, results);
    }
    if results.points.iter().any(|point| point.compared.is_some()) {
        compared(&mut text, results);
    }
    if let Some(against) = &results.against {
        beside(&mut text, results, against);
    }
    let _ = write!(
        text,
        "\n{}\nseed {} · {}\n",
        results.machine.line(),
        seed(results),
        results.command
    );
    text
}

fn seed(results: &Results) -> u64 {
    results.points.first().map_or(0, |point| point.job.seed)
}

/// What all points have in common, in one line.
fn heading(results: &Results) -> String {
    let Some(Point { job, .. }) = results.points.first() else { return String::new() };
    let swept = |variable| results.sweeps.iter().any(|sweep| sweep.variable == variable);
    let workers =
        if job.workers == 1 { "1 worker".to_owned() } else { format!("{} workers", job.workers) };
    let mut parts = vec![
        (Variable::Flows, format!("{} flows", grouped(job.flows))),
        (Variable::Workers, workers),
        (Variable::Size, size(job)),
    ];
    parts.retain(|(variable, _)| !swept(*variable));
    let mut parts: Vec<String> = parts.into_iter().map(|(_, text)| text).collect();
    parts.push(traffic(job));
    if job.new_flows > 0.0 && !swept(Variable::NewFlows) {
        parts.push(format!("{} % of packets open a flow", job.new_flows));
    }
    format!("{}\n", parts.join(", "))
}

fn size(job: &Job) -> String {
    match word(job.size).as_str() {
        "imix" => "IMIX".to_owned(),
        bytes => format!("{} bytes", grouped(bytes.parse().unwrap_or(0))),
    }
}

/// Protocol, order, direction and way.
pub fn traffic(job: &Job) -> String {
    let protocol = match word(job.protocol).as_str() {
        "both" => "TCP and UDP".to_owned(),
        one => one.to_uppercase(),
    };
    let direction = match word(job.direction).as_str() {
        "out" => "outwards",
        "in" => "inwards",
        _ => "both ways",
    };
    let path = match &job.scenario {
        Some(scenario) => format!("scenario {scenario}"),
        None => format!("path {}", word(job.path)),
    };
    format!("{protocol}, {} order, {direction}, {path}", word(job.order))
}

/// What tells a point from the others.
pub fn label(results: &Results, point: &Point) -> String {
    let values = results.sweeps.iter().map(|sweep| {
        let name = word(sweep.variable);
        format!("{name} {}", sweep.variable.of(&point.job))
    });
    values.collect::<Vec<_>>().join(", ")
}

/// A table: the first row is its head; columns of numbers stand to the right.
#[derive(Default)]
struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A head that begins with what was swept.
    fn new(results: &Results, columns: &[&str]) -> Table {
        let swept = results.sweeps.iter().map(|sweep| word(sweep.variable));
        Table { rows: vec![swept.chain(columns.iter().map(|c| (*c).to_owned())).collect()] }
    }

    fn row(&mut self, results: &Results, point: &Point, cells: Vec<String>) {
        let swept = results.sweeps.iter().map(|sweep| sweep.variable.of(&point.job));
        self.rows.push(swept.chain(cells).collect());
    }

    fn write(&self, text: &mut String) {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}"));
            let line = cells.collect::<Vec<_>>().join("  ");
            let _ = writeln!(text, "  {}", line.trim_end());
        }
    }
}

fn closed(text: &mut String, results: &Results) {
    text.push_str("\nClosed loop: as many packets as are taken\n");
    let cycles = results.points.iter().any(|point| point.closed.cycles.is_some());
    let mut columns = vec![
        "Mpps",
        "Gbit/s",
        "ns/packet",
        "median",
        "limit",
        "ratio",
        "generator",
        "hits",
        "misses",
    ];
    if cycles {
        columns.insert(4, "cycles");
    }
    let mut table = Table::new(results, &columns);
    for point in &results.points {
        let closed = &point.closed;
        let (hits, misses) = shares(&closed.tally);
        let mut cells = vec![
            format!("{:.2}", closed.mpps),
            format!("{:.2}", closed.gbits),
            format!("{:.1}", closed.net_ns.min),
            format!("{:.1}", closed.net_ns.median),
            format!("{:.1}", closed.limit_net_ns.min),
            format!("{:.2}", closed.ratio_to_limit),
            format!("{:.1}", closed.generator_ns.min),
            hits,
            misses,
        ];
        if cycles {
            cells.insert(4, closed.cycles.map_or("-".to_owned(), |cycles| format!("{cycles:.0}")));
        }
        table.row(results, point, cells);
    }
    table.write(text);
    text.push_str(
        "  ns/packet, cycles and limit are CPU time without the generator; Mpps is wall time with it.\n",
    );
    for point in &results.points {
        let name = named(results, point);
        let closed = &point.closed;
        drops(text, &name, &closed.tally);
        if closed.missed_by_limit > 0 {
            let _ = writeln!(
                text,
                "  {name}the limit did not find {} packets: its figure is void",
                grouped(closed.missed_by_limit)
            );
        }
        let memory = point.setup.bytes_per_flow;
        let memory =
            memory.map_or(String::new(), |bytes| format!(", {bytes:.0} bytes of memory a flow"));
        let _ = writeln!(
            text,
            "  {name}{} flows live{memory}, {} to open one; longest pause {} ({} its own)",
            grouped(point.setup.live_flows),
            span(point.setup.open_ns),
            span(closed.worst_gap_ns as f64),
            span(closed.worst_own_gap_ns as f64),
        );
    }
}

/// What a line begins with that is about one point of several.
fn named(results: &Results, point: &Point) -> String {
    let label = label(results, point);
    if label.is_empty() { label } else { format!("{label}: ") }
}

fn shares(tally: &Tally) -> (String, String) {
    let share = |count: u64| match count as f64 / tally.received.max(1) as f64 * 100.0 {
        _ if count == 0 => "0".to_owned(),
        share if share > 99.995 && count < tally.received => ">99.99 %".to_owned(),
        share if share < 0.01 => "<0.01 %".to_owned(),
        share => format!("{share:.4} %").replace(".0000 %", " %"),
    };
    let short = |text: String| match text.split_once('.') {
        Some((whole, rest)) if rest.len() > 4 && !text.starts_with(['<', '>']) => {
            format!("{whole}.{} %", &rest[..2])
        }
        _ => text,
    };
    (short(share(tally.hits)), short(share(tally.misses)))
}

fn drops(text: &mut String, name: &str, tally: &Tally) {
    for drop in &tally.drops {
        let element =
            if drop.element == drop.kind { String::new() } else { format!(" {}", drop.element) };
        let packets = grouped(drop.packets);
        let _ = writeln!(
            text,
            "  {name}dropped {packets} packets: {} at {}{element}",
            drop.reason, drop.kind
        );
    }
}

const PERCENTILES: [&str; 6] = ["p50", "p90", "p99", "p99.9", "p99.99", "max"];

fn latency(open: &Open) -> [String; 6] {
    let l = &open.latency;
    [l.p50, l.p90, l.p99, l.p99_9, l.p99_99, l.max].map(|nanos| span(nanos as f64))
}

fn loss(open: &Open) -> String {
    if open.loss_percent == 0.0 { "0".to_owned() } else { format!("{:.3} %", open.loss_percent) }
}

fn open(text: &mut String, results: &Results) {
    text.push_str("\nOpen loop: latency from the time at which a packet was due\n");
    let columns = [&["offered/s", "loss"][..], &PERCENTILES].concat();
    let mut table = Table::new(results, &columns);
    for point in &results.points {
        if let Some(open) = &point.open {
            let cells = [mega(open.rate), loss(open)].into_iter().chain(latency(open));
            table.row(results, point, cells.collect());
        }
    }
    table.write(text);
    for point in &results.points {
        let name = named(results, point);
        if let Some(open) = &point.open {
            drops(text, &name, &open.tally);
        }
    }
}

fn mega(rate: f64) -> String {
    match rate {
        r if r >= 1e6 => format!("{:.2}M", r / 1e6),
        r => short(r.round() as u64),
    }
}

fn searched(text: &mut String, label: &str, search: &Search) {
    let label = if label.is_empty() { String::new() } else { format!(", {label}") };
    let allowed = match search.loss_percent {
        0.0 => "without loss".to_owned(),
        percent => format!("with at most {percent} % loss"),
    };
    let _ = writeln!(
        text,
        "\nHighest rate {allowed}{label} (RFC 2544, {} trials)",
        search.trials.len()
    );
    let Some(rate) = search.rate else {
        let _ = writeln!(text, "  none: every rate that was tried lost more");
        return;
    };
    let _ = writeln!(text, "  {} packets a second; below it:", mega(rate));
    let mut table = Table::default();
    let head = ["load", "offered/s", "loss"].into_iter().chain(PERCENTILES);
    table.rows.push(head.map(str::to_owned).collect());
    for load in &search.load {
        let first = [format!("{} %", load.percent), mega(load.open.rate), loss(&load.open)];
        table.rows.push(first.into_iter().chain(latency(&load.open)).collect());
    }
    table.write(text);
}

fn churn(text: &mut String, results: &Results) {
    text.push_str("\nChurn: new snapshots under load\n");
    let columns = [
        "snapshots",
        "per second",
        "compile",
        "adoption",
        "worst",
        "longest pause",
        "its own",
        "lost",
    ];
    let mut table = Table::new(results, &columns);
    for point in &results.points {
        if let Some(churn) = &point.churn {
            table.row(results, point, churn_cells(churn));
        }
    }
    table.write(text);
    for point in &results.points {
        let name = named(results, point);
        if let Some(churn) = &point.churn {
            drops(text, &name, &churn.tally);
        }
    }
}

fn churn_cells(churn: &Churn) -> Vec<String> {
    vec![
        grouped(churn.adopted),
        format!("{:.1} of {}", churn.adopted as f64 / churn.seconds, churn.asked),
        span(churn.compile_ns.median),
        span(churn.adoption_ns),
        span(churn.worst_adoption_ns),
        span(churn.worst_gap_ns as f64),
        span(churn.worst_own_gap_ns as f64),
        grouped(churn.lost),
    ]
}

fn compared(text: &mut String, results: &Results) {
    text.push_str("\nNow over then (ns and ratio: below 1 is faster)\n");
    let columns = ["ns then", "ns", "ratio to limit", "Mpps", "p99.9", "highest rate"];
    let mut table = Table::new(results, &columns);
    let times = |ratio: f64| format!("{ratio:.3}x");
    let maybe = |ratio: Option<f64>| ratio.map_or("-".to_owned(), times);
    for point in &results.points {
        let cells = match &point.compared {
            None => vec!["-".to_owned(); columns.len()],
            Some(c) => vec![
                format!("{:.1}", c.net_ns_then),
                times(c.net_ns),
                times(c.ratio_to_limit),
                times(c.mpps),
                maybe(c.p99_9),
                maybe(c.highest_rate),
            ],
        };
        table.row(results, point, cells);
    }
    table.write(text);
}

fn beside(text: &mut String, results: &Results, against: &Against) {
    let _ = writeln!(
        text,
        "\nThis binary (A) and {} (B), {} turns of A B: below 1 A is faster",
        against.binary, against.turns
    );
    let mut table = Table::new(results, &["ns A", "ns B", "ratio", "by turn", "Mpps A/B"]);
    for pair in &against.points {
        let least = |all: &[f64]| all.iter().copied().fold(f64::INFINITY, f64::min);
        let cells = vec![
            format!("{:.1}", least(&pair.net_ns)),
            format!("{:.1}", least(&pair.other_net_ns)),
            format!("{:.3}x", pair.ratio),
            format!("{:.3}x", pair.ratio_by_turn.median),
            format!("{:.3}x", pair.mpps_ratio),
        ];
        let same = results.points.iter().find(|point| point.job == pair.job);
        if let Some(point) = same.or(results.points.first()) {
            table.row(results, point, cells);
        }
    }
    table.write(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn everything_that_was_measured_is_there() {
        let text = render(&sample::results());
        for part in [
            "Closed loop",
            "ns/packet",
            "Open loop",
            "p99.99",
            "Highest rate without loss, flows 64k",
            "Churn",
            "nat-unsolicited at nat-gateway nat",
            "Some <CPU>, 2 cores at 3.66 GHz, Linux 6.1",
            "seed 1 · egret bench",
        ] {
            assert!(text.contains(part), "{part} in:\n{text}");
        }
        assert!(text.lines().all(|line| !line.ends_with(' ')), "{text}");
    }

    #[test]
    fn shares_never_round_to_what_they_are_not() {
        let tally = |hits, misses| Tally { received: 1_000_000, hits, misses, drops: Vec::new() };
        let shares = |hits, misses| shares(&tally(hits, misses));
        assert_eq!(shares(1_000_000, 0), ("100 %".into(), "0".into()));
        assert_eq!(shares(999_999, 1), (">99.99 %".into(), "<0.01 %".into()));
        assert_eq!(shares(900_000, 100_000), ("90 %".into(), "10 %".into()));
        assert_eq!(shares(905_000, 95_000), ("90.50 %".into(), "9.50 %".into()));
    }
}
