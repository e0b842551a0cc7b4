//! Local tasks: this thread's own queue, and the inbox through which other threads wake its tasks.
//!
//!   this thread:    wake ──▶ byte: QUEUED ──▶ queue ──▶ run        no atomic operation
//!   other threads:  wake ──▶ word: QUEUED ──▶ inbox ──▶ queue ──▶ run
//!
//! L1  A local task's byte, its queue and its list are touched on its own thread only.
//! L2  Its future is polled and dropped on its own thread only; a foreign thread reaches the word.
//! L3  The owner's claim (queued, running) is the byte, and is not counted. A count of zero with an
//!     idle byte means that nobody can wake the task any more: its future is dropped.
//! L4  Inboxes are recycled, never freed: a wake that comes when its thread is gone finds one. What
//!     arrives then is complete, for a thread drops its tasks before it gives its inbox back.
//! L5  At thread exit the tasks are dropped on their thread, again and again while their drops spawn.
//!
//! Run by `block_on`, by the pool's workers, and emptied after blocking calls. Next: `park`.
#![allow(
    unsafe_code,
    reason = "an inbox holds claims whose task may have completed meanwhile"
)]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::RawWakerVTable;

use reactor::shim::atomic::{AtomicBool, Ordering};

use crate::metrics;
use crate::park::Parker;
use crate::raw::cell::{self, Header, Name, Schedule};
use crate::raw::join_handle::JoinHandle;
use crate::raw::list::List;
use crate::raw::runnable::Runnable;
use crate::raw::state::{Arrival, Finish, Start, State};
use crate::raw::waker;

/// What the owner knows of a task: it stands in the task and is the owner's alone (L1).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Byte {
    Idle,
    Queued,
    Running,
    /// Woken while it ran.
    Again,
    /// The future is gone.
    Done,
}

/// The scheduler of local tasks.
pub(crate) struct Home {
    inbox: &'static Inbox,
    byte: Cell<Byte>,
    linked: Cell<bool>,
}

/// Where other threads leave the tasks that they woke.
struct Inbox {
    mail: Mutex<Mail>,
    /// Something is in it: spares the owner the lock.
    full: AtomicBool,
}

struct Mail {
    tasks: Vec<NonNull<Header>>,
    /// Whom to unpark; nobody while the inbox waits for a new owner.
    owner: Option<Arc<Parker>>,
}

// SAFETY: L2: other threads use the pointers as counted references only.
unsafe impl Send for Mail {}

/// Inboxes without an owner (L4).
static SPARE: Mutex<Vec<&'static Inbox>> = Mutex::new(Vec::new());

/// The inbox of tasks that are spawned when their thread is as good as gone: nothing ever comes.
static NOWHERE: Inbox = Inbox::new();

/// A thread's local tasks.
struct Local {
    queue: RefCell<VecDeque<Runnable>>,
    /// Those that have been idle, and are not complete.
    waiting: RefCell<List>,
    inbox: Cell<Option<&'static Inbox>>,
    phase: Cell<Phase>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No task yet.
    Fresh,
    Open,
    /// The tasks are being dropped.
    Closing,
    /// The thread's locals are gone: a new task is dropped at once.
    Gone,
}

thread_local! {
    // Without a destructor it can be reached until the very end of its thread: `Exit` empties it.
    static LOCAL: ManuallyDrop<Local> = const {
        ManuallyDrop::new(Local {
            queue: RefCell::new(VecDeque::new()),
            waiting: RefCell::new(List::new()),
            inbox: Cell::new(None),
            phase: Cell::new(Phase::Fresh),
        })
    };
    static EXIT: Exit = const { Exit };
}

/// Its destructor is the thread's exit (L5).
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
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    spawn_named(future, ())
}

/// Spawns with a name.
pub(crate) fn spawn_named<F, N>(future: F, name: N) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    N: Name,
{
    LOCAL.with(|local| {
        let inbox = local.open();
        let home = Home {
            inbox,
            byte: Cell::new(Byte::Queued),
            linked: Cell::new(false),
        };
        let (runnable, handle) = cell::allocate(future, home, name);
        metrics::count(|counters| &counters.spawned);
        let handle = JoinHandle::new(handle);
        if local.phase.get() == Phase::Gone {
            drop(runnable);
        } else {
            local.queue.borrow_mut().push_back(runnable);
        }
        handle
    })
}

/// Runs up to `limit` of this thread's local tasks, each once. Answers how many.
pub(crate) fn run(limit: usize) -> usize {
    LOCAL.with(|local| {
        let mut count = 0;
        while count < limit {
            local.empty_inbox();
            let Some(task) = local.next() else { break };
            task.run();
            count += 1;
        }
        count
    })
}

/// Whether `run` would find something.
pub(crate) fn has_work() -> bool {
    LOCAL.with(|local| {
        !local.queue.borrow().is_empty() || local.inbox.get().is_some_and(Inbox::is_full)
    })
}

/// Drops this thread's unfinished local tasks, and those that their drops spawn.
pub(crate) fn drop_all() {
    LOCAL.with(|local| {
        if local.phase.get() == Phase::Open {
            local.phase.set(Phase::Closing);
            local.drop_tasks();
            local.phase.set(Phase::Open);
        }
    });
}

static WAKER: RawWakerVTable = waker::vtable::<Home>();

impl Schedule for Home {
    fn waker_vtable() -> &'static RawWakerVTable {
        &WAKER
    }

    fn new_state() -> State {
        State::new_local()
    }

    fn schedule(&self, task: Runnable) {
        metrics::count(|counters| &counters.wakes);
        let here = LOCAL.with(|local| local.is_home(self.inbox));
        if here {
            LOCAL.with(|local| local.arrive(task.into_raw()));
        } else {
            self.inbox.push(task.into_raw());
        }
    }

    fn requeue(&self, task: Runnable) {
        LOCAL.with(|local| local.queue.borrow_mut().push_back(task));
    }

    fn start(&self, header: &Header) -> Start {
        self.byte.set(Byte::Running);
        if header.state.is_cancelled() {
            Start::DropFuture
        } else {
            Start::Poll
        }
    }

    fn finish(&self, header: &Header) -> Finish {
        if header.state.is_cancelled() {
            return Finish::DropFuture;
        }
        if self.byte.get() == Byte::Again {
            self.byte.set(Byte::Queued);
            return Finish::Requeue;
        }
        if header.state.is_unreachable() {
            return Finish::DropFuture; // L3
        }
        self.byte.set(Byte::Idle);
        if !self.linked.replace(true) {
            LOCAL.with(|local| local.waiting.borrow_mut().push(header));
        }
        Finish::Idle
    }

    fn retire(&self, header: &Header) {
        self.byte.set(Byte::Done);
        if self.linked.replace(false) {
            LOCAL.with(|local| local.waiting.borrow_mut().remove(header));
        }
        metrics::count(|counters| &counters.finished);
    }

    #[inline]
    fn wake_at_home(&self, header: &Header) -> bool {
        LOCAL.with(|local| {
            if !local.is_home(self.inbox) {
                return false;
            }
            match self.byte.get() {
                Byte::Idle => {
                    metrics::count(|counters| &counters.wakes);
                    self.byte.set(Byte::Queued);
                    local
                        .queue
                        .borrow_mut()
                        .push_back(Runnable::from_raw(NonNull::from(header)));
                }
                Byte::Running => self.byte.set(Byte::Again),
                Byte::Queued | Byte::Again | Byte::Done => {}
            }
            true
        })
    }
}

impl Home {
    /// A task of this thread comes out of the inbox, awake: into the queue, if it is idle.
    fn woken(&self, local: &Local, task: NonNull<Header>) {
        match self.byte.get() {
            Byte::Idle => {
                self.byte.set(Byte::Queued);
                local.queue.borrow_mut().push_back(Runnable::from_raw(task));
            }
            Byte::Running => self.byte.set(Byte::Again),
            Byte::Queued | Byte::Again | Byte::Done => {}
        }
    }
}

impl Local {
    /// The thread's inbox; with the first task the thread gets one, and an exit.
    fn open(&self) -> &'static Inbox {
        if let Some(inbox) = self.inbox.get() {
            return inbox;
        }
        if EXIT.try_with(|_| ()).is_err() {
            self.phase.set(Phase::Gone);
            return &NOWHERE;
        }
        let inbox = Inbox::take();
        lock(&inbox.mail).owner = Some(Parker::current());
        self.phase.set(Phase::Open);
        self.inbox.set(Some(inbox));
        inbox
    }

    #[inline]
    fn is_home(&self, inbox: &'static Inbox) -> bool {
        self.inbox
            .get()
            .is_some_and(|mine| std::ptr::eq(mine, inbox))
    }

    fn next(&self) -> Option<Runnable> {
        self.queue.borrow_mut().pop_front()
    }

    #[inline]
    fn empty_inbox(&self) {
        if self.inbox.get().is_some_and(Inbox::is_full) {
            for task in self.inbox.get().map(Inbox::take_mail).unwrap_or_default() {
                self.arrive(task);
            }
        }
    }

    /// Takes over the inbox's reference of a task that was woken, cancelled, or is unreachable.
    fn arrive(&self, task: NonNull<Header>) {
        // SAFETY: C1: the inbox's reference.
        let placed = unsafe { cell::Placed::<Home>::of(task) };
        let home = &placed.scheduler;
        match placed.header().state.leave_inbox() {
            Arrival::Free => cell::free(task), // L4: also a former owner's.
            Arrival::Nothing => {}
            Arrival::Woken => home.woken(self, task),
            Arrival::Unreachable if home.byte.get() == Byte::Idle => {
                // L3: run as cancelled. In the queue, for the caller may be in any code at all.
                placed.header().state.cancel_claimed();
                home.woken(self, task);
            }
            Arrival::Unreachable => {} // Queued or running: `finish` will see it.
        }
    }

    /// Drops every task, until none is left.
    fn drop_tasks(&self) {
        loop {
            self.waiting.borrow().for_each(|header| {
                header.state.cancel_claimed();
                // SAFETY: C1: the list's claim (I2); C4: the list holds tasks of this scheduler.
                let placed = unsafe { cell::Placed::<Home>::of(NonNull::from(header)) };
                placed.scheduler.woken(self, NonNull::from(header));
            });
            self.empty_inbox();
            let Some(task) = self.next() else { break };
            drop(task);
        }
    }
}

impl Inbox {
    const fn new() -> Self {
        Self {
            mail: Mutex::new(Mail {
                tasks: Vec::new(),
                owner: None,
            }),
            full: AtomicBool::new(false),
        }
    }

    fn take() -> &'static Self {
        lock(&SPARE)
            .pop()
            .unwrap_or_else(|| Box::leak(Box::new(Self::new())))
    }

    /// Leaves a task with one reference, and rings.
    fn push(&self, task: NonNull<Header>) {
        let owner = {
            let mut mail = lock(&self.mail);
            mail.tasks.push(task);
            // ORDERING: Relaxed; the lock publishes the mail, and `unpark` makes the owner look.
            self.full.store(true, Ordering::Relaxed);
            mail.owner.clone()
        };
        if let Some(owner) = owner {
            owner.unpark();
        }
    }

    #[inline]
    fn is_full(&self) -> bool {
        // ORDERING: Relaxed; a miss is cured by the `unpark` that follows the push (K1).
        self.full.load(Ordering::Relaxed)
    }

    fn take_mail(&self) -> Vec<NonNull<Header>> {
        let mut mail = lock(&self.mail);
        // ORDERING: Relaxed; written under the lock, as in `push`.
        self.full.store(false, Ordering::Relaxed);
        std::mem::take(&mut mail.tasks)
    }
}

impl Drop for Exit {
    fn drop(&mut self) {
        LOCAL.with(|local| {
            local.phase.set(Phase::Closing);
            local.drop_tasks();
            local.phase.set(Phase::Gone);
            drop(local.queue.take());
            if let Some(inbox) = local.inbox.take() {
                let owner = lock(&inbox.mail).owner.take();
                drop(owner);
                lock(&SPARE).push(inbox); // L4
            }
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
