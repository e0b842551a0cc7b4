//! A response in HTTP: one for each connection, with the headers that keep a page's powers small.
//!
//! What others wrote is shown in the page. If it were ever taken for a script, that script could do all that the
//! page can. So each response says what a page that it holds may load and reach, and everything else is refused by
//! the browser itself.
//!
//! Used by the other files of `web`. Next: `web/page`.

use std::borrow::Cow;
use std::io;
use std::net::Shutdown;
use std::time::Duration;

use async_tungstenite::tungstenite::http::{Method, StatusCode};
use futures_lite::AsyncWriteExt;
use reactor::net::TcpStream;
use reactor::time::timeout;

use crate::server::inbound::Inbound;

/// How long the client may take for a piece of the body.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take for everything.
const LONGEST: Duration = Duration::from_secs(60);

/// A piece, in bytes.
const PIECE: usize = 64 * 1024;

/// How long what the client still sends is read and discarded: see `close` in `ending`.
const LINGER: Duration = Duration::from_secs(1);

/// May load nothing and reach nothing.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// A response with its body.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: StatusCode,
    /// The media type of the body.
    pub(super) media: &'static str,
    /// What the body may load and reach if it is a page: a Content-Security-Policy.
    pub(super) policy: &'static str,
    pub(super) body: Cow<'static, str>,
    /// The method that is allowed, if another one was used.
    pub(super) allow: Option<Method>,
}

impl Response {
    /// A body that is no page.
    pub(super) fn new(media: &'static str, body: impl Into<Cow<'static, str>>) -> Self {
        Self { status: StatusCode::OK, media, policy: NOTHING, body: body.into(), allow: None }
    }

    /// A refusal, with its reason as a line of text.
    pub(super) fn refusal(status: StatusCode, reason: &str) -> Self {
        Self { status, ..Self::new("text/plain; charset=utf-8", format!("{reason}\n")) }
    }

    /// What the server knows, as JSON.
    pub(super) fn json(body: String) -> Self {
        Self::new("application/json", body)
    }

    /// The path is there, but not for the request's method.
    pub(super) fn wrong_method(allowed: &Method) -> Self {
        let reason = format!("this path takes {allowed} only");
        Self { allow: Some(allowed.clone()), ..Self::refusal(StatusCode::METHOD_NOT_ALLOWED, &reason) }
    }

    fn head(&self) -> String {
        let Self { status, media, policy, body, allow } = self;
        let allow = allow.as_ref().map(|method| format!("Allow: {method}\r\n")).unwrap_or_default();
        format!(
            "HTTP/1.1 {status}\r\n\
             Content-Type: {media}\r\n\
             Content-Length: {}\r\n\
             Content-Security-Policy: {policy}\r\n\
             X-Content-Type-Options: nosniff\r\n\
             Referrer-Policy: same-origin\r\n\
             Cross-Origin-Resource-Policy: same-origin\r\n\
             Cache-Control: no-store\r\n\
             {allow}\
             Connection: close\r\n\
             \r\n",
            body.len(),
        )
    }

    /// Writes it, and closes the connection.
    pub(super) async fn send(&self, stream: &TcpStream) -> io::Result<()> {
        self.write(stream).await?;
        end(stream).await;
        Ok(())
    }

    /// Writes it. A client that takes longer than a minute loses the rest.
    pub(super) async fn write(&self, mut stream: &TcpStream) -> io::Result<()> {
        let written = async {
            stream.write_all(self.head().as_bytes()).await?;
            for piece in self.body.as_bytes().chunks(PIECE) {
                timeout(PATIENCE, stream.write_all(piece)).await??;
            }
            io::Result::Ok(())
        };
        timeout(LONGEST, written).await?
    }
}

/// Closes a connection after what was written, and waits a moment until the client has closed too. Bytes that are
/// unread when a socket is closed reset the connection, and the client might lose the end.
pub(super) async fn end(stream: &TcpStream) {
    let _ = stream.shutdown(Shutdown::Write);
    let _ = timeout(LINGER, Inbound::new(stream.clone()).discard()).await;
}
