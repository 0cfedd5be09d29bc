//! What Prometheus reads at `/metrics`, in OpenMetrics.
//!
//! What happens here is counted as it happens (requests, changes, commits); what the dataplane does is
//! asked of what workers show anyway, when somebody reads. How many series there are does not depend on
//! what is asked: actions are those that there are, and elements are told apart up to [`MOST_ELEMENTS`].

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use egret_control::explain::element_kind;
use egret_dataplane::verdict::Element;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::api::{Names, by_element};
use crate::control_plane::ControlPlane;
use crate::engine::Running;

/// The media type of what [`Metrics::read`] gives.
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Elements that are told apart: the first so many of the configuration.
pub const MOST_ELEMENTS: usize = 500;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    service: &'static str,
    action: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ServiceLabels {
    service: &'static str,
}

/// Requests, by whom they were for.
#[derive(Clone, Debug)]
pub struct Requests {
    answered: Family<RequestLabels, Counter>,
    took: Family<ServiceLabels, Histogram, fn() -> Histogram>,
}

impl Requests {
    /// A request was answered. `action` must be one of few.
    pub fn answered(&self, service: &'static str, action: &str, status: u16, took: Duration) {
        let labels = RequestLabels { service, action: action.to_owned(), status };
        self.answered.get_or_create(&labels).inc();
        self.took.get_or_create(&ServiceLabels { service }).observe(took.as_secs_f64());
    }
}

/// What is counted as it happens.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Requests.
    pub requests: Requests,
    /// Changes of the account that were accepted.
    pub accepted: Counter,
    /// How long accepted changes wait for the disk.
    pub commits: Histogram,
    /// Open connections.
    pub connections: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        // From 100 µs to 26 s.
        let latency: fn() -> Histogram = || Histogram::new(exponential_buckets(1e-4, 4.0, 10));
        let requests =
            Requests { answered: Family::default(), took: Family::new_with_constructor(latency) };
        let (accepted, commits, connections) = (Counter::default(), latency(), Gauge::default());
        let mut registry = Registry::with_prefix("egret");
        let answered = "Requests answered, by service, action and HTTP status";
        registry.register("requests", answered, requests.answered.clone());
        let took = "How long requests took, by service";
        registry.register_with_unit("request", took, Unit::Seconds, requests.took.clone());
        registry.register("changes", "Changes of the account that were accepted", accepted.clone());
        let waited = "How long accepted changes waited until they were durable";
        registry.register_with_unit("commit", waited, Unit::Seconds, commits.clone());
        registry.register("connections", "Open connections", connections.clone());
        Metrics { registry, requests, accepted, commits, connections }
    }
}

impl Metrics {
    /// Everything, as it is now.
    pub fn read(&self, plane: &Arc<ControlPlane>) -> String {
        let mut now = Registry::with_prefix("egret");
        now.register_collector(Box::new(Dataplane { plane: Arc::clone(plane) }));
        let mut text = String::new();
        let written = encode_registry(&mut text, &self.registry)
            .and_then(|()| encode_registry(&mut text, &now))
            .and_then(|()| encode_eof(&mut text));
        written.expect("a string takes everything");
        text
    }
}

/// What the dataplane shows of itself.
struct Dataplane {
    plane: Arc<ControlPlane>,
}

impl std::fmt::Debug for Dataplane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dataplane")
    }
}

type Written = Result<(), std::fmt::Error>;

impl Collector for Dataplane {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Written {
        let running = self.plane.engine.running();
        self.configuration(&mut encoder, &running)?;
        self.commits(&mut encoder)?;
        self.packets(&mut encoder)?;
        self.workers(&mut encoder)?;
        self.elements(&mut encoder, &running)
    }
}

impl Dataplane {
    fn configuration(&self, out: &mut DescriptorEncoder<'_>, running: &Running) -> Written {
        let revision = self.plane.read(|account| account.revision);
        let progress = self.plane.engine.progress().borrow().clone();
        let ready = u64::from(progress.problem.is_none());
        let runs = self.plane.engine.traffic.runs();
        let sending = runs.iter().filter(|run| run.tally().over.is_none()).count();
        gauge(out, "revision", "The account's revision", revision as f64)?;
        let adopted = "The last revision that all workers run on";
        gauge(out, "adopted_revision", adopted, progress.adopted as f64)?;
        gauge(out, "epoch", "The epoch of the workers' configuration", progress.epoch.into())?;
        let ready_help = "1 where the account's network compiles, else 0";
        gauge(out, "ready", ready_help, ready as f64)?;
        let compiled = "How long the workers' configuration took to compile";
        seconds(out, "compile", compiled, running.compiled_in)?;
        let adopted_in = "How long it took until all workers ran on it";
        seconds(out, "adoption", adopted_in, running.adopted_in)?;
        gauge(out, "traffic_runs", "Runs of live traffic that send", sending as f64)
    }

    /// How large groups are is the one by the other.
    fn commits(&self, out: &mut DescriptorEncoder<'_>) -> Written {
        let committed = self.plane.committed();
        let groups = committed.groups.load(Ordering::Relaxed);
        let changes = committed.changes.load(Ordering::Relaxed);
        counter(out, "commits", "Transactions on disk, of one or more changes", groups)?;
        counter(out, "committed_changes", "Changes in these transactions", changes)
    }

    fn packets(&self, out: &mut DescriptorEncoder<'_>) -> Written {
        let counters = self.plane.engine.counters();
        let fates: [(&str, u64); 8] = [
            ("received", counters.received),
            ("forwarded", counters.forwarded),
            ("replied", counters.replied),
            ("dropped", counters.dropped()),
            ("handed-over", counters.handed_over),
            ("taken-over", counters.taken_over),
            ("hit", counters.hits),
            ("missed", counters.misses),
        ];
        let help = "Packets, by what became of them: received = forwarded + replied + dropped + held \
                    + handed-over - taken-over; hits and misses are how they were looked up";
        let mut packets = family(out, "packets", help, MetricType::Counter)?;
        for (fate, count) in fates {
            count_for(&mut packets, &[("fate", fate)], count)?;
        }
        let mut reasons: std::collections::BTreeMap<&str, u64> = Default::default();
        for (drop, count) in counters.drops() {
            *reasons.entry(drop.reason.name()).or_default() += count;
        }
        let help = "Packets dropped, by reason, those whose sender was told among them";
        let mut drops = family(out, "drops", help, MetricType::Counter)?;
        for (reason, count) in reasons {
            count_for(&mut drops, &[("reason", reason)], count)?;
        }
        let ended = "Flows that ended for want of packets";
        counter(out, "flows_opened", "Flows that were opened", counters.opened)?;
        counter(out, "flows_idle", ended, counters.idle_timeouts)
    }

    fn workers(&self, out: &mut DescriptorEncoder<'_>) -> Written {
        let shown = self.plane.engine.shown();
        let mut flows = family(out, "flows", "Live flows, by worker", MetricType::Gauge)?;
        for (worker, shown) in shown.iter().enumerate() {
            let labels = [("worker", worker.to_string())];
            ConstGauge::new(shown.flows as f64).encode(flows.encode_family(&labels)?)?;
        }
        let capacity: usize = shown.iter().map(|shown| shown.capacity).sum();
        gauge(out, "flow_capacity", "Flows that all workers may have", capacity as f64)
    }

    /// Gateways, endpoints and shared interfaces: what there are few of.
    fn elements(&self, out: &mut DescriptorEncoder<'_>, running: &Running) -> Written {
        let names = Names::of(running);
        let all = by_element(&self.plane);
        let mut elements: Vec<(Element, _)> =
            all.into_iter().filter(|(element, _)| is_gateway(*element)).collect();
        // In the order of the configuration: the same ones from one reading to the next.
        elements.sort_by_key(|(element, _)| (element_kind(*element), place(*element)));
        elements.truncate(MOST_ELEMENTS);
        let labels: Vec<[(&str, String); 3]> = elements
            .iter()
            .map(|(element, _)| {
                let name = names.element(*element);
                let tag = name.name.unwrap_or_default();
                [("kind", name.kind.to_owned()), ("id", name.id), ("name", tag)]
            })
            .collect();
        let mut packets =
            family(out, "element_packets", "Packets that came to an element", MetricType::Counter)?;
        for (labels, (_, (passed, _))) in labels.iter().zip(&elements) {
            count_for(&mut packets, labels, passed.packets)?;
        }
        let mut bytes =
            family(out, "element_bytes", "Bytes that came to an element", MetricType::Counter)?;
        for (labels, (_, (passed, _))) in labels.iter().zip(&elements) {
            count_for(&mut bytes, labels, passed.bytes)?;
        }
        let mut drops =
            family(out, "element_drops", "Packets that an element dropped", MetricType::Counter)?;
        for (labels, (_, (_, dropped))) in labels.iter().zip(&elements) {
            count_for(&mut drops, labels, dropped.values().sum())?;
        }
        Ok(())
    }
}

fn is_gateway(element: Element) -> bool {
    use Element::*;
    matches!(
        element,
        HyperplaneEni(_)
            | NatGateway(_)
            | InternetGateway(_)
            | VpcEndpoint(_)
            | Peering(_)
            | TransitGateway(_)
    )
}

/// Its place among those of its kind.
fn place(element: Element) -> u32 {
    use Element::*;
    match element {
        HyperplaneEni(eni) => eni.0,
        NatGateway(nat) => nat.0,
        InternetGateway(gateway) => gateway.0,
        VpcEndpoint(endpoint) => endpoint.0,
        Peering(peering) => peering.0,
        TransitGateway(gateway) => gateway.0,
        _ => u32::MAX,
    }
}

fn family<'e>(
    out: &'e mut DescriptorEncoder<'_>,
    name: &'e str,
    help: &str,
    kind: MetricType,
) -> Result<MetricEncoder<'e>, std::fmt::Error> {
    out.encode_descriptor(name, help, None, kind)
}

fn count_for(family: &mut MetricEncoder<'_>, labels: &impl EncodeLabelSet, count: u64) -> Written {
    ConstCounter::new(count).encode(family.encode_family(labels)?)
}

fn counter(out: &mut DescriptorEncoder<'_>, name: &str, help: &str, count: u64) -> Written {
    ConstCounter::new(count).encode(family(out, name, help, MetricType::Counter)?)
}

fn gauge(out: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> Written {
    ConstGauge::new(value).encode(family(out, name, help, MetricType::Gauge)?)
}

fn seconds(out: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: Duration) -> Written {
    let encoder = out.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Gauge)?;
    ConstGauge::new(value.as_secs_f64()).encode(encoder)
}
