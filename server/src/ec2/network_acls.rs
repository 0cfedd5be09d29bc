//! Network ACLs: Create, Delete, Describe, their entries, and which subnet has which.

use ipnet::Ipv4Net;

use super::describe::{Asked, no_pages_of_ids};
use super::filters::{self, Values};
use super::tags::{self, tag_new};
use super::{Action, actions, errors, vpcs};
use crate::account::Account;
use crate::account::acls::{AclAssociation, AclEntry, NetworkAcl};
use crate::account::change::Change;
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateNetworkAcl => create;
    change DeleteNetworkAcl => delete;
    change CreateNetworkAclEntry => create_entry;
    change ReplaceNetworkAclEntry => replace_entry;
    change DeleteNetworkAclEntry => delete_entry;
    change ReplaceNetworkAclAssociation => replace_association;
    read DescribeNetworkAcls => describe;
};

const FILTERS: &[&str] = &[
    "association.association-id",
    "association.network-acl-id",
    "association.subnet-id",
    "default",
    "entry.cidr",
    "entry.icmp.code",
    "entry.icmp.type",
    "entry.ipv6-cidr",
    "entry.port-range.from",
    "entry.port-range.to",
    "entry.protocol",
    "entry.rule-action",
    "entry.egress",
    "entry.rule-number",
    "network-acl-id",
    "owner-id",
    "vpc-id",
];

/// The number that AWS shows the last entry by: `*`, which denies everything.
const LAST: i32 = 32_767;

/// An ACL that has to be there.
///
/// # Errors
/// `InvalidNetworkAclID.NotFound`.
pub(super) fn acl<'a>(account: &'a Account, id: &str) -> Result<&'a NetworkAcl> {
    account.network_acls.get(id).ok_or_else(|| missing(id))
}

fn missing(id: &str) -> AwsError {
    errors::not_found("InvalidNetworkAclID.NotFound", "networkAcl ID", id)
}

/// A new ACL denies everything.
fn create(
    change: &mut Change<'_>,
    request: ec2::CreateNetworkAclRequest,
) -> Result<ec2::CreateNetworkAclResult> {
    let vpc = vpcs::vpc(change, &request.vpc_id)?.id.clone();
    let here = change.network_acls.of(&vpc).count();
    if here >= change.rules.quotas.network_acls {
        return Err(errors::over_quota("NetworkAclLimitExceeded", "network ACLs"));
    }
    let id = change.ids.next("acl");
    let (entries, associations) = (Vec::new(), Vec::new());
    let row = NetworkAcl { id: id.clone(), vpc, default: false, entries, associations };
    change.network_acls.insert(id.as_str(), row);
    tag_new(change, &id, "network-acl", &request.tag_specifications)?;
    let network_acl = Some(shown(change, acl(change, &id)?));
    Ok(ec2::CreateNetworkAclResult { network_acl, client_token: request.client_token })
}

fn delete(change: &mut Change<'_>, request: ec2::DeleteNetworkAclRequest) -> Result<()> {
    let acl = acl(change, &request.network_acl_id)?;
    if acl.default {
        let message = format!("cannot delete default network ACL {}", acl.id);
        return Err(AwsError::new("InvalidParameterValue", message));
    }
    if !acl.associations.is_empty() {
        return Err(errors::dependency("networkAcl", &acl.id));
    }
    let id = acl.id.clone();
    change.network_acls.remove(&id);
    change.forget_tags(&id);
    Ok(())
}

/// An entry as a request says it, to create or to replace one.
macro_rules! said {
    ($request:ident) => {
        Said {
            number: $request.rule_number,
            protocol: &$request.protocol,
            action: &$request.rule_action,
            egress: $request.egress,
            cidr: $request.cidr_block.as_deref(),
            ipv6: $request.ipv6_cidr_block.as_deref(),
            icmp: $request.icmp_type_code.as_ref(),
            ports: $request.port_range.as_ref(),
        }
    };
}

fn create_entry(change: &mut Change<'_>, request: ec2::CreateNetworkAclEntryRequest) -> Result<()> {
    let id = acl(change, &request.network_acl_id)?.id.clone();
    let entry = entry(said!(request))?;
    // `*` is one of those that the quota counts.
    let most = change.rules.quotas.acl_entries.saturating_sub(1);
    let row = change.network_acls.edit(&id).ok_or_else(|| missing(&id))?;
    if find(row, entry.number, entry.egress).is_some() {
        let message =
            format!("The network acl entry identified by {} already exists.", entry.number);
        return Err(AwsError::new("NetworkAclEntryAlreadyExists", message));
    }
    if row.entries.iter().filter(|other| other.egress == entry.egress).count() >= most {
        return Err(errors::over_quota("NetworkAclEntryLimitExceeded", "network ACL entries"));
    }
    row.entries.push(entry);
    Ok(())
}

fn replace_entry(
    change: &mut Change<'_>,
    request: ec2::ReplaceNetworkAclEntryRequest,
) -> Result<()> {
    let id = acl(change, &request.network_acl_id)?.id.clone();
    let entry = entry(said!(request))?;
    let row = change.network_acls.edit(&id).ok_or_else(|| missing(&id))?;
    let at = find(row, entry.number, entry.egress)
        .ok_or_else(|| missing_entry(request.rule_number, entry.egress))?;
    row.entries[at] = entry;
    Ok(())
}

fn delete_entry(change: &mut Change<'_>, request: ec2::DeleteNetworkAclEntryRequest) -> Result<()> {
    let id = acl(change, &request.network_acl_id)?.id.clone();
    let number = number(request.rule_number)?;
    let row = change.network_acls.edit(&id).ok_or_else(|| missing(&id))?;
    let at = find(row, number, request.egress)
        .ok_or_else(|| missing_entry(request.rule_number, request.egress))?;
    row.entries.remove(at);
    Ok(())
}

fn find(acl: &NetworkAcl, number: u16, egress: bool) -> Option<usize> {
    acl.entries.iter().position(|entry| (entry.number, entry.egress) == (number, egress))
}

fn missing_entry(number: i32, egress: bool) -> AwsError {
    let direction = if egress { "egress" } else { "ingress" };
    let message =
        format!("The {direction} network acl entry identified by {number} does not exist.");
    AwsError::new("InvalidNetworkAclEntry.NotFound", message)
}

/// What a request says of an entry.
struct Said<'r> {
    number: i32,
    protocol: &'r str,
    action: &'r str,
    egress: bool,
    cidr: Option<&'r str>,
    ipv6: Option<&'r str>,
    icmp: Option<&'r ec2::IcmpTypeCode>,
    ports: Option<&'r ec2::PortRange>,
}

fn entry(said: Said<'_>) -> Result<AclEntry> {
    errors::refuse(&[("Ipv6CidrBlock", said.ipv6.is_some())])?;
    let number = number(said.number)?;
    let allow = match said.action {
        "allow" => true,
        "deny" => false,
        other => return Err(errors::invalid("RuleAction", other, "It is allow or deny.")),
    };
    let protocol = protocol(said.protocol)?;
    let text = said.cidr.ok_or_else(|| errors::missing("cidrBlock"))?;
    let malformed = |_| {
        let message = format!("CIDR block {text} is malformed");
        AwsError::new("InvalidParameterValue", message)
    };
    let cidr = text.parse::<Ipv4Net>().map_err(malformed)?.trunc();
    // Of any other protocol, all ports and types are meant, whatever was given.
    let ports = if matches!(protocol, 6 | 17) { Some(ports(said.ports)?) } else { None };
    let icmp = if protocol == 1 { Some(icmp(said.icmp)?) } else { None };
    Ok(AclEntry { number, egress: said.egress, allow, protocol, ports, icmp, cidr })
}

/// 1 to 32766: the rest is AWS's own.
fn number(said: i32) -> Result<u16> {
    match u16::try_from(said) {
        Ok(number @ 1..=32_766) => Ok(number),
        _ => {
            let why = "The rule number must be between 1 and 32766.";
            Err(errors::invalid("ruleNumber", &said.to_string(), why))
        }
    }
}

fn protocol(said: &str) -> Result<i16> {
    let number = match said.to_ascii_lowercase().as_str() {
        "-1" | "all" => Some(-1),
        "tcp" => Some(6),
        "udp" => Some(17),
        "icmp" => Some(1),
        other => other.parse::<u8>().ok().map(i16::from),
    };
    number.ok_or_else(|| {
        let message = format!("Invalid value '{said}' for IP protocol. Unknown protocol.");
        AwsError::new("InvalidParameterValue", message)
    })
}

fn ports(said: Option<&ec2::PortRange>) -> Result<(u16, u16)> {
    let range = said.and_then(|range| Some((range.from?, range.to?)));
    let (from, to) = range.ok_or_else(|| errors::missing("portRange"))?;
    let invalid = |message: String| AwsError::new("InvalidParameterValue", message);
    let port = |port: i32| {
        u16::try_from(port).map_err(|_| invalid(format!("TCP/UDP port ({port}) out of range")))
    };
    let (first, last) = (port(from)?, port(to)?);
    if first > last {
        return Err(invalid(format!("Invalid TCP/UDP port range ({from}:{to})")));
    }
    Ok((first, last))
}

fn icmp(said: Option<&ec2::IcmpTypeCode>) -> Result<(i16, i16)> {
    let both = said.and_then(|icmp| Some((icmp.r#type?, icmp.code?)));
    let (kind, code) = both.ok_or_else(|| errors::missing("icmpTypeCode.code"))?;
    let invalid = |message: String| Err(AwsError::new("InvalidParameterValue", message));
    if !(-1..=255).contains(&kind) {
        return invalid(format!("ICMP type ({kind}) out of range"));
    }
    if !(-1..=255).contains(&code) || (kind == -1 && code != -1) {
        return invalid(format!("ICMP code ({code}) out of range"));
    }
    Ok((kind as i16, code as i16))
}

/// A subnet has one ACL always: it changes from one to the other.
fn replace_association(
    change: &mut Change<'_>,
    request: ec2::ReplaceNetworkAclAssociationRequest,
) -> Result<ec2::ReplaceNetworkAclAssociationResult> {
    let id = acl(change, &request.network_acl_id)?.id.clone();
    let asked = &request.association_id;
    let holder = change.network_acls.values().find_map(|acl| {
        let found = acl.associations.iter().find(|association| association.id == *asked);
        found.map(|association| (acl.id.clone(), acl.vpc.clone(), association.subnet.clone()))
    });
    let (from, vpc, subnet) = holder.ok_or_else(|| {
        errors::not_found("InvalidAssociationID.NotFound", "association ID", asked)
    })?;
    if acl(change, &id)?.vpc != vpc {
        let message = format!("networkAcl {id} and subnet {subnet} belong to different networks");
        return Err(AwsError::new("InvalidParameterValue", message));
    }
    if let Some(row) = change.network_acls.edit(&from) {
        row.associations.retain(|association| association.id != *asked);
    }
    let new = change.ids.next("aclassoc");
    let association = AclAssociation { id: new.clone(), subnet };
    change.network_acls.edit(&id).ok_or_else(|| missing(&id))?.associations.push(association);
    Ok(ec2::ReplaceNetworkAclAssociationResult { new_association_id: Some(new) })
}

fn describe(
    account: &Account,
    request: ec2::DescribeNetworkAclsRequest,
) -> Result<ec2::DescribeNetworkAclsResult> {
    let ids = &request.network_acl_ids;
    no_pages_of_ids(ids, request.max_results)?;
    let token = request.next_token.as_deref();
    let asked = Asked::new(ids, &request.filters, FILTERS, token, request.max_results);
    let (acls, next_token) = asked
        .of(account, &account.network_acls, missing, |acl, name| values(account, acl, name))?;
    let network_acls = acls.into_iter().map(|acl| shown(account, acl)).collect();
    Ok(ec2::DescribeNetworkAclsResult { network_acls, next_token })
}

fn values(account: &Account, acl: &NetworkAcl, name: &str) -> Values {
    if let Some(member) = name.strip_prefix("entry.") {
        return filters::many(entries(acl).iter().filter_map(|entry| entry_value(entry, member)));
    }
    let associations = acl.associations.iter();
    match name {
        "association.association-id" => filters::many(associations.map(|a| &a.id)),
        "association.network-acl-id" => filters::many(associations.map(|_| &acl.id)),
        "association.subnet-id" => filters::many(associations.map(|a| &a.subnet)),
        "default" => filters::one(acl.default),
        "network-acl-id" => filters::one(&acl.id),
        "owner-id" => filters::one(&account.identity.account),
        "vpc-id" => filters::one(&acl.vpc),
        _ => None,
    }
}

fn entry_value(entry: &ec2::NetworkAclEntry, member: &str) -> Option<String> {
    let number = |number: Option<i32>| number.map(|number| number.to_string());
    let (icmp, ports) = (entry.icmp_type_code.as_ref(), entry.port_range.as_ref());
    match member {
        "cidr" => entry.cidr_block.clone(),
        "icmp.code" => number(icmp?.code),
        "icmp.type" => number(icmp?.r#type),
        "port-range.from" => number(ports?.from),
        "port-range.to" => number(ports?.to),
        "protocol" => entry.protocol.clone(),
        "rule-action" => entry.rule_action.clone(),
        "egress" => entry.egress.map(|egress| egress.to_string()),
        "rule-number" => number(entry.rule_number),
        _ => None,
    }
}

/// An ACL as answers have it.
fn shown(account: &Account, acl: &NetworkAcl) -> ec2::NetworkAcl {
    let association = |association: &AclAssociation| ec2::NetworkAclAssociation {
        network_acl_association_id: Some(association.id.clone()),
        network_acl_id: Some(acl.id.clone()),
        subnet_id: Some(association.subnet.clone()),
    };
    ec2::NetworkAcl {
        associations: acl.associations.iter().map(association).collect(),
        entries: entries(acl),
        is_default: Some(acl.default),
        network_acl_id: Some(acl.id.clone()),
        tags: tags::shown(account, &acl.id),
        vpc_id: Some(acl.vpc.clone()),
        owner_id: Some(account.identity.account.clone()),
    }
}

/// The entries in the order in which they judge, what leaves first, each direction with its last one.
fn entries(acl: &NetworkAcl) -> Vec<ec2::NetworkAclEntry> {
    let mut all: Vec<ec2::NetworkAclEntry> = acl.entries.iter().map(shown_entry).collect();
    all.extend([true, false].map(last));
    all.sort_by_key(|entry| (entry.egress == Some(false), entry.rule_number));
    all
}

fn last(egress: bool) -> ec2::NetworkAclEntry {
    let entry = shown_entry(&AclEntry { allow: false, ..AclEntry::all(egress) });
    ec2::NetworkAclEntry { rule_number: Some(LAST), ..entry }
}

fn shown_entry(entry: &AclEntry) -> ec2::NetworkAclEntry {
    let range =
        |(from, to): (u16, u16)| ec2::PortRange { from: Some(from.into()), to: Some(to.into()) };
    let icmp = |(kind, code): (i16, i16)| ec2::IcmpTypeCode {
        code: Some(code.into()),
        r#type: Some(kind.into()),
    };
    ec2::NetworkAclEntry {
        cidr_block: Some(entry.cidr.to_string()),
        egress: Some(entry.egress),
        icmp_type_code: entry.icmp.map(icmp),
        ipv6_cidr_block: None,
        port_range: entry.ports.map(range),
        protocol: Some(entry.protocol.to_string()),
        rule_action: Some(if entry.allow { "allow" } else { "deny" }.to_owned()),
        rule_number: Some(entry.number.into()),
    }
}
