//! Local tasks under the model checker: the shipped queue, inbox and wakers, and a thread's end.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use reactor::shim::model::check;
use reactor::shim::{self, thread};

use super::{Exit, home, new_task, run, start};
use crate::model::{DropWitness, Gate, RaceCell};
use crate::raw_task::cell::Name;
use crate::raw_task::join_handle::JoinHandle;

/// Waits for a gate, and tells of its drop.
struct Guest {
    gate: Arc<Gate>,
    witness: DropWitness,
}

impl Guest {
    fn new() -> (Self, Arc<Gate>, DropWitness) {
        let (gate, witness) = (Gate::new(), DropWitness::default());
        (Self { gate: gate.clone(), witness: witness.clone() }, gate, witness)
    }
}

impl Future for Guest {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.gate.poll_passed(cx)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.witness.dropped();
    }
}

/// A name that loom misses if its task is not freed, and whose end must come after every use.
struct Watched {
    #[allow(dead_code, reason = "loom counts it")]
    share: shim::Arc<()>,
    cell: RaceCell,
}

impl Name for Watched {
    fn name(&self) -> Option<&str> {
        self.cell.read();
        None
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.cell.write();
    }
}

fn spawn_local<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    let (task, handle) =
        new_task(future, home(), Watched { share: shim::Arc::new(()), cell: RaceCell::new() });
    start(task);
    JoinHandle::new(handle)
}

/// [inboxes-stay], L4: a wake from another thread comes before, while or after the task's thread ends: the
/// future is dropped once, at home, and the task is freed by whoever comes last: that may be the inbox's next
/// owner. Finds `forgotten_free`.
#[test]
fn a_wake_races_the_end_of_its_thread() {
    check(|| {
        let (guest, gate, witness) = Guest::new();
        witness.allow();
        let home = thread::spawn(move || {
            drop(spawn_local(guest));
            run(1);
            drop(Exit);
        });
        gate.open();
        home.join().unwrap();
        witness.check();
        drop(spawn_local(async {}));
        run(1);
        drop(Exit);
    });
}

/// An inbox that goes on to another thread: what still comes for its former owner's task is freed, after
/// its last use. Finds `late_mail_leaks`.
#[test]
fn an_inbox_is_handed_on() {
    check(|| {
        let (guest, gate, witness) = Guest::new();
        witness.allow();
        let handle = spawn_local(guest);
        run(1);
        let other = thread::spawn(move || {
            gate.open();
            assert_eq!(handle.name(), None);
            drop(handle);
        });
        drop(Exit);
        witness.check();
        // The same thread comes again, as another one would.
        let handle = spawn_local(async {});
        run(1);
        assert!(handle.is_finished());
        drop(handle);
        other.join().unwrap();
        run(1);
        drop(Exit);
    });
}

/// L2: a cancel from another thread ends the future at home, which sees what the canceller did before; be
/// the task queued, running, idle or in the inbox. Finds `mail_unseen`.
#[test]
fn a_foreign_cancel_ends_it_at_home() {
    check(|| {
        let (guest, gate, witness) = Guest::new();
        let handle = spawn_local(guest);
        let told = witness.clone();
        let other = thread::spawn(move || {
            told.allow();
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

/// [single-step]: two threads use the waker that a detached task's poll lends them, which counts nothing: one
/// wakes by reference, the other clones and drops. The task is queued once, and freed. Finds `counted_late`.
#[test]
fn a_borrowed_waker_wakes_while_its_clone_goes() {
    check(|| {
        drop(spawn_local(poll_fn(|cx| {
            // SAFETY: the thread that gets it is joined in this very poll.
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

/// L3: the last foreign waker goes, and the handle: the future is dropped at home, and sees what was done
/// before that. Finds `unreachable_left`.
#[test]
fn an_unreachable_local_task_is_dropped_at_home() {
    check(|| {
        let (guest, gate, witness) = Guest::new();
        drop(spawn_local(guest));
        let told = witness.clone();
        let other = thread::spawn(move || {
            // Waits for the waker in the gate: it is the last.
            let waker = gate.take_waker();
            told.allow();
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
