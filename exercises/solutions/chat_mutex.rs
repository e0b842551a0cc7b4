//! A std mutex in asynchronous code: what may happen while it is locked. One solution.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Exercise 1. Looks up a word (`look_up` takes a while), counts it, and returns how often it has come so
/// far. Two of these on one thread deadlock. Fix it, but keep std's mutex.
pub async fn count(counts: &Mutex<HashMap<String, u32>>, look_up: impl Future<Output = String>) -> u32 {
    let word = look_up.await;
    let mut counts = counts.lock().unwrap();
    let count = counts.entry(word).or_default();
    *count += 1;
    *count
}

/// Exercise 2. Things by name. Dropping a thing runs arbitrary code, which may call the registry again.
#[derive(Default)]
pub struct Registry {
    by_name: Mutex<HashMap<String, Box<dyn Send>>>,
}

impl Registry {
    /// Adds a thing. Drops the thing that had that name before.
    pub fn insert(&self, name: &str, thing: Box<dyn Send>) {
        let replaced = self.by_name.lock().unwrap().insert(name.to_owned(), thing);
        drop(replaced);
    }

    /// Drops a thing. Returns whether there was one.
    pub fn remove(&self, name: &str) -> bool {
        let removed = self.by_name.lock().unwrap().remove(name);
        removed.is_some()
    }

    pub fn len(&self) -> usize {
        self.by_name.lock().unwrap().len()
    }
}

/// A shared registry.
pub type Shared = Arc<Registry>;
