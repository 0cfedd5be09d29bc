//! A file of JSON, read part by part: each part keeps its place, and what nobody asks for is
//! scanned once and never built.

use std::borrow::Cow;
use std::fmt;

use indexmap::IndexMap;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::finding::Finding;
use crate::source::{FileId, Place};
use crate::template::{Data, Value};

/// Values deeper than this are not a resource's.
const MAX_DEPTH: usize = 64;

/// The text of a file, and where its lines begin.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    file: FileId,
    /// Offsets of the first byte of every line.
    lines: Vec<u32>,
    /// Offsets of the bytes that continue a character: they count for no column.
    continued: Vec<u32>,
}

impl<'a> Text<'a> {
    pub(super) fn new(text: &'a str, file: FileId) -> Self {
        let after = |byte: u8| {
            let found = text.bytes().enumerate().filter(move |(_, found)| *found == byte);
            found.map(|(index, _)| index as u32 + 1)
        };
        let lines = std::iter::once(0).chain(after(b'\n')).collect();
        let continued = match text.is_ascii() {
            true => Vec::new(),
            false => {
                let bytes = text.bytes().enumerate();
                let continued = bytes.filter(|(_, byte)| byte & 0xc0 == 0x80);
                continued.map(|(index, _)| index as u32).collect()
            }
        };
        Text { text, file, lines, continued }
    }

    /// The place of a part of the text, which must lie in it.
    pub(super) fn place(&self, part: &str) -> Place {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        self.place_at(offset.min(self.text.len()) as u32, part.len() as u32)
    }

    fn place_at(&self, offset: u32, len: u32) -> Place {
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines[line - 1];
        let before = |end: u32| self.continued.partition_point(|byte| *byte < end);
        let continued = before(offset) - before(start);
        let column = offset - start - continued as u32 + 1;
        Place { file: Some(self.file), offset, len, line: line as u32, column }
    }

    /// Reads a part into a type.
    pub(super) fn read<T: Deserialize<'a>>(&self, part: &'a str) -> Result<T, Finding> {
        serde_json::from_str(part).map_err(|error| self.broken(part, &error))
    }

    /// Reads a part into a value, with the place of each of its parts.
    pub(super) fn value(&self, raw: &'a RawValue) -> Result<Value, Finding> {
        self.value_within(raw, MAX_DEPTH)
    }

    fn value_within(&self, raw: &'a RawValue, depth: usize) -> Result<Value, Finding> {
        let text = raw.get();
        let place = self.place(text);
        if depth == 0 {
            return Err(Finding::error("malformed", place, "the values are nested too deeply"));
        }
        let data = match text.as_bytes().first() {
            Some(b'{') => {
                let entries = self.read::<Entries<'a>>(text)?.0.into_iter();
                let read = |(key, raw): (Cow<'a, str>, _)| {
                    Ok((key.into_owned(), self.value_within(raw, depth - 1)?))
                };
                Data::Map(entries.map(read).collect::<Result<IndexMap<_, _>, Finding>>()?)
            }
            Some(b'[') => {
                let items = self.read::<Vec<&'a RawValue>>(text)?.into_iter();
                Data::List(
                    items.map(|raw| self.value_within(raw, depth - 1)).collect::<Result<_, _>>()?,
                )
            }
            Some(b'"') => Data::Text(self.read(text)?),
            Some(b't') => Data::Bool(true),
            Some(b'f') => Data::Bool(false),
            Some(b'n') | None => Data::Null,
            Some(_) => Data::Text(text.to_owned()),
        };
        Ok(Value { data, place })
    }

    fn broken(&self, part: &str, error: &serde_json::Error) -> Finding {
        let lines = part.split_inclusive('\n').take(error.line().saturating_sub(1));
        let within = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
        let whole = self.place(part);
        let offset = whole.offset + within.min(part.len()) as u32;
        let message = error.to_string();
        let suffix = format!(" at line {} column {}", error.line(), error.column());
        let message = message.strip_suffix(&suffix).unwrap_or(&message);
        Finding::error("malformed", self.place_at(offset, 1), message)
    }
}

/// A map in order, whose values are not read yet.
#[derive(Debug, Default)]
pub(super) struct Entries<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Entries<'a> {
    /// The value of a key; of a key written twice, the last one.
    pub(super) fn find(&self, key: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(known, _)| known == key).map(|(_, value)| *value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Entries::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((Key(key), value)) = map.next_entry()? {
                    entries.push((key, value));
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_any(EntriesVisitor)
    }
}

/// A key that borrows where it can.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_value_has_its_place() {
        let source = "{\n  \"é\": [10, \"ü\", {\"a\": null}]\n}";
        let text = Text::new(source, FileId(0));
        let raw: &RawValue = text.read(source).expect("JSON");
        let value = text.value(raw).expect("a value");
        let Data::Map(map) = &value.data else { panic!("{value:?}") };
        let Data::List(items) = &map["é"].data else { panic!("{map:?}") };
        let at = |value: &Value| (value.place.line, value.place.column, value.place.len);
        assert_eq!(items.iter().map(at).collect::<Vec<_>>(), [(2, 9, 2), (2, 13, 4), (2, 18, 11)]);
        assert_eq!(items[0].data, Data::Text("10".to_owned()));
    }

    #[test]
    fn what_is_broken_is_pointed_at() {
        let source = "{\n  \"a\": }";
        let text = Text::new(source, FileId(0));
        let finding = text.read::<Entries<'_>>(source).expect_err("no value");
        assert_eq!((finding.place.line, finding.place.column), (2, 8));
    }

    #[test]
    fn what_is_nested_too_deeply_is_refused() {
        let source = "[".repeat(100) + &"]".repeat(100);
        let text = Text::new(&source, FileId(0));
        let raw: &RawValue = text.read(&source).expect("JSON");
        assert_eq!(text.value(raw).expect_err("too deep").code, "malformed");
    }
}
