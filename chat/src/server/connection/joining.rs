//! Joining a group: what may keep a client from it, and the task that delivers the group's lines from then on.
//!
//! A client that could join without a limit would take the server's memory with its groups and their names. And a
//! join has several steps, of which some wait: a log may have to be watched, and read. If the connection ended in
//! between, a membership that was only begun would stay in the table for ever.
//!
//! ```text
//!   may_join ──▶ posts known ────▶ subscribe ──▶ the log watches the group ──▶ a page is read ──▶ deliver
//!       └─▶ refused                    └─────────────── refused, or dropped: leave ──────┘
//! ```
//!
//! - X1  When a join is over, or dropped, the client is a member with a task that delivers, or it has left the group.
//!
//! Without history only `may_join`, the subscription and `deliver` are left: watching such a log is done at once.
//!
//! Used by `connection`. Next: `web/origin`.

use std::fmt::Display;
use std::pin::pin;
use std::sync::atomic::Ordering;

use executor::task;

use super::super::catch_up::CatchUp;
use super::super::common::Common;
use super::super::ending::Membership;
use super::super::group::subscription::Subscription;
use super::super::group_table::NotJoined;
use super::super::log::LogError;
use super::super::options::History;
use super::super::posted::Until;
use super::{Connection, Refusal};

impl Connection {
    /// Carries out a Join. While the log cannot be reached, a join with a number waits, unless the client leaves.
    ///
    /// # Errors
    ///
    /// The client does not become a member. The reply to it says why.
    pub(super) async fn join(&mut self, name: String, after: Option<u64>) -> Result<(), Refusal> {
        let name = &*name;
        if !self.may_join(name, after)? {
            return Ok(());
        }
        self.session.posts(Until::AllKnown).await; // [requests-in-order]
        let common = self.session.common.clone();
        // If the connection stops here, the subscription is dropped first, and then the group is left (X1).
        let mut unless_joined = Leave { common: None, name };
        let (subscription, watching) = match common.groups.join(name, &*common.log) {
            Ok(joined) => {
                unless_joined.common = Some(&common);
                joined
            }
            Err(NotJoined::Closed) => return Ok(()), // The server stops, and `serve` notices it.
            Err(NotJoined::Full) => return Err(not_joined(name, "the server has no memory for more")),
        };
        watching.await.map_err(|error| not_joined(name, error))?;
        let catch_up = match after {
            None => None,
            Some(after) => {
                let closed = self.session.closed;
                let mut starting = pin!(CatchUp::start(common.log.clone(), name, after));
                let started = self.session.in_time(|_, cx| starting.as_mut().poll(cx)).await;
                // If the client has gone, the reply fails.
                let started =
                    started.map_err(|_| not_joined(name, "the log was not read within the grace period"))?;
                // The client may have sent more requests. Its grace period begins after the last of them.
                self.session.closed = closed;
                Some(started.map_err(|error| not_joined(name, error))?)
            }
        };
        unless_joined.common = None;
        self.deliver(subscription, catch_up);
        Ok(())
    }

    /// Returns whether there is something to do: false if the client is a member already.
    fn may_join(&self, name: &str, after: Option<u64>) -> Result<bool, Refusal> {
        if after.is_some() && self.session.common.options.history == History::None {
            return Err(not_joined(name, LogError::NoHistory));
        }
        if self.session.memberships.contains_key(name) {
            return match after {
                None => Ok(false),
                Some(_) => {
                    Err(not_joined(name, "it was joined before; a History request reads what was missed"))
                }
            };
        }
        let limit = self.session.common.options.groups;
        if self.session.memberships.len() >= limit {
            return Err(not_joined(name, format_args!("{limit} groups are the limit")));
        }
        let most = self.session.common.memory.connection;
        if self.names + name.len() > most {
            return Err(not_joined(name, format_args!("names of {most} bytes altogether are the limit")));
        }
        Ok(true)
    }

    /// Starts the task that delivers a group's lines.
    fn deliver(&mut self, mut subscription: Subscription, catch_up: Option<CatchUp>) {
        if let Some(catch_up) = catch_up {
            subscription = subscription.catching_up(catch_up);
        }
        let group = subscription.group().clone();
        self.names += group.len();
        // ORDERING: Relaxed; only counted.
        self.session.outbound.waiting.fetch_add(group.len(), Ordering::Relaxed);
        let delivery = task::spawn(subscription.deliver(self.session.outbound.clone()));
        self.session.memberships.insert(group, Membership(Some(delivery)));
    }
}

/// Returns the reply to a Join that is not carried out.
fn not_joined(name: &str, why: impl Display) -> Refusal {
    Refusal::GoOn(format!("Group '{name}' not joined: {why}"))
}

/// Leaves a group when it is dropped, unless `common` was set to `None`.
struct Leave<'a> {
    common: Option<&'a Common>,
    name: &'a str,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if let Some(common) = self.common {
            common.groups.leave(self.name, &*common.log);
        }
    }
}
