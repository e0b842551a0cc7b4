//! The next-task slot under the model checker.

use std::task::RawWakerVTable;

use reactor::shim::model::check;
use reactor::shim::{Arc, Mutex, lock, thread};

use super::queues;
use crate::raw_task::header::{Runnable, Schedule};
use crate::raw_task::join_handle::JoinHandle;
use crate::raw_task::run::new_task;
use crate::raw_task::waker;

/// A scheduler that only collects what is scheduled.
#[derive(Clone)]
struct Collector(Arc<Mutex<Vec<Runnable>>>);

static WAKER: RawWakerVTable = waker::vtable::<Collector>();

impl Schedule for Collector {
    fn waker_vtable() -> &'static RawWakerVTable {
        &WAKER
    }

    type Queue = Self;

    fn queue(&self) -> Self {
        self.clone()
    }

    fn schedule(queue: Self, task: Runnable) {
        lock(&queue.0).push(task);
    }
}

/// [slot-is-quiet]: a worker has made a task and put it into the slot. The monitor that takes it out sees the
/// whole task. Only one of the two takes it, and if the worker does not, the monitor does. Finds
/// `left_in_the_slot`.
#[test]
fn the_slots_task_is_taken_once() {
    for owner_comes in [false, true] {
        check(move || {
            let (_owned, remote) = queues();
            let remote = Arc::new(remote);
            let collector = Collector(Arc::new(Mutex::new(Vec::new())));
            let run = |task: Option<Runnable>| task.map(Runnable::run).is_some();
            let owner = {
                let (remote, collector) = (Arc::clone(&remote), collector.clone());
                thread::spawn(move || {
                    let (task, handle) = new_task(async { 7 }, collector, (), std::panic::Location::caller());
                    assert!(remote.put_next(task).is_none());
                    (owner_comes && run(remote.take_next()), JoinHandle::<i32>::new(handle))
                })
            };
            let early = run(remote.rescue());
            let (owned, handle) = owner.join().unwrap();
            let late = run(remote.rescue());
            assert_eq!(u8::from(early) + u8::from(owned) + u8::from(late), 1);
            assert!(handle.is_finished());
        });
    }
}
