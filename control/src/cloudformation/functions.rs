//! The functions.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::conditions::unknown_in;
use super::evaluator::Argument;
use super::pseudo::PSEUDO;
use super::*;
use crate::written::nearest;

const FUNCTIONS: [&str; 18] = [
    "And",
    "Base64",
    "Cidr",
    "Condition",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Ref",
    "Select",
    "Split",
    "Sub",
];

impl<'a> Evaluator<'a> {
    /// What a call of a function comes down to.
    pub(super) fn call(&mut self, name: &str, argument: Argument<'a>, place: Place) -> Data {
        match name {
            "Ref" => match argument.tree.text() {
                Some(name) => self.reference(name, place),
                None => self.misshapen(place, "`Ref` is called with a name"),
            },
            "GetAtt" => self.get_att(argument),
            "Sub" => self.sub(argument, place),
            "Join" => self.join(argument, place),
            "Select" => self.select(argument),
            "Split" => self.split(argument),
            "GetAZs" => match self.argument(argument).data {
                Data::Text(region) => self.zones(&region, place),
                other => self.open(other, place, "`Fn::GetAZs` is called with a Region"),
            },
            "Cidr" => self.cidr(argument),
            "FindInMap" => self.find_in_map(argument),
            "If" => self.choose(argument),
            "ImportValue" => match self.argument(argument).data {
                Data::Text(name) => Data::Unknown(format!("`{name}`, which another stack exports")),
                other => self.open(other, place, "`Fn::ImportValue` is called with a name"),
            },
            "Base64" => match self.argument(argument).data {
                Data::Text(text) => Data::Text(base64(text.as_bytes())),
                other => self.open(other, place, "`Fn::Base64` is called with a text"),
            },
            "Length" => match self.argument(argument).data {
                Data::List(items) => Data::Text(items.len().to_string()),
                other => self.open(other, place, "`Fn::Length` is called with a list"),
            },
            "ToJsonString" | "Transform" | "GetStackOutput" => {
                Data::Unknown(format!("what `Fn::{name}` makes"))
            }
            "Equals" | "And" | "Or" | "Not" | "Condition" => {
                self.misshapen(place, &format!("`{name}` belongs into `Conditions`"))
            }
            _ => self.unknown_function(name, place),
        }
    }

    fn unknown_function(&mut self, name: &str, place: Place) -> Data {
        let message = format!("there is no function `{name}`");
        let finding = Finding::error("unknown-function", place, message);
        self.findings.push(match nearest(name, &FUNCTIONS) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding,
        });
        Data::Null
    }

    /// What is not known of an argument; one that is known has the wrong shape.
    pub(super) fn open(&mut self, data: Data, place: Place, shape: &str) -> Data {
        match unknown_in(&data) {
            Some(why) => Data::Unknown(why),
            // What is wrong with it has been found already.
            None if data == Data::Null => Data::Null,
            None => self.misshapen(place, shape),
        }
    }

    /// What a name refers to: a parameter, a pseudo parameter, or a resource.
    pub(super) fn reference(&mut self, name: &str, place: Place) -> Data {
        if let Some(value) = self.parameters.get(name) {
            return value.clone();
        }
        if let Some(value) = self.pseudo(name) {
            return value;
        }
        match self.resources.get(name).copied() {
            Some(declared) if self.is_there(name, declared, place) => {
                Data::Of { resource: name.to_owned(), attribute: None }
            }
            Some(_) => Data::Null,
            None => {
                let known = self.resources.keys().copied();
                let known = known.chain(self.parameters.keys().map(String::as_str)).chain(PSEUDO);
                let known: Vec<String> = known.map(str::to_owned).collect();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                self.undefined("parameter or resource", name, place, &known)
            }
        }
    }

    /// A reference to what a condition keeps away is one that AWS refuses.
    fn is_there(&mut self, name: &str, declared: &'a Tree, place: Place) -> bool {
        if self.existence(declared) != Truth::No {
            return true;
        }
        let message = format!("`{name}` is not made, as its condition does not hold");
        let finding = Finding::error("absent-reference", place, message);
        self.findings.push(finding.help("put this under the same condition, or give parameters"));
        false
    }

    fn get_att(&mut self, argument: Argument<'a>) -> Data {
        let place = argument.tree.place;
        let shape = "`Fn::GetAtt` is called with a resource and an attribute";
        match &argument.tree.branch {
            Branch::Plain(text) | Branch::Text(text) => match text.split_once('.') {
                Some((resource, attribute)) => self.attribute(resource, attribute, place),
                None => self.misshapen(place, shape),
            },
            Branch::List(items) if items.len() == 2 => {
                let Some(resource) = items[0].text() else { return self.misshapen(place, shape) };
                match self.value(&items[1]).data {
                    Data::Text(attribute) => self.attribute(resource, &attribute, place),
                    other => self.open(other, place, shape),
                }
            }
            _ => self.misshapen(place, shape),
        }
    }

    /// An attribute of a resource. One that is a property, too, is what the property says.
    pub(super) fn attribute(&mut self, resource: &str, attribute: &str, place: Place) -> Data {
        let Some(declared) = self.resources.get(resource).copied() else {
            let known: Vec<&str> = self.resources.keys().copied().collect();
            return self.undefined("resource", resource, place, &known);
        };
        if !self.is_there(resource, declared, place) {
            return Data::Null;
        }
        let property = declared.get("Properties").and_then(|known| known.get(attribute));
        match property.map(|property| self.value(property).data) {
            Some(Data::Null) | None => {
                Data::Of { resource: resource.to_owned(), attribute: Some(attribute.to_owned()) }
            }
            Some(known) => known,
        }
    }

    fn select(&mut self, argument: Argument<'a>) -> Data {
        let shape = "`Fn::Select` is called with a number and a list";
        let Some(items) = self.items(argument, 2..=2, shape) else { return Data::Null };
        let place = argument.tree.place;
        let index = match self.value(&items[0]).data {
            Data::Text(index) => match index.trim().parse::<usize>() {
                Ok(index) => index,
                Err(_) => return self.misshapen(items[0].place, shape),
            },
            other => return self.open(other, place, shape),
        };
        match self.value(&items[1]).data {
            Data::List(list) => match list.get(index) {
                Some(item) => item.data.clone(),
                None => {
                    let message = format!("the list has {} items, and no item {index}", list.len());
                    let finding = Finding::error("no-such-item", items[0].place, message);
                    self.findings.push(finding.help("items count from 0"));
                    Data::Null
                }
            },
            other => match self.open(other, items[1].place, shape) {
                Data::Unknown(why) => Data::Unknown(format!("item {index} of {why}")),
                nothing => nothing,
            },
        }
    }

    fn split(&mut self, argument: Argument<'a>) -> Data {
        let shape = "`Fn::Split` is called with a delimiter and a text";
        let Some(items) = self.items(argument, 2..=2, shape) else { return Data::Null };
        let delimiter = items[0].text().filter(|delimiter| !delimiter.is_empty());
        let Some(delimiter) = delimiter else { return self.misshapen(items[0].place, shape) };
        match self.value(&items[1]).data {
            Data::Text(text) => {
                let place = items[1].place;
                let parts = text.split(delimiter).map(|part| Data::Text(part.to_owned()));
                Data::List(parts.map(|data| Value { data, place }).collect())
            }
            other => self.open(other, items[1].place, shape),
        }
    }

    fn cidr(&mut self, argument: Argument<'a>) -> Data {
        let shape = "`Fn::Cidr` is called with a block, a count and the bits of each host part";
        let Some(items) = self.items(argument, 2..=3, shape) else { return Data::Null };
        let place = argument.tree.place;
        let mut texts = Vec::new();
        for item in items {
            match self.value(item).data {
                Data::Text(text) => texts.push(text),
                other => return self.open(other, item.place, shape),
            }
        }
        if texts[0].contains(':') {
            return Data::Unknown("blocks of IPv6".to_owned());
        }
        let block = texts[0].parse::<Ipv4Net>();
        let count = texts[1].trim().parse::<u32>();
        let bits = texts.get(2).map_or(Ok(DEFAULT_BITS), |bits| bits.trim().parse::<u8>());
        let (Ok(block), Ok(count), Ok(bits)) = (block, count, bits) else {
            return self.misshapen(place, shape);
        };
        match parts_of(block, count, bits) {
            Some(blocks) => {
                let blocks = blocks.into_iter().map(|net| Data::Text(net.to_string()));
                Data::List(blocks.map(|data| Value { data, place }).collect())
            }
            None => {
                let message = format!("{block} does not have {count} blocks of {bits} bits");
                self.findings.push(Finding::error("bad-cidr", place, message));
                Data::Null
            }
        }
    }

    fn find_in_map(&mut self, argument: Argument<'a>) -> Data {
        let shape = "`Fn::FindInMap` is called with the name of a map and two keys";
        let Some(items) = self.items(argument, 3..=4, shape) else { return Data::Null };
        let mut keys = Vec::new();
        for item in &items[..3] {
            match self.value(item).data {
                Data::Text(key) => keys.push(key),
                Data::Bool(key) => keys.push(key.to_string()),
                other => return self.open(other, item.place, shape),
            }
        }
        let mut found = self.mappings;
        for (item, key) in items.iter().zip(&keys) {
            let level = found;
            found = level.and_then(|level| level.get(key));
            if found.is_none() {
                if let Some(default) = items.get(3).and_then(|item| item.get("DefaultValue")) {
                    return self.value(default).data;
                }
                let entries = level.map_or(&[][..], Tree::entries);
                let known: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
                return self.undefined("key in the mappings", key, item.place, &known);
            }
        }
        found.map_or(Data::Null, |found| self.value(found).data)
    }

    fn choose(&mut self, argument: Argument<'a>) -> Data {
        let shape = "`Fn::If` is called with a condition's name and two values";
        let Some(items) = self.items(argument, 3..=3, shape) else { return Data::Null };
        let Some(name) = items[0].text() else { return self.misshapen(items[0].place, shape) };
        match self.condition(name, items[0].place) {
            Truth::Yes => self.value(&items[1]).data,
            Truth::No => self.value(&items[2]).data,
            Truth::Unknown(why) => {
                let (yes, no) = (self.value(&items[1]).data, self.value(&items[2]).data);
                if yes == no { yes } else { Data::Unknown(why) }
            }
        }
    }

    /// A text that was put together may refer to what AWS looks up.
    pub(super) fn looked_up(&self, text: &str) -> Data {
        match text.split_once("{{resolve:").and_then(|(_, rest)| rest.split_once("}}")) {
            Some((reference, _)) => Data::Unknown(format!("`{{{{resolve:{reference}}}}}`")),
            None => Data::Text(text.to_owned()),
        }
    }
}

/// Bits of the host part where a call says none.
const DEFAULT_BITS: u8 = 8;
/// Blocks that one call may make.
const MAX_BLOCKS: u32 = 256;

/// So many blocks with that many bits for hosts, from the start of a block.
fn parts_of(block: Ipv4Net, count: u32, bits: u8) -> Option<Vec<Ipv4Net>> {
    let prefix = 32u8.checked_sub(bits).filter(|prefix| *prefix >= block.prefix_len())?;
    let room = 1u64 << (prefix - block.prefix_len());
    if count == 0 || count > MAX_BLOCKS || u64::from(count) > room {
        return None;
    }
    let first = u64::from(block.network().to_bits());
    let part = |n: u32| {
        let address = first + (u64::from(n) << bits);
        Ipv4Net::new(Ipv4Addr::from_bits(u32::try_from(address).ok()?), prefix).ok()
    };
    (0..count).map(part).collect()
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let index = (bits >> (18 - 6 * at)) as usize & 63;
            text.push(if at <= chunk.len() { ALPHABET[index] as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_cut_into_parts() {
        let parts = |block: &str, count, bits| {
            let parts = parts_of(block.parse().expect("a block"), count, bits)?;
            Some(parts.iter().map(Ipv4Net::to_string).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(
            parts("10.0.0.0/16", 3, 8).as_deref(),
            Some("10.0.0.0/24 10.0.1.0/24 10.0.2.0/24")
        );
        assert_eq!(parts("10.0.0.0/24", 2, 7).as_deref(), Some("10.0.0.0/25 10.0.0.128/25"));
        assert_eq!(parts("10.0.0.0/24", 3, 7), None);
        assert_eq!(parts("10.0.0.0/24", 1, 9), None);
        assert_eq!(parts("10.0.0.0/24", 1, 33), None);
        assert_eq!(parts("0.0.0.0/0", 1, 32).as_deref(), Some("0.0.0.0/0"));
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        let texts = ["", "f", "fo", "foo", "foob", "fooba", "foobar"];
        let wanted = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        assert_eq!(texts.map(|text| base64(text.as_bytes())), wanted);
    }
}
