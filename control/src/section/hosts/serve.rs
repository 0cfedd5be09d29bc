//! What answers at a host's ports.

use egret_dataplane::time::Duration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::finding::Finding;
use crate::model::{Behaviour, Listen, Serve};
use crate::source::{Place, Sourced};
use crate::words;
use crate::written::scalar::ByteSize;
use crate::written::{At, Entries, Page, TextOr, Written};

/// What answers at a host's ports: a word for all of them, or a map with one for each of some.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct ServeSection(TextOr<Entries<At<TextOr<BehaviourSection>>>>);

impl JsonSchema for ServeSection {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ServeSection".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let word = <Word as crate::written::Scalar>::schema();
        let parts = generator.subschema_for::<BehaviourSection>();
        json_schema!({ "anyOf": [word, {
            "type": "object",
            "propertyNames": <Listen as crate::written::Scalar>::schema(),
            "additionalProperties": { "anyOf": [word, parts] },
        }] })
    }
}

/// How a port answers where a word does not say it all; one of these.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BehaviourSection {
    /// As `respond`, so much later.
    slow: Option<Written<Duration>>,
    /// As `respond`, and closes a TCP connection on which nothing came for so long.
    idle_close: Option<Written<Duration>>,
    /// Sends so many bytes as soon as it is connected, and closes.
    source: Option<Written<ByteSize>>,
}

/// A behaviour that one word says.
#[derive(Clone, Copy, Debug)]
struct Word(Behaviour);

words!(Word, "what a host does", {
    "respond" => Word(Behaviour::Respond),
    "echo" => Word(Behaviour::Echo),
    "sink" => Word(Behaviour::Sink),
    "dns" => Word(Behaviour::Dns),
    "silent" => Word(Behaviour::Silent),
    "closed" => Word(Behaviour::Closed),
});

/// Reads what answers. A port that is served is listened on.
pub(super) fn read(
    section: At<ServeSection>,
    listen: &mut Option<Vec<Sourced<Listen>>>,
    page: &mut Page<'_>,
) -> Vec<Serve> {
    let ports = match &section.value.0 {
        TextOr::Text(word) => {
            let word = page.meaning(Written::new(section.with(word.clone())));
            return word
                .map(|Sourced { value: Word(behaviour), .. }| Serve { port: None, behaviour })
                .into_iter()
                .collect();
        }
        TextOr::Parts(ports) => ports.clone(),
    };
    let ports = ports.into_iter();
    ports.filter_map(|(port, behaviour)| at_port(port, behaviour, listen, page)).collect()
}

fn at_port(
    port: At<String>,
    behaviour: At<TextOr<BehaviourSection>>,
    listen: &mut Option<Vec<Sourced<Listen>>>,
    page: &mut Page<'_>,
) -> Option<Serve> {
    let port = page.meaning(Written::<Listen>::new(port));
    let behaviour = behaviour_of(behaviour, page);
    let (port, behaviour) = (port?, behaviour?);
    let tcp_only =
        matches!(*behaviour, Behaviour::Sink | Behaviour::Source(_) | Behaviour::IdleClose(_));
    if tcp_only && port.protocol != 6 {
        let message = "only a TCP port does that";
        let help = format!("serve it at `tcp/{}`", port.port);
        page.find(Finding::error("tcp-only", behaviour.place, message).help(help));
    }
    match listen {
        Some(known) if known.contains(&port) && *behaviour == Behaviour::Closed => {
            let message = "a port that is closed does not listen";
            let help = "drop it from `listen`, or serve something else";
            page.find(Finding::error("closed-and-listening", behaviour.place, message).help(help));
        }
        Some(known) if !known.contains(&port) && *behaviour != Behaviour::Closed => {
            known.push(port);
        }
        _ => {}
    }
    Some(Serve { port: Some(*port), behaviour: *behaviour })
}

fn behaviour_of(
    section: At<TextOr<BehaviourSection>>,
    page: &mut Page<'_>,
) -> Option<Sourced<Behaviour>> {
    let place = page.place(&section);
    match section.value {
        TextOr::Text(ref word) => {
            let word = page.meaning(Written::<Word>::new(section.with(word.clone())));
            word.map(|word| word.map(|Word(behaviour)| behaviour))
        }
        TextOr::Parts(parts) => parts.read(place, page),
    }
}

impl BehaviourSection {
    fn read(self, place: Place, page: &mut Page<'_>) -> Option<Sourced<Behaviour>> {
        let said = [self.slow.is_some(), self.idle_close.is_some(), self.source.is_some()];
        if said.iter().filter(|said| **said).count() != 1 {
            let message = "a port does one thing";
            let help = "write one of `slow: 2s`, `idle_close: 60s` and `source: 1MiB`";
            page.find(Finding::error("one-behaviour", place, message).help(help));
            return None;
        }
        let slow = page.optional(self.slow).map(|span| Behaviour::Slow(*span));
        let idle = page.optional(self.idle_close);
        if let Some(idle) = idle.filter(|idle| idle.value == Duration::ZERO) {
            let message = "a connection that is closed after no time serves nothing";
            let help = "write a longer time, or `closed`";
            page.find(Finding::error("no-time", idle.place, message).help(help));
        }
        let idle = idle.map(|span| Behaviour::IdleClose(*span));
        let source = page.optional(self.source).map(|size| Behaviour::Source(size.0));
        slow.or(idle).or(source).map(|behaviour| Sourced::new(behaviour, place))
    }
}
