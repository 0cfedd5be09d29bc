//! Parameters: given, by default, or not known.

use super::*;

impl<'a> Evaluator<'a> {
    /// The value of a declared parameter.
    pub(super) fn parameter(&mut self, name: &Sourced<String>, declared: &'a Tree) -> Data {
        let kind = declared.get("Type").and_then(Tree::text).unwrap_or("String");
        let given = self.given.get(name);
        let default = declared.get("Default").and_then(Tree::text);
        let text = match (given, default) {
            (Some(given), _) => {
                self.check_allowed(name, given, declared);
                given.value.clone()
            }
            (None, Some(default)) => default.to_owned(),
            // An empty default is nothing in YAML.
            (None, None) if declared.get("Default").is_some() => String::new(),
            (None, None) => return Data::Unknown(format!("parameter `{}`", **name)),
        };
        let place = given.map_or(name.place, |given| given.place);
        match kind.strip_prefix("AWS::SSM::Parameter::Value<") {
            // The parameter names what SSM holds.
            Some(held) => match self.ssm(&text) {
                Data::Text(text) => typed(&text, held, place),
                unknown => unknown,
            },
            None => typed(&text, kind, place),
        }
    }

    fn check_allowed(&mut self, name: &str, given: &Sourced<String>, declared: &Tree) {
        let Some(Branch::List(allowed)) = declared.get("AllowedValues").map(|a| &a.branch) else {
            return;
        };
        let allowed: Vec<&str> = allowed.iter().filter_map(Tree::text).collect();
        let wrong = given.split(',').map(str::trim).find(|given| !allowed.contains(given));
        if let Some(wrong) = wrong.filter(|_| !allowed.contains(&given.as_str())) {
            let message = format!("the parameter `{name}` cannot be `{wrong}`");
            let allowed: Vec<String> = allowed.iter().map(|value| format!("`{value}`")).collect();
            let help = format!("the template allows {}", allowed.join(", "));
            // One of the command line has no place; the declaration has.
            let place = if given.place.file.is_some() { given.place } else { declared.place };
            self.findings.push(Finding::error("bad-parameter", place, message).help(help));
        }
    }
}

/// A text as a value of that type: lists are written with commas.
fn typed(text: &str, kind: &str, place: Place) -> Data {
    let is_list = kind.starts_with("List<") || kind.starts_with("CommaDelimitedList");
    match is_list {
        false => Data::Text(text.to_owned()),
        true if text.trim().is_empty() => Data::List(Vec::new()),
        true => {
            let items = text.split(',').map(|item| Data::Text(item.trim().to_owned()));
            Data::List(items.map(|data| Value { data, place }).collect())
        }
    }
}

/// The names of the parameters that a template declares.
pub fn declared(file: FileId, sources: &Sources) -> Vec<String> {
    let Ok(sapling) = written::parse(sources, file) else { return Vec::new() };
    let tree = Page::new(sources, file, &mut Vec::new()).tree(sapling);
    let parameters = tree.get("Parameters").map_or(&[][..], Tree::entries);
    parameters.iter().map(|(name, _)| name.value.clone()).collect()
}
