//! Managed prefix lists: the account's own, and AWS's.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::table::Row;

/// A prefix list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrefixList {
    /// Its id.
    pub id: String,
    /// Its name, such as `com.amazonaws.us-east-1.s3`.
    pub name: String,
    /// Whether AWS keeps it: then nobody else changes it.
    pub aws: bool,
    /// How many entries it may have.
    pub max_entries: u32,
    /// The entries of each version from the first on; the last one is in force.
    pub versions: Vec<Vec<PrefixListEntry>>,
}

impl Row for PrefixList {
    const KIND: &'static str = "prefix-list";
}

impl PrefixList {
    /// The entries in force.
    pub fn entries(&self) -> &[PrefixListEntry] {
        self.versions.last().map_or(&[], Vec::as_slice)
    }
}

/// An entry of a prefix list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrefixListEntry {
    /// The CIDR.
    pub cidr: Ipv4Net,
    /// What it is for.
    pub description: Option<String>,
}
