//! One record, and how its fields are read.

use std::net::{IpAddr, Ipv4Addr};

use crate::flow_logs::Field;

/// A record. What the log does not have, or has as `-`, is `None`.
///
/// Texts are those of the file: a record lives until the next one is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record<'a> {
    /// Whether it is about packets at all.
    pub status: Status,
    /// `account-id`
    pub account_id: Option<&'a str>,
    /// `interface-id`
    pub interface_id: Option<&'a str>,
    /// `vpc-id`
    pub vpc_id: Option<&'a str>,
    /// `subnet-id`
    pub subnet_id: Option<&'a str>,
    /// `srcaddr`: an address that the interface does not have stands behind its own.
    pub src: Option<IpAddr>,
    /// `dstaddr`
    pub dst: Option<IpAddr>,
    /// `pkt-srcaddr`: that of the packet.
    pub pkt_src: Option<IpAddr>,
    /// `pkt-dstaddr`
    pub pkt_dst: Option<IpAddr>,
    /// `srcport`
    pub src_port: Option<u16>,
    /// `dstport`
    pub dst_port: Option<u16>,
    /// `protocol`
    pub protocol: Option<u8>,
    /// `packets`
    pub packets: Option<u64>,
    /// `bytes`
    pub bytes: Option<u64>,
    /// `start`, in Unix seconds.
    pub start: Option<u64>,
    /// `end`, in Unix seconds.
    pub end: Option<u64>,
    /// `action`
    pub action: Option<Action>,
    /// `flow-direction`: whether the packets leave the interface.
    pub egress: Option<bool>,
    /// `tcp-flags`, all of the window.
    pub tcp_flags: Option<u8>,
    /// `traffic-path`
    pub traffic_path: Option<u8>,
    /// `egret-rule`, which only `egret run` writes.
    pub egret_rule: Option<&'a str>,
}

/// What `action` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The packets passed the interface.
    Accept,
    /// A security group or a network ACL refused them, or they came too late.
    Reject,
}

/// What `log-status` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// The record is about packets.
    #[default]
    Ok,
    /// The interface had none in the window.
    NoData,
    /// Records of the window were left out.
    SkipData,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    Address,
    Number,
    Action,
    Direction,
    Status,
    Text,
}

impl Bad {
    pub(super) fn what(self) -> &'static str {
        match self {
            Bad::Address => "no address",
            Bad::Number => "no number that it may have",
            Bad::Action => "neither ACCEPT nor REJECT",
            Bad::Direction => "neither ingress nor egress",
            Bad::Status => "none of OK, NODATA and SKIPDATA",
            Bad::Text => "no text",
        }
    }
}

impl<'a> Record<'a> {
    /// Sets a field to what is written of it.
    #[inline]
    pub(super) fn set(&mut self, field: Field, word: &'a [u8]) -> Result<(), Bad> {
        if word == b"-" {
            return Ok(());
        }
        match field {
            Field::SrcAddr => self.src = Some(address(word)?),
            Field::DstAddr => self.dst = Some(address(word)?),
            Field::PktSrcAddr => self.pkt_src = Some(address(word)?),
            Field::PktDstAddr => self.pkt_dst = Some(address(word)?),
            Field::AccountId => self.account_id = Some(text(word)?),
            Field::InterfaceId => self.interface_id = Some(text(word)?),
            Field::VpcId => self.vpc_id = Some(text(word)?),
            Field::SubnetId => self.subnet_id = Some(text(word)?),
            Field::EgretRule => self.egret_rule = Some(text(word)?),
            Field::Action => self.action = Some(action(word)?),
            Field::FlowDirection => self.egress = Some(is_egress(word)?),
            Field::LogStatus => self.status = status(word)?,
            _ if Record::is_number(field) => return self.set_number(field, number(word)?),
            // Nobody asks for the others.
            _ => {}
        }
        Ok(())
    }

    /// Sets a field that is a number.
    #[inline]
    pub(super) fn set_number(&mut self, field: Field, number: u64) -> Result<(), Bad> {
        let port = || u16::try_from(number).map_err(|_| Bad::Number);
        let byte = || u8::try_from(number).map_err(|_| Bad::Number);
        match field {
            Field::SrcPort => self.src_port = Some(port()?),
            Field::DstPort => self.dst_port = Some(port()?),
            Field::Protocol => self.protocol = Some(byte()?),
            Field::TcpFlags => self.tcp_flags = Some(byte()?),
            Field::TrafficPath => self.traffic_path = Some(byte()?),
            Field::Packets => self.packets = Some(number),
            Field::Bytes => self.bytes = Some(number),
            Field::Start => self.start = Some(number),
            Field::End => self.end = Some(number),
            _ => {}
        }
        Ok(())
    }

    /// Whether a field is a number that somebody asks for.
    fn is_number(field: Field) -> bool {
        matches!(
            field,
            Field::SrcPort
                | Field::DstPort
                | Field::Protocol
                | Field::TcpFlags
                | Field::TrafficPath
                | Field::Packets
                | Field::Bytes
                | Field::Start
                | Field::End
        )
    }

    /// Whether a record has this field at all.
    pub(super) fn has(field: Field) -> bool {
        Record::is_number(field)
            || matches!(
                field,
                Field::SrcAddr
                    | Field::DstAddr
                    | Field::PktSrcAddr
                    | Field::PktDstAddr
                    | Field::AccountId
                    | Field::InterfaceId
                    | Field::VpcId
                    | Field::SubnetId
                    | Field::EgretRule
                    | Field::Action
                    | Field::FlowDirection
                    | Field::LogStatus
            )
    }
}

fn text(word: &[u8]) -> Result<&str, Bad> {
    std::str::from_utf8(word).map_err(|_| Bad::Text)
}

fn action(word: &[u8]) -> Result<Action, Bad> {
    match word {
        b"ACCEPT" => Ok(Action::Accept),
        b"REJECT" => Ok(Action::Reject),
        _ => Err(Bad::Action),
    }
}

fn is_egress(word: &[u8]) -> Result<bool, Bad> {
    match word {
        b"egress" => Ok(true),
        b"ingress" => Ok(false),
        _ => Err(Bad::Direction),
    }
}

fn status(word: &[u8]) -> Result<Status, Bad> {
    match word {
        b"OK" => Ok(Status::Ok),
        b"NODATA" => Ok(Status::NoData),
        b"SKIPDATA" => Ok(Status::SkipData),
        _ => Err(Bad::Status),
    }
}

fn number(word: &[u8]) -> Result<u64, Bad> {
    // Nineteen digits always fit.
    if word.is_empty() || word.len() > 19 {
        return Err(Bad::Number);
    }
    let mut number = 0;
    for digit in word {
        match digit {
            b'0'..=b'9' => number = number * 10 + u64::from(digit - b'0'),
            _ => return Err(Bad::Number),
        }
    }
    Ok(number)
}

/// IPv4 by hand, as every record has two to four; the standard library's takes twice as long.
fn address(word: &[u8]) -> Result<IpAddr, Bad> {
    match ipv4(word) {
        Some(address) => Ok(IpAddr::V4(address)),
        None => text(word)?.parse().map_err(|_| Bad::Address),
    }
}

fn ipv4(word: &[u8]) -> Option<Ipv4Addr> {
    let (mut bits, mut octet, mut digits, mut dots) = (0_u32, 0_u32, 0, 0);
    for byte in word {
        match byte {
            b'0'..=b'9' if digits < 3 && (digits == 0 || octet > 0) => {
                octet = octet * 10 + u32::from(byte - b'0');
                digits += 1;
            }
            b'.' if digits > 0 && octet < 256 && dots < 3 => {
                bits = bits << 8 | octet;
                (octet, digits, dots) = (0, 0, dots + 1);
            }
            _ => return None,
        }
    }
    (dots == 3 && digits > 0 && octet < 256).then(|| Ipv4Addr::from_bits(bits << 8 | octet))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_number_or_too_large_is_not_taken() {
        let mut record = Record::default();
        assert_eq!(record.set(Field::SrcPort, b"65535"), Ok(()));
        assert_eq!(record.src_port, Some(65_535));
        for bad in ["65536", "-1", "", "4 ", "1e3", "99999999999999999999999"] {
            assert_eq!(record.set(Field::SrcPort, bad.as_bytes()), Err(Bad::Number), "{bad}");
        }
        assert_eq!(record.set(Field::Packets, b"9999999999999999999"), Ok(()));
        assert_eq!(record.set(Field::Action, b"accept"), Err(Bad::Action));
    }

    proptest! {
        /// The same as the standard library, of texts that look like addresses.
        #[test]
        fn addresses_are_what_the_standard_library_says(word in "[0-9.:]{0,18}|([0-9]{1,4}\\.){3}[0-9]{1,4}") {
            let expected = word.parse::<IpAddr>().ok();
            prop_assert_eq!(address(word.as_bytes()).ok(), expected);
        }
    }
}
