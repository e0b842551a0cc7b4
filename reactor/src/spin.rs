//! Spinning for a moment before a thread sleeps, where a short wait is likely.
//!
//! A thread that sleeps is woken by a system call, and runs again 5 to 30 µs later. Two threads that pass
//! work back and forth pay that at every hop; if they spin, a hop takes less than 1 µs.
//!
//! A spin in vain is worse than none: it delays the sleep, and if the other thread waits for the same core it
//! delays that one too. Whether a spin succeeds depends on where the system runs the other thread, which
//! a program cannot find out. So each thread remembers how its own spins ended:
//!
//! ```text
//!   a spin saw the end of the wait ──▶ the next wait spins too
//!   it did not ──▶ the next 1, 3, 7, 15, 31 waits sleep at once, then one wait tries again
//! ```
//!
//! So an idle thread wastes one LIMIT in 32 waits. On a single core no thread spins: the other side could not
//! run.
//!
//! Called by threads for blocking calls, and by the executor's threads. Next: `explain`.

use std::cell::Cell;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use crate::record::{Kind, is_on, record_value};
use crate::shim::now;

/// How long a thread spins: about as long as it takes to be woken from sleep, so that a spin in vain at most
/// doubles what the wait costs (Karlin et al., "Empirical Studies of Competitive Spinning", 1991).
const LIMIT: Duration = Duration::from_micros(50);

/// The largest number of waits between two spins.
const MOST_SKIPPED: u8 = 31;

/// How often the condition is checked between two readings of the clock.
const LOOKS: usize = 16;

thread_local! {
    static HISTORY: Cell<History> = const { Cell::new(History { skipped: 0, to_skip: 0 }) };
}

/// What a thread's last spins tell about the next one.
#[derive(Clone, Copy)]
struct History {
    /// How many waits were to sleep at once after the last spin.
    skipped: u8,
    /// How many of them are left.
    to_skip: u8,
}

impl History {
    /// A wait begins. Returns whether it spins.
    fn begin(&mut self) -> bool {
        let spins = self.to_skip == 0;
        self.to_skip = self.to_skip.saturating_sub(1);
        spins
    }

    /// A spin ended.
    fn end(&mut self, succeeded: bool) {
        self.skipped = if succeeded { 0 } else { (2 * self.skipped + 1).min(MOST_SKIPPED) };
        self.to_skip = self.skipped;
    }
}

/// Spins while `waiting` returns true, for LIMIT at most. Returns at once if the last spins were in vain.
pub fn spin_while(waiting: impl Fn() -> bool) {
    if cfg!(loom) || !several_cores() {
        return;
    }
    let mut history = HISTORY.get();
    if history.begin() {
        let begin = is_on().then(now);
        history.end(spin_until_limit(waiting));
        if let Some(begin) = begin {
            let spun = now().duration_since(begin).as_nanos();
            record_value(Kind::Spin, 0, 0, u64::try_from(spun).unwrap_or(u64::MAX));
        }
    }
    HISTORY.set(history);
}

/// Returns whether the wait ended.
fn spin_until_limit(waiting: impl Fn() -> bool) -> bool {
    let begin = now();
    while now().duration_since(begin) < LIMIT {
        for _ in 0..LOOKS {
            if !waiting() {
                return true;
            }
            std::hint::spin_loop();
        }
    }
    false
}

/// Whether another thread can run meanwhile.
fn several_cores() -> bool {
    // Not a `LazyLock`: on a system where it waits by parking, it may take the notification that our caller
    // waits for.
    static CORES: AtomicUsize = AtomicUsize::new(UNKNOWN);
    const UNKNOWN: usize = 0;
    // ORDERING: Relaxed; nothing but a number, and a thread that does not see it computes the same.
    if CORES.load(Ordering::Relaxed) == UNKNOWN {
        // ORDERING: Relaxed; as said above.
        CORES.store(available_parallelism().map_or(1, NonZero::get), Ordering::Relaxed);
    }
    // ORDERING: Relaxed; as said above.
    CORES.load(Ordering::Relaxed) > 1
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// The waits that spin, of the first 128, if no spin succeeds.
    #[test]
    fn in_vain_it_spins_less_and_less() {
        let mut history = HISTORY.get();
        let spins = |_: &usize| {
            let spins = history.begin();
            if spins {
                history.end(false);
            }
            spins
        };
        let spun: Vec<usize> = (0..128).filter(spins).collect();
        assert_eq!(spun, [0, 2, 6, 14, 30, 62, 94, 126]);
    }

    #[test]
    fn one_success_and_each_wait_spins() {
        let mut history = History { skipped: MOST_SKIPPED, to_skip: 0 };
        assert!(history.begin());
        history.end(true);
        assert!(history.begin());
    }
}
