//! A task that owns what it uses, many futures in one task, and threads that borrow. One solution.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::thread;

use executor::sync::oneshot;
use executor::task::{self, JoinHandle};

/// A counter of visits.
#[derive(Default)]
pub struct Visits {
    count: Arc<AtomicU32>,
}

impl Visits {
    /// Exercise 1. Spawns a task that waits for the door to open, counts one visit, and returns the number of visits
    /// so far, its own among them. The task owns a handle to the counter.
    pub fn visit_later(&self, door: oneshot::Receiver<()>) -> JoinHandle<u32> {
        let count = self.count.clone();
        task::spawn(async move {
            let _ = door.await;
            // ORDERING: Relaxed; a counter, it publishes nothing.
            count.fetch_add(1, Ordering::Relaxed) + 1
        })
    }
}

/// Exercise 2. Awaits all futures at the same time, in the task that calls it, and returns their outputs in the order
/// of the futures. So they may borrow.
pub async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(|cx| {
        for (future, output) in &mut futures {
            if output.is_none()
                && let Poll::Ready(ready) = future.as_mut().poll(cx)
            {
                *output = Some(ready);
            }
        }
        if futures.iter().all(|(_, output)| output.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    futures.into_iter().filter_map(|(_, output)| output).collect()
}

/// Exercise 3. Calls `f` with each item, each on a thread of its own, all at the same time. Returns the items and the
/// outputs. The scope blocks a thread that is there for that.
pub async fn map_on_threads<T, U, F>(items: Vec<T>, f: F) -> (Vec<T>, Vec<U>)
where
    T: Send + Sync + 'static,
    U: Send + 'static,
    F: Fn(&T) -> U + Send + Sync + 'static,
{
    task::spawn_blocking(move || {
        let f = &f;
        let outputs = thread::scope(|scope| {
            let threads: Vec<_> = items.iter().map(|item| scope.spawn(move || f(item))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        (items, outputs)
    })
    .await
}
