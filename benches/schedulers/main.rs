//! Schedulers that differ in one decision each, on the same tasks: what is each decision good for, and what does it cost?
//!
//! The tables of `benches/peers` compare whole runtimes. If one is faster, they do not say which of its twenty decisions
//! made it so. A profile of one runtime does not say it either, since it cannot show the decision that was not taken.
//!
//!     cargo bench --bench schedulers                  a row for each policy and workload, on two workers
//!     cargo bench --bench schedulers -- --test        the promises of each policy, and each row once
//!     cargo bench --bench schedulers -- --table [ROUNDS]      all cells: writes docs/schedulers.md and its picture
//!     cargo bench --bench schedulers -- --trace POLICY WORKLOAD WORKERS FILE
//!                                                     a few milliseconds of one cell as a page (.html, or .json)
//!
//! ```text
//!   policies ──▶ policy ──▶ sleepers ──▶ parker          workloads ──▶ run ──▶ signal
//!                  └──▶ task ◀── pool                       └────── measure ──▶ table ──▶ picture
//! ```
//!
//! Reading order: `task`, `parker`, `sleepers`, `policy`, `pool`, `waits`, `signal`, `run`, `workloads`, the policies,
//! `measure`, `table`, `picture`, `promises`. Needs Linux only for the name of the machine in the table.

#[path = "../common/mod.rs"]
mod common;
mod measure;
mod parker;
mod picture;
mod policies;
mod policy;
mod pool;
mod promises;
mod run;
mod signal;
mod sleepers;
mod table;
mod task;
mod waits;
mod workloads;

use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use criterion::{Criterion, SamplingMode};
use executor::trace;

use policies::{Entry, POLICIES};
use table::Table;
use workloads::{WORKLOADS, Workload};

/// The rounds of a table, unless the command says otherwise.
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    words.retain(|word| word != "--bench"); // Cargo adds it.
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match schedulers(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("schedulers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn schedulers(words: &[&str]) -> Result<(), Box<dyn Error>> {
    match *words {
        ["--table"] => write_table(ROUNDS)?,
        ["--table", rounds] => write_table(rounds.parse()?)?,
        ["--cell", policy, workload, workers] => {
            let (policy, workload, workers) = cell(policy, workload, workers)?;
            measure::print(&measure::measure(policy, workload, workers, workloads::TIME).figures);
        }
        ["--trace", policy, workload, workers, file] => {
            let (policy, workload, workers) = cell(policy, workload, workers)?;
            trace::start(1 << 16)?;
            measure::measure(policy, workload, workers, Duration::from_millis(5));
            let trace = trace::stop().ok_or("the recording is gone")?;
            trace.save(file)?;
            println!("{}: {} events, {} lost, {file}", policy.title, trace.events(), trace.lost());
        }
        _ => {
            if words.contains(&"--test") {
                promises::check();
            }
            rows();
        }
    }
    Ok(())
}

/// Measures all cells, and writes the page and its picture.
fn write_table(rounds: usize) -> io::Result<()> {
    let docs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs"));
    let table = Table::measure(rounds)?;
    fs::write(docs.join("benchmarks/schedulers.svg"), picture::heat_map(&table))?;
    fs::write(docs.join("schedulers.md"), table::page(&table, rounds))
}

/// The cell that these words name.
fn cell(
    policy: &str,
    workload: &str,
    workers: &str,
) -> Result<(&'static Entry, &'static Workload, usize), String> {
    let names: Vec<&str> = POLICIES.iter().map(|policy| policy.name).collect();
    let policy = policies::named(policy).ok_or_else(|| format!("the policies are {}", names.join(", ")))?;
    let names: Vec<&str> = WORKLOADS.iter().map(|workload| workload.name).collect();
    let found = WORKLOADS.iter().find(|known| known.name == workload);
    let workload = found.ok_or_else(|| format!("the workloads are {}", names.join(", ")))?;
    let workers = workers.parse().ok().filter(|workers| (1..=64).contains(workers));
    Ok((policy, workload, workers.ok_or("1 to 64 workers")?))
}

/// The rows of criterion: the time of an operation, from runs of fixed length, since no run has a fixed number of them.
fn rows() {
    common::shows("what each decision of a scheduler adds, and which workload it hurts", "schedulers.md");
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(500))
        .configure_from_args();
    for workload in WORKLOADS {
        println!("\n{}: {}", workload.name, workload.what);
        let mut group = criterion.benchmark_group(format!("schedulers/{}", workload.name));
        group.sampling_mode(SamplingMode::Flat);
        for policy in POLICIES {
            group.bench_function(policy.name, |bencher| {
                bencher.iter_custom(|times| {
                    let outcome = measure::measure(policy, workload, 2, promises::SHORT);
                    assert!(outcome.operations > 0, "{} did nothing", policy.name);
                    outcome.elapsed.mul_f64(times as f64 / outcome.operations as f64)
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
