//! How far a run is: a bar on standard error where that is a terminal, nothing elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Where a run is. Clones are the same bar.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: ProgressBar,
}

/// Parts of a point that the bar tells apart.
const PARTS: u64 = 1_000;

impl Progress {
    /// A run of so many points.
    pub fn new(points: usize) -> Progress {
        let bar = ProgressBar::new(points as u64 * PARTS);
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(500));
        Progress { bar }
    }

    /// A run that nobody watches.
    pub fn hidden() -> Progress {
        Progress { bar: ProgressBar::hidden() }
    }

    /// What happens now.
    pub fn say(&self, what: impl Into<String>) {
        self.bar.set_message(what.into());
    }

    /// A share of the present point, from 0 to 1, is done.
    pub fn reach(&self, point: usize, share: f64) {
        let part = (share.clamp(0.0, 1.0) * PARTS as f64) as u64;
        self.bar.set_position(point as u64 * PARTS + part);
    }

    /// The run is over.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
