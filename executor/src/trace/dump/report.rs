//! What a dump says: of each task, and its verdicts.
//!
//! If a dump were only text, a program that looks for a verdict would have to search in sentences, and a new wording
//! would break it. So ids, names and the kinds of verdicts are fields, and the text is made from them.
//!
//! Called by programs. Next: `dump::words`.

use std::fmt;
use std::sync::LazyLock;

use super::super::json;
use crate::task_id::TaskId;

/// What [`dump`](crate::dump()) has seen. Its `Display` is a text for people.
///
/// ```
/// let dump: executor::Dump = executor::dump();
/// assert!(dump.to_string().contains("no recording is on"));
/// assert!(dump.to_json().contains("\"verdicts\""));
/// ```
pub struct Dump {
    tasks: LazyLock<Vec<TaskReport>, Box<dyn FnOnce() -> Vec<TaskReport> + Send>>,
    verdicts: Vec<Verdict>,
    /// What the dump knows, and does not.
    notes: Vec<String>,
}

impl Dump {
    pub(super) fn new(
        notes: Vec<String>,
        verdicts: Vec<Verdict>,
        tasks: impl FnOnce() -> Vec<TaskReport> + Send + 'static,
    ) -> Self {
        Self { tasks: LazyLock::new(Box::new(tasks)), verdicts, notes }
    }

    /// Returns what is known of each task.
    ///
    /// ```
    /// assert!(executor::dump().tasks().is_empty(), "no task waits");
    /// ```
    pub fn tasks(&self) -> &[TaskReport] {
        &self.tasks
    }

    /// Returns why tasks cannot go on. There is never a certain verdict about tasks that can: see
    /// [`Verdict::is_certain`].
    ///
    /// ```
    /// assert!(executor::dump().verdicts().is_empty());
    /// ```
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// Returns everything as JSON: an object with `notes`, `verdicts` and `tasks`.
    ///
    /// ```
    /// assert!(executor::dump().to_json().starts_with('{'));
    /// ```
    pub fn to_json(&self) -> String {
        let text = |text: &Option<String>| json::or_null(text.as_deref().map(json::string));
        let texts = |texts: &[String]| json::list(texts.iter().map(|text| json::string(text)));
        let id = |id: &TaskId| json::string(&id.to_string());
        let verdict = |verdict: &Verdict| {
            let ids = json::list(verdict.tasks.iter().map(id));
            let (kind, names) = (json::string(&verdict.kind.to_string()), texts(&verdict.names));
            let (certain, whole) = (verdict.is_certain(), json::string(&verdict.text));
            format!(
                "{{\"kind\":{kind},\"certain\":{certain},\"tasks\":{ids},\"names\":{names},\"text\":{whole}}}"
            )
        };
        let task = |task: &TaskReport| {
            let fields = [
                ("id", id(&task.id)),
                ("name", text(&task.name)),
                ("kind", json::string(task.kind)),
                ("state", json::string(&task.state)),
                ("waits_for", texts(&task.waits_for)),
                ("awaited_by", text(&task.awaited_by)),
                ("spawned", text(&task.spawned)),
                ("last_wake", text(&task.last_wake)),
                ("last_poll", text(&task.last_poll)),
            ];
            let fields = fields.map(|(name, value)| format!("\"{name}\":{value}"));
            format!("{{{}}}", fields.join(","))
        };
        let verdicts = json::list(self.verdicts.iter().map(verdict));
        let tasks = json::list(self.tasks().iter().map(task));
        format!("{{\"notes\":{},\"verdicts\":{verdicts},\"tasks\":{tasks}}}", texts(&self.notes))
    }
}

impl fmt::Debug for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tasks = self.tasks().len();
        f.debug_struct("Dump")
            .field("notes", &self.notes)
            .field("verdicts", &self.verdicts)
            .field("tasks", &tasks)
            .finish()
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} tasks, {} verdicts", self.tasks().len(), self.verdicts.len())?;
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))?;
        for verdict in &self.verdicts {
            let certain = if verdict.is_certain() { "" } else { ", as far as can be seen" };
            writeln!(f, "\nSTUCK{certain}: {}\n  {}", verdict.kind, verdict.text)?;
        }
        for task in self.tasks() {
            let name = task.name.as_deref().map_or_else(String::new, |name| format!(" \"{name}\""));
            writeln!(f, "\ntask {}{name} ({}): {}", task.id, task.kind, task.state)?;
            task.waits_for.iter().try_for_each(|wait| writeln!(f, "  waits for {wait}"))?;
            let more = [&task.awaited_by, &task.last_wake, &task.last_poll, &task.spawned];
            more.into_iter().flatten().try_for_each(|line| writeln!(f, "  {line}"))?;
        }
        Ok(())
    }
}

/// What is known of one task. Times are given in words, as "1.5ms ago".
///
/// ```
/// use executor::{task, trace::TaskReport};
///
/// let waiting = task::Builder::new().name("idler").spawn(reactor::time::sleep(std::time::Duration::from_secs(60)));
/// let found = || executor::dump().tasks().iter().find(|task| task.id == waiting.id()).cloned();
/// let report: TaskReport = loop {
///     match found() {
///         Some(report) if !report.waits_for.is_empty() => break report,
///         _ => std::thread::yield_now(), // It has not run yet.
///     }
/// };
/// assert_eq!(report.name.as_deref(), Some("idler"));
/// assert!(report.waits_for[0].contains("timer"), "{report:?}");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskReport {
    /// Its id. A `block_on` has one too.
    pub id: TaskId,
    /// The name that it was given.
    pub name: Option<String>,
    /// What runs it: "pool", "local", "blocking call", or "block_on", whose future is not a task.
    pub kind: &'static str,
    /// Its state, in words.
    pub state: String,
    /// What it waits for, in words. If there is more than one, each of them wakes it.
    pub waits_for: Vec<String>,
    /// Who waits for it.
    pub awaited_by: Option<String>,
    /// Where it was spawned, and by whom.
    pub spawned: Option<String>,
    /// When it was woken last, and by whom.
    pub last_wake: Option<String>,
    /// When it was polled last, and for how long.
    pub last_poll: Option<String>,
}

/// Why some tasks cannot go on.
///
/// ```
/// use executor::trace::Verdict;
///
/// let verdicts: Vec<Verdict> = executor::dump().verdicts().to_vec();
/// assert!(verdicts.is_empty(), "nothing is stuck: {verdicts:?}");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// What it is.
    pub kind: VerdictKind,
    /// The tasks that it is about.
    pub tasks: Vec<TaskId>,
    /// Their names, or their ids if they have none.
    pub names: Vec<String>,
    /// The whole of it, in a sentence or two.
    pub text: String,
}

impl Verdict {
    /// Returns whether what was recorded proves it.
    ///
    /// It does not for [`OwnChannel`](VerdictKind::OwnChannel), [`ChannelCycle`](VerdictKind::ChannelCycle) and
    /// [`LeakedLock`](VerdictKind::LeakedLock): nothing is recorded when a channel's end or a guard is moved. The
    /// program may have put it into a collection of its own, from which somebody who is not stuck will take it.
    /// `Display` says of such a verdict "as far as can be seen".
    ///
    /// ```
    /// assert!(executor::dump().verdicts().iter().all(|verdict| verdict.is_certain()));
    /// ```
    pub fn is_certain(&self) -> bool {
        use VerdictKind::{ChannelCycle, LeakedLock, OwnChannel};
        !matches!(self.kind, OwnChannel | ChannelCycle | LeakedLock)
    }
}

/// The kinds of verdicts.
///
/// ```
/// use executor::trace::VerdictKind;
///
/// assert_eq!(VerdictKind::LockCycle.to_string(), "a cycle of locks");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerdictKind {
    /// Tasks await each other's handles.
    JoinCycle,
    /// A task awaits its own handle.
    JoinsItself,
    /// Each task holds a lock that another one waits for.
    LockCycle,
    /// A task waits for a lock that it holds.
    OwnLock,
    /// A cycle of both kinds: some tasks wait for locks, others for handles.
    MixedCycle,
    /// Tasks wait for channels of which only they have the other ends.
    ChannelCycle,
    /// A task waits for a channel, and nobody but itself has had the other end.
    OwnChannel,
    /// A lock was handed to a future that its task holds and does not poll.
    Futurelock,
    /// A lock whose holder is gone, and has not unlocked it.
    LeakedLock,
    /// A task that waits, and has no waker: only a cancel can end it.
    NoWaker,
    /// A task was woken, and is still queued behind long polls.
    BehindLongPoll,
    /// The same, in a pool that was closed: its futures cannot be dropped.
    ClosedPool,
    /// A local task whose thread is in no `block_on`, and is not a worker.
    NotInBlockOn,
    /// A blocking call that waits for a thread, while all are busy.
    ThreadsBusy,
}

impl fmt::Display for VerdictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::JoinCycle => "a cycle of joins",
            Self::JoinsItself => "a task that joins itself",
            Self::LockCycle => "a cycle of locks",
            Self::OwnLock => "a lock that its own holder waits for",
            Self::MixedCycle => "a cycle of locks and joins",
            Self::ChannelCycle => "a cycle of channels",
            Self::OwnChannel => "a channel whose other end is the waiting task's own",
            Self::Futurelock => "a futurelock",
            Self::LeakedLock => "a lock whose holder is gone",
            Self::NoWaker => "a task without a waker",
            Self::BehindLongPoll => "queued behind a long poll",
            Self::ClosedPool => "queued in a closed pool behind a long poll",
            Self::NotInBlockOn => "a local task whose thread is not in block_on",
            Self::ThreadsBusy => "all threads for blocking calls are busy",
        })
    }
}
