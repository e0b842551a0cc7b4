//! Returns the memory of departed clients to the system.
//!
//! The allocator keeps freed memory. Without this file the process would stay nearly as large as it was with
//! the most clients: what belongs to the few that stay is scattered over the whole heap. To return the free
//! pages at each departure would be simple, but it takes long. So the server does it after many departures,
//! on another thread, and after a pause, in which other clients may leave too.
//!
//! ```text
//!   a departure ──▶ count ──MANY──▶ ask ──▶ pause ──▶ count = 0 ──▶ return free memory, on another thread
//! ```
//!
//! - R1  The departure with which the count reaches MANY asks, and no other does until the count is 0 again.
//! - R2  The count is set to 0 before the memory is returned: what a departure freed before that is returned
//!   now, and a departure after it is counted again.
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

/// After this many departures, of clients and of members from their groups, the memory is returned. Each
/// departure frees a few KiB.
const MANY: usize = 256;

/// The time between the departure that asks and the return of the memory.
const PAUSE: Duration = Duration::from_secs(1);

/// Counts departures, and returns the memory that they freed.
#[derive(Debug)]
pub(super) struct Reclaim {
    departed: AtomicUsize,
    ask: mpsc::Sender<()>,
    asked: Mutex<mpsc::Receiver<()>>,
}

// A panic leaves a count and a channel behind, and each of them is consistent.
impl RefUnwindSafe for Reclaim {}

impl Reclaim {
    pub(super) fn new() -> Self {
        let (ask, asked) = mpsc::channel(1);
        Self { departed: AtomicUsize::new(0), ask, asked: Mutex::new(asked) }
    }

    /// Counts one departure, which has freed memory.
    pub(super) fn departed(&self) {
        // ORDERING: Relaxed; only counted.
        if self.departed.fetch_add(1, Ordering::Relaxed) + 1 == MANY {
            let _ = self.ask.try_send(()); // R1. If the channel is full, `run` has been asked already.
        }
    }

    /// Waits for departures, and returns memory, for ever.
    pub(super) async fn run(&self) -> Infallible {
        let mut asked = self.asked.lock().await;
        loop {
            asked.recv().await;
            sleep(PAUSE).await;
            // ORDERING: Relaxed; only counted.
            self.departed.store(0, Ordering::Relaxed); // R2
            // If no thread can be started, the memory is returned the next time.
            let _ = task::spawn_blocking(return_free_memory).try_join().await;
        }
    }
}
