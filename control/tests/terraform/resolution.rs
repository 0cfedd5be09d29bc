//! What an unknown id comes to: the one thing that it can be, or nothing that is guessed.

use serde_json::{Value, json};

use super::described::described;
use super::read;

/// A resource that a plan creates: its address, what is known and unknown of it, and what its
/// expressions refer to.
struct New<'t> {
    address: &'t str,
    known: Value,
    unknown: Value,
    written: Value,
}

fn new<'t>(address: &'t str, known: Value, unknown: Value, written: Value) -> New<'t> {
    New { address, known, unknown, written }
}

fn parts(address: &str) -> (&str, &str, Option<&str>) {
    let (bare, key) = match address.split_once('[') {
        Some((bare, key)) => (bare, Some(key.trim_end_matches(']'))),
        None => (address, None),
    };
    let (kind, name) = bare.split_once('.').expect("a type and a name");
    (kind, name, key)
}

/// A plan that creates these.
fn plan(resources: &[New<'_>]) -> String {
    let changes = resources.iter().map(|new| {
        let (kind, name, _) = parts(new.address);
        json!({
            "address": new.address, "mode": "managed", "type": kind, "name": name,
            "change": {
                "actions": ["create"], "before": null, "after": new.known,
                "after_unknown": new.unknown,
            },
        })
    });
    let mut written: Vec<Value> = Vec::new();
    for new in resources {
        let (kind, name, key) = parts(new.address);
        if key.is_none_or(|key| key == "0") {
            written.push(json!({
                "address": format!("{kind}.{name}"), "mode": "managed", "type": kind,
                "name": name, "expressions": new.written,
            }));
        }
    }
    json!({
        "format_version": "1.2", "terraform_version": "1.11.4",
        "resource_changes": changes.collect::<Vec<_>>(),
        "configuration": { "root_module": { "resources": written } },
    })
    .to_string()
}

fn refers(to: &[&str]) -> Value {
    json!({ "references": to })
}

fn vpc(address: &str, cidr: &str) -> New<'static> {
    let address: &'static str = Box::leak(address.to_owned().into_boxed_str());
    let written = json!({ "cidr_block": { "constant_value": cidr } });
    new(address, json!({ "cidr_block": cidr }), json!({ "id": true }), written)
}

fn subnet(address: &'static str, cidr: &str, vpc: &[&str]) -> New<'static> {
    let known = json!({ "cidr_block": cidr, "availability_zone": "eu-central-1a" });
    let written = json!({ "cidr_block": {}, "availability_zone": {}, "vpc_id": refers(vpc) });
    new(address, known, json!({ "id": true, "vpc_id": true }), written)
}

fn model_of(resources: &[New<'_>]) -> String {
    let (model, _) = read(&plan(resources)).unwrap_or_else(|findings| panic!("{findings:?}"));
    described(&model)
}

#[test]
fn a_local_value_is_the_only_vpc_that_it_can_be() {
    let text = model_of(&[
        vpc("aws_vpc.main", "10.0.0.0/16"),
        subnet("aws_subnet.a", "10.0.1.0/24", &["local.vpc_id"]),
    ]);
    assert!(
        text.contains("subnet aws_subnet.a eu-central-1a 10.0.1.0/24 of aws_vpc.main"),
        "{text}"
    );
    assert!(!text.contains("unknown everything"), "{text}");
}

#[test]
fn of_two_vpcs_a_local_value_is_neither() {
    let text = model_of(&[
        vpc("aws_vpc.main", "10.0.0.0/16"),
        vpc("aws_vpc.other", "10.1.0.0/16"),
        subnet("aws_subnet.a", "10.0.1.0/24", &["local.vpc_id"]),
    ]);
    let unknown = "unknown everything: `aws_subnet.a.vpc_id`, known after apply";
    assert!(text.contains(unknown), "{text}");
}

#[test]
fn without_an_index_no_instance_is_picked() {
    let nat = |references: &[&str]| {
        let written = json!({ "subnet_id": refers(references) });
        let known = json!({ "connectivity_type": "private" });
        new("aws_nat_gateway.n", known, json!({ "id": true, "subnet_id": true }), written)
    };
    let network = |nat| {
        [
            vpc("aws_vpc.main", "10.0.0.0/16"),
            subnet("aws_subnet.a[0]", "10.0.1.0/24", &["aws_vpc.main.id", "aws_vpc.main"]),
            subnet("aws_subnet.a[1]", "10.0.2.0/24", &["aws_vpc.main.id", "aws_vpc.main"]),
            nat,
        ]
    };
    let text = model_of(&network(nat(&["aws_subnet.a"])));
    assert!(text.contains("unknown everything: `aws_subnet.a`, known after apply"), "{text}");
    let first = ["aws_subnet.a[1].id", "aws_subnet.a[1]", "aws_subnet.a"];
    let text = model_of(&network(nat(&first)));
    assert!(text.contains("nat-gateway aws_nat_gateway.n in aws_subnet.a[1]"), "{text}");
}

/// `x[count.index]` looks like `x[count.index + 1]`, and the same index is likely only where each has
/// one.
#[test]
fn an_index_picks_the_same_only_where_both_have_the_same_keys() {
    let network = |tables: usize| {
        let vpc_of = ["aws_vpc.main.id", "aws_vpc.main"];
        let names = ["aws_route_table.t[0]", "aws_route_table.t[1]", "aws_route_table.t[2]"];
        let table = |address: &&'static str| {
            let written = json!({ "vpc_id": refers(&vpc_of) });
            new(address, json!({}), json!({ "id": true, "vpc_id": true, "route": true }), written)
        };
        let join = |address| {
            let subnet = ["aws_subnet.a[0].id", "aws_subnet.a[0]", "aws_subnet.a"];
            let subnet = if address == "aws_route_table_association.j[0]" {
                subnet
            } else {
                ["aws_subnet.a[1].id", "aws_subnet.a[1]", "aws_subnet.a"]
            };
            let table = ["aws_route_table.t", "count.index"];
            let written = json!({ "subnet_id": refers(&subnet), "route_table_id": refers(&table) });
            let unknown = json!({ "id": true, "subnet_id": true, "route_table_id": true });
            new(address, json!({}), unknown, written)
        };
        let mut all = vec![
            vpc("aws_vpc.main", "10.0.0.0/16"),
            subnet("aws_subnet.a[0]", "10.0.1.0/24", &vpc_of),
            subnet("aws_subnet.a[1]", "10.0.2.0/24", &vpc_of),
        ];
        all.extend(names.iter().take(tables).map(table));
        all.push(join("aws_route_table_association.j[0]"));
        all.push(join("aws_route_table_association.j[1]"));
        let (model, warnings) = read(&plan(&all)).unwrap_or_else(|found| panic!("{found:?}"));
        (described(&model), warnings.join("\n"))
    };
    let (text, warnings) = network(2);
    assert!(!text.contains("unknown everything"), "{text}");
    let said = "`route_table_id` of `aws_route_table_association.j` is taken to be \
                `aws_route_table.t[count.index]`";
    assert!(warnings.contains(said), "{warnings}");
    let said = "`aws_route_table.t` is taken to have no `route` blocks";
    assert!(warnings.contains(said), "{warnings}");
    let (text, warnings) = network(3);
    let unknown = "unknown everything: `aws_route_table_association.j[0].route_table_id`";
    assert!(text.contains(unknown), "{text}");
    assert!(!warnings.contains("count.index"), "{warnings}");
}

#[test]
fn a_list_of_which_a_key_may_have_chosen_is_not_taken_whole() {
    let network = |references: &[&str]| {
        let vpc_of = ["aws_vpc.main.id", "aws_vpc.main"];
        let written = json!({ "subnets": refers(references) });
        let known = json!({ "vpc_connector_name": "web" });
        model_of(&[
            vpc("aws_vpc.main", "10.0.0.0/16"),
            subnet("aws_subnet.a[0]", "10.0.1.0/24", &vpc_of),
            subnet("aws_subnet.a[1]", "10.0.2.0/24", &vpc_of),
            new("aws_apprunner_vpc_connector.web", known, json!({ "subnets": true }), written),
        ])
    };
    let whole = network(&["aws_subnet.a"]);
    assert!(whole.contains("in aws_subnet.a[0] aws_subnet.a[1]"), "{whole}");
    let chosen = network(&["aws_subnet.a", "count.index"]);
    assert!(chosen.contains("unknown everything: "), "{chosen}");
}

#[test]
fn a_rule_of_an_unknown_group_may_be_of_any() {
    let group = |address| {
        let written = json!({ "vpc_id": refers(&["aws_vpc.main.id", "aws_vpc.main"]) });
        new(address, json!({}), json!({ "id": true, "vpc_id": true, "egress": true }), written)
    };
    let known =
        json!({ "ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "0.0.0.0/0" });
    let written = json!({ "security_group_id": refers(&["local.group"]) });
    let unknown = json!({ "id": true, "security_group_id": true });
    let text = model_of(&[
        vpc("aws_vpc.main", "10.0.0.0/16"),
        group("aws_security_group.a"),
        group("aws_security_group.b"),
        new("aws_vpc_security_group_egress_rule.out", known, unknown, written),
    ]);
    for group in ["aws_security_group.a", "aws_security_group.b"] {
        let rule = format!("unknown rule of {group} to Some(Cidr(0.0.0.0/0)): `aws_vpc_security");
        assert!(text.contains(&rule), "{text}");
    }
}

/// `[cond ? a : b]` lists both, and a variable that chose.
#[test]
fn what_may_have_been_chosen_is_not_taken_whole() {
    let connector = |references: &[&str]| {
        let written = json!({ "subnets": refers(references) });
        let known = json!({ "vpc_connector_name": "web" });
        new("aws_apprunner_vpc_connector.web", known, json!({ "subnets": true }), written)
    };
    let network = |connector| {
        [
            vpc("aws_vpc.main", "10.0.0.0/16"),
            subnet("aws_subnet.a", "10.0.1.0/24", &["aws_vpc.main.id", "aws_vpc.main"]),
            subnet("aws_subnet.b", "10.0.2.0/24", &["aws_vpc.main.id", "aws_vpc.main"]),
            connector,
        ]
    };
    let both = ["aws_subnet.a.id", "aws_subnet.a", "aws_subnet.b.id", "aws_subnet.b"];
    let text = model_of(&network(connector(&both)));
    assert!(
        text.contains("connector aws_apprunner_vpc_connector.web in aws_subnet.a aws_subnet.b"),
        "{text}"
    );
    let chosen = [&["var.small"][..], &both].concat();
    let text = model_of(&network(connector(&chosen)));
    let unknown =
        "unknown everything: `aws_apprunner_vpc_connector.web.subnets`, known after apply";
    assert!(text.contains(unknown), "{text}");
}

/// A plan leaves `dynamic` blocks out of the configuration.
#[test]
fn a_dynamic_block_stays_unknown() {
    let function = new(
        "aws_lambda_function.f",
        json!({ "function_name": "f", "vpc_config": [{}] }),
        json!({ "vpc_config": [{ "subnet_ids": true, "security_group_ids": true }] }),
        json!({ "function_name": { "constant_value": "f" } }),
    );
    let text = model_of(&[vpc("aws_vpc.main", "10.0.0.0/16"), function]);
    let unknown = "`aws_lambda_function.f.vpc_config[0].subnet_ids`, known after apply";
    assert!(text.contains(&format!("unknown everything: {unknown}")), "{text}");
}
