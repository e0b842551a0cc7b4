//! A std mutex in asynchronous code: what may be done under it. One solution.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Exercise 1. Looks a word up (`look_up` takes a while), counts it, and returns how often it came so far. Two
/// of these on one thread wait for each other. Mend it; the mutex stays std's.
pub async fn count(counts: &Mutex<HashMap<String, u32>>, look_up: impl Future<Output = String>) -> u32 {
    let word = look_up.await;
    let mut counts = counts.lock().unwrap();
    let count = counts.entry(word).or_default();
    *count += 1;
    *count
}

/// Exercise 2. Things by name. To drop a thing is foreign code, which may come back to the registry.
#[derive(Default)]
pub struct Registry {
    by_name: Mutex<HashMap<String, Box<dyn Send>>>,
}

impl Registry {
    /// Adds a thing. What had that name is dropped.
    pub fn insert(&self, name: &str, thing: Box<dyn Send>) {
        let replaced = self.by_name.lock().unwrap().insert(name.to_owned(), thing);
        drop(replaced);
    }

    /// Drops a thing; `true` if there was one.
    pub fn remove(&self, name: &str) -> bool {
        let removed = self.by_name.lock().unwrap().remove(name);
        removed.is_some()
    }

    pub fn len(&self) -> usize {
        self.by_name.lock().unwrap().len()
    }
}

/// A registry that is shared.
pub type Shared = Arc<Registry>;
