//! The lines that are typed, each at most [`LONGEST_LINE`] long.
//!
//! An input need not have lines: it may be `/dev/zero`, a binary file, or the output of a broken program. The
//! `lines()` of a buffered reader would fill the memory with such a line, and end the client at the first
//! byte that is not UTF-8. The server's reader of lines (`framing`) ends at a line that is too long. This one
//! reports such a line as soon as it is too long, and skips the rest of it; the lines before and after it are
//! carried out.
//!
//! Used by `client`, `client/session` and `client/terminal`. Next: `client/numbers`.

use std::io;
use std::mem;

use futures_lite::io::{AsyncBufRead, AsyncBufReadExt};

/// The longest line that is accepted, in bytes. A server accepts 64 KiB, unless it is configured otherwise; what it
/// accepts is known when it has refused a line (`machine/errors`).
pub(super) const LONGEST_LINE: usize = 1 << 20;

/// Some editors put this at the beginning of a file. It is not part of the first command.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

pub(super) struct Input<S> {
    source: S,
    /// The part of the next line that has been read.
    line: Vec<u8>,
    /// The line was too long: the rest of it is skipped.
    skipping: bool,
    place: Place,
}

#[derive(PartialEq)]
enum Place {
    FirstLine,
    Later,
    /// A terminal can deliver more after an end of input. It is not read again.
    End,
}

/// One line of the input.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    /// Without its newline; bytes that are not UTF-8 are replaced.
    Typed(String),
    TooLong,
}

impl<S: AsyncBufRead + Unpin> Input<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source, line: Vec::new(), skipping: false, place: Place::FirstLine }
    }

    /// Returns the next line; `None` at the end. Cancel-safe.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line>> {
        while self.place != Place::End {
            let piece = self.source.fill_buf().await?;
            if piece.is_empty() {
                let last = (!self.line.is_empty()).then(|| self.take());
                self.place = Place::End;
                return Ok(last);
            }
            let newline = piece.iter().position(|&byte| byte == b'\n');
            let length = newline.unwrap_or(piece.len());
            let too_long = !self.skipping && self.line.len() + length > LONGEST_LINE;
            if !self.skipping && !too_long {
                self.line.extend_from_slice(&piece[..length]);
            }
            self.source.consume(length + usize::from(newline.is_some()));
            if too_long {
                self.line = Vec::new();
                self.place = Place::Later;
                self.skipping = newline.is_none();
                return Ok(Some(Line::TooLong));
            }
            if newline.is_some() && !mem::take(&mut self.skipping) {
                return Ok(Some(self.take()));
            }
        }
        Ok(None)
    }

    fn take(&mut self) -> Line {
        let line = mem::take(&mut self.line);
        let mut typed = &line[..];
        if mem::replace(&mut self.place, Place::Later) == Place::FirstLine {
            typed = typed.strip_prefix(BYTE_ORDER_MARK).unwrap_or(typed);
        }
        Line::Typed(String::from_utf8_lossy(typed).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_lite::future::block_on;
    use futures_lite::io::BufReader;

    /// Returns all lines of an input that is read in pieces of `piece` bytes.
    fn lines(bytes: &[u8], piece: usize) -> Vec<Line> {
        let mut input = Input::new(BufReader::with_capacity(piece, bytes));
        std::iter::from_fn(|| block_on(input.next()).unwrap()).collect()
    }

    fn typed(line: impl Into<String>) -> Line {
        Line::Typed(line.into())
    }

    #[test]
    fn lines_are_cut_at_their_newlines() {
        for piece in [1, 2, 3, 100] {
            let expected = ["\u{feff}", "", "two\r", "\u{feff}x\u{fffd}"].map(typed);
            let text = "\u{feff}\u{feff}\n\ntwo\r\n\u{feff}x\u{0}".replace('\0', "?");
            let mut bytes = text.into_bytes();
            *bytes.last_mut().unwrap() = 0xff;
            assert_eq!(lines(&bytes, piece), expected);
        }
        assert_eq!(lines(b"", 8), []);
    }

    #[test]
    fn a_line_that_is_too_long_is_reported_once_and_costs_no_other() {
        let longest = "x".repeat(LONGEST_LINE);
        for piece in [1000, 4 * LONGEST_LINE] {
            let long = format!("one\n{longest}\n{longest}x\n{longest}{longest}\nlast\n{longest}y");
            let expected =
                [typed("one"), typed(&*longest), Line::TooLong, Line::TooLong, typed("last"), Line::TooLong];
            assert!(lines(long.as_bytes(), piece) == expected);
        }
    }
}
