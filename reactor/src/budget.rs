//! The poll budget: a task that is always ready must give the others a turn.
//!
//! Each poll of a task may complete [`PER_POLL`] operations on our sockets, timers and channels.
//! The executor opens the account with [`start`] before it polls, and closes it with [`end`]. When
//! the account is empty, [`poll_proceed`] returns `Pending` and wakes the task at once: it goes to
//! the back of its queue, and the others have their turn.
//!
//! B1  Outside one of our polls there is no budget: a foreign executor would never renew it.
//! B2  Each operation that is done is charged, whatever its outcome; an answer of `Pending` is free.
//! B3  A poll's first 16 refusals (`GRANTS`) leave one operation each: to the future that the same task polls
//!     next, which a neighbour that is always ready would starve. So does every [`PER_POLL`]th after them: to
//!     a foreign executor inside our poll, which asks until it gets on. The others leave none, or a loop that
//!     looks before it waits would never give way.
//!
//! Called by every leaf future. Next: `wait_list`.

use std::cell::Cell;
use std::future::poll_fn;
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

/// How many futures of one task get on beside some that are always ready.
const GRANTS: u32 = 16;

/// A poll's account.
#[derive(Clone, Copy)]
struct Account {
    left: u32,
    refusals: u32,
}

/// While no poll of ours is under way.
const UNLIMITED: Account = Account { left: u32::MAX, refusals: 0 };

thread_local! {
    static ACCOUNT: Cell<Account> = const { Cell::new(UNLIMITED) };
}

/// Opens an account of [`PER_POLL`] for the poll that begins now. For executors.
#[inline]
pub fn start() {
    ACCOUNT.set(Account { left: PER_POLL, refusals: 0 });
}

/// Closes the account: what follows on this thread is not inside a poll. For executors.
#[inline]
pub fn end() {
    ACCOUNT.set(UNLIMITED);
}

/// `Ready` if this poll may go on; else `Pending`, and the task has been woken to go on later.
#[inline]
pub fn poll_proceed(cx: &Context<'_>) -> Poll<()> {
    let Account { left, refusals } = ACCOUNT.get();
    if left > 0 {
        return Poll::Ready(());
    }
    let left = u32::from(refusals < GRANTS || refusals.is_multiple_of(PER_POLL)); // B3
    ACCOUNT.set(Account { left, refusals: refusals.wrapping_add(1) });
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// Charges one completed operation.
#[inline]
pub fn spend() {
    let account = ACCOUNT.get();
    if account.left != UNLIMITED.left {
        ACCOUNT.set(Account { left: account.left.saturating_sub(1), ..account });
    }
}

/// An operation that never has to wait, but for its turn.
pub(crate) async fn take_one() {
    poll_fn(|cx| poll_proceed(cx)).await;
    spend();
}

/// Runs `check` outside the budget, so that a deadline is seen even when the account is empty.
pub fn without<T>(check: impl FnOnce() -> T) -> T {
    /// Gives the account back, even when `check` panics.
    struct Restore(Account);
    impl Drop for Restore {
        fn drop(&mut self) {
            ACCOUNT.set(self.0);
        }
    }
    let _restore = Restore(ACCOUNT.replace(UNLIMITED));
    check()
}
