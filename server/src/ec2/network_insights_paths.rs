//! Reachability Analyzer's paths: CreateNetworkInsightsPath, DescribeNetworkInsightsPaths,
//! DeleteNetworkInsightsPath.

use std::net::Ipv4Addr;

use super::describe::Asked;
use super::filters::{self, Values};
use super::tags::{self, tag_new};
use super::{Action, actions, errors};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::network_insights::{Filter, Path};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) mod resources;

use resources::{arn, destination, id_of, source};

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateNetworkInsightsPath => create;
    change DeleteNetworkInsightsPath => delete;
    read DescribeNetworkInsightsPaths => describe;
};

/// The names of DescribeNetworkInsightsPaths' filters, but for those of tags.
const FILTERS: &[&str] = &[
    "destination",
    "filter-at-destination.destination-address",
    "filter-at-destination.destination-port-range",
    "filter-at-destination.source-address",
    "filter-at-destination.source-port-range",
    "filter-at-source.destination-address",
    "filter-at-source.destination-port-range",
    "filter-at-source.source-address",
    "filter-at-source.source-port-range",
    "protocol",
    "source",
];

/// A path that has to be there.
///
/// # Errors
/// `InvalidNetworkInsightsPathId.NotFound`.
pub(super) fn path<'a>(account: &'a Account, id: &str) -> Result<&'a Path> {
    account.network_insights_paths.get(id).ok_or_else(|| missing(id))
}

fn missing(id: &str) -> AwsError {
    let code = "InvalidNetworkInsightsPathId.NotFound";
    errors::not_found(code, "network insights path ID", id)
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateNetworkInsightsPathRequest,
) -> Result<ec2::CreateNetworkInsightsPathResult> {
    let made = read(change, &request)?;
    let id = made.id.clone();
    change.network_insights_paths.insert(id.as_str(), made);
    tag_new(change, &id, "network-insights-path", &request.tag_specifications)?;
    let made = shown(change, path(change, &id)?);
    Ok(ec2::CreateNetworkInsightsPathResult { network_insights_path: Some(made) })
}

fn read(change: &mut Change<'_>, request: &ec2::CreateNetworkInsightsPathRequest) -> Result<Path> {
    if !matches!(request.protocol.as_str(), "tcp" | "udp") {
        return Err(errors::invalid("protocol", &request.protocol, "It is tcp or udp."));
    }
    together(request)?;
    let said = request.destination.as_deref();
    let path = Path {
        id: change.ids.next("nip"),
        source: id_of(&request.source).to_owned(),
        destination: said.map(|said| id_of(said).to_owned()),
        source_ip: address("sourceIp", request.source_ip.as_deref())?,
        destination_ip: address("destinationIp", request.destination_ip.as_deref())?,
        protocol: request.protocol.clone(),
        destination_port: request
            .destination_port
            .map(|p| port("destinationPort", p))
            .transpose()?,
        at_source: filter("filterAtSource", request.filter_at_source.as_ref())?,
        at_destination: filter("filterAtDestination", request.filter_at_destination.as_ref())?,
        created: change.now,
    };
    source(change, &path)?;
    destination(change, &path)?;
    Ok(path)
}

/// A filter says all that the plain parameters say, and not together with them.
fn together(request: &ec2::CreateNetworkInsightsPathRequest) -> Result<()> {
    let plain = request.source_ip.is_some()
        || request.destination_ip.is_some()
        || request.destination_port.is_some();
    let filters = request.filter_at_source.is_some() || request.filter_at_destination.is_some();
    if plain && filters {
        let message = "SourceIp, DestinationIp and DestinationPort cannot be used with \
                       FilterAtSource or FilterAtDestination.";
        return Err(errors::combination(message));
    }
    Ok(())
}

fn filter(parameter: &str, said: Option<&ec2::PathRequestFilter>) -> Result<Option<Filter>> {
    let Some(said) = said else { return Ok(None) };
    let named = |member: &str| format!("{parameter}.{member}");
    Ok(Some(Filter {
        source: address(&named("sourceAddress"), said.source_address.as_deref())?,
        source_ports: ports(&named("sourcePortRange"), said.source_port_range.as_ref())?,
        destination: address(&named("destinationAddress"), said.destination_address.as_deref())?,
        destination_ports: ports(
            &named("destinationPortRange"),
            said.destination_port_range.as_ref(),
        )?,
    }))
}

fn address(parameter: &str, said: Option<&str>) -> Result<Option<Ipv4Addr>> {
    let read = |said: &str| {
        let address = said.strip_suffix("/32").unwrap_or(said).parse();
        address.map_err(|_| errors::invalid(parameter, said, "It is no IPv4 address."))
    };
    said.map(read).transpose()
}

fn ports(
    parameter: &str,
    said: Option<&ec2::RequestFilterPortRange>,
) -> Result<Option<(u16, u16)>> {
    let Some(said) = said else { return Ok(None) };
    let from = said.from_port.ok_or_else(|| errors::missing(&format!("{parameter}.fromPort")))?;
    let to = said.to_port.unwrap_or(from);
    let (from, to) = (port(parameter, from)?, port(parameter, to)?);
    if from > to {
        let range = format!("{from}-{to}");
        return Err(errors::invalid(parameter, &range, "A range begins with its lower port."));
    }
    Ok(Some((from, to)))
}

fn port(parameter: &str, said: i32) -> Result<u16> {
    let read = u16::try_from(said).ok().filter(|port| *port > 0);
    read.ok_or_else(|| errors::invalid(parameter, &said.to_string(), "Ports go from 1 to 65535."))
}

/// What was found about a path keeps it.
fn delete(
    change: &mut Change<'_>,
    request: ec2::DeleteNetworkInsightsPathRequest,
) -> Result<ec2::DeleteNetworkInsightsPathResult> {
    let id = request.network_insights_path_id;
    path(change, &id)?;
    let of_it = change.network_insights_analyses.values().find(|analysis| analysis.path == id);
    if let Some(analysis) = of_it {
        let message = format!(
            "The network insights path '{id}' has analyses, '{}' among them, and cannot be deleted.",
            analysis.id
        );
        return Err(AwsError::new("AnalysisExistsForNetworkInsightsPath", message));
    }
    change.network_insights_paths.remove(&id);
    change.forget_tags(&id);
    Ok(ec2::DeleteNetworkInsightsPathResult { network_insights_path_id: Some(id) })
}

fn describe(
    account: &Account,
    request: ec2::DescribeNetworkInsightsPathsRequest,
) -> Result<ec2::DescribeNetworkInsightsPathsResult> {
    let ids = &request.network_insights_path_ids;
    let token = request.next_token.as_deref();
    let asked = Asked::new(ids, &request.filters, FILTERS, token, request.max_results);
    let asked = asked.within(super::network_insights_analyses::PAGE);
    let (paths, next_token) =
        asked.of(account, &account.network_insights_paths, missing, values)?;
    let network_insights_paths = paths.into_iter().map(|path| shown(account, path)).collect();
    Ok(ec2::DescribeNetworkInsightsPathsResult { network_insights_paths, next_token })
}

fn values(path: &Path, name: &str) -> Values {
    let of = |filter: &Option<Filter>, member: &str| {
        let filter = filter.clone().unwrap_or_default();
        let range = |ports: Option<(u16, u16)>| ports.map(|(from, to)| format!("{from}-{to}"));
        match member {
            "destination-address" => filters::many(filter.destination),
            "destination-port-range" => filters::many(range(filter.destination_ports)),
            "source-address" => filters::many(filter.source),
            "source-port-range" => filters::many(range(filter.source_ports)),
            _ => None,
        }
    };
    match name {
        "destination" => filters::many(&path.destination),
        "protocol" => filters::one(&path.protocol),
        "source" => filters::one(&path.source),
        _ => {
            let at_source = name.strip_prefix("filter-at-source.");
            let at_destination = name.strip_prefix("filter-at-destination.");
            at_source
                .and_then(|member| of(&path.at_source, member))
                .or_else(|| of(&path.at_destination, at_destination?))
        }
    }
}

/// A path as answers have it.
fn shown(account: &Account, path: &Path) -> ec2::NetworkInsightsPath {
    let text = |address: Option<Ipv4Addr>| address.map(|address| address.to_string());
    ec2::NetworkInsightsPath {
        network_insights_path_id: Some(path.id.clone()),
        network_insights_path_arn: arn(account, &path.id),
        created_date: Some(path.created.into()),
        source: Some(path.source.clone()),
        source_arn: arn(account, &path.source),
        destination: path.destination.clone(),
        destination_arn: path.destination.as_ref().and_then(|id| arn(account, id)),
        source_ip: text(path.source_ip),
        destination_ip: text(path.destination_ip),
        protocol: Some(path.protocol.clone()),
        destination_port: path.destination_port.map(i32::from),
        tags: tags::shown(account, &path.id),
        filter_at_source: path.at_source.as_ref().map(filter_shown),
        filter_at_destination: path.at_destination.as_ref().map(filter_shown),
    }
}

fn filter_shown(filter: &Filter) -> ec2::PathFilter {
    let range = |ports: Option<(u16, u16)>| {
        ports.map(|(from, to)| ec2::FilterPortRange {
            from_port: Some(from.into()),
            to_port: Some(to.into()),
        })
    };
    ec2::PathFilter {
        source_address: filter.source.map(|address| address.to_string()),
        source_port_range: range(filter.source_ports),
        destination_address: filter.destination.map(|address| address.to_string()),
        destination_port_range: range(filter.destination_ports),
    }
}
