//! What happens by itself: an operation ends, a gateway becomes available.
//!
//! A timer is a row like all others, so that what was under way goes on after a restart.

use serde::{Deserialize, Serialize};

use super::Account;
use super::change::Change;
use super::gateways::NatGatewayState;
use super::table::Row;
use super::time::Timestamp;

/// Something that is to happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// When.
    pub at: Timestamp,
    /// What.
    pub due: Due,
}

/// What can be due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Due {
    /// A client token is forgotten: its key.
    ClientToken(String),
    /// What was deleted is described no more: its ARN.
    Forget(String),
    /// An operation of App Runner ends: its key among the account's operations.
    Operation(String),
    /// A state of a NAT gateway comes to its end.
    NatGateway(String, NatGatewayState),
    /// Addresses of a NAT gateway have been taken up, or given back.
    NatGatewayAddresses(String),
    /// A state of a VPC endpoint comes to its end.
    VpcEndpoint(String, String),
    /// A state of a peering connection comes to its end.
    Peering(String, String),
    /// What an analysis of Reachability Analyzer came to is shown: its id.
    Analysis(String),
    /// A state of a transit gateway, an attachment or a route table of one comes to its end.
    Transit(String, String),
}

impl Row for Timer {
    const KIND: &'static str = "timer";
}

impl Account {
    /// When something happens next.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.timers.values().next().map(|timer| timer.at)
    }
}

impl Change<'_> {
    /// Has something happen at that time.
    pub fn schedule(&mut self, at: Timestamp, due: Due) {
        // Timers of one moment happen in the order in which they were made.
        let number = self.ids.next("timer");
        let id = format!("{:020}-{:020}-{number}", at.0, self.revision);
        self.timers.insert(id, Timer { at, due });
    }

    /// Takes out what is due by now, in order; the caller sees to it that it happens.
    pub fn take_due(&mut self) -> Vec<Due> {
        let due = |(_, timer): &(&str, &Timer)| timer.at <= self.now;
        let ids: Vec<String> =
            self.timers.iter().take_while(due).map(|(id, _)| id.to_owned()).collect();
        ids.iter().filter_map(|id| self.timers.remove(id)).map(|timer| timer.due.clone()).collect()
    }
}
