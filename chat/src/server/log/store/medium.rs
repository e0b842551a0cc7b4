//! A disk in memory for the tests of the store: it remembers what a power cut would leave, and fails when told to.
//!
//! ```text
//!   write ──▶ cached, and unsynced ──sync──▶ durable
//!     read returns what is cached              a power cut leaves this, and any part of what is unsynced
//! ```
//!
//! What the model assumes of a disk is what redb's commit assumes: before a sync, writes reach the disk in any
//! order or not at all, and one of them in part, but no less than a sector of 512 bytes. Lengths reach it in
//! their order (they are in the file system's journal), and a write beyond the length is not there. After a
//! sync everything is there.
//!
//! Used by the tests `crashes` and `failures`, and by those of `log/disk`. Next: `crashes`.

use std::io;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{Database, DatabaseError, StorageBackend};

use super::random::Random;
use super::{Open, Retention, Store, checked, create_tables};

/// The unit that a disk writes whole, in bytes.
const SECTOR: usize = 512;

/// Small, so that pages are also written before the commit. In bytes.
const CACHE: usize = 64 << 10;

#[derive(Clone, Debug)]
pub(in crate::server::log) struct Medium(Arc<Mutex<Contents>>);

#[derive(Debug)]
struct Contents {
    durable: Vec<u8>,
    cached: Vec<u8>,
    unsynced: Vec<Change>,
    /// All that happened.
    trace: Vec<Event>,
    /// The number of calls that can fail.
    calls: usize,
    fault: Fault,
    /// Writes beyond this offset fail: the disk has no space for them.
    space: u64,
}

#[derive(Clone, Debug)]
pub(super) enum Change {
    Write(u64, Arc<[u8]>),
    Length(u64),
}

#[derive(Clone, Debug)]
pub(super) enum Event {
    Change(Change),
    Synced,
    /// The test's mark.
    Marked,
}

/// Which calls fail, and what they do nevertheless.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fault {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) effect: Effect,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Effect {
    /// The call does nothing.
    #[default]
    Nothing,
    /// The call does its work all the same. A write does half of it.
    Done,
    /// A sync loses what it should have written, and reads go on returning it until the system forgets it: so
    /// does Linux. Other calls do nothing.
    Lost,
}

impl Medium {
    /// Returns a disk with these contents, all durable.
    pub(super) fn new(contents: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Contents {
            cached: contents.clone(),
            durable: contents,
            unsynced: Vec::new(),
            trace: Vec::new(),
            calls: 0,
            fault: Fault::default(),
            space: u64::MAX,
        })))
    }

    /// Returns the function that opens a database on this disk, as the server does on a file.
    pub(super) fn open(&self) -> Open {
        let medium = self.clone();
        Box::new(move || {
            medium.forget();
            checked(medium.database()?)
        })
    }

    /// Returns a disk with an empty store.
    pub(in crate::server::log) fn created() -> Self {
        let medium = Self::new(Vec::new());
        create_tables(&medium.database().unwrap()).unwrap();
        medium
    }

    fn database(&self) -> Result<Database, DatabaseError> {
        Database::builder().set_cache_size(CACHE).create_with_backend(self.clone())
    }

    /// Returns a store on this disk, which keeps everything.
    pub(in crate::server::log) fn store(&self) -> Store {
        let retention = Retention { messages: u64::MAX, bytes: u64::MAX, age: None };
        Store::open_with(self.open(), retention).unwrap()
    }

    /// Stops the disk: calls wait until what this returns is dropped.
    pub(in crate::server::log) fn stopped(&self) -> impl Drop {
        self.lock()
    }

    /// What a power cut leaves if nothing of what is unsynced has reached the disk.
    pub(super) fn durable(&self) -> Vec<u8> {
        self.lock().durable.clone()
    }

    pub(super) fn calls(&self) -> usize {
        self.lock().calls
    }

    /// From now on calls fail: they are counted from 0 again.
    pub(super) fn fail(&self, fault: Fault) {
        let mut contents = self.lock();
        contents.calls = 0;
        contents.fault = fault;
    }

    /// From now on the disk has space up to this offset.
    pub(super) fn set_space(&self, space: u64) {
        self.lock().space = space;
    }

    pub(super) fn mark(&self) {
        self.lock().trace.push(Event::Marked);
    }

    pub(super) fn take_trace(&self) -> Vec<Event> {
        mem::take(&mut self.lock().trace)
    }

    /// The system forgets what it has cached and need not write.
    fn forget(&self) {
        let mut contents = self.lock();
        let mut cached = contents.durable.clone();
        contents.unsynced.iter().for_each(|change| change.apply(&mut cached));
        contents.cached = cached;
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    /// Counts a call. Returns what a failing one does.
    fn fails(&mut self) -> Option<Effect> {
        let call = self.calls;
        self.calls += 1;
        (self.fault.first..self.fault.first + self.fault.count).contains(&call).then_some(self.fault.effect)
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.cached);
        self.unsynced.push(change.clone());
        self.trace.push(Event::Change(change));
    }
}

fn failed() -> io::Error {
    io::Error::other("the disk fails")
}

impl StorageBackend for Medium {
    fn len(&self) -> io::Result<u64> {
        Ok(self.lock().cached.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut contents = self.lock();
        if contents.fails().is_some() {
            return Err(failed());
        }
        let start = usize::try_from(offset).unwrap();
        let bytes = contents.cached.get(start..start + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut contents = self.lock();
        let failing = contents.fails();
        if matches!(failing, None | Some(Effect::Done)) {
            contents.change(Change::Length(len));
        }
        failing.map_or(Ok(()), |_| Err(failed()))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut contents = self.lock();
        let failing = contents.fails();
        if matches!(failing, None | Some(Effect::Done)) {
            let Contents { durable, unsynced, .. } = &mut *contents;
            unsynced.drain(..).for_each(|change| change.apply(durable));
            contents.trace.push(Event::Synced);
        } else if let Some(Effect::Lost) = failing {
            contents.unsynced.clear();
        }
        failing.map_or(Ok(()), |_| Err(failed()))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut contents = self.lock();
        let (written, outcome) = match contents.fails() {
            None if offset + data.len() as u64 > contents.space => (&data[..0], Err(failed())),
            None => (data, Ok(())),
            Some(Effect::Done) => (&data[..data.len() / 2], Err(failed())),
            Some(_) => (&data[..0], Err(failed())),
        };
        contents.change(Change::Write(offset, written.into()));
        outcome
    }
}

impl Change {
    /// Carries it out. What a write would write beyond the end is lost.
    pub(super) fn apply(&self, contents: &mut Vec<u8>) {
        match self {
            Change::Length(length) => contents.resize(usize::try_from(*length).unwrap(), 0),
            Change::Write(offset, data) => {
                let start = usize::try_from(*offset).unwrap().min(contents.len());
                let end = (start + data.len()).min(contents.len());
                contents[start..end].copy_from_slice(&data[..end - start]);
            }
        }
    }

    /// Returns a write of only the sectors before a random boundary, or after it.
    fn torn(&self, random: &mut Random) -> Change {
        let Change::Write(offset, data) = self else { return self.clone() };
        let boundary = SECTOR * random.below(data.len() / SECTOR + 1);
        if random.below(2) == 0 {
            Change::Write(*offset, data[..boundary].into())
        } else {
            Change::Write(*offset + boundary as u64, data[boundary..].into())
        }
    }
}

/// Adds to `image`, which is what was synced, a part of what was not: in the order of the writes up to one of
/// them, or any of them; and one that is torn.
pub(super) fn crash(image: &mut Vec<u8>, unsynced: &[Change], random: &mut Random) {
    let in_order = random.below(3) == 0;
    let end = if random.below(2) == 0 { unsynced.len() } else { random.below(unsynced.len() + 1) };
    let kept = [1, 5, 9][random.below(3)];
    let torn = random.below(unsynced.len().max(1));
    let lengths = random.below(unsynced.len() + 1);
    for (at, change) in unsynced.iter().enumerate() {
        match change {
            Change::Length(_) if in_order && at < end || !in_order && at < lengths => change.apply(image),
            Change::Length(_) => {}
            Change::Write(..) if at == torn || in_order && at + 1 == end => {
                change.torn(random).apply(image);
            }
            Change::Write(..) => {
                if if in_order { at < end } else { random.below(10) < kept } {
                    change.apply(image);
                }
            }
        }
    }
}
