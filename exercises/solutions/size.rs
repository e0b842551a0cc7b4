//! A future without a table, a wrapper that adds little, and folders below folders. One solution.
#![allow(unsafe_code, reason = "a future is pinned where it was captured, which the compiler cannot check")]

use std::cell::RefCell;
use std::cmp::Reverse;
use std::pin::Pin;

use executor::sync::mpsc;
use executor::task::yield_now;

/// Exercise 1. The table is a variable of a function that has returned before the await.
pub async fn most_frequent(mut batches: mpsc::Receiver<Vec<u16>>, results: mpsc::Sender<u16>) {
    while let Some(batch) = batches.recv().await {
        if results.send(most_frequent_of(&batch)).await.is_err() {
            return; // Nobody wants the results any more.
        }
    }
}

fn most_frequent_of(batch: &[u16]) -> u16 {
    let mut counts = [0_u32; 4096];
    for value in batch {
        counts[usize::from(*value)] += 1;
    }
    let most = (0..4096).max_by_key(|value| (counts[usize::from(*value)], Reverse(*value)));
    most.expect("there are values")
}

/// Exercise 2. The block captures the future, and polls it in that place.
#[expect(clippy::manual_async_fn, reason = "the short form has two places for the future")]
pub fn noted<F: Future>(
    journal: &RefCell<Vec<&'static str>>,
    mut future: F,
) -> impl Future<Output = F::Output> {
    async move {
        journal.borrow_mut().push("begun");
        // SAFETY: the future is stored in this block, which is pinned, from before the first poll until it is
        // dropped with the block. Nothing else has a reference to it.
        let future = unsafe { Pin::new_unchecked(&mut future) };
        let output = future.await;
        journal.borrow_mut().push("ended");
        output
    }
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

/// Exercise 3. A recursion, even with boxes, would poll a hundred thousand futures inside each other. A list of what is
/// left to do needs no stack.
pub async fn total(disk: &Disk, folder: usize) -> u64 {
    let mut sum = 0;
    let mut left = vec![folder];
    while let Some(folder) = left.pop() {
        let (size, folders) = disk.read(folder).await;
        sum += size;
        left.extend(folders);
    }
    sum
}
