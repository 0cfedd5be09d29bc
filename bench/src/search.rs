//! The highest rate without loss, or with a given loss, by halving (RFC 2544, section 26.1).
//!
//! A machine that others use, too, loses packets at any rate when it takes the core away for longer
//! than the queue is. A rate therefore has a few attempts, of which one has to be within the loss.

use crate::job::Job;
use crate::lane::Lane;
use crate::open;
use crate::results::{Load, Search, Trial};

/// Attempts at each rate.
const ATTEMPTS: u32 = 3;
/// The search ends when what is left is such a part of the first rate.
const RESOLUTION: f64 = 1.0 / 128.0;
/// Shares of the highest rate at which latency is measured, in percent.
const LOADS: [f64; 6] = [10.0, 25.0, 50.0, 80.0, 90.0, 100.0];

/// Halves between nothing and `top`. `attempt` gives the loss at a rate, in percent.
pub fn halve(top: f64, allowed: f64, mut attempt: impl FnMut(f64) -> f64) -> Vec<Trial> {
    let mut trials = Vec::new();
    let (mut low, mut high, mut rate) = (0.0, top, top);
    while high - low > top * RESOLUTION || trials.is_empty() {
        let trial = at(rate, allowed, &mut attempt);
        trials.push(trial);
        if trial.passed {
            low = rate
        } else {
            high = rate
        }
        if low >= top {
            break;
        }
        rate = (low + high) / 2.0;
    }
    trials
}

fn at(rate: f64, allowed: f64, attempt: &mut impl FnMut(f64) -> f64) -> Trial {
    let mut trial = Trial { rate, loss_percent: f64::INFINITY, attempts: 0, passed: false };
    while !trial.passed && trial.attempts < ATTEMPTS {
        trial.loss_percent = trial.loss_percent.min(attempt(rate));
        trial.attempts += 1;
        trial.passed = trial.loss_percent <= allowed;
    }
    trial
}

/// The highest rate that passed.
pub fn highest(trials: &[Trial]) -> Option<f64> {
    let passed = trials.iter().filter(|trial| trial.passed);
    passed.map(|trial| trial.rate).reduce(f64::max)
}

/// Searches below `top`, each trial as long as the job says, and measures latency at shares of what
/// was found.
pub fn measure(
    lanes: &mut [Lane],
    job: &Job,
    top: f64,
    allowed: f64,
    mut done: impl FnMut(f64),
) -> Search {
    let mut trial = 0.0;
    let trials = halve(top, allowed, |rate| {
        trial += 1.0;
        done(trial / (trial + 8.0));
        open::measure(lanes, job, rate, job.duration).loss_percent
    });
    let rate = highest(&trials);
    let load = |percent: f64| {
        let open = open::measure(lanes, job, rate.unwrap_or(top) * percent / 100.0, job.duration);
        Load { percent, open }
    };
    let load = if rate.is_some() { LOADS.into_iter().map(load).collect() } else { Vec::new() };
    Search { loss_percent: allowed, rate, trials, load }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The loss of a device that takes so many packets a second, in percent.
    fn loss(capacity: f64, rate: f64) -> f64 {
        (1.0 - capacity / rate).max(0.0) * 100.0
    }

    #[test]
    fn a_known_capacity_is_found() {
        for capacity in [0.1e6, 3.7e6, 9.9e6] {
            let found = highest(&halve(10e6, 0.0, |rate| loss(capacity, rate))).unwrap();
            assert!(found <= capacity, "{found} of {capacity}");
            assert!(capacity - found <= 10e6 * RESOLUTION, "{found} of {capacity}");
        }
    }

    #[test]
    fn some_loss_allows_a_higher_rate() {
        let found = highest(&halve(10e6, 10.0, |rate| loss(5e6, rate))).unwrap();
        assert!((found / (5e6 / 0.9) - 1.0).abs() < 0.02, "{found}");
    }

    #[test]
    fn a_device_above_the_top_is_not_searched_further() {
        let trials = halve(10e6, 0.0, |rate| loss(20e6, rate));
        assert_eq!(trials.len(), 1);
        assert_eq!(highest(&trials), Some(10e6));
    }

    #[test]
    fn a_device_that_loses_always_has_no_rate() {
        let trials = halve(10e6, 0.0, |_| 1.0);
        assert_eq!(highest(&trials), None);
        assert!(trials.iter().all(|trial| trial.attempts == ATTEMPTS));
    }

    #[test]
    fn one_disturbed_attempt_does_not_fail_a_rate() {
        let mut attempts = 0;
        let trials = halve(10e6, 0.0, |rate| {
            attempts += 1;
            if attempts % 3 == 1 { 5.0 } else { loss(7e6, rate) }
        });
        let found = highest(&trials).unwrap();
        assert!((7e6 - found) <= 10e6 * RESOLUTION, "{found}");
    }
}
