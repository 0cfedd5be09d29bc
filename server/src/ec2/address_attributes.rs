//! Attributes of Elastic IP addresses: DescribeAddressesAttribute.
//!
//! The one that there is, the domain name that an address resolves to, nobody has set: to set it is not
//! implemented. Clients ask for it with every address that they look at.

use super::addresses::allocation;
use super::pages::{Page, page_of};
use super::{Action, actions, errors};
use crate::account::Account;
use crate::error::Result;
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    read DescribeAddressesAttribute => describe;
};

fn describe(
    account: &Account,
    request: ec2::DescribeAddressesAttributeRequest,
) -> Result<ec2::DescribeAddressesAttributeResult> {
    if let Some(other) = request.attribute.as_deref().filter(|name| *name != "domain-name") {
        return Err(errors::invalid("attribute", other, "It is domain-name."));
    }
    let ids = &request.allocation_ids;
    ids.iter().try_for_each(|id| allocation(account, id).map(drop))?;
    let asked = account.addresses.values().filter(|row| ids.is_empty() || ids.contains(&row.id));
    let all = asked.map(|address| {
        let shown = ec2::AddressAttribute {
            public_ip: Some(address.public.to_string()),
            allocation_id: Some(address.id.clone()),
            ..Default::default()
        };
        (address.id.clone(), shown)
    });
    let page = Page { token: request.next_token.as_deref(), most: request.max_results };
    let (addresses, next_token) = page_of(all, page)?;
    Ok(ec2::DescribeAddressesAttributeResult { addresses, next_token })
}
