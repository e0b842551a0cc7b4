//! The chapter "You know tokio" says what tokio's names are called here: each of our names and calls compiles.
//!
//! The tables' second column is taken out of the chapter and becomes one program. A path is imported. Anything
//! else is an expression, in a function of its own, with the values of [`GIVEN`].

#[path = "shared/compiler.rs"]
mod compiler;

use std::fs;
use std::path::Path;

use compiler::compile;
use weave::readme::quoted;

/// What the calls use.
const GIVEN: &str = r#"
#![allow(unused)]
use executor::future::{join, or, select, try_join};
use executor::pool::Pool;
use executor::stream::StreamExt;
use executor::sync::{broadcast, mpsc, oneshot, watch};
use executor::task::{self, AbortOnDrop, JoinError, JoinHandle};
use reactor::blocking::unblock;
use reactor::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy};
use reactor::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket, UnixListener, UnixStream};
use reactor::signal::Signals;
use reactor::time::{Interval, Sleep, sleep, sleep_until, timeout, timeout_at};
use reactor::{Async, budget};
use std::future::{Ready, ready};
use std::time::{Duration, Instant};

struct Given<'a> {
    pool: Pool, handle: JoinHandle<u8>,
    future: Ready<u8>, other: Ready<&'static str>, one: Ready<u8>, another: Ready<u8>,
    fallible: Ready<Result<u8, String>>, other_fallible: Ready<Result<(), String>>,
    call: fn() -> u8, ready_call: fn() -> u8, read_a_file: fn() -> std::io::Result<String>,
    once: oneshot::Sender<u8>, sender: mpsc::Sender<u8>, receiver: &'a mut mpsc::Receiver<u8>,
    duration: Duration, deadline: Instant, nap: Sleep, ticks: Interval,
    stream: TcpStream, std_stream: std::net::TcpStream, listener: TcpListener, descriptor: std::io::PipeReader,
    bytes: Vec<u8>, interrupts: Signals,
}

/// A future that may not go to the pool.
fn local_future() -> impl Future<Output = u8> {
    let here = std::rc::Rc::new(1);
    async move { *here }
}
"#;

/// The names and calls in the second columns of the chapter's tables, in their order.
fn ours(chapter: &str) -> Vec<&str> {
    let rows = chapter.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| tokio |"));
    rows.flat_map(|row| quoted(row.split(" | ").nth(1).expect("a row has three columns"))).collect()
}

fn is_path(text: &str) -> bool {
    text.contains("::") && text.chars().all(|c| c.is_alphanumeric() || c == ':' || c == '_')
}

/// The program: a line for each name, a function for each call.
fn program(ours: &[&str]) -> String {
    let items = ours.iter().enumerate().map(|(number, text)| match is_path(text) {
        true if text.starts_with("JoinError::") => format!("const _: JoinError = {text};\n"),
        true => format!("use {text} as _{number};\n"),
        false => format!(
            "async fn _{number}(mut given: Given<'_>) {{\n    {}\n    let local = local_future();\n    let _ = {text};\n}}\n",
            "let Given { mut pool, handle, future, other, one, another, fallible, other_fallible, call, ready_call, \
             read_a_file, once, sender, receiver, duration, deadline, mut nap, mut ticks, mut stream, std_stream, \
             listener, descriptor, mut bytes, mut interrupts } = given;"
        ),
    });
    format!("{GIVEN}\n{}\nfn main() {{}}\n", items.collect::<String>())
}

#[test]
fn every_name_and_call_compiles() {
    let chapter = fs::read_to_string(root().join("docs/book/src/from-tokio.md")).expect("the chapter exists");
    let ours = ours(&chapter);
    assert!(ours.len() > 50, "only {} were found: has the tables' form changed?", ours.len());
    compiles(&program(&ours))
        .unwrap_or_else(|message| panic!("the chapter's names do not compile:\n{message}"));
    println!("{} names and calls", ours.len());
}

/// The test above can fail: on a call that does not exist, and on a name.
#[test]
fn a_wrong_name_is_noticed() {
    for wrong in ["task::spawn_remote(future)", "reactor::net::NoSuchSocket"] {
        let message = compiles(&program(&[wrong])).expect_err("there is no such thing");
        assert!(message.contains("error[E04"), "{message}");
    }
}

/// Compiles a program, or returns the compiler's message.
fn compiles(program: &str) -> Result<(), String> {
    let output = compile("from_tokio.rs", program, &["executor", "reactor"]);
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
