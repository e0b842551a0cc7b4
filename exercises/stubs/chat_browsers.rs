//! Browsers: whose pages may use the server, and lines from frames.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

/// Exercise 1. Returns whether a WebSocket request is from a page that this server has served. `host` and `origin`
/// are the headers of the request. `names` are the names by which the server may be reached, without a port; an
/// address in numbers, such as `127.0.0.1` or `[::1]`, is always one of them.
///
/// A page of another site can send a request here, but its browser writes the site into `origin`. Or DNS
/// resolves the site's name to this server's address (DNS rebinding): then `origin` and `host` both have that name.
pub fn is_own_page(host: &str, origin: Option<&str>, names: &[&str]) -> bool {
    origin.is_some()
}

/// Why a frame is refused.
#[derive(Debug, PartialEq)]
pub enum Refused {
    TooLong,
    /// It would be two lines.
    TwoLines,
}

/// Exercise 2. Returns the line of a frame, with its newline. The frame's text may be at most `limit` bytes long. A
/// newline at its end is allowed.
pub fn line_of(frame: &str, limit: usize) -> Result<String, Refused> {
    Ok(format!("{frame}\n"))
}
