//! What interfaces have under the names of DescribeNetworkInterfaces' filters.

use super::{REQUESTER, attachment_id, dns_name, is_in_use, mac_address, status, zone};
use crate::account::Account;
use crate::account::interfaces::NetworkInterface;
use crate::ec2::filters::{self, Values};
use crate::ec2::security_groups;
use crate::protocol::time::Iso8601;

/// Their names, but for those of tags.
pub(super) const FILTERS: &[&str] = &[
    "addresses.association.owner-id",
    "addresses.association.public-ip",
    "addresses.primary",
    "addresses.private-ip-address",
    "association.allocation-id",
    "association.association-id",
    "association.ip-owner-id",
    "association.public-dns-name",
    "association.public-ip",
    "attachment.attach-time",
    "attachment.attachment-id",
    "attachment.delete-on-termination",
    "attachment.device-index",
    "attachment.instance-id",
    "attachment.instance-owner-id",
    "attachment.status",
    "availability-zone",
    "availability-zone-id",
    "description",
    "group-id",
    "group-name",
    "interface-type",
    "ipv6-addresses.ipv6-address",
    "mac-address",
    "network-interface-id",
    "operator.managed",
    "operator.principal",
    "owner-id",
    "private-dns-name",
    "private-ip-address",
    "requester-id",
    "requester-managed",
    "source-dest-check",
    "status",
    "subnet-id",
    "vpc-id",
];

/// What an interface has under such a name.
pub(super) fn of(account: &Account, interface: &NetworkInterface, name: &str) -> Values {
    if name.starts_with("association.") || name.starts_with("addresses.association.") {
        return association_values(account, interface, name);
    }
    let in_use = is_in_use(interface);
    let managed = interface.owner.is_requester_managed();
    match name {
        "addresses.primary" => filters::many((0..interface.addresses.len()).map(|at| at == 0)),
        "addresses.private-ip-address" => filters::many(&interface.addresses),
        "attachment.attach-time" => filters::many(in_use.then(|| Iso8601::from(interface.created))),
        "attachment.delete-on-termination" => filters::many(in_use.then_some(false)),
        "attachment.device-index" => filters::many(in_use.then_some(1)),
        "attachment.attachment-id" => filters::many(attachment_id(interface)),
        "attachment.instance-owner-id" => filters::many(managed.then_some(REQUESTER)),
        "attachment.status" => filters::many(in_use.then_some("attached")),
        "availability-zone" => filters::many(zone(account, interface).0),
        "availability-zone-id" => filters::many(zone(account, interface).1),
        "description" => filters::one(&interface.description),
        "group-id" => filters::many(&interface.groups),
        "group-name" => {
            let groups = security_groups::identifiers(account, &interface.groups);
            filters::many(groups.into_iter().filter_map(|group| group.group_name))
        }
        // There are no instances, no IPv6 and no operators.
        "attachment.instance-id" | "ipv6-addresses.ipv6-address" | "operator.principal" => {
            filters::none()
        }
        "operator.managed" => filters::one(false),
        "interface-type" => filters::one(interface.owner.interface_type()),
        "mac-address" => filters::one(mac_address(interface)),
        "network-interface-id" => filters::one(&interface.id),
        "owner-id" => filters::one(&account.identity.account),
        "private-dns-name" => filters::many(
            interface.addresses.first().and_then(|address| dns_name(account, interface, *address)),
        ),
        "private-ip-address" => filters::many(interface.addresses.first()),
        "requester-id" => filters::many(managed.then_some(REQUESTER)),
        "requester-managed" => filters::one(managed),
        "source-dest-check" => filters::one(interface.source_dest_check),
        "status" => filters::one(status(interface)),
        "subnet-id" => filters::one(&interface.subnet),
        "vpc-id" => filters::one(&interface.vpc),
        _ => None,
    }
}

fn association_values(account: &Account, interface: &NetworkInterface, name: &str) -> Values {
    let here = account.addresses.values().filter(|address| {
        address.association.as_ref().is_some_and(|tie| tie.interface == interface.id)
    });
    match name {
        "association.allocation-id" => filters::many(here.map(|address| &address.id)),
        "association.association-id" => {
            filters::many(here.filter_map(|address| Some(&address.association.as_ref()?.id)))
        }
        "association.ip-owner-id" | "addresses.association.owner-id" => {
            filters::many(here.map(|_| &account.identity.account))
        }
        "association.public-dns-name" => filters::none(),
        _ => filters::many(here.map(|address| address.public)),
    }
}
