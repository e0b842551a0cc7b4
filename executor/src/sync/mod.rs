//! How tasks share data, wait for each other and send messages: locks and channels whose waiters are futures.
//!
//! std's `Mutex` and `mpsc` block the thread, and the thread has other tasks to run. One of these may be the
//! task that would unlock or send: then both wait for ever.
//!
//! ```text
//!   a value that tasks share
//!     Mutex       one at a time           waiters are served in order: the lock is handed to the first
//!     RwLock      many readers, or one    where reading takes long, and an await is in it
//!                 writer
//!     OnceCell    made once               the first that needs it makes it, by a future
//!   messages
//!     oneshot     one value, once         a reply to a request
//!     mpsc        many to one             bounded: a sender waits while the channel is full
//!     broadcast   many to many            each value; a receiver that is too slow misses some
//!     watch       many to many            only the newest value: a setting, a state
//!   no value
//!     Semaphore   a number at a time      a bound on what runs at once, or on what is in flight
//!     Notify      look again              the condition is elsewhere, under a lock of the program
//!     Barrier     all together            a number of tasks wait for each other, round after round
//! ```
//!
//! For a short section without an `.await`, std's locks are cheaper, and right.
//!
//! All of them follow four rules.
//!
//! - [short-lock]  What the waiters share is under one lock, which is held for a short time. No code of the user runs
//!   under it: values are dropped, and wakers are woken and dropped, after it is unlocked, and only wakers of our own
//!   tasks are cloned under it [no-user-code]. So that code may use the same channel. (The value of a `watch` has a
//!   second lock. A closure that runs under it must not use the channel.)
//! - [check-and-store]  A waiter checks the condition and stores its waker under one hold of the lock: no wake can come
//!   between the two and be lost.
//! - [handed-on]  A waiter that was woken for something that only one can have (the lock, free room, permits, a
//!   notice), and gives up, passes it on.
//! - [poll-or-drop]  What a waiter waits for may be its own before it is polled. So a future that has waited must be
//!   polled or dropped: else it keeps the lock, the room or the permits from all others.
//!
//! Of `reactor` they use the wait list, the poll budget and the recorder, and they run under any executor. Under ours
//! each completed operation is charged to the poll's budget: a task whose channel is always ready still yields to the
//! other tasks. A poll that finds the budget used up does not join the waiters: the task is woken at once, and its next
//! poll does. Where these pages promise the order of first polls, such a poll does not count.
//!
//! Next: `mutex`.

pub mod barrier;
pub mod broadcast;
mod closed;
pub mod mpsc;
pub mod mutex;
pub mod notify;
pub mod once_cell;
pub mod oneshot;
pub mod rwlock;
pub mod semaphore;
mod send_error;
pub mod watch;

pub use barrier::{Barrier, BarrierWaitResult};
pub use mutex::{Mutex, MutexGuard, OwnedMutexGuard};
pub use notify::{Notified, Notify};
pub use once_cell::OnceCell;
pub use rwlock::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use semaphore::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError};
