//! One place to choose between the real primitives and the model checker's.
//!
//! Under `--cfg loom` every atomic, lock and cell that a model must see is loom's, each thread's and
//! each model's values are made anew, and time is the model's; otherwise all are std's, and
//! [`UnsafeCell`] is a wrapper without cost. Code that is modelled imports from here and never from
//! `std::sync`. A few lines carry a [`fault`]: a fault that a model must find. Next: `budget`.

#[cfg(loom)]
pub mod model;

#[cfg(loom)]
pub use {
    crate::{__statics as statics, __thread_local as thread_local},
    loom::{
        cell::UnsafeCell,
        sync::{Arc, Condvar, Mutex, MutexGuard, atomic},
        thread,
    },
    model::{OnceLock, fault, fence, now, park_timeout},
};

#[cfg(not(loom))]
pub use {
    crate::__statics as statics,
    std::{
        sync::{
            Arc, Condvar, Mutex, MutexGuard, OnceLock,
            atomic::{self, fence},
        },
        thread::{self, park_timeout},
        thread_local,
    },
};

/// The time.
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

/// Whether a seeded fault is asked for: `FAULT=name`, and only where models are built. Here the
/// answer is always no, and the compiler knows it.
#[cfg(not(loom))]
#[inline(always)]
#[must_use]
pub const fn fault(_name: &str) -> bool {
    false
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

    /// Hands out a pointer to read through.
    #[inline]
    pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    /// Hands out a pointer to write through.
    #[inline]
    pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}

/// Locks, and goes on after a panic elsewhere: what our locks guard is whole at every unlock.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// As [`lock`], for what models do not see: the lock is std's.
pub fn lock_static<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
