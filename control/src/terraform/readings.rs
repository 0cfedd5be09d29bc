//! Readings of a plan that are likely and not certain, as a plan holds no expressions and no `dynamic`
//! blocks: said once for all of a kind, as almost every plan has some.

use indexmap::IndexMap;

use super::plan::Plan;
use crate::finding::Finding;
use crate::source::Place;

/// What was taken to be so.
#[derive(Debug, Default)]
pub(super) struct Readings {
    by_key: IndexMap<String, Place>,
    without_blocks: IndexMap<String, Place>,
}

impl Readings {
    /// An attribute was taken to name the instance that has its own resource's key.
    pub(super) fn by_key(&mut self, plan: &Plan<'_>, (at, path): (usize, &str), taken: usize) {
        let [user, named] = [at, taken].map(|index| without_key(&plan.instances[index].id));
        let key = match plan.instances[at].address.key.as_deref().map(str::parse::<usize>) {
            Some(Ok(_)) => "count.index",
            _ => "each.key",
        };
        let what = format!("`{path}` of `{user}` is taken to be `{named}[{key}]`");
        self.by_key.entry(what).or_insert_with(|| plan.place(at));
    }

    /// A resource was taken to have no blocks of that name.
    pub(super) fn without_blocks(&mut self, plan: &Plan<'_>, at: usize, name: &str) {
        let user = without_key(&plan.instances[at].id);
        let what = format!("`{user}` is taken to have no `{name}` blocks");
        self.without_blocks.entry(what).or_insert_with(|| plan.place(at));
    }

    /// What there is to say.
    pub(super) fn findings(&self) -> impl Iterator<Item = Finding> {
        let by_key = finding(
            &self.by_key,
            "taken-by-key",
            "a plan does not say whether something is reckoned with the key, as in `count.index + 1`; the \
             state after `apply` says what it came to",
        );
        let without_blocks = finding(
            &self.without_blocks,
            "taken-empty",
            "in a plan, `dynamic` blocks that wait for something look like none; the state after `apply` \
             says what they came to",
        );
        by_key.into_iter().chain(without_blocks)
    }
}

/// The first of them, and how many more there are.
fn finding(all: &IndexMap<String, Place>, code: &'static str, help: &str) -> Option<Finding> {
    let (first, place) = all.first()?;
    let more = match all.len() - 1 {
        0 => String::new(),
        1 => ", and likewise for 1 more".to_owned(),
        more => format!(", and likewise for {more} more"),
    };
    Some(Finding::warning(code, *place, format!("{first}{more}")).help(help))
}

/// The address of a resource, of one of its instances.
pub(super) fn without_key(id: &str) -> &str {
    id.strip_suffix(']').and_then(|id| id.rsplit_once('[')).map_or(id, |(id, _)| id)
}
