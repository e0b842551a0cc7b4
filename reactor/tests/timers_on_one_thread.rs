//! Timers where one thread turns the reactor and no other event ends a turn.
//!
//! In a process of its own. Where several threads turn the reactor, one may be delayed between taking the due
//! timers out and waking them, so the next thread overtakes it; and other tests' events would hide that a
//! turn sleeps too long.

use std::cell::RefCell;
use std::future;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use executor::task::{block_on, spawn_local};
use reactor::time::{sleep, sleep_until, timeout};

#[test]
fn timers_on_one_thread() {
    fire_in_their_order();
    end_the_turn_of_another_thread(|| block_on(future::poll_fn(until_stopped)));
    end_the_turn_of_another_thread(|| {
        let hour = Duration::from_secs(3600);
        block_on(timeout(hour, future::poll_fn(until_stopped))).unwrap();
    });
}

/// A timer that another thread adds ends a turn that would sleep for ever, or for long.
fn end_the_turn_of_another_thread(turn: fn()) {
    for _ in 0..3 {
        STOP.store(false, Ordering::SeqCst);
        let adding = std::thread::spawn(|| {
            // Late enough that the other thread usually sleeps.
            std::thread::sleep(Duration::from_millis(20));
            let (fired, heard) = std::sync::mpsc::channel();
            let mut timer = sleep(Duration::from_millis(2));
            let waker = Waker::from(Arc::new(Notify(Mutex::new(fired))));
            let polled = std::pin::pin!(&mut timer).poll(&mut Context::from_waker(&waker));
            let outcome = match polled {
                Poll::Ready(()) => Ok(()), // A slow machine.
                Poll::Pending => heard.recv_timeout(Duration::from_secs(20)),
            };
            STOP.store(true, Ordering::SeqCst);
            if let Some(waker) = TURNING.lock().unwrap().take() {
                waker.wake();
            }
            outcome
        });
        turn();
        adding.join().unwrap().expect("the turn slept on");
    }
}

/// The waker of the turning task, and whether it is to stop.
static TURNING: Mutex<Option<Waker>> = Mutex::new(None);
static STOP: AtomicBool = AtomicBool::new(false);

fn until_stopped(cx: &mut Context<'_>) -> Poll<()> {
    *TURNING.lock().unwrap() = Some(cx.waker().clone());
    if STOP.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
}

/// A waker that sends a message when it is woken.
struct Notify(Mutex<Sender<()>>);

impl Wake for Notify {
    fn wake(self: Arc<Self>) {
        let _ = self.0.lock().unwrap().send(());
    }
}

/// Timers fire in the order of their deadlines, whatever order they were made in; equal deadlines in the latter.
fn fire_in_their_order() {
    const NUMBERS: [u64; 12] = [7, 2, 9, 0, 5, 5, 1, 8, 3, 6, 4, 2];
    block_on(async {
        for step in [0, 1, 300, 2000] {
            let fired = Rc::new(RefCell::new(Vec::new()));
            let begin = Instant::now() + Duration::from_millis(60);
            let mut tasks = Vec::new();
            for (place, number) in NUMBERS.into_iter().enumerate() {
                let fired = Rc::clone(&fired);
                tasks.push(spawn_local(async move {
                    let deadline = begin + Duration::from_micros(step * number);
                    let in_time = Instant::now() < begin;
                    sleep_until(deadline).await;
                    assert!(Instant::now() >= deadline, "early");
                    fired.borrow_mut().push((step * number, place));
                    in_time
                }));
            }
            let mut in_time = true;
            for task in tasks {
                in_time &= task.await;
            }
            // On a slow machine the wait may have begun too late.
            assert!(fired.borrow().is_sorted() || !in_time, "step {step}: {fired:?}");
        }
    });
}
