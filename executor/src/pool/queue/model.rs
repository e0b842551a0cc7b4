//! The next-task slot under the model checker.

use std::task::RawWakerVTable;

use reactor::shim::model::check;
use reactor::shim::{Arc, Mutex, lock, thread};

use super::queues;
use crate::raw_task::header::{Runnable, Schedule};
use crate::raw_task::join_handle::JoinHandle;
use crate::raw_task::run::new_task;
use crate::raw_task::waker;

/// Where nothing is woken.
#[derive(Clone)]
struct Nowhere(Arc<Mutex<Vec<Runnable>>>);

static WAKER: RawWakerVTable = waker::vtable::<Nowhere>();

impl Schedule for Nowhere {
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

/// [slot-is-quiet]: a task that its worker has just made and put into the slot is whole for the watch that
/// takes it out; of the two one takes it, and the watch if the worker does not come to it. Finds
/// `left_in_the_slot`.
#[test]
fn the_slots_task_is_taken_once() {
    for owner_comes in [false, true] {
        check(move || {
            let (_owned, remote) = queues();
            let remote = Arc::new(remote);
            let nowhere = Nowhere(Arc::new(Mutex::new(Vec::new())));
            let run = |task: Option<Runnable>| task.map(Runnable::run).is_some();
            let owner = {
                let (remote, nowhere) = (Arc::clone(&remote), nowhere.clone());
                thread::spawn(move || {
                    let (task, handle) = new_task(async { 7 }, nowhere, ());
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
