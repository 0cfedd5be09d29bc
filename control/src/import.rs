//! Reads JSON as AWS's command line prints it (`aws ec2 describe-*`, `aws apprunner describe-*`)
//! into a [`Model`].
//!
//! Files may have any name, and hold any of the lists: the top-level keys say what is in them. Lists
//! merge over files. A folder `<account>/<region>/` says whose its files are. What Egret does not
//! model is passed over with a warning, once for each kind; IPv6 is passed over silently.
//!
//! Templates ([`crate::cloudformation`]) are read beside it, from files that end in `.yaml`, `.yml`,
//! `.template` or `.json`: what a file holds says what it is.
//!
//! Two more shapes are read as they are: the requests of `aws apprunner create-vpc-connector` and
//! `create-service`, as the App Runner guide has them in `vpc-connector.json` and `service.json`.

use std::path::{Path, PathBuf};

use crate::cloudformation;
use crate::finding::{Finding, Rejection};
use crate::model::{Connector, Model, Service};
use crate::source::{FileId, Place, Sourced, Sources};
use crate::template::{self, Parameters};
use crate::terraform;

mod app_runner;
mod document;
mod files;
mod interfaces;
mod joins;
mod json;
mod merge;
mod network;
mod rules;

use document::Document;
use merge::Import;
pub(crate) use rules::matched;

/// The Region of an import that nothing says the Region of.
const DEFAULT_REGION: &str = "us-east-1";

/// A model, and what looks wrong in it but does not stand in the way.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The model, with the files that it was read from.
    pub model: Model,
    /// What was passed over, or looks wrong.
    pub warnings: Vec<Finding>,
}

/// What an import reads a file as.
enum Opened {
    /// JSON of AWS's.
    Document(Box<Document>),
    /// A template.
    Template(FileId),
    /// A plan or a state of Terraform's.
    Terraform(FileId),
}

/// Whether a file is one to import: JSON, or a template.
pub fn is_importable(path: &Path) -> bool {
    files::is_json(path) || files::is_template(path)
}

/// Reads files, and every `.json` file and template in folders, into a new model.
///
/// # Errors
///
/// Every finding, warnings too, if one of them is an error: a path or file that cannot be read, a
/// value that means nothing, a thing that a model cannot hold.
pub fn read(paths: &[PathBuf]) -> Result<Imported, Rejection> {
    read_with(paths, &Parameters::default())
}

/// The same, with values for the parameters of templates.
///
/// # Errors
///
/// As [`read`], and a value for a parameter that no template has.
pub fn read_with(paths: &[PathBuf], given: &Parameters) -> Result<Imported, Rejection> {
    let mut model = Model::default();
    let paths: Vec<_> = paths.iter().cloned().map(Sourced::implied).collect();
    let findings = read_into(&mut model, &paths, given);
    if findings.iter().any(Finding::is_error) {
        return Err(Rejection { sources: model.sources, findings });
    }
    if model.region.is_empty() {
        let region = model.vpcs.iter().find_map(|vpc| vpc.region.clone());
        model.region = region.unwrap_or_else(|| DEFAULT_REGION.to_owned());
    }
    Ok(Imported { model, warnings: findings })
}

/// Reads files, and every `.json` file and template in folders, into a model that may hold something
/// already.
/// What it holds stays; a resource with an id that it knows is not added again. The place of a path
/// is what asked for it, for paths that cannot be read. What one list says of another's resources
/// (a route table of its subnets, say) is joined within one call only.
pub fn read_into(
    model: &mut Model,
    paths: &[Sourced<PathBuf>],
    given: &Parameters,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut documents, mut templates, mut plans) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        for file in files::all(path, &mut findings) {
            match open(&file, path.place, &mut model.sources, &mut findings) {
                Some(Opened::Document(document)) => documents.push(*document),
                Some(Opened::Template(file)) => templates.push(file),
                Some(Opened::Terraform(file)) => plans.push(file),
                None => {}
            }
        }
    }
    let mut findings = Import::new(documents, findings).into_model(model);
    add_templates(&templates, given, model, &mut findings);
    for file in plans {
        findings.extend(terraform::read_into(model, file));
    }
    findings
}

/// Adds what templates declare. They may name what AWS's own lists describe.
fn add_templates(
    templates: &[FileId],
    given: &Parameters,
    model: &mut Model,
    findings: &mut Vec<Finding>,
) {
    let said = given.get("AWS::Region").map(|region| region.value.clone());
    let known = Some(model.region.clone()).filter(|region| !region.is_empty());
    let region = said.or(known).unwrap_or_else(|| DEFAULT_REGION.to_owned());
    if model.region.is_empty() && !templates.is_empty() {
        model.region.clone_from(&region);
    }
    let mut declared = Vec::new();
    for file in templates {
        declared.extend(cloudformation::declared(*file, &model.sources));
        let read = cloudformation::read(*file, &model.sources, &region, given, findings);
        if let Some(resources) = read {
            template::into_model(&resources, &region, model, findings);
        }
    }
    given.check(&declared, findings);
}

/// Reads the one connector of a file: the request of `create-vpc-connector`, or the answer of
/// `describe-vpc-connector`. It is not added to the model, only the file to its sources.
///
/// # Errors
///
/// Why the file holds no connector, or not one only.
pub fn connector_request(
    path: &Path,
    model: &mut Model,
    place: Place,
) -> Result<Connector, Vec<Finding>> {
    let (connectors, _) = request(path, model, place)?;
    exactly_one(connectors, path, place, "connector", "`VpcConnectorName` and `Subnets`")
}

/// Reads the one service of a file: the request of `create-service`, or the answer of
/// `describe-service`. Its connector is named as the ARN names it.
///
/// # Errors
///
/// Why the file holds no service, or not one only.
pub fn service_request(
    path: &Path,
    model: &mut Model,
    place: Place,
) -> Result<Service, Vec<Finding>> {
    let (_, services) = request(path, model, place)?;
    exactly_one(services, path, place, "service", "`ServiceName` and `NetworkConfiguration`")
}

fn request(
    path: &Path,
    model: &mut Model,
    place: Place,
) -> Result<(Vec<Connector>, Vec<Service>), Vec<Finding>> {
    let mut findings = Vec::new();
    let file = files::File::lone(path);
    let document = match open(&file, place, &mut model.sources, &mut findings) {
        Some(Opened::Document(document)) => vec![*document],
        // A template is no request.
        Some(Opened::Template(_) | Opened::Terraform(_)) | None => Vec::new(),
    };
    let read = Import::new(document, Vec::new());
    let (connectors, services, found) = read.into_app_runner(&model.sources);
    findings.extend(found);
    if findings.iter().any(Finding::is_error) {
        return Err(findings);
    }
    Ok((connectors, services))
}

fn exactly_one<T>(
    mut things: Vec<T>,
    path: &Path,
    place: Place,
    what: &str,
    keys: &str,
) -> Result<T, Vec<Finding>> {
    if things.len() == 1
        && let Some(thing) = things.pop()
    {
        return Ok(thing);
    }
    let count = if things.is_empty() { "no" } else { "more than one" };
    let message = format!("{} holds {count} {what}", path.display());
    let help = format!("name a file with the keys {keys} of one {what}");
    Err(vec![Finding::error("not-one-request", place, message).help(help)])
}

/// Reads one file; `None` and a finding where that fails.
fn open(
    file: &files::File,
    place: Place,
    sources: &mut Sources,
    findings: &mut Vec<Finding>,
) -> Option<Opened> {
    let text = match files::text(&file.path) {
        Ok(text) => text,
        Err(why) => {
            let message = format!("{}: {why}", file.path.display());
            findings.push(Finding::error("unreadable", place, message));
            return None;
        }
    };
    let is_template = cloudformation::is_template(&text);
    let is_terraform = terraform::is_terraform(&text);
    let id = sources.add(&file.path, text);
    if is_terraform {
        return Some(Opened::Terraform(id));
    }
    if is_template {
        return Some(Opened::Template(id));
    }
    match crate::written::parse(sources, id) {
        Ok(lists) => {
            let origin = file.origin.clone();
            Some(Opened::Document(Box::new(Document { file: id, origin, lists })))
        }
        Err(finding) => {
            findings.push(finding);
            None
        }
    }
}
