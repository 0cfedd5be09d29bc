//! The file as `terraform show -json` prints it: what is in it, not what it means.
//!
//! The shapes are those of format versions 0.1 to 1.2 (Terraform 0.12 to 1.x, OpenTofu). Members
//! that nobody needs are passed over; values and expressions are read when somebody asks for them.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::Entries;

/// A plan or a state.
#[derive(Debug, Deserialize)]
pub(super) struct Show<'a> {
    /// A state's values.
    #[serde(borrow)]
    pub(super) values: Option<StateValues<'a>>,
    /// What the plan started from.
    #[serde(borrow)]
    pub(super) prior_state: Option<Prior<'a>>,
    /// What the plan does to each resource.
    #[serde(borrow, default)]
    pub(super) resource_changes: Option<Vec<ResourceChange<'a>>>,
    /// The variables of the root module.
    #[serde(borrow, default)]
    pub(super) variables: Option<HashMap<Cow<'a, str>, Variable<'a>>>,
    /// The configuration, with what its expressions refer to.
    #[serde(borrow)]
    pub(super) configuration: Option<Configuration<'a>>,
    /// Whether nothing was deferred to another plan.
    pub(super) complete: Option<bool>,
    /// Whether planning failed.
    pub(super) errored: Option<bool>,
}

/// A state within a plan.
#[derive(Debug, Deserialize)]
pub(super) struct Prior<'a> {
    #[serde(borrow)]
    pub(super) values: Option<StateValues<'a>>,
}

/// The values of a state.
#[derive(Debug, Deserialize)]
pub(super) struct StateValues<'a> {
    #[serde(borrow)]
    pub(super) root_module: Option<StateModule<'a>>,
}

/// A module of a state.
#[derive(Debug, Deserialize)]
pub(super) struct StateModule<'a> {
    #[serde(borrow, default)]
    pub(super) resources: Vec<StateResource<'a>>,
    #[serde(borrow, default)]
    pub(super) child_modules: Vec<StateModule<'a>>,
}

/// A resource of a state.
#[derive(Debug, Deserialize)]
pub(super) struct StateResource<'a> {
    #[serde(borrow)]
    pub(super) address: &'a RawValue,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) values: Option<&'a RawValue>,
}

/// What a plan does to a resource.
#[derive(Debug, Deserialize)]
pub(super) struct ResourceChange<'a> {
    #[serde(borrow)]
    pub(super) address: &'a RawValue,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    /// Says that this is an old object that a replacement left behind.
    #[serde(borrow)]
    pub(super) deposed: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) change: Change<'a>,
}

/// A change.
#[derive(Debug, Deserialize)]
pub(super) struct Change<'a> {
    #[serde(borrow)]
    pub(super) actions: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) before: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) after: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) after_unknown: Option<&'a RawValue>,
}

/// A variable's value.
#[derive(Debug, Deserialize)]
pub(super) struct Variable<'a> {
    #[serde(borrow)]
    pub(super) value: Option<&'a RawValue>,
}

/// The configuration.
#[derive(Debug, Deserialize)]
pub(super) struct Configuration<'a> {
    #[serde(borrow, default)]
    pub(super) provider_config: HashMap<Cow<'a, str>, Provider<'a>>,
    #[serde(borrow, default)]
    pub(super) root_module: Module<'a>,
}

/// A provider's configuration.
#[derive(Debug, Deserialize)]
pub(super) struct Provider<'a> {
    #[serde(borrow, default)]
    pub(super) expressions: Entries<'a>,
}

/// A module as written.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Module<'a> {
    #[serde(borrow, default)]
    pub(super) resources: Vec<Configured<'a>>,
    #[serde(borrow, default)]
    pub(super) module_calls: HashMap<Cow<'a, str>, ModuleCall<'a>>,
    #[serde(borrow, default)]
    pub(super) outputs: HashMap<Cow<'a, str>, Output<'a>>,
    #[serde(borrow, default)]
    pub(super) variables: HashMap<Cow<'a, str>, Declared<'a>>,
}

/// A resource as written.
#[derive(Debug, Deserialize)]
pub(super) struct Configured<'a> {
    #[serde(borrow)]
    pub(super) mode: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) expressions: Entries<'a>,
    #[serde(borrow)]
    pub(super) for_each_expression: Option<&'a RawValue>,
}

/// A call of a module.
#[derive(Debug, Deserialize)]
pub(super) struct ModuleCall<'a> {
    #[serde(borrow, default)]
    pub(super) expressions: Entries<'a>,
    #[serde(borrow)]
    pub(super) for_each_expression: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) module: Module<'a>,
}

/// An output of a module.
#[derive(Debug, Deserialize)]
pub(super) struct Output<'a> {
    #[serde(borrow)]
    pub(super) expression: Option<&'a RawValue>,
}

/// A variable as declared.
#[derive(Debug, Deserialize)]
pub(super) struct Declared<'a> {
    #[serde(borrow)]
    pub(super) default: Option<&'a RawValue>,
}
