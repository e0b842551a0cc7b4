//! Giving way once: Pending, with a wake to itself. Next: `pool`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use reactor::budget;

/// Lets the other tasks of this queue run first.
///
/// The answer is ready at its second poll. A long computation that awaits it now and then keeps its
/// neighbours alive; one that takes milliseconds between two awaits belongs to
/// [`spawn_blocking`](crate::task::spawn_blocking).
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
            return budget::poll_take_one(cx); // At once only for a task that did give way.
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
