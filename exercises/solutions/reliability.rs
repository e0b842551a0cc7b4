//! A latch with a fault that a test with threads finds once in a hundred thousand runs. One solution.
//!
//! Two workers arrive at it, one waiter waits until both have. `left` begins with 2. Each thread is a list of
//! steps, and the test runs them in every order.

/// What a thread does in one go, while nobody else does anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A worker reads `left` into a variable of its own.
    ReadLeft,
    /// A worker writes that variable, less one, to `left`.
    WriteLeft,
    /// A worker takes one from `left`, and has what remains in its variable: one step, as `fetch_sub` is.
    TakeOne,
    /// If this worker's variable says that it was the last one, the thread that is listed is woken.
    WakeIfLast,
    /// The waiter lists itself.
    List,
    /// The waiter reads `left`: goes on if it is zero, else sleeps until it is woken.
    SleepIfLeft,
}

/// Exercise 1. What a worker does when it arrives.
pub fn worker() -> Vec<Step> {
    vec![Step::TakeOne, Step::WakeIfLast]
}

/// Exercise 2. What the waiter does.
pub fn waiter() -> Vec<Step> {
    vec![Step::List, Step::SleepIfLeft]
}
