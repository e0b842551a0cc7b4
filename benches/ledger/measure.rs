//! How an operation is counted. Next: `operations`.
//!
//! What a program does before and after the operations would be counted too. So the counting begins when the program
//! has warmed up. A mark in the list of system calls says where: the name of a file that does not exist.
//!
//! ```text
//!   ledger ──▶ ledger run NAME                     allocations, bytes, wakes, polls
//!          ──▶ strace ledger run NAME              system calls, between the two marks
//!          ──▶ callgrind ledger run NAME TIMES     instructions: a run with 2 × TIMES, less one with TIMES
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::Ordering;

use super::counting::{ALL_ALLOCATED, ALL_ALLOCATIONS};

const BEGIN: &str = "/the ledger begins";
const END: &str = "/the ledger ends";

/// What an operation costs: the name of each figure, and its value.
pub(crate) type Figures = BTreeMap<String, f64>;

/// The passes of an operation, as an iterator: how often it is to be done in each. The last one is counted.
pub(crate) struct Meter {
    times: usize,
    passes: usize,
    /// The runtime's own counters.
    counters: fn() -> Counters,
    before: (Counters, [usize; 2]),
}

type Counters = Vec<(&'static str, u64)>;

impl Meter {
    pub(crate) fn new(times: usize, counters: fn() -> Counters) -> Self {
        Self { times, passes: 0, counters, before: Default::default() }
    }

    /// How often the operation is done in all passes.
    pub(crate) fn all(&self) -> usize {
        2 * self.times
    }
}

/// The allocations and the bytes so far.
fn allocated() -> [usize; 2] {
    // ORDERING: Relaxed; counters, which publish nothing. What the operations did on other threads was waited for.
    [&ALL_ALLOCATIONS, &ALL_ALLOCATED].map(|count| count.load(Ordering::Relaxed))
}

impl Iterator for Meter {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.passes += 1;
        match self.passes {
            1 => {}
            2 => {
                let _ = std::fs::metadata(BEGIN);
                let counters = (self.counters)();
                self.before = (counters, allocated()); // last: the counters allocate
            }
            _ => {
                let after = allocated();
                let counters = (self.counters)();
                let _ = std::fs::metadata(END);
                let (before, allocated) = &self.before;
                for (name, count) in
                    ["allocations", "bytes"].iter().zip([0, 1].map(|at| after[at] - allocated[at]))
                {
                    println!("{name}={count}");
                }
                for ((name, before), (_, after)) in before.iter().zip(counters) {
                    println!("{name}={}", after - before);
                }
                return None;
            }
        }
        Some(self.times)
    }
}

/// Counts an operation in processes of its own. Instructions are counted only with `instructions`: that takes long.
///
/// # Errors
///
/// `strace` or `valgrind` is not there, or the operation has failed. `None`: the runtime has nothing like it.
pub(crate) fn measure(
    name: &str,
    runtime: &str,
    times: usize,
    instructions: bool,
) -> io::Result<Option<Figures>> {
    let program = std::env::current_exe()?;
    let arguments = |times: usize| ["run".to_owned(), name.to_owned(), runtime.to_owned(), times.to_string()];
    let counted = succeeded(on_one_worker(&program).args(arguments(times)).output()?)?;
    let mut figures: Figures = counted.lines().filter_map(figure).collect();
    if figures.is_empty() {
        return Ok(None);
    }
    let log = std::env::temp_dir().join(format!("ledger-{}.strace", std::process::id()));
    let mut traced = on_one_worker("strace".as_ref());
    traced.args(["-f", "-qq", "-o"]).arg(&log).arg(&program).args(arguments(times));
    succeeded(traced.output().map_err(|error| io::Error::other(format!("strace: {error}")))?)?;
    for (call, count) in calls(&std::fs::read_to_string(&log)?) {
        figures.insert(format!("call {call}"), count as f64);
    }
    std::fs::remove_file(log)?;
    for count in figures.values_mut() {
        *count /= times as f64;
    }
    if instructions {
        let all = |times| instructions_of(&program, &arguments(times));
        figures.insert("instructions".to_owned(), (all(2 * times)? - all(times)?) / (2 * times) as f64);
    }
    Ok(Some(figures))
}

/// With one worker: with two, which of them takes a task is a matter of chance.
fn on_one_worker(program: &Path) -> Command {
    let mut command = Command::new(program);
    for threads in ["UNROLLED_THREADS", "SMOL_THREADS", "TOKIO_WORKER_THREADS"] {
        command.env(threads, "1");
    }
    command
}

fn succeeded(output: Output) -> io::Result<String> {
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

fn figure(line: &str) -> Option<(String, f64)> {
    let (name, value) = line.split_once('=')?;
    Some((name.to_owned(), value.parse().ok()?))
}

/// Counts the system calls of all threads between the two marks.
fn calls(log: &str) -> BTreeMap<&str, u64> {
    let mut calls = BTreeMap::new();
    let lines = log.lines().skip_while(|line| !line.contains(BEGIN)).skip(1);
    for line in lines.take_while(|line| !line.contains(END)) {
        // "1234  read(5, ..." begins a call; "<... read resumed>" ends one that was begun.
        let call = line.split_whitespace().nth(1).and_then(|words| words.split_once('('));
        if let Some((name, _)) = call
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        {
            *calls.entry(name).or_default() += 1;
        }
    }
    calls
}

/// Returns the number of instructions of the whole program.
fn instructions_of(program: &Path, arguments: &[String]) -> io::Result<f64> {
    let mut command = on_one_worker("valgrind".as_ref());
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program).args(arguments);
    let output = command.output().map_err(|error| io::Error::other(format!("valgrind: {error}")))?;
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    succeeded(output)?;
    let collected = report.lines().find_map(|line| line.split_once("Collected : "));
    let count = collected.and_then(|(_, count)| count.trim().parse().ok());
    count.ok_or_else(|| io::Error::other(format!("callgrind has counted nothing:\n{report}")))
}
