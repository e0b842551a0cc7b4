//! The poller on Linux: a wait is one system call.
//!
//! The epoll descriptor is `polling`'s own. That crate's wait costs up to five calls, because it arms a timer
//! and rearms its notifier. And it does not ask for EPOLLRDHUP, without which a short read does not show
//! whether the stream has ended. So sources are registered and waited for on the descriptor directly.
//!
//! Called by `reactor`. Next: `source`.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::event::Event;

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::mem::MaybeUninit;

/// The key of our own notifications. Sources never get it, nor `usize::MAX`, which is the key of `polling`'s.
const NOTIFY: usize = usize::MAX - 1;

/// Events taken by one call. They are on the stack, at 12 bytes each, or 16 where the system does not pack them.
const BATCH: usize = 256;

/// An epoll descriptor, with an eventfd registered in it that ends a wait.
pub(crate) struct Poller {
    epoll: polling::Poller,
    notifier: OwnedFd,
}

impl Poller {
    pub(crate) fn new() -> io::Result<Self> {
        let poller = Self {
            epoll: polling::Poller::new()?,
            notifier: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        };
        // Edge-triggered and never read: each write is an edge.
        poller.register(poller.notifier.as_fd(), NOTIFY, EventFlags::IN)?;
        Ok(poller)
    }

    pub(crate) fn add(&self, source: BorrowedFd<'_>, key: usize) -> io::Result<()> {
        let interest = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::PRI;
        self.register(source, key, interest)
    }

    fn register(&self, fd: BorrowedFd<'_>, key: usize, interest: EventFlags) -> io::Result<()> {
        let data = EventData::new_u64(key as u64);
        Ok(epoll::add(&self.epoll, fd, data, interest | EventFlags::ET)?)
    }

    pub(crate) fn delete(&self, source: BorrowedFd<'_>) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, source)?)
    }

    /// Waits, and calls `handle` for each event. An interrupted wait reports none.
    pub(crate) fn wait(&self, limit: Option<Duration>, mut handle: impl FnMut(Event)) -> io::Result<()> {
        let limit = limit.map(round_up);
        let mut buffer = [MaybeUninit::uninit(); BATCH];
        let events = match epoll::wait(&self.epoll, &mut buffer, limit.as_ref()) {
            Ok((events, _)) => events,
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        for event in events {
            let (flags, data) = (event.flags, event.data);
            let Ok(key) = usize::try_from(data.u64()) else {
                continue;
            };
            if key >= NOTIFY {
                continue; // A notification: ours, or `polling`'s, which is usize::MAX.
            }
            let broken = flags.intersects(EventFlags::ERR | EventFlags::HUP);
            let ended = flags.intersects(EventFlags::RDHUP | EventFlags::PRI);
            handle(Event {
                key,
                readable: broken || ended || flags.contains(EventFlags::IN),
                writable: broken || flags.contains(EventFlags::OUT),
                must_drain: broken || ended,
            });
        }
        Ok(())
    }

    pub(crate) fn notify(&self) {
        // It fails only after 2^64 - 2 notifications, each of which was an edge.
        let _ = rustix::io::write(&self.notifier, &1_u64.to_ne_bytes());
    }
}

/// Rounds up to the millisecond, epoll's unit: late by less than one, never early. More than 24 days are cut.
fn round_up(limit: Duration) -> Timespec {
    let milliseconds = limit.as_nanos().div_ceil(1_000_000).min(i32::MAX as u128) as i64;
    Timespec { tv_sec: milliseconds / 1000, tv_nsec: (milliseconds % 1000) * 1_000_000 }
}
