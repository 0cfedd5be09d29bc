//! Explanations of random packets in random topologies: whatever is asked, the explanation says
//! what the dataplane does, and why.
//!
//! `EGRET_SEED` chooses another run.

use egret_control::compile::compile;
use egret_control::explain::{Explanation, Outcome, Question, World, explain};
use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::Snapshot;
use egret_dataplane::trace::Decision;
use egret_tests::probe::{self, Probe};
use egret_tests::{net, subject, topology};
use fastrand::Rng;

const TOPOLOGIES: u64 = 400;
const PROBES_EACH: usize = 25;

#[test]
fn an_explanation_says_what_the_dataplane_does_and_why() {
    let seed = egret_tests::seed(1);
    eprintln!("EGRET_SEED={seed}");
    for number in 0..TOPOLOGIES {
        let mut rng = Rng::with_seed(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let model = topology::random(&mut rng, 1 + (number % 3) as u32);
        let compilation = compile(&model).expect("a sound topology");
        let world = World::new(&model.sources, &compilation);
        for _ in 0..PROBES_EACH {
            let probe = plain(probe::random(&mut rng, &model));
            let question = question(&compilation.snapshot, &probe);
            if let Err(what) = check(world, &probe, &question) {
                let summary = topology::summary(&model);
                panic!("topology {number}, {probe:?}: {what}\n{summary}");
            }
        }
    }
}

/// The probe as `explain` would send it: whole, small, and with time to live.
fn plain(probe: Probe) -> Probe {
    let total_len = if probe.protocol == 6 { 40 } else { 28 };
    let fragment = probe::Fragment::Whole;
    Probe { total_len, ttl: 64, fragment, dont_fragment: true, ..probe }
}

fn question(snapshot: &Snapshot, probe: &Probe) -> Question {
    let (from, src) = net::sender(snapshot, &probe.from);
    let (kind, code) = probe.icmp.unwrap_or_default();
    let (src_port, dst_port) = match (probe.protocol, kind) {
        (6 | 17, _) => (probe.src_port, probe.dst_port),
        (1, 8 | 13 | 15 | 17) => (probe.src_port, 0),
        (1, 0 | 14 | 16 | 18) => (0, probe.src_port),
        _ => (0, 0),
    };
    let protocol = Protocol(probe.protocol);
    Question {
        from,
        from_label: "sender".to_owned(),
        tuple: Tuple { src, dst: probe.dst, src_port, dst_port, protocol },
        icmp: (kind, code),
        to_label: probe.dst.to_string(),
        notes: Vec::new(),
        all: false,
    }
}

fn check(world: World<'_>, probe: &Probe, question: &Question) -> Result<(), String> {
    let explanation = explain(world, question.clone());
    let all = explain(world, Question { all: true, ..question.clone() });
    agrees(world, probe, &explanation)?;
    reasons(&explanation)?;
    reasons(&all)?;
    let same = |what: &str, holds: bool| if holds { Ok(()) } else { Err(what.to_owned()) };
    same("--all changes the outcome", explanation.outcome == all.outcome)?;
    same("--all changes the source", explanation.source() == all.source())?;
    let first = |explanation: &Explanation| explanation.denials.first().map(|d| d.drop);
    same("--all changes the first blocker", first(&explanation) == first(&all))?;
    same("more than one blocker without --all", explanation.denials.len() <= 1)
}

/// The outcome is that of the packet and of its answer, each sent as bytes.
fn agrees(world: World<'_>, probe: &Probe, explanation: &Explanation) -> Result<(), String> {
    let snapshot = std::sync::Arc::new(world.snapshot.clone());
    let judged = subject::judge(&snapshot, probe, 0)?;
    let expected = match (&judged.forward, &judged.reply) {
        (Err(_), _) => Outcome::Dropped,
        (Ok(_), Some(Err(_))) => Outcome::NoReply,
        (Ok(_), _) => Outcome::Delivered,
    };
    let reason =
        judged.forward.as_ref().err().or(judged.reply.as_ref().and_then(|r| r.as_ref().err()));
    let found = explanation.denials.first().map(|denial| denial.drop.reason.name());
    if explanation.outcome != expected || found != reason.map(|dropped| dropped.0) {
        return Err(format!(
            "{:?} for {found:?}, and the dataplane says {expected:?} for {reason:?}",
            explanation.outcome
        ));
    }
    Ok(())
}

/// Whatever does not arrive has a blocker, and each blocker has advice. Denials by rule say what
/// was tried.
fn reasons(explanation: &Explanation) -> Result<(), String> {
    if (explanation.outcome == Outcome::Delivered) != explanation.denials.is_empty() {
        let denials = &explanation.denials;
        return Err(format!("{:?} with {denials:?}", explanation.outcome));
    }
    for step in explanation.forward.iter().chain(&explanation.back) {
        if let Some(denial) = &step.denial {
            if !denial.mend.ends_with('.') || denial.mend.contains("  ") {
                return Err(format!(
                    "{}: advice that is no sentence: {}",
                    denial.drop.reason, denial.mend
                ));
            }
            let by_rule = matches!(step.hop.decision, Decision::NoSecurityGroupRule { .. });
            let empty = denial.drop.reason.name().ends_with("-empty");
            if by_rule && denial.tried.is_empty() != empty {
                return Err(format!("{}: tried {:?}", denial.drop.reason, denial.tried));
            }
        } else if step.text.is_empty() {
            return Err(format!("a hop without words: {:?}", step.hop));
        }
    }
    Ok(())
}
