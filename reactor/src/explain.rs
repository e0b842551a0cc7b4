//! An error with more words, that keeps what the system said.
//!
//! "Permission denied" alone does not say what was tried. Words in a message are for people; a program that
//! looks for a certain number follows `source`, and a text has none. So an error that is explained is kept
//! beside its text.
//!
//! Used by all that name what failed, in each crate. Next: `net::error`.

use std::error::Error;
use std::fmt;
use std::io;

/// Names what was being done. The kind is kept; the given error is the source.
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

/// Says the same in other words. The kind is kept; the given error is the source.
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

/// In one piece: it is what a program shows whose `main` returns an error.
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
