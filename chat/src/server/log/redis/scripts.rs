//! What Redis is asked to do: four scripts, each of which runs as one step.
//!
//! A number that is taken by one command and used by the next leaves a gap if the server ends between the two,
//! and in the meantime another server can write. Redis runs a script without anything in between. So number,
//! entry and notification are one step, for all servers together.
//!
//! ```text
//!   stream  unrolled:tea      41-0 {m: "hello"}   42-0 {m: "again"} ...     ID = number of the message
//!   channel unrolled:0:tea    "42 again"                                    0 = number of the database
//! ```
//!
//! There is no counter beside the stream, which could differ from it: the next number is that of the last entry,
//! and one more.
//!
//! - K1  A script writes nothing, or one thing. Its one command that can fail for lack of memory, of a disk or of a
//!   permission is the one that writes.
//! - K2  Numbers never go back, even if Redis has lost its data: each server names the last number that it has
//!   delivered, and the next one is above it. A marker, with the ID `N-1`, is an entry that is no message:
//!   the message that follows has a number above N.
//! - K3  A group exists while its stream exists. Watching it creates the stream, with a marker. A stream without
//!   messages is removed when no server watches the group any more: else every name that anybody has ever joined
//!   would stay.
//!
//! Used by `log/redis/settings`, `log/redis/parsed`, `log/redis/state` and `log/redis/state/replies`. Next:
//! `log/redis/tls`.

use super::super::{Limit, LogError, Page};
use super::resp;

/// Appends a message, and returns its number; 0 if the group does not exist.
///
/// The last number that the server knows is negative if it does not watch the group.
const POST: &str = "\
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local known = tonumber(ARGV[1])
if not last and known < 0 then return 0 end
local number = math.max(last and tonumber(string.match(last[1], '^%d+')) or 0, known) + 1
local text = string.format('%.0f', number)
redis.call('XADD', KEYS[1], 'MAXLEN', '=', ARGV[2], text .. '-0', 'm', ARGV[3])
redis.pcall('PUBLISH', ARGV[4], text .. ' ' .. ARGV[3])
return number";

/// Creates the stream if it does not exist, or is behind the server. Returns the last number, and the last number
/// that was there before; -1 if there was no stream.
const WATCH: &str = "\
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local before = last and tonumber(string.match(last[1], '^%d+')) or -1
local known = tonumber(ARGV[1])
if before >= known then return {before, before} end
redis.call('XADD', KEYS[1], string.format('%.0f-1', known), 'marker', '')
return {known, before}";

/// Removes the stream if it holds only the first marker, and nobody is notified of the group any more.
const FORGET: &str = "\
local entries = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 2)
if #entries ~= 1 or entries[1][1] ~= '0-1' then return 0 end
if redis.call('PUBSUB', 'NUMSUB', ARGV[1])[2] > 0 then return 0 end
return redis.call('DEL', KEYS[1])";

/// Returns the last ID, and the IDs and texts of the messages from a number on. Each becomes a line that repeats the
/// group's name. The key contains the name, so its length counts with each text.
const READ: &str = "\
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not last then return false end
local reply, from, left, bytes = {last[1]}, ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
while left > 0 do
  local wanted = math.min(left, 100)
  local entries = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', wanted)
  for _, entry in ipairs(entries) do
    bytes = bytes - #KEYS[1] - #entry[2][2]
    if bytes < 0 and #reply > 1 then return reply end
    reply[#reply + 1] = entry[1]
    reply[#reply + 1] = entry[2][2]
    from = '(' .. entry[1]
  end
  if #entries < wanted then return reply end
  left = left - wanted
end
return reply";

/// The names of a group in Redis.
fn stream(group: &str) -> Vec<u8> {
    format!("unrolled:{group}").into_bytes()
}

/// All databases of a Redis share their channels, but not their streams.
pub(super) fn channel(database: u32, group: &str) -> Vec<u8> {
    format!("unrolled:{database}:{group}").into_bytes()
}

/// Returns the group of a channel.
pub(super) fn group_of(database: u32, channel: &[u8]) -> Option<&str> {
    let prefix = format!("unrolled:{database}:");
    std::str::from_utf8(channel.strip_prefix(prefix.as_bytes())?).ok()
}

/// Appends the command that posts a message. `known` is the last number that was delivered here (K2).
pub(super) fn post(
    into: &mut Vec<u8>,
    database: u32,
    group: &str,
    known: Option<u64>,
    keep: u64,
    text: &str,
) {
    let known = known.map_or("-1".to_owned(), |known| known.to_string());
    let keep = keep.min(i64::MAX.unsigned_abs()); // Redis takes no more.
    let channel = channel(database, group);
    let arguments =
        [known.as_bytes(), keep.to_string().as_bytes(), text.as_bytes(), &channel].map(<[u8]>::to_vec);
    script(into, POST, group, &arguments);
}

/// Appends the command that creates a group's stream, if there is none or it is behind `known`.
pub(super) fn watch(into: &mut Vec<u8>, group: &str, known: u64) {
    script(into, WATCH, group, &[known.to_string().into_bytes()]);
}

/// Appends the command that removes the stream of a group in which nothing was posted, if nobody watches it (K3). The
/// notifications must have been ended before.
pub(super) fn forget(into: &mut Vec<u8>, database: u32, group: &str) {
    script(into, FORGET, group, &[channel(database, group)]);
}

/// Appends the command that reads messages after a number.
pub(super) fn read(into: &mut Vec<u8>, group: &str, after: u64, limit: Limit) {
    // A marker is no message, but counts as one. So one more than the limit brings a message at least.
    let most = if limit.messages == 0 { 0 } else { limit.messages.saturating_add(1) };
    let from = format!("{}-0", after.saturating_add(1));
    script(into, READ, group, &[from, most.to_string(), limit.bytes.to_string()].map(String::into_bytes));
}

fn script(into: &mut Vec<u8>, script: &str, group: &str, arguments: &[Vec<u8>]) {
    let key = stream(group);
    let mut command: Vec<&[u8]> = vec![b"EVAL", script.as_bytes(), b"1", &key];
    command.extend(arguments.iter().map(Vec::as_slice));
    resp::encode(into, &command);
}

/// Appends the command that asks for the notifications of a group.
pub(super) fn subscribe(into: &mut Vec<u8>, database: u32, group: &str) {
    resp::encode(into, &[b"SUBSCRIBE", &channel(database, group)]);
}

/// Appends the command that ends them.
pub(super) fn unsubscribe(into: &mut Vec<u8>, database: u32, group: &str) {
    resp::encode(into, &[b"UNSUBSCRIBE", &channel(database, group)]);
}

/// Parses a notification: the number and the text of a message.
pub(super) fn notified(payload: Vec<u8>) -> Option<(u64, String)> {
    let payload = String::from_utf8(payload).ok()?;
    let (number, text) = payload.split_once(' ')?;
    Some((number.parse().ok()?, text.to_owned()))
}

/// Parses an ID: its number, and whether it is a message's.
pub(super) fn id(text: &[u8]) -> Option<(u64, bool)> {
    let (number, kind) = std::str::from_utf8(text).ok()?.split_once('-')?;
    let number = number.parse().ok().filter(|&number: &u64| number < u64::MAX)?;
    Some((number, kind == "0"))
}

/// Makes a page of what was read. `entries` are those after `after`: the number, whether it is a message, the text.
pub(super) fn page(
    after: u64,
    limit: Limit,
    last: u64,
    entries: Vec<(u64, bool, String)>,
) -> Result<Page, LogError> {
    if after > last {
        return Err(LogError::Ahead { after, last });
    }
    let mut page = Page { last, ..Page::default() };
    if limit.messages == 0 {
        return Ok(page);
    }
    // Up to where everything is known: up to the last entry, or to the end.
    let mut until = after;
    for (number, message, text) in entries {
        if number <= until {
            continue; // Redis would not send it.
        }
        let first = page.messages.is_empty();
        let gap = number - u64::from(message) > until; // numbers between the two that are not kept
        if !first && gap || page.messages.len() as u64 == limit.messages {
            break; // The next page begins there.
        }
        if message {
            page.lost = if first { number - after - 1 } else { page.lost };
            page.messages.push((number, text));
        }
        until = number;
    }
    if page.messages.is_empty() {
        page.lost = until - after;
    }
    page.last = until;
    page.more = until < last;
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the page of these IDs, which are all after `after`.
    fn of(ids: &[&str], after: u64, messages: u64, last: u64) -> Page {
        let entries = ids.iter().map(|text| {
            let (number, message) = id(text.as_bytes()).unwrap();
            (number, message, (*text).to_owned())
        });
        page(after, Limit { messages, bytes: 0 }, last, entries.collect()).unwrap()
    }

    fn numbers(page: &Page) -> Vec<u64> {
        page.messages.iter().map(|(number, _)| *number).collect()
    }

    #[test]
    fn a_page_ends_where_messages_are_missing() {
        let page = of(&["3-0", "4-0", "9-0"], 0, 10, 9);
        assert_eq!((numbers(&page), page.lost, page.last, page.more), (vec![3, 4], 2, 4, true));
        let page = of(&["9-0"], 4, 10, 9);
        assert_eq!((numbers(&page), page.lost, page.last, page.more), (vec![9], 4, 9, false));
    }

    #[test]
    fn a_marker_is_no_message_and_nothing_is_before_it() {
        let page = of(&["4-0", "6-1", "7-0"], 3, 10, 7);
        assert_eq!((numbers(&page), page.lost, page.last, page.more), (vec![4], 0, 4, true));
        let page = of(&["6-1", "7-0"], 4, 10, 7);
        assert_eq!((numbers(&page), page.lost, page.last, page.more), (vec![7], 2, 7, false));
        let page = of(&["6-1"], 4, 10, 6);
        assert_eq!((numbers(&page), page.lost, page.last, page.more), (vec![], 2, 6, false));
        // The first marker of a group, before any message.
        let page = of(&[], 0, 10, 0);
        assert_eq!((numbers(&page), page.lost, page.last, page.more), (vec![], 0, 0, false));
    }

    #[test]
    fn a_page_has_as_many_messages_as_were_asked_for() {
        let page = of(&["1-0", "2-0", "3-0"], 0, 2, 8);
        assert_eq!((numbers(&page), page.lost, page.last, page.more), (vec![1, 2], 0, 2, true));
        let page = of(&[], 2, 0, 8);
        assert_eq!((numbers(&page), page.lost, page.last, page.more), (vec![], 0, 8, false));
        let ahead = LogError::Ahead { after: 9, last: 8 };
        assert_eq!(super::page(9, Limit { messages: 0, bytes: 0 }, 8, vec![]), Err(ahead));
    }

    #[test]
    fn what_redis_would_not_send_is_passed_over() {
        let page = of(&["0-0", "5-0", "5-0", "4-0", "6-0"], 4, 10, 6);
        assert_eq!((numbers(&page), page.lost, page.last, page.more), (vec![5, 6], 0, 6, false));
        for text in ["", "-", "5", "-1-0", "x-0", "18446744073709551615-0", "18446744073709551616-0"] {
            assert_eq!(id(text.as_bytes()), None, "{text}");
        }
        assert_eq!(notified(b"12 a b".to_vec()), Some((12, "a b".to_owned())));
        assert_eq!(notified(b"12".to_vec()), None);
        assert_eq!(group_of(3, b"unrolled:3:a:b"), Some("a:b"));
        assert_eq!(group_of(3, b"unrolled:33:a"), None);
    }
}
