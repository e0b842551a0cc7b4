//! A protocol that evolves: requests from newer clients, and requests from older ones. One solution.

use serde::Deserialize;

/// A client's request.
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

/// The kinds of lines.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    Request(Request),
    /// A request from a newer client: JSON of the form `{"Name": …}` with an unknown name.
    Unknown(String),
    /// Anything else.
    Nonsense,
}

/// The names of the known requests.
const NAMES: [&str; 2] = ["Join", "Post"];

/// Exercise 1. Returns what a line is. (`serde_json::Value` reads any JSON.)
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
