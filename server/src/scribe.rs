//! Flow logs as files: what workers have seen, in a folder laid out as AWS lays out S3.
//!
//! A file is there whole or not at all: it gets its name when it is written. What was seen in a window
//! that is still open is lost where the process is killed; where it stops, it is written.

use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use egret_sim::flow_logs::{FileKind, Output};
use foldhash::fast::FixedState;

use crate::account::Identity;
use crate::account::flow_logs::FlowLog;
use crate::account::time::Timestamp;
use crate::control_plane::ControlPlane;
use crate::ec2::flow_logs;
use crate::engine::Finished;

/// How often it is looked whether a window is over.
const LOOK: Duration = Duration::from_secs(1);

/// Writes what windows have seen as they end, for ever.
pub async fn work(plane: Arc<ControlPlane>) {
    loop {
        tokio::time::sleep(LOOK).await;
        if plane.engine.observer().is_due(plane.now()) {
            let plane = Arc::clone(&plane);
            // Files take as long as they take, and requests go on meanwhile.
            let _ = tokio::task::spawn_blocking(move || write(&plane, false)).await;
        }
    }
}

/// Writes what all windows have seen so far: nothing more is to come.
pub fn close(plane: &ControlPlane) {
    write(plane, true);
}

fn write(plane: &ControlPlane, all: bool) {
    let (now, running) = (plane.now(), plane.engine.running());
    let snapshot = &running.compilation.snapshot;
    let (finished, identity, s3) = plane.read(|account| {
        let finished = plane.engine.observer().finished(account, snapshot, now, all);
        (finished, account.identity.clone(), account.rules.s3.clone())
    });
    for finished in finished {
        let delivered = match &s3 {
            Some(folder) => deliver(folder, &identity, &finished, now),
            None => Err(io::Error::other("there is no folder that stands for S3: --s3 names one")),
        };
        note(plane, &finished.log.id, delivered);
    }
}

/// Notes in the row whether records were delivered, where that is another answer than before.
fn note(plane: &ControlPlane, id: &str, delivered: io::Result<()>) {
    let error = delivered.err().map(|error| error.to_string());
    if let Some(why) = &error {
        tracing::error!(flow_log = id, why, "records of a flow log are not delivered");
    }
    let known = plane.read(|account| account.flow_logs.get(id).map(|row| row.error.clone()));
    if known.is_none_or(|known| known == error) {
        return;
    }
    let noted = plane.accept(|change| {
        flow_logs::delivered(change, id, error);
        Ok(())
    });
    if let Err(error) = noted {
        tracing::error!(%error, flow_log = id, "what became of records is not kept");
    }
}

/// Writes a file. A window in which there was no interface to record leaves none.
fn deliver(s3: &Path, identity: &Identity, finished: &Finished, now: Timestamp) -> io::Result<()> {
    if finished.records.is_empty() {
        return Ok(());
    }
    let path = s3.join(file(identity, &finished.log, finished.from, now));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let begun = path.with_extension("part");
    let kind = if finished.log.parquet { FileKind::Parquet } else { FileKind::Gzip };
    let mut output = Output::new(BufWriter::new(File::create(&begun)?), kind, &finished.format)?;
    output.write(&finished.records)?;
    output.finish()?;
    fs::rename(begun, path)
}

/// The path of a file, as AWS has it (aws-facts §10.4).
fn file(identity: &Identity, log: &FlowLog, from: Timestamp, now: Timestamp) -> PathBuf {
    let at = jiff::Timestamp::from_millisecond(from.0).unwrap_or_default();
    let part = |format: &str| at.strftime(format).to_string();
    let Identity { account, region, .. } = identity;
    let mut path = PathBuf::from(&log.bucket).join(&log.prefix).join("AWSLogs");
    path.push(match log.hive {
        false => format!("{account}/vpcflowlogs/{region}/{}", part("%Y/%m/%d")),
        true => format!(
            "aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/{}",
            part("year=%Y/month=%m/day=%d")
        ),
    });
    if log.per_hour {
        path.push(part(if log.hive { "hour=%H" } else { "%H" }));
    }
    let ending = if log.parquet { "log.parquet" } else { "log.gz" };
    let (minute, hash) = (part("%Y%m%dT%H%MZ"), hash(log, from, now));
    path.push(format!("{account}_vpcflowlogs_{region}_{}_{minute}_{hash:08x}.{ending}", log.id));
    path
}

/// Two files of one minute have different names.
fn hash(log: &FlowLog, from: Timestamp, now: Timestamp) -> u32 {
    let mut hasher = FixedState::with_seed(0).build_hasher();
    hasher.write(log.id.as_bytes());
    hasher.write_i64(from.0);
    hasher.write_i64(now.0);
    hasher.finish() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::flow_logs::TrafficType;

    #[test]
    fn files_are_where_aws_puts_them() {
        let log = FlowLog {
            id: "fl-1".to_owned(),
            resource: "vpc-1".to_owned(),
            traffic: TrafficType::All,
            bucket: "logs".to_owned(),
            prefix: String::new(),
            format: None,
            interval: 600,
            parquet: false,
            hive: false,
            per_hour: false,
            created: Timestamp(0),
            error: None,
        };
        let at = Timestamp(1_767_312_360_000);
        let shown = |log: &FlowLog| {
            let path = file(&Identity::default(), log, at, at).display().to_string();
            let (path, hash) = path.rsplit_once('_').expect("a hash");
            format!("{path} {}", hash.split_once('.').expect("an ending").1)
        };
        assert_eq!(
            shown(&log),
            "logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/02/\
             123456789012_vpcflowlogs_us-east-1_fl-1_20260102T0006Z log.gz"
        );
        let prefix = "a/b".to_owned();
        let log = FlowLog { prefix, hive: true, per_hour: true, parquet: true, ..log };
        assert_eq!(
            shown(&log),
            "logs/a/b/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/\
             aws-region=us-east-1/year=2026/month=01/day=02/hour=00/\
             123456789012_vpcflowlogs_us-east-1_fl-1_20260102T0006Z log.parquet"
        );
    }
}
