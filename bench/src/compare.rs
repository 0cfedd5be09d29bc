//! A run beside an earlier one.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::job::Job;
use crate::results::{Point, Results, SCHEMA_VERSION};

/// The same point of an earlier run: each figure is now's over then's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// Nanoseconds a packet without the generator, then.
    pub net_ns_then: f64,
    /// Nanoseconds now over then: below 1 is faster.
    pub net_ns: f64,
    /// Packets a second now over then: above 1 is faster.
    pub mpps: f64,
    /// The ratio to the limit now over then: what is left when the machine is slower today.
    pub ratio_to_limit: f64,
    /// The 99.9th percentile of the open loop's latency now over then, where both have one.
    pub p99_9: Option<f64>,
    /// The highest rate now over then, where both have one.
    pub highest_rate: Option<f64>,
}

/// Why there is nothing to compare with.
#[derive(Debug, Error)]
pub enum Incomparable {
    /// The file cannot be read.
    #[error("{0}: {1}")]
    Unreadable(String, std::io::Error),
    /// It is no run.
    #[error("{0} is no output of `egret bench --format json`: {1}")]
    NoRun(String, serde_json::Error),
    /// It has another schema.
    #[error("{0} has schema version {1}, and this Egret compares version {SCHEMA_VERSION}")]
    Version(String, u64),
    /// It has other points.
    #[error("{0} has none of the points that are asked for; it was made by: {1}")]
    OtherPoints(String, String),
}

/// Reads an earlier run.
///
/// # Errors
/// When it cannot be read or is none.
pub fn read(path: &std::path::Path) -> Result<Results, Incomparable> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Incomparable::Unreadable(name.clone(), error))?;
    let no_run = |error| Incomparable::NoRun(name.clone(), error);
    let value: serde_json::Value = serde_json::from_str(&text).map_err(no_run)?;
    match value.get("schema_version").and_then(serde_json::Value::as_u64) {
        Some(version) if version != u64::from(SCHEMA_VERSION) => {
            Err(Incomparable::Version(name, version))
        }
        _ => serde_json::from_value(value).map_err(no_run),
    }
}

/// Whether an earlier run has one of these points.
///
/// # Errors
/// When it has none.
pub fn check(jobs: &[Job], then: &Results, name: &str) -> Result<(), Incomparable> {
    let known = |job: &Job| then.points.iter().any(|point| is_same(&point.job, job));
    let other = || Incomparable::OtherPoints(name.to_owned(), then.command.clone());
    if jobs.iter().any(known) { Ok(()) } else { Err(other()) }
}

/// Puts the same point of an earlier run beside each that has one.
pub fn compare(now: &mut Results, then: &Results) {
    for point in &mut now.points {
        let same = then.points.iter().find(|other| is_same(&other.job, &point.job));
        point.compared = same.map(|then| compared(point, then));
    }
}

fn compared(now: &Point, then: &Point) -> Compared {
    let p99_9 = |point: &Point| point.open.as_ref().map(|open| open.latency.p99_9 as f64);
    let highest = |point: &Point| point.search.as_ref().and_then(|search| search.rate);
    let both = |of: &dyn Fn(&Point) -> Option<f64>| Some(of(now)? / of(then)?);
    Compared {
        net_ns_then: then.closed.net_ns.min,
        net_ns: now.closed.net_ns.min / then.closed.net_ns.min,
        mpps: now.closed.mpps.best / then.closed.mpps.best,
        ratio_to_limit: now.closed.ratio_to_limit / then.closed.ratio_to_limit,
        p99_9: both(&p99_9),
        highest_rate: both(&highest),
    }
}

/// Whether two jobs measure the same thing, however long and with whatever seed.
fn is_same(a: &Job, b: &Job) -> bool {
    Job { duration: b.duration, seed: b.seed, peer: b.peer, ..a.clone() } == *b
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn results_survive_json() {
        let results = sample::results();
        let text = serde_json::to_string(&results).unwrap();
        assert_eq!(serde_json::from_str::<Results>(&text).unwrap(), results);
    }

    #[test]
    fn half_the_time_is_a_ratio_of_a_half() {
        let then = sample::results();
        let mut now = then.clone();
        now.points[0].closed.net_ns.min /= 2.0;
        now.points[0].closed.mpps.best *= 2.0;
        now.points[0].job.seed += 1;
        compare(&mut now, &then);
        let compared = now.points[0].compared.clone().unwrap();
        assert_eq!((compared.net_ns, compared.mpps), (0.5, 2.0));
        assert_eq!(now.points[1].compared.as_ref().unwrap().net_ns, 1.0);
    }

    #[test]
    fn other_points_are_not_compared() {
        let then = sample::results();
        let mut now = then.clone();
        now.points[0].job.rules = 7;
        compare(&mut now, &then);
        assert_eq!(now.points[0].compared, None);
        let job = Job { routes: 7, ..Job::default() };
        let error = check(&[job], &then, "old.json").unwrap_err().to_string();
        assert!(error.contains("none of the points") && error.contains("egret bench"), "{error}");
    }

    #[test]
    fn what_is_no_run_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.json");
        let error = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read(&path).unwrap_err()
        };
        assert!(matches!(error("{"), Incomparable::NoRun(..)));
        assert!(matches!(error("{}"), Incomparable::NoRun(..)));
        assert!(matches!(error("{\"schema_version\": 99}"), Incomparable::Version(_, 99)));
        assert!(matches!(read(&folder.path().join("none")), Err(Incomparable::Unreadable(..))));
    }
}
