//! Who sends, by name.

use egret_control::explain::resolve::{Request, Unresolved, resolve};
use egret_control::model::Model;
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::{Egress, Interface, Snapshot, TaskId};

use crate::classes::Origin;

/// A sender, and what a user calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Where its packets enter.
    pub origin: Origin,
    /// The name by which `egret explain` knows it: `web/1`.
    pub name: String,
    /// What it is called in words: `web (task 1, use1-az2)`.
    pub label: String,
    /// The Availability Zone of a task.
    pub zone: Option<String>,
}

/// All senders that a name stands for: of a service one task in each Availability Zone, as those of
/// a zone differ in nothing; of `SERVICE/TASK` that task; of a host or network interface itself.
///
/// # Errors
/// When the name means nothing.
pub fn senders(model: &Model, snapshot: &Snapshot, name: &str) -> Result<Vec<Sender>, Unresolved> {
    let tasks = tasks(snapshot, name);
    if tasks.is_empty() {
        return Ok(vec![sender(model, snapshot, name)?]);
    }
    let named = tasks.iter().map(|task| format!("{name}/{}", snapshot[*task].number));
    named.map(|name| sender(model, snapshot, &name)).collect()
}

/// A live task of a service for each zone in which it has one.
fn tasks(snapshot: &Snapshot, service: &str) -> Vec<TaskId> {
    let mut zones = Vec::new();
    let live = |task: &TaskId| matches!(snapshot[snapshot[*task].interface], Interface::Task(_));
    let of = |task: &TaskId| *snapshot[snapshot[*task].service].name == *service;
    let mut tasks: Vec<TaskId> =
        (0..snapshot.tasks.len() as u32).map(TaskId).filter(of).filter(live).collect();
    tasks.retain(|task| {
        let zone = snapshot[*task].zone;
        let is_new = !zones.contains(&zone);
        zones.push(zone);
        is_new
    });
    tasks
}

fn sender(model: &Model, snapshot: &Snapshot, name: &str) -> Result<Sender, Unresolved> {
    let request = Request {
        from: name.to_owned(),
        to: "192.0.2.1:1".to_owned(),
        protocol: Protocol::TCP,
        source_port: None,
        icmp: (0, 0),
        all: false,
    };
    let question = resolve(model, snapshot, &request)?;
    let enis = match snapshot[question.from] {
        Interface::Task(task) => match &snapshot[snapshot[task].service].egress {
            Egress::Vpc { enis, .. } => enis.len() as u16,
            Egress::Default => 1,
        },
        _ => 1,
    };
    let origin = Origin { interface: question.from, src: question.tuple.src, enis };
    let zone = match snapshot[question.from] {
        Interface::Task(task) => snapshot[task].zone,
        _ => None,
    };
    let zone = zone.map(|zone| snapshot.zones[zone.0 as usize].to_string());
    Ok(Sender { origin, name: name.to_owned(), label: question.from_label, zone })
}
