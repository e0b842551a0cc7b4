//! How a thread waits: one drives the reactor, the others stand by.
//!
//! ```text
//!                    ┌───────────── unpark, or an event ─────────────┐
//!                    ▼                                               │
//!   running ──wait──▶ the seat free? ──yes──▶ DRIVING  in the reactor, until the next deadline
//!                    │ no
//!                    └──────────────────────▶ PARKED   stands by; one of those that wait is the watch
//! ```
//!
//! Whoever has the seat drives: waits in the reactor, one thread at a time. A guest is a thread in
//! `block_on`; the other threads that wait here are workers of a pool. Whoever stands by waits awake for a
//! moment before it sleeps, if its last wait was short (see the reactor's `wait_awake`).
//!
//! K2  Who drives, who stands by and who watches is known under one lock.
//! K3  While a thread runs, one of the waiting threads is the watch: it wakes every [`TICK`]. If
//!     nobody drove meanwhile it drives, so that one long poll does not stop all sockets; so does
//!     whoever comes to wait when the last turn is older than that. And the watch rescues what is left behind
//!     a long poll: the task in a busy worker's slot, and what stands in queues while a worker sleeps. Where
//!     none waits, those that run do it when they look at the reactor.
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
    /// A guest that stood by had to drive, because no worker came back for a TICK, or there was none: guests
    /// need not wait for that again, until a worker comes.
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
            seat.leave(false); // K3: one that waited while nobody ran may have to watch now.
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
        let mut at = lock(&SEAT);
        let watch = !at.watched && at.workers > 1;
        let pools = at.neglected_pools(watch);
        if at.driver.is_some() {
            drop(at);
            return rescue(&pools);
        }
        at.driver = Some((Arc::clone(&self.parker), self.rank));
        drop(at);
        reactor::turn(Some(Duration::ZERO), woken);
        lock(&SEAT).get_up(self.rank);
        reactor::wake_all(woken);
        rescue(&pools);
    }

    fn drive(&self, mut at: MutexGuard<'static, Seat>, woken: &mut Vec<Waker>) {
        if !self.parker.begin(DRIVING) {
            at.leave(false); // K6
            drop(at);
            self.parker.take_notification();
            return;
        }
        at.driver = Some((Arc::clone(&self.parker), self.rank));
        at.vacant = false;
        let watch = at.become_watch();
        drop(at);

        reactor::turn(watch.then_some(TICK), woken);

        self.parker.take_notification();
        let mut at = lock(&SEAT);
        at.watched &= !watch;
        at.get_up(self.rank);
        let pools = at.neglected_pools(watch);
        drop(at);
        reactor::wake_all(woken);
        rescue(&pools);
    }

    fn stand_by(&self, mut at: MutexGuard<'static, Seat>, woken: &mut Vec<Waker>) {
        if !self.parker.begin(PARKED) {
            drop(at);
            self.parker.take_notification();
            return;
        }
        at.standby.push((Arc::clone(&self.parker), self.rank));
        if let (Rank::Worker, Some((driver, Rank::Guest))) = (self.rank, &at.driver) {
            driver.unpark(); // K4: it gives way, see `leave`.
        }
        let wait = Wait::begin();
        let (drives, ticked) = loop {
            let watch = at.become_watch();
            drop(at);
            wait.awake(|| self.parker.is_parked());
            let ticked = park(watch);
            at = lock(&SEAT);
            at.watched &= !watch;
            let ticked = ticked && at.somebody_runs(); // K5: else it needs no watch any more.
            let drives = at.driver.is_none() && (at.vacant || ticked && is_long_ago(at.last_turn));
            if drives || ticked || !self.parker.is_parked() {
                break (drives, ticked);
            }
        };
        drop(wait);
        at.step_back(&self.parker);
        let notified = self.parker.take_notification();
        if drives && !notified {
            at.neglected = self.rank == Rank::Guest;
            return self.drive(at, woken);
        }
        let pools = at.neglected_pools(ticked);
        at.leave(false); // K1, K6
        drop(at);
        rescue(&pools);
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut seat = lock(&SEAT);
        seat.present -= 1;
        seat.workers -= usize::from(self.rank == Rank::Worker);
        seat.leave(!mutant("seat_left_in_silence"));
    }
}

impl Seat {
    /// Whether one that may wait does not.
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
    fn neglected_pools(&mut self, watch: bool) -> Vec<Weak<dyn Watched>> {
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
        self.leave(rank == Rank::Guest && worker_waits);
    }

    /// A thread has stopped waiting: somebody else watches; with `hand_over` somebody else drives.
    fn leave(&mut self, hand_over: bool) {
        self.vacant = (self.vacant || hand_over) && self.driver.is_none();
        let may_drive = |rank| rank == Rank::Worker || self.workers == 0;
        let heir = self.standby.iter().rev().find(|(_, rank)| may_drive(*rank));
        match (heir, self.standby.first(), &self.driver) {
            (Some((heir, _)), _, None) if self.vacant => heir.thread.unpark(),
            // It finds that it was not notified, and becomes the watch.
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
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const DEADLINE: Duration = Duration::from_secs(20);

    struct Nothing;

    impl Watched for Nothing {
        fn rescue(&self) {}
    }

    fn pool() -> Arc<dyn Watched> {
        Arc::new(Nothing)
    }

    fn seat(present: usize, workers: usize) -> Seat {
        Seat {
            driver: None,
            standby: Vec::new(),
            vacant: false,
            watched: false,
            neglected: false,
            last_turn: None,
            present,
            workers,
            pools: Vec::new(),
            rescued: None,
        }
    }

    #[test]
    fn one_of_those_that_wait_is_the_watch_while_somebody_runs() {
        let mut seat = seat(3, 3);
        seat.driver = Some((Parker::new(), Rank::Worker));
        seat.standby.push((Parker::new(), Rank::Worker));
        assert!(seat.become_watch());
        assert!(!seat.become_watch(), "there is one");
        seat.watched = false;
        seat.standby.push((Parker::new(), Rank::Worker));
        assert!(!seat.become_watch(), "nobody runs");
        seat.driver = None;
        assert!(seat.become_watch());
    }

    #[test]
    fn the_watch_looks_after_the_pools_once_a_tick() {
        let (mut seat, pool) = (seat(2, 2), pool());
        seat.pools.push(Arc::downgrade(&pool));
        assert!(seat.neglected_pools(false).is_empty(), "it is not the watch");
        assert_eq!(seat.neglected_pools(true).len(), 1);
        seat.rescued = Some(now() + HOUR);
        assert!(seat.neglected_pools(true).is_empty(), "it is too early");
        seat.rescued = now().checked_sub(TICK);
        assert_eq!(seat.neglected_pools(true).len(), 1);
        assert!(seat.rescued > now().checked_sub(TICK));
    }

    #[test]
    fn the_seat_is_handed_over_only_when_it_is_free() {
        let mut seat = seat(2, 1);
        seat.driver = Some((Parker::new(), Rank::Guest));
        seat.leave(true);
        assert!(!seat.vacant, "somebody drives");
        seat.get_up(Rank::Guest);
        assert!(!seat.vacant, "no worker waits");
        seat.leave(true);
        assert!(seat.vacant);
        seat.leave(false);
        assert!(seat.vacant, "nobody has taken it yet");
    }

    /// A thread that sleeps until its doorbell is rung, or the thread itself unparked.
    fn sleeper() -> (Arc<Parker>, std::thread::JoinHandle<()>) {
        let (tell, told) = std::sync::mpsc::channel();
        let sleeper = std::thread::spawn(move || {
            tell.send(Parker::current()).unwrap();
            std::thread::park();
        });
        (told.recv().unwrap(), sleeper)
    }

    #[test]
    fn whoever_leaves_wakes_the_heir_of_the_seat_or_the_next_watch() {
        let cases = [
            ("the last worker is the heir", true, [Rank::Worker, Rank::Worker], 1),
            ("a guest is none while there are workers", true, [Rank::Worker, Rank::Guest], 0),
            ("the first one becomes the watch", false, [Rank::Guest, Rank::Worker], 0),
        ];
        for (what, hand_over, ranks, woken) in cases {
            let (mut seat, mut sleepers) = (seat(3, 2), Vec::new());
            for rank in ranks {
                let (parker, sleeper) = sleeper();
                seat.standby.push((parker, rank));
                sleepers.push(sleeper);
            }
            seat.leave(hand_over);
            let deadline = now() + DEADLINE;
            while !sleepers[woken].is_finished() {
                assert!(now() < deadline, "{what}");
                std::thread::yield_now();
            }
            seat.standby.iter().for_each(|(parker, _)| parker.thread.unpark());
            sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
        }
    }

    #[test]
    fn a_guest_takes_the_seat_only_where_no_worker_would() {
        let mut seat = seat(2, 1);
        seat.last_turn = Some(now() + HOUR);
        assert!(seat.is_free_for(Rank::Worker));
        assert!(!seat.is_free_for(Rank::Guest), "the seat is the worker's");
        seat.neglected = true;
        assert!(seat.is_free_for(Rank::Guest), "no worker came");
        seat.neglected = false;
        seat.last_turn = now().checked_sub(TICK);
        assert!(seat.is_free_for(Rank::Guest), "nobody has driven for a TICK");
        seat.last_turn = Some(now() + HOUR);
        seat.workers = 0;
        assert!(seat.is_free_for(Rank::Guest), "there is no worker");
        seat.driver = Some((Parker::new(), Rank::Guest));
        assert!(!seat.is_free_for(Rank::Worker), "somebody drives");
    }

    #[test]
    fn a_guest_gives_the_seat_to_a_worker_that_waits() {
        for (driver, waits, vacant) in [
            (Rank::Guest, Rank::Worker, true),
            (Rank::Guest, Rank::Guest, false),
            (Rank::Worker, Rank::Worker, false),
        ] {
            let mut seat = seat(2, 1);
            seat.driver = Some((Parker::new(), driver));
            seat.standby.push((Parker::new(), waits));
            seat.get_up(driver);
            assert!(seat.driver.is_none() && seat.last_turn.is_some());
            assert_eq!(seat.vacant, vacant);
        }
    }

    #[test]
    fn who_stands_by_no_more_is_alone_in_leaving() {
        let (mut seat, leaves) = (seat(2, 2), Parker::new());
        seat.standby = vec![(Arc::clone(&leaves), Rank::Worker), (Parker::new(), Rank::Guest)];
        seat.step_back(&leaves);
        assert!(matches!(seat.standby[..], [(_, Rank::Guest)]));
    }

    #[test]
    fn a_pool_that_has_gone_is_forgotten() {
        let (gone, here, new) = (pool(), pool(), pool());
        [&gone, &here].into_iter().for_each(|pool| watch_over(Arc::downgrade(pool)));
        drop(gone);
        watch_over(Arc::downgrade(&new));
        assert_eq!(lock(&SEAT).pools.len(), 2);
    }
}
