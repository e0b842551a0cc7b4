//! A timer wakes a pool's only worker. Then the worker sleeps again, and a task is spawned from outside.
//!
//! This thread is in no `block_on`, so that the worker itself drives the reactor, and only a push can wake it.
//!
//! Called by `exhibits`; the exhibit is `exhibits/worker_that_wakes_by_itself.md`.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use executor::pool::Pool;
use reactor::time::sleep;

use super::{PATIENCE, Seen, text};

pub(super) fn show() -> Seen {
    const ROUNDS: usize = 3;
    let pool = Pool::new(1).map_err(text)?;
    for _ in 0..ROUNDS {
        let (woke, woken) = mpsc::channel();
        drop(pool.spawn(async move {
            sleep(Duration::from_millis(5)).await; // The worker sleeps, and the timer wakes it.
            _ = woke.send(executor::metrics().parks);
        }));
        let Ok(parks) = woken.recv_timeout(PATIENCE) else {
            return Err(format!(
                "a timer woke the pool's only worker, and it went to sleep again. Then a task was spawned \
                 and did not run within {} s: one was subtracted from the counts that was never added, they \
                 say that a worker is searching already, and no push wakes the worker any more",
                PATIENCE.as_secs()
            ));
        };
        // The worker is asleep again when it has parked once more. Nothing else of this process parks.
        let begin = Instant::now();
        while executor::metrics().parks == parks {
            if begin.elapsed() > PATIENCE {
                return Err("the worker does not go to sleep".to_owned());
            }
            thread::yield_now();
        }
    }
    Ok(format!("{ROUNDS} times a timer woke the sleeping worker, and each time the next push woke it too"))
}
