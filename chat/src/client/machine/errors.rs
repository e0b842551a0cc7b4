//! What the machine does about an error of the server.
//!
//! An error is a text. Showing it would be enough, if each were about something that the user has typed. But the client
//! asks by itself too, and a server that keeps no history refuses that: the user would see errors for requests that
//! nobody has typed. And after an error a reply may be missing that the machine waits for.
//!
//! ```text
//!   text ──▶ refusal::read ──▶ dropped messages        fetch them
//!                              nothing is kept         ask no more, and join as in the chapter's protocol
//!                              not joined              begin anew if the server's log did, or forget the group
//!                              no history of a group   its oldest question has ended
//!                              a refused post          it is known
//!                              a line is too long      send no line of that length any more
//! ```
//!
//! - Y1  A server that does not know requests for history, or keeps nothing, is asked no more. Its errors to what the
//!   user has not typed are not shown.
//! - Y2  A server that gets a line longer than its limit says so, and ends the connection. Sent again, the request
//!   would end the next one too. So what was too long is never sent again, and until there is a new connection no
//!   other line above that limit is sent; the user is told. The next connection's limit is unknown again.
//!
//! Used by `client/machine`. Next: `client/unsent`.

use super::super::command::Command;
use super::super::group::{Asked, List};
use super::super::numbers::{HELD, Numbers};
use super::super::refusal::{self, Refusal};
use super::super::shown::Shown;
use super::asking::range;
use super::{Keeps, Machine, quote};
use crate::framing::encode_line;
use crate::history::Request;

impl Machine {
    /// The server has sent an error.
    pub(super) fn error(&mut self, text: String) {
        match refusal::read(&text, |name| self.groups.contains_key(name)) {
            Refusal::Dropped(name) => self.dropped(name, text),
            Refusal::NothingKept => self.nothing_is_kept(text),
            Refusal::NotJoined { group, why } => self.not_joined(group, &why, text),
            Refusal::NoHistory(group) => self.no_history_of(group, text),
            Refusal::Post(groups) => {
                groups.iter().for_each(|group| self.posts.refused(group));
                self.show(Shown::Error(text));
            }
            Refusal::TooLong(longest) => {
                self.longest = Some(longest);
                self.show(Shown::Error(text));
            }
            Refusal::Other => self.show(Shown::Error(text)),
        }
    }

    /// Returns whether a command's line is longer than the server takes. If so, tells the user (Y2).
    pub(super) fn is_too_long(&mut self, command: &Command) -> bool {
        let is_longer = self.longest.is_some_and(|longest| self.length(command) > longest);
        if is_longer {
            self.tell_too_long(command);
        }
        is_longer
    }

    /// Returns the length of the longest line that a command leads to, as far as is known, without its newline.
    fn length(&self, command: &Command) -> usize {
        length(&match command.clone() {
            Command::Post { group: group_name, message } => Request::Post { group_name, message },
            // What follows depends on the reply.
            Command::History { group: group_name, .. } => Request::History { group_name, after: 0, limit: 0 },
            // The longest is the request that fetches dropped messages: it is longer than the join.
            Command::Join { group: group_name } => {
                let group = self.groups.get(&group_name);
                let after = group.and_then(|group| group.numbers.goes_on_after()).unwrap_or(0);
                Request::History { group_name, after, limit: HELD as u64 }
            }
        })
    }

    fn tell_too_long(&mut self, command: &Command) {
        let (longest, quoted) = (self.longest.unwrap_or(usize::MAX), quote(command));
        self.tell(format!("The server takes lines of at most {longest} bytes, not this: {quoted}"));
    }

    /// Returns whether a request can be sent on another connection, and tells the user if not (Y2).
    pub(in crate::client) fn takes(&mut self, request: Request) -> bool {
        let Request::Post { group_name: group, message } = request else { return true };
        !self.is_too_long(&Command::Post { group, message })
    }

    /// The connection was lost: leaves the groups whose requests would end the next one, too (Y2).
    pub(super) fn forget_too_long(&mut self) {
        for name in self.joined() {
            if self.is_too_long(&Command::Join { group: name.clone() })
                && let Some(group) = self.groups.get_mut(&name)
            {
                group.joined = false;
            }
        }
    }

    /// The connection was lost: keeps the lists to ask for on the next one, without those that would end it (Y2).
    pub(super) fn keep_lists(&mut self) {
        let longest = self.longest.unwrap_or(usize::MAX);
        let mut refused = Vec::new();
        for (name, group) in &mut self.groups {
            for asked in group.asked.drain(..) {
                let (after, limit) = range(&asked);
                let (Asked::Count(count) | Asked::List(List { wanted: count, .. })) = asked else { continue };
                if length(&Request::History { group_name: name.clone(), after, limit }) > longest {
                    refused.push(Command::History { group: name.clone(), count });
                } else {
                    self.lists.push((name.clone(), count));
                }
            }
        }
        refused.iter().for_each(|list| self.tell_too_long(list));
    }

    fn dropped(&mut self, name: String, text: String) {
        if self.keeps == Keeps::Yes
            && !self.closed
            && let Some(group) = self.groups.get_mut(&name)
            && group.joined
            && group.numbers.dropped(&mut self.steps)
        {
            self.carry_out(&name);
        } else {
            self.show(Shown::Error(text));
        }
    }

    fn not_joined(&mut self, name: String, why: &str, text: String) {
        let Some(group) = self.groups.get_mut(&name) else { return };
        if let Some(after) = group.joined_after
            && why.starts_with(&format!("message {after} is not there yet"))
        {
            group.numbers.begin_anew();
            group.joined_after = Some(0);
            self.tell(format!("The history of {name} began anew: {why}"));
            self.send(Request::Join { group_name: name, after: Some(0) });
        } else {
            // What is still asked about it will be replied to, with an error if nobody has joined it.
            group.joined = false;
            self.show(Shown::Error(text));
            self.forget_unless_used(&name);
        }
    }

    /// A request for a group's history has failed, or a post to a group that does not exist.
    fn no_history_of(&mut self, name: String, text: String) {
        let Some(group) = self.groups.get_mut(&name) else { return };
        let asked = group.asked.pop_front();
        self.asking -= usize::from(asked.is_some());
        match asked {
            Some(Asked::Start { .. } | Asked::Mark(_)) => {}
            Some(Asked::Missed) => {
                group.numbers.not_fetched(&mut self.steps);
                self.show(Shown::Error(text));
                self.carry_out(&name);
            }
            Some(Asked::Count(_) | Asked::List(_)) => self.show(Shown::Error(text)),
            None => {
                self.posts.refused(&name);
                self.show(Shown::Error(text));
            }
        }
        self.forget_unless_used(&name);
    }

    /// The server has refused a request for history because it keeps none, or knows no such request (Y1).
    fn nothing_is_kept(&mut self, text: String) {
        if self.expected > 0 {
            self.expected -= 1;
            return;
        }
        let mut asked = 0;
        let mut typed = false;
        let mut joins = Vec::new();
        for (name, group) in &mut self.groups {
            asked += group.asked.len();
            typed |= group.asked.iter().any(|asked| matches!(asked, Asked::Count(_) | Asked::List(_)));
            group.asked.clear();
            if group.joined_after.take().is_some() {
                joins.push(name.clone());
            }
            group.numbers = Numbers::default();
        }
        self.asking = 0;
        self.groups.retain(|_, group| group.joined);
        if asked + joins.len() == 0 {
            return self.show(Shown::Error(text));
        }
        self.expected = asked + joins.len() - 1;
        if self.keeps == Keeps::Yes && !typed {
            self.tell("The server keeps no history any more.".to_owned());
        }
        self.keeps = Keeps::No;
        self.posts.clear();
        joins.sort_unstable();
        for group_name in joins {
            self.send(Request::Join { group_name, after: None });
        }
        if typed {
            self.tell("The server keeps no history.".to_owned());
        }
    }
}

/// Returns the length of a request's line, without its newline.
fn length(request: &Request) -> usize {
    // Each request has a form in JSON.
    encode_line(request).map_or(0, |line| line.len() - 1)
}
