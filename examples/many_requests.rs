//! Many web requests: one after another, then all at once, on one thread and on the pool.
//!
//!     cargo run --release --example many_requests
//!     cargo run --release --example many_requests HOST
//!     cargo run --release --example many_requests HOST PORT PATH...
//!
//! Most of the time is spent waiting, and waiting needs no thread. So requests that wait at the same time
//! take hardly longer than one. The pool does not help here. It would if the responses needed computation.
//! Without arguments the program starts a small server of its own, which takes 20 ms for each response, like
//! a server that is far away.

#[allow(dead_code, reason = "it is an example of its own, with a main")]
#[path = "cheapo_request.rs"]
mod cheapo_request;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, io, process};

use cheapo_request::{cheapo_request, support};
use executor::task;
use reactor::net::TcpListener;

const REQUESTS: usize = 50;
const PAUSE: Duration = Duration::from_millis(20);

/// The number of requests that the server is working on now, and the highest number so far.
static IN_PROGRESS: AtomicUsize = AtomicUsize::new(0);
static MOST_AT_ONCE: AtomicUsize = AtomicUsize::new(0);

fn main() -> io::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    task::block_on(async {
        match words.as_slice() {
            [] => {
                let port = start_server().await?;
                let paths = (0..REQUESTS).map(|n| format!("/page/{n}")).collect();
                println!("A server on port {port} takes {PAUSE:?} for each of {REQUESTS} requests.\n");
                let times = three_ways("127.0.0.1", port, paths).await?;
                // The first way waits for all the pauses in turn. In the other two the pauses overlap.
                assert!(times[0] >= PAUSE * REQUESTS as u32);
                assert!(MOST_AT_ONCE.load(Ordering::Relaxed) > 1);
            }
            [host, rest @ ..] => {
                let port = rest.first().map_or(80, |word| port(word));
                let paths = if rest.len() > 1 { rest[1..].to_vec() } else { vec!["/".to_string(); 10] };
                three_ways(host, port, paths).await?;
            }
        }
        Ok(())
    })
}

fn port(word: &str) -> u16 {
    word.parse().unwrap_or_else(|_| refuse(&format!("PORT is a number up to 65535, not {word:?}")))
}

/// Says what is wrong with the arguments, and how to use the program.
fn refuse(what: &str) -> ! {
    eprintln!("many_requests: {what}\nusage: many_requests [HOST [PORT [PATH...]]]");
    process::exit(2)
}

/// Starts the server as a task of the pool, and returns its port.
async fn start_server() -> io::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    task::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            task::spawn(async move {
                let at_once = IN_PROGRESS.fetch_add(1, Ordering::Relaxed) + 1;
                MOST_AT_ONCE.fetch_max(at_once, Ordering::Relaxed);
                let _ = support::respond(stream, PAUSE).await;
                IN_PROGRESS.fetch_sub(1, Ordering::Relaxed);
            });
        }
    });
    Ok(port)
}

/// Makes the same requests in three ways, and prints how long each took.
async fn three_ways(host: &str, port: u16, paths: Vec<String>) -> io::Result<[Duration; 3]> {
    let begun = Instant::now();
    for path in &paths {
        check(path, cheapo_request(host, port, path).await?);
    }
    let one_by_one = report("one after another", begun);

    let begun = Instant::now();
    let handles: Vec<_> = requests(host, port, &paths).map(task::spawn_local).collect();
    for (path, handle) in paths.iter().zip(handles) {
        check(path, handle.await?);
    }
    let this_thread = report("all at once, on this thread", begun);

    let begun = Instant::now();
    let handles: Vec<_> = requests(host, port, &paths).map(task::spawn).collect();
    for (path, handle) in paths.iter().zip(handles) {
        check(path, handle.await?);
    }
    let pool = report("all at once, on the pool", begun);
    Ok([one_by_one, this_thread, pool])
}

/// Returns the requests, none of them started: a future does nothing until it is polled.
///
/// A task may outlive the function that spawns it. So each future owns its host and its path.
fn requests(
    host: &str,
    port: u16,
    paths: &[String],
) -> impl Iterator<Item = impl Future<Output = io::Result<String>> + Send + 'static> {
    paths.iter().map(move |path| {
        let (host, path) = (host.to_owned(), path.clone());
        async move { cheapo_request(&host, port, &path).await }
    })
}

/// Checks a response. Our own server repeats the path. From any other server any response will do.
fn check(path: &str, response: String) {
    assert!(response.starts_with("HTTP/1."), "{response}");
    if path.starts_with("/page/") {
        assert!(response.ends_with(&format!("You asked for {path}.\n")), "{response}");
    }
}

/// Prints and returns the time since `begun`.
fn report(way: &str, begun: Instant) -> Duration {
    let took = begun.elapsed();
    println!("{way:<28} {:>8.1} ms", took.as_secs_f64() * 1e3);
    took
}
