//! What a reply says, whichever command it belongs to.
//!
//! A reply does not say which command it is for. If each place that expects one took its items apart, each would have
//! its own way to fail on nonsense.
//!
//! - X1  What fits no form is [`Parsed::Nonsense`], which no command expects: it ends the connection.
//!
//! Used by `log/redis/state/replies`. Next: `log/redis/watched`.

use std::mem;

use super::super::{Limit, LogError, Page};
use super::resp::Item;
use super::scripts;

/// What a reply says.
#[derive(Debug)]
pub(super) enum Parsed {
    Refused(String),
    Number(u64),
    /// The last number, and the last one before; `None` if there was none.
    LastAndBefore(u64, Option<u64>),
    Null,
    /// The last number, and what was read.
    Entries(u64, Vec<(u64, bool, String)>),
    Subscribed,
    Text,
    Nonsense,
}

impl Parsed {
    pub(super) fn of(mut items: Vec<Item>) -> Self {
        let number = |number: i64| u64::try_from(number).ok();
        match &mut items[..] {
            [Item::Error(text)] => Parsed::Refused(mem::take(text)),
            [Item::Null] => Parsed::Null,
            [Item::Integer(one)] => number(*one).map_or(Parsed::Nonsense, Parsed::Number),
            [Item::Integer(one), Item::Integer(two)] => {
                number(*one).map_or(Parsed::Nonsense, |one| Parsed::LastAndBefore(one, number(*two)))
            }
            [Item::Text(kind), _, Item::Integer(_)] if kind.ends_with(b"subscribe") => Parsed::Subscribed,
            [Item::Text(text)] if text == b"PONG" => Parsed::Text,
            [Item::Text(_), ..] => Parsed::entries(items).unwrap_or(Parsed::Nonsense),
            _ => Parsed::Nonsense,
        }
    }

    fn entries(items: Vec<Item>) -> Option<Self> {
        let mut texts = items.into_iter().map(|item| match item {
            Item::Text(text) => Some(text),
            _ => None,
        });
        let (last, _) = scripts::id(&texts.next()??)?;
        let mut entries = Vec::new();
        while let Some(id) = texts.next() {
            let (number, message) = scripts::id(&id?)?;
            let text = texts.next()??;
            // We only write UTF-8.
            let text = String::from_utf8(text)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
            entries.push((number, message, text));
        }
        Some(Parsed::Entries(last, entries))
    }

    pub(super) fn is_page(&self) -> bool {
        matches!(self, Parsed::Refused(_) | Parsed::Null | Parsed::Entries(..))
    }

    pub(super) fn page(self, after: u64, limit: Limit) -> Result<Page, LogError> {
        match self {
            Parsed::Entries(last, entries) => scripts::page(after, limit, last, entries),
            Parsed::Refused(text) => Err(refused(&text)),
            _ => Err(LogError::NoSuchGroup),
        }
    }
}

/// The error for what Redis refuses, without the name of the script, which tells nobody anything.
pub(super) fn refused(text: &str) -> LogError {
    let text = text.split(" script: ").next().unwrap_or(text);
    LogError::Failed(format!("Redis: {text}"))
}
