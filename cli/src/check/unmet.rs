//! What no packet comes to, below the findings: a note, as it may be meant for what is yet to come.

use std::fmt::Write;

use egret_control::explain::text::Style;
use egret_control::source::{Place, Sources};
use egret_sim::unmet::{Lonely, Unmet, unmet};
use egret_verify::classes::TooMany;
use serde_json::{Value, json};

use crate::input::Loaded;
use crate::terminal;

/// So many classes are looked at: a second's worth.
const LIMIT: usize = 200_000;

/// What was found, or that there is too much to look at.
pub(super) fn of(loaded: &Loaded) -> Result<Unmet, TooMany> {
    let said: Vec<Place> = loaded.warnings.iter().map(|finding| finding.place).collect();
    loaded.compilation.snapshot.prepare();
    unmet(&loaded.model, &loaded.compilation, &said, LIMIT)
}

pub(super) fn text(found: &Result<Unmet, TooMany>, sources: &Sources) -> String {
    let found = match found {
        Ok(found) if found.parts.is_empty() => return String::new(),
        Ok(found) => found,
        Err(TooMany { limit }) => {
            return format!(
                "note: packets fall into more than {limit} classes: what none of them comes to is \
                 not said\n"
            );
        }
    };
    let heading = "No packet of a service or host comes to";
    let mut out = format!("\n{}\n", terminal::paint(Style::Heading, heading));
    for Lonely { name, does, place } in &found.parts {
        let does = does.as_ref().map_or(String::new(), |does| format!(", {does}"));
        let place = sources.display(*place).map_or(String::new(), |place| format!("  [{place}]"));
        // Writing to a text does not fail.
        let _ = writeln!(out, "  {name}{does}{}", terminal::paint(Style::Faint, &place));
    }
    out
}

pub(super) fn json(found: &Result<Unmet, TooMany>, sources: &Sources) -> Value {
    let Ok(found) = found else { return Value::Null };
    let part = |Lonely { name, does, place }: &Lonely| {
        json!({
            "name": name,
            "does": does,
            "file": place.file.map(|file| sources.file(file).path.display().to_string()),
            "line": place.file.map(|_| place.line),
            "column": place.file.map(|_| place.column),
        })
    };
    found.parts.iter().map(part).collect()
}
