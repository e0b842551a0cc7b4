//! The lines that a user sees on stdout.
//!
//! Each contains what other clients wrote. If each place that shows something wrote its own line, one of them would
//! forget to make that safe (`visible`). So the machine says what is to be shown, as a value that a test can compare,
//! and only this file makes lines of it.
//!
//! Used by `client/machine`, its parts, and `client/session`. Next: `client/group`.

use super::visible::Reader;

/// A line on stdout.
#[derive(Debug, PartialEq)]
pub(super) enum Shown {
    Message {
        group: String,
        message: String,
    },
    Error(String),
    /// The group was joined, and has this many messages.
    Joined {
        group: String,
        count: u64,
    },
    /// Messages that the server no longer keeps, and that were not shown before.
    Lost {
        group: String,
        count: u64,
    },
    /// The head of a list of the last messages that are kept.
    List {
        group: String,
        count: usize,
    },
}

/// Appends a line in the form that the user sees: one line, whatever other clients wrote.
pub(super) fn describe(shown: &Shown, reader: Reader, text: &mut String) {
    match shown {
        Shown::Message { group, message } => {
            text.push_str("message posted to ");
            reader.append(group, text);
            text.push_str(": ");
            reader.append(message, text);
        }
        Shown::Error(error) => {
            text.push_str("error from server: ");
            reader.append(error, text);
        }
        Shown::Joined { group, count } => {
            text.push_str("joined ");
            reader.append(group, text);
            text.push_str(&format!(", {} so far", messages(*count)));
        }
        Shown::Lost { group, count } => {
            text.push_str("lost: ");
            text.push_str(&messages(*count));
            text.push_str(" of ");
            reader.append(group, text);
            text.push_str(", which the server no longer keeps");
        }
        Shown::List { group, count } => {
            text.push_str("the last ");
            text.push_str(&messages(*count as u64));
            text.push_str(" of ");
            reader.append(group, text);
            text.push(':');
        }
    }
    text.push('\n');
}

fn messages(count: u64) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{count} messages") }
}
