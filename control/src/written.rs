//! Values as a file says them: typed, with the place of each, not yet judged.
//!
//! The types here are what the sections of a scenario file and AWS's JSON deserialize into. A
//! [`Page`] turns them into [`Sourced`] values, and collects a finding for each that does not say
//! what it should, so that one run reports all of them. Only what breaks the shape of the file (its
//! syntax, an unknown key, a list where a map belongs) ends the reading at the first finding.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{Location, Spanned};

use crate::finding::Finding;
use crate::source::{FileId, Place, Sourced, Sources};

mod document;
mod page;
pub mod scalar;
mod syntax;
mod tree;

pub use document::{Document, Loose};
pub use page::{Page, nearest};
pub use scalar::{Complaint, Scalar};
pub use tree::{Branch, Sapling, Tree};

/// Reads a whole file into a type: YAML, or JSON, which is YAML too.
///
/// # Errors
///
/// The first thing that breaks the file's shape, with its place.
pub fn parse<T: DeserializeOwned>(sources: &Sources, file: FileId) -> Result<T, Finding> {
    let text = &sources.file(file).text;
    serde_saphyr::from_str_with_options(text, syntax::options())
        .map_err(|error| syntax::finding(&error, text, file))
}

/// The text of a file without the byte order mark that some editors leave at its start.
pub fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A value with its place in the file being read. Two are equal when their values are.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// The value itself.
    pub value: T,
    location: Location,
}

impl<T> At<T> {
    /// Another value at the same place.
    pub fn with<U>(&self, value: U) -> At<U> {
        At { value, location: self.location }
    }
}

impl<T: PartialEq> PartialEq for At<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::deserialize(deserializer)?;
        Ok(At { value, location: referenced })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A scalar whose text has a meaning of its own: a CIDR, a range of ports, a duration.
#[derive(Clone, Debug)]
pub struct Written<T> {
    text: At<String>,
    meaning: PhantomData<T>,
}

impl<T> PartialEq for Written<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Written<T> {
    /// A meaning for a text that was read without one, such as a key or an item of a list.
    pub fn new(text: At<String>) -> Self {
        Written { text, meaning: PhantomData }
    }

    /// Where it is written.
    pub fn place(&self, page: &Page<'_>) -> Place {
        page.place(&self.text)
    }
}

impl<'de, T> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        At::deserialize(deserializer).map(Written::new)
    }
}

impl<T: Scalar> JsonSchema for Written<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::NOUN.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::schema()
    }
}

/// A map from names to values, in file order.
#[derive(Clone, Debug, PartialEq)]
pub struct Entries<V>(pub Vec<(At<String>, V)>);

impl<V> Default for Entries<V> {
    fn default() -> Self {
        Entries(Vec::new())
    }
}

impl<V> IntoIterator for Entries<V> {
    type Item = (At<String>, V);
    type IntoIter = std::vec::IntoIter<Self::Item>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for EntriesVisitor<V> {
            type Value = Entries<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of names")
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Entries::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

impl<V: JsonSchema> JsonSchema for Entries<V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("MapOf{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": generator.subschema_for::<V>(),
        })
    }
}

/// One text or a list of them.
#[derive(Clone, Debug)]
pub struct OneOrMany<T>(At<Texts>, PhantomData<T>);

#[derive(Clone, Debug)]
enum Texts {
    One(String),
    Many(Vec<At<String>>),
}

impl<T> IntoIterator for OneOrMany<T> {
    type Item = Written<T>;
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        let texts = match self.0.value {
            Texts::One(value) => vec![At { value, location: self.0.location }],
            Texts::Many(texts) => texts,
        };
        texts.into_iter().map(Written::new).collect::<Vec<_>>().into_iter()
    }
}

impl<'de, T> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(OneOrMany(At::deserialize(deserializer)?, PhantomData))
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextsVisitor;

        impl<'de> Visitor<'de> for TextsVisitor {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Texts, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = seq.next_element()? {
                    texts.push(text);
                }
                Ok(Texts::Many(texts))
            }
        }

        deserializer.deserialize_any(TextsVisitor)
    }
}

impl<T: Scalar> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("OneOrMany{}", T::NOUN).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [T::schema(), { "type": "array", "items": T::schema() }] })
    }
}

/// A text that stands for the whole (a file to read, a target), or its parts spelled out.
#[derive(Clone, Debug, PartialEq)]
pub enum TextOr<T> {
    /// The text.
    Text(String),
    /// The parts.
    Parts(T),
}

impl<T> At<TextOr<T>> {
    /// The parts where they are spelled out.
    ///
    /// # Errors
    ///
    /// The text that stands for them.
    pub fn parts(self) -> Result<At<T>, String> {
        match self.value {
            TextOr::Parts(value) => Ok(At { value, location: self.location }),
            TextOr::Text(text) => Err(text),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for TextOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for TextOrVisitor<T> {
            type Value = TextOr<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a map")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<TextOr<T>, E> {
                Ok(TextOr::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TextOr<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(TextOr::Parts)
            }
        }

        deserializer.deserialize_any(TextOrVisitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for TextOr<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("TextOr{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, generator.subschema_for::<T>()] })
    }
}
