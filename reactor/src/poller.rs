//! The system's poller behind five calls: epoll on Linux, kqueue elsewhere.
//!
//! Both are edge-triggered and see each source registered once, for reading and writing: an event
//! says "something has changed here", and `source` remembers it.
//!
//! On Linux a wait is one system call. The descriptor is `polling`'s own; sources are registered and
//! waited for on it directly, because that crate's wait costs up to five calls (it arms a timer and
//! rearms its notifier), and because it does not ask for EPOLLRDHUP, without which a short read says
//! nothing about the end of a stream.
//!
//! O1  An event is reported for what is ready when the source is added, and for each later change.
//! O2  A notification is never lost: it ends the wait under way, or the next one.
//!
//! Called by `reactor`. Next: `source`.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// The key of our own notifications; sources never get it.
const NOTIFY: usize = usize::MAX - 1;

/// What the system says of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) key: usize,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    /// The stream has ended, or failed, or holds urgent data: from here on a short read or write does
    /// not say that there is no more.
    pub(crate) marked: bool,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use on_epoll::Poller;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use on_polling::Poller;

/// Whether a short read of a stream says that there was no more, until the next event.
pub(crate) const SHORT_SAYS_EMPTY: bool = cfg!(any(target_os = "linux", target_os = "android"));

#[cfg(any(target_os = "linux", target_os = "android"))]
mod on_epoll {
    use super::{AsFd, BorrowedFd, Duration, Event, NOTIFY, io};
    use rustix::event::epoll::{self, EventData, EventFlags};
    use rustix::event::{EventfdFlags, Timespec, eventfd};
    use rustix::fd::OwnedFd;
    use rustix::io::Errno;
    use std::mem::MaybeUninit;

    /// Events taken by one call. They stand on the stack: 12 bytes each.
    const BATCH: usize = 256;

    /// An epoll descriptor, and an eventfd in it to end a wait.
    pub(crate) struct Poller {
        epoll: polling::Poller,
        bell: OwnedFd,
    }

    impl Poller {
        pub(crate) fn new() -> io::Result<Self> {
            let poller = Self {
                epoll: polling::Poller::new()?,
                bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            };
            // Edge-triggered and never read: each write is an edge.
            poller.register(poller.bell.as_fd(), NOTIFY, EventFlags::IN)?;
            Ok(poller)
        }

        pub(crate) fn add(&self, source: BorrowedFd<'_>, key: usize) -> io::Result<()> {
            let interest = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::PRI;
            self.register(source, key, interest)
        }

        fn register(&self, fd: BorrowedFd<'_>, key: usize, interest: EventFlags) -> io::Result<()> {
            let data = EventData::new_u64(key as u64);
            Ok(epoll::add(
                &self.epoll,
                fd,
                data,
                interest | EventFlags::ET,
            )?)
        }

        pub(crate) fn delete(&self, source: BorrowedFd<'_>) -> io::Result<()> {
            Ok(epoll::delete(&self.epoll, source)?)
        }

        /// Waits, and hands each event on. An interrupted wait has none.
        pub(crate) fn wait(
            &self,
            limit: Option<Duration>,
            mut handle: impl FnMut(Event),
        ) -> io::Result<()> {
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
                    continue; // Ours, or `polling`'s own: usize::MAX.
                }
                let broken = flags.intersects(EventFlags::ERR | EventFlags::HUP);
                let ended = flags.intersects(EventFlags::RDHUP | EventFlags::PRI);
                handle(Event {
                    key,
                    readable: broken || ended || flags.contains(EventFlags::IN),
                    writable: broken || flags.contains(EventFlags::OUT),
                    marked: broken || ended,
                });
            }
            Ok(())
        }

        pub(crate) fn notify(&self) {
            // It fails only when 2^64 - 2 notifications were written: then there was an edge.
            let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
        }
    }

    /// To the next millisecond, epoll's unit: never early, and late by less than one.
    fn round_up(limit: Duration) -> Timespec {
        let milliseconds = limit.as_nanos().div_ceil(1_000_000).min(i32::MAX as u128) as i64;
        Timespec {
            tv_sec: milliseconds / 1000,
            tv_nsec: (milliseconds % 1000) * 1_000_000,
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod on_polling {
    #![allow(
        unsafe_code,
        reason = "polling asks that a source is deleted before it is closed"
    )]

    use super::{BorrowedFd, Duration, Event, io};
    use crate::shim::lock;
    use std::os::fd::AsRawFd;
    use std::sync::Mutex;

    /// `polling`'s poller, in edge-triggered mode, and a buffer for its events.
    pub(crate) struct Poller {
        poller: polling::Poller,
        events: Mutex<polling::Events>,
    }

    impl Poller {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self {
                poller: polling::Poller::new()?,
                events: Mutex::new(polling::Events::new()),
            })
        }

        pub(crate) fn add(&self, source: BorrowedFd<'_>, key: usize) -> io::Result<()> {
            let interest = polling::Event::all(key);
            // SAFETY: U1: `Async` deletes the source before it closes or gives away the descriptor.
            unsafe {
                self.0
                    .add_with_mode(source.as_raw_fd(), interest, polling::PollMode::Edge)
            }
        }

        pub(crate) fn delete(&self, source: BorrowedFd<'_>) -> io::Result<()> {
            self.poller.delete(source)
        }

        /// Waits, and hands each event on.
        pub(crate) fn wait(
            &self,
            limit: Option<Duration>,
            handle: impl FnMut(Event),
        ) -> io::Result<()> {
            let mut events = lock(&self.events);
            events.clear();
            match self.poller.wait(&mut events, limit) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
                Err(error) => return Err(error),
            }
            let known = |event: polling::Event| Event {
                key: event.key,
                readable: event.readable,
                writable: event.writable,
                marked: true,
            };
            events.iter().map(known).for_each(handle);
            Ok(())
        }

        pub(crate) fn notify(&self) {
            // It fails only if the system has no memory for an event; the next deadline or event ends
            // the wait then.
            let _ = self.poller.notify();
        }
    }
}
