//! Permits are given in order, many at a time, and none is lost when waiters give up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};
use std::thread;

use executor::sync::{Semaphore, TryAcquireError};
use futures_lite::future::block_on;

use crate::support::{Count, comes_to_an_end, hooked, poll};

#[test]
fn who_wants_many_is_not_overtaken() {
    let semaphore = Semaphore::new(2);
    let held = semaphore.try_acquire().expect("two are free");
    let (many_woken, many_waker) = Count::new();
    let (one_woken, one_waker) = Count::new();
    let (mut many, mut one) = (semaphore.acquire_many(2), semaphore.acquire());
    assert!(poll(&mut many, &many_waker).is_pending());
    assert!(poll(&mut one, &one_waker).is_pending(), "one permit is free, but it comes second");
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    drop(held);
    assert_eq!((many_woken.wakes(), one_woken.wakes()), (1, 0));
    let Poll::Ready(Ok(both)) = poll(&mut many, &many_waker) else { panic!("it was given both") };
    drop(both);
    assert_eq!(one_woken.wakes(), 1);
    assert!(poll(&mut one, &one_waker).is_ready());
}

#[test]
fn one_release_serves_all_that_it_can() {
    let semaphore = Semaphore::new(0);
    let mut waiters: Vec<_> = [1, 2, 3].map(|permits| semaphore.acquire_many(permits)).into();
    assert!(waiters.iter_mut().all(|waiter| poll(waiter, Waker::noop()).is_pending()));
    semaphore.add_permits(5);
    let served = waiters.iter_mut().map(|waiter| poll(waiter, Waker::noop()));
    let permits: Vec<_> = served
        .filter_map(|polled| if let Poll::Ready(permit) = polled { Some(permit) } else { None })
        .collect();
    assert_eq!((permits.len(), semaphore.available_permits()), (2, 2));
    drop(permits);
    assert!(poll(&mut waiters[2], Waker::noop()).is_ready());
}

#[test]
fn the_first_waiter_leaves_and_the_next_is_served() {
    let semaphore = Semaphore::new(1);
    let (woken, waker) = Count::new();
    let (mut many, mut one) = (semaphore.acquire_many(2), semaphore.acquire());
    assert!(poll(&mut many, Waker::noop()).is_pending());
    assert!(poll(&mut one, &waker).is_pending());
    drop(many);
    assert_eq!(woken.wakes(), 1);
    assert!(poll(&mut one, &waker).is_ready());
}

#[test]
fn permits_given_to_a_future_that_is_dropped_come_back() {
    let semaphore = Semaphore::new(0);
    let mut waiter = semaphore.acquire_many(3);
    assert!(poll(&mut waiter, Waker::noop()).is_pending());
    semaphore.add_permits(3);
    assert_eq!(semaphore.available_permits(), 0);
    drop(waiter);
    assert_eq!(semaphore.available_permits(), 3);
    assert!(semaphore.try_acquire_many(3).is_ok(), "nobody waits");
}

#[test]
fn a_close_wakes_all_and_leaves_what_is_held() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().expect("one is free");
    let (woken, waker) = Count::new();
    let mut waiters = [(); 2].map(|()| semaphore.acquire());
    assert!(waiters.iter_mut().all(|waiter| poll(waiter, &waker).is_pending()));
    let (mut polled, mut dropped) = (semaphore.acquire(), semaphore.acquire());
    assert!(poll(&mut polled, &waker).is_pending() && poll(&mut dropped, &waker).is_pending());
    semaphore.close();
    assert!(semaphore.is_closed());
    assert_eq!(woken.wakes(), 4);
    drop(dropped);
    assert!(matches!(poll(&mut polled, &waker), Poll::Ready(Err(_))));
    assert!(matches!(poll(&mut waiters[0], &waker), Poll::Ready(Err(_))));
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
    drop(held);
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn a_permit_given_before_the_close_is_valid() {
    let semaphore = Semaphore::new(0);
    let mut waiter = semaphore.acquire();
    assert!(poll(&mut waiter, Waker::noop()).is_pending());
    semaphore.add_permits(1);
    semaphore.close();
    assert!(matches!(poll(&mut waiter, Waker::noop()), Poll::Ready(Ok(_))));
}

#[test]
fn an_owned_permit_is_forgotten_or_given_back() {
    let semaphore = Arc::new(Semaphore::new(3));
    block_on(semaphore.clone().acquire_owned()).unwrap().forget();
    assert_eq!(semaphore.available_permits(), 2);
    let two = block_on(semaphore.clone().acquire_many_owned(2)).unwrap();
    assert!(semaphore.clone().try_acquire_owned().is_err());
    drop(two);
    assert!(semaphore.try_acquire_owned().is_ok());
}

#[test]
fn never_more_than_the_permits_also_while_waiters_give_up() {
    comes_to_an_end(|| {
        const PERMITS: usize = 3;
        let semaphore = Arc::new(Semaphore::new(PERMITS));
        let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let threads: Vec<_> = (0..6_u32)
            .map(|thread| {
                let (semaphore, inside, most) = (semaphore.clone(), inside.clone(), most.clone());
                thread::spawn(move || {
                    for round in 0..3000 {
                        let wants = 1 + (thread + round) % PERMITS as u32;
                        if round % 4 == 0 {
                            let mut impatient = semaphore.acquire_many(wants);
                            if poll(&mut impatient, Waker::noop()).is_pending() {
                                continue;
                            }
                        }
                        let permits = block_on(semaphore.acquire_many(wants)).unwrap();
                        let now = inside.fetch_add(wants as usize, Ordering::SeqCst) + wants as usize;
                        most.fetch_max(now, Ordering::SeqCst);
                        inside.fetch_sub(wants as usize, Ordering::SeqCst);
                        drop(permits);
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(most.load(Ordering::SeqCst) <= PERMITS);
        assert_eq!(semaphore.available_permits(), PERMITS);
        assert!(semaphore.try_acquire_many(PERMITS as u32).is_ok(), "nobody is left in the list");
    });
}

#[test]
#[should_panic(expected = "too many permits")]
fn too_many_permits_panic() {
    Semaphore::new(Semaphore::MAX_PERMITS).add_permits(1);
}

#[test]
fn permits_that_come_back_do_not_exceed_the_limit() {
    let semaphore = Semaphore::new(Semaphore::MAX_PERMITS);
    let permit = semaphore.try_acquire().expect("all are free");
    semaphore.add_permits(1);
    drop(permit);
    assert_eq!(semaphore.available_permits(), Semaphore::MAX_PERMITS);
    drop(semaphore.try_acquire().expect("the word is whole"));
    assert!(!semaphore.is_closed());
}

/// A waiter has permits, but was not polled since. It gives them back when all others are free already.
#[test]
fn permits_that_a_waiter_gives_back_do_not_exceed_the_limit() {
    let semaphore = Semaphore::new(0);
    let mut waiter = semaphore.acquire_many(2);
    assert!(poll(&mut waiter, Waker::noop()).is_pending());
    semaphore.add_permits(2);
    semaphore.add_permits(Semaphore::MAX_PERMITS - 1);
    drop(waiter);
    assert_eq!(semaphore.available_permits(), Semaphore::MAX_PERMITS);
    assert!(!semaphore.is_closed());
}

/// A future that looks for permits and does not join the waiters, because it has just begun to clone its waker, keeps
/// nobody from taking those that are there.
#[test]
fn a_look_stops_nobody() {
    static SEMAPHORE: Semaphore = Semaphore::new(1);
    let taken = Arc::new(AtomicUsize::new(0));
    let taking = hooked({
        let taken = Arc::clone(&taken);
        move || taken.store(usize::from(SEMAPHORE.try_acquire().is_ok()), Ordering::SeqCst)
    });
    let mut many = SEMAPHORE.acquire_many(2);
    assert!(poll(&mut many, &taking).is_pending());
    assert_eq!(taken.load(Ordering::SeqCst), 1, "nobody waited while the waker was cloned");
    assert!(SEMAPHORE.try_acquire().is_err(), "now one waits");
}

#[test]
fn no_permits_are_always_there() {
    let semaphore = Semaphore::new(0);
    assert!(semaphore.try_acquire_many(0).is_ok());
    assert!(block_on(semaphore.acquire_many(0)).is_ok());
    assert_eq!(semaphore.available_permits(), 0);
}
