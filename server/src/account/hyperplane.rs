//! The Hyperplane ENIs that connectors share: one for each subnet and set of security groups.
//!
//! There is one from the first service on that leaves by such a pair, whichever connector says it,
//! until the last such service is gone. Services are counted, so that neither is a search.

use serde::{Deserialize, Serialize};

use super::app_runner::Connector;
use super::change::Change;
use super::interfaces::{InterfaceOwner, NetworkInterface};
use super::table::Row;

/// The tag by which App Runner knows its interfaces.
pub const TAG: &str = "AWSAppRunnerManaged";

/// A shared ENI, and how many services use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedEni {
    /// The network interface.
    pub interface: String,
    /// Services that use it.
    pub users: u32,
}

impl Row for SharedEni {
    const KIND: &'static str = "shared-eni";
}

/// A subnet that has no address left for an ENI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubnetFull(pub String);

impl Change<'_> {
    /// A service begins to use a connector: its ENIs are made, or shared.
    ///
    /// # Errors
    /// When a subnet has no address left. Then none is held.
    pub fn hold_enis(&mut self, connector: &Connector) -> Result<(), SubnetFull> {
        let full = connector.subnets.iter().find(|subnet| {
            let shared = self.shared_enis.has(&key(subnet, &connector.groups));
            !shared && self.free_address(subnet).is_none()
        });
        if let Some(subnet) = full {
            return Err(SubnetFull(subnet.clone()));
        }
        for subnet in &connector.subnets {
            let key = key(subnet, &connector.groups);
            if let Some(shared) = self.shared_enis.edit(&key) {
                shared.users += 1;
                continue;
            }
            let interface = self.make_eni(subnet, &connector.groups)?;
            self.shared_enis.insert(key, SharedEni { interface, users: 1 });
        }
        Ok(())
    }

    /// A service uses a connector no more: ENIs that nobody else uses go.
    pub fn release_enis(&mut self, connector: &Connector) {
        for subnet in &connector.subnets {
            let key = key(subnet, &connector.groups);
            let Some(shared) = self.shared_enis.edit(&key) else { continue };
            shared.users -= 1;
            if shared.users == 0 {
                let interface = shared.interface.clone();
                self.shared_enis.remove(&key);
                self.network_interfaces.remove(&interface);
                self.forget_tags(&interface);
            }
        }
    }

    fn make_eni(&mut self, subnet: &str, groups: &[String]) -> Result<String, SubnetFull> {
        let full = || SubnetFull(subnet.to_owned());
        let address = self.free_address(subnet).ok_or_else(full)?;
        let vpc = self.subnets.get(subnet).map(|subnet| subnet.vpc.clone()).ok_or_else(full)?;
        let id = self.ids.next("eni");
        let row = NetworkInterface {
            id: id.clone(),
            vpc,
            subnet: subnet.to_owned(),
            addresses: vec![address],
            groups: groups.to_vec(),
            source_dest_check: true,
            description: "AWS App Runner managed network interface".to_owned(),
            owner: InterfaceOwner::Connector,
            created: self.now,
        };
        self.network_interfaces.insert(id.as_str(), row);
        self.put_tags(&id, [(TAG.to_owned(), "true".to_owned())]);
        Ok(id)
    }
}

/// The same groups in another order are the same set.
fn key(subnet: &str, groups: &[String]) -> String {
    let mut groups = groups.to_vec();
    groups.sort();
    groups.dedup();
    format!("{subnet}/{}", groups.join("+"))
}
