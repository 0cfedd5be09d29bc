//! Moments, as AWS's protocols write them.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::account::time::Timestamp;

/// Seconds since 1970 with a fraction: App Runner's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EpochSeconds(pub Timestamp);

/// `2026-03-01T12:00:00.000Z`: EC2's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Iso8601(pub Timestamp);

impl From<Timestamp> for EpochSeconds {
    fn from(at: Timestamp) -> Self {
        EpochSeconds(at)
    }
}

impl From<Timestamp> for Iso8601 {
    fn from(at: Timestamp) -> Self {
        Iso8601(at)
    }
}

impl Serialize for EpochSeconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0.0 as f64 / 1000.0)
    }
}

impl<'de> Deserialize<'de> for EpochSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Ok(EpochSeconds(Timestamp((seconds * 1000.0) as i64)))
    }
}

impl Serialize for Iso8601 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.to_string())
    }
}

impl std::fmt::Display for Iso8601 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = jiff::Timestamp::from_millisecond(self.0.0).unwrap_or_default();
        write!(f, "{at:.3}")
    }
}

impl<'de> Deserialize<'de> for Iso8601 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
        Ok(Iso8601(Timestamp(at.as_millisecond())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_each_protocol_has_them() {
        let at = Timestamp(1_700_000_000_250);
        assert_eq!(Iso8601(at).to_string(), "2023-11-14T22:13:20.250Z");
        assert_eq!(serde_json::to_string(&EpochSeconds(at)).unwrap(), "1700000000.25");
    }

    #[test]
    fn a_moment_is_read_as_it_was_written() {
        let at: Iso8601 = serde_json::from_str("\"2023-11-14T22:13:20.250Z\"").unwrap();
        assert_eq!(at.0, Timestamp(1_700_000_000_250));
    }
}
