//! Exercises of the chapter "One order over several servers": `stubs/chat_servers.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/chat_servers.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/chat_servers.rs")]
mod chat_servers;

use chat_servers::{Broken, Follower, Log, Outcome, post};

/// When the connection of an append breaks.
#[derive(Clone, Copy, PartialEq)]
enum Break {
    Never,
    BeforeTheAppend,
    AfterTheAppend,
}

struct Shared {
    messages: Vec<String>,
    breaks: Vec<Break>,
    most: usize,
    /// After how many messages each read breaks.
    pieces: Vec<usize>,
}

impl Shared {
    fn new(breaks: &[Break]) -> Self {
        Self { messages: Vec::new(), breaks: breaks.to_vec(), most: 100, pieces: Vec::new() }
    }
}

impl Log for Shared {
    fn append(&mut self, message: &str) -> Result<Option<u64>, Broken> {
        let breaks = if self.breaks.is_empty() { Break::Never } else { self.breaks.remove(0) };
        if breaks == Break::BeforeTheAppend {
            return Err(Broken);
        }
        assert!(self.messages.len() < 200, "it is appended again and again");
        if self.messages.len() == self.most {
            // A log that is full for a second is not full for ever, but the poster is to be told now.
            self.most += 100;
            return Ok(None);
        }
        self.messages.push(message.to_owned());
        let number = self.messages.len() as u64;
        if breaks == Break::AfterTheAppend { Err(Broken) } else { Ok(Some(number)) }
    }

    fn read(&mut self, after: u64, each: &mut dyn FnMut(u64, &str)) -> Result<(), Broken> {
        let piece = if self.pieces.is_empty() { usize::MAX } else { self.pieces.remove(0) };
        let missing = (1..).zip(&self.messages).skip(after as usize);
        for (place, (number, message)) in missing.enumerate() {
            if place == piece {
                return Err(Broken);
            }
            each(number, message);
        }
        Ok(())
    }
}

#[test]
fn exercise_1_a_message_is_appended_once_at_most() {
    use Break::{AfterTheAppend, BeforeTheAppend, Never};
    let mut log = Shared::new(&[Never, AfterTheAppend, BeforeTheAppend, Never]);
    let outcomes = ["one", "two", "three", "four"].map(|message| post(&mut log, message));
    assert_eq!(log.messages, ["one", "two", "four"], "no message is there twice");
    assert_eq!(outcomes, [Outcome::Posted(1), Outcome::Unknown, Outcome::Unknown, Outcome::Posted(3)]);
}

#[test]
fn exercise_1_a_full_log_refuses() {
    let mut log = Shared::new(&[]);
    log.most = 0;
    assert_eq!(post(&mut log, "one"), Outcome::Refused);
    assert!(log.messages.is_empty());
}

#[test]
fn exercise_2_each_message_is_delivered_once() {
    let mut log = Shared::new(&[]);
    let mut follower = Follower::default();
    for round in 0..5 {
        for number in 0..10 {
            post(&mut log, &format!("{round}.{number}"));
        }
        log.pieces = vec![3, 0, 4];
        follower.follow(&mut log);
    }
    let expected: Vec<_> = (1..).zip(log.messages).collect();
    assert_eq!(follower.delivered, expected);
}
