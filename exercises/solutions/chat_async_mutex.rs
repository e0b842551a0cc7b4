//! Whole lines from several tasks: with a lock, and with a task that owns the writer. One solution.

use std::io;

use executor::sync::{Mutex, mpsc};
use executor::task::{self, JoinHandle};
use reactor::io::{AsyncWrite, AsyncWriteExt};

/// Exercise 1. A writer that several tasks share. If a `send` is dropped in the middle of its line, nothing
/// may follow the incomplete line: later sends fail with `BrokenPipe`.
pub struct Shared<W>(Mutex<Out<W>>);

struct Out<W> {
    to: W,
    poisoned: bool,
}

impl<W: AsyncWrite + Unpin> Shared<W> {
    pub fn new(to: W) -> Shared<W> {
        Shared(Mutex::new(Out { to, poisoned: false }))
    }

    /// Writes a line and its newline.
    pub async fn send(&self, line: &str) -> io::Result<()> {
        let mut out = self.0.lock().await;
        if out.poisoned {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        out.poisoned = true;
        out.to.write_all(format!("{line}\n").as_bytes()).await?;
        out.poisoned = false;
        Ok(())
    }

    pub fn into_inner(self) -> W {
        self.0.into_inner().to
    }
}

/// Exercise 2. The same with a task that owns the writer. Lines go to it through a channel of capacity 8. The
/// handle returns the writer after all senders were dropped, or after the writer has failed. A `send` to a
/// task that has ended fails. The sender of the line that could not be written gets no error: that is
/// intended.
pub fn writer<W>(mut to: W) -> (mpsc::Sender<String>, JoinHandle<W>)
where
    W: AsyncWrite + Unpin + 'static,
{
    let (sender, mut lines) = mpsc::channel::<String>(8);
    let handle = task::spawn_local(async move {
        while let Some(line) = lines.recv().await {
            if to.write_all(format!("{line}\n").as_bytes()).await.is_err() {
                break;
            }
        }
        to
    });
    (sender, handle)
}
