//! Terraform's names of things: the address of a resource, and what an expression refers to.

use std::fmt;

/// One step of an address or a reference: `.name`, `[0]` or `["name"]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Step {
    /// A name after a dot.
    Name(String),
    /// A number in brackets, or a text in brackets without its quotes.
    Key(String),
}

impl Step {
    fn name(&self) -> Option<&str> {
        match self {
            Step::Name(name) => Some(name),
            Step::Key(_) => None,
        }
    }
}

/// The modules that something is in, from the outermost, each with its key where it has one.
pub(super) type Modules = Vec<(String, Option<String>)>;

/// Which resource of a module: `aws_subnet.private`, `data.aws_vpc.this`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Named {
    /// Whether it is read, not managed.
    pub(super) data: bool,
    /// Its type: `aws_subnet`.
    pub(super) kind: String,
    /// Its name.
    pub(super) name: String,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = if self.data { "data." } else { "" };
        write!(f, "{data}{}.{}", self.kind, self.name)
    }
}

/// The address of one instance of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) modules: Modules,
    pub(super) named: Named,
    /// Its key, where the resource has `count` or `for_each`.
    pub(super) key: Option<String>,
}

impl Address {
    /// Reads an address; `None` for what is none.
    pub(super) fn parse(text: &str) -> Option<Address> {
        let steps = steps(text)?;
        let (modules, rest) = modules(&steps);
        let (named, rest) = named(rest)?;
        let key = match rest {
            [] => None,
            [Step::Key(key)] => Some(key.clone()),
            _ => return None,
        };
        Some(Address { modules, named, key })
    }
}

/// The steps of an address or a reference; `None` where it is neither.
pub(super) fn steps(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (step, after) = match rest.strip_prefix('[') {
            Some(key) => key_step(key)?,
            None => {
                let name = rest.strip_prefix('.').unwrap_or(rest);
                let end = name.find(['.', '[']).unwrap_or(name.len());
                (Step::Name(name[..end].to_owned()), &name[end..])
            }
        };
        steps.push(step);
        rest = after;
    }
    Some(steps)
}

/// A key after its opening bracket, and what follows the closing one.
fn key_step(text: &str) -> Option<(Step, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(']')?;
        return Some((Step::Key(text[..end].to_owned()), &text[end + 1..]));
    };
    let mut key = String::new();
    let mut chars = quoted.char_indices();
    while let Some((index, c)) = chars.next() {
        match c {
            '"' => return Some((Step::Key(key), quoted[index + 1..].strip_prefix(']')?)),
            '\\' => key.push(chars.next()?.1),
            c => key.push(c),
        }
    }
    None
}

/// The modules that the steps begin with, and the steps after them.
fn modules(steps: &[Step]) -> (Modules, &[Step]) {
    let mut modules = Vec::new();
    let mut rest = steps;
    while let [Step::Name(word), Step::Name(name), after @ ..] = rest
        && word == "module"
    {
        let (key, after) = keyed(after);
        modules.push((name.clone(), key));
        rest = after;
    }
    (modules, rest)
}

/// The key that the steps begin with, if any, and the steps after it.
pub(super) fn keyed(steps: &[Step]) -> (Option<String>, &[Step]) {
    match steps {
        [Step::Key(key), rest @ ..] => (Some(key.clone()), rest),
        _ => (None, steps),
    }
}

/// The resource that the steps begin with, and the steps after it.
pub(super) fn named(steps: &[Step]) -> Option<(Named, &[Step])> {
    let data = steps.first()?.name() == Some("data");
    match &steps[usize::from(data)..] {
        [Step::Name(kind), Step::Name(name), rest @ ..] => {
            let named = Named { data, kind: kind.clone(), name: name.clone() };
            Some((named, rest))
        }
        _ => None,
    }
}

/// What an expression refers to, without the shorter forms that Terraform lists behind each
/// reference: of `aws_vpc.main.id`, `aws_vpc.main` only the first.
pub(super) fn whole_references<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<Vec<Step>> {
    let mut references: Vec<Vec<Step>> = Vec::new();
    for steps in texts.filter_map(steps) {
        let shorter = references.last().is_some_and(|last| last.starts_with(&steps));
        if !shorter && !references.contains(&steps) {
            references.push(steps);
        }
    }
    references
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_modules_and_keys() {
        let address =
            Address::parse(r#"module.net["a.b"].module.vpc[0].data.aws_subnet.x["c\"]"]"#);
        let address = address.expect("an address");
        let modules = [("net", Some("a.b")), ("vpc", Some("0"))];
        let modules = modules.map(|(name, key)| (name.to_owned(), key.map(str::to_owned)));
        assert_eq!(address.modules, modules);
        assert_eq!(address.named.to_string(), "data.aws_subnet.x");
        assert_eq!(address.key.as_deref(), Some("c\"]"));
        assert_eq!(Address::parse("aws_vpc.main").expect("an address").key, None);
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in
            ["", "aws_vpc", "aws_vpc.main.id", "aws_vpc.main[", "aws_vpc.main[\"", "[0]", "data"]
        {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }

    #[test]
    fn shorter_forms_of_a_reference_are_left_out() {
        let texts = [
            "aws_subnet.a[0].id",
            "aws_subnet.a[0]",
            "aws_subnet.a",
            "module.vpc.subnets",
            "module.vpc",
            "var.one",
            "var.one",
        ];
        let kept = whole_references(texts.into_iter());
        let wanted = ["aws_subnet.a[0].id", "module.vpc.subnets", "var.one"];
        assert_eq!(kept, wanted.map(|text| steps(text).expect("steps")));
    }
}
