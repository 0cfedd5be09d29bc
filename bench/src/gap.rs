//! Pauses: the longest time from one burst to the next, and how much of it was the worker's own.

use std::time::Instant as Clock;

use crate::closed::cpu_nanos;

/// A gap above this is looked into, in nanoseconds.
const NOTABLE: u64 = 20_000;
/// Bursts after which what the thread did not have of the core is counted anew.
const WINDOW: u32 = 1_024;

/// The worst gap between bursts so far.
#[derive(Clone, Copy, Debug)]
pub struct Gaps {
    last: Clock,
    window: (Clock, u64),
    bursts: u32,
    /// By the wall clock, in nanoseconds.
    pub worst: u64,
    /// Without the time that the thread did not have the core.
    pub worst_own: u64,
}

impl Gaps {
    /// No gap yet.
    pub fn start() -> Gaps {
        let now = Clock::now();
        Gaps { last: now, window: (now, cpu_nanos()), bursts: 0, worst: 0, worst_own: 0 }
    }

    /// Goes on after a stretch that does not count.
    pub fn resume(&mut self) {
        let Gaps { worst, worst_own, .. } = *self;
        *self = Gaps { worst, worst_own, ..Gaps::start() };
    }

    /// A burst begins.
    #[inline]
    pub fn note(&mut self, now: Clock) {
        let gap = now.duration_since(self.last).as_nanos() as u64;
        self.last = now;
        self.bursts += 1;
        if gap > NOTABLE || self.bursts == WINDOW {
            self.look_into(now, gap);
        }
        self.worst = self.worst.max(gap);
    }

    /// What the thread did not have of the core since the window began, it did not have in this
    /// gap: without the core there is one.
    #[cold]
    fn look_into(&mut self, now: Clock, gap: u64) {
        let cpu = cpu_nanos();
        let (since, used) = self.window;
        let wall = now.duration_since(since).as_nanos() as u64;
        let away = wall.saturating_sub(cpu - used);
        self.worst_own = self.worst_own.max(gap.saturating_sub(away));
        self.window = (Clock::now(), cpu);
        self.bursts = 0;
    }

    /// The worse of two workers' gaps.
    pub fn worse(self, other: Gaps) -> Gaps {
        Gaps {
            worst: self.worst.max(other.worst),
            worst_own: self.worst_own.max(other.worst_own),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_thread_that_slept_had_a_gap_and_not_by_its_own() {
        let mut gaps = Gaps::start();
        std::thread::sleep(Duration::from_millis(20));
        gaps.note(Clock::now());
        assert!(gaps.worst >= 20_000_000);
        assert!(gaps.worst_own < 20_000_000, "{}", gaps.worst_own);
    }

    #[test]
    fn a_thread_that_worked_had_it_by_its_own() {
        let mut gaps = Gaps::start();
        let start = cpu_nanos();
        while cpu_nanos() - start < 5_000_000 {}
        gaps.note(Clock::now());
        assert!(gaps.worst_own >= 4_000_000, "{}", gaps.worst_own);
    }
}
