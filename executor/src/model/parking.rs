//! Whoever waits is woken, and somebody drives.

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

/// So does a wake of a local task. Finds `inbox_unseen`.
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
    let (gate, other) = (Gate::new(), Rc::new(Cell::new(None)));
    let others = Rc::clone(&other);
    let mut first = true;
    run(Box::pin(poll_fn(move |cx| {
        if std::mem::take(&mut first) {
            let (waker, gate) = (cx.waker().clone(), Arc::clone(&gate));
            others.set(Some(thread::spawn(move || {
                waker.wake_by_ref();
                gate.open();
                waker.wake_by_ref();
            })));
        }
        if gate.is_open() { Poll::Ready(()) } else { Poll::Pending }
    })));
    other.take().expect("it was polled").join().unwrap();
}

/// A second wake, which finds the first one not yet taken and so does nothing more, still brings what
/// was done before it. Finds `driver_not_notified`.
#[test]
fn a_second_wake_brings_its_news() {
    check(|| is_woken_twice(block_on));
}

/// The same for a local task, whose first wake lies in the inbox. Finds `inbox_unseen`.
#[test]
fn a_second_letter_brings_its_news() {
    check(|| is_woken_twice(|woken| block_on(local::spawn_local(woken))));
}

/// Nor is a wake lost when the reactor comes into being at that moment: it rings where the waiting thread was
/// about to sit, and that thread has seen the poller meanwhile. Finds `poller_comes_in_silence`.
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

/// An event reaches the task that waits for it, whoever drives: of two threads in `block_on` one drives and
/// leaves first. Finds `left_in_silence`.
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
