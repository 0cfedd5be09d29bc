//! A file's values without a type: to be changed by a patch, and written down again.

use std::fmt::Write as _;

use super::*;
use crate::source::Sourced;

/// Values of any shape, as read. [`Page::document`] makes a [`Document`] of it.
#[derive(Clone, Debug)]
pub struct Loose {
    shape: Shape<Loose, At<String>>,
    defined: Location,
    referenced: Location,
}

/// Values of any shape: what a file, or a part of it, says.
#[derive(Clone, Debug)]
pub struct Document {
    shape: Shape<Document, Sourced<String>>,
    /// Where it is written.
    pub place: Place,
}

/// What a value of any shape is, with the type of what is in it and that of keys.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape<V, K> {
    Null,
    /// A number or a truth value. It is kept as written: `012` may be meant as a name.
    Plain(String),
    Text(String),
    List(Vec<V>),
    Map(Vec<(K, V)>),
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape
    }
}

impl Page<'_> {
    /// What values of any shape say, with the place of each.
    pub fn document(&self, loose: Loose) -> Document {
        let place = self.place(&At { value: (), location: loose.referenced });
        let shape = match loose.shape {
            Shape::Null => Shape::Null,
            Shape::Plain(value) => Shape::Plain(self.as_written(loose.defined).unwrap_or(value)),
            Shape::Text(text) => Shape::Text(text),
            Shape::List(items) => {
                Shape::List(items.into_iter().map(|item| self.document(item)).collect())
            }
            Shape::Map(entries) => {
                let entries = entries.into_iter();
                Shape::Map(entries.map(|(k, v)| (self.sourced(k), self.document(v))).collect())
            }
        };
        Document { shape, place }
    }

    /// The text of a number or a truth value.
    pub(super) fn as_written(&self, location: Location) -> Option<String> {
        let place = self.place(&At { value: (), location });
        let range = place.offset as usize..(place.offset + place.len) as usize;
        let text = self.text().get(range)?.trim();
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
        (!text.is_empty() && text.chars().all(is_word)).then(|| text.to_owned())
    }
}

impl Document {
    /// The keys and values of a map; none of anything else.
    pub fn entries(&self) -> &[(Sourced<String>, Document)] {
        match &self.shape {
            Shape::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Whether it is a map.
    pub fn is_map(&self) -> bool {
        matches!(self.shape, Shape::Map(_))
    }

    /// Whether it is `null`, which removes what it is merged into.
    pub fn is_null(&self) -> bool {
        self.shape == Shape::Null
    }

    /// Without the keys of the map that are not wanted.
    pub fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        if let Shape::Map(entries) = &mut self.shape {
            entries.retain(|(key, _)| wanted(key));
        }
    }

    /// Merges a patch into it, as RFC 7396 has it: maps are merged key by key, `null` removes, and
    /// everything else replaces what was there.
    pub fn merge(&mut self, patch: &Document) {
        let Shape::Map(changes) = &patch.shape else {
            *self = patch.clone();
            return;
        };
        if !self.is_map() {
            self.shape = Shape::Map(Vec::new());
        }
        let Shape::Map(entries) = &mut self.shape else { return };
        for (key, change) in changes {
            let known = entries.iter().position(|(known, _)| known == key);
            match known {
                Some(at) if change.is_null() => drop(entries.remove(at)),
                None if change.is_null() => {}
                Some(at) => entries[at].1.merge(change),
                None => {
                    let mut added = Document { shape: Shape::Null, place: change.place };
                    added.merge(change);
                    entries.push((key.clone(), added));
                }
            }
        }
    }

    /// It as YAML, a line for each part that fits into one.
    pub fn render(&self) -> String {
        let mut text = String::new();
        self.render_into(&mut text, 0);
        text
    }

    fn render_into(&self, text: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        let mut entry = |head: &str, value: &Document| {
            let line = value.inline();
            if depth > 0 && indent.len() + head.len() + line.len() < LINE || !value.has_parts() {
                // Writing to a text does not fail.
                let _ = writeln!(text, "{indent}{head} {line}");
            } else {
                let _ = writeln!(text, "{indent}{head}");
                value.render_into(text, depth + 1);
            }
        };
        match &self.shape {
            Shape::Map(entries) if !entries.is_empty() => {
                entries.iter().for_each(|(key, value)| entry(&format!("{}:", quoted(key)), value));
            }
            Shape::List(items) if !items.is_empty() => {
                items.iter().for_each(|item| entry("-", item));
            }
            _ => {
                let _ = writeln!(text, "{indent}{}", self.inline());
            }
        }
    }

    fn has_parts(&self) -> bool {
        match &self.shape {
            Shape::Map(entries) => !entries.is_empty(),
            Shape::List(items) => !items.is_empty(),
            _ => false,
        }
    }

    fn inline(&self) -> String {
        match &self.shape {
            Shape::Null => "null".to_owned(),
            Shape::Plain(text) => text.clone(),
            Shape::Text(text) => quoted(text),
            Shape::List(items) => {
                let items: Vec<_> = items.iter().map(Document::inline).collect();
                format!("[{}]", items.join(", "))
            }
            Shape::Map(entries) if entries.is_empty() => "{}".to_owned(),
            Shape::Map(entries) => {
                let entries = entries.iter();
                let entries: Vec<_> =
                    entries.map(|(k, v)| format!("{}: {}", quoted(k), v.inline())).collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }
}

/// The longest line that a part is written on.
const LINE: usize = 100;

/// A text as YAML: in quotes where it would mean something else, or might.
fn quoted(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let has_meaning = matches!(
        lower.as_str(),
        "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "nan" | "inf"
    );
    let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
    let is_address =
        text.parse::<std::net::Ipv4Addr>().is_ok() || text.parse::<ipnet::Ipv4Net>().is_ok();
    if (is_name && !has_meaning) || is_address {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            c if c.is_alphanumeric() => quoted.push(c),
            c => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value: shape, defined, referenced } = Spanned::deserialize(deserializer)?;
        Ok(Loose { shape, defined, referenced })
    }
}

impl JsonSchema for Loose {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Loose".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Shape<V, At<String>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor(PhantomData))
    }
}

struct ShapeVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for ShapeVisitor<V> {
    type Value = Shape<V, At<String>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Shape::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Shape::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Shape::Plain(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Shape::Plain(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Shape::Plain(value.to_string()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Self::Value, E> {
        Ok(Shape::Plain(value.to_string()))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Self::Value, E> {
        Ok(Shape::Plain(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Shape::Plain(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Shape::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Shape::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Shape::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        let mut sources = Sources::default();
        let file = sources.add("test.yaml", text);
        let loose = parse(&sources, file).unwrap_or_else(|finding| panic!("{finding:?} in {text}"));
        Page::new(&sources, file, &mut Vec::new()).document(loose)
    }

    /// The examples of RFC 7396, appendix A, those of maps.
    #[test]
    fn patches_merge_as_rfc_7396_says() {
        let rows = [
            ("{ a: b }", "{ a: c }", "{ a: c }"),
            ("{ a: b }", "{ b: c }", "{ a: b, b: c }"),
            ("{ a: b }", "{ a: null }", "{}"),
            ("{ a: b, b: c }", "{ a: null }", "{ b: c }"),
            ("{ a: [b] }", "{ a: c }", "{ a: c }"),
            ("{ a: c }", "{ a: [b] }", "{ a: [b] }"),
            ("{ a: { b: c } }", "{ a: { b: d, c: null } }", "{ a: { b: d } }"),
            ("{ a: [{ b: c }] }", "{ a: [1] }", "{ a: [1] }"),
            ("{ e: null }", "{ a: 1 }", "{ e: null, a: 1 }"),
            ("[1, 2]", "{ a: b, c: null }", "{ a: b }"),
            ("{}", "{ a: { bb: { ccc: null } } }", "{ a: { bb: {} } }"),
        ];
        for (target, patch, wanted) in rows {
            let mut merged = document(target);
            merged.merge(&document(patch));
            assert_eq!(merged, document(wanted), "{target} with {patch}");
        }
    }

    #[test]
    fn what_is_written_down_reads_as_the_same() {
        let text = "
            a: { 443: yes, b: 'yes', c: 012, d: 1e3, e: ~, f: [], g: {}, h: '' }
            long: [ { x: 0123456789012345678901234567890123456789, y: 'a: b', z: [1, 2, three] },
              [[a, b], { c: '0123456789012345678901234567890123456789 0123456789', d: \"\\t\\0é\" }] ]
            base: &base { k: 10.0.0.0/16, l: 0x10 }
            same: *base
            'a: b': \"x # \\u2028 \\u0085 \\ufeff y\"
        ";
        let read = document(text);
        let rendered = read.render();
        assert_eq!(document(&rendered), read, "{rendered}");
        assert!(rendered.contains("c: 012\n  d: 1e3"), "{rendered}");
        assert!(rendered.contains("same:\n  k: 10.0.0.0/16\n  l: 0x10"), "{rendered}");
    }
}
