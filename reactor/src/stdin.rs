//! Standard input, read by one thread on behalf of all handles.
//!
//! ```text
//!  Stdin ─┐  want bytes           one thread            descriptor 0: a terminal,
//!  Stdin ─┼────────────▶ SHARED ─────read()───────────▶ a pipe, a file
//!  Stdin ─┘ ◀── woken ── bytes
//! ```
//!
//! Descriptor 0 is shared with the shell and with every child, and so is its O_NONBLOCK flag: it
//! stays as it was, and a thread does the waiting. epoll would not take a regular file anyhow.
//!
//! I1  Bytes read live in [`SHARED`] until a read takes them: a cancelled read loses none.
//! I2  The thread reads only when a handle has asked and nothing is left, one read at a time.
//! I3  An end or an error is told once; the next read asks the system again. So after a terminal's
//!     ^D one may go on, and a pipe says "end" each time. An end after an unfinished line is told twice: a
//!     reader of lines meets the first while it looks for the rest of that line.
//! I4  Nobody joins the thread: a pending read does not keep the process from ending.
//! I5  Wakers are called and dropped with [`SHARED`] unlocked.
//! I6  In the background of its terminal the thread does not read: it asks the system to stop the process, as
//!     the read of `cat &` would, and where that does not stop it, it sleeps and looks again.
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

/// Bytes read ahead, at most: what a pipe holds.
const READ_AHEAD: usize = 64 * 1024;

/// How often a process that could not be stopped looks whether it is in the foreground.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A thread of its own: it takes none from the general pool, however long it waits.
static THREAD: LazyLock<Threads> =
    LazyLock::new(|| Threads::new("reactor-stdin", 1, Duration::from_secs(10)));

static SHARED: Mutex<Shared> =
    Mutex::new(Shared { buffer: Vec::new(), taken: 0, progress: Progress::Resting, waiting: Slab::new() });

/// A handle to the standard input of this process.
///
/// All handles share one read-ahead: each byte goes to one of them. A handle is not buffered itself;
/// for lines, wrap **one** handle in a [`BufReader`](crate::io::BufReader) and keep that.
///
/// A read of zero bytes means the end: of the file, of the pipe, or the terminal's `^D`, after which
/// another read waits for more. Dropping the handle, or a read under way, loses no byte.
///
/// On a terminal `text^D^D` is a line without its newline, and the end, as for `cat`: after an unfinished line
/// the end is told twice, to the reader that looks for the rest of the line and to the one that wants the
/// next. (A piece of `split` that ends after a newline is none of these: one more `^D` ends it.)
///
/// A process in the background of its terminal does not get what is typed there. A read then sends SIGTTIN to
/// its process group, which stops it, as it stops `cat &`. Where that signal is caught or ignored, or the
/// process is the first of a container and cannot be stopped, the read waits for the foreground, without CPU.
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
    /// Where this handle waits.
    place: usize,
}

/// A handle to standard input; costs no thread until the first read.
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
            tell(Vec::new(), Progress::Resting);
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
    /// A seat for each handle.
    waiting: Slab<Option<Waker>>,
}

enum Progress {
    /// Nobody has asked for more than there is.
    Resting,
    /// The thread reads.
    Reading,
    /// To be told once, or twice (I3).
    End(u8),
    /// To be told once.
    Failed(io::Error),
}

impl Shared {
    /// Bytes, the end or an error, if there is any of these.
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

    /// The empty buffer to read into, unless a read is under way.
    fn ask(&mut self) -> Option<Vec<u8>> {
        if matches!(self.progress, Progress::Reading) {
            return None;
        }
        self.progress = Progress::Reading;
        self.taken = 0;
        Some(mem::take(&mut self.buffer))
    }
}

/// Nothing that runs under this lock can leave it half changed.
fn shared() -> MutexGuard<'static, Shared> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread's job: one read.
fn read_ahead(mut buffer: Vec<u8>) {
    // What was read before is still in it.
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
    tell(buffer, progress);
}

/// Reads through std's handle, so that bytes which blocking code has read ahead there come first.
fn read_blocking(buffer: &mut [u8]) -> io::Result<usize> {
    let mut stdin = io::stdin().lock();
    loop {
        // I6
        while in_background() {
            // It fails where the process may not signal its own group: then it only sleeps.
            let _ = kill_current_process_group(Signal::TTIN);
            thread::sleep(LOOK_AGAIN);
        }
        if foreground_is_elsewhere() {
            readable(&stdin)?;
        }
        match stdin.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // Another process of this terminal has set O_NONBLOCK on what we share.
                readable(&stdin)?;
            }
            outcome => return outcome,
        }
    }
}

/// Whether another process group has the terminal. If SIGTTIN does not stop the process, the system sends it
/// again and again within one read that never returns, and burns a core: so this looks before the read.
fn in_background() -> bool {
    // An error: it is no terminal, or that of another session, and the read may go on.
    rustix::termios::tcgetpgrp(io::stdin()).is_ok_and(|foreground| foreground != getpgrp())
}

/// Whether the terminal belongs to a process group of another PID namespace, as with `unshare --pid --fork`. The
/// system does not tell then whether this one is in the background. So the read begins when there is something.
fn foreground_is_elsewhere() -> bool {
    rustix::termios::tcgetpgrp(io::stdin()) == Err(Errno::OPNOTSUPP)
}

fn readable(stdin: &StdinLock<'_>) -> io::Result<()> {
    let mut wanted = [PollFd::new(stdin, PollFlags::IN)];
    rustix::io::retry_on_intr(|| rustix::event::poll(&mut wanted, None))?;
    Ok(())
}

/// Puts the outcome where the handles find it, and wakes them all: whoever comes too late waits again.
fn tell(buffer: Vec<u8>, progress: Progress) {
    let mut shared = shared();
    shared.buffer = buffer;
    shared.taken = 0;
    shared.progress = progress;
    let mut waiting: Vec<Waker> = shared.waiting.iter_mut().filter_map(|(_, seat)| seat.take()).collect();
    drop(shared);
    wake_all(&mut waiting);
}
