//! Unix signals as a stream, without a thread.
//!
//! A signal's handler may interrupt any code, so it may not lock, allocate or call a waker. A thread
//! that only waits for signals would be a high price for an event that comes once. So the handler raises a
//! flag and writes a byte to a socket pair (the pipe, below), and the rest is reading from a socket.
//!
//! ```text
//!  the kernel ──▶ handler: 1 raise the signal's flag    Signals: 3 empty the pipe
//!                          2 write a byte ──▶ socket pair ──▶    4 look at the flags
//! ```
//!
//! - S1  The flag is raised before the byte is written, and the pipe is emptied before the flags are read. So
//!   when a byte has been read, its flag is seen, unless an earlier look has seen it.
//! - S2  A full pipe loses nothing: it is readable, and the flags say which signals came.
//!
//! - S3  Nothing is lost that comes after `Signals::new` or the call of `ctrl_c` has returned: they register the
//!   handler, and no poll is needed for that. What comes while nothing is registered cannot be seen.
//!
//! Called by programs, for a clean end on Ctrl-C. Next: `no_poller`.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::thread;

use futures_lite::{AsyncRead, Stream};
use signal_hook::SigId;
use signal_hook::consts::FORBIDDEN;
use signal_hook::low_level::{pipe, signal_name, unregister};

use crate::async_io::Async;
use crate::budget;
use crate::explain::explain;
use crate::user_code::contain_panic;

/// The numbers of the signals that programs handle, on this system.
pub use signal_hook::consts::{
    SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGIO, SIGPIPE, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2,
    SIGWINCH,
};

/// A stream of the signals that this process gets, by their numbers; it never ends.
///
/// As with the system's own pending signals, a signal that comes again before it was taken from the stream
/// counts once. Several streams may wait for the same signal: each gets it. `next` is cancel-safe: if its future is
/// dropped, no signal is lost.
///
/// Dropping the stream stops the listening. The signal's default action is **not** restored, because another
/// library may have changed it too: a later signal is then ignored.
///
/// ```
/// # executor::task::block_on(async {
/// use futures_lite::StreamExt;
/// use reactor::signal::{SIGHUP, SIGUSR1, Signals};
///
/// let mut signals = Signals::new(&[SIGHUP, SIGUSR1])?;
/// // To this process, before anything waits for it: it is not lost.
/// std::process::Command::new("kill").args(["-USR1", &std::process::id().to_string()]).status()?;
/// assert_eq!(signals.next().await, Some(SIGUSR1));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct Signals {
    // Dropped before the pipe: a handler that runs meanwhile still has a reader for its byte.
    wanted: Vec<Wanted>,
    pipe: Async<UnixStream>,
    /// The flag to look at first. They are looked at in turn, so that one signal cannot hide another.
    turn: usize,
}

struct Wanted {
    signal: i32,
    came: Arc<AtomicBool>,
    /// What is unregistered at the drop.
    registered: Vec<SigId>,
}

impl Signals {
    /// Returns a stream of `signals`, which listens from now on.
    ///
    /// # Errors
    ///
    /// If a signal cannot be handled (`SIGKILL`, `SIGSTOP`, and those of a fault) or does not exist; the
    /// error names it. Or if the process has too few descriptors left: it needs two, plus one per signal.
    pub fn new(signals: &[i32]) -> io::Result<Self> {
        let (reader, writer) = UnixStream::pair().map_err(|error| explain("listen for signals", error))?;
        writer.set_nonblocking(true)?;
        let mut stream =
            Self { pipe: Async::new(reader)?, wanted: Vec::with_capacity(signals.len()), turn: 0 };
        for (index, &signal) in signals.iter().enumerate() {
            if signals[..index].contains(&signal) {
                continue;
            }
            // If this one fails, the drop of `stream` unregisters those before it.
            stream.listen(signal, &writer).map_err(|error| name_signal(signal, error))?;
        }
        Ok(stream)
    }

    fn listen(&mut self, signal: i32, writer: &UnixStream) -> io::Result<()> {
        if FORBIDDEN.contains(&signal) {
            let why = "the system lets no process handle it";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let writer = writer.try_clone()?;
        let came = Arc::new(AtomicBool::new(false));
        let mut wanted = Wanted { signal, came: Arc::clone(&came), registered: Vec::with_capacity(2) };
        // S1: handlers run in the order of their registration.
        let raise_flag = signal_hook::flag::register(signal, came)?;
        wanted.registered.push(raise_flag);
        let write_byte = pipe::register(signal, writer)?;
        wanted.registered.push(write_byte);
        self.wanted.push(wanted);
        Ok(())
    }

    /// Reads the pipe until it is empty. That stores the waker.
    fn empty_pipe(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut bytes = [0; 64];
        loop {
            match Pin::new(&mut self.pipe).poll_read(cx, &mut bytes) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Err(error)) => return Err(error),
                // The pipe is at its end only if the stream is for no signals.
                Poll::Ready(Ok(0)) | Poll::Pending => return Ok(()),
            }
        }
    }

    /// Returns the next signal whose flag is raised, and lowers the flag.
    fn take_one(&mut self) -> Option<i32> {
        for step in 0..self.wanted.len() {
            let index = (self.turn + step) % self.wanted.len();
            let wanted = &self.wanted[index];
            // ORDERING[outside]: SeqCst, as the store of the flag in signal_hook::flag. The race is a signal
            // against our look: the byte in the pipe comes after the flag.
            if wanted.came.swap(false, Ordering::SeqCst) {
                self.turn = index + 1;
                return Some(wanted.signal);
            }
        }
        None
    }
}

/// Waits for the next Control-C (`SIGINT`).
///
/// It listens from the call on, not from the first poll: a signal that comes between the two is not lost. One that
/// came before the call is not seen. So a program that waits several times, and must miss none in between, keeps
/// one [`Signals`], which listens as long as it lives.
///
/// From the first call on, a Control-C no longer ends the process by itself, also when the returned future is gone
/// (see [`Signals`]). Several futures may wait: each gets the signal. Dropping the future stops its listening.
/// So it is not cancel-safe: a signal is lost that it has not returned yet, or that comes before the next call.
///
/// # Errors
///
/// As for [`Signals::new`], returned when the future is awaited.
///
/// ```
/// # executor::task::block_on(async {
/// use futures_lite::future;
/// use reactor::signal::{ctrl_c, terminate};
/// use reactor::time::sleep;
/// use std::time::Duration;
///
/// // A server that works until it is told to stop.
/// let stop = future::or(ctrl_c(), terminate());
/// # std::process::Command::new("kill").args(["-INT", &std::process::id().to_string()]).status()?;
/// let work = async {
///     sleep(Duration::from_secs(3600)).await;
///     Ok(())
/// };
/// future::or(work, stop).await?;
/// println!("the last words");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub fn ctrl_c() -> impl Future<Output = io::Result<()>> + Send {
    once(SIGINT)
}

/// Waits for the next request to end (`SIGTERM`), which `kill` and service managers send; as [`ctrl_c`] does.
///
/// # Errors
///
/// As for [`ctrl_c`].
///
/// ```
/// # executor::task::block_on(async {
/// let terminated = reactor::signal::terminate();
/// // To this process: it listens already.
/// std::process::Command::new("kill").arg(std::process::id().to_string()).status()?;
/// terminated.await
/// # }).unwrap();
/// ```
pub fn terminate() -> impl Future<Output = io::Result<()>> + Send {
    once(SIGTERM)
}

/// Listens at once, and waits when it is polled (S3).
fn once(signal: i32) -> impl Future<Output = io::Result<()>> + Send {
    let listening = Signals::new(&[signal]);
    async move {
        let mut signals = match listening {
            Ok(signals) => signals,
            Err(error) => {
                budget::take_one().await;
                return Err(error);
            }
        };
        poll_fn(|cx| Pin::new(&mut signals).poll_next(cx)).await;
        Ok(())
    }
}

/// Calls `f` for a signal, on a thread of its own, so also while no task runs. Signals that come in quick succession may
/// count as one. The thread stays as long as the process: a panic of `f` is reported as always, and ends only that call.
///
/// # Errors
///
/// As for [`Signals::new`], or if the thread cannot be started.
///
/// ```
/// use reactor::signal::{SIGUSR1, on_signal};
///
/// let (sender, receiver) = std::sync::mpsc::channel();
/// on_signal(SIGUSR1, move || sender.send("it came").unwrap())?;
/// std::process::Command::new("kill").args(["-USR1", &std::process::id().to_string()]).status()?;
/// assert_eq!(receiver.recv(), Ok("it came"));
/// # std::io::Result::Ok(())
/// ```
pub fn on_signal(signal: i32, mut f: impl FnMut() + Send + 'static) -> io::Result<()> {
    if FORBIDDEN.contains(&signal) {
        let why = "the system lets no process handle it";
        return Err(name_signal(signal, io::Error::new(io::ErrorKind::InvalidInput, why)));
    }
    let (mut reader, writer) = UnixStream::pair().map_err(|error| explain("listen for a signal", error))?;
    writer.set_nonblocking(true)?;
    thread::Builder::new().name("signal".to_owned()).spawn(move || {
        let mut bytes = [0; 64];
        loop {
            match reader.read(&mut bytes) {
                Ok(1..) => contain_panic(&mut f),
                // A signal's handler that was registered without SA_RESTART has interrupted the read.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return,
            }
        }
    })?;
    pipe::register(signal, writer).map(drop).map_err(|error| name_signal(signal, error))
}

/// Returns the number of a signal, from its name with or without `SIG`, such as `USR1`, or from its number.
///
/// ```
/// use reactor::signal::number;
///
/// assert_eq!(number("INT"), number("SIGINT"));
/// assert_eq!((number("15"), number("TEA")), (Some(15), None));
/// ```
pub fn number(name: &str) -> Option<i32> {
    const LAST: i32 = 64;
    let number = name.parse().ok().filter(|number| (1..=LAST).contains(number));
    let bare = name.strip_prefix("SIG").unwrap_or(name);
    let has_name =
        |number: &i32| signal_name(*number).is_some_and(|name| name.strip_prefix("SIG") == Some(bare));
    number.or_else(|| (1..=LAST).find(has_name))
}

impl Stream for Signals {
    type Item = i32;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<i32>> {
        ready!(budget::poll_proceed(cx));
        if let Err(error) = self.empty_pipe(cx) {
            // Both ends are ours and open: this fails only if the system is out of memory. Try again.
            debug_assert!(error.kind() != io::ErrorKind::BrokenPipe, "{error}");
            cx.waker().wake_by_ref();
        }
        match self.take_one() {
            Some(signal) => {
                budget::spend();
                Poll::Ready(Some(signal))
            }
            None => Poll::Pending,
        }
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        for registered in self.registered.drain(..) {
            unregister(registered);
        }
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signals: Vec<i32> = self.wanted.iter().map(|wanted| wanted.signal).collect();
        f.debug_tuple("Signals").field(&signals).finish()
    }
}

/// `signal 9 (SIGKILL): the system lets no process handle it`
fn name_signal(signal: i32, error: io::Error) -> io::Error {
    match signal_name(signal) {
        Some(name) => explain(format_args!("signal {signal} ({name})"), error),
        None => explain(format_args!("signal {signal}"), error),
    }
}
