//! The scenario file: a cloud, what is sent through it, and what is expected to become of it.
//!
//! [`Scenario::read`] takes the file `scenario.yaml` or its folder. It reports everything that is
//! wrong with the file itself; whether the cloud that it describes makes sense is for
//! `egret_control`'s checks.

use std::path::Path;

use egret_control::finding::{Finding, Rejection};
use egret_control::model::Model;
use egret_control::section::services::Services;
use egret_control::section::{
    self, ConnectorSection, HostSection, PeeringSection, ServiceSection, SettingsSection,
    TransitGatewaySection, VpcSection, hosts,
};
use egret_control::source::{FileId, Place};
use egret_control::written::{self, At, Entries, Page, TextOr, Written};
use schemars::JsonSchema;
use serde::Deserialize;

mod expectation;
mod traffic;

pub use expectation::{Destination, Expectation, Outcome, Protocol};
pub use traffic::Traffic;

use expectation::ExpectationSection;
use traffic::TrafficSection;

/// The name of the file in a scenario's folder.
pub const FILE_NAME: &str = "scenario.yaml";

/// The Region of a scenario that says none.
pub const DEFAULT_REGION: &str = "us-east-1";

/// A scenario as read.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it shows, in one line.
    pub title: String,
    /// What it shows, at length.
    pub description: Option<String>,
    /// The cloud, with the files that it was read from.
    pub model: Model,
    /// What is expected of single packets.
    pub expect: Vec<Expectation>,
    /// What services send in a run.
    pub traffic: Vec<Traffic>,
    /// What happens in a run.
    pub plan: crate::plan::Plan,
    /// What looks wrong but does not stand in the way.
    pub warnings: Vec<Finding>,
}

/// A scenario: a VPC, the services that leave through it, and what becomes of their packets.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScenarioFile {
    /// What the scenario shows, in one line.
    title: Written<String>,
    /// What it shows, at length.
    description: Option<String>,
    /// The Region. Default us-east-1.
    region: Option<Written<String>>,
    /// Overrides of the simulator's named defaults.
    #[serde(default)]
    settings: SettingsSection,
    /// The only VPC.
    vpc: Option<At<VpcSection>>,
    /// Several VPCs, by name.
    vpcs: Option<Entries<At<VpcSection>>>,
    /// Peering connections, by name.
    #[serde(default)]
    peerings: Entries<PeeringSection>,
    /// Transit gateways, by name.
    #[serde(default)]
    transit_gateways: Entries<TransitGatewaySection>,
    /// VPC connectors, by name: spelled out, or a file of the API's CreateVpcConnector request.
    #[serde(default)]
    connectors: Entries<At<TextOr<ConnectorSection>>>,
    /// Services, by name: spelled out, or a file of the API's CreateService request.
    #[serde(default)]
    services: Entries<At<TextOr<ServiceSection>>>,
    /// Destinations, by DNS name.
    #[serde(default)]
    hosts: Entries<HostSection>,
    /// What services send in a run.
    #[serde(default)]
    traffic: Vec<At<TrafficSection>>,
    /// What becomes of single packets.
    #[serde(default)]
    expect: Vec<At<ExpectationSection>>,
}

/// The JSON Schema of the scenario file, by which editors complete and check it.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(ScenarioFile).to_value()
}

impl Scenario {
    /// Reads the scenario file at `path`, or in the folder at `path`, and every file it names.
    ///
    /// # Errors
    ///
    /// Every finding, warnings too, if one of them is an error.
    pub fn read(path: &Path) -> Result<Scenario, Rejection> {
        let path = if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() };
        match std::fs::read_to_string(&path) {
            Ok(text) => Scenario::from_text(&path, &text),
            Err(error) => {
                let message = format!("{}: {error}", path.display());
                let finding = Finding::error("unreadable", Place::NOWHERE, message);
                Err(Rejection { findings: vec![finding], ..Rejection::default() })
            }
        }
    }

    /// Reads a scenario from a text; the files that it names are looked for beside `path`.
    ///
    /// # Errors
    ///
    /// As [`Scenario::read`].
    pub fn from_text(path: &Path, text: &str) -> Result<Scenario, Rejection> {
        let mut model = Model::default();
        let file = model.sources.add(path, written::without_bom(text));
        let section: ScenarioFile = match written::parse(&model.sources, file) {
            Ok(section) => section,
            Err(finding) => {
                return Err(Rejection { sources: model.sources, findings: vec![finding] });
            }
        };
        let mut findings = Vec::new();
        let mut page = Page::new(&model.sources, file, &mut findings);
        let folder = path.parent().unwrap_or(Path::new(""));
        let scenario = section.build(file, folder, model, &mut page);
        if findings.iter().any(Finding::is_error) {
            return Err(Rejection { sources: scenario.model.sources, findings });
        }
        Ok(Scenario { warnings: findings, ..scenario })
    }
}

impl ScenarioFile {
    fn build(self, file: FileId, folder: &Path, mut model: Model, page: &mut Page<'_>) -> Scenario {
        let title = page.meaning(self.title);
        let region = page.optional(self.region);
        model.region = region.map_or(DEFAULT_REGION.to_owned(), |region| region.value);
        self.settings.apply_to(&mut model.settings, page);
        add_vpcs(self.vpc, self.vpcs, file, folder, &mut model, page);
        for (name, peering) in self.peerings {
            peering.add_to(name, &mut model, page);
        }
        for (name, gateway) in self.transit_gateways {
            gateway.add_to(name, &mut model, page);
        }
        let services = Services { connectors: self.connectors, services: self.services };
        services.add_to(folder, &mut model, page);
        hosts::add_hosts(self.hosts, &mut model, page);
        section::settle(&mut model, page);
        let traffic = self.traffic.into_iter();
        let traffic: Vec<Traffic> =
            traffic.filter_map(|traffic| traffic::read(traffic, &model, page)).collect();
        let expect = self.expect.into_iter();
        let expect = expect.filter_map(|e| expectation::read(e, &model, page)).collect();
        Scenario {
            title: title.map(|title| title.value).unwrap_or_default(),
            description: self.description,
            model,
            expect,
            plan: plan(&traffic),
            traffic,
            warnings: Vec::new(),
        }
    }
}

fn add_vpcs(
    only: Option<At<VpcSection>>,
    several: Option<Entries<At<VpcSection>>>,
    file: FileId,
    folder: &Path,
    model: &mut Model,
    page: &mut Page<'_>,
) {
    match (only, several) {
        (Some(only), None) => VpcSection::add_only(only, folder, model, page),
        (None, Some(several)) => {
            for (name, section) in several {
                section.value.add_to(name, folder, model, page);
            }
        }
        (Some(only), Some(_)) => {
            let message = "a scenario has `vpc` or `vpcs`, not both";
            let help = "move the VPC under `vpcs:`, with its name as the key";
            page.find(Finding::error("vpc-and-vpcs", page.place(&only), message).help(help));
        }
        (None, None) => {
            let place = Place { file: Some(file), offset: 0, len: 0, line: 1, column: 1 };
            let message = "the scenario has no VPC";
            let help = "add `vpc:` with a `cidr`, or `vpcs:` with several of them";
            page.find(Finding::error("no-vpc", place, message).help(help));
        }
    }
}

/// The finding for a sender that is no service of the model, if it is none.
fn unknown_service(
    from: &egret_control::source::Sourced<String>,
    model: &Model,
) -> Option<Finding> {
    if model.services.iter().any(|service| service.id == *from) {
        return None;
    }
    let known: Vec<_> = model.services.iter().map(|s| format!("`{}`", s.id.value)).collect();
    let help = match known.is_empty() {
        true => "add it under `services:`".to_owned(),
        false => format!("the services are {}", known.join(", ")),
    };
    let message = format!("there is no service `{}`", from.value);
    Some(Finding::error("unknown-service", from.place, message).help(help))
}

fn plan(traffic: &[Traffic]) -> crate::plan::Plan {
    use egret_dataplane::time::Duration;
    let entry = |said: &Traffic| crate::plan::Traffic {
        name: format!("{} to {}", said.from.value, said.to.host),
        from: crate::plan::Sender::Service(said.from.clone(), None),
        to: said.to.clone(),
        at: Duration::ZERO,
        workload: crate::plan::Workload::Connections(crate::plan::Connections {
            count: said.connections.value,
            rate: None,
            requests: 1,
            request: said.request.0,
            response: said.response.0,
            idle: Duration::ZERO,
            keepalive: None,
            close: true,
            dns: false,
            timeout: Duration::from_secs(127),
        }),
        place: said.place,
    };
    crate::plan::Plan { traffic: traffic.iter().map(entry).collect(), ..Default::default() }
}

#[cfg(test)]
mod tests;
