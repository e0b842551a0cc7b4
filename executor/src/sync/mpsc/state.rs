//! What the ends of a channel share, and each step that changes it.
//!
//! Room becomes free in three ways: by a receive, by a send that gives up, and by a permit that is dropped. If each
//! counted by itself, one of them would forget a waiter. So every step is here, and returns the wakers of those who
//! can go on because of it. The caller wakes them after it has released the lock [no-user-code].
//!
//! ```text
//!   Open ──close──▶ Closed ──the receiver is dropped──▶ Gone
//!     └────────────────────────────────────────────────▲
//! ```
//!
//! Called by the other files of `mpsc`. Next: `room`.

use std::collections::VecDeque;
use std::mem;
use std::ptr;
use std::task::Waker;

use reactor::shim::{self, fault};
use reactor::trim::{KEEP, Trim};
use reactor::wait_list::{WaitList, wake};

/// In this order of the fields the lock and all that an ordinary send or receive writes are in one cache line.
/// Four senders and a receiver on two cores take 86 ns per value; in the compiler's order it is 120 ns.
#[repr(C, align(64))]
pub(super) struct Shared<T> {
    pub(super) state: shim::Mutex<State<T>>,
    pub(super) capacity: usize,
}

/// Fields in the order that [`Shared`] needs.
#[repr(C)]
pub(super) struct State<T> {
    pub(super) queue: VecDeque<T>,
    /// The receiver's waker while it waits.
    pub(super) receiver: Option<Waker>,
    /// Room that is promised to senders, or given as permits.
    pub(super) promised: usize,
    pub(super) senders: usize,
    pub(super) end: End,
    /// How many permits there are.
    pub(super) permits: usize,
    /// The senders that wait for room.
    pub(super) waiters: WaitList,
    /// The senders that wait for the end of the receiver.
    pub(super) closing: WaitList,
}

/// How far the receiver has ended the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Open,
    /// It takes what is queued and what permits send.
    Closed,
    /// It was dropped.
    Gone,
}

impl<T> Shared<T> {
    /// Identifies the channel in a recording.
    pub(super) fn id(&self) -> usize {
        ptr::from_ref(self).addr()
    }
}

impl<T> State<T> {
    pub(super) fn is_closed(&self) -> bool {
        self.end != End::Open
    }

    /// Whether nothing can be queued any more.
    pub(super) fn is_over(&self) -> bool {
        self.senders == 0 || self.is_closed() && self.permits == 0 // [permits-outlive-close]
    }

    /// Where to wait for the end of the receiver; `None` if there is nothing to wait for.
    pub(super) fn closing(&mut self) -> Option<&mut WaitList> {
        if self.is_closed() { None } else { Some(&mut self.closing) }
    }

    pub(super) fn has_room(&self, capacity: usize) -> bool {
        self.queue.len() + self.promised < capacity
    }

    /// Promises room that was just freed to the first sender that waits [room-is-promised].
    pub(super) fn promise(&mut self) -> Option<Waker> {
        if self.promised > 0 && fault("one_promise_at_a_time") {
            return None;
        }
        let waker = self.waiters.pop()?;
        self.promised += 1;
        Some(waker)
    }

    /// Queues a value. Returns the receiver's waker.
    pub(super) fn push(&mut self, value: T) -> Option<Waker> {
        self.queue.push_back(value);
        self.receiver.take() // [first-push-wakes]
    }

    /// Takes the oldest value, and promises its room.
    pub(super) fn take(&mut self) -> Option<(T, Option<Waker>)> {
        let value = self.queue.pop_front()?;
        self.queue.trim(KEEP);
        Some((value, self.promise()))
    }

    /// Takes back a promise that is not used.
    pub(super) fn give_back(&mut self) -> Option<Waker> {
        self.promised -= 1;
        if fault("room_freed_in_silence") { None } else { self.promise() }
    }

    /// A permit's room is used by what it sends. Returns the value if the receiver is gone.
    pub(super) fn use_permit(&mut self, value: T) -> Result<Option<Waker>, T> {
        self.permits -= 1;
        self.promised -= 1;
        if self.end == End::Gone { Err(value) } else { Ok(self.push(value)) }
    }

    /// A permit is not used [permit-passed-on]. In a closed channel the last one wakes the receiver.
    pub(super) fn drop_permit(&mut self) -> Option<Waker> {
        self.permits -= 1;
        let next = if fault("permit_keeps_room") { None } else { self.give_back() };
        let ends = self.is_closed() && self.permits == 0 && !fault("last_permit_is_silent");
        if ends { self.receiver.take() } else { next }
    }

    /// Ends the channel for senders. Appends the wakers of all who wait [end-wakes-all].
    pub(super) fn close(&mut self, end: End, woken: &mut Vec<Waker>) {
        self.end = end;
        self.promised = self.permits; // [permits-outlive-close]
        if !fault("waiting_senders_left") {
            self.waiters.drain(woken);
        }
        if !fault("end_unheard") {
            self.closing.drain(woken);
        }
    }

    /// What is left when the receiver is dropped: the queue, and its own waker.
    pub(super) fn leave(&mut self) -> (VecDeque<T>, Option<Waker>) {
        let own = if fault("waker_left_behind") { None } else { self.receiver.take() };
        (mem::take(&mut self.queue), own)
    }
}

/// Wakes a waiter, if there is one.
pub(super) fn wake_some(waiter: Option<Waker>) {
    if let Some(waker) = waiter {
        wake(waker);
    }
}
