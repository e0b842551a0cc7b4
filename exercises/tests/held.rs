//! Exercises of the chapter "Held and not polled": `stubs/held.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/held.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/held.rs")]
mod held;

use std::cell::Cell;
use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use executor::future::{join, poll_once};
use executor::stream::StreamExt;
use executor::sync::{Mutex, oneshot};
use executor::task::yield_now;
use exercises::{Calls, run_until_idle};
use held::{Buffered, Lock, store, write};

#[test]
fn exercise_1_a_slow_order_is_written_and_so_is_that_it_was_slow() {
    let journal = Mutex::new(Vec::new());
    let ended = run_until_idle(async {
        let backup = journal.lock().await;
        let (tick, ticked) = oneshot::channel();
        let mut storing = pin!(store(&journal, "tea", async { ticked.await.unwrap() }));
        assert!(poll_once(storing.as_mut()).await.is_none(), "the journal is locked");
        let mut later = pin!(write(&journal, "later".to_owned()));
        assert!(poll_once(later.as_mut()).await.is_none(), "the journal is locked");
        tick.send(()).unwrap();
        assert!(poll_once(storing.as_mut()).await.is_none(), "no line can be written yet");
        drop(backup);
        join((storing, later)).await;
    });
    assert!(ended.is_some(), "it hangs");
    let mut lines = journal.into_inner();
    assert_eq!(lines[0], "tea", "it was the first in the queue for the journal: {lines:?}");
    lines.sort();
    assert_eq!(lines, ["later", "tea", "tea is slow"]);
}

#[test]
fn exercise_1_an_order_that_is_not_slow() {
    let journal = Mutex::new(Vec::new());
    assert!(run_until_idle(store(&journal, "tea", pending())).is_some(), "it hangs");
    assert_eq!(journal.into_inner(), ["tea"]);
}

/// Holds the lock until it has the page.
async fn download(number: u32, lock: &Mutex<()>) -> u32 {
    let _guard = lock.lock().await;
    yield_now().await;
    number
}

#[test]
fn exercise_2_the_body_wants_a_lock_that_a_future_has() {
    for limit in 1..=4 {
        let lock = Mutex::new(());
        let pages = run_until_idle(async {
            let mut stream = Buffered::new(limit, (1..=6).map(|number| download(number, &lock)));
            let mut pages = Vec::new();
            while let Some(page) = stream.next().await {
                let written = stream.meanwhile(async {
                    let _guard = lock.lock().await;
                    page
                });
                pages.push(written.await);
            }
            pages
        });
        assert_eq!(pages, Some(vec![1, 2, 3, 4, 5, 6]), "with up to {limit} at a time");
    }
}

#[test]
fn exercise_2_a_future_wants_something_of_the_body() {
    let (give, given) = oneshot::channel();
    let (first, second) = (async { 1 }, async { given.await.unwrap() });
    let futures: Vec<Pin<Box<dyn Future<Output = u32>>>> = vec![Box::pin(first), Box::pin(second)];
    let outputs = run_until_idle(async {
        let mut stream = Buffered::new(2, futures.into_iter());
        let first = stream.next().await;
        let body = stream.meanwhile(async {
            yield_now().await;
            give.send(2).unwrap();
            "the body"
        });
        assert_eq!(body.await, "the body");
        [first, stream.next().await, stream.next().await]
    });
    assert_eq!(
        outputs,
        Some([Some(1), Some(2), None]),
        "the body waits for a future that waits for the body"
    );
}

#[test]
fn exercise_2_the_body_ends_first() {
    let polls = Cell::new(0);
    let long = async {
        for _ in 0..100 {
            polls.set(polls.get() + 1);
            yield_now().await;
        }
    };
    let futures: Vec<Pin<Box<dyn Future<Output = ()> + '_>>> = vec![Box::pin(async {}), Box::pin(long)];
    let body = run_until_idle(async {
        let mut stream = Buffered::new(2, futures.into_iter());
        assert_eq!(stream.next().await, Some(()));
        let before = polls.get();
        let body = stream.meanwhile(async {
            for _ in 0..5 {
                yield_now().await;
            }
            polls.get() - before
        });
        body.await
    });
    assert!(
        body.is_some_and(|polls| polls >= 5),
        "the other future is polled while the body waits: {body:?}"
    );
}

#[test]
fn exercise_3_one_at_a_time() {
    let (lock, inside, entries) = (Lock::default(), Cell::new(false), Cell::new(0));
    let enter = async || {
        for _ in 0..5 {
            let _guard = lock.lock().await;
            assert!(!inside.replace(true), "two hold the lock");
            yield_now().await;
            inside.set(false);
            entries.set(entries.get() + 1);
        }
    };
    assert!(run_until_idle(join((enter(), enter(), enter()))).is_some(), "it hangs");
    assert_eq!(entries.get(), 15);
}

/// Polls the future with this waker.
fn poll<F: Future>(future: Pin<&mut F>, waker: &std::task::Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

#[test]
fn exercise_3_a_waiter_that_is_not_polled_is_in_nobodys_way() {
    let ([(_, kept), (calls, waker)], (_, own)) = ([Calls::waker(), Calls::waker()], Calls::waker());
    for kept_is_first in [true, false] {
        let lock = Lock::default();
        let Poll::Ready(guard) = poll(pin!(lock.lock()), &own) else { panic!("it is free") };
        let (mut not_polled, mut waits) = (pin!(lock.lock()), pin!(lock.lock()));
        if kept_is_first {
            assert!(poll(not_polled.as_mut(), &kept).is_pending());
            assert!(poll(waits.as_mut(), &waker).is_pending());
        } else {
            assert!(poll(waits.as_mut(), &waker).is_pending());
            assert!(poll(not_polled.as_mut(), &kept).is_pending());
        }
        let before = calls.count();
        drop(guard);
        assert!(calls.count() > before, "the lock is free, and nobody wakes the waiter that would take it");
        assert!(poll(waits.as_mut(), &waker).is_ready(), "the lock is free");
    }
}

#[test]
fn exercise_3_who_comes_too_late_waits_again() {
    let lock = Lock::default();
    let [(_, own), (first_calls, first), (second_calls, second)] = [(); 3].map(|()| Calls::waker());
    let Poll::Ready(guard) = poll(pin!(lock.lock()), &own) else { panic!("it is free") };
    let (mut quick, mut late) = (pin!(lock.lock()), pin!(lock.lock()));
    assert!(poll(quick.as_mut(), &first).is_pending());
    assert!(poll(late.as_mut(), &second).is_pending());
    assert!(poll(late.as_mut(), &second).is_pending(), "polled without a reason");
    drop(guard);
    assert_eq!((first_calls.count(), second_calls.count()), (1, 1), "each is woken once");
    let Poll::Ready(guard) = poll(quick, &first) else { panic!("it is free") };
    assert!(poll(late.as_mut(), &second).is_pending(), "the other was quicker");
    drop(guard);
    assert_eq!(second_calls.count(), 2, "it waits again, and is woken again");
    assert_eq!(first_calls.count(), 1, "it does not wait any more");
    assert!(poll(late, &second).is_ready());
}
