//! A timeline: a small program records itself, and saves a page that shows what each thread and task did.
//!
//!     cargo run --release --example timeline [FILE]
//!
//! The page is FILE, or a file in a new folder among the temporary files. Open it in a browser. Click on a poll, and
//! press `w`: the page shows why it ran, from the wake that caused it back to a socket, a timer or the program's start.
//!
//! Any program on the runtime records itself with `UNROLLED_TRACE=out.html` in its environment.

use std::hash::{BuildHasher, RandomState};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs, io, process};

use executor::sync::{Mutex, mpsc};
use executor::task::{self, Builder};
use executor::trace;
use reactor::io::{AsyncReadExt, AsyncWriteExt};
use reactor::net::{TcpListener, TcpStream};
use reactor::time::{interval, sleep};

/// How many events each thread keeps: its last ones.
const EVENTS: usize = 100_000;

const REQUESTS: usize = 20;

fn main() -> io::Result<()> {
    if env::args_os().len() > 2 {
        refuse("more than one argument");
    }
    trace::start(EVENTS).map_err(io::Error::other)?;
    task::block_on(async {
        let ticks = Builder::new().name("ticks").spawn(ticks());
        let echo = Builder::new().name("echo").spawn(echo());
        let pipeline = Builder::new().name("pipeline").spawn(pipeline());
        let count = Builder::new().name("contention").spawn(contention());
        ticks.await;
        pipeline.await;
        count.await;
        echo.await
    })?;
    let trace = trace::stop().expect("it was started above");
    let path = env::args_os().nth(1).map_or_else(in_a_new_folder, |path| Ok(path.into()))?;
    trace.save(&path)?;
    println!("{} events in {:.1?}. Open {}", trace.events(), trace.duration(), path.display());
    Ok(())
}

/// Makes a folder. At a path that can be guessed there may be another user's file, or a link to one: the page would
/// overwrite it.
fn in_a_new_folder() -> io::Result<PathBuf> {
    let folder = format!("unrolled-timeline-{:016x}", RandomState::new().hash_one(0));
    let folder = env::temp_dir().join(folder);
    fs::create_dir(&folder)?;
    Ok(folder.join("timeline.html"))
}

/// Says what is wrong with the arguments, and how to use the program.
fn refuse(what: &str) -> ! {
    eprintln!("timeline: {what}\nusage: timeline [FILE]");
    process::exit(2)
}

/// Timers: one that fires every 2 ms, and one that is cancelled.
async fn ticks() {
    let mut ticks = interval(Duration::from_millis(2));
    for _ in 0..5 {
        ticks.tick().await;
    }
    let never = task::spawn(sleep(Duration::from_secs(3600)));
    never.cancel().await;
}

/// Sockets: a client sends five bytes and waits for their echo, again and again.
async fn echo() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let server = Builder::new().name("echo server").spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut line = [0; 5];
        while stream.read_exact(&mut line).await.is_ok() {
            stream.write_all(&line).await?;
        }
        io::Result::Ok(())
    });
    let mut stream = TcpStream::connect(address).await?;
    for _ in 0..REQUESTS {
        let mut reply = [0; 5];
        stream.write_all(b"hello").await?;
        stream.read_exact(&mut reply).await?;
        assert_eq!(&reply, b"hello");
    }
    drop(stream);
    server.await
}

/// Channels, and blocking calls: each number is squared by a thread for blocking calls.
async fn pipeline() {
    let (sender, mut receiver) = mpsc::channel(4);
    let squares = Builder::new().name("squares").spawn(async move {
        for number in 0..10_u64 {
            let square = task::spawn_blocking(move || {
                std::thread::sleep(Duration::from_micros(200));
                number * number
            });
            sender.send(square.await).await.expect("the receiver is there");
        }
    });
    let mut sum = 0;
    while let Some(square) = receiver.recv().await {
        sum += square;
    }
    squares.await;
    assert_eq!(sum, 285);
}

/// A lock whose holder yields while it holds it: the other tasks queue up.
async fn contention() {
    static COUNT: Mutex<u32> = Mutex::new(0);
    let add = |_| {
        Builder::new().name("adds").spawn(async {
            let mut count = COUNT.lock().await;
            task::yield_now().await;
            *count += 1;
        })
    };
    // Collected, so that all tasks are spawned before the first is awaited.
    for added in (0..20).map(add).collect::<Vec<_>>() {
        added.await;
    }
    assert_eq!(*COUNT.lock().await, 20);
}
