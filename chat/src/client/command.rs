//! The commands that a user types.
//!
//! What is typed may be anything: an argument is missing, a word is misspelled, the line ends as on another system. A
//! parser that guessed would post to the wrong group. So a line is a command as a whole, or nothing is sent, and the
//! user is told what was expected. Nothing here waits, so nothing is `async`, and a table of strings tests it.
//!
//! ```text
//!   join GROUP                one word
//!   post GROUP MESSAGE...     the rest of the line, without the white space before it
//!   history GROUP [NUMBER]    not in the chapter's protocol
//! ```
//!
//! Used by `client`, `client/session` and `client/machine`. Next: `client/input`.

use super::output::tell;
use crate::FromClient;

/// The help that the client prints on stdout when it has connected.
///
/// ```
/// assert!(chat::client::COMMANDS.starts_with("Commands:\njoin GROUP\n"));
/// ```
pub const COMMANDS: &str = "Commands:
join GROUP
post GROUP MESSAGE...
Type Control-D to leave.
";

/// The help on a terminal, where there is room for one more command.
pub(super) const COMMANDS_AND_HISTORY: &str = "Commands:
join GROUP
post GROUP MESSAGE...
history GROUP [NUMBER]
Type Control-D to leave.
";

/// How many messages `history` lists if no number is given, and at most.
const LISTED: u64 = 10;
const LONGEST_LIST: u64 = 1000;

/// What the user has typed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    Join { group: String },
    Post { group: String, message: String },
    History { group: String, count: u64 },
}

/// Parses one line of input as [`parse_command`] does, which does not know the command `history`.
pub(super) fn command(line: &str) -> Option<Command> {
    let Some(("history", rest)) = first_word(line) else {
        return Some(match parse_command(line)? {
            FromClient::Join { group_name } => Command::Join { group: group_name },
            FromClient::Post { group_name, message } => Command::Post { group: group_name, message },
        });
    };
    let mut words = rest.split_whitespace();
    let count = |word: &str| word.parse().ok().filter(|count| (1..=LONGEST_LIST).contains(count));
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
