//! Connectors and services.

use std::collections::HashMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::finding::Finding;
use crate::import;
use crate::model::{Connector, Egress, Model, Name, Service};
use crate::source::{Place, Sourced};
use crate::words;
use crate::written::{At, Entries, Page, TextOr, Written};

/// A VPC connector.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectorSection {
    /// Its subnets.
    subnets: Vec<At<String>>,
    /// Its groups; without any, the VPC's default group.
    #[serde(default)]
    security_groups: Vec<At<String>>,
}

/// A service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceSection {
    /// `vpc` (by its connector) or `default` (the provider's own way out). Without it, `vpc` where
    /// there is a connector.
    egress: Option<Written<EgressType>>,
    /// The connector of a service with egress `vpc`.
    connector: Option<At<String>>,
    /// How many tasks run. Default 1.
    tasks: Option<At<u32>>,
    /// The Availability Zones of its tasks, taken in turn; by default those of its connector.
    #[serde(default)]
    azs: Vec<Written<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EgressType {
    Vpc,
    Default,
}

words!(EgressType, "an egress type", {
    "vpc" => EgressType::Vpc,
    "VPC" => EgressType::Vpc,
    "default" => EgressType::Default,
    "DEFAULT" => EgressType::Default,
});

/// The sections `connectors:` and `services:`, each entry spelled out or a file of the API's
/// request beside the scenario.
#[derive(Clone, Debug, Default)]
pub struct Services {
    /// The connectors.
    pub connectors: Entries<At<TextOr<ConnectorSection>>>,
    /// The services.
    pub services: Entries<At<TextOr<ServiceSection>>>,
}

impl Services {
    /// Adds connectors and services to the model. Request files are looked for in `folder`.
    pub fn add_to(self, folder: &Path, model: &mut Model, page: &mut Page<'_>) {
        // A service's request file knows the connector by the name in its own request file.
        let mut keys_by_name = HashMap::new();
        for (key, section) in self.connectors {
            let id = page.sourced(key);
            let place = page.place(&section);
            match section.value {
                TextOr::Parts(section) => model.connectors.push(section.read(id, page)),
                TextOr::Text(path) => {
                    let read = import::connector_request(&folder.join(path), model, place);
                    if let Some(connector) = take(read, page) {
                        keys_by_name.insert(connector.id.value.clone(), id.value.clone());
                        model.connectors.push(Connector { id, ..connector });
                    }
                }
            }
        }
        for (key, section) in self.services {
            let id = page.sourced(key);
            let place = page.place(&section);
            match section.value {
                TextOr::Parts(section) => model.services.extend(section.read(id, page)),
                TextOr::Text(path) => {
                    let read = import::service_request(&folder.join(path), model, place);
                    if let Some(mut service) = take(read, page) {
                        rename_connector(&mut service.egress, &keys_by_name);
                        model.services.push(Service { id, ..service });
                    }
                }
            }
        }
    }
}

fn take<T>(read: Result<T, Vec<Finding>>, page: &mut Page<'_>) -> Option<T> {
    read.map_err(|findings| findings.into_iter().for_each(|finding| page.find(finding))).ok()
}

fn rename_connector(egress: &mut Egress, keys_by_name: &HashMap<String, String>) {
    if let Egress::Vpc(name) = egress
        && let Some(key) = keys_by_name.get(&name.value)
    {
        name.value = key.clone();
    }
}

impl ConnectorSection {
    fn read(self, id: Name, page: &Page<'_>) -> Connector {
        let subnets = page.all(self.subnets);
        let security_groups = page.all(self.security_groups);
        Connector { id, arn: None, subnets, security_groups }
    }
}

impl ServiceSection {
    fn read(self, id: Name, page: &mut Page<'_>) -> Option<Service> {
        let had_egress = self.egress.is_some();
        let said = page.optional(self.egress);
        let connector = self.connector.map(|connector| page.sourced(connector));
        let tasks = self.tasks.map_or(1.into(), |tasks| page.sourced(tasks));
        if tasks.value == 0 {
            let message = "a service without tasks sends nothing";
            let help = "write `tasks: 1` or more";
            page.find(Finding::error("no-tasks", tasks.place, message).help(help));
        }
        let azs = page.meanings(self.azs);
        if had_egress && said.is_none() {
            return None;
        }
        match egress(said, connector, id.place) {
            Ok(egress) => Some(Service { id, arn: None, egress, tasks, azs }),
            Err(finding) => {
                page.find(finding);
                None
            }
        }
    }
}

fn egress(
    said: Option<Sourced<EgressType>>,
    connector: Option<Name>,
    service: Place,
) -> Result<Egress, Finding> {
    match (said.map(|said| said.value), connector) {
        (Some(EgressType::Vpc) | None, Some(connector)) => Ok(Egress::Vpc(connector)),
        (Some(EgressType::Default), None) => Ok(Egress::Default),
        (Some(EgressType::Default), Some(connector)) => Err(Finding::error(
            "connector-unused",
            connector.place,
            "egress `default` does not go by a connector",
        )
        .help("write `egress: vpc`, or drop `connector`")),
        (Some(EgressType::Vpc), None) => Err(Finding::error(
            "connector-missing",
            said.map_or(service, |said| said.place),
            "egress `vpc` needs a connector",
        )
        .help("add `connector:` with the name of one")),
        (None, None) => Err(Finding::error(
            "egress-missing",
            service,
            "the service does not say how its packets leave",
        )
        .help("add `egress: vpc` with a `connector:`, or `egress: default`")),
    }
}
