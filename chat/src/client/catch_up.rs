//! Catching up: what a client of a server that keeps history shows, sends and tells, as a state machine.
//!
//! A client that is too slow loses messages, and so does one whose connection breaks. If the server keeps the
//! messages, the client can fetch them, and a user sees each message once and in order.
//!
//! ```text
//!   typed, received, sent, lost, connected ──▶ Machine ──▶ Show, Tell, Send
//! ```
//!
//! It reads no socket, no clock and no terminal. So a test drives it through every order of events, also those
//! that no real server produces on demand.
//!
//! U1  Until a message with a number has come, or the reply to a question, all is as with the chapter's
//!     protocol. Only a client that confirms its joins asks one question, after the first join.
//! U2  The server replies in the order of the requests. So of one group's requests for history, only the oldest
//!     one's reply may be under way.
//! U3  A server that does not know such requests, or keeps nothing, is asked no more. Its errors to what the
//!     user has not typed are not shown.
//!
//! Used by `client/session`. Next: `client/unsent`.

use std::collections::{BTreeMap, HashMap};

use super::command::Command;
use super::group::{Asked, Group, List};
use super::numbers::{HELD, Numbers, Step};
use super::posts::Posts;
use super::refusal::{self, Refusal};
use super::shown::Shown;
use crate::history::{Reply, Request};

/// How much of a post is quoted to the user, in bytes.
const QUOTED: usize = 100;

/// What is to be done, in this order.
#[derive(Debug, PartialEq)]
pub(super) enum Output {
    /// Show it on stdout.
    Show(Shown),
    /// Tell the user on stderr.
    Tell(String),
    /// Send it to the server.
    Send(Request),
}

/// Whether the server keeps history.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Keeps {
    Unknown,
    Yes,
    No,
}

#[derive(Debug)]
pub(super) struct Machine {
    /// Whether it catches up; otherwise it only passes on, and lists what the user wants listed.
    follows: bool,
    /// Whether joins are confirmed to the user.
    confirms: bool,
    keeps: Keeps,
    connected: bool,
    /// Nothing more can be sent.
    closed: bool,
    /// The number of requests for history whose replies have not ended.
    asking: usize,
    groups: HashMap<String, Group>,
    posts: Posts,
    /// The lists that are wanted when the client is connected again.
    lists: Vec<(String, u64)>,
    /// This many more errors of a server that keeps nothing are expected (U3).
    expected: usize,
    outputs: Vec<Output>,
    steps: Vec<Step>,
}

impl Machine {
    pub(super) fn new(follows: bool, confirms: bool) -> Self {
        Self {
            follows,
            confirms,
            keeps: Keeps::Unknown,
            connected: true,
            closed: false,
            asking: 0,
            groups: HashMap::new(),
            posts: Posts::default(),
            lists: Vec::new(),
            expected: 0,
            outputs: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Returns what is to be done after the last inputs.
    pub(super) fn outputs(&mut self) -> impl Iterator<Item = Output> {
        self.outputs.drain(..)
    }

    /// Returns whether a lost connection is to be replaced by a new one.
    pub(super) fn reconnects(&self) -> bool {
        self.follows && self.keeps == Keeps::Yes
    }

    /// Returns whether no reply is waited for that may lead to another request.
    pub(super) fn is_idle(&self) -> bool {
        self.asking == 0
    }

    /// The input has ended, and nothing more can be sent. What is dropped from now on is lost.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// The user has typed a command.
    pub(super) fn typed(&mut self, command: Command) {
        match command {
            Command::Join { group } => {
                if self.follows {
                    self.groups.entry(group.clone()).or_default().joined = true;
                }
                if self.connected {
                    self.send(Request::Join { group_name: group.clone(), after: None });
                    let asks = self.confirms && self.keeps != Keeps::No || self.keeps == Keeps::Yes;
                    if self.follows && asks {
                        self.ask(group, Asked::Start { show: self.confirms });
                    }
                }
            }
            Command::Post { group, message } => self.send(Request::Post { group_name: group, message }),
            Command::History { group, count } if self.connected => self.ask(group, Asked::Count(count)),
            Command::History { group, count } => self.lists.push((group, count)),
        }
    }

    /// A line of a request was sent to its end.
    pub(super) fn sent(&mut self, line: &[u8]) {
        if !self.follows || self.keeps == Keeps::No {
            return; // What is not known would not be told.
        }
        if let Ok(Request::Post { group_name, message }) = serde_json::from_slice(line) {
            let returns = self.groups.get(&group_name).is_some_and(|group| group.joined);
            let number = self.posts.sent(group_name, message, returns);
            if !returns && self.keeps == Keeps::Yes {
                self.mark(number);
            }
        }
    }

    /// The server has sent this.
    pub(super) fn received(&mut self, reply: Reply) {
        match reply {
            Reply::Message { group_name, message, seq } => self.message(group_name, message, seq),
            Reply::History { group_name, last, more } => self.end_of_reply(group_name, last, more),
            Reply::Error(text) => self.error(text),
        }
    }

    /// The connection was lost.
    pub(super) fn lost(&mut self) {
        self.connected = false;
        self.asking = 0;
        self.expected = 0;
        for (name, group) in &mut self.groups {
            for asked in group.asked.drain(..) {
                if let Asked::Count(wanted) | Asked::List(List { wanted, .. }) = asked {
                    self.lists.push((name.clone(), wanted));
                }
            }
        }
        self.groups.retain(|_, group| group.joined);
        let (posts, older) = self.posts.take();
        if older > 0 {
            self.tell(format!("It is not known whether the server has taken {older} posts before these:"));
        }
        for post in posts {
            let quoted = quote(&post.message);
            self.tell(format!(
                "It is not known whether the server has taken this: post {} {quoted}",
                post.group
            ));
        }
    }

    /// A new connection was made. It joins all groups where the client was.
    pub(super) fn connected(&mut self) {
        self.connected = true;
        for name in self.joined() {
            let Some(group) = self.groups.get_mut(&name) else { continue };
            let after = group.numbers.rejoin();
            group.joined_after = after;
            self.send(Request::Join { group_name: name.clone(), after });
            if after.is_none() {
                self.ask(name, Asked::Start { show: false });
            }
        }
        for (group, wanted) in std::mem::take(&mut self.lists) {
            self.ask(group, Asked::Count(wanted));
        }
    }

    fn message(&mut self, name: String, message: String, number: Option<u64>) {
        let Some(number) = number else {
            if let Some(group) = self.groups.get_mut(&name) {
                group.numbers = Numbers::default();
            }
            return self.show(Shown::Message { group: name, message });
        };
        if self.follows {
            self.posts.came(&name, &message);
            self.history_is_kept(&name);
        }
        let Some(group) = self.groups.get_mut(&name) else {
            return self.show(Shown::Message { group: name, message });
        };
        let mut mixed = false;
        if let Some(Asked::List(list)) = group.asked.front_mut() {
            mixed = true;
            let listed = list.after < number && number <= list.end;
            if listed && !group.joined {
                list.messages.insert(number, message);
                return;
            } else if listed {
                list.messages.insert(number, message.clone());
            }
        }
        if group.joined {
            group.numbers.message(number, message, mixed, &mut self.steps);
            self.carry_out(&name);
        } else {
            self.show(Shown::Message { group: name, message });
        }
    }

    /// The server keeps history: from now on it is asked where the groups are (U1).
    fn history_is_kept(&mut self, except: &str) {
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

    fn end_of_reply(&mut self, name: String, last: u64, more: bool) {
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
    fn forget_unless_used(&mut self, name: &str) {
        if self.groups.get(name).is_some_and(|group| !group.joined && group.asked.is_empty()) {
            self.groups.remove(name);
        }
    }

    fn error(&mut self, text: String) {
        match refusal::read(&text, |name| self.groups.contains_key(name)) {
            Refusal::Dropped(name) => self.dropped(name, text),
            Refusal::NothingKept => self.nothing_is_kept(text),
            Refusal::NotJoined { group, why } => self.not_joined(group, &why, text),
            Refusal::NoHistory(group) => self.no_history_of(group, text),
            Refusal::Post(groups) => {
                groups.iter().for_each(|group| self.posts.refused(group));
                self.show(Shown::Error(text));
            }
            Refusal::Other => self.show(Shown::Error(text)),
        }
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

    /// The server has refused a request for history because it keeps none, or knows no such request (U3).
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

    /// Carries out the steps of a group's numbers.
    fn carry_out(&mut self, name: &str) {
        let mut steps = std::mem::take(&mut self.steps);
        if self.closed
            && steps.iter().any(|step| matches!(step, Step::Fetch(_)))
            && let Some(group) = self.groups.get_mut(name)
        {
            group.numbers.not_fetched(&mut steps);
        }
        for step in steps.drain(..) {
            let group = name.to_owned();
            match step {
                // The server's own words for it were shown.
                Step::Fetch(_) | Step::Lost(_) if self.closed => {}
                Step::Show(message) => self.show(Shown::Message { group, message }),
                Step::Lost(count) => self.show(Shown::Lost { group, count }),
                Step::Fetch(after) => self.ask_after(group, Asked::Missed, after, HELD as u64),
                Step::Anew { was, now } => self.tell(format!(
                    "The history of {group} began anew: it was at message {was}, and is at {now} now."
                )),
            }
        }
        self.steps = steps;
    }

    /// Makes sure that a request is sent whose reply makes the posts up to this number known
    /// (`posts`).
    fn mark(&mut self, number: u64) {
        let is_mark = |asked: &Asked| matches!(asked, Asked::Mark(_));
        if self.groups.values().any(|group| group.asked.iter().any(is_mark)) {
            return; // The next one is sent after its reply.
        }
        if let Some(name) = self.joined().into_iter().next() {
            self.ask(name, Asked::Mark(number));
        }
    }

    /// Returns the groups that were joined, in the order of their names.
    fn joined(&self) -> Vec<String> {
        let joined = self.groups.iter().filter(|(_, group)| group.joined);
        let mut names: Vec<String> = joined.map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        names
    }

    fn ask(&mut self, group: String, asked: Asked) {
        let (after, limit) = match &asked {
            Asked::List(list) => (list.after, (list.end - list.after).min(HELD as u64)),
            _ => (0, 0),
        };
        self.ask_after(group, asked, after, limit);
    }

    fn ask_after(&mut self, group_name: String, asked: Asked, after: u64, limit: u64) {
        self.groups.entry(group_name.clone()).or_default().asked.push_back(asked);
        self.asking += 1;
        self.send(Request::History { group_name, after, limit });
    }

    fn send(&mut self, request: Request) {
        self.outputs.push(Output::Send(request));
    }

    fn show(&mut self, shown: Shown) {
        self.outputs.push(Output::Show(shown));
    }

    fn tell(&mut self, what: String) {
        self.outputs.push(Output::Tell(what));
    }
}

/// Returns the beginning of a text.
fn quote(text: &str) -> String {
    match text.len() > QUOTED {
        true => format!("{}...", &text[..text.floor_char_boundary(QUOTED)]),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
