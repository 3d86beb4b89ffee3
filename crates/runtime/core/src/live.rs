//! Components by name, swapped as a whole so that readers never wait.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

/// The components of one kind that serve right now.
///
/// Reading costs no lock; hot reload replaces entries while requests go on with those they hold.
#[derive(Debug)]
pub struct Live<T> {
    entries: ArcSwap<BTreeMap<String, Arc<T>>>,
}

impl<T> Default for Live<T> {
    fn default() -> Self {
        Self { entries: ArcSwap::from_pointee(BTreeMap::new()) }
    }
}

impl<T> Live<T> {
    /// The component of this name.
    pub fn get(&self, name: &str) -> Option<Arc<T>> {
        self.entries.load().get(name).cloned()
    }

    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.entries.load().is_empty()
    }

    /// All of them, in the order of their names.
    pub fn all(&self) -> Arc<BTreeMap<String, Arc<T>>> {
        self.entries.load_full()
    }

    /// Adds or replaces one, and gives the one that it replaces.
    pub fn insert(&self, name: impl Into<String>, entry: T) -> Option<Arc<T>> {
        let (name, entry) = (name.into(), Arc::new(entry));
        let before = self.entries.rcu(|entries| {
            let mut entries = BTreeMap::clone(entries);
            entries.insert(name.clone(), entry.clone());
            entries
        });
        before.get(&name).cloned()
    }

    /// Takes one out.
    pub fn remove(&self, name: &str) -> Option<Arc<T>> {
        let before = self.entries.rcu(|entries| {
            let mut entries = BTreeMap::clone(entries);
            entries.remove(name);
            entries
        });
        before.get(name).cloned()
    }

    /// Takes all out.
    pub fn clear(&self) -> Arc<BTreeMap<String, Arc<T>>> {
        self.entries.swap(Arc::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_replaced_while_it_is_held() {
        let live = Live::default();
        assert!(live.insert("a", 1).is_none());
        let held = live.get("a").unwrap();
        assert_eq!(live.insert("a", 2).as_deref(), Some(&1));
        assert_eq!((*held, live.get("a").as_deref(), live.remove("a").as_deref()), (1, Some(&2), Some(&2)));
        assert!(live.is_empty());
    }
}
