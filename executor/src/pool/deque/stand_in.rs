//! In the place of crossbeam's queues, which loom does not see: for the models, what they promise.
//!
//! A push publishes (Release) what was done before; a look (Acquire) may miss a push that no fence puts
//! before it; a task that is in is taken once. That is all: in particular, a look at an empty queue
//! orders nothing, or the fences of `sleep` would prove nothing here.

use std::collections::VecDeque;
use std::sync::Arc;

use reactor::shim::atomic::{AtomicUsize, Ordering};
use reactor::shim::{Mutex, lock};

use crate::raw_task::header::Runnable;

/// The answer to an attempt to steal.
pub(crate) enum Steal<T> {
    Empty,
    Success(T),
    /// crossbeam's may say so; here it never comes.
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

    /// One to run now, and half of the rest to `to`.
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

/// The others' end of a worker's deque.
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

/// The queue for all.
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
