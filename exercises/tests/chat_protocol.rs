//! Exercises of the chapter "The protocol": `stubs/chat_protocol.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/chat_protocol.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/chat_protocol.rs")]
mod chat_protocol;

use chat_protocol::{Line, Request, understand};

fn join(group_name: &str) -> Line {
    Line::Request(Request::Join { group_name: group_name.to_owned() })
}

#[test]
fn exercise_1_a_newer_clients_request_is_no_nonsense() {
    assert_eq!(understand(r#"{"Join":{"group_name":"tea"}}"#), join("tea"));
    assert_eq!(understand(r#"{"Leave":{"group_name":"tea"}}"#), Line::Unknown("Leave".to_owned()));
    assert_eq!(understand(r#"{"Whisper":7}"#), Line::Unknown("Whisper".to_owned()));
    for nonsense in ["", "{", "7", "[1]", "{}", r#"{"Join":7}"#, r#"{"A":1,"B":2}"#] {
        assert_eq!(understand(nonsense), Line::Nonsense, "{nonsense}");
    }
}

#[test]
fn exercise_2_an_older_client_is_understood() {
    let understood: Result<Request, _> = serde_json::from_str(r#"{"Join":{"group":"tea"}}"#);
    let expected = Request::Join { group_name: "tea".to_owned() };
    assert_eq!(understood.expect("the field was called `group` once"), expected);
    let post: Request =
        serde_json::from_str(r#"{"Post":{"group":"tea","message":"hello"}}"#).expect("as in `Join`");
    assert_eq!(post, Request::Post { group_name: "tea".to_owned(), message: "hello".to_owned() });
    let today: Request = serde_json::from_str(r#"{"Join":{"group_name":"tea"}}"#).expect("the current form");
    assert_eq!(today, expected);
}
