//! A thread that waits in `block_on` is woken, and one of the waiting threads drives the reactor.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use reactor::shim::model::{Socket, check};
use reactor::shim::thread;

use super::Gate;
use crate::block_on::block_on;
use crate::local;

/// A wake from another thread ends a `block_on`'s wait in the reactor. Finds `driver_not_notified`.
#[test]
fn a_block_on_thread_is_woken() {
    check(|| {
        let gate = Gate::new();
        let other = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || gate.open())
        };
        block_on(gate.passed());
        other.join().unwrap();
    });
}

/// A wake of a local task from another thread ends the wait too. Finds `inbox_unseen`.
#[test]
fn a_local_task_is_woken_from_another_thread() {
    check(|| {
        let gate = Gate::new();
        let other = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || gate.open())
        };
        block_on(local::spawn_local(async move { gate.passed().await }));
        other.join().unwrap();
    });
}

/// Runs a future that gives its waker to another thread, which wakes, opens a gate, and wakes again.
fn is_woken_twice(run: impl FnOnce(Pin<Box<dyn Future<Output = ()>>>)) {
    let (gate, waking) = (Gate::new(), Rc::new(Cell::new(None)));
    let started = Rc::clone(&waking);
    let mut first = true;
    run(Box::pin(poll_fn(move |cx| {
        if std::mem::take(&mut first) {
            let (waker, gate) = (cx.waker().clone(), Arc::clone(&gate));
            started.set(Some(thread::spawn(move || {
                waker.wake_by_ref();
                gate.open();
                waker.wake_by_ref();
            })));
        }
        if gate.is_open() { Poll::Ready(()) } else { Poll::Pending }
    })));
    waking.take().expect("it was polled").join().unwrap();
}

/// A second wake finds the notification of the first one not yet taken, and does nothing more. Still the
/// thread sees what was done before the second wake. Finds `driver_not_notified`.
#[test]
fn a_second_wake_publishes_too() {
    check(|| is_woken_twice(block_on));
}

/// The same for a local task, which is still in the inbox because of the first wake. Finds `inbox_unseen`.
#[test]
fn a_second_wake_of_a_local_task_publishes_too() {
    check(|| is_woken_twice(|woken| block_on(local::spawn_local(woken))));
}

/// No wake is lost if the poller is created at the same moment. The waking thread may notify the condition variable
/// for a turn without a poller, while the waiting thread has seen the new poller and waits in it. Finds
/// `poller_comes_in_silence`.
#[test]
fn a_wake_meets_the_reactors_arrival() {
    check(|| {
        let gate = Gate::new();
        let other = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                gate.open();
                drop(Socket::new());
            })
        };
        block_on(gate.passed());
        other.join().unwrap();
    });
}

/// An event reaches the task that waits for it, whichever thread drives. Of two threads in `block_on` one
/// drives, and leaves first. Finds `left_in_silence`.
#[test]
fn two_threads_hand_on_the_drivers_role() {
    check(|| {
        let sockets = [Socket::new(), Socket::new()];
        let readers = sockets.clone().map(|socket| thread::spawn(move || block_on(socket.read())));
        for socket in sockets {
            socket.arrive(1);
        }
        for reader in readers {
            reader.join().unwrap();
        }
    });
}
