//! The client's writes to its stdout and stderr, which must not stop the rest of it.
//!
//! A pipe that is not read, or a terminal after Control-S, blocks a write, and with it all tasks of the
//! thread. To make the stream non-blocking is no way out: every process that has the same terminal shares the
//! flag `O_NONBLOCK`, and epoll accepts no regular file. So another thread writes, as another thread reads
//! stdin. The loop for the replies waits for each write to stdout, since the user wants every reply. Notes to
//! stderr are not waited for: if stderr is not read they are dropped and counted.
//!
//! On a terminal where a line is being edited, both go above that line (`screen`).
//!
//! Used by `client`, `client/command`, `client/session`, `client/connecting` and `client/terminal`. Next:
//! `client/visible`.

use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;

use executor::task;
use reactor::notes;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;

use super::screen;
use super::visible::Reader;

/// A note is cut after this many bytes: it may quote what other clients wrote.
const LONGEST_NOTE: usize = 400;

/// Returns which kind of reader a stream of this process has.
pub(super) fn reader_of(stream: &impl IsTerminal) -> Reader {
    if stream.is_terminal() { Reader::Terminal } else { Reader::Program }
}

/// Returns whether a user sits in front of this process.
pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Prints the whole text on another thread, and clears it. Returns when it is printed: the reader of stdout
/// may be slow. Dropping the future does not stop the printing.
///
/// # Errors
///
/// The error of stdout, or that no thread can be started.
pub(super) async fn print(text: &mut String) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let piece = std::mem::take(text);
    let printed = task::spawn_blocking(move || {
        match screen::screen() {
            Some(screen) => screen.show(&piece, print_blocking)?,
            None => print_blocking(piece.as_bytes())?,
        }
        io::Result::Ok(piece)
    });
    *text = printed.try_join().await.map_err(|_| io::Error::other("no thread to print on"))??;
    text.clear();
    Ok(())
}

/// Prints the whole text, however long that takes.
pub(super) fn print_blocking(mut text: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    while !text.is_empty() {
        match when_writable(|| stdout.write(text))? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => text = &text[written..],
        }
    }
    when_writable(|| stdout.flush())
}

/// Waits as a blocking stdout would: another program that shares it may have made it non-blocking.
fn when_writable<T>(mut write: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match write() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                retry_on_intr(|| poll(&mut [PollFd::new(&io::stdout(), PollFlags::OUT)], None))?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// Reports to the user on stderr. It does not wait: a stderr that is not read does not stop the conversation.
pub(super) fn tell(what: std::fmt::Arguments<'_>) {
    static READER: LazyLock<Reader> = LazyLock::new(|| reader_of(&io::stderr()));
    let what = what.to_string();
    let (shown, cut) = match what.len() > LONGEST_NOTE {
        true => (&what[..what.floor_char_boundary(LONGEST_NOTE)], "..."),
        false => (&*what, ""),
    };
    let mut note = String::new();
    READER.append(shown, &mut note);
    note += cut;
    match screen::screen() {
        Some(screen) if *READER == Reader::Terminal => screen.note(note + "\n", print_blocking),
        _ => notes::stderr().tell(note),
    }
}
