//! Adds words to an error, and keeps the system's error as its source.
//!
//! "Permission denied" alone does not say what was tried. To put the words into a new error would lose the system's
//! error number. A program that needs the number asks for the error's `source`, and an error made of a text has no
//! source. So the error is kept beside the text.
//!
//! Called wherever an operation that failed is named, in each crate. This is the last file of the crate.

use std::error::Error;
use std::fmt;
use std::io;

/// Returns the error with `what` before its text: what was being done. The kind is kept; the given error is
/// the source.
///
/// ```
/// use std::error::Error;
///
/// let refused = std::io::Error::from_raw_os_error(13);
/// let error = reactor::explain::explain("bind 127.0.0.1:80", refused);
/// assert_eq!(error.to_string(), "bind 127.0.0.1:80: Permission denied (os error 13)");
/// assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
/// assert_eq!(error.source().unwrap().to_string(), "Permission denied (os error 13)");
/// ```
#[must_use]
pub fn explain(what: impl fmt::Display, error: io::Error) -> io::Error {
    reword(format!("{what}: {error}"), error)
}

/// Returns the error with `text` instead of its own. The kind is kept; the given error is the source.
#[must_use]
pub fn reword(text: String, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), Explained { text, error })
}

struct Explained {
    text: String,
    error: io::Error,
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text alone: this is what a program prints whose `main` returns an error.
impl fmt::Debug for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl Error for Explained {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}
