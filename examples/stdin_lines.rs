//! A stream of lines from standard input.
//!
//!     cargo run --release --example stdin_lines            (runs a copy of itself, and writes to it)
//!     cargo run --release --example stdin_lines -- -       (reads what you type, until Control-D)
//!     ls | cargo run --release --example stdin_lines -- -
//!
//! `stdin()` reads without blocking the thread, `BufReader` buffers the bytes, and `lines()` makes a stream
//! of lines: an iterator whose `next` can be awaited. The await can also be cancelled. Bytes that have
//! arrived stay in the reader, so a timeout in the middle of a line loses nothing.

use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, io, process};

use executor::stream::StreamExt;
use executor::sync::mpsc;
use executor::{future, task};
use reactor::Async;
use reactor::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, stdin};
use reactor::time::timeout;

fn main() -> io::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => task::block_on(feed_a_copy()),
        ["-"] => task::block_on(number_the_lines(Duration::from_secs(10))),
        ["-", "impatient"] => task::block_on(number_the_lines(Duration::from_millis(40))),
        _ => refuse("the only argument is -"),
    }
}

/// Says what is wrong with the arguments, and how to use the program.
fn refuse(what: &str) -> ! {
    eprintln!("stdin_lines: {what}\nusage: stdin_lines [-]");
    process::exit(2)
}

// ANCHOR: stdin_lines_read
/// Prints each line with its number. After the first line, it reports each time that none came for
/// `patience`.
async fn number_the_lines(patience: Duration) -> io::Result<()> {
    let mut lines = BufReader::new(stdin()).lines();
    let (mut number, mut limit) = (0, Duration::MAX);
    loop {
        match timeout(limit, lines.next()).await {
            Ok(Some(line)) => {
                (number, limit) = (number + 1, patience);
                println!("{number:>3}  {}", line?);
            }
            Ok(None) => break,
            Err(_) => println!("     ... no line for {patience:?}; a partial line is kept"),
        }
    }
    println!("     the end, after {number} lines");
    Ok(())
}
// ANCHOR_END: stdin_lines_read

/// What a slow writer sends, and whether it then waits until the reader's timeout has elapsed.
const SENT: [(&str, bool); 5] = [
    ("first\nsec", true),
    ("ond\n", false),
    ("third\n\n", false),
    ("the fif", true),
    ("th, with no newline", false),
];

// ANCHOR: stdin_lines_feed
/// Starts this program again, writes to its input slowly, and shows what it prints. A pipe to a child is a
/// descriptor like a socket: with `Async`, waiting for it needs no thread.
async fn feed_a_copy() -> io::Result<()> {
    let mut copy = Command::new(env::current_exe()?)
        .args(["-", "impatient"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut its_input = Async::new(copy.stdin.take().expect("it is piped"))?;
    let its_output = Async::new(copy.stdout.take().expect("it is piped"))?;
    let (timed_out, mut timeouts) = mpsc::channel(100);
    let write = async move {
        for (text, wait) in SENT {
            its_input.write_all(text.as_bytes()).await?;
            if wait {
                timeouts.recv().await;
            }
        }
        Ok(()) // This drops our end of the pipe, so the copy reads the end of its input.
    };
    let show = async {
        let shown = BufReader::new(its_output).lines().inspect(|line| {
            let Ok(line) = line else { return };
            println!("{line}");
            if line.contains("...") {
                let _ = timed_out.try_send(());
            }
        });
        shown.try_collect::<String, io::Error, Vec<_>>().await
    };
    let ((), printed) = future::try_join((write, show)).await?;
    let status = task::spawn_blocking(move || copy.wait()).await?;
    assert!(status.success());
    check(&printed);
    Ok(())
}
// ANCHOR_END: stdin_lines_feed

/// Checks that the lines are whole, although the bytes came in pieces.
fn check(printed: &[String]) {
    let (timeouts, lines): (Vec<_>, Vec<_>) = printed.iter().partition(|line| line.contains("..."));
    assert_eq!(
        lines,
        [
            "  1  first",
            "  2  second",
            "  3  third",
            "  4  ",
            "  5  the fifth, with no newline",
            "     the end, after 5 lines"
        ]
    );
    assert!(!timeouts.is_empty(), "no timeout has elapsed");
}
