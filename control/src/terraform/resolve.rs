//! Which resource an attribute names whose value is known only after apply.
//!
//! The answer is given where only one is possible:
//!
//! 1. The expression refers to one resource with one instance: it can be no other.
//! 2. It refers to a resource with `count` or `for_each` and to `count.index` or `each.key`, and to
//!    nothing else but truth values, and both have the same keys: the instance with the same key. That
//!    nothing was reckoned with the key is a reading, too, and is said. Where the keys are not the
//!    same, something may have been (`count.index + 1`, `count.index % 2`).
//! 3. It fills a list, and what it refers to are resources alone: all of those. A resource with
//!    several instances counts with all of them, but not where a key may have chosen among them; that
//!    this is a reading, not a certainty, is said.
//!    Of a list that others share its expression with, or that something may have chosen for, only
//!    the resource is certain without which the list would be known.
//! 4. It refers to a local value, of which a plan says nothing: the one thing of the class that the
//!    module can refer to and whose id is not known, if there is only one.
//!
//! Anything else stays unknown, by name.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::address::Step;
use super::class::{self, Class};
use super::follow::{Found, Referred, Scope, only_reference};
use super::json::Entries;
use super::plan::{Plan, text};
use crate::source::Place;
use crate::template::{Data, Value};

/// Attributes that name attributes that name attributes: more than this is a loop.
const MAX_CHAIN: usize = 16;

/// An attribute to resolve.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'w> {
    /// The resource.
    pub(super) at: usize,
    /// The path of the attribute in it: `vpc_config[0].subnet_ids`.
    pub(super) path: &'w str,
    /// What it may name.
    pub(super) classes: &'w [Class],
    /// Whether it is a list.
    pub(super) many: bool,
    /// How many such attributes, empty ones apart, one expression stands for (the rules of a
    /// group).
    pub(super) shared_by: usize,
}

/// What an attribute comes to.
pub(super) struct Resolved {
    pub(super) data: Data,
    /// The resource all of whose instances were taken to be meant.
    pub(super) all_of: Option<usize>,
    /// The instance that was taken to be meant for its key.
    pub(super) by_key: Option<usize>,
}

impl From<Data> for Resolved {
    fn from(data: Data) -> Self {
        Resolved { data, all_of: None, by_key: None }
    }
}

impl<'a> Plan<'a> {
    /// What an id that is known names: a resource of the plan, or a text.
    pub(super) fn of_text(&self, text: &str, classes: &[Class]) -> Data {
        let known = |class: &Class| self.of_id.get(&(*class, text.to_owned()));
        match classes.iter().find_map(known) {
            Some((index, named)) => self.of(*index, *named),
            None => Data::Text(text.to_owned()),
        }
    }

    fn of(&self, index: usize, named: Option<&str>) -> Data {
        let attribute = named.map(str::to_owned);
        Data::Of { resource: self.model_id(index), attribute }
    }

    /// The id of a resource in the model: its address, or for what is only read its own id.
    pub(super) fn model_id(&self, index: usize) -> String {
        let instance = &self.instances[index];
        let own = instance.text("id").filter(|_| instance.is_data());
        own.unwrap_or(&instance.id).to_owned()
    }

    /// What an unknown attribute comes to.
    pub(super) fn resolve(&self, wanted: Wanted<'_>) -> Resolved {
        self.resolve_within(wanted, MAX_CHAIN)
    }

    fn resolve_within(&self, wanted: Wanted<'_>, chain: usize) -> Resolved {
        let instance = &self.instances[wanted.at];
        let unknown = || Data::Unknown(self.unknown_name(wanted.at, wanted.path));
        let top = wanted.path.split(['.', '[']).next().unwrap_or(wanted.path);
        let written = self.is_written(wanted.at, top);
        // What the configuration does not mention is AWS's or the provider's to choose. A part of a
        // block that it does not mention stands in a `dynamic` block, which a plan leaves out.
        if !written && top == wanted.path && instance.created {
            return Data::Null.into();
        }
        let Some(expression) = self.expression(wanted.at, wanted.path) else {
            return unknown().into();
        };
        if chain == 0 {
            return unknown().into();
        }
        let referred = self.follow(expression, &self.scope(wanted.at));
        let answer = match wanted.many {
            true => self.all(&wanted, &referred, chain),
            false => self.one(&wanted, &referred, chain),
        };
        answer.unwrap_or_else(|| unknown().into())
    }

    fn scope(&self, at: usize) -> Scope<'a> {
        let instance = &self.instances[at];
        Scope {
            modules: instance.address.modules.clone(),
            key: instance.address.key.clone(),
            for_each: instance.configured.and_then(|configured| configured.for_each_expression),
        }
    }

    /// The expression of an attribute. Blocks that are attributes (the rules of a group) have one
    /// expression for all of them.
    pub(super) fn expression(&self, at: usize, path: &str) -> Option<&'a RawValue> {
        let mut steps = super::address::steps(path)?.into_iter();
        let Step::Name(top) = steps.next()? else { return None };
        let mut raw = self.instances[at].configured?.expressions.find(&top)?;
        for step in steps {
            raw = match step {
                Step::Key(index) if raw.get().starts_with('[') => {
                    let items: Vec<&'a RawValue> = self.text.read(raw.get()).ok()?;
                    *items.get(index.parse::<usize>().ok()?)?
                }
                Step::Key(_) => continue,
                Step::Name(name) => {
                    let entries: Entries<'a> = self.text.read(raw.get()).ok()?;
                    if entries.find("references").is_some() {
                        return Some(raw);
                    }
                    entries.find(&name)?
                }
            };
        }
        Some(raw)
    }

    /// The single thing that it can be.
    fn one(&self, wanted: &Wanted<'_>, referred: &Referred, chain: usize) -> Option<Resolved> {
        let mut possible = Vec::new();
        let mut by_key = None;
        for found in &referred.found {
            let narrowed = self.narrow(wanted, referred, found);
            if found.instances.len() > 1 && !found.picked && narrowed.picked {
                by_key = narrowed.instances.first().copied();
            }
            self.add_possible(wanted, &narrowed, chain, &mut possible);
        }
        for found in &referred.maybe {
            self.add_unknown(wanted, found, &mut possible);
        }
        let data = only(possible).filter(|_| !referred.opaque)?;
        Some(Resolved { data, all_of: None, by_key })
    }

    /// The instance with the same key, where the expression picks by key.
    fn narrow(&self, wanted: &Wanted<'_>, referred: &Referred, found: &Found) -> Found {
        let truths = referred.known.iter().all(|value| matches!(value.data, Data::Bool(_)));
        let by_key = referred.indexed && truths && !found.picked;
        let by_key = by_key && self.have_same_keys(wanted.at, &found.instances);
        let key = self.instances[wanted.at].address.key.as_deref().filter(|_| by_key);
        key.and_then(|key| found.clone().pick(self, key)).unwrap_or_else(|| found.clone())
    }

    /// Whether a resource has an instance for each key of another one, and no others. Then a key with
    /// which nothing was reckoned names one of each.
    fn have_same_keys(&self, at: usize, others: &[usize]) -> bool {
        let address = &self.instances[at].address;
        let own = self.of_resource.get(&(address.modules.clone(), address.named.clone()));
        let keys = |instances: &[usize]| -> BTreeSet<Option<String>> {
            let there = instances.iter().map(|at| &self.instances[*at]);
            let there = there.filter(|instance| instance.values.data != Data::Null);
            there.map(|instance| instance.address.key.clone()).collect()
        };
        own.is_some_and(|own| keys(own) == keys(others))
    }

    /// Everything that fills the list.
    fn all(&self, wanted: &Wanted<'_>, referred: &Referred, chain: usize) -> Option<Resolved> {
        let mut items = Vec::new();
        let (mut several, mut sources, mut by_key) = (None, 0, None);
        for found in &referred.found {
            let narrowed = self.narrow(wanted, referred, found);
            if referred.indexed && found.instances.len() > 1 && !found.picked {
                // A key may have chosen any of them.
                by_key = Some(*narrowed.instances.first().filter(|_| narrowed.picked)?);
            }
            let before = items.len();
            self.add_possible(wanted, &narrowed, chain, &mut items);
            sources += usize::from(items.len() > before);
            several = several.or(narrowed
                .instances
                .first()
                .copied()
                .filter(|_| items.len() > before + 1));
        }
        if referred.opaque || referred.local {
            return None;
        }
        let holds_ids = referred.known.iter().any(|value| holds_ids(value, wanted.classes));
        let chosen = !referred.known.is_empty() && sources > 1;
        let shared = wanted.shared_by > 1 && items.len() > 1;
        let place = self.instances[wanted.at].values.place;
        if holds_ids || chosen || shared {
            let certain = self.certain(items)?;
            let rest = Data::Unknown(self.unknown_name(wanted.at, wanted.path));
            let items = [certain, rest].map(|data| Value { data, place });
            return Some(Data::List(items.into()).into());
        }
        let items: Vec<Value> = items.into_iter().map(|data| Value { data, place }).collect();
        (!items.is_empty()).then_some(Resolved { data: Data::List(items), all_of: several, by_key })
    }

    /// The one of several that a list must hold, whatever else it holds: a list is not known because
    /// of an id in it that is not, and this is the only one.
    fn certain(&self, items: Vec<Data>) -> Option<Data> {
        let is_open = |data: &Data| match data {
            Data::Of { resource, .. } => self.instances.iter().any(|instance| {
                *instance.id == *resource
                    && matches!(instance.at("id"), Some(Value { data: Data::Unknown(_), .. }))
            }),
            _ => false,
        };
        only(items.into_iter().filter(is_open).collect())
    }

    /// Adds what the instances' attribute names, if it can be what is wanted.
    fn add_possible(&self, wanted: &Wanted<'_>, found: &Found, chain: usize, to: &mut Vec<Data>) {
        for index in &found.instances {
            for data in self.attribute_of(wanted, *index, &found.attribute, chain) {
                if !to.contains(&data) {
                    to.push(data);
                }
            }
        }
    }

    /// Adds the instances that can be what is wanted, and whose ids are not known.
    fn add_unknown(&self, wanted: &Wanted<'_>, found: &Found, to: &mut Vec<Data>) {
        for index in &found.instances {
            for class in wanted.classes {
                let data = self.of(*index, own_name(self.instances[*index].kind()));
                let is =
                    self.is_unknown(*index, *class) && is_of(self.instances[*index].kind(), *class);
                if is && !to.contains(&data) {
                    to.push(data);
                }
            }
        }
    }

    /// What an attribute of a resource names.
    fn attribute_of(
        &self,
        wanted: &Wanted<'_>,
        index: usize,
        attribute: &[Step],
        chain: usize,
    ) -> Vec<Data> {
        let instance = &self.instances[index];
        let name = match attribute.iter().find(|step| matches!(step, Step::Name(_))) {
            Some(Step::Name(name)) => name.as_str(),
            _ => "id",
        };
        if let Some((class, named)) = class::identity(instance.kind(), name) {
            let wanted = wanted.classes.contains(&class);
            return if wanted { vec![self.of(index, named)] } else { Vec::new() };
        }
        match instance.at(name).map(|value| &value.data) {
            Some(Data::Unknown(path)) => {
                let chained = Wanted { at: index, path, shared_by: 1, ..*wanted };
                match self.resolve_within(chained, chain - 1).data {
                    Data::List(items) => items.into_iter().map(|item| item.data).collect(),
                    Data::Null => Vec::new(),
                    data => vec![data],
                }
            }
            Some(Data::Text(id)) if is_id(id, wanted.classes) => {
                vec![self.of_text(id, wanted.classes)]
            }
            Some(Data::List(items)) => {
                let ids = items.iter().filter_map(text).filter(|id| is_id(id, wanted.classes));
                ids.map(|id| self.of_text(id, wanted.classes)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What an unknown attribute is called.
    pub(super) fn unknown_name(&self, at: usize, path: &str) -> String {
        let instance = &self.instances[at];
        let expression = self.expression(at, path);
        let reference = expression.and_then(only_reference);
        let is_resource = |reference: &String| {
            let first = reference.split('.').next().unwrap_or("");
            !matches!(first, "var" | "local" | "each" | "count" | "module")
        };
        match reference.filter(is_resource) {
            Some(reference) => {
                let address: &str = &instance.id;
                let own = instance.address.named.to_string();
                let modules = address.find(&own).map_or("", |end| &address[..end]);
                format!("`{modules}{reference}`, known after apply")
            }
            None => format!("`{}.{path}`, known after apply", *instance.id),
        }
    }

    /// The place of a resource.
    pub(super) fn place(&self, at: usize) -> Place {
        self.instances[at].id.place
    }
}

fn only(mut possible: Vec<Data>) -> Option<Data> {
    let one = possible.pop()?;
    possible.is_empty().then_some(one)
}

/// How a resource of that type is named by its id.
fn own_name(kind: &str) -> Option<&'static str> {
    class::identity(kind, "id").and_then(|(_, named)| named)
}

fn is_of(kind: &str, class: Class) -> bool {
    class::identity(kind, "id").is_some_and(|(of, _)| of == class)
}

fn is_id(text: &str, classes: &[Class]) -> bool {
    classes.iter().any(|class| text.starts_with(class.prefix()))
}

/// Whether a known value holds ids of those classes, which a list may have been made of too.
fn holds_ids(value: &Value, classes: &[Class]) -> bool {
    match &value.data {
        Data::Text(text) => is_id(text, classes),
        Data::List(items) => items.iter().any(|item| holds_ids(item, classes)),
        Data::Map(map) => map.values().any(|item| holds_ids(item, classes)),
        _ => false,
    }
}
