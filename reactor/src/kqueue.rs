//! The poller on macOS and the BSDs: kqueue, through the crate `polling`.
//!
//! `kevent` takes a time limit, so `polling` waits without a timer, and its wait is used as it is. An event of
//! `polling` does not say whether a stream has ended, so every event has `must_drain`.
//!
//! Called by `reactor`. Next: `metrics`.
#![allow(unsafe_code, reason = "polling asks that a source is deleted before it is closed")]

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use crate::event::Event;

use crate::shim::lock;
use std::os::fd::AsRawFd;
use std::sync::Mutex;

const DAY: Duration = Duration::from_secs(86_400);

/// `polling`'s poller, in edge-triggered mode, and a buffer for its events.
pub(crate) struct Poller {
    poller: polling::Poller,
    events: Mutex<polling::Events>,
}

impl Poller {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { poller: polling::Poller::new()?, events: Mutex::new(polling::Events::new()) })
    }

    pub(crate) fn add(&self, source: BorrowedFd<'_>, key: usize) -> io::Result<()> {
        let interest = polling::Event::all(key);
        // SAFETY: [deregister-first]: `Async` deletes the source before the descriptor is closed. After a leak
        // `polling` only keeps the number: it passes it to no call, and refuses to add that number again.
        let added =
            unsafe { self.poller.add_with_mode(source.as_raw_fd(), interest, polling::PollMode::Edge) };
        if added.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::AlreadyExists) {
            // `polling` has listed it all the same, and would refuse the next descriptor of that number.
            let _ = self.delete(source);
        }
        added
    }

    pub(crate) fn delete(&self, source: BorrowedFd<'_>) -> io::Result<()> {
        self.poller.delete(source)
    }

    /// Waits, and calls `handle` for each event. It waits for a day at most: some systems refuse a limit of
    /// years.
    pub(crate) fn wait(&self, limit: Option<Duration>, handle: impl FnMut(Event)) -> io::Result<()> {
        let mut events = lock(&self.events);
        events.clear();
        match self.poller.wait(&mut events, limit.map(|limit| limit.min(DAY))) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        }
        let convert = |event: polling::Event| Event {
            key: event.key,
            readable: event.readable,
            writable: event.writable,
            must_drain: true,
        };
        events.iter().map(convert).for_each(handle);
        Ok(())
    }

    pub(crate) fn notify(&self) {
        // It fails only if the system has no memory for an event. Then the next deadline or event ends the
        // wait.
        let _ = self.poller.notify();
    }
}
