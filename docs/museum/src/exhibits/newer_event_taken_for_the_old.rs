//! A byte arrives while a task tries to read, after the attempt has found nothing.
//!
//! The order is forced: the attempt ends only after another thread's turn has handled the byte's event. A second
//! pair of sockets proves that, since its event comes after the first one's.
//!
//! Called by `exhibits`; the exhibit is `exhibits/newer_event_taken_for_the_old.md`.

use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use executor::task::block_on;
use reactor::Async;
use reactor::time::timeout;

use super::{PATIENCE, Seen, text};

pub(super) fn show() -> Seen {
    let (mark, mark_far) = UnixStream::pair().map_err(text)?;
    let (found_nothing, waits) = channel();
    let (handled, is_handled) = channel();
    let driver = thread::spawn(move || block_on(drive(mark, found_nothing, handled)));
    let seen = block_on(read_meanwhile(mark_far, waits, is_handled));
    _ = driver.join();
    seen
}

/// Drives the reactor while the other thread is in its attempt, until the mark has arrived.
async fn drive(mark: UnixStream, found_nothing: Sender<()>, handled: Sender<()>) -> io::Result<()> {
    let mark = Async::new(mark)?;
    let read = |mut mark: &UnixStream| {
        let read = mark.read(&mut [0]);
        if read.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
            _ = found_nothing.send(());
        }
        read
    };
    mark.read_with(read).await?;
    _ = handled.send(()); // A turn has reported the mark, and before it the byte.
    Ok(())
}

async fn read_meanwhile(mut mark: UnixStream, waits: Receiver<()>, is_handled: Receiver<()>) -> Seen {
    let (near, mut far) = UnixStream::pair().map_err(text)?;
    let near = Async::new(near).map_err(text)?;
    waits.recv_timeout(PATIENCE).map_err(text)?;
    let mut is_first = true;
    let read = near.read_with(|mut near| {
        let read = near.read(&mut [0]);
        if mem::take(&mut is_first) {
            // The attempt has found nothing. Before it returns, a byte arrives, and its event is handled.
            far.write_all(b"!")?;
            mark.write_all(b"!")?;
            _ = is_handled.recv_timeout(PATIENCE);
        }
        read
    });
    match timeout(PATIENCE, read).await {
        Ok(Ok(1)) => Ok("a byte came during the attempt to read, and the next attempt got it".to_owned()),
        Ok(other) => Err(format!("the read ended with {other:?}")),
        Err(_) => Err(format!(
            "a byte is in the socket's buffer, and its reader has waited for {} s: the event came during the \
             attempt, and was forgotten together with the older one",
            PATIENCE.as_secs()
        )),
    }
}
