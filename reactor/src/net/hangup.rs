//! The end of a stream, noticed without reading.
//!
//! A task that reads or writes learns of the end from the call. A task that does neither does not: a server
//! computes a response, and its client has left. It cannot read to find out: unread bytes come before the end,
//! and the read would take them from the task that needs them. A flag that is set by an event would be wrong:
//! the system also reports a socket as hung up before its `connect`. So the future waits for an event, and then
//! asks the system.
//!
//! ```text
//!   poll:  still listed? ──yes──▶ pending: no event since the system was asked
//!            └─no──▶ join the wait list ──▶ ask the system ──ended──▶ ready
//!                                                └─not yet──▶ pending
//! ```
//!
//! - G1  The future joins the wait list before it asks the system, and the system knows of the end before it sends
//!   the event. So if the system does not report the end yet, the later event finds the future in the list.
//! - G2  An event that may mean an end wakes the waiters even if the direction was ready before (see `source`):
//!   perhaps no task reads.
//! - G3  A poll without a new event makes no system call.
//!
//! Called by programs. Next: `heap`.

use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::task::{Context, Poll, ready};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;

use super::tcp::TcpStream;
use super::unix::UnixStream;
use crate::async_io::{Async, WaitGuard};
use crate::budget;
use crate::shim::fault;
use crate::source::{Direction, Wait};
use crate::wait_list::Key;

/// Both directions have ended. Not `ERR`: a stream can have an error and continue, as one with `IP_RECVERR`
/// does.
const CLOSED: PollFlags = PollFlags::HUP;

/// The peer sends no more. Only Linux reports this; other systems report only that both directions have ended.
#[cfg(any(target_os = "linux", target_os = "android"))]
const READ_CLOSED: PollFlags = CLOSED.union(PollFlags::RDHUP);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const READ_CLOSED: PollFlags = CLOSED;

impl TcpStream {
    /// Waits until the connection is over in both directions: the peer has reset it, the system has given it
    /// up, or each side has shut down its writing half. A peer that has only shut down its writing half still
    /// reads; [`read_closed`](Self::read_closed) waits for that.
    ///
    /// It reads nothing: bytes that came before the end may still be unread. It needs no further descriptor.
    /// Several tasks may wait, and others may read and write meanwhile.
    ///
    /// Cancel-safe: a future that is dropped stops waiting.
    ///
    /// # Errors
    ///
    /// The system's, if it refuses to report the state of the connection.
    ///
    /// ```
    /// use futures_lite::future;
    /// use reactor::net::{TcpListener, TcpStream};
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// executor::task::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///
    ///     // The client gives up before the response is ready.
    ///     rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO))?;
    ///     drop(client);
    ///     let response = async {
    ///         reactor::time::sleep(Duration::from_secs(3600)).await;
    ///         Some("a response")
    ///     };
    ///     let gone = async {
    ///         server.closed().await.expect("an open socket has a state");
    ///         None
    ///     };
    ///     assert_eq!(future::or(response, gone).await, None);
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn closed(&self) -> impl Future<Output = io::Result<()>> {
        until(&self.socket, &self.socket.source.write, CLOSED)
    }

    /// Waits until the peer sends no more: it has shut down its writing half, or the connection is over as
    /// for [`closed`](Self::closed), or this side has shut down its reading half.
    ///
    /// It reads nothing: bytes that came before the end may still be unread. Only Linux reports the end of one half; on
    /// other systems this may wait until the connection is over.
    ///
    /// Cancel-safe: a future that is dropped stops waiting.
    ///
    /// # Errors
    ///
    /// The system's, if it refuses to report the state of the connection.
    ///
    /// ```
    /// use reactor::io::{AsyncReadExt, AsyncWriteExt};
    /// use reactor::net::{TcpListener, TcpStream};
    ///
    /// # #[cfg(any(target_os = "linux", target_os = "android"))]
    /// # fn main() -> std::io::Result<()> {
    /// executor::task::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let mut client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (mut server, _) = listener.accept().await?;
    ///
    ///     client.write_all(b"the last").await?;
    ///     client.close().await?;
    ///     server.read_closed().await?;
    ///     let mut text = String::new();
    ///     server.read_to_string(&mut text).await?;
    ///     assert_eq!(text, "the last");
    ///     Ok(())
    /// })
    /// # }
    /// # #[cfg(not(any(target_os = "linux", target_os = "android")))]
    /// # fn main() {}
    /// ```
    pub fn read_closed(&self) -> impl Future<Output = io::Result<()>> {
        until(&self.socket, &self.socket.source.read, READ_CLOSED)
    }
}

impl UnixStream {
    /// Waits until the stream is over in both directions, as [`TcpStream::closed`] does: the other process has
    /// closed it, or has ended. It is cancel-safe, too.
    ///
    /// # Errors
    ///
    /// The system's, if it refuses to report the state of the stream.
    ///
    /// ```
    /// # executor::task::block_on(async {
    /// use reactor::net::UnixStream;
    ///
    /// let (near, far) = UnixStream::pair()?;
    /// drop(far);
    /// near.closed().await?;
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn closed(&self) -> impl Future<Output = io::Result<()>> {
        until(&self.socket, &self.socket.source.write, CLOSED)
    }

    /// Waits until the peer sends no more, as [`TcpStream::read_closed`] does. It is cancel-safe, too.
    ///
    /// # Errors
    ///
    /// The system's, if it refuses to report the state of the stream.
    ///
    /// ```
    /// # #[cfg(any(target_os = "linux", target_os = "android"))]
    /// # executor::task::block_on(async {
    /// use reactor::net::UnixStream;
    /// use std::net::Shutdown;
    ///
    /// let (near, far) = UnixStream::pair()?;
    /// far.shutdown(Shutdown::Write)?;
    /// near.read_closed().await?;
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn read_closed(&self) -> impl Future<Output = io::Result<()>> {
        until(&self.socket, &self.socket.source.read, READ_CLOSED)
    }
}

/// Becomes ready once the system reports one of the flags.
fn until<'a, T: AsFd>(
    stream: &'a Async<T>,
    direction: &'a Direction,
    flags: PollFlags,
) -> impl Future<Output = io::Result<()>> + 'a {
    let ask = move || {
        let mut asked = [PollFd::new(stream.get_ref(), flags)];
        retry_on_intr(|| poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })))?;
        Ok(asked[0].revents().intersects(flags))
    };
    let mut guard = WaitGuard { direction, key: None };
    std::future::poll_fn(move |cx| {
        ready!(budget::poll_proceed(cx));
        let ended = ready!(poll_ended(direction, &mut guard.key, cx, ask));
        guard.leave();
        budget::spend();
        Poll::Ready(ended)
    })
}

/// Joins the direction's wait list, and then asks the system whether the stream has ended.
fn poll_ended(
    direction: &Direction,
    key: &mut Option<Key>,
    cx: &mut Context<'_>,
    ask: impl Fn() -> io::Result<bool>,
) -> Poll<io::Result<()>> {
    let early = fault("asked_before_listing").then(&ask);
    let before = *key;
    direction.wait(cx.waker(), &mut Wait::Listed(key));
    if *key == before {
        return Poll::Pending; // G3
    }
    match early.unwrap_or_else(ask) {
        Ok(true) => Poll::Ready(Ok(())),
        Ok(false) => Poll::Pending, // G1
        Err(error) => Poll::Ready(Err(error)),
    }
}

#[cfg(all(test, loom))]
mod model;
