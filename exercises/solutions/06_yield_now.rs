//! Yielding at regular intervals, and an order of turns. One solution.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Poll;

/// Exercise 1. Yields at each n-th call of `tick`, and at no other.
pub struct Every {
    n: u32,
    count: u32,
}

impl Every {
    pub fn new(n: u32) -> Every {
        Every { n, count: 0 }
    }

    pub async fn tick(&mut self) {
        self.count += 1;
        if self.count < self.n {
            return;
        }
        self.count = 0;
        let mut yielded = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut yielded, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

/// Exercise 2. Two queues. While both have tasks, two favoured tasks run for each of the others.
#[derive(Default)]
pub struct Turns {
    favoured: VecDeque<u32>,
    others: VecDeque<u32>,
    /// How many favoured tasks have run in a row.
    in_a_row: u32,
}

impl Turns {
    pub fn push(&mut self, task: u32, is_favoured: bool) {
        if is_favoured { &mut self.favoured } else { &mut self.others }.push_back(task);
    }

    pub fn next(&mut self) -> Option<u32> {
        if self.in_a_row < 2
            && let Some(task) = self.favoured.pop_front()
        {
            self.in_a_row += 1;
            return Some(task);
        }
        self.in_a_row = 0;
        self.others.pop_front().or_else(|| self.favoured.pop_front())
    }
}
