//! How much memory the clients may take, in bytes.
//!
//! A limit on the number of lines does not bound the memory: a thousand lines of the longest kind take 64 MB,
//! and a client may be in a hundred groups. One that never read, in only four groups, made the server keep
//! 228 MiB when lines were only counted. A limit in bytes for each group does not suffice either, since a
//! client may create many groups. So bytes are bounded three times:
//!
//! ```text
//!   a group        the lines that it keeps: beyond the limit the oldest are dropped
//!   a connection   the lines in its groups that it has not read, and its groups' names: beyond the limit it
//!                  loses lines, or may not join
//!   in all         half for lines: beyond it the heaviest group loses lines; half for names: then no new group
//! ```
//!
//! - M1  Each line is counted from its encoding until its last reference is dropped, and each name as long as
//!   its group exists.
//!
//! Used by `group`, `group/subscription`, `group_table`, `common` and `connection/joining`. Next: `inbound`.

use std::io;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::options::Options;
use crate::framing::encode_line;
use crate::history::Reply;

/// What a line takes besides its bytes: its slot in the channel, and three allocations. In bytes.
const LINE: usize = 128;

/// What a group takes besides its name: its channels, and its entry in the table. In bytes.
const GROUP: usize = 512;

/// The limits, and how much is in use. All in bytes.
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

    /// Encodes a packet as a line, which all its receivers share. `number` is its message's; 0 if it has none.
    pub(super) fn line(self: &Arc<Self>, packet: &Reply, number: u64) -> io::Result<Line> {
        let bytes = encode_line(packet)?.into_boxed_slice();
        // ORDERING: Relaxed; only counted.
        self.lines.fetch_add(bytes.len() + LINE, Ordering::Relaxed);
        Ok(Line(Arc::new(Counted { bytes, number, memory: self.clone() })))
    }

    /// Returns how much the lines take beyond their half.
    pub(super) fn excess(&self) -> usize {
        // ORDERING: Relaxed; only counted.
        self.lines.load(Ordering::Relaxed).saturating_sub(self.half)
    }

    /// Reserves the memory of a group. Returns whether there was enough.
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

/// A line whose bytes are counted (M1).
#[derive(Clone, Debug)]
pub(super) struct Line(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    bytes: Box<[u8]>,
    /// The number of its message, or of the last message that it says is lost; 0 if it has none.
    number: u64,
    memory: Arc<Memory>,
}

impl Line {
    /// Returns the number of the message, or of the last one that the line says is lost; 0 if it has none.
    pub(super) fn number(&self) -> u64 {
        self.0.number
    }

    /// Returns the memory that the line takes, in bytes.
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
