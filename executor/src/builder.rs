//! Spawning with a name.
//!
//! Without names, a dump or a timeline could tell apart tasks that were spawned at the same place only by their ids.
//! Most tasks need no name: a task that is spawned without a builder has no field for one. Next: `join_set`.
#![allow(unsafe_code, reason = "a task's name is in the task")]

use std::future::Future;
use std::panic::Location;

use crate::pool::global;
use crate::raw_task::header::TaskRef;
use crate::raw_task::join_handle::JoinHandle;
use crate::raw_task::run::new_task;
use crate::{local, spawn_blocking};

/// Spawns a task with a name. [`JoinHandle::name`] returns it, and the panic of awaiting a cancelled task
/// shows it.
///
/// ```
/// use executor::task::{self, Builder};
///
/// let task = Builder::new().name("adder").spawn(async { 1 + 1 });
/// assert_eq!(task.name(), Some("adder"));
/// assert_eq!(task::block_on(task), 2);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Builder {
    name: Option<String>,
}

impl Builder {
    /// Returns a builder without a name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name, and returns the builder.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// As [`spawn`](crate::task::spawn).
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (pool, scheduler) = global::begin();
        let (task, handle) =
            new_task(future, scheduler, self.name.map(String::into_boxed_str), Location::caller());
        global::start(pool, task);
        JoinHandle::new(handle)
    }

    /// As [`spawn_local`](crate::task::spawn_local).
    ///
    /// ```
    /// use executor::task::{self, Builder};
    ///
    /// let task = Builder::new().name("here").spawn_local(async { std::thread::current().id() });
    /// assert_eq!(task::block_on(task), std::thread::current().id());
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        let (task, handle) =
            new_task(future, local::scheduler(), self.name.map(String::into_boxed_str), Location::caller());
        local::start(task);
        JoinHandle::new(handle)
    }

    /// As [`spawn_blocking`](crate::task::spawn_blocking).
    ///
    /// ```
    /// use executor::task::{self, Builder};
    ///
    /// let task = Builder::new().name("sum").spawn_blocking(|| (1..=10).sum::<u32>());
    /// assert_eq!(task.name(), Some("sum"));
    /// assert_eq!(task::block_on(task), 55);
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, T>(self, f: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        spawn_blocking::spawner()(f, self.name.map(String::into_boxed_str), Location::caller())
    }
}

impl TaskRef {
    /// The task's name, if it has one.
    pub(crate) fn name(&self) -> Option<&str> {
        // SAFETY: [same-types]; [claim]: our reference.
        let name = unsafe { (self.header().vtable.name)(self.as_raw()) };
        // SAFETY: the name is in the task and never changes; our reference outlives the borrow of self.
        name.map(|name| unsafe { name.as_ref() })
    }
}
