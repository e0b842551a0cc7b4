//! A TCP connection that is closed without waiting.
//!
//! With SO_LINGER set to some seconds, `close` holds the thread until the peer has acknowledged everything, or
//! that time has elapsed; O_NONBLOCK changes nothing about that. A drop can happen on any thread, also on one
//! that runs every task of the program. A program can get the option by an adopted socket, from a listener that
//! has it, or through `AsFd`, so it is looked at where it counts: before the close. Without it the system
//! sends the rest in the background, which is all that a drop can promise.
//!
//! A linger of zero waits for nothing: it asks for a reset, and stays.
//!
//! Called by `tcp`. Next: `connect`.

use std::net::TcpStream;
use std::ops::Deref;

use rustix::net::sockopt;

use crate::async_io::Async;

/// The socket of a connection, until its last clone is dropped.
#[derive(Debug)]
pub(super) struct Connection(pub(super) Async<TcpStream>);

impl Deref for Connection {
    type Target = Async<TcpStream>;

    fn deref(&self) -> &Async<TcpStream> {
        &self.0
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // An error is one of a socket that is gone: it has nothing to wait for.
        if let Ok(Some(time)) = sockopt::socket_linger(&self.0)
            && !time.is_zero()
        {
            let _ = sockopt::set_socket_linger(&self.0, None);
        }
    }
}
