//! One kind of thing on its way into a snapshot: a key, an index that stays, and the thing itself.

use std::collections::HashMap;
use std::sync::Arc;

/// Indices by key. A key of the previous snapshot has the index that it had there; a new one gets
/// the next.
#[derive(Debug)]
pub(super) struct Table<T> {
    ids: HashMap<Arc<str>, u32>,
    keys: Vec<Arc<str>>,
    items: Vec<Option<T>>,
}

impl<T: Clone> Table<T> {
    pub(super) fn after(previous: &[Arc<str>]) -> Table<T> {
        let ids = previous.iter().zip(0..).map(|(key, id)| (Arc::clone(key), id)).collect();
        let items = previous.iter().map(|_| None).collect();
        Table { ids, keys: previous.to_vec(), items }
    }

    /// The index of a key. Whoever asks may come before whoever puts the thing there.
    pub(super) fn id(&mut self, key: &str) -> u32 {
        if let Some(id) = self.ids.get(key) {
            return *id;
        }
        let id = self.keys.len() as u32;
        let key: Arc<str> = Arc::from(key);
        self.ids.insert(Arc::clone(&key), id);
        self.keys.push(key);
        self.items.push(None);
        id
    }

    /// The index of a key whose thing is there. Asking makes nothing: an index that was given away
    /// for something that never comes would have no place in the snapshot.
    pub(super) fn known(&self, key: &str) -> Option<u32> {
        self.ids.get(key).copied().filter(|id| self.of(*id).is_some())
    }

    pub(super) fn put(&mut self, id: u32, item: T) {
        self.items[id as usize] = Some(item);
    }

    pub(super) fn of(&self, id: u32) -> Option<&T> {
        self.items.get(id as usize)?.as_ref()
    }

    pub(super) fn of_mut(&mut self, id: u32) -> Option<&mut T> {
        self.items.get_mut(id as usize)?.as_mut()
    }

    pub(super) fn keys(&self) -> Vec<Arc<str>> {
        self.keys.clone()
    }

    /// All of them; for those that are gone, what the previous snapshot had, made harmless.
    pub(super) fn finish(self, previous: &[T], husk: impl Fn(&mut T)) -> Vec<T> {
        let items = self.items.into_iter().enumerate();
        items
            .map(|(id, item)| {
                item.unwrap_or_else(|| {
                    // A name that nothing stands behind was reported; only what is gone is left.
                    let mut gone = previous[id].clone();
                    husk(&mut gone);
                    gone
                })
            })
            .collect()
    }
}
