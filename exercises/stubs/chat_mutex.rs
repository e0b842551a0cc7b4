//! A std mutex in asynchronous code: what may be done under it.
#![allow(dead_code, unused_variables, unused_imports, unused_mut, reason = "a stub, to be filled in")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Exercise 1. Looks a word up (`look_up` takes a while), counts it, and returns how often it came so far. Two
/// of these on one thread wait for each other. Mend it; the mutex stays std's.
#[allow(clippy::await_holding_lock, reason = "that is what is to be mended")]
pub async fn count(counts: &Mutex<HashMap<String, u32>>, look_up: impl Future<Output = String>) -> u32 {
    let mut counts = counts.lock().unwrap();
    let word = look_up.await;
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
        self.by_name.lock().unwrap().insert(name.to_owned(), thing); // exercise 2: where is the old one dropped?
    }

    /// Drops a thing; `true` if there was one.
    pub fn remove(&self, name: &str) -> bool {
        let mut by_name = self.by_name.lock().unwrap();
        by_name.remove(name).is_some() // exercise 2
    }

    pub fn len(&self) -> usize {
        self.by_name.lock().unwrap().len()
    }
}

/// A registry that is shared.
pub type Shared = Arc<Registry>;
