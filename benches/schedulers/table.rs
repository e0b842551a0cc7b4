//! All cells, measured in turns, as a page: `docs/schedulers.md`. Next: `picture`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io;

use crate::measure::{Figures, METRICS, Metric, in_a_process};
use crate::policies::{Cell, Entry, POLICIES, named};
use crate::workloads::{TIME, WORKLOADS};

pub(crate) const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// The rounds of each cell, and then their medians: by policy, workload, workers.
type Key = (&'static str, &'static str, usize);

/// The medians of all cells.
pub(crate) struct Table(BTreeMap<Key, Figures>);

impl Table {
    /// Measures all. The policies take turns within a cell, and the cells within a round.
    pub(crate) fn measure(rounds: usize) -> io::Result<Self> {
        let mut samples: BTreeMap<Key, Vec<Figures>> = BTreeMap::new();
        for round in 0..rounds {
            for workload in WORKLOADS {
                eprintln!("round {} of {rounds}: {}", round + 1, workload.name);
                for workers in WORKERS {
                    for policy in POLICIES {
                        let figures = in_a_process(policy, workload, workers)?;
                        samples.entry((policy.name, workload.name, workers)).or_default().push(figures);
                    }
                }
            }
        }
        Ok(Self(samples.into_iter().map(|(key, rounds)| (key, medians(&rounds))).collect()))
    }

    /// A figure.
    pub(crate) fn get(&self, policy: &str, workload: &str, workers: usize, metric: &str) -> f64 {
        let figures =
            self.0.iter().find(|(key, _)| **key == (policy, workload, workers)).map(|(_, figures)| figures);
        figures.and_then(|figures| figures.get(metric)).copied().unwrap_or(f64::NAN)
    }
}

fn medians(rounds: &[Figures]) -> Figures {
    let median = |metric: &'static str| {
        let mut values: Vec<f64> = rounds.iter().filter_map(|round| round.get(metric)).copied().collect();
        values.sort_by(f64::total_cmp);
        Some((metric, *values.get(values.len().saturating_sub(1) / 2)?))
    };
    METRICS.iter().filter_map(|metric| median(metric.name)).collect()
}

/// The page of a table that was measured in this number of rounds.
pub(crate) fn page(table: &Table, rounds: usize) -> String {
    let mut page = format!(
        "# Schedulers, one decision at a time\n\n\
         Written by `cargo bench --bench schedulers -- --table`; do not edit.\n\n\
         {}. Each policy is a file in `benches/schedulers/policies`. Each figure is the median of {rounds} run{} of \
         {} ms, each in a process of its own, the policies in turns. A pool has 1, 2, 4 or 8 workers; where a cell has \
         four figures, they are in this order. Reading the clock at each wake and at each poll is part of what is \
         measured, and the same for all.\n\n",
        machine(),
        if rounds == 1 { "" } else { "s" },
        TIME.as_millis(),
    );
    for workload in WORKLOADS {
        writeln!(page, "- **{}**: {}.", workload.name, workload.what).expect("a string");
    }
    page += "\n![how much worse each policy is than the best of its column](benchmarks/schedulers.svg)\n\n";
    page += "## What each decision is good for\n\n| | shown by | compared with | that one | this one |\n|---|---|---|---|---|\n";
    for policy in POLICIES {
        if let Some(cell) = &policy.gains {
            comparison(&mut page, table, policy, cell);
        }
    }
    page += "\n## What hurts each policy\n\n| | shown by | compared with | the other | hurt |\n|---|---|---|---|---|\n";
    for policy in POLICIES {
        comparison(&mut page, table, policy, &policy.loses);
    }
    for metric in METRICS {
        write!(page, "\n## {}\n\n{}.\n\n|", metric.title, metric.what).expect("a string");
        WORKLOADS.iter().for_each(|workload| write!(page, " | {}", workload.name).expect("a string"));
        page += " |\n|---|---|---|---|---|---|---|\n";
        for policy in POLICIES {
            write!(page, "| {}", policy.title).expect("a string");
            for workload in WORKLOADS {
                let figure = |workers| figure(table.get(policy.name, workload.name, workers, metric.name));
                write!(page, " | {}", WORKERS.map(figure).join(", ")).expect("a string");
            }
            page += " |\n";
        }
    }
    page
}

/// A row: the figure of a policy, beside that of another.
fn comparison(page: &mut String, table: &Table, policy: &Entry, cell: &Cell) {
    let metric = METRICS.iter().find(|metric| metric.name == cell.metric).expect("a cell names a metric");
    let value = |of| with_unit(metric, table.get(of, cell.workload, cell.workers, cell.metric));
    let other = named(cell.beside).expect("a cell names a policy");
    let workers = if cell.workers == 1 { "worker" } else { "workers" };
    writeln!(
        page,
        "| {} | {}, {} {workers}: {} | {} | {} | {} |",
        policy.title,
        cell.workload,
        cell.workers,
        short(metric),
        other.title,
        value(other.name),
        value(policy.name)
    )
    .expect("a string");
}

/// What a metric is called in a row.
pub(crate) fn short(metric: &Metric) -> &'static str {
    match metric.name {
        "p50" => "the median wait",
        "p99" => "the 99th percentile of the waits",
        "longest" => "the longest wait",
        "cpu" => "processor time",
        "futex" => "futex calls per 1000 operations",
        "steals" => "steals per 1000 operations",
        _ => "operations",
    }
}

pub(crate) fn with_unit(metric: &Metric, value: f64) -> String {
    let unit = match metric.name {
        "throughput" => " k/s",
        "p50" | "p99" | "cpu" => " µs",
        "longest" => " ms",
        _ => "",
    };
    format!("{}{unit}", figure(value))
}

/// Two or three digits.
fn figure(value: f64) -> String {
    match value {
        _ if value < 0.005 => "0".to_owned(),
        _ if value < 1.0 => format!("{value:.2}"),
        _ if value < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// A sentence that names the machine on which it was measured.
fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("Measured on {} ({cores} cores), Linux {}", model.map_or("?", |(_, name)| name), kernel.trim())
}
