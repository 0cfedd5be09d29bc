//! A verdict does not depend on the order in which anything was written: rules, groups, routes,
//! subnets and services are sets.

use std::sync::Arc;

use egret_control::compile::compile;
use egret_control::model::Model;
use egret_tests::probe;
use egret_tests::{oracle, subject, topology};
use fastrand::Rng;

/// The same network, written in another order. Prefix lists keep theirs: of two with one block, the
/// one that was defined first wins.
fn shuffled(model: &Model, rng: &mut Rng) -> Model {
    let mut model = model.clone();
    for group in &mut model.security_groups {
        rng.shuffle(&mut group.ingress);
        rng.shuffle(&mut group.egress);
    }
    for acl in &mut model.network_acls {
        rng.shuffle(&mut acl.entries);
    }
    for connector in &mut model.connectors {
        rng.shuffle(&mut connector.security_groups);
    }
    for interface in &mut model.network_interfaces {
        rng.shuffle(&mut interface.security_groups);
    }
    rng.shuffle(&mut model.security_groups);
    rng.shuffle(&mut model.network_acls);
    rng.shuffle(&mut model.route_tables);
    rng.shuffle(&mut model.subnets);
    rng.shuffle(&mut model.services);
    rng.shuffle(&mut model.connectors);
    rng.shuffle(&mut model.vpcs);
    model
}

#[test]
fn nothing_depends_on_the_order_in_which_it_was_written() {
    let seed = egret_tests::seed(21);
    eprintln!("EGRET_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    for _ in 0..500 {
        let model = topology::random(&mut rng, 2);
        let other = shuffled(&model, &mut rng);
        let snapshot = Arc::new(compile(&other).expect("a valid topology").snapshot);
        for _ in 0..40 {
            let probe = probe::random(&mut rng, &model);
            // The oracle judges the network as it was, the dataplane the one that was shuffled.
            let agreed = subject::agrees(&model, &snapshot, &probe, 5);
            assert!(agreed.is_ok(), "{probe:?}: {agreed:?}\n{}", topology::summary(&model));
        }
        let delivered = |model: &Model, probe| oracle::judge(model, probe).forward.is_ok();
        let probe = probe::random(&mut rng, &model);
        assert_eq!(delivered(&model, &probe), delivered(&other, &probe));
    }
}
