//! How a thread waits: in the reactor, as its driver, or parked on standby.
//!
//! A program has one reactor and many threads. If two threads waited in it, one event would wake both. If no
//! thread did, no event would be seen. So one thread drives the reactor, and the others stand by. `roster`
//! decides which, as a state machine without a lock, a clock or a system call. This file adds those three.
//!
//! ```text
//!   lock ─▶ a transition of the roster ─▶ unlock ─▶ wake the thread it names ─▶ turn, or park, as it says
//! ```
//!
//! - P1  Under the lock there are only transitions of the roster, and readings of the clock: no wait and no wake.
//!   Besides a recording, only the standby list allocates there.
//! - P2  A thread takes its notification when its wait ends [take-then-look]. A thread that has a notification
//!   does not wait.
//!
//! Called by `block_on` and the pool's workers. Next: `local`.

pub(crate) mod parker;
pub(crate) mod rescue;
mod roster;

use std::cell::Cell;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use reactor::record::{Kind, WaitEnd, note, record_park};
use reactor::shim::{Mutex, MutexGuard, lock, now, park_timeout, statics, thread};
use reactor::spin::spin_while;

use crate::trace::record_if_asked;
use parker::{DRIVING, PARKED, Parker, RUN};
use rescue::{TICK, is_due, rescue_pools};
pub(crate) use roster::Role;
use roster::{Cause, Limit, Next, Roster, Wait, Wake};

/// The roster of the process, and when one of its threads last returned from the reactor.
struct Driver {
    roster: Roster<Arc<Parker>>,
    last_turn: Option<Instant>,
}

statics! { static DRIVER: Mutex<Driver> = Mutex::new(Driver { roster: Roster::new(), last_turn: None }); }

/// The calling thread's membership in the roster. Dropping it leaves.
pub(crate) struct Participant {
    pub(crate) parker: Arc<Parker>,
    role: Role,
    /// When it last took the reactor's events without waiting, or tried to.
    looked: Cell<Option<Instant>>,
}

impl Participant {
    /// Adds the calling thread to the roster.
    pub(crate) fn enter(role: Role) -> Self {
        record_if_asked();
        let wake = lock(&DRIVER).roster.enter(role);
        wake.deliver();
        Self { parker: Parker::current(), role, looked: Cell::new(None) }
    }

    /// Waits until the thread is unparked or the reactor has an event, and wakes the wakers of the events. It
    /// may also return for no reason: the caller looks at its queues and calls again.
    pub(crate) fn wait(&self, woken: &mut Vec<Waker>) {
        let mut driver = lock(&DRIVER);
        let last_turn = driver.last_turn;
        match driver.roster.wait(self.role, || is_due(last_turn)) {
            Wait::Drive => self.drive(driver, RUN, woken),
            Wait::StandBy => self.stand_by(driver, woken),
        }
    }

    /// Takes the reactor's events without waiting, if no thread drives. For a thread that always has work: a
    /// worker, or one in `block_on`. If there is no monitor and there are several workers, it also does the
    /// monitor's work [rescued-each-tick]. A single worker has no other worker to give tasks to.
    pub(crate) fn poll_reactor(&self, woken: &mut Vec<Waker>) {
        let often = !is_due(self.looked.replace(Some(now()))) && self.role == Role::Worker;
        let mut driver = lock(&DRIVER);
        let rescues = driver.roster.lacks_monitor();
        let drives = driver.roster.drive_unless_driven(&self.parker, self.role, often);
        drop(driver);
        if drives {
            reactor::turn(Some(Duration::ZERO), woken);
            Self::stop_driving();
            reactor::wake_all(woken);
        }
        if rescues {
            rescue_pools();
        }
    }

    fn drive(&self, mut driver: MutexGuard<'static, Driver>, from: u8, woken: &mut Vec<Waker>) {
        if !self.parker.begin(from, DRIVING) {
            let wake = driver.roster.decline();
            drop(driver);
            wake.deliver();
            self.parker.take_notification(); // P2
            return;
        }
        let limit = driver.roster.drive(&self.parker, self.role);
        drop(driver);
        record_park(true, limit == Limit::Tick, Arc::as_ptr(&self.parker).addr());

        reactor::turn(limit.duration(), woken);

        let notified = self.parker.take_notification();
        note(Kind::Unpark, if notified { WaitEnd::Notified } else { WaitEnd::Turn } as u8, 0);
        Self::stop_driving();
        reactor::wake_all(woken);
        if limit == Limit::Tick {
            rescue_pools();
        }
    }

    /// Gives up the driver's role before the wakers of the events run: what they run may take long.
    fn stop_driving() {
        let time = now();
        let mut driver = lock(&DRIVER);
        driver.last_turn = Some(time);
        let wake = driver.roster.stop_driving();
        drop(driver);
        wake.deliver();
    }

    fn stand_by(&self, mut driver: MutexGuard<'static, Driver>, woken: &mut Vec<Waker>) {
        if !self.parker.begin(RUN, PARKED) {
            drop(driver);
            self.parker.take_notification(); // P2
            return;
        }
        let (mut limit, mut wake) = driver.roster.stand_by(&self.parker, self.role);
        loop {
            record_park(false, limit == Limit::Tick, Arc::as_ptr(&self.parker).addr());
            drop(driver);
            wake.deliver();
            spin_while(|| self.parker.is_parked());
            let ticked = park(limit);
            driver = lock(&DRIVER);
            let cause = match (self.parker.is_parked(), ticked) {
                (false, _) => Cause::Notified,
                (true, true) => Cause::Ticked { overdue: is_due(driver.last_turn) },
                (true, false) => Cause::Called,
            };
            let (next, then) = driver.roster.awake(&self.parker, self.role, cause);
            wake = then;
            note(Kind::Unpark, WaitEnd::new(cause == Cause::Notified, ticked) as u8, 0);
            match next {
                Next::WaitOn(new) => limit = new,
                Next::Run => break,
                Next::Drive => return self.drive(driver, PARKED, woken),
            }
        }
        drop(driver);
        wake.deliver();
        self.parker.take_notification();
        if limit == Limit::Tick {
            rescue_pools();
        }
    }
}

impl Drop for Participant {
    fn drop(&mut self) {
        let wake = lock(&DRIVER).roster.leave(self.role);
        wake.deliver();
    }
}

impl Wake<Arc<Parker>> {
    /// Wakes without a notification: the woken thread looks at the roster again. Called without the lock
    /// (P1).
    fn deliver(self) {
        match self {
            Self::Nobody => {}
            Self::Thread(parker) => parker.thread.unpark(),
            Self::Driver => reactor::notify(),
        }
    }
}

impl Limit {
    fn duration(self) -> Option<Duration> {
        (self == Self::Tick).then_some(TICK)
    }
}

/// Parks the thread. Returns whether it was limited to a tick and the tick has passed.
fn park(limit: Limit) -> bool {
    let Some(tick) = limit.duration() else {
        thread::park();
        return false;
    };
    let begin = Some(now());
    park_timeout(tick);
    is_due(begin)
}

#[cfg(all(test, not(loom)))]
mod tests;
