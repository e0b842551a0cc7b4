//! The end of a pool under the model checker: which thread drops the futures, and that all of them are dropped.

use std::sync::{Arc, Mutex};

use reactor::shim::model::{Notifier, check, check_at_most};
use reactor::shim::thread;

use super::Pool;
use crate::model::Gate;
use crate::yield_now::yield_now;

/// Runs its closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A wake races the pool's end. A worker drops the future, not the thread that wakes and not the one that
/// drops the pool, and the pool's drop returns after that. Finds `over_while_one_is_woken`,
/// `over_before_the_handing_out`, `dropped_inside_the_wake`.
#[test]
fn a_waking_thread_drops_nothing() {
    check(|| {
        let pool = Pool::new(1).unwrap();
        // With a seeded fault the wake may come after the pool is freed.
        let _share = Arc::clone(&pool.shared);
        let gate = Gate::new();
        let dropped = Arc::new(Mutex::new(None));
        let notes = Arc::clone(&dropped);
        let on_drop = OnDrop(move || *notes.lock().unwrap() = Some(thread::current().id()));
        let passing = Arc::clone(&gate);
        let handle = pool.spawn(async move {
            let _on_drop = on_drop;
            passing.passed().await;
        });
        let other = thread::spawn(move || {
            gate.wake();
            thread::current().id()
        });
        drop(pool);
        let dropped = dropped.lock().unwrap().expect("it is dropped before the pool");
        let woke = other.join().unwrap();
        assert!(dropped != woke && dropped != thread::current().id(), "a worker drops it");
        drop(handle);
    });
}

/// A poll waits until a task that it has put into its worker's slot is dropped. When the pool ends, the other
/// worker takes the task from the slot. Finds `the_slots_are_left`.
#[test]
fn the_slot_of_a_long_poll_is_emptied() {
    check_at_most(1, || {
        let pool = Arc::new(Pool::new(2).unwrap());
        let (begun, _) = Notifier::new();
        let long = {
            let (pool, begun) = (Arc::clone(&pool), Arc::clone(&begun));
            async move {
                let (notifier, _) = Notifier::new();
                let notifies = OnDrop({
                    let notifier = Arc::clone(&notifier);
                    move || Arc::clone(&notifier).notify()
                });
                drop(pool.spawn(async move {
                    let _notifies = notifies;
                    loop {
                        yield_now().await;
                    }
                }));
                drop(pool);
                begun.notify();
                notifier.wait(0);
            }
        };
        drop(pool.spawn(long));
        begun.wait(0);
        drop(pool);
    });
}
