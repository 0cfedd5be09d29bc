//! Results as tables: what a terminal and a page both show.

use crate::against::Against;
use crate::job::{Job, Variable, word};
use crate::quantity::{grouped, short, span};
use crate::results::{Churn, Open, Point, Results, Search};
use crate::tally::Tally;

/// A table with its heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub title: String,
    /// Rows of cells; the first is the head. None where there is nothing to list.
    pub rows: Vec<Vec<String>>,
    /// What else to know, a sentence each.
    pub notes: Vec<String>,
}

/// Everything that was measured.
pub fn sections(results: &Results) -> Vec<Section> {
    let mut sections = vec![closed(results), state(results)];
    sections.extend(open(results));
    for point in &results.points {
        sections
            .extend(point.search.as_ref().map(|search| searched(&label(results, point), search)));
    }
    sections.extend(churn(results));
    sections.extend(peer(results));
    sections.extend(compared(results));
    sections.extend(results.against.as_ref().map(|against| beside(results, against)));
    sections
}

/// What all points have in common, in one line.
pub fn heading(results: &Results) -> String {
    let Some(Point { job, .. }) = results.points.first() else { return String::new() };
    let swept = |variable| results.sweeps.iter().any(|sweep| sweep.variable == variable);
    let sized = [
        (Variable::Flows, format!("{} flows", grouped(job.flows))),
        (Variable::Workers, workers(job.workers)),
        (Variable::Size, size(job)),
    ];
    let mut parts: Vec<String> =
        sized.into_iter().filter(|(variable, _)| !swept(*variable)).map(|(_, text)| text).collect();
    parts.push(traffic(job));
    if job.new_flows > 0.0 && !swept(Variable::NewFlows) {
        parts.push(format!("{} % of packets open a flow", job.new_flows));
    }
    parts.join(", ")
}

/// What tells a point from the others.
pub fn label(results: &Results, point: &Point) -> String {
    let values = results.sweeps.iter().map(|sweep| {
        let name = word(sweep.variable);
        format!("{name} {}", sweep.variable.of(&point.job))
    });
    values.collect::<Vec<_>>().join(", ")
}

fn workers(workers: usize) -> String {
    if workers == 1 { "1 worker".to_owned() } else { format!("{workers} workers") }
}

fn size(job: &Job) -> String {
    match word(job.size).as_str() {
        "imix" => "IMIX".to_owned(),
        bytes => format!("{} bytes", grouped(bytes.parse().unwrap_or(0))),
    }
}

/// Protocol, order, direction and way.
fn traffic(job: &Job) -> String {
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

/// A head that begins with what was swept.
fn head(results: &Results, columns: &[&str]) -> Vec<String> {
    let swept = results.sweeps.iter().map(|sweep| word(sweep.variable));
    swept.chain(columns.iter().map(|column| (*column).to_owned())).collect()
}

/// A row that begins with what was swept.
fn row(results: &Results, job: &Job, cells: impl IntoIterator<Item = String>) -> Vec<String> {
    let swept = results.sweeps.iter().map(|sweep| sweep.variable.of(job));
    swept.chain(cells).collect()
}

/// What a note begins with that is about one point of several.
fn named(results: &Results, point: &Point) -> String {
    let label = label(results, point);
    if label.is_empty() { label } else { format!("{label}: ") }
}

fn closed(results: &Results) -> Section {
    let columns = [
        "Mpps",
        "median",
        "Gbit/s",
        "ns/packet",
        "median",
        "cycles",
        "limit",
        "ratio",
        "generator",
        "hits",
        "misses",
    ];
    let mut rows = vec![head(results, &columns)];
    let mut notes = vec![
        "ns/packet, cycles and limit are CPU time without the generator; Mpps is wall time with it"
            .to_owned(),
    ];
    for point in &results.points {
        let closed = &point.closed;
        let cells = [
            format!("{:.2}", closed.mpps.best),
            format!("{:.2}", closed.mpps.median),
            format!("{:.2}", closed.gbits),
            format!("{:.1}", closed.net_ns.min),
            format!("{:.1}", closed.net_ns.median),
            closed.cycles.map_or("-".to_owned(), |cycles| format!("{cycles:.0}")),
            format!("{:.1}", closed.limit_net_ns.min),
            format!("{:.2}", closed.ratio_to_limit),
            format!("{:.1}", closed.generator_ns.min),
            share(closed.tally.hits, closed.tally.received),
            share(closed.tally.misses, closed.tally.received),
        ];
        rows.push(row(results, &point.job, cells));
        notes.extend(closed_notes(&named(results, point), point));
    }
    Section { title: "Closed loop: as many packets as are taken".to_owned(), rows, notes }
}

fn closed_notes(name: &str, point: &Point) -> Vec<String> {
    let closed = &point.closed;
    let mut notes = Vec::new();
    if closed.missed_by_limit > 0 {
        let missed = grouped(closed.missed_by_limit);
        notes.push(format!("{name}the limit did not find {missed} packets: its figure is void"));
    }
    notes.extend(drops(name, &closed.tally));
    notes
}

fn state(results: &Results) -> Section {
    let columns =
        ["flows live", "bytes each", "to open one", "opened", "longest pause", "a worker's own"];
    let mut rows = vec![head(results, &columns)];
    for Point { job, setup, closed, .. } in &results.points {
        let cells = [
            grouped(setup.live_flows),
            setup.bytes_per_flow.map_or("-".to_owned(), |bytes| format!("{bytes:.0}")),
            setup.open_ns.map_or("-".to_owned(), span),
            grouped(closed.tally.opened),
            span(closed.worst_gap_ns as f64),
            span(closed.worst_own_gap_ns as f64),
        ];
        rows.push(row(results, job, cells));
    }
    let notes = vec![
        "a pause is the time from one burst to the next; opening one is its first four packets"
            .to_owned(),
    ];
    Section { title: "Flows and pauses".to_owned(), rows, notes }
}

/// A share of all packets. None is never all, and some are never none.
fn share(count: u64, of: u64) -> String {
    let share = count as f64 / of.max(1) as f64 * 100.0;
    match share {
        _ if count == 0 => "0".to_owned(),
        _ if count == of => "100 %".to_owned(),
        share if share >= 99.995 => ">99.99 %".to_owned(),
        share if share < 0.005 => "<0.01 %".to_owned(),
        share => format!("{share:.2} %"),
    }
}

fn drops(name: &str, tally: &Tally) -> Vec<String> {
    let sentence = |drop: &crate::tally::DropCount| {
        let same = drop.element == drop.kind;
        let element = if same { String::new() } else { format!(" {}", drop.element) };
        let packets = grouped(drop.packets);
        format!("{name}dropped {packets} packets: {} at {}{element}", drop.reason, drop.kind)
    };
    tally.drops.iter().map(sentence).collect()
}

const PERCENTILES: [&str; 6] = ["p50", "p90", "p99", "p99.9", "p99.99", "max"];

fn latency(open: &Open) -> [String; 6] {
    let l = &open.latency;
    [l.p50, l.p90, l.p99, l.p99_9, l.p99_99, l.max].map(|nanos| span(nanos as f64))
}

fn loss(open: &Open) -> String {
    share(open.lost + open.tally.dropped(), open.offered)
}

fn open(results: &Results) -> Option<Section> {
    let columns = [&["offered/s", "loss"][..], &PERCENTILES].concat();
    let (mut rows, mut notes) = (vec![head(results, &columns)], Vec::new());
    for point in &results.points {
        if let Some(open) = &point.open {
            let cells = [mega(open.rate), loss(open)].into_iter().chain(latency(open));
            rows.push(row(results, &point.job, cells));
            notes.extend(drops(&named(results, point), &open.tally));
        }
    }
    let title = "Open loop: latency from the time at which a packet was due".to_owned();
    (rows.len() > 1).then_some(Section { title, rows, notes })
}

fn mega(rate: f64) -> String {
    if rate >= 1e6 { format!("{:.2}M", rate / 1e6) } else { short(rate.round() as u64) }
}

fn searched(label: &str, search: &Search) -> Section {
    let label = if label.is_empty() { String::new() } else { format!(", {label}") };
    let allowed = match search.loss_percent {
        0.0 => "without loss".to_owned(),
        percent => format!("with at most {percent} % loss"),
    };
    let trials = search.trials.len();
    let tried = match search.rate {
        Some(rate) => format!("{} packets a second", mega(rate)),
        None => "none: every rate that was tried lost more".to_owned(),
    };
    let title = format!("Highest rate {allowed}{label}: {tried}");
    let notes = vec![format!("RFC 2544, {trials} rates tried, each up to three times")];
    if search.load.is_empty() {
        return Section { title, rows: Vec::new(), notes };
    }
    let columns = ["load", "offered/s", "loss"].into_iter().chain(PERCENTILES);
    let mut rows = vec![columns.map(str::to_owned).collect::<Vec<_>>()];
    for load in &search.load {
        let first = [format!("{} %", load.percent), mega(load.open.rate), loss(&load.open)];
        rows.push(first.into_iter().chain(latency(&load.open)).collect());
    }
    Section { title, rows, notes }
}

fn churn(results: &Results) -> Option<Section> {
    let columns = [
        "snapshots",
        "a second",
        "compile",
        "adoption",
        "longest",
        "longest pause",
        "worker's own",
        "lost",
    ];
    let (mut rows, mut notes) = (vec![head(results, &columns)], Vec::new());
    for point in &results.points {
        if let Some(churn) = &point.churn {
            rows.push(row(results, &point.job, churn_cells(churn)));
            notes.extend(drops(&named(results, point), &churn.tally));
        }
    }
    let title = "Churn: changed snapshots under load".to_owned();
    (rows.len() > 1).then_some(Section { title, rows, notes })
}

fn churn_cells(churn: &Churn) -> [String; 8] {
    [
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

fn peer(results: &Results) -> Option<Section> {
    let columns = [
        "kernel, all",
        "forwarding only",
        "sending only",
        "kernel net",
        "Egret net",
        "kernel/Egret",
    ];
    let (mut rows, mut notes) = (vec![head(results, &columns)], Vec::new());
    for Point { job, closed, peer, .. } in &results.points {
        if let Some(peer) = peer {
            let ns = [peer.nat_ns, peer.forward_ns, peer.sender_ns, peer.net_ns, closed.net_ns.min];
            let cells = ns.map(span).into_iter().chain([format!("{:.0}x", peer.ratio)]);
            rows.push(row(results, job, cells));
            notes = vec![
                peer.method.clone(),
                "the kernel moves packets between devices, which Egret does not: compare with care"
                    .to_owned(),
            ];
        }
    }
    let title = "The kernel's own NAT, one core, time a packet".to_owned();
    (rows.len() > 1).then_some(Section { title, rows, notes })
}

fn times(ratio: f64) -> String {
    format!("{ratio:.3}x")
}

fn compared(results: &Results) -> Option<Section> {
    let columns = ["ns then", "ns", "ratio to limit", "Mpps", "p99.9", "highest rate"];
    let mut rows = vec![head(results, &columns)];
    let maybe = |ratio: Option<f64>| ratio.map_or("-".to_owned(), times);
    for point in &results.points {
        if let Some(c) = &point.compared {
            let cells = [
                format!("{:.1}", c.net_ns_then),
                times(c.net_ns),
                times(c.ratio_to_limit),
                times(c.mpps),
                maybe(c.p99_9),
                maybe(c.highest_rate),
            ];
            rows.push(row(results, &point.job, cells));
        }
    }
    let title = "Now over then".to_owned();
    let notes = vec!["ns, ratio and p99.9 below 1 are faster; Mpps and rate above 1".to_owned()];
    (rows.len() > 1).then_some(Section { title, rows, notes })
}

fn beside(results: &Results, against: &Against) -> Section {
    let mut rows = vec![head(results, &["ns A", "ns B", "A/B", "median turn", "Mpps A/B"])];
    for pair in &against.points {
        let least = |all: &[f64]| all.iter().copied().fold(f64::INFINITY, f64::min);
        let cells = [
            format!("{:.1}", least(&pair.net_ns)),
            format!("{:.1}", least(&pair.other_net_ns)),
            times(pair.ratio),
            times(pair.ratio_by_turn.median),
            times(pair.mpps_ratio),
        ];
        rows.push(row(results, &pair.job, cells));
    }
    let title = format!("This binary (A) against {} (B)", against.binary);
    let notes = vec![format!(
        "{} turns of A B; ns are the least of all turns, and A/B below 1 says that A is faster; the \
         other tables are A's last turn",
        against.turns
    )];
    Section { title, rows, notes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_never_round_to_what_they_are_not() {
        let share = |count| share(count, 1_000_000);
        assert_eq!(share(1_000_000), "100 %");
        assert_eq!(share(999_999), ">99.99 %");
        assert_eq!(share(905_000), "90.50 %");
        assert_eq!(share(1), "<0.01 %");
        assert_eq!(share(0), "0");
    }
}
