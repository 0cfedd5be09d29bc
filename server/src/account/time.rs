//! Moments of the account's clock. What reads the system's is at the edge; here they are arguments.

use std::ops::Add;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// What the system's clock says.
    pub fn now() -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_millisecond())
    }

    /// How much later than `other` this is; zero where it is earlier.
    pub fn since(self, other: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - other.0).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, duration: Duration) -> Timestamp {
        Timestamp(self.0 + duration.as_millis() as i64)
    }
}
