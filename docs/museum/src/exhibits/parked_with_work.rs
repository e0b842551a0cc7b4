//! The future of a `block_on` waits for the last of a hundred local tasks.
//!
//! That is more than one batch of them, and the first batch does not wake the future.
//!
//! Called by `exhibits`; the exhibit is `exhibits/parked_with_work.md`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use executor::task::{JoinHandle, block_on, spawn_local};

use super::{PATIENCE, Seen};

const TASKS: usize = 100;

pub(super) fn show() -> Seen {
    let ran = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&ran);
    let (end, ended) = mpsc::channel();
    thread::spawn(move || {
        block_on(async move {
            let spawn = |_| -> JoinHandle<()> {
                let counted = Arc::clone(&counted);
                // ORDERING: Relaxed; a number for people.
                spawn_local(async move { _ = counted.fetch_add(1, Ordering::Relaxed) })
            };
            let mut tasks: Vec<_> = (0..TASKS).map(spawn).collect();
            if let Some(last) = tasks.pop() {
                last.await;
            }
        });
        _ = end.send(());
    });
    let outcome = ended.recv_timeout(PATIENCE);
    // ORDERING: Relaxed; a number for people.
    let ran = ran.load(Ordering::Relaxed);
    if outcome.is_ok() {
        return Ok(format!("{ran} of {TASKS} local tasks ran, in two batches, and the thread waited only then"));
    }
    Err(format!(
        "{ran} of {TASKS} local tasks have run, the other {} are in the queue of their thread, and that thread has \
         slept for {} s: its batch was over, and it took that for the end of the work",
        TASKS - ran,
        PATIENCE.as_secs()
    ))
}
