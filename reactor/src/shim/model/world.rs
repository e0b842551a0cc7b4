//! The world of a model: its time, its events, its statics and its thread-locals.
//!
//! Time stands still until the model calls [`tick`]. So a lost wake is found: no timeout ends the wait and
//! hides it. Events come when the model calls [`Socket::arrive`].
#![allow(unsafe_code, reason = "a static of one execution, and a descriptor that is never used")]

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::marker::PhantomData;
use std::ops::Deref;
use std::os::fd::BorrowedFd;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread::{self, AccessError, Thread};

use crate::event::Event;
use crate::reactor::Reactor;
use crate::shim::{lock, statics};
use crate::source::{Source, Wait};

/// A static of which each execution has its own.
#[derive(Debug)]
pub struct Static<T: 'static> {
    lazy: loom::lazy_static::Lazy<T>,
}

impl<T> Static<T> {
    /// Made at the first use in an execution.
    pub const fn new(init: fn() -> T) -> Self {
        Self { lazy: loom::lazy_static::Lazy { init, _p: PhantomData } }
    }
}

impl<T> Deref for Static<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // Every `Static` is a static: see the macro.
        let place: *const loom::lazy_static::Lazy<T> = &raw const self.lazy;
        // SAFETY: as said above.
        unsafe { &*place }.get()
    }
}

/// Statics, made anew in each execution.
#[doc(hidden)]
#[macro_export]
macro_rules! __statics {
    ($($(#[$attr:meta])* $visible:vis static $name:ident: $type:ty = $init:expr;)*) => { $(
        $(#[$attr])*
        $visible static $name: $crate::shim::model::Static<$type> = $crate::shim::model::Static::new(|| $init);
    )* };
}

/// A value of which each of loom's threads has its own.
#[derive(Debug)]
pub struct LocalKey<T: 'static>(thread::LocalKey<T>);

impl<T> LocalKey<T> {
    /// Made at the first use in a thread.
    pub const fn new(init: fn() -> T) -> Self {
        Self(thread::LocalKey { init, _p: PhantomData })
    }

    /// Like std's.
    pub fn with<R>(&'static self, with: impl FnOnce(&T) -> R) -> R {
        self.0.with(with)
    }

    /// Like std's.
    ///
    /// # Errors
    ///
    /// If the thread's values have been destroyed.
    pub fn try_with<R>(&'static self, with: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        self.0.try_with(with)
    }
}

impl<T: Copy> LocalKey<Cell<T>> {
    /// Like std's.
    pub fn get(&'static self) -> T {
        self.with(Cell::get)
    }

    /// Like std's.
    pub fn set(&'static self, value: T) {
        self.with(|cell| cell.set(value));
    }

    /// Like std's.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

/// `std::thread_local!`, for loom's threads.
#[doc(hidden)]
#[macro_export]
macro_rules! __thread_local {
    ($($(#[$attr:meta])* static $name:ident: $type:ty = $init:expr);* $(;)?) => { $(
        $(#[$attr])*
        static $name: $crate::shim::model::LocalKey<$type> = $crate::shim::model::LocalKey::new(|| $init);
    )* };
}

/// Like std's: a thread that reads the value sees what was done before it was set.
#[derive(Debug, Default)]
pub struct OnceLock<T> {
    is_set: AtomicBool,
    value: std::sync::OnceLock<T>,
    /// loom reorders a store only with the last access before it, so a read by the same thread would hide
    /// another thread's read. So each read also adds to this number: additions do not hide one another.
    looks: AtomicUsize,
}

impl<T> OnceLock<T> {
    /// A cell that is not set yet.
    #[must_use]
    pub fn new() -> Self {
        let (is_set, looks) = (AtomicBool::new(false), AtomicUsize::new(0));
        Self { is_set, value: std::sync::OnceLock::new(), looks }
    }

    /// Returns the value, if it was set.
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        if self.is_set.load(Ordering::Acquire) { self.value.get() } else { None }
    }

    /// Sets it.
    ///
    /// # Errors
    ///
    /// Returns `value` if there was a value already.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        self.value.set(value)?;
        self.is_set.store(true, Ordering::Release);
        Ok(())
    }

    /// Returns the value, and sets it first if it was not set. The caller makes sure that one thread at a
    /// time does.
    pub fn get_or_init(&self, init: impl FnOnce() -> T) -> &T {
        if self.get().is_none() {
            let _ = self.set(init());
        }
        self.value.get().expect("set in the line above, or before")
    }
}

/// What the reactor waits for.
#[derive(Default)]
struct World {
    events: VecDeque<Event>,
    notified: bool,
    /// The threads that are parked for a limited time.
    sleepers: Vec<Thread>,
}

statics! {
    static WORLD: (Mutex<World>, Condvar) = (Mutex::new(World::default()), Condvar::new());
}

std::thread_local! {
    // loom runs all threads of a model on one of the system's, one after the other.
    static PASSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// The model's time.
#[must_use]
pub fn now() -> Instant {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    *BEGIN + PASSED.get()
}

/// Sets the clock back, for the next execution.
pub(super) fn begin() {
    PASSED.set(Duration::ZERO);
}

/// Lets `time` pass. It wakes every thread that waits for a limited time, even if its limit is longer.
pub fn tick(time: Duration) {
    let mut world = lock(&WORLD.0);
    PASSED.set(PASSED.get() + time);
    WORLD.1.notify_all();
    let sleepers = std::mem::take(&mut world.sleepers);
    drop(world);
    sleepers.iter().for_each(Thread::unpark);
}

/// Like std's; time passes by [`tick`].
pub fn park_timeout(limit: Duration) {
    let end = now() + limit;
    lock(&WORLD.0).sleepers.push(thread::current());
    if now() < end {
        thread::park();
    }
}

/// The poller of a model.
#[derive(Debug)]
pub(crate) struct Poller;

impl Poller {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    pub(crate) fn add(&self, _source: BorrowedFd<'_>, _key: usize) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn delete(&self, _source: BorrowedFd<'_>) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn wait(&self, limit: Option<Duration>, handle: impl FnMut(Event)) -> io::Result<()> {
        let end = limit.map(|limit| now() + limit);
        let mut world = lock(&WORLD.0);
        while !world.notified && world.events.is_empty() && end.is_none_or(|end| now() < end) {
            world = WORLD.1.wait(world).expect("a model's lock is not poisoned");
        }
        world.notified = false;
        let events = std::mem::take(&mut world.events);
        drop(world);
        events.into_iter().for_each(handle);
        Ok(())
    }

    pub(crate) fn notify(&self) {
        lock(&WORLD.0).notified = true;
        WORLD.1.notify_all();
    }
}

/// A socket whose bytes are only counted; a read takes one of them.
#[allow(missing_debug_implementations, reason = "a model does not print it")]
pub struct Socket {
    bytes: AtomicUsize,
    source: std::sync::Arc<Source>,
}

impl Socket {
    /// A new one, registered with the reactor.
    ///
    /// # Panics
    ///
    /// Never: a model's reactor can always be created.
    #[must_use]
    pub fn new() -> Arc<Self> {
        // SAFETY: nothing is done with the descriptor.
        let nothing = unsafe { BorrowedFd::borrow_raw(0) };
        let source = Reactor::get().and_then(|reactor| reactor.register(nothing)).expect("a model's reactor");
        Arc::new(Self { bytes: AtomicUsize::new(0), source })
    }

    /// Lets a number of bytes arrive.
    pub fn arrive(&self, bytes: usize) {
        // ORDERING: AcqRel, as the kernel's own lock would order it.
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
        let event = Event { key: self.source.key, readable: true, writable: false, must_drain: false };
        lock(&WORLD.0).events.push_back(event);
        WORLD.1.notify_all();
    }

    /// Reads a byte.
    ///
    /// # Panics
    ///
    /// Never: a model's read does not fail.
    pub async fn read(&self) {
        let take = || {
            let take = |bytes: usize| bytes.checked_sub(1);
            // ORDERING: AcqRel, as above.
            let taken = self.bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, take);
            taken.map_err(|_| io::ErrorKind::WouldBlock.into())
        };
        let read = std::future::poll_fn(|cx| self.source.read.poll(cx, Wait::Poll, take, |_| false));
        read.await.expect("a model's read does not fail");
    }
}
