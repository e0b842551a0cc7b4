//! A group that has members on this server: how far it has delivered, and what is missing.
//!
//! A notification brings a message. But notifications are lost while there is no connection, and nobody may rely
//! on them. The numbers tell: a message is delivered from a notification only if its number is the next one.
//! Otherwise the stream is read from the last number on, until nothing is missing.
//!
//! ```text
//!              started at L                    42 is notified: deliver it
//!   starting ───────────────▶ live, last = 41 ────────────────────────▶ live, last = 42
//!                             ▲     │ 44 is notified, or there is a new connection
//!                    last = 44│     ▼
//!                             reading after 41
//! ```
//!
//! - W1  `last` is the number of the last message that was delivered. It only grows, so no message is delivered
//!   twice.
//! - W2  What has a number above `last + 1` is delivered when all before it is. What Redis no longer has is reported
//!   as lost.
//! - W3  What was notified before a reply came was posted before Redis read: it is in the reply, unless the reply says
//!   that there is more. So a notification of what is not there leads to one read, not to reads for ever.
//!
//! Used by `log/redis/done`, `log/redis/state` and `log/redis/state/replies`. Next: `log/redis/done`.

use super::super::Page;

/// What is to be delivered to the members.
#[derive(Debug, PartialEq)]
pub(super) enum Delivery {
    Message(u64, String),
    /// This many messages were removed before this server has read them; the last of them has this number.
    Lost {
        count: u64,
        until: u64,
    },
}

/// A group that has started.
#[derive(Debug)]
pub(super) struct Watched {
    last: u64,
    /// The highest number that is known to exist.
    seen: u64,
    /// A read is under way, or there is no connection.
    reading: bool,
}

impl Watched {
    pub(super) fn start(last: u64) -> Self {
        Self { last, seen: last, reading: false }
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// There is no connection, and notifications are lost.
    pub(super) fn interrupt(&mut self) {
        self.reading = true;
    }

    /// There is a connection again, and the last message has this number. Returns the number after which to read,
    /// if any.
    pub(super) fn resume(&mut self, last: u64) -> Option<u64> {
        self.seen = last;
        self.go_on()
    }

    /// A message was notified. Returns what is to be delivered, or the number after which to read.
    pub(super) fn notified(&mut self, number: u64, text: String) -> (Option<Delivery>, Option<u64>) {
        self.seen = self.seen.max(number);
        if self.reading || number <= self.last {
            return (None, None);
        }
        if number == self.last + 1 {
            self.last = number;
            return (Some(Delivery::Message(number, text)), None);
        }
        (None, self.go_on())
    }

    /// Something was read after `last`. Returns what is to be delivered, and the number after which to read on, if
    /// any.
    pub(super) fn read(&mut self, page: Page) -> (Vec<Delivery>, Option<u64>) {
        let mut deliveries = Vec::with_capacity(page.messages.len() + 1);
        if page.lost > 0 {
            let until = self.last + page.lost;
            deliveries.push(Delivery::Lost { count: page.lost, until });
        }
        deliveries.extend(page.messages.into_iter().map(|(number, text)| Delivery::Message(number, text)));
        self.last = self.last.max(page.last);
        self.seen = if page.more { self.seen.max(self.last + 1) } else { self.last }; // W3
        (deliveries, self.go_on())
    }

    /// Nothing can be read. The next notification tries again.
    pub(super) fn cannot_read(&mut self) {
        self.reading = false;
    }

    fn go_on(&mut self) -> Option<u64> {
        self.reading = self.seen > self.last;
        self.reading.then_some(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u64) -> Delivery {
        Delivery::Message(number, number.to_string())
    }

    fn page(numbers: std::ops::RangeInclusive<u64>, last: u64) -> Page {
        let more = *numbers.end() < last;
        let last = *numbers.end();
        Page { messages: numbers.map(|number| (number, number.to_string())).collect(), lost: 0, last, more }
    }

    #[test]
    fn the_next_number_is_delivered_and_a_later_one_is_read() {
        let mut group = Watched::start(41);
        assert_eq!(group.notified(42, "42".into()), (Some(message(42)), None));
        assert_eq!(group.notified(42, "42".into()), (None, None), "it was delivered before");
        assert_eq!(group.notified(44, "44".into()), (None, Some(42)));
        assert_eq!(group.notified(45, "45".into()), (None, None), "a read is under way");
        assert_eq!(group.read(page(43..=44, 45)), (vec![message(43), message(44)], Some(44)));
        assert_eq!(group.read(page(45..=45, 45)), (vec![message(45)], None));
        assert_eq!(group.notified(46, "46".into()), (Some(message(46)), None));
    }

    #[test]
    fn after_an_interruption_what_was_missed_is_read() {
        let mut group = Watched::start(0);
        group.interrupt();
        assert_eq!(group.notified(1, "1".into()), (None, None), "what was posted before it is not known yet");
        assert_eq!(group.resume(3), Some(0));
        assert_eq!(group.read(page(1..=2, 3)), (vec![message(1), message(2)], Some(2)), "there is more");
        assert_eq!(group.read(page(3..=3, 3)), (vec![message(3)], None));
        group.interrupt();
        assert_eq!(group.resume(3), None);
        assert_eq!(group.notified(4, "4".into()), (Some(message(4)), None));
    }

    #[test]
    fn what_was_notified_and_is_not_there_is_not_read_for_ever() {
        let mut group = Watched::start(1);
        assert_eq!(group.notified(99, "none".into()), (None, Some(1)));
        assert_eq!(group.read(Page { last: 1, ..Page::default() }), (vec![], None));
        assert_eq!(group.notified(2, "2".into()), (Some(message(2)), None));
    }

    #[test]
    fn what_is_no_longer_there_is_reported() {
        let mut group = Watched::start(1);
        group.interrupt();
        assert_eq!(group.resume(9), Some(1));
        let page = Page { lost: 6, ..page(8..=9, 9) };
        let lost = Delivery::Lost { count: 6, until: 7 };
        assert_eq!(group.read(page), (vec![lost, message(8), message(9)], None));
    }
}
