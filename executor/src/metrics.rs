//! What the executor did, in numbers: sums of what `record` has. Next: `lib`.

use reactor::record::{Kind, Thread, threads};

/// What the executor did since the program began.
///
/// ```
/// use executor::{pool::Pool, task};
///
/// let pool = Pool::new(2)?;
/// task::block_on(pool.spawn(async {}));
/// let executor::Metrics { spawned, alive, polls, workers, .. } = executor::metrics();
/// assert!(spawned >= 1 && polls >= 1 && alive <= spawned);
/// assert!(workers.iter().any(|worker| worker.index == 0));
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Tasks spawned: on pools, local, and blocking calls.
    pub spawned: u64,
    /// Tasks spawned whose future still exists.
    pub alive: u64,
    /// Polls of tasks.
    pub polls: u64,
    /// Wakes that put a task into a queue.
    pub wakes: u64,
    /// Times that a worker took tasks from another one.
    pub steals: u64,
    /// Times that a thread went to wait, in the reactor or parked.
    pub parks: u64,
    /// The workers of all pools that run now, one entry each.
    pub workers: Vec<WorkerMetrics>,
}

/// What one worker thread did. A thread may go on with the numbers of one that has ended.
///
/// ```
/// for executor::WorkerMetrics { index, polls, steals, parks } in executor::metrics().workers {
///     println!("worker {index}: {polls} polls, {steals} steals, {parks} parks");
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkerMetrics {
    /// Its place in its pool.
    pub index: usize,
    /// Polls of tasks.
    pub polls: u64,
    /// Times that it took tasks from another worker.
    pub steals: u64,
    /// Times that it went to wait.
    pub parks: u64,
}

/// A snapshot of what the executor did so far.
///
/// The numbers are read one by one while the threads go on: each is right, their sums may be a few
/// events apart.
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
