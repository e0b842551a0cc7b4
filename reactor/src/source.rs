//! One registered descriptor: whether it is ready, and which tasks wait for it.
//!
//! A descriptor is registered once, and the system reports each change once (edge-triggered), often before
//! any task asks. An event that was not remembered would never be seen again, and to register anew for each
//! wait would cost a system call. A plain flag is not enough to remember it: a task that has found nothing
//! would clear the flag of an event that came during its attempt. So readiness is kept together with a
//! generation.
//!
//! ```text
//!   event ──▶ READY, generation + 1 ──▶ take all wakers ──▶ woken by the caller, outside the lock
//!
//!   poll:  READY? ──yes──▶ try ──done──▶ return the result
//!            ▲ no            └─would block──▶ clear READY, if the generation is still the same
//!            └── look again ◀── wait: store the waker ◀──┘
//! ```
//!
//! - [newer-event-stays]  READY is cleared only if the generation is the one that was seen before the attempt: an event
//!   that comes during the attempt stays.
//! - E1  A waker is stored before the last look at READY, and an event sets READY before it takes the wakers:
//!   one of the two sees the other.
//! - E2  Several tasks may wait for one direction. An event wakes all of them. Those that get nothing wait
//!   again, and that wakes no other task, unless too many wakers are stored (see `poll_wakers`).
//! - E3  No user's waker is cloned, called or dropped under the lock [no-user-code].
//! - E4  A task that waits has found the direction not ready. So an event that finds it ready has no task to
//!   wake. An event with `must_drain` wakes the tasks in any case: one may wait for the end of a stream
//!   (see `hangup`).
//!
//! Called by `async_io`, `try_io` and `hangup`; events come from `reactor`. Next: `timers`.

use std::io;
use std::os::fd::RawFd;
use std::task::{Context, Poll, Waker};

use crate::event::Event;
use crate::poll_wakers::PollWakers;
use crate::record::{Thing, record_due, record_ready, record_wait};
use crate::shim::atomic::{AtomicU64, Ordering};
use crate::shim::{Mutex, fault, lock};
use crate::user_code::{contain_panic, wake_all};
use crate::wait_list::{Key, LazyWaker, Removed, WaitList, poll_lazily};
use crate::{budget, poller};

/// An attempt may succeed.
const READY: u64 = 1;
/// A short read or write does not prove that there is no more (see [`Event::must_drain`]).
const MUST_DRAIN: u64 = 1 << 1;
/// Added at each event. The generation has 62 bits and does not wrap: at a billion events a second it lasts for
/// more than a century.
const GENERATION: u64 = 1 << 2;

/// A descriptor's two directions.
pub(crate) struct Source {
    pub(crate) key: usize,
    /// The descriptor, for a dump. Open while the source is in the table, unless a borrow leaked [deregister-first].
    pub(crate) fd: RawFd,
    pub(crate) read: Direction,
    pub(crate) write: Direction,
}

/// Reading, or writing.
pub(crate) struct Direction {
    /// What a recording calls it.
    name: (Thing, usize),
    state: AtomicU64,
    pub(crate) waiters: Mutex<Waiters>,
}

/// The tasks that wait for a direction.
pub(crate) struct Waiters {
    /// From `poll_read` and the like, which cannot say when their task stops waiting.
    pub(crate) first: Option<Waker>,
    /// Allocated when a second waker is stored: most sockets have one task per direction.
    pub(crate) others: Option<Box<Others>>,
}

/// The wakers beside the first.
pub(crate) struct Others {
    pub(crate) polls: PollWakers,
    /// From futures, which leave when they are dropped.
    pub(crate) futures: WaitList,
}

/// How a waiting operation stores its waker.
pub(crate) enum Wait<'a> {
    /// Until the next event, even if the task stops waiting before.
    Poll,
    /// With an entry in the list, which the future removes.
    Listed(&'a mut Option<Key>),
}

impl Source {
    /// A new source. It starts as ready: the first operation in each direction is tried at once.
    pub(crate) fn new(key: usize, fd: RawFd) -> Self {
        Self { key, fd, read: Direction::new((Thing::Read, key)), write: Direction::new((Thing::Write, key)) }
    }

    /// Handles an event: the wakers of the tasks that waited for it go to `woken`.
    pub(crate) fn event(&self, event: Event, woken: &mut Vec<Waker>) {
        let before = woken.len();
        record_ready(self.key, event.readable, event.writable, event.must_drain);
        if event.readable {
            self.read.event(event.must_drain, woken);
        }
        if event.writable {
            self.write.event(event.must_drain, woken);
        }
        record_due(&woken[before..]);
    }
}

impl Direction {
    fn new(name: (Thing, usize)) -> Self {
        Self {
            name,
            state: AtomicU64::new(READY),
            waiters: Mutex::new(Waiters { first: None, others: None }),
        }
    }

    /// Tries `attempt` while the direction is ready, and waits when it would block.
    ///
    /// `was_last` says whether a result shows that there is no more for now. That spares the attempt that
    /// would find it out.
    pub(crate) fn poll<R>(
        &self,
        cx: &mut Context<'_>,
        mut wait: Wait<'_>,
        mut attempt: impl FnMut() -> io::Result<R>,
        was_last: impl FnOnce(&R) -> bool,
    ) -> Poll<io::Result<R>> {
        std::task::ready!(budget::poll_proceed(cx));
        loop {
            let Some(seen) = self.ready() else {
                self.wait(cx.waker(), &mut wait);
                if self.ready().is_none() || fault("no_look_after_listing") {
                    record_wait(self.name.0, self.name.1, cx.waker());
                    return Poll::Pending; // E1
                }
                continue;
            };
            match attempt() {
                Ok(result) => {
                    if poller::SHORT_IO_MEANS_DRAINED && seen & MUST_DRAIN == 0 && was_last(&result) {
                        self.clear(seen);
                    }
                    budget::spend();
                    return Poll::Ready(Ok(result));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.clear(seen),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    budget::spend();
                    return Poll::Ready(Err(error));
                }
            }
        }
    }

    /// The state, if READY is set in it.
    pub(crate) fn ready(&self) -> Option<u64> {
        // ORDERING[readiness]: Acquire; pairs with the Release in `event`: an attempt comes after the
        // event that it is made for.
        let seen = self.state.load(Ordering::Acquire);
        (seen & READY != 0).then_some(seen)
    }

    /// Clears READY, unless there was an event since `seen` [newer-event-stays].
    pub(crate) fn clear(&self, seen: u64) {
        let seen = if fault("cleared_over_newer") { self.ready().unwrap_or(seen) } else { seen };
        // ORDERING: Relaxed; it publishes nothing. It fails after a newer event, which stays, or another task's clear.
        let _ = self.state.compare_exchange(seen, seen & !READY, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn event(&self, must_drain: bool, woken: &mut Vec<Waker>) {
        let bit = if must_drain { MUST_DRAIN } else { 0 };
        // ORDERING[readiness]: Release publishes the event; pairs with the Acquire of `ready`.
        let next = |state: u64| Some(state.wrapping_add(GENERATION) | READY | bit);
        let before = self.state.fetch_update(Ordering::Release, Ordering::Relaxed, next);
        let must_wake = must_drain && !fault("ends_in_silence");
        if must_wake || before.is_ok_and(|before| before & READY == 0) {
            // E1: READY first, then the wakers; the lock orders us with `wait`.
            lock(&self.waiters).take_all(woken);
        } // E4
    }

    /// Stores the waker until the next event.
    pub(crate) fn wait(&self, waker: &Waker, wait: &mut Wait<'_>) {
        let mut swept = Vec::new();
        let _ = poll_lazily(waker, |waker| {
            let mut waiters = lock(&self.waiters);
            match wait {
                Wait::Poll => waiters.join(waker, &mut swept),
                Wait::Listed(key) => waiters.others().futures.register(key, waker),
            }
            Poll::<()>::Pending
        });
        // `swept` is empty unless too many wakers were stored (see `poll_wakers`). The last of them is then the
        // caller's own: it becomes the probe, and the caller is woken by reference instead. From here on
        // nothing may panic before all are woken: no waker is cloned, and each wake and drop is contained.
        let mut probe = swept.pop();
        if probe.is_some() {
            lock(&self.waiters).others().polls.send(&mut probe);
            wake_all(&mut swept);
            contain_panic(|| waker.wake_by_ref());
            contain_panic(|| drop(probe));
        }
    }

    /// Removes the entry of a future that does not wait any more.
    pub(crate) fn leave(&self, key: Key) {
        let removed: Removed = lock(&self.waiters).others().futures.remove(key);
        drop(removed); // E3. A notice need not be passed on: an event notifies all.
    }
}

impl Waiters {
    fn others(&mut self) -> &mut Others {
        self.others
            .get_or_insert_with(|| Box::new(Others { polls: PollWakers::new(), futures: WaitList::new() }))
    }

    /// Stores a waker, unless it is there already.
    fn join(&mut self, waker: &mut LazyWaker<'_>, swept: &mut Vec<Waker>) {
        match &self.first {
            None => _ = waker.store(&mut self.first),
            Some(first) if waker.is_stored_as(first) => {}
            Some(_) if fault("others_forgotten") => {}
            Some(_) => self.others().polls.join(waker, swept),
        }
    }

    fn take_all(&mut self, woken: &mut Vec<Waker>) {
        woken.extend(self.first.take());
        if let Some(others) = &mut self.others {
            others.polls.take_all(woken);
            others.futures.drain(woken);
        }
    }
}

#[cfg(all(test, loom))]
mod model;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn clearing_never_loses_a_newer_event() {
        let direction = Direction::new((Thing::Read, 0));
        let seen = direction.ready().expect("a new source is tried");
        direction.event(false, &mut Vec::new());
        direction.clear(seen);
        assert!(direction.ready().is_some(), "the event came after the attempt began");
    }

    #[test]
    fn clearing_the_current_generation_clears() {
        let direction = Direction::new((Thing::Read, 0));
        direction.clear(direction.ready().expect("a new source is tried"));
        assert!(direction.ready().is_none());
    }

    #[test]
    fn a_mark_stays() {
        let direction = Direction::new((Thing::Read, 0));
        direction.event(true, &mut Vec::new());
        direction.event(false, &mut Vec::new());
        assert_ne!(direction.ready().expect("ready") & MUST_DRAIN, 0);
    }
}
