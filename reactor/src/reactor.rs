//! The reactor: one turn waits in the system and collects the wakers of all that is ready or due.
//!
//! A task that waits for a socket or a timer has returned `Pending`, so some thread must ask the system for
//! it. A thread for each socket would pay for a stack and a context switch each time. Here any thread that
//! has nothing else to do asks for all sockets and timers in one call, and no thread is reserved for it.
//!
//! ```text
//!   turn:  arm the next deadline ─▶ wait in the poller ─▶ map events to sources ─▶ fire what is due
//!                                        ▲                        │                     │
//!                                   notify, add a deadline        └── wakers, for the caller ──┘
//! ```
//!
//! - N1  One thread is in a turn at a time; a second one returns at once.
//! - N2  A deadline that comes before the armed one notifies (see `clock`).
//! - N3  Timers fire in every turn, whatever the sockets do.
//! - N4  A source's key is its index in the table of sources, with a generation: an event for a source that has
//!   gone matches no source.
//! - N5  Without a poller (there was no source yet, or no descriptor is left) timers work all the same (see
//!   `no_poller`).
//!
//! No waker is called here: the caller does that when the turn is over. Called by the executor.
//! Next: `async_io`.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::{Arc, TryLockError};
use std::task::Waker;
use std::time::Duration;

use slab::Slab;

use crate::explain::explain;
use crate::poller::Poller;
use crate::record::{Kind, count, note, record, record_value};
use crate::shim::{Mutex, OnceLock, fault, lock, statics};
use crate::source::Source;
use crate::{clock, no_poller};

/// Half of a key's bits are the index, the other half the generation (N4).
const INDEX_BITS: u32 = usize::BITS / 2;
/// The generation wraps around at this number. An event is in flight for one turn at most.
const GENERATIONS: usize = 1 << (INDEX_BITS - 1);

/// The poller and its sources.
pub(crate) struct Reactor {
    poller: Poller,
    pub(crate) sources: Mutex<Table>,
}

/// The registered sources.
pub(crate) struct Table {
    pub(crate) slots: Slab<Arc<Source>>,
    generation: usize,
}

statics! {
    pub(crate) static REACTOR: OnceLock<Reactor> = OnceLock::new();
    /// Held by the thread that creates the reactor.
    static CREATING: Mutex<()> = Mutex::new(());
    /// Held by the thread that is in a turn (N1).
    static TURN: Mutex<()> = Mutex::new(());
}

impl Reactor {
    /// Returns the reactor, which the first call creates. After an error the next call tries again.
    pub(crate) fn get() -> io::Result<&'static Self> {
        if let Some(reactor) = REACTOR.get() {
            return Ok(reactor);
        }
        let _one_at_a_time = lock(&CREATING);
        if let Some(reactor) = REACTOR.get() {
            return Ok(reactor);
        }
        let poller = Poller::new().map_err(|error| explain("create the reactor", error))?;
        let sources = Mutex::new(Table { slots: Slab::new(), generation: 0 });
        let reactor = REACTOR.get_or_init(|| Self { poller, sources });
        no_poller::notify();
        // A notification from before there was a poller went to `no_poller`. A turn that looks up the poller
        // only now would miss it, so it is repeated here.
        if !fault("poller_comes_in_silence") {
            reactor.poller.notify();
        }
        Ok(reactor)
    }

    /// Registers a descriptor, in both directions.
    pub(crate) fn register(&self, fd: BorrowedFd<'_>) -> io::Result<Arc<Source>> {
        let source = {
            let mut table = lock(&self.sources);
            table.generation = (table.generation + 1) % GENERATIONS;
            let entry = key(table.slots.vacant_key(), table.generation).ok_or(io::ErrorKind::OutOfMemory)?;
            let source = Arc::new(Source::new(entry, fd.as_raw_fd()));
            table.slots.insert(Arc::clone(&source));
            source
        };
        record_value(Kind::SourceNew, 0, source.key, fd.as_raw_fd() as u64);
        // Outside the lock, and after the entry was made: the first event may come at once.
        self.poller.add(fd, source.key).inspect_err(|_| self.forget(&source))?;
        Ok(source)
    }

    /// Deregisters a source, before its descriptor is closed [deregister-first].
    pub(crate) fn deregister(&self, source: &Source, fd: BorrowedFd<'_>) -> io::Result<()> {
        note(Kind::SourceGone, 0, source.key);
        let deleted = self.poller.delete(fd);
        self.forget(source);
        deleted
    }

    fn forget(&self, source: &Source) {
        let removed = lock(&self.sources).slots.remove(index(source.key));
        drop(removed); // Outside the lock: the last reference drops the wakers.
    }

    /// Waits in the poller, and hands each event to its source. Returns the number of events.
    fn wait(&self, limit: Option<Duration>, woken: &mut Vec<Waker>) -> usize {
        let mut count = 0;
        let mut table = None;
        let waited = self.poller.wait(limit, |event| {
            let table = table.get_or_insert_with(|| lock(&self.sources));
            count += 1;
            if let Some(source) = table.slots.get(index(event.key)).filter(|source| source.key == event.key) {
                source.event(event, woken); // N4
            }
        });
        // A wait fails only through a bug of ours. It is then safest to go on as if there were no event.
        debug_assert!(waited.is_ok(), "{waited:?}");
        count
    }
}

/// The key of a source (N4); `None` if the index has too many bits for its half, as it can on a 32-bit target.
fn key(index: usize, generation: usize) -> Option<usize> {
    (index >> INDEX_BITS == 0).then_some(index | (generation << INDEX_BITS))
}

fn index(key: usize) -> usize {
    key & ((1 << INDEX_BITS) - 1)
}

/// One turn of the reactor: waits until there is an event, a deadline, a [`notify`], or `limit` has
/// passed; then puts the wakers of all that is due or ready into `woken`.
///
/// With `Some(Duration::ZERO)` it takes what is there and does not wait; with `None` it waits without limit.
/// It may return early with nothing. While another thread is in a turn it returns at once, with nothing. It
/// calls no waker: call [`wake_all`](crate::wake_all) afterwards, or the tasks are not woken.
///
/// This is for executors; programs use `block_on` of the crate `executor`.
///
/// ```
/// let mut woken = Vec::new();
/// reactor::notify();
/// reactor::turn(None, &mut woken); // Returns, because it was notified.
/// reactor::wake_all(&mut woken);
/// ```
pub fn turn(limit: Option<Duration>, woken: &mut Vec<Waker>) {
    let _turn = match TURN.try_lock() {
        Ok(turn) => turn,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return, // N1
    };
    let wait = clock::arm(limit);
    let events = match REACTOR.get() {
        Some(reactor) => reactor.wait(wait, woken),
        None => {
            no_poller::wait(wait, || REACTOR.get().is_some());
            0
        }
    };
    let fired = clock::fire(woken); // N3
    count(Kind::Event, events);
    count(Kind::TimerFired, fired);
    record(Kind::Turn, events);
}

/// Makes the turn under way return, or the next one if there is none. A notification is never lost; several
/// may end the same turn. It may be called from any thread, at any time.
///
/// ```
/// reactor::notify();
/// reactor::turn(None, &mut Vec::new()); // Without the notification it would wait forever.
/// ```
pub fn notify() {
    if REACTOR.get().is_none() {
        no_poller::notify();
    }
    // Looked up again: a poller may have come meanwhile, and a turn may wait there.
    if let Some(reactor) = REACTOR.get() {
        reactor.poller.notify();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_slot_that_is_used_again_gets_another_key() {
        let reactor = Reactor::get().unwrap();
        let (near, _far) = UnixStream::pair().unwrap();
        let mut keys = Vec::new();
        for _ in 0..3 {
            let source = reactor.register(near.as_fd()).unwrap();
            keys.push(source.key);
            reactor.deregister(&source, near.as_fd()).unwrap();
        }
        assert!(keys.iter().all(|&key| index(key) == index(keys[0])), "no slot was used again");
        keys.dedup();
        assert_eq!(keys.len(), 3, "N4");
    }

    /// On a target of 32 bits the table can have that many sources.
    #[test]
    fn an_index_that_does_not_fit_has_no_key() {
        let last = (1 << INDEX_BITS) - 1;
        assert_eq!(key(last, 1).map(index), Some(last));
        assert_eq!(key(last + 1, 1), None, "its key would be that of index 0");
    }
}
