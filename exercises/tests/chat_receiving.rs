//! Exercises of the chapter "Receiving packets": `stubs/chat_receiving.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/chat_receiving.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/chat_receiving.rs")]
mod chat_receiving;

use std::io;

use chat_receiving::{Packets, TooLong};
use exercises::Pieces;
use futures_lite::future::{block_on, poll_once};

#[test]
fn exercise_1_packets_do_not_depend_on_the_pieces() {
    let pieces: [&[u8]; 5] = [&[0, 0], &[0, 3, b't'], b"ea", &[0, 0, 0, 0, 0, 0, 0], &[1, b'!']];
    let mut packets = Packets::new(Pieces::of(&pieces), 10);
    for expected in ["tea", "", "!"] {
        let packet = block_on(packets.next()).expect("memory").expect("a packet");
        assert_eq!(packet, Ok(expected.as_bytes().to_vec()));
    }
    assert_eq!(block_on(packets.next()).expect("memory"), None);
}

#[test]
fn exercise_1_it_does_not_read_ahead() {
    let bytes = [0, 0, 0, 1, b'x'].repeat(100);
    let mut packets = Packets::new(Pieces::of(&[&bytes]), 10);
    for _ in 0..100 {
        assert_eq!(block_on(packets.next()).expect("memory"), Some(Ok(b"x".to_vec())));
        assert!(packets.held() <= 10 + 64, "it holds {} bytes", packets.held());
    }
    assert_eq!(block_on(packets.next()).expect("memory"), None);
}

#[test]
fn exercise_1_a_read_that_is_dropped_loses_nothing() {
    let pieces: [&[u8]; 3] = [&[0, 0, 0], &[5, b'h', b'e'], b"llo"];
    let mut packets = Packets::new(Pieces::of(&pieces), 10);
    for _ in 0..2 {
        assert!(block_on(poll_once(packets.next())).is_none(), "the packet has not arrived yet");
    }
    assert_eq!(block_on(packets.next()).expect("memory"), Some(Ok(b"hello".to_vec())));
}

#[test]
fn exercise_1_an_end_inside_of_a_packet_is_an_error() {
    let mut packets = Packets::new(Pieces::of(&[&[0, 0, 0, 5, b'h']]), 10);
    let error = block_on(packets.next()).expect_err("four more bytes are missing");
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn exercise_2_an_end_inside_of_a_packet_that_is_skipped_is_an_error() {
    let mut packets = Packets::new(Pieces::of(&[&[0, 0, 4, 0], b"xxx"]), 10);
    assert_eq!(block_on(packets.next()).expect("memory"), Some(Err(TooLong(1024))));
    let error = block_on(packets.next()).expect_err("most of the packet is missing");
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn exercise_2_a_packet_that_is_too_long_is_skipped() {
    let mut bytes = vec![0, 0, 4, 0];
    bytes.extend([b'x'; 1024]);
    bytes.extend([0, 0, 0, 2, b'o', b'k']);
    let pieces: Vec<&[u8]> = bytes.chunks(100).collect();
    let mut packets = Packets::new(Pieces::of(&pieces), 10);
    assert_eq!(block_on(packets.next()).expect("memory"), Some(Err(TooLong(1024))));
    assert!(packets.held() <= 100, "it holds {} bytes of a packet that is skipped", packets.held());
    assert_eq!(block_on(packets.next()).expect("memory"), Some(Ok(b"ok".to_vec())));
    assert_eq!(block_on(packets.next()).expect("memory"), None);
}
