//! VPC connectors: what App Runner refuses, and what it lets through to fail later (App Runner
//! guide, "network-vpc"; aws-facts §1.6).

use std::collections::BTreeSet;

use super::Desk;
use crate::finding::Finding;
use crate::model::{Connector, Subnet};

/// Zones that a connector should be in (App Runner guide: "at least three").
const ZONES: usize = 3;

pub(super) fn check(desk: &mut Desk<'_>) {
    for connector in &desk.model.connectors {
        let subnets: Vec<&Subnet> =
            connector.subnets.iter().filter_map(|name| desk.subnet(name)).collect();
        numbers(desk, connector);
        one_vpc(desk, connector, &subnets);
        supported_zones(desk, connector, &subnets);
        enough_zones(desk, connector, &subnets);
        private_subnets(desk, connector);
    }
}

fn numbers(desk: &mut Desk<'_>, connector: &Connector) {
    let settings = &desk.model.settings;
    let limits = [
        ("subnets", &connector.subnets, settings.connector_subnets),
        ("security groups", &connector.security_groups, settings.connector_security_groups),
    ];
    if connector.subnets.is_empty() {
        let message = format!("connector `{}` has no subnet", *connector.id);
        let finding = Finding::error("connector-without-subnet", connector.id.place, message);
        desk.find(finding.help("name one subnet in each of three Availability Zones"));
    }
    for (noun, names, limit) in limits {
        if let Some(name) = names.get(limit) {
            let count = names.len();
            let message = format!("connector `{}` has {count} {noun}", *connector.id);
            let finding = Finding::error("connector-limit", name.place, message);
            let setting = noun.replace(' ', "_");
            let help = format!("{limit} is the limit (setting `connector_{setting}`)");
            desk.find(finding.help(help));
        }
    }
}

fn one_vpc(desk: &mut Desk<'_>, connector: &Connector, subnets: &[&Subnet]) {
    let Some(first) = subnets.first() else { return };
    if let Some(other) = subnets.iter().find(|subnet| subnet.vpc != first.vpc) {
        let message = format!(
            "connector `{}` has subnets of two VPCs: `{}` of `{}`, `{}` of `{}`",
            *connector.id, *first.id, *first.vpc, *other.id, *other.vpc
        );
        let named = connector.subnets.iter().find(|name| ***name == *other.id.value);
        let place = named.map_or(connector.id.place, |name| name.place);
        let finding = Finding::error("connector-in-two-vpcs", place, message);
        desk.find(finding.help("make a connector for each VPC"));
    }
}

/// The message names the subnets and their zones, as App Runner's does.
fn supported_zones(desk: &mut Desk<'_>, connector: &Connector, subnets: &[&Subnet]) {
    let unsupported = &desk.model.settings.unsupported_azs;
    let wrong: Vec<&&Subnet> =
        subnets.iter().filter(|subnet| unsupported.contains(&subnet.az.value)).collect();
    if wrong.is_empty() {
        return;
    }
    let list: Vec<String> =
        wrong.iter().map(|subnet| format!("{} ({})", *subnet.id, *subnet.az)).collect();
    let message = format!(
        "connector `{}` has subnets in Availability Zones that the service does not support: {}",
        *connector.id,
        list.join(", ")
    );
    let named = connector.subnets.iter().find(|name| ***name == *wrong[0].id.value);
    let place = named.map_or(connector.id.place, |name| name.place);
    let finding = Finding::error("unsupported-zone", place, message);
    desk.find(finding.help("remove these subnets, or change the setting `unsupported_azs`"));
}

fn enough_zones(desk: &mut Desk<'_>, connector: &Connector, subnets: &[&Subnet]) {
    let zones: BTreeSet<&str> = subnets.iter().map(|subnet| subnet.az.as_str()).collect();
    if zones.is_empty() || zones.len() >= ZONES {
        return;
    }
    let noun = if zones.len() == 1 { "Availability Zone" } else { "Availability Zones" };
    let message = format!("connector `{}` is in {} {noun} only", *connector.id, zones.len());
    let finding = Finding::warning("few-zones", connector.id.place, message);
    desk.find(finding.help("App Runner's guide recommends subnets in at least three"));
}

/// The trap of the public subnet.
fn private_subnets(desk: &mut Desk<'_>, connector: &Connector) {
    for name in &connector.subnets {
        let table = desk.subnet(name).and_then(|subnet| desk.table_of(subnet));
        let Some(table) = table.filter(|table| desk.is_public(table)) else { continue };
        let message = format!(
            "subnet `{}` of connector `{}` is public: the default route of `{}` is an internet \
             gateway",
            **name, *connector.id, *table.id
        );
        let finding = Finding::warning("public-connector-subnet", name.place, message);
        let help = "the connector's interface has a private address only, so packets to public \
                    addresses will be dropped: use a private subnet whose default route is a NAT \
                    gateway";
        desk.find(finding.help(help));
    }
}
