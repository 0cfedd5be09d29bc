//! The configuration changes on the way.

use egret_control::compile::compile_after;
use egret_dataplane::snapshot::Interface;
use egret_dataplane::time::Instant;
use egret_dataplane::verdict::Drop;

use super::{EndId, Role, Wire, World};

/// A change that was made.
#[derive(Clone, Debug)]
pub(crate) struct Changed {
    pub(crate) at: Instant,
    pub(crate) title: String,
    /// Connections that were established and not over.
    pub(crate) established: u64,
    /// Of those, how many failed since.
    pub(crate) failed_later: u64,
    /// All drops until then.
    pub(crate) drops: Vec<(Drop, u64)>,
}

impl World {
    pub(super) fn changes(&mut self, number: usize) {
        let plan = std::rc::Rc::clone(&self.plan);
        let change = &plan.timeline[number];
        let Ok(compilation) = compile_after(&change.model, self.cloud.compilation()) else {
            // The reader has compiled it before, and found nothing.
            unreachable!("a change that compiled by itself compiles after another");
        };
        let is_live = |end: &super::End| match &end.role {
            Role::Client(_, client) => client.established.is_some() && !client.is_done(),
            _ => false,
        };
        self.changed.push(Changed {
            at: self.now,
            title: change.title.clone(),
            established: self.ends.iter().filter(|(_, end)| is_live(end)).count() as u64,
            failed_later: 0,
            drops: self.cloud.crew().counters().drops().collect(),
        });
        self.model = change.model.clone();
        let sources = self.model.sources.clone();
        self.cloud.change(self.now, &change.title, compilation, sources);
        self.targets.clear();
        self.stop_what_is_gone();
    }

    /// Tasks and hosts that are no more take their ends with them.
    fn stop_what_is_gone(&mut self) {
        let snapshot = std::sync::Arc::clone(self.cloud.snapshot());
        let gone = |wire: Wire| match wire {
            Wire::Cloud(interface) => snapshot[interface] == Interface::Gone,
            Wire::Provider => false,
        };
        let ends = self.ends.iter().filter(|(_, end)| gone(end.wire));
        let ids: Vec<EndId> = ends.map(|(at, end)| EndId { at, number: end.number }).collect();
        for id in ids {
            let Some(end) = self.end(id) else { continue };
            let unfinished = match &end.role {
                Role::Client(_, client) => !client.is_done(),
                Role::Prober(_) | Role::Lookup(_) => true,
                Role::Server(..) => false,
            };
            if let (true, Some(traffic)) = (unfinished, end.traffic) {
                self.tell(id, format_args!("ends: its task is stopped"));
                self.tallies[traffic].fail("task stopped");
            }
            self.remove(id);
        }
    }

    /// A client's connection that was established then has failed.
    pub(super) fn note_failure(&mut self, established: Option<Instant>) {
        let Some(established) = established else { return };
        for change in self.changed.iter_mut().filter(|change| change.at >= established) {
            change.failed_later += 1;
        }
    }
}
