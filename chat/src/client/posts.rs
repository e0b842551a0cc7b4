//! The posts of which it is not known whether the server has taken them.
//!
//! A post has no reply. If the connection breaks, one that was sent may have been read by the server or not. To
//! send it again could post it twice, and to say nothing could lose it. So the client tells the user, who sees
//! whether it comes back.
//!
//! - P1  A post to a group that the client has joined is known when it comes back as a message.
//! - P2  A post to another group is known when a later request was replied to: the server carries out a
//!   connection's requests in their order.
//! - P3  At most [`LISTED`] are kept, the last ones. Those before them are only counted, for each group.
//!
//! Used by `client/machine` and its parts. Next: `client/refusal`.

use std::collections::{HashMap, VecDeque};

/// How many posts are kept.
const LISTED: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Posts {
    sent: VecDeque<Post>,
    /// How many posts were sent so far; the number of the last one.
    count: u64,
    /// Those that were sent before those in `sent`, and are not known either: by group, and under `None` those that do
    /// not come back.
    older: HashMap<Option<String>, Older>,
}

#[derive(Debug, Default)]
struct Older {
    count: u64,
    /// The number of the last one.
    last: u64,
}

#[derive(Debug, PartialEq)]
pub(super) struct Post {
    number: u64,
    pub(super) group: String,
    pub(super) message: String,
    /// It will come back.
    returns: bool,
}

impl Posts {
    /// A post was sent. Returns its number.
    pub(super) fn sent(&mut self, group: String, message: String, returns: bool) -> u64 {
        self.count += 1;
        self.sent.push_back(Post { number: self.count, group, message, returns });
        if self.sent.len() > LISTED
            && let Some(post) = self.sent.pop_front()
        {
            let older = self.older.entry(post.returns.then_some(post.group)).or_default(); // P3
            *older = Older { count: older.count + 1, last: post.number };
        }
        self.count
    }

    /// A message has come: if it is one of these posts, this one is known now, and those before it to the same
    /// group (P1).
    pub(super) fn came(&mut self, group: &str, message: &str) {
        let same = |post: &Post| post.group == group && post.message == message;
        if let Some(number) = self.sent.iter().find(|post| same(post)).map(|post| post.number) {
            self.sent.retain(|post| post.number > number || post.group != group);
            self.older.remove(&Some(group.to_owned()));
        }
    }

    /// A request that was sent after the post of this number was replied to (P2).
    pub(super) fn replied(&mut self, number: u64) {
        self.sent.retain(|post| post.number > number || post.returns);
        if self.older.get(&None).is_some_and(|older| older.last <= number) {
            self.older.remove(&None);
        }
    }

    /// The server has refused a post to this group: the first one that is not known.
    pub(super) fn refused(&mut self, group: &str) {
        if let Some(older) = self.older.get_mut(&Some(group.to_owned())).filter(|older| older.count > 0) {
            older.count -= 1;
        } else if let Some(at) = self.sent.iter().position(|post| post.group == group) {
            self.sent.remove(at);
        }
    }

    /// Returns those that are not known, and how many there are before them, and forgets them.
    pub(super) fn take(&mut self) -> (VecDeque<Post>, u64) {
        let older = std::mem::take(&mut self.older);
        (std::mem::take(&mut self.sent), older.values().map(|older| older.count).sum())
    }

    /// Returns whether one of them is still to come back.
    pub(super) fn await_return(&self) -> bool {
        let is_awaited = |(of, older): (&Option<String>, &Older)| of.is_some() && older.count > 0;
        self.sent.iter().any(|post| post.returns) || self.older.iter().any(is_awaited)
    }

    /// Forgets them all: nothing is told of them.
    pub(super) fn clear(&mut self) {
        *self = Self { count: self.count, ..Self::default() };
    }

    /// Returns the number of the last post to a group that the client has not joined.
    pub(super) fn last_without_return(&self) -> Option<u64> {
        self.sent.iter().rev().find(|post| !post.returns).map(|post| post.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(posts: &mut Posts) -> Vec<String> {
        posts.take().0.into_iter().map(|post| post.message).collect()
    }

    #[test]
    fn what_came_back_or_was_replied_to_is_known() {
        let mut posts = Posts::default();
        posts.sent("tea".into(), "one".into(), true);
        posts.sent("tea".into(), "two".into(), true);
        posts.sent("tea".into(), "three".into(), true);
        let last = posts.sent("else".into(), "four".into(), false);
        posts.sent("else".into(), "five".into(), false);
        posts.came("tea", "two");
        posts.came("coffee", "three");
        posts.replied(last);
        assert_eq!(left(&mut posts), ["three", "five"]);
        assert_eq!(left(&mut posts), [""; 0]);
    }

    #[test]
    fn of_many_only_the_last_are_listed() {
        let mut posts = Posts::default();
        for number in 0..100 {
            posts.sent("tea".into(), number.to_string(), true);
        }
        let (listed, older) = posts.take();
        assert_eq!((listed.len(), older), (LISTED, 100 - LISTED as u64));
        assert_eq!(listed.back().map(|post| &*post.message), Some("99"));
    }

    #[test]
    fn those_that_came_back_are_not_counted() {
        let mut posts = Posts::default();
        for number in 0..1000 {
            posts.sent("tea".into(), number.to_string(), true);
            posts.sent("coffee".into(), number.to_string(), true);
            if number >= 40 {
                posts.came("tea", &(number - 10).to_string());
            }
        }
        // All of coffee's, and the last ten of tea's.
        let (listed, older) = posts.take();
        assert_eq!(listed.len() as u64 + older, 1010);
        for number in 0..1000 {
            posts.sent("else".into(), number.to_string(), false);
        }
        posts.replied(2100);
        let (listed, older) = posts.take();
        assert_eq!((listed.len() as u64, older), (LISTED as u64, 1000 - LISTED as u64));
        for number in 0..1000 {
            posts.sent("else".into(), number.to_string(), false);
        }
        posts.replied(4000 - 10);
        assert_eq!(left(&mut posts).len(), 10);
    }
}
