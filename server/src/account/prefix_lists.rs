//! Managed prefix lists: the account's own, and AWS's.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::Account;
use super::change::Change;
use super::security_groups::Peer;
use super::table::Row;

/// The services with gateway endpoints, and what stands for their addresses: a part of what RFC 2544
/// set aside for tests. AWS's own lists differ by Region and change every few weeks.
const AWS_LISTS: [(&str, &str); 2] = [("s3", "198.19.0.0/17"), ("dynamodb", "198.19.128.0/17")];

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

    /// The number of the version in force: the first one is 1.
    pub fn version(&self) -> i64 {
        self.versions.len() as i64
    }

    /// How many rules or routes it counts for. AWS gives its own lists weights: 1 for these services.
    pub fn weight(&self) -> usize {
        if self.aws { 1 } else { self.max_entries as usize }
    }
}

impl Account {
    /// The list of that name, such as `com.amazonaws.us-east-1.s3`.
    pub fn prefix_list_named(&self, name: &str) -> Option<&PrefixList> {
        self.prefix_lists.values().find(|list| list.name == name)
    }

    /// What names a prefix list: groups by their rules, and route tables.
    pub fn users_of_prefix_list(&self, id: &str) -> Vec<&str> {
        use super::routes::RouteDestination::PrefixList;
        let named = Peer::PrefixList(id.to_owned());
        let rules = self.security_group_rules.values().filter(|rule| rule.peer == named);
        let tables = self.route_tables.values().filter(|table| {
            let names = |list: &str| list == id;
            table
                .routes
                .iter()
                .any(|route| matches!(&route.destination, PrefixList(list) if names(list)))
        });
        let groups = rules.map(|rule| rule.group.as_str());
        let mut users: Vec<&str> = groups.chain(tables.map(|table| table.id.as_str())).collect();
        users.sort_unstable();
        users.dedup();
        users
    }
}

impl Change<'_> {
    /// Makes AWS's own lists, as far as they are not there.
    pub fn make_aws_prefix_lists(&mut self) {
        for (service, cidr) in AWS_LISTS {
            let name = format!("com.amazonaws.{}.{service}", self.identity.region);
            if self.prefix_list_named(&name).is_some() {
                continue;
            }
            let cidr = cidr.parse().expect("a CIDR");
            let entries = vec![PrefixListEntry { cidr, description: None }];
            let id = self.ids.next("pl");
            let (max_entries, versions) = (1, vec![entries]);
            let row = PrefixList { id: id.clone(), name, aws: true, max_entries, versions };
            self.prefix_lists.insert(id, row);
        }
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
