//! A call that is begun while it is cancelled, under the model checker: the shipped task and `begin`, with a
//! list in place of the threads.

use std::task::{Poll, RawWakerVTable};

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;
use reactor::shim::model::{check, poll_once};

use super::{Call, begin};
use crate::raw_task::header::{Runnable, Schedule, TaskRef};
use crate::raw_task::join_error::JoinError;
use crate::raw_task::join_handle::JoinHandle;
use crate::raw_task::run::new_task;
use crate::raw_task::state::State;
use crate::raw_task::waker;

/// The calls to be disposed of.
#[derive(Clone, Default)]
struct Disposals(Arc<Mutex<Vec<Runnable>>>);

static WAKER: RawWakerVTable = waker::vtable::<Disposals>();

impl Schedule for Disposals {
    const KEEPS_LATE_VALUE: bool = false;

    fn waker_vtable() -> &'static RawWakerVTable {
        &WAKER
    }

    fn new_state() -> State {
        State::new_idle()
    }

    type Queue = Self;

    fn queue(&self) -> Self {
        self.clone()
    }

    fn schedule(queue: Self, task: Runnable) {
        queue.0.lock().unwrap().push(task);
    }
}

/// A thread makes the call, or a thread drops it, or it is disposed of: exactly one of the three. Finds
/// `begun_though_cancelled`.
#[test]
fn a_call_is_begun_or_disposed_of() {
    check(|| {
        let disposals = Disposals::default();
        let calls = Arc::new(AtomicUsize::new(0));
        let called = Arc::clone(&calls);
        // ORDERING: Relaxed; read after the join.
        let call = Call(Some(move || called.fetch_add(1, Ordering::Relaxed)));
        let (idle, handle) = new_task(call, disposals.clone(), (), std::panic::Location::caller());
        let (place, handle) = (TaskRef::from_raw(idle.into_raw()), JoinHandle::<usize>::new(handle));
        let beginner = thread::spawn(move || begin(place));
        handle.abort();
        beginner.join().unwrap();
        let disposed = std::mem::take(&mut *disposals.0.lock().unwrap());
        // ORDERING: Relaxed; the join orders it.
        let called = calls.load(Ordering::Relaxed);
        assert!(called + disposed.len() <= 1, "the queue's claim was given twice");
        disposed.into_iter().for_each(Runnable::run);
        match poll_once(&mut Box::pin(handle.try_join())) {
            Poll::Ready(Ok(_)) => assert_eq!(called, 1),
            Poll::Ready(Err(JoinError::Cancelled)) => {} // A late value is not handed out.
            other => panic!("{other:?}"),
        }
        assert_eq!(Arc::strong_count(&calls), 1, "the call is dropped");
    });
}
