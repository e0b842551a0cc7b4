//! Browsers: whose pages may use the server, and lines from frames.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Returns whether a WebSocket request is from a page that this server has served.
pub fn is_own_page(host: &str, origin: Option<&str>, names: &[&str]) -> bool {
    let Some(origin) = origin else { return false };
    let same = origin.strip_prefix("http://").or(origin.strip_prefix("https://")) == Some(host);
    same && is_known(name_of(host), names)
}

/// Returns the host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    }
}

fn is_known(name: &str, names: &[&str]) -> bool {
    let v6 = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let in_numbers =
        name.parse::<Ipv4Addr>().is_ok() || v6.is_some_and(|name| name.parse::<Ipv6Addr>().is_ok());
    in_numbers || names.contains(&name)
}

/// Why a frame is refused.
#[derive(Debug, PartialEq)]
pub enum Refused {
    TooLong,
    TwoLines,
}

/// Returns the line of a frame, with its newline.
pub fn line_of(frame: &str, limit: usize) -> Result<String, Refused> {
    let text = frame.strip_suffix('\n').unwrap_or(frame);
    if text.len() > limit {
        return Err(Refused::TooLong);
    }
    if text.contains('\n') {
        return Err(Refused::TwoLines);
    }
    Ok(format!("{text}\n"))
}
