//! Any bytes, cut into any pieces, give the lines and the packets that a plain split finds.
#![no_main]

mod lines;

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use chat::{FromClient, LineError, LineReader, receive_as_json};
use futures_lite::future::{block_on, poll_once};
use futures_lite::io::{AsyncBufRead, AsyncRead, BufReader};
use futures_lite::{StreamExt, future};
use libfuzzer_sys::fuzz_target;
use lines::{parse, text_of};

/// Returns bytes in pieces of these sizes. For a size of 0 it returns `Pending` instead.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: &'a [u8],
    next: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
        let size = usize::from(self.sizes[self.next % self.sizes.len()]);
        self.next += 1;
        // But not for ever, even if all sizes are 0.
        if size == 0 && self.next % 8 != 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let length = size.max(1).min(to.len()).min(self.bytes.len());
        let (piece, rest) = self.bytes.split_at(length);
        to[..length].copy_from_slice(piece);
        self.bytes = rest;
        Poll::Ready(Ok(length))
    }
}

/// The lines up to the first that is too long, and whether there is such a line, found by a plain split. The first line
/// may begin with a byte order mark, which counts for the limit and is left out.
fn expected(bytes: &[u8], limit: usize) -> (Vec<&[u8]>, bool) {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (line, after) = match rest.iter().position(|&byte| byte == b'\n') {
            Some(newline) => (&rest[..newline], &rest[newline + 1..]),
            None => (rest, &[][..]),
        };
        if line.len() > limit {
            return (lines, true);
        }
        lines.push(text_of(line, lines.is_empty()));
        rest = after;
    }
    (lines, false)
}

/// The same, found by the reader. With `impatient`, each read that is pending is dropped and started again.
fn read(inbound: impl AsyncBufRead + Unpin, limit: usize, impatient: bool) -> (Vec<Vec<u8>>, bool) {
    let mut reader = LineReader::new(inbound, limit);
    let mut lines = Vec::new();
    loop {
        let line = match impatient {
            false => Some(block_on(reader.next_line())),
            true => block_on(poll_once(reader.next_line())),
        };
        match line {
            None => continue,
            Some(Ok(Some(line))) => lines.push(line.to_vec()),
            Some(Ok(None)) => return (lines, false),
            Some(Err(LineError::TooLong(at))) => {
                assert_eq!(at, limit);
                return (lines, true);
            }
            Some(Err(LineError::Io(error))) => panic!("{error}"),
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((head, bytes)) = input.split_at_checked(9) else {
        return;
    };
    let (limit, sizes) = (usize::from(head[0]), &head[1..]);
    let pieces = || BufReader::with_capacity(16, Pieces { bytes, sizes, next: 0 });

    let (lines, too_long) = expected(bytes, limit);
    for impatient in [false, true] {
        let (read_lines, read_too_long) = read(pieces(), limit, impatient);
        assert_eq!(read_lines, lines);
        assert_eq!(read_too_long, too_long);
    }
    assert_eq!(read(bytes, limit, false).0, lines);

    let (lines, _) = expected(bytes, usize::MAX);
    let requests = lines.iter().filter_map(|line| parse(line).transpose());
    let wanted: Vec<Option<FromClient>> = requests.map(Result::ok).collect();
    let packets: Vec<Option<FromClient>> = block_on(async {
        let packets = pin!(receive_as_json(pieces()));
        future::yield_now().await;
        packets.map(Result::ok).collect().await
    });
    assert_eq!(packets, wanted);
});
