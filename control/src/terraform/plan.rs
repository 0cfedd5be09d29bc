//! Every resource that a plan or a state holds, as it is once the plan is applied.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::address::{Address, Modules, Named};
use super::class::{self, Class};
use super::json::Text;
use super::show::{Change, Configured, Module, ResourceChange, Show, StateModule};
use crate::finding::Finding;
use crate::source::{Place, Sourced};
use crate::template::{Data, Value};

/// One instance of a resource.
#[derive(Debug)]
pub(super) struct Instance<'a> {
    pub(super) address: Address,
    /// Its address as text, and where that is written.
    pub(super) id: Sourced<String>,
    /// Its attributes. What is not known is [`Data::Unknown`] with its path in the resource.
    pub(super) values: Value,
    /// What its attributes were before the plan.
    pub(super) before: Option<Value>,
    /// Whether the plan creates it, or replaces it.
    pub(super) created: bool,
    /// Whether the file says how it is configured: a plan does, a state does not.
    pub(super) configured: Option<&'a Configured<'a>>,
}

impl Instance<'_> {
    /// Its type.
    pub(super) fn kind(&self) -> &str {
        &self.address.named.kind
    }

    /// Whether it is read, not managed.
    pub(super) fn is_data(&self) -> bool {
        self.address.named.data
    }

    /// What it has at a path such as `vpc_config.subnet_ids`; a list on the way stands for its first
    /// item.
    pub(super) fn at(&self, path: &str) -> Option<&Value> {
        at(&self.values, path)
    }

    /// The text that it has at a path.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        text(self.at(path)?)
    }
}

/// What a value has at a path; a list on the way stands for its first item.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, name| match &value.data {
        Data::Map(map) => map.get(name),
        Data::List(items) => match &items.first()?.data {
            Data::Map(map) => map.get(name),
            _ => None,
        },
        _ => None,
    })
}

/// The text of a value. The provider writes an empty text where there is none.
pub(super) fn text(value: &Value) -> Option<&str> {
    match &value.data {
        Data::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// Resources that are there, and what was passed over.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) text: &'a Text<'a>,
    pub(super) show: &'a Show<'a>,
    pub(super) instances: Vec<Instance<'a>>,
    /// Where the instances of a resource are.
    pub(super) of_resource: HashMap<(Modules, Named), Vec<usize>>,
    /// What AWS's ids name: an instance, and the attribute of it.
    pub(super) of_id: HashMap<(Class, String), (usize, Option<&'static str>)>,
    /// Resources of types that mean nothing here: the type, how many, and the first one's place.
    pub(super) ignored: Vec<(String, usize, Place)>,
}

impl<'a> Plan<'a> {
    /// Reads the resources of the types that are asked for.
    pub(super) fn new(
        text: &'a Text<'a>,
        show: &'a Show<'a>,
        wanted: impl Fn(&str, bool) -> bool,
    ) -> Result<Self, Finding> {
        let mut plan = Plan {
            text,
            show,
            instances: Vec::new(),
            of_resource: HashMap::new(),
            of_id: HashMap::new(),
            ignored: Vec::new(),
        };
        for change in show.resource_changes.iter().flatten() {
            plan.add_change(change, &wanted)?;
        }
        let prior = show.prior_state.as_ref().and_then(|prior| prior.values.as_ref());
        for values in prior.into_iter().chain(&show.values) {
            if let Some(module) = &values.root_module {
                plan.add_state(module, &wanted)?;
            }
        }
        plan.index_ids();
        Ok(plan)
    }

    fn add_change(
        &mut self,
        change: &'a ResourceChange<'a>,
        wanted: &impl Fn(&str, bool) -> bool,
    ) -> Result<(), Finding> {
        let Some((address, id)) = self.address(change.address)? else { return Ok(()) };
        if change.deposed.is_some() {
            return Ok(());
        }
        if !wanted(&change.kind, address.named.data) {
            self.ignore(&address, &change.change, id.place);
            return Ok(());
        }
        let values = self.after(&change.change)?;
        let before = change.change.before.map(|raw| self.text.value(raw)).transpose()?;
        // A resource that is gone is kept for what it was: a rule that goes takes its line out of
        // its group.
        let values = values.unwrap_or(Value { data: Data::Null, place: id.place });
        let created = change.change.actions.iter().any(|action| action == "create");
        self.add(Instance { address, id, values, before, created, configured: None });
        Ok(())
    }

    /// The values after the change, unknown ones among them; `None` where nothing is left.
    fn after(&self, change: &'a Change<'a>) -> Result<Option<Value>, Finding> {
        // What Terraform forgets stays as it is.
        let forgotten = change.actions.iter().any(|action| action == "forget");
        let known = if forgotten { change.before } else { change.after };
        let Some(known) = known else { return Ok(None) };
        let mut values = self.text.value(known)?;
        if let Some(raw) = change.after_unknown {
            overlay(&mut values, self.text.value(raw)?, String::new());
        }
        Ok((values.data != Data::Null).then_some(values))
    }

    fn add_state(
        &mut self,
        module: &'a StateModule<'a>,
        wanted: &impl Fn(&str, bool) -> bool,
    ) -> Result<(), Finding> {
        for resource in &module.resources {
            let Some((address, id)) = self.address(resource.address)? else { continue };
            let Some(raw) = resource.values else { continue };
            if self.holds(&address) {
                continue;
            }
            if wanted(&resource.kind, address.named.data) {
                let values = self.text.value(raw)?;
                let configured = None;
                self.add(Instance {
                    address,
                    id,
                    values,
                    before: None,
                    created: false,
                    configured,
                });
            } else if self.show.resource_changes.is_none() {
                self.count_ignored(&address, id.place);
            }
        }
        module.child_modules.iter().try_for_each(|child| self.add_state(child, wanted))
    }

    fn holds(&self, address: &Address) -> bool {
        let resource = (address.modules.clone(), address.named.clone());
        let instances = self.of_resource.get(&resource).into_iter().flatten();
        instances.map(|index| &self.instances[*index]).any(|known| known.address.key == address.key)
    }

    fn add(&mut self, instance: Instance<'a>) {
        let configured = self.configured(&instance.address);
        let resource = (instance.address.modules.clone(), instance.address.named.clone());
        self.of_resource.entry(resource).or_default().push(self.instances.len());
        self.instances.push(Instance { configured, ..instance });
    }

    /// Whether the configuration says an attribute. A state has no configuration: it says nothing.
    pub(super) fn is_written(&self, index: usize, attribute: &str) -> bool {
        let configured = self.instances[index].configured;
        configured.is_some_and(|configured| configured.expressions.find(attribute).is_some())
    }

    fn configured(&self, address: &Address) -> Option<&'a Configured<'a>> {
        let module = self.module(&address.modules)?;
        let Named { data, kind, name } = &address.named;
        let mode = if *data { "data" } else { "managed" };
        module.resources.iter().find(|resource| {
            resource.name == *name && resource.kind == *kind && resource.mode == mode
        })
    }

    /// A module as written.
    pub(super) fn module(&self, modules: &Modules) -> Option<&'a Module<'a>> {
        let root = &self.show.configuration.as_ref()?.root_module;
        modules.iter().try_fold(root, |module, (name, _)| {
            module.module_calls.get(name.as_str()).map(|call| &call.module)
        })
    }

    fn address(&self, raw: &'a RawValue) -> Result<Option<(Address, Sourced<String>)>, Finding> {
        let text: String = self.text.read(raw.get())?;
        let place = self.text.place(raw.get());
        Ok(Address::parse(&text).map(|address| (address, Sourced::new(text, place))))
    }

    fn ignore(&mut self, address: &Address, change: &Change<'_>, place: Place) {
        let gone = change.after.is_none_or(|after| after.get() == "null");
        if !gone {
            self.count_ignored(address, place);
        }
    }

    fn count_ignored(&mut self, address: &Address, place: Place) {
        // Data sources only look things up.
        if address.named.data {
            return;
        }
        let kind = &address.named.kind;
        match self.ignored.iter_mut().find(|(known, ..)| known == kind) {
            Some((_, count, _)) => *count += 1,
            None => self.ignored.push((kind.clone(), 1, place)),
        }
    }

    /// Managed resources first: what a data source reads may be one of them.
    fn index_ids(&mut self) {
        for data in [false, true] {
            for (index, instance) in self.instances.iter().enumerate() {
                if instance.is_data() != data {
                    continue;
                }
                for attribute in class::NAMING {
                    let Some((class, named)) = class::identity(instance.kind(), attribute) else {
                        continue;
                    };
                    let Some(id) = instance.text(attribute) else { continue };
                    self.of_id.entry((class, id.to_owned())).or_insert((index, named));
                }
            }
        }
    }

    /// The instances whose id is not known and whose class is that one.
    pub(super) fn is_unknown(&self, index: usize, class: Class) -> bool {
        let instance = &self.instances[index];
        class::NAMING.iter().any(|attribute| {
            class::identity(instance.kind(), attribute).is_some_and(|(of, _)| of == class)
                && matches!(instance.at(attribute), Some(Value { data: Data::Unknown(_), .. }))
        })
    }
}

/// Marks what is not known: `true` in the second tree.
fn overlay(value: &mut Value, unknown: Value, path: String) {
    match (&mut value.data, unknown.data) {
        (_, Data::Bool(true)) => {
            *value = Value { data: Data::Unknown(path), place: unknown.place };
        }
        (Data::Map(known), Data::Map(unknown)) => {
            for (name, unknown) in unknown {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let nothing = Value { data: Data::Null, place: unknown.place };
                let value = known.entry(name).or_insert(nothing);
                overlay(value, unknown, path);
            }
        }
        (Data::List(known), Data::List(unknown)) => {
            for (index, unknown) in unknown.into_iter().enumerate() {
                let nothing = Value { data: Data::Null, place: unknown.place };
                if index == known.len() {
                    known.push(nothing);
                }
                overlay(&mut known[index], unknown, format!("{path}[{index}]"));
            }
        }
        (Data::Null, Data::Map(unknown)) => {
            value.data = Data::Map(indexmap::IndexMap::new());
            overlay(value, Value { data: Data::Map(unknown), place: value.place }, path);
        }
        (Data::Null, Data::List(unknown)) => {
            value.data = Data::List(Vec::new());
            overlay(value, Value { data: Data::List(unknown), place: value.place }, path);
        }
        _ => {}
    }
}
