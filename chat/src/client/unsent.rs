//! The requests that are typed but not sent, as the bytes of their lines.
//!
//! The socket takes bytes, and any number of them. To write one line at a time would be one system call for
//! each. So the lines are joined, and only their lengths are kept beside them: when a connection breaks, it must
//! be known which request was sent to its end.
//!
//! ```text
//!   lines    5 │ 14            │ 9        their lengths
//!   bytes    ...{"Post":{"group_name" …   the first two were sent: they are in `begun`
//! ```
//!
//! Used by `client` and `client/session`. Next: `client/session`.

use std::collections::VecDeque;
use std::io;

use crate::framing::encode_line;
use crate::history::Request;

/// The length of a newline. If only that of a line was not sent, the server may still read the line as a request.
const NEWLINE: usize = 1;

/// A queue of bytes. Dropping it loses the requests.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    bytes: VecDeque<u8>,
    /// The length of each line, the part of the first one that was sent included.
    lines: VecDeque<usize>,
    /// The part of the first line that was sent.
    begun: Vec<u8>,
}

impl Unsent {
    /// Adds a request as the last one.
    ///
    /// # Errors
    ///
    /// The request has no form in JSON.
    pub(super) fn push(&mut self, request: &Request) -> io::Result<()> {
        let line = encode_line(request)?;
        self.lines.push_back(line.len());
        self.bytes.extend(line);
        Ok(())
    }

    /// Returns how many bytes are left to send.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns the next bytes to send.
    pub(super) fn next(&self) -> &[u8] {
        self.bytes.as_slices().0
    }

    /// This many bytes were sent. Calls `complete` with each line that was sent to its end.
    pub(super) fn sent(&mut self, mut count: usize, mut complete: impl FnMut(&[u8])) {
        while count > 0
            && let Some(&length) = self.lines.front()
        {
            let part = count.min(length - self.begun.len());
            self.begun.extend(self.bytes.drain(..part));
            count -= part;
            if self.begun.len() == length {
                complete(&self.begun);
                self.begun.clear();
                self.lines.pop_front();
            }
        }
    }

    /// The connection was lost. The posts that were not sent stay; a post that was sent in part is sent again
    /// from its beginning. All else is dropped, since it was for that connection. Calls `complete` with a line
    /// that the server may have read as a whole, because only its newline was not sent.
    pub(super) fn rewind(&mut self, complete: impl FnOnce(&[u8])) {
        let old = std::mem::take(self);
        let mut bytes = old.begun.clone();
        bytes.extend(old.bytes);
        let mut rest = &bytes[..];
        let mut lines = old.lines.into_iter().map(|length| {
            let (line, after) = rest.split_at(length);
            rest = after;
            line
        });
        let mut kept = Vec::new();
        if let Some(first) = lines.next() {
            if old.begun.len() + NEWLINE == first.len() {
                complete(first);
            } else {
                kept.push(first);
            }
        }
        kept.extend(lines);
        for line in kept {
            if matches!(serde_json::from_slice(line), Ok(Request::Post { .. })) {
                self.lines.push_back(line.len());
                self.bytes.extend(line);
            }
        }
    }

    /// Drops the requests that do not `fit`. To be called when nothing of the first line was sent.
    pub(super) fn retain(&mut self, mut fit: impl FnMut(Request) -> bool) {
        let mut old = std::mem::take(self);
        for length in old.lines {
            let line: Vec<u8> = old.bytes.drain(..length).collect();
            if serde_json::from_slice(&line).is_ok_and(&mut fit) {
                self.lines.push_back(length);
                self.bytes.extend(line);
            }
        }
    }

    /// Puts requests before all others. To be called when nothing of the first line was sent.
    ///
    /// # Errors
    ///
    /// One of them has no form in JSON.
    pub(super) fn put_first(&mut self, first: &[Request]) -> io::Result<()> {
        let old = std::mem::take(self);
        for request in first {
            self.push(request)?;
        }
        self.lines.extend(old.lines);
        self.bytes.extend(old.bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(message: &str) -> Request {
        Request::Post { group_name: "tea".into(), message: message.into() }
    }

    fn join() -> Request {
        Request::Join { group_name: "tea".into(), after: None }
    }

    fn line(request: &Request) -> Vec<u8> {
        encode_line(request).unwrap()
    }

    /// Sends this many bytes; returns the lines that are complete then.
    fn send(unsent: &mut Unsent, count: usize) -> Vec<Vec<u8>> {
        let mut complete = Vec::new();
        unsent.sent(count, |line| complete.push(line.to_vec()));
        complete
    }

    /// Returns the lines that are left.
    fn left(unsent: &mut Unsent) -> Vec<Vec<u8>> {
        send(unsent, unsent.len())
    }

    #[test]
    fn lines_are_complete_when_their_last_byte_is_sent() {
        let (one, two) = (line(&post("one")), line(&post("two")));
        let mut unsent = Unsent::default();
        unsent.push(&post("one")).unwrap();
        unsent.push(&post("two")).unwrap();
        assert_eq!(unsent.len(), one.len() + two.len());
        assert_eq!(send(&mut unsent, one.len() - 1), [[0; 0]; 0]);
        assert_eq!(send(&mut unsent, 1 + two.len()), [one, two]);
        assert!(unsent.is_empty());
    }

    #[test]
    fn what_was_begun_is_sent_again_and_only_posts_are_kept() {
        for begun in 0..line(&post("one")).len() {
            let mut unsent = Unsent::default();
            for request in [post("one"), join(), post("two")] {
                unsent.push(&request).unwrap();
            }
            assert_eq!(send(&mut unsent, begun), [[0; 0]; 0]);
            let mut unknown = Vec::new();
            unsent.rewind(|line| unknown.push(line.to_vec()));
            unsent.put_first(&[join()]).unwrap();
            let (one, two, join) = (line(&post("one")), line(&post("two")), line(&join()));
            if begun + 1 == one.len() {
                assert_eq!(unknown, [one]);
                assert_eq!(left(&mut unsent), [join, two]);
            } else {
                assert_eq!(left(&mut unsent), [join, one, two]);
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_dropped_also_if_it_was_begun() {
        for begun in [0, 9] {
            let mut unsent = Unsent::default();
            for request in [post("too long"), post("one"), post("too long"), post("two")] {
                unsent.push(&request).unwrap();
            }
            send(&mut unsent, begun);
            unsent.rewind(|_| {});
            unsent.retain(|request| request != post("too long"));
            assert_eq!(left(&mut unsent), [line(&post("one")), line(&post("two"))]);
        }
    }
}
