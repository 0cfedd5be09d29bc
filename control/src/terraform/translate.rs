//! From Terraform's resources to CloudFormation's, property by property.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::address::Address;
use super::class::{self, Class};
use super::kinds::{self, How, Kind};
use super::plan::{Plan, at};
use super::readings::{Readings, without_key};
use super::resolve::{Resolved, Wanted};
use super::{acls, groups, tables};
use crate::finding::Finding;
use crate::source::{Place, Sourced};
use crate::template::{Data, Resource, Value};

/// Resources on their way into CloudFormation's words.
pub(super) struct Translation<'p, 'a> {
    pub(super) plan: &'p Plan<'a>,
    pub(super) resources: Vec<Resource>,
    pub(super) findings: Vec<Finding>,
    /// Resources all of whose instances were taken to be meant.
    taken_whole: Vec<usize>,
    pub(super) readings: Readings,
    /// Rules, entries and routes that are resources of their own.
    pub(super) rules: HashSet<groups::Atom>,
    pub(super) entries: HashSet<(String, bool, String)>,
    pub(super) routes: HashSet<(String, String)>,
    /// What data sources read: each resource of it, and the id of the thing that was read.
    pub(super) owners: HashMap<String, String>,
    /// What is being read.
    pub(super) owner: Option<String>,
    /// Where the resources stand in the file.
    order: HashMap<String, usize>,
}

/// The properties of a resource being written.
pub(super) type Properties = IndexMap<String, Value>;

impl<'p, 'a> Translation<'p, 'a> {
    pub(super) fn of(plan: &'p Plan<'a>) -> Self {
        let mut translation = Translation {
            plan,
            resources: Vec::new(),
            findings: Vec::new(),
            taken_whole: Vec::new(),
            readings: Readings::default(),
            rules: groups::standalone(plan),
            entries: acls::standalone(plan),
            routes: tables::standalone(plan),
            owners: HashMap::new(),
            owner: None,
            order: (0..plan.instances.len()).map(|index| (plan.model_id(index), index)).collect(),
        };
        for index in 0..plan.instances.len() {
            if translation.is_told(index) {
                let is_read = plan.instances[index].is_data();
                translation.owner = is_read.then(|| plan.model_id(index));
                translation.add(index);
            }
        }
        translation.owner = None;
        translation.leave_open();
        let readings = std::mem::take(&mut translation.readings);
        translation.findings.extend(readings.findings());
        translation
    }

    /// Whether the instance is there, and is not what another one is already.
    fn is_told(&self, index: usize) -> bool {
        let instance = &self.plan.instances[index];
        if instance.values.data == Data::Null {
            return false;
        }
        let class = class::identity(instance.kind(), "id").map(|(class, _)| class);
        let id = instance.text("id").map(str::to_owned).filter(|_| instance.is_data());
        let first = class.zip(id).and_then(|key| self.plan.of_id.get(&key));
        first.is_none_or(|(first, _)| *first == index)
    }

    fn add(&mut self, index: usize) {
        let instance = &self.plan.instances[index];
        let Some(kind) = kinds::of(instance.kind(), instance.is_data()) else { return };
        match instance.kind() {
            "aws_security_group" | "aws_default_security_group" => self.add_group(index, kind),
            "aws_security_group_rule" => self.add_old_rule(index),
            "aws_vpc_security_group_ingress_rule" => self.add_rule(index, false),
            "aws_vpc_security_group_egress_rule" => self.add_rule(index, true),
            "aws_network_acl" | "aws_default_network_acl" => self.add_acl(index, kind),
            "aws_network_acl_rule" => self.add_acl_rule(index),
            "aws_route_table" | "aws_default_route_table" => self.add_table(index, kind),
            "aws_ec2_managed_prefix_list" | "aws_prefix_list" => self.add_prefix_list(index, kind),
            "aws_vpc_endpoint" => self.add_endpoint(index, kind),
            "aws_internet_gateway" => self.add_internet_gateway(index, kind),
            "aws_vpc_peering_connection" => self.add_peering(index, kind),
            "aws_network_interface" => self.add_interface(index, kind),
            "aws_instance" => self.add_instance(index, kind),
            "aws_vpc" if instance.is_data() => self.add_read_vpc(index, kind),
            "aws_route_table_association" if instance.text("gateway_id").is_some() => {}
            // These are parts of other resources.
            "aws_ec2_managed_prefix_list_entry"
            | "aws_vpc_endpoint_route_table_association"
            | "aws_vpc_endpoint_subnet_association"
            | "aws_vpc_endpoint_security_group_association"
            | "aws_vpc_peering_connection_accepter"
            | "aws_network_interface_sg_attachment" => {}
            _ => {
                let properties = self.properties(index, kind);
                self.push(index, kind.cloud, properties);
            }
        }
    }

    /// The properties that the columns of a kind say.
    pub(super) fn properties(&mut self, index: usize, kind: &Kind) -> Properties {
        let mut properties = Properties::new();
        for column in kind.columns {
            let value = match column.how {
                How::Plain => self.plain(index, column.from),
                How::One(classes) => self.one(index, column.from, classes),
                How::Many(classes) => self.many(index, column.from, classes),
                How::Switch => self.plain(index, column.from).map(switch),
            };
            if let Some(value) = value {
                put(&mut properties, column.to, value);
            }
        }
        properties
    }

    /// A value as it is; `None` where there is none.
    pub(super) fn plain(&self, index: usize, path: &str) -> Option<Value> {
        let instance = &self.plan.instances[index];
        self.known(index, instance.at(path)?)
    }

    /// A value, or the name of why it is not known; `None` where nothing is said.
    pub(super) fn known(&self, index: usize, value: &Value) -> Option<Value> {
        let data = match &value.data {
            Data::Null => return None,
            Data::Text(text) if text.is_empty() => return None,
            Data::Unknown(path) if self.is_computed(index, path) => return None,
            Data::Unknown(path) => Data::Unknown(self.plan.unknown_name(index, path)),
            Data::List(items) => {
                Data::List(items.iter().filter_map(|item| self.known(index, item)).collect())
            }
            Data::Map(map) => {
                let known =
                    |(key, value): (&String, _)| Some((key.clone(), self.known(index, value)?));
                Data::Map(map.iter().filter_map(known).collect())
            }
            data => data.clone(),
        };
        Some(Value { data, place: value.place })
    }

    /// Whether an unknown attribute of a new resource is one that the configuration leaves to the
    /// provider.
    pub(super) fn is_computed(&self, index: usize, path: &str) -> bool {
        let instance = &self.plan.instances[index];
        let top = path.split(['.', '[']).next().unwrap_or(path);
        instance.created && top == path && !self.plan.is_written(index, top)
    }

    /// The resource that an attribute names.
    pub(super) fn one(
        &mut self,
        index: usize,
        path: &str,
        classes: &'static [Class],
    ) -> Option<Value> {
        self.one_of(index, self.plan.instances[index].at(path)?, classes)
    }

    /// The resource that a value of an instance names.
    pub(super) fn one_of(
        &mut self,
        index: usize,
        value: &Value,
        classes: &'static [Class],
    ) -> Option<Value> {
        let data = match &value.data {
            Data::Text(text) if text.is_empty() => return None,
            Data::Text(text) => self.plan.of_text(text, classes),
            Data::Unknown(path) => {
                let wanted = Wanted { at: index, path, classes, many: false, shared_by: 1 };
                let Resolved { data, by_key, .. } = self.plan.resolve(wanted);
                by_key
                    .into_iter()
                    .for_each(|taken| self.readings.by_key(self.plan, (index, path), taken));
                data
            }
            _ => return None,
        };
        (data != Data::Null).then_some(Value { data, place: value.place })
    }

    /// The resources that an attribute names.
    pub(super) fn many(
        &mut self,
        index: usize,
        path: &str,
        classes: &'static [Class],
    ) -> Option<Value> {
        let value = self.plan.instances[index].at(path)?;
        self.many_of(index, value, classes, 1)
    }

    /// The resources that a value of an instance names; `shared_by` so many such values stand in one
    /// expression.
    pub(super) fn many_of(
        &mut self,
        index: usize,
        value: &Value,
        classes: &'static [Class],
        shared_by: usize,
    ) -> Option<Value> {
        let place = value.place;
        let data = match &value.data {
            Data::List(items) => {
                let items = items.iter().filter_map(|item| self.one_of(index, item, classes));
                let mut items: Vec<Value> = items.collect();
                // The provider keeps sets in no order that means anything.
                items.sort_by_key(|item| self.rank(&item.data));
                Data::List(items)
            }
            Data::Unknown(path) => {
                let wanted = Wanted { at: index, path, classes, many: true, shared_by };
                let Resolved { data, all_of, by_key } = self.plan.resolve(wanted);
                by_key
                    .into_iter()
                    .for_each(|taken| self.readings.by_key(self.plan, (index, path), taken));
                all_of.into_iter().for_each(|first| self.take_whole(index, first, place));
                at_place(data, place)
            }
            _ => return None,
        };
        (data != Data::Null).then_some(Value { data, place })
    }

    /// Where a resource stands in the file; what is not in it stands last.
    fn rank(&self, data: &Data) -> usize {
        let known = match data {
            Data::Of { resource, .. } => self.order.get(resource),
            _ => None,
        };
        known.copied().unwrap_or(usize::MAX)
    }

    /// Says once of each resource that all of its instances are taken to be meant.
    fn take_whole(&mut self, index: usize, first: usize, place: Place) {
        let of = &self.plan.instances[first].address;
        let module = |address: &Address| {
            address.modules.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        let known = |taken: &usize| {
            let other = &self.plan.instances[*taken].address;
            other.named == of.named && module(other) == module(of)
        };
        if self.taken_whole.iter().any(known) {
            return;
        }
        self.taken_whole.push(first);
        let (user, id) = (&self.plan.instances[index].id, self.plan.instances[first].id.as_str());
        let (user, resource) = (user.as_str(), without_key(id));
        let message = format!("`{user}` is taken to use every instance of `{resource}`");
        let help = "a plan does not say which ones it uses; the state after `apply` does";
        self.findings.push(Finding::warning("taken-whole", place, message).help(help));
    }

    /// Adds a resource that an instance is.
    pub(super) fn push(&mut self, index: usize, cloud: &str, properties: Properties) {
        let id = Sourced::new(self.plan.model_id(index), self.plan.place(index));
        self.push_as(id, cloud, properties);
    }

    /// Adds a resource that is a part of an instance.
    pub(super) fn push_part(
        &mut self,
        index: usize,
        part: &str,
        place: Place,
        cloud: &str,
        properties: Properties,
    ) {
        let id = format!("{}.{part}", *self.plan.instances[index].id);
        self.push_as(Sourced::new(id, place), cloud, properties);
    }

    pub(super) fn push_as(&mut self, id: Sourced<String>, cloud: &str, properties: Properties) {
        if let Some(owner) = &self.owner {
            self.owners.insert(id.value.clone(), owner.clone());
        }
        let properties = Value { data: Data::Map(properties), place: id.place };
        self.resources.push(Resource { id, kind: cloud.to_owned(), properties, exists_if: None });
    }

    /// The resource itself, as a value.
    pub(super) fn itself(&self, index: usize) -> Value {
        let resource = self.plan.model_id(index);
        Value { data: Data::Of { resource, attribute: None }, place: self.plan.place(index) }
    }
}

/// Puts a value at a path such as `VpcConfig.SubnetIds`.
pub(super) fn put(properties: &mut Properties, path: &str, value: Value) {
    let Some((first, rest)) = path.split_once('.') else {
        properties.insert(path.to_owned(), value);
        return;
    };
    let place = value.place;
    let empty = || Value { data: Data::Map(Properties::new()), place };
    let inner = properties.entry(first.to_owned()).or_insert_with(empty);
    if let Data::Map(inner) = &mut inner.data {
        put(inner, rest, value);
    }
}

/// The items of a list that was resolved stand where the list does.
fn at_place(data: Data, place: Place) -> Data {
    match data {
        Data::List(items) => {
            Data::List(items.into_iter().map(|item| Value { place, ..item }).collect())
        }
        data => data,
    }
}

fn switch(value: Value) -> Value {
    let word = |on| Data::Text(if on { "enable" } else { "disable" }.to_owned());
    match value.data {
        Data::Bool(on) => Value { data: word(on), ..value },
        _ => value,
    }
}

/// A truth value that no file says.
pub(super) fn truth(value: bool, place: Place) -> Value {
    Value { data: Data::Bool(value), place }
}

/// A text that no file says like that.
pub(super) fn word(text: &str, place: Place) -> Value {
    Value { data: Data::Text(text.to_owned()), place }
}

/// What is not known, by name.
pub(super) fn unknown(name: String, place: Place) -> Value {
    Value { data: Data::Unknown(name), place }
}

/// The items of a list; a value that is no list has none.
pub(super) fn items(value: Option<&Value>) -> &[Value] {
    match value.map(|value| &value.data) {
        Some(Data::List(items)) => items,
        _ => &[],
    }
}

/// What a value has at a path, if it says something there.
pub(super) fn said<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    at(value, path).filter(|value| match &value.data {
        Data::Null => false,
        Data::Text(text) => !text.is_empty(),
        Data::List(items) => !items.is_empty(),
        _ => true,
    })
}
