//! Waiters get the lock in order, no task overtakes them, and the guarded value stays consistent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Poll, Waker};
use std::thread;

use executor::sync::{Mutex, MutexGuard};
use futures_lite::future::block_on;

use crate::support::{Count, comes_to_an_end, poll};

#[test]
fn no_task_overtakes_a_waiter() {
    let mutex = Mutex::new(());
    let held = mutex.try_lock().expect("free");
    let (first_woken, first_waker) = Count::new();
    let (second_woken, second_waker) = Count::new();
    let mut first = mutex.lock();
    let mut second = mutex.lock();
    assert!(poll(&mut first, &first_waker).is_pending());
    assert!(poll(&mut second, &second_waker).is_pending());
    drop(held);
    assert_eq!((first_woken.wakes(), second_woken.wakes()), (1, 0));
    assert!(mutex.try_lock().is_none(), "it has been handed over");
    assert!(poll(&mut mutex.lock(), Waker::noop()).is_pending());
    assert!(poll(&mut second, &second_waker).is_pending());
    let Poll::Ready(guard) = poll(&mut first, &first_waker) else {
        panic!("it was handed the lock");
    };
    drop(guard);
    assert_eq!(second_woken.wakes(), 1);
    assert!(poll(&mut second, &second_waker).is_ready());
    assert!(mutex.try_lock().is_some(), "free again");
}

/// One thread locks as fast as it can until the others have locked as often as they want.
#[test]
fn a_greedy_loop_starves_no_task() {
    comes_to_an_end(|| {
        let mutex = Arc::new(Mutex::new(0u64));
        let served = Arc::new(AtomicBool::new(false));
        let greedy = thread::spawn({
            let (mutex, served) = (Arc::clone(&mutex), Arc::clone(&served));
            move || {
                while !served.load(Ordering::SeqCst) {
                    *block_on(mutex.lock()) += 1;
                }
            }
        });
        let modest: Vec<_> = (0..2)
            .map(|_| {
                let mutex = Arc::clone(&mutex);
                thread::spawn(move || {
                    for _ in 0..500 {
                        *block_on(mutex.lock()) += 1;
                    }
                })
            })
            .collect();
        for thread in modest {
            thread.join().expect("the lock was handed over");
        }
        served.store(true, Ordering::SeqCst);
        greedy.join().expect("no panic");
    });
}

#[test]
fn one_at_a_time_also_while_waiters_give_up() {
    comes_to_an_end(|| {
        const EACH: usize = 2000;
        let mutex = Arc::new(Mutex::new(0usize));
        let inside = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = (0..4)
            .map(|seed| {
                let (mutex, inside) = (Arc::clone(&mutex), Arc::clone(&inside));
                thread::spawn(move || {
                    for round in 0..EACH {
                        if (round + seed) % 3 == 0 {
                            let mut impatient = mutex.lock();
                            let _ = poll(&mut impatient, Waker::noop());
                        }
                        let mut guard = block_on(mutex.lock());
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        *guard += 1;
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
        let count = *mutex.try_lock().expect("free at the end");
        assert_eq!(count, 4 * EACH);
    });
}

#[test]
fn it_is_std_shaped() {
    static GLOBAL: Mutex<u8> = Mutex::new(1);
    fn send<T: Send>(_: &T) {}
    fn sync<T: Sync>(_: &T) {}
    sync(&GLOBAL);
    let future = GLOBAL.lock();
    send(&future);
    let guard: MutexGuard<'_, u8> = block_on(future);
    send(&guard);
    sync(&guard);
    assert_eq!(format!("{GLOBAL:?} {guard:?}"), "Mutex(<locked>) 1");
    drop(guard);
    assert_eq!(format!("{GLOBAL:?}"), "Mutex(1)");
    let mut mutex = Mutex::<u32>::default();
    *mutex.get_mut() = 7;
    assert_eq!(mutex.into_inner(), 7);
    let unsized_value: Arc<Mutex<[u8]>> = Arc::new(Mutex::from([1, 2]));
    block_on(unsized_value.lock())[0] = 3;
    assert_eq!(*block_on(unsized_value.lock()), [3, 2]);
}

/// A guard that owns the mutex goes to another thread, and hands the lock over there.
#[test]
fn an_owned_guard_hands_over() {
    let mutex = Arc::new(Mutex::new(1));
    let mut guard = block_on(Arc::clone(&mutex).lock_owned());
    let (woken, waker) = Count::new();
    let mut waiting = Box::pin(Arc::clone(&mutex).lock_owned());
    assert!(poll(&mut waiting, &waker).is_pending());
    assert!(Arc::clone(&mutex).try_lock_owned().is_none());
    thread::spawn(move || *guard += 1).join().expect("it only adds");
    assert_eq!(woken.wakes(), 1);
    drop(mutex);
    let Poll::Ready(guard) = poll(&mut waiting, &waker) else { panic!("it was handed the lock") };
    assert_eq!(*guard, 2, "the guard keeps the mutex alive");
}
