//! Readiness, under the model checker: every order in which a task and an event can meet.
//!
//! A lost wake would leave a thread that waits forever, and loom reports that.

use std::io;
use std::task::{Context, Poll, Waker};

use super::{Direction, Key, Wait, wake_all};
use crate::record::Thing;
use crate::shim::atomic::{AtomicUsize, Ordering};
use crate::shim::model::{Notifier, check};
use crate::shim::{Arc, thread};

/// A socket's buffer: a number of bytes. An attempt takes one of them.
struct Socket {
    bytes: AtomicUsize,
    read: Direction,
}

impl Socket {
    fn new() -> Arc<Self> {
        Arc::new(Self { bytes: AtomicUsize::new(0), read: Direction::new((Thing::Read, 0)) })
    }

    fn take(&self) -> io::Result<usize> {
        // ORDERING: AcqRel, as the kernel's own lock would order it.
        let taken =
            self.bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, |bytes| bytes.checked_sub(1));
        taken.map_err(|_| io::ErrorKind::WouldBlock.into())
    }

    /// Bytes arrive, and the system reports an event.
    fn arrive(&self, bytes: usize) {
        // ORDERING: AcqRel, as above.
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
        let mut woken = Vec::new();
        self.read.event(false, &mut woken);
        wake_all(&mut woken);
    }

    /// One task: waits until there is a byte, and takes it.
    fn read(&self, as_future: bool) {
        let (notifier, waker) = Notifier::new();
        let mut count = 0;
        let mut cx = Context::from_waker(&waker);
        let mut key: Option<Key> = None;
        loop {
            let wait = if as_future { Wait::Listed(&mut key) } else { Wait::Poll };
            // The attempt that takes the last byte is a short read.
            match self.read.poll(&mut cx, wait, || self.take(), |&before| before == 1) {
                Poll::Ready(outcome) => {
                    outcome.unwrap();
                    break;
                }
                Poll::Pending => count = notifier.wait(count),
            }
        }
        if let Some(key) = key {
            self.read.leave(key);
        }
    }
}

/// E1: an event that comes while a task is about to wait is not missed. Finds
/// `no_look_after_listing`.
#[test]
fn an_event_is_not_lost() {
    for as_future in [false, true] {
        check(move || {
            let socket = Socket::new();
            let reader = Arc::clone(&socket);
            let reader = thread::spawn(move || reader.read(as_future));
            socket.arrive(1);
            reader.join().unwrap();
        });
    }
}

/// A short read clears readiness while the next byte arrives, which is not lost [newer-event-stays]. Finds
/// `cleared_over_newer`.
#[test]
fn a_short_read_loses_no_newer_event() {
    check(|| {
        let socket = Socket::new();
        let reader = Arc::clone(&socket);
        let reader = thread::spawn(move || {
            reader.read(false);
            reader.read(false);
        });
        socket.arrive(1);
        socket.arrive(1);
        reader.join().unwrap();
    });
}

/// The same, for an attempt that does not wait: it finds nothing and clears readiness while a byte arrives. The
/// read after it is not stuck [newer-event-stays]. Finds `seen_after_the_attempt`.
#[test]
fn an_attempt_loses_no_newer_event() {
    check(|| {
        let socket = Socket::new();
        let reader = Arc::clone(&socket);
        let reader = thread::spawn(move || {
            if reader.read.try_now(|| reader.take()).is_err() {
                reader.read(false);
            }
        });
        socket.arrive(1);
        reader.join().unwrap();
    });
}

/// E2: two tasks that wait in either way are woken by one event, and both get their byte. Finds
/// `others_forgotten`.
#[test]
fn two_readers_both_get_theirs() {
    for ways in [[false, true], [false, false]] {
        check(move || {
            let socket = Socket::new();
            let readers = ways.map(|as_future| {
                let reader = Arc::clone(&socket);
                thread::spawn(move || reader.read(as_future))
            });
            socket.arrive(2);
            for reader in readers {
                reader.join().unwrap();
            }
        });
    }
}

/// More tasks wait than the limit allows. They are woken, poll again, and each gets its byte. Finds
/// `swept_in_silence`.
#[test]
fn a_sweep_leaves_no_waiter_behind() {
    check(|| {
        let socket = Socket::new();
        // The first waker is that of a task that has stopped waiting: the others are stored beside it.
        let mut cx = Context::from_waker(Waker::noop());
        assert!(socket.read.poll(&mut cx, Wait::Poll, || socket.take(), |_| false).is_pending());
        let readers = [(); 2].map(|()| {
            let reader = Arc::clone(&socket);
            thread::spawn(move || reader.read(false))
        });
        socket.arrive(2);
        for reader in readers {
            reader.join().unwrap();
        }
    });
}
