//! A recording as the page reads it: bytes for the events, and a JSON object for the rest.
//!
//! The page shows tasks from their spawn to their end, but the threads record addresses, and an address is used
//! again when its task is gone. So all events, of all threads, are gone through in the order of their times,
//! and each address becomes the number of the task or thing that had it at that moment.
//!
//! ```text
//!   the threads' events ──merged by time──▶ addresses become numbers ──▶ one stream of bytes for each thread
//!                                                                    └─▶ tables of tasks and things
//! ```
//!
//! Called by `html` and `chrome`. Next: `trace::html`.

use std::collections::{HashMap, HashSet};

use super::format::{Code, varint};
use reactor::record::{self, Event, Kind, Outcome, Recorded, TaskKind, Thing, Track, Wait};

/// A recording in the page's format.
pub(super) struct Encoded {
    pub(super) tasks: Vec<Task>,
    pub(super) things: Vec<Object>,
    /// The threads' streams (see `format`).
    pub(super) bytes: Vec<u8>,
}

/// A task of the recording.
pub(super) struct Task {
    /// What runs it, or `unknown` if its spawn was not recorded, or is lost.
    pub(super) kind: &'static str,
    pub(super) name: Option<Box<str>>,
    /// Where it was spawned: an index of [`Recorded::sites`].
    pub(super) site: Option<u64>,
    /// The task that spawned it.
    pub(super) parent: Option<u64>,
}

/// A socket, a timer, a lock, a channel, a pool.
pub(super) struct Object {
    pub(super) class: &'static str,
    pub(super) label: Option<String>,
}

/// What became of a wake, in the page's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Place {
    Slot = 0,
    Injector = 2,
    LocalQueue = 3,
    Inbox = 4,
    Running = 5,
    Queued = 6,
    Complete = 7,
    Root = 9,
}

impl Place {
    /// Of a wake that has queued its task.
    fn of_wake(argument: u8) -> Self {
        const LOCAL_QUEUE: u8 = record::Place::LocalQueue as u8;
        const INBOX: u8 = record::Place::Inbox as u8;
        const ROOT: u8 = record::Place::Root as u8;
        match argument {
            LOCAL_QUEUE => Self::LocalQueue,
            INBOX => Self::Inbox,
            ROOT => Self::Root,
            _ => Self::Slot,
        }
    }
}

/// How a poll ended, in the page's format: these two are no [`Outcome`], and follow from other events.
const REQUEUED: u64 = 4;
const GAVE_WAY: u64 = 5;

/// What an id stands for. The same address may be a task's and, later, a channel's.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Class {
    Task,
    Socket,
    Timer,
    Lock,
    Channel,
    Oneshot,
    Broadcast,
    JoinSet,
    Watch,
    Semaphore,
    RwLock,
    Notify,
    Barrier,
    Call,
    Pool,
}

impl Class {
    fn of(thing: u8) -> Self {
        const READ: u8 = Thing::Read as u8;
        const WRITE: u8 = Thing::Write as u8;
        const TIMER: u8 = Thing::Timer as u8;
        const LOCK: u8 = Thing::Lock as u8;
        const SEND: u8 = Thing::Send as u8;
        const RECEIVE: u8 = Thing::Receive as u8;
        const JOIN: u8 = Thing::Join as u8;
        const ONESHOT: u8 = Thing::Oneshot as u8;
        const BROADCAST: u8 = Thing::Broadcast as u8;
        const CHANNEL_END: u8 = Thing::ChannelEnd as u8;
        const ONESHOT_END: u8 = Thing::OneshotEnd as u8;
        const BROADCAST_END: u8 = Thing::BroadcastEnd as u8;
        const JOIN_SET: u8 = Thing::JoinSet as u8;
        const WATCH: u8 = Thing::Watch as u8;
        const SEMAPHORE: u8 = Thing::Semaphore as u8;
        const RWLOCK: u8 = Thing::RwLock as u8;
        const NOTIFY: u8 = Thing::Notify as u8;
        const BARRIER: u8 = Thing::Barrier as u8;
        match thing {
            READ | WRITE => Self::Socket,
            TIMER => Self::Timer,
            LOCK => Self::Lock,
            SEND | RECEIVE | CHANNEL_END => Self::Channel,
            JOIN => Self::Task,
            ONESHOT | ONESHOT_END => Self::Oneshot,
            BROADCAST | BROADCAST_END => Self::Broadcast,
            JOIN_SET => Self::JoinSet,
            WATCH => Self::Watch,
            SEMAPHORE => Self::Semaphore,
            RWLOCK => Self::RwLock,
            NOTIFY => Self::Notify,
            BARRIER => Self::Barrier,
            _ => Self::Call,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Socket => "socket",
            Self::Timer => "timer",
            Self::Lock => "lock",
            Self::Channel => "channel",
            Self::Oneshot => "oneshot",
            Self::Broadcast => "broadcast",
            Self::JoinSet => "set",
            Self::Watch => "watch",
            Self::Semaphore => "semaphore",
            Self::RwLock => "rwlock",
            Self::Notify => "notify",
            Self::Barrier => "barrier",
            Self::Call => "call",
            Self::Pool => "pool",
        }
    }
}

/// The tables that grow while the events are gone through.
#[derive(Default)]
struct Tables {
    /// The number of what has this id now.
    numbers: HashMap<(Class, u64), u64>,
    tasks: Vec<Task>,
    /// The thread that has put each task into its slot, or has spawned it.
    slots: HashMap<u64, u64>,
    /// The threads that wait.
    waiting: HashSet<u64>,
    /// What each task is doing.
    doing: Vec<Doing>,
    things: Vec<Object>,
}

/// What a task is doing. This says what became of a wake that queued nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Waiting,
    Polled,
    Gone,
}

impl Tables {
    /// The number of what has this id now; a new number if it is not known.
    fn number(&mut self, class: Class, id: u64) -> u64 {
        match self.numbers.get(&(class, id)) {
            Some(&number) => number,
            None if class == Class::Task => {
                self.new_task(id, Task { kind: UNKNOWN, name: None, site: None, parent: None })
            }
            None => self.new_thing(class, id, None),
        }
    }

    /// Whether this address is that of a task whose future exists.
    fn is_alive(&self, id: u64) -> bool {
        let number = self.numbers.get(&(Class::Task, id));
        number.is_some_and(|&number| self.doing[number as usize] != Doing::Gone)
    }

    /// What became of a wake that has queued nothing.
    fn place_if_vain(&self, task: u64) -> Place {
        match self.doing[task as usize] {
            Doing::Waiting => Place::Queued,
            Doing::Polled => Place::Running,
            Doing::Gone => Place::Complete,
        }
    }

    /// The task waits, unless its future is gone.
    fn leave_poll(&mut self, task: u64) {
        let doing = &mut self.doing[task as usize];
        if *doing == Doing::Polled {
            *doing = Doing::Waiting;
        }
    }

    fn set_doing(&mut self, task: u64, doing: Doing) {
        self.doing[task as usize] = doing;
    }

    fn new_task(&mut self, id: u64, task: Task) -> u64 {
        self.tasks.push(task);
        self.doing.push(Doing::Waiting);
        let number = self.tasks.len() as u64 - 1;
        self.numbers.insert((Class::Task, id), number);
        number
    }

    fn new_thing(&mut self, class: Class, id: u64, label: Option<String>) -> u64 {
        self.things.push(Object { class: class.name(), label });
        let number = self.things.len() as u64 - 1;
        self.numbers.insert((class, id), number);
        number
    }
}

/// One thread's stream, and what is needed to continue it.
struct Stream<'a> {
    track: &'a Track,
    number: u64,
    bytes: Vec<u8>,
    /// The time of the last event.
    last: u64,
    /// The index of the next event.
    next: usize,
    /// The tasks that are being polled, the innermost at the end.
    polled: Vec<u64>,
    /// Whether the poll under way has used up its budget.
    gave_way: bool,
    /// When the thread began to wait in the reactor.
    driving_since: Option<u64>,
    /// The timers that have fired in the turn under way.
    fired: u64,
}

impl Stream<'_> {
    fn push(&mut self, code: Code, time: u64, numbers: &[u64]) {
        let time = time.max(self.last);
        self.bytes.push(code as u8);
        varint(&mut self.bytes, time - self.last);
        numbers.iter().for_each(|number| varint(&mut self.bytes, *number));
        self.last = time;
    }

    /// Whether the event after the one that is being encoded is this one.
    fn is_followed_by(&self, kind: Kind, id: u64) -> bool {
        self.track.events.get(self.next).is_some_and(|next| next.kind == kind && next.id == id)
    }
}

/// Encodes a recording.
pub(super) fn encode(recorded: &Recorded) -> Encoded {
    let mut tables = Tables::default();
    let threads = Threads::of(recorded);
    let mut streams: Vec<Stream<'_>> = recorded
        .threads
        .iter()
        .zip(0..)
        .map(|(track, number)| Stream {
            track,
            number,
            bytes: Vec::new(),
            last: 0,
            next: 0,
            polled: Vec::new(),
            gave_way: false,
            driving_since: None,
            fired: 0,
        })
        .collect();
    for (thread, index) in by_time(recorded.threads.iter().map(|track| &*track.events)) {
        let stream = &mut streams[thread];
        let event = &stream.track.events[index];
        stream.next = index + 1;
        encode_event(event, stream, &mut tables, &threads);
    }
    let mut bytes = Vec::new();
    for stream in &streams {
        varint(&mut bytes, stream.bytes.len() as u64);
        bytes.extend(&stream.bytes);
    }
    Encoded { tasks: tables.tasks, things: tables.things, bytes }
}

/// The events of all threads in the order of their times, each by its thread and its index there. If a thread's
/// clock goes back, its events keep their order.
pub(super) fn by_time<'a>(threads: impl Iterator<Item = &'a [Event]>) -> Vec<(usize, usize)> {
    let mut order = Vec::new();
    for (thread, events) in threads.enumerate() {
        let mut last = 0;
        order.reserve(events.len());
        for (index, event) in events.iter().enumerate() {
            last = event.time.max(last);
            order.push((last, (thread, index)));
        }
    }
    // Each thread's own events are sorted already, so that this only merges them.
    order.sort();
    order.into_iter().map(|(_, place)| place).collect()
}

/// How events name other threads.
struct Threads {
    /// By the address of its parker: a thread says so whenever it waits.
    by_parker: HashMap<u64, u64>,
    /// By a worker's pool, and its index there.
    by_worker: HashMap<(Option<usize>, u64), u64>,
}

impl Threads {
    fn of(recorded: &Recorded) -> Self {
        let mut threads = Self { by_parker: HashMap::new(), by_worker: HashMap::new() };
        for (number, track) in (0..).zip(&recorded.threads) {
            let parks = track.events.iter().filter(|event| event.kind == Kind::Park && event.id != 0);
            threads.by_parker.extend(parks.map(|event| (event.id, number)));
            threads.by_worker.extend(track.worker.map(|(pool, index)| ((Some(pool), index as u64), number)));
        }
        threads
    }
}

fn encode_event(event: &Event, stream: &mut Stream<'_>, tables: &mut Tables, threads: &Threads) {
    let &Event { time, id, value, argument, .. } = event;
    let argument = u64::from(argument);
    let class = Class::of(event.argument);
    // What the event is about, and what else the page is told.
    let (code, class, more): (Code, Class, &[u64]) = match event.kind {
        Kind::ThreadCame | Kind::ThreadGone | Kind::Park | Kind::Unpark | Kind::Spin | Kind::Turn => {
            match event.kind {
                Kind::Park => _ = tables.waiting.insert(stream.number),
                Kind::Unpark => _ = tables.waiting.remove(&stream.number),
                _ => {}
            }
            return thread_event(event, stream);
        }
        // The other thread is known by its parker, if it has ever waited.
        Kind::Notify => {
            // A thread that does not wait needs no system call to be notified.
            let Some(&other) = threads.by_parker.get(&id).filter(|other| tables.waiting.contains(other))
            else {
                return;
            };
            return stream.push(Code::Notify, time, &[other]);
        }
        Kind::Steal => {
            let pool = stream.track.worker.map(|(pool, _)| pool);
            let Some(&other) = threads.by_worker.get(&(pool, id)) else { return };
            return stream.push(Code::Steal, time, &[other, 1]);
        }
        // Only a worker itself puts tasks into its slot.
        Kind::Rescue => {
            let task = tables.number(Class::Task, id);
            let Some(&other) = tables.slots.get(&task) else { return };
            return stream.push(Code::Rescue, time, &[other, 1]);
        }
        Kind::Spawn
        | Kind::Poll
        | Kind::PollEnd
        | Kind::Wake
        | Kind::WakeInVain
        | Kind::Due
        | Kind::Finish => {
            return task_event(event, stream, tables);
        }
        Kind::LockFreed if stream.is_followed_by(Kind::LockHanded, id) => return, // The next event says it.
        Kind::New => {
            tables.new_thing(class, id, None);
            return;
        }
        Kind::SourceNew => {
            tables.new_thing(Class::Socket, id, Some(format!("fd {value}")));
            (Code::SourceNew, Class::Socket, &[])
        }
        Kind::PoolOpened => {
            tables.new_thing(Class::Pool, id, Some(format!("{value} workers")));
            (Code::PoolOpened, Class::Pool, &[value])
        }
        Kind::GaveWay => {
            stream.gave_way = true;
            return stream.push(Code::GaveWay, time, &[]);
        }
        Kind::Waits => {
            let number = tables.number(class, id);
            return stream.push(Code::Waits, time, &[argument, number]);
        }
        Kind::TimerFired => {
            stream.fired += 1;
            (Code::TimerFired, Class::Timer, &[value])
        }
        Kind::TimerArmed => (Code::TimerArmed, Class::Timer, &[time.saturating_add(value)]),
        Kind::TimerCancelled => (Code::TimerCancelled, Class::Timer, &[]),
        Kind::SourceReady => (Code::SourceReady, Class::Socket, &[argument]),
        Kind::SourceGone => (Code::SourceGone, Class::Socket, &[]),
        Kind::LockTaken => (Code::LockTaken, Class::Lock, &[]),
        Kind::LockHanded => (Code::LockHanded, Class::Lock, &[]),
        Kind::LockFreed => (Code::LockFreed, Class::Lock, &[]),
        Kind::Sent => (Code::Sent, class, &[]),
        Kind::Received => (Code::Received, class, &[value + 1]),
        Kind::Closed => (Code::Closed, class, &[]),
        Kind::Lagged => (Code::Lagged, class, &[value]),
        Kind::Cancel => (Code::Cancel, Class::Task, &[]),
        Kind::Taken => (Code::Taken, Class::Task, &[]),
        Kind::PoolClosed => (Code::PoolClosed, Class::Pool, &[]),
        _ => return, // Parts of other events, and kinds that are only counted.
    };
    let number = tables.number(class, id);
    stream.push(code, time, &[&[number], more].concat());
}

fn task_event(event: &Event, stream: &mut Stream<'_>, tables: &mut Tables) {
    let &Event { time, id, value, argument, .. } = event;
    if event.kind == Kind::Spawn {
        let parent = stream.polled.last().copied();
        let site = (value != u64::from(u32::MAX)).then_some(value);
        let task = Task { kind: kind_name(argument), name: event.text.clone(), site, parent };
        let number = tables.new_task(id, task);
        tables.slots.insert(number, stream.number);
        stream.push(Code::Spawn, time, &[number]);
        if argument == TaskKind::Blocking as u8 {
            stream.push(Code::CallQueued, time, &[number]);
        }
        return;
    }
    if event.kind == Kind::PollEnd {
        // The task is the one whose poll began last here: its address may be another's by now.
        let Some(task) = stream.polled.pop() else { return };
        tables.leave_poll(task);
        let requeued = argument == Outcome::Pending as u8 && stream.is_followed_by(Kind::Requeued, id);
        let outcome = match (requeued, stream.gave_way) {
            (true, true) => GAVE_WAY,
            (true, false) => REQUEUED,
            (false, _) => u64::from(argument),
        };
        return stream.push(Code::PollEnd, time, &[outcome]);
    }
    // A waker that is due may be another executor's, or have an address that was a task's.
    if event.kind == Kind::Due && !tables.is_alive(id) {
        return;
    }
    // The last task at this address is gone, so this is another one, whose spawn was lost.
    if matches!(event.kind, Kind::Poll | Kind::Wake) && !tables.is_alive(id) {
        tables.new_task(id, Task { kind: UNKNOWN, name: None, site: None, parent: None });
    }
    let task = tables.number(Class::Task, id);
    match event.kind {
        Kind::Poll => {
            tables.set_doing(task, Doing::Polled);
            stream.polled.push(task);
            stream.gave_way = false;
            stream.push(Code::PollBegin, time, &[task]);
        }
        Kind::Wake if stream.is_followed_by(Kind::Injected, id) => {
            stream.push(Code::Wake, time, &[task, Place::Injector as u64]);
        }
        Kind::Wake => {
            tables.slots.insert(task, stream.number);
            stream.push(Code::Wake, time, &[task, Place::of_wake(argument) as u64]);
        }
        Kind::WakeInVain => stream.push(Code::Wake, time, &[task, tables.place_if_vain(task) as u64]),
        Kind::Due => stream.push(Code::Due, time, &[task]),
        _ => {
            tables.set_doing(task, Doing::Gone);
            stream.push(Code::Dropped, time, &[task]);
        }
    }
}

fn thread_event(event: &Event, stream: &mut Stream<'_>) {
    let &Event { time, id, value, argument, .. } = event;
    let argument_number = u64::from(argument);
    match event.kind {
        Kind::ThreadCame => stream.push(Code::ThreadCame, time, &[]),
        Kind::ThreadGone => stream.push(Code::ThreadGone, time, &[]),
        Kind::Park => {
            let drives = argument == Wait::Driver as u8 || argument == Wait::DrivingMonitor as u8;
            stream.driving_since = drives.then_some(time);
            stream.push(Code::Park, time, &[argument_number]);
        }
        Kind::Unpark => stream.push(Code::Unpark, time, &[argument_number]),
        Kind::Spin => stream.push(Code::Spin, time, &[value]),
        _ => {
            let waited = stream.driving_since.take().map_or(0, |since| time.saturating_sub(since));
            let fired = std::mem::take(&mut stream.fired);
            stream.push(Code::Turn, time, &[waited, id, fired]);
        }
    }
}

/// The kind of a task whose spawn was not recorded, or is lost.
pub(super) const UNKNOWN: &str = "unknown";

fn kind_name(kind: u8) -> &'static str {
    const NAMES: [&str; 4] = ["pool", "local", "blocking", "block_on"];
    NAMES.get(usize::from(kind)).copied().unwrap_or(UNKNOWN)
}
