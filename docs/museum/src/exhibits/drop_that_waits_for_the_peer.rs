//! The only worker of a pool drops a stream whose peer does not read. Another task wants to run.
//!
//! Called by `exhibits`; the exhibit is `exhibits/drop_that_waits_for_the_peer.md`.

use std::io::{self, Write};
use std::net;
use std::sync::mpsc;
use std::time::Duration;

use executor::pool::Pool;
use reactor::net::TcpStream;
use rustix::net::sockopt;

use super::{PATIENCE, Seen, text};

/// How long the socket lingers if its peer does not read.
const LINGER: Duration = Duration::from_secs(3600);

pub(super) fn show() -> Seen {
    let pool = Pool::new(1).map_err(text)?;
    let (near, far) = clogged().map_err(text)?;
    let (done, other) = mpsc::channel();
    drop(pool.spawn(async move { drop(near) }));
    drop(pool.spawn(async move { _ = done.send(()) }));
    let ran = other.recv_timeout(PATIENCE).is_ok();
    drop(far); // It has unread bytes, so this resets the connection, and ends the wait if there is one.
    if ran {
        return Ok("a stream was dropped whose peer reads nothing, and the worker went on at once".to_owned());
    }
    Err(format!(
        "the pool's only worker has been closing a socket for {} s, and runs no other task: the socket lingers, for \
         an hour if the peer does not read",
        PATIENCE.as_secs()
    ))
}

/// A stream with a linger time, and with bytes that the peer does not take; and the peer.
fn clogged() -> io::Result<(TcpStream, net::TcpStream)> {
    let listener = net::TcpListener::bind("127.0.0.1:0")?;
    let mut near = net::TcpStream::connect(listener.local_addr()?)?;
    let (far, _) = listener.accept()?;
    sockopt::set_socket_linger(&near, Some(LINGER))?;
    near.set_nonblocking(true)?;
    while near.write(&[7; 65536]).is_ok() {}
    Ok((TcpStream::try_from(near)?, far))
}
