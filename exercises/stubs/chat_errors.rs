//! An error type, and what an error of `accept` means.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::error::Error;
use std::fmt;
use std::io;

/// Why a configuration cannot be used.
#[derive(Debug)]
pub enum ConfigError {
    /// It could not be read.
    Io(io::Error),
    /// There is no line `key=…`.
    Missing(&'static str),
    /// The value of a key is not a number.
    NotANumber { key: &'static str, value: String },
}

/// Exercise 1. `cannot read the configuration: …`, `port is missing`, `port is "tea", not a number`.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!("exercise 1: a message for each variant")
    }
}

/// Exercise 1. The system's error is the source. The other variants have none.
impl Error for ConfigError {
    // exercise 1: fn source
}

impl From<io::Error> for ConfigError {
    fn from(error: io::Error) -> Self {
        ConfigError::Io(error)
    }
}

/// Exercise 1. Returns the host and the port from a text with lines `host=…` and `port=…`, in any order.
pub fn address(text: io::Result<String>) -> Result<(String, u16), ConfigError> {
    todo!("exercise 1: `?` returns the system's error; the others are made here")
}

/// What a failed accept means.
#[derive(Debug, PartialEq, Eq)]
pub enum AcceptError {
    /// Only this one client is gone: continue with the next.
    PerConnection,
    /// The process or the system has run out of a resource: wait.
    Transient,
    /// The listener no longer works: give up.
    Fatal,
}

/// Exercise 2. Classifies an error of `accept` by its number on Linux: 9 EBADF, 12 ENOMEM, 22 EINVAL, 23
/// ENFILE, 24 EMFILE, 103 ECONNABORTED, 105 ENOBUFS. All others concern only the new connection.
pub fn classify(error: &io::Error) -> AcceptError {
    todo!("exercise 2: error.raw_os_error()")
}
