//! Closing a TCP connection without blocking the thread.
//!
//! With SO_LINGER set to some seconds, `close` blocks the thread until the peer has acknowledged everything, or
//! that time has elapsed; O_NONBLOCK does not change that. A drop can happen on any thread, even on one that
//! runs every task of the program. So the option is removed before the close, and the system sends the rest in
//! the background, which is all that a drop can promise.
//!
//! To remove it when a stream is made would not do: a program can also set it later, through `AsFd`. To close
//! such a socket on another thread would hold one thread for each.
//!
//! A linger of zero stays: it blocks nothing, and asks for a reset.
//!
//! Called by `tcp`. Next: `tcp_options`.

use std::io;
use std::net::TcpStream;
use std::ops::Deref;

use rustix::net::sockopt;

use crate::async_io::Async;
use crate::shim::fault;

/// The socket of a connection, shared by its clones. Dropping the last clone closes it.
#[derive(Debug)]
pub(super) struct Connection(
    /// `Some` until `into_std`.
    Option<Async<TcpStream>>,
);

impl Connection {
    pub(super) fn new(socket: Async<TcpStream>) -> Self {
        Self(Some(socket))
    }

    /// Deregisters the socket and gives it back, open and with its options.
    pub(super) fn into_std(mut self) -> io::Result<TcpStream> {
        self.0.take().expect("only into_std takes it, and takes self").into_inner()
    }
}

impl Deref for Connection {
    type Target = Async<TcpStream>;

    fn deref(&self) -> &Async<TcpStream> {
        self.0.as_ref().expect("only into_std takes it, and takes self")
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // An error means that the socket is gone already: its close does not block.
        if let Some(socket) = &self.0
            && let Ok(Some(time)) = sockopt::socket_linger(socket)
            && !time.is_zero()
            && !fault("close_may_linger")
        {
            let _ = sockopt::set_socket_linger(socket, None);
        }
    }
}
