//! The head of an HTTP request, bounded in bytes and in time.
//!
//! A browser sends a head of a few hundred bytes at once. One that sends a byte a minute, or a head that
//! never ends, would otherwise keep a task, a descriptor and a growing buffer.
//!
//! - H1  A head has at most `LONGEST` bytes, and arrives within `PATIENCE`.
//! - H2  It is parsed once, when its end is there: one that comes byte by byte costs no more than another.
//!
//! Used by `web/mod`. Next: `web/response`.

use std::io;
use std::time::Duration;

use async_tungstenite::tungstenite::http::{self, HeaderName, HeaderValue, Request, StatusCode, Version};
use futures_lite::{AsyncRead, AsyncReadExt};
use reactor::time::timeout;

/// The longest head, in bytes. That of a browser has less than 2 KiB, unless it has many cookies.
const LONGEST: usize = 16 * 1024;

/// The most header fields.
const FIELDS: usize = 100;

/// How long a head may take.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });

/// A request without its body, and what was read beyond the head.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) request: Request<()>,
    pub(super) rest: Vec<u8>,
}

/// A request that is refused: the status and the reason. `None`: the client has gone, and is sent nothing.
pub(super) type Refused = Option<(StatusCode, String)>;

/// Reads the head of a request.
pub(super) async fn read_head(stream: impl AsyncRead + Unpin) -> Result<Head, Refused> {
    match timeout(PATIENCE, read_all(stream)).await {
        Ok(Ok(read)) => read,
        Ok(Err(_)) => Err(None),
        Err(_) => {
            let seconds = PATIENCE.as_secs();
            let text = format!("the head of the request was not here within {seconds} seconds");
            Err(Some((StatusCode::REQUEST_TIMEOUT, text)))
        }
    }
}

async fn read_all(mut stream: impl AsyncRead + Unpin) -> io::Result<Result<Head, Refused>> {
    let mut read = Vec::new();
    let mut piece = [0; 2048];
    loop {
        let length = stream.read(&mut piece).await?;
        if length == 0 {
            return Ok(Err(None));
        }
        // The end may have begun in what was read before.
        let from = read.len().saturating_sub(2);
        read.extend_from_slice(&piece[..length]);
        let end = end_of_head(&read, from);
        if end.unwrap_or(read.len()) > LONGEST {
            let text = format!("the head of the request is longer than {LONGEST} bytes");
            return Ok(Err(Some((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, text))));
        }
        if let Some(end) = end {
            let rest = read.split_off(end);
            let request = parse(&read);
            return Ok(request.map(|request| Head { request, rest }).map_err(|error| {
                Some((StatusCode::BAD_REQUEST, format!("not a request in HTTP: {error}")))
            }));
        }
    }
}

/// Returns where the first empty line ends, if one does at `from` or later. A line ends with `\n` or `\r\n`.
fn end_of_head(read: &[u8], from: usize) -> Option<usize> {
    (from..read.len()).find_map(|at| {
        let end = ["\n\r\n", "\n\n"].into_iter().find(|end| read[at..].starts_with(end.as_bytes()))?;
        Some(at + end.len())
    })
}

/// Parses a whole head.
fn parse(head: &[u8]) -> Result<Request<()>, String> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut parsed = httparse::Request::new(&mut fields);
    if parsed.parse(head).map_err(|error| error.to_string())?.is_partial() {
        return Err("it has no end".to_string());
    }
    let version = if parsed.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    let (method, target) = (parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default());
    let mut request = Request::builder().method(method).uri(target).version(version);
    for field in parsed.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|error| error.to_string())?;
        let value = HeaderValue::from_bytes(field.value).map_err(|error| error.to_string())?;
        request = request.header(name, value);
    }
    request.body(()).map_err(|error: http::Error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use executor::task;
    use futures_lite::AsyncWriteExt;
    use reactor::net::UnixStream;

    /// What becomes of bytes that a browser sends at once, without closing.
    fn read(bytes: &[u8]) -> Result<Head, Refused> {
        task::block_on(async {
            let (mut client, server) = UnixStream::pair().unwrap();
            let (read, _) =
                futures_lite::future::zip(read_head(server), async { client.write_all(bytes).await }).await;
            read
        })
    }

    #[track_caller]
    fn refused(bytes: &[u8]) -> (StatusCode, String) {
        read(bytes).expect_err("it is refused").expect("with a reason")
    }

    #[test]
    fn a_head_is_read_and_what_follows_is_kept() {
        let head = read(b"GET /chat?x=1 HTTP/1.1\r\nHost: a\r\nX: \r\n\r\nrest").unwrap();
        assert_eq!((head.request.uri().path(), head.request.uri().query()), ("/chat", Some("x=1")));
        assert_eq!(head.request.headers()["host"], "a");
        assert_eq!(head.rest, b"rest");
    }

    #[test]
    fn any_split_gives_the_same_head() {
        task::block_on(async {
            let (mut client, server) = UnixStream::pair().unwrap();
            let write = async {
                for byte in b"GET / HTTP/1.0\nHost: b\n\n" {
                    client.write_all(&[*byte]).await.unwrap();
                    task::yield_now().await;
                }
            };
            let head = futures_lite::future::zip(read_head(server), write).await.0.unwrap();
            assert_eq!(head.request.version(), Version::HTTP_10);
            assert_eq!(head.request.headers()["host"], "b");
        });
    }

    #[test]
    fn each_empty_line_ends_a_head() {
        for end in ["\r\n\r\n", "\n\r\n", "\r\n\n", "\n\n"] {
            let head = read(format!("GET / HTTP/1.1\nHost: c{end}rest").as_bytes()).expect(end);
            let host = head.request.headers()["host"].as_bytes();
            assert_eq!((host, &head.rest[..]), (&b"c"[..], &b"rest"[..]), "{end:?}");
        }
    }

    #[test]
    fn a_head_has_at_most_its_length() {
        let long = |length: usize| {
            let begin = "GET / HTTP/1.1\r\nCookie: ";
            format!("{begin}{}\r\n\r\n", "x".repeat(length - begin.len() - 4))
        };
        assert!(read(long(LONGEST).as_bytes()).is_ok());
        assert_eq!(refused(long(LONGEST + 1).as_bytes()).0, 431);
        assert_eq!(refused(long(LONGEST + 2000).as_bytes()).0, 431);
    }

    #[test]
    fn what_is_no_head_is_refused_with_a_reason() {
        let cases: [(&[u8], u16, &str); 4] = [
            (b"{\"Join\":{}}\n\n", 400, "not a request in HTTP"),
            (b"GET / HTTP/1.1\r\nbad header\r\n\r\n", 400, "header"),
            (&[b'x'; 40_000], 431, "16384 bytes"),
            (b"GET / HTTP/1.1\r\n", 408, "within 1 seconds"),
        ];
        for (bytes, status, part) in cases {
            let (found, text) = refused(bytes);
            assert!(found.as_u16() == status && text.contains(part), "{found}: {text}");
        }
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(FIELDS + 1));
        assert_eq!(refused(many.as_bytes()).0, 400);
    }
}
