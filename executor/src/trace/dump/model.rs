//! What the events of a recording say of each task: a pure model, which is given one event after the other.
//!
//! The threads record what they do, by address. The dump asks what *is*: whether a task waits, for what, and who
//! could end that. So the model goes through the events in the order of their times, and keeps for each task its
//! state, for each lock its holder, for each channel who has had an end of it.
//!
//! ```text
//!   Spawn ─▶ Queued ──Poll──▶ Running ──PollEnd──▶ Idle           woken while it runs: back to Queued
//!               ▲                                   │             ready: Ending, until Finish
//!               └──────────────── Wake ─────────────┘
//! ```
//!
//! An actor is what does something: the task that a thread polls, or, outside of any poll, the thread itself.
//!
//! - U1  An event that is older than what it would undo changes nothing: between two threads the times are off by
//!   some 100 ns.
//! - U2  Each event about a task adds to its `changes`: a task with the same number at two moments has done nothing
//!   in between.
//!
//! Called by `dump`. Next: `dump::stuck`.

use std::collections::HashMap;

use reactor::record::{Event, Kind, Outcome, TaskKind, Thing};

use super::ids::IdMap;
pub(super) use super::parts::{
    Actor, By, Channel, Class, Holder, Lock, Other, Side, State, Task, Thread, Wait,
};
use super::parts::{MANY, channel, place};

/// What a recording says, as far as its events were applied.
#[derive(Default)]
pub(super) struct Model {
    pub(super) tasks: Vec<Task>,
    pub(super) threads: Vec<Thread>,
    pub(super) locks: IdMap<Lock>,
    pub(super) channels: Vec<Channel>,
    /// The pools that were opened, and when each was closed; `None` for one that is open.
    pub(super) pools: IdMap<Option<u64>>,
    /// The timers that were armed: when they are due.
    pub(super) timers: IdMap<u64>,
    /// The sources' descriptors.
    pub(super) sources: IdMap<u64>,
    by_address: IdMap<usize>,
    channel_at: HashMap<(Class, u64), usize>,
}

impl Model {
    /// Applies an event of the thread with this index.
    pub(super) fn apply(&mut self, thread: usize, event: &Event) {
        self.thread(thread);
        self.forget_hand_over(thread, event.kind);
        let &Event { time, kind, id, value, .. } = event;
        match kind {
            Kind::Spawn => self.spawn(thread, event),
            Kind::Poll | Kind::PollEnd | Kind::Requeued | Kind::Finish => self.poll(thread, event),
            Kind::Wake | Kind::WakeInVain => self.wake(thread, event),
            Kind::Waits | Kind::GaveUp => self.waits(thread, event),
            Kind::LockTaken | Kind::LockHanded | Kind::LockFreed => self.lock(thread, event),
            Kind::New | Kind::Sent | Kind::Received | Kind::Closed | Kind::Lagged => {
                self.channel(thread, event);
            }
            Kind::Injected => self.task(id, time, |task| task.injected = true),
            Kind::Cancel => self.task(id, time, |task| task.cancelled = true),
            Kind::Taken => {
                let actor = self.actor(thread);
                let of = self.task_at(id, time);
                self.task(id, time, |task| task.taken_by = Some(actor));
                self.waited(actor, Wait::Join(of));
            }
            Kind::SourceReady => self.threads[thread].caused(By::Socket(id)),
            Kind::TimerFired => {
                self.timers.remove(&id);
                self.threads[thread].caused(By::Timer(id));
            }
            Kind::Due => self.threads[thread].due(id),
            Kind::Turn => self.threads[thread].turned = true,
            Kind::TimerArmed => _ = self.timers.insert(id, time.saturating_add(value)),
            Kind::TimerCancelled => _ = self.timers.remove(&id),
            Kind::SourceNew => _ = self.sources.insert(id, value),
            Kind::SourceGone => _ = self.sources.remove(&id),
            Kind::PoolOpened => _ = self.pools.insert(id, None),
            Kind::PoolClosed => _ = self.pools.insert(id, Some(time)),
            Kind::ThreadGone => {
                self.end_roots(thread, time);
                self.threads[thread].gone = true;
            }
            _ => {}
        }
    }

    /// The name of the thread with this index, and the pool whose worker it is.
    pub(super) fn name_thread(&mut self, thread: usize, name: &str, pool: Option<u64>) {
        let thread = self.thread(thread);
        if thread.name.is_empty() {
            name.clone_into(&mut thread.name);
            thread.pool = pool;
        }
    }

    fn thread(&mut self, thread: usize) -> &mut Thread {
        while self.threads.len() <= thread {
            self.threads.push(Thread::default());
        }
        &mut self.threads[thread]
    }

    /// Who acts on this thread now.
    pub(super) fn actor(&self, thread: usize) -> Actor {
        self.threads[thread].polled.last().map_or(Actor::Thread(thread), |task| Actor::Task(*task))
    }

    /// The task that has this address now. One that was spawned before the recording began is added.
    fn task_at(&mut self, address: u64, time: u64) -> usize {
        if let Some(&task) = self.by_address.get(&address) {
            return task;
        }
        self.add(Task::unknown(address, time))
    }

    /// The same, if there is one.
    pub(super) fn find(&self, address: u64) -> Option<usize> {
        self.by_address.get(&address).copied()
    }

    fn add(&mut self, task: Task) -> usize {
        self.by_address.insert(task.address, self.tasks.len());
        self.tasks.push(task);
        self.tasks.len() - 1
    }

    fn task(&mut self, address: u64, time: u64, change: impl FnOnce(&mut Task)) {
        let task = self.task_at(address, time);
        self.tasks[task].changes += 1; // U2
        change(&mut self.tasks[task]);
    }

    fn spawn(&mut self, thread: usize, event: &Event) {
        let site = (event.value != u64::from(u32::MAX)).then_some(event.value);
        let kind = [TaskKind::Pool, TaskKind::Local, TaskKind::Blocking, TaskKind::BlockOn]
            .into_iter()
            .find(|kind| *kind as u8 == event.argument);
        if kind == Some(TaskKind::BlockOn) {
            self.end_roots(thread, event.time);
        }
        let parent = self.actor(thread);
        let task = self.add(Task {
            kind,
            name: event.text.clone(),
            site,
            parent: Some(parent),
            thread: Some(thread),
            ..Task::unknown(event.id, event.time)
        });
        self.tasks[task].state = State::Queued { since: event.time, place: None };
        self.children(parent).push((event.time, task));
        if kind == Some(TaskKind::BlockOn) {
            self.threads[thread].roots.push(task);
        }
    }

    /// A `block_on` begins, or the thread ends. Roots that the thread still has were unwound by a panic: a `block_on`
    /// does not run inside another one.
    fn end_roots(&mut self, thread: usize, time: u64) {
        let Self { threads, tasks, .. } = self;
        let in_a_call = |task: &usize| tasks[*task].kind == Some(TaskKind::Blocking);
        threads[thread].polled.retain(in_a_call);
        for root in threads[thread].roots.drain(..) {
            tasks[root].state = State::Finished { since: time };
        }
    }

    fn children(&mut self, actor: Actor) -> &mut Vec<(u64, usize)> {
        match actor {
            Actor::Task(task) => &mut self.tasks[task].children,
            Actor::Thread(thread) => &mut self.threads[thread].children,
        }
    }

    fn poll(&mut self, thread: usize, event: &Event) {
        let time = event.time;
        let polled =
            self.threads[thread].polled.iter().rposition(|task| self.tasks[*task].address == event.id);
        let index = match (event.kind, polled) {
            // What ends is what began here. If that has finished, its address may be another task's by now.
            (Kind::PollEnd, Some(place)) => self.threads[thread].polled.remove(place),
            _ => self.task_at(event.id, time),
        };
        let task = &mut self.tasks[index];
        let here = &mut self.threads[thread];
        task.changes += 1;
        match event.kind {
            Kind::Poll => {
                here.polled.push(index);
                task.begin_poll(time, thread);
            }
            Kind::PollEnd if task.is_finished() || polled.is_none() => {}
            Kind::PollEnd => task.end_poll(time, event.argument == Outcome::Pending as u8, event.value),
            Kind::Requeued => task.state = State::Queued { since: time, place: None },
            _ => {
                task.state = State::Finished { since: time };
                if task.is_root() {
                    here.roots.retain(|root| *root != index);
                    here.left_block_on = Some(time);
                    // Its outcome is the caller's.
                    let caller = self.actor(thread);
                    self.tasks[index].taken_by = Some(caller);
                }
            }
        }
    }

    fn wake(&mut self, thread: usize, event: &Event) {
        let index = self.task_at(event.id, event.time);
        let by = self.threads[thread].cause_of(event.id).unwrap_or(match self.actor(thread) {
            Actor::Task(task) => By::Task(task),
            Actor::Thread(thread) => By::Thread(thread),
        });
        if let Some(lock) = self.threads[thread].handed.take() {
            self.locks.entry(lock).or_default().hand(index, event.time, self.tasks[index].polls);
        }
        let task = &mut self.tasks[index];
        task.changes += 1;
        task.wake(event.time, by, place(event.argument), event.kind == Kind::Wake);
    }

    fn waits(&mut self, thread: usize, event: &Event) {
        if event.kind == Kind::GaveUp && event.argument == Thing::Join as u8 {
            self.task(event.id, event.time, |task| task.detached = true);
        }
        let Actor::Task(task) = self.actor(thread) else { return };
        let address = event.id;
        let is = |thing: Thing| event.argument == thing as u8;
        let wait = if is(Thing::Read) {
            Wait::Socket { key: address, writes: false }
        } else if is(Thing::Write) {
            Wait::Socket { key: address, writes: true }
        } else if is(Thing::Timer) {
            Wait::Timer(address)
        } else if is(Thing::Lock) {
            Wait::Lock(address)
        } else if is(Thing::Join) {
            Wait::Join(self.task_at(address, event.time))
        } else if let Some((class, side)) = channel(event.argument) {
            let channel = self.channel_used(class, address, Actor::Task(task), event.time);
            Wait::Channel { channel, side }
        } else if let Some(thing) = Other::of(event.argument) {
            Wait::Other { thing, address }
        } else {
            Wait::Call
        };
        let task = &mut self.tasks[task];
        if event.kind == Kind::GaveUp {
            return task.waited(wait);
        }
        task.user_waker |= event.value != 0;
        // The same waker twice stands for one waker (`dump::stuck`).
        if !task.waits.contains(&wait) {
            task.waits.push(wait);
        }
    }

    /// The actor has got what it would have waited for, in the same poll.
    fn waited(&mut self, actor: Actor, wait: Wait) {
        if let Actor::Task(task) = actor {
            self.tasks[task].waited(wait);
        }
    }

    fn lock(&mut self, thread: usize, event: &Event) {
        let actor = self.actor(thread);
        let lock = self.locks.entry(event.id).or_default();
        match event.kind {
            Kind::LockTaken => {
                lock.holder = Some(Holder { actor, since: event.time, handed_at: None });
                self.waited(actor, Wait::Lock(event.id));
            }
            Kind::LockHanded => self.threads[thread].handed = Some(event.id),
            _ if lock.holder.is_none_or(|holder| holder.since <= event.time) => lock.holder = None,
            _ => {} // U1
        }
    }

    /// A lock is handed over right before the wake of the task that gets it. Any other event says that this wake
    /// does not come: the waker is not a task's.
    fn forget_hand_over(&mut self, thread: usize, kind: Kind) {
        if !matches!(kind, Kind::Wake | Kind::WakeInVain) {
            self.threads[thread].handed = None;
        }
    }

    fn channel(&mut self, thread: usize, event: &Event) {
        let Some((class, _)) = channel(event.argument) else { return };
        let actor = self.actor(thread);
        if event.kind == Kind::New {
            let channel = Channel { made: Some((event.time, actor)), ..Channel::new(class, event.id) };
            self.channels.push(channel);
            self.channel_at.insert((class, event.id), self.channels.len() - 1);
            return;
        }
        let channel = self.channel_used(class, event.id, actor, event.time);
        if matches!(event.kind, Kind::Sent | Kind::Received) {
            let side = if event.kind == Kind::Sent { Side::Room } else { Side::Value };
            self.waited(actor, Wait::Channel { channel, side });
        }
        if event.kind == Kind::Sent {
            let known = &mut self.channels[channel].senders;
            if !known.contains(&actor) && known.len() < MANY {
                known.push(actor);
            }
            match actor {
                Actor::Task(task) => self.tasks[task].sent.add(event.time, channel),
                Actor::Thread(thread) => self.threads[thread].sent.add(event.time, channel),
            }
        }
    }

    /// The channel at this address, which this actor uses now.
    fn channel_used(&mut self, class: Class, address: u64, actor: Actor, time: u64) -> usize {
        let channels = &mut self.channels;
        let channel = *self.channel_at.entry((class, address)).or_insert_with(|| {
            channels.push(Channel::new(class, address));
            channels.len() - 1
        });
        let at = &mut self.channels[channel];
        if !at.users.iter().any(|(_, user)| *user == actor) {
            at.many |= at.users.len() >= MANY;
            if !at.many {
                at.users.push((time, actor));
            }
        }
        channel
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
