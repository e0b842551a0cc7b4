//! What a burst leaves behind is bounded in bytes, whatever the values' size.

#![allow(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use executor::sync::{broadcast, mpsc};
use executor::task::{block_on, spawn_local};

/// A queue may keep as much as this after a burst.
const KEPT: isize = 64 * 1024;

struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: the system's allocator, and a number beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.set(LIVE.get() + layout.size() as isize);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get() - layout.size() as isize);
        // SAFETY: the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The bytes that this thread has more after `work` than before, without what the first run leaves for good.
fn left_by(mut work: impl FnMut()) -> isize {
    work();
    let before = LIVE.get();
    work();
    LIVE.get() - before
}

type Large = [u8; 4096];

#[test]
fn a_channel_of_large_values() {
    let (sender, mut receiver) = mpsc::channel::<Large>(10_000);
    let before = LIVE.get();
    for _ in 0..10_000 {
        sender.try_send([0; 4096]).unwrap();
    }
    while receiver.try_recv().is_ok() {}
    assert!(LIVE.get() - before < KEPT, "{}", LIVE.get() - before);
}

#[test]
fn a_channel_that_is_never_quite_empty() {
    let (sender, mut receiver) = mpsc::channel::<Large>(10_000);
    let before = LIVE.get();
    for _ in 0..10_000 {
        sender.try_send([0; 4096]).unwrap();
    }
    for _ in 0..9_999 {
        receiver.try_recv().unwrap();
    }
    assert!(LIVE.get() - before < KEPT, "{}", LIVE.get() - before);
}

#[test]
fn a_broadcast_of_large_values() {
    let (sender, mut receiver) = broadcast::channel::<Large>(10_000);
    let before = LIVE.get();
    for _ in 0..10_000 {
        sender.send([0; 4096]).unwrap();
    }
    while receiver.try_recv().is_ok() {}
    assert!(LIVE.get() - before < KEPT, "{}", LIVE.get() - before);
}

#[test]
fn many_local_tasks() {
    let left = left_by(|| {
        block_on(async {
            let tasks: Vec<_> = (0..100_000).map(|_| spawn_local(async {})).collect();
            for task in tasks {
                task.await;
            }
        });
    });
    // What the first run left is compared with the second's: so look at the whole, too.
    assert!(left < KEPT, "{left}");
    assert!(LIVE.get() < 4 * KEPT, "{}", LIVE.get());
}

#[test]
fn many_that_wait_for_one_lock() {
    let lock = executor::sync::Mutex::new(());
    let held = lock.try_lock().unwrap();
    let before = LIVE.get();
    let mut waiting: Vec<_> = (0..10_000).map(|_| Box::pin(lock.lock())).collect();
    let mut cx = Context::from_waker(Waker::noop());
    waiting.iter_mut().for_each(|lock| assert!(Pin::new(lock).poll(&mut cx).is_pending()));
    drop(waiting);
    assert!(LIVE.get() - before < KEPT, "{}", LIVE.get() - before);
    drop(held);
    block_on(poll_fn(|_| Poll::Ready(())));
}
