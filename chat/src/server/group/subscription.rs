//! A member's subscription to a group, and the task that delivers its lines to the member's client.
//!
//! ```text
//!   broadcast channel ──▶ next: wait for a line ──▶ take the outgoing half ──▶ what else is ready ──▶ one write
//!       (`group`)                                        │ stuck
//!                                                        └──▶ shed: drop lines, if too much waits
//! ```
//!
//! A task that wrote each line as it came would make one system call for each, and be slower the busier the group
//! is. One that waited a little for more lines would make each line late. And a member that does not read, in many
//! groups, would keep lines in the channels of all of them.
//!
//! - J1  The task waits for one line, takes the outgoing half's lock, and only then reads further lines. So what
//!   is posted while another task writes is joined into the next write.
//! - J2  A member that has lost lines of the channel is sent the count of them. The lines that it lost and those
//!   that it received are together the lines that were posted.
//! - J3  A member whose write is stuck checks from time to time how much waits for its connection, in all its
//!   groups, and drops its oldest lines if that is too much.
//! - J4  A member that joined after a number receives every message after it once, in order: first those in the
//!   log, then those that are posted. If it falls behind, it goes back to the log. If messages are no longer
//!   kept, or cannot be read, it is told that.
//!
//! On a server without history nobody has a `catch_up`: J4 and `Next::Behind` are not for the chapter's chat.
//!
//! Used by `group`, `group_table` and `connection/joining`. Next: `group_table`.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use executor::sync::broadcast::{self, RecvError, TryRecvError};
use futures_lite::future;
use reactor::shim::fault;

use super::super::catch_up::{CatchUp, dropped};
use super::super::memory::{Line, Memory};
use super::super::outbound::Outbound;
use crate::history::Reply;

/// Lines are joined into one write up to this many bytes; the last line may exceed it.
const BATCH: usize = 16 * 1024;

/// The stuck members of a group check each time that `connection_bytes / LOOKS` more bytes were posted to the
/// group (J3).
pub(super) const LOOKS: usize = 64;

/// One connection's membership in a group, which its task delivers.
pub(in crate::server) struct Subscription {
    group: Arc<str>,
    lines: broadcast::Receiver<Line>,
    look: broadcast::Receiver<()>,
    memory: Arc<Memory>,
    /// How many bytes this subscription has added to the connection's `waiting`.
    reported: usize,
    /// The weight of the line that was taken from the channel and is not yet written.
    held: usize,
    /// How many lines were dropped here and not yet reported to the client.
    lost: u64,
    /// `None` for a member that receives what is posted from now on.
    /// Boxed, so that it does not make the task of each member larger.
    catch_up: Option<Box<CatchUp>>,
}

/// What a member's task delivers next.
enum Next {
    Line(Line),
    /// The member has lost lines that are in the log.
    Behind,
    /// The group is closed.
    Closed,
}

impl Subscription {
    /// `look` wakes a member that is stuck (J3).
    pub(super) fn new(
        group: Arc<str>,
        lines: broadcast::Receiver<Line>,
        look: broadcast::Receiver<()>,
        memory: Arc<Memory>,
    ) -> Self {
        Self { group, lines, look, memory, reported: 0, held: 0, lost: 0, catch_up: None }
    }

    pub(in crate::server) fn group(&self) -> &Arc<str> {
        &self.group
    }

    /// Makes this a member that receives every message after a number (J4).
    pub(in crate::server) fn catching_up(mut self, from: CatchUp) -> Self {
        self.catch_up = Some(Box::new(from));
        self
    }

    /// Delivers lines to the member. Ends when the connection cannot be written to any more, or when the
    /// group is closed and all its lines are written. Dropped in the middle of a write, it leaves the outgoing half
    /// unusable.
    pub(in crate::server) async fn deliver(mut self, outbound: Arc<Outbound>) {
        loop {
            let written = match self.next().await {
                Next::Line(first) => self.write_with_what_is_ready(first, &outbound).await,
                // Boxed, so that it does not make the task of each member larger.
                Next::Behind => Box::pin(self.write_page(&outbound)).await,
                Next::Closed => return,
            };
            if written.is_err() {
                return;
            }
            self.held = 0;
            if self.reported > 0 {
                self.report(&outbound);
            }
        }
    }

    async fn write_with_what_is_ready(&mut self, first: Line, outbound: &Outbound) -> io::Result<()> {
        self.held = first.weight();
        let mut outgoing = self.while_stuck(outbound, outbound.lock()).await;
        let batch = self.batch(&first);
        let lines = batch.as_deref().unwrap_or(&first);
        self.while_stuck(outbound, outgoing.write_lines(lines)).await
    }

    async fn write_page(&mut self, outbound: &Outbound) -> io::Result<()> {
        let Some(catch_up) = &mut self.catch_up else { return Ok(()) };
        let lines = catch_up.next_page(&self.group).await;
        self.held = lines.len();
        let mut outgoing = self.while_stuck(outbound, outbound.lock()).await;
        self.while_stuck(outbound, outgoing.write_lines(&lines)).await
    }

    /// Waits for a future, and meanwhile checks whether too much waits for the connection (J3).
    async fn while_stuck<T>(&mut self, outbound: &Outbound, waited_for: impl Future<Output = T>) -> T {
        let mut waited_for = pin!(waited_for);
        loop {
            if fault("reports_while_it_waits")
                && let Some(news) = self.report_of_lost()
            {
                // No normal build does this. It is the mistake of "A task that waits for itself" in `docs/museum`.
                let _ = Box::pin(outbound.send_lines(&news)).await;
            }
            let ready = async { Ok(waited_for.as_mut().await) };
            match future::or(ready, async { Err(self.look.recv().await) }).await {
                Ok(outcome) => return outcome,
                // The group is closed, so nothing more is added to what waits.
                Err(Err(RecvError::Closed)) => return waited_for.await,
                Err(Ok(()) | Err(RecvError::Lagged(_))) => self.shed(outbound),
            }
        }
    }

    /// Drops this group's oldest lines if too much waits for the connection. It stops when little is left, so
    /// that a group of short lines does not lose all of them because of another with long ones.
    fn shed(&mut self, outbound: &Outbound) {
        let waiting = self.report(outbound);
        let mut excess = waiting.saturating_sub(self.memory.connection);
        let left = (self.memory.connection / LOOKS) as u64;
        while excess > 0 && self.lines.weight() > left {
            match self.lines.try_recv() {
                Ok(line) => {
                    self.lost += 1;
                    excess = excess.saturating_sub(line.weight());
                }
                Err(TryRecvError::Lagged(count)) => self.lost += count,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        self.report(outbound);
    }

    /// Updates the connection's sum by what waits here. Returns the sum: how much waits for the connection,
    /// in bytes.
    fn report(&mut self, outbound: &Outbound) -> usize {
        let now = usize::try_from(self.lines.weight()).unwrap_or(usize::MAX).saturating_add(self.held);
        let more = now.wrapping_sub(std::mem::replace(&mut self.reported, now));
        // ORDERING: Relaxed; only counted. `more` may be a negative number that wrapped; then the sum wraps
        // back.
        outbound.waiting.fetch_add(more, Ordering::Relaxed).wrapping_add(more)
    }

    /// Joins the first line with all others that are ready, up to [`BATCH`] bytes. Returns `None` if it is
    /// sent alone.
    fn batch(&mut self, first: &[u8]) -> Option<Vec<u8>> {
        if first.len() >= BATCH {
            return None;
        }
        let second = self.ready_line()?;
        // The lines of a group are usually of similar length, and more than ten are seldom in flight.
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

    /// Returns what is to be delivered next.
    async fn next(&mut self) -> Next {
        loop {
            if let Some(next) = self.before_the_channel() {
                return next;
            }
            match self.lines.recv().await {
                Ok(line) if self.take(&line) => return Next::Line(line),
                Ok(_) => {}
                Err(RecvError::Lagged(count)) => self.lost += count,
                Err(RecvError::Closed) => return Next::Closed,
            }
        }
    }

    /// Returns the next line if one is ready.
    fn ready_line(&mut self) -> Option<Line> {
        loop {
            match self.before_the_channel() {
                Some(Next::Line(line)) => return Some(line),
                Some(Next::Behind | Next::Closed) => return None,
                None => {}
            }
            match self.lines.try_recv() {
                Ok(line) if self.take(&line) => return Some(line),
                Ok(_) => {}
                Err(TryRecvError::Lagged(count)) => self.lost += count,
                // If the group is closed, `next` sees that too.
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }

    /// Returns what comes before the next line of the channel: the report of lost lines, or a page of the log.
    fn before_the_channel(&mut self) -> Option<Next> {
        let Some(catch_up) = &mut self.catch_up else { return self.report_of_lost().map(Next::Line) };
        catch_up.behind |= std::mem::take(&mut self.lost) > 0;
        catch_up.behind.then_some(Next::Behind)
    }

    /// Returns the line that reports how many lines were lost, if any were (J2).
    fn report_of_lost(&mut self) -> Option<Line> {
        if self.lost == 0 {
            return None;
        }
        let report = Reply::Error(dropped(&self.group, std::mem::take(&mut self.lost)));
        self.memory.line(&report, 0).ok() // An error always has a form in JSON.
    }

    /// Returns whether this line of the channel is to be delivered.
    fn take(&mut self, line: &Line) -> bool {
        self.catch_up.as_mut().is_none_or(|catch_up| catch_up.take(line.number()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::encode_line;
    use crate::server::group::Group;
    use crate::server::options::Options;
    use futures_lite::future::block_on;

    fn memory() -> Arc<Memory> {
        let memory = Memory::new(&Options::default());
        assert!(memory.take_group("g"));
        memory
    }

    /// Returns the bytes of the first write of these posts, which are all ready.
    fn one_write(posts: &[String]) -> Vec<u8> {
        let (group, mut member) = Group::new("g".into(), memory());
        for post in posts {
            assert!(group.post(post.clone(), None));
        }
        let Next::Line(first) = block_on(member.next()) else { panic!("a line was posted") };
        member.batch(&first).unwrap_or_else(|| first.to_vec())
    }

    fn lines(posts: &[String]) -> Vec<u8> {
        let message =
            |post: &String| Reply::Message { group_name: "g".into(), message: post.clone(), seq: None };
        posts.iter().flat_map(|post| encode_line(&message(post)).unwrap()).collect()
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
