//! Spawning with a name. Next: `metrics`.

use std::future::Future;

use crate::raw::join_handle::JoinHandle;
use crate::{local, pool, spawn_blocking};

/// Spawns a task with a name, for messages and for [`JoinHandle::name`].
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

/// Calls a spawning function with the name, or with `()`, which costs nothing.
macro_rules! with_name {
    ($builder:expr, |$name:ident| $spawn:expr) => {
        match $builder.name {
            Some($name) => {
                let $name = $name.into_boxed_str();
                $spawn
            }
            None => {
                let $name = ();
                $spawn
            }
        }
    };
}

impl Builder {
    /// A builder without a name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// As [`spawn`](crate::task::spawn).
    pub fn spawn<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        with_name!(self, |name| pool::global::spawn_named(future, name))
    }

    /// As [`spawn_local`](crate::task::spawn_local).
    ///
    /// ```
    /// use executor::task::{self, Builder};
    ///
    /// let task = Builder::new().name("here").spawn_local(async { std::thread::current().id() });
    /// assert_eq!(task::block_on(task), std::thread::current().id());
    /// ```
    pub fn spawn_local<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        with_name!(self, |name| local::spawn_named(future, name))
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
    pub fn spawn_blocking<F, T>(self, f: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        with_name!(self, |name| spawn_blocking::spawn_named(f, name))
    }
}
