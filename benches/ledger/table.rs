//! The ledger as a table: a row for each operation and runtime. Next: `main`.
//!
//! The rows of a runtime can be written anew while the others stay, since no program has all runtimes in it.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use super::measure::{Figures, measure};
use super::operations::{OPERATIONS, Operation};

const ABOUT: &str = "\
# The ledger

What an operation costs, in things that can be counted: these figures are the same on each machine of the kind, and in
each run. `cargo bench --bench ledger -- --write` writes the rows of ours, `cargo run --release --bin ledger`
in `benches/peers` those of the peers. `.ci/run` compares ours: a change of a cost shows here, as a difference of
numbers.

Each figure is per operation, rounded: of all threads, after a warm-up, with one worker. Memory is what was allocated,
whether or not it was freed. Polls and wakes are those of spawned tasks. System calls are counted by `strace`, and
instructions by valgrind's `callgrind`. A dash: it is not counted. A `~`: on two threads, whether one of them has to wait
for the other is chance, so this figure differs a little from run to run, and the
instructions of such an operation are not counted.
";

const HEAD: &str = "\
| | runtime | allocations | bytes | polls | wakes | system calls | instructions |
|---|---|---|---|---|---|---|---|
";

/// In the order of the rows.
const RUNTIMES: &[&str] = &["ours", "tokio", "smol"];

/// Measures these runtimes, and returns a row for each operation. `instructions` takes a minute for each runtime.
pub(crate) fn rows(runtimes: &[&str], instructions: bool) -> io::Result<Vec<String>> {
    let mut rows = Vec::new();
    for operation in OPERATIONS {
        for runtime in runtimes {
            if let Some(figures) =
                measure(operation.name, runtime, operation.times, instructions && operation.threads == 1)?
            {
                rows.push(row(operation, runtime, &figures));
                eprintln!("{}", rows[rows.len() - 1]);
            }
        }
    }
    Ok(rows)
}

fn row(operation: &Operation, runtime: &str, figures: &Figures) -> String {
    let by_chance = if operation.threads > 1 { "~" } else { "" };
    let cell = |name: &str| {
        let by_chance = if name == "allocations" { "" } else { by_chance };
        let step = if name == "polls" || name == "wakes" { 0.5 } else { 1.0 };
        figures.get(name).map_or("–".to_owned(), |&value| format!("{by_chance}{}", rounded(value, step)))
    };
    let mut calls = String::new();
    for (name, &count) in figures {
        if let Some(name) = name.strip_prefix("call ")
            && count >= 0.25
        {
            let begin = if calls.is_empty() { by_chance } else { ", " };
            let _ = write!(calls, "{begin}{name} {}", rounded(count, 0.5));
        }
    }
    let [allocations, bytes, polls, wakes, instructions] =
        ["allocations", "bytes", "polls", "wakes", "instructions"].map(cell);
    let operation = operation.name;
    format!(
        "| {operation} | {runtime} | {allocations} | {bytes} | {polls} | {wakes} | {calls} | {instructions} |"
    )
}

/// To whole numbers, or to halves: what two operations share is a half of each.
fn rounded(value: f64, step: f64) -> String {
    let rounded = (value / step).round() * step;
    format!("{rounded:.*}", usize::from(rounded.fract() != 0.0))
}

/// The operation and the runtime of a row.
fn key(row: &str) -> Option<(usize, usize)> {
    let mut cells = row.split('|').map(str::trim).skip(1);
    let (operation, runtime) = (cells.next()?, cells.next()?);
    let operation = OPERATIONS.iter().position(|known| known.name == operation)?;
    Some((operation, RUNTIMES.iter().position(|known| *known == runtime)?))
}

/// Replaces the rows of these keys in a file, and writes the rest anew.
pub(crate) fn write(file: &Path, rows: &[String]) -> io::Result<()> {
    let old = fs::read_to_string(file).unwrap_or_default();
    let replaced: Vec<_> = rows.iter().map(|row| key(row)).collect();
    let kept = old.lines().filter(|line| key(line).is_some() && !replaced.contains(&key(line)));
    let mut all: Vec<&str> = kept.chain(rows.iter().map(String::as_str)).collect();
    all.sort_by_key(|row| key(row));
    let mut text = format!("{ABOUT}\n");
    for operation in OPERATIONS {
        let _ = writeln!(text, "- **{}**: {}.", operation.name, operation.what);
    }
    let _ = write!(text, "\n{HEAD}");
    for row in all {
        let _ = writeln!(text, "{row}");
    }
    fs::write(file, text)
}

/// Compares rows with those of a file, except for the instructions and what is chance. Returns what differs.
pub(crate) fn compare(file: &Path, rows: &[String]) -> io::Result<Vec<String>> {
    fn compared(row: &str) -> Vec<&str> {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let cells = cells[..cells.len().saturating_sub(2)].iter(); // without the instructions
        cells.map(|cell| if cell.starts_with('~') { "~" } else { cell }).collect()
    }
    let text = fs::read_to_string(file)?;
    let mut differences = Vec::new();
    for row in rows {
        let written = text.lines().find(|line| key(line) == key(row)).unwrap_or("nothing");
        if compared(written) != compared(row) {
            differences.push(format!("- {written}\n+ {row}"));
        }
    }
    Ok(differences)
}
