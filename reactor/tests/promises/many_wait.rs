//! Several tasks wait for one socket; some of them give up.

use std::cell::Cell;
use std::io::Write;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use executor::task;
use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use reactor::Async;
use reactor::net::UnixStream;

use crate::support::{Count, connection, poll_with, run, settle, until};

/// A future that counts its polls.
async fn counted<F: Future>(polls: Rc<Cell<usize>>, future: F) -> F::Output {
    let mut future = pin!(future);
    future::poll_fn(|cx| {
        polls.set(polls.get() + 1);
        future.as_mut().poll(cx)
    })
    .await
}

/// Hard case 30: two idle readers on clones of one socket use no CPU, and both are woken.
#[test]
fn two_idle_readers_wait_and_both_are_woken() {
    run(|| async {
        let (ours, mut theirs) = connection();
        let polls = Rc::new(Cell::new(0));
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let mut clone = ours.clone();
                let reading = async move { clone.read(&mut [0; 1]).await.unwrap() };
                task::spawn_local(counted(Rc::clone(&polls), reading))
            })
            .collect();
        settle().await;
        let before = polls.get();
        for _ in 0..10 {
            settle().await;
        }
        assert_eq!(polls.get(), before, "the readers wake each other");
        assert!(before <= 4, "{before} polls to begin to wait");
        theirs.write_all(b"ab").unwrap();
        for reader in readers {
            assert_eq!(reader.await, 1);
        }
        assert!(polls.get() <= before + 4, "{} polls for two bytes", polls.get());
    });
}

/// Hard case 30: one of two readers takes everything; the other waits again, and gets what comes next.
#[test]
fn the_slower_reader_waits_again() {
    run(|| async {
        let (ours, mut theirs) = connection();
        let got = Rc::new(Cell::new(0));
        let polls = Rc::new(Cell::new(0));
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let (mut clone, got) = (ours.clone(), Rc::clone(&got));
                let reading = async move {
                    loop {
                        match clone.read(&mut [0; 64]).await.unwrap() {
                            0 => return,
                            count => got.set(got.get() + count),
                        }
                    }
                };
                task::spawn_local(counted(Rc::clone(&polls), reading))
            })
            .collect();
        for round in 1..=100 {
            theirs.write_all(b"x").unwrap();
            until("the byte is read", || got.get() == round).await;
        }
        assert!(polls.get() <= 2 * 2 * 100 + 8, "{} polls", polls.get());
        drop(theirs);
        for reader in readers {
            reader.await;
        }
    });
}

/// More `poll_read` waiters than a source keeps without a sweep: all get a byte, and they use no CPU while
/// there is nothing to read.
#[test]
fn a_crowd_of_readers_is_served() {
    const READERS: usize = 300;
    run(|| async {
        let (ours, mut theirs) = connection();
        let polls = Rc::new(Cell::new(0));
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                let mut clone = ours.clone();
                let reading = async move { clone.read(&mut [0; 1]).await.unwrap() };
                task::spawn_local(counted(Rc::clone(&polls), reading))
            })
            .collect();
        settle().await;
        settle().await;
        let before = polls.get();
        for _ in 0..5 {
            settle().await;
        }
        assert_eq!(polls.get(), before, "the readers wake each other");
        assert!(before < 10 * READERS, "{before} polls to begin to wait");
        theirs.write_all(&[0; READERS]).unwrap();
        for reader in readers {
            assert_eq!(reader.await, 1);
        }
    });
}

/// The same with futures in the wait list, on several threads.
#[test]
fn a_crowd_on_a_pool_is_served() {
    const READERS: usize = 100;
    run(|| async {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let ours = Arc::new(Async::new(ours).unwrap());
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                let ours = Arc::clone(&ours);
                task::spawn(async move {
                    use std::io::Read;
                    for _ in 0..20 {
                        let read = ours.read_with(|mut ours| ours.read(&mut [0; 1]));
                        assert_eq!(read.await.unwrap(), 1);
                    }
                })
            })
            .collect();
        let mut theirs = UnixStream::try_from(theirs).unwrap();
        for _ in 0..READERS {
            theirs.write_all(&[0; 20]).await.unwrap();
            task::yield_now().await;
        }
        for reader in readers {
            reader.await;
        }
    });
}

/// `readable()` and `writable()` that are dropped leave nothing: no waker, and no wake later.
#[test]
fn a_cancelled_wait_leaves_nothing() {
    run(|| async {
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let ours = Async::new(ours).unwrap();
        while future::poll_once((&ours).write(&[0; 65536])).await.is_some() {}
        let (count, waker) = Count::new();
        let alone = Arc::strong_count(&count);
        for _ in 0..1000 {
            let mut readable = Box::pin(ours.readable());
            let mut writable = Box::pin(ours.writable());
            assert!(poll_with(readable.as_mut(), &waker).is_pending());
            assert!(poll_with(writable.as_mut(), &waker).is_pending());
            assert_eq!(Arc::strong_count(&count), alone + 2);
        }
        assert_eq!(Arc::strong_count(&count), alone, "a waker stayed");
        theirs.write_all(b"x").unwrap();
        ours.readable().await.unwrap();
        settle().await;
        assert_eq!(count.wakes(), 0, "woken for a wait that was dropped");
    });
}

/// `readable()` is ready as long as the data is unread, but it wakes no task again for it.
#[test]
fn unread_data_does_not_spin() {
    run(|| async {
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let ours = Async::new(ours).unwrap();
        let (count, waker) = Count::new();
        let mut reader = &ours;
        let mut buffer = [0; 1];
        {
            let mut reading = pin!(reader.read(&mut buffer));
            assert!(poll_with(reading.as_mut(), &waker).is_pending());
        }
        theirs.write_all(b"x").unwrap();
        for _ in 0..10 {
            ours.readable().await.unwrap();
        }
        until("woken once", || count.wakes() == 1).await;
        for _ in 0..10 {
            settle().await;
        }
        assert_eq!(count.wakes(), 1);
        assert_eq!(reader.read(&mut buffer).await.unwrap(), 1);
        assert!(future::poll_once(ours.readable()).await.is_none(), "the data was read");
    });
}

/// Hard case 12: a future that is polled with another waker wakes the last one, and only that one.
#[test]
fn the_last_waker_counts() {
    run(|| async {
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let ours = Async::new(ours).unwrap();
        let (old, old_waker) = Count::new();
        let (new, new_waker) = Count::new();
        let mut readable = pin!(ours.readable());
        assert!(poll_with(readable.as_mut(), &old_waker).is_pending());
        assert!(poll_with(readable.as_mut(), &new_waker).is_pending());
        theirs.write_all(b"x").unwrap();
        until("woken", || new.wakes() == 1).await;
        assert_eq!(old.wakes(), 0);
        assert!(matches!(poll_with(readable, &new_waker), Poll::Ready(Ok(()))));
    });
}
