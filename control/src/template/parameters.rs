//! Values for what a template leaves open.

use indexmap::IndexMap;

use crate::finding::Finding;
use crate::source::Sourced;
use crate::written::{Entries, Page, Written, nearest};

/// Values that somebody gives for a template's parameters, by name. `ssm:NAME` is what SSM holds
/// under that name, and `AWS::Region` and the like are pseudo parameters.
#[derive(Clone, Debug, Default)]
pub struct Parameters(IndexMap<String, Sourced<String>>);

impl Parameters {
    /// Those of a file, by name.
    pub fn read(entries: Entries<Written<String>>, page: &mut Page<'_>) -> Parameters {
        let mut parameters = Parameters::default();
        for (name, value) in entries {
            if let Some(value) = page.meaning(value) {
                parameters.give(name.value, value);
            }
        }
        parameters
    }

    /// Gives one; the last value of a name counts.
    pub fn give(&mut self, name: String, value: Sourced<String>) {
        self.0.insert(name, value);
    }

    /// The value that is given for a name.
    pub fn get(&self, name: &str) -> Option<&Sourced<String>> {
        self.0.get(name)
    }

    /// The same, as if no file said them.
    pub fn without_places(self) -> Parameters {
        let values = self.0.into_iter();
        Parameters(values.map(|(name, value)| (name, Sourced::implied(value.value))).collect())
    }

    /// Whether none is given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Finds those that no template declares.
    pub fn check(&self, declared: &[String], findings: &mut Vec<Finding>) {
        for (name, value) in &self.0 {
            let known = declared.contains(name);
            if known || name.starts_with("ssm:") || name.starts_with("AWS::") {
                continue;
            }
            let message = format!("no template has a parameter `{name}`");
            let finding = Finding::error("unknown-parameter", value.place, message);
            let names: Vec<&str> = declared.iter().map(String::as_str).collect();
            findings.push(match nearest(name, &names) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None if names.is_empty() => finding,
                None => finding.help(format!("there are {}", names.join(", "))),
            });
        }
    }
}
