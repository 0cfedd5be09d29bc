//! Conditions: true, false, or not known.

use super::evaluator::{Argument, function};
use super::*;

/// What a condition comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// It is not known, for want of this.
    Unknown(String),
}

impl Truth {
    fn of(flag: bool) -> Truth {
        if flag { Truth::Yes } else { Truth::No }
    }

    fn not(self) -> Truth {
        match self {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            unknown => unknown,
        }
    }
}

impl<'a> Evaluator<'a> {
    /// What a condition of this name comes to.
    pub(super) fn condition(&mut self, name: &str, place: Place) -> Truth {
        let Some((name, tree)) = self.conditions.get_key_value(name).map(|(n, t)| (*n, *t)) else {
            let known: Vec<&str> = self.conditions.keys().copied().collect();
            self.undefined("condition", name, place, &known);
            return Truth::No;
        };
        match self.truths.get(name) {
            Some(Some(truth)) => return truth.clone(),
            Some(None) => {
                let message = format!("the condition `{name}` depends on itself");
                self.findings.push(Finding::error("circular-condition", place, message));
                return Truth::No;
            }
            None => {}
        }
        if self.is_too_deep(place) {
            return Truth::No;
        }
        self.truths.insert(name, None);
        self.depth += 1;
        let truth = self.truth(tree, 0);
        self.depth -= 1;
        let truth = match truth {
            Truth::Unknown(why) => Truth::Unknown(format!("condition `{name}` ({why})")),
            known => known,
        };
        self.truths.insert(name, Some(truth.clone()));
        truth
    }

    fn truth(&mut self, tree: &'a Tree, depth: usize) -> Truth {
        let call = match tree.entries() {
            [(key, argument)] if key.value == "Condition" => {
                Some(("Condition", Argument::long(argument)))
            }
            _ => function(tree),
        };
        let Some((name, argument)) = call.filter(|_| depth < 32) else {
            let wanted = "a condition is one of `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not` and \
                          `Condition`";
            self.misshapen(tree.place, wanted);
            return Truth::No;
        };
        match name {
            "Condition" => match argument.tree.text() {
                Some(name) => self.condition(name, tree.place),
                None => {
                    self.misshapen(tree.place, "`Condition` is called with a name");
                    Truth::No
                }
            },
            "Equals" => self.equals(argument),
            "Not" => {
                let items = self.items(argument, 1..=1, "`Fn::Not` is called with one condition");
                items.map_or(Truth::No, |items| self.truth(&items[0], depth + 1).not())
            }
            "And" | "Or" => self.all_or_any(argument, name == "And", depth),
            _ => {
                self.misshapen(tree.place, &format!("`{name}` is no function of conditions"));
                Truth::No
            }
        }
    }

    fn equals(&mut self, argument: Argument<'a>) -> Truth {
        let shape = "`Fn::Equals` is called with two values";
        let Some(items) = self.items(argument, 2..=2, shape) else { return Truth::No };
        let sides = [self.value(&items[0]), self.value(&items[1])];
        let unknown = sides.iter().find_map(|side| unknown_in(&side.data));
        match unknown {
            Some(why) => Truth::Unknown(why),
            None => Truth::of(plain(&sides[0].data) == plain(&sides[1].data)),
        }
    }

    fn all_or_any(&mut self, argument: Argument<'a>, all: bool, depth: usize) -> Truth {
        let shape = "`Fn::And` and `Fn::Or` are called with two to ten conditions";
        let Some(items) = self.items(argument, 1..=10, shape) else { return Truth::No };
        let mut open = None;
        for item in items {
            match self.truth(item, depth + 1) {
                Truth::Unknown(why) => open = open.or(Some(why)),
                decided if decided == Truth::of(!all) => return decided,
                _ => {}
            }
        }
        open.map_or(Truth::of(all), Truth::Unknown)
    }
}

/// What is not known of a value, if anything is.
pub(super) fn unknown_in(data: &Data) -> Option<String> {
    match data {
        Data::Unknown(why) => Some(why.clone()),
        Data::Of { resource, attribute: Some(attribute) } => {
            Some(format!("`{resource}.{attribute}`"))
        }
        Data::Of { resource, attribute: None } => Some(format!("`{resource}`")),
        Data::List(items) => items.iter().find_map(|item| unknown_in(&item.data)),
        Data::Map(entries) => entries.values().find_map(|value| unknown_in(&value.data)),
        Data::Null | Data::Bool(_) | Data::Text(_) => None,
    }
}

/// Truth values are compared as texts.
fn plain(data: &Data) -> Data {
    match data {
        Data::Bool(flag) => Data::Text(flag.to_string()),
        other => other.clone(),
    }
}
