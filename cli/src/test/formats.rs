//! Results for machines.

use std::path::Path;

use egret_sim::suite::{Awaited, Spot, Verdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use super::{Done, File, More, Tally, at, coverage, mutation};

/// One document.
pub(super) fn json(done: &[&Done], more: More<'_>) -> String {
    let case = |done: &&Done| {
        json!({
            "name": done.case.name,
            "place": place(&done.case.spot),
            "verdict": done.verdict().word(),
            "passed": done.verdict() == Verdict::Passed,
            "differences": done.outcome.differences,
            "waits_for": done.outcome.waits_for.iter().map(awaited).collect::<Vec<_>>(),
            "explanation": done.outcome.explanation,
            "decided_by": done.outcome.culprit.as_ref().map(place),
            "classes": done.outcome.classes,
            "seconds": done.took.as_secs_f64(),
        })
    };
    let cases: Vec<Value> = done.iter().map(case).collect();
    let tally = Tally::of(done.iter().copied());
    let mut document = json!({
        "schema_version": 1,
        "passed": tally.passed,
        "failed": tally.failed,
        "inconclusive": tally.inconclusive,
        "cases": cases,
    });
    if let Some(coverage) = more.coverage {
        document["coverage"] = coverage::json(coverage);
    }
    if let Some(mutation) = more.mutation {
        document["mutation"] = mutation::json(mutation);
    }
    format!("{document:#}\n")
}

fn awaited(awaited: &Awaited) -> Value {
    json!({ "name": awaited.name, "place": place(&awaited.spot) })
}

pub(super) fn place(spot: &Spot) -> Value {
    json!({ "file": spot.file, "line": spot.line, "column": spot.column })
}

/// JUnit XML: a suite for each file.
pub(super) fn junit(files: &[File]) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("egret");
    for file in files {
        let mut suite = TestSuite::new(file.path.display().to_string());
        for done in &file.done {
            let mut case = TestCase::new(done.case.name.as_str(), status(done));
            case.set_classname(file.path.display().to_string());
            case.set_time(done.took);
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report.to_string()
}

fn status(done: &Done) -> TestCaseStatus {
    let mut status = match done.verdict() {
        Verdict::Passed => return TestCaseStatus::success(),
        Verdict::Inconclusive => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("inconclusive: {}", done.waits_for()));
            return status;
        }
        Verdict::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    status.set_message(done.outcome.differences.join("; "));
    status.set_type("expectation");
    status.set_description(done.outcome.explanation.clone().unwrap_or_default());
    status
}

/// Test Anything Protocol.
pub(super) fn tap(done: &[&Done]) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", done.len());
    for (number, done) in done.iter().enumerate() {
        let ok = if done.failed() { "not ok" } else { "ok" };
        // A `#` would begin a directive.
        let name = done.case.name.replace('#', "\\#");
        let skip = match done.verdict() {
            Verdict::Inconclusive => format!(" # SKIP inconclusive: {}", done.waits_for()),
            Verdict::Passed | Verdict::Failed => String::new(),
        };
        out += &format!("{ok} {} - {name}{skip}\n", number + 1);
        if done.failed() {
            // JSON is YAML, and needs no second writer.
            let details = json!({ "at": at(&done.case), "message": done.outcome.differences });
            out += &format!("  ---\n  {details}\n  ...\n");
        }
    }
    out
}

/// Workflow commands: an annotation of each expectation that fails, and of the rule that decided.
pub(super) fn github(done: &[&Done], more: More<'_>) -> String {
    let mut out = String::new();
    for done in done.iter().filter(|done| done.verdict() == Verdict::Inconclusive) {
        let message = format!("{}: {}", done.case.name, done.waits_for());
        out += &annotation("warning", &done.case.spot, &message);
    }
    for done in done.iter().filter(|done| done.failed()) {
        let message = format!("{}: {}", done.case.name, done.outcome.differences.join("; "));
        out += &annotation("error", &done.case.spot, &message);
        if let Some(spot) = &done.outcome.culprit {
            out += &annotation("notice", spot, &format!("This decided: {message}"));
        }
    }
    out += &format!("{}\n", Tally::of(done.iter().copied()));
    out += &more.coverage.map(coverage::github).unwrap_or_default();
    out + &more.mutation.map(mutation::github).unwrap_or_default()
}

pub(super) fn annotation(level: &str, spot: &Spot, message: &str) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let Spot { file, line, column } = spot;
    let file = property(&file.display().to_string());
    format!("::{level} file={file},line={line},col={column},title=egret::{}\n", data(message))
}

/// SARIF 2.1.0 (OASIS): a result for each expectation that fails, at its line, with the rule that
/// decided as a related place; and for each that cannot be decided, as §3.27.9 has it.
pub(super) fn sarif(done: &[&Done], more: More<'_>) -> String {
    let told = done.iter().filter(|done| done.verdict() != Verdict::Passed);
    let mut results: Vec<Value> = told.map(|done| result(done)).collect();
    results.extend(more.coverage.map(coverage::sarif).unwrap_or_default());
    results.extend(more.mutation.map(mutation::sarif).unwrap_or_default());
    let rule = |(id, text): (&str, &str)| json!({ "id": id, "shortDescription": { "text": text } });
    let rules: Vec<Value> = SARIF_RULES.into_iter().map(rule).collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "egret",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "results": results,
        }],
    });
    format!("{document:#}\n")
}

/// What there may be results about.
const SARIF_RULES: [(&str, &str); 3] = [
    ("expectation", "What is expected of packets is not so."),
    ("not-exercised", "No expectation exercises this rule, entry, route or endpoint."),
    ("not-noticed", "No expectation would notice this change."),
];

fn result(done: &Done) -> Value {
    let (kind, level, why) = match done.verdict() {
        Verdict::Inconclusive => ("open", "none", done.waits_for()),
        Verdict::Passed | Verdict::Failed => ("fail", "error", done.outcome.differences.join("; ")),
    };
    let message = format!("{}: {why}", done.case.name);
    let mut result = sarif_result("expectation", level, &message, &done.case.spot);
    result["kind"] = json!(kind);
    if let Some(spot) = &done.outcome.culprit {
        let mut decided = location(spot);
        decided["message"] = json!({ "text": "This decided." });
        result["relatedLocations"] = json!([decided]);
    }
    result
}

pub(super) fn sarif_result(rule: &str, level: &str, message: &str, spot: &Spot) -> Value {
    json!({
        "ruleId": rule,
        "level": level,
        "message": { "text": message },
        "locations": [location(spot)],
    })
}

fn location(spot: &Spot) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&spot.file) },
        "region": { "startLine": spot.line, "startColumn": spot.column },
    } })
}

/// A path as a relative reference (RFC 3986 §4.2).
fn uri(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let piece = |byte: u8| match byte {
        byte if plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(piece).collect()
}
