//! Functions that return async blocks.
//!
//!     cargo run --release --example async_block_functions
//!
//! An `async fn` does nothing when it is called, and its future borrows everything that its arguments borrow.
//! A plain function that returns an async block controls both: what it does at the call, and what the future
//! keeps. `reactor::time::timeout` is such a function: its deadline counts from the call.

use std::net::{AddrParseError, SocketAddr};
use std::pin::Pin;
use std::time::{Duration, Instant};
use std::{fmt, io};

use executor::task;
use reactor::net::{TcpListener, TcpStream};
use reactor::time::sleep_until;

fn main() -> io::Result<()> {
    task::block_on(async {
        owned().await;
        checked_at_once().await?;
        begun_at_once().await;
        boxed().await;
        Ok(())
    })
}

// ANCHOR: async_block_functions_owned
/// Its future borrows `name`.
async fn greet_borrowed(name: &str) -> String {
    task::yield_now().await;
    format!("Hello, {name}!")
}

/// Its future owns a copy and borrows nothing, as `use<>` declares. The signature also promises that the
/// future is `Send`. If the block were not, the compiler would report it here.
fn greet_owned(name: &str) -> impl Future<Output = String> + Send + use<> {
    let name = name.to_owned();
    async move { greet_borrowed(&name).await }
}

/// Each name lives only for one iteration of the loop. A task that borrowed it would not compile.
async fn owned() {
    let mut tasks = Vec::new();
    for number in 1..=3 {
        let name = format!("task {number}");
        tasks.push(task::spawn(greet_owned(&name)));
    }
    for (number, task) in (1..=3).zip(tasks) {
        let greeting = task.await;
        println!("{greeting}");
        assert_eq!(greeting, format!("Hello, task {number}!"));
    }
}
// ANCHOR_END: async_block_functions_owned

// ANCHOR: async_block_functions_checked
/// Parses the address now, and connects later. So the caller gets the error before anything waits.
fn knock(address: &str) -> Result<impl Future<Output = io::Result<SocketAddr>> + use<>, AddrParseError> {
    let address: SocketAddr = address.parse()?;
    Ok(async move { TcpStream::connect(address).await?.peer_addr() })
}

async fn checked_at_once() -> io::Result<()> {
    let error = knock("127.0.0.1:http").err().expect("a port must be a number");
    println!("The call returned an error: {error}");

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let knocking = knock(&address.to_string()).map_err(io::Error::other)?;
    assert_eq!(knocking.await?, address);
    println!("Called with a good address, then awaited: connected.");
    Ok(())
}
// ANCHOR_END: async_block_functions_checked

// ANCHOR: async_block_functions_begun
/// The time starts when this is called. The future waits for the rest of it.
fn boil(egg: u32, time: Duration) -> impl Future<Output = u32> {
    let done = Instant::now() + time;
    async move {
        sleep_until(done).await;
        egg
    }
}

/// Four eggs, awaited one after another, are done at the same time: each one's time started at the call.
async fn begun_at_once() {
    let time = Duration::from_millis(50);
    let begun = Instant::now();
    let eggs: Vec<_> = (1..=4).map(|egg| boil(egg, time)).collect();
    let mut done = Vec::new();
    for egg in eggs {
        done.push(egg.await);
    }
    let took = begun.elapsed();
    println!("Eggs {done:?}, of {time:?} each, are done after {took:.0?}.");
    assert_eq!(done, [1, 2, 3, 4]);
    assert!(took >= time);
}
// ANCHOR_END: async_block_functions_begun

// ANCHOR: async_block_functions_boxed
/// Each async block has a type of its own. Boxed as trait objects they have one type, and fit in one list.
type Step = Pin<Box<dyn Future<Output = Box<dyn fmt::Debug>>>>;

async fn boxed() {
    let steps: [Step; 3] = [
        Box::pin(async { Box::new("a word") as _ }),
        Box::pin(async { Box::new(greet_owned("box").await) as _ }),
        Box::pin(async { Box::new(boil(5, Duration::ZERO).await) as _ }),
    ];
    let mut outputs = Vec::new();
    for step in steps {
        outputs.push(format!("{:?}", step.await));
    }
    println!("Three different futures from one list: {}", outputs.join(", "));
    assert_eq!(outputs, ["\"a word\"", "\"Hello, box!\"", "5"]);
}
// ANCHOR_END: async_block_functions_boxed
