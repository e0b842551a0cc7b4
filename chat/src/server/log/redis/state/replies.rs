//! What a reply of Redis leads to: outcomes, deliveries, and further commands.
//!
//! A reply does not say to which command it belongs. If each place that sends a command also read its reply, two of
//! them could take each other's. So all replies pass through here, and each is compared with what its command expects.
//!
//! - O1  What does not fit the first command in `sent` ends the connection, and the command stays there: nobody knows
//!   any more which reply belongs to which command.
//! - O2  A reply for a group that has left meanwhile is passed over, also if a group of the same name has come since.
//!
//! Used by `log/redis/state` and `log/redis/session`. Next: `log/redis/session`.

use std::io;
use std::mem;
use std::sync::Arc;

use reactor::notes;

use super::super::super::{LogError, Page};
use super::super::done::{Done, Settled};
use super::super::parsed::{Parsed, refused};
use super::super::resp::{Item, nonsense};
use super::super::scripts;
use super::super::watched::{Delivery, Watched};
use super::{Expected, Locked, Read, Stage, State, To};

impl State {
    /// A notification has come.
    ///
    /// # Errors
    ///
    /// It is none that Redis sends.
    pub(in super::super) fn notified(&self, mut items: Vec<Item>) -> io::Result<Done> {
        let kind = match items.first() {
            Some(Item::Text(kind)) => &kind[..],
            _ => b"",
        };
        match kind {
            b"subscribe" | b"unsubscribe" => return self.replied(items),
            b"message" => {}
            _ => return Ok(Done::default()),
        }
        let (Some(Item::Text(payload)), Some(Item::Text(channel))) = (items.pop(), items.pop()) else {
            return Err(nonsense("a notification without a text"));
        };
        let mut done = Done::default();
        // If somebody else has published something, it is not ours.
        let Some((number, text)) = scripts::notified(payload) else { return Ok(done) };
        let mut locked = self.lock();
        let group =
            scripts::group_of(self.database, &channel).and_then(|name| locked.groups.get_key_value(name));
        let Some((name, id)) = group.map(|(name, group)| (name.clone(), group.id)) else { return Ok(done) };
        let Some(watched) = locked.started(&name) else { return Ok(done) };
        let (delivery, after) = watched.notified(number, text);
        if let Some(after) = after {
            self.fill(&mut locked, name.clone(), id, after);
        }
        done.deliveries = delivery.map(|delivery| (name, vec![delivery]));
        Ok(done)
    }

    /// A reply has come [replies-in-order] (O1).
    ///
    /// # Errors
    ///
    /// It is not the reply to its command. Then the command is still in `sent`.
    pub(in super::super) fn replied(&self, items: Vec<Item>) -> io::Result<Done> {
        let mut locked = self.lock();
        let (deadline, expected) =
            locked.sent.pop_front().ok_or_else(|| nonsense("a reply to a command that was not sent"))?;
        let mut done = Done::default();
        match (expected, Parsed::of(items)) {
            (Expected::Post { length, outcome }, Parsed::Number(number)) => {
                locked.posting -= length;
                done.unit(outcome, if number > 0 { Ok(()) } else { Err(LogError::NoSuchGroup) });
            }
            (Expected::Post { length, outcome }, Parsed::Refused(text)) => {
                locked.posting -= length;
                done.unit(outcome, Err(refused(&text)));
            }
            (Expected::Read(Read { group, after, limit, to }), parsed) if parsed.is_page() => {
                self.read_ended(&mut locked);
                let page = parsed.page(after, limit);
                match to {
                    To::Caller(outcome) => done.outcomes.push(Settled::Page(outcome, page)),
                    To::Members(id) => done.deliveries = self.filled(&mut locked, group, id, page),
                }
            }
            (Expected::Watch { group, id }, Parsed::LastAndBefore(last, before)) => {
                self.watched(&mut locked, &mut done, group, id, last, before);
            }
            (Expected::Watch { group, id }, Parsed::Refused(text)) => {
                self.not_watched(&mut locked, &mut done, group, id, &refused(&text));
            }
            // At worst an empty stream stays.
            (Expected::Forgotten(_), Parsed::Number(_) | Parsed::Refused(_)) => {}
            // If it is refused, the members would miss messages, and not notice it: the connection ends.
            (Expected::Subscribed, Parsed::Subscribed) => {}
            (Expected::Subscribed, Parsed::Refused(text)) => {
                return Err(io::Error::other(format!("it does not let us subscribe: {text}")));
            }
            (Expected::Pong(outcome), Parsed::Text | Parsed::Refused(_)) => {
                if let Some(outcome) = outcome {
                    done.unit(outcome, Ok(()));
                }
            }
            (expected, _) => {
                locked.sent.push_front((deadline, expected));
                return Err(nonsense("the reply to another command"));
            }
        }
        Ok(done)
    }

    fn watched(
        &self,
        locked: &mut Locked,
        done: &mut Done,
        group: Arc<str>,
        id: u64,
        last: u64,
        before: Option<u64>,
    ) {
        let Some(this) = locked.groups.get_mut(&group).filter(|this| this.id == id) else { return };
        match &mut this.stage {
            Stage::Starting(waiting) => {
                for sender in mem::take(waiting) {
                    done.unit(sender, Ok(()));
                }
                this.stage = Stage::Started(Watched::start(last));
            }
            Stage::Started(watched) => {
                if before.is_none_or(|before| before < watched.last()) && watched.last() > 0 {
                    let (delivered, left) = (watched.last(), before.unwrap_or(0));
                    notes::stderr().tell(format_args!(
                        "server: Redis has lost messages: {group:?} was at {delivered}, and is at {left} there"
                    ));
                }
                if let Some(after) = watched.resume(last) {
                    self.fill(locked, group, id, after);
                }
            }
        }
    }

    fn not_watched(&self, locked: &mut Locked, done: &mut Done, group: Arc<str>, id: u64, error: &LogError) {
        let Some(this) = locked.groups.get_mut(&group).filter(|this| this.id == id) else { return };
        match &mut this.stage {
            Stage::Starting(waiting) => {
                for sender in mem::take(waiting) {
                    done.unit(sender, Err(error.clone()));
                }
                locked.groups.remove(&group);
                self.unsubscribe(locked, group);
            }
            Stage::Started(watched) => {
                notes::stderr().tell(format_args!("server: {group:?} is not read: {error}"));
                watched.cannot_read();
            }
        }
    }

    fn filled(
        &self,
        locked: &mut Locked,
        group: Arc<str>,
        id: u64,
        page: Result<Page, LogError>,
    ) -> Option<(Arc<str>, Vec<Delivery>)> {
        let this = locked.groups.get_mut(&group).filter(|this| this.id == id)?;
        let Stage::Started(watched) = &mut this.stage else { return None };
        match page {
            Ok(page) => {
                let (deliveries, after) = watched.read(page);
                if let Some(after) = after {
                    self.fill(locked, group.clone(), id, after);
                }
                Some((group, deliveries))
            }
            // The stream was removed while we were connected.
            Err(LogError::NoSuchGroup | LogError::Ahead { .. }) => {
                let known = watched.last();
                self.subscribe(locked, group, id, known);
                None
            }
            Err(error) => {
                notes::stderr().tell(format_args!("server: {group:?} is not read: {error}"));
                watched.cannot_read();
                None
            }
        }
    }
}
