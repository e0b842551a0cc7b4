//! Two hand-written futures. One solution.

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
        loop {
            match &mut *self {
                Knocks::Begin { times: 0 } => {
                    *self = Knocks::Done;
                    return Poll::Ready(String::new());
                }
                Knocks::Begin { times } => {
                    let left = *times;
                    *self = Knocks::Waiting { left, sounds: String::new(), knock: Knock::default() };
                }
                Knocks::Waiting { left, sounds, knock } => {
                    std::task::ready!(Pin::new(&mut *knock).poll(cx));
                    sounds.push('!');
                    *left -= 1;
                    *knock = Knock::default();
                    if *left == 0 {
                        let sounds = std::mem::take(sounds);
                        *self = Knocks::Done;
                        return Poll::Ready(sounds);
                    }
                }
                Knocks::Done => panic!("polled again after it was ready"),
            }
        }
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
        let this = &mut *self;
        if this.first_output.is_none()
            && let Poll::Ready(output) = Pin::new(&mut this.first).poll(cx)
        {
            this.first_output = Some(output);
        }
        if this.second_output.is_none()
            && let Poll::Ready(output) = Pin::new(&mut this.second).poll(cx)
        {
            this.second_output = Some(output);
        }
        match (this.first_output.take(), this.second_output.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            (first, second) => {
                (this.first_output, this.second_output) = (first, second);
                Poll::Pending
            }
        }
    }
}
