//! Findings as people read them: one line as compilers print it, or the source with a label.

use miette::{LabeledSpan, MietteDiagnostic, NamedSource, Report};

use super::{Finding, Severity};
use crate::source::{FileId, Place, Sources};

/// `path:line:column: error: message`, without the place where no file says it.
pub fn line(finding: &Finding, sources: &Sources) -> String {
    let Finding { severity, message, .. } = finding;
    match sources.display(finding.place) {
        Some(place) => format!("{place}: {severity}: {message}"),
        None => format!("{severity}: {message}"),
    }
}

/// A report that quotes the source and labels the finding's place in it.
pub fn report(finding: &Finding, sources: &Sources) -> Report {
    let mut diagnostic = MietteDiagnostic::new(finding.message.clone())
        .with_code(finding.code)
        .with_severity(match finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        });
    diagnostic.help = finding.help.clone();
    match finding.place.file {
        Some(file) if is_drawable(&sources.file(file).text, finding.place) => {
            labelled(diagnostic, file, finding.place, sources)
        }
        Some(_) => {
            let place = sources.display(finding.place).unwrap_or_default();
            diagnostic.message = format!("{place}: {}", diagnostic.message);
            Report::new(diagnostic)
        }
        None => Report::new(diagnostic),
    }
}

/// Lines longer than this are not for people: a program printed a whole file as one.
const MAX_LINE: usize = 1000;

fn is_drawable(text: &str, place: Place) -> bool {
    let at = (place.offset as usize).min(text.len());
    let is_end = |byte: &u8| *byte == b'\n';
    let before = text.as_bytes()[..at].iter().rev().take(MAX_LINE).position(is_end);
    let after = text.as_bytes()[at..].iter().take(MAX_LINE).position(is_end);
    (before.is_some() || at < MAX_LINE) && (after.is_some() || text.len() - at < MAX_LINE)
}

fn labelled(diagnostic: MietteDiagnostic, file: FileId, place: Place, sources: &Sources) -> Report {
    let source = sources.file(file);
    let (start, end) = span_within(&source.text, place);
    let label = LabeledSpan::new(Some("here".to_owned()), start, end - start);
    let named = NamedSource::new(source.path.display().to_string(), source.text.to_string());
    Report::new(diagnostic.with_label(label)).with_source_code(named)
}

/// The place as byte offsets that are certain to lie in the text. A place that spans lines is cut
/// at the end of its first one: a label over a whole map hides more than it shows.
fn span_within(text: &str, place: Place) -> (usize, usize) {
    let start = text.floor_char_boundary(place.offset as usize);
    let end = text.floor_char_boundary(start.saturating_add(place.len as usize));
    let line = text[start..end].lines().next().unwrap_or("").trim_end().len();
    (start, start + line)
}

#[cfg(test)]
mod tests {
    use miette::{GraphicalReportHandler, GraphicalTheme};

    use super::*;

    fn sources() -> (Sources, FileId) {
        let mut sources = Sources::default();
        let file = sources.add("scenario.yaml", "title: x\nregoin: é\n");
        (sources, file)
    }

    fn at(file: FileId, offset: u32, len: u32) -> Place {
        Place { file: Some(file), offset, len, line: 2, column: 1 }
    }

    fn drawn(finding: &Finding, sources: &Sources) -> String {
        let mut text = String::new();
        GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
            .render_report(&mut text, report(finding, sources).as_ref())
            .expect("writing to a string");
        text
    }

    #[test]
    fn a_line_has_the_shape_that_compilers_print() {
        let (sources, file) = sources();
        let finding = Finding::error("unknown-key", at(file, 9, 6), "there is no key `regoin`");
        assert_eq!(line(&finding, &sources), "scenario.yaml:2:1: error: there is no key `regoin`");
        let nowhere = Finding::warning("empty", Place::NOWHERE, "nothing was read");
        assert_eq!(line(&nowhere, &sources), "warning: nothing was read");
    }

    #[test]
    fn a_report_quotes_and_labels_the_source() {
        let (sources, file) = sources();
        let finding = Finding::error("unknown-key", at(file, 9, 6), "there is no key `regoin`")
            .help("write `region`");
        let text = drawn(&finding, &sources);
        for part in ["unknown-key", "scenario.yaml:2:1", "regoin: é", "here", "write `region`"] {
            assert!(text.contains(part), "{part} is missing from {text}");
        }
    }

    #[test]
    fn a_file_on_one_line_is_not_drawn() {
        let mut sources = Sources::default();
        let text = format!("{{\"a\": [{}]}}", "1, ".repeat(1000));
        let file = sources.add("plan.json", text);
        let place = Place { file: Some(file), offset: 1500, len: 1, line: 1, column: 1501 };
        let text = drawn(&Finding::warning("odd", place, "odd"), &sources);
        assert!(text.contains("plan.json:1:1501: odd") && text.len() < 200, "{text}");
    }

    #[test]
    fn no_place_makes_a_report_panic() {
        let (sources, file) = sources();
        for offset in 0..24 {
            for len in [0, 1, 9, u32::MAX] {
                let finding = Finding::warning("odd", at(file, offset, len), "odd");
                assert!(drawn(&finding, &sources).contains("odd"));
            }
        }
    }
}
