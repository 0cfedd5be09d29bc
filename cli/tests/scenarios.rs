//! Every scenario in the repository: what it expects is so, and what its README's command prints is
//! what it printed when somebody last looked.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use egret_control::compile::compile;
use egret_control::explain::World;
use egret_sim::expect;
use egret_sim::scenario::Scenario;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn scenarios() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("scenarios")).expect("the scenarios");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() >= 31, "only {} scenarios", folders.len());
    folders
}

fn name(folder: &Path) -> String {
    folder.file_name().expect("a name").to_string_lossy().into_owned()
}

fn egret(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
    command.args(args).current_dir(root()).output().expect("egret runs")
}

#[test]
fn what_each_scenario_expects_is_so() {
    let mut failures = Vec::new();
    for folder in scenarios() {
        let scenario = Scenario::read(&folder).unwrap_or_else(|findings| panic!("{findings}"));
        let compilation = compile(&scenario.model);
        let compilation = compilation.unwrap_or_else(|findings| panic!("{folder:?} {findings:#?}"));
        let expects = scenario.expect.len() + scenario.plan.expect.len();
        assert!(expects > 0, "{folder:?} expects nothing");
        let world = World::new(&scenario.model.sources, &compilation);
        for expectation in &scenario.expect {
            if let Err(unmet) = expect::judge(&scenario.model, world, expectation) {
                let place = scenario.model.sources.display(expectation.place);
                failures.push(format!("{}: {unmet}", place.unwrap_or_default()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The command in a scenario's README, without `cargo run --release --`.
fn command(folder: &Path) -> Vec<String> {
    let readme = std::fs::read_to_string(folder.join("README.md")).expect("a README");
    let prefix = "cargo run --release -- ";
    let line = readme.lines().find_map(|line| line.trim().strip_prefix(prefix));
    let line = line.unwrap_or_else(|| panic!("{folder:?} has no command in its README"));
    line.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn each_readme_prints_what_it_printed() {
    for folder in scenarios() {
        let command = command(&folder);
        let args: Vec<&str> = command.iter().map(String::as_str).collect();
        let text = egret(&args);
        assert!(matches!(text.status.code(), Some(0 | 1)), "{args:?}: {text:?}");
        assert_eq!(String::from_utf8_lossy(&text.stderr), "", "{args:?}");
        insta::assert_snapshot!(name(&folder), String::from_utf8_lossy(&text.stdout));
        let json = egret(&[&args[..], &["--format", "json"]].concat());
        let parsed: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
        if args[0] == "run" {
            // Everything that it expects of the run is so.
            assert!(text.status.success(), "{args:?}: {text:?}");
            assert_eq!(parsed["schema_version"], 1, "{args:?}");
            continue;
        }
        assert_eq!(parsed["NetworkPathFound"], text.status.success(), "{args:?}");
        insta::assert_snapshot!(
            format!("{}.json", name(&folder)),
            String::from_utf8_lossy(&json.stdout)
        );
    }
}

#[test]
fn each_check_finds_what_it_found() {
    for folder in scenarios() {
        let path = format!("scenarios/{}", name(&folder));
        let output = egret(&["check", &path]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let text = [output.stderr, output.stdout].concat();
        insta::assert_snapshot!(format!("{}.check", name(&folder)), String::from_utf8_lossy(&text));
    }
}

#[test]
fn every_scenario_follows_the_schema_that_is_shipped() {
    let shipped = std::fs::read_to_string(root().join("scenarios/schema.json")).unwrap_or_default();
    let printed = egret(&["schema"]);
    let printed = String::from_utf8(printed.stdout).expect("UTF-8");
    assert!(shipped == printed, "run: egret schema > scenarios/schema.json");
    let schema = serde_json::from_str(&shipped).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    for folder in scenarios() {
        let text = std::fs::read_to_string(folder.join("scenario.yaml")).expect("a scenario");
        let value: serde_json::Value = serde_saphyr::from_str(&text).expect("YAML");
        let errors: Vec<String> =
            validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{folder:?}: {errors:#?}");
    }
}

/// Files of expectations, but for those of runs, which are long.
fn suites() -> Vec<String> {
    let mut suites = Vec::new();
    for folder in scenarios() {
        let path = |file: &str| format!("scenarios/{}/{file}", name(&folder));
        let text = std::fs::read_to_string(folder.join("scenario.yaml")).expect("a scenario");
        if !text.contains("\nresults:") {
            suites.push(path("scenario.yaml"));
        }
        suites.push(path("egress.egret.yaml"));
    }
    suites
}

#[test]
fn no_change_of_a_rule_goes_unnoticed_without_an_excuse() {
    let suites = suites();
    let mut args = vec!["test", "--mutate-min", "100", "--coverage", "--format", "json"];
    args.extend(suites.iter().map(String::as_str));
    let output = egret(&args);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let list = |of: &serde_json::Value| of.as_array().expect("a list").clone();
    for configuration in list(&json["mutation"]["configurations"]) {
        assert_eq!(configuration["needless_excuses"], serde_json::json!([]), "{configuration:#}");
    }
    assert!(json["mutation"]["noticed"].as_u64() > Some(700), "{}", json["mutation"]["noticed"]);
    // What stays unexercised is what no sender's packets can come to; a new one has to be looked at.
    let mut idle = format!("{:.1} %\n", json["coverage"]["percent"].as_f64().expect("a number"));
    for configuration in list(&json["coverage"]["configurations"]) {
        let parts = list(&configuration["parts"]).into_iter();
        for part in parts.filter(|part| part["expectations"] == 0) {
            let path = configuration["path"].as_str().expect("a path");
            idle += &format!("{path}: {}\n", part["name"].as_str().expect("a name"));
        }
    }
    insta::assert_snapshot!("idle", idle);
}

#[test]
fn every_file_of_expectations_follows_the_schema_that_is_shipped() {
    let shipped = root().join("scenarios/tests.schema.json");
    let shipped = std::fs::read_to_string(shipped).unwrap_or_default();
    let printed = egret(&["schema", "--for", "tests"]);
    let printed = String::from_utf8(printed.stdout).expect("UTF-8");
    let make = "run: egret schema --for tests > scenarios/tests.schema.json";
    assert!(shipped == printed, "{make}");
    let schema = serde_json::from_str(&shipped).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    for folder in scenarios() {
        let path = folder.join("egress.egret.yaml");
        let text = std::fs::read_to_string(&path).expect("expectations");
        let value: serde_json::Value = serde_saphyr::from_str(&text).expect("YAML");
        let errors: Vec<String> =
            validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{path:?}: {errors:#?}");
    }
}
