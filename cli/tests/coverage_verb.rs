//! `egret test --coverage` and `--mutate` as a user meets them: what is listed, what gates, formats;
//! and the words of expectations: `not`, `rule`, tables.

use std::fs;
use std::path::Path;

use serde_json::Value;

mod common;

use common::{code, egret, stderr, stdout};

const SCENARIO: &str = "
title: Two services behind one NAT gateway
vpc:
  cidr: 10.0.0.0/16
  internet_gateway: true
  subnets:
    app:    { az: use1-az1, cidr: 10.0.1.0/24, route_table: private, network_acl: app }
    public: { az: use1-az1, cidr: 10.0.101.0/24, route_table: public }
  route_tables:
    private: { 0.0.0.0/0: nat, pl-s3: s3 }
    public:  { 0.0.0.0/0: internet_gateway }
  nat_gateways:
    nat: { subnet: public, addresses: [198.51.100.10] }
  network_acls:
    app:
      egress:
        - { rule: 90, action: deny, protocol: tcp, ports: 25, cidr: 0.0.0.0/0 }
        - { rule: 100, action: allow, cidr: 0.0.0.0/0 }
      ingress: [ { rule: 100, action: allow, cidr: 0.0.0.0/0 } ]
  security_groups:
    web:  { egress: [ { protocol: tcp, ports: 443, to: 0.0.0.0/0 } ] }
    mail: { egress: [ { protocol: tcp, ports: 25, to: 0.0.0.0/0 } ] }
  prefix_lists:
    pl-s3: [198.18.0.0/16]
  endpoints:
    s3: { type: gateway, service: s3, route_tables: [], prefix_list: pl-s3 }
connectors:
  web:  { subnets: [app], security_groups: [web] }
  mail: { subnets: [app], security_groups: [mail] }
services:
  web:  { egress: vpc, connector: web }
  mail: { egress: vpc, connector: mail }
hosts:
  api.example.com: { address: 203.0.113.10, listen: [tcp/443] }
expect:
  - { from: web, to: \"internet:443\", except: [198.51.100.10, pl-s3], outcome: delivered, via: nat }
  - { from: web, to: [\"internet:0-442\", \"internet:444-65535\"], outcome: dropped, by: web }
";

/// About the same: what is left out in the scenario.
const MORE: &str = "
tables:
  - name: mail
    to: [\"api.example.com:25\", \"api.example.com:443\"]
    outcome:
      mail: [dropped, dropped]
      web:  [any, delivered]
";

/// A folder with the scenario and, beside it, files of expectations.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [&[("scenario.yaml", SCENARIO)], files].concat() {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

/// From the line that begins with this on, without the time that it took.
fn from(text: &str, start: &str) -> String {
    let lines = text.lines().skip_while(|line| !line.starts_with(start));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn coverage_lists_what_nothing_exercised() {
    let folder = folder(&[]);
    let output = egret(folder.path(), &["test", "--coverage"]);
    assert_eq!(code(&output), 0, "{output:?}");
    insta::assert_snapshot!("coverage", from(&stdout(&output), "scenario.yaml  "));
}

#[test]
fn suites_about_one_configuration_count_together() {
    let folder = folder(&[("mail.egret.yaml", MORE)]);
    let json = |args: &[&str]| -> Value {
        let output = egret(folder.path(), &[&["test", "--format", "json"], args].concat());
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let alone = json(&["scenario.yaml", "--coverage"]);
    let both = json(&["--coverage"]);
    let exercised = |of: &Value| of["coverage"]["exercised"].as_u64().expect("a number");
    assert!(exercised(&both) > exercised(&alone), "{both:#}");
    let configurations = both["coverage"]["configurations"].as_array().expect("a list");
    assert_eq!(configurations.len(), 1);
    let parts = configurations[0]["parts"].as_array().expect("parts");
    let deny = parts.iter().find(|part| part["name"] == "app egress 90").expect("the entry");
    assert_eq!((&deny["expectations"], &deny["place"]["line"]), (&1.into(), &17.into()));
    // Local routes and the like are told apart.
    let implicit = configurations[0]["implicit"].as_array().expect("parts");
    assert!(implicit.iter().any(|part| part["name"] == "private 10.0.0.0/16"), "{implicit:#?}");
}

#[test]
fn figures_are_gates() {
    let folder = folder(&[]);
    let run = |args: &[&str]| egret(folder.path(), &[&["test"], args].concat());
    let low = run(&["--coverage-min", "99"]);
    assert_eq!(code(&low), 1);
    assert!(stderr(&low).contains("coverage is"), "{low:?}");
    assert_eq!(code(&run(&["--coverage-min", "30"])), 0);
    let low = run(&["--mutate-min", "99", "--format", "junit"]);
    assert_eq!(code(&low), 1);
    assert!(stderr(&low).contains("mutation is"), "{low:?}");
    assert_eq!(code(&run(&["--mutate-min", "10%"])), 0);
    assert_eq!(code(&run(&["--coverage-min", "101"])), 2);
    assert_eq!(code(&run(&["--mutate-min", "lots"])), 2);
    // What fails by itself is asked for nothing, and does not hide behind a figure.
    assert_eq!(code(&run(&["--filter", "nothing is called so", "--mutate"])), 4);
}

#[test]
fn lcov_has_the_lines_of_rules() {
    let folder = folder(&[]);
    let output = egret(folder.path(), &["test", "--lcov", "lcov.info"]);
    assert_eq!(code(&output), 0, "{output:?}");
    let lcov = fs::read_to_string(folder.path().join("lcov.info")).expect("a file");
    insta::assert_snapshot!("lcov", lcov);
    let nowhere = egret(folder.path(), &["test", "--lcov", "no/such/folder"]);
    assert_eq!(code(&nowhere), 3);
}

#[test]
fn mutation_lists_what_nobody_notices_with_a_packet() {
    let folder = folder(&[]);
    let output = egret(folder.path(), &["test", "--mutate"]);
    assert_eq!(code(&output), 0, "{output:?}");
    insta::assert_snapshot!("mutation", from(&stdout(&output), "scenario.yaml  "));
}

#[test]
fn survivors_can_be_excused_and_excuses_be_needless() {
    let excused = format!(
        "{MORE}survivors:\n  - {{ change: mail egress, because: nobody mails }}\n  - {{ change: \
         no such change, because: of nothing }}\n"
    );
    let folder = folder(&[("mail.egret.yaml", &excused)]);
    let output = egret(folder.path(), &["test", "--mutate", "--format", "json"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let of = &json["mutation"]["configurations"][0];
    assert_eq!(of["needless_excuses"], serde_json::json!(["no such change"]));
    let changes = of["changes"].as_array().expect("changes");
    let excused = changes.iter().filter(|change| change["fate"] == "excused");
    let excused: Vec<&Value> = excused.collect();
    assert!(!excused.is_empty(), "{of:#}");
    for change in excused {
        assert!(change["name"].as_str().expect("a name").starts_with("mail egress"));
        assert_eq!(change["why"], "nobody mails");
    }
    let text = stdout(&egret(folder.path(), &["test", "--mutate"]));
    assert!(text.contains("excused    mail egress") && text.contains("needless"), "{text}");
}

#[test]
fn sarif_follows_the_schema_of_oasis() {
    let failing = "expect:\n- { from: web, to: \"internet:443\", outcome: dropped }\n";
    let folder = folder(&[("failing.egret.yaml", failing)]);
    let args = ["test", "--coverage", "--mutate", "--format", "sarif"];
    let output = egret(folder.path(), &args);
    assert_eq!(code(&output), 1);
    let sarif: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sarif-schema-2.1.0.json");
    let schema = fs::read_to_string(schema).expect("the schema");
    let mut schema: Value = serde_json::from_str(&schema).expect("JSON");
    // The one pattern in it that is no regular expression: a bracket closes what none has opened.
    for definition in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][definition]["properties"]["language"];
        language.as_object_mut().expect("a property").remove("pattern").expect("the pattern");
    }
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    let errors: Vec<String> =
        validator.iter_errors(&sarif).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    for (rule, level) in
        [("expectation", "error"), ("not-exercised", "note"), ("not-noticed", "warning")]
    {
        let is_it = |result: &&Value| result["ruleId"] == rule && result["level"] == level;
        assert!(results.iter().any(|result| is_it(&result)), "no {rule} in {results:#?}");
    }
}

#[test]
fn annotations_stand_at_the_rules() {
    let folder = folder(&[]);
    let args = ["test", "--coverage", "--mutate", "--format", "github"];
    let text = stdout(&egret(folder.path(), &args));
    let line =
        "::notice file=scenario.yaml,line=17,col=11,title=egret::No expectation exercises this";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("::warning file=scenario.yaml,line=17"), "{text}");
    // Formats that know tests alone have nothing else.
    for format in ["junit", "tap"] {
        let args = ["test", "--coverage", "--mutate", "--format", format];
        let with = stdout(&egret(folder.path(), &args));
        assert!(!with.contains("exercise"), "{with}");
    }
}

#[test]
fn expectations_may_forbid_name_rules_and_be_tables() {
    let suite = "
expect:
  - { name: never by the gateway, from: web, to: \"pl-s3:443\", not: { via: nat } }
  - { name: but by the endpoint, from: web, to: \"pl-s3:443\", rule: [private prefix list pl-s3, web egress tcp 443 to 0.0.0.0/0] }
  - { name: mail is denied by the entry, from: mail, to: \"internet:25\", outcome: dropped, rule: app egress 90 }
  - { name: forbidden, from: web, to: \"pl-s3:443\", outcome: delivered, not: { via: s3, outcome: delivered } }
  - { name: another rule, from: web, to: \"pl-s3:443\", rule: private 0.0.0.0/0 }
tables:
  - name: who reaches what
    to: [\"api.example.com:443\", \"api.example.com:25\"]
    outcome:
      web:  [delivered, dropped]
      mail: [delivered, dropped]
";
    let folder = folder(&[("words.egret.yaml", suite)]);
    let output = egret(folder.path(), &["test", "words.egret.yaml"]);
    assert_eq!(code(&output), 1);
    let text = stdout(&output);
    let lines =
        text.lines().filter(|line| !line.contains('|') && !line.contains(" of packets in "));
    insta::assert_snapshot!("words", lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn bad_words_are_2_with_their_place() {
    let folder = folder(&[]);
    for (text, says) in [
        ("expect:\n- { from: web, to: \"a:1\" }\n", "it is not said what becomes"),
        ("expect:\n- { from: web, to: \"a:1\", not: {} }\n", "`not` says nothing"),
        (
            "expect:\n- { from: web, to: \"a:1\", rule: private 0.0.0.0/1 }\n",
            "did you mean `private 0.0.0.0/0`?",
        ),
        (
            "tables:\n- { to: [\"a:1\", \"b:1\"], outcome: { web: [dropped] } }\n",
            "the row has 1 outcomes for 2 targets",
        ),
        ("tables:\n- { to: \"a:1\", outcome: { wep: [dropped] } }\n", "bad.egret.yaml:2:27"),
        ("tables:\n- { to: a, outcome: { web: [dropped] } }\n", "`a:all`"),
        ("survivors:\n- { change: x }\n", "because"),
    ] {
        fs::write(folder.path().join("bad.egret.yaml"), text).expect("a file");
        let output = egret(folder.path(), &["test", "bad.egret.yaml"]);
        assert_eq!(code(&output), 2, "{text}: {output:?}");
        let said = stderr(&output);
        assert!(said.contains(says) && said.contains("bad.egret.yaml:2:"), "{text}: {said}");
    }
}
