//! The random topologies and probes reach every reason and every place: else what the oracle is
//! compared on would be less than it seems.

use std::collections::BTreeMap;

use egret_tests::oracle::{self, Where};
use egret_tests::{probe, topology};
use fastrand::Rng;

const TOPOLOGIES: usize = 2_000;
const PROBES_EACH: usize = 50;

#[test]
fn every_reason_and_place_comes_up_and_enough_is_delivered() {
    let seed = egret_tests::seed(1);
    eprintln!("EGRET_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let mut forward: BTreeMap<String, usize> = BTreeMap::new();
    let mut reply: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..TOPOLOGIES {
        let size = rng.u32(1..=3);
        let model = topology::random(&mut rng, size);
        for _ in 0..PROBES_EACH {
            let outcome = oracle::judge(&model, &probe::random(&mut rng, &model));
            let name = match &outcome.forward {
                Ok(delivery) => place(&delivery.to).to_owned(),
                Err((reason, _)) => (*reason).to_owned(),
            };
            *forward.entry(name).or_default() += 1;
            let answered = outcome.reply.map(|r| r.map_or_else(|(reason, _)| reason, |()| "ok"));
            *reply.entry(answered.unwrap_or("none").to_owned()).or_default() += 1;
        }
    }
    eprintln!("forward: {forward:#?}\nreply: {reply:#?}");
    let missing = |found: &BTreeMap<String, usize>, wanted: &[&'static str]| -> Vec<&'static str> {
        wanted.iter().filter(|name| !found.contains_key(**name)).copied().collect()
    };
    assert_eq!(missing(&forward, FORWARD), Vec::<&str>::new());
    assert_eq!(missing(&forward, PLACES), Vec::<&str>::new());
    assert_eq!(missing(&reply, REPLY), Vec::<&str>::new());
    let delivered: usize = PLACES.iter().map(|name| forward[*name]).sum();
    let share = delivered * 100 / (TOPOLOGIES * PROBES_EACH);
    assert!((20..=70).contains(&share), "{share} % delivered");
}

/// What a first packet can be dropped for, without time, load or malformed bytes.
const FORWARD: &[&str] = &[
    "blackhole-route",
    "default-egress-private-destination",
    "endpoint-protocol",
    "gateway-endpoint-protocol",
    "gateway-endpoint-source",
    "hyperplane-one-way",
    "hyperplane-protocol",
    "igw-no-public-address",
    "igw-private-destination",
    "igw-shared-destination",
    "link-local-destination",
    "mtu-exceeded-silent",
    "nat-fragment",
    "nat-protocol",
    "nat-unsolicited",
    "network-acl-egress",
    "network-acl-ingress",
    "no-route",
    "no-such-address",
    "packet-too-big",
    "peering-outside-vpc",
    "resolver-disabled",
    "routing-loop",
    "security-group-egress",
    "security-group-egress-empty",
    "security-group-ingress",
    "security-group-ingress-empty",
    "security-group-reference-lost",
    "security-group-reference-transit",
    "source-dest-check",
    "transit-gateway-blackhole",
    "transit-gateway-no-association",
    "transit-gateway-no-route",
    "transit-gateway-zone",
    "ttl-expired",
    "unroutable-destination",
];

/// Where packets arrive.
const PLACES: &[&str] = &[
    "to external",
    "to gateway endpoint",
    "to interface",
    "to interface endpoint",
    "to internet",
    "to link-local",
];

/// What becomes of answers.
const REPLY: &[&str] = &[
    "nat-unsolicited",
    "network-acl-egress",
    "network-acl-ingress",
    "none",
    "ok",
    "source-dest-check",
    "transit-gateway-no-route",
    "unsolicited",
];

fn place(to: &Where) -> &'static str {
    match to {
        Where::Internet => "to internet",
        Where::Interface(id) if id.contains('@') => "to interface endpoint",
        Where::Interface(_) => "to interface",
        Where::Endpoint(_) => "to gateway endpoint",
        Where::LinkLocal(_) => "to link-local",
        Where::External(_) => "to external",
        Where::Task => "to task",
    }
}
