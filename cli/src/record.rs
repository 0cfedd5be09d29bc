//! `egret record`: expectations of what holds now.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use clap::Args;
use egret_sim::flow_logs::Format;
use egret_sim::flow_logs::read::{Reader, files};
use egret_sim::record::{Header, Logged, Recording, record, record_logged, yaml};
use egret_sim::scenario::FILE_NAME;

use crate::input::{self, Input, Loaded};
use crate::reach::LIMIT;
use crate::{Exit, terminal};

/// Writes down as expectations (`*.egret.yaml`) what holds now: of everything that services send, or of
/// what flow logs have seen of it. `egret test` passes at once, and fails when it is no longer so.
///
/// Exit codes: 0 it is written, 2 bad input, 3 it could not be written.
#[derive(Debug, Args)]
pub(crate) struct Record {
    /// A scenario file, its folder, or a folder of JSON as `aws ec2 describe-*` prints it.
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,

    /// Only what this one sends: a service or SERVICE/TASK; may be repeated. Default: every service.
    #[arg(long, value_name = "SENDER")]
    from: Vec<String>,

    /// Record only what these flow logs have seen: files or folders of text, gzip or Parquet, of AWS
    /// or of `egret run --flow-logs`.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    flow_logs: Vec<PathBuf>,

    /// The fields of flow logs that do not say so themselves: `${srcaddr} ${dstaddr} ...`.
    #[arg(long, value_name = "FORMAT", requires = "flow_logs")]
    flow_log_format: Option<Format>,

    /// Where to write: a file whose name ends in `.egret.yaml`. Default: standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Replace the file if it is there.
    #[arg(long, requires = "output")]
    force: bool,
}

impl Record {
    pub(crate) fn run(self) -> io::Result<Exit> {
        if let Some(complaint) = self.output.as_deref().and_then(|path| self.unfit(path)) {
            return complain(&complaint);
        }
        let loaded = match Input::of(&self.scenario).load() {
            Ok(loaded) => loaded,
            Err(rejection) => {
                input::show(&rejection.findings, &rejection.sources)?;
                return Ok(Exit::BadInput);
            }
        };
        loaded.compilation.snapshot.prepare();
        let recording = match self.record(&loaded)? {
            Ok(recording) => recording,
            Err(complaint) => return complain(&complaint),
        };
        if recording.expectations.is_empty() {
            return complain("nothing to record: no service sends anything that can be expected");
        }
        if let Some(folder) = self.output.as_deref().and_then(Path::parent) {
            // An empty one is the current folder, and is there.
            fs::create_dir_all(folder)?;
        }
        for name in &recording.waits_for {
            terminal::complain(&format!(
                "egret: nothing is recorded of what depends on this, which is not known: {name}\n"
            ))?;
        }
        let text = yaml(&self.header(&recording), &recording.expectations);
        match &self.output {
            None => terminal::print(&text)?,
            Some(path) => self.write(path, &text)?,
        }
        Ok(Exit::Fine)
    }

    /// What is wrong with the file to write to.
    fn unfit(&self, path: &Path) -> Option<String> {
        let name = path.display();
        if !path.to_string_lossy().ends_with(egret_sim::suite::ENDING) {
            return Some(format!("{name}: `egret test` finds files that end in `.egret.yaml`"));
        }
        if path.exists() && !self.force {
            return Some(format!("{name} is there already: name another file, or add --force"));
        }
        None
    }

    /// What there is to record, or why there is nothing.
    fn record(&self, loaded: &Loaded) -> io::Result<Result<Recording, String>> {
        let (model, compilation) = (&loaded.model, &loaded.compilation);
        let recorded = if self.flow_logs.is_empty() {
            record(model, compilation, &self.from, LIMIT)
        } else {
            let logged = match self.read(loaded)? {
                Ok(logged) => logged,
                Err(complaint) => return Ok(Err(complaint)),
            };
            record_logged(model, compilation, &self.from, &logged, LIMIT)
        };
        Ok(recorded.map_err(|error| error.to_string()))
    }

    fn read(&self, loaded: &Loaded) -> io::Result<Result<Logged, String>> {
        let files = match files(&self.flow_logs) {
            Ok(files) => files,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let mut logged = Logged::default();
        let mut reader = Reader::new(self.flow_log_format.clone());
        for file in &files.files {
            reader.read(file, |record| logged.see(&loaded.compilation.snapshot, record));
        }
        let tally = reader.tally();
        for problem in &tally.shown {
            terminal::complain(&format!("{problem}\n"))?;
        }
        if tally.problems > 0 {
            let more = tally.problems - tally.shown.len() as u64;
            let more =
                if more > 0 { format!("; {more} more are not shown") } else { String::new() };
            return Ok(Err(format!("{} could not be read{more}", records(tally.problems))));
        }
        if logged.is_empty() {
            let records = records(tally.records);
            return Ok(Err(format!("{records} read, and none is about packets of a service")));
        }
        if logged.beyond > 0 {
            let beyond = records(logged.beyond);
            terminal::complain(&format!(
                "egret: {beyond} about flows beyond a million left out\n"
            ))?;
        }
        Ok(Ok(logged))
    }

    fn header(&self, recording: &Recording) -> Header {
        let what = match self.flow_logs.is_empty() {
            true => "What held when it was recorded",
            false => "What flow logs had seen, and held when it was recorded",
        };
        let mut comments = vec![format!("{what}, by `egret record`. Edit it as you like.")];
        if !recording.left_out.is_empty() {
            comments.push("Left out:".to_owned());
            comments.extend(recording.left_out.iter().map(|sentence| format!("- {sentence}")));
        }
        Header { comments, scenario: self.scenario_from_output() }
    }

    /// The scenario as seen from where the file is; none where `egret test` finds it by itself.
    fn scenario_from_output(&self) -> Option<String> {
        let here = self.output.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let here = if here.as_os_str().is_empty() { Path::new(".") } else { here };
        let (from, to) = (here.canonicalize().ok()?, self.scenario.canonicalize().ok()?);
        if from.join(FILE_NAME) == to || (from == to && from.join(FILE_NAME).exists()) {
            return None;
        }
        Some(relative(&from, &to).to_string_lossy().into_owned())
    }

    fn write(&self, path: &Path, text: &str) -> io::Result<()> {
        let mut options = OpenOptions::new();
        // Also against a file that came meanwhile.
        options.write(true).create(true).truncate(true).create_new(!self.force);
        options.open(path)?.write_all(text.as_bytes())
    }
}

fn records(count: u64) -> String {
    if count == 1 { "1 record".to_owned() } else { format!("{count} records") }
}

/// The way from one folder to a path, both absolute.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let same = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(same).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(to.components().skip(same)).collect();
    if way.as_os_str().is_empty() { PathBuf::from(".") } else { way }
}

fn complain(error: &str) -> io::Result<Exit> {
    terminal::complain(&format!("egret: {error}\n"))?;
    Ok(Exit::BadInput)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_seen_from_a_folder() {
        let relative = |from: &str, to: &str| relative(Path::new(from), Path::new(to));
        assert_eq!(relative("/a/b", "/a/b/c.yaml"), Path::new("c.yaml"));
        assert_eq!(relative("/a/b", "/a/c"), Path::new("../c"));
        assert_eq!(relative("/a", "/a"), Path::new("."));
    }
}
