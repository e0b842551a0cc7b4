//! Queues that others steal from: crossbeam's. The models have a stand-in that keeps its promises, and so has
//! Miri, which finds crossbeam's own pointers at odds with Stacked Borrows. Next: `queue`.

#[cfg(not(any(loom, miri)))]
pub(super) use crossbeam_deque::{Injector, Steal, Stealer, Worker as Deque};
#[cfg(any(loom, miri))]
pub(super) use stand_in::{Deque, Injector, Steal, Stealer};

#[cfg(any(loom, miri))]
mod stand_in;
