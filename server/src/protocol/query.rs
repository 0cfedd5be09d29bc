//! Reads requests of EC2 and STS: forms such as `Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1`, by
//! serde.
//!
//! A request's parameters become a tree; its members are taken from there by their serde names.
//! What no member has a name for is an error, as in AWS: a client learns that its parameter does
//! nothing. The tree is bounded in depth and in parameters.

use std::collections::BTreeMap;
use std::collections::btree_map::IntoIter;
use std::fmt::Display;

use serde::de::value::StringDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};

use crate::error::AwsError;

/// Parameters that one request may have.
const MOST_PARAMETERS: usize = 10_000;
/// Names within names, as in `Filter.1.Value.1`. No request of ours goes further than ten.
const DEEPEST: usize = 16;

/// A request's parameters by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    root: Node,
}

/// A value, or what there is under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Node {
    /// The whole name, for errors.
    name: String,
    value: Option<String>,
    children: BTreeMap<String, Node>,
}

impl Parameters {
    /// Reads a form, or a URL's query.
    ///
    /// # Errors
    /// `MalformedQueryString`, when it is none, or an excessive one.
    pub fn parse(form: &str) -> Result<Parameters, AwsError> {
        let mut parameters = Parameters::default();
        let pairs = form.split('&').filter(|pair| !pair.is_empty());
        for (count, pair) in pairs.enumerate() {
            if count == MOST_PARAMETERS {
                return Err(malformed("has too many parameters"));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            parameters.insert(&decode(name)?, decode(value)?)?;
        }
        Ok(parameters)
    }

    fn insert(&mut self, name: &str, value: String) -> Result<(), AwsError> {
        let mut node = &mut self.root;
        for (depth, part) in name.split('.').enumerate() {
            if depth == DEEPEST {
                return Err(malformed("has names within names within names"));
            }
            let whole = if depth == 0 { part.to_owned() } else { format!("{}.{part}", node.name) };
            node = node.children.entry(part.to_owned()).or_default();
            node.name = whole;
        }
        node.value = Some(value);
        Ok(())
    }

    /// Takes one parameter out, such as `Action`.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.root.children.remove(name)?.value
    }

    /// One parameter's value.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.root.children.get(name)?.value.as_deref()
    }

    /// The request that the parameters are.
    ///
    /// # Errors
    /// `MissingParameter`, `InvalidParameterValue` or `UnknownParameter`.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, AwsError> {
        T::deserialize(self.root).map_err(Error::into_aws)
    }
}

fn malformed(what: &str) -> AwsError {
    AwsError::new("MalformedQueryString", format!("The query string {what}."))
}

/// Undoes `%20` and `+`.
fn decode(text: &str) -> Result<String, AwsError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                hex(rest.next(), rest.next()).ok_or_else(|| malformed("has a % without hex"))?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| malformed("is not UTF-8"))
}

fn hex(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    Some((digit(high?)? * 16 + digit(low?)?) as u8)
}

/// What is wrong with a request's parameters.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("The request must contain the parameter {0}")]
    Missing(String),
    #[error("Invalid value '{value}' for {name}. {expected}")]
    Invalid { name: String, value: String, expected: String },
    #[error("The parameter {0} is not recognized")]
    Unknown(String),
}

impl Error {
    fn into_aws(self) -> AwsError {
        let code = match self {
            Error::Missing(_) => "MissingParameter",
            Error::Invalid { .. } => "InvalidParameterValue",
            Error::Unknown(_) => "UnknownParameter",
        };
        AwsError::new(code, self.to_string())
    }

    /// A member that is missing is missed where its structure is: under that name.
    fn within(self, parent: &str) -> Error {
        match self {
            Error::Missing(name) => Error::Missing(format!("{parent}.{name}")),
            other => other,
        }
    }
}

impl de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        let (name, value) = (String::new(), String::new());
        Error::Invalid { name, value, expected: message.to_string() }
    }

    fn missing_field(field: &'static str) -> Self {
        Error::Missing(field.to_owned())
    }
}

impl Node {
    fn text(self, expected: &str) -> Result<String, Error> {
        match self.value {
            Some(value) if self.children.is_empty() => Ok(value),
            _ => Err(Error::Invalid {
                name: self.name,
                value: String::new(),
                expected: format!("It must be {expected}."),
            }),
        }
    }

    fn parse<T: std::str::FromStr>(self, expected: &str) -> Result<T, Error> {
        let name = self.name.clone();
        let text = self.text(expected)?;
        let value = text.trim().to_ascii_lowercase();
        let invalid =
            |_| Error::Invalid { name, value: text, expected: format!("It must be {expected}.") };
        value.parse().map_err(invalid)
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.children.is_empty() {
            self.deserialize_string(visitor)
        } else {
            self.deserialize_map(visitor)
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.parse("true or false")?)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i32(self.parse("an integer")?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(self.parse("an integer")?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.parse("a number")?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.text("a text")?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut items = Vec::with_capacity(self.children.len());
        for (key, node) in self.children {
            let at: u32 = key.parse().map_err(|_| Error::Unknown(node.name.clone()))?;
            items.push((at, node));
        }
        items.sort_by_key(|(at, _)| *at);
        visitor.visit_seq(Items(items.into_iter()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Fields { fields: self.children.into_iter(), value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    /// Nobody asked for this one.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::Unknown(self.name))
    }

    serde::forward_to_deserialize_any! {
        i8 i16 u8 u16 u32 u64 f32 char bytes byte_buf unit unit_struct tuple tuple_struct enum
        identifier
    }
}

/// The members of a structure.
struct Fields {
    fields: IntoIter<String, Node>,
    value: Option<Node>,
}

impl<'de> de::MapAccess<'de> for Fields {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((key, node)) = self.fields.next() else { return Ok(None) };
        self.value = Some(node);
        let key: StringDeserializer<Error> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let node = self.value.take().unwrap_or_default();
        let name = node.name.clone();
        seed.deserialize(node).map_err(|error| error.within(last(&name)))
    }
}

/// The items of a list, in order.
struct Items(std::vec::IntoIter<(u32, Node)>);

impl<'de> de::SeqAccess<'de> for Items {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some((at, node)) = self.0.next() else { return Ok(None) };
        seed.deserialize(node).map(Some).map_err(|error| error.within(&at.to_string()))
    }
}

/// `Value` of `Filter.1.Value`.
fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::ec2;

    fn read<T: DeserializeOwned>(form: &str) -> Result<T, AwsError> {
        Parameters::parse(form)?.read()
    }

    fn complaint<T: DeserializeOwned + std::fmt::Debug>(form: &str) -> String {
        read::<T>(form).unwrap_err().to_string()
    }

    #[test]
    fn lists_come_in_the_order_of_their_numbers() {
        let form = "VpcId.10=c&VpcId.2=b&VpcId.1=a&MaxResults=5&DryRun=TRUE";
        let request: ec2::DescribeVpcsRequest = read(form).unwrap();
        assert_eq!(request.vpc_ids, ["a", "b", "c"]);
        assert_eq!((request.max_results, request.dry_run), (Some(5), Some(true)));
    }

    #[test]
    fn structures_are_names_within_names() {
        let form = "Filter.1.Name=tag%3AName&Filter.1.Value.1=a+b&Filter.1.Value.2=c%2Bd";
        let request: ec2::DescribeVpcsRequest = read(form).unwrap();
        assert_eq!(request.filters[0].name.as_deref(), Some("tag:Name"));
        assert_eq!(request.filters[0].values, ["a b", "c+d"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(
            complaint::<ec2::DeleteVpcRequest>(""),
            "MissingParameter: The request must contain the parameter VpcId"
        );
        assert_eq!(
            complaint::<ec2::DeleteVpcRequest>("VpcId=a&Speed=1"),
            "UnknownParameter: The parameter Speed is not recognized"
        );
        assert_eq!(
            complaint::<ec2::DescribeVpcsRequest>("MaxResults=many"),
            "InvalidParameterValue: Invalid value 'many' for MaxResults. It must be an integer."
        );
        assert_eq!(
            complaint::<ec2::DescribeVpcsRequest>("VpcId.x=a"),
            "UnknownParameter: The parameter VpcId.x is not recognized"
        );
    }

    #[test]
    fn no_form_is_too_strange() {
        for form in ["%", "%zz=1", "%ff=1", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q=1"] {
            assert!(
                complaint::<ec2::DescribeVpcsRequest>(form).starts_with("MalformedQueryString")
            );
        }
        for form in ["&&&", "=", "VpcId", "VpcId=1&VpcId.1=2", ".=.", "VpcId.99999999999=1"] {
            let _ = read::<ec2::DescribeVpcsRequest>(form);
        }
        assert!(complaint::<ec2::DescribeVpcsRequest>(&"A=1&".repeat(10_001)).contains("too many"));
    }
}
