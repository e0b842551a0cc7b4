//! How the cost of an operation grows with the number of operations at once, and with the number of workers.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::measure::{Error, Setting, measure};
use crate::picture::{self, Plot};
use crate::rows::Metric;
use crate::sample::{is_quick, median};
use crate::table::{machine, time};

const TO_10_000: &[usize] = &[10, 100, 1000, 10_000];
const TO_100_000: &[usize] = &[10, 100, 1000, 10_000, 100_000];
const WORKERS: &[usize] = &[1, 2, 4, 8];

/// A workload, the figure that is compared, its sizes, and a description.
const CURVES: &[(&str, Metric, &[usize], &str)] = &[
    ("spawn_pool", Metric::Wall, TO_100_000, "tasks spawned at once on the pool, wall time per task"),
    ("spawn_local", Metric::Wall, TO_100_000, "local tasks spawned at once, wall time per task"),
    ("timers", Metric::Cpu, TO_100_000, "sleeps of 0.1 to 1 s at once, CPU per sleep"),
    ("echo", Metric::Cpu, TO_10_000, "TCP echo on the pool, connections, the server's CPU per request"),
    (
        "echo_local",
        Metric::Cpu,
        TO_10_000,
        "TCP echo on one thread, connections, the server's CPU per request",
    ),
    (
        "fanout",
        Metric::Cpu,
        TO_10_000,
        "chat members of one group, 10 posts in flight, the server's CPU per delivery",
    ),
];

/// Workloads for pools of several sizes.
const POOLS: &[(&str, &str)] = &[
    ("spawn_pool:1000", "spawn 1000, await all"),
    ("yield_many:1000", "1000 tasks yield"),
    ("pingpong", "a hop between two tasks"),
    ("brigade:500", "a hop along 500 tasks"),
    ("idle", "CPU in a second of idleness, µs"),
];

/// Returns the median over a few rounds for each key, on this runtime: in nanoseconds, or in the key's unit.
fn medians<const N: usize>(
    workload: &str,
    keys: [&str; N],
    workers: usize,
    rounds: usize,
) -> Result<[f64; N], Error> {
    let setting = Setting { workers, ..Setting::default() };
    let mut samples = Vec::new();
    for _ in 0..rounds {
        let sample = measure(workload, "ours", &setting)?;
        eprintln!("{workload:22} {workers} workers  {sample}");
        samples.push(sample);
    }
    Ok(keys.map(|key| {
        let mut values: Vec<_> = samples.iter().filter_map(|sample| sample.get(key)).collect();
        if values.is_empty() { f64::NAN } else { median(&mut values) }
    }))
}

/// Measures, and writes `growth.md` and its picture.
pub fn growth(rounds: usize, docs: &Path) -> Result<(), Error> {
    let (mut table, mut lines) = (String::new(), Vec::new());
    for (workload, metric, sizes, what) in CURVES {
        let mut points = Vec::new();
        write!(table, "| **{workload}**: {what} |")?;
        for &size in TO_100_000 {
            if !sizes.contains(&size) {
                write!(table, " |")?;
                continue;
            }
            let [value] = medians(&format!("{workload}:{size}"), [metric.key()], 2, rounds)?;
            write!(table, " {} |", time(value))?;
            points.push((size as f64, value));
        }
        writeln!(table)?;
        lines.push((workload.to_string(), points));
    }
    let mut memory = String::new();
    for tasks in [10_000, 100_000, 1_000_000] {
        let [pool] = medians(&format!("mem:{tasks}"), ["bytes"], 2, rounds)?;
        let [local] = medians(&format!("mem_local:{tasks}"), ["bytes"], 2, rounds)?;
        writeln!(memory, "| {tasks} | {pool:.0} | {local:.0} |")?;
    }
    let mut pools = String::new();
    for (workload, what) in POOLS {
        write!(pools, "| {what} |")?;
        for &workers in WORKERS {
            let keys = ["wall_ns", "cpu_ns", "cpu_us"];
            match medians(workload, keys, workers, rounds)? {
                [wall, cpu, idle] if idle.is_nan() => {
                    write!(pools, " {} ({}) |", time(wall), time(cpu))?;
                }
                [.., idle] => write!(pools, " {idle:.0} |")?,
            }
        }
        writeln!(pools)?;
    }
    let page = format!(
        "# How cost grows\n\n\
         Written by `cargo run --release -- growth` in `benches/peers`; do not edit.{}\n\n\
         {}; medians of {rounds} rounds; nanoseconds per operation.\n\n\
         ![cost per operation over size](benchmarks/growth.svg)\n\n\
         | | 10 | 100 | 1000 | 10,000 | 100,000 |\n|---|---|---|---|---|---|\n{table}\n\
         - Tasks: the first ten carry a run's fixed costs. From 10,000 on the tasks and their queue are larger than \
         the caches near the core.\n\
         - Timers: to wake a sleeping core and put it to sleep again costs tens of microseconds, in the kernel and \
         in cold caches, on every runtime. With ten sleeps each has such a turn to itself; with \
         100,000, a hundred share one.\n\
         - Sockets: a thousand connections and their buffers in the kernel are larger than the caches, and a bare \
         loop pays for that as well (see the echo rows of [the benchmarks](benchmarks.md)).\n\
         - Members: a post is one write to each member; with few members there is less to \
         combine in one write, and less to do between two waits.\n\n\
         ## Memory\n\nBytes for each pending task, by how many are pending at once.\n\n| tasks | on the pool | local |\n|---|---|---|\n{memory}\n\
         ## Workers\n\nWall (CPU), by the pool's number of workers; beyond the cores they are oversubscribed.\n\n\
         | | 1 | 2 | 4 | 8 |\n|---|---|---|---|---|\n{pools}",
        if is_quick() { " Run with `--quick`: the figures mean nothing." } else { "" },
        machine()
    );
    fs::create_dir_all(docs.join("benchmarks"))?;
    let plot = Plot { head: "", size: |decade| format!("{}", 10_f64.powi(decade)), lines };
    fs::write(docs.join("benchmarks/growth.svg"), picture::plots("cost per operation over size", &[plot]))?;
    Ok(fs::write(docs.join("growth.md"), page)?)
}
