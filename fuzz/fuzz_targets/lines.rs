//! What a line says, found by the plainest means: the models of the framing and of the server share it.

use chat::FromClient;
use serde::de::Error;

/// The text of a line without its newline: a carriage return at its end is left out, and a byte order mark before the
/// first line.
pub fn text_of(line: &[u8], is_first: bool) -> &[u8] {
    let mark: &[u8] = if is_first { "\u{feff}".as_bytes() } else { b"" };
    let line = line.strip_prefix(mark).unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Parses a line's text. `None` if it is blank.
pub fn parse(text: &[u8]) -> Result<Option<FromClient>, serde_json::Error> {
    if text.trim_ascii().is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(text).map_err(serde_json::Error::custom)?;
    serde_json::from_str(text).map(Some)
}
