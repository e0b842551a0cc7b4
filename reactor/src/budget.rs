//! The poll budget: a task that is always ready must give the others a turn.
//!
//! Each poll of a task may complete [`PER_POLL`] operations on our sockets, timers and channels.
//! The executor opens the account with [`start`] before it polls, and closes it with [`end`]. When
//! the account is empty, [`poll_proceed`] answers `Pending` and wakes the task at once: it goes to
//! the back of its queue, and the others have their turn.
//!
//! B1  Outside one of our polls there is no budget: a foreign executor would never renew it.
//! B2  Only an operation that succeeds is charged; an answer of `Pending` is free.
//! B3  A refusal leaves one operation: to the future that the same task polls next, which a neighbour that
//!     is always ready would starve; or to a foreign executor inside our poll, which asks until it gets on.
//!
//! Called by every leaf future. Next: `wait_list`.

use std::cell::Cell;
use std::task::{Context, Poll};

use crate::shim::thread_local;

/// Ready operations that one poll may complete before it has to give way.
///
/// ```
/// use reactor::budget;
/// use std::task::{Context, Waker};
///
/// let cx = Context::from_waker(Waker::noop());
/// budget::start();
/// for _ in 0..budget::PER_POLL {
///     assert!(budget::poll_proceed(&cx).is_ready());
///     budget::spend();
/// }
/// assert!(budget::without(|| budget::poll_proceed(&cx).is_ready()), "outside of the account");
/// assert!(budget::poll_proceed(&cx).is_pending(), "it is empty");
/// budget::end();
/// assert!(budget::poll_proceed(&cx).is_ready(), "outside of a poll there is none");
/// ```
pub const PER_POLL: u32 = 128;

/// The account's value while no poll of ours is under way.
const UNLIMITED: u32 = u32::MAX;

thread_local! {
    static LEFT: Cell<u32> = const { Cell::new(UNLIMITED) };
}

/// Opens an account of [`PER_POLL`] for the poll that begins now. For executors.
#[inline]
pub fn start() {
    LEFT.set(PER_POLL);
}

/// Closes the account: what follows on this thread is not inside a poll. For executors.
#[inline]
pub fn end() {
    LEFT.set(UNLIMITED);
}

/// `Ready` if this poll may go on; else `Pending`, and the task has been woken to go on later.
#[inline]
pub fn poll_proceed(cx: &Context<'_>) -> Poll<()> {
    if LEFT.get() > 0 {
        return Poll::Ready(());
    }
    LEFT.set(1); // B3
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// Charges one completed operation.
#[inline]
pub fn spend() {
    let left = LEFT.get();
    if left != UNLIMITED {
        LEFT.set(left.saturating_sub(1));
    }
}

/// Runs `check` outside the budget, so that a deadline is seen even when the account is empty.
pub fn without<T>(check: impl FnOnce() -> T) -> T {
    /// Gives the account back, even when `check` panics.
    struct Restore(u32);
    impl Drop for Restore {
        fn drop(&mut self) {
            LEFT.set(self.0);
        }
    }
    let _restore = Restore(LEFT.replace(UNLIMITED));
    check()
}
