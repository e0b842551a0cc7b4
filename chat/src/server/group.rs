//! A group: a broadcast channel of lines, and the task that carries them to one member.
//!
//! ```text
//!   post ──▶ broadcast channel (1000 lines) ──▶ deliver: wait for a line, take the outgoing half,
//!                                               take what else is ready, write it all at once
//! ```
//!
//! G1  A post never waits. A member that is a full channel behind loses the oldest lines and is told
//!     how many: those, and those that it got, add up to what was posted.
//! G2  A line is encoded once, by the poster.
//! G3  The channel is read only under the outgoing half's lock, after a wait that took one line: what
//!     comes while another writes is joined into the next write.
//!
//! Used by `group_table` and `connection`. Next: `group_table`.

use std::sync::Arc;

use executor::sync::broadcast::{self, RecvError, TryRecvError};

use super::outbound::{Line, Outbound, line};
use crate::FromServer;

/// Lines that a member may be behind before it loses some.
const CAPACITY: usize = 1000;

/// Bytes that are gathered for one write; the last line may go beyond.
const BATCH: usize = 16 * 1024;

/// A group exists while it has members.
#[derive(Debug)]
pub(super) struct Group {
    name: Arc<str>,
    lines: broadcast::Sender<Line>,
}

impl Group {
    /// A new group and its first member.
    pub(super) fn new(name: Arc<str>) -> (Self, Subscription) {
        let (lines, receiver) = broadcast::channel(CAPACITY);
        let subscription = Subscription { group: name.clone(), lines: receiver };
        (Self { name, lines }, subscription)
    }

    /// One more member: it gets what is posted from now on.
    pub(super) fn join(&self) -> Subscription {
        Subscription { group: self.name.clone(), lines: self.lines.subscribe() }
    }

    /// Hands a message to all members; `false` if the last one has just left.
    pub(super) fn post(&self, message: String) -> bool {
        let group_name = self.name.to_string();
        let packet = FromServer::Message { group_name, message };
        line(&packet).is_ok_and(|line| self.lines.send(line).is_ok())
    }

    pub(super) fn members(&self) -> usize {
        self.lines.receiver_count()
    }
}

/// One connection's membership, before its task runs.
pub(super) struct Subscription {
    group: Arc<str>,
    lines: broadcast::Receiver<Line>,
}

impl Subscription {
    pub(super) fn group(&self) -> &Arc<str> {
        &self.group
    }

    /// Carries lines to the member. Ends when it cannot be written to any more, or when the group
    /// is closed and all its lines are out.
    pub(super) async fn deliver(mut self, outbound: Arc<Outbound>) {
        while let Some(first) = self.next_line().await {
            let mut outgoing = outbound.lock().await;
            let written = match self.batch(&first) {
                Some(batch) => outgoing.write_lines(&batch).await,
                None => outgoing.write_lines(&first).await,
            };
            if written.is_err() {
                break;
            }
        }
    }

    /// Joins a line and all others that are ready, up to a bound; `None` if it is alone.
    fn batch(&mut self, first: &[u8]) -> Option<Vec<u8>> {
        if first.len() >= BATCH {
            return None;
        }
        let second = self.ready_line()?;
        // Most lines of a group are about as long, and ten in flight are many.
        let expected = 8 * (first.len() + second.len());
        let mut batch = Vec::with_capacity(expected.min(BATCH));
        batch.extend_from_slice(first);
        batch.extend_from_slice(&second);
        while batch.len() < BATCH
            && let Some(line) = self.ready_line()
        {
            batch.extend_from_slice(&line);
        }
        Some(batch)
    }

    /// The next line, or the news that some were lost; `None` when the group is closed.
    async fn next_line(&mut self) -> Option<Line> {
        match self.lines.recv().await {
            Ok(line) => Some(line),
            Err(RecvError::Lagged(count)) => self.dropped(count),
            Err(RecvError::Closed) => None,
        }
    }

    /// The next line if one is there already.
    fn ready_line(&mut self) -> Option<Line> {
        match self.lines.try_recv() {
            Ok(line) => Some(line),
            Err(TryRecvError::Lagged(count)) => self.dropped(count),
            // Closed: the next wait sees it again.
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }

    fn dropped(&self, count: u64) -> Option<Line> {
        let news = format!("Dropped {count} messages from {}.", self.group);
        line(&FromServer::Error(news)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_lite::future::block_on;

    /// What one write takes, of so many posts that are ready.
    fn one_write(posts: &[String]) -> Vec<u8> {
        let (group, mut member) = Group::new("g".into());
        for post in posts {
            assert!(group.post(post.clone()));
        }
        let first = block_on(member.next_line()).expect("the group is open");
        member.batch(&first).unwrap_or_else(|| first.to_vec())
    }

    fn lines(posts: &[String]) -> Vec<u8> {
        let message = |post: &String| FromServer::Message { group_name: "g".into(), message: post.clone() };
        posts.iter().flat_map(|post| line(&message(post)).unwrap().to_vec()).collect()
    }

    #[test]
    fn what_is_queued_goes_out_in_one_write_of_whole_lines() {
        let posts: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        assert_eq!(one_write(&posts), lines(&posts));
        assert_eq!(one_write(&posts[..1]), lines(&posts[..1]));
    }

    #[test]
    fn a_write_is_bounded_and_a_long_line_goes_alone() {
        let long = "x".repeat(BATCH / 2);
        let posts = vec![long.clone(), long.clone(), long];
        assert_eq!(one_write(&posts), lines(&posts[..2]));
        let posts = ["x".repeat(BATCH), "y".to_string()];
        assert_eq!(one_write(&posts), lines(&posts[..1]));
    }
}
