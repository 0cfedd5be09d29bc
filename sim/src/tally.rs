//! What came of each workload, counted as it happens.

use std::collections::BTreeMap;

use egret_dataplane::time::Duration;
use hdrhistogram::Histogram;

use crate::observe::Trail;
use crate::report::{Latency, TraceHop};

/// Counts of one workload.
pub(crate) struct Tally {
    pub(crate) attempted: u64,
    pub(crate) established: u64,
    pub(crate) completed: u64,
    pub(crate) failed: BTreeMap<&'static str, u64>,
    pub(crate) resets: u64,
    pub(crate) timeouts: u64,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) retransmissions: u64,
    pub(crate) intact: bool,
    pub(crate) connect: Times,
    pub(crate) request: Times,
    pub(crate) hops: Vec<TraceHop>,
    /// The way of the first packet.
    pub(crate) trail: Option<Trail>,
}

impl Default for Tally {
    fn default() -> Self {
        Tally {
            attempted: 0,
            established: 0,
            completed: 0,
            failed: BTreeMap::new(),
            resets: 0,
            timeouts: 0,
            sent: 0,
            received: 0,
            retransmissions: 0,
            intact: true,
            connect: Times::default(),
            request: Times::default(),
            hops: Vec::new(),
            trail: None,
        }
    }
}

impl Tally {
    /// One came to nothing.
    pub(crate) fn fail(&mut self, why: &'static str) {
        *self.failed.entry(why).or_default() += 1;
    }

    /// All that came to nothing.
    pub(crate) fn failures(&self) -> u64 {
        self.failed.values().sum()
    }

    /// Why, most frequent first.
    pub(crate) fn reasons(&self) -> Vec<(String, u64)> {
        by_count(self.failed.iter().map(|(why, count)| ((*why).to_owned(), *count)))
    }
}

/// Names with counts, most frequent first.
pub(crate) fn by_count(counts: impl Iterator<Item = (String, u64)>) -> Vec<(String, u64)> {
    let mut counts: Vec<_> = counts.collect();
    counts.sort_by(|(a, many), (b, few)| few.cmp(many).then_with(|| a.cmp(b)));
    counts
}

/// Times, to three digits; made at the first one.
#[derive(Default)]
pub(crate) struct Times(Option<Histogram<u64>>);

impl Times {
    pub(crate) fn add(&mut self, time: Duration) {
        let times = self.0.get_or_insert_with(|| Histogram::new(3).expect("three digits are few"));
        times.record(time.0).expect("a histogram that grows");
    }

    pub(crate) fn latency(&self) -> Option<Latency> {
        let times = self.0.as_ref()?;
        Some(Latency {
            count: times.len(),
            min_ns: times.min(),
            p50_ns: times.value_at_quantile(0.5),
            p99_ns: times.value_at_quantile(0.99),
            max_ns: times.max(),
        })
    }
}
