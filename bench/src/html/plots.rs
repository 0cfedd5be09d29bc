//! Which plots a page has: those that the results can fill.

use super::chart::{Axis, Bars, Lines, Scale, Series};
use crate::job::{Sweep, Variable, word};
use crate::quantity::{count, percent, rate, short, span};
use crate::results::{Load, Point, Results};

/// A plot with its heading.
pub(super) struct Plot {
    pub(super) title: String,
    pub(super) caption: &'static str,
    pub(super) legend: Vec<String>,
    /// Whether a line is a guide and none of the coloured ones.
    pub(super) guide: Option<usize>,
    pub(super) svg: String,
}

/// More groups of bars than these cannot be read.
const MOST_GROUPS: usize = 12;

/// Everything that can be drawn.
pub(super) fn all(results: &Results) -> Vec<Plot> {
    let mut plots = Vec::new();
    for sweep in &results.sweeps {
        plots.extend(throughput(results, sweep));
    }
    plots.extend(against_limit(results));
    for point in &results.points {
        let label = crate::tables::label(results, point);
        if let Some(search) = &point.search
            && !search.load.is_empty()
        {
            plots.push(latency_by_load(&search.load, &label));
            plots.push(percentiles(&search.load, &label));
        }
    }
    plots.extend(open_loops(results));
    plots
}

fn named(title: &str, label: &str) -> String {
    if label.is_empty() { title.to_owned() } else { format!("{title} · {label}") }
}

/// A swept value as a number, where it is one.
fn number(variable: Variable, value: &str) -> Option<f64> {
    match variable {
        Variable::Size => None,
        Variable::Rate => rate(value).ok(),
        Variable::NewFlows => percent(value).ok(),
        _ => count(value).ok().map(|count| count as f64),
    }
}

fn mega(rate: f64) -> String {
    let rate = rate / 1e6;
    if rate < 10.0 && rate.fract() != 0.0 { format!("{rate:.1}") } else { format!("{rate:.0}") }
}

/// A span without more digits than it needs.
fn tick(nanos: f64) -> String {
    let text = span(nanos);
    let (number, unit) = text.split_once(' ').unwrap_or((&text, ""));
    let number = if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    };
    format!("{number} {unit}")
}

fn whole(value: f64) -> String {
    short(value.round() as u64)
}

fn plain(value: f64) -> String {
    if value >= 10.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

fn axis(label: &'static str, scale: Scale, text: fn(f64) -> String) -> Axis {
    Axis { label, scale, text, ticks: None }
}

/// Packets a second over what was swept: a line for each combination of the other sweeps.
fn throughput(results: &Results, sweep: &Sweep) -> Option<Plot> {
    let values: Option<Vec<f64>> =
        sweep.values.iter().map(|value| number(sweep.variable, value)).collect();
    let values = values.filter(|values| values.len() > 1)?;
    let others = |point: &Point| {
        let others = results.sweeps.iter().filter(|other| other.variable != sweep.variable);
        let texts = others.map(|o| format!("{} {}", word(o.variable), o.variable.of(&point.job)));
        texts.collect::<Vec<_>>().join(", ")
    };
    let mut series: Vec<Series> = Vec::new();
    for point in &results.points {
        let Some(x) = number(sweep.variable, sweep.variable.of(&point.job).as_str()) else {
            continue;
        };
        let name = others(point);
        let at = (x, point.closed.mpps.best);
        match series.iter_mut().find(|series| series.name == name) {
            Some(series) => series.points.push(at),
            None => series.push(Series { name, points: vec![at], ideal: false }),
        }
    }
    for line in &mut series {
        line.points.sort_by(|a, b| a.0.total_cmp(&b.0));
        if line.name.is_empty() {
            line.name = "dataplane, generator included".to_owned();
        }
    }
    let scaling = sweep.variable == Variable::Workers;
    if scaling {
        let (first, per_worker) = series.first().and_then(|s| s.points.first()).copied()?;
        let ideal = values.iter().map(|workers| (*workers, per_worker / first * workers)).collect();
        series.push(Series { name: "in proportion".to_owned(), points: ideal, ideal: true });
    }
    let (title, caption) = match sweep.variable {
        Variable::Workers => (
            "Throughput over workers",
            "Wall time of the best round; the broken line is in proportion.",
        ),
        Variable::Flows => {
            ("Throughput over live flows", "Wall time of the best round, generator included.")
        }
        _ => ("Throughput", "Wall time of the best round, generator included."),
    };
    let scale =
        if scaling || sweep.variable == Variable::NewFlows { Scale::Linear } else { Scale::Log };
    let mut x = axis(x_label(sweep.variable), scale, whole);
    x.ticks = Some(values);
    let lines = Lines { x, y: axis("million packets a second", Scale::Linear, plain), series };
    Some(plot(title.to_owned(), caption, &lines))
}

fn x_label(variable: Variable) -> &'static str {
    match variable {
        Variable::Flows => "live flows",
        Variable::Workers => "workers",
        Variable::Rules => "outbound rules",
        Variable::Routes => "routes",
        Variable::AclEntries => "network ACL entries",
        Variable::Size => "bytes a packet",
        Variable::Rate => "packets a second",
        Variable::NewFlows => "packets that open a flow, %",
    }
}

fn plot(title: String, caption: &'static str, lines: &Lines) -> Plot {
    Plot {
        title,
        caption,
        legend: lines.legend().into_iter().map(str::to_owned).collect(),
        guide: lines.series.iter().position(|series| series.ideal),
        svg: lines.svg(),
    }
}

/// Nanoseconds a packet beside the limit's, for each point.
fn against_limit(results: &Results) -> Option<Plot> {
    let shown = (1..=MOST_GROUPS).contains(&results.points.len());
    let group = |point: &Point| {
        let values = results.sweeps.iter().map(|sweep| sweep.variable.of(&point.job));
        let closed = &point.closed;
        let ns = vec![closed.generator_ns.min, closed.limit_net_ns.min, closed.net_ns.min];
        (values.collect::<Vec<_>>().join(" · "), ns)
    };
    let one = |value: f64| {
        if value >= 100.0 || value == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
    };
    let bars = Bars {
        y: axis("nanoseconds a packet", Scale::Linear, plain),
        value: one,
        names: vec!["generator", "limit", "dataplane"],
        groups: results.points.iter().map(group).collect(),
    };
    shown.then(|| Plot {
        title: "Nanoseconds a packet against the limit".to_owned(),
        caption: "CPU time, the least of all rounds; limit and dataplane without the generator.",
        legend: bars.legend().into_iter().map(str::to_owned).collect(),
        guide: None,
        svg: bars.svg(),
    })
}

/// Percentiles over the offered rate.
fn latency_by_load(load: &[Load], label: &str) -> Plot {
    type Of = fn(&Load) -> u64;
    let figures: [(&str, Of); 4] = [
        ("p50", |load| load.open.latency.p50),
        ("p99", |load| load.open.latency.p99),
        ("p99.9", |load| load.open.latency.p99_9),
        ("p99.99", |load| load.open.latency.p99_99),
    ];
    let series = figures.map(|(name, of)| Series {
        name: name.to_owned(),
        points: load.iter().map(|load| (load.open.rate, of(load) as f64)).collect(),
        ideal: false,
    });
    let lines = Lines {
        x: axis("million packets a second, offered", Scale::Linear, mega),
        y: axis("latency", Scale::Log, tick),
        series: series.into(),
    };
    let caption = "From the time at which a packet was due to the end of its burst.";
    plot(named("Latency over load", label), caption, &lines)
}

/// The whole distribution, for each load: the tail gets as much room as the middle.
fn percentiles(load: &[Load], label: &str) -> Plot {
    let series = load.iter().map(|load| {
        curve(format!("{} % of the highest rate", load.percent), &load.open.latency.curve)
    });
    let caption = "How much of the traffic took no longer than that.";
    plot(named("Latency by percentile", label), caption, &distribution(series.collect()))
}

/// The same for open loops at a given rate.
fn open_loops(results: &Results) -> Option<Plot> {
    let series = results.points.iter().filter_map(|point| {
        let open = point.open.as_ref()?;
        let label = crate::tables::label(results, point);
        let name = if label.is_empty() { format!("{} a second", whole(open.rate)) } else { label };
        Some(curve(name, &open.latency.curve))
    });
    let series: Vec<Series> = series.take(super::chart::COLOURS).collect();
    let caption = "How much of the traffic took no longer than that, at the given rate.";
    (!series.is_empty())
        .then(|| plot("Latency by percentile".to_owned(), caption, &distribution(series)))
}

fn curve(name: String, curve: &[(f64, u64)]) -> Series {
    let seen = curve.iter().filter(|(percent, _)| *percent >= 50.0 && *percent < 99.999_9);
    let points = seen.map(|(percent, nanos)| (rarity(*percent), *nanos as f64));
    Series { name, points: points.collect(), ideal: false }
}

/// One of how many packets took longer.
fn rarity(percent: f64) -> f64 {
    100.0 / (100.0 - percent)
}

fn distribution(series: Vec<Series>) -> Lines {
    let last = series.iter().filter_map(|series| series.points.last()).map(|point| point.0);
    let last = last.fold(2.0, f64::max);
    let ticks = [50.0, 90.0, 99.0, 99.9, 99.99, 99.999].into_iter().map(rarity);
    let text = |rarity: f64| {
        let percent = 100.0 - 100.0 / rarity;
        format!("{} %", (percent * 1e4).round() / 1e4)
    };
    let mut x = axis("percentile", Scale::Log, text);
    x.ticks = Some(ticks.filter(|tick| *tick <= last * 1.01).collect());
    Lines { x, y: axis("latency", Scale::Log, tick), series }
}
