//! A protocol that grows: requests we do not know yet, and clients that are older than we are. One solution.

use serde::Deserialize;

/// What a client asks.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub enum Request {
    Join {
        #[serde(alias = "group")]
        group_name: String,
    },
    Post {
        #[serde(alias = "group")]
        group_name: String,
        message: String,
    },
}

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    Request(Request),
    /// A request of a newer client: JSON of the form `{"Name": …}`, and the name is none of ours.
    Unknown(String),
    /// Anything else.
    Nonsense,
}

/// The names of our requests.
const NAMES: [&str; 2] = ["Join", "Post"];

/// Exercise 1. Tells what a line is. (`serde_json::Value` reads any JSON.)
pub fn understand(line: &str) -> Line {
    if let Ok(request) = serde_json::from_str(line) {
        return Line::Request(request);
    }
    let value: Option<serde_json::Value> = serde_json::from_str(line).ok();
    let names: Vec<&String> =
        value.iter().filter_map(|value| value.as_object()).flat_map(|map| map.keys()).collect();
    match names[..] {
        [name] if !NAMES.contains(&name.as_str()) => Line::Unknown(name.clone()),
        _ => Line::Nonsense,
    }
}
