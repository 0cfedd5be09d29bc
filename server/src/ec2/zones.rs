//! Regions and Availability Zones: DescribeRegions, DescribeAvailabilityZones.

use super::filters::{self, Values};
use super::{Action, actions};
use crate::account::Account;
use crate::account::zones::{self, REGIONS, Zone};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    read DescribeAvailabilityZones => describe_zones;
    read DescribeRegions => describe_regions;
};

/// The names of DescribeAvailabilityZones' filters.
const ZONE_FILTERS: &[&str] = &[
    "group-long-name",
    "group-name",
    "message",
    "opt-in-status",
    "parent-zone-id",
    "parent-zone-name",
    "region-name",
    "state",
    "zone-id",
    "zone-name",
    "zone-type",
];

/// The names of DescribeRegions' filters.
const REGION_FILTERS: &[&str] = &["endpoint", "opt-in-status", "region-name"];

/// What is on for every account.
const NO_OPT_IN: &str = "opt-in-not-required";

fn describe_zones(
    account: &Account,
    request: ec2::DescribeAvailabilityZonesRequest,
) -> Result<ec2::DescribeAvailabilityZonesResult> {
    filters::check(&request.filters, ZONE_FILTERS)?;
    let region = &account.identity.region;
    let zones = zones::zones(region);
    known("availability zone", &request.zone_names, |name| zones.iter().any(|z| z.name == name))?;
    known("availability zone id", &request.zone_ids, |id| zones.iter().any(|z| z.id == id))?;
    let mut availability_zones = Vec::new();
    for zone in &zones {
        let asked = asked(&request.zone_names, &zone.name) && asked(&request.zone_ids, &zone.id);
        let values = |name: &str| zone_values(region, zone, name);
        if asked && filters::meets(account, &zone.id, &request.filters, values)? {
            availability_zones.push(shown_zone(region, zone));
        }
    }
    Ok(ec2::DescribeAvailabilityZonesResult { availability_zones })
}

fn describe_regions(
    account: &Account,
    request: ec2::DescribeRegionsRequest,
) -> Result<ec2::DescribeRegionsResult> {
    filters::check(&request.filters, REGION_FILTERS)?;
    known("region name", &request.region_names, |name| REGIONS.contains(&name))?;
    let mut regions = Vec::new();
    for region in REGIONS {
        let values = |name: &str| match name {
            "endpoint" => filters::one(endpoint(region)),
            "opt-in-status" => filters::one(NO_OPT_IN),
            "region-name" => filters::one(region),
            _ => None,
        };
        let asked = asked(&request.region_names, region);
        if asked && filters::meets(account, region, &request.filters, values)? {
            regions.push(ec2::Region {
                region_name: Some(region.to_owned()),
                endpoint: Some(endpoint(region)),
                opt_in_status: Some(NO_OPT_IN.to_owned()),
                ..Default::default()
            });
        }
    }
    Ok(ec2::DescribeRegionsResult { regions })
}

fn asked(names: &[String], name: &str) -> bool {
    names.is_empty() || names.iter().any(|asked| asked == name)
}

fn known(noun: &str, names: &[String], is: impl Fn(&str) -> bool) -> Result<()> {
    let unknown: Vec<&str> = names.iter().map(String::as_str).filter(|name| !is(name)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let message = format!("Invalid {noun}: [{}]", unknown.join(", "));
    Err(AwsError::new("InvalidParameterValue", message))
}

fn endpoint(region: &str) -> String {
    format!("ec2.{region}.amazonaws.com")
}

/// The zones of a Region are a group: `us-east-1-zg-1`.
fn group(region: &str) -> String {
    format!("{region}-zg-1")
}

fn zone_values(region: &str, zone: &Zone, name: &str) -> Values {
    match name {
        "group-name" => filters::one(group(region)),
        "group-long-name" | "message" | "parent-zone-id" | "parent-zone-name" => filters::none(),
        "opt-in-status" => filters::one(NO_OPT_IN),
        "region-name" => filters::one(region),
        "state" => filters::one("available"),
        "zone-id" => filters::one(&zone.id),
        "zone-name" => filters::one(&zone.name),
        "zone-type" => filters::one("availability-zone"),
        _ => None,
    }
}

fn shown_zone(region: &str, zone: &Zone) -> ec2::AvailabilityZone {
    ec2::AvailabilityZone {
        region_name: Some(region.to_owned()),
        zone_name: Some(zone.name.clone()),
        zone_id: Some(zone.id.clone()),
        zone_type: Some("availability-zone".to_owned()),
        group_name: Some(group(region)),
        network_border_group: Some(region.to_owned()),
        opt_in_status: Some(NO_OPT_IN.to_owned()),
        state: Some("available".to_owned()),
        ..Default::default()
    }
}
