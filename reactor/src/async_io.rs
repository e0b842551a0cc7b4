//! Any descriptor as an asynchronous one.
//!
//! A read that blocks would stop its thread, and with it all tasks there. One that does not block returns
//! `WouldBlock`, and to repeat it until it succeeds would use a core. `Async<T>` owns a descriptor and its
//! registration with the reactor. An operation is tried first; if it would block, the task waits until the
//! reactor reports an event, and tries again.
//!
//! - [deregister-first]  The descriptor is deregistered before it is closed or given away. Only an `Async` that
//!   borrows it and is leaked breaks this rule, so memory safety must not depend on the rule.
//! - [no-swap]  `T` never swaps its descriptor for another while it is in here: the caller of `get_mut`
//!   promises it, and `IoSafe` types keep it in `Read` and `Write` (see `async_traits`).
//!
//! Called by the sockets, and by programs with descriptors of their own. Next: `net`.
#![allow(unsafe_code, reason = "get_mut hands out what must not be swapped: its caller promises [no-swap]")]

use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::task::{Context, Poll};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::socket_error;

use crate::explain::explain;
use crate::reactor::Reactor;
use crate::shim::fault;
use crate::source::{Direction, Source, Wait};
use crate::wait_list::Key;

/// A descriptor, non-blocking and registered with the reactor.
///
/// Several tasks may wait for it at once. Dropping it deregisters and closes the descriptor. The close of a
/// TCP socket with SO_LINGER holds the thread; that of our [`TcpStream`](crate::net::TcpStream) does not.
///
/// ```
/// use reactor::Async;
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// # fn main() -> std::io::Result<()> {
/// let (mut near, far) = UnixStream::pair()?;
/// let far = Async::new(far)?;
/// near.write_all(b"!")?;
/// let mut byte = [0];
/// let count = executor::task::block_on(far.read_with(|mut far| far.read(&mut byte)))?;
/// assert_eq!((count, &byte), (1, b"!"));
/// # Ok(())
/// # }
/// ```
pub struct Async<T: AsFd> {
    /// `Some` until `into_inner`.
    io: Option<T>,
    pub(crate) source: Arc<Source>,
}

impl<T: AsFd> Async<T> {
    /// Makes a descriptor non-blocking and registers it. The mode belongs to the open file, so it changes for
    /// duplicates of the descriptor too.
    ///
    /// `T` may borrow its descriptor. If such an `Async` is leaked (`mem::forget`) and the descriptor closed, dumps
    /// still list it, and on macOS and the BSDs this returns an error for the next descriptor of that number.
    ///
    /// # Errors
    ///
    /// If the reactor cannot be created, because the process has no descriptor left; another try may succeed.
    /// Or if the system cannot wait for the descriptor, such as a regular file's. `io` is dropped then.
    pub fn new(io: T) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&io, true)?;
        Self::non_blocking(io)
    }

    /// [`new`](Self::new), for a descriptor that is non-blocking already.
    pub(crate) fn non_blocking(io: T) -> io::Result<Self> {
        let registered = Reactor::get()?.register(io.as_fd());
        let source = registered.map_err(|error| explain("register a descriptor", error))?;
        Ok(Self { io: Some(io), source })
    }

    /// Returns what was put in.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let (near, _far) = std::os::unix::net::UnixStream::pair()?;
    /// let near = reactor::Async::new(near)?;
    /// assert!(near.get_ref().peer_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_ref(&self) -> &T {
        self.io.as_ref().expect("only into_inner takes it, and takes self")
    }

    /// Returns what was put in, to be changed.
    ///
    /// # Safety
    ///
    /// The descriptor must not be closed, swapped or taken out [no-swap].
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// struct Named(std::os::unix::net::UnixStream, &'static str);
    /// # use std::os::fd::{AsFd, BorrowedFd};
    /// # impl AsFd for Named {
    /// #     fn as_fd(&self) -> BorrowedFd<'_> {
    /// #         self.0.as_fd()
    /// #     }
    /// # }
    /// let (stream, _far) = std::os::unix::net::UnixStream::pair()?;
    /// let mut stream = reactor::Async::new(Named(stream, "old"))?;
    /// // SAFETY: the name is not a descriptor.
    /// unsafe { stream.get_mut() }.1 = "new";
    /// assert_eq!(stream.get_ref().1, "new");
    /// # Ok(())
    /// # }
    /// ```
    pub unsafe fn get_mut(&mut self) -> &mut T {
        self.io.as_mut().expect("only into_inner takes it, and takes self")
    }

    /// Deregisters the descriptor and gives it back. It stays non-blocking.
    ///
    /// # Errors
    ///
    /// If the system does not know the registration. The descriptor is closed then.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let (near, _far) = std::os::unix::net::UnixStream::pair()?;
    /// let near = reactor::Async::new(near)?.into_inner()?;
    /// near.set_nonblocking(false)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_inner(mut self) -> io::Result<T> {
        let io = self.io.take().expect("only into_inner takes it, and takes self");
        Reactor::get()?.deregister(&self.source, io.as_fd())?;
        Ok(io)
    }

    /// Waits until there is something to read, or the other end is gone, or there is an error. It asks the
    /// system, so it returns at once if that is so already. The next read may still return `WouldBlock`,
    /// because another task has read meanwhile.
    ///
    /// Cancel-safe: a future that is dropped leaves nothing behind.
    ///
    /// Linux keeps a socket's extended errors and time stamps in a queue of their own (`MSG_ERRQUEUE`). This
    /// does not wait for those: [`read_with`](Self::read_with) does, if its closure reads that queue.
    ///
    /// # Errors
    ///
    /// The socket's pending error (such as a datagram that was refused), if there is nothing to read. The
    /// next read does not return it again. Also if the system cannot be asked.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::{Read, Write};
    ///
    /// let (mut near, far) = std::os::unix::net::UnixStream::pair()?;
    /// let far = reactor::Async::new(far)?;
    /// near.write_all(b"!")?;
    /// executor::task::block_on(far.readable())?;
    /// assert_eq!(far.get_ref().read(&mut [0; 8])?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn readable(&self) -> impl Future<Output = io::Result<()>> {
        self.wait(&self.source.read, PollFlags::IN | PollFlags::PRI)
    }

    /// Waits until something can be written, as [`readable`](Self::readable) does for reading.
    ///
    /// # Errors
    ///
    /// As for [`readable`](Self::readable).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let (near, _far) = std::os::unix::net::UnixStream::pair()?;
    /// executor::task::block_on(reactor::Async::new(near)?.writable())?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn writable(&self) -> impl Future<Output = io::Result<()>> {
        self.wait(&self.source.write, PollFlags::OUT)
    }

    /// Calls `read` until it does not return `WouldBlock`, waiting in between, and returns its last result.
    ///
    /// The returned future may be dropped without losing data: `read` is called within a poll, and a result
    /// is returned by the same poll.
    ///
    /// # Errors
    ///
    /// Those of `read`, except `WouldBlock` and `Interrupted`.
    pub async fn read_with<R>(&self, mut read: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        self.retry(&self.source.read, || read(self.get_ref())).await
    }

    /// Calls `write`, as [`read_with`](Self::read_with) does for reading.
    ///
    /// # Errors
    ///
    /// Those of `write`, except `WouldBlock` and `Interrupted`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::Write;
    ///
    /// let (near, _far) = std::os::unix::net::UnixStream::pair()?;
    /// let near = reactor::Async::new(near)?;
    /// let written = executor::task::block_on(near.write_with(|mut near| near.write(b"hello")))?;
    /// assert_eq!(written, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_with<R>(&self, mut write: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        self.retry(&self.source.write, || write(self.get_ref())).await
    }

    /// [`read_with`](Self::read_with) as a poll function. The waker stays until the next event.
    pub(crate) fn poll_read_with<R>(
        &self,
        cx: &mut Context<'_>,
        mut read: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.source.read.poll(cx, Wait::Poll, || read(self.get_ref()), |_| false)
    }

    /// [`write_with`](Self::write_with) as a poll function.
    pub(crate) fn poll_write_with<R>(
        &self,
        cx: &mut Context<'_>,
        mut write: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.source.write.poll(cx, Wait::Poll, || write(self.get_ref()), |_| false)
    }

    /// Reads up to `wanted` bytes from a stream socket, where fewer bytes mean that there are no more for
    /// now.
    pub(crate) fn poll_read_stream(
        &self,
        cx: &mut Context<'_>,
        wanted: usize,
        mut read: impl FnMut(&T) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let was_last = |&count: &usize| 0 < count && count < wanted;
        self.source.read.poll(cx, Wait::Poll, || read(self.get_ref()), was_last)
    }

    /// Writes up to `wanted` bytes to a stream socket, where fewer bytes mean that its buffer is full.
    pub(crate) fn poll_write_stream(
        &self,
        cx: &mut Context<'_>,
        wanted: usize,
        mut write: impl FnMut(&T) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.source.write.poll(cx, Wait::Poll, || write(self.get_ref()), |&count| count < wanted)
    }

    /// The value and its source, for a `T` that reads and writes by `&mut`.
    pub(crate) fn parts(&mut self) -> (&mut T, &Source) {
        (self.io.as_mut().expect("only into_inner takes it, and takes self"), &self.source)
    }

    /// Waits, and asks the system each time: the source also counts as ready when no operation has been tried
    /// yet.
    async fn wait(&self, direction: &Direction, flags: PollFlags) -> io::Result<()> {
        let ask = || {
            let mut asked = [PollFd::new(self.get_ref(), flags)];
            if poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))? == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            if asked[0].revents() == PollFlags::ERR
                && !fault("error_queue_is_readable")
                && let Ok(pending) = socket_error(self.get_ref())
            {
                // Without a pending error it has an error queue, which no read or write empties.
                return pending
                    .map_or_else(|error| Err(error.into()), |()| Err(io::ErrorKind::WouldBlock.into()));
            }
            Ok(())
        };
        self.retry(direction, ask).await
    }

    fn retry<'a, R>(
        &'a self,
        direction: &'a Direction,
        mut attempt: impl FnMut() -> io::Result<R> + 'a,
    ) -> impl Future<Output = io::Result<R>> + 'a {
        let mut guard = WaitGuard { direction, key: None };
        std::future::poll_fn(move |cx| {
            let polled = direction.poll(cx, Wait::Listed(&mut guard.key), &mut attempt, |_| false);
            if polled.is_ready() {
                guard.leave();
            }
            polled
        })
    }
}

/// A future's entry among the waiters for a direction. It is removed when this is dropped.
pub(crate) struct WaitGuard<'a> {
    pub(crate) direction: &'a Direction,
    pub(crate) key: Option<Key>,
}

impl WaitGuard<'_> {
    pub(crate) fn leave(&mut self) {
        if let Some(key) = self.key.take() {
            self.direction.leave(key);
        }
    }
}

impl Drop for WaitGuard<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<T: AsFd> Drop for Async<T> {
    fn drop(&mut self) {
        // [deregister-first]: before the field is dropped. There is no caller to return an error to, and the
        // close that follows takes the descriptor out of the poller as well, unless it has duplicates.
        if let (Some(io), Ok(reactor)) = (&self.io, Reactor::get()) {
            let _ = reactor.deregister(&self.source, io.as_fd());
        }
    }
}

impl<T: AsFd + fmt::Debug> fmt::Debug for Async<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Async").field(self.get_ref()).finish()
    }
}

impl<T: AsFd> AsFd for Async<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.get_ref().as_fd()
    }
}
