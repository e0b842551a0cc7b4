//! What it costs to record: the same measurement with a recording of everything, and without.
//!
//! A recording that slows the program down shows another program. So the cost of each event must be small beside the
//! work that it stands for. The two measurements follow each other, and their ratio is taken in each round: a machine
//! that is slower for a minute is slower for both. Next: `tail`.

use std::fmt::Write;

use crate::measure::{Error, Setting, measure};
use crate::rows::Metric;
use crate::sample::{median, quantile};
use crate::table::time;

const ROWS: &[(&str, Metric, &str)] = &[
    ("spawn_pool:1000", Metric::Wall, "spawn 1000 ready tasks, await all"),
    ("yield_many:1000", Metric::Wall, "1000 pool tasks yield"),
    ("pingpong", Metric::Wall, "a hop between two pool tasks"),
    ("echo:1", Metric::Cpu, "TCP echo on the pool, 1 connection"),
    ("echo:32", Metric::Cpu, "32 connections"),
    ("echo:256", Metric::Cpu, "256 connections"),
    ("chat:10", Metric::Cpu, "chat, 100 members, 10 posts in flight, a delivery"),
    ("chat:1", Metric::Cpu, "1 post in flight"),
];

/// What the table shows.
pub const ABOUT: &str = "\
By `peers recording`: ours without a recording, and with a recording of all events (`UNROLLED_TRACE`), in turns. The figures are
measured as in the tables above. The ratio is the median over the rounds, with the quartiles. What an event costs by itself:
`cargo bench --bench record`.";

/// Measures all rows, and returns a table.
pub fn table(rounds: usize) -> Result<String, Error> {
    let page = std::env::temp_dir().join(format!("peers-recording-{}.html", std::process::id()));
    let recorded = Setting { trace: page.to_str().map(str::to_owned), ..Setting::default() };
    let mut samples = vec![Vec::new(); ROWS.len()];
    for round in 1..=rounds {
        for (&(workload, metric, _), samples) in ROWS.iter().zip(&mut samples) {
            let figure = |setting: &Setting| {
                let sample = measure(workload, "ours", setting)?;
                sample.get(metric.key()).ok_or_else(|| Error::from("a figure is missing"))
            };
            let (off, on) = (figure(&Setting::default())?, figure(&recorded)?);
            eprintln!("{round}/{rounds} {workload:22} off {off:.1} on {on:.1}");
            samples.push((off, on));
        }
    }
    let _ = std::fs::remove_file(page);
    let mut table = "| | without | recorded | ratio |\n|---|---|---|---|\n".to_owned();
    for (&(workload, _, what), samples) in ROWS.iter().zip(&samples) {
        let name = workload.split(':').next().unwrap_or(workload);
        let mut ratios: Vec<f64> = samples.iter().map(|(off, on)| on / off).collect();
        let (mut off, mut on): (Vec<f64>, Vec<f64>) = samples.iter().copied().unzip();
        let (off, on) = (time(median(&mut off)), time(median(&mut on)));
        let [low, ratio, high] = [0.25, 0.5, 0.75].map(|part| quantile(&mut ratios, part));
        writeln!(table, "| **{name}**: {what} | {off} | {on} | {ratio:.2} ({low:.2}–{high:.2}) |")?;
    }
    Ok(table)
}
