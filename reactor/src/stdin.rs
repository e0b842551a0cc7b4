//! Standard input, read by one thread on behalf of all handles.
//!
//! ```text
//!  Stdin ─┐  want bytes           one thread            descriptor 0: a terminal,
//!  Stdin ─┼────────────▶ SHARED ─────read()───────────▶ a pipe, a file
//!  Stdin ─┘ ◀── woken ── bytes
//! ```
//!
//! Descriptor 0 could be made non-blocking and registered with the reactor. But it is shared with the shell
//! and with every child, and so is its O_NONBLOCK flag: other programs would then fail to read. And epoll
//! does not accept a regular file. So the flag stays as it was, and a thread waits in `read`.
//!
//! - I1  The bytes that the thread has read stay in [`SHARED`] until a read takes them: a cancelled read loses none.
//! - I2  The thread reads only when a handle has asked and nothing is left, one read at a time.
//! - I3  An end or an error is reported once, and the next read asks the system again. So a program may read on
//!   after a terminal's ^D, and a pipe reports its end each time. An end after an unfinished line is
//!   reported twice: a reader of lines meets the first while it looks for the rest of that line.
//! - I4  No thread joins this one: a pending read does not keep the process from ending.
//! - I5  Wakers are called and dropped with [`SHARED`] unlocked.
//! - I6  While the process is in the background of its terminal, the thread does not read. It asks the system to
//!   stop the process, as the read of `cat &` would. If that does not stop it, the thread sleeps and looks again.
//!
//! Called by programs. Next: `notes`.

use std::fmt;
use std::io::{self, Read, StdinLock};
use std::mem;
use std::pin::Pin;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::thread;
use std::time::Duration;

use futures_lite::AsyncRead;
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::process::{Signal, getpgrp, kill_current_process_group};
use slab::Slab;

use crate::budget;
use crate::lazy_waker::poll_lazily;
use crate::threads::Threads;
use crate::user_code::wake_all;

/// The largest number of bytes read ahead: what a pipe holds.
const READ_AHEAD: usize = 64 * 1024;

/// The time between two checks whether the process is in the foreground, if it could not be stopped.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A pool of one thread: however long the read waits, it takes no thread of the general pool.
static THREAD: LazyLock<Threads> =
    LazyLock::new(|| Threads::new("reactor-stdin", 1, Duration::from_secs(10)));

static SHARED: Mutex<Shared> =
    Mutex::new(Shared { buffer: Vec::new(), taken: 0, progress: Progress::Resting, waiting: Slab::new() });

/// A handle to the standard input of this process.
///
/// All handles share one read-ahead: each byte goes to one of them. A handle is not buffered itself;
/// for lines, wrap **one** handle in a [`BufReader`](crate::io::BufReader) and keep that.
///
/// A read returns zero bytes at the end: of the file, of the pipe, or at the terminal's `^D`, after which
/// another read waits for more. It returns an error if the system's read fails, or if no thread can be
/// started for it. Reads are cancel-safe: dropping the future of a read, or the handle, loses no byte.
///
/// On a terminal `text^D^D` is a line without its newline, and the end, as for `cat`. After an unfinished
/// line the end is reported twice: to the read that looks for the rest of the line, and to the one that looks
/// for the next line. (With `split` at another byte than the newline, a piece may be unfinished although its
/// last byte is a newline. The end is then reported once, so it takes one more `^D` to end the input.)
///
/// A process in the background of its terminal does not get what is typed there. A read then sends SIGTTIN to
/// its process group, which stops it, as it stops `cat &`. Where that signal is caught or ignored, or the
/// process is the first of a container and cannot be stopped, the read waits for the foreground and uses no
/// CPU.
///
/// ```no_run
/// # futures_lite::future::block_on(async {
/// use futures_lite::StreamExt;
/// use reactor::io::{AsyncBufReadExt, BufReader};
///
/// let mut lines = BufReader::new(reactor::io::stdin()).lines();
/// while let Some(line) = lines.next().await {
///     println!("{}", line?.to_uppercase());
/// }
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct Stdin {
    /// The index of this handle's waker.
    place: usize,
}

/// Returns a handle to standard input. The first read starts the thread.
#[must_use]
pub fn stdin() -> Stdin {
    Stdin { place: shared().waiting.insert(None) }
}

impl AsyncRead for Stdin {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        ready!(budget::poll_proceed(cx));
        if into.is_empty() {
            budget::spend();
            return Poll::Ready(Ok(0));
        }
        let mut asked = None;
        let taken = poll_lazily(cx.waker(), |waker| {
            let mut shared = shared();
            if let Some(outcome) = shared.take(into) {
                return Poll::Ready(outcome);
            }
            if waker.store(&mut shared.waiting[self.place]) {
                asked = shared.ask();
            }
            Poll::Pending
        });
        if let Poll::Ready(outcome) = taken {
            budget::spend();
            return Poll::Ready(outcome);
        }
        if let Some(buffer) = asked
            && THREAD.submit(Box::new(move || read_ahead(buffer))).is_err()
        {
            budget::spend();
            publish(Vec::new(), Progress::Resting);
            let why = "no thread could be started to read standard input";
            return Poll::Ready(Err(io::Error::other(why)));
        }
        Poll::Pending
    }
}

impl Drop for Stdin {
    fn drop(&mut self) {
        let waker = shared().waiting.remove(self.place);
        drop(waker);
    }
}

impl fmt::Debug for Stdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdin").finish_non_exhaustive()
    }
}

/// What the handles and the thread share.
struct Shared {
    /// What was read; empty while the thread has it.
    buffer: Vec<u8>,
    /// How much of it the handles have taken.
    taken: usize,
    progress: Progress,
    /// A place for each handle's waker.
    waiting: Slab<Option<Waker>>,
}

enum Progress {
    /// No handle has asked for more than there is.
    Resting,
    /// The thread reads.
    Reading,
    /// To be reported once, or twice (I3).
    End(u8),
    /// To be reported once.
    Failed(io::Error),
}

impl Shared {
    /// Returns bytes, the end or an error, if there is one of these.
    fn take(&mut self, into: &mut [u8]) -> Option<io::Result<usize>> {
        let left = &self.buffer[self.taken..];
        if !left.is_empty() {
            let count = left.len().min(into.len());
            into[..count].copy_from_slice(&left[..count]);
            self.taken += count;
            return Some(Ok(count));
        }
        match self.progress {
            Progress::Resting | Progress::Reading => None,
            Progress::End(ref mut times) if *times > 1 => {
                *times -= 1;
                Some(Ok(0))
            }
            Progress::End(_) | Progress::Failed(_) => {
                match mem::replace(&mut self.progress, Progress::Resting) {
                    Progress::Failed(error) => Some(Err(error)),
                    _ => Some(Ok(0)),
                }
            }
        }
    }

    /// Returns the buffer for the thread to read into, unless a read is under way.
    fn ask(&mut self) -> Option<Vec<u8>> {
        if matches!(self.progress, Progress::Reading) {
            return None;
        }
        self.progress = Progress::Reading;
        self.taken = 0;
        Some(mem::take(&mut self.buffer))
    }
}

/// Locks the state. A poisoned lock does no harm: nothing that runs under it leaves the state half changed.
fn shared() -> MutexGuard<'static, Shared> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread's job: one read.
fn read_ahead(mut buffer: Vec<u8>) {
    // The buffer still has what the last read has returned.
    let line_is_unfinished = buffer.last().is_some_and(|&byte| byte != b'\n');
    buffer.resize(READ_AHEAD, 0);
    let outcome = read_blocking(&mut buffer);
    let count = *outcome.as_ref().unwrap_or(&0);
    buffer.truncate(count);
    let progress = match outcome {
        Ok(0) => Progress::End(1 + u8::from(line_is_unfinished)),
        Ok(_) => Progress::Resting,
        Err(error) => Progress::Failed(error),
    };
    publish(buffer, progress);
}

/// Reads through std's handle, so that bytes which blocking code has read ahead in it come first.
fn read_blocking(buffer: &mut [u8]) -> io::Result<usize> {
    let mut stdin = io::stdin().lock();
    loop {
        // I6
        while in_background() {
            // This fails if the process may not signal its own group. Then it only sleeps.
            let _ = kill_current_process_group(Signal::TTIN);
            thread::sleep(LOOK_AGAIN);
        }
        if foreground_is_elsewhere() {
            readable(&stdin)?;
        }
        match stdin.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // Another process has set O_NONBLOCK on the terminal that we share.
                readable(&stdin)?;
            }
            outcome => return outcome,
        }
    }
}

/// Whether another process group has the terminal. If SIGTTIN does not stop the process, the system sends it
/// again and again within one read that never returns, and burns a core: so this looks before the read.
fn in_background() -> bool {
    // On an error it is not a terminal, or that of another session, and the read may go on.
    rustix::termios::tcgetpgrp(io::stdin()).is_ok_and(|foreground| foreground != getpgrp())
}

/// Whether the terminal belongs to a process group of another PID namespace, as with `unshare --pid --fork`.
/// The system does not say then whether this process is in the background. So the read begins when there is
/// input.
fn foreground_is_elsewhere() -> bool {
    rustix::termios::tcgetpgrp(io::stdin()) == Err(Errno::OPNOTSUPP)
}

fn readable(stdin: &StdinLock<'_>) -> io::Result<()> {
    let mut wanted = [PollFd::new(stdin, PollFlags::IN)];
    rustix::io::retry_on_intr(|| rustix::event::poll(&mut wanted, None))?;
    Ok(())
}

/// Stores the outcome where the handles find it, and wakes them all. A handle that finds nothing left waits
/// again.
fn publish(buffer: Vec<u8>, progress: Progress) {
    let mut shared = shared();
    shared.buffer = buffer;
    shared.taken = 0;
    shared.progress = progress;
    let mut waiting: Vec<Waker> = shared.waiting.iter_mut().filter_map(|(_, waker)| waker.take()).collect();
    drop(shared);
    wake_all(&mut waiting);
}
