//! How the values of declared resources are read.

use indexmap::IndexMap;

use super::mapper::Mapper;
use super::{Data, Resource, Value};
use crate::finding::Finding;
use crate::model::Unknown;
use crate::source::{Place, Sourced};
use crate::written::Scalar;

/// Why a value cannot be used.
#[derive(Clone, Debug)]
pub(super) enum Gap {
    /// It is not known.
    Unknown(Unknown),
    /// It is not what it should be, which has been found.
    Wrong,
}

/// A value that must be there, or why it cannot be used.
pub(super) type Said<T> = Result<T, Gap>;

/// A map of properties.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    entries: Option<&'a IndexMap<String, Value>>,
    /// Where it is written.
    pub(super) place: Place,
}

/// Attributes of a chain are followed no further.
const MAX_DEPTH: usize = 16;

impl<'a> Part<'a> {
    /// The value of a key; what is said to be nothing is not there.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.entries?.get(key).filter(|value| value.data != Data::Null)
    }

    /// Whether a key says something.
    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }
}

impl<'a> Mapper<'a> {
    /// The properties of a resource.
    pub(super) fn properties(&mut self, resource: &'a Resource) -> Part<'a> {
        self.part(&resource.properties).unwrap_or(Part { entries: None, place: resource.id.place })
    }

    /// A value as a map.
    pub(super) fn part(&mut self, value: &'a Value) -> Said<Part<'a>> {
        let value = self.resolved(value);
        match &value.data {
            Data::Map(entries) => Ok(Part { entries: Some(entries), place: value.place }),
            Data::Null => Ok(Part { entries: None, place: value.place }),
            _ => self.known(value).and_then(|value| self.wrong(value, "a map")),
        }
    }

    /// The map under a key; an empty one where the key is not there.
    pub(super) fn part_at(&mut self, part: Part<'a>, key: &str) -> Said<Part<'a>> {
        match part.get(key) {
            Some(value) => self.part(value),
            None => Ok(Part { entries: None, place: part.place }),
        }
    }

    /// What an attribute of another resource says, where it is one of that resource's properties.
    pub(super) fn resolved(&self, value: &'a Value) -> &'a Value {
        let mut value = value;
        for _ in 0..MAX_DEPTH {
            let Data::Of { resource, attribute: Some(attribute) } = &value.data else { break };
            let Some(resource) = self.by_id.get(resource.as_str()) else { break };
            let Data::Map(properties) = &resource.properties.data else { break };
            let Some(property) = properties.get(attribute) else { break };
            value = property;
        }
        value
    }

    /// The value, if it is known.
    pub(super) fn known(&self, value: &'a Value) -> Said<&'a Value> {
        let name = match &value.data {
            Data::Unknown(name) => name.clone(),
            Data::Of { resource, attribute } => match attribute {
                Some(attribute) => format!("`{resource}.{attribute}`"),
                None => format!("`{resource}`"),
            },
            _ => return Ok(value),
        };
        Err(Gap::Unknown(Unknown { name, place: value.place }))
    }

    /// A text, or a number or truth value as one.
    pub(super) fn text(&mut self, value: &'a Value) -> Said<Sourced<String>> {
        let place = value.place;
        let resolved = self.resolved(value);
        match &self.known(resolved)?.data {
            Data::Text(text) => Ok(Sourced::new(text.clone(), place)),
            Data::Bool(flag) => Ok(Sourced::new(flag.to_string(), place)),
            _ => self.wrong(value, "a text"),
        }
    }

    /// What a text means.
    pub(super) fn meaning<T: Scalar>(&mut self, value: &'a Value) -> Said<Sourced<T>> {
        let Sourced { value: text, place } = self.text(value)?;
        match T::parse(&text) {
            Ok((meaning, caution)) => {
                let caution = caution.map(|caution| caution.warning(T::NOUN, &text, place));
                self.findings.extend(caution);
                Ok(Sourced::new(meaning, place))
            }
            Err(complaint) => {
                self.findings.push(complaint.error(T::NOUN, &text, place));
                Err(Gap::Wrong)
            }
        }
    }

    /// What the text under a key means, if the key is there.
    pub(super) fn meaning_at<T: Scalar>(
        &mut self,
        part: Part<'a>,
        key: &str,
    ) -> Said<Option<Sourced<T>>> {
        part.get(key).map(|value| self.meaning(value)).transpose()
    }

    /// The text under a key, if it is there.
    pub(super) fn text_at(&mut self, part: Part<'a>, key: &str) -> Said<Option<Sourced<String>>> {
        part.get(key).map(|value| self.text(value)).transpose()
    }

    /// The truth value under a key, or the one without it.
    pub(super) fn flag(&mut self, part: Part<'a>, key: &str, default: bool) -> Said<bool> {
        Ok(self.meaning_at(part, key)?.map_or(default, |flag: Sourced<bool>| flag.value))
    }

    /// The number under a key, if it is there.
    pub(super) fn number(&mut self, part: Part<'a>, key: &str) -> Said<Option<i64>> {
        let Some(value) = part.get(key) else { return Ok(None) };
        let text = self.text(value)?;
        match text.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => self.wrong(value, "a number"),
        }
    }

    /// The items under a key; none where it is not there. One that is no list is a list of itself.
    pub(super) fn list(&mut self, part: Part<'a>, key: &str) -> Said<Vec<&'a Value>> {
        let Some(value) = part.get(key) else { return Ok(Vec::new()) };
        let value = self.resolved(value);
        match &value.data {
            Data::List(items) => Ok(items.iter().filter(|item| item.data != Data::Null).collect()),
            Data::Unknown(_) => self.known(value).map(|value| vec![value]),
            _ => Ok(vec![value]),
        }
    }

    /// The value of the `Name` tag.
    pub(super) fn name_tag(&self, part: Part<'a>) -> Option<String> {
        let tags = part.get("Tags")?;
        let text = |value: &Value| match &value.data {
            Data::Text(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        };
        match &tags.data {
            Data::Map(tags) => tags.get("Name").and_then(text),
            Data::List(tags) => tags.iter().find_map(|tag| match &tag.data {
                Data::Map(tag) if text(tag.get("Key")?)? == "Name" => text(tag.get("Value")?),
                _ => None,
            }),
            _ => None,
        }
    }

    fn wrong<T>(&mut self, value: &Value, wanted: &str) -> Said<T> {
        let message = format!("{wanted} is wanted here, and this is {}", value.data.noun());
        self.findings.push(Finding::error("bad-value", value.place, message));
        Err(Gap::Wrong)
    }
}

impl Data {
    /// What kind of thing it is.
    fn noun(&self) -> &'static str {
        match self {
            Data::Null => "nothing",
            Data::Bool(_) => "a truth value",
            Data::Text(_) => "a text",
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
            Data::Of { .. } => "a resource",
            Data::Unknown(_) => "not known",
        }
    }
}
