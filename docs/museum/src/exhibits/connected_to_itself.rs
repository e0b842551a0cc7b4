//! Connects to a port on which nothing listens, where the system can choose only that port for the client.
//!
//! The process gives itself a network of its own, in which there are two ports to choose from, and one is taken.
//!
//! Called by `exhibits`; the exhibit is `exhibits/connected_to_itself.md`.

use std::env;
use std::io;
use std::net;
use std::os::unix::process::CommandExt;
use std::process::Command;

use executor::task::block_on;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use reactor::net::TcpStream;

use super::{Seen, text};

/// Set inside the network of its own.
const INSIDE: &str = "MUSEUM_OWN_NETWORK";

const SETUP: &str = "set -e
    ip link set lo up
    echo 40000 40001 > /proc/sys/net/ipv4/ip_local_port_range
    exec \"$@\"";

const NOBODY: &str = "127.0.0.1:40000";
const TAKEN: &str = "127.0.0.1:40001";

pub(super) fn show() -> Seen {
    if env::var_os(INSIDE).is_none() {
        // This program again, with the same arguments. `exec` returns only if it fails.
        let error = Command::new("unshare")
            .args(["--map-root-user", "--mount", "--net", "sh", "-c", SETUP, "sh"])
            .arg(env::current_exe().map_err(text)?)
            .args(env::args_os().skip(1))
            .env(INSIDE, "1")
            .exec();
        return Err(format!("this exhibit needs Linux, `unshare` and `ip`: {error}"));
    }
    let _taken = net::TcpListener::bind(TAKEN).map_err(text)?;
    block_on(async {
        let stream = match TcpStream::connect(NOBODY).await {
            Ok(stream) => stream,
            Err(error) => return Ok(format!("nothing listens there, and the client is told so: {error}")),
        };
        let (local, peer) = (stream.local_addr().map_err(text)?, stream.peer_addr().map_err(text)?);
        let echo = echoed(stream.clone()).await.map_err(text)?;
        let server = net::TcpListener::bind(NOBODY);
        Err(format!(
            "a client connected to {NOBODY}, where nothing listens. Its own end is {local}, and the other end is \
             {peer}. It wrote \"tea\" and read \"{echo}\". A server that now wants the port gets: {}",
            server.map_or_else(|error| error.to_string(), |_| "the port".to_owned())
        ))
    })
}

/// Writes a word and reads as much back.
async fn echoed(mut stream: TcpStream) -> io::Result<String> {
    let mut back = [0; 3];
    stream.write_all(b"tea").await?;
    stream.read_exact(&mut back).await?;
    Ok(String::from_utf8_lossy(&back).into_owned())
}
