//! Changes while packets pass: how soon all workers run on them, and that no packet is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use egret_bench::traffic::{Image, packet};
use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::{EniOwner, InterfaceId};
use egret_dataplane::verdict::Verdict;

use crate::CHANGE_AND_BACK;
use crate::client::{Ask, Client};
use crate::large::{between, default_vpc, permission};
use crate::served::Served;

/// Packets under way at once: the workers always find some waiting.
const UNDER_WAY: usize = 256;

/// What came of it.
#[derive(Default)]
pub(crate) struct Adoption {
    /// From a request's beginning to the answer that all workers run on it, in order of length.
    pub(crate) answered: Vec<Duration>,
    /// Of that, what compiling took.
    pub(crate) compiled: Vec<Duration>,
    /// And from the compiled configuration to the last worker.
    pub(crate) adopted: Vec<Duration>,
    /// Packets that were judged meanwhile.
    pub(crate) packets: u64,
    /// Packets of which nothing was heard.
    pub(crate) lost: u64,
    /// Packets that were not forwarded.
    pub(crate) dropped: u64,
    /// How long it took.
    pub(crate) time: Duration,
}

/// Adds and removes a rule of a group, again and again, while an interface sends.
pub(crate) async fn measure(served: &Served, changes: usize) -> Adoption {
    let mut client = Client::connect(served.at).await;
    let (vpc, subnets) = default_vpc(&mut client).await;
    let mut hosts = Vec::new();
    for _ in 0..2 {
        let form = format!("SubnetId={}", subnets[0]);
        let made = client.ask_adopted(Ask::Ec2("CreateNetworkInterface", form)).await;
        hosts.push((between(&made, "networkInterfaceId"), between(&made, "privateIpAddress")));
    }
    let form = format!("GroupName=changed&GroupDescription=load&VpcId={vpc}");
    let group = between(&client.ask(Ask::Ec2("CreateSecurityGroup", form)).await, "groupId");
    let load = Load::start(served, &hosts);
    let mut adoption = Adoption::default();
    let start = Instant::now();
    for number in 0..changes {
        let action = CHANGE_AND_BACK[number % 2];
        let form = permission(&group, 443);
        let asked = Instant::now();
        client.ask_adopted(Ask::Ec2(action, form)).await;
        adoption.answered.push(asked.elapsed());
        let running = served.plane.engine.running();
        adoption.compiled.push(running.compiled_in);
        adoption.adopted.push(running.adopted_in);
    }
    adoption.time = start.elapsed();
    (adoption.packets, adoption.lost, adoption.dropped) = load.stop().await;
    for times in [&mut adoption.answered, &mut adoption.compiled, &mut adoption.adopted] {
        times.sort();
    }
    adoption
}

/// Packets through the running dataplane, as many as it takes.
struct Load {
    stop: Arc<AtomicBool>,
    /// Judged, lost, dropped.
    counts: Arc<[AtomicU64; 3]>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    /// From the first of two hosts of a subnet to the second.
    fn start(served: &Served, hosts: &[(String, String)]) -> Load {
        let (stop, counts) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let address = |host: usize| hosts[host].1.parse().expect("an address");
        let from = interface(served, &hosts[0].0);
        let tasks = (0..UNDER_WAY)
            .map(|number| {
                let tuple = Tuple {
                    src: address(0),
                    dst: address(1),
                    protocol: Protocol::UDP,
                    src_port: 1_024 + number as u16,
                    dst_port: 53,
                };
                let packet = packet(Image::new(from, tuple, 64));
                let plane = Arc::clone(&served.plane);
                let (stop, counts) = (Arc::clone(&stop), Arc::clone(&counts));
                tokio::spawn(async move {
                    while !stop.load(Ordering::Relaxed) {
                        let judged = plane.engine.send(from, packet.clone()).await;
                        count(&counts, judged.map(|judged| judged.verdict));
                    }
                })
            })
            .collect();
        Load { stop, counts, tasks }
    }

    async fn stop(self) -> (u64, u64, u64) {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.expect("a load to its end");
        }
        let [packets, lost, dropped] = &*self.counts;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(packets), read(lost), read(dropped))
    }
}

/// The interface by which a host's packets enter.
fn interface(served: &Served, id: &str) -> InterfaceId {
    let running = served.plane.engine.running();
    let eni = running.compilation.snapshot.enis.iter().find(|eni| *eni.name == *id);
    match eni.map(|eni| eni.owner) {
        Some(EniOwner::Host(interface)) => interface,
        other => panic!("{id} is a host's, not {other:?}"),
    }
}

fn count(counts: &[AtomicU64; 3], verdict: Option<Verdict>) {
    let [packets, lost, dropped] = counts;
    match verdict {
        None => lost.fetch_add(1, Ordering::Relaxed),
        Some(Verdict::Drop(_)) => dropped.fetch_add(1, Ordering::Relaxed),
        Some(_) => packets.fetch_add(1, Ordering::Relaxed),
    };
}
