//! Whom a push wakes, and what a worker does that finds nothing. One solution.

/// What the workers share, under one lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    /// Tasks in the queue.
    pub queue: usize,
    /// Workers that are parked.
    pub parked: usize,
    /// One worker waits in the poller.
    pub driven: bool,
}

/// Whom to wake.
#[derive(Debug, PartialEq, Eq)]
pub enum Whom {
    Nobody,
    /// One that is parked.
    Parked,
    /// The one that waits in the poller.
    Driver,
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Run a task.
    Run,
    /// Wait in the poller.
    Drive,
    Park,
}

/// Exercise 1. A task has just been pushed (`queue` counts it already). To wake is a system call: wake one
/// worker, and nobody if all are awake. The driver has sockets to wait for: rather one that is parked.
pub fn on_push(state: &State) -> Whom {
    if state.parked > 0 {
        Whom::Parked
    } else if state.driven {
        Whom::Driver
    } else {
        Whom::Nobody
    }
}

/// Exercise 2. A worker looks what to do. One of those that have nothing to run must drive, or no socket is ever
/// seen; and only one may.
pub fn on_idle(state: &State) -> Next {
    if state.queue > 0 {
        Next::Run
    } else if state.driven {
        Next::Park
    } else {
        Next::Drive
    }
}
