//! Who waits is woken, and somebody drives.

use std::sync::Arc;

use reactor::shim::model::{Socket, check};
use reactor::shim::thread;

use super::Gate;
use crate::block_on::block_on;
use crate::local;

/// A wake from another thread ends a `block_on`'s wait in the reactor. Finds `driver_not_told`.
#[test]
fn a_guest_is_woken() {
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

/// So does a wake of a local task. Finds `mail_unseen`.
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

/// An event reaches the task that waits for it, whoever drives: of two threads in `block_on` one drives and
/// leaves first. Finds `seat_left_in_silence`.
#[test]
fn two_guests_hand_on_the_seat() {
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
