//! What this server has asked Redis, and what it watches there.
//!
//! ```text
//!   append, read, watch ──▶ queued ──sent together──▶ sent ──reply──▶ outcome
//!                             │                        │
//!                             │ no connection          │ the connection ends
//!                             ▼                        ▼
//!                          not posted                a post: it may be posted or not
//! ```
//!
//! - [replies-in-order]  Replies come in the order of the commands: a reply belongs to the first command in `sent`.
//! - Q1  A command is sent once. If its reply is lost, nobody can know whether Redis has carried it out, and to send
//!   it again could post a message twice. So the client that posted it is informed.
//! - Q2  A command that was sent has an outcome after at most one and a quarter of the time limit (`check`). Without a
//!   connection it gets one at once.
//! - Q3  A group's notifications are asked for before its stream is. So what is not in the reply is notified.
//! - Q4  What waits is bounded: by [`MOST`] and [`MOST_READS`]. Further posts are refused, and further reads
//!   wait for earlier ones, without a limit on the time.
//! - Q5  Redis is asked to forget each group that no longer has members here. If there is no connection, or it
//!   ends before the reply, or it is new and other servers may not have theirs yet, the name is kept until there is
//!   one that has lasted for the time limit and [`SETTLING`] (`left`).
//!
//! Nothing is delivered under the lock: `watch` is called under the lock of the group table, which a delivery
//! takes. Used by `log/redis/session` and `log/redis`. Next: `log/redis/state/replies`.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use executor::sync::{mpsc, oneshot};

use super::super::{BUSY, Limit, LogError, MOST, Outcome, Page};
use super::connection::no_reply;
use super::done::{Done, Sender, Settled};
use super::left::Left;
use super::resp;
use super::scripts;
use super::watched::Watched;

mod replies;

/// How much is read at a time to deliver it.
const PAGE: Limit = Limit { messages: 500, bytes: 256 * 1024 };

/// The longest message, in bytes. A reader would refuse a longer one, and with it the whole reply.
const LONGEST: usize = 8 << 20;

/// What a post takes besides its message and the group's name, which stands in it twice. In bytes.
const COMMAND: usize = 1024;

/// How many reads Redis is asked for at a time. It closes a connection for which it has to keep too much, 8 MB by
/// default, and carries out all commands that it has received before it sends the first reply.
const MOST_READS: usize = 16;

/// After Redis was away nothing is forgotten for the time limit and this long, so that the other servers can connect,
/// too. An attempt that is under way takes at most the limit, and the wait before the next one is shorter than this.
const SETTLING: Duration = Duration::from_secs(5);

/// Attempts of other servers are not waited for any longer than this, if they have no time limit.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(60);

/// The commands and the groups of one server.
#[derive(Debug)]
pub(super) struct State {
    database: u32,
    /// How many messages of a group are kept.
    keep: u64,
    limit: Duration,
    locked: Mutex<Locked>,
    /// Wakes the task that sends.
    wake: mpsc::Sender<()>,
}

#[derive(Debug, Default)]
struct Locked {
    /// Why nothing can be sent; `None` while there is a connection.
    away: Option<LogError>,
    closed: bool,
    /// The bytes of the commands in `queued`.
    outgoing: Vec<u8>,
    queued: VecDeque<Expected>,
    /// With the time at which the reply must be there; `None` if the clock cannot express it.
    sent: VecDeque<(Option<Instant>, Expected)>,
    /// How many bytes of messages are in `queued` and `sent`.
    posting: usize,
    /// How many reads are there.
    reads: usize,
    /// The reads that wait until others have their replies (Q4).
    more_reads: VecDeque<Read>,
    groups: HashMap<Arc<str>, Group>,
    /// The groups that are to be forgotten when the connection has lasted for a while (Q5).
    left: Left,
    /// When the connection was made; `None` for the first one, which need not last for a while.
    renewed: Option<Instant>,
    /// How many groups were watched so far.
    watches: u64,
}

/// A group that has members here.
#[derive(Debug)]
struct Group {
    /// Distinguishes it from an earlier one of the same name, whose replies may still come.
    id: u64,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Who waits until it has started.
    Starting(Vec<Sender<()>>),
    Started(Watched),
}

/// Whose reply comes next.
#[derive(Debug)]
enum Expected {
    Post {
        /// Of the whole command, in bytes.
        length: usize,
        outcome: Sender<()>,
    },
    Read(Read),
    Watch {
        group: Arc<str>,
        id: u64,
    },
    Subscribed,
    /// Of the script that removes this group's stream if it has no messages.
    Forgotten(Arc<str>),
    /// Of a PING; for a caller that waits until all commands before it are done.
    Pong(Option<Sender<()>>),
}

/// A part of a group's messages that is to be read.
#[derive(Debug)]
struct Read {
    group: Arc<str>,
    after: u64,
    limit: Limit,
    to: To,
}

/// For whom something is read.
#[derive(Debug)]
enum To {
    Caller(Sender<Page>),
    /// To deliver it, if the group has this id.
    Members(u64),
}

impl State {
    /// Returns the state while there is a connection, and what wakes the task that sends.
    pub(super) fn new(database: u32, keep: u64, limit: Duration) -> (Self, mpsc::Receiver<()>) {
        let (wake, woken) = mpsc::channel(1);
        (Self { database, keep, limit, locked: Mutex::default(), wake }, woken)
    }

    pub(super) fn append(&self, group: &str, message: &str) -> Outcome<()> {
        let mut locked = self.lock();
        if let Some(away) = &locked.away {
            return Outcome::now(Err(away.clone()));
        }
        if message.len() > LONGEST {
            let error = format!("a message of more than {LONGEST} bytes is not kept in Redis");
            return Outcome::now(Err(LogError::Failed(error)));
        }
        let length = 2 * group.len() + message.len() + COMMAND;
        if locked.posting + length > MOST {
            return Outcome::now(Err(LogError::Failed("Redis is too slow for what is posted".to_owned())));
        }
        locked.posting += length;
        let known = locked.started(group).map(|watched| watched.last());
        let (sender, outcome) = oneshot::channel();
        self.queue(&mut locked, Expected::Post { length, outcome: sender }, |bytes| {
            scripts::post(bytes, self.database, group, known, self.keep, message);
        });
        Outcome::Later(outcome)
    }

    pub(super) fn read(&self, group: &str, after: u64, limit: Limit) -> Outcome<Page> {
        let mut locked = self.lock();
        if let Some(away) = &locked.away {
            return Outcome::now(Err(away.clone()));
        }
        let (sender, outcome) = oneshot::channel();
        self.queue_read(&mut locked, Read { group: group.into(), after, limit, to: To::Caller(sender) });
        Outcome::Later(outcome)
    }

    pub(super) fn is_busy(&self) -> bool {
        self.lock().posting > BUSY
    }

    /// Ready when all posts so far have their outcome.
    pub(super) fn flush(&self) -> Outcome<()> {
        let mut locked = self.lock();
        if locked.away.is_some() {
            return Outcome::now(Ok(())); // They have failed.
        }
        let (sender, outcome) = oneshot::channel();
        self.queue(&mut locked, Expected::Pong(Some(sender)), |bytes| resp::encode(bytes, &[b"PING"]));
        Outcome::Later(outcome)
    }

    fn queue(&self, locked: &mut Locked, expected: Expected, encode: impl FnOnce(&mut Vec<u8>)) {
        encode(&mut locked.outgoing);
        locked.queued.push_back(expected);
        // If the channel is full, the task has been woken already.
        let _ = self.wake.try_send(());
    }

    fn queue_read(&self, locked: &mut Locked, read: Read) {
        if locked.reads == MOST_READS {
            locked.more_reads.push_back(read);
        } else {
            locked.reads += 1;
            scripts::read(&mut locked.outgoing, &read.group, read.after, read.limit);
            self.queue(locked, Expected::Read(read), |_| {});
        }
    }

    /// A read has its reply: another one can be queued.
    fn read_ended(&self, locked: &mut Locked) {
        locked.reads -= 1;
        if let Some(read) = locked.more_reads.pop_front() {
            self.queue_read(locked, read);
        }
    }

    pub(super) fn watch(&self, group: &Arc<str>) -> Outcome<()> {
        let mut locked = self.lock();
        let away = locked.away.clone();
        let (sender, outcome) = oneshot::channel();
        match (locked.groups.get_mut(group).map(|group| &mut group.stage), away) {
            // If there is no connection, it is delivered to when there is one.
            (Some(Stage::Started(_)), _) => return Outcome::now(Ok(())),
            (Some(Stage::Starting(waiting)), _) => waiting.push(sender),
            (None, Some(away)) => return Outcome::now(Err(away)),
            (None, None) => {
                locked.watches += 1;
                let id = locked.watches;
                locked.groups.insert(group.clone(), Group { id, stage: Stage::Starting(vec![sender]) });
                self.subscribe(&mut locked, group.clone(), id, 0);
            }
        }
        Outcome::Later(outcome)
    }

    pub(super) fn unwatch(&self, group: &str) {
        let mut locked = self.lock();
        let Some((group, _)) = locked.groups.remove_entry(group) else { return };
        match locked.away {
            None => self.unsubscribe(&mut locked, group),
            Some(_) => locked.left.add(group),
        }
    }

    /// Asks for a group's notifications, and for its last number (Q3).
    fn subscribe(&self, locked: &mut Locked, group: Arc<str>, id: u64, known: u64) {
        self.queue(locked, Expected::Subscribed, |bytes| scripts::subscribe(bytes, self.database, &group));
        let watch = Expected::Watch { group: group.clone(), id };
        self.queue(locked, watch, |bytes| scripts::watch(bytes, &group, known));
    }

    /// Ends the notifications, and removes the group if nobody is left in it and nothing was posted.
    fn unsubscribe(&self, locked: &mut Locked, group: Arc<str>) {
        self.queue(locked, Expected::Subscribed, |bytes| scripts::unsubscribe(bytes, self.database, &group));
        match self.is_settled(locked) {
            true => self.forget(locked, group),
            false => locked.left.add(group),
        }
    }

    fn forget(&self, locked: &mut Locked, group: Arc<str>) {
        scripts::forget(&mut locked.outgoing, self.database, &group);
        self.queue(locked, Expected::Forgotten(group), |_| {});
    }

    fn fill(&self, locked: &mut Locked, group: Arc<str>, id: u64, after: u64) {
        self.queue_read(locked, Read { group, after, limit: PAGE, to: To::Members(id) });
    }

    /// Takes what is to be sent now. It may be empty.
    pub(super) fn take_outgoing(&self) -> Vec<u8> {
        let mut locked = self.lock();
        let deadline = Instant::now().checked_add(self.limit);
        let queued = mem::take(&mut locked.queued);
        locked.sent.extend(queued.into_iter().map(|expected| (deadline, expected)));
        mem::take(&mut locked.outgoing)
    }

    /// Fails if a reply has not come in time (Q2). Forgets some of the groups that were left (Q5). If nothing is under
    /// way, it asks whether Redis is there.
    pub(super) fn check(&self) -> io::Result<()> {
        let mut locked = self.lock();
        if let Some((Some(deadline), _)) = locked.sent.front()
            && Instant::now() >= *deadline
        {
            return Err(no_reply(self.limit));
        }
        let left = if self.is_settled(&locked) { locked.left.take() } else { Vec::new() };
        for group in left {
            if !locked.groups.contains_key(&group) {
                self.forget(&mut locked, group);
            }
        }
        if locked.sent.is_empty() && locked.queued.is_empty() {
            self.queue(&mut locked, Expected::Pong(None), |bytes| resp::encode(bytes, &[b"PING"]));
        }
        Ok(())
    }

    /// There is no connection any more.
    pub(super) fn down(&self, reason: &str, closed: bool) -> Done {
        let mut locked = self.lock();
        let mut done = Done::default();
        locked.closed |= closed;
        let away = match locked.closed {
            true => LogError::Failed("the log is closed".to_owned()),
            false => LogError::Away(format!("Redis is away: {reason}")),
        };
        locked.away = Some(away.clone());
        locked.outgoing = Vec::new();
        let sent = mem::take(&mut locked.sent);
        let queued = mem::take(&mut locked.queued);
        let more_reads = mem::take(&mut locked.more_reads);
        (locked.posting, locked.reads) = (0, 0);
        let unknown = LogError::Unknown(format!("Redis has not replied: {reason}"));
        for (expected, post) in sent
            .into_iter()
            .map(|(_, expected)| (expected, &unknown)) // Q1
            .chain(queued.into_iter().map(|expected| (expected, &away)))
            .chain(more_reads.into_iter().map(|read| (Expected::Read(read), &away)))
        {
            match expected {
                Expected::Post { outcome, .. } => done.unit(outcome, Err(post.clone())),
                Expected::Read(Read { to: To::Caller(outcome), .. }) => {
                    done.outcomes.push(Settled::Page(outcome, Err(away.clone())));
                }
                Expected::Pong(Some(outcome)) => done.unit(outcome, Ok(())),
                Expected::Forgotten(group) => locked.left.add(group),
                Expected::Pong(None) | Expected::Subscribed => {}
                Expected::Read(_) | Expected::Watch { .. } => {} // the groups below
            }
        }
        let mut left = Vec::new();
        locked.groups.retain(|name, group| match &mut group.stage {
            Stage::Starting(waiting) => {
                for sender in mem::take(waiting) {
                    done.unit(sender, Err(away.clone()));
                }
                left.push(name.clone());
                false
            }
            Stage::Started(watched) => {
                watched.interrupt();
                true
            }
        });
        left.into_iter().for_each(|group| locked.left.add(group));
        done
    }

    /// There is a connection again. It knows of no group yet.
    pub(super) fn up(&self) {
        let mut locked = self.lock();
        if locked.closed {
            return;
        }
        locked.away = None;
        locked.renewed = Some(Instant::now());
        let started = locked.groups.iter().filter_map(|(name, group)| match &group.stage {
            Stage::Started(watched) => Some((name.clone(), group.id, watched.last())),
            Stage::Starting(_) => None,
        });
        for (group, id, last) in started.collect::<Vec<_>>() {
            self.subscribe(&mut locked, group, id, last);
        }
    }

    /// Whether the other servers have had the time to connect, too.
    fn is_settled(&self, locked: &Locked) -> bool {
        locked.renewed.is_none_or(|renewed| renewed.elapsed() > self.limit.min(LONGEST_ATTEMPT) + SETTLING)
    }

    fn lock(&self) -> MutexGuard<'_, Locked> {
        self.locked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Locked {
    fn started(&mut self, group: &str) -> Option<&mut Watched> {
        match &mut self.groups.get_mut(group)?.stage {
            Stage::Started(watched) => Some(watched),
            Stage::Starting(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A state with nothing under way, and the names of many groups that no longer have members.
    fn with_names_left() -> (State, mpsc::Receiver<()>) {
        let (state, woken) = State::new(0, 1, Duration::from_secs(600));
        for number in 0..10_000 {
            drop(state.watch(&number.to_string().into()));
        }
        state.down("it was restarted", false).settle();
        state.up();
        (state, woken)
    }

    /// Returns how many names are to be forgotten by what is sent now.
    fn forgets(state: &State) -> usize {
        String::from_utf8_lossy(&state.take_outgoing()).matches("NUMSUB").count()
    }

    #[test]
    fn a_new_connection_forgets_nothing_before_the_other_servers_are_there() {
        let (state, _woken) = with_names_left();
        assert_eq!(forgets(&state), 0);
        state.check().unwrap();
        assert_eq!(forgets(&state), 0);
        // Nor what is left now.
        drop(state.watch(&"tea".into()));
        state.unwatch("tea");
        assert_eq!(forgets(&state), 0);
    }

    #[test]
    fn later_they_are_forgotten_in_portions_and_those_that_were_joined_again_are_not() {
        let (state, _woken) = with_names_left();
        drop(state.watch(&"7".into()));
        state.lock().renewed = None;
        let (mut forgotten, mut rounds) = (0, 0);
        while forgotten < 9_999 {
            state.check().unwrap();
            let portion = forgets(&state);
            assert!((1..=1_000).contains(&portion), "{portion}");
            (forgotten, rounds) = (forgotten + portion, rounds + 1);
        }
        assert!(forgotten == 9_999 && rounds > 10);
        state.check().unwrap();
        assert_eq!(forgets(&state), 0);
    }
}
