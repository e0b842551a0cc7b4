//! RESP, the protocol of Redis, in its third version: what is sent, and what is received, item by item.
//!
//! A reply is a tree: an array contains strings, numbers and further arrays. A decoder that returns a whole tree
//! takes as much memory as the other side likes, and one that calls itself for each level takes the stack too.
//! But we know which tree belongs to which command. So the decoder returns one item at a time, and the
//! reader of a reply asks for the items that it expects:
//!
//! ```text
//!   *2\r\n$4\r\n41-0\r\n$3\r\ntea\r\n      ──▶   Many(2)   Text("41-0")   Text("tea")
//! ```
//!
//! - E1  Memory is bounded: a text has at most [`LONGEST`] bytes, any other line [`LINE`]. What is longer is refused
//!   before it has been received.
//! - E2  Bytes that are not RESP are an error, and never a panic.
//!
//! Used by the other files of `log/redis`. Next: `log/redis/scripts`.

use std::io::{Error, ErrorKind, Result};

/// The longest text, in bytes: twice as long as a message may be (`state`).
const LONGEST: usize = 16 << 20;

/// The longest line, in bytes: an error, a number or the length of what follows.
const LINE: usize = 64 * 1024;

/// The capacity that an empty buffer may keep, in bytes.
const KEPT: usize = 256 * 1024;

/// A part of a reply.
#[derive(Debug, PartialEq)]
pub(super) enum Item {
    /// Also a number with a fraction, or a very large one.
    Text(Vec<u8>),
    Integer(i64),
    Null,
    /// What Redis says about a command that failed. It is a whole reply.
    Error(String),
    /// An array, a set or a map: this many items follow.
    Many(u64),
    /// The same, but it is not a reply.
    Push(u64),
}

/// Bytes that were received, and not taken yet.
#[derive(Debug, Default)]
pub(super) struct Received {
    bytes: Vec<u8>,
    taken: usize,
}

impl Received {
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.drain(..std::mem::take(&mut self.taken));
        if self.bytes.is_empty() {
            self.bytes.shrink_to(KEPT);
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Returns the next item; `None` if not all of it has been received.
    pub(super) fn take(&mut self) -> Result<Option<Item>> {
        let bytes = &self.bytes[self.taken..];
        let Some(end) = bytes.iter().take(LINE).position(|&byte| byte == b'\n') else {
            return if bytes.len() < LINE { Ok(None) } else { Err(nonsense("a line without an end")) };
        };
        let line = bytes[..end].strip_suffix(b"\r").ok_or_else(|| nonsense("a line without its \\r"))?;
        let (&kind, line) = line.split_first().ok_or_else(|| nonsense("an empty line"))?;
        let mut length = end + 1;
        let item = match kind {
            b'+' | b',' | b'(' | b'#' => Item::Text(line.to_vec()),
            b'-' => Item::Error(String::from_utf8_lossy(line).into_owned()),
            b':' => Item::Integer(number(line)?),
            b'_' => Item::Null,
            b'$' | b'*' if line == b"-1" => Item::Null, // as in the second version of RESP
            b'*' | b'~' => Item::Many(number(line)?),
            b'%' => Item::Many(number::<u64>(line)?.saturating_mul(2)),
            b'>' => Item::Push(number(line)?),
            b'$' | b'=' | b'!' => {
                let announced: usize = number(line)?;
                if announced > LONGEST {
                    return Err(nonsense(&format!("a text of {announced} bytes")));
                }
                let Some(text) = bytes.get(length..length + announced + 2) else { return Ok(None) };
                length += announced + 2;
                let text = text.strip_suffix(b"\r\n").ok_or_else(|| nonsense("a text of another length"))?;
                match kind {
                    b'!' => Item::Error(String::from_utf8_lossy(text).into_owned()),
                    _ => Item::Text(text.to_vec()),
                }
            }
            _ => return Err(nonsense(&format!("a line that begins with {:?}", char::from(kind)))),
        };
        self.taken += length;
        Ok(Some(item))
    }
}

fn number<N: std::str::FromStr>(line: &[u8]) -> Result<N> {
    let number = std::str::from_utf8(line).ok().and_then(|line| line.parse().ok());
    number.ok_or_else(|| nonsense("a line that should be a number"))
}

/// The error for a reply that Redis would not send.
pub(super) fn nonsense(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("not a reply of Redis: {what}"))
}

/// Appends a command to what will be sent.
pub(super) fn encode(into: &mut Vec<u8>, command: &[&[u8]]) {
    into.extend_from_slice(format!("*{}\r\n", command.len()).as_bytes());
    for part in command {
        into.extend_from_slice(format!("${}\r\n", part.len()).as_bytes());
        into.extend_from_slice(part);
        into.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns the items of bytes that arrive in pieces of this length, and the error at their end.
    fn items(bytes: &[u8], piece: usize) -> (Vec<Item>, Option<ErrorKind>) {
        let (mut received, mut items) = (Received::default(), Vec::new());
        for piece in bytes.chunks(piece) {
            received.extend(piece);
            loop {
                match received.take() {
                    Ok(Some(item)) => items.push(item),
                    Ok(None) => break,
                    Err(error) => return (items, Some(error.kind())),
                }
            }
        }
        (items, None)
    }

    #[test]
    fn every_kind_is_understood_in_any_pieces() {
        let bytes =
            b"+OK\r\n-ERR no\r\n:-7\r\n$3\r\na\r\n\r\n$0\r\n\r\n$-1\r\n_\r\n*-1\r\n*2\r\n~1\r\n%3\r\n>3\r\n\
            ,1.5\r\n#t\r\n=5\r\ntxt:x\r\n!3\r\nERR\r\n(123456789012345678901\r\n";
        let text = |text: &str| Item::Text(text.into());
        let expected = [
            text("OK"),
            Item::Error("ERR no".into()),
            Item::Integer(-7),
            text("a\r\n"),
            text(""),
            Item::Null,
            Item::Null,
            Item::Null,
            Item::Many(2),
            Item::Many(1),
            Item::Many(6),
            Item::Push(3),
            text("1.5"),
            text("t"),
            text("txt:x"),
            Item::Error("ERR".into()),
            text("123456789012345678901"),
        ];
        for piece in [1, 2, 3, 7, bytes.len()] {
            let (items, error) = items(bytes, piece);
            assert!(items == expected && error.is_none(), "{piece}: {items:?}");
        }
    }

    #[test]
    fn nonsense_is_refused_before_it_is_received() {
        for bytes in [
            &b"$1073741824\r\n"[..],
            b"$-2\r\n",
            b"*x\r\n",
            b"HTTP/1.1 400\r\n",
            b"\r\n",
            b":1\n",
            b"$1\r\nabc",
            b":99999999999999999999\r\n",
            &[b'+'; LINE],
        ] {
            assert_eq!(items(bytes, bytes.len()), (vec![], Some(ErrorKind::InvalidData)), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_items_or_an_error(bytes: Vec<u8>, piece in 1usize..10) {
            items(&bytes, piece);
        }

        #[test]
        fn a_command_comes_back(parts: Vec<Vec<u8>>, piece in 1usize..10) {
            let mut bytes = Vec::new();
            encode(&mut bytes, &parts.iter().map(|part| &part[..]).collect::<Vec<_>>());
            let expected: Vec<Item> = std::iter::once(Item::Many(parts.len() as u64))
                .chain(parts.into_iter().map(Item::Text))
                .collect();
            prop_assert_eq!(items(&bytes, piece), (expected, None));
        }
    }
}
