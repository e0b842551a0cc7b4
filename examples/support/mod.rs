//! A web server small enough to read, for the examples that are web clients.

use std::io;
use std::time::Duration;

use reactor::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use reactor::net::TcpStream;
use reactor::time::sleep;

/// Reads one request, waits for `pause`, and responds with the path that was requested.
pub(crate) async fn respond(stream: TcpStream, pause: Duration) -> io::Result<()> {
    let mut lines = BufReader::new(&stream);
    let mut request = String::new();
    lines.read_line(&mut request).await?;
    // The headers end with an empty line. This server ignores them.
    let mut header = String::new();
    while lines.read_line(&mut header).await? > 2 {
        header.clear();
    }
    sleep(pause).await;
    let path = request.split(' ').nth(1).unwrap_or("nothing");
    let body = format!("You asked for {path}.\n");
    let response =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    (&stream).write_all(response.as_bytes()).await
}
