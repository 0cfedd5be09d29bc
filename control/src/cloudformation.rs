//! Reads CloudFormation templates, YAML or JSON, into [`Resource`]s.
//!
//! Every function, condition, mapping and parameter is evaluated as CloudFormation does, as far as
//! that can be known before a stack is made. What cannot be known (a parameter without a value, what
//! SSM holds, another stack's export, what AWS chooses) is a [`Data::Unknown`] with its name.
//!
//! Whether a property is one that its resource has is for cfn-lint to say. Macros and other
//! transforms are not applied, which is said.

use std::collections::HashMap;

use crate::finding::Finding;
use crate::source::{FileId, Place, Sourced, Sources};
use crate::template::{Data, Parameters, Resource, Value};
use crate::written::{self, Branch, Page, Tree};

mod conditions;
mod evaluator;
mod functions;
mod parameters;
mod pseudo;
mod sub;

pub use parameters::declared;

use conditions::Truth;
use evaluator::Evaluator;

/// Whether a text is a template: it has resources, and they have types like AWS's.
pub fn is_template(text: &str) -> bool {
    if !text.contains("Resources") || !text.contains("::") {
        return false;
    }
    let mut sources = Sources::default();
    let file = sources.add("", text);
    match written::parse(&sources, file) {
        Ok(sapling) => has_resources(&Page::new(&sources, file, &mut Vec::new()).tree(sapling)),
        // One that does not scan is read as what it seems to be.
        Err(_) => text.contains("AWSTemplateFormatVersion"),
    }
}

fn has_resources(tree: &Tree) -> bool {
    let resources = tree.get("Resources").map_or(&[][..], Tree::entries);
    let type_of = |resource: &Tree| resource.get("Type").and_then(Tree::text).map(str::to_owned);
    tree.get("AWSTemplateFormatVersion").is_some()
        || resources.iter().any(|(_, r)| type_of(r).is_some_and(|kind| kind.contains("::")))
}

/// Reads a template into the resources that it declares. `None`, and findings, where something of
/// it means nothing.
pub fn read(
    file: FileId,
    sources: &Sources,
    region: &str,
    given: &Parameters,
    findings: &mut Vec<Finding>,
) -> Option<Vec<Resource>> {
    let tree = match written::parse(sources, file) {
        Ok(sapling) => Page::new(sources, file, findings).tree(sapling),
        Err(finding) => {
            findings.push(finding);
            return None;
        }
    };
    let errors = |findings: &[Finding]| findings.iter().filter(|f| f.is_error()).count();
    let before = errors(findings);
    let start = Place { file: Some(file), offset: 0, len: 0, line: 1, column: 1 };
    if tree.get("Resources").is_none_or(|resources| resources.entries().is_empty()) {
        let message = "the template has no resources";
        findings.push(Finding::error("empty-template", start, message));
        return None;
    }
    warn_of_transforms(&tree, findings);
    let evaluator = Evaluator::new(&tree, region, given, findings);
    // A parameter that is wrong makes more wrong, which is not worth a word.
    if errors(evaluator.findings) > before {
        return None;
    }
    let resources = evaluator.resources();
    (errors(findings) == before).then_some(resources)
}

fn warn_of_transforms(tree: &Tree, findings: &mut Vec<Finding>) {
    let Some(transform) = tree.get("Transform") else { return };
    let several = match &transform.branch {
        Branch::List(items) => &items[..],
        _ => std::slice::from_ref(transform),
    };
    for item in several {
        let name = item.text().or_else(|| item.get("Name").and_then(Tree::text));
        let name = name.unwrap_or("without a name");
        if name == "AWS::LanguageExtensions" {
            continue;
        }
        let message = format!("the transform `{name}` is not applied");
        let help = "what it would add or change is not seen";
        findings.push(Finding::warning("transform", item.place, message).help(help));
    }
}
