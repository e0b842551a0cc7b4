//! A server sets a connection's keepalive, and asks the system what it will do.
//!
//! A peer that is really gone would be noticed after seconds, since the system counts in whole ones. So this only
//! asks.
//!
//! Called by `exhibits`; the exhibit is `exhibits/probes_never_switched_on.md`.

use std::io;
use std::time::Duration;

use executor::task::block_on;
use reactor::net::{TcpListener, TcpStream};
use rustix::net::sockopt;

use super::{Seen, text};

pub(super) fn show() -> Seen {
    let asked: io::Result<_> = block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let _client = TcpStream::connect(listener.local_addr()?).await?;
        let (server, _) = listener.accept().await?;
        server.set_keepalive(Some(Duration::from_secs(60)))?;
        let (idle, probes) = (sockopt::tcp_keepidle(&server)?, sockopt::tcp_keepcnt(&server)?);
        Ok((idle.as_secs(), probes, server.keepalive()?.is_some()))
    });
    let (idle, probes, is_on) = asked.map_err(text)?;
    let set = format!("a connection is set to be probed after {idle} s of silence, {probes} times");
    if is_on {
        return Ok(format!("{set}, and probing is on"));
    }
    Err(format!(
        "{set}, but probing is off. If the client's machine loses its power now, the server keeps this connection, \
         and everything that belongs to it, until the server ends"
    ))
}
