//! Local tasks: this thread's own queue, and how other threads wake its tasks.
//!
//! ```text
//!   this thread:    wake ──▶ byte: QUEUED ──▶ queue ──▶ run        no atomic operation
//!   other threads:  wake ──▶ word: QUEUED ──▶ inbox ──▶ queue ──▶ run
//! ```
//!
//! L1  A local task has two states: the byte, which is its thread's, and the word, by which others speak to it
//!     (`raw_task::state`). The byte, the queue and the list are touched on the task's own thread only.
//! L2  Its future is polled and dropped there only; other threads reach the word, and the count in it.
//! L3  The thread's claim on a task that is queued or runs is the byte; the count leaves it out. A count of
//!     zero with an idle byte means that nobody can wake the task any more: its future is dropped.
//! L4  At thread exit the tasks are dropped on their thread, again and again while their drops spawn.
//!
//! [claim], Run by `block_on` and by the pool's
//! workers, and emptied after blocking calls. Next: `block_on`.
#![allow(unsafe_code, reason = "what comes out of the inbox is a pointer to a task")]

mod owner_state;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::iter;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::LazyLock;
use std::task::RawWakerVTable;

use reactor::record::{Kind, record};
mod inbox;

use reactor::shim::{fault, statics, thread_local};
use reactor::trim::{KEEP_BY_THREAD, Trim};

use inbox::Inbox;

use crate::driver::parker::Parker;
use crate::raw_task::header::{self, Header, HeaderWith, Runnable, Schedule};
use crate::raw_task::join_handle::JoinHandle;
use crate::raw_task::list::TaskList;
use crate::raw_task::run::new_task;
use crate::raw_task::state::{Arrival, Finish, Start, State};
use crate::raw_task::waker;
use owner_state::{OwnerState, Wake};

/// A local task's scheduler. It stands in the task; the inbox says whose it is.
pub(crate) struct LocalScheduler {
    inbox: &'static Inbox,
    owned: Cell<OwnerState>,
    listed: Cell<bool>,
}

/// A thread's local tasks.
struct Local {
    queue: RefCell<VecDeque<Runnable>>,
    /// Those that have been idle, and are not complete.
    waiting: RefCell<TaskList>,
    /// From the first task on, until the thread's exit.
    inbox: Cell<Option<&'static Inbox>>,
}

thread_local! {
    // Without a destructor it can be reached until the very end of its thread: `Exit` empties it.
    static LOCAL: ManuallyDrop<Local> = const {
        ManuallyDrop::new(Local {
            queue: RefCell::new(VecDeque::new()),
            waiting: RefCell::new(TaskList::new()),
            inbox: Cell::new(None),
        })
    };
    static EXIT: Exit = const { Exit };
}

// The inbox of tasks that are spawned when their thread is as good as gone: nothing ever comes.
statics! { static DEAD_INBOX: LazyLock<Inbox> = LazyLock::new(Inbox::new); }

/// Its destructor is the thread's exit (L4).
struct Exit;

/// Spawns a future onto this thread.
///
/// The future may hold what cannot be sent to another thread. It runs while this thread is in
/// [`block_on`](crate::task::block_on); in a pool task, on that worker's thread. It is polled and
/// dropped on this thread only, wherever the handle goes. What has not finished when the thread ends is
/// dropped then; on a thread for blocking calls, when the call ends.
///
/// The answer is the task's handle; dropping it detaches the task.
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
pub fn spawn_local<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    let (task, handle) = new_task(future, home(), ());
    start(task);
    JoinHandle::new(handle)
}

/// The scheduler of this thread's tasks.
pub(crate) fn home() -> LocalScheduler {
    let inbox = LOCAL.with(|local| local.open()).unwrap_or(&DEAD_INBOX);
    LocalScheduler { inbox, owned: Cell::new(OwnerState::Queued), listed: Cell::new(false) }
}

/// Queues a new task of this thread's.
pub(crate) fn start(task: Runnable) {
    LOCAL.with(|local| match local.inbox.get() {
        Some(_) => local.push(task),
        None => drop(task), // The thread's locals are gone: cancelled at once.
    });
}

/// Runs up to `limit` of this thread's local tasks, each once.
#[inline]
pub(crate) fn run(limit: usize) {
    LOCAL.with(|local| {
        (0..limit).map_while(|_| local.pop()).for_each(Runnable::run);
        local.queue.borrow_mut().trim(KEEP_BY_THREAD);
    });
}

/// Whether `run` would find something.
pub(crate) fn has_work() -> bool {
    LOCAL.with(|local| !local.queue.borrow().is_empty() || local.inbox.get().is_some_and(Inbox::has_mail))
}

/// Drops this thread's unfinished local tasks, and those that their drops spawn.
pub(crate) fn drop_all() {
    LOCAL.with(|local| local.drop_all());
}

static WAKER: RawWakerVTable = waker::vtable::<LocalScheduler>();

impl Schedule for LocalScheduler {
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
        record(Kind::Wake, task.number());
        LOCAL.with(|local| {
            if local.is_home(inbox) {
                local.arrive(task.into_raw());
            } else {
                inbox.push(task.into_raw());
            }
        });
    }

    fn requeue(_inbox: &'static Inbox, task: Runnable) {
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
        let (state, home) = (&header_with.header.state, &header_with.scheduler);
        let (owned, finish) = home.owned.get().finish(state.seen_by_owner());
        home.owned.set(owned);
        if finish == Finish::Idle && !home.listed.replace(true) {
            // SAFETY: [claim]: the caller's; it was in no list, and `retire` takes it out [listed-is-live].
            LOCAL.with(|local| unsafe { local.waiting.borrow_mut().push(task) });
        }
        finish
    }

    unsafe fn retire(task: NonNull<Header>) {
        // SAFETY: [claim], [same-types]: the caller's.
        let home = unsafe { &HeaderWith::<Self>::of(task).scheduler };
        home.owned.set(OwnerState::Done);
        if home.listed.replace(false) {
            // SAFETY: `finish` has put it there.
            LOCAL.with(|local| unsafe { local.waiting.borrow_mut().remove(task) });
        }
    }

    #[inline]
    unsafe fn wake_locally(task: NonNull<Header>) -> bool {
        // SAFETY: [claim], [same-types]: the caller's.
        let inbox = unsafe { HeaderWith::<Self>::of(task) }.scheduler.inbox;
        LOCAL.with(|local| {
            let here = local.is_home(inbox);
            if here && local.wake(task) {
                record(Kind::Wake, task.addr().get());
            }
            here
        })
    }
}

impl Local {
    /// The thread's inbox, opened with the first task; `None` when the thread's locals are gone.
    fn open(&self) -> Option<&'static Inbox> {
        // The doorbell comes first: made before `EXIT` it outlives it, and what `Exit` drops.
        let in_life = || Parker::current().is_current() && EXIT.try_with(|_| ()).is_ok();
        // loom's threads lose all their values at once: a model drops an `Exit` itself.
        if self.inbox.get().is_none() && (cfg!(loom) || in_life()) {
            self.inbox.set(Some(Inbox::open()));
        }
        self.inbox.get()
    }

    fn is_home(&self, inbox: &'static Inbox) -> bool {
        self.inbox.get().is_some_and(|mine| std::ptr::eq(mine, inbox))
    }

    // Not inlined, so that `LOCAL.with` around it is: 2 ns of a yield's 12.
    #[inline(never)]
    fn push(&self, task: Runnable) {
        self.queue.borrow_mut().push_back(task);
    }

    /// Into the queue, if it is idle. The task is this thread's, and the caller has a claim on it.
    #[inline]
    fn wake(&self, task: NonNull<Header>) -> bool {
        // SAFETY: [claim]: the caller's; [same-types]: this thread's tasks are of this scheduler.
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
        if let Some(inbox) = self.inbox.get().filter(|inbox| inbox.has_mail()) {
            self.empty(inbox);
        }
        self.queue.borrow_mut().pop_front()
    }

    // Not inlined, so that `pop` is: mail is rare.
    #[inline(never)]
    fn empty(&self, inbox: &Inbox) {
        inbox.take().into_iter().for_each(|task| self.arrive(task));
    }

    /// Takes over the inbox's reference to a task.
    fn arrive(&self, task: NonNull<Header>) {
        // SAFETY: [claim]: the inbox's reference.
        let header_with = unsafe { HeaderWith::<LocalScheduler>::of(task) };
        let (header, home) = (&header_with.header, &header_with.scheduler);
        match header.state.leave_inbox() {
            Arrival::Free if !fault("late_mail_leaks") => header::free(task), // [inboxes-stay]: also a former owner's.
            Arrival::Nothing | Arrival::Free => {}
            Arrival::Woken => _ = self.wake(task),
            Arrival::Unreachable if home.owned.get() == OwnerState::Idle && !fault("unreachable_left") => {
                // L3: dropped from the queue, for the caller may be in any code at all.
                header.state.cancel_claimed();
                self.wake(task);
            }
            Arrival::Unreachable => {} // Queued or running: `finish` will see it.
        }
    }

    /// Drops every task, until none is left.
    fn drop_all(&self) {
        loop {
            self.waiting.borrow().iter().for_each(|task| {
                // SAFETY: [claim]: the list's claim [listed-is-live].
                unsafe { task.as_ref() }.state.cancel_claimed();
                self.wake(task);
            });
            let Some(first) = self.pop() else { return };
            // One at a time: a drop may spawn more, or wait until another one has gone.
            iter::once(first).chain(iter::from_fn(|| self.pop())).for_each(drop);
        }
    }
}

impl Drop for Exit {
    fn drop(&mut self) {
        LOCAL.with(|local| {
            local.drop_all();
            drop((local.queue.take(), local.waiting.take())); // Nothing is in them: only their memory goes.
            local.inbox.take().into_iter().for_each(Inbox::close);
        });
    }
}

#[cfg(all(test, loom))]
mod model;
