//! What a scenario has that no account has: hosts outside, what answers at hosts inside, settings,
//! traffic.

use std::collections::{BTreeSet, HashMap};
use std::net::Ipv4Addr;

use egret_control::model::{Host, Listen, Model, Name, Serve, Settings};
use egret_control::source::{Sourced, Sources};

use super::traffic::workload::Script;

/// The world around an account. It is read from the scenario at each start, and not stored.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The files that it was read from.
    pub sources: Sources,
    /// What AWS leaves open.
    pub settings: Settings,
    /// Named destinations outside of the VPCs.
    pub hosts: Vec<Host>,
    /// What is sent, when it is asked for.
    pub script: Script,
    lost_azs: Vec<Name>,
    /// What answers at network interfaces, by the interface's name.
    answers: HashMap<String, Answers>,
}

#[derive(Clone, Debug)]
struct Answers {
    listen: Option<Vec<Sourced<Listen>>>,
    serve: Vec<Serve>,
}

impl Surroundings {
    /// Those of a scenario's cloud.
    pub fn of(model: &Model) -> Surroundings {
        let answers = model.network_interfaces.iter().map(|interface| {
            let name = interface.name.clone().unwrap_or_else(|| interface.id.value.clone());
            let (listen, serve) = (interface.listen.clone(), interface.serve.clone());
            (name, Answers { listen, serve })
        });
        Surroundings {
            sources: model.sources.clone(),
            settings: model.settings.clone(),
            hosts: model.hosts.clone(),
            script: Script::default(),
            lost_azs: model.lost_azs.clone(),
            answers: answers.collect(),
        }
    }

    /// The addresses of the destinations outside: they are somebody's.
    pub fn public_addresses(&self) -> BTreeSet<Ipv4Addr> {
        self.hosts.iter().map(|host| host.address.value).collect()
    }

    /// Puts an account's network into them.
    pub fn around(&self, mut model: Model) -> Model {
        model.sources = self.sources.clone();
        model.settings = self.settings.clone();
        model.hosts = self.hosts.clone();
        model.lost_azs = self.lost_azs.clone();
        for interface in &mut model.network_interfaces {
            let name = interface.name.as_deref().unwrap_or(&interface.id.value);
            if let Some(answers) = self.answers.get(name) {
                interface.listen = answers.listen.clone();
                interface.serve = answers.serve.clone();
            }
        }
        model
    }
}
