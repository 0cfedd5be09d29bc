//! Fills the connection table, sees that packets are translated, and measures the three ways in
//! turn.

use std::{
    collections::HashSet,
    fs,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};

use super::{
    Job, NAT_ADDRESS, Outcome, Run, Unavailable, Way,
    namespace::system,
    network::Network,
    packet::{BURST, Flow, Stamp},
    sender::{Catcher, Sender},
};

/// How long a way is measured before it is the next one's turn: long against what it takes to bring
/// the connection table back into the caches, short against a neighbour's noise.
const TURN: Duration = Duration::from_millis(50);

/// Does a job that is known to be a proper one.
pub(super) fn run(job: &Job) -> Result<Outcome, Unavailable> {
    let order = Stamp::shuffled(&job.flows, job.size, job.seed);
    // A few flows go round more than once, so that a burst is a whole one.
    let stamps = order.repeat(BURST.div_ceil(order.len()));
    let flows = job.flows.iter().collect::<HashSet<_>>().len() as u64;
    let network = Network::build(flows)?;
    let catcher = network.outside.inside(|| Catcher::new(Way::Nat.end()))?;
    network.inside.inside(|| {
        let core = pin()?;
        let mut lanes = Lane::all(job.size)?;
        let translated_to = warm_up(&network, &mut lanes, &stamps, catcher, flows)?;
        let [sender, forward, nat] = measure(&network, lanes, &stamps, job.duration)?;
        Ok(Outcome {
            nat,
            forward,
            sender,
            conntrack_entries: network.nat.connections()?,
            translated_to,
            core,
            kernel: kernel(),
        })
    })
}

/// Sends every flow through the NAT, and has it proved that it is one: a packet came out under its
/// address, and each flow is tracked. Then each way has a turn that does not count.
fn warm_up(
    network: &Network,
    lanes: &mut [Lane; 3],
    stamps: &[Stamp],
    catcher: Catcher,
    flows: u64,
) -> Result<(Ipv4Addr, u16), Unavailable> {
    let [_, _, nat] = &mut *lanes;
    nat.sender.send(&stamps[..1])?;
    let caught = catcher.next()?;
    // Catching costs something with every packet, so it ends before the measuring.
    drop(catcher);
    nat.round(stamps)?;
    for lane in lanes {
        lane.turn(stamps)?;
        lane.forget();
    }
    let tracked = network.nat.connections()?;
    let source_seen = caught.map(|flow| (flow.source, flow.source_port));
    match caught {
        Some(out) if is_translated(&stamps[0].flow(), &out) && tracked == flows => {
            Ok((out.source, out.source_port))
        }
        _ => Err(Unavailable::NotTranslated { flows, tracked, source_seen }),
    }
}

fn is_translated(sent: &Flow, out: &Flow) -> bool {
    out.source == NAT_ADDRESS
        && (out.destination, out.destination_port) == (sent.destination, sent.destination_port)
}

/// Takes the ways in turn until the time is up, at least once each.
fn measure(
    network: &Network,
    mut lanes: [Lane; 3],
    stamps: &[Stamp],
    duration: Duration,
) -> Result<[Run; 3], Unavailable> {
    let arrived = || -> Result<Vec<u64>, Unavailable> {
        Way::ALL.iter().map(|way| network.outside.received(way.end())).collect()
    };
    let before = arrived()?;
    let end = Instant::now() + duration;
    loop {
        lanes.iter_mut().try_for_each(|lane| lane.turn(stamps))?;
        if Instant::now() >= end {
            break;
        }
    }
    let after = arrived()?;
    let mut counts = after.iter().zip(before).map(|(after, before)| after - before);
    let runs = lanes.map(|lane| lane.done(counts.next().expect("a count a way")));
    match runs.iter().find(|run| run.lost() > run.sent / 100) {
        Some(run) => Err(Unavailable::Lost { sent: run.sent, lost: run.lost() }),
        None => Ok(runs),
    }
}

/// Keeps the calling thread, and with it the work of every veth that it sends into, on one core: the
/// last that it may use, since the first has most of a machine's interrupts.
fn pin() -> Result<usize, Unavailable> {
    let this = Pid::from_raw(0);
    let allowed = sched_getaffinity(this).map_err(system("ask for the cores"))?;
    let core = (0..CpuSet::count()).rev().find(|n| allowed.is_set(*n) == Ok(true)).unwrap_or(0);
    let mut one = CpuSet::new();
    one.set(core).and_then(|()| sched_setaffinity(this, &one)).map_err(system("stay on a core"))?;
    Ok(core)
}

fn kernel() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease")
        .map_or("of unknown release".to_owned(), |release| release.trim().to_owned())
}

/// One way, and what it did so far.
struct Lane {
    sender: Sender,
    /// The next flow's place in the order.
    at: usize,
    sent: u64,
    time: Duration,
    /// Nanoseconds a packet of each burst.
    bursts: Vec<f64>,
}

impl Lane {
    fn all(size: u16) -> Result<[Lane; 3], Unavailable> {
        let [sender, forward, nat] = Way::ALL.map(|way| {
            let sender = Sender::new(way.start(), size)?;
            Ok(Lane { sender, at: 0, sent: 0, time: Duration::ZERO, bursts: Vec::new() })
        });
        Ok([sender?, forward?, nat?])
    }

    /// Sends every flow's packet once.
    fn round(&mut self, stamps: &[Stamp]) -> Result<(), Unavailable> {
        stamps.chunks(BURST).try_for_each(|burst| self.sender.send(burst))
    }

    fn forget(&mut self) {
        self.sent = 0;
        self.time = Duration::ZERO;
        self.bursts.clear();
    }

    /// Sends for one turn.
    fn turn(&mut self, stamps: &[Stamp]) -> Result<(), Unavailable> {
        let end = Instant::now() + TURN;
        let mut start = Instant::now();
        while start < end {
            let burst = &stamps[self.at..stamps.len().min(self.at + BURST)];
            self.sender.send(burst)?;
            let now = Instant::now();
            let (sent, time) = (burst.len(), now - start);
            self.at = (self.at + sent) % stamps.len();
            self.sent += sent as u64;
            self.time += time;
            self.bursts.push(time.as_nanos() as f64 / sent as f64);
            start = now;
        }
        Ok(())
    }

    fn done(mut self, arrived: u64) -> Run {
        self.bursts.sort_by(f64::total_cmp);
        let at = |percent: usize| self.bursts[(self.bursts.len() - 1) * percent / 100];
        Run {
            sent: self.sent,
            arrived,
            seconds: self.time.as_secs_f64(),
            ns_per_packet: at(50),
            spread: (at(10), at(90)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_source_may_change() {
        let sent = Flow::many(1)[0];
        let out = Flow { source: NAT_ADDRESS, source_port: 9, ..sent };
        assert!(is_translated(&sent, &out));
        assert!(!is_translated(&sent, &sent));
        assert!(!is_translated(&sent, &Flow { destination_port: 1, ..out }));
    }
}
