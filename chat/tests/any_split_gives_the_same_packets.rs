//! The packets of a stream do not depend on the pieces in which the network delivers it, nor on reads that
//! are dropped.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use chat::{FromClient, LineError, LineReader, encode_line, receive_as_json};
use futures_lite::future::block_on;
use futures_lite::io::{AsyncBufRead, AsyncRead, BufReader};
use futures_lite::{StreamExt, future};
use proptest::prelude::*;

/// Yields bytes in pieces of the given sizes, and is pending before each.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: std::iter::Cycle<std::vec::IntoIter<usize>>,
    rested: bool,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
        self.rested = !self.rested;
        if self.rested {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let wanted = self.sizes.next().unwrap_or(1);
        let length = wanted.min(to.len()).min(self.bytes.len());
        let (piece, rest) = self.bytes.split_at(length);
        to[..length].copy_from_slice(piece);
        self.bytes = rest;
        Poll::Ready(Ok(length))
    }
}

fn pieces(bytes: &[u8], sizes: Vec<usize>) -> BufReader<Pieces<'_>> {
    let pieces = Pieces { bytes, sizes: sizes.into_iter().cycle(), rested: false };
    BufReader::with_capacity(64, pieces)
}

/// Returns each packet, or `None` for a line that is not one.
fn packets(inbound: impl AsyncBufRead + Unpin) -> Vec<Option<FromClient>> {
    block_on(async {
        let mut packets = pin!(receive_as_json(inbound));
        let mut all = Vec::new();
        while let Some(packet) = packets.next().await {
            all.push(packet.ok());
        }
        all
    })
}

/// Returns the lines before the first one that is too long, and whether there was one.
fn lines(inbound: impl AsyncBufRead + Unpin, limit: usize) -> (Vec<Vec<u8>>, bool) {
    block_on(async {
        let mut reader = LineReader::new(inbound, limit);
        let mut all = Vec::new();
        loop {
            match reader.next_line().await {
                Ok(Some(line)) => all.push(line.to_vec()),
                Ok(None) => return (all, false),
                Err(LineError::TooLong(at)) => {
                    assert_eq!(at, limit);
                    return (all, true);
                }
                Err(LineError::Io(error)) => panic!("{error}"),
            }
        }
    })
}

fn request() -> impl Strategy<Value = FromClient> {
    let text = || any::<String>();
    prop_oneof![
        text().prop_map(|group_name| FromClient::Join { group_name }),
        (text(), text()).prop_map(|(group_name, message)| FromClient::Post { group_name, message }),
    ]
}

/// A valid line with its packet, or a malformed one; each with its newline.
fn line() -> impl Strategy<Value = (Vec<u8>, Option<FromClient>)> {
    let good = || request().prop_map(|request| (encode_line(&request).unwrap(), Some(request)));
    let with_return = good().prop_map(|(mut line, request)| {
        line.insert(line.len() - 1, b'\r');
        (line, request)
    });
    let noise = prop::collection::vec(any::<u8>(), 0..40).prop_map(|mut line| {
        line.retain(|&byte| byte != b'\n');
        line.extend_from_slice(b"?\n");
        (line, None)
    });
    prop_oneof![3 => good(), 1 => with_return, 1 => noise]
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1usize..200, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn any_split_gives_the_same_packets(
        written in prop::collection::vec(line(), 0..12),
        terminated: bool,
        sizes in sizes(),
    ) {
        let mut bytes: Vec<u8> = written.iter().flat_map(|(line, _)| line.clone()).collect();
        let expected: Vec<_> = written.into_iter().map(|(_, request)| request).collect();
        if !terminated {
            bytes.pop();
        }
        prop_assert_eq!(&packets(&bytes[..]), &expected);
        prop_assert_eq!(&packets(pieces(&bytes, sizes)), &expected);
    }

    #[test]
    fn any_split_finds_the_same_line_too_long(
        bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..400),
        limit in 0usize..40,
        sizes in sizes(),
    ) {
        prop_assert_eq!(lines(&bytes[..], limit), lines(pieces(&bytes, sizes), limit));
    }

    #[test]
    fn a_dropped_read_loses_nothing(
        bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..400),
        sizes in sizes(),
    ) {
        let expected = lines(&bytes[..], 1000).0;
        let mut reader = LineReader::new(pieces(&bytes, sizes), 1000);
        let mut all = Vec::new();
        loop {
            // Each poll is of a new future, which is dropped when it is pending.
            match block_on(future::poll_once(reader.next_line())) {
                None => continue,
                Some(Ok(Some(line))) => all.push(line.to_vec()),
                Some(Ok(None)) => break,
                Some(Err(error)) => panic!("{error}"),
            }
        }
        prop_assert_eq!(all, expected);
    }
}

#[test]
fn a_line_of_just_the_limit_is_taken() {
    assert_eq!(lines(&b"1234\n12345\n"[..], 4), (vec![b"1234".to_vec()], true));
    assert_eq!(lines(&b"1234"[..], 4), (vec![b"1234".to_vec()], false));
    assert_eq!(lines(&b"\n\n"[..], 4), (vec![Vec::new(), Vec::new()], false));
}

#[test]
fn an_endless_line_is_refused_before_it_ends() {
    let endless = BufReader::new(futures_lite::io::repeat(b'x'));
    assert_eq!(lines(endless, 1 << 16), (Vec::new(), true));
}
