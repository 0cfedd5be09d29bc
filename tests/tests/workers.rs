//! Several workers do what one does: packet by packet the same verdict, however flows are spread over
//! them, and though ports and budgets run out all the time.
//!
//! `EGRET_SEED` chooses another run.

use std::sync::Arc;

use egret_dataplane::crew::Crew;
use egret_dataplane::flow::FlowKey;
use egret_dataplane::packet::{answer, decode};
use egret_dataplane::snapshot::{Epoch, InterfaceId, Snapshot};
use egret_dataplane::steer::WorkerId;
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::verdict::Verdict;
use egret_dataplane::worker::{Arrival, Cause, Emission, Limits};
use egret_tests::net::{WORLD, sender, snapshot};
use egret_tests::packet::{Packet, flags, read, syn, tcp, udp};
use egret_tests::probe::Source;
use fastrand::Rng;

const FLOWS: Limits = Limits { flows: 4_096 };
const STEPS: usize = 6_000;

/// Worlds in which ports run out: of the NAT gateway and of a shared ENI in all; or of a shared ENI
/// to one destination.
const LIMITS: [&str; 2] = [
    "nat_connections: 10, hyperplane_ports: 40",
    "hyperplane_ports: 12, hyperplane_budget: per-destination",
];

fn small_world(limits: &str) -> String {
    WORLD.replace("settings: {", &format!("settings: {{ {limits}"))
}

#[test]
fn several_workers_do_what_one_does() {
    let seed = egret_tests::seed(1);
    eprintln!("EGRET_SEED={seed}");
    for (round, workers) in [2, 3, 4, 8, 13].into_iter().enumerate() {
        for limits in LIMITS {
            Pair::new(&small_world(limits), workers, seed + round as u64).run();
        }
    }
}

/// One worker and several, told the same.
struct Pair {
    alone: Side,
    many: Side,
    rng: Rng,
    now: Instant,
    snapshots: [Arc<Snapshot>; 2],
    epoch: u32,
    senders: Vec<(InterfaceId, std::net::Ipv4Addr)>,
}

/// One of the two, with the packets that it let through, as they left.
struct Side {
    crew: Crew,
    passed: Vec<Passed>,
}

/// A packet that opened or may have opened a flow: how it was sent, and how it arrived.
#[derive(Clone)]
struct Passed {
    from: InterfaceId,
    sent: Vec<u8>,
    to: InterfaceId,
    seen: Vec<u8>,
}

impl Pair {
    fn new(world: &str, workers: usize, seed: u64) -> Pair {
        // Another gateway towards one of the destinations: mappings through the first one end.
        let route = "private: { 0.0.0.0/0: nat-a";
        let rerouted = world.replace(route, &format!("{route}, 203.0.113.11/32: nat-b"));
        let snapshots = [world, &rerouted].map(|text| Arc::new(snapshot(text)));
        let side = |workers| Side {
            crew: Crew::new(&snapshots[0], workers, FLOWS, seed),
            passed: Vec::new(),
        };
        let task = |service: &str| Source::Task { service: service.to_owned(), number: 0 };
        let senders = ["web", "jobs", "plain"].map(|name| sender(&snapshots[0], &task(name)));
        Pair {
            alone: side(1),
            many: side(workers),
            rng: Rng::with_seed(seed),
            now: Instant::ZERO,
            snapshots,
            epoch: 0,
            senders: senders.to_vec(),
        }
    }

    fn run(mut self) {
        for _ in 0..STEPS {
            match self.rng.u8(..100) {
                0..40 => self.open(),
                40..60 => self.answer(),
                60..75 => self.go_on(),
                75..80 => self.report(),
                80..90 => self.fragments(),
                90..97 => self.wait(),
                _ => self.change(),
            }
        }
        self.check();
        self.now = self.now + Duration::from_secs(1_000_000);
        for side in [&mut self.alone, &mut self.many] {
            side.crew.expire(self.now, usize::MAX);
            assert!(side.crew.workers().iter().all(|worker| worker.flows().is_empty()));
            assert!(side.crew.workers().iter().all(|worker| worker.ports().is_empty()));
            assert!(side.crew.workers().iter().all(|worker| worker.handed_on() == 0));
        }
        let handed = self.many.crew.counters().handed_over;
        assert!(handed > 100, "only {handed} packets were handed over: the test proves little");
    }

    /// A packet from a task, often of a flow that does not live yet.
    fn open(&mut self) {
        let from = self.rng.usize(..self.senders.len());
        let (interface, src) = self.senders[from];
        let to = ["203.0.113.10:443", "203.0.113.10:80", "203.0.113.11:443", "10.0.2.10:5432"];
        let to = to[self.rng.usize(..to.len())];
        let packet = if self.rng.bool() { syn(to) } else { udp(to) };
        let packet = packet.port(2_000 + self.rng.u16(..60));
        let _ = self.both(interface, &packet.bytes(src), &packet.bytes(src));
    }

    /// An answer to a packet that got through.
    fn answer(&mut self) {
        let Some((one, other)) = self.some_live() else { return };
        let [a, b] = [&one, &other].map(|passed| answer::reply(&passed.seen));
        if let (Some(a), Some(b)) = (a, b) {
            let verdict = self.both(one.to, &a, &b);
            if let Verdict::Forward(to) = verdict {
                assert_eq!(to, one.from, "an answer went astray");
            }
        }
    }

    /// Another packet from the same sender: data, FIN or RST.
    fn go_on(&mut self) {
        let Some((one, _)) = self.some_passed() else { return };
        let seen = read(&one.sent);
        let to = format!("{}:{}", seen.dst, seen.dst_port);
        let flags = [flags::ACK, flags::ACK, flags::ACK | 1, 4][self.rng.usize(..4)];
        let packet = if seen.protocol == 6 { tcp(&to, flags) } else { udp(&to) };
        let bytes = packet.port(seen.src_port).bytes(seen.src);
        let _ = self.both(one.from, &bytes, &bytes);
    }

    /// An ICMP error about a packet that got through.
    fn report(&mut self) {
        let Some((one, other)) = self.some_live() else { return };
        let router = "203.0.113.1".parse().unwrap();
        let report = |seen: &[u8]| {
            let headers = decode(seen).unwrap();
            answer::too_big(seen, &headers, router, 1_400)
        };
        let (a, b) = (report(&one.seen), report(&other.seen));
        let _ = self.both(one.to, &a, &b);
    }

    /// A datagram in three fragments, in any order.
    fn fragments(&mut self) {
        let (interface, src) = self.senders[self.rng.usize(..self.senders.len())];
        let port = 2_000 + self.rng.u16(..60);
        let ident = self.rng.u16(..);
        let whole = Packet { ident, ..udp("203.0.113.10:443").port(port) };
        let mut parts = vec![whole.clone().first_fragment(), whole.clone().later_fragment()];
        self.rng.shuffle(&mut parts);
        for part in parts {
            let bytes = part.bytes(src);
            let _ = self.both(interface, &bytes, &bytes);
        }
    }

    fn wait(&mut self) {
        let millis = [1, 1_000, 31_000, 130_000, 400_000][self.rng.usize(..5)];
        self.now = self.now + Duration::from_millis(millis);
        let ended =
            [&mut self.alone, &mut self.many].map(|side| side.crew.expire(self.now, usize::MAX));
        assert_eq!(ended[0], ended[1], "flows that ended");
        self.check();
    }

    fn change(&mut self) {
        self.epoch += 1;
        let snapshot = &self.snapshots[self.epoch as usize % 2];
        let snapshot = Arc::new(Snapshot { epoch: Epoch(self.epoch), ..(**snapshot).clone() });
        self.alone.crew.adopt(&snapshot);
        self.many.crew.adopt(&snapshot);
    }

    fn some_passed(&mut self) -> Option<(Passed, Passed)> {
        let at = self.rng.usize(..self.alone.passed.len().max(1));
        Some((self.alone.passed.get(at)?.clone(), self.many.passed[at].clone()))
    }

    /// One whose flow lives. Others' ports may belong to somebody else by now, not the same on both
    /// sides.
    fn some_live(&mut self) -> Option<(Passed, Passed)> {
        let (one, other) = self.some_passed()?;
        (self.alone.holds(&one) && self.many.holds(&other)).then_some((one, other))
    }

    /// Sends each side its packet; both must say the same.
    fn both(&mut self, interface: InterfaceId, one: &[u8], other: &[u8]) -> Verdict {
        let astray = self.rng.u8(..10) == 0;
        let wrong = WorkerId(self.rng.u16(..self.many.crew.workers().len() as u16));
        let a = self.alone.send(interface, one, self.now, None);
        let b = self.many.send(interface, other, self.now, astray.then_some(wrong));
        assert_eq!(a, b, "{:?}", read(one));
        a
    }

    fn check(&self) {
        for side in [&self.alone, &self.many] {
            assert!(side.crew.counters().balance());
            egret_tests::flows::live(side.crew.workers());
        }
        let opened = [&self.alone, &self.many].map(|side| side.crew.counters().opened);
        assert_eq!(opened[0], opened[1]);
    }
}

impl Side {
    fn send(
        &mut self,
        interface: InterfaceId,
        packet: &[u8],
        now: Instant,
        at: Option<WorkerId>,
    ) -> Verdict {
        let mut bytes = packet.to_vec();
        let mut emissions = Vec::new();
        let arrival = Arrival { interface, bytes: &mut bytes };
        let verdict = match at {
            Some(worker) => self.crew.process_at(worker, now, arrival, &mut emissions),
            None => self.crew.process(now, arrival, &mut emissions),
        };
        let answers = |emission: &&Emission| emission.cause == Cause::Answer;
        let expected = usize::from(matches!(verdict, Verdict::Reply(_)));
        assert_eq!(emissions.iter().filter(answers).count(), expected);
        if let Verdict::Forward(to) = verdict
            && to == InterfaceId::INTERNET
        {
            read(&bytes);
            let passed = Passed { from: interface, sent: packet.to_vec(), to, seen: bytes };
            self.passed.push(passed);
        }
        verdict
    }

    /// Whether the flow of a packet that passed lives, with the same ports.
    fn holds(&self, passed: &Passed) -> bool {
        let tuple = |bytes: &[u8]| decode(bytes).unwrap().tuple();
        let keys = [
            FlowKey::new(passed.from, tuple(&passed.sent)),
            FlowKey::new(passed.to, tuple(&passed.seen).reversed()),
        ];
        self.crew.workers().iter().any(|worker| {
            let flows = worker.flows();
            let found = flows.find(&keys[0], flows.hash(&keys[0]));
            found.is_some_and(|(id, _)| flows.session(id).keys == keys)
        })
    }
}
