//! The scenario file: a cloud, what is sent through it, and what is expected to become of it.
//!
//! [`Scenario::read`] takes the file `scenario.yaml` or its folder. It reports everything that is
//! wrong with the file itself; whether the cloud that it describes makes sense is for
//! `egret_control`'s checks.

use std::mem::take;
use std::path::Path;

use egret_control::finding::{Finding, Rejection};
use egret_control::model::Model;
use egret_control::section::services::Services;
use egret_control::section::{
    self, ConnectorSection, HostSection, PeeringSection, ServiceSection, SettingsSection,
    TransitGatewaySection, VpcSection, hosts,
};
use egret_control::source::{FileId, Place, Sourced};
use egret_control::written::{self, At, Entries, Loose, Page, TextOr, Written};
use egret_dataplane::time::Duration;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::plan::{Change, Plan, Traffic};

mod expectation;
mod links;
mod results;
mod table;
mod timeline;
mod traffic;

pub use expectation::{Destination, EVERY_SERVICE, Expectation, Outcome, Protocol, Target};
pub(crate) use expectation::{ExpectationSection, read as read_expectation};
pub(crate) use table::{TableSection, read as read_table};

use links::LinksSection;
use results::ResultSection;
use timeline::ChangeSection;
use traffic::TrafficSection;

/// The name of the file in a scenario's folder.
pub const FILE_NAME: &str = "scenario.yaml";

/// The Region of a scenario that says none.
pub const DEFAULT_REGION: &str = "us-east-1";

/// A scenario as read.
#[derive(Clone, Debug, Default)]
pub struct Scenario {
    /// What it shows, in one line.
    pub title: String,
    /// What it shows, at length.
    pub description: Option<String>,
    /// The cloud, with the files that it was read from.
    pub model: Model,
    /// What is expected of single packets.
    pub expect: Vec<Expectation>,
    /// What happens in a run.
    pub plan: Plan,
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
    /// What becomes of single packets.
    #[serde(default)]
    expect: Vec<At<ExpectationSection>>,
    /// The same, as tables: senders down, targets across.
    #[serde(default)]
    tables: Vec<At<TableSection>>,
    /// When a run ends, even if something would still happen. Default 1h.
    duration: Option<Written<Duration>>,
    /// What a run's random numbers begin with. Default 1.
    seed: Option<Written<u32>>,
    /// The links between elements, by kind.
    #[serde(default)]
    links: LinksSection,
    /// What is sent in a run.
    #[serde(default)]
    traffic: Vec<At<TrafficSection>>,
    /// What is changed during a run.
    #[serde(default)]
    timeline: Vec<At<ChangeSection>>,
    /// What a run must come to.
    #[serde(default)]
    results: Vec<At<ResultSection>>,
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
        let scenario = section.build(file, path, model, &mut page);
        if findings.iter().any(Finding::is_error) {
            return Err(Rejection { sources: scenario.model.sources, findings });
        }
        Ok(Scenario { warnings: findings, ..scenario })
    }
}

/// Reads the cloud of a text that is a scenario without what happens in a run.
fn read_model(path: &Path, text: &str) -> Result<Model, Vec<Finding>> {
    let mut model = Model::default();
    let file = model.sources.add(path, text);
    let mut section: ScenarioFile =
        written::parse(&model.sources, file).map_err(|finding| vec![finding])?;
    let mut findings = Vec::new();
    let mut page = Page::new(&model.sources, file, &mut findings);
    let folder = path.parent().unwrap_or(Path::new(""));
    section.add_cloud(file, folder, &mut model, &mut page);
    if findings.iter().any(Finding::is_error) { Err(findings) } else { Ok(model) }
}

impl ScenarioFile {
    fn build(
        mut self,
        file: FileId,
        path: &Path,
        mut model: Model,
        page: &mut Page<'_>,
    ) -> Scenario {
        let folder = path.parent().unwrap_or(Path::new(""));
        self.add_cloud(file, folder, &mut model, page);
        let title = page.meaning(self.title.clone());
        let description = self.description.take();
        let expect = take(&mut self.expect).into_iter();
        let mut expect: Vec<_> =
            expect.filter_map(|e| expectation::read(e, &model, page)).collect();
        let tables = take(&mut self.tables).into_iter();
        expect.extend(tables.flat_map(|t| table::read(t, &model, page)));
        Scenario {
            title: title.map(|title| title.value).unwrap_or_default(),
            description,
            expect,
            plan: self.plan(file, path, &model, page),
            model,
            warnings: Vec::new(),
        }
    }

    /// Moves what describes the cloud into the model.
    fn add_cloud(&mut self, file: FileId, folder: &Path, model: &mut Model, page: &mut Page<'_>) {
        let region = page.optional(self.region.take());
        model.region = region.map_or(DEFAULT_REGION.to_owned(), |region| region.value);
        take(&mut self.settings).apply_to(&mut model.settings, page);
        add_vpcs(self.vpc.take(), self.vpcs.take(), file, folder, model, page);
        for (name, peering) in take(&mut self.peerings) {
            peering.add_to(name, model, page);
        }
        for (name, gateway) in take(&mut self.transit_gateways) {
            gateway.add_to(name, model, page);
        }
        let (connectors, services) = (take(&mut self.connectors), take(&mut self.services));
        Services { connectors, services }.add_to(folder, model, page);
        hosts::add_hosts(take(&mut self.hosts), model, page);
        section::settle(model, page);
    }

    /// What happens in a run of the model.
    fn plan(self, file: FileId, path: &Path, model: &Model, page: &mut Page<'_>) -> Plan {
        let folder = path.parent().unwrap_or(Path::new(""));
        let traffic = self.traffic.into_iter();
        let mut traffic: Vec<_> =
            traffic.filter_map(|traffic| traffic::read(traffic, folder, model, page)).collect();
        traffic::name_apart(&mut traffic);
        let changes = self.timeline.into_iter();
        let changes: Vec<_> = changes.filter_map(|change| timeline::read(change, page)).collect();
        let timeline = match written::parse::<Loose>(&model.sources, file) {
            Ok(whole) if !changes.is_empty() => {
                let whole = page.document(whole);
                timeline::changes(changes, whole, model, path, page)
            }
            // What is not readable was found before.
            _ => Vec::new(),
        };
        let duration = page.optional(self.duration);
        if let Some(duration) = &duration {
            never_reached(duration, &traffic, &timeline, page);
        }
        let results = self.results.into_iter();
        let expect = results.filter_map(|result| results::read(result, &traffic, page)).collect();
        Plan {
            duration: duration.map(|duration| duration.value),
            seed: page.optional(self.seed).map(|seed| u64::from(seed.value)),
            links: self.links.read(page),
            traffic,
            timeline,
            expect,
        }
    }
}

/// Finds what a run ends before.
fn never_reached(
    duration: &Sourced<Duration>,
    traffic: &[Traffic],
    timeline: &[Change],
    page: &mut Page<'_>,
) {
    let traffic = traffic.iter().map(|traffic| (traffic.at, traffic.place));
    let changes = timeline.iter().map(|change| (change.at, change.place));
    for (_, place) in traffic.chain(changes).filter(|(at, _)| *at >= duration.value) {
        let message = "the run ends before this";
        page.find(Finding::warning("never-reached", place, message).help("raise `duration`"));
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
fn unknown_service(from: &Sourced<String>, model: &Model) -> Option<Finding> {
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

#[cfg(test)]
mod tests;
