//! Where Redis is: a URL with a password in it, which is never shown.
//!
//! ```text
//!   redis://[user:password@]host[:port][/db]      rediss://...   the same, with TLS
//! ```
//!
//! - R1  No text that is made of a URL contains its password: neither `Debug` and `Display` nor an error.
//!
//! Used by `options` and `log/redis`. Next: `options`.

use std::fmt;
use std::str::FromStr;

/// The port that Redis listens on by default.
const PORT: u16 = 6379;

/// Where a Redis server is, and how to log in to it.
///
/// ```
/// use chat::server::RedisUrl;
/// let url: RedisUrl = "redis://chat:secret@[::1]:7000/2".parse().unwrap();
/// assert_eq!(url.to_string(), "redis://[::1]:7000/2");
/// assert!("redis://localhost/two".parse::<RedisUrl>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    pub(super) host: String,
    pub(super) port: u16,
    /// The number of the database.
    pub(super) database: u32,
    pub(super) tls: bool,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
}

impl FromStr for RedisUrl {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let (tls, rest) = match (url.strip_prefix("redis://"), url.strip_prefix("rediss://")) {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => return Err("a URL such as redis://localhost:6379 is expected".to_owned()),
        };
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, address) = match authority.rsplit_once('@') {
            Some((login, address)) => (Some(login), address),
            None => (None, authority),
        };
        let (user, password) = match login.map(|login| login.split_once(':')) {
            None => (None, None),
            Some(Some((user, password))) => (Some(user).filter(|user| !user.is_empty()), Some(password)),
            Some(None) => {
                return Err("before the @ a user and a password are expected, as user:password".into());
            }
        };
        let (host, port) = host_and_port(address)?;
        let database = match database {
            "" => 0,
            database => {
                database.parse().map_err(|_| "after the host's / the number of a database is expected")?
            }
        };
        let [user, password] = [user, password].map(|part| part.map(percent_decoded).transpose());
        Ok(Self { host: host.to_owned(), port, database, tls, user: user?, password: password? })
    }
}

fn host_and_port(address: &str) -> Result<(&str, u16), String> {
    let (host, rest) = match address.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or("the ] of the host's address is missing")?,
        None => address.find(':').map_or((address, ""), |colon| address.split_at(colon)),
    };
    if host.is_empty() {
        return Err("the host is missing".to_owned());
    }
    let port = match rest.strip_prefix(':') {
        Some(port) => port.parse().map_err(|_| "after the host's : a port is expected, up to 65535")?,
        None if rest.is_empty() => PORT,
        None => return Err("after the host a : and a port, or a / and a database are expected".to_owned()),
    };
    Ok((host, port))
}

/// Replaces each `%` and its two digits by a byte.
fn percent_decoded(text: &str) -> Result<String, String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.ok_or("in the user or the password a % is not followed by two hexadecimal digits")?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).map_err(|_| "the user or the password is not UTF-8".to_owned())
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, database, tls, .. } = self;
        let scheme = if *tls { "rediss" } else { "redis" };
        match host.contains(':') {
            true => write!(f, "{scheme}://[{host}]:{port}")?,
            false => write!(f, "{scheme}://{host}:{port}")?,
        }
        if *database > 0 { write!(f, "/{database}") } else { Ok(()) }
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_found() {
        let url: RedisUrl = "rediss://a%40b:p%3a%C3%A9%2F@cache.example:1/15".parse().unwrap();
        assert_eq!((&*url.host, url.port, url.database, url.tls), ("cache.example", 1, 15, true));
        assert_eq!((url.user.as_deref(), url.password.as_deref()), (Some("a@b"), Some("p:é/")));
        let url: RedisUrl = "redis://:p@ss@127.0.0.1".parse().unwrap();
        assert_eq!((&*url.host, url.port, url.database), ("127.0.0.1", PORT, 0));
        assert_eq!((url.user, url.password.as_deref()), (None, Some("p@ss")));
    }

    #[test]
    fn an_error_names_the_part_and_not_the_password() {
        for (url, named) in [
            ("http://:secret@host", "redis://"),
            ("redis://", "host is missing"),
            ("redis://:secret@", "host is missing"),
            ("redis://secret@host", "user:password"),
            ("redis://:secret@host:65536", "port"),
            ("redis://:secret@host:", "port"),
            ("redis://:secret@[::1", "]"),
            ("redis://:secret@[::1]x", "port"),
            ("redis://:secret@host/x", "database"),
            ("redis://:secret@host/-1", "database"),
            ("redis://:secret%2@host", "hexadecimal"),
            ("redis://:secret%+1@host", "hexadecimal"),
            ("redis://:secret%é@host", "hexadecimal"),
            ("redis://:secret%ff@host", "UTF-8"),
        ] {
            let error = url.parse::<RedisUrl>().unwrap_err();
            assert!(error.contains(named) && !error.contains("secret"), "{url}: {error}");
        }
        let url: RedisUrl = "redis://:secret@host/1".parse().unwrap();
        assert_eq!(format!("{url} {url:?}"), "redis://host:6379/1 RedisUrl(redis://host:6379/1)");
    }
}
