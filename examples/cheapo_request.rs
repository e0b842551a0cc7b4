//! One web request, written by hand, on one thread.
//!
//!     cargo run --release --example cheapo_request
//!     cargo run --release --example cheapo_request HOST [PORT [PATH]]      (port 80 and path / are the defaults)
//!
//! Without arguments it starts a small server of its own, as a task on the same thread. While the request
//! waits for its response, `block_on` runs the server. While neither can continue, `block_on` sleeps in one
//! system call until a socket is ready. No other thread is started, unless HOST is a name that must be looked up.

pub(crate) mod support;

use std::io;
use std::time::Duration;
use std::{env, fs, process};

use executor::task;
use reactor::io::{AsyncReadExt, AsyncWriteExt};
use reactor::net::{TcpListener, TcpStream};

/// Requests `path` from `host`, and returns the whole response, headers included.
///
/// At each `.await` this function may give the thread to other tasks, and continue later.
pub(crate) async fn cheapo_request(host: &str, port: u16, path: &str) -> io::Result<String> {
    let mut socket = TcpStream::connect((host, port)).await?;

    // In brackets, the colons of an IPv6 address are not taken for the one before the port.
    let name = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await?;

    let mut response = Vec::new();
    socket.read_to_end(&mut response).await?;
    Ok(String::from_utf8_lossy(&response).into_owned())
}

fn main() -> io::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let (host, port, path) = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => return task::block_on(ask_a_server_of_our_own()),
        [host] => (host, 80, "/"),
        [host, word] => (host, port(word), "/"),
        [host, word, path] => (host, port(word), path),
        _ => refuse("more than three arguments"),
    };
    let response = task::block_on(cheapo_request(host, port, path))?;
    println!("{response}");
    Ok(())
}

fn port(word: &str) -> u16 {
    word.parse().unwrap_or_else(|_| refuse(&format!("PORT is a number up to 65535, not {word:?}")))
}

/// Says what is wrong with the arguments, and how to use the program.
fn refuse(what: &str) -> ! {
    eprintln!("cheapo_request: {what}\nusage: cheapo_request [HOST [PORT [PATH]]]");
    process::exit(2)
}

async fn ask_a_server_of_our_own() -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    let server = task::spawn_local(async move {
        let (stream, from) = listener.accept().await?;
        println!("server: a connection from {from}");
        support::respond(stream, Duration::from_millis(10)).await
    });

    println!("client: GET /hello from port {port}");
    let response = cheapo_request("127.0.0.1", port, "/hello").await?;
    server.await?;

    println!("client: the response:\n");
    for line in response.lines() {
        println!("    {line}");
    }
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(response.ends_with("\r\n\r\nYou asked for /hello.\n"));

    // Linux lists the threads of a process.
    if let Ok(threads) = fs::read_dir("/proc/self/task") {
        let threads = threads.count();
        println!("\nThreads in this process: {threads}.");
        assert_eq!(threads, 1);
    }
    Ok(())
}
