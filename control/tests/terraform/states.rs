//! States: what is there. And files that are neither a state nor a plan.

use egret_control::import;
use serde_json::json;

use super::described::described;
use super::{imported, read};

#[test]
fn a_state_is_read_whole() {
    let state = imported("terraform/three-zones/state.json");
    insta::assert_snapshot!("three_zones_state", described(&state.model));
}

#[test]
fn a_state_of_nothing_is_nothing() {
    let (model, warnings) = read(r#"{ "format_version": "1.0" }"#).expect("an empty state");
    assert!(model.vpcs.is_empty() && warnings.is_empty(), "{warnings:?}");
}

#[test]
fn other_files_of_terraform_are_refused_with_advice() {
    let state = r#"{ "version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "x", "resources": [] }"#;
    let findings = read(state).expect_err("a state file");
    let wanted =
        "plan.json:1:1: error: this is a state as Terraform keeps it, which is for Terraform alone";
    assert_eq!(findings, [wanted]);
    let log = r#"{"@level":"info","@message":"Terraform 1.11.4","terraform":"1.11.4","type":"version"}
{"@level":"info","@message":"Plan: 1 to add","type":"change_summary"}"#;
    let findings = read(log).expect_err("a log");
    assert!(findings[0].contains("prints while it plans, not the plan"), "{findings:?}");
}

#[test]
fn what_is_misshapen_is_pointed_at() {
    let text = "{\n \"format_version\": \"1.2\",\n \"terraform_version\": \"1\",\n \"resource_changes\": [{ \"address\": 3 }]\n}";
    let findings = read(text).expect_err("a change without a type");
    assert!(findings[0].starts_with("plan.json:4:"), "{findings:?}");
}

/// What a data source says of a subnet is not enough to judge a packet of it.
#[test]
fn what_is_only_read_leaves_its_table_open() {
    let vpc = json!({ "id": "vpc-1", "cidr_block": "10.0.0.0/16", "main_route_table_id": "rtb-1" });
    let subnet = json!({
        "id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.1.0/24",
        "availability_zone": "eu-central-1a",
    });
    let data = |kind: &str, values| {
        json!({
            "address": format!("data.{kind}.x"), "mode": "data", "type": kind, "name": "x",
            "values": values,
        })
    };
    let state = json!({
        "format_version": "1.0", "terraform_version": "1.11.4",
        "values": { "root_module": {
            "resources": [data("aws_vpc", vpc), data("aws_subnet", subnet)],
        } },
    });
    let (model, _) = read(&state.to_string()).expect("a state");
    let text = described(&model);
    for name in [
        "unknown everything: the route table of subnet `subnet-1`, which a data source does not say",
        "unknown everything: the network ACL of subnet `subnet-1`, which a data source does not say",
        "unknown route of vpc-1.main_route_table",
    ] {
        assert!(text.contains(name), "{name} is missing from {text}");
    }
}

/// What Terraform destroys is gone; what it forgets stays where it is.
#[test]
fn gone_is_not_forgotten() {
    let vpc = |name: &str, cidr: &str, action: &str, after: bool| {
        let values = json!({ "id": format!("vpc-{name}"), "cidr_block": cidr });
        json!({
            "address": format!("aws_vpc.{name}"), "mode": "managed", "type": "aws_vpc",
            "name": name,
            "change": {
                "actions": [action], "before": values,
                "after": after.then(|| values.clone()), "after_unknown": {},
            },
        })
    };
    let mut deposed = vpc("old", "10.3.0.0/16", "delete", false);
    deposed["deposed"] = json!("b2f7a3c1");
    let plan = json!({
        "format_version": "1.2", "terraform_version": "1.11.4",
        "resource_changes": [
            vpc("gone", "10.0.0.0/16", "delete", false),
            vpc("forgotten", "10.1.0.0/16", "forget", false),
            vpc("kept", "10.2.0.0/16", "no-op", true),
            deposed,
        ],
    });
    let (model, _) = read(&plan.to_string()).expect("a plan");
    let ids: Vec<&str> = model.vpcs.iter().map(|vpc| vpc.id.as_str()).collect();
    assert_eq!(ids, ["aws_vpc.forgotten", "aws_vpc.kept"]);
}

/// What AWS itself says takes the place of what a data source says.
#[test]
fn what_aws_says_of_a_subnet_is_better() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let write = |name: &str, value: serde_json::Value| {
        std::fs::write(folder.path().join(name), value.to_string()).expect("writing the file");
    };
    write("vpcs.json", json!({ "Vpcs": [{ "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16" }] }));
    write(
        "subnets.json",
        json!({ "Subnets": [{
            "SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24",
            "AvailabilityZoneId": "euc1-az1",
        }] }),
    );
    let subnet = json!({ "id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.1.0/24" });
    let group = json!({ "id": "sg-1", "vpc_id": "vpc-1", "egress": [], "ingress": [] });
    let connector = json!({ "vpc_connector_name": "web", "subnets": ["subnet-1"], "security_groups": ["sg-1"] });
    let resource = |mode: &str, kind: &str, values| {
        let data = if mode == "data" { "data." } else { "" };
        json!({
            "address": format!("{data}{kind}.x"), "mode": mode, "type": kind, "name": "x",
            "values": values,
        })
    };
    write(
        "state.json",
        json!({
            "format_version": "1.0", "terraform_version": "1.11.4",
            "values": { "root_module": { "resources": [
                resource("data", "aws_subnet", subnet),
                resource("managed", "aws_security_group", group),
                resource("managed", "aws_apprunner_vpc_connector", connector),
            ] } },
        }),
    );
    let read = import::read(&[folder.path().to_owned()]);
    let model = read.unwrap_or_else(|rejection| panic!("{rejection}")).model;
    let text = described(&model);
    assert!(!text.contains("unknown"), "{text}");
    assert!(
        text.contains("connector aws_apprunner_vpc_connector.x in subnet-1 with aws_sec"),
        "{text}"
    );
    assert_eq!(model.subnets.len(), 1, "{text}");
}
