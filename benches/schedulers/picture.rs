//! The heat map: for each cell, how many times worse a policy is than the best of its column; and the longest waits.
//!
//! A table of 1,680 figures shows everything and nothing. One look at the map shows which workload hurts which policy. The
//! longest wait is shown as it is: a ratio of two of them would mostly compare which worker the system interrupted.
//!
//! ```text
//!                     ping-pong     fan-out      …
//!                     1  2  4  8    1  2  4  8
//!   1 one queue, …    ▒  ▒  ▓  ▓    ░  …                 one such map for each of three metrics
//! ```
//!
//! The number is in the cell as well, for readers who cannot tell the colours. Next: `promises`.

use std::fmt::Write;

use crate::measure::{METRICS, Metric};
use crate::policies::POLICIES;
use crate::table::{Table, WORKERS, with_unit};
use crate::workloads::WORKLOADS;

/// The metrics that have a map.
const SHOWN: [&str; 3] = ["throughput", "p99", "longest"];

/// Up to which ratio a cell has each of the colours but the last.
const RATIOS: [f64; 5] = [1.25, 2.0, 5.0, 20.0, 100.0];
/// Up to how many milliseconds, in the map of the longest waits.
const WAITS: [f64; 5] = [1.0, 5.0, 20.0, 50.0, 80.0];

/// Where the book shows the picture, `docs/book/book.css` has these colours, for its themes.
const STYLE: &str = "<style>
svg { background: #fff } @media (prefers-color-scheme: dark) { svg { background: #0d1117 } }
text { font: 13px system-ui, sans-serif; fill: #222 } .head { font-weight: 600 } .small { font-size: 11px }
.ratio { font-size: 10px; text-anchor: middle }
.heat0 { fill: #e8f1ee } .heat1 { fill: #fef3c7 } .heat2 { fill: #fdd9a0 } .heat3 { fill: #fbab6f } .heat4 { fill: #f0805a }
.heat5 { fill: #dc5f52 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .heat0 { fill: #1c3530 } .heat1 { fill: #4a431c }
.heat2 { fill: #6b4a17 } .heat3 { fill: #87420f } .heat4 { fill: #a03418 } .heat5 { fill: #b0202c } }
</style>\n";

const LEFT: usize = 196;
const CELL: (usize, usize) = (27, 20);
/// The space before the cells of a workload.
const GAP: usize = 6;
const HEAD: usize = 62;

/// Where a column begins.
fn column(workload: usize, workers: usize) -> usize {
    LEFT + workload * (WORKERS.len() * CELL.0 + GAP) + workers * CELL.0
}

pub(crate) fn heat_map(table: &Table) -> String {
    let mut body = String::new();
    let mut top = 4;
    for name in SHOWN {
        let metric = METRICS.iter().find(|metric| metric.name == name).expect("it is a metric");
        panel(&mut body, table, metric, top);
        top += HEAD + POLICIES.len() * CELL.1 + 16;
    }
    legend(&mut body, "times the best:", &RATIOS, "", top);
    legend(&mut body, "the longest wait:", &WAITS, " ms", top + CELL.1 + 4);
    top += CELL.1 + 4;
    let (width, height) = (column(WORKLOADS.len() - 1, WORKERS.len()) + 6, top + CELL.1 + 6);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\"><title>how much worse each policy is than the best of its column</title>\n\
         {STYLE}{body}</svg>\n"
    )
}

/// A line that says what the colours mean.
fn legend(body: &mut String, title: &str, steps: &[f64], unit: &str, top: usize) {
    text(body, "small", 4, top + 13, title);
    let words = steps.iter().map(|step| format!("to {step}{unit}")).chain(["more".to_owned()]);
    for (step, words) in words.enumerate() {
        let left = LEFT + step * 95;
        rect(body, step, left, top, "");
        text(body, "small", left + CELL.0 + 5, top + 13, &words);
    }
}

fn panel(body: &mut String, table: &Table, metric: &Metric, top: usize) {
    let unit = if metric.name == "longest" { ", in milliseconds" } else { ", times the best of the column" };
    text(body, "head", 4, top + 14, &format!("{}{unit}", metric.title));
    for (at, workload) in WORKLOADS.iter().enumerate() {
        text(body, "small", column(at, 0), top + 36, workload.name);
        for (with, workers) in WORKERS.iter().enumerate() {
            text(body, "ratio", column(at, with) + CELL.0 / 2, top + 54, &workers.to_string());
        }
    }
    text(body, "small", 4, top + 54, "workers");
    for (row, policy) in POLICIES.iter().enumerate() {
        text(body, "", 4, top + HEAD + row * CELL.1 + 14, policy.title);
    }
    for (at, workload) in WORKLOADS.iter().enumerate() {
        for (with, &workers) in WORKERS.iter().enumerate() {
            let values =
                POLICIES.iter().map(|policy| table.get(policy.name, workload.name, workers, metric.name));
            let values: Vec<f64> = values.collect();
            let best = if metric.more_is_better {
                values.iter().copied().fold(f64::MIN_POSITIVE, f64::max)
            } else {
                values.iter().copied().fold(f64::INFINITY, f64::min).max(f64::MIN_POSITIVE)
            };
            for (row, (&value, policy)) in values.iter().zip(POLICIES).enumerate() {
                let (shown, steps) = match metric.name {
                    "longest" => (value, WAITS),
                    _ if metric.more_is_better => (best / value, RATIOS),
                    _ => (value / best, RATIOS),
                };
                let (left, top) = (column(at, with), top + HEAD + row * CELL.1);
                let step = steps.iter().position(|&step| shown < step).unwrap_or(steps.len());
                let title = format!(
                    "{}: {}, {workers} workers: {}",
                    policy.title,
                    workload.name,
                    with_unit(metric, value)
                );
                rect(body, step, left, top, &title);
                text(body, "ratio", left + CELL.0 / 2, top + 14, &short(shown));
            }
        }
    }
}

/// A number in at most four characters.
fn short(number: f64) -> String {
    match number {
        _ if number < 9.95 => format!("{number:.1}"),
        _ if number < 999.5 => format!("{number:.0}"),
        _ if number < 99_950.0 => format!("{:.0}k", number / 1e3),
        _ => "»".to_owned(),
    }
}

fn text(body: &mut String, class: &str, x: usize, y: usize, words: &str) {
    writeln!(body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{words}</text>").expect("a string");
}

fn rect(body: &mut String, step: usize, x: usize, y: usize, title: &str) {
    let (width, height) = (CELL.0 - 1, CELL.1 - 1);
    writeln!(
        body,
        "<rect class=\"heat{step}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"2\"><title>{title}</title></rect>"
    )
    .expect("a string");
}
