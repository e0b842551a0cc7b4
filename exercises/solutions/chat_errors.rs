//! An error type, and what an error of `accept` means. One solution.

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
        match self {
            ConfigError::Io(error) => write!(f, "cannot read the configuration: {error}"),
            ConfigError::Missing(key) => write!(f, "{key} is missing"),
            ConfigError::NotANumber { key, value } => write!(f, "{key} is {value:?}, not a number"),
        }
    }
}

/// Exercise 1. The system's error is the source. The other variants have none.
impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ConfigError::Io(error) => Some(error),
            ConfigError::Missing(_) | ConfigError::NotANumber { .. } => None,
        }
    }
}

impl From<io::Error> for ConfigError {
    fn from(error: io::Error) -> Self {
        ConfigError::Io(error)
    }
}

/// Exercise 1. Returns the host and the port from a text with lines `host=…` and `port=…`, in any order.
pub fn address(text: io::Result<String>) -> Result<(String, u16), ConfigError> {
    let text = text?;
    let value = |key: &'static str| {
        let of = |line: &str| Some(line.strip_prefix(key)?.strip_prefix('=')?.to_owned());
        text.lines().find_map(of).ok_or(ConfigError::Missing(key))
    };
    let (host, port) = (value("host")?, value("port")?);
    let port = port.parse().map_err(|_| ConfigError::NotANumber { key: "port", value: port })?;
    Ok((host, port))
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
    match error.raw_os_error() {
        Some(9 | 22) => AcceptError::Fatal,
        Some(12 | 23 | 24 | 105) => AcceptError::Transient,
        _ => AcceptError::PerConnection,
    }
}
