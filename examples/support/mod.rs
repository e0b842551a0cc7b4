//! The other end of the requests: a web server small enough to read, for examples that are clients.

use std::io;
use std::time::Duration;

use reactor::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use reactor::net::TcpStream;
use reactor::time::sleep;

/// Reads one request, thinks for as long as `pause`, and replies with the path that was asked for.
pub(crate) async fn answer(stream: TcpStream, pause: Duration) -> io::Result<()> {
    let mut lines = BufReader::new(&stream);
    let mut request = String::new();
    lines.read_line(&mut request).await?;
    // The headers end with an empty line. What they say is of no interest here.
    let mut header = String::new();
    while lines.read_line(&mut header).await? > 2 {
        header.clear();
    }
    sleep(pause).await;
    let path = request.split(' ').nth(1).unwrap_or("nothing");
    let body = format!("You asked for {path}.\n");
    let answer =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    (&stream).write_all(answer.as_bytes()).await
}
