//! Which worker a push wakes, and what a worker that finds no task does. One solution.

/// The state that the workers share, under one lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    /// Tasks in the queue.
    pub queue: usize,
    /// Workers that are parked.
    pub parked: usize,
    /// One worker waits in the poller.
    pub driven: bool,
}

/// Which worker to wake.
#[derive(Debug, PartialEq, Eq)]
pub enum Wake {
    Nothing,
    /// A worker that is parked.
    Parked,
    /// The worker that waits in the poller.
    Driver,
}

/// What a worker does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Run a task.
    Run,
    /// Wait in the poller.
    Drive,
    Park,
}

/// Exercise 1. A task has just been pushed, and `queue` already counts it. A wake is a system call: wake one
/// worker, and none if all are awake. Prefer a parked worker, since the driver has sockets to wait for.
pub fn on_push(state: &State) -> Wake {
    if state.parked > 0 {
        Wake::Parked
    } else if state.driven {
        Wake::Driver
    } else {
        Wake::Nothing
    }
}

/// Exercise 2. A worker decides what to do. One of the workers without a task must drive, or no socket event
/// is ever seen. Only one may drive at a time.
pub fn on_idle(state: &State) -> Next {
    if state.queue > 0 {
        Next::Run
    } else if state.driven {
        Next::Park
    } else {
        Next::Drive
    }
}
