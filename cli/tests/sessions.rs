//! Sessions at the command line in a little town of a network: what a user types, all that comes
//! back, and the exit code.

use std::path::Path;
use std::process::{Command, Output, Stdio};

const TOWN: &str = include_str!("data/town.yaml");

/// A folder with a scenario in it, in which `egret` is run.
struct Place(tempfile::TempDir);

impl Place {
    fn with(scenario: &str) -> Place {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("scenario.yaml"), scenario).expect("a scenario");
        Place(folder)
    }

    fn town() -> Place {
        Place::with(TOWN)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).expect("a file");
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
        command.args(line.split_whitespace()).current_dir(self.path());
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().expect("egret runs")
    }

    /// What a user sees of several commands, in the shape of a terminal.
    fn session(&self, lines: &[&str]) -> String {
        let shown = lines.iter().map(|line| {
            let Output { status, stdout, stderr } = self.run(line);
            let text = [stdout, stderr].concat();
            let text = String::from_utf8(text).expect("UTF-8");
            let code = status.code().expect("an exit code");
            format!("$ egret {line}\n{text}[exit {code}]\n")
        });
        shown.collect::<Vec<_>>().join("\n")
    }
}

fn explain(to: &str) -> String {
    format!("explain scenario.yaml --from web {to}")
}

#[test]
fn names_lead_where_they_lead_for_the_sender() {
    let lines = [
        "--to api.example.com:443",
        "--to secrets.us-east-1.amazonaws.com:443",
        "--to secrets:443",
        "--to bucket.s3.us-east-1.amazonaws.com:443",
        "--to resolver",
        "--to db:5432",
        "--to i-db:5432",
    ]
    .map(explain);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    insta::assert_snapshot!("names", Place::town().session(&lines));
}

#[test]
fn everything_that_can_send_can_be_the_sender() {
    let lines = [
        "explain . --from web/1 --to db:5432",
        "explain . --from task:web/0 --to db:5432",
        "explain . --from 100.64.0.2 --to db:5432",
        "explain . --from db --to 10.0.2.9:22",
        "explain . --from 10.0.2.9 --to db:5432",
        "explain . --from api.example.com --to 198.51.100.10:443",
        "explain . --from plain --to api.example.com:443",
    ];
    insta::assert_snapshot!("senders", Place::town().session(&lines));
}

#[test]
fn all_lists_what_is_in_the_way_and_changes_nothing_else() {
    let lines = [
        "explain . --from web --to db:22",
        "explain . --from web --to db:22 --all",
        "explain . --from web --to api.example.com:8080 --all",
        "explain . --from trapped --to api.example.com:443 --all",
    ];
    insta::assert_snapshot!("all", Place::town().session(&lines));
}

#[test]
fn every_protocol_can_be_asked_about() {
    let lines = [
        "explain . --from db --to 10.0.2.9 --icmp 8",
        "explain . --from db --to 10.0.2.9 --icmp 0/0",
        "explain . --from db --to 10.0.2.9 --icmp 3/4",
        "explain . --from db --to 10.0.2.9 --protocol 47",
        "explain . --from web --to db:53 --protocol udp",
        "explain . --from web --to db --protocol icmp",
    ];
    insta::assert_snapshot!("protocols", Place::town().session(&lines));
}

#[test]
fn questions_that_mean_nothing_say_what_would() {
    let lines = [
        "explain . --from wbe --to db:5432",
        "explain . --from web/7 --to db:5432",
        "explain . --from 10.0.9.9 --to db:5432",
        "explain . --from web --to api.exampel.com:443",
        "explain . --from web --to nowhere:443",
        "explain . --from web --to db:99999",
        "explain . --from web --to db:0",
        "explain . --from web --to 2001:db8::1",
        "explain . --from web --to :443",
        "explain . --from web --to db:443 --icmp 8",
        "explain . --from web --to db --icmp 8 --protocol udp",
        "explain . --from plain --to secrets.us-east-1.amazonaws.com:443",
        "explain . --from web --to quiet.us-east-1.amazonaws.com:443",
    ];
    let session = Place::town().session(&lines);
    assert_eq!(session.matches("[exit 2]").count(), lines.len(), "{session}");
    insta::assert_snapshot!("questions", session);
}

#[test]
fn bad_usage_exits_with_2() {
    let place = Place::town();
    for line in [
        "",
        "explain",
        "explain . --from web",
        "explain --from web --to db:1",
        "explain . --import . --from web --to db:1",
        "explain . --from web --to db --protocol tpc",
        "explain . --from web --to db --protocol 256",
        "explain . --from web --to db --icmp 8/0/0",
        "explain . --from web --to db --icmp 300",
        "explain . --from web --to db:1 --source-port 70000",
        "explain . --from web --to db:1 --format xml",
        "check",
        "check . --color sometimes",
        "completions tcsh",
        "fly",
    ] {
        let output = place.run(line);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{line}");
        assert!(!output.stderr.is_empty(), "{line}");
    }
}

#[test]
fn bad_configurations_say_where_and_what() {
    let place = Place::town();
    place.write("typo.yaml", "title: x\nvpc:\n  cidr: 10.0.0.0/16\n  subnetz: {}\n");
    place.write("name.yaml", &TOWN.replace("security_groups: [web]", "security_groups: [wbe]"));
    place.write("torn.yaml", "title: [\n");
    place.write("torn.json", "{\"Vpcs\": [");
    place.write("other.json", "{\"Buckets\": []}");
    place.write("empty.yaml", "");
    std::fs::create_dir(place.path().join("empty")).expect("a folder");
    let names = [
        "typo.yaml",
        "name.yaml",
        "torn.yaml",
        "torn.json",
        "other.json",
        "empty.yaml",
        "empty",
        "missing.yaml",
    ];
    let lines = names.map(|name| format!("check {name}"));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    insta::assert_snapshot!("configurations", place.session(&lines));
    for name in ["typo.yaml", "name.yaml", "torn.yaml", "torn.json", "missing.yaml"] {
        let output = place.run(&format!("explain {name} --from web --to db:1"));
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{name}");
    }
}

#[test]
fn colour_is_for_terminals_and_those_who_ask() {
    let place = Place::town();
    let colourful = |line: &str, color: bool| {
        let output = place.run(line);
        let text = [output.stdout, output.stderr].concat();
        assert_eq!(text.contains(&0x1b), color, "{line}: {}", String::from_utf8_lossy(&text));
    };
    colourful("explain . --from web --to db:22", false);
    colourful("explain . --from web --to db:22 --color always", true);
    colourful("explain . --from web --to db:22 --color never", false);
    colourful("explain . --from web --to db:22 --color always --format json", false);
    place.write("typo.yaml", "titel: x\n");
    colourful("check typo.yaml", false);
    colourful("check typo.yaml --color always", true);
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let place = Place::town();
    for (line, code) in [
        ("explain . --from web --to db:5432", 0),
        ("explain . --from web --to db:22", 1),
        ("schema", 0),
        ("completions bash", 0),
        ("--help", 0),
    ] {
        let mut command = place.command(line);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("egret runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("egret ends");
        assert_eq!(output.status.code(), Some(code), "{line}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line}");
    }
}

#[test]
fn without_dns_support_the_query_is_what_is_explained() {
    let place = Place::with(
        &TOWN.replace("  cidr: 10.0.0.0/16", "  cidr: 10.0.0.0/16\n  dns_support: false"),
    );
    let lines = [
        "explain . --from web --to api.example.com:443",
        "explain . --from web --to secrets.us-east-1.amazonaws.com:443",
        "explain . --from web --to i-db:5432",
        "explain . --from plain --to api.example.com:443",
    ];
    insta::assert_snapshot!("without_dns", place.session(&lines));
}
