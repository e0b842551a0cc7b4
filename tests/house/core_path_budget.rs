//! An evening has a budget: from `Future` to a socket's byte on a stealing pool in 2,000 lines.
//!
//! Every file of reactor and executor is either on the core path, here in its reading order, or one
//! of the side rooms off it. A new file goes into one of the two lists.

use crate::source::{Source, crate_sources};

/// Lines of code, comments, blank lines and tests aside.
const BUDGET: usize = 2000;

/// The core path, in reading order. The README's map follows it.
pub(crate) const CORE_PATH: &[&str] = &[
    "executor/src/context.rs",
    "executor/src/raw/mod.rs",
    "executor/src/raw/state.rs",
    "executor/src/raw/cell.rs",
    "executor/src/raw/waker.rs",
    "executor/src/raw/list.rs",
    "executor/src/raw/runnable.rs",
    "executor/src/raw/join_handle.rs",
    "executor/src/local.rs",
    "executor/src/park.rs",
    "executor/src/block_on.rs",
    "executor/src/yield_now.rs",
    "executor/src/pool/mod.rs",
    "executor/src/pool/queue.rs",
    "executor/src/pool/sleep.rs",
    "executor/src/pool/worker.rs",
    "reactor/src/poller.rs",
    "reactor/src/source.rs",
    "reactor/src/timers.rs",
    "reactor/src/reactor.rs",
    "reactor/src/async_io.rs",
    "reactor/src/net/mod.rs",
    "reactor/src/net/stream.rs",
    "reactor/src/net/tcp.rs",
];

/// What an evening may leave out.
pub(crate) const SIDE_ROOMS: &[&str] = &[
    "executor/src/builder.rs",
    "executor/src/lib.rs",
    "executor/src/metrics.rs",
    "executor/src/spawn_blocking.rs",
    "executor/src/sync/broadcast.rs",
    "executor/src/sync/mod.rs",
    "executor/src/sync/mpsc.rs",
    "executor/src/sync/mutex.rs",
    "executor/src/sync/oneshot.rs",
    "executor/src/sync/send_error.rs",
    "reactor/src/blocking.rs",
    "reactor/src/budget.rs",
    "reactor/src/lib.rs",
    "reactor/src/metrics.rs",
    "reactor/src/net/addr.rs",
    "reactor/src/net/udp.rs",
    "reactor/src/net/unix.rs",
    "reactor/src/shim.rs",
    "reactor/src/signal.rs",
    "reactor/src/stdin.rs",
    "reactor/src/threads.rs",
    "reactor/src/time.rs",
    "reactor/src/wait_list.rs",
];

#[test]
fn the_core_path_keeps_its_budget() {
    let mut sum = 0;
    println!("The core path, in reading order, in lines of code:");
    for path in CORE_PATH {
        let lines = Source::read(path).code_lines();
        sum += lines;
        println!("  {lines:>5}  {path}");
    }
    println!("  {sum:>5}  in all, of {BUDGET}");
    assert!(
        sum <= BUDGET,
        "the core path has {sum} lines of code, its budget is {BUDGET}"
    );
}

#[test]
fn every_file_is_on_the_core_path_or_a_side_room() {
    let mut listed: Vec<&str> = [CORE_PATH, SIDE_ROOMS].concat();
    listed.sort_unstable();
    for pair in listed.windows(2) {
        assert_ne!(pair[0], pair[1], "{} is listed twice", pair[0]);
    }
    let sources = ["executor", "reactor"].map(crate_sources);
    let files: Vec<&String> = sources
        .iter()
        .flatten()
        .map(|source| &source.path)
        .collect();
    for file in &files {
        assert!(
            listed.contains(&file.as_str()),
            "{file} is neither on CORE_PATH nor in SIDE_ROOMS: put it into one of them"
        );
    }
    for path in listed {
        assert!(
            files.iter().any(|file| *file == path),
            "{path} is listed and does not exist"
        );
    }
}
