//! One file on its way into the model: its text, and what was found in it so far.

use super::*;

/// A file being read. It turns values as written into values with places, and collects findings.
#[derive(Debug)]
pub struct Page<'a> {
    file: FileId,
    text: Arc<str>,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Page<'a> {
    /// A page of that file; what it finds is added to `findings`.
    pub fn new(sources: &Sources, file: FileId, findings: &'a mut Vec<Finding>) -> Self {
        Page { file, text: sources.file(file).text.clone(), findings }
    }

    /// The text of the whole file.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The place of a value. That of a map or a list in brackets is all of it, that of one without
    /// brackets its first line.
    pub fn place<T>(&self, at: &At<T>) -> Place {
        let place = syntax::place_of(at.location, &self.text, self.file);
        let rest = self.text.get(place.offset as usize..).unwrap_or("");
        let len = match rest.as_bytes().first() {
            _ if place.len > 1 => place.len as usize,
            Some(b'{' | b'[') => bracketed(rest),
            _ if place.len == 0 => rest.lines().next().unwrap_or("").trim_end().len(),
            _ => place.len as usize,
        };
        Place { len: len as u32, ..place }
    }

    /// The place from the start of one value to the end of another that follows it.
    pub fn stretch<A, B>(&self, from: &At<A>, to: &At<B>) -> Place {
        let (from, to) = (self.place(from), self.place(to));
        let end = (to.offset + to.len).max(from.offset + from.len);
        Place { len: end - from.offset, ..from }
    }

    /// The value with its place.
    pub fn sourced<T>(&self, at: At<T>) -> Sourced<T> {
        let place = self.place(&at);
        Sourced::new(at.value, place)
    }

    /// What a scalar means; without a meaning, `None` and a finding.
    pub fn meaning<T: Scalar>(&mut self, written: Written<T>) -> Option<Sourced<T>> {
        let Sourced { value: text, place } = self.sourced(written.text);
        match T::parse(&text) {
            Ok((value, caution)) => {
                self.findings.extend(caution.map(|caution| caution.warning(T::NOUN, &text, place)));
                Some(Sourced::new(value, place))
            }
            Err(complaint) => {
                self.findings.push(complaint.error(T::NOUN, &text, place));
                None
            }
        }
    }

    /// What a scalar that may be absent means.
    pub fn optional<T: Scalar>(&mut self, written: Option<Written<T>>) -> Option<Sourced<T>> {
        written.and_then(|written| self.meaning(written))
    }

    /// What each of several scalars means; those without a meaning are left out and found.
    pub fn meanings<T, I>(&mut self, written: I) -> Vec<Sourced<T>>
    where
        T: Scalar,
        I: IntoIterator<Item = Written<T>>,
    {
        written.into_iter().filter_map(|written| self.meaning(written)).collect()
    }

    /// Several values with their places.
    pub fn all<T>(&self, values: impl IntoIterator<Item = At<T>>) -> Vec<Sourced<T>> {
        values.into_iter().map(|value| self.sourced(value)).collect()
    }

    /// Adds a finding.
    pub fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }
}

/// The length of the bracketed map or list that the text starts with, strings in it passed over;
/// 1 where it does not end.
fn bracketed(text: &str) -> usize {
    let (mut depth, mut quote, mut escaped) = (0usize, None, false);
    for (index, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(b'"'), b'\\') => escaped = true,
            (Some(open), byte) if open == byte => quote = None,
            (None, b'"') => quote = Some(byte),
            (None, b'{' | b'[') => depth += 1,
            (None, b'}' | b']') if depth == 1 => return index + 1,
            (None, b'}' | b']') => depth -= 1,
            _ => {}
        }
    }
    1
}

/// The known word that is most like the unknown one, if any is like it at all.
pub fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let distances = known.iter().map(|candidate| (distance(word, candidate), *candidate));
    let (steps, candidate) = distances.min_by_key(|(steps, _)| *steps)?;
    (steps <= 1 + candidate.chars().count() / 4).then_some(candidate)
}

/// The words in backquotes, with commas between them.
pub(crate) fn quoted_list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
