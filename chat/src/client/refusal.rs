//! What the server's errors mean, as far as the client has to know.
//!
//! An error is a text for a human reader, and does not say which request it is for. So the client reads those
//! that concern history, by the words that the server has for them. One whose words it does not know is shown,
//! and no more.
//!
//! Used by `client/machine/errors`. Next: `client/shown`.

/// What an error means.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// Messages of this group were dropped.
    Dropped(String),
    /// A request for history was refused because the server keeps none, or knows no such request.
    NothingKept,
    NotJoined {
        group: String,
        why: String,
    },
    /// The history of this group cannot be read, or there is no such group.
    NoHistory(String),
    /// It begins with a group's name, and may be for a post. The name may be any of these, since it may contain
    /// what comes after a name.
    Post(Vec<String>),
    /// A line was longer than this many bytes, and the server ends the connection.
    TooLong(usize),
    Other,
}

/// Reads an error. It is about the group with the longest name of those that are `known`.
pub(super) fn read(text: &str, known: impl Fn(&str) -> bool) -> Refusal {
    if let Some(group) = dropped_from(text) {
        return Refusal::Dropped(group.to_owned());
    }
    if text.ends_with("this server keeps no history") || text.starts_with("malformed request: ") {
        return Refusal::NothingKept;
    }
    let Some(rest) = text.strip_prefix("Group '") else {
        return longest(text).map_or(Refusal::Other, Refusal::TooLong);
    };
    let ends = rest.match_indices('\'').map(|(at, _)| (&rest[..at], &rest[at + 1..]));
    let Some((name, said)) = ends.clone().rfind(|(name, _)| known(name)) else {
        return Refusal::Post(ends.map(|(name, _)| name.to_owned()).collect());
    };
    let group = name.to_owned();
    if let Some(why) = said.strip_prefix(" not joined: ") {
        Refusal::NotJoined { group, why: why.to_owned() }
    } else if said == " does not exist" || said.starts_with(": no history: ") {
        Refusal::NoHistory(group)
    } else {
        Refusal::Post(vec![group])
    }
}

/// Parses `Dropped 3 messages from tea.`; returns the group.
fn dropped_from(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("Dropped ")?;
    let (count, rest) = rest.split_once(" messages from ")?;
    count.parse::<u64>().ok()?;
    rest.strip_suffix('.')
}

/// Parses `line longer than 65536 bytes`; returns the number.
fn longest(text: &str) -> Option<usize> {
    text.strip_prefix("line longer than ")?.strip_suffix(" bytes")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LineError;

    #[test]
    fn each_error_of_the_server_is_read() {
        let known = |name: &str| ["tea", "tea' not joined: x", "a. messages from b"].contains(&name);
        let not_joined =
            |group: &str, why: &str| Refusal::NotJoined { group: group.to_owned(), why: why.to_owned() };
        let too_long = LineError::TooLong(65536).to_string();
        let cases = [
            ("Dropped 3 messages from tea.", Refusal::Dropped("tea".to_owned())),
            (
                "Dropped 3 messages from a. messages from b.",
                Refusal::Dropped("a. messages from b".to_owned()),
            ),
            ("Dropped x messages from tea.", Refusal::Other),
            ("malformed request: expected value", Refusal::NothingKept),
            ("Group 'tea': no history: this server keeps no history", Refusal::NothingKept),
            ("Group 'tea' not joined: this server keeps no history", Refusal::NothingKept),
            ("Group 'tea' not joined: 3 groups are the limit", not_joined("tea", "3 groups are the limit")),
            ("Group 'tea' not joined: x' not joined: y", not_joined("tea' not joined: x", "y")),
            ("Group 'tea' does not exist", Refusal::NoHistory("tea".to_owned())),
            ("Group 'tea': no history: it cannot be read", Refusal::NoHistory("tea".to_owned())),
            ("Group 'tea': not posted: the disk is full", Refusal::Post(vec!["tea".to_owned()])),
            ("Group 'a'b' does not exist", Refusal::Post(vec!["a".to_owned(), "a'b".to_owned()])),
            (&*too_long, Refusal::TooLong(65536)),
            ("line longer than x bytes", Refusal::Other),
            ("the server stops", Refusal::Other),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text, known), expected, "{text}");
        }
    }
}
