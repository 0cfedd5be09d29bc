//! A file's values without a type, with the tags on them: what a language within YAML is read from.

use serde_saphyr::Tagged;

use super::document::Shape;
use super::*;

/// Values of any shape, as read. [`Page::tree`] makes a [`Tree`] of it.
#[derive(Clone, Debug)]
pub struct Sapling {
    shape: Shape<Sapling, At<String>>,
    tag: Option<String>,
    defined: Location,
    referenced: Location,
}

/// Values of any shape: what a file, or a part of it, says.
#[derive(Clone, Debug)]
pub struct Tree {
    /// What is said.
    pub branch: Branch,
    /// The tag on it without its exclamation mark, such as `Ref`; YAML's own are not told.
    pub tag: Option<String>,
    /// Where it is written.
    pub place: Place,
}

/// What a value of any shape is.
#[derive(Clone, Debug)]
pub enum Branch {
    /// Nothing.
    Null,
    /// A number or a truth value, as written.
    Plain(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// A map, in order.
    Map(Vec<(Sourced<String>, Tree)>),
}

impl Page<'_> {
    /// What values of any shape say, with the place of each.
    pub fn tree(&self, sapling: Sapling) -> Tree {
        let place = self.place(&At { value: (), location: sapling.referenced });
        let branch = match sapling.shape {
            Shape::Null => Branch::Null,
            Shape::Plain(value) => Branch::Plain(self.as_written(sapling.defined).unwrap_or(value)),
            Shape::Text(text) => Branch::Text(text),
            Shape::List(items) => {
                Branch::List(items.into_iter().map(|item| self.tree(item)).collect())
            }
            Shape::Map(entries) => {
                let entries = entries.into_iter();
                Branch::Map(entries.map(|(k, v)| (self.sourced(k), self.tree(v))).collect())
            }
        };
        Tree { branch, tag: sapling.tag, place }
    }
}

impl Tree {
    /// The value of a key of a map.
    pub fn get(&self, wanted: &str) -> Option<&Tree> {
        self.entries().iter().find(|(key, _)| key.value == wanted).map(|(_, value)| value)
    }

    /// The keys and values of a map; none of anything else.
    pub fn entries(&self) -> &[(Sourced<String>, Tree)] {
        match &self.branch {
            Branch::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.branch {
            Branch::Plain(text) | Branch::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Sapling {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value: Tagged(shape, tag), defined, referenced } =
            Spanned::deserialize(deserializer)?;
        let tag = tag.and_then(|tag| Some(tag.strip_prefix('!')?.to_owned()));
        Ok(Sapling { shape, tag, defined, referenced })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Tree {
        let mut sources = Sources::default();
        let file = sources.add("test.yaml", text);
        let sapling = parse(&sources, file).unwrap_or_else(|e| panic!("{e:?} in {text}"));
        Page::new(&sources, file, &mut Vec::new()).tree(sapling)
    }

    #[test]
    fn tags_are_told_with_their_values() {
        let tree = tree(
            "a: !Ref Vpc\nb: !Select [0, !GetAZs '']\nc: !GetAtt Vpc.CidrBlock\nd: !If\n  - x\n  - !Sub '${A}-b'\n  - !Ref AWS::NoValue\ne: !Sub\n  - '${A}'\n  - { A: 012 }\nf: !Equals [1, true]\ng: !!str 7\nh: !GetAZs\n",
        );
        let tag = |key: &str| tree.get(key).and_then(|value| value.tag.as_deref());
        assert_eq!(
            ["a", "b", "c", "d", "e", "f", "g", "h"].map(tag),
            [
                Some("Ref"),
                Some("Select"),
                Some("GetAtt"),
                Some("If"),
                Some("Sub"),
                Some("Equals"),
                None,
                Some("GetAZs"),
            ]
        );
        let Branch::List(items) = &tree.get("b").expect("b").branch else { panic!() };
        assert_eq!(items[1].tag.as_deref(), Some("GetAZs"));
        assert_eq!((items[1].place.line, items[1].place.column), (2, 24));
        assert_eq!(tree.get("a").and_then(Tree::text), Some("Vpc"));
        assert_eq!(tree.get("g").and_then(Tree::text), Some("7"));
    }
}
