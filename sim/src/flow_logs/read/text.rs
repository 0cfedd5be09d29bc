//! Records as lines of words.

use std::io::BufRead;

use memchr::{memchr, memchr_iter};

use super::Note;
use super::record::{Bad, Record};
use crate::flow_logs::{Field, Format};

/// No line of a flow log is longer; what is, is none.
const LONGEST: usize = 1 << 16;

/// Hands each record to `sink`. A file that ends within gzip is a problem of its last line.
pub(super) fn read(
    mut file: impl BufRead,
    format: Option<&Format>,
    note: &mut Note<'_>,
    sink: &mut impl FnMut(&Record<'_>),
) {
    let mut lines = Lines { columns: None, given: format, number: 0, header: Vec::new() };
    // The beginning of a line whose end is not in memory yet.
    let mut begun: Vec<u8> = Vec::new();
    let mut too_long = false;
    loop {
        let piece = match file.fill_buf() {
            Ok(piece) => piece,
            Err(error) => {
                note.problem(lines.number + 1, format_args!("cannot be read on: {error}"));
                return;
            }
        };
        if piece.is_empty() {
            break;
        }
        let mut from = 0;
        for end in memchr_iter(b'\n', piece) {
            let line = &piece[from..end];
            from = end + 1;
            if std::mem::take(&mut too_long) {
                lines.skip(note);
            } else if begun.is_empty() {
                lines.line(line, note, sink);
            } else {
                begun.extend_from_slice(line);
                lines.line(&begun, note, sink);
            }
            begun.clear();
        }
        if begun.len() + piece.len() - from > LONGEST {
            too_long = true;
            begun.clear();
        } else if !too_long {
            begun.extend_from_slice(&piece[from..]);
        }
        let read = piece.len();
        file.consume(read);
    }
    if too_long {
        lines.skip(note);
    } else if !begun.is_empty() {
        lines.line(&begun, note, sink);
    }
}

struct Lines<'f> {
    /// The field of each word; what nobody asks for is `None`.
    columns: Option<Vec<Option<Field>>>,
    /// The format of a file that does not begin with the names of its fields.
    given: Option<&'f Format>,
    /// Of the last line.
    number: u64,
    /// The line that said which fields there are.
    header: Vec<u8>,
}

impl Lines<'_> {
    fn line(&mut self, line: &[u8], note: &mut Note<'_>, sink: &mut impl FnMut(&Record<'_>)) {
        if line.len() > LONGEST {
            return self.skip(note);
        }
        self.number += 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.columns.is_none() {
            if self.is_header(line) {
                return;
            }
            self.columns = Some(columns(self.given.unwrap_or(&Format::default()).fields()));
        }
        let columns = self.columns.as_deref().unwrap_or_default();
        match record(columns, line) {
            Ok(Some(record)) => {
                note.record(&record);
                sink(&record);
            }
            Ok(None) => {}
            // Files that were joined have a header each.
            Err(_) if self.is_header(line) => {}
            Err(wrong) => note.problem(self.number, self.words_for(wrong, line)),
        }
    }

    fn skip(&mut self, note: &mut Note<'_>) {
        self.number += 1;
        note.problem(self.number, format_args!("the line is longer than {LONGEST} bytes"));
    }

    /// Whether the line says which fields there are; then they are those from now on.
    fn is_header(&mut self, line: &[u8]) -> bool {
        if !line.is_empty() && line == self.header {
            return true;
        }
        let Some(columns) = header(line) else { return false };
        self.columns = Some(columns);
        self.header = line.to_owned();
        true
    }

    fn words_for(&self, wrong: Wrong, line: &[u8]) -> String {
        let columns = self.columns.as_deref().unwrap_or_default();
        match wrong {
            Wrong::Words(found) => {
                let expected = columns.len();
                let said = match (self.header.is_empty(), self.given) {
                    (false, _) => "the header has",
                    (true, Some(_)) => "the format that was given has",
                    (true, None) => {
                        return format!(
                            "{found} words, and version 2 has {expected}: say by \
                             --flow-log-format which fields these are"
                        );
                    }
                };
                format!("{found} words, and {said} {expected}")
            }
            Wrong::Field(at, bad) => {
                let word = words(line).nth(at).unwrap_or_default();
                let word = String::from_utf8_lossy(&word[..word.len().min(64)]);
                let name = columns.get(at).copied().flatten().map_or("word", Field::name);
                format!("{name} is `{}`, {}", word.escape_debug(), bad.what())
            }
        }
    }
}

/// What keeps a line from being a record.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    /// It has so many words.
    Words(usize),
    /// The word at this place.
    Field(usize, Bad),
}

/// The record of a line; an empty line has none.
#[inline]
fn record<'l>(columns: &[Option<Field>], line: &'l [u8]) -> Result<Option<Record<'l>>, Wrong> {
    let mut record = Record::default();
    let mut rest = line;
    for (at, column) in columns.iter().enumerate() {
        let Some((word, after)) = next_word(rest) else {
            return if at == 0 { Ok(None) } else { Err(Wrong::Words(at)) };
        };
        rest = after;
        if let Some(field) = column {
            record.set(*field, word).map_err(|bad| Wrong::Field(at, bad))?;
        }
    }
    match words(rest).count() {
        0 => Ok(Some(record)),
        more => Err(Wrong::Words(columns.len() + more)),
    }
}

#[inline]
fn next_word(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii_start();
    if line.is_empty() {
        return None;
    }
    let end = memchr(b' ', line).unwrap_or(line.len());
    Some(line.split_at(end))
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let (word, after) = next_word(rest)?;
        rest = after;
        Some(word)
    })
}

/// The columns that a line names; `None` if it names none. A field that Egret does not know, as AWS
/// adds some from time to time, is a column that nobody asks for.
fn header(line: &[u8]) -> Option<Vec<Option<Field>>> {
    let is_name = |word: &[u8]| {
        word.first().is_some_and(u8::is_ascii_lowercase)
            && word.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
    };
    let known = |word: &[u8]| Field::ALL.iter().find(|field| field.name().as_bytes() == word);
    let named = words(line).all(is_name) && words(line).any(|word| known(word).is_some());
    let fields: Vec<Option<Field>> = words(line).map(|word| known(word).copied()).collect();
    named.then(|| fields.into_iter().map(asked).collect())
}

fn columns(fields: &[Field]) -> Vec<Option<Field>> {
    fields.iter().copied().map(Some).map(asked).collect()
}

fn asked(field: Option<Field>) -> Option<Field> {
    field.filter(|field| Record::has(*field))
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};
    use std::path::Path;

    use super::super::Tally;
    use super::*;

    /// What is read of a text, in pieces of so many bytes.
    fn read_text(text: impl Read, piece: usize, format: Option<&Format>) -> (Vec<String>, Tally) {
        let (mut records, mut tally) = (Vec::new(), Tally::default());
        let mut note = Note { path: Path::new("a.log"), tally: &mut tally };
        read(BufReader::with_capacity(piece, text), format, &mut note, &mut |record| {
            let port = record.dst_port.map_or("-".to_owned(), |port| port.to_string());
            records.push(format!("{} {port}", record.interface_id.unwrap_or("-")));
        });
        (records, tally)
    }

    const V2: &str = "2 123456789010 eni-1 172.31.16.139 172.31.16.21 20641 22 6 20 4249 \
                      1418530010 1418530070 ACCEPT OK\n";

    #[test]
    fn text_without_a_header_is_version_2() {
        let text = format!("{V2}2 123456789010 eni-2 - - - - - - - 1 2 - NODATA\n\n{}", V2.trim());
        for piece in [1, 7, 64, 1 << 18] {
            let (records, tally) = read_text(text.as_bytes(), piece, None);
            assert_eq!(records, ["eni-1 22", "eni-2 -", "eni-1 22"]);
            assert_eq!((tally.records, tally.no_data, tally.problems), (2, 1, 0));
        }
    }

    #[test]
    fn a_header_says_which_fields_there_are_each_time_it_comes() {
        let text = "dstport resource-id interface-id\r\n80 x eni-1\r\n\
                    dstport resource-id interface-id\r\n81 x eni-1\r\n\
                    interface-id dstport\neni-2 82\n";
        let (records, tally) = read_text(text.as_bytes(), 64, None);
        assert_eq!(records, ["eni-1 80", "eni-1 81", "eni-2 82"]);
        assert_eq!(tally.problems, 0, "{:?}", tally.shown);
    }

    #[test]
    fn a_given_format_is_that_of_files_without_a_header() {
        let format: Format = "${dstport} ${interface-id}".parse().expect("fields");
        let (records, _) = read_text("80 eni-1\n".as_bytes(), 64, Some(&format));
        assert_eq!(records, ["eni-1 80"]);
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_line() {
        let text = format!(
            "{V2}2 1 eni-1 1.2.3.4\n{}{}{}2 {}\n{V2}",
            V2.replace(" 22 ", " 70000 "),
            V2.replace("172.31.16.21", "172.31.16.256"),
            V2.replace("ACCEPT", "allow"),
            "x".repeat(LONGEST),
        );
        let (records, tally) = read_text(text.as_bytes(), 1 << 18, None);
        assert_eq!(records.len(), 2);
        let shown: Vec<String> = tally.shown.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "a.log:2: 4 words, and version 2 has 14: say by --flow-log-format which fields \
                 these are",
                "a.log:3: dstport is `70000`, no number that it may have",
                "a.log:4: dstaddr is `172.31.16.256`, no address",
                "a.log:5: action is `allow`, neither ACCEPT nor REJECT",
                "a.log:6: the line is longer than 65536 bytes",
            ]
        );
        assert_eq!(read_text(text.as_bytes(), 100, None), (records, tally));
    }
}
