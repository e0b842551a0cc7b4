//! The memory of departed clients goes back to the system.
//!
//! Freed memory stays with the allocator, and after a storm of clients the process would stay as large as it
//! was at the peak. So after many departures the server asks the allocator for the free pages: aside, for that
//! takes a while, and not more often than once in a pause, in which the rest of the storm may leave too.
//!
//! ```text
//!   a departure ──▶ count ──MANY──▶ ask ──▶ pause ──▶ count = 0 ──▶ return free memory, on another thread
//! ```
//!
//! R1  The departure that makes it MANY asks, and no other does until the count is 0 again.
//! R2  The count is set back before the memory is returned: who left before that is in the count or in the
//!     return.
//!
//! Used by `common` and `mod`. Next: `common`.

use std::convert::Infallible;
use std::panic::RefUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use executor::sync::{Mutex, mpsc};
use executor::task;
use reactor::return_free_memory;
use reactor::time::sleep;

/// Departures, of clients and of members from their groups, that are worth a return. Each leaves a few KiB.
const MANY: usize = 256;

/// Between the departure that makes it worth the while, and the return.
const PAUSE: Duration = Duration::from_secs(1);

/// Counts departures, and returns what they leave.
#[derive(Debug)]
pub(super) struct Reclaim {
    departed: AtomicUsize,
    ask: mpsc::Sender<()>,
    asked: Mutex<mpsc::Receiver<()>>,
}

// A panic leaves a count and a channel behind, each of them whole.
impl RefUnwindSafe for Reclaim {}

impl Reclaim {
    pub(super) fn new() -> Self {
        let (ask, asked) = mpsc::channel(1);
        Self { departed: AtomicUsize::new(0), ask, asked: Mutex::new(asked) }
    }

    /// Something has been freed.
    pub(super) fn departed(&self) {
        // ORDERING: Relaxed; only counted.
        if self.departed.fetch_add(1, Ordering::Relaxed) + 1 == MANY {
            let _ = self.ask.try_send(()); // R1. Full: it has been asked.
        }
    }

    /// Returns memory from time to time.
    pub(super) async fn run(&self) -> Infallible {
        let mut asked = self.asked.lock().await;
        loop {
            asked.recv().await;
            sleep(PAUSE).await;
            // ORDERING: Relaxed; only counted.
            self.departed.store(0, Ordering::Relaxed); // R2
            // Without a thread to do it on, the next time will do.
            let _ = task::spawn_blocking(return_free_memory).try_join().await;
        }
    }
}
