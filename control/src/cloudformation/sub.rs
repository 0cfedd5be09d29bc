//! Texts that are put together: `Fn::Sub` and `Fn::Join`.

use super::conditions::unknown_in;
use super::evaluator::Argument;
use super::*;

/// The longest text: a template has at most 1 MB.
const MAX_LENGTH: usize = 1 << 20;

/// A part of a text with variables.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece<'t> {
    Literal(&'t str),
    /// `${!Name}`, which is `${Name}` afterwards.
    Escaped(&'t str),
    Variable(&'t str),
}

impl<'a> Evaluator<'a> {
    pub(super) fn sub(&mut self, argument: Argument<'a>, place: Place) -> Data {
        let shape = "`Fn::Sub` is called with a text, or with a text and a map of variables";
        let (text, variables) = match &argument.tree.branch {
            Branch::Plain(text) | Branch::Text(text) => (text, None),
            Branch::List(items) if items.len() == 2 => match items[0].text() {
                Some(_) => (
                    match &items[0].branch {
                        Branch::Plain(text) | Branch::Text(text) => text,
                        _ => return self.misshapen(place, shape),
                    },
                    Some(&items[1]),
                ),
                None => return self.misshapen(items[0].place, shape),
            },
            _ => return self.misshapen(argument.tree.place, shape),
        };
        let mut parts = Vec::new();
        for piece in pieces(text) {
            parts.push(match piece {
                Piece::Literal(text) => Data::Text(text.to_owned()),
                Piece::Escaped(name) => Data::Text(format!("${{{name}}}")),
                Piece::Variable(name) => {
                    let own = variables.and_then(|variables| variables.get(name));
                    match own {
                        Some(own) => self.value(own).data,
                        None => self.variable(name, argument.tree.place),
                    }
                }
            });
        }
        let joined = self.put_together(parts, "", place);
        match joined {
            Data::Text(text) => self.looked_up(&text),
            other => other,
        }
    }

    fn variable(&mut self, name: &str, place: Place) -> Data {
        match name.split_once('.') {
            Some((resource, attribute)) => self.attribute(resource, attribute, place),
            None => self.reference(name, place),
        }
    }

    pub(super) fn join(&mut self, argument: Argument<'a>, place: Place) -> Data {
        let shape = "`Fn::Join` is called with a delimiter and a list";
        let Some(items) = self.items(argument, 2..=2, shape) else { return Data::Null };
        let Some(delimiter) = items[0].text() else {
            return self.misshapen(items[0].place, shape);
        };
        let parts = match self.value(&items[1]).data {
            Data::List(parts) => parts.into_iter().map(|part| part.data).collect(),
            other => return self.open(other, items[1].place, shape),
        };
        match self.put_together(parts, delimiter, place) {
            Data::Text(text) => self.looked_up(&text),
            other => other,
        }
    }

    /// Parts as one text. A reference on its own stays one; within a text it is not known.
    fn put_together(&mut self, mut parts: Vec<Data>, delimiter: &str, place: Place) -> Data {
        parts.retain(|part| *part != Data::Null);
        if parts.len() > 1 {
            parts.retain(|part| !delimiter.is_empty() || *part != Data::Text(String::new()));
        }
        if let [only @ (Data::Of { .. } | Data::Text(_))] = &parts[..] {
            return only.clone();
        }
        let mut texts = Vec::new();
        for part in &parts {
            match part {
                Data::Text(text) => texts.push(text.clone()),
                Data::Bool(flag) => texts.push(flag.to_string()),
                Data::List(_) | Data::Map(_) => {
                    return self.misshapen(place, "only texts can be put together");
                }
                unknown => return Data::Unknown(unknown_in(unknown).unwrap_or_default()),
            }
        }
        let length = texts.iter().map(String::len).sum::<usize>();
        match length <= MAX_LENGTH {
            true => Data::Text(texts.join(delimiter)),
            false => self.misshapen(place, "the text is longer than a template may be"),
        }
    }
}

/// A text cut at its variables. A `${` that does not end is text.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(end) = rest[start..].find('}').map(|end| start + end) else { break };
        if start > 0 {
            pieces.push(Piece::Literal(&rest[..start]));
        }
        let name = &rest[start + 2..end];
        pieces.push(match name.strip_prefix('!') {
            Some(name) => Piece::Escaped(name),
            None => Piece::Variable(name.trim()),
        });
        rest = &rest[end + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::Piece::{Escaped, Literal, Variable};
    use super::*;

    #[test]
    fn a_text_is_cut_at_its_variables() {
        assert_eq!(
            pieces("a${B}c${!D}${E.F}"),
            [Literal("a"), Variable("B"), Literal("c"), Escaped("D"), Variable("E.F"),]
        );
        assert_eq!(pieces("${ A }${"), [Variable("A"), Literal("${")]);
        assert_eq!(pieces(""), []);
    }
}
