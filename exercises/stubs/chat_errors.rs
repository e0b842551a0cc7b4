//! An error type, and what an error of `accept` means.
#![allow(dead_code, unused_variables, unused_imports, unused_mut, reason = "a stub, to be filled in")]

use std::error::Error;
use std::fmt;
use std::io;

/// What is wrong with a configuration.
#[derive(Debug)]
pub enum ConfigError {
    /// It could not be read.
    Io(io::Error),
    /// A line `key=…` is not there.
    Missing(&'static str),
    /// The value of a key is no number.
    NotANumber { key: &'static str, value: String },
}

/// Exercise 1. `cannot read the configuration: …`, `port is missing`, `port is "tea", and no number`.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!("exercise 1: a message for each")
    }
}

/// Exercise 1. What the system said is the source, and nothing else is.
impl Error for ConfigError {
    // exercise 1: fn source
}

impl From<io::Error> for ConfigError {
    fn from(error: io::Error) -> Self {
        ConfigError::Io(error)
    }
}

/// Exercise 1. The host and the port of a text with lines `host=…` and `port=…`, in any order.
pub fn address(text: io::Result<String>) -> Result<(String, u16), ConfigError> {
    todo!("exercise 1: `?` brings the system's error up; the others are made here")
}

/// What a failed accept means.
#[derive(Debug, PartialEq, Eq)]
pub enum AcceptError {
    /// That one client has gone: on with the next.
    PerConnection,
    /// The process or the system is out of something: wait.
    Transient,
    /// The listener is of no use: give up.
    Fatal,
}

/// Exercise 2. Sorts an error of `accept`, by its number in Linux: 9 EBADF, 12 ENOMEM, 22 EINVAL, 23 ENFILE, 24
/// EMFILE, 103 ECONNABORTED, 105 ENOBUFS; others belong to the new connection.
pub fn trouble(error: &io::Error) -> AcceptError {
    todo!("exercise 2: error.raw_os_error()")
}
