//! A stand-in for crossbeam's queues, which loom cannot see into: for the models, with the same guarantees.
//!
//! A push publishes (Release) what was done before. A look (Acquire) may miss a push that no fence orders
//! before it. A queued task is taken once. There is no other guarantee. In particular, a look at an empty
//! queue orders nothing: if it did, the models would not show that the fences of `sleep` are needed.

use std::collections::VecDeque;
use std::sync::Arc;

use reactor::shim::atomic::{AtomicUsize, Ordering};
use reactor::shim::{Mutex, lock};

use crate::raw_task::header::Runnable;

/// The result of an attempt to steal.
pub(crate) enum Steal<T> {
    Empty,
    Success(T),
    /// crossbeam may return this; the stand-in never does.
    #[allow(dead_code, reason = "the callers ask for it")]
    Retry,
}

struct Queue<T> {
    length: AtomicUsize,
    tasks: Mutex<VecDeque<T>>,
}

impl<T> Queue<T> {
    fn new() -> Self {
        Self { length: AtomicUsize::new(0), tasks: Mutex::new(VecDeque::new()) }
    }

    fn push(&self, task: T) {
        let mut tasks = lock(&self.tasks);
        tasks.push_back(task);
        self.length.fetch_add(1, Ordering::Release);
    }

    fn pop(&self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        let mut tasks = lock(&self.tasks);
        let task = tasks.pop_front()?;
        self.length.fetch_sub(1, Ordering::Relaxed);
        Some(task)
    }

    fn is_empty(&self) -> bool {
        self.length.load(Ordering::Acquire) == 0
    }

    /// Returns one task to run now, and moves half of the rest to `to`.
    fn steal_batch(&self, to: &Self) -> Steal<T> {
        let Some(first) = self.pop() else {
            return Steal::Empty;
        };
        let batch = self.length.load(Ordering::Relaxed).div_ceil(2);
        (0..batch).map_while(|_| self.pop()).for_each(|task| to.push(task));
        Steal::Success(first)
    }
}

/// A worker's end of its deque.
pub(crate) struct Deque<T>(Arc<Queue<T>>);

impl Deque<Runnable> {
    pub(crate) fn new_fifo() -> Self {
        Self(Arc::new(Queue::new()))
    }

    pub(crate) fn stealer(&self) -> Stealer<Runnable> {
        Stealer(Arc::clone(&self.0))
    }

    pub(crate) fn push(&self, task: Runnable) {
        self.0.push(task);
    }

    pub(crate) fn pop(&self) -> Option<Runnable> {
        self.0.pop()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The other threads' end of a worker's deque.
pub(crate) struct Stealer<T>(Arc<Queue<T>>);

impl Stealer<Runnable> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn steal(&self) -> Steal<Runnable> {
        self.0.pop().map_or(Steal::Empty, Steal::Success)
    }

    pub(crate) fn steal_batch_and_pop(&self, to: &Deque<Runnable>) -> Steal<Runnable> {
        self.0.steal_batch(&to.0)
    }
}

/// The queue that all threads push to.
pub(crate) struct Injector<T>(Queue<T>);

impl Injector<Runnable> {
    pub(crate) fn new() -> Self {
        Self(Queue::new())
    }

    pub(crate) fn push(&self, task: Runnable) {
        self.0.push(task);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn steal_batch_and_pop(&self, to: &Deque<Runnable>) -> Steal<Runnable> {
        self.0.steal_batch(&to.0)
    }
}
