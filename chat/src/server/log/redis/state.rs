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
//! Q1  Replies come in the order of the commands: a reply belongs to the first command in `sent`.
//! Q2  A command is sent once. If its reply is lost, nobody can know whether Redis has carried it out, and to send
//!     it again could post a message twice. So who posted is told.
//! Q3  A command gets an outcome within the time limit, from when it is sent. Without a connection it gets one at
//!     once.
//! Q4  A group's notifications are asked for before its stream is. So what is not in the reply is notified.
//! Q5  What waits is bounded: by [`MOST`] and [`MOST_READS`]. Further posts are refused, and further reads
//!     wait for earlier ones, without a limit on the time.
//!
//! Nothing is delivered under the lock: `watch` is called under the lock of the group table, which a delivery
//! takes. Used by `log/redis/session` and `log/redis`. Next: `log/redis/session`.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use executor::sync::{mpsc, oneshot};
use reactor::notes;

use super::super::{BUSY, Limit, LogError, MOST, Outcome, Page};
use super::parsed::{Parsed, refused};
use super::resp::{self, Item, nonsense};
use super::scripts;
use super::watched::{Delivery, Watched};

/// How much is read at a time to deliver it.
const PAGE: Limit = Limit { messages: 500, bytes: 256 * 1024 };

/// The longest message, in bytes. A longer one would be refused by who reads it, with whatever else comes.
const LONGEST: usize = 8 << 20;

/// What a post takes besides its message and the group's name, which stands in it twice. In bytes.
const COMMAND: usize = 1024;

/// How many reads Redis is asked for at a time. It closes a connection for which it has to keep too much, 8 MB by
/// default, and carries out all commands that it has received before it sends the first reply.
const MOST_READS: usize = 16;

type Sender<T> = oneshot::Sender<Result<T, LogError>>;

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
    /// With the time at which the reply must be there.
    sent: VecDeque<(Instant, Expected)>,
    /// How many bytes of messages are in `queued` and `sent`.
    posting: usize,
    /// How many reads are there.
    reads: usize,
    /// The reads that wait until others have their replies (Q5).
    more_reads: VecDeque<Read>,
    groups: HashMap<Arc<str>, Group>,
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
    /// Of a PING; for who waits until all before it is done.
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

/// What is to be delivered, and the outcomes to be sent after that.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) deliveries: Option<(Arc<str>, Vec<Delivery>)>,
    outcomes: Vec<Settled>,
}

#[derive(Debug)]
enum Settled {
    Unit(Sender<()>, Result<(), LogError>),
    Page(Sender<Page>, Result<Page, LogError>),
}

impl Done {
    /// Sends the outcomes. It fails for those that nobody waits for any more.
    pub(super) fn settle(self) {
        for settled in self.outcomes {
            match settled {
                Settled::Unit(sender, outcome) => drop(sender.send(outcome)),
                Settled::Page(sender, outcome) => drop(sender.send(outcome)),
            }
        }
    }

    fn unit(&mut self, sender: Sender<()>, outcome: Result<(), LogError>) {
        self.outcomes.push(Settled::Unit(sender, outcome));
    }
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
        if locked.groups.remove(group).is_some() && locked.away.is_none() {
            self.unsubscribe(&mut locked, group);
        }
    }

    /// Asks for a group's notifications, and for its last number (Q4).
    fn subscribe(&self, locked: &mut Locked, group: Arc<str>, id: u64, known: u64) {
        self.queue(locked, Expected::Subscribed, |bytes| scripts::subscribe(bytes, self.database, &group));
        let watch = Expected::Watch { group: group.clone(), id };
        self.queue(locked, watch, |bytes| scripts::watch(bytes, &group, known));
    }

    fn unsubscribe(&self, locked: &mut Locked, group: &str) {
        self.queue(locked, Expected::Subscribed, |bytes| scripts::unsubscribe(bytes, self.database, group));
    }

    fn fill(&self, locked: &mut Locked, group: Arc<str>, id: u64, after: u64) {
        self.queue_read(locked, Read { group, after, limit: PAGE, to: To::Members(id) });
    }

    /// Takes what is to be sent now. It may be empty.
    pub(super) fn take_outgoing(&self) -> Vec<u8> {
        let mut locked = self.lock();
        let deadline = Instant::now() + self.limit;
        let queued = mem::take(&mut locked.queued);
        locked.sent.extend(queued.into_iter().map(|expected| (deadline, expected)));
        mem::take(&mut locked.outgoing)
    }

    /// Fails if a reply has not come in time (Q3). If nothing is under way, it asks whether Redis is there.
    pub(super) fn check(&self) -> io::Result<()> {
        let mut locked = self.lock();
        match locked.sent.front() {
            Some((deadline, _)) if Instant::now() >= *deadline => {
                let what = format!("it does not reply for {} seconds", self.limit.as_secs_f64());
                Err(io::Error::new(io::ErrorKind::TimedOut, what))
            }
            None if locked.queued.is_empty() => {
                self.queue(&mut locked, Expected::Pong(None), |bytes| resp::encode(bytes, &[b"PING"]));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A notification has come.
    ///
    /// # Errors
    ///
    /// It is none that Redis sends.
    pub(super) fn notified(&self, mut items: Vec<Item>) -> io::Result<Done> {
        let kind = match items.first() {
            Some(Item::Text(kind)) => &kind[..],
            _ => b"",
        };
        match kind {
            b"subscribe" | b"unsubscribe" => return self.replied(items),
            b"message" => {}
            _ => return Ok(Done::default()),
        }
        let (Some(Item::Text(payload)), Some(Item::Text(channel))) = (items.pop(), items.pop()) else {
            return Err(nonsense("a notification without a text"));
        };
        let mut done = Done::default();
        // If somebody else has published something, it is not of us.
        let Some((number, text)) = scripts::notified(payload) else { return Ok(done) };
        let mut locked = self.lock();
        let group =
            scripts::group_of(self.database, &channel).and_then(|name| locked.groups.get_key_value(name));
        let Some((name, id)) = group.map(|(name, group)| (name.clone(), group.id)) else { return Ok(done) };
        let Some(watched) = locked.started(&name) else { return Ok(done) };
        let (delivery, after) = watched.notified(number, text);
        if let Some(after) = after {
            self.fill(&mut locked, name.clone(), id, after);
        }
        done.deliveries = delivery.map(|delivery| (name, vec![delivery]));
        Ok(done)
    }

    /// A reply has come (Q1).
    ///
    /// # Errors
    ///
    /// It is not the reply to its command. Then the command is still in `sent`.
    pub(super) fn replied(&self, items: Vec<Item>) -> io::Result<Done> {
        let mut locked = self.lock();
        let (deadline, expected) =
            locked.sent.pop_front().ok_or_else(|| nonsense("a reply to a command that was not sent"))?;
        let mut done = Done::default();
        match (expected, Parsed::of(items)) {
            (Expected::Post { length, outcome }, Parsed::Numbers(number, None)) => {
                locked.posting -= length;
                done.unit(outcome, if number > 0 { Ok(()) } else { Err(LogError::NoSuchGroup) });
            }
            (Expected::Post { length, outcome }, Parsed::Refused(text)) => {
                locked.posting -= length;
                done.unit(outcome, Err(refused(&text)));
            }
            (Expected::Read(Read { group, after, limit, to }), parsed) if parsed.is_page() => {
                self.read_ended(&mut locked);
                let page = parsed.page(after, limit);
                match to {
                    To::Caller(outcome) => done.outcomes.push(Settled::Page(outcome, page)),
                    To::Members(id) => done.deliveries = self.filled(&mut locked, group, id, page),
                }
            }
            (Expected::Watch { group, id }, Parsed::Numbers(last, Some(before))) => {
                self.watched(&mut locked, &mut done, group, id, last, before);
            }
            (Expected::Watch { group, id }, Parsed::Refused(text)) => {
                self.not_watched(&mut locked, &mut done, &group, id, &refused(&text));
            }
            // If it is refused, so is what follows, or the numbers show that messages are missing.
            (Expected::Subscribed, Parsed::Subscribed) => {}
            (Expected::Subscribed, Parsed::Refused(text)) => {
                return Err(io::Error::other(format!("it does not let us subscribe: {text}")));
            }
            (Expected::Pong(outcome), Parsed::Text | Parsed::Refused(_)) => {
                if let Some(outcome) = outcome {
                    done.unit(outcome, Ok(()));
                }
            }
            (expected, _) => {
                locked.sent.push_front((deadline, expected));
                return Err(nonsense("the reply to another command"));
            }
        }
        Ok(done)
    }

    fn watched(
        &self,
        locked: &mut Locked,
        done: &mut Done,
        group: Arc<str>,
        id: u64,
        last: u64,
        before: Option<u64>,
    ) {
        let Some(this) = locked.groups.get_mut(&group).filter(|this| this.id == id) else { return };
        match &mut this.stage {
            Stage::Starting(waiting) => {
                for sender in mem::take(waiting) {
                    done.unit(sender, Ok(()));
                }
                this.stage = Stage::Started(Watched::start(last));
            }
            Stage::Started(watched) => {
                if before.is_none_or(|before| before < watched.last()) && watched.last() > 0 {
                    let (delivered, left) = (watched.last(), before.unwrap_or(0));
                    notes::stderr().tell(format_args!(
                        "server: Redis has lost messages: {group:?} was at {delivered}, and is at {left} there"
                    ));
                }
                if let Some(after) = watched.resume(last) {
                    self.fill(locked, group, id, after);
                }
            }
        }
    }

    fn not_watched(&self, locked: &mut Locked, done: &mut Done, group: &Arc<str>, id: u64, error: &LogError) {
        let Some(this) = locked.groups.get_mut(group).filter(|this| this.id == id) else { return };
        match &mut this.stage {
            Stage::Starting(waiting) => {
                for sender in mem::take(waiting) {
                    done.unit(sender, Err(error.clone()));
                }
                locked.groups.remove(group);
                self.unsubscribe(locked, group);
            }
            Stage::Started(watched) => {
                notes::stderr().tell(format_args!("server: {group:?} is not read: {error}"));
                watched.cannot_read();
            }
        }
    }

    fn filled(
        &self,
        locked: &mut Locked,
        group: Arc<str>,
        id: u64,
        page: Result<Page, LogError>,
    ) -> Option<(Arc<str>, Vec<Delivery>)> {
        let this = locked.groups.get_mut(&group).filter(|this| this.id == id)?;
        let Stage::Started(watched) = &mut this.stage else { return None };
        match page {
            Ok(page) => {
                let (deliveries, after) = watched.read(page);
                if let Some(after) = after {
                    self.fill(locked, group.clone(), id, after);
                }
                Some((group, deliveries))
            }
            // The stream was removed while we were connected.
            Err(LogError::NoSuchGroup | LogError::Ahead { .. }) => {
                let known = watched.last();
                self.subscribe(locked, group, id, known);
                None
            }
            Err(error) => {
                notes::stderr().tell(format_args!("server: {group:?} is not read: {error}"));
                watched.cannot_read();
                None
            }
        }
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
            .map(|(_, expected)| (expected, &unknown)) // Q2
            .chain(queued.into_iter().map(|expected| (expected, &away)))
            .chain(more_reads.into_iter().map(|read| (Expected::Read(read), &away)))
        {
            match expected {
                Expected::Post { outcome, .. } => done.unit(outcome, Err(post.clone())),
                Expected::Read(Read { to: To::Caller(outcome), .. }) => {
                    done.outcomes.push(Settled::Page(outcome, Err(away.clone())));
                }
                Expected::Pong(Some(outcome)) => done.unit(outcome, Ok(())),
                Expected::Pong(None) | Expected::Subscribed => {}
                Expected::Read(_) | Expected::Watch { .. } => {} // the groups below
            }
        }
        locked.groups.retain(|_, group| match &mut group.stage {
            Stage::Starting(waiting) => {
                for sender in mem::take(waiting) {
                    done.unit(sender, Err(away.clone()));
                }
                false
            }
            Stage::Started(watched) => {
                watched.interrupt();
                true
            }
        });
        done
    }

    /// There is a connection again. It knows of no group yet.
    pub(super) fn up(&self) {
        let mut locked = self.lock();
        if locked.closed {
            return;
        }
        locked.away = None;
        let started = locked.groups.iter().filter_map(|(name, group)| match &group.stage {
            Stage::Started(watched) => Some((name.clone(), group.id, watched.last())),
            Stage::Starting(_) => None,
        });
        for (group, id, last) in started.collect::<Vec<_>>() {
            self.subscribe(&mut locked, group, id, last);
        }
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
