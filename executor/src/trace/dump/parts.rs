//! What the model keeps of a task, a thread, a lock and a channel, and the steps of each.
//!
//! Some steps change several fields at once. If each event's code set them itself, a poll could begin without removing
//! the waits of the last one, and a dump would name a wait that has ended. So each such step is a method here.
//!
//! Called by `dump::model`. Next: `dump::model`.

use reactor::record::{Place, TaskKind, Thing};

use super::ids::IdMap;

/// What does something: the task that is polled, or a thread outside of any poll. By its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Actor {
    Task(usize),
    Thread(usize),
}

/// By whom a task was woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Task(usize),
    /// A thread that polls no task.
    Thread(usize),
    Socket(u64),
    Timer(u64),
}

/// Where a task is. All times are nanoseconds since the recording began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It was spawned before the recording began.
    Unknown,
    Queued {
        since: u64,
        place: Option<Place>,
    },
    Running {
        since: u64,
        thread: usize,
    },
    Idle {
        since: u64,
    },
    /// It was ready, or has panicked. Its future is being dropped.
    Ending,
    Finished {
        since: u64,
    },
}

/// The place that the argument of a wake names; `None` if it names none.
pub(super) fn place(argument: u8) -> Option<Place> {
    [Place::Pool, Place::LocalQueue, Place::Inbox, Place::Root]
        .into_iter()
        .find(|place| *place as u8 == argument)
}

/// What a task waits for, as its poll has recorded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Socket {
        key: u64,
        writes: bool,
    },
    Timer(u64),
    /// By its address.
    Lock(u64),
    Join(usize),
    Channel {
        channel: usize,
        side: Side,
    },
    Call,
    /// Something else inside the program, by its address: nothing is recorded of who could end the wait.
    Other {
        thing: Other,
        address: u64,
    },
}

/// What a task may wait for, and what no verdict about cycles covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Other {
    JoinSet,
    Semaphore,
    RwLock,
    Notify,
    Barrier,
}

impl Other {
    pub(super) fn of(thing: u8) -> Option<Self> {
        const ALL: [(Thing, Other); 5] = [
            (Thing::JoinSet, Other::JoinSet),
            (Thing::Semaphore, Other::Semaphore),
            (Thing::RwLock, Other::RwLock),
            (Thing::Notify, Other::Notify),
            (Thing::Barrier, Other::Barrier),
        ];
        ALL.iter().find(|(known, _)| *known as u8 == thing).map(|(_, other)| *other)
    }
}

/// What a task waits for in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Room,
    Value,
    /// That there is no receiver any more.
    End,
}

/// The channels that an actor has sent to.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    /// The channels, and when it did so last.
    pub(super) to: Vec<(u64, usize)>,
    /// There are more than [`MANY`].
    pub(super) many: bool,
}

/// The largest number of channels of an actor, and of users of a channel, that is kept. Beyond it too little is known
/// for a verdict.
pub(super) const MANY: usize = 64;

impl Sent {
    pub(super) fn add(&mut self, time: u64, channel: usize) {
        let full = self.to.len() >= MANY;
        match self.to.iter_mut().find(|(_, to)| *to == channel) {
            Some(last) => last.0 = time,
            None if full => self.many = true,
            None => self.to.push((time, channel)),
        }
    }
}

/// A task, or the future of a `block_on`.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) address: u64,
    pub(super) kind: Option<TaskKind>,
    pub(super) name: Option<Box<str>>,
    pub(super) site: Option<u64>,
    pub(super) spawned: u64,
    pub(super) parent: Option<Actor>,
    /// The thread that has spawned it.
    pub(super) thread: Option<usize>,
    pub(super) state: State,
    pub(super) polls: u64,
    /// The last poll that has ended: from, to.
    pub(super) last_poll: Option<(u64, u64)>,
    pub(super) last_wake: Option<(u64, By)>,
    /// Woken while it runs.
    pub(super) woken: bool,
    /// The last wake has put it into the injector.
    pub(super) injected: bool,
    /// What the last poll waits for.
    pub(super) waits: Vec<Wait>,
    /// Whether some of these wait with a waker that is not the task's own.
    pub(super) user_waker: bool,
    /// How many wakers there were when the last poll ended. An `AbortHandle` counts as one (`Look::wakers`).
    pub(super) wakers: Option<u64>,
    pub(super) cancelled: bool,
    /// Who has its outcome.
    pub(super) taken_by: Option<Actor>,
    /// Nobody gets its outcome: the handle was dropped.
    pub(super) detached: bool,
    /// How many events were about it.
    pub(super) changes: u64,
    /// The tasks that it has spawned, and when.
    pub(super) children: Vec<(u64, usize)>,
    pub(super) sent: Sent,
}

impl Task {
    pub(super) fn unknown(address: u64, time: u64) -> Self {
        Self {
            address,
            kind: None,
            name: None,
            site: None,
            spawned: time,
            parent: None,
            thread: None,
            state: State::Unknown,
            polls: 0,
            last_poll: None,
            last_wake: None,
            woken: false,
            injected: false,
            waits: Vec::new(),
            user_waker: false,
            wakers: None,
            cancelled: false,
            taken_by: None,
            detached: false,
            changes: 0,
            children: Vec::new(),
            sent: Sent::default(),
        }
    }

    pub(super) fn begin_poll(&mut self, time: u64, thread: usize) {
        self.state = State::Running { since: time, thread };
        self.polls += 1;
        self.woken = false;
        self.injected = false;
        self.user_waker = false;
        self.waits.clear();
    }

    pub(super) fn end_poll(&mut self, time: u64, pending: bool, wakers: u64) {
        if let State::Running { since, .. } = self.state {
            self.last_poll = Some((since, time));
        }
        self.wakers = Some(wakers).filter(|wakers| *wakers != u64::MAX);
        self.state = match (pending, self.woken) {
            (false, _) => State::Ending,
            (true, true) => State::Queued { since: time, place: None },
            (true, false) => State::Idle { since: time },
        };
    }

    /// It does not wait for this any more.
    pub(super) fn waited(&mut self, wait: Wait) {
        if let Some(index) = self.waits.iter().position(|other| *other == wait) {
            self.waits.swap_remove(index);
        }
    }

    pub(super) fn wake(&mut self, time: u64, by: By, place: Option<Place>, queues: bool) {
        match self.state {
            State::Running { since, .. } if since <= time => self.woken = true,
            State::Unknown | State::Idle { .. }
                if queues && self.last_poll.is_none_or(|(begin, _)| begin <= time) =>
            {
                self.state = State::Queued { since: time, place };
            }
            _ => return, // Queued already, or older than the poll.
        }
        self.last_wake = Some((time, by));
    }

    /// Whether it is the future of a `block_on`.
    pub(super) fn is_root(&self) -> bool {
        self.kind == Some(TaskKind::BlockOn)
    }

    pub(super) fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished { .. })
    }

    /// Whether its outcome is still there for a thread or task that gets the handle.
    pub(super) fn has_outcome(&self) -> bool {
        self.is_finished() && self.taken_by.is_none() && !self.detached
    }
}

/// A thread that has recorded something.
#[derive(Debug, Default)]
pub(super) struct Thread {
    pub(super) name: String,
    /// The pool of which it is a worker, if it is one.
    pub(super) pool: Option<u64>,
    pub(super) gone: bool,
    /// What it polls, the innermost last.
    pub(super) polled: Vec<usize>,
    /// The futures of its `block_on`s, the innermost last.
    pub(super) roots: Vec<usize>,
    /// When it left the last one.
    pub(super) left_block_on: Option<u64>,
    /// The tasks that it has spawned outside of any poll, and when.
    pub(super) children: Vec<(u64, usize)>,
    /// What it has sent outside of any poll.
    pub(super) sent: Sent,
    /// The lock that it has handed over in its last event.
    pub(super) handed: Option<u64>,
    /// Whose wakers its last turn has taken, and why.
    dues: IdMap<By>,
    cause: Option<By>,
    /// The turn has ended: the next cause begins a new one.
    pub(super) turned: bool,
}

impl Thread {
    /// Something has become ready in the turn under way.
    pub(super) fn caused(&mut self, by: By) {
        if std::mem::take(&mut self.turned) {
            self.dues.clear();
        }
        self.cause = Some(by);
    }

    /// The last cause has taken this task's waker.
    pub(super) fn due(&mut self, task: u64) {
        self.dues.extend(self.cause.map(|cause| (task, cause)));
    }

    /// Why this thread wakes that task, if it polls nothing.
    pub(super) fn cause_of(&mut self, task: u64) -> Option<By> {
        self.polled.is_empty().then(|| self.dues.remove(&task))?
    }

    /// Whether it is a pool's worker.
    pub(super) fn is_worker(&self) -> bool {
        self.pool.is_some()
    }
}

/// Who has a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) actor: Actor,
    pub(super) since: u64,
    /// If it was handed to a task that has not taken it: how many polls of that task had begun at the handover.
    pub(super) handed_at: Option<u64>,
}

/// A lock that was used.
#[derive(Debug, Default)]
pub(super) struct Lock {
    /// `None`: it is free, or was taken before the recording began.
    pub(super) holder: Option<Holder>,
}

impl Lock {
    pub(super) fn hand(&mut self, task: usize, time: u64, polls: u64) {
        let later = self.holder.is_some_and(|holder| holder.since > time);
        if !later {
            self.holder = Some(Holder { actor: Actor::Task(task), since: time, handed_at: Some(polls) });
        }
    }
}

/// The kinds of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Class {
    Mpsc,
    Oneshot,
    Broadcast,
    Watch,
}

/// The kind of channel that an event names, and what is waited for there.
pub(super) fn channel(thing: u8) -> Option<(Class, Side)> {
    const ALL: [(Thing, Class, Side); 8] = [
        (Thing::Send, Class::Mpsc, Side::Room),
        (Thing::Receive, Class::Mpsc, Side::Value),
        (Thing::Oneshot, Class::Oneshot, Side::Value),
        (Thing::Broadcast, Class::Broadcast, Side::Value),
        (Thing::Watch, Class::Watch, Side::Value),
        (Thing::ChannelEnd, Class::Mpsc, Side::End),
        (Thing::OneshotEnd, Class::Oneshot, Side::End),
        (Thing::BroadcastEnd, Class::Broadcast, Side::End),
    ];
    let found = ALL.iter().find(|(known, ..)| *known as u8 == thing)?;
    Some((found.1, found.2))
}

/// A channel.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) class: Class,
    pub(super) address: u64,
    /// When it was made, and by whom; `None` if that was before the recording began.
    pub(super) made: Option<(u64, Actor)>,
    /// Who has used one of its ends, and since when.
    pub(super) users: Vec<(u64, Actor)>,
    /// Who has sent to it.
    pub(super) senders: Vec<Actor>,
    /// There are more users than [`MANY`].
    pub(super) many: bool,
}

impl Channel {
    pub(super) fn new(class: Class, address: u64) -> Self {
        Self { class, address, made: None, users: Vec::new(), senders: Vec::new(), many: false }
    }
}
