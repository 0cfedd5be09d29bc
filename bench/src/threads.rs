//! A thread for each worker, each on a core of its own where there are enough.

use std::sync::Barrier;
use std::thread;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Runs `work` on every item at once, each on a thread of its own, and gives what came of it in the
/// items' order.
///
/// # Panics
/// When one of the threads does.
pub fn each<T: Send, R: Send>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(usize, T) -> R + Sync,
) -> Vec<R> {
    let items: Vec<T> = items.into_iter().collect();
    let cores = cores();
    let pins = cores.len() >= items.len();
    thread::scope(|scope| {
        let work = &work;
        let start = |(at, item)| {
            // The first core is where interrupts go first: the last one is the quietest.
            let core = cores.iter().rev().nth(at).copied().filter(|_| pins);
            scope.spawn(move || {
                pin(core);
                work(at, item)
            })
        };
        let threads: Vec<_> = items.into_iter().enumerate().map(start).collect();
        threads.into_iter().map(|thread| thread.join().expect("a worker that ends well")).collect()
    })
}

/// What threads wait at for each other between two measurements.
pub fn meeting(threads: usize) -> Barrier {
    Barrier::new(threads)
}

/// The cores that this process may use.
fn cores() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(None) else { return Vec::new() };
    (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect()
}

/// Keeps this thread on one core. Where that is refused, the system chooses.
fn pin(core: Option<usize>) {
    if let Some(core) = core {
        let mut set = CpuSet::new();
        set.set(core);
        let _ = sched_setaffinity(None, &set);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        assert_eq!(each([3, 1, 2], |at, item| at * 10 + item), [3, 11, 22]);
    }
}
