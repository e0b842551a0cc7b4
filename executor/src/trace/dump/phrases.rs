//! A task, and what it waits for, in words.
//!
//! Where a recording would know more, the words say so. If they said nothing, a reader would conclude that there is
//! nothing.
//!
//! Called by `dump::words`. Next: `dump::words`.

use std::num::NonZeroUsize;
use std::time::Duration;

use reactor::record::{Place, TaskKind};

use super::ids::IdMap;
use super::live::{Held, Live};
use super::model::{Actor, By, Class, Model, Other, Side, State, Task, Wait};
use super::report::TaskReport;
use super::seen::Seen;
use crate::raw_task::list::TaskLook;
use crate::task_id::TaskId;

/// Why more is not known of a task: there is no recording.
pub(super) const UNRECORDED: &str = "a recording would know";
/// Why no more is known: the recording has no event of the task.
const BEFORE: &str = "the event was before the recording, or was lost from it";
/// Why no more is known: the recording does not have the task's last poll, or the task was woken after the look.
const LOST: &str = "the event was lost from the recording, or the task was woken just now";

/// The report of a pool's task without a recording, or with one that lacks the task's last poll. `unknown` says why
/// more is not known.
pub(super) fn of_live(live: &Live, task: &TaskLook, unknown: &str) -> TaskReport {
    let look = task.look;
    let state = match (look.is_running(), look.is_idle(), look.is_cancelled()) {
        (true, ..) => "being polled",
        (_, false, true) => "cancelled, and queued to be dropped",
        (_, false, false) => "woken, and queued",
        (_, true, _) => "waiting",
    };
    let held = live.held.get(&task.id.address()).map_or(&[][..], Vec::as_slice);
    let mut waits_for: Vec<String> = held.iter().map(|held| of_held(live, held)).collect();
    let known = waits_for.len();
    match look.wakers().map(|wakers| wakers.saturating_sub(known)) {
        Some(0) if known == 0 && look.is_idle() => waits_for.push("nothing: it has no waker".to_owned()),
        Some(more) if more > 0 => waits_for.push(format!(
            "{more} {}: a lock, a channel, a task or a blocking call ({unknown}), or an AbortHandle",
            if more == 1 { "thing more" } else { "things more" }
        )),
        _ => {}
    }
    let awaited = look.is_awaited().then(|| format!("awaited by something ({unknown})"));
    TaskReport {
        id: task.id,
        name: task.name.clone(),
        kind: "pool",
        state: state.to_owned(),
        waits_for,
        awaited_by: awaited,
        spawned: None,
        last_wake: None,
        last_poll: None,
    }
}

fn of_held(live: &Live, held: &Held) -> String {
    match held {
        Held::Socket { key, writes } => socket(live, *key, *writes),
        Held::Timer { left: 0 } => "a timer that is due".to_owned(),
        Held::Timer { left } => format!("a timer that is due in {}", time(*left)),
    }
}

fn socket(live: &Live, key: usize, writes: bool) -> String {
    let to = if writes { "to write to" } else { "to read from" };
    match live.sockets.get(&key) {
        Some(socket) => {
            let address = socket.address.as_ref().map_or_else(String::new, |address| format!(", {address}"));
            format!("socket {to}: descriptor {}{address}", socket.fd)
        }
        None => format!("socket {to}, which is gone by now"),
    }
}

/// Nanoseconds, with three digits or so.
pub(super) fn time(nanoseconds: u64) -> String {
    format!("{:.1?}", Duration::from_nanos(nanoseconds))
}

/// The words for what a recording knows.
pub(super) struct Words<'a> {
    live: &'a Live,
    seen: &'a Seen,
    pub(super) model: &'a Model,
    looks: IdMap<&'a TaskLook>,
    /// Who awaits each task's handle.
    joiners: IdMap<usize>,
}

impl<'a> Words<'a> {
    pub(super) fn new(live: &'a Live, seen: &'a Seen) -> Self {
        let looks = live.tasks().map(|task| (task.id.address(), task)).collect();
        let joins = |(index, task): (usize, &Task)| {
            let join = |wait: &Wait| if let Wait::Join(of) = wait { Some((*of as u64, index)) } else { None };
            let waits = !task.is_finished();
            task.waits.iter().filter_map(join).filter(|_| waits).collect::<Vec<_>>()
        };
        let joiners = seen.model.tasks.iter().enumerate().flat_map(joins).collect();
        Self { live, seen, model: &seen.model, looks, joiners }
    }

    pub(super) fn tasks(&self) -> Vec<TaskReport> {
        let all = self.model.tasks.iter().enumerate();
        // A later task has the address of one whose end was lost.
        let is_there = |(index, task): &(usize, &Task)| {
            !task.is_finished() && self.model.find(task.address) == Some(*index) && !self.may_have_ended(task)
        };
        let known = all.filter(is_there).filter_map(|(index, task)| self.report(index, task));
        let older = self.live.tasks().filter(|task| self.model.find(task.id.address()).is_none());
        known.chain(older.map(|task| of_live(self.live, task, BEFORE))).collect()
    }

    /// Whether its end may be among what was lost.
    fn may_have_ended(&self, task: &Task) -> bool {
        let since = match task.state {
            State::Idle { since } | State::Queued { since, .. } => since,
            State::Unknown => task.spawned,
            _ => return false,
        };
        since < self.seen.horizon && !self.looks.contains_key(&task.address)
    }

    /// Of a task that waits: whether the events of its last poll were lost.
    fn last_poll_was_lost(&self, task: &Task) -> bool {
        match task.state {
            State::Queued { since, .. } | State::Running { since, .. } => since < self.seen.horizon,
            _ => false,
        }
    }

    fn report(&self, index: usize, task: &Task) -> Option<TaskReport> {
        let look = self.looks.get(&task.address);
        let joiner = self.joiners.get(&(index as u64));
        let awaited_by = joiner.map(|joiner| format!("awaited by {}", self.name(*joiner)));
        if let Some(look) = look.filter(|look| look.look.is_idle() && self.last_poll_was_lost(task)) {
            let live = of_live(self.live, look, LOST);
            let awaited_by = awaited_by.or(live.awaited_by);
            return Some(TaskReport { spawned: self.spawned(task), awaited_by, ..live });
        }
        let full_name = look.and_then(|look| look.name.clone());
        let address = NonZeroUsize::new(usize::try_from(task.address).ok()?)?;
        Some(TaskReport {
            id: TaskId::at(address),
            name: full_name.or_else(|| task.name.as_deref().map(str::to_owned)),
            kind: kind(task),
            state: self.state(task),
            waits_for: self.waits(task),
            awaited_by,
            spawned: self.spawned(task),
            last_wake: task
                .last_wake
                .map(|(at, by)| format!("woken {} ago, by {}", self.ago(at), self.by(by))),
            last_poll: task.last_poll.map(|(from, to)| {
                let polls = if task.polls == 1 { "its only poll" } else { "its last poll" };
                format!("{polls} took {}, and ended {} ago", time(to.saturating_sub(from)), self.ago(to))
            }),
        })
    }

    fn ago(&self, at: u64) -> String {
        time(self.seen.now.saturating_sub(at))
    }

    fn state(&self, task: &Task) -> String {
        let look = self.looks.get(&task.address);
        match task.state {
            State::Unknown => "spawned before the recording began".to_owned(),
            State::Queued { since, .. } if task.kind == Some(TaskKind::Blocking) => {
                format!("waiting for a thread for {}", self.ago(since))
            }
            State::Queued { since, place } => {
                let place = place
                    .map_or_else(String::new, |place| format!(", in {}", place_name(place, task.injected)));
                format!("woken, and queued for {}{place}", self.ago(since))
            }
            State::Running { since, thread } => {
                format!("being polled for {}, by {}", self.ago(since), self.thread(thread))
            }
            // A pool that is closed records nothing of its tasks.
            State::Idle { .. }
                if look.is_some_and(|task| task.look.is_cancelled() && !task.look.is_idle()) =>
            {
                "cancelled, and queued to be dropped".to_owned()
            }
            State::Idle { since } => format!("waiting for {}", self.ago(since)),
            State::Ending => "ending: its future is being dropped".to_owned(),
            State::Finished { since } => format!("finished {} ago", self.ago(since)),
        }
    }

    fn waits(&self, task: &Task) -> Vec<String> {
        if !matches!(task.state, State::Idle { .. } | State::Unknown) {
            return Vec::new();
        }
        let mut waits: Vec<String> = task.waits.iter().map(|wait| self.wait(*wait)).collect();
        let known = waits.len() as u64;
        if known == 0 {
            let held = self.live.held.get(&task.address);
            waits.extend(held.into_iter().flatten().map(|held| of_held(self.live, held)));
        }
        match task.wakers {
            Some(0) if waits.is_empty() && !task.is_root() => {
                waits.push("nothing: it has no waker".to_owned());
            }
            Some(wakers) if wakers > waits.len() as u64 => {
                let more = wakers - waits.len() as u64;
                waits.push(format!("something else too: {more} more wakers (an AbortHandle counts as one)"));
            }
            _ if waits.is_empty() && task.is_root() => {
                waits.push("something that is not recorded".to_owned());
            }
            _ => {}
        }
        waits
    }

    pub(super) fn wait(&self, wait: Wait) -> String {
        match wait {
            Wait::Socket { key, writes } => socket(self.live, usize::try_from(key).unwrap_or(0), writes),
            Wait::Timer(timer) => match self.model.timers.get(&timer) {
                Some(due) if *due > self.seen.now => {
                    format!("a timer that is due in {}", time(due - self.seen.now))
                }
                Some(_) => "a timer that is due".to_owned(),
                None => "a timer".to_owned(),
            },
            Wait::Lock(lock) => format!("a lock, {}", self.holder(lock)),
            Wait::Join(task) => format!("{} to finish", self.name(task)),
            Wait::Channel { channel, side } => self.channel(channel, side),
            Wait::Call => "a blocking call".to_owned(),
            Wait::Other { thing, .. } => other(thing).to_owned(),
        }
    }

    fn holder(&self, lock: u64) -> String {
        let Some(holder) = self.model.locks.get(&lock).and_then(|lock| lock.holder) else {
            return "whose holder is not known".to_owned();
        };
        let (who, since) = (self.actor(holder.actor), self.ago(holder.since));
        let over = matches!(holder.actor, Actor::Task(task) if self.model.tasks[task].is_finished());
        match (over, holder.handed_at) {
            (true, _) => format!("which {who} took {since} ago, and has not unlocked: it has finished"),
            (_, Some(_)) => format!("which was handed to {who} {since} ago, and which it has not taken"),
            (_, None) => format!("which {who} has held for {since}"),
        }
    }

    fn channel(&self, index: usize, side: Side) -> String {
        let channel = &self.model.channels[index];
        let what = match (channel.class, side) {
            (Class::Mpsc, Side::Room) => "room in a channel",
            (Class::Mpsc, Side::Value) => "a value from a channel",
            (Class::Mpsc, Side::End) => "the receiver of a channel to go",
            (Class::Oneshot, Side::End) => "the receiver of a oneshot to go",
            (Class::Broadcast, Side::End) => "all receivers of a broadcast to go",
            (Class::Oneshot, _) => "the value of a oneshot",
            (Class::Broadcast, _) => "a value from a broadcast",
            (Class::Watch, _) => "a change or the end of a watch",
        };
        let made = channel.made.map(|(_, by)| format!("made by {}", self.actor(by)));
        let sent: Vec<String> = channel.senders.iter().map(|sender| self.actor(*sender)).collect();
        let sent = if sent.is_empty() {
            "nobody has sent to it".to_owned()
        } else {
            format!("sent to by {}", list(&sent))
        };
        let made = made.unwrap_or_else(|| "made before the recording began".to_owned());
        format!("{what}, {made}; {sent}")
    }

    fn actor(&self, actor: Actor) -> String {
        match actor {
            Actor::Task(task) => self.name(task),
            Actor::Thread(thread) => self.thread(thread),
        }
    }

    fn by(&self, by: By) -> String {
        match by {
            By::Task(task) => self.name(task),
            By::Thread(thread) => self.thread(thread),
            By::Timer(_) => "a timer".to_owned(),
            By::Socket(key) => match self.live.sockets.get(&usize::try_from(key).unwrap_or(0)) {
                Some(socket) => format!("socket with descriptor {}", socket.fd),
                None => "a socket".to_owned(),
            },
        }
    }

    fn thread(&self, thread: usize) -> String {
        let name = self.model.threads.get(thread).map_or("", |thread| thread.name.as_str());
        format!("thread {name}")
    }

    fn name(&self, index: usize) -> String {
        let task = &self.model.tasks[index];
        let what = if task.is_root() { "block_on" } else { "task" };
        match &task.name {
            Some(name) => format!("{what} \"{name}\""),
            None => format!("{what} {:x}", task.address >> 4),
        }
    }

    fn spawned(&self, task: &Task) -> Option<String> {
        let site = task.site.and_then(|site| self.seen.last.sites.get(usize::try_from(site).ok()?));
        let site = site.map_or_else(|| "somewhere".to_owned(), ToString::to_string);
        let parent = task.parent.map(|parent| self.actor(parent))?;
        Some(format!("spawned {} ago at {site}, by {parent}", self.ago(task.spawned)))
    }
}

/// What several tasks may hold or end at once: there is no single task to name.
fn other(thing: Other) -> &'static str {
    match thing {
        Other::JoinSet => "a task of a JoinSet to finish",
        Other::Semaphore => "permits of a semaphore",
        Other::RwLock => "a lock for readers and writers",
        Other::Notify => "a notice of a Notify",
        Other::Barrier => "others at a barrier",
    }
}

fn kind(task: &Task) -> &'static str {
    match task.kind {
        Some(TaskKind::Pool) => "pool",
        Some(TaskKind::Local) => "local",
        Some(TaskKind::Blocking) => "blocking call",
        Some(TaskKind::BlockOn) => "block_on",
        None => "of unknown kind",
    }
}

fn place_name(place: Place, injected: bool) -> &'static str {
    match place {
        Place::Pool if injected => "the injector",
        Place::Pool => "a worker's queue",
        Place::LocalQueue => "its thread's queue",
        Place::Inbox => "its thread's inbox",
        Place::Root => "no queue",
    }
}

/// `a`, `a and b`, or `a, b and c`; of many, the first few.
pub(super) fn list(words: &[String]) -> String {
    const SHOWN: usize = 4;
    match words {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [first @ .., last] if words.len() <= SHOWN => format!("{} and {last}", first.join(", ")),
        many => format!("{} and {} more", many[..SHOWN].join(", "), many.len() - SHOWN),
    }
}
