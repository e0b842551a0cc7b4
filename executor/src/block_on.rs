//! block_on: from synchronous code into asynchronous code.
//!
//! The outermost future has no task that awaits it, so a thread has to poll it. A loop that polled without
//! waiting would use a whole core. One that only parked would run no local task, and see no event of a socket or
//! timer. So this loop polls the future, runs local tasks, and waits as `driver` decides.
//!
//! ```text
//!   ┌─▶ root woken? poll it ──Ready──▶ return its output
//!   │   run some local tasks
//!   └── nothing to do? wait: in the reactor, or parked; always busy? poll the reactor now and then
//! ```
//!
//! - B1  The root, which is the future given to `block_on`, is polled when its flag is set, and the flag is
//!   cleared before the poll: a wake during the poll is kept.
//! - [waits-when-clear]  The thread waits only when the flag is clear and no local task is queued; a wake from another
//!   thread sets the flag, or fills the inbox, before it unparks [take-then-look].
//!
//! Called by programs. Next: `yield_now`.

use std::future::Future;
use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use reactor::record::{Kind, Place, note, record_root};
use reactor::shim::atomic::{AtomicBool, Ordering};
use reactor::shim::{fault, now};
use reactor::wait_list::trust;

use crate::context::{self, Scope};
use crate::driver::parker::Parker;
use crate::driver::{Participant, Role};
use crate::local;

/// At most this many local tasks run before the root is looked at again.
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
        // ORDERING[root-wake]: Release publishes what the waking thread did; pairs with the Acquire in
        // `block_on`. A swap, so that only the first of many wakes unparks.
        note(Kind::Wake, Place::Root as u8, Arc::as_ptr(self).addr());
        if !self.woken.swap(true, Ordering::Release) && !self.parker.is_current() {
            self.parker.unpark();
        }
    }
}

/// Runs a future on this thread until it is ready, and returns its output. While the future waits, this thread's
/// local tasks run.
///
/// It drives sockets and timers itself, so a program of `block_on`, [`spawn_local`] and sockets has one thread.
/// Looking up host names uses further threads. Local tasks that are unfinished when `block_on` returns stay, and
/// go on in this thread's next `block_on`.
///
/// Sockets and timers make progress while any thread is in `block_on`, or while a pool exists. Under another
/// executor alone no thread drives them.
///
/// # Panics
///
/// If the future panics, the panic continues in the caller.
///
/// It panics at once if this thread is polling a future already, in a task or in another `block_on`. Waiting
/// there would stop everything else that the thread runs: `.await` the future instead. The destructors of such
/// a future count as part of it: `block_on` panics there too, whether the future has ended, was cancelled, or
/// is dropped with its pool or its thread. Inside [`spawn_blocking`](crate::task::spawn_blocking) it may be
/// called, also in the destructors of what the call drops.
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
    let recorded = record_root(&root, Location::caller());
    let waker = Waker::from(Arc::clone(&root));
    let mut cx = Context::from_waker(&waker);
    let _until_it_is_dropped = context::enter(Scope::Root);
    reactor::budget::pause(); // Each poll has a budget of its own; there is none between them, or in the drop.
    let mut future = pin!(future);
    let mut woken = Vec::new();
    let mut last_look = now();
    loop {
        // ORDERING[root-wake]: Acquire; pairs with the Release in `wake_by_ref`. B1.
        if root.woken.swap(false, Ordering::Acquire) {
            let _polling = context::enter(Scope::Root);
            trust(waker.vtable());
            if let Poll::Ready(output) = recorded.poll(|| future.as_mut().poll(&mut cx)) {
                return output;
            }
        }
        local::run(BATCH);
        // ORDERING: Relaxed; a wake that is missed here has still to unpark [waits-when-clear].
        if !root.woken.load(Ordering::Relaxed) && (!local::has_work() || fault("parked_with_work")) {
            participant.wait(&mut woken);
            last_look = now();
        } else if now().duration_since(last_look) >= REACTOR_INTERVAL {
            last_look = now();
            participant.poll_reactor(&mut woken);
        }
    }
}
