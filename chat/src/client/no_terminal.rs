//! What stands for `terminal` in a build without it: the system's own line editing.
//!
//! A program that uses the chat as a library, as the tour does, need not build a line editor. With the type that stands
//! here the rest of the client is the same in both builds.
//!
//! Used by `client` and `client/session`. Next: `server/redis_url`.

use std::io;

use executor::sync::mpsc;
use reactor::signal::Signals;

use super::input::Line;

/// The lines that are edited here: none.
pub(super) type Lines = mpsc::Receiver<io::Result<Line>>;

/// What there is while the client edits lines on a terminal.
pub(super) struct Opened {
    pub(super) terminal: Terminal,
    pub(super) lines: Lines,
    pub(super) signals: Signals,
}

/// There is none.
pub(super) enum Terminal {}

impl Terminal {
    pub(super) fn open() -> Option<Opened> {
        None
    }

    pub(super) fn seen(&self, _group: &str) {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "as in a build with `terminal`")]
    pub(super) async fn close(self, _at_once: fn(&[u8]) -> io::Result<()>) {
        match self {}
    }
}
