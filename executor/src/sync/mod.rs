//! What tasks share and say to each other: a lock that waits without a thread, and three channels.
//!
//! ```text
//!   Mutex       one at a time       the line is served in order, the lock is handed over
//!   oneshot     one value, once     an answer to a question
//!   mpsc        many to one         bounded: whoever sends too fast waits
//!   broadcast   many to each        a sender never waits: whoever reads too slowly misses some
//! ```
//!
//! All of them follow three rules.
//!
//! C1  What is shared is kept under one short lock; no waker is called or dropped under it, and no
//!     value of the user's is cloned or dropped under it. So any of that code may re-enter.
//! C2  A condition is looked at, and the waker listed, under one hold of the lock: a wake that
//!     comes between cannot be lost.
//! C3  Whoever was woken for something and gives up passes it on.
//!
//! They need nothing of this runtime but `reactor`'s wait list and poll budget, and run under any
//! executor. Under ours each completed operation is charged to the poll's budget, so that a task
//! whose channel is always ready still gives the others their turn. Next: `mutex`.

pub mod broadcast;
pub mod mpsc;
pub mod mutex;
pub mod oneshot;
mod send_error;

pub use mutex::{Mutex, MutexGuard};
