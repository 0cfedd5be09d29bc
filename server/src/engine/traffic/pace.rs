//! When the packets of a run are due.

use egret_dataplane::time::{Duration, Instant};

/// Packets that all runs together send in one turn of a worker.
pub(super) const TURN: u64 = 256;
/// A run that is later than this leaves packets out, and says so.
const LATE: Duration = Duration::from_millis(50);

/// When packets are due: evenly, from the first turn on or a while after it, without drift.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// So many packets in so long a time.
    packets: u64,
    time: Duration,
    from: Option<Instant>,
    end: Option<Instant>,
    /// Packets sent, or left out.
    pub(super) sent: u64,
}

impl Pace {
    pub(super) fn new(packets: u64, time: Duration) -> Pace {
        Pace { packets, time: Duration(time.0.max(1)), from: None, end: None, sent: 0 }
    }

    /// Begins, unless it has; true when it is over, and everything that was due until then was sent.
    pub(super) fn begin(
        &mut self,
        now: Instant,
        after: Duration,
        duration: Option<Duration>,
    ) -> bool {
        if self.from.is_none() {
            let from = now + after;
            (self.from, self.end) = (Some(from), duration.map(|duration| from + duration));
        }
        self.end.is_some_and(|end| now >= end) && self.due(now) == 0
    }

    /// Packets that should have been sent by now.
    fn by(&self, now: Instant) -> u64 {
        // What would be due at the end is not due any more.
        let last = self.end.map_or(now, |end| now.min(Instant(end.0.saturating_sub(1))));
        let Some(from) = self.from.filter(|from| last >= *from && self.packets > 0) else {
            return 0;
        };
        let elapsed = u128::from(last.since(from).0);
        (elapsed * u128::from(self.packets) / u128::from(self.time.0)) as u64 + 1
    }

    pub(super) fn due(&self, now: Instant) -> u64 {
        self.by(now).saturating_sub(self.sent)
    }

    /// Gives up what is too late, but for one packet at least; how many packets that is.
    pub(super) fn leave_out(&mut self, now: Instant) -> u64 {
        let late = Instant(now.0.saturating_sub(LATE.0));
        let before = if self.from.is_some_and(|from| late > from) { self.by(late) } else { 0 };
        let left_out = before.saturating_sub(self.sent + TURN);
        self.sent += left_out;
        left_out
    }

    /// When the next packet is due, or the end is reached.
    pub(super) fn next(&self) -> Option<Instant> {
        let from = self.from?;
        let after = u128::from(self.sent) * u128::from(self.time.0);
        let next = after.div_ceil(u128::from(self.packets.max(1))) as u64;
        let next = (self.packets > 0).then(|| Instant(from.0.saturating_add(next)));
        next.into_iter().chain(self.end).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egret_dataplane::steer::{Steering, WorkerId};
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn millis(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    /// What a worker that has a turn at these times sends, and leaves out.
    fn sent(pace: &mut Pace, turns: impl Iterator<Item = u64>) -> (u64, u64) {
        let (mut sent, mut left_out) = (0, 0);
        for now in turns.map(millis) {
            pace.begin(now, Duration::ZERO, None);
            left_out += pace.leave_out(now);
            let due = pace.due(now).min(TURN);
            pace.sent += due;
            sent += due;
        }
        (sent, left_out)
    }

    #[test]
    fn a_rate_is_kept_over_a_long_time() {
        // 7 of 3 parts of 10 a second, for an hour of turns of a millisecond.
        let mut pace = Pace::new(70, Duration::from_secs(3));
        assert_eq!(sent(&mut pace, 0..3_600_000), (84_000, 0));
    }

    #[test]
    fn the_first_packet_is_due_at_once_and_the_next_one_a_period_later() {
        let mut pace = Pace::new(4, SECOND);
        assert_eq!(pace.next(), None);
        assert_eq!(sent(&mut pace, 10..11), (1, 0));
        assert_eq!(pace.next(), Some(millis(260)));
        assert_eq!(sent(&mut pace, 259..260), (0, 0));
        assert_eq!(sent(&mut pace, 260..261), (1, 0));
    }

    #[test]
    fn who_rests_too_long_leaves_out_what_is_too_late_and_says_so() {
        let mut pace = Pace::new(100_000, SECOND);
        let (before, _) = sent(&mut pace, 0..100);
        let (after, left_out) = sent(&mut pace, 1_100..1_200);
        assert!(left_out > 90_000, "{left_out}");
        let due = pace.by(millis(1_199));
        assert_eq!(before + after + left_out + pace.due(millis(1_199)), due);
    }

    #[test]
    fn a_run_with_an_end_ends() {
        let mut pace = Pace::new(3, SECOND);
        let mut over = |now, sent| {
            pace.sent = sent;
            pace.begin(millis(now), Duration::ZERO, Some(SECOND))
        };
        assert!(!over(500, 0));
        assert!(!over(1_499, 3));
        assert!(!over(1_500, 2), "one that was due is to be sent still");
        assert!(over(1_500, 3), "and no more than three, for one second");
        assert!(over(9_000, 3));
        assert_eq!(pace.next(), Some(millis(1_500)));
    }

    #[test]
    fn a_run_that_waits_sends_nothing_before_its_time_and_no_less_after_it() {
        let mut pace = Pace::new(10, SECOND);
        pace.begin(millis(100), Duration::from_millis(2_000), Some(SECOND));
        assert_eq!(pace.next(), Some(millis(2_100)));
        assert_eq!(sent(&mut pace, 100..2_100), (0, 0));
        assert_eq!(sent(&mut pace, 2_100..4_000), (10, 0));
        assert!(pace.begin(millis(4_000), Duration::ZERO, None));
    }

    #[test]
    fn what_is_slower_than_one_a_second_is_exact() {
        // Ten flows, of which each is silent for 349 s.
        let mut pace = Pace::new(10, Duration::from_secs(349));
        pace.begin(Instant::ZERO, Duration::ZERO, None);
        pace.sent = 10;
        assert_eq!(pace.next(), Some(millis(349_000)));
    }

    proptest! {
        /// However a rate is shared out over workers, together they send it.
        #[test]
        fn shares_of_a_rate_add_up(rate in 1u64..10_000, flows in 1u32..100, workers in 1usize..8) {
            let steering = Steering::new(workers, 1);
            let ids = (0..workers as u16).map(WorkerId);
            let mut all = 0;
            for id in ids {
                let share = u64::from(steering.share(id).of(flows));
                let time = Duration::from_secs(flows.into());
                let pace = Pace { from: Some(Instant::ZERO), ..Pace::new(rate * share, time) };
                all += pace.by(millis(10_000));
            }
            prop_assert!(all.abs_diff(rate * 10) <= workers as u64, "{all} of {}", rate * 10);
        }
    }
}
