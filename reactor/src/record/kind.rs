//! The kinds of events that the runtime records, and what their numbers mean.
//!
//! Events are recorded in both crates, and read by the counters and the executor's `trace`. If each place defined the
//! numbers for itself, a reader could take a lock for a channel. So they are defined here only.
//!
//! Called by everything that records. Next: `record::ring`.

/// A kind of event. Each says what the event's id, argument and value mean. Where nothing is said of the id, it
/// is that of the task, source, timer, lock, channel or pool that the sentence names.
///
/// The id of a task, a lock or a channel is its address, so a new one may have the id of one that is gone. The
/// id of a source or a timer is a number that is not used again for a long time.
///
/// ```
/// use reactor::record::{Kind, record, threads};
///
/// let sum = || threads().iter().map(|thread| thread[Kind::Spawn]).sum::<u64>();
/// let before = sum();
/// record(Kind::Spawn, 7);
/// assert!(sum() > before);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum Kind {
    // Counted, and recorded. The order is that of the sums.
    /// A task was made. Argument: a [`TaskKind`]. Value: the number of the site. Text: the task's name.
    Spawn,
    /// A poll of a task begins.
    Poll,
    /// A wake put a task into a queue. Argument: a [`Place`]. Recorded before the task can be run.
    Wake,
    /// A task's future is gone.
    Finish,
    /// A worker took a task, perhaps with others, from another worker's deque. Id: that worker's index in its
    /// pool.
    Steal,
    /// A thread goes to wait. Argument: a [`Wait`]. Id: the address of its parker.
    Park,
    /// A turn of the reactor has ended. Id: the number of its events.
    Turn,
    // Counted only.
    /// The system reported an event for a source.
    Event,
    // Counted by turn, and recorded one by one.
    /// A timer reached its deadline. Id: the timer. Value: how late, in nanoseconds.
    TimerFired,
    // Recorded only.
    /// The thread's first event in a recording.
    ThreadCame,
    /// The thread ends.
    ThreadGone,
    /// The poll under way ends. Argument: an [`Outcome`]. Value: how many wakers of the task there are,
    /// `AbortHandle`s included; `u64::MAX` if that is not known.
    PollEnd,
    /// The task whose poll has ended was woken meanwhile, and is queued again. Recorded before it can be run.
    Requeued,
    /// Follows a `Wake`: its task went to the pool's injector.
    Injected,
    /// A wake that put nothing into a queue: the task runs, is queued already, or is complete.
    WakeInVain,
    /// An event or a timer has taken this task's waker, and the waker is called after the turn. Id: the task.
    /// The cause is the thread's last `SourceReady` or `TimerFired` before it.
    Due,
    /// The monitor took a task from the slot or the deque of a worker that is in a long poll. Id: the task.
    Rescue,
    /// The thread spun before it went to sleep. Value: for how many nanoseconds.
    Spin,
    /// The thread's wait has ended. Argument: a [`WaitEnd`].
    Unpark,
    /// The thread unparks another one, which may wait. Id: the address of that thread's parker.
    Notify,
    /// A source was registered. Id: its key. Value: its descriptor.
    SourceNew,
    /// The system reported this source as ready. Argument: the sum of 1 if it is readable, 2 if it is
    /// writable, and 4 if it has ended or failed.
    SourceReady,
    /// A source was deregistered.
    SourceGone,
    /// A timer was added. Value: in how many nanoseconds it is due.
    TimerArmed,
    /// A timer was removed before its deadline.
    TimerCancelled,
    /// The poll under way will return `Pending`. Argument and id: the [`Thing`] that its task waits for. Value: 1 if
    /// the stored waker is not the executor's own, but for example a combinator's, which wraps it.
    Waits,
    /// A lock or a channel was made. Argument: a [`Thing`].
    New,
    /// A lock was taken.
    LockTaken,
    /// A lock was given to the first task that waits for it. The next wake of this thread is that task's.
    LockHanded,
    /// A lock was given up, and no task waits for it.
    LockFreed,
    /// A value was sent to a channel. Argument: a [`Thing`].
    Sent,
    /// A value was received. Argument: a [`Thing`]. Value: how many more the thread has received from there right
    /// after it, with no other event in between.
    Received,
    /// A receiver of a broadcast has missed values. Value: how many.
    Lagged,
    /// One side of a channel is gone. Argument: a [`Thing`].
    Closed,
    /// The task's cancellation was requested.
    Cancel,
    /// A task's `JoinHandle` took its outcome.
    Taken,
    /// A pool was opened. Value: the number of its workers.
    PoolOpened,
    /// A pool was closed.
    PoolClosed,
    /// The task that is being polled has used up its budget, and is woken to go on later.
    GaveWay,
    /// The task that is being polled does not wait for this any more. Argument and id: the [`Thing`].
    GaveUp,
    /// Continues the event before it: its value.
    More,
    /// Continues the event before it: its text.
    Text,
}

/// How many kinds are counted: those before `ThreadCame`.
pub(super) const COUNTED: usize = Kind::ThreadCame as usize;

/// Every kind, in order.
const ALL: [Kind; Kind::Text as usize + 1] = {
    use Kind::*;
    [
        Spawn,
        Poll,
        Wake,
        Finish,
        Steal,
        Park,
        Turn,
        Event,
        TimerFired,
        ThreadCame,
        ThreadGone,
        PollEnd,
        Requeued,
        Injected,
        WakeInVain,
        Due,
        Rescue,
        Spin,
        Unpark,
        Notify,
        SourceNew,
        SourceReady,
        SourceGone,
        TimerArmed,
        TimerCancelled,
        Waits,
        New,
        LockTaken,
        LockHanded,
        LockFreed,
        Sent,
        Received,
        Lagged,
        Closed,
        Cancel,
        Taken,
        PoolOpened,
        PoolClosed,
        GaveWay,
        GaveUp,
        More,
        Text,
    ]
};

impl Kind {
    /// Whether a second slot follows with the event's value.
    pub(super) fn has_value(self) -> bool {
        matches!(
            self,
            Self::Spawn
                | Self::TimerFired
                | Self::TimerArmed
                | Self::Spin
                | Self::SourceNew
                | Self::Lagged
                | Self::PoolOpened
        )
    }

    /// Whether its time is that of the thread's event before it, and the clock need not be read: it tells more of
    /// that event, or it is the wake of the task that was due. `before` returns that event's kind and id; the event's
    /// own id is `id`.
    #[inline]
    pub(super) fn is_at_once(self, id: u64, before: impl FnOnce() -> (u8, u64)) -> bool {
        match self {
            Self::Due | Self::Waits | Self::Requeued | Self::Injected | Self::New | Self::GaveWay => true,
            Self::Wake => before() == (Self::Due as u8, id),
            _ => false,
        }
    }

    pub(super) fn from_number(number: u8) -> Option<Self> {
        ALL.get(usize::from(number)).copied()
    }
}

/// What runs a task: the argument of [`Kind::Spawn`].
///
/// ```
/// use reactor::record::{TaskKind, record_spawn};
///
/// record_spawn(7, TaskKind::Local, || Some("adder"), std::panic::Location::caller());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum TaskKind {
    /// A pool.
    Pool,
    /// The thread that spawned it.
    Local,
    /// A thread for blocking calls.
    Blocking,
    /// No task, but the future of a `block_on`, which its thread runs.
    BlockOn,
}

/// Where a wake put a task: the argument of [`Kind::Wake`].
///
/// ```
/// use reactor::record::{Kind, Place, record_with};
///
/// record_with(Kind::Wake, Place::Inbox as u8, 7);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Place {
    /// Into its pool: the slot of the worker that woke it, or the injector (see [`Kind::Injected`]).
    Pool,
    /// Into the queue of the local tasks of the thread that woke it.
    LocalQueue,
    /// Into the inbox of the thread that owns it.
    Inbox,
    /// Into no queue: the flag of a `block_on` was set.
    Root,
}

/// How a poll ended: the argument of [`Kind::PollEnd`].
///
/// ```
/// use reactor::record::Outcome;
///
/// assert_eq!((Outcome::Pending as u8, Outcome::Ready as u8), (0, 1));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// It returned `Pending`: the task waits, or is queued again.
    Pending,
    /// It returned `Ready`: the task is complete.
    Ready,
    /// The poll panicked.
    Panicked,
    /// The task was cancelled.
    Cancelled,
}

/// How a thread waits: the argument of [`Kind::Park`].
///
/// ```
/// use reactor::record::Wait;
///
/// assert_eq!(Wait::new(true, false), Wait::Driver);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Wait {
    /// On standby: parked, while another thread drives the reactor.
    Standby,
    /// In the reactor, as the driver.
    Driver,
    /// On standby, as the monitor, which wakes at each tick to look for long polls.
    Monitor,
    /// In the reactor, as the monitor.
    DrivingMonitor,
    /// An idle thread for blocking calls, until the next call.
    Idle,
}

impl Wait {
    /// Returns how a thread waits that drives the reactor, or is the monitor, or both, or neither.
    pub fn new(drives: bool, is_monitor: bool) -> Self {
        match (drives, is_monitor) {
            (false, false) => Self::Standby,
            (true, false) => Self::Driver,
            (false, true) => Self::Monitor,
            (true, true) => Self::DrivingMonitor,
        }
    }
}

/// Why a wait has ended: the argument of [`Kind::Unpark`].
///
/// ```
/// use reactor::record::WaitEnd;
///
/// assert_eq!(WaitEnd::new(false, true), WaitEnd::Tick);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum WaitEnd {
    /// Another thread has notified this one.
    Notified,
    /// The reactor's turn has ended.
    Turn,
    /// The monitor's tick has passed.
    Tick,
    /// It was woken to take another role, or spuriously.
    Called,
    /// An idle thread for blocking calls is not kept any longer.
    TimedOut,
}

impl WaitEnd {
    /// Returns why the wait of a thread on standby has ended.
    pub fn new(notified: bool, ticked: bool) -> Self {
        match (notified, ticked) {
            (true, _) => Self::Notified,
            (false, true) => Self::Tick,
            (false, false) => Self::Called,
        }
    }
}

/// What a task waits for, and what locks and channels are: the argument of [`Kind::Waits`], [`Kind::New`],
/// [`Kind::Sent`], [`Kind::Received`] and [`Kind::Closed`].
///
/// ```
/// use reactor::record::{Thing, record_wait};
///
/// record_wait(Thing::Lock, 7, std::task::Waker::noop());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Thing {
    /// A source, to be read.
    Read,
    /// A source, to be written.
    Write,
    /// A timer.
    Timer,
    /// A mutex.
    Lock,
    /// Room in an `mpsc` channel.
    Send,
    /// A value in an `mpsc` channel.
    Receive,
    /// Another task.
    Join,
    /// A blocking call.
    Call,
    /// The value of a `oneshot` channel.
    Oneshot,
    /// A value of a `broadcast` channel.
    Broadcast,
    /// The end of the receiver of an `mpsc` channel.
    ChannelEnd,
    /// The end of the receiver of a `oneshot` channel.
    OneshotEnd,
    /// The end of all receivers of a `broadcast` channel.
    BroadcastEnd,
    /// One of the tasks of a set.
    JoinSet,
    /// A change of a `watch` channel, or the end of its receivers.
    Watch,
    /// Permits of a semaphore.
    Semaphore,
    /// A lock for readers and writers.
    RwLock,
    /// A notice of a `Notify`.
    Notify,
    /// The others at a barrier.
    Barrier,
}

/// Added to the [`Thing`] that a recording keeps, if the waker is not an executor's own.
pub(super) const USER_WAKER: u8 = 1 << 7;

/// What [`Kind::PollEnd`] keeps in one byte: how the poll ended, and how many wakers of the task there are then.
///
/// ```
/// use reactor::record::{Kind, Outcome, note, poll_end};
///
/// note(Kind::PollEnd, poll_end(Outcome::Pending, Some(1)), 7);
/// ```
#[inline]
#[must_use]
pub fn poll_end(outcome: Outcome, wakers: Option<usize>) -> u8 {
    let wakers = wakers.map_or(UNKNOWN_WAKERS, |wakers| wakers.min(usize::from(UNKNOWN_WAKERS)) as u8);
    outcome as u8 | wakers << OUTCOME_BITS
}

const OUTCOME_BITS: u32 = 2;
/// The largest number that the argument can hold; it stands for more, and for an unknown number, too.
const UNKNOWN_WAKERS: u8 = u8::MAX >> OUTCOME_BITS;

/// The argument and the value of an event that has both in one byte.
pub(super) fn unpack(kind: Kind, packed: u8) -> (u8, u64) {
    match kind {
        Kind::PollEnd => {
            let wakers = packed >> OUTCOME_BITS;
            let known = wakers != UNKNOWN_WAKERS;
            (packed & ((1 << OUTCOME_BITS) - 1), if known { u64::from(wakers) } else { u64::MAX })
        }
        Kind::Waits => (packed & !USER_WAKER, u64::from(packed & USER_WAKER != 0)),
        _ => (packed, 0),
    }
}
