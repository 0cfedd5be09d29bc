//! One packet through a worker, and the answer to it, with every hop recorded.

use std::sync::Arc;

use egret_dataplane::judgement::{Choice, judge};
use egret_dataplane::packet::{Tuple, answer, decode};
use egret_dataplane::snapshot::{InterfaceId, Snapshot};
use egret_dataplane::time::Instant;
use egret_dataplane::trace::{Decision, Direction, Hop, Record};
use egret_dataplane::verdict::{Drop, DropReason, Element, Verdict};
use egret_dataplane::worker::{Arrival, Limits, Worker};

use super::{Outcome, Question};

/// A worker that carries one packet and its answer needs no larger table.
const FLOWS: usize = 4;

/// Any number does: it chooses among equal ENIs and ports, the same ones every time.
const SEED: u64 = 0;

/// A packet that was sent, and what became of it.
pub(super) struct Sent {
    verdict: Verdict,
    /// What became of the answer; `None` where nobody answers.
    answer: Option<Verdict>,
    /// Where the packet arrived, and as what.
    pub(super) delivered: Option<(InterfaceId, Tuple)>,
    /// Whether the way back is left out, because nobody knows where it would begin.
    uncertain: bool,
    /// The hops of the packet.
    pub(super) forward: Vec<Hop>,
    /// The hops of its answer.
    pub(super) back: Vec<Hop>,
}

impl Sent {
    /// Sends the packet and, from where it arrives, the smallest answer.
    pub(super) fn send(snapshot: &Arc<Snapshot>, question: &Question) -> Sent {
        let mut worker = Worker::new(Arc::clone(snapshot), Limits { flows: FLOWS }, SEED);
        let mut bytes = answer::opening(question.tuple, question.icmp);
        let mut record = Record::default();
        let verdict = trace(&mut worker, question.from, &mut bytes, &mut record);
        let (forward, back) = split(record);
        let mut sent =
            Sent { verdict, answer: None, delivered: None, uncertain: false, forward, back };
        if let Verdict::Forward(to) = verdict {
            sent.delivered = decode(&bytes).ok().map(|headers| (to, headers.tuple()));
            sent.answer(&mut worker, to, &bytes);
        }
        sent.complete(question.tuple);
        sent
    }

    /// The packet as the path judges it where chance decides so.
    pub(super) fn judged(snapshot: &Snapshot, question: &Question, choice: Choice) -> Sent {
        let mut record = Record::default();
        let headers = decode(&answer::opening(question.tuple, question.icmp));
        let judgement = headers
            .ok()
            .map(|headers| judge(snapshot, question.from, headers, choice, &mut record));
        let nowhere = DropReason::BadIcmpQuote.at(Element::Dataplane);
        let there = judgement.map_or(Err(nowhere), |judgement| judgement.there);
        let back = judgement.and_then(|judgement| judgement.back);
        let (forward, back_hops) = split(record);
        let mut sent = Sent {
            verdict: there.map_or_else(Verdict::Drop, |(to, _)| Verdict::Forward(to)),
            // An answer that gets through comes back to the sender.
            answer: match back {
                Some(drop) => Some(Verdict::Drop(drop)),
                None if back_hops.is_empty() => None,
                None => Some(Verdict::Forward(question.from)),
            },
            delivered: there.ok(),
            uncertain: false,
            forward,
            back: back_hops,
        };
        sent.complete(question.tuple);
        sent
    }

    /// Sends the answer. The worker judged the way back already, when the packet opened its flow;
    /// that the real answer fares the same is checked where checks are on, and its hops are shown.
    fn answer(&mut self, worker: &mut Worker, from: InterfaceId, arrived: &[u8]) {
        let Some(mut reply) = answer::reply(arrived) else { return };
        let mut record = Record::default();
        self.answer = Some(trace(worker, from, &mut reply, &mut record));
        debug_assert_eq!(self.back, record.hops, "the answer fares as the walk foresaw");
        self.back = record.hops;
    }

    /// The same packet walked on past every drop, so that all of them are found. What became of the
    /// packet stays what it was. The way back is kept only where its beginning is certain: beyond a
    /// rule that denies, the packet is what it would be with another rule; beyond an element that
    /// refuses it by its nature it is not.
    pub(super) fn past_drops(self, snapshot: &Arc<Snapshot>, question: &Question) -> Sent {
        let mut worker = Worker::new(Arc::clone(snapshot), Limits { flows: FLOWS }, SEED);
        let mut bytes = answer::opening(question.tuple, question.icmp);
        let mut record = Record { past_drops: true, ..Record::default() };
        // Its verdict is that of a packet that was let past its drops, and so nobody's.
        let _ = trace(&mut worker, question.from, &mut bytes, &mut record);
        let (forward, mut back) = split(record);
        let uncertain = !forward.iter().filter_map(|hop| hop.drop).all(by_rule);
        if uncertain {
            back.clear();
        }
        let mut all = Sent { forward, back, uncertain, ..self };
        all.complete(question.tuple);
        all
    }

    /// Adds a hop for a drop that no element recorded: one at the front door, of the flow table or
    /// of a limit, or of an answer that would reach somebody else.
    fn complete(&mut self, start: Tuple) {
        add_missing(&mut self.forward, Direction::Forward, start, dropped(self.verdict));
        let answer = self.answer.and_then(dropped);
        let back = self.delivered.map_or(start, |(_, tuple)| tuple).reversed();
        add_missing(&mut self.back, Direction::Return, back, answer);
    }

    pub(super) fn outcome(&self) -> Outcome {
        match (self.verdict, self.answer.and_then(dropped)) {
            (Verdict::Forward(_), None) => Outcome::Delivered,
            (Verdict::Forward(_), Some(_)) => Outcome::NoReply,
            (Verdict::Drop(_) | Verdict::Reply(_) | Verdict::Held | Verdict::HandedOver(_), _) => {
                Outcome::Dropped
            }
        }
    }

    /// What else to know about what became of the packet.
    pub(super) fn notes(&self) -> Vec<String> {
        let ending = match (self.verdict, self.answer) {
            (Verdict::Reply(_), _) => Some("Its sender is told: a RST or an ICMP error goes back."),
            (Verdict::Forward(_), None) => Some("Nobody answers such a packet."),
            _ => None,
        };
        let left_out = "The way back is not shown: it depends on how this is mended.";
        let notes = [ending, self.uncertain.then_some(left_out)];
        notes.into_iter().flatten().map(str::to_owned).collect()
    }
}

fn trace(worker: &mut Worker, from: InterfaceId, bytes: &mut [u8], record: &mut Record) -> Verdict {
    worker.trace(Instant::ZERO, Arrival { interface: from, bytes }, record, &mut Vec::new())
}

fn split(record: Record) -> (Vec<Hop>, Vec<Hop>) {
    record.hops.into_iter().partition(|hop| hop.direction == Direction::Forward)
}

fn dropped(verdict: Verdict) -> Option<Drop> {
    match verdict {
        Verdict::Drop(drop) | Verdict::Reply(drop) => Some(drop),
        Verdict::Forward(_) | Verdict::Held | Verdict::HandedOver(_) => None,
    }
}

fn add_missing(hops: &mut Vec<Hop>, direction: Direction, start: Tuple, drop: Option<Drop>) {
    let Some(drop) = drop.filter(|drop| !hops.iter().any(|hop| hop.drop == Some(*drop))) else {
        return;
    };
    let at = hops.last().map_or(start, |hop| hop.after);
    hops.push(Hop {
        direction,
        element: drop.element,
        subnet: None,
        decision: Decision::Nature,
        before: at,
        after: at,
        drop: Some(drop),
    });
}

/// Whether a rule that somebody wrote denies the packet, and not the nature of an element.
fn by_rule(drop: Drop) -> bool {
    use DropReason::*;
    matches!(
        drop.reason,
        SecurityGroupEgress
            | SecurityGroupEgressEmpty
            | SecurityGroupIngress
            | SecurityGroupIngressEmpty
            | SecurityGroupReferenceLost
            | SecurityGroupReferenceTransit
            | NetworkAclEgress
            | NetworkAclIngress
    )
}
