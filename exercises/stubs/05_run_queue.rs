//! Tasks on one thread: spawning, awaiting and aborting them.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Runs tasks until all of them have completed or wait.
#[derive(Default)]
pub struct Executor {
    queue: Arc<Mutex<VecDeque<usize>>>,
    /// Indexed by number. `None` for a task that has completed, or that is being polled.
    tasks: RefCell<Vec<Option<Task>>>,
}

struct TaskWaker(usize, Arc<Mutex<VecDeque<usize>>>);

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.1.lock().unwrap().push_back(self.0);
    }
}

impl Executor {
    pub fn run(&self) {
        loop {
            let next = self.queue.lock().unwrap().pop_front();
            let Some(id) = next else { return };
            let Some(mut task) = self.tasks.borrow_mut()[id].take() else { continue };
            let waker = Waker::from(Arc::new(TaskWaker(id, self.queue.clone())));
            if task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
                self.tasks.borrow_mut()[id] = Some(task);
            }
        }
    }

    /// Exercise 1. Adds a task to the table and to the queue. Its output goes to the handle.
    pub fn spawn<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> Handle<'_, T> {
        todo!("exercise 1: wrap the future so that its output goes into a slot shared with the handle")
    }
}

struct Slot<T> {
    output: Option<T>,
    waker: Option<Waker>,
}

/// The future of a task's output. Dropping it detaches the task.
pub struct Handle<'a, T> {
    executor: &'a Executor,
    id: usize,
    slot: Rc<RefCell<Slot<T>>>,
}

impl<T> Handle<'_, T> {
    /// Exercise 2. Cancels the task: its future is dropped now, unless it has completed. (A task does not
    /// call this for itself.)
    pub fn abort(&self) {
        todo!("exercise 2: take it out of the table; where must the future be dropped?")
    }

    /// Returns the output, if there is one.
    pub fn take(&self) -> Option<T> {
        self.slot.borrow_mut().output.take()
    }
}

impl<T> Future for Handle<'_, T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        todo!("exercise 1: return the output, or store the waker")
    }
}
