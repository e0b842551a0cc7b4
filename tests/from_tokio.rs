//! The chapter "You know tokio" says what tokio's names are called here: each of our names and calls compiles.
//!
//! The tables' second column is taken out of the chapter and becomes one program, which begins with the `use` lines
//! that the chapter shows. A path is imported. Anything else is an expression, in a function of its own, with the
//! values of [`GIVEN`].

#[path = "shared/compiler.rs"]
mod compiler;

use compiler::compile;
use weave::markdown::quoted;
use weave::source::read;

/// The values that the calls use.
const GIVEN: &str = r#"
struct Given<'a> {
    pool: Pool, handle: JoinHandle<u8>, set: JoinSet<u8>, outputs: Vec<u8>, threads: Threads,
    future: Ready<u8>, other: Ready<&'static str>, one: Ready<u8>, another: Ready<u8>, third: Ready<u8>,
    payload: Box<dyn std::any::Any + Send>,
    fallible: Ready<Result<u8, String>>, other_fallible: Ready<Result<(), String>>,
    call: fn() -> u8, ready_call: fn() -> u8, read_a_file: fn() -> std::io::Result<String>,
    once: oneshot::Sender<u8>, sender: mpsc::Sender<u8>, receiver: &'a mut mpsc::Receiver<u8>,
    shared_sender: Arc<mpsc::Sender<u8>>, watched: watch::Receiver<u8>,
    notified: Notified<'a>, mutex: Mutex<u8>, semaphore: Semaphore, cell: OnceCell<u8>,
    duration: Duration, deadline: Instant, nap: Sleep, ticks: Interval,
    stream: TcpStream, std_stream: std::net::TcpStream, listener: TcpListener, descriptor: std::io::PipeReader,
    write: WriteHalf<TcpStream>, bytes: Vec<u8>, word: [u8; 4], interrupts: Signals,
}

/// A future that may not go to the pool.
fn local_future() -> impl Future<Output = u8> {
    let here = std::rc::Rc::new(1);
    async move { *here }
}
"#;

/// The `use` lines that the chapter shows, which the program begins with.
fn uses() -> String {
    let example = read("examples/from_tokio.rs");
    let (_, after) = example.split_once("// ANCHOR: from_tokio_names\n").expect("the example has the names");
    after.split_once("// ANCHOR_END").expect("the anchor ends").0.to_owned()
}

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
            "async fn _{number}(given: Given<'_>) {{\n    {}\n    let local = local_future();\n    let _ = {text};\n}}\n",
            "let Given { mut pool, handle, mut set, mut outputs, threads, future, other, one, another, third, payload, \
             fallible, other_fallible, call, ready_call, read_a_file, once, sender, receiver, shared_sender, \
             mut watched, mut notified, mutex, semaphore, mut cell, duration, deadline, mut nap, mut ticks, mut stream, std_stream, \
             listener, descriptor, write, mut bytes, mut word, mut interrupts } = given;"
        ),
    });
    let types = "use std::future::Ready;\nuse std::time::{Duration, Instant};\n";
    let uses = uses();
    format!("#![allow(unused)]\n{uses}\n{types}{GIVEN}\n{}\nfn main() {{}}\n", items.collect::<String>())
}

#[test]
fn every_name_and_call_compiles() {
    let chapter = read("docs/book/src/from-tokio.md");
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
