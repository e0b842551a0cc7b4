//! A log on another machine: appending to it, and following it, over a connection that breaks.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

/// The connection has broken.
#[derive(Debug, PartialEq)]
pub struct Broken;

/// A log that several servers share. Each call uses a new connection, which may break at any moment: before the
/// call has reached the log, or after it was carried out, when only its reply is lost.
pub trait Log {
    /// Appends a message. Returns its number, or `None` if the log is full and has refused it.
    fn append(&mut self, message: &str) -> Result<Option<u64>, Broken>;

    /// Calls `each` for the messages after a number, in their order. It may break after some of them.
    fn read(&mut self, after: u64, each: &mut dyn FnMut(u64, &str)) -> Result<(), Broken>;
}

/// What a poster is told.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    Posted(u64),
    /// Nobody will see the message.
    Refused,
    /// Nobody knows whether the log has it.
    Unknown,
}

/// Exercise 1. Appends a message, at most once, and says what is known.
pub fn post(log: &mut impl Log, message: &str) -> Outcome {
    loop {
        if let Ok(Some(number)) = log.append(message) {
            return Outcome::Posted(number);
        }
    }
}

/// A server that delivers what all servers append.
#[derive(Debug, Default)]
pub struct Follower {
    pub delivered: Vec<(u64, String)>,
}

impl Follower {
    /// Exercise 2. Delivers all messages that the log has and that were not delivered yet, in their order, each
    /// once. It tries again until a read ends without breaking.
    pub fn follow(&mut self, log: &mut impl Log) {
        while log.read(0, &mut |number, message| self.delivered.push((number, message.to_owned()))).is_err() {
        }
    }
}
