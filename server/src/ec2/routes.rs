//! Routes: CreateRoute, ReplaceRoute, DeleteRoute.
//!
//! A local route follows from the VPC's CIDR and is no row. Where it was given another target, that
//! is a row, of the origin `CreateRouteTable`, in its place.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::route_tables::table;
use super::vpc_cidrs::parse_cidr;
use super::{Action, actions, errors};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::routes::{Route, RouteDestination, RouteOrigin, RouteTable, RouteTarget};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

mod targets;

use targets::{Target, targets};

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateRoute => create;
    change DeleteRoute => delete;
    change ReplaceRoute => replace;
};

/// Addresses that AWS keeps for itself within every VPC (VPC guide, "Route tables").
fn reserved() -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 168, 0), 22)
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateRouteRequest,
) -> Result<ec2::CreateRouteResult> {
    let table = table(change, &request.route_table_id)?;
    let destination = destination(
        change,
        request.destination_cidr_block.as_deref(),
        request.destination_prefix_list_id.as_deref(),
        request.destination_ipv6_cidr_block.is_some(),
    )?;
    let target = targets!(request).resolve(change, table)?;
    let exists = is_local(change, table, &destination)
        || table.routes.iter().any(|route| is_static(route) && route.destination == destination);
    if exists {
        let message = format!("The route identified by {} already exists.", said(&destination));
        return Err(AwsError::new("RouteAlreadyExists", message));
    }
    may_lead(change, table, &destination, &target)?;
    within_quota(change, table, &destination)?;
    let id = table.id.clone();
    let origin = RouteOrigin::CreateRoute;
    if let Some(table) = change.route_tables.edit(&id) {
        table.routes.push(Route { destination, target, origin });
    }
    Ok(ec2::CreateRouteResult { r#return: Some(true) })
}

fn replace(change: &mut Change<'_>, request: ec2::ReplaceRouteRequest) -> Result<()> {
    let table = table(change, &request.route_table_id)?;
    let destination = destination(
        change,
        request.destination_cidr_block.as_deref(),
        request.destination_prefix_list_id.as_deref(),
        request.destination_ipv6_cidr_block.is_some(),
    )?;
    let local = request.local_target == Some(true);
    let targets = targets!(request);
    let target = match local {
        true if targets.is_empty() => RouteTarget::Local,
        true => return Err(targets::several()),
        false => targets.resolve(change, table)?,
    };
    let is_local = is_local(change, table, &destination);
    let at = place(table, &destination);
    check_replacement(table, at, is_local, &destination, &target)?;
    if target != RouteTarget::Local {
        may_lead(change, table, &destination, &target)?;
    }
    let id = table.id.clone();
    let Some(table) = change.route_tables.edit(&id) else { return Ok(()) };
    match (at, is_local) {
        (Some(at), true) if target == RouteTarget::Local => drop(table.routes.remove(at)),
        (Some(at), _) => table.routes[at].target = target,
        (None, true) if target != RouteTarget::Local => {
            let origin = RouteOrigin::CreateRouteTable;
            table.routes.push(Route { destination, target, origin });
        }
        (None, _) => {}
    }
    Ok(())
}

fn check_replacement(
    table: &RouteTable,
    at: Option<usize>,
    is_local: bool,
    destination: &RouteDestination,
    target: &RouteTarget,
) -> Result<()> {
    let invalid = |message: String| Err(AwsError::new("InvalidParameterValue", message));
    let words = said(destination);
    if at.is_none() && !is_local {
        return invalid(format!(
            "There is no route defined for '{words}' in the route table. Use CreateRoute instead."
        ));
    }
    if *target == RouteTarget::Local && !is_local {
        return invalid(format!("The route '{words}' does not lead within the VPC."));
    }
    if at.is_some_and(|at| is_of_endpoint(&table.routes[at])) {
        let id = &table.id;
        return invalid(format!("cannot replace VPC endpoint route {words} in route table {id}"));
    }
    Ok(())
}

fn delete(change: &mut Change<'_>, request: ec2::DeleteRouteRequest) -> Result<()> {
    let table = table(change, &request.route_table_id)?;
    let destination = destination(
        change,
        request.destination_cidr_block.as_deref(),
        request.destination_prefix_list_id.as_deref(),
        request.destination_ipv6_cidr_block.is_some(),
    )?;
    let (id, words) = (table.id.clone(), said(&destination));
    let kept = |what: &str| {
        let message = format!("cannot remove {what} route {words} in route table {id}");
        Err(AwsError::new("InvalidParameterValue", message))
    };
    if is_local(change, table, &destination) {
        return kept("local");
    }
    let Some(at) = place(table, &destination) else {
        let noun = match destination {
            RouteDestination::Cidr(_) => "destination-cidr-block",
            RouteDestination::PrefixList(_) => "destination-prefix-list-id",
        };
        let message = format!("no route with {noun} {words} in route table {id}");
        return Err(AwsError::new("InvalidRoute.NotFound", message));
    };
    if is_of_endpoint(&table.routes[at]) {
        return kept("VPC endpoint");
    }
    if let Some(table) = change.route_tables.edit(&id) {
        table.routes.remove(at);
    }
    Ok(())
}

/// What a route matches: a CIDR, in its canonical form, or a prefix list.
fn destination(
    account: &Account,
    cidr: Option<&str>,
    list: Option<&str>,
    ipv6: bool,
) -> Result<RouteDestination> {
    errors::refuse(&[("DestinationIpv6CidrBlock", ipv6)])?;
    match (cidr, list) {
        (Some(cidr), None) => Ok(RouteDestination::Cidr(parse_cidr("destinationCidrBlock", cidr)?)),
        (None, Some(list)) if account.prefix_lists.has(list) => {
            Ok(RouteDestination::PrefixList(list.to_owned()))
        }
        (None, Some(list)) => {
            Err(errors::not_found("InvalidPrefixListID.NotFound", "prefix list ID", list))
        }
        (None, None) => Err(errors::missing("destinationCidrBlock")),
        (Some(_), Some(_)) => {
            let message = "Exactly one of destinationCidrBlock and destinationPrefixListId is to \
                           be given.";
            Err(errors::combination(message))
        }
    }
}

/// As the request says it.
fn said(destination: &RouteDestination) -> String {
    match destination {
        RouteDestination::Cidr(cidr) => cidr.to_string(),
        RouteDestination::PrefixList(list) => list.clone(),
    }
}

fn cidrs<'a>(account: &'a Account, table: &RouteTable) -> impl Iterator<Item = Ipv4Net> + 'a {
    let vpc = account.vpcs.get(&table.vpc).into_iter();
    vpc.flat_map(|vpc| vpc.cidrs.iter().map(|association| association.cidr))
}

fn is_local(account: &Account, table: &RouteTable, destination: &RouteDestination) -> bool {
    match destination {
        RouteDestination::Cidr(cidr) => cidrs(account, table).any(|local| local == *cidr),
        RouteDestination::PrefixList(_) => false,
    }
}

fn is_static(route: &Route) -> bool {
    route.origin != RouteOrigin::EnableVgwRoutePropagation
}

/// A gateway endpoint makes its routes itself.
fn is_of_endpoint(route: &Route) -> bool {
    matches!(route.target, RouteTarget::VpcEndpoint(_))
}

fn place(table: &RouteTable, destination: &RouteDestination) -> Option<usize> {
    let same = |route: &Route| is_static(route) && route.destination == *destination;
    table.routes.iter().position(same)
}

/// Rules about where a route may lead away from what is local (VPC guide, "Route tables").
fn may_lead(
    account: &Account,
    table: &RouteTable,
    destination: &RouteDestination,
    target: &RouteTarget,
) -> Result<()> {
    let RouteDestination::Cidr(cidr) = destination else { return Ok(()) };
    let invalid = |message: String| Err(AwsError::new("InvalidParameterValue", message));
    if reserved().contains(cidr) {
        return invalid(format!("The destination CIDR block {cidr} is within {}.", reserved()));
    }
    if !cidrs(account, table).any(|local| local.contains(cidr)) {
        return Ok(());
    }
    let inspects = matches!(target, RouteTarget::NatGateway(_) | RouteTarget::NetworkInterface(_));
    if !inspects {
        return invalid(format!(
            "The destination CIDR block {cidr} is equal to or more specific than one of this VPC's \
             CIDR blocks. This route can target only an interface or an instance."
        ));
    }
    let mut subnets = account.subnets.of(&table.vpc);
    let whole = subnets.any(|subnet| subnet.cidr == *cidr)
        || cidrs(account, table).any(|local| local == *cidr);
    match whole {
        true => Ok(()),
        false => invalid("Route destination doesn't match any subnet CIDR blocks.".to_owned()),
    }
}

/// A prefix list counts as many routes as it may have entries.
fn within_quota(account: &Account, table: &RouteTable, new: &RouteDestination) -> Result<()> {
    let weight = |destination: &RouteDestination| match destination {
        RouteDestination::Cidr(_) => 1,
        RouteDestination::PrefixList(list) => {
            account.prefix_lists.get(list).map_or(1, |list| list.max_entries as usize)
        }
    };
    let fixed = table.routes.iter().filter(|route| is_static(route) && !is_of_endpoint(route));
    let there: usize = fixed.map(|route| weight(&route.destination)).sum();
    if there.saturating_add(weight(new)) <= account.rules.quotas.routes {
        return Ok(());
    }
    Err(errors::over_quota("RouteLimitExceeded", "routes"))
}

/// A table's routes as answers have them, the local ones first.
pub(super) fn shown(account: &Account, table: &RouteTable) -> Vec<ec2::Route> {
    let replaced = |cidr: &Ipv4Net| place(table, &RouteDestination::Cidr(*cidr)).is_some();
    let local = cidrs(account, table).filter(|cidr| !replaced(cidr)).map(|cidr| Route {
        destination: RouteDestination::Cidr(cidr),
        target: RouteTarget::Local,
        origin: RouteOrigin::CreateRouteTable,
    });
    let all = local.chain(table.routes.iter().cloned());
    all.map(|route| shown_route(account, table, &route)).collect()
}

fn shown_route(account: &Account, table: &RouteTable, route: &Route) -> ec2::Route {
    let active = account.leads_somewhere(&table.vpc, &route.target);
    let origin = match route.origin {
        RouteOrigin::CreateRouteTable => "CreateRouteTable",
        RouteOrigin::CreateRoute => "CreateRoute",
        RouteOrigin::EnableVgwRoutePropagation => "EnableVgwRoutePropagation",
    };
    let mut shown = ec2::Route {
        origin: Some(origin.to_owned()),
        state: Some(if active { "active" } else { "blackhole" }.to_owned()),
        ..Default::default()
    };
    match &route.destination {
        RouteDestination::Cidr(cidr) => shown.destination_cidr_block = Some(cidr.to_string()),
        RouteDestination::PrefixList(id) => shown.destination_prefix_list_id = Some(id.clone()),
    }
    let member = match &route.target {
        RouteTarget::Local | RouteTarget::InternetGateway(_) | RouteTarget::VpcEndpoint(_) => {
            &mut shown.gateway_id
        }
        RouteTarget::NatGateway(_) => &mut shown.nat_gateway_id,
        RouteTarget::Peering(_) => &mut shown.vpc_peering_connection_id,
        RouteTarget::TransitGateway(_) => &mut shown.transit_gateway_id,
        RouteTarget::NetworkInterface(_) => &mut shown.network_interface_id,
        RouteTarget::Other(id) => match id.split('-').next() {
            Some("eigw") => &mut shown.egress_only_internet_gateway_id,
            Some("i") => &mut shown.instance_id,
            Some("lgw") => &mut shown.local_gateway_id,
            Some("cagw") => &mut shown.carrier_gateway_id,
            _ => &mut shown.gateway_id,
        },
    };
    *member = Some(route.target.id().unwrap_or("local").to_owned());
    shown
}
