//! Which thread drives the reactor and which is the monitor, as a state machine: no lock, no clock, no system
//! call.
//!
//! Without these rules all threads may sleep while none waits in the reactor, and an event wakes no task. Or
//! each event wakes a second thread that has nothing to do, which costs a system call. Two simpler designs
//! were rejected. A dedicated reactor thread costs a hop between threads for each event. Waking a second
//! thread whenever the driver returns with events costs a system call each time. Here one waiting thread, the
//! monitor (Go's sysmon), wakes once per tick of a few milliseconds instead, and only while other threads run.
//!
//! ```text
//!              wait: Drive                       stop_driving
//!   running ─────────────────────▶ driving ─────────────────────▶ running
//!      │                              ▲
//!      │ wait: StandBy                │ awake: Drive
//!      └─────────────────▶ standby ───┴── awake: Run ───────────▶ running
//!                           ▲   │
//!                           └───┘ awake: WaitOn
//! ```
//!
//! - [one-driver]  Of the threads that wait, at most one drives and at most one is the monitor. One thread
//!   may be both.
//! - [monitor]  While a worker runs, or a thread runs and no thread drives, one of the waiting threads, if there
//!   are any, is the monitor. When all threads wait there is no monitor: an idle program uses no CPU.
//! - [one-waits-in-it]  When all threads wait, one of them drives.
//! - [workers-first]  The driver's role is reserved for the workers, so that a task is run by the thread
//!   that polled its socket. A thread in `block_on` takes the role when there is no worker, or when no
//!   thread has driven for a tick. If it took the role on standby, as the monitor at its tick, the role is no
//!   longer reserved. It is reserved again when a worker enters, waits, or polls the reactor at least once a tick.
//! - [pass-it-on]  A thread that stops driving, or leaves, makes sure that [monitor] and [one-waits-in-it]
//!   still hold: it offers the role to a successor, or wakes a thread that becomes the monitor.
//!
//! A transition returns the wake that is due, and the caller delivers it after it has released its lock. The
//! wake may come late: the thread that it wakes looks at the state again (`awake`). The search in
//! `roster/search` tries every interleaving of two and three threads.
//!
//! Called by `driver`. Next: `driver`.

use reactor::shim::fault;

/// Why a thread waits here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// It is in `block_on`.
    BlockOn,
    /// It is a pool's worker.
    Worker,
}

/// Which thread waits in the reactor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Driver<T> {
    Nobody,
    /// No thread yet; one on standby was woken to take the role.
    Offered,
    Driving(T, Role),
}

/// The threads that may wait: `T` is how one of them is woken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Roster<T> {
    driver: Driver<T>,
    /// The threads that wait and do not drive, the most recent one at the end.
    standby: Vec<(T, Role)>,
    monitor: Option<T>,
    /// Only workers drive [workers-first].
    reserved: bool,
    /// All threads, running or waiting: the workers, and those in `block_on`.
    threads: usize,
    /// The workers among them.
    workers: usize,
}

/// The thread that the caller wakes after it has released its lock.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wake<T> {
    Nobody,
    /// A thread on standby.
    Thread(T),
    /// The driver, which is in the reactor.
    Driver,
}

/// How a thread is to wait.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Drive,
    StandBy,
}

/// How long a thread waits.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// For a tick: it is the monitor.
    Tick,
    /// Until it is woken.
    Unlimited,
}

/// Why a thread on standby is awake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// There is something for it to do.
    Notified,
    /// It is the monitor, and its tick has passed. `overdue`: no thread has driven for a tick.
    Ticked { overdue: bool },
    /// A [`Wake`] from this file, or a spurious wakeup.
    Called,
}

/// What a thread that is awake does next.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It drives.
    Drive,
    /// It returns to its caller.
    Run,
    /// It stays on standby.
    WaitOn(Limit),
}

impl<T: Clone + PartialEq> Roster<T> {
    /// A roster without threads.
    pub(super) const fn new() -> Self {
        Self {
            driver: Driver::Nobody,
            standby: Vec::new(),
            monitor: None,
            reserved: false,
            threads: 0,
            workers: 0,
        }
    }

    /// A thread enters. It runs.
    pub(super) fn enter(&mut self, role: Role) -> Wake<T> {
        self.check();
        self.threads += 1;
        if role == Role::Worker {
            self.workers += 1;
            self.reserved = true;
        }
        self.ensure_monitor()
    }

    /// A thread that runs leaves.
    pub(super) fn leave(&mut self, role: Role) -> Wake<T> {
        self.check();
        self.threads -= 1;
        self.workers -= usize::from(role == Role::Worker);
        self.reserved &= self.workers > 0;
        if fault("left_in_silence") { Wake::Nobody } else { self.hand_over() }
    }

    /// A running thread wants to wait. Returns how it is to wait; the caller then calls `drive` or
    /// `stand_by`. `overdue` returns whether no thread has driven for a tick.
    pub(super) fn wait(&mut self, role: Role, overdue: impl FnOnce() -> bool) -> Wait {
        self.check();
        self.reserved |= role == Role::Worker;
        let driven = matches!(self.driver, Driver::Driving(..));
        if !driven && (self.may_drive(role) || overdue()) { Wait::Drive } else { Wait::StandBy }
    }

    /// The thread becomes the driver.
    pub(super) fn drive(&mut self, thread: &T, role: Role) -> Limit {
        self.check();
        self.driver = Driver::Driving(thread.clone(), role);
        self.begin_wait(thread)
    }

    /// The thread was about to drive, but has a notification.
    pub(super) fn decline(&mut self) -> Wake<T> {
        self.ensure_monitor()
    }

    /// The thread takes the driver's role without waiting, if it is free. Returns whether it did. `often`: it is a
    /// worker, whose last call was less than a tick ago.
    #[must_use = "if true, the thread drives and must call stop_driving"]
    pub(super) fn drive_unless_driven(&mut self, thread: &T, role: Role, often: bool) -> bool {
        self.reserved |= often && matches!(self.driver, Driver::Driving(_, Role::BlockOn)); // [workers-first]
        let free = self.driver == Driver::Nobody;
        if free {
            self.driver = Driver::Driving(thread.clone(), role);
        }
        free
    }

    /// The driver returns to running. If it is in `block_on`, the role is offered to a waiting worker, if
    /// there is one [workers-first].
    pub(super) fn stop_driving(&mut self) -> Wake<T> {
        self.check();
        let Driver::Driving(thread, role) = std::mem::replace(&mut self.driver, Driver::Nobody) else {
            return Wake::Nobody;
        };
        self.end_wait(&thread);
        let worker_waits = self.standby.iter().any(|(_, role)| *role == Role::Worker);
        if fault("stops_in_silence") {
            return Wake::Nobody;
        }
        if role == Role::BlockOn && worker_waits { self.hand_over() } else { self.ensure_monitor() }
    }

    /// The thread goes on standby.
    pub(super) fn stand_by(&mut self, thread: &T, role: Role) -> (Limit, Wake<T>) {
        self.check();
        self.standby.push((thread.clone(), role));
        let gives_way = role == Role::Worker && matches!(self.driver, Driver::Driving(_, Role::BlockOn));
        (self.begin_wait(thread), if gives_way { Wake::Driver } else { Wake::Nobody }) // [workers-first]
    }

    /// A thread on standby is awake. It leaves standby unless `WaitOn` is returned.
    pub(super) fn awake(&mut self, thread: &T, role: Role, cause: Cause) -> (Next, Wake<T>) {
        self.check();
        self.end_wait(thread);
        let notified = cause == Cause::Notified;
        let ticked = matches!(cause, Cause::Ticked { .. }) && self.wants_monitor();
        let drives = match self.driver {
            Driver::Offered => !notified && self.may_drive(role),
            Driver::Nobody => ticked && cause == Cause::Ticked { overdue: true },
            Driver::Driving(..) => false,
        };
        if !(drives || notified || ticked) {
            return (Next::WaitOn(self.begin_wait(thread)), Wake::Nobody);
        }
        self.standby.retain(|(other, _)| other != thread);
        if drives {
            self.reserved &= role == Role::Worker; // [workers-first]
            return (Next::Drive, Wake::Nobody);
        }
        (Next::Run, self.ensure_monitor())
    }

    /// Whether there is no monitor, so that a busy thread has to do the monitor's work (see `rescue`).
    pub(super) fn lacks_monitor(&self) -> bool {
        self.monitor.is_none() && self.workers > 1
    }

    /// Asserts what holds between two transitions.
    fn check(&self) {
        let waits = |thread: &T| self.standby.iter().any(|(other, _)| other == thread);
        let drives = |thread: &T| matches!(&self.driver, Driver::Driving(other, _) if other == thread);
        debug_assert!(
            self.monitor.as_ref().is_none_or(|thread| waits(thread) || drives(thread)),
            "[one-driver]"
        );
        debug_assert!(!self.standby.iter().any(|(thread, _)| drives(thread)), "[one-driver]");
        debug_assert!(!self.reserved || self.workers > 0, "[workers-first]");
        debug_assert!(self.workers <= self.threads && self.standby.len() <= self.threads);
    }

    fn may_drive(&self, role: Role) -> bool {
        role == Role::Worker || !self.reserved
    }

    /// Whether there has to be a monitor, because of a thread that runs [monitor].
    fn wants_monitor(&self) -> bool {
        let (driving, worker_drives) = match &self.driver {
            Driver::Driving(_, role) => (true, *role == Role::Worker),
            Driver::Nobody | Driver::Offered => (false, false),
        };
        let waiting_workers = self.standby.iter().filter(|(_, role)| *role == Role::Worker).count();
        let worker_runs = self.workers > waiting_workers + usize::from(worker_drives);
        worker_runs || (!driving && self.threads > self.standby.len())
    }

    /// The thread begins to wait: it becomes the monitor, if one is wanted and there is none.
    fn begin_wait(&mut self, thread: &T) -> Limit {
        if self.monitor.is_some() || !self.wants_monitor() {
            return Limit::Unlimited;
        }
        self.monitor = Some(thread.clone());
        Limit::Tick
    }

    /// The thread's wait has ended: it is not the monitor any more.
    fn end_wait(&mut self, thread: &T) {
        if self.monitor.as_ref() == Some(thread) && !fault("monitor_stays") {
            self.monitor = None;
        }
    }

    /// Offers the driver's role to a thread on standby [pass-it-on].
    fn hand_over(&mut self) -> Wake<T> {
        if matches!(self.driver, Driver::Driving(..)) {
            return self.find_monitor();
        }
        let successor = self.standby.iter().rev().find(|(_, role)| self.may_drive(*role));
        let Some((successor, _)) = successor.cloned() else {
            self.driver = Driver::Nobody;
            return self.find_monitor();
        };
        self.driver = Driver::Offered;
        Wake::Thread(successor)
    }

    /// Repeats an offer that no thread has taken yet, or makes sure that there will be a monitor
    /// [pass-it-on].
    fn ensure_monitor(&mut self) -> Wake<T> {
        if self.driver == Driver::Offered && !fault("offer_forgotten") {
            return self.hand_over();
        }
        self.find_monitor()
    }

    /// Wakes a waiting thread, which becomes the monitor when it waits again.
    fn find_monitor(&self) -> Wake<T> {
        let any_waits = !self.standby.is_empty() || matches!(self.driver, Driver::Driving(..));
        if !any_waits || self.monitor.is_some() || !self.wants_monitor() {
            return Wake::Nobody;
        }
        match (self.standby.first(), &self.driver) {
            (Some((thread, _)), _) => Wake::Thread(thread.clone()),
            (None, Driver::Driving(..)) => Wake::Driver,
            (None, Driver::Nobody | Driver::Offered) => Wake::Nobody,
        }
    }
}

#[cfg(test)]
mod search;

#[cfg(all(test, not(loom)))]
mod picture;

#[cfg(all(test, not(loom)))]
mod tests;
