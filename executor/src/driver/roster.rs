//! Who drives the reactor and who watches, as a state machine: no lock, no clock, no system call.
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
//! Without these rules threads sleep while nobody waits in the reactor, and an event reaches nobody; or each
//! event wakes a second thread that has nothing to do, at the price of a system call. Two simpler designs
//! were rejected. A thread of its own for the reactor costs a hop between threads for each event. To wake a
//! second thread whenever the driver comes back with events costs a system call each time; here one waiting
//! thread, the monitor, looks every few milliseconds instead, and only while there is something to look at.
//!
//! [one-driver]  Of the threads that wait at most one drives, and at most one is the monitor. It may be the
//!     same one.
//! [monitor]  While a worker runs, or a thread runs and nobody drives, a thread that waits is the monitor. Where
//!     all threads wait there is none: an idle program uses no CPU.
//! [one-waits-in-it]  Where all threads wait one of them drives.
//! [workers-first]  The driver's role is reserved for the workers, so that a task is run by the thread that
//!     polled its socket. A thread in `block_on` takes it where there is no worker, or when none has driven
//!     for a tick; until a worker comes to wait again it then takes it at once.
//! [pass-it-on]  Whoever stops driving, or leaves, sees to it that [monitor] and [one-waits-in-it] go on
//!     holding: it offers the role to a successor, or wakes a thread that becomes the monitor.
//!
//! A wake is returned, to be done after the caller's lock has been let go. It may come late: the thread it
//! wakes looks at the state again (`awake`). The search in `roster/search` tries every order of three threads.
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

/// Who waits in the reactor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Driver<T> {
    Nobody,
    /// Nobody yet; a thread that stands by was woken to take the role.
    Offered,
    Driving(T, Role),
}

/// The threads that may wait: `T` is how one of them is woken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Roster<T> {
    driver: Driver<T>,
    /// Those that wait and do not drive, the last comer at the end.
    standby: Vec<(T, Role)>,
    monitor: Option<T>,
    /// Only workers drive [workers-first].
    reserved: bool,
    /// Threads in `block_on`, and workers: those that run and those that wait.
    threads: usize,
    workers: usize,
}

/// Whom the caller wakes after it has let its lock go.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wake<T> {
    Nobody,
    /// A thread that stands by.
    Thread(T),
    /// The driver, in the reactor.
    Driver,
}

/// How a thread that comes to wait does so.
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
    /// The monitor: for a tick.
    Tick,
    Unlimited,
}

/// Why a thread that stands by is awake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// There is something for it to do.
    Notified,
    /// It is the monitor, and its tick has passed. Whether nobody has driven for as long.
    Ticked { overdue: bool },
    /// A [`Wake`] from here, or nothing at all.
    Called,
}

/// What a thread that is awake does next.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It stands by no more, and drives.
    Drive,
    /// It stands by no more.
    Run,
    /// It stands by.
    WaitOn(Limit),
}

impl<T: Clone + PartialEq> Roster<T> {
    /// Without a thread.
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

    /// A thread comes. It runs.
    pub(super) fn enter(&mut self, role: Role) -> Wake<T> {
        self.check();
        self.threads += 1;
        if role == Role::Worker {
            self.workers += 1;
            self.reserved = true;
        }
        self.keep_watch()
    }

    /// A thread that runs leaves.
    pub(super) fn leave(&mut self, role: Role) -> Wake<T> {
        self.check();
        self.threads -= 1;
        self.workers -= usize::from(role == Role::Worker);
        self.reserved &= self.workers > 0;
        if fault("left_in_silence") { Wake::Nobody } else { self.hand_over() }
    }

    /// A thread comes to wait. Returns how; `drive` or `stand_by` makes it so. `overdue` says whether nobody
    /// has driven for a tick.
    pub(super) fn wait(&mut self, role: Role, overdue: impl FnOnce() -> bool) -> Wait {
        self.check();
        self.reserved |= role == Role::Worker;
        let driven = matches!(self.driver, Driver::Driving(..));
        if !driven && (self.may_drive(role) || overdue()) { Wait::Drive } else { Wait::StandBy }
    }

    /// The thread drives.
    pub(super) fn drive(&mut self, thread: &T, role: Role) -> Limit {
        self.check();
        self.driver = Driver::Driving(thread.clone(), role);
        self.watch(thread)
    }

    /// The thread was to drive, and has something else to do.
    pub(super) fn decline(&mut self) -> Wake<T> {
        self.keep_watch()
    }

    /// The driver takes the role without waiting, if nobody has it. Returns whether it did.
    pub(super) fn drive_unless_driven(&mut self, thread: &T, role: Role) -> bool {
        let free = self.driver == Driver::Nobody;
        if free {
            self.driver = Driver::Driving(thread.clone(), role);
        }
        free
    }

    /// The driver runs. From a thread in `block_on` the role goes to a worker that waits [workers-first].
    pub(super) fn stop_driving(&mut self) -> Wake<T> {
        self.check();
        let Driver::Driving(thread, role) = std::mem::replace(&mut self.driver, Driver::Nobody) else {
            return Wake::Nobody;
        };
        self.unwatch(&thread);
        let worker_waits = self.standby.iter().any(|(_, role)| *role == Role::Worker);
        if fault("stops_in_silence") {
            return Wake::Nobody;
        }
        if role == Role::BlockOn && worker_waits { self.hand_over() } else { self.keep_watch() }
    }

    /// The thread stands by.
    pub(super) fn stand_by(&mut self, thread: &T, role: Role) -> (Limit, Wake<T>) {
        self.check();
        self.standby.push((thread.clone(), role));
        let driver_gives_way =
            role == Role::Worker && matches!(self.driver, Driver::Driving(_, Role::BlockOn));
        (self.watch(thread), if driver_gives_way { Wake::Driver } else { Wake::Nobody }) // [workers-first]
    }

    /// A thread that stands by is awake.
    pub(super) fn awake(&mut self, thread: &T, role: Role, cause: Cause) -> (Next, Wake<T>) {
        self.check();
        self.unwatch(thread);
        let notified = cause == Cause::Notified;
        let ticked = matches!(cause, Cause::Ticked { .. }) && self.wants_monitor();
        let drives = match self.driver {
            Driver::Offered => !notified && self.may_drive(role),
            Driver::Nobody => ticked && cause == Cause::Ticked { overdue: true },
            Driver::Driving(..) => false,
        };
        if !(drives || notified || ticked) {
            return (Next::WaitOn(self.watch(thread)), Wake::Nobody);
        }
        self.standby.retain(|(other, _)| other != thread);
        if drives {
            self.reserved &= role == Role::Worker; // [workers-first]
            return (Next::Drive, Wake::Nobody);
        }
        (Next::Run, self.keep_watch())
    }

    /// Whether no thread that waits rescues what long polls hold up, so that a busy worker must.
    pub(super) fn is_unwatched(&self) -> bool {
        self.monitor.is_none() && self.workers > 1
    }

    /// What holds between two verbs.
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

    /// Whether a thread runs that the monitor has to look after [monitor].
    fn wants_monitor(&self) -> bool {
        let (driving, worker_drives) = match &self.driver {
            Driver::Driving(_, role) => (true, *role == Role::Worker),
            Driver::Nobody | Driver::Offered => (false, false),
        };
        let waiting_workers = self.standby.iter().filter(|(_, role)| *role == Role::Worker).count();
        let worker_runs = self.workers > waiting_workers + usize::from(worker_drives);
        worker_runs || (!driving && self.threads > self.standby.len())
    }

    /// Makes a thread that waits the monitor, if one is wanted and there is none.
    fn watch(&mut self, thread: &T) -> Limit {
        if self.monitor.is_some() || !self.wants_monitor() {
            return Limit::Unlimited;
        }
        self.monitor = Some(thread.clone());
        Limit::Tick
    }

    fn unwatch(&mut self, thread: &T) {
        if self.monitor.as_ref() == Some(thread) && !fault("monitor_stays") {
            self.monitor = None;
        }
    }

    /// Offers the driver's role to a thread that stands by [pass-it-on].
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

    /// Repeats an offer that nobody has taken yet, or sees to it that there is a monitor [pass-it-on].
    fn keep_watch(&mut self) -> Wake<T> {
        if self.driver == Driver::Offered && !fault("offer_forgotten") {
            return self.hand_over();
        }
        self.find_monitor()
    }

    /// Wakes a thread that waits, which becomes the monitor when it waits again.
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
