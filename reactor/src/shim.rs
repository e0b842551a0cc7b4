//! One place to choose between the real primitives and the model checker's.
//!
//! A model checker must see each access, so code that is modelled cannot use std's atomics and locks
//! directly. A copy of the code for the models would prove the copy. So the code imports from here and never
//! from `std::sync`. Under `--cfg loom` every atomic, lock and cell that a model must see is loom's, statics and
//! thread-locals are made anew in each execution, and time is the model's. Otherwise all are std's, and
//! [`UnsafeCell`] is a wrapper without cost.
//!
//! Some lines carry a [`fault`]: a seeded fault that a model must find, or that an exhibit of `docs/museum` shows
//! on the real primitives, under `--cfg museum`.
//!
//! Used by all code that is modelled, in both crates. Next: `record`.

#[cfg(loom)]
pub mod model;

#[cfg(loom)]
pub use {
    crate::{__statics as statics, __thread_local as thread_local},
    loom::{
        cell::UnsafeCell,
        hint,
        sync::{Arc, Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, atomic},
        thread,
    },
    model::{OnceLock, fault, fence, now, park_timeout},
};

#[cfg(not(loom))]
pub use {
    crate::__statics as statics,
    std::{
        hint,
        sync::{
            Arc, Condvar, Mutex, MutexGuard, OnceLock, RwLock, RwLockReadGuard,
            atomic::{self, fence},
        },
        thread::{self, park_timeout},
        thread_local,
    },
};

/// Returns the current time.
#[cfg(not(loom))]
#[inline]
#[must_use]
pub fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// Statics; a model has its own in each execution.
#[cfg(not(loom))]
#[doc(hidden)]
#[macro_export]
macro_rules! __statics {
    ($($item:item)*) => { $($item)* };
}

/// Whether a seeded fault is enabled, by `FAULT=name` in the environment. Only models and the museum can enable
/// one: here it is always false, and the compiler removes the branch.
#[cfg(not(any(loom, museum)))]
#[inline(always)]
#[must_use]
pub const fn fault(_name: &str) -> bool {
    false
}

/// Whether a seeded fault is enabled, by `FAULT=name` in the environment. The environment is read once.
#[cfg(museum)]
#[must_use]
pub fn fault(name: &str) -> bool {
    static SEEDED: std::sync::LazyLock<Option<String>> =
        std::sync::LazyLock::new(|| std::env::var("FAULT").ok());
    SEEDED.as_deref() == Some(name)
}

/// A cell whose accesses go through closures, so that the model checker can see when they overlap.
#[cfg(not(loom))]
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    /// Calls `read` with a pointer to read through, and returns its result.
    #[inline]
    pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    /// Calls `write` with a pointer to write through, and returns its result.
    #[inline]
    pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}

/// Locks a mutex, poisoned or not: what our locks guard is consistent at every unlock, after a panic too.
#[cfg_attr(loom, track_caller)] // A counterexample shows the caller's line.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Like [`lock`], for std's own mutex, which models do not see.
pub fn lock_static<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
