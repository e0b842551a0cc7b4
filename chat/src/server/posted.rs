//! The posts of a connection that the log has not confirmed yet.
//!
//! If a connection waited for the outcome of each post before it read the next request, a client could post as
//! often as the disk completes a transaction, some hundred times in a second. So a connection hands its posts to
//! the log, and goes on. When one fails, the client is told.
//!
//! ```text
//!   a post ──▶ log.append ──▶ push ──▶ │ waiting, in order │ ──▶ poll ──▶ an error for each that failed
//! ```
//!
//! - P1  A connection hands no further post to the log while it has [`MOST`] there, or [`MOST_BYTES`] of them.
//! - P2  The outcomes are taken in the order of the posts.
//!
//! Used by `ending` and `connection`. Next: `ending`.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::log::Outcome;
use crate::framing::encode_line;
use crate::history::Reply;

/// How many posts of one connection the log may hold.
const MOST: usize = 256;

/// How many bytes of them it may hold.
const MOST_BYTES: usize = 256 * 1024;

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Until {
    /// The outcomes of all posts are known.
    AllKnown,
    /// There is room for another post (P1).
    Room,
}

/// What a client is told of a post that the log has refused.
pub(super) const NOT_POSTED: &str = "not posted";

/// Posts in the log, in their order. Dropping it does not take them back, and nobody is told their outcome.
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

    /// Takes the outcomes that are known, in the order of the posts: one that is not known hides those after
    /// it. Appends an error to `replies` for each post that failed. Ready when the condition `until` holds: see
    /// [`Until`].
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, until: Until, replies: &mut Vec<u8>) -> Poll<()> {
        while let Some(first) = self.waiting.front_mut() {
            let outcome = Pin::new(&mut first.outcome).poll(cx);
            if until == Until::Room && outcome.is_pending() && !self.is_full() {
                return Poll::Ready(());
            }
            let outcome = ready!(outcome);
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
