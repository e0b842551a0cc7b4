//! The exercises of the book.
//!
//! Each chapter has a file in `stubs/` with something to write or to mend, and one of the same name in
//! `tests/` that says what is wrong:
//!
//! ```text
//! cargo test -p exercises --test task
//! ```
//!
//! The solutions are in `solutions/`, and are tested by the same tests:
//! `cargo test -p exercises --features solutions`. Plain `cargo test` in the project's root leaves the
//! exercises out, for the stubs fail.
//!
//! This file is what the tests share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Wake, Waker};
use std::thread;
use std::time::Duration;

/// Longer than anything here takes, and short enough to wait for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs `work` on a thread of its own, and panics with `complaint` if it does not come to its end.
///
/// # Panics
///
/// With the complaint, or with what `work` panicked with.
#[track_caller]
pub fn ends<T: Send + 'static>(complaint: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || sender.send(work()));
    match receiver.recv_timeout(PATIENCE) {
        Ok(output) => output,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{complaint}"),
        Err(mpsc::RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(_) => unreachable!("it has sent its output"),
        },
    }
}

/// A waker that counts how often it was called.
#[derive(Debug, Default)]
pub struct Calls(AtomicUsize);

impl Calls {
    /// A waker, and where its calls are counted.
    pub fn waker() -> (Arc<Calls>, Waker) {
        let calls = Arc::new(Calls::default());
        (calls.clone(), Waker::from(calls))
    }

    /// How often it was called so far.
    pub fn count(&self) -> usize {
        // ORDERING: Relaxed; the tests look after the threads have ended.
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        // ORDERING: Relaxed; only counted.
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
