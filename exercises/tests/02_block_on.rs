//! Exercises of the chapter "02 block_on": `stubs/02_block_on.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/02_block_on.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/02_block_on.rs")]
mod ch02_block_on;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::thread;

use ch02_block_on::{Door, block_on};
use exercises::{Calls, a_moment, ends};

#[test]
fn exercise_1_a_wake_from_another_thread_ends_the_sleep() {
    ends("the door is open, but block_on still sleeps", || {
        for _ in 0..500 {
            let door = Door::default();
            let opener = thread::spawn({
                let door = door.clone();
                move || door.open()
            });
            block_on(door);
            opener.join().expect("it opens");
        }
    });
}

#[test]
fn exercise_1_a_wake_during_the_poll_is_kept() {
    let polls = ends("the future was woken during its poll, but block_on sleeps", || {
        let mut polls = 0;
        block_on(poll_fn(move |cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            if polls < 5 { Poll::Pending } else { Poll::Ready(polls) }
        }))
    });
    assert_eq!(polls, 5, "one poll per wake");
}

#[test]
fn exercise_1_without_a_wake_there_is_no_poll() {
    ends("the future was woken from another thread, but block_on sleeps", || {
        let (mut polls, woken) = (0, Arc::new(AtomicBool::new(false)));
        block_on(poll_fn(move |cx| {
            polls += 1;
            match polls {
                1 => cx.waker().wake_by_ref(),
                2 => {
                    let (waker, woken) = (cx.waker().clone(), woken.clone());
                    thread::spawn(move || {
                        a_moment(); // No poll should come.
                        woken.store(true, Ordering::SeqCst);
                        waker.wake();
                    });
                }
                _ => {
                    assert!(woken.load(Ordering::SeqCst), "one wake has led to two polls");
                    return Poll::Ready(());
                }
            }
            Poll::Pending
        }));
    });
}

#[test]
fn exercise_2_the_waker_of_the_last_poll_is_called() {
    let mut door = Door::default();
    let (first_calls, first) = Calls::waker();
    let (second_calls, second) = Calls::waker();
    assert!(Pin::new(&mut door).poll(&mut Context::from_waker(&first)).is_pending());
    assert!(Pin::new(&mut door).poll(&mut Context::from_waker(&second)).is_pending());
    door.open();
    assert_eq!(second_calls.count(), 1, "the future has moved to a second task, which must be woken");
    assert_eq!(first_calls.count(), 0, "the first task no longer has the future");
}
