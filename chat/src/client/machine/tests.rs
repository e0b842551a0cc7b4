//! The machine against a transcript, and against a simulated server that drops, forgets, ends and restarts.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

fn message(group: &str, text: &str, seq: impl Into<Option<u64>>) -> Reply {
    Reply::Message { group_name: group.into(), message: text.into(), seq: seq.into() }
}

fn end(group: &str, last: u64, more: bool) -> Reply {
    Reply::History { group_name: group.into(), last, more }
}

fn error(text: &str) -> Reply {
    Reply::Error(text.into())
}

fn join(group: &str) -> Command {
    Command::Join { group: group.into() }
}

fn post(group: &str, text: &str) -> Command {
    Command::Post { group: group.into(), message: text.into() }
}

fn history(group: &str, after: u64, limit: u64) -> Output {
    Output::Send(Request::History { group_name: group.into(), after, limit })
}

fn joins(group: &str, after: impl Into<Option<u64>>) -> Output {
    Output::Send(Request::Join { group_name: group.into(), after: after.into() })
}

fn shows(group: &str, text: &str) -> Output {
    Output::Show(Shown::Message { group: group.into(), message: text.into() })
}

fn shows_error(text: &str) -> Output {
    Output::Show(Shown::Error(text.into()))
}

fn joined(group: &str, count: u64) -> Output {
    Output::Show(Shown::Joined { group: group.into(), count })
}

fn tells(what: &str) -> Output {
    Output::Tell(what.into())
}

impl Machine {
    fn outputs_now(&mut self) -> Vec<Output> {
        self.outputs().collect()
    }

    fn after_typing(&mut self, command: Command) -> Vec<Output> {
        self.typed(command);
        self.outputs_now()
    }

    fn after(&mut self, reply: Reply) -> Vec<Output> {
        self.received(reply);
        self.outputs_now()
    }

    fn after_sending(&mut self, group: &str, text: &str) -> Vec<Output> {
        let request = Request::Post { group_name: group.into(), message: text.into() };
        self.sent(&crate::encode_line(&request).unwrap());
        self.outputs_now()
    }

    fn after_a_new_connection(&mut self) -> Vec<Output> {
        self.lost();
        self.connected();
        self.outputs_now()
    }

    /// One that has joined `tea` and shown its message 7.
    fn at_seven() -> Self {
        let mut machine = Machine::new(true, false);
        assert_eq!(machine.after_typing(join("tea")), [joins("tea", None)]);
        assert_eq!(machine.after(message("tea", "7", 7)), [shows("tea", "7")]);
        machine
    }
}

#[test]
fn a_server_without_history_is_spoken_to_as_ever() {
    let mut machine = Machine::new(true, false);
    assert_eq!(machine.after_typing(join("tea")), [joins("tea", None)]);
    let sent = Request::Post { group_name: "tea".into(), message: "hello".into() };
    assert_eq!(machine.after_typing(post("tea", "hello")), [Output::Send(sent)]);
    assert_eq!(machine.after_sending("tea", "hello"), []);
    assert_eq!(machine.after(message("tea", "hello", None)), [shows("tea", "hello")]);
    let text = "Dropped 3 messages from tea.";
    assert_eq!(machine.after(error(text)), [shows_error(text)]);
    assert!(!machine.reconnects());
}

#[test]
fn a_join_is_confirmed_and_a_server_that_cannot_is_asked_no_more() {
    let mut machine = Machine::new(true, true);
    assert_eq!(machine.after_typing(join("tea")), [joins("tea", None), history("tea", 0, 0)]);
    assert_eq!(machine.after(end("tea", 12, true)), [joined("tea", 12)]);
    assert!(machine.reconnects());
    for text in
        ["Group 'tea': no history: this server keeps no history", "malformed request: unknown variant"]
    {
        let mut machine = Machine::new(true, true);
        assert_eq!(machine.after_typing(join("tea")), [joins("tea", None), history("tea", 0, 0)]);
        assert_eq!(machine.after_typing(join("ice")), [joins("ice", None), history("ice", 0, 0)]);
        assert_eq!(machine.after(error(text)), []);
        assert_eq!(machine.after(error(text)), []);
        assert_eq!(machine.after_typing(join("cup")), [joins("cup", None)]);
        assert_eq!(machine.after(error(text)), [shows_error(text)]);
        assert!(!machine.reconnects());
    }
}

#[test]
fn the_first_number_makes_it_ask_where_the_other_groups_are() {
    let mut machine = Machine::new(true, false);
    for group in ["tea", "cup", "ice"] {
        assert_eq!(machine.after_typing(join(group)), [joins(group, None)]);
    }
    let expected = [history("cup", 0, 0), history("ice", 0, 0), shows("tea", "7")];
    assert_eq!(machine.after(message("tea", "7", 7)), expected);
    assert_eq!(machine.after(end("cup", 3, true)), []);
    assert_eq!(machine.after_typing(join("new")), [joins("new", None), history("new", 0, 0)]);
    let expected = [joins("cup", 3), joins("ice", None), history("ice", 0, 0)];
    assert_eq!(machine.after_a_new_connection()[..3], expected);
}

#[test]
fn what_was_dropped_is_fetched_and_shown_once() {
    let mut machine = Machine::at_seven();
    assert_eq!(machine.after(error("Dropped 2 messages from tea.")), [history("tea", 7, HELD as u64)]);
    assert_eq!(machine.after(message("tea", "10", 10)), []);
    assert_eq!(machine.after(message("tea", "8", 8)), [shows("tea", "8")]);
    assert_eq!(machine.after(message("tea", "9", 9)), [shows("tea", "9"), shows("tea", "10")]);
    assert_eq!(machine.after(end("tea", 9, false)), []);
    assert_eq!(machine.after(message("tea", "11", 11)), [shows("tea", "11")]);
}

#[test]
fn a_fetch_that_is_refused_loses_what_is_missing_and_says_so() {
    let mut machine = Machine::at_seven();
    assert_eq!(machine.after(message("tea", "10", 10)), [history("tea", 7, HELD as u64)]);
    let text = "Group 'tea': no history: the history cannot be read: Input/output error";
    let lost = Output::Show(Shown::Lost { group: "tea".into(), count: 2 });
    assert_eq!(machine.after(error(text)), [shows_error(text), lost, shows("tea", "10")]);
}

#[test]
fn a_list_is_shown_in_one_piece_whatever_comes_meanwhile() {
    let mut machine = Machine::at_seven();
    let command = Command::History { group: "tea".into(), count: 3 };
    assert_eq!(machine.after_typing(command.clone()), [history("tea", 0, 0)]);
    assert_eq!(machine.after(message("tea", "8", 8)), [shows("tea", "8")]);
    assert_eq!(machine.after(end("tea", 8, true)), [history("tea", 5, 3)]);
    assert_eq!(machine.after(message("tea", "6", 6)), []);
    assert_eq!(machine.after(message("tea", "9", 9)), [shows("tea", "9")]);
    assert_eq!(machine.after(message("tea", "7", 7)), []);
    // The server may send fewer at a time.
    assert_eq!(machine.after(end("tea", 7, true)), [history("tea", 7, 1)]);
    assert_eq!(machine.after(message("tea", "8", 8)), []);
    let list = Output::Show(Shown::List { group: "tea".into(), count: 3 });
    let expected = [list, shows("tea", "6"), shows("tea", "7"), shows("tea", "8")];
    assert_eq!(machine.after(end("tea", 8, true)), expected);
    assert_eq!(machine.after(message("tea", "10", 10)), [shows("tea", "10")]);
    // Wanted once more, and the connection breaks.
    assert_eq!(machine.after_typing(command), [history("tea", 0, 0)]);
    assert_eq!(machine.after_a_new_connection(), [joins("tea", 10), history("tea", 0, 0)]);
}

#[test]
fn when_nothing_can_be_sent_any_more_what_comes_is_shown() {
    let mut machine = Machine::at_seven();
    assert!(machine.is_idle());
    assert_eq!(machine.after(message("tea", "9", 9)), [history("tea", 7, HELD as u64)]);
    assert!(!machine.is_idle());
    for number in [8, 9, 10] {
        machine.received(message("tea", &number.to_string(), number));
    }
    machine.received(end("tea", 10, false));
    machine.outputs_now();
    assert!(machine.is_idle());
    machine.close();
    // It was fetched before it came.
    assert_eq!(machine.after(message("tea", "10", 10)), []);
    let text = "Dropped 2 messages from tea.";
    assert_eq!(machine.after(error(text)), [shows_error(text)]);
    assert_eq!(machine.after(message("tea", "12", 12)), [shows("tea", "12")]);
    assert!(machine.is_idle());
}

#[test]
fn a_group_need_not_be_joined_to_be_listed() {
    for follows in [true, false] {
        let mut machine = Machine::new(follows, follows);
        let command = Command::History { group: "tea".into(), count: 5 };
        assert_eq!(machine.after_typing(command.clone()), [history("tea", 0, 0)]);
        assert_eq!(machine.after(end("tea", 1, true)), [history("tea", 0, 1)]);
        assert_eq!(machine.after(message("tea", "1", 1)), []);
        let list = Output::Show(Shown::List { group: "tea".into(), count: 1 });
        assert_eq!(machine.after(end("tea", 1, false)), [list, shows("tea", "1")]);
        assert!(machine.groups.is_empty());
        assert_eq!(machine.after_typing(command.clone()), [history("tea", 0, 0)]);
        let text = "Group 'tea' does not exist";
        assert_eq!(machine.after(error(text)), [shows_error(text)]);
        assert_eq!(machine.after_typing(command), [history("tea", 0, 0)]);
        let text = "Group 'tea': no history: this server keeps no history";
        assert_eq!(machine.after(error(text)), [tells("The server keeps no history.")]);
        assert!(machine.groups.is_empty());
    }
}

#[test]
fn who_does_not_want_to_catch_up_sees_what_comes() {
    let mut machine = Machine::new(false, false);
    assert_eq!(machine.after_typing(join("tea")), [joins("tea", None)]);
    for number in [7, 10, 3] {
        assert_eq!(machine.after(message("tea", "x", number)), [shows("tea", "x")]);
    }
    let text = "Dropped 3 messages from tea.";
    assert_eq!(machine.after(error(text)), [shows_error(text)]);
    assert!(!machine.reconnects());
}

#[test]
fn a_new_connection_goes_on_after_the_last_message() {
    let mut machine = Machine::at_seven();
    assert_eq!(machine.after(message("tea", "9", 9)), [history("tea", 7, HELD as u64)]);
    machine.lost();
    assert_eq!(machine.after_typing(join("ice")), []);
    assert_eq!(machine.after_typing(post("ice", "x")).len(), 1);
    machine.connected();
    let expected = [joins("ice", None), history("ice", 0, 0), joins("tea", 7)];
    assert_eq!(machine.outputs_now(), expected);
    for text in ["8", "9"] {
        assert_eq!(machine.after(message("tea", text, text.parse::<u64>().unwrap())), [shows("tea", text)]);
    }
}

#[test]
fn a_log_that_began_anew_is_read_from_its_first_message() {
    let mut machine = Machine::at_seven();
    assert_eq!(machine.after_a_new_connection(), [joins("tea", 7)]);
    let said = "message 7 is not there yet, the last one is 1";
    let told = tells(&format!("The history of tea began anew: {said}"));
    assert_eq!(machine.after(error(&format!("Group 'tea' not joined: {said}"))), [told, joins("tea", 0)]);
    assert_eq!(machine.after(message("tea", "1", 1)), [shows("tea", "1")]);
    // On a connection that goes on.
    assert_eq!(machine.after(message("tea", "2", 2)), [shows("tea", "2")]);
    let told = tells("The history of tea began anew: it was at message 2, and is at 1 now.");
    assert_eq!(machine.after(message("tea", "1", 1)), [told, shows("tea", "1")]);
}

#[test]
fn a_server_that_keeps_nothing_any_more_is_a_chapters_server_again() {
    let mut machine = Machine::at_seven();
    machine.after_typing(join("ice"));
    machine.received(end("ice", 1, true));
    assert_eq!(machine.after_a_new_connection(), [joins("ice", 1), joins("tea", 7)]);
    let text = "Group 'ice' not joined: this server keeps no history";
    let told = tells("The server keeps no history any more.");
    assert_eq!(machine.after(error(text)), [told, joins("ice", None), joins("tea", None)]);
    assert_eq!(machine.after(error("Group 'tea' not joined: this server keeps no history")), []);
    assert_eq!(machine.after(message("tea", "x", None)), [shows("tea", "x")]);
    assert!(!machine.reconnects());
}

#[test]
fn posts_that_may_be_lost_are_told_and_no_others() {
    let mut machine = Machine::at_seven();
    for text in ["one", "two", "three"] {
        assert_eq!(machine.after_sending("tea", text), []);
    }
    assert_eq!(machine.after(message("tea", "one", 8)), [shows("tea", "one")]);
    let refused = "Group 'tea': not posted: the disk is full";
    assert_eq!(machine.after(error(refused)), [shows_error(refused)]);
    // A post to another group is known when the question after it is replied to.
    assert_eq!(machine.after_sending("ice", "four"), [history("tea", 0, 0)]);
    assert_eq!(machine.after_sending("ice", "five"), []);
    assert_eq!(machine.after(end("tea", 8, true)), [history("tea", 0, 0)]);
    machine.lost();
    let told = |post| tells(&format!("It is not known whether the server has taken this: post {post}"));
    assert_eq!(machine.outputs_now(), [told("tea three"), told("ice five")]);
    machine.lost();
    assert_eq!(machine.outputs_now(), []);
}

/// If the input is a pipe, all posts are sent before the first reply.
#[test]
fn posts_that_were_sent_before_history_was_seen_are_told_too() {
    let mut machine = Machine::new(true, false);
    assert_eq!(machine.after_typing(join("tea")), [joins("tea", None)]);
    for text in ["one", "two", "three"] {
        assert_eq!(machine.after_sending("tea", text), []);
    }
    assert_eq!(machine.after(message("tea", "one", 1)), [shows("tea", "one")]);
    machine.lost();
    let told = |post| tells(&format!("It is not known whether the server has taken this: post {post}"));
    assert_eq!(machine.outputs_now(), [told("tea two"), told("tea three")]);
}

#[test]
fn names_and_texts_are_taken_as_they_are() {
    let mut machine = Machine::new(true, true);
    machine.typed(join("a' not joined: b"));
    machine.received(end("a' not joined: b", 9, true));
    let expected = [joins("a' not joined: b", 9)];
    machine.outputs_now();
    assert_eq!(machine.after_a_new_connection(), expected);
    let text = "Group 'a' not joined: b' not joined: message 9 is not there yet, the last one is 0";
    assert_eq!(machine.after(error(text)).last(), Some(&joins("a' not joined: b", 0)));
}

/// The server ends the connection after the error `line longer than …`.
#[test]
fn a_join_that_is_too_long_is_told_and_not_sent_again() {
    let long = "x".repeat(70_000);
    let mut machine = Machine::at_seven();
    assert_eq!(machine.after_typing(join(&long)), [joins(&long, None), history(&long, 0, 0)]);
    let listed = Command::History { group: long.clone(), count: 5 };
    assert_eq!(machine.after_typing(listed.clone()), [history(&long, 0, 0)]);
    let text = "line longer than 65536 bytes";
    assert_eq!(machine.after(error(text)), [shows_error(text)]);
    machine.lost();
    let told =
        |what: &str| tells(&format!("The server takes lines of at most 65536 bytes, not this: {what}..."));
    let start = &long[..QUOTED];
    assert_eq!(machine.outputs_now(), [told(&format!("join {start}")), told(&format!("history {start}"))]);
    // From now on it is known what is too long.
    assert_eq!(machine.after_typing(join(&long)), [told(&format!("join {start}"))]);
    assert_eq!(machine.after_typing(listed), [told(&format!("history {start}"))]);
    assert_eq!(machine.after_typing(post("tea", &long)), [told(&format!("post tea {start}"))]);
    assert_eq!(machine.after_typing(post("tea", &long[..60_000])).len(), 1);
    machine.connected();
    assert_eq!(machine.outputs_now(), [joins("tea", 7)]);
    assert_eq!(machine.after_a_new_connection(), [joins("tea", 7)]);
}

/// What counts is what would be sent, not the largest numbers that there are.
#[test]
fn a_group_whose_requests_are_short_enough_is_kept() {
    let mut machine = Machine::at_seven();
    let name = "x".repeat(40);
    let text = "line longer than 100 bytes";
    assert_eq!(machine.after(error(text)), [shows_error(text)]);
    assert_eq!(machine.after_typing(join(&name)), [joins(&name, None), history(&name, 0, 0)]);
    let expected = [joins("tea", 7), joins(&name, None), history(&name, 0, 0)];
    assert_eq!(machine.after_a_new_connection(), expected);
    let text = "line longer than 60 bytes";
    assert_eq!(machine.after(error(text)), [shows_error(text)]);
    let told = tells(&format!("The server takes lines of at most 60 bytes, not this: join {name}"));
    assert_eq!(machine.after_a_new_connection(), [told, joins("tea", 7)]);
}

/// The more messages a group has, the more digits the numbers in a request have.
#[test]
fn a_list_whose_next_part_is_too_long_to_ask_for_is_told_and_not_asked_for_again() {
    let mut machine = Machine::at_seven();
    let command = Command::History { group: "tea".into(), count: 3 };
    assert_eq!(machine.after_typing(command), [history("tea", 0, 0)]);
    let last = 1_000_000_000_000_000;
    assert_eq!(machine.after(end("tea", last, true)), [history("tea", last - 3, 3)]);
    let text = "line longer than 60 bytes";
    assert_eq!(machine.after(error(text)), [shows_error(text)]);
    let told = tells("The server takes lines of at most 60 bytes, not this: history tea");
    assert_eq!(machine.after_a_new_connection(), [told, joins("tea", 7)]);
}

/// The server may have been started again, with another limit.
#[test]
fn on_another_connection_the_limit_is_not_known() {
    let mut machine = Machine::at_seven();
    let text = "line longer than 100 bytes";
    assert_eq!(machine.after(error(text)), [shows_error(text)]);
    assert_eq!(machine.after_a_new_connection(), [joins("tea", 7)]);
    assert_eq!(machine.after_typing(join(&"x".repeat(200))).len(), 2);
    assert_eq!(machine.after_typing(post("tea", &"x".repeat(200))).len(), 1);
}

/// A mark is asked for by a post, which may be sent to its end at the moment at which the connection is lost.
#[test]
fn what_was_to_be_sent_on_a_lost_connection_is_not_sent_on_the_next() {
    let mut machine = Machine::at_seven();
    let request = Request::Post { group_name: "coffee".into(), message: "one".into() };
    machine.sent(&crate::encode_line(&request).unwrap());
    let unknown = tells("It is not known whether the server has taken this: post coffee one");
    assert_eq!(machine.after_a_new_connection(), [unknown, joins("tea", 7)]);
}

/// In the line of a post each quotation mark is escaped, and takes two bytes: what counts is what is sent.
#[test]
fn a_post_that_is_too_long_is_not_one_that_may_have_been_taken() {
    let long = "\"".repeat(40_000);
    let mut machine = Machine::at_seven();
    for text in ["one", &long, "two"] {
        assert_eq!(machine.after_sending("tea", text), []);
    }
    let text = "line longer than 65536 bytes";
    assert_eq!(machine.after(error(text)), [shows_error(text)]);
    machine.lost();
    let unknown =
        |post| tells(&format!("It is not known whether the server has taken this: post tea {post}"));
    let told =
        format!("The server takes lines of at most 65536 bytes, not this: post tea {}...", &long[..QUOTED]);
    assert_eq!(machine.outputs_now(), [unknown("one"), tells(&told), unknown("two")]);
}

/// A server that keeps the history of one group, and the two directions of its connection to the machine. A
/// message's text is the number of the log and its own.
struct Simulated {
    machine: Machine,
    /// How often the log began anew.
    log: u64,
    first: u64,
    last: u64,
    /// The next number that the subscription delivers; `None` before the join.
    next: Option<u64>,
    requests: VecDeque<Request>,
    /// A reply to `History` under way: the next number, and how many more.
    replying: Option<(u64, u64)>,
    replies: VecDeque<Reply>,
    connected: bool,
    /// What the user has seen last: the number of the log, and that of the message.
    seen: Option<(u64, u64)>,
}

/// The number of messages that the subscription may be behind.
const CAPACITY: u64 = 4;

/// The number of messages in one reply, at most.
const PAGE: u64 = 3;

#[derive(Clone, Debug)]
enum Event {
    Post(u64),
    Deliver,
    Serve,
    Receive,
    Forget(u64),
    Break,
    Connect,
    Restart,
}

impl Simulated {
    fn new(confirms: bool) -> Self {
        let mut simulated = Self {
            machine: Machine::new(true, confirms),
            log: 0,
            first: 1,
            last: 0,
            next: None,
            requests: VecDeque::new(),
            replying: None,
            replies: VecDeque::new(),
            connected: true,
            seen: None,
        };
        simulated.machine.typed(join("tea"));
        simulated.carry_out();
        simulated
    }

    fn happens(&mut self, event: &Event) {
        match *event {
            Event::Post(count) => self.last += count,
            Event::Deliver => self.deliver(),
            Event::Serve => self.serve(),
            Event::Receive => {
                if let Some(reply) = self.replies.pop_front() {
                    self.machine.received(reply);
                    self.carry_out();
                }
            }
            Event::Forget(count) => self.first = (self.first + count).min(self.last + 1),
            Event::Break => self.break_up(),
            Event::Connect => {
                if !self.connected && self.machine.reconnects() {
                    self.connected = true;
                    self.machine.connected();
                    self.carry_out();
                }
            }
            Event::Restart => {
                self.break_up();
                // A log that began anew before anything of it was shown cannot be noticed, and need not be.
                if self.machine.reconnects() && self.seen.is_some_and(|(_, number)| number > 0) {
                    (self.log, self.first, self.last) = (self.log + 1, 1, 0);
                    self.happens(&Event::Connect);
                    while !self.requests.is_empty() || self.replying.is_some() || !self.replies.is_empty() {
                        self.serve();
                        self.happens(&Event::Receive);
                    }
                }
            }
        }
    }

    fn break_up(&mut self) {
        if !self.connected || !self.machine.reconnects() {
            return; // The client would end.
        }
        self.connected = false;
        (self.next, self.replying) = (None, None);
        self.requests.clear();
        self.replies.clear();
        self.machine.lost();
        self.carry_out();
    }

    fn send(&mut self, number: u64) {
        self.replies.push_back(message("tea", &format!("{} {number}", self.log), number));
    }

    fn deliver(&mut self) {
        let Some(next) = self.next.as_mut().filter(|next| **next <= self.last) else { return };
        let behind = self.last + 1 - *next;
        let lost = behind.saturating_sub(CAPACITY);
        let number = *next + lost;
        *next = number + 1;
        if lost > 0 {
            self.replies.push_back(error(&format!("Dropped {lost} messages from tea.")));
        }
        self.send(number);
    }

    /// Carries out a request, or goes on with a reply.
    fn serve(&mut self) {
        if let Some((after, left)) = self.replying {
            let number = (after + 1).max(self.first);
            if left > 0 && number <= self.last {
                self.send(number);
                self.replying = Some((number, left - 1));
            } else {
                self.replying = None;
                self.replies.push_back(end("tea", after, after < self.last));
            }
            return;
        }
        match self.requests.pop_front() {
            Some(Request::Join { after, .. }) if self.next.is_none() => match after {
                Some(after) if after > self.last => self.replies.push_back(error(&format!(
                    "Group 'tea' not joined: message {after} is not there yet, the last one is {}",
                    self.last
                ))),
                Some(after) => {
                    (self.first.max(after + 1)..=self.last).for_each(|number| self.send(number));
                    self.next = Some(self.last + 1);
                }
                None => self.next = Some(self.last + 1),
            },
            Some(Request::History { limit: 0, .. }) => self.replies.push_back(end("tea", self.last, true)),
            Some(Request::History { after, limit, .. }) => self.replying = Some((after, limit.min(PAGE))),
            _ => {}
        }
    }

    /// Checks what the user sees.
    fn carry_out(&mut self) {
        for output in self.machine.outputs_now() {
            match output {
                Output::Send(request) => self.requests.push_back(request),
                Output::Show(Shown::Message { message, .. }) => {
                    let (log, number) = message.split_once(' ').unwrap();
                    let now = (log.parse().unwrap(), number.parse().unwrap());
                    let expected = self.seen.map_or(now, |(log, number)| (log, number + 1));
                    assert_eq!(now, expected);
                    self.seen = Some(now);
                }
                Output::Show(Shown::Lost { count, .. }) => {
                    // Before the first message is shown, the lost ones are counted from the number at the join.
                    let Some((log, number)) = self.seen else { continue };
                    assert!(log < self.log || number + count < self.first, "{count} after {number} are kept");
                    self.seen = Some((log, number + count));
                }
                Output::Show(Shown::Joined { .. }) => {}
                Output::Show(Shown::Error(_)) => assert_eq!(self.seen, None),
                Output::Tell(what) => {
                    assert!(what.starts_with("The history of tea began anew"), "{what}");
                    self.seen = Some((self.log, 0));
                }
                Output::Show(list @ Shown::List { .. }) => panic!("{list:?}"),
            }
        }
    }

    /// Goes on until nothing more happens.
    fn comes_to_rest(&mut self) {
        self.happens(&Event::Connect);
        for round in 0.. {
            assert!(round < 10_000, "it never comes to rest");
            let delivered = self.next.is_none_or(|next| next > self.last);
            let idle = self.requests.is_empty() && self.replying.is_none() && self.replies.is_empty();
            if delivered && idle {
                assert!(self.machine.is_idle());
                return;
            }
            for event in [Event::Serve, Event::Deliver, Event::Receive] {
                self.happens(&event);
            }
        }
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1..9_u64).prop_map(Event::Post),
        8 => Just(Event::Deliver),
        8 => Just(Event::Serve),
        8 => Just(Event::Receive),
        1 => (1..9_u64).prop_map(Event::Forget),
        1 => Just(Event::Break),
        2 => Just(Event::Connect),
        1 => Just(Event::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn each_message_is_shown_once_and_in_order(
        confirms: bool,
        events in prop::collection::vec(any_event(), 0..120),
    ) {
        let mut simulated = Simulated::new(confirms);
        for event in &events {
            simulated.happens(event);
        }
        simulated.comes_to_rest();
        // If nothing at all is kept, the user learns with the next message what is lost.
        if let Some(seen) = simulated.seen && simulated.first <= simulated.last {
            prop_assert_eq!(seen, (simulated.log, simulated.last));
        }
    }
}
