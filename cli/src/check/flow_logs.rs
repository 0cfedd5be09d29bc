//! `egret check --flow-logs`: which rules logged flows use, and where a log contradicts the
//! configuration.

use std::fmt::Write;
use std::io;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use egret_control::explain::text::Style;
use egret_control::explain::{element_kind, element_names};
use egret_dataplane::verdict::Drop;
use egret_sim::flow_logs::Format;
use egret_sim::flow_logs::read::{Reader, Tally, files};
use egret_sim::flow_logs::usage::{Carried, Contradiction, Line, Report, Rule, Usage};
use serde_json::{Value, json};

use crate::input::Loaded;
use crate::{Exit, terminal};

/// Flow logs to hold the configuration against.
#[derive(Debug, Args)]
pub(super) struct FlowLogs {
    /// Flow logs: files of text, gzip or Parquet, or folders of them as AWS delivers them to S3. Says
    /// which rules no logged flow uses, and where a log contradicts the configuration.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    flow_logs: Vec<PathBuf>,

    /// The fields of text without a header line, such as '${srcaddr} ${dstaddr} ${action}'; the
    /// fourteen of version 2 by default.
    #[arg(long, value_name = "FIELDS", requires = "flow_logs")]
    flow_log_format: Option<Format>,

    /// Count records that cannot be read, and do not fail for them.
    #[arg(long, requires = "flow_logs")]
    skip_malformed: bool,

    /// Exit with 1 when a rule is never used, or when the log contradicts the configuration.
    #[arg(long, value_name = "WHAT", value_enum, requires = "flow_logs", value_delimiter = ',')]
    fail_on: Vec<FailOn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// A rule that no logged flow uses.
    Unused,
    /// A flow that would fare otherwise now than it did then.
    Contradiction,
}

/// What came of it.
pub(super) struct Checked<'a> {
    loaded: &'a Loaded,
    tally: Tally,
    left_out: usize,
    report: Report,
}

impl FlowLogs {
    /// Whether there are none.
    pub(super) fn is_none(&self) -> bool {
        self.flow_logs.is_empty()
    }

    /// Reads them; or says which of them is not there.
    pub(super) fn check<'a>(&self, loaded: &'a Loaded) -> io::Result<Result<Checked<'a>, String>> {
        let found = match files(&self.flow_logs) {
            Ok(found) => found,
            Err(error) => return Ok(Err(error.to_string())),
        };
        if found.files.is_empty() {
            let what =
                "there is no flow log: a file whose name ends in .log, .gz, .parquet or .txt";
            return Ok(Err(what.to_owned()));
        }
        let compilation = &loaded.compilation;
        compilation.snapshot.prepare();
        let mut usage = Usage::new(&compilation.snapshot);
        let mut reader = Reader::new(self.flow_log_format.clone());
        for file in &found.files {
            reader.read(file, |record| usage.record(record));
        }
        let tally = reader.tally().clone();
        for problem in &tally.shown {
            terminal::complain(&format!("{problem}\n"))?;
        }
        let more = tally.problems - tally.shown.len() as u64;
        if more > 0 {
            terminal::complain(&format!("and {more} more like these\n"))?;
        }
        let report = usage.finish(&compilation.index);
        Ok(Ok(Checked { loaded, tally, left_out: found.left_out.len(), report }))
    }

    pub(super) fn exit(&self, checked: &Checked<'_>) -> Exit {
        let fails = self.fail_on.iter().any(|what| match what {
            FailOn::Unused => checked.unused().next().is_some(),
            FailOn::Contradiction => !checked.report.contradictions.is_empty(),
        });
        match checked.tally.problems > 0 && !self.skip_malformed {
            true => Exit::BadInput,
            false if fails => Exit::Unexpected,
            false => Exit::Fine,
        }
    }
}

impl Checked<'_> {
    fn unused(&self) -> impl Iterator<Item = &Line> {
        self.report.lines.iter().filter(|line| line.carried.flows == 0 && line.observed)
    }

    fn place(&self, line: &Line) -> String {
        let place = line.place.and_then(|place| self.loaded.model.sources.display(place));
        place.map_or(String::new(), |place| format!("  [{place}]"))
    }

    fn words(&self, rule: Rule) -> String {
        rule.line(&self.loaded.compilation.snapshot).to_string()
    }

    pub(super) fn show(&self) -> io::Result<()> {
        let mut out = String::new();
        self.records(&mut out);
        let heading = |out: &mut String, text: &str| {
            let _ = writeln!(out, "\n{}", terminal::paint(Style::Heading, text));
        };
        let lines = &self.report.lines;
        let used: Vec<&Line> = lines.iter().filter(|line| line.carried.flows > 0).collect();
        if !used.is_empty() {
            heading(&mut out, "Used, by so many flows and answers");
            self.table(&mut out, &used);
        }
        let unused: Vec<&Line> = self.unused().collect();
        if !unused.is_empty() {
            heading(&mut out, "Never used by a logged flow");
            self.list(&mut out, &unused);
        }
        let unseen: Vec<&Line> = lines.iter().filter(|line| !line.observed).collect();
        if !unseen.is_empty() {
            heading(&mut out, "Not observed: no interface that could use them is logged");
            self.list(&mut out, &unseen);
        }
        if !self.report.contradictions.is_empty() {
            heading(&mut out, "The log contradicts the configuration");
            for found in &self.report.contradictions {
                self.contradiction(&mut out, found);
            }
        }
        terminal::print(&out)
    }

    fn records(&self, out: &mut String) {
        let (Tally { files, records, no_data, skip_data, problems, .. }, counts) =
            (&self.tally, &self.report.counts);
        let _ = writeln!(
            out,
            "\n{}\n  {}, {}, {no_data} without data",
            terminal::paint(Style::Heading, "Flow logs"),
            many(*files, "file"),
            many(*records, "record"),
        );
        let _ = writeln!(
            out,
            "  {} where they open, {} where they arrive, {}, {}",
            many(counts.flows, "flow"),
            counts.received,
            many(counts.answers, "answer"),
            many(counts.further, "hop") + " further on",
        );
        let unknown: Vec<&str> = counts.unknown_interfaces.iter().map(String::as_str).collect();
        let of_unknown = match unknown.is_empty() {
            true => String::new(),
            false => format!(" ({}, …)", unknown.join(", ")),
        };
        let records = |count, what: &str| (count, many(count, "record") + " " + what);
        let stranger =
            format!("of interfaces that the configuration does not have{of_unknown}: not judged");
        let notes = [
            records(*skip_data, "of AWS that others were left out"),
            records(*problems, "that cannot be read"),
            records(counts.unknown_interface, &stranger),
            records(
                counts.unknown_senders,
                "of senders that the configuration does not have: not judged",
            ),
            records(counts.ipv6, "of IPv6: not judged"),
            records(
                counts.unread,
                "without an address, a port, a protocol or an action: not judged",
            ),
            records(
                counts.unknown_hosts,
                "of answers of hosts that the configuration does not have",
            ),
            records(counts.late, "of refused packets whose connection was over"),
            (
                self.left_out as u64,
                many(self.left_out as u64, "file") + " that look like no flow log: left out",
            ),
        ];
        for (_, what) in notes.iter().filter(|(count, _)| *count > 0) {
            let _ = writeln!(out, "  {what}");
        }
    }

    fn table(&self, out: &mut String, lines: &[&Line]) {
        let widths = ["flows", "packets", "bytes"].map(str::len);
        let numbers = |carried: &Carried| {
            [carried.flows, carried.packets, carried.bytes].map(|number| number.to_string())
        };
        let widths = lines.iter().fold(widths, |mut widths, line| {
            for (width, number) in widths.iter_mut().zip(numbers(&line.carried)) {
                *width = (*width).max(number.len());
            }
            widths
        });
        let [flows, packets, bytes] = widths;
        let _ =
            writeln!(out, "  {:>flows$}  {:>packets$}  {:>bytes$}", "flows", "packets", "bytes");
        for line in lines {
            let [f, p, b] = numbers(&line.carried);
            let _ = writeln!(
                out,
                "  {f:>flows$}  {p:>packets$}  {b:>bytes$}  {}{}",
                self.words(line.rule),
                self.place(line)
            );
        }
    }

    fn list(&self, out: &mut String, lines: &[&Line]) {
        for line in lines {
            let _ = writeln!(out, "  {}{}", self.words(line.rule), self.place(line));
        }
    }

    fn contradiction(&self, out: &mut String, found: &Contradiction) {
        let Contradiction { interface, egress, carried, example, rule, .. } = found;
        let records = many(carried.flows, "record");
        let way = if *egress { "out of" } else { "into" };
        let what = match found.drop {
            Some(drop) => format!(
                "{records} {way} {interface} accepted then, dropped now: {}",
                self.drop(drop)
            ),
            None => format!("{records} {way} {interface} refused then, accepted now"),
        };
        let _ = writeln!(out, "  {}", terminal::paint(Style::Bad, &what));
        if let Some(rule) = rule {
            let place = rule.place(&self.loaded.compilation.index);
            let place = place.and_then(|place| self.loaded.model.sources.display(place));
            let place = place.map_or(String::new(), |place| format!("  [{place}]"));
            let _ = writeln!(out, "    by {}{place}", self.words(*rule));
        }
        let at = example.start.map_or(String::new(), |start| format!(" at {start}"));
        let _ = writeln!(out, "    such as {} {}{at}", example.tuple.protocol, example.tuple);
    }

    fn drop(&self, drop: Drop) -> String {
        let name = element_names(&self.loaded.compilation.snapshot, drop.element).swap_remove(0);
        format!("{} at {} {name}", drop.reason, element_kind(drop.element))
    }

    pub(super) fn json(&self) -> Value {
        let counts = &self.report.counts;
        let problems = self.tally.shown.iter().map(|problem| {
            json!({ "file": problem.path.display().to_string(), "line": problem.line, "message": problem.what })
        });
        json!({
            "files": self.tally.files,
            "records": self.tally.records,
            "no_data": self.tally.no_data,
            "skip_data": self.tally.skip_data,
            "malformed": self.tally.problems,
            "malformed_shown": problems.collect::<Vec<_>>(),
            "left_out_files": self.left_out,
            "flows": counts.flows,
            "received": counts.received,
            "answers": counts.answers,
            "further": counts.further,
            "late": counts.late,
            "unknown_hosts": counts.unknown_hosts,
            "not_judged": {
                "unknown_interface": counts.unknown_interface,
                "unknown_interfaces_shown": counts.unknown_interfaces,
                "unknown_sender": counts.unknown_senders,
                "ipv6": counts.ipv6,
                "incomplete": counts.unread,
            },
            "rules": self.report.lines.iter().map(|line| self.line_json(line)).collect::<Vec<_>>(),
            "contradictions":
                self.report.contradictions.iter().map(|c| self.contradiction_json(c)).collect::<Vec<_>>(),
        })
    }

    fn rule_json(&self, rule: Rule) -> Value {
        let (kind, name, words) = rule.words(&self.loaded.compilation.snapshot);
        let place = rule.place(&self.loaded.compilation.index).filter(|place| place.file.is_some());
        let sources = &self.loaded.model.sources;
        let file = place.and_then(|place| place.file);
        json!({
            "kind": kind,
            "name": name,
            "rule": (!words.is_empty()).then_some(words),
            "file": file.map(|file| sources.file(file).path.display().to_string()),
            "line": place.map(|place| place.line),
            "column": place.map(|place| place.column),
        })
    }

    fn line_json(&self, line: &Line) -> Value {
        let mut value = self.rule_json(line.rule);
        value["observed"] = json!(line.observed);
        value["flows"] = json!(line.carried.flows);
        value["packets"] = json!(line.carried.packets);
        value["bytes"] = json!(line.carried.bytes);
        value
    }

    fn contradiction_json(&self, found: &Contradiction) -> Value {
        let (then, now) =
            if found.drop.is_some() { ("ACCEPT", "dropped") } else { ("REJECT", "accepted") };
        let tuple = found.example.tuple;
        json!({
            "interface": found.interface,
            "direction": if found.egress { "egress" } else { "ingress" },
            "then": then,
            "now": now,
            "reason": found.drop.map(|drop| drop.reason.to_string()),
            "element": found.drop.map(|drop| element_kind(drop.element)),
            "rule": found.rule.map(|rule| self.rule_json(rule)),
            "records": found.carried.flows,
            "packets": found.carried.packets,
            "bytes": found.carried.bytes,
            "example": {
                "src": tuple.src, "dst": tuple.dst, "src_port": tuple.src_port,
                "dst_port": tuple.dst_port, "protocol": tuple.protocol.0, "start": found.example.start,
            },
        })
    }
}

fn many(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
