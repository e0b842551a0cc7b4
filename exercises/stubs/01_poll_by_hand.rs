//! Two hand-written futures.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::pin::Pin;
use std::task::{Context, Poll};

/// A leaf: pending once, then ready.
#[derive(Debug, Default)]
pub struct Knock {
    heard: bool,
}

impl Future for Knock {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.heard {
            return Poll::Ready(());
        }
        self.heard = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Exercise 1. What the compiler generates for this function:
///
/// ```text
/// async fn knocks(times: u32) -> String {
///     let mut sounds = String::new();
///     for _ in 0..times {
///         Knock::default().await;
///         sounds.push('!');
///     }
///     sounds
/// }
/// ```
#[derive(Debug)]
pub enum Knocks {
    Begin {
        times: u32,
    },
    /// At the await. What is alive there?
    Waiting {
        left: u32,
        sounds: String,
        knock: Knock,
    },
    Done,
}

pub fn knocks(times: u32) -> Knocks {
    Knocks::Begin { times }
}

impl Future for Knocks {
    type Output = String;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<String> {
        todo!("exercise 1: a loop around a match; each arm changes to the next variant, or returns")
    }
}

/// Exercise 2. Ready when both futures are, with both outputs. Neither is polled again after it was ready.
pub struct Join<A: Future, B: Future> {
    first: A,
    second: B,
    first_output: Option<A::Output>,
    second_output: Option<B::Output>,
}

pub fn join<A: Future, B: Future>(first: A, second: B) -> Join<A, B> {
    Join { first, second, first_output: None, second_output: None }
}

impl<A, B> Future for Join<A, B>
where
    A: Future<Output: Unpin> + Unpin,
    B: Future<Output: Unpin> + Unpin,
{
    type Output = (A::Output, B::Output);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!("exercise 2: poll each future that has no output yet")
    }
}
