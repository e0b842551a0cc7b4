//! Which tasks nothing can wake any more, as far as the recording says who could.
//!
//! A graph of who waits for whom has cycles in healthy programs too: a task may wait for a lock *or* a timer, and a
//! sender may be in other hands than those that made it. So this begins at the other end. It takes every task that
//! waits, and removes those that something could still wake, until none is left to remove. What remains can only
//! wake each other.
//!
//! ```text
//!   all that wait ──▶ without those that wait for the world ──▶ without those that somebody else can wake ─┐
//!                                                 ▲                                                       │
//!                                                 └──────────────────── until nothing changes ────────────┘
//! ```
//!
//! - X1  A task counts only if each of its wakers is in a place that its last poll has named: as many wakers as
//!   waits, and all of them its own. Then nothing else can wake it, but a cancel.
//! - X2  An end of a channel, and a guard, may be with each actor that has used it, with the tasks that these have
//!   spawned since, and with each that may have received what they have sent since. All of them must be stuck.
//!   Since nothing is recorded when an end is moved, the ends must also be found in these tasks.
//! - X3  What began before the horizon may have been changed by an event that was lost. It proves nothing.
//!
//! Called by `dump::verdicts`. Next: `dump::verdicts`.

use std::collections::{HashMap, HashSet};

use reactor::record::TaskKind;

use super::model::{Actor, Class, Model, State, Task, Wait};

/// Who could end a wait: all of them, if that is known.
pub(super) type Enders = HashSet<Actor>;

/// More actors than this are not gone through.
const LIMIT: usize = 1000;

/// The tasks that can only wake each other.
pub(super) struct Stuck<'a> {
    model: &'a Model,
    /// X3
    horizon: u64,
    /// Whether a thread that the runtime does not know may have been started since.
    strangers: &'a dyn Fn(u64) -> bool,
    /// Whether these have all the ends of this channel.
    holds: &'a dyn Fn(usize, &Enders) -> bool,
    /// Each stuck task's waits, and who could end them.
    waits: HashMap<usize, Vec<(Wait, Enders)>>,
    /// By actor: the latest starting time of a search that failed (`reach`). One with an earlier start fails too.
    open: HashMap<Actor, u64>,
}

impl<'a> Stuck<'a> {
    /// `may_count` says of a task whether nothing else speaks against it.
    pub(super) fn find(
        model: &'a Model,
        horizon: u64,
        strangers: &'a dyn Fn(u64) -> bool,
        holds: &'a dyn Fn(usize, &Enders) -> bool,
        may_count: impl Fn(&Task) -> bool,
    ) -> Self {
        let counts =
            |task: &usize| is_accounted(&model.tasks[*task], horizon) && may_count(&model.tasks[*task]);
        let waiting: Vec<usize> = (0..model.tasks.len()).filter(counts).collect();
        let waits = waiting.iter().map(|task| (*task, Vec::new())).collect();
        let mut stuck = Self { model, horizon, strangers, holds, waits, open: HashMap::new() };
        // The latest first: a later search that comes to an actor whose own search has failed stops there (`open`).
        for &task in waiting.iter().rev() {
            let waits = &model.tasks[task].waits;
            let ends =
                waits.iter().map(|wait| Some((*wait, stuck.enders(*wait)?))).collect::<Option<Vec<_>>>();
            match ends {
                Some(ends) => _ = stuck.waits.insert(task, ends),
                None => _ = stuck.waits.remove(&task),
            }
        }
        while stuck.remove_those_that_others_wake() {}
        stuck
    }

    /// The stuck tasks.
    pub(super) fn tasks(&self) -> Vec<usize> {
        let mut tasks: Vec<usize> = self.waits.keys().copied().collect();
        tasks.sort_unstable();
        tasks
    }

    /// What a stuck task waits for, and the stuck tasks that could end that.
    pub(super) fn waits_of(&self, task: usize) -> impl Iterator<Item = (Wait, Vec<usize>)> {
        self.waits[&task].iter().map(|(wait, enders)| {
            let mut tasks: Vec<usize> = enders.iter().filter_map(|actor| self.stands_for(*actor)).collect();
            tasks.sort_unstable();
            tasks.dedup();
            (*wait, tasks)
        })
    }

    fn remove_those_that_others_wake(&mut self) -> bool {
        let others = |(task, waits): (&usize, &Vec<(Wait, Enders)>)| {
            let all = waits.iter().all(|(_, enders)| enders.iter().all(|actor| self.is_stuck(*actor)));
            (!all).then_some(*task)
        };
        let removed: Vec<usize> = self.waits.iter().filter_map(others).collect();
        for task in &removed {
            self.waits.remove(task);
        }
        !removed.is_empty()
    }

    /// The stuck task by which this actor is stuck: itself, or the `block_on` that its thread is in.
    fn stands_for(&self, actor: Actor) -> Option<usize> {
        let root = |thread: usize| self.model.threads.get(thread)?.roots.last().copied();
        let task = match actor {
            Actor::Task(task) => match (self.model.tasks[task].state, self.model.tasks[task].kind) {
                // Only a blocking call may be in a `block_on`.
                (State::Running { thread, .. }, Some(TaskKind::Blocking)) => root(thread)?,
                _ => task,
            },
            Actor::Thread(thread) => root(thread)?,
        };
        self.waits.contains_key(&task).then_some(task)
    }

    fn is_over(&self, actor: Actor) -> bool {
        match actor {
            Actor::Task(task) => self.model.tasks[task].is_finished(),
            Actor::Thread(thread) => self.model.threads.get(thread).is_some_and(|thread| thread.gone),
        }
    }

    fn is_stuck(&self, actor: Actor) -> bool {
        self.is_over(actor) || self.stands_for(actor).is_some()
    }

    /// Who could end this wait; `None` if that is not known, or somebody who is not stuck.
    fn enders(&mut self, wait: Wait) -> Option<Enders> {
        match wait {
            Wait::Join(task) if !self.model.tasks[task].is_finished() => {
                Some(HashSet::from([Actor::Task(task)]))
            }
            Wait::Lock(lock) => {
                let holder = self.model.locks.get(&lock)?.holder?;
                if (self.strangers)(holder.since) {
                    return None;
                }
                let Actor::Task(task) = holder.actor else {
                    return self.reach(vec![(holder.since, holder.actor)]);
                };
                let unpolled = holder.handed_at.is_some_and(|polls| self.model.tasks[task].polls <= polls);
                if unpolled { None } else { self.reach(vec![(holder.since, holder.actor)]) }
            }
            Wait::Channel { channel, .. } => {
                let seeds = self.ends_of(channel)?;
                self.reach(seeds).filter(|enders| (self.holds)(channel, enders))
            }
            _ => None,
        }
    }

    /// Who has had an end of this channel, and since when.
    fn ends_of(&self, channel: usize) -> Option<Vec<(u64, Actor)>> {
        let channel = &self.model.channels[channel];
        let made = channel.made.filter(|_| !channel.many)?;
        let known = made.0 >= self.horizon && !(self.strangers)(made.0);
        known.then(|| channel.users.iter().copied().chain([made]).collect())
    }

    /// All actors that may have what these have had since (X2); `None` if one of them is not stuck.
    fn reach(&mut self, seeds: Vec<(u64, Actor)>) -> Option<Enders> {
        let mut since: HashMap<Actor, u64> = HashMap::new();
        for (begin, seed) in seeds {
            let mut ahead = vec![(begin, seed)];
            while let Some((time, actor)) = ahead.pop() {
                if since.get(&actor).is_some_and(|earlier| *earlier <= time) {
                    continue;
                }
                let next =
                    self.passed_on(actor, time).filter(|_| since.len() < LIMIT && time >= self.horizon);
                let Some(next) = next else {
                    let open = self.open.entry(seed).or_insert(0);
                    *open = begin.max(*open);
                    return None;
                };
                since.insert(actor, time);
                ahead.extend(next);
            }
        }
        Some(since.into_keys().collect())
    }

    /// To whom this actor may have passed something on since this moment.
    fn passed_on(&self, actor: Actor, time: u64) -> Option<Vec<(u64, Actor)>> {
        if !self.is_stuck(actor) || self.open.get(&actor).is_some_and(|open| time <= *open) {
            return None;
        }
        let (children, sent, outcome) = match actor {
            Actor::Task(task) => {
                let task = &self.model.tasks[task];
                if task.has_outcome() {
                    return None; // A handle may be anywhere.
                }
                (&task.children, &task.sent, task.taken_by.map(|taker| (time, taker)))
            }
            Actor::Thread(thread) => {
                let thread = &self.model.threads[thread];
                (&thread.children, &thread.sent, None)
            }
        };
        if sent.many {
            return None;
        }
        let from = children.partition_point(|(spawned, _)| *spawned < time);
        let mut next: Vec<_> =
            children[from..].iter().map(|(spawned, task)| (*spawned, Actor::Task(*task))).collect();
        next.extend(outcome);
        for (_, channel) in sent.to.iter().filter(|(last, _)| *last >= time) {
            if self.model.channels[*channel].class == Class::Watch {
                return None; // Any holder of a receiver may have read it. That is not recorded.
            }
            next.extend(self.ends_of(*channel)?);
        }
        Some(next)
    }
}

/// X1, X3
fn is_accounted(task: &Task, horizon: u64) -> bool {
    let idle = matches!(task.state, State::Idle { since } if since >= horizon);
    let inside = |wait: &Wait| matches!(wait, Wait::Lock(_) | Wait::Join(_) | Wait::Channel { .. });
    idle && !task.cancelled && !task.user_waker && !task.waits.is_empty() && task.waits.iter().all(inside)
}
