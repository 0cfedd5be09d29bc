//! What the fuzz target runs: any bytes at any interface, at any time.

use std::sync::{Arc, OnceLock};

use egret_dataplane::snapshot::{InterfaceId, Snapshot};
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::worker::{Arrival, Limits, Worker};

use crate::net;

/// Sends what `data` says into a worker: records of an interface (a byte), seconds that pass
/// beforehand (a byte), a length (two bytes), and that many bytes of packet, as far as there are.
/// One record in 256 changes the configuration's epoch.
///
/// # Panics
/// When a packet is not accounted for, or anything in the dataplane panics: that is the point.
pub fn packets(data: &[u8]) {
    let snapshot = world();
    let interfaces = snapshot.interfaces.len() as u32 + 1;
    let mut worker = Worker::new(Arc::clone(&snapshot), Limits { flows: 8 }, 1);
    let mut now = Instant::ZERO;
    let (mut verdicts, mut emissions) = (Vec::new(), Vec::new());
    let mut rest = data;
    while let [interface, seconds, high, low, tail @ ..] = rest {
        let len = usize::from(u16::from_be_bytes([*high, *low])).min(tail.len());
        let (packet, next) = tail.split_at(len);
        rest = next;
        now = now + Duration::from_secs(u64::from(*seconds));
        if *interface == 255 {
            let mut changed = Snapshot::clone(worker.snapshot());
            changed.epoch.0 += 1;
            worker.adopt(Arc::new(changed));
        }
        let mut bytes = packet.to_vec();
        let interface = InterfaceId(u32::from(*interface) % interfaces);
        let arrival = Arrival { interface, bytes: &mut bytes };
        worker.process(now, &mut [arrival], &mut verdicts, &mut emissions);
        worker.expire(now, 4);
        assert!(worker.counters().balance(), "{:#?}", worker.counters());
    }
}

/// A record of [`packets`].
pub fn record(interface: u8, seconds: u8, packet: &[u8]) -> Vec<u8> {
    let len = u16::try_from(packet.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[interface, seconds, len[0], len[1]], packet].concat()
}

fn world() -> Arc<Snapshot> {
    static WORLD: OnceLock<Arc<Snapshot>> = OnceLock::new();
    Arc::clone(WORLD.get_or_init(|| Arc::new(net::snapshot(net::WORLD))))
}
