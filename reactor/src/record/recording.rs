//! Recordings: which rings belong to one, and what is read from them.
//!
//! A ring outlives its thread: the next thread goes on with it. So a program whose threads come and go needs no
//! more rings than it has threads at a time. A recording is a list of parts. A part is one thread's: its ring,
//! and the numbers of its first slot and of the one after its last.
//!
//! ```text
//!   start ──▶ number n: each thread joins with its first event, and gets a ring and a part
//!   a thread ends ──▶ its part ends, its ring is free for another
//!   stop, or snapshot ──▶ each part is read
//! ```
//!
//! - Q1  Only the thread itself takes its ring and gives it up, under the registry's lock. So a ring has one
//!   owner [ring-owner].
//! - Q2  Starting and stopping only set the number that threads compare with their own. An event that a thread
//!   records at that moment may be missed, or pushed to a ring of which nothing is read any more.
//!
//! Called by `record`, and by the executor's `trace`. Next: `reader`.

pub(super) mod reader;

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::process;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use super::kind::{Kind, unpack};
use super::ring::{Ring, Slot};
use super::stamp::{self, Both, Clock, Scale};
use crate::shim::lock_static;

/// The number of the recording that is on; 0 if none is.
static ON: AtomicU32 = AtomicU32::new(0);

/// The process that started the last recording.
static PROCESS: AtomicU32 = AtomicU32::new(0);

static REGISTRY: Mutex<Registry> =
    Mutex::new(Registry { started: 0, on: None, free: Vec::new(), sites: Vec::new() });

struct Registry {
    /// The number of the last recording: they count from 1.
    started: u32,
    on: Option<Recording>,
    /// Rings without an owner.
    free: Vec<&'static Ring>,
    /// The places from which tasks were spawned.
    sites: Vec<&'static Location<'static>>,
}

/// The recording that is on, of which each thread's ring has at least `slots` slots.
#[derive(Clone)]
struct Recording {
    slots: usize,
    begin: Both,
    /// In the order of their numbers.
    parts: Vec<Part>,
    /// The number of the next part.
    next: u64,
    /// How many slots the parts had of which nothing is left.
    lost: u64,
}

/// The slots of a ring that are one thread's in this recording: `from` up to `to`.
#[derive(Clone)]
struct Part {
    number: u64,
    ring: &'static Ring,
    from: u64,
    /// `None` while the thread goes on.
    to: Option<u64>,
    thread: String,
    worker: Option<(usize, usize)>,
}

/// The calling thread's ring, and its part in the recording that it joined last.
#[derive(Clone, Copy)]
struct Mine {
    recording: u32,
    part: u64,
    ring: &'static Ring,
}

/// How many sites a thread remembers.
const REMEMBERED: usize = 16;

thread_local! {
    static MINE: Cell<Option<Mine>> = const { Cell::new(None) };
    /// The pool of which the thread is a worker, and its index there.
    static WORKER: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
    /// The time of the thread's last event.
    static LAST: Cell<u64> = const { Cell::new(0) };
    /// The address and number of the sites that this thread has spawned from, so that most spawns need no lock.
    /// A few bits of the address choose the cell.
    static SITES: [Cell<(usize, u32)>; REMEMBERED] = const { [const { Cell::new((0, 0)) }; REMEMBERED] };
    static LEAVE: Leave = const { Leave };
}

impl Recording {
    /// The calling thread's part begins. Returns its number.
    fn begin_part(&mut self, ring: &'static Ring) -> u64 {
        /// The number of parts that are kept even if nothing is left of them.
        const KEEP: usize = 1024;
        if self.parts.len() >= KEEP {
            self.forget_lost_parts();
        }
        let current = thread::current();
        let thread = current.name().map_or_else(|| format!("{:?}", current.id()), str::to_owned);
        let number = self.next;
        self.next += 1;
        self.parts.push(Part { number, ring, from: ring.head(), to: None, thread, worker: WORKER.get() });
        number
    }

    /// Every part ends here. Called under the registry's lock, under which a ring changes its owner.
    fn up_to_now(mut self) -> Self {
        for part in &mut self.parts {
            part.to = Some(part.to.unwrap_or_else(|| part.ring.head()));
        }
        self
    }

    fn end_part(&mut self, number: u64, to: u64) {
        if let Ok(index) = self.parts.binary_search_by_key(&number, |part| part.number) {
            self.parts[index].to = Some(to);
        }
    }

    /// A program whose threads come and go would collect parts without end.
    fn forget_lost_parts(&mut self) {
        let lost = &mut self.lost;
        self.parts.retain(|part| {
            let gone = part.to.filter(|to| to + part.ring.size() as u64 <= part.ring.head());
            *lost += gone.map_or(0, |to| to - part.from);
            gone.is_none()
        });
    }
}

/// Ends the thread's part when the thread ends.
struct Leave;

impl Drop for Leave {
    fn drop(&mut self) {
        // ORDERING: Relaxed; set before this thread has joined, under the registry's lock.
        if process::id() != PROCESS.load(Ordering::Relaxed) {
            return; // After a fork the lock may be held by a thread that the child does not have.
        }
        push(Kind::ThreadGone, 0, 0, None);
        if let Some(mine) = MINE.take() {
            let mut registry = lock_static(&REGISTRY);
            if registry.started == mine.recording
                && let Some(recording) = &mut registry.on
            {
                recording.end_part(mine.part, mine.ring.head());
            }
            registry.free.push(mine.ring); // Q1
        }
    }
}

/// The error of [`start`]: a recording is on already.
///
/// ```
/// use reactor::record::{self, AlreadyOn};
///
/// record::start(1024).unwrap();
/// let error: AlreadyOn = record::start(1024).unwrap_err();
/// assert!(record::is_on());
/// record::stop();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyOn(());

impl fmt::Display for AlreadyOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a recording is on already")
    }
}

impl std::error::Error for AlreadyOn {}

/// Marks the calling thread as a worker.
pub(super) fn this_is_worker(pool: usize, index: usize) {
    WORKER.set(Some((pool, index)));
}

/// Makes sure that the calling thread records what the destructors of its later thread-locals do.
///
/// ```
/// reactor::record::record_until_exit();
/// ```
pub fn record_until_exit() {
    let _ = LEAVE.try_with(|_| ());
}

/// Returns whether a recording is on.
///
/// ```
/// use reactor::record;
///
/// assert!(!record::is_on());
/// ```
#[inline]
pub fn is_on() -> bool {
    // ORDERING: Relaxed; Q2.
    ON.load(Ordering::Relaxed) != 0
}

/// Starts a recording, which goes on until [`stop`]. Each thread gets a ring with its first event, and keeps
/// its last events there. A ring has at least this many slots of 16 bytes: the next power of two, from 2^10 to
/// 2^26. Most events take one slot, an event with a value two, the spawn of a task with a name up to five. The
/// rings are kept for later recordings.
///
/// # Errors
///
/// [`AlreadyOn`] if a recording is on.
///
/// ```
/// use reactor::record;
///
/// record::start(1024).unwrap();
/// assert!(record::is_on());
/// ```
pub fn start(slots: usize) -> Result<(), AlreadyOn> {
    let mut registry = lock_static(&REGISTRY);
    if registry.on.is_some() {
        return Err(AlreadyOn(()));
    }
    let slots = slots.clamp(MIN_SLOTS, MAX_SLOTS);
    let recording = Recording { slots, begin: Both::now(), parts: Vec::new(), next: 0, lost: 0 };
    registry.on = Some(recording);
    registry.started = registry.started.wrapping_add(1).max(1);
    // ORDERING: Relaxed; the lock orders it for the threads that join.
    PROCESS.store(process::id(), Ordering::Relaxed);
    // ORDERING: Relaxed; Q2.
    ON.store(registry.started, Ordering::Relaxed);
    Ok(())
}

/// The smallest ring, in slots. A smaller one would have lost most of its events when it is read.
const MIN_SLOTS: usize = 1 << 10;
/// The largest ring, in slots: a gigabyte.
const MAX_SLOTS: usize = 1 << 26;

/// Stops the recording that is on, and returns it; `None` if none is on. If it began less than 2 ms ago, the calling
/// thread sleeps until 2 ms have passed, so that the two clocks can be compared. See [`Recorded`] for an example.
pub fn stop() -> Option<Recorded> {
    let (recording, sites) = {
        let mut registry = lock_static(&REGISTRY);
        // ORDERING: Relaxed; Q2.
        ON.store(0, Ordering::Relaxed);
        (registry.on.take()?.up_to_now(), registry.sites.clone())
    };
    Some(read_whole(recording, sites))
}

/// Returns what was recorded so far, and goes on; `None` if no recording is on. It may sleep, as [`stop`] may.
///
/// ```
/// use reactor::record;
///
/// record::start(1024).unwrap();
/// assert!(record::snapshot().is_some() && record::stop().is_some());
/// assert!(record::snapshot().is_none());
/// ```
pub fn snapshot() -> Option<Recorded> {
    let (recording, sites) = {
        let registry = lock_static(&REGISTRY);
        (registry.on.clone()?.up_to_now(), registry.sites.clone())
    };
    Some(read_whole(recording, sites))
}

/// Pushes an event to the calling thread's ring. Not inlined, to keep its callers small: mostly no recording is
/// on.
#[inline(never)]
pub(super) fn push(kind: Kind, argument: u8, id: u64, value: Option<u64>) {
    let Some(ring) = ring() else { return };
    if kind == Kind::Received && continues_run(ring, argument, id) {
        return;
    }
    // To read the clock is most of what an event costs.
    let time = if kind.is_at_once(id, || (ring.before(1).kind, ring.before(1).id)) {
        LAST.get()
    } else {
        stamp::now()
    };
    LAST.set(time);
    ring.push(Slot { time, kind: kind as u8, argument, id });
    if let Some(value) = value {
        ring.push(more(value));
    }
}

/// If the thread's last event is that a value was received from the same channel, counts one more there. Values come
/// in runs, and to receive one of a run costs less than to read the clock.
fn continues_run(ring: &Ring, argument: u8, id: u64) -> bool {
    let is_received = |slot: Slot| slot == Slot { kind: Kind::Received as u8, argument, id, ..slot };
    let last = ring.before(1);
    if is_received(last) {
        ring.push(more(1));
        return true;
    }
    let is_run = last.kind == Kind::More as u8 && is_received(ring.before(2));
    if is_run {
        ring.set_time_of_last(last.time + 1);
    }
    is_run
}

/// Pushes the event of a spawn.
#[inline(never)]
pub(super) fn push_spawn(task: u64, kind: u8, name: Option<&str>, location: &'static Location<'static>) {
    let site = site(location);
    push(Kind::Spawn, kind, task, Some(u64::from(site)));
    if let (Some(name), Some(ring)) = (name, ring()) {
        push_text(ring, name);
    }
}

/// The calling thread's ring in the recording that is on.
#[inline]
fn ring() -> Option<&'static Ring> {
    // ORDERING: Relaxed; Q2.
    let on = ON.load(Ordering::Relaxed);
    match MINE.get() {
        Some(mine) if mine.recording == on => Some(mine.ring),
        _ if on == 0 => None,
        _ => join(on),
    }
}

/// The calling thread joins the recording with this number, if that is still on.
#[cold]
fn join(number: u32) -> Option<&'static Ring> {
    if LEAVE.try_with(|_| ()).is_err() {
        return None; // The thread's locals are being destroyed: nothing would end its part.
    }
    let mut guard = lock_static(&REGISTRY);
    let registry = &mut *guard;
    let recording = registry.on.as_mut().filter(|_| registry.started == number)?;
    let own = MINE.take().map(|mine| mine.ring);
    registry.free.extend(own);
    let size = recording.slots.next_power_of_two();
    let ring = match registry.free.iter().rposition(|ring| ring.size() == size) {
        Some(found) => registry.free.swap_remove(found),
        None => Box::leak(Box::new(Ring::new(size))),
    };
    let part = recording.begin_part(ring);
    MINE.set(Some(Mine { recording: number, part, ring }));
    LAST.set(stamp::now());
    ring.push(Slot { time: LAST.get(), kind: Kind::ThreadCame as u8, argument: 0, id: 0 });
    Some(ring)
}

/// The number of a place in the source: its index in [`Recorded::sites`].
fn site(location: &'static Location<'static>) -> u32 {
    let address = std::ptr::from_ref(location).addr();
    let remembered = |sites: &[Cell<(usize, u32)>; REMEMBERED]| {
        let cell = &sites[(address >> 4) % REMEMBERED];
        let (known, number) = cell.get();
        if known == address {
            return number;
        }
        let number = find_site(location);
        cell.set((address, number));
        number
    };
    SITES.with(remembered)
}

#[cold]
fn find_site(location: &'static Location<'static>) -> u32 {
    let sites = &mut lock_static(&REGISTRY).sites;
    let found = sites.iter().position(|other| *other == location);
    let index = found.unwrap_or_else(|| {
        sites.push(location);
        sites.len() - 1
    });
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// What was recorded.
///
/// ```
/// use reactor::record::{self, Clock, Event, Kind, Recorded, Track};
///
/// record::start(1024).unwrap();
/// record::record(Kind::Wake, 42);
/// let recorded: Recorded = record::stop().unwrap();
/// assert!(matches!(recorded.clock, Clock::Tsc | Clock::Monotonic));
/// let is_ours = |event: &&Event| event.kind == Kind::Wake && event.id == 42;
/// let ours = |thread: &Track| thread.events.iter().filter(is_ours).count();
/// assert_eq!(recorded.threads.iter().map(ours).sum::<usize>(), 1);
/// ```
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The time from its start until it was read.
    pub duration: Duration,
    /// Where the times come from.
    pub clock: Clock,
    /// The threads, in the order in which they joined.
    pub threads: Vec<Track>,
    /// How many slots were lost of threads that are not listed, because nothing is left of them.
    pub lost: u64,
    /// The places from which tasks were spawned. The value of a [`Kind::Spawn`] is an index of this list.
    pub sites: Vec<&'static Location<'static>>,
}

impl Recorded {
    /// Returns the number of events.
    ///
    /// ```
    /// use reactor::record;
    ///
    /// record::start(1024).unwrap();
    /// record::note(record::Kind::GaveWay, 0, 0);
    /// assert_eq!(record::stop().unwrap().events(), 2, "the thread's first event, and that one");
    /// ```
    #[must_use]
    pub fn events(&self) -> usize {
        self.threads.iter().map(|thread| thread.events.len()).sum()
    }
}

/// What one thread recorded.
#[derive(Clone, Debug)]
pub struct Track {
    /// Its number in the recording, by which it is found again in a later piece or snapshot: there, threads of which
    /// nothing is left may be missing. They count from 0 in the order in which the threads joined.
    pub number: u64,
    /// The thread's name, or its `ThreadId` if it has none.
    pub name: String,
    /// The pool of which it is a worker, and its index there.
    pub worker: Option<(usize, usize)>,
    /// How many of its slots were written over before they could be read. An event takes one to five.
    pub lost: u64,
    /// Its events, in the order in which they were recorded.
    pub events: Vec<Event>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Nanoseconds since the recording was started.
    pub time: u64,
    /// What happened.
    pub kind: Kind,
    /// A number that [`Kind`] explains; 0 for most kinds.
    pub argument: u8,
    /// What it happened to: see [`Kind`].
    pub id: u64,
    /// A second number, for the kinds that have one; else 0.
    pub value: u64,
    /// A name, if the kind has one.
    pub text: Option<Box<str>>,
}

fn read_whole(recording: Recording, sites: Vec<&'static Location<'static>>) -> Recorded {
    recording.begin.settle();
    read(recording, sites, Both::now(), &mut HashMap::new())
}

/// Reads every part, up to its end. It begins at the slot that `next` has for the part's number, and stores in `next`
/// the slot to begin at next time. It is called without the registry's lock, so that threads may come and go: a ring
/// that gets another owner meanwhile is read like any ring whose owner goes on.
fn read(
    recording: Recording,
    sites: Vec<&'static Location<'static>>,
    end: Both,
    next: &mut HashMap<u64, u64>,
) -> Recorded {
    let scale = Scale::between(recording.begin, end);
    let track = |part: Part| {
        let to = part.to.unwrap_or(part.from);
        let from = next.get(&part.number).copied().unwrap_or(part.from);
        let (first, mut slots) = part.ring.read(from, to);
        next.insert(part.number, to - leave_out_half(&mut slots));
        let events = assemble(&slots, scale);
        Track { number: part.number, name: part.thread, worker: part.worker, lost: first - from, events }
    };
    Recorded {
        duration: end.instant.saturating_duration_since(recording.begin.instant),
        clock: stamp::clock(),
        threads: recording.parts.into_iter().map(track).collect(),
        lost: recording.lost,
        sites,
    }
}

/// Leaves out a last event whose value is not pushed yet. Returns how many slots that are.
fn leave_out_half(slots: &mut Vec<Slot>) -> u64 {
    let is_half = |slot: &mut Slot| Kind::from_number(slot.kind).is_some_and(Kind::has_value);
    u64::from(slots.pop_if(is_half).is_some())
}

/// Makes events of slots. Slots at the beginning that continue an event which was written over are left out.
fn assemble(slots: &[Slot], scale: Scale) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::with_capacity(slots.len());
    let mut text = Vec::new();
    for slot in slots {
        match (Kind::from_number(slot.kind), events.last_mut()) {
            (Some(Kind::More), Some(event)) => event.value = slot.time,
            (Some(Kind::Text), Some(event)) => {
                text.extend(slot.time.to_le_bytes());
                text.extend(&slot.id.to_le_bytes()[..6]);
                if slot.argument != MORE_TEXT {
                    text.truncate(text.len() - TEXT_BYTES + usize::from(slot.argument));
                    event.text = Some(String::from_utf8_lossy(&text).into());
                    text.clear();
                }
            }
            (None | Some(Kind::More | Kind::Text), _) => {}
            (Some(kind), _) => {
                text.clear();
                let (time, id) = (scale.nanoseconds(slot.time), slot.id);
                let (argument, value) = unpack(kind, slot.argument);
                events.push(Event { time, kind, argument, id, value, text: None });
            }
        }
    }
    events
}

/// The bytes of a text that one slot holds: 8 in its first word, 6 in place of its id.
const TEXT_BYTES: usize = 14;
/// The longest text that is kept, in bytes.
const MAX_TEXT: usize = 3 * TEXT_BYTES;
/// The argument of a `Text` slot that is followed by another one. That of the last one is how many bytes it
/// holds.
const MORE_TEXT: u8 = u8::MAX;

/// The slot for an event's value.
fn more(value: u64) -> Slot {
    Slot { time: value, kind: Kind::More as u8, argument: 0, id: 0 }
}

/// Pushes an event's text, cut to [`MAX_TEXT`] bytes.
fn push_text(ring: &Ring, text: &str) {
    let end = text.floor_char_boundary(MAX_TEXT);
    let mut chunks = text.as_bytes()[..end].chunks(TEXT_BYTES).peekable();
    while let Some(chunk) = chunks.next() {
        let mut bytes = [0; 16];
        bytes[..chunk.len()].copy_from_slice(chunk);
        let word = |from: usize| u64::from_le_bytes(std::array::from_fn(|index| bytes[from + index]));
        let argument = if chunks.peek().is_some() { MORE_TEXT } else { chunk.len() as u8 };
        ring.push(Slot { time: word(0), kind: Kind::Text as u8, argument, id: word(8) });
    }
}
