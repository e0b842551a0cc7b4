//! A poll waits for a task that it has spawned itself. That task is in the slot of the poll's own worker.
//!
//! Called by `exhibits`; the exhibit is `exhibits/slot_of_a_busy_worker.md`.

use std::sync::{Arc, mpsc};
use std::time::Instant;

use executor::pool::Pool;

use super::{PATIENCE, Seen, text};

pub(super) fn show() -> Seen {
    let pool = Arc::new(Pool::new(2).map_err(text)?);
    let inside = Arc::clone(&pool);
    let (report, reported) = mpsc::channel();
    drop(pool.spawn(async move {
        let begin = Instant::now();
        let (child, ran) = mpsc::channel();
        drop(inside.spawn(async move { _ = child.send(()) }));
        drop(inside);
        // From here on the poll blocks its worker. The other worker has nothing to do.
        let has_run = ran.recv_timeout(PATIENCE).is_ok();
        _ = report.send((has_run, begin.elapsed()));
    }));
    match reported.recv_timeout(2 * PATIENCE) {
        Ok((true, time)) => Ok(format!(
            "the other worker ran the task after {} ms, while the poll that spawned it went on",
            time.as_millis()
        )),
        Ok((false, _)) => Err(format!(
            "a poll waited {} s for a task that it had spawned: the task stayed in the slot of the poll's worker, \
             and the pool's other worker slept",
            PATIENCE.as_secs()
        )),
        Err(_) => Err("the poll did not end".to_owned()),
    }
}
