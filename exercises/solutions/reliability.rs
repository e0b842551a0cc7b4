//! A latch with a bug that a test with real threads finds only once in a hundred thousand runs. One solution.
//!
//! Two workers arrive at it, and one waiter waits until both have arrived. `left` starts at 2. Each thread is
//! a list of steps, and the test runs the steps in every order.

/// One atomic step of a thread: no other thread does anything during it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A worker reads `left` into a variable of its own.
    ReadLeft,
    /// A worker writes that variable minus one to `left`.
    WriteLeft,
    /// A worker subtracts one from `left`, and stores the result in its variable: one step, like `fetch_sub`.
    TakeOne,
    /// If this worker's variable says that it was the last one, it wakes the thread that is listed.
    WakeIfLast,
    /// The waiter lists itself.
    List,
    /// The waiter reads `left`. If it is zero, the waiter continues. Otherwise it sleeps until it is woken.
    SleepIfLeft,
}

/// Exercise 1. The steps of a worker when it arrives.
pub fn worker() -> Vec<Step> {
    vec![Step::TakeOne, Step::WakeIfLast]
}

/// Exercise 2. The steps of the waiter.
pub fn waiter() -> Vec<Step> {
    vec![Step::List, Step::SleepIfLeft]
}
