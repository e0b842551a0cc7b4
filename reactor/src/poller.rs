//! What the reactor asks of the system: five calls, by epoll on Linux and by kqueue elsewhere.
//!
//! The crate `polling` offers one interface to both. On Linux it is used for its descriptor only, because its
//! wait costs up to five system calls (see `epoll`).
//!
//! ```text
//!   new, add, delete      a source is registered once, for reading and writing, edge-triggered
//!   wait                  hands on the events since the last wait
//!   notify                ends a wait
//! ```
//!
//! - O1  An event is reported for what is ready when the source is added, and for each later change.
//! - O2  A notification is never lost: it ends the wait under way, or the next one.
//!
//! Called by `reactor`. Next: `event`.

#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
pub(crate) use crate::epoll::Poller;
#[cfg(not(any(target_os = "linux", target_os = "android", loom)))]
pub(crate) use crate::kqueue::Poller;
#[cfg(loom)]
pub(crate) use crate::shim::model::Poller;

/// Whether a short read of a stream shows that there is no more, until the next event.
pub(crate) const SHORT_IO_MEANS_DRAINED: bool = cfg!(any(target_os = "linux", target_os = "android"));
