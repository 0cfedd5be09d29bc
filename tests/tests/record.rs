//! What `egret record` writes holds, of scenarios and of random networks; and it notices what changes.
//!
//! `EGRET_SEED` chooses another run.

use std::path::{Path, PathBuf};

use egret_control::compile::{Compilation, compile};
use egret_control::explain::World;
use egret_control::model::Model;
use egret_sim::expect::judge;
use egret_sim::record::record;
use egret_sim::scenario::{Expectation, Scenario};
use egret_tests::mutation::mutate;
use egret_tests::topology;
use egret_verify::cuts;
use egret_verify::diff::{Kind, Side, agenda, changes};
use egret_verify::space::SOURCE_PORTS;
use fastrand::Rng;

const LIMIT: usize = 200_000;

/// The expectations that do not hold.
fn failing<'e>(
    model: &Model,
    compilation: &Compilation,
    expectations: &'e [Expectation],
) -> Vec<(&'e Expectation, String)> {
    compilation.snapshot.prepare();
    let world = World::new(&model.sources, compilation);
    let failure = |expected: &'e Expectation| {
        judge(model, world, expected).err().map(|unmet| (expected, unmet.to_string()))
    };
    expectations.iter().filter_map(failure).collect()
}

fn recorded(model: &Model, compilation: &Compilation) -> Vec<Expectation> {
    compilation.snapshot.prepare();
    record(model, compilation, &[], LIMIT).expect("few classes").expectations
}

/// Whether a service's flows are lost, gained or carried another way, and not only at some of the
/// source ports of a translator.
fn has_changed(old: (&Model, &Compilation), new: (&Model, &Compilation)) -> bool {
    old.1.snapshot.prepare();
    new.1.snapshot.prepare();
    let worlds = [old, new].map(|(_, compilation)| cuts::World::new(&compilation.snapshot));
    let sides =
        [Side { model: old.0, world: &worlds[0] }, Side { model: new.0, world: &worlds[1] }];
    let pairs = agenda(sides[0], sides[1], &[]).expect("services").pairs;
    pairs.iter().any(|pair| {
        let found = changes(sides[0], sides[1], pair, LIMIT).expect("few classes").changes;
        found
            .iter()
            .any(|change| change.kind != Kind::Refused && change.row.source_ports == [SOURCE_PORTS])
    })
}

/// How many of random changes that change something are noticed.
#[derive(Debug, Default)]
struct Noticed {
    noticed: usize,
    changed: usize,
}

impl Noticed {
    fn change(
        &mut self,
        rng: &mut Rng,
        model: &Model,
        compilation: &Compilation,
        expected: &[Expectation],
    ) {
        let mut new = model.clone();
        mutate(rng, &mut new);
        let Ok(compiled) = compile(&new) else { return };
        if has_changed((model, compilation), (&new, &compiled)) {
            self.changed += 1;
            self.noticed += usize::from(!failing(&new, &compiled, expected).is_empty());
        }
    }

    fn percent(&self) -> usize {
        100 * self.noticed / self.changed.max(1)
    }
}

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let entries =
        folder.read_dir().expect("scenarios").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.map(|path| path.join("scenario.yaml")).collect();
    files.retain(|file| file.exists());
    files.sort();
    files
}

#[test]
fn what_is_recorded_of_scenarios_notices_changes() {
    let seed = egret_tests::seed(1);
    eprintln!("EGRET_SEED={seed}");
    let mut noticed = Noticed::default();
    for (at, file) in scenarios().iter().enumerate() {
        let model = Scenario::read(file).expect("a scenario").model;
        let compilation = compile(&model).expect("a valid scenario");
        let expected = recorded(&model, &compilation);
        assert!(failing(&model, &compilation, &expected).is_empty(), "{}", file.display());
        let mut rng = Rng::with_seed(seed ^ (at as u64) << 20);
        for _ in 0..20 {
            noticed.change(&mut rng, &model, &compilation, &expected);
        }
    }
    eprintln!("of scenarios: {noticed:?}, {} %", noticed.percent());
    assert!(noticed.changed > 100 && noticed.percent() >= 95, "{noticed:?}");
}

#[test]
fn what_is_recorded_of_random_networks_holds() {
    let seed = egret_tests::seed(2);
    eprintln!("EGRET_SEED={seed}");
    let (mut noticed, mut all) = (Noticed::default(), 0);
    for round in 0..40 {
        let mut rng = Rng::with_seed(seed ^ round << 20);
        let model = topology::random(&mut rng, 1 + (round % 3) as u32);
        let compilation = compile(&model).expect("a valid topology");
        let expected = recorded(&model, &compilation);
        all += expected.len();
        let failing = failing(&model, &compilation, &expected);
        assert!(failing.is_empty(), "{failing:#?}");
        for _ in 0..5 {
            noticed.change(&mut rng, &model, &compilation, &expected);
        }
    }
    eprintln!("of random networks: {noticed:?}, {} %, {all} expectations", noticed.percent());
    assert!(all > 300 && noticed.changed > 30 && noticed.percent() >= 90, "{noticed:?} {all}");
}
