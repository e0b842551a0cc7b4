//! A log: appends that share a commit, and the seam between what was kept and what is posted.

use std::io;
use std::sync::{Arc, Mutex};

use executor::sync::oneshot;
use executor::task;

/// Makes a batch of messages safe. It blocks.
pub type Commit = dyn Fn(&[String]) -> io::Result<()> + Send + Sync;

/// A log whose messages have numbers.
pub struct Log {
    shared: Arc<Shared>,
}

struct Shared {
    commit: Arc<Commit>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<(String, oneshot::Sender<io::Result<u64>>)>,
    /// A task commits. It ends when nothing waits.
    committing: bool,
    last: u64,
}

impl Log {
    pub fn new(commit: Arc<Commit>) -> Self {
        Self { shared: Arc::new(Shared { commit, queue: Mutex::default() }) }
    }

    /// Appends a message, and returns its number when it is safe.
    pub async fn append(&self, message: String) -> io::Result<u64> {
        let (sender, outcome) = oneshot::channel();
        let start = {
            let mut queue = self.shared.queue.lock().unwrap();
            queue.waiting.push((message, sender));
            !std::mem::replace(&mut queue.committing, true)
        };
        if start {
            drop(task::spawn(commit_all(self.shared.clone())));
        }
        outcome.await.unwrap_or_else(|_| Err(io::Error::other("the log has ended")))
    }
}

async fn commit_all(shared: Arc<Shared>) {
    loop {
        let batch = {
            let mut queue = shared.queue.lock().unwrap();
            queue.committing = !queue.waiting.is_empty();
            std::mem::take(&mut queue.waiting)
        };
        if batch.is_empty() {
            return;
        }
        let (messages, senders): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let commit = shared.commit.clone();
        let committed = task::spawn_blocking(move || commit(&messages)).await;
        let first = {
            let mut queue = shared.queue.lock().unwrap();
            let first = queue.last + 1;
            if committed.is_ok() {
                queue.last += senders.len() as u64;
            }
            first
        };
        for (number, sender) in (first..).zip(senders) {
            let outcome = match &committed {
                Ok(()) => Ok(number),
                Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
            };
            let _ = sender.send(outcome);
        }
    }
}

/// Returns the numbers that a member with all up to `after` delivers.
pub fn deliver(after: u64, pages: Vec<Vec<u64>>, channel: Vec<u64>) -> Vec<u64> {
    let mut last = after;
    let mut delivered = Vec::new();
    for number in pages.into_iter().flatten().chain(channel) {
        if number > last {
            last = number;
            delivered.push(number);
        }
    }
    delivered
}
