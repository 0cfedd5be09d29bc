//! Templates as a user meets them: read by every verb, given parameters, tested by expectations.

use std::fs;
use std::path::{Path, PathBuf};

mod common;

use common::{code, egret, stderr, stdout};

fn template(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../control/tests/fixtures/templates").join(name)
}

/// A folder with the template of a service in three zones.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(template("three-zones.yaml"), folder.path().join("network.yaml")).expect("copied");
    folder
}

#[test]
fn a_template_is_checked_and_explained_as_a_scenario_is() {
    let folder = folder();
    let output = egret(folder.path(), &["check", "network.yaml"]);
    assert_eq!(code(&output), 0, "{output:?}");
    let passed_over = "warning: `AWS::IAM::Role` is not modelled: 1 resource passed over";
    assert!(stderr(&output).contains(passed_over), "{output:?}");

    let explain = ["explain", "network.yaml", "--from", "Web", "--to", "203.0.113.10:443"];
    let output = egret(folder.path(), &explain);
    assert_eq!(code(&output), 0, "{output:?}");
    let text = stdout(&output);
    assert!(text.contains("allowed by tcp 443 to 0.0.0.0/0") && text.contains("[network.yaml:"));
    assert!(text.contains("0.0.0.0/0 leads to nat-gateway Nat"), "{text}");
    // What stands for the Elastic IP address that AWS will choose.
    assert!(text.contains("becomes 240.0.0.1:"), "{text}");
}

#[test]
fn parameters_are_given_on_the_command_line() {
    let folder = folder();
    let explain = ["explain", "network.yaml", "--from", "Web", "--to", "198.51.100.7:8443"];
    let given = [&explain[..], &["--parameter", "PartnerCidr=198.51.100.0/24"]].concat();
    let output = egret(folder.path(), &given);
    assert_eq!(code(&output), 0, "{output:?}");
    assert!(stdout(&output).contains("allowed by tcp 8443 to 198.51.100.0/24"), "{output:?}");

    let wrong = ["--parameter", "PartnerCird=198.51.100.0/24", "--parameter", "Stage=test"];
    let output = egret(folder.path(), &[&explain[..], &wrong].concat());
    assert_eq!(code(&output), 2, "{output:?}");
    let text = stderr(&output);
    assert!(text.contains("no template has a parameter `PartnerCird`"), "{text}");
    assert!(text.contains("did you mean `PartnerCidr`?"), "{text}");
    assert!(
        text.contains("network.yaml:6:5: error: the parameter `Stage` cannot be `test`"),
        "{text}"
    );

    let output = egret(folder.path(), &["check", "network.yaml", "--parameter", "PartnerCidr"]);
    assert_eq!(code(&output), 2, "{output:?}");
    assert!(stderr(&output).contains("NAME=VALUE"), "{output:?}");
}

const SUITE: &str = "
scenario: network.yaml
parameters: { PartnerCidr: 198.51.100.0/24 }
expect:
  - { from: Web, to: \"203.0.113.0/24:443\", outcome: delivered }
  - { from: Web, to: \"198.51.100.0/24:8443\", outcome: delivered }
  - { from: Web, to: \"203.0.113.0/24:8443\", outcome: dropped, reason: security-group-egress }
  - { from: Web, to: \"Database:5432\", outcome: delivered }
  - { from: Web, to: \"Database:5433\", outcome: dropped }
  - { from: Status, to: \"203.0.113.0/24:80\", outcome: delivered }
";

#[test]
fn expectations_are_about_a_template() {
    let folder = folder();
    fs::write(folder.path().join("network.egret.yaml"), SUITE).expect("written");
    let output = egret(folder.path(), &["test"]);
    assert_eq!(code(&output), 0, "{output:?}");
    assert!(stdout(&output).contains("6 passed, 0 failed"), "{output:?}");

    let other =
        SUITE.replace("Database:5433\", outcome: dropped", "Database:5433\", outcome: delivered");
    fs::write(folder.path().join("network.egret.yaml"), other).expect("written");
    let output = egret(folder.path(), &["test", "--format", "github"]);
    assert_eq!(code(&output), 1, "{output:?}");
}

const SCENARIO: &str = "
title: A template, and what it cannot know
vpc:
  import: network.yaml
  parameters: { PartnerCidr: 198.51.100.0/24, \"ssm:/network/office-cidr\": 192.0.2.0/28 }
  prefix_lists: { com.amazonaws.us-east-1.s3: [192.0.2.128/25] }
hosts:
  files.example.com: { address: 192.0.2.130, listen: [tcp/443] }
  api.example.com: { address: 203.0.113.10, listen: [tcp/443] }
expect:
  - { from: Web, to: \"files.example.com:443\", outcome: delivered, via: [S3] }
  - { from: Web, to: \"api.example.com:443\", outcome: delivered, via: [Nat] }
";

#[test]
fn a_scenario_says_what_a_template_cannot_know() {
    let folder = folder();
    fs::write(folder.path().join("scenario.yaml"), SCENARIO).expect("written");
    let output = egret(folder.path(), &["test"]);
    assert_eq!(code(&output), 0, "{output:?}");

    let output =
        egret(folder.path(), &["check", ".", "--parameter", "PartnerCidr=198.51.100.0/24"]);
    assert_eq!(code(&output), 2, "{output:?}");
    assert!(
        stderr(&output).contains("`parameters:` beside the scenario's `import:`"),
        "{output:?}"
    );

    let wrong = SCENARIO.replace("PartnerCidr", "PartnerCird");
    fs::write(folder.path().join("scenario.yaml"), wrong).expect("written");
    let output = egret(folder.path(), &["check", "."]);
    assert_eq!(code(&output), 2, "{output:?}");
    let line = "scenario.yaml:5:30: error: no template has a parameter `PartnerCird`";
    assert!(stderr(&output).contains(line), "{output:?}");
}

#[test]
fn what_is_wrong_with_a_template_is_bad_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: !Ref VpcCidr } }
";
    fs::write(folder.path().join("bad.template"), text).expect("written");
    let output = egret(folder.path(), &["check", "bad.template"]);
    assert_eq!(code(&output), 2, "{output:?}");
    let line = "bad.template:4:61: error: there is no parameter or resource `VpcCidr`";
    assert!(stderr(&output).contains(line), "{output:?}");
}

/// What is expected of partners waits for their block; what is expected of others does not.
const EXPECTED: &str = "\
scenario: network.yaml
expect:
  - { name: partners, from: Web, to: \"203.0.113.0/24:8443\", outcome: delivered }
  - { name: no telnet, from: Web, to: \"203.0.113.0/24:23\", outcome: dropped }
";

#[test]
fn a_verdict_that_waits_for_a_parameter_is_inconclusive_and_says_so() {
    let folder = folder();
    let write = |text: &str| fs::write(folder.path().join("p.egret.yaml"), text).expect("a file");
    write(EXPECTED);
    let test = |args: &[&str]| egret(folder.path(), &[&["test", "p.egret.yaml"], args].concat());

    let output = test(&[]);
    assert_eq!(code(&output), 1, "{output:?}");
    let text = stdout(&output);
    assert!(text.contains("INCONCLUSIVE  partners  [p.egret.yaml:3:5]"), "{text}");
    assert!(text.contains("this depends on parameter `PartnerCidr`  [network.yaml:"), "{text}");
    assert!(text.contains("ok  no telnet"), "{text}");
    assert!(text.contains("1 passed, 0 failed, 1 inconclusive"), "{text}");
    assert_eq!(code(&test(&["--allow-inconclusive"])), 0);
    for (format, said) in [
        ("json", "\"verdict\": \"inconclusive\""),
        ("junit", "<skipped message=\"inconclusive: this depends on parameter `PartnerCidr`\"/>"),
        ("tap", "ok 1 - partners # SKIP inconclusive: this depends on parameter `PartnerCidr`"),
        ("github", "::warning file=p.egret.yaml,line=3,"),
        ("sarif", "\"kind\": \"open\""),
    ] {
        let text = stdout(&test(&["--format", format]));
        assert!(text.contains(said), "{format}: {text}");
    }

    // Known now: these partners are reached, and others are not.
    let given = |block: &str| {
        write(
            &EXPECTED
                .replace("expect:", &format!("parameters: {{ PartnerCidr: {block} }}\nexpect:")),
        );
        code(&test(&[]))
    };
    assert_eq!((given("203.0.113.0/24"), given("198.51.100.0/24")), (0, 1));
}

#[test]
fn an_explanation_that_waits_for_a_parameter_is_no_answer() {
    let folder = folder();
    let explain = ["explain", "network.yaml", "--from", "Web", "--to", "203.0.113.9:8443"];
    let output = egret(folder.path(), &explain);
    assert_eq!(code(&output), 1, "{output:?}");
    let text = stdout(&output);
    assert!(text.contains("Inconclusive: this depends on parameter `PartnerCidr`"), "{text}");
    let output = egret(folder.path(), &[&explain[..], &["--format", "json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert!(json["NetworkPathFound"].is_null(), "{json:#}");
    assert_eq!(json["Egret"]["WaitsFor"], "parameter `PartnerCidr`");
}

#[test]
fn what_may_be_reached_is_listed_apart() {
    let folder = folder();
    let output = egret(folder.path(), &["reach", "network.yaml", "--from", "Web"]);
    assert_eq!(code(&output), 0, "{output:?}");
    insta::assert_snapshot!("reach", stdout(&output));
    let output =
        egret(folder.path(), &["reach", "network.yaml", "--from", "Web", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let rows = json["reaches"].as_array().expect("rows");
    let waits = |row: &&serde_json::Value| {
        row["waits_for"] == serde_json::json!(["parameter `PartnerCidr`"])
    };
    let waits: Vec<_> = rows.iter().filter(waits).collect();
    assert!(!waits.is_empty());
    for row in waits {
        assert_eq!(row["surety"], "inconclusive", "{row:#}");
        assert_eq!(row["ports"], serde_json::json!([{ "from": 8443, "to": 8443 }]), "{row:#}");
    }
}

#[test]
fn what_differs_between_two_values_of_a_parameter_is_a_diff_too() {
    let folder = folder();
    let diff = |args: &[&str]| {
        egret(folder.path(), &[&["diff", "network.yaml", "network.yaml"], args].concat())
    };
    let given = |from: &str, value: &str| [from.to_owned(), format!("PartnerCidr={value}")];
    let [old, new] =
        [given("--old-parameter", "198.51.100.0/25"), given("--new-parameter", "198.51.100.0/24")];
    let args: Vec<&str> = old.iter().chain(&new).map(String::as_str).collect();
    let output = diff(&args);
    assert_eq!(code(&output), 0, "{output:?}");
    let text = stdout(&output);
    assert!(text.contains("gained  tcp 8443") && text.contains("198.51.100.128/25"), "{text}");

    // The example is explained as it stands there.
    let example = text.lines().find_map(|line| line.trim().strip_prefix("e.g. egret "));
    let example: Vec<&str> = example.expect("an example").split(' ').collect();
    assert!(example.contains(&"PartnerCidr=198.51.100.0/24"), "{example:?}");
    let explained = egret(folder.path(), &example);
    assert!(stdout(&explained).contains("allowed by tcp 8443"), "{explained:?}");

    // For both, it makes no difference, and there is nothing to compare.
    assert_eq!(code(&diff(&["--parameter", "PartnerCidr=198.51.100.0/24"])), 2);
    let wrong = diff(&["--new-parameter", "PartnerCird=198.51.100.0/24"]);
    assert_eq!(code(&wrong), 2);
    assert!(stderr(&wrong).contains("did you mean `PartnerCidr`?"), "{wrong:?}");
}

#[test]
fn a_change_that_waits_for_a_parameter_is_neither_lost_nor_gained() {
    let folder = folder();
    let new = fs::read_to_string(template("three-zones.yaml")).expect("a template");
    let new = new.replace("8443", "8444");
    fs::write(folder.path().join("new.yaml"), new).expect("written");
    let diff = |args: &[&str]| {
        egret(folder.path(), &[&["diff", "network.yaml", "new.yaml"], args].concat())
    };
    let output = diff(&[]);
    assert_eq!(code(&output), 0, "{output:?}");
    insta::assert_snapshot!("diff", stdout(&output));
    insta::assert_snapshot!("diff_markdown", stdout(&diff(&["--format", "markdown"])));

    let json: serde_json::Value =
        serde_json::from_str(&stdout(&diff(&["--format", "json"]))).expect("JSON");
    assert_eq!((&json["lost"], &json["gained"]), (&0.into(), &0.into()));
    assert!(json["inconclusive"].as_u64().is_some_and(|count| count > 0), "{json:#}");
    assert_eq!(json["changed"], serde_json::json!([]));
    let waits = |side: &str, port: u64| {
        let changes = json["in_doubt"][0]["changes"].as_array().expect("changes");
        let of_port = changes.iter().find(|change| change["ports"][0]["from"] == port);
        of_port.expect("the port")["from"][0][side][0]["waits_for"].clone()
    };
    let partner = serde_json::json!("parameter `PartnerCidr`");
    assert_eq!(
        (waits("was", 8443), waits("now", 8443)),
        (partner.clone(), serde_json::Value::Null)
    );
    assert_eq!((waits("was", 8444), waits("now", 8444)), (serde_json::Value::Null, partner));

    // A gate that lets pass what may be lost would guess.
    for gate in ["lost", "gained", "rerouted", "inconclusive", "any"] {
        let allowed = diff(&["--fail-on", gate, "--allow-inconclusive"]);
        let expected = i32::from(gate == "inconclusive");
        assert_eq!((code(&diff(&["--fail-on", gate])), code(&allowed)), (1, expected), "{gate}");
    }
}

#[test]
fn nothing_is_recorded_of_what_waits_for_a_parameter() {
    let folder = folder();
    let record = ["record", "network.yaml", "--from", "Web", "-o", "web.egret.yaml"];
    let output = egret(folder.path(), &record);
    assert_eq!(code(&output), 0, "{output:?}");
    let said = "egret: nothing is recorded of what depends on this, which is not known: \
                parameter `PartnerCidr`";
    assert!(stderr(&output).contains(said), "{output:?}");
    let text = fs::read_to_string(folder.path().join("web.egret.yaml")).expect("written");
    let comment = "depends on what is not known: parameter `PartnerCidr`";
    assert!(text.contains(comment), "{text}");
    let (_, expected) = text.split_once("expect:").expect("expectations");
    // But that nobody can have such an address.
    let mut of_partner = expected.lines().filter(|line| line.contains(":8443"));
    assert!(of_partner.all(|line| line.contains("0.0.0.0/8:8443") && line.contains("dropped")));
    // Nor is the address that stands for one that AWS will choose.
    assert!(!text.contains("240.0.0."), "{text}");
    let output = egret(folder.path(), &["test", "web.egret.yaml"]);
    assert_eq!(code(&output), 0, "{output:?}");
}
