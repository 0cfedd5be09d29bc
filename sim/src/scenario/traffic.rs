//! What services send in a run.

use egret_control::model::Model;
use egret_control::source::{Place, Sourced};
use egret_control::written::scalar::ByteSize;
use egret_control::written::{At, Page, Written};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Destination, unknown_service};

/// What one service sends to one destination.
#[derive(Clone, Debug)]
pub struct Traffic {
    /// The service whose tasks send.
    pub from: Sourced<String>,
    /// Where to.
    pub to: Sourced<Destination>,
    /// How many connections are opened.
    pub connections: Sourced<u32>,
    /// The bytes of each request.
    pub request: ByteSize,
    /// The bytes of each response.
    pub response: ByteSize,
    /// The place of the whole entry.
    pub place: Place,
}

/// What one service sends to one destination in a run.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TrafficSection {
    /// The service whose tasks send.
    from: At<String>,
    /// A host and a port: `api.example.com:443`.
    to: Written<Destination>,
    /// How many connections are opened. Default 1.
    connections: Option<At<u32>>,
    /// The bytes of each request. Default 0.
    request: Option<Written<ByteSize>>,
    /// The bytes of each response. Default 0.
    response: Option<Written<ByteSize>>,
}

pub(super) fn read(
    section: At<TrafficSection>,
    model: &Model,
    page: &mut Page<'_>,
) -> Option<Traffic> {
    let Sourced { value: section, place } = page.sourced(section);
    let from = page.sourced(section.from);
    unknown_service(&from, model).into_iter().for_each(|finding| page.find(finding));
    let size = |said: Option<Sourced<ByteSize>>| said.map(|size| size.value).unwrap_or_default();
    let (request, response) = (page.optional(section.request), page.optional(section.response));
    let to = page.meaning(section.to);
    let connections = section.connections.map_or(1.into(), |count| page.sourced(count));
    let (request, response) = (size(request), size(response));
    Some(Traffic { from, to: to?, connections, request, response, place })
}
