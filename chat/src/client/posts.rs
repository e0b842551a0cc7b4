//! The posts of which it is not known whether the server has taken them.
//!
//! A post has no reply. If the connection breaks, one that was sent may have been read by the server or not. To
//! send it again could post it twice, and to say nothing could lose it. So the client tells the user, who sees
//! whether it comes back.
//!
//! P1  A post to a group that the client has joined is known when it comes back as a message.
//! P2  A post to another group is known when a later request was replied to: the server carries out a
//!     connection's requests in their order.
//! P3  At most [`LISTED`] are kept, the last ones; of those before them only the number.
//!
//! Used by `client/catch_up`. Next: `client/refusal`.

use std::collections::VecDeque;

/// The number of posts that are kept.
const LISTED: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Posts {
    sent: VecDeque<Post>,
    /// The number of all posts.
    count: u64,
    /// How many were sent before those in `sent`, and are not known either.
    older: u64,
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
        if self.sent.len() > LISTED {
            self.sent.pop_front(); // P3
            self.older += 1;
        }
        self.count
    }

    /// A message has come: if it is one of these posts, this one is known now, and those before it to the same
    /// group (P1).
    pub(super) fn came(&mut self, group: &str, message: &str) {
        let same = |post: &Post| post.group == group && post.message == message;
        if let Some(number) = self.sent.iter().find(|post| same(post)).map(|post| post.number) {
            self.known(|post| post.number <= number && post.group == group);
        }
    }

    /// A request that was sent after the post of this number was replied to (P2).
    pub(super) fn replied(&mut self, number: u64) {
        self.known(|post| post.number <= number && !post.returns);
    }

    /// The server has refused a post to this group.
    pub(super) fn refused(&mut self, group: &str) {
        if let Some(number) = self.sent.iter().find(|post| post.group == group).map(|post| post.number) {
            self.known(|post| post.number == number);
        }
    }

    /// Returns those that are not known, and the number of those before them, and forgets them.
    pub(super) fn take(&mut self) -> (VecDeque<Post>, u64) {
        (std::mem::take(&mut self.sent), std::mem::take(&mut self.older))
    }

    /// Returns the number of the last post to a group that the client has not joined.
    pub(super) fn last_without_return(&self) -> Option<u64> {
        self.sent.iter().rev().find(|post| !post.returns).map(|post| post.number)
    }

    fn known(&mut self, is_known: impl Fn(&Post) -> bool) {
        self.sent.retain(|post| !is_known(post));
        if self.sent.is_empty() {
            self.older = 0;
        }
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
}
