//! VPC flow logs.

use serde::{Deserialize, Serialize};

use super::table::Row;
use super::time::Timestamp;

/// A flow log. What it records is not the account's: it is written to a file window by window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowLog {
    /// Its id.
    pub id: String,
    /// Whose packets it records: a VPC, a subnet or a network interface, by id.
    pub resource: String,
    /// Which of them.
    pub traffic: TrafficType,
    /// The bucket.
    pub bucket: String,
    /// The folder in it, without slashes at its ends; may be empty.
    pub prefix: String,
    /// The fields, as they were given; none is the default.
    pub format: Option<String>,
    /// How long a record's window is at most, in seconds: 60 or 600.
    pub interval: i32,
    /// Parquet in place of text.
    pub parquet: bool,
    /// Folders are named `year=2026`.
    pub hive: bool,
    /// There is a folder for each hour.
    pub per_hour: bool,
    /// When it was made.
    pub created: Timestamp,
    /// Why its records cannot be delivered, if they cannot.
    pub error: Option<String>,
}

/// AWS's `TrafficType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TrafficType {
    /// What passed.
    Accept,
    /// What was refused.
    Reject,
    /// Both.
    All,
}

impl TrafficType {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            TrafficType::Accept => "ACCEPT",
            TrafficType::Reject => "REJECT",
            TrafficType::All => "ALL",
        }
    }

    /// Whether it is about what was accepted, or was not.
    pub fn has(self, accepted: bool) -> bool {
        match self {
            TrafficType::Accept => accepted,
            TrafficType::Reject => !accepted,
            TrafficType::All => true,
        }
    }
}

impl FlowLog {
    /// The ARN of the place that it writes to, as it was given.
    pub fn destination(&self) -> String {
        match self.prefix.as_str() {
            "" => format!("arn:aws:s3:::{}", self.bucket),
            prefix => format!("arn:aws:s3:::{}/{prefix}/", self.bucket),
        }
    }
}

impl Row for FlowLog {
    const KIND: &'static str = "flow-log";
}
