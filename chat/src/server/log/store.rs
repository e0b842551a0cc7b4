//! The messages in a file: a table by group and number, in a database of one file (redb).
//!
//! To append lines to a text file would be simpler. But then a crash leaves half of a line, the oldest
//! messages cannot be removed, and to find number 41 of a group the server reads the whole file. The database
//! writes by transactions: after a crash the file holds all of a transaction, or nothing of it.
//!
//! ```text
//!   DIR/history.redb     meta       "version" ──▶ 1
//!                        groups     name ──▶ first and last number that are kept, their bytes
//!                        messages   (name, number) ──▶ time of the post, text
//! ```
//!
//! - S1  [`append`](Store::append) returns after the transaction is on the disk.
//! - S2  A transaction whose commit failed may be in the file all the same. Its messages were refused, so nobody
//!   may see them: reads leave them out, and the next append removes them in its own transaction. (What
//!   retention removed for them stays removed. If the process is killed before the next append, they are
//!   there.)
//! - S3  The numbers go on after the last one, even if retention has removed every message.
//! - S4  `first..=last` of a group are the messages that are in the file.
//!
//! All calls block: they run on the threads for blocking calls. Used by `log/open` and `log/disk`. Next:
//! `log/disk`.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reactor::explain::{explain, reword};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableError};

use super::database::{Open, Reopened, create, create_directory, open};
use super::{Limit, LogError, Page};
use crate::server::options::Retention;

#[cfg(test)]
mod crashes;
#[cfg(test)]
mod failures;
#[cfg(test)]
pub(super) mod medium;
#[cfg(test)]
#[path = "../../../../tests/shared/random.rs"]
mod random;

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const GROUPS: TableDefinition<'_, &str, (u64, u64, u64)> = TableDefinition::new("groups");
const MESSAGES: TableDefinition<'_, (&str, u64), (u64, &str)> = TableDefinition::new("messages");

type Groups<'a> = redb::Table<'a, &'static str, (u64, u64, u64)>;
type Messages<'a> = redb::Table<'a, (&'static str, u64), (u64, &'static str)>;

/// The version of the tables above.
const VERSION: u64 = 1;

pub(in crate::server) struct Store {
    database: Reopened,
    retention: Retention,
    /// The groups that a commit under way changes, or that commits which failed may have changed, with the
    /// number of the last message that was not refused; `None` if the group did not exist (S2).
    refused: Mutex<HashMap<String, Option<u64>>>,
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

    /// What is kept up to a number; `None`: the group did not exist.
    fn until(self, last: Option<u64>) -> Option<Self> {
        let last = self.last.min(last?);
        Some(Kept { first: self.first.min(last + 1), last, ..self })
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
    /// is damaged, or has another version. The error names the file; its source is the system's error, or the
    /// database's.
    pub(super) fn open(directory: &Path, retention: Retention) -> io::Result<Self> {
        create_directory(directory).map_err(|error| {
            explain(format_args!("history: cannot create {}", directory.display()), error)
        })?;
        let path = directory.join("history.redb");
        let opened = create(directory, create_tables)
            .and_then(|path| Self::open_with(Box::new(move || checked(open(&path)?)), retention));
        opened.map_err(|error| {
            let name = path.display();
            let text = match &error {
                redb::Error::DatabaseAlreadyOpen => format!("history: another server uses {name}"),
                redb::Error::UpgradeRequired(_) => format!("history: {name} has an older format"),
                redb::Error::Corrupted(what) => format!("history: {name}: {what}"),
                redb::Error::Io(error) => format!("history: cannot open {name}: {error}"),
                error => format!("history: cannot open {name}: {error}"),
            };
            match error {
                redb::Error::Io(error) => reword(text, error),
                error => reword(text, io::Error::other(error)),
            }
        })
    }

    fn open_with(open: Open, retention: Retention) -> Result<Self, redb::Error> {
        Ok(Self { database: Reopened::new(open)?, retention, refused: Mutex::default() })
    }

    /// Appends messages, each to its group, in one transaction; returns their numbers. With each message comes
    /// whether its group exists although nothing of it was ever kept. If it does not exist, the number is
    /// `None`.
    pub(super) fn append(&self, posts: &[(&str, &str, bool)]) -> Result<Vec<Option<u64>>, LogError> {
        let appended = self.database.call(|database| self.try_append(database, posts));
        appended.map_err(|why| LogError::Failed(format!("the history cannot be written: {why}")))
    }

    fn try_append(
        &self,
        database: &Database,
        posts: &[(&str, &str, bool)],
    ) -> Result<Vec<Option<u64>>, redb::Error> {
        let now = milliseconds();
        let mut numbers = Vec::with_capacity(posts.len());
        let mut changed: HashMap<&str, Kept> = HashMap::new();
        let transaction = database.begin_write()?;
        {
            let mut groups = transaction.open_table(GROUPS)?;
            let mut messages = transaction.open_table(MESSAGES)?;
            for (group, last) in &*self.refused() {
                withdraw(group, *last, &mut groups, &mut messages)?;
            }
            for &(group, message, exists) in posts {
                let kept = match changed.get(group) {
                    Some(kept) => Some(*kept),
                    None => {
                        let kept = groups.get(group)?.map(|kept| Kept::from_table(kept.value()));
                        kept.or_else(|| exists.then_some(Kept::NOTHING))
                    }
                };
                let Some(mut kept) = kept else {
                    numbers.push(None);
                    continue;
                };
                kept.last += 1; // S3
                kept.bytes += size(group, message) as u64;
                messages.insert((group, kept.last), (now, message))?;
                changed.insert(group, kept);
                numbers.push(Some(kept.last));
            }
            for (group, mut kept) in changed {
                self.trim(group, &mut kept, &mut messages, now)?;
                let before = groups.insert(group, kept.to_table())?;
                let last = before.map(|before| Kept::from_table(before.value()).last);
                self.refused().entry(group.to_owned()).or_insert(last);
            }
        }
        transaction.commit()?;
        self.refused().clear();
        Ok(numbers)
    }

    /// Removes the oldest messages of a group while it keeps more than it should.
    fn trim(
        &self,
        group: &str,
        kept: &mut Kept,
        messages: &mut Messages<'_>,
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
                kept.bytes = kept.bytes.saturating_sub(size(group, removed.value().1) as u64);
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
        // If this transaction fails and is in the file all the same, that does no harm.
        let removed = self.database.call(|database| self.try_remove_old(database));
        removed.map_err(|why| LogError::Failed(format!("old messages cannot be removed: {why}")))
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
        let page = self.database.call(|database| self.try_read(database, group, after, limit, exists));
        page.unwrap_or_else(|why| Err(LogError::Failed(format!("the history cannot be read: {why}"))))
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
        let mut kept = transaction.open_table(GROUPS)?.get(group)?.map(|kept| Kept::from_table(kept.value()));
        if let Some(last) = self.refused().get(group) {
            kept = kept.and_then(|kept| kept.until(*last)); // S2
        }
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
            bytes += size(group, text);
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
        if !self.refused().is_empty() {
            let _ = self.append(&[]); // S2
        }
        self.database.close();
    }

    fn refused(&self) -> MutexGuard<'_, HashMap<String, Option<u64>>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the messages of a group after a number (S2).
fn withdraw(
    group: &str,
    last: Option<u64>,
    groups: &mut Groups<'_>,
    messages: &mut Messages<'_>,
) -> Result<(), redb::Error> {
    let Some(mut kept) = groups.get(group)?.map(|kept| Kept::from_table(kept.value())) else { return Ok(()) };
    for number in (last.unwrap_or(0) + 1..=kept.last).rev() {
        if let Some(removed) = messages.remove((group, number))? {
            kept.bytes = kept.bytes.saturating_sub(size(group, removed.value().1) as u64);
        }
    }
    match kept.until(last) {
        Some(kept) => drop(groups.insert(group, kept.to_table())?),
        None => drop(groups.remove(group)?),
    }
    Ok(())
}

/// Creates the tables of an empty database.
fn create_tables(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(META)?.insert("version", VERSION)?;
    transaction.open_table(GROUPS)?;
    transaction.open_table(MESSAGES)?;
    transaction.commit()?;
    Ok(())
}

/// Returns the database if it is a history of this version.
fn checked(database: Database) -> Result<Database, redb::Error> {
    let version = match database.begin_read()?.open_table(META) {
        Ok(meta) => meta.get("version")?.map(|version| version.value()),
        Err(TableError::TableDoesNotExist(_)) => None,
        Err(error) => return Err(error.into()),
    };
    match version {
        Some(VERSION) => Ok(database),
        Some(other) => Err(redb::Error::Corrupted(format!(
            "the history has version {other}, this server reads version {VERSION}"
        ))),
        None => Err(redb::Error::Corrupted("this database is not a history".to_owned())),
    }
}

/// What a message takes, in the file and in a reply: its group's name is there with each. In bytes.
fn size(group: &str, message: &str) -> usize {
    group.len() + message.len()
}

/// Returns the time since 1970, in milliseconds.
fn milliseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
