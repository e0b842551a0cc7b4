//! The process's one roster: a thread that waits does the monitor's work.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::rescue::{Look, Rescue, register_pool};
use super::*;

const DEADLINE: Duration = Duration::from_secs(20);

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = now() + DEADLINE;
    while !holds() {
        assert!(now() < deadline, "this never happened: {what}");
        std::thread::yield_now();
    }
}

struct Counted(AtomicUsize);

impl Look for Counted {}

impl Rescue for Counted {
    fn rescue(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A thread that is woken all the time never waits for as long as a tick.
#[test]
fn the_monitor_looks_after_the_pools_also_when_it_is_woken_early() {
    let pool = Arc::new(Counted(AtomicUsize::new(0)));
    register_pool(Arc::downgrade(&pool) as std::sync::Weak<dyn Rescue>);
    let busy = [(); 2].map(|()| Participant::enter(Role::Worker));
    let (sender, receiver) = std::sync::mpsc::channel();
    let monitor = std::thread::spawn(move || {
        let participant = Participant::enter(Role::BlockOn);
        sender.send(Arc::clone(&participant.parker)).unwrap();
        participant.wait(&mut Vec::new());
    });
    let parker = receiver.recv().unwrap();
    // On a loaded machine its tick may have passed before this thread sees it wait.
    wait_until("it waits", || parker.is_waiting() || monitor.is_finished());
    parker.unpark();
    monitor.join().unwrap();
    drop(busy);
    assert!(pool.0.load(Ordering::SeqCst) >= 1);
}

#[test]
fn a_driver_is_woken_to_become_the_monitor() {
    let turn = std::thread::spawn(|| reactor::turn(None, &mut Vec::new()));
    Wake::<Arc<Parker>>::Driver.deliver();
    wait_until("the turn ends", || turn.is_finished());
}
