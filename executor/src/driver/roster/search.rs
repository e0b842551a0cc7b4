//! Tries every interleaving of the steps of two and three threads, and of the wakes that are pending.
//!
//! A thread's step is what it does while it holds the lock, or one atomic access outside of it. Any thread
//! may be unparked at any time. A turn of the reactor may end at any time, and a park for no reason. Each
//! tick may be overdue or not. A wake may be delivered arbitrarily late. The rules are checked in the
//! states in which nothing is pending that would still restore them.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

use super::Role::{BlockOn, Worker};
use super::{Cause, Driver, Limit, Next, Role, Roster, Wait, Wake};

/// A thread's parker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Parker {
    Run,
    Notified,
    Waiting,
}

/// Where a thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Away,
    Running,
    /// It has the reactor for a moment, and does not wait.
    Looking,
    Turning(Limited),
    /// It has returned from its turn, and has not called `stop_driving`.
    Turned,
    Parking(Limited),
}

/// Whether a wait ends by itself.
type Limited = bool;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Thread {
    role: Role,
    at: At,
    parker: Parker,
    /// Its next park returns at once.
    token: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    roster: Roster<usize>,
    threads: Vec<Thread>,
    /// Threads that are still to be unparked, each once.
    wakes: Vec<usize>,
    /// The reactor is notified, or about to be: the current turn, or the next one, ends.
    notifies: bool,
}

impl World {
    fn new(roles: &[Role]) -> Self {
        let thread = |&role| Thread { role, at: At::Away, parker: Parker::Run, token: false };
        Self {
            roster: Roster::new(),
            threads: roles.iter().map(thread).collect(),
            wakes: Vec::new(),
            notifies: false,
        }
    }

    fn wake(&mut self, wake: Wake<usize>) {
        match wake {
            Wake::Nobody => {}
            Wake::Driver => self.notifies = true,
            Wake::Thread(thread) => {
                if !self.wakes.contains(&thread) {
                    self.wakes.push(thread);
                    self.wakes.sort_unstable();
                }
            }
        }
    }

    /// Another thread unparks this one, with a notification.
    fn unpark(&mut self, thread: usize) {
        let before = std::mem::replace(&mut self.threads[thread].parker, Parker::Notified);
        match self.threads[thread].at {
            At::Parking(_) if before == Parker::Waiting => self.wake(Wake::Thread(thread)),
            At::Turning(_) if before == Parker::Waiting => self.notifies = true,
            _ => {}
        }
    }

    /// Changes to a waiting state. Returns false if there is a notification, and takes it.
    fn begin(&mut self, thread: usize) -> bool {
        let parker = &mut self.threads[thread].parker;
        let begins = *parker != Parker::Notified;
        *parker = if begins { Parker::Waiting } else { Parker::Run };
        begins
    }

    fn drive(&mut self, thread: usize) {
        let role = self.threads[thread].role;
        if self.begin(thread) {
            let limit = self.roster.drive(&thread, role);
            self.threads[thread].at = At::Turning(limit == Limit::Tick);
        } else {
            self.threads[thread].at = At::Running;
            let wake = self.roster.decline();
            self.wake(wake);
        }
    }

    fn wait(&mut self, thread: usize, overdue: bool) {
        let role = self.threads[thread].role;
        match self.roster.wait(role, || overdue) {
            Wait::Drive => self.drive(thread),
            Wait::StandBy if self.begin(thread) => {
                let (limit, wake) = self.roster.stand_by(&thread, role);
                self.threads[thread].at = At::Parking(limit == Limit::Tick);
                self.wake(wake);
            }
            Wait::StandBy => {}
        }
    }

    /// A thread has returned from its park. `late`: it is notified after it has looked at its parker, and
    /// before it takes the notification.
    fn awake(&mut self, thread: usize, cause: Cause, late: bool) {
        self.threads[thread].token = false;
        let role = self.threads[thread].role;
        let (next, wake) = self.roster.awake(&thread, role, cause);
        self.wake(wake);
        if let Next::WaitOn(limit) = next {
            self.threads[thread].at = At::Parking(limit == Limit::Tick);
            return;
        }
        if late {
            self.threads[thread].parker = Parker::Notified;
        }
        if next == Next::Drive {
            return self.drive(thread);
        }
        self.threads[thread].parker = Parker::Run;
        self.threads[thread].at = At::Running;
    }

    /// Every world that is one step away, or the panic of the roster's own check; and the step: whose it is, and what
    /// it is.
    fn successors(&self) -> Vec<(Step, thread::Result<Self>)> {
        let mut successors = Vec::new();
        let mut step = |thread: usize, what: &'static str, with: &dyn Fn(&mut Self)| {
            let mut next = self.clone();
            let next = catch_unwind(AssertUnwindSafe(|| {
                with(&mut next);
                next.roster.check();
                next
            }));
            successors.push(((thread, what), next));
        };
        for (index, &thread) in self.wakes.iter().enumerate() {
            step(thread, "gets a wake", &|world| {
                world.wakes.remove(index);
                world.threads[thread].token = true;
            });
        }
        for (i, thread) in self.threads.iter().enumerate() {
            if !matches!(thread.at, At::Away) && thread.parker != Parker::Notified {
                step(i, "is notified by another thread", &|world| world.unpark(i));
            }
            match thread.at {
                At::Away => step(i, "comes: `enter`", &|world| {
                    world.threads[i].at = At::Running;
                    world.threads[i].parker = Parker::Run;
                    let wake = world.roster.enter(thread.role);
                    world.wake(wake);
                }),
                At::Running => {
                    step(i, "leaves: `leave`", &|world| {
                        world.threads[i].at = At::Away;
                        let wake = world.roster.leave(thread.role);
                        world.wake(wake);
                    });
                    step(i, "goes to wait: `wait`", &|world| world.wait(i, false));
                    step(i, "goes to wait, and the tick is overdue: `wait`", &|world| world.wait(i, true));
                    for often in [false, true] {
                        step(i, "looks at the reactor: `drive_unless_driven`", &|world| {
                            if world.roster.drive_unless_driven(
                                &i,
                                thread.role,
                                often && thread.role == Worker,
                            ) {
                                world.threads[i].at = At::Looking;
                            }
                        });
                    }
                }
                At::Looking => step(i, "has looked: `stop_driving`", &|world| {
                    world.threads[i].at = At::Running;
                    let wake = world.roster.stop_driving();
                    world.wake(wake);
                }),
                At::Turning(_) => step(i, "returns from the reactor", &|world| {
                    world.threads[i].at = At::Turned;
                    world.threads[i].parker = Parker::Run;
                    world.notifies = false;
                }),
                At::Turned => step(i, "stops driving: `stop_driving`", &|world| {
                    world.threads[i].at = At::Running;
                    let wake = world.roster.stop_driving();
                    world.wake(wake);
                }),
                At::Parking(limited) => {
                    if thread.parker == Parker::Notified {
                        step(i, "wakes, since it is notified: `awake`", &|world| {
                            world.awake(i, Cause::Notified, false);
                        });
                        continue;
                    }
                    for late in [false, true] {
                        let [called, ticked, overdue] = if late { LATE } else { AWAKE };
                        step(i, called, &|world| world.awake(i, Cause::Called, late));
                        if limited {
                            step(i, ticked, &|world| world.awake(i, Cause::Ticked { overdue: false }, late));
                            step(i, overdue, &|world| world.awake(i, Cause::Ticked { overdue: true }, late));
                        }
                    }
                }
            }
        }
        successors
    }

    /// The rule that is broken, if nothing is pending that would restore it.
    fn fault(&self) -> Option<&'static str> {
        let at = |wanted: fn(At) -> bool| self.threads.iter().any(move |thread| wanted(thread.at));
        let waits = |at: At| matches!(at, At::Turning(_) | At::Parking(_));
        let turning = at(|at| matches!(at, At::Turning(_)));
        let pending = self.wakes.iter().any(|&thread| waits(self.threads[thread].at))
            || self.threads.iter().any(|thread| thread.token && matches!(thread.at, At::Parking(_)))
            || (self.notifies && turning)
            || at(|at| matches!(at, At::Looking | At::Turned));
        if pending || !at(waits) {
            return None;
        }
        let running =
            |role: Role| self.threads.iter().any(|thread| thread.at == At::Running && thread.role == role);
        let monitored = self.roster.monitor.is_some();
        let limited = |thread: &Thread| matches!(thread.at, At::Turning(true) | At::Parking(true));
        if running(Worker) && !monitored {
            Some("[monitor]: a worker runs, another thread waits, and there is no monitor")
        } else if running(BlockOn) && !turning && !monitored {
            Some("[monitor]: a thread runs, another one waits, no thread drives, and there is no monitor")
        } else if !running(Worker) && !running(BlockOn) && !turning {
            Some("[one-waits-in-it]: all wait, and none drives")
        } else if turning != matches!(self.roster.driver, Driver::Driving(..)) {
            Some("[one-driver]: the driver is not the thread in the reactor")
        } else if self.roster.driver == Driver::Offered {
            Some("[pass-it-on]: the driver's role is offered, and no thread is about to take it")
        } else if self.roster.monitor.is_some_and(|monitor| !limited(&self.threads[monitor])) {
            Some("[one-driver]: the monitor waits without a limit")
        } else {
            None
        }
    }
}

/// A step: the thread's index, and what it does.
type Step = (usize, &'static str);

/// How a thread may return from its park: it is called, its tick has come, the tick is overdue.
const AWAKE: [&str; 3] =
    ["wakes: `awake`", "wakes at its tick: `awake`", "wakes, and the tick is overdue: `awake`"];
/// The same, if it is notified just afterwards.
const LATE: [&str; 3] = [
    "wakes, and is notified: `awake`",
    "wakes at its tick, and is notified: `awake`",
    "wakes, the tick is overdue, and it is notified: `awake`",
];

/// Visits every world that threads of these `roles` can reach, the nearest first. Returns how many there are; panics
/// at a fault.
fn search(roles: &[Role]) -> usize {
    let first = World::new(roles);
    let mut seen = HashSet::from([first.clone()]);
    // How each world was reached: the step, and the index of the world before it.
    let mut reached: Vec<Option<(Step, usize)>> = vec![None];
    let mut queue = VecDeque::from([(first, 0)]);
    while let Some((world, index)) = queue.pop_front() {
        if let Some(fault) = world.fault() {
            let steps = steps_to(&reached, index);
            tell(roles, &steps, fault);
            panic!("{fault}: {world:#?}, after {steps:#?}");
        }
        for (step, next) in world.successors() {
            let next = next.unwrap_or_else(|panic| {
                let steps = [&steps_to(&reached, index)[..], &[step]].concat();
                tell(roles, &steps, panic.downcast_ref::<&str>().unwrap_or(&"a rule of the roster"));
                resume_unwind(panic)
            });
            if seen.insert(next.clone()) {
                reached.push(Some((step, index)));
                queue.push_back((next, reached.len() - 1));
            }
        }
    }
    seen.len()
}

/// The steps that lead to the world of this index.
fn steps_to(reached: &[Option<(Step, usize)>], index: usize) -> Vec<Step> {
    let steps = std::iter::successors(reached[index], |&(_, before)| reached[before]);
    let mut steps: Vec<Step> = steps.map(|(step, _)| step).collect();
    steps.reverse();
    steps
}

/// Writes the steps where `cargo counterexample` looks for them, in the form of its `hook.rs`: these steps are no
/// operations of loom's.
fn tell(roles: &[Role], steps: &[Step], fault: &str) {
    let Some(file) = std::env::var_os("COUNTEREXAMPLE_OUT") else { return };
    let line = |&(thread, what): &Step| format!("0\t{thread}\tnote\t\t\t\t\t\t{:?} {what}\n", roles[thread]);
    let lines: String = steps.iter().map(line).collect();
    std::fs::write(file, format!("{lines}{fault}\n{{\"branches\":{{\"entries\":[]}}}}\n")).unwrap();
}

/// Finds `left_in_silence`, `stops_in_silence`, `offer_forgotten`, `monitor_stays`.
#[test]
fn two_threads() {
    for roles in [[BlockOn, BlockOn], [BlockOn, Worker], [Worker, Worker]] {
        println!("{roles:?}: {} states", search(&roles));
    }
}

/// The second set of roles runs only in the models' build, which is optimised. Finds `left_in_silence`,
/// `monitor_stays`.
#[test]
fn three_threads() {
    let all = [[BlockOn, Worker, Worker], [BlockOn, BlockOn, Worker]];
    for roles in if cfg!(loom) { &all[..] } else { &all[..1] } {
        println!("{roles:?}: {} states", search(roles));
    }
}
