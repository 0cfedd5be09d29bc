//! A run of live traffic in words and figures.

use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use super::names::{ElementName, Names};
use super::traffic::TrafficProtocol;
use crate::control_plane::ControlPlane;
use crate::engine::Running;
use crate::engine::traffic::{Last, Run, Tally, Traffic, Way};

/// A run of live traffic. What is sent has arrived or was dropped, or is between two workers:
/// sent + answers = delivered + answers_delivered + dropped + under_way.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrafficReport {
    /// Its number.
    id: u32,
    /// What the scenario calls it, where it is one of a scenario's.
    name: Option<String>,
    /// Who sends.
    from: String,
    /// Where to.
    to: String,
    protocol: TrafficProtocol,
    /// Packets a second.
    #[schema(value_type = f64)]
    rate: Number,
    /// Bytes of a packet.
    size: u16,
    /// Flows at once.
    flows: u32,
    /// Packets after which a flow ends.
    renew: Option<u32>,
    /// How many seconds.
    #[schema(value_type = Option<f64>)]
    seconds: Option<Number>,
    /// When it began, or will begin.
    #[schema(value_type = String, format = DateTime)]
    started: String,
    /// Whether it sends.
    state: RunState,
    /// Why source or destination are not known any more, if they are not: packets go on from where the
    /// source was.
    problem: Option<String>,
    /// Packets that the source sent.
    sent: u64,
    /// Their bytes.
    sent_bytes: u64,
    /// Packets that arrived at the destination.
    delivered: u64,
    /// Packets by which the destination answered.
    answers: u64,
    /// Answers that arrived at the source.
    answers_delivered: u64,
    /// Packets that arrived where nobody listens: a RST answers TCP, and nothing UDP.
    refused: u64,
    /// Packets and answers that were dropped.
    dropped: u64,
    /// The same by reason, the most first.
    drops: Vec<TrafficDrop>,
    /// Packets and answers that Egret itself lost, by drops for want of room: flow tables, rings
    /// between workers. They are among the dropped.
    lost: u64,
    /// Packets between two workers.
    under_way: u64,
    /// Packets that were not sent, because their worker did not come to it in time.
    behind: u64,
    /// How often the verdict changed.
    verdict_changes: u64,
    /// What became of the last packet.
    verdict: Option<Verdict>,
}

/// Whether a run sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RunState {
    /// Its time has not come yet.
    Waiting,
    /// It sends.
    Running,
    /// Its time was over.
    Ended,
    /// It was stopped.
    Stopped,
}

/// Packets that were dropped for a reason.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrafficDrop {
    /// Why.
    #[schema(example = "security-group-egress")]
    reason: &'static str,
    /// Reachability Analyzer's code for it.
    code: &'static str,
    /// Where.
    element: ElementName,
    /// `forward` for packets, `return` for answers.
    way: &'static str,
    /// How many.
    packets: u64,
}

/// What became of the last packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Verdict {
    /// `delivered`: it arrived, and its answer came back. `no-reply`: its answer was dropped.
    /// `dropped`.
    #[schema(example = "delivered")]
    pub outcome: &'static str,
    /// Why, unless it was delivered.
    pub reason: Option<&'static str>,
    /// Reachability Analyzer's code for it.
    pub code: Option<&'static str>,
    /// What dropped it.
    pub element: Option<ElementName>,
    /// The epoch of the configuration by which it was judged.
    pub epoch: u32,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: String,
}

/// A run with its tally, and its state where that is another one than the tally says.
pub(super) type Told = (Arc<Run>, Tally, Option<RunState>);

/// Puts runs into words.
pub(super) fn reports(plane: &ControlPlane, runs: &[Told]) -> Vec<TrafficReport> {
    let running = plane.engine.running();
    let names = Names::of(&running);
    runs.iter().map(|told| report(&plane.engine.traffic, &names, told)).collect()
}

fn report(traffic: &Traffic, names: &Names<'_>, (run, tally, state): &Told) -> TrafficReport {
    let plan = &run.plan;
    let now = match tally.over {
        Some(_) => RunState::Ended,
        None if run.begins() > SystemTime::now() => RunState::Waiting,
        None => RunState::Running,
    };
    let drops = tally.drops.iter().map(|((drop, way), packets)| TrafficDrop {
        reason: drop.reason.name(),
        code: drop.reason.code(),
        element: names.element(drop.element),
        way: if *way == Way::Forward { "forward" } else { "return" },
        packets: *packets,
    });
    let mut drops: Vec<TrafficDrop> = drops.collect();
    drops.sort_by(|a, b| b.packets.cmp(&a.packets).then_with(|| a.reason.cmp(b.reason)));
    TrafficReport {
        id: run.id,
        name: plan.name.clone(),
        from: plan.from.clone(),
        to: plan.to.clone(),
        protocol: TrafficProtocol::of(plan.protocol),
        rate: number(plan.rate.a_second()),
        size: plan.size,
        flows: plan.flows,
        renew: plan.renew,
        seconds: plan.duration.map(|duration| number(duration.as_secs_f64())),
        started: moment(run.begins()),
        state: state.unwrap_or(now),
        problem: run.problem(),
        sent: tally.sent,
        sent_bytes: tally.sent_bytes,
        delivered: tally.delivered,
        answers: tally.answers,
        answers_delivered: tally.answers_delivered,
        refused: tally.refused,
        dropped: tally.dropped(),
        drops,
        lost: tally.lost(),
        under_way: tally.under_way(),
        behind: tally.behind,
        verdict_changes: tally.turns,
        verdict: tally.last.map(|last| Verdict::of(traffic, names, last)),
    }
}

impl Verdict {
    fn of(traffic: &Traffic, names: &Names<'_>, last: Last) -> Verdict {
        let drop = last.drop.map(|(drop, _)| drop);
        Verdict {
            outcome: last.outcome(),
            reason: drop.map(|drop| drop.reason.name()),
            code: drop.map(|drop| drop.reason.code()),
            element: drop.map(|drop| names.element(drop.element)),
            epoch: last.epoch,
            at: moment(traffic.wall(last.at)),
        }
    }

    /// What the last word was under that configuration.
    pub(crate) fn under(traffic: &Traffic, running: &Running, last: Last) -> Verdict {
        Verdict::of(traffic, &Names::of(running), last)
    }
}

/// To a millionth; what is whole is written as such.
fn number(value: f64) -> Number {
    let value = (value * 1e6).round() / 1e6;
    let whole = (value.fract() == 0.0).then(|| Number::from(value as u64));
    whole.or_else(|| Number::from_f64(value)).unwrap_or_else(|| Number::from(0))
}

fn moment(at: SystemTime) -> String {
    let at = jiff::Timestamp::try_from(at).unwrap_or_default();
    format!("{at:.3}")
}
