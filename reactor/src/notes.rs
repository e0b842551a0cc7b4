//! Notes: lines for stdout and stderr that do not block the thread that has something to say.
//!
//! A pipe that is full, or a terminal where ^S was pressed, blocks a write for as long as it likes. On a
//! thread that runs tasks, or waits for signals, that would stop all of them. `O_NONBLOCK` is no way out: the
//! flag is shared with every process that has the same terminal. So a thread of its own writes the lines.
//!
//! ```text
//!   tell ──▶ a bounded queue ──▶ one thread, only while there is something to write ──▶ the stream
//!              └─ full: dropped, counted, and reported after what was queued before
//! ```
//!
//! - N1  `tell` never waits for the stream.
//! - N2  The writer takes the queue and the count of what was dropped in one step, so that the count is
//!   reported where the notes are missing.
//! - N3  `writing` is set by the thread that starts the writer, and cleared by the writer under the lock when
//!   it has found nothing more.
//!
//! Called by the executor's global pool and by programs. Next: `signal`.

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

/// The largest number of notes that wait for the writer.
const QUEUE: usize = 64;

static STDOUT: Notes = Notes::new(Stream::Stdout);
static STDERR: Notes = Notes::new(Stream::Stderr);

/// Returns the notes to standard output.
///
/// ```
/// reactor::notes::stdout().tell("listening on 127.0.0.1:8088");
/// ```
#[must_use]
pub fn stdout() -> &'static Notes {
    &STDOUT
}

/// Returns the notes to standard error.
///
/// ```
/// reactor::notes::stderr().tell("the disk is full");
/// assert!(reactor::notes::stderr().flush(std::time::Duration::from_secs(10)));
/// ```
#[must_use]
pub fn stderr() -> &'static Notes {
    &STDERR
}

/// Lines for a standard stream, written by a thread of their own: [`stdout`] and [`stderr`].
///
/// ```
/// let notes: &reactor::notes::Notes = reactor::notes::stderr();
/// notes.tell(format_args!("{} clients", 3));
/// ```
pub struct Notes {
    stream: Stream,
    state: Mutex<State>,
    /// Notified when the writer has found nothing more.
    written: Condvar,
}

struct State {
    queue: Vec<String>,
    dropped: u64,
    writing: bool,
}

#[derive(Clone, Copy)]
enum Stream {
    Stdout,
    Stderr,
}

impl Notes {
    const fn new(stream: Stream) -> Self {
        let state = State { queue: Vec::new(), dropped: 0, writing: false };
        Self { stream, state: Mutex::new(state), written: Condvar::new() }
    }

    /// Hands a line to the writer, which adds the newline. Returns at once.
    ///
    /// If 64 lines wait already, this one is dropped. When the stream is read again, the number of dropped
    /// lines is written where they are missing.
    pub fn tell(&'static self, note: impl Display) {
        // [no-user-code]: a Display may do anything, such as write a note itself.
        let note = format!("{note}\n");
        let mut state = self.lock();
        if state.queue.len() == QUEUE {
            state.dropped += 1;
        } else {
            state.queue.push(note);
        }
        if state.writing {
            return;
        }
        // If no thread can be started, this note waits for the next note or for a flush. The thread is detached: a
        // program whose stream nobody reads has to end although the thread never does.
        let writer = thread::Builder::new().name("reactor-notes".to_string());
        state.writing = writer.spawn(|| self.write()).is_ok();
    }

    /// Waits until all is written, for `limit` at most; returns whether it is. It blocks, so call it at the
    /// end of a program, and never on a thread that runs tasks.
    ///
    /// If no thread could be started for the writing, this one does it, if the stream takes bytes now. That may
    /// take longer than `limit`.
    pub fn flush(&'static self, limit: Duration) -> bool {
        let deadline = Instant::now().checked_add(limit);
        let mut state = self.lock();
        while state.writing {
            let left = deadline.map_or(limit, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return false;
            }
            state = self.written.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        if !state.queue.is_empty() && self.stream.takes_bytes() {
            state.writing = true;
            drop(state);
            self.write();
            return true;
        }
        state.queue.is_empty()
    }

    /// The writer. It ends when there is nothing more.
    fn write(&self) {
        loop {
            let mut state = self.lock();
            // N2
            let (notes, dropped) = (mem::take(&mut state.queue), mem::take(&mut state.dropped));
            if notes.is_empty() && dropped == 0 {
                state.writing = false; // N3
                drop(state);
                self.written.notify_all();
                return;
            }
            drop(state);
            for note in &notes {
                self.stream.write_whole(note.as_bytes());
            }
            if dropped > 0 {
                let note = format!("{dropped} notes were dropped: the stream was not read\n");
                self.stream.write_whole(note.as_bytes());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream {
    /// Writes all of it. An error is ignored: the stream may be closed, and there is no other place to report
    /// it.
    fn write_whole(self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let written = match self {
                Self::Stdout => io::stdout().write(bytes),
                Self::Stderr => io::stderr().write(bytes),
            };
            match written {
                Ok(0) => return,
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Another process has set O_NONBLOCK on the terminal or pipe that we share.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.with_descriptor(|descriptor| {
                        let _ = poll(&mut [PollFd::from_borrowed_fd(descriptor, PollFlags::OUT)], None);
                    });
                }
                Err(_) => return,
            }
        }
    }

    /// Whether a line can be written without waiting.
    fn takes_bytes(self) -> bool {
        self.with_descriptor(|descriptor| {
            let mut wanted = [PollFd::from_borrowed_fd(descriptor, PollFlags::OUT)];
            poll(&mut wanted, Some(&rustix::event::Timespec::default())).is_ok_and(|ready| ready > 0)
        })
    }

    fn with_descriptor<T>(self, look: impl FnOnce(BorrowedFd<'_>) -> T) -> T {
        match self {
            Self::Stdout => look(io::stdout().as_fd()),
            Self::Stderr => look(io::stderr().as_fd()),
        }
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notes").finish_non_exhaustive()
    }
}
