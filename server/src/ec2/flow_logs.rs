//! Flow logs: CreateFlowLogs, DescribeFlowLogs, DeleteFlowLogs.
//!
//! Their records go to a folder that stands for Amazon S3 ([`scribe`](crate::scribe)); other destinations
//! are refused.

use egret_sim::flow_logs::Format;

use super::describe::Asked;
use super::filters::{self, Values};
use super::tags::{self, tag_new};
use super::{Action, actions, errors};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::flow_logs::{FlowLog, TrafficType};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

mod destination;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateFlowLogs => create;
    change DeleteFlowLogs => delete;
    read DescribeFlowLogs => describe;
};

/// The names of DescribeFlowLogs' filters, but for those of tags.
const FILTERS: &[&str] = &[
    "deliver-log-status",
    "flow-log-id",
    "log-destination-type",
    "log-group-name",
    "resource-id",
    "traffic-type",
];

/// Resources of one request.
const RESOURCES: usize = 300;

fn missing(id: &str) -> AwsError {
    errors::not_found("InvalidFlowLogId.NotFound", "flow log ID", id)
}

/// EC2's code for most that is wrong with a flow log.
fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameter", message)
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateFlowLogsRequest,
) -> Result<ec2::CreateFlowLogsResult> {
    let wanted = read(change, &request)?;
    let (mut flow_log_ids, mut unsuccessful) = (Vec::new(), Vec::new());
    for resource in &request.resource_ids {
        if let Err(error) = there(change, &request.resource_type, resource) {
            unsuccessful.push(unsuccessful_item(resource, error));
            continue;
        }
        let wanted = FlowLog { resource: resource.clone(), ..wanted.clone() };
        if change.flow_logs.values().any(|known| is_same(known, &wanted)) {
            let message = "There is an existing Flow Log with the same configuration and log \
                           destination.";
            return Err(AwsError::new("FlowLogAlreadyExists", message));
        }
        let id = change.ids.next("fl");
        change.flow_logs.insert(id.as_str(), FlowLog { id: id.clone(), ..wanted });
        tag_new(change, &id, "vpc-flow-log", &request.tag_specifications)?;
        flow_log_ids.push(id);
    }
    let client_token = request.client_token;
    Ok(ec2::CreateFlowLogsResult { client_token, flow_log_ids, unsuccessful })
}

/// What all flow logs of a request have in common.
fn read(change: &Change<'_>, request: &ec2::CreateFlowLogsRequest) -> Result<FlowLog> {
    errors::refuse(&[
        ("DeliverCrossAccountRole", request.deliver_cross_account_role.is_some()),
        ("TagFieldSpecification", !request.tag_field_specifications.is_empty()),
    ])?;
    if request.resource_ids.is_empty() {
        return Err(errors::missing("ResourceId"));
    }
    if request.resource_ids.len() > RESOURCES {
        return Err(invalid(format!("There are more than {RESOURCES} resources.")));
    }
    kind(&request.resource_type)?;
    let traffic = traffic(request.traffic_type.as_deref())?;
    let (bucket, prefix) = destination::read(&change.rules, request)?;
    let interval = request.max_aggregation_interval.unwrap_or(600);
    if !matches!(interval, 60 | 600) {
        let message = format!("MaxAggregationInterval is 60 or 600, and not {interval}.");
        return Err(invalid(message));
    }
    let options = request.destination_options.clone().unwrap_or_default();
    let parquet = match options.file_format.as_deref() {
        None | Some("plain-text") => false,
        Some("parquet") => true,
        Some(other) => {
            let message = format!("FileFormat is plain-text or parquet, and not {other}.");
            return Err(invalid(message));
        }
    };
    Ok(FlowLog {
        id: String::new(),
        resource: String::new(),
        traffic,
        bucket,
        prefix,
        format: format(request.log_format.as_deref())?,
        interval,
        parquet,
        hive: options.hive_compatible_partitions == Some(true),
        per_hour: options.per_hour_partition == Some(true),
        created: change.now,
        error: None,
    })
}

fn traffic(said: Option<&str>) -> Result<TrafficType> {
    match said {
        Some("ACCEPT") => Ok(TrafficType::Accept),
        Some("REJECT") => Ok(TrafficType::Reject),
        Some("ALL") => Ok(TrafficType::All),
        Some(other) => {
            Err(invalid(format!("TrafficType is ACCEPT, REJECT or ALL, and not {other}.")))
        }
        None => Err(errors::missing("TrafficType")),
    }
}

/// The fields, if they are fields.
fn format(said: Option<&str>) -> Result<Option<String>> {
    let Some(said) = said else { return Ok(None) };
    // The word that `egret run` takes is none of AWS's.
    let read = if said == "default" { "-".parse::<Format>() } else { said.parse() };
    match read {
        Ok(_) => Ok(Some(said.to_owned())),
        Err(why) => Err(invalid(format!("LogFormat '{said}' is invalid: {why}."))),
    }
}

fn kind(said: &str) -> Result<()> {
    match said {
        "VPC" | "Subnet" | "NetworkInterface" => Ok(()),
        other => {
            let message = format!(
                "Egret has flow logs of a VPC, a Subnet or a NetworkInterface, and not of a {other}."
            );
            Err(AwsError::new("UnsupportedOperation", message))
        }
    }
}

fn there(account: &Account, kind: &str, id: &str) -> Result<()> {
    let (there, code, noun) = match kind {
        "VPC" => (account.vpcs.has(id), "InvalidVpcId.NotFound", "vpc ID"),
        "Subnet" => (account.subnets.has(id), "InvalidSubnetID.NotFound", "subnet ID"),
        _ => {
            let there = account.network_interfaces.has(id);
            (there, "InvalidNetworkInterfaceID.NotFound", "networkInterface ID")
        }
    };
    if there { Ok(()) } else { Err(errors::not_found(code, noun, id)) }
}

/// Whether they would write the same records to the same place.
fn is_same(known: &FlowLog, wanted: &FlowLog) -> bool {
    let place = (&known.bucket, &known.prefix) == (&wanted.bucket, &wanted.prefix);
    place
        && known.resource == wanted.resource
        && known.traffic == wanted.traffic
        && known.format == wanted.format
        && known.parquet == wanted.parquet
}

fn unsuccessful_item(id: &str, error: AwsError) -> ec2::UnsuccessfulItem {
    ec2::UnsuccessfulItem {
        resource_id: Some(id.to_owned()),
        error: Some(ec2::UnsuccessfulItemError {
            code: Some(error.code.into_owned()),
            message: Some(error.message),
        }),
    }
}

fn delete(
    change: &mut Change<'_>,
    request: ec2::DeleteFlowLogsRequest,
) -> Result<ec2::DeleteFlowLogsResult> {
    if request.flow_log_ids.is_empty() {
        return Err(errors::missing("FlowLogId"));
    }
    let mut unsuccessful = Vec::new();
    for id in &request.flow_log_ids {
        match change.flow_logs.remove(id) {
            Some(_) => change.forget_tags(id),
            None => unsuccessful.push(unsuccessful_item(id, missing(id))),
        }
    }
    Ok(ec2::DeleteFlowLogsResult { unsuccessful })
}

/// Records were delivered, or could not be.
pub(crate) fn delivered(change: &mut Change<'_>, id: &str, error: Option<String>) {
    if let Some(row) = change.flow_logs.edit(id) {
        row.error = error;
    }
}

fn describe(
    account: &Account,
    request: ec2::DescribeFlowLogsRequest,
) -> Result<ec2::DescribeFlowLogsResult> {
    let (ids, token) = (&request.flow_log_ids, request.next_token.as_deref());
    let asked = Asked::new(ids, &request.filter, FILTERS, token, request.max_results);
    let (rows, next_token) = asked.of(account, &account.flow_logs, missing, values)?;
    let flow_logs = rows.into_iter().map(|row| shown(account, row)).collect();
    Ok(ec2::DescribeFlowLogsResult { flow_logs, next_token })
}

fn values(row: &FlowLog, name: &str) -> Values {
    match name {
        "deliver-log-status" => filters::one(status(row)),
        "flow-log-id" => filters::one(&row.id),
        "log-destination-type" => filters::one("s3"),
        "log-group-name" => filters::many(None::<String>),
        "resource-id" => filters::one(&row.resource),
        "traffic-type" => filters::one(row.traffic.name()),
        _ => None,
    }
}

fn status(row: &FlowLog) -> &'static str {
    if row.error.is_some() { "FAILED" } else { "SUCCESS" }
}

/// A flow log as answers have it.
fn shown(account: &Account, row: &FlowLog) -> ec2::FlowLog {
    let file_format = if row.parquet { "parquet" } else { "plain-text" };
    ec2::FlowLog {
        flow_log_id: Some(row.id.clone()),
        flow_log_status: Some("ACTIVE".to_owned()),
        creation_time: Some(row.created.into()),
        resource_id: Some(row.resource.clone()),
        traffic_type: Some(row.traffic.name().to_owned()),
        log_destination_type: Some("s3".to_owned()),
        log_destination: Some(row.destination()),
        log_format: Some(row.format.clone().unwrap_or_else(default_format)),
        max_aggregation_interval: Some(row.interval),
        deliver_logs_status: Some(status(row).to_owned()),
        deliver_logs_error_message: row.error.as_ref().map(|_| "Access error".to_owned()),
        destination_options: Some(ec2::DestinationOptionsResponse {
            file_format: Some(file_format.to_owned()),
            hive_compatible_partitions: Some(row.hive),
            per_hour_partition: Some(row.per_hour),
        }),
        tags: tags::shown(account, &row.id),
        ..Default::default()
    }
}

fn default_format() -> String {
    let header = Format::default().to_string();
    let fields: Vec<String> = header.split(' ').map(|field| format!("${{{field}}}")).collect();
    fields.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_format_is_awss() {
        assert_eq!(
            default_format(),
            "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} \
             ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
        );
        assert_eq!(default_format().parse(), Ok(Format::default()));
    }

    #[test]
    fn formats_are_fields() {
        assert_eq!(format(Some("${srcaddr}")), Ok(Some("${srcaddr}".to_owned())));
        for bad in ["default", "srcaddr", "", "${srcadr}", "${end} ${end}"] {
            let error = format(Some(bad)).expect_err(bad);
            assert_eq!(error.code, "InvalidParameter");
        }
    }
}
