//! `egret record` as a user meets it: what it writes passes `egret test` at once, and fails when the
//! configuration changes.

use std::fs;
use std::path::{Path, PathBuf};

mod common;

use common::{code, egret, stderr, stdout};

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

/// A copy of a scenario's folder, without its own expectations.
fn copy(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(scenarios().join(name)).expect("a scenario") {
        let entry = entry.expect("an entry");
        if entry.path().is_file() && !entry.path().to_string_lossy().ends_with(".egret.yaml") {
            fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("a copy");
        }
    }
    folder
}

/// Changes a scenario's text.
fn change(folder: &Path, from: &str, to: &str) {
    let path = folder.join("scenario.yaml");
    let text = fs::read_to_string(&path).expect("a scenario");
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).expect("a scenario");
}

#[test]
fn what_is_recorded_of_every_scenario_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut recorded = 0;
    for entry in fs::read_dir(scenarios()).expect("scenarios") {
        let path = entry.expect("an entry").path();
        if !path.join("scenario.yaml").exists() {
            continue;
        }
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let (scenario, file) = (path.to_string_lossy(), format!("{name}.egret.yaml"));
        let output = egret(folder.path(), &["record", &scenario, "--output", &file]);
        assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
        let output = egret(folder.path(), &["test", &file]);
        assert_eq!(code(&output), 0, "{name}: {}", stdout(&output));
        recorded += 1;
    }
    assert!(recorded >= 31, "{recorded}");
}

#[test]
fn what_is_recorded_can_be_read() {
    let folder = copy("14-two-services-share-an-eni");
    let output = egret(folder.path(), &["record", "scenario.yaml"]);
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
    insta::assert_snapshot!("services", stdout(&output));
    let folder = copy("17-peering");
    insta::assert_snapshot!("peering", stdout(&egret(folder.path(), &["record", "."])));
    let one = stdout(&egret(folder.path(), &["record", ".", "--from", "web/0"]));
    assert!(one.contains("from: web/0, to: cache:6379"), "{one}");
}

#[test]
fn a_change_is_noticed() {
    let folder = copy("01-nat-over-three-zones");
    let output = egret(folder.path(), &["record", ".", "-o", "all.egret.yaml"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let test = || egret(folder.path(), &["test", "all.egret.yaml"]);
    assert_eq!(code(&test()), 0);
    for (from, to) in [
        ("ports: 443", "ports: 442-443"),
        ("ports: 442-443", "ports: 444"),
        ("ports: 444", "ports: 443"),
        ("{ 0.0.0.0/0: nat-b }", "{ 0.0.0.0/0: nat-c }"),
        ("{ 0.0.0.0/0: nat-c }", "{ 0.0.0.0/0: blackhole }"),
    ] {
        change(folder.path(), from, to);
        // The third takes the first two back.
        let expected = if to == "ports: 443" { 0 } else { 1 };
        let output = test();
        assert_eq!(code(&output), expected, "{from} to {to}: {}", stdout(&output));
    }
}

#[test]
fn a_file_is_replaced_only_when_asked_to() {
    let folder = copy("17-peering");
    let record = |args: &[&str]| egret(folder.path(), &[&["record", "."], args].concat());
    assert_eq!(code(&record(&["-o", "tests/web.egret.yaml"])), 0);
    let text = fs::read_to_string(folder.path().join("tests/web.egret.yaml")).expect("a file");
    assert!(text.contains("\nscenario: ..\n"), "{text}");
    assert_eq!(code(&egret(folder.path(), &["test", "tests"])), 0);
    let output = record(&["-o", "tests/web.egret.yaml"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("--force"), "{}", stderr(&output));
    assert_eq!(code(&record(&["-o", "tests/web.egret.yaml", "--force"])), 0);
}

#[test]
fn what_cannot_be_recorded_is_said() {
    let folder = copy("17-peering");
    fs::write(folder.path().join("bad.yaml"), "title: x\nservicez: {}\n").expect("a file");
    fs::write(folder.path().join("bad.log"), "version account-id\n2 x y z\n").expect("a file");
    fs::write(folder.path().join("none.yaml"), "title: nobody\nvpc: { cidr: 10.0.0.0/16 }\n")
        .expect("a file");
    for (args, says) in [
        (&["bad.yaml"][..], "bad.yaml:2:1"),
        (&["nowhere"], "nowhere"),
        (&[".", "--from", "wep"], "wep"),
        (&[".", "-o", "web.yaml"], ".egret.yaml"),
        (&[".", "--flow-logs", "nowhere.log"], "nowhere.log"),
        (&[".", "--flow-logs", "bad.log"], "bad.log"),
        (&["none.yaml"], "nothing to record"),
    ] {
        let output = egret(folder.path(), &[&["record"], args].concat());
        assert_eq!(code(&output), 2, "{args:?}: {output:?}");
        assert!(stderr(&output).contains(says), "{args:?}: {}", stderr(&output));
    }
}

/// What a run has logged is recorded, and only that.
#[test]
fn flow_logs_of_a_run_are_recorded() {
    for log in ["seen.log", "seen.log.gz", "seen.parquet"] {
        let folder = copy("14-two-services-share-an-eni");
        let traffic = "
traffic:
  - { from: web, to: \"api.example.com:443\", connections: 3 }
  - { from: web, to: \"203.0.113.10:80\", connections: 1 }
  - { from: jobs, to: \"collector:8125\", protocol: udp, flows: 2 }
";
        let path = folder.path().join("scenario.yaml");
        let mut text = fs::read_to_string(&path).expect("a scenario");
        text = text.split("\ntraffic:").next().expect("a beginning").to_owned();
        fs::write(&path, text + traffic).expect("a scenario");
        let output = egret(folder.path(), &["run", ".", "--flow-logs", log]);
        assert_eq!(code(&output), 0, "{output:?}");
        let output =
            egret(folder.path(), &["record", ".", "--flow-logs", log, "-o", "seen.egret.yaml"]);
        assert_eq!(code(&output), 0, "{log}: {}", stderr(&output));
        let text = fs::read_to_string(folder.path().join("seen.egret.yaml")).expect("a file");
        insta::assert_snapshot!("seen", text);
        assert_eq!(code(&egret(folder.path(), &["test", "seen.egret.yaml"])), 0);
    }
}

/// Logs as AWS has them: what was accepted and is dropped now, and the other way round, is said.
#[test]
fn logs_that_contradict_the_configuration_are_said() {
    let folder = copy("01-nat-over-three-zones");
    let mut log = String::new();
    let mut line = |dst: &str, port: u16, action: &str| {
        log += &format!(
            "2 123456789012 eni-0a1b2c3d 10.0.1.4 {dst} 40000 {port} 6 10 840 1700000000 1700000060 {action} OK\n"
        );
    };
    line("203.0.113.10", 443, "ACCEPT");
    line("203.0.113.10", 22, "REJECT");
    line("203.0.113.10", 8080, "ACCEPT");
    line("203.0.113.11", 443, "REJECT");
    for last in 0..20 {
        line(&format!("192.0.2.{last}"), 443, "ACCEPT");
    }
    fs::write(folder.path().join("aws.log"), log).expect("a log");
    let output = egret(folder.path(), &["record", ".", "--flow-logs", "aws.log"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    insta::assert_snapshot!("aws", stdout(&output));
    fs::write(folder.path().join("seen.egret.yaml"), stdout(&output)).expect("a file");
    assert_eq!(code(&egret(folder.path(), &["test", "seen.egret.yaml"])), 0);
}
