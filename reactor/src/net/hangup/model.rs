//! The end of a stream, under the model checker: every order in which a task and the end can meet.
//!
//! A lost wake would leave a thread that waits for ever, and loom reports that as a deadlock.

use std::task::{Context, Poll};

use super::poll_ended;
use crate::event::Event;
use crate::shim::atomic::{AtomicBool, Ordering};
use crate::shim::model::{Notifier, check};
use crate::shim::{Arc, thread};
use crate::source::Source;
use crate::user_code::wake_all;

/// What the system knows of a stream, and the stream's source.
struct Stream {
    ended: AtomicBool,
    source: Source,
}

impl Stream {
    fn new() -> Arc<Self> {
        Arc::new(Self { ended: AtomicBool::new(false), source: Source::new(0, -1) })
    }

    /// The reactor receives the event: bytes, or the end (`must_drain`).
    fn event(&self, must_drain: bool) {
        let mut woken = Vec::new();
        self.source.event(Event { key: 0, readable: true, writable: false, must_drain }, &mut woken);
        wake_all(&mut woken);
    }

    fn end(&self) {
        // ORDERING: Release, as the kernel's own lock would order it.
        self.ended.store(true, Ordering::Release);
        self.event(true);
    }

    /// One task: it waits for the end, and reads nothing.
    fn wait_for_the_end(&self) {
        let (notifier, waker) = Notifier::new();
        let mut count = 0;
        let mut cx = Context::from_waker(&waker);
        let mut key = None;
        // ORDERING: Acquire, as above.
        let ask = || Ok(self.ended.load(Ordering::Acquire));
        while let Poll::Pending = poll_ended(&self.source.read, &mut key, &mut cx, ask) {
            count = notifier.wait(count);
        }
        if let Some(key) = key {
            self.source.read.leave(key);
        }
    }
}

/// G1 and G2: the end is not missed, though no task reads and the direction is ready all the time; nor if bytes
/// come before it. Finds `asked_before_listing` and `ends_in_silence`.
#[test]
fn an_end_is_not_lost() {
    for bytes in [false, true] {
        check(move || {
            let stream = Stream::new();
            let waiting = Arc::clone(&stream);
            let waiting = thread::spawn(move || waiting.wait_for_the_end());
            if bytes {
                stream.event(false);
            }
            stream.end();
            waiting.join().unwrap();
        });
    }
}
