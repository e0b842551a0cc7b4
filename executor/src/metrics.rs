//! What the executor did, in numbers.
//!
//! Each thread counts its own events (the reactor's `record`), because counters that all threads write would
//! slow down every poll. A snapshot adds them up. Next: `trace`.

use reactor::record::{Kind, Thread, threads};

/// What the executor has done since the program began. Returned by [`metrics()`].
///
/// ```
/// use executor::{pool::Pool, task};
///
/// let pool = Pool::new(1)?;
/// task::block_on(pool.spawn(async {}));
/// let executor::Metrics { spawned, alive, polls, workers, .. } = executor::metrics();
/// assert!(spawned >= 1 && polls >= 1 && alive <= spawned);
/// assert!(workers.iter().any(|worker| worker.index == 0));
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metrics {
    /// The number of tasks spawned: on pools, local, and blocking calls.
    pub spawned: u64,
    /// The number of spawned tasks whose future still exists.
    pub alive: u64,
    /// The number of polls of tasks.
    pub polls: u64,
    /// How often an idle task was put into a queue: by a wake, by a cancel, or because its last waker is gone.
    /// Blocking calls are not counted.
    pub wakes: u64,
    /// How often a worker took tasks from another worker.
    pub steals: u64,
    /// How often a thread began to wait, in the reactor or parked.
    pub parks: u64,
    /// One entry for each worker thread that runs now, of all pools.
    pub workers: Vec<WorkerMetrics>,
}

/// What one worker thread has done. A new worker may continue the counters of a thread that has ended.
///
/// ```
/// for executor::WorkerMetrics { index, polls, steals, parks } in executor::metrics().workers {
///     println!("worker {index}: {polls} polls, {steals} steals, {parks} parks");
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkerMetrics {
    /// Its index in its pool, from 0 on.
    pub index: usize,
    /// The number of polls of tasks.
    pub polls: u64,
    /// How often it took tasks from another worker.
    pub steals: u64,
    /// How often it began to wait.
    pub parks: u64,
}

/// Returns a snapshot of the executor's counters.
///
/// The counters are read one after another while the threads run on. Each is right, but two of them may
/// disagree by the few events between the two reads.
///
/// ```
/// use executor::task;
///
/// let before = executor::metrics();
/// task::block_on(task::spawn_local(async {}));
/// assert!(executor::metrics().spawned > before.spawned);
/// ```
pub fn metrics() -> Metrics {
    let threads = threads();
    let sum = |kind| threads.iter().map(|thread| thread[kind]).sum::<u64>();
    let worker = |thread: &Thread| {
        let index = thread.worker?;
        let [polls, steals, parks] = [Kind::Poll, Kind::Steal, Kind::Park].map(|kind| thread[kind]);
        Some(WorkerMetrics { index, polls, steals, parks })
    };
    let mut workers: Vec<_> = threads.iter().filter_map(worker).collect();
    workers.sort_by_key(|worker| worker.index);
    Metrics {
        spawned: sum(Kind::Spawn),
        alive: sum(Kind::Spawn).saturating_sub(sum(Kind::Finish)),
        polls: sum(Kind::Poll),
        wakes: sum(Kind::Wake),
        steals: sum(Kind::Steal),
        parks: sum(Kind::Park),
        workers,
    }
}
