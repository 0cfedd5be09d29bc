//! When the packets of a run are due.

use egret_dataplane::time::{Duration, Instant};

/// Packets that all runs together send in one turn of a worker.
pub(super) const TURN: u64 = 256;
/// A run that is later than this leaves packets out, and says so.
const LATE: Duration = Duration::from_millis(50);
const SECOND: u64 = 1_000_000_000;

/// When packets are due: evenly, from the first turn on, without drift.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// So many packets in so many seconds.
    packets: u64,
    seconds: u64,
    from: Option<Instant>,
    /// Packets sent, or left out.
    pub(super) sent: u64,
}

impl Pace {
    pub(super) fn new(packets: u64, seconds: u64) -> Pace {
        Pace { packets, seconds: seconds.max(1), from: None, sent: 0 }
    }

    /// Begins, unless it has; true when it is over.
    pub(super) fn begin(&mut self, now: Instant, duration: Option<std::time::Duration>) -> bool {
        let from = *self.from.get_or_insert(now);
        duration.is_some_and(|most| u128::from(now.since(from).0) >= most.as_nanos())
    }

    /// Packets that should have been sent by now.
    fn by(&self, now: Instant) -> u64 {
        let elapsed = u128::from(self.from.map_or(0, |from| now.since(from).0));
        let all = elapsed * u128::from(self.packets) / u128::from(self.seconds * SECOND);
        if self.packets == 0 { 0 } else { all as u64 + 1 }
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

    /// When the next packet is due.
    pub(super) fn next(&self) -> Option<Instant> {
        let from = self.from?;
        let after = u128::from(self.sent) * u128::from(self.seconds * SECOND);
        (self.packets > 0).then(|| from + Duration(after.div_ceil(u128::from(self.packets)) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egret_dataplane::steer::{Steering, WorkerId};
    use proptest::prelude::*;

    fn millis(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    /// What a worker that has a turn at these times sends, and leaves out.
    fn sent(pace: &mut Pace, turns: impl Iterator<Item = u64>) -> (u64, u64) {
        let (mut sent, mut left_out) = (0, 0);
        for now in turns.map(millis) {
            pace.begin(now, None);
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
        let mut pace = Pace::new(70, 3);
        assert_eq!(sent(&mut pace, 0..3_600_000), (84_000, 0));
    }

    #[test]
    fn the_first_packet_is_due_at_once_and_the_next_one_a_period_later() {
        let mut pace = Pace::new(4, 1);
        assert_eq!(pace.next(), None);
        assert_eq!(sent(&mut pace, 10..11), (1, 0));
        assert_eq!(pace.next(), Some(millis(260)));
        assert_eq!(sent(&mut pace, 259..260), (0, 0));
        assert_eq!(sent(&mut pace, 260..261), (1, 0));
    }

    #[test]
    fn who_rests_too_long_leaves_out_what_is_too_late_and_says_so() {
        let mut pace = Pace::new(100_000, 1);
        let (before, _) = sent(&mut pace, 0..100);
        let (after, left_out) = sent(&mut pace, 1_100..1_200);
        assert!(left_out > 90_000, "{left_out}");
        let due = pace.by(millis(1_199));
        assert_eq!(before + after + left_out + pace.due(millis(1_199)), due);
    }

    #[test]
    fn a_run_with_an_end_ends() {
        let mut pace = Pace::new(1, 1);
        let second = Some(std::time::Duration::from_secs(1));
        assert!(!pace.begin(millis(500), second));
        assert!(!pace.begin(millis(1_499), second));
        assert!(pace.begin(millis(1_500), second));
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
                let pace = Pace { from: Some(Instant::ZERO), ..Pace::new(rate * share, flows.into()) };
                all += pace.by(millis(10_000));
            }
            prop_assert!(all.abs_diff(rate * 10) <= workers as u64, "{all} of {}", rate * 10);
        }
    }
}
