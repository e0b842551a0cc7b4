//! The end of a stream, noticed without reading.
//!
//! A task that reads or writes hears of the end by that. One that does neither does not: a server that computes
//! an answer, or only forwards what others send. It cannot read to find out. Unread bytes stand before the end,
//! and a read takes them from the task that they are meant for. Nor can it remember an event: before its
//! `connect` a socket counts as hung up too. So it waits for an event and then asks the system.
//!
//! ```text
//!   poll:  still listed? ──yes──▶ pending: nothing has happened since the system was asked
//!            └─no──▶ join the line ──▶ ask the system ──ended──▶ ready
//!                                           └─not yet──▶ pending
//! ```
//!
//! G1  It joins the line before it asks, and the system knows the end before it sends the event: an end that
//!     the system did not tell of yet finds it in the line.
//! G2  An event that may mean an end wakes the line also where the direction was ready already (see
//!     `source`): perhaps nobody reads.
//! G3  A poll without news asks nobody: it costs no system call.
//!
//! Called by programs. Next: `udp`.

use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::task::{Context, Poll, ready};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::tcp::TcpStream;
use super::unix::UnixStream;
use crate::async_io::{Async, WaitGuard};
use crate::budget;
use crate::shim::fault;
use crate::source::{Direction, Wait};
use crate::wait_list::Key;

/// Nothing can be read or written any more. Not `ERR`: a stream may have an error and go on, as one with
/// `IP_RECVERR` does.
const CLOSED: PollFlags = PollFlags::HUP;

/// Or nothing more comes.
#[cfg(any(target_os = "linux", target_os = "android"))]
const READ_CLOSED: PollFlags = CLOSED.union(PollFlags::RDHUP);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const READ_CLOSED: PollFlags = CLOSED;

impl TcpStream {
    /// Waits until the connection is over in both directions: the peer has reset it, the system has given it
    /// up, or each side has shut down its writing half. A peer that has only shut down its writing half still
    /// reads; [`read_closed`](Self::read_closed) waits for that.
    ///
    /// It reads nothing: bytes that came before the end may still be there. It needs no descriptor. Several
    /// tasks may wait, also while others read and write. Dropping the returned future leaves nothing behind.
    ///
    /// # Errors
    ///
    /// If the system cannot tell.
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
    ///     // The client gives up before the answer is ready.
    ///     rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO))?;
    ///     drop(client);
    ///     let answer = async {
    ///         reactor::time::sleep(Duration::from_secs(3600)).await;
    ///         Some("an answer")
    ///     };
    ///     let gone = async {
    ///         server.closed().await.expect("the system can tell");
    ///         None
    ///     };
    ///     assert_eq!(future::or(answer, gone).await, None);
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn closed(&self) -> impl Future<Output = io::Result<()>> {
        until(&self.socket, &self.socket.source.write, CLOSED)
    }

    /// Waits until the peer sends no more: it has shut down its writing half, or the connection is over as
    /// [`closed`](Self::closed) says; or this side has shut down its reading half.
    ///
    /// It reads nothing: bytes that came before may still be there. Dropping the returned future leaves nothing
    /// behind. Only Linux can tell of a half; on other systems it may wait until the connection is over.
    ///
    /// # Errors
    ///
    /// If the system cannot tell.
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
    ///     let mut said = String::new();
    ///     server.read_to_string(&mut said).await?;
    ///     assert_eq!(said, "the last");
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
    /// closed it, or has ended.
    ///
    /// # Errors
    ///
    /// If the system cannot tell.
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

    /// Waits until the peer sends no more, as [`TcpStream::read_closed`] does.
    ///
    /// # Errors
    ///
    /// If the system cannot tell.
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

/// Ready once the system tells of one of the flags.
fn until<'a, T: AsFd>(
    stream: &'a Async<T>,
    direction: &'a Direction,
    flags: PollFlags,
) -> impl Future<Output = io::Result<()>> + 'a {
    let ask = move || {
        let mut asked = [PollFd::new(stream.get_ref(), flags)];
        poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
        Ok(asked[0].revents().intersects(flags))
    };
    let mut place = WaitGuard { direction, key: None };
    std::future::poll_fn(move |cx| {
        ready!(budget::poll_proceed(cx));
        let ended = ready!(poll_ended(direction, &mut place.key, cx, ask));
        place.leave();
        budget::spend();
        Poll::Ready(ended)
    })
}

/// Joins the line of those who wait for the direction, and asks whether the stream has ended.
fn poll_ended(
    direction: &Direction,
    place: &mut Option<Key>,
    cx: &mut Context<'_>,
    ask: impl Fn() -> io::Result<bool>,
) -> Poll<io::Result<()>> {
    let early = fault("asked_before_listing").then(&ask);
    let before = *place;
    direction.wait(cx.waker(), &mut Wait::Listed(place));
    if *place == before {
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
