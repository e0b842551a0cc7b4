//! A chat: a server with groups, a client for a terminal, and the protocol between them.
//!
//! ```text
//!   client ── FromClient: Join, Post ──▶ connection ──▶ group table ──▶ group (a broadcast channel)
//!     ▲                                                                   │ one subscription task for
//!     └── FromServer: Message, Error ── outgoing half (an async Mutex) ◀──┘ each connection and group
//! ```
//!
//! The protocol is one JSON value per line, in UTF-8; blank lines are ignored:
//!
//! ```text
//! {"Join":{"group_name":"tea"}}                     a client joins (and makes) a group; no reply
//! {"Post":{"group_name":"tea","message":"hello"}}   it posts; it need not have joined
//! {"Message":{"group_name":"tea","message":"hello"}}    what each member then gets
//! {"Error":"Group 'coffee' does not exist"}             what a client gets whose request failed
//! ```
//!
//! Reading order: this file, `framing` (packets from bytes), `client`, `client/input`,
//! `client/output`, `client/visible`; then the server:
//! `server/options`, `server/memory`, `server/inbound`, `server/outbound`, `server/group`, `server/group_table`,
//! `server/reclaim`, `server/common`, `server/ending`, `server/connection`, `server/mod`; last the two programs in `bin/`.
#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};

pub mod client;
mod framing;
pub mod server;

pub use framing::{LineError, LineReader, encode_line, receive_as_json, send_as_json};

/// What a client asks of the server. Any string is a legal group name.
///
/// ```
/// let join = chat::FromClient::Join { group_name: "tea".to_string() };
/// assert_eq!(chat::encode_line(&join).unwrap(), b"{\"Join\":{\"group_name\":\"tea\"}}\n");
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum FromClient {
    /// Receive what is posted to this group from now on. There is no reply.
    Join {
        /// The group, which is made if it does not exist.
        group_name: String,
    },
    /// Send a message to all members of a group. The poster need not be one.
    Post {
        /// The group, which must exist.
        group_name: String,
        /// The text.
        message: String,
    },
}

/// What the server sends to a client.
///
/// ```
/// let line = br#"{"Error":"Group 'coffee' does not exist"}"#;
/// let reply: chat::FromServer = serde_json::from_slice(line).unwrap();
/// assert_eq!(reply, chat::FromServer::Error("Group 'coffee' does not exist".to_string()));
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum FromServer {
    /// Someone posted to a group that this client has joined.
    Message {
        /// The group.
        group_name: String,
        /// The text.
        message: String,
    },
    /// A request could not be carried out, or messages were lost.
    Error(String),
}
