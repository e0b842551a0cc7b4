//! What the client writes to its stdout and stderr, neither of which may stop the rest of it.
//!
//! A pipe that is not read, or a terminal after ^S, blocks a write. The flag `O_NONBLOCK` is shared with every
//! process that has the same terminal, and epoll takes no regular file. So another thread writes, as another
//! thread reads stdin. The client waits for writes to stdout, since the replies are what the user wants; notes
//! go to stderr when they can, and otherwise are dropped and counted.
//!
//! Used by `client`. Next: `client/visible`.

use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;

use executor::task;
use reactor::notes;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;

use super::visible::Reader;

/// A note is cut after this many bytes: it may cite what others wrote.
const LONGEST_NOTE: usize = 400;

/// Who reads a stream of this process.
pub(super) fn reader_of(stream: &impl IsTerminal) -> Reader {
    if stream.is_terminal() { Reader::Terminal } else { Reader::Program }
}

/// Prints all of it, on another thread: the reader of stdout may be slow.
pub(super) async fn print(text: &mut String) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let piece = std::mem::take(text);
    let printed = task::spawn_blocking(move || print_blocking(piece.as_bytes()).map(|()| piece));
    *text = printed.try_join().await.map_err(|_| io::Error::other("no thread to print on"))??;
    text.clear();
    Ok(())
}

/// Prints all of it, however long that takes.
fn print_blocking(mut text: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    while !text.is_empty() {
        match when_writable(|| stdout.write(text))? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => text = &text[written..],
        }
    }
    when_writable(|| stdout.flush())
}

/// Waits as a blocking stdout would, for another program that shares it may have made it non-blocking.
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

/// Reports on stderr, beside the conversation. A stderr that is not read does not stop the conversation.
pub(super) fn tell(what: std::fmt::Arguments<'_>) {
    static READER: LazyLock<Reader> = LazyLock::new(|| reader_of(&io::stderr()));
    let what = what.to_string();
    let (shown, cut) = match what.len() > LONGEST_NOTE {
        true => (&what[..what.floor_char_boundary(LONGEST_NOTE)], "..."),
        false => (&*what, ""),
    };
    let mut note = String::new();
    READER.append(shown, &mut note);
    notes::stderr().tell(note + cut);
}
