//! What operations cost, in things that can be counted: allocations, bytes, polls, wakes, system calls, instructions.
//!
//! Times differ from machine to machine and from minute to minute, and nobody sees in them that a wake makes one system
//! call more than last week. Counts are the same each time, so they can be compared exactly: `docs/ledger.md`.
//!
//!     cargo bench --bench ledger                 prints the rows of ours, without the instructions
//!     cargo bench --bench ledger -- --check      compares them with docs/ledger.md
//!     cargo bench --bench ledger -- --write      writes docs/ledger.md; needs valgrind
//!
//! All need Linux and strace. Reading order: `operations`, `measure`, `ours`, `table`.

#[path = "../common/mod.rs"]
mod common;
#[path = "../../tests/shared/counting.rs"]
mod counting;
mod measure;
mod operations;
mod ours;
mod table;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use measure::Meter;

fn main() -> ExitCode {
    match ledger(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ledger: {error}");
            ExitCode::FAILURE
        }
    }
}

fn ledger(arguments: &[String]) -> io::Result<ExitCode> {
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ledger.md"));
    let has = |option: &str| arguments.iter().any(|argument| argument == option);
    if let [run, name, _ours, times] = arguments
        && run == "run"
    {
        let times = times.parse().map_err(io::Error::other)?;
        return one(name, times).map(|()| ExitCode::SUCCESS);
    }
    common::shows("what each operation costs, in things that can be counted exactly", "ledger.md");
    if has("--test") {
        for operation in operations::OPERATIONS {
            one(operation.name, 2)?;
        }
    } else if has("--write") {
        table::write(file, &table::rows(&["ours"], true)?)?;
    } else if has("--check") {
        let differences = table::compare(file, &table::rows(&["ours"], false)?)?;
        if !differences.is_empty() {
            println!("{}", differences.join("\n"));
            println!("If this is intended: cargo bench --bench ledger -- --write");
            return Ok(ExitCode::FAILURE);
        }
        println!("each operation costs what docs/ledger.md says");
    } else {
        table::rows(&["ours"], false)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Does an operation in this process, and prints what it has cost.
fn one(name: &str, times: usize) -> io::Result<()> {
    let meter = Meter::new(times, || {
        let executor::Metrics { polls, wakes, .. } = executor::metrics();
        vec![("polls", polls), ("wakes", wakes)]
    });
    match name {
        "chat" => ours::chat(meter),
        _ => {
            operations::run::<ours::Ours>(name, meter);
            Ok(())
        }
    }
}
