//! Calls to arbitrary user code: wakers, destructors, jobs.
//!
//! The runtime calls code that it has not written. If such a call panicked through the runtime, a worker
//! thread would end, the wakers that come after it would not be woken, and in a `Drop` during unwinding the
//! process would abort. So the panic is caught at the call.
//!
//! - [no-user-code]  No user code runs while a lock of ours is held. A waker is user code: its clone, its wake
//!   and its drop may do anything, such as use what the lock guards. So wakers are cloned before the lock
//!   is taken, and woken or dropped after it is released. Only the wakers of the executor's own tasks may be
//!   cloned under the lock: that only increments a counter (`lazy_waker`). Comparing two wakers only compares
//!   pointers, and is allowed.
//!
//! Called where a waker is woken, and where a user's value or job is dropped or run. Next: `buf_reader`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

use crate::trim::{KEEP_BY_THREAD, Trim};

/// Runs user code (a waker, a destructor, a job) and contains its panic.
///
/// The panic hook reports the panic, as usual. Its payload is dropped; if that drop panics too, the second
/// payload is leaked.
///
/// ```
/// reactor::contain_panic(|| std::panic::resume_unwind(Box::new("harmless")));
/// ```
pub fn contain_panic(user_code: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(user_code))
        && let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload)))
    {
        std::mem::forget(again);
    }
}

/// Wakes one waiter. If its waker panics, the panic ends here: the caller may be in a `Drop`.
///
/// Call it outside every lock.
///
/// ```
/// reactor::wait_list::wake(std::task::Waker::noop().clone());
/// ```
#[inline]
pub fn wake(waker: Waker) {
    contain_panic(|| waker.wake());
}

/// Wakes all of them, in their order, and empties the list. If one waker panics, the rest are woken all the
/// same.
///
/// Call it outside every lock. The list keeps some of its memory, for the next use.
///
/// ```
/// let mut woken = vec![std::task::Waker::noop().clone()];
/// reactor::wake_all(&mut woken);
/// assert!(woken.is_empty());
/// ```
pub fn wake_all(woken: &mut Vec<Waker>) {
    woken.drain(..).for_each(wake);
    woken.trim(KEEP_BY_THREAD);
}
