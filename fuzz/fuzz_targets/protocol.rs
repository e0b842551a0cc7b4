//! What can be read as a packet is written as one line, which reads as the same packet.
#![no_main]

use chat::client::parse_command;
use chat::{FromClient, FromServer, encode_line};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn comes_round<P: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(packet: &P) {
    let line = encode_line(packet).expect("a packet of the chat has a form in JSON");
    let (newline, text) = line.split_last().expect("not empty");
    assert_eq!(*newline, b'\n');
    assert!(!text.contains(&b'\n'), "a packet is one line");
    let read: P = serde_json::from_slice(text).expect("what was written can be read");
    assert_eq!(&read, packet);
}

fuzz_target!(|input: &[u8]| {
    if let Ok(packet) = serde_json::from_slice::<FromClient>(input) {
        comes_round(&packet);
    }
    if let Ok(packet) = serde_json::from_slice::<FromServer>(input) {
        comes_round(&packet);
    }
    // The client reports other words to its user, on stderr.
    let text = String::from_utf8_lossy(input);
    for word in ["join", "post", " post\t"] {
        if let Some(request) = parse_command(&format!("{word} {text}")) {
            comes_round(&request);
            let (FromClient::Join { group_name } | FromClient::Post { group_name, .. }) = request;
            assert!(!group_name.is_empty() && !group_name.contains(char::is_whitespace));
        }
    }
});
