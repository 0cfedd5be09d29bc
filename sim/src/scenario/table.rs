//! Tables of what is expected: senders down, targets across, an outcome in each cell.

use egret_control::finding::Finding;
use egret_control::model::Model;
use egret_control::source::Sourced;
use egret_control::written::scalar::{IcmpTypes, Protocol as IpProtocol};
use egret_control::written::{At, Entries, OneOrMany, Page, Written};
use schemars::JsonSchema;
use serde::Deserialize;

use super::expectation::{Expectation, Outcome, Target, contradictions, known_sender, protocol};

/// What is expected of packets from each of some senders to each of some targets.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableSection {
    /// What its cases are called, before who sends what where. Default: nothing.
    name: Option<At<String>>,
    /// The targets, a column each, as in an expectation.
    to: OneOrMany<Target>,
    /// Addresses, blocks or names to leave out of every target.
    except: Option<OneOrMany<String>>,
    /// As in an expectation.
    protocol: Option<Written<IpProtocol>>,
    /// As in an expectation.
    icmp: Option<Written<IcmpTypes>>,
    /// A row for each sender: what becomes of its packets to each of the targets, in their order.
    /// `any` expects nothing.
    outcome: Entries<Vec<Written<Outcome>>>,
}

/// The expectations of a table, a cell each.
pub(crate) fn read(
    section: At<TableSection>,
    model: &Model,
    page: &mut Page<'_>,
) -> Vec<Expectation> {
    let Sourced { value: section, place } = page.sourced(section);
    let name = section.name.map(|name| format!("{}: ", name.value)).unwrap_or_default();
    let to: Vec<Sourced<Target>> = page.meanings(section.to);
    let except = section.except.map(|except| page.meanings(except)).unwrap_or_default();
    let Some(protocol) = protocol(section.protocol, section.icmp, place, page) else {
        return Vec::new();
    };
    let mut cells = Vec::new();
    for (from, row) in section.outcome.0 {
        let from = page.sourced(from);
        known_sender(&from, model).into_iter().for_each(|finding| page.find(finding));
        if row.len() != to.len() {
            let message = format!("the row has {} outcomes for {} targets", row.len(), to.len());
            let finding = Finding::error("ragged-table", from.place, message);
            page.find(finding.help("write one for each target; `any` expects nothing"));
            continue;
        }
        for (to, cell) in to.iter().zip(row) {
            let Some(outcome) = page.meaning(cell).filter(|cell| **cell != Outcome::Any) else {
                continue;
            };
            let mut cell = Expectation {
                name: None,
                from: vec![from.clone()],
                to: vec![to.clone()],
                except: except.clone(),
                protocol,
                place: outcome.place,
                outcome,
                by: None,
                reason: None,
                code: None,
                via: Vec::new(),
                source: None,
                rule: Vec::new(),
                not: None,
            };
            cell.name = Some(format!("{name}{}", crate::reporting::packet_words(&cell)));
            cells.push(cell);
        }
    }
    if let Some(one) = cells.first() {
        contradictions(one).into_iter().for_each(|finding| page.find(finding));
    }
    cells
}
