//! What the YAML reader says about a file that it cannot read, in our words.

use serde_saphyr::{Error, Location, Options};

use super::page::{nearest, quoted_list};
use crate::finding::Finding;
use crate::source::{FileId, Place};

/// Limits that hold an account's whole configuration and still end a file made to exhaust memory.
pub(super) fn options() -> Options {
    serde_saphyr::options! {
        with_snippet: false,
        emit_comments: false,
        budget: serde_saphyr::budget! { max_events: 40_000_000, max_nodes: 20_000_000 },
    }
}

/// The finding that a reading error is, at its place.
pub(super) fn finding(error: &Error, text: &str, file: FileId) -> Finding {
    let error = error.without_snippet();
    let location = error.location().unwrap_or(Location::UNKNOWN);
    let place = place_of(location, text, file);
    match error {
        Error::SerdeUnknownField { field, expected, .. } => unknown_key(field, expected, place),
        Error::SerdeMissingField { field, .. } => {
            Finding::error("missing-key", place, format!("the key `{field}` is missing"))
        }
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().map(|key| format!(" `{key}`")).unwrap_or_default();
            Finding::error("duplicate-key", place, format!("the key{key} is written twice"))
        }
        Error::MultipleDocuments { .. } => {
            Finding::error("several-documents", place, "the file holds more than one document")
                .help("keep what stands before the second `---`")
        }
        other => Finding::error("malformed", place, plain(&other.to_string(), location)),
    }
}

fn unknown_key(field: &str, expected: &[&'static str], place: Place) -> Finding {
    let finding = Finding::error("unknown-key", place, format!("there is no key `{field}` here"));
    let known = format!("the keys here are {}", quoted_list(expected));
    match nearest(field, expected) {
        Some(near) => finding.help(format!("did you mean `{near}`? {known}")),
        None => finding.help(known),
    }
}

/// The message without the location, which the place says better.
fn plain(message: &str, location: Location) -> String {
    let suffix = format!(" at line {}, column {}", location.line(), location.column());
    message.strip_suffix(&suffix).unwrap_or(message).to_owned()
}

/// The place of a location. A location without byte offsets (the reader has none where the text
/// does not scan) is found again by its line and column.
pub(super) fn place_of(location: Location, text: &str, file: FileId) -> Place {
    if location == Location::UNKNOWN {
        return Place { file: Some(file), offset: 0, len: 0, line: 1, column: 1 };
    }
    let (line, column) = (location.line() as u32, location.column() as u32);
    let span = location.span();
    let known = span.byte_offset().zip(span.byte_len());
    let (offset, len) = known.map_or_else(
        || (offset_of(text, line, column), 1),
        |(offset, len)| (offset as usize, len as usize),
    );
    Place { file: Some(file), offset: offset as u32, len: len as u32, line, column }
}

fn offset_of(text: &str, line: u32, column: u32) -> usize {
    let before: usize = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
    let rest = text.get(before..).unwrap_or("");
    let within: usize = rest.chars().take(column as usize - 1).map(char::len_utf8).sum();
    before + within
}
