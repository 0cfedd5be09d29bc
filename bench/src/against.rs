//! Two binaries, run in turn: A, B, A, B. What a machine does from minute to minute meets both.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::job::Job;
use crate::results::{Point, Results, Spread, Throughput};

/// How often each binary runs.
pub const TURNS: usize = 3;

/// Another binary beside this one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// The other binary.
    pub binary: String,
    /// Its version.
    pub egret: String,
    /// How often each ran.
    pub turns: usize,
    /// The points that both measured.
    pub points: Vec<Pair>,
}

/// One point, of both binaries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// What was measured.
    pub job: Job,
    /// Nanoseconds a packet without the generator, of this binary, turn by turn.
    pub net_ns: Vec<f64>,
    /// Of the other one.
    pub other_net_ns: Vec<f64>,
    /// The least of this one over the least of the other: below 1 this one is faster.
    pub ratio: f64,
    /// The least and the middle of the turns' own ratios: whether the ratio can be trusted.
    pub ratio_by_turn: Spread,
    /// Packets a second of this one over the other's, each at its best.
    pub mpps_ratio: f64,
}

/// Why two binaries cannot be compared.
#[derive(Debug, Error)]
pub enum Failure {
    /// One does not start.
    #[error("{0}: {1}")]
    NoStart(String, io::Error),
    /// One ended badly.
    #[error("{0} failed: {1}")]
    Failed(String, String),
    /// One said something else.
    #[error("{0} bench does not print results that this Egret can read: {1}")]
    Unreadable(String, serde_json::Error),
}

/// Runs both in turn with these arguments of `egret bench`; what came of the last run of this one,
/// with the other beside it. `done` is told before each run how many are over.
///
/// # Errors
/// When one of them fails.
pub fn run(
    this: &Path,
    other: &Path,
    arguments: &[String],
    mut done: impl FnMut(usize),
) -> Result<Results, Failure> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        done(2 * turn);
        ours.push(once(this, arguments)?);
        done(2 * turn + 1);
        theirs.push(once(other, arguments)?);
    }
    let points = (0..ours[0].points.len()).filter_map(|at| pair(&ours, &theirs, at)).collect();
    let against = Against {
        binary: other.display().to_string(),
        egret: theirs[0].egret.clone(),
        turns: TURNS,
        points,
    };
    let last = ours.pop().expect("a turn");
    Ok(Results { against: Some(against), ..last })
}

fn once(binary: &Path, arguments: &[String]) -> Result<Results, Failure> {
    let name = || binary.display().to_string();
    let mut command = Command::new(binary);
    command.arg("bench").args(arguments).args(["--format", "json"]).stdin(Stdio::null());
    let output = command.output().map_err(|error| Failure::NoStart(name(), error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Failure::Failed(name(), said));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| Failure::Unreadable(name(), error))
}

fn pair(ours: &[Results], theirs: &[Results], at: usize) -> Option<Pair> {
    let of = |all: &[Results], figure: fn(&Point) -> f64| -> Option<Vec<f64>> {
        all.iter().map(|results| results.points.get(at).map(figure)).collect()
    };
    let net: fn(&Point) -> f64 = |point| point.closed.net_ns.min;
    let (net_ns, other_net_ns) = (of(ours, net)?, of(theirs, net)?);
    let mpps = |all| of(all, |point| point.closed.mpps.best).map(|all| Throughput::of(&all).best);
    let by_turn = net_ns.iter().zip(&other_net_ns).map(|(a, b)| a / b).collect();
    Some(Pair {
        job: ours[0].points[at].job.clone(),
        ratio: Spread::of(net_ns.clone()).min / Spread::of(other_net_ns.clone()).min,
        ratio_by_turn: Spread::of(by_turn),
        mpps_ratio: mpps(ours)? / mpps(theirs)?,
        net_ns,
        other_net_ns,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_pair_compares_the_least_of_each() {
        let mut ours = vec![sample::results(), sample::results()];
        let theirs = ours.clone();
        ours[0].points[0].closed.net_ns.min *= 0.5;
        let pair = pair(&ours, &theirs, 0).unwrap();
        assert_eq!(pair.ratio, 0.5);
        assert_eq!(pair.ratio_by_turn, Spread { min: 0.5, median: 1.0 });
        assert_eq!(pair.net_ns.len(), 2);
    }

    #[test]
    fn a_binary_that_is_none_is_an_error() {
        let error = run(Path::new("/no/such/binary"), Path::new("x"), &[], |_| {}).unwrap_err();
        assert!(matches!(error, Failure::NoStart(..)), "{error}");
        let error = run(Path::new("/bin/false"), Path::new("x"), &[], |_| {}).unwrap_err();
        assert!(matches!(error, Failure::Failed(..)), "{error}");
    }
}
