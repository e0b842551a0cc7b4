//! Queues that others steal from: crossbeam's. The models have a stand-in that keeps its promises. Next:
//! `queue`.

#[cfg(not(loom))]
pub(super) use crossbeam_deque::{Injector, Steal, Stealer, Worker as Deque};
#[cfg(loom)]
pub(super) use stand_in::{Deque, Injector, Steal, Stealer};

#[cfg(loom)]
mod stand_in;
