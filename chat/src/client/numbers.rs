//! One group's messages in the order of their numbers: what may be shown now, and what has to be fetched.
//!
//! A server that keeps history numbers the messages of each group: 1, 2, 3, … A client that is too slow loses
//! some and gets later ones, and the ones that it fetches arrive among new ones. Nothing on the wire tells a
//! fetched message from a new one. So only the numbers count.
//!
//! ```text
//!   shown ─┐   missing     held
//!   … 6  7 │ 8  9  10 │ 11  12     14
//!          └─ the next to show is 8: ask for what is kept after 7
//! ```
//!
//! - N1  The numbers that are shown increase by one, except over messages that the server no longer keeps. Of
//!   these the user sees the count, at their place.
//! - [smallest-are-held]  At most [`HELD`] messages are held back, those with the smallest numbers. What has no room is
//!   fetched later.
//! - N2  At the end of a reply, a number up to the reply's last one that has not come is no longer kept. This
//!   holds below the first number that had no room.
//! - N3  A subscription delivers in the order of numbers. So while nothing is being fetched, a number that is not
//!   above the last one that came in this way means that the server's log began anew. (A number that was
//!   shown but is above that one is late: it has been fetched before.)
//!
//! Used by `client/group`, `client/machine` and its parts. Next: `client/posts`.

use std::collections::BTreeMap;

/// How many messages are held back, and how many one request asks for, at most.
pub(super) const HELD: usize = if cfg!(test) { 8 } else { 256 };

/// What is to be done, in this order.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    Show(String),
    /// This many messages are no longer kept by the server.
    Lost(u64),
    /// What is kept after this number has to be fetched, and its end reported by [`Numbers::fetched`].
    Fetch(u64),
    /// The server's log began anew.
    Anew {
        was: u64,
        now: u64,
    },
}

/// The numbers of one group.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// The last number that was shown, or that counts as shown.
    shown: Option<u64>,
    /// The number of the group's last message when the client had just joined.
    start: Option<u64>,
    /// The last number that certainly came from the subscription (N3).
    live: u64,
    /// The largest number that has come.
    seen: u64,
    /// What came too early [smallest-are-held].
    held: BTreeMap<u64, String>,
    /// The smallest number that had no room since the fetch began.
    no_room: Option<u64>,
    /// Fetching what is kept after this number.
    fetching: Option<u64>,
    /// More was dropped since the fetch began: its reply may not reach to the end.
    again: bool,
}

impl Numbers {
    /// Returns whether it is known where the group's messages go on.
    pub(super) fn known(&self) -> bool {
        self.shown.or(self.start).is_some()
    }

    /// A message has come. It is `mixed` if the reply to another request for messages is under way, too.
    pub(super) fn message(&mut self, number: u64, message: String, mixed: bool, steps: &mut Vec<Step>) {
        let certain = !mixed && self.fetching.is_none();
        let Some(shown) = self.shown else {
            if !certain && Some(number) <= self.start {
                return; // It belongs to the other reply.
            }
            self.seen = number;
            self.live = if certain { number } else { 0 };
            self.show(number, message, steps);
            return;
        };
        if number <= shown && certain && number <= self.live {
            self.held.clear();
            (self.live, self.seen) = (number, number);
            steps.push(Step::Anew { was: shown, now: number });
            self.show(number, message, steps);
            return;
        }
        self.seen = self.seen.max(number);
        if certain {
            self.live = number;
        }
        if number == shown + 1 {
            self.show(number, message, steps);
            self.release(steps);
        } else if number > shown {
            self.held.insert(number, message);
            if self.held.len() > HELD {
                let (number, _) = self.held.pop_last().unwrap_or_default(); // [smallest-are-held]
                self.no_room = Some(self.no_room.map_or(number, |before| before.min(number)));
            }
            if self.fetching.is_none() {
                self.fetch(steps);
            }
        }
    }

    /// The server has dropped messages. Returns false if it is not known which.
    pub(super) fn dropped(&mut self, steps: &mut Vec<Step>) -> bool {
        if !self.known() {
            return false;
        }
        if self.fetching.is_some() {
            self.again = true;
        } else {
            self.fetch(steps);
        }
        true
    }

    /// The reply to a fetch has ended with this number.
    pub(super) fn fetched(&mut self, last: u64, more: bool, steps: &mut Vec<Step>) {
        let Some(after) = self.fetching.take() else { return };
        let again = std::mem::take(&mut self.again);
        let complete = self.no_room.take().map_or(last, |number| last.min(number - 1));
        self.settle(complete, steps); // N2
        self.release(steps);
        let behind = more || again || Some(self.seen) > self.shown;
        if behind && (last > after || again) {
            self.fetch(steps);
        } else if behind {
            self.settle(self.seen, steps); // Nothing is kept after `after`.
        }
    }

    /// The fetch was refused: what has not come is lost.
    pub(super) fn not_fetched(&mut self, steps: &mut Vec<Step>) {
        self.fetching = None;
        self.again = false;
        self.settle(self.seen, steps);
    }

    /// The group had this many messages after the client had joined.
    pub(super) fn starts_at(&mut self, last: u64) {
        if self.shown.is_none() {
            self.start = Some(last);
        }
    }

    /// Returns the number to go on after, if there is a new connection.
    pub(super) fn goes_on_after(&self) -> Option<u64> {
        self.shown.or(self.start)
    }

    /// There is a new connection. Returns the number to go on after.
    pub(super) fn rejoin(&mut self) -> Option<u64> {
        let shown = self.goes_on_after();
        *self = Self { shown, live: shown.unwrap_or(0), seen: shown.unwrap_or(0), ..Self::default() };
        shown
    }

    /// The server's log began anew, and its messages are to be shown from the first on.
    pub(super) fn begin_anew(&mut self) {
        *self = Self { shown: Some(0), ..Self::default() };
    }

    fn show(&mut self, number: u64, message: String, steps: &mut Vec<Step>) {
        self.shown = Some(number);
        steps.push(Step::Show(message));
    }

    /// Shows what was held back and is next now.
    fn release(&mut self, steps: &mut Vec<Step>) {
        while let Some(first) = self.held.first_entry()
            && Some(*first.key()) <= self.shown.map(|shown| shown + 1)
        {
            let (number, message) = first.remove_entry();
            if Some(number) > self.shown {
                self.show(number, message, steps);
            }
        }
    }

    /// Shows what has come up to this number, and counts what has not.
    fn settle(&mut self, last: u64, steps: &mut Vec<Step>) {
        while let Some(first) = self.held.first_entry()
            && *first.key() <= last
        {
            let (number, message) = first.remove_entry();
            self.lose(number - 1, steps);
            if Some(number) > self.shown {
                self.show(number, message, steps);
            }
        }
        self.lose(last, steps);
    }

    /// What was not shown up to this number is lost.
    fn lose(&mut self, last: u64, steps: &mut Vec<Step>) {
        let shown = self.shown.unwrap_or(last);
        if last > shown {
            steps.push(Step::Lost(last - shown));
            self.shown = Some(last);
        }
    }

    fn fetch(&mut self, steps: &mut Vec<Step>) {
        let after = self.shown.or(self.start).unwrap_or(0);
        self.shown = Some(after);
        self.fetching = Some(after);
        steps.push(Step::Fetch(after));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what a message of this number, whose text is the number, leads to.
    fn comes(numbers: &mut Numbers, number: u64) -> Vec<Step> {
        let mut steps = Vec::new();
        numbers.message(number, number.to_string(), false, &mut steps);
        steps
    }

    fn ends(numbers: &mut Numbers, last: u64, more: bool) -> Vec<Step> {
        let mut steps = Vec::new();
        numbers.fetched(last, more, &mut steps);
        steps
    }

    fn show(number: u64) -> Step {
        Step::Show(number.to_string())
    }

    fn at(number: u64) -> Numbers {
        let mut numbers = Numbers::default();
        assert_eq!(comes(&mut numbers, number), [show(number)]);
        numbers
    }

    #[test]
    fn a_gap_is_fetched_and_what_came_too_early_is_shown_after_it() {
        let mut numbers = at(7);
        assert_eq!(comes(&mut numbers, 11), [Step::Fetch(7)]);
        assert_eq!(comes(&mut numbers, 12), []);
        assert_eq!(comes(&mut numbers, 8), [show(8)]);
        assert_eq!(comes(&mut numbers, 9), [show(9)]);
        assert_eq!(comes(&mut numbers, 10), [show(10), show(11), show(12)]);
        assert_eq!(comes(&mut numbers, 11), []);
        assert_eq!(ends(&mut numbers, 11, true), [Step::Fetch(12)]);
        assert_eq!(ends(&mut numbers, 12, false), []);
        // The subscription is behind what was fetched.
        assert_eq!(comes(&mut numbers, 12), []);
        assert_eq!(comes(&mut numbers, 13), [show(13)]);
    }

    #[test]
    fn what_is_no_longer_kept_is_counted_at_its_place() {
        let mut numbers = at(7);
        assert_eq!(comes(&mut numbers, 50), [Step::Fetch(7)]);
        assert_eq!(comes(&mut numbers, 30), []);
        assert_eq!(comes(&mut numbers, 31), []);
        assert_eq!(ends(&mut numbers, 31, true), [Step::Lost(22), show(30), show(31), Step::Fetch(31)]);
        assert_eq!(ends(&mut numbers, 31, false), [Step::Lost(18), show(50)]);
    }

    #[test]
    fn what_is_dropped_during_a_fetch_is_fetched_after_it() {
        let mut numbers = at(7);
        let mut steps = Vec::new();
        assert!(numbers.dropped(&mut steps) && numbers.dropped(&mut steps));
        assert_eq!(steps, [Step::Fetch(7)]);
        assert_eq!(comes(&mut numbers, 20), []);
        // The reply was made before 8 was posted.
        assert_eq!(ends(&mut numbers, 7, false), [Step::Fetch(7)]);
        assert!(!Numbers::default().dropped(&mut steps));
    }

    #[test]
    fn no_more_than_a_page_is_held_and_the_rest_is_fetched() {
        let mut numbers = at(1);
        let page = HELD as u64;
        assert_eq!(comes(&mut numbers, 1000), [Step::Fetch(1)]);
        for number in 500..500 + 2 * page {
            assert_eq!(comes(&mut numbers, number), []);
        }
        assert_eq!(numbers.held.len(), HELD);
        for number in 3..3 + page {
            assert_eq!(comes(&mut numbers, number), []);
        }
        let steps = ends(&mut numbers, 2 + page, true);
        assert_eq!(
            (&steps[..2], steps.last()),
            (&[Step::Lost(1), show(3)][..], Some(&Step::Fetch(2 + page)))
        );
        assert_eq!(steps.len(), HELD + 2);
    }

    #[test]
    fn a_log_that_began_anew_is_told_from_one_that_is_late() {
        let mut numbers = at(7);
        assert_eq!(comes(&mut numbers, 8), [show(8)]);
        assert_eq!(comes(&mut numbers, 1), [Step::Anew { was: 8, now: 1 }, show(1)]);
        assert_eq!(comes(&mut numbers, 2), [show(2)]);
        assert_eq!(numbers.rejoin(), Some(2));
        assert_eq!(comes(&mut numbers, 1), [Step::Anew { was: 2, now: 1 }, show(1)]);
    }

    #[test]
    fn after_a_join_the_first_message_may_be_one_that_was_counted() {
        let mut numbers = Numbers::default();
        numbers.starts_at(5);
        assert!(numbers.known());
        assert_eq!(comes(&mut numbers, 5), [show(5)]);
        assert_eq!(comes(&mut numbers, 6), [show(6)]);
    }
}
