//! A task yields all the time. Another future of its thread waits for a timer, three times.
//!
//! Called by `exhibits`; the exhibit is `exhibits/until_the_queue_is_empty.md`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use executor::task::{block_on, spawn_local, yield_now};
use reactor::time::sleep;

use super::{PATIENCE, Seen};

const TICKS: usize = 3;

pub(super) fn show() -> Seen {
    let (stop, yields) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (tick, ticked) = mpsc::channel();
    let thread = {
        let (stop, yields) = (Arc::clone(&stop), Arc::clone(&yields));
        thread::spawn(move || block_on(beside_a_task_that_yields(stop, yields, tick)))
    };
    let ticks = (0..TICKS).take_while(|_| ticked.recv_timeout(PATIENCE).is_ok()).count();
    // ORDERING: Relaxed; a number for people, and a request to end.
    let yields = yields.load(Ordering::Relaxed);
    stop.store(true, Ordering::Relaxed);
    _ = thread.join();
    if ticks == TICKS {
        return Ok(format!("one task yielded {yields} times, and a timer beside it fired {TICKS} times"));
    }
    Err(format!(
        "a timer of 5 ms fired {ticks} times in {} s. A task on its thread yielded {yields} times meanwhile: the \
         queue is never empty, so the loop that runs it never looks at the timers",
        PATIENCE.as_secs()
    ))
}

async fn beside_a_task_that_yields(stop: Arc<AtomicBool>, yields: Arc<AtomicU64>, tick: mpsc::Sender<()>) {
    drop(spawn_local(async move {
        // ORDERING: Relaxed; a request to end, and a number for people.
        while !stop.load(Ordering::Relaxed) {
            yields.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
        }
    }));
    for _ in 0..TICKS {
        sleep(Duration::from_millis(5)).await;
        _ = tick.send(());
    }
}
