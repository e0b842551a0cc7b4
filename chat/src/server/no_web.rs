//! What stands for `web` in a build without it: browsers cannot be listened for.
//!
//! The page needs a library for WebSocket, which is a third of what the chat is built from. With the type that stands
//! here, the rest of the server is the same in both builds.
//!
//! Used by `server/mod`. Next: `server/mod`.

use std::io;
use std::sync::Arc;

use reactor::net::{TcpListener, TcpStream, ToSocketAddrs};

use super::common::Common;
use super::connection::Stop;

/// There is none.
#[derive(Debug)]
pub(super) enum Web {}

impl Web {
    #[expect(clippy::unused_async, reason = "as in a build with `web`")]
    pub(super) async fn bind(
        _address: impl ToSocketAddrs,
        _hosts: Vec<String>,
    ) -> io::Result<(TcpListener, Arc<Self>)> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this was built without the page: `chat` needs its feature `web`",
        ))
    }

    #[expect(clippy::unused_async, reason = "as in a build with `web`")]
    pub(super) async fn serve(&self, _stream: TcpStream, _common: Arc<Common>, _stop: Stop) {
        match *self {}
    }
}
