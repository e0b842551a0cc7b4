//! Queues that other threads steal from: crossbeam's. The models use a stand-in that guarantees no more than
//! crossbeam does. Miri uses it too, since crossbeam's pointers violate Stacked Borrows. Next: `queue`.

#[cfg(not(any(loom, miri)))]
pub(super) use crossbeam_deque::{Injector, Steal, Stealer, Worker as Deque};
#[cfg(any(loom, miri))]
pub(super) use stand_in::{Deque, Injector, Steal, Stealer};

#[cfg(any(loom, miri))]
mod stand_in;
