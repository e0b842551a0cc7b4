//! Exercises of the chapter "09 A thread pool, and Send": `stubs/09_thread_pool.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/09_thread_pool.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/09_thread_pool.rs")]
mod ch09_thread_pool;

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use ch09_thread_pool::{Pool, letters};
use exercises::{a_moment, ends};
use futures_lite::future::block_on;

/// Says whether a type is Send: of two methods with the same name, the compiler takes the first that applies.
struct Probe<T>(PhantomData<T>);

#[allow(dead_code, reason = "one of the two is taken, the other is not")]
trait IsSend {
    fn is_send(&self) -> bool {
        true
    }
}

#[allow(dead_code, reason = "one of the two is taken, the other is not")]
trait IsNot {
    fn is_send(&self) -> bool {
        false
    }
}

impl<T: Send> IsSend for Probe<T> {}
impl<T> IsNot for &Probe<T> {}

fn words() -> Vec<String> {
    ["tea", "with", "milk"].map(str::to_owned).into()
}

#[test]
#[allow(clippy::needless_borrow, reason = "the borrow lets the compiler choose between the two")]
fn exercise_1_it_may_change_threads() {
    fn probe<T>(_of: &T) -> Probe<T> {
        Probe(PhantomData)
    }
    let future = letters(words());
    let probe = probe(&future);
    assert!((&probe).is_send(), "what it keeps across an await is not Send");
    assert_eq!(block_on(future), 11);
}

#[test]
fn exercise_2_close_runs_what_is_queued() {
    let ran = ends("close never returns, or no job ever runs", || {
        let ran = Arc::new(AtomicUsize::new(0));
        let pool = Pool::new(3);
        for _ in 0..100 {
            let ran = ran.clone();
            pool.push(Box::new(move || _ = ran.fetch_add(1, Ordering::SeqCst)));
        }
        pool.close();
        ran.load(Ordering::SeqCst)
    });
    assert_eq!(ran, 100);
}

#[test]
fn exercise_2_close_runs_what_is_queued_while_the_threads_are_busy() {
    let ran = ends("close never returns", || {
        let ran = Arc::new(AtomicUsize::new(0));
        for _ in 0..5 {
            let pool = Pool::new(1);
            a_moment(); // Meanwhile the thread finds that there is no job.
            let closing = Arc::new(AtomicBool::new(false));
            let seen = closing.clone();
            pool.push(Box::new(move || {
                while !seen.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
                a_moment(); // Meanwhile the pool is closed.
            }));
            for _ in 0..3 {
                let ran = ran.clone();
                pool.push(Box::new(move || _ = ran.fetch_add(1, Ordering::SeqCst)));
            }
            closing.store(true, Ordering::SeqCst);
            pool.close();
        }
        ran.load(Ordering::SeqCst)
    });
    assert_eq!(ran, 15, "a thread has ended although jobs were left");
}

#[test]
fn exercise_2_jobs_run_at_once() {
    ends("the jobs wait for each other: one holds the lock while it runs", || {
        let pool = Pool::new(3);
        let barrier = Arc::new(Barrier::new(3));
        for _ in 0..3 {
            let barrier = barrier.clone();
            pool.push(Box::new(move || _ = barrier.wait()));
        }
        pool.close();
    });
}
