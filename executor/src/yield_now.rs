//! Yielding once: the future wakes its own task and returns `Pending`.
//!
//! A task runs until its poll returns: tasks are not preempted. Without a yield a long computation would stop every
//! other task of its thread. Next: `pool`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use reactor::budget;

/// Lets the other tasks that are queued with this one run first.
///
/// The returned future is ready at its second poll, or at a later one if a poll's budget is used up. Dropping it has no
/// effect. A long computation that awaits it now and then leaves time for the other tasks. A computation that takes
/// milliseconds between two awaits should run in [`spawn_blocking`](crate::task::spawn_blocking) instead.
///
/// ```
/// use executor::task;
///
/// task::block_on(async {
///     for _ in 0..1000 {
///         task::yield_now().await;
///     }
/// });
/// ```
pub fn yield_now() -> impl Future<Output = ()> + Send + Sync + Unpin {
    YieldNow { yielded: false }
}

struct YieldNow {
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.yielded, true) {
            return budget::poll_take_one(cx); // It costs budget, since a combinator may poll it again at once.
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
