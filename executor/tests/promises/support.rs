//! A gate that tasks wait at, values that record when and where they are dropped, and deadlines.

#[path = "../../../tests/shared/count.rs"]
mod count;
#[path = "../../../tests/shared/on_drop.rs"]
mod on_drop;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

pub(crate) use count::Count;
pub(crate) use on_drop::OnDrop;

/// Long enough for a machine under load: a wait that takes longer counts as a hang.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Runs `check` on a thread of its own, waits for that thread's exit, and fails if it hangs.
pub(crate) fn ends<R: Send + 'static>(check: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, end) = mpsc::channel();
    let runner = thread::Builder::new()
        .name("ends".into())
        .spawn(move || {
            let output = check();
            let _ = done.send(());
            output
        })
        .expect("a thread starts");
    if end.recv_timeout(DEADLINE) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("it hangs");
    }
    runner.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Waits until `holds`, and fails after the deadline.
#[track_caller]
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < DEADLINE, "never happened: {what}");
        thread::sleep(Duration::from_micros(200));
    }
}

/// Polls once with this waker.
pub(crate) fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// A panic that the panic hook does not print.
pub(crate) fn quiet_panic(message: &'static str) -> ! {
    std::panic::resume_unwind(Box::new(message))
}

/// The message of a panic's payload.
pub(crate) fn message(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .expect("the payload is a message")
}

/// Runs a closure that must panic, and returns the panic's message.
#[track_caller]
pub(crate) fn panics<R>(call: impl FnOnce() -> R) -> String {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)) {
        Ok(_) => panic!("it did not panic"),
        Err(payload) => message(&*payload).to_owned(),
    }
}

/// One task waits at it until it is opened, from any thread.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<GateState>>);

#[derive(Default)]
struct GateState {
    open: bool,
    waker: Option<Waker>,
    polls: usize,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A future that is ready once the gate is open. It keeps one waker, the newest.
    pub(crate) fn pass(&self) -> Pass {
        Pass(self.clone())
    }

    /// Opens it, and wakes the waiting task by value.
    pub(crate) fn open(&self) {
        let waker = {
            let mut gate = self.0.lock().unwrap();
            gate.open = true;
            gate.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Takes the waker that is kept: opening the gate no longer wakes the waiting task.
    pub(crate) fn take_waker(&self) -> Option<Waker> {
        self.0.lock().unwrap().waker.take()
    }

    /// How often the gate's future was polled.
    pub(crate) fn polls(&self) -> usize {
        self.0.lock().unwrap().polls
    }

    /// Waits until it was polled this often.
    #[track_caller]
    pub(crate) fn await_polls(&self, polls: usize) {
        eventually("the gate is polled", || self.polls() >= polls);
    }
}

pub(crate) struct Pass(Gate);

impl Future for Pass {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let replaced;
        {
            let mut gate = self.0.0.lock().unwrap();
            gate.polls += 1;
            if gate.open {
                return Poll::Ready(());
            }
            replaced = gate.waker.replace(cx.waker().clone());
        }
        drop(replaced);
        Poll::Pending
    }
}

/// Counts the drops of its values, and records their threads.
#[derive(Clone, Default)]
pub(crate) struct Drops(Arc<Mutex<Vec<ThreadId>>>);

impl Drops {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A value that is counted when it is dropped.
    pub(crate) fn token(&self) -> Token {
        Token(self.clone())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    pub(crate) fn threads(&self) -> Vec<ThreadId> {
        self.0.lock().unwrap().clone()
    }
}

pub(crate) struct Token(Drops);

impl Drop for Token {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().push(thread::current().id());
    }
}

/// A waker made of closures: what it does when it is woken, and when its last clone is dropped.
pub(crate) struct ClosureWaker<W: Fn(), D: Fn()> {
    on_wake: W,
    on_drop: D,
}

impl<W, D> ClosureWaker<W, D>
where
    W: Fn() + Send + Sync + 'static,
    D: Fn() + Send + Sync + 'static,
{
    pub(crate) fn waker(on_wake: W, on_drop: D) -> Waker {
        Arc::new(Self { on_wake, on_drop }).into()
    }
}

impl<W, D> Wake for ClosureWaker<W, D>
where
    W: Fn() + Send + Sync + 'static,
    D: Fn() + Send + Sync + 'static,
{
    fn wake(self: Arc<Self>) {
        (self.on_wake)();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        (self.on_wake)();
    }
}

impl<W: Fn(), D: Fn()> Drop for ClosureWaker<W, D> {
    fn drop(&mut self) {
        (self.on_drop)();
    }
}

/// Marsaglia's xorshift; every test prints its seed when it fails.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }
}
