//! The poll budget: a task that is always ready must give the others a turn.
//!
//! Each poll of a task may complete [`PER_POLL`] operations on our sockets, timers and channels.
//! The executor opens the account with [`start`] before it polls, and closes it with [`end`]. When
//! the account is empty, [`poll_proceed`] returns `Pending` and wakes the task at once: it goes to
//! the back of its queue, and the others have their turn.
//!
//! B1  Outside one of our polls there is no budget: a foreign executor would never renew it.
//! B2  Each operation that is done is charged, whatever its outcome; an answer of `Pending` is free.
//! B3  Each time somebody asks while the account is empty, one operation is granted with a probability of one in
//!     16 (`ODDS`). Else the task has to give way.
//! [gives-way-once]  A refusal is not "not ready": a deadline that has passed gives way once if anything was refused
//!     in this poll. At its next turn what it limits has a fresh budget, and then the deadline decides.
//!
//! Several futures may share a task, and one that is always ready takes all that the account has. By B3 the
//! others still get on, however many they are and in whatever order a combinator polls them, because a draw does
//! not depend on who has asked before: a future that is polled again and again gets on at the 16th poll on average.
//! So does a foreign executor inside one of our polls. A rule that counts the refusals cannot promise that: its
//! count may be in step with the combinator, and then every grant goes to the same child. The price is small: a
//! loop that takes all it can get has a fifteenth of an operation more in each poll. A task that looks (`poll_once`)
//! before it waits gives way too, for its wait is refused as often as its look.
//!
//! Called by every leaf future. Next: `trim`.

use std::cell::Cell;
use std::future::poll_fn;
use std::task::{Context, Poll};

use crate::shim::thread_local;

/// Ready operations that one poll may complete before it has to give way.
///
/// ```
/// use reactor::budget;
/// use std::task::{Context, Waker};
///
/// let cx = Context::from_waker(Waker::noop());
/// budget::start();
/// for _ in 0..budget::PER_POLL {
///     assert!(budget::poll_proceed(&cx).is_ready());
///     budget::spend();
/// }
/// assert!(budget::without(|| budget::poll_proceed(&cx).is_ready()), "outside of the account");
/// assert!((0..100).any(|_| budget::poll_proceed(&cx).is_pending()), "it is empty, and seldom grants one more");
/// budget::end();
/// assert!(budget::poll_proceed(&cx).is_ready(), "outside of a poll there is none");
/// ```
pub const PER_POLL: u32 = 128;

/// An empty account grants one operation in this many that are asked for (B3).
const ODDS: u32 = 16;

/// What [`Account::left`] is while no poll of ours is under way.
const UNLIMITED: u32 = u32::MAX;

/// A thread's account.
struct Account {
    /// Operations that the poll under way may still complete.
    left: Cell<u32>,
    /// The number of that poll.
    poll: Cell<u32>,
    /// The number of the last poll that was refused something.
    refused: Cell<u32>,
    /// The state of the draws. Each thread begins with the same: a test draws the same again.
    random: Cell<u32>,
}

thread_local! {
    static ACCOUNT: Account = const {
        Account {
            left: Cell::new(UNLIMITED),
            poll: Cell::new(0),
            refused: Cell::new(u32::MAX),
            random: Cell::new(2_463_534_242),
        }
    };
}

impl Account {
    /// True one time in [`ODDS`].
    #[cold]
    fn draw(&self) -> bool {
        // Marsaglia's xorshift, with his seed.
        let mut random = self.random.get();
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        self.random.set(random);
        random < u32::MAX / ODDS
    }
}

/// Opens an account of [`PER_POLL`] for the poll that begins now. For executors.
#[inline]
pub fn start() {
    ACCOUNT.with(|account| {
        account.left.set(PER_POLL);
        account.poll.set(account.poll.get().wrapping_add(1));
    });
}

/// Closes the account: what follows on this thread is not inside a poll. For executors.
#[inline]
pub fn end() {
    ACCOUNT.with(|account| account.left.set(UNLIMITED));
}

/// `Ready` if this poll may go on; else `Pending`, and the task has been woken to go on later.
#[inline]
pub fn poll_proceed(cx: &Context<'_>) -> Poll<()> {
    ACCOUNT.with(|account| {
        if account.left.get() == 0 {
            if !account.draw() {
                account.refused.set(account.poll.get());
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            account.left.set(1); // B3; it stays until it is spent.
        }
        Poll::Ready(())
    })
}

/// Charges one completed operation.
#[inline]
pub fn spend() {
    ACCOUNT.with(|account| {
        let left = account.left.get();
        if left != UNLIMITED {
            account.left.set(left.saturating_sub(1));
        }
    });
}

/// An operation that never has to wait, but for its turn: asked for and charged.
///
/// ```
/// use reactor::budget;
/// use std::task::{Context, Waker};
///
/// let cx = Context::from_waker(Waker::noop());
/// budget::start();
/// let ready = (0..1000).take_while(|_| budget::poll_take_one(&cx).is_ready()).count();
/// budget::end();
/// assert!(ready < 1000, "it gives way");
/// ```
#[inline]
pub fn poll_take_one(cx: &Context<'_>) -> Poll<()> {
    let turn = poll_proceed(cx);
    if turn.is_ready() {
        spend();
    }
    turn
}

/// As [`poll_take_one`].
pub(crate) async fn take_one() {
    poll_fn(|cx| poll_take_one(cx)).await;
}

/// Runs `check` outside the budget: what must be seen even when the account is empty.
pub fn without<T>(check: impl FnOnce() -> T) -> T {
    lend(UNLIMITED, check)
}

/// Runs `work` with a fresh budget; what it spends is charged to this poll, as far as there is something left.
pub(crate) fn afresh<T>(work: impl FnOnce() -> T) -> T {
    let left = ACCOUNT.with(|account| account.left.get());
    lend(left.max(PER_POLL), work)
}

fn lend<T>(lent: u32, work: impl FnOnce() -> T) -> T {
    /// Gives the account back, even when `work` panics.
    struct Restore {
        left: u32,
        lent: u32,
        refused: u32,
    }
    impl Drop for Restore {
        fn drop(&mut self) {
            ACCOUNT.with(|account| {
                let spent = self.lent.saturating_sub(account.left.get());
                let left = if self.left == UNLIMITED { UNLIMITED } else { self.left.saturating_sub(spent) };
                account.left.set(left);
                if account.refused.get() != account.poll.get() {
                    account.refused.set(self.refused);
                }
            });
        }
    }
    let _restore = ACCOUNT.with(|account| Restore {
        left: account.left.replace(lent),
        lent,
        refused: account.refused.replace(account.poll.get().wrapping_sub(1)),
    });
    work()
}

/// Whether a deadline has given way, and in which poll [gives-way-once].
#[derive(Debug, Default)]
pub(crate) struct GaveWay(Option<u32>);

impl GaveWay {
    /// Whether it has, so that it is time to decide. Within one poll that is so by chance (B3): a loop that looks
    /// before it waits has to give way, and a foreign executor inside our poll has to come to an end.
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_some_and(|poll| ACCOUNT.with(|account| account.poll.get() != poll || account.draw()))
    }

    /// `Ready` if nothing was refused in this poll, and something is left.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        ACCOUNT.with(|account| {
            let (left, poll) = (account.left.get(), account.poll.get());
            if left == UNLIMITED || left > 0 && account.refused.get() != poll {
                return Poll::Ready(());
            }
            self.0 = Some(poll);
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::task::Waker;

    /// B3: a future's share does not depend on how many others ask before it.
    #[test]
    fn every_place_among_any_number_is_granted_its_share() {
        const ROUNDS: usize = 4000;
        let cx = Context::from_waker(Waker::noop());
        for askers in (1..=9).chain(127..=130) {
            let mut granted = vec![0; askers];
            for _ in 0..ROUNDS {
                start();
                lend(0, || {
                    granted.iter_mut().for_each(|count| *count += usize::from(poll_take_one(&cx).is_ready()));
                });
                end();
            }
            let fair = ROUNDS / ODDS as usize;
            assert!(
                granted.iter().all(|count| (fair / 2..2 * fair).contains(count)),
                "{askers}: {granted:?}"
            );
        }
    }

    /// A loan is charged, and does not outlive its scope.
    #[test]
    fn what_is_lent_is_charged() {
        let cx = Context::from_waker(Waker::noop());
        let left = || ACCOUNT.with(|account| account.left.get());
        start();
        afresh(|| (0..100).for_each(|_| spend()));
        assert_eq!(left(), PER_POLL - 100);
        afresh(|| (0..100).for_each(|_| assert!(poll_take_one(&cx).is_ready(), "fresh")));
        assert_eq!(left(), 0);
        without(|| assert!(poll_take_one(&cx).is_ready()));
        assert_eq!(left(), 0);
        end();
        afresh(spend);
        assert_eq!(left(), UNLIMITED);
    }

    /// [gives-way-once]; within one poll by chance.
    #[test]
    fn a_deadline_gives_way_once() {
        let cx = Context::from_waker(Waker::noop());
        let mut gave_way = GaveWay::default();
        start();
        assert!(gave_way.poll(&cx).is_ready() && !gave_way.is_over(), "there is budget");
        lend(0, || {
            assert!(gave_way.poll(&cx).is_pending());
            let over = (0..1000).filter(|_| gave_way.is_over()).count();
            assert!((10..250).contains(&over), "seldom, and not never: {over}");
        });
        start();
        assert!(gave_way.is_over());
        end();
    }

    /// Also where a later neighbour was granted an operation and has left it.
    #[test]
    fn a_deadline_sees_a_refusal_that_was_followed_by_a_grant() {
        let cx = Context::from_waker(Waker::noop());
        start();
        (0..PER_POLL).for_each(|_| spend());
        while poll_proceed(&cx).is_ready() {
            spend();
        }
        while poll_proceed(&cx).is_pending() {}
        assert!(GaveWay::default().poll(&cx).is_pending());
        afresh(|| assert!(GaveWay::default().poll(&cx).is_ready(), "nothing was refused in there"));
        assert!(GaveWay::default().poll(&cx).is_pending());
        end();
        assert!(GaveWay::default().poll(&cx).is_ready(), "outside of a poll");
    }
}
