//! What a template's values come down to.

use super::*;
use crate::written::nearest;

/// Values nested deeper than this are refused.
const MAX_DEPTH: usize = 100;
/// Values that are evaluated at most: functions that call each other grow without bounds.
const MAX_VALUES: usize = 300_000;

/// A template being evaluated.
pub(super) struct Evaluator<'a> {
    pub(super) resources: HashMap<&'a str, &'a Tree>,
    order: Vec<(&'a Sourced<String>, &'a Tree)>,
    pub(super) parameters: HashMap<String, Data>,
    pub(super) conditions: HashMap<&'a str, &'a Tree>,
    /// What became of conditions so far; `None` for one that is being evaluated.
    pub(super) truths: HashMap<&'a str, Option<Truth>>,
    pub(super) mappings: Option<&'a Tree>,
    pub(super) region: &'a str,
    pub(super) given: &'a Parameters,
    pub(super) findings: &'a mut Vec<Finding>,
    pub(super) depth: usize,
    evaluated: usize,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(
        tree: &'a Tree,
        region: &'a str,
        given: &'a Parameters,
        findings: &'a mut Vec<Finding>,
    ) -> Self {
        let section = |name: &str| tree.get(name).map_or(&[][..], Tree::entries);
        let by_name = |name: &str| -> HashMap<&'a str, &'a Tree> {
            section(name).iter().map(|(key, value)| (key.as_str(), value)).collect()
        };
        let mut evaluator = Evaluator {
            resources: by_name("Resources"),
            order: section("Resources").iter().map(|(key, value)| (key, value)).collect(),
            parameters: HashMap::new(),
            conditions: by_name("Conditions"),
            truths: HashMap::new(),
            mappings: tree.get("Mappings"),
            region,
            given,
            findings,
            depth: 0,
            evaluated: 0,
        };
        for (name, declared) in section("Parameters") {
            let value = evaluator.parameter(name, declared);
            evaluator.parameters.insert(name.value.clone(), value);
        }
        evaluator
    }

    /// Every resource that exists or may exist.
    pub(super) fn resources(mut self) -> Vec<Resource> {
        let order = std::mem::take(&mut self.order);
        order.into_iter().filter_map(|(id, declared)| self.resource(id, declared)).collect()
    }

    fn resource(&mut self, id: &'a Sourced<String>, declared: &'a Tree) -> Option<Resource> {
        if id.starts_with("Fn::ForEach::") {
            let message = "loops of `Fn::ForEach` are not read";
            let help = "what they would declare is not seen: write the resources out";
            self.findings.push(Finding::warning("not-understood", id.place, message).help(help));
            return None;
        }
        let Some(kind) = declared.get("Type").and_then(Tree::text) else {
            let message = format!("the resource `{}` has no `Type`", **id);
            self.findings.push(Finding::error("missing-key", id.place, message));
            return None;
        };
        let exists_if = match self.existence(declared) {
            Truth::Yes => None,
            Truth::No => return None,
            Truth::Unknown(why) => Some(why),
        };
        let properties = match declared.get("Properties") {
            Some(properties) => self.value(properties),
            None => Value { data: Data::Null, place: id.place },
        };
        Some(Resource { id: id.clone(), kind: kind.to_owned(), properties, exists_if })
    }

    /// Whether a resource exists.
    pub(super) fn existence(&mut self, declared: &'a Tree) -> Truth {
        match declared.get("Condition") {
            Some(condition) => match condition.text() {
                Some(name) => self.condition(name, condition.place),
                None => {
                    self.misshapen(condition.place, "a resource's `Condition` is a name");
                    Truth::No
                }
            },
            None => Truth::Yes,
        }
    }

    /// What a value comes down to.
    pub(super) fn value(&mut self, tree: &'a Tree) -> Value {
        self.evaluated += 1;
        if self.is_too_deep(tree.place) {
            return Value { data: Data::Null, place: tree.place };
        }
        self.depth += 1;
        let data = self.data(tree);
        self.depth -= 1;
        Value { data, place: tree.place }
    }

    /// Whether to go on would not end, which is found once.
    pub(super) fn is_too_deep(&mut self, place: Place) -> bool {
        let too_deep = self.depth >= MAX_DEPTH || self.evaluated > MAX_VALUES;
        if too_deep && !self.findings.iter().any(|finding| finding.code == "too-deep") {
            let message = "this is nested too deeply, or refers to itself";
            self.findings.push(Finding::error("too-deep", place, message));
        }
        too_deep
    }

    fn data(&mut self, tree: &'a Tree) -> Data {
        if let Some((name, argument)) = function(tree) {
            return self.call(name, argument, tree.place);
        }
        match &tree.branch {
            Branch::Null => Data::Null,
            Branch::Plain(text) => match text.as_str() {
                "true" | "True" | "TRUE" => Data::Bool(true),
                "false" | "False" | "FALSE" => Data::Bool(false),
                _ => Data::Text(text.clone()),
            },
            Branch::Text(text) => self.dynamic(text),
            Branch::List(items) => Data::List(items.iter().map(|item| self.value(item)).collect()),
            Branch::Map(entries) => {
                let entries = entries.iter();
                let entries = entries.map(|(key, value)| (key.value.clone(), self.value(value)));
                Data::Map(entries.collect())
            }
        }
    }

    /// A text, unless it refers to what AWS looks up as it makes the stack.
    fn dynamic(&mut self, text: &str) -> Data {
        let Some((before, rest)) = text.split_once("{{resolve:") else {
            return Data::Text(text.to_owned());
        };
        let Some((reference, after)) = rest.split_once("}}") else {
            return Data::Text(text.to_owned());
        };
        let mut parts = reference.splitn(2, ':');
        let (service, name) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        match service {
            "ssm" | "ssm-secure" => {
                let name = name.rsplit_once(':').map_or(name, |(name, version)| {
                    if version.bytes().all(|b| b.is_ascii_digit()) { name } else { reference }
                });
                match self.ssm(name) {
                    Data::Text(value) => self.dynamic(&format!("{before}{value}{after}")),
                    unknown => unknown,
                }
            }
            _ => Data::Unknown(format!("`{{{{resolve:{reference}}}}}`")),
        }
    }

    /// What a parameter of SSM holds, if somebody says so.
    pub(super) fn ssm(&self, name: &str) -> Data {
        match self.given.get(&format!("ssm:{name}")) {
            Some(value) => Data::Text(value.value.clone()),
            None => Data::Unknown(format!("SSM parameter `{name}`")),
        }
    }

    /// A finding that a function or a section is not written as it should be.
    pub(super) fn misshapen(&mut self, place: Place, wanted: &str) -> Data {
        self.findings.push(Finding::error("misshapen-function", place, wanted));
        Data::Null
    }

    /// A finding that nothing has that name, with the nearest that something has.
    pub(super) fn undefined(
        &mut self,
        what: &str,
        name: &str,
        place: Place,
        known: &[&str],
    ) -> Data {
        let message = format!("there is no {what} `{name}`");
        let finding = Finding::error("undefined-reference", place, message);
        self.findings.push(match nearest(name, known) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding,
        });
        Data::Null
    }
}

/// The function that a value calls, and its argument: by a tag, or as a map with the function's name
/// as its only key.
pub(super) fn function(tree: &Tree) -> Option<(&str, Argument<'_>)> {
    if let Some(tag) = &tree.tag {
        return Some((tag, Argument { tree, short: true }));
    }
    match tree.entries() {
        [(key, argument)] => {
            let name = key.strip_prefix("Fn::").or((key.value == "Ref").then_some("Ref"))?;
            Some((name, Argument { tree: argument, short: false }))
        }
        _ => None,
    }
}

/// What a function is called with. That of a short form carries the function's own tag.
#[derive(Clone, Copy)]
pub(super) struct Argument<'a> {
    pub(super) tree: &'a Tree,
    short: bool,
}

impl<'a> Argument<'a> {
    /// That of a long form.
    pub(super) fn long(tree: &'a Tree) -> Self {
        Argument { tree, short: false }
    }
}

impl<'a> Evaluator<'a> {
    /// What a function's whole argument comes down to.
    pub(super) fn argument(&mut self, argument: Argument<'a>) -> Value {
        match &argument.tree.branch {
            // Not through the tag again, which would be the function once more.
            Branch::List(items) if argument.short => {
                let items = items.iter().map(|item| self.value(item)).collect();
                Value { data: Data::List(items), place: argument.tree.place }
            }
            Branch::Map(_) if argument.short => self.map_of_short(argument),
            Branch::Plain(text) | Branch::Text(text) if argument.short => {
                Value { data: self.dynamic(text), place: argument.tree.place }
            }
            Branch::Null if argument.short => {
                Value { data: Data::Text(String::new()), place: argument.tree.place }
            }
            _ => self.value(argument.tree),
        }
    }

    /// `!GetAZs { Ref: AWS::Region }`: the long form of a function within the short form of another.
    fn map_of_short(&mut self, argument: Argument<'a>) -> Value {
        let tree = argument.tree;
        let place = tree.place;
        if let [(key, inner)] = tree.entries() {
            let name = key.strip_prefix("Fn::").or((key.value == "Ref").then_some("Ref"));
            if let Some(name) = name {
                let data = self.call(name, Argument { tree: inner, short: false }, place);
                return Value { data, place };
            }
        }
        let entries = tree.entries().iter();
        let entries = entries.map(|(key, value)| (key.value.clone(), self.value(value)));
        Value { data: Data::Map(entries.collect()), place }
    }

    /// The items of a function's argument, which must be a list of so many.
    pub(super) fn items(
        &mut self,
        argument: Argument<'a>,
        counts: std::ops::RangeInclusive<usize>,
        shape: &str,
    ) -> Option<&'a [Tree]> {
        match &argument.tree.branch {
            Branch::List(items) if counts.contains(&items.len()) => Some(items),
            _ => {
                self.misshapen(argument.tree.place, shape);
                None
            }
        }
    }
}
