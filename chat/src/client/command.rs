//! The commands that a user types.
//!
//! Used by `client/session` and `client/catch_up`. Next: `client/input`.

use super::output::tell;
use crate::FromClient;

/// The number of messages that `history` lists if none is given, and at most.
const LISTED: u64 = 10;
const LONGEST_LIST: u64 = 1000;

/// What the user has typed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    Join { group: String },
    Post { group: String, message: String },
    History { group: String, count: u64 },
}

/// Parses one line of input, as [`parse_command`] does, and one more command.
pub(super) fn command(line: &str) -> Option<Command> {
    let Some(("history", rest)) = first_word(line) else {
        return Some(match parse_command(line)? {
            FromClient::Join { group_name } => Command::Join { group: group_name },
            FromClient::Post { group_name, message } => Command::Post { group: group_name, message },
        });
    };
    let mut words = rest.split_whitespace();
    let count = |number: &str| number.parse().ok().filter(|count| (1..=LONGEST_LIST).contains(count));
    let group = words.next();
    let count = words.next().map_or(Some(LISTED), count);
    let (Some(group), Some(count), None) = (group, count, words.next()) else {
        tell(format_args!(
            "Usage: history GROUP [NUMBER] (1 to {LONGEST_LIST} messages; {LISTED} if none is given)"
        ));
        return None;
    };
    Some(Command::History { group: group.to_owned(), count })
}

/// Parses one line of input. Returns `None` if it is empty or not a command. A line that is not a command is
/// reported on stderr; if an argument of `join` or `post` is missing, or one is too many, the report is its
/// usage.
///
/// ```
/// use chat::{FromClient, client::parse_command};
/// let post = parse_command("post tea   is it ready?\n");
/// let expected = FromClient::Post { group_name: "tea".into(), message: "is it ready?".into() };
/// assert_eq!(post, Some(expected));
/// assert_eq!(parse_command("join"), None);
/// ```
pub fn parse_command(line: &str) -> Option<FromClient> {
    // The newline ends the command; other white space at the end belongs to the message.
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let (command, rest) = first_word(line)?;
    match command {
        "join" => {
            if let Some((group, rest)) = first_word(rest)
                && rest.trim_start().is_empty()
            {
                return Some(FromClient::Join { group_name: group.to_string() });
            }
            tell(format_args!("Usage: join GROUP (one word)"));
            None
        }
        "post" => {
            let Some((group, rest)) = first_word(rest) else {
                tell(format_args!("Usage: post GROUP MESSAGE..."));
                return None;
            };
            Some(FromClient::Post { group_name: group.to_string(), message: rest.trim_start().to_string() })
        }
        _ => {
            tell(format_args!("Unrecognized command: {line:?}"));
            None
        }
    }
}

/// Splits a text after its first word. Returns `None` if there is no word.
fn first_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}
