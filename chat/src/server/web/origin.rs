//! Which requests come from the server's own page.
//!
//! A browser lets a page of any site connect to any WebSocket, and sends along whatever gives the user access: the
//! user's place in the network, at least. So a page of another site could read and write here in the name of a
//! user behind a firewall. The browser says which page asks, in `Origin`. A check of that alone is not enough: the
//! owner of `evil.example` may let the name point to this server's address after the page has been loaded ("DNS
//! rebinding"), and then the page's origin is the host that it asks for.
//!
//! ```text
//!   Host:    an address, localhost, or a name that the operator has given?     else 403
//!   Origin:  the same host and port?  Sec-Fetch-Site: the same origin?         else 403
//! ```
//!
//! - O1  `Host` is a literal address or a known name. No other name can lead here, so none can be rebound.
//! - O2  A request that does something, or reads what the server knows, comes from a page with this very host and
//!   port. For a WebSocket or a recording `Origin` must be there; elsewhere a program that is no browser may omit it.
//!
//! Used by `web/mod`. Next: `web/head`.

use std::net::{Ipv4Addr, Ipv6Addr};

use async_tungstenite::tungstenite::http::HeaderMap;

/// The names of hosts by which browsers may ask for this server, besides literal addresses and `localhost`.
#[derive(Debug)]
pub(super) struct Hosts(pub(super) Vec<String>);

impl Hosts {
    /// Returns the host and the port that the request asks for, as one text. Otherwise, why it is refused (O1).
    pub(super) fn asked_for<'a>(&self, headers: &'a HeaderMap) -> Result<&'a str, String> {
        let host = only(headers, "host")?.ok_or("the request names no Host")?;
        match name(host) {
            Some(name) if self.knows(name) => Ok(host),
            _ => Err(format!(
                "the host \"{}\" is none of this server's: it takes addresses, localhost, and the names given \
                 with --web-host",
                host.escape_default(),
            )),
        }
    }

    fn knows(&self, name: &str) -> bool {
        let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        match address {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => {
                name.parse::<Ipv4Addr>().is_ok()
                    || name.eq_ignore_ascii_case("localhost")
                    || self.0.iter().any(|known| known.eq_ignore_ascii_case(name))
            }
        }
    }
}

/// Checks that the request was made by a page of `host`, and that it says so if it `must`. Otherwise, returns why
/// it is refused (O2).
pub(super) fn is_own(headers: &HeaderMap, host: &str, must: bool) -> Result<(), String> {
    // A link or an address that the user has typed says `none`.
    if let Some(site) = only(headers, "sec-fetch-site")?
        && !matches!(site, "same-origin" | "none")
    {
        return Err("only this server's own page may ask for this".to_string());
    }
    match only(headers, "origin")? {
        Some(origin) => {
            let from = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            match from {
                Some(from) if from.eq_ignore_ascii_case(host) => Ok(()),
                _ => Err(format!(
                    "a page of \"{}\" may not ask for this: only this server's own page may",
                    origin.escape_default(),
                )),
            }
        }
        None if must => Err("the request names no Origin: it was not made by a page".to_string()),
        None => Ok(()),
    }
}

/// Returns the value of a header that may be there once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, String> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(format!("the request has more than one {name}"));
    }
    let text = value.map(|value| value.to_str()).transpose();
    text.map_err(|_| format!("the request's {name} is not plain ASCII"))
}

/// Returns the name in `name:port` or `name`; `None` if that is not its form.
fn name(host: &str) -> Option<&str> {
    let end = match host.starts_with('[') {
        true => host.find(']')? + 1,
        false => host.find(':').unwrap_or(host.len()),
    };
    let (name, port) = host.split_at(end);
    let port_is_one = port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    port_is_one.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_tungstenite::tungstenite::http::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_host_is_an_address_or_a_known_name() {
        let hosts = Hosts(vec!["chat.example.org".into()]);
        let known =
            ["127.0.0.1", "127.0.0.1:8080", "[::1]:80", "[::1]", "LocalHost:1", "Chat.Example.org:443"];
        for host in known {
            assert_eq!(hosts.asked_for(&headers(&[("host", host)])), Ok(host));
        }
        let unknown = [
            "evil.example",
            "chat.example.org.evil.example:80",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "[::1].evil.example",
            "127.0.0.1:80@evil.example",
            "localhost:8x",
            "::1",
            "127.1",
            "[evil]",
            "",
        ];
        for host in unknown {
            let refused = hosts.asked_for(&headers(&[("host", host)])).expect_err(host);
            assert!(refused.contains(host), "{refused}");
        }
        assert!(hosts.asked_for(&headers(&[])).is_err());
        assert!(
            hosts
                .asked_for(
                    &[("host", "::1"); 2]
                        .map(|(name, value)| {
                            (HeaderName::from_static(name), HeaderValue::from_static(value))
                        })
                        .into_iter()
                        .fold(HeaderMap::new(), |mut all, (name, value)| {
                            all.append(name, value);
                            all
                        })
                )
                .is_err()
        );
    }

    #[test]
    fn only_the_own_page_may_ask() {
        let host = "localhost:8080";
        let allowed = |pairs: &[_], must| is_own(&headers(pairs), host, must).is_ok();
        assert!(allowed(&[("origin", "http://localhost:8080")], true));
        assert!(allowed(&[("origin", "https://localhost:8080")], true), "behind a proxy that does TLS");
        assert!(allowed(&[("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")], true));
        assert!(allowed(&[], false) && !allowed(&[], true));
        assert!(allowed(&[("sec-fetch-site", "none")], false));
        let others = [
            "http://localhost",
            "http://localhost:80801",
            "http://localhost:8080.evil.example",
            "http://evil.example",
            "null",
            "file://",
            "localhost:8080",
            "",
        ];
        for origin in others {
            assert!(!allowed(&[("origin", origin)], false), "{origin}");
        }
        for site in ["cross-site", "same-site", ""] {
            assert!(
                !allowed(&[("origin", "http://localhost:8080"), ("sec-fetch-site", site)], false),
                "{site}"
            );
        }
    }
}
