//! What flow logs see of the packets that workers judge.
//!
//! Without a flow log nobody looks, and a lane asks one flag for a burst. With one, each packet is
//! judged with its hops shown, and counted under a lock that all workers share. Memory is bounded: a flow
//! log holds so many flows in its window, and says of the rest that it left records out.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use egret_dataplane::packet::{Headers, decode};
use egret_dataplane::snapshot::{EniId, InterfaceId, Snapshot};
use egret_dataplane::time::Instant;
use egret_dataplane::trace::{Hop, Record};
use egret_dataplane::verdict::Verdict;
use egret_dataplane::worker::{Arrival, Worker};
use egret_sim::flow_logs::{About, Amount, Format, Value, Window, sightings, tcp_flags};
use egret_sim::observe::{End, Trail};

use crate::account::flow_logs::FlowLog;
use crate::account::time::Timestamp;
use crate::account::{Account, Identity};

/// Flows that one flow log holds in its window.
const FLOWS: usize = 65_536;

/// Sees packets for flow logs.
#[derive(Debug, Default)]
pub struct Observer {
    on: AtomicBool,
    logs: Mutex<Logs>,
}

#[derive(Debug, Default)]
struct Logs {
    open: Vec<Log>,
    /// Deleted, and with what they saw last.
    ended: Vec<Log>,
}

/// A packet that was judged.
#[derive(Clone, Copy, Debug)]
struct Seen<'a> {
    /// Where it entered.
    from: InterfaceId,
    /// Its headers, as it was sent.
    headers: &'a Headers,
    /// Its own hops.
    hops: &'a [Hop],
    /// What became of it.
    verdict: Verdict,
}

/// The records of a window that is over.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The flow log.
    pub(crate) log: FlowLog,
    /// The fields of the records.
    pub(crate) format: Format,
    /// When the window began.
    pub(crate) from: Timestamp,
    /// The records.
    pub(crate) records: Vec<Vec<Value>>,
}

impl Observer {
    /// Whether anybody wants to know.
    pub(super) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// The account has changed: its flow logs are those to come.
    pub(super) fn follow(&self, account: &Account, now: Timestamp) {
        let mut logs = self.lock();
        if account.flow_logs.is_empty() && logs.open.is_empty() {
            return;
        }
        let open = std::mem::take(&mut logs.open);
        let (open, ended): (Vec<Log>, Vec<Log>) =
            open.into_iter().partition(|log| account.flow_logs.has(&log.row.id));
        logs.open = open;
        logs.ended.extend(ended);
        for row in account.flow_logs.values() {
            match logs.open.iter_mut().find(|log| log.row.id == row.id) {
                Some(log) => log.place = place(account, row),
                None => logs.open.push(Log::new(account, row, now)),
            }
        }
        self.on.store(!logs.open.is_empty(), Ordering::Relaxed);
    }

    /// Judges a packet with its hops shown, to flow logs, too.
    pub(super) fn trace(
        &self,
        worker: &mut Worker,
        now: Instant,
        interface: InterfaceId,
        bytes: &mut Vec<u8>,
    ) -> (Verdict, Record) {
        let headers = self.is_on().then(|| decode(bytes).ok()).flatten();
        let mut record = Record::default();
        let arrival = Arrival { interface, bytes };
        let verdict = worker.trace(now, arrival, &mut record, &mut Vec::new());
        if let Some(headers) = &headers {
            let seen = Seen { from: interface, headers, hops: record.own(), verdict };
            self.saw(worker.snapshot(), &seen);
        }
        (verdict, record)
    }

    /// A packet was judged.
    fn saw(&self, snapshot: &Snapshot, seen: &Seen<'_>) {
        let end = match seen.verdict {
            Verdict::Forward(to) => End::Forward(to),
            Verdict::Drop(drop) => End::Drop(drop),
            Verdict::Reply(drop) => End::Reply(drop),
            // Whoever judges it later sees it.
            Verdict::Held | Verdict::HandedOver(_) => return,
        };
        let sent = seen.headers.tuple();
        let (trail, stages) = Trail::of(snapshot.epoch, seen.from, sent, seen.hops, &[], end);
        let now = nanoseconds(Timestamp::now());
        let amount = Amount {
            packets: 1,
            bytes: i64::from(seen.headers.total_len),
            first: now,
            last: now,
            tcp_flags: seen.headers.tcp().map_or(0, |flags| tcp_flags(flags.0)),
        };
        let sightings = sightings(snapshot, &trail, &stages);
        let mut logs = self.lock();
        for log in &mut logs.open {
            for sighting in &sightings {
                if log.row.traffic.has(sighting.accept) && log.covers(snapshot, sighting.eni) {
                    log.window.add(snapshot, sighting, &stages, amount);
                }
            }
        }
    }

    /// Takes the records of windows that are over; of all windows where the server ends.
    pub(crate) fn finished(
        &self,
        account: &Account,
        snapshot: &Snapshot,
        now: Timestamp,
        all: bool,
    ) -> Vec<Finished> {
        let mut logs = self.lock();
        let mut finished = Vec::new();
        let interfaces = interfaces(account);
        for mut log in std::mem::take(&mut logs.ended) {
            finished.push(log.finish(&account.identity, snapshot, &interfaces, now));
        }
        for log in &mut logs.open {
            if all || now >= log.due {
                finished.push(log.finish(&account.identity, snapshot, &interfaces, now));
                log.due = due(&log.row, now);
            }
        }
        finished
    }

    /// Whether some window is over by now.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        let logs = self.lock();
        !logs.ended.is_empty() || logs.open.iter().any(|log| now >= log.due)
    }

    fn lock(&self) -> MutexGuard<'_, Logs> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A flow log, and what it has seen in its window.
#[derive(Debug)]
struct Log {
    row: FlowLog,
    format: Format,
    /// Subnet and address of the interface, where it is of one.
    place: Option<Place>,
    window: Window,
    /// When the window is over.
    due: Timestamp,
}

type Place = (String, Ipv4Addr);

impl Log {
    fn new(account: &Account, row: &FlowLog, now: Timestamp) -> Log {
        // It was a format when it was taken.
        let format = row.format.as_deref().and_then(|said| said.parse().ok()).unwrap_or_default();
        Log {
            row: row.clone(),
            format,
            place: place(account, row),
            window: Window::new(nanoseconds(now), FLOWS),
            due: due(row, now),
        }
    }

    fn covers(&self, snapshot: &Snapshot, eni: EniId) -> bool {
        let item = &snapshot[eni];
        let subnet = &snapshot[item.subnet];
        match &self.place {
            Some((of, address)) => *subnet.name == **of && item.address == *address,
            None => {
                let vpc = &snapshot[subnet.vpc];
                [&subnet.name, &vpc.name].into_iter().any(|name| **name == *self.row.resource)
            }
        }
    }

    fn finish(
        &mut self,
        identity: &Identity,
        snapshot: &Snapshot,
        interfaces: &HashMap<(&str, Ipv4Addr), &str>,
        now: Timestamp,
    ) -> Finished {
        let interface = |eni: EniId| {
            let item = &snapshot[eni];
            let known = interfaces.get(&(&*snapshot[item.subnet].name, item.address));
            (*known.unwrap_or(&&*item.name)).to_owned()
        };
        let about = About {
            snapshot,
            format: &self.format,
            account: &identity.account,
            region: &identity.region,
            epoch: 0,
            interface: &interface,
        };
        let lives = |eni: &EniId| {
            let address = snapshot[*eni].address;
            snapshot.eni_at(snapshot.vpc_of(*eni), address) == Some(*eni)
        };
        let all = (0..snapshot.enis.len() as u32).map(EniId);
        let enis: Vec<EniId> =
            all.filter(lives).filter(|eni| self.covers(snapshot, *eni)).collect();
        let from = Timestamp((self.window.from.0 / 1_000_000) as i64);
        let records = self.window.end(&about, enis.into_iter(), nanoseconds(now));
        Finished { log: self.row.clone(), format: self.format.clone(), from, records }
    }
}

/// Where the interface of a flow log is; on the path it may go by another name.
fn place(account: &Account, row: &FlowLog) -> Option<Place> {
    let interface = account.network_interfaces.get(&row.resource)?;
    Some((interface.subnet.clone(), *interface.addresses.first()?))
}

/// The account's interfaces by where they are.
fn interfaces(account: &Account) -> HashMap<(&str, Ipv4Addr), &str> {
    let all = account.network_interfaces.values();
    all.filter_map(|row| {
        let address = *row.addresses.first()?;
        Some(((row.subnet.as_str(), address), row.id.as_str()))
    })
    .collect()
}

/// The end of the window: the next whole multiple of its length.
fn due(row: &FlowLog, now: Timestamp) -> Timestamp {
    let length = i64::from(row.interval) * 1_000;
    Timestamp((now.0 / length + 1) * length)
}

fn nanoseconds(at: Timestamp) -> Instant {
    Instant(u64::try_from(at.0).unwrap_or(0) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use egret_control::compile::compile;
    use egret_dataplane::packet::{Protocol, Tuple};
    use egret_sim::flow_logs::Sighting;
    use egret_sim::observe::Stages;

    use super::*;
    use crate::account::flow_logs::TrafficType;
    use crate::account::interfaces::{InterfaceOwner, NetworkInterface};

    const MINUTE: i64 = 60_000;

    /// An account with an interface in its default VPC, and a flow log of that.
    fn account() -> Account {
        let mut account = Account::new(Identity::default());
        let made = account.change(Timestamp(0), |change| -> Result<(), std::convert::Infallible> {
            let vpc = change.make_default_vpc();
            let subnet = change.subnets.values().next().expect("a subnet").id.clone();
            let address = change.free_address(&subnet).expect("an address");
            let interface = NetworkInterface {
                id: "eni-1".to_owned(),
                vpc: vpc.clone(),
                subnet,
                addresses: vec![address],
                groups: vec![],
                source_dest_check: true,
                description: String::new(),
                owner: InterfaceOwner::Account { host: None },
                created: Timestamp(0),
            };
            change.network_interfaces.insert("eni-1", interface);
            let log = FlowLog {
                id: "fl-1".to_owned(),
                resource: vpc,
                traffic: TrafficType::All,
                bucket: "logs".to_owned(),
                prefix: String::new(),
                format: Some("${interface-id} ${start} ${end} ${log-status}".to_owned()),
                interval: 60,
                parquet: false,
                hive: false,
                per_hour: false,
                created: Timestamp(0),
                error: None,
            };
            change.flow_logs.insert("fl-1", log);
            Ok(())
        });
        made.expect("it cannot fail");
        account
    }

    fn texts(finished: &Finished) -> Vec<String> {
        let text = |record: &Vec<Value>| {
            record.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        finished.records.iter().map(text).collect()
    }

    #[test]
    fn windows_end_at_whole_minutes() {
        let account = account();
        let snapshot = compile(&account.model()).expect("a network").snapshot;
        let observer = Observer::default();
        assert!(!observer.is_on());
        observer.follow(&account, Timestamp(MINUTE / 2));
        assert!(observer.is_on() && !observer.is_due(Timestamp(MINUTE - 1)));
        assert!(observer.finished(&account, &snapshot, Timestamp(MINUTE - 1), false).is_empty());
        assert!(observer.is_due(Timestamp(MINUTE)));
        let first = observer.finished(&account, &snapshot, Timestamp(MINUTE), false);
        assert_eq!(first.iter().flat_map(texts).collect::<Vec<_>>(), ["eni-1 30 60 NODATA"]);
        assert!(!observer.is_due(Timestamp(2 * MINUTE - 1)));
        // What is late is one window.
        let next = observer.finished(&account, &snapshot, Timestamp(3 * MINUTE + 5_000), false);
        assert_eq!(next.iter().flat_map(texts).collect::<Vec<_>>(), ["eni-1 60 185 NODATA"]);
        assert!(observer.is_due(Timestamp(4 * MINUTE)));
        // And when it is gone, nobody looks.
        observer.follow(&Account::new(Identity::default()), Timestamp(4 * MINUTE));
        assert!(!observer.is_on());
        assert_eq!(observer.finished(&account, &snapshot, Timestamp(4 * MINUTE), false).len(), 1);
        assert!(!observer.is_due(Timestamp(9 * MINUTE)));
    }

    #[test]
    fn what_has_no_room_is_told() {
        let account = account();
        let snapshot = compile(&account.model()).expect("a network").snapshot;
        let row = account.flow_logs.get("fl-1").expect("a flow log");
        let mut log = Log::new(&account, row, Timestamp(0));
        log.window = Window::new(Instant(0), 1);
        let mut all = (0..snapshot.enis.len() as u32).map(EniId);
        let eni = all.find(|eni| *snapshot[*eni].name == *"eni-1").expect("it");
        let (egress, stage, hop, accept, rule, path) = (true, 0, 0, true, None, None);
        let sighting = Sighting { eni, egress, stage, hop, accept, rule, path };
        let (first, last) = (Instant(1_000_000_000), Instant(2_000_000_000));
        let amount = Amount { packets: 1, bytes: 40, first, last, tcp_flags: 2 };
        for dst_port in [80, 443, 80] {
            let src = snapshot[eni].address;
            let tuple =
                Tuple { src, dst: src, src_port: 40_000, dst_port, protocol: Protocol::TCP };
            let stages = Stages { tuples: [tuple; Stages::MOST], count: 1 };
            log.window.add(&snapshot, &sighting, &stages, amount);
        }
        let finished =
            log.finish(&account.identity, &snapshot, &interfaces(&account), Timestamp(MINUTE));
        assert_eq!(texts(&finished), ["eni-1 1 2 OK", "eni-1 0 60 SKIPDATA"]);
    }
}
