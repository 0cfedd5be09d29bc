//! Writes answers as XML: a structure's members are elements by their serde names, each item of a
//! list is an `item`, and what is not there is not written.
//!
//! What no answer of EC2 or STS has (maps, enums with data, bare values at the top) is an error of
//! this crate's, not of the client's.

use std::fmt::{Display, Write as _};

use serde::ser::{self, Impossible, Serialize, Serializer};

/// What each item of a list is called.
const ITEM: &str = "item";

/// Appends the members of an answer, one after the other.
///
/// # Errors
/// When the answer is none: no structure, or with something in it that XML answers have not.
pub fn write_members(out: &mut String, answer: &impl Serialize) -> Result<(), Error> {
    answer.serialize(Members { out })
}

/// Appends one element with a text.
pub fn write_text(out: &mut String, name: &str, text: &str) {
    open(out, name);
    escape(out, text);
    close(out, name);
}

/// Something that answers do not have.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

impl ser::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Error(message.to_string())
    }
}

fn open(out: &mut String, name: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// XML 1.0 cannot say most control characters at all.
fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
}

/// A structure's members without an element around them.
struct Members<'a> {
    out: &'a mut String,
}

/// A value within an element of this name.
struct Element<'a> {
    out: &'a mut String,
    name: &'a str,
}

impl Element<'_> {
    fn text(self, text: impl Display) -> Result<(), Error> {
        open(self.out, self.name);
        // Numbers and truth values: there is nothing to escape in them.
        let _ = write!(self.out, "{text}");
        close(self.out, self.name);
        Ok(())
    }
}

/// A list or structure whose element is open, or one that has none.
struct Inner<'a> {
    out: &'a mut String,
    name: Option<&'a str>,
}

impl Inner<'_> {
    fn end(self) -> Result<(), Error> {
        if let Some(name) = self.name {
            close(self.out, name);
        }
        Ok(())
    }
}

impl ser::SerializeSeq for Inner<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Element { out: self.out, name: ITEM })
    }

    fn end(self) -> Result<(), Error> {
        Inner::end(self)
    }
}

impl ser::SerializeStruct for Inner<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(Element { out: self.out, name: key })
    }

    fn end(self) -> Result<(), Error> {
        Inner::end(self)
    }
}

/// What neither serializer takes.
macro_rules! refuse {
    ($($method:ident($($argument:ident: $type:ty),*) $(-> $ok:ident)?),* $(,)?) => {
        $(fn $method(self, $($argument: $type),*) -> Result<refuse!(@ok $($ok)?), Error> {
            $(let _ = $argument;)*
            Err(Error(concat!(stringify!($method), ": no answer has this").to_owned()))
        })*
    };
    (@ok) => { () };
    (@ok $ok:ident) => { Self::$ok };
}

impl<'a> Serializer for Element<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Inner<'a>;
    type SerializeStruct = Inner<'a>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.text(value)
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.text(value)
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.text(value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.text(value)
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        write_text(self.out, self.name, value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Inner<'a>, Error> {
        open(self.out, self.name);
        Ok(Inner { out: self.out, name: Some(self.name) })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Inner<'a>, Error> {
        open(self.out, self.name);
        Ok(Inner { out: self.out, name: Some(self.name) })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        Err(Error("no answer has an enum with data".to_owned()))
    }

    refuse! {
        serialize_i8(v: i8), serialize_i16(v: i16), serialize_u8(v: u8), serialize_u16(v: u16),
        serialize_u32(v: u32), serialize_u64(v: u64), serialize_f32(v: f32), serialize_char(v: char),
        serialize_bytes(v: &[u8]), serialize_unit(), serialize_unit_struct(n: &'static str),
        serialize_unit_variant(n: &'static str, i: u32, v: &'static str),
        serialize_tuple(n: usize) -> SerializeTuple,
        serialize_tuple_struct(n: &'static str, l: usize) -> SerializeTupleStruct,
        serialize_tuple_variant(n: &'static str, i: u32, v: &'static str, l: usize) -> SerializeTupleVariant,
        serialize_map(n: Option<usize>) -> SerializeMap,
        serialize_struct_variant(n: &'static str, i: u32, v: &'static str, l: usize) -> SerializeStructVariant,
    }
}

impl<'a> Serializer for Members<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Impossible<(), Error>;
    type SerializeStruct = Inner<'a>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Inner<'a>, Error> {
        Ok(Inner { out: self.out, name: None })
    }

    /// An action that has nothing to say says that it was done.
    fn serialize_unit(self) -> Result<(), Error> {
        write_text(self.out, "return", "true");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        Err(Error("no answer has an enum with data".to_owned()))
    }

    refuse! {
        serialize_bool(v: bool), serialize_i8(v: i8), serialize_i16(v: i16), serialize_i32(v: i32),
        serialize_i64(v: i64), serialize_u8(v: u8), serialize_u16(v: u16), serialize_u32(v: u32),
        serialize_u64(v: u64), serialize_f32(v: f32), serialize_f64(v: f64), serialize_char(v: char),
        serialize_str(v: &str), serialize_bytes(v: &[u8]), serialize_none(),
        serialize_unit_struct(n: &'static str),
        serialize_unit_variant(n: &'static str, i: u32, v: &'static str),
        serialize_seq(n: Option<usize>) -> SerializeSeq,
        serialize_tuple(n: usize) -> SerializeTuple,
        serialize_tuple_struct(n: &'static str, l: usize) -> SerializeTupleStruct,
        serialize_tuple_variant(n: &'static str, i: u32, v: &'static str, l: usize) -> SerializeTupleVariant,
        serialize_map(n: Option<usize>) -> SerializeMap,
        serialize_struct_variant(n: &'static str, i: u32, v: &'static str, l: usize) -> SerializeStructVariant,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::ec2;

    fn written(answer: &impl Serialize) -> String {
        let mut out = String::new();
        write_members(&mut out, answer).unwrap();
        out
    }

    #[test]
    fn members_go_by_their_wire_names_and_lists_by_items() {
        let tag =
            |key: &str| ec2::Tag { key: Some(key.to_owned()), value: Some("1 < 2".to_owned()) };
        let vpc = ec2::Vpc {
            vpc_id: Some("vpc-1".to_owned()),
            is_default: Some(true),
            tags: vec![tag("a"), tag("b\u{1}")],
            ..Default::default()
        };
        let text = written(&ec2::CreateVpcResult { vpc: Some(vpc) });
        assert!(text.starts_with("<vpc>") && text.ends_with("</vpc>"), "{text}");
        assert!(text.contains("<isDefault>true</isDefault>"), "{text}");
        assert!(text.contains("<vpcId>vpc-1</vpcId>"), "{text}");
        let tags = "<tagSet><item><key>a</key><value>1 &lt; 2</value></item>\
                    <item><key>b\u{fffd}</key><value>1 &lt; 2</value></item></tagSet>";
        assert!(text.contains(tags), "{text}");
        assert!(!text.contains("cidrBlock>"), "what is not there is not written: {text}");
    }

    #[test]
    fn nothing_to_say_is_said() {
        assert_eq!(written(&()), "<return>true</return>");
    }

    #[test]
    fn what_answers_do_not_have_is_refused() {
        assert!(write_members(&mut String::new(), &"bare").is_err());
    }
}
