//! What the system tells of processes, and where they may run. Linux only. Next: `server`.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The core of the load generator, and of what runs in one process under `--one-core`.
pub const LOAD_CORE: usize = 0;
/// The core of the servers.
pub const SERVER_CORE: usize = 1;

/// Keeps this thread, and those that it will start, on one core, if it has that core at all.
pub fn pin(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    if sched_getaffinity(None).is_ok_and(|may| may.is_set(core)) {
        sched_setaffinity(None, &cores).expect("a core that we have");
    }
}

/// Allows as many descriptors as the hard limit does.
pub fn raise_descriptor_limit() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// Bytes of memory that a process has in use.
pub fn resident(pid: u32) -> usize {
    let text = fs::read_to_string(format!("/proc/{pid}/statm")).expect("the process lives");
    let pages: usize = text.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("statm");
    pages * rustix::param::page_size()
}

/// Nanoseconds of CPU time that the living threads of a process have used.
pub fn cpu_of(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("the process lives");
    let used = tasks.flatten().filter_map(|task| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    used.sum()
}
