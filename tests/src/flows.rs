//! What must hold of the flows of all workers together.

use std::collections::HashSet;

use egret_dataplane::flow::Dir;
use egret_dataplane::worker::Worker;

/// How many flows live: each with keys of its own, and no two with the same translated address and
/// port towards one destination.
///
/// # Panics
/// When two flows share what is one flow's.
pub fn live<'a>(workers: impl IntoIterator<Item = &'a Worker>) -> usize {
    let (mut sources, mut keys) = (HashSet::new(), HashSet::new());
    let mut live = 0;
    for flows in workers.into_iter().map(Worker::flows) {
        for id in flows.iter() {
            let (session, cold) = (flows.session(id), flows.cold(id));
            let first = session.keys[Dir::Forward as usize].tuple();
            for made in cold.translations().into_iter().flatten() {
                let whole = (made.by, made.address, made.port, first.dst, first.dst_port);
                assert!(sources.insert((whole, first.protocol)), "two flows share {made:?}");
            }
            for key in session.keys {
                assert!(keys.insert(key), "two flows have {key:?}");
            }
            live += 1;
        }
    }
    live
}
