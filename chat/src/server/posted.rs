//! The posts of a connection that the log has not confirmed yet.
//!
//! If a connection waited for the outcome of each post before it read the next request, a client could post as
//! often as the disk completes a transaction, some hundred times in a second. So a connection hands its posts to
//! the log, and goes on. When one fails, the client is told.
//!
//! P1  A connection hands no further post to the log while it has [`MOST`] there, or [`MOST_BYTES`] of them.
//! P2  The outcomes are taken in the order of the posts.
//!
//! Used by `ending` and `connection`. Next: `ending`.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::log::Outcome;
use crate::framing::encode_line;
use crate::history::Reply;

/// The number of posts of one connection that the log may hold.
const MOST: usize = 256;

/// The bytes of the posts of one connection that the log may hold.
const MOST_BYTES: usize = 256 * 1024;

/// What a client is told of a post that the log has refused.
pub(super) const NOT_POSTED: &str = "not posted";

/// Posts in the log, in their order.
#[derive(Debug, Default)]
pub(super) struct Posted {
    waiting: VecDeque<Waiting>,
    bytes: usize,
}

#[derive(Debug)]
struct Waiting {
    group: String,
    /// Of the message, in bytes.
    length: usize,
    outcome: Outcome<()>,
}

impl Posted {
    /// Adds a post to a group, of this length.
    pub(super) fn push(&mut self, group: String, length: usize, outcome: Outcome<()>) {
        self.bytes += length + group.len();
        self.waiting.push_back(Waiting { group, length, outcome });
    }

    /// Whether the connection must wait before it posts again (P1).
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= MOST || self.bytes >= MOST_BYTES
    }

    /// Takes the outcomes that are known, and appends an error to `replies` for each post that failed. Ready
    /// when there is no post left, or, with `room`, when there is room for another.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, room: bool, replies: &mut Vec<u8>) -> Poll<()> {
        while let Some(first) = self.waiting.front_mut() {
            let pending = Pin::new(&mut first.outcome).poll(cx);
            if room && pending.is_pending() && !self.is_full() {
                return Poll::Ready(());
            }
            let outcome = ready!(pending);
            let Some(post) = self.waiting.pop_front() else { break };
            self.bytes -= post.length + post.group.len();
            if let Err(error) = outcome {
                replies.extend(
                    encode_line(&Reply::Error(error.refusal(&post.group, NOT_POSTED))).unwrap_or_default(),
                );
            }
        }
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new(); // a silent connection owns no memory for it
        }
        Poll::Ready(())
    }
}
