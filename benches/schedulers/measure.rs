//! One cell of the tables: a policy, a workload, a number of workers.
//!
//! In one process the heap and the caches of one policy would be the next one's. So each measurement of a table is a
//! process of its own, and the policies take turns: a machine that slows down slows all of them.
//!
//! Next: `table`.

use std::collections::BTreeMap;
use std::io;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::policies::Entry;
use crate::run::Run;
use crate::workloads::Workload;

/// The figures of a cell, by their names in `METRICS`.
pub(crate) type Figures = BTreeMap<&'static str, f64>;

/// What is measured.
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What it is, in a sentence.
    pub(crate) what: &'static str,
    pub(crate) more_is_better: bool,
}

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "throughput",
        title: "Throughput",
        what: "Thousands of operations a second",
        more_is_better: true,
    },
    Metric {
        name: "p50",
        title: "From a wake to its poll: the median",
        what: "In microseconds, over all wakes of measured tasks",
        more_is_better: false,
    },
    Metric {
        name: "p99",
        title: "From a wake to its poll: the 99th percentile",
        what: "In microseconds",
        more_is_better: false,
    },
    Metric {
        name: "longest",
        title: "Fairness: the longest wait",
        what: "The longest time, in milliseconds, for which any measured task was ready and was not polled. A run takes \
               100 ms: what waits that long was starved",
        more_is_better: false,
    },
    Metric {
        name: "cpu",
        title: "Processor time",
        what: "In microseconds for each operation, of all threads",
        more_is_better: false,
    },
    Metric {
        name: "steals",
        title: "Steals",
        what: "For each thousand operations; one steal may bring several tasks",
        more_is_better: false,
    },
    Metric {
        name: "futex",
        title: "Futex calls",
        what: "Parks that waited, and unparks of workers that were parked, for each thousand operations",
        more_is_better: false,
    },
];

/// What a run has done.
pub(crate) struct Outcome {
    pub(crate) operations: u64,
    pub(crate) elapsed: Duration,
    pub(crate) figures: Figures,
}

/// Runs a workload on a new pool for this time, in this process.
pub(crate) fn measure(policy: &Entry, workload: &Workload, workers: usize, time: Duration) -> Outcome {
    let pool = (policy.open)(workers);
    let run = Run::new(pool.weak());
    (workload.start)(&run, workers);
    let (cpu, start) = (cpu_time(), Instant::now());
    thread::sleep(time);
    let elapsed = start.elapsed();
    run.stop();
    let operations = run.end();
    let cpu = cpu_time() - cpu;
    let counts = pool.end();
    let each = |sum: f64| sum / operations.max(1) as f64;
    let figures = [
        ("throughput", operations as f64 / elapsed.as_secs_f64() / 1e3),
        ("p50", counts.waits.quantile(0.5) as f64 / 1e3),
        ("p99", counts.waits.quantile(0.99) as f64 / 1e3),
        ("longest", counts.waits.longest() as f64 / 1e6),
        ("cpu", each(cpu.as_nanos() as f64 / 1e3)),
        ("steals", each(counts.steals as f64 * 1e3)),
        ("futex", each(counts.futex_calls as f64 * 1e3)),
    ];
    Outcome { operations, elapsed, figures: figures.into_iter().collect() }
}

/// The CPU time that this process has used on all its threads.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The same in a process of its own, which prints its figures.
pub(crate) fn in_a_process(policy: &Entry, workload: &Workload, workers: usize) -> io::Result<Figures> {
    let arguments = ["--cell", policy.name, workload.name, &workers.to_string()];
    let output = Command::new(std::env::current_exe()?).args(arguments).output()?;
    if !output.status.success() {
        let cell = format!("{} on {workers} workers, {}", policy.name, workload.name);
        return Err(io::Error::other(format!("{cell}:\n{}", String::from_utf8_lossy(&output.stderr))));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let figure = |word: &str| {
        let (name, value) = word.split_once('=')?;
        let metric = METRICS.iter().find(|metric| metric.name == name)?;
        Some((metric.name, value.parse().ok()?))
    };
    Ok(text.split_whitespace().filter_map(figure).collect())
}

/// What such a process prints.
pub(crate) fn print(figures: &Figures) {
    let words: Vec<String> = figures.iter().map(|(name, value)| format!("{name}={value:.4}")).collect();
    println!("{}", words.join(" "));
}
