//! New flows for old ones, so that a table keeps its size.
//!
//! Where a share of the packets opens a flow each, as many flows have to end. Some flows of the load
//! stand: they send all the other packets. The rest pass: each sends one packet, and is idle from
//! then on until the dataplane's own timers end it; one round later the same packet opens it anew.
//! Idle times are minutes and a round of a fast worker is milliseconds, so time is told to the
//! worker faster than it goes by: a fixed step for each burst, so that a round lasts a little longer
//! than the idle time of flows that pass, and every flow that stands sends within its own.

use std::sync::Arc;

use egret_dataplane::packet::Tuple;
use egret_dataplane::snapshot::{InterfaceId, Snapshot};
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::verdict::Verdict;
use egret_dataplane::worker::{Limits, Worker};

use crate::traffic::{self, BURST};

/// A round lasts so much longer than flows that pass may be idle.
const ROUND: f64 = 1.1;
/// A flow that stands sends within this share of its idle time.
const STANDING: f64 = 0.88;
/// One of so many packets of standing flows goes round at least, so that none is left out for long.
const GOES_ROUND: usize = 4;

/// How long flows may be idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    /// Those that have sent one packet: the longest time.
    pub passing: Duration,
    /// Those that both sides have answered: the shortest.
    pub standing: Duration,
}

/// How flows are split, and how fast time goes by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turnover {
    /// Flows that send all packets that open none.
    pub standing: usize,
    /// Flows that send one packet a round.
    pub passing: usize,
    /// Packets of a round.
    pub round: usize,
    /// Time that is said to go by with each burst.
    pub step: Duration,
}

impl Turnover {
    /// The split of `flows` where `share` of all packets, above 0 and up to 1, opens one.
    pub fn new(flows: usize, share: f64, idle: Idle) -> Turnover {
        let times = ROUND / STANDING * idle.passing.0 as f64 / idle.standing.0 as f64;
        // Each standing flow sends once in `GOES_ROUND * standing` of the other packets, and that
        // takes no more than its idle time: so many flows pass for each one that stands.
        let odds = times * GOES_ROUND as f64 * share / (1.0 - share);
        let all_pass = share >= 1.0;
        let passing = (flows as f64 * odds / (1.0 + odds)).ceil() as usize;
        // Where every packet opens a flow, a round is whole bursts of flows.
        let whole = (flows / BURST * BURST).max(BURST);
        let passing = if all_pass { whole } else { passing.clamp(1, flows) };
        let standing = if all_pass { 0 } else { (flows - passing).max(1) };
        let round = ((passing as f64 / share).ceil() as usize).next_multiple_of(BURST);
        let step =
            Duration((idle.passing.0 as f64 * ROUND * BURST as f64 / round as f64) as u64 + 1);
        Turnover { standing, passing, round, step }
    }

    /// Whether packet `n` of the load opens a flow, and which of those that pass.
    pub fn opens(&self, n: usize) -> Option<usize> {
        spread(self.passing, self.round, n % self.round)
    }

    /// Of `others` packets, which standing flows send: whether packet `n` of them is one that goes
    /// round, and whose turn it is. All flows have the same number of turns.
    pub fn goes_round(&self, n: usize, others: usize) -> Option<usize> {
        let turns = others.div_ceil(GOES_ROUND * self.standing.max(1));
        spread(self.standing * turns, others, n).map(|turn| turn % self.standing)
    }
}

/// Spreads `few` evenly over `many`: which of the few, if any, is at place `n`.
fn spread(few: usize, many: usize, n: usize) -> Option<usize> {
    let before = |n: usize| (n as u128 * few as u128 / many as u128) as usize;
    (before(n + 1) > before(n)).then(|| before(n))
}

impl Idle {
    /// The idle times of flows that begin with these packets, as the dataplane shows them.
    ///
    /// # Errors
    /// What became of the first packet that was not forwarded.
    pub fn of(snapshot: &Arc<Snapshot>, firsts: &[(InterfaceId, Tuple)]) -> Result<Idle, Verdict> {
        let mut idle = Idle { passing: Duration(0), standing: Duration(u64::MAX) };
        for first in firsts {
            idle.passing = idle.passing.max(idle_time(snapshot, *first, traffic::open_one_way)?);
            idle.standing = idle.standing.min(idle_time(snapshot, *first, traffic::open)?);
        }
        Ok(idle)
    }
}

type Open =
    fn(&mut Worker, Instant, &[(InterfaceId, Tuple)]) -> Result<Vec<traffic::Flow>, Verdict>;

/// How long a flow lives without a packet: found by looking at ever nearer times.
fn idle_time(
    snapshot: &Arc<Snapshot>,
    first: (InterfaceId, Tuple),
    open: Open,
) -> Result<Duration, Verdict> {
    let lives = |millis: u64| {
        let mut worker = Worker::new(Arc::clone(snapshot), Limits { flows: 16 }, 0);
        open(&mut worker, Instant::ZERO, &[first])?;
        let later = Instant::ZERO + Duration::from_millis(millis);
        worker.expire(later, 1_024);
        Ok(!worker.flows().is_empty())
    };
    // The longest timer is five days.
    let (mut alive, mut gone) = (0, 10 * 86_400_000);
    while gone - alive > 1 {
        let middle = alive + (gone - alive) / 2;
        if lives(middle)? { alive = middle } else { gone = middle }
    }
    Ok(Duration::from_millis(gone))
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Idle =
        Idle { passing: Duration::from_secs(120), standing: Duration::from_secs(120) };

    #[test]
    fn a_round_outlasts_the_idle_time_and_every_standing_flow_sends_in_time() {
        for share in [0.001, 0.01, 0.1, 0.5, 0.9, 0.99] {
            let split = Turnover::new(100_000, share, IDLE);
            assert_eq!(split.standing + split.passing, 100_000, "{share}");
            let burst = split.step.0 as f64;
            let round = split.round as f64 / BURST as f64 * burst;
            assert!(round > IDLE.passing.0 as f64, "{share}");
            let apart = longest_wait(&split) as f64 / BURST as f64 * burst;
            assert!(apart < IDLE.standing.0 as f64, "{share}: {apart}");
            let opened = (0..split.round).filter(|n| split.opens(*n).is_some()).count();
            assert_eq!(opened, split.passing);
        }
    }

    /// Packets from one turn of a standing flow to its next one, at most: over two rounds.
    fn longest_wait(split: &Turnover) -> usize {
        let others = split.round - split.passing;
        let mut last = vec![0; split.standing];
        let (mut other, mut longest) = (0, 0);
        for n in 0..2 * split.round {
            if split.opens(n).is_none() {
                if let Some(flow) = split.goes_round(other % others, others) {
                    longest = longest.max(n - last[flow]);
                    last[flow] = n;
                }
                other += 1;
            }
        }
        longest
    }

    #[test]
    fn all_packets_may_open_a_flow() {
        let split = Turnover::new(1_000, 1.0, IDLE);
        assert_eq!((split.standing, split.passing, split.round), (0, 960, 960));
        assert!((0..960).all(|n| split.opens(n) == Some(n)));
    }

    #[test]
    fn idle_times_are_the_dataplane_s() {
        let world = crate::world::World::new(Default::default(), crate::world::Way::Nat).unwrap();
        let first = |protocols| traffic::flow(&world, 0, protocols);
        let udp = Idle::of(&world.snapshot, &[first(traffic::Protocols::Udp)]).unwrap();
        assert_eq!([udp.passing.as_secs(), udp.standing.as_secs()], [120, 120]);
        let tcp = Idle::of(&world.snapshot, &[first(traffic::Protocols::Tcp)]).unwrap();
        assert_eq!([tcp.passing.as_secs(), tcp.standing.as_secs()], [60, 350]);
    }
}
