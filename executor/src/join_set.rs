//! A set of tasks that are joined in the order in which they finish.
//!
//! A vector of handles could be awaited one after the other. But then one slow task hides that others have finished,
//! or failed. A loop that polls all handles finds whichever has finished, but it polls all of them each time: with n
//! tasks, n² polls. So each member has a number, and a waker of its own, which puts that number on a list when the task
//! finishes.
//!
//! ```text
//!   members   {4: task, 5: finished, 7: finished}
//!                          │ wake         │ wake
//!   ended     7, 5  ◀──────┴──────────────┘          one waker: that of the task in `join_next`
//!             └──▶ join_next: the outcome of member 7
//! ```
//!
//! - S1  Each member that has finished is on the list once, from its end until it is joined. Its waker is woken once:
//!   when the task finishes. If the task had finished before the waker was stored, `insert` puts it on the list.
//! - S2  `join_next` looks at the list and stores its waker under one hold of the lock. A member that finishes takes
//!   that waker under the same lock.
//! - S3  Each number on the list is that of a member. A detached task still puts its number on a list when it
//!   finishes: so `detach_all` leaves the old list to these tasks, and begins a new one. A number is used once.
//!
//! Used by programs. Next: `metrics`.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

use reactor::budget;
use reactor::record::{Kind, Thing, note, record_wait};
use reactor::shim::{self, fault};
use reactor::trim::{KEEP, Trim};
use reactor::wait_list::{poll_lazily, wake};

use crate::local;
use crate::pool::{Pool, global};
use crate::raw_task::abort::AbortHandle;
use crate::raw_task::join_error::JoinError;
use crate::raw_task::join_handle::JoinHandle;
use crate::raw_task::state::Join;

/// A set of tasks: it returns their outputs as they finish, and aborts those that are left when it is dropped.
///
/// A task that has finished stays in the set, with its output, until it is joined. The drop aborts the tasks as
/// [`JoinHandle::abort`] does: a blocking call that has begun goes on. It does not wait until the futures of the tasks
/// are dropped: [`shutdown`](Self::shutdown) does.
///
/// ```
/// use executor::task::{self, JoinSet};
///
/// task::block_on(async {
///     let mut squares = JoinSet::new();
///     for number in 1..=3 {
///         squares.spawn(async move { number * number });
///     }
///     let mut sum = 0;
///     while let Some(square) = squares.join_next().await {
///         sum += square.expect("no task panics");
///     }
///     assert_eq!(sum, 14);
/// });
/// ```
pub struct JoinSet<T> {
    /// By their numbers. A tree, since it frees its memory after a burst.
    members: BTreeMap<u64, Member<T>>,
    /// The number of the next member (S3).
    next: u64,
    ended: Arc<shim::Mutex<Ended>>,
}

struct Member<T> {
    task: JoinHandle<T>,
    /// Usually the last reference to it is this one. If only the task had one, the worker that finishes the task would
    /// free what this thread has allocated: the allocator is slow at that.
    _waker: Waker,
}

/// The members that have finished.
#[derive(Default)]
struct Ended {
    list: VecDeque<u64>,
    /// The waker of the task that waits in `join_next`.
    joiner: Option<Waker>,
}

impl Ended {
    /// Takes the member that has finished first.
    fn next(&mut self) -> Option<u64> {
        let next = self.list.pop_front();
        self.list.trim(KEEP);
        next
    }
}

/// What a member's waker points to.
struct Number {
    number: u64,
    ended: Arc<shim::Mutex<Ended>>,
}

impl Wake for Number {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut ended = shim::lock(&self.ended);
        ended.list.push_back(self.number);
        let joiner = if fault("member_ends_in_silence") { None } else { ended.joiner.take() }; // S2
        drop(ended);
        joiner.into_iter().for_each(wake);
    }
}

impl<T> JoinSet<T> {
    /// Returns an empty set.
    pub fn new() -> Self {
        Self { members: BTreeMap::new(), next: 0, ended: Arc::default() }
    }

    /// Spawns a task onto the global pool, as [`spawn`](crate::task::spawn), and adds it to the set.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        self.insert(global::spawn(future))
    }

    /// Spawns a task onto this pool, and adds it to the set.
    ///
    /// ```
    /// use executor::{pool::Pool, task};
    ///
    /// let pool = Pool::new(1)?;
    /// let mut set = task::JoinSet::new();
    /// set.spawn_on(async { std::thread::current().name().map(str::to_owned) }, &pool);
    /// let name = task::block_on(set.join_next()).expect("it has a member").expect("no panic");
    /// assert_eq!(name.as_deref(), Some("worker-0"));
    /// # std::io::Result::Ok(())
    /// ```
    #[track_caller]
    pub fn spawn_on<F>(&mut self, future: F, pool: &Pool) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        self.insert(pool.spawn(future))
    }

    /// Spawns a task onto this thread, as [`spawn_local`](crate::task::spawn_local), and adds it to the set.
    ///
    /// ```
    /// use executor::task;
    /// use std::{cell::Cell, rc::Rc};
    ///
    /// let count = Rc::new(Cell::new(0));
    /// let mut set = task::JoinSet::new();
    /// for _ in 0..10 {
    ///     let count = Rc::clone(&count);
    ///     set.spawn_local(async move { count.set(count.get() + 1) });
    /// }
    /// task::block_on(async { while set.join_next().await.is_some() {} });
    /// assert_eq!(count.get(), 10);
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(local::spawn_local(future))
    }

    /// Adds a task that was spawned in any other way: with a name, or as a blocking call.
    ///
    /// # Panics
    ///
    /// If the handle has returned its output already.
    ///
    /// ```
    /// use executor::task::{self, Builder, JoinSet};
    ///
    /// let mut set = JoinSet::new();
    /// set.insert(Builder::new().name("adder").spawn(async { 40 + 2 }));
    /// set.insert(task::spawn_blocking(|| 42));
    /// for _ in 0..2 {
    ///     assert_eq!(task::block_on(set.join_next()).unwrap().unwrap(), 42);
    /// }
    /// ```
    #[track_caller]
    pub fn insert(&mut self, mut task: JoinHandle<T>) -> AbortHandle {
        let abort = task.abort_handle();
        let number = self.next;
        self.next += 1;
        let waker = Waker::from(Arc::new(Number { number, ended: Arc::clone(&self.ended) }));
        let finished = task.poll_finished(&waker) == Join::Complete;
        if finished && !fault("early_end_overlooked") {
            waker.wake_by_ref(); // S1
        }
        self.members.insert(number, Member { task, _waker: waker });
        abort
    }

    /// Waits until a task of the set has finished, removes it, and returns its outcome. Returns `None` if the set is
    /// empty.
    ///
    /// Cancel-safe: if the future is dropped, all tasks are still in the set.
    ///
    /// # Errors
    ///
    /// [`JoinError`] if the task panicked, was aborted, or could not be started.
    ///
    /// ```
    /// use executor::task::{self, JoinSet};
    ///
    /// task::block_on(async {
    ///     let mut set = JoinSet::new();
    ///     set.spawn(std::future::pending()).abort();
    ///     set.spawn(async { 7 });
    ///     let mut outcomes = Vec::new();
    ///     while let Some(outcome) = set.join_next().await {
    ///         outcomes.extend(outcome.ok());
    ///     }
    ///     assert_eq!(outcomes, [7]);
    /// });
    /// ```
    pub fn join_next(&mut self) -> impl Future<Output = Option<Result<T, JoinError>>> + Unpin {
        JoinNext { set: self, waiting: false }
    }

    /// Returns the outcome of a task that has finished, and removes it from the set. Returns `None` if there is none
    /// now. It never waits.
    ///
    /// # Errors
    ///
    /// As [`join_next`](Self::join_next).
    ///
    /// ```
    /// use executor::task::{self, JoinSet};
    ///
    /// let mut set = JoinSet::new();
    /// set.spawn_local(async { 7 });
    /// assert!(set.try_join_next().is_none() && set.len() == 1, "it has not run yet");
    /// task::block_on(task::yield_now());
    /// assert!(matches!(set.try_join_next(), Some(Ok(7))));
    /// assert!(set.try_join_next().is_none() && set.is_empty());
    /// ```
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        let number = shim::lock(&self.ended).next()?;
        Some(self.take(number))
    }

    /// Returns the number of tasks in the set, with those that have finished and were not joined.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Returns whether the set has no task.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Requests the cancellation of all tasks in the set, as [`JoinHandle::abort`], and does not wait. They stay in the
    /// set: those that had not finished are joined as [`JoinError::Cancelled`].
    ///
    /// ```
    /// use executor::task::{self, JoinSet};
    ///
    /// let mut set = JoinSet::new();
    /// set.spawn(std::future::pending::<()>());
    /// set.abort_all();
    /// assert!(task::block_on(set.join_next()).unwrap().unwrap_err().is_cancelled());
    /// ```
    pub fn abort_all(&mut self) {
        self.members.values().for_each(|member| member.task.abort());
    }

    /// Aborts all tasks, and waits until their futures are dropped. A blocking call that has begun is waited for. The
    /// outcomes are dropped too.
    ///
    /// If the future of this call is dropped, the tasks that are left are aborted, and still in the set.
    ///
    /// ```
    /// use executor::task::{self, JoinSet};
    /// use std::sync::Arc;
    ///
    /// let held = Arc::new(());
    /// let mut set = JoinSet::new();
    /// for held in vec![Arc::clone(&held); 10] {
    ///     set.spawn(async move {
    ///         std::future::pending::<()>().await;
    ///         drop(held);
    ///     });
    /// }
    /// task::block_on(set.shutdown());
    /// assert!(set.is_empty() && Arc::strong_count(&held) == 1);
    /// ```
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Removes all tasks from the set. They run on, and their outputs are dropped when they finish.
    ///
    /// ```
    /// use executor::{sync::oneshot, task};
    ///
    /// let (sender, receiver) = oneshot::channel();
    /// let mut set = task::JoinSet::new();
    /// set.spawn(async move { sender.send(7) });
    /// set.detach_all();
    /// assert!(set.is_empty());
    /// drop(set);
    /// assert_eq!(task::block_on(receiver), Ok(7));
    /// ```
    pub fn detach_all(&mut self) {
        self.ended = Arc::default(); // S3
        self.members.clear();
    }

    /// The set in a recording.
    fn id(&self) -> usize {
        Arc::as_ptr(&self.ended).addr()
    }

    fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        ready!(budget::poll_proceed(cx));
        let next = ready!(poll_lazily(cx.waker(), |waker| {
            let mut ended = shim::lock(&self.ended);
            let skips_look = waker.is_owned() && fault("ended_list_looked_at_once");
            if let Some(number) = (!skips_look).then(|| ended.next()).flatten() {
                return Poll::Ready(Some(number));
            }
            if self.is_empty() {
                return Poll::Ready(None);
            }
            waker.store(&mut ended.joiner); // S2
            record_wait(Thing::JoinSet, self.id(), waker.as_borrowed());
            Poll::Pending
        }));
        budget::spend();
        Poll::Ready(next.map(|number| self.take(number)))
    }

    /// Removes a member that was on the list.
    fn take(&mut self, number: u64) -> Result<T, JoinError> {
        let Member { mut task, .. } = self.members.remove(&number).expect("S1: a member is joined once");
        // The wait is charged to the budget already.
        let joined = budget::without(|| {
            Pin::new(&mut task.try_join_mut()).poll(&mut Context::from_waker(Waker::noop()))
        });
        match joined {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => unreachable!("S1: what is on the list has finished"),
        }
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.abort_all();
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// The future of [`JoinSet::join_next`].
struct JoinNext<'a, T> {
    set: &'a mut JoinSet<T>,
    /// Whether our waker may be in the set.
    waiting: bool,
}

impl<T> Future for JoinNext<'_, T> {
    type Output = Option<Result<T, JoinError>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.set.poll_join_next(cx);
        self.waiting = polled.is_pending();
        polled
    }
}

impl<T> Drop for JoinNext<'_, T> {
    fn drop(&mut self) {
        if self.waiting {
            note(Kind::GaveUp, Thing::JoinSet as u8, self.set.id());
            let waker = shim::lock(&self.set.ended).joiner.take();
            drop(waker);
        }
    }
}

#[cfg(all(test, loom))]
mod model;
