//! What `egret check` says that no packet comes to, no packet comes to: of random networks, packets
//! drawn at random and judged alone.
//!
//! `EGRET_SEED` chooses another run.

use std::net::Ipv4Addr;

use egret_control::compile::compile;
use egret_control::model::InterfaceOwner;
use egret_dataplane::judgement::judge;
use egret_dataplane::packet::Protocol;
use egret_dataplane::trace::Record;
use egret_sim::suite::parts::Part;
use egret_sim::unmet::met_by_none;
use egret_tests::topology;
use egret_verify::senders::senders;
use egret_verify::space::Packet;
use fastrand::Rng;

const LIMIT: usize = 500_000;

#[test]
fn no_packet_comes_to_what_is_said_to_be_unmet() {
    let seed = egret_tests::seed(1);
    eprintln!("EGRET_SEED={seed}");
    let (mut unmet, mut met) = (0, 0);
    for round in 0..40 {
        let mut rng = Rng::with_seed(seed ^ 0x0e7 ^ round << 20);
        let model = topology::random(&mut rng, 1 + (round % 3) as u32);
        let snapshot = compile(&model).expect("a valid topology").snapshot;
        snapshot.prepare();
        let left = met_by_none(&model, &snapshot, LIMIT).expect("few classes");
        unmet += left.len();
        let hosts = model.network_interfaces.iter().filter(|eni| eni.owner == InterfaceOwner::Host);
        let services = model.services.iter().map(|service| service.id.value.clone());
        for name in services.chain(hosts.map(|eni| eni.id.value.clone())) {
            for sender in senders(&model, &snapshot, &name).expect("a sender") {
                for _ in 0..300 {
                    let near = rng.choice(&snapshot.enis).map_or(0, |eni| eni.address.to_bits());
                    let protocol = [Protocol::TCP, Protocol::UDP, Protocol(50)][rng.usize(..3)];
                    let packet = Packet {
                        src: sender.origin.src,
                        dst: Ipv4Addr::from_bits(if rng.bool() { near } else { rng.u32(..) }),
                        protocol,
                        port: if protocol.0 == 50 { 0 } else { topology::port(&mut rng) },
                        source_port: rng.u16(1_024..),
                    };
                    let headers = packet.headers().expect("it opens a flow");
                    let choice = packet.choice(rng.u16(..sender.origin.enis.max(1)), 0);
                    let mut record = Record::default();
                    judge(&snapshot, sender.origin.interface, headers, choice, &mut record);
                    for part in record.hops.iter().flat_map(|hop| Part::deciding(&snapshot, hop)) {
                        assert!(!left.contains(&part), "{packet:?} of {name}: {part:?}");
                        met += 1;
                    }
                }
            }
        }
    }
    eprintln!("{unmet} unmet, {met} times something was met");
    assert!(unmet > 50 && met > 10_000, "{unmet} {met}");
}
