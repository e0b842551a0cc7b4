//! The protocol of a server that keeps history: what it adds to the chapter's two requests and two replies.
//!
//! A message that is only passed on is lost for a client that is away. A server that keeps the messages has to
//! name them, or a client could not say which ones it has. So each message has a number, `seq`: the first of a
//! group is 1, the next one more, without gaps, in the order in which all members receive them.
//!
//! ```text
//! {"Join":{"group_name":"tea","after":41}}                       all after number 41, then what is posted
//! {"History":{"group_name":"tea","after":41,"limit":100}}        what is kept after number 41
//!
//! {"Message":{"group_name":"tea","message":"hello","seq":42}}    a message with its number
//! {"History":{"group_name":"tea","last":42,"more":false}}        the end of the reply to a History
//! ```
//!
//! These types are a superset of [`FromClient`] and [`FromServer`]: each line of the chapter's protocol can be
//! read as one of them. A client that knows only the chapter's ignores `seq`.
//!
//! A group exists while it has members. On a server that keeps history it exists from its first message on, also
//! without members.
//!
//! Used by the client and by the server's connections. Next: `framing`.

use serde::{Deserialize, Serialize};

use crate::{FromClient, FromServer};

/// A request of a client that knows numbers.
///
/// ```
/// use chat::history::Request;
/// let join = Request::Join { group_name: "tea".into(), after: Some(41) };
/// assert_eq!(chat::encode_line(&join).unwrap(), b"{\"Join\":{\"group_name\":\"tea\",\"after\":41}}\n");
/// let join = Request::Join { group_name: "tea".into(), after: None };
/// assert_eq!(chat::encode_line(&join).unwrap(), b"{\"Join\":{\"group_name\":\"tea\"}}\n");
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum Request {
    /// Receive what is posted to this group. There is no reply, unless the request fails.
    Join {
        /// The group, which is created if it does not exist.
        group_name: String,
        /// `Some`: first what was posted after this number, without a gap, then what is posted; nothing
        /// twice. 0 is before the first message. A number that the group has not reached is an error.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
    },
    /// Send a message to all members of a group. The client that posts need not be a member.
    Post {
        /// The group, which must exist.
        group_name: String,
        /// The text.
        message: String,
    },
    /// Read messages that are kept. The reply is a [`Reply::Message`] for each, and then a
    /// [`Reply::History`]. The client need not be a member.
    History {
        /// The group, which must exist.
        group_name: String,
        /// The first message of the reply is the first one kept after this number.
        after: u64,
        /// The number of messages, at most. A server may send fewer, and says whether there are more. With 0
        /// it sends none, and the reply tells the number of the group's last message.
        limit: u64,
    },
}

/// A packet of a server that may keep history.
///
/// ```
/// use chat::history::Reply;
/// let line = br#"{"Message":{"group_name":"tea","message":"hello","seq":42}}"#;
/// let expected = Reply::Message { group_name: "tea".into(), message: "hello".into(), seq: Some(42) };
/// assert_eq!(serde_json::from_slice::<Reply>(line).unwrap(), expected);
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum Reply {
    /// A message of a group: just posted, or from its history.
    Message {
        /// The group.
        group_name: String,
        /// The text.
        message: String,
        /// The message's number in its group; `None` if the server keeps no history.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
    },
    /// The end of the reply to a [`Request::History`].
    History {
        /// The group.
        group_name: String,
        /// All that is kept up to this number has been sent: the next request goes on after it. If `limit` was
        /// 0, it is the number of the group's last message.
        last: u64,
        /// Whether there are messages after `last`.
        more: bool,
    },
    /// A request was not carried out, or messages were dropped. The text says which, for a human reader.
    Error(String),
}

impl From<FromClient> for Request {
    fn from(request: FromClient) -> Self {
        match request {
            FromClient::Join { group_name } => Request::Join { group_name, after: None },
            FromClient::Post { group_name, message } => Request::Post { group_name, message },
        }
    }
}

impl From<FromServer> for Reply {
    fn from(reply: FromServer) -> Self {
        match reply {
            FromServer::Message { group_name, message } => Reply::Message { group_name, message, seq: None },
            FromServer::Error(text) => Reply::Error(text),
        }
    }
}
