//! What is sent in a run, as the file says it.

use std::path::Path;

use egret_control::explain::resolve::knows_destination;
use egret_control::finding::Finding;
use egret_control::model::Model;
use egret_control::source::{Place, Sourced};
use egret_control::words;
use egret_control::written::scalar::{ByteSize, Rate};
use egret_control::written::{At, Page, Written};
use egret_dataplane::time::Duration;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Destination, unknown_service};
use crate::plan::{Connections, Datagrams, Probes, ProviderTraffic, Sender, Traffic, Workload};
use crate::replay;

/// Linux's `tcp_syn_retries` of 6: 127 seconds.
const TCP_TIMEOUT: Duration = Duration::from_secs(127);
const UDP_TIMEOUT: Duration = Duration::from_secs(5);
const PING_TIMEOUT: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_secs(1);

/// What one sender sends in a run: TCP connections, unless it says otherwise.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TrafficSection {
    /// What it goes by in summaries and results. Default `FROM to TO`.
    name: Option<At<String>>,
    /// A service, SERVICE/TASK, a host, or `internet` for requests to a service.
    from: At<String>,
    /// A host and a port: `api.example.com:443`. For `internet` a service and its port.
    to: Option<Written<Destination>>,
    /// When it begins. Default 0s.
    at: Option<Written<Duration>>,
    /// `tcp`, the default, or `udp`.
    protocol: Option<Written<Protocol>>,
    /// How many connections are opened. Default 1.
    connections: Option<Written<u32>>,
    /// Opened at this rate: `100/s`. Default all at once.
    rate: Option<Written<Rate>>,
    /// Requests on each connection, one after the other. Default 1.
    requests: Option<Written<u32>>,
    /// The bytes of each request. Default 200B, and never less than its head.
    request: Option<Written<ByteSize>>,
    /// The bytes of each response. Default 1KiB, and never less than its head.
    response: Option<Written<ByteSize>>,
    /// Silence before each further request. Default 0s.
    idle: Option<Written<Duration>>,
    /// TCP keep-alive probes at this interval. Default none.
    keepalive: Option<Written<Duration>>,
    /// Whether connections are closed after their last response. Default true.
    close: Option<Written<bool>>,
    /// Whether the name is looked up at the VPC's resolver first. Default false.
    dns: Option<Written<bool>>,
    /// When one that makes no progress is given up. Default 127s; 5s of UDP, 1s of a ping.
    timeout: Option<Written<Duration>>,
    /// UDP: senders, each from a port of its own. Default 1.
    flows: Option<Written<u32>>,
    /// UDP: datagrams of each flow. Default 1.
    packets: Option<Written<u32>>,
    /// Between two datagrams of a flow, or two pings. Default 1s.
    interval: Option<Written<Duration>>,
    /// Bytes of a datagram's or a ping's payload. Default 64B; 56B of a ping.
    size: Option<Written<ByteSize>>,
    /// UDP: DNS queries for this name in place of a payload.
    query: Option<At<String>>,
    /// So many ICMP echo requests.
    ping: Option<Written<u32>>,
    /// Probes with a time to live of 1 up to this.
    traceroute: Option<Written<u32>>,
    /// The packets of a pcap or pcapng file, rewritten onto the sender.
    replay: Option<At<String>>,
    /// What the provider does for the service, past its VPC.
    provider: Option<Written<ProviderTraffic>>,
}

/// What carries a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Tcp,
    Udp,
}

words!(Protocol, "what carries the traffic", {
    "tcp" => Protocol::Tcp,
    "udp" => Protocol::Udp,
});

words!(ProviderTraffic, "what the provider does", {
    "image-pull" => ProviderTraffic::ImagePull,
    "logs" => ProviderTraffic::Logs,
    "secrets" => ProviderTraffic::Secrets,
});

/// The kinds of workload, and which keys each knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tcp,
    Udp,
    Ping,
    Traceroute,
    Replay,
    Provider,
}

impl Kind {
    const fn words(self) -> &'static str {
        match self {
            Kind::Tcp => "TCP connections",
            Kind::Udp => "UDP datagrams",
            Kind::Ping => "a ping",
            Kind::Traceroute => "a traceroute",
            Kind::Replay => "a replay",
            Kind::Provider => "the provider's own traffic",
        }
    }

    const fn keys(self) -> &'static [&'static str] {
        match self {
            Kind::Tcp => &[
                "protocol",
                "connections",
                "rate",
                "requests",
                "request",
                "response",
                "idle",
                "keepalive",
                "close",
                "dns",
                "timeout",
            ],
            Kind::Udp => &["protocol", "flows", "packets", "interval", "size", "query", "timeout"],
            Kind::Ping => &["ping", "interval", "size", "timeout"],
            Kind::Traceroute => &["traceroute"],
            Kind::Replay => &["replay"],
            Kind::Provider => &[
                "provider",
                "connections",
                "rate",
                "requests",
                "request",
                "response",
                "idle",
                "close",
                "timeout",
            ],
        }
    }
}

pub(super) fn read(
    section: At<TrafficSection>,
    folder: &Path,
    model: &Model,
    page: &mut Page<'_>,
) -> Option<Traffic> {
    let Sourced { value: section, place } = page.sourced(section);
    let kind = section.kind(page);
    section.foreign_keys(kind, page);
    let at = page.optional(section.at.clone()).map(|at| at.value).unwrap_or_default();
    let from = page.sourced(section.from.clone());
    let name = section.name.clone().map(|name| page.sourced(name).value);
    let said = section.to.clone();
    let had_to = said.is_some();
    let to = page.optional(said);
    let provider = page.optional(section.provider.clone());
    let sender = sender(&from, provider.as_ref(), model, page);
    let to = match (kind, to, had_to) {
        (Kind::Provider, Some(to), _) => {
            let message = "where the provider's own traffic goes is the provider's business";
            page.find(Finding::error("provider-to", to.place, message).help("drop `to`"));
            return None;
        }
        (Kind::Provider | Kind::Replay, None, false) => {
            Sourced::new(Destination { host: String::new(), port: None }, place)
        }
        (_, Some(to), _) => to,
        (_, None, true) => return None,
        (_, None, false) => {
            let message = "the traffic has no destination";
            let help = "add `to`, such as `to: api.example.com:443`";
            page.find(Finding::error("no-destination", place, message).help(help));
            return None;
        }
    };
    if !to.host.is_empty() {
        check_destination(kind, &section, sender.as_ref(), &to, model, page);
    }
    let workload = section.workload(kind, folder, page);
    let name = name.unwrap_or_else(|| {
        let port = to.port.map_or(String::new(), |port| format!(":{port}"));
        match (&provider, to.host.is_empty()) {
            (Some(_), _) => format!("{} (provider)", from.value),
            (None, true) => from.value.clone(),
            (None, false) => format!("{} to {}{port}", from.value, to.host),
        }
    });
    Some(Traffic { name, from: sender?, to, at, workload: workload?, place })
}

/// Tells traffic of one name apart: the second one is ` (2)`.
pub(super) fn name_apart(traffic: &mut [Traffic]) {
    for at in 1..traffic.len() {
        let (before, rest) = traffic.split_at_mut(at);
        let first = rest[0].name.clone();
        let taken = |name: &str| before.iter().any(|other| other.name == name);
        let mut number = 2;
        while taken(&rest[0].name) {
            rest[0].name = format!("{first} ({number})");
            number += 1;
        }
    }
}

fn sender(
    from: &Sourced<String>,
    provider: Option<&Sourced<ProviderTraffic>>,
    model: &Model,
    page: &mut Page<'_>,
) -> Option<Sender> {
    if provider.is_none() && from.value == "internet" {
        return Some(Sender::Inbound);
    }
    let (service, task) = match from.rsplit_once('/') {
        Some((service, task)) => (service, Some(task)),
        None => (from.as_str(), None),
    };
    let known = model.services.iter().find(|known| known.id.value == service);
    if let Some(known) = known {
        let id = from.clone().map(|_| service.to_owned());
        if let Some(provider) = provider {
            return Some(Sender::Provider(id, provider.value));
        }
        let Some(task) = task else { return Some(Sender::Service(id, None)) };
        return match task.parse() {
            Ok(number) if number < *known.tasks => Some(Sender::Service(id, Some(number))),
            _ => {
                let message = format!("service `{service}` has no task `{task}`");
                let help = format!("its {} tasks are numbered from 0", *known.tasks);
                page.find(Finding::error("unknown-task", from.place, message).help(help));
                None
            }
        };
    }
    let is_host = model.hosts.iter().any(|host| host.name == *from)
        || model.network_interfaces.iter().any(|interface| {
            interface.id == *from || interface.name.as_deref() == Some(from.as_str())
        });
    if is_host && provider.is_none() {
        return Some(Sender::Host(from.clone()));
    }
    unknown_service(from, model).into_iter().for_each(|finding| page.find(finding));
    None
}

fn check_destination(
    kind: Kind,
    section: &TrafficSection,
    sender: Option<&Sender>,
    to: &Sourced<Destination>,
    model: &Model,
    page: &mut Page<'_>,
) {
    if sender == Some(&Sender::Inbound) {
        let service = Sourced::new(to.host.clone(), to.place);
        unknown_service(&service, model).into_iter().for_each(|finding| page.find(finding));
    } else if let Err(error) = knows_destination(model, &to.host) {
        let help = "add it under `hosts:`, or write an address";
        page.find(Finding::error("unknown-destination", to.place, error.to_string()).help(help));
    }
    let ports = match kind {
        Kind::Tcp => Some(true),
        Kind::Udp => section.query.is_none().then_some(true),
        Kind::Ping | Kind::Traceroute => Some(false),
        Kind::Replay | Kind::Provider => None,
    };
    let (message, help) = match (ports, to.port) {
        (Some(true), None) => {
            ("the destination has no port".to_owned(), format!("write `{}:443`", to.host))
        }
        (Some(false), Some(_)) => {
            (format!("{} has no ports", kind.words()), format!("write `{}`", to.host))
        }
        _ => return,
    };
    page.find(Finding::error("bad-destination", to.place, message).help(help));
}

impl TrafficSection {
    /// Every key of a workload that is said, and where.
    fn said(&self, page: &Page<'_>) -> Vec<(&'static str, Place)> {
        fn of<T>(page: &Page<'_>, written: &Option<Written<T>>) -> Option<Place> {
            written.as_ref().map(|written| written.place(page))
        }
        let all = [
            ("protocol", of(page, &self.protocol)),
            ("connections", of(page, &self.connections)),
            ("rate", of(page, &self.rate)),
            ("requests", of(page, &self.requests)),
            ("request", of(page, &self.request)),
            ("response", of(page, &self.response)),
            ("idle", of(page, &self.idle)),
            ("keepalive", of(page, &self.keepalive)),
            ("close", of(page, &self.close)),
            ("dns", of(page, &self.dns)),
            ("timeout", of(page, &self.timeout)),
            ("flows", of(page, &self.flows)),
            ("packets", of(page, &self.packets)),
            ("interval", of(page, &self.interval)),
            ("size", of(page, &self.size)),
            ("query", self.query.as_ref().map(|query| page.place(query))),
            ("ping", of(page, &self.ping)),
            ("traceroute", of(page, &self.traceroute)),
            ("replay", self.replay.as_ref().map(|replay| page.place(replay))),
            ("provider", of(page, &self.provider)),
        ];
        all.into_iter().filter_map(|(key, place)| Some((key, place?))).collect()
    }

    /// What it is, by the key that only that has.
    fn kind(&self, page: &mut Page<'_>) -> Kind {
        let protocol = page.optional(self.protocol.clone()).map(|protocol| protocol.value);
        match () {
            () if self.ping.is_some() => Kind::Ping,
            () if self.traceroute.is_some() => Kind::Traceroute,
            () if self.replay.is_some() => Kind::Replay,
            () if self.provider.is_some() => Kind::Provider,
            () if protocol == Some(Protocol::Udp) || self.query.is_some() => Kind::Udp,
            () => Kind::Tcp,
        }
    }

    fn foreign_keys(&self, kind: Kind, page: &mut Page<'_>) {
        for (key, place) in self.said(page) {
            if !kind.keys().contains(&key) {
                let message = format!("{} has no `{key}`", kind.words());
                let keys: Vec<_> = kind.keys().iter().map(|key| format!("`{key}`")).collect();
                let help = format!("its keys are {}", keys.join(", "));
                page.find(Finding::error("foreign-key", place, message).help(help));
            }
        }
    }

    fn workload(self, kind: Kind, folder: &Path, page: &mut Page<'_>) -> Option<Workload> {
        Some(match kind {
            Kind::Tcp | Kind::Provider => Workload::Connections(self.connections(page)),
            Kind::Udp => Workload::Datagrams(Datagrams {
                flows: count(self.flows, page),
                count: count(self.packets, page),
                interval: span(self.interval, INTERVAL, page),
                size: payload(self.size, 64, page),
                dns: false,
                query: self.query.map(|query| query.value),
                timeout: span(self.timeout, UDP_TIMEOUT, page),
            }),
            Kind::Ping => Workload::Ping(Probes {
                count: count(self.ping, page),
                interval: span(self.interval, INTERVAL, page),
                size: payload(self.size, 56, page),
                timeout: span(self.timeout, PING_TIMEOUT, page),
            }),
            Kind::Traceroute => {
                let hops = page.optional(self.traceroute)?;
                match u8::try_from(*hops) {
                    Ok(hops) if hops > 0 => Workload::Traceroute { hops },
                    _ => {
                        let message = "a time to live is from 1 to 255";
                        page.find(Finding::error("bad-hops", hops.place, message));
                        return None;
                    }
                }
            }
            Kind::Replay => {
                let file = page.sourced(self.replay?);
                let path = folder.join(&file.value);
                match replay::read(&path) {
                    Ok(recording) => Workload::Replay(recording),
                    Err(error) => {
                        let message = format!("{}: {error}", path.display());
                        let help = "name a pcap or pcapng file beside the scenario";
                        page.find(Finding::error("unreadable", file.place, message).help(help));
                        return None;
                    }
                }
            }
        })
    }

    fn connections(self, page: &mut Page<'_>) -> Connections {
        let keepalive = page.optional(self.keepalive);
        if let Some(keepalive) = keepalive.as_ref().filter(|said| said.value == Duration::ZERO) {
            let message = "a probe after no time never ends";
            page.find(Finding::error("no-time", keepalive.place, message).help("write `60s`"));
        }
        let requests = self.requests.is_some();
        let idle = page.optional(self.idle);
        if let Some(idle) = idle.as_ref().filter(|_| !requests) {
            let message = "nothing follows the silence: the only request is the first one";
            let help = "add `requests: 2`";
            page.find(Finding::error("idle-without-requests", idle.place, message).help(help));
        }
        let size = |said: Option<Sourced<ByteSize>>, otherwise| said.map_or(otherwise, |s| s.0);
        Connections {
            count: count(self.connections, page),
            rate: page.optional(self.rate).map(|rate| rate.0),
            requests: count(self.requests, page),
            request: size(page.optional(self.request), 200),
            response: size(page.optional(self.response), 1_024),
            idle: idle.map(|idle| idle.value).unwrap_or_default(),
            keepalive: keepalive.map(|keepalive| keepalive.value),
            close: page.optional(self.close).is_none_or(|close| close.value),
            dns: page.optional(self.dns).is_some_and(|dns| dns.value),
            timeout: span(self.timeout, TCP_TIMEOUT, page),
        }
    }
}

/// A number of things, at least one.
fn count(written: Option<Written<u32>>, page: &mut Page<'_>) -> u32 {
    let Some(count) = page.optional(written) else { return 1 };
    if *count == 0 {
        let message = "none of these is nothing to do";
        page.find(Finding::error("no-count", count.place, message).help("write at least 1"));
    }
    *count
}

fn span(written: Option<Written<Duration>>, otherwise: Duration, page: &mut Page<'_>) -> Duration {
    let Some(span) = page.optional(written) else { return otherwise };
    if *span == Duration::ZERO {
        let message = "no time is too short";
        page.find(Finding::error("no-time", span.place, message).help("write a longer time"));
    }
    *span
}

/// A payload that a datagram can have.
fn payload(written: Option<Written<ByteSize>>, otherwise: u16, page: &mut Page<'_>) -> u16 {
    /// 65,535 less the headers of IPv4 and of UDP or ICMP.
    const MOST: u64 = 65_507;
    let Some(size) = page.optional(written) else { return otherwise };
    if size.0 > MOST {
        let message = format!("a datagram holds {MOST} bytes at most");
        page.find(Finding::error("bad-size", size.place, message).help("write fewer bytes"));
    }
    size.0.min(MOST) as u16
}
