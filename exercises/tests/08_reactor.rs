//! Exercises of the chapter "08 A reactor": `stubs/08_reactor.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/08_reactor.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/08_reactor.rs")]
mod ch08_reactor;

use std::cell::{Cell, RefCell};
use std::io::{PipeReader, Write, pipe};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use ch08_reactor::{Reactor, at_most};
use exercises::{Calls, ends};
use futures_lite::future::{block_on, yield_now};

#[test]
fn exercise_1_who_waits_is_woken_when_bytes_come() {
    ends("bytes have arrived, but the reactor still waits", || {
        let reactor = Reactor::new().expect("a poller");
        let (reader, mut writer) = pipe().expect("a pipe");
        let (quiet, _kept) = pipe().expect("a pipe");
        reactor.add(&reader, 1).expect("it can be watched");
        reactor.add(&quiet, 2).expect("it can be watched");
        let (calls, waker) = Calls::waker();
        let (quiet_calls, quiet_waker) = Calls::waker();
        reactor.wait_readable(&reader, 1, &mut Context::from_waker(&waker)).expect("armed");
        reactor.wait_readable(&quiet, 2, &mut Context::from_waker(&quiet_waker)).expect("armed");
        writer.write_all(b"!").expect("there is room");
        assert_eq!(reactor.turn().expect("a turn"), 1);
        assert_eq!((calls.count(), quiet_calls.count()), (1, 0));
        reactor.delete(&reader).expect("it was added");
        reactor.delete(&quiet).expect("it was added");
    });
}

/// A pipe that checks, whenever its descriptor is asked for, which wakers are in the table.
struct Watched<'a> {
    reader: &'a PipeReader,
    reactor: &'a Reactor,
    calls: &'a Cell<usize>,
}

impl AsFd for Watched<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.calls.set(self.calls.get() + 1);
        // If the lock is held, then a turn on another thread waits for it before it looks into the table.
        if let Ok(waiting) = self.reactor.waiting.try_lock() {
            let stored = waiting.contains_key(&1);
            drop(waiting);
            assert!(stored, "the event may come the moment the poller is armed, and would find no waker");
        }
        self.reader.as_fd()
    }
}

#[test]
fn exercise_1_an_event_finds_a_waker_the_moment_the_poller_is_armed() {
    let reactor = Reactor::new().expect("a poller");
    let (reader, _writer) = pipe().expect("a pipe");
    reactor.add(&reader, 1).expect("it can be watched");
    let calls = Cell::new(0);
    let watched = Watched { reader: &reader, reactor: &reactor, calls: &calls };
    reactor.wait_readable(&watched, 1, &mut Context::from_waker(Waker::noop())).expect("armed");
    assert!(calls.get() > 0, "the poller is never armed");
    reactor.delete(&reader).expect("it was added");
}

/// A waker that checks whether the table can be locked.
struct LooksAtTheLock(Arc<Reactor>, AtomicBool);

impl Wake for LooksAtTheLock {
    fn wake(self: Arc<Self>) {
        self.1.store(self.0.waiting.try_lock().is_ok(), Ordering::SeqCst);
    }
}

#[test]
fn exercise_1_a_waker_is_called_without_the_lock() {
    ends("bytes have arrived, but the reactor still waits", || {
        let reactor = Arc::new(Reactor::new().expect("a poller"));
        let (reader, mut writer) = pipe().expect("a pipe");
        reactor.add(&reader, 1).expect("it can be watched");
        let looks = Arc::new(LooksAtTheLock(reactor.clone(), AtomicBool::new(false)));
        let waker = Waker::from(looks.clone());
        reactor.wait_readable(&reader, 1, &mut Context::from_waker(&waker)).expect("armed");
        writer.write_all(b"!").expect("there is room");
        reactor.turn().expect("a turn");
        assert!(looks.1.load(Ordering::SeqCst), "a waker that needs the lock would wait for it for ever");
        reactor.delete(&reader).expect("it was added");
    });
}

/// The complaint about a job that was begun, and then waits for a wake that nothing brings.
const FORGOTTEN: &str = "a job was begun but not polled, and nothing wakes the task";

#[test]
fn exercise_2_the_limit_is_kept_and_used() {
    ends(FORGOTTEN, || {
        let (running, peak) = (Cell::new(0), Cell::new(0));
        let begun = RefCell::new(Vec::new());
        let job = |number: usize| {
            let (running, peak, begun) = (&running, &peak, &begun);
            async move {
                begun.borrow_mut().push(number);
                running.set(running.get() + 1);
                peak.set(peak.get().max(running.get()));
                for _ in 0..number % 3 + 1 {
                    yield_now().await;
                }
                running.set(running.get() - 1);
            }
        };
        block_on(at_most(3, (0..10).map(job).collect()));
        assert_eq!(*begun.borrow(), (0..10).collect::<Vec<_>>(), "in the order of the list");
        assert_eq!(peak.get(), 3, "as many as the limit ran at once");
    });
}

#[test]
fn exercise_2_a_place_that_is_free_is_taken() {
    ends(FORGOTTEN, || {
        let ended = Cell::new(0);
        let job = |number: usize| {
            let ended = &ended;
            async move {
                let mut turns = 0;
                while number == 0 && ended.get() < 4 {
                    assert!(turns < 100, "{} of 4 have ended: the next ones wait for the first", ended.get());
                    turns += 1;
                    yield_now().await;
                }
                ended.set(ended.get() + 1);
            }
        };
        block_on(at_most(2, (0..5).map(job).collect()));
        assert_eq!(ended.get(), 5);
    });
}

#[test]
fn exercise_2_jobs_that_are_ready_at_once() {
    ends(FORGOTTEN, || {
        block_on(at_most(2, (0..5).map(|_| async {}).collect()));
        block_on(at_most(3, Vec::<std::future::Ready<()>>::new()));
    });
}
