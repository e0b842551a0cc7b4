//! The file of the history: how it comes to be, and how it is opened again after an error.
//!
//! A database on a disk that fails once refuses all later calls, so that nothing is built on what may be lost.
//! A server should go on when the disk does. So the file is opened again, and what the database finds there
//! is the last transaction that is whole.
//!
//! ```text
//!            ┌── call ──▶ error, or panic ──▶ closed ──┐ the next call, after a rest
//!   open ────┴────────────────────────────────◀────────┘
//! ```
//!
//! - F1  The file appears in its directory complete: it is made under another name, and renamed. So a crash
//!   while it is made leaves nothing that cannot be opened.
//! - F2  The names of the file and of its directory are on the disk before the first message is.
//! - F3  Whenever the file is opened, what the system has cached of it is written or forgotten. After a failed
//!   `fsync` Linux goes on returning from its cache what it could not write. A database that builds on that
//!   is damaged after the next power cut, all of it.
//! - F4  To open a large file that was not closed takes long. So after an error it is opened again after a rest
//!   that is several times as long; until then, calls fail at once.
//!
//! All calls block. Used by `log/store`. Next: `log/store`.

use std::any::Any;
use std::fs::{self, File};
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use redb::{Database, DatabaseError};

/// How much of the file is kept in memory, in bytes.
const CACHE: usize = 16 << 20;

/// The rest before the file is opened again is this many times as long as the opening (F4).
const REST: u32 = 4;

/// The longest rest.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// Opens the database.
pub(super) type Open = Box<dyn Fn() -> Result<Database, redb::Error> + Send + Sync>;

/// A database that is opened again after an error.
pub(super) struct Reopened {
    open: Open,
    state: RwLock<State>,
}

struct State {
    /// `None` after an error.
    database: Option<Database>,
    closed: bool,
    /// The last error.
    why: String,
    /// Before this moment the database is not opened again (F4).
    rested: Instant,
}

impl Reopened {
    /// Opens the database, now and after each error.
    pub(super) fn new(open: Open) -> Result<Self, redb::Error> {
        let start = Instant::now();
        let database = caught(&open)?;
        let rested = rested(start);
        let state = State { database: Some(database), closed: false, why: String::new(), rested };
        Ok(Self { open, state: RwLock::new(state) })
    }

    /// Calls a function with the open database. If it fails, or panics, the database is closed.
    pub(super) fn call<T>(
        &self,
        function: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, String> {
        let state = self.opened()?;
        let Some(database) = &state.database else { return Err(closed()) };
        let called = caught(|| function(database));
        drop(state);
        called.map_err(|error| {
            let why = error.to_string();
            self.close_until_the_next_call(&why);
            why
        })
    }

    /// Waits until all other calls have ended, and closes the file. All later calls fail.
    pub(super) fn close(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        state.drop_database();
    }

    fn close_until_the_next_call(&self, why: &str) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        why.clone_into(&mut state.why);
        state.drop_database();
    }

    /// Returns the state with an open database, unless it is closed.
    fn opened(&self) -> Result<RwLockReadGuard<'_, State>, String> {
        loop {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            if state.database.is_some() || state.closed {
                return Ok(state);
            }
            drop(state);
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            if state.database.is_some() || state.closed {
                continue;
            }
            let start = Instant::now();
            if start < state.rested {
                return Err(state.why.clone());
            }
            let opened = caught(&self.open);
            state.rested = rested(start);
            match opened {
                Ok(database) => state.database = Some(database),
                Err(error) => {
                    state.why = error.to_string();
                    return Err(state.why.clone());
                }
            }
        }
    }
}

impl State {
    /// Closes the file, which writes to it.
    fn drop_database(&mut self) {
        let database = self.database.take();
        let _ = caught(|| {
            drop(database);
            Ok(())
        });
    }
}

fn closed() -> String {
    redb::Error::DatabaseClosed.to_string()
}

/// Returns when the database may be opened again, if opening it has begun at `start`.
fn rested(start: Instant) -> Instant {
    let now = Instant::now();
    // In a test the disk fails when the test says so, and the next call should try it.
    if cfg!(test) { now } else { now + (REST * (now - start)).min(LONGEST_REST) }
}

/// Calls a function of the database. A panic becomes an error: a damaged file must not end the server.
fn caught<T>(function: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, redb::Error> {
    panic::catch_unwind(AssertUnwindSafe(function)).unwrap_or_else(|payload| {
        Err(redb::Error::Corrupted(format!("the database panicked: {}", text_of(&*payload))))
    })
}

fn text_of(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

/// Creates a database in a directory, unless there is one. `prepare` makes its tables. Returns its path.
pub(super) fn create(
    directory: &Path,
    prepare: impl FnOnce(&Database) -> Result<(), redb::Error>,
) -> Result<PathBuf, redb::Error> {
    let path = directory.join("history.redb");
    let locked = File::open(directory)?;
    // Another server may be about to create it too. Where directories have no locks, two servers that are
    // started for the first time, at the same moment, in the same directory are not kept apart.
    let _ = locked.lock();
    if !path.try_exists()? {
        let new = directory.join("history.redb.new");
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let database = Database::create(&new)?;
        prepare(&database)?;
        drop(database);
        File::open(&new)?.sync_all()?;
        fs::rename(&new, &path)?; // F1
    }
    locked.sync_all()?; // F2
    Ok(path)
}

/// Creates a directory, and the directories above it, durably (F2).
pub(super) fn create_directory(directory: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = directory.ancestors().take_while(|above| !above.exists()).collect();
    fs::create_dir_all(directory)?;
    for created in missing {
        let Some(above) = created.parent() else { continue };
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        File::open(above)?.sync_all()?;
    }
    Ok(())
}

/// Opens the database in a file that exists.
pub(super) fn open(path: &Path) -> Result<Database, DatabaseError> {
    let file = File::options().read(true).write(true).open(path)?;
    forget_cache(&file)?;
    drop(file);
    Database::builder().set_cache_size(CACHE).open(path)
}

/// Writes what the system has cached of a file, and then lets it forget that (F3).
fn forget_cache(file: &File) -> io::Result<()> {
    file.sync_data()?;
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)?;
    Ok(())
}
