//! A scenario's workloads as runs of live traffic of their shape: who sends where, how fast, in how many
//! flows, in packets of what size, and when.
//!
//! It is a projection. Live traffic has no TCP stack: no window, no retransmission, no loss, and time
//! is that of the wall. The packets of a connection are its SYN, its requests and its keep-alive
//! probes, evenly spaced; what the projection cannot keep is said in a remark.

use std::time::Duration;

use egret_dataplane::packet::Protocol;
use egret_sim::plan::{self, Connections, Datagrams, Probes, Sender, Traffic, Workload};

use super::packets::SMALLEST;
use super::plan::{Plan, Rate};

/// Tasks of a service that send at most, each by runs of its own.
const MOST_TASKS: u32 = 16;
/// Flows of a run at most: a client has 28,232 ports to one destination (Linux's
/// `ip_local_port_range`), and each worker takes those that are its own.
const MOST_FLOWS: u32 = 20_000;
/// Packets a second of a run at most.
const FASTEST: u32 = 100_000;
/// The same, where everything begins at once.
const AT_ONCE: u32 = 10_000;
/// Between two packets of a connection that is never silent: a round trip to the internet, by the
/// scenario's default of 10 ms each way.
const ROUND_TRIP: Duration = Duration::from_millis(20);
/// The largest TCP segment that is sent, as a packet: what passes every gateway. There is no path MTU
/// discovery, so a larger one would be dropped again and again.
const LARGEST_SEGMENT: u16 = 1_500;
/// The largest datagram, as a packet: what a VPC carries.
const LARGEST: u16 = 9_001;
/// Headers of IPv4 and TCP; of IPv4 and UDP or ICMP; of DNS, with the question's type and class and
/// its name's ends.
const TCP_HEADERS: u64 = 40;
const HEADERS: u64 = 28;
const QUESTION: u64 = 18;
/// The longest that a run waits, and that it takes.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What a scenario sends in a run.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// Who sends what, and when.
    pub traffic: Vec<Traffic>,
    /// When the run ends, if the scenario says it.
    pub duration: Option<Duration>,
}

/// What becomes of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection {
    /// The runs.
    pub plans: Vec<Plan>,
    /// What is sent otherwise than the scenario says.
    pub changed: Vec<Remark>,
    /// What is not sent.
    pub left_out: Vec<Remark>,
}

/// Something about an entry of the scenario's traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The entry.
    pub name: String,
    /// What is otherwise, or why it is left out.
    pub why: String,
}

/// What one sender sends.
#[derive(Debug, PartialEq)]
struct Shape {
    protocol: Protocol,
    flows: u32,
    rate: Rate,
    size: u16,
    renew: Option<u32>,
    /// Packets in all; without it until it is stopped.
    total: Option<u64>,
}

impl Script {
    /// That of a plan.
    pub fn of(plan: plan::Plan) -> Script {
        Script { traffic: plan.traffic, duration: plan.duration.map(wall) }
    }

    /// Its runs, where a service has so many tasks.
    pub fn project(&self, tasks: impl Fn(&str) -> u32) -> Projection {
        let mut projection = Projection::default();
        for entry in &self.traffic {
            let remark = |why| Remark { name: entry.name.clone(), why };
            match self.plans(entry, &tasks) {
                Ok((plans, changed)) => {
                    projection.plans.extend(plans);
                    projection.changed.extend(changed.into_iter().map(remark));
                }
                Err(why) => projection.left_out.push(remark(why.to_owned())),
            }
        }
        projection
    }

    fn plans(
        &self,
        entry: &Traffic,
        tasks: impl Fn(&str) -> u32,
    ) -> Result<(Vec<Plan>, Vec<String>), &'static str> {
        let after = wall(entry.at);
        let left = self.left(after)?;
        let live = Live::of(&entry.workload)?;
        let mut changed = Vec::new();
        let senders = senders(&entry.from, live.count(), tasks, &mut changed)?;
        let of = senders.len() as u32;
        let plan = |(nth, from)| {
            let shape = live.shape(share(live.count(), of, nth), of, &mut changed);
            Plan {
                name: Some(entry.name.clone()),
                from,
                to: destination(entry),
                protocol: shape.protocol,
                rate: shape.rate,
                size: shape.size,
                flows: shape.flows,
                renew: shape.renew,
                after,
                duration: shape.duration().into_iter().chain(left).min(),
            }
        };
        let plans = (0..).zip(senders).map(plan).collect();
        // Tasks that share an entry say the same.
        changed.sort_unstable();
        changed.dedup();
        Ok((plans, changed))
    }

    /// What is left of the scenario's run after that time.
    fn left(&self, after: Duration) -> Result<Option<Duration>, &'static str> {
        if after > LONGEST {
            return Err("It begins after more than seven days.");
        }
        let left = self.duration.map(|whole| whole.saturating_sub(after));
        if left == Some(Duration::ZERO) {
            return Err("The scenario's run ends before it begins.");
        }
        Ok(left)
    }
}

/// A workload that live traffic can be like.
#[derive(Clone, Copy)]
enum Live<'a> {
    Connections(&'a Connections),
    Datagrams(&'a Datagrams),
    Ping(&'a Probes),
}

impl Live<'_> {
    fn of(workload: &Workload) -> Result<Live<'_>, &'static str> {
        match workload {
            Workload::Connections(all) => Ok(Live::Connections(all)),
            Workload::Datagrams(all) => Ok(Live::Datagrams(all)),
            Workload::Ping(all) => Ok(Live::Ping(all)),
            Workload::Traceroute { .. } => Err(
                "A traceroute's packets differ in their time to live, and live traffic has one.",
            ),
            Workload::Replay(_) => {
                Err("A capture's packets are what they were, and live traffic makes its own.")
            }
        }
    }

    /// What is shared out over tasks.
    fn count(self) -> u32 {
        match self {
            Live::Connections(all) => all.count,
            Live::Datagrams(all) => all.flows,
            Live::Ping(_) => 1,
        }
    }

    /// What a sender sends who has so many of them, and is one of so many.
    fn shape(self, count: u32, of: u32, changed: &mut Vec<String>) -> Shape {
        match self {
            Live::Connections(all) => connections(all, count, of, changed),
            Live::Datagrams(all) => datagrams(all, count, changed),
            Live::Ping(all) => ping(all, changed),
        }
    }
}

/// Who sends, in turn.
fn senders(
    from: &Sender,
    count: u32,
    tasks: impl Fn(&str) -> u32,
    changed: &mut Vec<String>,
) -> Result<Vec<String>, &'static str> {
    Ok(match from {
        Sender::Service(service, Some(task)) => vec![format!("{}/{task}", service.value)],
        Sender::Service(service, None) => {
            let all = tasks(service).min(count);
            if all > MOST_TASKS {
                changed.push(format!("{MOST_TASKS} tasks send, and not {all}."));
            }
            match all.min(MOST_TASKS) {
                0 | 1 => vec![service.value.clone()],
                several => (0..several).map(|task| format!("{}/{task}", service.value)).collect(),
            }
        }
        Sender::Host(name) => vec![name.value.clone()],
        Sender::Inbound => return Err("Inbound requests do not pass the VPC."),
        Sender::Provider(..) => return Err("The provider's own traffic does not pass the VPC."),
    })
}

/// What falls to one of several when things are dealt out.
fn share(count: u32, of: u32, nth: u32) -> u32 {
    count / of + u32::from(nth < count % of)
}

fn destination(entry: &Traffic) -> String {
    let host = &entry.to.host;
    match (entry.to.port, &entry.workload) {
        (Some(port), _) => format!("{host}:{port}"),
        (None, Workload::Datagrams(_)) => format!("{host}:53"),
        (None, _) => host.clone(),
    }
}

/// A sender's part of connections that are shared out over so many.
fn connections(all: &Connections, count: u32, of: u32, changed: &mut Vec<String>) -> Shape {
    let room = u64::from(LARGEST_SEGMENT) - TCP_HEADERS;
    let segments = all.request.div_ceil(room).max(1);
    let size = packet(all.request.div_ceil(segments) + TCP_HEADERS, LARGEST_SEGMENT);
    let (gap, probes) = silence(all);
    let packets = u64::from(all.requests).saturating_mul(segments).saturating_add(1 + probes);
    let packets = u32::try_from(packets).unwrap_or(u32::MAX);
    let opened = all.rate.map(|rate| rate / f64::from(of));
    let at_once = match opened.filter(|_| all.close) {
        // So many are open at once as are opened while one lasts.
        Some(opened) => (opened * gap.as_secs_f64() * f64::from(packets)).ceil().max(1.0) as u32,
        None => count,
    };
    let flows = flows(at_once.min(count), changed);
    let rate = match opened {
        Some(opened) if all.close => per_second(opened * f64::from(packets)),
        Some(opened) => per_second(opened),
        None if all.idle.0 == 0 => slower(Rate { packets: flows.into(), time: gap }, AT_ONCE),
        None => Rate { packets: flows.into(), time: gap },
    };
    if segments > 1 {
        changed.push(format!(
            "Packets are of {LARGEST_SEGMENT} bytes at most: no path MTU is discovered."
        ));
    }
    if all.dns {
        changed.push("The name is not looked up at the resolver first.".to_owned());
    }
    // Probes of connections that stay open have no end.
    let total = u64::from(if all.close { count } else { flows }) * u64::from(packets);
    Shape {
        protocol: Protocol::TCP,
        flows,
        rate: fast(rate, changed),
        size,
        renew: all.close.then_some(packets),
        total: (all.close || all.keepalive.is_none()).then_some(total),
    }
}

/// How long a connection is silent between two packets, and how many keep-alive probes it sends.
fn silence(all: &Connections) -> (Duration, u64) {
    let idle = all.idle.0;
    match all.keepalive.map(|keepalive| keepalive.0) {
        Some(keepalive) if keepalive < idle => {
            let each = (idle - 1) / keepalive.max(1);
            let silences = u64::from(all.requests.saturating_sub(1));
            (Duration::from_nanos(keepalive), each.saturating_mul(silences))
        }
        Some(keepalive) if idle == 0 && !all.close => (Duration::from_nanos(keepalive), 0),
        _ if idle == 0 => (ROUND_TRIP, 0),
        _ => (Duration::from_nanos(idle), 0),
    }
}

fn datagrams(all: &Datagrams, count: u32, changed: &mut Vec<String>) -> Shape {
    let payload = all.query.as_ref().map_or(all.size.into(), |name| name.len() as u64 + QUESTION);
    if all.query.is_some() {
        changed.push("Datagrams of a query's size are sent in place of queries.".to_owned());
    }
    let flows = flows(count, changed);
    let rate = Rate { packets: flows.into(), time: wall(all.interval) };
    Shape {
        protocol: Protocol::UDP,
        flows,
        rate: fast(rate, changed),
        size: datagram(payload, changed),
        renew: None,
        total: Some(u64::from(flows) * u64::from(all.count)),
    }
}

fn ping(all: &Probes, changed: &mut Vec<String>) -> Shape {
    Shape {
        protocol: Protocol::ICMP,
        flows: 1,
        rate: fast(Rate { packets: 1, time: wall(all.interval) }, changed),
        size: datagram(all.size.into(), changed),
        renew: None,
        total: Some(all.count.into()),
    }
}

fn flows(wanted: u32, changed: &mut Vec<String>) -> u32 {
    if wanted > MOST_FLOWS {
        changed.push(format!("{MOST_FLOWS} flows of a sender are open at once, and not {wanted}."));
    }
    wanted.min(MOST_FLOWS)
}

fn fast(rate: Rate, changed: &mut Vec<String>) -> Rate {
    let slower = slower(rate, FASTEST);
    if slower != rate {
        let wanted = rate.a_second();
        changed.push(format!("A sender sends {FASTEST} packets a second, and not {wanted:.0}."));
    }
    slower
}

/// The rate, if it is no more than so many packets a second.
fn slower(rate: Rate, most: u32) -> Rate {
    if rate.a_second() > f64::from(most) { Rate::per_second(most) } else { rate }
}

/// A rate to a thousandth of a packet a second.
fn per_second(packets: f64) -> Rate {
    let packets = (packets * 1_000.0).round().max(1.0) as u64;
    Rate { packets, time: Duration::from_secs(1_000) }
}

fn datagram(payload: u64, changed: &mut Vec<String>) -> u16 {
    let wanted = payload + HEADERS;
    if wanted > LARGEST.into() {
        changed.push(format!("Packets are of {LARGEST} bytes, and not of {wanted}."));
    }
    packet(wanted, LARGEST)
}

fn packet(size: u64, largest: u16) -> u16 {
    size.clamp(SMALLEST.into(), largest.into()) as u16
}

fn wall(time: egret_dataplane::time::Duration) -> Duration {
    Duration::from_nanos(time.0)
}

impl Shape {
    /// How long it takes.
    fn duration(&self) -> Option<Duration> {
        let time = u128::from(self.total?) * self.rate.time.as_nanos();
        let time = time.div_ceil(u128::from(self.rate.packets.max(1)));
        let time = Duration::from_nanos(u64::try_from(time).unwrap_or(u64::MAX));
        Some(time.min(LONGEST))
    }
}

#[cfg(test)]
mod tests;
