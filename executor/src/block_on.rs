//! block_on: from synchronous code into asynchronous code.
//!
//! ```text
//!   ┌─▶ root woken? poll it ──Ready──▶ the answer
//!   │   run some local tasks
//!   └── nothing to do? wait: in the reactor, or parked; busy? now and then a look at the reactor
//! ```
//!
//! B1  The root, which is the future given to `block_on`, is polled when its flag is set, and the flag is
//!     cleared before the poll: a wake during the poll is kept.
//! B2  The thread waits only when the flag is clear and no local task is queued; a wake from
//!     another thread sets the flag, or fills the inbox, before it unparks [take-then-look].
//!
//! Called by programs. Next: `yield_now`.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use reactor::shim::atomic::{AtomicBool, Ordering};
use reactor::shim::now;

use crate::context::{self, Scope};
use crate::driver::parker::Parker;
use crate::driver::{Participant, Role};
use crate::local;

/// Local tasks that run between two looks at the root.
const BATCH: usize = 61;

/// A thread that always has work looks at the reactor this often.
pub(crate) const REACTOR_INTERVAL: Duration = Duration::from_micros(100);

/// The root's waker.
struct Root {
    woken: AtomicBool,
    parker: Arc<Parker>,
}

impl Wake for Root {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // ORDERING[root-wake]: Release publishes what the waker did; pairs with the Acquire in
        // `block_on`. A swap, so that of many wakes one unparks.
        if !self.woken.swap(true, Ordering::Release) && !self.parker.is_current() {
            self.parker.unpark();
        }
    }
}

/// Runs a future on this thread to its end, and this thread's local tasks while it waits.
///
/// It drives sockets and timers itself, so a program of `block_on`, [`spawn_local`] and sockets has
/// one thread; to look up names takes another. Local tasks that have not finished when the future has
/// stay, for the next `block_on`.
///
/// Sockets and timers move while a thread is in `block_on` or a pool runs. Under a foreign executor
/// alone nobody drives them.
///
/// # Panics
///
/// When this thread is polling a future already: in a task, or inside another `block_on`. Waiting there
/// would stop everything that the thread runs: `.await` the future instead. It panics in a destructor of
/// such a future too, whether that is dropped in its last poll or after it, by a cancel, by the end of its pool
/// or of its thread. Inside [`spawn_blocking`](crate::task::spawn_blocking) it may be called, also in what
/// the call drops. A panic of the future goes on here.
///
/// [`spawn_local`]: crate::task::spawn_local
///
/// ```
/// assert_eq!(executor::task::block_on(async { 6 * 7 }), 42);
/// ```
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    match context::current_scope() {
        Scope::Nothing | Scope::Blocking(_) => {}
        Scope::Root | Scope::Task(_) => panic!(
            "block_on was called while this thread is polling a future: \
             write `.await` instead, or move the call into spawn_blocking"
        ),
    }
    let participant = Participant::enter(Role::BlockOn);
    let root = Arc::new(Root { woken: AtomicBool::new(true), parker: Arc::clone(&participant.parker) });
    let waker = Waker::from(Arc::clone(&root));
    let mut cx = Context::from_waker(&waker);
    let _until_it_is_dropped = context::enter(Scope::Root);
    let mut future = pin!(future);
    let mut woken = Vec::new();
    let mut last_look = now();
    loop {
        // ORDERING[root-wake]: Acquire; pairs with the Release in `wake_by_ref`. B1.
        if root.woken.swap(false, Ordering::Acquire) {
            let _polling = context::enter(Scope::Root);
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return output;
            }
        }
        local::run(BATCH);
        // ORDERING: Relaxed; a foreign wake that is missed here has yet to unpark (B2).
        if !root.woken.load(Ordering::Relaxed) && !local::has_work() {
            participant.wait(&mut woken);
            last_look = now();
        } else if now().duration_since(last_look) >= REACTOR_INTERVAL {
            last_look = now();
            participant.poll_reactor(&mut woken);
        }
    }
}
