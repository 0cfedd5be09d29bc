//! The closed loop: packets as fast as they are taken, and what each costs.

use std::sync::Barrier;
use std::time::Instant as Clock;

use rustix::time::{ClockId, clock_gettime};

use crate::gap::Gaps;
use crate::job::Job;
use crate::lane::Lane;
use crate::quantity::figure;
use crate::results::{Closed, Spread, Throughput};
use crate::tally::{Mark, Tally};
use crate::threads;
use crate::traffic::BURST;

/// Rounds at least.
const ROUNDS: usize = 7;
/// Packets of a round: more than fit the caches' memory of the last one, few enough for a slice of
/// time that nobody else interrupts.
const PACKETS: (usize, usize) = (1 << 12, 1 << 20);
/// Of a round's packets one in so many goes before it, untimed: the caches are the last round's.
const WARM: usize = 8;

/// CPU time that this thread has used, in nanoseconds: what others do meanwhile does not count.
pub fn cpu_nanos() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// What one measurement cost.
#[derive(Clone, Copy, Debug)]
struct Cost {
    /// CPU time a packet, in nanoseconds.
    cpu: f64,
    /// Wall time in all, in nanoseconds.
    wall: f64,
}

/// A round of one worker.
#[derive(Clone, Copy, Debug)]
struct Round {
    generator: Cost,
    limit: Cost,
    dataplane: Cost,
}

/// All rounds of one worker.
struct Rounds {
    rounds: Vec<Round>,
    tally: Tally,
    gaps: Gaps,
}

/// Sends every worker as many packets as it takes, for about `job.duration`: in turn with the
/// generator alone and the limit, so that all three meet the same minute.
pub fn measure(lanes: &mut [Lane], job: &Job, done: impl Fn(f64) + Sync) -> Closed {
    let plan = Plan::new(lanes, job.duration);
    let meeting = threads::meeting(lanes.len());
    let report = |at: usize, round: usize| {
        if at == 0 {
            done(round as f64 / plan.rounds as f64);
        }
    };
    let all = threads::each(lanes.iter_mut(), |at, lane| {
        plan.run(lane, &meeting, |round| report(at, round))
    });
    let missed = lanes.iter().map(Lane::missed_by_limit).sum();
    summary(job, &plan, all, missed)
}

/// How many packets a round has, and how many rounds there are.
struct Plan {
    packets: usize,
    rounds: usize,
}

impl Plan {
    fn new(lanes: &mut [Lane], seconds: f64) -> Plan {
        let probe = Plan { packets: PACKETS.0, rounds: 1 };
        let alone = threads::meeting(1);
        let first = threads::each(lanes.iter_mut().take(1), |_, lane| {
            let round = probe.round(lane, &alone, &mut Tally::default(), &mut Gaps::start());
            round.generator.cpu + round.limit.cpu + round.dataplane.cpu
        });
        let nanos = seconds * 1e9 / (first[0] * (1.0 + 1.0 / WARM as f64));
        let packets = (nanos / ROUNDS as f64) as usize;
        let packets = packets.clamp(PACKETS.0, PACKETS.1) / BURST * BURST;
        Plan { packets, rounds: ((nanos / packets as f64) as usize).max(ROUNDS) }
    }

    fn run(&self, lane: &mut Lane, meeting: &Barrier, done: impl Fn(usize)) -> Rounds {
        let (mut tally, mut gaps) = (Tally::default(), Gaps::start());
        let one = |round: usize| {
            done(round);
            self.round(lane, meeting, &mut tally, &mut gaps)
        };
        let rounds = (0..self.rounds).map(one).collect();
        Rounds { rounds, tally, gaps }
    }

    fn round(
        &self,
        lane: &mut Lane,
        meeting: &Barrier,
        tally: &mut Tally,
        gaps: &mut Gaps,
    ) -> Round {
        let generator = self.cost(meeting, || lane.generate());
        let limit = self.cost(meeting, || lane.limit());
        self.warm(|| lane.turn(Clock::now(), BURST));
        let mark = Mark::of(lane.worker());
        meeting.wait();
        gaps.resume();
        let dataplane = self.timed(|| {
            let now = Clock::now();
            gaps.note(now);
            lane.turn(now, BURST);
        });
        tally.add(Tally::since(&mark, lane.worker()));
        Round { generator, limit, dataplane }
    }

    /// Bursts to warm up with, and then the timed ones.
    fn cost(&self, meeting: &Barrier, mut burst: impl FnMut()) -> Cost {
        self.warm(&mut burst);
        // All workers begin together.
        meeting.wait();
        self.timed(burst)
    }

    fn warm(&self, mut burst: impl FnMut()) {
        for _ in 0..self.packets / WARM / BURST {
            burst();
        }
    }

    fn timed(&self, mut burst: impl FnMut()) -> Cost {
        let (wall, cpu) = (Clock::now(), cpu_nanos());
        for _ in 0..self.packets / BURST {
            burst();
        }
        let cpu = (cpu_nanos() - cpu) as f64 / self.packets as f64;
        Cost { cpu, wall: wall.elapsed().as_nanos() as f64 }
    }
}

fn summary(job: &Job, plan: &Plan, all: Vec<Rounds>, missed_by_limit: u64) -> Closed {
    let rounds = all[0].rounds.len();
    let mean = |of: &dyn Fn(&Round) -> f64| -> Vec<f64> {
        let each = |round: usize| all.iter().map(|lane| of(&lane.rounds[round])).sum::<f64>();
        (0..rounds).map(|round| each(round) / all.len() as f64).collect()
    };
    let generator = mean(&|round| round.generator.cpu);
    let limit = mean(&|round| round.limit.cpu);
    let dataplane = mean(&|round| round.dataplane.cpu);
    let longest = |round: usize| {
        let walls = all.iter().map(|lane| lane.rounds[round].dataplane.wall);
        walls.fold(0.0, f64::max)
    };
    let together = (plan.packets * all.len()) as f64;
    let mpps: Vec<f64> = (0..rounds).map(|round| together / longest(round) * 1e3).collect();
    let mpps = Throughput::of(&mpps);
    let (ns, limit_ns, generator_ns) =
        (Spread::of(dataplane), Spread::of(limit), Spread::of(generator));
    // What disturbed the generator must not make the others look faster.
    let net = |spread: Spread| Spread {
        min: figure(spread.min - generator_ns.min),
        median: figure(spread.median - generator_ns.min),
    };
    let (net_ns, limit_net_ns) = (net(ns), net(limit_ns));
    let gaps = all.iter().map(|lane| lane.gaps).reduce(Gaps::worse).expect("a worker");
    let mut tally = Tally::default();
    all.into_iter().for_each(|lane| tally.add(lane.tally));
    Closed {
        rounds,
        packets: tally.received,
        mpps,
        gbits: figure(mpps.best * job.size.mean() * 8.0 / 1e3),
        ns,
        generator_ns,
        limit_ns,
        net_ns,
        limit_net_ns,
        ratio_to_limit: figure(net_ns.min / limit_net_ns.min),
        cycles: None,
        missed_by_limit,
        tally,
        worst_gap_ns: gaps.worst,
        worst_own_gap_ns: gaps.worst_own,
    }
}
