//! What the machine asks the server about a group, and what follows from each reply.
//!
//! A reply to a request for history does not say which request it is for: it consists of messages like all others,
//! and an end that names the group and a number. The client asks for several things: where a group is, what was
//! missed, a list for the user. So it must know by itself what each reply is for.
//!
//! ```text
//!   ask ──▶ History ──▶ server ──▶ messages ──▶ end_of_reply: the oldest question of this group
//!    │                                              │ more is wanted: ask again
//!    └──▶ asked, a queue for each group ────────────┘
//! ```
//!
//! - A1  The server replies in the order of the requests. So of one group's requests for history, only the oldest
//!   one's reply may be under way.
//! - A2  A post that does not come back is known by a reply to a later request. At most one such request, a mark, is
//!   under way: the next one is sent after its reply.
//!
//! Used by `client/machine` and `client/machine/errors`. Next: `client/machine/errors`.

use std::collections::BTreeMap;

use super::super::group::{Asked, List};
use super::super::numbers::HELD;
use super::super::shown::Shown;
use super::{Keeps, Machine};
use crate::history::Request;

impl Machine {
    /// Asks a question that takes one request, or asks for the next part of a list.
    pub(super) fn ask(&mut self, group: String, asked: Asked) {
        let (after, limit) = range(&asked);
        self.ask_after(group, asked, after, limit);
    }

    /// Asks for what is kept after a number.
    pub(super) fn ask_after(&mut self, group_name: String, asked: Asked, after: u64, limit: u64) {
        self.groups.entry(group_name.clone()).or_default().asked.push_back(asked);
        self.asking += 1;
        self.send(Request::History { group_name, after, limit });
    }

    /// Makes sure that a request is sent whose reply makes the posts up to this number known (A2).
    pub(super) fn mark(&mut self, number: u64) {
        let is_mark = |asked: &Asked| matches!(asked, Asked::Mark(_));
        if self.groups.values().any(|group| group.asked.iter().any(is_mark)) {
            return; // The next one is sent after its reply.
        }
        if let Some(name) = self.joined().into_iter().next() {
            self.ask(name, Asked::Mark(number));
        }
    }

    /// The server keeps history: from now on it is asked for each group's last number [plain-until-numbered].
    pub(super) fn history_is_kept(&mut self, except: &str) {
        if self.keeps == Keeps::Yes {
            return;
        }
        self.keeps = Keeps::Yes;
        for name in self.joined() {
            let group = &self.groups[&name];
            if name != except && group.asked.is_empty() && !group.numbers.known() {
                self.ask(name, Asked::Start { show: false });
            }
        }
    }

    /// A reply has ended: it was for the oldest question about this group (A1).
    pub(super) fn end_of_reply(&mut self, name: String, last: u64, more: bool) {
        if self.follows {
            self.history_is_kept(&name);
        }
        let Some(group) = self.groups.get_mut(&name) else { return };
        let Some(asked) = group.asked.pop_front() else { return };
        self.asking -= 1;
        match asked {
            Asked::Start { show } => {
                group.numbers.starts_at(last);
                if show {
                    self.show(Shown::Joined { group: name, count: last });
                }
            }
            Asked::Missed => {
                group.numbers.fetched(last, more, &mut self.steps);
                self.carry_out(&name);
            }
            Asked::Count(wanted) => {
                group.numbers.starts_at(last);
                let after = last.saturating_sub(wanted);
                let list = List { wanted, after, end: last, messages: BTreeMap::new() };
                if after == last {
                    self.show_list(name, list);
                } else {
                    self.ask(name, Asked::List(list));
                }
            }
            Asked::List(mut list) => {
                if more && last > list.after && last < list.end {
                    list.after = last;
                    self.ask(name, Asked::List(list));
                } else {
                    self.show_list(name, list);
                }
            }
            Asked::Mark(number) => {
                self.posts.replied(number);
                if let Some(last) = self.posts.last_without_return() {
                    self.mark(last);
                }
            }
        }
    }

    fn show_list(&mut self, group: String, list: List) {
        self.show(Shown::List { group: group.clone(), count: list.messages.len() });
        for message in list.messages.into_values() {
            self.show(Shown::Message { group: group.clone(), message });
        }
        self.forget_unless_used(&group);
    }

    /// A group that was only asked about takes no memory.
    pub(super) fn forget_unless_used(&mut self, name: &str) {
        if self.groups.get(name).is_some_and(|group| !group.joined && group.asked.is_empty()) {
            self.groups.remove(name);
        }
    }
}

/// Returns what is asked for: the messages after a number, and how many.
pub(super) fn range(asked: &Asked) -> (u64, u64) {
    match asked {
        Asked::List(list) => (list.after, (list.end - list.after).min(HELD as u64)),
        _ => (0, 0),
    }
}
