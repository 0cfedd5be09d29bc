//! What is expected to become of a packet.

use std::fmt;
use std::net::Ipv4Addr;

use egret_control::finding::Finding;
use egret_control::model::{Model, Name};
use egret_control::source::{Place, Sourced};
use egret_control::words;
use egret_control::written::scalar::{IcmpTypes, Protocol as IpProtocol};
use egret_control::written::{At, Complaint, OneOrMany, Page, Scalar, Written};
use egret_dataplane::verdict::DropReason;
use schemars::{JsonSchema, Schema, json_schema};
use serde::Deserialize;

use super::unknown_service;

/// What is expected to become of packets, and of their answers: of each packet from each of the
/// senders to each of the targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// What it is called, if it has a name.
    pub name: Option<String>,
    /// Who sends: services (all tasks of each), SERVICE/TASK, or network interfaces by id, name or
    /// address; [`EVERY_SERVICE`].
    pub from: Vec<Sourced<String>>,
    /// Where to.
    pub to: Vec<Sourced<Target>>,
    /// Addresses, blocks or names that are not meant.
    pub except: Vec<Name>,
    /// What is sent.
    pub protocol: Protocol,
    /// What becomes of it.
    pub outcome: Sourced<Outcome>,
    /// The id or name of what drops it: an element, a security group or a network ACL.
    pub by: Option<Name>,
    /// Why it is dropped.
    pub reason: Option<Sourced<DropReason>>,
    /// Reachability Analyzer's code for that.
    pub code: Option<Sourced<String>>,
    /// Elements that it passes in this order, perhaps with others between them.
    pub via: Vec<Name>,
    /// The source address that the destination sees.
    pub source: Option<Sourced<Ipv4Addr>>,
    /// Rules, entries and routes that decide about it or its answer, by their names
    /// ([`crate::suite::parts::Part::name`]).
    pub rule: Vec<Name>,
    /// What is expected of none of the packets: the same senders and targets, other claims.
    pub not: Option<Box<Expectation>>,
    /// The place of the whole expectation.
    pub place: Place,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// A TCP SYN.
    Tcp,
    /// A UDP datagram.
    Udp,
    /// An ICMP message of this type and code.
    Icmp(Option<u8>, Option<u8>),
    /// A packet of another IP protocol.
    Other(u8),
    /// Every protocol, with every port and type.
    All,
}

/// The sender that stands for every service of the model.
pub const EVERY_SERVICE: &str = "*";

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It arrives, and its answer comes back.
    Delivered,
    /// It arrives, and its answer is dropped.
    NoReply,
    /// It is dropped.
    Dropped,
    /// Whatever else is expected counts.
    Any,
}

words!(Outcome, "an outcome", {
    "delivered" => Outcome::Delivered,
    "no-reply" => Outcome::NoReply,
    "dropped" => Outcome::Dropped,
    "any" => Outcome::Any,
});

/// Where a packet goes: a host and, for TCP and UDP, a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// A host's name, the id or name of a network interface, or an address.
    pub host: String,
    /// The port.
    pub port: Option<u16>,
}

impl Scalar for Destination {
    const NOUN: &'static str = "a destination";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let complaint =
            || Complaint::new("bad-destination", "write a host and a port: `api.example.com:443`");
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        };
        let port = port.map(|port| port.parse::<u16>().map_err(|_| complaint())).transpose()?;
        if host.is_empty() || host.contains([':', '/', ' ']) || port == Some(0) {
            return Err(complaint());
        }
        Ok((Destination { host: host.to_owned(), port }, None))
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[^:/ ]+(:[0-9]{1,5})?$",
            "examples": ["api.example.com:443"],
        })
    }
}

/// Where packets go that are expected something of: to addresses and, for TCP and UDP, ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// A host's name, the id or name of a network interface, endpoint or prefix list, an address or
    /// a block of them, `internet` or `anywhere`.
    pub host: String,
    /// The ports, from the first to the last.
    pub ports: Option<(u16, u16)>,
}

impl Scalar for Target {
    const NOUN: &'static str = "a target";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let complaint = || {
            Complaint::new(
                "bad-target",
                "write for instance `db:5432`, `10.0.0.0/8:1-1023` or `internet:all`",
            )
        };
        let (host, ports) = match text.rsplit_once(':') {
            Some((host, ports)) => (host, Some(ports)),
            None => (text, None),
        };
        let number = |text: &str| text.parse::<u16>().map_err(|_| complaint());
        let ports = match ports {
            None => None,
            Some("all") => Some((0, u16::MAX)),
            Some(ports) => {
                let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
                Some((number(first)?, number(last)?))
            }
        };
        let is_backwards = ports.is_some_and(|(first, last)| first > last);
        if host.is_empty() || host.contains([':', ' ']) || is_backwards {
            return Err(complaint());
        }
        Ok((Target { host: host.to_owned(), ports }, None))
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[^: ]+(:([0-9]{1,5}(-[0-9]{1,5})?|all))?$",
            "examples": ["api.example.com:443", "10.0.0.0/8:1-1023", "internet:all"],
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ports {
            None => f.write_str(&self.host),
            Some((0, u16::MAX)) => write!(f, "{}:all", self.host),
            Some((first, last)) if first == last => write!(f, "{}:{first}", self.host),
            Some((first, last)) => write!(f, "{}:{first}-{last}", self.host),
        }
    }
}

/// The finding for a sender that is not known, if it is not.
pub(super) fn known_sender(from: &Name, model: &Model) -> Option<Finding> {
    if from.value == EVERY_SERVICE || is_interface(from, model) {
        return None;
    }
    unknown_service(&from.clone().map(|from| service_of(&from).to_owned()), model)
}

/// The service of `SERVICE/TASK`.
fn service_of(sender: &str) -> &str {
    sender.split_once('/').map_or(sender, |(service, _)| service)
}

/// Whether a sender is a network interface, by id, name or address.
fn is_interface(sender: &str, model: &Model) -> bool {
    sender.parse::<Ipv4Addr>().is_ok()
        || model.network_interfaces.iter().any(|interface| {
            interface.id.value == sender || interface.name.as_deref() == Some(sender)
        })
}

/// A reason by its name, such as `security-group-egress`.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReasonName(pub(super) DropReason);

impl Scalar for ReasonName {
    const NOUN: &'static str = "a reason for dropping a packet";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let names: Vec<_> = DropReason::ALL.iter().map(|r| (r.name(), ReasonName(*r))).collect();
        egret_control::written::scalar::one_of(text, &names).map(|reason| (reason, None))
    }

    fn schema() -> Schema {
        let names: Vec<_> = DropReason::ALL.iter().map(|reason| reason.name()).collect();
        json_schema!({ "enum": names })
    }
}

/// A code of the list of reasons.
#[derive(Clone, Debug)]
pub(super) struct CodeName(String);

impl Scalar for CodeName {
    const NOUN: &'static str = "the code of a reason";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let codes: Vec<_> = codes().into_iter().map(|code| (code, ())).collect();
        let known = egret_control::written::scalar::one_of(text, &codes);
        known.map(|()| (CodeName(text.to_owned()), None))
    }

    fn schema() -> Schema {
        json_schema!({ "enum": codes() })
    }
}

fn codes() -> Vec<&'static str> {
    let mut codes: Vec<_> = DropReason::ALL.iter().map(|reason| reason.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// What is expected to become of packets, and of their answers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectationSection {
    /// What it is called. Default: what it says.
    name: Option<At<String>>,
    /// Who sends: a service (all its tasks), SERVICE/TASK, a host or network interface, or a list of
    /// them. `*` is every service.
    from: OneOrMany<String>,
    /// A host, network interface, endpoint, prefix list, address or block, `internet` or `anywhere`,
    /// with ports for TCP and UDP (`:443`, `:1-1023`, `:all`); or a list of them.
    to: OneOrMany<Target>,
    /// Addresses, blocks or names to leave out of `to`.
    except: Option<OneOrMany<String>>,
    /// `tcp` (the default), `udp`, `icmp`, a protocol number or `all`.
    protocol: Option<Written<IpProtocol>>,
    /// Type and code of an ICMP message: `8/0`, which is also the default for ICMP.
    icmp: Option<Written<IcmpTypes>>,
    /// `delivered`: it arrives and its answer comes back. `no-reply`: it arrives, the answer is
    /// dropped. `dropped`: it is dropped itself. `any`, the default beside `not` and `rule`: whatever
    /// else is said counts.
    outcome: Option<Written<Outcome>>,
    /// The id or name of what drops it: an element, a security group or a network ACL.
    by: Option<At<String>>,
    /// Why it is dropped.
    reason: Option<Written<ReasonName>>,
    /// Reachability Analyzer's code for that, or one of ours, which begin with `SIM_`.
    code: Option<Written<CodeName>>,
    /// What it passes: one name, or several in their order, perhaps with others between them.
    via: Option<OneOrMany<String>>,
    /// The source address that the destination sees.
    source: Option<Written<Ipv4Addr>>,
    /// What decides, on the way there or back: a security group's rule (`web egress tcp 443 to
    /// 0.0.0.0/0`), a network ACL's entry (`narrow ingress 100`, `narrow ingress *`), a route
    /// (`private-a 0.0.0.0/0`), or several of them.
    rule: Option<OneOrMany<String>>,
    /// What must be so of none of the packets, all of it at once.
    not: Option<At<NotSection>>,
}

/// What must be so of no packet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotSection {
    /// As in an expectation; `any` by default.
    outcome: Option<Written<Outcome>>,
    /// The id or name of what drops it.
    by: Option<At<String>>,
    /// Why it is dropped.
    reason: Option<Written<ReasonName>>,
    /// The code of that.
    code: Option<Written<CodeName>>,
    /// What it passes.
    via: Option<OneOrMany<String>>,
    /// The source address that the destination sees.
    source: Option<Written<Ipv4Addr>>,
    /// What decides.
    rule: Option<OneOrMany<String>>,
}

pub(crate) fn read(
    section: At<ExpectationSection>,
    model: &Model,
    page: &mut Page<'_>,
) -> Option<Expectation> {
    let Sourced { value: section, place } = page.sourced(section);
    let from: Vec<_> = section.from.into_iter().collect();
    let to: Vec<_> = section.to.into_iter().collect();
    if from.is_empty() || to.is_empty() {
        let message = "nothing is expected without a sender and a target";
        page.find(Finding::error("no-expectation", place, message));
    }
    let from = page.meanings(from);
    let unknown = from.iter().filter_map(|from| known_sender(from, model));
    unknown.for_each(|finding| page.find(finding));
    let to = page.meanings(to);
    let protocol = protocol(section.protocol, section.icmp, place, page);
    let reason = page.optional(section.reason);
    let code = page.optional(section.code);
    let mut expectation = Expectation {
        name: section.name.map(|name| name.value),
        from,
        to,
        except: section.except.map(|except| page.meanings(except)).unwrap_or_default(),
        protocol: protocol?,
        outcome: Sourced::new(Outcome::Any, place),
        by: section.by.map(|by| page.sourced(by)),
        reason: reason.map(|reason| reason.map(|name| name.0)),
        code: code.map(|code| code.map(|name| name.0)),
        via: section.via.map(|via| page.meanings(via)).unwrap_or_default(),
        source: page.optional(section.source),
        rule: section.rule.map(|rule| page.meanings(rule)).unwrap_or_default(),
        not: None,
        place,
    };
    expectation.outcome = outcome(section.outcome, section.not.is_some(), &expectation, page)?;
    expectation.not = match section.not {
        Some(not) => Some(Box::new(unwanted(not, &expectation, page)?)),
        None => None,
    };
    contradictions(&expectation).into_iter().for_each(|finding| page.find(finding));
    Some(expectation)
}

/// What is said to become of packets. Without a word about it, something else must be said.
fn outcome(
    written: Option<Written<Outcome>>,
    has_not: bool,
    expectation: &Expectation,
    page: &mut Page<'_>,
) -> Option<Sourced<Outcome>> {
    if let Some(written) = written {
        return page.meaning(written);
    }
    if !has_not && expectation.rule.is_empty() {
        let message = "it is not said what becomes of the packets";
        let finding = Finding::error("missing-key", expectation.place, message);
        page.find(finding.help("add `outcome: delivered`, `dropped` or `no-reply`"));
        return None;
    }
    Some(expectation.outcome)
}

/// What is expected of none of an expectation's packets.
fn unwanted(section: At<NotSection>, of: &Expectation, page: &mut Page<'_>) -> Option<Expectation> {
    let Sourced { value: section, place } = page.sourced(section);
    let reason = page.optional(section.reason);
    let code = page.optional(section.code);
    let outcome = match section.outcome {
        Some(outcome) => page.meaning(outcome)?,
        None => Sourced::new(Outcome::Any, place),
    };
    let not = Expectation {
        outcome,
        by: section.by.map(|by| page.sourced(by)),
        reason: reason.map(|reason| reason.map(|name| name.0)),
        code: code.map(|code| code.map(|name| name.0)),
        via: section.via.map(|via| page.meanings(via)).unwrap_or_default(),
        source: page.optional(section.source),
        rule: section.rule.map(|rule| page.meanings(rule)).unwrap_or_default(),
        place,
        ..of.clone()
    };
    if not.says_nothing() {
        let message = "`not` says nothing, and so would forbid every packet";
        let help = "add what must not be, such as `outcome: delivered` or `via: nat-a`";
        page.find(Finding::error("empty-not", place, message).help(help));
        return None;
    }
    contradictions(&not).into_iter().for_each(|finding| page.find(finding));
    Some(not)
}

impl Expectation {
    /// Every rule, entry and route that it names.
    pub fn rules(&self) -> impl Iterator<Item = &Name> {
        self.rule.iter().chain(self.not.iter().flat_map(|not| &not.rule))
    }

    /// Whether every packet is as expected.
    fn says_nothing(&self) -> bool {
        let Expectation { outcome, by, reason, code, via, source, rule, .. } = self;
        let drop = by.is_none() && reason.is_none() && code.is_none();
        let way = via.is_empty() && source.is_none() && rule.is_empty();
        outcome.value == Outcome::Any && drop && way
    }
}

/// What is sent, as it is said.
pub(super) fn protocol(
    protocol: Option<Written<IpProtocol>>,
    icmp: Option<Written<IcmpTypes>>,
    whole: Place,
    page: &mut Page<'_>,
) -> Option<Protocol> {
    let (said, had_icmp) = (protocol.is_some(), icmp.is_some());
    let protocol = page.optional(protocol);
    let icmp = page.optional(icmp);
    let default = if had_icmp { IpProtocol::ICMP } else { IpProtocol::TCP };
    let number = match protocol.map_or(default, |protocol| protocol.value) {
        _ if said && protocol.is_none() => return None,
        IpProtocol::All => return Some(Protocol::All),
        IpProtocol::Number(number) => number,
    };
    if had_icmp && number != 1 {
        let place = icmp.map_or(whole, |icmp| icmp.place);
        let message = "only an ICMP message has an ICMP type";
        page.find(Finding::error("icmp-type", place, message).help("drop `icmp` or `protocol`"));
    }
    Some(match number {
        6 => Protocol::Tcp,
        17 => Protocol::Udp,
        1 => {
            // An echo request, where nothing else is said.
            let echo = IcmpTypes(Some(8), Some(0));
            let IcmpTypes(kind, code) = icmp.map_or(echo, |icmp| icmp.value);
            Protocol::Icmp(kind, code)
        }
        other => Protocol::Other(other),
    })
}

/// What the parts of an expectation say against each other.
pub(super) fn contradictions(expectation: &Expectation) -> Vec<Finding> {
    let Expectation { to, protocol, outcome, by, reason, code, source, .. } = expectation;
    let mut findings = Vec::new();
    let has_ports = matches!(protocol, Protocol::Tcp | Protocol::Udp);
    for to in to.iter().filter(|to| has_ports != to.ports.is_some()) {
        let (message, help) = match (has_ports, protocol) {
            (true, _) => {
                ("the target has no port", format!("write `{0}:443`, or `{0}:all`", to.host))
            }
            (_, Protocol::All) => {
                ("all protocols have no ports in common", format!("write `{}`", to.host))
            }
            _ => ("this protocol has no ports", format!("write `{}`", to.host)),
        };
        findings.push(Finding::error("bad-destination", to.place, message).help(help));
    }
    if outcome.value == Outcome::Delivered {
        let places = [by.as_ref().map(|by| by.place), reason.as_ref().map(|reason| reason.place)];
        let places = places.into_iter().chain([code.as_ref().map(|code| code.place)]).flatten();
        findings.extend(places.map(|place| {
            let message = "a packet that is delivered is dropped by nothing";
            let help = "drop `by`, `reason` and `code`, or expect `no-reply` or `dropped`";
            Finding::error("delivered-and-dropped", place, message).help(help)
        }));
    }
    if let (Outcome::Dropped, Some(source)) = (outcome.value, source) {
        let message = "no destination sees the source of a packet that is dropped";
        findings.push(Finding::error("dropped-and-seen", source.place, message));
    }
    if let (Some(reason), Some(code)) = (reason, code)
        && reason.code() != code.value
    {
        let message = format!("the code of `{}` is {}", reason.name(), reason.code());
        let help = "drop one of the two";
        findings.push(Finding::error("reason-and-code", code.place, message).help(help));
    }
    findings
}
