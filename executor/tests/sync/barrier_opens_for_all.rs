//! Tasks meet at a barrier, round after round.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};
use std::thread;

use executor::sync::Barrier;
use futures_lite::future::block_on;

use crate::support::{Count, comes_to_an_end, hooked, poll};

#[test]
fn the_last_to_arrive_leads() {
    let barrier = Barrier::new(2);
    for _ in 0..3 {
        let (woken, waker) = Count::new();
        let (mut first, mut second) = (Box::pin(barrier.wait()), Box::pin(barrier.wait()));
        assert!(poll(&mut first, &waker).is_pending());
        let Poll::Ready(last) = poll(&mut second, &waker) else { panic!("all are here") };
        assert_eq!(woken.wakes(), 1);
        let Poll::Ready(other) = poll(&mut first, &waker) else { panic!("the round is over") };
        assert!(last.is_leader() && !other.is_leader());
    }
}

#[test]
fn who_gives_up_is_not_counted() {
    let barrier = Barrier::new(3);
    let mut first = Box::pin(barrier.wait());
    assert!(poll(&mut first, Waker::noop()).is_pending());
    for _ in 0..5 {
        let mut gives_up = Box::pin(barrier.wait());
        assert!(poll(&mut gives_up, Waker::noop()).is_pending());
    }
    let mut second = Box::pin(barrier.wait());
    assert!(poll(&mut second, Waker::noop()).is_pending());
    assert!(poll(&mut Box::pin(barrier.wait()), Waker::noop()).is_ready());
    assert!(poll(&mut first, Waker::noop()).is_ready() && poll(&mut second, Waker::noop()).is_ready());
}

/// While the waker of a task that arrives is cloned, it is not in the list: two others that meet meanwhile have not met
/// it.
#[test]
fn a_round_without_it_is_not_its_round() {
    static BARRIER: Barrier = Barrier::new(2);
    let met = AtomicUsize::new(0);
    let others = hooked(move || {
        if met.fetch_add(1, Ordering::SeqCst) == 0 {
            let (mut one, mut two) = (BARRIER.wait(), BARRIER.wait());
            assert!(poll(&mut one, Waker::noop()).is_pending());
            assert!(poll(&mut two, Waker::noop()).is_ready());
            assert!(poll(&mut one, Waker::noop()).is_ready());
        }
    });
    let mut late = BARRIER.wait();
    assert!(poll(&mut late, &others).is_pending());
    assert!(poll(&mut BARRIER.wait(), Waker::noop()).is_ready());
    assert!(poll(&mut late, &others).is_ready());
}

#[test]
fn a_barrier_for_one_or_none_is_open() {
    for tasks in [0, 1] {
        assert!(block_on(Barrier::new(tasks).wait()).is_leader());
    }
}

#[test]
fn each_round_has_one_leader() {
    comes_to_an_end(|| {
        const ROUNDS: usize = 500;
        let (barrier, leaders) = (Arc::new(Barrier::new(3)), Arc::new(AtomicUsize::new(0)));
        let threads = [(); 3].map(|()| {
            let (barrier, leaders) = (barrier.clone(), leaders.clone());
            thread::spawn(move || {
                for round in 0..ROUNDS {
                    assert!(
                        leaders.load(Ordering::SeqCst) >= round,
                        "no round begins before the last one is over"
                    );
                    if block_on(barrier.wait()).is_leader() {
                        leaders.fetch_add(1, Ordering::SeqCst);
                    }
                    block_on(barrier.wait());
                }
            })
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(leaders.load(Ordering::SeqCst), ROUNDS);
    });
}
