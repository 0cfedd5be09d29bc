//! The private addresses of network interfaces: those that one is made with, AssignPrivateIpAddresses
//! and UnassignPrivateIpAddresses.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::{interface, missing, own};
use crate::account::Account;
use crate::account::change::Change;
use crate::ec2::{Action, actions, errors, subnets};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(in crate::ec2) const ACTIONS: &[Action] = actions! {
    change AssignPrivateIpAddresses => assign;
    change UnassignPrivateIpAddresses => unassign;
};

/// Addresses that an interface may have.
const MOST: usize = 50;

/// The addresses of an interface that is being made, the primary one first.
///
/// # Errors
/// AWS's, for addresses that cannot be had.
pub(super) fn of_new(
    account: &Account,
    subnet: &str,
    request: &ec2::CreateNetworkInterfaceRequest,
) -> Result<Vec<Ipv4Addr>> {
    let (primary, secondary) = said(request)?;
    let mut free = Free::of(account, subnet)?;
    let primary = match primary {
        Some(address) => free.take(address)?,
        None => free.next(&secondary)?,
    };
    let mut addresses = vec![primary];
    for address in secondary {
        addresses.push(free.take(address)?);
    }
    for _ in 0..count(request.secondary_private_ip_address_count)? {
        addresses.push(free.next(&[])?);
    }
    within_limit(&addresses)?;
    Ok(addresses)
}

/// The primary and the secondary addresses that a request names.
fn said(request: &ec2::CreateNetworkInterfaceRequest) -> Result<(Option<Ipv4Addr>, Vec<Ipv4Addr>)> {
    let mut primary = request.private_ip_address.as_deref().map(address).transpose()?;
    let mut secondary = Vec::new();
    for said in &request.private_ip_addresses {
        let text = said.private_ip_address.as_deref();
        let address = address(text.ok_or_else(|| errors::missing("PrivateIpAddress"))?)?;
        if said.primary != Some(true) {
            secondary.push(address);
        } else if primary.replace(address).is_some_and(|other| other != address) {
            let message = "Only one primary private IP address can be specified.";
            return Err(errors::combination(message));
        }
    }
    Ok((primary, secondary))
}

fn address(text: &str) -> Result<Ipv4Addr> {
    text.parse().map_err(|_| {
        let message = format!(
            "Value ({text}) for parameter privateIpAddress is invalid. Invalid IPv4 address."
        );
        AwsError::new("InvalidParameterValue", message)
    })
}

fn count(said: Option<i32>) -> Result<usize> {
    let count = said.unwrap_or(0);
    usize::try_from(count).ok().filter(|count| *count <= MOST).ok_or_else(|| {
        let why = format!("It is 0 to {MOST}.");
        errors::invalid("secondaryPrivateIpAddressCount", &count.to_string(), &why)
    })
}

fn within_limit(addresses: &[Ipv4Addr]) -> Result<()> {
    if addresses.len() <= MOST {
        return Ok(());
    }
    let code = "PrivateIpAddressLimitExceeded";
    Err(errors::over_quota(code, "private IP addresses of a network interface"))
}

/// The addresses of a subnet that nobody has.
struct Free {
    subnet: String,
    cidr: Ipv4Net,
    taken: HashSet<Ipv4Addr>,
}

impl Free {
    fn of(account: &Account, subnet: &str) -> Result<Free> {
        let row = subnets::subnet(account, subnet)?;
        let taken = account.taken_addresses(subnet);
        Ok(Free { subnet: row.id.clone(), cidr: row.cidr, taken })
    }

    /// Those that AWS does not keep for itself: the first four, and the last.
    fn range(&self) -> std::ops::Range<u32> {
        u32::from(self.cidr.network()) + 4..u32::from(self.cidr.broadcast())
    }

    fn check(&self, address: Ipv4Addr) -> Result<()> {
        if !self.cidr.contains(&address) {
            let message =
                format!("Address {address} does not fall within the subnet's address range");
            return Err(AwsError::new("InvalidParameterValue", message));
        }
        if !self.range().contains(&u32::from(address)) {
            let message = format!("Address {address} is in subnet's reserved address range");
            return Err(AwsError::new("InvalidParameterValue", message));
        }
        if self.taken.contains(&address) {
            let message = format!("Address {address} is in use.");
            return Err(AwsError::new("InvalidIPAddress.InUse", message));
        }
        Ok(())
    }

    fn take(&mut self, address: Ipv4Addr) -> Result<Ipv4Addr> {
        self.check(address)?;
        self.taken.insert(address);
        Ok(address)
    }

    /// The first that is free, and is not one of these.
    fn next(&mut self, kept: &[Ipv4Addr]) -> Result<Ipv4Addr> {
        let free = |address: &Ipv4Addr| !self.taken.contains(address) && !kept.contains(address);
        let Some(address) = self.range().map(Ipv4Addr::from).find(free) else {
            let message = format!(
                "The specified subnet does not have enough free addresses to satisfy the request: {}",
                self.subnet
            );
            return Err(AwsError::new("InsufficientFreeAddressesInSubnet", message));
        };
        self.taken.insert(address);
        Ok(address)
    }
}

fn assign(
    change: &mut Change<'_>,
    request: ec2::AssignPrivateIpAddressesRequest,
) -> Result<ec2::AssignPrivateIpAddressesResult> {
    errors::refuse(&[
        ("Ipv4Prefix", !request.ipv4_prefixes.is_empty()),
        ("Ipv4PrefixCount", request.ipv4_prefix_count.is_some()),
    ])?;
    let row = own(change, &request.network_interface_id)?;
    let (id, subnet) = (row.id.clone(), row.subnet.clone());
    let named: Vec<Ipv4Addr> =
        request.private_ip_addresses.iter().map(|text| address(text)).collect::<Result<_>>()?;
    let wanted = count(request.secondary_private_ip_address_count)?;
    match (named.is_empty(), wanted) {
        (true, 0) => {
            return Err(errors::missing("privateIpAddress or secondaryPrivateIpAddressCount"));
        }
        (false, 1..) => {
            let message = "The parameters privateIpAddress and secondaryPrivateIpAddressCount may \
                           not be used together.";
            return Err(errors::combination(message));
        }
        _ => {}
    }
    if request.allow_reassignment == Some(true) {
        named.iter().for_each(|address| take_from_others(change, &id, &subnet, *address));
    }
    let mut free = Free::of(change, &subnet)?;
    let mut new = Vec::new();
    for address in named {
        new.push(free.take(address)?);
    }
    for _ in 0..wanted {
        new.push(free.next(&[])?);
    }
    let row = change.network_interfaces.edit(&id).ok_or_else(|| missing(&id))?;
    row.addresses.extend(&new);
    within_limit(&row.addresses)?;
    Ok(assigned(id, &new))
}

fn assigned(id: String, new: &[Ipv4Addr]) -> ec2::AssignPrivateIpAddressesResult {
    let shown = |address: &Ipv4Addr| ec2::AssignedPrivateIpAddress {
        private_ip_address: Some(address.to_string()),
    };
    ec2::AssignPrivateIpAddressesResult {
        network_interface_id: Some(id),
        assigned_private_ip_addresses: new.iter().map(shown).collect(),
        assigned_ipv4_prefixes: Vec::new(),
    }
}

/// A secondary address goes from one interface to another of the account's.
fn take_from_others(change: &mut Change<'_>, id: &str, subnet: &str, address: Ipv4Addr) {
    let holder = change.network_interfaces.of(subnet).find(|other| {
        other.id != id
            && !other.owner.is_requester_managed()
            && other.addresses.iter().skip(1).any(|held| *held == address)
    });
    let Some(holder) = holder.map(|holder| holder.id.clone()) else { return };
    disassociate(change, &holder, |private| private == address);
    if let Some(holder) = change.network_interfaces.edit(&holder) {
        holder.addresses.retain(|held| *held != address);
    }
}

fn unassign(
    change: &mut Change<'_>,
    request: ec2::UnassignPrivateIpAddressesRequest,
) -> Result<()> {
    errors::refuse(&[("Ipv4Prefix", !request.ipv4_prefixes.is_empty())])?;
    let id = own(change, &request.network_interface_id)?.id.clone();
    if request.private_ip_addresses.is_empty() {
        return Err(errors::missing("privateIpAddress"));
    }
    let gone: Vec<Ipv4Addr> =
        request.private_ip_addresses.iter().map(|text| address(text)).collect::<Result<_>>()?;
    let held = &interface(change, &id)?.addresses;
    if held.first().is_some_and(|primary| gone.contains(primary)) {
        let message = "The primary private IP address of a network interface cannot be unassigned.";
        return Err(AwsError::new("InvalidParameterValue", message));
    }
    if !gone.iter().all(|address| held.contains(address)) {
        let message = format!("Some of the specified addresses are not assigned to interface {id}");
        return Err(AwsError::new("InvalidParameterValue", message));
    }
    disassociate(change, &id, |private| gone.contains(&private));
    let row = change.network_interfaces.edit(&id).ok_or_else(|| missing(&id))?;
    row.addresses.retain(|address| !gone.contains(address));
    Ok(())
}

/// Elastic IP addresses leave private addresses that go.
pub(super) fn disassociate(
    change: &mut Change<'_>,
    interface: &str,
    goes: impl Fn(Ipv4Addr) -> bool,
) {
    let tied: Vec<String> = change
        .addresses
        .values()
        .filter(|address| {
            let tie = address.association.as_ref();
            tie.is_some_and(|tie| tie.interface == interface && goes(tie.private))
        })
        .map(|address| address.id.clone())
        .collect();
    for id in tied {
        if let Some(address) = change.addresses.edit(&id) {
            address.association = None;
        }
    }
}
