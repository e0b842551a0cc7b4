//! A task: a future, and a state that keeps it in at most one queue and on at most one worker.
//!
//! Rung 10 pushes a task each time it is woken. A task that is woken twice is then in two queues, two workers take it,
//! and one of them waits for the other's poll to end. A measurement of schedulers would measure those waits. So a task
//! has a state, and only the wake that finds it idle pushes it.
//!
//! ```text
//!   IDLE ──wake: pushed──▶ QUEUED ──taken──▶ RUNNING ──Pending──▶ IDLE
//!                            ▲                 │   └──Ready────▶ DONE
//!                            │                wake
//!                            │                 ▼
//!                            └─Pending: pushed─ WOKEN
//! ```
//!
//! - A1  The thread that makes a task QUEUED pushes it, once. The worker that takes it out of a queue runs it.
//! - A2  A wake that comes during a poll leads to one more: the worker of that poll pushes the task again.
//! - A3  A wake is a read-modify-write even where it changes nothing: the next poll sees what came before each wake.
//!
//! It is the task of the ladder, not that of `executor::raw_task`: an `Arc`, a box, a lock that nobody waits for. It
//! costs more than the real one, and the same under each policy. Next: `parker`.

use std::cell::OnceCell;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use reactor::record::{Kind, Outcome, Place, TaskKind, note, note_pending, poll_end, record_spawn};

const IDLE: u8 = 0;
const QUEUED: u8 = 1;
const RUNNING: u8 = 2;
/// It runs, and was woken meanwhile.
const WOKEN: u8 = 3;
const DONE: u8 = 4;

/// Where tasks are pushed: a pool, from outside, or a worker, on its own thread.
pub(crate) trait Push {
    /// Pushes a task that is runnable. If it has yielded, it goes behind all others.
    fn push(&self, task: Arc<Task>, yielded: bool);
}

/// A pool, as its tasks know it. It may be gone.
pub(crate) type WeakPool = Weak<dyn Push + Send + Sync>;

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A spawned future.
pub(crate) struct Task {
    state: AtomicU8,
    /// `None` once it is complete. By A1 nobody waits for the lock.
    future: Mutex<Option<Boxed>>,
    /// When it was pushed, in nanoseconds since the program's first look at the clock.
    ready_at: AtomicU64,
    is_measured: bool,
    pool: WeakPool,
}

thread_local! {
    /// The worker that this thread is, and the address of its pool.
    static HERE: OnceCell<(usize, Rc<dyn Push>)> = const { OnceCell::new() };
}

/// Makes this thread a worker of that pool: its tasks that are woken here are pushed to `worker`.
pub(crate) fn this_is_worker(pool: &WeakPool, worker: Rc<dyn Push>) {
    HERE.with(|here| here.set((address(pool), worker)).ok().expect("a thread is one worker"));
}

fn address(pool: &WeakPool) -> usize {
    pool.as_ptr().addr()
}

/// Starts a task. If it `is_measured`, the time from each of its wakes to the poll counts.
#[track_caller]
pub(crate) fn spawn(
    pool: &WeakPool,
    name: &'static str,
    is_measured: bool,
    future: impl Future<Output = ()> + Send + 'static,
) {
    let task = Arc::new(Task {
        state: AtomicU8::new(QUEUED),
        future: Mutex::new(Some(Box::pin(future))),
        ready_at: AtomicU64::new(0),
        is_measured,
        pool: pool.clone(),
    });
    record_spawn(task.id(), TaskKind::Pool, || Some(name), Location::caller());
    task.schedule(false);
}

impl Task {
    /// Polls it once. Returns how long it has waited for that since its wake, in nanoseconds, if that counts.
    pub(crate) fn run(self: Arc<Self>) -> Option<u64> {
        // ORDERING: Relaxed; the queue has published it, with the task.
        let waited = self.is_measured.then(|| now().saturating_sub(self.ready_at.load(Ordering::Relaxed)));
        // ORDERING[sched-task]: Acquire; pairs with the Release of each wake before this poll.
        let before = self.state.swap(RUNNING, Ordering::Acquire);
        debug_assert_eq!(before, QUEUED, "A1");
        note(Kind::Poll, 0, self.id());
        let waker = Waker::from(Arc::clone(&self));
        let mut future = self.future.lock().unwrap_or_else(PoisonError::into_inner);
        let polled = match &mut *future {
            Some(future) => future.as_mut().poll(&mut Context::from_waker(&waker)),
            None => unreachable!("a task that is done is not pushed"),
        };
        if polled.is_ready() {
            *future = None;
            // ORDERING: Relaxed; a wake that sees it does nothing.
            self.state.store(DONE, Ordering::Relaxed);
            note(Kind::Finish, 0, self.id());
            note(Kind::PollEnd, poll_end(Outcome::Ready, None), self.id());
            return waited;
        }
        drop(future);
        note_pending(true, self.id(), || None);
        // ORDERING[sched-task]: Release; pairs with the Acquire of the next `run`, maybe on another worker: it goes on
        // with the future. Relaxed if it was woken: the exchange below acquires.
        let end = self.state.compare_exchange(RUNNING, IDLE, Ordering::Release, Ordering::Relaxed);
        if end == Err(WOKEN) {
            // ORDERING[sched-task]: Release; pairs with the Acquire of the next `run`. Acquire: through it that run sees
            // what came before each wake of this poll (A3).
            self.state.swap(QUEUED, Ordering::AcqRel);
            note(Kind::Requeued, 0, self.id());
            self.schedule(true);
        }
        waited
    }

    /// Pushes it (A1): on one of its pool's workers to that worker, elsewhere to the pool.
    fn schedule(self: Arc<Self>, yielded: bool) {
        // ORDERING: Relaxed; the queue publishes it, with the task.
        self.ready_at.store(now(), Ordering::Relaxed);
        let mut task = Some(self);
        let _ = HERE.try_with(|here| {
            if let Some((pool, worker)) = here.get()
                && task.as_ref().is_some_and(|task| address(&task.pool) == *pool)
                && let Some(task) = task.take()
            {
                worker.push(task, yielded);
            }
        });
        if let Some(task) = task
            && let Some(pool) = task.pool.upgrade()
        {
            note(Kind::Injected, 0, task.id());
            pool.push(task, yielded);
        }
    }

    /// Its number in a recording.
    fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let woken = |state| match state {
            IDLE | QUEUED => Some(QUEUED),
            RUNNING | WOKEN => Some(WOKEN),
            _ => None,
        };
        // ORDERING[sched-task]: Release publishes what the waker did to the poll (A3); Acquire, as this thread may push
        // the task: the next worker must see what the last one did, through us.
        match self.state.fetch_update(Ordering::AcqRel, Ordering::Relaxed, woken) {
            Ok(IDLE) => {
                note(Kind::Wake, Place::Pool as u8, self.id());
                self.schedule(false);
            }
            _ => note(Kind::WakeInVain, 0, self.id()),
        }
    }
}

/// Nanoseconds since the first call.
pub(crate) fn now() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Gives way once: the task is behind all others of its worker.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
