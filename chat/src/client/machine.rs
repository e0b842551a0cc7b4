//! What a client of a server that keeps history shows, sends and tells, as a state machine.
//!
//! A client that is too slow loses messages, and so does one whose connection breaks. If the server keeps the
//! messages, the client can fetch them, and a user sees each message once and in order.
//!
//! ```text
//!   typed, received, sent, lost, connected ──▶ Machine ──▶ Show, Tell, Send
//!                                                 │  ▲
//!                             a group's messages  ▼  │  Show, Fetch, Lost, Anew
//!                                               numbers
//! ```
//!
//! It reads no socket, no clock and no terminal. So a test drives it through every order of events, also those
//! that no real server produces on demand. What it asks the server is in `machine/asking`, what it does about the
//! server's errors in `machine/errors`.
//!
//! - [plain-until-numbered]  Until a message with a number has come, or the reply to a question, all is as with the
//!   chapter's protocol. Only a client that confirms its joins asks one question, after the first join.
//!
//! Used by `client/session`, and through it by `client`. Next: `client/machine/asking`.

use std::collections::HashMap;

use super::command::Command;
use super::group::{Asked, Group};
use super::numbers::{HELD, Numbers, Step};
use super::posts::{Post, Posts};
use super::shown::Shown;
use crate::history::{Reply, Request};

mod asking;
mod errors;

/// How much of a name or a message is quoted to the user, in bytes.
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

/// What the client knows of the server and of its groups. Dropping it loses the outputs that were not taken.
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
    /// How many requests for history have replies that have not ended.
    asking: usize,
    groups: HashMap<String, Group>,
    posts: Posts,
    /// The lists that are wanted when the client is connected again.
    lists: Vec<(String, u64)>,
    /// This many more errors of a server that keeps nothing are expected (`machine/errors`).
    expected: usize,
    /// The longest line that the server takes, if it has said so on the last connection (`machine/errors`).
    longest: Option<usize>,
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
            longest: None,
            outputs: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Returns what is to be done after the last inputs.
    pub(super) fn outputs(&mut self) -> impl Iterator<Item = Output> {
        self.outputs.drain(..)
    }

    /// Returns whether there is something to tell the user.
    pub(super) fn tells(&self) -> bool {
        self.outputs.iter().any(|output| matches!(output, Output::Tell(_)))
    }

    /// Returns whether a lost connection is to be replaced by a new one.
    pub(super) fn reconnects(&self) -> bool {
        self.follows && self.keeps == Keeps::Yes
    }

    /// Returns whether a connection that ends now ends too early: there may be more requests to send, the server has
    /// refused a line as too long, and reads none of those after it, or a post has not come back.
    pub(super) fn is_cut_off(&self) -> bool {
        !self.closed || self.longest.is_some() || self.reconnects() && self.posts.await_return()
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
        if self.is_too_long(&command) {
            return;
        }
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
            return; // There is no other connection, before which unknown posts would be reported.
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
        self.outputs.retain(|output| !matches!(output, Output::Send(_))); // They were for that connection.
        self.asking = 0;
        self.expected = 0;
        self.forget_too_long();
        self.keep_lists();
        self.groups.retain(|_, group| group.joined);
        let (posts, older) = self.posts.take();
        if older > 0 {
            self.tell(format!("It is not known whether the server has taken {older} posts before these:"));
        }
        for Post { group, message, .. } in posts {
            let post = Command::Post { group, message };
            if !self.is_too_long(&post) {
                self.tell(format!("It is not known whether the server has taken this: {}", quote(&post)));
            }
        }
    }

    /// A new connection was made. It joins all groups where the client was.
    pub(super) fn connected(&mut self) {
        self.connected = true;
        self.longest = None;
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
                // The server's error for dropped messages was shown.
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

    /// Returns the groups that were joined, in the order of their names.
    fn joined(&self) -> Vec<String> {
        let joined = self.groups.iter().filter(|(_, group)| group.joined);
        let mut names: Vec<String> = joined.map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        names
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

/// Returns a command as it is typed, or the beginnings of its parts.
fn quote(command: &Command) -> String {
    let start = |text: &str| match text.len() > QUOTED {
        true => format!("{}...", &text[..text.floor_char_boundary(QUOTED)]),
        false => text.to_owned(),
    };
    match command {
        Command::Join { group } => format!("join {}", start(group)),
        Command::Post { group, message } => format!("post {} {}", start(group), start(message)),
        Command::History { group, .. } => format!("history {}", start(group)),
    }
}

#[cfg(test)]
mod tests;
