//! What the poller reports. Next: `epoll`.

/// What the system says of one source: something has changed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) key: usize,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    /// The stream has ended, or failed, or holds urgent data: from here on a short read or write does
    /// not say that there is no more.
    pub(crate) must_drain: bool,
}
