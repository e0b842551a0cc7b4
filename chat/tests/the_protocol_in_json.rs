//! The form of the packets, byte for byte: existing clients and servers rely on it, and a renamed field would
//! break them.

use chat::{FromClient, FromServer, encode_line, send_as_json};
use futures_lite::future::block_on;

fn join(group: &str) -> FromClient {
    FromClient::Join { group_name: group.to_string() }
}

fn post(group: &str, message: &str) -> FromClient {
    FromClient::Post { group_name: group.to_string(), message: message.to_string() }
}

#[test]
fn requests_are_written_as_ever() {
    assert_eq!(encode_line(&join("tea")).unwrap(), b"{\"Join\":{\"group_name\":\"tea\"}}\n");
    assert_eq!(
        encode_line(&post("tea", "a \"b\"\n\u{e9}")).unwrap(),
        "{\"Post\":{\"group_name\":\"tea\",\"message\":\"a \\\"b\\\"\\n\u{e9}\"}}\n".as_bytes()
    );
}

#[test]
fn replies_are_written_as_ever() {
    let message = FromServer::Message { group_name: "tea".to_string(), message: "hello".to_string() };
    let mut sent = Vec::new();
    block_on(async {
        send_as_json(&mut sent, &message).await.unwrap();
        send_as_json(&mut sent, &FromServer::Error("no".to_string())).await.unwrap();
    });
    assert_eq!(sent, b"{\"Message\":{\"group_name\":\"tea\",\"message\":\"hello\"}}\n{\"Error\":\"no\"}\n");
}

#[test]
fn requests_are_read_in_every_form() {
    let forms = [
        (r#"{"Join":{"group_name":"g"}}"#, join("g")),
        (r#"{"Join":["g"]}"#, join("g")),
        (r#" { "Join" : { "group_name" : "g" } } "#, join("g")),
        (r#"{"Join":{"extra":[1,{}],"group_name":"g"}}"#, join("g")),
        (r#"{"Join":{"group_name":"\u00e9\u0000"}}"#, join("\u{e9}\0")),
        (r#"{"Join":{"group_name":""}}"#, join("")),
        (r#"{"Post":["g","m"]}"#, post("g", "m")),
        (r#"{"Post":{"message":"m","group_name":"g","at":1}}"#, post("g", "m")),
    ];
    for (text, expected) in forms {
        let read: FromClient = serde_json::from_str(text).expect(text);
        assert_eq!(read, expected, "{text}");
    }
}

#[test]
fn what_is_no_request_is_refused() {
    let deep = "[".repeat(100_000);
    let deep_field = format!("{{\"Join\":{{\"group_name\":\"g\",\"x\":{deep}");
    let lines = [
        "",
        " ",
        "null",
        "{}",
        "[]",
        "\"Join\"",
        "{\"Join\":{}}",
        "{\"Join\":[]}",
        "{\"Leave\":{\"group_name\":\"g\"}}",
        "{\"Join\":{\"group_name\":1}}",
        "{\"Join\":{\"group_name\":\"g\"}} {}",
        "{\"Join\":{\"group_name\":\"g\"}",
        "{\"Post\":{\"group_name\":\"g\"}}",
        &deep,
        &deep_field,
    ];
    for line in lines {
        assert!(serde_json::from_str::<FromClient>(line).is_err(), "{line:.40}");
    }
    assert!(serde_json::from_slice::<FromClient>(b"{\"Join\":{\"group_name\":\"\xff\"}}").is_err());
}
