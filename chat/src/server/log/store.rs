//! The messages in a file: a table by group and number, in a database of one file (redb).
//!
//! To append lines to a text file would be simpler. But then a crash leaves half of a line, the oldest
//! messages cannot be removed, and to find number 41 of a group the server reads the whole file. The database
//! writes by transactions: after a crash the file holds all of a transaction, or nothing of it.
//!
//! ```text
//!   DIR/history.redb     meta       "version" ──▶ 1
//!                        groups     name ──▶ first and last number that are kept, bytes of their texts
//!                        messages   (name, number) ──▶ time of the post, text
//! ```
//!
//! S1  [`append`](Store::append) returns after the transaction is on the disk.
//! S2  A transaction whose commit failed may be in the file all the same. Its messages were refused, so nobody
//!     may see them: the database is opened again, and they are removed before anything is read.
//! S3  The numbers go on after the last one, even if retention has removed every message.
//! S4  `first..=last` of a group are the messages that are in the file.
//!
//! All calls block: they run on the threads for blocking calls. Used by `log/open` and `log/disk`. Next:
//! `log/disk`.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition, TableError};

use super::{Limit, LogError, Page};
use crate::server::options::Retention;

#[cfg(test)]
mod crashes;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod medium;

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const GROUPS: TableDefinition<'_, &str, (u64, u64, u64)> = TableDefinition::new("groups");
const MESSAGES: TableDefinition<'_, (&str, u64), (u64, &str)> = TableDefinition::new("messages");

/// The version of the tables above.
const VERSION: u64 = 1;

/// How much of the file is kept in memory, in bytes.
const CACHE: usize = 16 << 20;

/// Opens the database. Called again after an error (S2).
type Open = Box<dyn Fn() -> Result<Database, DatabaseError> + Send + Sync>;

pub(in crate::server) struct Store {
    open: Open,
    retention: Retention,
    state: RwLock<State>,
}

struct State {
    /// `None` after an error.
    database: Option<Database>,
    /// The groups as they were before a commit that failed, and may be in the file (S2).
    before: HashMap<String, Option<Kept>>,
    closed: bool,
}

/// What is kept of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Kept {
    /// The number of the first message that is kept: `last + 1` if none is.
    first: u64,
    last: u64,
    bytes: u64,
}

impl Kept {
    const NOTHING: Kept = Kept { first: 1, last: 0, bytes: 0 };

    fn from_table((first, last, bytes): (u64, u64, u64)) -> Self {
        Kept { first, last, bytes }
    }

    fn to_table(self) -> (u64, u64, u64) {
        (self.first, self.last, self.bytes)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("retention", &self.retention).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the history in a directory, which is created if it does not exist.
    ///
    /// # Errors
    ///
    /// The directory cannot be created, read or written; another server uses it; the file is not a history,
    /// is damaged, or has another version. The error names the file.
    pub(super) fn open(directory: &Path, retention: Retention) -> io::Result<Self> {
        let explained = |error: &dyn fmt::Display| io::Error::other(format!("history: {error}"));
        fs::create_dir_all(directory).map_err(|error| {
            io::Error::new(error.kind(), format!("history: cannot create {}: {error}", directory.display()))
        })?;
        let path = directory.join("history.redb");
        let name = path.display().to_string();
        let open = move || Database::builder().set_cache_size(CACHE).create(&path);
        Self::open_with(Box::new(open), retention).map_err(|error| match error {
            redb::Error::DatabaseAlreadyOpen => explained(&format_args!("another server uses {name}")),
            redb::Error::UpgradeRequired(_) => explained(&format_args!("{name} has an older format")),
            redb::Error::Corrupted(what) => explained(&format_args!("{name}: {what}")),
            error => explained(&format_args!("cannot open {name}: {error}")),
        })
    }

    fn open_with(open: Open, retention: Retention) -> Result<Self, redb::Error> {
        let state = State { database: None, before: HashMap::new(), closed: false };
        let store = Self { open, retention, state: RwLock::new(state) };
        drop(store.opened()?);
        Ok(store)
    }

    /// Appends messages, each to its group, in one transaction; returns their numbers. The number is `None`
    /// if the group does not exist: if nothing of it was ever kept, and it is not in `exists`.
    pub(super) fn append(
        &self,
        posts: &[(&str, &str)],
        exists: impl Fn(&str) -> bool,
    ) -> Result<Vec<Option<u64>>, LogError> {
        let mut before = HashMap::new();
        let mut commits = false;
        let appended = self.opened().and_then(|state| match &state.database {
            Some(database) => self.try_append(database, posts, &exists, &mut before, &mut commits),
            None => Err(redb::Error::DatabaseClosed),
        });
        appended.map_err(|error| {
            self.reopen_later(if commits { before } else { HashMap::new() });
            LogError::Failed(format!("the history cannot be written: {error}"))
        })
    }

    fn try_append(
        &self,
        database: &Database,
        posts: &[(&str, &str)],
        exists: &impl Fn(&str) -> bool,
        before: &mut HashMap<String, Option<Kept>>,
        commits: &mut bool,
    ) -> Result<Vec<Option<u64>>, redb::Error> {
        let now = milliseconds();
        let mut numbers = Vec::with_capacity(posts.len());
        let mut changed: HashMap<&str, Kept> = HashMap::new();
        let transaction = database.begin_write()?;
        {
            let mut groups = transaction.open_table(GROUPS)?;
            let mut messages = transaction.open_table(MESSAGES)?;
            for &(group, message) in posts {
                let kept = match changed.get(group) {
                    Some(kept) => Some(*kept),
                    None => {
                        let kept = groups.get(group)?.map(|kept| Kept::from_table(kept.value()));
                        before.insert(group.to_owned(), kept);
                        kept.or_else(|| exists(group).then_some(Kept::NOTHING))
                    }
                };
                let Some(mut kept) = kept else {
                    numbers.push(None);
                    continue;
                };
                kept.last += 1; // S3
                kept.bytes += message.len() as u64;
                messages.insert((group, kept.last), (now, message))?;
                changed.insert(group, kept);
                numbers.push(Some(kept.last));
            }
            for (group, mut kept) in changed {
                self.trim(group, &mut kept, &mut messages, now)?;
                groups.insert(group, kept.to_table())?;
            }
        }
        *commits = true;
        transaction.commit()?;
        Ok(numbers)
    }

    /// Removes the oldest messages of a group while it keeps more than it should.
    fn trim(
        &self,
        group: &str,
        kept: &mut Kept,
        messages: &mut redb::Table<'_, (&'static str, u64), (u64, &'static str)>,
        now: u64,
    ) -> Result<(), redb::Error> {
        while kept.first <= kept.last {
            let key = (group, kept.first);
            let over = kept.last - kept.first + 1 > self.retention.messages
                || kept.bytes > self.retention.bytes
                || match messages.get(key)? {
                    Some(oldest) => self.too_old(oldest.value().0, now),
                    None => true,
                };
            if !over {
                break;
            }
            if let Some(removed) = messages.remove(key)? {
                kept.bytes = kept.bytes.saturating_sub(removed.value().1.len() as u64);
            }
            kept.first += 1;
        }
        Ok(())
    }

    fn too_old(&self, time: u64, now: u64) -> bool {
        let Some(age) = self.retention.age else { return false };
        u128::from(now.saturating_sub(time)) > age.as_millis()
    }

    /// Removes the messages that are too old, in all groups.
    pub(super) fn remove_old(&self) -> Result<(), LogError> {
        let removed = self.opened().and_then(|state| match &state.database {
            Some(database) => self.try_remove_old(database),
            None => Err(redb::Error::DatabaseClosed),
        });
        removed.map_err(|error| {
            // If this transaction is in the file all the same, that does no harm.
            self.reopen_later(HashMap::new());
            LogError::Failed(format!("old messages cannot be removed: {error}"))
        })
    }

    fn try_remove_old(&self, database: &Database) -> Result<(), redb::Error> {
        let now = milliseconds();
        let transaction = database.begin_write()?;
        {
            let mut groups = transaction.open_table(GROUPS)?;
            let mut messages = transaction.open_table(MESSAGES)?;
            let mut changed = Vec::new();
            for group in groups.iter()? {
                let (name, kept) = group?;
                let (name, was) = (name.value().to_owned(), Kept::from_table(kept.value()));
                let mut kept = was;
                self.trim(&name, &mut kept, &mut messages, now)?;
                if kept != was {
                    changed.push((name, kept));
                }
            }
            for (name, kept) in changed {
                groups.insert(&*name, kept.to_table())?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Returns messages after a number. `exists` says whether the group exists if nothing of it was ever kept.
    pub(super) fn read(&self, group: &str, after: u64, limit: Limit, exists: bool) -> Result<Page, LogError> {
        let page = self.opened().and_then(|state| match &state.database {
            Some(database) => self.try_read(database, group, after, limit, exists),
            None => Err(redb::Error::DatabaseClosed),
        });
        page.unwrap_or_else(|error| {
            self.reopen_later(HashMap::new());
            Err(LogError::Failed(format!("the history cannot be read: {error}")))
        })
    }

    fn try_read(
        &self,
        database: &Database,
        group: &str,
        after: u64,
        limit: Limit,
        exists: bool,
    ) -> Result<Result<Page, LogError>, redb::Error> {
        let transaction = database.begin_read()?;
        let kept = transaction.open_table(GROUPS)?.get(group)?.map(|kept| Kept::from_table(kept.value()));
        let Some(kept) = kept.or_else(|| exists.then_some(Kept::NOTHING)) else {
            return Ok(Err(LogError::NoSuchGroup));
        };
        if after > kept.last {
            return Ok(Err(LogError::Ahead { after, last: kept.last }));
        }
        let mut page = Page { last: kept.last, ..Page::default() };
        if limit.messages == 0 || after == kept.last {
            return Ok(Ok(page));
        }
        let now = milliseconds();
        let mut bytes = 0;
        let messages = transaction.open_table(MESSAGES)?;
        for message in messages.range((group, after + 1)..=(group, kept.last))? {
            let (key, message) = message?;
            let ((_, number), (time, text)) = (key.value(), message.value());
            if page.messages.is_empty() && self.too_old(time, now) {
                continue;
            }
            bytes += text.len();
            let full = page.messages.len() as u64 >= limit.messages || bytes > limit.bytes;
            if full && let Some((last, _)) = page.messages.last() {
                page.last = *last;
                page.more = true;
                break;
            }
            page.messages.push((number, text.to_owned()));
        }
        let first = page.messages.first().map_or(kept.last + 1, |(first, _)| *first);
        page.lost = first - after - 1;
        Ok(Ok(page))
    }

    /// Returns the age after which a message is removed.
    pub(super) fn age(&self) -> Option<Duration> {
        self.retention.age
    }

    /// Waits until all other calls have ended, and closes the file. All later calls fail.
    pub(super) fn close(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        state.database = None;
    }

    /// After an error: the next call opens the database again, and makes it as it was before (S2).
    fn reopen_later(&self, before: HashMap<String, Option<Kept>>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.database = None;
        for (group, kept) in before {
            state.before.entry(group).or_insert(kept);
        }
    }

    /// Returns the state with an open database, unless the store is closed.
    fn opened(&self) -> Result<RwLockReadGuard<'_, State>, redb::Error> {
        loop {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            if state.database.is_some() || state.closed {
                return Ok(state);
            }
            drop(state);
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            if state.database.is_none() && !state.closed {
                let database = (self.open)()?;
                prepare(&database, &state.before)?;
                state.before.clear();
                state.database = Some(database);
            }
        }
    }
}

/// Creates the tables of a new database, checks the version of an old one, and makes groups as they were
/// before a commit that failed.
fn prepare(database: &Database, before: &HashMap<String, Option<Kept>>) -> Result<(), redb::Error> {
    let version = match database.begin_read()?.open_table(META) {
        Ok(meta) => meta.get("version")?.map(|version| version.value()),
        Err(TableError::TableDoesNotExist(_)) => None,
        Err(error) => return Err(error.into()),
    };
    match version {
        Some(VERSION) if before.is_empty() => return Ok(()),
        Some(VERSION) | None => {}
        Some(other) => {
            let what = format!("the history has version {other}, this server reads version {VERSION}");
            return Err(redb::Error::Corrupted(what));
        }
    }
    let transaction = database.begin_write()?;
    {
        transaction.open_table(META)?.insert("version", VERSION)?;
        let mut groups = transaction.open_table(GROUPS)?;
        let mut messages = transaction.open_table(MESSAGES)?;
        for (group, before) in before {
            let Some(mut kept) = groups.get(&**group)?.map(|kept| Kept::from_table(kept.value())) else {
                continue;
            };
            let last = before.map_or(0, |before| before.last);
            while kept.last > last {
                if let Some(removed) = messages.remove((&**group, kept.last))? {
                    kept.bytes = kept.bytes.saturating_sub(removed.value().1.len() as u64);
                }
                kept.last -= 1;
            }
            kept.first = kept.first.min(kept.last + 1);
            match before {
                Some(_) => drop(groups.insert(&**group, kept.to_table())?),
                None => drop(groups.remove(&**group)?),
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Returns the time since 1970, in milliseconds.
fn milliseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
