//! A packet that was read is written as one line, and that line is read as the same packet.
#![no_main]

use chat::client::parse_command;
use chat::{FromClient, FromServer, encode_line};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn survives_a_round_trip<P: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(packet: &P) {
    let line = encode_line(packet).expect("every packet can be written as JSON");
    let (newline, text) = line.split_last().expect("not empty");
    assert_eq!(*newline, b'\n');
    assert!(!text.contains(&b'\n'), "a packet is one line");
    let read: P = serde_json::from_slice(text).expect("a written packet can be read");
    assert_eq!(&read, packet);
}

fuzz_target!(|input: &[u8]| {
    if let Ok(packet) = serde_json::from_slice::<FromClient>(input) {
        survives_a_round_trip(&packet);
    }
    if let Ok(packet) = serde_json::from_slice::<FromServer>(input) {
        survives_a_round_trip(&packet);
    }
    // The client reports other commands to its user, on stderr.
    let text = String::from_utf8_lossy(input);
    for word in ["join", "post", " post\t"] {
        if let Some(request) = parse_command(&format!("{word} {text}")) {
            survives_a_round_trip(&request);
            let (FromClient::Join { group_name } | FromClient::Post { group_name, .. }) = request;
            assert!(!group_name.is_empty() && !group_name.contains(char::is_whitespace));
        }
    }
});
