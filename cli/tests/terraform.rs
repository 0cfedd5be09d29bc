//! Plans and states of Terraform as a user meets them.

use std::path::{Path, PathBuf};

mod common;

use common::{code, egret, stderr, stdout};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../control/tests/fixtures/terraform").join(name)
}

/// A folder with a plan or a state as `plan.json`.
fn folder(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(fixture(name), folder.path().join("plan.json")).expect("copied");
    folder
}

const SERVICE: &str = "aws_apprunner_service.web";

#[test]
fn a_plan_is_checked_and_explained_as_a_scenario_is() {
    let folder = folder("three-zones/plan.json");
    let output = egret(folder.path(), &["check", "plan.json"]);
    assert_eq!(code(&output), 0, "{output:?}");
    let passed_over = "plan.json:195:15: warning: `aws_iam_role` is not modelled: 1 resource";
    assert!(stderr(&output).contains(passed_over), "{output:?}");

    let explain = ["explain", "plan.json", "--from", SERVICE, "--to", "203.0.113.10:443"];
    let output = egret(folder.path(), &explain);
    assert_eq!(code(&output), 0, "{output:?}");
    let text = stdout(&output);
    let rule = "allowed by tcp 443 to 0.0.0.0/0 (aws_security_group.web)  [plan.json:1237:15]";
    assert!(text.contains(rule), "{text}");
    assert!(text.contains("0.0.0.0/0 leads to nat-gateway aws_nat_gateway.main[0]"), "{text}");
}

/// The change moves the service's rule from port 443 to 8443.
#[test]
fn a_plan_is_judged_as_it_will_be_and_a_state_as_it_is() {
    let to = |name, port: &str| {
        let folder = folder(name);
        let to = format!("203.0.113.10:{port}");
        code(&egret(folder.path(), &["explain", "plan.json", "--from", SERVICE, "--to", &to]))
    };
    assert_eq!([to("three-zones/state.json", "443"), to("three-zones/state.json", "8443")], [0, 1]);
    let change = "three-zones/change/plan.json";
    assert_eq!([to(change, "443"), to(change, "8443")], [1, 0]);
}

#[test]
fn terraforms_own_state_file_is_bad_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = r#"{ "version": 4, "serial": 1, "lineage": "x", "resources": [] }"#;
    std::fs::write(folder.path().join("state.json"), text).expect("written");
    let output = egret(folder.path(), &["check", "state.json"]);
    assert_eq!(code(&output), 2, "{output:?}");
    let help = "help: give what `terraform show -json` prints of it";
    assert!(stderr(&output).contains(help), "{output:?}");
}
