//! What is counted of one gateway.

use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::{EndpointId, NatGateway, Snapshot};
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::verdict::{DropReason, Element};

use crate::observe::{End, Passed, WINDOW};

/// A metric: CloudWatch's name, its most useful statistic, its unit, and the value of a minute.
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) stat: Stat,
    pub(super) unit: &'static str,
    pub(super) value: fn(&Minute) -> i64,
}

/// How CloudWatch sums up what it has of a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stat {
    Sum,
    Maximum,
}

const fn sum(name: &'static str, value: fn(&Minute) -> i64) -> Metric {
    Metric { name, stat: Stat::Sum, unit: "Count", value }
}

const fn bytes(name: &'static str, value: fn(&Minute) -> i64) -> Metric {
    Metric { name, stat: Stat::Sum, unit: "Bytes", value }
}

const fn most(name: &'static str, unit: &'static str, value: fn(&Minute) -> i64) -> Metric {
    Metric { name, stat: Stat::Maximum, unit, value }
}

/// What there is of a NAT gateway.
const NAT_GATEWAY: &[Metric] = &[
    most("ActiveConnectionCount", "Count", |minute| minute.active),
    bytes("BytesInFromDestination", |minute| minute.answers.came.bytes),
    bytes("BytesInFromSource", |minute| minute.requests.came.bytes),
    bytes("BytesOutToDestination", |minute| minute.requests.went.bytes),
    bytes("BytesOutToSource", |minute| minute.answers.went.bytes),
    sum("ConnectionAttemptCount", |minute| minute.attempts),
    sum("ConnectionEstablishedCount", |minute| minute.established),
    sum("ErrorPortAllocation", |minute| minute.port_errors),
    sum("IdleTimeoutCount", |minute| minute.idle_timeouts),
    sum("PacketsDropCount", |minute| minute.dropped),
    sum("PacketsInFromDestination", |minute| minute.answers.came.packets),
    sum("PacketsInFromSource", |minute| minute.requests.came.packets),
    sum("PacketsOutToDestination", |minute| minute.requests.went.packets),
    sum("PacketsOutToSource", |minute| minute.answers.went.packets),
    most("PeakBytesPerSecond", "Bytes/Second", |minute| minute.peak.bytes / WINDOW_SECONDS),
    most("PeakPacketsPerSecond", "Count/Second", |minute| minute.peak.packets / WINDOW_SECONDS),
];

/// What there is of an interface endpoint.
const ENDPOINT: &[Metric] = &[
    most("ActiveConnections", "Count", |minute| minute.active),
    bytes("BytesProcessed", |minute| minute.requests.went.bytes + minute.answers.went.bytes),
    sum("NewConnections", |minute| minute.established),
    sum("PacketsDropped", |minute| minute.dropped),
    sum("RstPacketsReceived", |minute| minute.resets),
];

const WINDOW_SECONDS: i64 = (WINDOW.0 / 1_000_000_000) as i64;

/// A NAT gateway or an interface endpoint.
pub(super) struct Gateway {
    pub(super) namespace: &'static str,
    /// Names and values.
    pub(super) dimensions: Vec<(&'static str, String)>,
    pub(super) metrics: &'static [Metric],
    /// The minutes so far: when each began, in seconds since 1970, and what was counted.
    pub(super) minutes: Vec<(u64, Minute)>,
    minute: Minute,
    /// What came in the present window.
    window: Count,
    /// From when to when TCP connections were seen in the present window.
    seen: Vec<(Instant, Instant)>,
    /// Connections that it had forgotten when they were counted last.
    forgotten: u64,
}

/// What is counted in a minute. Signed, for what links lost is taken back before it is counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Minute {
    active: i64,
    attempts: i64,
    established: i64,
    port_errors: i64,
    idle_timeouts: i64,
    dropped: i64,
    resets: i64,
    /// From the source to the destination.
    requests: Way,
    /// And back.
    answers: Way,
    /// The most that came in a window.
    peak: Count,
}

/// What passed one way.
#[derive(Clone, Copy, Debug, Default)]
struct Way {
    came: Count,
    went: Count,
}

/// Packets and their bytes, from the IP header on.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    packets: i64,
    bytes: i64,
}

impl Count {
    fn add(&mut self, more: Count) {
        self.packets += more.packets;
        self.bytes += more.bytes;
    }
}

/// How packets pass a gateway.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    /// Whether they go from the destination back to the source.
    pub(super) is_answer: bool,
    pub(super) fate: Fate,
}

/// What becomes of packets at a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Passed,
    Dropped,
    /// Dropped, for no source port was free.
    NoPort,
}

impl Pass {
    /// How packets pass the gateway that one of their hops is.
    pub(super) fn of(snapshot: &Snapshot, passed: &Passed<'_>, hop: usize) -> Pass {
        let hops = &passed.trail.hops;
        let is_answer = match hops[hop].element {
            Element::NatGateway(nat) => {
                let arrives_at = passed.stages.at(hops[hop].before).dst;
                snapshot[nat].addresses.contains(&arrives_at)
            }
            // What an endpoint sends begins there.
            _ => hop == 0,
        };
        let fate = match passed.trail.end {
            End::Drop(drop) | End::Reply(drop) if hop + 1 == hops.len() => match drop.reason {
                DropReason::NatPortsExhausted => Fate::NoPort,
                _ => Fate::Dropped,
            },
            _ => Fate::Passed,
        };
        Pass { is_answer, fate }
    }
}

impl Gateway {
    fn new(
        namespace: &'static str,
        dimensions: Vec<(&'static str, String)>,
        metrics: &'static [Metric],
    ) -> Gateway {
        Gateway {
            namespace,
            dimensions,
            metrics,
            minutes: Vec::new(),
            minute: Minute::default(),
            window: Count::default(),
            seen: Vec::new(),
            forgotten: 0,
        }
    }

    /// A NAT gateway, for which nothing was counted yet.
    pub(super) fn of_nat(nat: &NatGateway) -> Gateway {
        Gateway::new("AWS/NATGateway", vec![("NatGatewayId", nat.name.to_string())], NAT_GATEWAY)
    }

    /// An interface endpoint, for which nothing was counted yet.
    pub(super) fn of_endpoint(snapshot: &Snapshot, id: EndpointId) -> Gateway {
        let endpoint = &snapshot[id];
        let dimensions = vec![
            ("Endpoint Type", "Interface".to_owned()),
            ("Service Name", endpoint.service.to_string()),
            ("VPC Endpoint Id", endpoint.name.to_string()),
            ("VPC Id", snapshot[endpoint.vpc].name.to_string()),
        ];
        Gateway::new("AWS/PrivateLinkEndpoints", dimensions, ENDPOINT)
    }

    /// Counts packets, or takes them back: `times` is 1 or -1.
    pub(super) fn count(&mut self, passed: &Passed<'_>, times: i64, pass: Pass) {
        let some = |count: u64| times * count as i64;
        let count = Count { packets: some(passed.packets), bytes: some(passed.bytes) };
        self.window.add(count);
        let minute = &mut self.minute;
        let way = if pass.is_answer { &mut minute.answers } else { &mut minute.requests };
        way.came.add(count);
        match pass.fate {
            Fate::Passed => way.went.add(count),
            Fate::Dropped => minute.dropped += count.packets,
            Fate::NoPort => {
                minute.dropped += count.packets;
                minute.port_errors += count.packets;
            }
        }
        if pass.is_answer {
            minute.established += some(passed.syn_acks);
            minute.resets += some(passed.rsts);
            return;
        }
        minute.attempts += some(passed.syns);
        let is_tcp = passed.stages.first().protocol == Protocol::TCP;
        if is_tcp && pass.fate == Fate::Passed && times > 0 {
            self.seen.push((passed.first, passed.last));
        }
    }

    /// Ends a window in which so many connections were active at the end, and after which so many
    /// had been forgotten since the run began.
    pub(super) fn end_window(&mut self, active: u64, forgotten: u64) {
        let at_once = self.seen_at_once().max(active as i64);
        let (minute, window) = (&mut self.minute, std::mem::take(&mut self.window));
        minute.active = minute.active.max(at_once);
        minute.idle_timeouts += (forgotten - self.forgotten) as i64;
        minute.peak.packets = minute.peak.packets.max(window.packets);
        minute.peak.bytes = minute.peak.bytes.max(window.bytes);
        self.forgotten = forgotten;
    }

    /// Ends a minute, which began at so many seconds since 1970.
    pub(super) fn end_minute(&mut self, began: u64) {
        self.minutes.push((began, std::mem::take(&mut self.minute)));
    }

    /// The most connections at once of which packets were seen in the window that ends: there may
    /// have been more than are left at its end.
    fn seen_at_once(&mut self) -> i64 {
        let begins = self.seen.iter().map(|(first, _)| (*first, 1));
        // One that ends where another one begins is there still.
        let ends = self.seen.iter().map(|(_, last)| (*last + Duration(1), -1));
        let mut changes: Vec<(Instant, i64)> = begins.chain(ends).collect();
        changes.sort_unstable();
        self.seen.clear();
        let at_once = changes.iter().scan(0, |now, (_, change)| {
            *now += change;
            Some(*now)
        });
        at_once.max().unwrap_or_default()
    }
}
