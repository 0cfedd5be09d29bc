//! The meanings that a scalar can have, each with its grammar, its complaint and its JSON Schema.

use std::net::Ipv4Addr;

use egret_dataplane::snapshot::{LatePacket, PortBudget, RelatedIcmp};
use egret_dataplane::time::Duration;
use ipnet::Ipv4Net;
use schemars::{Schema, json_schema};

use super::page::{nearest, quoted_list};
use crate::finding::Finding;
use crate::model::Listen;
use crate::source::Place;

/// A type that has a text form.
pub trait Scalar: Sized {
    /// What it is called, with its article: "an IPv4 CIDR".
    const NOUN: &'static str;

    /// What the text means, perhaps with something to be careful of.
    ///
    /// # Errors
    ///
    /// Why the text means nothing.
    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint>;

    /// The JSON Schema of the text form.
    fn schema() -> Schema;
}

/// What is wrong with a text, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The code of the finding.
    pub code: &'static str,
    /// What is wrong; `None` where "is not an IPv4 CIDR" says it.
    pub why: Option<String>,
    /// How to mend it.
    pub help: String,
}

impl Complaint {
    /// The text does not have the form.
    pub fn new(code: &'static str, help: impl Into<String>) -> Self {
        Complaint { code, why: None, help: help.into() }
    }

    /// The text has the form, but says something impossible.
    pub fn because(self, why: impl Into<String>) -> Self {
        Complaint { why: Some(why.into()), ..self }
    }

    pub(crate) fn error(self, noun: &str, text: &str, place: Place) -> Finding {
        Finding::error(self.code, place, self.message(noun, text)).help(self.help)
    }

    pub(crate) fn warning(self, noun: &str, text: &str, place: Place) -> Finding {
        Finding::warning(self.code, place, self.message(noun, text)).help(self.help)
    }

    fn message(&self, noun: &str, text: &str) -> String {
        match &self.why {
            Some(why) => format!("`{text}`: {why}"),
            None => format!("`{text}` is not {noun}"),
        }
    }
}

/// A schema of a string with that pattern and an example.
pub(crate) fn pattern(pattern: &str, example: &str) -> Schema {
    json_schema!({ "type": "string", "pattern": pattern, "examples": [example] })
}

const OCTET: &str = r"(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";

impl Scalar for String {
    const NOUN: &'static str = "a name";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        match text.trim() {
            "" => Err(Complaint::new("empty-name", "write a name").because("the name is empty")),
            _ => Ok((text.to_owned(), None)),
        }
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

impl Scalar for Ipv4Net {
    const NOUN: &'static str = "an IPv4 CIDR";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        if let Ok(net) = text.parse::<Ipv4Net>() {
            let net_of_host = net.trunc();
            let caution = (net != net_of_host).then(|| {
                Complaint::new("host-bits", format!("write `{net_of_host}`"))
                    .because("the address has bits beyond the prefix, which AWS clears")
            });
            return Ok((net_of_host, caution));
        }
        let help = match text.parse::<Ipv4Addr>() {
            Ok(address) => format!("write `{address}/32` for the one address"),
            Err(_) => "write an address and a prefix length, such as `10.0.0.0/16`".to_owned(),
        };
        Err(Complaint::new("bad-cidr", help))
    }

    fn schema() -> Schema {
        let cidr = format!(r"^({OCTET}\.){{3}}{OCTET}/(3[0-2]|[12]?[0-9])$");
        pattern(&cidr, "10.0.0.0/16")
    }
}

impl Scalar for Ipv4Addr {
    const NOUN: &'static str = "an IPv4 address";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let parsed = text.parse().map(|address| (address, None));
        parsed.map_err(|_| Complaint::new("bad-address", "write four numbers, such as `10.0.1.5`"))
    }

    fn schema() -> Schema {
        pattern(&format!(r"^({OCTET}\.){{3}}{OCTET}$"), "10.0.1.5")
    }
}

/// A range of ports, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports(pub u16, pub u16);

impl Ports {
    /// Every port.
    pub const ALL: Ports = Ports(0, u16::MAX);
}

impl Scalar for Ports {
    const NOUN: &'static str = "a port or a range of ports";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let complaint = Complaint::new("bad-ports", "write `443`, `1024-65535` or `all`");
        if text == "all" {
            return Ok((Ports::ALL, None));
        }
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        match (from.trim().parse(), to.trim().parse()) {
            (Ok(from), Ok(to)) if from <= to => Ok((Ports(from, to), None)),
            (Ok(_), Ok(_)) => Err(complaint.because("the range ends before it starts")),
            _ => Err(complaint),
        }
    }

    fn schema() -> Schema {
        json_schema!({ "anyOf": [
            { "type": "integer", "minimum": 0, "maximum": 65535 },
            { "type": "string", "pattern": "^([0-9]{1,5}( ?- ?[0-9]{1,5})?|all)$" },
        ] })
    }
}

/// An IP protocol, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Every protocol.
    All,
    /// The protocol of that number.
    Number(u8),
}

impl Protocol {
    /// ICMP.
    pub const ICMP: Protocol = Protocol::Number(1);
    /// TCP.
    pub const TCP: Protocol = Protocol::Number(6);
    /// UDP.
    pub const UDP: Protocol = Protocol::Number(17);
}

impl Scalar for Protocol {
    const NOUN: &'static str = "a protocol";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let protocol = match text.to_ascii_lowercase().as_str() {
            "all" | "-1" => Protocol::All,
            "tcp" => Protocol::TCP,
            "udp" => Protocol::UDP,
            "icmp" => Protocol::ICMP,
            "icmpv6" => Protocol::Number(58),
            number => Protocol::Number(number.parse().map_err(|_| {
                let help = "write `tcp`, `udp`, `icmp`, `all` or a protocol number from 0 to 255";
                Complaint::new("bad-protocol", help)
            })?),
        };
        Ok((protocol, None))
    }

    fn schema() -> Schema {
        json_schema!({ "anyOf": [
            { "enum": ["tcp", "udp", "icmp", "all"] },
            { "type": "integer", "minimum": 0, "maximum": 255 },
        ] })
    }
}

/// The ICMP types and codes that a rule matches; `None` is any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpTypes(pub Option<u8>, pub Option<u8>);

impl Scalar for IcmpTypes {
    const NOUN: &'static str = "an ICMP type and code";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let complaint =
            || Complaint::new("bad-icmp", "write type and code as `8/0`, a type as `3`, or `all`");
        let number = |text: &str| text.parse::<u8>().map_err(|_| complaint());
        let types = match text.split_once('/') {
            None if text == "all" => IcmpTypes(None, None),
            None => IcmpTypes(Some(number(text)?), None),
            Some((kind, code)) => IcmpTypes(Some(number(kind)?), Some(number(code)?)),
        };
        Ok((types, None))
    }

    fn schema() -> Schema {
        json_schema!({ "anyOf": [
            { "type": "integer", "minimum": 0, "maximum": 255 },
            { "type": "string", "pattern": "^([0-9]{1,3}(/[0-9]{1,3})?|all)$" },
        ] })
    }
}

impl Scalar for Duration {
    const NOUN: &'static str = "a duration";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let complaint = || {
            Complaint::new(
                "bad-duration",
                "write a number with `us`, `ms`, `s`, `m`, `h` or `d`: `350s`",
            )
        };
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| complaint())?;
        let nanos = match unit.trim() {
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            _ => return Err(complaint()),
        };
        let too_long = || complaint().because("the span is longer than the simulator's clock");
        number.checked_mul(nanos).map(|span| (Duration(span), None)).ok_or_else(too_long)
    }

    fn schema() -> Schema {
        pattern("^[0-9]+ ?(ns|us|ms|s|m|h|d)$", "350s")
    }
}

impl Scalar for Listen {
    const NOUN: &'static str = "a protocol and a port";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let complaint = || Complaint::new("bad-listen", "write `tcp/443` or `udp/53`");
        let (protocol, port) = text.split_once('/').ok_or_else(complaint)?;
        let protocol = match protocol {
            "tcp" => 6,
            "udp" => 17,
            _ => return Err(complaint()),
        };
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(complaint)?;
        Ok((Listen { protocol, port }, None))
    }

    fn schema() -> Schema {
        pattern("^(tcp|udp)/[0-9]{1,5}$", "tcp/443")
    }
}

/// Bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl Scalar for ByteSize {
    const NOUN: &'static str = "a number of bytes";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let complaint =
            || Complaint::new("bad-size", "write a number with a unit: `200B`, `16KiB`, `1MB`");
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| complaint())?;
        let scale: u64 = match unit.trim() {
            "B" => 1,
            "kB" | "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(complaint()),
        };
        let too_many = || complaint().because("the number of bytes is too large");
        number.checked_mul(scale).map(|bytes| (ByteSize(bytes), None)).ok_or_else(too_many)
    }

    fn schema() -> Schema {
        pattern("^[0-9]+ ?([kKMG]?B|[KMG]iB)$", "16KiB")
    }
}

impl Scalar for bool {
    const NOUN: &'static str = "a truth value";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        one_of(text, &[("true", true), ("false", false)]).map(|value| (value, None))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "boolean" })
    }
}

impl Scalar for u32 {
    const NOUN: &'static str = "a count";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let complaint =
            |_| Complaint::new("bad-count", format!("write a number up to {}", u32::MAX));
        text.parse().map(|count| (count, None)).map_err(complaint)
    }

    fn schema() -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
    }
}

/// A number, perhaps with decimals, and what follows it.
fn decimal(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let number = number.parse::<f64>().ok().filter(|number| number.is_finite())?;
    Some((number, rest.trim()))
}

/// So many a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(pub f64);

impl Scalar for Rate {
    const NOUN: &'static str = "a rate";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let complaint =
            || Complaint::new("bad-rate", "write how many a second, or a minute: `100/s`, `6/m`");
        let (number, unit) = decimal(text).ok_or_else(complaint)?;
        let rate = match unit {
            "/s" => number,
            "/m" => number / 60.0,
            _ => return Err(complaint()),
        };
        match rate > 0.0 {
            true => Ok((Rate(rate), None)),
            false => Err(complaint().because("at this rate nothing ever happens")),
        }
    }

    fn schema() -> Schema {
        pattern(r"^[0-9]+(\.[0-9]+)? ?/[sm]$", "100/s")
    }
}

/// Bits a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bandwidth(pub u64);

impl Scalar for Bandwidth {
    const NOUN: &'static str = "a bandwidth";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let complaint =
            || Complaint::new("bad-bandwidth", "write a number with a unit: `1Gbps`, `100Mbps`");
        let (number, unit) = decimal(text).ok_or_else(complaint)?;
        let scale = match unit {
            "bps" => 1.0,
            "kbps" | "Kbps" => 1e3,
            "Mbps" => 1e6,
            "Gbps" => 1e9,
            "Tbps" => 1e12,
            _ => return Err(complaint()),
        };
        match (number * scale).round() {
            bits if bits < 1.0 => Err(complaint().because("nothing passes such a link")),
            bits if bits > 1e18 => Err(complaint().because("the bandwidth is too large")),
            bits => Ok((Bandwidth(bits as u64), None)),
        }
    }

    fn schema() -> Schema {
        pattern(r"^[0-9]+(\.[0-9]+)? ?[kKMGT]?bps$", "1Gbps")
    }
}

/// A share of the whole: 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share(pub f64);

impl Scalar for Share {
    const NOUN: &'static str = "a share";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let complaint = || Complaint::new("bad-share", "write a percentage: `0.1%`");
        match decimal(text).ok_or_else(complaint)? {
            (percent, "%") if percent <= 100.0 => Ok((Share(percent / 100.0), None)),
            (_, "%") => Err(complaint().because("a share is at most 100%")),
            (number, "") if number <= 100.0 => {
                Err(Complaint::new("bad-share", format!("write `{number}%` for that percentage")))
            }
            _ => Err(complaint()),
        }
    }

    fn schema() -> Schema {
        pattern(r"^[0-9]+(\.[0-9]+)? ?%$", "0.1%")
    }
}

/// One of a few words, for [`crate::words!`].
pub fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, Complaint> {
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*value);
    }
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let help = match nearest(text, &known) {
        Some(near) => format!("did you mean `{near}`? It is one of {}", quoted_list(&known)),
        None => format!("write one of {}", quoted_list(&known)),
    };
    Err(Complaint::new("unknown-word", help))
}

/// Makes a type a [`Scalar`] that is written as one of a few words.
#[macro_export]
macro_rules! words {
    ($type:ty, $noun:literal, { $($word:literal => $value:expr,)+ }) => {
        impl $crate::written::Scalar for $type {
            const NOUN: &'static str = $noun;

            fn parse(
                text: &str,
            ) -> Result<(Self, Option<$crate::written::Complaint>), $crate::written::Complaint> {
                let words = [$(($word, $value),)+];
                $crate::written::scalar::one_of(text, &words).map(|value| (value, None))
            }

            fn schema() -> schemars::Schema {
                schemars::json_schema!({ "enum": [$($word),+] })
            }
        }
    };
}

words!(PortBudget, "what a budget of ports counts", {
    "per-eni" => PortBudget::PerEni,
    "per-destination" => PortBudget::PerDestination,
});

words!(LatePacket, "what becomes of a late packet", {
    "reset" => LatePacket::Reset,
    "silent" => LatePacket::Silent,
});

words!(RelatedIcmp, "how related ICMP errors are treated", {
    "require-rule" => RelatedIcmp::RequireRule,
    "allow" => RelatedIcmp::Allow,
});
