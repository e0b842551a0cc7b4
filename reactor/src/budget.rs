//! The poll budget: a task whose operations are always ready must give the other tasks a turn.
//!
//! Tasks are scheduled cooperatively: a poll ends only when the future returns. A loop over a socket that
//! always has data, or a channel that is never empty, would never return, and every other task of its thread
//! would wait. So each poll of a task may complete [`PER_POLL`] operations on our sockets, timers and
//! channels. The executor opens the account with [`start`] before it polls, and closes it with [`end`]. When
//! the account is empty, [`poll_proceed`] returns `Pending` and wakes the task at once: it goes to the back
//! of its queue, behind the others.
//!
//! - B1  Outside one of our polls there is no budget: another executor would never renew it.
//! - B2  Each operation that is done is charged, whatever its outcome. Returning `Pending` is free.
//! - [one-in-sixteen]  When an operation is asked for while the account is empty, it is granted with a probability of
//!   one in 16 (`ODDS`). Otherwise the task has to give way.
//! - [gives-way-once]  A refusal is not the same as "not ready". So a deadline that has passed gives way once
//!   if anything was refused in this poll, or if the account is empty. At the next poll the future that it
//!   limits gets a fresh budget, and then the deadline decides.
//!
//! Several futures may share a task, in a join or a race, and one that is always ready takes the whole
//! account. By [one-in-sixteen] the others make progress: a grant does not depend on what was asked before. A future
//! that is polled again and again is granted an operation at every 16th poll on average, however many others there are,
//! and in whatever order the combinator polls them. That is true of a future under another executor's `block_on`
//! inside one of our polls, too. A rule that counts the refusals cannot promise it: its count may be in step with
//! the combinator, and then every grant goes to the same child. The price is small: a loop that
//! takes all it can get completes a fifteenth of an operation more in each poll, on average. A loop that
//! polls once before it waits (`poll_once`) gives way too: the wait is as likely to be refused as that first
//! poll.
//!
//! Called by every leaf future. Next: `trim`.

use std::cell::Cell;
use std::future::poll_fn;
use std::task::{Context, Poll};

use crate::record::{Kind, note};
use crate::shim::{fault, thread_local};

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
/// assert!(budget::without(|| budget::poll_proceed(&cx).is_ready()), "not charged");
/// assert!((0..100).any(|_| budget::poll_proceed(&cx).is_pending()), "it grants one more now and then");
/// budget::end();
/// assert!(budget::poll_proceed(&cx).is_ready(), "outside a poll there is no budget");
/// ```
pub const PER_POLL: u32 = 128;

/// An empty account grants one in this many of the operations that are asked for [one-in-sixteen].
const ODDS: u32 = 16;

/// What [`Account::left`] is while no poll of ours is under way.
const UNLIMITED: u32 = u32::MAX;

/// The account of a thread.
struct Account {
    /// Operations that the poll under way may still complete.
    left: Cell<u32>,
    /// The number of that poll.
    poll: Cell<u32>,
    /// The number of the last poll in which something was refused.
    refused: Cell<u32>,
    /// The state of the random numbers. It begins the same on each thread, so that a test can be repeated.
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
    /// True once in [`ODDS`] times on average.
    #[cold]
    fn draw(&self) -> bool {
        self.random() < u32::MAX / ODDS
    }

    fn random(&self) -> u32 {
        // Marsaglia's xorshift, with his seed.
        let mut random = self.random.get();
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        self.random.set(random);
        random
    }
}

/// Opens an account of [`PER_POLL`] operations for the poll that begins now. Returns what is left of the poll around it,
/// for [`go_on`]; if there is none, [`end`] does the same. For executors.
///
/// ```
/// use reactor::budget;
///
/// use std::task::{Context, Waker};
///
/// let cx = Context::from_waker(Waker::noop());
/// let ready = || (0..10_000).take_while(|_| budget::poll_take_one(&cx).is_ready()).count();
/// budget::start();
/// let outer = budget::start();
/// budget::go_on(outer);
/// assert!(ready() < 10_000, "the outer poll goes on");
/// budget::end();
/// assert_eq!(ready(), 10_000);
/// ```
#[inline]
pub fn start() -> u32 {
    ACCOUNT.with(|account| {
        account.poll.set(account.poll.get().wrapping_add(1));
        account.left.replace(PER_POLL)
    })
}

/// Suspends the budget: what follows counts as outside a poll, such as a blocking call. Returns what is left of the
/// poll around it, for [`go_on`]. For executors.
///
/// ```
/// use reactor::budget;
/// use std::task::{Context, Waker};
///
/// let cx = Context::from_waker(Waker::noop());
/// budget::start();
/// let outer = budget::pause();
/// assert!((0..10_000).all(|_| budget::poll_take_one(&cx).is_ready()));
/// budget::go_on(outer);
/// budget::end();
/// ```
#[inline]
pub fn pause() -> u32 {
    ACCOUNT.with(|account| account.left.replace(UNLIMITED))
}

/// Goes on with the poll around the one that has ended, from what [`start`] or [`pause`] has returned. For executors.
#[inline]
pub fn go_on(left: u32) {
    ACCOUNT.with(|account| account.left.set(left));
}

/// Closes the account: what follows on this thread is outside a poll, without a budget. For executors.
#[inline]
pub fn end() {
    go_on(UNLIMITED);
}

/// Returns `Ready` if this poll may try one more operation. Otherwise it wakes the task, to go on later, and
/// returns `Pending`. It charges nothing: [`spend`] does, when the operation is done.
#[inline]
pub fn poll_proceed(cx: &Context<'_>) -> Poll<()> {
    ACCOUNT.with(|account| {
        if account.left.get() == 0 {
            if !account.draw() || fault("refused_without_end") {
                account.refused.set(account.poll.get());
                note(Kind::GaveWay, 0, 0);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            account.left.set(1); // [one-in-sixteen]; it stays until it is spent.
        }
        Poll::Ready(())
    })
}

/// Charges one operation that is done. Outside a poll it does nothing.
#[inline]
pub fn spend() {
    ACCOUNT.with(|account| {
        let left = account.left.get();
        if left != UNLIMITED {
            account.left.set(left.saturating_sub(1));
        }
    });
}

/// [`poll_proceed`] and [`spend`] in one, for an operation that is always ready.
///
/// ```
/// use reactor::budget;
/// use std::task::{Context, Waker};
///
/// let cx = Context::from_waker(Waker::noop());
/// budget::start();
/// let ready = (0..1000).take_while(|_| budget::poll_take_one(&cx).is_ready()).count();
/// budget::end();
/// assert!(ready < 1000, "the task has to give way");
/// ```
#[inline]
pub fn poll_take_one(cx: &Context<'_>) -> Poll<()> {
    let turn = poll_proceed(cx);
    if turn.is_ready() {
        spend();
    }
    turn
}

/// Returns a number below `count`, each with the same chance. For combinators: it is chance that keeps what
/// they poll from being in step with the budget, or with the loop around them.
///
/// ```
/// use reactor::budget::any_of;
///
/// let mut times = [0; 3];
/// (0..3000).for_each(|_| times[any_of(3)] += 1);
/// assert!(times.iter().all(|count| (800..1200).contains(count)));
/// ```
#[inline]
#[must_use]
pub fn any_of(count: usize) -> usize {
    // The top bits of the product: no division. 32 bits suffice for what one future polls.
    let random = ACCOUNT.with(Account::random);
    ((u64::from(random) * count as u64) >> 32) as usize
}

/// [`poll_take_one`] as a future: for an operation of your own that never waits. A task that only calls such operations
/// gives way to the others from time to time.
///
/// Cancel-safe: if the future is dropped before it is ready, nothing is charged.
///
/// ```
/// use reactor::budget;
///
/// /// The next number, which is there at once.
/// async fn next(count: &mut u64) -> u64 {
///     budget::take_one().await;
///     *count += 1;
///     *count
/// }
///
/// let mut count = 0;
/// assert_eq!(futures_lite::future::block_on(next(&mut count)), 1);
/// ```
pub async fn take_one() {
    poll_fn(|cx| poll_take_one(cx)).await;
}

/// Runs `check` without a budget, and returns its result. For what must be seen even if the account is empty.
pub fn without<T>(check: impl FnOnce() -> T) -> T {
    lend(UNLIMITED, check)
}

/// Runs `work` with a fresh budget, and returns its result. What it spends is charged to this poll, as far as
/// there is something left.
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
    /// Whether the deadline decides now. Returns true in a later poll than the one in which it gave way. In the
    /// same poll chance decides, as in [one-in-sixteen]: mostly false, so that a loop that polls again at once gives
    /// way; now and then true, so that another executor's `block_on` inside our poll ends.
    pub(crate) fn may_decide(&self) -> bool {
        self.0.is_some_and(|poll| ACCOUNT.with(|account| account.poll.get() != poll || account.draw()))
    }

    /// Returns `Ready` if nothing was refused in this poll and there is budget left, or outside a poll.
    /// Otherwise gives way.
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

    /// A future's share does not depend on the number of others that ask before it [one-in-sixteen].
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

    /// [gives-way-once]; within one poll it decides by chance.
    #[test]
    fn a_deadline_gives_way_once() {
        let cx = Context::from_waker(Waker::noop());
        let mut gave_way = GaveWay::default();
        start();
        assert!(gave_way.poll(&cx).is_ready() && !gave_way.may_decide(), "there is budget");
        lend(0, || {
            assert!(gave_way.poll(&cx).is_pending());
            let over = (0..1000).filter(|_| gave_way.may_decide()).count();
            assert!((10..250).contains(&over), "now and then: {over}");
        });
        start();
        assert!(gave_way.may_decide());
        end();
    }

    /// Also if a future that was polled later was granted an operation and has not used it.
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
        assert!(GaveWay::default().poll(&cx).is_ready(), "outside a poll");
    }
}
