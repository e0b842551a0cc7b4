//! Several futures in one task: waiting for all of them, or for the first that is ready.
//!
//! Without this file a future that is to run beside another needs a task of its own. A task must own all that
//! it uses, costs an allocation, and must be cancelled by hand when it is not wanted any more. The branches of a
//! join may borrow from the function that awaits it, and they are dropped with it.
//!
//! ```text
//!   join((a, b))         ready when both are               (A, B)
//!   try_join((a, b))     … or when one of them fails       Result<(A, B), E>
//!   select((a, b))       ready when one of them is         First(A) or Second(B); the other is dropped
//! ```
//!
//! Why functions of tuples, and not the macros `join!` and `select!`? A macro can take patterns, conditions and
//! handlers, but these are a small language of their own, which rustfmt does not format and the reader must
//! learn. `select` returns an enum, and `match` does the rest: its arms may `break`, `return` and use `?`, and
//! the branches are dropped before an arm runs. The book's chapter "You know tokio" shows how to write what the
//! macros have besides.
//!
//! - F1  All branches are polled at each wake, with the task's own waker.
//! - F2  At each poll chance decides which branch is first.
//! - F3  Nothing is charged to the budget here: the operations inside the branches are, as if they were awaited
//!   alone.
//! - F4  A branch that is ready is not polled again. A join drops it at once and keeps its output.
//!
//! Why no waker for each branch (F1)? It would tell which of them was woken. But it costs an allocation, and an atomic
//! operation at each wake. A dump would not know whose it is. A channel could not clone it under its lock, and a wake
//! of a local task would cost as much as that of any other. A poll in vain costs some nanoseconds, and there are at
//! most eight branches. Where there are more, each should be a task: that is polled only when it is woken.
//!
//! Why chance (F2)? If the order were always the same, a branch that is always ready would win every `select` of a
//! loop, or use up the budget of a join. A counter does not help. Suppose all calls share one, and a loop calls
//! `select` twice, with two branches each. The counter is 0, 1, 2, 3, …: the first call gets 0, 2, 4, …,
//! and so the same branch is first every time. The second gets 1, 3, 5, …: there it is always the other. A counter in
//! each join is in step with that of the join around it.
//!
//! Called by programs. Next: `builder`.
#![allow(unsafe_code, reason = "the branches are pinned where they were captured")]

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use reactor::budget;

pub use futures_lite::future::{Boxed, BoxedLocal, FutureExt, or, poll_once};
pub use std::future::{pending, poll_fn, ready};

/// Waits for all futures of a tuple, and returns their outputs, in the tuple's order.
///
/// All of them make progress in the task that awaits this, one at a time. To use more than one core, spawn
/// them.
///
/// Dropping the returned future drops the futures that are not ready, and the outputs of the others: it is
/// cancel-safe only if nothing is lost by that. If one future panics, the panic goes to the awaiting task, and
/// the others are dropped.
///
/// ```
/// use executor::future::join;
/// use executor::sync::mpsc;
///
/// let (sender, mut receiver) = mpsc::channel(1);
/// let (sent, received) = executor::task::block_on(join((
///     async { sender.send("tea").await.is_ok() }, // borrows `sender`
///     async { receiver.recv().await },
/// )));
/// assert_eq!((sent, received), (true, Some("tea")));
/// ```
pub fn join<F: Join>(futures: F) -> impl Future<Output = F::Outputs> {
    futures.join()
}

/// Waits for all futures of a tuple, but only until one of them fails. Their errors have the same type.
///
/// What [`join`] says of dropping and of panics holds here.
///
/// # Errors
///
/// The first error. The futures that are not ready then are dropped with the returned future, unfinished.
///
/// ```
/// use executor::future::{pending, try_join};
///
/// executor::task::block_on(async {
///     let both = try_join((async { "1".parse::<u8>() }, async { "2".parse() })).await;
///     assert_eq!(both, Ok((1, 2)));
///     let failed = try_join((async { "one".parse::<u8>() }, pending::<Result<(), _>>())).await;
///     assert!(failed.is_err());
/// });
/// ```
pub fn try_join<F: TryJoin>(futures: F) -> impl Future<Output = Result<F::Outputs, F::Error>> {
    futures.try_join()
}

/// Waits until one of the futures of a tuple is ready, and returns which one it was, with its output.
///
/// If several are ready at the same poll, chance decides. So a future that is ready every time does not keep a
/// loop from seeing the others. For two futures of which the first is to win, see [`or`].
///
/// The others are dropped when this is awaited to its end, before the arms of a `match` run. So each of them
/// should be cancel-safe, or be kept: to go on with a future in the next `select`, pin it and pass it by
/// reference, as `stop` below. Dropping the returned future drops all of them. A panic of one goes to the
/// awaiting task.
///
/// ```
/// use executor::future::{Selected, select};
/// use reactor::time::{interval, sleep};
/// use std::{pin::pin, time::Duration};
///
/// let ticks = executor::task::block_on(async {
///     let mut interval = interval(Duration::from_millis(2));
///     let mut stop = pin!(sleep(Duration::from_millis(20)));
///     let mut ticks = 0;
///     loop {
///         match select((interval.tick(), stop.as_mut())).await {
///             Selected::First(_scheduled) => ticks += 1,
///             Selected::Second(()) => break ticks,
///         }
///     }
/// });
/// assert!(ticks > 0);
/// ```
///
/// If the outputs have one type, and it does not matter which future was first, a pattern takes either:
///
/// ```
/// use executor::future::{Selected::*, select};
/// use reactor::time::sleep;
/// use std::time::Duration;
///
/// # executor::task::block_on(async {
/// let slow = async { sleep(Duration::from_secs(60)).await; "slow" };
/// let (First(page) | Second(page)) = select((slow, async { "fast" })).await;
/// assert_eq!(page, "fast");
/// # });
/// ```
pub fn select<F: Select>(futures: F) -> impl Future<Output = F::Selected> {
    futures.select()
}

/// Which future of a [`select`] was ready, and its output.
///
/// A `match` needs arms only for the futures that there are: the other variants hold an [`Infallible`], of
/// which there is no value.
///
/// ```
/// use executor::future::Selected;
///
/// let selected: Selected<u8, &str> = Selected::Second("tea");
/// let text = match selected {
///     Selected::First(number) => number.to_string(),
///     Selected::Second(text) => text.to_owned(),
/// };
/// assert_eq!(text, "tea");
/// ```
#[expect(missing_docs, reason = "the variants are numbers")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected<
    A,
    B,
    C = Infallible,
    D = Infallible,
    E = Infallible,
    F = Infallible,
    G = Infallible,
    H = Infallible,
> {
    First(A),
    Second(B),
    Third(C),
    Fourth(D),
    Fifth(E),
    Sixth(F),
    Seventh(G),
    Eighth(H),
}

/// What [`join`] takes: a tuple of two to eight futures.
///
/// ```
/// use executor::future::Join;
///
/// async fn both<F: Join>(futures: F) -> F::Outputs {
///     futures.join().await
/// }
/// assert_eq!(executor::task::block_on(both((async { 1 }, async { 2 }))), (1, 2));
/// ```
pub trait Join {
    /// The tuple of the outputs.
    type Outputs;

    /// See [`join`].
    fn join(self) -> impl Future<Output = Self::Outputs>;
}

/// What [`try_join`] takes: a tuple of two to eight futures that return a `Result` with the same type of error.
///
/// ```
/// use executor::future::TryJoin;
///
/// async fn both<F: TryJoin>(futures: F) -> Result<F::Outputs, F::Error> {
///     futures.try_join().await
/// }
/// let failed = both((async { Ok::<u8, &str>(1) }, async { Err::<u8, &str>("no") }));
/// assert_eq!(executor::task::block_on(failed), Err("no"));
/// ```
pub trait TryJoin {
    /// The tuple of the values.
    type Outputs;
    /// The error of each.
    type Error;

    /// See [`try_join`].
    fn try_join(self) -> impl Future<Output = Result<Self::Outputs, Self::Error>>;
}

/// What [`select`] takes: a tuple of two to eight futures.
///
/// ```
/// use executor::future::{Select, Selected};
///
/// async fn first<F: Select>(futures: F) -> F::Selected {
///     futures.select().await
/// }
/// let selected = executor::task::block_on(first((async { 1 }, std::future::pending::<()>())));
/// assert_eq!(selected, Selected::First(1));
/// ```
pub trait Select {
    /// A [`Selected`] of the outputs.
    type Selected;

    /// See [`select`].
    fn select(self) -> impl Future<Output = Self::Selected>;
}

/// The numbers of all branches, from the one that chance has picked (F2).
fn turns(branches: usize) -> impl Iterator<Item = usize> {
    let first = budget::any_of(branches);
    (first..first + branches).map(move |turn| turn % branches)
}

/// Polls a branch of a join, unless it has been ready before (F4). Returns its output if it is ready now.
fn poll_branch<F: Future>(mut branch: Pin<&mut Option<F>>, cx: &mut Context<'_>) -> Option<F::Output> {
    let Poll::Ready(output) = branch.as_mut().as_pin_mut()?.poll(cx) else { return None };
    branch.set(None);
    Some(output)
}

/// A tuple of references that pin the branches.
macro_rules! pinned {
    ($branches:expr; $($at:tt)+) => {
        ($(
            // SAFETY: the branches are stored in an async block, which is pinned, from before the first poll
            // until they are dropped with the block. `pin!` would move each to a second place, as large as the
            // first.
            unsafe { Pin::new_unchecked(&mut $branches.$at) },
        )+)
    };
}

/// Implements the traits for tuples. Of each branch it is given the future's type, the value's type in a
/// `Result`, the place in the tuple, and the variant of [`Selected`].
macro_rules! tuples {
    ($($branches:literal: $($Future:ident $Value:ident $at:tt $Variant:ident),+;)+) => { $(
        impl<$($Future: Future),+> Join for ($($Future,)+) {
            type Outputs = ($($Future::Output,)+);

            fn join(self) -> impl Future<Output = Self::Outputs> {
                let mut branches = ($(Some(self.$at),)+);
                async move {
                    let mut branches = pinned!(branches; $($at)+);
                    let mut outputs = ($(None::<$Future::Output>,)+);
                    poll_fn(|cx| {
                        for turn in turns($branches) {
                            match turn {
                                $($at => if let Some(output) = poll_branch(branches.$at.as_mut(), cx) {
                                    outputs.$at = Some(output);
                                })+
                                _ => {}
                            }
                        }
                        if $(outputs.$at.is_some())&&+ { Poll::Ready(()) } else { Poll::Pending }
                    })
                    .await;
                    ($(outputs.$at.expect("every branch was ready"),)+)
                }
            }
        }

        impl<Error, $($Value, $Future: Future<Output = Result<$Value, Error>>),+> TryJoin for ($($Future,)+) {
            type Outputs = ($($Value,)+);
            type Error = Error;

            fn try_join(self) -> impl Future<Output = Result<Self::Outputs, Error>> {
                let mut branches = ($(Some(self.$at),)+);
                async move {
                    let mut branches = pinned!(branches; $($at)+);
                    let mut values = ($(None::<$Value>,)+);
                    poll_fn(|cx| {
                        for turn in turns($branches) {
                            match turn {
                                $($at => match poll_branch(branches.$at.as_mut(), cx) {
                                    Some(Ok(value)) => values.$at = Some(value),
                                    Some(Err(error)) => return Poll::Ready(Err(error)),
                                    None => {}
                                })+
                                _ => {}
                            }
                        }
                        if $(values.$at.is_some())&&+ { Poll::Ready(Ok(())) } else { Poll::Pending }
                    })
                    .await?;
                    Ok(($(values.$at.expect("every branch was ready"),)+))
                }
            }
        }

        impl<$($Future: Future),+> Select for ($($Future,)+) {
            type Selected = Selected<$($Future::Output),+>;

            fn select(mut self) -> impl Future<Output = Self::Selected> {
                async move {
                    let mut branches = pinned!(self; $($at)+);
                    poll_fn(|cx| {
                        for turn in turns($branches) {
                            match turn {
                                $($at => if let Poll::Ready(output) = branches.$at.as_mut().poll(cx) {
                                    return Poll::Ready(Selected::$Variant(output));
                                })+
                                _ => {}
                            }
                        }
                        Poll::Pending
                    })
                    .await
                }
            }
        }
    )+ };
}

tuples! {
    2: A T 0 First, B U 1 Second;
    3: A T 0 First, B U 1 Second, C V 2 Third;
    4: A T 0 First, B U 1 Second, C V 2 Third, D W 3 Fourth;
    5: A T 0 First, B U 1 Second, C V 2 Third, D W 3 Fourth, E X 4 Fifth;
    6: A T 0 First, B U 1 Second, C V 2 Third, D W 3 Fourth, E X 4 Fifth, F Y 5 Sixth;
    7: A T 0 First, B U 1 Second, C V 2 Third, D W 3 Fourth, E X 4 Fifth, F Y 5 Sixth, G Z 6 Seventh;
    8: A T 0 First, B U 1 Second, C V 2 Third, D W 3 Fourth, E X 4 Fifth, F Y 5 Sixth, G Z 6 Seventh, H S 7 Eighth;
}
