//! Local tasks: this thread's own queue, and how other threads wake its tasks.
//!
//! A future that is not `Send` has to be polled and dropped on the thread that spawned it, although its
//! wakers and its handle may be on any thread. One queue behind a lock would do, but then each wake takes
//! the lock. Most wakes come from the task's own thread, so its queue has no lock, and other threads use
//! an inbox.
//!
//! ```text
//!   this thread:    wake ──▶ owner state: Queued ──▶ queue ──▶ run        no atomic operation
//!   other threads:  wake ──▶ word: QUEUED ──▶ inbox ──▶ queue ──▶ run
//! ```
//!
//! - L1  A local task has two states: the owner state, which only its own thread uses, and the word, which all
//!   threads share (`raw_task::state`). The queue and the list of idle tasks are used on that thread only, too.
//! - [own-thread-only]  Its future is polled and dropped on that thread only. Other threads use the word and its count.
//! - L2  The owner state is the thread's claim [claim] on a task that is queued or runs; the count does not include
//!   it. A count of zero with an idle owner state means that nothing can wake the task any more: its future is
//!   dropped.
//! - L3  At thread exit the tasks are dropped on their thread, then those that these drops have spawned, and so
//!   on.
//!
//! Run by `block_on` and by the pool's workers, and emptied after blocking calls. Next: `block_on`.
#![allow(unsafe_code, reason = "what comes out of the inbox is a pointer to a task")]

mod inbox;
mod owner_state;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::iter;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::LazyLock;
use std::task::RawWakerVTable;

use reactor::record::{Kind, Place, TaskKind, record_with};
use reactor::shim::{fault, statics, thread_local};
use reactor::trim::{KEEP_BY_THREAD, Trim};

use crate::driver::parker::Parker;
use crate::raw_task::header::{self, Header, HeaderWith, Runnable, Schedule};
use crate::raw_task::join_handle::JoinHandle;
use crate::raw_task::list::TaskList;
use crate::raw_task::run::new_task;
use crate::raw_task::state::{Arrival, Finish, Start, State};
use crate::raw_task::waker;
use inbox::Inbox;
use owner_state::{OwnerState, Wake};

/// A local task's scheduler, which is stored in the task. The inbox identifies the task's thread.
pub(crate) struct LocalScheduler {
    inbox: &'static Inbox,
    owned: Cell<OwnerState>,
    listed: Cell<bool>,
}

/// A thread's local tasks.
struct Local {
    queue: RefCell<VecDeque<Runnable>>,
    /// The tasks that have been idle, and are not complete.
    waiting: RefCell<TaskList>,
    /// Set from the first task on, until the thread's exit.
    inbox: Cell<Option<&'static Inbox>>,
}

thread_local! {
    // It has no destructor, so it can be used until the very end of its thread. `Exit` empties it.
    static LOCAL: ManuallyDrop<Local> = const {
        ManuallyDrop::new(Local {
            queue: RefCell::new(VecDeque::new()),
            waiting: RefCell::new(TaskList::new()),
            inbox: Cell::new(None),
        })
    };
    static EXIT: Exit = const { Exit };
}

// The inbox of tasks that are spawned when their thread's locals are gone. It stays empty.
statics! { static DEAD_INBOX: LazyLock<Inbox> = LazyLock::new(Inbox::new); }

/// Its destructor is the thread's exit (L3).
struct Exit;

/// Spawns a future onto this thread.
///
/// Returns the task's handle, which may be sent to another thread. Dropping it detaches the task.
///
/// The future need not be `Send`: it is polled and dropped on this thread only. It runs while this thread
/// is in [`block_on`](crate::task::block_on), or, if the thread is a pool's worker, between the worker's
/// own tasks. If it has not finished when the thread ends, it is dropped then. If it was spawned in a call
/// of [`spawn_blocking`](crate::task::spawn_blocking), it is dropped when the call ends.
///
/// ```
/// use executor::task;
/// use std::rc::Rc;
///
/// let shared = Rc::new(20);
/// let task = task::spawn_local({
///     let shared = Rc::clone(&shared);
///     async move { *shared + 1 }
/// });
/// assert_eq!(task::block_on(task) + *shared, 41);
/// ```
#[track_caller]
pub fn spawn_local<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    let (task, handle) = new_task(future, scheduler(), (), Location::caller());
    start(task);
    JoinHandle::new(handle)
}

/// The scheduler of this thread's tasks.
pub(crate) fn scheduler() -> LocalScheduler {
    let inbox = LOCAL.with(|local| local.open()).unwrap_or(&DEAD_INBOX);
    LocalScheduler { inbox, owned: Cell::new(OwnerState::new()), listed: Cell::new(false) }
}

/// Queues a new task of this thread.
pub(crate) fn start(task: Runnable) {
    LOCAL.with(|local| match local.inbox.get() {
        Some(_) => local.push(task),
        None => drop(task), // The thread's locals are gone: the task is cancelled at once.
    });
}

/// Runs this thread's local tasks, for up to `limit` polls in all.
#[inline]
pub(crate) fn run(limit: usize) {
    LOCAL.with(|local| {
        if fault("borrowed_while_polled") {
            local.queue.borrow_mut().drain(..).for_each(Runnable::run);
        }
        if fault("runs_until_empty") {
            std::iter::from_fn(|| local.pop()).for_each(Runnable::run);
        }
        (0..limit).map_while(|_| local.pop()).for_each(Runnable::run);
        local.queue.borrow_mut().trim(KEEP_BY_THREAD);
    });
}

/// Whether `run` would find a task.
pub(crate) fn has_work() -> bool {
    LOCAL.with(|local| !local.queue.borrow().is_empty() || local.inbox.get().is_some_and(Inbox::has_tasks))
}

/// Drops this thread's unfinished local tasks, and those that their drops spawn.
pub(crate) fn drop_all() {
    LOCAL.with(|local| local.drop_all());
}

static WAKER: RawWakerVTable = waker::vtable::<LocalScheduler>();

impl Schedule for LocalScheduler {
    const KIND: TaskKind = TaskKind::Local;

    fn waker_vtable() -> &'static RawWakerVTable {
        &WAKER
    }

    fn new_state() -> State {
        State::new_local()
    }

    type Queue = &'static Inbox;

    fn queue(&self) -> &'static Inbox {
        self.inbox
    }

    fn schedule(inbox: &'static Inbox, task: Runnable) {
        LOCAL.with(|local| {
            if local.is_owner(inbox) {
                record_with(Kind::Wake, Place::LocalQueue as u8, task.number());
                local.arrive(task.into_raw());
            } else {
                record_with(Kind::Wake, Place::Inbox as u8, task.number());
                inbox.push(task.into_raw());
            }
        });
    }

    fn requeue(_inbox: &'static Inbox, task: Runnable) {
        if fault("yields_to_itself") {
            return LOCAL.with(|local| local.queue.borrow_mut().push_front(task));
        }
        LOCAL.with(|local| local.push(task));
    }

    unsafe fn start(task: NonNull<Header>) -> Start {
        // SAFETY: [claim], [same-types]: the caller's.
        let header_with = unsafe { HeaderWith::<Self>::of(task) };
        header_with.scheduler.owned.update(OwnerState::start);
        if header_with.header.state.is_cancelled() { Start::DropFuture } else { Start::Poll }
    }

    #[inline]
    unsafe fn finish(task: NonNull<Header>) -> Finish {
        // SAFETY: [claim], [same-types]: the caller's.
        let header_with = unsafe { HeaderWith::<Self>::of(task) };
        let (state, scheduler) = (&header_with.header.state, &header_with.scheduler);
        let (owned, finish) = scheduler.owned.get().finish(state.seen_by_owner());
        scheduler.owned.set(owned);
        if finish == Finish::Idle && !scheduler.listed.replace(true) {
            // SAFETY: [claim]: the caller's; it was in no list, and `retire` removes it [listed-is-live].
            LOCAL.with(|local| unsafe { local.waiting.borrow_mut().push(task) });
        }
        finish
    }

    unsafe fn retire(task: NonNull<Header>) {
        // SAFETY: [claim], [same-types]: the caller's.
        let scheduler = unsafe { &HeaderWith::<Self>::of(task).scheduler };
        scheduler.owned.update(OwnerState::retire);
        if scheduler.listed.replace(false) {
            // SAFETY: `finish` has put it into this list.
            LOCAL.with(|local| unsafe { local.waiting.borrow_mut().remove(task) });
        }
    }

    #[inline]
    unsafe fn wake_locally(task: NonNull<Header>) -> bool {
        // SAFETY: [claim], [same-types]: the caller's.
        let inbox = unsafe { HeaderWith::<Self>::of(task) }.scheduler.inbox;
        LOCAL.with(|local| {
            let here = local.is_owner(inbox);
            if here {
                let kind = if local.wake(task) { Kind::Wake } else { Kind::WakeInVain };
                record_with(kind, Place::LocalQueue as u8, task.addr().get());
            }
            here
        })
    }
}

impl Local {
    /// The thread's inbox, opened with the first task; `None` when the thread's locals are gone.
    fn open(&self) -> Option<&'static Inbox> {
        // The parker comes first: it is made before `EXIT`, so it is destroyed after `EXIT` and what that drops.
        let is_alive = || Parker::current().is_current() && EXIT.try_with(|_| ()).is_ok();
        // A loom thread loses all its thread-locals at once, so a model drops an `Exit` itself.
        if self.inbox.get().is_none() && (cfg!(loom) || is_alive()) {
            self.inbox.set(Some(Inbox::open()));
        }
        self.inbox.get()
    }

    /// Whether tasks with this inbox belong to this thread.
    fn is_owner(&self, inbox: &'static Inbox) -> bool {
        self.inbox.get().is_some_and(|mine| std::ptr::eq(mine, inbox))
    }

    // Not inlined, so that the `LOCAL.with` around it is inlined: this saves 2 of a yield's 12 ns.
    #[inline(never)]
    fn push(&self, task: Runnable) {
        self.queue.borrow_mut().push_back(task);
    }

    /// Queues the task, if it is idle. Returns whether it was. The task belongs to this thread, and the
    /// caller has a claim on it.
    #[inline]
    fn wake(&self, task: NonNull<Header>) -> bool {
        // SAFETY: [claim]: the caller's; [same-types]: this thread's tasks have this scheduler.
        let owned = unsafe { &HeaderWith::<LocalScheduler>::of(task).scheduler.owned };
        let (state, wake) = owned.get().wake();
        owned.set(state);
        if wake == Wake::Queue {
            self.push(Runnable::from_raw(task));
        }
        wake == Wake::Queue
    }

    /// The next task of the queue, or from the inbox.
    #[inline]
    fn pop(&self) -> Option<Runnable> {
        if let Some(inbox) = self.inbox.get().filter(|inbox| inbox.has_tasks()) {
            self.empty(inbox);
        }
        self.queue.borrow_mut().pop_front()
    }

    // Not inlined, so that `pop` is: the inbox is rarely used.
    #[inline(never)]
    fn empty(&self, inbox: &Inbox) {
        inbox.take().into_iter().for_each(|task| self.arrive(task));
    }

    /// Takes over the inbox's reference to a task.
    fn arrive(&self, task: NonNull<Header>) {
        // SAFETY: [claim]: the inbox's reference.
        let header_with = unsafe { HeaderWith::<LocalScheduler>::of(task) };
        let (header, owned) = (&header_with.header, &header_with.scheduler.owned);
        match header.state.leave_inbox() {
            // [inboxes-stay]: it may be a task of a former owner.
            Arrival::Free if !fault("late_push_leaks") => header::free(task),
            Arrival::Nothing | Arrival::Free => {}
            Arrival::Woken => _ = self.wake(task),
            Arrival::Unreachable if owned.get().is_idle() && !fault("unreachable_left") => {
                // L2: queued, and dropped when it is run: the caller may be in the middle of arbitrary code.
                header.state.cancel_claimed();
                self.wake(task);
            }
            Arrival::Unreachable => {} // Queued or running: `finish` sees that nothing can wake it.
        }
    }

    /// Drops the tasks, until none is left.
    fn drop_all(&self) {
        loop {
            self.waiting.borrow().iter().for_each(|task| {
                // SAFETY: [claim]: the list's claim [listed-is-live].
                unsafe { task.as_ref() }.state.cancel_claimed();
                self.wake(task);
            });
            let Some(first) = self.pop() else { return };
            // One at a time, since a drop may queue more tasks.
            iter::once(first).chain(iter::from_fn(|| self.pop())).for_each(drop);
        }
    }
}

impl Drop for Exit {
    fn drop(&mut self) {
        LOCAL.with(|local| {
            local.drop_all();
            drop((local.queue.take(), local.waiting.take())); // They are empty: this frees their memory.
            local.inbox.take().into_iter().for_each(Inbox::close);
        });
    }
}

#[cfg(all(test, loom))]
mod model;
