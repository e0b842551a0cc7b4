//! One attempt, without waiting; and waiting for either direction.
//!
//! A task may have something else to do while a socket is not ready: it fills a queue, serves another socket, or
//! gives up. If all it had was `read`, it would have to drop a future to find out that there is nothing to read.
//! So there are attempts that return `WouldBlock`, and waits that transfer nothing.
//!
//! ```text
//!   readable ──▶ try_read ──some bytes──▶ try_read ──WouldBlock──▶ readable ──▶ ..
//! ```
//!
//! An attempt asks the system even if the direction does not count as ready. To return `WouldBlock` in that case
//! would spare a system call, and be wrong until the next turn of the reactor: bytes may have come whose event no
//! thread has handled yet. A program that never awaits would never see them.
//!
//! - T1  An attempt clears readiness only after the system has returned `WouldBlock`, and only the readiness that it saw
//!   before the attempt, as `source` does. So an event that comes meanwhile stays, and the next wait ends.
//! - T2  A wait for both directions returns both if both are ready: it asks the system once more, as one of the
//!   events may not have been handled yet.
//! - T3  An attempt is not charged to the budget: it cannot make the task yield. The waits are.
//!
//! Called by programs with descriptors of their own, and by the sockets. Next: `net::byte_stream`.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::ops::BitOr;
use std::os::fd::AsFd;
use std::pin::pin;
use std::task::Poll;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::async_io::Async;
use crate::shim::fault;
use crate::source::Direction;

/// What to wait for: [`READABLE`](Self::READABLE), [`WRITABLE`](Self::WRITABLE), or both, joined by `|`. And
/// what a wait has found.
///
/// ```
/// use reactor::{Async, Interest};
///
/// # fn main() -> std::io::Result<()> {
/// let (near, far) = std::os::unix::net::UnixStream::pair()?;
/// let near = Async::new(near)?;
/// let both = Interest::READABLE | Interest::WRITABLE;
/// let ready = executor::task::block_on(near.ready(both))?;
/// assert!(ready.is_writable() && !ready.is_readable(), "there is room, and nothing to read");
/// drop(far);
/// assert_eq!(executor::task::block_on(near.ready(both))?, both, "the end is something to read");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interest {
    readable: bool,
    writable: bool,
}

const NONE: Interest = Interest { readable: false, writable: false };

impl Interest {
    /// There is something to read, or an end, or an error.
    pub const READABLE: Self = Self { readable: true, writable: false };
    /// Something can be written, or a write returns an error.
    pub const WRITABLE: Self = Self { readable: false, writable: true };

    /// Whether [`READABLE`](Self::READABLE) is in it.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.readable
    }

    /// Whether [`WRITABLE`](Self::WRITABLE) is in it.
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.writable
    }
}

impl BitOr for Interest {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self { readable: self.readable || other.readable, writable: self.writable || other.writable }
    }
}

impl<T: AsFd> Async<T> {
    /// Waits until the descriptor is ready in a direction of `interest`, and returns which are ready: one, or both.
    ///
    /// As [`readable`](Self::readable) and [`writable`](Self::writable) it asks the system. The next operation may
    /// still return `WouldBlock`, if another task was faster.
    ///
    /// Cancel-safe: a future that is dropped leaves nothing behind.
    ///
    /// # Errors
    ///
    /// As for [`readable`](Self::readable).
    pub async fn ready(&self, interest: Interest) -> io::Result<Interest> {
        let (mut readable, mut writable) = (pin!(self.readable()), pin!(self.writable()));
        let found = poll_fn(|cx| {
            let mut found = NONE;
            if interest.readable
                && let Poll::Ready(outcome) = readable.as_mut().poll(cx)
            {
                outcome?;
                found = found | Interest::READABLE;
            }
            if interest.writable
                && let Poll::Ready(outcome) = writable.as_mut().poll(cx)
            {
                outcome?;
                found = found | Interest::WRITABLE;
            }
            if found == NONE { Poll::Pending } else { Poll::Ready(io::Result::Ok(found)) }
        });
        let found = found.await?;
        // The event of the other way may not have been handled yet (T2).
        Ok(if found == interest { found } else { found | self.ready_now(interest) })
    }

    /// What the system says, of what is in `interest`. An error counts as nothing.
    fn ready_now(&self, interest: Interest) -> Interest {
        let mut asked = [PollFd::new(self.get_ref(), PollFlags::IN | PollFlags::PRI | PollFlags::OUT)];
        let _ = poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
        let found = asked[0].revents();
        Interest {
            readable: interest.readable && found.intersects(PollFlags::IN | PollFlags::PRI | PollFlags::HUP),
            writable: interest.writable && found.contains(PollFlags::OUT),
        }
    }

    /// Calls `read` once, and returns its result; it never waits. (A call that a signal has interrupted is
    /// repeated.)
    ///
    /// # Errors
    ///
    /// Those of `read`: `WouldBlock` if there is nothing to read now. `read` must return that only if the
    /// descriptor did: the next wait takes it as true until something new has come.
    ///
    /// ```
    /// use std::io::{ErrorKind, Read, Write};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (mut near, far) = std::os::unix::net::UnixStream::pair()?;
    /// let far = reactor::Async::new(far)?;
    /// let mut byte = [0];
    /// let error = far.try_read_with(|mut far| far.read(&mut byte)).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    /// near.write_all(b"!")?;
    /// assert_eq!(far.try_read_with(|mut far| far.read(&mut byte))?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read_with<R>(&self, mut read: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        self.source.read.try_now(|| read(self.get_ref()))
    }

    /// Calls `write` once, as [`try_read_with`](Self::try_read_with) does for reading.
    ///
    /// # Errors
    ///
    /// Those of `write`: `WouldBlock` if there is no room now.
    ///
    /// ```
    /// use std::io::Write;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (near, _far) = std::os::unix::net::UnixStream::pair()?;
    /// let near = reactor::Async::new(near)?;
    /// assert_eq!(near.try_write_with(|mut near| near.write(b"hello"))?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_write_with<R>(&self, mut write: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        self.source.write.try_now(|| write(self.get_ref()))
    }
}

impl Direction {
    /// Makes one attempt, and returns `WouldBlock` instead of waiting.
    pub(crate) fn try_now<R>(&self, mut attempt: impl FnMut() -> io::Result<R>) -> io::Result<R> {
        let mut seen = self.ready(); // T1: before the attempt.
        let outcome = loop {
            match attempt() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                outcome => break outcome,
            }
        };
        if fault("seen_after_the_attempt") {
            seen = self.ready();
        }
        if let (Some(seen), Err(error)) = (seen, &outcome)
            && error.kind() == ErrorKind::WouldBlock
        {
            self.clear(seen);
        }
        outcome
    }
}
