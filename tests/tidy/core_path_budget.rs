//! The core path can be read in an evening: from `Future` to a socket's byte on a stealing pool in 2,000 lines.
//!
//! docs/map.md lists the files of the core path in their reading order; all others are the rest of the
//! source. To move a file, move its line there, and change the `Next:` in the heads of the files before and
//! after it.

use crate::pages_name_what_exists::map_of;
use crate::source::{Source, read};

/// The limit, in lines of code. Comments, blank lines, tests, imports, lines that only close brackets, lines that
/// only record an event, and lines that only carry a seeded fault do not count: the last are in no shipped build.
/// The plain count is printed beside it.
pub(crate) const BUDGET: usize = 2000;

/// The steps of the path. None of them may be removed from it.
const STEPS: [&str; 10] = [
    "executor/src/raw_task/state.rs",
    "executor/src/raw_task/waker.rs",
    "executor/src/local/mod.rs",
    "executor/src/block_on.rs",
    "executor/src/pool/queue.rs",
    "executor/src/pool/worker.rs",
    "reactor/src/source.rs",
    "reactor/src/timers.rs",
    "reactor/src/reactor.rs",
    "reactor/src/net/tcp.rs",
];

#[test]
fn the_core_path_keeps_its_budget() {
    let core = map_of("## The core path");
    for step in STEPS {
        assert!(core.iter().any(|path| path == step), "{step} is missing");
    }
    let (mut sum, mut plain_sum) = (0, 0);
    println!("The core path, in reading order: lines that count, lines of code");
    for path in core {
        let source = Source::read(&path);
        let (lines, plain) = (source.telling_lines(), source.code_lines());
        sum += lines;
        plain_sum += plain;
        println!("  {lines:>5}  {plain:>5}  {path}");
    }
    println!("  {sum:>5}  {plain_sum:>5}  in all, of {BUDGET}");
    assert!(sum <= BUDGET, "the core path has {sum} lines of code, its budget is {BUDGET}");
}

/// The first name after `Next: ` in a file's head.
fn next_of(path: &str) -> Option<String> {
    let text = read(path);
    let head: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let head = head.join(" ");
    let (_, next) = head.split_once("Next: `")?;
    Some(next.split_once('`')?.0.to_owned())
}

/// The name of a file's module: `pool` of `executor/src/pool/mod.rs`.
fn module(path: &str) -> &str {
    let path = path.trim_end_matches("/mod.rs").trim_end_matches(".rs");
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// A reader who follows the heads reads in the README's order.
#[test]
fn each_file_of_the_core_path_names_the_one_after_it() {
    let core = map_of("## The core path");
    for pair in core.windows(2) {
        assert_eq!(next_of(&pair[0]).as_deref(), Some(module(&pair[1])), "the head of {}", pair[0]);
    }
}
