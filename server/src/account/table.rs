//! The rows of one resource kind, by id, and what the change under way has done to them.
//!
//! A row is shared and never written to: a change puts another in its place. Tables are persistent
//! trees: a copy of one costs the same whatever is in it, and shares all that does not change later.
//! So the publisher copies the account while changes wait for nothing that grows. A change that fails
//! is undone by putting the old rows back.
//!
//! Rows that belong to another one are also found by that one, at the cost of those that are found.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a table holds.
pub trait Row: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name of the kind in the store. It stays what it is for ever.
    const KIND: &'static str;

    /// The id of what it belongs to, by which [`Table::of`] finds it: an interface's subnet, a rule's
    /// group. It is the same as long as the row is there.
    fn belongs_to(&self) -> Option<&str> {
        None
    }
}

/// One row to be stored, or with `None` to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The row's kind.
    pub kind: &'static str,
    /// Its id.
    pub id: Arc<str>,
    /// It, as JSON.
    pub row: Option<Vec<u8>>,
}

/// The rows of one kind.
#[derive(Clone, Debug)]
pub struct Table<T> {
    rows: OrdMap<Arc<str>, Arc<T>>,
    /// The ids of the rows that belong to something, by its id.
    belongings: OrdMap<Arc<str>, OrdSet<Arc<str>>>,
    /// The rows that the change under way has touched, as they were before.
    before: BTreeMap<Arc<str>, Option<Arc<T>>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { rows: OrdMap::new(), belongings: OrdMap::new(), before: BTreeMap::new() }
    }
}

impl<T: Row> Table<T> {
    /// The row of that id.
    pub fn get(&self, id: &str) -> Option<&T> {
        self.rows.get(id).map(|row| &**row)
    }

    /// Whether there is such a row.
    pub fn has(&self, id: &str) -> bool {
        self.rows.contains_key(id)
    }

    /// All rows in the order of their ids.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &T)> {
        self.rows.iter().map(|(id, row)| (&**id, &**row))
    }

    /// The rows without their ids, in the same order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.values().map(|row| &**row)
    }

    /// The rows whose ids come after this one: the rest of a list of which a page was seen.
    pub fn after<'t>(
        &'t self,
        id: &str,
    ) -> impl DoubleEndedIterator<Item = (&'t str, &'t T)> + use<'t, T> {
        let from = (Bound::Excluded(id), Bound::Unbounded);
        self.rows.range::<_, str>(from).map(|(id, row)| (&**id, &**row))
    }

    /// The rows that belong to something, in the order of their ids.
    pub fn of(&self, owner: &str) -> impl DoubleEndedIterator<Item = &T> {
        let ids = self.belongings.get(owner).into_iter().flatten();
        ids.filter_map(|id| self.get(id))
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Puts a row in, in place of one of the same id.
    pub fn insert(&mut self, id: impl Into<Arc<str>>, row: T) {
        let id = id.into();
        let old = self.put(&id, Arc::new(row));
        self.before.entry(id).or_insert(old);
    }

    /// The row of that id, to be changed in place.
    pub fn edit(&mut self, id: &str) -> Option<&mut T> {
        let (key, old) = self.rows.get_key_value(id)?;
        if let Entry::Vacant(vacant) = self.before.entry(Arc::clone(key)) {
            vacant.insert(Some(Arc::clone(old)));
        }
        self.rows.get_mut(id).map(Arc::make_mut)
    }

    /// Takes a row out.
    pub fn remove(&mut self, id: &str) -> Option<Arc<T>> {
        let (id, old) = self.take(id)?;
        if let Entry::Vacant(vacant) = self.before.entry(id) {
            vacant.insert(Some(Arc::clone(&old)));
        }
        Some(old)
    }

    /// Puts a row in whose old self is kept elsewhere, or nowhere.
    fn put(&mut self, id: &Arc<str>, row: Arc<T>) -> Option<Arc<T>> {
        let old = self.take(id).map(|(_, old)| old);
        if let Some(owner) = row.belongs_to() {
            self.belongings.entry(owner.into()).or_default().insert(Arc::clone(id));
        }
        self.rows.insert(Arc::clone(id), row);
        old
    }

    fn take(&mut self, id: &str) -> Option<(Arc<str>, Arc<T>)> {
        let (id, old) = self.rows.remove_with_key(id)?;
        if let Some(owner) = old.belongs_to()
            && let Some(belongings) = self.belongings.get_mut(owner)
        {
            belongings.remove(&id);
            if belongings.is_empty() {
                self.belongings.remove(owner);
            }
        }
        Some((id, old))
    }
}

/// What an account does with each of its tables, whatever they hold.
pub(crate) trait AnyTable {
    /// The name of the kind in the store.
    fn kind(&self) -> &'static str;
    /// How many rows there are.
    #[cfg(test)]
    fn count(&self) -> usize;
    /// What is to be stored of the change under way.
    fn writes(&self, writes: &mut Vec<Write>);
    /// The change under way has been accepted.
    fn keep(&mut self);
    /// The change under way has failed.
    fn undo(&mut self);
    /// Puts in a row from the store.
    fn load(&mut self, id: &str, row: &[u8]) -> Result<(), serde_json::Error>;
}

impl<T: Row> AnyTable for Table<T> {
    fn kind(&self) -> &'static str {
        T::KIND
    }

    #[cfg(test)]
    fn count(&self) -> usize {
        self.rows.len()
    }

    fn writes(&self, writes: &mut Vec<Write>) {
        for id in self.before.keys() {
            let json = |row: &Arc<T>| serde_json::to_vec(&**row).expect("a row is plain data");
            let row = self.rows.get(id).map(json);
            writes.push(Write { kind: T::KIND, id: Arc::clone(id), row });
        }
    }

    fn keep(&mut self) {
        self.before.clear();
    }

    fn undo(&mut self) {
        for (id, old) in std::mem::take(&mut self.before) {
            match old {
                Some(row) => drop(self.put(&id, row)),
                None => drop(self.take(&id)),
            }
        }
    }

    fn load(&mut self, id: &str, row: &[u8]) -> Result<(), serde_json::Error> {
        self.put(&id.into(), Arc::new(serde_json::from_slice(row)?));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Number(u32);

    impl Row for Number {
        const KIND: &'static str = "number";
    }

    fn table() -> Table<Number> {
        let mut table = Table::default();
        table.insert("one", Number(1));
        table.insert("two", Number(2));
        table.keep();
        table
    }

    fn rows(table: &Table<Number>) -> Vec<(String, u32)> {
        table.iter().map(|(id, row)| (id.to_owned(), row.0)).collect()
    }

    #[test]
    fn a_change_that_fails_leaves_everything_as_it_was() {
        let mut table = table();
        let before = rows(&table);
        table.edit("one").unwrap().0 = 10;
        table.remove("one");
        table.insert("one", Number(11));
        table.remove("two");
        table.insert("three", Number(3));
        table.remove("three");
        table.undo();
        assert_eq!(rows(&table), before);
        assert!(table.before.is_empty());
    }

    #[test]
    fn what_is_stored_is_what_came_of_it() {
        let mut table = table();
        table.edit("one").unwrap().0 = 10;
        table.remove("two");
        let mut writes = Vec::new();
        table.writes(&mut writes);
        let written: Vec<_> = writes.iter().map(|w| (&*w.id, w.row.as_deref())).collect();
        assert_eq!(written, [("one", Some(&b"10"[..])), ("two", None)]);
    }

    #[test]
    fn a_copy_does_not_see_what_comes_later() {
        let mut table = table();
        let copy = table.clone();
        table.edit("one").unwrap().0 = 10;
        assert_eq!(copy.get("one"), Some(&Number(1)));
    }
}
