//! Reads what `terraform show -json` prints of a plan or a state (and `tofu show -json`, which prints
//! the same) into declared resources.
//!
//! Of a plan it reads what will be there once it is applied: resources that go are gone, and values
//! that are known only then are resolved where they can be one thing only, by what the configuration
//! says that they refer to. What stays unknown keeps its name. Of a state every value is known.
//!
//! The file is scanned once; only the resources that mean something become values, each with its
//! place. So a plan of tens of megabytes costs little more than its text.
//!
//! The format: <https://developer.hashicorp.com/terraform/internals/json-format>. The types and
//! attributes: the aws provider's schema, versions 4 to 6.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::finding::Finding;
use crate::model::Model;
use crate::source::{FileId, Place, Sources};
use crate::template::{self, Data, Resource, Value};

mod acls;
mod address;
mod class;
mod follow;
mod gateways;
mod groups;
mod json;
mod kinds;
mod open;
mod plan;
mod readings;
mod region;
mod resolve;
mod show;
mod tables;
mod translate;

/// What a plan or a state declares.
#[derive(Debug)]
pub struct Declared {
    /// The resources.
    pub resources: Vec<Resource>,
    /// Resources that data sources read, and what is said of those: the id of each, and the id of the
    /// thing that was read. Somebody who knows that thing better needs none of them.
    pub read: HashMap<String, String>,
    /// The Region of most of them, where it is said.
    pub region: Option<String>,
    /// What was passed over, or taken to be meant.
    pub warnings: Vec<Finding>,
}

/// Whether a file is one of Terraform's that is printed as JSON.
pub fn is_terraform(text: &str) -> bool {
    form(text).is_some()
}

/// Reads a file that [`is_terraform`] into a model that may hold something already. What data sources
/// read and the model holds is not added again.
pub fn read_into(model: &mut Model, file: FileId) -> Vec<Finding> {
    let declared = match read(&model.sources, file) {
        Ok(declared) => declared,
        Err(finding) => return vec![finding],
    };
    if model.region.is_empty() {
        model.region = declared.region.clone().unwrap_or_default();
    }
    let Declared { mut resources, read, region, warnings: mut findings } = declared;
    let held = held(model);
    resources.retain(|resource| read.get(&*resource.id).is_none_or(|of| !held.contains(of)));
    let known: HashSet<&String> = read.values().filter(|of| held.contains(*of)).collect();
    resources.iter_mut().for_each(|resource| name_by_id(&mut resource.properties, &known));
    let region = region.unwrap_or_else(|| model.region.clone());
    template::into_model(&resources, &region, model, &mut findings);
    findings
}

/// Reads a file that [`is_terraform`].
///
/// # Errors
///
/// Why it is not what `terraform show -json` prints.
pub fn read(sources: &Sources, file: FileId) -> Result<Declared, Finding> {
    let source = sources.file(file).text.clone();
    let place = Place { file: Some(file), offset: 0, len: 1, line: 1, column: 1 };
    match form(&source) {
        Some(Form::Show) | None => {}
        Some(Form::StateFile) => {
            let message = "this is a state as Terraform keeps it, which is for Terraform alone";
            let help = "give what `terraform show -json` prints of it";
            return Err(Finding::error("terraform-state-file", place, message).help(help));
        }
        Some(Form::Log) => {
            let message = "this is what `terraform plan -json` prints while it plans, not the plan";
            let help = "plan with `-out=plan.tfplan`, and give what `terraform show -json plan.tfplan` prints";
            return Err(Finding::error("terraform-log", place, message).help(help));
        }
    }
    let text = json::Text::new(&source, file);
    let show: show::Show<'_> = text.read(&source)?;
    let plan = plan::Plan::new(&text, &show, |kind, data| kinds::of(kind, data).is_some())?;
    let mut warnings = partial(&show, place);
    warnings.extend(ignored(&plan));
    let region = plan.region();
    let translation = translate::Translation::of(&plan);
    warnings.extend(translation.findings);
    let (resources, read) = (translation.resources, translation.owners);
    Ok(Declared { resources, read, region, warnings })
}

/// What Terraform prints as JSON.
#[derive(Debug, PartialEq, Eq)]
enum Form {
    /// `terraform show -json`.
    Show,
    /// A state file.
    StateFile,
    /// The log of `terraform plan -json`.
    Log,
}

/// What refers to a resource that the model holds already names it by its id.
fn name_by_id(value: &mut Value, known: &HashSet<&String>) {
    match &mut value.data {
        Data::Of { resource, attribute: None } if known.contains(resource) => {
            value.data = Data::Text(std::mem::take(resource));
        }
        Data::List(items) => items.iter_mut().for_each(|item| name_by_id(item, known)),
        Data::Map(map) => map.values_mut().for_each(|item| name_by_id(item, known)),
        _ => {}
    }
}

/// The ids of what a model holds that data sources can read.
fn held(model: &Model) -> HashSet<String> {
    let mut held = HashSet::new();
    macro_rules! hold {
        ($($list:ident,)*) => {
            $(held.extend(model.$list.iter().map(|thing| thing.id.value.clone()));)*
        };
    }
    hold! {
        vpcs, subnets, route_tables, security_groups, prefix_lists, internet_gateways,
        nat_gateways, vpc_endpoints, peerings, transit_gateways, network_interfaces,
    }
    held
}

/// Top-level keys that tell the forms apart.
#[derive(Deserialize)]
struct Keys<'a> {
    #[serde(borrow)]
    format_version: Option<&'a RawValue>,
    #[serde(borrow)]
    terraform_version: Option<&'a RawValue>,
    #[serde(borrow)]
    planned_values: Option<&'a RawValue>,
    #[serde(borrow)]
    resource_changes: Option<&'a RawValue>,
    #[serde(borrow)]
    values: Option<&'a RawValue>,
    #[serde(borrow)]
    lineage: Option<&'a RawValue>,
    #[serde(borrow)]
    serial: Option<&'a RawValue>,
}

fn form(text: &str) -> Option<Form> {
    let start = text.trim_start();
    if !start.starts_with('{') {
        return None;
    }
    if start.starts_with("{\"@level\"") {
        return Some(Form::Log);
    }
    let keys: Keys<'_> = serde_json::from_str(text).ok()?;
    let shown = [keys.planned_values, keys.resource_changes, keys.values, keys.terraform_version];
    if keys.format_version.is_some() && shown.iter().any(Option::is_some) {
        return Some(Form::Show);
    }
    // A state without anything in it has its format's version only.
    if keys.format_version.is_some() && serde_json::from_str::<Lone<'_>>(text).is_ok() {
        return Some(Form::Show);
    }
    (keys.lineage.is_some() && keys.serial.is_some()).then_some(Form::StateFile)
}

/// An empty state.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lone<'a> {
    #[serde(borrow, rename = "format_version")]
    _format_version: &'a RawValue,
}

/// A plan that failed, or that leaves something to a later one, is not all of what will be.
fn partial(show: &show::Show<'_>, place: Place) -> Vec<Finding> {
    let mut findings = Vec::new();
    if show.errored == Some(true) {
        let message = "planning failed, so the plan holds only a part of what will be there";
        let help = "mend what `terraform plan` complains of, and plan again";
        findings.push(Finding::warning("failed-plan", place, message).help(help));
    } else if show.complete == Some(false) {
        let message = "the plan leaves some resources to a later plan, and those are not seen here";
        findings.push(Finding::warning("partial-plan", place, message));
    }
    findings
}

/// Resources that mean nothing here, listed once for each type.
fn ignored(plan: &plan::Plan<'_>) -> Vec<Finding> {
    let finding = |(kind, count, place): &(String, usize, Place)| {
        let noun = if *count == 1 { "resource" } else { "resources" };
        let message = format!("`{kind}` is not modelled: {count} {noun} passed over");
        Finding::warning("ignored-resource", *place, message)
    };
    let mut ignored: Vec<_> = plan.ignored.iter().collect();
    ignored.sort_by(|a, b| a.0.cmp(&b.0));
    ignored.into_iter().map(finding).collect()
}
