//! A run: one point after the other.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use egret_control::compile::Compilation;
use egret_control::model::Model;
use thiserror::Error;

use crate::job::{BadJob, Job, Peer, Sweep, points};
use crate::lane::{Lane, Opened, Refused};
use crate::machine::Machine;
use crate::peer::{self, Unavailable};
use crate::progress::Progress;
use crate::quantity::figure;
use crate::results::{Closed, PeerFigures, Point, Results, SCHEMA_VERSION, Setup};
use crate::world::{NoWorld, World};
use crate::{churn, closed, open, quantity, search, threads, traffic};

/// A configuration of the user's.
#[derive(Clone, Debug)]
pub struct Given {
    /// What was read.
    pub model: Model,
    /// What it compiled to.
    pub compilation: Compilation,
}

/// Why nothing was measured.
#[derive(Debug, Error)]
pub enum Failure {
    /// The job cannot be run.
    #[error(transparent)]
    Job(#[from] BadJob),
    /// There is nothing to send packets through.
    #[error(transparent)]
    World(#[from] NoWorld),
    /// The configuration carries fewer flows.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The peer cannot be measured here.
    #[error(transparent)]
    Peer(#[from] Unavailable),
}

/// The searched rates begin so much above what the closed loop gave.
const HEADROOM: f64 = 1.1;
/// Fewer flows take so little memory that the process's own ups and downs hide it.
const WEIGHED: u64 = 50_000;

/// Measures every point of the sweeps over a job.
///
/// # Errors
/// The first point's that cannot be measured.
pub fn run(
    job: &Job,
    sweeps: &[Sweep],
    given: Option<&Given>,
    progress: &Progress,
) -> Result<Results, Failure> {
    let jobs = points(job, sweeps)?;
    let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let machine = Machine::read();
    let mut world: Option<(Job, World)> = None;
    let mut measured = Vec::with_capacity(jobs.len());
    for (at, job) in jobs.iter().enumerate() {
        progress.say("compiling the configuration");
        let same = |(other, _): &(Job, World)| same_world(other, job);
        let current = match world.take().filter(same) {
            Some(current) => current,
            None => (job.clone(), new_world(job, given)?),
        };
        measured.push(point(
            job,
            &current.1,
            &machine,
            &|share| progress.reach(at, share),
            progress,
        )?);
        world = Some(current);
    }
    let mut command = job.command();
    sweeps.iter().for_each(|sweep| command += &format!(" --sweep {}", sweep.text()));
    Ok(Results {
        schema_version: SCHEMA_VERSION,
        egret: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        machine,
        command,
        sweeps: sweeps.to_vec(),
        points: measured,
        against: None,
    })
}

/// Whether two points are about one configuration.
fn same_world(a: &Job, b: &Job) -> bool {
    (a.configuration(), a.path, a.protocol) == (b.configuration(), b.path, b.protocol)
}

fn new_world(job: &Job, given: Option<&Given>) -> Result<World, NoWorld> {
    match given {
        Some(Given { model, compilation }) => {
            World::of_scenario(model.clone(), compilation.clone(), job.protocol)
        }
        None => World::new(job.configuration(), job.path).map_err(NoWorld::Rejected),
    }
}

fn point(
    job: &Job,
    world: &World,
    machine: &Machine,
    done: &(impl Fn(f64) + Sync),
    progress: &Progress,
) -> Result<Point, Failure> {
    let beside = job.peer.map(|Peer::Linux| {
        progress.say("the kernel's own NAT");
        peer::linux(&of_peer(job, world))
    });
    let beside = beside.transpose()?;
    progress.say(format!("opening {} flows", quantity::grouped(job.flows)));
    let (mut lanes, setup) = set_up(job, world)?;
    progress.say(format!(
        "{} flows, {} workers: closed loop",
        quantity::short(job.flows),
        job.workers
    ));
    let mut closed = closed::measure(&mut lanes, job, |share| done(0.1 + 0.4 * share));
    closed.cycles = machine.mhz.map(|mhz| figure(closed.net_ns.min * mhz / 1e3));
    let churn = job.churn.map(|rate| {
        progress.say(format!("{rate} snapshots a second"));
        churn::measure(&mut lanes, world, job, rate)
    });
    let open = job.rate.map(|rate| {
        progress.say(format!("open loop at {} packets a second", quantity::short(rate as u64)));
        open::measure(&mut lanes, job, rate, job.duration)
    });
    let search = job.search.map(|loss| {
        progress.say("searching the highest rate");
        let top = closed.mpps.best * 1e6 * HEADROOM;
        search::measure(&mut lanes, job, top, loss, |share| done(0.5 + 0.5 * share))
    });
    done(1.0);
    let peer = beside.map(|outcome| peer_figures(&outcome, &closed));
    Ok(Point { job: job.clone(), setup, closed, open, search, churn, peer, compared: None })
}

/// The packets of the flows' first direction, as the peer sends them.
fn of_peer(job: &Job, world: &World) -> peer::Job {
    let flow = |number| {
        let (_, tuple) = traffic::flow(world, number, job.protocol);
        peer::Flow {
            source: tuple.src,
            destination: tuple.dst,
            source_port: tuple.src_port,
            destination_port: tuple.dst_port,
        }
    };
    peer::Job {
        flows: (0..job.flows as usize).map(flow).collect(),
        size: job.size.sizes()[0],
        duration: Duration::from_secs_f64(job.duration),
        seed: job.seed,
    }
}

fn peer_figures(outcome: &peer::Outcome, closed: &Closed) -> PeerFigures {
    let net_ns = outcome.without_sender();
    PeerFigures {
        nat_ns: figure(outcome.nat.ns_per_packet),
        forward_ns: figure(outcome.forward.ns_per_packet),
        sender_ns: figure(outcome.sender.ns_per_packet),
        net_ns: figure(net_ns),
        ratio: figure(net_ns / closed.net_ns.min),
        method: outcome.method(),
    }
}

fn set_up(job: &Job, world: &World) -> Result<(Vec<Lane>, Setup), Refused> {
    let before = resident();
    let opened = Opened::all(world, job)?;
    let grown = resident().zip(before).map(|(after, before)| after.saturating_sub(before));
    let own: usize = opened.iter().map(Opened::own_bytes).sum();
    let standing: usize = opened.iter().map(Opened::standing).sum();
    let nanos: u64 = opened.iter().map(|one| one.open_nanos).sum();
    let open_ns = (standing > 0).then(|| figure(nanos as f64 / standing as f64));
    let lanes = threads::each(opened, |_, opened| opened.load(job));
    let live_flows = lanes.iter().map(|lane| lane.worker().flows().len() as u64).sum();
    let bytes = grown.map(|bytes| bytes.saturating_sub(own) as f64 / job.flows as f64);
    let bytes_per_flow = bytes.filter(|_| job.flows >= WEIGHED && job.new_flows == 0.0);
    let bytes_per_flow = bytes_per_flow.map(figure);
    Ok((lanes, Setup { live_flows, open_ns, bytes_per_flow }))
}

/// Bytes of memory that the process has, where the system says it.
fn resident() -> Option<usize> {
    let pages: usize =
        std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size())
}
