//! Wakers of tasks that no longer wait do not pile up on an idle socket. An allocator counts, so this test is a
//! process of its own.

#[path = "../../tests/shared/counting.rs"]
mod counting;

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use executor::task::{block_on, spawn_local, yield_now};
use futures_lite::{AsyncRead, AsyncReadExt};
use reactor::net::UnixStream;

use counting::BYTES;

struct Silent;

impl Wake for Silent {
    fn wake(self: Arc<Self>) {}
}

/// Begins to read, with a waker of its own, and waits.
fn begin_to_read(stream: &UnixStream, waker: &Waker) {
    let mut stream = stream.clone();
    assert!(Pin::new(&mut stream).poll_read(&mut Context::from_waker(waker), &mut [0]).is_pending());
}

#[test]
fn a_hundred_thousand_rounds_of_fresh_wakers() {
    let (idle, _peer) = UnixStream::pair().unwrap();
    let before = BYTES.get();
    for round in 0..100_000 {
        for _ in 0..3 {
            begin_to_read(&idle, &Waker::from(Arc::new(Silent)));
        }
        let kept = BYTES.get() - before;
        assert!(kept <= 10_000, "{kept} bytes after {round} rounds");
    }
}

#[test]
fn ended_tasks_leave_their_memory() {
    let (idle, _peer) = UnixStream::pair().unwrap();
    block_on(async {
        let before = BYTES.get();
        for number in 0..8000 {
            let mut stream = idle.clone();
            let task = spawn_local(async move {
                let mut large = [0; 4096];
                stream.read(&mut large).await.unwrap();
                large[0]
            });
            yield_now().await;
            assert_eq!(task.cancel().await, None);
            let kept = BYTES.get() - before;
            assert!(kept <= 100 * 5000, "{kept} bytes after {number} tasks");
        }
    });
}

/// Tasks that still wait are woken only a few times while other waits come and go. When they end, the memory
/// that was kept for them is freed too.
#[test]
fn waiting_tasks_are_rarely_woken_and_leave_nothing() {
    const WAITING: usize = 1000;
    let (idle, _peer) = UnixStream::pair().unwrap();
    let before = BYTES.get();
    block_on(async {
        let polls = Rc::new(Cell::new(0));
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                let (mut stream, polls) = (idle.clone(), Rc::clone(&polls));
                spawn_local(poll_fn(move |cx| -> Poll<()> {
                    polls.set(polls.get() + 1);
                    assert!(Pin::new(&mut stream).poll_read(cx, &mut [0]).is_pending());
                    Poll::Pending
                }))
            })
            .collect();
        while polls.get() < WAITING {
            yield_now().await;
        }
        // As many rounds as it takes until no task is woken any more.
        let mut settled = 0;
        while settled < polls.get() {
            assert!(polls.get() < 20 * WAITING, "{} polls to begin to wait", polls.get());
            settled = polls.get();
            for _ in 0..100 {
                yield_now().await;
            }
        }
        // Ten thousand other waits come and go.
        for round in 0..10_000 {
            begin_to_read(&idle, &Waker::from(Arc::new(Silent)));
            if round % 10 == 0 {
                yield_now().await;
            }
        }
        let woken = polls.get() - settled;
        assert!(woken <= 100 * WAITING, "{woken} polls for ten thousand that came and went");
        for task in waiting {
            task.cancel().await;
        }
    });
    for _ in 0..100_000 {
        begin_to_read(&idle, &Waker::from(Arc::new(Silent)));
    }
    let kept = BYTES.get() - before;
    assert!(kept <= 30_000, "{kept} bytes are kept");
}
