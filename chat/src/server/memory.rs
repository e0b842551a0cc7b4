//! How much memory the clients may take, in bytes: a count of lines, groups or names does not bound it.
//!
//! A thousand lines of the longest kind take 64 MB, and a client may be in a hundred groups.
//!
//! ```text
//!   a group        its kept lines: beyond the bound the oldest go
//!   a connection   what its groups keep that it has not read, and its groups' names: beyond the bound it
//!                  loses lines, or may not join
//!   in all         a half for lines: beyond it the heaviest group loses lines; a half for names
//! ```
//!
//! M1  Each line is counted from its encoding until its last reference is dropped, each name as long as its
//!     group exists.
//!
//! Used by `group`, `group_table`, `common` and `connection`. Next: `inbound`.

use std::io;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::options::Options;
use crate::FromServer;
use crate::framing::encode_line;

/// What a line takes beside its bytes: its place in the channel, and three allocations.
const LINE: usize = 128;

/// What a group takes beside its name: its channels, and its place in the table.
const GROUP: usize = 512;

/// The bounds, and how much is taken.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) group: usize,
    pub(super) connection: usize,
    half: usize,
    lines: AtomicUsize,
    names: AtomicUsize,
}

impl Memory {
    pub(super) fn new(options: &Options) -> Arc<Self> {
        Arc::new(Self {
            group: options.group_bytes,
            connection: options.connection_bytes,
            half: options.memory / 2,
            lines: AtomicUsize::new(0),
            names: AtomicUsize::new(0),
        })
    }

    /// A packet as a line that is encoded once and shared by all its receivers.
    pub(super) fn line(self: &Arc<Self>, packet: &FromServer) -> io::Result<Line> {
        let bytes = encode_line(packet)?.into_boxed_slice();
        // ORDERING: Relaxed; only counted.
        self.lines.fetch_add(bytes.len() + LINE, Ordering::Relaxed);
        Ok(Line(Arc::new(Counted { bytes, memory: self.clone() })))
    }

    /// How much the lines take beyond their half.
    pub(super) fn excess(&self) -> usize {
        // ORDERING: Relaxed; only counted.
        self.lines.load(Ordering::Relaxed).saturating_sub(self.half)
    }

    /// Takes room for a group, if there is some.
    pub(super) fn take_group(&self, name: &str) -> bool {
        // ORDERING: Relaxed; only counted.
        let before = self.names.fetch_add(name.len() + GROUP, Ordering::Relaxed);
        let fits = before + name.len() + GROUP <= self.half;
        if !fits {
            self.give_group_back(name);
        }
        fits
    }

    pub(super) fn give_group_back(&self, name: &str) {
        // ORDERING: Relaxed; only counted.
        self.names.fetch_sub(name.len() + GROUP, Ordering::Relaxed);
    }
}

/// A line, counted (M1).
#[derive(Clone, Debug)]
pub(super) struct Line(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    bytes: Box<[u8]>,
    memory: Arc<Memory>,
}

impl Line {
    /// The memory that it takes.
    pub(super) fn weight(&self) -> usize {
        self.0.bytes.len() + LINE
    }
}

impl Deref for Line {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        // ORDERING: Relaxed; only counted.
        self.memory.lines.fetch_sub(self.bytes.len() + LINE, Ordering::Relaxed);
    }
}
