//! Time as an argument: nanoseconds since the start of a run. Nothing in this crate reads a clock.

use std::ops::{Add, Sub};

/// A point in time: nanoseconds since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub u64);

/// A span of time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub u64);

impl Instant {
    /// The start of the run.
    pub const ZERO: Instant = Instant(0);

    /// The time since `earlier`, or zero when that is in the future.
    pub fn since(self, earlier: Instant) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }

    /// This instant in [`Tick`]s.
    pub fn tick(self) -> Tick {
        Tick((self.0 / Tick::NANOS) as u32)
    }
}

impl Duration {
    /// No time.
    pub const ZERO: Duration = Duration(0);

    /// A span in whole seconds.
    pub const fn from_secs(seconds: u64) -> Duration {
        Duration(seconds * 1_000_000_000)
    }

    /// A span in milliseconds.
    pub const fn from_millis(millis: u64) -> Duration {
        Duration(millis * 1_000_000)
    }

    /// The span in seconds, fractions dropped.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// The span in whole ticks.
    pub(crate) const fn ticks(self) -> u32 {
        let ticks = self.0 / Tick::NANOS;
        if ticks > u32::MAX as u64 { u32::MAX } else { ticks as u32 }
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, span: Duration) -> Instant {
        Instant(self.0.saturating_add(span.0))
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;
    fn sub(self, span: Duration) -> Instant {
        Instant(self.0.saturating_sub(span.0))
    }
}

/// A coarse time stamp that fits a session: milliseconds, wrapping after 49.7 days. No timer is
/// longer than 5 days, and the timing wheel ends every flow long before its stamp wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick(pub u32);

impl Tick {
    const NANOS: u64 = 1_000_000;

    /// Ticks since `earlier`, across the wrap.
    pub fn since(self, earlier: Tick) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_milliseconds_and_wrap() {
        assert_eq!((Instant::ZERO + Duration::from_secs(350)).tick(), Tick(350_000));
        assert_eq!(Tick(5).since(Tick(u32::MAX - 4)), 10);
        assert_eq!(Duration::from_secs(432_000).ticks(), 432_000_000);
    }
}
