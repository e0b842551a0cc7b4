//! What the poller reports, in the same form for epoll and kqueue.
//!
//! If each poller passed on its system's own structure, the reactor and the sources would need code for each system.
//! Next: `epoll`.

/// A change that the system reports for one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) key: usize,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    /// The stream has ended, or failed, or holds urgent data. From here on a short read or write does not
    /// show that there is no more.
    pub(crate) must_drain: bool,
}
