//! Why tasks cannot go on: each kind of verdict, and what must hold for it.
//!
//! A wrong verdict costs more than a missing one. So each is given only if what is known excludes every other
//! explanation. Where an end or a guard could be out of sight, the verdict is not certain, and says so. A dump is taken
//! while the program runs, so each verdict must hold twice. The dump looks again after a moment, and keeps what it
//! finds both times, if nothing has happened to its tasks in between.
//!
//! - Y1  A verdict about time says how long, and counts only from [`LONG`] on.
//! - Y2  The state word of a pool's task counts more than its events: a task that is idle by the recording, and queued by
//!   its word, is about to run.
//!
//! Called by `dump`. Next: `dump::words`.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use reactor::blocking::LIMIT;
use reactor::record::TaskKind;

use super::cycles::cycles;
use super::ends;
use super::live::Live;
use super::model::{Actor, Class, Model, State, Task, Wait};
use super::report::VerdictKind;
use super::seen::Recording;
use super::stuck::{Enders, Stuck};
use crate::raw_task::list::TaskLook;
use crate::task_id::TaskId;

/// From here on a poll is long, and so is a wait in a queue: a second, in nanoseconds. A healthy program on a busy
/// machine has waits of tenths.
const LONG: u64 = 1_000_000_000;

/// A verdict before it is put into words.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) kind: VerdictKind,
    pub(super) tasks: Vec<Subject>,
    /// How long a poll is, or since when something waits.
    pub(super) time: u64,
    pub(super) load: Option<reactor::blocking::Load>,
}

/// A task that a verdict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) id: TaskId,
    /// Its index in the model.
    pub(super) index: Option<usize>,
    changes: u64,
}

impl Found {
    /// Whether this is the same, found again, and nothing has happened meanwhile.
    pub(super) fn is_still(&self, other: &Self) -> bool {
        let looks = |found: &Self| found.load.map(|load| load.looks);
        self.kind == other.kind && self.tasks == other.tasks && looks(self) == looks(other)
    }
}

/// All verdicts.
pub(super) fn verdicts(live: &Live, recording: Option<&Recording<'_>>) -> Vec<Found> {
    let mut found = without_waker(live, recording);
    if let Some(recording) = recording {
        found.extend(stuck(live, recording));
        found.extend(behind_long_polls(live, recording));
        found.extend(closed_pools(live, recording));
        found.extend(not_in_block_on(recording));
        found.extend(threads_busy(live, recording));
    }
    found
}

fn subject(model: &Model, index: usize) -> Option<Subject> {
    let task = &model.tasks[index];
    let address = NonZeroUsize::new(usize::try_from(task.address).ok()?)?;
    Some(Subject { id: TaskId::at(address), index: Some(index), changes: task.changes })
}

fn about(model: &Model, kind: VerdictKind, tasks: &[usize], time: u64) -> Option<Found> {
    let tasks = tasks.iter().map(|task| subject(model, *task)).collect::<Option<Vec<_>>>()?;
    Some(Found { kind, tasks, time, load: None })
}

/// Tasks of pools that wait, and of which only the handle is left; and local ones, if a recording knows them.
fn without_waker(live: &Live, recording: Option<&Recording<'_>>) -> Vec<Found> {
    let kind = VerdictKind::NoWaker;
    let is_alone = |task: &&TaskLook| {
        task.look.is_idle()
            && !task.look.is_cancelled()
            && task.look.has_handle()
            && task.look.wakers() == Some(0)
    };
    let index = |id: TaskId| recording.and_then(|recording| recording.model.find(id.address()));
    let alone = live.pools.iter().flat_map(|pool| pool.tasks.iter().filter(is_alone)).map(|task| {
        let subject = Subject { id: task.id, index: index(task.id), changes: 0 };
        Found { kind, tasks: vec![subject], time: 0, load: None }
    });
    let mut found: Vec<Found> = alone.collect();
    if let Some(recording) = recording {
        let is_alone = |(_, task): &(usize, &Task)| {
            let idle = matches!(task.state, State::Idle { since } if since >= recording.horizon);
            task.kind == Some(TaskKind::Local) && idle && task.wakers == Some(0) && !task.cancelled
        };
        let model = recording.model;
        let local = model.tasks.iter().enumerate().filter(is_alone);
        found.extend(local.filter_map(|(index, _)| about(model, kind, &[index], 0)));
    }
    found
}

/// Cycles, and locks that were left behind.
fn stuck(live: &Live, recording: &Recording<'_>) -> Vec<Found> {
    let model = recording.model;
    let looks: HashMap<u64, &TaskLook> = live.tasks().map(|task| (task.id.address(), task)).collect();
    // Y2, and as many wakers as waits (see `stuck`). The number at the end of the poll may be one too large: the
    // handle may just have been dropped.
    let may_count = |task: &Task| {
        let waits = Some(task.waits.len() as u64);
        match (task.kind, looks.get(&task.address)) {
            (Some(TaskKind::Pool), None) => false,
            (_, None) => task.wakers == waits,
            (_, Some(now)) => {
                let wakers = now.look.wakers().map(|wakers| wakers as u64);
                now.look.is_idle() && !now.look.is_cancelled() && wakers == waits
            }
        }
    };
    let strangers = |since: u64| {
        recording.strangers.since(std::time::Duration::from_nanos(recording.now.saturating_sub(since)))
    };
    let holds = |channel: usize, enders: &Enders| have_the_ends(model, &looks, channel, enders);
    let stuck = Stuck::find(model, recording.horizon, &strangers, &holds, may_count);
    let next = |task: usize| -> Vec<usize> { stuck.waits_of(task).flat_map(|(_, tasks)| tasks).collect() };
    let tasks = stuck.tasks();
    let mut found = Vec::new();
    for cycle in cycles(&tasks, next) {
        found.extend(about(model, kind_of(model, &stuck, &cycle), &cycle, 0));
    }
    let mut left: HashMap<u64, Vec<usize>> = HashMap::new();
    for &task in &tasks {
        for (wait, others) in stuck.waits_of(task) {
            if let (Wait::Lock(lock), true) = (wait, others.is_empty()) {
                left.entry(lock).or_default().push(task);
            }
        }
    }
    found.extend(left.values().filter_map(|tasks| about(model, VerdictKind::LeakedLock, tasks, 0)));
    found
}

/// The alignment of the shared state of an mpsc channel (`sync::mpsc`).
const MPSC_ALIGNMENT: u64 = 64;

/// Whether these tasks have all ends of the channel: those that have had them since the poll after which they wait.
fn have_the_ends(model: &Model, looks: &HashMap<u64, &TaskLook>, channel: usize, enders: &Enders) -> bool {
    let channel = &model.channels[channel];
    let Some((made, maker)) = channel.made else { return false };
    let place = |actor: &Actor| {
        let Actor::Task(index) = *actor else { return None };
        let task = &model.tasks[index];
        let since = if *actor == maker { made } else { task.spawned };
        let same_poll =
            task.last_poll.is_some_and(|(begin, _)| begin <= since) || *actor != maker && task.polls == 1;
        let look = looks.get(&task.address).filter(|_| same_poll && !task.is_finished())?;
        Some((task.address, look.size))
    };
    let tasks: Vec<(u64, usize)> = enders.iter().filter_map(place).collect();
    let alignment = if channel.class == Class::Mpsc { MPSC_ALIGNMENT } else { 1 };
    ends::are_within(channel.address, alignment, &tasks)
}

/// What kind of cycle this is, by what its tasks wait for in each other.
fn kind_of(model: &Model, stuck: &Stuck<'_>, cycle: &[usize]) -> VerdictKind {
    let inside = |task: &usize| {
        stuck
            .waits_of(*task)
            .filter(|(_, tasks)| tasks.iter().any(|task| cycle.contains(task)))
            .map(|(wait, _)| wait)
    };
    let waits: Vec<Wait> = cycle.iter().flat_map(inside).collect();
    let handed = |wait: &Wait| match wait {
        Wait::Lock(lock) => model.locks[lock].holder.is_some_and(|holder| holder.handed_at.is_some()),
        _ => false,
    };
    let joins = waits.iter().any(|wait| matches!(wait, Wait::Join(_)));
    let locks = waits.iter().any(|wait| matches!(wait, Wait::Lock(_)));
    let channels = waits.iter().any(|wait| matches!(wait, Wait::Channel { .. }));
    let alone = cycle.len() == 1;
    match (channels, locks, joins) {
        (true, ..) if alone => VerdictKind::OwnChannel,
        (true, ..) => VerdictKind::ChannelCycle,
        (_, true, _) if waits.iter().any(handed) => VerdictKind::Futurelock,
        (_, true, false) if alone => VerdictKind::OwnLock,
        (_, true, true) => VerdictKind::MixedCycle,
        (_, true, false) => VerdictKind::LockCycle,
        _ if alone => VerdictKind::JoinsItself,
        _ => VerdictKind::JoinCycle,
    }
}

/// Tasks that were woken long ago, while all that could run them are in long polls.
fn behind_long_polls(live: &Live, recording: &Recording<'_>) -> Vec<Found> {
    let model = recording.model;
    let pool_of = pools_of(live);
    let mut found = Vec::new();
    for (index, task) in model.tasks.iter().enumerate() {
        let State::Queued { since, .. } = task.state else { continue };
        let waited = recording.now.saturating_sub(since);
        if waited < LONG || since < recording.horizon {
            continue;
        }
        let (threads, closed) = match task.kind {
            Some(TaskKind::Local) => (task.thread.map(|thread| vec![thread]), false),
            Some(TaskKind::Pool) => match pool_of.get(&task.address).copied().or_else(|| only_pool(live)) {
                Some(pool) => (workers(model, live, pool), live.pools[pool].closed),
                None => continue,
            },
            _ => continue,
        };
        let shortest = threads.and_then(|threads| shortest_poll(recording, &threads, index));
        let kind = if closed { VerdictKind::ClosedPool } else { VerdictKind::BehindLongPoll };
        if let Some(shortest) = shortest.filter(|shortest| *shortest >= LONG) {
            found.extend(about(model, kind, &[index], shortest.min(waited)));
        }
    }
    found
}

/// Pools that were closed long ago, and whose workers are all in long polls, so that none drops the tasks. A close
/// records nothing of the tasks.
fn closed_pools(live: &Live, recording: &Recording<'_>) -> Vec<Found> {
    let model = recording.model;
    let mut found = Vec::new();
    for (index, pool) in live.pools.iter().enumerate().filter(|(_, pool)| pool.closed) {
        let Some(Some(closed)) = model.pools.get(&(pool.id as u64)).copied() else { continue };
        let shortest =
            workers(model, live, index).and_then(|threads| shortest_poll(recording, &threads, usize::MAX));
        let time = shortest.unwrap_or(0).min(recording.now.saturating_sub(closed));
        let left = pool.tasks.iter().filter(|task| task.look.is_cancelled() && !task.look.is_running());
        let tasks: Vec<usize> = left.filter_map(|task| model.find(task.id.address())).collect();
        if time >= LONG && !tasks.is_empty() {
            found.extend(about(model, VerdictKind::ClosedPool, &tasks, time));
        }
    }
    found
}

/// Which pool each listed task is in, by its index.
fn pools_of(live: &Live) -> HashMap<u64, usize> {
    let of = |(index, pool): (usize, &crate::driver::rescue::PoolLook)| {
        pool.tasks.iter().map(|task| (task.id.address(), index)).collect::<Vec<_>>()
    };
    live.pools.iter().enumerate().flat_map(of).collect()
}

/// A task that has never waited is in no list. If there is one pool, it is in that.
fn only_pool(live: &Live) -> Option<usize> {
    (live.pools.len() == 1).then_some(0)
}

/// The pool's threads, if the recording knows all of them.
fn workers(model: &Model, live: &Live, pool: usize) -> Option<Vec<usize>> {
    let pool = &live.pools[pool];
    let is_one =
        |thread: &usize| model.threads[*thread].pool == Some(pool.id as u64) && !model.threads[*thread].gone;
    let known: Vec<usize> = (0..model.threads.len()).filter(is_one).collect();
    (known.len() == pool.workers).then_some(known)
}

/// How long the shortest of the polls is that these threads are in. `None` if one is in none, or polls the task
/// itself.
fn shortest_poll(recording: &Recording<'_>, threads: &[usize], task: usize) -> Option<u64> {
    let poll = |thread: &usize| {
        let thread = recording.model.threads.get(*thread)?;
        let polled = thread.polled.first().filter(|polled| **polled != task)?;
        let State::Running { since, .. } = recording.model.tasks[*polled].state else { return None };
        Some(recording.now.saturating_sub(since))
    };
    threads.iter().map(poll).collect::<Option<Vec<_>>>()?.into_iter().min()
}

/// Local tasks that nobody will poll.
fn not_in_block_on(recording: &Recording<'_>) -> Vec<Found> {
    let model = recording.model;
    let mut found = Vec::new();
    for (index, task) in model.tasks.iter().enumerate() {
        let since = match task.state {
            State::Queued { since, .. } | State::Idle { since } => since,
            _ => continue,
        };
        let Some(thread) = task.thread.filter(|_| task.kind == Some(TaskKind::Local)) else { continue };
        let at = &model.threads[thread];
        // A call on a thread for blocking calls drops its local tasks when it ends.
        let outside = at.roots.is_empty() && !at.is_worker() && at.polled.is_empty();
        // A thread that has left none may be in one that it has entered before the recording began.
        let Some(left) = at.left_block_on else { continue };
        let since = since.max(left);
        let waited = recording.now.saturating_sub(since);
        if outside && waited >= LONG && since >= recording.horizon {
            found.extend(about(model, VerdictKind::NotInBlockOn, &[index], waited));
        }
    }
    found
}

/// Returns the calls that are in the queue, the oldest first: the youngest `queued` of those that have not begun. An
/// older one has left the queue, and its thread was not scheduled yet.
fn last_in_queue(mut not_begun: Vec<(u64, usize)>, queued: usize) -> Vec<(u64, usize)> {
    not_begun.sort_unstable();
    not_begun.split_off(not_begun.len().saturating_sub(queued))
}

/// Blocking calls that wait for a thread.
fn threads_busy(live: &Live, recording: &Recording<'_>) -> Vec<Found> {
    let (model, load) = (recording.model, live.load);
    if load.threads < LIMIT || load.idle > 0 || load.queued == 0 {
        return Vec::new();
    }
    // (since when, which) of the calls that are not known to have begun.
    let not_begun = model.tasks.iter().enumerate().filter_map(|(index, task)| match task.state {
        State::Queued { since, .. } if task.kind == Some(TaskKind::Blocking) && !task.cancelled => {
            Some((since, index))
        }
        _ => None,
    });
    let waiting: Vec<(u64, usize)> = last_in_queue(not_begun.collect(), load.queued)
        .into_iter()
        .filter(|(since, _)| *since >= recording.horizon && recording.now.saturating_sub(*since) >= LONG)
        .collect();
    let time = waiting.first().map_or(0, |(since, _)| recording.now.saturating_sub(*since));
    let waiting: Vec<usize> = waiting.into_iter().map(|(_, index)| index).collect();
    let found =
        (!waiting.is_empty()).then(|| about(model, VerdictKind::ThreadsBusy, &waiting, time)).flatten();
    found.map(|found| Found { load: Some(load), ..found }).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_has_left_the_queue_does_not_wait_for_a_thread() {
        assert_eq!(last_in_queue(vec![(30, 2), (10, 0), (20, 1)], 1), [(30, 2)]);
        assert_eq!(last_in_queue(vec![(10, 0)], 2), [(10, 0)]);
    }
}
