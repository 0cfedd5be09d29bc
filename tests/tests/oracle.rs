//! The dataplane against the oracle: random topologies, random packets, and for each packet that
//! arrives the answer to it. Both must say the same of where it arrives, as whom, by which NAT
//! gateways, or of who dropped it and why.
//!
//! `EGRET_SEED` chooses another run, `EGRET_TOPOLOGIES` a longer one.

use std::sync::Arc;

use egret_control::compile::compile;
use egret_control::model::Model;
use egret_dataplane::snapshot::Snapshot;
use egret_tests::probe::{self, Probe};
use egret_tests::{oracle, subject, topology};
use fastrand::Rng;

const TOPOLOGIES: u64 = 2_500;
const PROBES_EACH: usize = 50;

#[test]
fn the_dataplane_does_as_the_oracle_says() {
    let seed = egret_tests::seed(1);
    let topologies = std::env::var("EGRET_TOPOLOGIES")
        .map_or(TOPOLOGIES, |text| text.parse().expect("EGRET_TOPOLOGIES is a number"));
    eprintln!("EGRET_SEED={seed} EGRET_TOPOLOGIES={topologies}");
    for number in 0..topologies {
        let size = 1 + (number % 3) as u32;
        if let Some(found) = Case::new(seed, number, size).first_difference() {
            panic!("{}", found.smallest(seed, size));
        }
    }
}

/// One topology with what both sides need of it.
struct Case {
    rng: Rng,
    model: Model,
    snapshot: Arc<Snapshot>,
    name: String,
}

impl Case {
    fn new(seed: u64, number: u64, size: u32) -> Case {
        let mut rng = Rng::with_seed(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let model = topology::random(&mut rng, size);
        let compiled = compile(&model);
        let compiled =
            compiled.unwrap_or_else(|findings| panic!("topology {number}: {findings:#?}"));
        let snapshot = Arc::new(compiled.snapshot);
        Case { rng, model, snapshot, name: format!("topology {number} of size {size}") }
    }

    fn first_difference(mut self) -> Option<Difference> {
        for _ in 0..PROBES_EACH {
            let probe = probe::random(&mut self.rng, &self.model);
            let seed = self.rng.u64(..);
            let Err(what) = subject::agrees(&self.model, &self.snapshot, &probe, seed) else {
                continue;
            };
            let kind = self.kind(&probe, seed);
            let Case { model, name, .. } = self;
            return Some(Difference { model, probe, kind, what, name });
        }
        None
    }

    /// What the two say, without names: the same for every case of one bug.
    fn kind(&self, probe: &Probe, seed: u64) -> String {
        let word = |outcome: &oracle::Outcome| match (&outcome.forward, &outcome.reply) {
            (Err((reason, _)), _) => (*reason).to_owned(),
            (Ok(_), Some(Err((reason, _)))) => format!("answer {reason}"),
            (Ok(_), _) => "delivered".to_owned(),
        };
        let found = subject::judge(&self.snapshot, probe, seed);
        let found = found.as_ref().map_or("impossible".to_owned(), word);
        format!("{} / {found}", word(&oracle::judge(&self.model, probe)))
    }
}

struct Difference {
    model: Model,
    probe: Probe,
    kind: String,
    what: String,
    name: String,
}

impl Difference {
    /// The same kind of difference in a smaller topology, if there is one; told in full.
    fn smallest(self, seed: u64, size: u32) -> String {
        let smaller = (1..size).flat_map(|size| (0..TOPOLOGIES).map(move |number| (number, size)));
        let mut cases = smaller.map(|(number, size)| Case::new(seed, number, size));
        let found = cases.find_map(|case| {
            case.first_difference().filter(|difference| difference.kind == self.kind)
        });
        let Difference { model, probe, kind, what, name } = found.unwrap_or(self);
        let summary = topology::summary(&model);
        format!("EGRET_SEED={seed}, {name}: {kind}\n{probe:?}\n{what}\n\n{summary}")
    }
}
