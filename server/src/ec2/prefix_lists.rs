//! Managed prefix lists, the account's own and AWS's: Create, Modify, Restore, Delete, Describe, and
//! what is in them and who uses them. DescribePrefixLists shows the services' alone.

use std::collections::HashSet;

use ipnet::Ipv4Net;

use super::describe::Asked;
use super::filters::{self, Values};
use super::pages::{Page, page_of};
use super::tags::{self, tag_new};
use super::{Action, actions, errors, security_group_rules};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::prefix_lists::{PrefixList, PrefixListEntry};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateManagedPrefixList => create;
    change ModifyManagedPrefixList => modify;
    change RestoreManagedPrefixListVersion => restore;
    change DeleteManagedPrefixList => delete;
    read DescribeManagedPrefixLists => describe;
    read DescribePrefixLists => describe_services;
    read GetManagedPrefixListEntries => entries;
    read GetManagedPrefixListAssociations => associations;
};

/// Entries that one request may add or remove.
const MOST_AT_ONCE: usize = 100;
/// Entries that a list may have.
const MOST_ENTRIES: i32 = 1_000;

/// A list that has to be there.
///
/// # Errors
/// `InvalidPrefixListID.NotFound`.
pub(super) fn list<'a>(account: &'a Account, id: &str) -> Result<&'a PrefixList> {
    account.prefix_lists.get(id).ok_or_else(|| missing(id))
}

fn missing(id: &str) -> AwsError {
    errors::not_found("InvalidPrefixListID.NotFound", "prefix list ID", id)
}

/// A list of the account's own.
fn own<'a>(account: &'a Account, id: &str) -> Result<&'a PrefixList> {
    let list = list(account, id)?;
    if list.aws {
        let message = format!("The prefix list '{id}' is AWS's own and cannot be changed.");
        return Err(AwsError::new("UnauthorizedOperation", message).with_status(403));
    }
    Ok(list)
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateManagedPrefixListRequest,
) -> Result<ec2::CreateManagedPrefixListResult> {
    if request.address_family != "IPv4" {
        errors::refuse(&[("AddressFamily=IPv6", request.address_family == "IPv6")])?;
        return Err(errors::invalid(
            "AddressFamily",
            &request.address_family,
            "It is IPv4 or IPv6.",
        ));
    }
    check_name(&request.prefix_list_name)?;
    let max_entries = size(request.max_entries)?;
    let mut entries = Vec::new();
    add(&mut entries, &request.entries)?;
    fits(&entries, max_entries)?;
    let id = change.ids.next("pl");
    let (name, versions) = (request.prefix_list_name, vec![entries]);
    let row = PrefixList { id: id.clone(), name, aws: false, max_entries, versions };
    change.prefix_lists.insert(id.as_str(), row);
    tag_new(change, &id, "prefix-list", &request.tag_specifications)?;
    Ok(ec2::CreateManagedPrefixListResult { prefix_list: Some(shown(change, list(change, &id)?)) })
}

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.chars().count() > 255 {
        return Err(errors::invalid("PrefixListName", name, "It has 1 to 255 characters."));
    }
    if name.starts_with("com.amazonaws") {
        let why = "The prefix list name cannot start with com.amazonaws.";
        return Err(errors::invalid("PrefixListName", name, why));
    }
    Ok(())
}

fn size(said: i32) -> Result<u32> {
    if (1..=MOST_ENTRIES).contains(&said) {
        return Ok(said as u32);
    }
    let why = format!("It is 1 to {MOST_ENTRIES}.");
    Err(errors::invalid("MaxEntries", &said.to_string(), &why))
}

fn fits(entries: &[PrefixListEntry], max_entries: u32) -> Result<()> {
    if entries.len() <= max_entries as usize {
        return Ok(());
    }
    let message = "You've reached the maximum number of entries for the prefix list.";
    Err(AwsError::new("PrefixListMaxEntriesExceeded", message))
}

fn add(entries: &mut Vec<PrefixListEntry>, said: &[ec2::AddPrefixListEntry]) -> Result<()> {
    at_once(said.len())?;
    let known: HashSet<Ipv4Net> = entries.iter().map(|entry| entry.cidr).collect();
    let mut new = HashSet::new();
    for entry in said {
        let cidr = cidr(&entry.cidr)?;
        if known.contains(&cidr) {
            return Err(modification(format!("The CIDR {cidr} already exists.")));
        }
        if !new.insert(cidr) {
            return Err(errors::invalid("Cidr", &entry.cidr, "The CIDR was given twice."));
        }
        entries.push(PrefixListEntry { cidr, description: entry.description.clone() });
    }
    Ok(())
}

fn remove(entries: &mut Vec<PrefixListEntry>, said: &[ec2::RemovePrefixListEntry]) -> Result<()> {
    at_once(said.len())?;
    for entry in said {
        let cidr = cidr(&entry.cidr)?;
        let Some(at) = entries.iter().position(|known| known.cidr == cidr) else {
            return Err(modification(format!("The CIDR {cidr} does not exist.")));
        };
        entries.remove(at);
    }
    Ok(())
}

fn modification(message: String) -> AwsError {
    AwsError::new("InvalidPrefixListModification", message)
}

fn at_once(count: usize) -> Result<()> {
    if count <= MOST_AT_ONCE {
        return Ok(());
    }
    let message =
        format!("The request cannot contain more than {MOST_AT_ONCE} entry additions or removals.");
    Err(AwsError::new("InvalidParameterValue", message))
}

fn cidr(text: &str) -> Result<Ipv4Net> {
    let malformed = |_| errors::invalid("Cidr", text, "This is not a valid CIDR block.");
    text.parse::<Ipv4Net>().map_err(malformed).map(|cidr| cidr.trunc())
}

fn modify(
    change: &mut Change<'_>,
    request: ec2::ModifyManagedPrefixListRequest,
) -> Result<ec2::ModifyManagedPrefixListResult> {
    let sync = request.ipam_prefix_list_resolver_sync_enabled.is_some();
    errors::refuse(&[("IpamPrefixListResolverSyncEnabled", sync)])?;
    let id = own(change, &request.prefix_list_id)?.id.clone();
    let edits = !request.add_entries.is_empty() || !request.remove_entries.is_empty();
    if edits && request.max_entries.is_some() {
        let message = "You cannot modify the entries and the maximum number of entries for the \
                       prefix list in the same request.";
        return Err(errors::combination(message));
    }
    if edits {
        not_in_both(&request)?;
        let current = request.current_version.ok_or_else(|| errors::missing("CurrentVersion"))?;
        let mut entries = at_version(own(change, &id)?, current)?.entries().to_vec();
        remove(&mut entries, &request.remove_entries)?;
        add(&mut entries, &request.add_entries)?;
        new_version(change, &id, entries)?;
    }
    if let Some(said) = request.max_entries {
        resize(change, &id, size(said)?)?;
    }
    if let Some(name) = request.prefix_list_name {
        check_name(&name)?;
        change.prefix_lists.edit(&id).ok_or_else(|| missing(&id))?.name = name;
    }
    Ok(ec2::ModifyManagedPrefixListResult { prefix_list: Some(shown(change, list(change, &id)?)) })
}

fn not_in_both(request: &ec2::ModifyManagedPrefixListRequest) -> Result<()> {
    let removed = |cidr: &str| request.remove_entries.iter().any(|entry| entry.cidr == cidr);
    let Some(entry) = request.add_entries.iter().find(|entry| removed(&entry.cidr)) else {
        return Ok(());
    };
    let message = format!(
        "Request cannot contain Cidr {} in both AddPrefixListEntries and RemovePrefixListEntries",
        entry.cidr
    );
    Err(AwsError::new("InvalidParameterValue", message))
}

fn at_version(list: &PrefixList, current: i64) -> Result<&PrefixList> {
    if list.version() == current {
        return Ok(list);
    }
    if current < 1 {
        let message = "The specified value for version is not valid. The value must be greater \
                       than (1).";
        return Err(AwsError::new("InvalidParameterValue", message));
    }
    let message = "The prefix list has the incorrect version number.";
    Err(AwsError::new("PrefixListVersionMismatch", message))
}

fn new_version(change: &mut Change<'_>, id: &str, entries: Vec<PrefixListEntry>) -> Result<()> {
    let row = change.prefix_lists.edit(id).ok_or_else(|| missing(id))?;
    fits(&entries, row.max_entries)?;
    row.versions.push(entries);
    Ok(())
}

/// A list counts as often as it may have entries: whoever uses it must have room for them.
fn resize(change: &mut Change<'_>, id: &str, max_entries: u32) -> Result<()> {
    let row = change.prefix_lists.edit(id).ok_or_else(|| missing(id))?;
    fits(row.entries(), max_entries)?;
    row.max_entries = max_entries;
    let users: Vec<String> =
        change.users_of_prefix_list(id).into_iter().map(str::to_owned).collect();
    for group in users.iter().filter(|user| user.starts_with("sg-")) {
        security_group_rules::within_quota(change, group, false)?;
        security_group_rules::within_quota(change, group, true)?;
    }
    Ok(())
}

fn restore(
    change: &mut Change<'_>,
    request: ec2::RestoreManagedPrefixListVersionRequest,
) -> Result<ec2::RestoreManagedPrefixListVersionResult> {
    let id = own(change, &request.prefix_list_id)?.id.clone();
    let list_now = at_version(own(change, &id)?, request.current_version)?;
    let entries = version(list_now, Some(request.previous_version))?.to_vec();
    new_version(change, &id, entries)?;
    let prefix_list = Some(shown(change, list(change, &id)?));
    Ok(ec2::RestoreManagedPrefixListVersionResult { prefix_list })
}

fn version(list: &PrefixList, number: Option<i64>) -> Result<&[PrefixListEntry]> {
    let Some(number) = number else { return Ok(list.entries()) };
    let at = usize::try_from(number - 1).ok();
    let found = at.and_then(|at| list.versions.get(at));
    found.map(Vec::as_slice).ok_or_else(|| {
        let message = format!("The prefix list '{}' has no version {number}.", list.id);
        AwsError::new("PrefixListVersionNotFound", message)
    })
}

fn delete(
    change: &mut Change<'_>,
    request: ec2::DeleteManagedPrefixListRequest,
) -> Result<ec2::DeleteManagedPrefixListResult> {
    let id = own(change, &request.prefix_list_id)?.id.clone();
    if let Some(user) = change.users_of_prefix_list(&id).first() {
        let message = format!("The prefix list '{id}' is in use by {user} and cannot be deleted.");
        return Err(AwsError::new("DependencyViolation", message));
    }
    let mut gone = shown(change, list(change, &id)?);
    gone.state = Some("delete-in-progress".to_owned());
    change.prefix_lists.remove(&id);
    change.forget_tags(&id);
    Ok(ec2::DeleteManagedPrefixListResult { prefix_list: Some(gone) })
}

fn describe(
    account: &Account,
    request: ec2::DescribeManagedPrefixListsRequest,
) -> Result<ec2::DescribeManagedPrefixListsResult> {
    const FILTERS: &[&str] = &["owner-id", "prefix-list-id", "prefix-list-name"];
    let token = request.next_token.as_deref();
    let ids = &request.prefix_list_ids;
    let asked = Asked::new(ids, &request.filters, FILTERS, token, request.max_results);
    let (lists, next_token) = asked
        .of(account, &account.prefix_lists, missing, |list, name| values(account, list, name))?;
    let prefix_lists = lists.into_iter().map(|list| shown(account, list)).collect();
    Ok(ec2::DescribeManagedPrefixListsResult { next_token, prefix_lists })
}

fn values(account: &Account, list: &PrefixList, name: &str) -> Values {
    match name {
        "owner-id" => filters::one(owner(account, list)),
        "prefix-list-id" => filters::one(&list.id),
        "prefix-list-name" => filters::one(&list.name),
        _ => None,
    }
}

fn owner(account: &Account, list: &PrefixList) -> String {
    if list.aws { "AWS".to_owned() } else { account.identity.account.clone() }
}

fn describe_services(
    account: &Account,
    request: ec2::DescribePrefixListsRequest,
) -> Result<ec2::DescribePrefixListsResult> {
    filters::check(&request.filters, &["prefix-list-id", "prefix-list-name"])?;
    let services = |id: &str| account.prefix_lists.get(id).is_some_and(|list| list.aws);
    if let Some(id) = request.prefix_list_ids.iter().find(|id| !services(id)) {
        return Err(missing(id));
    }
    let mut all = Vec::new();
    for list in account.prefix_lists.values().filter(|list| list.aws) {
        let asked =
            request.prefix_list_ids.is_empty() || request.prefix_list_ids.contains(&list.id);
        let has = |name: &str| values(account, list, name);
        if asked && filters::meets(account, &list.id, &request.filters, has)? {
            all.push((list.id.clone(), service_list(list)));
        }
    }
    let page = Page { token: request.next_token.as_deref(), most: request.max_results };
    let (prefix_lists, next_token) = page_of(all, page)?;
    Ok(ec2::DescribePrefixListsResult { next_token, prefix_lists })
}

fn service_list(list: &PrefixList) -> ec2::PrefixList {
    ec2::PrefixList {
        cidrs: list.entries().iter().map(|entry| entry.cidr.to_string()).collect(),
        prefix_list_id: Some(list.id.clone()),
        prefix_list_name: Some(list.name.clone()),
    }
}

fn entries(
    account: &Account,
    request: ec2::GetManagedPrefixListEntriesRequest,
) -> Result<ec2::GetManagedPrefixListEntriesResult> {
    let list = list(account, &request.prefix_list_id)?;
    let shown = |(at, entry): (usize, &PrefixListEntry)| {
        let (cidr, description) = (Some(entry.cidr.to_string()), entry.description.clone());
        (format!("{at:06}"), ec2::PrefixListEntry { cidr, description })
    };
    let all = version(list, request.target_version)?.iter().enumerate().map(shown);
    let page = Page { token: request.next_token.as_deref(), most: request.max_results };
    let (entries, next_token) = page_of(all, page)?;
    Ok(ec2::GetManagedPrefixListEntriesResult { entries, next_token })
}

fn associations(
    account: &Account,
    request: ec2::GetManagedPrefixListAssociationsRequest,
) -> Result<ec2::GetManagedPrefixListAssociationsResult> {
    let list = list(account, &request.prefix_list_id)?;
    let shown = |user: &str| {
        let (resource_id, resource_owner) =
            (Some(user.to_owned()), Some(account.identity.account.clone()));
        (user.to_owned(), ec2::PrefixListAssociation { resource_id, resource_owner })
    };
    let all = account.users_of_prefix_list(&list.id).into_iter().map(shown);
    let page = Page { token: request.next_token.as_deref(), most: request.max_results };
    let (prefix_list_associations, next_token) = page_of(all, page)?;
    Ok(ec2::GetManagedPrefixListAssociationsResult { prefix_list_associations, next_token })
}

/// A list as answers have it. AWS does not say versions and sizes of its own.
fn shown(account: &Account, list: &PrefixList) -> ec2::ManagedPrefixList {
    let owner = owner(account, list);
    let state = if list.versions.len() > 1 { "modify-complete" } else { "create-complete" };
    let resource = format!("prefix-list/{}", list.id);
    let arn =
        format!("arn:aws:ec2:{}:{}:{resource}", account.identity.region, owner.to_lowercase());
    ec2::ManagedPrefixList {
        prefix_list_id: Some(list.id.clone()),
        address_family: Some("IPv4".to_owned()),
        state: Some(state.to_owned()),
        prefix_list_arn: Some(arn),
        prefix_list_name: Some(list.name.clone()),
        max_entries: (!list.aws).then_some(list.max_entries as i32),
        version: (!list.aws).then_some(list.version()),
        tags: tags::shown(account, &list.id),
        owner_id: Some(owner),
        ..Default::default()
    }
}
