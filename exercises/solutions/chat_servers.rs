//! A log on another machine: appending to it, and following it, over a connection that breaks.

/// The connection has broken.
#[derive(Debug, PartialEq)]
pub struct Broken;

/// A log that several servers share.
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
    Refused,
    Unknown,
}

/// Appends a message, at most once. A second try after a break could append it twice.
pub fn post(log: &mut impl Log, message: &str) -> Outcome {
    match log.append(message) {
        Ok(Some(number)) => Outcome::Posted(number),
        Ok(None) => Outcome::Refused,
        Err(Broken) => Outcome::Unknown,
    }
}

/// A server that delivers what all servers append.
#[derive(Debug, Default)]
pub struct Follower {
    pub delivered: Vec<(u64, String)>,
}

impl Follower {
    /// Reading may be repeated as often as one likes, if it goes on after the last message that was delivered.
    pub fn follow(&mut self, log: &mut impl Log) {
        loop {
            let last = self.delivered.last().map_or(0, |(number, _)| *number);
            let deliver = &mut |number, message: &str| self.delivered.push((number, message.to_owned()));
            if log.read(last, deliver).is_ok() {
                return;
            }
        }
    }
}
