//! Tags of whatever has an id or an ARN.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Account;
use super::table::Row;

/// The tags of one resource: never none at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags(pub BTreeMap<String, String>);

impl Row for Tags {
    const KIND: &'static str = "tags";
}

impl Account {
    /// The tags of a resource, by key.
    pub fn tags_of(&self, id: &str) -> impl Iterator<Item = (&str, &str)> {
        let tags = self.tags.get(id).into_iter().flat_map(|tags| &tags.0);
        tags.map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The value of one tag.
    pub fn tag(&self, id: &str, key: &str) -> Option<&str> {
        self.tags.get(id)?.0.get(key).map(String::as_str)
    }

    /// Adds tags to a resource, in place of those with the same keys.
    pub fn put_tags(&mut self, id: &str, tags: impl IntoIterator<Item = (String, String)>) {
        let mut all = self.tags.get(id).cloned().unwrap_or_default();
        all.0.extend(tags);
        if !all.0.is_empty() {
            self.tags.insert(id, all);
        }
    }

    /// Takes tags off a resource: those for which `goes` says so.
    pub fn drop_tags(&mut self, id: &str, mut goes: impl FnMut(&str, &str) -> bool) {
        let Some(mut all) = self.tags.get(id).cloned() else { return };
        all.0.retain(|key, value| !goes(key, value));
        self.forget_tags(id);
        if !all.0.is_empty() {
            self.tags.insert(id, all);
        }
    }

    /// The resource is gone, and its tags with it.
    pub fn forget_tags(&mut self, id: &str) {
        self.tags.remove(id);
    }
}
