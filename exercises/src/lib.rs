//! The exercises of the book.
//!
//! Each chapter has a file in `stubs/` with code to write or to fix. A file of the same name in `tests/`
//! tests it, and says what is wrong:
//!
//! ```text
//! cargo test -p exercises --test task
//! ```
//!
//! The solutions are in `solutions/`. The same tests run on them:
//! `cargo test -p exercises --features solutions`. Plain `cargo test` in the project's root leaves the
//! exercises out, because the stubs fail.
//!
//! The wrong solutions are in `wrong/`, at least three for each exercise: what a reader who misses the point would
//! write. The tests must fail on each: `bash .ci/wrong-solutions`, or for one file `bash .ci/wrong-solutions task`.
//!
//! This file has the helpers that the tests share.

use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LockResult, Mutex, MutexGuard, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use reactor::io::{AsyncRead, AsyncWrite};

/// Longer than any exercise takes, but short enough for a reader who waits for a stub that hangs. The program
/// `wrong-solutions` sets a shorter one.
fn patience() -> Duration {
    let seconds = std::env::var("UNROLLED_PATIENCE").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(if cfg!(feature = "solutions") { 60 } else { 5 }))
}

/// Runs `work` on a thread of its own, and returns its output. Panics with `complaint` if it does not return
/// in time.
///
/// # Panics
///
/// With `complaint`, or with the panic of `work`.
#[track_caller]
pub fn ends<T: Send + 'static>(complaint: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || sender.send(work()));
    match receiver.recv_timeout(patience()) {
        Ok(output) => output,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{complaint}"),
        Err(mpsc::RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(_) => unreachable!("it has sent its output"),
        },
    }
}

/// Waits a moment, in which a mistake on another thread shows. A right solution passes whether the moment is long or
/// short.
pub fn a_moment() {
    thread::sleep(Duration::from_millis(10));
}

/// A condition variable that wakes for no reason, as that of std may: every other `wait` returns at once.
#[derive(Debug, Default)]
pub struct Condvar {
    condvar: std::sync::Condvar,
    waits: AtomicUsize,
}

impl Condvar {
    /// Releases the lock, sleeps until it is notified or wakes for no reason, and takes the lock again.
    ///
    /// # Errors
    ///
    /// If another thread has panicked while it held the lock.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        // ORDERING: Relaxed; a counter, it publishes nothing.
        if self.waits.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            return Ok(guard);
        }
        self.condvar.wait(guard)
    }

    /// Waits as long as the condition holds.
    ///
    /// # Errors
    ///
    /// If another thread has panicked while it held the lock.
    pub fn wait_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<MutexGuard<'a, T>> {
        while condition(&mut guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Ends one `wait`, if there is one.
    pub fn notify_one(&self) {
        self.condvar.notify_one();
    }

    /// Ends each `wait`.
    pub fn notify_all(&self) {
        self.condvar.notify_all();
    }

    /// Returns how often `wait` was called so far.
    pub fn waits(&self) -> usize {
        // ORDERING: Relaxed; a test waits until it has grown, and reads nothing else by it.
        self.waits.load(Ordering::Relaxed)
    }
}

/// A waker that counts its calls.
#[derive(Debug, Default)]
pub struct Calls(AtomicUsize);

impl Calls {
    /// Returns a waker and its counter.
    pub fn waker() -> (Arc<Calls>, Waker) {
        let calls = Arc::new(Calls::default());
        (calls.clone(), Waker::from(calls))
    }

    /// Returns how often the waker was called so far.
    pub fn count(&self) -> usize {
        // ORDERING: Relaxed; the tests read it after the threads have ended.
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        // ORDERING: Relaxed; a counter, it publishes nothing.
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Polls the future, and polls it again as long as it was woken during its last poll. Returns its output, or `None` if
/// it waits and was not woken: if only its own polls can wake it, it hangs.
///
/// # Panics
///
/// If it is woken again and again, and never ends.
///
/// ```should_panic
/// let _: Option<()> = exercises::run_until_idle(async {
///     loop {
///         executor::task::yield_now().await;
///     }
/// });
/// ```
pub fn run_until_idle<F: Future>(future: F) -> Option<F::Output> {
    let (calls, waker) = Calls::waker();
    let mut future = pin!(future);
    for _ in 0..1_000_000 {
        let seen = calls.count();
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return Some(output),
            Poll::Pending if calls.count() == seen => return None,
            Poll::Pending => {}
        }
    }
    panic!("after a million polls it still asks for another one");
}

/// A reader that returns its pieces one after the other. It is pending once before each piece but the first.
#[derive(Debug)]
pub struct Pieces {
    pieces: VecDeque<Vec<u8>>,
    pause: bool,
}

impl Pieces {
    /// Returns a reader of these pieces, followed by the end of the stream.
    pub fn of(pieces: &[&[u8]]) -> Pieces {
        Pieces { pieces: pieces.iter().map(|piece| piece.to_vec()).collect(), pause: false }
    }
}

impl AsyncRead for Pieces {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        if std::mem::take(&mut self.pause) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(mut piece) = self.pieces.pop_front() else { return Poll::Ready(Ok(0)) };
        let length = piece.len().min(into.len());
        into[..length].copy_from_slice(&piece[..length]);
        if length < piece.len() {
            self.pieces.push_front(piece.split_off(length));
        } else {
            self.pause = true;
        }
        Poll::Ready(Ok(length))
    }
}

/// A future that is polled by its waker, on the thread that calls it. If a waker is called under a lock that the poll
/// needs too, that thread waits for itself.
#[derive(Debug)]
pub struct PolledByWaker<F: Future> {
    future: Mutex<F>,
    output: Mutex<Option<F::Output>>,
}

impl<F: Future<Output: Send> + Unpin + Send + 'static> PolledByWaker<F> {
    /// Polls the future for the first time.
    pub fn begin(future: F) -> Arc<Self> {
        let this = Arc::new(PolledByWaker { future: Mutex::new(future), output: Mutex::new(None) });
        this.clone().wake();
        this
    }

    /// Returns the output, if the future has been ready.
    ///
    /// # Panics
    ///
    /// If a poll has panicked.
    pub fn output(&self) -> Option<F::Output> {
        self.output.lock().unwrap().take()
    }
}

impl<F: Future<Output: Send> + Unpin + Send + 'static> Wake for PolledByWaker<F> {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(self.clone());
        let polled = Pin::new(&mut *self.future.lock().unwrap()).poll(&mut Context::from_waker(&waker));
        if let Poll::Ready(output) = polled {
            *self.output.lock().unwrap() = Some(output);
        }
    }
}

/// A writer that records each write. It takes at most `most` bytes at a time, and, if `slow`, is pending once
/// before each write.
#[derive(Debug, Default)]
pub struct Recorder {
    /// The bytes of each write.
    pub writes: Vec<Vec<u8>>,
    /// The most bytes that one write takes. Zero means no limit.
    pub most: usize,
    /// Whether each write is first pending once.
    pub slow: bool,
    /// Whether each write fails.
    pub broken: bool,
    /// Whether the current write has already been pending.
    pub waited: bool,
}

impl Recorder {
    /// Returns everything that was written, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.writes.concat()).into_owned()
    }
}

impl AsyncWrite for Recorder {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        if self.broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if self.slow && !self.waited {
            self.waited = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.waited = false;
        let length = if self.most == 0 { from.len() } else { from.len().min(self.most) };
        self.writes.push(from[..length].to_vec());
        Poll::Ready(Ok(length))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
