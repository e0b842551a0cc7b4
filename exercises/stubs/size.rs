//! A future with a table in it, a wrapper that doubles what it wraps, and folders below folders.
#![allow(
    dead_code,
    unused_variables,
    unused_mut,
    unused_imports,
    reason = "a stub for the reader to fix and fill in"
)]

use std::cell::RefCell;
use std::cmp::Reverse;
use std::pin::Pin;

use executor::sync::mpsc;
use executor::task::yield_now;

/// Exercise 1. For each batch it sends the most frequent value. If several values are equally frequent, it sends the
/// smallest. The values are below 4096. Its future has a table of 16 KiB in it. Make the future smaller than 1 KiB.
pub async fn most_frequent(mut batches: mpsc::Receiver<Vec<u16>>, results: mpsc::Sender<u16>) {
    while let Some(batch) = batches.recv().await {
        let mut counts = [0_u32; 4096];
        for value in &batch {
            counts[usize::from(*value)] += 1;
        }
        let most = (0..4096).max_by_key(|value| (counts[usize::from(*value)], Reverse(*value)));
        let most = most.expect("there are values");
        if results.send(most).await.is_err() {
            return; // Nobody wants the results any more.
        }
    }
}

/// Exercise 2. Awaits a future, and notes when it is polled first and when it has ended. Its own future contains the
/// awaited one twice. Make it contain that one once, without a box, and add at most 64 bytes.
pub async fn noted<F: Future>(journal: &RefCell<Vec<&'static str>>, future: F) -> F::Output {
    journal.borrow_mut().push("begun");
    let output = future.await;
    journal.borrow_mut().push("ended");
    output
}

/// A file system: each folder has a size of its own, and folders in it.
#[derive(Default)]
pub struct Disk(Vec<(u64, Vec<usize>)>);

impl Disk {
    /// Adds a folder to another one, and returns its number.
    pub fn add(&mut self, within: Option<usize>, size: u64) -> usize {
        self.0.push((size, Vec::new()));
        let number = self.0.len() - 1;
        if let Some(within) = within {
            self.0[within].1.push(number);
        }
        number
    }

    /// Reads a folder: its own size, and the numbers of the folders in it.
    pub async fn read(&self, folder: usize) -> (u64, Vec<usize>) {
        yield_now().await;
        self.0[folder].clone()
    }
}

/// Exercise 3. Adds up the sizes of a folder and of all folders below it. There may be a hundred thousand, each in the
/// one before.
pub async fn total(disk: &Disk, folder: usize) -> u64 {
    todo!("exercise 3: a list of the folders that are still to be read")
}
