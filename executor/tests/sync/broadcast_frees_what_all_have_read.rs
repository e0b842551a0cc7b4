//! A value is kept no longer than the slowest receiver needs it, and unused capacity costs nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use executor::sync::broadcast;

/// Counts the copies that are alive, and the clones made.
struct Tracked {
    alive: Arc<AtomicUsize>,
    clones: Arc<AtomicUsize>,
}

impl Tracked {
    fn new(alive: &Arc<AtomicUsize>, clones: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Self { alive: Arc::clone(alive), clones: Arc::clone(clones) }
    }
}

impl Clone for Tracked {
    fn clone(&self) -> Self {
        self.clones.fetch_add(1, Ordering::SeqCst);
        Self::new(&self.alive, &self.clones)
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn values_go_when_the_last_has_read_them_and_it_gets_the_value_itself() {
    let (alive, clones) = (Arc::default(), Arc::default());
    let (sender, mut fast) = broadcast::channel(8);
    let mut slow = sender.subscribe();
    for _ in 0..3 {
        assert!(sender.send(Tracked::new(&alive, &clones)).is_ok());
    }
    for _ in 0..3 {
        assert!(fast.try_recv().is_ok());
    }
    assert_eq!(alive.load(Ordering::SeqCst), 3, "kept for the slow receiver");
    assert_eq!(clones.load(Ordering::SeqCst), 3);
    assert!(slow.try_recv().is_ok());
    assert_eq!(alive.load(Ordering::SeqCst), 2);
    assert_eq!(clones.load(Ordering::SeqCst), 3, "the last to read clones nothing");
    drop(slow);
    assert_eq!(alive.load(Ordering::SeqCst), 0, "no receiver is left that needs them");
    assert!(sender.is_empty());
}

#[test]
fn the_last_receiver_to_go_frees_everything() {
    let (alive, clones) = (Arc::default(), Arc::default());
    let (sender, receiver) = broadcast::channel(4);
    for sent in 1..=10 {
        assert!(sender.send(Tracked::new(&alive, &clones)).is_ok());
        assert_eq!(alive.load(Ordering::SeqCst), sent.min(4), "the capacity bounds it");
    }
    drop(receiver);
    assert_eq!(alive.load(Ordering::SeqCst), 0);
    assert!(sender.send(Tracked::new(&alive, &clones)).is_err());
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}

/// A buffer of this capacity, if it were allocated up front, would fit no machine.
#[test]
fn slots_are_allocated_as_they_are_used() {
    let (sender, mut receiver) = broadcast::channel(usize::MAX);
    for number in 0..100_000 {
        sender.send(number).expect("a receiver");
    }
    assert_eq!(sender.len(), 100_000);
    for number in 0..100_000 {
        assert_eq!(receiver.try_recv(), Ok(number));
    }
    assert!(sender.is_empty());
}
