//! An evening has a budget: from `Future` to a socket's byte on a stealing pool in 2,000 lines.
//!
//! The README's map says which files are on the core path, in their reading order; all others are
//! side rooms. To move a file, move its line there.

use crate::readme_commands::map_of;
use crate::source::Source;

/// Lines of code that say something: comments, blank lines and tests aside, and imports and lines that
/// only close brackets too, which nobody reads. The plain count is printed beside it.
const BUDGET: usize = 2000;

/// The steps of the path. A side room that takes one of them away cheats the reader.
const STEPS: [&str; 10] = [
    "executor/src/raw/state.rs",
    "executor/src/raw/waker.rs",
    "executor/src/local.rs",
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
    let core = map_of("### The core path");
    for step in STEPS {
        assert!(core.iter().any(|path| path == step), "{step} is missing");
    }
    let (mut sum, mut plain_sum) = (0, 0);
    println!("The core path, in reading order: lines that say something, lines of code");
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
