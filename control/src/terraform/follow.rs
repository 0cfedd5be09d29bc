//! What an expression refers to, followed through variables, outputs and `for_each` to resources.
//!
//! A plan holds no expressions, only the list of what each refers to, and of local values not even
//! that. So this collects everything that an expression's value can have come from, and what could
//! have chosen among it; [`super::resolve`] decides whether only one value is possible.

use std::collections::HashSet;

use serde_json::value::RawValue;

use super::address::{Modules, Named, Step, keyed, named, whole_references};
use super::json::Entries;
use super::plan::Plan;
use crate::template::{Data, Value};

/// Where an expression stands.
#[derive(Clone)]
pub(super) struct Scope<'a> {
    pub(super) modules: Modules,
    /// The key of the instance of the resource or module call that it belongs to.
    pub(super) key: Option<String>,
    /// That one's `for_each`.
    pub(super) for_each: Option<&'a RawValue>,
}

/// Instances of one resource that an expression refers to, and by which attribute.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) instances: Vec<usize>,
    /// Whether it is one instance because a key says so, or because there is no key.
    pub(super) picked: bool,
    pub(super) attribute: Vec<Step>,
}

/// What an expression refers to.
#[derive(Debug, Default)]
pub(super) struct Referred {
    /// Resources.
    pub(super) found: Vec<Found>,
    /// Resources of the modules of local values that it refers to, of which the plan says nothing.
    pub(super) maybe: Vec<Found>,
    /// Whether it refers to a local value.
    pub(super) local: bool,
    /// Whether it refers to something that cannot be followed.
    pub(super) opaque: bool,
    /// Whether it refers to `count.index` or `each.key`.
    pub(super) indexed: bool,
    /// Values that are known, which may have chosen.
    pub(super) known: Vec<Value>,
    /// What was followed already.
    seen: HashSet<(Modules, String)>,
}

/// Chains of references longer than this are loops.
const MAX_DEPTH: usize = 48;

impl<'a> Plan<'a> {
    /// Everything that an expression refers to.
    pub(super) fn follow(&self, expression: &'a RawValue, scope: &Scope<'a>) -> Referred {
        let mut referred = Referred::default();
        self.follow_into(expression, scope, MAX_DEPTH, &mut referred);
        referred
    }

    fn follow_into(
        &self,
        expression: &'a RawValue,
        scope: &Scope<'a>,
        depth: usize,
        to: &mut Referred,
    ) {
        let entries: Entries<'a> = self.text.read(expression.get()).unwrap_or_default();
        if let Some(constant) = entries.find("constant_value") {
            to.known.extend(self.text.value(constant));
        }
        let references = references(&entries);
        let steps = whole_references(references.iter().map(String::as_str));
        to.indexed |= steps.iter().any(|steps| is_index(steps));
        for steps in &steps {
            if depth == 0 {
                to.opaque = true;
            } else {
                self.follow_reference(steps, scope, depth - 1, to);
            }
        }
    }

    fn follow_reference(&self, steps: &[Step], scope: &Scope<'a>, depth: usize, to: &mut Referred) {
        let Some((Step::Name(word), rest)) = steps.split_first() else { return };
        match (word.as_str(), rest) {
            ("count" | "path" | "terraform" | "self", _) => {}
            ("each", [Step::Name(part), rest @ ..]) if part == "value" => {
                self.follow_each(rest, scope, depth, to);
            }
            ("each", _) => {}
            ("local", _) => self.follow_local(scope, depth, to),
            ("var", [Step::Name(name), rest @ ..]) => {
                self.follow_variable(name, rest, scope, depth, to);
            }
            ("module", [Step::Name(call), rest @ ..]) => {
                self.follow_module(call, rest, scope, depth, to);
            }
            _ => self.follow_resource(steps, scope, to),
        }
    }

    fn follow_resource(&self, steps: &[Step], scope: &Scope<'a>, to: &mut Referred) {
        let Some((named, rest)) = named(steps) else {
            to.opaque = true;
            return;
        };
        match self.instances_of(&scope.modules, named) {
            Some(found) => to.found.extend(found.apply(self, rest)),
            None => to.opaque |= self.declares(scope, steps),
        }
    }

    /// Whether a resource without instances here is one that the plan knows no instances of because
    /// its type means nothing to us.
    fn declares(&self, scope: &Scope<'a>, steps: &[Step]) -> bool {
        let Some((named, _)) = named(steps) else { return true };
        let module = self.module(&scope.modules);
        let resources = module.into_iter().flat_map(|module| &module.resources);
        let mut same =
            resources.filter(|known| known.kind == named.kind && known.name == named.name);
        same.next().is_some() && super::kinds::of(&named.kind, named.data).is_none()
    }

    fn instances_of(&self, modules: &Modules, named: Named) -> Option<Found> {
        let all = self.of_resource.get(&(modules.clone(), named))?;
        let there = |index: &&usize| self.instances[**index].values.data != Data::Null;
        let instances: Vec<usize> = all.iter().filter(there).copied().collect();
        let picked = matches!(&instances[..], [one] if self.instances[*one].address.key.is_none());
        (!instances.is_empty()).then_some(Found { instances, picked, attribute: Vec::new() })
    }

    fn follow_each(&self, rest: &[Step], scope: &Scope<'a>, depth: usize, to: &mut Referred) {
        let Some(for_each) = scope.for_each else {
            to.opaque = true;
            return;
        };
        let mut each = Referred { seen: std::mem::take(&mut to.seen), ..Referred::default() };
        self.follow_into(for_each, scope, depth, &mut each);
        let own = scope.key.clone().map(Step::Key);
        let steps: Vec<Step> = own.into_iter().chain(rest.iter().cloned()).collect();
        to.found.extend(each.found.into_iter().flat_map(|found| found.of_each(self, &steps)));
        to.maybe.extend(each.maybe);
        to.local |= each.local;
        to.opaque |= each.opaque;
        to.known.extend(each.known);
        to.seen = each.seen;
    }

    fn follow_variable(
        &self,
        name: &str,
        rest: &[Step],
        scope: &Scope<'a>,
        depth: usize,
        to: &mut Referred,
    ) {
        if !to.seen.insert((scope.modules.clone(), format!("var.{name}{rest:?}"))) {
            return;
        }
        let Some(((call_name, key), parents)) = scope.modules.split_last() else {
            let variables = self.show.variables.as_ref();
            let variable = variables.and_then(|variables| variables.get(name));
            let value = variable.and_then(|variable| self.text.value(variable.value?).ok());
            to.opaque |= value.is_none();
            to.known.extend(value);
            return;
        };
        let modules = parents.to_vec();
        let call =
            self.module(&modules).and_then(|module| module.module_calls.get(call_name.as_str()));
        let given = call.and_then(|call| call.expressions.find(name));
        match (call, given) {
            (Some(call), Some(expression)) => {
                let scope = Scope { modules, key: key.clone(), for_each: call.for_each_expression };
                self.follow_part(expression, rest, &scope, depth, to);
            }
            (Some(call), None) => {
                let declared = call.module.variables.get(name);
                let default = declared.and_then(|variable| variable.default);
                to.known.extend(default.and_then(|raw| self.text.value(raw).ok()));
            }
            (None, _) => to.opaque = true,
        }
    }

    /// What an expression refers to, of whose value the steps take a part.
    fn follow_part(
        &self,
        expression: &'a RawValue,
        rest: &[Step],
        scope: &Scope<'a>,
        depth: usize,
        to: &mut Referred,
    ) {
        let before = to.found.len();
        self.follow_into(expression, scope, depth, to);
        let several = to.found.len() - before > 1;
        let found = to.found.split_off(before);
        // `[a, b][0]` is one of the two, and which one cannot be told.
        to.opaque |= several && !rest.is_empty();
        to.found.extend(found.into_iter().flat_map(|found| found.apply(self, rest)));
    }

    fn follow_module(
        &self,
        call: &str,
        rest: &[Step],
        scope: &Scope<'a>,
        depth: usize,
        to: &mut Referred,
    ) {
        let (key, rest) = keyed(rest);
        let [Step::Name(output), rest @ ..] = rest else {
            to.opaque = true;
            return;
        };
        let key = key.or_else(|| scope.key.clone().filter(|_| to.indexed));
        let Some(modules) = self.child(&scope.modules, call, key) else {
            to.opaque = true;
            return;
        };
        if to.seen.insert((modules.clone(), format!("output.{output}{rest:?}"))) {
            self.follow_output(&modules, output, rest, depth, to);
        }
    }

    fn follow_output(
        &self,
        modules: &Modules,
        output: &str,
        rest: &[Step],
        depth: usize,
        to: &mut Referred,
    ) {
        let module = self.module(modules);
        let output = module.and_then(|module| module.outputs.get(output));
        let Some(expression) = output.and_then(|output| output.expression) else {
            to.opaque = true;
            return;
        };
        let scope = Scope { modules: modules.clone(), key: None, for_each: None };
        self.follow_part(expression, rest, &scope, depth, to);
    }

    /// The instance of a module that a call with that key is.
    fn child(&self, parents: &Modules, call: &str, key: Option<String>) -> Option<Modules> {
        let paths = self.of_resource.keys().map(|(modules, _)| modules);
        let below = paths.filter(|path| path.len() > parents.len() && path.starts_with(parents));
        let children = below.map(|path| &path[parents.len()]).filter(|(name, _)| name == call);
        let keys: HashSet<&Option<String>> = children.map(|(_, key)| key).collect();
        let key = match keys.len() {
            0 => None,
            1 => keys.into_iter().next()?.clone(),
            _ if keys.contains(&key) => key,
            _ => return None,
        };
        let own = (call.to_owned(), key);
        Some(parents.iter().cloned().chain([own]).collect())
    }

    /// Everything that a local value of the module can refer to.
    fn follow_local(&self, scope: &Scope<'a>, depth: usize, to: &mut Referred) {
        to.local = true;
        if depth == 0 || !to.seen.insert((scope.modules.clone(), "local".to_owned())) {
            return;
        }
        let mut all = Referred { seen: std::mem::take(&mut to.seen), ..Referred::default() };
        self.follow_all(scope, depth, &mut all);
        to.seen = std::mem::take(&mut all.seen);
        to.opaque |= all.opaque;
        to.maybe.extend(all.found.into_iter().chain(all.maybe));
    }

    fn follow_all(&self, scope: &Scope<'a>, depth: usize, to: &mut Referred) {
        let here = self.of_resource.keys().filter(|(modules, _)| *modules == scope.modules);
        let here = here.filter_map(|(modules, named)| self.instances_of(modules, named.clone()));
        to.found.extend(here);
        let Some(module) = self.module(&scope.modules) else { return };
        for name in module.variables.keys() {
            self.follow_variable(name, &[], scope, depth - 1, to);
        }
        for (name, call) in &module.module_calls {
            for output in call.module.outputs.keys() {
                let steps = [name.as_ref(), output.as_ref()];
                let steps = steps.map(|name| Step::Name(name.to_owned()));
                self.follow_module(name, &steps[1..], scope, depth - 1, to);
            }
        }
    }
}

impl Found {
    /// The part that the steps take: a key picks an instance, names are attributes. `None` where
    /// there is no such instance.
    fn apply(mut self, plan: &Plan<'_>, steps: &[Step]) -> Option<Found> {
        for step in steps {
            match step {
                Step::Key(key) if !self.picked => self = self.pick(plan, key)?,
                step => self.attribute.push(step.clone()),
            }
        }
        Some(self)
    }

    /// The part that `each.value` and the steps take. A map whose keys are others than the
    /// resource's may hold any of its instances.
    fn of_each(self, plan: &Plan<'_>, steps: &[Step]) -> Option<Found> {
        let [Step::Key(own), rest @ ..] = steps else { return self.apply(plan, steps) };
        if self.picked {
            return self.apply(plan, rest);
        }
        match self.clone().pick(plan, own) {
            Some(found) => found.apply(plan, rest),
            None => Some(Found { attribute: [&self.attribute[..], rest].concat(), ..self }),
        }
    }

    /// The instance with that key.
    pub(super) fn pick(mut self, plan: &Plan<'_>, key: &str) -> Option<Found> {
        let of_key = |index: &usize| plan.instances[*index].address.key.as_deref() == Some(key);
        self.instances = vec![self.instances.iter().copied().find(of_key)?];
        self.picked = true;
        Some(self)
    }
}

fn is_index(steps: &[Step]) -> bool {
    let is = |step: &Step, name: &str| matches!(step, Step::Name(known) if known == name);
    matches!(steps, [first, second, ..]
        if is(first, "count") && is(second, "index") || is(first, "each") && is(second, "key"))
}

/// What an expression lists as its references.
fn references(entries: &Entries<'_>) -> Vec<String> {
    let raw = entries.find("references");
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// The first reference of an expression, where it has one only.
pub(super) fn only_reference(expression: &RawValue) -> Option<String> {
    let entries: Entries<'_> = serde_json::from_str(expression.get()).ok()?;
    let references = references(&entries);
    let whole = whole_references(references.iter().map(String::as_str));
    let [_] = &whole[..] else { return None };
    references.into_iter().next()
}
