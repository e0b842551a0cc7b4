//! A member's place in the log: what it missed is read from there.
//!
//! A group's channel keeps few lines, and none from before the member joined. A member that names the number after
//! which it wants the messages gets them from the log, page by page, and then those that are posted. The
//! difficulty is where the log ends and the channel begins: a message may be in the page and in the channel, or it
//! is posted while a page is read.
//!
//! ```text
//!   join ──▶ subscribe ──▶ read a page after `last` ──▶ write it ──more──▶ read the next ...
//!                ▲                                       │ no more
//!                └── the member lagged: `behind` ◀── take lines from the channel, but those up to `last`
//! ```
//!
//! - U1  The member subscribes before a page is read. So a message that is not in the last page comes through the
//!   channel.
//! - U2  `last` is the number of the last message that was taken, from a page or from the channel. A line with a
//!   number up to `last` is taken no more. So no message comes twice.
//! - U3  A member that has lost lines of the channel is `behind`, and reads from the log again. It is told of lost
//!   messages only if the log has not kept them either, or cannot be read.
//! - U4  A line whose number is not the next one is not taken: what is missing before it is in the log.
//!
//! Used by `group`, `group/subscription` and `connection/joining`. Next: `group`.

use std::sync::Arc;
use std::time::Duration;

use reactor::time::sleep;

use super::log::{Limit, Log, LogError, Page};
use crate::framing::encode_line;
use crate::history::Reply;

/// How much is read from the log at a time.
const PAGE: Limit = Limit { messages: 1000, bytes: 64 * 1024 };

/// How long a member waits before it asks again, if the log could not be reached.
const AWAY: Duration = Duration::from_millis(200);

/// How far a member has read of a group. Dropping it loses the page that was read.
pub(super) struct CatchUp {
    log: Arc<dyn Log>,
    /// The number of the last message that was taken for delivery (U2).
    last: u64,
    /// There may be more in the log (U3).
    pub(super) behind: bool,
    /// The log could not be read, and the member was told: the next line is taken although some are missing.
    gap: bool,
    /// A page that has been read, but not taken.
    page: Option<Page>,
}

impl CatchUp {
    /// Reads the first page of a group after a number. The member must have subscribed before (U1). While the log
    /// cannot be reached, it waits. Dropping it loses nothing but the page.
    ///
    /// # Errors
    ///
    /// The log cannot be read, or has not reached the number.
    pub(super) async fn start(log: Arc<dyn Log>, group: &str, after: u64) -> Result<Self, LogError> {
        let mut starting = Self { log, last: after, behind: true, gap: false, page: None };
        starting.page = Some(starting.read(group).await?);
        Ok(starting)
    }

    /// Returns the lines of the next page; there may be none. If the log cannot be read, the line is an error for the
    /// member, which then goes on with the channel. Cancel-safe.
    pub(super) async fn next_page(&mut self, group: &str) -> Vec<u8> {
        let page = match self.page.take() {
            Some(page) => Ok(page),
            None => self.read(group).await,
        };
        let mut lines = Vec::new();
        let mut append = |reply| lines.extend(encode_line(&reply).unwrap_or_default());
        match page {
            Ok(page) => {
                if page.lost > 0 {
                    append(Reply::Error(dropped(group, page.lost)));
                }
                for (number, message) in page.messages {
                    append(Reply::Message { group_name: group.to_owned(), message, seq: Some(number) });
                }
                self.last = page.last;
                self.behind = page.more;
            }
            Err(error) => {
                let last = self.last;
                append(Reply::Error(format!("Group '{group}': messages after {last} are not sent: {error}")));
                self.behind = false;
                self.gap = true;
            }
        }
        lines
    }

    /// Reads the next page. While the log cannot be reached, it waits (U3).
    async fn read(&self, group: &str) -> Result<Page, LogError> {
        loop {
            match self.log.read(group, self.last, PAGE).await {
                Err(LogError::Away(_)) => sleep(AWAY).await,
                read => return read,
            }
        }
    }

    /// Takes a line of the channel for delivery. Returns false if the member has its message already (U2), or if a
    /// message before it is missing: then the log is read (U4).
    pub(super) fn take(&mut self, number: u64) -> bool {
        let next = number == self.last + 1 || (number > self.last && std::mem::take(&mut self.gap));
        if next {
            self.last = number;
        }
        self.behind |= number > self.last;
        next
    }
}

/// The report to a client that it has not received some messages of a group.
pub(super) fn dropped(group: &str, count: u64) -> String {
    format!("Dropped {count} messages from {group}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::log::open::Opened;
    use crate::server::log::tests::To;

    fn at(last: u64) -> CatchUp {
        let log = Opened::NoHistory.start(Arc::new(To(|_| false)));
        CatchUp { log, last, behind: false, gap: false, page: None }
    }

    #[test]
    fn the_next_number_is_taken_once_and_a_gap_is_read() {
        let mut member = at(41);
        assert!(!member.take(41) && member.take(42) && !member.take(42) && !member.behind);
        assert!(!member.take(44) && member.behind, "43 is missing");
    }

    #[test]
    fn after_a_gap_that_was_told_the_next_line_is_taken() {
        let mut member = at(41);
        let lines = futures_lite::future::block_on(member.next_page("tea"));
        let told =
            b"{\"Error\":\"Group 'tea': messages after 41 are not sent: this server keeps no history\"}\n";
        assert_eq!(String::from_utf8_lossy(&lines), String::from_utf8_lossy(told));
        assert!(member.take(50) && !member.behind);
        assert!(!member.take(52) && member.behind);
    }
}
