//! The policies, in their order: each adds one decision to the policy before it, or changes one.
//!
//! Each file has one whole policy. Next: `locked_queue`.

mod capped_slot;
mod injector_tick;
mod lock_free_queue;
mod locked_queue;
mod next_slot;
mod one_searcher;
mod own_queues;
mod queues;
mod steal_half;
mod steal_one;
mod wake_all;

use crate::policy::Policy;
use crate::pool::{self, AnyPool};

/// A policy, and what is said of it.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// The cell that shows what its decision is good for, if anything does, beside that of a policy without it.
    pub(crate) gains: Option<Cell>,
    /// The cell that shows what hurts it, beside that of another policy.
    pub(crate) loses: Cell,
    pub(crate) open: fn(usize) -> Box<dyn AnyPool>,
    pub(crate) is_fair: Fair,
}

/// A figure that is compared with that of another policy.
pub(crate) struct Cell {
    pub(crate) workload: &'static str,
    pub(crate) workers: usize,
    pub(crate) metric: &'static str,
    pub(crate) beside: &'static str,
}

/// What a worker still polls although it always has tasks of its own, on a pool of one worker.
pub(crate) struct Fair {
    /// The tasks that were queued before two others began to wake each other.
    pub(crate) to_the_queue: bool,
    /// A task from outside.
    pub(crate) to_the_outside: bool,
}

const FAIR: Fair = Fair { to_the_queue: true, to_the_outside: true };
/// A worker that goes on with a task of its own looks at no injector.
const UNFAIR_OUTSIDE: Fair = Fair { to_the_queue: true, to_the_outside: false };

const fn cell(workload: &'static str, workers: usize, metric: &'static str, beside: &'static str) -> Cell {
    Cell { workload, workers, metric, beside }
}

const fn entry<P: Policy>(
    name: &'static str,
    title: &'static str,
    is_fair: Fair,
    gains: Option<Cell>,
    loses: Cell,
) -> Entry {
    Entry { name, title, gains, loses, open: pool::open::<P>, is_fair }
}

pub(crate) const POLICIES: &[Entry] = &[
    entry::<locked_queue::LockedQueue>(
        "locked-queue",
        "1 one queue, a lock",
        FAIR,
        Some(cell("outside", 1, "p50", "injector-tick")),
        cell("ping-pong", 2, "futex", "own-queues"),
    ),
    entry::<lock_free_queue::LockFreeQueue>(
        "lock-free-queue",
        "2 one queue, no lock",
        FAIR,
        None,
        cell("ping-pong", 8, "futex", "own-queues"),
    ),
    entry::<own_queues::OwnQueues>(
        "own-queues",
        "3 a queue for each worker",
        FAIR,
        Some(cell("ping-pong", 2, "futex", "lock-free-queue")),
        cell("fan-out", 8, "p50", "steal-half"),
    ),
    entry::<steal_one::StealOne>(
        "steal-one",
        "4 steal one",
        UNFAIR_OUTSIDE,
        Some(cell("fan-out", 8, "p50", "own-queues")),
        cell("fan-out", 2, "steals", "steal-half"),
    ),
    entry::<steal_half::StealHalf>(
        "steal-half",
        "5 steal half",
        UNFAIR_OUTSIDE,
        Some(cell("fan-out", 2, "steals", "steal-one")),
        cell("ping-pong", 2, "futex", "next-slot"),
    ),
    entry::<next_slot::NextSlot>(
        "next-slot",
        "6 a next-task slot",
        Fair { to_the_queue: false, to_the_outside: false },
        Some(cell("ping-pong", 2, "futex", "steal-half")),
        cell("chain", 2, "longest", "steal-half"),
    ),
    entry::<capped_slot::CappedSlot>(
        "capped-slot",
        "7 the slot capped",
        UNFAIR_OUTSIDE,
        Some(cell("chain", 2, "longest", "next-slot")),
        cell("outside", 2, "throughput", "injector-tick"),
    ),
    entry::<injector_tick::InjectorTick>(
        "injector-tick",
        "8 the injector now and then",
        FAIR,
        Some(cell("outside", 2, "throughput", "capped-slot")),
        cell("uneven", 8, "futex", "one-searcher"),
    ),
    entry::<wake_all::WakeAll>(
        "wake-all",
        "9 wake all",
        FAIR,
        None,
        cell("fan-out", 8, "futex", "injector-tick"),
    ),
    entry::<one_searcher::OneSearcher>(
        "one-searcher",
        "10 one searcher",
        FAIR,
        Some(cell("uneven", 8, "futex", "injector-tick")),
        cell("uneven", 8, "p50", "injector-tick"),
    ),
];

/// The policy of that name.
pub(crate) fn named(name: &str) -> Option<&'static Entry> {
    POLICIES.iter().find(|policy| policy.name == name)
}
