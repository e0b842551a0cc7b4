//! Connecting a Unix stream.
//!
//! std's own connect cannot be used: it blocks while the listener's backlog is full. And a non-blocking one
//! fails then, with no event that says when there is room. So `connect` here tries again after a pause.
//!
//! Called by `unix`, `unix_names` and `unix_datagram`. Next: `unix`.

use std::io;
use std::os::unix::net;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};

use super::new_socket::new_socket;
use crate::async_io::Async;
use crate::time::sleep;

/// The pause between the first two attempts to reach a socket whose queue is full.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(1);

/// The longest pause between two later attempts.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Connecting a Unix socket succeeds at once or fails. While the listener's backlog is full Linux returns
/// EAGAIN, and no event reports when there is room: try again, after a longer pause each time.
pub(super) async fn connect(address: &SocketAddrUnix) -> io::Result<Async<net::UnixStream>> {
    let stream = net::UnixStream::from(new_socket(AddressFamily::UNIX, SocketType::STREAM)?);
    let mut pause = FIRST_PAUSE;
    loop {
        match rustix::net::connect(&stream, address) {
            Ok(()) => return Async::new(stream),
            Err(Errno::AGAIN) => sleep(pause).await,
            Err(error) => return Err(error.into()),
        }
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}
