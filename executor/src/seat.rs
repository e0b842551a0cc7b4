//! How a thread waits: one drives the reactor, the others stand by.
//!
//! ```text
//!   running ──wait──▶ the seat free? ──yes──▶ DRIVING  in the reactor, until the next deadline
//!      ▲                    │ no                ▲  │
//!      │                    ▼                   │  │
//!      │                 PARKED ────────────────┘  │  handed the seat, or nobody drove for a TICK
//!      │                    │                      │
//!      └────────────────────┴──────────────────────┘  unparked, or an event
//! ```
//!
//! The process has one seat. Whoever has it drives: waits in the reactor. The others stand by. A guest is a
//! thread in `block_on`; the other threads that wait here are workers of a pool. Whoever stands by waits awake
//! for a moment before it sleeps, if its last wait was short (see the reactor's `wait_awake`).
//!
//! K2  Who drives, who stands by and who watches is known under one lock.
//! K3  While a thread runs, one of those that wait, the driver too, is the watch: it wakes every [`TICK`]. If
//!     nobody has driven for a TICK it drives, so that one long poll does not stop all sockets; so does a
//!     thread that comes to wait then. The watch also rescues what a long poll holds up: the tasks in a busy
//!     worker's slot and deque, one by one, and tasks in queues while a worker sleeps. Where no thread waits, a
//!     busy worker rescues them when it looks at the reactor.
//! K4  The seat is the workers' before it is a `block_on` thread's: a task woken by a socket is run
//!     by the thread that polled the socket.
//! K5  Where all threads wait nobody is the watch: idling costs nothing.
//! K6  Whoever frees the seat, or does not take it after all, sees to it that one of those that stand by
//!     takes it or watches: they came when it was taken, and nobody else will tell them.
//!
//! K1 is in `parker`. Called by `block_on` and the pool's workers. Next: `inbox`.

use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::{Duration, Instant};

use reactor::shim::{Mutex, MutexGuard, lock, mutant, now, park_timeout, statics, thread};
use reactor::wait_awake::Wait;

use crate::metrics;
use crate::parker::{DRIVING, PARKED, Parker};

/// How often the watch looks, while something runs.
const TICK: Duration = Duration::from_millis(5);

/// Which threads have the seat first (K4).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    /// A thread in `block_on`.
    Guest,
    /// A pool's worker.
    Worker,
}

/// A pool, as the watch sees it.
pub(crate) trait Watched: Send + Sync {
    /// Sees to it that what waits behind a long poll is run elsewhere (K3).
    fn rescue(&self);
}

/// Who waits, and how (K2).
struct Seat {
    driver: Option<(Arc<Parker>, Rank)>,
    standby: Vec<(Arc<Parker>, Rank)>,
    /// The seat was handed over: whoever stands by and wakes may take it at once.
    vacant: bool,
    /// One of those that wait wakes every TICK.
    watched: bool,
    /// A guest that stood by had to drive, for no worker did: until a worker comes to wait, guests take a free
    /// seat at once.
    neglected: bool,
    /// When the reactor turned last: that must not be long ago while something runs (K3).
    last_turn: Option<Instant>,
    /// Threads that are in `block_on`, or workers: those that run, and those that wait.
    present: usize,
    workers: usize,
    pools: Vec<Weak<dyn Watched>>,
    /// When the pools were last looked after.
    rescued: Option<Instant>,
}

statics! {
    static SEAT: Mutex<Seat> = Mutex::new(Seat {
        driver: None,
        standby: Vec::new(),
        vacant: false,
        watched: false,
        neglected: false,
        last_turn: None,
        present: 0,
        workers: 0,
        pools: Vec::new(),
        rescued: None,
    });
}

/// A thread that may wait; it leaves when this is dropped.
pub(crate) struct Presence {
    pub(crate) parker: Arc<Parker>,
    rank: Rank,
}

impl Presence {
    /// The calling thread comes.
    pub(crate) fn enter(rank: Rank) -> Self {
        let mut seat = lock(&SEAT);
        seat.present += 1;
        if rank == Rank::Worker {
            seat.workers += 1;
            seat.call_next(false); // K3: one that waited while nobody ran may have to watch now.
        }
        Self { parker: Parker::current(), rank }
    }

    /// Waits until the thread is unparked or the reactor had something; wakes what the reactor
    /// found. It may also return for no reason: the caller looks at its queues and comes again.
    pub(crate) fn wait(&self, woken: &mut Vec<Waker>) {
        metrics::count(|counters| &counters.parks);
        let mut seat = lock(&SEAT);
        if self.rank == Rank::Worker {
            seat.neglected = false;
        }
        if seat.is_free_for(self.rank) {
            self.drive(seat, woken);
        } else {
            self.stand_by(seat, woken);
        }
    }

    /// Takes what the reactor has now, without waiting, if nobody drives. For a thread that always
    /// has work; now and then it does the watch's work too, if no thread waits that could be the watch (K3).
    pub(crate) fn poll_reactor(&self, woken: &mut Vec<Waker>) {
        let mut seat = lock(&SEAT);
        let watch = !seat.watched && seat.workers > 1; // A lone worker has nobody to rescue.
        let pools = seat.pools_to_rescue(watch);
        if seat.driver.is_some() {
            drop(seat);
            return rescue(&pools);
        }
        seat.driver = Some((Arc::clone(&self.parker), self.rank));
        drop(seat);
        reactor::turn(Some(Duration::ZERO), woken);
        lock(&SEAT).get_up(self.rank);
        reactor::wake_all(woken);
        rescue(&pools);
    }

    fn drive(&self, mut seat: MutexGuard<'static, Seat>, woken: &mut Vec<Waker>) {
        if !self.parker.begin(DRIVING) {
            seat.call_next(false); // K6
            self.parker.take_notification();
            return;
        }
        seat.driver = Some((Arc::clone(&self.parker), self.rank));
        seat.vacant = false;
        let watch = seat.become_watch();
        drop(seat);

        reactor::turn(watch.then_some(TICK), woken);

        self.parker.take_notification();
        let mut seat = lock(&SEAT);
        seat.watched &= !watch;
        seat.get_up(self.rank);
        let pools = seat.pools_to_rescue(watch);
        drop(seat);
        reactor::wake_all(woken);
        rescue(&pools);
    }

    fn stand_by(&self, mut seat: MutexGuard<'static, Seat>, woken: &mut Vec<Waker>) {
        if !self.parker.begin(PARKED) {
            self.parker.take_notification();
            return;
        }
        seat.standby.push((Arc::clone(&self.parker), self.rank));
        if let (Rank::Worker, Some((driver, Rank::Guest))) = (self.rank, &seat.driver) {
            driver.unpark(); // K4: it gives way, see `get_up`.
        }
        let wait = Wait::begin();
        let (drives, watch) = loop {
            let watch = seat.become_watch();
            drop(seat);
            wait.awake(|| self.parker.is_parked());
            let ticked = park(watch);
            seat = lock(&SEAT);
            seat.watched &= !watch;
            let ticked = ticked && seat.somebody_runs(); // K5: else it needs no watch any more.
            let drives = seat.driver.is_none() && (seat.vacant || ticked && is_long_ago(seat.last_turn));
            if drives || ticked || !self.parker.is_parked() {
                break (drives, watch);
            }
        };
        drop(wait);
        seat.step_back(&self.parker);
        let notified = self.parker.take_notification();
        if drives && !notified {
            seat.neglected = self.rank == Rank::Guest;
            return self.drive(seat, woken);
        }
        let pools = seat.pools_to_rescue(watch);
        seat.call_next(false); // K1, K6
        drop(seat);
        rescue(&pools);
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut seat = lock(&SEAT);
        seat.present -= 1;
        seat.workers -= usize::from(self.rank == Rank::Worker);
        seat.call_next(!mutant("seat_left_in_silence"));
    }
}

impl Seat {
    /// Whether a thread that is present neither drives nor stands by.
    fn somebody_runs(&self) -> bool {
        self.present > self.standby.len() + usize::from(self.driver.is_some())
    }

    /// Whether one that comes to wait may drive: a guest only where no worker would (K4), or when the last
    /// turn is long ago (K3).
    fn is_free_for(&self, rank: Rank) -> bool {
        let workers_come_first = rank == Rank::Guest && self.workers > 0 && !self.neglected;
        self.driver.is_none() && (!workers_come_first || is_long_ago(self.last_turn))
    }

    /// Makes the thread that is about to wait the watch, if there is none and something runs (K3, K5).
    fn become_watch(&mut self) -> bool {
        let watch = !self.watched && self.somebody_runs();
        self.watched |= watch;
        watch
    }

    /// The pools to look after, if the caller is the watch and nobody has looked for a TICK.
    fn pools_to_rescue(&mut self, watch: bool) -> Vec<Weak<dyn Watched>> {
        if !watch || !is_long_ago(self.rescued) {
            return Vec::new();
        }
        self.rescued = Some(now());
        self.pools.clone()
    }

    /// The driver gets up (K6). A guest gives the seat to a worker that waits (K4).
    fn get_up(&mut self, rank: Rank) {
        self.driver = None;
        self.last_turn = Some(now());
        let worker_waits = self.standby.iter().any(|(_, rank)| *rank == Rank::Worker);
        self.call_next(rank == Rank::Guest && worker_waits);
    }

    /// Wakes whoever has to act now (K6): with `hand_over` the next driver, else the next watch, if there
    /// is none.
    fn call_next(&mut self, hand_over: bool) {
        self.vacant = (self.vacant || hand_over) && self.driver.is_none();
        let may_drive = |rank| rank == Rank::Worker || self.workers == 0;
        let heir = self.standby.iter().rev().find(|(_, rank)| may_drive(*rank));
        match (heir, self.standby.first(), &self.driver) {
            (Some((heir, _)), _, None) if self.vacant => heir.thread.unpark(),
            // Woken without a notification it becomes the watch; so does a driver, when it waits again.
            (_, Some((parker, _)), _) if !self.watched => parker.thread.unpark(),
            (_, None, Some(_)) if !self.watched => reactor::notify(),
            _ => {}
        }
    }

    /// A thread stands by no more.
    fn step_back(&mut self, parker: &Arc<Parker>) {
        self.standby.retain(|(other, _)| !Arc::ptr_eq(other, parker));
    }
}

/// Whether something that must be done once a TICK is due.
fn is_long_ago(last: Option<Instant>) -> bool {
    last.is_none_or(|last| now().duration_since(last) >= TICK)
}

/// Parks the thread, the watch for a TICK at most. Answers whether a watch's TICK has passed.
fn park(watch: bool) -> bool {
    if !watch {
        thread::park();
        return false;
    }
    let begin = Some(now());
    park_timeout(TICK);
    is_long_ago(begin)
}

/// Lets the watch see a pool, as long as it exists.
pub(crate) fn watch_over(pool: Weak<dyn Watched>) {
    let mut seat = lock(&SEAT);
    seat.pools.retain(|pool| pool.strong_count() > 0);
    seat.pools.push(pool);
}

fn rescue(pools: &[Weak<dyn Watched>]) {
    for pool in pools.iter().filter_map(Weak::upgrade) {
        pool.rescue();
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
