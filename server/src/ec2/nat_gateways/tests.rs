//! The life of a NAT gateway, in an account's own time.

use std::time::Duration;

use super::*;
use crate::account::Identity;
use crate::account::gateways::Address;
use crate::account::time::Timestamp;
use crate::account::vpcs::Subnet;

/// An account with a subnet, and the time in it.
struct Clocked {
    account: Account,
    now: Timestamp,
    subnet: String,
}

impl Clocked {
    fn new() -> Clocked {
        let mut account = Account::new(Identity::default());
        let made = account.change(Timestamp(0), |change| -> Result<String> {
            let cidr = "10.0.0.0/16".parse().unwrap();
            let vpc = change.make_vpc(cidr, "default", false);
            let cidr = "10.0.1.0/24".parse().unwrap();
            Ok(change.make_subnet(Subnet::new(vpc, "use1-az1".to_owned(), cidr)))
        });
        Clocked { account, now: Timestamp(0), subnet: made.unwrap().value }
    }

    fn create(&mut self, connectivity: &str) -> String {
        let subnet = self.subnet.clone();
        let connectivity = connectivity.to_owned();
        let made = self.account.change(self.now, |change| {
            let allocation_id = (connectivity == "public").then(|| allocation(change));
            let request = ec2::CreateNatGatewayRequest {
                subnet_id: Some(subnet),
                connectivity_type: Some(connectivity),
                allocation_id,
                ..Default::default()
            };
            create(change, request)
        });
        made.unwrap().value.nat_gateway.unwrap().nat_gateway_id.unwrap()
    }

    fn delete(&mut self, id: &str) {
        let request =
            ec2::DeleteNatGatewayRequest { nat_gateway_id: id.to_owned(), ..Default::default() };
        self.account.change(self.now, |change| delete(change, request)).unwrap();
    }

    /// Has happen what is due until then.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.account.next_due().filter(|at| *at <= end) {
            self.now = at;
            let happened = self.account.change(at, |change| -> Result<()> {
                for due in change.take_due() {
                    crate::due::happen(change, due);
                }
                Ok(())
            });
            happened.unwrap();
        }
        self.now = end;
    }

    fn state(&self, id: &str) -> Option<NatGatewayState> {
        self.account.nat_gateways.get(id).map(|gateway| gateway.state)
    }
}

fn allocation(change: &mut Change<'_>) -> String {
    let (id, association) = (change.ids.next("eipalloc"), None);
    let public = change.free_public_address().unwrap();
    change.addresses.insert(id.as_str(), Address { id: id.clone(), public, association });
    id
}

/// Half of the time that each step takes.
fn half() -> Duration {
    Account::default().rules.operation_time / 2
}

#[test]
fn a_gateway_comes_goes_and_is_forgotten_an_hour_later() {
    let mut clocked = Clocked::new();
    let id = clocked.create("private");
    assert_eq!(clocked.state(&id), Some(NatGatewayState::Pending));
    assert!(clocked.account.model().nat_gateways.is_empty());
    clocked.pass(2 * half());
    assert_eq!(clocked.state(&id), Some(NatGatewayState::Available));
    assert_eq!(clocked.account.model().nat_gateways.len(), 1);
    clocked.delete(&id);
    assert_eq!(clocked.state(&id), Some(NatGatewayState::Deleting));
    assert!(clocked.account.model().nat_gateways.is_empty());
    assert_eq!(clocked.account.network_interfaces.len(), 1);
    clocked.pass(2 * half());
    assert_eq!(clocked.state(&id), Some(NatGatewayState::Deleted));
    assert!(clocked.account.network_interfaces.is_empty());
    clocked.pass(SHOWN - half());
    assert_eq!(clocked.state(&id), Some(NatGatewayState::Deleted));
    clocked.pass(half());
    assert_eq!(clocked.state(&id), None);
}

#[test]
fn a_gateway_that_is_deleted_while_it_is_made_takes_its_time() {
    let mut clocked = Clocked::new();
    let id = clocked.create("private");
    clocked.pass(half());
    clocked.delete(&id);
    // What was to become of it is not to be any more.
    clocked.pass(half());
    assert_eq!(clocked.state(&id), Some(NatGatewayState::Deleting));
    clocked.pass(half());
    assert_eq!(clocked.state(&id), Some(NatGatewayState::Deleted));
    clocked.pass(SHOWN - half());
    assert_eq!(clocked.state(&id), Some(NatGatewayState::Deleted), "it is shown for the hour");
}

#[test]
fn what_failed_holds_nothing_and_is_forgotten() {
    let mut clocked = Clocked::new();
    // The VPC has no internet gateway.
    let id = clocked.create("public");
    assert!(clocked.account.network_interfaces.is_empty());
    clocked.pass(2 * half());
    assert_eq!(clocked.state(&id), Some(NatGatewayState::Failed));
    assert!(clocked.account.addresses.values().all(|address| address.association.is_none()));
    clocked.pass(SHOWN);
    assert_eq!(clocked.state(&id), None);
}
