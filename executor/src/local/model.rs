//! Local tasks under the model checker: the shipped queue, inbox and wakers, and a thread's end.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use reactor::shim::model::check;
use reactor::shim::{self, thread};

use super::{Exit, new_task, run, scheduler, start};
use crate::model::{DropWitness, Gate, RaceCell};
use crate::raw_task::cell::Name;
use crate::raw_task::join_handle::JoinHandle;

/// A future that waits for a gate, and records its drop.
struct GateWaiter {
    gate: Arc<Gate>,
    witness: DropWitness,
}

impl GateWaiter {
    fn new() -> (Self, Arc<Gate>, DropWitness) {
        let (gate, witness) = (Gate::new(), DropWitness::default());
        (Self { gate: gate.clone(), witness: witness.clone() }, gate, witness)
    }
}

impl Future for GateWaiter {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.gate.poll_passed(cx)
    }
}

impl Drop for GateWaiter {
    fn drop(&mut self) {
        self.witness.dropped();
    }
}

/// A name that loom reports if its task is not freed, and whose drop must come after every use.
struct CheckedName {
    #[allow(dead_code, reason = "loom counts it")]
    share: shim::Arc<()>,
    cell: RaceCell,
}

impl Name for CheckedName {
    fn name(&self) -> Option<&str> {
        self.cell.read();
        None
    }
}

impl Drop for CheckedName {
    fn drop(&mut self) {
        self.cell.write();
    }
}

fn spawn_local<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    let (task, handle) = new_task(
        future,
        scheduler(),
        CheckedName { share: shim::Arc::new(()), cell: RaceCell::new() },
        std::panic::Location::caller(),
    );
    start(task);
    JoinHandle::new(handle)
}

/// [inboxes-stay], L3: a wake from another thread comes before, during or after the end of the task's thread.
/// The future is dropped once, on its owner's thread. The last user of the task frees it, which may be the
/// inbox's next owner. Finds `forgotten_free`.
#[test]
fn a_wake_races_the_end_of_its_thread() {
    check(|| {
        let (waiter, gate, witness) = GateWaiter::new();
        witness.allow();
        let owner = thread::spawn(move || {
            drop(spawn_local(waiter));
            run(1);
            drop(Exit);
        });
        gate.open();
        owner.join().unwrap();
        witness.check();
        drop(spawn_local(async {}));
        run(1);
        drop(Exit);
    });
}

/// An inbox gets a new owner. A task of the former owner that still arrives there is freed, after its last use.
/// Finds `late_push_leaks`.
#[test]
fn an_inbox_is_handed_on() {
    check(|| {
        let (waiter, gate, witness) = GateWaiter::new();
        witness.allow();
        let handle = spawn_local(waiter);
        run(1);
        let other = thread::spawn(move || {
            gate.open();
            assert_eq!(handle.name(), None);
            drop(handle);
        });
        drop(Exit);
        witness.check();
        // The same thread opens an inbox again, as another thread would.
        let handle = spawn_local(async {});
        run(1);
        assert!(handle.is_finished());
        drop(handle);
        other.join().unwrap();
        run(1);
        drop(Exit);
    });
}

/// [own-thread-only]: after a cancel from another thread the future is dropped on its owner's thread, and its drop
/// sees what the canceller did before. The task may be queued, running, idle or in the inbox. Finds `inbox_unseen`.
#[test]
fn a_cancel_from_another_thread_drops_it_on_its_own() {
    check(|| {
        let (waiter, gate, witness) = GateWaiter::new();
        let handle = spawn_local(waiter);
        let theirs = witness.clone();
        let other = thread::spawn(move || {
            theirs.allow();
            handle.abort();
            handle
        });
        run(1);
        gate.wake();
        run(1);
        let handle = other.join().unwrap();
        run(2);
        assert!(handle.is_finished());
        witness.check();
        drop(handle);
        drop(Exit);
    });
}

/// [single-step]: two threads use a detached task's borrowed waker, which is not counted: one wakes by
/// reference, the other clones it and drops the clone. The task is queued once, and freed. Finds `counted_late`.
#[test]
fn a_borrowed_waker_wakes_while_its_clone_goes() {
    check(|| {
        drop(spawn_local(poll_fn(|cx| {
            // SAFETY: the thread that gets it is joined in this poll.
            let waker = unsafe { std::mem::transmute::<&Waker, &'static Waker>(cx.waker()) };
            let other = thread::spawn(move || waker.wake_by_ref());
            drop(waker.clone());
            other.join().unwrap();
            Poll::Ready(())
        })));
        run(3);
        drop(Exit);
    });
}

/// L2: another thread drops the last waker, after the handle is gone. The future is dropped on its owner's
/// thread, and its drop sees what was done before. Finds `unreachable_left`.
#[test]
fn an_unreachable_local_task_is_dropped_on_its_thread() {
    check(|| {
        let (waiter, gate, witness) = GateWaiter::new();
        drop(spawn_local(waiter));
        let theirs = witness.clone();
        let other = thread::spawn(move || {
            // The gate's waker is the last one.
            let waker = gate.take_waker();
            theirs.allow();
            waker.is_some()
        });
        run(1);
        if other.join().unwrap() {
            run(2);
            witness.check();
        }
        drop(Exit);
    });
}
