//! A chat: a server with groups, a client for a terminal, and the protocol between them.
//!
//! A runtime that is tested only by itself may lack what a real program needs. This program meets what a
//! server meets: clients that vanish, flood, send nonsense or never read, while the others must be served. It
//! uses the public API of the two crates, and nothing else of them.
//!
//! ```text
//!   client ── FromClient: Join, Post ──▶ connection ──▶ group table ──▶ group (a broadcast channel)
//!     ▲                                                                   │ one subscription task for
//!     └── FromServer: Message, Error ── outgoing half (an async Mutex) ◀──┘ each connection and group
//! ```
//!
//! The protocol is one JSON value per line, in UTF-8. Blank lines are ignored.
//!
//! ```text
//! {"Join":{"group_name":"tea"}}                         a client joins a group, or creates it; no reply
//! {"Post":{"group_name":"tea","message":"hello"}}       a client posts; it need not have joined
//! {"Message":{"group_name":"tea","message":"hello"}}    sent to each member of the group
//! {"Error":"Group 'coffee' does not exist"}             sent to a client whose request failed
//! ```
//!
//! A server that keeps history adds two requests and a reply: `history`. A server that listens for browsers
//! (`server/web`) has a page that speaks the same protocol, in the frames of a WebSocket.
//!
//! Reading order: this file, `history`, `framing` (packets from bytes), `client`, `client/options`,
//! `client/command`, `client/input`, `client/numbers`, `client/posts`, `client/refusal`, `client/shown`,
//! `client/group`, `client/machine`, `client/machine/asking`, `client/machine/errors`, `client/unsent`,
//! `client/session`, `client/connecting`, `client/output`, `client/visible`, `client/screen`, `client/terminal`,
//! `client/no_terminal`;
//! then the server: `server/redis_url`, `server/options`, `server/memory`, `server/inbound`, `server/stream`,
//! `server/outbound`, `server/log`, `server/log/no_history`, `server/log/database`, `server/log/store`,
//! `server/log/disk`, `server/log/redis/resp`, `server/log/redis/scripts`, `server/log/redis/tls`,
//! `server/log/redis/connection`, `server/log/redis/settings`, `server/log/redis/parsed`,
//! `server/log/redis/watched`, `server/log/redis/done`, `server/log/redis/state`, `server/log/redis/state/replies`,
//! `server/log/redis/session`, `server/log/redis`,
//! `server/log/open`, `server/catch_up`, `server/group`, `server/group/subscription`, `server/group_table`,
//! `server/reclaim`, `server/common`, `server/posted`, `server/ending`, `server/connection`,
//! `server/connection/joining`, `server/web/origin`, `server/web/head`, `server/web/response`, `server/web/page`,
//! `server/web/runtime`, `server/web/recording`, `server/web/bridge`, `server/web/mod`, `server/no_web`, `server/mod`;
//! last `bin/seconds`, which both programs use, and the two programs in `bin/`.
#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};

pub mod client;
mod framing;
pub mod history;
pub mod server;

pub use framing::{LineError, LineReader, encode_line, receive_as_json, send_as_json};

/// A request of a client. Any string is a legal group name.
///
/// ```
/// let join = chat::FromClient::Join { group_name: "tea".to_string() };
/// assert_eq!(chat::encode_line(&join).unwrap(), b"{\"Join\":{\"group_name\":\"tea\"}}\n");
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum FromClient {
    /// Receive what is posted to this group from now on. There is no reply, unless the request fails.
    Join {
        /// The group, which is created if it does not exist.
        group_name: String,
    },
    /// Send a message to all members of a group. The client that posts need not be a member.
    Post {
        /// The group, which must exist.
        group_name: String,
        /// The text.
        message: String,
    },
}

/// A packet that the server sends to a client.
///
/// ```
/// let line = br#"{"Error":"Group 'coffee' does not exist"}"#;
/// let reply: chat::FromServer = serde_json::from_slice(line).unwrap();
/// assert_eq!(reply, chat::FromServer::Error("Group 'coffee' does not exist".to_string()));
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum FromServer {
    /// A client posted to a group that this client has joined.
    Message {
        /// The group.
        group_name: String,
        /// The text.
        message: String,
    },
    /// A request was not carried out, or messages were dropped. The text says which, for a human reader.
    Error(String),
}
