//! The memory and CPU time of a process, and the cores on which it runs. Linux only. Next: `delays`.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The core of the load generator, and of everything under `--one-core`.
pub const LOAD_CORE: usize = 0;
/// The core of the servers.
pub const SERVER_CORE: usize = 1;

/// A thread that is pinned to a core. Dropping it lets the thread run where it could before. If it stayed pinned, the
/// processes that it starts later would be too: the next server would share its core with the load.
pub struct Pinned(Option<CpuSet>);

/// Pins this thread, and the threads and processes that it will start, to one core, if it may run on that core.
pub fn pin(core: usize) -> Pinned {
    let before = sched_getaffinity(None).ok().filter(|may| may.is_set(core));
    if before.is_some() {
        let mut cores = CpuSet::new();
        cores.set(core);
        sched_setaffinity(None, &cores).expect("a core that we have");
    }
    Pinned(before)
}

impl Drop for Pinned {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            sched_setaffinity(None, before).expect("the cores that we had");
        }
    }
}

/// Raises the limit on open descriptors to the hard limit.
pub fn raise_descriptor_limit() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// Returns the resident memory of a process, in bytes.
pub fn resident(pid: u32) -> usize {
    let text = fs::read_to_string(format!("/proc/{pid}/statm")).expect("the process lives");
    let pages: usize = text.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("statm");
    pages * rustix::param::page_size()
}

/// Returns the CPU time that the running threads of a process have used, in nanoseconds.
pub fn cpu_of(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("the process lives");
    let used = tasks.flatten().filter_map(|task| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    used.sum()
}
