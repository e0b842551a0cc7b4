//! Unix sockets: a service on this machine, with a path as its address.
//!
//!     cargo run --release --example unix_sockets
//!     cargo run --release --example unix_sockets PATH LINE      (sends LINE to the service at PATH)
//!
//! They read and write like TCP sockets. The address is a path, and the file system's permissions control
//! access. The file outlives the listener. So a service that starts must find out whether a file at its path
//! belongs to a service that is still running.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, process};

use executor::{stream::StreamExt, task};
use reactor::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use reactor::net::{UnixListener, UnixStream};

fn main() -> io::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.as_slice() {
        [] => task::block_on(show()),
        [path, line] => {
            println!("{}", task::block_on(ask(Path::new(path), line))?);
            Ok(())
        }
        _ => refuse("two arguments, or none"),
    }
}

/// Says what is wrong with the arguments, and how to use the program.
fn refuse(what: &str) -> ! {
    eprintln!("unix_sockets: {what}\nusage: unix_sockets [PATH LINE]");
    process::exit(2)
}

async fn show() -> io::Result<()> {
    two_ends().await?;

    let path = OwnPath(env::temp_dir().join(format!("unrolled-notes-{}", process::id())));
    let service = task::spawn_local(keep_notes(bind(&path.0).await?));
    println!("A service keeps notes at a path in {}.", env::temp_dir().display());
    for (line, expected) in
        [("tea = in the pot", "noted"), ("tea", "in the pot"), ("milk", "never heard of it")]
    {
        let response = ask(&path.0, line).await?;
        println!("    {line:<20} {response}");
        assert_eq!(response, expected);
    }
    another_process(&path.0).await?;

    let taken = bind(&path.0).await.expect_err("the first service is running");
    println!("A second service: {taken}");
    service.cancel().await;
    assert!(path.0.exists());
    println!(
        "The first has ended, but its file is still there: {}",
        ask(&path.0, "tea").await.expect_err("no service listens")
    );
    let second = bind(&path.0).await?;
    println!("Now the second service can listen at the path.");
    drop(second);
    Ok(())
}

/// A pair of connected sockets needs no path. Its two ends are for two tasks, or for a process and its child.
async fn two_ends() -> io::Result<()> {
    let (mut one, mut other) = UnixStream::pair()?;
    let peer = task::spawn_local(async move {
        let mut text = String::new();
        other.read_to_string(&mut text).await?;
        other.write_all(text.to_uppercase().as_bytes()).await
    });
    one.write_all(b"is anybody there?").await?;
    one.close().await?; // Closes the write half, so the peer reads the end. This end can still read.
    let mut response = String::new();
    one.read_to_string(&mut response).await?;
    peer.await?;
    println!("A pair of sockets: {response}");
    assert_eq!(response, "IS ANYBODY THERE?");
    Ok(())
}

// ANCHOR: unix_sockets_bind
/// Listens at `path`. If the path is taken, tries to connect to it. If the connection is refused, the file is
/// stale, left by a service that has ended, and is removed.
async fn bind(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path).await {
        Err(taken) if taken.kind() == ErrorKind::AddrInUse => match UnixStream::connect(path).await {
            Err(refused) if refused.kind() == ErrorKind::ConnectionRefused => {
                fs::remove_file(path)?;
                UnixListener::bind(path).await
            }
            _ => Err(taken),
        },
        outcome => outcome,
    }
}
// ANCHOR_END: unix_sockets_bind

// ANCHOR: unix_sockets_serve
/// A service: `NAME = NOTE` stores a note, `NAME` returns it. One line per connection.
async fn keep_notes(listener: UnixListener) -> io::Result<()> {
    let mut notes = BTreeMap::new();
    let mut incoming = listener.incoming();
    while let Some(stream) = incoming.next().await {
        let mut stream = BufReader::new(stream?);
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let response = match line.trim_end().split_once(" = ") {
            Some((name, note)) => {
                notes.insert(name.to_owned(), note.to_owned());
                "noted"
            }
            None => notes.get(line.trim_end()).map_or("never heard of it", String::as_str),
        };
        stream.get_mut().write_all(response.as_bytes()).await?;
    }
    Ok(())
}
// ANCHOR_END: unix_sockets_serve

/// Sends a line to the service at `path`, and returns its response.
async fn ask(path: &Path, line: &str) -> io::Result<String> {
    let mut stream = UnixStream::connect(path).await?;
    stream.write_all(format!("{line}\n").as_bytes()).await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    Ok(response)
}

/// Runs this program again, as a client in another process.
async fn another_process(path: &Path) -> io::Result<()> {
    let mut client = Command::new(env::current_exe()?);
    client.arg(path).arg("tea");
    let output = task::spawn_blocking(move || client.output()).await?;
    let response = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    println!("    and to another process that asks for tea: {response}");
    assert_eq!(response, "in the pot");
    Ok(())
}

/// A path whose file is removed on drop, so also if the program fails.
struct OwnPath(PathBuf);

impl Drop for OwnPath {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
