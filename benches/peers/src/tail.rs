//! The tail latencies of requests, beside tasks that poll for 100 µs each. Next: `rows`.
//!
//! The other rows compare what an operation costs. A user notices the one request in a hundred, or in a thousand,
//! that waits behind somebody else's work. Here the percentiles of all requests are shown, and where their time went.
//! The runtimes take turns, as in the other rows, each measurement in a process of its own.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::delays::{Delays, Part};
use crate::measure::{Error, Setting, measure};
use crate::picture::{self, Plot};

/// The workload, what it is, and the goal: the 99th percentile of the time to the poll, ours divided by tokio's.
const ROWS: &[(&str, &str, Option<f64>)] = &[
    ("tail_echo:4", "a request over TCP and its reply, beside four tasks that poll for 100 µs", Some(0.5)),
    ("tail_wake:4", "a wake from a thread outside until the poll, beside the same", None),
    ("tail_wake:0", "the same, on a pool that has nothing to do", None),
];

/// tokio's current-thread runtime is left out: it has one thread for what the pools have two for.
const RUNTIMES: &[&str] = &["ours", "tokio", "smol", "async-std"];

/// What the table shows.
pub const ABOUT: &str = "\
By `peers tail`: a thousand requests a second, at random times that are fixed in advance. A request's delay begins at its
scheduled time, whether or not the ones before it have been replied to, and whether or not the load was punctual: no wait
is left out (\"coordinated omission\"). The load runs on threads of its own, with sockets that block; it may interrupt the
tasks. The percentiles are those of all requests of all rounds, in µs. The columns at the right are the 99th percentiles of
the parts: by how much the load sent too late; from there to the poll that reads the request, or that the wake leads to;
and the way back, to the load's thread. The ratio is that of the column \"poll\", ours to tokio's: the rest is the load's, and
the same for all.";

/// What was measured in all rounds: by row, and by runtime.
struct Measured(Vec<Vec<Delays>>);

/// Measures, writes the picture, and replaces the section of the page.
pub fn tail(rounds: usize, docs: &Path) -> Result<(), Error> {
    let file = docs.join("benchmarks.md");
    let section = section(rounds, &docs.join("benchmarks"))?;
    println!("{section}");
    let page = fs::read_to_string(&file).unwrap_or_else(|_| "# Benchmarks\n".to_owned());
    let (before, after) = page.split_once("\n## tail\n").unwrap_or((&page, ""));
    let after = after.find("\n## ").map_or("", |at| &after[at..]);
    Ok(fs::write(file, format!("{before}\n## tail\n{section}{after}"))?)
}

/// Measures, writes `tail.svg` there, and returns what follows the section's head.
pub fn section(rounds: usize, pictures: &Path) -> Result<String, Error> {
    let measured = Measured::new(rounds)?;
    fs::create_dir_all(pictures)?;
    fs::write(pictures.join("tail.svg"), measured.picture())?;
    Ok(format!("\n{ABOUT}\n\n![tail](benchmarks/tail.svg)\n\n{}", measured.table()?))
}

impl Measured {
    fn new(rounds: usize) -> Result<Self, Error> {
        let mut measured: Vec<Vec<Delays>> =
            ROWS.iter().map(|_| RUNTIMES.iter().map(|_| Delays::new()).collect()).collect();
        for round in 1..=rounds {
            for ((workload, ..), row) in ROWS.iter().zip(&mut measured) {
                for (runtime, delays) in RUNTIMES.iter().zip(row) {
                    let sample = measure(workload, runtime, &Setting::default())?;
                    eprintln!("{round}/{rounds} {workload:22} {runtime:10} {}", sample.without_buckets());
                    delays.add(&Delays::of(&sample));
                }
            }
        }
        Ok(Self(measured))
    }

    fn table(&self) -> Result<String, Error> {
        let mut table = "\
            | | runtime | p50 | p99 | p99.9 | max | late | poll | back | ratio | goal | met |\n\
            |---|---|---|---|---|---|---|---|---|---|---|---|\n"
            .to_owned();
        let mut missed = String::new();
        for (&(workload, what, goal), row) in ROWS.iter().zip(&self.0) {
            let name = workload.split(':').next().unwrap_or(workload);
            let to_poll = |delays: &Delays| delays.quantile(Part::Poll, 0.99).ok_or("a figure is missing");
            let ratio = to_poll(&row[0])? / to_poll(&row[1])?;
            for (runtime, delays) in RUNTIMES.iter().zip(row) {
                let cell = |part, quantile| {
                    delays.quantile(part, quantile).map_or("–".into(), |ns| format!("{:.0}", ns / 1e3))
                };
                let whole = [0.5, 0.99, 0.999, 1.0].map(|quantile| cell(Part::Whole, quantile)).join(" | ");
                let parts = [Part::Late, Part::Poll, Part::Back].map(|part| cell(part, 0.99)).join(" | ");
                write!(table, "| **{name}**: {what} | {runtime} | {whole} | {parts} |")?;
                match (*runtime, goal) {
                    ("ours", Some(goal)) => {
                        let met = if ratio <= goal { "yes" } else { "**no**" };
                        writeln!(table, " {ratio:.2} | ≤ {goal} | {met} |")?;
                    }
                    ("ours", None) => writeln!(table, " {ratio:.2} | – | – |")?,
                    _ => writeln!(table, " | | |")?,
                }
            }
            if goal.is_some_and(|goal| ratio > goal) {
                writeln!(missed, "\n**{name}**: Not explained yet.")?;
            }
        }
        Ok(table + &missed)
    }

    /// The delay at each percentile: a curve for each runtime.
    fn picture(&self) -> String {
        let plots = ROWS.iter().zip(&self.0).map(|((_, what, _), row)| Plot {
            head: what,
            size: |decade| match decade {
                0 => "0".into(),
                decade => format!("{} %", 100.0 - 100.0 / 10_f64.powi(decade)),
            },
            lines: RUNTIMES
                .iter()
                .zip(row)
                .map(|(runtime, delays)| (runtime.to_string(), curve(delays)))
                .collect(),
        });
        picture::plots("delays by percentile", &plots.collect::<Vec<_>>())
    }
}

/// The points of a curve: `(n, delay)` says that one in `n` requests took longer than the delay.
fn curve(delays: &Delays) -> Vec<(f64, f64)> {
    const STEPS: i32 = 20;
    let one_in = (0..).map(|step| 10_f64.powf(f64::from(step) / f64::from(STEPS)));
    let one_in = one_in.take_while(|&one_in| one_in <= delays.count() as f64);
    one_in.filter_map(|one_in| Some((one_in, delays.quantile(Part::Whole, 1.0 - 1.0 / one_in)?))).collect()
}
